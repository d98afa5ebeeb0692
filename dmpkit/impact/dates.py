"""Dates as sources give them: a day, or no more than a month, a quarter or a year.

A date of low precision stands for the whole calendar period. Days are held as whole
numbers (days since 1970-01-01).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError

__all__ = ["NEVER", "as_day", "days_of", "iso", "iso_days", "period", "periods"]

#: Stands for a day that has not come and never will.
NEVER = 2**31 - 1
_EPOCH = dt.date(1970, 1, 1).toordinal()
_SHAPE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_NATURAL = {4: "year", 7: "month", 10: "day"}


def period(text: str, precision: str = "") -> tuple[int, int]:
    """First and last day of what a date stands for.

    Parameters
    ----------
    text : str
        ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``.
    precision : str
        day, month, quarter or year; the text's own when empty.

    Returns
    -------
    first, last : int
        Days since 1970-01-01.

    Raises
    ------
    ValueError
        When there is no such date, or it is less precise than stated.

    Examples
    --------
    >>> [iso(day) for day in period("2022-01", "quarter")]
    ['2022-01-01', '2022-03-31']
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError("is not a date written YYYY-MM-DD, YYYY-MM or YYYY")
    precision = precision or _NATURAL[len(text)]
    if (precision == "day" and len(text) < 10) or (precision != "year" and len(text) < 7):
        raise ValueError(f"is less precise than the {precision} it is said to be precise to")
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        exact = dt.date(year, month, day)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None
    if precision == "day":
        return exact.toordinal() - _EPOCH, exact.toordinal() - _EPOCH
    start, end = {
        "month": (month, month),
        "quarter": (3 * ((month - 1) // 3) + 1, 3 * ((month - 1) // 3) + 3),
        "year": (1, 12),
    }[precision]
    first = dt.date(year, start, 1)
    last = dt.date(year, end, calendar.monthrange(year, end)[1])
    return first.toordinal() - _EPOCH, last.toordinal() - _EPOCH


def periods(
    dates: pd.Series[str], precisions: pd.Series[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], dict[int, str]]:
    """First and last day of many dates, and what is wrong with those that are none.

    Parameters
    ----------
    dates, precisions : Series of str

    Returns
    -------
    first, last : array of int
        `NEVER` where the date is wrong or empty.
    problems : dict of position to text
        One entry a different wrong date, at its first position.
    """
    date_codes, date_words = pd.factorize(dates)
    how_codes, how_words = pd.factorize(precisions)
    pairs, where, codes = np.unique(
        date_codes.astype(np.int64) * len(how_words) + how_codes,
        return_index=True,
        return_inverse=True,
    )
    first = np.full(len(pairs), NEVER, dtype=np.int64)
    last = first.copy()
    problems: dict[int, str] = {}
    for k, pair in enumerate(pairs):
        text, how = date_words[pair // len(how_words)], how_words[pair % len(how_words)]
        try:
            first[k], last[k] = period(text, how)
        except ValueError as error:
            problems[int(where[k])] = f"{text!r} {error}" if text else "has no date"
    return first[codes], last[codes], problems


def days_of(dates: pd.Series[str]) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Whole days of full dates (`NEVER` where empty), and what is wrong with the others."""
    codes, words = pd.factorize(dates)
    days = np.full(len(words), NEVER, dtype=np.int64)
    problems: dict[int, str] = {}
    for k, text in enumerate(words):
        if text == "":
            continue
        try:
            days[k], _ = period(text, "day")
        except ValueError as error:
            problems[int(np.argmax(codes == k))] = f"{text!r} {error}"
    return (days[codes] if len(words) else np.zeros(0, dtype=np.int64)), problems


def as_day(date: object, what: str = "date") -> int:
    """The day of a date that a caller gives.

    Parameters
    ----------
    date : str or date
        ISO text, `datetime.date`, `datetime.datetime` or pandas Timestamp.
    what : str
        Named in the error.

    Raises
    ------
    DataError
        If it is not one full date.

    Examples
    --------
    >>> as_day("1970-01-03")
    2
    """
    if date is pd.NaT:
        raise DataError(f"The {what} is missing.", remedy="Write it YYYY-MM-DD.")
    if isinstance(date, dt.datetime):
        date = date.date()
    if isinstance(date, dt.date):
        return date.toordinal() - _EPOCH
    if isinstance(date, np.datetime64):
        date = str(date)[:10]
    try:
        return period(str(date), "day")[0]
    except ValueError as error:
        raise DataError(f"The {what} {date!r} {error}.", remedy="Write it YYYY-MM-DD.") from None


def iso(day: int) -> str:
    """A day as ISO text; empty for `NEVER`.

    Examples
    --------
    >>> iso(0), iso(NEVER)
    ('1970-01-01', '')
    """
    return (
        "" if day >= NEVER or day <= -_EPOCH else dt.date.fromordinal(int(day) + _EPOCH).isoformat()
    )


def iso_days(days: NDArray[np.int64]) -> NDArray[np.object_]:
    """Many days as ISO text; empty for `NEVER`."""
    distinct, codes = np.unique(days, return_inverse=True)
    return np.array([iso(int(day)) for day in distinct], dtype=object)[codes]
