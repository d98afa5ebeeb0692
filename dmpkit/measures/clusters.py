"""People in groups: how alike members of a group are, and what that does to a sample.

Tables at an assembly, interviews with many passages, recommendations of one process:
what comes from one group is more alike than what comes from several, and counts for
less than as many independent units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SmallSampleWarning, warn
from dmpkit.measures.ratings import Floats
from dmpkit.reporting import Estimate
from dmpkit.resampling import run_resamples
from dmpkit.tables import to_pandas

__all__ = ["cluster_weights", "design_effect", "effective_n", "icc", "icc_raters"]

#: Groups below which an interval for the ICC says little; our own choice.
FEW_GROUPS = 5


def icc(values: Any, groups: Any, *, confidence: float = 0.95) -> Estimate:
    """Intraclass correlation from a one-way analysis of variance.

    ICC(1) = (MSB − MSW)/(MSB + (n₀ − 1)·MSW), with n₀ = (N − Σn²/N)/(k − 1) for
    groups of unequal size (Donner 1986). The interval inverts the F test (Shrout &
    Fleiss 1979), exact for equal groups and normal values; with unequal groups n₀
    stands for the size and the interval is approximate. The p-value is that of F.
    Negative values are kept: members of a group differ more than by chance.

    Parameters
    ----------
    values : array
        One value a person; NaN is left out.
    groups : array
        Group of each.
    confidence : float

    Returns
    -------
    Estimate
        `n` is the number of values. NaN where undefined; the note says why.

    Raises
    ------
    DataError
        Arrays of different length, values that are not numbers.

    Examples
    --------
    >>> icc([9, 2, 5, 8, 6, 1, 3, 2], [1, 1, 1, 1, 2, 2, 2, 2]).value.__round__(3)
    0.267
    """
    _share(confidence)
    x, g = _grouped(values, groups)
    sizes = np.bincount(g).astype(np.float64) if len(g) else np.empty(0)
    k, n = len(sizes), len(x)
    if k < 2:
        return Estimate(math.nan, n=n, note="undefined: fewer than two groups")
    if n == k:
        return Estimate(math.nan, n=n, note="undefined: no group has two members")
    means = np.bincount(g, x) / sizes
    between = float(sizes @ (means - x.mean()) ** 2) / (k - 1)
    within = float(((x - means[g]) ** 2).sum()) / (n - k)
    if between + within == 0:
        return Estimate(math.nan, n=n, note="undefined: all values are the same")
    size = (n - float(sizes @ sizes) / n) / (k - 1)
    value = (between - within) / (between + (size - 1) * within)
    equal = bool((sizes == sizes[0]).all())
    note = f"ICC(1) of {k} groups, "
    note += f"each of {size:g}" if equal else f"sizes {sizes.min():g} to {sizes.max():g}"
    if within == 0:
        return Estimate(value, n=n, note=f"{note}; no interval: nobody differs within a group")
    if k < FEW_GROUPS:
        note += "; few groups, so the interval is wide and rough"
    if not equal:
        note += "; approximate interval, since the groups are of unequal size"
    low, high, p = _from_f(between / within, k - 1, n - k, size, confidence)
    return Estimate(value, math.nan, low, high, p, n, note)


def _from_f(
    f: float, df1: float, df2: float, size: float, confidence: float
) -> tuple[float, float, float]:
    """Interval of ICC(1) and the p-value of F."""
    from scipy.special import fdtrc, fdtri

    tail = (1 + confidence) / 2
    low, high = f / float(fdtri(df1, df2, tail)), f * float(fdtri(df2, df1, tail))
    return (
        (low - 1) / (low + size - 1),
        (high - 1) / (high + size - 1),
        float(fdtrc(df1, df2, f)),
    )


def _share(confidence: float) -> None:
    given: Any = confidence
    if not isinstance(given, Real) or not 0 < float(confidence) < 1:
        raise DataError(f"The confidence is {confidence!r}.", remedy="Use a share, such as 0.95.")


def _grouped(values: Any, groups: Any) -> tuple[Floats, NDArray[np.int64]]:
    """Numbers and group positions, missing left out."""
    try:
        x = np.asarray(values, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        raise DataError("The values are not numbers.") from None
    try:
        labels = pd.Series(list(groups), dtype=object)
    except TypeError:
        raise DataError("The groups are not a list.", remedy="Give one group a value.") from None
    if len(labels) != len(x):
        raise DataError(f"There are {len(x)} values and {len(labels)} group labels.")
    if np.isinf(x).any():
        raise DataError("A value is infinite.")
    kept = ~np.isnan(x) & labels.notna().to_numpy()
    codes, _ = pd.factorize(labels[kept])
    return x[kept], codes.astype(np.int64)


def icc_raters(ratings: Any, *, confidence: float = 0.95) -> pd.DataFrame:
    """Six intraclass correlations of Shrout & Fleiss (1979) for raters of the same units.

    ICC(1,·) raters differ from unit to unit; ICC(2,·) the raters are a draw and
    differences of level count as disagreement; ICC(3,·) these raters only, level
    left out. ``(·,1)`` is one rater's reliability, ``(·,k)`` that of the mean of all.
    The interval of ICC(2,·) is Shrout and Fleiss' approximation. Where raters disagree more
    than by chance it may reach below what a reliability of one rater can be, -1/(k - 1);
    then the end of ICC(2,k) is NaN.

    Parameters
    ----------
    ratings : array or frame, raters × units
        Complete numbers.
    confidence : float

    Returns
    -------
    DataFrame
        ``type, value, low, high, f, df1, df2, p_value``.

    Raises
    ------
    DataError
        Missing values, fewer than two raters or units, no variation.

    Examples
    --------
    >>> judges = [[9, 6, 8, 7, 10, 6], [2, 1, 4, 1, 5, 2], [5, 3, 6, 2, 6, 4], [8, 2, 8, 6, 9, 7]]
    >>> icc_raters(judges)["value"].round(2).tolist()
    [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]
    """
    _share(confidence)
    x = _complete(ratings)
    n, k = x.shape
    grand = x.mean()
    rows = k * float(((x.mean(axis=1) - grand) ** 2).sum()) / (n - 1)
    columns = n * float(((x.mean(axis=0) - grand) ** 2).sum()) / (k - 1)
    total = float(((x - grand) ** 2).sum())
    error = (total - rows * (n - 1) - columns * (k - 1)) / ((n - 1) * (k - 1))
    within = (total - rows * (n - 1)) / (n * (k - 1))
    if not error > 1e-12 * total or rows == 0:
        raise DataError(
            "The units or the raters do not vary enough for these coefficients.",
            remedy="Use krippendorff_alpha(…, 'interval').",
        )
    return pd.DataFrame(_six(rows, columns, error, within, n, k, confidence))


def _complete(ratings: Any) -> Floats:
    """Units × raters."""
    table = to_pandas(ratings) if hasattr(ratings, "columns") else ratings
    try:
        x = np.asarray(table, dtype=np.float64).T
    except (TypeError, ValueError):
        raise DataError("The ratings are not numbers.") from None
    if x.ndim != 2 or min(x.shape) < 2:
        raise DataError(
            "The ICC of raters needs two raters and two units or more.",
            remedy="Give one row a rater and one column a unit.",
        )
    if not np.isfinite(x).all():
        raise DataError(
            "A rating is missing or infinite, and these ICCs need complete ratings.",
            remedy="Use krippendorff_alpha(…, 'interval'), which takes missing ratings.",
        )
    return x


def _six(
    rows: float, columns: float, error: float, within: float, n: int, k: int, confidence: float
) -> list[dict[str, Any]]:
    from scipy.special import fdtrc

    single = (
        (rows - within) / (rows + (k - 1) * within),
        (rows - error) / (rows + (k - 1) * error + k * (columns - error) / n),
        (rows - error) / (rows + (k - 1) * error),
    )
    f1, f3 = rows / within, rows / error
    df1, df_within, df_error = n - 1, n * (k - 1), (n - 1) * (k - 1)
    ends = (
        _from_f(f1, df1, df_within, k, confidence)[:2],
        _two_way(rows, columns, error, single[1], n, k, confidence),
        _from_f(f3, df1, df_error, k, confidence)[:2],
    )
    tests = ((f1, df1, df_within), (f3, df1, df_error), (f3, df1, df_error))
    out = []
    for size in (1, k):
        for i in range(3):
            value, low, high = (_spearman(v, size) for v in (single[i], *ends[i]))
            f, a, b = tests[i]
            name = f"ICC({i + 1},{'1' if size == 1 else 'k'})"
            out.append(
                {"type": name, "value": value, "low": low, "high": high,
                 "f": f, "df1": a, "df2": b, "p_value": float(fdtrc(a, b, f))}
            )  # fmt: skip
    return out


def _spearman(one: float, k: int) -> float:
    """Reliability of the mean of k from that of one (Spearman–Brown); NaN from its pole down."""
    below = 1 + (k - 1) * one
    return k * one / below if below > 0 else math.nan


def _two_way(
    rows: float, columns: float, error: float, value: float, n: int, k: int, confidence: float
) -> tuple[float, float]:
    """Shrout & Fleiss' (1979, p. 424) approximate interval of ICC(2,1)."""
    from scipy.special import fdtri

    f = columns / error
    above = (k - 1) * (n - 1) * (k * value * f + n * (1 + (k - 1) * value) - k * value) ** 2
    below = (n - 1) * k**2 * value**2 * f**2
    below += (n * (1 + (k - 1) * value) - k * value) ** 2
    df = above / below
    tail = (1 + confidence) / 2
    upper, lower = float(fdtri(n - 1, df, tail)), float(fdtri(df, n - 1, tail))
    both = k * columns + (k * n - k - n) * error
    low = n * (rows - upper * error) / (upper * both + n * rows)
    high = n * (lower * rows - error) / (both + n * lower * rows)
    return low, high


