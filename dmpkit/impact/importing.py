"""Lists as evaluators keep them, and Decidim's accountability export, as a ledger.

Every column and every status word is shown with what became of it. What has no place in
the ledger is kept in the note of its recommendation; what cannot be read is refused.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, LedgerWarning, in_file, warn
from dmpkit.impact.data import Ledger
from dmpkit.impact.dates import as_day, iso, period
from dmpkit.impact.importing_guesses import ROLES, check_roles, check_totals, guessed_roles
from dmpkit.impact.importing_languages import BY_ROLE, evidence_word
from dmpkit.impact.importing_words import (
    PARTLY,
    SYNONYMS,
    UnknownWord,
    baseline_word,
    check_given_words,
    unknown_words,
)
from dmpkit.impact.schema import cell_text
from dmpkit.impact.spreadsheet_dates import read_date
from dmpkit.impact.vocabulary import LAYER_OF, plain
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import read_delimited, read_table, to_pandas
from dmpkit.wording import counted

__all__ = ["Imported", "ledger_from_decidim", "ledger_from_spreadsheet"]

_OF_RECOMMENDATION = (
    "theme",
    "addressee",
    "power",
    "support_share",
    "cost_class",
    "challenge",
    "baseline",
    "parent_id",
    "merged_into",
)


@dataclass(frozen=True, eq=False, repr=False)
class Imported(Result):
    """A ledger made from somebody's list, with what became of every column and word.

    Attributes
    ----------
    ledger : Ledger
        Lives in no folder; write it with :func:`dmpkit.impact.write_ledger`.
    mapping : DataFrame
        ``column, taken_as, how, filled, example``: one row a column of the source;
        `how` is given, guessed, or kept in note.
    statuses : DataFrame
        ``word, status, layer, count, how``: one row a status word of the source.
    left_over : DataFrame
        ``row, what, value``: cells that are no event or column of the ledger, and where
        they are kept.
    source : str
        Name of the file, or of the kind of table.
    """

    title: ClassVar[str] = "What was imported"

    ledger: Ledger
    mapping: pd.DataFrame
    statuses: pd.DataFrame
    left_over: pd.DataFrame
    source: str

    def frames(self) -> dict[str, pd.DataFrame]:
        """Columns, words, and what is left over."""
        return {"mapping": self.mapping, "statuses": self.statuses, "left_over": self.left_over}

    def summary(self) -> str:
        """What was taken, guessed and left over."""
        how = self.mapping["how"].value_counts()
        parts = [f"{n} {word}" for word, n in how.items()]
        guessed = int((self.statuses["how"] == "guessed").sum())
        return (
            f"{self.source}: {counted(self.ledger.n, 'recommendation')} and "
            f"{counted(len(self.ledger.events), 'event')}. "
            f"Columns: {', '.join(parts)}. Status words: {len(self.statuses)}, of which {guessed} "
            f"guessed. Kept in notes, for want of a place of their own: "
            f"{counted(len(self.left_over), 'cell')}. Look through the tables before using the "
            "ledger."
        )

    def methods_text(self) -> str:
        """How the list was read."""
        words = "; ".join(f"{r.word!r} as {r.status}" for r in self.statuses.itertuples())
        return (
            f"Recommendations and statuses were taken from {self.source}. Status words were "
            f"read so: {words or 'none'}. Statuses without a date were recorded as known by the "
            "day on which the list was checked and not before the report."
        )

    def section(self) -> Section:
        """Summary and mapping."""
        html = paragraphs(self.summary()) + table_html(self.mapping, caption="Columns")
        html += table_html(self.statuses, caption="Status words")
        return Section(self.title, html)


# --- spreadsheets --------------------------------------------------------------------------


def ledger_from_spreadsheet(
    source: Any,
    columns: Mapping[str, str] | None = None,
    *,
    statuses: Mapping[str, str] | None = None,
    process_id: str = "",
    report_date: str | dt.date | None = None,
    checked_on: str | dt.date | None = None,
    day_first: bool | None = None,
    evidence_grade: int | None = None,
    unproven: Literal["refuse", "no_evidence"] = "refuse",
    counting_unit: str = "recommendation",
    sheet: str | None = None,
) -> Imported:
    """Make a ledger from a list with one row a recommendation.

    Parameters
    ----------
    source : path or DataFrame
        CSV, Excel or Parquet, or a frame of any kind.
    columns : mapping, optional
        Column of the list to what it is (a key of `ROLES`), or the other way round. Only
        these are taken, all others go to the notes. Guessed from the headings when not
        given.
    statuses : mapping, optional
        Their word to ours; words of the vocabulary need none, nor do usual ones in
        English, German, French and Spanish, which are shown as guessed.
    process_id : str
        The mini-public.
    report_date : str or date, optional
        When it reported, where no column says so.
    checked_on : str or date, optional
        The day for which the list holds: statuses without a date are then known by that
        day (and not before the report), and it is the day of recording. Today (UTC) is
        the day of recording when not given.
    day_first : bool, optional
        Order of dates such as 03/04/2021; refused when not given.
    evidence_grade : int, optional
        Grade of all evidence, where no column says so. A column may name the kind of
        evidence in words ("official document"). In a row with both a response and a
        status the columns of evidence are taken as evidence of the status.
    unproven : {"refuse", "no_evidence"}
        What to do with "implemented" without the evidence it needs: refuse the list, or
        record *no evidence* with their word in the note.
    counting_unit : str
        What one row counts as, where no column says so.
    sheet : str, optional
        Sheet of a workbook.

    Returns
    -------
    Imported
        ``.ledger``, and ``.mapping``, ``.statuses``, ``.left_over`` to look through.

    Raises
    ------
    DataError
        Names row and column of the list: an ambiguous date, an unknown status word, a
        status without a date where `checked_on` is not given, implementation without
        evidence, dates of responses or statuses without a column of responses or
        statuses, a list in which neither could be recognised, a row of totals, and all
        that a ledger refuses.

    Warns
    -----
    LedgerWarning
        Names the rows whose answer or status is dated before the report.

    Examples
    --------
    >>> listed = pd.DataFrame(
    ...     {"No.": [1, 2], "Recommendation": ["Trams", "Bread"], "Response": ["Accepted", None],
    ...      "Response date": ["16 December 2021", None], "Colour": ["green", None]}
    ... )
    >>> made = ledger_from_spreadsheet(listed, report_date="2021-06-23", checked_on="2022-01-31")
    >>> made.ledger.as_of("2022-01-01").certain.tolist()
    ['accepted', 'no_record']
    >>> made.left_over["value"].tolist()
    ['green']
    """
    check_settings(ledger_from_spreadsheet, locals())
    frame, name = _read(source, sheet)
    with in_file(name):
        roles = _roles(frame, columns)
    check_roles(frame, roles, name, guessed=columns is None)
    check_totals(frame, roles, name)
    sheet_ = _Sheet(frame, roles, name, statuses or {}, day_first)
    settings = _Settings(
        process_id, _given(report_date), _given(checked_on), evidence_grade, unproven, counting_unit
    )
    return _build(sheet_, settings, "given" if columns is not None else "guessed")


@dataclass(frozen=True)
class _Settings:
    """What the caller says about the whole list."""

    process_id: str
    report_date: str
    checked_on: str
    evidence_grade: int | None
    unproven: str
    counting_unit: str

    def __post_init__(self) -> None:
        if self.unproven not in ("refuse", "no_evidence"):
            raise DataError(
                f"unproven={self.unproven!r} is not known.", remedy="Use 'refuse' or 'no_evidence'."
            )
        if self.evidence_grade is not None and self.evidence_grade not in (0, 1, 2, 3):
            raise DataError(f"{self.evidence_grade!r} is no evidence grade.", remedy="Use 0 to 3.")


def _given(date: str | dt.date | None) -> str:
    return "" if date is None else iso(as_day(date))


class _Sheet:
    """The cells of a list by role, with errors that name row and column."""

    def __init__(
        self,
        frame: pd.DataFrame,
        roles: Mapping[str, str],
        name: str,
        statuses: Mapping[str, str],
        day_first: bool | None,
    ) -> None:
        self.frame = frame
        self.roles = dict(roles)
        self.name = name
        self.day_first = day_first
        self.own_words = {plain(word): ours for word, ours in statuses.items()}
        for ours in statuses.values():
            if ours not in LAYER_OF:
                _known_status(str(ours))
        self.given_words = tuple(map(str, statuses))
        self.words: dict[tuple[str, str], list[Any]] = {}

    def text(self, at: int, role: str) -> str:
        """One cell as text; empty where the list has no such column."""
        if role not in self.roles:
            return ""
        return cell_text(self.frame[self.roles[role]].iloc[at]).strip()

    def date(self, at: int, role: str) -> tuple[str, str]:
        """One date and its precision."""
        if role not in self.roles:
            return "", ""
        try:
            return read_date(self.frame[self.roles[role]].iloc[at], self.day_first)
        except DataError as error:
            raise self.error(error, at, role) from None

    def grade(self, at: int) -> str:
        """The grade of the evidence, from a number or from words that name its kind."""
        try:
            return evidence_word(self.text(at, "evidence_grade"))
        except DataError as error:
            raise self.error(error, at, "evidence_grade") from None

    def day(self, at: int, role: str) -> str:
        """One date that has to be a full day."""
        text, precision = self.date(at, role)
        if text and precision != "day":
            problem = DataError(f"{text!r} is not a full date.", remedy="Write YYYY-MM-DD.")
            raise self.error(problem, at, role)
        return text

    def status(self, at: int, role: str) -> tuple[str, str]:
        """Their word and ours, both empty for an empty cell."""
        word = self.text(at, role)
        if not word:
            return "", ""
        ours, how = self.meaning(word, role)
        self.words.setdefault((word, ours), [how, 0])[1] += 1
        return word, ours

    def meaning(self, word: str, role: str) -> tuple[str, str]:
        """Our word for theirs and how it was found; empty where it is not known."""
        key = plain(word)
        if key in self.own_words:
            return self.own_words[key], "given"
        if key in _VOCABULARY:
            return _VOCABULARY[key], "vocabulary"
        if key in ("partly", "partially"):
            return PARTLY[role], "guessed"
        return BY_ROLE[role].get(key) or SYNONYMS.get(key, ""), "guessed"

    def check_words(self) -> None:
        """Refuse words of `statuses` that occur nowhere, and all unknown words at once."""
        columns = {r: self.roles[r] for r in ("response", "status") if r in self.roles}
        found = {r: [self.text(at, r) for at in range(len(self.frame))] for r in columns}
        words = {plain(word): word for of in found.values() for word in of if word}
        check_given_words(self.given_words, words, list(columns.values()), self.name)
        unknown = [
            UnknownWord(word, role, columns[role], at + 2)
            for role, of in found.items()
            for at, word in enumerate(of)
            if word and not self.meaning(word, role)[0]
        ]
        if unknown:
            raise unknown_words(unknown, self.name)

    def error(self, error: DataError, at: int, role: str | None = None) -> DataError:
        """An error at a place of the list."""
        column = self.roles.get(role, role) if role else error.column
        return DataError(
            error.problem, file=self.name, row=at + 2, column=column, remedy=error.remedy
        )


_VOCABULARY = {plain(word): word for word in LAYER_OF}


def _known_status(word: str) -> str:
    from dmpkit.impact.vocabulary import known_word

    return known_word(word, LAYER_OF, "status")


def _read(source: Any, sheet: str | None) -> tuple[pd.DataFrame, str]:
    if isinstance(source, str | os.PathLike):
        return read_table(source, sheet=sheet).rename(columns=str), Path(source).name
    frame = to_pandas(source, what="list").rename(columns=str).reset_index(drop=True)
    if frame.columns.duplicated().any():
        doubled = frame.columns[frame.columns.duplicated()][0]
        raise DataError(f"Two columns are called {doubled!r}.", remedy="Rename one.")
    return frame, "list"


def _roles(frame: pd.DataFrame, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Role to column: as given in either direction, or guessed from the headings."""
    if columns is None:
        return guessed_roles(frame)
    out: dict[str, str] = {}
    for one, other in ((str(key), str(value)) for key, value in columns.items()):
        column, role = (one, other) if one in frame.columns and other in ROLES else (other, one)
        if role not in ROLES or column not in frame.columns:
            wrong = role if column in frame.columns else column
            raise DataError(
                f"columns: {wrong!r} is no column of the list, or not what one can be.",
                remedy=f"Columns: {', '.join(map(str, frame.columns))}. They can be: "
                f"{', '.join(ROLES)}.",
            )
        if role in out or column in out.values():
            raise DataError(f"columns: {one!r} or {other!r} stands twice.")
        out[role] = column
    return out


