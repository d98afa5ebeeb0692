"""How often tests of the reason index reject by mistake, and how often intervals hit.

Answers are made up: each person has a position on two hidden dimensions, on which her
considerations (seven-point answers) and her preferences (a ranking) depend, with noise.
So that these simulations can be repeated, they are public functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.quick_tests import quick_t, quick_wilcoxon
from dmpkit.evaluation.reason_bootstrap import (
    LEAST_PEOPLE,
    SCALE,
    StagePairs,
    above_chance,
    change_estimate,
    mean_of_pairs,
)
from dmpkit.evaluation.reason_change import (
    linear_swap_test,
    stacked_terms,
    swap_weights,
)
from dmpkit.evaluation.reason_data import (
    ReasonSurvey,
    checked_count,
    matched_surveys,
    row_ranks,
    row_spearman,
)
from dmpkit.evaluation.reason_steps import index_of, pair_terms
from dmpkit.measures.proportions import wilson_interval
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.resampling import drawn_seed, run_resamples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ReasonSimulation",
    "level_on_data",
    "simulate_coverage",
    "simulate_levels",
    "synthetic_stages",
]  # fmt: skip

Floats = NDArray[np.float64]
Generator = np.random.Generator

#: Groups and people of each, to know what an index above chance is in a very large group.
LARGE_GROUPS, LARGE_GROUP = 5, 700
TESTS = ("swap", "wilcoxon", "paired t")
CUSTOMARY = {"wilcoxon": quick_wilcoxon, "paired t": quick_t}
#: What the first two labels of a row mean.
_CASES = {
    "sharp null": "Where everybody answers both times by the same rule, with new noise (sharp "
    "null)",
    "weak null": "Where the index is the same in the long run but the answers of the two times "
    "cannot be interchanged (weak null)",
    "stages swapped at random": "Where each person's answers before and after were swapped or "
    "not by the toss of a coin",
    "index before": "For the index before",
    "index after": "For the index after",
    "above chance after": "For how far the index after lies above chance",
    "change": "For the change of the index",
}
_WAYS = {
    "swap": "swapping people's whole answers (swap test) found one in",
    "wilcoxon": "comparing ranks of the individual values (Wilcoxon's test) found one in",
    "paired t": "comparing means of the individual values (paired t test) found one in",
    "from the pairs": "the interval from the pairs of people held it in",
    "percentiles of resamples": "the interval from people drawn anew (bootstrap percentiles) "
    "held it in",
}


@dataclass(frozen=True, eq=False)
class Population:
    """How answers depend on two hidden dimensions; noise before and after, and drift."""

    means: tuple[Floats, Floats]
    loadings: tuple[Floats, Floats]
    noise: tuple[float, float]
    drift: float

    @classmethod
    def drawn(
        cls,
        generator: Generator,
        n_items: tuple[int, int],
        noise: tuple[float, float] = (1.5, 1.5),
        drift: float = 0.0,
    ) -> Population:
        """Items with random means and loadings."""
        means = tuple(generator.normal(size=k) for k in n_items)
        loadings = tuple(0.8 * generator.normal(size=(k, 2)) for k in n_items)
        return cls((means[0], means[1]), (loadings[0], loadings[1]), noise, drift)

    def profiles(self, generator: Generator, position: Floats, noise: float) -> Any:
        """Considerations 1-7 and ranks of the options for people at these positions."""
        made = []
        for mean, loading in zip(self.means, self.loadings, strict=True):
            wobble = noise * generator.normal(size=(len(position), len(mean)))
            made.append(mean + position @ loading.T + wobble)
        considerations = np.clip(np.round(4 + made[0]), 1, 7)
        return considerations, row_ranks(-made[1])

    def stages(self, generator: Generator, n_people: int) -> Any:
        """The profiles of the same people before and after."""
        position = generator.normal(size=(n_people, 2))
        moved = position + self.drift * generator.normal(size=position.shape)
        return (
            self.profiles(generator, position, self.noise[0]),
            self.profiles(generator, moved, self.noise[1]),
        )


def synthetic_stages(
    n_people: int = 24,
    *,
    n_considerations: int = 30,
    n_preferences: int = 7,
    noise: tuple[float, float] = (2.0, 1.0),
    drift: float = 0.3,
    seed: int | None = 1,
) -> tuple[ReasonSurvey, ReasonSurvey]:
    """Synthetic answers of one group before and after.

    Parameters
    ----------
    n_people, n_considerations, n_preferences : int
        Size of the survey.
    noise : (float, float)
        How much of the answers is not due to people's positions, before and after.
    drift : float
        How far positions move in between.
    seed : int, optional
        Of the random numbers.

    Returns
    -------
    before, after : ReasonSurvey
        Marked as synthetic.

    Examples
    --------
    >>> before, after = synthetic_stages(12)
    >>> before.synthetic, after.n_people
    (True, 12)
    """
    generator = np.random.default_rng(drawn_seed(seed))
    population = Population.drawn(generator, (n_considerations, n_preferences), noise, drift)
    one, two = population.stages(generator, n_people)
    people = [f"S{i:02d}" for i in range(1, n_people + 1)]
    return (
        ReasonSurvey(one[0], one[1], people, stage="before", synthetic=True),
        ReasonSurvey(two[0], two[1], people, stage="after", synthetic=True),
    )


# --- results -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class ReasonSimulation(Result):
    """Result of :func:`simulate_levels`, :func:`level_on_data` or :func:`simulate_coverage`.

    Attributes
    ----------
    rates : DataFrame
        One row a case: labels, ``runs, hits``, and for coverage the ``target``.
    kind : {"rejections", "coverage"}
    nominal : float
        What the rate should be.
    setting : str
        What was simulated, in words.
    seed : int
    """

    rates: pd.DataFrame
    kind: str
    nominal: float
    setting: str
    seed: int

    title = "Simulation of the reason index"

    @cached_property
    def table(self) -> pd.DataFrame:
        """The rates with their 95 % Wilson intervals: ``…, runs, hits, rate, low, high``."""
        low, high = wilson_interval(self.rates["hits"], self.rates["runs"])
        share = self.rates["hits"] / self.rates["runs"]
        return self.rates.assign(rate=share, low=low, high=high)

    def rate(self, **labels: str) -> float:
        """The rate of one row, chosen by its labels."""
        chosen = np.ones(len(self.table), dtype=bool)
        for name, label in labels.items():
            if name not in self.rates:
                raise DataError(f"There is no label {name!r}.")
            chosen &= (self.table[name] == label).to_numpy()
        if chosen.sum() != 1:
            raise DataError(f"{int(chosen.sum())} rows of the simulation fit {labels}.")
        return float(self.table.loc[chosen, "rate"].iloc[0])

    def frames(self) -> dict[str, pd.DataFrame]:
        """``rates``."""
        return {"rates": self.table}

    @property
    def _labels(self) -> list[str]:
        return [" · ".join(map(str, row)) for row in self.rates.iloc[:, :2].to_numpy()]

    def summary(self) -> str:
        """The rates in plain words."""
        if self.kind == "rejections":
            first = (
                "There was no change to be found. A test at this level should find one by mistake "
                f"in {self.nominal:.0%} of the runs."
            )
        else:
            first = (
                "An interval should hold what it is meant to hold in "
                f"{self.nominal:.0%} of the groups drawn."
            )
        case, way = self.table.columns[:2]
        said = [first]
        for label, part in self.table.groupby(case, sort=False):
            rates = [
                f"{_WAYS.get(str(row[way]), str(row[way]))} {row['rate']:.1%} "
                f"({row['low']:.1%} to {row['high']:.1%})"
                for row in part.to_dict("records")
            ]
            said.append(f"{_CASES.get(str(label), str(label))}: {'; '.join(rates)}.")
        return " ".join(said)

    def methods_text(self) -> str:
        """What was simulated."""
        return f"{self.setting} Seed {self.seed}. In brackets: 95 % Wilson interval of the rate."

    def section(self) -> Section:
        """Text, table and picture."""
        figure = Figure.from_axes(self.plot(), "Rates with intervals.")
        body = paragraphs(self.summary()) + table_html(
            self.table, digits=3, caption="Rates with 95 % Wilson intervals"
        )
        return Section(self.title, body, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Rates with intervals; see :func:`~.reason_plots.plot_rates`."""
        from dmpkit.evaluation.reason_plots import plot_rates

        return plot_rates(self, ax=ax)


