"""What the columns of an exported form are: which program wrote them, which item each holds.

The headings are those that the programs write in English. LimeSurvey: read in its own
source (application/helpers/admin/export/Writer.php: heading as code, full text, abbreviated
or code and text; sub-questions in square brackets). Google Forms: grids as
``Question [Row]`` (seen in a published demonstration of a grid's responses). Microsoft
Forms: ID, Start time, Completion time, Email, Name, and Points/Feedback columns of a quiz
(seen in programs that read such exports). No real export was at hand.
"""

from __future__ import annotations

import html
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.workbooks import cell_text

__all__ = ["PROGRAMS", "Column", "Sheet", "detect_program", "match_columns", "read_sheet"]

PathLike: TypeAlias = str | os.PathLike[str]

#: Programs whose exports are known; ``other`` is any table with one row a submission.
PROGRAMS = ("limesurvey", "google", "microsoft", "other")

# role: id, submitted (when), personal, form (made by the program), quiz (marks)
_ROLES: Mapping[str, Mapping[str, str]] = {
    "limesurvey": {
        "id": "id", "response id": "id",
        "submitdate": "submitted", "date submitted": "submitted",
        "lastpage": "form", "last page": "form", "startlanguage": "form",
        "start language": "form", "seed": "form", "startdate": "form", "date started": "form",
        "datestamp": "form", "date last action": "form", "interviewtime": "form",
        "total time": "form", "ipaddr": "personal", "ip address": "personal",
        "refurl": "personal", "referrer url": "personal", "token": "personal",
        "access code": "personal", "firstname": "personal", "first name": "personal",
        "lastname": "personal", "last name": "personal", "email": "personal",
        "email address": "personal",
        # the same headings in German
        "antwort-id": "id", "datum abgeschickt": "submitted", "letzte seite": "form",
        "start-sprache": "form", "zufallsstartwert": "form", "datum gestartet": "form",
        "datum letzte aktivität": "form", "gesamtzeit": "form", "ip-adresse": "personal",
        "weiterleitungs-url": "personal", "zugangscode": "personal", "vorname": "personal",
        "nachname": "personal", "e-mail-adresse": "personal",
    },
    "google": {
        "timestamp": "submitted", "email address": "personal", "username": "personal",
        "score": "quiz",
    },
    "microsoft": {
        "id": "id", "start time": "form", "completion time": "submitted", "email": "personal",
        "name": "personal", "last modified time": "form", "language": "form",
        "total points": "quiz", "quiz feedback": "quiz", "grade posted time": "quiz",
    },
    "other": {},
}  # fmt: skip
_MARKS = {
    "limesurvey": ({"submitdate", "lastpage", "startlanguage"},
                   {"date submitted", "last page", "start language"},
                   {"datum abgeschickt", "letzte seite", "start-sprache"}),
    "microsoft": ({"start time", "completion time"},),
}  # fmt: skip
_PERSONAL_WORDS = re.compile(
    r"^names?$|\b(e-?mail|ip address|phone|telephone|mobile|surname|first name|last name|full name|"
    r"your name|postal address|date of birth)\b"
)
_PERSONAL_CELL = re.compile(r"[^\s@;,]+@[^\s@;,]+\.\w+|(?:\d{1,3}\.){3}\d{1,3}")
_CODE_HEADINGS = {"person", "code", "your code", "participant", "participant id"}


@dataclass(frozen=True)
class Sheet:
    """An export as text: headings, cells by row, and the row numbers of the file."""

    source: Path
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def column(self, place: int) -> list[str]:
        """The cells of one column."""
        return [row[place] for row in self.rows]


@dataclass(frozen=True)
class Column:
    """What a column of the export was taken for.

    Attributes
    ----------
    place : int
        Its place in the export, from 0.
    heading : str
    role : str
        ``item``, ``option`` (one box of an item with several answers), ``ranking``,
        ``person``, ``id``, ``submitted``, ``personal``, ``form``, ``quiz`` or ``unmatched``.
    item, option : str
        The item and the option that it holds.
    how : str
        By what it was recognised.
    """

    place: int
    heading: str
    role: str
    item: str = ""
    option: str = ""
    how: str = ""


def read_sheet(path: PathLike, *, delimiter: str | None = None) -> Sheet:
    """The first sheet of a workbook, or delimited text, every cell as text."""
    from dmpkit.tables import read_delimited

    source = Path(path)
    if source.suffix.lower() in (".xlsx", ".xlsm"):
        return _workbook(source)
    frame, report = read_delimited(source, delimiter=delimiter, decimal=".")
    rows = tuple(tuple(str(cell) for cell in row) for row in frame.to_numpy())
    return Sheet(source, tuple(map(str, frame.columns)), rows, report.row_numbers, report.notes)


