"""Speaking time: reference numbers, groups, sessions, silence and what is refused."""

from __future__ import annotations

import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import hidden_cells
from dmpkit.evaluation.talk import speaking_statistics, talk_inequality
from dmpkit.evaluation.talk_gap import group_gap
from dmpkit.plotting import alt_text

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"
TOLERANCE = 1e-8  # of the reference numbers

NAMES = {
    "gini_population": "gini",
    "gini_small_sample_n_over_n_minus_1": "gini_corrected",
    "normalised_entropy": "entropy",
    "hhi": "hhi",
    "effective_speakers_1_over_hhi": "effective_speakers",
    "top_speaker_share": "top_share",
    "silent_share": "silent_share",
    "theil_T": "theil",
}


def expected(variant, key):
    return json.loads((REFERENCE / f"expected_talk_{variant}.json").read_text())[key]


@pytest.mark.parametrize("variant", ["A", "B"])
def test_reference_numbers(variant):
    log = pd.read_csv(REFERENCE / f"talk_{variant}.csv")
    found = talk_inequality(log, person="pid", members=log["pid"])
    wanted = expected(variant, "talk")
    assert set(wanted) == set(NAMES)
    for name, value in wanted.items():
        assert found.values[NAMES[name]] == pytest.approx(value, abs=TOLERANCE), name


def people(n=40, seed=2):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "person": [f"P{i:02d}" for i in range(n)],
            "sex": ["f", "m"] * (n // 2),
            "table": [f"T{i // 8}" for i in range(n)],
            "base": rng.exponential(60, n),
        }
    )


def turns(members, seed=3, rows=200):
    rng = np.random.default_rng(seed)
    who = rng.choice(members["person"], rows)
    return pd.DataFrame(
        {
            "person": who,
            "seconds": rng.integers(1, 120, rows),
            "session": rng.choice(["s1", "s2"], rows),
        }
    )


def test_silent_members_count_and_people_without_a_list_are_not_known_to_be_silent():
    log = pd.DataFrame({"person": ["a", "b", "a"], "seconds": [60, 60, 60]})
    alone, full = talk_inequality(log), talk_inequality(log, members=["a", "b", "c", "d"])
    assert math.isnan(alone.silent_share)
    assert full.silent_share == 0.5
    assert full.gini > alone.gini
    # adding m silent people to n: G' = 1 − n/(n + m) (1 − G)
    assert full.gini == pytest.approx(1 - 2 / 4 * (1 - alone.gini), abs=1e-12)
    silent = {i.name: i for i in alone.indicators()}["share of silent members"]
    assert math.isnan(silent.value)
    assert "no full list" in silent.note


def test_gap_of_two_groups_is_the_difference_of_shares():
    members = people()
    log = turns(members)
    found = talk_inequality(log, members=members, group="sex", table="table", seed=1,
                            n_permutations=199, n_resamples=200)  # fmt: skip
    total = log.groupby(log["person"].map(members.set_index("person")["sex"]))["seconds"].sum()
    share = total["f"] / total.sum()
    assert found.gap.gap.value == pytest.approx(abs(share - 0.5), abs=1e-12)
    row = found.groups.set_index("group").loc["f"]
    assert row["difference"] == pytest.approx(share - 0.5, abs=1e-12)
    assert row["mean_seconds"] == pytest.approx(total["f"] / 20)
    assert row["low"] < row["difference"] < row["high"]
    means = total / 20
    assert found.gap.ratio == pytest.approx(means.min() / means.max())
    assert found.gap.within_tables
    by = {i.name: i for i in found.indicators()}["gap in speaking time between groups"]
    assert by.value == found.gap.gap.value
    assert "by chance" in by.note


def test_theil_parts_sum_and_agree_with_the_shares():
    members = people()
    found = talk_inequality(turns(members), members=members, group="sex", table="table", seed=1,
                            n_permutations=19, n_resamples=0)  # fmt: skip
    assert (found.theil["between"] + found.theil["within"]).to_numpy() == pytest.approx(
        found.values["theil"], abs=1e-12
    )
    assert found.theil["by"].tolist() == ["group", "table"]


