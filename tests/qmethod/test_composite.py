"""The layout of composite sorts, checked without drawing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import wordings

from dmpkit.errors import DataError
from dmpkit.qmethod.composite import (
    GridColumn,
    fit_texts,
    grid_columns,
    shortened,
    text_width,
    wrap,
)


def columns(n: int = 60) -> list[GridColumn]:
    counts = [3, 4, 5, 6, 7, 10, 7, 6, 5, 4, 3] if n == 60 else [2, 3, 3, 4, 6, 4, 3, 3, 2]
    starts = np.concatenate([[0], np.cumsum(counts)])
    return [
        GridColumn(float(i), tuple(range(starts[i], starts[i + 1])), counts[i])
        for i in range(len(counts))
    ]


def test_columns_hold_statements_by_falling_z_score():
    scores = np.array([0, 1, 0, -1.0])
    z = np.array([-0.1, 1.5, 0.2, -1.6])
    found = grid_columns(scores, z, np.array([-1, 0, 0, 1.0]))
    assert [c.value for c in found] == [-1, 0, 1]
    assert [c.statements for c in found] == [(3,), (2, 0), (1,)]
    assert [c.heading for c in found] == ["-1", "0", "+1"]


def test_ties_that_break_the_distribution_are_said_in_the_heading():
    scores = np.array([0, 0, 0, -1.0])  # two tied for the places 0 and +1 both get 0
    found = grid_columns(scores, np.array([1, 1, 0, -2.0]), np.array([-1, 0, 0, 1.0]))
    assert [c.heading for c in found] == ["-1", "0 (3 in 2)", "+1 (0 in 1)"]


def test_factor_without_scores_is_refused():
    with pytest.raises(DataError, match="no scores"):
        grid_columns(np.full(3, np.nan), np.full(3, np.nan), np.arange(3.0))


@settings(max_examples=80, deadline=None)
@given(
    text=st.text(st.characters(codec="utf-8", exclude_categories=["C", "M"]), max_size=120),
    width=st.floats(25, 150),
    size=st.sampled_from([5.0, 6.5, 8.0]),
)
def test_wrapped_lines_fit_and_lose_nothing(text, width, size):
    lines = wrap(text, width, size)
    kept = "".join(lines).replace(" ", "").replace("-", "")  # hyphens where words are broken
    assert kept == "".join(text.split()).replace("-", "")
    assert all(text_width(line, size) <= width + 1e-6 or len(line) <= 3 for line in lines)


@settings(max_examples=60, deadline=None)
@given(text=st.text("abc def.,", max_size=80), width=st.floats(15, 200))
def test_shortened_text_fits(text, width):
    short = shortened(text, width, 7)
    assert (
        short == text
        or (short.endswith("…") and text_width(short, 7) <= width + 1e-6)
        or (len(short) <= 2)
    )


def test_thirty_texts_of_realistic_length_fit_a_landscape_page_in_full():
    layout = fit_texts(columns(30), [str(i) for i in range(30)], wordings(30), 84, 462)
    assert layout.shortened == 0
    assert layout.size >= 6.5
    assert sum(layout.heights) <= 462


def test_sixty_texts_fit_the_page_with_some_shortened():
    labels, texts = [str(i) for i in range(60)], wordings(60)
    layout = fit_texts(columns(), labels, texts, 756 / 11, 462)
    assert layout.size == 5
    assert sum(layout.heights) <= 462
    assert 0 < layout.shortened < 30
    cut = [" ".join(lines) for lines in layout.lines if lines[-1].endswith("…")]
    assert len(cut) == layout.shortened
    full = fit_texts(columns(), labels, texts, 756 / 11, 462, shorten=False)
    assert full.shortened == 0
    assert sum(full.heights) > 462


def test_every_line_of_every_cell_fits_its_cell():
    labels, texts = [str(i) for i in range(60)], wordings(60)
    layout = fit_texts(columns(), labels, texts, 756 / 11, 462)
    widest = max(text_width(line, layout.size) for lines in layout.lines for line in lines)
    assert widest <= 756 / 11 - 6
    for column in columns():
        for row, i in enumerate(column.statements):
            assert len(layout.lines[i]) * layout.size * 1.16 + 6 <= layout.heights[row] + 1e-9


def test_a_smaller_font_is_taken_before_a_word_is_broken():
    words = ["Hyperspecialisation of knowledge"] * 60
    layout = fit_texts(columns(), [str(i) for i in range(60)], words, 84, 900)
    assert layout.size < 8
    assert any("Hyperspecialisation" in line for line in layout.lines[0])
    endless = fit_texts(columns(), [str(i) for i in range(60)], ["x" * 60] * 60, 84, 900)
    assert endless.size == 6.5
    assert endless.lines[0][1].endswith("-")
