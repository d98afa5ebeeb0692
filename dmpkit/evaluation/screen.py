"""Before the project: red flags of a commission that has not been taken on yet.

Eight flags and eighteen conditions (``data/screening``), which grew from interviews with
practitioners by our codebook of that article; wording, ways to look and the rule for the
verdict are our own proposal. Each question is answered with *no sign*, *sign* or
*shown*, and a sign is *negotiable*, *negotiated* or a *stop*. The verdict:

- *decline* where a sign is a stop;
- else *renegotiate* where a sign is open: negotiable, or not said to be anything, or
  negotiated without a word on what was agreed;
- else *no verdict yet* where a question is unanswered: it is never counted as fine;
- else *go*.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.outside_records import (
    LINE_STATUSES,
    about_field,
    codes_of,
    counted,
    marked_synthetic,
    outside_kinds,
    records_of,
    sentence,
)
from dmpkit.evaluation.records import find_records
from dmpkit.reporting import Figure, Result, Section, escape, paragraphs, table_html
from dmpkit.tables import atomic_write, write_csv
from dmpkit.wording import listed
from dmpkit.writing import sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Screen", "has_sheet", "new_sheet", "read_screen", "screen"]

PathLike = str | os.PathLike[str]
GO, RENEGOTIATE, DECLINE, NOT_YET = "go", "renegotiate", "decline", "no verdict yet"
#: What an answer amounts to.
STOP, OPEN, SETTLED, CLEAR, UNANSWERED = "stop", "open", "settled", "no sign", "unanswered"
SHEET = "flags.csv"
GUIDANCE = "how-to-screen.txt"
#: Columns of an empty sheet that hold the question, before the columns to be filled in.
SHEET_QUESTIONS = ("flag", "part_of", "label", "question", "look")

_HOW = """\
How to fill in flags.csv

One row a question. F1 to F8 are red flags, K01 to K18 conditions; the column part_of says
of which flag a condition is a part. Answer each question by itself.

status   no sign    you looked, and there is no sign of this trouble
         sign       there is a sign of it
         shown      it is plain
         not looked you have not looked (the same as an empty cell)
state    negotiable there is a sign, and it can be talked about
         negotiated it was talked about, and what was agreed stands under note
         stop       there is a sign, and under it you would not take the project on
by       who says so
note     what you saw, and what was agreed

Of a condition (K) the sign of trouble is that the answer to its question is no.
An empty row is unanswered. It is said so, and never counted as fine.

