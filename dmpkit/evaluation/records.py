"""Tables of records as people keep them: read, checked, and told where they err.

A :class:`RecordKind` says which columns a table of records has and what may
stand in them; :func:`read_records` and :func:`check_records` hand back a clean
table, or one :class:`~dmpkit.errors.DataError` that names the first mistakes
and how many there are. Case and stray blanks are forgiven; an empty cell stays
empty, also where a number is expected.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.record_cells import (
    cell_text,
    grouped,
    nearest,
    plain_word,
    read_choice,
    read_date,
    read_number,
    split_ids,
    visible,
)
from dmpkit.tables import open_workbook, read_delimited, to_pandas
from dmpkit.wording import listed

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

__all__ = [
    "Field",
    "Finding",
    "RecordKind",
    "Rule",
    "check_records",
    "find_records",
    "gather_records",
    "nearest",
    "read_records",
    "split_ids",
]

PathLike: TypeAlias = str | os.PathLike[str]
Kind = Literal["text", "id", "ids", "number", "date", "yes-no"]
#: What a rule finds: position of the row from 0, column, problem, remedy.
Finding: TypeAlias = tuple[int, str, str, str | None]
#: A check across the columns of a clean table.
Rule: TypeAlias = Callable[[pd.DataFrame], Iterable[Finding]]
KINDS = ("text", "id", "ids", "number", "date", "yes-no")

#: Mistakes of a table that one message spells out.
SHOWN_MISTAKES = 5
YES_NO = {"y": "yes", "true": "yes", "1": "yes", "n": "no", "false": "no", "0": "no"}


@dataclass(frozen=True)
class Field:
    """One column of a table of records: what may stand in it.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"text", "id", "ids", "number", "date", "yes-no"}
        ``id`` is one short label, ``ids`` are several parted by ``;``, commas or
        blanks (by ``;`` alone where `choices` are given), a date is written
        year-month-day.
    required : bool
        The column must be there and every cell of it filled.
    choices : sequence of str
        The words allowed; any where empty.
    low, high : float, optional
        Smallest and largest number allowed.
    also : mapping of str to str
        Other ways to write a choice, e.g. ``{"n/a": "not applicable"}``.
    aliases : sequence of str
        Other names of the column.
    called : str
        What a choice is, for the message about one that is none.

    Examples
    --------
    >>> Field("score", kind="number", low=0, high=4).kind
    'number'
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: Sequence[str] = ()
    low: float | None = None
    high: float | None = None
    also: Mapping[str, str] = field(default_factory=dict)
    aliases: Sequence[str] = ()
    called: str = "one of the words allowed here"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise DataError(
                f"{self.kind!r} is not a kind of column.", remedy=f"Use one of {listed(KINDS)}."
            )


@dataclass(frozen=True)
class RecordKind:
    """A table of records: its name, its file, its columns and what makes a row unique.

    Parameters
    ----------
    name : str
        What the records are called, also the name of the sheet in a workbook.
    file : str
        Name of the file in a folder.
    fields : sequence of Field
        The columns in their order.
    key : sequence of str
        Columns which together stand once only; none where rows may repeat.

    Examples
    --------
    >>> RecordKind("goals", "goals.csv", [Field("goal", required=True)], key=["goal"]).columns
    ['goal']
    """

    name: str
    file: str
    fields: Sequence[Field]
    key: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """Names of the columns in their order."""
        return [each.name for each in self.fields]

    def empty(self) -> pd.DataFrame:
        """A table of this kind without a row."""
        numbers = {each.name for each in self.fields if each.kind == "number"}
        return pd.DataFrame(
            {c: pd.Series(dtype="float64" if c in numbers else "str") for c in self.columns}
        )


@dataclass(frozen=True)
class _Mistake:
    """One thing wrong, with its place."""

    problem: str
    row: int | None = None
    column: str | None = None
    remedy: str | None = None

    def __str__(self) -> str:
        return str(DataError(self.problem, row=self.row, column=self.column, remedy=self.remedy))


