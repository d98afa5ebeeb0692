"""Zip archives of unknown origin, read in memory within bounds; nothing is unpacked to disk."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Final

from dmpkit.errors import DataError

__all__ = ["MAX_MEMBER", "MAX_TOTAL", "Archive", "head_of", "open_archive", "read_bounded"]

#: Unpacked bytes of one member, and of all members that are read.
MAX_MEMBER: Final = 400_000_000
MAX_TOTAL: Final = 800_000_000
#: Above this size a member must not unpack to more than `MAX_RATIO` times its packed size.
RATIO_FROM: Final = 5_000_000
MAX_RATIO: Final = 150
#: Bytes of the archive's list of members; about 100,000 of them.
MAX_DIRECTORY: Final = 20_000_000

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


def head_of(path: Path, size: int = 64) -> bytes:
    """The first bytes of a file.

    Raises
    ------
    DataError
        When it cannot be read, or is empty.
    """
    try:
        with path.open("rb") as handle:
            head = handle.read(size)
    except OSError as error:
        raise DataError(
            f"The file cannot be read ({error.strerror}).",
            file=path,
            remedy="Check the path and the permissions.",
        ) from None
    if not head:
        raise DataError("The file is empty.", file=path)
    return head


def read_bounded(path: Path, limit: int = MAX_MEMBER) -> bytes:
    """All bytes of a file of at most `limit` bytes."""
    head_of(path)
    with path.open("rb") as handle:
        data = handle.read(limit + 1)
    if len(data) > limit:
        raise DataError(f"The file is larger than {limit / 1e6:.0f} MB, the limit.", file=path)
    return data


class Archive:
    """The members of a zip archive, by name, read once and within bounds."""

    def __init__(self, zipped: zipfile.ZipFile, path: Path) -> None:
        self._zip, self.path, self._spent = zipped, path, 0
        self._members = {_clean(m.filename): m for m in zipped.infolist() if not m.is_dir()}
        self._folded = {name.casefold(): name for name in self._members}

    @property
    def names(self) -> list[str]:
        """Names of the members, with forward slashes."""
        return list(self._members)

    def find(self, name: str) -> str | None:
        """The member of this name, whatever the case of its letters."""
        clean = _clean(name)
        return clean if clean in self._members else self._folded.get(clean.casefold())

    def _check(self, name: str) -> zipfile.ZipInfo:
        """The member, if it is not too large to be read as well."""
        member = self._members[name]
        size, packed = member.file_size, member.compress_size
        self._spent += size
        if size > MAX_MEMBER or self._spent > MAX_TOTAL:
            raise DataError(
                f"{name[:80]!r} would take {size / 1e6:,.0f} MB unpacked; the limit is "
                f"{MAX_MEMBER / 1e6:.0f} MB for one part and {MAX_TOTAL / 1e6:.0f} MB in all.",
                file=self.path,
            )
        if size > RATIO_FROM and size > MAX_RATIO * max(packed, 1):
            raise DataError(
                f"{name[:80]!r} unpacks to {size / max(packed, 1):,.0f} times its size: "
                "no text does that.",
                file=self.path,
                remedy="Do not use this archive; ask for it anew where it came from.",
            )
        return member

    def read(self, name: str) -> bytes:
        """All bytes of a member."""
        with self.stream(name) as handle:
            return handle.read()

    @contextmanager
    def stream(self, name: str) -> Iterator[IO[bytes]]:
        """A member opened for reading; damage met on the way is a `DataError`."""
        member = self._check(name)
        try:
            with self._zip.open(member) as handle:
                yield handle
        except DataError:
            raise
        except DAMAGED as error:
            raise DataError(
                f"{name[:80]!r} in the archive is damaged ({type(error).__name__}).",
                file=self.path,
                remedy="Download or export it anew; encrypted archives must be unpacked first.",
            ) from None


def _clean(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive whose list of members is within bounds and names nothing outside.

    Raises
    ------
    DataError
        Not a zip archive, damaged, too many members, or a member whose name
        leads out of the archive.
    """
    head_of(path)
    try:
        with path.open("rb") as handle:
            _check_directory(handle, path)
            with zipfile.ZipFile(handle) as zipped:
                _check_names(zipped, path)
                archive = Archive(zipped, path)
                yield archive
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError(
            f"The file is not a zip archive, or it is damaged ({type(error).__name__}).",
            file=path,
            remedy="Download or export it anew.",
        ) from None


def _check_directory(handle: IO[bytes], path: Path) -> None:
    """The archive's own word on how long its list of members is."""
    handle.seek(0, io.SEEK_END)
    handle.seek(max(0, handle.tell() - 70_000))
    tail = handle.read()
    handle.seek(0)
    for mark, offset, kind in ((b"PK\x05\x06", 12, "<L"), (b"PK\x06\x06", 40, "<Q")):
        width = struct.calcsize(kind)
        for found in re.finditer(re.escape(mark), tail):
            field = tail[found.start() + offset : found.start() + offset + width]
            size = struct.unpack(kind, field)[0] if len(field) == width else 0
            if MAX_DIRECTORY < size != 0xFFFFFFFF:
                raise DataError("The archive lists far too many files.", file=path)


def _check_names(zipped: zipfile.ZipFile, path: Path) -> None:
    """No member leads out of the archive, and no two are one."""
    seen: set[str] = set()
    for member in zipped.infolist():
        name = _clean(member.filename)
        if not name:
            raise DataError(
                "The archive holds a file without a name; it is damaged.",
                file=path,
                remedy="Download or export it anew.",
            )
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts or re.match(r"[A-Za-z]:", name):
            raise DataError(
                f"The archive names a file outside itself ({member.filename[:60]!r}).",
                file=path,
                remedy="Do not use this archive; ask for it anew where it came from.",
            )
        if name in seen:
            raise DataError(f"The archive holds {name[:60]!r} twice.", file=path)
        seen.add(name)
