"""Reading REFI-QDA projects (.qdpx), whatever program wrote them.

The standard: REFI-QDA 1.5 (25 September 2019), project schema 1.0 of 18 March 2019,
https://www.qdasoftware.org. What programs do beside it is in
`dmpkit.coding.exchange.offsets`.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any, Final
from xml.etree.ElementTree import Element

from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.archive import Archive, open_archive
from dmpkit.coding.exchange.collecting import Collector, Options
from dmpkit.coding.exchange.offsets import Selection
from dmpkit.coding.exchange.xml_stream import attribute, child_text, children, local, parts_of
from dmpkit.errors import DataError

__all__ = ["ORIGIN_SETS", "clean_guid", "find_project", "read_qdpx", "whole_number"]

#: Sets in which our own files keep where codes come from, and the note with the approach.
ORIGIN_SETS: Final = {
    "dmpkit: deductive codes": "deductive",
    "dmpkit: inductive codes": "inductive",
}
APPROACH_NOTE: Final = "dmpkit: approach"

_CONTAINERS = frozenset(
    {"Users", "Variables", "Cases", "Sources", "Notes", "Links", "Sets", "Graphs"}
)
_GUID = re.compile(r"\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?")
_MEDIA = {
    "PictureSource": ("PictureSelection", "a region of a picture"),
    "PDFSource": ("PDFSelection", "a region of a page"),
    "AudioSource": ("AudioSelection", "a stretch of a recording"),
    "VideoSource": ("VideoSelection", "a stretch of a film"),
}


def clean_guid(value: str) -> str:
    """A GUID in one form: lower case, no braces; other identifiers as they are.

    Examples
    --------
    >>> clean_guid("{0E90B3FE-D581-4850-BFB7-4C5589B3FC58}")
    '0e90b3fe-d581-4850-bfb7-4c5589b3fc58'
    """
    lower = value.strip().lower()
    found = _GUID.fullmatch(lower)
    return found[1] if found else lower


def whole_number(value: str) -> int | None:
    """A whole number of sensible size, or None."""
    text = value.strip()
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,15}", text) else None


def find_project(archive: Archive) -> str | None:
    """The member that holds the project, whatever the case of its name."""
    named = archive.find("project.qde")
    if named:
        return named
    others = [
        n for n in archive.names if n.lower().endswith(".qde") and not n.startswith("__MACOSX")
    ]
    return others[0] if len(others) == 1 else None


def read_qdpx(path: Path, options: Options | None = None) -> CodedProject:
    """Read a REFI-QDA project; see `dmpkit.coding.read_project`."""
    with open_archive(path) as archive:
        name = find_project(archive)
        if name is None:
            raise DataError(
                "The archive holds no project.qde.",
                file=path,
                remedy="A .qdpx holds project.qde and a folder sources; export it anew.",
            )
        return _Reader(archive, Collector(path, "REFI-QDA project", options)).read(name)


class _Reader:
    """One pass over project.qde."""

    def __init__(self, archive: Archive, collector: Collector) -> None:
        self.archive, self.to = archive, collector
        self.codes: dict[str, str] = {}
        self.users: dict[str, str] = {}
        self._names: set[str] = set()
        self._unknown = 0
        self.variables: dict[str, tuple[str, str]] = {}
        self.source_labels: dict[str, str] = {}
        self.selections: dict[str, Selection] = {}
        self.wanted: dict[str, list[str]] = {}  # selection -> cases
        self.case_sources: list[tuple[str, str]] = []
        self.notes: dict[str, list[tuple[str, Selection | None]]] = {}
        self.lost = Counter[str]()

    def read(self, name: str) -> CodedProject:
        with self.archive.stream(name) as handle:
            for part, element in parts_of(handle, self.to.path, ("Project",), _CONTAINERS):
                self._part(part, element)
        for case, guid in self.case_sources:
            if guid in self.source_labels:
                self.to.link(case, self.source_labels[guid])
            else:
                self.to.dropped("link of a case", "its source is not in the file", case)
        for guid, cases in self.wanted.items():
            if guid not in self.selections:
                self.to.dropped(
                    "link of a case", "its selection is not in the file", ", ".join(cases)
                )
        left = [guid for guid, places in self.notes.items() if places]
        self.to.dropped("reference to a note", "the note is not in the file", count=len(left))
        self._count_lost()
        return self.to.finish()

    def _count_lost(self) -> None:
        """What is counted once for the whole file."""
        for what, count in self.lost.items():
            self.to.dropped(what, "dmpkit has no table for it", count=count)

    def _part(self, part: str, element: Element) -> None:
        name = local(element)
        if part == "":
            self.to.name = attribute(element, "name")
            self.to.program = attribute(element, "origin")
        elif part == "Users":
            self._user(element)
        elif part == "CodeBook":
            for codes in children(element, "Codes"):
                self._codes(codes)
        elif part == "Variables":
            kind = attribute(element, "typeOfVariable") or "Text"
            self.variables[clean_guid(attribute(element, "guid"))] = (
                attribute(element, "name"),
                kind,
            )
        elif part == "Cases":
            self._case(element)
        elif part == "Sources":
            self._source(element, name)
        elif part == "Notes":
            self._note(element)
        elif part == "Sets":
            self._set(element)
        elif part in {"Links", "Graphs"}:
            self.lost[{"Links": "link", "Graphs": "graph"}[part]] += 1

    # --- people and codes -------------------------------------------------------------

    def _user(self, element: Element) -> None:
        guid = clean_guid(attribute(element, "guid"))
        wanted = attribute(element, "name") or attribute(element, "id") or guid
        name = self.to.free("user", wanted, self._names)
        self._names.add(name)
        if name != wanted:
            self.to.note("changed", "name of a coder", "another user has the same name", wanted)
        self.users[guid] = name
        self.to.users.append(name)

    def _coder(self, *elements: Element) -> str:
        """Who made the first of some elements that says so."""
        for element in elements:
            guid = clean_guid(attribute(element, "creatingUser"))
            if not guid:
                continue
            if guid not in self.users:
                self._unknown += 1
                name = self.to.free("user", f"unknown {self._unknown}", self._names)
                self._names.add(name)
                self.users[guid] = name
                why = "named unknown 1, unknown 2 …; every GUID stays one coder"
                self.to.note("notice", "coder who is not among the users", why, guid)
            return self.users[guid]
        return ""

    def _codes(self, codes: Element) -> None:
        stack = [(child, "") for child in reversed(list(children(codes, "Code")))]
        while stack:
            element, parent = stack.pop()
            path = read_code(self.to, element, parent)
            guid = clean_guid(attribute(element, "guid"))
            if guid in self.codes:
                self.to.note("changed", "GUID of a code", "another code has the same GUID", path)
            else:
                self.codes[guid] = path
            self._refer(element, "code")
            stack += [(child, path) for child in reversed(list(children(element, "Code")))]

    def _refer(self, element: Element, what: str) -> None:
        """Notes on parts that have no place in a text keep the text, not the reference."""
        count = sum(1 for _ in children(element, "NoteRef"))
        self.lost[f"reference from a {what} to a note"] += count

    def _set(self, element: Element) -> None:
        origin = ORIGIN_SETS.get(attribute(element, "name"))
        if origin is None:
            self.lost["set"] += 1
            return
        for member in children(element, "MemberCode"):
            path = self.codes.get(clean_guid(attribute(member, "targetGUID")))
            if path:
                self.to.codes[path]["origin"] = origin

    # --- cases --------------------------------------------------------------------------

    def _values(self, element: Element, table: str) -> dict[str, Any]:
        """Attributes of a case or a source."""
        values: dict[str, Any] = {}
        for cell in children(element, "VariableValue"):
            refs = [clean_guid(attribute(r, "targetGUID")) for r in children(cell, "VariableRef")]
            if not refs or refs[0] not in self.variables:
                self.to.dropped("value of an attribute", "its variable is not in the file")
                continue
            name, kind = self.variables[refs[0]]
            text = next((c.text or "" for c in cell if local(c) != "VariableRef"), "")
            values[self.to.column(name, table)] = _typed(text, kind)
        return values

    def _case(self, element: Element) -> None:
        values = self._values(element, "cases")
        description = child_text(element, "Description")
        if description:
            values.setdefault("description", description)
        case = self.to.add_case(attribute(element, "name"), values)
        for ref in children(element, "SourceRef"):
            self.case_sources.append((case, clean_guid(attribute(ref, "targetGUID"))))
        for ref in children(element, "SelectionRef"):
            self.wanted.setdefault(clean_guid(attribute(ref, "targetGUID")), []).append(case)
        self.lost["code of a case"] += sum(1 for _ in children(element, "CodeRef"))

    # --- sources ------------------------------------------------------------------------

    def _source(self, element: Element, kind: str) -> None:
        if kind == "TextSource":
            self._text_source(element, element)
            return
        if kind not in _MEDIA:
            self.lost[f"<{kind[:40]}>"] += 1
            return
        texts = [c for c in element if local(c) in {"Representation", "TextDescription"}]
        selection_name, reason = _MEDIA[kind]
        label = self._text_source(element, texts[0] if texts else None)
        for part in children(element, selection_name):
            s = Selection(None, None, attribute(part, "name"), memo=child_text(part, "Description"))
            s.reason = reason
            self._coded(part, s, label)
        for transcript in children(element, "Transcript"):
            self._transcript(element, transcript)

    def _text_source(self, element: Element, text: Element | None) -> str:
        """A source whose words stand in an element, which may be its own."""
        name = attribute(element, "name")
        raw = None if text is None else self._text_of(text, name)
        label = self._new_source(element, name, raw)
        if text is not None:
            self._selections(text, label)
        return label

    def _new_source(self, element: Element, name: str, raw: str | None) -> str:
        guid = clean_guid(attribute(element, "guid"))
        cells = self._values(element, "sources")
        description = child_text(element, "Description")
        if description:
            cells.setdefault("description", description)
        label = self.to.add_source(name or guid, raw, {**cells, "guid": guid})
        self.lost["formatted version of a text"] += bool(attribute(element, "richTextPath"))
        self.source_labels.setdefault(guid, label)
        for coding in children(element, "Coding"):
            for code, coder, coding_guid, created in self._codings([coding], element):
                self.to.code_source(label, code, coder, coding_guid, created)
        for ref in children(element, "NoteRef"):
            self.notes.setdefault(clean_guid(attribute(ref, "targetGUID")), []).append(
                (label, None)
            )
        return label

    def _selections(self, text: Element, label: str) -> None:
        for part in children(text, "PlainTextSelection"):
            s = Selection(
                whole_number(attribute(part, "startPosition")),
                whole_number(attribute(part, "endPosition")),
                attribute(part, "name"),
                memo=child_text(part, "Description"),
            )
            self._coded(part, s, label)

    def _coded(self, part: Element, s: Selection, label: str) -> None:
        """A selection with its codings, notes and cases."""
        s.guid = clean_guid(attribute(part, "guid"))
        s.coder = self._coder(part)
        codings = list(children(part, "Coding"))
        s.codings = self._codings(codings, part)
        refs = [clean_guid(attribute(ref, "targetGUID")) for ref in children(part, "NoteRef")]
        for ref in refs:
            self.notes.setdefault(ref, []).append((label, s))
        if not codings and not refs and s.guid not in self.wanted:
            kind = "uncoded selection"
            number = self.to.add_note(kind=kind, name="", text=s.memo, coder=s.coder, source=label)
            s.notes.append(number)
        if s.guid in self.wanted:
            s.cases = self.wanted[s.guid]
            self.selections[s.guid] = s
        self.to.select(label, s)

    def _codings(self, codings: list[Element], owner: Element) -> list[tuple[str, str, str, str]]:
        made = []
        for coding in codings:
            refs = list(children(coding, "CodeRef"))
            code = self.codes.get(clean_guid(attribute(refs[0], "targetGUID"))) if refs else None
            if code is None:
                self.to.dropped("coding", "its code is not in the codebook")
                continue
            created = attribute(coding, "creationDateTime") or attribute(owner, "creationDateTime")
            guid = clean_guid(attribute(coding, "guid"))
            made.append((code, self._coder(coding, owner), guid, created))
        return made

    def _transcript(self, element: Element, transcript: Element) -> None:
        """A transcript is a source of its own; its selections run from sync point to sync point."""
        name = attribute(transcript, "name") or f"{attribute(element, 'name')} (transcript)"
        label = self._new_source(transcript, name, self._text_of(transcript, name))
        points = {
            clean_guid(attribute(p, "guid")): whole_number(attribute(p, "position"))
            for p in children(transcript, "SyncPoint")
        }
        for part in children(transcript, "TranscriptSelection"):
            first = points.get(clean_guid(attribute(part, "fromSyncPoint")))
            last = points.get(clean_guid(attribute(part, "toSyncPoint")))
            s = Selection(
                first, last, attribute(part, "name"), memo=child_text(part, "Description")
            )
            self._coded(part, s, label)

    # --- texts ----------------------------------------------------------------------------

    def _text_of(self, element: Element, name: str) -> str | None:
        """The words of a source: inside the element, or in a member of the archive."""
        for content in children(element, "PlainTextContent"):
            return content.text or ""
        stated = attribute(element, "plainTextPath")
        if not stated:
            self.to.note("notice", "source without a text", "the file gives none", name)
            return None
        member = self._member(stated)
        if member is None:
            why = f"the archive does not hold {stated[:80]!r}; its codings have no place"
            self.to.dropped("text of a source", why, name)
            return None
        return self._decoded(self.archive.read(member), member, name)

    def _member(self, stated: str) -> str | None:
        """The member that a path names; nothing outside the archive is ever read."""
        scheme, mark, rest = stated.replace("\\", "/").partition("://")
        inner = rest if mark else scheme
        outside = mark and scheme.lower() == "absolute"
        parts = PurePosixPath(inner)
        if outside or parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", inner):
            raise DataError(
                f"The project points to a file outside itself ({stated[:80]!r}); it was not read.",
                file=self.to.path,
                remedy="Export the project with its sources inside.",
            )
        if mark and scheme.lower() == "relative":
            return None
        tries = (f"sources/{inner}", inner, f"sources/{parts.name}")
        return next((found for t in tries if (found := self.archive.find(t))), None)

    def _decoded(self, data: bytes, member: str, name: str) -> str:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            self.to.note("notice", "text in UTF-16", "the standard asks for UTF-8", name)
            encoding = "utf-16"
        else:
            encoding = "utf-8"
        try:
            return data.decode(encoding)
        except UnicodeDecodeError as error:
            raise DataError(
                f"The text {member[:80]!r} of {name[:60]!r} is not UTF-8 (byte {error.start}).",
                file=self.to.path,
                remedy="The standard asks for UTF-8; a guess would put wrong letters into "
                "quotations. Export it anew.",
            ) from None

    # --- notes ----------------------------------------------------------------------------

    def _note(self, element: Element) -> None:
        guid = clean_guid(attribute(element, "guid"))
        name = attribute(element, "name")
        text = self._text_of(element, name) or ""
        text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        if name == APPROACH_NOTE and self.to.program.startswith("dmpkit"):
            self.to.approach = text
            return
        places = self.notes.pop(guid, [])
        own = [
            (whole_number(attribute(p, "startPosition")), whole_number(attribute(p, "endPosition")))
            for p in children(element, "PlainTextSelection")
        ]
        cells = {"name": name, "text": text, "coder": self._coder(element)}
        if not places:
            self.to.add_note(kind="memo", **cells)
            self.lost["selection inside a note"] += len(own)
        for label, selection in places:
            number = self.to.add_note(kind="memo", source=label, **cells)
            if selection is None and own:  # as QualCoder writes its annotations
                selection = Selection(*own[0])
                self.to.select(label, selection)
            if selection is not None:
                self.to.notes[number]["kind"] = "annotation"
                selection.notes.append(number)
        self.notes[guid] = []


def read_code(to: Collector, element: Element, parent: str) -> str:
    """Add one `<Code>`; its full path."""
    return to.add_code(
        attribute(element, "name"),
        parent,
        description=child_text(element, "Description").strip(),
        colour=attribute(element, "color"),
        codable=attribute(element, "isCodable").strip().lower() not in {"false", "0"},
        guid=clean_guid(attribute(element, "guid")),
    )


def _typed(text: str, kind: str) -> Any:
    """The value of a variable as its type says; text where it does not fit."""
    clean = text.strip()
    if kind == "Boolean" and clean.lower() in {"true", "1", "false", "0"}:
        return clean.lower() in {"true", "1"}
    if kind in {"Integer", "Float"} and clean:
        if kind == "Integer" and (number := whole_number(clean)) is not None:
            return number
        if re.fullmatch(r"[+-]?(?:\d{1,30}\.?\d{0,30}|\.\d{1,30})(?:[eE][+-]?\d{1,2})?", clean):
            return float(clean)
    if not clean and kind != "Text":
        return None
    return text
