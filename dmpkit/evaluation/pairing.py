"""The same people's answers before and after, matched by id.

Nobody is matched by position. Who answered once only is listed, blanks stay blanks,
and a value that cannot be used is refused with its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import name_list
from dmpkit.tables import require_columns, to_numbers, to_pandas

__all__ = ["Paired", "Scale", "answers_of", "as_id", "by_person", "pair_answers", "to_share"]

Floats = NDArray[np.float64]
#: No answer is larger; its square could no longer be held.
LARGEST = 1e100
#: Lowest and highest possible answer, of all items or by item.
Scale = tuple[float, float] | Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Paired:
    """Answers of the people who are in both tables; made by :func:`pair_answers`.

    Attributes
    ----------
    before, after : DataFrame, people × items
        Same rows and columns; floats, or cells as they stand for answers that are
        no numbers. The index holds the people's ids.
    only_before, only_after : tuple of str
        Who is in one table only.
    left_out : tuple of str
        Columns of one table that the other lacks, when items were not named.
    tables : Series or None
        Small group of each person.
    scales : mapping of item to (low, high)
        Ends of the answer scale where they are known.
    """

    before: pd.DataFrame
    after: pd.DataFrame
    only_before: tuple[str, ...] = ()
    only_after: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    tables: pd.Series[Any] | None = None
    scales: Mapping[str, tuple[float, float]] | None = None

    @property
    def items(self) -> tuple[str, ...]:
        """The items, in the order of the first table."""
        return tuple(self.before.columns)

    @property
    def people(self) -> tuple[str, ...]:
        """Ids of who is in both tables."""
        return tuple(self.before.index)

    @property
    def n(self) -> int:
        """How many people are in both tables."""
        return len(self.before)

    def scale_of(self, item: str) -> tuple[float, float] | None:
        """Ends of the scale of an item, if they were given."""
        return (self.scales or {}).get(item)

    def groups(self) -> NDArray[np.int64] | None:
        """Number of each person's table; None where tables were not given."""
        if self.tables is None:
            return None
        return pd.factorize(self.tables)[0].astype(np.int64)

    def missing_text(self) -> str:
        """Who could not be matched and how many answers are blank, in a sentence."""
        text = f"{self.n} people answered before and after"
        if self.only_before or self.only_after:
            before, after = len(self.only_before), len(self.only_after)
            text += (
                f"; {before or 'none'} answered only before, {after or 'none'} only after, "
                "and are left out here"
            )
        blank = int((self.before.isna() | self.after.isna()).to_numpy().sum())
        cells = self.n * len(self.items)
        if blank:
            verb = "lacks" if blank == 1 else "lack"
            text += (
                f". Of the {cells} pairs of answers {blank} {verb} one or both; "
                f"{'it is' if blank == 1 else 'they are'} left out item by item, never "
                "counted as 0"
            )
        return text + "."


def as_id(value: object) -> str:
    """An id as text: 7, 7.0 and ``" 7 "`` are the same person.

    Examples
    --------
    >>> as_id(7), as_id(7.0), as_id(" 7 "), as_id("07")
    ('7', '7', '7', '07')
    """
    if isinstance(value, Real) and not isinstance(value, (bool, Integral)):
        number = float(value)
        return str(int(number)) if number.is_integer() else str(number)
    return str(value).strip()


def to_share(value: float, what: str = "level") -> float:
    """A confidence level as a float between 0 and 1.

    Raises
    ------
    DataError
        Not a number between 0 and 1.

    Examples
    --------
    >>> to_share(0.95)
    0.95
    """
    given: Any = value
    number = isinstance(given, Real) and not isinstance(given, (bool, np.bool_))
    if not number or not 0 < float(given) < 1:
        raise DataError(f"The {what} is {value!r}.", remedy="Use a share, such as 0.95.")
    return float(given)


