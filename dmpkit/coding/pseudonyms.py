"""Pseudonymisation after coding: names replaced everywhere, no coding lost, and the way back.

What is replaced: texts of sources, quotations, memos, notes, definitions of codes, names of
sources, cases, codes and coders, attributes and their names, and the account of the
import. Positions of codings move with the words. The key that leads back is a separate
object, to be kept apart; the project and the log hold no original.
"""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.coding.approach import require_project
from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.names import Case, Match, NameList
from dmpkit.coding.schema import SEPARATOR, TABLES, strings
from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.tables import atomic_write

__all__ = ["PseudonymKey", "propose_names", "pseudonymise", "restore"]

#: A named-entity recogniser: text in, (start, end, kind) out.
Recogniser = Callable[[str], Iterable[tuple[int, int, str]]]

VERSION: Final = 1
#: Columns that hold labels which other tables refer to.
LABELS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "source": tuple((t, "source") for t in ("sources", "segments", "unplaced", "case_sources",
                                            "notes")),
    "code": (("codes", "code"), ("codes", "parent"), ("segments", "code"), ("unplaced", "code")),
    "case": (("cases", "case"), ("case_sources", "case")),
    "coder": (("segments", "coder"), ("unplaced", "coder"), ("notes", "coder")),
    "segment": (("segments", "segment"), ("unplaced", "segment")),
    "note": (("notes", "note"),),
}  # fmt: skip
_DONE_OTHERWISE: Final = {
    *((t, c) for pairs in LABELS.values() for t, c in pairs),
    ("codes", "name"),
    ("segments", "quote"),
    ("segments", "scope"),
    ("codes", "colour"),
    ("codes", "origin"),
    ("notes", "kind"),
    *((t, "guid") for t in TABLES),
}
#: Columns of all tables that keep their names.
_KNOWN: Final = frozenset(column for table in TABLES.values() for column in table)
#: What each row of a table is known by.
_ROW: Final = {
    "codes": "code", "sources": "source", "segments": "segment", "unplaced": "segment",
    "cases": "case", "notes": "note",
}  # fmt: skip


@dataclass(frozen=True)
class _Edit:
    """One replacement: where it stands now, how long it is, and what stood there."""

    start: int
    length: int
    original: str
    row: int


