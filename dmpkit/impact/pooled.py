"""Uncertainty of pooled processes: whole processes are drawn again, never single items.

Recommendations of one process share its addressee, its government and its fate, so
the process is the unit that could have been another one. Each resample draws as many
processes as there are, with replacement, each with all its items.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, SmallSampleWarning, warn
from dmpkit.impact.curves import Bootstrapped, percentiles
from dmpkit.impact.followup import (
    Floats,
    FollowUp,
    Ints,
    check_horizon,
    check_level,
    follow_up,
    labels_of,
    risk_counts,
    z_of,
)
from dmpkit.impact.product_limit import Counts, counts_of_causes, integrated
from dmpkit.resampling import drawn_seed, run_resamples

if TYPE_CHECKING:
    from dmpkit.impact.multistate import Stays

__all__ = ["FEW", "bootstrap_incidence", "bootstrap_occupancy", "restricted_mean_difference"]

#: Fewer processes than this and a percentile interval is said to be rough. Our own threshold.
FEW = 10
#: Fewer than this and there is no interval at all. Our own threshold.
TOO_FEW = 5
_CELLS = 40_000_000  # numbers of all resamples together


@dataclass(frozen=True, eq=False)
class _Parts:
    """Counts of each process at each time: at risk (J, T), events (J, T, K)."""

    times: Floats
    at_risk: Ints
    events: Ints

    def __len__(self) -> int:
        return len(self.at_risk)


def _parts(seen: FollowUp, process: NDArray[np.object_], times: Floats) -> _Parts:
    names = list(pd.unique(process))
    at_risk = np.zeros((len(names), len(times)), dtype=np.int64)
    events = np.zeros((len(names), len(times), len(seen.causes)), dtype=np.int64)
    for j, name in enumerate(names):
        own = seen.part(process == name)
        at_risk[j] = risk_counts(times, np.sort(own.entry), np.sort(own.time))
        done = own.code > 0
        place = np.searchsorted(times, own.time[done], side="left")  # times hold every event
        np.add.at(events[j], (place, own.code[done] - 1), 1)
    return _Parts(times, at_risk, events)


def _draws(generator: np.random.Generator, size: int, *, n: int) -> Ints:
    """How often each of n processes is drawn, in each of `size` resamples."""
    return np.asarray(generator.multinomial(n, np.full(n, 1 / n), size=size), dtype=np.int64)


def incidence_samples(draws: Ints, parts: _Parts) -> Floats:
    """State probabilities of each resample after each time, shape (B, T, 1 + K).

    NaN from where on a resample has nobody under observation any more though some
    are pending.
    """
    risk = (draws @ parts.at_risk).astype(float)
    k = parts.events.shape[2]
    moves = np.stack([draws @ parts.events[:, :, c] for c in range(k)], axis=2) if k else None
    share = np.zeros((*risk.shape, k))
    if moves is not None:
        np.divide(moves, risk[:, :, None], out=share, where=risk[:, :, None] > 0)
    pending = np.cumprod(1 - share.sum(axis=2), axis=1)
    pending = np.where(pending < 1e-12, 0.0, pending)
    before = np.concatenate([np.ones((len(draws), 1)), pending[:, :-1]], axis=1)
    outcome = np.cumsum(before[:, :, None] * share, axis=1)
    samples = np.concatenate([pending[:, :, None], outcome], axis=2)
    watched = np.cumsum(risk[:, ::-1], axis=1)[:, ::-1] > 0  # somebody now or later
    samples[~watched & (before > 0)] = np.nan
    return samples


def _one_chunk(generator: np.random.Generator, size: int, *, parts: _Parts) -> Floats:
    return incidence_samples(_draws(generator, size, n=len(parts)), parts)


def means_of(samples: Floats, times: Floats, horizon: float) -> Floats:
    """Mean time in each state up to the horizon, one row a resample."""
    used = int(np.searchsorted(times, horizon, side="right"))
    edges = np.append(times[:used], horizon)
    first = edges[0] * np.eye(samples.shape[2])[0]
    total: Floats = np.einsum("bts,t->bs", samples[:, :used], np.diff(edges)) + first
    return total


def bootstrap_incidence(
    seen: FollowUp,
    process: NDArray[np.object_],
    times: Floats,
    level: float,
    n_resamples: int,
    seed: int | None,
    n_jobs: int,
    progress: bool,
) -> tuple[Bootstrapped | None, tuple[str, ...]]:
    """Bootstrap of processes for the curves of cumulative incidence.

    Parameters
    ----------
    seen : FollowUp
    process : ndarray of str, shape (n,)
    times : ndarray, shape (T,)
        Times of the curves.
    level : float
    n_resamples : int
    seed, n_jobs, progress
        As in :func:`dmpkit.resampling.run_resamples`.

    Returns
    -------
    Bootstrapped or None
        None where there are fewer than 5 processes.
    tuple of str
        Notes for the reader.

    Raises
    ------
    DataError
        When the resamples would not fit into memory.
    """
    parts = _parts(seen, process, times)
    if len(parts) < 2:
        return None, ("All items come from one process, so there is nothing to draw from.",)
    if len(parts) < TOO_FEW:
        return None, too_few(len(parts))
    _fits(n_resamples, len(times), 1 + len(seen.causes))
    note = few(len(parts))
    chosen = drawn_seed(seed)
    chunks = run_resamples(
        partial(_one_chunk, parts=parts),
        n_resamples,
        seed=chosen,
        n_jobs=n_jobs,
        progress=progress,
        description="processes drawn",
    )
    samples = np.concatenate(chunks)
    low, high, error = percentiles(samples, level, len(parts))
    found = Bootstrapped(
        standard_error=error,
        low=low,
        high=high,
        samples_of_mean=partial(means_of, samples, times),
        n_processes=len(parts),
        n_resamples=len(samples),
        seed=chosen,
    )
    return found, note


def _fits(n_resamples: int, n_times: int, n_states: int) -> None:
    if n_resamples * n_times * n_states > _CELLS:
        raise DataError(
            f"{n_resamples:,} resamples of {n_times:,} distinct times are too many to hold.",
            remedy="Round the times to whole days, weeks or months, or take fewer resamples.",
        )


def few(n: int) -> tuple[str, ...]:
    """A note, and a warning, where there are too few processes for a percentile interval."""
    if n >= FEW:
        return ()
    said = (
        f"There are only {n} processes: percentile intervals from so few are rough and as a rule "
        f"too narrow (fewer than {FEW}: our own threshold)."
    )
    warn(said, SmallSampleWarning)
    return (said,)


def too_few(n: int) -> tuple[str, ...]:
    """A note, and a warning, where there are too few processes for any interval."""
    said = (
        f"There are only {n} processes, too few to draw from: there is no interval (fewer than "
        f"{TOO_FEW}: our own threshold)."
    )
    warn(said, SmallSampleWarning)
    return (said,)


def restricted_mean_difference(
    time: Any,
    cause: Any,
    group: Any,
    horizon: float,
    entry: Any = None,
    *,
    process: Any = None,
    causes: tuple[str, ...] | None = None,
    level: float = 0.95,
    n_resamples: int = 999,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> pd.DataFrame:
    """Difference of two groups in mean time in each outcome up to a horizon.

    The mean time in outcome k by the horizon h is ∫ F_k from 0 to h (Andersen 2013); for
    *pending* it is the restricted mean time without an outcome (Royston and Parmar 2013).
    Compared at one horizon, early and late cohorts have the same follow-up.

    Parameters
    ----------
    time, cause, entry
        As in :func:`dmpkit.impact.cumulative_incidence`.
    group : sequence, length n
        Two groups; the difference is the second minus the first, in order of the names.
    horizon : float
        Within the follow-up of both groups.
    process : sequence, length n, optional
        Processes: intervals then come from drawing whole processes, each with its items
        of both groups (in our simulations with 12 processes nominal 95 % held 92 to
        95 %). Without it there is no interval; Greenwood's standard error of
        independent items stands in the table.
    causes : tuple of str, optional
    level : float
    n_resamples, seed, n_jobs, progress
        As in :func:`dmpkit.resampling.run_resamples`.

    Returns
    -------
    DataFrame
        ``cause, first, second, horizon, mean_first, mean_second, estimate`` (second −
        first), ``standard_error`` (Greenwood), ``low, high, bootstrap_error,
        greenwood_low, greenwood_high``.

    Raises
    ------
    DataError
        When there are not two groups, or the horizon lies beyond the follow-up of one.

    Examples
    --------
    >>> table = restricted_mean_difference([1, 4, 3, 4], ["done", 0, "done", 0], list("aabb"), 4)
    >>> table[["cause", "estimate"]]
         cause  estimate
    0     done      -1.0
    1  pending       1.0
    """
    check_settings(restricted_mean_difference, locals())
    check_level(level)
    seen = follow_up(time, cause, entry, causes=causes)
    of = labels_of(group, "group", seen.n)
    names = sorted(set(of))
    if len(names) != 2:
        raise DataError(
            f"there are {len(names)} groups, not two.", column="group", remedy="Compare two."
        )
    halves = [seen.part(of == name) for name in names]
    for name, half in zip(names, halves, strict=True):
        _within(horizon, half, name)
    start = np.eye(len(seen.causes) + 1)[0]
    found = [integrated(counts_of_causes(half), start, float(horizon)) for half in halves]
    (one, cov_one), (two, cov_two) = found
    error = np.sqrt(np.maximum(np.diag(cov_one) + np.diag(cov_two), 0.0))
    table = pd.DataFrame(
        {
            "cause": ["pending", *seen.causes],
            "first": names[0],
            "second": names[1],
            "horizon": float(horizon),
            "mean_first": one,
            "mean_second": two,
            "estimate": two - one,
            "standard_error": error,
            "low": np.nan,
            "high": np.nan,
        }
    )
    if process is not None:
        processes = labels_of(process, "process", seen.n)
        samples = _difference_samples(
            halves, [processes[of == name] for name in names], float(horizon),
            n_resamples, drawn_seed(seed), n_jobs, progress,
        )  # fmt: skip
        if samples is None:
            table["bootstrap_error"] = np.nan
        else:
            n = len(set(processes))
            table["low"], table["high"], table["bootstrap_error"] = percentiles(samples, level, n)
        z = z_of(level)
        table["greenwood_low"] = table["estimate"] - z * error
        table["greenwood_high"] = table["estimate"] + z * error
    return table.iloc[[*range(1, len(table)), 0]].reset_index(drop=True)


def _within(horizon: float, half: FollowUp, name: str) -> None:
    last = half.time.argmax()
    settled = bool((half.code[half.time == half.time[last]] > 0).all())
    try:
        check_horizon(horizon, float(half.time[last]), known=settled)
    except DataError as error:
        raise DataError(f"group {name}: {error.problem}", remedy=error.remedy) from None


def _difference_samples(
    halves: list[FollowUp],
    processes: list[NDArray[np.object_]],
    horizon: float,
    n_resamples: int,
    seed: int,
    n_jobs: int,
    progress: bool,
) -> Floats | None:
    names = sorted(set(processes[0]) | set(processes[1]))
    if len(names) < 2:
        raise DataError("all items come from one process.", column="process",
                        remedy="Leave `process` out: there is nothing to draw from.")  # fmt: skip
    if len(names) < TOO_FEW:
        too_few(len(names))
        return None
    few(len(names))
    parts = []
    for half, of in zip(halves, processes, strict=True):
        times = np.unique(half.time)
        _fits(n_resamples, len(times), 1 + len(half.causes))
        parts.append(_aligned(_parts(half, of, times), list(pd.unique(of)), names))
    chunks = run_resamples(
        partial(_difference_chunk, parts=parts, horizon=horizon),
        n_resamples,
        seed=seed,
        n_jobs=n_jobs,
        progress=progress,
        description="processes drawn",
    )
    return np.concatenate(chunks)


def _aligned(parts: _Parts, own: list[str], names: list[str]) -> _Parts:
    """The counts with a row of zeros for processes that have no item in this group."""
    at_risk = np.zeros((len(names), *parts.at_risk.shape[1:]), dtype=np.int64)
    events = np.zeros((len(names), *parts.events.shape[1:]), dtype=np.int64)
    rows = [names.index(name) for name in own]
    at_risk[rows], events[rows] = parts.at_risk, parts.events
    return _Parts(parts.times, at_risk, events)


def _difference_chunk(
    generator: np.random.Generator, size: int, *, parts: list[_Parts], horizon: float
) -> Floats:
    draws = _draws(generator, size, n=len(parts[0]))
    one, two = (means_of(incidence_samples(draws, p), p.times, horizon) for p in parts)
    return np.asarray(two - one)


# --- occupancy -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _StayParts:
    """Counts of each process: at risk (J, T, S), moves (J, T, P), beginnings (J, S)."""

    counts: Counts
    at_risk: Ints
    moves: Ints
    begun: Floats

    def __len__(self) -> int:
        return len(self.begun)


def _stay_parts(stays: Stays, process: NDArray[np.object_], counts: Counts) -> _StayParts:
    names = list(pd.unique(process))
    s, t, k = counts.n_states, len(counts.times), len(counts.pairs)
    at_risk, moves = np.zeros((len(names), t, s), int), np.zeros((len(names), t, k), int)
    begun = np.zeros((len(names), s))
    earliest = stays.start.min()
    of_row = process[stays.item]
    for j, name in enumerate(names):
        own = of_row == name
        for i in range(s):
            here = own & (stays.source == i)
            at_risk[j, :, i] = risk_counts(
                counts.times, np.sort(stays.start[here]), np.sort(stays.stop[here])
            )
        for p, (a, b) in enumerate(counts.pairs):
            moved = own & (stays.source == a) & (stays.target == b)
            np.add.at(moves[j, :, p], np.searchsorted(counts.times, stays.stop[moved]), 1)
        first = own & (stays.start == earliest)
        begun[j] = np.bincount(stays.source[first], minlength=s)
    return _StayParts(counts, at_risk, moves, begun)


def occupancy_samples(draws: Ints, parts: _StayParts) -> Floats:
    """State probabilities of each resample at the start and after each time, (B, 1 + T, S).

    NaN in resamples without an item at the start, and from where on nobody is under
    observation any more.
    """
    begun = draws @ parts.begun
    with np.errstate(invalid="ignore", divide="ignore"):
        p = begun / begun.sum(axis=1, keepdims=True)
    samples = np.empty((len(draws), len(parts.counts.times) + 1, parts.counts.n_states))
    samples[:, 0] = p
    for t in range(len(parts.counts.times)):
        risk = (draws @ parts.at_risk[:, t]).astype(float)
        moved = draws @ parts.moves[:, t]
        new = p.copy()
        for k, (i, j) in enumerate(parts.counts.pairs):
            share = np.divide(moved[:, k], risk[:, i], out=np.zeros(len(p)), where=risk[:, i] > 0)
            flow = p[:, i] * share
            new[:, i] -= flow
            new[:, j] += flow
        new[risk.sum(axis=1) == 0] = np.nan
        samples[:, t + 1] = p = new
    return samples


def _occupancy_chunk(generator: np.random.Generator, size: int, *, parts: _StayParts) -> Floats:
    return occupancy_samples(_draws(generator, size, n=len(parts)), parts)


def _occupancy_means(samples: Floats, times: Floats, horizon: float) -> Floats:
    """Mean time in each state up to the horizon, one row a resample."""
    used = int(np.searchsorted(times, horizon, side="right"))
    edges = np.append(times[:used], horizon)
    total: Floats = np.einsum("bts,t->bs", samples[:, 1 : used + 1], np.diff(edges))
    return np.asarray(total + edges[0] * samples[:, 0])


def bootstrap_occupancy(
    stays: Stays,
    process: NDArray[np.object_],
    counts: Counts,
    level: float,
    n_resamples: int,
    seed: int | None,
    n_jobs: int,
    progress: bool,
) -> tuple[Bootstrapped | None, tuple[str, ...]]:
    """Bootstrap of processes for occupancy.

    Parameters
    ----------
    stays : Stays
    process : ndarray of str, shape (items,)
    counts : Counts
        Of all stays.
    level : float
    n_resamples : int
    seed, n_jobs, progress
        As in :func:`dmpkit.resampling.run_resamples`.

    Returns
    -------
    Bootstrapped or None
        None where there are fewer than 5 processes.
    tuple of str
        Notes for the reader.

    Raises
    ------
    DataError
        When the resamples would not fit into memory.
    """
    parts = _stay_parts(stays, process, counts)
    if len(parts) < 2:
        return None, ("All items come from one process, so there is nothing to draw from.",)
    if len(parts) < TOO_FEW:
        return None, too_few(len(parts))
    _fits(n_resamples, len(counts.times) + 1, counts.n_states)
    note, chosen = few(len(parts)), drawn_seed(seed)
    chunks = run_resamples(
        partial(_occupancy_chunk, parts=parts),
        n_resamples,
        seed=chosen,
        n_jobs=n_jobs,
        progress=progress,
        description="processes drawn",
    )
    samples = np.concatenate(chunks)
    low, high, error = percentiles(samples[:, 1:], level, len(parts))
    return (
        Bootstrapped(
            standard_error=error,
            low=low,
            high=high,
            samples_of_mean=partial(_occupancy_means, samples, counts.times),
            n_processes=len(parts),
            n_resamples=len(samples),
            seed=chosen,
        ),
        note,
    )