def pair_answers(
    before: Any,
    after: Any,
    *,
    person: str = "person",
    items: Sequence[str] | None = None,
    table: str | pd.Series[Any] | Mapping[Any, Any] | None = None,
    scale: Scale | None = None,
    numbers: bool = True,
) -> Paired:
    """Match two tables of answers by person and item.

    Parameters
    ----------
    before, after : DataFrame
        One row a person, one column an item; blank where there is no answer.
    person : str
        Column with the person's id.
    items : sequence of str, optional
        Columns to use; those that both tables have when not given.
    table : str, Series or mapping, optional
        Small group of each person: a column of one of the tables, or labels whose
        index (keys) are the person ids.
    scale : (low, high) or mapping of item to (low, high), optional
        Lowest and highest possible answer.
    numbers : bool
        Read the answers as numbers; otherwise cells stay as they are.

    Returns
    -------
    Paired

    Raises
    ------
    DataError
        No common people or items, a doubled or empty id, an answer that is no
        number or lies outside the scale, a person without a table.

    Examples
    --------
    >>> first = pd.DataFrame({"person": ["a", "b"], "q1": [1, 4]})
    >>> second = pd.DataFrame({"person": ["b", "a", "c"], "q1": [5, None, 2]})
    >>> pair = pair_answers(first, second)
    >>> pair.people, pair.only_after, pair.after["q1"].tolist()
    (('a', 'b'), ('c',), [nan, 5.0])
    """
    check_settings(pair_answers, locals())
    frames = [by_person(f, person, w) for f, w in ((before, "before"), (after, "after"))]
    column = table if isinstance(table, str) else None
    names, left_out = _items(frames, items, column)
    if numbers:
        read = [_as_numbers(f, names, w) for f, w in zip(frames, ("before", "after"), strict=True)]
    else:
        read = [f[names] for f in frames]
    people = [p for p in frames[0].index if p in set(frames[1].index)]
    if not people:
        raise DataError(
            "No person is in both tables, so nothing can be compared.",
            remedy=f"Check that the column {person!r} holds the same ids in both.",
        )
    first, second = (f.loc[people] for f in read)
    scales = _scales(scale, names)
    for frame, what in zip(read, ("before", "after"), strict=True):
        _inside(frame, scales, what)
    return Paired(
        first,
        second,
        tuple(p for p in frames[0].index if p not in set(people)),
        tuple(p for p in frames[1].index if p not in set(people)),
        left_out,
        _tables(frames, table, people),
        scales,
    )


def by_person(frame: Any, person: str, what: str) -> pd.DataFrame:
    """A table with the people's ids as its index.

    Parameters
    ----------
    frame : DataFrame
        One row a person.
    person : str
        Column with the id.
    what : str
        Which answers, for the message: ``before`` or ``after``.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        An id is blank or stands twice, a column stands twice.

    Examples
    --------
    >>> by_person(pd.DataFrame({"id": [7.0], "q": [1]}), "id", "before").index.tolist()
    ['7']
    """
    if not isinstance(person, str):
        raise DataError(f"person is {person!r}.", remedy="Name the column that holds the ids.")
    table = to_pandas(frame, what=f"table of answers {what}")
    table = table.set_axis([str(c) for c in table.columns], axis=1)
    require_columns(table, [person])
    doubled = table.columns[table.columns.duplicated()]
    if len(doubled):
        raise DataError(f"The answers {what} have the column {doubled[0]!r} twice.")
    empty = table[person].isna() | (table[person].astype(str).str.strip() == "")
    if empty.any():
        raise DataError(
            f"A person of the answers {what} has no id.",
            row=int(empty.to_numpy().argmax()) + 2,
            column=person,
            remedy="Give everybody the same id before and after.",
        )
    ids = pd.Index([as_id(v) for v in table[person]], dtype=object)
    if ids.has_duplicates:
        twice = ids[ids.duplicated()][0]
        raise DataError(
            f"Person {twice!r} stands more than once in the answers {what}.",
            row=int((ids == twice).nonzero()[0][1]) + 2,
            column=person,
            remedy="Keep one row a person.",
        )
    return table.drop(columns=person).set_axis(ids, axis=0)


def answers_of(
    frame: Any, what: str, *, person: str = "person", scale: Mapping[str, tuple[float, float]]
) -> pd.DataFrame:
    """One table of answers as numbers by person, each within the scale of its item.

    Parameters
    ----------
    frame : DataFrame
        One row a person, one column an item; blank where there is no answer.
    what : str
        Which answers, for the message: ``before`` or ``after``.
    person : str
        Column with the id.
    scale : mapping of item to (low, high)
        The items and their ends.

    Returns
    -------
    DataFrame, people × items

    Raises
    ------
    DataError
        A doubled or empty id, an item without a column, an answer that is no number or
        lies outside the scale.

    Examples
    --------
    >>> frame = pd.DataFrame({"person": ["a", "b"], "q": [5, None]})
    >>> answers_of(frame, "after", scale={"q": (1, 5)})["q"].tolist()
    [5.0, nan]
    """
    names = list(scale)
    table = by_person(frame, person, what)
    require_columns(table, names)
    values = _as_numbers(table, names, what)
    _inside(values, scale, what)
    return values


