"""Tables in and out: the only module that knows pandas from polars.

A function that takes a frame gives the same kind back (:func:`frame_function`);
delimited text is read as people have it, and what had to be guessed is
reported; every writer writes the whole file or nothing.
"""

from __future__ import annotations

import csv
import functools
import io
import os
import re
import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeAlias

from dmpkit.archives import head_of
from dmpkit.errors import DataError
from dmpkit.formulas import plain_cell, safe_cell
from dmpkit.workbooks import open_workbook, save_workbook
from dmpkit.writing import atomic_write, replace_folder

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = [
    "DelimitedReport",
    "as_kind",
    "atomic_write",
    "frame_function",
    "number_remedy",
    "open_workbook",
    "read_below_titles",
    "read_delimited",
    "read_sheet",
    "read_table",
    "replace_folder",
    "require_columns",
    "require_complete",
    "require_unique",
    "safe_cell",
    "same_kind",
    "to_numbers",
    "to_pandas",
    "write_csv",
    "write_workbook",
]

PathLike: TypeAlias = str | os.PathLike[str]
Kind = Literal["pandas", "polars", "pyarrow"]
P = ParamSpec("P")

#: Cells of a Parquet file that are read at once.
MAX_CELLS = 300_000_000

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TEXT_ENDINGS = (".csv", ".tsv", ".txt", ".dat")
_SHEET_ENDINGS = (".xlsx", ".xlsm")
#: Characters of a large file from which its delimiter is detected.
SAMPLE = 200_000

_MINUS = "\N{MINUS SIGN}"
_DOT_NUMBER = re.compile(r"[+\-−]?\d*\.\d+(?:[eE][+-]?\d+)?")
_COMMA_NUMBER = re.compile(r"[+\-−]?\d*,\d+")
_DOT_THOUSANDS = re.compile(r"[+\-−]?[1-9]\d{0,2}(?:\.\d{3})+")
_COMMA_THOUSANDS = re.compile(r"[+\-−]?[1-9]\d{0,2}(?:,\d{3})+")
_ENDS_WITH_COMMA_DECIMAL = re.compile(r"[+\-−]?\d+,\d+")
#: A number as people write it; codes such as 01234 or 1e3 are text, and so is a whole number
#: of more digits than a float holds, which would change silently.
_PLAIN_NUMBER = re.compile(r"(?=.*\d)[+\-−]?(?:0|[1-9]\d{0,14})?(?:[.,]\d{1,300})?")


# --- frames of either kind ---------------------------------------------------


def to_pandas(frame: Any, *, what: str = "table") -> pd.DataFrame:
    """Any data frame that narwhals knows, eager or lazy, as a pandas frame.

    Parameters
    ----------
    frame : DataFrame or LazyFrame
        pandas (returned as it is), polars, pyarrow, and others.
    what : str
        What the frame is called in the error message.

    Raises
    ------
    DataError
        If it is not a data frame.

    Examples
    --------
    >>> import polars as pl
    >>> to_pandas(pl.DataFrame({"n": [1, 2]}))["n"].tolist()
    [1, 2]
    """
    import narwhals as nw
    import pandas as pd

    if isinstance(frame, pd.DataFrame):
        return frame
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # narwhals announces a package for dask
        try:
            known = nw.from_native(frame)
        except TypeError:
            raise DataError(
                f"The {what} is a {type(frame).__name__}, not a data frame.",
                remedy="Give a pandas or polars DataFrame.",
            ) from None
    if isinstance(known, nw.LazyFrame):
        known = known.collect()
    table: pd.DataFrame = known.to_pandas()
    return table


def as_kind(frame: pd.DataFrame, kind: Kind) -> Any:
    """A pandas frame as the kind asked for.

    Examples
    --------
    >>> import pandas as pd
    >>> type(as_kind(pd.DataFrame({"n": [1]}), "polars")).__module__.split(".")[0]
    'polars'
    """
    if kind == "pandas":
        return frame
    if kind == "polars":
        import polars as pl

        return pl.from_pandas(frame)
    if kind == "pyarrow":
        import pyarrow as pa

        return pa.Table.from_pandas(frame, preserve_index=False)
    raise DataError(
        f"{kind!r} is not a kind of table.", remedy="Use 'pandas', 'polars' or 'pyarrow'."
    )