def design_effect(correlation: float, sizes: Sequence[float] | float) -> float:
    """By how much clustering multiplies the variance of a mean (Kish 1965).

    1 + (m − 1)·ρ, with m the common size, or Σm²/Σm where sizes differ.

    Parameters
    ----------
    correlation : float
        Intraclass correlation ρ.
    sizes : float or sequence of float
        Size of each cluster, or the common one.

    Returns
    -------
    float

    Raises
    ------
    DataError
        A correlation outside −1 to 1, or sizes below 1.

    Examples
    --------
    >>> design_effect(0.1, 8), design_effect(0.1, [4, 12])
    (1.7000000000000002, 1.9)
    """
    m = np.atleast_1d(np.asarray(sizes, dtype=np.float64))
    if not len(m) or not np.isfinite(m).all() or (m < 1).any():
        raise DataError("The sizes of the clusters must be 1 or more.")
    if not -1 <= correlation <= 1:
        raise DataError(f"The intraclass correlation is {correlation!r}; it lies between -1 and 1.")
    return 1 + (float(m @ m) / float(m.sum()) - 1) * float(correlation)


def effective_n(correlation: float, sizes: Sequence[float]) -> float:
    """How many independent people the clusters are worth: N / design effect.

    Parameters
    ----------
    correlation : float
    sizes : sequence of float
        Size of each cluster.

    Returns
    -------
    float

    Raises
    ------
    DataError
        As :func:`design_effect`, or a design effect that is not above 0.

    Examples
    --------
    >>> round(effective_n(0.1, [8] * 12), 1)
    56.5
    """
    effect = design_effect(correlation, sizes)
    if effect <= 0:
        raise DataError(
            "The correlation is so negative that the design effect is not above 0.",
            remedy="Such a correlation cannot hold for clusters of this size.",
        )
    return float(np.sum(sizes)) / effect


