"""Reading Q sorts from the files that people have.

One function, :func:`read_sorts`, recognises four formats: delimited text and
plain Excel sheets (statements or sorts in rows, or one row a cell), the Excel
workbook of type 2 that KADE and Ken-Q Analysis read, and the ``.DAT``/``.STA``
pair of PQMethod. What was taken, and what was left, stands in the ``notes`` of
the sorts; a file that could be read in two ways is refused with the argument
that settles it.
"""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.qmethod.data import QSorts, find_label_columns
from dmpkit.tables import open_workbook, read_delimited, to_numbers

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

__all__ = ["read_sorts"]

PathLike: TypeAlias = str | os.PathLike[str]
Format = Literal["csv", "excel", "kade2", "pqmethod"]
Rows = Literal["statements", "sorts", "cells"]

FORMATS = ("csv", "excel", "kade2", "pqmethod")
MAX_BYTES = 50_000_000  # a Q study is a few kilobytes
MAX_UNPACKED_BYTES = 60_000_000
MAX_ROWS, MAX_COLUMNS, MAX_CELLS = 20_000, 5_000, 4_000_000

_SORT_NAMES = frozenset(
    {"sort", "sorts", "qsort", "q-sort", "q sort", "participant", "participants", "respondent"}
    | {"respondents", "person", "persons", "name", "names", "sorter", "interviewee"}
)
_STATEMENT_NAMES = frozenset(
    {"statement", "statements", "sta", "item", "items", "statement_id", "statement number"}
    | {"statement no", "statement no.", "statement_number"}
)
_SCORE_NAMES = frozenset({"score", "value", "rank", "rating", "column", "position"})
_TEXT_NAMES = frozenset({"text", "wording", "statement_text", "statement text"})
_STATEMENT_LABEL = re.compile(r"(?:s|st|sta|stat|stm|statement|item|q)?[ _.-]?\d+", re.IGNORECASE)