Then run again: dmpkit screen FOLDER
"""


def weigh_answer(status: str, state: str = "", note: str = "") -> tuple[str, str]:
    """What an answer amounts to, and why: stop, open, settled, no sign or unanswered.

    Parameters
    ----------
    status, state, note : str
        Of a row of ``flags.csv``.

    Returns
    -------
    reading, reason : str

    Raises
    ------
    DataError
        When a stop or an agreement is written without a sign to which it belongs.

    Examples
    --------
    >>> weigh_answer("sign", "negotiable")
    ('open', 'can be negotiated')
    >>> weigh_answer("sign", "negotiated")
    ('open', 'said to be negotiated, but not what was agreed')
    >>> weigh_answer("")
    ('unanswered', 'nobody looked')
    """
    if status in ("", "not looked"):
        if state:
            raise DataError(
                f"The state {state!r} stands without a status.",
                column="status",
                remedy="Write sign or shown under status, or empty the cell under state.",
            )
        return UNANSWERED, "nobody looked"
    if status == "no sign":
        if state == "stop":
            raise DataError(
                "A stop stands where there is no sign.",
                column="state",
                remedy="Write sign or shown under status, or empty the cell under state.",
            )
        return CLEAR, "looked at, no sign"
    if state == "stop":
        return STOP, "said to be a stop"
    if state == "negotiated":
        if note.strip():
            return SETTLED, "negotiated"
        return OPEN, "said to be negotiated, but not what was agreed"
    if state == "negotiable":
        return OPEN, "can be negotiated"
    return OPEN, "not said whether it can be negotiated"


def screen(
    source: Any,
    *,
    name: str = "",
    on: str | None = None,
    first_day: str = "",
    synthetic: bool | None = None,
) -> Screen:
    """The screening of a commission: answers, verdict and reasons.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a table as ``flags.csv``: ``flag, status, state, by, note``; rows
        on red lines (R1 to R8) are left aside.
    name : str
        What is screened; the scorecard's title when not given.
    on : str, optional
        Day of the screening, year-month-day; today when not given.
    first_day : str
        First day of the process, where it is known.
    synthetic : bool, optional
        Made-up answers; as the scorecard says when not given.

    Returns
    -------
    Screen

    Raises
    ------
    DataError
        When the table has mistakes, or a stop stands without a sign.

    Examples
    --------
    >>> sheet = pd.DataFrame({"flag": ["F3", "F6"], "status": ["sign", "no sign"],
    ...                       "state": ["stop", ""]})
    >>> result = screen(sheet, on="2026-01-15")
    >>> result.verdict, result.n_unanswered
    ('decline', 24)
    """
    check_settings(screen, locals())
    answers = records_of(source, "flags")
    day = on if on is not None else datetime.datetime.now(datetime.UTC).date().isoformat()
    _require_day(day)
    return Screen(
        answers=answers[answers["flag"].isin(codes_of("questions")["flag"])].reset_index(drop=True),
        on=day,
        name=name or about_field(source, "title"),
        first_day=first_day or about_field(source, "first_day"),
        synthetic=marked_synthetic(source, synthetic),
    )


def _require_day(day: str) -> None:
    try:
        datetime.date.fromisoformat(day)
    except (ValueError, TypeError):
        raise DataError(f"{day!r} is no date.", remedy="Write year-month-day.") from None


def read_screen(folder: PathLike, *, on: str | None = None) -> Screen:
    """The screening sheet of a folder (``flags.csv``, and ``about.csv`` where there is one).

    Parameters
    ----------
    folder : path
        The folder, or a workbook with a sheet *flags*.
    on : str, optional
        Day of the screening; today when not given.

    Raises
    ------
    DataError
        When there is no sheet, or it has mistakes.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = new_sheet(folder)
    >>> read_screen(folder).verdict
    'no verdict yet'
    """
    place = Path(folder)
    if not place.exists():
        raise DataError(
            f"There is no folder '{folder}'.",
            remedy=f"Start one: dmpkit screen {folder} --new",
        )
    found = find_records(place, outside_kinds()["flags"])
    if found is None:
        raise DataError(
            f"There is no {SHEET} in the folder.",
            file=place,
            remedy=f"Start one: dmpkit screen {folder} --new",
        )
    about = _about(place)
    made_up = about.get("synthetic", "").casefold() in {"yes", "true", "1"}
    name = about.get("title", "") or place.resolve().stem
    return screen(found, name=name, on=on, first_day=about.get("first_day", ""), synthetic=made_up)


def _about(place: Path) -> dict[str, str]:
    """Fields of ``about.csv``; none where there is none."""
    from dmpkit.evaluation.records import Field, RecordKind

    kind = RecordKind("about", "about.csv", [Field("field", required=True), Field("value")])
    frame = find_records(place, kind)
    if frame is None:
        return {}
    return {f.strip().casefold(): v for f, v in zip(frame["field"], frame["value"], strict=True)}


def has_sheet(folder: PathLike) -> bool:
    """Whether a folder holds a table called flags, whatever may be in it.

    Examples
    --------
    >>> import tempfile
    >>> has_sheet(tempfile.mkdtemp())
    False
    """
    place = Path(folder)
    return place.is_dir() and any(
        path.stem.casefold() == "flags" and path.suffix.casefold() in (".csv", ".tsv", ".txt")
        for path in place.iterdir()
    )


def new_sheet(folder: PathLike) -> Path:
    """Write an empty screening sheet with its questions, and a page of guidance beside it.

    Parameters
    ----------
    folder : path
        Made where it does not exist, if its own folder does.

    Returns
    -------
    Path
        The sheet.

    Raises
    ------
    DataError
        When there is a sheet already (it is left as it is), or no place for the folder.

    Examples
    --------
    >>> import tempfile
    >>> new_sheet(tempfile.mkdtemp()).name
    'flags.csv'
    """
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise DataError("This is not a folder.", file=place, remedy="Name a folder.")
    sheet = place / SHEET
    sweep(place)
    if has_sheet(place):
        raise DataError(
            f"There is a {SHEET} already; it was left as it is.",
            file=place,
            remedy=f"Fill it in, then: dmpkit screen {folder}",
        )
    if not place.is_dir():
        if not place.parent.is_dir():
            raise DataError(
                f"The folder '{place.parent}' does not exist.",
                file=place,
                remedy="Make that folder first.",
            )
        place.mkdir()
    questions = codes_of("questions")[list(SHEET_QUESTIONS)]
    empty = dict.fromkeys(("status", "state", "by", "note"), "")
    guidance = place / GUIDANCE
    if not guidance.exists():
        with atomic_write(guidance) as target:
            target.write_text(_HOW, encoding="utf-8", newline="\n")
    write_csv(questions.assign(**empty), sheet)  # last: where it is, all is there
    return sheet


@dataclass(frozen=True, eq=False, repr=False)
class Screen(Result):
    """Result of :func:`screen`.

    Attributes
    ----------
    answers : DataFrame
        ``flag, status, state, by, note``: one row an answer on the sheet.
    on : str
        Day of the screening.
    name : str
        What was screened.
    first_day : str
        First day of the process; empty where it is not known.
    synthetic : bool
        Whether the answers are made up.
    """

    answers: pd.DataFrame
    on: str
    name: str = ""
    first_day: str = ""
    synthetic: bool = False

    title = "Screening before the project"
    sheet_notes = {"sheet": "One row a question with its answer and what it amounts to."}  # noqa: RUF012

    def __post_init__(self) -> None:
        _ = self.sheet  # an answer that contradicts itself is refused at once

    @cached_property
    def sheet(self) -> pd.DataFrame:
        """One row a question: ``flag, kind, label, question, look, status … reading, reason``."""
        given = {row["flag"]: (place, row) for place, row in enumerate(_records(self.answers))}
        rows = []
        for question in _records(codes_of("questions")):
            place, answer = given.get(question["flag"], (None, {}))
            status, state = answer.get("status", ""), answer.get("state", "")
            note = answer.get("note", "")
            try:
                reading, reason = weigh_answer(status, state, note)
            except DataError as error:
                raise DataError(
                    f"{question['flag']}: {error.problem}", file=SHEET,
                    row=None if place is None else place + 2, column=error.column,
                    remedy=error.remedy,
                ) from None  # fmt: skip
            rows.append(
                {
                    **{k: question[k] for k in ("flag", "kind", "part_of", "label", "question")},
                    "look": question["look"],
                    "seed": question["seed"],
                    "status": status or "not looked",
                    "state": state,
                    "by": answer.get("by", ""),
                    "note": note,
                    "reading": reading,
                    "reason": reason,
                }
            )
        return pd.DataFrame(rows)

    def of_reading(self, reading: str) -> list[str]:
        """The questions whose answer amounts to this, as *F3 Silence by contract*."""
        part = self.sheet[self.sheet["reading"] == reading]
        return [f"{a} {b}" for a, b in zip(part["flag"], part["label"], strict=True)]

    @property
    def n_unanswered(self) -> int:
        """Questions without an answer."""
        return len(self.of_reading(UNANSWERED))

    @property
    def verdict(self) -> str:
        """*decline*, *renegotiate*, *no verdict yet* or *go*, by the rule of the module."""
        found = set(self.sheet["reading"])
        if STOP in found:
            return DECLINE
        if OPEN in found:
            return RENEGOTIATE
        return NOT_YET if UNANSWERED in found else GO

    @cached_property
    def reasons(self) -> list[str]:
        """Why, one sentence a reason: stops, open signs, what was settled, what is unanswered."""
        out = []
        for reading in (STOP, OPEN):
            part = self.sheet[self.sheet["reading"] == reading]
            for row in _records(part):
                note = f" ({row['note'].strip().rstrip('.')})" if row["note"] else ""
                by = f", says {row['by']}" if row["by"] else ""
                out.append(
                    f"{row['flag']} {row['label']}: {row['status']}, {row['reason']}{by}{note}."
                )
        if settled := self.of_reading(SETTLED):
            out.append(f"Settled by negotiation: {listed(settled, 'and')}.")
        if unanswered := self.of_reading(UNANSWERED):
            what = "a stop may be among them" if self.verdict != DECLINE else "they change nothing"
            n = sentence(f"{counted(len(unanswered), 'question')} not answered")[:-1]
            out.append(f"{n}, and {what}: {listed(unanswered, 'and')}.")
        if self.verdict == GO:
            out.append("All questions were looked at, and no sign is open.")
        return [*out, *self._contradictions()]

    def _contradictions(self) -> list[str]:
        """Flags without a sign of which a part has one."""
        readings = self.sheet.set_index("flag")["reading"]
        parts = self.sheet[(self.sheet["part_of"] != "") & self.sheet["reading"].isin([STOP, OPEN])]
        return [
            f"{row['part_of']} is said to have no sign, while its part {row['flag']} "
            f"{row['label']} has one."
            for row in _records(parts)
            if readings[row["part_of"]] == CLEAR
        ]

    @property
    def when(self) -> str:
        """Whether the screening was before the first day, in words."""
        if not self.first_day:
            return "the first day of the process is not known"
        early = self.on <= self.first_day
        return "before the first day" if early else "after the first day, so no baseline"

    def frames(self) -> dict[str, pd.DataFrame]:
        """The sheet with its readings."""
        return {"sheet": self.sheet}

    def summary(self) -> str:
        """The verdict and its reasons."""
        made_up = " The answers are synthetic." if self.synthetic else ""
        head = f"{self.verdict.capitalize()}. Screened on {self.on}, {self.when}.{made_up}"
        return "\n\n".join([head, " ".join(self.reasons)])

    def methods_text(self) -> str:
        """Where the questions come from and the rule of the verdict."""
        return (
            "The questions grew from interviews with practitioners (Parry, 'Holding this "
            "space', Acta Politica), by dmpkit's codebook of that article; selection, wording "
            "and the rule are a proposal of dmpkit. Rule: decline where a sign is a stop; else "
            "renegotiate where a sign is open, that is negotiable, without a state, or "
            "negotiated without a note of what was agreed; else no verdict yet where a question "
            "is unanswered; else go. Nothing is counted or weighed: one stop suffices. The article "
            "tells that a few held a process worth doing in poor conditions; the verdict is "
            "advice to those who decide, and the sheet keeps what they knew."
        )

    def _html(self) -> str:
        reasons = "".join(f"<li>{escape(reason)}</li>" for reason in self.reasons)
        made_up = " The answers are synthetic." if self.synthetic else ""
        head = (
            f'<p style="font-size:1.3em"><strong>{escape(self.verdict.capitalize())}</strong></p>'
            f"{paragraphs(f'Screened on {self.on}, {self.when}.{made_up}')}<ul>{reasons}</ul>"
        )
        shown = self.sheet[["flag", "label", "status", "state", "by", "note"]]
        caption = "The sheet (F red flags, K conditions; not looked is never counted as fine)"
        heads = {"label": "what is asked about", "by": "said by"}
        return head + table_html(shown, headings=heads, caption=caption)

    def section(self) -> Section:
        """Verdict, reasons, the sheet and its picture, for a larger report."""
        figure = Figure.from_axes(self.plot(), "The sheet by status; full marks are signs.")
        return Section(self.title, self._html(), (figure,))

    def sections(self) -> tuple[Section, ...]:
        """The one page: verdict, reasons and sheet, then how it was made."""
        methods = Section("How the verdict is made", paragraphs(self.methods_text()))
        return (Section(self.name or self.title, self._html()), methods)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """The sheet by status (:func:`~dmpkit.evaluation.outside_plots.plot_statuses`)."""
        from dmpkit.evaluation.outside_plots import plot_statuses

        labels = [
            f"{flag} {label}{f' [{state}]' if state else ''}"
            for flag, label, state in zip(
                self.sheet["flag"], self.sheet["label"], self.sheet["state"], strict=True
            )
        ]
        return plot_statuses(
            labels, self.sheet["status"].tolist(), LINE_STATUSES,
            bad=("sign", "shown"), what="questions", synthetic=self.synthetic, ax=ax,
        )  # fmt: skip


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
