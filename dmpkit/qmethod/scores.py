"""From flags to viewpoints: weights, z-scores, factor arrays, and how they differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Bools, Floats, factor_names, in_range, tie_groups, to_matrix
from dmpkit.qmethod.flags import as_fraction, critical_value

__all__ = [
    "STARS",
    "composite_reliability",
    "difference_stars",
    "factor_arrays",
    "factor_pairs",
    "factor_score_correlations",
    "factor_weights",
    "significant_differences",
    "standard_errors",
    "standard_errors_of_differences",
    "statement_labels",
    "z_scores",
]

STARS = {0.05: "*", 0.01: "**", 0.001: "***", 0.000001: "6*"}
_TIE = 1e-10  # z-scores at most this far apart are tied: they differ by rounding only


def factor_weights(loadings: ArrayLike, flags: ArrayLike) -> Floats:
    r"""Weight of each flagged sort in the composite of its factor: :math:`a/(1-a^2)`.

    Spearman's weights as used since Brown (1980, pp. 241-242), with the sign of
    the loading; sorts that are not flagged, or load 0 (to rounding), weigh 0. A
    loading of 1 or more (a Heywood case, or a pattern loading of an oblique
    rotation) makes the formula infinite or turns its sign around; then its limit
    is taken: the composite rests on these sorts alone, with weights 1 or -1.

    Parameters
    ----------
    loadings : array_like, shape (p, k)
    flags : array_like of bool, shape (p, k)

    Returns
    -------
    ndarray, shape (p, k)

    Raises
    ------
    DataError
        When the shapes differ or a loading is not a finite number.

    Examples
    --------
    >>> factor_weights([[0.5, 0.1], [-0.8, 0.3]], [[True, False], [True, False]]).round(4)
    array([[ 0.6667,  0.    ],
           [-2.2222,  0.    ]])
    """
    a = to_matrix(loadings, "the loadings")
    flagged = np.asarray(flags, dtype=bool)
    if flagged.shape != a.shape:
        raise DataError(f"the flags have the shape {flagged.shape}, the loadings {a.shape}.")
    flagged = flagged & (np.abs(a) > 1e-12)
    whole = flagged & (np.abs(a) >= 1)
    if not whole.any():
        return np.where(flagged, a / (1 - a**2 * flagged), 0.0)
    inside = np.where(whole, 0.0, a)
    weights = np.where(flagged, inside / (1 - inside**2 * flagged), 0.0)
    return np.where(whole.any(axis=0), np.where(whole, np.sign(a), 0.0), weights)


def z_scores(values: ArrayLike, weights: ArrayLike, *, standardise: bool = False) -> Floats:
    r"""z-scores of the statements: the weighted sum of the sorts, standardised.

    :math:`z_{sj} = (t_{sj} - \bar t_j)/s_j` with :math:`t_{sj} = \sum_i w_{ij} x_{si}` and the
    standard deviation with denominator n - 1.

    Parameters
    ----------
    values : array_like, shape (n, p)
        The sorts.
    weights : array_like, shape (p, k)
        From :func:`factor_weights`.
    standardise : bool
        Standardise each sort before it is weighted, as KADE does. It makes no
        difference when all sorts have the same distribution.

    Returns
    -------
    ndarray, shape (n, k)
        A column of NaN where a factor has no weights, or where its weighted
        sorts cancel each other out.

    Raises
    ------
    DataError
        When the shapes do not fit or a cell is not a finite number.

    Examples
    --------
    >>> z_scores([[-1, 0], [0, 1], [1, -1]], [[2.0], [1.0]])
    array([[-1.15470054],
           [ 0.57735027],
           [ 0.57735027]])
    """
    x = in_range(to_matrix(values, "the sorts"), axis=0 if standardise else None)
    w = in_range(to_matrix(weights, "the weights"))
    if x.shape[1] != w.shape[0]:
        raise DataError(f"there are {x.shape[1]} sorts, but weights for {w.shape[0]}.")
    if standardise:
        x = (x - x.mean(axis=0)) / x.std(axis=0, ddof=1)
    totals = x @ w
    centred = totals - totals.mean(axis=0)
    deviation = np.sqrt((centred**2).sum(axis=0) / (len(x) - 1))
    size = np.abs(x).max(axis=0) @ np.abs(w)  # what the sum could reach without cancelling
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(deviation > 1e-12 * size, centred / deviation, np.nan)


def factor_arrays(z: ArrayLike, distribution: ArrayLike, *, ties: str = "qmethod") -> Floats:
    """Factor arrays: z-scores turned back into a sort with the given distribution.

    Parameters
    ----------
    z : array_like, shape (n, k)
        z-scores; a column with NaN stays NaN.
    distribution : array_like, shape (n,)
        The grid value of every statement, in any order.
    ties : {"qmethod", "kade"}
        What becomes of statements with equal z-scores. ``"qmethod"`` is R's rule:
        all get the grid value at the lower whole number of their average rank, so
        that equal statements stay equal and the array can depart from the
        distribution. ``"kade"``: the statement that comes first gets the higher
        place, and the distribution is always kept. z-scores that differ by less
        than 1e-10 count as equal.

    Returns
    -------
    ndarray, shape (n, k)

    Raises
    ------
    DataError
        When the distribution has another length than z, or the rule is unknown.

    Examples
    --------
    >>> z = [[1.2], [0.3], [0.3], [-1.8]]
    >>> factor_arrays(z, [-1, 0, 1, 2]).ravel()
    array([ 2.,  0.,  0., -1.])
    >>> factor_arrays(z, [-1, 0, 1, 2], ties="kade").ravel()
    array([ 2.,  1.,  0., -1.])
    """
    scores = np.asarray(z, dtype=np.float64)
    grid = np.sort(np.asarray(distribution, dtype=np.float64))
    if scores.ndim != 2 or grid.shape != scores.shape[:1]:
        raise DataError(
            f"the distribution has {grid.size} values for z-scores of the shape {scores.shape}.",
            remedy="Give one grid value a statement.",
        )
    if ties not in ("qmethod", "kade"):
        raise DataError(f"the tie rule {ties!r} is not offered.", remedy="Use qmethod or kade.")
    first, last, order = tie_groups(np.nan_to_num(scores), _TIE)
    if ties == "qmethod":
        places = (first + last) // 2
    else:
        # within a run, statements stand in a jumble of rounding error: put the last one lowest
        order = np.take_along_axis(order, np.lexsort((-order, first), axis=0), axis=0)
        places = np.broadcast_to(np.arange(len(grid))[:, None], scores.shape)
    result = np.empty_like(scores)
    np.put_along_axis(result, order, grid[places], axis=0)
    return np.where(np.isnan(scores).any(axis=0), np.nan, result)


def composite_reliability(n_flagged: ArrayLike, sort_reliability: float = 0.80) -> Floats:
    r"""Reliability of a factor that *m* sorts define: :math:`rm/(1 + (m-1)r)`.

    The Spearman-Brown formula with the reliability *r* of one sort, by custom
    .80: what people agree with themselves when they sort again (Brown 1980, p. 245).

    Parameters
    ----------
    n_flagged : array_like of int, shape (k,)
    sort_reliability : float
        From 0 to 1.

    Returns
    -------
    ndarray, shape (k,)
        0 for a factor without flagged sorts.

    Raises
    ------
    DataError
        When the reliability is not between 0 and 1.

    Examples
    --------
    >>> composite_reliability([0, 1, 3]).round(4)
    array([0.    , 0.8   , 0.9231])
    """
    r = as_fraction(
        sort_reliability,
        f"the reliability of a sort is {sort_reliability!r}.",
        "Give a number between 0 and 1: 0.80.",
    )
    m = np.asarray(n_flagged, dtype=np.float64)
    return np.where(m > 0, r * m / (1 + (m - 1) * r), 0.0)


def standard_errors(z: ArrayLike, reliability: ArrayLike) -> Floats:
    r"""Standard error of the z-scores of each factor: :math:`s_z \sqrt{1 - r}`.

    The standard deviation of z-scores is 1.

    Parameters
    ----------
    z : array_like, shape (n, k)
    reliability : array_like, shape (k,)
        From :func:`composite_reliability`.

    Returns
    -------
    ndarray, shape (k,)
        NaN for a factor without z-scores.

    Examples
    --------
    >>> standard_errors([[1.0], [0.0], [-1.0]], [0.75])
    array([0.5])
    """
    deviation = np.asarray(z, dtype=np.float64).std(axis=0, ddof=1)
    return np.asarray(deviation * np.sqrt(1 - np.asarray(reliability, dtype=np.float64)))


def standard_errors_of_differences(errors: ArrayLike) -> Floats:
    r"""Standard error of the difference of two factors' z-scores.

    :math:`\sqrt{SE_i^2 + SE_j^2}`; the diagonal has :math:`\sqrt 2\,SE_i`, as R prints it.

    Parameters
    ----------
    errors : array_like, shape (k,)
        From :func:`standard_errors`.

    Returns
    -------
    ndarray, shape (k, k)

    Examples
    --------
    >>> standard_errors_of_differences([0.3, 0.4]).round(3)
    array([[0.424, 0.5  ],
           [0.5  , 0.566]])
    """
    squared = np.asarray(errors, dtype=np.float64) ** 2
    return np.sqrt(squared[:, None] + squared)


def factor_score_correlations(z: ArrayLike) -> Floats:
    """Correlations between the factors' z-scores.

    Parameters
    ----------
    z : array_like, shape (n, k)

    Returns
    -------
    ndarray, shape (k, k)
        Ones on the diagonal; NaN beside it where a factor has no z-scores.

    Examples
    --------
    >>> factor_score_correlations([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    array([[1. , 0.5],
           [0.5, 1. ]])
    """
    scores = np.asarray(z, dtype=np.float64)
    centred = scores - scores.mean(axis=0)
    unit = centred / np.sqrt((centred**2).sum(axis=0))
    result = np.clip(unit.T @ unit, -1.0, 1.0)
    np.fill_diagonal(result, 1.0)
    return np.asarray(result, dtype=np.float64)


def factor_pairs(z: ArrayLike) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Pairs of factors that can be compared: both have z-scores.

    Parameters
    ----------
    z : array_like, shape (n, k)

    Returns
    -------
    first, second : ndarray of int, shape (number of pairs,)
        Columns of `z`, first < second, in the order 1-2, 1-3, ..., 2-3, ...

    Examples
    --------
    >>> factor_pairs([[1.0, 0.5, np.nan, 0.1]])
    (array([0, 0, 1]), array([1, 3, 3]))
    """
    scored = np.flatnonzero(~np.isnan(np.asarray(z, dtype=np.float64)).any(axis=0))
    first, second = np.triu_indices(len(scored), k=1)
    return scored[first], scored[second]


def significant_differences(
    z: ArrayLike, errors: ArrayLike, level: float = 0.05, profile: str = "qmethod"
) -> Bools:
    r"""Where two factors' z-scores differ significantly.

    :math:`|z_i - z_j| > c\,\sqrt{SE_i^2 + SE_j^2}` with the critical value *c* of
    :func:`~dmpkit.qmethod.flags.critical_value`; ``"kade"`` counts equality too.

    The level holds where sorts that share a view correlate as much as the reliability
    of a sort that the errors assume, by custom .80. With two groups of six sorts of one
    view, 5 per cent of the statements came out as different at .05 where the sorts
    correlated .80, and 29 per cent where they correlated .50 (simulated): the errors are
    those of people sorting again, not of others sorting.

    Parameters
    ----------
    z : array_like, shape (n, k)
    errors : array_like, shape (k,)
        Standard errors of the factors.
    level : float
    profile : {"qmethod", "kade"}

    Returns
    -------
    ndarray of bool, shape (n, number of pairs)
        Pairs as in :func:`factor_pairs`.

    Raises
    ------
    DataError
        When the level or the profile is unusable.

    Examples
    --------
    >>> significant_differences([[1.0, 0.1], [0.2, 0.1]], [0.3, 0.3])
    array([[ True],
           [False]])
    """
    scores = np.asarray(z, dtype=np.float64)
    first, second = factor_pairs(scores)
    distance = np.abs(scores[:, first] - scores[:, second])
    bound = standard_errors_of_differences(errors)[first, second] * critical_value(level, profile)
    return np.asarray(distance >= bound if profile == "kade" else distance > bound)


def difference_stars(z: ArrayLike, errors: ArrayLike, profile: str = "qmethod") -> NDArray[np.str_]:
    """Stars of the differences between factors, as R's ``qmethod`` prints them.

    Parameters
    ----------
    z : array_like, shape (n, k)
    errors : array_like, shape (k,)
        Standard errors of the factors.
    profile : {"qmethod", "kade"}

    Returns
    -------
    ndarray of str, shape (n, number of pairs)
        ``""``, ``"*"`` (p < .05), ``"**"`` (.01), ``"***"`` (.001), ``"6*"`` (.000001).

    Examples
    --------
    >>> difference_stars([[1.0, 0.1], [0.2, 0.1]], [0.3, 0.3])
    array([['*'],
           ['']], dtype='<U3')
    """
    shape = (np.shape(z)[0], len(factor_pairs(z)[0]))
    stars = np.full(shape, "", dtype="<U3")
    for level, mark in STARS.items():
        stars[significant_differences(z, errors, level, profile)] = mark
    return stars


def statement_labels(
    z: ArrayLike,
    errors: ArrayLike,
    level: float = 0.05,
    profile: str = "qmethod",
    names: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Distinguishing and consensus statements, in the words of R's ``qmethod``.

    ``Consensus``: no pair of factors differs. ``Distinguishes all``: every pair
    does. ``Distinguishes f1 only``: f1 differs from all others, which do not differ
    among themselves. ``Distinguishes f1`` (possibly ``Distinguishes f1 Distinguishes
    f2``): f1 differs from all others, and some of these among themselves too.
    Empty: none of this. With two factors: ``Consensus`` or ``Distinguishing``.
    Factors without z-scores stay out; with fewer than two left all is empty.

    Parameters
    ----------
    z : array_like, shape (n, k)
    errors : array_like, shape (k,)
        Standard errors of the factors.
    level : float
    profile : {"qmethod", "kade"}
    names : sequence of str, length k, optional
        Names of the factors; default ``f1`` to ``fk``.

    Returns
    -------
    tuple of str, length n

    Raises
    ------
    DataError
        When the level or the profile is unusable.

    Examples
    --------
    >>> z = [[2.0, 0.0, 0.1], [1.0, 1.1, 0.9], [2.0, 0.0, -2.0]]
    >>> statement_labels(z, [0.3, 0.3, 0.3])
    ('Distinguishes f1 only', 'Consensus', 'Distinguishes all')
    """
    significant = significant_differences(z, errors, level, profile)
    first, second = factor_pairs(z)
    names = names or factor_names(np.shape(z)[1])
    return tuple(_label(row, first, second, names) for row in significant)


def _label(
    significant: Bools, first: NDArray[np.int_], second: NDArray[np.int_], names: Sequence[str]
) -> str:
    pairs = len(first)
    if pairs == 0:
        return ""
    if not significant.any():
        return "Consensus"
    if pairs == 1:
        return "Distinguishing"
    if significant.all():
        return "Distinguishes all"
    apart = [
        j for j in np.union1d(first, second) if significant[(first == j) | (second == j)].all()
    ]
    if len(apart) == 1 and not significant[(first != apart[0]) & (second != apart[0])].any():
        return f"Distinguishes {names[apart[0]]} only"
    return " ".join(f"Distinguishes {names[j]}" for j in apart)
