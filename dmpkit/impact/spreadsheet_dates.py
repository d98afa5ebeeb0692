"""Dates as people type them into spreadsheets, read only where there is one reading."""

from __future__ import annotations

import datetime as dt
import re

from dmpkit.errors import DataError
from dmpkit.impact.dates import period
from dmpkit.impact.schema import cell_text

__all__ = ["read_date"]

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august"),
    *("september", "october", "november", "december"),
)
_ISO = re.compile(r"(\d{4}-\d{2}(?:-\d{2})?)(?:[T ]\d{2}:\d{2}.*)?")
_NUMBERS = re.compile(r"(\d{1,2})\s*([/.\-])\s*(\d{1,2})\s*\2\s*(\d{4})")
_BACKWARDS = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[/.\-](\d{4})")
_QUARTER = re.compile(r"(?:q([1-4])[\s/\-]*(\d{4})|(\d{4})[\s/\-]*q([1-4]))", re.IGNORECASE)
_YEAR = re.compile(r"\d{4}")
_DAY_WORD = re.compile(r"(?:(\d{1,2})(?:st|nd|rd|th)?\.?\s+)?([a-z]{3,9})\.?,?\s+(\d{4})", re.I)
_WORD_DAY = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})", re.I)


def read_date(value: object, day_first: bool | None = None) -> tuple[str, str]:
    """A typed date as ISO text and its precision.

    Read are ISO dates, cells that the spreadsheet holds as dates, English month names,
    ``25/03/2021`` where only one order is possible, ``05/2021``, ``Q2 2021`` and ``2021``.

    Parameters
    ----------
    value : object
        A cell.
    day_first : bool, optional
        Which order ``03/04/2021`` has; refused when not given.

    Returns
    -------
    text, precision : str
        Both empty for an empty cell.

    Raises
    ------
    DataError
        The date has two readings, or none.

    Examples
    --------
    >>> read_date("16 December 2021"), read_date("Q2 2021"), read_date("03/04/2021", True)
    (('2021-12-16', 'day'), ('2021-04', 'quarter'), ('2021-04-03', 'day'))
    """
    text = " ".join(cell_text(value).split())
    if not text:
        return "", ""
    if isinstance(value, dt.datetime | dt.date):
        text = text[:10]
    found = _written(text, day_first)
    if found is None:
        raise DataError(
            f"{text[:60]!r} is not a date that can be read.",
            remedy="Write YYYY-MM-DD, YYYY-MM or YYYY, or format the cell as a date.",
        )
    try:
        period(*found)
    except ValueError as error:
        raise DataError(f"{text!r} {error}.", remedy="Mend the date.") from None
    return found


def _written(text: str, day_first: bool | None) -> tuple[str, str] | None:
    if match := _ISO.fullmatch(text):
        return match[1], "day" if len(match[1]) == 10 else "month"
    if _YEAR.fullmatch(text):
        return text, "year"
    if match := _BACKWARDS.fullmatch(text):
        return _day(int(match[1]), int(match[2]), int(match[3]))
    if match := _NUMBERS.fullmatch(text):
        return _ordered(text, int(match[1]), int(match[3]), int(match[4]), day_first)
    if match := _MONTH_YEAR.fullmatch(text):
        return f"{match[2]}-{int(match[1]):02d}", "month"
    if match := _QUARTER.fullmatch(text):
        quarter, year = match[1] or match[4], match[2] or match[3]
        return f"{year}-{3 * int(quarter) - 2:02d}", "quarter"
    if match := _DAY_WORD.fullmatch(text):
        month = _month(match[2])
        if month and match[1]:
            return _day(int(match[3]), month, int(match[1]))
        return (f"{match[3]}-{month:02d}", "month") if month else None
    if match := _WORD_DAY.fullmatch(text):
        month = _month(match[1])
        return _day(int(match[3]), month, int(match[2])) if month else None
    return None


def _ordered(
    text: str, first: int, second: int, year: int, day_first: bool | None
) -> tuple[str, str]:
    """Day and month in the order that is possible, or that was said."""
    if day_first is None:
        if first <= 12 and second <= 12 and first != second:
            raise DataError(
                f"{text!r} may mean day {first} of month {second} or the other way round.",
                remedy="Say day_first=True or day_first=False.",
            )
        day_first = first > 12 or first == second
    day, month = (first, second) if day_first else (second, first)
    return _day(year, month, day)


def _day(year: int, month: int, day: int) -> tuple[str, str]:
    return f"{year:04d}-{month:02d}-{day:02d}", "day"


def _month(word: str) -> int:
    """Number of an English month, whole or cut to three letters or more; 0 where none."""
    fits = [k for k, name in enumerate(_MONTHS, start=1) if name.startswith(word.lower())]
    if word.lower() == "sept":
        return 9
    return fits[0] if len(fits) == 1 else 0
