"""Changes to archives, databases and Parquet files, which bytes alone would only break."""

from __future__ import annotations

import functools
import io
import json
import random
import sqlite3
import struct
import warnings
import zipfile
from collections.abc import Callable
from contextlib import closing

from .tokens import token

Inner = Callable[[str, bytes, random.Random], bytes]

# --- archives -----------------------------------------------------------------------------

NAMES = (
    "../up.txt", "/etc/passwd", "C:/up.txt", "a\\..\\..\\b", "", ".", "a/", "x" * 300, "\u202e.txt",
    "project.qde", "Project.QDE", "sources/a.txt", "sorts.txt", "[Content_Types].xml", "CON",
)  # fmt: skip
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@functools.lru_cache(maxsize=64)
def members(data: bytes) -> tuple[tuple[str, bytes], ...]:
    """Names and contents of an archive as far as they can be read."""
    found = []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for entry in archive.infolist():
            if entry.file_size < 20_000_000:
                found.append((entry.filename, archive.read(entry)))
    return tuple(found)


@functools.lru_cache(maxsize=8)
def zeros(size: int) -> bytes:
    """Many equal bytes, which pack a thousandfold."""
    return b" " * size


def zipped(data: bytes, rng: random.Random, inner: Inner) -> bytes:
    """A member changed after its kind, dropped, doubled or renamed; headers that lie."""
    try:
        held = list(members(data))
    except Exception:  # already broken
        return inner("x.bin", b"." + data, rng)[1:]
    pick = rng.random()
    if pick < 0.12:
        return _lying(data, rng)
    if not held:
        held = [("x", b"")]
    at = rng.randrange(len(held))
    name, content = held[at]
    if pick < 0.75:
        # the parts that matter are the large ones: sheets, project, sorts
        weights = [1 + min(len(content), 20_000) for _, content in held]
        at = rng.choices(range(len(held)), weights)[0]
        name, content = held[at]
        held[at] = (name, inner(name, content, rng))
    elif pick < 0.80:
        del held[at]
    elif pick < 0.84:
        held[at] = (rng.choice([*NAMES, name.upper(), name + "/"]), content)
    elif pick < 0.88:
        held.append((name if rng.random() < 0.5 else rng.choice(NAMES), content))
    elif pick < 0.92:
        held[at] = (name, held[rng.randrange(len(held))][1])
    elif pick < 0.94:
        held += [(f"{name}{i}", b"") for i in range(rng.choice([20, 2000]))]
    elif pick < 0.96:
        held[at] = (name, zeros(rng.choice([1_000_000, 40_000_000])))
    else:
        held[at] = (name, b"")
    return pack(held, rng)


def pack(held: list[tuple[str, bytes]], rng: random.Random | None = None) -> bytes:
    """An archive of these members; some are packed in an odd way."""
    out = io.BytesIO()
    odd = rng is not None and rng.random() < 0.05
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name twice
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, content in held:
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                entry.compress_type = rng.choice(METHODS) if odd and rng else zipfile.ZIP_DEFLATED
                if odd and rng and rng.random() < 0.2:
                    entry.external_attr = 0o120777 << 16  # a link
                archive.writestr(
                    entry, content.decode("utf-8", "replace").encode() if odd else content
                )
    return out.getvalue()


def _lying(data: bytes, rng: random.Random) -> bytes:
    """Headers that lie about size, sum, method, flags or place."""
    changed = bytearray(data)
    field = rng.choice(["flags", "method", "crc", "packed", "unpacked", "offset", "count", "tail"])
    if field == "tail":
        return data + rng.choice([b"x", b"\x00" * 99, data])
    if field == "count":
        at = changed.rfind(b"PK\x05\x06")
        if at >= 0 and at + 20 <= len(changed):
            struct.pack_into(
                "<H", changed, at + rng.choice([4, 8, 10, 20 - 2]), rng.choice([0, 65535, 999])
            )
        return bytes(changed)
    places = {
        "flags": (8, "<H", [1, 8, 64, 2048, 0xFFFF]),
        "method": (10, "<H", [0, 8, 9, 12, 14, 99]),
        "crc": (16, "<L", [0, 1]),
        "packed": (20, "<L", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF]),
        "unpacked": (24, "<L", [0, 1, 1_000_000_000, 0xFFFFFFFF]),
        "offset": (42, "<L", [0, 1, 0x7FFFFFFF, 0xFFFFFFFF]),
    }
    offset, form, values = places[field]
    marks = [i for i in range(len(changed) - 46) if changed[i : i + 4] == b"PK\x01\x02"]
    if marks:
        central = rng.choice(marks)
        value = rng.choice(values)
        struct.pack_into(form, changed, central + offset, value)
        local = struct.unpack_from("<L", data, central + 42)[0]
        if field != "offset" and rng.random() < 0.6 and local + 30 <= len(changed):
            struct.pack_into(form, changed, local + offset - 2, value)
    return bytes(changed)


# --- databases ----------------------------------------------------------------------------

BLOBS = (
    None,
    0,
    -1,
    2**62,
    -(2**63),
    1e308,
    float("inf"),
    "",
    " ",
    "a",
    b"",
    b"\xff\x00",
    b"\xed\xa0\x80",
)


