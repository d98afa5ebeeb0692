"""The scorecard: ratings of criteria with their evidence, checked, and the records beside them.

An empty score is never a 0: a criterion that nobody assessed stays unknown, one
that does not apply says why, one that is contested keeps its scores apart.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import CRITERIA, HIGHEST, LOCAL_CRITERIA, Criteria
from dmpkit.evaluation.record_cells import read_date
from dmpkit.evaluation.records import (
    Field,
    Finding,
    RecordKind,
    Rule,
    check_records,
    find_records,
    nearest,
    split_ids,
)
from dmpkit.reporting import Estimate, Indicator
from dmpkit.tables import open_workbook

if TYPE_CHECKING:
    from dmpkit.evaluation.profile import Profile
    from dmpkit.evaluation.raters import RaterAgreement
    from dmpkit.evaluation.weights import WeightSensitivity

__all__ = ["ABOUT", "EVIDENCE", "MEASURED", "RATINGS", "STATUSES", "Scorecard", "read_scorecard"]

PathLike: TypeAlias = str | os.PathLike[str]

#: What a rating can say of a criterion.
STATUSES = ("assessed", "not assessed", "not applicable", "contested")
#: The rater under whose name scores from measured numbers stand.
MEASURED = "measured"
#: The rater of ratings that name none.
UNNAMED = "unnamed"
MAKERS = ("organiser", "commissioner", "member", "observer", "outsider")
GRADES = ("A", "B", "C", "D")
CONFIDENCES = ("low", "medium", "high")

#: What a table of ratings holds.
RATINGS = RecordKind(
    "ratings",
    "ratings.csv",
    (
        Field("criterion", kind="id", required=True, aliases=("id",)),
        Field("rater", kind="id"),
        Field("status", choices=STATUSES, also={
            "n/a": "not applicable", "does not apply": "not applicable",
            "unassessed": "not assessed", "disputed": "contested", "rated": "assessed"}),
        Field("score", kind="number", low=0, high=HIGHEST),
        Field("confidence"),
        Field("evidence", kind="ids"),
        Field("note"),
    ),
    key=("criterion", "rater"),
)  # fmt: skip
#: What a list of evidence holds.
EVIDENCE = RecordKind(
    "evidence",
    "evidence.csv",
    (
        Field("evidence", kind="id", required=True, aliases=("id",)),
        Field("kind"),
        Field("source"),
        Field("made_by", choices=MAKERS),
        Field("date", kind="date"),
        Field("public", kind="yes-no"),
        Field("link"),
        Field("sha256"),
        Field("grade", choices=GRADES),
        Field("note"),
    ),
    key=("evidence",),
)
#: What is said of the mini-public and its evaluation.
ABOUT = RecordKind(
    "about", "about.csv", (Field("field", required=True), Field("value")), key=("field",)
)

#: The fields of ``about.csv`` that a report uses; others are kept.
ABOUT_FIELDS = (
    "title", "place", "commissioner", "organiser", "evaluator", "paid_by", "independence",
    "members", "hours", "screened_on", "first_day", "last_day", "report_day", "promise",
    "language", "synthetic",
)  # fmt: skip
ABOUT_DATES = ("screened_on", "first_day", "last_day", "report_day")

_HASH = re.compile(r"[0-9a-fA-F]{64}")


@dataclass(frozen=True, eq=False, repr=False)
class Scorecard:
    """Ratings of one mini-public, with the evidence that they rest on.

    Made by :func:`read_scorecard` or :meth:`from_frames`; it cannot be made of
    ratings that contradict themselves.

    Parameters
    ----------
    criteria : Criteria
        What is judged.
    ratings : DataFrame
        ``criterion, rater, status, score, confidence, evidence, note``.
    evidence : DataFrame
        ``evidence, kind, source, made_by, date, public, link, sha256, grade, note``.
    about : mapping of str to str
        Title, place, commissioner, evaluator and whatever else ``about.csv`` says.
    records : mapping of str to DataFrame
        Incidents, flags, power, goals, communication, digital: those that there are.
    folder : Path, optional
        Where they were read from.
    measured : DataFrame
        One row an indicator that was turned into a score; see :meth:`with_indicators`.
    indicators : tuple of Indicator
        What other modules measured.

    Examples
    --------
    >>> ratings = pd.DataFrame({"criterion": ["C01", "C01", "C02"], "rater": ["a", "b", "a"],
    ...                         "score": [3, 4, None]})
    >>> card = Scorecard.from_frames(ratings)
    >>> card.raters, card.ratings["status"].tolist()
    (('a', 'b'), ['assessed', 'assessed', 'not assessed'])
    """

    criteria: Criteria
    ratings: pd.DataFrame
    evidence: pd.DataFrame = field(default_factory=EVIDENCE.empty)
    about: Mapping[str, str] = field(default_factory=dict)
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    folder: Path | None = None
    measured: pd.DataFrame = field(default_factory=pd.DataFrame)
    indicators: tuple[Indicator, ...] = ()

    def __post_init__(self) -> None:
        evidence = check_records(self.evidence, EVIDENCE, rules=[_sound_evidence])
        rules = rating_rules(evidence, measured_allowed=len(self.measured) > 0)
        checked = check_records(self.ratings, ratings_of(self.criteria), rules=rules)
        ratings = filled_ratings(checked, self.criteria)
        object.__setattr__(self, "evidence", evidence)
        object.__setattr__(self, "ratings", ratings)
        object.__setattr__(self, "about", MappingProxyType(dict(self.about)))
        object.__setattr__(self, "records", MappingProxyType(dict(self.records)))

    def __repr__(self) -> str:
        seen = self.ratings.loc[self.ratings["status"] == "assessed", "criterion"].nunique()
        title = self.about.get("title", "")
        return (
            f"Scorecard{f' of {title}' if title else ''}: {seen} of {len(self.criteria.ids)} "
            f"criteria assessed, {len(self.raters)} rater(s), {len(self.evidence)} piece(s) of "
            "evidence"
        )

    @classmethod
    def from_frames(
        cls,
        ratings: Any,
        criteria: Any = None,
        evidence: Any = None,
        *,
        about: Mapping[str, object] | None = None,
        local_criteria: Any = None,
        records: Mapping[str, Any] | None = None,
    ) -> Scorecard:
        """A scorecard from tables.

        Parameters
        ----------
        ratings : DataFrame
            ``criterion, score`` and, where there are any, ``rater, status,
            confidence, evidence, note``. An empty status is *assessed* where a
            score stands and *not assessed* where none does.
        criteria : Criteria or DataFrame, optional
            dmpkit's own when not given.
        evidence : DataFrame, optional
            The list of evidence; needed where ratings name evidence.
        about : mapping, optional
            What is said of the mini-public; ``synthetic`` is ``yes`` or ``no``.
        local_criteria : DataFrame, optional
            Criteria added to the others.
        records : mapping of str to DataFrame, optional
            ``incidents, flags, power, goals, communication, digital``.

        Raises
        ------
        DataError
            What :func:`read_scorecard` refuses.

        Examples
        --------
        >>> Scorecard.from_frames(pd.DataFrame({"criterion": ["C1"], "score": [3]}))
        Traceback (most recent call last):
        ...
        dmpkit.errors.DataError: ratings.csv, row 2, column criterion: 'C1' is not one of the \
