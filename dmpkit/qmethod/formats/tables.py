"""Plain tables of sorts: delimited text, Excel sheets and Parquet files.

Statements or sorts in rows, or one row a cell; what the rows hold is detected
and reported, and a table that can be read in two ways is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.qmethod.data import (
    QSorts,
    find_label_columns,
    find_sort_labels,
    is_saved_index,
    mostly_words,
)
from dmpkit.qmethod.formats.files import MAX_BYTES, MAX_CELLS, check_cells, head_of, read_text
from dmpkit.qmethod.formats.reading import Reading, Rows
from dmpkit.qmethod.formats.websort import has_bars, is_htmlq, read_bars, read_htmlq
from dmpkit.qmethod.formats.workbooks import grid_of
from dmpkit.qmethod.layout import (
    LABEL_NAMES,
    SORT_NAMES,
    STATEMENT_NAMES,
    TEXT_NAMES,
    Wide,
    enumerate_some,
    fitting_rows,
    no_such_label,
    plain_name,
    settle,
    short,
)
from dmpkit.tables import number_remedy, read_delimited

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from openpyxl.workbook import Workbook

__all__ = ["from_cells", "read_csv", "read_excel", "read_parquet"]

MAX_COLUMNS = 20_000
_SCORE_NAMES = frozenset({"score", "value", "rank", "rating", "column", "position"})
_SPREAD_NAMES = frozenset({"distribution"})
_INTEGER = re.compile(r"\s*[+-]?\d+\s*")
_STATEMENT_LABEL = re.compile(r"(?:s|st|sta|stat|stm|statement|item|q)?[ _.-]?\d+", re.IGNORECASE)


def read_csv(act: Reading) -> QSorts:
    """Sorts from delimited text; what is ambiguous is refused.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        See :func:`dmpkit.qmethod.read_sorts`.
    """
    text = read_text(act.source, act.encoding)
    check_cells(text, act.source)
    first = text.lstrip().split("\n", 1)[0]
    if max(first.count(mark) for mark in ",;\t") >= MAX_COLUMNS:
        raise act.error(f"The first row has more than {MAX_COLUMNS:,} cells.", row=1)
    try:
        cells, report = read_delimited(
            act.source,
            delimiter=act.delimiter,
            decimal=act.decimal,
            encoding=act.encoding,
            skip_titles=True,
        )
    except DataError as error:
        if error.row == 1 and (values := _first_row_is_data(first)):
            raise _no_header(act, values) from None
        raise
    if cells.shape[1] < 2:
        raise act.error(
            "The file has a single column.",
            remedy="Separate the columns with commas, semicolons or tabs; of another sign, "
            "say delimiter=….",
        )
    act.took(*report.notes)
    cells.index = pd.Index(report.row_numbers, dtype="int64")
    return from_cells(act, cells, report.decimal)


def _first_row_is_data(first: str) -> list[str]:
    """Numbers that the first row repeats, which labels would not."""
    numbers = [cell.strip() for cell in re.split(r"[,;\t]", first) if _INTEGER.fullmatch(cell)]
    return numbers if len(numbers) > len(set(numbers)) else []


def _no_header(act: Reading, values: Sequence[str]) -> DataError:
    return act.error(
        f"The first row holds values ({', '.join(values[:4])} …) instead of labels.",
        row=1,
        remedy="Add a first row that names the columns, e.g. statement, sort1, sort2 …",
    )


def read_excel(act: Reading, book: Workbook) -> QSorts:
    """Sorts from a plain sheet of a workbook: the one named, else the first with content.

    Parameters
    ----------
    act : Reading
    book : Workbook

    Raises
    ------
    DataError
        See :func:`dmpkit.qmethod.read_sorts`.
    """
    grids = {page.title: grid_of(page, act.source) for page in book.worksheets}
    if act.sheet is not None and act.sheet not in grids:
        raise act.error(
            f"The workbook has no sheet {act.sheet!r}.",
            remedy=f"Its sheets are {', '.join(map(repr, grids))}.",
        )
    filled = [name for name, grid in grids.items() if grid]
    if not filled or (act.sheet is not None and not grids[act.sheet]):
        raise act.error("There is nothing in the sheet.")
    chosen = act.sheet or filled[0]
    act.took(f"Excel sheet {chosen!r}")
    numbers, grid = _crop(act, grids[chosen])
    cells = pd.DataFrame(
        grid[1:], columns=_unique_header(act, grid[0], numbers[0]), dtype=str, index=numbers[1:]
    )
    if left := [name for name in filled if name != chosen]:
        act.left(f"{'sheets' if len(left) > 1 else 'sheet'} {', '.join(left)}")
    if cells.shape[1] < 2:
        raise act.error(f"Sheet {chosen!r} holds no table.")
    if act.rows is None and act.sheet is None and is_htmlq(list(cells.columns)):
        return read_htmlq(act, cells)
    return from_cells(act, cells, ".")


def read_parquet(act: Reading) -> QSorts:
    """Sorts from a Parquet file, laid out like any plain table.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        Not a Parquet file, damaged, or with more than two million cells; and
        see :func:`dmpkit.qmethod.read_sorts`.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    head_of(act.source)
    try:
        with pq.ParquetFile(act.source) as file:
            meta, schema = file.metadata, file.schema_arrow
            _check_parquet(act, meta.num_rows, meta.num_columns)
            plain = [f for f in schema if _is_plain(f.type)]
            words = [f.name for f in plain if pa.types.is_string(f.type) or _is_large(f.type)]
        # words stay coded until they are needed: a word may be long and often repeated
        table = pq.read_table(
            act.source, columns=[f.name for f in plain], read_dictionary=words, partitioning=None
        )
        table.validate(full=True)  # before damaged offsets and codes are followed
        columns = {str(name): table.column(name).to_pandas() for name in table.column_names}
    except DataError:
        raise
    except Exception as error:  # pyarrow raises many kinds on damaged files
        raise act.error(
            f"The Parquet file is damaged ({type(error).__name__}).", remedy="Save it anew."
        ) from None
    if left := [f.name for f in schema if f.name not in columns]:
        act.left(f"column(s) that are neither words nor numbers: {', '.join(left)}")
    if len(columns) < 2:
        raise act.error("The file has fewer than two columns of words or numbers.")
    act.took("Parquet file")
    cells = {name: _words(act, column) for name, column in columns.items()}
    return from_cells(act, pd.DataFrame(cells, dtype=object), ".")


