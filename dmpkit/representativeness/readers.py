"""Populations and panels from files, in whichever of the usual shapes.

The shape is recognised by the header and said in the notes:

- *margins*: ``variable, category`` and ``count``, ``share`` or ``percent``;
- *joint table*: one column a variable and ``count``, one row a cell;
- *records*, or a *participant list*: one row a person.

CSV in any delimiter and with a decimal comma, Excel, and Parquet. Empty cells are
missing; the words ``NA``, ``None`` and ``nan`` are categories like any other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import pandas as pd

from dmpkit.errors import DataError, in_file
from dmpkit.representativeness.labels import UNKNOWN
from dmpkit.representativeness.panel import Panel
from dmpkit.representativeness.population import Population
from dmpkit.tables import read_delimited, read_sheet, read_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["read_panel", "read_population"]

PathLike: TypeAlias = str | os.PathLike[str]
PopulationKind = Literal["margins", "joint", "records"]
PanelKind = Literal["counts", "participants"]

_TEXT = (".csv", ".tsv", ".txt", ".dat")
_EXCEL = (".xlsx", ".xlsm")
_PARQUET = (".parquet", ".pq")
#: Header words that are recognised whatever their case.
_WORDS = ("variable", "category", "count", "share", "proportion", "percent", "percentage", "%")
_NUMBERS = _WORDS[2:]


def read_population(
    path: PathLike,
    *,
    kind: PopulationKind | None = None,
    variables: Sequence[str] | None = None,
    weight: str | None = None,
    sheet: str | None = None,
    size: float | None = None,
    renormalise: bool = False,
    unknown: Sequence[str] = UNKNOWN,
) -> Population:
    r"""Read a population: margins, a joint table, or records of people.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, ``.txt``, ``.xlsx`` or ``.parquet``. Records in a
        Parquet file are counted in batches and never held as a whole.
    kind : {"margins", "joint", "records"}, optional
        Recognised by the header when not given.
    variables : sequence of str, optional
        Of a joint table or records, the columns to use; all when not given.
    weight : str, optional
        Of records, the column of weights.
    sheet : str, optional
        Of a workbook; the first one when not given.
    size : float, optional
        Number of people, where the margins are shares.
    renormalise : bool
        Accept shares that are far from 100 %.
    unknown : sequence of str
        Labels that are no category (see :class:`Population`).

    Returns
    -------
    Population
        Its notes say how the file was understood.

    Raises
    ------
    DataError
        What is wrong, with file, row and column.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "census.csv"
    >>> _ = path.write_text("variable;category;percent\ngender;woman;51,2\ngender;man;48,8\n")
    >>> print(read_population(path).notes[0])
    census.csv: margins (semicolon-separated, utf-8, decimal comma)
    """
    _require_kind(kind, get_args(PopulationKind))
    source = _path(path)
    if source.suffix.lower() in _PARQUET and source.is_file():
        return _from_parquet(source, kind, variables, weight, size, renormalise, unknown)
    table = _read(source, sheet)
    found = kind or _population_kind(table.frame)
    with table.placed():
        if found == "margins":
            made = Population.from_margins(
                table.frame, size=size, renormalise=renormalise, unknown=unknown
            )
        elif found == "joint":
            frame = table.frame if variables is None else _picked(table.frame, variables)
            made = Population.from_joint(frame, unknown=unknown)
        else:
            made = Population.from_microdata(
                table.blanks_missing(), variables, weight=weight, unknown=unknown
            )
    return replace(made, notes=(table.note(found), *made.notes))


def read_panel(
    path: PathLike,
    *,
    kind: PanelKind | None = None,
    person: str | None = None,
    variables: Sequence[str] | None = None,
    sheet: str | None = None,
    unknown: Sequence[str] = UNKNOWN,
) -> Panel:
    r"""Read a panel: a participant list, or printed counts.

    Parameters
    ----------
    path : path
        ``.csv``, ``.tsv``, ``.txt``, ``.xlsx`` or ``.parquet``.
    kind : {"counts", "participants"}, optional
        Recognised by the header when not given: ``variable`` and ``category``
        make it counts.
    person : str, optional
        Column of ids (see :meth:`Panel.from_frame`).
    variables : sequence of str, optional
        Columns of a participant list that are to be compared.
    sheet : str, optional
        Of a workbook; the first one when not given.
    unknown : sequence of str
        Labels that are no category.

    Returns
    -------
    Panel
        Its notes say how the file was understood.

    Raises
    ------
    DataError
        What is wrong, with file, row and column.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "members.csv"
    >>> _ = path.write_text("person,gender,belief\n1,woman,None\n2,man,NA\n")
    >>> read_panel(path).of("belief").to_dict()
    {'NA': 1, 'None': 1}
    """
    _require_kind(kind, get_args(PanelKind))
    table = _read(Path(path), sheet)
    is_counts = {"variable", "category"} <= set(table.frame.columns)
    found = kind or ("counts" if is_counts else "participants")
    with table.placed():
        if found == "counts":
            made = Panel.from_counts(_with_count(table.frame), unknown=unknown)
        else:
            made = Panel.from_frame(
                table.blanks_missing(), person=person, variables=variables, unknown=unknown
            )
    words = "counts" if found == "counts" else "participant list"
    return replace(made, notes=(table.note(words), *made.notes))


@dataclass(frozen=True)
class _Read:
    """A file's table and what is needed to point into the file."""

    source: Path
    frame: pd.DataFrame
    how: str
    rows: tuple[int, ...]

    def note(self, kind: str) -> str:
        return f"{self.source.name}: {kind} ({self.how})"

    def blanks_missing(self) -> pd.DataFrame:
        return self.frame.replace({"": None})

    @contextmanager
    def placed(self) -> Iterator[None]:
        """Give an error the file, and the row as the file counts it."""
        try:
            with in_file(self.source):
                yield
        except DataError as error:
            if self.rows and isinstance(error.row, int) and 2 <= error.row < len(self.rows) + 2:
                error.row = self.rows[error.row - 2]
            raise


