"""Workbooks that a few thousand bytes make dangerous, written as a stranger could."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import openpyxl

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHEET = "xl/worksheets/sheet1.xml"
FIRST = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>x</t></is></c></row>'
    '<row r="2"><c r="A2"><v>1</v></c></row>'
)
WHOLE = "A1:XFD1048576"
TEN = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=False)
)
ENTITIES = f'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">{TEN}]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY i SYSTEM "file:///etc/hostname">]>'


def sheet(rows: str, *, before: str = "", after: str = "") -> str:
    return (
        f'<?xml version="1.0"?>{before}<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData>'
        f"{after}</worksheet>"
    )


def packed(path: Path, page: str | bytes, **parts: bytes) -> Path:
    """A workbook in which the XML of the only sheet has been replaced."""
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    with (
        zipfile.ZipFile(buffer) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for name in old.namelist():
            new.writestr(name, page if name == SHEET else old.read(name))
        for name, data in parts.items():
            new.writestr(name, data)
    return path


def small(folder: Path) -> Iterator[Path]:
    """Workbooks of a few kilobytes that would hang a reader or grow in it."""
    far = FIRST + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    merged = f'<mergeCells><mergeCell ref="{WHOLE}"/></mergeCells>'
    linked = f'<hyperlinks><hyperlink ref="{WHOLE}" display="x"/></hyperlinks>'
    word = '<row><c t="inlineStr"><is><t>&i;</t></is></c></row>'
    yield packed(folder / "far.xlsx", sheet(far))
    yield packed(folder / "merged.xlsx", sheet(FIRST, after=merged))
    yield packed(folder / "linked.xlsx", sheet(FIRST, after=linked))
    yield packed(folder / "entities.xlsx", sheet(word, before=ENTITIES))
    yield packed(folder / "outside.xlsx", sheet(word, before=OUTSIDE))
    yield packed(folder / "wide.xlsx", sheet(word, before=ENTITIES).encode("utf-16"))
    yield packed(folder / "deep.xlsx", sheet("<row>" * 5_000))
    yield packed(folder / "attributes.xlsx", sheet(f"<row {attributes(150_000)}/>"))


def attributes(n: int) -> str:
    return " ".join(f'a{i}=""' for i in range(n))


def large(folder: Path) -> Iterator[Path]:
    """Workbooks that unpack to a hundred megabytes and more."""
    yield packed(folder / "cells.xlsx", sheet("<row>" + "<c><v>1</v></c>" * 5_000_000 + "</row>"))
    yield packed(folder / "rows.xlsx", sheet("<row/>" * 20_000_000))
    yield packed(folder / "styles.xlsx", sheet(FIRST + "<xf/>" * 20_000_000))
    yield packed(folder / "deeper.xlsx", sheet("<a>" * 20_000_000))
    yield packed(folder / "tag.xlsx", sheet(f"<row {attributes(8_000_000)}/>"))
    yield packed(folder / "zeros.xlsx", b"0" * 250_000_000)
