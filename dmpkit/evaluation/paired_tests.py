"""Statistics of paired differences: t, Wilcoxon, Pitman–Morgan, effect sizes, tables.

Each takes arrays without missing values and gives plain floats, NaN where a quantity
is undefined.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError

__all__ = ["ClusteredMean", "PairedT", "clustered_mean", "hedges_correction", "paired_t",
           "pitman_morgan", "standardised_interval", "wilcoxon"]  # fmt: skip

Floats = NDArray[np.float64]
#: Up to so many non-zero differences the exact Wilcoxon distribution is worked out.
EXACT_UP_TO = 60


@dataclass(frozen=True)
class PairedT:
    """Result of :func:`paired_t`."""

    n: int
    mean: float
    sd: float
    t: float
    df: int
    p_value: float
    low: float
    high: float
    dz: float
    gz: float


def _clean(values: ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64).ravel()
    if not np.isfinite(array).all():
        raise DataError("A difference is missing or infinite.", remedy="Leave it out first.")
    return array


def _is_flat(values: Floats) -> bool:
    """Whether all values are the same, up to what rounding of decimals leaves."""
    return bool(np.ptp(values) <= 1e-12 * max(1.0, float(np.abs(values).max())))


def hedges_correction(n: int) -> float:
    """Factor 1 − 3/(4(n − 1) − 1) that takes the small-sample bias off dz (Hedges 1981).

    NaN with fewer than three people: with two the factor would be 0, and no effect the
    result whatever the two said.

    Examples
    --------
    >>> round(hedges_correction(26), 6)
    0.969697
    """
    return 1 - 3 / (4 * (n - 1) - 1) if n > 2 else math.nan


def paired_t(differences: ArrayLike, *, level: float = 0.95) -> PairedT:
    """Mean of paired differences with its t test, interval and effect sizes.

    t = d̄/(s/√n) on n − 1 degrees of freedom; dz = d̄/s; gz = dz·(1 − 3/(4(n−1)−1))
    (Hedges 1981; Lakens 2013). Where all differences are the same there is no t.

    Parameters
    ----------
    differences : array of shape (n,)
        After minus before, one a person.
    level : float
        Confidence of the interval.

    Returns
    -------
    PairedT

    Raises
    ------
    DataError
        A missing or infinite difference.

    Examples
    --------
    >>> test = paired_t([1, 0, 2, 1, 1])
    >>> round(test.t, 4), test.df, round(test.dz, 4)
    (3.1623, 4, 1.4142)
    """
    from scipy.special import stdtr, stdtrit

    d = _clean(differences)
    n = len(d)
    mean = float(d.mean()) if n else math.nan
    if n < 2 or _is_flat(d):
        sd = 0.0 if n > 1 else math.nan
        return PairedT(n, mean, sd, math.nan, max(n - 1, 0), *(math.nan,) * 5)
    sd = float(d.std(ddof=1))
    error, df = sd / math.sqrt(n), n - 1
    t = mean / error
    half = float(stdtrit(df, (1 + level) / 2)) * error
    dz = mean / sd
    p = float(2 * stdtr(df, -abs(t)))
    return PairedT(n, mean, sd, t, df, p, mean - half, mean + half, dz, dz * hedges_correction(n))


def standardised_interval(dz: float, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Interval of gz for independent people with normal differences.

    t = dz·√n follows a noncentral t; the noncentralities at which the observed t is the
    upper and the lower quantile are divided by √n and multiplied by Hedges' factor
    (Cumming & Finch 2001; Goulet-Pelletier & Cousineau 2018).

    Parameters
    ----------
    dz : float
        Mean difference over its standard deviation.
    n : int
        People.
    level : float

    Returns
    -------
    (float, float)
        NaN where dz is undefined.

    Examples
    --------
    >>> [round(v, 3) for v in standardised_interval(0.5, 30)]
    [0.113, 0.853]
    """
    if not math.isfinite(dz) or n < 3:
        return math.nan, math.nan
    from scipy.special import nctdtrinc

    t, df, tail = dz * math.sqrt(n), n - 1, (1 - level) / 2
    ends = [float(nctdtrinc(df, p, t)) for p in (1 - tail, tail)]
    factor = hedges_correction(n) / math.sqrt(n)
    return ends[0] * factor, ends[1] * factor


def wilcoxon(differences: ArrayLike) -> tuple[int, float, float, float]:
    """Wilcoxon signed-rank test, zeros dropped.

    The approximation is normal with the variance corrected for ties and a continuity
    correction of 1/2, as R's ``wilcox.test(exact = FALSE)``. The exact p-value is that of
    all 2ⁿ signs given the (mid-)ranks, twice the smaller tail; worked out up to 60
    non-zero differences.

    Parameters
    ----------
    differences : array of shape (n,)

    Returns
    -------
    (int, float, float, float)
        Non-zero differences, rank sum of the positive ones, approximate and exact p.

    Examples
    --------
    >>> n, w, p, exact = wilcoxon([1, 2, 3, -4, 5])
    >>> n, w, round(p, 4), exact
    (5, 11.0, 0.4185, 0.4375)
    """
    from scipy.special import ndtr

    d = _clean(differences)
    d = d[d != 0]
    n = len(d)
    if n == 0:
        return 0, math.nan, math.nan, math.nan
    ranks = np.asarray(pd.Series(np.abs(d)).rank(), dtype=np.float64)
    w = float(ranks[d > 0].sum())
    _, ties = np.unique(ranks, return_counts=True)
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    z = w - n * (n + 1) / 4
    z = (z - math.copysign(0.5, z) if z else 0.0) / math.sqrt(variance)
    return n, w, min(1.0, float(2 * ndtr(-abs(z)))), _exact_wilcoxon(ranks, w)


