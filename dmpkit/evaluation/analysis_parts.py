"""The parts of an evaluation: which method is run on which table, and when it cannot be.

Each function takes the prepared inputs and gives a result, or raises a
:class:`~dmpkit.errors.DataError` that says what is missing;
:mod:`dmpkit.evaluation.analysis` runs them in order and keeps the reasons.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import text
from dmpkit.evaluation.measurements import Measurements
from dmpkit.reporting import Indicator, Result

if TYPE_CHECKING:
    from dmpkit.evaluation.data import Scorecard
    from dmpkit.evaluation.reason_data import ReasonSurvey

__all__ = ["CHAPTERS", "MEASURED_PARTS", "SCORECARD_PARTS", "Inputs"]

STAGES = ("before", "after")
#: Fewer people than this are not shown on their own.
SMALLEST = 5


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the parts are computed from, and how.

    Parameters
    ----------
    scorecard : Scorecard
    measured : Measurements
    seed : int
        Of every draw; the same seed gives the same numbers.
    n_permutations : int
        Of the tests of the reason index and of talk.
    n_resamples : int
        Of bootstraps.
    confidential : bool
        The version apart, with incidents that are held back from the public one.
    group : str or None
        Column of people by which talk and votes are compared.
    """

    scorecard: Scorecard
    measured: Measurements
    seed: int = 1
    n_permutations: int = 9_999
    n_resamples: int = 1_000
    confidential: bool = False
    group: str | None = None

    @property
    def synthetic(self) -> bool:
        """Whether the data are made up."""
        return self.scorecard.synthetic

    def table(self, name: str) -> pd.DataFrame:
        """A table that a part cannot do without."""
        found = self.measured.get(name)
        if found is None:
            raise DataError(f"There is no {name}.csv, or it has no rows.")
        return found

    def both(self, *kinds: str) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
        """Answers before and after to items of these kinds, and the items asked twice."""
        frames = [self.measured.answers(stage, *kinds) for stage in STAGES]
        for stage, frame in zip(STAGES, frames, strict=True):
            if frame is None:
                what = " or ".join(kinds)
                raise DataError(f"There are no answers {stage} to items of kind {what}.")
        before, after = (frame for frame in frames if frame is not None)
        shared = [c for c in before.columns if c in set(after.columns) - {"person"}]
        if not shared:
            raise DataError("No item was asked both before and after.")
        return before, after, shared

    @cached_property
    def tables(self) -> dict[str, str] | None:
        """Person to small group."""
        return self.measured.table_of()

    def tables_of(self, *frames: pd.DataFrame) -> dict[str, str] | None:
        """Person to small group, where everybody in the frames has one."""
        if self.tables is None:
            return None
        everybody = {p for frame in frames for p in frame["person"]}
        return self.tables if everybody <= set(self.tables) else None

    def survey(self, stage: str, only: set[str] | None = None) -> ReasonSurvey:
        """Considerations and ranking of a stage, matched by person."""
        from dmpkit.evaluation.reason_data import ReasonSurvey

        weighed = self.measured.answers(stage, "consideration")
        ranked = self.measured.ranking(stage)
        for found, what in ((weighed, "answers to considerations"), (ranked, "ranking of options")):
            if found is None:
                raise DataError(f"There are no {what} {stage}.")
        assert weighed is not None  # noqa: S101
        assert ranked is not None  # noqa: S101
        people = [p for p in weighed["person"] if p in set(ranked["person"])]
        if only is not None:
            people = [p for p in people if p in only]
        if len(people) < 2:
            raise DataError(f"Fewer than two people gave considerations and a ranking {stage}.")
        one, two = (f.set_index("person").loc[people] for f in (weighed, ranked))
        labels = [self.numbers[p] for p in people]  # a report names nobody
        return ReasonSurvey(one, two, labels, stage=stage, synthetic=self.synthetic)

    def asked(self, stage: str) -> set[str]:
        """Who gave considerations and a ranking at a stage."""
        frames = (self.measured.answers(stage, "consideration"), self.measured.ranking(stage))
        found = [set(frame["person"]) for frame in frames if frame is not None]
        return found[0] & found[1] if len(found) == 2 else set()

    @cached_property
    def numbers(self) -> dict[str, str]:
        """Person to *member 1*, *member 2* and so on, in the order of the answers."""
        order: dict[str, None] = {}
        for stage in STAGES:
            frame = self.measured.get(f"answers_{stage}")
            order |= dict.fromkeys([] if frame is None else frame["person"])
        return {person: f"member {n}" for n, person in enumerate(order, start=1)}

    @property
    def members(self) -> pd.DataFrame | None:
        """The list of members."""
        return self.measured.get("people")

    @cached_property
    def attribute(self) -> str | None:
        """The column by which groups are compared."""
        if self.group is not None:
            if self.group not in self.measured.attributes:
                raise DataError(
                    f"people.csv has no attribute {self.group!r} with two to twelve groups.",
                    remedy=f"There are: {', '.join(self.measured.attributes) or 'none'}.",
                )
            return self.group
        return next(iter(self.measured.attributes), None)


