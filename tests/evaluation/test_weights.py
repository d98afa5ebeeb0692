"""Weights: extremes are exact, draws agree with closed forms, comparisons are fair."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.evaluation import Scorecard, compare, dirichlet_mean, extreme_means
from tests.evaluation.scorecards import criteria, random_card, reference


@pytest.mark.parametrize("variant", ["A", "B"])
def test_mean_and_spread_over_even_weights_are_those_of_the_reference(variant):
    """Tolerance 1e-8; the reference's scores are shares of 4."""
    card, _, expected = reference(variant)
    row = card.weights(seed=1, n_draws=100).exact.set_index("of").loc["criteria"]
    assert abs(row["mean"] / 4 - expected["dirichlet1_weights_mean"]) < 1e-8
    assert abs(row["sd"] / 4 - expected["dirichlet1_weights_sd"]) < 1e-8


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 8), min_size=1, max_size=6), st.floats(0.1, 1), st.floats(1, 5))
def test_extremes_are_those_of_trying_every_corner(halves, low, high):
    scores = np.array(halves) / 2
    corners = [np.average(scores, weights=w) for w in product((low, high), repeat=len(scores))]
    worst, best = extreme_means(scores, low=low, high=high)
    assert worst == pytest.approx(min(corners))
    assert best == pytest.approx(max(corners))


def test_extremes_without_bounds_are_the_smallest_and_the_largest():
    assert extreme_means([3, 1, 2]) == (1.0, 3.0)
    assert extreme_means([2.5], low=0.5, high=2) == (2.5, 2.5)
    assert all(math.isnan(end) for end in extreme_means([]))
    for low, high in ((-1, 2), (2, 1), (math.nan, 1), (0, 0)):
        with pytest.raises(DataError, match="Weights cannot lie"):
            extreme_means([1, 2], low=low, high=high)


def test_draws_of_one_level_have_the_exact_mean_and_spread():
    """One criterion a stage: the two-step draw is a plain Dirichlet; 4 standard errors."""
    own = criteria(5, 5)
    scores = [0.0, 1.0, 2.5, 4.0, 3.0]
    card = Scorecard.from_frames(pd.DataFrame({"criterion": own.ids, "score": scores}), own)
    draws = card.weights(seed=3, n_draws=20_000).draws
    exact = dirichlet_mean(scores)
    assert abs(draws.mean() - exact.value) < 4 * exact.standard_error / math.sqrt(20_000)
    assert draws.std() == pytest.approx(exact.standard_error, rel=0.03)


def test_draws_by_stage_centre_on_the_mean_of_stage_means_and_are_wider_than_flat_ones():
    own = criteria(20, 2)
    scores = np.tile([0.0, 4.0], 10)
    scores[:10] = 1.0
    card = Scorecard.from_frames(pd.DataFrame({"criterion": own.ids, "score": scores}), own)
    found = card.weights(seed=3, n_draws=20_000)
    assert found.draws.mean() == pytest.approx((1.0 + 2.0) / 2, abs=0.02)
    assert found.draws.std() > 1.2 * dirichlet_mean(scores).standard_error


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_every_range_lies_within_the_widest_and_holds_its_middle(seed):
    found = random_card(seed).weights(seed=1, n_draws=200)
    table = found.ranges.set_index("question")
    widest = table.iloc[0]
    assert table.index[0] == "any weights of the criteria"  # worst and best weights lead
    for question, row in table.iterrows():
        assert row["low"] <= row["middle"] + 1e-9 <= row["high"] + 2e-9, question
        if "unknown" not in str(question):
            assert widest["low"] - 1e-9 <= row["low"]
            assert row["high"] <= widest["high"] + 1e-9
    without = found.left_out["mean_without"] - found.equal
    np.testing.assert_allclose(found.left_out["change"], without, atol=1e-12)


def test_leaving_one_out_by_hand():
    own = criteria(3, 1)
    card = Scorecard.from_frames(pd.DataFrame({"criterion": own.ids, "score": [0, 2, 4]}), own)
    table = card.weights(seed=1, n_draws=100).left_out.set_index("criterion")
    assert table["mean_without"].to_dict() == {"I01": 3.0, "I03": 1.0, "I02": 2.0}
    assert table["change"].abs().is_monotonic_decreasing


