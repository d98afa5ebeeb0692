"""The reference files of the room, and small projects written by hand."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from dmpkit.coding import CodedProject

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "coding"
TEXTS = {
    file.name: file.read_text(encoding="utf-8") for file in sorted((REFERENCE / "texts").iterdir())
}
TEXT = json.loads((REFERENCE / "conventions" / "expected.json").read_text())["text"]


def expected(folder: str) -> Any:
    """What the files of a program must read to."""
    return json.loads((REFERENCE / folder / "expected.json").read_text())


def codings(project: CodedProject) -> list[tuple[str, str, str, int, int, str]]:
    """The codings of a project in an order of their own."""
    columns = ["source", "code", "coder", "start", "end", "quote"]
    return sorted(project.segments[columns].itertuples(index=False, name=None))


def wanted(rows: list[dict[str, Any]], **changes: Any) -> list[tuple[str, str, str, int, int, str]]:
    """The codings of an expected table, ordered alike."""
    names = ("source", "code", "coder", "start", "end", "text")
    return sorted(tuple({**row, **changes}[n] for n in names) for row in rows)


def guid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def qde(
    selections: str,
    *,
    users: str = "",
    codes: str = "",
    path: str = "internal://t.txt",
    before: str = "",
    after: str = "",
    inside: str = "",
) -> str:
    """A project.qde with one text; codes c1 … in the order given, users likewise."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<Project xmlns="urn:QDA-XML:project:1.0" name="t" origin="hand-made">'
        f"<Users>{users or user(1, 'ada')}</Users>"
        f"<CodeBook><Codes>{codes or code(11, 'Time')}</Codes></CodeBook>{before}"
        f'<Sources><TextSource guid="{guid(21)}" name="doc" plainTextPath="{path}">'
        f"{selections}{inside}</TextSource></Sources>{after}</Project>"
    )


def user(number: int, name: str) -> str:
    return f'<User guid="{guid(number)}" name={quoteattr(name)}/>'


def code(number: int, name: str, inside: str = "") -> str:
    opened = f'<Code guid="{guid(number)}" name={quoteattr(name)} isCodable="true">'
    return f"{opened}{inside}</Code>"


def selection(
    number: int, start: object, end: object, name: str | None = None, codes: tuple[int, ...] = (11,)
) -> str:
    """A selection with a coding for each code, by user 1."""
    named = "" if name is None else f" name={quoteattr(name)}"
    made = "".join(
        f'<Coding guid="{guid(1000 + 10 * number + i)}" creatingUser="{guid(1)}">'
        f'<CodeRef targetGUID="{guid(c)}"/></Coding>'
        for i, c in enumerate(codes)
    )
    return (
        f'<PlainTextSelection guid="{guid(100 + number)}" startPosition="{start}" '
        f'endPosition="{end}"{named}>{made}</PlainTextSelection>'
    )


def write(
    path: Path, project: str | bytes, text: str | bytes | None = TEXT, name: str = "sources/t.txt"
) -> Path:
    """A .qdpx of a project.qde and one text."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.qde", project)
        if text is not None:
            archive.writestr(name, text.encode() if isinstance(text, str) else text)
    return path
