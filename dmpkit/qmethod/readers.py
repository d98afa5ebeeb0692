"""Reading Q sorts from the files that people have.

One function, :func:`read_sorts`, recognises the formats by their content:
plain tables (delimited text, Excel, Parquet; statements or sorts in rows, or
one row a cell), the workbooks and archives of KADE and Ken-Q Analysis, the
files of PQMethod, and what the sorting pages HTMLQ, FlashQ, EQ Web Sort and
easy-HTMLQ save. What was taken, and what was left, stands in the ``notes`` of
the sorts; a file that could be read in two ways is refused with the argument
that settles it. The readers themselves are in :mod:`dmpkit.qmethod.formats`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from dmpkit.errors import DataError, ReadingWarning, in_file, warn
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.formats import kade, pqmethod, tables, websort, workbooks
from dmpkit.qmethod.formats.files import head_of, load_json, open_archive, text_of
from dmpkit.qmethod.formats.reading import PathLike, Reading, Rows
from dmpkit.qmethod.formats.statements import statement_texts
from dmpkit.qmethod.sortfile import read_sort_files

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["read_sorts"]

Format = Literal[
    "csv",
    "excel",
    "parquet",
    "kade1",
    "kade2",
    "kade3",
    "kade_zip",
    "pqmethod",
    "htmlq",
    "eq_json",
    "eq_csv",
    "sorting_page",
]
FORMATS: tuple[str, ...] = get_args(Format)


def read_sorts(
    path: PathLike,
    *,
    format: Format | None = None,
    rows: Rows | None = None,
    sheet: str | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    label: str | None = None,
    texts: PathLike | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    leave: Sequence[str] | None = None,
    distribution: ArrayLike | None = None,
) -> QSorts:
    r"""Read the sorts of a Q study from a file.

    Parameters
    ----------
    path : path
        The file, or a folder of files of the sorting page. Of PQMethod it is
        the ``.DAT`` file; the ``.STA`` file of the same name beside it gives
        the statements' texts.
    format : str, optional
        Recognised from the content when not given:

        - ``"csv"``, ``"excel"``, ``"parquet"``: a plain table;
        - ``"kade1"``, ``"kade2"``, ``"kade3"``: the workbooks of KADE and Ken-Q
          Analysis (statement numbers by grid column, grid values by
          statement, saved results); ``"kade_zip"``: KADE's project archive;
        - ``"pqmethod"``: a ``.DAT`` file;
        - ``"htmlq"``: the table of HTMLQ or FlashQ;
        - ``"eq_json"``, ``"eq_csv"``: what EQ Web Sort and easy-HTMLQ save
          through Firebase or offline (JSON), Netlify or Google Sheets (CSV);
        - ``"sorting_page"``: a folder of the files that dmpkit's own sorting
          page saves, one a participant.
    rows : {"statements", "sorts", "cells"}, optional
        What one row of a plain table holds: a statement, a sort, or a single
        cell (columns sort, statement, score). When not given it is detected
        from the column names, from where the forced distribution fits, and
        from the labels; the finding stands in the notes.
    sheet : str, optional
        Sheet of a plain workbook; the first one with content when not given.
    delimiter, decimal, encoding : str, optional
        Settle what is ambiguous in delimited text.
    label : str, optional
        The column or field that names the sorts, where there are several
        (sorting pages: ``partId``, ``randomId``, ``uid`` …). When not given,
        the first of the usual ones that tells all sorts apart.
    texts : path or sequence of str, optional
        The statements' wording, where the file has none: the texts in order,
        a file with one statement a line, or the ``statements.xml`` of a
        sorting page.
    columns : sequence of str, optional
        Of a plain table, the columns that hold values: these count and no
        others. A column of labels or wording is found beside them.
    leave : sequence of str, optional
        Labels of sorts and statements, or of columns and rows of a plain
        table, to leave. Without it, a column or row of a plain table that is
        no sort and no statement by its name or values (age, gender, mean,
        total, number …) is left with a warning where that makes the sorts
        share one distribution, and refused where it does not.
        ``leave=[]`` says that every column and row counts. Of a sorting page's
        records also the place of a record as messages name it (``"row 7"``).
    distribution : array_like, optional
        The forced distribution, in place of the one in the file or inferred.

    Returns
    -------
    QSorts
        Its ``notes`` say what was taken and what was left.

    Raises
    ------
    DataError
        For a file that is absent, empty, damaged, too large (50 MB, or 30 MB
        unpacked), of an unknown kind or ambiguous, and for whatever
        :class:`QSorts` refuses. The message names file, row and column.

    Warns
    -----
    ReadingWarning
        When something in the file was left aside that one would expect to
        count, such as a participant who sent no sort, or a column because of
        its name or values.

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
    if rows not in (None, *get_args(Rows)):
        raise DataError(
            f"{rows!r} is not a way to lay out sorts.",
            remedy="rows is 'statements', 'sorts' or 'cells'.",
        )
    act = Reading(
        source,
        rows=rows,
        sheet=sheet,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        label=label,
        texts=statement_texts(texts, encoding),
        columns=None if columns is None else tuple(map(str, _list_of(columns, "columns"))),
        leave=None if leave is None else tuple(map(str, _list_of(leave, "leave"))),
        distribution=distribution,
    )
    if source.name.lower().startswith("synthetic"):
        act.took(f"synthetic: the file is called {source.name}")
    with in_file(source):
        found = _read(act, format)
        if act.to_leave:  # by readers that know labels only once all is read
            found = found.without(*act.to_leave)
    for message in act.warnings:
        warn(message, ReadingWarning)
    return found