def read_records(
    path: PathLike, kind: RecordKind, *, sheet: str | None = None, rules: Sequence[Rule] = ()
) -> pd.DataFrame:
    r"""Read a table of records from delimited text or a sheet, and check it.

    Parameters
    ----------
    path : path
        Delimited text as :func:`dmpkit.tables.read_delimited` takes it, or ``.xlsx``.
    kind : RecordKind
        What the table should hold.
    sheet : str, optional
        Sheet of a workbook; the one called as `kind` when not given.
    rules : sequence of callable
        As :func:`check_records` takes them.

    Returns
    -------
    DataFrame
        As :func:`check_records` gives it.

    Raises
    ------
    DataError
        As `read_delimited` does, and for what `check_records` finds.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "goals.csv"
    >>> _ = path.write_text("goal;reached\n new law ; YES\n")
    >>> goals = RecordKind("goals", "goals.csv",
    ...                    [Field("goal", required=True), Field("reached", kind="yes-no")])
    >>> read_records(path, goals).iloc[0].tolist()
    ['new law', 'yes']
    """
    source = Path(path)
    frame, rows, decimal = _opened(source, sheet or kind.name)
    return _checked(frame, kind, file=source, rows=rows, decimal=decimal, rules=rules)


def _opened(source: Path, sheet: str) -> tuple[pd.DataFrame, list[int], str]:
    """The cells of a file or sheet, the number of each row, and the decimal sign."""
    if source.suffix.lower() in (".xlsx", ".xlsm"):
        frame, numbers = _sheet(source, sheet)
        return frame, numbers, "."
    frame, report = read_delimited(source, settle_dots=False)  # the columns' bounds tell more
    return frame, list(report.row_numbers), report.decimal


def gather_records(
    place: PathLike, kind: RecordKind, *, rules: Sequence[Rule] = ()
) -> tuple[pd.DataFrame | None, tuple[DataError, ...]]:
    r"""The records of a kind as far as they can be read, and every mistake, without stopping.

    Parameters
    ----------
    place, kind, rules
        As :func:`find_records` takes them.

    Returns
    -------
    frame : DataFrame or None
        What could be read, a wrong cell empty; None where there is no such table, or
        where it cannot be opened.
    mistakes : tuple of DataError
        One each, by row.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "goals.csv").write_text("goal,set_on\na law,soon\n,2024-01-02\n")
    >>> goals = RecordKind("goals", "goals.csv",
    ...                    [Field("goal", required=True), Field("set_on", kind="date")])
    >>> frame, mistakes = gather_records(folder, goals)
    >>> len(frame), [(m.row, m.column) for m in mistakes]
    (2, [(2, 'set_on'), (3, 'goal')])
    """
    found = _find(place, kind)
    if found is None:
        return None, ()
    source, sheet = found
    try:
        frame, rows, decimal = _opened(source, sheet or kind.name)
    except DataError as error:
        return None, (error,)
    out, mistakes = _cleaned(frame, kind, rows, decimal, rules)
    named = source if sheet is None else f"sheet {sheet}"
    ranked = sorted(mistakes, key=lambda m: (m.row is not None, m.row or 0))
    return out, tuple(
        DataError(m.problem, file=named, row=m.row, column=m.column, remedy=m.remedy)
        for m in ranked
    )


def find_records(
    place: PathLike, kind: RecordKind, *, rules: Sequence[Rule] = ()
) -> pd.DataFrame | None:
    """The records of a kind from a folder of files or a workbook; None where it has none.

    Parameters
    ----------
    place : path
        A folder that may hold the kind's file, or an ``.xlsx`` that may hold a
        sheet of the kind's name (in any case).
    kind : RecordKind
        What the table should hold.
    rules : sequence of callable
        As :func:`check_records` takes them.

    Raises
    ------
    DataError
        If `place` does not exist or the table is there and has mistakes.
    """
    found = _find(place, kind)
    if found is None:
        return None
    source, sheet = found
    return read_records(source, kind, sheet=sheet, rules=rules)


