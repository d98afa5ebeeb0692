"""Drawing panels: the greedy stratified rule and the simple rule, many draws at once.

Each *lane* is one attempt that goes its own way; all lanes of a batch take their
next step together, as arrays. Attempts that run into a dead end are dropped and
others begun, and panels are kept in the order in which they were begun, so that
they are independent draws of the rule, given that it succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.representativeness.pool import DrawProblem

__all__ = ["Drawn", "draw_simple", "draw_stratified", "replace_dropouts"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
#: Tries at a random member of a cell before the members still there are counted out.
_TRIES = 6
#: Attempts that run side by side: memory is this times the pool, in bytes.
_MOST_LANES = 5000


@dataclass(frozen=True, eq=False)
class Drawn:
    """A batch of panels.

    Attributes
    ----------
    panels : array of shape (draws, seats)
        Positions in the pool; -1 for a seat that stayed empty.
    attempted, succeeded : int
        How many panels were begun, and how many of these could be finished: as many as
        were asked for, or more.
    """

    panels: NDArray[np.int32]
    attempted: int
    succeeded: int


@dataclass(eq=False)
class _Lanes:
    """Where each draw stands."""

    alive: Bools  # lanes × people: may still be drawn
    available: Ints  # lanes × quotas: how many of them
    chosen: Ints  # lanes × quotas: drawn so far
    panel: NDArray[np.int32]  # lanes × seats
    filled: Ints  # lanes

    def rows(self, lanes: Ints) -> _Lanes:
        """A copy of some lanes."""
        return _Lanes(*(array[lanes] for array in vars(self).values()))


class _Cells:
    """Members of each quota, and of the whole pool as one more cell, for random picks."""

    def __init__(self, problem: DrawProblem) -> None:
        n_cells = len(problem.cells)
        groups = [np.flatnonzero(problem.indicator[:, c]) for c in range(n_cells)]
        self.members = [*groups, np.arange(problem.n)]
        self.flat: Ints = np.concatenate(self.members)
        self.sizes: Ints = np.array([len(g) for g in self.members])
        self.starts: Ints = np.cumsum(self.sizes) - self.sizes
        self.everybody = n_cells
        self.weights = problem.weights
        if self.weights is not None:
            self.running: NDArray[np.float64] = np.cumsum(self.weights[self.flat])
            before = np.concatenate([[0.0], self.running])
            self.low = before[self.starts]
            self.high = before[self.starts + self.sizes]

    def guess(self, generator: np.random.Generator, cell: Ints) -> Ints:
        """A random member of each cell, whether still there or not."""
        u = generator.random(len(cell))
        if self.weights is None:
            return self.flat[self.starts[cell] + (u * self.sizes[cell]).astype(np.int64)]
        at = self.low[cell] + u * (self.high[cell] - self.low[cell])
        place = np.searchsorted(self.running, at, side="right")
        last = (self.starts + self.sizes)[cell] - 1
        return np.asarray(self.flat[np.clip(place, self.starts[cell], last)])

    def pick(self, generator: np.random.Generator, alive: Bools, lanes: Ints, cell: Ints) -> Ints:
        """One person still there from each lane's cell, with equal (or weighted) chances."""
        person = self.guess(generator, cell)
        left = np.flatnonzero(~alive[lanes, person])
        for _ in range(_TRIES):
            if not left.size:
                return person
            person[left] = self.guess(generator, cell[left])
            left = left[~alive[lanes[left], person[left]]]
        for c in np.unique(cell[left]):
            rows = left[cell[left] == c]
            person[rows] = self._count_out(generator, alive, lanes[rows], int(c))
        return person

    def _count_out(
        self, generator: np.random.Generator, alive: Bools, lanes: Ints, cell: int
    ) -> Ints:
        members = self.members[cell]
        there = alive[lanes[:, None], members]
        if self.weights is None:
            running = np.cumsum(there, axis=1, dtype=np.int32)
            wanted = (generator.random(len(lanes)) * running[:, -1]).astype(np.int32) + 1
            return np.asarray(members[(running >= wanted[:, None]).argmax(axis=1)])
        mass = np.cumsum(there * self.weights[members], axis=1)
        at = generator.random(len(lanes)) * mass[:, -1]
        return np.asarray(members[((mass > at[:, None]) & there).argmax(axis=1)])


