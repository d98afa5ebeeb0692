"""Answers of a form as numbers, by a stated mapping; a label that is not known is an error."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.form_columns import Column, Sheet, norm
from dmpkit.evaluation.questionnaire import split_options

__all__ = ["BLANKS", "Coding", "Options", "boxes", "coded", "coding_of", "end_of", "split_list"]

#: Label to number (None = no answer), for all items or item by item.
Options: TypeAlias = Mapping[str, Any]

#: Cells that mean that there is no answer, apart from empty ones.
BLANKS = ("N/A",)

_NUMBER = re.compile(r"[+\-−]?\d+(?:[.,]\d+)?")
_LED = re.compile(r"([+\-−]?\d+)\s*(?:[-–—=:.)]\s*([^\s\d].*)|\(\s*([^\s\d].*?)\s*\))", re.DOTALL)
_TRAILED = re.compile(r"(\S.*?)\s*[(\[]\s*([+\-−]?\d+)\s*[)\]]", re.DOTALL)
_YES, _NO = {"y", "yes", "1", "true", "checked", "selected"}, {"n", "no", "0", "false", ""}
_NO |= {"not selected", "unchecked"}


@dataclass(frozen=True)
class Coding:
    """How the answers to one item become numbers: by label, and within which range."""

    item: str
    numeric: bool
    labels: Mapping[str, float | None]
    low: float = float("nan")
    high: float = float("nan")


def _cell(row: Mapping[Any, Any], name: str) -> str:
    value = row.get(name, "")
    return "" if pd.isna(value) else str(value)


def end_of(row: Mapping[Any, Any], name: str) -> float:
    """The lowest or highest answer of an item, NaN where none is given."""
    value = _cell(row, name)
    try:
        return float(value) if value else float("nan")
    except ValueError:
        raise DataError(
            f"The item {_cell(row, 'item')!r} has {value!r} in {name!r}, which is no number.",
            column=name,
        ) from None


def coding_of(row: Mapping[Any, Any], options: Options | None) -> Coding:
    """The coding of an item: its options and poles, then what `options` says."""
    item, answer = _cell(row, "item"), _cell(row, "answer")
    low, high = end_of(row, "low"), end_of(row, "high")
    numeric = answer in ("scale", "rank", "number") or (not answer and low == low and high == high)
    labels: dict[str, float | None] = {}
    if numeric:
        labels.update(_own_labels(_cell(row, "options"), low, high))
        for pole, number in (("pole_low", low), ("pole_high", high)):
            if _cell(row, pole) and number == number:
                labels.setdefault(norm(_cell(row, pole)), number)
    given = _given(item, options)
    labels.update(given)
    numeric = numeric or isinstance((options or {}).get(item), Mapping)
    return Coding(item, numeric, labels, low, high)


def _own_labels(cell: str, low: float, high: float) -> dict[str, float | None]:
    """Labels with their numbers; in order from the lowest where none has a number."""
    found = split_options(cell)
    if found and all(value is None for value in found.values()):
        if high - low + 1 != len(found):
            return {}
        return {norm(label): low + i for i, label in enumerate(found)}
    return {norm(label): number for label, number in found.items()}


def _given(item: str, options: Options | None) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    for label, number in (options or {}).items():
        if not isinstance(number, Mapping):
            out[norm(label)] = _number(number, label)
    own = (options or {}).get(item)
    if isinstance(own, Mapping):
        out.update({norm(label): _number(number, label) for label, number in own.items()})
    return out


def _number(value: Any, label: str) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(
            f"The options give {value!r} for the label {label!r}, which is no number.",
            remedy="Give a number, or None for no answer.",
        ) from None


def coded(sheet: Sheet, column: Column, coding: Coding, blanks: Sequence[str]) -> list[Any]:
    """The answers of one column: numbers where the item has them, texts elsewhere."""
    empty = {norm(word) for word in blanks} | {""}
    out: list[Any] = []
    for number, cell in zip(sheet.numbers, sheet.column(column.place), strict=True):
        if norm(cell) in empty and norm(cell) not in coding.labels:
            out.append(float("nan") if coding.numeric else None)
        elif coding.numeric:
            out.append(_value(cell, coding, sheet, number, column.heading))
        else:
            out.append(cell.strip())
    return out


def _value(cell: str, coding: Coding, sheet: Sheet, row: int, heading: str) -> float:
    place: dict[str, Any] = {"file": sheet.source, "row": row, "column": heading}
    if norm(cell) in coding.labels:
        known = coding.labels[norm(cell)]
        if known is None:
            return float("nan")
        value = known
    else:
        value = _written(cell, coding, place)
    if value < coding.low or value > coding.high:
        raise DataError(
            f"{cell!r} lies outside the scale of {coding.item!r}, "
            f"{coding.low:g} to {coding.high:g}.",
            **place,
            remedy="Correct the cell, or the ends of the scale in the table of items.",
        )
    return value


def _written(cell: str, coding: Coding, place: dict[str, Any]) -> float:
    """A number that the cell itself shows, alone or beside its label."""
    text = cell.strip()
    if _NUMBER.fullmatch(text):
        return float(text.replace("−", "-").replace(",", "."))
    led, trailed = _LED.fullmatch(text), _TRAILED.fullmatch(text)
    if led:
        shown, label = led.group(1), led.group(2) or led.group(3)
    elif trailed:
        shown, label = trailed.group(2), trailed.group(1)
    else:
        raise DataError(
            f"The answer {cell!r} to {coding.item!r} has no number: the label is not known.",
            **place,
            remedy="Say what it stands for: options={"
            f"{text!r}: …}}, the number it stands for, or None for no answer"
            + (f"; known are {', '.join(map(repr, coding.labels))}." if coding.labels else "."),
        )
    value = float(shown.replace("−", "-"))
    known = coding.labels.get(norm(label), value)
    if known != value:
        raise DataError(
            f"{cell!r} shows {value:g}, but {label!r} stands for {known:g} in {coding.item!r}."
            if known is not None
            else f"{cell!r} shows {value:g}, but {label!r} counts as no answer.",
            **place,
            remedy="Correct the options, or the cell.",
        )
    return value


# --- several answers -------------------------------------------------------------------


def split_list(cell: str, known: Sequence[str] = ()) -> tuple[list[str], list[str]]:
    """The answers that a cell lists: those that are known options, and the rest.

    Parted by ``;`` where the cell has one outside known options, else by a comma and a
    blank. A known option may itself hold either.

    Examples
    --------
    >>> split_list("Pay, or a day off;Travel;", ["Pay, or a day off", "Travel"])
    (['Pay, or a day off', 'Travel'], [])
    >>> split_list("Pay, or a day off, Travel, a lift", ["Pay, or a day off", "Travel"])
    (['Pay, or a day off', 'Travel'], ['a lift'])
    """
    rest, chosen, other = cell.strip(), [], []
    by_length = sorted(known, key=len, reverse=True)
    while rest:
        end = next((o for o in by_length if _starts(rest, o)), None)
        if end is not None:
            chosen.append(end)
            rest = rest[len(end) :]
        else:
            part = re.split(r";|, ", rest, maxsplit=1)[0] if ";" not in rest else rest.split(";")[0]
            if part.strip():
                other.append(part.strip())
            rest = rest[len(part) :]
        rest = rest.lstrip(";, ")
    return chosen, other


def _starts(text: str, option: str) -> bool:
    if text[: len(option)].casefold() != option.casefold():
        return False
    return not text[len(option) :].strip() or text[len(option) :].lstrip()[:1] in ";,"


def boxes(
    sheet: Sheet, column: Column, known: Sequence[str], blanks: Sequence[str]
) -> tuple[dict[str, list[float]], int]:
    """Columns of 0 and 1, one an option, from cells that list several answers."""
    empty = {norm(word) for word in blanks} | {""}
    lists = [split_list(cell, known) for cell in sheet.column(column.place)]
    names = list(known) or list(dict.fromkeys(o for _, rest in lists for o in rest))
    blank = [norm(cell) in empty for cell in sheet.column(column.place)]
    out = {
        f"{column.item}: {name}": [
            float("nan") if void else float(name in chosen or (not known and name in rest))
            for void, (chosen, rest) in zip(blank, lists, strict=True)
        ]
        for name in names
    }
    strangers = sum(bool(rest) for _, rest in lists) if known else 0
    if strangers:
        out[f"{column.item}: other"] = [
            float("nan") if void else float(bool(rest))
            for void, (_, rest) in zip(blank, lists, strict=True)
        ]
    return out, strangers


def box(sheet: Sheet, column: Column, complete: Sequence[bool]) -> list[float]:
    """One box of a question as 0 and 1; empty in an unfinished submission is no answer."""
    out = []
    cells = zip(sheet.numbers, sheet.column(column.place), complete, strict=True)
    for number, cell, finished in cells:
        word = norm(cell)
        if word not in _YES | _NO:
            raise DataError(
                f"{cell!r} is neither a ticked nor an empty box.",
                file=sheet.source,
                row=number,
                column=column.heading,
                remedy="Boxes hold Y or Yes, and N, No or nothing.",
            )
        out.append(float("nan") if not word and not finished else float(word in _YES))
    return out
