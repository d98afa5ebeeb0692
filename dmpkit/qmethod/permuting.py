"""Permutation tests of how well scores fit several patterns at once.

Scores (units x factors) and patterns (units x candidates) are centred and
scaled to length 1, so a fit is a correlation over the units, and fits of
different patterns can be compared. Units are permuted as wholes: one
permutation serves every factor and every candidate, which keeps their
dependence.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Bools, Floats

__all__ = [
    "PermutationNull",
    "arrangements",
    "attainable",
    "best_arranged",
    "check_permutations",
    "finite_columns",
    "n_arrangements",
    "permutation_null",
    "single_p_values",
    "step_down",
    "step_down_at",
    "unit_length",
]

MOST_ARRANGED = 20_000  # a single comparison is enumerated up to here
_TIE = 1e-9  # fits that differ by rounding count as equal
_CHUNK = 2_000


def unit_length(columns: Floats) -> Floats:
    """Centre each column and scale it to length 1; a constant column becomes 0.

    Parameters
    ----------
    columns : ndarray, shape (n, m)

    Examples
    --------
    >>> unit_length(np.array([[1.0, 2.0], [3.0, 2.0]])).round(3)
    array([[-0.707,  0.   ],
           [ 0.707,  0.   ]])
    """
    centred = columns - columns.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    empty = length <= 1e-12 * (1 + np.abs(columns).max(axis=0, initial=0.0))
    return np.asarray(np.where(empty, 0.0, centred / np.where(empty, 1.0, length)))


def n_arrangements(values: Floats) -> int:
    """How many different orders the values have: n!/(n1! n2! ...).

    Examples
    --------
    >>> n_arrangements(np.array([1.0, 1.0, 0.0, 0.0]))
    6
    """
    _, counts = np.unique(values, return_counts=True)
    total = math.factorial(len(values))
    for count in counts.tolist():
        total //= math.factorial(count)
    return total


def arrangements(values: Floats) -> Floats:
    """Every different order of the values, one a row.

    Parameters
    ----------
    values : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n_arrangements, n)

    Examples
    --------
    >>> arrangements(np.array([0.0, 1.0, 0.0]))
    array([[1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.]])
    """
    kinds, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")  # the most frequent value fills what is left
    n = len(values)
    rows = np.array(
        list(_place(tuple(range(n)), [int(counts[i]) for i in order[1:]])), dtype=np.intp
    ).reshape(-1, n - int(counts[order[0]]))
    result = np.full((len(rows), n), kinds[order[0]], dtype=np.float64)
    placed = np.repeat(kinds[order[1:]], counts[order[1:]])
    np.put_along_axis(result, rows, np.broadcast_to(placed, rows.shape), axis=1)
    return result


def _place(free: tuple[int, ...], counts: list[int]) -> Iterator[tuple[int, ...]]:
    if not counts:
        yield ()
        return
    for chosen in combinations(free, counts[0]):
        taken = set(chosen)
        rest = tuple(i for i in free if i not in taken)
        for more in _place(rest, counts[1:]):
            yield chosen + more


def attainable(patterns: Floats, n_permutations: int) -> Floats:
    """The smallest p-value that any scores could reach with each pattern.

    One over the number of different arrangements, since each of them is as
    likely as the one observed; where these are too many to be listed, the limit
    is 1/(B + 1) of the permutations drawn.

    Parameters
    ----------
    patterns : ndarray, shape (n, m)
    n_permutations : int

    Returns
    -------
    ndarray, shape (m,)

    Examples
    --------
    >>> attainable(np.array([[1.0], [1.0], [0.0], [0.0]]), 9999)
    array([0.16666667])
    """
    return np.array([_attainable(column, n_permutations) for column in patterns.T])


def _attainable(values: Floats, n_permutations: int) -> float:
    n = n_arrangements(values)
    if n <= MOST_ARRANGED or _enumerable(len(values), n_permutations):
        return 1 / n
    return 1 / (n_permutations + 1)


def _enumerable(n: int, n_permutations: int) -> bool:
    return math.factorial(n) <= n_permutations + 1


@dataclass(frozen=True, eq=False)
class PermutationNull:
    """Fits under permutation.

    Attributes
    ----------
    best : ndarray, shape (n_families, n_permutations, k)
        The best fit of each factor among the candidates of each family.
    as_good : ndarray of int, shape (k, m)
        Permutations in which a single fit was at least the one observed.
    exact : bool
        Every permutation was listed, so that p-values are exact.
    """

    best: Floats
    as_good: NDArray[np.int_]
    exact: bool
    _hardest: dict[tuple[int, ...], Floats] = field(default_factory=dict, repr=False)

    def hardest(self, racing: tuple[int, ...]) -> Floats:
        """Best fits of any of the factors in the race, in ascending order: families x permutations.

        Parameters
        ----------
        racing : tuple of int
        """
        if racing not in self._hardest:
            self._hardest[racing] = np.sort(self.best[:, :, list(racing)].max(axis=2), axis=1)
        return self._hardest[racing]

    def p(self, counts: NDArray[np.int_] | int) -> Floats:
        """p-values of counts: b/B when every permutation is listed, else (b + 1)/(B + 1)."""
        total = self.best.shape[1]
        plus = 0 if self.exact else 1
        return np.asarray((np.asarray(counts, dtype=np.float64) + plus) / (total + plus))


def check_permutations(n_permutations: int) -> None:
    """Refuse fewer permutations than a p of .05 needs.

    Parameters
    ----------
    n_permutations : int

    Raises
    ------
    DataError
        If `n_permutations` is below 19.

    Examples
    --------
    >>> check_permutations(19)
    """
    if n_permutations < 19:
        raise DataError(
            f"{n_permutations} permutations cannot show anything at the 5 per cent level.",
            remedy="Use 19 or more; 9999 is the default.",
        )


def permutation_null(
    scores: Floats,
    patterns: Floats,
    families: NDArray[np.int_],
    *,
    n_permutations: int,
    seed: int,
) -> PermutationNull:
    """Permute the units of the scores and keep the best fit of each family.

    Parameters
    ----------
    scores : ndarray, shape (n, k)
        Columns of length 1 about 0 (see :func:`unit_length`).
    patterns : ndarray, shape (n, m)
        Likewise.
    families : ndarray of int, shape (m,)
        The family of each candidate, from 0.
    n_permutations : int
        All n! are listed instead when there are no more than `n_permutations` + 1.
    seed : int

    Returns
    -------
    PermutationNull

    Raises
    ------
    DataError
        If `n_permutations` is below 19, with which no p reaches .05.

    Examples
    --------
    >>> scores = unit_length(np.array([[3.0], [2.0], [1.0]]))
    >>> null = permutation_null(scores, scores, np.array([0]), n_permutations=99, seed=1)
    >>> null.exact, null.p(null.as_good)
    (True, array([[0.16666667]]))
    """
    check_permutations(n_permutations)
    n = len(scores)
    exact = _enumerable(n, n_permutations)
    bound = scores.T @ patterns - _TIE
    best, counts = [], np.zeros(bound.shape, dtype=np.int_)
    for index in _permutations(n, n_permutations, seed, exact):
        fits = np.swapaxes(scores[index], 1, 2) @ patterns  # permutations x k x m
        counts += (fits >= bound).sum(axis=0)
        best.append(_best(fits, families))
    return PermutationNull(np.concatenate(best, axis=1), counts, exact)


def _permutations(
    n: int, n_permutations: int, seed: int, exact: bool
) -> Iterator[NDArray[np.intp]]:
    if exact:
        yield np.array(list(permutations(range(n))), dtype=np.intp)
        return
    generator = np.random.default_rng(seed)
    for start in range(0, n_permutations, _CHUNK):
        size = min(_CHUNK, n_permutations - start)
        yield generator.permuted(np.tile(np.arange(n), (size, 1)), axis=1)


def _best(fits: Floats, families: NDArray[np.int_]) -> Floats:
    groups = [fits[..., families == f] for f in range(int(families.max()) + 1)]
    return np.stack([group.max(axis=2) for group in groups])


def single_p_values(scores: Floats, patterns: Floats, null: PermutationNull) -> Floats:
    """p-value of every comparison by itself.

    A pattern with few different arrangements is compared with all of them, so
    its p is exact; else the permutations drawn are used.

    Parameters
    ----------
    scores, patterns : ndarray, shape (n, k) and (n, m)
    null : PermutationNull

    Returns
    -------
    ndarray, shape (k, m)
    """
    result = null.p(null.as_good)
    for j, values in enumerate(patterns.T):
        if not null.exact and n_arrangements(values.round(12)) <= MOST_ARRANGED:
            fits = _listed(tuple(np.sort(values.round(12)).tolist())) @ scores
            result[:, j] = (fits >= values @ scores - _TIE).mean(axis=0)
    return result


@lru_cache(maxsize=32)
def _listed(values: tuple[float, ...]) -> Floats:
    return arrangements(np.array(values))


def step_down(
    fits: Floats, null: PermutationNull, families: NDArray[np.int_], shares: Floats
) -> Floats:
    """p-values corrected for all comparisons (maximum statistic, stepping down by factor).

    The hypothesis of a factor is that its scores fit no candidate better than
    permuted scores do. Among the factors still in the race, a fit is compared
    with the best fit of any of them with any candidate of its family; families
    share the level as `shares` say. The factor with the smallest p leaves the
    race, and the rest is looked at again (Westfall & Young 1993, algorithm 4.1,
    with factors in the place of single hypotheses).

    Parameters
    ----------
    fits : ndarray, shape (k, m)
    null : PermutationNull
    families : ndarray of int, shape (m,)
    shares : ndarray, shape (n_families,)
        Sum to 1.

    Returns
    -------
    ndarray, shape (k, m)

    References
    ----------
    Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing.
    Wiley.
    """
    return _stepped(fits, fits.max(axis=1), null, families, shares)


def step_down_at(
    fits: Floats, others: Floats, null: PermutationNull, families: NDArray[np.int_], shares: Floats
) -> Floats:
    """Corrected p of every fit, were it replaced by another one and all others kept.

    Each cell of `others` is put into `fits` by itself, and :func:`step_down` is run
    again, because a higher fit lets its factor leave the race earlier. A higher fit
    never gives a higher p; factors with equal p leave in the order of `fits`.

    Parameters
    ----------
    fits, others : ndarray, shape (k, m)
    null, families, shares
        As in :func:`step_down`.

    Returns
    -------
    ndarray, shape (k, m)
    """
    ties = fits.max(axis=1)
    result = np.empty_like(fits)
    for cell in np.ndindex(*fits.shape):
        changed = fits.copy()
        changed[cell] = others[cell]
        result[cell] = _stepped(changed, ties, null, families, shares)[cell]
    return result


def _stepped(
    fits: Floats,
    ties: Floats,
    null: PermutationNull,
    families: NDArray[np.int_],
    shares: Floats,
) -> Floats:
    """Step down; of factors with equal p, the one with the highest of `ties` leaves first."""
    result = np.ones_like(fits)
    racing, smallest = list(range(len(fits))), 0.0
    while racing:
        found = _against(fits, tuple(racing), null, families, shares)
        first = min(racing, key=lambda f: (float(found[f].min()), -float(ties[f])))
        result[first] = np.maximum(found[first], smallest)
        smallest = float(result[first].min())
        racing.remove(first)
    return result


def _against(
    fits: Floats,
    racing: tuple[int, ...],
    null: PermutationNull,
    families: NDArray[np.int_],
    shares: Floats,
) -> Floats:
    """p-values against the best fit of any factor in the race."""
    p = np.empty_like(fits)
    for family, best in enumerate(null.hardest(racing)):
        own = families == family
        below = np.searchsorted(best, fits[:, own] - _TIE, side="left")
        p[:, own] = null.p(len(best) - below) / shares[family]
    return np.minimum(p, 1.0)


def best_arranged(scores: Floats, patterns: Floats) -> Floats:
    """The best fit that the scores could have had, had they fallen on the units at their best.

    Parameters
    ----------
    scores, patterns : ndarray, shape (n, k) and (n, m)

    Returns
    -------
    ndarray, shape (k, m)

    Examples
    --------
    >>> best_arranged(np.array([[-1.0], [0], [1]]), np.array([[1.0], [-1], [0]]))
    array([[2.]])
    """
    return np.asarray(np.sort(scores, axis=0).T @ np.sort(patterns, axis=0))


def finite_columns(values: Floats) -> Bools:
    """Which columns have no missing value.

    Examples
    --------
    >>> finite_columns(np.array([[1.0, np.nan], [2.0, 3.0]]))
    array([ True, False])
    """
    return np.asarray(np.isfinite(values).all(axis=0))