def _workbook(source: Path) -> Sheet:
    from dmpkit.tables import open_workbook

    page = open_workbook(source).worksheets[0]
    cells = [tuple(cell_text(cell) for cell in row) for row in page.iter_rows(values_only=True)]
    numbered = [(n, row) for n, row in enumerate(cells, start=1) if any(row)]
    if not numbered:
        raise DataError("The first sheet is empty.", file=source)
    first, header = numbered[0]
    kept = [i for i, name in enumerate(header) if name or any(row[i] for _, row in numbered)]
    names = tuple(header[i] for i in kept)
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        what = f"Two columns are called {doubled!r}." if doubled else "Columns have no name."
        remedy = "Give every column a name of its own."
        raise DataError(what, file=source, row=first, remedy=remedy)
    rows = tuple(tuple(row[i] for i in kept) for _, row in numbered[1:])
    return Sheet(source, names, rows, tuple(n for n, _ in numbered[1:]), ("first sheet",))


def norm(text: object) -> str:
    """A wording without mark-up, case, end marks and superfluous blanks.

    Examples
    --------
    >>> norm("<p>Others&nbsp;listened  when I spoke.</p>")
    'others listened when i spoke'
    """
    plain = html.unescape(re.sub(r"<[^<>]*>", " ", str(text)))
    plain = " ".join(plain.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").split())
    return plain.casefold().rstrip(" .:;?!*")


def looks_personal(text: str) -> bool:
    """Whether an e-mail or internet address stands in a text."""
    return _PERSONAL_CELL.search(text) is not None


def detect_program(header: Sequence[str]) -> str:
    """The program that writes such headings; ``other`` where none is recognised.

    Examples
    --------
    >>> detect_program(["ID", "Start time", "Completion time", "Email", "Name", "Q"])
    'microsoft'
    >>> detect_program(["id", "submitdate", "lastpage", "startlanguage", "Q1[SQ001]"])
    'limesurvey'
    """
    known = {norm(name) for name in header} | {norm(_code(name)) for name in header}
    if any(len(marks & known) >= 2 for marks in _MARKS["limesurvey"]):
        return "limesurvey"
    if _MARKS["microsoft"][0] <= known:
        return "microsoft"
    return "google" if header and norm(header[0]) == "timestamp" else "other"


def _parted(heading: str) -> tuple[str, str]:
    """The code before the text, and the text, where the heading has both."""
    found = re.match(r"\s*([\w\[\]-]+?)\s*(?:\.\s|:\s|\s-\s|\|)\s*(.*)", heading, flags=re.DOTALL)
    return (found.group(1), found.group(2)) if found else ("", "")


def _code(heading: str) -> str:
    return _parted(heading)[0]


def _bracket(heading: str) -> tuple[str, str]:
    """What stands before and in the square brackets at the end."""
    found = re.fullmatch(r"(.*?)\s*\[([^\[\]]*)\]\s*", heading, flags=re.DOTALL)
    return (found.group(1), found.group(2)) if found else ("", "")


def match_columns(
    sheet: Sheet,
    items: pd.DataFrame | None,
    program: str,
    *,
    person: str | None,
    columns: Mapping[str, str],
    rankings: Sequence[str] = (),
) -> tuple[Column, ...]:
    """What every column is; an item that two columns claim is an error."""
    from dmpkit.evaluation.form_rankings import rank_place

    keys = None if items is None else _Keys(items)
    place = _person_place(sheet, person)
    out = []
    for i, heading in enumerate(sheet.header):
        if i == place:
            how = "as named" if person is not None else "by its heading"
            out.append(Column(i, heading, "person", how=how))
        elif (ranking := rank_place(heading, rankings)) is not None:
            name, rank = ranking
            out.append(Column(i, heading, "ranking", name, str(rank or ""), "as named"))
        elif heading in columns:
            out.append(_asked(sheet, i, columns[heading], keys))
        else:
            out.append(_recognised(sheet, i, program, keys))
    _check_once(sheet, out)
    return tuple(out)


def _person_place(sheet: Sheet, person: str | None) -> int | None:
    names = [norm(name) for name in sheet.header]
    if person is None:
        codes = [norm(_code(name)) for name in sheet.header]
        exact = [
            i for i, pair in enumerate(zip(names, codes, strict=True)) if {*pair} & _CODE_HEADINGS
        ]
        worded = [i for i, name in enumerate(names) if name.startswith("your code (")]
        return next(iter(exact + worded), None)
    exact = [i for i, name in enumerate(sheet.header) if name == person]
    close = [i for i, name in enumerate(names) if name == norm(person)]
    if not exact and len(close) != 1:
        raise DataError(
            f"No column is called {person!r}." if not close else f"{person!r} is not one column.",
            file=sheet.source,
            row=1,
            remedy=f"The columns are {', '.join(map(repr, sheet.header[:12]))}.",
        )
    return (exact or close)[0]


def _asked(sheet: Sheet, place: int, item: str, keys: _Keys | None) -> Column:
    if keys is not None and item not in keys.names:
        raise DataError(
            f"The column {sheet.header[place]!r} is to hold the item {item!r}, which the table "
            "of items does not have.",
            remedy=f"Its items are {', '.join(list(keys.names)[:12])}.",
        )
    return Column(place, sheet.header[place], "item", item, how="as named")


def _recognised(sheet: Sheet, place: int, program: str, keys: _Keys | None) -> Column:
    heading = sheet.header[place]
    plain, base = norm(heading), norm(_bracket(heading)[0])
    roles = _ROLES[program]
    role = roles.get(plain) or (
        roles.get(norm(_code(heading))) if program == "limesurvey" else None
    )
    if role is not None:
        return Column(place, heading, role, how=f"heading of {program}")
    if _is_mark(plain, base, norm(_bracket(heading)[1]), program, sheet.header):
        return Column(place, heading, "quiz", how=f"heading of {program}")
    if program == "limesurvey" and plain.startswith(("group time", "question time")):
        return Column(place, heading, "form", how=f"heading of {program}")
    if keys is not None:
        found = keys.find(heading, sheet, joined=program == "limesurvey")
        if found is not None:
            return Column(place, heading, *found)
    if _PERSONAL_WORDS.search(plain):
        return Column(place, heading, "personal", how="by its heading")
    if any(_PERSONAL_CELL.fullmatch(cell.strip()) for cell in sheet.column(place)):
        return Column(place, heading, "personal", how="its cells look like addresses")
    if keys is None:
        return Column(place, heading, "item", heading, how="no table of items given")
    return Column(place, heading, "unmatched")


def _is_mark(plain: str, base: str, inner: str, program: str, header: Sequence[str]) -> bool:
    if program == "microsoft":
        return plain.startswith(("points - ", "feedback - "))
    known = {norm(name) for name in header}
    return program == "google" and inner in ("score", "feedback") and base in known


class _Keys:
    """Names and wordings of the items, to find them in headings."""

    def __init__(self, items: pd.DataFrame) -> None:
        self.names = {str(name): None for name in items["item"]}
        self.by_name = {name.casefold(): name for name in self.names}
        self.several = {
            str(row["item"]): row["options"]
            for row in items.to_dict("records")
            if row.get("answer") == "several"
        }
        self.by_label: dict[str, list[str]] = {}
        for column in ("heading", "label"):
            for name, words in zip(items["item"], items.get(column, ()), strict=False):
                if norm(words):
                    known = self.by_label.setdefault(norm(words), [])
                    if str(name) not in known:
                        known.append(str(name))

    def find(self, heading: str, sheet: Sheet, *, joined: bool) -> tuple[str, str, str, str] | None:
        """Role, item, option and by what, for a heading; nothing where none fits.

        `joined`: question and sub-question may be joined by an underscore, as LimeSurvey
        does in its files for R and SPSS.
        """
        (code, rest), (before, inner) = _parted(heading), _bracket(heading)
        coded = _bracket(code)
        for text, how in (
            (heading, "item name"),
            (inner, "item name in brackets"),
            (code, "item name before the text"),
            (coded[1], "item name in brackets, before the text"),
        ):
            if text.strip().casefold() in self.by_name:
                return "item", self.by_name[text.strip().casefold()], "", how
        for base, option in ((before, inner), coded, (_bracket(rest)[0], inner)):
            item = self.by_name.get(base.strip().casefold()) or self._label(base, sheet)
            if item in self.several and self._option(item, option):
                return "option", item, self._option(item, option), "box of a question"
        for text, how in (
            (heading, "wording"),
            (rest, "wording after the code"),
            (inner, "wording in brackets"),
        ):
            item = self._label(text, sheet) or self._label(text.replace("_", " "), sheet)
            if item:
                return "item", item, "", how
        return self._joined(heading) if joined else None

    def _joined(self, heading: str) -> tuple[str, str, str, str] | None:
        parts = heading.strip().split("_")
        for k in range(1, len(parts)):
            before, after = "_".join(parts[:k]).casefold(), "_".join(parts[k:])
            item = self.by_name.get(before, "")
            if item in self.several and self._option(item, after):
                return "option", item, self._option(item, after), "box of a question"
            if after.casefold() in self.by_name:
                return "item", self.by_name[after.casefold()], "", "item name after the question"
        return None

    def _label(self, text: str, sheet: Sheet) -> str:
        found = self.by_label.get(norm(text), [])
        if len(found) > 1:
            raise DataError(
                f"The items {', '.join(found)} have the same words, so the column cannot be told.",
                file=sheet.source,
                row=1,
                column=text,
                remedy="Name the item of each column (columns={heading: item}).",
            )
        return found[0] if found else ""

    def _option(self, item: str, text: str) -> str:
        from dmpkit.evaluation.questionnaire import split_options

        known = {norm(label): label for label in split_options(self.several[item])}
        return known.get(norm(text), "")


def _check_once(sheet: Sheet, columns: Sequence[Column]) -> None:
    seen: dict[tuple[str, str], str] = {}
    for column in columns:
        if column.role not in ("item", "option"):
            continue
        key = (column.item, column.option)
        if key in seen:
            raise DataError(
                f"The columns {seen[key]!r} and {column.heading!r} both look like the item "
                f"{column.item!r}.",
                file=sheet.source,
                row=1,
                remedy="Name the one that holds it (columns={heading: item}) and take out the "
                "other.",
            )
        seen[key] = column.heading