def read_sorts(
    path: PathLike,
    *,
    format: Format | None = None,
    rows: Rows | None = None,
    sheet: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> QSorts:
    r"""Read the sorts of a Q study from a file.

    Parameters
    ----------
    path : path
        A ``.csv``/``.tsv``/``.txt`` table, an ``.xlsx`` workbook, or a
        PQMethod ``.DAT`` file (the ``.STA`` file beside it, of the same name,
        gives the statements' texts).
    format : {"csv", "excel", "kade2", "pqmethod"}, optional
        Recognised from the content when not given.
    rows : {"statements", "sorts", "cells"}, optional
        What one row of a table holds: a statement, a sort, or a single cell
        (columns sort, statement, score). When not given it is detected from
        the column names, from where the forced distribution fits, and from
        the labels; the finding stands in the notes.
    sheet : str, optional
        Sheet of a plain workbook; the first one with content when not given.
    delimiter, decimal, encoding : str, optional
        Settle what is ambiguous in delimited text.

    Returns
    -------
    QSorts
        Its ``notes`` say what was taken and what was left.

    Raises
    ------
    DataError
        For a file that is absent, empty, damaged, too large, of an unknown
        kind or ambiguous, and for whatever :class:`QSorts` refuses. The
        message names file, row and column.

    Warns
    -----
    ReadingWarning
        When something in the file was left aside that one would expect to
        count, such as a grid that does not fit the number of statements.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "sorts.csv"
    >>> _ = file.write_text("statement;Ana;Ben\n1;-1;0\n2;0;1\n3;1;-1\n")
    >>> sorts = read_sorts(file)
    >>> sorts
    QSorts: 3 statements, 2 sorts, forced distribution from -1 to +1
    >>> sorts.notes[0]
    'semicolon-separated, utf-8'
    """
    source = Path(path)
    if format is not None and format not in FORMATS:
        raise DataError(
            f"{format!r} is not a format that read_sorts knows.",
            remedy=f"Use one of {', '.join(map(repr, FORMATS))}, or leave it out.",
        )
    if rows not in (None, "statements", "sorts", "cells"):
        raise DataError(
            f"{rows!r} is not a way to lay out sorts.",
            remedy="rows is 'statements', 'sorts' or 'cells'.",
        )
    found = format or _recognise(source)
    try:
        if found == "pqmethod":
            return _read_pqmethod(source, encoding)
        if found == "csv":
            return _read_csv(source, rows, delimiter, decimal, encoding)
        book = _open(source)
        if found == "kade2" or (format is None and _is_kade(book)):
            return _read_kade2(book, source)
        return _read_excel(book, source, sheet, rows)
    except DataError as error:
        if error.file is None:
            error.file = str(source)
        raise


# -- which format --------------------------------------------------------------


def _recognise(source: Path) -> Format:
    head = _head(source)
    if head.startswith(b"PK"):
        return "excel"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(
            "This is a workbook of the old Excel format (.xls).",
            file=source,
            remedy="Save it as .xlsx and read that.",
        )
    if head.startswith((b"{", b"[")):
        raise DataError(
            "This looks like JSON, which read_sorts does not read yet.",
            file=source,
            remedy="Export the sorts as CSV, Excel or PQMethod .DAT.",
        )
    if source.suffix.lower() == ".dat" and not re.search(rb"[,;\t]", head.split(b"\n", 2)[-1]):
        return "pqmethod"
    if source.suffix.lower() == ".sta":
        raise DataError(
            "A .STA file holds statement texts only.",
            file=source,
            remedy="Read the .DAT file; the .STA file beside it is found by its name.",
        )
    return "csv"


def _head(source: Path) -> bytes:
    try:
        size = source.stat().st_size
        if size > MAX_BYTES:
            raise DataError(
                f"The file has {size / 1e6:.0f} MB; {MAX_BYTES / 1e6:.0f} MB is the limit.",
                file=source,
            )
        with source.open("rb") as handle:
            head = handle.read(400)
    except IsADirectoryError:
        raise DataError("This is a folder, not a file.", file=source) from None
    except (OSError, ValueError) as error:
        raise DataError(
            f"The file cannot be read ({getattr(error, 'strerror', None) or error}).",
            file=source,
            remedy="Check the path and the permissions.",
        ) from None
    if not head.strip(b"\x00\xef\xbb\xbf\xff\xfe \r\n\t\x1a"):
        raise DataError("The file is empty.", file=source)
    return head


# -- delimited text and plain sheets -----------------------------------------------


def _read_csv(
    source: Path,
    rows: Rows | None,
    delimiter: str | None,
    decimal: str | None,
    encoding: str | None,
) -> QSorts:
    _head(source)
    try:
        cells, report = read_delimited(
            source, delimiter=delimiter, decimal=decimal, encoding=encoding
        )
    except DataError as error:
        if error.row == 1 and (values := _first_row_is_data(source, encoding)):
            raise _no_header(source, values) from None
        raise
    if cells.shape[1] < 2:
        raise DataError(
            "The file has a single column.",
            file=source,
            remedy="Separate the columns with commas, semicolons or tabs.",
        )
    return _from_cells(cells, source, rows, report.decimal, report.notes)


def _first_row_is_data(source: Path, encoding: str | None) -> list[str]:
    """Numbers that the first row repeats, which labels would not."""
    text = source.read_bytes().decode(encoding or "latin-1", errors="replace")
    cells = re.split(r"[,;\t]", text.lstrip().splitlines()[0])
    numbers = [cell.strip() for cell in cells if re.fullmatch(r"\s*[+-]?\d+\s*", cell)]
    return numbers if len(numbers) > len(set(numbers)) else []


def _no_header(source: Path, values: Sequence[str]) -> DataError:
    return DataError(
        f"The first row holds values ({', '.join(values[:4])} …) instead of labels.",
        file=source,
        row=1,
        remedy="Add a first row that names the columns, e.g. statement, sort1, sort2 …",
    )


def _read_excel(book: Workbook, source: Path, sheet: str | None, rows: Rows | None) -> QSorts:
    grids = {page.title: _grid_of(page, source) for page in book.worksheets}
    if sheet is not None and sheet not in grids:
        raise DataError(
            f"The workbook has no sheet {sheet!r}.",
            file=source,
            remedy=f"Its sheets are {', '.join(map(repr, grids))}.",
        )
    filled = [name for name, grid in grids.items() if grid]
    if not filled or (sheet is not None and not grids[sheet]):
        raise DataError("There is nothing in the sheet.", file=source)
    chosen = sheet or filled[0]
    grid = _crop(grids[chosen])
    header = _unique_header(grid[0], source)
    cells = pd.DataFrame(grid[1:], columns=header, dtype=str)
    notes = [f"Excel sheet {chosen!r}"]
    if left := [name for name in filled if name != chosen]:
        notes.append(f"left: {'sheets' if len(left) > 1 else 'sheet'} {', '.join(left)}")
    if len(cells) < 1 or cells.shape[1] < 2:
        raise DataError(f"Sheet {chosen!r} holds no table.", file=source)
    return _from_cells(cells, source, rows, ".", notes)


def _crop(grid: list[list[str]]) -> list[list[str]]:
    """Without the rows and columns that are empty."""
    rows = [row for row in grid if any(row)]
    kept = [j for j in range(len(rows[0])) if any(row[j] for row in rows)]
    return [[row[j] for j in kept] for row in rows]


def _unique_header(cells: Sequence[str], source: Path) -> list[str]:
    twice = [name for name, count in Counter(cells).items() if name and count > 1]
    if twice and all(re.fullmatch(r"[+-]?\d+(?:\.\d+)?", name) for name in twice):
        raise _no_header(source, twice)
    if twice or sum(not name for name in cells) > 1:
        what = f"Column name {twice[0]!r} stands twice" if twice else "Columns have no name"
        raise DataError(
            f"{what}.", file=source, row=1, remedy="Give every column a name of its own."
        )
    return list(cells)


def _from_cells(
    cells: pd.DataFrame,
    source: Path,
    rows: Rows | None,
    decimal: str,
    notes: Sequence[str],
) -> QSorts:
    """Sorts from a table of text cells, its layout given or detected."""
    kept = list(notes)
    if grid_values := [str(c) for c in cells.columns if re.fullmatch(r"-\d+(?:[.,]\d+)?", str(c))]:
        raise _no_header(source, grid_values)
    if "" in cells.columns and not cells[""].ne("").any():
        cells = cells.drop(columns="")  # a delimiter at the end of each row
    if rows is None:
        rows, why = _detect_rows(cells, source, decimal)
        kept.append(f"one row a {rows[:-1]} (found by {why})")
    if rows == "cells":
        return _from_long(cells, source, decimal, kept)
    if rows == "sorts":
        return _from_sort_rows(cells, source, decimal, kept)
    label, text, found = find_label_columns(cells, None, None)
    used = [name for name in (label, text) if name is not None]
    numbers = to_numbers(cells.drop(columns=used), decimal=decimal, file=source)
    return QSorts(
        numbers.to_numpy(dtype=np.float64),
        statements=None if label is None else list(cells[label]),
        sorts=list(numbers.columns),
        texts=() if text is None else list(cells[text]),
        notes=(*kept, *found),
    )


def _from_sort_rows(cells: pd.DataFrame, source: Path, decimal: str, notes: list[str]) -> QSorts:
    wordy = [name for name in cells.columns if _share_of_numbers(cells[name], decimal) < 0.5]
    named = [name for name in cells.columns if str(name).strip().casefold() in _SORT_NAMES]
    first = cells.columns[0]
    label = next(iter(named), None)
    if label is None and (
        first in wordy
        or str(first).strip().casefold() in ("", "id", "no", "nr")
        or _counts_up(_numbers(cells[first], decimal))
    ):
        label = first
    label = next(iter(wordy), None) if label is None else label
    left = [name for name in wordy if name != label]
    if left:
        notes.append(f"left: column(s) that are not numbers: {', '.join(map(str, left))}")
    used = left + ([] if label is None else [label])
    numbers = to_numbers(cells.drop(columns=used), decimal=decimal, file=source)
    if label is not None:
        notes.append(f"labels of the sorts: column {str(label)!r}")
    return QSorts(
        numbers.to_numpy(dtype=np.float64).T,
        statements=list(numbers.columns),
        sorts=None if label is None else list(cells[label]),
        notes=notes,
    )


def _from_long(cells: pd.DataFrame, source: Path, decimal: str, notes: list[str]) -> QSorts:
    columns = _long_columns(cells)
    if columns is None:
        raise DataError(
            "One row a cell needs the columns sort, statement and score.",
            file=source,
            remedy=f"The columns are {', '.join(map(str, cells.columns[:10]))}.",
        )
    sort, statement, score, text = columns
    numbers = to_numbers(cells, [score], decimal=decimal, file=source)[score]
    twice = cells.duplicated([sort, statement]).to_numpy()
    if twice.any():
        row = int(twice.argmax())
        raise DataError(
            f"Sort {cells[sort].iloc[row]!r} gives statement {cells[statement].iloc[row]!r} "
            "a second score.",
            file=source,
            row=row + 2,
        )
    rows, statements = pd.factorize(cells[statement])
    places, sorts = pd.factorize(cells[sort])
    values = np.full((len(statements), len(sorts)), np.nan)
    values[rows, places] = numbers.to_numpy(dtype=np.float64)
    texts: Sequence[str] = ()
    if text is not None:
        texts = list(cells.groupby(statement, sort=False)[text].first())
    notes.append(f"columns {sort!r}, {statement!r}, {score!r}")
    return QSorts(
        values,
        statements=list(statements),
        sorts=list(sorts),
        texts=texts,
        notes=notes,
    )


# -- which layout ----------------------------------------------------------------------


def _detect_rows(cells: pd.DataFrame, source: Path, decimal: str) -> tuple[Rows, str]:
    if cells.shape[1] <= 4 and _long_columns(cells) is not None:
        return "cells", "the column names"
    votes: dict[str, set[Rows]] = {}
    first = str(cells.columns[0]).strip().casefold()
    names = {str(name).strip().casefold() for name in cells.columns}
    if names & (_STATEMENT_NAMES | _TEXT_NAMES):
        votes["the column names"] = {"statements"}
    elif first in _SORT_NAMES:
        votes["the column names"] = {"sorts"}
    if fit := _distribution_fit(cells, decimal):
        votes["where the forced distribution fits"] = {fit}
    if not votes and (labels := _label_vote(cells)):
        votes["the labels"] = {labels}
    found = set().union(*votes.values())
    if len(found) == 1:
        return found.pop(), " and ".join(votes)
    seen = "; ".join(f"{why}: {', '.join(what)} in rows" for why, what in votes.items())
    raise DataError(
        "It is not clear whether the rows hold statements or sorts"
        + (f" ({seen})." if seen else "."),
        file=source,
        remedy="Say rows='statements' or rows='sorts'.",
    )


def _long_columns(cells: pd.DataFrame) -> tuple[str, str, str, str | None] | None:
    """The columns sort, statement, score and text of a table with one row a cell."""
    plain = {str(name).strip().casefold(): name for name in cells.columns}
    found = [
        next((plain[name] for name in plain if name in known), None)
        for known in (_SORT_NAMES, _STATEMENT_NAMES, _SCORE_NAMES, _TEXT_NAMES)
    ]
    sort, statement, score, text = found
    if sort is None or statement is None or score is None:
        return None
    return sort, statement, score, text


def _distribution_fit(cells: pd.DataFrame, decimal: str) -> Rows | None:
    """Where one sorted set of values recurs: down the columns or along the rows."""
    numeric = [c for c in cells.columns if _share_of_numbers(cells[c], decimal) == 1]
    values = np.array([_numbers(cells[c], decimal) for c in numeric]).T
    if values.ndim != 2 or min(values.shape) < 2:
        return None
    options = [values, values[:, 1:]]  # the first column of numbers may hold labels
    down = max(_share_alike(option.T) for option in options)
    along = max(_share_alike(option) for option in options)
    if max(down, along) < 0.5 or abs(down - along) < 0.25:
        return None
    return "statements" if down > along else "sorts"


def _share_alike(lines: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    """Share of the lines that have the most common sorted set of values."""
    if lines.shape[0] < 2 or lines.shape[1] < 3:
        return 0.0
    counts = Counter(tuple(np.sort(line)) for line in lines if np.ptp(line) > 0)
    most = max(counts.values(), default=0)
    return most / lines.shape[0] if most > 1 else 0.0


def _label_vote(cells: pd.DataFrame) -> Rows | None:
    """Which side has labels such as s1, sta_2 or 3, when only one side has."""
    header = [str(name) for name in cells.columns[1:]]
    side = [str(cell) for cell in cells.iloc[:, 0]]
    across = all(_STATEMENT_LABEL.fullmatch(name) for name in header)
    down = all(_STATEMENT_LABEL.fullmatch(name) for name in side)
    if across == down:
        return None
    return "sorts" if across else "statements"


def _counts_up(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> bool:
    return len(numbers) > 2 and np.array_equal(numbers, np.arange(1, len(numbers) + 1))


def _numbers(column: pd.Series[Any], decimal: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    text = column.astype(str).str.strip().str.replace("\N{MINUS SIGN}", "-")
    if decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    return pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)


def _share_of_numbers(column: pd.Series[Any], decimal: str) -> float:
    filled = column[column.astype(str).str.strip() != ""]
    return float(np.isfinite(_numbers(filled, decimal)).mean()) if len(filled) else 0.0


# -- Excel, KADE type 2 --------------------------------------------------------------------


def _open(source: Path) -> Workbook:
    _head(source)
    try:
        with zipfile.ZipFile(source) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError):
        unpacked = 0  # open_workbook says what is wrong
    if unpacked > MAX_UNPACKED_BYTES:
        raise DataError(
            f"The workbook would take {unpacked / 1e6:.0f} MB unpacked; "
            f"{MAX_UNPACKED_BYTES / 1e6:.0f} MB is the limit.",
            file=source,
            remedy="Keep only the sheets with the sorts.",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl on features that do not matter here
        return open_workbook(source)


def _is_kade(book: Workbook) -> bool:
    return {"sorts", "statements"} <= {name.strip().casefold() for name in book.sheetnames}


def _grid_of(page: Any, source: Path) -> list[list[str]]:
    """The rectangle from A1 to the last filled cell of a sheet, as text."""
    filled = {
        place: text
        for place, cell in page._cells.items()  # a formatted empty column is not walked through
        if (text := _cell_text(cell.value))
    }
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


def _cell_text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _read_kade2(book: Workbook, source: Path) -> QSorts:
    pages = {page.title.strip().casefold(): page for page in book.worksheets}
    if "sorts" not in pages:
        raise DataError(
            "A KADE workbook of type 2 has a sheet 'sorts'; this one has "
            f"{', '.join(map(repr, book.sheetnames[:8]))}.",
            file=source,
            remedy="For a plain table, say format='excel'.",
        )
    grids = {name: _grid_of(page, source) for name, page in pages.items()}
    _require_type_two(grids.get("type", []), source)
    notes = ["KADE workbook of type 2"]
    if len(project := grids.get("name", [])) > 1 and project[1][0]:
        notes.append(f"project: {project[1][0]}")
    texts = _kade_texts(grids.get("statements", []))
    names, values = _kade_sorts(grids["sorts"], len(texts), source)
    distribution = _kade_pattern(grids.get("pattern", []), values.shape[1], notes)
    notes.append("statements are numbered in the order of the sheet")
    known = {"sorts", "type", "name", "statements", "pattern", "version"}
    if left := [page.title for name, page in pages.items() if name not in known]:
        notes.append(f"left: sheet(s) {', '.join(left)}")
    return QSorts(values.T, sorts=names, distribution=distribution, texts=texts, notes=notes)


def _require_type_two(grid: list[list[str]], source: Path) -> None:
    kind = grid[1][0] if len(grid) > 1 else ""
    if kind and kind != "2":
        raise DataError(
            f"This is a KADE workbook of type {kind}; only type 2 is read.",
            file=source,
            remedy="Fill in KADE's template of type 2, or save the sorts as a plain table.",
        )


def _kade_texts(grid: list[list[str]]) -> list[str]:
    """Statement wordings in order; the template numbers more rows than are filled."""
    texts = [row[1] if len(row) > 1 else "" for row in grid[1:]]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _kade_sorts(
    grid: list[list[str]], n_texts: int, source: Path
) -> tuple[list[str], np.ndarray[Any, np.dtype[np.float64]]]:
    """Labels and values, one row a sort; a row of headings is passed over."""
    numbered = [(i, row) for i, row in enumerate(grid, start=1) if any(row)]
    if numbered and _is_heading(numbered[0][1][1:]):
        numbered = numbered[1:]
    if not numbered:
        raise DataError("The sheet 'sorts' is empty.", file=source)
    width = max(len(row) for _, row in numbered) - 1
    n = n_texts or width
    if width != n:
        raise DataError(
            f"The sheet 'sorts' has {width} values a sort, the sheet 'statements' {n} texts.",
            file=source,
            remedy="Give each sort one value a statement.",
        )
    names, values = [], np.empty((len(numbered), n))
    for k, (i, row) in enumerate(numbered):
        if not row[0]:
            raise DataError("The sort has no name.", file=source, row=i, column="A")
        names.append(row[0])
        for j in range(n):
            values[k, j] = _number(row[j + 1], source, i, f"{j + 2} (statement {j + 1})")
    return names, values


def _is_heading(cells: Sequence[str]) -> bool:
    """Words, or the statements' numbers 1, 2, 3 ..., instead of grid values."""
    if not any(_is_number(cell) for cell in cells):
        return True
    return len(cells) > 2 and list(cells) == [str(i) for i in range(1, len(cells) + 1)]


def _kade_pattern(grid: list[list[str]], n: int, notes: list[str]) -> list[float] | None:
    if len(grid) < 2:
        notes.append("no grid in the sheet 'pattern': the distribution is inferred")
        return None
    pairs = [
        (float(value), int(float(count)))
        for value, count in zip(grid[0], grid[1], strict=False)
        if _is_number(value) and _is_number(count) and 0 < float(count) <= n
    ]
    grid_values = [value for value, count in pairs for _ in range(count)]
    if len(grid_values) == n:
        notes.append("distribution: sheet 'pattern'")
        return grid_values
    message = (
        f"The sheet 'pattern' has room for {len(grid_values)} statements, the sorts have {n}; "
        "the distribution is inferred from the sorts instead."
    )
    warn(message, ReadingWarning, stacklevel=4)
    notes.append(message)
    return None


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell.replace("\N{MINUS SIGN}", "-"))))
    except ValueError:
        return False


