"""One call for a whole evaluation: everything the files allow, and what they do not.

:func:`analyse` runs each method on the tables it needs, turns what was measured into
scores of its criteria, and lists what could not be computed with the reason.
"""

from __future__ import annotations

import hashlib
import math
import os
import platform
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, TypeVar

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.evaluation.analysis_parts import (
    MEASURED_PARTS,
    SCORECARD_PARTS,
    Inputs,
    civic_capacity,
    hours_of_meeting,
)
from dmpkit.evaluation.data import Scorecard, read_scorecard
from dmpkit.evaluation.incidents import evidence_held_back, public_flags, public_incidents
from dmpkit.evaluation.measurements import Measurements, read_measurements
from dmpkit.evaluation.members_say import share_who_left
from dmpkit.evaluation.verdict import Verdict, verdict_of
from dmpkit.reporting import Estimate, Indicator, Result, Section
from dmpkit.wording import listed

if TYPE_CHECKING:
    from dmpkit.evaluation.profile import Profile

__all__ = ["Evaluation", "analyse", "hashes_of"]

PathLike: TypeAlias = str | os.PathLike[str]
T = TypeVar("T")
Sections: TypeAlias = Sequence[Section] | Mapping[str, Sequence[Section]]

#: Endings of the files whose hashes a report prints.
DATA_FILES = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".parquet")
NAN = math.nan


