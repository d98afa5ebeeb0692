"""What the steps share: array types, the check of an array argument, signs, ranks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError

__all__ = [
    "Bools",
    "Floats",
    "average_ranks",
    "column_signs",
    "factor_names",
    "factor_position",
    "in_range",
    "to_matrix",
    "whole_numbers",
]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def factor_names(n_factors: int) -> tuple[str, ...]:
    """Names of factors in every table: ``f1`` to ``fk``.

    Parameters
    ----------
    n_factors : int
        Number of factors, k.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> factor_names(3)
    ('f1', 'f2', 'f3')
    """
    return tuple(f"f{i}" for i in range(1, n_factors + 1))


def factor_position(factors: Sequence[str], factor: str | int) -> int:
    """Position of a factor that was asked for by name or number.

    Parameters
    ----------
    factors : sequence of str
        The names there are.
    factor : str or int
        ``"f1"``, ``"F1"`` or ``1`` for the first; the halves of a split factor by
        name only.

    Returns
    -------
    int
        From 0.

    Raises
    ------
    DataError
        When there is no such factor; it lists those there are.

    Examples
    --------
    >>> factor_position(["f1", "f2"], "F2"), factor_position(["f1", "f2"], 1)
    (1, 0)
    """
    number = isinstance(factor, (int, np.integer)) and not isinstance(factor, bool)
    name = f"f{factor}" if number else str(factor).strip().lower()
    if name not in factors:
        raise DataError(
            f"there is no factor {factor!r}.", remedy=f"The factors are: {', '.join(factors)}."
        )
    return list(factors).index(name)


def whole_numbers(values: Floats) -> NDArray[Any]:
    """Values as int64 where all are whole numbers, else as they are.

    Parameters
    ----------
    values : ndarray

    Examples
    --------
    >>> whole_numbers(np.array([1.0, -2.0])), whole_numbers(np.array([1.0, np.nan]))
    (array([ 1, -2]), array([ 1., nan]))
    """
    if np.isfinite(values).all() and (values == np.rint(values)).all():
        return values.astype(np.int64)
    return np.array(values)


def to_matrix(values: ArrayLike, what: str) -> Floats:
    """Check that `values` is a finite matrix of numbers and give it as float64.

    Parameters
    ----------
    values : array_like
        Anything that numpy takes for a two-dimensional array.
    what : str
        What the matrix is, for the error message.

    Returns
    -------
    ndarray
        float64; the same object when nothing had to be converted.

    Raises
    ------
    DataError
        When it is not two-dimensional, is empty, or has cells that are not finite numbers.

    Examples
    --------
    >>> to_matrix([[1, 2], [3, 4]], "the sorts").dtype
    dtype('float64')
    """
    try:
        matrix = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{what}: not a matrix of numbers ({error}).") from error
    if matrix.ndim != 2 or matrix.size == 0:
        raise DataError(f"{what}: a matrix with rows and columns is needed, not {matrix.shape}.")
    if not np.isfinite(matrix).all():
        row, column = np.argwhere(~np.isfinite(matrix))[0]
        raise DataError(
            f"{what}: the cell is {matrix[row, column]}.",
            row=int(row) + 1,
            column=int(column) + 1,
            remedy="Every cell must be a number (rows and columns are counted from 1).",
        )
    return matrix


def in_range(values: Floats, axis: int | None = 0) -> Floats:
    """Values times a power of two where their squares would overflow or vanish.

    No digit changes; correlations and z-scores do not depend on the scale.

    Parameters
    ----------
    values : ndarray, shape (n, p)
    axis : {0, None}
        Scale each column (0) or all columns alike (None).

    Returns
    -------
    ndarray, shape (n, p)
        The same object where nothing has to be scaled.

    Examples
    --------
    >>> in_range(np.array([[1e200, 1.0], [-2e200, 3.0]])).round(3)
    array([[ 0.327,  0.25 ],
           [-0.653,  0.75 ]])
    """
    _, exponent = np.frexp(np.abs(values).max(axis=axis, keepdims=True))
    if np.abs(exponent).max() < 300:
        return values
    return np.asarray(np.ldexp(values, -exponent), dtype=np.float64)


def column_signs(loadings: Floats) -> Floats:
    """Sign that reflects each column to a positive sum.

    A column whose sum is zero (to rounding) is reflected so that its largest
    loading is positive, which keeps the result the same on every machine.

    Parameters
    ----------
    loadings : ndarray, shape (..., p, k)

    Returns
    -------
    ndarray, shape (..., k)
        1.0 or -1.0.

    Examples
    --------
    >>> column_signs(np.array([[0.9, -0.8], [0.1, 0.2]]))
    array([ 1., -1.])
    """
    sums = loadings.sum(axis=-2)
    size = np.abs(loadings)
    undecided = np.abs(sums) <= 1e-12 * size.sum(axis=-2)
    if undecided.any():
        # the first of the largest loadings; loadings that differ by rounding count as equal
        first = np.argmax(size >= size.max(axis=-2, keepdims=True) * (1 - 1e-9), axis=-2)
        leading = np.take_along_axis(loadings, first[..., None, :], axis=-2)[..., 0, :]
        sums = np.where(undecided, leading, sums)
    return np.where(sums < 0, -1.0, 1.0)


def average_ranks(values: Floats, tolerance: float = 0.0) -> Floats:
    """Ranks down each column, ties sharing their average rank.

    Parameters
    ----------
    values : ndarray, shape (n, p)
    tolerance : float
        Neighbours in order that are at most this far apart count as tied.

    Returns
    -------
    ndarray, shape (n, p)
        Ranks from 1 (lowest) to n.

    Examples
    --------
    >>> average_ranks(np.array([[3.0], [1.0], [3.0], [2.0]])).ravel()
    array([3.5, 1. , 3.5, 2. ])
    """
    first, last, order = tie_groups(values, tolerance)
    ranks = np.empty_like(values)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=0)
    return ranks


def tie_groups(values: Floats, tolerance: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Sort each column and mark the runs of tied values.

    Parameters
    ----------
    values : ndarray, shape (n, p)
    tolerance : float
        Neighbours in order that are at most this far apart count as tied.

    Returns
    -------
    first, last : ndarray of int, shape (n, p)
        For each place of the sorted column, the first and last place of its run.
    order : ndarray of int, shape (n, p)
        The row that stands at each place.

    Examples
    --------
    >>> first, last, order = tie_groups(np.array([[3.0], [1.0], [3.0]]), 0.0)
    >>> first.ravel(), last.ravel(), order.ravel()
    (array([0, 1, 1]), array([0, 2, 2]), array([1, 0, 2]))
    """
    n = values.shape[0]
    order = np.argsort(values, axis=0, kind="stable")
    step = np.diff(np.take_along_axis(values, order, axis=0), axis=0) > tolerance
    place = np.arange(n)[:, None]
    starts = np.ones(values.shape, dtype=bool)
    starts[1:] = step
    ends = np.ones(values.shape, dtype=bool)
    ends[:-1] = step
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=0)
    last = np.minimum.accumulate(np.where(ends, place, n - 1)[::-1], axis=0)[::-1]
    return first, last, order
