"""Centroid extraction in its four forms, for one matrix or a stack of them.

All forms reflect sorts until no column sum is negative and take the first
factor through the centroid of what remains. They differ in what they put on
the diagonal:

==================== ==========================================================
``centroid``         as R's ``qmethod``: 0, then communalities until they settle
``centroid_brown``   as KADE (and, by its word, PQMethod): start at .5, stop at .001
``centroid_horst``   Horst (1965, 5.5): communalities of all k factors together
``centroid_tucker``  Tucker and MacCallum (1997): the largest correlation of each
                     sort, one pass
==================== ==========================================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dmpkit.qmethod.arrays import Bools, Floats

__all__ = ["CENTROIDS", "Centroids", "centroid_stack"]

_ZERO = 1e-10  # a sum at most this large (relative to p) is zero
_TIE = 1e-12  # column sums at most this far apart are tied


class Centroids(NamedTuple):
    """Centroid factors of a stack of matrices.

    Attributes
    ----------
    loadings : ndarray, shape (m, p, k)
        NaN from the first factor on for which nothing was left.
    empty : ndarray of int, shape (m,)
        Number of the first factor for which nothing was left, 0 where all were found.
    unsettled : ndarray of int, shape (m,)
        Number of the first factor whose communalities did not settle, 0 where all did.
    """

    loadings: Floats
    empty: NDArray[np.int_]
    unsettled: NDArray[np.int_]


def centroid_stack(
    matrices: Floats,
    n_factors: int,
    form: str = "centroid",
    *,
    tolerance: float | None = None,
    max_iterations: int = 1000,
) -> Centroids:
    """Centroid factors of each matrix of a stack.

    Parameters
    ----------
    matrices : ndarray, shape (m, p, p)
        Correlations between sorts, at least two of them.
    n_factors : int
        k, from 1 to p.
    form : {"centroid", "centroid_brown", "centroid_horst", "centroid_tucker"}
    tolerance : float, optional
        Largest change of a communality at which it counts as settled; the
        form's own by default (1e-5, 1e-3, 1e-4, none).
    max_iterations : int
        Rounds after which a factor counts as unsettled.

    Returns
    -------
    Centroids

    Examples
    --------
    >>> found = centroid_stack(np.array([[[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]]), 1)
    >>> found.loadings.round(3).ravel()
    array([0.707, 0.707, 0.707])
    """
    extract, usual = CENTROIDS[form]
    bound = usual if tolerance is None else tolerance
    return extract(matrices, n_factors, bound, max_iterations)


def _one_by_one(
    factor: Callable[[Floats, Floats, float, int], tuple[Floats, Bools]],
) -> Callable[[Floats, int, float, int], Centroids]:
    """Factors from the residuals of the ones before, each settled by itself."""

    def extract(matrices: Floats, k: int, tolerance: float, rounds: int) -> Centroids:
        residual = matrices.copy()
        m, p, _ = residual.shape
        loadings = np.full((m, p, k), np.nan)
        empty, unsettled = np.zeros(m, dtype=int), np.zeros(m, dtype=int)
        for j in range(k):
            _fill_diagonals(residual, 0.0)
            signs = reflections(residual)
            sums = _reflected_sums(residual, signs)
            nothing = sums.sum(axis=1) <= _ZERO * p
            empty[nothing & (empty == 0)] = j + 1
            reflected = np.where(nothing[:, None], 1.0, sums)
            found, moving = factor(residual, reflected, tolerance, rounds)
            unsettled[moving & (empty == 0) & (unsettled == 0)] = j + 1
            found = np.where((empty > 0)[:, None], np.nan, found * signs)
            loadings[:, :, j] = found
            known = np.nan_to_num(found)
            residual -= known[:, :, None] * known[:, None, :]
        return Centroids(loadings, empty, unsettled)

    return extract


def _communalities_from_zero(
    residual: Floats, sums: Floats, tolerance: float, rounds: int
) -> tuple[Floats, Bools]:
    """R's form: the diagonal starts at the mean correlation of the column."""
    loading = _scaled(sums * (1 + 1 / (sums.shape[1] - 1)))
    return _iterate(sums, loading, np.ones(len(sums), dtype=bool), tolerance, rounds)


def _communalities_from_half(
    residual: Floats, sums: Floats, tolerance: float, rounds: int
) -> tuple[Floats, Bools]:
    """Brown's form as KADE calculates it: the diagonal starts at .5."""
    loading = _scaled(sums + 0.5)
    moving = np.abs(loading**2 - 0.5).max(axis=1) > tolerance
    return _iterate(sums, loading, moving, tolerance, rounds)


def _largest_correlation(
    residual: Floats, sums: Floats, tolerance: float, rounds: int
) -> tuple[Floats, Bools]:
    """Tucker and MacCallum's form: the diagonal is the largest correlation of the column."""
    largest = np.abs(residual).max(axis=1)
    return _scaled(sums + largest), np.zeros(len(sums), dtype=bool)


def _iterate(
    sums: Floats, loading: Floats, moving: Bools, tolerance: float, rounds: int
) -> tuple[Floats, Bools]:
    """Fill the diagonal with communalities until they settle."""
    for _ in range(rounds):
        if not moving.any():
            break
        communality = loading**2
        following = _scaled(sums + communality)
        loading = np.where(moving[:, None], following, loading)
        moving = moving & (np.abs(loading**2 - communality).max(axis=1) >= tolerance)
    return loading, moving


def _scaled(totals: Floats) -> Floats:
    return np.asarray(totals / np.sqrt(totals.sum(axis=1, keepdims=True)), dtype=np.float64)


def _horst(matrices: Floats, k: int, tolerance: float, rounds: int) -> Centroids:
    """All k factors together, again and again, until their communalities settle."""
    diagonal = np.ones(matrices.shape[:2])
    moving = np.ones(len(matrices), dtype=bool)
    # reflections start where the round before ended, so that a sort on the border stays put
    signs = np.ones((*matrices.shape[:2], k))
    loadings, empty, signs = _horst_pass(matrices, diagonal, signs)
    for _ in range(rounds):
        # a communality above 1 (a Heywood case) stands as 1 on the diagonal, and so can settle
        communality = np.minimum((np.nan_to_num(loadings) ** 2).sum(axis=2), 1.0)
        rest = np.abs(diagonal - communality).max(axis=1)
        moving = moving & (rest > tolerance) & (empty == 0)
        if not moving.any():
            break
        diagonal = np.where(moving[:, None], communality, diagonal)
        found = _horst_pass(matrices[moving], diagonal[moving], signs[moving])
        loadings[moving], empty[moving], signs[moving] = found
    return Centroids(loadings, empty, np.where(moving, k, 0))


def _horst_pass(
    matrices: Floats, diagonal: Floats, start: Floats
) -> tuple[Floats, NDArray[np.int_], Floats]:
    """One extraction of k factors with a given diagonal; loadings, first empty factor, signs."""
    residual = matrices.copy()
    _fill_diagonals(residual, diagonal)
    m, p, k = start.shape
    loadings, empty = np.full((m, p, k), np.nan), np.zeros(m, dtype=int)
    reached = np.empty_like(start)
    for j in range(k):
        bare = residual.copy()
        _fill_diagonals(bare, 0.0)
        signs = reflections(bare, start[:, :, j])
        reached[:, :, j] = signs
        totals = np.matmul(residual, signs[:, :, None])[:, :, 0]
        size = (totals * signs).sum(axis=1)
        empty[(size <= _ZERO * p) & (empty == 0)] = j + 1
        found = totals / np.sqrt(np.where(size > 0, size, 1.0))[:, None]
        found = np.where((empty > 0)[:, None], np.nan, found)
        loadings[:, :, j] = found
        known = np.nan_to_num(found)
        residual -= known[:, :, None] * known[:, None, :]
    return loadings, empty, reached


def reflections(matrices: Floats, start: Floats | None = None) -> Floats:
    """Signs after which no column sum is negative.

    The sort with the most negative sum is reflected first, of tied ones that
    with the lowest index, so that duplicated sorts give the same result on
    every machine.

    Parameters
    ----------
    matrices : ndarray, shape (m, p, p)
        With 0 on the diagonals.
    start : ndarray, shape (m, p), optional
        Signs to start from; all 1 by default.

    Returns
    -------
    ndarray, shape (m, p)
        1.0 or -1.0.

    Examples
    --------
    >>> reflections(np.array([[[0, 0.5, -0.4], [0.5, 0, -0.3], [-0.4, -0.3, 0]]]))
    array([[ 1.,  1., -1.]])
    """
    signs = np.ones(matrices.shape[:2]) if start is None else start.copy()
    sums = matrices.sum(axis=1) if start is None else _reflected_sums(matrices, signs)
    place = np.flatnonzero(sums.min(axis=1) < -_TIE)
    while len(place):
        now = sums[place]
        worst = np.argmax(now <= now.min(axis=1, keepdims=True) + _TIE, axis=1)
        signs[place, worst] *= -1
        sums[place] = _reflected_sums(matrices[place], signs[place])
        place = place[sums[place].min(axis=1) < -_TIE]
    return signs


def _reflected_sums(matrices: Floats, signs: Floats) -> Floats:
    return np.asarray(np.matmul(matrices, signs[:, :, None])[:, :, 0] * signs)


def _fill_diagonals(matrices: Floats, values: Floats | float) -> None:
    index = np.arange(matrices.shape[1])
    matrices[:, index, index] = values


#: Form of the centroid method to how it extracts and its usual tolerance.
CENTROIDS: dict[str, tuple[Callable[[Floats, int, float, int], Centroids], float]] = {
    "centroid": (_one_by_one(_communalities_from_zero), 1e-5),
    "centroid_brown": (_one_by_one(_communalities_from_half), 1e-3),
    "centroid_horst": (_horst, 1e-4),
    "centroid_tucker": (_one_by_one(_largest_correlation), 1e-5),
}
