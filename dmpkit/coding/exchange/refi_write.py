"""Writing REFI-QDA projects and codebooks that are valid against the standard's schemas.

The same project gives the same bytes: GUIDs that a project does not carry are made from
what they name (UUID version 5), and the archive has no dates.
"""

from __future__ import annotations

import math
import os
import re
import uuid
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pandas as pd

from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.offsets import Convention, RawText
from dmpkit.coding.exchange.refi import APPROACH_NOTE, ORIGIN_SETS, clean_guid
from dmpkit.coding.schema import TABLES
from dmpkit.errors import DataError, ImportAuditWarning, warn
from dmpkit.tables import atomic_write

__all__ = ["write_qdc", "write_qdpx"]

PROJECT: Final = "urn:QDA-XML:project:1.0"
CODEBOOK: Final = "urn:QDA-XML:codebook:1.0"
#: Under which GUIDs are made; itself made from the name of this library.
_SPACE: Final = uuid.uuid5(uuid.NAMESPACE_DNS, "dmpkit.coding")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_COLOUR = re.compile(r"#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def write_qdpx(project: CodedProject, path: str | os.PathLike[str]) -> Path:
    """Write a project as REFI-QDA, for NVivo, ATLAS.ti, MAXQDA, QualCoder and others.

    Positions count code points, ends are exclusive, texts are UTF-8 with LF and no
    byte-order mark, every selection carries its whole quotation as its name. Where codes
    come from (deductive, inductive) stands in two sets, the approach in a note; reading
    the file with dmpkit gives all of it back. What the format cannot hold is listed in
    an `ImportAuditWarning`: codings without a place, further columns of the segments,
    memos of codings of a whole source.

    Parameters
    ----------
    project : CodedProject
    path : path
        Ends in ``.qdpx``; written whole or not at all.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        When the name does not end in ``.qdpx``.

    Examples
    --------
    >>> import tempfile
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
    >>> spans = pd.DataFrame({"source": ["I1"], "code": ["Time"], "start": [0], "end": [4]})
    >>> project = CodedProject.from_frames(sources, spans)
    >>> from dmpkit.coding import read_project
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = write_qdpx(project, Path(folder) / "p.qdpx")
    ...     read_project(written).segments["quote"].tolist()
    ['Time']
    """
    target = Path(path)
    _check_suffix(target, ".qdpx")
    project, bare = _with_line_feeds(project)
    writer = _Writer(project)
    writer.changed["coding of a line end or byte-order mark alone"] += bare
    lines = "".join(writer.project())
    with atomic_write(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        _put(archive, "project.qde", lines.encode())
        for label, text in project.texts.items():
            _put(archive, f"sources/{writer.sources[label]}.txt", text.encode())
    writer.report(target)
    return target


def _with_line_feeds(project: CodedProject) -> tuple[CodedProject, int]:
    """Texts without CR LF and byte-order mark, positions moved; codings of nothing else go."""
    raw = {label: RawText.of(text) for label, text in project.texts.items()}
    way = Convention(bom="counted")
    moves = {label: r.boundaries(way) for label, r in raw.items() if r.crlf or r.bom}
    if not moves:
        return project, 0
    made: dict[str, pd.DataFrame] = {}
    for table in ("segments", "case_sources", "notes"):
        frame: pd.DataFrame = getattr(project, table).copy()
        for column in ("start", "end"):
            places = [
                moves[s][p] if s in moves and p is not pd.NA else p
                for s, p in zip(frame["source"], frame[column].tolist(), strict=True)
            ]
            frame[column] = pd.Series(places, index=frame.index, dtype=frame[column].dtype)
        made[table] = frame
    before = project.segments
    empty = (made["segments"]["start"] == made["segments"]["end"]) & (
        before["start"] < before["end"]
    )
    made["segments"] = made["segments"][~empty].assign(quote="")
    texts = [raw[label].text for label in project.sources["source"]]
    return project.with_tables(sources=project.sources.assign(text=texts), **made), int(empty.sum())


def write_qdc(codes: CodedProject | pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write a codebook as REFI-QDA, valid against the standard's schema.

    Parameters
    ----------
    codes : CodedProject or DataFrame
        A project, or a table of codes (``code`` at least).
    path : path
        Ends in ``.qdc``; written whole or not at all.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        When there is no code, or the name does not end in ``.qdc``.

    Examples
    --------
    >>> import tempfile
    >>> from dmpkit.coding import read_codebook
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     book = write_qdc(pd.DataFrame({"code": ["A/B"]}), Path(folder) / "c.qdc")
    ...     read_codebook(book)["code"].tolist()
    ['A', 'A/B']
    """
    target = Path(path)
    _check_suffix(target, ".qdc")
    if not isinstance(codes, CodedProject):
        nothing = pd.DataFrame({"source": [], "text": []})
        codes = CodedProject.from_frames(nothing, codes=codes)
    if not len(codes.codes):
        raise DataError("There is no code to write.", remedy="A codebook has at least one code.")
    writer = _Writer(codes)
    body = "".join(
        [
            f'<?xml version="1.0" encoding="utf-8"?>\n<CodeBook xmlns="{CODEBOOK}"',
            f" origin={_attribute(_origin())}>",
            *writer.codebook(),
            *writer.sets("guid"),
            "</CodeBook>\n",
        ]
    )
    with atomic_write(target) as temporary:
        temporary.write_bytes(body.encode())
    writer.report(target)
    return target


def _check_suffix(path: Path, suffix: str) -> None:
    if path.suffix.lower() != suffix:
        raise DataError(
            f"The name {path.name!r} does not end in {suffix}.", remedy=f"Name it …{suffix}."
        )


def _origin() -> str:
    from dmpkit import __version__

    return f"dmpkit {__version__}"


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """A member without a date, so that the same project gives the same bytes."""
    member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    member.compress_type = zipfile.ZIP_DEFLATED
    member.external_attr = 0o644 << 16
    archive.writestr(member, data)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def _attribute(text: str) -> str:
    return quoteattr(_clean(text))


def _content(text: str) -> str:
    return escape(_clean(text), {"\r": "&#13;"})


def _described(text: str) -> str:
    return f"<Description>{_content(text)}</Description>" if text else ""


def _wrapped(name: str, lines: Iterable[str]) -> Iterator[str]:
    """An element around others; nothing around nothing, as the schema asks."""
    inside = list(lines)
    if inside:
        yield f"<{name}>"
        yield from inside
        yield f"</{name}>\n"


class _Writer:
    """The parts of one project, in the order of the schema."""

    def __init__(self, project: CodedProject) -> None:
        self.p = project
        self.taken: set[str] = set()
        self.changed = Counter[str]()
        self.codes = self._guids("code", project.codes["code"], project.codes["guid"])
        labels = project.sources["source"]
        self.sources = self._guids("source", labels, project.sources["guid"])
        segments = project.segments
        coders = {*segments["coder"], *project.notes["coder"], *project.users} - {""}
        self.users = self._guids("user", sorted(coders))
        self.cases = self._guids("case", project.cases["case"])
        self.notes = self._guids("note", project.notes["note"])
        self.variables: dict[tuple[str, str], tuple[str, str]] = {}
        for table in ("cases", "sources"):
            frame: pd.DataFrame = getattr(project, table)
            for name in frame.columns:
                if name not in TABLES[table] and name != "description":
                    guid = self._new(f"variable:{table}:{name}")
                    self.variables[(table, name)] = (guid, _kind(frame[name]))

    def _new(self, words: str) -> str:
        guid = str(uuid.uuid5(_SPACE, words))
        while guid in self.taken:
            guid = str(uuid.uuid5(_SPACE, guid))
        self.taken.add(guid)
        return guid

    def _own(self, guid: str, words: str) -> str:
        """The GUID that something carries, if it is one and nothing else has it."""
        clean = clean_guid(guid)
        if _UUID.fullmatch(clean) and clean not in self.taken:
            self.taken.add(clean)
            return clean
        return self._new(words)

    def _guids(
        self, kind: str, labels: Iterable[str], guids: Iterable[str] | None = None
    ) -> dict[str, str]:
        names = list(labels)
        own = list(guids) if guids is not None else [""] * len(names)
        return {n: self._own(g, f"{kind}:{n}") for n, g in zip(names, own, strict=True)}

    # --- the parts ----------------------------------------------------------------------

    def project(self) -> Iterator[str]:
        yield f'<?xml version="1.0" encoding="utf-8"?>\n<Project xmlns="{PROJECT}"'
        yield f" name={_attribute(self.p.name)} origin={_attribute(_origin())}>\n"
        users = (f'<User guid="{g}" name={_attribute(n)}/>' for n, g in self.users.items())
        yield from _wrapped("Users", users)
        yield from _wrapped("CodeBook", self.codebook())
        yield from _wrapped("Variables", self._variables())
        sources = list(self._sources())
        yield from _wrapped("Cases", self._cases())
        yield from _wrapped("Sources", sources)
        yield from _wrapped("Notes", self._notes())
        yield from self.sets("targetGUID")
        yield "</Project>\n"

    def codebook(self) -> Iterator[str]:
        """The tree of codes; parents stand above their children."""
        yield from _wrapped("Codes", self._codes())

    def _codes(self) -> Iterator[str]:
        open_codes: list[str] = []
        for row in self.p.codes.itertuples():
            while open_codes and open_codes[-1] != row.parent:
                open_codes.pop()
                yield "</Code>"
            colour = f' color="{row.colour}"' if _COLOUR.fullmatch(str(row.colour)) else ""
            if row.colour and not colour:
                self.changed["colour that is not #RRGGBB"] += 1
            codable = "true" if row.codable else "false"
            yield f'<Code guid="{self.codes[str(row.code)]}" name={_attribute(str(row.name))} '
            yield f'isCodable="{codable}"{colour}>{_described(str(row.description))}'
            open_codes.append(str(row.code))
        yield from ("</Code>" for _ in open_codes)

    def sets(self, attribute: str) -> Iterator[str]:
        """Where codes come from, as two sets."""
        made = []
        for name, origin in ORIGIN_SETS.items():
            members = self.p.codes.loc[self.p.codes["origin"] == origin, "code"]
            if len(members):
                guid = self._new(f"set:{origin}")
                inside = "".join(f'<MemberCode {attribute}="{self.codes[c]}"/>' for c in members)
                made.append(f'<Set guid="{guid}" name="{name}">{inside}</Set>')
        yield from _wrapped("Sets", made)

    def _variables(self) -> Iterator[str]:
        for (_, name), (guid, kind) in self.variables.items():
            yield f'<Variable guid="{guid}" name={_attribute(name)} typeOfVariable="{kind}"/>'

    def _values(self, table: str, row: dict[str, Any]) -> Iterator[str]:
        for (owner, name), (guid, kind) in self.variables.items():
            text = _value(row[name], kind) if owner == table else None
            if text is not None:
                yield f'<VariableValue><VariableRef targetGUID="{guid}"/>'
                yield f"<{kind}Value>{_content(text)}</{kind}Value></VariableValue>"

    def _cases(self) -> Iterator[str]:
        links = self.p.case_sources
        for row in self.p.cases.to_dict("records"):
            own = links[links["case"] == row["case"]]
            yield f'<Case guid="{self.cases[row["case"]]}" name={_attribute(row["case"])}>'
            yield _described(_word(row.get("description")))
            yield from self._values("cases", {str(k): v for k, v in row.items()})
            whole = [r for r in own.itertuples() if self._is_whole(r)]
            for r in whole:
                yield f'<SourceRef targetGUID="{self.sources[str(r.source)]}"/>'
            for r in own.itertuples():
                if not self._is_whole(r):
                    yield f'<SelectionRef targetGUID="{self.parts[r.Index]}"/>'
            yield "</Case>"

    def _is_whole(self, link: Any) -> bool:
        return bool(link.start == 0 and link.end == len(self.p.texts[str(link.source)]))

    # --- sources --------------------------------------------------------------------------

    def _sources(self) -> Iterator[str]:
        self.parts: dict[Any, str] = {}
        spans = _by_source(self.p.segments)
        notes = _by_source(self.p.notes)
        links = _by_source(self.p.case_sources)
        for row in self.p.sources.to_dict("records"):
            label, guid = row["source"], self.sources[row["source"]]
            self.changed["name of a source beside its label"] += row["name"] != label
            yield f'<TextSource guid="{guid}" name={_attribute(label)} '
            yield f'plainTextPath="internal://{guid}.txt">{_described(_word(row.get("description")))}'
            mine = spans.get(label, self.p.segments.iloc[:0])
            placed = mine["scope"] == "selection"
            yield from self._segments(mine[placed])
            yield from self._annotations(notes.get(label, self.p.notes.iloc[:0]), label)
            yield from self._linked(links.get(label, self.p.case_sources.iloc[:0]))
            for r in mine[~placed].itertuples():
                self.changed["memo of a coding of a whole source"] += bool(r.memo)
                yield self._coding(r, self._own(str(r.guid), f"coding:{r.segment}"))
            for number in self._plain_notes(notes.get(label)):
                yield f'<NoteRef targetGUID="{self.notes[number]}"/>'
            yield from self._values("sources", {str(k): v for k, v in row.items()})
            yield "</TextSource>\n"

    def _segments(self, rows: pd.DataFrame) -> Iterator[str]:
        for r in rows.itertuples():
            guid = self._own(
                str(r.guid), f"coding:{r.segment}:{r.source}:{r.code}:{r.start}:{r.end}"
            )
            yield self._selection(f"selection:{guid}", r, _attribute(str(r.quote)), str(r.coder))
            yield f"{_described(str(r.memo))}{self._coding(r, guid)}</PlainTextSelection>\n"

    def _selection(self, words: str, span: Any, name: str, coder: str) -> str:
        user = f' creatingUser="{self.users[coder]}"' if coder else ""
        self.last = self._new(words)
        return (
            f'<PlainTextSelection guid="{self.last}" name={name} '
            f'startPosition="{span.start}" endPosition="{span.end}"{user}>'
        )

    def _coding(self, row: Any, guid: str) -> str:
        user = f' creatingUser="{self.users[row.coder]}"' if row.coder else ""
        created = str(getattr(row, "created", ""))
        date = f' creationDateTime="{created}"' if _DATE.fullmatch(created) else ""
        code = self.codes[row.code]
        return f'<Coding guid="{guid}"{user}{date}><CodeRef targetGUID="{code}"/></Coding>'

    def _annotations(self, rows: pd.DataFrame, label: str) -> Iterator[str]:
        """Selections with a note, and selections without code or note."""
        r: Any
        for r in rows[rows["start"].notna()].itertuples():
            quote = _attribute(self.p.texts[label][int(r.start) : int(r.end)])
            yield self._selection(f"annotation:{r.note}", r, quote, str(r.coder))
            if r.kind == "uncoded selection":
                yield f"{_described(str(r.text))}</PlainTextSelection>"
            else:
                yield f'<NoteRef targetGUID="{self.notes[str(r.note)]}"/></PlainTextSelection>'

    def _linked(self, rows: pd.DataFrame) -> Iterator[str]:
        """Selections that only say which part of a source belongs to a case."""
        r: Any
        for r in rows.itertuples():
            if not self._is_whole(r):
                quote = _attribute(self.p.texts[str(r.source)][r.start : r.end])
                yield self._selection(f"case:{r.case}:{r.source}:{r.start}:{r.end}", r, quote, "")
                self.parts[r.Index] = self.last
                yield "</PlainTextSelection>"

    def _plain_notes(self, rows: pd.DataFrame | None) -> list[str]:
        return [] if rows is None else rows.loc[rows["start"].isna(), "note"].tolist()

    def _notes(self) -> Iterator[str]:
        for r in self.p.notes.itertuples():
            if r.kind == "uncoded selection" and r.start is not pd.NA:
                continue
            user = f' creatingUser="{self.users[str(r.coder)]}"' if r.coder else ""
            yield f'<Note guid="{self.notes[str(r.note)]}" name={_attribute(str(r.name))}{user}>'
            yield f"<PlainTextContent>{_content(str(r.text))}</PlainTextContent></Note>"
        if self.p.approach:
            guid = self._new("note:approach")
            yield f'<Note guid="{guid}" name="{APPROACH_NOTE}">'
            yield f"<PlainTextContent>{self.p.approach}</PlainTextContent></Note>"

    # --- what could not be written ------------------------------------------------------

    def report(self, path: Path) -> None:
        """Warn of what the format cannot hold."""
        lost = Counter(self.changed)
        lost["coding without a place in a text"] += len(self.p.unplaced)
        known = {*TABLES["segments"], "created"}
        further = [str(c) for c in self.p.segments.columns if c not in known]
        if further:
            lost[f"column of the segments ({', '.join(further[:5])})"] += len(further)
        words = [self.p.codes["name"], self.p.codes["description"], self.p.segments["memo"]]
        words.append(self.p.notes["text"])
        illegal = sum(bool(_ILLEGAL.search(text)) for column in words for text in column)
        lost["text with control characters, replaced by U+FFFD"] += illegal
        said = ", ".join(f"{count} × {what}" for what, count in lost.items() if count)
        if said:
            warn(f"{path.name} cannot hold everything; left out: {said}.", ImportAuditWarning)


def _by_source(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {str(label): part for label, part in frame.groupby("source", sort=False)}


def _word(value: object) -> str:
    return "" if value is None or value is pd.NA or value != value else str(value)


def _kind(column: pd.Series) -> str:
    """The type of a variable, from its values."""
    values = [v for v in column.tolist() if v is not None and v is not pd.NA and v == v]
    if values and all(isinstance(v, bool | np.bool_) for v in values):
        return "Boolean"
    if values and all(isinstance(v, int | np.integer) for v in values):
        return "Integer"
    if values and all(
        isinstance(v, int | float | np.number) and not isinstance(v, bool) and math.isfinite(v)
        for v in values
    ):
        return "Float"
    return "Text"


def _value(value: Any, kind: str) -> str | None:
    """A value as the schema wants it; None where it is missing."""
    if value is None or value is pd.NA or value != value:
        return None
    if kind == "Boolean":
        return "true" if value else "false"
    if kind == "Float":
        text = np.format_float_positional(float(value), trim="-")
        return text + "0" if text.endswith(".") else text
    return str(value)
