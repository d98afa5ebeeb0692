"""A ledger in a folder: six CSV files and a data package, safe to append to.

The files are plain UTF-8 with a stable order, so that version control shows one changed
line for one new event. ``datapackage.json`` describes them and holds no checksums,
because ``events.csv`` grows. An event is one line, written under a lock and forced to disk
before the call returns; a line that a crash left torn is set aside in
``events.torn.txt``, and every read says so until the file is looked at and removed.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit import writing
from dmpkit.errors import DataError, LedgerWarning, warn
from dmpkit.impact.data import Ledger, complete
from dmpkit.impact.schema import DESCRIPTIONS, REQUIRED, TABLES, cell_text
from dmpkit.tables import atomic_write
from dmpkit.workbooks import save_workbook
from dmpkit.writing import keep_names, sweep, write_together

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = [
    "append_to_folder",
    "ledger_from_excel",
    "ledger_to_excel",
    "read_ledger",
    "write_ledger",
    "write_parquet",
]

EVENTS = "events.csv"
LOCK = ".ledger.lock"
TORN = "events.torn.txt"
#: Lines that others appended which are added one by one.
FEW = 50
#: Characters that a cell may have; what reads CSV stops soon after.
LONGEST = 100_000
#: Text that a spreadsheet would run; it is kept with an apostrophe before it.
_RISKY = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")


# --- reading ---------------------------------------------------------------------------


def read_ledger(folder: str | os.PathLike[str]) -> Ledger:
    """Read a ledger from its folder.

    Parameters
    ----------
    folder : path
        Holds ``recommendations.csv`` and ``events.csv``; the other tables may be absent.

    Returns
    -------
    Ledger
        Lives in the folder: :meth:`~dmpkit.impact.data.Ledger.append` writes there.

    Raises
    ------
    DataError
        A file is absent or cannot be read, or a rule is broken.

    Warns
    -----
    LedgerWarning
        A line that a crash left incomplete was set aside.
    LeftoverWarning
        A writer was ended while it put files in place; that was done now.
    """
    path = Path(folder)
    if not path.is_dir():
        raise DataError(
            f"There is no folder {path.name!r}.", remedy="Make a ledger with write_ledger."
        )
    sweep(path)
    torn = _set_aside_if_torn(path)
    stamp = _stamp(path)
    tables = {name: _read_csv(path / f"{name}.csv", name) for name in TABLES}
    if tables["recommendations"] is None:
        raise DataError(
            "The folder has no recommendations.csv.",
            file=path,
            remedy="A ledger is a folder that write_ledger made.",
        )
    if torn:
        warn(torn, LedgerWarning)
    try:
        ledger = Ledger(**tables, folder=path)  # type: ignore[arg-type]
    except DataError as error:
        raise _in_file(error, path) from None
    if stamp != _stamp(path):  # somebody wrote while we read: the next append reads anew
        return ledger
    return ledger._trusted(stamp=_signed(path, stamp))


def _in_file(error: DataError, folder: Path) -> DataError:
    """The error with the file of its table, where it names a table."""
    file = folder / f"{error.file}.csv" if error.file in TABLES else error.file or folder
    return DataError(
        error.problem, file=file, row=error.row, column=error.column, remedy=error.remedy
    )


def _signed(folder: Path, stamp: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """A stamp with the checksum of the events as its last entry."""
    size = stamp[list(TABLES).index("events")][0]
    return (*stamp, (size, _checksum(folder, size) if size >= 0 else 0))


def _stamp(folder: Path) -> tuple[tuple[int, int], ...]:
    """Size and time of change of each table: by these it is seen whether others wrote."""
    found = []
    for name in TABLES:
        try:
            known = (folder / f"{name}.csv").stat()
        except FileNotFoundError:
            found.append((-1, -1))
        else:
            found.append((known.st_size, known.st_mtime_ns))
    return tuple(found)


def _checksum(folder: Path, size: int) -> int:
    """CRC of the first bytes of the events: by it is seen whether others only appended."""
    with (folder / EVENTS).open("rb") as handle:
        return zlib.crc32(handle.read(size))


def _read_csv(path: Path, table: str) -> pd.DataFrame | None:
    """One table as text, or None where there is no file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"The file cannot be read ({error.strerror}).", file=path) from None
    if table == "events":
        data = data[: _complete_bytes(data)]
    return _parse(data, path)


