"""Correlations between sorts: every pair of people, over all statements."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Floats, average_ranks, in_range, to_matrix

__all__ = ["CORRELATIONS", "correlate", "kendall", "pearson", "spearman", "unit_columns"]


def pearson(values: ArrayLike) -> Floats:
    r"""Product-moment correlations between the columns.

    .. math:: r_{ij} = \frac{\sum_s (x_{si}-\bar x_i)(x_{sj}-\bar x_j)}
              {\sqrt{\sum_s (x_{si}-\bar x_i)^2 \sum_s (x_{sj}-\bar x_j)^2}}

    Parameters
    ----------
    values : array_like, shape (n, p)
        n statements in the rows, p sorts in the columns.

    Returns
    -------
    ndarray, shape (p, p)
        Symmetric, ones on the diagonal.

    Raises
    ------
    DataError
        When a cell is not a finite number or a sort is constant.

    Examples
    --------
    >>> pearson([[1, 3, 0], [0, 2, 2], [-1, 1, -2]])
    array([[1. , 1. , 0.5],
           [1. , 1. , 0.5],
           [0.5, 0.5, 1. ]])
    """
    return _products(_centred(to_matrix(values, "the sorts")))


def spearman(values: ArrayLike) -> Floats:
    """Rank correlations: :func:`pearson` of the average ranks, as in R's ``cor``.

    Parameters
    ----------
    values : array_like, shape (n, p)
        n statements in the rows, p sorts in the columns.

    Returns
    -------
    ndarray, shape (p, p)

    Raises
    ------
    DataError
        When a cell is not a finite number or a sort is constant.

    Examples
    --------
    >>> spearman([[1, 30], [2, 40], [9, 90]])
    array([[1., 1.],
           [1., 1.]])
    """
    return pearson(average_ranks(to_matrix(values, "the sorts")))


def kendall(values: ArrayLike) -> Floats:
    r"""Kendall's tau-b between the columns, as in R's ``cor``.

    With :math:`s` the sign of the difference of two statements, over all pairs
    of statements: :math:`\tau_{ij} = \sum s_i s_j / \sqrt{\sum s_i^2 \sum s_j^2}`.
    Pairs that a sort ties enter with 0, which is the correction for ties of tau-b.

    Parameters
    ----------
    values : array_like, shape (n, p)
        n statements in the rows, p sorts in the columns.

    Returns
    -------
    ndarray, shape (p, p)

    Raises
    ------
    DataError
        When a cell is not a finite number or a sort is constant.

    References
    ----------
    Kendall, M. G. (1945). The treatment of ties in ranking problems. Biometrika, 33, 239-251.

    Examples
    --------
    >>> kendall([[1, 2], [2, 1], [3, 3], [4, 4]])
    array([[1.        , 0.66666667],
           [0.66666667, 1.        ]])
    """
    return _products(_signs(to_matrix(values, "the sorts")))


def pair_signs(values: Floats) -> Floats:
    """Sign of the difference for each pair of statements, in each sort.

    Parameters
    ----------
    values : ndarray, shape (n, p)

    Returns
    -------
    ndarray, shape (n (n - 1) / 2, p)
        -1.0, 0.0 or 1.0.

    Examples
    --------
    >>> pair_signs(np.array([[1.0], [2.0], [2.0]])).ravel()
    array([1., 1., 0.])
    """
    one, other = np.triu_indices(values.shape[0], k=1)
    return np.sign(values[other] - values[one])


def unit_columns(values: ArrayLike, method: str = "pearson") -> Floats:
    """Columns *Z* of length 1 whose products are the correlations: ``Z.T @ Z``.

    Parameters
    ----------
    values : array_like, shape (n, p)
    method : {"pearson", "spearman", "kendall"}

    Returns
    -------
    ndarray, shape (n, p)
        For Kendall's tau (n (n - 1) / 2, p): one row a pair of statements.

    Raises
    ------
    DataError
        When the method is not one of these, or the sorts cannot be correlated.

    Examples
    --------
    >>> z = unit_columns([[1, 3], [0, 2], [-1, 1]])
    >>> (z.T @ z).round(6)
    array([[1., 1.],
           [1., 1.]])
    """
    _check_method(method)
    matrix = to_matrix(values, "the sorts")
    if method == "kendall":
        return _signs(matrix)
    return _centred(average_ranks(matrix) if method == "spearman" else matrix)


def _centred(matrix: Floats) -> Floats:
    matrix = in_range(matrix)
    return _unit(matrix - matrix.mean(axis=0), np.abs(matrix).max(axis=0))


def _signs(matrix: Floats) -> Floats:
    signs = pair_signs(matrix)
    return _unit(signs, np.ones(signs.shape[1]))


def _unit(columns: Floats, scale: Floats) -> Floats:
    length = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    constant = np.flatnonzero(length <= 1e-12 * scale)
    if constant.size:
        numbers = ", ".join(str(i + 1) for i in constant)
        raise DataError(
            f"sort {numbers}: every statement has the same value, so nothing correlates with it.",
            remedy="Leave the sort out.",
        )
    return np.asarray(columns / length, dtype=np.float64)


def _products(unit: Floats) -> Floats:
    result = np.clip(unit.T @ unit, -1.0, 1.0)
    result = (result + result.T) / 2
    np.fill_diagonal(result, 1.0)
    return np.asarray(result, dtype=np.float64)


CORRELATIONS = {"pearson": pearson, "spearman": spearman, "kendall": kendall}


def correlate(values: ArrayLike, method: str = "pearson") -> Floats:
    """Correlations between sorts by the named method.

    Parameters
    ----------
    values : array_like, shape (n, p)
        n statements in the rows, p sorts in the columns.
    method : {"pearson", "spearman", "kendall"}

    Returns
    -------
    ndarray, shape (p, p)

    Raises
    ------
    DataError
        When the method is not one of these, or the sorts cannot be correlated.

    Examples
    --------
    >>> correlate([[1, 2], [2, 1], [3, 3]], "spearman")
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    _check_method(method)
    return CORRELATIONS[method](values)


def _check_method(method: str) -> None:
    if method not in CORRELATIONS:
        raise DataError(
            f"correlation {method!r} is not offered.",
            remedy=f"Choose one of: {', '.join(CORRELATIONS)}.",
        )
