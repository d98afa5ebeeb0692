"""Shares: their intervals, their differences, tests against a target, many tests at once.

Every function takes counts and gives unrounded numbers. Intervals belong to
counts that came about by chance, such as who responded to an invitation; where
nothing was sampled (a quota, a complete list) there is none to give.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import Estimate

__all__ = [
    "Adjustment",
    "IntervalMethod",
    "adjust",
    "benjamini_hochberg",
    "bonferroni",
    "clopper_pearson_interval",
    "exact_binomial_test",
    "goodman_intervals",
    "holm",
    "jeffreys_interval",
    "newcombe_difference",
    "share_interval",
    "wilson_interval",
]

Floats: TypeAlias = NDArray[np.float64]
IntervalMethod = Literal["wilson", "wilson_corrected", "clopper_pearson", "jeffreys"]
Adjustment = Literal["holm", "bh", "bonferroni"]


# --- intervals of one share ------------------------------------------------------


def wilson_interval(
    successes: ArrayLike, n: ArrayLike, *, level: float = 0.95, corrected: bool = False
) -> tuple[Floats, Floats]:
    r"""Score interval of a share (Wilson 1927).

    The shares :math:`\pi` that a score test at the level does not reject,

    .. math:: \frac{\hat p + z^2/2n \pm z\sqrt{\hat p(1-\hat p)/n + z^2/4n^2}}{1 + z^2/n},

    with the continuity correction in the form of Newcombe (1998, method 4): half a
    person is taken off the count at the lower end and added at the upper.

    Parameters
    ----------
    successes, n : array_like
        Counts and totals, of one shape or broadcast.
    level : float
        Confidence level.
    corrected : bool
        With the continuity correction: wider, never below the level for long.

    Returns
    -------
    low, high : array
        NaN where `n` is 0.

    Raises
    ------
    DataError
        Counts that are negative, missing or above `n`; a level outside (0, 1).

    Examples
    --------
    >>> low, high = wilson_interval(4, 23)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0698, 0.3714)
    """
    x, total, z = *_checked(successes, n), _quantile(level)
    half = 0.5 if corrected else 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        ends = []
        for sign in (-1.0, 1.0):
            p = np.clip((x + sign * half) / total, 0.0, 1.0)
            spread = z * np.sqrt(p * (1 - p) / total + z * z / (4 * total * total))
            ends.append((p + z * z / (2 * total) + sign * spread) / (1 + z * z / total))
        low = np.where(x == 0, 0.0, ends[0])
        high = np.where(x == total, 1.0, ends[1])
    return _where_asked(low, high, total)


def clopper_pearson_interval(
    successes: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Exact interval of a share (Clopper & Pearson 1934), by quantiles of the beta distribution.

    It never covers less often than the level says, and mostly more often.

    Parameters
    ----------
    successes, n : array_like
        Counts and totals.
    level : float
        Confidence level.

    Returns
    -------
    low, high : array
        NaN where `n` is 0.

    Examples
    --------
    >>> low, high = clopper_pearson_interval(0, 20)
    >>> float(low), round(float(high), 4)
    (0.0, 0.1684)
    """
    from scipy.special import betaincinv

    x, total = _checked(successes, n)
    tail = (1 - _level(level)) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(x > 0, betaincinv(np.maximum(x, 0.5), total - x + 1, tail), 0.0)
        high = np.where(x < total, betaincinv(x + 1, np.maximum(total - x, 0.5), 1 - tail), 1.0)
    return _where_asked(low, high, total)


def jeffreys_interval(
    successes: ArrayLike, n: ArrayLike, *, level: float = 0.95
) -> tuple[Floats, Floats]:
    """Equal-tailed posterior interval of a share under Jeffreys's prior, beta(1/2, 1/2).

    The lower end is 0 where there is no success and the upper 1 where there is no
    failure (Brown, Cai & DasGupta 2001, section 4.1.2).

    Parameters
    ----------
    successes, n : array_like
        Counts and totals.
    level : float
        Probability of the interval.

    Returns
    -------
    low, high : array
        NaN where `n` is 0.

    Examples
    --------
    >>> low, high = jeffreys_interval(4, 23)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0617, 0.3622)
    """
    from scipy.special import betaincinv

    x, total = _checked(successes, n)
    tail = (1 - _level(level)) / 2
    low = np.where(x > 0, betaincinv(x + 0.5, total - x + 0.5, tail), 0.0)
    high = np.where(x < total, betaincinv(x + 0.5, total - x + 0.5, 1 - tail), 1.0)
    return _where_asked(low, high, total)


