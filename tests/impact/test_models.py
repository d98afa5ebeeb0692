"""The models against R, against what is known by hand, and their inference with few processes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import fisher_exact

from dmpkit.errors import DataError
from dmpkit.impact.exact_tables import exact_table_test
from dmpkit.impact.models import (
    clustered,
    collinear,
    fit_cumulative_logit,
    limiting_sample_size,
    score_bootstrap,
    separated,
)
from dmpkit.impact.random_intercepts import fit_random_intercept

REFERENCE = Path(__file__).parents[1] / "reference" / "impact"
PREDICTORS = ["cost_high", "challenges_policy", "support", "already_planned"]
FOLDERS = ["synthetic-101", "synthetic-102"]


def load(folder):
    table = pd.read_csv(REFERENCE / folder / "proposals.csv")
    expected = json.loads((REFERENCE / folder / "expected.json").read_text())["cherry"]
    return table, table[PREDICTORS].to_numpy(float), expected


def agrees(fit, covariance, block, tolerance):
    """Every coefficient, threshold and standard error of the block."""
    errors = np.sqrt(np.diag(covariance))
    first = fit.n_levels - 1
    for place, name in enumerate(PREDICTORS):
        assert fit.coefficients[place] == pytest.approx(block[name]["coef"], abs=tolerance)
        assert errors[first + place] == pytest.approx(block[name]["se"], abs=tolerance)
    if "(Intercept)" in block:
        assert -fit.thresholds[0] == pytest.approx(block["(Intercept)"]["coef"], abs=tolerance)
        assert errors[0] == pytest.approx(block["(Intercept)"]["se"], abs=tolerance)
    for place, name in enumerate(("0|1", "1|2")):
        if name in block:
            assert fit.thresholds[place] == pytest.approx(block[name]["coef"], abs=tolerance)
            assert errors[place] == pytest.approx(block[name]["se"], abs=tolerance)
    if "loglik" in block:
        assert fit.log_likelihood == pytest.approx(block["loglik"], abs=tolerance)
    if "sd_process" in block:
        assert fit.process_sd == pytest.approx(block["sd_process"], abs=tolerance)


@pytest.mark.parametrize("folder", FOLDERS)
def test_logit_and_its_clustered_errors_are_those_of_r(folder):
    table, x, expected = load(folder)
    assert len(table) == expected["n"]
    assert {str(k): int(v) for k, v in table["fate"].value_counts().items()} == expected["fate"]
    fit = fit_cumulative_logit(x, table["fate"] == 2)
    # the same algorithm; R's file has ten digits, and its own errors stop at 3e-9
    agrees(fit, fit.covariance, expected["logit"], 1e-8)
    agrees(fit, clustered(fit, table["process"]), expected["logit_cluster_HC1"], 1e-8)
    plain = clustered(fit, table["process"], corrected=False)
    agrees(fit, plain, expected["logit_cluster_HC0_nocadjust"], 1e-8)


@pytest.mark.parametrize("folder", FOLDERS)
def test_ordinal_logit_is_polr(folder):
    table, x, expected = load(folder)
    fit = fit_cumulative_logit(x, table["fate"])
    agrees(fit, fit.covariance, expected["ordinal_logit_polr"], 1e-6)  # polr's numeric Hessian


@pytest.mark.parametrize("folder", FOLDERS)
def test_random_intercepts_are_glmer_and_clmm(folder):
    table, x, expected = load(folder)
    fit = fit_random_intercept(x, table["fate"] == 2, table["process"])
    agrees(fit, fit.covariance, expected["random_intercept_agq15"], 1e-5)  # optimisers stop there
    fit = fit_random_intercept(x, table["fate"], table["process"])
    agrees(fit, fit.covariance, expected["ordinal_random_intercept_clmm"], 1e-4)


def test_clustered_errors_of_statsmodels_on_another_table():
    import statsmodels.api as sm

    rng = np.random.default_rng(3)
    x, groups = rng.normal(size=(200, 2)), rng.integers(0, 25, 200)
    y = (x @ [0.7, -0.4] + rng.logistic(size=200) > 0.5).astype(int)
    theirs = sm.Logit(y, sm.add_constant(x)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": groups}, method="newton", tol=1e-12
    )
    ours = fit_cumulative_logit(x, y)
    errors = np.sqrt(np.diag(clustered(ours, groups)))
    assert ours.coefficients == pytest.approx(theirs.params[1:], abs=1e-9)
    assert errors == pytest.approx(theirs.bse, abs=1e-9)


def test_more_levels_far_tails_and_no_overflow():
    x = np.array([[-500.0], [-2], [-1], [0], [0.5], [1], [2], [500]])
    fit = fit_cumulative_logit(x, [0, 1, 0, 2, 1, 3, 2, 3])
    assert np.isfinite(fit.parameters).all()
    assert np.all(np.diff(fit.thresholds) > 0)


def test_without_a_difference_between_processes_the_random_intercept_is_the_plain_model():
    x = np.tile([[0.0], [0], [1], [1]], (10, 1))
    y = np.tile([0, 1, 0, 1], 10)
    fit = fit_random_intercept(x, y, np.repeat(np.arange(10), 4))
    assert fit.process_sd == 0
    assert fit.coefficients[0] == pytest.approx(0, abs=1e-9)


def test_more_nodes_change_nothing():
    table, x, _ = load("synthetic-101")
    fits = [
        fit_random_intercept(x, table["fate"] == 2, table["process"], n_nodes=n).process_sd
        for n in (9, 15, 31)
    ]
    assert fits == pytest.approx([fits[2]] * 3, abs=1e-4)


@pytest.mark.parametrize(
    ("x", "levels", "message"),
    [
        ([[1.0], [2.0]], [0], "one level a row"),
        ([[1.0], [np.nan]], [0, 1], "missing"),
        ([[1.0], [2.0]], [0, 2], "none left out"),
        ([[1.0], [2.0]], [0, 0], "one and the same level"),
    ],
)
def test_arrays_that_cannot_be(x, levels, message):
    with pytest.raises(DataError, match=message):
        fit_cumulative_logit(x, levels)


def test_one_process_has_no_clusters():
    fit = fit_cumulative_logit([[0.0], [0], [1], [1]], [0, 1, 0, 1])
    with pytest.raises(DataError, match="two processes"):
        clustered(fit, ["a"] * 4)
    with pytest.raises(DataError, match="two processes"):
        fit_random_intercept([[0.0], [0], [1], [1]], [0, 1, 0, 1], ["a"] * 4)
    with pytest.raises(DataError, match="nodes"):
        fit_random_intercept([[0.0], [0], [1], [1]], [0, 1, 0, 1], list("aabb"), n_nodes=0)


# --- separation, rank, events ---------------------------------------------------------


def test_separation_is_found_where_it_is_and_only_there():
    x = np.array([[0, 1.0], [0, 2], [0, 3], [1, 1], [1, 2], [1, 3]])
    infinite, sign = separated(x, [0, 1, 0, 1, 1, 1])  # the first column, in part
    assert infinite.tolist() == [True, False]
    assert sign.tolist() == [1.0, 0.0]
    infinite, sign = separated(x[:, 1:], [1, 0, 0, 1, 0, 0])  # the second, perfectly
    assert (infinite.tolist(), sign.tolist()) == ([True], [-1.0])
    infinite, _ = separated(x, [0, 1, 0, 1, 0, 1])
    assert not infinite.any()


def test_separation_of_three_levels():
    x = np.array([[0.0], [0], [0], [1], [1], [1]])
    infinite, sign = separated(x, [0, 1, 0, 2, 2, 2])
    assert (infinite.tolist(), sign.tolist()) == ([True], [1.0])
    assert not separated(x, [0, 1, 2, 0, 1, 2])[0].any()


def test_the_finite_coefficients_under_separation_are_those_without_the_separated_rows():
    rng = np.random.default_rng(8)
    x = np.column_stack([rng.binomial(1, 0.3, 120), rng.normal(size=120)]).astype(float)
    y = (x[:, 1] + rng.logistic(size=120) > 0).astype(int)
    y[x[:, 0] == 1] = 1
    whole = fit_cumulative_logit(x, y, tolerance=1e-9)
    rest = x[:, 0] == 0
    part = fit_cumulative_logit(x[rest][:, 1:], y[rest])
    assert whole.coefficients[1] == pytest.approx(part.coefficients[0], abs=1e-6)
    assert np.sqrt(whole.covariance[2, 2]) == pytest.approx(
        np.sqrt(part.covariance[1, 1]), abs=1e-6
    )


def test_collinear_columns_and_the_limiting_sample_size():
    x = np.array([[1.0, 0, 1], [0, 1, 1], [1, 0, 1], [0, 1, 1]])
    assert collinear(x) == [1, 2]  # the complement of the first, and a constant
    assert limiting_sample_size([0] * 90 + [1] * 10) == 10
    # Harrell: n - sum n_k^3 / n^2
    assert limiting_sample_size([0] * 50 + [1] * 30 + [2] * 20) == pytest.approx(100 - 16.0)


# --- few processes ----------------------------------------------------------------------


def test_the_bootstrap_of_few_processes_counts_all_sign_changes():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(8), 10)
    x = rng.normal(size=(80, 1))
    y = (2 * x[:, 0] + rng.logistic(size=80) > 0).astype(int)
    found = [score_bootstrap(x, y, groups, seed=seed)[0] for seed in (1, 2)]
    assert np.array_equal(found[0], found[1])  # nothing is drawn
    assert found[0][0] * 2**8 == pytest.approx(round(found[0][0] * 2**8))
    assert found[0][0] >= 2 / 2**8


def test_the_interval_holds_what_is_not_rejected():
    table, x, _ = load("synthetic-101")
    found = score_bootstrap(x, table["fate"] == 2, table["process"], seed=3)
    for p, low, high in found:
        assert (p > 0.05) == (low < 0 < high)
    again = score_bootstrap(x, table["fate"] == 2, table["process"], seed=3)
    assert np.array_equal(found, again)


def test_five_processes_reject_nothing_at_five_per_cent():
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(5), 30)
    x = rng.normal(size=(150, 1))
    y = (3 * x[:, 0] + rng.logistic(size=150) > 0).astype(int)
    p, low, high = score_bootstrap(x, y, groups)[0]
    assert p == pytest.approx(2 / 32)
    assert (low, high) == (-np.inf, np.inf)


def coverage(n_tables, seed):
    """How often 95 % intervals hold 0 where 0 is true: bootstrap, and HC1 with 1.96."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(12), 10)
    held = np.zeros((2, 2))
    for table in range(n_tables):
        x = np.column_stack([rng.binomial(1, 0.4, 120), rng.normal(size=12)[groups]]).astype(float)
        y = (rng.normal(0, 0.9, 12)[groups] + rng.logistic(size=120) > 0.3).astype(int)
        fit = fit_cumulative_logit(x, y)
        z = fit.coefficients / np.sqrt(np.diag(clustered(fit, groups)))[1:]
        p = score_bootstrap(x, y, groups, n_resamples=199, seed=table)[:, 0]
        held += np.array([p > 0.05, np.abs(z) < 1.96])
    return held / n_tables