# --- what was measured ---------------------------------------------------------------------


def _attrition(i: Inputs) -> Result:
    from dmpkit.evaluation.attrition import attrition

    before, after, shared = i.both("opinion", "consideration", "efficacy")
    people = i.members
    kept = ["person", *i.measured.attributes]
    frame = None if people is None or len(kept) == 1 else people[kept]
    return attrition(before, after, frame, items=shared, labels=i.measured.labels(shared))


def _opinion(i: Inputs) -> Result:
    from dmpkit.evaluation.opinion import opinion_change

    before, after, items = i.both("opinion")
    return opinion_change(
        before,
        after,
        items=items,
        table=i.tables_of(before, after),
        scale=i.measured.scales(items),
        labels=i.measured.labels(items),
        synthetic=i.synthetic,
    )


def _polarisation(i: Inputs) -> Result:
    from dmpkit.evaluation.polarisation import polarisation_change

    before, after, items = i.both("opinion")
    return polarisation_change(
        before,
        after,
        items=items,
        scale=i.measured.scales(items),
        table=i.tables_of(before, after),
        n_resamples=i.n_resamples,
        seed=i.seed,
        labels=i.measured.labels(items),
        synthetic=i.synthetic,
    )


def _groups(i: Inputs) -> Result:
    from dmpkit.evaluation.groups import group_distortions

    before, after, items = i.both("opinion")
    tables = i.tables_of(before, after)
    if tables is None:
        raise DataError("people.csv does not say who sat at which table.")
    scale = i.measured.scales(items)
    return group_distortions(
        before, after, items=items, table=tables, scale=scale, synthetic=i.synthetic
    )


def _transitions(i: Inputs) -> Result:
    """Who moved where on an opinion that many moved on, if no move is of one to four people."""
    from dmpkit.evaluation.transitions import transitions

    before, after, items = i.both("opinion")
    scales = i.measured.scales(items)
    for item in _most_moved(before, after, scales):
        for bins in _groupings(*scales[item]):
            labels = i.measured.labels([item])
            found = transitions(
                before, after, item, bins=bins, labels=labels, synthetic=i.synthetic
            )
            counts = found.counts.to_numpy()
            if not ((counts > 0) & (counts < SMALLEST)).any():
                return found
    raise DataError(
        f"On every item some move was made by one to {SMALLEST - 1} people, who could be known.",
        remedy="ev.transitions draws them for the evaluator alone.",
    )


def _most_moved(
    before: pd.DataFrame, after: pd.DataFrame, scales: Mapping[str, tuple[float, float]]
) -> list[str]:
    """Items from the largest mean move, as a share of the scale, to the smallest."""
    one, two = before.set_index("person"), after.set_index("person")
    people = [p for p in one.index if p in set(two.index)]
    moved = {
        item: float((two.loc[people, item] - one.loc[people, item]).abs().mean() / (high - low))
        for item, (low, high) in scales.items()
    }
    known = [item for item in moved if not math.isnan(moved[item])]
    return sorted(known, key=lambda item: -moved[item])


def _groupings(low: float, high: float) -> list[dict[str, tuple[float, float]] | None]:
    """Ways to group a scale of whole numbers, finest first; short ones are not grouped."""
    if low != int(low) or high != int(high):
        return [None]
    n = int(high - low) + 1
    middle = int(low) + n // 2
    halves = _named_bins([(low, middle - 1), (middle, high)])
    if n < 7:
        return [None, halves]
    step = n // 3
    thirds = [(low, low + step - 1), (low + step, high - step), (high - step + 1, high)]
    return [_named_bins(thirds), halves]


