"""How far counts are from shares: tests, distances and the yardsticks to read them by.

Array level: `counts` of the categories of one variable and the `shares` they are
held against, which sum to 1 and are all above 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError

__all__ = [
    "ChiSquare",
    "chi_square_test",
    "detectable_gap",
    "expected_tvd",
    "g_test",
    "hellinger_distance",
    "kl_divergence",
    "nearest_allocation",
    "standardised_differences",
    "standardised_residuals",
    "total_variation",
]

Floats: TypeAlias = NDArray[np.float64]


class ChiSquare(NamedTuple):
    """A statistic with its degrees of freedom and p-value."""

    statistic: float
    df: int
    p_value: float


def chi_square_test(counts: ArrayLike, shares: ArrayLike) -> ChiSquare:
    r"""Pearson's chi-square, :math:`\sum (x_i - np_i)^2 / np_i` on k - 1 degrees of freedom.

    Parameters
    ----------
    counts, shares : array_like, categories

    Examples
    --------
    >>> found = chi_square_test([4, 7, 6, 6], [0.199, 0.254, 0.343, 0.204])
    >>> round(found.statistic, 6), found.df, round(found.p_value, 6)
    (1.119228, 3, 0.772434)
    """
    x, p = _arrays(counts, shares)
    expected = x.sum() * p
    return _tested(float(((x - expected) ** 2 / expected).sum()), len(x))


def g_test(counts: ArrayLike, shares: ArrayLike) -> ChiSquare:
    r"""Likelihood-ratio chi-square, :math:`G = 2\sum x_i \ln(x_i / np_i)`.

    In small panels it speaks up too often: at 5 per cent in 6 per cent of random samples
    of 23 people in four categories (simulated), where Pearson's does in 5.

    Parameters
    ----------
    counts, shares : array_like, categories

    Examples
    --------
    >>> round(g_test([4, 7, 6, 6], [0.199, 0.254, 0.343, 0.204]).statistic, 5)
    1.12001
    """
    from scipy.special import xlogy

    x, p = _arrays(counts, shares)
    return _tested(float(2 * (xlogy(x, x) - xlogy(x, x.sum() * p)).sum()), len(x))


def _tested(statistic: float, k: int) -> ChiSquare:
    from scipy.special import chdtrc

    p_value = float(chdtrc(k - 1, max(statistic, 0.0))) if k > 1 else math.nan
    return ChiSquare(statistic, k - 1, p_value)


def total_variation(counts: ArrayLike, shares: ArrayLike) -> float:
    r"""Total variation distance, :math:`\frac12\sum |q_i - p_i|`.

    The share of members who would have to be in another category for the counts
    to match the shares.

    Parameters
    ----------
    counts, shares : array_like, categories

    Examples
    --------
    >>> round(total_variation([5, 5], [0.6, 0.4]), 12)
    0.1
    """
    x, p = _arrays(counts, shares)
    return float(np.abs(x / x.sum() - p).sum() / 2)


def nearest_allocation(n: int, shares: ArrayLike) -> NDArray[np.int64]:
    """Whole seats that come nearest to the shares (largest remainders).

    No other allocation of `n` seats has a smaller total variation distance; its
    distance is the rounding floor, below which no panel of this size can come.

    Parameters
    ----------
    n : int
        Seats.
    shares : array_like, categories

    Examples
    --------
    >>> nearest_allocation(23, [0.199, 0.254, 0.343, 0.204]).tolist()
    [4, 6, 8, 5]
    """
    wanted = int(n) * np.asarray(shares, dtype=np.float64)
    seats = np.floor(wanted + 1e-9).astype(np.int64)
    order = np.argsort(-(wanted - seats), kind="stable")
    seats[order[: int(n) - int(seats.sum())]] += 1
    return seats


def expected_tvd(n: int, shares: ArrayLike) -> float:
    r"""Total variation distance that a simple random sample has on average.

    :math:`\frac12\sum E|X_i/n - p_i|` with De Moivre's mean absolute deviation of a
    binomial count, :math:`E|X/n - p| = 2m\,b(m; n, p)(1-p)/n`,
    :math:`m = \lfloor np \rfloor + 1` (Diaconis & Zabell 1991).

    Parameters
    ----------
    n : int
        Size of the sample.
    shares : array_like, categories

    Examples
    --------
    >>> round(expected_tvd(23, [0.199, 0.254, 0.343, 0.204]), 6)
    0.143137
    """
    from scipy.special import gammaln, xlog1py, xlogy

    p = np.asarray(shares, dtype=np.float64)
    m = np.minimum(np.floor(n * p) + 1, n)
    logs = gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1) + xlogy(m, p) + xlog1py(n - m, -p)
    return float((m * np.exp(logs) * (1 - p) / n).sum())


def kl_divergence(counts: ArrayLike, shares: ArrayLike) -> float:
    r"""Kullback-Leibler divergence of the panel from the target, :math:`\sum q_i\ln(q_i/p_i)`.

    Parameters
    ----------
    counts, shares : array_like, categories

    Examples
    --------
    >>> kl_divergence([1, 1], [0.5, 0.5])
    0.0
    """
    x, p = _arrays(counts, shares)
    return g_test(x, p).statistic / (2 * float(x.sum()))


def hellinger_distance(counts: ArrayLike, shares: ArrayLike) -> float:
    r"""Hellinger distance, :math:`\sqrt{\frac12\sum(\sqrt{q_i} - \sqrt{p_i})^2}`.

    Parameters
    ----------
    counts, shares : array_like, categories

    Examples
    --------
    >>> hellinger_distance([1, 1], [0.5, 0.5])
    0.0
    """
    x, p = _arrays(counts, shares)
    return float(np.sqrt(((np.sqrt(x / x.sum()) - np.sqrt(p)) ** 2).sum() / 2))


def standardised_residuals(counts: ArrayLike, shares: ArrayLike) -> Floats:
    r"""Residual of each category in standard errors, :math:`(x - np)/\sqrt{np(1-p)}`.

    Parameters
    ----------
    counts, shares : array_like, categories

    Examples
    --------
    >>> standardised_residuals([60, 40], [0.5, 0.5]).tolist()
    [2.0, -2.0]
    """
    x, p = _arrays(counts, shares)
    n = x.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p < 1, (x - n * p) / np.sqrt(n * p * (1 - p)), np.nan)


def standardised_differences(
    counts: ArrayLike, shares: ArrayLike, *, pooled: bool = True
) -> Floats:
    r"""Standardised mean difference of each category's share.

    :math:`(q-p)/\sqrt{(q(1-q)+p(1-p))/2}` (pooled; Austin 2009), or over the
    target's standard deviation :math:`\sqrt{p(1-p)}` alone, as the package balance
    has it.

    Parameters
    ----------
    counts, shares : array_like, categories
    pooled : bool
        Which of the two.

    Examples
    --------
    >>> standardised_differences([60, 40], [0.5, 0.5], pooled=False).round(3).tolist()
    [0.2, -0.2]
    """
    x, p = _arrays(counts, shares)
    q = x / x.sum()
    variance = (q * (1 - q) + p * (1 - p)) / 2 if pooled else p * (1 - p)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(variance > 0, (q - p) / np.sqrt(variance), np.nan)


def detectable_gap(
    n: int, share: ArrayLike, *, level: float = 0.05, power: float | None = 0.8
) -> Floats:
    r"""Smallest gap that a panel of this size would show to be more than chance.

    By the normal approximation :math:`(z_{1-\alpha/2} + z_{power})\sqrt{p(1-p)/n}`;
    without `power`, the gap that is just significant.

    Parameters
    ----------
    n : int
        Members.
    share : array_like
        Share of the target.
    level : float
        Significance level, two-sided.
    power : float, optional
        Chance of finding a gap that is there.

    Examples
    --------
    >>> float(detectable_gap(23, 0.5).round(3)), float(detectable_gap(23, 0.5, power=None).round(3))
    (0.292, 0.204)
    """
    from scipy.special import ndtri

    p = np.asarray(share, dtype=np.float64)
    z = float(ndtri(1 - level / 2)) + (float(ndtri(power)) if power is not None else 0.0)
    return np.asarray(z * np.sqrt(p * (1 - p) / n))


def _arrays(counts: ArrayLike, shares: ArrayLike) -> tuple[Floats, Floats]:
    x, p = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if x.shape != p.shape or x.ndim != 1 or not len(x):
        raise DataError(f"There are {x.size} counts and {p.size} shares.")
    if not x.sum() > 0 or (x < 0).any():
        raise DataError("The counts are not 0 or more with at least one person.")
    if not (p > 0).all() or abs(float(p.sum()) - 1) > 1e-9:
        raise DataError("The shares are not all above 0 with the sum 1.")
    return x, p
