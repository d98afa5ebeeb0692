"""The checks of one analysis, each made from what was brought or left out with its reason."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

import pandas as pd

from dmpkit.errors import DataError, DmpkitWarning, SeparationWarning, SmallCellWarning, warn
from dmpkit.reporting import Estimate
from dmpkit.representativeness.analysis_inputs import (
    RESPONSES,
    SELECTIONS,
    StageInput,
    frame_of,
    stage_sources,
    thin_stages,
)
from dmpkit.representativeness.benchmark import BenchmarkComparison, compare_with_benchmark
from dmpkit.representativeness.data import Panel, Population, panel_of
from dmpkit.representativeness.fairness import SelectionFairness
from dmpkit.representativeness.household import HouseholdCheck, household_check
from dmpkit.representativeness.intersections import Intersections, intersections
from dmpkit.representativeness.lottery import Lottery, simulate_lottery
from dmpkit.representativeness.margins import MarginCheck, check_margins
from dmpkit.representativeness.quotas import QuotaAttainment, Quotas, quota_attainment
from dmpkit.representativeness.response import RIndicator, r_indicator
from dmpkit.representativeness.response_margins import r_indicator_from_margins
from dmpkit.representativeness.small_cells import (
    Merging,
    hide_intersections,
    is_small,
    merging_of,
)
from dmpkit.representativeness.stages import StageFlow, stage_flow
from dmpkit.representativeness.weight_sensitivity import WeightSensitivity, sensitivity_to_weights
from dmpkit.representativeness.weighting import rake
from dmpkit.representativeness.weights import Weights

__all__ = ["Run"]

T = TypeVar("T")
#: Checks in reading order; what else was left out stands before them.
CHECKS = ("quotas", "stages", "response", "intersections", "household", "lottery", "benchmark",
          "weights")  # fmt: skip


@dataclass
class Run:
    """The inputs of one analysis, what was left out so far, and a method a check."""

    panel: Panel
    population: Population
    target: Population | None
    quotas: Quotas | None
    stage_input: StageInput | None
    named: tuple[str, ...]
    notes: list[str]
    level: float
    seed: int | None
    n_jobs: int
    n_resamples: int
    merging: Merging | None = None
    absent: list[tuple[str, str, str]] = field(default_factory=list)

    def leave_out(self, check: str, reason: str, bring: str) -> None:
        """Note a check that is not made."""
        self.absent.append((check, reason, bring))

    def attempt(self, check: str, work: Callable[[], T]) -> T | None:
        """A check that the inputs may not allow; its error becomes the reason."""
        try:
            return work()
        except DataError as error:
            self.leave_out(check, error.problem.rstrip("."), (error.remedy or "").rstrip("."))
            return None

    def quietly(self, work: Callable[[], T], kind: type[DmpkitWarning], note: str) -> T:
        """Run with one kind of warning turned into a note, the others passed on."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = work()
        for one in caught:
            if issubclass(one.category, kind):
                self.notes.append(note or str(one.message).rstrip("."))
            else:
                again = one.category if issubclass(one.category, DmpkitWarning) else DmpkitWarning
                warn(str(one.message), again, stacklevel=4)
        return found

    @property
    def quota_variables(self) -> tuple[str, ...]:
        """Variables with quotas, seats given or only named."""
        seats = () if self.quotas is None else self.quotas.variables
        gone = () if self.merging is None else self.merging.dropped
        return tuple(v for v in dict.fromkeys([*seats, *self.named]) if v not in gone)

    @property
    def not_computed(self) -> pd.DataFrame:
        """What was left out, in reading order."""
        rows = sorted(self.absent, key=lambda row: CHECKS.index(row[0]) if row[0] in CHECKS else -1)
        return pd.DataFrame(rows, columns=["check", "reason", "bring"])

    def flow(self, given: StageInput, **options: Any) -> StageFlow | None:
        """The stages; an error in them stops the analysis."""
        picked = given.named(SELECTIONS)
        population = self.target if self.target is not None else self.population
        known = set(population.variables)
        if given.printed:
            there = given.variables
            options.pop("sessions", None)
            if not there:  # totals alone
                return stage_flow(given.frame, given.order, level=1 - self.level, **options)
        else:
            there = [str(c) for c in given.frame.columns]
            options.pop("totals", None)
        names = [v for v in there if v in known]
        if not names and self.merging is not None:
            self.leave_out("stages", "no variable can be shown by stage without small cells",
                           "suppress_below=None")  # fmt: skip
            return None
        if not names:
            raise DataError("The table of stages and the population share no variable.",
                            remedy="Give the columns the same names.")  # fmt: skip
        quotas = [v for v in self.quota_variables if v in names] if picked else []
        more: dict[str, Any] = {"selection_stage": picked} if picked else {}
        found = stage_flow(
            given.frame, given.order, names, population=population.only(names),
            quota_variables=quotas, level=1 - self.level, **more, **options,
        )  # fmt: skip
        if self.merging is not None:
            table = found.distances
            unknown = table["unknown"].mask(is_small(table["unknown"], self.merging.below))
            # the table as it is shown from now on, in place of the one made when asked for
            found.__dict__["distances"] = table.assign(unknown=unknown)
        return found

    def suppress(
        self, below: int, flow: StageFlow | None, asked: Panel, survey: Mapping[str, Any]
    ) -> None:
        """Merge categories in everything that was brought."""
        thin = {} if flow is None else thin_stages(flow, below)
        for stage in thin:
            self.leave_out(
                f"stage {stage}", f"fewer than {2 * below} people came or went before it, who "
                "would stand out by group", "suppress_below=None",
            )  # fmt: skip
        stages = {} if flow is None else stage_sources(flow, self.panel, thin)
        own: dict[str, list[dict[str, float]]] = {}
        for one in (self.panel, asked) if survey else (self.panel,):
            for name in one.variables:
                counts = {str(k): float(n) for k, n in one.of(name).items()}
                own.setdefault(name, []).append(counts)
        merging = self.merging = merging_of(own, stages, below)
        for name in merging.dropped:
            self.leave_out(f"variable {name}", f"cells below {below} leave no two categories",
                           "wider categories, or a smaller suppress_below")  # fmt: skip
        for name in merging.unstaged:
            self.leave_out(f"{name} by stage", f"cells below {below} leave no two categories",
                           "wider categories, or a smaller suppress_below")  # fmt: skip
        self.panel = merging.panel(self.panel)
        self.population = merging.population(self.population)
        self.target = None if self.target is None else merging.population(self.target)
        self.quotas = None if self.quotas is None else merging.quotas(self.quotas)
        if self.stage_input is not None:
            change = merging.printed if self.stage_input.printed else merging.people
            order = tuple(s for s in self.stage_input.order if s not in thin)
            frame = change(self.stage_input.frame)
            self.stage_input = replace(self.stage_input, frame=frame, order=order)

    def margins(self, lottery: Lottery | None, variables: Sequence[str] | None) -> MarginCheck:
        """Each variable against the population."""
        names = None if variables is None else [v for v in variables if v in self.panel.variables]
        found = self.quietly(
            lambda: check_margins(
                self.panel,
                self.population,
                target=self.target,
                variables=names,
                quotas=self.quotas,
                quota_variables=[v for v in self.quota_variables if v in self.panel.variables],
                lottery=lottery if self.merging is None else None,
                level=self.level,
                n_resamples=self.n_resamples,
                seed=self.seed,
                n_jobs=self.n_jobs,
            ),
            SmallCellWarning,
            "",
        )
        self.notes += [*found.notes, *self._apart_notes(found.variables)]
        if self.merging is None:
            return found
        shown = found.set_apart[~is_small(found.set_apart["count"], self.merging.below)]
        hidden = is_small(found.variables["n_unknown"], self.merging.below)
        table = found.variables.assign(
            n_unknown=found.variables["n_unknown"].astype(float).mask(hidden)
        )
        bare = replace(self.panel, members=None)
        return replace(found, variables=table, set_apart=shown, panel=bare)

    def _apart_notes(self, table: pd.DataFrame) -> list[str]:
        """How many members each variable is about, where some were set apart."""
        said = []
        for row in table.to_dict("records"):
            unknown, zero = int(row["n_unknown"]), int(row["n_zero_target"])
            why = [f"{unknown} unknown"] if unknown else []
            why += [f"{zero} in a category whose target is 0"] if zero else []
            small = self.merging is not None and is_small([unknown], self.merging.below)[0]
            if why and small:
                said.append(f"{row['variable']}: some members whose category is not known are "
                            "left out")  # fmt: skip
            elif why:
                said.append(f"n = {int(row['n'])} of {self.panel.n} in {row['variable']}: "
                            f"{', '.join(why)}")  # fmt: skip
        return said

    def attainment(self) -> QuotaAttainment | None:
        """Seats against quotas."""
        if self.quotas is None:
            why = "their seats were not given" if self.named else "no quotas were given"
            self.leave_out("quotas", why, "quotas=, seats a category")
            return None
        quotas = self.quotas
        found = quota_attainment(self.panel, quotas)
        return found if self.merging is None else replace(found, unknown={})

    def crossings(
        self, depth: int | Literal["all"], variables: Sequence[str] | None
    ) -> Intersections | None:
        """Intersections, small numbers hidden where asked."""
        source = self.target if self.target is not None and self.target.joint is not None else None
        population = source or self.population
        if self.panel.members is None:
            self.leave_out("intersections", "the panel is known by its counts only",
                           "the list of members, one row a person")  # fmt: skip
            return None
        if population.joint is None:
            self.leave_out(
                "intersections", "only margins of the population are known",
                "a joint table of the population (one column a variable and count), or records",
            )  # fmt: skip
            return None
        names = [v for v in self.panel.variables if v in population.variables
                 and (variables is None or v in variables)]  # fmt: skip
        found = self.attempt(
            "intersections",
            lambda: intersections(self.panel, population, names, depth=depth),
        )
        if found is None or self.merging is None:
            return found
        shown, hidden = hide_intersections(found, self.merging.below)
        if hidden:
            self.leave_out(
                "some intersections" if shown else "intersections",
                f"small numbers would follow from the margins of {', '.join(hidden)}",
                "wider categories",
            )
        return shown

    def response(
        self, invited: Any, response: str | None, pool: Any, n_invited: int | None,
        names: list[str],
    ) -> RIndicator | Estimate | None:  # fmt: skip
        """Evenness of response, by records or by the population's tables."""
        frame, column = self._records(invited, response)
        if frame is not None and column is not None:
            own = [v for v in names if v in frame.columns]
            if not own:
                self.leave_out("response", "the records of those invited lack the variables",
                               "columns with the names of the population's variables")  # fmt: skip
                return None
            return self._evenness(frame, column, own)
        if n_invited is not None and pool is not None:
            return self._from_tables(pool, n_invited, names)
        self.leave_out(
            "response",
            "those who were invited and did not respond are not known person by person"
            + (" (an address mailing has no record of them)" if self.stage_input else ""),
            "records of everyone invited, or pool= (all who responded) and n_invited=",
        )
        return None

    def _records(
        self, invited: Any, response: str | None
    ) -> tuple[pd.DataFrame | None, str | None]:
        """Everyone invited, and the column that says who responded."""
        if invited is not None:
            frame = frame_of(invited, "records of those invited").reset_index(drop=True)
            if self.merging is not None:
                frame = self.merging.people(frame)
            column = response or next(
                (c for c in frame.columns if str(c).lower() in RESPONSES), None
            )
            if column is None:
                raise DataError("The records of those invited have no column 'responded'.",
                                remedy="Name it with response=.")  # fmt: skip
            given = StageInput(frame, (column,), False)
            return frame.assign(**{column: given.flags(column).astype(int)}), column
        given_stages = self.stage_input
        if given_stages is None or given_stages.printed:
            return None, None
        column = response or given_stages.named(RESPONSES)
        if column is None or (before := given_stages.before(column)) is None:
            return None, None
        frame = given_stages.frame
        came = given_stages.flags(column).astype(int).to_numpy()
        asked = given_stages.flags(before).to_numpy(dtype=bool)
        return frame.assign(**{column: came})[asked].reset_index(drop=True), column

    def _evenness(self, frame: pd.DataFrame, column: str, own: list[str]) -> RIndicator | None:
        def work() -> RIndicator | None:
            return self.attempt(
                "response",
                lambda: r_indicator(frame, column, own, seed=self.seed, n_jobs=self.n_jobs),
            )

        if self.merging is None:
            return work()
        found = self.quietly(
            work, SeparationWarning,
            "the model of response separates in combinations of few people, which are not named",
        )  # fmt: skip
        if found is None:
            return None
        shown = found.category_partials
        left = shown["n"] * (1 - shown["rate"])
        small = is_small(shown["n"] * shown["rate"], self.merging.below)
        small |= is_small(left, self.merging.below) | is_small(shown["n"], self.merging.below)
        hidden = set(shown.loc[small, "variable"])
        kept = shown[~shown["variable"].isin(hidden)].reset_index(drop=True)
        if kept.empty:
            self.leave_out("response", "every variable has a category with few people",
                           "wider categories")  # fmt: skip
            return None
        return replace(found, category_partials=kept, separated=(), notes=())

    def _from_tables(self, pool: Any, n_invited: int, names: list[str]) -> Estimate | None:
        came = panel_of(pool)
        if self.merging is not None:
            came = self.merging.panel(came)
        own = [v for v in names if v in came.variables]
        found = self.attempt(
            "response",
            lambda: r_indicator_from_margins(
                came, self.population, n_invited, variables=own, seed=self.seed, n_jobs=self.n_jobs
            ),
        )
        if found is not None and found.value != found.value:
            reason = found.note.removeprefix("not computable, because ")
            self.leave_out("response", reason, "records of those who responded, or a joint table")
            return None
        return found

    def household(self, asked: Any) -> HouseholdCheck | None:
        """Household sizes and shared addresses."""
        if asked is None:
            self.leave_out("household", "no household size was given",
                           "household=, the column with the number of eligible adults")  # fmt: skip
            return None
        found = asked if isinstance(asked, HouseholdCheck) else self._household(asked)
        if self.merging is None:
            return found
        alone = int((found.weights == 1).sum())
        if len(found.duplicates) or is_small([alone, found.n - alone], self.merging.below).any():
            self.leave_out("household", "it would show a few people who live alone or together",
                           "suppress_below=None")  # fmt: skip
            return None
        return found

    def _household(self, asked: str | Mapping[str, Any]) -> HouseholdCheck:
        options: dict[str, Any] = {"adults": asked} if isinstance(asked, str) else dict(asked)
        given = self.stage_input
        if given is not None and not given.printed:
            frame = given.frame
            for role, names in (("invited", ("invited",)), ("responded", RESPONSES),
                                ("selected", SELECTIONS)):  # fmt: skip
                if (stage := given.named(names)) is not None:
                    options.setdefault(role, stage)
        elif self.panel.members is not None:
            frame = self.panel.members
        else:
            raise DataError("Households are not known: the panel is given as counts.",
                            remedy="Give the list of members.")  # fmt: skip
        counted = options.get("frame_is_population") or "population_share" in options
        if not counted:
            options["population_share"] = self._alone(options.get("adults", "hh_size"))
        return household_check(frame, **options)

    def _alone(self, adults: Any) -> float | None:
        """People who live alone in the population, where it has the same column of sizes."""
        if adults not in self.population.variables:
            return None
        shares = self.population.shares(str(adults))
        return float(shares["1"]) if "1" in shares.index else None

    def benchmarks(
        self, survey: Mapping[str, Any], asked: Panel, design_effect: float | Mapping[str, float]
    ) -> dict[str, BenchmarkComparison]:
        """Attitudes beside a survey."""
        if not survey:
            self.leave_out(
                "benchmark",
                "no survey to compare attitudes with was given",
                "benchmark={question: {answer: count}}, and the members' answers",
            )
        out = {}
        for question, counts in survey.items():
            if self.merging is not None and question in self.merging.dropped:
                continue
            own = asked.of(question).to_dict()
            theirs = self._merged(question, dict(pd.Series(counts).items()))
            own = {label: own.get(label, 0) for label in theirs} | own
            effect = (
                design_effect.get(question, 1.0)
                if isinstance(design_effect, Mapping)
                else design_effect
            )
            out[question] = compare_with_benchmark(own, theirs, effect, level=1 - self.level)
        return out

    def _merged(self, variable: str, counts: Mapping[Any, float]) -> dict[str, float]:
        names = {} if self.merging is None else self.merging.maps.get(variable, {})
        out: dict[str, float] = {}
        for label, n in counts.items():
            name = names.get(str(label), str(label))
            out[name] = out.get(name, 0.0) + float(n)
        return out

    def lottery(
        self, given: Any, pool: Any, n_draws: int | None, addresses: Any
    ) -> Lottery | SelectionFairness | None:
        """The lottery given, or simulated where that was asked for."""
        if isinstance(given, Lottery | SelectionFairness):
            return given
        if given is not None:
            raise DataError(
                "The lottery is neither of simulate_lottery nor of selection_fairness.",
                remedy="Give selection_fairness(chances), say.",
            )
        if pool is not None and n_draws and self.quotas is not None and self.merging is None:
            return simulate_lottery(
                pool, self.quotas, self.panel.n, n_draws=n_draws, household=addresses,
                population=self.population, seed=self.seed, n_jobs=self.n_jobs,
            )  # fmt: skip
        if pool is None:
            reason, bring = "the people who could be drawn are not known", "pool= and n_draws="
        elif not n_draws:
            reason, bring = "no simulation was asked for", "n_draws=10_000"
        elif self.merging is not None:
            reason = "merged categories are not the quotas of the lottery that was run"
            bring = "lottery=simulate_lottery(...), whose chances are shown without names"
        else:
            reason, bring = "the quotas are not known", "quotas=, seats a category"
        self.leave_out("lottery", reason, bring)
        return None

    def sensitivity(
        self, weights: Any, answers: Any, panel: Any
    ) -> tuple[dict[str, Weights], WeightSensitivity | None]:
        """Answers under weights, where that was asked for."""
        if weights is None:
            self.leave_out("weights", "off unless asked for: deliberators are not a survey",
                           "weights='rake' and answers=, as a sensitivity analysis")  # fmt: skip
            return {}, None
        if self.merging is not None:
            self.leave_out("weights", "weights are numbers of single persons",
                           "suppress_below=None")  # fmt: skip
            return {}, None
        if self.panel.members is None:
            self.leave_out("weights", "the panel is known by its counts only",
                           "the list of members, one row a person")  # fmt: skip
            return {}, None
        names = [v for v in self.panel.variables if v in self.population.variables]
        made = (
            {"raked": rake(self.panel, self.population.only(names))}
            if weights == "rake"
            else dict(weights)
        )
        if answers is None:
            self.leave_out("weights", "no answers were given to look at under weights",
                           "answers=, columns of the list of members")  # fmt: skip
            return made, None
        table = answers
        if isinstance(answers, list | tuple):
            from dmpkit.tables import require_columns

            require_columns(self.panel.members, list(answers))
            table = self.panel.members[list(answers)]
        return made, sensitivity_to_weights(table, made)