def _named_bins(ends: list[tuple[float, float]]) -> dict[str, tuple[float, float]]:
    return {f"{a:g} to {b:g}" if a < b else f"{a:g}": (a, b) for a, b in ends}


def _knowledge(i: Inputs) -> Result:
    from dmpkit.evaluation.knowledge import knowledge_gain

    before, after, items = i.both("knowledge")
    key = {item: _right_answers(i.measured.item(item, "correct")) for item in items}
    items = [item for item in items if key[item]]
    if not items:
        raise DataError("No knowledge item that was asked twice has a right answer.")
    return knowledge_gain(
        before.replace("", None),
        after.replace("", None),
        key={item: key[item] for item in items},
        items=items,
        table=i.tables_of(before, after),
        labels=i.measured.labels(items),
        synthetic=i.synthetic,
    )


def _right_answers(cell: Any) -> list[str]:
    """Several right answers are parted by ; or |."""
    return [part.strip() for part in str(cell).replace("|", ";").split(";") if part.strip()]


def _members_say(i: Inputs) -> Result:
    from dmpkit.evaluation.members_say import members_say

    before, after = (i.measured.answers(stage, "experience") for stage in STAGES)
    early: list[str] = []  # what was asked before only, such as how the invitation was
    if before is not None:
        late = set() if after is None else set(after.columns)
        early = [c for c in before.columns if c != "person" and c not in late]
    if before is not None and early:
        only = before[["person", *early]]
        answers = only if after is None else after.merge(only, on="person", how="outer")
    elif after is not None:
        answers = after
    else:
        raise DataError(
            "There are no answers to items of kind experience.",
            remedy="Give them in answers_after.csv (or answers_before.csv), and list the items "
            "in items.csv with kind experience.",
        )
    items = i.table("items")
    asked = items[items["item"].isin(answers.columns)]
    asked = asked.assign(asked=["before" if c in early else "after" for c in asked["item"]])
    people = i.members
    n = len(answers) if people is None else max(len(people), len(answers))
    return members_say(answers, asked, n_members=n, synthetic=i.synthetic)


def _reason(i: Inputs) -> Result:
    from dmpkit.evaluation.reason import reason_index

    return reason_index(
        i.survey("after"), n_permutations=i.n_permutations, seed=i.seed, progress=False
    )


def _reason_change(i: Inputs) -> Result:
    from dmpkit.evaluation.reason_change import compare_reason_index

    both = i.asked("before") & i.asked("after")
    stages = [i.survey(stage, both if len(both) > 1 else None) for stage in STAGES]
    return compare_reason_index(*stages, n_permutations=i.n_permutations, seed=i.seed)


def _talk(i: Inputs) -> Result:
    from dmpkit.evaluation.talk import talk_inequality

    log, people = i.table("talk"), i.members
    own = people is None and (log["group"] != "").all()
    group = "group" if own else i.attribute
    tables = people is not None and (people["table"] != "").all()
    return talk_inequality(
        log,
        members=people,
        group=group,
        table="table" if tables or (log["table"] != "").all() else None,
        session="session" if (log["session"] != "").all() else None,
        n_permutations=i.n_permutations,
        n_resamples=i.n_resamples,
        seed=i.seed,
    )


def _discourse(i: Inputs) -> Result:
    from dmpkit.evaluation.codebook import DQI, Codebook
    from dmpkit.evaluation.discourse import discourse_quality

    own, people = i.measured.get("codebook"), i.members
    book = DQI
    if own is not None:
        rows = own.assign(minimum=own["minimum"].fillna(0))
        book = Codebook.from_frame(rows, name="own codebook", source="codebook.csv")
    group = i.attribute if people is not None else None
    return discourse_quality(
        i.table("acts"), codebook=book, members=people, group=group, seed=i.seed
    )


#: Characters of an option's name that still fit its place in a picture.
LONGEST = 30


def _called(i: Inputs, items: Iterable[str]) -> dict[str, str]:
    """What items.csv calls each item; the item itself where it says nothing."""
    table = i.measured.get("items")
    known = set() if table is None else set(table["item"])
    return {one: i.measured.labels([one])[one] if one in known else one for one in items}


