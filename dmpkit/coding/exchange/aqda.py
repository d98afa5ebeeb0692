"""Reading AQDA's exports for analysis: JSON and CSV, neither of which holds the texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.archive import read_bounded
from dmpkit.coding.exchange.collecting import Collector, Options
from dmpkit.coding.exchange.databases import integer, text
from dmpkit.coding.exchange.offsets import Selection
from dmpkit.errors import DataError
from dmpkit.tables import read_delimited, require_columns

__all__ = ["read_aqda_csv", "read_aqda_json"]

MAX_JSON = 100_000_000


def _parsed(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(read_bounded(path, MAX_JSON).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise DataError(f"The file is not UTF-8 (byte {error.start}).", file=path) from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"The JSON is broken ({error.msg}).",
            file=path,
            row=error.lineno,
            column=error.colno,
            remedy="The file may be cut off: export it anew.",
        ) from None
    except (RecursionError, ValueError):
        raise DataError("The JSON cannot be read.", file=path, remedy="Export it anew.") from None
    if not isinstance(found, dict) or not {"documents", "codes", "codings"} <= set(found):
        raise DataError(
            "The JSON is not AQDA's export for analysis (documents, codes, codings).", file=path
        )
    return found


def _rows(found: dict[str, Any], name: str, path: Path) -> list[dict[str, Any]]:
    rows = found.get(name)
    if not isinstance(rows, list) or not all(isinstance(r, dict) for r in rows):
        raise DataError(f"{name!r} in the JSON is not a list of objects.", file=path)
    return rows


def _word(value: object) -> str:
    """Text without the half characters that JSON can spell."""
    return text(value).encode("utf-8", "replace").decode()


def read_aqda_json(path: Path, options: Options | None = None) -> CodedProject:
    """Read AQDA's JSON; see `dmpkit.coding.read_project`."""
    found = _parsed(path)
    to = Collector(path, "AQDA analysis export (JSON)", options)
    to.program = "AQDA"
    project = found.get("project")
    to.name = _word(project.get("name")) if isinstance(project, dict) else ""
    codes = _codes(to, _rows(found, "codes", path))
    labels: dict[int | None, str] = {}
    for row in _rows(found, "documents", path):
        values = row.get("variables")
        cells = values.items() if isinstance(values, dict) else ()
        named = {to.column(_word(k), "sources"): _word(v) for k, v in cells}
        label = to.add_source(_word(row.get("name")), None, named)
        labels[integer(row.get("id"))] = label
    for row in _rows(found, "codings", path):
        _coding(to, row, codes, labels)
    memos = found.get("memos")
    for row in memos if isinstance(memos, list) else []:
        if isinstance(row, dict):
            words = _word(row.get("content") or row.get("text"))
            to.add_note(kind="memo", name=_word(row.get("title") or row.get("name")), text=words)
    return to.finish()


def _codes(to: Collector, rows: list[dict[str, Any]]) -> dict[int | None, str]:
    """The tree of codes; parents may stand after their children."""
    left = {integer(r.get("id")): r for r in rows if not r.get("deleted_at")}
    to.dropped("code", "it was deleted in AQDA", count=len(rows) - len(left))
    made: dict[int | None, str] = {}
    while left:
        ready = [
            i for i, r in left.items() if (p := integer(r.get("parent_id"))) is None or p in made
        ]
        for number in ready or list(left):
            row = left.pop(number)
            above = integer(row.get("parent_id"))
            if not ready:
                why = "it stands below itself or below a code that is not there; now at the top"
                to.note("changed", "place of a code", why, _word(row.get("name")))
            cells = {
                "description": _word(row.get("description")),
                "colour": _word(row.get("color")),
            }
            made[number] = to.add_code(_word(row.get("name")), made.get(above, ""), **cells)
    return made


def _coding(
    to: Collector,
    row: dict[str, Any],
    codes: dict[int | None, str],
    labels: dict[int | None, str],
) -> None:
    if row.get("deleted_at"):
        to.dropped("coding", "it was deleted in AQDA")
        return
    number, document = integer(row.get("code_id")), integer(row.get("document_id"))
    if number not in codes or document not in labels:
        to.dropped("coding", "its code or source is not in the file")
        return
    coder = _word(row.get("coder"))
    to.users.append(coder)
    s = Selection(
        integer(row.get("start_pos")),
        integer(row.get("end_pos")),
        _word(row.get("selected_text")),
        certain=True,
    )
    s.codings = [(codes[number], coder, "", _word(row.get("created_at")))]
    to.select(labels[document], s)


def read_aqda_csv(path: Path, options: Options | None = None) -> CodedProject:
    """Read AQDA's table of codings; codes come without their parents."""
    to = Collector(path, "AQDA codings (CSV)", options)
    to.program, to.name = "AQDA", path.stem
    frame, report = read_delimited(path, decimal=".")
    columns = ["document", "code", "coder", "start_pos", "end_pos", "text"]
    require_columns(frame, columns, file=path)
    if report.encoding != "utf-8":
        to.note("notice", "encoding guessed", report.encoding)
    codes = {name: to.add_code(name) for name in dict.fromkeys(frame["code"])}
    labels = {name: to.add_source(name, None) for name in dict.fromkeys(frame["document"])}
    for document, code, coder, a, b, quote in zip(*(frame[c] for c in columns), strict=True):
        to.users.append(coder)
        s = Selection(integer(a), integer(b), quote, certain=True)
        s.codings = [(codes[code], coder, "", "")]
        to.select(labels[document], s)
    to.note("notice", "parents of codes lost", "the table names codes without them")
    return to.finish()
