"""Heat maps of intersections."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dmpkit.errors import DataError
from dmpkit.plotting import alt_text, to_png
from dmpkit.representativeness.intersections import intersections


@pytest.fixture(scope="module")
def result():
    joint = pd.DataFrame(
        {"a": ["x", "x", "y", "y"], "b": ["1", "2", "1", "2"], "count": [40, 30, 20, 10]}
    )
    return intersections(pd.DataFrame({"a": ["x", "x", "y"], "b": ["1", "2", "1"]}), joint)


def test_missing_cells_are_crossed_and_gaps_written(result):
    ax = result.plot_intersections()
    assert len(ax.lines) == 2  # one cross
    assert sorted(t.get_text() for t in ax.texts) == sorted(["-6.7", "+3.3", "+13.3", "-10.0"])
    assert "1 cells have nobody" in alt_text(ax)
    assert to_png(ax)
    with pytest.raises(DataError, match="no crossing 'a × c'"):
        result.plot_intersections("a × c")


def test_pairs_of_fifteen_variables():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {f"a variable called {v}": rng.integers(0, 4, 300).astype(str) for v in range(15)}
    )
    got = intersections(frame.iloc[:24], frame.assign(count=1))
    ax = got.plot_pairs()
    assert len(ax.texts) == 105
    assert "105 pairs" in alt_text(ax)
    assert len(got.section().figures) == 2
    assert got.summary().startswith("105 crossings")


def test_pairs_need_pairs():
    joint = pd.DataFrame({"a": ["x", "y"], "b": ["1", "2"], "c": ["p", "q"], "count": [4, 5]})
    got = intersections(joint[["a", "b", "c"]], joint, depth="all")
    with pytest.raises(DataError, match="crossings of two variables"):
        got.plot_pairs()