# --- levels -----------------------------------------------------------------------


def simulate_levels(
    n_runs: int = 2000,
    *,
    n_people: int = 20,
    n_considerations: int = 30,
    n_preferences: int = 7,
    adjusted: bool = False,
    level: float = 0.05,
    seed: int | None = 1,
    n_jobs: int = 1,
    progress: bool = True,
) -> ReasonSimulation:
    """How often each test finds a change where there is none.

    Under the *sharp null* a person answers both stages by the same rule, with new noise:
    whole profiles are exchangeable. Under the *weak null* the index is the same in the
    long run but the profiles are not exchangeable: after the second stage its items are
    permuted, for all people in the same way, which leaves every correlation within the
    stage as it is and makes the stages foreign to each other.

    Parameters
    ----------
    n_runs : int
        Runs of each null.
    n_people, n_considerations, n_preferences : int
        Size of the survey. More than 40 people would make the swap test random, and slow.
    adjusted : bool
        Form of the index.
    level : float
        Nominal level; all tests are two-sided.
    seed : int, optional
        Of the random numbers; the same for any `n_jobs`.
    n_jobs : int
        Workers.
    progress : bool
        Show a progress bar.

    Returns
    -------
    ReasonSimulation
        Labels ``null`` and ``test``.

    Examples
    --------
    >>> made = simulate_levels(20, n_people=8, seed=1, progress=False)
    >>> made.rates["runs"].tolist()
    [20, 20, 20, 20, 20, 20]
    """
    check_settings(simulate_levels, locals())
    seed, items = drawn_seed(seed), (n_considerations, n_preferences)
    _check_size(n_people, n_runs)
    rows = []
    for null in ("sharp", "weak"):
        work = partial(_levels, null=null, n=n_people, items=items, adjusted=adjusted)
        p = _runs(work, n_runs, seed, n_jobs, progress, f"{null} null")
        for test, values in zip(TESTS, p.T, strict=True):
            rows.append((f"{null} null", test, n_runs, int((values <= level).sum())))
    setting = (
        f"{n_runs:,} runs of each null with {n_people} people, {n_considerations} "
        f"considerations on a seven-point scale and {n_preferences} preferences, whose items "
        f"are drawn anew in each run; {'adjusted' if adjusted else 'original'} form, two-sided "
        "tests. Sharp null: both stages of a person are drawn by the same rule. Weak null: "
        "the items of the second stage are permuted for all alike."
    )
    rates = pd.DataFrame(rows, columns=["null", "test", "runs", "hits"])
    return ReasonSimulation(rates, "rejections", level, setting, seed)


