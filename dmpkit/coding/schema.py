"""The columns of a coded project's tables, and how they are brought into shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.tables import require_columns, to_pandas

__all__ = ["APPROACHES", "ORIGINS", "SEPARATOR", "TABLES", "strings", "tidy"]

_SURROGATE = re.compile("[\ud800-\udfff]")
#: Between the names in a code's full path.
SEPARATOR: Final = "/"
#: What a project may say about how it was coded; empty where it does not say.
APPROACHES: Final = ("codebook", "coding reliability", "reflexive", "")
#: Where a code came from; empty where the project does not say.
ORIGINS: Final = ("deductive", "inductive", "")

#: Columns of every table with their kind; further columns are kept.
TABLES: Final[Mapping[str, Mapping[str, str]]] = {
    "codes": {
        "code": "text",
        "name": "text",
        "parent": "text",
        "description": "text",
        "colour": "text",
        "codable": "flag",
        "origin": "text",
        "guid": "text",
    },
    "sources": {"source": "text", "name": "text", "text": "text", "guid": "text"},
    "segments": {
        "segment": "text",
        "source": "text",
        "code": "text",
        "coder": "text",
        "start": "whole",
        "end": "whole",
        "quote": "text",
        "memo": "text",
        "scope": "text",
        "guid": "text",
    },
    "unplaced": {
        "segment": "text",
        "source": "text",
        "code": "text",
        "coder": "text",
        "quote": "text",
        "memo": "text",
        "guid": "text",
        "reason": "text",
    },
    "cases": {"case": "text"},
    "case_sources": {"case": "text", "source": "text", "start": "whole", "end": "whole"},
    "notes": {
        "note": "text",
        "kind": "text",
        "name": "text",
        "text": "text",
        "coder": "text",
        "source": "text",
        "start": "place",
        "end": "place",
    },
}
#: Columns that a table cannot do without.
NEEDED: Final[Mapping[str, Sequence[str]]] = {
    "codes": ("code",),
    "sources": ("source", "text"),
    "segments": ("source", "code", "start", "end"),
    "unplaced": ("source", "code"),
    "cases": ("case",),
    "case_sources": ("case", "source"),
    "notes": (),
}


def tidy(frame: Any, table: str) -> pd.DataFrame:
    """A table with all its columns, each of its kind; further columns stay at the end.

    Text is text with missing cells empty; ``whole`` columns are int64, ``place``
    columns are nullable whole numbers, ``flag`` columns are booleans.
    """
    columns = TABLES[table]
    given = pd.DataFrame(columns=list(columns)) if frame is None else to_pandas(frame, what=table)
    if frame is not None:
        require_columns(given, NEEDED[table])
    shaped = {
        name: _column(given.get(name), kind, len(given), table, name)
        for name, kind in columns.items()
    }
    for name in given.columns:
        if name not in columns:
            shaped[str(name)] = given[name].to_numpy(copy=True)
    return pd.DataFrame(shaped, copy=False)


def _column(
    values: pd.Series | None, kind: str, length: int, table: str, name: str
) -> np.ndarray[Any, Any] | pd.api.extensions.ExtensionArray | pd.Series:
    if kind == "text":
        return strings([""] * length) if values is None else _texts(values, table, name)
    if kind == "flag":
        return np.full(length, True) if values is None else _flags(values, table, name)
    if kind == "place":
        if values is None:
            return pd.array([pd.NA] * length, dtype="Int64")
        return pd.array(_numbers(values, table, name, missing=True), dtype="Int64")
    if values is None:  # the end of a link: the caller fills in the whole source
        return np.full(length, -1, dtype=np.int64)
    return np.asarray(_numbers(values, table, name, missing=False), dtype=np.int64)


def strings(values: Iterable[object]) -> pd.Series:
    """A text column of the one kind that all tables use."""
    return pd.Series(list(values), dtype="str")


def _texts(values: pd.Series, table: str, name: str) -> pd.Series:
    """Text cells; what is missing is empty, whole numbers have no point."""
    cells = [v if type(v) is str else _text(v) for v in values.tolist()]
    try:
        return strings(cells)
    except UnicodeEncodeError:
        row = next(i for i, cell in enumerate(cells) if _SURROGATE.search(cell))
        raise DataError(
            f"A text in the {table} holds half a character (a lone UTF-16 surrogate).",
            row=row + 2,
            column=name,
            remedy="Save the text as UTF-8 again.",
        ) from None


def _text(value: object) -> str:
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _flags(values: pd.Series, table: str, name: str) -> np.ndarray[Any, Any]:
    words = {"true": True, "1": True, "yes": True, "": True}
    words |= {"false": False, "0": False, "no": False}
    made = np.empty(len(values), dtype=bool)
    for i, value in enumerate(values.tolist()):
        found = words.get(_text(value).strip().lower())
        if found is None:
            raise DataError(
                f"{value!r} in the {table} is neither true nor false.",
                row=i + 2,
                column=name,
                remedy="Write true or false.",
            )
        made[i] = found
    return made


def _numbers(values: pd.Series, table: str, name: str, *, missing: bool) -> list[Any]:
    """Whole numbers; text that holds one counts."""
    if values.dtype.kind in "iu":
        return values.tolist()
    made: list[Any] = []
    for i, value in enumerate(values.tolist()):
        text = _text(value).strip()
        if not text and missing:
            made.append(pd.NA)
            continue
        try:
            number = int(text)
        except ValueError:
            number = 2**63
        if abs(number) >= 2**63:
            raise DataError(
                f"{value!r} in the {table} is not a whole number.",
                row=i + 2,
                column=name,
                remedy="Positions count characters: 0, 1, 2 …",
            )
        made.append(number)
    return made