def _check_parquet(act: Reading, n_rows: int, n_columns: int) -> None:
    if n_rows * n_columns > MAX_CELLS or n_columns > MAX_COLUMNS:
        raise act.error(
            f"The file has {n_rows:,} rows and {n_columns:,} columns.",
            remedy=f"A table of sorts has at most {MAX_CELLS / 1e6:.0f} million cells.",
        )


def _is_plain(kind: Any) -> bool:
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    words = pa.types.is_string(kind) or _is_large(kind)
    return words or pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _is_large(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_large_string(kind))


def _words(act: Reading, values: pd.Series[Any]) -> list[str]:
    """A column as text cells: numbers in full, missing ones empty."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        names = [str(name).strip() for name in values.cat.categories]
        codes = values.cat.codes.to_numpy()
        lengths = np.array([*map(len, names), 0])
        if lengths[codes].sum() > MAX_BYTES:
            raise act.error("The words of a column would take more than 50 MB.")
        return [names[code] if code >= 0 else "" for code in codes]
    return ["" if value is None or value != value else _number_text(value) for value in values]


def _number_text(value: Any) -> str:
    if isinstance(value, str):
        return value.strip()
    number = float(value)
    return str(int(number)) if number.is_integer() else repr(number)


def _crop(act: Reading, grid: list[list[str]]) -> tuple[list[int], list[list[str]]]:
    """Rows and columns that are not empty, with the numbers of the rows; titles left."""
    filled = [(i, row) for i, row in enumerate(grid, start=1) if any(row)]
    n_titles = _count_titles([row for _, row in filled])
    if n_titles:
        words = "; ".join(cell for _, row in filled[:n_titles] for cell in row if cell)
        act.left(f"{n_titles} row(s) above the header ({words[:100]})")
    filled = filled[n_titles:]
    kept = [j for j in range(len(filled[0][1])) if any(row[j] for _, row in filled)]
    return [i for i, _ in filled], [[row[j] for j in kept] for _, row in filled]


def _count_titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the header hold a cell or two, where the header is full."""
    for n, row in enumerate(rows[:7]):
        count = sum(map(bool, row))
        if count > 2:
            wide = max(sum(map(bool, other)) for other in rows[n:])
            narrow = all(sum(map(bool, title)) <= min(2, (count - 1) / 2) for title in rows[:n])
            return n if narrow and count >= wide - 1 and len(rows) > n + 1 else 0
    return 0


