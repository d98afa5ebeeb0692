"""The customary paired tests, for simulations that ask for thousands of p-values.

The same numbers as :func:`dmpkit.evaluation.reason_change.customary_p` gives from
SciPy's tests, two-sided, without what checks and shapes the arguments of each call: there
that takes nearly all the time.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

__all__ = ["quick_t", "quick_wilcoxon"]

Floats = NDArray[np.float64]


def quick_t(difference: Floats) -> float:
    """Two-sided p-value of the paired t-test; NaN where nothing differs between people.

    Examples
    --------
    >>> round(quick_t(np.array([0.1, 0.2, 0.4])), 4)
    0.1181
    """
    n = len(difference)
    if not difference.any():
        return 1.0
    if n < 2 or np.ptp(difference) == 0:
        return math.nan
    t = difference.mean() / math.sqrt(difference.var(ddof=1) / n)
    return float(2 * special.stdtr(n - 1, -abs(t)))


def quick_wilcoxon(difference: Floats) -> float:
    """Two-sided p-value of Wilcoxon's signed-rank test.

    Exact up to 49 people without ties or zeros, the normal approximation with
    continuity correction otherwise; zeros are left out.

    Examples
    --------
    >>> quick_wilcoxon(np.array([0.1, 0.2, 0.4]))
    0.25
    """
    signed = difference[difference != 0]
    n = len(signed)
    if not n:
        return 1.0
    _, place, many = np.unique(np.abs(signed), return_inverse=True, return_counts=True)
    if len(many) == n == len(difference) and n < 50:
        return _exact(int((place[signed > 0] + 1).sum()), n)
    ranks = (np.cumsum(many) - (many - 1) / 2)[place]
    middle = n * (n + 1) / 4
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((many**3 - many).sum()) / 48
    away = abs(float(ranks[signed > 0].sum()) - middle)
    corrected = abs(away - 0.5) if away else 0.0
    return float(2 * special.ndtr(-corrected / math.sqrt(variance)))


def _exact(rank_sum: int, n: int) -> float:
    least = min(rank_sum, n * (n + 1) // 2 - rank_sum)
    return min(1.0, 2 * float(_below(n)[least]))


@lru_cache(maxsize=50)
def _below(n: int) -> Floats:
    """Of all patterns of signs, the share with a rank sum of at most 0, 1, 2 and so on."""
    ways = np.zeros(n * (n + 1) // 2 + 1)
    ways[0] = 1
    for rank in range(1, n + 1):
        ways[rank:] += ways[:-rank].copy()
    return np.asarray(np.cumsum(ways) / 2.0**n)
