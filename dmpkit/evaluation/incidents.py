"""Incidents at the red lines: what was shown, what is only a sign, what was not looked at.

The eight lines grew from interviews with practitioners (Parry, 'Holding this space',
Acta Politica, doi 10.1057/s41269-023-00329-z), by our codebook of that article; their
wording, the rules below and the words for a status are our own proposal. Nothing here
is averaged into a score.

- A breach is *shown* only on evidence of grade A or B, and after whoever is concerned
  had a chance to reply; otherwise it is a *sign*, and the reason is said.
- What practitioners do to resist is no breach: staff who leave or threaten to leave
  (R8) hold the line, and only the withdrawal of agreed measures counts.
- What a member brings in (R4) is no fault of the organiser.
- A line without an incident was *not looked* at, unless somebody says that it was.
- The public version holds no trace of a confidential incident but how many there are.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.outside_records import (
    LINE_STATUSES,
    RESPONSES,
    SMALL,
    about_field,
    codes_of,
    counted,
    is_scorecard,
    many,
    marked_synthetic,
    records_of,
    sentence,
)
from dmpkit.evaluation.record_cells import cell_text, read_date
from dmpkit.reporting import (
    Figure,
    Result,
    Section,
    escape,
    page,
    paragraphs,
    table_html,
    write_html,
)
from dmpkit.tables import to_pandas
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "RedLines",
    "evidence_held_back",
    "public_flags",
    "public_incidents",
    "red_lines",
    "weigh_incident",
]

#: Public word for a line of which nothing can be said while incidents are held back.
NOTHING_PUBLIC = "nothing public"
#: Whose leaving, or threat to leave, is a way of holding the line.
STAFF = ("staff", "facilitator", "moderator", "practitioner", "team", "employee", "organiser",
         "organizer", "supplier", "contractor")  # fmt: skip
LEAVING = ("threaten to leave", "leave")
WEAK = ("C", "D")
BANNER = "CONFIDENTIAL: not for publication"


# --- one incident ------------------------------------------------------------------------


def weigh_incident(
    incident: Mapping[str, str],
    *,
    grades: Mapping[str, str] | None = None,
    report_day: str = "",
) -> tuple[str, str]:
    """What an incident amounts to, and why: shown, sign, not a breach, or no line.

    *Shown* needs evidence of grade A or B that is named, and a chance to reply: a date
    on which a reply was asked, not before the incident and not after the day of the
    report, or a reply. Where the
    incident and the evidence that it names carry different grades, the weaker one counts.
    The rule is our own proposal.

    Parameters
    ----------
    incident : mapping
        Fields of one row of ``incidents.csv``; a field that is absent or missing is empty.
        Dates are read as the file's are: 2024-5-2 and 2024-05-02 are one day.
    grades : mapping of str to str, optional
        Grade by id of evidence; the incident's own grade counts alone where not given.
    report_day : str
        Day of the report, year-month-day.

    Returns
    -------
    reading, reason : str
        Reading is ``"shown"``, ``"sign"``, ``"not a breach"`` or ``"no line"``.

    Raises
    ------
    DataError
        When a date is none, or the incident is no mapping.

    Examples
    --------
    >>> weigh_incident({"line": "R2", "grade": "B", "evidence": "E4", "reply_asked": "2024-05-02"})
    ('shown', 'evidence of grade B; a reply was asked on 2024-05-02')
    >>> weigh_incident({"line": "R2", "grade": "C", "evidence": "E4"})
    ('sign', 'evidence of grade C only; nobody was asked for a reply')
    >>> weigh_incident({"line": "R8", "actor": "staff", "response": "threaten to leave"})[0]
    'not a breach'
    """
    if not isinstance(incident, Mapping):
        raise DataError("The incident is no mapping.", remedy="Give its fields by name.")
    incident = {str(name): cell_text(value) for name, value in incident.items()}
    for name in ("date", "reply_asked"):
        incident[name] = _day(incident.get(name, ""), name)
    report_day = _day(cell_text(report_day), "report_day")
    if not incident.get("line"):
        return "no line", "no red line is named"
    if reason := _no_breach(incident):
        return "not a breach", reason
    enough, of_evidence = _evidence_reason(incident, grades)
    asked, of_reply = _reply_reason(incident, report_day)
    return "shown" if enough and asked else "sign", f"{of_evidence}; {of_reply}"


def _day(cell: str, name: str) -> str:
    """A day as year-month-day, so that days compare as texts do; empty stays empty."""
    try:
        return read_date(cell) if cell else ""
    except DataError as error:
        raise DataError(error.problem, column=name, remedy=error.remedy) from None


def _no_breach(incident: Mapping[str, str]) -> str:
    """Why an incident is no breach of its line; empty where it is one."""
    if incident.get("breach") == "no":
        return "recorded as no breach"
    if incident.get("line") != "R8" or incident.get("breach") == "yes":
        return ""
    responses = many(incident.get("response", ""), phrases=True)
    actor = incident.get("actor", "").casefold()
    own = not actor.strip() or any(word in actor for word in STAFF)
    if own and any(response in LEAVING for response in responses):
        return (
            "staff who leave or threaten to leave hold the line; write yes under breach, or "
            "name who did it, if agreed measures were withdrawn"
        )
    return ""


def _evidence_reason(
    incident: Mapping[str, str], grades: Mapping[str, str] | None
) -> tuple[bool, str]:
    """Whether the evidence suffices for *shown*, and the words for it."""
    own, named = incident.get("grade", ""), many(incident.get("evidence", ""))
    if not named:
        return False, f"no evidence is named{f' for the grade {own}' if own else ''}"
    if grades is None:
        grade, weaker = own, ""
    else:
        best = min((grades[one] for one in named if grades.get(one)), default="")
        grade = max(own, best) if own and best else best
        weaker = f" (the incident itself says {own})" if own and grade and own != grade else ""
    if not grade:
        return False, "the evidence has no grade"
    weak = grade in WEAK
    return not weak, f"evidence of grade {grade}{' only' if weak else ''}{weaker}"


def _reply_reason(incident: Mapping[str, str], report_day: str) -> tuple[bool, str]:
    """Whether there was a chance to reply, and the words for it."""
    asked, reply = incident.get("reply_asked", ""), incident.get("reply", "")
    day = incident.get("date", "")
    if asked and day and asked < day:
        return False, f"a reply was asked on {asked}, before the incident of {day}"
    if reply:
        return True, f"a reply was asked on {asked}" if asked else "a reply was given"
    if not asked:
        return False, "nobody was asked for a reply"
    if report_day and asked > report_day:
        return False, f"a reply was asked on {asked} only, after the report of {report_day}"
    return True, f"a reply was asked on {asked}"


# --- what may be public ------------------------------------------------------------------


def public_incidents(incidents: Any) -> pd.DataFrame:
    """The incidents that may be published: those that say that they are not confidential.

    An empty cell under `confidential` holds the incident back too. Ids that run on show by
    their gaps how many are missing: give ids that do not.

    Parameters
    ----------
    incidents : Scorecard or DataFrame
        As ``incidents.csv``.

    Examples
    --------
    >>> rows = pd.DataFrame({"incident": ["i1", "i2", "i3"], "confidential": ["no", "yes", ""]})
    >>> public_incidents(rows)["incident"].tolist()
    ['i1']
    """
    frame = records_of(incidents, "incidents")
    return frame[frame["confidential"] == "no"].reset_index(drop=True)


def evidence_held_back(incidents: Any) -> frozenset[str]:
    """Ids of evidence which only incidents that are held back name.

    Who publishes a list of evidence leaves these out.

    Parameters
    ----------
    incidents : Scorecard or DataFrame
        As ``incidents.csv``.

    Examples
    --------
    >>> rows = pd.DataFrame({"incident": ["i1", "i2"], "confidential": ["no", "yes"],
    ...                      "evidence": ["E1", "E1; E2"]})
    >>> sorted(evidence_held_back(rows))
    ['E2']
    """
    frame = records_of(incidents, "incidents")
    public = frame["confidential"] == "no"
    open_ids = {one for cell in frame.loc[public, "evidence"] for one in many(cell)}
    return frozenset(
        one for cell in frame.loc[~public, "evidence"] for one in many(cell) if one not in open_ids
    )


def public_flags(source: Any) -> pd.DataFrame:
    """The sheet of flags as it may be published, without what could betray an incident.

    While an incident is held back, the rows on red lines are left out: what they say, or
    that they say nothing, could tell which line it was.

    Parameters
    ----------
    source : Scorecard
        With its records.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> flags = pd.DataFrame({"flag": ["F1", "R2"], "status": ["no sign", "sign"]})
    >>> held = pd.DataFrame({"incident": ["i1"], "confidential": ["yes"]})
    >>> card = SimpleNamespace(records={"flags": flags, "incidents": held})
    >>> public_flags(card)["flag"].tolist()
    ['F1']
    """
    flags = records_of(source, "flags")
    if (records_of(source, "incidents")["confidential"] == "no").all():
        return flags
    return flags[~flags["flag"].isin(codes_of("lines")["line"])].reset_index(drop=True)


def red_lines(
    source: Any,
    *,
    flags: Any = None,
    evidence: Any = None,
    report_day: str | None = None,
    confidential: bool = False,
    synthetic: bool | None = None,
) -> RedLines:
    """The eight red lines with what is known of each.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a table as ``incidents.csv``.
    flags : DataFrame, optional
        As ``flags.csv``; its rows R1 to R8 say which lines were looked at. Taken from
        the scorecard when not given.
    evidence : DataFrame, optional
        Columns ``evidence, grade``; from the scorecard when not given.
    report_day : str, optional
        Year-month-day; from the scorecard when not given.
    confidential : bool
        The version apart, with the incidents that are held back from the public one;
        it is marked on every page.
    synthetic : bool, optional
        Made-up records; as the scorecard says when not given.

    Returns
    -------
    RedLines

    Raises
    ------
    DataError
        When a table has mistakes, or an incident names evidence that is not listed.

    Examples
    --------
    >>> incidents = pd.DataFrame({
    ...     "incident": ["i1"], "line": ["R2"], "actor": ["commissioner"], "grade": ["B"],
    ...     "evidence": ["E1"], "reply_asked": ["2024-05-02"], "confidential": ["no"]})
    >>> lines = red_lines(incidents).lines
    >>> lines.loc[lines["line"] == "R2", "status"].item()
    'shown'
    """
    check_settings(red_lines, locals())
    records = records_of(source, "incidents")
    scorecard = source if is_scorecard(source) else None
    said = flags if flags is not None else scorecard
    grades = _grades(evidence if evidence is not None else getattr(scorecard, "evidence", None))
    _known_evidence(records, grades)
    day = report_day if report_day is not None else about_field(source, "report_day")
    weighed = [
        weigh_incident({str(k): str(v) for k, v in row.items()}, grades=grades, report_day=day)
        for row in records.to_dict("records")
    ]
    records = records.assign(
        reading=[reading for reading, _ in weighed], reason=[reason for _, reason in weighed]
    )
    public = records["confidential"] == "no"
    return RedLines(
        incidents=(records if confidential else records[public]).reset_index(drop=True),
        looked=_looked(records_of(said, "flags")),
        n_held_back=int((~public).sum()),
        n_unsaid=int((records["confidential"] == "").sum()),
        confidential=bool(confidential),
        synthetic=marked_synthetic(source, synthetic),
    )


def _grades(evidence: Any) -> dict[str, str] | None:
    """Grade by id of evidence; None where no list of evidence is known."""
    if evidence is None:
        return None
    frame = to_pandas(evidence, what="table of evidence")
    if frame.empty or "evidence" not in frame:
        return None
    grades = frame["grade"] if "grade" in frame else pd.Series("", index=frame.index)
    pairs = zip(frame["evidence"].astype(str), grades.fillna("").astype(str), strict=True)
    return {name.strip(): grade.strip().upper() for name, grade in pairs}


def _known_evidence(records: pd.DataFrame, grades: Mapping[str, str] | None) -> None:
    if grades is None:
        return
    for row, cell in enumerate(records["evidence"]):
        for one in many(cell):
            if one not in grades:
                raise DataError(
                    f"The evidence {one!r} is not listed.",
                    file="incidents.csv",
                    row=row + 2,
                    column="evidence",
                    remedy="Add it to evidence.csv, or name another.",
                )


def _looked(flags: pd.DataFrame) -> pd.DataFrame:
    """The rows of the sheet that speak of red lines."""
    lines = set(codes_of("lines")["line"])
    return flags[flags["flag"].isin(lines)].reset_index(drop=True)


# --- the result --------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class RedLines(Result):
    """Result of :func:`red_lines`.

    Attributes
    ----------
    incidents : DataFrame
        The incidents of this version, with `reading` and `reason`; the public one
        holds no confidential incident.
    looked : DataFrame
        What the sheet of flags says of lines: ``flag, status, state, by, note``.
    n_held_back : int
        Incidents that the public version leaves out.
    n_unsaid : int
        Those among them that do not say whether they are confidential.
    confidential : bool
        Whether this is the version apart.
    synthetic : bool
        Whether the records are made up.
    """

    incidents: pd.DataFrame
    looked: pd.DataFrame
    n_held_back: int = 0
    n_unsaid: int = 0
    confidential: bool = False
    synthetic: bool = False

    title = "Red lines"
    sheet_notes = {  # noqa: RUF012
        "lines": "One row a line: shown, sign, no sign or not looked, and why.",
        "incidents": "One row an incident, with the reply beside it.",
        "responses": "How many incidents met each answer.",
    }

    @property
    def veiled(self) -> bool:
        """Whether incidents are held back from this version."""
        return self.n_held_back > 0 and not self.confidential

    @cached_property
    def lines(self) -> pd.DataFrame:
        """``line, label, status, incidents, actors, reason``: one row a red line."""
        rows = []
        for line in codes_of("lines").itertuples(index=False):
            part = self.incidents[self.incidents["line"] == line.line]
            breaches = part[part["reading"].isin(["sign", "shown"])]
            status, reason = self._status(str(line.line), part, breaches)
            actors = [a for a in dict.fromkeys(breaches["actor"]) if a]
            rows.append((line.line, line.label, status, len(breaches), "; ".join(actors), reason))
        columns = ["line", "label", "status", "incidents", "actors", "reason"]
        return pd.DataFrame(rows, columns=columns)

    def _status(self, line: str, part: pd.DataFrame, breaches: pd.DataFrame) -> tuple[str, str]:
        """Status of a line and why."""
        said = self.looked[self.looked["flag"] == line]
        word = str(said["status"].iloc[0]) if len(said) else ""
        if len(breaches):
            status = "shown" if (breaches["reading"] == "shown").any() else "sign"
            return status, _breach_reason(line, breaches, status, word)
        if self.veiled:
            return NOTHING_PUBLIC, (
                "while incidents are held back, it is not said here whether this line was looked at"
            )
        others = f"{counted(len(part), 'incident')} recorded as no breach" if len(part) else ""
        if word in ("sign", "shown"):
            return "sign", _joined(f"the sheet says {word!r}, yet no incident is recorded", others)
        if word == "no sign":
            row = said.iloc[0]
            by = f"looked at by {row['by']}" if row["by"] else "who looked is not said"
            return "no sign", _joined(by, str(row["note"]), others)
        return "not looked", _joined("nobody says that it was looked for", others)

    @cached_property
    def responses(self) -> pd.DataFrame:
        """``response, incidents``: how many incidents met each answer, the ladder's rungs."""
        met = [many(cell, phrases=True) for cell in self.incidents["response"]]
        counts = [sum(response in cell for cell in met) for response in RESPONSES]
        return pd.DataFrame({"response": list(RESPONSES), "incidents": counts})

    @cached_property
    def record(self) -> pd.DataFrame:
        """The incidents as they are printed, the reply beside what is said."""
        frame = self.incidents
        names = ["incident", "date", "line", "point", "actor", "what", "reading", "reason"]
        names += ["grade", "evidence", "response", "reply_asked", "reply", "note"]
        out = frame[names].copy()
        out["reply"] = [
            reply or (f"none recorded (asked on {asked})" if asked else "not asked")
            for reply, asked in zip(frame["reply"], frame["reply_asked"], strict=True)
        ]
        out["reason"] = [
            _joined(reason, "brought in by a member, no fault of the organiser")
            if _by_member(line, point) and reading in ("sign", "shown")
            else reason
            for reason, line, point, reading in zip(
                frame["reason"], frame["line"], frame["point"], frame["reading"], strict=True
            )
        ]
        if self.confidential:
            out.insert(
                1, "held back", (frame["confidential"] != "no").map({True: "yes", False: "no"})
            )
        return out.reset_index(drop=True)

    def of_status(self, status: str) -> list[str]:
        """The lines of a status, as *R2 Text changed*."""
        part = self.lines[self.lines["status"] == status]
        return [f"{a} {b}" for a, b in zip(part["line"], part["label"], strict=True)]

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables by name: lines, incidents, responses; named confidential in that version."""
        tables = {"lines": self.lines, "incidents": self.record, "responses": self.responses}
        if self.confidential:
            return {f"confidential {name}": frame for name, frame in tables.items()}
        return tables

    def held_back_text(self) -> str:
        """How many incidents the public version leaves out; fewer than five are not counted."""
        if not self.veiled:
            return ""
        n = "fewer than five" if self.n_held_back < SMALL else str(self.n_held_back)
        noun = "incidents are" if self.n_held_back >= SMALL else "incidents (at least one) are"
        unsaid = (
            " Among them is what does not say whether it is confidential." if self.n_unsaid else ""
        )
        return (
            f"{n} {noun} held back as confidential. What is said here rests on the others, and "
            f"a line of which nothing is public may have been crossed.{unsaid}"
        )

    def summary(self) -> str:
        """The lines by status, in words."""
        parts = []
        for status, words in (
            ("shown", "shown"),
            ("sign", "with a sign, not shown"),
            ("no sign", "looked at without a sign"),
            ("not looked", "not looked at, so nothing is known"),
            (NOTHING_PUBLIC, "of which nothing is public"),
        ):
            if names := self.of_status(status):
                parts.append(f"{words}: {listed(names, 'and')}")
        text = f"Of the eight red lines, {'; '.join(parts)}."
        extra = [self._resisted(), self._members(), sentence(self.held_back_text())]
        head = f"{BANNER}.\n\n" if self.confidential else ""
        made_up = " The records are synthetic." if self.synthetic else ""
        return head + "\n\n".join([text + made_up, *filter(None, extra)])

    def _resisted(self) -> str:
        n = int((self.incidents["reading"] == "not a breach").sum())
        if not n:
            return ""
        verb = "is" if n == 1 else "are"
        return sentence(f"{counted(n, 'incident')} {verb} recorded that {verb} no breach")

    def _members(self) -> str:
        brought = [
            str(name)
            for name, line, point, reading in zip(
                self.incidents["incident"],
                self.incidents["line"],
                self.incidents["point"],
                self.incidents["reading"],
                strict=True,
            )
            if _by_member(line, point) and reading in ("sign", "shown")
        ]
        if not brought:
            return ""
        return f"What members brought in ({listed(brought, 'and')}) is no fault of the organiser."

    def methods_text(self) -> str:
        """The rules that were applied."""
        return (
            "Red lines were taken from a codebook of interviews with practitioners (Parry, "
            "'Holding this space', Acta Politica); their wording and the rules here are a "
            "proposal of dmpkit. A line is shown only on evidence of grade A or B and after a "
            "chance to reply; of two grades the weaker counts. Everything else is a sign, and "
            "a line of which nobody says that it was looked at is not looked at. What "
            "practitioners did to resist is no breach, and what members brought in is reported "
            "with its actor and is no fault of the organiser. The answers are those named in "
            "the interviews: negotiate, hold the line, threaten to leave, leave, and members "
            "who defend the process; their order on the ladder is ours. None of this enters "
            "a score, and as it is no sample it has no interval."
        )

    def section(self) -> Section:
        """Lines, incidents with replies, and the ladder of answers."""
        lines = table_html(
            self.lines.rename(columns={"incidents": "breaches recorded"}),
            caption="Red lines (a line that nobody looked at is not a line kept)",
        )
        html = paragraphs(self.summary()) + lines
        if len(self.record):
            html += table_html(_printed(self.record), caption="Incidents, with the reply beside")
        figures = [Figure.from_axes(self.plot_lines(), "Red lines by what is known of them.")]
        if int(self.responses["incidents"].sum()):
            caption = "How the incidents were met. Members' defence stands apart from the rungs."
            figures.append(Figure.from_axes(self.plot_responses(), caption))
        if not self.confidential:
            return Section(self.title, html, tuple(figures))
        return Section(f"{self.title} ({BANNER})", banner_html() + html, tuple(figures))

    def sections(self) -> tuple[Section, ...]:
        """The result's own page; the confidential version is marked in each section."""
        methods = Section("Methods", paragraphs(self.methods_text()))
        if self.confidential:
            methods = Section(f"Methods ({BANNER})", methods.html)
        return (self.section(), methods)

    def report(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write the result as one page; the confidential version says so on every sheet."""
        heading = title or self.title
        if self.confidential:
            heading = f"{heading} ({BANNER})"
        write_html(path, page(heading, self.sections()))
        return Path(path)

    def plot_lines(self, *, ax: Axes | None = None) -> Axes:
        """The eight lines by status (:func:`~dmpkit.evaluation.outside_plots.plot_statuses`)."""
        from dmpkit.evaluation.outside_plots import plot_statuses

        columns: Sequence[str] = LINE_STATUSES
        if self.veiled:
            columns = (NOTHING_PUBLIC, "sign", "shown")
        labels = [f"{a} {b}" for a, b in zip(self.lines["line"], self.lines["label"], strict=True)]
        return plot_statuses(
            labels,
            self.lines["status"].tolist(),
            columns,
            bad=("sign", "shown"),
            title=BANNER if self.confidential else "",
            what="red lines",
            synthetic=self.synthetic,
            ax=ax,
        )

    def plot_responses(self, *, ax: Axes | None = None) -> Axes:
        """The ladder of answers (:func:`~dmpkit.evaluation.outside_plots.plot_ladder`)."""
        from dmpkit.evaluation.outside_plots import plot_ladder

        title = BANNER if self.confidential else ""
        return plot_ladder(self.responses, title=title, synthetic=self.synthetic, ax=ax)


def _printed(record: pd.DataFrame) -> pd.DataFrame:
    """The incidents in five columns that fit a page."""
    rows = []
    for row in record.to_dict("records"):
        head = _joined(*(str(row.get(name, "")) for name in ("incident", "line", "point", "date")))
        held = "; held back from the public version" if row.get("held back") == "yes" else ""
        met = f"; answer: {row['response'].replace(';', ',')}" if row["response"] else ""
        said = _joined(row["what"], f"note: {row['note']}" if row["note"] else "")
        reading = f"{row['reading']}: {row['reason']}{met}"
        rows.append((head + held, row["actor"] or "not named", said, row["reply"], reading))
    columns = ["incident", "by whom", "what is said", "reply", "reading"]
    return pd.DataFrame(rows, columns=columns)


def banner_html() -> str:
    """A line that stands at the head of a section, and at the foot of every printed sheet.

    Examples
    --------
    >>> "CONFIDENTIAL" in banner_html()
    True
    """
    look = "font:bold 10pt Arial,sans-serif;color:#8a0000;"
    foot = "position:fixed;bottom:0;right:0;background:#fff;padding:1mm 2mm;" + look
    frame = "border:2px solid #8a0000;padding:.4rem .6rem;" + look
    return (
        f'<p style="{frame}">{escape(BANNER)}</p>'
        f'<div style="{foot}" aria-hidden="true">{escape(BANNER)}</div>'
    )


def _by_member(line: object, point: object) -> bool:
    return line == "R4" or point == "member"


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def _breach_reason(line: str, breaches: pd.DataFrame, status: str, word: str) -> str:
    """Why a line is shown or shows a sign: the first incident of that reading."""
    strongest = breaches[breaches["reading"] == status].iloc[0]
    found = f"{strongest['incident']}: {strongest['reason']}"
    member = "brought in by a member, no fault of the organiser" if line == "R4" else ""
    against = f"the sheet says {word!r}, the incidents say more" if word == "no sign" else ""
    return _joined(found, member, against)
