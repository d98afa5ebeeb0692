"""Who was lost, and who moved where."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.evaluation.attrition import attrition
from dmpkit.evaluation.transitions import transitions
from dmpkit.plotting import alt_text


def tables(n=20, stay=12):
    rng = np.random.default_rng(4)
    one = pd.DataFrame({"person": range(n), "q": rng.integers(1, 8, n), "r": rng.normal(size=n)})
    two = pd.DataFrame({"person": range(stay), "q": 4, "r": 0.5})
    people = pd.DataFrame({"person": range(n), "sex": ["w", "m", "w", "w"] * (n // 4)})
    return one, two, people


def test_standardised_differences_by_hand():
    one, two, people = tables()
    found = attrition(one, two, people)
    assert (found.n_both, found.n_before_only, found.n_after_only) == (12, 8, 0)
    row = found.table.set_index("variable").loc["q"]
    x, y = one["q"][:12], one["q"][12:]
    by_hand = (y.mean() - x.mean()) / math.sqrt((x.var() + y.var()) / 2)
    assert row["standardised_difference"] == pytest.approx(by_hand)
    men = found.table[found.table["category"] == "m"].iloc[0]
    assert (men["both"], men["before_only"]) == (0.25, 0.25)
    assert men["standardised_difference"] == 0


def test_a_row_without_any_answer_is_no_answer():
    one, two, _ = tables()
    blank = pd.concat([two, pd.DataFrame({"person": [15], "q": [None], "r": [None]})])
    assert attrition(one, two).table.equals(attrition(one, blank).table)
    both = attrition(pl.from_pandas(one), pl.from_pandas(two)).table
    pd.testing.assert_frame_equal(attrition(one, two).table, both)


def test_nobody_lost_and_hardly_anybody_lost():
    one, _, _ = tables()
    none = attrition(one, one)
    assert "nothing to compare" in none.summary()
    assert none.table["standardised_difference"].isna().all()
    few = attrition(one, one.iloc[:18])
    assert "single people" in few.summary()
    assert "<table" not in few.section().render()
    assert "<table" in attrition(*tables()).section().render()


def test_views_of_attrition(tmp_path):
    found = attrition(*tables(), labels={"q": "<b>trust"})
    assert "not tested" in found.methods_text()
    assert "is not known" in found.summary()
    assert "<b>trust" not in found.report(tmp_path / "a.html").read_text(encoding="utf-8")
    assert found.largest is not None


def test_refusals_of_attrition():
    one, two, people = tables()
    with pytest.raises(DataError, match="more than once"):
        attrition(one, two, pd.concat([people, people.iloc[:1]]))
    with pytest.raises(DataError, match="'z' is missing"):
        attrition(one, two, items=["z"])
    with pytest.raises(DataError, match="'age' is missing"):
        attrition(one, two, people, variables=["age"])
    with pytest.raises(DataError, match="not a number"):
        attrition(one.assign(q="x"), two)


GROUPS = {"against": (0, 4), "middle": (5, 5), "for": (6, 10)}


def answers():
    one = pd.DataFrame({"person": range(6), "q": [2, 4, 8, 9, None, 5]})
    two = pd.DataFrame({"person": [5, 4, 3, 2, 1, 0], "q": [5, 3, 2, 8, None, 7]})
    return one, two


def test_counts_flows_and_who_stayed():
    moved = transitions(*answers(), "q", bins=GROUPS)
    assert moved.counts.to_numpy().tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 1]]
    assert moved.share_stayed == 0.5
    assert moved.flows["n"].sum() == 4
    assert moved.flows.groupby("before")["share"].sum().tolist() == [1, 1, 1]
    kept = transitions(*answers(), "q", bins=GROUPS, blanks=True)
    assert kept.counts.to_numpy().sum() == 6
    assert kept.counts.index[-1] == "no answer"
    assert kept.share_stayed == 0.5


def test_categories_of_text_keep_their_order():
    one = pd.DataFrame({"person": [1, 2, 3], "q": ["no", "yes", "no"]})
    two = pd.DataFrame({"person": [1, 2, 3], "q": ["yes", "yes", "no"]})
    moved = transitions(one, two, "q", categories=["yes", "unsure", "no"])
    assert list(moved.counts.index) == ["yes", "unsure", "no"]
    assert moved.counts.loc["no", "yes"] == 1
    numbers = one.assign(q=[10, 2, 1]), two.assign(q=[10, 1, 1])
    assert list(transitions(*numbers, "q").counts.index) == ["1", "2", "10"]
    same = transitions(pl.from_pandas(one), pl.from_pandas(two), "q").counts
    assert same.equals(transitions(one, two, "q").counts)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"bins": {"a": (0, 5), "b": (5, 10)}}, "overlap"),
        ({"bins": {"a": (5, 0)}}, "runs from"),
        ({"bins": {"a": 3}}, "lowest and a highest"),
        ({"bins": {"a": (0, 5)}}, "in no bin"),
        ({"categories": [1, 2]}, "not among the categories"),
    ],
)
def test_refusals_of_transitions(more, words):
    with pytest.raises(DataError, match=words):
        transitions(*answers(), "q", **more)


def test_views_of_transitions(tmp_path):
    moved = transitions(*answers(), "q", bins=GROUPS, synthetic=True, labels={"q": "<i>tax"})
    assert "Synthetic" in alt_text(moved.plot())
    assert "<i>tax" not in moved.report(tmp_path / "t.html").read_text(encoding="utf-8")
    many = pd.DataFrame({"person": range(12), "q": range(12)})
    wide = transitions(many, many, "q")
    assert wide.section().figures == ()
    with pytest.raises(DataError, match="drawn legibly"):
        wide.plot()
    with pytest.raises(DataError, match="Nobody answered"):
        transitions(many.assign(q=None), many, "q")
