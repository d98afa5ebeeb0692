r"""The arithmetic of the Deliberative Reason Index, on plain arrays.

For two people, :math:`c` is the Spearman correlation of their considerations and
:math:`p` that of their preferences; :math:`d = |c - p|/\sqrt 2` is the pair's distance
from the line on which both agree to the same extent. With :math:`\lambda = \sqrt 2/2`,

.. math:: \mathrm{DRI} = 1 - 2\,\bigl(1 - \overline{(1 - d)\,g}\bigr)/\lambda

where :math:`g = 1` in the original form (Niemeyer, Veri, Dryzek and Bächtiger 2024, *American
Political Science Review* 118(1), 345-362), so that it is :math:`1 - 2\bar d/\lambda`, and
:math:`g = \min(1, \max(|c|, |p|)/0.2)` in the adjusted form (Veri 2026, arXiv 2604.16963),
which takes away from pairs that hardly agree on anything.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.resampling import run_resamples

__all__ = [
    "EXACT_PEOPLE",
    "LAMBDA",
    "THRESHOLD",
    "ChanceTerms",
    "cronbach_alpha",
    "index_of",
    "pair_terms",
    "permuted_indices",
    "upper_pairs",
]

Floats = NDArray[np.float64]

ROOT = math.sqrt(2.0)
#: Scale of the index.
LAMBDA = ROOT / 2
#: Correlations below it count less in the adjusted form.
THRESHOLD = 0.2
#: With so many people or fewer all re-pairings are gone through (8! = 40,320).
EXACT_PEOPLE = 8
#: Values that differ by less are the same value, summed in another order.
TIES = 1e-12
#: From so many people on each re-pairing is made of whole rows of the matrix.
MANY_PEOPLE = 90
#: Rows moved at a time then.
BLOCK = 48
#: Pairs that are gone through at a time for fewer people: they stay near the processor.
NEAR = 65_536


def pair_terms(c: Floats, p: Floats, *, adjusted: bool = False) -> Floats:
    """What each pair adds to the mean of the index: ``(1 - d)·g``.

    Parameters
    ----------
    c, p : array
        Correlations over considerations and over preferences, of one shape.
    adjusted : bool
        Pairs with both correlations below 0.2 count less.

    Examples
    --------
    >>> pair_terms(np.array([0.5, 0.1]), np.array([0.5, 0.1]), adjusted=True)
    array([1. , 0.5])
    """
    return (1.0 - np.abs(c - p) / ROOT) * _weight(np.maximum(np.abs(c), np.abs(p)), adjusted)


def _weight(largest: Floats, adjusted: bool) -> Floats:
    return np.minimum(1.0, largest / THRESHOLD) if adjusted else np.ones_like(largest)


def index_of(mean_term: Any) -> Any:
    """The index that belongs to a mean of :func:`pair_terms`.

    Examples
    --------
    >>> index_of(1.0), round(index_of(0.0), 2)
    (1.0, -1.83)
    """
    return 1.0 - 2.0 * (1.0 - mean_term) / LAMBDA


def upper_pairs(c: Floats, p: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of each pair of people whose correlations are both defined."""
    i, j = np.triu_indices(len(c), 1)
    there = ~(np.isnan(c[i, j]) | np.isnan(p[i, j]))
    return i[there], j[there]


