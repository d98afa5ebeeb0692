"""Extraction of factors."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.qmethod as qm
from dmpkit.errors import (
    BipolarFactorWarning,
    CentroidWarning,
    ConvergenceWarning,
    DataError,
    UnflaggedFactorWarning,
)
from dmpkit.qmethod.extraction import SMALL_CENTROID, _largest_eigenvalue, centroid_shares


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


# -- the other forms of the centroid method ------------------------------------------

FORMS = ["centroid", "centroid_brown", "centroid_horst", "centroid_tucker"]


def off_diagonal(matrix: np.ndarray) -> np.ndarray:
    return matrix[~np.eye(len(matrix), dtype=bool)]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_finds_a_common_factor_and_leaves_less_behind(form):
    matrix = correlations(12, n=40, p=9)
    left = [np.abs(off_diagonal(matrix)).mean()]
    for k in (1, 2):
        loadings = qm.extract_centroid(matrix, k, form=form)
        left.append(np.abs(off_diagonal(matrix - loadings @ loadings.T)).mean())
    assert left[0] > left[1] > left[2]


def test_brown_in_its_own_words():
    """Diagonal .5, then communalities until none moves by more than .001."""
    matrix = np.abs(correlations(9))
    sums = matrix.sum(axis=0) - 1
    communality = np.full(7, 0.5)
    for _ in range(1000):
        loading = (sums + communality) / np.sqrt((sums + communality).sum())
        settled = np.abs(loading**2 - communality).max() <= 1e-3
        communality = loading**2
        if settled:
            break
    found = qm.extract_centroid(matrix, 1, form="centroid_brown")
    np.testing.assert_allclose(found[:, 0], loading, atol=1e-12)


def test_tucker_in_its_own_words():
    matrix = np.abs(correlations(10))
    bare = matrix - np.eye(7)
    totals = bare.sum(axis=0) + bare.max(axis=0)
    first = totals / np.sqrt(totals.sum())
    found = qm.extract_centroid(matrix, 2, form="centroid_tucker")
    np.testing.assert_allclose(found[:, 0], first, atol=1e-12)
    rest = bare - np.outer(first, first)
    np.fill_diagonal(rest, 0.0)
    size = np.abs(rest).max(axis=0)
    signs = np.sign(found[:, 1])
    totals = (rest * signs[:, None]).sum(axis=0) * signs + size
    assert (totals - size >= -1e-12).all()  # no column sum is negative after reflection
    np.testing.assert_allclose(found[:, 1], totals / np.sqrt(totals.sum()) * signs, atol=1e-12)


def test_horst_reproduces_its_own_communalities():
    truth = np.array([[0.9, 0.0], [0.8, 0.2], [0.7, -0.3], [0.2, 0.8], [0.1, 0.7], [-0.1, 0.9]])
    matrix = truth @ truth.T
    np.fill_diagonal(matrix, 1.0)
    loadings = qm.extract_centroid(matrix, 2, form="centroid_horst", tolerance=1e-10)
    np.testing.assert_allclose((loadings**2).sum(axis=1), (truth**2).sum(axis=1), atol=1e-6)
    np.testing.assert_allclose(off_diagonal(loadings @ loadings.T), off_diagonal(matrix), atol=1e-6)


def test_a_stack_of_centroids_equals_its_members():
    from dmpkit.qmethod.centroid import centroid_stack

    matrices = np.stack([correlations(seed) for seed in range(12)])
    for form in FORMS:
        together = centroid_stack(matrices, 3, form)
        for matrix, loadings in zip(matrices, together.loadings, strict=True):
            alone = centroid_stack(matrix[None], 3, form).loadings[0]
            np.testing.assert_allclose(loadings, alone, atol=1e-12)


def test_forms_that_are_not_offered_or_do_not_settle():
    with pytest.raises(DataError, match="centroid_horst"):
        qm.extract_centroid(correlations(1), 1, form="thurstone")
    with pytest.warns(ConvergenceWarning, match="f2 did not settle in 1 rounds"):
        qm.extract_centroid(correlations(6), 2, form="centroid_horst", max_iterations=1)
    for form in FORMS:
        matrix = np.zeros((4, 4)) if form == "centroid_horst" else np.eye(4)
        if form == "centroid_horst":  # ones on the diagonal are something to extract
            assert np.isfinite(qm.extract_centroid(matrix, 1, form=form)).all()
            continue
        with pytest.raises(DataError, match="nothing left to extract for factor f1"):
            qm.extract_centroid(matrix, 1, form=form)


def test_of_tied_sorts_the_one_with_the_lowest_index_is_reflected():
    from dmpkit.qmethod.centroid import reflections

    against = np.array([[[0.0, -0.5], [-0.5, 0.0]]])
    assert reflections(against).tolist() == [[-1.0, 1.0]]
    camps = np.full((4, 4), -0.6)
    camps[:2, :2] = camps[2:, 2:] = 0.4
    np.fill_diagonal(camps, 0.0)  # every sum is -0.8
    assert reflections(camps[None]).tolist() == [[-1.0, -1.0, 1.0, 1.0]]


def test_horst_holds_a_communality_above_1_at_1():
    from dmpkit.qmethod.centroid import centroid_stack

    # by the triads the first sort's loading on the one factor is 1.27
    matrix = np.array([[1.0, 0.8, 0.8, 0.8], [0.8, 1, 0.4, 0.4], [0.8, 0.4, 1, 0.4],
                       [0.8, 0.4, 0.4, 1]])  # fmt: skip
    found = centroid_stack(matrix[None], 1, "centroid_horst", tolerance=1e-12)
    loadings = found.loadings[0, :, 0]
    assert loadings[0] > 1
    held = matrix.copy()
    np.fill_diagonal(held, np.minimum(loadings**2, 1))
    np.testing.assert_allclose(held.sum(axis=0) / np.sqrt(held.sum()), loadings, atol=1e-9)
    assert held[0, 0] == 1
    assert found.unsettled.tolist() == [0]


# -- a centroid factor that passes a view over -----------------------------------------


def three_groups(seed: int = 7) -> np.ndarray:
    """24 sorts of 33 statements that hold one of three views, 8 each."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(33, 3)).repeat(8, axis=1) + 0.8 * rng.normal(size=(33, 24))


