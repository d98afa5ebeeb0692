"""The six tables of a ledger: their columns, and how cells of any origin become ours."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.tables import require_columns, to_pandas

__all__ = ["DESCRIPTIONS", "REQUIRED", "TABLES", "cell_text", "tidy"]

#: Table to its columns and their kinds: text, date (ISO text; an event's may be as short as
#: its precision), number, code (a number where every filled cell is one, text otherwise).
TABLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "recommendations": {
            "rec_id": "text",
            "process_id": "text",
            "label": "text",
            "text_hash": "text",
            "parent_id": "text",
            "merged_into": "text",
            "counting_unit": "text",
            "theme": "text",
            "addressee": "text",
            "power": "text",
            "support_share": "number",
            "cost_class": "code",
            "challenge": "code",
            "baseline": "text",
            "baseline_evidence": "text",
            "report_date": "date",
            "entered_tracker_on": "date",
            "left_tracker_on": "date",
            "answer_due": "date",
            "action_due": "date",
            "note": "text",
        },
        "events": {
            "event_id": "text",
            "rec_id": "text",
            "layer": "text",
            "status": "text",
            "actor": "text",
            "date": "date",
            "precision": "text",
            "last_seen_before": "date",
            "recorded_on": "date",
            "recorded_by": "text",
            "evidence_url": "text",
            "evidence_archived": "text",
            "evidence_grade": "number",
            "fidelity": "number",
            "attribution": "text",
            "rater": "text",
            "withdraws": "text",
            "wording": "text",
            "note": "text",
        },
        "ratings": {
            "rec_id": "text",
            "rater": "text",
            "rater_side": "text",
            "as_of": "date",
            "status": "text",
            "fidelity": "number",
            "confidence": "number",
        },
        "reviews": {"review_date": "date", "scope": "text", "reviewer": "text"},
        "wider_impact": {
            "process_id": "text",
            "route": "text",
            "indicator": "text",
            "value": "code",
            "date": "date",
            "evidence_grade": "number",
        },
        "goals": {
            "process_id": "text",
            "goal": "text",
            "baseline": "text",
            "date_set": "date",
            "started_on": "date",
            "indicator": "text",
            "outcome": "text",
            "set_after_start": "text",
        },
    }
)

#: Columns without which a table says nothing.
REQUIRED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "recommendations": ("rec_id", "counting_unit"),
        "events": ("event_id", "rec_id", "status", "date", "recorded_on"),
        "ratings": ("rec_id", "rater", "rater_side"),
        "reviews": ("review_date",),
        "wider_impact": ("route", "indicator"),
        "goals": ("goal",),
    }
)

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "recommendations": "One row a recommendation, objective or sub-action; none is removed.",
        "events": "What happened, one dated and sourced event a row; append only.",
        "ratings": "Status and fidelity as raters of the three sides judged them.",
        "reviews": "Days on which the ledger was checked, changed or not.",
        "wider_impact": "Effects beyond the recommendations, never added into a share of them.",
        "goals": "What the mini-public was meant to reach, when it was set, and what came of it.",
    }
)


def tidy(frame: Any, table: str) -> pd.DataFrame:
    """A frame of any kind with all columns of a table, each cell in its form.

    Text and dates become text (empty where missing), numbers float64 (NaN where
    missing). Columns that the table does not know are kept after its own, as text.

    Parameters
    ----------
    frame : DataFrame or None
        None gives the empty table.
    table : str
        A name in `TABLES`.

    Raises
    ------
    DataError
        A required column is missing, or a cell is not a number.

    Examples
    --------
    >>> tidy(None, "reviews").columns.tolist()
    ['review_date', 'scope', 'reviewer']
    """
    known = TABLES[table]
    if frame is None or (isinstance(frame, pd.DataFrame) and frame.shape == (0, 0)):
        given = pd.DataFrame({name: [] for name in known}, dtype="str")
    else:
        given = to_pandas(frame, what=f"table of {table.replace('_', ' ')}")
        given = given.rename(columns=str).reset_index(drop=True)
        doubled = given.columns[given.columns.duplicated()]
        if len(doubled):
            raise DataError(f"Two columns are called {doubled[0]!r}.", file=table)
        require_columns(given, REQUIRED[table], file=table)
    columns: dict[str, Any] = {}
    for name, kind in known.items():
        if name in given.columns:
            columns[name] = _column(given[name], kind, table)
        else:
            missing = np.nan if kind == "number" else ""
            columns[name] = pd.Series([missing] * len(given), dtype=_dtype(kind))
    for name in given.columns:
        if name not in known:
            columns[name] = _column(given[name], "text", table)
    return pd.DataFrame(columns)


def _dtype(kind: str) -> str:
    return "float64" if kind == "number" else "str"


def _column(column: pd.Series[Any], kind: str, table: str) -> pd.Series[Any]:
    if kind == "number":
        return _numbers(column, table)
    text = _texts(column)
    if kind == "text":
        return text
    text = text.str.strip()
    if kind == "code":
        numbers = pd.to_numeric(text.where(text != "", None), errors="coerce").astype("float64")
        if (text != "").any() and numbers.notna().eq(text != "").all():
            return numbers
    return text


def _texts(column: pd.Series[Any]) -> pd.Series[str]:
    """Every cell as text, missing ones empty."""
    if isinstance(column.dtype, pd.StringDtype):
        return column.astype("str").fillna("")
    codes, distinct = pd.factorize(column.astype(object))  # missing: -1
    words = np.array([*(cell_text(value) for value in distinct), ""], dtype=object)
    return pd.Series(words[codes], dtype="str")


def _numbers(column: pd.Series[Any], table: str) -> pd.Series[float]:
    if pd.api.types.is_bool_dtype(column.dtype):
        raise DataError(
            "A column of numbers holds yes and no.", file=table, column=str(column.name)
        )
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("float64")
    text = _texts(column).str.strip()
    numbers = pd.to_numeric(text.where(text != "", None), errors="coerce").astype("float64")
    bad = (numbers.isna() & (text != "")) | np.isinf(numbers)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise DataError(
            f"{text.iloc[row]!r} is not a number.",
            file=table,
            row=row + 2,
            column=str(column.name),
            remedy="Empty the cell where it was not assessed.",
        )
    return numbers


def cell_text(value: object) -> str:
    """A cell as text: dates as ISO, whole floats without a point, missing as empty.

    Examples
    --------
    >>> cell_text(dt.datetime(2024, 5, 1)), cell_text(3.0), cell_text(None)
    ('2024-05-01', '3', '')
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return ""
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        whole_day = (value.hour, value.minute, value.second, value.microsecond) == (0, 0, 0, 0)
        return value.date().isoformat() if whole_day else value.isoformat(sep=" ")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value)
