"""Extraction: from correlations between sorts to unrotated factors."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import ArrayLike

from dmpkit.errors import ConvergenceWarning, DataError, warn
from dmpkit.qmethod.arrays import Floats, column_signs, to_matrix
from dmpkit.qmethod.centroid import CENTROIDS, centroid_stack

__all__ = [
    "SMALL_CENTROID",
    "centroid_shares",
    "eigenvalues",
    "extract_centroid",
    "extract_pca",
    "extract_pca_thin",
]

#: A centroid factor with a share below this may have missed a viewpoint. Factors of sorts
#: drawn at random, and factors beyond the last viewpoint, have shares above it.
SMALL_CENTROID = 0.25
_ZERO = 1e-10  # an eigenvalue at most this large (relative to p) is zero


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
    return _components(vectors, values, matrix.shape[0])


def extract_pca_thin(columns: ArrayLike, n_factors: int) -> tuple[Floats, Floats]:
    r"""Principal components without the correlation matrix, for many sorts.

    The same loadings as :func:`extract_pca`, from the singular values of the
    standardised sorts *Z* (columns of length 1, so that :math:`Z'Z = R`): with
    60 statements and 5,000 sorts that is a 60 x 5,000 problem instead of a
    5,000 x 5,000 one.

    Parameters
    ----------
    columns : array_like, shape (m, p)
        From :func:`~dmpkit.qmethod.correlation.unit_columns`.
    n_factors : int

    Returns
    -------
    loadings : ndarray, shape (p, k)
    eigenvalues : ndarray, shape (p,)
        Largest first, 0 beyond the rank.

    Raises
    ------
    DataError
        When there are fewer components than are asked for.

    Examples
    --------
    >>> from dmpkit.qmethod.correlation import unit_columns
    >>> sorts = np.array([[1, 3, 0], [0, 2, 2], [-1, 1, -2]])
    >>> loadings, values = extract_pca_thin(unit_columns(sorts), 1)
    >>> loadings.ravel().round(3), values.round(3)
    (array([0.966, 0.966, 0.707]), array([2.366, 0.634, 0.   ]))
    """
    z = to_matrix(columns, "the standardised sorts")
    p = z.shape[1]
    k = check_n_factors(n_factors, p)
    _, length, vectors = np.linalg.svd(z, full_matrices=False)
    values = np.zeros(p)
    values[: len(length)] = length**2
    basis = np.zeros((p, k))
    basis[:, : len(length)] = vectors[:k].T
    return _components(basis, values[:k], p), values


def _components(vectors: Floats, values: Floats, p: int) -> Floats:
    too_small = values <= _ZERO * p
    if too_small.any():
        k, left = len(values), int(len(values) - too_small.sum())
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
    form: str = "centroid",
    tolerance: float | None = None,
    max_iterations: int = 1000,
) -> Floats:
    r"""Centroid factors (Brown 1980, pp. 208-224), by default as R's ``qmethod`` extracts them.

    For each factor: the diagonal is set to 0; sorts are reflected, the one with
    the most negative column sum first, until no sum is negative; the first
    loadings are :math:`f = (t + t/(p-1)) / \sqrt{\sum (t + t/(p-1))}` with column
    sums *t*; then the diagonal is filled with the communalities :math:`f^2` and
    the loadings recomputed as :math:`t/\sqrt{\sum t}` until no :math:`f^2` moves
    by `tolerance` or more; the reflections are undone, and the next factor is
    taken from the residual :math:`R - ff'`. The other forms:

    - ``centroid_brown``: the first diagonal is .5 and the tolerance .001, as KADE
      calculates it and says that PQMethod does. KADE rounds correlations to five
      decimals and everything on the way to eight; that is not imitated, so its
      last printed digit can differ. Not checked against PQMethod itself.
    - ``centroid_horst``: Horst's centroid with iterated communalities (1965,
      section 5.5): all k factors are extracted from a matrix with ones on the
      diagonal, the diagonal is replaced by their communalities (at most 1), and
      so on until none differs by more than 1e-4; a round starts from the
      reflections of the one before, and still can go round in circles (with a
      ConvergenceWarning). Loadings then depend on k. Its reflections
      were not checked against KADE's, which also stops after 30 rounds.
    - ``centroid_tucker``: the diagonal is the largest absolute correlation of
      each column of the residual, and nothing is iterated (Tucker & MacCallum 1997).

    Sums that differ by less than 1e-12 count as tied and the sort with the
    lowest index is reflected first, so duplicated sorts give the same result on
    every machine. R follows the last bit there and may take another branch.

    Parameters
    ----------
    correlations : array_like, shape (p, p)
    n_factors : int
        Number of factors, from 1 to p.
    form : {"centroid", "centroid_brown", "centroid_horst", "centroid_tucker"}
    tolerance : float, optional
        Stop when every communality changes by less than this; the form's own
        by default (1e-5 for R's).
    max_iterations : int
        Stop here with a ConvergenceWarning.

    Returns
    -------
    ndarray, shape (p, k)
        The first columns are the same whatever the number of factors, except
        with ``centroid_horst``.

    Raises
    ------
    DataError
        When the form is unknown, the matrix is unusable or nothing is left to extract.

    References
    ----------
    Brown, S. R. (1980). Political Subjectivity. Yale University Press.
    Horst, P. (1965). Factor Analysis of Data Matrices. Holt, Rinehart and Winston.
    Tucker, L. R., & MacCallum, R. C. (1997). Exploratory Factor Analysis.

    Examples
    --------
    >>> matrix = [[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]]
    >>> extract_centroid(matrix, 1).round(3).ravel()
    array([0.707, 0.707, 0.707])
    >>> extract_centroid(matrix, 1, form="centroid_tucker").round(3).ravel()
    array([0.707, 0.707, 0.707])
    """
    matrix = _symmetric(correlations)
    k = check_n_factors(n_factors, matrix.shape[0])
    if matrix.shape[0] < 2:
        raise DataError("centroid extraction needs at least 2 sorts.")
    if form not in CENTROIDS:
        raise DataError(
            f"centroid form {form!r} is not offered.",
            remedy=f"Choose one of: {', '.join(CENTROIDS)}.",
        )
    found = centroid_stack(
        matrix[None], k, form, tolerance=tolerance, max_iterations=max_iterations
    )
    if found.empty[0]:
        raise DataError(
            f"centroid extraction finds nothing left to extract for factor f{found.empty[0]}: "
            "what is left is empty, or its column sums cancel.",
            remedy="Ask for fewer factors, or compare with extraction='pca'.",
        )
    if found.unsettled[0]:
        warn(
            f"The communalities of centroid factor f{found.unsettled[0]} did not settle in "
            f"{max_iterations} rounds; its loadings are approximate. Compare with "
            "extraction='pca'.",
            ConvergenceWarning,
            stacklevel=2,
        )
    return np.asarray(found.loadings[0])


def centroid_shares(correlations: ArrayLike, loadings: ArrayLike) -> Floats:
    r"""Size of each centroid factor beside the largest factor there was to take.

    :math:`\sum_i f_{ij}^2 / \lambda_j` with the largest eigenvalue :math:`\lambda_j` of the
    residual :math:`R - \sum_{h<j} f_h f_h'` that the factors before *j* leave, with 0 on
    its diagonal. About 1 for a good factor. The centroid method reflects sorts only
    until no column sum is negative; where the sums nearly cancel without being
    negative (two views that stand against each other, say) it stops at a small
    factor, although the residual holds a large one.

    Parameters
    ----------
    correlations : array_like, shape (p, p)
    loadings : array_like, shape (p, k)
        Unrotated.

    Returns
    -------
    ndarray, shape (k,)

    Raises
    ------
    DataError
        When the shapes do not fit or a cell is not a finite number.

    Examples
    --------
    Two pairs of like sorts that stand against each other: the column sums (.9 - .8)
    nearly cancel, and the factor along which the pairs differ is passed over.

    >>> r = np.array([[1, 0.9, -0.4, -0.4], [0.9, 1, -0.4, -0.4],
    ...               [-0.4, -0.4, 1, 0.9], [-0.4, -0.4, 0.9, 1]])
    >>> centroid_shares(r, extract_centroid(r, 1)).round(2)
    array([0.08])
    >>> centroid_shares(r, extract_pca(r, 1)).round(2)
    array([1.59])
    """
    rest = _symmetric(correlations).copy()
    factors = to_matrix(loadings, "the loadings")
    if factors.shape[0] != rest.shape[0]:
        raise DataError(f"there are loadings for {factors.shape[0]} of {rest.shape[0]} sorts.")
    shares = np.empty(factors.shape[1])
    for j, factor in enumerate(factors.T):
        np.fill_diagonal(rest, 0.0)
        largest = _largest_eigenvalue(rest)
        shares[j] = (factor**2).sum() / largest if largest > 0 else np.inf
        rest -= np.outer(factor, factor)
    return shares


def _largest_eigenvalue(matrix: Floats) -> float:
    if len(matrix) <= 500:
        return float(np.linalg.eigvalsh(matrix)[-1])
    from scipy.sparse.linalg import eigsh

    # the same start every time, so that the same digits come out
    start = np.linspace(1.0, 2.0, len(matrix))
    found = eigsh(matrix, k=1, which="LA", v0=start, tol=1e-6, return_eigenvectors=False)
    return float(found[0])


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
