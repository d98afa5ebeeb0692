"""Sorting pages: HTMLQ and FlashQ tables, EQ Web Sort and easy-HTMLQ records.

HTMLQ and FlashQ: a table with one row a participant, semicolon-separated, with
the columns ``s1``, ``s2`` …, ``sid`` or ``uid``, ``npos``, ``nneu``, ``nneg``,
``datetime``, ``dur0`` … (seconds on each page), ``comment1`` … and ``form0`` ….

EQ Web Sort and easy-HTMLQ: one record a participant, in which ``sort`` holds
the grid values in the order of the statements, as ``"1|-2|0"``. Firebase and
the offline version give them as JSON; Netlify as a CSV with one long cell a
record (``partId:| Ana | … | sort:| 1|-2|0 | ``); Google Sheets as a CSV whose
cells read ``partId: Ana``.

The layouts are those of the programs' own code and of KADE's import, the JSON
also of published example files. The tables of HTMLQ and FlashQ are written by
a server script that we have not seen: their columns are those which HTMLQ
sends and which R's qmethod expects.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.formats.files import check_cells, load_json, read_text, rows_of
from dmpkit.qmethod.formats.reading import Reading, enumerate_some
from dmpkit.tables import read_delimited, to_numbers

__all__ = [
    "Record",
    "eq_csv_kind",
    "has_bars",
    "is_htmlq",
    "is_records",
    "read_bars",
    "read_eq_csv",
    "read_eq_json",
    "read_htmlq",
    "read_htmlq_csv",
    "records_of_csv",
    "records_of_json",
]

Record = tuple[str, dict[str, str]]  # where it stands, and its fields

_LABELS = ("partId", "participantName", "urlUsercode", "usercode", "uid", "randomId", "sid")
_NO_LABEL = frozenset(
    {"", "no part id", "no usercode set", "no usercode", "not-set", "anonymous", "no data"}
    | {"no response", "no_response", "undefined", "null", "none"}
)
_NO_SORT = frozenset({"", "no data", "no response", "no_response", "undefined", "null"})
_NOT_OF_ONE_PERSON = frozenset({"sort", "npos", "nneu", "nneg", "projectname"})
_HTMLQ_MARKS = frozenset({"sid", "uid", "npos", "nneu", "nneg", "datetime", "dur0", "dur1"})
_ANSWERS = re.compile(r"(?:comment|form|dur)\d+", re.IGNORECASE)
_STATEMENT = re.compile(r"s([0-9]{1,6})", re.IGNORECASE)
_NETLIFY_KEY = re.compile(r"(?:^|\|)\s*([A-Za-z][\w.-]{0,60}):\|")
_SHEETS_CELL = re.compile(r"([A-Za-z][\w.-]{0,60}):\s?(.*)", re.DOTALL)


# -- HTMLQ, FlashQ ----------------------------------------------------------------------------


def is_htmlq(columns: Sequence[object]) -> bool:
    """Whether column names are those of HTMLQ or FlashQ.

    Parameters
    ----------
    columns : sequence

    Examples
    --------
    >>> is_htmlq(["sid", "s1", "s2", "s3", "npos"]), is_htmlq(["sort", "s1", "s2", "s3"])
    (True, False)
    """
    names = [str(name).strip().casefold() for name in columns]
    return sum(map(bool, map(_STATEMENT.fullmatch, names))) > 2 and (
        len(_HTMLQ_MARKS & set(names)) > 1
    )


def read_htmlq_csv(act: Reading) -> QSorts:
    """Sorts from the CSV of HTMLQ or FlashQ.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        See :func:`read_htmlq`.
    """
    check_cells(read_text(act.source, act.encoding), act.source)
    cells, report = read_delimited(
        act.source, delimiter=act.delimiter, decimal=act.decimal, encoding=act.encoding
    )
    act.took(*report.notes)
    return read_htmlq(act, cells)


def read_htmlq(act: Reading, cells: pd.DataFrame) -> QSorts:
    """Sorts from a table with the columns of HTMLQ or FlashQ.

    Statements are put in the order of their numbers; participants without a
    single value are left, with a warning. Comments are read by
    :func:`dmpkit.qmethod.read_feedback`.

    Parameters
    ----------
    act : Reading
    cells : DataFrame
        Text cells.

    Raises
    ------
    DataError
        For columns that are not those of HTMLQ, statement columns that do not
        count from 1, a sort that is not complete, piles (``npos``, ``nneu``,
        ``nneg``) that do not add up to the number of statements, and a row that
        stands twice.
    """
    if not is_htmlq(list(cells.columns)):
        raise act.error(
            "This is not a table of HTMLQ or FlashQ: it lacks columns s1, s2, s3 … and two of "
            "sid, uid, npos, nneu, nneg, datetime.",
            row=1,
        )
    act.took("table of HTMLQ or FlashQ, one row a participant")
    numbered = {
        int(found[1]): str(name)
        for name in cells.columns
        if (found := _STATEMENT.fullmatch(str(name).strip()))
    }
    order = sorted(numbered)
    if order != list(range(1, len(order) + 1)):
        lacking = next((i for i in range(1, order[-1]) if i not in numbered), 0)
        raise act.error(
            f"The statement columns do not count from s1 to s{len(order)}: s{lacking} is not there."
        )
    columns = [numbered[i] for i in order]
    cells = _without_rows_to_leave(act, cells)
    sorted_at_all = (cells[columns] != "").any(axis=1).to_numpy()
    records = [
        (f"row {i + 2}", {str(name): str(row[name]) for name in row if name not in columns})
        for i, row in zip(cells.index, cells.to_dict("records"), strict=True)
    ]
    if not sorted_at_all.all():
        lost = [place for (place, _), kept in zip(records, sorted_at_all, strict=True) if not kept]
        act.warn(f"{len(lost)} participant(s) without a sort are left: {enumerate_some(lost)}.")
    kept = [record for record, full in zip(records, sorted_at_all, strict=True) if full]
    numbers = to_numbers(cells[columns], columns, file=act.source)
    _check_piles(act, kept, len(columns))
    whole = ["|".join(row) for row in cells.loc[sorted_at_all, columns].to_numpy()]
    _refuse_repeated(
        act,
        [(place, row | {"sort": s}) for (place, row), s in zip(kept, whole, strict=True)],
    )
    names = _labels(act, kept)
    others = [str(name) for name in cells.columns if name not in columns]
    if left := [name for name in others if name != act.label]:
        act.left(f"{_grouped(left)}")
    return act.sorts(
        numbers.to_numpy(dtype=np.float64)[sorted_at_all].T,
        statements=[str(i) for i in order],
        sorts=names,
    )


def _without_rows_to_leave(act: Reading, cells: pd.DataFrame) -> pd.DataFrame:
    """The table without the rows that `leave` names as messages do: ``"row 7"``."""
    gone = [i for i in range(len(cells)) if f"row {i + 2}" in act.to_leave]
    cells = cells.reset_index(drop=True)
    if gone:
        names = [f"row {i + 2}" for i in gone]
        act.to_leave = [name for name in act.to_leave if name not in names]
        act.left(enumerate_some(names, 20))
    return cells.drop(index=gone)


def _check_piles(act: Reading, records: Sequence[Record], n: int) -> None:
    """The three piles of a participant hold every statement once."""
    for place, fields in records:
        piles = [_label(fields, name) for name in ("npos", "nneu", "nneg")]
        if all(re.fullmatch(r"\d{1,6}", pile) for pile in piles) and sum(map(int, piles)) != n:
            raise act.error(
                f"The piles hold {' + '.join(piles)} = {sum(map(int, piles))} statements "
                f"(npos, nneu, nneg), the sort has {n}.",
                row=place,
                remedy="The table may lack its last columns, or hold those of another study. "
                "Export it anew, or take the three columns out.",
            )


def _refuse_repeated(act: Reading, records: Sequence[Record]) -> None:
    """One record that stands twice, every field alike, is not two people."""
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    for place, fields in records:
        about = {k: v for k, v in fields.items() if k.casefold() not in _NOT_OF_ONE_PERSON}
        if all(value.casefold() in _NO_LABEL for value in about.values()):
            continue  # nothing but the sort: two people may have sorted alike
        first = seen.setdefault(tuple(sorted(fields.items())), place)
        if first != place:
            raise act.error(
                f"The record is that of {first} again, every field alike: one sort was sent or "
                "pasted twice.",
                row=place,
                remedy=f"Leave one of the two: leave=[{place!r}], or remove it from the file.",
            )


def _grouped(names: Sequence[str]) -> str:
    """Column names, those of comments, answers and times as one."""
    single = [name for name in names if not _ANSWERS.fullmatch(name)]
    groups = {name.rstrip("0123456789") + "…" for name in names if name not in single}
    return f"columns {', '.join([*single, *sorted(groups)])}"


def has_bars(cells: pd.DataFrame) -> bool:
    """Whether a column ``sort`` holds whole sorts, their values between bars.

    Parameters
    ----------
    cells : DataFrame
        Text cells.

    Examples
    --------
    >>> has_bars(pd.DataFrame({"uid": ["a", "b"], "sort": ["", "1|0|-1"]}))
    True
    """
    if "sort" not in cells.columns:
        return False
    filled = [cell for cell in cells["sort"] if cell.casefold() not in _NO_SORT]
    return bool(filled) and re.fullmatch(r"[+-]?\d+(?:\|[+-]?\d+){2,}", filled[0]) is not None


def read_bars(act: Reading, cells: pd.DataFrame) -> QSorts:
    """Sorts from a table with one row a participant and the whole sort in one cell.

    This is what HTMLQ sends (``sort``: ``1|-2|0``) where a server stores the
    fields as they come, and how the records of EQ Web Sort look as a table.

    Parameters
    ----------
    act : Reading
    cells : DataFrame
        Text cells, with a column ``sort``.

    Raises
    ------
    DataError
        For sorts that are not complete or not numbers; the row is named.
    """
    act.took("one row a participant, the whole sort in the column 'sort'")
    rows = enumerate(cells.to_dict("records"), start=2)
    return _from_records(
        act, [(f"row {i}", {str(k): str(v) for k, v in row.items()}) for i, row in rows]
    )


# -- EQ Web Sort, easy-HTMLQ: JSON ---------------------------------------------------------------


def is_records(data: Any) -> bool:
    """Whether parsed JSON holds records with a ``sort``.

    Parameters
    ----------
    data : object

    Examples
    --------
    >>> is_records({"-Kx1": {"sort": "1|0|-1"}}), is_records({"a": 1})
    (True, False)
    """
    return bool(_record_objects(data))


def _record_objects(data: Any) -> list[tuple[str, dict[str, Any]]]:
    """Name and content of each record: in an object, in a list, alone, or wrapped once."""
    if isinstance(data, dict) and "sort" in data and not isinstance(data["sort"], dict):
        return [("record 1", data)]
    if isinstance(data, list):
        named = [(f"record {i}", item) for i, item in enumerate(data, start=1)]
    elif isinstance(data, dict):
        named = [(str(name), item) for name, item in data.items()]
    else:
        return []
    if any(isinstance(item, dict) and "sort" in item for _, item in named):
        return [(name, item if isinstance(item, dict) else {}) for name, item in named]
    if len(named) == 1 and isinstance(data, dict) and isinstance(named[0][1], (dict, list)):
        inner = named[0][1]
        items = list(inner.values()) if isinstance(inner, dict) else inner
        if any(isinstance(item, dict) and "sort" in item for item in items):
            return _record_objects(inner)
    return []


def records_of_json(act: Reading, data: Any) -> list[Record]:
    """The records of a JSON file of EQ Web Sort or easy-HTMLQ, every field as text.

    Parameters
    ----------
    act : Reading
    data : object
        Parsed JSON.

    Raises
    ------
    DataError
        Where no record has a ``sort``.
    """
    found = _record_objects(data)
    if not found:
        raise act.error(
            "The JSON holds no records with a 'sort'.",
            remedy="EQ Web Sort and easy-HTMLQ write one object a participant, with the grid "
            "values under 'sort' as in \"1|-2|0\".",
        )
    return [
        (name, {str(key): _field(value) for key, value in item.items()}) for name, item in found
    ]


def _field(value: Any) -> str:
    if isinstance(value, list):
        return "|".join(map(str, value))
    return "" if value is None else str(value).strip()


def read_eq_json(act: Reading, data: Any = None) -> QSorts:
    """Sorts from the JSON of EQ Web Sort or easy-HTMLQ (Firebase or offline).

    Parameters
    ----------
    act : Reading
    data : object, optional
        Parsed JSON, where the file has been read already.

    Raises
    ------
    DataError
        For broken JSON, records without a ``sort``, and sorts that are not
        complete or not numbers; the record is named.
    """
    records = records_of_json(act, load_json(act.source, act.encoding) if data is None else data)
    act.took("records of EQ Web Sort or easy-HTMLQ (JSON)")
    return _from_records(act, records)


# -- EQ Web Sort: Netlify and Google Sheets --------------------------------------------------------


def eq_csv_kind(text: str) -> str:
    r"""``"netlify"``, ``"sheets"``, or an empty string, by the cells of the first records.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> eq_csv_kind("qSortData\nprojectName:| x | randomId:| 1 | sort:| 1|0 | ")
    'netlify'
    >>> eq_csv_kind("1,2\nrandomId: 7,sort: 1|0")
    'sheets'
    >>> eq_csv_kind("sort,statement,score\nAna,1,2")
    ''
    """
    lines = text[:200_000].lstrip().splitlines()[1:20]
    if any(re.search(r"\|\s*sort:\|", line) for line in lines):
        return "netlify"
    cell = r'(?:^|[,;\t"])\s*'
    both = (rf"{cell}sort:\s*[+-]?\d+(?:\|[+-]?\d+)+", rf"{cell}(?:randomId|partId|projectName):")
    return "sheets" if any(all(re.search(p, line) for p in both) for line in lines) else ""


def records_of_csv(act: Reading) -> list[Record]:
    """The records of a CSV from Netlify or Google Sheets, every field as text.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        For another kind of CSV, broken quoting, a last row that has fewer cells
        than the heading (the file is cut off), and a field that stands twice in
        one record (an answer may not pass for another field).
    """
    text = read_text(act.source, act.encoding)
    kind = eq_csv_kind(text)
    if not kind:
        raise act.error(
            "This is not a CSV of EQ Web Sort: no cell reads 'sort:| 1|0|-1' (Netlify) or "
            "'sort: 1|0|-1' (Google Sheets)."
        )
    header = text.lstrip().split("\n", 1)[0]
    delimiter = act.delimiter or max(",;\t", key=header.count)
    heading, *rows = rows_of(text, delimiter, act.source)
    if rows and len(rows[-1]) < len(heading):
        raise act.error(
            f"The last row has {len(rows[-1])} cells, the heading has {len(heading)}.",
            row=len(rows) + 1,
            remedy="The file may be cut off: download it anew.",
        )
    fields = _netlify_fields if kind == "netlify" else _sheets_fields
    act.took(f"records of EQ Web Sort ({'Netlify' if kind == 'netlify' else 'Google Sheets'} CSV)")
    return [(f"row {i}", fields(act, row, i)) for i, row in enumerate(rows, start=2)]


def _netlify_fields(act: Reading, row: Sequence[str], number: int) -> dict[str, str]:
    cell = next((cell for cell in row if _NETLIFY_KEY.search(cell)), "")
    found = list(_NETLIFY_KEY.finditer(cell))
    if not found:
        return {}
    ends = [match.start() for match in found[1:]] + [len(cell)]
    pairs = [
        (match[1], cell[match.end() : end].strip().removesuffix("|").strip())
        for match, end in zip(found, ends, strict=True)
    ]
    return _once(act, pairs, number)


def _sheets_fields(act: Reading, row: Sequence[str], number: int) -> dict[str, str]:
    matches = (_SHEETS_CELL.fullmatch(cell.strip()) for cell in row)
    return _once(act, [(match[1], match[2].strip()) for match in matches if match], number)


def _once(act: Reading, pairs: Sequence[tuple[str, str]], number: int) -> dict[str, str]:
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise act.error(
            f"The field {twice[0]!r} stands twice in one record.",
            row=number,
            remedy="An answer may hold the words that mark a field; take them out of it.",
        )
    return dict(pairs)


def read_eq_csv(act: Reading) -> QSorts:
    """Sorts from a CSV of EQ Web Sort, saved by Netlify or Google Sheets.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        See :func:`records_of_csv`, and for sorts that are not complete.
    """
    return _from_records(act, records_of_csv(act))


# -- records to sorts ------------------------------------------------------------------------------


def _from_records(act: Reading, records: Sequence[Record]) -> QSorts:
    """Sorts from records; those who sent no sort are left, with a warning."""
    if gone := [place for place, _ in records if place in act.to_leave]:
        act.to_leave = [name for name in act.to_leave if name not in gone]
        act.left(enumerate_some(gone, 20))
        records = [record for record in records if record[0] not in gone]
    kept, lost = [], []
    for place, fields in records:
        if fields.get("sort", "").casefold() in _NO_SORT:
            lost.append(place)
        else:
            kept.append((place, fields))
    if lost:
        act.warn(f"{len(lost)} record(s) without a sort are left: {enumerate_some(lost)}.")
    if not kept:
        raise act.error("No record holds a sort.")
    columns = [_grid_values(act, place, fields["sort"]) for place, fields in kept]
    _refuse_repeated(act, kept)
    sizes = Counter(map(len, columns))
    n = sizes.most_common(1)[0][0]
    for (place, _), column in zip(kept, columns, strict=True):
        if len(column) != n:
            raise act.error(
                f"The sort has {len(column)} values, most others have {n}.",
                row=place,
                column="sort",
                remedy="Complete the sort, or take the record out.",
            )
    others = sorted({name for _, fields in kept for name in fields} - {"sort", act.label or "sort"})
    names = _labels(act, kept)
    if others:
        act.left(f"fields {enumerate_some(others, 12)}")
    return act.sorts(np.array(columns).T, sorts=names)


def _grid_values(act: Reading, place: str, text: str) -> list[float]:
    """Grid values, separated by bars (or commas, as some exports have it)."""
    bars = text if "|" in text else text.replace(",", "|")
    parts = [part.strip() for part in bars.strip("| ").split("|")]
    values = []
    for i, part in enumerate(parts, start=1):
        if not re.fullmatch(r"[+\N{MINUS SIGN}-]?\d{1,3}(?:\.\d+)?", part):
            raise act.error(
                f"{part[:30]!r} is not a grid value.", row=place, column=f"sort, statement {i}"
            )
        values.append(float(part.replace("\N{MINUS SIGN}", "-")))
    return values


def _labels(act: Reading, records: Sequence[Record]) -> list[str]:
    """What the sorts are called: the field asked for, else the first that tells all apart."""
    if act.label is not None:
        names = [fields.get(act.label, "") for _, fields in records]
        if not any(names):
            known = sorted({name for _, fields in records for name in fields})
            raise act.error(
                f"There is no field {act.label!r}.",
                remedy=f"The fields are {enumerate_some(known, 12)}.",
            )
        act.took(f"labels of the sorts: {act.label!r}")
        return names
    for field in _LABELS:
        names = [_label(fields, field) for _, fields in records]
        if any(name.casefold() in _NO_LABEL for name in names):
            continue
        twice = [name for name, count in Counter(names).items() if count > 1]
        if not twice:
            act.took(f"labels of the sorts: {field!r}")
            return names
        act.warn(
            f"{field!r} does not tell the sorts apart ({enumerate_some(map(repr, twice))} more "
            "than once): somebody may have sent a sort twice. Another label is taken."
        )
    places = [place for place, _ in records]
    act.took("labels of the sorts: where the record stands")
    return [place.replace("row ", "row") for place in places]


def _label(fields: Mapping[str, str], wanted: str) -> str:
    """A field by its name in any case."""
    plain = {name.strip().casefold(): value for name, value in fields.items()}
    return plain.get(wanted.casefold(), "").strip()
