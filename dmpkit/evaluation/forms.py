"""Answers brought in from what LimeSurvey, Google Forms and Microsoft Forms export.

Every column is accounted for: taken for an item, left out, or set apart as personal. Labels
become numbers by a stated mapping only, and nothing is dropped without a word. The reading
follows the programs' documentation and source (see :mod:`.form_columns`); no real export was
at hand when it was written, so look at the table of columns once before you rely on it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

import pandas as pd

from dmpkit.arguments import a_word, check_settings
from dmpkit.errors import DataError, ReadingWarning, in_file, warn
from dmpkit.evaluation.form_columns import (
    PROGRAMS,
    Column,
    Sheet,
    detect_program,
    looks_personal,
    match_columns,
    read_sheet,
)
from dmpkit.evaluation.form_rankings import ranks
from dmpkit.evaluation.form_values import (
    BLANKS,
    Options,
    box,
    boxes,
    coded,
    coding_of,
    end_of,
)
from dmpkit.evaluation.questionnaire import split_options
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, require_unique, to_pandas
from dmpkit.wording import counted, many

if TYPE_CHECKING:
    from collections.abc import Hashable

__all__ = ["FormAnswers", "read_form"]

PathLike: TypeAlias = str | os.PathLike[str]

#: A number as people write it; codes such as 0123 stay text.
_PLAIN = re.compile(r"[+\-−]?(?:0|[1-9]\d*)(?:[.,]\d+)?")
_DUPLICATES = ("last", "first", "error")
_NAMES = {
    "limesurvey": "LimeSurvey",
    "google": "Google Forms",
    "microsoft": "Microsoft Forms",
    "other": "a table of no known program",
}
_ROLES = {
    "item": "taken as an item",
    "option": "taken as one box of an item",
    "ranking": "taken as a ranking",
    "person": "the person's code",
    "id": "number of the submission",
    "submitted": "time of the submission",
    "form": "made by the program, left out",
    "quiz": "marks of a quiz, left out",
    "personal": "personal, set apart",
    "unmatched": "no item found, left out",
}


@dataclass(frozen=True, eq=False, repr=False)
class FormAnswers(Result):
    """Result of :func:`read_form`.

    Attributes
    ----------
    answers : DataFrame
        ``person``, then one column an item: numbers where the item has a scale (NaN for
        no answer), texts elsewhere. As ``answers_before.csv`` and ``answers_after.csv``.
    columns : DataFrame
        One row a column of the export: ``heading, role, item, option, how, filled``.
    submissions : DataFrame
        One row a submission: ``row, person, complete, kept, why``.
    labels : DataFrame
        What was written and what it became: ``item, written, number, n``.
    missing : tuple of str
        Items for which the export has no column.
    program : str
        ``limesurvey``, ``google``, ``microsoft`` or ``other``.
    personal : DataFrame or None
        The personal columns with the person's code; None unless they were asked for.
    file : str
        Name of the export.
    notes : tuple of str
        What had to be guessed.
    """

    answers: pd.DataFrame
    columns: pd.DataFrame
    submissions: pd.DataFrame
    labels: pd.DataFrame
    missing: tuple[str, ...]
    program: str
    file: str
    notes: tuple[str, ...] = ()
    personal: pd.DataFrame | None = field(default=None, repr=False)

    title: ClassVar[str] = "Answers from a form"

    @property
    def unmatched(self) -> tuple[str, ...]:
        """Headings of columns for which no item was found; their cells are not kept."""
        return tuple(self.columns.loc[self.columns["role"] == "unmatched", "heading"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """``answers``, ``columns``, ``submissions``, ``labels``; never the personal ones."""
        return {
            "answers": self.answers,
            "columns": self.columns,
            "submissions": self.submissions,
            "labels": self.labels,
        }

    def summary(self) -> str:
        """What was mapped, what was not, and which submissions count."""
        kept = self.submissions["kept"]
        roles = self.columns["role"]
        n_columns = self.answers.shape[1] - 1
        said = [
            f"{self.file} was read as an export of {_NAMES[self.program]}: "
            f"{counted(len(self.submissions), 'submission')}, {int(kept.sum()) or 'none'} kept, "
            f"{counted(n_columns, 'column')} of answers."
        ]
        unfinished = int((~self.submissions["complete"]).sum())
        if unfinished:
            among = int((kept & ~self.submissions["complete"]).sum())
            verb = many(unfinished, "is", "are")
            said.append(f"{unfinished} {verb} incomplete, of which {among or 'none'} kept.")
        left = self.submissions[~kept]
        if len(left):
            rows = ", ".join(f"row {r.row} ({r.why})" for r in left.head(6).itertuples())
            more = f" and {len(left) - 6} more" if len(left) > 6 else ""
            said.append(f"Left out: {rows}{more}.")
        for role in ("personal", "quiz", "form", "unmatched"):
            names = self.columns.loc[roles == role, "heading"]
            if len(names):
                said.append(f"{_ROLES[role].capitalize()}: {_some(list(names))}.")
        if self.missing:
            said.append(f"Items without a column: {_some(self.missing)}.")
        said += [f"{note}." for note in self.notes]
        return " ".join(said)

    def methods_text(self) -> str:
        """How columns and labels were recognised."""
        return (
            f"The answers were read from an export of {_NAMES[self.program]} "
            f"({self.file}). Columns were matched to items by name, then by wording; labels "
            "became numbers by the options and poles of the items or by a mapping that was "
            "given, and a label outside it stops the reading. Cells that are empty are no "
            "answer. Names, addresses and the like were not kept with the answers. The "
            "programs' formats were taken from their documentation and source."
        )

    def section(self) -> Section:
        """The summary and the table of columns."""
        shown = self.columns.assign(role=self.columns["role"].map(_ROLES))
        html = paragraphs(self.summary()) + table_html(shown, caption="What every column holds")
        return Section(self.title, html)

    def write_answers(self, path: PathLike, *, items: Iterable[str] | None = None) -> Path:
        """Write the answers as a file of an evaluation's folder.

        Parameters
        ----------
        path : path
            For example ``answers_after.csv``.
        items : iterable of str, optional
            The items to write, such as those of ``items.csv``: boxes and free texts stay
            out of the folder that way. All when not given.

        Raises
        ------
        DataError
            When none of the items was answered in the form.
        """
        from dmpkit.tables import write_csv

        wanted = list(self.answers.columns) if items is None else list(items)
        kept = [c for c in self.answers.columns[1:] if c in set(wanted)]
        if not kept:
            raise DataError("None of these items is among the answers.", file=self.file)
        write_csv(self.answers[["person", *kept]], path)
        return Path(path)


def _some(names: Sequence[str]) -> str:
    short = [name if len(name) <= 40 else f"{name[:39]}…" for name in names]
    more = f" and {len(short) - 8} more" if len(short) > 8 else ""
    return ", ".join(map(repr, short[:8])) + more


def read_form(
    path: PathLike,
    *,
    items: Any = None,
    program: str | None = None,
    person: str | None = None,
    columns: Mapping[str, str] | None = None,
    rankings: Sequence[str] = (),
    options: Options | None = None,
    blanks: Sequence[str] = BLANKS,
    incomplete: str = "keep",
    duplicates: str = "last",
    keep_personal: bool = False,
    delimiter: str | None = None,
) -> FormAnswers:
    r"""Read the export of a questionnaire on line, and report what became of every column.

    Parameters
    ----------
    path : path
        LimeSurvey's CSV or Excel export (headings as codes, full texts, or both; answers
        as codes or full); Google's CSV, or the linked sheet saved as CSV or Excel;
        Microsoft's Excel. Any other table with one row a submission is read too.
    items : DataFrame or path, optional
        ``items.csv`` of the evaluation (``item, label, low, high …``), with ``options``
        and ``answer`` where labels are to become numbers, and ``heading`` where the
        form's wording differs from ``label``. Without it, every column that is not
        personal or made by the program is taken, under its heading.
    program : str, optional
        One of ``limesurvey, google, microsoft, other``; detected when not given.
    person : str, optional
        Heading of the column with the members' codes. When not given, a column called
        person, code or participant, or one that starts with "Your code (".
    columns : mapping of str to str, optional
        Heading to item, where a column is not recognised.
    rankings : sequence of str
        Headings that hold a ranking: a list in order (Microsoft Forms), or the question's
        code before ``[1]``, ``[2]`` … (LimeSurvey). Each option that is an item, by name
        or by wording, gets its rank, 1 for the first. Needs `items`.
    options : mapping, optional
        Label to number, with None for no answer: ``{"agree": 4}`` for all items with a
        scale, ``{"e_listen": {"agree": 4}}`` for one. It goes before the options and
        poles of the items.
    blanks : sequence of str
        Cells that mean that there is no answer, apart from empty ones.
    incomplete : {"keep", "leave out"}
        What becomes of submissions that were not finished (LimeSurvey: no submission
        date). The others export finished ones only.
    duplicates : {"last", "first", "error"}
        Which submission counts where a code stands more than once; a complete one goes
        before an incomplete one.
    keep_personal : bool
        Keep names, addresses and the like in `personal`.
    delimiter : str, optional
        Of a text file; detected when not given.

    Returns
    -------
    FormAnswers

    Raises
    ------
    DataError
        No such file or column, an item claimed by two columns, a label that has no
        number (the cell is named), an answer outside its scale.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "form.csv")
    >>> _ = file.write_text("Timestamp,Your code (letters),Others listened when I spoke\n"
    ...                     "2026/01/02,ab3,Agree\n2026/01/02,cd4,5 - strongly agree\n")
    >>> from dmpkit.evaluation.questionnaire import instrument_items
    >>> form = read_form(file, items=instrument_items())
    >>> form.program, form.answers.to_dict("list")
    ('google', {'person': ['ab3', 'cd4'], 'e_listen': [4.0, 5.0]})
    """
    check_settings(read_form, locals())
    _one_of(incomplete, ("keep", "leave out"), "incomplete")
    _one_of(duplicates, _DUPLICATES, "duplicates")
    sheet = read_sheet(path, delimiter=delimiter)
    if not sheet.rows:
        raise DataError("The export holds no submission.", file=sheet.source)
    table = _items(items)
    known = detect_program(sheet.header) if program is None else program
    _one_of(known, PROGRAMS, "program")
    wanted = {str(heading): str(item) for heading, item in (columns or {}).items()}
    _headings(sheet, wanted)
    ranked = [rankings] if isinstance(rankings, str) else list(rankings)
    found = match_columns(sheet, table, known, person=person, columns=wanted, rankings=ranked)
    _rankings_there(sheet, found, ranked, table)
    _any_item(sheet, found)
    complete = _complete(sheet, found, known)
    people, notes = _people(sheet, found)
    submissions = _choose(sheet, people, complete, incomplete, duplicates)
    values, labels, more = _answers(sheet, found, table, options, blanks, complete)
    kept: list[bool] = submissions["kept"].to_list()
    answers = pd.DataFrame({"person": people, **values})[kept].reset_index(drop=True)
    form = FormAnswers(
        answers=answers,
        columns=_described(sheet, found),
        submissions=submissions,
        labels=labels,
        missing=_missing(table, found, values),
        program=known,
        file=sheet.source.name,
        notes=(*_program_notes(known, program, found), *notes, *more),
        personal=_personal(sheet, found, people, kept) if keep_personal else None,
    )
    _tell(form)
    return form


def _one_of(value: str, allowed: Sequence[str], what: str) -> None:
    if a_word(value, what) not in allowed:
        raise DataError(f"{value!r} is no {what}.", remedy=f"Use one of {', '.join(allowed)}.")


def _items(items: Any) -> pd.DataFrame | None:
    if items is None:
        return None
    if isinstance(items, str | os.PathLike):
        from dmpkit.tables import read_table

        frame, file = read_table(items), items
    else:
        frame, file = to_pandas(items, what="table of items"), None
    if "label" not in frame and "wording" in frame:
        frame = frame.rename(columns={"wording": "label"})
    require_columns(frame, ["item", "label"], file=file)
    require_unique(list(frame["item"]), "item", file=file)
    table = frame.astype(object).where(frame.notna(), "")
    with in_file(file):
        for row in table.to_dict("records"):
            for name in ("low", "high"):
                end_of(row, name)
    return table


def _headings(sheet: Sheet, wanted: Mapping[str, str]) -> None:
    for heading in wanted:
        if heading not in sheet.header:
            raise DataError(
                f"No column is called {heading!r}.",
                file=sheet.source,
                row=1,
                remedy=f"The columns are {', '.join(map(repr, sheet.header[:12]))}.",
            )


def _rankings_there(
    sheet: Sheet, found: Sequence[Column], ranked: Sequence[str], items: pd.DataFrame | None
) -> None:
    here = {column.item for column in found if column.role == "ranking"}
    absent = [name for name in ranked if name not in here]
    if absent:
        raise DataError(
            f"No column holds the ranking {absent[0]!r}.",
            file=sheet.source,
            row=1,
            remedy=f"The columns are {', '.join(map(repr, sheet.header[:12]))}.",
        )
    if ranked and items is None:
        raise DataError("A ranking needs the table of items, which names its options.")


def _any_item(sheet: Sheet, found: Sequence[Column]) -> None:
    if not any(column.role in ("item", "option", "ranking") for column in found):
        raise DataError(
            "No column of the export was recognised as an item.",
            file=sheet.source,
            row=1,
            remedy="Use the items' names as question codes or their wording as questions, add a "
            "column 'heading' to the table of items, or give columns={heading: item}. The "
            f"columns are {', '.join(map(repr, sheet.header[:12]))}.",
        )


def _complete(sheet: Sheet, found: Sequence[Column], program: str) -> list[bool]:
    place = next((c.place for c in found if c.role == "submitted"), None)
    if program != "limesurvey" or place is None:
        return [True] * len(sheet.rows)
    return [cell.strip() not in ("", "N/A") for cell in sheet.column(place)]


def _people(sheet: Sheet, found: Sequence[Column]) -> tuple[list[str], list[str]]:
    """The code of each submission; the row where there is none."""
    place = next((c.place for c in found if c.role == "person"), None)
    if place is None:
        note = (
            "No column holds the members' codes, so each submission counts as a person of its "
            "own and before and after cannot be paired (name the column with person=)"
        )
        return [f"row {n}" for n in sheet.numbers], [note]
    cells = [cell.strip() for cell in sheet.column(place)]
    blank = sum(not cell for cell in cells)
    notes = [f"{blank} submissions have no code and are called after their row"] if blank else []
    return [c or f"row {n}" for c, n in zip(cells, sheet.numbers, strict=True)], notes


def _choose(
    sheet: Sheet, people: Sequence[str], complete: Sequence[bool], incomplete: str, duplicates: str
) -> pd.DataFrame:
    """One row a submission, and whether it counts."""
    table = pd.DataFrame(
        {"row": list(sheet.numbers), "person": list(people), "complete": list(complete)}
    )
    why = ["" if done or incomplete == "keep" else "incomplete" for done in complete]
    counted = table[[not reason for reason in why]]
    for _, own in counted.groupby(counted["person"].str.casefold(), sort=False):
        if len(own) == 1:
            continue
        if duplicates == "error":
            raise DataError(
                f"The code {own['person'].iloc[0]!r} stands in rows "
                f"{', '.join(map(str, own['row']))}.",
                file=sheet.source,
                remedy="Take out one, or choose with duplicates='last' or 'first'.",
            )
        finished = own[own["complete"]] if own["complete"].any() else own
        stays = finished.index[-1 if duplicates == "last" else 0]
        for place in own.index.drop(stays):
            why[place] = f"same code as row {sheet.numbers[stays]}"
    return table.assign(kept=[not reason for reason in why], why=why)


def _answers(
    sheet: Sheet,
    found: Sequence[Column],
    items: pd.DataFrame | None,
    options: Options | None,
    blanks: Sequence[str],
    complete: Sequence[bool],
) -> tuple[dict[str, list[Any]], pd.DataFrame, list[str]]:
    """The answers by item, what each label became, and notes."""
    values: dict[str, list[Any]] = {}
    notes: list[str] = []
    labels: list[pd.DataFrame] = []
    rows = {} if items is None else {str(r["item"]): r for r in items.to_dict("records")}
    for column in found:
        if column.role == "option":
            values[f"{column.item}: {column.option}"] = box(sheet, column, complete)
        if column.role != "item":
            continue
        row: Mapping[Hashable, Any] = rows.get(column.item, {"item": column.item})
        if row.get("answer") == "several":
            parts, strangers = boxes(sheet, column, list(split_options(row["options"])), blanks)
            values.update(parts)
            if strangers:
                notes.append(f"{strangers} answers to {column.item!r} hold something that is not "
                             "among its options, counted as 'other'")  # fmt: skip
            continue
        coding = coding_of(row, options)
        answers = coded(sheet, column, coding, blanks)
        if coding.numeric:
            labels.append(_labels(column, sheet.column(column.place), answers))
        elif any(looks_personal(str(answer)) for answer in answers):
            notes.append(f"The answers to {column.item!r} hold something like an address; look at "
                         "them before they are shown to anybody")  # fmt: skip
        values[column.item] = answers if coding.numeric else _plain(answers)
    if items is not None:
        _add_ranks(values, sheet, found, items, blanks)
    empty = pd.DataFrame(
        {c: pd.Series(dtype=t) for c, t in
         (("item", object), ("written", object), ("number", float), ("n", int))}
    )  # fmt: skip
    return values, pd.concat(labels, ignore_index=True) if labels else empty, notes


def _add_ranks(
    values: dict[str, list[Any]],
    sheet: Sheet,
    found: Sequence[Column],
    items: pd.DataFrame,
    blanks: Sequence[str],
) -> None:
    """The ranks of the options; an option that also has a column of its own is refused."""
    for name in dict.fromkeys(c.item for c in found if c.role == "ranking"):
        own = [c for c in found if c.role == "ranking" and c.item == name]
        for item, numbers in ranks(sheet, own, items, blanks).items():
            if item in values:
                raise DataError(
                    f"The item {item!r} is in the ranking {name!r} and has a column of its own.",
                    file=sheet.source,
                    row=1,
                )
            values[item] = numbers


def _labels(column: Column, cells: Sequence[str], answers: Sequence[float]) -> pd.DataFrame:
    """Each cell that was written, the number it became, and how often."""
    table = pd.DataFrame({"item": column.item, "written": list(cells), "number": list(answers)})
    counted = table.groupby(["item", "written", "number"], dropna=False, sort=True).size()
    return counted.rename("n").reset_index()


def _plain(answers: Sequence[Any]) -> list[Any]:
    """Texts; numbers where every answer is a plain number."""
    filled = [a for a in answers if a is not None]
    if not filled or not all(_PLAIN.fullmatch(a) for a in filled):
        return list(answers)
    return [
        float("nan") if a is None else float(a.replace(",", ".").replace("−", "-")) for a in answers
    ]


def _described(sheet: Sheet, found: Sequence[Column]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "heading": [c.heading for c in found],
            "role": [c.role for c in found],
            "item": [c.item for c in found],
            "option": [c.option for c in found],
            "how": [c.how for c in found],
            "filled": [sum(bool(v.strip()) for v in sheet.column(c.place)) for c in found],
        }
    )


def _missing(
    items: pd.DataFrame | None, found: Sequence[Column], values: Mapping[str, object]
) -> tuple[str, ...]:
    here = {column.item for column in found} | set(values)
    return () if items is None else tuple(str(i) for i in items["item"] if str(i) not in here)


def _personal(
    sheet: Sheet, found: Sequence[Column], people: Sequence[str], kept: list[bool]
) -> pd.DataFrame:
    cells = {c.heading: sheet.column(c.place) for c in found if c.role == "personal"}
    table = pd.DataFrame({"person": list(people), **cells})
    return table[kept].reset_index(drop=True)


def _program_notes(known: str, given: str | None, found: Sequence[Column]) -> list[str]:
    notes = []
    if given is None:
        notes.append(f"The program was recognised by its headings ({known})")
    if known == "limesurvey" and not any(c.role == "submitted" for c in found):
        notes.append("There is no submission date, so unfinished submissions cannot be told")
    return notes


def _tell(form: FormAnswers) -> None:
    """One warning, where something of the export does not reach the answers."""
    said = []
    if form.unmatched:
        said.append(f"no item was found for {_some(form.unmatched)}")
    left = int((~form.submissions["kept"]).sum())
    if left:
        said.append(f"{left} submissions are left out (see .submissions)")
    unfinished = int((form.submissions["kept"] & ~form.submissions["complete"]).sum())
    if unfinished:
        said.append(f"{unfinished} incomplete submissions are kept")
    if said:
        warn(f"{form.file}: {'; '.join(said)}.", ReadingWarning)
