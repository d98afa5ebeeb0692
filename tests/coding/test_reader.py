from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import interview, scattered

import dmpkit.coding as coding
from dmpkit.errors import DataError


class Cells(HTMLParser):
    """Words of the text cells without the codes' numbers; and every tag that occurs."""

    def __init__(self, page):
        super().__init__()
        self.cells, self.tags, self.on, self.small = [], set(), False, False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag == "td":
            self.on = True
            self.cells.append("")
        self.small = self.small or tag == "sup"

    def handle_endtag(self, tag):
        self.on = self.on and tag != "td"
        self.small = self.small and tag != "sup"

    def handle_data(self, data):
        if self.on and not self.small:
            self.cells[-1] += data


def test_every_coder_has_the_whole_text_in_a_column():
    project = interview()
    page = coding.reader(project, "I1").html()
    lines = project.text("I1").split("\n")
    assert Cells(page).cells == [line for line in lines for _ in ("ada", "bo")]
    assert page.count('scope="col">ada') == 1


@given(st.text(min_size=1, max_size=40), st.data())
@settings(max_examples=80, deadline=None)
def test_hostile_text_stays_text(text, data):
    text = f"<script>x</script>{text}\"'&"
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    project = coding.CodedProject.from_frames(
        pd.DataFrame({"source": ["s<"], "text": [text]}),
        pd.DataFrame(
            {"source": ["s<"], "code": ['c"><img onerror=1>'], "coder": ["</td><b>"],
             "start": [start], "end": [end]}
        ),
    )  # fmt: skip
    page = coding.reader(project, "s<").html()
    allowed = {"div", "style", "ul", "li", "span", "sup", "table", "caption", "colgroup", "col",
               "thead", "tbody", "tr", "th", "td"}  # fmt: skip
    found = Cells(page)
    assert found.tags <= allowed
    shown = "\n".join(found.cells)
    assert len(shown) == len(text) or "\xa0" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", shown)


def test_marks_cover_what_was_coded():
    page = coding.reader(interview(), "I1", coders="ada", codes=["Media", "Impact"]).html()
    body = page[page.index("<tbody>") :]
    marked = re.findall(r'title="([^"]+)">(?:<span[^>]*>)?([^<]*)', body)
    text = interview().text("I1")
    assert [m for m in marked if m[0] == "Media"] == [
        ("Media", text[25:29]),
        ("Media", text[29:34]),
    ]
    assert "".join(w for _, w in marked if w) .startswith(text[25:29])  # fmt: skip


def test_no_network_no_script(tmp_path):
    view = coding.reader(scattered(20, 1), "I1")
    assert "http" not in view.html()
    assert "<script" not in view.html()
    written = view.write(tmp_path / "page.html").read_text()
    assert written.count("<h1>") == 1
    assert view._repr_html_() == view.html()


def test_parts_and_errors():
    project = interview()
    part = coding.reader(project, "I1", start=50, end=85)
    assert part.first_line == 3
    assert 'scope="row">3<' in part.html()
    with pytest.raises(DataError, match="'I1'"):
        coding.reader(project, "I11")
    with pytest.raises(DataError, match="no coder"):
        coding.reader(project, "I1", coders="eve")
    with pytest.raises(DataError, match="part"):
        coding.reader(project, "I1", start=10, end=5)
    long = coding.CodedProject.from_frames(pd.DataFrame({"source": ["L"], "text": ["\n" * 5000]}))
    with pytest.raises(DataError, match="too many"):
        coding.reader(long, "L")


def test_a_line_end_at_the_end_of_a_text_makes_no_line_of_its_own():
    texts = pd.DataFrame({"source": ["I1", "I2"], "text": ["One.\n\nTwo.\n", "\n"]})
    project = coding.CodedProject.from_frames(texts)
    assert Cells(coding.reader(project, "I1").html()).cells == [
        "One.",
        "\N{NO-BREAK SPACE}",
        "Two.",
    ]
    assert len(Cells(coding.reader(project, "I2").html()).cells) == 1
