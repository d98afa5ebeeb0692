"""Placing the selections of every source: one convention a source, then by their words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from dmpkit.coding.exchange.anchoring import Budget, find_quote
from dmpkit.coding.exchange.offsets import (
    Convention,
    Decision,
    RawText,
    Selection,
    decide,
    differences,
    plain,
    similarity,
)

__all__ = ["Placed", "place_all"]

#: A name must be about as long as its span to be looked for as a quotation: characters, share.
SLACK: tuple[int, float] = (1, 0.1)


@dataclass
class Placed:
    """The line of one source in the account."""

    source: str
    convention: str = "none needed"
    basis: str = ""
    selections: int = 0
    quotes: int = 0
    matched: int = 0
    re_anchored: int = 0
    lost: int = 0
    unchecked: int = 0
    note: str = ""
    doubtful: bool = False
    items: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)


def place_all(
    sources: Sequence[tuple[str, RawText | None, list[Selection]]],
    forced: Convention | None,
    budget: Budget,
) -> list[Placed]:
    """Decide for every source how its positions count, and place its selections.

    What the quotations of one source leave open is taken from the file's other sources,
    if they agree, and the account says so.
    """
    first: dict[str, Decision] = {
        label: decide(raw, selections, forced=forced)
        for label, raw, selections in sources
        if raw is not None and selections
    }
    usual = _usual(first.values())
    lines = []
    for label, raw, selections in sources:
        if raw is None:
            lines.append(_without_text(label, selections))
        elif not selections:
            lines.append(Placed(label))
        else:
            decision = first[label]
            if decision.open_ways and usual and not forced:
                decision = decide(raw, selections, usual=usual)
            lines.append(_place(label, raw, selections, decision, forced, usual, budget))
    return lines


def _usual(decisions: Iterable[Decision]) -> dict[str, str]:
    """What the quotations of the file show, point by point, where they show it."""
    votes: dict[str, Counter[str]] = {}
    for decision in decisions:
        for point in decision.settled:
            votes.setdefault(point, Counter())[getattr(decision.way, point)] += 1
    return {point: counter.most_common(1)[0][0] for point, counter in votes.items()}


def _without_text(label: str, selections: list[Selection]) -> Placed:
    line = Placed(label, convention="", basis="the file has no text for it")
    for s in selections:
        s.reason = s.reason or "the file has no text for this source"
    line.selections = line.lost = len(selections)
    return line


def _place(
    label: str,
    raw: RawText,
    selections: list[Selection],
    decision: Decision,
    forced: Convention | None,
    usual: Mapping[str, str],
    budget: Budget,
) -> Placed:
    line = Placed(label, convention=decision.way.described(raw), selections=len(selections))
    body = plain(raw.text)
    length, labels = len(body), 0
    for s, span, name in zip(selections, decision.spans, decision.names, strict=True):
        if s.reason:
            line.lost += 1
            continue
        if name and span and similarity(name, body[span[0] : span[1]]):
            s.at = span
            line.quotes += 1
            line.matched += 1
        elif name and _is_quotation(name, s):
            _search(line, s, span, name, body, budget)
        elif span:
            s.at = span
            line.unchecked += 1
            labels += bool(name)
        else:
            s.reason = _why_not(s, length)
            line.lost += 1
    _state_basis(line, raw, selections, decision, forced, usual)
    if labels:
        said = f"{labels} names are labels, not quotations"
        line.note = "; ".join(filter(None, [said, line.note]))
    return line


def _is_quotation(name: str, s: Selection) -> bool:
    """Whether words that do not stand at the span may be looked for elsewhere."""
    if s.certain or s.start is None or s.end is None:
        return True
    wide, share = SLACK
    return abs(len(name) - (s.end - s.start)) <= max(wide, share * len(name))


def _search(
    line: Placed,
    s: Selection,
    span: tuple[int, int] | None,
    name: str,
    body: str,
    budget: Budget,
) -> None:
    """Look for the words elsewhere; a span whose words are nowhere stays if it may be a label."""
    near = span[0] if span else s.start if s.start is not None and s.start >= 0 else None
    at, how = find_quote(body, name, near, budget)
    if at and at[0] < at[1]:
        s.at = at
        line.quotes += 1
        line.re_anchored += 1
        if s.start is not None:
            moved = f"the words stand at {at[0]}–{at[1]}, not at {s.start}–{s.end} ({how})"
            line.items[("changed", "position of a selection", line.source, moved)] += 1
    elif span and not s.certain:
        s.at = span
        line.unchecked += 1
        why = "its name is not what stands there: a label, or the text was changed; kept in place"
        line.items[("notice", "selection named otherwise", line.source, why)] += 1
    else:
        s.reason = how if s.start is None or span else f"{_why_not(s, len(body))}; {how}"
        line.quotes += 1
        line.lost += 1


def _why_not(s: Selection, length: int) -> str:
    """Why a span cannot be a place in a text."""
    if s.start is None or s.end is None:
        return "the file gives no position"
    if s.start < 0:
        return f"it starts at {s.start}, before the text"
    if s.end < s.start:
        return f"it ends ({s.end}) before it starts ({s.start})"
    if s.end == s.start:
        return f"it is empty ({s.start} to {s.end})"
    if s.end > length:
        return f"it ends at {s.end}; the text has {length} characters"
    return f"{s.start} to {s.end} is not between characters"


def _state_basis(
    line: Placed,
    raw: RawText,
    selections: list[Selection],
    decision: Decision,
    forced: Convention | None,
    usual: Mapping[str, str],
) -> None:
    """Say what the convention was decided on, and what stays open."""
    if all(s.start is None for s in selections):
        line.convention, line.basis = "the file gives no positions", "found by their words"
        return
    if forced:
        line.basis = "told by the reader"
        return
    if decision.score > 0:
        line.basis = f"{line.matched} of {line.quotes} quotations stand under it"
    else:
        line.basis = "the standard's practice: no quotation to compare"
    if not decision.open_ways:
        return
    ways = "; ".join(way.described(raw) for way in decision.open_ways[:4])
    line.note = f"as well possible: {ways}"
    points = [differences(decision.way, way) for way in decision.open_ways]
    if any(point in usual for differ in points for point in differ):
        line.basis += ", open points as in the file's other sources"
    elif decision.score > 0:
        line.basis += ", open points by the standard's practice"
    left = {differ[0] for differ in points if len(differ) == 1} - set(usual)
    astral = "unit" in left and any(
        way.unit == "UTF-16 units" and differ == ["unit"]
        for way, differ in zip(decision.open_ways, points, strict=True)
    )
    line.doubtful = astral or bool(left & {"crlf", "bom"})
    if astral:
        line.note = f"characters outside the basic plane stand before a selection; {line.note}"