def _number(cell: str, source: Path, row: int, column: str) -> float:
    if not cell:
        raise DataError(
            "The cell is empty.",
            file=source,
            row=row,
            column=column,
            remedy="Complete the sort (a formula must have been calculated and saved).",
        )
    if not _is_number(cell):
        raise DataError(f"{cell!r} is not a number.", file=source, row=row, column=column)
    return float(cell.replace("\N{MINUS SIGN}", "-"))


# -- PQMethod ----------------------------------------------------------------------------------


def _read_pqmethod(source: Path, encoding: str | None) -> QSorts:
    lines = _text_lines(source, encoding)
    counts = _header_counts(lines[0])
    if counts is None or len(lines) < 3:
        raise DataError(
            "This is not a PQMethod .DAT file: its first line has no numbers of sorts and "
            "statements in columns 4-6 and 7-9."
            if counts is None
            else "The PQMethod file ends after its heading.",
            file=source,
            row=1,
        )
    p, n = counts
    low, high, distribution = _pqmethod_grid(lines[1], n, source)
    body = [(i, line) for i, line in enumerate(lines[2:], start=3) if line.strip()]
    if len(body) != p:
        raise DataError(
            f"The heading announces {p} sorts, the file has {len(body)}.",
            file=source,
            row=len(lines) if len(body) < p else body[p][0],
            remedy="The file may be cut off." if len(body) < p else "Remove what is not a sort.",
        )
    notes = ["PQMethod .DAT"]
    if title := lines[0][9:].strip():
        notes.append(f"title: {title}")
    names = [line[:10].strip() or f"sort{k}" for k, (_, line) in enumerate(body, start=1)]
    values = np.array([_pqmethod_values(line, n, low, high, source, i) for i, line in body])
    if distribution is None:
        warn(
            f"The grid in line 2 of {source.name} does not hold {n} statements; the "
            "distribution is inferred from the sorts instead.",
            ReadingWarning,
            stacklevel=3,
        )
        notes.append("grid of line 2 left: it does not fit the number of statements")
    else:
        notes.append("distribution: line 2")
    texts = _pqmethod_texts(source, n, encoding, notes)
    return QSorts(values.T, sorts=names, distribution=distribution, texts=texts, notes=notes)


