"""Weights, z-scores, factor arrays, differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.qmethod as qm
from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import average_ranks
from dmpkit.qmethod.scores import factor_pairs

GRID = np.repeat([-2.0, -1, 0, 1, 2], [1, 2, 3, 2, 1])


def test_weights_are_signed_and_only_for_flagged_sorts():
    weights = qm.factor_weights([[0.5, 0.9], [-0.8, 1.2]], [[1, 0], [1, 0]])
    np.testing.assert_allclose(weights, [[2 / 3, 0], [-0.8 / 0.36, 0]])


def test_a_loading_of_one_or_more_takes_the_whole_composite():
    """a/(1 - a²) is infinite at 1 and turns its sign beyond: R gives the opposite view there."""
    weights = qm.factor_weights([[0.5], [-1.0], [1.1]], [[1], [1], [1]])
    np.testing.assert_array_equal(weights, [[0], [-1], [1]])
    near = qm.factor_weights([[0.5], [1 - 1e-12]], [[1], [1]])
    values = np.array([[1, 3.0], [2, 1], [4, 5], [0, 2]])
    np.testing.assert_allclose(
        qm.z_scores(values, near), qm.z_scores(values, [[0.0], [1.0]]), atol=1e-9
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_z_scores_have_mean_0_and_deviation_1(seed):
    rng = np.random.default_rng(seed)
    z = qm.z_scores(rng.normal(size=(12, 5)), rng.normal(size=(5, 2)))
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(z.std(axis=0, ddof=1), 1)


def test_standardising_first_matters_for_unforced_sorts_only():
    rng = np.random.default_rng(1)
    forced = np.column_stack([rng.permutation(GRID) for _ in range(4)])
    weights = rng.uniform(0.5, 2, size=(4, 2))
    close = np.testing.assert_allclose
    close(qm.z_scores(forced, weights, standardise=True), qm.z_scores(forced, weights), atol=1e-12)
    free = forced * [1, 2, 3, 4]
    close(qm.z_scores(free, weights, standardise=True), qm.z_scores(forced, weights), atol=1e-12)
    assert np.abs(qm.z_scores(free, weights) - qm.z_scores(forced, weights)).max() > 0.01


def test_without_weights_or_with_cancelling_sorts_z_is_nan():
    values = np.array([[1.0, 1], [2, 2], [0, 0]])
    z = qm.z_scores(values, [[0, 0.3], [0, -0.3]])
    assert np.isnan(z).all()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_arrays_keep_the_distribution_and_the_order(seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(9, 2))
    for ties in ("qmethod", "kade"):
        arrays = qm.factor_arrays(z, rng.permutation(GRID), ties=ties)
        np.testing.assert_array_equal(np.sort(arrays, axis=0), np.column_stack([GRID, GRID]))
        for z_column, array in zip(z.T, arrays.T, strict=True):
            assert (np.diff(array[np.argsort(z_column)]) >= 0).all()


def test_ties_at_the_edge_of_a_column():
    z = np.array([[1.0], [-1.0], [1.0], [2.0], [1.0 + 1e-14]])
    grid = [-2, -1, 0, 1, 2]
    # ranks 1, 3, 3, 3, 5: R gives the grid value of rank 3 to all three
    np.testing.assert_array_equal(qm.factor_arrays(z, grid).ravel(), [0, -2, 0, 2, 0])
    # the earlier statement stands higher, whatever the last bit says
    kade = qm.factor_arrays(z, grid, ties="kade").ravel()
    np.testing.assert_array_equal(kade, [1, -2, 0, 2, -1])


def test_two_tied_statements_take_the_lower_place():
    z = [[0.5], [0.5], [-0.2], [-0.8]]
    np.testing.assert_array_equal(qm.factor_arrays(z, [-1, 0, 1, 2]).ravel(), [1, 1, 0, -1])


def test_a_column_of_nan_stays_nan():
    z = np.array([[1.0, np.nan], [0, np.nan], [-1, np.nan]])
    np.testing.assert_array_equal(
        qm.factor_arrays(z, [-1, 0, 1]), [[1, np.nan], [0, np.nan], [-1, np.nan]]
    )


def test_reliability_and_standard_errors():
    reliability = qm.composite_reliability([0, 1, 2, 5], 0.8)
    np.testing.assert_allclose(reliability, [0, 0.8, 1.6 / 1.8, 4 / 4.2])
    z = np.array([[1.0], [0.0], [-1.0]])
    np.testing.assert_allclose(qm.standard_errors(z, [0.8]), np.sqrt(0.2))
    errors = qm.standard_errors_of_differences([0.3, 0.4])
    assert errors[0, 1] == pytest.approx(0.5)


def test_a_reliability_of_numpy():
    expected = qm.composite_reliability([3], 0.8)
    np.testing.assert_array_equal(qm.composite_reliability([3], np.float32(0.8)), expected)


@pytest.mark.parametrize("size", [1e-250, 1e200, 4e307])
def test_z_scores_do_not_depend_on_the_scale(size):
    rng = np.random.default_rng(4)
    values, weights = rng.uniform(-1, 1, size=(9, 3)), rng.normal(size=(3, 2))
    for standardise in (False, True):
        expected = qm.z_scores(values, weights, standardise=standardise)
        for x, w in ((values * size, weights), (values, weights * size / 10)):
            found = qm.z_scores(x, w, standardise=standardise)
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("r", [0, 1, 1.2, -0.5, "0.8", True])
def test_a_reliability_that_is_none(r):
    with pytest.raises(DataError, match="reliability of a sort"):
        qm.composite_reliability([1], r)


def test_equality_counts_for_kade_only():
    z = np.array([[0.98, 0.0], [0.0, 0.0]])
    errors = np.array([0.3, 0.4])  # 0.5 for the difference, bound 0.98
    assert not qm.significant_differences(z, errors).any()
    assert qm.significant_differences(z, errors, profile="kade")[0, 0]


@pytest.mark.parametrize(
    ("factor", "star"),
    [(1.95, ""), (1.97, "*"), (2.57, "*"), (2.58, "**"), (3.30, "***"), (4.90, "6*")],
)
def test_stars(factor, star):
    z = np.array([[factor * 0.5, 0.0]])
    assert qm.difference_stars(z, [0.3, 0.4])[0, 0] == star


def test_labels_for_four_factors():
    z = [
        [3.0, 0, 0, 0],
        [3.0, 0, 0.1, 1.5],
        [3.0, -3, 0, 0.1],
        [3.0, 1, -1, -3],
        [0.0, 0, 0, 0],
        [0.0, 0, 1.5, 1.5],
    ]
    assert qm.statement_labels(z, [0.3] * 4) == (
        "Distinguishes f1 only",
        "Distinguishes f1 Distinguishes f4",
        "Distinguishes f1 Distinguishes f2",
        "Distinguishes all",
        "Consensus",
        "",
    )


def test_labels_leave_factors_without_scores_out():
    z = np.array([[3.0, np.nan, 0.0], [0.1, np.nan, 0.0]])
    assert qm.statement_labels(z, [0.3, np.nan, 0.3]) == ("Distinguishing", "Consensus")
    assert [list(side) for side in factor_pairs(z)] == [[0], [2]]
    assert qm.statement_labels(z[:, :2], [0.3, np.nan]) == ("", "")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-3, 3), min_size=2, max_size=12))
def test_ranks_are_those_of_scipy(values):
    from scipy.stats import rankdata

    column = np.array(values, dtype=float)[:, None]
    np.testing.assert_array_equal(average_ranks(column).ravel(), rankdata(values))


def test_shapes_that_do_not_fit():
    with pytest.raises(DataError, match="the flags have the shape"):
        qm.factor_weights([[0.5, 0.4]], [[True]])
    with pytest.raises(DataError, match="2 sorts, but weights for 1"):
        qm.z_scores([[1, 2], [2, 1]], [[1.0]])
    with pytest.raises(DataError, match="distribution has 3 values"):
        qm.factor_arrays([[1.0], [0.0]], [-1, 0, 1])
    with pytest.raises(DataError, match="tie rule"):
        qm.factor_arrays([[1.0], [0.0]], [-1, 0], ties="other")