def _check_size(n_people: int, n_runs: int) -> None:
    n_runs = checked_count(n_runs, "n_runs", least=1, usual=1000)
    if checked_count(n_people, "n_people", least=1, usual=20) < LEAST_PEOPLE:
        raise DataError(
            f"{n_runs} runs with {n_people} people cannot be simulated.",
            remedy=f"Use at least one run and {LEAST_PEOPLE} people.",
        )


def _runs(
    work: Callable[[Generator, int], Floats], n_runs: int, seed: int, n_jobs: int,
    progress: bool, description: str,
) -> Floats:  # fmt: skip
    parts = run_resamples(work, n_runs, seed=seed, chunk_size=50, n_jobs=n_jobs,
                          progress=progress, description=description)  # fmt: skip
    return np.concatenate(parts)


def _levels(
    generator: Generator, size: int, *, null: str, n: int, items: tuple[int, int], adjusted: bool
) -> Floats:
    """p-values of the tests, one row a run."""
    rows = []
    for _ in range(size):
        one, two = Population.drawn(generator, items).stages(generator, n)
        if null == "weak":
            two = tuple(answers[:, generator.permutation(answers.shape[1])] for answers in two)
        c, p = (row_spearman(np.vstack(both)) for both in zip(one, two, strict=True))
        rows.append(_p_values(pair_terms(c, p, adjusted=adjusted)))
    return np.array(rows)


