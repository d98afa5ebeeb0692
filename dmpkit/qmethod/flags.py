"""Flags: which sorts define a factor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Bools, Floats, to_matrix

__all__ = ["FlagRule", "as_fraction", "check_flags", "critical_value", "flag"]

_CRITICAL = {
    "qmethod": {0.05: 1.96, 0.01: 2.576, 0.001: 3.291, 0.000001: 4.8916},
    "kade": {0.2: 1.28, 0.05: 1.96, 0.01: 2.575, 0.001: 3.291, 0.0001: 3.891},
}
PROFILES = tuple(_CRITICAL)


def critical_value(level: float, profile: str = "qmethod") -> float:
    """Two-sided critical value of the standard normal distribution.

    The programs use rounded values, and so does this function at their levels:
    1.96, 2.576, 3.291 and 4.8916 at .05, .01, .001 and .000001 (R's ``qmethod``);
    1.28, 1.96, 2.575, 3.291 and 3.891 at .2, .05, .01, .001 and .0001 (KADE). At
    any other level it is the exact quantile.

    Parameters
    ----------
    level : float
        Between 0 and 1.
    profile : {"qmethod", "kade"}

    Returns
    -------
    float

    Raises
    ------
    DataError
        When the level is not between 0 and 1 or the profile is unknown.

    Examples
    --------
    >>> critical_value(0.05), critical_value(0.01), critical_value(0.01, "kade")
    (1.96, 2.576, 2.575)
    >>> round(critical_value(0.10), 4)
    1.6449
    """
    if profile not in _CRITICAL:
        raise DataError(
            f"profile {profile!r} is not offered.", remedy=f"Choose one of: {', '.join(PROFILES)}."
        )
    number = as_fraction(
        level,
        f"the level {level!r} is not a probability between 0 and 1.",
        "Write 0.05 for the 5 per cent level.",
    )
    # from the lower tail, where a small probability keeps its digits
    tail = max(number / 2, math.ulp(0.0))
    return _CRITICAL[profile].get(number, -NormalDist().inv_cdf(tail))


def as_fraction(value: Any, problem: str, remedy: str) -> float:
    """A number between 0 and 1 (both excluded) as a float.

    A number of less precision is taken at the decimals it shows: ``float32(0.05)``
    is .05, not .0500000007.

    Parameters
    ----------
    value : float
        Of Python or numpy.
    problem, remedy : str
        What to say when it is no such number.

    Returns
    -------
    float

    Raises
    ------
    DataError
        When it is not.

    Examples
    --------
    >>> as_fraction(np.float32(0.05), "the level is wrong.", "Write 0.05.")
    0.05
    """
    number = math.nan
    if isinstance(value, np.floating):
        number = float(str(value))
    elif not isinstance(value, bool) and isinstance(value, Real):
        number = float(value)
    if not 0 < number < 1:
        raise DataError(problem, remedy=remedy)
    return number


@dataclass(frozen=True)
class FlagRule:
    """Rule by which sorts are flagged automatically.

    A sort is flagged on a factor when its loading *a* is significant,
    ``abs(a) > c / sqrt(n)`` with *n* statements and the critical value *c* of
    `level`, and (with `majority`) when that factor explains more of the sort than
    all the others together, ``a**2`` above the sum of the other ``a**2``.

    Parameters
    ----------
    level : float
        Significance level of the loading; see :func:`critical_value`.
    majority : bool
        Ask for the second condition too. Without it a sort can be flagged on
        several factors (a confounded sort).

    Raises
    ------
    DataError
        When the level is not between 0 and 1.

    Examples
    --------
    >>> FlagRule().threshold(33).__round__(4)
    0.3412
    >>> FlagRule(level=0.01, majority=False)
    FlagRule(level=0.01, majority=False)
    """

    level: float = 0.05
    majority: bool = True

    def __post_init__(self) -> None:
        critical_value(self.level)
        object.__setattr__(self, "level", as_fraction(self.level, "", ""))

    def threshold(self, n_statements: int, profile: str = "qmethod") -> float:
        """Absolute loading that a flagged sort must exceed.

        Parameters
        ----------
        n_statements : int
        profile : {"qmethod", "kade"}

        Returns
        -------
        float

        Examples
        --------
        >>> FlagRule(level=0.01).threshold(36)
        0.42933333333333334
        """
        return critical_value(self.level, profile) / math.sqrt(n_statements)


def flag(
    loadings: ArrayLike, n_statements: int, rule: FlagRule | None = None, profile: str = "qmethod"
) -> Bools:
    """Flag the sorts that define each factor.

    Negative loadings are flagged like positive ones, as R's ``qmethod`` and KADE do.

    The level is that of a correlation with a view given beforehand. A sort that is part
    of the analysis shapes the factors it is held against and passes more often: of
    random sorts of 34 statements, each put among eleven sorts of two views, 28 per cent
    were flagged at .05 (simulated, majority rule on).

    Parameters
    ----------
    loadings : array_like, shape (p, k)
        Rotated loadings (the pattern after an oblique rotation).
    n_statements : int
        Number of statements that were sorted.
    rule : FlagRule, optional
        Default ``FlagRule(level=0.05, majority=True)``.
    profile : {"qmethod", "kade"}
        Whose critical values; the comparison is strict in both.

    Returns
    -------
    ndarray of bool, shape (p, k)

    Raises
    ------
    DataError
        When the loadings are not a matrix of finite numbers.

    Examples
    --------
    >>> flag([[0.8, 0.1], [0.5, -0.6], [0.2, 0.3]], n_statements=33)
    array([[ True, False],
           [False,  True],
           [False, False]])
    """
    rule = FlagRule() if rule is None else rule
    a = to_matrix(loadings, "the loadings")
    significant = np.abs(a) > rule.threshold(n_statements, profile)
    if not rule.majority:
        return significant
    squared = a**2
    return np.asarray(significant & (squared > _sum_of_others(squared)))


def _sum_of_others(squared: Floats) -> Floats:
    """For each cell, the sum of the rest of its row, added up without the cell."""
    k = squared.shape[1]
    return np.column_stack([squared[:, np.arange(k) != j].sum(axis=1) for j in range(k)])


def check_flags(flags: ArrayLike, n_sorts: int, n_factors: int) -> Bools:
    """Check flags given by hand and give them as a boolean array.

    Parameters
    ----------
    flags : array_like, shape (p, k)
        True/False or 1/0.
    n_sorts, n_factors : int
        The shape they must have.

    Returns
    -------
    ndarray of bool, shape (p, k)

    Raises
    ------
    DataError
        When the shape differs or a cell is neither true nor false.

    Examples
    --------
    >>> check_flags([[1, 0], [0, 1]], 2, 2)
    array([[ True, False],
           [False,  True]])
    """
    given = np.asarray(flags)
    if given.shape != (n_sorts, n_factors):
        raise DataError(
            f"the flags have the shape {given.shape}, not {(n_sorts, n_factors)}.",
            remedy="Give one row a sort and one column a factor, with True where it is flagged.",
        )
    if given.dtype == bool:
        return given.copy()
    try:
        numbers = given.astype(np.float64)
    except (TypeError, ValueError):
        numbers = np.full(given.shape, np.nan)
    wrong = np.argwhere((numbers != 0) & (numbers != 1))
    if len(wrong):
        row, column = (int(i) for i in wrong[0])
        raise DataError(
            f"the flag is {given[row, column]}.",
            row=row + 1,
            column=f"f{column + 1}",
            remedy="Write True or 1 where the sort is flagged, False or 0 where not.",
        )
    return np.asarray(numbers == 1)
