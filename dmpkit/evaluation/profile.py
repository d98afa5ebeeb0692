"""The profile of a scorecard: every criterion, every stage, and what is not known.

A stage's mean is taken over the criteria that were assessed; beside it stand the
means that would result if all unknown criteria were at worst (0) or at best (4).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import HIGHEST
from dmpkit.evaluation.data import GRADES, MEASURED
from dmpkit.evaluation.raters import rater_leniency
from dmpkit.evaluation.records import nearest, split_ids
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.data import Scorecard

__all__ = ["ENOUGH_IN_STAGE", "ENOUGH_OVERALL", "Profile", "profile", "total"]

#: Share of the criteria that must be assessed before a total is given, and in every stage.
ENOUGH_OVERALL, ENOUGH_IN_STAGE = 0.70, 0.50
_SLACK = 1e-9  # sums of weights such as 1/3 are a last digit off
#: What the best evidence of a criterion is called where it has no grade.
NONE_CITED, NOT_GRADED = "none cited", "not graded"
ALL = "all stages"
#: Names that are written out where raters and measured numbers lie apart.
NAMED_APART = 6


@dataclass(frozen=True, eq=False, repr=False)
class Profile(Result):
    """Result of :func:`profile`.

    Attributes
    ----------
    criteria : DataFrame
        One row a criterion, by stage: ``criterion, label, stage, stage_name, status,
        n_raters, score, adjusted, lowest, highest, contested_score, source, measured,
        measured_low, measured_high, best_grade, weak, low, high, note``.
    synthetic : bool
        Whether the data are made up.
    title_of : str
        What was evaluated.
    """

    title: ClassVar[str] = "Profile by criterion and stage"
    sheet_notes: ClassVar[dict[str, str]] = {
        "stages": "Mean of the assessed criteria, and between which ends it would lie if all "
        "unknown criteria were 0 or 4. Columns that end in _if_unknown count criteria that do "
        "not apply as unknown.",
        "criteria": "score is the raters' mean; adjusted what an average rater would give; low "
        "and high the ends of what is possible.",
    }

    criteria: pd.DataFrame
    synthetic: bool = False
    title_of: str = ""

    @cached_property
    def stages(self) -> pd.DataFrame:
        """One row a stage.

        ``stage, name, n, n_assessed, n_not_assessed, n_contested, n_not_applicable,
        n_weak, coverage, mean, adjusted, low, high, coverage_if_unknown,
        low_if_unknown, high_if_unknown``.
        """
        rows = [
            {"stage": stage, "name": part["stage_name"].iloc[0], **_summed(part)}
            for stage, part in self.criteria.groupby("stage", sort=False)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def overall(self) -> pd.Series[Any]:
        """The same over all criteria, every criterion counting alike."""
        return pd.Series({"stage": ALL, "name": ALL, **_summed(self.criteria)})

    @property
    def coverage(self) -> float:
        """Share of the applicable criteria that were assessed, contested ones not counted."""
        return float(self.overall["coverage"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables ``stages`` (with all stages as the last row) and ``criteria``."""
        both = pd.concat([self.stages, self.overall.to_frame().T], ignore_index=True)
        return {"stages": both.astype(self.stages.dtypes), "criteria": self.criteria}

    def summary(self) -> str:
        """How much is known, where the profile is high and low, on what it rests."""
        o = self.overall
        known = int(o["n"] - o["n_not_applicable"])
        text = f"{int(o['n_assessed'])} of {known} criteria that apply were assessed"
        text += f" ({percent(o['coverage'])})" if known else ""
        other = [
            f"{int(o[c])} {w}"
            for c, w in (("n_contested", "contested"), ("n_not_assessed", "not assessed"),
                         ("n_not_applicable", "not applicable"))
            if o[c]
        ]  # fmt: skip
        text += f"; {listed(other, 'and')}." if other else "."
        parts = [text, self._stage_words(), self._weak_words(), self._measured_words()]
        return "\n\n".join(part for part in parts if part)

    def _stage_words(self) -> str:
        known = self.stages.dropna(subset=["mean"])
        if not len(known):
            return "No criterion was assessed, so there is no profile to show."
        known = known[known["coverage"] >= ENOUGH_IN_STAGE]
        means = known["mean"].to_numpy(dtype=np.float64)
        text = ""
        if len(known) > 1 and means.max() > means.min():
            best, worst = known.iloc[int(means.argmax())], known.iloc[int(means.argmin())]
            text = (
                f"Of the stages with at least half of their criteria assessed, {best['name']} has "
                f"the highest mean ({_score(best['mean'])} of 4) and {worst['name']} the lowest "
                f"({_score(worst['mean'])}). "
            )
        wide = self.stages[self.stages["high"] - self.stages["low"] > 0]
        if len(wide):
            most = wide.iloc[int((wide["high"] - wide["low"]).to_numpy().argmax())]
            text += (
                f"Least is known of {most['name']}: with its unknown criteria at worst or at best "
                f"its mean would lie between {_score(most['low'])} and {_score(most['high'])}."
            )
        return text.strip()

    def _weak_words(self) -> str:
        n, weak = int(self.overall["n_assessed"]), int(self.overall["n_weak"])
        if not n:
            return ""
        if not weak:
            return "Every assessed criterion rests on evidence of grade A or B or on a measurement."
        return (
            f"{weak} of the {n} assessed criteria rest on weak evidence only (grade C or D, not "
            "graded, or none cited); they are hatched."
        )

    def _measured_words(self) -> str:
        both = self.criteria[(self.criteria["source"] == "raters")]
        apart = both[(both["score"] - both["measured"]).abs() >= 1]
        if not len(apart):
            return ""
        names = apart["label"].astype(str).tolist()
        more = len(names) - NAMED_APART
        shown = [*names[:NAMED_APART], f"{more} more"] if more > 0 else names
        return f"Raters and measured numbers lie a point or more apart on {listed(shown, 'and')}."

    def methods_text(self) -> str:
        """How scores, bounds, coverage and the mark of weak evidence come about."""
        return (
            "The score of a criterion is the mean over the raters who assessed it, on a scale of "
            "0 to 4. Where no rater did and a number was measured, the measured number's score by "
            "stated cut points is taken; where both are there the raters' mean counts and the "
            "measured score is shown beside it. The adjusted score is what an average rater would "
            "give (least squares of score = criterion + rater). A criterion that nobody assessed "
            "is unknown, never 0. A criterion is contested where a rater says so or where raters "
            "disagree whether it applies: its scores are shown apart and it counts as unknown. "
            "Bounds put all unknown criteria at 0 or at 4. Criteria that do not apply are left "
            "out; the columns 'if unknown' count them as unknown instead. Coverage is the share "
            "of the applicable criteria that were assessed. Evidence is weak where none of "
            "grade A or B was cited. All criteria of a stage count alike. Bounds say what is not "
            "known; they are no confidence intervals, and ratings are no sample."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Coverage, and the mean of the assessed criteria of every stage."""
        o = self.overall
        out = [
            Indicator("coverage of the scorecard", o["coverage"], n=int(o["n"]),
                      note="share of applicable criteria that were assessed", source="scorecard")
        ]  # fmt: skip
        for row in self.stages.to_dict("records"):
            note = f"{row['n_assessed']} of {row['n'] - row['n_not_applicable']} criteria assessed"
            if row["n_assessed"] and row["coverage"] < ENOUGH_IN_STAGE:
                note += " only, too few to read the mean as the stage's"
            if row["high"] > row["low"]:
                note += (
                    f"; between {_score(row['low'])} and {_score(row['high'])} with the unknown "
                    "ones at worst and at best"
                )
            out.append(
                Indicator(f"mean score of the stage: {row['name']}", row["mean"],
                          n=int(row["n_assessed"]), note=note, source="scorecard")
            )  # fmt: skip
        return tuple(out)

    def section(self) -> Section:
        """The profile as a section of a report."""
        shown = pd.DataFrame(
            {
                "stage": self.stages["name"],
                "assessed": [
                    f"{a} of {n}{' only' if 0 < a < ENOUGH_IN_STAGE * n else ''}"
                    for a, n in self._assessed()
                ],
                "mean": self.stages["mean"],
                "adjusted": self.stages["adjusted"],
                "with the unknown at worst": self.stages["low"],
                "with the unknown at best": self.stages["high"],
                "criteria on weak evidence": self.stages["n_weak"],
            }
        )
        body = paragraphs(self.summary()) + table_html(shown, caption="Mean score by stage, 0 to 4")
        few = self.stages.loc[self.stages["coverage"] < ENOUGH_IN_STAGE, "n_assessed"].sum()
        if few:
            body += paragraphs(
                "Where it says 'only', fewer than half of the criteria that apply were assessed: "
                "such a mean says little of its stage (hollow dot in the picture)."
            )
        figures = [
            Figure.from_axes(self.plot_stages(), "Mean score by stage, with bounds."),
            Figure.from_axes(self.plot_criteria(), "Score by criterion."),
        ]
        return Section(self.title, body, tuple(figures))

    def _assessed(self) -> list[tuple[int, int]]:
        rows = self.stages[["n_assessed", "n", "n_not_applicable"]].itertuples(index=False)
        return [(int(a), int(n - no)) for a, n, no in rows]

    def plot_criteria(self, *, ax: Axes | None = None) -> Axes:
        """Score by criterion, grouped by stage; see :mod:`dmpkit.evaluation.scorecard_plots`."""
        from dmpkit.evaluation.scorecard_plots import plot_criteria

        return plot_criteria(self.criteria, ax=ax, synthetic=self.synthetic)

    def plot_stages(self, *, ax: Axes | None = None) -> Axes:
        """Mean by stage with its bounds and its coverage."""
        from dmpkit.evaluation.scorecard_plots import plot_stages

        return plot_stages(self.stages, ax=ax, synthetic=self.synthetic)


def profile(scorecard: Scorecard) -> Profile:
    """The profile of a scorecard by criterion and stage, with what is not known.

    Per criterion: the raters' mean, the mean adjusted for lenient and severe raters,
    their range, the best grade of evidence. Per stage: coverage, mean of what was
    assessed, and the bounds with all unknown criteria at 0 or at 4. The bounds and
    the rule for contested criteria are dmpkit's own.

    Parameters
    ----------
    scorecard : Scorecard

    Returns
    -------
    Profile

    Examples
    --------
    >>> from dmpkit.evaluation import Criteria, Scorecard
    >>> own = Criteria.from_frame(pd.DataFrame(
    ...     {"id": ["I1", "I2"], "label": ["Food", "Heat"], "stage": ["house"] * 2}))
    >>> card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [3]}), own)
    >>> profile(card).stages[["coverage", "mean", "low", "high"]].iloc[0].tolist()
    [0.5, 3.0, 1.5, 3.5]
    """
    _, adjusted = rater_leniency(scorecard.scores)
    grades = dict(zip(scorecard.evidence["evidence"], scorecard.evidence["grade"], strict=True))
    measured = _measured_by_criterion(scorecard)
    groups = dict(list(scorecard.ratings.groupby("criterion", sort=False)))
    rows = []
    known = scorecard.criteria.frame.set_index("criterion")
    for stage in scorecard.criteria.stages:
        for criterion in known.index[known["stage"] == stage]:
            head = {"criterion": criterion, "label": known.loc[criterion, "label"], "stage": stage,
                    "stage_name": scorecard.criteria.stage_name(stage)}  # fmt: skip
            own = groups.get(criterion, scorecard.ratings.iloc[:0])
            rows.append({**head, **_criterion(own, measured.get(criterion), grades)})
    table = pd.DataFrame(rows)
    alone = scorecard.scores.shape[1] < 2
    table.insert(7, "adjusted", _adjusted(table, adjusted, alone=alone))
    return Profile(table, scorecard.synthetic, scorecard.about.get("title", ""))


def _adjusted(table: pd.DataFrame, adjusted: pd.Series[float], *, alone: bool) -> pd.Series[float]:
    """Adjusted scores; the plain score where no rater scored or there is one rater only."""
    by_people = (table["status"] == "assessed") & (table["source"] == "raters")
    found = table["criterion"].map(adjusted).astype("float64").where(by_people)
    plain = (table["source"] == MEASURED) | (by_people & alone)
    return found.mask(plain, table["score"])


def _measured_by_criterion(scorecard: Scorecard) -> dict[str, dict[Any, Any]]:
    """The measured score of each criterion that has one."""
    table = scorecard.measured
    if not len(table):
        return {}
    return {row["criterion"]: row for row in table.to_dict("records") if row["used"]}


def _status(people: pd.DataFrame) -> str:
    """What raters together say of a criterion; see :meth:`Profile.methods_text`."""
    said = set(people["status"]) - {"not assessed"}
    if not said:
        return "not assessed"
    return said.pop() if len(said) == 1 else "contested"


def _criterion(
    own: pd.DataFrame, measured: Mapping[Any, Any] | None, grades: Mapping[str, str]
) -> dict[str, Any]:
    """One row of the profile from the ratings of a criterion."""
    people = own[own["rater"] != MEASURED]
    status = _status(people)
    number = math.nan if measured is None else float(measured["score"])
    source = "raters" if status == "assessed" else ""
    if status == "not assessed" and not math.isnan(number):
        status, source = "assessed", MEASURED
    scores = people["score"].dropna()
    mean = float(scores.mean()) if len(scores) else math.nan
    score = mean if source == "raters" else number if source == MEASURED else math.nan
    known, open_ = status == "assessed", status in ("not assessed", "contested")
    best = _best_grade(people, grades) if status != "not assessed" else ""
    if source == MEASURED:
        best = MEASURED
    notes = people.loc[people["note"] != "", "note"]
    return {
        "status": status,
        "n_raters": len(scores),
        "score": score,
        "lowest": float(scores.min()) if len(scores) else math.nan,
        "highest": float(scores.max()) if len(scores) else math.nan,
        "contested_score": mean if status == "contested" else math.nan,
        "source": source,
        "measured": number,
        "measured_low": math.nan if measured is None else float(measured["score_low"]),
        "measured_high": math.nan if measured is None else float(measured["score_high"]),
        "best_grade": best,
        "weak": known and best not in ("A", "B", MEASURED),
        "low": score if known else 0.0 if open_ else math.nan,
        "high": score if known else HIGHEST if open_ else math.nan,
        "note": "; ".join(dict.fromkeys(notes)),
    }


def _best_grade(people: pd.DataFrame, grades: Mapping[str, str]) -> str:
    """The best grade among the evidence that any rater cited."""
    cited = [each for cell in people["evidence"] for each in split_ids(cell)]
    graded = [grades[each] for each in cited if grades.get(each)]
    if graded:
        return min(graded, key=GRADES.index)
    return NOT_GRADED if cited else NONE_CITED


def _summed(part: pd.DataFrame) -> dict[str, Any]:
    """Counts, coverage, mean and bounds of some criteria, each counting alike."""
    counts = {s: int((part["status"] == s).sum())
              for s in ("assessed", "not assessed", "contested", "not applicable")}  # fmt: skip
    applies = len(part) - counts["not applicable"]
    scores, sure = part["score"].sum(), counts["assessed"]
    unknown = applies - sure
    every = len(part)
    return {
        "n": every,
        "n_assessed": sure,
        "n_not_assessed": counts["not assessed"],
        "n_contested": counts["contested"],
        "n_not_applicable": counts["not applicable"],
        "n_weak": int(part["weak"].sum()),
        "coverage": sure / applies if applies else math.nan,
        "mean": float(part["score"].mean()) if sure else math.nan,
        "adjusted": float(part.loc[part["status"] == "assessed", "adjusted"].mean(skipna=False)),
        "low": float(scores / applies) if applies else math.nan,
        "high": float((scores + HIGHEST * unknown) / applies) if applies else math.nan,
        "coverage_if_unknown": sure / every,
        "low_if_unknown": float(scores / every),
        "high_if_unknown": float((scores + HIGHEST * (every - sure)) / every),
    }  # fmt: skip


def total(scorecard: Scorecard, *, weights: Mapping[str, float] | None = None) -> Estimate:
    """One number for the whole scorecard, given only where enough is known.

    The weighted mean of the assessed criteria, 0 to 4. It is undefined (NaN, with
    the reason) unless 70 % of the weight of the applicable criteria is assessed, and
    50 % in every stage. Both limits, and the number itself, are dmpkit's own: no
    published framework that we examined has a validated single total. Show it
    beside the profile, never in its place.

    Parameters
    ----------
    scorecard : Scorecard
    weights : mapping of criterion to float, optional
        Every criterion counts alike when not given. A criterion not named weighs
        nothing.

    Returns
    -------
    Estimate
        `low` and `high` are the bounds with all unknown criteria at 0 or at 4, not
        a confidence interval; `n` counts the assessed criteria.

    Raises
    ------
    DataError
        A weight for a criterion that is not in the set, a negative one, or none
        above 0.

    Examples
    --------
    >>> from dmpkit.evaluation import Criteria, Scorecard
    >>> own = Criteria.from_frame(pd.DataFrame(
    ...     {"id": ["I1", "I2"], "label": ["Food", "Heat"], "stage": ["house"] * 2}))
    >>> ratings = pd.DataFrame({"criterion": ["I1", "I2"], "score": [3, 4]})
    >>> Scorecard.from_frames(ratings, own).total().value
    3.5
    >>> Scorecard.from_frames(ratings.head(1), own).total().note.split(";")[0]
    'no total: the whole has 50 % of its criteria assessed'
    """
    table = scorecard.profile().criteria
    w = table["criterion"].map(_weights(scorecard, weights)).astype("float64")
    applies = table["status"] != "not applicable"
    sure = table["status"] == "assessed"
    whole, known = w[applies].sum(), w[sure].sum()
    value = float((w * table["score"])[sure].sum() / known) if known else math.nan
    low = float((w * table["score"])[sure].sum() / whole) if whole else math.nan
    high = low + float(HIGHEST * (whole - known) / whole) if whole else math.nan
    shares = _shares(table, w)
    lacking = [f"{name} has {percent(share)} of its criteria assessed"
               for name, share in shares.items() if share < ENOUGH_IN_STAGE - _SLACK]  # fmt: skip
    coverage = float(known / whole) if whole else 0.0
    if coverage < ENOUGH_OVERALL - _SLACK:
        lacking.append(f"the whole has {percent(coverage)} of its criteria assessed")
    bounds = (
        f"with the unknown at worst and at best it lies between {_score(low)} and {_score(high)}"
    )
    ours = "dmpkit's own sum, not validated; read it beside the profile, never alone"
    n = int(sure.sum())
    if lacking:
        why = (
            f"no total: {listed(lacking, 'and')}; it needs {percent(ENOUGH_OVERALL)} of the whole "
            f"and {percent(ENOUGH_IN_STAGE)} of every stage; {bounds}"
        )
        return Estimate(math.nan, low=low, high=high, n=n, note=why)
    return Estimate(value, low=low, high=high, n=n, note=f"{ours}; {bounds}")


def _weights(scorecard: Scorecard, weights: Mapping[str, float] | None) -> dict[str, float]:
    """The weight of every criterion, checked."""
    ids = scorecard.criteria.ids
    if weights is None:
        return dict.fromkeys(ids, 1.0)
    for criterion, weight in weights.items():
        if criterion not in ids:
            raise DataError(
                f"There is no criterion {criterion!r} to weigh.",
                remedy=nearest(str(criterion), ids),
            )
        given: Any = weight
        if isinstance(given, str) or given is None or not 0 <= given < math.inf:
            raise DataError(
                f"The weight of {criterion!r} is {weight!r}.", remedy="Use a number of 0 or more."
            )
    if not sum(weights.values()) > 0:
        raise DataError("All weights are 0.", remedy="Give at least one criterion a weight.")
    return {each: float(weights.get(each, 0.0)) for each in ids}


def _shares(table: pd.DataFrame, w: pd.Series[float]) -> dict[str, float]:
    """Share of each stage's applicable weight that is assessed; stages without weight are left."""
    out = {}
    for name, part in table.groupby("stage_name", sort=False):
        applies = w[part.index][part["status"] != "not applicable"].sum()
        if applies > 0:
            out[str(name)] = float(w[part.index][part["status"] == "assessed"].sum() / applies)
    return out


def _score(value: float) -> str:
    return format_number(float(value), 2)


def percent(share: float) -> str:
    """A share in per cent, rounded down so that a limit not reached never looks reached."""
    return f"{math.floor(100 * share + 1e-9)} %"
