"""From the folder of an evaluation to its report: the evaluation and its neighbours.

The sub-folders ``representativeness/`` and ``impact/`` are read with the modules of these
names, whose numbers and sections are handed to the evaluation.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.reporting import Indicator, Section

if TYPE_CHECKING:
    from dmpkit.evaluation.analysis import Evaluation
    from dmpkit.evaluation.folder_check import FolderCheck

__all__ = ["Beside", "check_evaluation", "evaluate", "evaluation_folder", "read_beside"]

PathLike = str | os.PathLike[str]

#: Columns of a list of people that say how far they came, in order.
STAGES = ("invited", "responded", "selected", "completed")
#: Names under which the list of people may lie.
PANELS = ("panel.csv", "participants.csv", "panel.xlsx", "participants.xlsx")
#: No cell of one to four people is shown.
SMALLEST = 5


@dataclass
class Beside:
    """What lies beside the scorecard: numbers and sections of other modules.

    Parameters
    ----------
    indicators : list of Indicator
    sections : dict of chapter to tuple of Section
    errors : list of DataError
        Mistakes in the sub-folders.
    notes : list of str
        What the modules warned of.
    """

    indicators: list[Indicator] = field(default_factory=list)
    sections: dict[str, tuple[Section, ...]] = field(default_factory=dict)
    errors: list[DataError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def take(self, chapter: str, make: Callable[[], Any], *, draw: bool) -> None:
        """Run a module; keep its numbers and its section, or its mistake."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DmpkitWarning)
            try:
                result = make()
                self.indicators += result.indicators()
                if draw:
                    self.sections[chapter] = (result.section(),)
            except DataError as error:
                self.errors.append(_placed(error, chapter))
        self.notes += [
            f"{chapter}: {w.message}" for w in caught if issubclass(w.category, DmpkitWarning)
        ]


def _placed(error: DataError, chapter: str) -> DataError:
    """A mistake that says in which sub-folder it stands."""
    return DataError(
        f"{error.problem} (in the folder {chapter}/)",
        file=error.file or chapter,
        row=error.row,
        column=error.column,
        remedy=error.remedy,
    )


def evaluation_folder(name: PathLike) -> Path:
    """The folder or workbook of an evaluation, by its path or by the slug of its study.

    Parameters
    ----------
    name : path or str

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When there is neither.
    """
    place = Path(name)
    if place.exists():
        return place
    from dmpkit.workbench.study import Study, find_studies

    if str(name) in find_studies():
        return Study.open(str(name)).folder
    raise DataError(
        f"There is no folder {str(name)!r}.",
        remedy=f"Start one: dmpkit new {name} --template evaluation --empty",
    )


def read_beside(
    folder: Path, about: Mapping[str, str], *, seed: int = 1, draw: bool = True
) -> Beside:
    """Read the sub-folders ``representativeness/`` and ``impact/`` that there are.

    Parameters
    ----------
    folder : Path
        The evaluation's folder.
    about : mapping of str to str
        As ``about.csv``; ``report_day`` is the day on which the ledger is looked at, and
        ``promise`` the time in which an answer was promised.
    seed : int
    draw : bool
        Make the sections with their pictures too.

    Returns
    -------
    Beside
    """
    found = Beside()
    place = folder / "representativeness"
    if place.is_dir():
        found.take("representativeness", lambda: _representativeness(place, seed), draw=draw)
    ledger = folder / "impact"
    if ledger.is_dir():
        found.take("impact", lambda: _impact(ledger, about, seed), draw=draw)
    return found


def _representativeness(place: Path, seed: int) -> Any:
    from dmpkit import representativeness as rep
    from dmpkit.tables import read_table

    panel = next((place / name for name in PANELS if (place / name).is_file()), None)
    if panel is None:
        raise DataError(
            "There is no list of members.", file=place, remedy="Add panel.csv, one row a person."
        )
    population = place / "population.csv"
    if not population.is_file():
        raise DataError(
            "There is no population to compare with.",
            file=place,
            remedy="Add population.csv with variable, category and count.",
        )
    people = read_table(panel)
    stages = [name for name in STAGES if name in people.columns]
    options: dict[str, Any] = {"seed": seed, "suppress_below": SMALLEST}
    if (place / "quotas.csv").is_file():
        options["quotas"] = rep.read_quotas(place / "quotas.csv")
    if len(stages) > 1:
        options["stages"] = stages
        if "responded" in stages:
            options["response"] = "responded"
        return rep.analyse(people, rep.read_population(population), **options)
    return rep.analyse(rep.read_panel(panel), rep.read_population(population), **options)


def _impact(place: Path, about: Mapping[str, str], seed: int) -> Any:
    from dmpkit import impact

    ledger = impact.read_ledger(place)
    day = about.get("report_day", "")
    if not day:
        raise DataError(
            "about.csv does not say for which day the ledger holds.",
            file="about.csv",
            remedy="Add a row report_day with the day of the evaluation's report.",
        )
    return impact.analyse(ledger, day, promise=about.get("promise") or None, seed=seed)


def _about(place: Path) -> dict[str, str]:
    """What ``about.csv`` says, as far as it can be read."""
    from dmpkit.evaluation.data import ABOUT
    from dmpkit.evaluation.records import gather_records

    frame, _ = gather_records(place, ABOUT)
    if frame is None:
        return {}
    names = ("_".join(str(name).casefold().split()) for name in frame["field"])
    return dict(zip(names, map(str, frame["value"]), strict=True))


def check_evaluation(place: PathLike) -> FolderCheck:
    """Every mistake of an evaluation's folder, those of its sub-folders among them.

    Parameters
    ----------
    place : path

    Returns
    -------
    FolderCheck
    """
    from dmpkit.evaluation.folder_check import check_folder

    source = evaluation_folder(place)
    found = check_folder(source)
    beside = read_beside(source, _about(source), draw=False) if source.is_dir() else Beside()
    return found.with_errors(beside.errors)


def evaluate(
    place: PathLike,
    *,
    seed: int = 1,
    confidential: bool = False,
    group: str | None = None,
    n_permutations: int = 9_999,
) -> Evaluation:
    """Evaluate a folder with everything in it, sub-folders too.

    Parameters
    ----------
    place : path or str
        The folder, a workbook, or the slug of a study.
    seed : int
    confidential : bool
        Make the version apart.
    group : str, optional
        Attribute by which speaking time and votes are compared; the first column of
        ``people.csv`` that makes two to twelve groups when not given.
    n_permutations : int

    Returns
    -------
    Evaluation

    Raises
    ------
    DataError
        One error that lists every mistake of every file.
    """
    from dmpkit.evaluation.analysis import analyse
    from dmpkit.evaluation.folder_check import check_folder

    source = evaluation_folder(place)
    beside = read_beside(source, _about(source), seed=seed) if source.is_dir() else Beside()
    check_folder(source).with_errors(beside.errors).raise_if_wrong()
    return analyse(
        source,
        indicators=beside.indicators,
        sections=beside.sections,
        seed=seed,
        confidential=confidential,
        group=group,
        n_permutations=n_permutations,
    )