def same_kind(result: pd.DataFrame, like: Any) -> Any:
    """`result` as the kind of frame that `like` is (pandas where in doubt).

    Examples
    --------
    >>> import pandas as pd, polars as pl
    >>> type(same_kind(pd.DataFrame({"n": [1]}), pl.DataFrame({"m": [2]}))).__name__
    'DataFrame'
    """
    package = type(like).__module__.split(".")[0]
    if package in ("polars", "pyarrow"):
        return as_kind(result, package)  # type: ignore[arg-type]
    return result


def frame_function(
    function: Callable[Concatenate[pd.DataFrame, P], Any],
) -> Callable[..., Any]:
    """Let a function written for pandas take and return frames of any kind.

    The first argument is converted to pandas; a pandas frame that comes back
    is converted to the kind of frame that was given.

    Examples
    --------
    >>> import polars as pl
    >>> @frame_function
    ... def doubled(frame):
    ...     return frame.assign(n=2 * frame["n"])
    >>> doubled(pl.DataFrame({"n": [1, 2]}))["n"].to_list()
    [2, 4]
    """

    @functools.wraps(function)
    def wrapped(frame: Any, *args: P.args, **kwargs: P.kwargs) -> Any:
        import pandas as pd

        result = function(to_pandas(frame), *args, **kwargs)
        return same_kind(result, frame) if isinstance(result, pd.DataFrame) else result

    return wrapped


# --- checks --------------------------------------------------------------------


def require_columns(
    frame: pd.DataFrame, columns: Sequence[str], *, file: PathLike | None = None
) -> None:
    """Raise a :class:`DataError` that shows the closest names if a column is absent.

    Examples
    --------
    >>> import pandas as pd
    >>> require_columns(pd.DataFrame({"sorts": [1]}), ["sort"])
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: Column 'sort' is missing. The closest column is 'sorts'.
    """
    from difflib import get_close_matches

    names = [str(c) for c in frame.columns]
    missing = [c for c in columns if c not in names and not _is_column(frame, c)]
    if not missing:
        return
    close = get_close_matches(str(missing[0]), names, n=1)
    remedy = (
        f"The closest column is {close[0]!r}."
        if close
        else f"The table has the columns {', '.join(map(repr, names[:12]))}."
    )
    words = "Column {} is missing." if len(missing) == 1 else "Columns {} are missing."
    raise DataError(words.format(", ".join(map(repr, missing))), file=file, remedy=remedy)


def _is_column(frame: pd.DataFrame, name: object) -> bool:
    """Whether a column has just this name: a number is a name as well."""
    return isinstance(name, Hashable) and name in frame.columns


def require_unique(labels: Sequence[object], what: str, *, file: PathLike | None = None) -> None:
    """Raise a :class:`DataError` that names each label that stands more than once.

    Examples
    --------
    >>> require_unique(["a", "b", "a"], "statement")
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: The statement label 'a' stands at positions 1 and 3. \
Give every statement a label of its own.
    """
    places: dict[object, list[int]] = {}
    for position, label in enumerate(labels, start=1):
        places.setdefault(label, []).append(position)
    doubled = {label: where for label, where in places.items() if len(where) > 1}
    if not doubled:
        return
    label, where = next(iter(doubled.items()))
    others = f" ({len(doubled) - 1} more labels are doubled)" if len(doubled) > 1 else ""
    raise DataError(
        f"The {what} label {label!r} stands at positions "
        f"{', '.join(map(str, where[:-1]))} and {where[-1]}{others}.",
        file=file,
        remedy=f"Give every {what} a label of its own.",
    )


def require_complete(
    frame: pd.DataFrame, columns: Sequence[str] | None = None, *, file: PathLike | None = None
) -> None:
    """Raise a :class:`DataError` that names the first empty cell, if there is one.

    Rows are counted as a file shows them: the header is row 1.

    Examples
    --------
    >>> import pandas as pd
    >>> require_complete(pd.DataFrame({"x": [1.0, None]}))
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: row 3, column x: The cell is empty.
    """
    names = list(frame.columns) if columns is None else list(columns)
    empty = frame[names].isna().to_numpy()
    if empty.any():
        row, column = (int(i[0]) for i in empty.nonzero())
        more = int(empty.sum()) - 1
        remedy = f"{more} more cells are empty." if more else None
        raise DataError(
            "The cell is empty.", file=file, row=row + 2, column=str(names[column]), remedy=remedy
        )


