"""Steps of intersectional coverage: which cells a random sample of this size would fill."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError

__all__ = [
    "empty_probability",
    "empty_probability_finite",
    "expected_absolute_deviation",
    "mean_squared_gap",
]

Floats = NDArray[np.float64]


def empty_probability(shares: ArrayLike, n: int) -> Floats:
    """Chance that a simple random sample of `n` holds nobody of each cell: ``(1 − p)^n``.

    Parameters
    ----------
    shares : array, shape (k,)
        Population share of each cell.
    n : int
        Size of the sample; drawn with replacement, or from a population so
        large that it makes no difference.

    Examples
    --------
    >>> empty_probability([0.5, 0.1], 2).round(2).tolist()
    [0.25, 0.81]
    """
    p = _shares(shares)
    return np.asarray((1 - p) ** int(n))


def empty_probability_finite(counts: ArrayLike, n: int) -> Floats:
    """Chance that `n` drawn without replacement hold nobody of each cell.

    The hypergeometric probability of 0, ``Π_{i<n} (1 − K/(N − i))`` for a cell of
    K among N people.

    Parameters
    ----------
    counts : array, shape (k,)
        People of each cell in the whole population.
    n : int
        Size of the sample.

    Raises
    ------
    DataError
        When the sample is larger than the population.

    Examples
    --------
    >>> empty_probability_finite([2, 2], 2).round(4).tolist()
    [0.1667, 0.1667]
    """
    sizes = np.asarray(counts, dtype=np.float64)
    total = float(sizes.sum())
    if n > total:
        raise DataError(
            f"The panel has {n} people and the population {total:g}.",
            remedy="Give the counts of the whole population, or leave finite=False.",
        )
    chance = np.ones_like(sizes)
    for drawn in range(int(n)):
        chance *= np.maximum(0.0, 1 - sizes / (total - drawn))
    return chance


def expected_absolute_deviation(shares: ArrayLike, n: int) -> Floats:
    """Expected ``|X/n − p|`` of a binomial share, by De Moivre's formula.

    ``E|X/n − p| = 2 m b(m; n, p) (1 − p) / n`` with ``m = floor(np) + 1`` and b the
    binomial probability. Half the sum over the cells is the expected total
    variation distance of a simple random sample.

    Parameters
    ----------
    shares : array, shape (k,)
    n : int

    References
    ----------
    Diaconis, P., & Zabell, S. (1991). Closed form summation for classical
    distributions: variations on a theme of De Moivre. Statistical Science, 6,
    284-302.

    Examples
    --------
    >>> float(expected_absolute_deviation([0.5, 0.5], 2).sum() / 2)
    0.25
    """
    from scipy.special import gammaln, xlog1py, xlogy

    p = _shares(shares)
    m = np.minimum(np.floor(n * p) + 1, n)
    logs = gammaln(n + 1) - gammaln(m + 1) - gammaln(n - m + 1) + xlogy(m, p) + xlog1py(n - m, -p)
    mean = 2 * m * np.exp(logs) * (1 - p) / n
    return np.asarray(np.where((p == 0) | (p == 1), 0.0, mean))


def mean_squared_gap(shares: ArrayLike, targets: ArrayLike) -> float:
    """Mean over the cells of ``(q − p)²``, as published for pairs of features.

    The measure of two-way representation in Flanigan et al. (2021).

    References
    ----------
    Flanigan, B., Gölz, P., Gupta, A., Hennig, B., & Procaccia, A. D. (2021). Fair
    algorithms for selecting citizens' assemblies. Nature, 596, 548-552.

    Examples
    --------
    >>> mean_squared_gap([0.5, 0.5], [0.25, 0.75])
    0.0625
    """
    gap = np.asarray(shares, dtype=np.float64) - np.asarray(targets, dtype=np.float64)
    return float((gap**2).mean())


def _shares(shares: ArrayLike) -> Floats:
    p = np.asarray(shares, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise DataError("A share is not between 0 and 1.", remedy="Divide percentages by 100.")
    return p