criteria. Did you mean 'C01'?
        """
        chosen = _criteria_of(criteria, local_criteria)
        proofs = EVIDENCE.empty() if evidence is None else check_records(
            evidence, EVIDENCE, file=EVIDENCE.file, rules=[_sound_evidence])  # fmt: skip
        rules = rating_rules(proofs)
        checked = check_records(ratings, ratings_of(chosen), file=RATINGS.file, rules=rules)
        said = pd.DataFrame(list((about or {}).items()), columns=["field", "value"])
        kinds = _record_kinds()
        kept = {}
        for name, frame in (records or {}).items():
            if name not in kinds:
                raise DataError(f"There are no records of {name!r}.", remedy=nearest(name, kinds))
            kind = kinds[name]
            rules = record_rules(kind, proofs)
            kept[name] = check_records(frame, kind, file=kind.file, rules=rules)
        return cls(chosen, checked, proofs, _about(check_records(said, ABOUT)), kept)

    @cached_property
    def raters(self) -> tuple[str, ...]:
        """The people who judged at least one criterion, in order of appearance."""
        said = self.ratings[
            (self.ratings["status"] != "not assessed") & (self.ratings["rater"] != MEASURED)
        ]
        return tuple(dict.fromkeys(said["rater"]))

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up, as ``about.csv`` says."""
        return self.about.get("synthetic", "no") == "yes"

    @cached_property
    def scores(self) -> pd.DataFrame:
        """People's scores: one row a criterion that has any, one column a rater; NaN where none.

        Contested scores are among them, measured ones are not.
        """
        own = self.ratings[(self.ratings["rater"] != MEASURED) & self.ratings["score"].notna()]
        wide = own.pivot_table(index="criterion", columns="rater", values="score", aggfunc="first")
        rows = [c for c in self.criteria.ids if c in wide.index]
        columns = [r for r in self.raters if r in wide.columns]
        return wide.reindex(index=rows, columns=columns).rename_axis(columns=None)

    def profile(self) -> Profile:
        """The profile by criterion and stage; see :func:`dmpkit.evaluation.profile.profile`."""
        return self._profile

    @cached_property
    def _profile(self) -> Profile:
        from dmpkit.evaluation.profile import profile

        return profile(self)

    def total(self, *, weights: Mapping[str, float] | None = None) -> Estimate:
        """One number for the whole, on request; see :func:`dmpkit.evaluation.profile.total`."""
        from dmpkit.evaluation.profile import total

        return total(self, weights=weights)

    def agreement(self, *, n_resamples: int = 2000, seed: int | None = None) -> RaterAgreement:
        """How far raters agree; see :func:`dmpkit.evaluation.raters.rater_agreement`."""
        from dmpkit.evaluation.raters import rater_agreement

        return rater_agreement(self, n_resamples=n_resamples, seed=seed)

    def weights(self, *, n_draws: int = 10_000, seed: int | None = None) -> WeightSensitivity:
        """How far weights matter; see :func:`dmpkit.evaluation.weights.weight_sensitivity`."""
        from dmpkit.evaluation.weights import weight_sensitivity

        return weight_sensitivity(self, n_draws=n_draws, seed=seed)

    def with_indicators(
        self, indicators: Iterable[Any], *, cut_points: Any = None, **options: Any
    ) -> Scorecard:
        """The scorecard with scores from measured numbers added, under the rater *measured*.

        See :func:`dmpkit.evaluation.measured.with_indicators`.
        """
        from dmpkit.evaluation.measured import with_indicators

        return with_indicators(self, indicators, cut_points=cut_points, **options)

    def through_viewpoints(self, **options: Any) -> Any:
        """The same ratings as the governance viewpoints would weigh them."""
        from dmpkit.evaluation.viewpoints import through_viewpoints

        return through_viewpoints(self, **options)

    def red_lines(self, **options: Any) -> Any:
        """Incidents at red lines and the flags, never averaged into a score."""
        from dmpkit.evaluation.incidents import red_lines

        return red_lines(self, **options)

    def conditions(self, **options: Any) -> Any:
        """The eight-cell panel of conditions under which mini-publics work or fail."""
        from dmpkit.evaluation.conditions import working_conditions

        return working_conditions(self, **options)

    def power(self, **options: Any) -> Any:
        """The power audit by stage."""
        from dmpkit.evaluation.power import power_audit

        return power_audit(self, **options)

    def report(self, path: PathLike, **options: Any) -> Path:
        """Write the whole evaluation as one self-contained page."""
        from dmpkit.evaluation.report import report

        return Path(report(self, path, **options))