@dataclass(frozen=True, eq=False, repr=False)
class PseudonymKey:
    """What leads from a pseudonymised project back to the original. Keep it apart.

    It holds every original name: anyone who has both key and project knows who spoke.
    It is saved as plain JSON readable by its owner only (no well-kept encryption library
    is among dmpkit's dependencies): put it on an encrypted disk or into an encrypted
    archive, away from the project.

    Attributes
    ----------
    names : DataFrame
        ``original, pseudonym, kind``.
    cells : tuple of mapping
        Every text that was changed: where, its hash now, and what stood where.
    labels : mapping
        Of sources, codes, cases …: what each is called now, to what it was called.
    cuts : tuple of mapping
        Spans that cut through a name and were widened to the whole pseudonym.
    log : DataFrame
        Every change without the originals; may be kept with the project: ``table, row,
        column, start, end`` (positions now), ``pseudonym, kind, action``.
    """

    names: pd.DataFrame
    cells: tuple[Mapping[str, Any], ...]
    labels: Mapping[str, Mapping[str, str]]
    cuts: tuple[Mapping[str, Any], ...]
    log: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __repr__(self) -> str:
        replaced = int((self.log["action"] == "replaced").sum()) if len(self.log) else 0
        return (
            f"<PseudonymKey: {len(self.names)} names, {replaced} replacements, "
            f"{len(self.cuts)} spans widened; keep it apart from the project>"
        )

    @cached_property
    def name_list(self) -> NameList:
        """The names, to look for what is left of them (see ``release_check``)."""
        return NameList(self.names, "ignore")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the key as JSON that only its owner may read (where the system allows).

        Returns
        -------
        Path
            Where it was written.
        """
        content = {
            "dmpkit pseudonym key": VERSION,
            "names": self.names.to_dict("records"),
            "cells": list(self.cells),
            "labels": {kind: dict(pairs) for kind, pairs in self.labels.items()},
            "cuts": list(self.cuts),
            "log": self.log.to_dict("records"),
        }
        with atomic_write(path) as target:
            target.touch(mode=0o600)
            target.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
        return Path(path)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> PseudonymKey:
        """Read a key that was saved.

        Raises
        ------
        DataError
            When the file is not such a key.
        """
        remedy = "Give a file that PseudonymKey.save wrote."
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            if content["dmpkit pseudonym key"] != VERSION:
                raise DataError("The key is of another version.", file=path, remedy=remedy)
            return cls(
                pd.DataFrame(content["names"], columns=["original", "pseudonym", "kind"]),
                tuple(content["cells"]),
                content["labels"],
                tuple(content["cuts"]),
                pd.DataFrame(content["log"], columns=_LOG),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
            if isinstance(problem, DataError):
                raise
            raise DataError("This is no key of pseudonyms.", file=path, remedy=remedy) from None


_LOG = ["table", "row", "column", "start", "end", "pseudonym", "kind", "action"]


class _Work:
    """Collects what is done on the way through a project."""

    def __init__(self, names: NameList) -> None:
        self.names = names
        self.cells: list[dict[str, Any]] = []
        self.labels: dict[str, dict[str, str]] = {}
        self.cuts: list[dict[str, Any]] = []
        self.log: list[tuple[Any, ...]] = []
        self._seen: dict[str, tuple[str, list[_Edit], list[tuple[Any, ...]]]] = {}

    def text(self, text: str) -> tuple[str, list[_Edit], list[tuple[Any, ...]]]:
        """A text with its names replaced, the edits, and lines for the log."""
        if text not in self._seen:
            self._seen[text] = _replaced(text, self.names)
        return self._seen[text]

    def cell(self, text: str, table: str, row: str, column: str) -> str:
        """The same for one cell, written down."""
        new, edits, lines = self.text(text)
        self.log.extend((table, row, column, *line) for line in lines)
        if edits:
            self.cells.append(
                {"table": table, "row": row, "column": column, "sha256": text_digest(new),
                 "edits": [[e.start, e.length, e.original] for e in edits]}
            )  # fmt: skip
        return new

    def guid(self, guid: str, table: str, row: str) -> str:
        """Nothing for a GUID that may have been made from a name, written down."""
        if not guid or _drawn(guid):
            return guid
        self.cells.append(
            {"table": table, "row": row, "column": "guid", "sha256": text_digest(""),
             "edits": [[0, 0, guid]]}
        )  # fmt: skip
        return ""

    def label(self, kind: str, old: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
        """Old labels to new ones, all different, and none of those taken."""
        made: dict[str, str] = {}
        used: set[str] = set(taken)
        for label in dict.fromkeys(old):
            new, _, lines = self.text(label)
            made[label] = new = _unused(new, used)
            used.add(new)
            self.log.extend((kind, new, "label", *line) for line in lines)
        self.labels[kind] = {new: label for label, new in made.items() if new != label}
        return made


def _unused(label: str, used: set[str]) -> str:
    """The label, numbered where another has it already."""
    if label not in used:
        return label
    number = 2
    while f"{label} ({number})" in used:
        number += 1
    return f"{label} ({number})"


def _drawn(guid: str) -> bool:
    """Whether a GUID was drawn at random; those made from words give the words away."""
    try:
        return uuid.UUID(guid).version == 4
    except ValueError:
        return False


def text_digest(text: str) -> str:
    """SHA-256 of a text, half characters and all."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _replaced(text: str, names: NameList) -> tuple[str, list[_Edit], list[tuple[Any, ...]]]:
    found = names.find(text)
    parts: list[str] = []
    edits: list[_Edit] = []
    shift = at = 0
    moved: list[tuple[Match, int]] = []
    for match in found:
        if match.action != "replace":
            moved.append((match, 0))
            continue
        original = text[match.start : match.end]
        new = names.replacement(original, match.row)
        parts += [text[at : match.start], new]
        edits.append(_Edit(match.start + shift, len(new), original, match.row))
        shift += len(new) - len(original)
        at = match.end
    parts.append(text[at:])
    lines = [_line(names, e.row, e.start, e.start + e.length, "replaced") for e in edits]
    shifts = _Shift(edits)
    lines += [
        _line(names, m.row, shifts.forward(m.start), shifts.forward(m.end, right=True), m.action)
        for m, _ in moved
    ]
    return "".join(parts), edits, sorted(lines, key=lambda line: line[:2])