def test_permutation_level_by_enumeration():
    # 4 people, 2 labels each: 6 assignments; the largest gap arises in 2 of them
    found = group_gap([1, 2, 30, 40], ["a", "a", "b", "b"], n_permutations=4_999, seed=5)
    assert found.gap.p_value == pytest.approx(2 / 6, abs=0.03)
    # within tables {1, 30} and {2, 40}: 4 assignments, 2 as extreme
    tables = group_gap([1, 2, 30, 40], ["a", "a", "b", "b"], strata=["x", "y", "x", "y"],
                       n_permutations=4_999, seed=5)  # fmt: skip
    assert tables.gap.p_value == pytest.approx(1 / 2, abs=0.03)


def test_the_test_keeps_its_level():
    rng = np.random.default_rng(8)
    labels, strata = ["a", "b", "a", "b", "c"] * 6, sorted([0, 1, 2] * 10)
    rejected = [
        group_gap(rng.exponential(60, 30), labels, strata=strata, n_permutations=99,
                  n_resamples=0, seed=int(s)).gap.p_value <= 0.1
        for s in range(300)
    ]  # fmt: skip
    assert 0.05 < np.mean(rejected) < 0.155  # 10 % ± 3 standard errors


def test_a_small_group_gets_no_interval_and_is_not_shown():
    members = people(12)
    members["kind"] = ["x"] * 3 + ["y"] * 9
    found = talk_inequality(turns(members), members=members, group="kind", seed=1,
                            n_permutations=99)  # fmt: skip
    assert found.groups["low"].isna().all()
    assert "fewer than 5" in found.gap.gap.note
    assert found.gap.shown().empty
    assert "x:" not in found.summary()
    with pytest.raises(DataError, match="fewer than 5"):
        found.plot_groups()
    assert "<h2>" in found.section().render()


def test_sessions_bound_what_the_log_cannot_say():
    log = pd.DataFrame({"person": ["a", "b", "a"], "seconds": [60, 60, 30],
                        "session": ["1", "1", "2"]})  # fmt: skip
    frame = talk_inequality(log, members=["a", "b", "c"], session="session").sessions
    assert frame["people"].tolist() == [2, 1]
    assert frame["without_row"].tolist() == [1, 2]
    assert frame["gini"].tolist() == [0, 0]
    assert frame["gini_all_members"].to_numpy() == pytest.approx([1 / 3, 2 / 3])
    assert math.isnan(frame["gini_corrected"].iloc[1])


def test_tables_from_the_log_may_change_between_sessions():
    log = pd.DataFrame({"person": ["a", "b", "a", "b"], "seconds": [60, 60, 30, 90],
                        "session": [1, 1, 2, 2], "seat": ["x", "x", "x", "y"],
                        "sex": ["f", "m", "f", "m"]})  # fmt: skip
    found = talk_inequality(log, session="session", table="seat", group="sex", seed=1)
    assert len(found.tables_) == 3
    assert not found.gap.within_tables
    assert "changed tables" in found.summary()
    # the list of members says nothing on tables, or says it once for all
    who = pd.DataFrame({"person": ["a", "b"], "sex": ["f", "m"]})
    told = {"session": "session", "table": "seat", "group": "sex", "seed": 1}
    assert "changed tables" in talk_inequality(log, members=who, **told).summary()
    placed = talk_inequality(log, members=who.assign(seat=["x", "y"]), **told)
    assert "changed tables" not in placed.summary()


def test_unknown_groups_are_left_out_and_counted():
    members = people(20)
    members.loc[:4, "sex"] = None
    found = talk_inequality(turns(members), members=members, group="sex", seed=1,
                            n_permutations=19, n_resamples=0)  # fmt: skip
    assert found.gap.gap.n == 15
    assert "group of 5 people is not known" in found.summary()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=4, max_size=12), st.randoms())
