"""Pages are escaped, rounded in the view alone, and complete in one file."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dmpkit import plotting, reporting
from dmpkit.errors import DataError
from dmpkit.reporting import Estimate, Figure, Indicator, Section

HOSTILE = '<script>alert(1)</script>"onmouseover="x'


def test_hostile_text_is_harmless_everywhere():
    frame = pd.DataFrame({HOSTILE: [HOSTILE]})
    figure = Figure(b"png", alt=HOSTILE, caption=HOSTILE)
    section = Section(HOSTILE, reporting.table_html(frame, caption=HOSTILE), (figure,))
    rows = reporting.summary_table([(HOSTILE, HOSTILE)], caption=HOSTILE)
    document = reporting.page(HOSTILE, [section, Section("x", rows)], subtitle=HOSTILE)
    assert "<script" not in document
    assert '"onmouseover' not in document
    assert "&lt;script&gt;" in document


def test_rounding_happens_in_the_view_alone():
    indicator = Indicator("share", 1 / 3)
    assert indicator.value == 1 / 3
    assert reporting.format_number(indicator.value) == "0.33"
    assert indicator.as_dict()["value"] == 1 / 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.005, "0.01"),
        (-0.004, "0.00"),
        (-1.5, "-1.50"),
        (np.int64(12), "12"),
        (np.float64("nan"), "–"),
        (math.inf, "∞"),
        (True, "yes"),
        ("1.23456", "1.23456"),
    ],
)
def test_numbers_are_shown_as_a_reader_expects(value, shown):
    assert reporting.format_number(value) == shown


def test_an_estimate_says_what_is_known_and_nothing_else():
    assert repr(Estimate(0.5)) == "0.50"
    text = repr(Estimate(0.5, 0.1, 0.3, 0.7, 0.0004, n=12, note="bootstrap"))
    assert text == "0.50 [0.30, 0.70], SE = 0.10, p < 0.001, n = 12 (bootstrap)"
    assert math.isnan(Estimate(0.5).low)


def test_table_cells_keep_type_and_missing_values():
    frame = pd.DataFrame({"name": ["a", None], "x": [1.234, np.nan], "flag": [True, False]})
    page = reporting.table_html(frame, digits={"x": 1}, headings={"x": "share"})
    assert '<th scope="row">a</th><td class="number">1.2</td><td>yes</td>' in page
    assert '<th scope="row">–</th><td class="number">–</td><td></td>' in page
    assert ">share</th>" in page


def test_a_figure_needs_a_text_alternative():
    with pytest.raises(DataError, match="alternative"):
        Figure(b"", alt=" ")


def test_a_page_is_one_file_without_script_or_outside_address(tmp_path):
    ax = plotting.set_alt(plotting.new_axes(), "An empty picture.")
    section = Section("Result", "<p>text</p>", (Figure.from_axes(ax, "Empty"),))
    reporting.write_html(tmp_path / "a.html", reporting.page("Title", [section]))
    document = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert 'alt="An empty picture."' in document
    assert "http" not in document.replace("http-equiv", "")
    assert "Content-Security-Policy" in document


def test_a_group_heads_its_rows_once():
    frame = pd.DataFrame({"part": ["a<", "a<", "b"], "x": [1, 2, 3], "y": ["p", "q", "r"]})
    page = reporting.table_html(frame, groups="part")
    assert page.count('<th scope="rowgroup" colspan="2">a&lt;</th>') == 1
    assert page.count('scope="rowgroup"') == 2
    assert ">part<" not in page
    assert page.count("<tr") == 1 + 2 + 3


def test_the_longest_wording_takes_the_room():
    frame = pd.DataFrame({"id": ["s1"], "short note": ["a note of thirty characters..."]})
    frame["text"] = ["a wording that is a good deal longer than all the others"]
    page = reporting.table_html(frame)
    assert '<table class="dmpkit wordy" tabindex="0">' in page
    assert '<td class="words" style="text-align:left">a note' in page
    assert '<td class="words main" style="text-align:left">a wording' in page
    assert '<th scope="row">s1</th>' in page
    assert "wordy" not in reporting.table_html(frame[["id"]])


def test_a_picture_is_printed_in_the_size_it_was_drawn_for():
    small = plotting.set_alt(plotting.new_axes((5.5, 3)), "An empty picture.")
    assert 'style="--drawn:5.50in"' in Figure.from_axes(small).html()
    wide = plotting.set_alt(plotting.new_axes((10, 3)), "An empty picture.")
    assert "--drawn" not in Figure.from_axes(wide).html()
    assert "--drawn" not in Figure(b"", alt="x").html()


def test_a_view_of_a_table_cuts_no_text():
    text = "word " * 60 + "<end>"
    view = reporting.TableView(pd.DataFrame({"text": [text], "x": [1 / 3]}), caption="Words")
    assert text in repr(view)
    assert repr(view).startswith("Words\n")
    assert "0.33" in repr(view)
    assert "&lt;end&gt;" in view._repr_html_()
    assert "<caption>Words</caption>" in view._repr_html_()
    assert view.frame["x"].iloc[0] == 1 / 3


def test_headings_are_words_and_p_values_are_never_0():
    frame = pd.DataFrame(
        {"min_expected": [0.0], "p_value": [0.0002], "p_holm": [0.0006], "p": [1.0],
         "Own_Name": ["x"], "share": [0.0]}
    )  # fmt: skip
    html = reporting.table_html(frame, digits=3)
    assert ">min expected</th>" in html
    assert ">Own_Name</th>" in html
    assert "&lt; 0.001" in html
    assert ">0.001<" in html
    assert html.count("0.000") == 2  # the share and the expected count may be 0
    assert ">&lt; 0.01<" in reporting.table_html(frame)
    assert ">our own_word</th>" in reporting.table_html(frame, headings={"p_value": "our own_word"})


def test_tables_of_many_columns_are_set_apart_for_width():
    narrow, wide = (pd.DataFrame({f"c{i}": [i] for i in range(k)}) for k in (12, 13))
    assert 'class="dmpkit"' in reporting.table_html(narrow)
    assert 'class="dmpkit broad"' in reporting.table_html(wide)


def test_counts_have_no_decimals_and_p_values_are_never_0():
    quantities = pd.DataFrame(
        {"quantity": ["index", "people", "p-value"], "value": [0.5, 38.0, 0.0001]}
    )
    shown = reporting.table_html(quantities)
    assert ">0.50<" in shown
    assert ">38<" in shown
    assert ">&lt; 0.001<" in shown
    groups = pd.DataFrame({"group": ["a", "b"], "people": [17.0, np.nan], "mean": [1.0, 2.0]})
    shown = reporting.table_html(groups)
    assert ">17<" in shown
    assert ">1.00<" in shown


def test_numbers_that_are_not_known_are_alike_in_every_python():
    """Dataclasses compare NaN by identity up to Python 3.12, by value from 3.13 on."""
    one, two = Estimate(0.5, low=float("nan")), Estimate(0.5, low=float("nan"))
    assert one == two
    assert hash(one) == hash(two)
    assert one != Estimate(0.5, low=0.4)
    assert one != 0.5
    named = [Indicator("share", float("nan"), note="why") for _ in range(2)]
    assert named[0] == named[1] != Indicator("share", 0.5, note="why")
    assert len(set(named)) == 1