def share_interval(
    successes: int,
    n: int,
    *,
    method: IntervalMethod = "wilson",
    level: float = 0.95,
) -> Estimate:
    """A share with its interval.

    Parameters
    ----------
    successes, n : int
        Count and total.
    method : {"wilson", "wilson_corrected", "clopper_pearson", "jeffreys"}
        Wilson's covers on average what it says, also with few people; Clopper and
        Pearson's never less.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        NaN with a note where `n` is 0.

    Raises
    ------
    DataError
        For an unknown method, and as :func:`wilson_interval` does.

    Examples
    --------
    >>> share_interval(4, 23)
    0.17 [0.07, 0.37], n = 23 (Wilson interval, 95 %)
    """
    if method not in get_args(IntervalMethod):
        known = ", ".join(map(repr, get_args(IntervalMethod)))
        raise DataError(f"{method!r} is not a method of intervals.", remedy=f"Use {known}.")
    _require_single(successes, n)
    low, high = _INTERVALS[method](successes, n, level)
    x, total = (float(v) for v in _checked(successes, n))
    if total == 0:
        return Estimate(math.nan, n=0, note="undefined: nobody is counted")
    note = f"{_NAMES[method]} interval, {100 * level:g} %"
    whole = int(total) if total.is_integer() else None
    return Estimate(x / total, low=float(low), high=float(high), n=whole, note=note)


_INTERVALS: dict[str, Callable[[ArrayLike, ArrayLike, float], tuple[Floats, Floats]]] = {
    "wilson": lambda x, n, level: wilson_interval(x, n, level=level),
    "wilson_corrected": lambda x, n, level: wilson_interval(x, n, level=level, corrected=True),
    "clopper_pearson": lambda x, n, level: clopper_pearson_interval(x, n, level=level),
    "jeffreys": lambda x, n, level: jeffreys_interval(x, n, level=level),
}
_NAMES = {
    "wilson": "Wilson",
    "wilson_corrected": "continuity-corrected Wilson",
    "clopper_pearson": "Clopper-Pearson",
    "jeffreys": "Jeffreys",
}


# --- several shares at once ------------------------------------------------------


def goodman_intervals(counts: ArrayLike, *, level: float = 0.95) -> tuple[Floats, Floats]:
    r"""Simultaneous intervals of the shares of one variable (Goodman 1965).

    All shares lie in their intervals together with (at least roughly) the level: each
    is a score interval with :math:`\chi^2_1` at :math:`1 - \alpha/k` for `k`
    categories.

    Parameters
    ----------
    counts : array_like, categories
        Counts of all categories.
    level : float
        Confidence level of all together.

    Returns
    -------
    low, high : array
        One pair a category; NaN where nobody is counted at all.

    Examples
    --------
    >>> low, high = goodman_intervals([4, 7, 6, 6])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.055, 0.129, 0.103, 0.103], [0.432, 0.563, 0.521, 0.521])
    """
    x = _numbers(counts, "counts")
    if x.ndim != 1 or not len(x):
        raise DataError("The counts are not one row of categories.")
    alpha = (1 - _level(level)) / len(x)
    return wilson_interval(x, np.full(len(x), x.sum()), level=1 - alpha)


def newcombe_difference(
    successes_a: int, n_a: int, successes_b: int, n_b: int, *, level: float = 0.95
) -> Estimate:
    r"""Difference of two independent shares, a - b (Newcombe 1998, method 10).

    With the Wilson interval :math:`(l, u)` of each share, the ends lie
    :math:`\sqrt{(p_a - l_a)^2 + (u_b - p_b)^2}` below and
    :math:`\sqrt{(u_a - p_a)^2 + (p_b - l_b)^2}` above the difference.

    Parameters
    ----------
    successes_a, n_a, successes_b, n_b : int
        Counts and totals of the two groups.
    level : float
        Confidence level.

    Returns
    -------
    Estimate
        NaN with a note where a group is empty.

    Examples
    --------
    >>> newcombe_difference(54, 110, 2197, 4224)
    -0.03 [-0.12, 0.06], n = 4334 (Newcombe interval, 95 %)
    """
    _require_single(successes_a, n_a, successes_b, n_b)
    low_a, high_a = (float(v) for v in wilson_interval(successes_a, n_a, level=level))
    low_b, high_b = (float(v) for v in wilson_interval(successes_b, n_b, level=level))
    if not (n_a and n_b):
        return Estimate(math.nan, note="undefined: a group has nobody")
    p_a, p_b = successes_a / n_a, successes_b / n_b
    gap = p_a - p_b
    return Estimate(
        gap,
        low=gap - math.hypot(p_a - low_a, high_b - p_b),
        high=gap + math.hypot(high_a - p_a, p_b - low_b),
        n=int(n_a) + int(n_b),
        note=f"Newcombe interval, {100 * level:g} %",
    )


def exact_binomial_test(successes: ArrayLike, n: ArrayLike, share: ArrayLike) -> Floats:
    """Two-sided exact binomial p-value of counts against given shares.

    The probability of all counts that are no more probable than the one observed.

    Parameters
    ----------
    successes, n : array_like
        Whole counts and totals.
    share : array_like
        The share under the null hypothesis, in [0, 1].

    Returns
    -------
    array
        NaN where `n` is 0.

    Raises
    ------
    DataError
        Counts that are not whole, or a share outside [0, 1].

    Examples
    --------
    >>> exact_binomial_test([4, 7], 23, [0.199, 0.254]).round(3).tolist()
    [1.0, 0.632]
    """
    from scipy.stats import binomtest

    x, total = _checked(successes, n)
    try:
        x, total, p = np.broadcast_arrays(x, total, _numbers(share, "shares"))
    except ValueError:
        raise DataError("There is not one share for each count.") from None
    if not ((p >= 0) & (p <= 1)).all():
        raise DataError("A share lies outside 0 to 1.")
    if (x != np.floor(x)).any() or (total != np.floor(total)).any():
        raise DataError("The exact test needs whole counts.")
    flat = [
        binomtest(int(a), int(b), float(c)).pvalue if b > 0 else math.nan
        for a, b, c in zip(x.ravel(), total.ravel(), p.ravel(), strict=True)
    ]
    return np.minimum(np.array(flat, dtype=np.float64), 1.0).reshape(x.shape)


