"""CPU time of the impact room, beside what other programs take where one is at hand.

Run ``python benchmarks/impact.py`` (``--quick`` leaves out the large sets). CPU time of
this process, linear algebra on one thread, best of some repetitions. All data are made
here. lifelines is timed where it is installed; it is no dependency of dmpkit, and its
Aalen–Johansen moves tied times apart at random, so its numbers differ in the third
decimal.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import dmpkit.impact as impact

STATES = np.array(["received", "accepted", "in progress", "implemented", "rejected"])


def stays(n: int, k: int, *, whole_days: bool = True, seed: int = 1) -> pd.DataFrame:
    """`n` items that each pass through `k` states over some years."""
    rng = np.random.default_rng(seed)
    gaps = rng.exponential(150, (n, k))
    ends = np.cumsum(np.ceil(gaps) if whole_days else gaps, axis=1)
    walk = np.cumsum(rng.integers(1, 5, (n, k + 1)), axis=1) % 5
    return pd.DataFrame(
        {
            "id": np.repeat(np.arange(n), k),
            "start": np.hstack([np.zeros((n, 1)), ends[:, :-1]]).ravel(),
            "stop": ends.ravel(),
            "from": STATES[walk[:, :-1]].ravel(),
            "to": STATES[walk[:, 1:]].ravel(),
        }
    )


def outcomes(n: int, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Days to one of three outcomes, a quarter pending."""
    rng = np.random.default_rng(seed)
    return np.ceil(rng.exponential(700, n)), rng.integers(0, 4, n)


def ledger_frames(n: int, m: int, *, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`n` recommendations: accepted, then in progress time and again, then implemented."""
    rng = np.random.default_rng(seed)
    names = np.array([f"R{k:06d}" for k in range(n)])
    recommendations = pd.DataFrame(
        {
            "rec_id": names,
            "counting_unit": "recommendation",
            "report_date": "2015-01-01",
            "baseline": "none",
        }
    )
    rec = np.sort(np.concatenate([np.arange(n), rng.integers(0, n, m - n)]))
    first, last = np.r_[True, rec[1:] != rec[:-1]], np.r_[rec[1:] != rec[:-1], True]
    day = np.datetime64("2015-01-02") + rng.integers(0, 2000, m)
    day = np.where(last, np.datetime64("2021-01-01") + rng.integers(0, 900, m), day)
    day = np.where(first & ~last, np.datetime64("2015-01-01"), day)
    status = np.where(last, "implemented", np.where(first, "accepted", "in_progress"))
    events = pd.DataFrame(
        {
            "event_id": [f"E{k:07d}" for k in range(m)],
            "rec_id": names[rec],
            "status": status,
            "date": np.datetime_as_string(day),
            "recorded_on": np.datetime_as_string(day + 40),
            "evidence_grade": 3.0,
        }
    )
    return recommendations, events


def cpu_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Least CPU time of one call."""
    taken = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, seconds: float, aim: str, other: str = "-") -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms   aim {aim:<10} {other}")


def lifelines_seconds(days: np.ndarray, cause: np.ndarray, repetitions: int) -> str:
    """lifelines' Aalen–Johansen of one outcome, or why it was not timed."""
    if importlib.util.find_spec("lifelines") is None:
        return "lifelines is not installed"
    from lifelines import AalenJohansenFitter

    def work() -> None:
        AalenJohansenFitter(seed=1).fit(days, cause, event_of_interest=1)

    return f"lifelines {1000 * cpu_seconds(work, repetitions):,.0f} ms (one outcome, ties jittered)"


def statsmodels_seconds(days: np.ndarray, cause: np.ndarray, repetitions: int) -> str:
    """statsmodels' incidence of the same outcomes."""
    from statsmodels.duration.survfunc import CumIncidenceRight

    seconds = cpu_seconds(lambda: CumIncidenceRight(days, cause), repetitions)
    return f"statsmodels {1000 * seconds:,.0f} ms (no late entry)"


def small() -> None:
    """A single assembly, and a pool of forty."""
    days, cause = outcomes(149)
    seconds = cpu_seconds(lambda: impact.cumulative_incidence(days, cause), 20)
    line("incidence, 149 items", seconds, "-", statsmodels_seconds(days, cause, 20))
    ledger = impact.Ledger.from_frames(*ledger_frames(149, 2000))
    seconds = cpu_seconds(lambda: ledger.as_of("2019-03-01"), 10)
    line("as-of query, 149 recommendations, 2,000 events", seconds, "50 ms")
    seconds = cpu_seconds(lambda: ledger.as_of("2019-03-01", known_on="2019-01-01"), 10)
    line("the same as known two months before", seconds, "50 ms")
    rows = stays(149, 13)
    line("occupancy, 149 items, 2,000 moves", cpu_seconds(lambda: impact.occupancy(rows), 5), "-")
    days, cause = outcomes(2000)
    process = np.arange(2000) % 40
    days = np.ceil(days / 30)

    def pooled() -> object:
        return impact.cumulative_incidence(days, cause, process=process, seed=1)

    line("999 resamples of 40 processes, 2,000 items", cpu_seconds(pooled, 2), "-")
    left = np.floor(days / 3) * 3
    seconds = cpu_seconds(lambda: impact.turnbull(left, left + 3), 3)
    line("interval-censored curve, 2,000 items", seconds, "-")


def large() -> None:
    """A hundred thousand items."""
    frames = ledger_frames(100_000, 1_000_000)
    seconds = cpu_seconds(lambda: impact.Ledger.from_frames(*frames), 1)
    line("validation, 100,000 recommendations, 1,000,000 events", seconds, "10,000 ms")
    days, cause = outcomes(100_000)
    entry = np.maximum(days - 900, 0)
    seconds = cpu_seconds(lambda: impact.cumulative_incidence(days, cause), 3)
    line("incidence, 100,000 items", seconds, "5,000 ms", lifelines_seconds(days, cause, 1))
    seconds = cpu_seconds(lambda: impact.cumulative_incidence(days, cause, entry), 3)
    line("the same with late entry", seconds, "5,000 ms", statsmodels_seconds(days, cause, 1))
    rows = stays(100_000, 10)
    seconds = cpu_seconds(lambda: impact.occupancy(rows), 2)
    line("occupancy, 100,000 items, 1,000,000 moves, whole days", seconds, "5,000 ms")
    rows = stays(100_000, 10, whole_days=False)
    seconds = cpu_seconds(lambda: impact.occupancy(rows), 1)
    line("the same, every move at a time of its own", seconds, "5,000 ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the large sets")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        small()
        if quick:
            return
        large()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
        print(f"{'largest memory of the whole run':<62} {peak:>10,.0f} MiB  aim 2,048 MiB")


if __name__ == "__main__":
    main()
