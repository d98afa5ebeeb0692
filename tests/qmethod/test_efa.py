"""The engine factor_analyzer."""

from __future__ import annotations

import builtins
import importlib
import warnings

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import (
    BipolarFactorWarning,
    DataError,
    HeywoodWarning,
    MissingDependency,
    UnflaggedFactorWarning,
)
from dmpkit.qmethod import efa

pytest.importorskip("factor_analyzer")


@pytest.fixture(scope="module")
def sorts() -> qm.QSorts:
    """Twelve people, two views that correlate, 60 statements: ml has a proper solution."""
    rng = np.random.default_rng(7)
    views = rng.normal(size=(60, 2)) @ [[1, 0.4], [0, 0.9]]
    people = np.repeat([0, 1], 6)
    noisy = views[:, people] + rng.normal(size=(60, 12)) * rng.uniform(0.6, 1.2, size=12)
    grid = np.sort(np.repeat(np.arange(-4, 5), [3, 5, 7, 9, 12, 9, 7, 5, 3])[:60]).astype(float)
    ranks = noisy.argsort(axis=0).argsort(axis=0)
    return qm.QSorts(grid[ranks])


def quiet(*args, **options) -> qm.QAnalysis:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BipolarFactorWarning)
        warnings.simplefilter("ignore", UnflaggedFactorWarning)
        return qm.analyse(*args, engine="factor_analyzer", **options)


@pytest.mark.parametrize("rotation", ["none", "varimax", "quartimax", "oblimin"])
@pytest.mark.parametrize("correlation", ["pearson", "spearman", "kendall"])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_components_are_those_of_our_own_engine(sorts, rotation, correlation, k):
    options = {"rotation": rotation, "correlation": correlation}
    other = quiet(sorts, k, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        own = qm.analyse(sorts, k, **options)
    for name in ("unrotated_array", "loading_array", "phi_array", "z_array", "rotation_matrix"):
        np.testing.assert_allclose(
            getattr(other, name), getattr(own, name), rtol=0, atol=1e-9, err_msg=name
        )
    np.testing.assert_array_equal(other.flag_array, own.flag_array)
    np.testing.assert_array_equal(other.score_array, own.score_array)


@pytest.mark.parametrize("extraction", ["ml", "minres"])
@pytest.mark.parametrize("rotation", efa.ROTATIONS)
def test_every_rotation_keeps_what_rotation_must_keep(sorts, extraction, rotation):
    plain = quiet(sorts, 2, extraction=extraction, rotation="none")
    result = quiet(sorts, 2, extraction=extraction, rotation=rotation)
    a, phi = result.loading_array, result.phi_array
    u = plain.loading_array
    np.testing.assert_allclose(a @ phi @ a.T, u @ u.T, atol=1e-8)
    np.testing.assert_allclose(result.unrotated_array @ result.rotation_matrix, a, atol=1e-9)
    np.testing.assert_allclose(np.diag(phi), 1, atol=1e-8)
    # communalities do not depend on the rotation, oblique or not
    np.testing.assert_allclose(
        result.extra["communalities"], plain.extra["communalities"], atol=1e-8
    )
    assert (a.sum(axis=0) > 0).all()
    assert (np.diff((a**2).sum(axis=0)) <= 1e-12).all()


def test_ml_fits_as_statsmodels_does(sorts):
    from statsmodels.multivariate.factor import Factor

    result = quiet(sorts, 2, extraction="ml", rotation="none")
    fitted = Factor(corr=result.correlation_matrix, n_factor=2, method="ml").fit()
    np.testing.assert_allclose(result.extra["communalities"], fitted.communality, rtol=0, atol=1e-3)


def test_minres_residuals_are_the_smallest(sorts):
    result = quiet(sorts, 2, extraction="minres", rotation="none")
    off = ~np.eye(12, dtype=bool)

    def size(loadings):
        return ((result.correlation_matrix - loadings @ loadings.T)[off] ** 2).sum()

    best = size(result.loading_array)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert size(result.loading_array + rng.normal(scale=0.02, size=(12, 2))) > best
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert best < size(qm.analyse(sorts, 2, rotation="none").loading_array)


def test_two_views_are_found_by_all_extractions(sorts):
    truth = np.repeat([[True, False], [False, True]], 6, axis=0)
    for extraction in ("pca", "ml", "minres"):
        for rotation in ("varimax", "oblimin", "promax"):
            found = quiet(sorts, 2, extraction=extraction, rotation=rotation).loading_array
            largest = np.abs(found) == np.abs(found).max(axis=1, keepdims=True)
            assert (largest == truth).all() or (largest == truth[:, ::-1]).all()


def test_kmo_and_bartlett_by_their_formulas(sorts):
    from scipy.stats import chi2

    result = quiet(sorts, 2)
    matrix = result.correlation_matrix
    inverse = np.linalg.inv(matrix)
    scale = np.sqrt(np.outer(np.diag(inverse), np.diag(inverse)))
    off = ~np.eye(12, dtype=bool)
    squares, partials = (matrix[off] ** 2).sum(), ((inverse / scale)[off] ** 2).sum()
    assert result.extra["kmo"] == pytest.approx(squares / (squares + partials), abs=1e-9)
    assert result.extra["kmo_sorts"].shape == (12,)
    statistic = -(60 - 1 - (2 * 12 + 5) / 6) * np.linalg.slogdet(matrix)[1]
    assert result.extra["bartlett_chi2"] == pytest.approx(statistic, rel=1e-9)
    assert result.extra["bartlett_df"] == 66
    assert result.extra["bartlett_p_value"] == pytest.approx(chi2.sf(statistic, 66))
    ranks = quiet(sorts, 2, correlation="kendall")
    assert np.isnan(ranks.extra["bartlett_chi2"])
    assert "Pearson" in ranks.extra["note"]
    assert 0 < ranks.extra["kmo"] < 1


def test_its_promax_is_its_own(sorts):
    """It normalises rows before it makes the target, which R's promax does not."""
    other = quiet(sorts, 2, rotation="promax")
    own = qm.analyse(sorts, 2, rotation="promax")
    assert 1e-4 < np.abs(other.loading_array - own.loading_array).max() < 0.1


@pytest.mark.parametrize("extraction", ["ml", "minres"])
def test_singular_correlations_are_explained(extraction):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(10, 4))
    table = pd.DataFrame(np.column_stack([values, -values[:, 0]])).add_prefix("p")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        opposite = qm.QSorts.from_frame(table)
        many = qm.QSorts(rng.normal(size=(10, 12)))
    with pytest.raises(DataError, match=r"singular: some sorts are identical.*Use extraction="):
        quiet(opposite, 2, extraction=extraction)
    with pytest.raises(DataError, match="there are 12 sorts but only 10 statements"):
        quiet(many, 2, extraction=extraction)


