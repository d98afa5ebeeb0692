"""Rankings of options: single-peakedness, majorities, cycles, before and after.

A ranking is single-peaked on an axis (an order of the options from one end to the
other) when liking falls on both sides of the favourite: every set of its t best options
stands together on the axis. Proximity to single-peakedness is the largest share of
people who are single-peaked on one and the same axis (List, Luskin, Fishkin & McLean
2013, Journal of Politics 75, 80-95). The axis is chosen after seeing the rankings, so
that random rankings reach a good deal more than 0, the more so the fewer people: the
value expected under uniform random rankings always stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import whole_number
from dmpkit.evaluation.majorities import Majorities, majorities
from dmpkit.evaluation.rankings import Rankings, read_rankings
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    format_p,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed, p_value, run_resamples

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "SinglePeakedness",
    "StagePreferences",
    "best_axes",
    "single_peakedness",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Alternative = Literal["two-sided", "greater", "less"]

#: Options beyond which the exact search and its chance level take too long.
MOST_OPTIONS = 10


def _home_axes(k: int) -> Ints:
    """The axes, up to mirror image, on which the ranking 0, 1, ..., k − 1 is single-peaked.

    They arise by setting the options down from best to worst, each at the left or the
    right end; the second always goes right, which leaves one of two mirror images:
    2^(k − 2) axes.
    """
    sides = (np.arange(2 ** (k - 2))[:, None] >> np.arange(k - 2)) & 1
    axes = np.empty((len(sides), k), dtype=np.int64)
    left = np.zeros(len(sides), dtype=np.int64) + sides.sum(axis=1)
    right = left + 1
    rows = np.arange(len(sides))
    axes[rows, left], axes[rows, right] = 0, 1
    low, high = left - 1, right + 1
    for option in range(2, k):
        to_left = sides[:, option - 2] == 1
        axes[rows, np.where(to_left, low, high)] = option
        low, high = low - to_left, high + ~to_left
    return axes


def _axis_codes(orders: Ints, home: Ints) -> Ints:
    """Codes of all axes on which each order is single-peaked: orders × axes.

    An order is a relabelling of 0, 1, ..., so its axes are the home axes relabelled; a
    code is the axis as a number in base k, read from its end with the smaller option.
    """
    k = orders.shape[1]
    powers = k ** np.arange(k - 1, -1, -1, dtype=np.int64)
    forward = np.zeros((len(orders), len(home)), dtype=np.int64)
    backward = np.zeros_like(forward)
    for place in range(k):
        option = orders[:, home[:, place]]
        forward += option * powers[place]
        backward += option * powers[k - 1 - place]
    return np.minimum(forward, backward)


def _decode(code: int, k: int) -> tuple[int, ...]:
    return tuple(code // k**place % k for place in range(k - 1, -1, -1))


def _largest(codes: Ints) -> int:
    """How often the most frequent number occurs."""
    ordered = np.sort(codes, axis=None)
    ends = np.flatnonzero(np.diff(ordered, append=ordered[-1] + 1))
    return int(np.diff(ends, prepend=-1).max())


def best_axes(orders: Any) -> tuple[float, list[tuple[int, ...]]]:
    """Largest share of rankings that are single-peaked on one axis, and all such axes.

    Exact: each ranking of k options is single-peaked on just 2^(k − 2) of the k!/2 axes,
    which are listed and counted, so that no axis is passed over.

    Parameters
    ----------
    orders : array of shape (people, options)
        Positions of the options from best to worst.

    Returns
    -------
    proximity : float
    axes : list of tuple of int
        Positions of options along each best axis, in one of its two directions.

    Examples
    --------
    >>> best_axes([[1, 0, 2], [1, 2, 0], [0, 2, 1]])
    (0.6666666666666666, [(0, 1, 2), (0, 2, 1), (1, 0, 2)])
    """
    rows = np.asarray(orders, dtype=np.int64)
    n, k = rows.shape
    codes, counts = np.unique(_axis_codes(rows, _home_axes(k)), return_counts=True)
    top = counts.max()
    return float(top / n), [_decode(int(c), k) for c in codes[counts == top]]


def _random_proximities(n: int, k: int, generator: Any, size: int) -> Floats:
    home = _home_axes(k)
    drawn = np.empty(size)
    for i in range(size):
        orders = generator.permuted(np.broadcast_to(np.arange(k), (n, k)), axis=1)
        drawn[i] = _largest(_axis_codes(orders, home)) / n
    return drawn


def _swapped_changes(before: Ints, after: Ints, generator: Any, size: int) -> Ints:
    """Changes, in people, of the largest count when stages are swapped within people."""
    drawn = np.empty(size, dtype=np.int64)
    for i in range(size):
        swap = generator.random(len(before)) < 0.5
        one = np.where(swap[:, None], after, before)
        two = np.where(swap[:, None], before, after)
        drawn[i] = _largest(two) - _largest(one)
    return drawn


#: Column names as a page shows them, and what the table is.
_HEADINGS = {
    "proximity": "share on one axis",
    "expected": "share by chance",
    "expected_low": "by chance, from",
    "expected_high": "by chance, to",
    "p_value": "p",
    "n_best_axes": "axes that do equally well",
    "condorcet_winner": "wins against every other",
}
_CAPTION = "Rankings by stage: share of people on one axis (proximity to single-peakedness)"


def _p_words(p: float) -> str:
    """A p-value in words; drawn ones near 1 are no more exact than that."""
    return "p > 0.99" if p > 0.99 else format_p(p)


@dataclass(frozen=True, eq=False)
class StagePreferences:
    """Rankings of one stage.

    Attributes
    ----------
    stage : str
    rankings : Rankings
    proximity : Estimate
        Largest share single-peaked on one axis; its ``p_value`` is the share of random
        profiles that reach it, (b + 1)/(B + 1).
    expected : Estimate
        Mean proximity of uniform random rankings of as many people and options;
        ``low, high`` hold the middle 95 % of them, ``standard_error`` is the simulation's.
    axes : tuple of tuple of str
        The best axes, each in one of its two directions.
    majorities : Majorities
        Pairwise majorities, Condorcet winner and cycles.
    """

    stage: str
    rankings: Rankings
    proximity: Estimate
    expected: Estimate
    axes: tuple[tuple[str, ...], ...]
    majorities: Majorities


@dataclass(frozen=True, eq=False, repr=False)
class SinglePeakedness(Result):
    """Result of :func:`single_peakedness`.

    Attributes
    ----------
    stages : tuple of StagePreferences
        One, or before and after.
    change : Estimate or None
        After − before over those who ranked in both, with the p-value of the swap test.
    alternative : str
        Of the swap test.
    n_random, n_swaps, seed : int
    """

    stages: tuple[StagePreferences, ...]
    change: Estimate | None
    alternative: str
    n_random: int
    n_swaps: int
    seed: int

    title = "Preferences: single-peakedness and majorities"

    @property
    def options(self) -> tuple[str, ...]:
        """The options ranked."""
        return self.stages[0].rankings.options

    def stage(self, name: str) -> StagePreferences:
        """One stage by its name.

        Raises
        ------
        DataError
            When there is none of the name.
        """
        for found in self.stages:
            if found.stage == name:
                return found
        known = ", ".join(s.stage for s in self.stages)
        raise DataError(f"There is no stage {name!r}.", remedy=f"The stages are: {known}.")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a stage.

        ``stage, people, left_out, options, proximity, expected, expected_low,
        expected_high, above_chance, p_value, n_best_axes, best_axis, condorcet_winner,
        majority_cycle``. ``above_chance`` is proximity − expected.
        """
        rows = []
        for s in self.stages:
            winner = s.majorities.condorcet_winner
            rows.append({
                "stage": s.stage,
                "people": len(s.rankings.people),
                "left_out": s.rankings.n_left_out,
                "options": len(s.rankings.options),
                "proximity": s.proximity.value,
                "expected": s.expected.value,
                "expected_low": s.expected.low,
                "expected_high": s.expected.high,
                "above_chance": s.proximity.value - s.expected.value,
                "p_value": s.proximity.p_value,
                "n_best_axes": len(s.axes),
                "best_axis": " – ".join(s.axes[0]),
                "condorcet_winner": "none" if winner is None else winner,
                "majority_cycle": "; ".join(s.majorities.cycles) or "none",
            })  # fmt: skip
        return pd.DataFrame(rows)

    @cached_property
    def pairwise(self) -> pd.DataFrame:
        """``stage, option, against, prefer, prefer_other, no_preference, winner`` a pair."""
        parts = [s.majorities.table.assign(stage=s.stage) for s in self.stages]
        frame = pd.concat(parts, ignore_index=True)
        return frame[["stage", *(c for c in frame.columns if c != "stage")]]

    @cached_property
    def axes(self) -> pd.DataFrame:
        """``stage, axis``: every best axis."""
        rows = [(s.stage, " – ".join(axis)) for s in self.stages for axis in s.axes]
        return pd.DataFrame(rows, columns=["stage", "axis"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """``stages``, ``pairwise``, ``best_axes`` and, with two stages, ``change``."""
        found = {"stages": self.table, "pairwise": self.pairwise, "best_axes": self.axes}
        if self.change is not None:
            row = (self.change.value, self.change.p_value, self.change.n, self.alternative)
            columns = ["change", "p_value", "people", "alternative"]
            found["change"] = pd.DataFrame([row], columns=columns)
        return found

    def summary(self) -> str:
        """Proximity, chance, majorities and change in plain words."""
        parts = [self._stage_words(s) for s in self.stages]
        if self.change is not None:
            parts.append(
                f"Among the {self.change.n} people who ranked at both stages the share on one "
                f"axis changed by {100 * self.change.value:+.0f} percentage points "
                f"({_p_words(self.change.p_value)}, swap test, {self.alternative})."
            )
        elif len(self.stages) > 1:
            parts.append("Nobody has a complete ranking at both stages, so no change is given.")
        return "\n\n".join(parts)

    def _stage_words(self, s: StagePreferences) -> str:
        n, left = len(s.rankings.people), s.rankings.n_left_out
        first = " – ".join(option.replace("_", " ") for option in s.axes[0])
        axes = (
            f"the axis {first}"
            if len(s.axes) == 1
            else f"{len(s.axes)} axes that do equally well, among them {first}"
        )
        gone = f" {left} rankings with ties or blanks are left out of this." if left else ""
        return (
            f"{s.stage}: {s.proximity.value:.0%} of {n} people order the {len(self.options)} "
            f"options along one common dimension (proximity to single-peakedness), on {axes}. "
            f"Rankings drawn at random would reach {s.expected.value:.0%} on average, most "
            f"often {s.expected.low:.0%} to {s.expected.high:.0%} "
            f"({_p_words(s.proximity.p_value)}).{gone} {s.majorities.words()}"
        )

    def methods_text(self) -> str:
        """How proximity, chance level, majorities and change are defined."""
        text = (
            "Proximity to single-peakedness (List et al. 2013): the largest share of people "
            "whose rankings are single-peaked on one axis, over all axes, counted exactly. "
            f"Chance level: {self.n_random:,} profiles of uniform random rankings of as many "
            f"people and options (seed {self.seed}); the p-value is the share that reach the "
            "observed proximity, (b + 1)/(B + 1). The members' rankings are a complete list, so "
            "proximity itself has no interval. Majorities are strict: an option beats another "
            "when more people put it higher than lower; people who tie the two or leave one "
            "unranked have no say on the pair. A Condorcet winner beats every other option; a "
            "majority cycle is a chain of such victories that leads back to its start. "
            f"{self.stages[0].rankings.rule}"
        )
        if self.change is not None:
            text += (
                f"\n\nChange: people who ranked at both stages; before and after were swapped "
                f"within people at random {self.n_swaps:,} times. The null is that a person's "
                f"two rankings are exchangeable ({self.alternative} alternative)."
            )
        return text

    def indicators(self) -> tuple[Indicator, ...]:
        """Proximity of the last stage, its distance from chance, and the change."""
        last = self.stages[-1]
        n, source = len(last.rankings.people), f"rankings of {len(self.options)} options"
        chance = f"random rankings reach {last.expected.value:.3f} on average"
        above = last.proximity.value - last.expected.value
        name = "proximity to single-peakedness"
        found = [
            Indicator(f"{name} {last.stage}", last.proximity.value, n=n, note=chance,
                      source=source),
            Indicator(f"{name} above chance {last.stage}", above, n=n,
                      note=f"{chance}; {_p_words(last.proximity.p_value)}", source=source),
        ]  # fmt: skip
        if self.change is not None:
            note = f"{_p_words(self.change.p_value)}, swap test"
            found.append(Indicator(f"change of {name}", self.change.value, n=self.change.n,
                                   note=note, source=source))  # fmt: skip
        return tuple(found)

    def section(self) -> Section:
        """Text, table and pictures."""
        figures = [Figure.from_axes(self.plot_proximity(), "Proximity to single-peakedness.")]
        figures += [
            Figure.from_axes(self.plot_pairwise(s.stage), f"Pairwise majorities, {s.stage}.")
            for s in self.stages
        ]
        body = paragraphs(self.summary()) + table_html(
            self.table, digits={"p_value": 3}, headings=_HEADINGS, caption=_CAPTION
        )
        return Section(self.title, body, tuple(figures))

    def plot_pairwise(self, stage: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Heat map of pairs; see :func:`~.preference_plots.plot_pairwise`."""
        from dmpkit.evaluation.preference_plots import plot_pairwise

        return plot_pairwise(self, stage, ax=ax)

    def plot_proximity(self, *, ax: Axes | None = None) -> Axes:
        """Proximity by stage with chance; see :func:`~.preference_plots.plot_proximity`."""
        from dmpkit.evaluation.preference_plots import plot_proximity

        return plot_proximity(self, ax=ax)


def single_peakedness(
    rankings: Any,
    *,
    person: str = "person",
    stage: str | None = "stage",
    stages: Sequence[str] | None = None,
    options: Sequence[str] | None = None,
    incomplete: Literal["refuse", "leave out"] = "refuse",
    alternative: Alternative = "two-sided",
    n_random: int = 1_000,
    n_swaps: int = 1_999,
    seed: int | None = None,
) -> SinglePeakedness:
    """Proximity to single-peakedness with its chance level, majorities and cycles.

    Parameters
    ----------
    rankings : DataFrame
        One row a person (and stage), one column an option with its rank, 1 the best.
    person, stage : str
        Columns. Without a column of the name `stage`, or with None, there is one stage.
    stages : (str, str), optional
        Names of the stages in time order; ``before, after`` or ``pre, post`` are known.
    options : sequence of str, optional
        Columns of the options; all but person and stage when not given. Of a part of
        them only the order within the part counts.
    incomplete : {"refuse", "leave out"}
        What to do about a ranking with ties or blanks: stop, or leave it out of
        proximity and change (its pairwise preferences still count).
    alternative : {"two-sided", "greater", "less"}
        Of the swap test; "greater" asks for a rise.
    n_random : int
        Random profiles for the chance level.
    n_swaps : int
        Swaps of before and after within people.
    seed : int, optional

    Returns
    -------
    SinglePeakedness

    Raises
    ------
    DataError
        Ranks that cannot be, ties or blanks where refused, fewer than 3 options (every
        ranking of two is single-peaked) or more than 10 (the exact search and its chance
        level would take too long; leave out options, and say which).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"person": ["a", "b", "c"], "rail": [1, 2, 3],
    ...                       "bus": [2, 1, 1], "road": [3, 3, 2]})
    >>> found = single_peakedness(frame, n_random=99, seed=1)
    >>> found.stages[0].proximity.value, found.stages[0].axes[0]
    (1.0, ('rail', 'bus', 'road'))
    >>> found.stages[0].majorities.condorcet_winner
    'bus'
    """
    check_settings(single_peakedness, locals())
    if alternative not in get_args(Alternative):
        raise DataError(f"The alternative is {alternative!r}.",
                        remedy='Use "two-sided", "greater" or "less".')  # fmt: skip
    profiles = read_rankings(
        rankings, person=person, stage=stage, stages=stages, options=options, incomplete=incomplete
    )
    k = len(next(iter(profiles.values())).options)
    if k < 3:
        raise DataError(f"{k} options are ranked.", remedy="Every ranking of two options is "
                        "single-peaked; at least three are needed.")  # fmt: skip
    if k > MOST_OPTIONS:
        raise DataError(
            f"{k} options are ranked; the exact search goes to {MOST_OPTIONS}.",
            remedy="Name the main ones as options=, and say so beside the result.",
        )
    random, swaps = whole_number(n_random, "n_random", low=1), whole_number(
        n_swaps, "n_swaps", low=1
    )  # fmt: skip
    used = drawn_seed(seed)
    drawn: dict[int, Floats] = {}
    made = tuple(_stage(name, profile, random, used, drawn) for name, profile in profiles.items())
    change = None if len(made) < 2 else _change(made[0], made[-1], alternative, swaps, used)
    return SinglePeakedness(made, change, alternative, random, swaps, used)


def _stage(
    name: str, profile: Rankings, n_random: int, seed: int, drawn: dict[int, Floats]
) -> StagePreferences:
    orders = profile.orders
    n, k = orders.shape
    if n == 0:
        raise DataError(
            f"No complete ranking without ties is left{f' at {name!r}' if name else ''}.",
            remedy="Check the ranks.",
        )
    proximity, axes = best_axes(orders)
    if n not in drawn:
        step = partial(_random_proximities, n, k)
        shown = n * 2**k * n_random > 3e8
        parts = run_resamples(step, n_random, seed=seed, chunk_size=50, progress=shown,
                              description="random rankings")  # fmt: skip
        drawn[n] = np.concatenate(parts)
    chance = drawn[n]
    low, high = np.quantile(chance, [0.025, 0.975])
    p = p_value(int((chance >= proximity - 1e-12).sum()), n_random)
    error = float(chance.std(ddof=1) / np.sqrt(n_random)) if n_random > 1 else float("nan")
    return StagePreferences(
        name,
        profile,
        Estimate(proximity, p_value=p, n=n, note="complete list, so no interval"),
        Estimate(float(chance.mean()), error, float(low), float(high), n=n,
                 note="random rankings; ends hold the middle 95 % of them"),
        tuple(tuple(profile.options[i] for i in axis) for axis in axes),
        majorities(profile.ranks, profile.options),
    )  # fmt: skip


def _change(
    before: StagePreferences, after: StagePreferences, alternative: str, n_swaps: int, seed: int
) -> Estimate | None:
    """After − before over those who ranked at both, by swaps within people."""
    one = dict(zip(before.rankings.people, before.rankings.orders, strict=True))
    two = dict(zip(after.rankings.people, after.rankings.orders, strict=True))
    both = [who for who in one if who in two]
    if not both:
        return None
    # in the order of the rankings themselves, so that names and rows do not matter
    first, second = np.array([one[w] for w in both]), np.array([two[w] for w in both])
    order = np.lexsort(np.hstack([first, second]).T)
    home = _home_axes(first.shape[1])
    first, second = _axis_codes(first[order], home), _axis_codes(second[order], home)
    seen = _largest(second) - _largest(first)
    step = partial(_swapped_changes, first, second)
    shown = first.size * n_swaps > 2e7
    drawn = np.concatenate(run_resamples(step, n_swaps, seed=seed + 1, chunk_size=100,
                                         progress=shown, description="swaps"))  # fmt: skip
    extreme = {
        "greater": drawn >= seen,
        "less": drawn <= seen,
        "two-sided": np.abs(drawn) >= abs(seen),
    }[alternative]
    n = len(both)
    return Estimate(seen / n, p_value=p_value(int(extreme.sum()), n_swaps), n=n,
                    note=f"swap test, {alternative}, over {n} people of both stages")  # fmt: skip
