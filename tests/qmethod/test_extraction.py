"""Extraction of factors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.qmethod as qm
from dmpkit.errors import ConvergenceWarning, DataError


def correlations(seed: int, n: int = 20, p: int = 7) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return qm.pearson(rng.normal(size=(n, p)) + rng.normal(size=(n, 1)))


def test_all_components_give_the_matrix_back():
    matrix = correlations(1)
    loadings = qm.extract_pca(matrix, 7)
    np.testing.assert_allclose(loadings @ loadings.T, matrix, atol=1e-12)


def test_eigenvalues_are_the_sums_of_squared_loadings_and_add_up_to_p():
    matrix = correlations(2)
    values = qm.eigenvalues(matrix)
    np.testing.assert_allclose((qm.extract_pca(matrix, 7) ** 2).sum(axis=0), values)
    assert values.sum() == pytest.approx(7)
    assert (np.diff(values) < 0).all()


def test_columns_have_a_positive_sum():
    assert (qm.extract_pca(correlations(3), 5).sum(axis=0) > 0).all()


def test_a_component_whose_loadings_cancel_starts_positive():
    loadings = qm.extract_pca([[1, -0.4], [-0.4, 1]], 1)
    assert loadings[0, 0] > 0 > loadings[1, 0]


def test_first_columns_do_not_depend_on_the_number_of_factors():
    matrix = correlations(4)
    for extract in (qm.extract_pca, qm.extract_centroid):
        np.testing.assert_allclose(extract(matrix, 2), extract(matrix, 4)[:, :2], atol=1e-12)


def test_centroid_of_a_one_factor_matrix_finds_that_factor():
    truth = np.array([0.9, -0.8, 0.7, -0.6, 0.5])
    matrix = np.outer(truth, truth)
    np.fill_diagonal(matrix, 1.0)
    found = qm.extract_centroid(matrix, 1, tolerance=1e-12)[:, 0]
    np.testing.assert_allclose(found * np.sign(found[0]), truth, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_reversing_a_sort_turns_the_sign_of_its_centroid_loadings(seed):
    matrix = correlations(seed)
    signs = np.array([1, 1, -1, 1, 1, 1, 1])
    turned = qm.extract_centroid(matrix * signs * signs[:, None], 1)[:, 0] * signs
    plain = qm.extract_centroid(matrix, 1)[:, 0]
    # both branches of reflection may be taken from either side; the line is what counts
    if np.abs(np.abs(turned) - np.abs(plain)).max() < 1e-9:
        assert np.abs(turned @ plain) == pytest.approx(plain @ plain)


def test_duplicated_sorts_make_no_branch_depend_on_rounding():
    values = np.random.default_rng(5).integers(-3, 4, size=(15, 4)).astype(float)
    doubled = np.repeat(values, 2, axis=1)
    loadings = qm.extract_centroid(qm.pearson(doubled), 2)
    noisy = qm.pearson(doubled) + 1e-15 * np.tri(8) + 1e-15 * np.tri(8).T
    np.testing.assert_allclose(qm.extract_centroid(noisy, 2), loadings, atol=1e-9)


def test_more_factors_than_the_sorts_hold():
    base = np.random.default_rng(0).normal(size=(10, 2))
    matrix = qm.pearson(np.column_stack([base, base]))
    assert qm.extract_pca(matrix, 2).shape == (4, 2)
    with pytest.raises(DataError, match=r"3 factors are asked for.*only 2 components"):
        qm.extract_pca(matrix, 3)


def test_uncorrelated_sorts_have_no_centroid():
    with pytest.raises(DataError, match="nothing left to extract for factor f1"):
        qm.extract_centroid(np.eye(4), 1)


@pytest.mark.parametrize("k", [0, -1, 8, 2.0, "3", True, None])
def test_the_number_of_factors_is_checked(k):
    for extract in (qm.extract_pca, qm.extract_centroid):
        with pytest.raises(DataError, match="factors"):
            extract(correlations(1), k)


def test_numpy_integers_count_as_whole_numbers():
    assert qm.extract_pca(correlations(1), np.int64(2)).shape == (7, 2)


def test_a_matrix_that_is_no_correlation_matrix():
    with pytest.raises(DataError, match="square"):
        qm.extract_pca(np.ones((2, 3)), 1)
    with pytest.raises(DataError, match="not symmetric"):
        qm.extract_pca([[1, 0.5], [0.2, 1]], 1)


def test_centroid_that_does_not_settle_says_so():
    with pytest.warns(ConvergenceWarning, match="centroid factor f1 did not settle in 1 rounds"):
        qm.extract_centroid(correlations(6), 1, max_iterations=1)