def _unique_header(act: Reading, cells: Sequence[str], row: int) -> list[str]:
    twice = [name for name, count in Counter(cells).items() if name and count > 1]
    if twice and all(re.fullmatch(r"[+-]?\d+(?:\.\d+)?", name) for name in twice):
        raise _no_header(act, twice)
    if twice or sum(not name for name in cells) > 1:
        what = f"Column name {twice[0]!r} stands twice" if twice else "Columns have no name"
        raise act.error(
            f"{what}.",
            row=row,
            remedy="Give every column a name of its own, and remove rows above the header.",
        )
    return list(cells)


def from_cells(act: Reading, cells: pd.DataFrame, decimal: str) -> QSorts:
    """Sorts from a table of text cells, its layout given or detected.

    Parameters
    ----------
    act : Reading
    cells : DataFrame
        Text; the empty string where a cell is empty.
    decimal : str
        The decimal sign.

    Raises
    ------
    DataError
        See :func:`dmpkit.qmethod.read_sorts`.
    """
    if grid_values := [str(c) for c in cells.columns if re.fullmatch(r"-\d+(?:[.,]\d+)?", str(c))]:
        raise _no_header(act, grid_values)
    if not len(cells):
        raise act.error(
            "The file has only a header (0 statements).", remedy="Add the rows below it."
        )
    if not isinstance(cells.index, pd.RangeIndex):
        lines = cells.index
    else:
        lines = pd.RangeIndex(2, len(cells) + 2)
    cells = cells.set_axis(lines, axis=0)  # rows are known by their number in the file
    if "" in cells.columns and not cells[""].ne("").any():
        cells = cells.drop(columns="")  # a delimiter at the end of each row
    cells, gone = _without_columns(act, cells)
    if act.rows is None and has_bars(cells):
        return read_bars(act, cells)
    rows = act.rows
    if rows in (None, "cells") and cells.shape[1] <= 5 and _long_columns(cells) is not None:
        if rows is None:
            act.took("one row a cell (found by the column names)")
        rows = "cells"
    if act.label is not None and rows in ("cells", "statements"):
        raise _no_label(act, rows)
    if rows == "cells":
        return _from_long(act, cells, decimal)
    numbers = _all_numbers(cells, decimal)
    if rows is None:
        rows, why = _detect_rows(act, cells, numbers)
        act.took(f"one row a {rows[:-1]} (found by {why})")
    if act.label is not None and rows != "sorts":
        raise _no_label(act, rows)
    make = _sorts_in_rows if rows == "sorts" else _statements_in_rows
    table = settle(make(act, cells, numbers, decimal), _guessing(act), gone)
    for message in table.messages:
        act.warn(message)
    if act.leave:
        act.left(enumerate_some(act.leave, 20))
    act.to_leave.clear()
    return act.sorts(
        table.values, statements=table.statements, sorts=table.sorts, texts=table.texts
    )


def _no_label(act: Reading, rows: Rows) -> DataError:
    return act.error(
        f"label={act.label!r} names the column that holds the names of the sorts, but this "
        f"table has one row a {rows[:-1]}.",
        remedy="Leave label out.",
    )


def _guessing(act: Reading) -> tuple[str, ...] | None:
    """What is to be left; empty, so that nothing is guessed, where the columns are given."""
    if act.columns is not None and act.leave is None:
        return ()
    return act.leave


