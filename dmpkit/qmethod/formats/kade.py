"""KADE and Ken-Q Analysis: workbooks of types 1, 2 and 3, and project archives.

Type 1: sheet ``sorts`` with the participants across and the grid values down;
each cell holds the *number of the statement* placed there. Type 2: sheet
``sorts`` with a participant a row and the *grid value* of each statement. Both
have the sheets ``name``, ``pattern`` (grid values -6 to 13 and the number of
statements in each), ``statements``, ``version`` and ``type``. Type 3 is the
workbook of results, read for its sheets *Project Overview*, *statements* and
*Q sorts*. An archive holds ``name.txt``, ``pattern.txt``, ``sorts.txt`` and
``statements.txt``.

The layouts are those of KADE's help pages and, for types 2 and 3, of files
that KADE itself wrote or read. Not checked against a file: the templates
before version 2 (types 1 and 2 with all in the sheet ``sorts``; read from the
cells that KADE's own import looks at), the archive, and type 3 of Ken-Q
Analysis (*Analysis Overview*, *Q-sorts*).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dmpkit.errors import DataError
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.formats.files import open_archive, rows_of, text_of
from dmpkit.qmethod.formats.pqmethod import (
    GRID_HIGH,
    GRID_LOW,
    grid_counts,
    say_shortened,
    say_unlabelled,
)
from dmpkit.qmethod.formats.reading import PathLike, Reading, enumerate_some
from dmpkit.qmethod.formats.workbooks import Grid
from dmpkit.tables import atomic_write
from dmpkit.workbooks import save_workbook

if TYPE_CHECKING:
    import zipfile

    from numpy.typing import NDArray

__all__ = ["kind_of", "read_kade1", "read_kade2", "read_kade3", "read_kade_zip", "write_kade"]

Kind = Literal["kade1", "kade2", "kade3"]
_MEMBERS = ("sorts.txt", "pattern.txt", "statements.txt", "name.txt", "names.txt")
_SORTS = ("sorts", "qsorts", "q-sorts")
_STATEMENTS = ("statements", "statement")
_OVERVIEW = ("project overview", "analysis overview")
_RESULTS = ("q sorts", "q-sorts")


# -- which type --------------------------------------------------------------------------


def kind_of(grids: Mapping[str, Grid]) -> Kind | None:
    """The type of a KADE workbook by its sheets, None where it is no KADE workbook.

    Parameters
    ----------
    grids : mapping of sheet name (small letters) to rows of cells

    Examples
    --------
    >>> sheets = {"sorts": [["Ana", "1"]], "statements": [["Number", "Statements"]]}
    >>> kind_of(sheets), kind_of({"sheet1": []})
    ('kade2', None)
    """
    if _sheet(grids, _OVERVIEW) and _sheet(grids, _RESULTS):
        return "kade3"
    sorts = _sheet(grids, _SORTS)
    if not sorts or not any(name in grids for name in _STATEMENTS):
        return None
    kind = _second_cell(grids.get("type", []))
    if kind in ("1", "2"):
        return "kade1" if kind == "1" else "kade2"
    return "kade1" if _placed_by_number(sorts) or _old_names_row(sorts) else "kade2"


def _sheet(grids: Mapping[str, Grid], names: Sequence[str]) -> Grid:
    return next((grids[name] for name in names if name in grids), [])


def _second_cell(grid: Grid) -> str:
    """Cell A2, where the sheets name, version and type hold their content."""
    return grid[1][0] if len(grid) > 1 else ""


def _placed_by_number(grid: Grid) -> bool:
    """Whether each column below the names holds the numbers 1 to n once, beside sorted values."""
    body = [row for row in grid[1:] if any(row)]
    if len(body) < 2 or not all(_is_number(row[0]) for row in body):
        return False
    wanted = {str(i) for i in range(1, len(body) + 1)}
    columns = [[row[j] for row in body] for j in range(1, len(grid[0])) if grid[0][j]]
    return bool(columns) and any(set(column) == wanted for column in columns)


def _old_names_row(grid: Grid) -> bool:
    """Whether the values -6 to 13 stand in column A of rows 6 to 25 (old type 1)."""
    column = [row[0] for row in grid[5:25]]
    return column == [str(value) for value in range(GRID_LOW, GRID_HIGH + 1)]


# -- type 1 ----------------------------------------------------------------------------------


def read_kade1(act: Reading, grids: Mapping[str, Grid]) -> QSorts:
    """Sorts from a workbook of type 1: statement numbers below the participants.

    Parameters
    ----------
    act : Reading
    grids : mapping of sheet name to rows of cells

    Raises
    ------
    DataError
        Where a participant has not every statement exactly once, or the grid
        values of column A are not those of the sheet ``pattern``; the cell is
        named.
    """
    _require_type(act, grids, "1")
    grid = _require_sorts(act, grids)
    act.took("KADE workbook of type 1")
    texts = _texts(_sheet(grids, _STATEMENTS))
    if _old_names_row(grid):
        act.took("template of before version 2")
        counts = {float(row[0]): _count(row[1]) for row in grid[5:25] if len(row) > 1}
        first, project = 29, grid[1][1] if len(grid) > 1 and len(grid[1]) > 1 else ""
    else:
        counts = _pattern_counts(grids.get("pattern", []))
        first, project = 0, _second_cell(grids.get("name", []))
    if project:
        act.took(f"project: {project}")
    if len(grid) <= first + 1:
        raise act.error("The sheet 'sorts' is empty.")
    names, values, grid_values = _numbers_placed(act, grid, first)
    distribution = _agreed_distribution(act, counts, grid_values)
    _require_texts(act, texts, len(values))
    act.took("statements are numbered in the order of the sheet")
    _say_other_sheets(act, grids)
    return act.sorts(values, sorts=names, distribution=distribution, texts=texts)


def _numbers_placed(
    act: Reading, grid: Grid, first: int
) -> tuple[list[str], NDArray[np.float64], list[float]]:
    """Names from one row, grid values of column A, statement numbers below the names."""
    places = [j for j in range(1, len(grid[first])) if grid[first][j]]
    body = [(i, row) for i, row in enumerate(grid[first + 1 :], start=first + 2) if any(row[1:])]
    n = len(body)
    if not places or not body:
        raise act.error("The sheet 'sorts' has no participants.", row=first + 1)
    for i, row in body:
        for j, cell in enumerate(row[1:], start=1):
            if cell and j not in places:
                raise act.error("The column has no name.", row=i, column=_letter(j))
    grid_values = [_number(act, row[0], i, "A") for i, row in body]
    values = np.empty((n, len(places)))
    for k, j in enumerate(places):
        seen: dict[int, int] = {}
        for value, (i, row) in zip(grid_values, body, strict=True):
            number = _number(act, row[j], i, _letter(j))
            if number not in range(1, n + 1):
                raise act.error(
                    f"{row[j]!r} is not the number of a statement (1 to {n}).",
                    row=i,
                    column=_letter(j),
                )
            if int(number) in seen:
                raise act.error(
                    f"{grid[first][j]!r} has statement {int(number)} a second time "
                    f"(first in row {seen[int(number)]}).",
                    row=i,
                    column=_letter(j),
                )
            seen[int(number)] = i
            values[int(number) - 1, k] = value
    return [grid[first][j] for j in places], values, grid_values


def _agreed_distribution(
    act: Reading, counts: Mapping[float, int], grid_values: Sequence[float]
) -> list[float]:
    """The values of column A, which every participant has; the pattern must say the same."""
    pattern = sorted(value for value, count in counts.items() for _ in range(count))
    found = sorted(grid_values)
    if pattern and pattern != found:
        raise act.error(
            f"The pattern has room for {len(pattern)} statements, column A of the sheet 'sorts' "
            f"lists {len(found)} grid values, and they are not the same.",
            remedy="List each grid value in column A as often as the pattern says.",
        )
    act.took("distribution: column A of the sheet 'sorts'")
    return found


# -- type 2 --------------------------------------------------------------------------------------


def read_kade2(act: Reading, grids: Mapping[str, Grid]) -> QSorts:
    """Sorts from a workbook of type 2: one row a participant.

    Parameters
    ----------
    act : Reading
    grids : mapping of sheet name to rows of cells

    Raises
    ------
    DataError
        For a cell that is empty or not a number, and where sorts and
        statements differ in number; the cell is named.
    """
    _require_type(act, grids, "2")
    grid = _require_sorts(act, grids)
    act.took("KADE workbook of type 2")
    counts = _pattern_counts(grids.get("pattern", []))
    first, project = 0, _second_cell(grids.get("name", []))
    marked = next((i for i, row in enumerate(grid[:10]) if _is_pattern_row(row)), None)
    if marked is not None:
        act.took("template of before version 2")
        design = [cell for cell in grid[marked][1:] if cell]
        values = [_number(act, cell, marked + 1, "the pattern") for cell in design]
        counts = {value: values.count(value) for value in sorted(set(values))}
        first, project = marked + 1, " ".join(filter(None, grid[1])) if marked > 1 else ""
    if project:
        act.took(f"project: {project}")
    texts = _texts(_sheet(grids, _STATEMENTS))
    names, table = _rows_of_sorts(act, grid, first, len(texts), counts)
    distribution = _room_for(act, counts, table.shape[1])
    act.took("statements are numbered in the order of the sheet")
    _say_other_sheets(act, grids)
    return act.sorts(table.T, sorts=names, distribution=distribution, texts=texts)


def _is_pattern_row(row: Sequence[str]) -> bool:
    return bool(row) and row[0].casefold().startswith("sort pattern")


def _rows_of_sorts(
    act: Reading, grid: Grid, first: int, n_texts: int, counts: Mapping[float, int]
) -> tuple[list[str], NDArray[np.float64]]:
    """Labels and values, one row a sort; a row of headings is passed over."""
    numbered = [(i, row) for i, row in enumerate(grid[first:], start=first + 1) if any(row)]
    while numbered and _is_heading(numbered[0][1], counts):
        numbered = numbered[1:]
    if not numbered:
        raise act.error("The sheet 'sorts' is empty.")
    width = max(max((j for j, cell in enumerate(row) if cell), default=0) for _, row in numbered)
    n = n_texts or width
    if width != n:
        raise act.error(
            f"The sheet 'sorts' has {width} values a sort, the sheet 'statements' {n} texts.",
            remedy="Give each sort one value a statement.",
        )
    names, values = [], np.empty((len(numbered), n))
    for k, (i, row) in enumerate(numbered):
        if not row[0]:
            raise act.error("The sort has no name.", row=i, column="A")
        names.append(row[0])
        for j in range(n):
            values[k, j] = _number(act, row[j + 1], i, f"{j + 2} (statement {j + 1})")
    return names, values


def _is_heading(row: Sequence[str], counts: Mapping[float, int]) -> bool:
    """Words, or the statements' numbers 1, 2, 3 ..., instead of grid values."""
    cells = [cell for cell in row[1:] if cell]
    if not any(_is_number(cell) for cell in cells):
        return True
    if cells != [str(i) for i in range(1, len(cells) + 1)] or len(cells) < 3:
        return False
    return dict.fromkeys(range(1, len(cells) + 1), 1) != {v: c for v, c in counts.items() if c}


