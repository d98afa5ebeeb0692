"""What participants said about items, read into one table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.formulas import plain_cell
from dmpkit.qmethod.formats.files import check_cells, head_of, load_json, read_text, rows_of
from dmpkit.qmethod.formats.reading import PathLike, Reading, enumerate_some
from dmpkit.qmethod.formats.websort import (
    Record,
    eq_csv_kind,
    is_htmlq,
    is_records,
    records_of_csv,
    records_of_json,
)
from dmpkit.tables import read_delimited

__all__ = ["read_feedback"]

COLUMNS = ("participant", "statement", "feedback")
MAX_FILES = 5_000
_STATEMENT_NAMES = ("statement", "item", "item_id", "id", "handle", "statement_id", "sta")
_FEEDBACK_NAMES = ("feedback", "item_feedback", "comment", "remark", "text")
_PARTICIPANT_NAMES = ("participant", "sort", "name", "person", "sid", "uid")
_CORRECTION_NAMES = ("correction", "ignore", "drop")
_NOTHING = frozenset({"", "no response", "no_response", "no data", "undefined"})
_HTMLQ_COMMENT = re.compile(r"\(s(\d+)\)\s*(.*)", re.DOTALL | re.IGNORECASE)
_EQ_COMMENT = re.compile(r"\(?s(\d+)\)?(?:>>>|:|\s)\s*(.*)", re.DOTALL | re.IGNORECASE)
_EQ_COLUMN = re.compile(r"columnN?\d+_\d+")

Said = tuple[str, str, str]


def read_feedback(
    path: PathLike,
    *,
    statements: Mapping[str, str] | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    r"""Read participants' feedback on items into one table, one row a remark.

    What is read, recognised by content:

    - a table with the columns ``participant``, ``statement``, ``feedback`` and
      perhaps ``correction`` (CSV, any usual delimiter);
    - a table of one participant, named by the file, with the columns ``item_id``,
      ``item_feedback``, ``correction``, as R's ``import.q.feedback`` has it
      (Zabala 2014; the names of its columns do not matter there, nor here);
    - a folder of such tables, one a participant;
    - the comments in the CSV of HTMLQ or FlashQ (``comment7``: ``(s7) …``), in
      the JSON or CSV of EQ Web Sort (``column4_1``: ``s7>>>…``), and in the
      sort files (JSON, ``comments``) of dmpkit's own sorting page.

    Parameters
    ----------
    path : path
        File or folder.
    statements : mapping of str to str, optional
        From the ids that stand in the file (such as ``sta07`` on the cards) to
        the labels of the statements. Without it the ids are kept.
    encoding : str, optional
        Settles what is ambiguous in delimited text.

    Returns
    -------
    DataFrame
        ``participant, statement, feedback``. Empty remarks and those marked
        as corrections (of a typing error, say) are left out.

    Raises
    ------
    DataError
        For a file that is absent, damaged, of another kind or ambiguous, and
        where one participant comments twice on one statement.

    Warns
    -----
    ReadingWarning
        For remarks on ids that `statements` does not know, which are left.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "Ana.csv"
    >>> _ = file.write_text('item_id,item_feedback,correction\ni01,"Too long, that one",FALSE\n')
    >>> read_feedback(file, statements={"i01": "1"})
      participant statement            feedback
    0         Ana         1  Too long, that one
    """
    source = Path(path)
    if source.is_dir():
        files = sorted(file for file in source.iterdir() if _is_sheet(file))
        if not files or len(files) > MAX_FILES:
            raise DataError(
                f"The folder holds {len(files)} files of feedback (.csv or .json).",
                file=source,
                remedy="Put one file a participant into it.",
            )
    else:
        files = [source]
    said = [remark for file in files for remark in _said_in(file, encoding)]
    table = pd.DataFrame(said, columns=list(COLUMNS), dtype=object)
    twice = table.duplicated(["participant", "statement"])
    if twice.any():
        person, item = table.loc[twice, ["participant", "statement"]].iloc[0]
        raise DataError(f"{person!r} comments twice on statement {item!r}.", file=source)
    return table if statements is None else _with_labels(table, statements)


def _is_sheet(file: Path) -> bool:
    named = file.suffix.lower() in (".csv", ".txt", ".json") and not file.name.startswith(".")
    return named and file.is_file()


def _with_labels(table: pd.DataFrame, statements: Mapping[str, str]) -> pd.DataFrame:
    known = table["statement"].isin(list(statements))
    if not known.all():
        strange = dict.fromkeys(table.loc[~known, "statement"])
        message = (
            f"{int((~known).sum())} remark(s) on unknown ids are left: "
            f"{enumerate_some(map(repr, strange))}."
        )
        warn(message, ReadingWarning, stacklevel=3)
    kept = table[known].reset_index(drop=True)
    return kept.assign(statement=[statements[item] for item in kept["statement"]])


def _said_in(file: Path, encoding: str | None) -> list[Said]:
    head = head_of(file).lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith((b"{", b"[")):
        return [remark for remark in _from_json(file, encoding) if _is_said(remark)]
    text = read_text(file, encoding)
    check_cells(text, file)
    if eq_csv_kind(text):
        found = _from_records(records_of_csv(Reading(file, encoding=encoding)))
    else:
        found = _from_table(file, text, encoding)
    return [remark for remark in found if _is_said(remark)]


def _is_said(remark: Said) -> bool:
    return remark[2].strip().casefold() not in _NOTHING


def _from_json(file: Path, encoding: str | None) -> Iterator[Said]:
    data = load_json(file, encoding)
    if isinstance(data, dict) and data.get("format") == "dmpkit-sort":
        comments = data.get("comments") or {}
        if not isinstance(comments, dict):
            raise DataError("'comments' is not an object of id and text.", file=file)
        person = str(data.get("participant") or file.stem)
        for item, text in comments.items():
            yield person, str(item), str(text).strip()
    elif is_records(data):
        yield from _from_records(records_of_json(Reading(file), data))
    else:
        raise DataError("The JSON holds no records of a sorting page.", file=file)


def _from_records(records: Sequence[Record]) -> Iterator[Said]:
    for place, fields in records:
        labels = (fields.get(name, "") for name in ("partId", "participantName", "uid", "randomId"))
        wanted = (label for label in labels if label.casefold() not in (*_NOTHING, "no part id"))
        person = next(wanted, place)
        for name, value in fields.items():
            pattern = _EQ_COMMENT if _EQ_COLUMN.fullmatch(name) else _HTMLQ_COMMENT
            said = pattern is _EQ_COMMENT or name.startswith("comment")
            if said and (found := pattern.fullmatch(value)):
                yield person, found[1], found[2].strip()


def _from_table(file: Path, text: str, encoding: str | None) -> Iterator[Said]:
    rows = rows_of(text, _delimiter(text), file)
    if not rows:
        raise DataError("The file is empty.", file=file)
    header = [cell.strip().casefold() for cell in rows[0]]
    if is_htmlq(header):
        cells, _ = read_delimited(file, encoding=encoding)
        records: list[dict[Any, Any]] = cells.to_dict("records")
        yield from _from_records(
            [
                (str(row.get("uid") or row.get("sid") or f"row {i}"), dict(row))
                for i, row in enumerate(records, start=2)
            ]
        )
        return
    item, remark, person, mark = _columns(file, header)
    for i, row in enumerate(rows[1:], start=2):
        cells_of_row = [plain_cell(cell.strip()) for cell in row] + [""] * (len(header) - len(row))
        if len(row) > len(header):
            raise DataError(
                f"The row has {len(row)} cells, the header has {len(header)}.",
                file=file,
                row=i,
                remedy='Put a remark that holds the delimiter into quotation marks "…".',
            )
        if mark is not None and _is_true(cells_of_row[mark], file, i):
            continue
        who = file.stem if person is None else cells_of_row[person]
        if not who or not cells_of_row[item]:
            raise DataError("The row names no participant or no statement.", file=file, row=i)
        yield who, cells_of_row[item], cells_of_row[remark]


def _delimiter(text: str) -> str:
    """The delimiter of the heading: remarks are full of commas and semicolons."""
    header = text.lstrip().split("\n", 1)[0]
    return max(",;\t", key=header.count)


def _columns(file: Path, header: Sequence[str]) -> tuple[int, int, int | None, int | None]:
    """Places of statement, remark, participant and mark of correction."""

    def place(names: Sequence[str]) -> int | None:
        return next((header.index(name) for name in names if name in header), None)

    item, remark = place(_STATEMENT_NAMES), place(_FEEDBACK_NAMES)
    person, mark = place(_PARTICIPANT_NAMES), place(_CORRECTION_NAMES)
    if item is not None and remark is not None:
        return item, remark, person, mark
    if len(header) in (2, 3) and person is None:  # as R has it: id, feedback, ignore
        return 0, 1, None, 2 if len(header) == 3 else None
    raise DataError(
        f"The columns {enumerate_some(map(repr, header))} do not tell feedback.",
        file=file,
        row=1,
        remedy="Name them participant, statement, feedback.",
    )


def _is_true(cell: str, file: Path, row: int) -> bool:
    plain = cell.casefold()
    if plain in ("true", "t", "1", "yes", "y"):
        return True
    if plain in ("false", "f", "0", "no", "n", ""):
        return False
    raise DataError(
        f"{cell!r} is neither TRUE nor FALSE.",
        file=file,
        row=row,
        column="correction",
        remedy='Put a remark that holds the delimiter into quotation marks "…".',
    )