# --- many tests at once ----------------------------------------------------------


def holm(p_values: ArrayLike) -> Floats:
    """P-values adjusted by Holm (1979): the chance of any false alarm is held.

    Parameters
    ----------
    p_values : array_like
        NaN (not tested) stays NaN and does not count as a test.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan")]).tolist()
    [0.02, 0.04, nan]
    """
    return _adjusted(p_values, "holm")


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """P-values adjusted by Benjamini & Hochberg (1995): the share of false alarms is held.

    Parameters
    ----------
    p_values : array_like
        NaN (not tested) stays NaN and does not count as a test.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    return _adjusted(p_values, "bh")


def bonferroni(p_values: ArrayLike) -> Floats:
    """P-values times the number of tests, at most 1; :func:`holm` is never weaker.

    Parameters
    ----------
    p_values : array_like
        NaN (not tested) stays NaN and does not count as a test.

    Examples
    --------
    >>> bonferroni([0.01, 0.6]).tolist()
    [0.02, 1.0]
    """
    return _adjusted(p_values, "bonferroni")


def adjust(p_values: ArrayLike, method: Adjustment) -> Floats:
    """P-values adjusted by the method named.

    Parameters
    ----------
    p_values : array_like
        NaN stays NaN.
    method : {"holm", "bh", "bonferroni"}
        See :func:`holm`, :func:`benjamini_hochberg`, :func:`bonferroni`.

    Examples
    --------
    >>> adjust([0.01, 0.04], "holm").tolist()
    [0.02, 0.04]
    """
    known = {"holm": holm, "bh": benjamini_hochberg, "bonferroni": bonferroni}
    if not isinstance(method, str) or method not in known:
        raise DataError(
            f"{method!r} is not an adjustment.", remedy=f"Use {', '.join(map(repr, known))}."
        )
    return known[method](p_values)


# --- helpers ---------------------------------------------------------------------


def _adjusted(p_values: ArrayLike, method: Adjustment) -> Floats:
    """Written out here: statsmodels collects garbage at each call, which takes longer."""
    p = _numbers(p_values, "p-values")
    given = ~np.isnan(p)
    if ((p[given] < 0) | (p[given] > 1)).any():
        raise DataError("A p-value lies outside 0 to 1.")
    m = int(given.sum())
    order = np.argsort(p[given], kind="stable")
    ranked = p[given][order]
    if method == "holm":  # step down: no adjusted value below one before it
        ranked = np.maximum.accumulate(ranked * np.arange(m, 0, -1))
    elif method == "bh":  # step up: none above one after it
        ranked = np.minimum.accumulate((ranked * m / np.arange(1, m + 1))[::-1])[::-1]
    else:
        ranked = ranked * m
    adjusted = np.empty(m)
    adjusted[order] = np.minimum(ranked, 1.0)
    out = np.full(p.shape, np.nan)
    out[given] = adjusted
    return out


def _numbers(values: ArrayLike, what: str) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"The {what} are not all numbers.") from None


def _require_single(*values: object) -> None:
    for value in values:
        if not _is_number(value):
            raise DataError(f"{value!r} is not a single number.", remedy="Give one count.")


def _checked(successes: ArrayLike, n: ArrayLike) -> tuple[Floats, Floats]:
    try:
        x, total = np.broadcast_arrays(
            np.asarray(successes, dtype=np.float64), np.asarray(n, dtype=np.float64)
        )
    except (TypeError, ValueError):
        raise DataError(
            "The counts and totals are not numbers of one shape.",
            remedy="Give two numbers, or two rows of equal length.",
        ) from None
    if np.isnan(x).any() or np.isnan(total).any():
        raise DataError("A count is missing.")
    if (x < 0).any() or (x > total).any() or np.isinf(total).any():
        place = int(((x < 0) | (x > total) | np.isinf(total)).ravel().argmax())
        raise DataError(f"{x.ravel()[place]:g} of {total.ravel()[place]:g} cannot be.")
    return x, total


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _level(level: float) -> float:
    if not _is_number(level) or not 0 < float(level) < 1:
        raise DataError(
            f"The level is {level!r}; it lies between 0 and 1.", remedy="Give 0.95 for 95 %."
        )
    return float(level)


def _quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + _level(level)) / 2))


def _where_asked(low: Floats, high: Floats, total: Floats) -> tuple[Floats, Floats]:
    empty = total == 0
    return (
        np.where(empty, np.nan, np.clip(low, 0.0, 1.0)),
        np.where(empty, np.nan, np.clip(high, 0.0, 1.0)),
    )
