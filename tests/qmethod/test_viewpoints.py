"""Viewpoints coded from texts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dmpkit.errors import DataError
from dmpkit.plotting import alt_text
from dmpkit.qmethod.viewpoints import Viewpoints, array_correlations

VIEWS = pd.DataFrame({"code": ["A", "B", "C"], "name": ["Ay", "Bee", "Sea"], "summary": [""] * 3})
CLAIMS = pd.DataFrame({"claim": ["x", "y", "z"], "label": ["Ex", "Why", "Zed"]})


def coded(*rows):
    return pd.DataFrame(rows, columns=["viewpoint", "claim", "holds"])


@pytest.fixture
def views():
    cells = coded(("A", "x", 1), ("B", "x", -1), ("A", "y", 1), ("B", "y", 1), ("C", "z", 1))
    return Viewpoints.from_frames(VIEWS, CLAIMS, cells)


def test_not_stated_is_missing_and_never_zero(views):
    assert np.isnan(views.values).sum() == 4
    assert not (views.values == 0).any()
    assert views.matrix["C"].isna().tolist() == [True, True, False]


def test_only_claims_that_both_state_make_agreement_or_opposition(views):
    pairs = views.pairs.set_index(["viewpoint", "other"])
    assert pairs.loc[("A", "B")].tolist() == [2, 1, 1, "y", "x"]
    assert pairs.loc[("A", "C")].tolist() == [0, 0, 0, "", ""]


def test_sides_of_a_claim(views):
    sides = views.sides.set_index("claim")
    assert sides.loc["x"].tolist() == ["Ex", "A", "B", 1, 1]
    assert views.stance("y") == {"A": 1, "B": 1}


def test_pairs_do_not_depend_on_the_order_of_the_rows():
    cells = coded(("A", "x", 1), ("B", "x", -1), ("C", "y", 1), ("A", "y", -1))
    turned = Viewpoints.from_frames(VIEWS, CLAIMS, cells.iloc[::-1])
    assert turned.pairs.equals(Viewpoints.from_frames(VIEWS, CLAIMS, cells).pairs)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (coded(("A", "x", 0)), "do not code it as 0"),
        (coded(("A", "x", 2)), "1 .holds. or -1"),
        (coded(("A", "x", None)), "What is not stated has no row"),
        (coded(("D", "x", 1)), "unknown viewpoint 'D'"),
        (coded(("A", "w", 1)), "unknown claim 'w'"),
        (coded(("A", "x", 1), ("A", "x", -1)), "coded twice"),
    ],
)
def test_a_wrong_coding_is_refused(cells, words):
    with pytest.raises(DataError, match=words):
        Viewpoints.from_frames(VIEWS, CLAIMS, cells)


def test_a_code_that_stands_twice_is_refused():
    twice = VIEWS.assign(code=["A", "A", "B"])
    with pytest.raises(DataError, match="'A'"):
        Viewpoints.from_frames(twice, CLAIMS, coded(("A", "x", 1)))


def test_an_unknown_data_set_is_refused():
    with pytest.raises(DataError, match="There is no data set"):
        Viewpoints.load("atlantis")


def test_values_cannot_be_written_to(views):
    with pytest.raises(ValueError, match="read-only"):
        views.values[0, 0] = -1


def test_the_picture_shows_a_sign_a_stated_cell_and_says_so(views):
    ax = views.plot()
    signs = [text.get_text() for text in ax.texts]
    assert sorted(signs) == sorted(["+", "−", "+", "+", "+"])
    assert "Bee rejects 'Ex', holds 'Why'." in alt_text(ax)


def test_html_is_escaped():
    cells = coded(("A", "x", 1))
    loud = Viewpoints.from_frames(VIEWS.assign(name=["<b>", "B", "C"]), CLAIMS, cells)
    assert "<b>" not in loud._repr_html_()


# --- the slot for published arrays -------------------------------------------------------


def test_typed_in_arrays_are_correlated():
    arrays = pd.DataFrame(
        {
            "statement": ["1", "2", "3", "4"],
            "text": ["a", "b", "c", "d"],
            "RB": [2, 1, -1, -2],
            "PA": [1, 2, -2, -1],
            "SC": [-2, -1, 1, 2],
        }
    )
    found = array_correlations(arrays).set_index(["viewpoint", "other"])
    assert found.loc[("RB", "PA"), "correlation"] == pytest.approx(0.8)
    assert found.loc[("RB", "SC"), "correlation"] == pytest.approx(-1)
    assert found.loc[("RB", "SC"), ["largest_gap", "at"]].tolist() == [4, "1"]


def test_arrays_that_do_not_share_a_distribution_are_a_slip():
    arrays = pd.DataFrame(
        {"statement": ["1", "2", "3"], "RB": [1, 0, -1], "PA": [0, 1, -1], "SC": [1, 1, -1]}
    )
    with pytest.warns(UserWarning, match="distribution"), pytest.raises(DataError, match="SC"):
        array_correlations(arrays)


def test_an_empty_cell_in_the_arrays_is_named():
    arrays = pd.DataFrame({"statement": ["1", "2", "3"], "RB": [1, 0, -1], "PA": [1, None, -1]})
    with pytest.raises(DataError, match="PA"):
        array_correlations(arrays)
