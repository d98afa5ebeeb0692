"""How a file counts positions in a text, found out by comparing its quotations.

Programs that write the same standard count differently: the byte-order mark or not,
a line end CR LF as one character or two, code points or UTF-16 units or UTF-8 bytes,
the last character in or out. No program says which; the quotations show it.
"""

from __future__ import annotations

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
_SPACES = dict.fromkeys(map(ord, "\n\r\t\x85\xa0\u2028\u2029\u202f\u2007"), " ")
#: Characters that XML cannot hold, for which a writer puts another.
_SPACES |= dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], "\ufffd")


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

    def trimmed(self, start: int, end: int) -> tuple[int, int]:
        """A span without line ends that the project's text has and the file's has not."""
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

    ``score`` sums the likeness of the quotations; ``spans`` are the positions of each
    selection under the convention; ``settled`` names the points (``unit``, ``end`` …)
    that the quotations decide; ``open_ways`` are the conventions that fit as well and
    would place something elsewhere.
    """

    way: Convention
    score: float
    spans: list[tuple[int, int] | None]
    settled: frozenset[str]
    open_ways: tuple[Convention, ...]


def plain(text: str) -> str:
    r"""A text with every white space a blank, of the same length; what XML cannot hold is U+FFFD.

    Examples
    --------
    >>> plain("a\nb\tc")
    'a b c'
    """
    return text.translate(_SPACES)


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


def spans_under(
    raw: RawText, selections: Sequence[Selection], table: NDArray[np.int64], inclusive: bool
) -> list[tuple[int, int] | None]:
    """The span of every selection in the project's text; None where it has none."""
    size = len(table)
    lookup: Any = table.tolist() if len(selections) > 50 else table
    spans: list[tuple[int, int] | None] = []
    for selection in selections:
        a, b = selection.start, selection.end
        if a is None or b is None:
            spans.append(None)
            continue
        b += inclusive
        if not 0 <= a <= b < size:
            spans.append(None)
            continue
        first, last = raw.trimmed(int(lookup[a]), int(lookup[b]))
        spans.append((first, last) if 0 <= first < last else None)
    return spans


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
    found: list[tuple[float, list[tuple[int, int] | None], Convention]] = []
    tables: dict[Convention, NDArray[np.int64]] = {}
    for way in [forced] if forced else raw.conventions():
        key = replace(way, end="exclusive")
        if key not in tables:
            tables[key] = raw.boundaries(key)
        spans = spans_under(raw, selections, tables[key], way.end == "inclusive")
        score = sum(
            similarity(name, body[span[0] : span[1]])
            for name, span in zip(names, spans, strict=True)
            if name and span
        )
        found.append((score, spans, way))
    best = max(score for score, _, _ in found)
    equal = [entry for entry in found if entry[0] == best]
    wanted = (usual or {}).items()
    equal.sort(key=lambda entry: -sum(getattr(entry[2], p) == value for p, value in wanted))
    score, spans, way = equal[0]
    worse = [other for s, places, other in found if s < best and places != spans]
    settled = frozenset(differ[0] for other in worse if len(differ := differences(way, other)) == 1)
    others = tuple(other for _, places, other in equal[1:] if places != spans)
    return Decision(way, score, spans, settled, others)


def differences(one: Convention, other: Convention) -> list[str]:
    """The points in which two conventions differ."""
    return [f.name for f in fields(one) if getattr(one, f.name) != getattr(other, f.name)]