# --- delimited text --------------------------------------------------------------


@dataclass(frozen=True)
class DelimitedReport:
    """How a delimited file was read, and what had to be guessed."""

    delimiter: str
    decimal: str
    encoding: str
    bom: bool
    n_rows: int
    notes: tuple[str, ...] = ()
    row_numbers: tuple[int, ...] = ()  # of each row below the header, as a spreadsheet counts


def read_delimited(
    path: PathLike,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    skip_titles: bool = False,
    settle_dots: bool = True,
) -> tuple[pd.DataFrame, DelimitedReport]:
    """Read text separated by commas, semicolons, tabs or bars as people have it.

    What is not given is detected: byte-order mark, UTF-8 or UTF-16 or cp1252,
    delimiter, decimal point or comma. Every cell comes back as text, the first
    row as column names; use :func:`to_numbers` for the numbers. The apostrophe that
    keeps a spreadsheet from running a text (:func:`safe_cell`) is taken off.

    Parameters
    ----------
    path : path
        The file.
    delimiter, decimal, encoding : str, optional
        Settle what would be ambiguous.
    skip_titles : bool
        Leave lines above the header that hold one or two cells only, where
        all rows below are full; the report says so.
    settle_dots : bool
        Refuse a file in which 12.000 may be twelve or twelve thousand. A reader that
        knows what its columns may hold says False and looks itself.

    Returns
    -------
    frame : DataFrame
        Text cells; an empty cell is the empty string.
    report : DelimitedReport
        What was detected.

    Raises
    ------
    DataError
        File absent or empty, not text, rows of different lengths, columns
        without or with doubled names, delimiter or decimal sign ambiguous.
    """
    import pandas as pd

    source = Path(path)
    text, encoding, bom = _decode(_read_bytes(source), source, encoding)
    if delimiter is None:
        delimiter = _detect_delimiter(text, source, skip_titles)
    numbered, n_blank = _parse(text, delimiter, source)
    n_titles = _count_titles([row for _, row in numbered]) if skip_titles else 0
    titles, numbered = numbered[:n_titles], numbered[n_titles:]
    width = len(numbered[0][1])
    for number, row in numbered:
        if len(row) != width:
            raise DataError(
                f"The row has {len(row)} cells, the header has {width}.",
                file=source,
                row=number,
                remedy=f"The file was read with {DELIMITERS.get(delimiter, repr(delimiter))} "
                "as delimiter; quote cells that contain it, and remove lines above the header.",
            )
    rows = [row for _, row in numbered]
    header = [plain_cell(cell.strip()) for cell in rows[0]]
    _check_header(header, source)
    if decimal is None:
        decimal = _detect_decimal(
            [cell for row in rows[1:] for cell in row if "," in cell or "." in cell],
            source,
            dots_part_thousands=settle_dots and delimiter != ",",
        )
    notes = [f"{DELIMITERS.get(delimiter, repr(delimiter))}-separated, {encoding}"]
    if decimal == ",":
        notes.append("decimal comma")
    if n_blank:
        notes.append(f"{n_blank} empty lines left out")
    if titles:
        words = [cell.strip() for _, row in titles for cell in row if cell.strip()]
        notes.append(f"left: {len(titles)} line(s) above the header ({'; '.join(words)[:100]})")
    cells = [[plain_cell(cell.strip()) for cell in row] for row in rows[1:]]
    frame = pd.DataFrame(cells, columns=header, dtype=str)
    numbers = tuple(number for number, _ in numbered[1:])
    return frame, DelimitedReport(
        delimiter, decimal, encoding, bom, len(frame), tuple(notes), numbers
    )


