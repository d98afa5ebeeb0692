"""Excel workbooks of unknown origin, opened within bounds.

A workbook is a zip archive of XML: a few thousand bytes can unpack to gigabytes, or
name a cell so far away that walking to it takes hours. Both are found here, before
a reader makes an object of each cell.
"""

from __future__ import annotations

import datetime as dt
import os
import warnings
import zipfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final
from xml.parsers import expat  # no entity can be declared: a document type is refused

from dmpkit.archives import check_listing, head_of
from dmpkit.errors import DataError

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

__all__ = ["cell_text", "check_parts", "checked_values", "no_workbook", "open_workbook",
           "save_workbook"]  # fmt: skip

#: Unpacked bytes of all parts of a workbook together (a zip bomb, or not a table).
MAX_UNPACKED_BYTES: Final = 200_000_000
#: Rows, cells and texts, filled or only formatted; a million cells take about 350 MB.
MAX_CELLS: Final = 2_000_000
#: Elements that are neither: styles, drawings, merged ranges.
MAX_OTHER: Final = 2_000_000
#: Places in the rectangle from A1 to the last filled cell of a sheet.
MAX_RECTANGLE: Final = 20_000_000
#: Bytes of a single tag: thousands of attributes are no table.
MAX_TAG: Final = 1_000_000
#: Elements within elements.
MAX_DEPTH: Final = 250
#: Parts of a workbook.
MAX_PARTS: Final = 10_000

#: The earliest time that a member of a zip archive can have.
_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_COUNTED = frozenset({"c", "row", "si"})
_WITHIN = frozenset({"v", "f", "t", "is", "r"})
#: A reader makes a cell of every place in the range of one of these.
_SPREAD = frozenset({"mergeCell", "hyperlink", "comment"})
_STEP = 1 << 18


def open_workbook(path: str | os.PathLike[str]) -> Workbook:
    """Open an Excel workbook for reading, within bounds.

    Formulas come as the values that were stored with them; empty cells that are only
    formatted are left out.

    Parameters
    ----------
    path : path
        ``.xlsx`` or ``.xlsm``, whatever its name says.

    Raises
    ------
    DataError
        File absent, empty, not a workbook or damaged; more than 200 MB unpacked, more
        than two million rows and cells, or a cell far outside the table.
    """
    source = Path(path)
    head_of(source)
    check_listing(source)
    try:
        with zipfile.ZipFile(source) as archive:
            check_parts(archive, source)
    except DataError:
        raise
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        raise no_workbook(source) from None
    book = checked_values(source)
    for page in book.chartsheets:
        book.remove(page)  # pictures alone: nothing to read
    if not book.worksheets:
        raise DataError(
            "The workbook has no sheet with cells.",
            file=source,
            remedy="Open it in a spreadsheet program and look at it.",
        )
    for page in book.worksheets:
        _drop_empty(page, source)
    return book


def checked_values(source: Path) -> Workbook:
    """Load a workbook whose parts were checked: values, no formulas.

    Parameters
    ----------
    source : path

    Raises
    ------
    DataError
        For a damaged workbook.

    Examples
    --------
    >>> import tempfile
    >>> from openpyxl import Workbook
    >>> path = Path(tempfile.mkdtemp()) / "a.xlsx"
    >>> Workbook().save(path)
    >>> checked_values(path).sheetnames
    ['Sheet']
    """
    import openpyxl

    with warnings.catch_warnings(), source.open("rb") as handle:
        warnings.simplefilter("ignore")  # openpyxl on features that do not matter here
        try:  # a handle, since openpyxl judges a path by its ending
            return openpyxl.load_workbook(handle, data_only=True, keep_links=False)
        except Exception as error:  # openpyxl raises many kinds on damaged files
            raise _damaged(source, error) from None


def cell_text(cell: object) -> str:
    """What a cell shows, as text: nothing for an empty one, 3 for 3.0.

    Parameters
    ----------
    cell : object

    Examples
    --------
    >>> cell_text(None), cell_text(3.0), cell_text(" a ")
    ('', '3', 'a')
    """
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def no_workbook(source: Path) -> DataError:
    """The error for a file that is no workbook.

    Parameters
    ----------
    source : path

    Examples
    --------
    >>> print(no_workbook(Path("sorts.xls")))
    sorts.xls: The file is not an Excel workbook (.xlsx), or it is damaged. Open it in a
    spreadsheet program and save it as .xlsx.
    """
    return DataError(
        "The file is not an Excel workbook (.xlsx), or it is damaged.",
        file=source,
        remedy="Open it in a spreadsheet program and save it as .xlsx.",
    )


def _damaged(source: Path, error: Exception) -> DataError:
    return DataError(
        f"The workbook is damaged ({type(error).__name__}).",
        file=source,
        remedy="Open it in a spreadsheet program and save it anew.",
    )


def _drop_empty(page: object, source: Path) -> None:
    """Leave out cells without a value, and refuse one that stands far outside."""
    cells: dict[tuple[int, int], object] = page._cells  # type: ignore[attr-defined]
    for place in [p for p, cell in cells.items() if cell.value is None]:  # type: ignore[attr-defined]
        del cells[place]
    height = max((row for row, _ in cells), default=0)
    width = max((column for _, column in cells), default=0)
    if height * width > MAX_RECTANGLE:
        raise DataError(
            f"Sheet {page.title!r} reaches to row {height:,}, column {width:,}.",  # type: ignore[attr-defined]
            file=source,
            remedy="Delete what stands far outside the table.",
        )