def _preferences(i: Inputs) -> Result:
    from dmpkit.evaluation.preferences import single_peakedness

    found = {stage: i.measured.ranking(stage) for stage in STAGES}
    frames = [frame.assign(stage=stage) for stage, frame in found.items() if frame is not None]
    if not frames:
        raise DataError("There is no ranking of options.")
    options = [c for c in frames[0].columns if c not in ("person", "stage")]
    both = pd.concat(frames, ignore_index=True)
    labels = _called(i, options)
    if len(set(labels.values())) == len(options) and max(map(len, labels.values())) <= LONGEST:
        both, options = both.rename(columns=labels), [labels[option] for option in options]
    return single_peakedness(
        both,
        options=options,
        stages=STAGES if len(frames) == 2 else None,
        incomplete="leave out",
        n_random=i.n_resamples,
        seed=i.seed,
    )


def _support(i: Inputs) -> Result:
    from dmpkit.evaluation.support import support_for_text

    votes, people = i.table("ballot"), i.members
    scales = {
        item: float(i.measured.item(item, "agree_from"))
        for item in i.measured.items_of(*("opinion", "experience"))
        if item in set(votes["item"]) and not math.isnan(i.measured.item(item, "agree_from"))
    }
    groups = [i.attribute] if i.attribute else []
    labels = _called(i, votes["item"].unique())
    return support_for_text(
        votes, members=people, groups=groups, agree_from=scales or None, labels=labels
    )


def _consensus(i: Inputs) -> Result:
    from dmpkit.evaluation.consensus import group_informed_consensus

    return group_informed_consensus(i.table("votes"))


# --- what was judged and recorded -------------------------------------------------------------


def _recorded(i: Inputs, name: str) -> None:
    frame = i.scorecard.records.get(name)
    if frame is None or not len(frame):
        raise DataError(f"There is no {name}.csv, or it has no rows.")


def _with_opinions(table: pd.DataFrame, i: Inputs) -> pd.DataFrame:
    """The numbers without cut points, and the items of opinion that inform a criterion."""
    frames = [i.measured.answers(stage, "opinion") for stage in STAGES]
    answered = {item for frame in frames if frame is not None for item in frame.columns[1:]}
    rows = []
    for item in i.measured.items_of("opinion"):
        criterion = text(i.measured.item(item, "criterion"))
        scored = criterion in set(i.scorecard.measured.get("criterion", ()))
        if item in answered and criterion in i.scorecard.criteria.ids and not scored:
            n = max(int(f[item].notna().sum()) for f in frames if f is not None and item in f)
            label, note = i.scorecard.criteria.label(criterion), "an item of opinion"
            rows.append((criterion, label, item, math.nan, n, note))
    more = pd.DataFrame(rows, columns=table.columns)
    return (
        pd.concat([table, more], ignore_index=True)
        if len(table) and rows
        else (more if rows else table)
    )


def _measured_scores(i: Inputs) -> Result:
    from dmpkit.evaluation.measured import measured_scores

    found = measured_scores(i.scorecard)
    found = replace(found, without_cut_points=_with_opinions(found.without_cut_points, i))
    if not len(found.measured) and not len(found.without_cut_points):
        raise DataError("No measured number informs a criterion.")
    return found


def _agreement(i: Inputs) -> Result:
    return i.scorecard.agreement(n_resamples=i.n_resamples, seed=i.seed)


def _weights(i: Inputs) -> Result:
    return i.scorecard.weights(seed=i.seed)


def _viewpoints(i: Inputs) -> Result:
    found: Result = i.scorecard.through_viewpoints()
    return found


def _red_lines(i: Inputs) -> Result:
    found: Result = i.scorecard.red_lines(confidential=i.confidential)
    return found


def _conditions(i: Inputs) -> Result:
    from dmpkit.evaluation.conditions import working_conditions

    return working_conditions(i.scorecard)


def _power(i: Inputs) -> Result:
    from dmpkit.evaluation.power import power_audit

    _recorded(i, "power")
    return power_audit(i.scorecard)


def _goals(i: Inputs) -> Result:
    from dmpkit.evaluation.goals import impact_goals

    _recorded(i, "goals")
    return impact_goals(i.scorecard)