def _p_values(terms: Floats) -> list[float]:
    """Swap, Wilcoxon and t from the terms among all profiles; 1 where one is constant."""
    n = len(terms) // 2
    if np.isnan(terms).any():
        terms = np.nan_to_num(terms)  # an all-alike profile, about once in many million
    values = [_individual(terms[:n, :n]), _individual(terms[n:, n:])]
    p = [linear_swap_test(swap_weights(terms), "two-sided", 2000, 1).p_value]
    return p + [test(values[1] - values[0]) for test in CUSTOMARY.values()]


def _individual(terms: Floats) -> Floats:
    """Mean of each person's terms with the others."""
    n = len(terms)
    return np.asarray((terms.sum(axis=1) - np.diag(terms)) / (n - 1))


def level_on_data(
    before: ReasonSurvey,
    after: ReasonSurvey,
    *,
    n_runs: int = 1000,
    adjusted: bool = False,
    level: float = 0.05,
    seed: int | None = 1,
) -> ReasonSimulation:
    """How often the customary tests find a change in real answers with stages swapped.

    Within each person the two profiles are swapped or not by the toss of a coin. Whatever
    changed, the stages now differ by chance alone; a test at 5 % should reject in 5 %.

    Parameters
    ----------
    before, after : ReasonSurvey
        Two stages; people who can be used in both.
    n_runs : int
        Number of random patterns.
    adjusted : bool
        Form of the index.
    level : float
        Nominal level; tests are two-sided.
    seed : int, optional
        Of the random patterns.

    Returns
    -------
    ReasonSimulation
        Labels ``data`` and ``test``.

    Examples
    --------
    >>> made = level_on_data(*synthetic_stages(10), n_runs=50)
    >>> made.rates["test"].tolist()
    ['wilcoxon', 'paired t']
    """
    check_settings(level_on_data, locals())
    one, two, _ = matched_surveys(before, after)
    seed, n = drawn_seed(seed), one.n_people
    _check_size(n, n_runs)
    terms = stacked_terms(one, two, adjusted)
    if np.isnan(terms).any():
        raise DataError("Some pairs have no correlation; this simulation needs all of them.")
    generator = np.random.default_rng(seed)
    hits = dict.fromkeys(CUSTOMARY, 0)
    for _ in range(n_runs):
        swap = generator.integers(0, 2, n) * n
        first, second = np.arange(n) + swap, np.arange(n) + n - swap
        values = [_individual(terms[np.ix_(rows, rows)]) for rows in (first, second)]
        for test, p_value in CUSTOMARY.items():
            hits[test] += p_value(values[1] - values[0]) <= level
    label = "stages swapped at random"
    rates = pd.DataFrame(
        [(label, test, n_runs, int(count)) for test, count in hits.items()],
        columns=["data", "test", "runs", "hits"],
    )
    setting = (
        f"The profiles of {n} people were swapped between the stages by the toss of a coin, "
        f"{n_runs:,} times, and the individual values of the stages were compared (two-sided)."
    )
    return ReasonSimulation(rates, "rejections", level, setting, seed)


# --- coverage ---------------------------------------------------------------------