@dataclass(frozen=True, eq=False, repr=False)
class Evaluation(Result):
    """Result of :func:`analyse`.

    Attributes
    ----------
    scorecard : Scorecard
        With the scores from measured numbers.
    measured : Measurements
        What members answered and did; never exported by person.
    parts : mapping of str to Result
        Each method's own result, by name, such as ``"opinion"`` or ``"red lines"``.
    not_computed : DataFrame
        ``part, reason``.
    remarks : DataFrame
        ``part, remark``: what a method warned of.
    total : Estimate
        NaN with the reason where coverage does not allow one; it never stands in place of
        the profile.
    indicators_used : tuple of Indicator
        Every number that was offered to the criteria.
    given : mapping of str to tuple of Section
        Sections that other modules made, by chapter.
    files : DataFrame
        ``file, sha256, bytes`` of the data.
    seed, n_permutations, n_resamples : int
    confidential : bool
        Whether this is the version apart.
    """

    title: ClassVar[str] = "Evaluation"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "stages": "The profile by stage; low and high put all unknown criteria at 0 and at 4.",
        "criteria": "The profile by criterion.",
        "indicators": "Numbers that were offered to the criteria; an empty value was not assessed.",
        "not_computed": "What could not be computed, and why.",
        "files": "The data that were read, with their SHA-256.",
    }

    scorecard: Scorecard
    measured: Measurements
    parts: Mapping[str, Result]
    not_computed: pd.DataFrame
    remarks: pd.DataFrame
    total: Estimate
    indicators_used: tuple[Indicator, ...]
    given: Mapping[str, tuple[Section, ...]]
    files: pd.DataFrame
    seed: int
    n_permutations: int
    n_resamples: int
    confidential: bool = False

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        return self.scorecard.synthetic

    @property
    def profile(self) -> Profile:
        """The profile by criterion and stage."""
        return self.parts["profile"]  # type: ignore[return-value]

    @property
    def name(self) -> str:
        """What was evaluated."""
        return self.scorecard.about.get("title", "") or "A mini-public"

    @cached_property
    def verdict(self) -> Verdict:
        """The profile in words; see :mod:`dmpkit.evaluation.verdict`."""
        return verdict_of(self.profile)

    def indicators(self) -> tuple[Indicator, ...]:
        """Those that were offered to the criteria, and those of the profile."""
        return (*self.indicators_used, *self.profile.indicators())

    @cached_property
    def evidence(self) -> pd.DataFrame:
        """The list of evidence of this version: without what only held-back incidents name.

        Of evidence that is not public only id, kind, grade and who made it are shown.
        """
        every = self.scorecard.evidence
        if self.confidential:
            return every
        held = evidence_held_back(self.scorecard)
        return _veiled(every[~every["evidence"].isin(held)].reset_index(drop=True))

    @cached_property
    def records(self) -> dict[str, pd.DataFrame]:
        """Every record of this version, to be published: no answer of a person is in it.

        What is held back as confidential is in the confidential version only, and ids of
        its evidence are taken out of the other records too.
        """
        card = self.scorecard
        about = pd.DataFrame(list(card.about.items()), columns=["field", "value"])
        frames = {"about": about, "criteria": card.criteria.frame, "ratings": card.ratings}
        frames |= {"evidence": self.evidence, **card.records}
        replies = self.measured.get("replies")
        if replies is not None:
            frames["replies"] = replies
        if self.confidential:
            return frames
        if "incidents" in frames:
            frames["incidents"] = public_incidents(card)
        if "flags" in frames:
            frames["flags"] = public_flags(card)
        held = evidence_held_back(card)
        return {name: _without(frame, held) for name, frame in frames.items()}

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables that may be published: the profile, indicators, records, files."""
        profile = self.profile.frames()
        numbers = pd.DataFrame([i.as_dict() for i in self.indicators_used])
        return {
            "stages": profile["stages"],
            "criteria": profile["criteria"],
            "indicators": numbers,
            "not_computed": self.not_computed,
            "remarks": self.remarks,
            **{f"record {name}": frame for name, frame in self.records.items()},
            "files": self.files,
        }

    def summary(self) -> str:
        """The verdict in words, red lines, coverage, and what is not known."""
        lines = self.parts.get("red lines")
        texts = [
            f"{self.name}." + (" The data are synthetic." if self.synthetic else ""),
            "\n\n".join(self.verdict.sentences()),
            lines.summary() if lines is not None else "",
            self.profile.summary(),
        ]
        missing = self.not_computed["part"].tolist()
        if missing:
            texts.append(f"Not computed ({len(missing)}): {listed(missing, 'and')}; "
                         "the reasons stand in .not_computed.")  # fmt: skip
        return "\n\n".join(text for text in texts if text)

    def methods_text(self) -> str:
        """The rule of the verdict, then the methods of every part."""
        texts = [self.verdict.rule()]
        texts += [f"{name.capitalize()}. {part.methods_text()}" for name, part in
                  self.parts.items()]  # fmt: skip
        texts.append(
            f"Seed {self.seed}; {self.n_permutations:,} permutations and {self.n_resamples:,} "
            "resamples where a method draws."
        )
        return "\n\n".join(texts)

    def section(self) -> Section:
        """Page one as a section of something larger."""
        from dmpkit.evaluation.report import page_one

        return Section(self.title, page_one(self))

    def report(
        self,
        path: PathLike,
        *,
        title: str | None = None,
        texts: Mapping[str, str] | None = None,
        lang: str | None = None,
        records: bool = True,
    ) -> Path:
        """Write the report: one self-contained page, and the records beside it.

        Parameters
        ----------
        path : path
            The page, such as ``report.html``.
        title : str, optional
            Heading of the page.
        texts : mapping of str to str, optional
            A translation of :data:`~dmpkit.evaluation.report_texts.TEXTS`, whole or in
            part.
        lang : str, optional
            Language of the page; as the translation or ``about.csv`` says when not given.
        records : bool
            Write ``records.json`` and a folder of CSV files beside the page.

        Returns
        -------
        Path
            The page.
        """
        check_settings(Evaluation.report, locals())
        from dmpkit.evaluation.report import write_report

        return write_report(self, path, title=title, texts=texts, lang=lang, records=records)

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions of Python and of what computes here."""
        found = {"Python": platform.python_version()}
        for package in ("dmpkit", "numpy", "scipy", "pandas", "matplotlib"):
            try:
                found[package] = version(package)
            except PackageNotFoundError:
                found[package] = "not installed as a package"
        return found


#: Put in place of the source of evidence that is not public.
HELD_BACK = "held back: not public"