def test_the_seed_fixes_the_draws_and_too_few_are_refused():
    one, two = (random_card(1).weights(seed=5, n_draws=300).draws for _ in range(2))
    np.testing.assert_array_equal(one, two)
    for wrong in (99, -1, True, 1.5):
        with pytest.raises(DataError, match="n_draws"):
            random_card(1).weights(n_draws=wrong)


def test_nothing_assessed_is_said():
    own = criteria()
    card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I01"], "score": [None]}), own)
    found = card.weights(seed=1, n_draws=100)
    assert "nothing to weigh" in found.summary()
    assert found.ranges["low"].iloc[:5].isna().all()
    assert found.ranges.iloc[5][["low", "high"]].tolist() == [0.0, 4.0]
    assert found.section().figures == ()


def test_the_picture_starts_with_worst_and_best_weights():
    found = random_card(2).weights(seed=1, n_draws=100)
    assert "any weights of the criteria" in plotting.alt_text(found.plot_ranges())


def two_cards(a, b, own=None):
    own = own or criteria(4, 2)
    return (
        Scorecard.from_frames(pd.DataFrame({"criterion": own.ids[: len(s)], "score": s}), own)
        for s in (a, b)
    )


def test_one_that_is_nowhere_below_wins_under_all_weights():
    found = compare(*two_cards([3, 3, 2, 1], [2, 3, 2, 0]), seed=1)
    assert found.share.value == 1.0
    assert found.dominated
    assert "cannot turn the order" in found.summary()


def test_equal_ones_share_and_order_of_the_two_turns_the_share_round():
    assert compare(*two_cards([1, 2, 3, 4], [1, 2, 3, 4]), seed=1).share.value == 0.5
    one, two = two_cards([4, 0, 2, 2], [0, 3, 2, 2])
    there, back = compare(one, two, seed=1), compare(two, one, seed=1)
    assert there.share.value + back.share.value == pytest.approx(1.0)
    assert 0 < there.share.value < 1
    assert "depends on what one finds important" in there.summary()


def test_the_share_of_two_criteria_has_a_closed_value():
    """One criterion a stage, gaps +1 and −3: w > 3/4 of a uniform weight; 4 standard errors."""
    own = criteria(2, 2)
    found = compare(*two_cards([4, 0], [3, 3], own), seed=2, n_draws=40_000)
    assert abs(found.share.value - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 40_000)


def test_only_what_both_assessed_is_compared_and_the_rest_is_named():
    found = compare(*two_cards([3, 1, 2], [2, 3, 2, 4]), seed=1)
    assert found.left == ("I04",)
    assert "did not assess them (1): I04." in found.summary()


def test_different_criteria_are_refused():
    one, _ = two_cards([1], [2])
    two, _ = two_cards([1], [2], criteria(5, 2))
    with pytest.raises(DataError, match="do not have the same criteria"):
        compare(one, two)
    moved, _ = two_cards([1], [2], criteria(4, 4))
    with pytest.raises(DataError, match="they differ on I02"):
        compare(one, moved)
    apart = Scorecard.from_frames(pd.DataFrame({"criterion": ["I02"], "score": [1]}), one.criteria)
    with pytest.raises(DataError, match="no criterion in common"):
        compare(one, apart)


def test_half_and_double_weights_are_those_that_a_linear_programme_finds():
    from scipy.optimize import linprog

    own = criteria(6, 3)
    scores = np.array([0.0, 1.0, 2.5, 4.0, 3.0, 0.5])
    card = Scorecard.from_frames(pd.DataFrame({"criterion": own.ids, "score": scores}), own)
    found = card.weights(seed=1, n_draws=100)
    at = found.ranges.set_index("question")
    table = found.criteria
    stages = table.groupby("stage", sort=False)["score"].mean().to_numpy()
    for question, values in (
        ("criteria between half and double weight", table["score"].to_numpy(dtype=float)),
        ("stages between half and double weight", stages),
    ):
        # weights v = t w that sum to 1, each between t/2 and 2t (Charnes & Cooper 1962)
        n = len(values)
        bounds = np.block([[-np.eye(n), np.full((n, 1), 0.5)], [np.eye(n), np.full((n, 1), -2.0)]])
        whole = [[*np.ones(n), 0.0]]
        ends = [
            sign * linprog([*(sign * values), 0.0], bounds, np.zeros(2 * n), whole, [1.0]).fun
            for sign in (1, -1)
        ]
        assert at.loc[question, ["low", "high"]].tolist() == pytest.approx(ends, abs=1e-9)
        assert at.loc[question, "middle"] == pytest.approx(values.mean())