def _communication(i: Inputs) -> Result:
    from dmpkit.evaluation.communication import communication_matrix

    _recorded(i, "communication")
    return communication_matrix(i.scorecard)


def _digital(i: Inputs) -> Result:
    from dmpkit.evaluation.digital import digital_items

    _recorded(i, "digital")
    return digital_items(i.scorecard)


def _screen(i: Inputs) -> Result:
    from dmpkit.evaluation.screen import screen

    _recorded(i, "flags")
    about = i.scorecard.about
    day = about.get("screened_on", "")
    if not day:
        raise DataError(
            "about.csv does not say when the commission was screened.",
            remedy="Add a row screened_on with the day, if flags.csv was filled in beforehand.",
        )
    return screen(i.scorecard, on=day, first_day=about.get("first_day", ""))


def _fate_of_flags(i: Inputs) -> Result:
    from dmpkit.evaluation.baseline import compare_with_baseline

    folder = i.scorecard.folder
    if folder is None or not folder.is_dir():
        raise DataError("There is no folder in which a screening could have been kept.")
    lines = i.scorecard.red_lines(confidential=i.confidential)
    return compare_with_baseline(folder, i.scorecard, lines=lines)


Part = Callable[[Inputs], Result]
#: What members' answers, talk and votes give, in reading order.
MEASURED_PARTS: Mapping[str, Part] = MappingProxyType({
    "attrition": _attrition,
    "opinion": _opinion,
    "transitions": _transitions,
    "polarisation": _polarisation,
    "groups": _groups,
    "knowledge": _knowledge,
    "members say": _members_say,
    "reason index": _reason,
    "change of the reason index": _reason_change,
    "talk": _talk,
    "discourse": _discourse,
    "preferences": _preferences,
    "support": _support,
    "consensus": _consensus,
})  # fmt: skip
#: What ratings and records give, once the measured numbers stand in the scorecard.
SCORECARD_PARTS: Mapping[str, Part] = MappingProxyType({
    "profile": lambda i: i.scorecard.profile(),
    "measured": _measured_scores,
    "agreement": _agreement,
    "weights": _weights,
    "viewpoints": _viewpoints,
    "red lines": _red_lines,
    "conditions": _conditions,
    "power": _power,
    "goals": _goals,
    "communication": _communication,
    "digital": _digital,
    "screen": _screen,
    "fate of the flags": _fate_of_flags,
})  # fmt: skip
#: Chapter of a report to the parts it shows, in reading order.
CHAPTERS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "profile": ("profile", "measured", "weights"),
    "viewpoints": ("viewpoints",),
    "red_lines": ("red lines",),
    "conditions": ("conditions",),
    "change": ("attrition", "opinion", "transitions", "polarisation", "groups", "knowledge"),
    "reason": ("reason index", "change of the reason index"),
    "voice": ("talk", "discourse", "members say"),
    "choice": ("preferences", "support", "consensus"),
    "representativeness": (),
    "impact": (),
    "further": (),
    "goals": ("goals", "communication", "digital", "power", "screen", "fate of the flags"),
})  # fmt: skip


def civic_capacity(i: Inputs) -> Indicator:
    """The change in civic capacity; NaN with the reason where nothing was asked twice.

    Parameters
    ----------
    i : Inputs
    """
    from dmpkit.evaluation.opinion import civic_capacity_change

    name = "change in civic capacity (effect size)"
    try:
        before, after, items = i.both("efficacy")
        turned = [item for item in items if i.measured.item(item, "reversed") == "yes"]
        return civic_capacity_change(
            before,
            after,
            items=items,
            scale=i.measured.scales(items),
            reversed_items=turned,
            table=i.tables_of(before, after),
        )
    except DataError as error:
        return Indicator(name, math.nan, note=f"not assessed: {error}", source="efficacy items")


def hours_of_meeting(about: Mapping[str, str]) -> Indicator | None:
    """The hours that ``about.csv`` states, as a number for its criterion.

    Parameters
    ----------
    about : mapping of str to str

    Examples
    --------
    >>> hours_of_meeting({"hours": "28"}).value, hours_of_meeting({"hours": "many"})
    (28.0, None)
    """
    try:
        value = float(str(about.get("hours", "")).replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(value) or value < 0:
        return None
    return Indicator("hours of meeting per member", value, note="as about.csv says",
                     source="about.csv")  # fmt: skip
