"""Group-informed consensus: reference numbers and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.evaluation.consensus import group_informed_consensus
from dmpkit.plotting import alt_text

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"
TOLERANCE = 1e-8  # of the reference numbers


def long(variant):
    wide = pd.read_csv(REFERENCE / f"consensus_{variant}.csv")
    return pd.wide_to_long(wide, ["agree_g", "seen_g"], i="statement", j="group").reset_index(
    ).rename(columns={"agree_g": "agree", "seen_g": "seen"})  # fmt: skip


@pytest.mark.parametrize("variant", ["A", "B"])
def test_reference_numbers(variant):
    wanted = json.loads((REFERENCE / f"expected_talk_{variant}.json").read_text())
    wanted = wanted["group_informed_consensus"]
    found = group_informed_consensus(long(variant)).table
    by = found.set_index("statement")["consensus"]
    for statement, value in enumerate(wanted["value"], start=1):
        assert by[str(statement)] == pytest.approx(value, abs=TOLERANCE)
    assert [int(s) for s in found["statement"]] == wanted["rank_best_first"]


def test_it_falls_with_every_further_group_and_says_so():
    frame = long("A")
    three = group_informed_consensus(frame)
    two = group_informed_consensus(frame[frame["group"] < 3])
    both = three.table.merge(two.table, on="statement")
    assert (both["consensus_x"] < both["consensus_y"]).all()
    assert "never compare" in three.summary()
    assert "Fewer than five people" in three.summary()


def test_order_of_rows_and_names_of_groups_change_nothing():
    frame = long("B")
    other = frame.sample(frac=1, random_state=1).assign(
        group=lambda f: "g" + f["group"].astype(str)
    )
    one, two = group_informed_consensus(frame), group_informed_consensus(pl.from_pandas(other))
    columns = ["statement", "consensus", "rank"]
    pd.testing.assert_frame_equal(one.table[columns], two.table[columns])


def test_equal_values_share_a_rank():
    frame = pd.DataFrame({"statement": ["x", "y"], "group": "a", "agree": 1, "seen": 2})
    assert group_informed_consensus(frame).table["rank"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"agree": 11}, "more people agreed or disagreed than the 10 who saw it"),
        ({"disagree": 9}, "more people agreed or disagreed"),
        ({"agree": -1}, "row 2, column agree: -1 is out of range"),
        ({"agree": 1.5}, "not a whole number"),
        ({"seen": None}, "Write 0 where there were none"),
        ({"group": "b"}, "second row for group 'b'"),
        ({"statement": "z"}, "has no row for group"),
    ],
)
def test_refusals_say_what_and_where(change, message):
    frame = pd.DataFrame({"statement": ["x", "x", "y", "y"], "group": ["a", "b"] * 2,
                          "agree": [5, 4, 3, 2], "disagree": [1, 1, 1, 1],
                          "seen": [10, 9, 8, 7]}).astype(object)  # fmt: skip
    for column, value in change.items():
        frame.loc[0, column] = value
    with pytest.raises(DataError, match=message):
        group_informed_consensus(frame)


def test_picture_and_page(tmp_path):
    found = group_informed_consensus(long("A"))
    assert "highest product" in alt_text(found.plot())
    assert "never compare" in found.report(tmp_path / "c.html").read_text()
