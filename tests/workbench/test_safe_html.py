"""What may stand on a page, and what may not."""

from __future__ import annotations

import re

import pytest

from dmpkit.workbench.safe_html import Outline, clean, markdown, mathml


@pytest.mark.parametrize(
    "evil",
    [
        "<script>x()</script>",
        "<img src=x onerror=x()>",
        "<svg onload=x()><script>x()</script></svg>",
        "<a href='javascript:x()'>a</a>",
        "<a href='JaVa\tScript:x()'>a</a>",
        "<iframe src='https://example.org'></iframe>",
        "<img src='https://example.org/track.png'>",
        "<link rel=stylesheet href='https://example.org/x.css'>",
        "<style>@import url(https://example.org/x.css)</style>",
        "<p style='background:url(https://example.org/x.png)'>p</p>",
        "<form action='https://example.org'><input name=a></form>",
        "<math><mtext><table><mglyph><style><img src=x onerror=x()>",
        "<math href='javascript:x()'><mi>x</mi></math>",
        "<p title='<table onmouseover=x() a'>p</p>",
        "<meta http-equiv=refresh content='0;url=https://example.org'>",
        "<base href='https://example.org'>",
        "<object data='https://example.org/x'></object>",
        "<img src='data:image/svg+xml;base64,PHN2Zy8+'>",
    ],
)
def test_nothing_that_runs_or_loads_is_left(evil: str) -> None:
    for made in (clean(evil), markdown(evil, Outline())):
        tags = "".join(re.findall(r"<[^>]*>", made))
        assert not re.search(r"(?i)<(script|svg|iframe|style|link|form|meta|base|object|img)", made)
        assert not re.search(
            r"(?i)\son\w+\s*=(?![^\"]*\"[^\"]*&lt;)", re.sub(r'"[^"]*"', '""', tags)
        )
        assert "javascript" not in tags.lower()
        assert "example.org" not in tags


def test_a_picture_of_the_page_is_kept() -> None:
    made = clean('<img src="data:image/png;base64,AAAA">')
    assert made == '<img alt="picture without a description" src="data:image/png;base64,AAAA">'


def test_header_cells_get_their_scope() -> None:
    import pandas as pd

    made = clean(pd.DataFrame({"a": [1.5], "b": ["text"]}, index=["row"])._repr_html_())
    assert made.count('<th scope="col">') == 2
    assert made.count('<th scope="row">') == 1
    assert '<td class="number">1.5</td>' in made
    assert 'tabindex="0"' in made


def test_formulas_become_mathml() -> None:
    made = markdown(
        "The weight $w = \\frac{r}{1-r^2}$, and\n\n$$\\sum_i x_i$$\n\nfor 5 \\$ each.", Outline()
    )
    assert made.count("<math") == 2
    assert "<mfrac>" in made
    assert 'display="block"' in made
    assert "5 $ each" in made
    assert mathml("\\left(<b>") == '<code class="tex">\\left(&lt;b&gt;</code>'


def test_headings_come_in_order_below_the_title_of_the_page() -> None:
    outline = Outline("My study")
    made = markdown("# My study\n\n## One\n\n#### Deep", outline)
    made += clean("<h2>From an output</h2><h6>deeper</h6>", outline)
    made += markdown("# Last", outline)
    assert re.findall(r"<h(\d)>", made) == ["2", "3", "2", "3", "2"]


@pytest.mark.parametrize("part", ["<th>", "<div>", "<b><i>", "<p>x<q>", "<li><ul>"])
def test_what_is_nested_without_end_is_left_out(part):
    assert "left out" in clean("<table><tr>" + part * 20_000)
    assert "left out" in clean(part * 20_000 + "</p></th></div></table>" * 9)


def test_many_tags_side_by_side_are_no_nest():
    rows = "<tr><td>1<br>2</td><td><img></td></tr>" * 300
    assert clean(f"<table>{rows}</table>").count("<td") == 600
    assert clean("<p>a</p><hr>" * 300).count("<hr") == 300


def test_tags_without_end_are_left_out():
    assert "left out" in clean("<p>a</p>" * 60_000)
