"""Intraclass correlation, design effect and resampling of clusters."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, SmallSampleWarning
from dmpkit.measures.clusters import cluster_weights, design_effect, effective_n, icc, icc_raters

# Shrout & Fleiss (1979), table 2: six targets (columns here), four judges
JUDGES = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]


def test_shrout_and_fleiss():
    got = icc_raters(JUDGES).set_index("type")
    # table 4 of the article, two decimals
    want = {"ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71,
            "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91}  # fmt: skip
    assert got["value"].to_dict() == pytest.approx(want, abs=0.005)
    assert got.loc["ICC(1,1)", "f"] == pytest.approx(11.24 / 6.26, abs=0.002)  # table 3
    assert got.loc["ICC(3,1)", "f"] == pytest.approx(11.24 / 1.02, abs=0.02)
    for row in got.itertuples():
        assert row.low < row.value < row.high


def test_mean_of_one_rater_type_is_icc_of_groups():
    values = np.array(JUDGES, dtype=float).T.ravel()
    one = icc(values, np.repeat(np.arange(6), 4))
    first = icc_raters(JUDGES).iloc[0]
    assert (one.value, one.low, one.high, one.p_value) == pytest.approx(
        (first["value"], first["low"], first["high"], first["p_value"]), abs=1e-12
    )


def test_frames_of_both_kinds():
    frame = pd.DataFrame(JUDGES, columns=list("abcdef"))
    pd.testing.assert_frame_equal(icc_raters(frame), icc_raters(pl.from_pandas(frame)))
    pd.testing.assert_frame_equal(icc_raters(frame), icc_raters(JUDGES))


def test_icc_by_hand_with_unequal_groups():
    # groups 1 2 3 | 4 6: means 2, 5; grand mean 3.2
    # SSB = 3·1.44 + 2·3.24 = 10.8 (df 1), SSW = 2 + 2 = 4 (df 3), n0 = 5 − 13/5 = 2.4
    got = icc([1, 2, 3, 4, 6], ["a", "a", "a", "b", "b"])
    assert got.value == pytest.approx((10.8 - 4 / 3) / (10.8 + 1.4 * 4 / 3), abs=1e-12)
    assert got.n == 5
    assert "unequal size" in got.note


def test_f_and_p_are_those_of_statsmodels():
    import statsmodels.formula.api as smf
    from statsmodels.stats.anova import anova_lm

    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(8), rng.integers(3, 9, 8))
    values = rng.normal(size=len(groups)) + rng.normal(size=8)[groups]
    frame = pd.DataFrame({"x": values, "g": groups.astype(str)})
    table = anova_lm(smf.ols("x ~ g", frame).fit())
    between, within = table["mean_sq"]
    sizes = np.bincount(groups)
    size = (len(groups) - (sizes**2).sum() / len(groups)) / 7
    got = icc(values, groups)
    want = (between - within) / (between + (size - 1) * within)
    assert got.value == pytest.approx(want, abs=1e-12)
    assert got.p_value == pytest.approx(table["PR(>F)"].iloc[0], rel=1e-9)
    assert got.low < got.value < got.high


def test_interval_covers_what_made_the_data():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(15), 8)
    held = 0
    for _ in range(300):
        values = rng.normal(size=120) + 0.5 * rng.normal(size=15)[groups]  # ICC 0.2
        got = icc(values, groups)
        held += got.low <= 0.2 <= got.high
    assert 0.91 < held / 300 < 0.99  # 95 %; the binomial error is 1.3 points


def test_undefined_icc_is_said():
    assert "fewer than two groups" in icc([1, 2], ["a", "a"]).note
    assert "no group has two" in icc([1, 2], ["a", "b"]).note
    assert "the same" in icc([1, 1, 1, 1], list("aabb")).note
    same_within = icc([1, 1, 2, 2], list("aabb"))
    assert same_within.value == 1.0
    assert math.isnan(same_within.low)
    assert icc([1, np.nan, 2, 2], list("aabb")).n == 3


def test_design_effect():
    assert design_effect(0.0, [3, 9]) == 1.0
    assert design_effect(np.float64(0.05), 11) == pytest.approx(1.5)
    assert effective_n(1.0, [5, 5, 5]) == pytest.approx(3.0)
    # Kish by variances: the mean of clusters with ICC rho
    sizes, rho = np.array([2, 5, 9]), 0.3
    blocks = sum(m + m * (m - 1) * rho for m in sizes)
    assert design_effect(rho, sizes) == pytest.approx(blocks / sizes.sum(), abs=1e-12)


def test_cluster_weights():
    clusters = np.repeat(np.arange(10), np.arange(1, 11))
    weights = cluster_weights(clusters, 3000, seed=2)
    assert weights.shape == (3000, 55)
    first = np.cumsum(np.arange(0, 10))
    assert (weights[:, first].sum(axis=1) == 10).all()
    for k in range(10):
        own = weights[:, clusters == k]
        assert (own == own[:, :1]).all()
    assert weights.mean() == pytest.approx(1.0, abs=0.02)
    assert np.array_equal(weights, cluster_weights(clusters, 3000, seed=2))
    with pytest.warns(SmallSampleWarning, match="Only 2 clusters"):
        cluster_weights(["a", "b"], 2, seed=1)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: icc(["x"], ["a"]), "not numbers"),
        (lambda: icc([1, 2], ["a"]), "2 values and 1"),
        (lambda: icc([1, np.inf], ["a", "b"]), "infinite"),
        (lambda: icc([1, 2], ["a", "b"], confidence=95), "confidence"),
        (lambda: icc_raters([[1, 2]]), "two raters"),
        (lambda: icc_raters([[1, None], [1, 2]]), "missing"),
        (lambda: icc_raters([["x", 2], [1, 2]]), "not numbers"),
        (lambda: icc_raters([[1, 2], [1, 2]]), "do not vary"),
        (lambda: design_effect(2, [3]), "between"),
        (lambda: design_effect(0.1, [0.5]), "1 or more"),
        (lambda: effective_n(-1, [10, 10]), "not above 0"),
        (lambda: cluster_weights(["a", None], 3), "Row 2 has no cluster"),
        (lambda: cluster_weights(["a", "a"], 3), "fewer than two"),
    ],
)
def test_bad_input_is_explained(call, match):
    with pytest.raises(DataError, match=match):
        call()


def test_arguments_of_the_wrong_kind_are_refused():
    with pytest.raises(DataError, match="not a list"):
        icc([1, 2], None)
    with pytest.raises(DataError, match="confidence"):
        icc([1, 2, 3, 4], [1, 1, 2, 2], confidence="x")


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_of_icc_2_is_that_of_mcgraw_and_wong(confidence):
    # McGraw & Wong (1996, table 7): the same degrees of freedom, written in another way
    from scipy import stats

    x = np.asarray(JUDGES, dtype=float).T  # targets x judges
    n, k = x.shape
    grand, of_rows, of_columns = x.mean(), x.mean(axis=1), x.mean(axis=0)
    msr = k * ((of_rows - grand) ** 2).sum() / (n - 1)
    msc = n * ((of_columns - grand) ** 2).sum() / (k - 1)
    left = x - of_rows[:, None] - of_columns + grand
    mse = (left**2).sum() / ((n - 1) * (k - 1))
    rho = (msr - mse) / (msr + (k - 1) * mse + k * (msc - mse) / n)
    a, b = k * rho / (n * (1 - rho)), 1 + k * rho * (n - 1) / (n * (1 - rho))
    df = (a * msc + b * mse) ** 2
    df /= (a * msc) ** 2 / (k - 1) + (b * mse) ** 2 / ((n - 1) * (k - 1))
    tail = (1 + confidence) / 2
    one, two = stats.f.ppf(tail, n - 1, df), stats.f.ppf(tail, df, n - 1)
    both = k * msc + (k * n - k - n) * mse
    low = n * (msr - one * mse) / (one * both + n * msr)
    high = n * (two * msr - mse) / (both + n * two * msr)
    row = icc_raters(JUDGES, confidence=confidence).set_index("type").loc["ICC(2,1)"]
    assert row[["value", "low", "high"]].tolist() == pytest.approx([rho, low, high], abs=1e-10)


def test_an_end_below_the_pole_of_the_step_up_is_not_defined():
    """Three raters against each other: the end of one rater lies under -1/2."""
    ratings = [[5, 4, 3, 2, 2, 1], [1, 1, 1, 5, 4, 5], [3, 4, 5, 4, 4, 3]]
    table = icc_raters(ratings).set_index("type")
    assert table.loc["ICC(2,1)", "low"] < -0.5
    assert math.isnan(table.loc["ICC(2,k)", "low"])
    assert table.loc["ICC(2,k)", "value"] < table.loc["ICC(2,k)", "high"]
    assert (table["low"].drop("ICC(2,k)") < table["value"].drop("ICC(2,k)")).all()
