"""Excel workbooks as grids of text, within bounds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError
from dmpkit.qmethod.formats.files import MAX_BYTES, open_archive
from dmpkit.workbooks import cell_text, check_parts, checked_values, no_workbook

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

__all__ = ["Grid", "grid_of", "grids_of", "open_book"]

Grid = list[list[str]]
MAX_OBJECTS = 600_000  # five thousand sorts of sixty statements are half of it
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 20_000, 5_000, 2_000_000


def open_book(source: Path) -> Workbook:
    """Open a workbook; formulas come as the values that were stored with them.

    Raises
    ------
    DataError
        Absent, empty, damaged, not a workbook, more than 30 MB unpacked, or
        more than 600,000 rows and cells, filled, formatted or merged; a document type.
    """
    try:
        with open_archive(source) as archive:
            check_parts(archive, source, cells=MAX_OBJECTS)
    except DataError as error:
        if "not a zip archive" not in error.problem:
            raise
        raise no_workbook(source) from None
    return checked_values(source)


def grids_of(book: Workbook, source: Path) -> dict[str, Grid]:
    """All sheets as grids of text, by their name in small letters.

    Raises
    ------
    DataError
        See :func:`grid_of`.
    """
    return {page.title.strip().casefold(): grid_of(page, source) for page in book.worksheets}


def grid_of(page: Any, source: Path) -> Grid:
    """The rectangle from A1 to the last filled cell of a sheet, as text.

    Raises
    ------
    DataError
        When a cell stands so far outside that the rectangle would be huge, or
        the text would take more than 50 MB.
    """
    filled: dict[tuple[int, int], str] = {}
    length = 0
    for place, cell in page._cells.items():  # a formatted empty column is not walked through
        length += len(cell.value) if isinstance(cell.value, str) else 0
        if length > MAX_BYTES:  # a word may stand once in the file and in every cell
            raise DataError(f"Sheet {page.title!r} holds more than 50 MB of text.", file=source)
        if text := cell_text(cell.value):
            filled[place] = text
    height = max((row for row, _ in filled), default=0)
    width = max((column for _, column in filled), default=0)
    if height > MAX_ROWS or width > MAX_COLUMNS or height * width > MAX_CELLS:
        raise DataError(
            f"Sheet {page.title!r} reaches to row {height}, column {width}.",
            file=source,
            remedy="Delete what stands far outside the table.",
        )
    return [
        [filled.get((row, column), "") for column in range(1, width + 1)]
        for row in range(1, height + 1)
    ]
