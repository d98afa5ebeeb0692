"""The cells of a published table: a range of a CSV file or of a workbook."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from dmpkit.errors import DataError

__all__ = ["Cell", "CellRange", "read_cells"]

Cell: TypeAlias = float | str | bool | None
"""A published cell: number, text, truth value, or None when it is empty."""


@dataclass(frozen=True)
class CellRange:
    """A block of published cells.

    Parameters
    ----------
    rows : tuple of tuple of Cell
        The cells, row by row.
    written : tuple of tuple of str
        The same cells as the file writes them (digits are counted in these).
    first_row, first_column : int
        Place of the first cell, counted from 1.
    """

    rows: tuple[tuple[Cell, ...], ...]
    written: tuple[tuple[str, ...], ...]
    first_row: int
    first_column: int

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        return len(self.rows), len(self.rows[0])

    def address(self, row: int, column: int) -> str:
        """A1-style address of a cell, both counted from 0 within the range."""
        return f"{column_letters(self.first_column + column)}{self.first_row + row}"


def column_letters(number: int) -> str:
    """The letters of a column counted from 1.

    Examples
    --------
    >>> column_letters(1), column_letters(28)
    ('A', 'AB')
    """
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column from its letters.

    Examples
    --------
    >>> column_number("AB")
    28
    """
    number = 0
    for letter in letters.upper():
        number = 26 * number + ord(letter) - 64
    return number


def parse_range(text: str) -> tuple[str, tuple[int, int, int, int]]:
    """Split an A1-style range into sheet and (row, column, last row, last column).

    Raises
    ------
    DataError
        When it is not a range, or runs backwards.

    Examples
    --------
    >>> parse_range("'Sheet 2'!B5:D54")
    ('Sheet 2', (5, 2, 54, 4))
    """
    sheet, found, cells = text.rpartition("!")
    sheet = sheet.strip()
    if found and sheet.startswith("'") and sheet.endswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    corner = r"\$?([A-Za-z]{1,3})\$?([1-9]\d{0,6})"
    parts = re.fullmatch(rf"{corner}(?::{corner})?", cells.strip())
    if not parts:
        raise DataError(
            f"{text!r} is not a range of cells.", remedy="Write e.g. B2:D34 or Sheet name!B5:D54."
        )
    first = int(parts[2]), column_number(parts[1])
    last = (int(parts[4]), column_number(parts[3])) if parts[3] else first
    if last[0] < first[0] or last[1] < first[1]:
        raise DataError(f"The range {text!r} runs backwards.")
    return sheet, (*first, *last)


def read_cells(path: Path, cells: str) -> CellRange:
    """Read a range of cells from a CSV file or an Excel workbook.

    In a CSV file row 1 is the header line. An empty `cells` means all rows
    below the header, for CSV files only.

    Parameters
    ----------
    path : path
        ``.csv`` (comma-separated UTF-8) or ``.xlsx``.
    cells : str
        A1 style, for a workbook with the sheet: ``Sheet name!B5:D54``.

    Raises
    ------
    DataError
        When file, sheet or range are not there.
    """
    if path.suffix.lower() == ".xlsx":
        return _read_workbook(path, cells)
    if path.suffix.lower() == ".csv":
        return _read_csv(path, cells)
    raise DataError(
        f"A published table cannot be read from a {path.suffix or 'nameless'} file.",
        file=path,
        remedy="Use .csv or .xlsx.",
    )


def _read_csv(path: Path, cells: str) -> CellRange:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"The file is not UTF-8 CSV: {error}.", file=path) from error
    if not cells.strip():
        if len(lines) < 2:
            raise DataError("There are no rows below the header.", file=path)
        box = (2, 1, len(lines), len(lines[0]))
    else:
        sheet, box = parse_range(cells)
        if sheet:
            raise DataError(f"A CSV file has no sheet {sheet!r}.", file=path)
    written = tuple(
        tuple(_csv_cell(path, lines, row, column) for column in range(box[1], box[3] + 1))
        for row in range(box[0], box[2] + 1)
    )
    rows = tuple(tuple(_as_cell(text) for text in row) for row in written)
    return CellRange(rows, written, box[0], box[1])


def _csv_cell(path: Path, lines: list[list[str]], row: int, column: int) -> str:
    if row > len(lines) or column > len(lines[row - 1]):
        remedy = f"It has {len(lines)} lines; line 1 is the header."
        if lines and len(lines[0]) == 1 and ";" in lines[0][0]:
            remedy = "It is separated by semicolons: save it with commas."
        raise DataError(
            f"The file has no cell {column_letters(column)}{row}.", file=path, remedy=remedy
        )
    return lines[row - 1][column - 1]


def _as_cell(text: str) -> Cell:
    if not text.strip():
        return None
    if re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\s*", text, re.ASCII):
        return float(text)
    return text


def _read_workbook(path: Path, cells: str) -> CellRange:
    from dmpkit.tables import open_workbook

    if not cells.strip():
        raise DataError("A table in a workbook needs a range.", file=path)
    sheet_name, box = parse_range(cells)
    book = open_workbook(path)
    try:
        names = book.sheetnames
        if (not sheet_name and len(names) > 1) or (sheet_name and sheet_name not in names):
            named = f"no sheet {sheet_name!r}" if sheet_name else "several sheets"
            raise DataError(
                f"The workbook has {named}.",
                file=path,
                remedy=f"Its sheets: {', '.join(map(repr, names))}.",
            )
        sheet = book[sheet_name or names[0]]
        block = list(
            sheet.iter_rows(
                min_row=box[0], min_col=box[1], max_row=box[2], max_col=box[3], values_only=True
            )
        )
    finally:
        book.close()
    rows = tuple(tuple(_workbook_cell(value) for value in row) for row in block)
    if len(rows) != box[2] - box[0] + 1 or all(cell is None for row in rows for cell in row):
        raise DataError(f"There is nothing in the range {cells!r}.", file=path)
    written = tuple(tuple(_written(cell) for cell in row) for row in rows)
    return CellRange(rows, written, box[0], box[1])


def _workbook_cell(value: object) -> Cell:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return float(value)
    return str(value)


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and not isinstance(cell, bool) and cell.is_integer():
        return str(int(cell))
    return str(cell)
