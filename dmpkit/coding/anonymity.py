"""How alone people stand with their attributes: k-anonymity, l-diversity, banding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_pandas
from dmpkit.wording import counted

__all__ = ["Anonymity", "anonymity", "band"]

MISSING = "(missing)"


@dataclass(frozen=True, eq=False, repr=False)
class Anonymity(Result):
    """Result of :func:`anonymity`.

    Attributes
    ----------
    groups : DataFrame
        One row a combination of attributes, smallest first: the attributes, ``n`` and,
        with a sensitive attribute, ``distinct`` (values of it) and ``entropy_l`` (e to the
        power of their Shannon entropy: how many values they amount to).
    of_row : array
        Size of the group of each row.
    attributes : tuple of str
    sensitive : str or None
    threshold : int
    """

    title: ClassVar[str] = "How alone people stand with their attributes"
    groups: pd.DataFrame
    of_row: Any
    attributes: tuple[str, ...]
    sensitive: str | None
    threshold: int

    @property
    def k(self) -> int:
        """Size of the smallest group (Sweeney 2002)."""
        return int(self.groups["n"].min())

    @property
    def l_distinct(self) -> float:
        """Fewest values of the sensitive attribute in a group (Machanavajjhala 2007)."""
        return float(self.groups["distinct"].min()) if self.sensitive else math.nan

    @property
    def l_entropy(self) -> float:
        """Smallest entropy l of a group."""
        return float(self.groups["entropy_l"].min()) if self.sensitive else math.nan

    @cached_property
    def alone(self) -> pd.DataFrame:
        """Groups smaller than the threshold."""
        return self.groups[self.groups["n"] < self.threshold].reset_index(drop=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {"groups": self.groups, "alone": self.alone}

    def summary(self) -> str:
        """The result in plain words."""
        people = int(self.alone["n"].sum())
        total = int(self.groups["n"].sum())
        text = (
            f"With {', '.join(self.attributes)} known, {people} of {total} people stand in groups "
            f"of fewer than {self.threshold}; the smallest group has {self.k} (k-anonymity)."
        )
        if self.sensitive:
            text += (
                f" A group holds at least {counted(int(self.l_distinct), 'different value')} of "
                f"{self.sensitive} (l-diversity; by entropy {self.l_entropy:.2f})."
            )
        return text

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made."""
        return (
            f"Groups are people alike in {', '.join(self.attributes)}; a missing value is a value "
            f"of its own. k-anonymity (Sweeney 2002) with the threshold {self.threshold}; "
            "l-diversity, distinct and by entropy (Machanavajjhala and others 2007). Both say how "
            "alone somebody stands among the people in the table, not in the world: who knows who "
            "took part needs less."
        )

    def section(self) -> Section:
        """Words and the groups below the threshold."""
        html = paragraphs(self.summary())
        if len(self.alone):
            html += table_html(self.alone, caption="Groups below the threshold")
        return Section(self.title, html)


