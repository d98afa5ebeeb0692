"""Every mistake of an evaluation's folder, over all its files, in one run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation import data
from dmpkit.evaluation.criteria import CRITERIA, LOCAL_CRITERIA, Criteria
from dmpkit.evaluation.measurements import MEASUREMENTS, STAGES, gather_measurements
from dmpkit.evaluation.outside_records import outside_kinds
from dmpkit.evaluation.records import gather_records
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import open_workbook
from dmpkit.wording import counted

__all__ = ["FolderCheck", "check_folder", "known_files"]

PathLike: TypeAlias = str | os.PathLike[str]

COLUMNS = ["file", "row", "column", "what", "remedy"]
#: Sub-folders that the command line reads with other modules.
SUBFOLDERS = ("representativeness", "impact")
#: Files that belong to a study or explain the folder, and hold no records.
OTHERS = ("published.csv", "guide.csv")


def known_files() -> tuple[str, ...]:
    """The tables that an evaluation reads, as files of a folder.

    Examples
    --------
    >>> known_files()[:3]
    ('about.csv', 'criteria.csv', 'local_criteria.csv')
    """
    first = (data.ABOUT, CRITERIA, LOCAL_CRITERIA, data.RATINGS, data.EVIDENCE)
    names = [kind.file for kind in (*first, *outside_kinds().values(), *MEASUREMENTS.values())]
    return (*names, *(f"answers_{stage}.csv" for stage in STAGES))


@dataclass(frozen=True, eq=False, repr=False)
class FolderCheck(Result):
    """What is wrong with the files of an evaluation, and what was noticed beside it.

    Made by :func:`check_folder`.

    Parameters
    ----------
    place : str
        Name of the folder or workbook.
    errors : tuple of DataError
        One a mistake, file by file.
    notes : tuple of str
        What is no mistake but should be looked at.
    rows : mapping of str to int
        Rows of each table that was read.
    unrated : bool
        No criterion has a score or says that it does not apply.

    Examples
    --------
    >>> FolderCheck("my-assembly", (), (), {"ratings.csv": 4}).verdict
    'in order'
    """

    title: ClassVar[str] = "Check of the folder"

    place: str
    errors: tuple[DataError, ...]
    notes: tuple[str, ...]
    rows: dict[str, int]
    unrated: bool = False

    @property
    def verdict(self) -> str:
        """In a few words, what came out: in order or not, and what to look at."""
        if not self.in_order:
            return counted(len(self.errors), "mistake")
        parts = ["in order"]
        if self.unrated:
            parts.append("but nothing is rated")
        elif self.notes:
            parts.append(f"with {counted(len(self.notes), 'note')}")
        return ", ".join(parts)

    @property
    def in_order(self) -> bool:
        """Whether no mistake was found."""
        return not self.errors

    @cached_property
    def mistakes(self) -> pd.DataFrame:
        """One row a mistake: ``file, row, column, what, remedy``."""
        rows = [
            (_name(e.file), "" if e.row is None else str(e.row), str(e.column or ""),
             e.problem, e.remedy or "")
            for e in self.errors
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=COLUMNS, dtype="str")

    def with_errors(self, errors: Iterable[DataError], notes: Iterable[str] = ()) -> FolderCheck:
        """The same with mistakes found elsewhere, such as in a sub-folder."""
        return replace(
            self, errors=(*self.errors, *errors), notes=(*self.notes, *notes), rows=dict(self.rows)
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """``mistakes``, ``notes`` and ``files``."""
        return {
            "mistakes": self.mistakes,
            "notes": pd.DataFrame({"note": pd.Series(self.notes, dtype="str")}),
            "files": pd.DataFrame(list(self.rows.items()), columns=["file", "rows"]),
        }

    def summary(self) -> str:
        """How many mistakes there are, each as one line, and the notes."""
        read = ", ".join(f"{name} ({n})" for name, n in self.rows.items())
        parts = [f"Read, with the number of rows: {read or 'nothing'}."]
        if self.in_order:
            parts.insert(0, f"{self.place}: {self.verdict}. No mistake was found.")
        else:
            n = len(self.errors)
            files = self.mistakes["file"].nunique()
            head = (
                f"{self.place}: {n} {'mistake' if n == 1 else 'mistakes'} in {files} "
                f"{'file' if files == 1 else 'files'}. Rows count as in a spreadsheet."
            )
            parts.insert(0, "\n\n".join([head, *map(str, self.errors)]))
        return "\n\n".join([*parts, *(f"Note: {note}" for note in self.notes)])

    def methods_text(self) -> str:
        """What was looked at."""
        return (
            "Every table was read as far as it could be; each cell was compared with what may "
            "stand in its column, and the tables with one another: criteria, evidence, people "
            "and items that are named must be listed."
        )

    def section(self) -> Section:
        """The list as a section."""
        table = table_html(self.mistakes, caption="Mistakes") if len(self.mistakes) else ""
        return Section(self.title, paragraphs(self.summary().split("\n\n")[0]) + table)

    def raise_if_wrong(self) -> None:
        """Raise one error that lists every mistake, if there is any."""
        if self.in_order:
            return
        first, *others = self.errors
        if not others:
            raise first
        lines = "\n".join(f"  {n}. {error}" for n, error in enumerate(self.errors, start=1))
        raise DataError(f"{len(self.errors)} mistakes in the files of {self.place}:\n{lines}")


def _name(file: str | None) -> str:
    return "" if file is None else file.replace("\\", "/").rsplit("/", 1)[-1]


def check_folder(place: PathLike) -> FolderCheck:
    r"""Read every table of an evaluation's folder and list all mistakes at once.

    Parameters
    ----------
    place : path
        The folder, or an ``.xlsx`` with a sheet a table.

    Returns
    -------
    FolderCheck
        ``.mistakes`` has a row each: file, row, column, what is wrong, how to mend it.

    Raises
    ------
    DataError
        Only where there is no such folder or workbook.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "ratings.csv").write_text("criterion,score\nC01,5\nC99,2\n")
    >>> _ = (folder / "goals.csv").write_text("goal,set_on\na law,in spring\n")
    >>> found = check_folder(folder)
    >>> found.mistakes[["file", "row", "column"]].to_numpy().tolist()
    [['ratings.csv', '2', 'score'], ['ratings.csv', '3', 'criterion'], ['goals.csv', '2', 'set_on']]
    """
    source = Path(place)
    found = _Found(source)
    found.scorecard()
    tables, mistakes = gather_measurements(source, criteria=found.criteria.ids)
    found.errors += mistakes
    found.rows |= {f"{name}.csv": len(frame) for name, frame in tables.items()}
    notes = [*found.notes, *_strangers(source), *_placeholders(tables), *_gaps(tables)]
    return FolderCheck(
        source.resolve().name, tuple(found.errors), tuple(notes), found.rows, found.unrated
    )


class _Found:
    """What came out of the scorecard's tables, read one after the other."""

    def __init__(self, source: Path) -> None:
        self.source = source
        self.errors: list[DataError] = []
        self.notes: list[str] = []
        self.rows: dict[str, int] = {}
        self.criteria = Criteria.default()
        self.unrated = False

    def read(self, kind: Any, rules: Sequence[Any] = ()) -> pd.DataFrame | None:
        """A table as far as it can be read; its mistakes are kept."""
        frame, mistakes = gather_records(self.source, kind, rules=rules)
        self.errors += mistakes
        if frame is not None:
            self.rows[kind.file] = len(frame)
        return frame if frame is not None and not mistakes else None

    def scorecard(self) -> None:
        """Criteria, evidence, ratings and the records beside them, in the order they need."""
        self._choose(self.read(CRITERIA), Criteria.from_frame)
        local = self.read(LOCAL_CRITERIA, [self.criteria.refuse_clashes])
        self._choose(local, self.criteria.with_local)
        about = self.read(data.ABOUT, [data._sound_about])
        self.notes += [] if about is None else data.about_notes(about)
        self.read(data.EVIDENCE, [data._sound_evidence])
        listed = gather_records(self.source, data.EVIDENCE)[0]
        evidence = data.EVIDENCE.empty() if listed is None else listed
        before = len(self.errors)
        ratings = self.read(data.ratings_of(self.criteria), data.rating_rules(evidence))
        if ratings is not None:
            said = ratings["score"].notna() | ratings["status"].isin(["not applicable"])
            self.unrated = not said.any()
            if self.unrated:
                self.notes.append("Nothing is rated yet: no criterion of ratings.csv has a score.")
        if data.RATINGS.file not in self.rows and len(self.errors) == before:
            self.errors.append(data._no_ratings(self.source))
        for kind in outside_kinds().values():
            self.read(kind, data.record_rules(kind, evidence))

    def _choose(self, frame: pd.DataFrame | None, make: Callable[[Any], Criteria]) -> None:
        if frame is None or not len(frame):
            return
        try:
            self.criteria = make(frame)
        except DataError as error:
            self.errors.append(error)


