"""What a reader sees of a reason index: numbers, tables, plain words, pictures."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.evaluation.reason_data import ReasonSurvey, left_out_words
from dmpkit.evaluation.reason_steps import (
    TIES,
    ChanceTerms,
    cronbach_alpha,
    index_of,
    pair_terms,
    upper_pairs,
)
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    format_p,
    paragraphs,
    table_html,
)
from dmpkit.resampling import p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.reason_change import SwapTest

__all__ = ["ReasonChange", "ReasonGroups", "ReasonIndex"]

Floats = NDArray[np.float64]

#: Column names as a page shows them.
HEADINGS = {
    "chance_level": "chance level",
    "above_chance": "above chance",
    "corrected": "corrected for chance",
    "n_people": "people",
    "n_pairs": "number of pairs",
}
#: Above this chance level there is next to nothing left to be shown above it.
HIGH_CHANCE = 0.5
FORMULA = (
    "The Deliberative Reason Index (Niemeyer, Veri, Dryzek and Bächtiger 2024) compares, for "
    "each pair of people, the Spearman correlation of their considerations with that of their "
    "preferences; with the distance d = |difference|/√2 it is 1 - 2·mean(d)/(√2/2)."
)
ADJUSTED = (
    " The adjusted form (Veri 2026) is used: what a pair adds is multiplied by "
    "min(1, max(|c|, |p|)/0.2), where c and p are the two correlations."
)
CHANCE = (
    " The chance level is the exact mean of the index over all ways to deal the preferences "
    "out anew among the people."
)


@dataclass(frozen=True, eq=False, repr=False)
class ReasonIndex(Result):
    """Result of :func:`~dmpkit.evaluation.reason_index`.

    Attributes
    ----------
    survey : ReasonSurvey
        What it was computed from.
    adjusted : bool
        Form of the index.
    value : float
        The group's index: 1 where all pairs agree on preferences exactly as much as they
        do on considerations.
    chance_level : float
        Exact expectation when preferences are dealt out anew among the people.
    permuted : array or None
        Indices under re-pairings, for the p-value.
    exact : bool
        Whether these are all re-pairings.
    seed : int or None
        Of the random re-pairings.
    """

    survey: ReasonSurvey
    adjusted: bool
    value: float
    chance_level: float
    permuted: Floats | None = None
    exact: bool = False
    seed: int | None = None

    title = "Deliberative Reason Index"

    @cached_property
    def _terms(self) -> Floats:
        c, p = self.survey.correlations
        return pair_terms(c, p, adjusted=self.adjusted)

    @property
    def n_people(self) -> int:
        """People who enter pairs."""
        return int(self.survey.used.sum())

    @cached_property
    def n_pairs(self) -> int:
        """Pairs with both correlations."""
        return int((~np.isnan(self._terms)).sum() // 2)

    @cached_property
    def person_values(self) -> Floats:
        """Each person's index, from the pairs with her; NaN where there are none."""
        there = ~np.isnan(self._terms)
        n = there.sum(axis=1)
        sums = np.where(there, self._terms, 0.0).sum(axis=1)
        values = index_of(sums / np.maximum(n, 1))
        return np.where(n > 0, values, np.nan)

    @cached_property
    def individual(self) -> pd.DataFrame:
        """``person, value, n_pairs, note``: individual values; NaN for people left out."""
        why = dict(zip(self.survey.left_out["person"], self.survey.left_out["why"], strict=True))
        return pd.DataFrame(
            {
                "person": list(self.survey.people),
                "value": self.person_values,
                "n_pairs": (~np.isnan(self._terms)).sum(axis=1),
                "note": [why.get(person, "") for person in self.survey.people],
            }
        )

    @property
    def corrected(self) -> float:
        """(value - chance level)/(1 - chance level), our proposal; NaN at chance level 1."""
        if self.chance_level >= 1 - TIES:
            return math.nan
        return (self.value - self.chance_level) / (1 - self.chance_level)

    @property
    def corrected_note(self) -> str:
        """How the corrected value is to be read."""
        if math.isnan(self.corrected):
            return "undefined: all agree on everything, so that chance gives the value 1 too"
        text = "our proposal: the share of what chance leaves open that was reached"
        if self.chance_level > HIGH_CHANCE:
            text += "; the group agrees so much that chance alone comes near, and small changes "
            text += "of the index weigh heavily"
        return text

    @property
    def p_value(self) -> float:
        """Share of re-pairings with an index as high or higher; NaN without permutations.

        Exact where all re-pairings were gone through, (b + 1)/(B + 1) otherwise.
        """
        if self.permuted is None:
            return math.nan
        b = int((self.permuted >= self.value - TIES).sum())
        return b / len(self.permuted) if self.exact else p_value(b, len(self.permuted))

    @property
    def chance_sd(self) -> float:
        """Standard deviation of the index under re-pairings; NaN without permutations."""
        if self.permuted is None or len(self.permuted) < 2:
            return math.nan
        return float(np.std(self.permuted))

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """The pairs; see :func:`~dmpkit.evaluation.consistency_pairs`."""
        from dmpkit.evaluation.reason import consistency_pairs

        return consistency_pairs(self.survey)

    @cached_property
    def alphas(self) -> pd.DataFrame:
        """``items, alpha, note``: Cronbach's alpha, items turned where they load negatively.

        As the R package deliberr reports it. NaN where answers are missing.
        """
        rows = []
        c, p = self.survey.considerations, self.survey.preferences
        for name, x in (("considerations", c), ("preferences", p), ("both", np.hstack([c, p]))):
            gaps = bool(np.isnan(x).any())
            value = math.nan if gaps else cronbach_alpha(x)
            rows.append((name, value, "answers are missing" if gaps else ""))
        return pd.DataFrame(rows, columns=["items", "alpha", "note"])

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """``index`` and ``above chance`` with 95 % intervals from the people's pairs."""
        from dmpkit.evaluation.reason_bootstrap import stage_estimates

        return stage_estimates(self.survey, adjusted=self.adjusted)

    @cached_property
    def table(self) -> pd.DataFrame:
        """``quantity, value, note``."""
        c = self.pairs["considerations"].mean()
        p = self.pairs["preferences"].mean()
        rows: list[tuple[str, float, str]] = [
            ("index", self.value, "1 is the best there can be"),
            ("chance level", self.chance_level, "exact; what re-paired preferences give"),
            ("above chance", self.value - self.chance_level, "index less chance level"),
            ("corrected for chance", self.corrected, self.corrected_note),
            ("mean correlation of considerations", float(c), "over pairs of people"),
            ("mean correlation of preferences", float(p), "over pairs of people"),
            ("people", float(self.n_people), f"{len(self.survey.left_out)} left out"),
            ("pairs", float(self.n_pairs), "pairs of people with both correlations"),
        ]
        if self.permuted is not None:
            rows.insert(4, ("p-value", self.p_value, self._permutation_words()))
        return pd.DataFrame(rows, columns=["quantity", "value", "note"])

    def _permutation_words(self) -> str:
        n = 0 if self.permuted is None else len(self.permuted)
        if self.exact:
            return f"all {n:,} re-pairings"
        return f"{n:,} random re-pairings, seed {self.seed}"

    def frames(self) -> dict[str, pd.DataFrame]:
        """``index``, ``individual``, ``pairs`` and, where there are any, ``left_out``."""
        frames = {"index": self.table, "individual": self.individual, "pairs": self.pairs}
        if len(self.survey.left_out):
            frames["left_out"] = self.survey.left_out
        return frames

    @property
    def _name(self) -> str:
        return f"{self.survey.stage}, " if self.survey.stage else ""

    @property
    def _n_lost(self) -> int:
        """Pairs of people that can be used but have no correlation with one another."""
        return self.n_people * (self.n_people - 1) // 2 - self.n_pairs

    def _lost_words(self) -> str:
        if not self._n_lost:
            return ""
        return (
            f" {self._n_lost} pairs have no correlation, mostly because two people answered too "
            "few of the same items. The group's index is the mean over the other pairs, which is "
            "then not the mean of the individual values, and the chance level is close to the "
            "mean over all re-pairings but not exact."
        )

    def summary(self) -> str:
        """The index in plain words."""
        form = "adjusted " if self.adjusted else ""
        text = (
            f"{synthetic_words(self.survey.synthetic)}"
            f"{self._name[:1].upper()}{self._name[1:]}{self.n_people} people: do those who think "
            f"alike about the matter also want the same done? The {form}Deliberative Reason "
            f"Index is {self.value:.2f}, where 1 is the best there can be. The same people with "
            f"their preferences dealt out at random would reach {self.chance_level:.2f} on "
            f"average (chance level{'' if self._n_lost else ', exact'})"
        )
        if self.permuted is not None:
            text += f"; an index as high comes about by chance with {format_p(self.p_value)}"
        text += ". "
        if math.isnan(self.corrected):
            return text + (
                "It cannot be corrected for chance: all agree on everything, so that "
                f"consistency cannot be told from agreement.{self._left_out_words()}"
            )
        text += f"Corrected for chance (our proposal): {format_number(self.corrected)}."
        if self.chance_level > HIGH_CHANCE:
            text += (
                " The chance level is high because people agree much; the index says little "
                "about consistency here."
            )
        return text + self._left_out_words()

    def _left_out_words(self) -> str:
        if not len(self.survey.left_out):
            return ""
        return f" Left out of all pairs: {left_out_words(self.survey.left_out)}."

    def methods_text(self) -> str:
        """How the index was computed."""
        text = FORMULA + (ADJUSTED if self.adjusted else "") + CHANCE
        text += missing_words(self.survey) + self._lost_words()
        if self.permuted is not None:
            how = "exact" if self.exact else "(b + 1)/(B + 1)"
            text += f" The p-value is from {self._permutation_words()} ({how}, one-sided)."
        return text + (
            " The corrected value (index - chance level)/(1 - chance level) is our proposal; it "
            "is undefined where all agree on everything, and hard on groups that agree much."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Index, chance level and index above chance, named by stage."""
        return stage_indicators(self)

    def section(self) -> Section:
        """Text, table, consistency plot and individual values."""
        figures = (
            Figure.from_axes(self.plot_consistency(), "Pairs of people."),
            Figure.from_axes(self.plot_individual(), "Individual values."),
        )
        table = table_html(self.table, headings=HEADINGS, caption="The reason index in numbers")
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot_consistency(self, *, ax: Axes | None = None) -> Axes:
        """Pairs of people; see :func:`~.reason_plots.plot_consistency`."""
        from dmpkit.evaluation.reason_plots import plot_consistency

        return plot_consistency(self, ax=ax)

    def plot_individual(self, *, ax: Axes | None = None) -> Axes:
        """Individual values; see :func:`~.reason_plots.plot_individual`."""
        from dmpkit.evaluation.reason_plots import plot_individual

        return plot_individual(self, ax=ax)

    def plot_chance(self, *, ax: Axes | None = None) -> Axes:
        """Indices under re-pairings; see :func:`~.reason_plots.plot_chance`."""
        from dmpkit.evaluation.reason_plots import plot_chance

        return plot_chance(self, ax=ax)


def synthetic_words(synthetic: bool) -> str:
    """The warning that stands before every summary of made-up answers."""
    return "Synthetic answers. " if synthetic else ""


def missing_words(survey: ReasonSurvey) -> str:
    """What was done about missing answers, as a sentence."""
    gone = int(np.isnan(survey.considerations).sum() + np.isnan(survey.preferences).sum())
    if not gone:
        text = " No answer is missing."
    elif survey.missing == "exclude":
        text = f" {gone} answers are missing; whoever left one out is excluded."
    else:
        text = (
            f" {gone} answers are missing; two people are correlated over the items that both "
            "answered, three at least."
        )
    if len(survey.left_out):
        text += f" Left out: {left_out_words(survey.left_out, 20)}."
    return text


def stage_indicators(index: ReasonIndex) -> tuple[Indicator, ...]:
    """The indicators of one stage: ``reason index after`` and so on."""
    stage = f" {index.survey.stage}" if index.survey.stage else ""
    form = "adjusted form" if index.adjusted else "original form"
    source = f"reason_index, {form}"
    made, above = index.estimates["index"], index.estimates["above chance"]
    n = index.n_people
    return (
        Indicator(f"reason index{stage}", index.value, made.low, made.high, n, form, source),
        Indicator(
            f"reason index chance level{stage}", index.chance_level, n=n, source=source,
            note=f"{'close' if index._n_lost else 'exact'} for this group; above 0.5 the index "
            "says little",
        ),
        Indicator(
            f"reason index above chance{stage}", above.value, above.low, above.high, n,
            "index less chance level; 0 is chance", source,
        ),
    )  # fmt: skip


# --- change ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class ReasonChange(Result):
    """Result of :func:`~dmpkit.evaluation.compare_reason_index`.

    Attributes
    ----------
    before, after : ReasonIndex
        Of the people who can be used in both stages.
    test : {"swap", "paired t", "wilcoxon"}
        Where `p_value` comes from.
    alternative : {"two-sided", "greater", "less"}
    p_value : float
        Of the test asked for.
    swaps : SwapTest
        The swap test, made in any case.
    small_groups : tuple of str or None
        Small group of each person, where swaps were by small group.
    left_out : DataFrame
        ``person, why``.
    """

    before: ReasonIndex
    after: ReasonIndex
    test: str
    alternative: str
    p_value: float
    swaps: SwapTest
    small_groups: tuple[str, ...] | None
    left_out: pd.DataFrame

    title = "Change of the Deliberative Reason Index"

    @property
    def change(self) -> float:
        """Index after less index before."""
        return self.after.value - self.before.value

    @property
    def synthetic(self) -> bool:
        """Whether any of the answers are made up."""
        return self.before.survey.synthetic or self.after.survey.synthetic

    @property
    def n_people(self) -> int:
        """People in both stages."""
        return self.before.n_people

    @cached_property
    def estimate(self) -> Estimate:
        """The change with a 95 % interval; the p-value is the test's."""
        from dmpkit.evaluation.reason_bootstrap import change_estimate

        made = change_estimate(self.before.survey, self.after.survey, adjusted=self.before.adjusted)
        return Estimate(made.value, made.standard_error, made.low, made.high, self.p_value,
                        made.n, made.note)  # fmt: skip

    @cached_property
    def individual(self) -> pd.DataFrame:
        """``person, before, after, change``: individual values."""
        one, two = self.before.person_values, self.after.person_values
        return pd.DataFrame(
            {
                "person": list(self.before.survey.people),
                "before": one,
                "after": two,
                "change": two - one,
            }
        )

    @cached_property
    def table(self) -> pd.DataFrame:
        """``stage, value, low, high, chance_level, corrected``: before, after and change."""
        rows = []
        for stage, made in (("before", self.before), ("after", self.after)):
            e = made.estimates["index"]
            rows.append((stage, made.value, e.low, e.high, made.chance_level, made.corrected))
        e = self.estimate
        chance = self.after.chance_level - self.before.chance_level
        corrected = self.after.corrected - self.before.corrected
        rows.append(("change", self.change, e.low, e.high, chance, corrected))
        columns = ["stage", "value", "low", "high", "chance_level", "corrected"]
        return pd.DataFrame(rows, columns=columns)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``change``, ``individual``, ``test`` and, where there are any, ``left_out``."""
        swaps = self.swaps
        test = pd.DataFrame(
            {
                "test": [self.test],
                "alternative": [self.alternative],
                "p_value": [self.p_value],
                "p_value_swaps": [swaps.p_value],
                "n_swaps": [float(swaps.n_swaps)],
                "exact": [swaps.exact],
                "sd_under_swaps": [swaps.null_sd],
                "seed": [math.nan if swaps.seed is None else float(swaps.seed)],
            }
        )
        frames = {"change": self.table, "individual": self.individual, "test": test}
        if len(self.left_out):
            frames["left_out"] = self.left_out
        return frames

    def summary(self) -> str:
        """The change in plain words."""
        e = self.estimate
        verb = "rose" if self.change > 0 else "fell" if self.change < 0 else "stayed"
        text = (
            f"{synthetic_words(self.synthetic)}"
            f"Among the {self.n_people} people who answered both times the "
            f"{'adjusted ' if self.before.adjusted else ''}reason index {verb} from "
            f"{self.before.value:.2f} to {self.after.value:.2f} (change {self.change:+.2f}"
        )
        if not math.isnan(e.low):
            text += f", 95 % interval {e.low:.2f} to {e.high:.2f}"
        text += (
            f"); its chance level went from {self.before.chance_level:.2f} to "
            f"{self.after.chance_level:.2f}. "
        )
        if self.test == "swap":
            side = "" if self.alternative == "two-sided" else ", one-sided"
            text += (
                "If before and after were interchangeable for everybody, a change as large "
                f"would come about with {format_p(self.p_value)} (swap test{side})."
            )
        else:
            text += (
                f"The customary {self.test} test of individual values gives "
                f"{format_p(self.p_value)}; it rejects far too often, because individual values "
                f"share pairs. The swap test gives {format_p(self.swaps.p_value)}."
            )
        if len(self.left_out):
            text += f" Left out: {left_out_words(self.left_out)}."
        return text

    def methods_text(self) -> str:
        """How the change was computed and tested."""
        swaps = self.swaps
        how = f"all {swaps.n_swaps:,} patterns" if swaps.exact else (
            f"{swaps.n_swaps:,} random patterns, seed {swaps.seed}, p = (b + 1)/(B + 1)"
        )  # fmt: skip
        unit = "person" if self.small_groups is None else "small group"
        text = FORMULA + (ADJUSTED if self.before.adjusted else "") + CHANCE
        text += missing_words(self.before.survey)
        text += (
            f" The change was tested by swapping the whole profiles of each {unit} between the "
            f"stages ({how}; {self.alternative}). This holds its level where whole profiles are "
            "exchangeable between the stages; where the stages are merely alike on the whole, "
            "it rejected a little too often in simulations."
        )
        if self.test != "swap":
            text += (
                f" On request the {self.test} test of individual values was made as well; "
                "individual values share pairs, so that it rejects far too often."
            )
        return text + (
            " The interval of the change is mean ± t × standard error over pairs, for a large "
            "group of people of the same kind (our proposal)."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Index before and after with chance level and above chance, and the change."""
        stages = [_named(self.before, "before"), _named(self.after, "after")]
        e = self.estimate
        note = f"{self.test} test: {format_p(self.p_value)}"
        form = "adjusted form" if self.before.adjusted else "original form"
        change = Indicator("change of the reason index", self.change, e.low, e.high,
                           self.n_people, note, f"compare_reason_index, {form}")  # fmt: skip
        return (*stages[0], *stages[1], change)

    def section(self) -> Section:
        """Text, table, change plot and pairs before and after."""
        figures = (
            Figure.from_axes(self.plot_change(), "Index and individual values by stage."),
            Figure.from_axes(self.plot_consistency()[0], "Pairs of people before and after."),
        )
        heads = HEADINGS | {"value": "index", "low": "index, from", "high": "index, to"}
        table = table_html(self.table, headings=heads, caption="The reason index by stage")
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot_change(self, *, ax: Axes | None = None) -> Axes:
        """Index and individual values by stage; see :func:`~.reason_plots.plot_change`."""
        from dmpkit.evaluation.reason_plots import plot_change

        return plot_change(self, ax=ax)

    def plot_consistency(self) -> list[Axes]:
        """Pairs of people before and after, side by side, on the same scales."""
        from dmpkit.evaluation.reason_plots import plot_consistency_stages

        return plot_consistency_stages({"before": self.before, "after": self.after})


def _named(index: ReasonIndex, stage: str) -> tuple[Indicator, ...]:
    """Indicators named by the part that a stage has in a comparison."""
    own = f" {index.survey.stage}" if index.survey.stage else ""
    return tuple(
        Indicator(f"{i.name.removesuffix(own)} {stage}", i.value, i.low, i.high, i.n, i.note,
                  i.source)
        for i in stage_indicators(index)
    )  # fmt: skip


# --- sub-groups -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class ReasonGroups(Result):
    """Result of :func:`~dmpkit.evaluation.sub_groups`.

    Attributes
    ----------
    survey : ReasonSurvey
    groups : tuple of str
        Group of each person.
    adjusted : bool
    """

    survey: ReasonSurvey
    groups: tuple[str, ...]
    adjusted: bool = False

    title = "Reason index within and between groups"

    @cached_property
    def table(self) -> pd.DataFrame:
        """``pairs, kind, n_people, n_pairs, value, chance_level, above_chance, corrected``.

        Within a group the index is that of its people alone; between two groups it is
        over the pairs with a person from each. The chance level is of the same pairs.
        """
        names = list(dict.fromkeys(self.groups))
        rows = [self._row(f"within {name}", "within", name, name) for name in names]
        rows += [
            self._row(f"between {one} and {two}", "between", one, two)
            for one, two in itertools.combinations(names, 2)
        ]
        columns = ["pairs", "kind", "n_people", "n_pairs", "value", "chance_level",
                   "above_chance", "corrected"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def _row(self, label: str, kind: str, one: str, two: str) -> tuple[object, ...]:
        c, p = self.survey.correlations
        i, j = upper_pairs(c, p)
        label_of = np.array(self.groups, dtype=object)
        chosen = ((label_of[i] == one) & (label_of[j] == two)) | (
            (label_of[i] == two) & (label_of[j] == one)
        )
        i, j = i[chosen], j[chosen]
        n = int((self.survey.used & np.isin(label_of, [one, two])).sum())
        if not i.size:
            return (label, kind, n, 0, math.nan, math.nan, math.nan, math.nan)
        c, p = c[i, j], p[i, j]
        value = float(index_of(pair_terms(c, p, adjusted=self.adjusted).mean()))
        chance = float(index_of(ChanceTerms.of(c, p, adjusted=self.adjusted).mean()))
        corrected = (value - chance) / (1 - chance) if chance < 1 - TIES else math.nan
        return (label, kind, n, len(i), value, chance, value - chance, corrected)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``groups``."""
        return {"groups": self.table}

    def summary(self) -> str:
        """The groups in plain words."""
        said = [
            f"{row.pairs}: {format_number(row.value)} (chance level "
            f"{format_number(row.chance_level)}, {row.n_pairs} pairs)"
            for row in self.table.itertuples()
        ]
        return (
            f"{synthetic_words(self.survey.synthetic)}Reason index by groups: "
            f"{'; '.join(said)}. Groups have chance levels of their own, so compare what lies "
            "above them; small groups say little."
        )

    def methods_text(self) -> str:
        """How the groups were compared."""
        return (
            FORMULA + (ADJUSTED if self.adjusted else "") + " Within a group the mean is over "
            "its own pairs, between two groups over pairs with a person from each; the chance "
            "level combines all considerations with all preferences of the same pairs."
            + missing_words(self.survey)
        )

    def section(self) -> Section:
        """Text, table and picture."""
        figure = Figure.from_axes(self.plot(), "Index within and between groups.")
        heads = HEADINGS | {"value": "index"}
        table = table_html(self.table, headings=heads, caption="The reason index by groups")
        return Section(self.title, paragraphs(self.summary()) + table, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Values and chance levels; see :func:`~.reason_plots.plot_sub_groups`."""
        from dmpkit.evaluation.reason_plots import plot_sub_groups

        return plot_sub_groups(self, ax=ax)