def database(data: bytes, rng: random.Random) -> bytes:
    """Cells, rows, columns and tables of a database changed with SQL, or its bytes."""
    if rng.random() < 0.1:
        changed = bytearray(data)
        for _ in range(rng.choice([1, 4, 40])):
            near = rng.choice([100, 4096, len(changed)])
            changed[rng.randrange(min(near, len(changed)))] = rng.randrange(256)
        return bytes(changed)
    try:
        with closing(sqlite3.connect(":memory:")) as base, base:
            base.deserialize(data)
            tables = [
                r[0] for r in base.execute("SELECT name FROM sqlite_master WHERE type='table'")
            ]
            if tables:
                _change_database(base, rng.choice(tables), rng)
            base.commit()
            return bytes(base.serialize())
    except (sqlite3.Error, UnicodeError, OverflowError):
        return data[: rng.randrange(len(data))]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _change_database(base: sqlite3.Connection, table: str, rng: random.Random) -> None:
    named = _quoted(table)
    columns = [row[1] for row in base.execute(f"PRAGMA table_info({named})")]
    if not columns:
        return
    column = _quoted(rng.choice(columns))
    what = rng.randrange(12)
    if what <= 4:
        value = rng.choice(BLOBS) if rng.random() < 0.5 else token(rng)
        rows = [row[0] for row in base.execute(f"SELECT rowid FROM {named} LIMIT 500")]
        if rows:
            base.execute("PRAGMA ignore_check_constraints=ON")
            where = "" if rng.random() < 0.1 else f" WHERE rowid={rng.choice(rows)}"
            cast = "CAST(? AS TEXT)" if isinstance(value, bytes) and rng.random() < 0.5 else "?"
            base.execute(f"UPDATE OR IGNORE {named} SET {column}={cast}{where}", (value,))
    elif what == 5:
        base.execute(f"DELETE FROM {named} WHERE rowid % {rng.choice([1, 2, 3])} = 0")
    elif what == 6:
        base.execute(f"DROP TABLE {named}")
    elif what == 7:
        base.execute(f"ALTER TABLE {named} RENAME COLUMN {column} TO x{rng.randrange(9)}")
    elif what == 8:
        base.execute(f"ALTER TABLE {named} DROP COLUMN {column}")
    elif what == 9:
        base.execute(f"CREATE TABLE kept AS SELECT * FROM {named}")
        base.execute(f"DROP TABLE {named}")
        base.execute(f"CREATE TABLE {named} AS SELECT * FROM kept UNION ALL SELECT * FROM kept")
        base.execute("DROP TABLE kept")
    elif what == 10:
        base.execute(f"DROP TABLE {named}")
        cells = ", ".join(f"n AS {_quoted(c)}" for c in columns)
        endless = rng.choice(["", " WHERE n < 3"])
        base.execute(
            f"CREATE VIEW {named} AS WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 "
            f"FROM t{endless}) SELECT {cells} FROM t"
        )
    else:
        base.execute(f"DROP TABLE {named}")
        base.execute(f"CREATE TABLE {named} ({column} BLOB)")
        base.execute(f"INSERT INTO {named} VALUES (zeroblob({rng.choice([0, 10, 3_000_000])}))")


# --- Parquet ------------------------------------------------------------------------------


def parquet(data: bytes, rng: random.Random) -> bytes:
    """Columns of other types, with other names, with hostile metadata; or broken bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if rng.random() < 0.3:
        changed = bytearray(data)
        for _ in range(rng.choice([1, 3, 20])):
            at = len(changed) - 1 - rng.randrange(min(len(changed), rng.choice([16, 400, 10**6])))
            changed[at] = rng.randrange(256)
        return bytes(changed)
    try:
        table = pq.read_table(io.BytesIO(data))
        at = rng.randrange(table.num_columns)
        name = table.column_names[at]
        n = table.num_rows
        fresh = rng.choice(
            [
                pa.array([None] * n),
                pa.array([token(rng)[:1000]] * n),
                pa.array([[1, 2]] * n),
                pa.array([{"a": 1}] * n),
                pa.array([b"\xff\x00"] * n),
                pa.array([2**63 - 1] * n),
                pa.array([float("nan")] * n),
                pa.array([float("inf")] * n),
                pa.array([True] * n),
                pa.array(["a"] * n).dictionary_encode(),
                pa.array([10**17] * n, pa.timestamp("us", tz="UTC")),
                pa.array([10**9] * n, pa.date32()),
                pa.array([1] * n, pa.duration("ns")),
                pa.array([1] * n, pa.decimal128(38, 10)),
                pa.array([1] * n, pa.time64("us")),
            ]
        )
        what = rng.randrange(7)
        if what <= 2:
            table = table.set_column(at, name, fresh)
        elif what == 3:
            table = table.remove_column(at)
        elif what == 4:
            names = list(table.column_names)
            names[at] = rng.choice([*names, token(rng)[:300]])
            table = table.rename_columns(names)
        elif what == 5:
            table = table.slice(0, rng.randrange(n + 1))
        else:
            meta = dict(table.schema.metadata or {})
            lies = [
                b"{",
                b"null",
                b"[]",
                json.dumps({"columns": [], "index_columns": ["x"]}).encode(),
            ]
            meta[b"pandas"] = rng.choice(lies)
            table = table.replace_schema_metadata(meta)
        out = io.BytesIO()
        pq.write_table(table, out)
        return out.getvalue()
    except (pa.ArrowException, ValueError, OSError, UnicodeError, NotImplementedError):
        return data[: rng.randrange(len(data))]
