"""Extraction: from correlations between sorts to unrotated factors."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import ArrayLike

from dmpkit.errors import ConvergenceWarning, DataError, warn
from dmpkit.qmethod.arrays import Floats, column_signs, to_matrix

__all__ = ["eigenvalues", "extract_centroid", "extract_pca"]

_ZERO = 1e-10  # an eigenvalue, or a column sum, at most this large (relative to p) is zero
_TIE = 1e-12  # column sums at most this far apart are tied


def eigenvalues(correlations: ArrayLike) -> Floats:
    """All eigenvalues of the correlation matrix, largest first.

    Their sum is p; divided by p they are the shares of variance that principal
    components explain.

    Parameters
    ----------
    correlations : array_like, shape (p, p)

    Returns
    -------
    ndarray, shape (p,)

    Raises
    ------
    DataError
        When the matrix is not square, not symmetric or not finite.

    Examples
    --------
    >>> eigenvalues([[1, 0.5], [0.5, 1]])
    array([1.5, 0.5])
    """
    return np.linalg.eigvalsh(_symmetric(correlations))[::-1].astype(np.float64)


def extract_pca(correlations: ArrayLike, n_factors: int) -> Floats:
    r"""Principal components of the sorts.

    Loadings are :math:`a_{ij} = v_{ij}\sqrt{\lambda_j}` with eigenvectors *v*
    and eigenvalues :math:`\lambda`, in order of falling eigenvalue, each column
    reflected to a positive sum (the rule of R's ``psych::principal``, which
    R's ``qmethod`` uses).

    Parameters
    ----------
    correlations : array_like, shape (p, p)
    n_factors : int
        Number of components, from 1 to the rank of the matrix.

    Returns
    -------
    ndarray, shape (p, k)

    Raises
    ------
    DataError
        When the matrix is unusable or has fewer components than are asked for.

    Examples
    --------
    >>> extract_pca([[1, 0.5], [0.5, 1]], 2).round(4)
    array([[ 0.866,  0.5  ],
           [ 0.866, -0.5  ]])
    """
    matrix = _symmetric(correlations)
    k = check_n_factors(n_factors, matrix.shape[0])
    values, vectors = np.linalg.eigh(matrix)
    values, vectors = values[: -k - 1 : -1], vectors[:, : -k - 1 : -1]
    too_small = values <= _ZERO * matrix.shape[0]
    if too_small.any():
        left = int(k - too_small.sum())
        raise DataError(
            f"{k} factors are asked for, but the sorts hold only {left} components.",
            remedy=f"Ask for at most {left} factors.",
        )
    loadings = vectors * np.sqrt(values)
    return np.asarray(loadings * column_signs(loadings), dtype=np.float64)


def extract_centroid(
    correlations: ArrayLike,
    n_factors: int,
    *,
    tolerance: float = 1e-5,
    max_iterations: int = 1000,
) -> Floats:
    r"""Centroid factors, as R's ``qmethod`` extracts them (Brown 1980, pp. 208-224).

    For each factor: the diagonal is set to 0; sorts are reflected, the one with
    the most negative column sum first, until no sum is negative; the first
    loadings are :math:`f = (t + t/(p-1)) / \sqrt{\sum (t + t/(p-1))}` with column
    sums *t*; then the diagonal is filled with the communalities :math:`f^2` and
    the loadings recomputed as :math:`t/\sqrt{\sum t}` until no :math:`f^2` moves
    by `tolerance` or more; the reflections are undone, and the next factor is
    taken from the residual :math:`R - ff'`.

    Sums that differ by less than 1e-12 count as tied and the sort with the
    lowest index is reflected first, so duplicated sorts give the same result on
    every machine. R follows the last bit there and may take another branch.

    Parameters
    ----------
    correlations : array_like, shape (p, p)
    n_factors : int
        Number of factors, from 1 to p.
    tolerance : float
        Stop when every communality changes by less than this.
    max_iterations : int
        Stop here with a ConvergenceWarning.

    Returns
    -------
    ndarray, shape (p, k)
        The first columns are the same whatever the number of factors.

    Raises
    ------
    DataError
        When the matrix is unusable or nothing is left to extract.

    Examples
    --------
    >>> extract_centroid([[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]], 1).round(3)
    array([[0.707],
           [0.707],
           [0.707]])
    """
    residual = _symmetric(correlations).copy()
    k = check_n_factors(n_factors, residual.shape[0])
    if residual.shape[0] < 2:
        raise DataError("centroid extraction needs at least 2 sorts.")
    columns = []
    for number in range(1, k + 1):
        np.fill_diagonal(residual, 0.0)
        loading = _centroid(residual, f"f{number}", tolerance, max_iterations)
        columns.append(loading)
        residual -= np.outer(loading, loading)
    return np.column_stack(columns)


def _centroid(matrix: Floats, name: str, tolerance: float, max_iterations: int) -> Floats:
    """One centroid factor of a matrix whose diagonal is 0."""
    signs = _reflections(matrix)
    reflected = matrix * signs * signs[:, None]
    sums = reflected.sum(axis=0)
    if sums.sum() <= _ZERO * len(sums):
        raise DataError(
            f"centroid extraction finds nothing left to extract for factor {name}.",
            remedy="Ask for fewer factors.",
        )
    start = sums * (1 + 1 / (len(sums) - 1))
    loading = start / np.sqrt(start.sum())
    for _ in range(max_iterations):
        communality = loading**2
        total = sums + communality
        loading = total / np.sqrt(total.sum())
        if np.abs(loading**2 - communality).max() < tolerance:
            break
    else:
        warn(
            f"The communalities of centroid factor {name} did not settle in {max_iterations} "
            "rounds; its loadings are approximate. Compare with extraction='pca'.",
            ConvergenceWarning,
            stacklevel=4,
        )
    return np.asarray(loading * signs, dtype=np.float64)


def _reflections(matrix: Floats) -> Floats:
    """Signs after which no column sum is negative."""
    signs = np.ones(matrix.shape[0])
    sums = matrix.sum(axis=0)
    while sums.min() < -_TIE:
        worst = int(np.argmax(sums <= sums.min() + _TIE))
        signs[worst] = -signs[worst]
        sums = (matrix * signs[:, None]).sum(axis=0) * signs
    return signs


def check_n_factors(n_factors: int, n_sorts: int) -> int:
    """Number of factors as an int between 1 and the number of sorts.

    Parameters
    ----------
    n_factors : int
    n_sorts : int

    Returns
    -------
    int

    Raises
    ------
    DataError
        When it is not a whole number in that range.

    Examples
    --------
    >>> check_n_factors(3, 9)
    3
    """
    if isinstance(n_factors, bool) or not hasattr(n_factors, "__index__"):
        raise DataError(f"n_factors must be a whole number, not {n_factors!r}.")
    k = operator.index(n_factors)
    if not 1 <= k <= n_sorts:
        raise DataError(
            f"{k} factors are asked for from {n_sorts} sorts.",
            remedy=f"Choose a number from 1 to {n_sorts}.",
        )
    return k


def _symmetric(correlations: ArrayLike) -> Floats:
    matrix = to_matrix(correlations, "the correlation matrix")
    if matrix.shape[0] != matrix.shape[1]:
        raise DataError(f"the correlation matrix must be square, not {matrix.shape}.")
    if np.abs(matrix - matrix.T).max() > 1e-8:
        raise DataError("the correlation matrix is not symmetric.")
    return matrix
