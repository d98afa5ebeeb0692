"""An empty folder for an evaluation, ready to be filled in, and a guide to its files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pandas as pd

from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.evaluation import data
from dmpkit.evaluation.criteria import LOCAL_CRITERIA, Criteria
from dmpkit.evaluation.measurements import MEASUREMENTS, STAGES
from dmpkit.evaluation.outside_records import codes_of, outside_kinds
from dmpkit.evaluation.power import audit_questions
from dmpkit.evaluation.records import Field, RecordKind
from dmpkit.evaluation.screen import SHEET_QUESTIONS
from dmpkit.reporting import Section, escape, page, paragraphs, table_html, write_html
from dmpkit.tables import write_csv, write_workbook
from dmpkit.writing import new_folder, sweep

__all__ = [
    "empty_folder",
    "empty_tables",
    "empty_workbook",
    "keep_synthetic_screenings",
    "write_guide",
]

PathLike = str | os.PathLike[str]

#: What each file is for, in one sentence.
PURPOSES: Mapping[str, str] = {
    "about": "What was evaluated, by whom, and who paid: one row a field. Write yes at synthetic "
    "if the data are made up.",
    "ratings": "What each rater makes of each criterion: the one file that must be there. One "
    "row a criterion and rater: copy the rows for a second rater. An empty score is not "
    "assessed, never 0; 'not applicable' needs a reason in the note.",
    "local_criteria": "Criteria that matter in this place only, numbered L01, L02 …; their stage "
    "must be one of the stages. Rate them in ratings.csv like the others.",
    "evidence": "What the ratings rest on. Grade A independent and checkable, B independent or "
    "checkable, C reported by somebody with an interest, D asserted. Where 'public' says no, the "
    "public report shows id, kind, grade and who made it; source, date, link and note stand in "
    "the confidential version only.",
    "incidents": "What went wrong or nearly so, one row an incident. It is public only where "
    "'confidential' says no. A line counts as shown on grade A or B, after a chance to reply.",
    "flags": "The screening sheet before the project (F and K) and what was looked for "
    "afterwards (R1 to R8), with the questions. An empty status is not looked. See also: dmpkit "
    "screen.",
    "power": "Answers to the power audit, one row a point that was asked about. Of a challenge "
    "(CC, RC) yes means that the challenge was seen, so yes is the bad news; of an opportunity "
    "(CO, RO, F, D, A) that it was taken. What was seen goes into 'seen', in words.",
    "goals": "What the mini-public was meant to bring about, with the day the goal was set: a "
    "goal set afterwards is marked so.",
    "communication": "What was told to whom, before, during and after.",
    "digital": "Six questions on the digital parts.",
    "people": "Members by a code (no names), the table they sat at, whether they stayed to the "
    "end, and further columns by which groups are compared, such as gender or age.",
    "items": "One row for each column of the answers: what was asked, on which scale, which "
    "answer is right. The rows here are our questionnaire, to be adapted; delete what you did "
    "not ask, and replace what stands in square brackets.",
    "answers_before": "What each member answered before the first session; leave blank what was "
    "not answered.",
    "answers_after": "What each member answered after the last session.",
    "talk": "Seconds of speaking, one row a turn or a person.",
    "acts": "Codes of speech acts, one row an act and coder. The columns are those of the "
    "Discourse Quality Index; other codes need codebook.csv.",
    "codebook": "Your own codes of speech acts, where you used others; else delete the file.",
    "rankings": "How each member ranked the options, before and after: a column an option, 1 the "
    "best. Add a column for each option.",
    "ballot": "The last vote, one row a member and item; the item 'text' is the report as a whole.",
    "votes": "Votes of groups of opinion on statements, where an open round was held.",
    "replies": "What organiser, commissioner and members reply to the report.",
}
#: Field of about.csv to what it is for.
ABOUT_FIELDS: Mapping[str, str] = {
    "title": "name of the mini-public, the heading of the report",
    "place": "where it was held",
    "commissioner": "who commissioned it",
    "organiser": "who ran it",
    "evaluator": "who evaluates it",
    "paid_by": "who pays the evaluation; printed on page one",
    "independence": "what is declared about the evaluator's independence; printed on page one",
    "members": "number of members",
    "hours": "hours of meeting per member; becomes a number for C10",
    "screened_on": "day on which the red flags were looked at, if before the project",
    "first_day": "first day of the process; goals set later are marked so",
    "last_day": "last day of the process",
    "report_day": "day of this report, and the day for which the ledger of impact holds",
    "promise": "time in which an answer was promised, such as six months",
    "language": "language of the mini-public",
    "synthetic": "yes if the data are made up, else no",
}
#: The columns that a table of speech acts starts with, besides act, coder and person.
DQI_COLUMNS = (
    "participation", "level", "content", "resp_groups", "resp_demands", "resp_counter",
    "constructive",
)  # fmt: skip


@cache
def _kinds() -> dict[str, RecordKind]:
    """The tables in the order of the guide."""
    first = (data.ABOUT, data.RATINGS, LOCAL_CRITERIA, data.EVIDENCE)
    every = {kind.name: kind for kind in (*first, *outside_kinds().values())}
    for name, kind in MEASUREMENTS.items():
        every[name] = kind
        if name == "items":
            for stage in STAGES:
                fields = (kind_field(MEASUREMENTS["people"], "person"),)
                every[f"answers_{stage}"] = RecordKind(
                    f"answers_{stage}", f"answers_{stage}.csv", fields
                )
    return every


def kind_field(kind: RecordKind, name: str) -> Field:
    """One field of a kind of table.

    Parameters
    ----------
    kind : RecordKind
    name : str
    """
    return next(each for each in kind.fields if each.name == name)


def empty_tables() -> dict[str, pd.DataFrame]:
    """The tables of an evaluation to be filled in, by name.

    Criteria, flags, points of the power audit and digital items stand in them already, not
    assessed, not looked at and not asked; everything else is headings only.

    Examples
    --------
    >>> tables = empty_tables()
    >>> len(tables["ratings"]), len(tables["talk"]), list(tables["talk"].columns)
    (52, 0, ['person', 'seconds', 'session', 'table', 'group'])
    """
    from dmpkit.evaluation.questionnaire import instrument_items

    tables = {name: _headings(kind) for name, kind in _kinds().items()}
    del tables["codebook"]  # an empty one would say that there are no codes
    tables["about"] = pd.DataFrame({
        "field": list(ABOUT_FIELDS), "value": "", "what it is for": list(ABOUT_FIELDS.values()),
    })  # fmt: skip
    tables["about"].loc[tables["about"]["field"] == "synthetic", "value"] = "no"
    criteria = Criteria.default().frame
    ratings = pd.DataFrame({"criterion": criteria["criterion"], "label": criteria["label"]})
    tables["ratings"] = _filled(ratings, data.RATINGS)
    questions, lines = codes_of("questions"), codes_of("lines")
    looked = lines.rename(columns={"line": "flag", "check": "question"})
    flags = pd.concat([questions, looked]).reindex(columns=list(SHEET_QUESTIONS)).fillna("")
    tables["flags"] = _filled(flags.reset_index(drop=True), outside_kinds()["flags"])
    power = audit_questions().assign(status="not asked")
    tables["power"] = _filled(power, outside_kinds()["power"])
    digital = codes_of("digital")[["item", "question"]].assign(status="not looked")
    tables["digital"] = _filled(digital, outside_kinds()["digital"])
    tables["acts"] = pd.DataFrame(columns=["act", "coder", "person", *DQI_COLUMNS], dtype="str")
    items = instrument_items()
    known = [c for c in MEASUREMENTS["items"].columns if c in items.columns]
    tables["items"] = items[known].map(_plain)
    for stage in STAGES:
        asked = _asked(items, stage)
        tables[f"answers_{stage}"] = pd.DataFrame(columns=["person", *asked], dtype="str")
    return tables


def _plain(cell: object) -> object:
    """A cell as a person would type it: no decimals on whole numbers, nothing for a gap."""
    if isinstance(cell, float):
        return "" if cell != cell else str(int(cell)) if cell.is_integer() else str(cell)
    return cell


def _headings(kind: RecordKind) -> pd.DataFrame:
    return pd.DataFrame(columns=kind.columns, dtype="str")


def _filled(frame: pd.DataFrame, kind: RecordKind) -> pd.DataFrame:
    """The frame with the other columns of its kind, empty."""
    for column in kind.columns:
        if column not in frame:
            frame[column] = ""
    return frame


def _asked(items: pd.DataFrame, stage: str) -> list[str]:
    """Items of our questionnaire that are asked at a stage, except the ranking."""
    from dmpkit.evaluation.questionnaire import instrument

    own = set(instrument(f"members-{stage}")["item"])
    kept = items[items["item"].isin(own)]
    return [str(item) for item in kept["item"]]


def empty_folder(path: PathLike) -> Path:
    """Make a folder with every table of an evaluation, to be filled in, and a guide.

    Parameters
    ----------
    path : path
        The folder to make.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When something of the name is there already: nothing is ever overwritten.
    """
    target = Path(path)
    _refuse_existing(target)
    with new_folder(target) as made:
        for name, frame in empty_tables().items():
            write_csv(frame, made / f"{name}.csv")
        write_guide(made / "GUIDE.html")
    return target


def empty_workbook(path: PathLike) -> Path:
    """The same as one Excel workbook, a sheet a table, its first sheet a guide.

    Parameters
    ----------
    path : path
        Ends in ``.xlsx``.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When there is such a file already.
    """
    target = Path(path)
    _refuse_existing(target)
    tables = empty_tables()
    how = (
        "One sheet a table. Fill in what you have and delete the sheets that you do not need; "
        f"ratings must stay. Then: dmpkit report {target.name}"
    )
    guide = [("", how), *((name, PURPOSES[name]) for name in tables)]
    first = pd.DataFrame(guide, columns=["sheet", "what it is for"])
    write_workbook(target, {"guide": first, **tables})
    return target


def _refuse_existing(target: Path) -> None:
    sweep(target.parent)
    if target.exists():
        raise DataError(
            f"{target.name} is there already; it was left as it is.", remedy="Choose another name."
        )
    if not target.parent.is_dir():
        raise DataError(f"The folder {target.parent.name!r} does not exist.")


def keep_synthetic_screenings(folder: PathLike) -> Path | None:
    """Keep two screenings of the synthetic assembly, so that its report has a baseline.

    The second is what ``flags.csv`` says; in the first, two weeks before, the clause on
    approval (F3) was still to be negotiated. Both are invented and marked so.

    Parameters
    ----------
    folder : path
        With the ``flags.csv`` and ``about.csv`` of the template.

    Returns
    -------
    Path or None
        ``screen.json``.
    """
    from dmpkit.evaluation.baseline import save_baseline
    from dmpkit.evaluation.screen import screen

    rows, last = (
        pd.read_csv(Path(folder) / f"{name}.csv", dtype=str, keep_default_na=False)
        for name in ("about", "flags")
    )
    about = rows.set_index("field")["value"]
    last = last[~last["flag"].str.startswith("R")]
    first, clause = last.copy(), last["flag"] == "F3"
    first.loc[clause, ["state", "note"]] = ["negotiable", "The council would approve the report."]
    path = None
    for sheet, day in ((first, "2019-06-24"), (last, about["screened_on"])):
        made = screen(sheet, name=about["title"], on=day, first_day=about["first_day"],
                      synthetic=True)  # fmt: skip
        path = save_baseline(made, folder)
    return path


# --- the guide ---------------------------------------------------------------------------------


def write_guide(path: PathLike) -> Path:
    """Write the guide to the files of an evaluation as a page.

    Parameters
    ----------
    path : path
        Ends in ``.html``.

    Returns
    -------
    Path
    """
    sections = [Section("In short", paragraphs(IN_SHORT))]
    sections += [_of_file(name, kind) for name, kind in _kinds().items()]
    sections += [Section("Sub-folders", paragraphs(SUBFOLDERS)), _of_criteria()]
    write_html(path, page("The files of an evaluation: a guide", sections))
    return Path(path)


IN_SHORT = (
    "Every file is a table that a spreadsheet program opens; save it as CSV again, with commas or "
    "semicolons, as your program likes it. Only ratings.csv must be there: delete what you do not "
    "have, and leave blank what you do not know. A blank is unknown and never 0.\n\n"
    "Use codes in place of members' names, in all files. Dates are written year-month-day, such "
    "as 2024-03-05.\n\n"
    "Check the folder with “dmpkit check FOLDER”: it lists every mistake of every file, with "
    "row, column and how to mend it. “dmpkit report FOLDER” writes the report; with --pdf "
    "also as PDF, with --confidential the version that holds what is not public."
)
SUBFOLDERS = (
    "representativeness/ may hold panel.csv (one row a person, with columns such as gender and "
    "age and, for everybody invited, the flags invited, responded, selected, completed as 1 or "
    "0), population.csv (variable, category, count) and quotas.csv (variable, category, min, "
    "max).\n\n"
    "impact/ may hold a ledger of what became of the recommendations; “dmpkit new NAME "
    "--template impact” shows one, and dmpkit.impact.ledger_from_spreadsheet makes one from a "
    "list that you keep. about.csv then needs report_day, the day for which it holds."
)
#: What stands in a column whose answers its kind does not tell.
ANSWER_WORDS = {
    "ballot.answer": "for, against or abstain (yes and no will do); or, for all votes on an item, "
    "a number of its scale, where items.csv gives the item's low, high and agree_from, the "
    "lowest number that counts as for",
}
_WORDS = {
    "text": "text",
    "id": "a short label",
    "ids": "labels parted by ;",
    "number": "a number",
    "date": "a date",
    "yes-no": "yes or no",
}


def _of_file(name: str, kind: RecordKind) -> Section:
    """One file: what it is for, and its columns."""
    rows = []
    for field in kind.fields:
        choices = "; ".join(field.choices) if 0 < len(field.choices) <= 12 else ""
        many = "one of the codes that stand there" if len(field.choices) > 12 else ""
        bounds = [f"from {field.low:g}" if field.low is not None else "",
                  f"to {field.high:g}" if field.high is not None else ""]  # fmt: skip
        own = ANSWER_WORDS.get(f"{name}.{field.name}", "")
        what = own or choices or many or " ".join(filter(None, [_WORDS[field.kind], *bounds]))
        rows.append((field.name, what, "yes" if field.required else ""))
    table = table_html(
        pd.DataFrame(rows, columns=["column", "what stands in it", "must be filled"])
    )
    if name == "about":
        fields = pd.DataFrame(list(ABOUT_FIELDS.items()), columns=["field", "what it is for"])
        table += table_html(fields)
    return Section(kind.file, f"{paragraphs(PURPOSES[name])}{table}")


def _of_criteria() -> Section:
    """The criteria with what a score means."""
    frame = Criteria.default().frame
    stages = datasets.load("criteria", "stages").set_index("stage")["name"]
    shown = pd.DataFrame({
        "stage": frame["stage"].map(stages),
        "criterion": frame["criterion"],
        "label": frame["label"],
        "asks": frame["definition"],
        "scores": frame["anchors"],
    })  # fmt: skip
    note = (
        "A score runs from 0 to 4. The criteria and what their scores mean are a proposal of "
        "dmpkit, not from the literature; your own set goes into criteria.csv."
    )
    return Section("The criteria", f"<p>{escape(note)}</p>{table_html(shown, groups='stage')}")