def read_scorecard(place: PathLike) -> Scorecard:
    r"""Read a scorecard from a folder of files or from one workbook.

    Parameters
    ----------
    place : path
        A folder that holds ``ratings.csv`` and, as far as there are any,
        ``about.csv``, ``criteria.csv``, ``local_criteria.csv``, ``evidence.csv``,
        ``incidents.csv``, ``flags.csv``, ``power.csv``, ``goals.csv``,
        ``communication.csv`` and ``digital.csv``; or an ``.xlsx`` with sheets of
        these names.

    Returns
    -------
    Scorecard

    Raises
    ------
    DataError
        With file, row, column and remedy; several mistakes of a file at once:
        no ratings, a criterion that is not in the set, a criterion that a rater
        judged twice, an assessed one without a score, one not assessed with a
        score, one not applicable without a reason, a score outside 0 to 4,
        evidence that is not listed.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "ratings.csv").write_text("criterion,rater,score\nC01,R1,3\nC02,R1,\n")
    >>> read_scorecard(folder)
    Scorecard: 1 of 52 criteria assessed, 1 rater(s), 0 piece(s) of evidence
    """
    source = Path(place)
    own = find_records(source, CRITERIA)
    criteria = Criteria.default() if own is None else Criteria.from_frame(own)
    local = find_records(source, LOCAL_CRITERIA, rules=[criteria.refuse_clashes])
    if local is not None and len(local):
        criteria = criteria.with_local(local)
    proofs = find_records(source, EVIDENCE, rules=[_sound_evidence])
    evidence = EVIDENCE.empty() if proofs is None else proofs
    ratings = find_records(source, ratings_of(criteria), rules=rating_rules(evidence))
    if ratings is None:
        raise _no_ratings(source)
    about = find_records(source, ABOUT, rules=[_sound_about])
    kept = {}
    for name, kind in _record_kinds().items():
        found = find_records(source, kind, rules=record_rules(kind, evidence))
        if found is not None:
            kept[name] = found
    said = {} if about is None else _about(about)
    return Scorecard(criteria, ratings, evidence, said, kept, folder=source)


