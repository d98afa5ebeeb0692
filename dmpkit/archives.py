"""Files and zip archives of unknown origin, opened within bounds; nothing is unpacked to disk.

What may be unpacked in all, and what a part may hold, is for each kind of file to say:
a folder of sorts takes 30 MB, a workbook 200, a project with its interviews 800.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Final

from dmpkit.errors import DataError

__all__ = ["DAMAGED", "MAX_LISTING", "check_listing", "head_of", "member_name", "members_of",
           "open_zip"]  # fmt: skip

#: Bytes of an archive's list of members; about 100,000 of them.
MAX_LISTING: Final = 20_000_000

#: What the standard library raises on damaged archives.
DAMAGED: Final = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    struct.error,
    OverflowError,
    MemoryError,
)
# where a zip archive says how long its list of members is: mark, place, kind of number
_ENDS = ((b"PK\x05\x06", 12, "<L"), (b"PK\x06\x06", 40, "<Q"))


def head_of(source: Path, size: int = 64, limit: float = float("inf")) -> bytes:
    """The first bytes of a file that is there, can be read and is not empty.

    Parameters
    ----------
    source : Path
    size : int, default 64
        How many bytes; -1 for all of them.
    limit : float, optional
        Bytes the whole file may have.

    Raises
    ------
    DataError
        Absent, a folder, not readable, empty, or too large.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "sorts.csv"
    >>> _ = path.write_text("person,s1,s2")
    >>> head_of(path, 6)
    b'person'
    """
    try:
        if source.is_dir():
            raise DataError("This is a folder, not a file.", file=source)
        with source.open("rb") as handle:
            length = handle.seek(0, io.SEEK_END) if handle.seekable() else 0
            if length > limit:
                raise DataError(
                    f"The file has {length / 1e6:,.0f} MB; {limit / 1e6:,.0f} MB is the limit.",
                    file=source,
                )
            if handle.seekable():
                handle.seek(0)
            head = handle.read(size)
    except (OSError, ValueError) as error:
        raise DataError(
            f"The file cannot be read ({getattr(error, 'strerror', None) or error}).",
            file=source,
            remedy="Check the path and the permissions.",
        ) from None
    if not head:
        raise DataError("The file is empty.", file=source, remedy="Save or download it anew.")
    return head


def check_listing(source: Path, limit: int = MAX_LISTING) -> None:
    """Refuse an archive that says its list of members is longer than `limit` bytes.

    Parameters
    ----------
    source : Path
    limit : int, optional

    Raises
    ------
    DataError
        For such an archive; a file that is no archive passes.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.zip"
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     for i in range(100):
    ...         archive.writestr(f"{i}.txt", "")
    >>> check_listing(path)
    >>> check_listing(path, 1000)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    dmpkit.errors.DataError: ...: The archive lists far too many files.
    """
    with source.open("rb") as handle:
        handle.seek(max(0, handle.seek(0, io.SEEK_END) - 70_000))
        tail = handle.read()
    for mark, offset, kind in _ENDS:
        width = struct.calcsize(kind)
        for found in re.finditer(re.escape(mark), tail):
            field = tail[found.start() + offset : found.start() + offset + width]
            size = struct.unpack(kind, field)[0] if len(field) == width else 0
            if limit < size != 0xFFFFFFFF:
                raise DataError("The archive lists far too many files.", file=source)


def open_zip(source: Path, listing: int = MAX_LISTING) -> zipfile.ZipFile:
    """A zip archive whose list of members is within bounds; to be closed by the caller.

    Parameters
    ----------
    source : Path
    listing : int, optional
        Bytes the list may have.

    Raises
    ------
    DataError
        Not a zip archive, damaged, or too many members.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.zip"
    >>> with zipfile.ZipFile(path, "w") as archive:
    ...     archive.writestr("sorts.txt", "Ana,1")
    >>> with open_zip(path) as archive:
    ...     sorted(members_of(archive, path))
    ['sorts.txt']
    """
    head_of(source)
    check_listing(source, listing)
    try:
        return zipfile.ZipFile(source)
    except DAMAGED as error:
        raise DataError(
            f"The file is not a zip archive, or it is damaged ({type(error).__name__}).",
            file=source,
            remedy="Download or export it anew.",
        ) from None


def member_name(name: str) -> str:
    r"""The name of a member with forward slashes.

    Parameters
    ----------
    name : str

    Examples
    --------
    >>> member_name("./sources\\1.txt")
    'sources/1.txt'
    """
    return name.replace("\\", "/").removeprefix("./")


def members_of(archive: zipfile.ZipFile, source: Path) -> dict[str, zipfile.ZipInfo]:
    """The members of an archive by name, folders left out.

    Parameters
    ----------
    archive : ZipFile
    source : Path
        Named in the error.

    Raises
    ------
    DataError
        A member without a name, one whose name leads out of the archive, one named
        twice, or an encrypted one.

    Examples
    --------
    >>> import io
    >>> with zipfile.ZipFile(io.BytesIO(), "w") as archive:  # doctest: +ELLIPSIS
    ...     archive.writestr("../a.txt", "")
    ...     members_of(archive, Path("sent.zip"))
    Traceback (most recent call last):
    dmpkit.errors.DataError: sent.zip: The archive names a file outside itself ('../a.txt'). ...
    """
    found: dict[str, zipfile.ZipInfo] = {}
    names = set()
    for member in archive.infolist():
        name = member_name(member.filename)
        if not name:
            raise DataError(
                "The archive holds a file without a name; it is damaged.",
                file=source,
                remedy="Download or export it anew.",
            )
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
            raise DataError(
                f"The archive names a file outside itself ({member.filename[:60]!r}).",
                file=source,
                remedy="Do not use this archive; ask for it anew where it came from.",
            )
        if name in names:
            raise DataError(f"The archive holds {name[:60]!r} twice.", file=source)
        if member.flag_bits & 1:
            raise DataError(
                "The archive is encrypted.",
                file=source,
                remedy="Unpack it with its password, and read or pack the files anew.",
            )
        names.add(name)
        if not member.is_dir():
            found[name] = member
    return found
