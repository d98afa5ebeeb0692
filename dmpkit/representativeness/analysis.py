"""One call for an evaluator: every check that the inputs allow, and why others are absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.reporting import Estimate, Indicator, Result, Section
from dmpkit.representativeness.analysis_inputs import (
    StageInput,
    outside_pool,
    read_panel_input,
    read_stage_input,
    require_named,
    without,
)
from dmpkit.representativeness.analysis_run import Run
from dmpkit.representativeness.benchmark import BenchmarkComparison
from dmpkit.representativeness.data import Panel, Population, panel_of, population_of
from dmpkit.representativeness.entries import to_names
from dmpkit.representativeness.fairness import SelectionFairness
from dmpkit.representativeness.household import HouseholdCheck
from dmpkit.representativeness.intersections import Intersections
from dmpkit.representativeness.lottery import Lottery
from dmpkit.representativeness.margins import MarginCheck
from dmpkit.representativeness.quotas import QuotaAttainment, quotas_of
from dmpkit.representativeness.response import RIndicator
from dmpkit.representativeness.small_cells import Merging, require_threshold
from dmpkit.representativeness.stages import StageFlow
from dmpkit.representativeness.weight_sensitivity import WeightSensitivity
from dmpkit.representativeness.weights import Weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RepresentativenessAnalysis", "analyse"]


@dataclass(frozen=True, eq=False, repr=False)
class RepresentativenessAnalysis(Result):
    """Result of :func:`analyse`.

    Each part is the result of the check of that name, or None where it could not be
    made; `not_computed` says why.

    Attributes
    ----------
    panel, population, target : Panel, Population, Population or None
    margins : MarginCheck
    quotas : QuotaAttainment or None
    intersections : Intersections or None
    stages : StageFlow or None
    response : RIndicator, Estimate or None
        An Estimate where it rests on the population's tables.
    household : HouseholdCheck or None
    benchmark : mapping of question to BenchmarkComparison
    lottery : Lottery or None
    fairness : SelectionFairness or None
    weights : mapping of str to Weights
        Weightings of the sensitivity analysis.
    sensitivity : WeightSensitivity or None
    not_computed : DataFrame
        ``check, reason, bring``.
    merging : Merging or None
        What was merged so that no small cell is shown.
    level : float
        Significance level.
    notes : tuple of str
    """

    title: ClassVar[str] = "Representativeness"
    sheet_notes: ClassVar[dict[str, str]] = {
        "overview": "One row a variable: distance, its yardsticks, and how to read it.",
        "origins": "The largest gap of each variable at the end, and the stage that added most.",
        "not_computed": "Checks that could not be made, why, and what to bring.",
        "merged": "Categories that were merged so that no small cell is shown.",
    }
    sheet_formats: ClassVar[dict[str, str]] = dict.fromkeys(
        ("tvd", "tvd_floor", "expected_tvd", "p_exact", "p_exact_holm", "gap", "added", "share",
         "target", "p_value", "rate"), "0.0000"
    )  # fmt: skip

    panel: Panel
    population: Population
    target: Population | None
    margins: MarginCheck
    quotas: QuotaAttainment | None
    intersections: Intersections | None
    stages: StageFlow | None
    response: RIndicator | Estimate | None
    household: HouseholdCheck | None
    benchmark: Mapping[str, BenchmarkComparison]
    lottery: Lottery | None
    fairness: SelectionFairness | None
    weights: Mapping[str, Weights]
    sensitivity: WeightSensitivity | None
    not_computed: pd.DataFrame
    merging: Merging | None
    level: float
    notes: tuple[str, ...] = ()

    @cached_property
    def overview(self) -> pd.DataFrame:
        """One row a variable, the main table.

        ``variable, quota, n, tvd, tvd_floor, expected_tvd, p_exact, p_exact_holm,
        category, gap, reading``: `category` has the largest gap.
        """
        from dmpkit.representativeness.views import overview

        return overview(self)

    @cached_property
    def origins(self) -> pd.DataFrame:
        """Where the largest final gap of each variable arose.

        ``variable, category, gap, stage, added``: `stage` moved the category furthest
        towards its final gap, by `added`. Empty without stages.
        """
        from dmpkit.representativeness.views import origins

        return origins(self)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The main table first, then the tables of every check, by its name."""
        from dmpkit.representativeness.views import frames

        return frames(self)

    def summary(self) -> str:
        """Where the panel departs, whether chance explains it, where it arose, what is missing."""
        from dmpkit.representativeness.views import summary

        return summary(self)

    def methods_text(self) -> str:
        """A methods text that states every choice made, a paragraph a check."""
        from dmpkit.representativeness.views import methods_text

        return methods_text(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The numbers for an evaluation; NaN, with the reason, where not assessed."""
        from dmpkit.representativeness.views import indicators

        return indicators(self)

    def section(self) -> Section:
        """Summary, main table and main pictures, as one section of a larger report."""
        from dmpkit.representativeness.views import section

        return section(self)

    def sections(self) -> tuple[Section, ...]:
        """Overview, a section a check, and the methods."""
        from dmpkit.representativeness.views import sections

        return sections(self)

    def _repr_html_(self) -> str:
        from dmpkit.representativeness.views import notebook_html

        return notebook_html(self)

    def _part(self, name: str) -> Any:
        part = getattr(self, name)
        if part is None:
            row = self.not_computed[self.not_computed["check"] == name]
            raise DataError(
                f"There is nothing to draw: {name} was not computed"
                + (f" ({row['reason'].iloc[0]})." if len(row) else "."),
                remedy=str(row["bring"].iloc[0]) if len(row) else "",
            )
        return part

    def plot_margins(self, *, ax: Axes | None = None) -> Axes:
        """Dumbbell of shares against target, every category."""
        return self.margins.plot_gaps(ax=ax)

    def plot_love(self, *, ax: Axes | None = None) -> Axes:
        """Love plot of standardised differences."""
        return self.margins.plot_love(ax=ax)

    def plot_quotas(self, *, ax: Axes | None = None) -> Axes:
        """Members against the band of every quota."""
        return self._part("quotas").plot_quotas(ax=ax)  # type: ignore[no-any-return]

    def plot_intersections(self, crossing: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Heat map of a crossing with missing cells marked.

        Raises
        ------
        DataError
            Where its small cells are hidden: then see :meth:`plot_pairs`.
        """
        part: Intersections = self._part("intersections")
        if crossing is None:
            place = int(part.crossings["mass_covered"].to_numpy().argmin())
            crossing = str(part.crossings["crossing"].iloc[place])
        shown = part.crossings[part.crossings["crossing"] == crossing]
        if self.merging is not None and shown["tvd"].isna().any():
            raise DataError(
                f"The numbers of {crossing} are hidden: some of its cells, or those not known, are "
                f"fewer than {self.merging.below} people.",
                remedy="plot_pairs() shows which part of the population is in empty cells.",
            )
        return part.plot_intersections(crossing, ax=ax)

    def plot_pairs(self, *, ax: Axes | None = None) -> Axes:
        """Population in missing cells for every pair of variables."""
        return self._part("intersections").plot_pairs(ax=ax)  # type: ignore[no-any-return]

    def plot_stages(self, variables: Sequence[str] | None = None) -> Axes:
        """Composition by stage, one small picture a variable."""
        return self._part("stages").plot_stages(variables)  # type: ignore[no-any-return]

    def plot_waterfall(
        self, variable: str | None = None, category: str | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """What each stage added to a category's gap; to the largest one when not named."""
        part: StageFlow = self._part("stages")
        if variable is None or category is None:
            rows = self.origins
            if variable is not None:
                rows = rows[rows["variable"] == variable]
            if rows.empty:
                raise DataError("No gap by stage is known.", column=variable)
            row = rows.iloc[int(rows["gap"].abs().to_numpy().argmax())]
            variable, category = str(row["variable"]), category or str(row["category"])
        return part.plot_waterfall(variable, category, ax=ax)

    def plot_response(self, *, ax: Axes | None = None) -> Axes:
        """Partial R-indicators by variable."""
        part = self._part("response")
        if not isinstance(part, RIndicator):
            raise DataError("The population-based R-indicator has no partial ones to draw.")
        return part.plot_partials(ax=ax)

    def plot_lottery(self, *, ax: Axes | None = None) -> Axes:
        """Lorenz curve of the chances to be selected."""
        return self._part("fairness").plot_lorenz(ax=ax)  # type: ignore[no-any-return]


def analyse(
    panel: Any,
    population: Any,
    *,
    target: Any = None,
    quotas: Any = None,
    quota_variables: Sequence[str] = (),
    variables: Sequence[str] | None = None,
    stages: Any = None,
    stage_order: Sequence[str] | None = None,
    totals: Mapping[str, float] | None = None,
    sessions: Sequence[str] = (),
    late_joiners: str | Mapping[str, float] = "error",
    invited: Any = None,
    response: str | None = None,
    n_invited: int | None = None,
    household: str | Mapping[str, Any] | HouseholdCheck | None = None,
    attitudes: Any = None,
    benchmark: Mapping[str, Any] | None = None,
    design_effect: float | Mapping[str, float] = 1.0,
    lottery: Lottery | SelectionFairness | None = None,
    pool: Any = None,
    n_draws: int | None = None,
    pool_household: str | Sequence[str] | None = None,
    weights: Literal["rake"] | Mapping[str, Weights] | None = None,
    answers: Sequence[str] | Any = None,
    depth: int | Literal["all"] = 2,
    suppress_below: int | None = None,
    level: float = 0.05,
    n_resamples: int = 9_999,
    seed: int | None = None,
    n_jobs: int = 1,
) -> RepresentativenessAnalysis:
    """Run every check that the inputs allow, and say what was not computed and why.

    Two inputs are enough: the members (or their counts) and the population. Everything
    else adds a check. An input that is broken stops with an error; one that is absent
    leaves its check out, listed in ``.not_computed`` with what to bring.

    Parameters
    ----------
    panel : Panel, DataFrame, mapping or path
        The members, one row a person, or counts (``variable, category, count``). Where
        `stages` names columns of this list, those selected are the panel.
    population : Population, DataFrame, mapping or path
        Margins, a joint table, or records; intersections need one of the last two.
    target : Population, DataFrame, mapping or path, optional
        What was aimed at, where it differs from the population on purpose.
    quotas : Quotas, DataFrame or path, optional
        Seats asked for. Their variables are not tested.
    quota_variables : sequence of str
        Variables filled by quota whose seats are not at hand; not tested either.
    variables : sequence of str, optional
        Which to compare; all that panel and population share when not given.
    stages : DataFrame, path or list of str, optional
        Records of everybody with a flag a stage, printed counts (``stage, variable,
        category, count``), or the flag columns of the panel's own list.
    stage_order : sequence of str, optional
        Stages from first to last, where their names do not say it.
    totals : mapping, optional
        Stage to its number of people, for printed counts.
    sessions : sequence of str
        Columns of flags of attendance in the records.
    late_joiners : str or mapping
        As in :func:`stage_flow`.
    invited : DataFrame or path, optional
        Records of everyone invited, for the R-indicator; taken from `stages` where these
        are records from the invitation on.
    response : str, optional
        Column of those records that says who responded; ``responded`` or ``registered``.
    n_invited : int, optional
        People who could have answered, where only those who did are known (`pool`).
    household : str, mapping or HouseholdCheck, optional
        Column with the number of eligible adults, or the arguments of
        :func:`household_check`.
    attitudes : Panel, DataFrame or mapping, optional
        Answers of the members; the panel's own columns when not given.
    benchmark : mapping, optional
        Question to its counts in a survey (``{answer: count}``).
    design_effect : float or mapping
        Of that survey, or of each question.
    lottery : Lottery or SelectionFairness, optional
        The lottery that filled the panel, or its published chances.
    pool : DataFrame or path, optional
        The people who could be drawn; with `n_draws`, `quotas` and the panel's size the
        stratified lottery is simulated.
    n_draws : int, optional
        Panels to draw; no simulation when not given.
    pool_household : str or list of str, optional
        Address columns of the pool: at most one person of each is drawn.
    weights : "rake" or mapping of str to Weights, optional
        Asks for the sensitivity of `answers` to weighting. Off unless asked for: members of
        a mini-public are not survey respondents.
    answers : list of str or DataFrame, optional
        Columns of the panel, or a table in its order.
    depth : int or "all"
        Variables crossed at a time.
    suppress_below : int, optional
        Show no cell of 1 to so many people less one (5 is usual). Categories are merged
        before anything is computed, numbers of crossings are hidden; the merged ones are
        listed in the table ``merged``.
    level : float
        Significance level.
    n_resamples : int
        Draws of an exact test with more than 600,000 tables.
    seed, n_jobs
        As in :mod:`dmpkit.resampling`.

    Returns
    -------
    RepresentativenessAnalysis

    Raises
    ------
    DataError
        For an input that is broken, with what, where and how to mend it.

    Examples
    --------
    >>> island = {"sex": {"Male": 49.6, "Female": 50.4},
    ...           "birthplace": {"Jersey": 50, "British": 31, "other": 19}}
    >>> jury = {"sex": {"Male": 11, "Female": 12},
    ...         "birthplace": {"Jersey": 10, "British": 8, "other": 5}}
    >>> result = analyse(jury, island)
    >>> result.overview[["variable", "tvd", "expected_tvd"]].round(3)
         variable    tvd  expected_tvd
    0         sex  0.018         0.084
    1  birthplace  0.065         0.113
    >>> result.not_computed["check"].tolist()[:2]
    ['quotas', 'stages']
    """
    below = require_threshold(suppress_below)
    _require_population(population, target, quotas)
    given = read_stage_input(stages, stage_order, totals, panel)
    left = _not_categories(household, answers, sessions, given)
    members, notes = read_panel_input(panel, given, stages, left)
    run = Run(
        panel=members,
        population=population_of(population),
        target=None if target is None else population_of(target),
        quotas=None if quotas is None else quotas_of(quotas),
        stage_input=given,
        named=tuple(to_names(quota_variables, "quota variables")),
        notes=notes,
        level=level,
        seed=seed,
        n_jobs=n_jobs,
        n_resamples=n_resamples,
    )
    require_named(run.named, "quota variable", members, run.population, run.target, given)
    if variables is not None:
        variables = to_names(variables)
        require_named(variables, "variable", members)
        run.panel = without(members, set(members.variables) - set(variables))
    run.notes += outside_pool(members, pool)
    survey = {} if benchmark is None else dict(benchmark)
    asked = members if attitudes is None else panel_of(attitudes)
    flow = None
    shape: dict[str, Any] = {"totals": totals, "late_joiners": late_joiners}
    if given is not None:
        flow = run.flow(given, sessions=sessions, **shape)
    if below is not None:
        run.suppress(below, flow, asked, survey)
        if run.stage_input is not None:
            if sessions:
                run.leave_out("sessions", "attendance by group shows who was away, a few people",
                              "suppress_below=None")  # fmt: skip
            flow = run.flow(run.stage_input, sessions=(), **shape)
        if run.merging is not None:
            asked = run.merging.panel(asked) if attitudes is not None else run.panel
    drawn = run.lottery(lottery, pool, n_draws, pool_household)
    margins = run.margins(drawn if isinstance(drawn, Lottery) else None, variables)
    attained = run.attainment()
    crossed = run.crossings(depth, variables)
    if given is None:
        run.leave_out("stages", "the panel alone was given",
                      "stages=, records or counts of those invited and responding")  # fmt: skip
    even = run.response(invited, response, pool, n_invited, [*margins.variables["variable"]])
    home = run.household(household)
    compared = run.benchmarks(survey, asked, design_effect)
    weighed, sensitivity = run.sensitivity(weights, answers, panel)
    fairness = drawn.fairness() if isinstance(drawn, Lottery) else drawn
    return RepresentativenessAnalysis(
        panel=run.panel if below is None else replace(run.panel, members=None),
        population=run.population,
        target=run.target,
        margins=margins,
        quotas=attained,
        intersections=crossed,
        stages=flow,
        response=even,
        household=home,
        benchmark=compared,
        lottery=drawn if isinstance(drawn, Lottery) and below is None else None,
        fairness=fairness,
        weights=weighed,
        sensitivity=sensitivity,
        not_computed=run.not_computed,
        merging=run.merging,
        level=float(level),
        notes=tuple(dict.fromkeys(run.notes)),
    )


def _require_population(population: Any, target: Any, quotas: Any) -> None:
    if population is not None:
        return
    remedy = "Give the population: its margins are enough."
    if target is not None:
        remedy += " Where only a target is known, give it as the population."
    if quotas is not None:
        remedy += " For the quotas alone, call quota_attainment(panel, quotas)."
    raise DataError("There is no population to hold the panel against.", remedy=remedy)


def _not_categories(
    household: Any, answers: Any, sessions: Sequence[str], given: StageInput | None
) -> list[str]:
    """Columns of the panel's list that are no variables to compare."""
    names: list[str] = [*sessions]
    if isinstance(household, str):
        names.append(household)
    elif isinstance(household, Mapping):
        names += [v for v in household.values() if isinstance(v, str)]
    if isinstance(answers, list | tuple):
        names += list(answers)
    return names + (list(given.order) if given is not None and not given.printed else [])