def _no_ratings(source: Path) -> DataError:
    """What to say where there are no ratings."""
    if source.is_dir():
        there = sorted(p.name for p in source.iterdir() if p.suffix in (".csv", ".tsv", ".xlsx"))
        what = "The folder has no ratings.csv."
    else:
        there, what = open_workbook(source).sheetnames, "The workbook has no sheet 'ratings'."
    shown = f" It holds {', '.join(there[:12])}." if there else ""
    return DataError(
        f"{what}{shown}",
        file=source,
        remedy="It needs the columns criterion and score; "
        "`dmpkit new NAME --template evaluation` makes a folder to fill in.",
    )


def ratings_of(criteria: Criteria) -> RecordKind:
    """What a table of ratings of these criteria holds."""
    first, *others = RATINGS.fields
    own = replace(first, choices=criteria.ids, called="one of the criteria")
    return replace(RATINGS, fields=(own, *others))


def rating_rules(evidence: pd.DataFrame, *, measured_allowed: bool = False) -> list[Rule]:
    """The checks of a table of ratings against itself and its list of evidence.

    Parameters
    ----------
    evidence : DataFrame
        Checked; may have no row.
    measured_allowed : bool
        Whether the name *measured* may stand as a rater.
    """
    listed_ids = list(evidence["evidence"])

    def check(ratings: pd.DataFrame) -> Iterable[Finding]:
        yield from _two_spellings(ratings["rater"])
        for i, row in enumerate(ratings.to_dict("records")):
            if row["rater"].casefold() == MEASURED and not measured_allowed:
                yield (i, "rater", f"The name {row['rater']!r} is kept for measured numbers.",
                       "Give the rater another name.")  # fmt: skip
            yield from _sound_rating(i, row)
            yield from _listed(i, "evidence", row["evidence"], listed_ids)

    return [check]