def _read(source: Path, sheet: str | None) -> _Read:
    if source.suffix.lower() in _TEXT:
        frame, report = read_delimited(source, skip_titles=True)
        how, rows = ", ".join(report.notes), report.row_numbers
        frame = _pointed(_named(frame), report.decimal)
    elif source.suffix.lower() in _EXCEL:
        frame, rows, titles = read_sheet(source, sheet=sheet)
        frame, how = _named(frame), source.suffix.lower().lstrip(".")
        how += f", sheet {sheet!r}" if sheet else ""
        how += f", left above the header: {titles[:100]}" if titles else ""
    else:
        frame = _named(read_table(source, sheet=sheet))
        how, rows = source.suffix.lower().lstrip("."), ()
        how += f", sheet {sheet!r}" if sheet else ""
    if not len(frame):
        raise DataError("The table has a header and no rows.", file=source)
    return _Read(source, frame, how, rows)


def _named(frame: pd.DataFrame) -> pd.DataFrame:
    """Words of the header that are recognised, in lower case."""
    names = [str(c).strip() for c in frame.columns]
    lower = [n.lower() if n.lower() in _WORDS else n for n in names]
    return frame.set_axis(lower if len(set(lower)) == len(lower) else names, axis=1)


def _pointed(frame: pd.DataFrame, decimal: str) -> pd.DataFrame:
    """Decimal commas of the columns of numbers as points."""
    if decimal != ",":
        return frame
    columns = {c: frame[c].str.replace(",", ".", regex=False) for c in frame if c in _NUMBERS}
    return frame.assign(**columns)


def _population_kind(frame: pd.DataFrame) -> PopulationKind:
    names = set(frame.columns)
    if {"variable", "category"} <= names:
        return "margins"
    return "joint" if "count" in names else "records"


def _picked(frame: pd.DataFrame, variables: Sequence[str]) -> pd.DataFrame:
    """A joint table of some of its variables, counts added up."""
    from dmpkit.representativeness.entries import to_amounts
    from dmpkit.tables import require_columns

    names = list(dict.fromkeys(variables))
    require_columns(frame, [*names, "count"])
    counted = frame[names].assign(count=to_amounts(frame["count"], "count"))
    return counted.groupby(names, sort=False, dropna=False)["count"].sum().reset_index()


def _with_count(frame: pd.DataFrame) -> pd.DataFrame:
    if "count" in frame.columns or not set(frame.columns) & set(_NUMBERS):
        return frame
    raise DataError(
        "The panel's table gives shares, not counts.",
        remedy="Give a column 'count': how many members each category has (share times the "
        "number of members, checked to add up to it).",
    )


def _path(path: object) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise DataError(f"{path!r} is not the path of a file.")
    return Path(path)


def _require_kind(kind: str | None, known: Sequence[str]) -> None:
    if kind is not None and kind not in known:
        raise DataError(
            f"{kind!r} is not a kind of table.", remedy=f"Use {' or '.join(map(repr, known))}."
        )


def _from_parquet(
    source: Path,
    kind: PopulationKind | None,
    variables: Sequence[str] | None,
    weight: str | None,
    size: float | None,
    renormalise: bool,
    unknown: Sequence[str],
) -> Population:
    import polars as pl

    with _as_parquet(source):
        lazy = pl.scan_parquet(source)
        names = lazy.collect_schema().names()
    found = kind or _population_kind(pd.DataFrame(columns=names))
    makers: dict[str, Callable[[], Population]] = {
        "margins": lambda: Population.from_margins(
            lazy.collect(), size=size, renormalise=renormalise, unknown=unknown
        ),
        "joint": lambda: Population.from_joint(
            _collected_joint(lazy, variables),
            unknown=unknown,
        ),
        "records": lambda: Population.from_microdata(
            lazy, variables, weight=weight, unknown=unknown
        ),
    }
    table = _Read(source, pd.DataFrame(), "parquet", ())
    with table.placed(), _as_parquet(source):
        made = makers[found]()
    return replace(made, notes=(table.note(found), *made.notes))


@contextmanager
def _as_parquet(source: Path) -> Iterator[None]:
    """What goes wrong inside polars on a damaged file is said of the file.

    Its parts are read when they are needed; a panic of its is no Exception.
    """
    try:
        yield
    except (DataError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        raise DataError(
            f"The file cannot be read as Parquet ({type(error).__name__}).",
            file=source,
            remedy="Write it anew, or save it as CSV.",
        ) from None


def _collected_joint(lazy: pl.LazyFrame, variables: Sequence[str] | None) -> pd.DataFrame:
    frame = lazy.collect().to_pandas()
    return frame if variables is None else _picked(frame, variables)
