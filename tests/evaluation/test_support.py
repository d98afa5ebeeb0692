"""Agreement with the text by sub-group: counts, bounds, suppression, refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, SmallCellWarning
from dmpkit.evaluation.support import support_for_text
from dmpkit.measures.proportions import share_interval
from dmpkit.plotting import alt_text


def members(n=40):
    return pd.DataFrame({"person": [f"P{i:02d}" for i in range(n)],
                         "sex": ["f", "m"] * (n // 2),
                         "age": ["young"] * 10 + ["old"] * (n - 10)})  # fmt: skip


def ballot(n=36, seed=1, items=("text", "R1", "R2")):
    rng = np.random.default_rng(seed)
    words = rng.choice(["for", "against", "abstain"], (len(items), n), p=[0.7, 0.2, 0.1])
    return pd.concat([
        pd.DataFrame({"person": members()["person"][:n], "item": item, "answer": row})
        for item, row in zip(items, words, strict=True)
    ], ignore_index=True)  # fmt: skip


def test_counts_bounds_and_no_interval():
    frame = ballot()
    found = support_for_text(frame, members=members(), groups=["sex", "age"])
    text = frame[frame["item"] == "text"]
    yes = int((text["answer"] == "for").sum())
    assert found.value == yes / 36
    row = found.items.set_index("item").loc["text"]
    assert (row["if_all_against"], row["if_all_for"]) == (yes / 40, (yes + 4) / 40)
    assert row["not_voted"] == 4
    assert math.isnan(row["low"])
    assert "complete count" in found.summary()
    by = text.merge(members(), on="person")
    wanted = {
        (a, g): (part["answer"] == "for").mean()
        for a in ("sex", "age")
        for g, part in by.groupby(a)
    }
    shown = found.groups[found.groups["item"] == "text"]
    got = {(r.attribute, r.group): r.share for r in shown.itertuples()}
    assert got == pytest.approx(wanted)
    names = {i.name: i for i in found.indicators()}
    assert names["support for the final text"].value == yes / 36
    assert names["lowest support in a sub-group"].value == pytest.approx(min(wanted.values()))


def test_a_sample_has_wilson_intervals():
    frame = ballot()
    found = support_for_text(frame, sampled=True)
    row = found.items.set_index("item").loc["text"]
    wanted = share_interval(int(row["support"]), 36)
    assert (row["low"], row["high"]) == (wanted.low, wanted.high)
    assert "Wilson" in found.summary()


def test_small_cells_are_hidden_with_what_would_give_them_away():
    people = members()
    people["kind"] = ["a"] * 3 + ["b"] * 9 + ["c"] * 28
    with pytest.warns(SmallCellWarning, match="6 of 9 cells"):
        found = support_for_text(ballot(), members=people, groups="kind")
    own = found.groups.set_index(["item", "group"])
    for item in ("text", "R1", "R2"):
        assert own.loc[(item, ["a", "b"]), "share"].isna().all()
        assert own.loc[(item, ["a", "b"]), ["voted", "support"]].isna().all(axis=None)
        assert own.loc[(item, "c"), "share"] >= 0
    lowest = {i.name: i for i in found.indicators()}["lowest support in a sub-group"]
    assert "may be lower" in lowest.note
    page = found.section().render()
    assert "3</td>" not in page.split("By sub-group")[1].split("c</td>")[0]
    every = support_for_text(ballot(), members=people, groups="kind", smallest=1)
    assert every.groups["share"].notna().all()


def test_no_cell_to_show():
    with pytest.warns(SmallCellWarning):
        found = support_for_text(ballot(4), members=members().iloc[:4], groups="sex")
    assert found.lowest is None
    assert "No sub-group can be shown" in found.summary()
    low = found.indicators()[1]
    assert math.isnan(low.value)
    assert "too small" in low.note
    with pytest.raises(DataError, match="no sub-group to be shown"):
        found.plot()
    assert found.section().render()


def test_scales_need_where_agreeing_starts():
    frame = ballot(items=("R1",)).assign(answer=[1, 2, 3, 4, 5, 5] * 6)
    with pytest.raises(DataError, match="row 2, column answer: '1' is no vote"):
        support_for_text(frame)
    found = support_for_text(frame, agree_from={"R1": 4})
    assert found.value == pytest.approx(0.5)
    assert found.text_item is None
    assert "from 4" in found.methods_text()
    assert "no vote on the whole text" in found.indicators()[0].note
    assert support_for_text(frame, agree_from=np.int64(4)).value == found.value


def test_blank_is_no_vote_and_no_no():
    frame = ballot()
    one = support_for_text(frame)
    extra = pd.DataFrame({"person": ["P38"], "item": ["text"], "answer": [None]})
    two = support_for_text(pd.concat([frame, extra]))
    assert one.value == two.value
    assert one.items["voted"].tolist() == two.items["voted"].tolist()


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1_000), st.randoms())
def test_names_and_order_of_rows_change_nothing(seed, random):
    frame = ballot(seed=seed).merge(members(), on="person")
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].assign(person=lambda f: f["person"].str[::-1])
    one = support_for_text(frame, groups=["sex", "age"])
    two = support_for_text(other, groups=["sex", "age"])
    for name, table in one.frames().items():
        pd.testing.assert_frame_equal(table, two.frames()[name])


def test_pandas_and_polars_agree():
    one = support_for_text(ballot(), members=members(), groups="sex")
    two = support_for_text(
        pl.from_pandas(ballot()), members=pl.from_pandas(members()), groups="sex"
    )
    for name, table in one.frames().items():
        pd.testing.assert_frame_equal(table, two.frames()[name])
    assert two.tables(kind="polars")["items"]["voted"].to_list() == [36, 36, 36]


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([("a", "text", "for"), ("a", "text", "for")], {}, "row 3, column person: .*votes twice"),
        ([("a", "text", "maybe")], {}, "'maybe' is no vote in words"),
        ([("a", "text", "for"), ("b", "text", 3)], {"agree_from": 2}, "'for' is not a number"),
        ([("a", "text", "for")], {"members": ["b"]}, "not among the members"),
        ([("a", "text", "for")], {"groups": "sex"}, "'sex' is missing"),
        ([("a", "text", "")], {}, "Nobody answered"),
        ([("", "text", "for")], {}, "row 2, column person"),
        ([], {}, "no rows"),
        ([("a", "text", "for")], {"smallest": 0}, "smallest is 0"),
    ],
)
def test_refusals_say_what_and_where(rows, options, message):
    frame = pd.DataFrame(rows, columns=["person", "item", "answer"])
    with pytest.raises(DataError, match=message):
        support_for_text(frame, **options)


def test_picture_and_page(tmp_path):
    found = support_for_text(ballot(), members=members(), groups=["sex", "age"])
    assert "all who voted" in alt_text(found.plot())
    assert "R1" in alt_text(found.plot("R1"))
    assert "Support by sub-group" in found.report(tmp_path / "s.html").read_text()
    assert found.to_excel(tmp_path / "s.xlsx").exists()


def test_sentences_call_items_and_groups_by_their_names():
    people = pd.DataFrame({"person": [f"p{i}" for i in range(12)], "age_group": ["old"] * 12})
    people.loc[6:, "age_group"] = "young"
    votes = pd.DataFrame({"person": people["person"], "item": "text", "answer": ["for"] * 12})
    votes.loc[8:, "answer"] = "against"
    more = votes.assign(item="o_1")
    both = pd.concat([votes, more])
    found = support_for_text(both, members=people, groups="age_group")
    said = found.summary()
    assert "supported the text as a whole (" in said
    assert "lowest in the group 'young' (age group)" in said
    assert "o_1" not in said
    assert "'text'" not in said
    named = support_for_text(both, labels={"text": "The report", "o_1": "Heat pumps"}).summary()
    assert "supported 'The report' (" in named
    assert "=" not in found.indicators()[-1].note