def test_centroid_shares_in_their_own_words():
    matrix = qm.pearson(three_groups())
    loadings = qm.extract_centroid(matrix, 3)
    for j, share in enumerate(centroid_shares(matrix, loadings)):
        rest = matrix - loadings[:, :j] @ loadings[:, :j].T
        np.fill_diagonal(rest, 0.0)
        largest = max(np.linalg.eigh(rest)[0])
        assert share == pytest.approx((loadings[:, j] ** 2).sum() / largest, rel=1e-12)


def test_components_are_never_small():
    """The best factor of a matrix with 1 on its diagonal exceeds that of one with 0."""
    for seed in range(5):
        matrix = qm.pearson(three_groups(seed))
        assert (centroid_shares(matrix, qm.extract_pca(matrix, 4)) > 1).all()


def test_large_matrices_have_the_same_shares():
    wide = np.random.default_rng(1).normal(size=(20, 501))
    matrix = qm.pearson(wide)
    found = centroid_shares(matrix, qm.extract_pca(matrix, 2))
    values = qm.eigenvalues(matrix)
    # PCA of R: with 0 on the diagonal the largest eigenvalue is that of R - I
    assert found[0] == pytest.approx(values[0] / (values[0] - 1), rel=1e-6)
    rest = matrix - np.outer(*[qm.extract_pca(matrix, 1)[:, 0]] * 2)
    np.fill_diagonal(rest, 0.0)
    assert found[1] == pytest.approx(values[1] / np.linalg.eigvalsh(rest)[-1], rel=1e-6)


def test_shares_of_other_sorts():
    with pytest.raises(DataError, match="loadings for 2 of 3 sorts"):
        centroid_shares(np.eye(3), np.ones((2, 1)))