def _parse(data: bytes, path: Path, header: list[str] | None = None) -> pd.DataFrame:
    try:
        text = data.decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except UnicodeDecodeError:
        raise DataError(
            "The file is not UTF-8 text.", file=path, remedy="Save it as CSV in UTF-8."
        ) from None
    except csv.Error as error:
        if "field limit" in str(error):
            raise DataError(
                "A cell is longer than the 131,072 characters that reading CSV allows.",
                file=path,
                remedy="Keep long texts in a file of their own and give its address.",
            ) from None
        raise DataError(
            f"The quoting is broken ({error}).",
            file=path,
            remedy="Look for a quotation mark that is not closed.",
        ) from None
    if header is None:
        if not rows:
            raise DataError("The file has no header.", file=path)
        header, rows = rows[0], rows[1:]
        if len(set(header)) < len(header) or "" in header:
            raise DataError(
                "Two columns share a name, or one has none.",
                file=path,
                row=1,
                remedy="Give every column a name of its own, and separate them by commas.",
            )
    wide = len(header)
    for number, row in enumerate(rows, start=2):
        if len(row) != wide:
            if not row:
                raise DataError("The line is empty.", file=path, row=number, remedy="Remove it.")
            raise DataError(
                f"The row has {len(row)} cells, the header has {wide}.",
                file=path,
                row=number,
                remedy="Ledgers are separated by commas; quote cells that contain one.",
            )
    columns = list(zip(*rows, strict=True)) if rows else [()] * wide
    return pd.DataFrame(
        {
            name: pd.Series([_unguarded(cell) for cell in cells], dtype="str")
            for name, cells in zip(header, columns, strict=True)
        }
    )


def _complete_bytes(data: bytes) -> int:
    """How many bytes hold complete lines: up to the last newline outside quotes."""
    if not data.count(b'"'):
        return data.rfind(b"\n") + 1
    raw = np.frombuffer(data, dtype=np.uint8)
    outside = np.cumsum(raw == ord('"'), dtype=np.int64) % 2 == 0
    ends = np.flatnonzero((raw == ord("\n")) & outside)
    return int(ends[-1]) + 1 if len(ends) else 0


def _is_torn(path: Path) -> bool:
    """Whether the events end in an incomplete line; looks at the end, then at all of it."""
    try:
        data = path.read_bytes()
    except OSError:  # absent, or unreadable, of which _read_csv tells
        return False
    return _complete_bytes(data) < len(data)


def _set_aside_if_torn(folder: Path) -> str:
    """Mend the end of the events where a crash tore it; what to tell the reader."""
    if _is_torn(folder / EVENTS):  # or somebody is writing: look again under the lock
        try:
            with locked(folder, timeout=30.0):
                _set_aside(folder)
        except PermissionError:
            return "The last line of events.csv is incomplete and was left out; mend the file."
    note = folder / TORN
    if not note.exists() or not note.stat().st_size:
        return ""
    n = note.read_bytes().count(b"\n")
    return (
        f"{n} incomplete line(s) of events.csv, left by a crash (or by an editor that ends a file "
        f"without a line break), were set aside in {TORN}: look "
        "whether the event is in the ledger, append it if not, then remove that file."
    )


def _set_aside(folder: Path) -> None:
    """Move an incomplete last line to a file beside; call it under the lock."""
    path = folder / EVENTS
    data = path.read_bytes()
    whole = _complete_bytes(data)
    rest = data[whole:]
    if not rest:
        return
    _refuse_if_not_torn(path, data, whole)
    if whole == 0:
        raise DataError(
            "events.csv has no complete line, not even a header.",
            file=path,
            remedy="End the header with a line break, or take the file from a backup.",
        )
    line = rest.replace(b"\r", b"\\r").replace(b"\n", b"\\n") + b"\n"
    known = (folder / TORN).read_bytes() if (folder / TORN).exists() else b""
    if not f"\n{known.decode('utf-8', 'replace')}".endswith(f"\n{line.decode('utf-8', 'replace')}"):
        with atomic_write(folder / TORN) as aside:  # else a crash came before the cut below
            aside.write_bytes(known + line)
    with path.open("rb+") as handle:
        handle.truncate(whole)
        handle.flush()
        os.fsync(handle.fileno())