def _veiled(evidence: pd.DataFrame) -> pd.DataFrame:
    """The list of evidence without source, date, link, hash and note of what is not public."""
    shown, apart = evidence.copy(), evidence["public"] == "no"
    kept = {"evidence", "kind", "made_by", "public", "grade"}
    for column in [name for name in shown.columns if name not in kept]:
        shown.loc[apart, column] = HELD_BACK if column == "source" else ""
    return shown


def _without(frame: pd.DataFrame, held: frozenset[str]) -> pd.DataFrame:
    """A table of records whose cells no longer name evidence that is held back."""
    if not held or "evidence" not in frame.columns or "grade" in frame.columns:
        return frame
    kept = ["; ".join(one for one in str(cell).split("; ") if one not in held)
            for cell in frame["evidence"]]  # fmt: skip
    return frame.assign(evidence=kept)


def hashes_of(place: PathLike) -> pd.DataFrame:
    """``file, sha256, bytes`` of every data file of a folder, or of one workbook.

    Parameters
    ----------
    place : path
        Sub-folders are looked through too, but not the records that a report wrote, nor
        what begins with a dot.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "votes.csv").write_text("a")
    >>> hashes_of(folder)["sha256"].str[:8].tolist()
    ['ca978112']
    """
    source = Path(place)
    paths = sorted(source.rglob("*")) if source.is_dir() else [source]
    rows = []
    for path in paths:
        name = path.relative_to(source).as_posix() if source.is_dir() else path.name
        own = Path(name).parts
        hidden = any(part.startswith(".") or part.endswith("-records") for part in own)
        if path.is_file() and path.suffix.lower() in DATA_FILES and not hidden:
            content = path.read_bytes()
            rows.append((name, hashlib.sha256(content).hexdigest(), len(content)))
    return pd.DataFrame(rows, columns=["file", "sha256", "bytes"])


def _files_read(place: Path | None, given: Mapping[str, Any]) -> pd.DataFrame:
    """The files that this evaluation read: its own tables, and those of the sections given."""
    from dmpkit.evaluation.folder_check import known_files

    if place is None:
        return pd.DataFrame(columns=["file", "sha256", "bytes"])
    found = hashes_of(place)
    if not place.is_dir():
        return found
    stems = {Path(name).stem for name in known_files()}
    kept = [
        Path(name).stem in stems if "/" not in name else name.split("/")[0] in given
        for name in found["file"]
    ]
    return found[kept].reset_index(drop=True)


# --- running -----------------------------------------------------------------------------------