def _pattern_counts(grid: Grid) -> dict[float, int]:
    """Grid value to number of statements, from the first two rows of the sheet ``pattern``."""
    if len(grid) < 2:
        return {}
    pairs = zip(grid[0], grid[1], strict=False)
    return {float(value): _count(count) for value, count in pairs if _is_number(value)}


def _count(cell: str) -> int:
    number = float(cell) if _is_number(cell) else 0.0
    return int(number) if 0 < number <= 1000 and number.is_integer() else 0


def _room_for(act: Reading, counts: Mapping[float, int], n: int) -> list[float] | None:
    """The grid where it has room for n statements, else None and a warning."""
    room = sum(counts.values())
    if not room:
        act.took("no grid in the file: the distribution is inferred")
        return None
    if room != n:
        act.warn(
            f"The pattern has room for {room} statements, the sorts have {n}; "
            "the distribution is inferred from the sorts instead."
        )
        return None
    act.took("distribution: the pattern")
    return [value for value, count in counts.items() for _ in range(count)]


# -- type 3 ----------------------------------------------------------------------------------------


def read_kade3(act: Reading, grids: Mapping[str, Grid]) -> QSorts:
    """Sorts from the workbook in which KADE or Ken-Q Analysis saved its results.

    Parameters
    ----------
    act : Reading
    grids : mapping of sheet name to rows of cells

    Raises
    ------
    DataError
        Where the sheets are not as described above; the cell is named.
    """
    overview, grid = _sheet(grids, _OVERVIEW), _sheet(grids, _RESULTS)
    if not overview or not grid:
        raise act.error(
            "Results of KADE have the sheets 'Project Overview' and 'Q sorts'; this workbook "
            f"has {enumerate_some(map(repr, grids))}.",
        )
    act.took("results of KADE or Ken-Q Analysis (type 3): its sorts and statements")
    facts = {row[0].strip(" :").casefold(): row[1] for row in overview if len(row) > 1 and row[0]}
    if project := facts.get("project name"):
        act.took(f"project: {project}")
    design = next((facts[name] for name in facts if "design" in name or "pattern" in name), "")
    values = [float(cell) for cell in re.findall(r"[+-]?\d+(?:\.\d+)?", design)]
    counts = {value: values.count(value) for value in sorted(set(values))}
    heading, n = _results_heading(act, grid)
    body = [(i, row) for i, row in enumerate(grid[heading + 1 :], start=heading + 2) if row[0]]
    if not body:
        raise act.error("The sheet of sorts is empty.", row=heading + 1)
    table = np.array(
        [
            [
                _number(act, row[j].strip("[]"), i, f"{j + 1} (statement {j})")
                for j in range(1, n + 1)
            ]
            for i, row in body
        ]
    )
    distribution = _room_for(act, counts, n)
    texts = [row[1] for row in _sheet(grids, _STATEMENTS) if len(row) > 1 and row[0].isdigit()]
    _require_texts(act, texts, n)
    act.left("the results of the analysis (all other sheets)")
    names = [row[0] for _, row in body]
    return act.sorts(table.T, sorts=names, distribution=distribution, texts=texts)