def _line(names: NameList, row: int, start: int, end: int, action: str) -> tuple[Any, ...]:
    _, pseudonym, kind = names.rows[row]
    return (start, end, pseudonym, kind, action)


class _Shift:
    """Positions before and after the replacements of one text."""

    def __init__(self, edits: Iterable[_Edit]) -> None:
        listed = list(edits)
        self.new = np.array([e.start for e in listed], dtype=np.int64)
        self.new_end = self.new + np.array([e.length for e in listed], dtype=np.int64)
        size = np.array([len(e.original) for e in listed], dtype=np.int64)
        gained = np.cumsum(self.new_end - self.new - size) if listed else size
        self.old_end = self.new_end - gained
        self.old = self.old_end - size

    def forward(self, place: int, *, right: bool = False) -> int:
        """Where a position of the original stands now; within a name its start (or end)."""
        return _move(place, self.old, self.old_end, self.new, self.new_end, right)

    def back(self, place: int, *, right: bool = False) -> int:
        """Where a position of now stood in the original."""
        return _move(place, self.new, self.new_end, self.old, self.old_end, right)

    def cuts(self, place: int) -> bool:
        """Whether a position of the original lies inside a name."""
        i = int(np.searchsorted(self.old, place, side="left")) - 1
        return i >= 0 and place < self.old_end[i]


def _move(place: int, start: Any, end: Any, to: Any, to_end: Any, right: bool) -> int:
    i = int(np.searchsorted(start, place, side="left")) - 1
    if i < 0:
        return int(place)
    if place < end[i]:  # inside
        return int(to_end[i] if right else to[i])
    return int(to_end[i] + place - end[i])


