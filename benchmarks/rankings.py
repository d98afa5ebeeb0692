"""Time of the exact search for single-peaked axes and of its chance level.

Run ``python benchmarks/rankings.py``. CPU time of this process, linear algebra on one
thread; uniform random rankings. The plain way, looking at every one of the k!/2 axes,
stands beside the search for up to 7 options (one repetition).
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from dmpkit.evaluation.preferences import best_axes, single_peakedness


def orders(n: int, k: int, *, seed: int = 1) -> np.ndarray:
    """Uniform random rankings, best to worst."""
    drawn = np.random.default_rng(seed).permuted(np.tile(np.arange(k), (n, 1)), axis=1)
    return np.asarray(drawn)


def every_axis(rankings: np.ndarray) -> float:
    """Proximity by looking at each axis in turn."""
    n, k = rankings.shape
    best = 0
    for axis in itertools.permutations(range(k)):
        if axis[0] > axis[-1]:
            continue
        at = np.argsort(axis)[rankings]
        spread = np.maximum.accumulate(at, axis=1) - np.minimum.accumulate(at, axis=1)
        best = max(best, int((spread == np.arange(k)).all(axis=1).sum()))
    return best / n


def cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def line(what: str, seconds: float) -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms")


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with threadpool_limits(1):
        for n, k in ((100, 5), (100, 7), (500, 8), (500, 10)):
            rankings = orders(n, k)
            best_axes(rankings)
            line(
                f"best axes, {n} people, {k} options", cpu_seconds(lambda r=rankings: best_axes(r))
            )
            if k <= 7:
                seconds = cpu_seconds(lambda r=rankings: every_axis(r))
                line(f"  the same by every axis, proximity {every_axis(rankings):.3f}", seconds)
                assert every_axis(rankings) == best_axes(rankings)[0]
        for n, k in ((100, 5), (500, 8)):
            ranks = np.argsort(orders(n, k), axis=1) + 1
            frame = pd.DataFrame(ranks, columns=[f"o{i}" for i in range(k)]).assign(person=range(n))
            seconds = cpu_seconds(lambda f=frame: single_peakedness(f, seed=1))
            line(f"single_peakedness with 1,000 random profiles, {n} people, {k} options", seconds)


if __name__ == "__main__":
    main()