def _refuse_if_not_torn(path: Path, data: bytes, whole: int) -> None:
    """A single quote mark typed by hand hides all lines after it; those are not torn.

    Raises
    ------
    DataError
        What would be set aside holds whole lines, as many cells as the header has.
    """
    lines = data[whole:].decode("utf-8", errors="replace").splitlines()
    wide = len(_cells(data[: data.find(b"\n")].decode("utf-8-sig", errors="replace")))
    if whole == 0 or not any(len(_cells(line)) == wide for line in lines[1:]):
        return
    raise DataError(
        "A quotation mark is opened in this line and never closed, so all lines after it "
        "would be read as one.",
        file=path,
        row=data[:whole].count(b"\n") + 1,
        remedy='Put the cell into quotes and double the marks inside it ("the 5"" rule").',
    )


def _cells(line: str) -> list[str]:
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return []


# --- appending ---------------------------------------------------------------------------


def locked(folder: Path, timeout: float) -> AbstractContextManager[None]:
    """Hold the ledger's lock; see :func:`dmpkit.writing.locked`."""
    return writing.locked(
        folder,
        timeout=timeout,
        name=LOCK,
        what="the ledger",
        remedy="Wait until it has written, or give a longer timeout.",
    )


@contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Says in words that a folder may not be written to."""
    try:
        yield
    except PermissionError as error:
        raise DataError(
            f"The ledger's folder cannot be written to ({error.strerror}).",
            file=folder,
            remedy="Ask for write permission, or copy the folder.",
        ) from None


def append_to_folder(ledger: Ledger, event: Mapping[str, Any], timeout: float) -> Ledger:
    """Write one event to the ledger's folder; see :meth:`Ledger.append`.

    Parameters
    ----------
    ledger : Ledger
        Lives in a folder.
    event : mapping
    timeout : float
        Seconds to wait for the lock.

    Raises
    ------
    DataError
        The event breaks a rule, and nothing is written; or the lock could not be had.
    """
    folder = ledger.folder
    if folder is None or not folder.is_dir():
        raise DataError("The ledger's folder is not there any more.", remedy="Read it anew.")
    with _writable(folder), locked(folder, timeout):
        sweep(folder)
        untouched = ledger.stamp[:-1] == _stamp(folder)
        torn = not untouched and _is_torn(folder / EVENTS)
        if torn:
            _set_aside(folder)
        fresh = ledger if untouched else _caught_up(ledger, folder)
        new = fresh.with_event(complete(event, fresh.events))
        _write_line(folder / EVENTS, new.events)
        new = new._trusted(stamp=_signed(folder, _stamp(folder)))
    if torn:
        warn(f"An incomplete line at the end of events.csv was set aside in {TORN}.", LedgerWarning)
    return new


def _caught_up(ledger: Ledger, folder: Path) -> Ledger:
    """The ledger with what others wrote since it was read.

    Where they only appended a few events, those are added; else all is read anew.
    """
    place = list(TABLES).index("events")
    now = _stamp(folder)
    old = ledger.stamp[: len(now)]
    others = [k for k in range(len(now)) if k != place]
    if old and all(old[k] == now[k] for k in others) and 0 < old[place][0] <= now[place][0]:
        data = (folder / EVENTS).read_bytes()
        size, checksum = ledger.stamp[-1]
        more = data[size:]
        if zlib.crc32(data[:size]) == checksum and more.count(b"\n") <= FEW:
            header = next(csv.reader([data[: data.index(b"\n")].decode("utf-8-sig")]))
            lines = _parse(more, folder / EVENTS, header=header)
            for line in lines.to_dict("records"):
                ledger = ledger.with_event({str(name): cell for name, cell in line.items()})
            return ledger
    tables = {name: _read_csv(folder / f"{name}.csv", name) for name in TABLES}
    fresh = Ledger(**tables, folder=folder)  # type: ignore[arg-type]
    lost = sorted(set(ledger.events["event_id"]) - set(fresh.events["event_id"]))
    if lost:
        raise DataError(
            f"The folder does not hold {len(lost)} event(s) any more that were there when this "
            f"ledger was read, the first {lost[0]!r}.",
            file=folder / EVENTS,
            remedy="Events are never removed: take the file from version control or a backup; "
            "where it is right as it is, read the ledger anew.",
        )
    return fresh


def _write_line(path: Path, events: pd.DataFrame) -> None:
    """The last event as one line at the end of the file, on disk when this returns."""
    if not path.exists():  # a folder made by hand, without events so far
        with atomic_write(path) as target:
            target.write_bytes(_csv_bytes(events.iloc[:0]))
    with path.open("rb") as handle:
        header = next(csv.reader([handle.readline().decode("utf-8-sig")]))
    cells = {str(name): value for name, value in events.iloc[-1].items()}
    missing = [
        n
        for n, v in cells.items()  # the layer follows from the status
        if n not in header and n != "layer" and cell_text(v) not in ("", "unknown")
    ]
    if missing:
        raise DataError(
            f"events.csv has no column {missing[0]!r} to write to.",
            file=path,
            remedy="Write the ledger anew with write_ledger.",
        )
    line = _line([cell_text(cells.get(name, "")) for name in header]).encode("utf-8")
    try:
        out = path.open("ab", buffering=0)
    except OSError as error:
        raise DataError(
            f"The event could not be written ({error.strerror}).",
            file=path,
            remedy="Give the file write permission, or close the program that holds it.",
        ) from None
    with out:
        start = out.tell()
        try:
            if out.write(line) != len(line):
                raise OSError("the disk is full")  # noqa: TRY301
            os.fsync(out.fileno())
        except OSError as error:
            out.truncate(start)
            raise DataError(f"The event could not be written ({error}).", file=path) from None


def _line(cells: Iterable[str]) -> str:
    return ",".join(_quoted(_guarded(cell)) for cell in cells) + "\n"


def _quoted(cell: str) -> str:
    if len(cell) > LONGEST:
        raise DataError(
            f"A cell has {len(cell)} characters; {LONGEST} is the limit.",
            remedy="Keep long texts in a file of their own and give its address.",
        )
    if any(sign in cell for sign in ',"\r\n'):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _guarded(cell: str) -> str:
    """Text that a spreadsheet would run, with an apostrophe before it."""
    return f"'{cell}" if _RISKY.match(cell) and not _PLAIN.fullmatch(cell) else cell


def _unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _RISKY.match(cell) else cell


# --- writing -----------------------------------------------------------------------------


def write_ledger(
    ledger: Ledger,
    folder: str | os.PathLike[str],
    *,
    title: str = "",
    licence: str = "",
    source: str = "",
    timeout: float = 30.0,
) -> Ledger:
    """Write a ledger as a folder of CSV files with a data package.

    Parameters
    ----------
    ledger : Ledger
    folder : path
        Made where it is absent; files of a ledger in it are replaced, all of them or
        none.
    title, licence, source : str
        For ``datapackage.json``; kept from the one that is there when not given.
    timeout : float
        Seconds to wait for another writer.

    Returns
    -------
    Ledger
        The same, living in the folder.

    Raises
    ------
    DataError
        The folder holds events that this ledger does not have, or has otherwise.
    """
    if not isinstance(ledger, Ledger):
        raise DataError(
            f"A {type(ledger).__name__} is no ledger.", remedy="Make one with Ledger.from_frames."
        )
    path = _made(folder)
    with _writable(path), locked(path, timeout):
        sweep(path)
        if (path / EVENTS).exists():
            _set_aside(path)
            _refuse_to_lose(ledger, path)
        with write_together(path) as made:
            for name, frame in ledger.frames().items():
                (made / f"{name}.csv").write_bytes(_csv_bytes(frame))
            about = _described(ledger, path, title, licence, source)
            (made / "datapackage.json").write_text(about, encoding="utf-8")
            if not (path / ".gitignore").exists():
                (made / ".gitignore").write_text(f"{LOCK}\n", encoding="utf-8")
        keep_names(path.resolve().parent)
        return ledger._trusted(folder=path, stamp=_signed(path, _stamp(path)))


def _made(folder: str | os.PathLike[str]) -> Path:
    """The folder, made where it is absent."""
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The folder cannot be made ({error.strerror}).", file=path, remedy="Name another."
        ) from None
    return path


def _refuse_to_lose(ledger: Ledger, path: Path) -> None:
    there = _read_csv(path / EVENTS, "events")
    ids = set() if there is None or "event_id" not in there else set(there["event_id"])
    lost = sorted(ids - set(ledger.events["event_id"]))
    if lost:
        raise DataError(
            f"The folder holds {len(lost)} event(s) that this ledger does not have, "
            f"the first {lost[0]!r}.",
            file=path / EVENTS,
            remedy="Read the ledger from the folder and append to it, or write to another folder.",
        )
    rewritten = _rewritten(ledger, path)
    if rewritten:
        raise DataError(
            f"The folder holds {len(rewritten)} event(s) with other content under the same id, "
            f"the first {rewritten[0]!r}: writing would change the record.",
            file=path / EVENTS,
            remedy="Withdraw an event that was wrong and append the right one, or write to "
            "another folder.",
        )


def _rewritten(ledger: Ledger, path: Path) -> list[str]:
    """Ids of events that stand in the folder with other content; none where it is broken."""
    from dmpkit.impact.data import Ledger

    tables = {name: _read_csv(path / f"{name}.csv", name) for name in TABLES}
    if tables["recommendations"] is None:
        return []
    try:
        there = Ledger(**tables).events  # type: ignore[arg-type]
    except DataError:  # what breaks the rules may be mended by writing anew
        return []
    old = there.set_index("event_id").astype("string").fillna("")
    new = ledger.events.set_index("event_id").astype("string").fillna("")
    shared = [column for column in old.columns if column in new.columns]
    differs = old[shared].ne(new.loc[old.index, shared]).any(axis=1)
    return [str(one) for one in old.index[differs.to_numpy(dtype=bool)]]


def _csv_bytes(frame: pd.DataFrame) -> bytes:
    columns = []
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_numeric_dtype(column.dtype):
            columns.append([cell_text(value) for value in column])
        else:
            columns.append(column.tolist())
    lines = [_line(map(str, frame.columns)), *map(_line, zip(*columns, strict=True))]
    return "".join(lines).encode("utf-8")


def _described(ledger: Ledger, path: Path, title: str, licence: str, source: str) -> str:
    """The text of ``datapackage.json``, keeping what was said before."""
    file = path / "datapackage.json"
    old: Any = {}
    if file.exists():
        try:
            old = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, RecursionError):
            old = None
        if not isinstance(old, dict):
            raise DataError(
                "This is not valid JSON, or no object.",
                file=file,
                remedy="Restore it, or remove it: it is then written anew.",
            )
    name = re.sub(r"[^a-z0-9._-]+", "-", path.resolve().name.lower()).strip("-") or "ledger"
    licences = [{"name": licence}] if licence else old.get("licenses") or [{"name": "not stated"}]
    sources = [{"title": source}] if source else old.get("sources") or [{"title": "not stated"}]
    about = {
        **old,
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": old.get("name") or name,
        "title": title or old.get("title") or f"Ledger {path.resolve().name}",
        "description": old.get("description")
        or "Recommendations of mini-publics and the dated, sourced events that followed. "
        "events.csv is append-only; there are no checksums because it grows.",
        "licenses": licences,
        "sources": sources,
        "resources": [_resource(name, frame) for name, frame in ledger.frames().items()],
    }
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"


def _resource(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    fields = []
    for column in frame.columns:
        one: dict[str, Any] = {"name": str(column)}
        one["type"] = "number" if pd.api.types.is_numeric_dtype(frame[column].dtype) else "string"
        if column in REQUIRED[name]:
            one["constraints"] = {"required": True}
        fields.append(one)
    return {
        "name": name,
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "description": DESCRIPTIONS[name],
        "schema": {"fields": fields, "missingValues": [""]},
    }


def write_parquet(ledger: Ledger, folder: str | os.PathLike[str]) -> Path:
    """Write the six tables as Parquet files, for other programs.

    Parameters
    ----------
    ledger : Ledger
    folder : path
        Made where it is absent.

    Returns
    -------
    Path
        The folder.
    """
    path = _made(folder)
    with write_together(path) as made:
        for name, frame in ledger.frames().items():
            frame.to_parquet(made / f"{name}.parquet", index=False)
    return path


# --- Excel -------------------------------------------------------------------------------


def ledger_to_excel(ledger: Ledger, path: str | os.PathLike[str]) -> Path:
    """Write a ledger as a workbook, a sheet a table, every text as text.

    Parameters
    ----------
    ledger : Ledger
    path : path
        Ends in ``.xlsx``.

    Raises
    ------
    DataError
        A cell is longer than Excel holds (32,767 characters), or holds control
        characters that Excel does not know.
    """
    import openpyxl

    final = Path(path)
    if final.suffix.lower() != ".xlsx":
        raise DataError("A workbook's name must end in .xlsx.", file=final)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, frame in ledger.frames().items():
        _write_sheet(book.create_sheet(name), frame, name)
    with atomic_write(final) as target:
        save_workbook(book, target)
    return final


def _write_sheet(page: Worksheet, frame: pd.DataFrame, table: str) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    for column, name in enumerate(frame.columns, start=1):
        head = page.cell(row=1, column=column, value=str(name))
        head.font = Font(bold=True)
        for row, value in enumerate(frame[name].tolist(), start=2):
            if value == "" or value != value:
                continue
            cell = page.cell(row=row, column=column)
            if isinstance(value, str):
                if len(value) > 32767 or ILLEGAL_CHARACTERS_RE.search(value):
                    raise DataError(
                        "The cell is too long for Excel or holds control characters.",
                        file=table,
                        row=row,
                        column=str(name),
                        remedy="Use write_ledger (CSV), or shorten the text.",
                    )
                cell.value = _escaped(value)
                cell.data_type = "s"  # never a formula
                cell.number_format = "@"  # and what is typed over it stays text
                cell.quotePrefix = bool(_RISKY.match(value))
            else:
                cell.value = value
        page.column_dimensions[head.column_letter].width = 18
    page.freeze_panes = "B2"


def _escaped(text: str) -> str:
    """Carriage returns, and what looks like Excel's escapes, as Excel's own escapes."""
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    return text.replace("\r", "_x000D_")


def ledger_from_excel(path: str | os.PathLike[str]) -> Ledger:
    """Read a ledger back from a workbook that :func:`ledger_to_excel` wrote.

    Dates and times that were typed in Excel come as its own kind and are taken as ISO
    text; whole numbers typed as ids lose no digits.

    Parameters
    ----------
    path : path

    Returns
    -------
    Ledger
        Lives in no folder; write it with :func:`write_ledger`.

    Raises
    ------
    DataError
        Not a workbook, no sheet ``recommendations``, or a broken rule.
    """
    from dmpkit.tables import open_workbook

    book = open_workbook(path)
    if "recommendations" not in book.sheetnames:
        raise DataError(
            "The workbook has no sheet 'recommendations'.",
            file=path,
            remedy="Export with ledger_to_excel, or import a list with ledger_from_spreadsheet.",
        )
    tables = {name: _sheet(book[name]) for name in TABLES if name in book.sheetnames}
    return Ledger.from_frames(**tables)


def _sheet(page: Worksheet) -> pd.DataFrame | None:
    rows = [list(row) for row in page.iter_rows(values_only=True)]
    rows = [row for row in rows if any(cell is not None for cell in row)]
    if not rows:
        return None
    places = [k for k, name in enumerate(rows[0]) if name is not None]
    return pd.DataFrame(
        {
            str(rows[0][k]).strip(): pd.Series(
                [_unescaped(cell_text(row[k])) for row in rows[1:]], dtype="str"
            )
            for k in places
        }
    )


def _unescaped(text: str) -> str:
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), text)
