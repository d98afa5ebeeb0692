"""Entries of tables as people type them: labels that are there, numbers that are numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.representativeness.labels import as_labels

__all__ = [
    "from_mapping",
    "is_number",
    "labelled",
    "notes_html",
    "require_columns_once",
    "require_distinct",
    "to_amounts",
    "to_level",
    "to_names",
    "to_number",
    "to_whole",
]


def notes_html(head: str, table: str, notes: Sequence[str]) -> str:
    """A heading, a table that is HTML already, and notes as small paragraphs."""
    from dmpkit.reporting import escape

    said = "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
    return f"<p><strong>{escape(head)}</strong></p>{table}{said}"


def from_mapping(mapping: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """``{variable: {category: number}}`` as ``variable, category, count``.

    Examples
    --------
    >>> from_mapping({"sex": {"F": 3, "M": 2}})
      variable category  count
    0      sex        F      3
    1      sex        M      2
    """
    rows = []
    for name, part in mapping.items():
        if not isinstance(part, Mapping):
            raise DataError(
                f"The entry of {name!r} is {part!r}.",
                remedy="Write {variable: {category: number}}.",
            )
        rows += [(name, label, number) for label, number in part.items()]
    return pd.DataFrame(rows, columns=["variable", "category", "count"])


def to_amounts(column: pd.Series[Any], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column as numbers that are there, finite and not negative."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    out = np.empty(len(column))
    for row, cell in enumerate(column):
        try:
            if isinstance(cell, bool | np.bool_):
                raise TypeError  # noqa: TRY301
            text = cell.strip().removesuffix("%").strip() if isinstance(cell, str) else cell
            out[row] = np.nan if text is None or text == "" else float(text)
        except (TypeError, ValueError):
            remedy = (
                "Write it without thousands separators, with a decimal point."
                if isinstance(cell, str) and any(sign.isdigit() for sign in cell)
                else "Write a number."
            )
            raise DataError(
                f"{cell!r} is not a number.", row=row + 2, column=name, remedy=remedy
            ) from None
    for problem, wrong in (
        ("The cell is empty.", np.isnan(out)),
        ("The number is infinite.", np.isinf(out)),
        ("The number is negative.", out < 0),
    ):
        if wrong.any():
            row = int(wrong.argmax())
            raise DataError(
                problem,
                row=row + 2,
                column=name,
                remedy=f"{_row_name(column, row)}Counts and shares are 0 or more.",
            )
    return out


def _row_name(column: pd.Series[Any], row: int) -> str:
    cell = column.iloc[row]
    return f"It is {cell!r}. " if isinstance(cell, str) and cell else ""


def labelled(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns ``variable`` and ``category`` as text; raises where one is empty."""
    out = pd.DataFrame({name: as_labels(frame[name]) for name in ("variable", "category")})
    out = out.reset_index(drop=True)
    for name in ("variable", "category"):
        empty = out[name].isna().to_numpy()
        if empty.any():
            row = int(empty.argmax())
            other = out["variable" if name == "category" else "category"].iloc[row]
            raise DataError(
                f"The label is empty (beside {other!r}).",
                row=row + 2,
                column=name,
                remedy="Name it; write 'unknown' for people of whom it is not known.",
            )
    return out


def is_number(value: object) -> bool:
    """Whether a value is a real number, numpy's included, and no truth value.

    Examples
    --------
    >>> is_number(np.float32(0.5)), is_number(True), is_number("0.5")
    (True, False, False)
    """
    return isinstance(value, Real) and not isinstance(value, bool)


def to_number(value: object, what: str, *, remedy: str = "Give a number.") -> float:
    """A single number that somebody gave, as a float; text and missing ones are refused.

    Examples
    --------
    >>> to_number(np.float32(0.5), "share")
    0.5
    """
    if not is_number(value) or np.isnan(number := float(value)):  # type: ignore[arg-type]
        raise DataError(f"The {what} is {value!r}.", remedy=remedy)
    return number


def to_level(value: object, what: str = "level") -> float:
    """A confidence level between 0 and 1.

    Examples
    --------
    >>> to_level(0.95)
    0.95
    """
    level = to_number(value, what, remedy="Give a share such as 0.95.")
    if not 0 < level < 1:
        raise DataError(f"The {what} is {value!r}; it lies between 0 and 1.", remedy="Give 0.95.")
    return level


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def to_whole(value: object, what: str, *, least: int = 0) -> int:
    """A whole number of `least` or more, numpy's included.

    Examples
    --------
    >>> to_whole(np.int64(3), "number of seats", least=1)
    3
    """
    if not _is_whole(value) or (number := int(str(value))) < least:
        raise DataError(
            f"The {what} is {value!r}.", remedy=f"Give a whole number of {least} or more."
        )
    return number


def to_names(names: object, what: str = "variables") -> list[str]:
    """Names of columns, each once; a single one may be given bare.

    Examples
    --------
    >>> to_names("age"), to_names(("age", "sex", "age"))
    (['age'], ['age', 'sex'])
    """
    if isinstance(names, str):
        return [names]
    listed: list[str] = []
    for name in names if isinstance(names, Iterable) else [names]:
        if not isinstance(name, str):
            raise DataError(
                f"{name!r} is no name among the {what}.", remedy="Give a list of names."
            )
        listed.append(name)
    return list(dict.fromkeys(listed))


def require_columns_once(frame: pd.DataFrame) -> None:
    """Raise a :class:`DataError` if a column's name stands twice.

    Examples
    --------
    >>> require_columns_once(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: column a: The table has two columns of this name. \
Give each column a name of its own.
    """
    names = [str(c) for c in frame.columns]
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise DataError(
            "The table has two columns of this name.",
            column=doubled,
            remedy="Give each column a name of its own.",
        )


def require_distinct(table: pd.DataFrame) -> None:
    """Raise a :class:`DataError` if a category of a variable stands twice."""
    doubled = table.duplicated(["variable", "category"]).to_numpy()
    if doubled.any():
        row = int(doubled.argmax())
        name, label = table["variable"].iloc[row], table["category"].iloc[row]
        raise DataError(
            f"The category {label!r} of {name!r} stands twice.",
            remedy="Give each category one row; add the numbers up where they belong together.",
        )
