"""Raking on coded arrays: weights that reproduce the margins of a population.

People with the same categories get the same raking factor, so the factors are found on the
table of the combinations that occur (the *cells*) and carried back to the rows once. The
solution is that of raking row by row; a million rows of a few thousand cells cost a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["Cells", "CodedWeights", "cells_of", "margin_error", "margins_of", "rake_codes"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.intp]

_MOST_KEYS = 2**62


@dataclass(frozen=True, eq=False)
class Cells:
    """The combinations of categories that occur, and which of them each row is.

    Attributes
    ----------
    of_row : ndarray of int, shape (n,)
        Cell of each row, from 0.
    codes : tuple of ndarray of int, each of shape (number of cells,)
        Category of each cell, one array a variable.
    """

    of_row: Ints
    codes: tuple[Ints, ...]

    @property
    def n(self) -> int:
        """Number of cells."""
        return len(self.codes[0])


@dataclass(frozen=True, eq=False)
class CodedWeights:
    """Weights found on coded arrays, and how the search for them ended.

    Attributes
    ----------
    weights : ndarray, shape (n,)
    iterations : int
        Passes over all margins, or Newton steps.
    converged : bool
        Whether `error` is within the tolerance.
    error : float
        Largest relative departure of a margin from its target.
    """

    weights: Floats
    iterations: int
    converged: bool
    error: float


def cells_of(codes: Sequence[NDArray[np.integer]], sizes: Sequence[int]) -> Cells:
    """Number the combinations of categories that occur.

    Parameters
    ----------
    codes : sequence of int arrays, each of shape (n,)
        Category of each row from 0, one array a variable.
    sizes : sequence of int
        Number of categories of each variable.

    Returns
    -------
    Cells

    Examples
    --------
    >>> cells = cells_of([np.array([0, 1, 0]), np.array([1, 1, 1])], [2, 2])
    >>> cells.of_row.tolist(), [c.tolist() for c in cells.codes]
    ([0, 1, 0], [[0, 1], [1, 1]])
    """
    key, n_keys = np.asarray(codes[0]).astype(np.int64), int(sizes[0])
    for code, size in zip(codes[1:], sizes[1:], strict=True):
        if n_keys * size > _MOST_KEYS:
            key, kept = pd.factorize(key)
            key, n_keys = key.astype(np.int64), len(kept)
        key *= size
        key += code
        n_keys *= int(size)
    if n_keys <= max(4 * len(key), 65_536):
        place = np.zeros(n_keys, dtype=np.intp)
        occupied = np.flatnonzero(np.bincount(key, minlength=n_keys))
        place[occupied] = np.arange(len(occupied))
        of_row, n_cells = place[key], len(occupied)
    else:
        of_row, kept = pd.factorize(key)
        n_cells = len(kept)
    sample = np.empty(n_cells, dtype=np.intp)
    sample[of_row] = np.arange(len(of_row))  # any row of the cell tells its categories
    return Cells(of_row.astype(np.intp, copy=False), tuple(np.asarray(c)[sample] for c in codes))


def margins_of(
    codes: Sequence[NDArray[np.integer]], weights: Floats, sizes: Sequence[int]
) -> list[Floats]:
    """Sum of the weights in each category, one array a variable.

    Examples
    --------
    >>> [m.tolist() for m in margins_of([np.array([0, 1, 0])], np.array([1.0, 2, 4]), [3])]
    [[5.0, 2.0, 0.0]]
    """
    return [
        np.bincount(c, weights, s).astype(np.float64, copy=False)
        for c, s in zip(codes, sizes, strict=True)
    ]


def margin_error(achieved: Sequence[Floats], targets: Sequence[Floats]) -> float:
    """Largest |achieved - target| / target; a zero target counts the share that it got.

    Examples
    --------
    >>> margin_error([np.array([5.0, 5.0])], [np.array([4.0, 6.0])])
    0.25
    """
    worst = 0.0
    for got, asked in zip(achieved, targets, strict=True):
        scale = np.where(asked > 0, asked, asked.sum())
        worst = max(worst, float(np.max(np.abs(got - asked) / scale)))
    return worst


def rake_codes(
    codes: Sequence[NDArray[np.integer]],
    targets: Sequence[ArrayLike],
    base: ArrayLike | None = None,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 500,
) -> CodedWeights:
    """Raking (iterative proportional fitting) of weights to margins, on coded arrays.

    In turn for each variable the weights of every category are multiplied by target / sum,
    until all margins are within the tolerance (Deming & Stephan 1940,
    doi:10.1214/aoms/1177731829). A cell of categories has one factor, so the search runs
    over the cells that occur.

    Parameters
    ----------
    codes : sequence of int arrays, each of shape (n,)
        Category of each row from 0, one array a variable.
    targets : sequence of arrays
        What the weights of each category shall sum to, one array a variable; the arrays
        have the same sum.
    base : array, shape (n,), optional
        Weights to start from, 0 or more; 1 when not given.
    tolerance : float
        Largest relative error of a margin.
    max_iterations : int
        Passes over all margins.

    Returns
    -------
    CodedWeights
        ``converged`` is False where the margins were not met; nothing is raised here.

    Examples
    --------
    >>> sex, age = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 0])
    >>> raked = rake_codes([sex, age], [[50, 50], [60, 40]])
    >>> raked.weights.round(6).tolist(), raked.converged
    ([10.0, 40.0, 25.0, 25.0], True)
    """
    wanted = [np.asarray(t, dtype=np.float64) for t in targets]
    sizes = [len(t) for t in wanted]
    cells = cells_of(codes, sizes)
    start = None if base is None else np.asarray(base, dtype=np.float64)
    mass = np.bincount(cells.of_row, start, cells.n).astype(np.float64, copy=False)
    raked, iterations, error = _rake_cells(cells.codes, wanted, mass, tolerance, max_iterations)
    factors = np.divide(raked, mass, out=np.zeros_like(raked), where=mass > 0)
    weights = factors[cells.of_row]
    if start is not None:
        weights *= start
    return CodedWeights(weights, iterations, error <= tolerance, error)


def _rake_cells(
    codes: Sequence[Ints],
    targets: Sequence[Floats],
    mass: Floats,
    tolerance: float,
    max_iterations: int,
) -> tuple[Floats, int, float]:
    """Raked masses of the cells, passes taken, and the largest relative margin error."""
    weights, sizes = mass.copy(), [len(t) for t in targets]
    error = margin_error(margins_of(codes, weights, sizes), targets)
    done = 0
    while error > tolerance and done < max_iterations:
        for code, target in zip(codes, targets, strict=True):
            total = np.bincount(code, weights, len(target))
            factor = np.divide(target, total, out=np.zeros_like(total), where=total > 0)
            weights *= factor[code]
        done += 1
        error = margin_error(margins_of(codes, weights, sizes), targets)
    return weights, done, error