def _text_lines(source: Path, encoding: str | None) -> list[str]:
    _head(source)
    data = source.read_bytes().rstrip(b"\x1a\x00")
    for name in [encoding] if encoding else ["utf-8-sig", "cp1252", "latin-1"]:
        try:
            text = data.decode(str(name))
        except (UnicodeDecodeError, LookupError):
            continue
        if re.search(r"[\x00-\x08\x0e-\x1f\t]", text):
            break
        return re.split(r"\r\n|\r|\n", text)
    raise DataError(
        "The file is not plain text (it holds control characters or tabs).",
        file=source,
        remedy="PQMethod files are text in fixed columns.",
    )


def _header_counts(line: str) -> tuple[int, int] | None:
    """Numbers of sorts and statements: columns 4-6 and 7-9 of line 1."""
    line = line.removeprefix("\ufeff")
    found = re.fullmatch(r"[ \d]{3}([ \d]{3})([ \d]{3})(?:\D.*)?", line)
    if not found or not all(group.strip().isdigit() for group in found.groups()):
        return None
    p, n = (int(group) for group in found.groups())
    return (p, n) if p and n else None


def _pqmethod_grid(line: str, n: int, source: Path) -> tuple[float, float, list[float] | None]:
    """Lowest and highest grid value, and the distribution where line 2 gives it.

    The counts of line 2 are padded with zeros on either side; the grid begins
    at the first count that is not 0.
    """
    cells = [line[i : i + 3].strip() for i in range(0, len(line.rstrip()), 3)]
    if len(cells) < 2 or not all(re.fullmatch(r"-?\d+", cell) for cell in cells):
        raise DataError(
            "Line 2 does not hold whole numbers of width 3 (lowest and highest grid value, "
            "then the number of statements in each).",
            file=source,
            row=2,
        )
    low, high, *counts = (int(cell) for cell in cells)
    if not -99 <= low < high <= 99:
        raise DataError(f"The grid runs from {low} to {high}.", file=source, row=2)
    while counts and counts[0] == 0:
        counts.pop(0)
    while counts and counts[-1] == 0:
        counts.pop()
    width = high - low + 1
    if len(counts) != width or sum(counts) != n or min(counts) < 0:
        return low, high, None
    values = range(low, high + 1)
    return low, high, [float(v) for v, c in zip(values, counts, strict=True) for _ in range(c)]


