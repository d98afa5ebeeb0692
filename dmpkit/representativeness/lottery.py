"""Simulate the lottery by which a panel was drawn: chances of people, spread of panels.

Quotas force a panel to agree with its targets, so textbook tests say nothing about it.
What the lottery itself usually gives from its pool is the honest yardstick, and
everybody's chance in it is what fairness is judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SmallSampleWarning, warn
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.data import Population, population_of
from dmpkit.representativeness.drawing import (
    Drawn,
    draw_simple,
    draw_stratified,
    replace_dropouts,
)
from dmpkit.representativeness.entries import to_number
from dmpkit.representativeness.fair_rules import PanelLottery, leximin_lottery, maximin_lottery
from dmpkit.representativeness.fairness import SelectionFairness, selection_fairness
from dmpkit.representativeness.feasibility import solve_feasibility
from dmpkit.representativeness.labels import (
    as_labels,
    closest,
    is_unknown,
    require_known,
    sorted_labels,
)
from dmpkit.representativeness.pool import DrawProblem, draw_problem
from dmpkit.resampling import drawn_seed, run_resamples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.panel_place import PanelPlace

__all__ = ["Lottery", "Rule", "TrackedVariable", "simulate_lottery"]

Rule = Literal["stratified", "simple", "maximin", "leximin"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RULES = {
    "stratified": "stratified draw (LEGACY)",
    "simple": "simple random draw with rejection",
    "maximin": "MAXIMIN lottery",
    "leximin": "LEXIMIN lottery",
}
#: Draws of a chunk; changing it changes the random numbers.
_CHUNK = 1250


@dataclass(frozen=True, eq=False)
class TrackedVariable:
    """A variable that is counted in every draw.

    Attributes
    ----------
    name : str
    categories : tuple of str
    codes : array of shape (people,)
        Category of each pool member; -1 where it is not known.
    shares : array of shape (categories,)
        What panels are compared with.
    reference : str
        Whose shares these are: "population" or "pool".
    """

    name: str
    categories: tuple[str, ...]
    codes: Ints
    shares: Floats
    reference: str

    def counts(self, panels: NDArray[np.int32]) -> Ints:
        """How many of each category each panel has: draws × categories."""
        n = len(self.categories) + 1
        codes = np.where(panels >= 0, self.codes[panels], -1) + 1
        rows = np.arange(len(panels))[:, None] * n
        flat = np.bincount((codes + rows).ravel(), minlength=len(panels) * n)
        return np.asarray(flat.reshape(len(panels), n)[:, 1:], dtype=np.int64)

    def distance(self, counts: NDArray[Any]) -> Floats:
        """TVD of each row of counts: ½ Σ |share − reference|; NaN where nobody is known."""
        totals = counts.sum(axis=1, keepdims=True)
        shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
        return np.asarray(np.abs(shares - self.shares).sum(axis=1) / 2)


@dataclass(frozen=True, eq=False, repr=False)
class Lottery(Result):
    """Result of :func:`simulate_lottery`.

    Attributes
    ----------
    problem : DrawProblem
        The pool, the quotas and the seats.
    rule : str
    panels : array of shape (draws, seats)
        Positions in the pool of each draw's panel; -1 for an empty seat.
    chances : array of shape (people,)
        Each pool member's chance to be on the (final) panel.
    exact : bool
        Whether the chances are computed and not counted.
    variables : tuple of TrackedVariable
    attempted, succeeded : int
        Panels begun, and those of them that met the quotas; a few more than were asked
        for, because they are begun many at a time.
    seed : int
    dropped : array of shape (draws,) or None
        Members who dropped out and were replaced.
    optimum : PanelLottery or None
        The lottery over panels of a fair rule.
    """

    problem: DrawProblem
    rule: str
    panels: NDArray[np.int32]
    chances: Floats
    exact: bool
    variables: tuple[TrackedVariable, ...]
    attempted: int
    succeeded: int
    seed: int
    dropped: Ints | None = None
    optimum: PanelLottery | None = None

    title = "The lottery"

    @property
    def n_draws(self) -> int:
        """Panels that were drawn."""
        return len(self.panels)

    @property
    def even_chance(self) -> float:
        """Seats over pool."""
        return self.problem.seats / self.problem.n

    @property
    def success_rate(self) -> float:
        """Share of the attempts that ended in a panel."""
        return self.succeeded / self.attempted

    @property
    def standard_errors(self) -> Floats:
        """Monte Carlo standard error of each chance, √(π(1 − π)/draws); NaN where exact."""
        if self.exact:
            return np.full(self.problem.n, np.nan)
        return np.sqrt(self.chances * (1 - self.chances) / self.n_draws)

    @property
    def never_drawn(self) -> tuple[str, ...]:
        """Who was in no panel; with exact chances: who cannot be."""
        return tuple(self.problem.people[i] for i in np.flatnonzero(self.chances <= 1e-12))

    def fairness(self, *, floor: float | None = None) -> SelectionFairness:
        """How evenly the chances are spread; see :func:`~.fairness.selection_fairness`.

        Parameters
        ----------
        floor : float, optional
            Under the chances, for the geometric mean.
        """
        return selection_fairness(
            np.clip(self.chances, 0.0, 1.0),
            people=self.problem.people,
            rule=RULES[self.rule],
            floor=floor,
            n_draws=None if self.exact else self.n_draws,
        )

    def variable(self, name: str) -> TrackedVariable:
        """A tracked variable by name.

        Raises
        ------
        DataError
            For a variable that was not tracked.
        """
        for own in self.variables:
            if own.name == name:
                return own
        names = [own.name for own in self.variables]
        raise DataError(f"The lottery did not count {name!r}.", remedy=closest(name, names))

    @cached_property
    def _counts(self) -> dict[str, Ints]:
        return {own.name: own.counts(self.panels) for own in self.variables}

    def counts(self, variable: str) -> Ints:
        """Counts of a variable in every draw: draws × categories."""
        return self._counts[self.variable(variable).name]

    def distances(self, variable: str) -> Floats:
        """TVD of a variable in every draw."""
        return self.variable(variable).distance(self.counts(variable))

    @cached_property
    def people(self) -> pd.DataFrame:
        """``person, chance, standard_error, relative_chance``, lowest chance first."""
        frame = pd.DataFrame(
            {
                "person": list(self.problem.people),
                "chance": self.chances,
                "standard_error": self.standard_errors,
                "relative_chance": self.chances / self.even_chance,
            }
        )
        return frame.sort_values("chance", kind="stable", ignore_index=True)

    @cached_property
    def groups(self) -> pd.DataFrame:
        """``variable, category, pool, chance, lowest, highest, relative_chance, standard_error``.

        `chance` is the mean over the group's people in the pool.
        """
        rows: list[tuple[Any, ...]] = []
        for own in self.variables:
            counts = self._counts[own.name]
            for i, name in enumerate(own.categories):
                there = self.chances[own.codes == i]
                if not there.size:
                    continue
                error = counts[:, i].std(ddof=1) / np.sqrt(self.n_draws) / there.size
                error = float("nan") if self.exact else float(error)
                rows.append(
                    (own.name, name, there.size, there.mean(), there.min(), there.max(),
                     there.mean() / self.even_chance, error)
                )  # fmt: skip
        columns = ["variable", "category", "pool", "chance", "lowest", "highest",
                   "relative_chance", "standard_error"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def categories(self) -> pd.DataFrame:
        """Counts under the lottery, one row a category.

        ``variable, category, share, reference, expected`` (seats times share),
        ``mean, standard_deviation, low, high`` (2.5 and 97.5 % points of the draws),
        ``gap`` (mean less expected, over the seats).
        """
        rows: list[tuple[Any, ...]] = []
        seats = self.problem.seats
        for own in self.variables:
            counts = self._counts[own.name]
            low, high = np.quantile(counts, [0.025, 0.975], axis=0, method="inverted_cdf")
            for i, name in enumerate(own.categories):
                mean, expected = float(counts[:, i].mean()), seats * float(own.shares[i])
                rows.append(
                    (own.name, name, own.shares[i], own.reference, expected, mean,
                     counts[:, i].std(ddof=1), low[i], high[i], (mean - expected) / seats)
                )  # fmt: skip
        columns = ["variable", "category", "share", "reference", "expected", "mean",
                   "standard_deviation", "low", "high", "gap"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def tvd(self) -> pd.DataFrame:
        """``variable, reference, mean, low, median, high``: TVD under the lottery."""
        rows: list[tuple[Any, ...]] = []
        for own in self.variables:
            found = self.distances(own.name)
            low, median, high = np.nanquantile(found, [0.025, 0.5, 0.975])
            rows.append((own.name, own.reference, np.nanmean(found), low, median, high))
        columns = ["variable", "reference", "mean", "low", "median", "high"]
        return pd.DataFrame(rows, columns=columns)

    def place(self, panel: Any) -> PanelPlace:
        """Where a finished panel lies among the panels that this lottery gives.

        Parameters
        ----------
        panel : Panel, DataFrame, mapping or path
            Members or counts.

        Returns
        -------
        PanelPlace
        """
        from dmpkit.representativeness.panel_place import place_panel

        return place_panel(self, panel)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``tvd``, ``categories``, ``groups`` and ``people``."""
        return {
            "tvd": self.tvd,
            "categories": self.categories,
            "groups": self.groups,
            "people": self.people,
        }

    def summary(self) -> str:
        """Chances, who was never drawn, and how far panels usually are."""
        problem = self.problem
        text = (
            f"{self.n_draws:,} panels of {problem.seats} drawn from {problem.n:,} people by the "
            f"{RULES[self.rule]}. {self._success_text()}"
        )
        fair = self.fairness().summary().split(": ", 1)[1]
        parts = [text, f"Chances: {fair}"]
        if len(self.groups):
            worst = self.groups.sort_values("chance", kind="stable").iloc[0]
            parts.append(
                f"The group with the lowest mean chance is {worst['variable']} "
                f"{worst['category']}: {worst['chance']:.2%}, {worst['relative_chance']:.2f} "
                f"times the even chance."
            )
        if self.dropped is not None:
            parts.append(self._dropout_text())
        parts += list(problem.notes)
        return "\n\n".join(parts)

    def _success_text(self) -> str:
        if self.exact:
            return "The chances are exact."
        if self.attempted == self.succeeded:
            return "Every attempt met the quotas."
        return (
            f"{self.success_rate:.1%} of the attempts met the quotas; the others were begun anew."
        )

    def _dropout_text(self) -> str:
        assert self.dropped is not None  # noqa: S101
        empty = float((self.panels < 0).any(axis=1).mean())
        return (
            f"On average {self.dropped.mean():.1f} members dropped out and were replaced; in "
            f"{empty:.1%} of the draws no replacement kept the quotas and seats stayed empty. "
            f"Chances are those of being on the final panel."
        )

    def methods_text(self) -> str:
        """A paragraph on the rule and the simulation."""
        how = {
            "stratified": (
                "Seats were filled one after the other: from the quota whose people still "
                "needed were most in relation to those still there (ties at random), or from "
                "everybody left once all minimums were met, one person was drawn at random; "
                "who counted towards a full quota was set aside; dead ends were begun anew "
                "(LEGACY, as described by Flanigan et al. 2021; the treatment of ties and of "
                "met minimums is our own reading)."
            ),
            "simple": "Simple random samples were drawn and those that break a quota rejected.",
            "maximin": (
                "The lottery over panels makes the lowest chance as high as the quotas allow "
                "(MAXIMIN; column generation with HiGHS). Only the lowest chance is unique."
            ),
            "leximin": (
                "The lottery over panels raises the lowest chance as far as the quotas allow, "
                "then the next lowest, and so on (LEXIMIN, Flanigan et al. 2021; column "
                "generation with HiGHS)."
            ),
        }[self.rule]
        home = (
            " At most one person an address was drawn." if self.problem.households is not None
            else ""
        )  # fmt: skip
        counted = (
            "Chances are computed, panels simulated."
            if self.exact
            else "Chances are relative frequencies with binomial standard errors."
        )
        return (
            f"The lottery for {self.problem.seats} seats from a pool of {self.problem.n:,} was "
            f"simulated {self.n_draws:,} times (seed {self.seed}). {how}{home} {counted} "
            f"Intervals over draws hold the middle 95 % of the panels; they describe the "
            f"lottery and are no confidence intervals."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Those of the fairness, and the mean TVD of each variable."""
        note = "2.5 and 97.5 % points over draws"
        spread = tuple(
            Indicator(f"TVD of {name} under the lottery", mean, low, high, self.n_draws, note,
                      f"simulate_lottery, against the {reference}")
            for name, reference, mean, low, _, high in self.tvd.to_numpy().tolist()
        )  # fmt: skip
        return self.fairness().indicators() + spread

    def section(self) -> Section:
        """Text, tables and pictures."""
        figures = [
            Figure.from_axes(self.plot_lorenz(), "Lorenz curve of the chances."),
        ]
        if self.variables:
            figures.append(Figure.from_axes(self.plot_groups(), "Chances by group."))
            figures.append(Figure.from_axes(self.plot_tvd(), "Distance of the panels drawn."))
        body = paragraphs(self.summary())
        body += table_html(self.tvd, digits=3, caption="TVD under the lottery")
        return Section(self.title, body, tuple(figures))

    def plot_lorenz(self, *, ax: Axes | None = None) -> Axes:
        """Lorenz curve of the chances."""
        return self.fairness().plot_lorenz(ax=ax)

    def plot_groups(self, *, ax: Axes | None = None) -> Axes:
        """Chances by group; see :func:`~.lottery_plots.plot_chances_by_group`."""
        from dmpkit.representativeness.lottery_plots import plot_chances_by_group

        return plot_chances_by_group(self, ax=ax)

    def plot_tvd(self, panel: Any = None, *, ax: Axes | None = None) -> Axes:
        """TVD of the panels drawn; see :func:`~.lottery_plots.plot_lottery_tvd`."""
        from dmpkit.representativeness.lottery_plots import plot_lottery_tvd

        return plot_lottery_tvd(self, panel, ax=ax)

    def plot_rarity(self, *, ax: Axes | None = None) -> Axes:
        """Chance against rarity; see :func:`~.lottery_plots.plot_chance_against_rarity`."""
        from dmpkit.representativeness.lottery_plots import plot_chance_against_rarity

        return plot_chance_against_rarity(self, ax=ax)


def simulate_lottery(
    pool: Any,
    quotas: Any,
    seats: int,
    *,
    rule: Rule = "stratified",
    n_draws: int = 10_000,
    person: str | None = None,
    household: str | Sequence[str] | None = None,
    weight: str | None = None,
    dropout: float | str | None = None,
    population: Any = None,
    variables: Sequence[str] | None = None,
    seed: int | None = None,
    n_jobs: int = 1,
    max_attempts: int = 1000,
    progress: bool = False,
) -> Lottery:
    """Draw many panels from a pool as the lottery would, and count.

    Parameters
    ----------
    pool : DataFrame of any kind, Panel or path
        The people who could be drawn, one row each.
    quotas : Quotas, DataFrame, path or None
        ``variable, category, min, max`` in seats; None for a lottery without quotas.
    seats : int
        Size of the panel.
    rule : {"stratified", "simple", "maximin", "leximin"}
        The greedy stratified draw that practitioners used (LEGACY; the steps are at
        :func:`~.drawing.draw_stratified`); simple random samples, rejected where they
        break a quota; or a lottery over panels with the highest possible lowest
        chance, whose chances are exact. LEXIMIN is meant for some hundred people.
    n_draws : int
        Panels to draw.
    person : str, optional
        Column with ids.
    household : str or list of str, optional
        Column or columns of the address: at most one person of each is drawn.
    weight : str, optional
        Column with relative chances within each pick, for instance the number of
        adults at the address where letters went to addresses. Not for the fair rules.
    dropout : float or str, optional
        Each member's chance to drop out after the draw, or the column that holds it;
        replaced by the stratified rule under the same quotas.
    population : Population or what makes one, optional
        What panels are compared with. Without it they are compared with the pool.
    variables : sequence of str, optional
        Further columns of the pool to count.
    seed : int, optional
        The same seed gives the same draws from the same list for any number of workers;
        the same people in another order are drawn from anew.
    n_jobs : int
        Workers.
    max_attempts : int
        Attempts a panel before the rule is given up.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Lottery

    Raises
    ------
    DataError
        When the inputs do not fit together, or no panel can meet the quotas: then the
        message names the smallest changes.

    Warns
    -----
    SmallSampleWarning
        With fewer than 1,000 draws.

    References
    ----------
    Flanigan, B., Gölz, P., Gupta, A., Hennig, B., & Procaccia, A. D. (2021). Fair
    algorithms for selecting citizens' assemblies. Nature 596, 548-552.

    Examples
    --------
    >>> import pandas as pd
    >>> pool = pd.DataFrame({"age": ["young"] * 2 + ["old"] * 8})
    >>> quotas = pd.DataFrame({"variable": "age", "category": ["young", "old"],
    ...                        "min": [1, 1], "max": [1, 1]})
    >>> lottery = simulate_lottery(pool, quotas, 2, n_draws=2000, seed=1)
    >>> lottery.groups["chance"].tolist()
    [0.5, 0.125]
    """
    draws = _checked_draws(n_draws, rule, weight, max_attempts)
    problem = draw_problem(pool, quotas, seats, person=person, household=household, weight=weight)
    leaving = _checked_dropout(problem, dropout)
    tracked = _tracked(problem, population, variables)
    if len(problem.cells):
        solve_feasibility(problem).require()
    used = drawn_seed(seed)
    optimum = _optimum(problem, rule, used)
    parts = run_resamples(
        partial(_draw_chunk, problem=problem, rule=rule, optimum=optimum, leaving=leaving,
                max_attempts=max_attempts),
        draws, seed=used, chunk_size=_CHUNK, n_jobs=n_jobs, progress=progress,
        description="lottery draws",
    )  # fmt: skip
    panels = np.concatenate([part[0].panels for part in parts])
    exact = optimum is not None and leaving is None
    return Lottery(
        problem,
        rule,
        panels,
        optimum.chances if exact and optimum is not None else _frequencies(panels, problem.n),
        exact,
        tracked,
        sum(part[0].attempted for part in parts),
        sum(part[0].succeeded for part in parts),
        used,
        None if leaving is None else np.concatenate([part[1] for part in parts]),
        optimum,
    )


def _checked_draws(n_draws: object, rule: str, weight: str | None, max_attempts: object) -> int:
    if not isinstance(rule, str) or rule not in RULES:
        raise DataError(f"There is no rule {rule!r}.", remedy=f"Use one of {', '.join(RULES)}.")
    if weight is not None and rule in ("maximin", "leximin"):
        raise DataError(f"The rule {rule!r} takes no weights.")
    for name, value in (("n_draws", n_draws), ("max_attempts", max_attempts)):
        whole = isinstance(value, Integral) and not isinstance(value, bool)
        if not whole or int(str(value)) < 1:
            raise DataError(f"{name} is {value!r}.", remedy="Give a whole number above 0.")
    draws = int(str(n_draws))
    if draws < 2:
        raise DataError("One draw shows no spread.", remedy="Give n_draws=10_000, say.")
    if draws < 1000:
        warn(
            f"{draws} draws are few: chances below {1 / draws:.2%} are mostly not met at all.",
            SmallSampleWarning,
        )
    return draws


def _checked_dropout(problem: DrawProblem, dropout: float | str | None) -> Floats | None:
    if dropout is None:
        return None
    if isinstance(dropout, str):
        if dropout not in problem.frame.columns:
            raise DataError(f"The pool has no column {dropout!r} for the chance to drop out.")
        values = pd.to_numeric(problem.frame[dropout], errors="coerce").to_numpy(np.float64)
    else:
        values = np.full(problem.n, to_number(dropout, "chance to drop out"), dtype=np.float64)
    if not ((values >= 0) & (values < 1)).all():
        raise DataError(
            "A chance to drop out is missing or not between 0 and 1.",
            column=dropout if isinstance(dropout, str) else None,
        )
    return values


def _optimum(problem: DrawProblem, rule: str, seed: int) -> PanelLottery | None:
    if rule not in ("maximin", "leximin"):
        return None
    generator = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    return (maximin_lottery if rule == "maximin" else leximin_lottery)(problem, generator)


def _draw_chunk(
    generator: np.random.Generator,
    size: int,
    *,
    problem: DrawProblem,
    rule: str,
    optimum: PanelLottery | None,
    leaving: Floats | None,
    max_attempts: int,
) -> tuple[Drawn, Ints]:
    if optimum is not None:
        drawn = Drawn(optimum.draw(generator, size), size, size)
    elif rule == "simple":
        drawn = draw_simple(generator, size, problem, max_attempts=max_attempts)
    else:
        drawn = draw_stratified(generator, size, problem, max_attempts=max_attempts)
    if leaving is None:
        return drawn, np.zeros(size, dtype=np.int64)
    return replace_dropouts(generator, drawn, problem, leaving)


def _frequencies(panels: NDArray[np.int32], n: int) -> Floats:
    seated = panels[panels >= 0]
    return np.bincount(seated, minlength=n) / len(panels)


def _tracked(
    problem: DrawProblem, population: Any, variables: Sequence[str] | None
) -> tuple[TrackedVariable, ...]:
    """Every variable that is counted: those with quotas, of the population, and asked for."""
    whole = None if population is None else population_of(population)
    quota_names = list(dict.fromkeys(problem.cells["variable"]))
    shared = [] if whole is None else [v for v in whole.variables if v in problem.frame.columns]
    if whole is not None and not shared:
        raise DataError(
            "The population and the pool have no variable in common.",
            remedy=f"The population has {', '.join(whole.variables)}.",
        )
    asked = [variables] if isinstance(variables, str) else list(variables or ())
    for name in asked:
        if name not in problem.frame.columns:
            raise DataError(
                f"The pool has no column {name!r} to count.",
                remedy=closest(name, [str(c) for c in problem.frame.columns]),
            )
    names = dict.fromkeys([*quota_names, *shared, *asked])
    return tuple(_track(problem, name, whole) for name in names)


def _track(problem: DrawProblem, name: str, population: Population | None) -> TrackedVariable:
    labels = as_labels(problem.frame[name])
    listed = problem.cells.loc[problem.cells["variable"] == name, "category"].tolist()
    if population is not None and name in population.variables:
        categories = list(population.categories(name))
        known = [v for v in labels.dropna() if v in categories or not is_unknown(v)]
        require_known(known, categories, variable=name, where="the pool")
        shares = population.shares(name).to_numpy(np.float64)
        reference = "population"
    else:
        categories = listed or sorted_labels(set(labels.dropna()))
        counts = labels.value_counts().reindex(categories, fill_value=0).to_numpy(np.float64)
        if counts.sum() == 0:
            raise DataError("Nobody in the pool has a category.", column=name)
        shares, reference = counts / counts.sum(), "pool"
    place = {category: i for i, category in enumerate(categories)}
    codes = np.array([place.get(v, -1) for v in labels], dtype=np.int64)
    return TrackedVariable(
        name, tuple(categories), codes, np.asarray(shares, np.float64), reference
    )
