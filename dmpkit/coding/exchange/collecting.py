"""Gathering what a reader finds, placing it in the texts, and giving an account of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Final

import pandas as pd

from dmpkit.coding.audit import AUDIT_ITEMS, AUDIT_SOURCES, Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.anchoring import Budget
from dmpkit.coding.exchange.offsets import Convention, RawText, Selection
from dmpkit.coding.exchange.placing import Placed, place_all
from dmpkit.coding.schema import SEPARATOR, TABLES
from dmpkit.errors import DataError, ImportAuditWarning, in_file, warn

__all__ = ["Collector", "Options"]


#: Characters of one text: a day of talk has less than one million.
MAX_TEXT: Final = 20_000_000


@dataclass(frozen=True)
class Options:
    """What a reader of a project may be told.

    ``texts``: texts by source for files that have none; ``separator``: at which flat names
    of codes are split; ``project``: which of several projects of a database.
    """

    convention: Convention | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    separator: str | None = None
    project: str | None = None


@dataclass
class _Source:
    label: str
    raw: RawText | None
    row: dict[str, Any]
    selections: list[Selection] = field(default_factory=list)


class Collector:
    """What a reader adds to, bit by bit, and which makes the project at the end."""

    def __init__(self, path: Path, kind: str, options: Options | None = None) -> None:
        self.path, self.kind = path, kind
        self.options = options or Options()
        self.program = self.name = ""
        self.approach = ""
        self.users: list[str] = []
        self.codes: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, _Source] = {}
        self.cases: dict[str, dict[str, Any]] = {}
        self.links: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []
        self._items: Counter[tuple[str, str, str, str]] = Counter()
        self._wholes: list[dict[str, Any]] = []
        self._given: set[str] = set()
        self._numbers: dict[tuple[str, str], int] = {}

    # --- the account -----------------------------------------------------------------

    def note(self, kind: str, what: str, why: str, where: str = "", count: int = 1) -> None:
        """Add a line to the account; equal lines are counted."""
        if count:
            self._items[(kind, what, where[:120], why)] += count

    def changed(self) -> list[tuple[str, str, str]]:
        """What, where and why of every change so far."""
        return [(w, where, why) for (kind, w, where, why) in self._items if kind == "changed"]

    def dropped(self, what: str, why: str, where: str = "", count: int = 1) -> None:
        """Something that did not come in."""
        self.note("dropped", what, why, where, count)

    # --- parts -------------------------------------------------------------------------

    def free(self, kind: str, wanted: str, taken: Container[str]) -> str:
        """A name that is not taken: the one wanted, or it with the next number behind it."""
        if wanted not in taken:
            return wanted
        number = self._numbers.get((kind, wanted), 2)  # a name may be there ten thousand times
        while f"{wanted} ({number})" in taken:
            number += 1
        self._numbers[kind, wanted] = number + 1
        return f"{wanted} ({number})"

    def add_code(self, name: str, parent: str = "", **cells: Any) -> str:
        """A code below a parent; its full path, which is unique."""
        clean = name.strip() or "(no name)"
        if clean != name:
            self.note("changed", "name of a code", "blanks around it, or no name", repr(name))
        wanted = f"{parent}{SEPARATOR}{clean}" if parent else clean
        path = self.free("code", wanted, self.codes)
        if path != wanted:
            self.note("changed", "name of a code", "another code has the same full path", wanted)
            clean = path[len(parent) + 1 :] if parent else path
        self.codes[path] = {"code": path, "name": clean, "parent": parent, **cells}
        return path

    def ensure_code(self, parts: Sequence[str], **cells: Any) -> str:
        """A code by its path; parents that are not there yet are added, not codable."""
        parent = ""
        for part in parts[:-1]:
            path = f"{parent}{SEPARATOR}{part}" if parent else part
            parent = path if path in self.codes else self.add_code(part, parent, codable=False)
        return self.add_code(parts[-1], parent, **cells)

    def _given_text(self, label: str) -> str | None:
        """The text that the reader was given for a source that has none."""
        for name in (label, PurePath(label).stem):
            if name in self.options.texts:
                self._given.add(label)
                return self.options.texts[name]
        return None

    def add_source(
        self, name: str, raw: str | RawText | None, cells: Mapping[str, Any] | None = None
    ) -> str:
        """A source with its text, or without one; its label, which is unique."""
        wanted = name.strip() or "(no name)"
        label = self.free("source", wanted, self.sources)
        if label != wanted:
            self.note("changed", "name of a source", "another source has the same name", wanted)
        raw = self._given_text(label) if raw is None else raw
        text = RawText.of(raw) if isinstance(raw, str) else raw
        if text and len(text.raw) > MAX_TEXT:
            raise DataError(
                f"The text of {label[:60]!r} has {len(text.raw) / 1e6:.0f} million characters; "
                f"{MAX_TEXT / 1e6:.0f} million is the limit.",
                file=self.path,
            )
        row = {"source": label, "name": name.strip() or label, **(cells or {})}
        row["text"] = text.text if text else ""
        self.sources[label] = _Source(label, text, row)
        return label

    def select(self, source: str, selection: Selection) -> None:
        """A span of a source; it is placed when all is read."""
        self.sources[source].selections.append(selection)

    def add_case(self, name: str, values: Mapping[str, Any]) -> str:
        """A case with its attributes; its label, which is unique."""
        wanted = name.strip() or "(no name)"
        label = self.free("case", wanted, self.cases)
        if label != wanted:
            self.note("changed", "name of a case", "another case has the same name", wanted)
        self.cases[label] = {"case": label, **values}
        return label

    def link(self, case: str, source: str, start: int = -1, end: int = -1) -> None:
        """A source, or a part of it, belongs to a case."""
        self.links.append({"case": case, "source": source, "start": start, "end": end})

    def add_note(self, **cells: Any) -> int:
        """A note; its number."""
        self.notes.append(cells)
        return len(self.notes) - 1

    def column(self, wanted: str, table: str) -> str:
        """A name for an attribute's column which the table does not use itself."""
        name = wanted.strip() or "(no name)"
        if name in TABLES[table]:
            self.note(
                "changed", "name of an attribute", f"the {table} have a column so named", name
            )
            name = f"{name} (attribute)"
        return name

    # --- the project -------------------------------------------------------------------

    def finish(self) -> CodedProject:
        """Place every selection, and make the project with its account.

        Raises
        ------
        DataError
            When what was read breaks a rule of the project.
        """
        placed = place_all(
            [(s.label, s.raw, s.selections) for s in self.sources.values()],
            self.options.convention,
            Budget(),
        )
        for line in placed:
            if line.source in self._given:
                line.note = "; ".join(filter(None, ["text from the texts given", line.note]))
        segments, unplaced = self._codings()
        self._linked()
        self._check_cases()
        with in_file(self.path):
            project = CodedProject(
                _frame(self.codes.values(), "codes"),
                _frame((s.row for s in self.sources.values()), "sources"),
                _frame(segments, "segments"),
                _frame(self.cases.values(), "cases"),
                _frame(self.links, "case_sources"),
                _frame(self.notes, "notes"),
                _frame(unplaced, "unplaced"),
                self._audit(placed),
                approach=self.approach,  # type: ignore[arg-type]
                name=self.name,
                users=tuple(sorted({u for u in self.users if u})),
            )
        self._warn(placed)
        return project

    def _codings(self) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
        """Rows of the segments, column by column, and of what has no place."""
        columns: dict[str, list[Any]] = {
            name: []
            for name in (
                "source",
                "code",
                "coder",
                "start",
                "end",
                "memo",
                "scope",
                "guid",
                "created",
            )
        }
        unplaced: list[dict[str, Any]] = []
        guids: set[str] = set()
        seen: Counter[tuple[str, str, str, int, int]] = Counter()
        for source in self.sources.values():
            for s in source.selections:
                for code, coder, guid, created in s.codings:
                    guid = "" if guid in guids else guid
                    guids.add(guid)
                    if s.at is None:
                        unplaced.append(_lost(source.label, s, code, coder, guid))
                        continue
                    cells = (source.label, code, coder, *s.at, s.memo, "", guid, created)
                    for column, cell in zip(columns.values(), cells, strict=True):
                        column.append(cell)
                    seen[(source.label, code, coder, *s.at)] += 1
        for (label, code, coder, a, b), count in seen.items():
            if count > 1:
                why = f"the same code, coder and span {count} times; all were kept"
                self.note("duplicate", f"{code} by {coder or 'nobody'}", why, f"{label} {a}–{b}")
        for whole in self._wholes:
            end = len(self.sources[whole["source"]].row["text"])
            row = {**whole, "start": 0, "end": end, "scope": "source"}
            for name, column in columns.items():
                column.append(row.get(name, ""))
        return columns, unplaced

    def code_source(self, source: str, code: str, coder: str, guid: str, created: str) -> None:
        """A coding of a whole source."""
        cells = {"source": source, "code": code, "coder": coder, "guid": guid, "created": created}
        self._wholes.append(cells)

    def _linked(self) -> None:
        """Notes and cases get the places of the selections that carry them."""
        for source in self.sources.values():
            for s in source.selections:
                for number in s.notes:
                    note = self.notes[number]
                    note["source"] = source.label
                    note["start"], note["end"] = s.at if s.at else (None, None)
                for case in s.cases:
                    if s.at:
                        self.link(case, source.label, *s.at)
                    else:
                        self.dropped("link of a case", s.reason, f"{case}, {source.label}")

    def _check_cases(self) -> None:
        linked = {link["case"] for link in self.links}
        lonely = [case for case in self.cases if case not in linked]
        if lonely:
            why = "the file links them to no source (QualCoder leaves such links out)"
            where = ", ".join(lonely[:5]) + (" …" if len(lonely) > 5 else "")
            self.note("notice", "case without a source", why, where, len(lonely))

    def _audit(self, placed: list[Placed]) -> Audit:
        sources = pd.DataFrame(
            [[getattr(p, c) for c in AUDIT_SOURCES] for p in placed], columns=list(AUDIT_SOURCES)
        ).astype({c: kind if kind is int else "str" for c, kind in AUDIT_SOURCES.items()})
        for p in placed:
            for (kind, what, where, why), count in p.items.items():
                self.note(kind, what, why, where, count)
        rows = [(kind, what, where, n, why) for (kind, what, where, why), n in self._items.items()]
        items = pd.DataFrame(rows, columns=list(AUDIT_ITEMS)).astype(
            {c: kind if kind is int else "str" for c, kind in AUDIT_ITEMS.items()}
        )
        order = {"dropped": 0, "changed": 1, "duplicate": 2, "notice": 3}
        items = items.sort_values("kind", key=lambda k: k.map(order), kind="stable")
        return Audit(self.program, self.kind, sources, items.reset_index(drop=True))

    def _warn(self, placed: list[Placed]) -> None:
        """One warning that names what a reader must look at."""
        words = []
        for kind, verb in (
            ("dropped", "left out"),
            ("changed", "changed"),
            ("duplicate", "doubled"),
        ):
            lines = [(w, n) for (k, w, _, _), n in self._items.items() if k == kind]
            if lines:
                named = Counter[str]()
                for what, n in lines:
                    named[what if kind != "duplicate" else "coding"] += n
                words.append(f"{verb}: " + ", ".join(f"{n} × {w}" for w, n in named.items()))
        notices = [f"{n} × {w}" for (k, w, _, _), n in self._items.items() if k == "notice"]
        doubtful = [p.source for p in placed if p.doubtful]
        moved, lost = sum(p.re_anchored for p in placed), sum(p.lost for p in placed)
        if moved:
            words.append(f"found elsewhere by their words: {moved} selections")
        if lost:
            words.append(f"without a place in a text: {lost} selections")
        if notices:
            words.append("to know: " + ", ".join(dict.fromkeys(notices)))
        if doubtful:
            words.append(
                f"how positions count could not be decided in {', '.join(doubtful[:3])}"
                f"{' …' if len(doubtful) > 3 else ''} (see the audit; say it with convention=)"
            )
        if words:
            text = "; ".join(words)
            warn(f"{self.path.name}: {text}. project.audit lists all of it.", ImportAuditWarning)


def _frame(rows: Iterable[dict[str, Any]] | dict[str, list[Any]], table: str) -> pd.DataFrame:
    """A frame with the columns that are needed, whether there are rows or not."""
    frame = pd.DataFrame(rows) if isinstance(rows, dict) else pd.DataFrame(list(rows))
    return frame if len(frame.columns) else pd.DataFrame(columns=list(TABLES[table]))


def _lost(source: str, s: Selection, code: str, coder: str, guid: str) -> dict[str, Any]:
    return {
        "source": source,
        "code": code,
        "coder": coder,
        "quote": s.quote,
        "memo": s.memo,
        "guid": guid,
        "reason": s.reason,
        "start": s.start,
        "end": s.end,
    }