def _strangers(source: Path) -> Iterable[str]:
    """Tables that nothing here reads: perhaps a misspelt name."""
    known = {Path(name).stem for name in known_files()}
    if source.is_dir():
        there = [
            p.stem
            for p in sorted(source.iterdir())
            if p.suffix.lower() in (".csv", ".tsv", ".txt", ".xlsx") and p.name not in OTHERS
        ]
    else:  # fmt: skip
        there = list(open_workbook(source).sheetnames)
    for name in there:
        plain = name.strip().lower().replace(" ", "_").replace("-", "_")
        if plain in known or name.lower().startswith(("readme", "computed", "guide")):
            continue
        near = get_close_matches(plain, sorted(known), 1, 0.75)
        guess = f" Did you mean {near[0]!r}? Then rename it." if near else ""
        yield f"{name!r} is not a table that an evaluation reads; it was left.{guess}"


def _placeholders(tables: dict[str, pd.DataFrame]) -> Iterable[str]:
    """Items whose wording is still the one in square brackets that is to be replaced."""
    items = tables.get("items")
    if items is None:
        return
    wording = items[["label", "correct", "pole_low", "pole_high"]]
    open_rows = wording.apply(lambda cells: cells.str.contains(r"\[.*\]")).any(axis=1)
    names = items.loc[open_rows, "item"].tolist()
    if names:
        more = " …" if len(names) > 8 else ""
        yield (
            f"items.csv still holds placeholders in square brackets (items "
            f"{', '.join(names[:8])}{more}): write what you asked, or delete the rows."
        )


def _gaps(tables: dict[str, pd.DataFrame]) -> Iterable[str]:
    """What is there by halves."""
    items = tables.get("items")
    answers = [f for f in (tables.get(f"answers_{s}") for s in STAGES) if f is not None and len(f)]
    if items is not None and answers:
        asked = {
            column
            for frame in answers
            for column in frame.columns
            if (frame[column].notna() & (frame[column] != "")).any()
        }
        unused = [
            i
            for i, kind in zip(items["item"], items["kind"], strict=True)
            if i not in asked and kind != "preference"
        ]
        if unused:
            yield f"Nobody answered the items {', '.join(unused[:8])} of items.csv."
    if len(tables.get("answers_after", ())) and not len(tables.get("answers_before", ())):
        yield "There are answers after and none before, so that no change can be computed."
    if "people" not in tables and any(len(frame) for frame in tables.values()):
        yield "There is no people.csv: the silent do not count, and there are no sub-groups."