def pseudonymise(
    project: CodedProject,
    names: Any,
    *,
    case: Case = "as given or capitals",
    coders: bool = True,
) -> tuple[CodedProject, PseudonymKey]:
    """Put pseudonyms for names, everywhere in a project, and keep every coding in place.

    Names are replaced as whole words, the longest first: no letter may stand right
    before or after (a hyphen, an apostrophe, an underscore or a digit may), so that
    *Ann* is not found in *Anna*, and *Anna's* becomes *Eva's*. All names are replaced in one pass;
    a pseudonym is never replaced again. Letters are compared in decomposed form, white
    space in a name matches any. Where a coding begins or ends within a name, it is widened
    to the whole pseudonym and listed. Labels that become alike are numbered. Names with an
    ending or a prefix written on to them (*Annának*) are other words: list them, too, or look
    for them with :func:`dmpkit.coding.release_check`. GUIDs that were not drawn at random may
    have been made from names, so they go into the key.

    This removes the names that are listed. Whether somebody can still be recognised, by
    role, place, date or a turn of phrase, is another question: see
    :func:`dmpkit.coding.release_check`.

    Parameters
    ----------
    project : CodedProject
    names : mapping, frame or callable
        ``{original: pseudonym}``; or columns ``original``, ``pseudonym`` and perhaps
        ``kind`` (person, place, organisation, other); or an installed recogniser of names,
        see :func:`propose_names`.
    case : {"as given", "as given or capitals", "ignore"}
        Which spellings count. Those that differ in case only and were left stand in the
        log.
    coders : bool
        Whether names of coders and users are replaced too.

    Returns
    -------
    (CodedProject, PseudonymKey)
        The key has the ``.log`` of changes without originals; ``.save(path)`` it apart.

    Raises
    ------
    DataError
        Names that cannot be used: doubled, empty, or a pseudonym that holds an original.

    Examples
    --------
    >>> project = CodedProject.from_frames(
    ...     pd.DataFrame({"source": ["Anna.txt"], "text": ["ANNA: Ask Ann, not Anna's boss."]}),
    ...     pd.DataFrame({"source": ["Anna.txt"], "code": ["Who"], "start": [10], "end": [13]}))
    >>> safe, key = pseudonymise(project, {"Anna": "Margit", "Ann": "Jo"})
    >>> safe.text("Margit.txt"), safe.segments["quote"].item()
    ("MARGIT: Ask Jo, not Margit's boss.", 'Jo')
    >>> restore(safe, key).text("Anna.txt")
    "ANNA: Ask Ann, not Anna's boss."
    """
    check_settings(pseudonymise, locals())
    require_project(project)
    if callable(names):
        names = propose_names(project, names)
    listed = NameList.read(names, case)
    work = _Work(listed)
    _warn_present(project, listed)
    labels = {kind: work.label(kind, _labels(project, kind)) for kind in LABELS if kind != "code"}
    if not coders:
        labels["coder"] = {label: label for label in labels["coder"]}
        work.labels["coder"] = {}
        work.log = [line for line in work.log if line[0] != "coder"]
    labels["code"] = _code_labels(project.codes, work)
    labels["column"] = work.label("column", _further(project), _KNOWN)
    changes = _tables(project, labels, work)
    made = project.with_tables(
        **changes,
        users=tuple(labels["coder"][u] for u in project.users),
        name=work.cell(project.name, "project", "", "name"),
        audit=_audit(project.audit, work),
    )
    log = pd.DataFrame(work.log, columns=_LOG)
    _warn_overlaps(log)
    return made, PseudonymKey(listed.table, tuple(work.cells), work.labels, tuple(work.cuts), log)


def _labels(project: CodedProject, kind: str) -> list[str]:
    """Labels of one kind in use, the empty one too where it is."""
    found: dict[str, None] = dict.fromkeys(project.users) if kind == "coder" else {}
    for table, column in LABELS[kind]:
        found |= dict.fromkeys(getattr(project, table)[column])
    return list(found)


def _further(project: CodedProject) -> list[str]:
    """Columns that the project does not know, such as attributes of cases."""
    columns = (str(c) for table in TABLES for c in getattr(project, table).columns)
    return [c for c in dict.fromkeys(columns) if c not in _KNOWN]


def _code_labels(codes: pd.DataFrame, work: _Work) -> dict[str, str]:
    """Paths of codes, name by name from the top."""
    made: dict[str, str] = {"": ""}
    used: set[str] = set()
    for code, name, parent in zip(codes["code"], codes["name"], codes["parent"], strict=True):
        new, _, lines = work.text(name)
        above = made[parent] + SEPARATOR if parent else ""
        made[code] = path = _unused(above + new, used)
        used.add(path)
        work.log.extend(("code", path, "label", *line) for line in lines)
    work.labels["code"] = {new: old for old, new in made.items() if new != old}
    return made


def _tables(
    project: CodedProject, labels: Mapping[str, Mapping[str, str]], work: _Work
) -> dict[str, pd.DataFrame]:
    """All tables with new labels, texts and positions."""
    texts: dict[str, list[_Edit]] = {
        source: work.text(text)[1] for source, text in project.texts.items()
    }
    shifts = {source: _Shift(edits) for source, edits in texts.items()}
    made: dict[str, pd.DataFrame] = {}
    for table in TABLES:
        frame = getattr(project, table).copy()
        if {"start", "end"} <= set(frame.columns):
            frame = _moved(frame, table, shifts, labels, work)
        for kind, places in LABELS.items():
            for own, column in places:
                if own == table:
                    frame[column] = strings(labels[kind].get(v, v) for v in frame[column])
        if table == "codes":
            frame["name"] = strings(
                code[len(parent) + 1 :] if parent else code
                for code, parent in zip(frame["code"], frame["parent"], strict=True)
            )
        if table == "segments":
            frame["quote"] = strings([""] * len(frame))
        made[table] = _texts(frame.rename(columns=labels["column"]), table, work)
    return made