def _build(sheet: _Sheet, settings: _Settings, how: str) -> Imported:
    sheet.check_words()
    recs: list[dict[str, str]] = []
    events: list[dict[str, str]] = []
    left: list[tuple[int, str, str]] = []
    origin: dict[str, list[int]] = {"recommendations": [], "events": []}
    layers: list[str] = []
    for at in range(len(sheet.frame)):
        if not any(cell_text(value).strip() for value in sheet.frame.iloc[at]):
            continue
        rec = _recommendation(sheet, settings, at, left)
        recs.append(rec)
        origin["recommendations"].append(at)
        for event in _events(sheet, settings, at, rec, left):
            events.append({"event_id": f"E{len(events) + 1:06d}", **event})
            origin["events"].append(at)
            layers.append(_role_of(event))
    if not recs:
        raise DataError("The list has no rows.", file=sheet.name)
    if "rec_id" not in sheet.roles:
        left.append((1, "ids", "the list numbers nothing: R001 … were given"))
    try:
        ledger = Ledger.from_frames(pd.DataFrame(recs), pd.DataFrame(events) if events else None)
    except DataError as error:
        place = origin.get(error.file or "")
        if place is None or not isinstance(error.row, int):
            raise
        at = place[error.row - 2]
        if "needs evidence" in error.problem:
            remedy = f"{error.remedy} Or say unproven='no_evidence': such claims are then recorded "
            error = DataError(error.problem, file=error.file, row=error.row, column=error.column,
                              remedy=f"{remedy}as no evidence.")  # fmt: skip
        layer = layers[int(error.row or 2) - 2] if error.file == "events" else ""
        raise sheet.error(_in_their_words(error, sheet.roles, layer), at) from None
    _warn_of_early_dates(sheet.name, recs, events, origin["events"])
    words = [(w, ours, LAYER_OF[ours], n, by) for (w, ours), (by, n) in sheet.words.items()]
    return Imported(
        ledger=ledger,
        mapping=_mapping(sheet, how),
        statuses=pd.DataFrame(words, columns=["word", "status", "layer", "count", "how"]),
        left_over=pd.DataFrame(left, columns=["row", "what", "value"]),
        source=sheet.name,
    )