def _results_heading(act: Reading, grid: Grid) -> tuple[int, int]:
    """The row of headings (… S1, S2, …) and how many statements it names."""
    for i, row in enumerate(grid[:20]):
        named = [j for j, cell in enumerate(row) if re.fullmatch(r"[Ss]\s?\d+", cell)]
        if len(named) > 2 and named == list(range(1, len(named) + 1)):
            return i, len(named)
    raise act.error(
        "The sheet of sorts has no row with the headings S1, S2, S3 …",
        remedy="For a plain table, say format='excel'.",
    )


# -- archive ---------------------------------------------------------------------------------------


def read_kade_zip(act: Reading) -> QSorts:
    """Sorts from a project archive of KADE, as KADE saves it or made by hand.

    Nothing is unpacked to disk. ``pattern.txt`` holds the number of statements
    in each grid column from -6 to 13.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        Not a zip archive, damaged, encrypted, too large, with a name outside
        the archive, without ``sorts.txt``; and for what its files lack.
    """
    with open_archive(act.source) as archive:
        members = _members(act, archive)
        texts_of = {name: _member_text(act, archive, member) for name, member in members.items()}
        others = [name for name in archive.namelist() if name not in members.values()]
    if "sorts.txt" not in texts_of:
        raise act.error(
            "The archive has no file 'sorts.txt'.",
            remedy="A KADE archive holds name.txt, pattern.txt, sorts.txt and statements.txt.",
        )
    act.took("KADE project archive")
    if project := " ".join((texts_of.get("name.txt") or texts_of.get("names.txt", "")).split()):
        act.took(f"project: {project}")
    rows = _delimited(act, texts_of["sorts.txt"])
    texts = [line.strip() for line in texts_of.get("statements.txt", "").splitlines()]
    texts = [line for line in texts if line]
    counts: dict[float, int] = {}
    if pattern := _delimited(act, texts_of.get("pattern.txt", "")):
        counts = {float(GRID_LOW + i): _count(cell) for i, cell in enumerate(pattern[0])}
        if len(pattern[0]) > GRID_HIGH - GRID_LOW + 1:
            raise act.error("pattern.txt has more than 20 counts (grid columns -6 to 13).")
    names, table = _rows_of_sorts(act, rows, 0, len(texts), counts)
    distribution = _room_for(act, counts, table.shape[1])
    if shown := [name for name in others if not name.startswith("__MACOSX")]:
        act.left(f"{enumerate_some(shown)} in the archive")
    return act.sorts(table.T, sorts=names, distribution=distribution, texts=texts)