@dataclass(frozen=True, eq=False)
class ChanceTerms:
    r"""Mean of the pair terms over all combinations of any c with any p, without a loop.

    What a group's index is when preferences are dealt out anew among its people: any pair
    of preferences comes with any pair of considerations equally often, so that the mean
    over all re-pairings is the mean over pairs × pairs. The larger absolute value of a
    combination, :math:`M`, decides its weight, and :math:`|c-p|` is :math:`M - s\,x`
    with the sign :math:`s` of the larger and the value :math:`x` of the smaller. Sums over
    all that are smaller (or larger) are prefix sums after sorting, so that :math:`m` pairs
    cost :math:`O(m \log m)` and the result is exact.

    Examples
    --------
    >>> c, p = np.array([0.5, -0.3, 0.05]), np.array([0.1, 0.9, -0.2])
    >>> terms = ChanceTerms.of(c, p, adjusted=True)
    >>> direct = pair_terms(*np.meshgrid(c, p), adjusted=True).mean()
    >>> bool(np.isclose(terms.mean(), direct))
    True
    """

    c: Floats
    p: Floats
    place: NDArray[np.intp]
    adjusted: bool

    @classmethod
    def of(cls, c: Floats, p: Floats, *, adjusted: bool = False) -> ChanceTerms:
        """Sort once; the means can then be taken under many weights.

        `c` and `p` belong to the same pairs, in the same order.
        """
        size = np.abs(p)
        place = np.searchsorted(np.sort(size), np.abs(c), side="right")
        return cls(c, p, place, adjusted)

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        return np.argsort(np.abs(self.p), kind="stable")

    def sums(self, weights: Floats | None = None) -> Floats:
        """For each c the sum of its terms with all p; shape (draws, pairs)."""
        u = np.ones((1, self.c.size)) if weights is None else np.atleast_2d(weights)
        u, p = u[:, self._order], self.p[self._order]
        size, own = np.abs(p), np.abs(self.c)
        g, mine = _weight(size, self.adjusted), _weight(own, self.adjusted)
        n, s = self._before(u), self._before(u * p)
        smaller = mine * (n * (1.0 - own / ROOT) + np.sign(self.c) * s / ROOT)
        a, b = self._after(u * (g * (1.0 - size / ROOT))), self._after(u * (g * np.sign(p)))
        return np.asarray(smaller + a + b * self.c / ROOT)

    def mean(self, weights: Floats | None = None) -> Any:
        """The mean; with weights of shape (draws, pairs), one for each draw."""
        sums = self.sums(weights)
        if weights is None:
            return float(sums.mean() / self.c.size)
        u = np.atleast_2d(weights)
        with np.errstate(invalid="ignore"):
            mean = (u * sums).sum(axis=1) / u.sum(axis=1) ** 2
        return float(mean[0]) if weights.ndim == 1 else mean

    def _before(self, values: Floats) -> Floats:
        """Sum over the p whose absolute value is not above that of each c."""
        start = np.zeros((len(values), 1))
        summed = np.concatenate([start, np.cumsum(values, axis=1)], axis=1)
        return np.asarray(summed[:, self.place])

    def _after(self, values: Floats) -> Floats:
        """Sum over the p whose absolute value is above that of each c."""
        return np.asarray(values.sum(axis=1, keepdims=True) - self._before(values))


# --- permutations --------------------------------------------------------------------