def draw_stratified(
    generator: np.random.Generator, size: int, problem: DrawProblem, *, max_attempts: int = 1000
) -> Drawn:
    """Draw panels as practitioners' stratified programs did before 2019.

    Seats are filled one after the other. Each time the quota is taken for which the
    people still needed (minimum less those drawn) are most in relation to the people
    still there; one of these is drawn at random. When a quota has its maximum, all
    who count towards it are set aside, as are the others at the address of a person
    drawn. When more are needed than are there, the panel is begun anew. This is the
    rule that Flanigan et al. (2021) call LEGACY. Where a description leaves a choice
    open it is ours: ties between quotas are decided at random, and once all minimums
    are met the next person is drawn from everybody who may still be drawn.
    sortition-algorithms 0.12.15 (``legacy``) gives the same chances where the minimums
    of a variable fill the panel; where they leave seats open, it fills these in
    another way, and chances differ.

    Parameters
    ----------
    generator : numpy Generator
    size : int
        Panels to draw.
    problem : DrawProblem
    max_attempts : int
        Attempts a panel on average; with fewer successes the rule is given up.

    Returns
    -------
    Drawn

    Raises
    ------
    DataError
        When less than one attempt in `max_attempts` succeeds.
    """
    cells = _Cells(problem)
    start = _start(problem, cells)
    kept: list[NDArray[np.int32]] = []
    n_kept = attempted = 0
    while n_kept < size:
        rate = (n_kept + 1) / (attempted + 1)
        n_lanes = min(round(1.1 * (size - n_kept) / rate) + 10, _MOST_LANES)
        lanes = start.rows(np.zeros(n_lanes, dtype=np.int64))
        good = _fill(generator, lanes, problem, cells)
        kept.append(lanes.panel[good])
        n_kept, attempted = n_kept + int(good.sum()), attempted + n_lanes
        if attempted > max_attempts * max(n_kept, 1) and n_kept < size:
            raise DataError(
                f"The stratified draw begun {attempted:,} times gave {n_kept} panels.",
                remedy="Panels that meet the quotas exist but are rare: widen the narrowest "
                'quotas, raise max_attempts, or use rule="maximin".',
            )
    return Drawn(np.concatenate(kept)[:size], attempted, n_kept)


def _start(problem: DrawProblem, cells: _Cells) -> _Lanes:
    """The one lane that nobody has been drawn in; people of quotas of 0 are set aside."""
    alive = np.ones((1, problem.n), dtype=np.bool_)
    for c in np.flatnonzero(problem.maximum == 0):
        alive[0, cells.members[c]] = False
    return _Lanes(
        alive,
        (alive.astype(np.float32) @ problem.indicator).astype(np.int64),
        np.zeros((1, len(problem.cells)), dtype=np.int64),
        np.full((1, problem.seats), -1, dtype=np.int32),
        np.zeros(1, dtype=np.int64),
    )


def _fill(
    generator: np.random.Generator, lanes: _Lanes, problem: DrawProblem, cells: _Cells
) -> Bools:
    """Fill the empty seats of all lanes in place, each until it ends; which have a panel."""
    minimum, n_cells = problem.minimum, len(problem.cells)
    done = np.zeros(len(lanes.filled), dtype=np.bool_)
    active = np.arange(len(done))
    while active.size:
        needed, there = minimum - lanes.chosen[active], lanes.available[active]
        full = lanes.filled[active] == problem.seats
        dead = (needed > there).any(axis=1)
        dead |= np.where(
            full, (needed > 0).any(axis=1), ~_anybody(lanes.alive, active, there, n_cells)
        )
        done[active[full & ~dead]] = True
        go = ~dead & ~full
        active = active[go]
        if active.size:
            cell = _next_cell(generator, needed[go], there[go], n_cells)
            person = cells.pick(generator, lanes.alive, active, cell)
            _seat(lanes, active, person, problem, cells)
    return done