def _find(place: PathLike, kind: RecordKind) -> tuple[Path, str | None] | None:
    """The file of a kind and the sheet in it, where there is one."""
    source = Path(place)
    if source.is_dir():
        stem = Path(kind.file).stem
        for ending in (Path(kind.file).suffix, ".tsv", ".txt"):
            if (source / f"{stem}{ending}").is_file():
                return source / f"{stem}{ending}", None
        return None
    if source.suffix.lower() not in (".xlsx", ".xlsm"):
        raise DataError(
            "There is no such folder." if not source.exists() else "This is not a folder.",
            file=source,
            remedy="Name the folder of the evaluation's files, or a workbook (.xlsx).",
        )
    wanted = {plain_word(kind.name), plain_word(Path(kind.file).stem)}
    found = [name for name in _book(source).sheetnames if plain_word(name) in wanted]
    return (source, found[0]) if found else None


def check_records(
    frame: Any, kind: RecordKind, *, file: PathLike | None = None, rules: Sequence[Rule] = ()
) -> pd.DataFrame:
    """Check a table of records and put it into its clean form.

    Parameters
    ----------
    frame : DataFrame
        pandas, polars …; cells may be text, numbers, dates or missing.
    kind : RecordKind
        What the table should hold.
    file : path, optional
        Named in the error.
    rules : sequence of callable
        Checks across columns: each takes the clean table and gives what it finds,
        as (position of the row from 0, column, problem, remedy or None).

    Returns
    -------
    DataFrame
        The columns of `kind` in their order, then any other column of `frame`.
        Columns are text, an empty cell the empty string; numbers are float64, an
        empty cell NaN; dates are text year-month-day; several ids are parted by
        ``"; "``. A column that is not required and not there is empty.

    Raises
    ------
    DataError
        Names the first mistakes, each with row (the header is row 1) and column,
        and how many there are: a column absent or misspelt, an empty cell where
        one must be filled, a word that is not allowed (with the nearest one that
        is), a number out of range, a date that cannot be read, a row that stands
        twice.

    Examples
    --------
    >>> kind = RecordKind("ratings", "ratings.csv", [
    ...     Field("criterion", kind="id", required=True),
    ...     Field("status", choices=["assessed", "not assessed"]),
    ...     Field("score", kind="number", low=0, high=4)], key=["criterion"])
    >>> check_records(pd.DataFrame({"criterion": ["C01"], "status": ["Assesed"]}), kind)
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: row 2, column status: 'Assesed' is not one of the words \
allowed here. Did you mean 'assessed'?
    >>> check_records(pd.DataFrame({"criterion": ["C01"], "Score": ["3"]}), kind)
      criterion status  score
    0       C01           3.0
    """
    table = to_pandas(frame, what=f"table of {kind.name}")
    return _checked(table, kind, file=file, rules=rules)


def _checked(
    frame: pd.DataFrame,
    kind: RecordKind,
    *,
    file: PathLike | None = None,
    rows: Sequence[int] | None = None,
    decimal: str = ".",
    rules: Sequence[Rule] = (),
) -> pd.DataFrame:
    """The clean table, or the error that lists its mistakes."""
    out, mistakes = _cleaned(frame, kind, rows, decimal, rules)
    _refuse(mistakes, file)
    return out


