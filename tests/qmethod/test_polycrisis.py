"""A real study with unlike sorts, checked against what KADE 1.3.1 gives for it.

The data are not ours to ship; the figures below are those of KADE's result
workbook as far as it prints them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from helpers import data_mirror
from openpyxl import load_workbook

import dmpkit.qmethod as qm

FOLDER = "polycrisis-2024"


@pytest.fixture(scope="module")
def kade() -> Callable[[str, str, int, int], np.ndarray]:
    """Cells of KADE's result workbook: sheet, column letters, first and last row."""
    book = load_workbook(
        data_mirror(FOLDER, "KADE_results_Polycrisis_3_factors.xlsx"), data_only=True
    )

    def cells(sheet: str, letters: str, first: int, last: int) -> np.ndarray:
        page = book[sheet]
        rows = range(first, last + 1)
        return np.array([[page[f"{letter}{row}"].value for letter in letters] for row in rows])

    return cells


@pytest.fixture(scope="module")
def analysis(kade) -> qm.QAnalysis:
    sorts = qm.read_sorts(data_mirror(FOLDER, "Polycrisis_Q_data_for_KADE.xlsx"))
    flags = kade("Factor Loadings", "DFH", 6, 55) == "Flagged"
    return qm.analyse(sorts, 3, flags=flags, profile="kade")


def test_eigenvalues(analysis, kade):
    """KADE gives eight decimals: half of the last one is all that may differ."""
    printed = kade("Unrotated Factor Matrix", "CDEFGHIJ", 57, 57)[0].astype(float)
    np.testing.assert_allclose(analysis.eigenvalue_array[:8], printed, rtol=0, atol=5.001e-9)


def test_unrotated_components_up_to_their_sign(analysis, kade):
    """Four decimals are given; KADE leaves the sign of a component as it comes out."""
    printed = kade("Unrotated Factor Matrix", "CDEFGHIJ", 6, 55).astype(float)
    found = qm.extract_pca(analysis.correlation_matrix, 8)
    signs = np.sign((found * printed).sum(axis=0))
    np.testing.assert_allclose(found * signs, printed, rtol=0, atol=5.001e-5)


def test_loadings_in_the_order_and_with_the_signs_of_kade(analysis, kade):
    """Half of the fourth decimal, and what KADE loses when it rounds on its way through varimax.

    The unrotated loadings agree to their last decimal; after the rotation 2e-4 remain.
    """
    printed = kade("Factor Loadings", "CEG", 6, 55).astype(float)
    np.testing.assert_allclose(analysis.loading_array, printed, rtol=0, atol=2.5e-4)


def test_z_scores_and_arrays(analysis, kade):
    """Arrays are equal. z-scores: half of the third decimal, and KADE's rounded loadings."""
    for j in range(3):
        number, z, array = kade(f"Fac. {j + 1}", "ACD", 6, 38).T
        order = number.astype(int) - 1
        np.testing.assert_array_equal(np.sort(order), np.arange(33))
        np.testing.assert_array_equal(analysis.score_array[order, j], array.astype(float))
        found, printed = analysis.z_array[order, j], z.astype(float)
        np.testing.assert_allclose(found, printed, rtol=0, atol=5e-4 + 4.1e-4)
        assert np.sqrt(((found - printed) ** 2).mean()) < 4e-4


def test_characteristics(analysis):
    table = analysis.characteristics
    assert table["n_flagged"].tolist() == [14, 13, 14]
    assert table["reliability"].round(3).tolist() == [0.982, 0.981, 0.982]
    np.testing.assert_allclose(table["standard_error"], np.sqrt(1 - table["reliability"]))
    # KADE rounds the reliability to three digits before it takes the root
    rounded = np.sqrt(1 - table["reliability"].round(3))
    assert rounded.round(3).tolist() == [0.134, 0.138, 0.134]


def test_factor_score_correlations(analysis):
    """Half of the fourth decimal, and the rounded z-scores from which KADE takes them."""
    z = analysis.factor_score_correlations[list(analysis.factors)].to_numpy()
    printed = [0.4662, 0.5208, 0.4105]
    np.testing.assert_allclose(z[[0, 0, 1], [1, 2, 2]], printed, rtol=0, atol=1e-4)


def test_distinguishing_and_consensus_statements(analysis):
    """KADE finds 17 for f3: its rounded standard error puts statement 5 below the bound."""
    counts = [len(analysis.distinguishing(name)) for name in analysis.factors]
    assert counts == [13, 17, 18]
    five = analysis.sorts.statements[4]
    assert five in analysis.distinguishing("f3")["statement"].tolist()
    rows = analysis.differences.query("statement == @five and factor == 'f2' and other == 'f3'")
    ratio = float((rows["difference"].abs() / rows["standard_error"]).iloc[0])
    assert 1.96 < ratio < 1.98


def test_every_array_keeps_the_forced_distribution(analysis):
    for column in analysis.score_array.T:
        np.testing.assert_array_equal(np.sort(column), analysis.sorts.distribution)


def test_more_sorts_than_statements_are_no_obstacle(analysis):
    assert analysis.sorts.n_sorts == 50
    assert analysis.sorts.n_statements == 33
    assert np.isfinite(analysis.z_array).all()


def test_factor_analyzer_gives_the_same_components_here(analysis):
    """Its approximate singular values would be off by 4e-5 on these sorts."""
    pytest.importorskip("factor_analyzer")
    own = qm.analyse(analysis.sorts, 3)
    other = qm.analyse(analysis.sorts, 3, engine="factor_analyzer")
    np.testing.assert_allclose(other.loading_array, own.loading_array, rtol=0, atol=1e-9)
    np.testing.assert_allclose(other.z_array, own.z_array, rtol=0, atol=1e-9)
    assert np.isnan(other.extra["kmo"])
    assert "singular" in other.extra["note"]