@pytest.mark.long
def test_the_bootstrap_covers_with_twelve_processes_where_the_usual_errors_do_not():
    bootstrap, usual = coverage(600, seed=5)
    # the second property is one of whole processes; 3 standard errors of 600 tables are 0.027
    assert bootstrap[0] > 0.92
    assert bootstrap[1] > 0.91
    assert usual[1] < 0.90


def test_coverage_on_a_few_tables():
    bootstrap, usual = coverage(30, seed=6)
    assert bootstrap[1] >= usual[1]
    assert bootstrap.min() > 0.75  # 30 tables: what is far off


# --- exact tests of tables -----------------------------------------------------------------


def test_two_by_two_is_fishers_test():
    rng = np.random.default_rng(0)
    for table in rng.integers(1, 14, (40, 2, 2)):
        assert exact_table_test(table).p_value == pytest.approx(fisher_exact(table)[1], abs=1e-9)


def test_a_larger_table_by_listing_all_permutations():
    from itertools import permutations
    from math import lgamma

    rows, columns = [0, 0, 1, 1, 2, 2, 2], [0, 1, 0, 0, 1, 2, 2]

    def cost(order):
        cells = np.zeros((3, 3))
        for r, c in zip(rows, order, strict=True):
            cells[r, c] += 1
        return sum(lgamma(k + 1) for k in cells.flat), cells

    observed, table = cost(columns)
    every = [cost(order)[0] for order in permutations(columns)]
    expected = np.mean(np.array(every) >= observed - 1e-7)
    assert exact_table_test(table).p_value == pytest.approx(expected, abs=1e-9)


