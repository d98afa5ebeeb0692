"""Correlations between sorts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import dmpkit.qmethod as qm
from dmpkit.errors import DataError


@pytest.fixture(scope="module")
def tied() -> np.ndarray:
    return np.random.default_rng(11).integers(-3, 4, size=(20, 6)).astype(float)


@pytest.mark.parametrize(
    ("method", "oracle"),
    [("pearson", stats.pearsonr), ("spearman", stats.spearmanr), ("kendall", stats.kendalltau)],
)
def test_every_pair_as_scipy_gives_it(tied, method, oracle):
    ours = qm.correlate(tied, method)
    for i in range(6):
        for j in range(i):
            assert ours[i, j] == pytest.approx(oracle(tied[:, i], tied[:, j])[0], abs=1e-12)


@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_symmetric_with_ones(tied, method):
    matrix = qm.correlate(tied, method)
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), 1.0)
    assert np.abs(matrix).max() <= 1


def test_a_reversed_sort_correlates_with_the_sign_turned(tied):
    turned = tied * np.array([1, 1, -1, 1, 1, 1])
    for method in ("pearson", "spearman", "kendall"):
        before, after = qm.correlate(tied, method), qm.correlate(turned, method)
        np.testing.assert_allclose(after[2, [0, 1, 3]], -before[2, [0, 1, 3]], atol=1e-12)


def test_a_constant_sort_is_named():
    with pytest.raises(DataError, match="sort 2: every statement has the same value"):
        qm.pearson([[1, 3, 0], [0, 3, 2], [2, 3, 5]])


def test_a_constant_sort_with_rounding_error_is_named_too():
    with pytest.raises(DataError, match="sort 1"):
        qm.pearson([[0.1 + 0.2, 0], [0.3, 1], [0.3, 2], [0.3, 5]])


def test_a_missing_cell_is_named():
    with pytest.raises(DataError, match=r"row 2, column 1.*the cell is nan"):
        qm.spearman([[1, 3], [np.nan, 3], [2, 4]])


def test_unknown_method_lists_what_is_offered():
    with pytest.raises(DataError, match=r"'gamma' is not offered.*pearson, spearman, kendall"):
        qm.correlate([[1, 2], [2, 1]], "gamma")


def test_text_is_refused():
    with pytest.raises(DataError, match="not a matrix of numbers"):
        qm.pearson([["a", "b"], ["c", "d"]])


@pytest.mark.parametrize("size", [1e-250, 1e200, 1e307])
def test_correlations_do_not_depend_on_the_scale(size):
    values = np.random.default_rng(2).uniform(-1, 1, size=(8, 3))
    for scale in (size, [1.0, size, 1 / size]):  # one scale, or one a sort
        found = qm.pearson(values * scale)
        np.testing.assert_allclose(found, qm.pearson(values), rtol=0, atol=1e-14)


def test_formulas_have_single_backslashes():
    from dmpkit.qmethod import correlation

    for function in (correlation.pearson, correlation.kendall):
        assert r"\frac" in function.__doc__ or r"\tau" in function.__doc__
        assert r"\\" not in function.__doc__