def anonymity(
    people: Any,
    attributes: Sequence[str],
    *,
    sensitive: str | None = None,
    k: int = 5,
) -> Anonymity:
    """k-anonymity and l-diversity of people's attributes, such as those of cases.

    Parameters
    ----------
    people : DataFrame
        One row a person, for example ``project.cases``.
    attributes : sequence of str
        What a reader may know of a speaker.
    sensitive : str, optional
        What must not follow from them; missing cells count as a value.
    k : int
        Groups smaller than this are listed; 5 is a common choice and no law.

    Returns
    -------
    Anonymity

    Raises
    ------
    DataError
        No rows, no attributes, a column that is missing, `k` below 1.

    References
    ----------
    .. [1] Sweeney, L. (2002). k-anonymity: a model for protecting privacy.
    .. [2] Machanavajjhala, A., Kifer, D., Gehrke, J. & Venkitasubramaniam, M. (2007).
       l-diversity: privacy beyond k-anonymity.

    Examples
    --------
    >>> people = pd.DataFrame({"role": ["x", "x", "y"], "view": ["for", "against", "for"]})
    >>> found = anonymity(people, ["role"], sensitive="view", k=2)
    >>> found.k, found.l_distinct, found.alone["role"].tolist()
    (1, 1.0, ['y'])
    """
    table = to_pandas(people, what="table of people").reset_index(drop=True)
    names = [attributes] if isinstance(attributes, str) else [str(a) for a in attributes]
    if not names or not len(table):
        raise DataError("There is nobody to compare, or no attribute to compare by.")
    require_columns(table, [*names, *([sensitive] if sensitive else [])])
    if isinstance(k, bool) or not hasattr(k, "__index__") or int(k) < 1:
        raise DataError(f"k is {k!r}; it must be a whole number above 0.")
    shown = table[names].astype(object).where(table[names].notna(), MISSING)
    shown = shown.map(lambda v: (v if v.__hash__ else str(v)) if str(v).strip() else MISSING)
    grouped = shown.groupby(names, sort=False, dropna=False)
    number = grouped.ngroup().to_numpy()
    groups = shown.drop_duplicates().reset_index(drop=True)
    counts = np.bincount(number)
    groups["n"] = counts
    if sensitive:
        column = table[sensitive]
        values = column.astype(object).where(column.notna(), MISSING)
        cells = pd.crosstab(number, pd.factorize(values)[0]).to_numpy(dtype=float)
        share = cells / cells.sum(axis=1, keepdims=True)
        logs = np.log(share, out=np.zeros_like(share), where=share > 0)
        groups["distinct"] = (cells > 0).sum(axis=1)
        groups["entropy_l"] = np.exp(-(share * logs).sum(axis=1))
    groups = groups.sort_values("n", kind="stable").reset_index(drop=True)
    return Anonymity(groups, counts[number], tuple(names), sensitive, int(k))


def band(
    values: Iterable[Any], width: float | None = None, *, edges: Sequence[float] | None = None
) -> list[str]:
    """Numbers such as ages or years as bands, so that fewer people stand alone.

    Parameters
    ----------
    values : iterable of numbers
        Missing ones become an empty text.
    width : float, optional
        Bands of this width from a multiple of it: 10 gives ``30–39``.
    edges : sequence of float, optional
        Where bands begin, instead: ``[18, 30, 50]`` gives ``under 18``, ``18–29``,
        ``30–49``, ``50 and over``.

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        Neither or both of width and edges, something that is no number.

    Examples
    --------
    >>> band([34, 39.5, None], 10), band([17, 44, 80], edges=[18, 30, 50])
    (['30–39', '30–39', ''], ['under 18', '30–49', '50 and over'])
    """
    if not isinstance(values, Iterable):
        raise DataError(f"The values are {values!r}.", remedy="Give a list or column of numbers.")
    if (width is None) == (edges is None):
        raise DataError("Give either width or edges.", remedy="Such as width=10.")
    if width is not None and not (_number(width) > 0 and math.isfinite(_number(width))):
        raise DataError(f"The width is {width!r}; it must be above 0.")
    starts = [] if edges is None else [_number(e) for e in edges]
    if edges is not None and (
        not starts or not all(a < b for a, b in pairwise([*starts, math.inf]))
    ):
        raise DataError("The edges must ascend, and there must be one or more.")
    made = []
    for row, value in enumerate(values):
        if value is None or value != value or value is pd.NA or value == "":
            made.append("")
            continue
        number = _number(value)
        if not math.isfinite(number):
            raise DataError(f"{value!r} is not a number.", row=row + 2)
        made.append(_band(number, width, starts))
    return made


def _number(value: Any) -> float:
    """A number, or NaN for what is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def _band(number: float, width: float | None, starts: Sequence[float]) -> str:
    if width is not None:
        steps = number / width
        # 0.3 is three tenths, although the division gives 2.9999999999999996
        steps = round(steps) if abs(steps - round(steps)) < 1e-9 else math.floor(steps)
        return _range(steps * width, (steps + 1) * width)
    place = int(np.searchsorted(starts, number, side="right"))
    if place == 0:
        return f"under {starts[0]:g}"
    if place == len(starts):
        return f"{starts[-1]:g} and over"
    return _range(starts[place - 1], starts[place])


def _range(first: float, following: float) -> str:
    """Whole numbers as people write them: 30–39; others with the end left out."""
    if float(first).is_integer() and float(following).is_integer():
        last = following - 1
        return f"{first:g}" if last == first else f"{first:g}–{last:g}"
    return f"{first:g} to below {following:g}"