def _role_of(event: Mapping[str, str]) -> str:
    """The column of the list that an event was made from."""
    return "response" if "wording" in event else "status"


def _in_their_words(error: DataError, roles: Mapping[str, str], layer: str) -> DataError:
    """An error of the ledger with the columns of the list in place of ours.

    Parameters
    ----------
    error : DataError
    roles : mapping
        Role to column.
    layer : str
        ``response`` or ``status``, for an event; empty for a recommendation.
    """
    ours = dict(roles)
    if layer:
        own = {"status": layer, "date": f"{layer}_date", "recorded_on": "checked_on"}
        ours |= {name: roles[role] for name, role in own.items() if role in roles}
    remedy = error.remedy or ""
    named = [
        f"{name} is your column {column!r}"
        for name, column in ours.items()
        if "_" in name and name != column and re.search(rf"\b{name}\b", f"{error.problem} {remedy}")
    ]
    if named:
        remedy = f"{remedy} ({'; '.join(named)}.)".strip()
    return DataError(
        error.problem, column=ours.get(str(error.column), error.column), remedy=remedy or None
    )


def _warn_of_early_dates(
    name: str, recs: list[dict[str, str]], events: list[dict[str, str]], rows: list[int]
) -> None:
    """Warn of answers and statuses that are wholly before the report of their row."""
    reports = {rec["rec_id"]: rec["report_date"] for rec in recs}
    early = []
    for event, at in zip(events, rows, strict=True):
        report = reports[event["rec_id"]]
        if report and period(event["date"], event["precision"])[1] < as_day(report):
            early.append(f"row {at + 2} ({event['status']}, {event['date']})")
    if early:
        shown = ", ".join(early[:10]) + (f" and {len(early) - 10} more" if early[10:] else "")
        warn(
            f"{name}: {len(early)} answers or statuses are dated before the report, so they "
            f"predate it: {shown}. They were taken as they are. Mend the dates or the report "
            "date, or record in the baseline what was there before.",
            LedgerWarning,
        )


