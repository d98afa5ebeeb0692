"""How far two values are apart: Krippendorff's metrics and the kappa weights.

Two families with confusingly similar names. A *metric* (Krippendorff) says how
bad a disagreement is, 0 for none. A *weight* (the kappas, AC2) says how much of
an agreement is left, 1 for all. Linear and quadratic weights say the same as a
metric of absolute and squared distances. "Ordinal weights" (Gwet 2014) do NOT
say the same as Krippendorff's ordinal metric: the first counts the pairs of
categories between two values, the second the ratings that fall between them; on
Krippendorff's (2011) own example alpha is 0.834 with the first and 0.815 with
the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.measures.ratings import Floats, Ratings

__all__ = ["jaccard_distance", "masi_distance", "metric_matrix", "weight_matrix"]

Level: TypeAlias = (
    Literal["nominal", "ordinal", "interval", "ratio", "masi", "jaccard"]
    | Callable[[Any, Any], float]
    | NDArray[Any]
)
Weights: TypeAlias = Literal["unweighted", "linear", "quadratic", "ordinal"] | NDArray[Any] | None
LEVELS = ("nominal", "ordinal", "interval", "ratio", "masi", "jaccard")
WEIGHTS = ("unweighted", "linear", "quadratic", "ordinal")


def jaccard_distance(a: frozenset[Any], b: frozenset[Any]) -> float:
    """Share of the codes of either set that the other lacks; 0 for two empty sets.

    Examples
    --------
    >>> jaccard_distance(frozenset("ab"), frozenset("bc"))
    0.6666666666666667
    """
    union = len(a | b)
    return 1 - len(a & b) / union if union else 0.0


def masi_distance(a: frozenset[Any], b: frozenset[Any]) -> float:
    """MASI (Passonneau 2006): 1 − J·M for two sets of codes.

    J is the Jaccard coefficient; M is 1 for equal sets, 2/3 where one holds the
    other, 1/3 where they overlap, 0 where they share nothing.

    Examples
    --------
    >>> round(masi_distance(frozenset("a"), frozenset("ab")), 4)
    0.6667
    """
    if a == b:
        return 0.0
    if not a & b:
        return 1.0
    monotone = 2 / 3 if a <= b or b <= a else 1 / 3
    return 1 - (1 - jaccard_distance(a, b)) * monotone


def metric_matrix(ratings: Ratings, level: Level) -> Floats:
    """Distances between all categories for a metric that does not depend on the ratings.

    Parameters
    ----------
    ratings : Ratings
        Its categories are the rows and columns.
    level : {"nominal", "interval", "ratio", "masi", "jaccard"}, callable or array
        A callable takes two values; an array has a row and a column a category.

    Returns
    -------
    array, categories × categories
        0 on the diagonal, symmetric.

    Raises
    ------
    DataError
        Values that the metric cannot measure; a metric that is not symmetric, not
        0 on the diagonal, or negative.

    Examples
    --------
    >>> metric_matrix(Ratings.read([[1, 3], [1, 2]]), "ratio").round(3).tolist()
    [[0.0, 0.111, 0.25], [0.111, 0.0, 0.04], [0.25, 0.04, 0.0]]
    """
    q = len(ratings.categories)
    if isinstance(level, str):
        if level == "nominal":
            return 1.0 - np.eye(q)
        if level in ("masi", "jaccard"):
            return _of_sets(ratings, masi_distance if level == "masi" else jaccard_distance)
        values = _numbers(ratings, level)
        if level == "interval":
            return (values[:, None] - values) ** 2
        return _ratio(values)
    if callable(level):
        return _checked(_called(level, ratings.categories), q, "metric")
    return _checked(level, q, "metric")


def _numbers(ratings: Ratings, level: str) -> Floats:
    if not ratings.numeric:
        raise DataError(
            f"The {level} level needs numbers, and the ratings are not.",
            remedy="Use level='nominal', or 'ordinal' with categories=[...] in their order.",
        )
    return ratings.numbers


def _ratio(values: Floats) -> Floats:
    if (values < 0).any():
        raise DataError(
            "The ratio level needs values of 0 or more.", remedy="Use level='interval'."
        )
    total = values[:, None] + values
    gaps = np.abs(values[:, None] - values)
    return np.divide(gaps, total, out=np.zeros_like(gaps), where=total > 0) ** 2


def _of_sets(ratings: Ratings, distance: Callable[[Any, Any], float]) -> Floats:
    if not all(isinstance(c, frozenset) for c in ratings.categories):
        raise DataError(
            "MASI and Jaccard compare sets of codes, and the ratings are single values.",
            remedy="Give each rating as a set, such as {'time', 'budget'}, or level='nominal'.",
        )
    return _called(distance, ratings.categories)


def _called(metric: Callable[[Any, Any], float], categories: Sequence[Any]) -> Floats:
    try:
        rows = [[float(metric(a, b)) for b in categories] for a in categories]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(rows))
    except (TypeError, ValueError) as problem:
        raise DataError(
            f"The metric fails on the categories: {problem}.",
            remedy="It must take any two values and give a number.",
        ) from None


def _checked(matrix: Any, q: int, what: str) -> Floats:
    """A symmetric q × q matrix with the right diagonal."""
    try:
        cells = np.array(matrix, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(f"The {what} matrix holds something that is not a number.") from None
    if cells.shape != (q, q):
        raise DataError(
            f"The {what} matrix has the shape {cells.shape} for {q} categories.",
            remedy="Give one row and one column a category, in the order of categories=[...].",
        )
    diagonal = 0.0 if what == "metric" else 1.0
    if not np.isfinite(cells).all() or not np.allclose(cells, cells.T, rtol=0, atol=1e-12):
        raise DataError(f"The {what} matrix is not symmetric, or not all of it is finite.")
    if (np.diag(cells) != diagonal).any():
        raise DataError(f"The diagonal of the {what} matrix must be {diagonal:g}.")
    if cells.min() < 0 or (what == "weight" and cells.max() > 1):
        raise DataError(
            "Distances must be 0 or more."
            if what == "metric"
            else "Weights of agreement must lie between 0 and 1."
        )
    return cells


def weights_name(weights: Weights) -> str:
    """How a choice of weights is called in every note.

    Examples
    --------
    >>> weights_name(None), weights_name("linear")
    ('unweighted', 'linear weights')
    """
    if weights is None or (isinstance(weights, str) and weights in ("unweighted", "identity")):
        return "unweighted"
    return f"{weights} weights" if isinstance(weights, str) else "weights of the user"


def weight_matrix(ratings: Ratings, weights: Weights) -> Floats:
    """Weights of agreement between all categories: 1 on the diagonal, less further off.

    ``linear`` 1 − d/D and ``quadratic`` 1 − (d/D)² with d the distance of two
    values and D the largest (numbers by their value, ordered text by position);
    ``ordinal`` 1 − C(d+1, 2)/C(q, 2) with d the distance of positions among the q
    categories (Gwet 2014), which is not Krippendorff's ordinal metric.

    Parameters
    ----------
    ratings : Ratings
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
        None is the same as unweighted.

    Returns
    -------
    array, categories × categories

    Raises
    ------
    DataError
        An unknown name, or categories without an order.

    Examples
    --------
    >>> weight_matrix(Ratings.read([[0, 1, 2], [0, 1, 2]]), "linear").tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    q = len(ratings.categories)
    if weights is None or (isinstance(weights, str) and weights in ("unweighted", "identity")):
        return np.eye(q)
    if not isinstance(weights, str):
        return _checked(weights, q, "weight")
    if weights not in WEIGHTS:
        raise DataError(
            f"{weights!r} is not a kind of weights.", remedy=f"Use {', '.join(WEIGHTS)}."
        )
    values = ratings.numbers
    if weights == "ordinal":
        d = np.abs(np.subtract.outer(np.arange(q), np.arange(q))).astype(np.float64)
        return 1.0 - d * (d + 1) / max(q * (q - 1), 1)
    d = np.abs(values[:, None] - values)
    d = d / (d.max() or 1.0)
    return 1.0 - (d if weights == "linear" else d**2)
