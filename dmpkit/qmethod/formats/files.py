"""Opening files of unknown origin within bounds of time and memory.

A Q study is a few kilobytes, so the bounds are wide for every study and
narrow for a file that is broken or was made to do harm. Nothing is ever
unpacked to disk.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from dmpkit import archives
from dmpkit.archives import members_of, open_zip
from dmpkit.errors import DataError

__all__ = [
    "MAX_BYTES",
    "MAX_CELLS",
    "MAX_UNPACKED_BYTES",
    "check_cells",
    "head_of",
    "load_json",
    "open_archive",
    "read_text",
    "rows_of",
    "text_of",
]

MAX_BYTES = 50_000_000
MAX_UNPACKED_BYTES = 30_000_000
MAX_CELLS = 2_000_000
MAX_LISTING = 500_000  # a list of some five thousand files
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")


def head_of(source: Path) -> bytes:
    """The first 4,000 bytes of a file that exists, is not empty and not too large.

    Parameters
    ----------
    source : Path

    Raises
    ------
    DataError
        Absent, a folder, not readable, empty, or larger than 50 MB.
    """
    head = archives.head_of(source, 4000, MAX_BYTES)
    if not head.strip(b"\x00\xef\xbb\xbf\xff\xfe \r\n\t\x1a"):
        raise DataError("The file is empty.", file=source)
    return head


def text_of(data: bytes, encoding: str | None = None) -> str | None:
    """Bytes as text: the encoding given, else by mark, else UTF-8, else cp1252.

    Parameters
    ----------
    data : bytes
    encoding : str, optional

    Returns
    -------
    str or None
        None where the bytes are not text (or hold control characters).

    Examples
    --------
    >>> text_of("naïve".encode("cp1252")), text_of(bytes(range(9)))
    ('naïve', None)
    """
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for name in [encoding] if encoding else ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(name).rstrip("\x1a\x00")  # an end-of-file mark of old systems
        except (UnicodeDecodeError, LookupError):
            continue
        if not _CONTROL.search(text):
            return text.removeprefix("\ufeff")
    return None


def read_text(source: Path, encoding: str | None = None) -> str:
    """The text of a file.

    Raises
    ------
    DataError
        As :func:`head_of`, and for a file that is not plain text.
    """
    head_of(source)
    text = text_of(source.read_bytes(), encoding)
    if text is None:
        raise DataError(
            "The file is not text (it holds control characters or has an unknown encoding).",
            file=source,
            remedy="Save it as text in UTF-8, or name its encoding.",
        )
    return text


def check_cells(text: str, source: Path) -> None:
    """Refuse text with more cells than any study has, before it is cut up.

    Raises
    ------
    DataError
        More than two million delimiters of a kind or lines.
    """
    most = max(text.count(mark) for mark in ",;\t\n|")
    if most > MAX_CELLS:
        raise DataError(
            f"The file has about {most / 1e6:.0f} million cells; {MAX_CELLS / 1e6:.0f} million "
            "is the limit.",
            file=source,
            remedy="Check that this is the file with the sorts.",
        )


def rows_of(text: str, delimiter: str, source: Path) -> list[list[str]]:
    """Rows of delimited text, each as long as it is; empty rows left out.

    Raises
    ------
    DataError
        For a quotation mark that is not closed, a cell of more than 131,072
        characters, or too many cells.
    """
    check_cells(text, source)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise DataError(
            f"The quoting of the file is broken ({error}).",
            file=source,
            remedy="Look for a quotation mark that is not closed.",
        ) from None


# -- JSON ----------------------------------------------------------------------------


def load_json(source: Path, encoding: str | None = None) -> Any:
    """A JSON file; a name that stands twice in one object is an error, not a loss.

    Raises
    ------
    DataError
        Not text, not JSON, nested too deep, a name twice, NaN or Infinity, or
        too many parts.
    """
    text = read_text(source, encoding)
    parts = sum(text.count(mark) for mark in ",[{:")
    if parts > MAX_CELLS:
        raise DataError(f"The file has {parts / 1e6:.0f} million parts.", file=source)

    def no_constant(name: str) -> NoReturn:
        raise DataError(f"{name} is not a number.", file=source)

    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(name for name, _ in pairs)
            twice = counts.most_common(1)[0][0]
            raise DataError(
                f"The name {twice[:60]!r} stands twice in one object.",
                file=source,
                remedy="Only one of the two would be read; give each record a name of its own.",
            )
        return found

    try:
        return json.loads(text, parse_constant=no_constant, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise DataError(
            f"The JSON is broken ({error.msg}).",
            file=source,
            row=error.lineno,
            column=error.colno,
            remedy="The file may be cut off.",
        ) from None
    except DataError:
        raise
    except RecursionError:
        raise DataError("The JSON is nested too deep.", file=source) from None
    except ValueError as error:  # a number of thousands of digits
        raise DataError(f"The JSON cannot be read ({error}).", file=source) from None


# -- zip archives ------------------------------------------------------------------------


def open_archive(source: Path) -> zipfile.ZipFile:
    """A zip archive whose list of files and unpacked size are within bounds.

    Raises
    ------
    DataError
        Not a zip archive, damaged, encrypted, a file named twice or outside
        the archive, too many files, or more than 30 MB unpacked.
    """
    head_of(source)
    archive = open_zip(source, MAX_LISTING)
    try:
        _check_members(archive, source)
    except DataError:
        archive.close()
        raise
    return archive


def _check_members(archive: zipfile.ZipFile, source: Path) -> None:
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    if unpacked > MAX_UNPACKED_BYTES:
        raise DataError(
            f"The file would take {unpacked / 1e6:.0f} MB unpacked; "
            f"{MAX_UNPACKED_BYTES / 1e6:.0f} MB is the limit.",
            file=source,
            remedy="Keep only what belongs to the sorts.",
        )
    members_of(archive, source)