def _items(
    frames: Sequence[pd.DataFrame], items: Sequence[str] | None, column: str | None
) -> tuple[list[str], tuple[str, ...]]:
    if items is not None:
        names = name_list(items, "items")
        if len(set(names)) < len(names):
            raise DataError("An item is named twice.")
        for frame in frames:
            require_columns(frame, names)
        left: tuple[str, ...] = ()
    else:
        first, second = ([c for c in f.columns if c != column] for f in frames)
        names = [c for c in first if c in second]
        left = tuple(c for c in [*first, *second] if c not in names)
    if not names:
        raise DataError(
            "The two tables have no item in common.",
            remedy="Give an item the same column name before and after.",
        )
    return names, left


def _as_numbers(frame: pd.DataFrame, names: list[str], what: str) -> pd.DataFrame:
    try:
        out = to_numbers(frame[names], names)
    except DataError as error:
        raise DataError(
            f"In the answers {what}, {error.problem}",
            row=error.row,
            column=error.column,
            remedy=error.remedy or "Leave it blank if there is no answer, or name the items=.",
        ) from None
    wrong = np.abs(out.to_numpy()) > LARGEST
    if wrong.any():
        row, column = (int(i[0]) for i in wrong.nonzero())
        raise DataError(
            f"An answer {what} is infinite or as good as that.", row=row + 2, column=names[column]
        )
    return out


def _scales(scale: Scale | None, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    if scale is None:
        return {}
    if isinstance(scale, Mapping):
        unknown = [str(k) for k in scale if str(k) not in names]
        if unknown and not any(str(k) in names for k in scale):
            raise DataError(f"The scales are for items that are not used: {unknown[:5]}.")
        given = {str(k): v for k, v in scale.items() if str(k) in names}
    else:
        given = dict.fromkeys(names, scale)
    return {name: _ends(ends, name) for name, ends in given.items()}


def _ends(ends: Any, name: str) -> tuple[float, float]:
    try:
        low, high = (float(v) for v in ends)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise DataError(
            f"The scale of {name!r} is {ends!r}.",
            remedy="Give the lowest and the highest possible answer, such as (1, 5).",
        )
    return low, high


def _inside(frame: pd.DataFrame, scales: Mapping[str, tuple[float, float]], what: str) -> None:
    """Refuse answers outside the scale: codes for no answer are the usual cause."""
    for item, (low, high) in scales.items():
        values = frame[item].to_numpy(dtype=np.float64)
        outside = (values < low) | (values > high)
        if outside.any():
            row = int(outside.argmax())
            raise DataError(
                f"The answer {what}, {values[row]:g}, is outside the scale {low:g} to {high:g}"
                f" ({int(outside.sum())} such answers).",
                row=row + 2,
                column=item,
                remedy="Leave codes for no answer (77, 98, 99) blank.",
            )


def _tables(frames: Sequence[pd.DataFrame], table: Any, people: list[str]) -> pd.Series[Any] | None:
    """Label of each person's small group."""
    if table is None:
        return None
    if isinstance(table, str):
        holding = [f for f in frames if table in f.columns]
        if not holding:
            require_columns(frames[0], [table])
        labels = holding[0][table]
        if len(holding) == 2:
            _same_tables(labels.loc[people], holding[1].loc[people, table])
    else:
        labels = _labels(table)
    found = labels.reindex(people)
    empty = found.isna() | (found.astype(str).str.strip() == "")
    if empty.any():
        who = [p for p, gone in zip(people, empty, strict=True) if gone]
        raise DataError(
            f"{len(who)} of the {len(people)} people who answered twice have no table, "
            f"for instance {', '.join(map(repr, who[:3]))}.",
            remedy="Give each a table (the index of the labels holds the person ids); who sat "
            "at none gets a label of her own.",
        )
    return found.map(as_id).rename("table")


def _same_tables(first: pd.Series[Any], second: pd.Series[Any]) -> None:
    one, two = first.map(as_id), second.map(as_id)
    moved = (one != two) & first.notna() & second.notna()
    if moved.any():
        raise DataError(
            f"Person {moved.index[int(moved.to_numpy().argmax())]!r} has one table before and "
            "another after.",
            remedy="Give the small group in which people deliberated, in one of the tables only.",
        )


def _labels(table: Any) -> pd.Series[Any]:
    if not isinstance(table, (pd.Series, Mapping)):
        raise DataError(
            f"The tables are a {type(table).__name__}.",
            remedy="Name a column, or give a Series or mapping of person id to table.",
        )
    labels = table if isinstance(table, pd.Series) else pd.Series(dict(table), dtype=object)
    ids = pd.Index([as_id(v) for v in labels.index], dtype=object)
    if ids.has_duplicates:
        raise DataError(f"Person {ids[ids.duplicated()][0]!r} has two table labels.")
    return labels.set_axis(ids)