def _members(act: Reading, archive: zipfile.ZipFile) -> dict[str, str]:
    """The known files of an archive by their name, wherever its folders put them."""
    found: dict[str, str] = {}
    for path in archive.namelist():
        name = path.rsplit("/", 1)[-1].casefold()
        if name not in _MEMBERS or path.startswith("__MACOSX"):
            continue
        if name in found:
            raise act.error(f"The archive holds {found[name]!r} and {path!r}.")
        found[name] = path
    return found


def _member_text(act: Reading, archive: zipfile.ZipFile, member: str) -> str:
    try:
        data = archive.read(member)
    except Exception as error:  # zipfile raises many kinds on damaged archives
        raise act.error(
            f"{member!r} in the archive is damaged ({type(error).__name__}).",
            remedy="Download or save the archive anew.",
        ) from None
    text = text_of(data, act.encoding)
    if text is None:
        raise act.error(f"{member!r} in the archive is not text.")
    return text


def _delimited(act: Reading, text: str) -> Grid:
    """Rows cut at commas or semicolons, whichever the first row has more of, of one width."""
    first = text.lstrip().split("\n", 1)[0]
    rows = rows_of(text, "," if first.count(",") >= first.count(";") else ";", act.source)
    kept = [[cell.strip() for cell in row] for row in rows]
    width = max(map(len, kept), default=0)
    return [row + [""] * (width - len(row)) for row in kept]


