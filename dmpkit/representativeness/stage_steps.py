"""Steps of a stage flow: rates by group, their ratio, the test within a stage, the gap's parts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import Estimate

__all__ = [
    "GroupTest",
    "gap_contributions",
    "group_rate_test",
    "rate_ratio",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GroupTest:
    """Whether the rate of going on differs between groups, within one stage.

    Parameters
    ----------
    chi2, df, p_value : float
        Pearson's chi-square without continuity correction; NaN where it is
        undefined, and then `note` says why.
    cramers_v : float
        ``sqrt(chi2 / n)``: the table has two columns (went on, did not).
    min_expected : float
        The smallest expected count of the table.
    note : str
    """

    chi2: float
    df: float
    p_value: float
    cramers_v: float
    min_expected: float
    note: str = ""


def group_rate_test(before: ArrayLike, after: ArrayLike) -> GroupTest:
    """Chi-square test and Cramér's V of group against going on to the next stage.

    ``chi2 = Σ (observed − expected)² / expected`` over the table groups × (went
    on, did not), without continuity correction; ``V = sqrt(chi2 / n)``
    (Cramér, 1946, for a table with two columns). Groups with nobody before the
    stage are left out.

    Parameters
    ----------
    before, after : array, shape (k,)
        People of each group before the stage, and those of them after it.

    Returns
    -------
    GroupTest
        All NaN, with the reason in `note`, where everybody or nobody went on or
        where there is only one group.

    Raises
    ------
    DataError
        When a group has more people after the stage than before it.

    Examples
    --------
    >>> test = group_rate_test([30, 30], [26, 29])
    >>> round(test.chi2, 6), test.df, round(test.cramers_v, 6)
    (1.963636, 1.0, 0.180907)
    """
    n, x = _pair(before, after)
    n, x = n[n > 0], x[n > 0]
    total, went = float(n.sum()), float(x.sum())
    if len(n) < 2:
        return _undefined("there is only one group to compare")
    if went == total or went == 0:
        return _undefined("everybody went on" if went else "nobody went on")
    expected = np.outer(n, [went / total, 1 - went / total])
    observed = np.column_stack([x, n - x])
    chi2 = float(((observed - expected) ** 2 / expected).sum())
    df = float(len(n) - 1)
    smallest = float(expected.min())
    note = (
        f"an expected count of {smallest:.1f} is below 5: the p-value is rough"
        if smallest < 5
        else ""
    )
    return GroupTest(chi2, df, _chi2_tail(chi2, df), math.sqrt(chi2 / total), smallest, note)


def _chi2_tail(chi2: float, df: float) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(df, chi2))


def _undefined(why: str) -> GroupTest:
    return GroupTest(math.nan, math.nan, math.nan, math.nan, math.nan, why)


def _pair(before: ArrayLike, after: ArrayLike) -> tuple[Floats, Floats]:
    n = np.asarray(before, dtype=np.float64)
    x = np.asarray(after, dtype=np.float64)
    if n.shape != x.shape or n.ndim != 1:
        raise DataError(
            f"The counts before and after have shapes {n.shape} and {x.shape}.",
            remedy="Give one number a group in each.",
        )
    if (x > n).any():
        place = int((x > n).argmax())
        raise DataError(
            f"Group {place + 1} has {x[place]:g} people after the stage and {n[place]:g} before.",
            remedy="Leave those who joined out of the count after the stage.",
        )
    if (x < 0).any() or not np.isfinite(n).all() or not np.isfinite(x).all():
        raise DataError("A count is negative or missing.", remedy="Give counts from 0.")
    return n, x


def rate_ratio(
    low_after: float, low_before: float, high_after: float, high_before: float, level: float = 0.95
) -> Estimate:
    """Ratio of two rates with the interval of the log method.

    ``ratio = (a/m) / (b/n)``, ``SE(log ratio) = sqrt(1/a − 1/m + 1/b − 1/n)``
    and the interval ``ratio · exp(± z·SE)`` (Katz et al., 1978).

    Parameters
    ----------
    low_after, low_before : float
        a and m: people after and before the stage in the first group.
    high_after, high_before : float
        b and n: the same in the second group.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        Without an interval, and with the reason in `note`, where a rate is 0.

    References
    ----------
    Katz, D., Baptista, J., Azen, S. P., & Pike, M. C. (1978). Obtaining confidence
    intervals for the risk ratio in cohort studies. Biometrics, 34, 469-474.

    Examples
    --------
    >>> rate_ratio(26, 30, 29, 30)
    0.90 [0.77, 1.05], n = 60 (log method, Katz et al. 1978)
    """
    total = int(low_before + high_before)
    if low_before <= 0 or high_before <= 0:
        return Estimate(math.nan, n=total, note="a group has nobody before the stage")
    if high_after == 0:
        return Estimate(math.nan, n=total, note="nobody of the second group went on")
    ratio = (low_after / low_before) / (high_after / high_before)
    if low_after == 0:
        return Estimate(0.0, n=total, note="nobody of the first group went on: no interval")
    from scipy.special import ndtri

    spread = 1 / low_after - 1 / low_before + 1 / high_after - 1 / high_before
    half = float(ndtri(0.5 + level / 2)) * math.sqrt(max(spread, 0.0))
    if half == 0:
        return Estimate(ratio, n=total, note="everybody went on: no interval")
    return Estimate(
        ratio,
        low=ratio * math.exp(-half),
        high=ratio * math.exp(half),
        n=total,
        note="log method, Katz et al. 1978",
    )


def gap_contributions(shares: ArrayLike) -> Floats:
    """What each stage added to the gap between a category's share and its population share.

    With ``q_0`` the population share and ``q_1 … q_k`` the shares after the
    stages, stage j adds ``q_j − q_{j−1}``; the parts sum to the final gap ``q_k
    − q_0``. The total variation distance has no such parts: half the sum of
    absolute gaps is not additive over stages.

    Parameters
    ----------
    shares : array, shape (k + 1, …)
        Population first, then the stages in order.

    Returns
    -------
    ndarray, shape (k, …)

    Examples
    --------
    >>> gap_contributions([0.5, 0.25, 0.375]).tolist()
    [-0.25, 0.125]
    """
    return np.diff(np.asarray(shares, dtype=np.float64), axis=0)