def test_too_many_tables_are_drawn():
    # Job satisfaction by income (Agresti 2002, p. 57): R's fisher.test gives 0.7827
    table = [[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]]
    found = exact_table_test(table, seed=1)
    assert "drawn with seed 1" in found.note
    assert found.p_value == pytest.approx(0.7827, abs=0.0125)  # 3 standard errors of 9,999 draws


def test_tables_without_a_test():
    found = exact_table_test([[3, 4], [0, 0]])
    assert np.isnan(found.p_value)
    assert "one row" in found.note
    with pytest.raises(DataError, match="whole numbers"):
        exact_table_test([[1, -1], [0, 2]])


def test_the_sign_of_the_deviation_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search may end at minus the deviation, which is as likely."""
    import scipy.optimize

    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(12), 8)
    x = rng.normal(size=(96, 1))
    eta = x[:, 0] + 1.5 * rng.normal(size=12)[groups]
    y = (eta + rng.logistic(size=96) > 0).astype(int)
    plain = fit_random_intercept(x, y, groups)
    real = scipy.optimize.minimize

    def mirrored(*args: object, **options: object) -> object:
        found = real(*args, **options)
        found.x[-1] *= -1
        return found

    monkeypatch.setattr(scipy.optimize, "minimize", mirrored)
    other = fit_random_intercept(x, y, groups)
    assert other.process_sd == pytest.approx(plain.process_sd, abs=1e-6)
    assert plain.joint_covariance is not None
    assert other.joint_covariance is not None
    assert np.abs(plain.joint_covariance[-1, :-1]).min() > 1e-4
    np.testing.assert_allclose(other.joint_covariance, plain.joint_covariance, atol=1e-6)