def permuted_indices(
    c: Floats,
    p: Floats,
    *,
    adjusted: bool = False,
    n_permutations: int = 10_000,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> tuple[Floats, bool]:
    """The index when preferences are dealt out anew among the people.

    Only the matrix of correlations is re-indexed; nothing is correlated again.

    Parameters
    ----------
    c, p : array of shape (people, people)
        Correlations over considerations and over preferences; NaN where undefined.
    adjusted : bool
        Form of the index.
    n_permutations : int
        Random re-pairings; with eight people or fewer all are gone through instead.
    seed : int, optional
        Of the random numbers; the same for any `n_jobs`.
    n_jobs : int
        Workers.
    progress : bool
        Show a progress bar where it takes long.

    Returns
    -------
    values : array
        One index a re-pairing.
    exact : bool
        Whether these are all re-pairings, that of the data among them.

    Examples
    --------
    >>> c = np.array([[np.nan, 0.5, 0.1], [0.5, np.nan, 0.2], [0.1, 0.2, np.nan]])
    >>> values, exact = permuted_indices(c, c)
    >>> len(values), exact, float(values.max())
    (6, True, 1.0)
    """
    n = len(c)
    work = partial(_permute, c=c, p=p, adjusted=adjusted)
    if n <= EXACT_PEOPLE:
        orders = np.array(list(itertools.permutations(range(n))), dtype=np.intp)
        return _reindexed(orders, c, p, adjusted), True
    long = progress and n * n * n_permutations > 300_000_000
    parts = run_resamples(
        work, n_permutations, seed=seed, chunk_size=250, n_jobs=n_jobs, progress=long,
        description="re-pairings",
    )  # fmt: skip
    return np.concatenate(parts), False


def _permute(
    generator: np.random.Generator, size: int, *, c: Floats, p: Floats, adjusted: bool
) -> Floats:
    orders = generator.permuted(np.tile(np.arange(len(c)), (size, 1)), axis=1)
    return _reindexed(orders, c, p, adjusted)


def _reindexed(orders: NDArray[Any], c: Floats, p: Floats, adjusted: bool) -> Floats:
    """The index for each order of the people's preferences."""
    off = ~np.eye(len(c), dtype=bool)
    if np.isnan(c[off]).any() or np.isnan(p[off]).any():
        return _reindexed_with_gaps(orders, c, p, adjusted)
    if len(c) >= MANY_PEOPLE:
        return _reindexed_by_rows(orders, c, p, adjusted)
    i, j = np.triu_indices(len(c), 1)
    mine, flat = c[i, j], p.ravel()
    means = np.empty(len(orders))
    rows = max(1, NEAR // i.size)
    for start in range(0, len(orders), rows):
        part = orders[start : start + rows]
        theirs = flat[part[:, i] * len(c) + part[:, j]]
        means[start : start + rows] = pair_terms(mine, theirs, adjusted=adjusted).mean(axis=1)
    return np.asarray(index_of(means))


def _reindexed_by_rows(orders: NDArray[Any], c: Floats, p: Floats, adjusted: bool) -> Floats:
    """For many people: rows are moved a few at a time, so that they stay near the processor."""
    n = len(c)
    # what stands on the diagonal stays there, and adds 1 to the sum of terms each time
    c, p = c.copy(), p.copy()
    np.fill_diagonal(c, 1.0)
    np.fill_diagonal(p, 1.0)
    weight_c = np.minimum(np.abs(c) / THRESHOLD, 1.0)
    weight_p = np.minimum(np.abs(p) / THRESHOLD, 1.0)
    blocks = [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]
    means = np.empty(len(orders))
    for k, order in enumerate(orders):
        total = 0.0
        for rows in blocks:
            gaps = p[order[rows]].take(order, axis=1)
            gaps -= c[rows]
            np.abs(gaps, out=gaps)
            if adjusted:
                weight = weight_p[order[rows]].take(order, axis=1)
                np.maximum(weight, weight_c[rows], out=weight)
                total += float(weight.sum()) - float(np.vdot(weight, gaps)) / ROOT
            else:
                total += gaps.size - float(gaps.sum()) / ROOT
        means[k] = (total - n) / (n * (n - 1))
    return np.asarray(index_of(means))


def _reindexed_with_gaps(orders: NDArray[Any], c: Floats, p: Floats, adjusted: bool) -> Floats:
    """As above where some pairs have no correlation: the mean of those that have both."""
    i, j = np.triu_indices(len(c), 1)
    values = np.empty(len(orders))
    for k, order in enumerate(orders):
        terms = pair_terms(c[i, j], p[order[i], order[j]], adjusted=adjusted)
        there = ~np.isnan(terms)
        values[k] = index_of(terms[there].mean()) if there.any() else np.nan
    return values


# --- consistency of the items ------------------------------------------------------------


def cronbach_alpha(answers: ArrayLike, *, turn: bool = True) -> float:
    r"""Cronbach's alpha of items, :math:`k/(k-1)\,(1 - \sum s_i^2 / s^2)`.

    Parameters
    ----------
    answers : array of shape (people, items)
        Without missing answers. Items in which all give the same answer are left out.
    turn : bool
        Turn items that load negatively on the first principal component of the
        correlations, as ``psych::alpha(check.keys = TRUE)`` does; alpha is then never
        for items that were meant to point in different directions a fair test.

    Returns
    -------
    float
        NaN with fewer than two items that vary.

    Raises
    ------
    DataError
        Where answers are missing.

    Examples
    --------
    >>> round(cronbach_alpha([[1, 1], [2, 3], [3, 2], [4, 4]]), 4)
    0.8889
    """
    check_settings(cronbach_alpha, locals())
    x = np.asarray(answers, dtype=np.float64)
    if np.isnan(x).any():
        raise DataError("Cronbach's alpha needs complete answers; some are missing.")
    x = x[:, np.ptp(x, axis=0) > 0]
    k = x.shape[1]
    if k < 2 or len(x) < 2:
        return math.nan
    if turn:
        weights = np.linalg.eigh(np.corrcoef(x, rowvar=False))[1][:, -1]
        x = x * np.where(weights * np.sign(weights.sum() or 1.0) < 0, -1.0, 1.0)
    covariance = np.cov(x, rowvar=False)
    return float(k / (k - 1) * (1 - np.trace(covariance) / covariance.sum()))