def _count_titles(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the header are titles: few cells, and full rows from there on.

    A title fills at most two cells and less than half the header; there are no
    more than six; the header and all rows below it are equally long, and the
    header has no empty cell but one.
    """
    for n, row in enumerate(rows[:7]):
        filled = sum(bool(cell.strip()) for cell in row)
        if filled > 2 and filled >= len(row) - 1:
            same = all(len(other) == len(row) for other in rows[n:])
            few = all(
                sum(bool(cell.strip()) for cell in title) <= min(2, (filled - 1) / 2)
                for title in rows[:n]
            )
            return n if same and few and len(rows) > n + 1 else 0
        if filled > 2:
            return 0
    return 0


def _read_bytes(source: Path) -> bytes:
    data = head_of(source, -1)
    if not data.strip(b"\x00\xef\xbb\xbf\xff\xfe \r\n\t"):
        raise DataError("The file is empty.", file=source, remedy="Save or download it anew.")
    return data


def _decode(data: bytes, source: Path, encoding: str | None) -> tuple[str, str, bool]:
    marks = [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")]
    marked = next((name for mark, name in marks if data.startswith(mark)), None)
    tries = [encoding] if encoding else [marked] if marked else ["utf-8", "cp1252"]
    for name in tries:
        try:
            text = data.decode("utf-8-sig" if name == "utf-8" else str(name))
        except (UnicodeDecodeError, LookupError):
            continue
        # text has no control characters but white space; binary files have many
        if not re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text):
            return text, str(name), marked is not None
    raise DataError(
        "The file is not text that can be read as a table.",
        file=source,
        remedy="Save it as CSV in UTF-8, or name its encoding.",
    )


def _parse(text: str, delimiter: str, source: Path) -> tuple[list[tuple[int, list[str]]], int]:
    """The filled rows with their numbers in the file, and how many between them are empty."""
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        every = list(enumerate(reader, start=1))
    except csv.Error as error:
        raise DataError(
            f"The quoting of the file is broken ({error}).",
            file=source,
            remedy="Look for a quotation mark that is not closed.",
        ) from None
    rows = [(number, row) for number, row in every if any(cell.strip() for cell in row)]
    if not rows:
        raise DataError("The file is empty.", file=source)
    return rows, rows[-1][0] - len(rows)


def _widths(text: str, delimiter: str, skip_titles: bool = False) -> list[list[str]] | None:
    """The rows under a delimiter, or None where they do not make a table."""
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if skip_titles:
        rows = rows[_count_titles(rows) :]
    wide = {len(row) for row in rows}
    return rows if len(wide) == 1 and wide.pop() > 1 else None


def _detect_delimiter(text: str, source: Path, skip_titles: bool = False) -> str:
    if len(text) > 2 * SAMPLE and (found := _detect_in_sample(text, skip_titles)):
        return found
    fits = {d: rows for d in DELIMITERS if (rows := _widths(text, d, skip_titles)) is not None}
    if len(fits) == 1:
        return next(iter(fits))
    if not fits:
        if not any(d in text for d in DELIMITERS):
            return ","  # a single column
        # the delimiter of the header; the caller then names the row that is off
        first = text.lstrip().splitlines()[0]
        return max(DELIMITERS, key=first.count)
    clean = [d for d, rows in fits.items() if not _holds_rival(rows, set(fits) - {d})]
    if len(clean) == 1:
        return clean[0]
    names = " or ".join(DELIMITERS[d] for d in fits)
    raise DataError(
        f"The delimiter is ambiguous: the file makes a table with {names}.",
        file=source,
        remedy="Name the delimiter.",
    )


def _detect_in_sample(text: str, skip_titles: bool) -> str | None:
    """The delimiter of a large file, where no other occurs in it as often as lines do.

    Another delimiter could make a table of the whole file only if it stood in
    every row, so the first rows settle it; the whole file is checked when it is
    read.
    """
    end = text.rfind("\n", 0, SAMPLE)
    while end > SAMPLE // 2 and text.count('"', 0, end + 1) % 2:
        end = text.rfind("\n", 0, end)  # not in the middle of a quoted cell
    if end <= SAMPLE // 2:
        return None
    fits = [d for d in DELIMITERS if _widths(text[: end + 1], d, skip_titles) is not None]
    return fits[0] if len(fits) == 1 else None


def _holds_rival(rows: Iterable[Sequence[str]], rivals: set[str]) -> bool:
    """Whether a cell holds another possible delimiter, decimal commas apart."""
    for row in rows:
        for cell in row:
            if any(d in cell for d in rivals) and not _ENDS_WITH_COMMA_DECIMAL.fullmatch(
                cell.strip()
            ):
                return True
    return False


def _detect_decimal(cells: Sequence[str], source: Path, *, dots_part_thousands: bool) -> str:
    """The decimal sign; refused where each of the signs may as well part thousands.

    A file separated by commas comes from where the decimal sign is a point. In others,
    12.000 with no other number beside it that tells is twelve or twelve thousand.
    """
    stripped = [cell.strip() for cell in cells if "," in cell or "." in cell]
    comma = [c for c in stripped if _COMMA_NUMBER.fullmatch(c)]
    dot = [c for c in stripped if _DOT_NUMBER.fullmatch(c)]
    if comma and dot:
        raise DataError(
            f"The decimal sign is ambiguous: {comma[0]!r} and {dot[0]!r} stand in one file.",
            file=source,
            remedy="Write all numbers alike, or name the decimal sign.",
        )
    if comma and all(_COMMA_THOUSANDS.fullmatch(c) for c in comma):
        raise DataError(
            f"{comma[0]!r} may mean {comma[0].replace(',', '.')} or {comma[0].replace(',', '')}.",
            file=source,
            remedy="Remove thousands separators, or name the decimal sign.",
        )
    if dot and dots_part_thousands and all(_DOT_THOUSANDS.fullmatch(c) for c in dot):
        number, whole = dot[0], dot[0].replace(".", "")
        raise DataError(
            f"{number!r} may mean {float(number.replace(_MINUS, '-')):g} or {whole}.",
            file=source,
            remedy=f"Write {whole} if the dot parts thousands, {number}0 if it is a decimal point.",
        )
    return "," if comma else "."


def _check_header(header: Sequence[str], source: Path) -> None:
    seen: dict[str, int] = {}
    for position, name in enumerate(header, start=1):
        if name and name in seen:
            raise DataError(
                f"The columns {seen[name]} and {position} are both called {name!r}.",
                file=source,
                row=1,
                remedy="Give every column a name of its own.",
            )
        seen[name] = position
    if sum(not name for name in header) > 1:
        raise DataError(
            "More than one column has no name.",
            file=source,
            row=1,
            remedy="Name every column, and remove lines above the header.",
        )


def to_numbers(
    frame: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    decimal: str = ".",
    file: PathLike | None = None,
) -> pd.DataFrame:
    """Turn text columns into float64; an empty cell becomes NaN.

    Parameters
    ----------
    frame : DataFrame
        Left as it is; a new frame comes back.
    columns : sequence of str, optional
        All columns when not given.
    decimal : {".", ","}
        The decimal sign. With a comma, a number with a dot is refused: 12.000 is
        neither 12 nor 12000 for sure.
    file : path, optional
        Named in the error.

    Raises
    ------
    DataError
        Names the row (the header is row 1), the column and the cell that is
        not a number.

    Examples
    --------
    >>> import pandas as pd
    >>> to_numbers(pd.DataFrame({"x": ["1,5", ""]}), decimal=",")["x"].tolist()
    [1.5, nan]
    """
    out = frame.copy()
    for column in frame.columns if columns is None else columns:
        numbers, bad = _parse_numbers(frame[column], decimal)
        if bad.any():
            row = int(bad.argmax())
            cell = frame[column].iloc[row]
            shown = f"{cell[:60]}…" if isinstance(cell, str) and len(cell) > 60 else cell
            raise DataError(
                f"{shown!r} is not a number.",
                file=file,
                row=row + 2,
                column=str(column),
                remedy=_dotted_remedy(str(cell)) if decimal == "," else number_remedy(str(cell)),
            )
        out[column] = numbers
    return out


def _parse_numbers(
    column: pd.Series[Any], decimal: str
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The cells as numbers, and which filled cells are none; equal cells are read once."""
    import numpy as np
    import pandas as pd

    if pd.api.types.is_integer_dtype(column) or pd.api.types.is_float_dtype(column):
        numbers = column.to_numpy(dtype="float64", na_value=np.nan)
        return numbers, np.zeros(len(column), dtype=bool)
    missing = column.isna().to_numpy()
    cells = ["" if gone else str(cell) for cell, gone in zip(column, missing, strict=True)]
    codes, distinct = pd.factorize(np.array(cells, dtype=object))
    text = pd.Series(distinct, dtype=object).astype(str).str.strip()
    text = text.str.replace("\N{MINUS SIGN}", "-")
    dotted = text.str.contains(".", regex=False) & (decimal == ",")
    if decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    values = pd.to_numeric(text.replace("", "nan"), errors="coerce").astype("float64")
    wrong = (values.isna() | dotted) & ~text.str.lower().isin(["", "nan", "na"])
    every = np.asarray(values, dtype=np.float64)
    return every[codes], wrong.to_numpy(dtype=bool)[codes]


def _dotted_remedy(cell: str) -> str | None:
    """What to do about a cell with a dot where the decimal sign is a comma."""
    if _DOT_THOUSANDS.fullmatch(cell.strip()):
        return f"Write {cell.strip().replace('.', '')}, without a sign between thousands."
    if "." in cell:
        return "The decimal sign of this table is a comma: write all numbers alike."
    return number_remedy(cell)


def number_remedy(cell: str) -> str | None:
    """What to do about a cell that should be a number, where it can be guessed.

    Examples
    --------
    >>> number_remedy("o"), number_remedy("-1o")
    ('Did you mean 0 (the digit)?', 'Did you mean -10 (with digits)?')
    """
    text = cell.strip()
    if text in ("-", "\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}"):
        return "A lone dash is no value: empty the cell, or type the value."
    if text in ("?", ".", "/", "x", "X"):
        return "Empty the cell, or type the value."
    if text in ("o", "O"):
        return "Did you mean 0 (the digit)?"
    if re.fullmatch(r"[+\N{MINUS SIGN}-]?[\doOlI]{1,4}", text):
        guess = text.translate(str.maketrans("oOlI", "0011"))
        return f"Did you mean {guess} (with digits)?"
    if re.fullmatch(r"[\N{EN DASH}\N{EM DASH}]\s*\d+", text):
        return f"Type the minus as a hyphen: -{text[1:].strip()}."
    return None


def read_table(path: PathLike, *, sheet: str | None = None) -> pd.DataFrame:
    """Read a table from CSV-like text, Excel or Parquet, numbers as numbers.

    A text column in which every filled cell is a plain number becomes float64.
    All others stay text, codes such as ``01234`` or ``1e3`` and words such as
    ``NA`` among them; only an empty cell is missing.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, ``.txt``, ``.xlsx`` or ``.parquet``.
    sheet : str, optional
        Sheet of a workbook; the first one when not given.

    Raises
    ------
    DataError
        As :func:`read_delimited` and :func:`open_workbook` do, and for a kind
        of file that is not known.
    """
    source = _path_of(path)
    ending = source.suffix.lower()
    if ending in _TEXT_ENDINGS:
        frame, report = read_delimited(source)
        return _typed(frame, report.decimal, source)
    if ending in _SHEET_ENDINGS:
        return _read_sheet(source, sheet)[0]
    if ending in (".parquet", ".pq"):
        return _read_parquet(source)
    raise DataError(
        f"Files that end in {ending or 'nothing'!r} are not known.",
        file=source,
        remedy="Use CSV, Excel (.xlsx) or Parquet.",
    )


def _read_parquet(source: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    head_of(source)
    try:
        with pq.ParquetFile(source) as file:
            n_rows, n_columns = file.metadata.num_rows, file.metadata.num_columns
        if n_rows * n_columns <= MAX_CELLS:
            table = pq.read_table(source, partitioning=None)
            table.validate(full=True)  # before damaged offsets are followed
            frame: pd.DataFrame = table.to_pandas()
    except Exception as error:  # pyarrow raises many kinds on damaged files
        raise DataError(
            f"The file cannot be read as Parquet ({type(error).__name__}).",
            file=source,
            remedy="Write it anew, or save it as CSV.",
        ) from None
    if n_rows * n_columns > MAX_CELLS:
        raise DataError(
            f"The file has {n_rows:,} rows and {n_columns:,} columns.",
            file=source,
            remedy="Open it with polars.scan_parquet and give the lazy frame.",
        )
    return frame


def _typed(frame: pd.DataFrame, decimal: str, source: Path) -> pd.DataFrame:
    out = frame.copy()
    for column in frame.columns:
        filled = [cell for cell in frame[column] if cell != ""]
        if filled and all(_PLAIN_NUMBER.fullmatch(cell) for cell in filled):
            out[column] = to_numbers(frame, [column], decimal=decimal, file=source)[column]
        else:
            out[column] = frame[column].where(frame[column] != "", None)
    return out


def _path_of(path: object) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"{path!r} is not the path of a file.")
    return Path(path)


def read_below_titles(
    path: PathLike, *, sheet: str | None = None
) -> tuple[pd.DataFrame, tuple[int, ...]]:
    r"""Read a table as :func:`read_table` does, and leave titles above its header.

    Returns
    -------
    frame : DataFrame
    rows : tuple of int
        Number of each row below the header, as a spreadsheet counts; none for Parquet.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "seats.csv"
    >>> _ = path.write_text("Seats of the panel,,\n,,\nage,min,max\n16-34,3,4\n")
    >>> read_below_titles(path)[1]
    (4,)
    """
    ending = _path_of(path).suffix.lower()
    if ending in _TEXT_ENDINGS:
        frame, report = read_delimited(path, skip_titles=True)
        return _typed(frame, report.decimal, Path(path)), report.row_numbers
    if ending in _SHEET_ENDINGS:
        frame, rows, _ = read_sheet(path, sheet=sheet)
        return frame, rows
    return read_table(path, sheet=sheet), ()


def read_sheet(
    path: PathLike, *, sheet: str | None = None
) -> tuple[pd.DataFrame, tuple[int, ...], str]:
    """Read a sheet with titles above its header, as official tables have them.

    Lines that hold one or two cells only, above a full header, are left, as
    ``read_delimited(..., skip_titles=True)`` does.

    Parameters
    ----------
    path : path
    sheet : str, optional
        The first one when not given.

    Returns
    -------
    frame : DataFrame
    rows : tuple of int
        Number of each row below the header, as a spreadsheet counts.
    titles : str
        What stood above the header; empty where nothing did.

    Raises
    ------
    DataError
        As :func:`open_workbook` does; an empty sheet, a header that is no header.
    """
    return _read_sheet(Path(path), sheet, skip_titles=True)


def _read_sheet(
    source: Path, sheet: str | None, *, skip_titles: bool = False
) -> tuple[pd.DataFrame, tuple[int, ...], str]:
    import pandas as pd

    book = open_workbook(source)
    if sheet is not None and sheet not in book.sheetnames:
        raise DataError(
            f"The workbook has no sheet {sheet!r}.",
            file=source,
            remedy=f"Its sheets are {', '.join(map(repr, book.sheetnames))}.",
        )
    page = book[sheet] if sheet is not None else book.worksheets[0]
    every = [(n, list(row)) for n, row in enumerate(page.iter_rows(values_only=True), start=1)]
    every = [(n, row) for n, row in every if any(cell is not None for cell in row)]
    if not every:
        raise DataError(
            "The sheet is empty.",
            file=source,
            remedy=f"Its workbook has the sheets {', '.join(map(repr, book.sheetnames))}.",
        )
    width = len(every[0][1])
    filled = [i for i in range(width) if any(row[i] is not None for _, row in every)]
    rows = [[row[i] for i in filled] for _, row in every]
    n = _count_titles([_as_texts(row) for row in rows]) if skip_titles else 0
    titles = "; ".join(cell for row in rows[:n] for cell in _as_texts(row) if cell)
    header = _as_texts(rows[n])
    _check_header(header, source)
    frame = pd.DataFrame(rows[n + 1 :], columns=header)
    return frame, tuple(number for number, _ in every[n + 1 :]), titles


def _as_texts(row: Sequence[object]) -> list[str]:
    return ["" if cell is None else str(cell).strip() for cell in row]


# --- writers -----------------------------------------------------------------------


def write_csv(frame: Any, path: PathLike, *, escape_formulas: bool = True) -> None:
    """Write a frame of any kind as UTF-8 CSV, whole or not at all.

    Parameters
    ----------
    frame : DataFrame
        pandas, polars, pyarrow ...
    path : path
        Where to.
    escape_formulas : bool
        Neutralise text that a spreadsheet would run (:func:`safe_cell`).
    """
    table = to_pandas(frame)
    if escape_formulas:
        table = table.apply(lambda column: column.map(safe_cell)) if len(table) else table
        table = table.rename(columns=lambda name: safe_cell(str(name)))
    quoting: Any = csv.QUOTE_NONNUMERIC if _has_returns(table) else csv.QUOTE_MINIMAL
    with atomic_write(path) as target:
        table.to_csv(target, index=False, encoding="utf-8", lineterminator="\n", quoting=quoting)


def _has_returns(table: pd.DataFrame) -> bool:
    """Whether a text holds a carriage return, which would begin a row unless it is quoted."""
    texts = (table.iloc[:, place] for place in range(table.shape[1]))
    return any("\r" in str(name) for name in table.columns) or any(
        isinstance(cell, str) and "\r" in cell
        for column in texts
        if column.dtype.kind not in "biufM"
        for cell in column
    )


def write_workbook(
    path: PathLike,
    sheets: Mapping[str, Any],
    *,
    formats: Mapping[str, str] | None = None,
    notes: Sequence[tuple[str, str]] = (),
) -> None:
    """Write tables as one Excel workbook, a sheet a table, formatted.

    Text is stored as text and never as a formula. Numbers keep full precision;
    only their display is rounded.

    Parameters
    ----------
    path : path
        Ends in ``.xlsx``.
    sheets : mapping of sheet name to frame
        Sheet names may have at most 31 characters.
    formats : mapping of column name to Excel number format, optional
        ``0.00`` for floats when not given.
    notes : sequence of (heading, text), optional
        Written on a first sheet called *About*, a row a paragraph; a heading that is the name of a
        sheet is a link to it.

    Raises
    ------
    DataError
        Wrong ending, no sheet, or a sheet name that Excel does not allow.
    """
    import openpyxl

    final = Path(path)
    if final.suffix.lower() != ".xlsx":
        raise DataError("A workbook's name must end in .xlsx.", file=final)
    if not sheets:
        raise DataError("There is no table to write.", file=final)
    for name in sheets:
        if not name or len(name) > 31 or re.search(r"[\[\]:*?/\\]", name):
            raise DataError(f"{name!r} cannot be the name of a sheet.", file=final)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    if notes:
        _write_notes(book.create_sheet("About"), notes, set(sheets))
    for name, frame in sheets.items():
        _write_sheet(book.create_sheet(name), to_pandas(frame), formats or {})
    with atomic_write(final) as target:
        save_workbook(book, target)


def _write_notes(page: Worksheet, notes: Sequence[tuple[str, str]], linked: set[str]) -> None:
    """The notes; a heading that names a sheet leads there."""
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.hyperlink import Hyperlink

    page.column_dimensions["A"].width = 24
    page.column_dimensions["B"].width = 100
    lines = [
        (heading if place == 0 else "", part)
        for heading, text in notes
        for place, part in enumerate(_parts_of(text))
    ]
    for row, (heading, text) in enumerate(lines, start=1):
        cell = _put(page, row, 1, heading or None)
        cell.font = Font(bold=True)
        if heading in linked:
            place = "'{}'!A1".format(heading.replace("'", "''"))
            cell.hyperlink = Hyperlink(ref=cell.coordinate, location=place, display=heading)
            cell.font = Font(bold=True, color="0563C1", underline="single")
        cell.alignment = Alignment(vertical="top")
        _put(page, row, 2, text).alignment = Alignment(wrap_text=True, vertical="top")
        lines_shown = sum(max(1, -(-len(line) // 105)) for line in text.split("\n"))
        page.row_dimensions[row].height = min(15 * lines_shown, 405)  # 105 signs a line


def _parts_of(text: str) -> list[str]:
    """The paragraphs of a text; one empty part where there is none."""
    return [part.strip() for part in text.split("\n\n") if part.strip()] or [""]


def _write_sheet(page: Worksheet, frame: pd.DataFrame, formats: Mapping[str, str]) -> None:
    from openpyxl.styles import Alignment, Border, Font, Side
    from openpyxl.utils import get_column_letter

    line = Border(bottom=Side(style="thin"))
    for column, name in enumerate(frame.columns, start=1):
        cell = _put(page, 1, column, str(name))
        cell.font, cell.border = Font(bold=True), line
        cell.alignment = Alignment(wrap_text=True, vertical="bottom")
        values = frame.iloc[:, column - 1].tolist()
        widest = len(str(name))
        for row, value in enumerate(values, start=2):
            cell = _put(page, row, column, value)
            if isinstance(value, float):
                cell.number_format = formats.get(str(name), "0.00")
                widest = max(widest, 8)
            elif isinstance(value, str):
                widest = max(widest, len(value))
                cell.alignment = Alignment(wrap_text=len(value) > 60, vertical="top")
        page.column_dimensions[get_column_letter(column)].width = min(widest + 2, 62)
    page.freeze_panes = "B2"


def _put(page: Worksheet, row: int, column: int, value: object) -> Any:
    """One cell: text as text, missing as empty, numpy numbers as plain ones."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell: Any = page.cell(row=row, column=column)
    if value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value:
        return cell
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        value = str(value)
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:32767]
        cell.data_type = "s"  # never a formula
        cell.quotePrefix = value.startswith(("=", "+", "-", "@"))
    else:
        cell.value = value
    return cell
