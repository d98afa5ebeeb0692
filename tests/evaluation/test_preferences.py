"""Rankings: reference numbers, exact search, chance level, cycles, swaps, refusals."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.evaluation.majorities import majorities
from dmpkit.evaluation.preferences import _home_axes, best_axes, single_peakedness
from dmpkit.evaluation.rankings import ranks_from_orders, read_rankings
from dmpkit.plotting import alt_text

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"
TOLERANCE = 1e-8  # of the reference numbers


def reference(variant):
    frame = pd.read_csv(REFERENCE / f"rankings_{variant}.csv")
    wanted = json.loads((REFERENCE / f"expected_talk_{variant}.json").read_text())
    return ranks_from_orders(frame, "ranking_best_to_worst"), wanted["single_peaked"]


@pytest.mark.parametrize("variant", ["A", "B"])
def test_reference_numbers(variant):
    frame, wanted = reference(variant)
    found = single_peakedness(frame, person="pid", n_random=200, n_swaps=99, seed=1)
    assert [s.stage for s in found.stages] == list(wanted) == ["pre", "post"]
    for stage in found.stages:
        own = wanted[stage.stage]
        assert stage.proximity.value == pytest.approx(own["proximity"], abs=TOLERANCE)
        axes = {"".join(a) for a in stage.axes} | {"".join(a[::-1]) for a in stage.axes}
        assert axes == {a for b in own["best_axes"] for a in (b, b[::-1])}
        for pair, count in own["pairwise_first_over_second"].items():
            assert stage.majorities.matrix.loc[pair[0], pair[1]] == count
        assert stage.majorities.condorcet_winner == own["condorcet_winner"]
        assert bool(stage.majorities.cycles) == own["majority_cycle"]


def is_single_peaked(order, axis):
    """By the definition: every top-t set stands together on the axis."""
    at = [axis.index(option) for option in order]
    return all(max(at[:t]) - min(at[:t]) == t - 1 for t in range(1, len(order) + 1))


@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_the_search_equals_looking_at_every_axis(k):
    rng = np.random.default_rng(k)
    orders = np.array([rng.permutation(k) for _ in range(9)])
    shares = {
        axis: np.mean([is_single_peaked(list(o), axis) for o in orders])
        for axis in itertools.permutations(range(k))
    }
    top = max(shares.values())
    proximity, axes = best_axes(orders)
    assert proximity == pytest.approx(top)
    found = {a for axis in axes for a in (axis, axis[::-1])}
    assert found == {axis for axis, share in shares.items() if share == pytest.approx(top)}


@pytest.mark.parametrize("k", [3, 4, 7, 10])
def test_home_axes_are_all_there_are(k):
    home = {tuple(row) for row in _home_axes(k).tolist()}
    assert len(home) == 2 ** (k - 2)
    assert all(is_single_peaked(list(range(k)), axis) for axis in home)
    assert not any(axis[::-1] in home for axis in home)


def test_one_axis_for_all_gives_one():
    rng = np.random.default_rng(1)
    axis = rng.permutation(8)
    where = rng.normal(size=(40, 1))
    orders = axis[np.argsort(np.abs(np.linspace(-2, 2, 8) - where), axis=1)]
    proximity, axes = best_axes(orders)
    assert proximity == 1
    assert any(tuple(axis) in (a, a[::-1]) for a in axes)


def test_chance_level_of_one_and_two_people_is_exact():
    frame = pd.DataFrame({"person": [1], "a": [1], "b": [2], "c": [3]})
    alone = single_peakedness(frame, n_random=20, seed=1).stages[0]
    assert alone.expected.value == 1
    # two random rankings of 3 options share an axis unless their last ones differ in all 3
    # axes: each ranking fits 2 of the 3 axes, so two of them always share one
    two = pd.concat([frame, frame.assign(person=2, a=3, c=1)])
    assert single_peakedness(two, n_random=50, seed=1).stages[0].expected.value == 1
    # 3 options: a person fits every axis but the one with her worst option in the middle;
    # three people: all on one axis unless their worst options are all different (6/27)
    three = pd.concat([two, frame.assign(person=3)])
    expected = single_peakedness(three, n_random=4_000, seed=1).stages[0].expected
    assert expected.value == pytest.approx(1 - 6 / 27 / 3, abs=4 * expected.standard_error)


def test_p_value_under_random_rankings_is_not_too_small():
    rng = np.random.default_rng(4)
    small = 0
    for run in range(120):
        ranks = np.array([rng.permutation(4) + 1 for _ in range(15)])
        frame = pd.DataFrame(ranks, columns=list("abcd")).assign(person=range(15))
        small += single_peakedness(frame, n_random=99, seed=run).stages[0].proximity.p_value <= 0.1
    assert small / 120 <= 0.1 + 3 * math.sqrt(0.09 / 120)


def test_condorcet_cycles_and_ties():
    circle = majorities([[1, 2, 3, 4], [2, 3, 1, 4], [3, 1, 2, 4]], tuple("abcd"))
    assert circle.condorcet_winner is None
    assert circle.cycles == ("a > b > c > a",)
    # a cycle below a winner does not unseat the winner
    below = majorities([[4, 1, 2, 3], [4, 2, 3, 1], [4, 3, 1, 2]], tuple("dabc"))
    assert below.cycles == ("a > b > c > a",)
    top = majorities([[1, 2, 3, 4], [1, 3, 4, 2], [1, 4, 2, 3]], tuple("dabc"))
    assert top.condorcet_winner == "d"
    assert top.cycles == ("a > b > c > a",)
    tied = majorities([[1, 2, 3], [2, 1, 3]], tuple("abc"))
    assert tied.condorcet_winner is None
    assert tied.unbeaten == ("a", "b")
    assert tied.cycles == ()
    # with ties a cycle of four may have no cycle of three in it: a-c and b-d are tied
    four = majorities([[1, 2, 3, 4], [4, 1, 2, 3], [3, 4, 1, 2], [2, 3, 4, 1]], tuple("abcd"))
    assert four.cycles == ("a > b > c > d > a",)


def test_blanks_and_ties_by_rule():
    frame = pd.DataFrame({"person": [1, 2, 3, 4], "a": [1, 1, None, 2], "b": [2, 1, 1, 3],
                          "c": [3, 3, 2, 1]})  # fmt: skip
    with pytest.raises(DataError, match="row 4, column a: Person '3' did not rank 'a'"):
        single_peakedness(frame.iloc[[0, 3, 2]])
    with pytest.raises(DataError, match="row 3: Person '2' gives 'a' and 'b' the rank 1"):
        single_peakedness(frame.iloc[:2])
    found = single_peakedness(frame, incomplete="leave out", n_random=9, seed=1)
    stage = found.stages[0]
    assert stage.proximity.n == 2
    assert stage.rankings.n_left_out == 2
    # blank is not last: person 3 has no say on a
    assert stage.majorities.matrix.loc["a", "b"] == 2
    assert stage.majorities.matrix.loc["b", "a"] == 0
    assert stage.majorities.matrix.loc["b", "c"] == 3
    assert "2 rankings with ties or blanks" in found.summary()


def two_stages(seed=6, n=14, k=4):
    rng = np.random.default_rng(seed)
    rows = []
    for stage in ("before", "after"):
        for i in range(n):
            ranks = dict(zip("abcdefgh"[:k], (rng.permutation(k) + 1).tolist(), strict=True))
            rows.append({"person": f"P{i:02d}", "stage": stage, **ranks})
    return pd.DataFrame(rows)


def test_identical_stages_do_not_change():
    frame = two_stages()
    first = frame[frame["stage"] == "before"]
    same = pd.concat([first, first.assign(stage="after")])
    found = single_peakedness(same, n_random=9, n_swaps=99, seed=1)
    assert found.change.value == 0
    assert found.change.p_value == 1


def test_swap_test_against_all_swaps():
    frame = two_stages(seed=11, n=6)
    found = single_peakedness(frame, n_random=9, n_swaps=3_999, seed=1, alternative="greater")
    profiles = read_rankings(frame)
    one, two = profiles["before"].orders, profiles["after"].orders
    seen = best_axes(two)[0] - best_axes(one)[0]
    every = []
    for swap in itertools.product([False, True], repeat=6):
        mask = np.array(swap)[:, None]
        change = best_axes(np.where(mask, one, two))[0] - best_axes(np.where(mask, two, one))[0]
        every.append(change >= seen - 1e-12)
    assert found.change.value == pytest.approx(seen)
    assert found.change.p_value == pytest.approx(np.mean(every), abs=0.04)


def test_change_is_over_people_of_both_stages():
    frame = two_stages().iloc[:-3]
    found = single_peakedness(frame, n_random=9, n_swaps=99, seed=1)
    assert found.change.n == 11
    assert found.stage("before").proximity.n == 14


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.randoms())
def test_names_and_order_of_rows_change_nothing(seed, random):
    frame = two_stages(seed=seed, n=7, k=4)
    order = list(range(len(frame)))
    random.shuffle(order)
    other = frame.iloc[order].assign(person=lambda f: "x" + f["person"].str[::-1])
    options = {"n_random": 9, "n_swaps": 49, "seed": 2}
    one, two = single_peakedness(frame, **options), single_peakedness(other, **options)
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.pairwise, two.pairwise)
    assert one.change == two.change


def test_pandas_polars_and_the_seed():
    frame = two_stages()
    options = {"n_random": np.int64(50), "n_swaps": 49, "seed": 2}
    one = single_peakedness(frame, **options)
    two = single_peakedness(pl.from_pandas(frame), **options)
    for name, table in one.frames().items():
        pd.testing.assert_frame_equal(table, two.frames()[name])
    assert two.tables(kind="polars")["stages"]["people"].to_list() == [14, 14]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"a": 0}, {}, "row 2, column a: 0 is out of range. Numbers from 1 to 4"),
        ({"a": 1.5}, {}, "not a whole number"),
        ({"a": "x"}, {}, "'x' is not a number"),
        ({"person": "P01"}, {}, "Person 'P01' has a second ranking"),
        ({"stage": "later"}, {}, "The stages are 'after', 'before', 'later'"),
        ({}, {"stages": ("x", "y")}, "The stages are"),
        ({}, {"options": ["a", "b"]}, "2 options are ranked"),
        ({}, {"options": ["a", "z"]}, "Column 'z' is missing"),
        ({}, {"alternative": "more"}, "alternative='more' is not known"),
        ({}, {"incomplete": "drop"}, "incomplete='drop' is not known"),
        ({}, {"n_random": 0}, "n_random is 0"),
    ],
)
def test_refusals_say_what_and_where(change, options, message):
    frame = two_stages().astype(object)
    for column, value in change.items():
        frame.loc[0, column] = value
    with pytest.raises(DataError, match=message):
        single_peakedness(frame, **options)


def test_more_than_ten_options_are_refused_with_a_reason():
    frame = pd.DataFrame([range(1, 12)], columns=[f"o{i}" for i in range(11)]).assign(person="a")
    with pytest.raises(DataError, match="goes to 10"):
        single_peakedness(frame)


def test_a_part_of_the_options_keeps_its_order():
    frame = two_stages(k=5)
    found = single_peakedness(frame, options=["a", "c", "e"], n_random=9, n_swaps=9, seed=1)
    row = frame.iloc[0]
    order = found.stages[0].rankings.orders[0]
    assert [("a", "c", "e")[i] for i in order] == sorted("ace", key=lambda o: row[o])


def test_orders_as_text():
    frame = pd.DataFrame({"person": [1, 2], "order": ["rail > bus", "bus > rail > road"]})
    ranks = ranks_from_orders(frame, "order", separator=">")
    assert ranks["road"].isna().tolist() == [True, False]
    with pytest.raises(DataError, match="twice"):
        ranks_from_orders(pd.DataFrame({"o": ["ABA"]}), "o")


def test_words_pictures_and_page(tmp_path):
    found = single_peakedness(two_stages(k=5), n_random=50, n_swaps=49, seed=3)
    assert "Rankings drawn at random would reach" in found.summary()
    assert "swap test" in found.summary()
    assert "by chance" in alt_text(found.plot_proximity())
    assert "pairwise preferences" in alt_text(found.plot_pairwise("before"))
    assert found.report(tmp_path / "p.html").exists()
    named = [i.name for i in found.indicators()]
    assert named[0] == "proximity to single-peakedness after"
    with pytest.raises(DataError, match="There is no stage"):
        found.stage("later")


def test_sentences_name_options_without_underscores():
    frame = pd.DataFrame({"person": [*"abc"], "o_1": [1, 2, 3], "o_2": [2, 1, 2], "o_3": [3, 3, 1]})
    found = single_peakedness(frame, options=["o_1", "o_2", "o_3"], n_random=19, seed=1)
    assert "o 1 – o 2 – o 3" in found.summary()
