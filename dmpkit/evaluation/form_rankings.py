"""Rankings in the export of a form: lists in order of preference, or a column for every rank.

Microsoft Forms writes a ranking into one cell, the options in their order parted by ``;``;
LimeSurvey has a column for every rank, ``P[1]``, ``P[2]`` … Both become one number an
option, as ``items.csv`` has it: 1 is the best.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.form_columns import Column, Sheet, norm
from dmpkit.evaluation.form_values import split_list

__all__ = ["rank_place", "ranks"]


def rank_place(heading: str, rankings: Sequence[str]) -> tuple[str, int] | None:
    """Which ranking a column belongs to, and which rank it holds (0: the whole list).

    Examples
    --------
    >>> rank_place("P[2]", ["P"]), rank_place("Your order?", ["your order"])
    (('P', 2), ('your order', 0))
    >>> rank_place("Q[2]", ["P"]) is None
    True
    """
    names = {norm(name): name for name in rankings}
    if norm(heading) in names:
        return names[norm(heading)], 0
    found = re.fullmatch(r"(.*?)\s*\[\s*(?:rank\w*\s*)?(\d+)\s*\]\s*", heading, flags=re.I | re.S)
    if found and norm(found.group(1)) in names and int(found.group(2)) > 0:
        return names[norm(found.group(1))], int(found.group(2))
    return None


def ranks(
    sheet: Sheet, columns: Sequence[Column], items: pd.DataFrame, blanks: Sequence[str]
) -> dict[str, list[float]]:
    """The rank that every submission gives to every option that anybody ranked.

    Options are found by the items' names and wordings. An option that a submission
    leaves out has no rank there.

    Raises
    ------
    DataError
        Something that is no item, or an option that is ranked twice.
    """
    known = {
        norm(words): str(name) for name, words in zip(items["item"], items["label"], strict=True)
    }
    known |= {norm(name): str(name) for name in items["item"]}
    words = [str(w) for column in ("label", "item") for w in items[column] if norm(w)]
    empty = {norm(word) for word in blanks} | {""}
    given: list[dict[str, float]] = [{} for _ in sheet.rows]
    for column in columns:
        for own, row, cell in zip(given, sheet.numbers, sheet.column(column.place), strict=True):
            if norm(cell) not in empty:
                _add(own, cell, column, known, words, (sheet, row))
    used = [str(item) for item in items["item"] if any(str(item) in own for own in given)]
    return {item: [own.get(item, float("nan")) for own in given] for item in used}


def _add(
    own: dict[str, float],
    cell: str,
    column: Column,
    known: dict[str, str],
    words: Sequence[str],
    place: tuple[Sheet, int],
) -> None:
    rank = int(column.option) if column.option else 0
    listed = [cell] if rank else _in_order(cell, words)
    for offset, label in enumerate(listed):
        item = known.get(norm(label))
        if item is None or item in own:
            what = "is no item" if item is None else "is ranked twice"
            raise DataError(
                f"{label!r} {what} in the ranking.",
                file=place[0].source,
                row=place[1],
                column=column.heading,
                remedy="The options of a ranking are items, by name or by wording; each once.",
            )
        own[item] = float(rank or offset + 1)


def _in_order(cell: str, words: Sequence[str]) -> list[str]:
    """The options of a list in the order in which they stand."""
    chosen, other = split_list(cell, words)
    return [*chosen, *other]