# -- shared ----------------------------------------------------------------------------------------


def _require_type(act: Reading, grids: Mapping[str, Grid], wanted: str) -> None:
    kind = _second_cell(grids.get("type", []))
    if kind and kind != wanted:
        raise act.error(
            f"This is a KADE workbook of type {kind}, not of type {wanted}.",
            remedy="Leave format out; types 1, 2 and 3 are recognised.",
        )


def _require_sorts(act: Reading, grids: Mapping[str, Grid]) -> Grid:
    if not any(name in grids for name in _SORTS):
        raise act.error(
            "A KADE workbook has a sheet 'sorts'; this one has "
            f"{enumerate_some(map(repr, grids))}.",
            remedy="For a plain table, say format='excel'.",
        )
    grid = _sheet(grids, _SORTS)
    if not grid:
        raise act.error("The sheet 'sorts' is empty.")
    return grid


def _texts(grid: Grid) -> list[str]:
    """Statement wordings in order; the template numbers more rows than are filled."""
    texts = [row[1] if len(row) > 1 else "" for row in grid[1:]]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _require_texts(act: Reading, texts: Sequence[str], n: int) -> None:
    if texts and len(texts) != n:
        raise act.error(f"The sorts have {n} statements, the sheet of statements {len(texts)}.")


def _say_other_sheets(act: Reading, grids: Mapping[str, Grid]) -> None:
    known = {*_SORTS, *_STATEMENTS, "name", "names", "pattern", "patterns", "version", "type"}
    if left := [name for name, grid in grids.items() if grid and name not in known]:
        act.left(f"sheet(s) {enumerate_some(left)}")