def _cleaned(
    frame: pd.DataFrame,
    kind: RecordKind,
    rows: Sequence[int] | None,
    decimal: str,
    rules: Sequence[Rule],
) -> tuple[pd.DataFrame, list[_Mistake]]:
    """The table as far as it can be read, and its mistakes."""
    table, unknown, mistakes = _named(frame, kind)
    where = list(rows) if rows is not None else list(range(2, len(table) + 2))
    clean: dict[str, Any] = {}
    unsure = _unsure(table, kind)
    for each in kind.fields:
        if each.name in table.columns:
            clean[each.name] = _column(
                table[each.name], each, where, decimal, mistakes, unsure=unsure
            )
        else:
            blank = math.nan if each.kind == "number" else ""
            clean[each.name] = [blank] * len(table)
    out = pd.DataFrame(clean, columns=kind.columns, index=range(len(table)))
    for each in kind.fields:
        out[each.name] = out[each.name].astype("float64" if each.kind == "number" else "str")
    for name in unknown:
        out[name] = pd.Series([cell_text(cell) for cell in table[name]], dtype="str")
    mistakes += _doubled(out, kind, where)
    wrong = {(mistake.row, mistake.column) for mistake in mistakes}
    for rule in rules:
        for position, column, problem, remedy in rule(out):
            if (where[position], column) not in wrong:  # said already of this cell
                mistakes.append(_Mistake(problem, where[position], column, remedy))
    return out, mistakes


def _refuse(mistakes: Sequence[_Mistake], file: PathLike | None) -> None:
    """One error for all mistakes: the first few in words, and how many there are."""
    if not mistakes:
        return
    ranked = sorted(mistakes, key=lambda m: (m.row is not None, m.row or 0))
    first, others = ranked[0], ranked[1:SHOWN_MISTAKES]
    more = "".join(f" Also {mistake}" for mistake in others)
    shown = f" (The first {SHOWN_MISTAKES} are shown.)" if len(mistakes) > SHOWN_MISTAKES else ""
    own = f"{first.problem} {first.remedy}" if first.remedy and others else first.problem
    raise DataError(
        f"{own}{more}",
        file=file,
        row=first.row,
        column=first.column,
        remedy=f"{len(mistakes)} mistakes in all.{shown}" if others else first.remedy,
    )


def _named(frame: pd.DataFrame, kind: RecordKind) -> tuple[pd.DataFrame, list[str], list[_Mistake]]:
    """The frame with the kind's names of columns, the columns it does not know, and mistakes."""
    known = {plain_word(n): each.name for each in kind.fields for n in (each.name, *each.aliases)}
    names = [" ".join(visible(str(column)).split()) for column in frame.columns]
    mine = [known.get(plain_word(name), name) for name in names]
    mistakes = [
        _Mistake(f"The column {name!r} stands more than once.", remedy="Keep one of them.")
        for name in dict.fromkeys(n for n in mine if mine.count(n) > 1)
    ]
    if mistakes:
        return frame.iloc[:, :0].set_axis([], axis=1), [], mistakes
    absent = [each for each in kind.fields if each.name not in mine]
    unknown = [name for name in mine if name not in kind.columns]
    for name in unknown:
        near = get_close_matches(
            plain_word(name), [plain_word(each.name) for each in absent], 1, 0.8
        )
        if near:
            mistakes.append(
                _Mistake(
                    f"The column {name!r} is not known.",
                    remedy=f"Did you mean {known[near[0]]!r}? Rename it.",
                )
            )
            absent = [each for each in absent if plain_word(each.name) != near[0]]
    for each in absent:
        if each.required:
            remedy = f"The table has {listed(map(repr, names[:12]), 'and') or 'no column'}."
            near = get_close_matches(each.name, map(plain_word, unknown), 1, 0.6)
            if near:
                like = next(name for name in unknown if plain_word(name) == near[0])
                remedy = f"Did you mean {like!r}? Then rename it."
            mistakes.append(_Mistake(f"Column {each.name!r} is missing.", remedy=remedy))
    return frame.set_axis(mine, axis=1), [name for name in unknown if name], mistakes


def _unsure(table: pd.DataFrame, kind: RecordKind) -> bool:
    """Whether every dot in the numbers of a table may part thousands, as in 12.000."""
    columns = [f.name for f in kind.fields if f.kind == "number" and f.name in table.columns]
    dotted = {
        grouped(cell)
        for column in columns
        for cell in table[column]
        if isinstance(cell, str) and "." in cell
    }
    return True in dotted and False not in dotted


