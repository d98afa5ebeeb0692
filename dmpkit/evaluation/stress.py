"""Score lines: what the mean score becomes when some criteria count more than others.

One number, the stress factor k, says how much more. No point weights are made up:
the score is shown for every k from 1 (all count alike) to infinity (only what is
stressed counts). The lines are dmpkit's own proposal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import HIGHEST
from dmpkit.evaluation.records import Field, RecordKind, check_records

if TYPE_CHECKING:
    from dmpkit.evaluation.data import Scorecard

__all__ = [
    "STRESS_FACTORS",
    "bounded_scores",
    "score_table",
    "stress_factors",
    "stress_weights",
    "stressed_score",
]

Floats = NDArray[np.float64]

#: Stress factors that tables and pictures show.
STRESS_FACTORS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, math.inf)

_STATUSES = ("assessed", "not assessed", "not applicable", "contested")
_TABLE = RecordKind(
    "scores",
    "scores.csv",
    (
        Field("criterion", kind="id", required=True, aliases=("id",)),
        Field("label"),
        Field("status", choices=_STATUSES),
        Field("score", kind="number", low=0, high=HIGHEST),
    ),
    key=("criterion",),
)


def stress_weights(emphasis: ArrayLike, k: float) -> Floats:
    """Weights of criteria under a stress factor: 1 + (k - 1) u, summing to 1.

    A criterion with emphasis u = 1 counts k times one with u = 0; as k grows without
    end the weights become u over its sum.

    Parameters
    ----------
    emphasis : array of shape (criteria,)
        From 0 to 1.
    k : float
        1 or more; ``math.inf`` for what is stressed alone.

    Returns
    -------
    array of shape (criteria,)
        NaN throughout where nothing has a weight.

    Raises
    ------
    DataError
        An emphasis outside 0 to 1, or a stress factor below 1.

    Examples
    --------
    >>> stress_weights([1, 0, 0], 2).tolist(), stress_weights([1, 0, 0], math.inf).tolist()
    ([0.5, 0.25, 0.25], [1.0, 0.0, 0.0])
    """
    raw = _raw_weights(emphasis, k)
    total = raw.sum()
    return np.asarray(raw / total if total > 0 else np.full(raw.size, math.nan))


def _raw_weights(emphasis: ArrayLike, k: float) -> Floats:
    """Weights from 1 to k; the emphasis itself where k has no end."""
    u = np.asarray(emphasis, dtype=np.float64)
    if u.ndim != 1 or not ((u >= 0) & (u <= 1)).all():
        raise DataError("An emphasis is not a number from 0 to 1.")
    (factor,) = stress_factors(k)
    return u if math.isinf(factor) else 1 + (factor - 1) * u


def stressed_score(scores: ArrayLike, emphasis: ArrayLike, k: float) -> float:
    """The mean score with stressed criteria counted k times.

    ``score(k) = (k * sum_H s + sum_rest s) / (k * |H| + |rest|)`` where emphasis is 1
    for the criteria H and 0 for the rest. It moves in one direction as k grows, so it
    lies between the mean of all (k = 1) and the mean of H (k infinite).

    Parameters
    ----------
    scores : array of shape (criteria,)
        On any scale; NaN is left out, on both sides of the fraction.
    emphasis : array of shape (criteria,)
        From 0 to 1.
    k : float
        1 or more.

    Returns
    -------
    float
        NaN where nothing with a weight has a score.

    Examples
    --------
    >>> stressed_score([3, 1, 1, 1], [1, 0, 0, 0], 3)
    2.0
    """
    s, u = np.asarray(scores, dtype=np.float64), np.asarray(emphasis, dtype=np.float64)
    if s.shape != u.shape:
        raise DataError(f"There are {s.size} scores and {u.size} emphases.")
    known = ~np.isnan(s)
    weights = _raw_weights(u[known], k)
    total = float(weights.sum())
    return float(weights @ s[known]) / total if total > 0 else math.nan


def bounded_scores(scores: ArrayLike, emphasis: ArrayLike, k: float) -> tuple[float, float, float]:
    """The stressed score of what is known, and with all unknown scores at 0 and at 4.

    Parameters
    ----------
    scores : array of shape (criteria,)
        From 0 to 4; NaN where unknown.
    emphasis, k
        As in :func:`stressed_score`.

    Returns
    -------
    score, worst, best : float

    Examples
    --------
    >>> bounded_scores([3, float("nan")], [1, 0], 1)
    (3.0, 1.5, 3.5)
    """
    s = np.asarray(scores, dtype=np.float64)
    ends = [stressed_score(np.where(np.isnan(s), end, s), emphasis, k) for end in (0.0, HIGHEST)]
    return stressed_score(s, emphasis, k), ends[0], ends[1]


def stress_factors(k: object) -> tuple[float, ...]:
    """Stress factors as numbers, checked, in rising order.

    Parameters
    ----------
    k : float or sequence of float

    Raises
    ------
    DataError
        If there is none, or one is below 1 or no number.

    Examples
    --------
    >>> stress_factors([3, 1, 3]), stress_factors(2)
    ((1.0, 3.0), (2.0,))
    """
    scalar = isinstance(k, str | Real) or not isinstance(k, Iterable)
    given: list[Any] = [k] if scalar else list(k)  # type: ignore[call-overload]
    for one in given:
        if isinstance(one, bool | np.bool_) or not isinstance(one, Real) or not float(one) >= 1:
            raise DataError(
                f"The stress factor is {one!r}.",
                remedy="Use numbers of 1 (all criteria count alike) or more; math.inf is allowed.",
            )
    if not given:
        raise DataError("There is no stress factor.", remedy="Give for example k=(1, 3, 10).")
    return tuple(sorted({float(one) for one in given}))


def score_table(scorecard: Scorecard | Any) -> pd.DataFrame:
    """The score and status of every criterion, from a scorecard or a plain table.

    Parameters
    ----------
    scorecard : Scorecard or DataFrame
        A table needs ``criterion, score`` (0 to 4); ``status`` and ``label`` are taken
        where they are there. An empty status is *assessed* where there is a score.

    Returns
    -------
    DataFrame
        ``criterion, label, status, score``; the score is NaN unless the status is
        *assessed*.

    Raises
    ------
    DataError
        As :func:`~dmpkit.evaluation.records.check_records` does; or if an assessed
        criterion has no score.

    Examples
    --------
    >>> table = pd.DataFrame({"criterion": ["C01", "C02"], "score": [3, None]})
    >>> score_table(table)["status"].tolist()
    ['assessed', 'not assessed']
    """
    columns = ["criterion", "label", "status", "score"]
    if hasattr(scorecard, "profile"):
        found: pd.DataFrame = scorecard.profile().criteria[columns]
        return found.reset_index(drop=True)
    table = check_records(scorecard, _TABLE)
    if not len(table):
        raise DataError("The table of scores has no row.")
    empty = table["score"].isna()
    plain = np.where(empty, "not assessed", "assessed")
    table["status"] = table["status"].where(table["status"] != "", plain)
    wrong = np.flatnonzero((table["status"] == "assessed") & empty)
    if wrong.size:
        raise DataError("The criterion is called assessed and has no score.",
                        row=int(wrong[0]) + 2, column="score",
                        remedy="Give a score, or write 'not assessed'.")  # fmt: skip
    table["score"] = table["score"].where(table["status"] == "assessed")
    return table.assign(label=_labels(table))[columns]


def _labels(table: pd.DataFrame) -> Sequence[str]:
    """Labels of a plain table: its own, else those of dmpkit's criteria, else the id."""
    from dmpkit import datasets

    own = datasets.load("criteria", "criteria").set_index("id")["label"].to_dict()
    pairs = zip(table["criterion"], table["label"], strict=True)
    return [label or own.get(one, one) for one, label in pairs]
