"""The rules that the tables of a coded project keep."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

import numpy as np
import pandas as pd

from dmpkit.coding.schema import ORIGINS, SEPARATOR, strings, tidy
from dmpkit.errors import DataError
from dmpkit.tables import require_unique

__all__ = [
    "check_cases",
    "check_codes",
    "check_notes",
    "check_segments",
    "check_sources",
    "with_hierarchy",
    "with_quotes",
]


def with_hierarchy(codes: pd.DataFrame) -> pd.DataFrame:
    """Codes with names and parents; parents that are missing are added, not codable.

    A row whose ``name`` and ``parent`` are both empty is split at the last separator;
    where only the name is given, the rest of the path is the parent. Parents stand
    above their children.
    """
    rows = codes.to_dict("list")
    known = set(rows["code"])
    added: dict[str, tuple[str, str]] = {}
    places: list[float] = list(range(len(codes)))
    for i, code in enumerate(rows["code"]):
        name, parent = rows["name"][i], rows["parent"][i]
        if not name and parent and code.startswith(parent + SEPARATOR):
            name = code[len(parent) + 1 :]
        elif not name:
            parent, _, name = code.rpartition(SEPARATOR)
        elif not parent and code != name and code.endswith(SEPARATOR + name):
            parent = code[: -len(name) - 1]
        rows["name"][i], rows["parent"][i] = name, parent
        while parent and parent not in known:
            above, _, own = parent.rpartition(SEPARATOR)
            added[parent] = (own, above)
            places.append(i - 0.5)  # where its first child stands
            known.add(parent)
            parent = above
    made = codes.assign(name=strings(rows["name"]), parent=strings(rows["parent"]))
    if added:
        names, parents = zip(*added.values(), strict=True)
        new = {"code": list(added), "name": names, "parent": parents, "codable": False}
        made = pd.concat([made, tidy(pd.DataFrame(new), "codes")], ignore_index=True)
        made = made.iloc[np.argsort(places, kind="stable")].reset_index(drop=True)
    return _parents_first(made)


def _parents_first(codes: pd.DataFrame) -> pd.DataFrame:
    """The codes in the order of a tree read from the top; siblings keep their order."""
    below: dict[str, list[int]] = {}
    for i, parent in enumerate(codes["parent"]):
        below.setdefault(parent, []).append(i)
    names = codes["code"].tolist()
    order: list[int] = []
    stack = list(reversed(below.get("", [])))
    while stack and len(order) <= len(names):
        at = stack.pop()
        order.append(at)
        stack.extend(reversed(below.get(names[at], [])) if names[at] else [])
    if sorted(order) != list(range(len(names))):
        return codes  # doubled or circular: the check says which
    return codes.iloc[order].reset_index(drop=True)


def check_codes(codes: pd.DataFrame) -> None:
    """Codes are named, unique, below a known parent, and of a known origin."""
    for i, code in enumerate(codes["code"]):
        if not code:
            raise DataError("A code has no name.", row=i + 2, column="code")
    require_unique(codes["code"].tolist(), "code")
    known = set(codes["code"])
    seen: set[str] = set()
    columns = (codes[c] for c in ("code", "name", "parent", "origin"))
    for i, (code, name, parent, origin) in enumerate(zip(*columns, strict=True)):
        if code != (f"{parent}{SEPARATOR}{name}" if parent else name):
            raise DataError(
                f"The code {code!r} is not its parent {parent!r} with its name {name!r}.",
                row=i + 2,
                column="code",
                remedy="Leave name and parent empty to have them taken from the path.",
            )
        if parent and parent not in seen:
            word = "below itself" if parent in known else "below a code that is not there"
            raise DataError(f"The code {code!r} stands {word}.", row=i + 2, column="parent")
        if origin not in ORIGINS:
            raise DataError(
                f"The origin {origin!r} of the code {code!r} is not known.",
                row=i + 2,
                column="origin",
                remedy="Write deductive, inductive, or nothing.",
            )
        seen.add(code)


def check_sources(sources: pd.DataFrame) -> pd.DataFrame:
    """Sources are named and unique; the name shown is the label where none is given."""
    for i, source in enumerate(sources["source"]):
        if not source:
            raise DataError("A source has no name.", row=i + 2, column="source")
    require_unique(sources["source"].tolist(), "source")
    pairs = zip(sources["name"], sources["source"], strict=True)
    return sources.assign(name=strings(n or s for n, s in pairs))


def _check_known(frame: pd.DataFrame, column: str, known: set[str], table: str) -> None:
    """Every label of a column is one of those known."""
    strange = set(frame[column]) - known
    if not strange:
        return
    row = next(i for i, label in enumerate(frame[column]) if label in strange)
    label = frame[column].iloc[row]
    close = get_close_matches(label, sorted(known), n=1)
    raise DataError(
        f"The {table} name the {column} {label!r}, which the project does not have.",
        row=row + 2,
        column=column,
        remedy=f"The closest is {close[0]!r}." if close else None,
    )


def _numbered(frame: pd.DataFrame, prefix: str, column: str) -> pd.DataFrame:
    """Labels where none are given: the prefix and the row number."""
    if column in frame and frame[column].eq("").any():
        taken = set(frame[column])
        labels = []
        for i, own in enumerate(frame[column], start=1):
            label = own or f"{prefix}{i}"
            while not own and label in taken:
                label = f"{label}x"
            taken.add(label)
            labels.append(label)
        frame = frame.assign(**{column: strings(labels)})
    return frame


def check_segments(
    segments: pd.DataFrame, texts: Mapping[str, str], codes: pd.DataFrame, table: str
) -> pd.DataFrame:
    """Segments have a label, a known source and a known code."""
    segments = _numbered(segments, "s" if table == "segments" else "u", "segment")
    if segments["segment"].duplicated().any():
        require_unique(segments["segment"].tolist(), "segment")
    _check_known(segments, "source", set(texts), table)
    _check_known(segments, "code", set(codes["code"]), table)
    return segments


def with_quotes(
    segments: pd.DataFrame, texts: Mapping[str, str], codes: pd.DataFrame
) -> pd.DataFrame:
    """Segments whose spans lie in their texts, with the words that stand there."""
    segments = check_segments(segments, texts, codes, "segments")
    scope = np.where(segments["scope"] == "", "selection", segments["scope"]).astype(object)
    if strange := set(scope) - {"selection", "source"}:
        raise DataError(
            f"The scope {sorted(strange)[0]!r} is not known.",
            column="scope",
            remedy="Write selection, or source where a whole source was coded.",
        )
    lengths = segments["source"].map({s: len(t) for s, t in texts.items()}).to_numpy(dtype=np.int64)
    start, end = segments["start"].to_numpy(), segments["end"].to_numpy()
    empty_allowed = scope == "source"
    bad = (start < 0) | (end > lengths) | (start > end) | ((start == end) & ~empty_allowed)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"The span from {start[row]} to {end[row]} does not fit the text of "
            f"{segments['source'].iloc[row]!r}, which has {lengths[row]} characters.",
            row=row + 2,
            column="start",
            remedy="Positions count characters from 0; the end is the position after the last.",
        )
    spans = zip(segments["source"], start.tolist(), end.tolist(), strict=True)
    found = [texts[source][a:b] for source, a, b in spans]
    for row, (given, stands) in enumerate(zip(segments["quote"], found, strict=True)):
        if given and given != stands:
            raise DataError(
                f"The quotation {given[:60]!r} is not what stands there: {stands[:60]!r}.",
                row=row + 2,
                column="quote",
                remedy="Leave quote empty to have it taken from the text.",
            )
    return segments.assign(scope=strings(scope), quote=strings(found))


def check_cases(cases: pd.DataFrame, links: pd.DataFrame, texts: Mapping[str, str]) -> pd.DataFrame:
    """Cases are unique; their links name known cases and sources and fit the texts."""
    for i, case in enumerate(cases["case"]):
        if not case:
            raise DataError("A case has no name.", row=i + 2, column="case")
    require_unique(cases["case"].tolist(), "case")
    _check_known(links, "case", set(cases["case"]), "links of cases")
    _check_known(links, "source", set(texts), "links of cases")
    start, end = links["start"].to_numpy().copy(), links["end"].to_numpy().copy()
    start[start == -1] = 0
    lengths = np.array([len(texts[s]) for s in links["source"]], dtype=np.int64)
    end = np.where(end == -1, lengths, end)
    bad = (start < 0) | (end > lengths) | (start > end)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"The case {links['case'].iloc[row]!r} is linked to the characters {start[row]} to "
            f"{end[row]} of {links['source'].iloc[row]!r}, which has {lengths[row]}.",
            row=row + 2,
            column="start",
        )
    return links.assign(start=start, end=end)


def check_notes(notes: pd.DataFrame, texts: Mapping[str, str]) -> pd.DataFrame:
    """Notes have a label and name known sources, or none; a span fits its text."""
    notes = _numbered(notes, "n", "note")
    _check_known(notes, "source", {*texts, ""}, "notes")
    for row, (source, a, b) in enumerate(
        zip(notes["source"], notes["start"], notes["end"], strict=True)
    ):
        if a is pd.NA or b is pd.NA:
            continue
        if not source or not 0 <= a <= b <= len(texts[source]):
            raise DataError(
                f"The note stands at {a} to {b}, which is not in a text.",
                row=row + 2,
                column="start",
            )
    return notes