def _column(
    column: pd.Series[Any],
    each: Field,
    rows: Sequence[int],
    decimal: str,
    mistakes: list[_Mistake],
    *,
    unsure: bool,
) -> list[Any]:
    """The cells of a column in their clean form; what is wrong goes to `mistakes`."""
    out: list[Any] = []
    for cell, row in zip(column, rows, strict=True):
        text = cell_text(cell)
        if not visible(text).strip():
            if each.required:
                mistakes.append(_Mistake("The cell is empty.", row, each.name, "Fill it in."))
            out.append(math.nan if each.kind == "number" else "")
            continue
        try:
            out.append(_value(text, each, decimal, unsure=unsure and isinstance(cell, str)))
        except DataError as error:
            mistakes.append(_Mistake(error.problem, row, each.name, error.remedy))
            out.append(math.nan if each.kind == "number" else "")
    return out


def _value(text: str, each: Field, decimal: str, *, unsure: bool) -> str | float:
    """One filled cell in its clean form."""
    if each.kind == "number":
        return read_number(text, each.low, each.high, decimal, unsure=unsure)
    if each.kind == "date":
        return read_date(text)
    if each.kind == "yes-no":
        return read_choice(text, ("yes", "no"), {**YES_NO, **each.also}, each.called)
    if each.kind == "ids":
        parts = split_ids(text, only_semicolons=bool(each.choices))
        return "; ".join(
            dict.fromkeys(
                read_choice(p, each.choices, each.also, each.called) if each.choices else p
                for p in parts
            )
        )
    if each.choices:
        return read_choice(text, each.choices, each.also, each.called)
    return " ".join(visible(text).split()) if each.kind == "id" else text


def _doubled(out: pd.DataFrame, kind: RecordKind, rows: Sequence[int]) -> list[_Mistake]:
    """Rows whose key stands earlier already."""
    if not kind.key:
        return []
    first: dict[tuple[str, ...], int] = {}
    found = []
    for values, row in zip(out[list(kind.key)].itertuples(index=False), rows, strict=True):
        key = tuple(plain_word(str(value)) for value in values)
        if not any(key):
            continue  # said already: the cells are empty
        if key in first:
            what = listed([f"{c} {v!r}" for c, v in zip(kind.key, values, strict=True)], "and")
            found.append(
                _Mistake(
                    f"The record of {what} stands in row {first[key]} already.",
                    row,
                    kind.key[0],
                    "Keep one of the two.",
                )
            )
        first.setdefault(key, row)
    return found


def _book(source: Path) -> Workbook:
    """The workbook, opened once for all its sheets as long as it does not change."""
    try:
        facts = source.stat()
    except OSError:
        return open_workbook(source)  # says what is wrong
    return _opened_book(str(source), facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=1)
def _opened_book(path: str, _changed: int, _size: int) -> Workbook:
    return open_workbook(path)


def _sheet(source: Path, sheet: str) -> tuple[pd.DataFrame, list[int]]:
    """A sheet's cells and the row numbers; empty rows and nameless empty columns are left out."""
    book = _book(source)
    names = [name for name in book.sheetnames if plain_word(name) == plain_word(sheet)]
    if not names:
        raise DataError(
            f"The workbook has no sheet {sheet!r}.",
            file=source,
            remedy=f"Its sheets are {listed(map(repr, book.sheetnames), 'and')}.",
        )
    numbered = [
        (number, list(row))
        for number, row in enumerate(book[names[0]].iter_rows(values_only=True), start=1)
        if any(cell_text(cell) for cell in row)
    ]
    if not numbered:
        raise DataError(f"The sheet {names[0]!r} is empty.", file=source)
    header = [cell_text(cell) for cell in numbered[0][1]]
    kept = [
        place
        for place, name in enumerate(header)
        if name or any(cell_text(row[place]) for _, row in numbered[1:])
    ]
    frame = pd.DataFrame(
        [[row[place] for place in kept] for _, row in numbered[1:]],
        columns=[header[place] for place in kept],
        dtype=object,
    )
    return frame, [number for number, _ in numbered[1:]]