def _two_spellings(raters: Iterable[str]) -> Iterable[Finding]:
    """Raters whose names differ in case and blanks alone, each spelling once."""
    first: dict[str, str] = {}
    said = set()
    for i, name in enumerate(raters):
        known = first.setdefault("".join(name.casefold().split()), name)
        if name != known and name not in said:
            said.add(name)
            yield (i, "rater", f"The rater {name[:60]!r} is called {known[:60]!r} above.",
                   "Write one person's name alike in every row; give two people names of their "
                   "own.")  # fmt: skip


def _sound_rating(i: int, row: Mapping[Any, Any]) -> Iterable[Finding]:
    """Status, score, note and confidence of one rating, against one another."""
    status, blank = row["status"], row["score"] != row["score"]
    if status == "assessed" and blank:
        yield (i, "score", "The criterion is called assessed and has no score.",
               "Give a score, or write 'not assessed'.")  # fmt: skip
    if status in ("not assessed", "not applicable") and not blank:
        yield (i, "score", f"The criterion is called {status} and has a score.",
               "Empty the score, or write 'assessed'.")  # fmt: skip
    if status == "not applicable" and not row["note"]:
        yield (i, "note", "The criterion is called not applicable without a reason.",
               "Say in the note why it does not apply.")  # fmt: skip
    if not _is_confidence(row["confidence"]):
        yield (i, "confidence", f"{row['confidence'][:60]!r} is no degree of confidence.",
               "Write low, medium or high, or a number from 0 to 1.")  # fmt: skip


def _is_confidence(text: str) -> bool:
    if text == "" or text.casefold() in CONFIDENCES:
        return True
    try:
        return 0 <= float(text.replace(",", ".")) <= 1
    except ValueError:
        return False


def _listed(i: int, column: str, cell: str, known: Sequence[str]) -> Iterable[Finding]:
    """Evidence that is named but not in the list."""
    for each in split_ids(cell):
        if each not in known:
            yield (i, column, f"The evidence {each[:60]!r} is not in the list of evidence.",
                   nearest(each, known) if known else "List it in evidence.csv.")  # fmt: skip


def record_rules(kind: RecordKind, evidence: pd.DataFrame) -> list[Rule]:
    """The checks of records beside the ratings: of each table, and against the evidence.

    Parameters
    ----------
    kind : RecordKind
        One of :func:`~dmpkit.evaluation.outside_records.outside_kinds`.
    evidence : DataFrame
        Checked; may have no row.
    """
    from dmpkit.evaluation.outside_records import outside_rules

    return [_known_evidence(kind, evidence), *outside_rules(kind.name)]


def _known_evidence(kind: RecordKind, evidence: pd.DataFrame) -> Rule:
    """The check that every piece of evidence that records name is in the list."""
    columns = [f.name for f in kind.fields if f.name == "evidence" and f.kind == "ids"]
    listed_ids = list(evidence["evidence"])

    def check(records: pd.DataFrame) -> Iterable[Finding]:
        for column in columns:
            for i, cell in enumerate(records[column]):
                yield from _listed(i, column, cell, listed_ids)

    return check


def _sound_evidence(evidence: pd.DataFrame) -> Iterable[Finding]:
    """Hashes that are none; labels that could not be named in a list."""
    for i, (label, digest) in enumerate(zip(evidence["evidence"], evidence["sha256"], strict=True)):
        if digest and not _HASH.fullmatch(digest):
            yield (i, "sha256", "This is no SHA-256 hash.",
                   "It has 64 characters of 0-9 and a-f; leave it empty if unknown.")  # fmt: skip
        if label and split_ids(label) != (label,):
            yield (i, "evidence", f"The label {label[:60]!r} holds a blank, comma or semicolon.",
                   "Use one short label such as E1.")  # fmt: skip


