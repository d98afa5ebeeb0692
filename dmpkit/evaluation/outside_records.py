"""The records that stand outside the average: what may stand in each table.

Incidents at red lines, flags of the screening sheet, answers of the power audit,
goals, communication and digital items. Each is a
:class:`~dmpkit.evaluation.records.RecordKind`, its codes taken from the data packages
``data/screening`` and ``data/power-audit``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.evaluation.records import (
    Field,
    Finding,
    RecordKind,
    Rule,
    check_records,
    split_ids,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["codes_of", "outside_kinds", "outside_rules", "records_of"]

#: Counts below this are not printed where they could point at a person.
SMALL = 5
#: Words for small numbers in running text.
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

LINE_STATUSES = ("not looked", "no sign", "sign", "shown")
STATES = ("negotiable", "negotiated", "stop")
POINTS = ("evidence", "report", "lobbying", "member")
RESPONSES = ("negotiate", "hold the line", "threaten to leave", "leave", "members defend")
GRADES = ("A", "B", "C", "D")
GOAL_KINDS = ("legislation", "trust", "networks", "engagement", "media", "power shift", "other")
PHASES = ("before", "during", "after")
ANSWERS = ("yes", "partly", "no", "not asked", "not applicable")
ITEM_STATUSES = ("met", "partly", "not met", "not looked", "not applicable")

_STATUS_ALSO = {
    "not assessed": "not looked",
    "not looked at": "not looked",
    "none": "no sign",
    "signs": "sign",
}
_RESPONSE_ALSO = {
    "negotiated": "negotiate",
    "held the line": "hold the line",
    "threatened to leave": "threaten to leave",
    "left": "leave",
    "members defended": "members defend",
    "participants defend": "members defend",
}
_POINT_ALSO = {
    "final report": "report",
    "direct lobbying": "lobbying",
    "members": "member",
    "participants": "member",
}
_ANSWER_ALSO = {
    "seen": "yes",
    "taken": "yes",
    "shown": "yes",
    "sign": "partly",
    "not seen": "no",
    "not taken": "no",
    "no sign": "no",
    "not looked": "not asked",
    "not assessed": "not asked",
    "n/a": "not applicable",
}
_ITEM_ALSO = {
    "yes": "met",
    "no": "not met",
    "mixed": "partly",
    "not assessed": "not looked",
    "not asked": "not looked",
    "n/a": "not applicable",
}
_GOAL_ALSO = {
    "law": "legislation",
    "trust-building": "trust",
    "networking": "networks",
    "network": "networks",
    "change of power": "power shift",
}


@cache
def codes_of(table: str) -> pd.DataFrame:
    """One table of ``data/screening``, or the questions of ``data/power-audit``.

    Parameters
    ----------
    table : {"questions", "lines", "conditions", "digital", "power"}

    Examples
    --------
    >>> codes_of("lines")["line"].tolist()
    ['R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8']
    """
    if table == "power":
        return datasets.load("power-audit", "questions").fillna("")
    return datasets.load("screening", table).fillna("")


def _labels(table: str, code: str) -> dict[str, str]:
    """Label to code, so that a label may stand where its code is meant."""
    frame = codes_of(table)
    unique = frame[~frame["label"].duplicated(keep=False)]
    return dict(zip(unique["label"], unique[code], strict=True))


@cache
def outside_kinds() -> dict[str, RecordKind]:
    """The kinds of records by name, in reading order.

    Examples
    --------
    >>> list(outside_kinds())
    ['incidents', 'flags', 'power', 'goals', 'communication', 'digital']
    """
    kinds = (_incidents(), _flags(), _power(), _goals(), _communication(), _digital())
    return {kind.name: kind for kind in kinds}


def _incidents() -> RecordKind:
    lines = codes_of("lines")["line"].tolist()
    also = _labels("lines", "line")
    fields = [
        Field("incident", kind="id", required=True),
        Field("date", kind="date"),
        Field("point", choices=POINTS, also=_POINT_ALSO),
        Field("line", choices=lines, also=also),
        Field("actor"),
        Field("what"),
        Field("grade", choices=GRADES),
        Field("evidence", kind="ids"),
        Field("response", kind="ids", choices=RESPONSES, also=_RESPONSE_ALSO),
        Field("reply_asked", kind="date"),
        Field("reply"),
        Field("confidential", kind="yes-no"),
        Field("note"),
        Field("breach", kind="yes-no"),
    ]
    return RecordKind("incidents", "incidents.csv", fields, key=["incident"])


def outside_rules(name: str) -> list[Rule]:
    """The checks across the columns of a kind of records.

    Parameters
    ----------
    name : str
        One of :func:`outside_kinds`.

    Examples
    --------
    >>> len(outside_rules("incidents")), outside_rules("goals")
    (1, [])
    """
    return [_asked_after] if name == "incidents" else []


def _asked_after(incidents: pd.DataFrame) -> Iterable[Finding]:
    """Nobody can be asked for a reply to what has not happened yet."""
    pairs = zip(incidents["date"], incidents["reply_asked"], strict=True)
    for i, (day, asked) in enumerate(pairs):
        if day and asked and asked < day:
            yield (i, "reply_asked", f"The reply was asked for on {asked}, before the incident of "
                   f"{day}.", "Mend one of the two dates.")  # fmt: skip


def _flags() -> RecordKind:
    questions, lines = codes_of("questions"), codes_of("lines")
    codes = [*questions["flag"], *lines["line"]]
    also = {**_labels("lines", "line"), **_labels("questions", "flag")}
    fields = [
        Field("flag", required=True, choices=codes, also=also),
        Field("status", choices=LINE_STATUSES, also=_STATUS_ALSO),
        Field("state", choices=STATES),
        Field("by"),
        Field("note"),
    ]
    return RecordKind("flags", "flags.csv", fields, key=["flag"])


def _power() -> RecordKind:
    fields = [
        Field("point", required=True, choices=codes_of("power")["point"].tolist()),
        Field("status", choices=ANSWERS, also=_ANSWER_ALSO),
        Field("seen"),
        Field("by"),
        Field("note"),
    ]
    return RecordKind("power", "power.csv", fields)


def _goals() -> RecordKind:
    fields = [
        Field("goal", required=True),
        Field("kind", choices=GOAL_KINDS, also=_GOAL_ALSO),
        Field("set_on", kind="date"),
        Field("baseline"),
        Field("target"),
        Field("reached"),
        Field("evidence", kind="ids"),
        Field("note"),
    ]
    return RecordKind("goals", "goals.csv", fields)


def _communication() -> RecordKind:
    fields = [
        Field("phase", required=True, choices=PHASES),
        Field("audience", required=True),
        Field("what"),
        Field("plain_language", kind="yes-no"),
        Field("reach", kind="number", low=0),
        Field("date", kind="date"),
        Field("evidence", kind="ids"),
    ]
    return RecordKind("communication", "communication.csv", fields)


def _digital() -> RecordKind:
    items = codes_of("digital")
    fields = [
        Field("item", required=True, choices=items["item"].tolist(),
              also=_labels("digital", "item")),
        Field("status", choices=ITEM_STATUSES, also=_ITEM_ALSO),
        Field("evidence", kind="ids"),
        Field("note"),
    ]  # fmt: skip
    return RecordKind("digital", "digital.csv", fields, key=["item"])


def records_of(source: Any, name: str) -> pd.DataFrame:
    """The checked records of a kind from a scorecard or a table; without rows where there are none.

    Parameters
    ----------
    source : Scorecard, DataFrame or None
        A scorecard (anything with a mapping `records`), or the table itself.
    name : str
        One of :func:`outside_kinds`.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        When `source` is neither, or the table has mistakes.

    Examples
    --------
    >>> import pandas as pd
    >>> records_of(pd.DataFrame({"goal": ["A new law"], "kind": ["law"]}), "goals")["kind"].item()
    'legislation'
    """
    kind = outside_kinds()[name]
    if source is None:
        return kind.empty()
    if is_scorecard(source):
        found = source.records.get(name)
        return kind.empty() if found is None else check_records(found, kind)
    if isinstance(source, str | bytes):
        raise DataError(
            f"{source!r} is not a table of {name}.", remedy="Give a scorecard or a data frame."
        )
    return check_records(source, kind)


def is_scorecard(source: Any) -> bool:
    """Whether this holds records by name, as a scorecard does.

    Examples
    --------
    >>> is_scorecard(None)
    False
    """
    return isinstance(getattr(source, "records", None), Mapping)


def many(cell: object, *, phrases: bool = False) -> tuple[str, ...]:
    """The parts of a cell; phrases are parted by semicolons alone.

    Examples
    --------
    >>> many("C03; C04"), many("hold the line; leave", phrases=True)
    (('C03', 'C04'), ('hold the line', 'leave'))
    """
    return split_ids(cell, only_semicolons=phrases)


def marked_synthetic(source: Any, synthetic: bool | None = None) -> bool:
    """Whether the records are made up: as said, or as the scorecard's `about` says.

    Examples
    --------
    >>> marked_synthetic(None), marked_synthetic(None, True)
    (False, True)
    """
    if synthetic is not None:
        return bool(synthetic)
    return about_field(source, "synthetic").casefold() in {"yes", "true", "1"}


def about_field(source: Any, name: str) -> str:
    """One field of a scorecard's `about`; empty where there is none.

    Examples
    --------
    >>> about_field(None, "report_day")
    ''
    """
    value = source.about.get(name, "") if is_scorecard(source) else ""
    return "" if value is None else str(value).strip()


def counted(n: int, one: str, more: str | None = None) -> str:
    """A number with its noun, small numbers as words.

    Examples
    --------
    >>> counted(1, "incident"), counted(12, "incident"), counted(0, "sign")
    ('one incident', '12 incidents', 'no signs')
    """
    word = _WORDS[n] if n < len(_WORDS) else str(n)
    return f"{word} {one if n == 1 else more or one + 's'}"


def sentence(text: str) -> str:
    """The text with a capital at the start and a full stop at the end.

    Examples
    --------
    >>> sentence("one line is shown")
    'One line is shown.'
    """
    plain = text.strip()
    if not plain:
        return ""
    return plain[0].upper() + plain[1:] + ("" if plain[-1] in ".!?" else ".")