def simulate_coverage(
    n_runs: int = 1000,
    *,
    n_people: int = 25,
    n_considerations: int = 30,
    n_preferences: int = 7,
    noise: tuple[float, float] = (2.0, 1.0),
    adjusted: bool = False,
    level: float = 0.95,
    seed: int | None = 1,
    n_jobs: int = 1,
    progress: bool = True,
) -> ReasonSimulation:
    """How often intervals hold the index of a very large group of people of the same kind.

    Items are drawn once, people anew in each run. What an interval should hold is the
    index of the population from which people come: for the index and its change the mean
    over all runs (a mean over pairs is unbiased), for the index above chance the mean of
    five groups of 700 people.

    Parameters
    ----------
    n_runs : int
        Number of groups drawn.
    n_people, n_considerations, n_preferences : int
        Size of each.
    noise : (float, float)
        Before and after.
    adjusted : bool
        Form of the index.
    level : float
        Nominal coverage.
    seed : int, optional
        Of the random numbers; the same for any `n_jobs`.
    n_jobs : int
        Workers.
    progress : bool
        Show a progress bar.

    Returns
    -------
    ReasonSimulation
        Labels ``quantity`` and ``interval``: from the pairs, or the percentiles of 300
        resamples of people.

    Examples
    --------
    >>> made = simulate_coverage(10, n_people=8, seed=1, progress=False)
    >>> made.rates["quantity"].tolist()[::2]
    ['index before', 'index after', 'above chance after', 'change']
    """
    check_settings(simulate_coverage, locals())
    seed, items = drawn_seed(seed), (n_considerations, n_preferences)
    _check_size(n_people, n_runs)
    generator = np.random.default_rng([seed, 1])
    population = Population.drawn(generator, items, noise, 0.3)
    work = partial(_intervals, population=population, n=n_people, adjusted=adjusted, level=level)
    made = _runs(work, n_runs, seed, n_jobs, progress, "groups drawn")
    targets = [*made[:, :2, 0].mean(axis=0), np.nan, made[:, 3, 0].mean()]
    targets[2] = _above_chance_at_large(generator, population, adjusted)
    rows = []
    for k, name in enumerate(("index before", "index after", "above chance after", "change")):
        for first, how in ((1, "from the pairs"), (3, "percentiles of resamples")):
            hit = (made[:, k, first] <= targets[k]) & (targets[k] <= made[:, k, first + 1])
            rows.append((name, how, n_runs, int(hit.sum()), float(targets[k])))
    setting = (
        f"{n_runs:,} groups of {n_people} people, {n_considerations} considerations, "
        f"{n_preferences} preferences, noise {noise[0]:g} before and {noise[1]:g} after; "
        f"{'adjusted' if adjusted else 'original'} form. The target is the index of the "
        "population from which the people come."
    )
    rates = pd.DataFrame(rows, columns=["quantity", "interval", "runs", "hits", "target"])
    return ReasonSimulation(rates, "coverage", level, setting, seed)


def _above_chance_at_large(generator: Generator, population: Population, adjusted: bool) -> float:
    """Index above chance after, in large groups of the population."""
    made = []
    for _ in range(LARGE_GROUPS):
        position = generator.normal(size=(LARGE_GROUP, 2)) * np.sqrt(1 + population.drift**2)
        large = _stage_of(population.profiles(generator, position, population.noise[1]), adjusted)
        made.append(large.terms[large.i, large.j].mean() - large.chance.mean())
    return float(SCALE * np.mean(made))


def _stage_of(profiles: Any, adjusted: bool) -> StagePairs:
    return StagePairs.of(ReasonSurvey(*profiles), adjusted)


def _intervals(
    generator: Generator, size: int, *, population: Population, n: int, adjusted: bool, level: float
) -> Floats:
    """Value and ends of both intervals, of each quantity: runs × 4 × 5."""
    made = []
    for _ in range(size):
        surveys = [ReasonSurvey(*profile) for profile in population.stages(generator, n)]
        stages = [StagePairs.of(survey, adjusted) for survey in surveys]
        rows = []
        for stage in stages:
            e = mean_of_pairs(stage.terms, level=level)
            rows.append([index_of(v) for v in (e.value, e.low, e.high)])
        e = above_chance(stages[1], level=level)
        rows.append([e.value, e.low, e.high])
        e = change_estimate(*surveys, adjusted=adjusted, level=level)
        rows.append([e.value, e.low, e.high])
        weights: Floats = generator.multinomial(n, np.full(n, 1 / n), size=300).astype(np.float64)
        one, _ = stages[0].weighted(weights)
        two, chance = stages[1].weighted(weights)
        drawn = [index_of(one), index_of(two), SCALE * (two - chance), SCALE * (two - one)]
        ends = np.nanquantile(np.array(drawn), [(1 - level) / 2, (1 + level) / 2], axis=1).T
        made.append(np.hstack([np.array(rows), ends]))
    return np.array(made)