def _mapping(sheet: _Sheet, how: str) -> pd.DataFrame:
    taken = {column: role for role, column in sheet.roles.items()}
    rows = []
    for column in sheet.frame.columns:
        cells = [text for v in sheet.frame[column] if (text := cell_text(v).strip())]
        by = how if column in taken else "kept in note"
        example = cells[0][:60] if cells else ""
        rows.append((column, taken.get(column, "note"), by, len(cells), example))
    return pd.DataFrame(rows, columns=["column", "taken_as", "how", "filled", "example"])


def _recommendation(
    sheet: _Sheet, settings: _Settings, at: int, left: list[tuple[int, str, str]]
) -> dict[str, str]:
    """One row of the recommendations; columns of no known kind go to its note."""
    used = set(sheet.roles.values())
    notes = [sheet.text(at, "note")] if sheet.text(at, "note") else []
    for column in sheet.frame.columns:
        value = cell_text(sheet.frame[column].iloc[at]).strip()
        if column not in used and value:
            notes.append(f"{column}: {value}")
            left.append((at + 2, f"{column} (kept in note)", value))
    given = (*_OF_RECOMMENDATION, "progress")
    out = {role: sheet.text(at, role) for role in given if role in sheet.roles}
    if "baseline" in out:
        out["baseline"] = baseline_word(out["baseline"], sheet.roles["baseline"])
    return out | {
        "rec_id": sheet.text(at, "rec_id") if "rec_id" in sheet.roles else f"R{at + 1:03d}",
        "process_id": settings.process_id,
        "label": sheet.text(at, "label"),
        "counting_unit": sheet.text(at, "counting_unit") or settings.counting_unit,
        "report_date": sheet.day(at, "report_date") or settings.report_date,
        "answer_due": sheet.day(at, "answer_due"),
        "support_share": _share(sheet.text(at, "support_share")),
        "note": "; ".join(notes),
    }


