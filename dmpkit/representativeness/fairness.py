"""How fair a lottery is to the people in its pool: the spread of their chances.

Quotas give people in scarce groups a high chance and people in crowded groups a
low one; how low is up to the drawing rule. The measures are those of Flanigan,
Gölz, Gupta, Hennig and Procaccia (2021), Fair algorithms for selecting citizens'
assemblies, Nature 596, 548-552: minimum, Gini coefficient, geometric mean, share
below a threshold; entropy is added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError, SharesWarning, warn
from dmpkit.measures import inequality
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.entries import to_level

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RuleComparison", "SelectionFairness", "chance_bound", "compare_rules",
           "selection_fairness"]  # fmt: skip

Floats = NDArray[np.float64]

#: The chances may miss the seats by this share of them (rounding in print) with a warning.
NEARLY = 0.01
#: Below this share of the seats a difference is a matter of the last digits.
EXACT = 1e-6
#: Relative difference of two lowest chances that is a matter of the solver.
SLACK = 1e-4


def chance_bound(times_drawn: int, n_draws: int, *, level: float = 0.99) -> float:
    """Upper bound for the chance of somebody who was drawn `times_drawn` times.

    The upper end of the one-sided Jeffreys interval of a proportion, the quantile
    `level` of Beta(x + 1/2, n − x + 1/2): what Flanigan et al. (2021) print for the
    smallest chance under a rule that can only be simulated. The draws that are
    counted must not be those by which the person was picked out.

    Parameters
    ----------
    times_drawn, n_draws : int
        How often the person was drawn, and in how many draws.
    level : float
        Confidence of the bound.

    Returns
    -------
    float
        1 where the person was in every draw.

    Raises
    ------
    DataError
        When the numbers cannot be.

    Examples
    --------
    >>> round(chance_bound(0, 10_000), 6)
    0.000332
    """
    if not (_whole(times_drawn) and _whole(n_draws)) or not 0 <= times_drawn <= n_draws:
        raise DataError(f"Drawn {times_drawn!r} times in {n_draws!r} draws cannot be.")
    if n_draws < 1:
        raise DataError("A bound needs at least one draw.")
    level = to_level(level)
    if times_drawn == n_draws:
        return 1.0
    from scipy.special import betaincinv

    return float(betaincinv(times_drawn + 0.5, n_draws - times_drawn + 0.5, level))


def _chance(chance: float) -> str:
    """A chance in percent; a small one is not rounded to 0."""
    return f"{chance:.2%}" if chance == 0 or chance >= 0.001 else f"{100 * chance:.2g}%"


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _number(value: object) -> float:
    """The value as a float; NaN where it is no number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    return float(value)