def _without_columns(act: Reading, cells: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The table without the columns to leave, and their names."""
    names = [str(name) for name in cells.columns]
    gone = [name for name in names if name in act.to_leave]
    if act.label in gone:
        raise act.error(f"Column {act.label!r} is named as label and to be left.")
    act.to_leave = [name for name in act.to_leave if name not in gone]
    return cells[[name for name in cells.columns if str(name) not in gone]], gone


def _statements_in_rows(
    act: Reading, cells: pd.DataFrame, numbers: NDArray[np.float64], decimal: str
) -> Wide:
    candidates = cells[_label_candidates(cells, numbers)]
    index = [name for name in candidates if is_saved_index(name, candidates[name])]
    label, text, found = find_label_columns(candidates.drop(columns=index), None, None)
    act.took(*found)
    names = _taken(act, cells, (label, text))
    return Wide(
        values=_values(act, cells, numbers, names, decimal),
        statements=_labels_of(cells, label, ""),
        sorts=[str(name) for name in names],
        texts=() if text is None else list(cells[text]),
        rows="statements",
        lines=list(cells.index),
    )


def _sorts_in_rows(
    act: Reading, cells: pd.DataFrame, numbers: NDArray[np.float64], decimal: str
) -> Wide:
    label = find_sort_labels(cells) if act.label is None else _asked_for(act, cells)
    if label is not None:
        act.took(f"labels of the sorts: column {str(label)!r}")
    names = _taken(act, cells, (label,))
    return Wide(
        values=_values(act, cells, numbers, names, decimal).T,
        statements=[str(name) for name in names],
        sorts=_labels_of(cells, label, "sort"),
        rows="sorts",
        lines=list(cells.index),
    )


def _labels_of(cells: pd.DataFrame, label: str | None, prefix: str) -> list[str]:
    if label is None:
        return [f"{prefix}{i}" for i in range(1, len(cells) + 1)]
    return list(cells[label])


def _taken(act: Reading, cells: pd.DataFrame, used: Sequence[str | None]) -> list[str]:
    """The columns that hold values; what is left of the others is noted."""
    names = [name for name in cells.columns if name not in used]
    if act.columns is not None:
        for name in act.columns:
            if name not in cells.columns:
                error = no_such_label(name, list(cells.columns))
                raise act.error(f"There is no column {name!r}.", remedy=error.remedy)
        left = [name for name in names if name not in act.columns]
        if left:
            act.left(f"columns that were not asked for: {enumerate_some(left, 20)}")
        return [name for name in names if name in act.columns]
    filled = np.any(cells[names].to_numpy(dtype=object) != "", axis=0)
    empty = [name for name, some in zip(names, filled, strict=True) if not some]
    if empty:
        act.warn(f"Empty columns are left: {enumerate_some(empty, 20)}.")
    wordless = {*empty}
    words = [name for name in names if name not in wordless and mostly_words(cells[name])]
    if words:
        act.left(f"column(s) that are not numbers: {enumerate_some(words, 20)}")
    index = [name for name in names if is_saved_index(name, cells[name])]
    if index:
        act.left("a column without a name that counts the rows from 0")
    return [name for name in names if name not in {*empty, *words, *index}]


def _label_candidates(cells: pd.DataFrame, numbers: NDArray[np.float64]) -> list[str]:
    """Columns that may hold labels or texts: the first, those named so, those not all numbers."""
    known = _share_of_numbers(cells, numbers)
    return [
        name
        for i, name in enumerate(cells.columns)
        if i == 0 or known[i] < 1 or plain_name(name) in LABEL_NAMES | TEXT_NAMES
    ]


def _values(
    act: Reading,
    cells: pd.DataFrame,
    numbers: NDArray[np.float64],
    names: Sequence[str],
    decimal: str,
) -> NDArray[np.float64]:
    """The numbers of some columns; a cell that is none is named."""
    wanted = set(names)
    places = [i for i, name in enumerate(cells.columns) if name in wanted]
    values = numbers[:, places]
    if not np.isnan(values).any():
        return values
    for k, i in enumerate(places):
        unknown = np.flatnonzero(np.isnan(values[:, k]))
        text = cells.iloc[unknown, i]
        wrong = ~text.str.strip().str.casefold().isin(["", "nan", "na"])
        for row, cell in text[wrong].items():
            raise _no_number(act, str(cell), int(str(row)), str(cells.columns[i]), decimal)
    return values


def _no_number(act: Reading, cell: str, row: int, column: str, decimal: str) -> DataError:
    remedy = number_remedy(cell)
    if remedy is None and decimal == "." and re.fullmatch(r"[+-]?\d+,\d+", cell.strip()):
        remedy = "Say decimal=','."
    return act.error(f"{short(cell)!r} is not a number.", row=row, column=column, remedy=remedy)


def _score_column(act: Reading, cells: pd.DataFrame, name: str, decimal: str) -> pd.Series[Any]:
    """One column as numbers."""
    numbers = _all_numbers(cells[[name]], decimal)
    return pd.Series(_values(act, cells[[name]], numbers, [name], decimal)[:, 0])


def _asked_for(act: Reading, cells: pd.DataFrame) -> str:
    if act.label not in cells.columns:
        raise act.error(
            f"There is no column {act.label!r}.",
            remedy=f"The columns are {', '.join(map(str, cells.columns[:10]))}.",
        )
    return str(act.label)


def _from_long(act: Reading, cells: pd.DataFrame, decimal: str) -> QSorts:
    columns = _long_columns(cells)
    if columns is None:
        raise act.error(
            "One row a cell needs the columns sort, statement and score.",
            remedy=f"The columns are {', '.join(map(str, cells.columns[:10]))}.",
        )
    sort, statement, score, text, spread = columns
    cells = _long_part(act, cells, sort, statement)
    numbers = _score_column(act, cells, score, decimal)
    twice = cells.duplicated([sort, statement]).to_numpy()
    if twice.any():
        row = int(twice.argmax())
        raise act.error(
            f"Sort {cells[sort].iloc[row]!r} gives statement {cells[statement].iloc[row]!r} "
            "a second score.",
            row=int(cells.index[row]),
            remedy="Delete the row that is there by mistake.",
        )
    rows, statements = pd.factorize(cells[statement])
    places, sorts = pd.factorize(cells[sort])
    if len(statements) * len(sorts) > MAX_CELLS:
        raise act.error(
            f"The table has {len(statements):,} statements and {len(sorts):,} sorts, but only "
            f"{len(cells):,} scores."
        )
    values = np.full((len(statements), len(sorts)), np.nan)
    values[rows, places] = numbers.to_numpy(dtype=np.float64)
    texts: Sequence[str] = ()
    if text is not None:
        texts = list(cells.groupby(statement, sort=False)[text].first())
    act.took(f"columns {sort!r}, {statement!r}, {score!r}")
    return act.sorts(
        values,
        statements=list(statements),
        sorts=list(sorts),
        distribution=None if spread is None else _distribution(act, cells, sort, spread, decimal),
        texts=texts,
    )


def _long_part(act: Reading, cells: pd.DataFrame, sort: str, statement: str) -> pd.DataFrame:
    """The rows of the sorts and statements that are not to be left."""
    if act.columns is not None:
        raise act.error(
            "columns= is for tables with a column a sort or a statement; this one has a row a "
            "cell.",
            remedy="Use leave=, or QSorts.only().",
        )
    for name in act.to_leave:
        if name not in set(cells[sort]) | set(cells[statement]):
            raise no_such_label(name, [*cells[sort].unique(), *cells[statement].unique()])
    if act.to_leave:
        out = cells[sort].isin(act.to_leave) | cells[statement].isin(act.to_leave)
        cells = cells[~out]
        act.left(enumerate_some(act.to_leave, 20))
        act.to_leave.clear()
    return cells


def _distribution(
    act: Reading, cells: pd.DataFrame, sort: str, spread: str, decimal: str
) -> NDArray[np.float64]:
    """The forced distribution, which a tidy table repeats with every sort."""
    numbers = _score_column(act, cells, spread, decimal)
    found = {
        tuple(np.sort(part)) for _, part in numbers.groupby(cells[sort].to_numpy(), sort=False)
    }
    if len(found) > 1:
        raise act.error(
            "The distribution is not the same for every sort.",
            column=spread,
            remedy="Repeat the one distribution with every sort, or leave the column out.",
        )
    act.took(f"distribution: column {spread!r}")
    return np.array(found.pop())


# -- which layout ----------------------------------------------------------------------


def _detect_rows(
    act: Reading, cells: pd.DataFrame, numbers: NDArray[np.float64]
) -> tuple[Rows, str]:
    votes: dict[str, set[Rows]] = {}
    leading = [plain_name(name) for name in cells.columns[:2]]
    names = {plain_name(name) for name in cells.columns}
    if names & (STATEMENT_NAMES | TEXT_NAMES):
        votes["the column names"] = {"statements"}
    elif leading[0] in SORT_NAMES or (leading[0] in LABEL_NAMES and leading[-1] in SORT_NAMES):
        votes["the column names"] = {"sorts"}
    if fit := _distribution_fit(cells, numbers):
        votes["where the forced distribution fits"] = {fit}
    if not votes and (labels := _label_vote(cells)):
        votes["the labels"] = {labels}
    found = set().union(*votes.values())
    if len(found) == 1:
        return found.pop(), " and ".join(votes)
    seen = "; ".join(f"{why}: {', '.join(what)} in rows" for why, what in votes.items())
    raise act.error(
        "It is not clear whether the rows hold statements or sorts"
        + (f" ({seen})." if seen else "."),
        remedy="Say rows='statements' or rows='sorts'.",
    )


def _long_columns(cells: pd.DataFrame) -> tuple[str, str, str, str | None, str | None] | None:
    """The columns sort, statement, score, text and distribution of one row a cell."""
    plain = {plain_name(name): name for name in cells.columns}
    found = [
        next((plain[name] for name in plain if name in known), None)
        for known in (SORT_NAMES, STATEMENT_NAMES, _SCORE_NAMES, TEXT_NAMES, _SPREAD_NAMES)
    ]
    sort, statement, score, text, spread = found
    if sort is None or statement is None or score is None:
        return None
    return sort, statement, score, text, spread


def _distribution_fit(cells: pd.DataFrame, numbers: NDArray[np.float64]) -> Rows | None:
    """Where one sorted set of values recurs: down the columns or along the rows."""
    known = _share_of_numbers(cells, numbers) >= 0.75
    values = numbers[:, known]
    if min(values.shape, default=0) < 2:
        return None
    header = [str(name) for name, keep in zip(cells.columns, known, strict=True) if keep]
    side = None if known[0] else [str(cell) for cell in cells.iloc[:, 0]]
    down, along = fitting_rows(values, header, side)
    if max(down, along) < 0.5 or abs(down - along) < 0.25:
        return None
    return "statements" if down > along else "sorts"


def _label_vote(cells: pd.DataFrame) -> Rows | None:
    """Which side has labels such as s1, sta_2 or 3, when only one side has."""
    header = [str(name) for name in cells.columns[1:]]
    side = [str(cell) for cell in cells.iloc[:, 0]]
    across = all(_STATEMENT_LABEL.fullmatch(name) for name in header)
    down = all(_STATEMENT_LABEL.fullmatch(name) for name in side)
    if across == down:
        return None
    return "sorts" if across else "statements"


def _all_numbers(cells: pd.DataFrame, decimal: str) -> NDArray[np.float64]:
    """Every cell as a number, NaN where it is none."""
    flat = cells.to_numpy(dtype=object).ravel()
    codes, distinct = pd.factorize(flat)  # equal cells are read once
    text = pd.Series(distinct, dtype=object).astype(str)
    text = text.str.strip().str.replace("\N{MINUS SIGN}", "-", regex=False)
    if decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    found = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    return found[codes].reshape(cells.shape)


def _share_of_numbers(cells: pd.DataFrame, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each column's filled cells, the share that are numbers (0 for an empty column)."""
    filled = np.sum(cells.to_numpy(dtype=object) != "", axis=0)
    known = np.isfinite(numbers).sum(axis=0).astype(np.float64)
    share: NDArray[np.float64] = known / np.maximum(filled, 1)
    return share
