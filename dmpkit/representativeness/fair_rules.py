"""Maximin and leximin: lotteries over panels that are as fair as the quotas allow.

A lottery is a list of panels that meet the quotas, each with a probability. MAXIMIN
makes the lowest chance of anybody as high as possible; LEXIMIN then the next lowest,
and so on (Flanigan, Gölz, Gupta, Hennig and Procaccia 2021, Nature 596, 548-552).
Both are found by column generation: a linear program spreads probability over the
panels known so far, its prices say who is worst served, and an integer program looks
for the panel that serves them best, until no panel would help. People who are the
same to the quotas are taken together and get the same chance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import ConvergenceWarning, DataError, warn
from dmpkit.representativeness.drawing import draw_stratified
from dmpkit.representativeness.feasibility import TypeRows, solve_integer, type_rows
from dmpkit.representativeness.pool import DrawProblem

__all__ = ["PanelLottery", "leximin_lottery", "maximin_lottery"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Two chances closer than this are one: below it the solvers' last digits begin.
TOLERANCE = 1e-6
#: Panels that may be looked for before the answer is called rough.
_MOST_PANELS = 5000


@dataclass(frozen=True, eq=False)
class PanelLottery:
    """A lottery over panels.

    Attributes
    ----------
    counts : array of shape (panels, types)
        How many people of each type a panel has.
    probabilities : array of shape (panels,)
        They sum to 1.
    type_of : array of shape (people,)
        The type of each pool member.
    gap : float
        By how much the lowest chance could at most still be raised.
    """

    counts: Ints
    probabilities: Floats
    type_of: Ints
    gap: float

    @property
    def chances(self) -> Floats:
        """Each pool member's chance."""
        size = np.bincount(self.type_of)
        return np.asarray((self.probabilities @ self.counts / size)[self.type_of])

    def draw(self, generator: np.random.Generator, size: int) -> NDArray[np.int32]:
        """Panels drawn: positions in the pool, draws × seats."""
        members = [np.flatnonzero(self.type_of == t) for t in range(self.counts.shape[1])]
        picks = generator.choice(len(self.counts), size=size, p=self.probabilities)
        out = np.empty((size, int(self.counts[0].sum())), dtype=np.int32)
        for row, pick in enumerate(picks):
            own = self.counts[pick]
            parts = [
                members[t] if own[t] == len(members[t])
                else generator.choice(members[t], own[t], replace=False)
                for t in np.flatnonzero(own)
            ]  # fmt: skip
            out[row] = np.concatenate(parts)
        return out


class _Panels:
    """The panels known so far, and the integer program that finds others."""

    def __init__(self, problem: DrawProblem, generator: np.random.Generator) -> None:
        from scipy.optimize import Bounds, LinearConstraint

        self.rows: TypeRows = type_rows(problem)
        self.type_of = problem.types[0]
        self.bounds = Bounds(0, self.rows.size)
        n_types = len(self.rows.size)
        limits = [LinearConstraint(np.ones((1, n_types)), problem.seats, problem.seats)]
        if len(self.rows.cells):
            limits.append(LinearConstraint(self.rows.cells, problem.minimum, problem.maximum))
        if len(self.rows.homes):
            limits.append(LinearConstraint(self.rows.homes, -np.inf, 1))
        self.limits = limits
        self.known: dict[bytes, Ints] = {}
        self._begin(problem, generator)

    def _begin(self, problem: DrawProblem, generator: np.random.Generator) -> None:
        """Some panels of the stratified rule, then one for each type that none of them has."""
        n_types = len(self.rows.size)
        try:
            drawn = draw_stratified(generator, 3 * n_types, problem, max_attempts=50)
        except DataError:  # rare panels: the integer program finds them all the same
            drawn = None
        for panel in () if drawn is None else drawn.panels:
            self.add(np.bincount(self.type_of[panel], minlength=n_types))
        for t in range(n_types):
            if not any(counts[t] for counts in self.known.values()):
                price = np.zeros(n_types)
                price[t] = 1.0
                self.add(self.best(price))

    def add(self, counts: Ints) -> bool:
        """Whether a panel was new."""
        key = counts.astype(np.int64).tobytes()
        new = key not in self.known
        self.known.setdefault(key, counts.astype(np.int64))
        return new

    def best(self, price: Floats) -> Ints:
        """The panel with the highest sum of prices."""
        found = solve_integer(-price, self.limits, self.bounds)
        if found is None:
            raise DataError(
                "No panel meets the quotas.", remedy="check_feasibility says what to change."
            )
        return np.round(found).astype(np.int64)

    @property
    def shares(self) -> Floats:
        """Share of each type's people that each panel has: types × panels."""
        return np.array(list(self.known.values())).T / self.rows.size[:, None]