def _anybody(alive: Bools, lanes: Ints, there: Ints, n_cells: int) -> Bools:
    """Whether a lane has anybody left; each person counts towards a quota, if there are any."""
    left = there > 0 if n_cells else alive[lanes]
    return np.asarray(left.any(axis=1))


def _next_cell(generator: np.random.Generator, needed: Ints, there: Ints, n_cells: int) -> Ints:
    """The quota to draw from in each lane; `n_cells` stands for the whole pool."""
    if not n_cells:
        return np.zeros(len(needed), dtype=np.int64)
    ratio = np.where(there > 0, needed / np.maximum(there, 1), -1.0)
    highest = ratio.max(axis=1)
    tie = generator.random(ratio.shape, dtype=np.float32)
    cell = np.where(ratio == highest[:, None], tie, -1.0).argmax(axis=1)
    return np.where(highest > 0, cell, n_cells)


def _seat(lanes: _Lanes, rows: Ints, person: Ints, problem: DrawProblem, cells: _Cells) -> None:
    """Give each lane's person a seat, and set aside who cannot be drawn any more."""
    lanes.panel[rows, lanes.filled[rows]] = person
    lanes.filled[rows] += 1
    lanes.alive[rows, person] = False
    own = problem.member[person]
    lanes.chosen[rows[:, None], own] += 1
    lanes.available[rows[:, None], own] -= 1
    if problem.others is not None:
        _set_aside_household(lanes, rows, problem.others[person], problem.member)
    full = lanes.chosen[rows[:, None], own] == problem.maximum[own]
    which, column = np.nonzero(full)
    _set_aside_cells(lanes, rows[which], own[which, column], problem, cells)


def _set_aside_household(lanes: _Lanes, rows: Ints, others: Ints, member: Ints) -> None:
    for column in others.T:
        there = column >= 0
        there[there] = lanes.alive[rows[there], column[there]]
        lane, other = rows[there], column[there]
        lanes.alive[lane, other] = False
        lanes.available[lane[:, None], member[other]] -= 1


def _set_aside_cells(
    lanes: _Lanes, rows: Ints, full: Ints, problem: DrawProblem, cells: _Cells
) -> None:
    order = np.argsort(full, kind="stable")
    rows, full = rows[order], full[order]
    for group in np.split(np.arange(len(full)), np.flatnonzero(np.diff(full)) + 1):
        if not group.size:
            continue
        lane, members = rows[group][:, None], cells.members[full[group[0]]]
        leaving = lanes.alive[lane, members].astype(np.float32)
        gone = leaving @ problem.indicator[members]
        lanes.available[lane[:, 0]] -= gone.astype(np.int64)
        lanes.alive[lane, members] = False