class _Runner:
    """Runs parts one after the other; keeps results, reasons and remarks."""

    def __init__(self) -> None:
        self.parts: dict[str, Result] = {}
        self.reasons: list[tuple[str, str]] = []
        self.remarks: list[tuple[str, str]] = []

    def run(self, name: str, part: Any, inputs: Inputs) -> None:
        """One part; what it warns of becomes a remark."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DmpkitWarning)
            try:
                self.parts[name] = part(inputs)
            except DataError as error:
                self.reasons.append((name, str(error)))
        for warning in caught:
            if not issubclass(warning.category, DmpkitWarning):
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
            elif (name, str(warning.message)) not in self.remarks:
                self.remarks.append((name, str(warning.message)))

    def offered(self) -> list[Indicator]:
        """The indicators of all results so far."""
        return [one for part in self.parts.values() for one in part.indicators()]


def analyse(
    source: Scorecard | PathLike,
    *,
    measurements: Measurements | None = None,
    indicators: Iterable[Indicator] = (),
    sections: Sections = (),
    group: str | None = None,
    seed: int = 1,
    n_permutations: int = 9_999,
    n_resamples: int = 1_000,
    confidential: bool = False,
) -> Evaluation:
    r"""Evaluate a finished mini-public from its folder, with everything the files allow.

    Parameters
    ----------
    source : Scorecard or path
        The folder (or workbook) with ``ratings.csv`` and whatever else there is, or a
        scorecard that was read already.
    measurements : Measurements, optional
        What was measured; read from the folder when not given.
    indicators : iterable of Indicator
        Numbers of other modules, such as those of representativeness and impact.
    sections : sequence of Section, or mapping of chapter to sequence of Section
        Sections of other modules; as a mapping under ``representativeness``, ``impact``
        or ``further``.
    group : str, optional
        Attribute in ``people.csv`` by which speaking time and votes are compared; the
        first one when not given.
    seed : int
        Of every draw.
    n_permutations, n_resamples : int
        Of tests and of bootstraps.
    confidential : bool
        Make the version apart, with incidents that are held back from the public one.

    Returns
    -------
    Evaluation
        ``.summary()``, ``.report(path)``, ``.to_excel(path)``; every part under
        ``.parts``; ``.not_computed`` with the reasons.

    Raises
    ------
    DataError
        When the files have mistakes (all at once:
        :func:`~dmpkit.evaluation.folder_check.check_folder`), or a chapter is not known.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "ratings.csv").write_text("criterion,rater,score\nC01,A,3\nC01,B,4\n")
    >>> evaluation = analyse(folder)
    >>> evaluation.profile.criteria.query("status == 'assessed'")["score"].tolist()
    [3.5]
    >>> "opinion" in evaluation.not_computed["part"].tolist()
    True
    """
    check_settings(analyse, locals())
    card = source if isinstance(source, Scorecard) else read_scorecard(source)
    if measurements is None:
        place = card.folder
        measurements = (
            Measurements()
            if place is None
            else read_measurements(place, criteria=card.criteria.ids)
        )
    given = _chapters(sections)
    runner = _Runner()
    options: dict[str, Any] = {
        "seed": seed, "n_permutations": n_permutations, "n_resamples": n_resamples,
        "confidential": bool(confidential), "group": group,
    }  # fmt: skip
    first = Inputs(card, measurements, **options)
    if group is not None:
        _ = first.attribute  # an attribute that is not there is said at once
    for name, part in _shown(MEASURED_PARTS):
        runner.run(name, part, first)
    offered = _distinct([*runner.offered(), *_plain_indicators(first), *indicators])
    scored = card.with_indicators(offered) if offered else card
    second = Inputs(scored, measurements, **options)
    for name, part in _shown(SCORECARD_PARTS):
        runner.run(name, part, second)
    return Evaluation(
        scorecard=scored,
        measured=measurements,
        parts=MappingProxyType(runner.parts),
        not_computed=pd.DataFrame(runner.reasons, columns=["part", "reason"], dtype="str"),
        remarks=pd.DataFrame(runner.remarks, columns=["part", "remark"], dtype="str"),
        total=scored.total(),
        indicators_used=tuple(offered),
        given=MappingProxyType(given),
        files=_files_read(card.folder, given),
        seed=seed,
        n_permutations=n_permutations,
        n_resamples=n_resamples,
        confidential=bool(confidential),
    )


def _shown(parts: Mapping[str, T]) -> Iterable[tuple[str, T]]:
    """The parts by name, on a progress bar where they take longer than a second."""
    from tqdm.auto import tqdm

    bar = tqdm(parts.items(), unit=" parts", leave=False, delay=1.0)
    for name, part in bar:
        bar.set_description(name, refresh=False)
        yield name, part


def _plain_indicators(inputs: Inputs) -> list[Indicator]:
    """Numbers that need no method of their own."""
    found = [civic_capacity(inputs)]
    people = inputs.members
    if people is not None:
        found.append(share_who_left(people["stayed"].tolist()))
    hours = hours_of_meeting(inputs.scorecard.about)
    return [*found, hours] if hours is not None else found


def _distinct(indicators: Iterable[Indicator]) -> list[Indicator]:
    """One of each name: the first that has a value, else the first."""
    kept: dict[str, Indicator] = {}
    for one in indicators:
        if one.name not in kept or (math.isnan(kept[one.name].value) and not math.isnan(one.value)):
            kept[one.name] = one
    return list(kept.values())


def _chapters(sections: Sections) -> dict[str, tuple[Section, ...]]:
    """Sections by chapter."""
    allowed = ("representativeness", "impact", "further")
    given = sections if isinstance(sections, Mapping) else {"further": sections}
    for name in given:
        if name not in allowed:
            raise DataError(f"There is no chapter {name!r}.", remedy=f"Use {listed(allowed)}.")
    return {name: tuple(part) for name, part in given.items() if part}
