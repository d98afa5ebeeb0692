"""The cells of a table of records: text, labels, choices, numbers and dates.

What stands in one cell is brought into its clean form here, or refused with what
would be right; :mod:`dmpkit.evaluation.records` says which cell it was.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.tables import number_remedy
from dmpkit.wording import listed

__all__ = [
    "cell_text",
    "grouped",
    "nearest",
    "plain_word",
    "read_choice",
    "read_date",
    "read_number",
    "split_ids",
    "visible",
]

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
#: Digits in threes after a dot: thousands in German, three decimals in English.
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+")
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?")


def split_ids(cell: object, *, only_semicolons: bool = False) -> tuple[str, ...]:
    """The labels of a cell that are parted by ``;``, commas or blanks, each once.

    Parameters
    ----------
    cell : str
        The cell; empty and missing ones hold no label.
    only_semicolons : bool
        Part at ``;`` alone, for labels of several words.

    Examples
    --------
    >>> split_ids("E1; E2 E3;E1"), split_ids(""), split_ids("leave; hold the line",
    ...                                                    only_semicolons=True)
    (('E1', 'E2', 'E3'), (), ('leave', 'hold the line'))
    """
    check_settings(split_ids, locals())
    text = visible(cell_text(cell))
    parts = text.split(";") if only_semicolons else re.split(r"[;,\s]+", text)
    return tuple(dict.fromkeys(" ".join(part.split()) for part in parts if part.strip()))


def read_choice(text: str, choices: Sequence[str], also: Mapping[str, str], called: str) -> str:
    """The allowed word that a cell means, whatever its case and blanks."""
    plain = {**{plain_word(k): v for k, v in also.items()}, **{plain_word(c): c for c in choices}}
    if (found := plain.get(plain_word(text))) is not None:
        return found
    near = get_close_matches(plain_word(text), list(plain), n=1, cutoff=0.6)
    if near and not any(c.isdigit() for c in text):
        remedy = f"Did you mean {plain[near[0]]!r}?"
    else:
        remedy = nearest(text, choices)
    raise DataError(f"{short(text)!r} is not {called}.", remedy=remedy)


def nearest(word: str, words: Iterable[str]) -> str:
    """A remedy that names the word most like the one given, or lists what there is.

    Examples
    --------
    >>> nearest("C1", ["C01", "L05"]), nearest("x", ["C01", "L05"])
    ("Did you mean 'C01'?", "Use one of 'C01' or 'L05'.")
    """
    every = list(words)
    plain = {plain_word(each): each for each in every}
    same = [each for each in every if _bare(each) == _bare(word)]  # C1 is C01, not C51
    if same:
        return f"Did you mean {same[0]!r}?"
    near = get_close_matches(plain_word(word), list(plain), n=1, cutoff=0.6)
    if near:
        return f"Did you mean {plain[near[0]]!r}?"
    shown = [repr(each) for each in every[:12]] + (["…"] if len(every) > 12 else [])
    if len(every) < 2:
        return f"Use {shown[0]}." if every else "There is none."
    return f"Use one of {listed(shown)}."


def _bare(label: str) -> str:
    """A label without blanks and the zeros that lead its number."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", re.sub(r"\W+", "", plain_word(label)))


def grouped(text: str) -> bool | None:
    """Whether the dots of a number may part thousands; None where it has no dot or is none.

    Examples
    --------
    >>> grouped("12.000"), grouped("12.5"), grouped("0.125"), grouped("12")
    (True, False, False, None)
    """
    plain = _plain_number(text)
    if "." not in plain:
        return None
    if _GROUPED.fullmatch(plain):
        return True
    return False if _NUMBER.fullmatch(plain) else None


def _plain_number(text: str) -> str:
    return visible(text).strip().replace("\N{MINUS SIGN}", "-")


def read_number(
    text: str, low: float | None, high: float | None, decimal: str, *, unsure: bool = False
) -> float:
    """A number in its range; with `unsure`, nothing says what the dots of the table mean."""
    plain = _plain_number(text)
    if grouped(text):
        whole = plain.replace(".", "")
        if decimal == "," or plain.count(".") > 1:
            raise DataError(
                f"{short(text)!r} parts thousands with a dot.",
                remedy=f"Write {whole}, without a separator.",
            )
        fits = (low is None or float(whole) >= low) and (high is None or float(whole) <= high)
        if unsure and fits:
            raise DataError(
                f"{short(text)!r} may mean {float(plain):g} or {whole}.",
                remedy=f"Write {whole} if the dot parts thousands, {plain}0 if it is a "
                "decimal point.",
            )
    if decimal == "," and grouped(text) is False:
        raise DataError(
            f"{short(text)!r} has a dot, and the decimal sign of this table is a comma.",
            remedy="Write all numbers alike.",
        )
    if decimal == ",":
        plain = plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain) or math.isinf(float(plain)):
        remedy = number_remedy(text)
        if remedy is None and re.fullmatch(r"[+-]?\d+,\d+", plain):
            remedy = "Write the number with a decimal point."
        raise DataError(
            f"{short(text)!r} is not a number.",
            remedy=remedy or "Write a number, or leave the cell empty.",
        )
    value = float(plain) + 0.0  # no negative zero
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = (
            f"between {low:g} and {high:g}"
            if low is not None and high is not None
            else f"at least {low:g}"
            if low is not None
            else f"at most {high:g}"
        )
        raise DataError(f"{short(text)} is out of range.", remedy=f"It should be {bounds}.")
    return value


def read_date(text: str) -> str:
    """A date as year-month-day."""
    found = _DATE.fullmatch(visible(text).strip())
    if found:
        year, month, day = (int(part) for part in found.groups())
        try:
            return datetime.date(year, month, day).isoformat()
        except ValueError:
            raise DataError(
                f"{short(text)!r} is no day of the calendar.", remedy="Write year-month-day."
            ) from None
    raise DataError(
        f"{short(text)!r} cannot be read as a date.",
        remedy="Write year-month-day, such as 2024-03-05.",
    )


def cell_text(cell: object) -> str:
    """A cell of any kind as text; a missing one is empty."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"} or cell != cell:
        return ""
    if type(cell).__name__ in {"bool", "bool_"}:
        return "yes" if cell else "no"
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(sep=" ") if cell.time() != datetime.time() else str(cell.date())
    number = cell.item() if hasattr(cell, "item") else cell
    if isinstance(number, float):
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    return str(number).strip()


def visible(text: str) -> str:
    """The text without the invisible characters that steer its direction or width."""
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def plain_word(text: str) -> str:
    """A word for comparison: one case, one kind of blank."""
    return " ".join(re.sub(r"[_\-\u2010-\u2015]+", " ", visible(text).casefold()).split())


def short(text: str) -> str:
    """A cell short enough for a message."""
    return f"{text[:60]}…" if len(text) > 60 else text