def _letter(j: int) -> str:
    """The letters of a spreadsheet column, counted from 0."""
    letters = ""
    j += 1
    while j:
        j, rest = divmod(j - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _is_number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell.replace("\N{MINUS SIGN}", "-"))))
    except ValueError:
        return False


def _number(act: Reading, cell: str, row: int, column: str) -> float:
    if not cell:
        raise act.error(
            "The cell is empty.",
            row=row,
            column=column,
            remedy="Complete the sort (a formula must have been calculated and saved).",
        )
    if not _is_number(cell):
        raise act.error(f"{cell!r} is not a number.", row=row, column=column)
    return float(cell.replace("\N{MINUS SIGN}", "-"))


# -- writing ---------------------------------------------------------------------------------------


def write_kade(sorts: QSorts, path: PathLike, *, title: str = "") -> None:
    """Write sorts as a workbook of type 2, which KADE and Ken-Q Analysis read.

    Parameters
    ----------
    sorts : QSorts
        Whole values from -6 to 13; forced or not.
    path : path
        Ends in ``.xlsx``.
    title : str
        Name of the project.

    Raises
    ------
    DataError
        For values that do not fit, or another ending.

    Warns
    -----
    ReadingWarning
        For names with a comma, which KADE would cut there (a space is written
        instead), and for labels of statements other than their numbers, which
        the format has no place for.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[-1, 0], [0, 1], [1, -1]], sorts=["Ana", "Ben"])
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "rules.xlsx"
    >>> qm.write_kade(sorts, file, title="Rules")
    >>> qm.read_sorts(file) == sorts
    True
    """
    import openpyxl

    final = Path(path)
    if final.suffix.lower() != ".xlsx":
        raise DataError("A workbook's name must end in .xlsx.", file=final)
    counts = grid_counts(sorts, final)
    names = _names_without_commas(sorts.sorts)
    table = sorts.values.T.astype(int).tolist()
    numbered = enumerate(sorts.texts or [""] * sorts.n_statements, start=1)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    sheets: dict[str, list[list[Any]]] = {
        "name": [["Project Name"], [title or "Q study"]],
        "sorts": [[name, *row] for name, row in zip(names, table, strict=True)],
        "pattern": [list(range(GRID_LOW, GRID_HIGH + 1)), counts],
        "statements": [["Number", "Statements"], *([i, text] for i, text in numbered)],
        "version": [["Version"], [2]],
        "type": [["Type"], [2]],
    }
    for name, rows in sheets.items():
        page = book.create_sheet(name)
        for i, row in enumerate(rows, start=1):
            for j, value in enumerate(row, start=1):
                _put(page.cell(row=i, column=j), value)
    say_shortened(sorts.sorts, names, "KADE would cut names at a comma")
    say_unlabelled(sorts, "KADE")
    with atomic_write(final) as target:
        save_workbook(book, target)


def _names_without_commas(names: Sequence[str]) -> list[str]:
    plain = [" ".join(name.replace(",", " ").split()) or "?" for name in names]
    if len(set(plain)) == len(plain):
        return plain
    return [f"{i} {name}" for i, name in enumerate(plain, start=1)]


def _put(cell: Any, value: object) -> None:
    """Text as text, never as a formula."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:32767] or None
        if value:
            cell.data_type = "s"
            cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value