def _share(text: str) -> str:
    """A share; a percentage that says so is divided by 100."""
    number = text.removesuffix("%").strip()
    if text.endswith("%"):
        try:
            return repr(float(number.replace(",", ".")) / 100)
        except ValueError:
            return text
    return text


def _events(
    sheet: _Sheet,
    settings: _Settings,
    at: int,
    rec: Mapping[str, str],
    left: list[tuple[int, str, str]],
) -> list[dict[str, str]]:
    """The events of one row: its response and its status."""
    out = []
    recorded = sheet.day(at, "checked_on") or settings.checked_on
    common = {
        "rec_id": rec["rec_id"],
        "rater": sheet.text(at, "rater"),
        "recorded_on": recorded or dt.datetime.now(dt.UTC).date().isoformat(),
    }
    for role in ("response", "status"):
        word, ours = sheet.status(at, role)
        date, precision = sheet.date(at, f"{role}_date")
        if not ours:
            if date:
                left.append((at + 2, f"{role} date without a {role} (kept in note)", date))
                rec["note"] = _joined(rec["note"], f"{role} date: {date}")  # type: ignore[index]
            continue
        event = {**common, "status": ours, "date": date, "precision": precision}
        event |= _evidence(sheet, settings, at, role)
        if plain(word) != plain(ours):
            event["note"] = _joined(f"their word: {word}", event["note"])
        if not date:
            _known_by(sheet, event, rec, recorded, at, role)
        if role == "response":
            event["wording"] = sheet.text(at, "response_wording")
        if role == "status":
            event["fidelity"] = sheet.text(at, "fidelity")
            if "progress" in sheet.roles:
                event["progress"] = sheet.text(at, "progress")
        _prove(event, settings, word)
        out.append(event)
    _keep_unused(sheet, at, rec, left, {event["status"] for event in out}, bool(out))
    return out


