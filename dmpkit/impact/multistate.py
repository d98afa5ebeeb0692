"""Occupancy: what share of the recommendations stands in each state, over time.

States may be left and come back to: a rejection can be reversed, a law repealed. So
occupancy, and not "ever implemented", is what a ledger shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.impact.curves import INTERVALS, Curves
from dmpkit.impact.followup import (
    Floats,
    Ints,
    check_choice,
    check_level,
    labels_of,
    numbers,
    risk_counts,
)
from dmpkit.impact.pooled import bootstrap_occupancy
from dmpkit.impact.product_limit import Counts, product_limit
from dmpkit.reporting import Estimate
from dmpkit.tables import require_columns, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CENSORED", "Occupancy", "Stays", "occupancy", "read_stays"]

#: Word for the end of the observation, where no other state follows.
CENSORED = "censored"
_END = (CENSORED, "cens", "")


@dataclass(frozen=True, eq=False)
class Stays:
    """Checked stays: one row an item and state, in order of item and time.

    Attributes
    ----------
    item : ndarray of int, shape (n,)
    start, stop : ndarray, shape (n,)
    source, target : ndarray of int, shape (n,)
        Position of the state; -1 in `target` where the observation ends.
    states : tuple of str
    recorded : DataFrame
        Moves as they were recorded, before instant stays were passed through:
        ``from, to, count``.
    notes : tuple of str
    """

    item: Ints
    start: Floats
    stop: Floats
    source: Ints
    target: Ints
    states: tuple[str, ...]
    recorded: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(np.unique(self.item))

    def counts(self) -> Counts:
        """Moves and numbers at risk at each distinct time."""
        times, place = np.unique(self.stop, return_inverse=True)
        s = len(self.states)
        moved = self.target >= 0
        kinds, kind = np.unique(self.source[moved] * s + self.target[moved], return_inverse=True)
        cells = np.bincount(place[moved] * len(kinds) + kind, minlength=len(times) * len(kinds))
        spells = tuple(
            (np.sort(self.start[self.source == i]), np.sort(self.stop[self.source == i]))
            for i in range(s)
        )
        return Counts(
            times=times,
            pairs=np.stack([kinds // s, kinds % s], axis=1),
            moves=cells.reshape(len(times), len(kinds)),
            at_risk=np.stack([risk_counts(times, *spell) for spell in spells], axis=1),
            spells=spells,
        )

    def beginning(self) -> Floats:
        """How many begin in each state at the earliest start."""
        first = self.start == self.start.min()
        return np.bincount(self.source[first], minlength=len(self.states)).astype(float)


@dataclass(frozen=True, eq=False, repr=False)
class Occupancy(Curves):
    """Result of :func:`occupancy`."""

    stays: Stays = field(kw_only=True)

    title: ClassVar[str] = "What state the recommendations are in"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "transitions": "Moves as recorded, counts and never percentages alone.",
    }

    def _spread(self, risk: Ints) -> Ints:
        return risk

    @cached_property
    def transition_counts(self) -> pd.DataFrame:
        """Moves as recorded, one row a state left and one column a state entered.

        The last column, ``censored``, counts observations that end in the state.
        """
        names = [*self.states, CENSORED]
        wide = self.stays.recorded.pivot_table(
            index="from", columns="to", values="count", aggfunc="sum", fill_value=0
        )
        wide = wide.reindex(index=list(self.states), columns=names, fill_value=0).astype(int)
        return wide.rename_axis(columns=None).reset_index()

    @cached_property
    def time_in_state(self) -> pd.DataFrame:
        """Time spent in each state by all items together: ``state, time, stays``."""
        s = len(self.states)
        spent = np.bincount(self.stays.source, self.stays.stop - self.stays.start, minlength=s)
        stays = np.bincount(self.stays.source, minlength=s)
        return pd.DataFrame({"state": list(self.states), "time": spent, "stays": stays})

    def covariance(self, time: float) -> pd.DataFrame:
        """Greenwood covariance of the occupancy of all states at a time.

        Parameters
        ----------
        time : float

        Returns
        -------
        DataFrame
            ``state`` and one column a state.
        """
        used = int(np.searchsorted(self.times, float(time), side="right"))
        s = len(self.states)
        found = product_limit(self.counts.until(used), self.start)[2] if used else np.zeros((s, s))
        table = pd.DataFrame(found, columns=list(self.states))
        table.insert(0, "state", list(self.states))
        return table

    def median(self, state: str) -> Estimate:
        """First time at which half or more stand in a state; NaN, with a note, if never.

        Parameters
        ----------
        state : str
        """
        return self._when(self._place(state), 0.5, falling=False)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Occupancy, moves and time spent."""
        return {
            "occupancy": self.table,
            "transitions": self.transition_counts,
            "time_in_state": self.time_in_state,
        }

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return (
            f"The share of {self.n:,} items in each of {len(self.states)} states "
            f"({', '.join(self.states)}) was estimated over time by the Aalen–Johansen product "
            "limit; a state may be left again. The shares at the start are those of the items "
            f"observed then and are taken as known. {self.uncertainty}"
        )

    def plot(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Occupancy stacked over time.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        **options
            Of :func:`~dmpkit.impact.incidence_plots.plot_occupancy`.
        """
        from dmpkit.impact.incidence_plots import plot_occupancy

        return plot_occupancy(self, ax=ax, **options)


def occupancy(
    rows: Any,
    *,
    states: Sequence[str] | None = None,
    process: str | None = None,
    bands: bool = False,
    interval: str = "plain",
    level: float = 0.95,
    n_resamples: int = 999,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> Occupancy:
    """Share of items in each state over time (Aalen–Johansen, any state space).

    p(t) = p(0) Π_{s ≤ t} (I + dA(s)), dA_ij = moves from i to j over those at risk in i
    just before s; Greenwood covariance (Andersen, Borgan, Gill and Keiding 1993). Without
    censoring and late entry it is the plain share in each state.

    Parameters
    ----------
    rows : DataFrame
        One row a stay: ``id, start, stop, from, to``; `to` is ``censored``, empty or
        missing where the observation ends. A stay counts at risk for start < t ≤ stop. A
        state left at the instant it was entered is passed through.
    states : sequence of str, optional
        Order of the states; by first appearance if left out. Any other state is an error.
    process : str, optional
        Column that names the process; intervals then come from drawing whole processes.
    bands, interval, level, n_resamples, seed, n_jobs, progress
        As in :func:`dmpkit.impact.cumulative_incidence`.

    Returns
    -------
    Occupancy
        ``.table``, ``.at(times)``, ``.transition_counts``, ``.time_in_state``,
        ``.restricted_mean(horizon)``, ``.covariance(time)``, ``.plot()``.

    Raises
    ------
    DataError
        Names the row: a stop before its start, stays that overlap, an unknown state, a
        stay that does not begin where the one before led.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({
    ...     "id": ["a", "a", "b"], "start": [0, 2, 0], "stop": [2, 6, 6],
    ...     "from": ["received", "accepted", "received"],
    ...     "to": ["accepted", "censored", "censored"]})
    >>> occupancy(rows).at([3])[["state", "estimate", "at_risk"]]
          state  estimate  at_risk
    0  received       0.5        1
    1  accepted       0.5        1
    """
    check_settings(occupancy, locals())
    check_choice(interval, INTERVALS, "interval")
    check_level(level)
    frame = to_pandas(rows, what="table of stays").reset_index(drop=True)
    stays = read_stays(frame, states=states)
    counts, begun = stays.counts(), stays.beginning()
    start = begun / begun.sum()
    probability, variance, _ = product_limit(counts, start)
    pooled, notes = None, stays.notes
    if process is not None:
        require_columns(frame, [process])
        of = _process_of_items(frame, process)
        pooled, said = bootstrap_occupancy(
            stays, of, counts, level, n_resamples, seed, n_jobs, progress
        )
        notes += said
    return Occupancy(
        counts=counts,
        states=stays.states,
        start=start,
        probability=probability,
        variance=variance,
        n=stays.n_items,
        bands=bool(bands),
        interval=interval,
        level=level,
        bootstrapped=pooled,
        notes=notes,
        stays=stays,
    )


def _process_of_items(frame: pd.DataFrame, process: str) -> Any:
    """Process of each item, in the order in which the items are numbered."""
    names = pd.Series(labels_of(frame[process], process, len(frame)))
    item = pd.Series(pd.factorize(frame["id"])[0])
    several = names.groupby(item).agg(lambda own: len(set(own))) > 1
    if several.any():
        at = int(np.argmax(item.isin(several[several].index)))
        raise DataError(
            f"item {frame['id'].iloc[at]!r} stands in more than one process.", column=process
        )
    return names.groupby(item).first().to_numpy(dtype=object)


def read_stays(frame: pd.DataFrame, *, states: Sequence[str] | None = None) -> Stays:
    """Check stays and put them in order of item and time.

    Parameters
    ----------
    frame : DataFrame
        As in :func:`occupancy`.
    states : sequence of str, optional

    Returns
    -------
    Stays

    Raises
    ------
    DataError
        As in :func:`occupancy`.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": [1], "start": [0], "stop": [2], "from": ["a"], "to": [None]})
    >>> read_stays(frame).states
    ('a',)
    """
    require_columns(frame, ["id", "start", "stop", "from", "to"])
    if not len(frame):
        raise DataError("There are no rows.", remedy="Give one row a stay in a state.")
    if frame["id"].isna().any():
        raise DataError("is missing.", row=int(frame["id"].isna().argmax()) + 1, column="id")
    start, stop = numbers(frame["start"], "start"), numbers(frame["stop"], "stop")
    _refuse_row(stop < start, "the stop lies before the start", "stop", "Mend the dates.")
    source, target, known = _state_codes(frame, states)
    item = pd.factorize(frame["id"])[0].astype(np.int64)
    order = np.lexsort((stop, start, item))
    target = np.where(target == source, -1, target)  # a record split in two
    recorded = _recorded(source, target, known)
    gaps = _check_order(item, start, stop, source, target, order)
    item, start, stop = item[order], start[order], stop[order]
    source, target = source[order], target[order]
    kept, target, passed = _pass_through(item, start, stop, source, target)
    notes = _stay_notes(passed, gaps, item[kept], start[kept])
    if not kept.any():
        raise DataError("no stay lasts any time.", column="stop", remedy="Look at the dates.")
    return Stays(
        item[kept], start[kept], stop[kept], source[kept], target[kept], known, recorded, notes
    )


def _refuse_row(wrong: Any, problem: str, column: str, remedy: str) -> None:
    if wrong.any():
        raise DataError(f"{problem}.", row=int(np.argmax(wrong)) + 1, column=column, remedy=remedy)


def _state_codes(
    frame: pd.DataFrame, states: Sequence[str] | None
) -> tuple[Ints, Ints, tuple[str, ...]]:
    missing = frame["from"].isna().to_numpy()
    _refuse_row(missing, "the state is missing", "from", "Say which state the item was in.")
    here, here_names = pd.factorize(frame["from"])
    there, there_names = pd.factorize(frame["to"])  # missing is -1
    names, ends = [str(v).strip() for v in here_names], [str(v).strip() for v in there_names]
    found = list(dict.fromkeys([*names, *(e for e in ends if e not in _END)]))
    known = tuple(found if states is None else map(str, states))
    bad = [v for v in found if v not in known or v in _END]
    if bad:
        place = np.isin(here, [i for i, v in enumerate(names) if v == bad[0]])
        column = "from" if place.any() else "to"
        if column == "to":
            place = np.isin(there, [i for i, v in enumerate(ends) if v == bad[0]])
        _refuse_row(
            place, f"{bad[0]!r} is not one of the states", column, f"Use: {', '.join(known)}."
        )
    source = np.array([known.index(v) for v in names], dtype=np.int64)[here]
    coded = np.array([-1 if v in _END else known.index(v) for v in [*ends, ""]], dtype=np.int64)
    return source, coded[there], known


def _recorded(source: Ints, target: Ints, known: tuple[str, ...]) -> pd.DataFrame:
    s = len(known) + 1
    cells = np.bincount(source * s + target + 1, minlength=len(known) * s).reshape(-1, s)
    i, j = cells.nonzero()
    names = np.array([CENSORED, *known], dtype=object)
    return pd.DataFrame({"from": names[i + 1], "to": names[j], "count": cells[i, j]})


def _check_order(
    item: Ints, start: Floats, stop: Floats, source: Ints, target: Ints, order: Ints
) -> int:
    """Refuse overlaps and stays that begin elsewhere; return the number of gaps."""
    one, two = order[:-1], order[1:]
    same = item[one] == item[two]
    overlap = same & (start[two] < stop[one])
    led = np.where(target[one] >= 0, target[one], source[one])
    broken = same & ~overlap & (start[two] == stop[one]) & (source[two] != led)
    for wrong, problem, remedy in (
        (overlap, "the stay overlaps another of the same item", "End one before the other starts."),
        (broken, "the stay does not begin in the state that the one before led to", "Mend either."),
    ):
        if wrong.any():
            raise DataError(f"{problem}.", row=int(two[np.argmax(wrong)]) + 1, remedy=remedy)
    return int((same & (start[two] > stop[one])).sum())


def _pass_through(
    item: Ints, start: Floats, stop: Floats, source: Ints, target: Ints
) -> tuple[Any, Ints, int]:
    """Leave out stays of no length; the stay before leads to where the last of them led."""
    lasting = stop > start
    target = target.copy()
    if lasting.all():
        return lasting, target, 0
    block = np.cumsum(lasting) - 1  # the lasting stay before, also of another item
    instant = np.flatnonzero(~lasting & (block >= 0))
    host = np.flatnonzero(lasting)[block[instant]] if lasting.any() else instant
    own = (item[host] == item[instant]) & (stop[host] == start[instant]) & (target[host] >= 0)
    instant, host = instant[own], host[own]
    led = np.where(target[instant] >= 0, target[instant], source[instant])
    target[host] = led  # in order: the last one stands
    target = np.where(target == source, -1, target)
    return lasting, target, int((~lasting).sum())


def _stay_notes(passed: int, gaps: int, item: Ints, start: Floats) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if passed:
        notes += (f"{passed:,} stays lasted no time; they count as moves but not as stays.",)
    if gaps:
        notes += (f"{gaps:,} times an item was out of sight for a while; it counts when seen.",)
    if len(start):
        first = pd.Series(start).groupby(item).min()
        late = int((first > first.min()).sum())
        if late:
            notes += (f"{late:,} items come under observation after the start.",)
    return notes