def _exact_wilcoxon(ranks: Floats, w: float) -> float:
    """Two-sided p over all signs; ranks doubled so that midranks are whole."""
    if len(ranks) > EXACT_UP_TO:
        return math.nan
    doubled = np.rint(2 * ranks).astype(np.int64)
    chance = np.zeros(int(doubled.sum()) + 1)
    chance[0] = 1.0
    for step in doubled:
        moved = np.zeros_like(chance)
        moved[step:] = chance[: len(chance) - step]
        chance = (chance + moved) / 2
    seen = round(2 * w)
    return min(1.0, 2 * float(min(chance[: seen + 1].sum(), chance[seen:].sum())))


def pitman_morgan(before: ArrayLike, after: ArrayLike) -> tuple[float, float]:
    """Test of a change of spread in paired answers (Pitman 1939; Morgan 1939).

    r is Pearson's correlation of (before + after) with (after − before); its t test on
    n − 2 degrees of freedom tests equal variances. r above 0: answers lie further apart
    afterwards. Answers are taken as normal: on a scale of five, in our simulations, the
    test rejected in 2 % of cases where nothing had changed, at the level of 5 %.

    Parameters
    ----------
    before, after : array of shape (n,)

    Returns
    -------
    (float, float)
        r and p; NaN with fewer than three people, or where sum or difference does
        not vary.

    Examples
    --------
    >>> r, p = pitman_morgan([1, 5, 2, 4, 3], [2, 4, 2, 4, 3])
    >>> round(r, 3), round(p, 3)
    (-0.832, 0.081)
    """
    from scipy.special import stdtr

    x, y = _clean(before), _clean(after)
    if len(x) != len(y):
        raise DataError(f"There are {len(x)} answers before and {len(y)} after.")
    n = len(x)
    if n < 3 or _is_flat(x + y) or _is_flat(y - x):
        return math.nan, math.nan
    r = float(np.clip(np.corrcoef(x + y, y - x)[0, 1], -1, 1))
    if 1 - abs(r) < 1e-12:
        return math.copysign(1.0, r), 0.0
    t = r * math.sqrt((n - 2) / (1 - r * r))
    return r, float(2 * stdtr(n - 2, -abs(t)))


@dataclass(frozen=True)
class ClusteredMean:
    """Result of :func:`clustered_mean`."""

    mean: float
    standard_error: float
    df: float
    low: float
    high: float
    p_value: float
    n_groups: int


def clustered_mean(values: ArrayLike, groups: ArrayLike, *, level: float = 0.95) -> ClusteredMean:
    """Mean over people with an interval that allows for their sitting at tables.

    Bias-reduced cluster-robust variance (CR2; Bell & McCaffrey 2002), for a mean

    V = (1/n²) Σ_g S_g² / (1 − n_g/n),  S_g = Σ_{i in g} (x_i − x̄),

    and t with Satterthwaite degrees of freedom for independent errors (Bell & McCaffrey
    2002; Pustejovsky & Tipton 2018): G − 1 where all G tables are of one size, fewer
    where sizes differ.

    Parameters
    ----------
    values : array of shape (n,)
    groups : array of shape (n,)
        Table of each person.
    level : float

    Returns
    -------
    ClusteredMean
        NaN beside the mean with fewer than two tables, or where the sums do not vary.

    Examples
    --------
    >>> m = clustered_mean([1, 2, 3, 4, 8, 9], [1, 1, 2, 2, 3, 3])
    >>> round(m.mean, 2), round(m.standard_error, 2), round(m.df, 6)
    (4.5, 2.08, 2.0)
    """
    from scipy.special import stdtr, stdtrit

    x = _clean(values)
    found, codes = np.unique(np.asarray(groups), return_inverse=True)
    k, n = len(found), len(x)
    mean = float(x.mean()) if n else math.nan
    if k < 2 or _is_flat(x):
        return ClusteredMean(mean, *(math.nan,) * 5, k)
    sizes = np.bincount(codes).astype(np.float64)
    sums = np.bincount(codes, x - mean)
    left = 1 - sizes / n
    error = math.sqrt(float((sums**2 / left).sum())) / n
    spread = -np.outer(sizes, sizes) / n / np.sqrt(np.outer(left, left))
    np.fill_diagonal(spread, sizes)
    df = float(np.trace(spread)) ** 2 / float((spread**2).sum())
    if error <= 1e-12 * max(1.0, float(np.abs(x).max())):
        return ClusteredMean(mean, *(math.nan,) * 5, k)
    half = float(stdtrit(df, (1 + level) / 2)) * error
    p = float(2 * stdtr(df, -abs(mean) / error))
    return ClusteredMean(mean, error, df, mean - half, mean + half, p, k)
