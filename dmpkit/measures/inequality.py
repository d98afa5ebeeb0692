"""How unequally something is spread: seats, speaking time, chances in a lottery.

Every function takes amounts of 0 or more, one a person, and gives one number;
none of them is rounded. Conventions that programs differ in are said at each:
the Gini coefficient is the population form unless `corrected`, entropy is in
nats, and a person with nothing counts (an absent speaker is part of the
inequality; leave those out who could not have spoken).

These are descriptions of a complete list of people, so they carry no interval.
Where the people are a sample, resample them with :mod:`dmpkit.resampling`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError

__all__ = [
    "atkinson",
    "effective_number",
    "entropy",
    "entropy_ratio",
    "geometric_mean",
    "gini",
    "herfindahl",
    "lorenz_curve",
    "share_below",
    "theil",
    "theil_decomposition",
]

Floats = NDArray[np.float64]


def _amounts(values: ArrayLike, *, name: str = "values") -> Floats:
    """Amounts of 0 or more as a flat array, or what is wrong with them."""
    try:
        amounts = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"The {name} are not all numbers.", remedy="Give one number a person."
        ) from None
    if amounts.ndim != 1 or amounts.size == 0:
        raise DataError(
            f"The {name} have the shape {amounts.shape}.",
            remedy="Give a list, one a person.",
        )
    bad = np.flatnonzero(~np.isfinite(amounts) | (amounts < 0))
    if bad.size:
        raise DataError(
            f"{bad.size} of the {name} cannot be used; the first is {amounts[bad[0]]:g}.",
            row=f"position {bad[0] + 1}",
            remedy="Amounts are finite numbers of 0 or more; leave out who is not known.",
        )
    return amounts


def _finite(value: object) -> bool:
    """Whether a value is a single finite number."""
    return isinstance(value, Real) and bool(np.isfinite(float(value)))


def _positive_total(values: ArrayLike, measure: str) -> Floats:
    amounts = _amounts(values)
    if not np.isfinite(float(amounts.max()) * amounts.size):
        raise DataError("The values are too large to add up.", remedy="Take a larger unit.")
    if amounts.sum() <= 0:
        raise DataError(
            f"All values are 0, so {measure} is not defined.",
            remedy="There must be something to be spread.",
        )
    return amounts


def gini(values: ArrayLike, *, corrected: bool = False) -> float:
    r"""Gini coefficient: half the mean absolute difference over the mean.

    .. math:: G = \frac{\sum_i \sum_j |x_i - x_j|}{2 n^2 \bar x}

    0 where everybody has the same. One person who has everything gives
    (n − 1)/n, not 1; `corrected` multiplies by n/(n − 1) (Deltas 2003), which makes
    groups of different size comparable: use it for small groups such as tables.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.
    corrected : bool
        Whether to apply the small-sample factor n/(n − 1).

    Returns
    -------
    float
        Between 0 and (n − 1)/n, or between 0 and 1 when corrected.

    Raises
    ------
    DataError
        When a value is negative, missing or infinite, all are 0, or `corrected` is
        asked for a single person.

    References
    ----------
    Deltas, G. (2003). The small-sample bias of the Gini coefficient. Review of
    Economics and Statistics 85(1), 226-234.

    Examples
    --------
    >>> gini([0, 0, 0, 10]), gini([0, 0, 0, 10], corrected=True), gini([3, 3])
    (0.75, 1.0, 0.0)
    """
    amounts = np.sort(_positive_total(values, "the Gini coefficient"))
    n = amounts.size
    if corrected and n < 2:
        raise DataError("A single person has no corrected Gini coefficient.")
    if amounts[0] == amounts[-1]:
        return 0.0  # exactly, whatever the last digit of the sums
    ranks = 2 * np.arange(1, n + 1) - n - 1
    value = float(ranks @ amounts / (n * amounts.sum()))
    return value * n / (n - 1) if corrected else value


def entropy(values: ArrayLike, *, base: float | None = None, correction: str = "none") -> float:
    r"""Shannon entropy of the shares, −Σ s ln s; in nats unless a base is given.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more; a share of 0 adds nothing.
    base : float, optional
        2 for bits; natural logarithms by default.
    correction : {"none", "miller-madow"}
        The plug-in estimate from a sample of N counted units is too low by about
        (m − 1)/(2N), with m the categories that were met (Miller 1955); the
        correction adds that. It is for counts only.

    Raises
    ------
    DataError
        When a value is unusable, all are 0, the base is not above 0 and other than
        1, or a correction is asked for amounts that are not whole.

    References
    ----------
    Miller, G. A. (1955). Note on the bias of information estimates. In H. Quastler
    (ed.), Information Theory in Psychology, 95-100.

    Examples
    --------
    >>> entropy([1, 1, 1, 1], base=2)
    2.0
    >>> round(entropy([3, 1], correction="miller-madow"), 4)
    0.6873
    """
    amounts = _positive_total(values, "the entropy")
    if base is not None and not (_finite(base) and base > 0 and base != 1):
        raise DataError(f"The base is {base!r}.", remedy="Use a number above 0 other than 1.")
    shares = amounts / amounts.sum()
    shares = shares[shares > 0]  # after the division, which may end in 0
    value = float(-(shares * np.log(shares)).sum())
    if correction == "miller-madow":
        if (amounts != np.round(amounts)).any():
            raise DataError(
                "The Miller-Madow correction is for counts; these are not whole numbers."
            )
        value += (shares.size - 1) / float(2 * amounts.sum())
    elif correction != "none":
        raise DataError(f"There is no correction {correction!r}.", remedy='Use "miller-madow".')
    value = value / float(np.log(base)) if base is not None else value
    return max(0.0, value)


def entropy_ratio(values: ArrayLike) -> float:
    """Entropy over its maximum ln n: 1 where everybody has the same (Pielou's evenness).

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more; those with 0 count in n.

    Raises
    ------
    DataError
        When a value is unusable, all are 0, or there is a single person.

    Examples
    --------
    >>> entropy_ratio([5, 5, 5])
    1.0
    >>> entropy_ratio([5, 0, 0])
    0.0
    """
    amounts = _positive_total(values, "the entropy ratio")
    if amounts.size < 2:
        raise DataError("A single person has no entropy ratio.")
    if (amounts == amounts[0]).all():
        return 1.0
    return entropy(amounts) / float(np.log(amounts.size))


def herfindahl(values: ArrayLike, *, normalised: bool = False) -> float:
    """Herfindahl-Hirschman index: the sum of squared shares.

    1/n where everybody has the same, 1 where one has everything. The normalised
    form (H − 1/n)/(1 − 1/n) runs from 0 to 1 and compares groups of different size.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.
    normalised : bool
        Whether to rescale to 0 ... 1.

    Raises
    ------
    DataError
        When a value is unusable, all are 0, or the normalised form is asked for a
        single person.

    Examples
    --------
    >>> herfindahl([1, 1, 1, 1]), herfindahl([1, 0, 0, 0], normalised=True)
    (0.25, 1.0)
    """
    amounts = _positive_total(values, "the Herfindahl index")
    value = float(((amounts / amounts.sum()) ** 2).sum())
    if not normalised:
        return value
    if amounts.size < 2:
        raise DataError("A single person has no normalised Herfindahl index.")
    even = 1 / amounts.size
    return max(0.0, (value - even) / (1 - even))


def effective_number(values: ArrayLike) -> float:
    """How many people with equal shares would give the same concentration: 1/HHI.

    (Laakso and Taagepera 1979, who count parties so.)

    Examples
    --------
    >>> effective_number([1, 1, 0, 0])
    2.0
    """
    return 1 / herfindahl(values)


def theil(values: ArrayLike, *, index: str = "T") -> float:
    """Theil's index: T = mean of (x/µ) ln(x/µ), L = mean of ln(µ/x).

    Both are 0 where everybody has the same. T is at most ln n, and somebody with
    nothing adds 0 to it; L (mean logarithmic deviation) is infinite then.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.
    index : {"T", "L"}

    Raises
    ------
    DataError
        When a value is unusable, all are 0, or the index is neither.

    References
    ----------
    Theil, H. (1967). Economics and Information Theory. North-Holland.

    Examples
    --------
    >>> round(theil([1, 1, 2, 4]), 4), theil([0, 1], index="L")
    (0.1733, inf)
    """
    amounts = _positive_total(values, "Theil's index")
    relative = amounts / amounts.mean()
    positive = relative[relative > 0]
    if index == "T":
        return max(0.0, float((positive * np.log(positive)).sum() / amounts.size))
    if index != "L":
        raise DataError(f"There is no Theil index {index!r}.", remedy='Use "T" or "L".')
    if positive.size < amounts.size:
        return float("inf")
    return max(0.0, float(-np.log(positive).mean()))


def theil_decomposition(
    values: ArrayLike, groups: Sequence[Any] | NDArray[Any]
) -> tuple[float, float, pd.DataFrame]:
    """Theil's T split into what lies between groups and what lies within them.

    T = Σ s_g ln(s_g / f_g) + Σ s_g T_g, with s_g the group's share of the total, f_g
    its share of the people and T_g its own index (Theil 1967; exact, with no
    remainder). A group that has nothing adds 0 to both.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.
    groups : sequence of length n
        The group of each person, none missing.

    Returns
    -------
    between, within : float
        They sum to ``theil(values)``.
    table : DataFrame
        ``group, n, share_of_people, share_of_total, theil, between, within``; the
        index of a group that has nothing is missing.

    Raises
    ------
    DataError
        When the lengths differ, a group is missing, or a value is unusable.

    Examples
    --------
    >>> between, within, table = theil_decomposition([1, 1, 3, 3], ["a", "a", "b", "b"])
    >>> round(between, 4), within, table["share_of_total"].tolist()
    (0.1308, 0.0, [0.25, 0.75])
    """
    amounts = _positive_total(values, "Theil's index")
    if not isinstance(groups, Iterable):
        raise DataError(f"The groups are {groups!r}.", remedy="Name one group a person.")
    names = pd.Series(list(groups), dtype=object)
    if len(names) != amounts.size:
        raise DataError(f"There are {amounts.size} values and {len(names)} groups.")
    if names.isna().any():
        raise DataError(
            "The group of a person is missing.",
            row=f"position {int(names.isna().to_numpy().argmax()) + 1}",
            remedy="Name a group for everybody.",
        )
    rows = []
    for name, part in pd.Series(amounts).groupby(names, sort=False):
        own = part.to_numpy()
        share, people = own.sum() / amounts.sum(), own.size / amounts.size
        index = theil(own) if share > 0 else float("nan")
        between = share * np.log(share / people) if share > 0 else 0.0
        within = share * index if share > 0 else 0.0
        rows.append((name, own.size, people, share, index, between, within))
    columns = ["group", "n", "share_of_people", "share_of_total", "theil", "between", "within"]
    table = pd.DataFrame(rows, columns=columns)
    return float(table["between"].sum()), float(table["within"].sum()), table


def atkinson(values: ArrayLike, *, aversion: float = 0.5) -> float:
    """Atkinson's index: the share of the total that equality would make dispensable.

    1 − (mean of x^(1−e))^(1/(1−e)) / µ, and 1 − geometric mean / µ at e = 1
    (Atkinson 1970). The larger the aversion e, the more the bottom counts; from
    e = 1 on, one person with nothing gives 1.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.
    aversion : float
        e, above 0.

    Raises
    ------
    DataError
        When a value is unusable, all are 0, or the aversion is not above 0.

    Examples
    --------
    >>> atkinson([2, 2]), round(atkinson([1, 4], aversion=1), 2)
    (0.0, 0.2)
    """
    amounts = _positive_total(values, "Atkinson's index")
    if not (_finite(aversion) and aversion > 0):
        raise DataError(f"The aversion is {aversion!r}.", remedy="Use a number above 0.")
    relative = amounts / amounts.mean()
    if aversion >= 1 and (relative == 0).any():
        return 1.0
    if aversion == 1:
        return max(0.0, float(1 - np.exp(np.log(relative).mean())))
    power = 1 - float(aversion)
    logs = np.log(relative, where=relative > 0, out=np.full_like(relative, -np.inf))
    top = float(logs.max() if power > 0 else logs.min())
    # the extreme is taken out first, so that a large aversion does not overflow
    inside = np.mean(np.exp(power * (logs - top)))
    return max(0.0, float(1 - np.exp(top) * inside ** (1 / power)))


def geometric_mean(values: ArrayLike, *, floor: float | None = None) -> float:
    """Geometric mean: 0 as soon as one value is 0, unless a floor is put under them.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more.
    floor : float, optional
        Values below it are raised to it first. It changes the meaning: say so
        wherever the number is shown.

    Raises
    ------
    DataError
        When a value is unusable or the floor is not above 0.

    Examples
    --------
    >>> geometric_mean([1, 4]), geometric_mean([0, 4]), geometric_mean([0, 4], floor=1)
    (2.0, 0.0, 2.0)
    """
    amounts = _amounts(values)
    if floor is not None:
        if not (_finite(floor) and floor > 0):
            raise DataError(f"The floor is {floor!r}.", remedy="Use a number above 0, or none.")
        amounts = np.maximum(amounts, float(floor))
    if (amounts == 0).any():
        return 0.0
    return float(np.exp(np.log(amounts).mean()))


def share_below(values: ArrayLike, threshold: float, *, inclusive: bool = False) -> float:
    """Share of the people whose value lies below a threshold.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.
    threshold : float
        A value that differs from it by no more than 1e-9 of it counts as equal, so
        that a share is not decided by the last digit of a division.
    inclusive : bool
        Whether a value equal to the threshold counts.

    Raises
    ------
    DataError
        When a value is unusable or the threshold is not finite.

    Examples
    --------
    >>> share_below([0.1, 0.2, 0.3, 0.4], 0.3)
    0.5
    >>> share_below([0.1, 0.2, 0.3, 0.4], 0.3, inclusive=True)
    0.75
    """
    amounts = _amounts(values)
    if not _finite(threshold):
        raise DataError(f"The threshold is {threshold!r}.", remedy="Give a finite number.")
    slack = 1e-9 * abs(threshold)
    below = amounts <= threshold + slack if inclusive else amounts < threshold - slack
    return float(below.mean())


def lorenz_curve(values: ArrayLike) -> pd.DataFrame:
    """Lorenz curve: what share of the total the poorest share of the people has.

    Straight lines between the points; twice the area between the curve and the
    diagonal is ``gini(values)``, without the small-sample factor.

    Parameters
    ----------
    values : array of shape (n,)
        Amounts of 0 or more, one a person.

    Returns
    -------
    DataFrame
        ``share_of_people, share_of_total``: n + 1 rows, from (0, 0) to (1, 1).

    Raises
    ------
    DataError
        When a value is unusable or all are 0.

    Examples
    --------
    >>> lorenz_curve([1, 3])["share_of_total"].tolist()
    [0.0, 0.25, 1.0]
    """
    amounts = np.sort(_positive_total(values, "the Lorenz curve"))
    total = np.concatenate([[0.0], np.cumsum(amounts)])
    people = np.arange(amounts.size + 1) / amounts.size
    return pd.DataFrame({"share_of_people": people, "share_of_total": total / total[-1]})