def test_a_centroid_factor_that_cancels_is_said():
    """R's centroid gives 8 sorts of the third view to another factor here; components do not."""
    sorts = qm.QSorts(three_groups().argsort(axis=0).argsort(axis=0) - 16.0)
    assert sorted(qm.analyse(sorts, 3).n_flagged) == [8, 8, 8]
    for extraction in ("centroid", "centroid_brown"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = qm.analyse(sorts, 3, extraction=extraction)
        shares = result.extra["centroid_shares"]
        assert (shares < SMALL_CENTROID).tolist() == [False, False, True]
        assert sorted(result.n_flagged) != [8, 8, 8]
        said = {w.category: str(w.message) for w in caught}
        assert all(w.filename == __file__ for w in caught)
        size = (result.unrotated_array[:, 2] ** 2).sum()
        assert f"f3 is small (sum of squared loadings {size:.2f})" in said[CentroidWarning]
        assert f"leave is {size / shares[2]:.2f}:" in said[CentroidWarning]
        assert "ask for one factor more" in said[CentroidWarning]
        if UnflaggedFactorWarning in said:
            assert "Ask for fewer" not in said[UnflaggedFactorWarning]
            assert "see the CentroidWarning" in said[UnflaggedFactorWarning]
        assert "centroid factor f3 is far smaller" in " ".join(result.summary().split())


def test_a_small_centroid_factor_that_a_later_one_makes_good():
    sorts = qm.QSorts(three_groups().argsort(axis=0).argsort(axis=0) - 16.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = qm.analyse(sorts, 4, extraction="centroid")
    said = [str(w.message) for w in caught if w.category is CentroidWarning]
    assert len(said) == 1
    assert "A later factor takes up what it leaves, so do not ask for fewer factors" in said[0]
    assert sorted(result.n_flagged)[-3:] == [8, 8, 8]
    assert "far smaller" not in result.summary()


@pytest.mark.parametrize("extraction", ["centroid_horst", "centroid_tucker"])
def test_the_other_forms_find_the_view(extraction):
    sorts = qm.QSorts(three_groups().argsort(axis=0).argsort(axis=0) - 16.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CentroidWarning)
        warnings.simplefilter("ignore", BipolarFactorWarning)
        result = qm.analyse(sorts, 3, extraction=extraction)
    assert sorted(result.n_flagged) == [8, 8, 8]


def test_random_sorts_give_no_false_alarm():
    for seed in range(20):
        matrix = qm.pearson(np.random.default_rng(seed).normal(size=(33, 16)))
        assert (centroid_shares(matrix, qm.extract_centroid(matrix, 4)) > SMALL_CENTROID).all()


# -- components without the matrix -----------------------------------------------------


@pytest.mark.filterwarnings("ignore::dmpkit.errors.BipolarFactorWarning")
@pytest.mark.parametrize("method", ["pearson", "spearman", "kendall"])
def test_many_sorts_are_analysed_without_their_matrix(method):
    rng = np.random.default_rng(2)
    grid = np.repeat([-2.0, -1, 0, 1, 2], [2, 2, 4, 2, 2])
    values = np.column_stack([rng.permutation(grid) for _ in range(90)])
    if method == "pearson":  # 12 statements, 90 sorts: 11 components at most
        assert np.linalg.matrix_rank(qm.unit_columns(values, method)) == 11
    matrix = qm.correlate(values, method)
    loadings, found = qm.extract_pca_thin(qm.unit_columns(values, method), 3)
    np.testing.assert_allclose(found, qm.eigenvalues(matrix), atol=1e-9)
    np.testing.assert_allclose(loadings, qm.extract_pca(matrix, 3), atol=1e-9)
    result = qm.analyse(qm.QSorts(values), 3, correlation=method)
    assert "correlation_matrix" not in vars(result)
    np.testing.assert_allclose(result.correlation_matrix, matrix, atol=1e-12)
    with pytest.raises(DataError, match="only 11 components" if method == "pearson" else "only"):
        qm.extract_pca_thin(qm.unit_columns(values, method), 80)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_thin_components_equal_those_of_the_whole_matrix(method):
    """More sorts than statements: loadings and eigenvalues against numpy's own eigenvectors."""
    values = three_groups()[:12]  # 12 statements, 24 sorts
    z = qm.unit_columns(values, method)
    assert z.shape == (12, 24)
    expected, vectors = np.linalg.eigh(z.T @ z)
    loadings, found = qm.extract_pca_thin(z, 4)
    np.testing.assert_allclose(found, expected[::-1], rtol=0, atol=1e-12)
    assert found.sum() == pytest.approx(24)  # the trace of the correlation matrix
    by_hand = vectors[:, :-5:-1] * np.sqrt(expected[:-5:-1])
    by_hand *= np.sign(by_hand.sum(axis=0))
    np.testing.assert_allclose(loadings, by_hand, rtol=0, atol=1e-12)
    np.testing.assert_allclose((loadings**2).sum(axis=0), found[:4], rtol=1e-12)
    np.testing.assert_allclose(
        loadings, qm.extract_pca(qm.correlate(values, method), 4), rtol=0, atol=1e-12
    )


def test_the_largest_eigenvalue_is_not_the_one_farthest_from_zero():
    # residuals of more than 500 sorts go another way, and may have a larger one below zero
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(520, 520)) / 40
    matrix = (noise + noise.T) - np.outer(*[rng.normal(size=520)] * 2) / 30
    found = np.linalg.eigvalsh(matrix)
    assert -found[0] > 2 * found[-1]
    assert _largest_eigenvalue(matrix) == pytest.approx(found[-1], rel=1e-5)
    assert _largest_eigenvalue(matrix[:40, :40]) == np.linalg.eigvalsh(matrix[:40, :40])[-1]