def _sound_about(about: pd.DataFrame) -> Iterable[Finding]:
    """Misspelt fields, dates that are none, and an unclear word on made-up data."""
    keys = [_about_key(name) for name in about["field"]]
    for i, (name, key, value) in enumerate(zip(about["field"], keys, about["value"], strict=True)):
        if key == "synthetic" and value.casefold() not in (*_YES, *_NO):
            yield (i, "value", f"{value[:60]!r} does not say whether the data are synthetic.",
                   "Write yes or no.")  # fmt: skip
        if key in ABOUT_DATES and value:
            try:
                read_date(value)
            except DataError as error:
                yield (i, "value", f"The {key} {error.problem}", error.remedy)
        if meant := _about_meant(key, keys):
            yield (i, "field", f"The field {name[:60]!r} is not known.",
                   f"Did you mean {meant!r}? Rename it.")  # fmt: skip


def _about_key(name: object) -> str:
    """The name of a field as the report looks it up."""
    return "_".join(str(name).casefold().split())


def _about_meant(key: str, keys: Sequence[str]) -> str:
    """The field that a misspelt name means; empty where it is known or a field of its own."""
    if key in ABOUT_FIELDS:
        return ""
    free = {re.sub(r"[\W_]+", "", each): each for each in ABOUT_FIELDS if each not in keys}
    near = get_close_matches(re.sub(r"[\W_]+", "", key), list(free), 1, 0.8)
    return free[near[0]] if near else ""


def about_notes(about: pd.DataFrame) -> Iterable[str]:
    """The fields of ``about.csv`` that no report uses.

    Parameters
    ----------
    about : DataFrame
        ``field, value``.

    Examples
    --------
    >>> list(about_notes(pd.DataFrame({"field": ["title", "mayor"], "value": ["A", "B"]})))
    ["The field 'mayor' of about.csv is not one that the report uses; it was kept."]
    """
    keys = [_about_key(name) for name in about["field"]]
    for name, key in zip(about["field"], keys, strict=True):
        if key and key not in ABOUT_FIELDS and not _about_meant(key, keys):
            yield f"The field {name!r} of about.csv is not one that the report uses; it was kept."


_YES, _NO = ("yes", "y", "true", "1"), ("no", "n", "false", "0", "")


def _about(frame: pd.DataFrame) -> dict[str, str]:
    """The table of fields and values as a mapping; ``synthetic`` as yes or no."""
    out = {}
    for name, value in zip(frame["field"], frame["value"], strict=True):
        key = _about_key(name)
        out[key] = str(value)
        if key in ABOUT_DATES and out[key]:
            with suppress(DataError):  # refused where it is read from a file
                out[key] = read_date(out[key])
    if "synthetic" in out:
        word = out["synthetic"].casefold()
        if word not in (*_YES, *_NO):
            raise DataError(
                f"{word[:60]!r} does not say whether the data are synthetic.",
                file=ABOUT.file,
                remedy="Write yes or no.",
            )
        out["synthetic"] = "yes" if word in _YES else "no"
    return out


def filled_ratings(ratings: pd.DataFrame, criteria: Criteria) -> pd.DataFrame:
    """Checked ratings with the status said and a name for every rater, in the criteria's order."""
    inferred = ratings["score"].notna().map({True: "assessed", False: "not assessed"})
    out = ratings.assign(
        status=ratings["status"].where(ratings["status"] != "", inferred),
        rater=[name or UNNAMED for name in ratings["rater"]],
    )
    place = {criterion: i for i, criterion in enumerate(criteria.ids)}
    order = out["criterion"].map(place).sort_values(kind="stable").index
    return out.loc[order].reset_index(drop=True)


def _criteria_of(criteria: Any, local: Any) -> Criteria:
    """The criteria that were given, with the local ones."""
    if criteria is None:
        chosen = Criteria.default()
    elif isinstance(criteria, Criteria):
        chosen = criteria
    else:
        chosen = Criteria.from_frame(criteria, file=CRITERIA.file)
    return chosen if local is None else chosen.with_local(local, file=LOCAL_CRITERIA.file)


def _record_kinds() -> Mapping[str, RecordKind]:
    """The records beside the ratings."""
    from dmpkit.evaluation.outside_records import outside_kinds

    return outside_kinds()