def _pqmethod_values(
    line: str, n: int, low: float, high: float, source: Path, row: int
) -> list[float]:
    body = line[10:].rstrip()
    if len(body) != 2 * n:
        raise DataError(
            f"The line has {len(body) / 2:g} values of width 2 after the name; {n} are needed.",
            file=source,
            row=row,
            remedy="A name takes 10 columns, each value 2.",
        )
    values = []
    for j in range(n):
        cell = body[2 * j : 2 * j + 2]
        if not re.fullmatch(r" \d|-\d|\d\d", cell) or not low <= int(cell) <= high:
            raise DataError(
                f"{cell!r} is not a value of the grid from {low:g} to {high:g}.",
                file=source,
                row=row,
                column=f"{11 + 2 * j} (statement {j + 1})",
            )
        values.append(float(cell))
    return values


def _pqmethod_texts(source: Path, n: int, encoding: str | None, notes: list[str]) -> list[str]:
    """Statement texts from the .STA file beside the .DAT file, where there is one."""
    folder = source.parent
    beside = [source.with_suffix(end) for end in (".STA", ".sta", ".Sta")]
    file = next((path for path in beside if path.is_file()), None)
    if file is None:
        notes.append(f"no {source.stem}.STA beside it: no statement texts")
        return []
    lines = [line.strip() for line in _text_lines(folder / file.name, encoding)]
    while lines and not lines[-1]:
        lines.pop()
    if len(lines) != n:
        message = f"{file.name} has {len(lines)} lines for {n} statements; its texts are left."
        warn(message, ReadingWarning, stacklevel=4)
        notes.append(message)
        return []
    notes.append(f"texts: {file.name}")
    if all(re.match(r"\d[^\W\d]", line) for line in lines):
        notes.append("left: the one-digit group code at the start of each statement")
        lines = [line[1:] for line in lines]
    return lines