def test_names_and_order_of_rows_change_nothing(seconds, random):
    seconds = [*seconds, 7]
    log = pd.DataFrame({"person": [f"p{i}" for i in range(len(seconds))], "seconds": seconds})
    log["g"] = ["a", "b"] * (len(log) // 2) + ["a"] * (len(log) % 2)
    order = list(range(len(log)))
    random.shuffle(order)
    other = log.iloc[order].assign(person=lambda f: "x" + f["person"].str[::-1])
    options = {"group": "g", "seed": 3, "n_permutations": 49, "n_resamples": 20}
    one, two = talk_inequality(log, **options), talk_inequality(other, **options)
    for name, value in one.values.items():
        assert two.values[name] == pytest.approx(value, abs=1e-12, nan_ok=True)
    assert one.gap.gap.p_value == two.gap.gap.p_value
    pd.testing.assert_frame_equal(one.groups, two.groups)


def test_pandas_polars_and_numpy_agree():
    members, log = people(), turns(people())
    options = {"group": "sex", "table": "table", "seed": np.int64(4),
               "n_permutations": np.int64(99), "n_resamples": 50}  # fmt: skip
    one = talk_inequality(log, members=members, **options)
    two = talk_inequality(pl.from_pandas(log), members=pl.from_pandas(members), **options)
    for name, frame in one.frames().items():
        pd.testing.assert_frame_equal(frame, two.frames()[name])
    assert two.tables(kind="polars")["groups"]["people"].to_list() == [20, 20]


@pytest.mark.parametrize(
    ("log", "options", "message"),
    [
        ({"person": ["a"], "seconds": [-1]}, {}, "row 2, column seconds: -1 is out of range"),
        ({"person": ["a"], "seconds": [None]}, {}, "write 0 for somebody"),
        ({"person": ["a"], "seconds": ["1:30"]}, {}, "Write seconds, not minutes"),
        ({"person": ["a", ""], "seconds": [1, 2]}, {}, "row 3, column person"),
        ({"person": ["a"], "seconds": [0]}, {}, "Nobody spoke"),
        ({"who": ["a"], "seconds": [0]}, {}, "Column 'person' is missing"),
        ({"person": ["a"], "seconds": [3]}, {"members": ["b"]}, "not among the members"),
        ({"person": ["a"], "seconds": [3]}, {"members": ["a", "a"]}, "positions 1 and 2"),
        ({"person": ["a"], "seconds": [3]}, {"members": ["a"], "group": "g"}, "'g' is missing"),
        (
            {"person": ["a", "a"], "seconds": [3, 3], "g": ["x", "y"]},
            {"group": "g"},
            "two values of 'g'",
        ),
        (
            {"person": ["a", "b"], "seconds": [3, 3], "g": ["x", "y"]},
            {"group": "g", "n_permutations": 0},
            "n_permutations is 0",
        ),
    ],
)
def test_refusals_say_what_and_where(log, options, message):
    with pytest.raises(DataError, match=message):
        talk_inequality(pd.DataFrame(log), **options)


def test_hidden_cells_cannot_be_found_by_subtraction():
    assert hidden_cells([1, 2, 30, 9]).tolist() == [True, True, False, True]
    assert hidden_cells([0, 9, 30]).tolist() == [False, False, False]
    assert hidden_cells([4, 30], smallest=1).tolist() == [False, False]


def test_pictures_say_what_is_seen(tmp_path):
    members = people()
    found = talk_inequality(turns(members), members=members, group="sex", table="table",
                            session="session", seed=1, n_permutations=99)  # fmt: skip
    assert "quieter half" in alt_text(found.plot_lorenz(by="table"))
    assert "Share of the members" in alt_text(found.plot_groups())
    page = found.report(tmp_path / "talk.html").read_text()
    assert ">P01<" not in page
    assert found.to_excel(tmp_path / "talk.xlsx").exists()
    with pytest.raises(DataError, match="no curves by"):
        found.plot_lorenz(by="colour")


def test_one_speaker_has_no_corrected_measures():
    found = speaking_statistics([5])
    assert math.isnan(found["gini_corrected"])
    assert found["hhi"] == 1


def test_hostile_labels_do_no_harm(tmp_path):
    long = "x y" * 3_000
    log = pd.DataFrame({"person": [f"p{i}" for i in range(18)], "seconds": range(18),
                        "g": ["<script>alert(1)</script>", "$x_$", long] * 6})  # fmt: skip
    found = talk_inequality(log, group="g", seed=1, n_permutations=19, n_resamples=0)
    page = found.report(tmp_path / "t.html").read_text()
    assert "<script>" not in page
    labels = [t.get_text() for t in found.plot_groups().get_yticklabels()]
    assert max(map(len, labels)) < 120


def test_a_silent_group_has_no_interval():
    found = group_gap([0] * 6 + [10, 20, 30, 40, 50, 60], ["a"] * 6 + ["b"] * 6, seed=1,
                      n_permutations=99)  # fmt: skip
    assert found.table["low"].isna().all()
    assert "a group is silent" in found.gap.note
    assert found.table["share_of_talk"].tolist() == [0, 1]


def covered(runs, sizes, seed=0):
    """Share of intervals that hold the true difference, with exponential times."""
    rng, hits = np.random.default_rng(seed), 0
    people = np.array(sizes) / sum(sizes)
    true = people[0] * 1 / (people @ [1, 1.6]) - people[0]
    labels = ["a"] * sizes[0] + ["b"] * sizes[1]
    for run in range(runs):
        times = np.r_[rng.exponential(1, sizes[0]), rng.exponential(1.6, sizes[1])]
        row = group_gap(times, labels, n_permutations=1, n_resamples=400, seed=run).table.iloc[0]
        hits += row["low"] <= true <= row["high"]
    return hits / runs


def test_intervals_cover_roughly():
    assert covered(150, (15, 15)) > 0.88


@pytest.mark.long
@pytest.mark.parametrize("sizes", [(8, 8), (20, 20), (40, 40)])
def test_intervals_cover(sizes):
    assert 0.925 <= covered(2_000, sizes) <= 0.975


def test_tables_of_one_group_each_carry_no_test():
    labels, seats = ["a"] * 6 + ["b"] * 6, ["x"] * 6 + ["y"] * 6
    none = group_gap(range(1, 13), labels, strata=seats, n_permutations=99, seed=1)
    assert np.isnan(none.gap.p_value)
    assert np.isnan(none.expected)
    assert none.n_mixed == 0
    assert none.gap.value > 0
    said = "cannot be tested: no table has people of both groups"
    assert said in none.words("gender")
    assert said in none.gap.note
    assert said in none.methods_text()
    assert "p =" not in none.words("gender")
    assert "nan" not in none.words("gender")

    seats = ["x"] * 4 + ["z"] * 2 + ["y"] * 4 + ["z"] * 2
    some = group_gap(range(1, 13), labels, strata=seats, n_permutations=99, seed=1)
    assert (some.n_mixed, some.n_tables) == (1, 3)
    assert "Only 1 of 3 tables carries this test" in some.words("gender")
    free = group_gap(range(1, 13), labels, n_permutations=99, seed=1)
    assert "tables" not in free.words("gender")
    assert free.testable


def test_the_page_names_measures_in_words_and_counts_without_decimals():
    log = pd.DataFrame({"person": [*"abc"], "seconds": [10.0, 20, 60]})
    html = talk_inequality(log, members=[*"abcd"], seed=1).section().html
    assert "Herfindahl-Hirschman index" in html
    assert "silent members" in html
    assert ">4<" in html
    assert ">1<" in html
    assert "hhi" not in html
    assert "_" not in html.replace("_blank", "")
    assert ".000<" not in html


def test_labels_are_shuffled_within_tables_only():
    from dmpkit.evaluation.talk_gap import _differences, _shuffled

    values = np.array([10.0, 60.0, 5.0, 90.0, 20.0, 35.0])
    codes = np.array([0, 0, 0, 1, 0, 1])
    cells = np.array([0, 0, 1, 1, 2, 2])  # nobody of the first table changes the group
    orders = [[0, 0, *two, *three] for two, three in product(((0, 1), (1, 0)), repeat=2)]
    reached = {round(np.abs(_differences(values, np.array(o), 2)).sum() / 2, 9) for o in orders}
    drawn = _shuffled(values, codes, cells, 2, np.random.default_rng(1), 200)
    assert {round(gap, 9) for gap in drawn.tolist()} == reached
