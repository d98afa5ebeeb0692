"""Are two factors' scores on a statement alike? Not significant is not agreement.

A consensus statement is one on which no difference was found. With few flagged
sorts the standard error is large, and hardly any difference can be found. The
equivalence test asks the other way round: can a difference as large as a margin
be ruled out? To use it beside the consensus statements of a Q study is a
proposal of this project; the two one-sided tests are Schuirmann's (1987).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Floats
from dmpkit.qmethod.scores import (
    factor_pairs,
    significant_differences,
    standard_errors_of_differences,
)

if TYPE_CHECKING:
    from dmpkit.qmethod.analysis import QAnalysis

__all__ = [
    "MARGIN",
    "consensus_levels",
    "equivalence",
    "equivalence_bounds",
    "equivalence_p_values",
]

#: Margin unless another is asked for: one standard deviation of the z-scores.
MARGIN = 1.0


def equivalence_bounds(z: ArrayLike, errors: ArrayLike, level: float = 0.05) -> Floats:
    r"""The largest difference of each pair of factors that the scores do not rule out.

    :math:`|z_i - z_j| + c\,\sqrt{SE_i^2 + SE_j^2}` with the one-sided critical value
    *c* (1.645 at .05): two one-sided tests at the level reject every margin larger
    than this.

    Parameters
    ----------
    z : array_like, shape (n, k)
    errors : array_like, shape (k,)
        Standard errors of the factors.
    level : float
        Of each one-sided test.

    Returns
    -------
    ndarray, shape (n, number of pairs)
        Pairs as in :func:`~dmpkit.qmethod.scores.factor_pairs`.

    Raises
    ------
    DataError
        When the level is not a probability below .5.

    References
    ----------
    Schuirmann, D. J. (1987). A comparison of the two one-sided tests procedure and
    the power approach for assessing the equivalence of average bioavailability.
    Journal of Pharmacokinetics and Biopharmaceutics, 15(6), 657-680.

    Examples
    --------
    >>> equivalence_bounds([[1.0, 0.8], [0.0, 1.0]], [0.3, 0.4]).round(3)
    array([[1.022],
           [1.822]])
    """
    scores = np.asarray(z, dtype=np.float64)
    first, second = factor_pairs(scores)
    sed = standard_errors_of_differences(errors)[first, second]
    return np.asarray(np.abs(scores[:, first] - scores[:, second]) + _one_sided(level) * sed)


def equivalence_p_values(z: ArrayLike, errors: ArrayLike, margin: float = MARGIN) -> Floats:
    r"""p-value of the equivalence of each pair of factors: the larger of two one-sided ones.

    :math:`\Phi((|z_i - z_j| - m)/\sqrt{SE_i^2 + SE_j^2})` with the margin *m*.

    Parameters
    ----------
    z : array_like, shape (n, k)
    errors : array_like, shape (k,)
    margin : float
        In units of z-scores.

    Returns
    -------
    ndarray, shape (n, number of pairs)

    Raises
    ------
    DataError
        When the margin is not a positive number.

    Examples
    --------
    >>> equivalence_p_values([[1.0, 0.8], [0.0, 1.0]], [0.3, 0.4]).round(4)
    array([[0.0548],
           [0.5   ]])
    """
    from scipy.special import ndtr

    wide = _margin(margin)
    scores = np.asarray(z, dtype=np.float64)
    first, second = factor_pairs(scores)
    sed = standard_errors_of_differences(errors)[first, second]
    return np.asarray(ndtr((np.abs(scores[:, first] - scores[:, second]) - wide) / sed))


def equivalence(analysis: QAnalysis, margin: float = MARGIN, level: float = 0.05) -> pd.DataFrame:
    """For each statement, whether all factors score it alike, within a margin.

    All pairs of factors have to be equivalent by two one-sided tests; the p-value of
    the statement is the largest of theirs, which needs no correction for the number
    of pairs. There is none for the number of statements.

    The margin is a judgement to be made before looking: no value is established in
    Q methodology. The default, one standard deviation of the z-scores, is as much as
    two to three columns of most grids. `bound_columns` says what a bound means in columns.

    Parameters
    ----------
    analysis : QAnalysis
    margin : float
        The difference of z-scores that is too large to be called alike.
    level : float
        Level of each one-sided test, and of the difference in `consensus`.

    Returns
    -------
    DataFrame
        ``statement, text``; ``factor, other, difference, standard_error`` of the pair
        with the largest bound; ``bound`` (the largest difference not ruled out:
        every margin above it would be met), ``bound_columns`` (the bound in grid columns:
        times the standard deviation of the distribution), ``p_value, equivalent,
        consensus`` (no pair differs), ``reading``. The smallest bound first. Empty
        with fewer than two scored factors.

    Raises
    ------
    DataError
        When the margin is not a positive number or the level no probability below .5.

    Notes
    -----
    A proposal of this project: not found in the literature on Q methodology. It
    rests on the same standard errors as the distinguishing statements, and so on
    the assumed reliability of a sort.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> table = equivalence(qm.analyse(sorts, 2), margin=1.5)
    >>> table[["statement", "bound", "equivalent", "consensus", "reading"]].head(3).round(2)
      statement  bound  equivalent  consensus                               reading
    0         6   0.88        True       True               alike within the margin
    1         4   1.14        True       True               alike within the margin
    2         2   1.65       False       True  not shown to differ, nor to be alike
    """
    z, errors = analysis.z_array, analysis.standard_error
    first, second = factor_pairs(z)
    bounds = equivalence_bounds(z, errors, level)
    p = equivalence_p_values(z, errors, margin)
    apart = significant_differences(z, errors, level, analysis.profile)
    if len(first) == 0:
        return pd.DataFrame(columns=_COLUMNS)
    worst, rows = bounds.argmax(axis=1), np.arange(len(z))
    names = np.array(analysis.factors)
    sed = standard_errors_of_differences(errors)[first, second]
    bound, p_value = bounds[rows, worst], p.max(axis=1)
    alike, same = np.asarray(p_value < level), np.asarray(~apart.any(axis=1))
    table = pd.DataFrame(
        {
            "statement": list(analysis.sorts.statements),
            "text": list(analysis.texts),
            "factor": names[first][worst].tolist(),
            "other": names[second][worst].tolist(),
            "difference": (z[:, first] - z[:, second])[rows, worst],
            "standard_error": sed[worst],
            "bound": bound,
            "bound_columns": bound * np.std(analysis.sorts.distribution, ddof=1),
            "p_value": p_value,
            "equivalent": alike,
            "consensus": same,
            "reading": [
                _READINGS[both] for both in zip(alike.tolist(), same.tolist(), strict=True)
            ],
        }
    )
    ordered: pd.DataFrame = table.iloc[np.argsort(bound, kind="stable")].reset_index(drop=True)
    return ordered


_COLUMNS = (
    "statement", "text", "factor", "other", "difference", "standard_error", "bound",
    "bound_columns", "p_value", "equivalent", "consensus", "reading",
)  # fmt: skip
#: (equivalent, consensus) to what can be said.
_READINGS = {
    (True, True): "alike within the margin",
    (False, True): "not shown to differ, nor to be alike",
    (True, False): "differ, but within the margin",
    (False, False): "differ",
}


def consensus_levels(
    analysis: QAnalysis, levels: tuple[float, float] = (0.05, 0.01)
) -> pd.DataFrame:
    """Consensus statements at two levels, as PQMethod and KADE print them.

    Listed are the statements on which no two factors differ at the second level
    (p > .01); a star marks those on which none differ at the first either (p > .05).
    Beside them stands the bound of :func:`equivalence`: a star with a large bound
    is a want of evidence, not an agreement.

    Parameters
    ----------
    analysis : QAnalysis
    levels : (float, float)
        The level of the star, and the smaller one of the list.

    Returns
    -------
    DataFrame
        ``statement, text, mark`` (``*`` or empty), ``bound`` (at .05), ``z_f1 …,
        f1 …``, in the order of the statements. Empty with fewer than two scored
        factors.

    Raises
    ------
    DataError
        When a level is not a probability, or the second is larger than the first.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> consensus_levels(qm.analyse(sorts, 2))[["statement", "mark", "bound", "f1", "f2"]].round(2)
      statement mark  bound  f1  f2
    0         2    *   1.65   1   2
    1         4    *   1.14   0   0
    2         6    *   0.88  -1   0
    """
    star, listed = levels
    z, errors = analysis.z_array, analysis.standard_error
    same = {
        level: ~significant_differences(z, errors, level, analysis.profile).any(axis=1)
        for level in (star, listed)
    }
    if listed > star:
        raise DataError(
            f"the list is at {listed}, the star at {star}.",
            remedy="Give the larger level first: (0.05, 0.01).",
        )
    bounds = equivalence_bounds(z, errors)
    chosen = same[listed] & (bounds.shape[1] > 0)
    table = analysis.statements_table.drop(columns="label")
    table.insert(2, "mark", np.where(same[star], "*", "").tolist())
    table.insert(3, "bound", bounds.max(axis=1, initial=0.0))
    numbered: pd.DataFrame = table[chosen].reset_index(drop=True)
    return numbered


def _one_sided(level: float) -> float:
    if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 0.5:
        raise DataError(
            f"the level {level!r} is not a probability between 0 and .5.",
            remedy="Write 0.05 for the 5 per cent level.",
        )
    from statistics import NormalDist

    return NormalDist().inv_cdf(1 - level)


def _margin(margin: float) -> float:
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 < margin < np.inf:
        raise DataError(
            f"the margin {margin!r} is not a positive number.",
            remedy="Give the difference of z-scores that is too large to be called alike: 1.0.",
        )
    return float(margin)