def maximin_lottery(problem: DrawProblem, generator: np.random.Generator) -> PanelLottery:
    """The lottery whose lowest chance is as high as possible.

    Only the lowest chance is unique; how the others are spread is up to the solver.
    People who are in no panel that meets the quotas have no chance under any rule and
    are left out of the minimum.

    Parameters
    ----------
    problem : DrawProblem
        Feasible.
    generator : numpy Generator
        For the panels to begin with.
    """
    panels = _Panels(problem, generator)
    free = panels.shares.max(axis=1) > 0
    floor = np.zeros(len(free))
    _, weights, _, gap = _raise_lowest(panels, free, floor)
    return _lottery(panels, weights, gap)


def leximin_lottery(problem: DrawProblem, generator: np.random.Generator) -> PanelLottery:
    """The lottery that raises the lowest chance, then the next lowest, and so on.

    The chances are unique. It takes many programs: meant for pools of some hundred
    people.

    Parameters
    ----------
    problem : DrawProblem
        Feasible.
    generator : numpy Generator
        For the panels to begin with.
    """
    panels = _Panels(problem, generator)
    free = panels.shares.max(axis=1) > 0
    floor = np.zeros(len(free))
    worst = 0.0
    weights = np.zeros(0)
    while free.any():
        value, weights, price, gap = _raise_lowest(panels, free, floor)
        worst = max(worst, gap)
        held = free & (price > TOLERANCE)
        floor[held] = max(value - TOLERANCE / 10, 0.0)
        free &= ~held
    return _lottery(panels, weights, worst)


def _lottery(panels: _Panels, weights: Floats, gap: float) -> PanelLottery:
    used = np.flatnonzero(weights > 1e-12)
    counts = np.array(list(panels.known.values()))[: len(weights)][used]
    return PanelLottery(counts, weights[used] / weights[used].sum(), panels.type_of, gap)


def _raise_lowest(
    panels: _Panels, free: NDArray[np.bool_], floor: Floats
) -> tuple[float, Floats, Floats, float]:
    """The highest lowest chance of the free types, the others kept at their floor.

    Returns
    -------
    value : float
    weights : array of shape (panels,)
        Probability of each known panel.
    price : array of shape (types,)
        What the lowest chance would gain if a type needed less.
    gap : float
        What a panel not yet known could at most add.
    """
    while True:
        shares = panels.shares
        value, weights, price = _spread(shares, free, floor)
        per_person = price / panels.rows.size
        best = panels.best(per_person)
        gap = float(per_person @ best - (price @ shares).max())
        if gap <= TOLERANCE or not panels.add(best):
            return value, weights, price, max(gap, 0.0)
        if len(panels.known) > _MOST_PANELS:
            warn(
                f"The lottery was still being improved after {_MOST_PANELS} panels; its lowest "
                f"chance could be higher by {gap:.2g} at most.",
                ConvergenceWarning,
            )
            return value, weights, price, gap


def _spread(shares: Floats, free: NDArray[np.bool_], floor: Floats) -> tuple[float, Floats, Floats]:
    """The linear program over the known panels."""
    from scipy.optimize import linprog

    n_panels = shares.shape[1]
    cost = np.concatenate([np.zeros(n_panels), [-1.0]])
    rows = np.column_stack([-shares, free.astype(np.float64)])
    limits = np.where(free, 0.0, -floor)
    whole = np.concatenate([np.ones(n_panels), [0.0]])[None]
    found = linprog(cost, A_ub=rows, b_ub=limits, A_eq=whole, b_eq=[1.0], bounds=(0, None),
                    method="highs")  # fmt: skip
    if found.x is None:
        raise DataError(f"The linear program of the fair lottery failed: {found.message}")
    return -float(found.fun), np.asarray(found.x[:-1]), -np.asarray(found.ineqlin.marginals)
