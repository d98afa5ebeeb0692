"""Zip archives of unknown origin, read in memory within bounds; nothing is unpacked to disk."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from dmpkit.archives import DAMAGED, MAX_LISTING, head_of, member_name, members_of, open_zip
from dmpkit.errors import DataError

__all__ = ["MAX_MEMBER", "MAX_TOTAL", "Archive", "open_archive", "read_bounded"]

#: Unpacked bytes of one member, and of all members that are read.
MAX_MEMBER: Final = 400_000_000
MAX_TOTAL: Final = 800_000_000
#: Above this size a member must not unpack to more than `MAX_RATIO` times its packed size.
RATIO_FROM: Final = 5_000_000
MAX_RATIO: Final = 150


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
        self._members = members_of(zipped, path)
        self._folded = {name.casefold(): name for name in self._members}

    @property
    def names(self) -> list[str]:
        """Names of the members, with forward slashes."""
        return list(self._members)

    def find(self, name: str) -> str | None:
        """The member of this name, whatever the case of its letters."""
        clean = member_name(name)
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


@contextmanager
def open_archive(path: Path) -> Iterator[Archive]:
    """Open a zip archive whose list of members is within bounds and names nothing outside.

    Raises
    ------
    DataError
        Not a zip archive, damaged, too many members, or a member whose name
        leads out of the archive.
    """
    try:
        with open_zip(path, MAX_LISTING) as zipped:
            yield Archive(zipped, path)
    except DataError:
        raise
    except DAMAGED as error:
        raise DataError(
            f"The file is not a zip archive, or it is damaged ({type(error).__name__}).",
            file=path,
            remedy="Download or export it anew.",
        ) from None