@dataclass(frozen=True, eq=False, repr=False)
class SelectionFairness(Result):
    """Result of :func:`selection_fairness`.

    Attributes
    ----------
    chances : array of shape (n,)
        Each pool member's chance to be drawn.
    seats : float
        Seats of the panel; the chances sum to it.
    people : tuple of str
        Names or ids, in the order of the chances; numbers from 1 when none were given.
    rule : str
        Name of the drawing rule.
    floor : float or None
        Put under chances of 0 for the geometric mean.
    n_draws : int or None
        Draws that the chances were counted in; None where they are exact.
    """

    chances: Floats
    seats: float
    people: tuple[str, ...]
    rule: str = "lottery"
    floor: float | None = None
    n_draws: int | None = None

    title = "Fairness of the draw"

    @property
    def n(self) -> int:
        """People in the pool."""
        return int(self.chances.size)

    @property
    def even_chance(self) -> float:
        """Seats over pool: everybody's chance if chances were equal."""
        return self.seats / self.n

    @property
    def minimum(self) -> float:
        """The lowest chance."""
        return float(self.chances.min())

    @property
    def maximum(self) -> float:
        """The highest chance."""
        return float(self.chances.max())

    @property
    def gini(self) -> float:
        """Gini coefficient of the chances (population form): 0 where all are equal."""
        return inequality.gini(self.chances)

    @property
    def geometric_mean(self) -> float:
        """Geometric mean; 0 where somebody is never drawn, unless there is a floor."""
        return inequality.geometric_mean(self.chances, floor=self.floor)

    @property
    def entropy_ratio(self) -> float:
        """Entropy of the chances over ln n: 1 where all are equal."""
        return inequality.entropy_ratio(self.chances)

    @property
    def share_below_half(self) -> float:
        """Share of the pool with half of the even chance or less.

        The half itself counts: chances counted in draws meet it exactly at times.
        """
        return inequality.share_below(self.chances, self.even_chance / 2, inclusive=True)

    @property
    def never(self) -> tuple[str, ...]:
        """Who has no chance, or was not drawn once in the draws counted."""
        return tuple(self.people[i] for i in np.flatnonzero(self.chances == 0))

    @property
    def gini_by_noise(self) -> float:
        """Gini that counting in so many draws shows even where all chances are equal.

        For counts that vary as a binomial about k/n, by the normal approximation
        sd/(mean · √π); NaN where the chances are exact.
        """
        p = self.even_chance
        if self.n_draws is None or not 0 < p < 1:
            return math.nan
        return math.sqrt(p * (1 - p) / self.n_draws) / (p * math.sqrt(math.pi))

    @cached_property
    def statistics(self) -> pd.DataFrame:
        """``statistic, value, reading``: one row a measure."""
        rows = [
            ("pool", float(self.n), "people who could be drawn"),
            ("seats", self.seats, "the chances sum to it"),
            ("even chance", self.even_chance, "seats over pool"),
            ("minimum", self.minimum, "the lowest chance of anybody"),
            ("maximum", self.maximum, "the highest chance of anybody"),
            ("Gini", self.gini, "0 where all chances are equal"),
            ("geometric mean", self.geometric_mean, self._reading_of_mean()),
            ("entropy ratio", self.entropy_ratio, "1 where all chances are equal"),
            (
                "share below half",
                self.share_below_half,
                "half the even chance or less",
            ),
            ("never drawn", float(len(self.never)), self._reading_of_never()),
        ]
        return pd.DataFrame(rows, columns=["statistic", "value", "reading"])

    def _reading_of_mean(self) -> str:
        if self.floor is not None:
            return f"chances below {self.floor:g} raised to it first"
        return "0 as soon as one person has no chance"

    def _reading_of_never(self) -> str:
        if self.n_draws is None:
            return "people with no chance"
        return f"people not met in {self.n_draws:,} draws, which is not proof of no chance"

    @cached_property
    def table(self) -> pd.DataFrame:
        """``person, chance, relative_chance`` (over the even chance), lowest first."""
        frame = pd.DataFrame({"person": list(self.people), "chance": self.chances})
        frame["relative_chance"] = frame["chance"] / self.even_chance
        return frame.sort_values("chance", kind="stable", ignore_index=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``statistics`` and ``chances``."""
        return {"statistics": self.statistics, "chances": self.table}

    def summary(self) -> str:
        """The spread of the chances in plain words."""
        even = self.even_chance
        text = (
            f"{self.n:,} people for {self.seats:g} {'seat' if self.seats == 1 else 'seats'}: an "
            f"even chance is {_chance(even)}. Under the {self.rule} the chances run from "
            f"{_chance(self.minimum)} to {_chance(self.maximum)}; their inequality is "
            f"{self.gini:.3f} (Gini coefficient, 0 where all are equal) and "
            f"{self.share_below_half:.1%} of the pool have half of the even chance or less."
        )
        if self.never and self.n_draws is not None:
            bound = chance_bound(0, self.n_draws, level=0.99)
            text += (
                f" {len(self.never)} people were not drawn once in {self.n_draws:,} draws; for a "
                f"given one of them a chance above {bound:.3%} would be surprising "
                f"(99 % Jeffreys bound)."
            )
        elif self.never:
            text += f" {len(self.never)} people have no chance at all."
        if not math.isnan(self.gini_by_noise):
            text += (
                f" The chances are counted in {self.n_draws:,} draws: equal chances would show a "
                f"Gini of about {self.gini_by_noise:.3f} from counting alone, and the "
                f"lowest count lies below the lowest chance more often than above it."
            )
        return text

    def methods_text(self) -> str:
        """How the measures are defined."""
        floor = (
            "no floor is put under chances of 0, so it is 0 where anybody is never drawn"
            if self.floor is None
            else f"chances below {self.floor:g} are raised to it for the geometric mean"
        )
        source = (
            "The chances are taken as exact; they carry no interval."
            if self.n_draws is None
            else f"The chances are relative frequencies in {self.n_draws:,} simulated draws."
        )
        return (
            f"Fairness is judged by the {self.n:,} pool members' chances, which sum to "
            f"the {self.seats:g} seats (Flanigan et al. 2021): minimum, Gini coefficient "
            f"(population form), geometric mean ({floor}), entropy over its maximum, and the "
            f"share of the pool with half of the even chance seats/pool or less (the half is a "
            f"convention). {source}"
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Minimum, Gini, geometric mean and share below half of the even chance."""
        source = f"selection_fairness, {self.rule}"
        note = "" if self.n_draws is None else f"counted in {self.n_draws:,} draws"
        values = {
            "lowest chance of selection": self.minimum,
            "lowest chance over the even chance": self.minimum / self.even_chance,
            "Gini of the chances of selection": self.gini,
            "geometric mean of the chances of selection": self.geometric_mean,
            "share of the pool with half of the even chance or less": self.share_below_half,
        }
        return tuple(
            Indicator(name, value, n=self.n, note=note, source=source)
            for name, value in values.items()
        )

    def section(self) -> Section:
        """Text, statistics, Lorenz curve and sorted chances."""
        figures = (
            Figure.from_axes(self.plot_lorenz(), "Lorenz curve of the chances."),
            Figure.from_axes(self.plot_sorted(), "Chances of the pool members, sorted."),
        )
        table = table_html(self.statistics, digits=4, caption="Fairness of the draw")
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot_lorenz(self, *, ax: Axes | None = None) -> Axes:
        """Lorenz curve of the chances; see :func:`~.lottery_plots.plot_lorenz`."""
        from dmpkit.representativeness.lottery_plots import plot_lorenz

        return plot_lorenz({self.rule: self}, ax=ax)

    def plot_sorted(self, *, ax: Axes | None = None) -> Axes:
        """Chances in rising order; see :func:`~.lottery_plots.plot_sorted_chances`."""
        from dmpkit.representativeness.lottery_plots import plot_sorted_chances

        return plot_sorted_chances({self.rule: self}, ax=ax)


def selection_fairness(
    probabilities: ArrayLike,
    seats: float | None = None,
    *,
    people: Sequence[object] | None = None,
    rule: str = "lottery",
    floor: float | None = None,
    n_draws: int | None = None,
) -> SelectionFairness:
    """How evenly a drawing rule spreads the chance to be on the panel.

    Parameters
    ----------
    probabilities : array of shape (n,)
        Each pool member's chance, between 0 and 1.
    seats : float, optional
        Seats of the panel. The chances must sum to it; their sum when not given.
    people : sequence of length n, optional
        Names or ids of the pool members.
    rule : str
        What the rule is called in text and pictures.
    floor : float, optional
        Raise chances below it before the geometric mean is taken, which is 0
        otherwise as soon as one person is never drawn. The geometric means that
        Flanigan et al. (2021) print for simulated rules come out with a floor of
        one draw in their 10,000, ``floor=1e-4``.
    n_draws : int, optional
        How many draws the chances were counted in; leave out where they are exact.

    Returns
    -------
    SelectionFairness

    Raises
    ------
    DataError
        When a chance is no probability, or the chances miss the seats by more than
        1 % of them.

    Warns
    -----
    SharesWarning
        When the chances miss the seats by less, as rounded ones do.

    Examples
    --------
    >>> fair = selection_fairness([0.2, 0.2, 0.6], seats=1)
    >>> fair.minimum, round(fair.gini, 4), fair.share_below_half
    (0.2, 0.2667, 0.0)
    """
    chances = inequality._amounts(probabilities, name="probabilities")
    above = np.flatnonzero(chances > 1 + 1e-9)
    if above.size:
        raise DataError(
            f"A chance is {chances[above[0]]:g}, more than 1.",
            row=f"position {above[0] + 1}",
            remedy="Divide percentages by 100.",
        )
    if chances.sum() == 0:
        raise DataError("All chances are 0: nobody can be drawn.")
    if n_draws is not None and (not _whole(n_draws) or n_draws < 1):
        raise DataError(f"n_draws is {n_draws!r}.", remedy="Give the number of draws.")
    if chances.size < 2:
        raise DataError("The pool has a single person.", remedy="Give the chances of everybody.")
    chances.flags.writeable = False
    return SelectionFairness(
        chances,
        _checked_seats(chances, seats),
        _checked_people(people, chances.size),
        rule,
        _checked_floor(floor),
        None if n_draws is None else int(n_draws),
    )


def _checked_seats(chances: Floats, seats: float | None) -> float:
    total = math.fsum(chances)
    if seats is None:
        nearest = round(total)
        if nearest >= 1 and abs(total - nearest) <= EXACT * nearest:
            return float(nearest)
        return total
    wanted = _number(seats)
    if not 0 < wanted < math.inf:
        raise DataError(f"The seats are {seats!r}.", remedy="Give a number above 0.")
    gap = abs(total - wanted) / wanted
    if gap > NEARLY:
        raise DataError(
            f"The chances sum to {total:.6g}, the panel has {wanted:g} seats.",
            remedy="Chances of everybody in the pool sum to the seats: is somebody left out, or "
            "is the list for another panel?",
        )
    if gap > EXACT:
        warn(
            f"The chances sum to {total:.6g} and not to {wanted:g} seats; they are used as given.",
            SharesWarning,
        )
    return wanted


def _checked_people(people: Sequence[object] | None, n: int) -> tuple[str, ...]:
    if people is None:
        return tuple(str(i) for i in range(1, n + 1))
    names = tuple(str(name) for name in people)
    if len(names) != n:
        raise DataError(f"There are {n} chances and {len(names)} people.")
    return names


def _checked_floor(floor: float | None) -> float | None:
    if floor is None:
        return None
    if not 0 < _number(floor) < 1:
        raise DataError(f"The floor is {floor!r}.", remedy="Use a number between 0 and 1, or none.")
    return float(floor)


@dataclass(frozen=True, eq=False, repr=False)
class RuleComparison(Result):
    """Result of :func:`compare_rules`.

    Attributes
    ----------
    rules : mapping of str to SelectionFairness
    """

    rules: Mapping[str, SelectionFairness]

    title = "Drawing rules compared"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a rule: the statistics of :class:`SelectionFairness`."""
        rows = []
        for name, fair in self.rules.items():
            values = dict(zip(fair.statistics["statistic"], fair.statistics["value"], strict=True))
            rows.append({"rule": name, **{k.replace(" ", "_"): v for k, v in values.items()}})
        frame = pd.DataFrame(rows)
        return frame.rename(columns={"Gini": "gini"})

    @cached_property
    def below_minimum(self) -> pd.DataFrame:
        """``rule, other, share``: of the pool, below the lowest chance that `other` gives.

        The last measure of Flanigan et al. (2021): how many are worse off than the
        worst off under the other rule. Differences of less than a ten-thousandth of that
        lowest chance are left to the solvers' last digits.
        """
        rows = [
            (a, b, inequality.share_below(fair.chances, other.minimum * (1 - SLACK)))
            for a, fair in self.rules.items()
            for b, other in self.rules.items()
            if a != b
        ]
        return pd.DataFrame(rows, columns=["rule", "other", "share"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """``rules`` and ``below_minimum``."""
        return {"rules": self.table, "below_minimum": self.below_minimum}

    def summary(self) -> str:
        """The rules side by side in plain words."""
        parts = [
            f"{name}: lowest chance {_chance(fair.minimum)}, Gini {fair.gini:.3f}, "
            f"{fair.share_below_half:.1%} of the pool with half of the even chance or less"
            for name, fair in self.rules.items()
        ]
        worst = self.below_minimum.sort_values("share", ascending=False).iloc[0]
        even = next(iter(self.rules.values())).even_chance
        return (
            f"The even chance is {_chance(even)}. {'; '.join(parts)}. Under {worst['rule']}, "
            f"{worst['share']:.1%} of the pool have a lower chance than anybody under "
            f"{worst['other']}."
        )

    def methods_text(self) -> str:
        """How the rules were compared."""
        first = next(iter(self.rules.values())).methods_text()
        text = f"{len(self.rules)} drawing rules are compared on the same pool. {first}"
        draws = {name: fair.n_draws for name, fair in self.rules.items()}
        if len(set(draws.values())) > 1:
            how = [f"{k}: {'exact' if n is None else f'{n:,} draws'}" for k, n in draws.items()]
            text += f" That holds for the first rule; by rule: {'; '.join(how)}."
        return text

    def section(self) -> Section:
        """Text, table, Lorenz curves and sorted chances of all rules."""
        figures = (
            Figure.from_axes(self.plot_lorenz(), "Lorenz curves of the chances."),
            Figure.from_axes(self.plot_sorted(), "Chances of the pool members, sorted."),
        )
        body = paragraphs(self.summary()) + table_html(self.table, digits=3)
        return Section(self.title, body, figures)

    def plot_lorenz(self, *, ax: Axes | None = None) -> Axes:
        """Lorenz curves; see :func:`~.lottery_plots.plot_lorenz`."""
        from dmpkit.representativeness.lottery_plots import plot_lorenz

        return plot_lorenz(self.rules, ax=ax)

    def plot_sorted(self, *, ax: Axes | None = None) -> Axes:
        """Sorted chances; see :func:`~.lottery_plots.plot_sorted_chances`."""
        from dmpkit.representativeness.lottery_plots import plot_sorted_chances

        return plot_sorted_chances(self.rules, ax=ax)


def compare_rules(
    rules: Mapping[str, Any], seats: float | None = None, *, floor: float | None = None
) -> RuleComparison:
    """Put drawing rules side by side on one pool.

    Parameters
    ----------
    rules : mapping
        Name of the rule to the pool members' chances, or to a
        :class:`SelectionFairness`.
    seats, floor : float, optional
        As in :func:`selection_fairness`, for rules given as chances.

    Returns
    -------
    RuleComparison

    Raises
    ------
    DataError
        When there are fewer than two rules, or they are for pools or panels of
        different size.

    Examples
    --------
    >>> both = compare_rules({"greedy": [0.1, 0.9], "even": [0.5, 0.5]})
    >>> both.below_minimum["share"].tolist()
    [0.5, 0.0]
    """
    if not isinstance(rules, Mapping):
        raise DataError(
            f"The rules are a {type(rules).__name__}.",
            remedy="Give {name: chances}, one entry a rule.",
        )
    if len(rules) < 2:
        raise DataError(f"There are {len(rules)} rules to compare.", remedy="Give two or more.")
    made = {
        str(name): chances
        if isinstance(chances, SelectionFairness)
        else selection_fairness(chances, seats, rule=str(name), floor=floor)
        for name, chances in rules.items()
    }
    first_name, first = next(iter(made.items()))
    for name, other in made.items():
        if other.n != first.n or abs(other.seats - first.seats) > NEARLY * first.seats:
            raise DataError(
                f"{first_name!r} has {first.n} people for {first.seats:g} seats, {name!r} has "
                f"{other.n} for {other.seats:g}.",
                remedy="Compare rules on the same pool and panel.",
            )
    return RuleComparison(made)
