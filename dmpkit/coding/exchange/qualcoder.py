"""Reading QualCoder projects: the SQLite database in a `.qda` folder, or in a zip of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.collecting import Collector, Options
from dmpkit.coding.exchange.databases import Database, integer, open_database, text
from dmpkit.coding.exchange.offsets import Selection

__all__ = ["read_qualcoder"]

_MEDIA = {"code_image": "a region of a picture", "code_av": "a stretch of a recording"}


def read_qualcoder(
    path: Path, options: Options | None = None, data: bytes | None = None
) -> CodedProject:
    """Read QualCoder's `data.qda`; see `dmpkit.coding.read_project`."""
    to = Collector(path, "QualCoder database", options)
    to.name = path.stem if path.name != "data.qda" else path.parent.name.removesuffix(".qda")
    with open_database(path, data) as database:
        _Reader(database, to).read()
    return to.finish()


class _Reader:
    """The tables of one database, in the order in which they lean on each other."""

    def __init__(self, database: Database, to: Collector) -> None:
        self.db, self.to = database, to
        self.codes: dict[int, str] = {}
        self.sources: dict[int, str] = {}
        self.lengths: dict[str, int] = {}
        self.cases: dict[int, str] = {}

    def read(self) -> None:
        self._project()
        self._codes()
        self._sources()
        self._cases()
        self._codings()
        self._notes()
        for table, what in (
            ("stored_sql", "stored query"),
            ("graph", "graph"),
            ("ris", "reference"),
        ):
            count = sum(1 for _ in self.db.rows(table, *_FIRST[table]))
            self.to.dropped(what, "dmpkit has no table for it", count=count)

    def _project(self) -> None:
        for row in self.db.rows("project", "databaseversion", "memo", "about"):
            about = text(row["about"]) or "QualCoder"
            self.to.program = f"{about} (database {text(row['databaseversion'])})"
            if text(row["memo"]):
                self.to.add_note(kind="memo", name="project", text=text(row["memo"]))

    def _coder(self, value: object) -> str:
        name = text(value)
        self.to.users.append(name)
        return name

    # --- codes ------------------------------------------------------------------------------

    def _codes(self) -> None:
        """Categories and codes as one tree; a circle is cut where it is met."""
        cats = {
            integer(r["catid"]): r
            for r in self.db.rows("code_cat", "catid", "name", "memo", "supercatid")
        }
        names = {
            integer(r["cid"]): r
            for r in self.db.rows("code_name", "cid", "name", "memo", "catid", "color", "supercid")
        }
        rows = {("code", i): r for i, r in names.items()} | {("cat", i): r for i, r in cats.items()}
        made: dict[tuple[str, int | None], str] = {}
        for key in rows:
            chain = []
            step: tuple[str, int | None] | None = key
            while step is not None and step not in made and step in rows and step not in chain:
                chain.append(step)
                step = _above(step, rows[step])
            if step is not None and step not in made:
                why = "it stands below itself or below a code that is not there; now at the top"
                self.to.note("changed", "place of a code", why, text(rows[chain[-1]]["name"]))
            parent = made.get(step, "") if step is not None else ""
            for link in reversed(chain):
                parent = made[link] = self._code(link, rows[link], parent)
        self.codes = {
            i: path for (kind, i), path in made.items() if kind == "code" and i is not None
        }

    def _code(self, key: tuple[str, int | None], row: dict[str, Any], parent: str) -> str:
        return self.to.add_code(
            text(row["name"]),
            parent,
            description=text(row["memo"]),
            colour=text(row.get("color")),
            codable=key[0] == "code",
        )

    # --- sources and cases ---------------------------------------------------------------------

    def _attributes(self, owner: str) -> dict[int | None, dict[str, Any]]:
        kinds = {
            text(r["name"]): text(r["valuetype"])
            for r in self.db.rows("attribute_type", "name", "valuetype")
        }
        table = {"case": "cases", "file": "sources"}[owner]
        values: dict[int | None, dict[str, Any]] = {}
        for r in self.db.rows("attribute", "name", "attr_type", "value", "id"):
            if text(r["attr_type"]) != owner:
                continue
            name = text(r["name"])
            value = _number(text(r["value"])) if kinds.get(name) == "numeric" else text(r["value"])
            values.setdefault(integer(r["id"]), {})[self.to.column(name, table)] = value
        return values

    def _sources(self) -> None:
        attributes = self._attributes("file")
        columns = ("id", "name", "fulltext", "mediapath", "memo")
        for row in self.db.rows("source", *columns):
            number = integer(row["id"])
            cells = attributes.get(number, {})
            if text(row["memo"]):
                cells.setdefault("description", text(row["memo"]))
            raw = row["fulltext"] if isinstance(row["fulltext"], str) else None
            if raw is None:
                self.to.note("notice", "source without a text", "a medium", text(row["name"]))
            label = self.to.add_source(text(row["name"]), raw, cells)
            if number is not None:
                self.sources[number] = label
                self.lengths[label] = len(raw or "")

    def _cases(self) -> None:
        attributes = self._attributes("case")
        for row in self.db.rows("cases", "caseid", "name", "memo"):
            number = integer(row["caseid"])
            values = attributes.get(number, {})
            if text(row["memo"]):
                values.setdefault("description", text(row["memo"]))
            case = self.to.add_case(text(row["name"]), values)
            if number is not None:
                self.cases[number] = case
        for row in self.db.rows("case_text", "caseid", "fid", "pos0", "pos1"):
            linked = self.cases.get(integer(row["caseid"]) or -1)
            source = self.sources.get(integer(row["fid"]) or -1)
            if linked is None or source is None:
                self.to.dropped("link of a case", "its case or source is not in the file")
                continue
            a, b = integer(row["pos0"]) or 0, integer(row["pos1"]) or 0
            if a == 0 and (b == 0 or b >= self.lengths[source] - 1):
                self.to.link(linked, source)
            else:
                self.to.select(source, Selection(a, b, cases=[linked]))

    # --- codings and notes ------------------------------------------------------------------------

    def _codings(self) -> None:
        columns = ("cid", "fid", "seltext", "pos0", "pos1", "owner", "memo", "date")
        for row in self.db.rows("code_text", *columns):
            s = Selection(
                integer(row["pos0"]),
                integer(row["pos1"]),
                text(row["seltext"]),
                certain=True,
                memo=text(row["memo"]),
            )
            self._coded(row, row["fid"], s)
        for table, reason in _MEDIA.items():
            for row in self.db.rows(table, "id", "cid", "memo", "date", "owner"):
                s = Selection(None, None, memo=text(row["memo"]), reason=reason)
                self._coded(row, row["id"], s)

    def _coded(self, row: dict[str, Any], source: object, s: Selection) -> None:
        code = self.codes.get(integer(row["cid"]) or -1)
        label = self.sources.get(integer(source) or -1)
        if code is None or label is None:
            self.to.dropped("coding", "its code or source is not in the file")
            return
        s.codings = [(code, self._coder(row["owner"]), "", text(row["date"]))]
        self.to.select(label, s)

    def _notes(self) -> None:
        for row in self.db.rows("annotation", "fid", "pos0", "pos1", "memo", "owner"):
            label = self.sources.get(integer(row["fid"]) or -1)
            cells = {"text": text(row["memo"]), "coder": self._coder(row["owner"])}
            if label is None:
                self.to.add_note(kind="memo", **cells)
                continue
            number = self.to.add_note(kind="annotation", source=label, **cells)
            s = Selection(integer(row["pos0"]), integer(row["pos1"]), notes=[number])
            self.to.select(label, s)
        for row in self.db.rows("journal", "name", "jentry", "owner"):
            coder = self._coder(row["owner"])
            words = text(row["jentry"])
            self.to.add_note(kind="memo", name=text(row["name"]), text=words, coder=coder)


_FIRST = {"stored_sql": ("title",), "graph": ("grid",), "ris": ("risid",)}


def _above(key: tuple[str, int | None], row: dict[str, Any]) -> tuple[str, int | None] | None:
    """What stands right above a category or a code."""
    if key[0] == "cat":
        above = integer(row["supercatid"])
        return None if above is None else ("cat", above)
    code, category = integer(row["supercid"]), integer(row["catid"])
    if code is not None:
        return ("code", code)
    return None if category is None else ("cat", category)


def _number(value: str) -> float | str | None:
    try:
        return float(value) if value.strip() else None
    except ValueError:
        return value