def check_parts(
    archive: zipfile.ZipFile,
    source: Path,
    *,
    unpacked: int = MAX_UNPACKED_BYTES,
    cells: int = MAX_CELLS,
) -> None:
    """Read the parts of a workbook through once and refuse what would burst the memory.

    Parameters
    ----------
    archive : ZipFile
        The workbook, opened.
    source : path
        Named in the error.
    unpacked, cells : int
        Limits: bytes of all parts, rows and cells of all sheets.

    Raises
    ------
    DataError
        Too many parts, bytes, cells or other elements; a document type; a huge tag; damage.
    """
    members = archive.infolist()
    size = sum(member.file_size for member in members)
    if size > unpacked:
        raise DataError(
            f"The workbook would take {size / 1e6:.0f} MB unpacked; "
            f"{unpacked / 1e6:.0f} MB is the limit.",
            file=source,
            remedy="Keep only the sheets with the data.",
        )
    if len(members) > MAX_PARTS:
        raise DataError(f"The workbook has {len(members):,} parts.", file=source)
    counter = _Counter(source, cells)
    for member in members:
        try:
            with archive.open(member) as stream:
                counter.read(stream)
        except DataError:
            raise
        except Exception as error:  # zipfile raises many kinds on damaged archives
            raise _damaged(source, error) from None


class _Counter:
    """What a reader would make an object of, counted over the parts of a workbook."""

    def __init__(self, source: Path, cells: int) -> None:
        self.source, self.limit = source, cells
        self.cells = self.within = self.other = self.depth = 0

    def read(self, stream: IO[bytes]) -> None:
        """Count what a part holds; a part that is no XML, or broken XML, up to there."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.StartDoctypeDeclHandler = self._doctype
        self.depth = fed = 0
        try:
            while block := stream.read(_STEP):
                parser.Parse(block)
                fed += len(block)
                if fed - parser.CurrentByteIndex > MAX_TAG:
                    raise self._refused("a tag of more than a million bytes")
        except expat.ExpatError:
            return  # a picture; or damage, where the reader stops as well

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._refused(f"elements in one another, {MAX_DEPTH} deep")
        plain = name.rpartition(":")[2]
        if plain in _COUNTED:
            self.cells += 1
        elif plain in _WITHIN:
            self.within += 1
        else:
            self.other += 1
            if plain in _SPREAD:
                self.cells += _area(attributes.get("ref", ""))
        if self.cells > self.limit or self.within > 5 * self.limit:
            raise DataError(
                f"The workbook has more than {self.limit:,} rows and cells, the limit.",
                file=self.source,
                remedy="Save the sheet as CSV, or copy the table into a new workbook: cells "
                "that are only formatted or merged count too.",
            )
        if self.other > MAX_OTHER:
            raise self._refused("far more than its cells")

    def _end(self, _name: str) -> None:
        self.depth -= 1

    def _doctype(self, *_: object) -> None:
        raise self._refused("a document type, which may define entities")

    def _refused(self, what: str) -> DataError:
        return DataError(
            f"The workbook holds {what}.",
            file=self.source,
            remedy="Copy the table into a new workbook.",
        )


def _area(reference: str) -> int:
    """Cells in a range such as ``A1:C4``; what is no range is left to the reader.

    Examples
    --------
    >>> _area("A1:C4"), _area("B2"), _area("A:A"), _area("?")
    (12, 1, 1048576, 0)
    """
    from openpyxl.utils.cell import range_boundaries

    try:
        left, top, right, bottom = range_boundaries(reference)
    except (ValueError, TypeError):
        return 0
    wide = (right or 16_384) - (left or 1) + 1
    return max(wide, 0) * max((bottom or 1_048_576) - (top or 1) + 1, 0)


def save_workbook(book: Workbook, target: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write a workbook without the time of day: equal tables give equal files.

    Parameters
    ----------
    book : Workbook
    target : path or binary file

    Examples
    --------
    >>> import io, openpyxl
    >>> one, two = io.BytesIO(), io.BytesIO()
    >>> for each in (one, two):
    ...     save_workbook(openpyxl.Workbook(), each)
    >>> one.getvalue() == two.getvalue()
    True
    """
    import io

    from openpyxl.worksheet._writer import WorksheetWriter
    from openpyxl.writer.excel import ExcelWriter

    class InMemory(ExcelWriter):  # type: ignore[misc, unused-ignore]
        """Sheets take no way through the system's folder, where one that is ended leaves them."""

        def write_worksheet(self, ws: Any) -> None:
            sheet = io.BytesIO()
            made = WorksheetWriter(ws, out=sheet)
            made.write()
            ws._rels = made._rels
            self._archive.writestr(ws.path[1:], sheet.getvalue())
            self.manifest.append(ws)

    book.properties.created = book.properties.modified = dt.datetime(*_EARLIEST)
    with _Timeless(target, "w", zipfile.ZIP_DEFLATED) as archive:
        InMemory(book, archive).save()


class _Timeless(zipfile.ZipFile):
    """An archive whose members all have the earliest time that a member can have."""

    def writestr(self, name: Any, data: Any, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        if isinstance(name, str):
            name = zipfile.ZipInfo(name, _EARLIEST)
            name.compress_type = self.compression
            name.external_attr = 0o600 << 16
        super().writestr(name, data, *args, **kwargs)

    def write(self, filename: Any, arcname: Any = None, *args: Any, **kwargs: Any) -> None:
        self.writestr(str(arcname), Path(filename).read_bytes())