def test_heywood_cases_are_named(lipset_sorts):
    with pytest.warns(HeywoodWarning, match=r"Heywood case: the communality of CA6 is 1 or at"):
        result = quiet(lipset_sorts, 3, extraction="minres")
    # 1.018 by an earlier run of factor_analyzer 0.5.1 outside this project
    assert result.extra["communalities"].max() == pytest.approx(1.018, abs=5e-4)
    assert result.sorts.sorts[int(result.extra["communalities"].argmax())] == "CA6"
    with pytest.warns(HeywoodWarning, match="the ml solution with 3 factors is improper"):
        quiet(lipset_sorts, 3, extraction="ml")


@pytest.fixture
def lipset_sorts() -> qm.QSorts:
    from test_reference import lipset

    return lipset()


def test_the_package_is_absent(sorts, monkeypatch):
    real = importlib.import_module

    def absent(name, *rest):
        if name.startswith("factor_analyzer"):
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", absent)
    with pytest.raises(MissingDependency, match=r'pip install -e "\.\[efa\]"'):
        quiet(sorts, 2)

    with pytest.raises(MissingDependency, match=r'pip install -e "\.\[efa\]"'):
        qm.analyse(sorts, 2, extraction="minres")


@pytest.mark.parametrize("extraction", ["ml", "minres"])
def test_an_extraction_that_only_it_has_asks_for_it(sorts, extraction):
    plain = qm.analyse(sorts, 2, extraction=extraction.upper(), rotation="geomin_ort")
    asked = quiet(sorts, 2, extraction=extraction, rotation="geomin_ort")
    assert plain.engine == "factor_analyzer"
    assert plain.extraction == extraction
    assert plain.extra["kmo"] == asked.extra["kmo"]
    np.testing.assert_array_equal(plain.loading_array, asked.loading_array)
    np.testing.assert_array_equal(plain.z_array, asked.z_array)
    assert qm.analyse(sorts, 2).engine == "dmpkit"


@pytest.mark.parametrize("extraction", ["pca", "ml"])
def test_a_scikit_learn_that_breaks_it(sorts, monkeypatch, extraction):
    import factor_analyzer.factor_analyzer as module

    def newer(*args, **options):
        raise TypeError("check_array() got an unexpected keyword argument 'force_all_finite'")

    monkeypatch.setattr(module, "check_array", newer)
    with pytest.raises(MissingDependency, match=r'older than 1\.8.*-e "\.\[efa\]"'):
        quiet(sorts, 2, extraction=extraction)


def test_it_is_not_imported_unless_asked_for(sorts, monkeypatch):
    real = builtins.__import__

    def guarded(name, *rest, **options):
        assert not name.startswith("factor_analyzer")
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", guarded)
    monkeypatch.setattr(efa, "_package", lambda: pytest.fail("factor_analyzer was asked for"))
    qm.analyse(sorts, 2)


def test_names_it_does_not_offer(sorts):
    with pytest.raises(DataError, match=r"'centroid' is not offered.*pca, ml, minres"):
        quiet(sorts, 2, extraction="centroid")
    with pytest.raises(DataError, match=r"'oblimax' is not offered.*equamax"):
        quiet(sorts, 2, rotation="oblimax")
    with pytest.raises(DataError, match=r"'centroid' is not offered with engine"):
        efa.factor_analysis(sorts.values, 2, extraction="centroid")


def test_equamax_of_the_package_is_our_own():
    """The same criterion, with the weight that belongs to the number of factors and sorts."""
    a = np.random.default_rng(3).normal(size=(9, 3))
    theirs = efa._rotate(a, "equamax").loadings
    np.testing.assert_allclose(theirs, qm.rotate_equamax(a).loadings, atol=1e-6)