def _list_of(given: Sequence[str], what: str) -> Sequence[str]:
    if isinstance(given, str):
        raise DataError(f"{what} is one text.", remedy=f"Give a list: {what}=[{given!r}].")
    return given


def _read(act: Reading, format: Format | None) -> QSorts:
    kind = format or _recognise(act)
    if kind in ("sorting_page", "kade_zip", "pqmethod"):
        _refuse_label(act, kind)
    if kind not in ("csv", "excel", "parquet"):
        _refuse_columns(act, kind)
    if kind == "sorting_page":
        return _with_distribution(act, read_sort_files(act.source, texts=act.texts))
    if kind in ("excel", "kade1", "kade2", "kade3"):
        return _read_workbook(act, kind if format else None)
    reader = {
        "csv": tables.read_csv,
        "parquet": tables.read_parquet,
        "kade_zip": kade.read_kade_zip,
        "pqmethod": pqmethod.read_pqmethod,
        "htmlq": websort.read_htmlq_csv,
        "eq_json": websort.read_eq_json,
        "eq_csv": websort.read_eq_csv,
    }[kind]
    head_of(act.source)
    return reader(act)


def _with_distribution(act: Reading, sorts: QSorts) -> QSorts:
    """The sorts with the distribution that the caller gave, if any."""
    if act.distribution is None:
        return sorts
    return QSorts(
        sorts.values,
        sorts.statements,
        sorts.sorts,
        distribution=act.distribution,
        texts=sorts.texts,
        notes=sorts.notes,
    )


def _read_workbook(act: Reading, asked: str | None) -> QSorts:
    """A workbook: of KADE where its sheets say so, of HTMLQ by its columns, else plain."""
    book = workbooks.open_book(act.source)
    if asked == "excel":
        return tables.read_excel(act, book)
    grids = workbooks.grids_of(book, act.source)
    kind = asked or ("excel" if act.sheet or act.rows else kade.kind_of(grids)) or "excel"
    if kind != "excel":
        _refuse_label(act, kind)
        _refuse_columns(act, kind)
    if kind == "kade1":
        return kade.read_kade1(act, grids)
    if kind == "kade2":
        return kade.read_kade2(act, grids)
    if kind == "kade3":
        return kade.read_kade3(act, grids)
    return tables.read_excel(act, book)


def _refuse_columns(act: Reading, kind: str) -> None:
    if act.columns is not None:
        raise act.error(
            f"columns= is for plain tables; this file is of the format {kind!r}.",
            remedy="Use leave=, or QSorts.only().",
        )


def _refuse_label(act: Reading, kind: str) -> None:
    if act.label is not None:
        raise act.error(
            f"label={act.label!r} cannot be used: in this format ({kind}) every sort has one name.",
            remedy="Leave label out.",
        )


# -- which format --------------------------------------------------------------


def _recognise(act: Reading) -> str:
    if act.source.is_dir():
        return "sorting_page"
    head = head_of(act.source)
    start = head.lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith(b"PK"):
        return _kind_of_archive(act)
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise act.error(
            "This is a workbook of the old Excel format (.xls).",
            remedy="Save it as .xlsx and read that.",
        )
    if start.startswith((b"{", b"[")):
        return _kind_of_json(act)
    if act.source.suffix.lower() == ".sta":
        raise act.error(
            "A .STA file holds statement texts only.",
            remedy="Read the .DAT file; the .STA file beside it is found by its name.",
        )
    return _kind_of_text(act)


def _kind_of_archive(act: Reading) -> str:
    try:
        with open_archive(act.source) as archive:
            names = archive.namelist()
    except DataError as error:
        if "not a zip archive" in error.problem:
            return "excel"  # whose reader says what a damaged workbook needs
        raise
    if any(name.startswith("xl/") for name in names):
        return "excel"
    if any(name.rsplit("/", 1)[-1].casefold() == "sorts.txt" for name in names):
        return "kade_zip"
    raise act.error(
        "This is a zip archive, but neither an Excel workbook nor a project of KADE "
        "(which holds sorts.txt).",
        remedy="Unpack it and read the file with the sorts.",
    )


def _kind_of_json(act: Reading) -> str:
    content = load_json(act.source, act.encoding)
    if isinstance(content, dict) and content.get("format") == "dmpkit-sort":
        return "sorting_page"
    if websort.is_records(content):
        return "eq_json"
    raise act.error(
        "This is JSON, but not of a sorting page that read_sorts knows: it holds no records "
        "with a 'sort'.",
        remedy="Export the sorts as CSV, Excel or PQMethod .DAT.",
    )


def _kind_of_text(act: Reading) -> str:
    with act.source.open("rb") as handle:
        data = handle.read(200_000)
    if len(data) == 200_000:  # not in the middle of a letter
        data = data[: data.rfind(b"\n") + 1] or data
    text = text_of(data, act.encoding)
    if text is None:
        return "csv"  # whose reader says what is wrong
    first, *rest = re.split(r"\r\n|\r|\n", text.lstrip("\r\n"))
    cut = any(mark in line for mark in ",;|\t" for line in rest[1:3])
    if pqmethod.looks_like_pqmethod(text) or (act.source.suffix.lower() == ".dat" and not cut):
        return "pqmethod"
    if websort.eq_csv_kind(text):
        return "eq_csv"
    if websort.is_htmlq([name.strip('" ') for name in re.split(r"[,;|\t]", first)]):
        return "htmlq"
    return "csv"