def draw_simple(
    generator: np.random.Generator, size: int, problem: DrawProblem, *, max_attempts: int = 1000
) -> Drawn:
    """Draw simple random samples and reject those that break a quota or the household rule.

    Every panel that meets the quotas has the same chance (with weights: people are
    drawn one after the other in proportion to them).

    Raises
    ------
    DataError
        When fewer than one in `max_attempts` samples are kept.
    """
    kept: list[NDArray[np.int32]] = []
    n_kept = looked = 0
    rows = max(1, min(size, 4_000_000 // max(problem.n, 1)))
    while n_kept < size:
        samples = _samples(generator, rows, problem)
        good = samples[_allowed(samples, problem)]
        kept.append(good)
        n_kept, looked = n_kept + len(good), looked + rows
        if looked >= max_attempts * size and n_kept < size:
            raise DataError(
                f"Of {looked:,} simple random samples, {n_kept} meet the quotas.",
                remedy='Use rule="stratified", which draws towards the quotas.',
            )
    return Drawn(np.concatenate(kept)[:size], looked, n_kept)


def _samples(generator: np.random.Generator, rows: int, problem: DrawProblem) -> NDArray[np.int32]:
    keys = generator.random((rows, problem.n))
    if problem.weights is not None:
        keys = -np.log1p(-keys) / problem.weights  # exponential clocks: successive sampling
    if problem.seats == problem.n:
        return np.tile(np.arange(problem.n, dtype=np.int32), (rows, 1))
    order = np.argpartition(keys, problem.seats - 1, axis=1)
    return order[:, : problem.seats].astype(np.int32)


def _allowed(samples: NDArray[np.int32], problem: DrawProblem) -> Bools:
    good = np.ones(len(samples), dtype=np.bool_)
    for column in problem.member.T:
        counts = _counts(column[samples], len(problem.cells))
        own = np.unique(column)
        inside = (counts[:, own] >= problem.minimum[own]) & (counts[:, own] <= problem.maximum[own])
        good &= inside.all(axis=1)
    if len(problem.cells):
        unmet = (problem.cells["available"] == 0) & (problem.minimum > 0)
        good &= not unmet.any()
    if problem.households is not None:
        homes = np.sort(problem.households[samples], axis=1)
        good &= (np.diff(homes, axis=1) > 0).all(axis=1)
    return good


def _counts(codes: Ints, n_codes: int) -> Ints:
    """How often each code stands in each row."""
    rows = np.arange(len(codes))[:, None] * n_codes
    flat = np.bincount((codes + rows).ravel(), minlength=len(codes) * n_codes)
    return flat.reshape(len(codes), n_codes)


def replace_dropouts(
    generator: np.random.Generator,
    drawn: Drawn,
    problem: DrawProblem,
    dropout: NDArray[np.float64],
    *,
    max_attempts: int = 100,
) -> tuple[Drawn, Ints]:
    """Let members drop out by chance and fill their seats by the stratified rule.

    The quotas are those of the panel; whoever dropped out is not asked again, and
    replacements stay. Where no replacement keeps the quotas, the seats stay empty.

    Parameters
    ----------
    generator : numpy Generator
    drawn : Drawn
    problem : DrawProblem
    dropout : array of shape (people,)
        Each person's chance to drop out once drawn, independent of the others.
    max_attempts : int
        How often the replacement of a panel is begun.

    Returns
    -------
    Drawn
        The final panels.
    dropped : array of shape (draws,)
        How many dropped out.
    """
    cells = _Cells(problem)
    leaves = generator.random(drawn.panels.shape) < dropout[drawn.panels]
    start = _after_dropout(drawn.panels, leaves, problem, cells)
    panels = start.panel.copy()
    left = np.flatnonzero(leaves.any(axis=1))
    for _ in range(max_attempts):
        if not left.size:
            break
        lanes = start.rows(left)
        good = _fill(generator, lanes, problem, cells)
        panels[left[good]] = lanes.panel[good]
        left = left[~good]
    return Drawn(panels, drawn.attempted, drawn.succeeded), leaves.sum(axis=1)


def _after_dropout(
    panels: NDArray[np.int32], leaves: Bools, problem: DrawProblem, cells: _Cells
) -> _Lanes:
    size, seats = panels.shape
    order = np.argsort(leaves, axis=1, kind="stable")  # who stays comes first
    panel = np.take_along_axis(np.where(leaves, -1, panels), order, axis=1).astype(np.int32)
    lanes = _start(problem, cells).rows(np.zeros(size, dtype=np.int64))
    lanes.panel[:] = panel
    lanes.filled[:] = seats - leaves.sum(axis=1)
    row, _ = np.nonzero(panels >= 0)
    lanes.alive[row, panels.ravel()] = False
    stays_row, stays_seat = np.nonzero(panel >= 0)
    stays = panel[stays_row, stays_seat]
    np.add.at(lanes.chosen, (stays_row[:, None], problem.member[stays]), 1)
    if problem.others is not None:
        others = problem.others[stays]
        for column in others.T:
            there = column >= 0
            lanes.alive[stays_row[there], column[there]] = False
    for c in range(len(problem.cells)):
        full = np.flatnonzero(lanes.chosen[:, c] >= problem.maximum[c])
        lanes.alive[full[:, None], cells.members[c]] = False
    lanes.available[:] = (lanes.alive.astype(np.float32) @ problem.indicator).astype(np.int64)
    return lanes