def _texts(frame: pd.DataFrame, table: str, work: _Work) -> pd.DataFrame:
    """All other text columns with names replaced."""
    rows = _row_names(frame, table)
    if "guid" in frame and table in TABLES:
        frame["guid"] = strings(
            work.guid(g, table, row) for g, row in zip(frame["guid"], rows, strict=True)
        )
    for column in frame.columns:
        if (table, column) in _DONE_OTHERWISE:
            continue
        values = frame[column].tolist()
        if not any(isinstance(v, str) for v in values):
            continue
        new = [
            work.cell(v, table, row, str(column)) if isinstance(v, str) else v
            for v, row in zip(values, rows, strict=True)
        ]
        if new != values:
            frame[column] = pd.Series(new, index=frame.index, dtype=_loose(frame[column]))
    return frame


def _loose(column: pd.Series) -> Any:
    """The column's own type, or object where it would not take new words (categories)."""
    return object if isinstance(column.dtype, pd.CategoricalDtype) else column.dtype


def _moved(
    frame: pd.DataFrame,
    table: str,
    shifts: Mapping[str, _Shift],
    labels: Mapping[str, Mapping[str, str]],
    work: _Work,
) -> pd.DataFrame:
    """Positions after the replacements; spans that cut a name are widened and listed."""
    starts, ends = [], []
    rows = [labels.get(_ROW.get(table, ""), {}).get(row, row) for row in _row_names(frame, table)]
    places = zip(rows, frame["source"], frame["start"].tolist(), frame["end"].tolist(), strict=True)
    for row, source, a, b in places:
        new_a, new_b = a, b
        if source in shifts and a is not pd.NA and b is not pd.NA:
            shift = shifts[source]
            new_a, new_b = shift.forward(a), shift.forward(b, right=a != b)
            if shift.cuts(a) or shift.cuts(b):
                work.cuts.append(
                    {"table": table, "row": row, "start": a, "end": b,
                     "new_start": new_a, "new_end": new_b}
                )  # fmt: skip
                said = "widened: it began or ended within a name"
                work.log.append((table, row, "span", new_a, new_b, "", "", said))
        starts.append(new_a)
        ends.append(new_b)
    return frame.assign(
        start=pd.Series(starts, index=frame.index, dtype=frame["start"].dtype),
        end=pd.Series(ends, index=frame.index, dtype=frame["end"].dtype),
    )


def _row_names(frame: pd.DataFrame, table: str) -> list[str]:
    """What each row is known by: its label, or its number where it has none."""
    return frame[_ROW[table]].tolist() if table in _ROW else [str(i) for i in range(len(frame))]


def _audit(audit: Audit, work: _Work) -> Audit:
    """The account of the import without names."""
    frames: dict[str, Any] = {}
    for name in ("sources", "items"):
        frame = getattr(audit, name).copy()
        frames[name] = _texts(frame, f"audit {name}", work)
    return replace(audit, **frames)


def _warn_present(project: CodedProject, names: NameList) -> None:
    """Says where a pseudonym is a word of the texts already."""
    table = pd.DataFrame(
        {"original": names.table["pseudonym"].unique(), "pseudonym": "x", "kind": "other"}
    )
    present = NameList(table, "ignore")
    found: dict[str, None] = {}
    for text in project.texts.values():
        for match in present.find(text):
            found[str(table["original"].iloc[match.row])] = None
    if found:
        shown = ", ".join(map(repr, list(found)[:5]))
        warn(
            f"Pseudonyms that are words of the texts already: {shown}. Readers cannot tell them "
            "apart; restoring is not affected.",
            ReadingWarning,
        )


