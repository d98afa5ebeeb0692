"""How a file counts positions in a text, found out by comparing its quotations.

Programs that write the same standard count differently: the byte-order mark or not,
a line end CR LF as one character or two, code points or UTF-16 units or UTF-8 bytes,
the last character in or out. No program says which; the quotations show it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from itertools import product
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Convention",
    "Decision",
    "RawText",
    "Selection",
    "decide",
    "differences",
    "plain",
    "quoted",
    "similarity",
]

#: Shortest name that is believed to be the beginning of a quotation.
MIN_PREFIX: Final = 8
#: Selections whose likeness is compared between two conventions; a source rarely has more.
MAX_COMPARED: Final = 200
_SPACE = re.compile("[\n\r\t\x85\xa0\u2007\u2028\u2029\u202f]")
#: Characters that XML cannot hold, for which a writer puts another.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True)
class Convention:
    r"""How the positions of a file count.

    Parameters
    ----------
    unit : {"code points", "UTF-16 units", "UTF-8 bytes"}
        What is one position.
    end : {"exclusive", "inclusive"}
        Whether the end is the position after the last character or that of it.
    crlf : {"two", "one"}
        How CR LF counts; without effect where the text has none.
    bom : {"not counted", "counted"}
        Whether a byte-order mark counts; without effect where the text has none.

    Examples
    --------
    >>> str(Convention())
    'code points, end exclusive'
    >>> Convention(crlf="one").described(RawText.of("one\r\ntwo"))
    'code points, end exclusive, CR LF counted as one'
    """

    unit: Literal["code points", "UTF-16 units", "UTF-8 bytes"] = "code points"
    end: Literal["exclusive", "inclusive"] = "exclusive"
    crlf: Literal["two", "one"] = "two"
    bom: Literal["not counted", "counted"] = "not counted"

    def __str__(self) -> str:
        return f"{self.unit}, end {self.end}"

    def described(self, raw: RawText) -> str:
        """The convention in words, with what matters for this text."""
        words = str(self)
        if raw.crlf:
            words += f", CR LF counted as {self.crlf}"
        if raw.bom:
            words += f", byte-order mark {self.bom}"
        return words


@dataclass(frozen=True)
class RawText:
    """A text as the file holds it, and as the project keeps it.

    ``text`` has no byte-order mark and LF for CR LF; the rest is as in ``raw``.
    """

    raw: str
    text: str
    bom: bool
    crlf: bool
    astral: bool
    ascii: bool

    @classmethod
    def of(cls, raw: str) -> RawText:
        """Look at a decoded text once."""
        bom, crlf = raw.startswith("\ufeff"), "\r\n" in raw
        text = raw[1:] if bom else raw
        text = text.replace("\r\n", "\n") if crlf else text
        ascii_only = text.isascii()
        return cls(raw, text, bom, crlf, not ascii_only and max(text) > "\uffff", ascii_only)

    def conventions(self) -> list[Convention]:
        """The conventions that could make a difference here, the standard's own first."""
        units: list[Any] = ["code points"]
        units += [] if not self.astral else ["UTF-16 units"]
        units += [] if self.ascii else ["UTF-8 bytes"]
        boms = ["not counted", "counted"] if self.bom else ["not counted"]
        ends = ["two", "one"] if self.crlf else ["two"]
        return [
            Convention(unit, end, crlf, bom)  # type: ignore[arg-type]
            for unit, bom, crlf, end in product(units, boms, ends, ("exclusive", "inclusive"))
        ]

    def boundaries(self, way: Convention) -> NDArray[np.int64]:
        """Position in `text` of every position under a convention; -1 inside a character."""
        points = np.frombuffer(self.raw.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        kept = np.ones(len(points), dtype=np.int64)
        width = np.ones(len(points), dtype=np.int64)
        if way.unit == "UTF-16 units":
            width += points > 0xFFFF
        elif way.unit == "UTF-8 bytes":
            width += (points > 0x7F).astype(np.int64) + (points > 0x7FF) + (points > 0xFFFF)
        if self.bom:
            kept[0] = 0
            width[0] = width[0] if way.bom == "counted" else 0
        if self.crlf:
            returns = np.flatnonzero((points[:-1] == 13) & (points[1:] == 10))
            kept[returns] = 0
            if way.crlf == "one":
                width[returns] = 0
        table = np.full(int(width.sum()) + 1, -1, dtype=np.int64)
        starts = np.concatenate(([0], np.cumsum(width)))
        table[starts] = np.concatenate(([0], np.cumsum(kept)))
        return table

    def trimmed(
        self, start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Spans without line ends that the project's text has and the file's has not."""
        return start, end


@dataclass(slots=True, eq=False)
class Selection:
    """A span as a file states it, and where it came to stand.

    ``quote`` is what the file says stands there; ``certain`` where it is a quotation for
    sure and not perhaps a label. ``at`` is the span in the project's text, or None with
    the ``reason``.
    """

    start: int | None
    end: int | None
    quote: str = ""
    certain: bool = False
    memo: str = ""
    coder: str = ""
    created: str = ""
    guid: str = ""
    codings: list[tuple[str, str, str, str]] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    at: tuple[int, int] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Decision:
    """The convention chosen for a source, and how sure it is.

    ``score`` is more than 0 where a quotation stands under it; ``spans`` are the positions
    of each selection, ``names`` their quotations as they can be compared; ``settled`` names
    the points (``unit``, ``end`` …) that the quotations decide; ``open_ways`` are the
    conventions that fit as well and would place something elsewhere.
    """

    way: Convention
    score: float
    spans: list[tuple[int, int] | None]
    names: list[str]
    settled: frozenset[str]
    open_ways: tuple[Convention, ...]


def plain(text: str) -> str:
    r"""A text with every white space a blank, of the same length.

    What XML cannot hold becomes U+FFFD.

    Examples
    --------
    >>> plain("a\nb\tc")
    'a b c'
    """
    return _ILLEGAL.sub("\ufffd", _SPACE.sub(" ", text))


def quoted(name: str) -> str:
    """A quotation as it can be compared: no byte-order mark, line ends as blanks."""
    return plain(name.replace("\ufeff", "").replace("\r\n", "\n"))


def similarity(quote: str, stands: str) -> float:
    """How well a name fits the words that stand there: 1 for the same words.

    0.75 where white space at the ends or doubled makes the difference, 0.5 where the name
    is the beginning of the words (of `MIN_PREFIX` characters at least), 0 otherwise. Both
    must have gone through `plain`.

    Examples
    --------
    >>> similarity("Time was", "Time was"), similarity("Time was sh…", "Time was short")
    (1.0, 0.5)
    """
    if quote == stands:
        return 1.0
    cut = quote.rstrip(" ")
    cut = (
        cut[:-1].rstrip()
        if cut.endswith("…")
        else cut[:-3].rstrip()
        if cut.endswith("...")
        else cut
    )
    if len(cut) >= MIN_PREFIX and len(cut) < len(stands) and stands.startswith(cut):
        return 0.75 if not stands[len(cut) :].strip() else 0.5
    if quote[:1].isspace() or stands[:1].isspace() or "  " in quote or "  " in stands:
        return 0.75 if quote.split() == stands.split() else 0.0
    return 0.75 if quote.rstrip() == stands.rstrip() and quote.strip() else 0.0


Spans = tuple[NDArray[np.int64], NDArray[np.int64]]


def stated(selections: Sequence[Selection]) -> Spans:
    """The positions as the file states them; -1 where it does not."""
    pairs = [
        (-1, -1)
        if s.start is None or s.end is None or max(-s.start, s.end) > 2**60
        # no text is so long, and numbers of a file may not fit an array
        else (s.start, s.end)
        for s in selections
    ]
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def spans_under(raw: RawText, spans: Spans, table: NDArray[np.int64], inclusive: bool) -> Spans:
    """Start and end of every selection in the project's text; -1 where it has no place."""
    start, end = spans[0], spans[1] + inclusive
    fits = (start >= 0) & (start <= end) & (end < len(table))
    first = table[np.where(fits, start, 0)]
    last = table[np.where(fits, end, 0)]
    fits &= (first >= 0) & (last >= 0)
    first, last = raw.trimmed(np.where(fits, first, 0), np.where(fits, last, 0))
    fits &= first < last
    return np.where(fits, first, -1), np.where(fits, last, -1)


def _spread(places: NDArray[np.intp]) -> NDArray[np.intp]:
    """At most `MAX_COMPARED` of some places, evenly spread."""
    if len(places) <= MAX_COMPARED:
        return places
    return places[np.linspace(0, len(places) - 1, MAX_COMPARED).astype(np.intp)]


def decide(
    raw: RawText,
    selections: Sequence[Selection],
    *,
    forced: Convention | None = None,
    usual: Mapping[str, str] | None = None,
) -> Decision:
    """Choose the convention under which most quotations stand.

    Where several fit equally well, those that agree with `usual` (what the file's other
    sources showed, point by point) come first, then the standard's practice (code points,
    end exclusive).

    Parameters
    ----------
    raw : RawText
    selections : sequence of Selection
    forced : Convention, optional
        Settles it.
    usual : mapping of str to str, optional
        Point (``unit``, ``end``, ``crlf``, ``bom``) to value.

    Examples
    --------
    >>> text = RawText.of("😬 late, and short of time")
    >>> decide(text, [Selection(3, 7, "late")]).way.unit
    'UTF-16 units'
    """
    body = plain(raw.text)
    names = [quoted(s.quote) if s.quote else "" for s in selections]
    found = _placed(raw, selections, [forced] if forced else raw.conventions())
    named = np.array([bool(name) for name in names])
    tell: set[int] = set()  # selections that can tell conventions apart
    for spans in found.values():
        differ = (spans[0] != found[next(iter(found))][0]) | (
            spans[1] != found[next(iter(found))][1]
        )
        tell.update(_spread(np.flatnonzero(differ & named)).tolist())
    tell.update(_spread(np.flatnonzero(named))[:5].tolist())
    scores = {
        way: sum(similarity(names[i], body[a[i] : b[i]]) for i in tell if a[i] >= 0)
        for way, (a, b) in found.items()
    }
    best = max(scores.values())
    wanted = (usual or {}).items()
    equal = [way for way, score in scores.items() if score == best]
    equal.sort(key=lambda way: -sum(getattr(way, point) == value for point, value in wanted))
    way = equal[0]
    others = [o for o in found if not _same(found[o], found[way])]
    settled = {
        differ[0] for o in others if scores[o] < best and len(differ := differences(way, o)) == 1
    }
    places = [
        (a, b) if a >= 0 else None for a, b in zip(*(x.tolist() for x in found[way]), strict=True)
    ]
    open_ways = tuple(o for o in others if scores[o] == best)
    return Decision(way, best, places, names, frozenset(settled), open_ways)


def _placed(
    raw: RawText, selections: Sequence[Selection], ways: Sequence[Convention]
) -> dict[Convention, Spans]:
    """The spans of all selections under each convention."""
    given = stated(selections)
    found: dict[Convention, Spans] = {}
    tables: dict[Convention, NDArray[np.int64]] = {}
    for way in ways:
        key = replace(way, end="exclusive")
        if key not in tables:
            tables[key] = raw.boundaries(key)
        found[way] = spans_under(raw, given, tables[key], way.end == "inclusive")
    return found


def _same(one: Spans, other: Spans) -> bool:
    return bool((one[0] == other[0]).all() and (one[1] == other[1]).all())


def differences(one: Convention, other: Convention) -> list[str]:
    """The points in which two conventions differ."""
    return [f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)]
