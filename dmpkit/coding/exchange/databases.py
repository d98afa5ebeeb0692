"""SQLite databases of unknown origin, read without writing and within bounds."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from dmpkit.errors import DataError

__all__ = ["SQLITE_HEAD", "Database", "integer", "open_database", "text"]

SQLITE_HEAD: Final = b"SQLite format 3\x00"
#: Bytes of a database, bytes of one value, rows of one table, seconds for all queries.
MAX_BYTES: Final = 1_000_000_000
MAX_VALUE: Final = 60_000_000
MAX_ROWS: Final = 5_000_000
MAX_SECONDS: Final = 120.0

_BROKEN = (sqlite3.Error, sqlite3.Warning, MemoryError, OverflowError, ValueError)


def text(value: object) -> str:
    """A cell as text; what is missing is empty.

    Examples
    --------
    >>> text(None), text(3), text("a")
    ('', '3', 'a')
    """
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def integer(value: object) -> int | None:
    """A cell as a whole number, or None.

    Examples
    --------
    >>> integer("12"), integer(3.0), integer("x"), integer(None)
    (12, 3, None, None)
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**53 else None  # no text, no table is so long
    if isinstance(value, str) and len(value) < 19 and re.fullmatch(r"\s*-?\d+\s*", value):
        return int(value)
    return None


class Database:
    """The plain tables of a database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        found = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
        )
        self.tables = {str(name) for (name,) in found.fetchmany(10_000)}

    def rows(self, table: str, *columns: str) -> Iterator[dict[str, Any]]:
        """The rows of a table in the order of the file; columns that it lacks are None."""
        if table not in self.tables:
            return
        quoted = table.replace('"', '""')
        info = self._connection.execute(f'PRAGMA table_info("{quoted}")').fetchall()
        there = [c for c in columns if c in {str(row[1]) for row in info}]
        if not there:
            return
        names = ", ".join(f'"{c}"' for c in there)
        missing = dict.fromkeys(columns)
        query = f'SELECT {names} FROM "{quoted}" LIMIT {MAX_ROWS}'  # noqa: S608
        cursor = self._connection.execute(query)
        for row in cursor:
            yield {**missing, **dict(zip(there, row, strict=True))}


@contextmanager
def open_database(path: Path, data: bytes | None = None) -> Iterator[Database]:
    """Open a database for reading; damage met on the way is a `DataError`.

    Parameters
    ----------
    path : Path
        The file, or the archive from which `data` came.
    data : bytes, optional
        The database itself, where it is not a file.

    Raises
    ------
    DataError
        Not a database, damaged, too large, or a query that does not end.
    """
    connection = None
    try:
        if data is None:
            _check_size(path)
            address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
            connection = sqlite3.connect(address, uri=True)
        else:
            connection = sqlite3.connect(":memory:")
            connection.deserialize(data)
        _bound(connection)
        yield Database(connection)
    except DataError:
        raise
    except (*_BROKEN, OSError) as error:
        raise DataError(
            f"The database cannot be read ({error}).",
            file=path,
            remedy="Close the program that uses it, or take the file from a backup.",
        ) from None
    finally:
        if connection is not None:
            connection.close()


def _check_size(path: Path) -> None:
    if path.stat().st_size > MAX_BYTES:
        raise DataError(f"The database is larger than {MAX_BYTES / 1e9:.0f} GB.", file=path)


def _bound(connection: sqlite3.Connection) -> None:
    """No functions in the schema, no endless queries, no huge values."""
    deadline = time.monotonic() + MAX_SECONDS
    connection.set_progress_handler(lambda: int(time.monotonic() > deadline), 100_000)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_VALUE)
    connection.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 1_000_000)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cell_size_check = ON")