def cluster_weights(
    clusters: Any, n_resamples: int, *, seed: int | None = None
) -> NDArray[np.int64]:
    """Weights of the rows in bootstrap resamples of whole clusters.

    As many clusters as there are are drawn with replacement; all rows of a cluster
    get the number of times it was drawn. The same for any number of workers.

    Parameters
    ----------
    clusters : array
        Cluster of each row.
    n_resamples : int
    seed : int, optional

    Returns
    -------
    array of int, resamples × rows

    Raises
    ------
    DataError
        Fewer than two clusters, or a row without one.

    Examples
    --------
    >>> w = cluster_weights(["a", "a", "b", "c", "d", "e"], 4, seed=1)
    >>> w.shape, bool((w[:, 1:].sum(axis=1) == 5).all())
    ((4, 6), True)
    """
    labels = pd.Series(list(clusters), dtype=object)
    if labels.isna().any():
        row = int(labels.isna().to_numpy().argmax()) + 1
        raise DataError(f"Row {row} has no cluster.", remedy="Name it, or leave the row out.")
    codes, found = pd.factorize(labels)
    if len(found) < 2:
        raise DataError(
            "There are fewer than two clusters.", remedy="Resample the rows themselves."
        )
    if len(found) < FEW_GROUPS:
        warn(
            f"Only {len(found)} clusters: an interval from resampling them is rough.",
            SmallSampleWarning,
        )
    parts = run_resamples(_Draw(len(found)), n_resamples, seed=seed, progress=False)
    weights: NDArray[np.int64] = np.concatenate(parts)[:, codes]
    return weights


class _Draw:
    """Counts of the clusters."""

    def __init__(self, k: int) -> None:
        self.k = k

    def __call__(self, generator: Any, size: int) -> NDArray[np.int64]:
        drawn: NDArray[np.int64] = generator.multinomial(
            self.k, np.full(self.k, 1 / self.k), size=size
        )
        return drawn