def _evidence(sheet: _Sheet, settings: _Settings, at: int, role: str) -> dict[str, str]:
    """Link and grade of an event; beside a status they are not taken for the response's."""
    given = cell_text(settings.evidence_grade)
    if role == "response" and sheet.text(at, "status"):
        return {"evidence_url": "", "evidence_grade": given, "note": ""}
    grade, words = sheet.grade(at), sheet.text(at, "evidence_grade")
    return {
        "evidence_url": sheet.text(at, "evidence_url"),
        "evidence_grade": grade or given,
        "note": f"their evidence: {words}" if words and plain(words) != plain(grade) else "",
    }


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _known_by(
    sheet: _Sheet, event: dict[str, str], rec: Mapping[str, str], day: str, at: int, role: str
) -> None:
    """A status without a date happened after the report and by the day of the check."""
    if not day:
        problem = DataError(
            f"The {role} has no date.",
            remedy="Give the date, or say with checked_on on which day the list held.",
        )
        raise sheet.error(problem, at, role)
    event["date"], event["precision"] = day, "day"
    if rec["report_date"] and rec["report_date"] < day:
        event["last_seen_before"] = rec["report_date"]
    event["note"] = _joined(event["note"], "no date in the list: known by this day")


def _prove(event: dict[str, str], settings: _Settings, word: str) -> None:
    """Record a claim without evidence as that, where the caller asked for it."""
    if settings.unproven != "no_evidence" or event["status"] != "implemented":
        return
    raters = {name.strip() for name in event["rater"].split(";") if name.strip()}
    if event["evidence_grade"] == "3" or (event["evidence_grade"] == "2" and len(raters) > 1):
        return
    event["status"] = "no_evidence"
    claim = f"claimed as {word!r}, without the evidence that implementation needs"
    event["note"] = _joined(event["note"], claim)


def _keep_unused(
    sheet: _Sheet,
    at: int,
    rec: Mapping[str, str],
    left: list[tuple[int, str, str]],
    found: set[str],
    any_event: bool,
) -> None:
    """Cells about events that are not there go to the recommendation's note."""
    roles = [] if any_event else ["evidence_url", "evidence_grade", "rater", "checked_on"]
    if not sheet.text(at, "response"):
        roles.append("response_wording")
    if not sheet.text(at, "status"):
        roles.append("fidelity")
    for role in roles:
        value = sheet.text(at, role)
        if value:
            left.append((at + 2, f"{sheet.roles[role]} without a status (kept in note)", value))
            rec["note"] = _joined(rec["note"], f"{sheet.roles[role]}: {value}")  # type: ignore[index]


# --- Decidim -------------------------------------------------------------------------------


