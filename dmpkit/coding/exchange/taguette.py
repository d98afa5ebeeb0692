"""Reading Taguette: the SQLite database of a project or a server, and its tables.

Taguette counts UTF-8 bytes over the text of a document's HTML and has no tree of codes,
only dotted names. A highlight has no owner; in a server's database the command that made
it says who did. An exported project names everyone ``admin``.
"""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.collecting import Collector, Options
from dmpkit.coding.exchange.databases import Database, integer, open_database, text
from dmpkit.coding.exchange.offsets import Convention, RawText, Selection
from dmpkit.errors import DataError
from dmpkit.tables import read_delimited, require_columns

__all__ = ["HtmlText", "read_highlights", "read_taguette"]

_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "br",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "li",
        "ul",
        "ol",
        "tr",
        "table",
        "blockquote",
        "pre",
        "hr",
        "section",
        "article",
        "dd",
        "dt",
    ]
)
_NAME = re.compile(r"/?([A-Za-z][A-Za-z0-9]*)")


@dataclass(frozen=True)
class HtmlText(RawText):
    """The text of HTML: what its nodes hold, and the same with a line for each block.

    ``raw`` is the text of all nodes, over which a program counts; ``text`` has a line end
    after every block; ``places`` is where every position of `raw` came to stand, and
    ``ends`` the same for the end of a span.
    """

    places: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def parsed(cls, markup: str) -> HtmlText:
        r"""Take the text out of HTML.

        Examples
        --------
        >>> HtmlText.parsed("<p>One &amp; two</p><p>Three</p>").text
        'One & two\nThree\n'
        """
        raw: list[str] = []
        shown: list[str] = []
        places: list[NDArray[np.int64]] = []
        at, fresh = 0, True
        for is_tag, piece in _tokens(markup):
            if is_tag:
                name = _NAME.match(piece)
                if name and name[1].lower() in _BLOCKS and not fresh:
                    shown.append("\n")
                    at, fresh = at + 1, True
                continue
            words = html.unescape(piece).encode("utf-8", "replace").decode()
            if not words:
                continue
            raw.append(words)
            shown.append(words)
            places.append(np.arange(at, at + len(words)))
            at, fresh = at + len(words), words.endswith("\n")
        starts = np.concatenate([*places, np.array([at], dtype=np.int64)])
        ends = np.concatenate(([0], starts[:-1] + 1))
        plain, body = "".join(raw), "".join(shown)
        astral = not plain.isascii() and bool(plain) and max(plain) > "\uffff"
        return cls(plain, body, False, False, astral, plain.isascii(), starts, ends)

    def conventions(self) -> list[Convention]:
        """Bytes first, as Taguette counts."""
        units: list[Any] = ["UTF-8 bytes"]
        units += [] if self.ascii else ["code points"]
        units += ["UTF-16 units"] if self.astral else []
        return [Convention(u, e) for u, e in product(units, ("exclusive", "inclusive"))]  # type: ignore[arg-type]

    def trimmed(
        self, start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions over the nodes as positions over the lines."""
        return self.places[start], self.ends[end]


def _tokens(markup: str) -> list[tuple[bool, str]]:
    """Tags and texts of HTML, in one pass; what is not closed is text."""
    found: list[tuple[bool, str]] = []
    at = 0
    while at < len(markup):
        start = markup.find("<", at)
        if start < 0:
            found.append((False, markup[at:]))
            break
        if start > at:
            found.append((False, markup[at:start]))
        end = _end_of_tag(markup, start)
        if end < 0:
            found.append((False, markup[start:]))
            break
        found.append((True, markup[start + 1 : end]))
        at = end + 1
    return found


def _end_of_tag(markup: str, start: int) -> int:
    """Where a tag ends; `>` inside quoted attributes does not end it."""
    if markup.startswith("<!--", start):
        end = markup.find("-->", start + 4)
        return end + 2 if end >= 0 else -1
    at = start + 1
    while True:
        end = markup.find(">", at)
        if end < 0:
            return -1
        quote = next((q for q in re.findall("[\"']", markup[at:end])), "")
        if not quote:
            return end
        opened = markup.find(quote, at)
        closed = markup.find(quote, opened + 1)
        if closed < 0:
            return end
        at = closed + 1


def read_taguette(
    path: Path, options: Options | None = None, data: bytes | None = None
) -> CodedProject:
    """Read a Taguette database; see `dmpkit.coding.read_project`."""
    to = Collector(path, "Taguette database", options)
    to.program = "Taguette"
    with open_database(path, data) as database:
        number = _project(database, to)
        _read(database, to, number)
    return to.finish()


def _project(database: Database, to: Collector) -> int | None:
    """The number of the one project, or of the one that was asked for."""
    projects = {text(r["name"]): integer(r["id"]) for r in database.rows("projects", "id", "name")}
    asked = to.options.project
    if asked is None and len(projects) == 1:
        asked = next(iter(projects))
    if asked is None or asked not in projects:
        names = ", ".join(map(repr, sorted(projects)[:8]))
        raise DataError(
            f"The database holds {len(projects)} projects: {names or 'none'}.",
            file=to.path,
            remedy="Say which: read_project(path, project=…).",
        )
    to.name = asked
    return projects[asked]


def _read(database: Database, to: Collector, project: int | None) -> None:
    tags = {
        integer(r["id"]): r
        for r in database.rows("tags", "id", "project_id", "path", "description")
        if integer(r["project_id"]) == project
    }
    codes = add_tags(
        to, {number: (text(r["path"]), text(r["description"])) for number, r in tags.items()}
    )
    sources = {}
    for r in database.rows("documents", "id", "project_id", "name", "contents", "description"):
        if integer(r["project_id"]) == project:
            cells = {"description": text(r["description"])} if text(r["description"]) else {}
            parsed = HtmlText.parsed(text(r["contents"]))
            sources[integer(r["id"])] = to.add_source(text(r["name"]), parsed, cells)
    tagged: dict[int | None, list[str]] = {}
    for r in database.rows("highlight_tags", "highlight_id", "tag_id"):
        tag = integer(r["tag_id"])
        if tag in codes:
            tagged.setdefault(integer(r["highlight_id"]), []).append(codes[tag])
    coders = _coders(database, to, project)
    columns = ("id", "document_id", "start_offset", "end_offset", "snippet")
    for r in database.rows("highlights", *columns):
        label = sources.get(integer(r["document_id"]))
        if label is None:
            continue  # of another project
        number = integer(r["id"])
        quote = HtmlText.parsed(text(r["snippet"])).text.rstrip("\n")
        s = Selection(integer(r["start_offset"]), integer(r["end_offset"]), quote, certain=True)
        s.coder = coders.get(number, ("", ""))[0]
        date = coders.get(number, ("", ""))[1]
        s.codings = [(code, s.coder, "", date) for code in tagged.get(number, [])]
        if not s.codings:
            kind = "uncoded selection"
            s.notes = [to.add_note(kind=kind, text="", coder=s.coder, source=label)]
        to.select(label, s)


def _coders(
    database: Database, to: Collector, project: int | None
) -> dict[int | None, tuple[str, str]]:
    """Who made each highlight and when, from the commands; nobody where all are ``admin``."""
    users = [text(r["login"]) for r in database.rows("users", "login")]
    made: dict[int | None, tuple[str, str]] = {}
    for r in database.rows("commands", "date", "user_login", "project_id", "payload"):
        if integer(r["project_id"]) != project:
            continue
        try:
            payload = json.loads(text(r["payload"]))
        except (ValueError, RecursionError):
            continue
        if isinstance(payload, dict) and payload.get("type") == "highlight_add":
            login = text(r["user_login"])
            made.setdefault(integer(payload.get("highlight_id")), (login, text(r["date"])))
    if {login for login, _ in made.values()} <= {"admin"} and set(users) <= {"admin"}:
        why = "Taguette names every user admin when it exports a project; coders are left empty"
        to.note("notice", "coders lost", why)
        return {number: ("", date) for number, (_, date) in made.items()}
    to.users += [login for login, _ in made.values()]
    return made


def add_tags(to: Collector, tags: dict[int | None, tuple[str, str]]) -> dict[int | None, str]:
    """Tags as codes; dotted names become paths unless the reader was told otherwise."""
    separator = "." if to.options.separator is None else to.options.separator
    parted = {}
    for number, (name, description) in tags.items():
        parts = [p.strip() for p in name.split(separator)] if separator else [name]
        parted[number] = (parts if all(parts) else [name], description)
    codes = {}
    for number, (parts, description) in sorted(parted.items(), key=lambda item: len(item[1][0])):
        codes[number] = to.ensure_code(parts, description=description)
    split = sum(len(parts) > 1 for parts, _ in parted.values())
    why = f"names were split at {separator!r}; separator='' keeps them whole"
    to.note("notice", "tag made part of a tree", why, count=split)
    return codes


def read_highlights(path: Path, options: Options | None = None) -> CodedProject:
    """Read Taguette's table of highlights, which has words and tags but no positions."""
    to = Collector(path, "Taguette highlights", options)
    to.program = "Taguette"
    to.name = path.stem
    frame, report = read_delimited(path, decimal=".")
    require_columns(frame, ["document", "tag", "content"], file=path)
    if report.encoding != "utf-8":
        to.note("notice", "encoding guessed", report.encoding)
    names = {name: i for i, name in enumerate(dict.fromkeys(frame["tag"]))}
    codes = add_tags(to, {i: (name, "") for name, i in names.items()})
    labels = {name: to.add_source(name, None) for name in dict.fromkeys(frame["document"])}
    cells = zip(frame["document"], frame["tag"], frame["content"], strict=True)
    for document, tag, content in cells:
        s = Selection(None, None, content, certain=True)
        s.codings = [(codes[names[tag]], "", "", "")]
        to.select(labels[document], s)
    for what, why in (
        ("coders lost", "the table does not say who coded"),
        ("no positions", "words are looked for in the texts given with texts=, if any"),
        ("highlights without a tag lost", "Taguette leaves them out of this table"),
    ):
        to.note("notice", what, why)
    return to.finish()