def _warn_overlaps(log: pd.DataFrame) -> None:
    """Says where a part of a name was left, because another name took the rest."""
    left = int((log["action"] == "left: overlaps").sum())
    if left:
        warn(
            f"In {left} places names overlap, and what the longer one did not cover was left in "
            "the text. The log lists them (left: overlaps). Add the whole of such a name to the "
            "list.",
            ReadingWarning,
        )


def restore(project: CodedProject, key: PseudonymKey) -> CodedProject:
    """Put the names back: texts, labels and positions as they were.

    Codings made since are kept and moved with the words. A text, memo or other cell
    that was changed since is left with its pseudonyms, and a warning says so.

    Parameters
    ----------
    project : CodedProject
        As :func:`pseudonymise` made it, or coded further.
    key : PseudonymKey

    Returns
    -------
    CodedProject

    Raises
    ------
    DataError
        When the text of a source is not the one that the key belongs to.
    """
    require_project(project)
    if not isinstance(key, PseudonymKey):
        raise DataError(
            f"This is a {type(key).__name__}, not a key of pseudonyms.",
            remedy="Read one with PseudonymKey.read.",
        )
    cells = {(c["table"], c["row"], c["column"]): c for c in key.cells}
    shifts = _shifts_back(project, cells)
    left: list[str] = []
    made: dict[str, Any] = {}
    for table in TABLES:
        frame = _texts_back(getattr(project, table).copy(), table, cells, left)
        if {"start", "end"} <= set(frame.columns):
            frame = _moved_back(frame, table, shifts, key)
        for kind, places in LABELS.items():
            for own, column in places:
                if own == table:
                    frame[column] = strings(
                        key.labels.get(kind, {}).get(v, v) for v in frame[column]
                    )
        if table == "codes":
            frame["name"] = strings(_code_names(frame))
        if table == "segments":
            frame["quote"] = strings([""] * len(frame))
        made[table] = frame.rename(columns=dict(key.labels.get("column", {})))
    audit: dict[str, Any] = {
        name: _texts_back(getattr(project.audit, name).copy(), f"audit {name}", cells, left)
        for name in ("sources", "items")
    }
    coder = key.labels.get("coder", {})
    name = _back(project.name, cells.get(("project", "", "name")), "name of the project", left)
    if left:
        warn(
            f"{len(left)} texts were changed since and keep their pseudonyms: "
            f"{', '.join(left[:5])}.",
            ReadingWarning,
        )
    return project.with_tables(
        **made,
        users=tuple(coder.get(u, u) for u in project.users),
        name=name,
        audit=replace(project.audit, **audit),
    )


def _code_names(codes: pd.DataFrame) -> list[str]:
    return [
        code[len(parent) + 1 :] if parent and code.startswith(parent + SEPARATOR) else code
        for code, parent in zip(codes["code"], codes["parent"], strict=True)
    ]


def _shifts_back(
    project: CodedProject, cells: Mapping[tuple[str, str, str], Mapping[str, Any]]
) -> dict[str, _Shift]:
    shifts = {}
    for source, text in project.texts.items():
        cell = cells.get(("sources", source, "text"))
        if cell is None:
            continue
        if text_digest(text) != cell["sha256"]:
            raise DataError(
                f"The text of {source!r} is not the one that the key belongs to.",
                remedy="Give the project as it was pseudonymised, and the key made with it.",
            )
        shifts[source] = _Shift(_Edit(a, n, original, 0) for a, n, original in cell["edits"])
    return shifts


def _back(text: str, cell: Mapping[str, Any] | None, where: str, left: list[str]) -> str:
    """A text as it was, where it is still the one that was made."""
    if cell is None:
        return text
    if text_digest(text) != cell["sha256"]:
        if not where.startswith("guid of "):  # other programs fill in GUIDs of their own
            left.append(where)
        return text
    for start, length, original in reversed(cell["edits"]):
        text = text[:start] + original + text[start + length :]
    return text