def ledger_from_decidim(
    source: Any,
    *,
    statuses: Mapping[str, str] | None = None,
    process_id: str = "",
    report_date: str | dt.date | None = None,
    checked_on: str | dt.date | None = None,
    language: str | None = None,
    evidence_grade: int | None = None,
    unproven: Literal["refuse", "no_evidence"] = "refuse",
) -> Imported:
    """Make a ledger from the export of results of Decidim's accountability component.

    Decidim writes one row a result, nested fields with a slash (``status/key``,
    ``title/en``). An instance defines its own statuses, and a status has no date of its
    own: it is taken as known by ``updated_at`` where the export has that, else by
    `checked_on`, and not before the report. Results below another count as
    sub-actions, all others as recommendations. ``progress`` is kept as it is (a column of
    the events and of the recommendations): Decidim averages that of a parent from its
    children, counting an empty one as 0 or not at all, so it is never used for a status.

    Parameters
    ----------
    source : path or DataFrame
        The exported CSV (semicolons by default), or a frame.
    statuses : mapping, optional
        Their status key or name to ours.
    process_id : str
    report_date, checked_on : str or date, optional
        As in :func:`ledger_from_spreadsheet`.
    language : str, optional
        Which of the languages of titles to take; needed where there are several.
    evidence_grade : int, optional
    unproven : {"refuse", "no_evidence"}
        As in :func:`ledger_from_spreadsheet`.

    Returns
    -------
    Imported

    Raises
    ------
    DataError
        As :func:`ledger_from_spreadsheet`, and where it is not such an export.

    References
    ----------
    Decidim, ``decidim-accountability``: ResultSerializer; ``decidim-core``: CSV exporter.
    """
    check_settings(ledger_from_decidim, locals())
    if isinstance(source, str | os.PathLike):
        frame, _ = read_delimited(source, decimal=".")
        name = Path(source).name
    else:
        frame, name = _read(source, None)
    missing = [c for c in ("id", "parent/id", "progress") if c not in frame.columns]
    if missing:
        raise DataError(
            f"The column {missing[0]!r} of Decidim's export of results is missing.",
            file=name,
            remedy="Export the results of the accountability component as CSV; for lists of "
            "another kind there is ledger_from_spreadsheet.",
        )
    frame = frame.copy()
    roles = _decidim_roles(frame, language, name)
    sheet = _Sheet(frame, roles, name, statuses or {}, None)
    dates = _given(report_date), _given(checked_on)
    settings = _Settings(process_id, *dates, evidence_grade, unproven, "recommendation")
    return _build(sheet, settings, "Decidim's field")


def _decidim_roles(frame: pd.DataFrame, language: str | None, name: str) -> dict[str, str]:
    """Which columns of the export are what; adds the counting unit and the day of update."""
    titles = [str(c) for c in frame.columns if str(c).startswith("title/")]
    names = [str(c) for c in frame.columns if str(c).startswith("status/name/")]
    if language is None and len(titles) > 1:
        raise DataError(
            f"The titles stand in several languages: {', '.join(t[6:] for t in titles)}.",
            file=name,
            remedy="Say which with language.",
        )
    title = f"title/{language}" if language else (titles[0] if titles else "title")
    if title not in frame.columns:
        raise DataError(f"There is no column {title!r}.", file=name, remedy="Mend the language.")
    ids = frame["id"].map(cell_text)
    parents = frame["parent/id"].map(cell_text)
    known = parents.isin(set(ids)) & (parents != "")
    deep = known & parents.isin(set(ids[known]))
    if deep.any():
        at = int(deep.to_numpy().argmax())
        raise DataError(
            "The result stands below one that stands below another; only two levels are known.",
            file=name,
            row=at + 2,
            column="parent/id",
            remedy="Leave the deepest level out, or give it another parent.",
        )
    unit = "counted as (from parent/id)"
    frame[unit] = ["sub-action" if part else "recommendation" for part in parents != ""]
    frame["parent/id"] = parents.where(known, "")
    if (parents[~known] != "").any():
        frame["parent that is not in the export"] = parents.mask(known, "")
    roles = {
        "rec_id": "id",
        "label": title,
        "parent_id": "parent/id",
        "counting_unit": unit,
        "progress": "progress",
    }
    status = "status/key" if "status/key" in frame.columns else names[0] if names else ""
    if status and not frame[status].map(cell_text).str.strip().any() and names:
        status = names[0]
    if status:
        roles["status"] = status
    if "url" in frame.columns:
        roles["evidence_url"] = "url"
    if "updated_at" in frame.columns:
        roles["checked_on"] = "updated_at"
    return roles