def _texts_back(
    frame: pd.DataFrame, table: str, cells: Mapping[Any, Mapping[str, Any]], left: list[str]
) -> pd.DataFrame:
    wanted = {(row, column) for t, row, column in cells if t == table}
    rows = _row_names(frame, table)
    for column in sorted({c for _, c in wanted} & set(map(str, frame.columns))):
        new = [
            _back(v, cells.get((table, row, column)), f"{column} of {row}", left)
            if isinstance(v, str)
            else v
            for v, row in zip(frame[column].tolist(), rows, strict=True)
        ]
        frame[column] = pd.Series(new, index=frame.index, dtype=frame[column].dtype)
    return frame


def _moved_back(
    frame: pd.DataFrame, table: str, shifts: Mapping[str, _Shift], key: PseudonymKey
) -> pd.DataFrame:
    cut = {str(c["row"]): c for c in key.cuts if c["table"] == table}
    starts, ends = [], []
    rows = _row_names(frame, table)
    places = zip(rows, frame["source"], frame["start"].tolist(), frame["end"].tolist(), strict=True)
    for row, source, a, b in places:
        known = cut.get(row)
        if known and (known["new_start"], known["new_end"]) == (a, b):
            a, b = known["start"], known["end"]
        elif source in shifts and a is not pd.NA and b is not pd.NA:
            a, b = shifts[source].back(a), shifts[source].back(b, right=a != b)
        starts.append(a)
        ends.append(b)
    return frame.assign(
        start=pd.Series(starts, index=frame.index, dtype=frame["start"].dtype),
        end=pd.Series(ends, index=frame.index, dtype=frame["end"].dtype),
    )


def propose_names(project: CodedProject, recogniser: Recogniser) -> pd.DataFrame:
    """A list of names to check, found by a recogniser that the reader has installed.

    dmpkit ships no model and promises nothing about one: recognisers miss names, above
    all rare ones and those of places. Read the list, mend it, then give it to
    :func:`pseudonymise`.

    Parameters
    ----------
    project : CodedProject
    recogniser : callable
        Takes a text, gives ``(start, end, kind)`` of each name; kinds other than person,
        place and organisation count as other. For spaCy:
        ``lambda text: [(e.start_char, e.end_char, e.label_) for e in nlp(text).ents]``
        with the labels mapped to these kinds.

    Returns
    -------
    DataFrame
        ``original, pseudonym, kind, count``; pseudonyms are *Person 1*, *Place 1* … in
        the order of appearance.

    Raises
    ------
    DataError
        When the recogniser gives positions outside the text.

    Examples
    --------
    >>> import re
    >>> project = CodedProject.from_frames(
    ...     pd.DataFrame({"source": ["I1"], "text": ["Anna met Ben. Anna left."]}))
    >>> capitals = lambda text: [(*m.span(), "person") for m in re.finditer("Anna|Ben", text)]
    >>> propose_names(project, capitals).values.tolist()
    [['Anna', 'Person 1', 'person', 2], ['Ben', 'Person 2', 'person', 1]]
    """
    counts: dict[tuple[str, str], int] = {}
    for source, text in project.texts.items():
        for found in recogniser(text):
            try:
                start, end, kind = found
            except (TypeError, ValueError):
                raise DataError(
                    f"The recogniser gave {found!r} for {source!r}.",
                    remedy="It must give start, end and kind of each name.",
                ) from None
            if not 0 <= start < end <= len(text):
                raise DataError(
                    f"The recogniser found a name from {start} to {end} in {source!r}, which has "
                    f"{len(text)} characters."
                )
            known = str(kind).lower()
            known = known if known in ("person", "place", "organisation") else "other"
            name = " ".join(text[start:end].split())
            if name:
                counts[name, known] = counts.get((name, known), 0) + 1
    numbers: dict[str, int] = {}
    rows, seen = [], set()
    for (name, kind), count in counts.items():
        if name in seen:
            continue
        seen.add(name)
        numbers[kind] = numbers.get(kind, 0) + 1
        rows.append((name, f"{kind.capitalize()} {numbers[kind]}", kind, count))
    return pd.DataFrame(rows, columns=["original", "pseudonym", "kind", "count"])
