"""CPU time of the Q analysis, beside what R's qmethod takes for the same work.

Run ``python benchmarks/qmethod.py`` (``--quick`` leaves out the large study). CPU
time of this process, linear algebra on one thread, best of some repetitions. R's
figures are CPU times of our own runs of R 4.2.2 with qmethod 1.8.4 on a shared
machine with two cores; a tilde marks one that is reckoned from a
shorter run, which the line names. Every line says what it was aimed at.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import dmpkit.qmethod as qm

LIPSET = Path(__file__).parents[1] / "tests" / "reference" / "qmethod" / "sorts.csv"


def study(n: int, p: int, n_views: int, *, seed: int = 1) -> qm.QSorts:
    """Random sorts that lean to one of some views, forced into a bell-shaped grid."""
    rng = np.random.default_rng(seed)
    grid = np.round(np.linspace(-2.2, 2.2, n) ** 3 / 3 + np.linspace(-3, 3, n))
    views = rng.normal(size=(n_views, n))
    liking = views[rng.integers(0, n_views, p)] + rng.normal(size=(p, n))
    return qm.QSorts(grid[liking.argsort(axis=1).argsort(axis=1)].T)


def cpu_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Least CPU time of one call."""
    taken = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, seconds: float, aim: str, r: str) -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms   aim {aim:<10} R {r}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the large study")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    lipset = qm.QSorts.from_frame(pd.read_csv(LIPSET))
    middle = study(36, 49, 3)

    def resampled(sorts: qm.QSorts, m: int, **options: object) -> Callable[[], object]:
        return lambda: qm.bootstrap(sorts, 3, n_resamples=m, seed=1, progress=False, **options)

    with threadpool_limits(1):
        seconds = cpu_seconds(lambda: qm.analyse(lipset, 3), 20)
        line("one analysis, 33 x 9", seconds, "3 ms", "73 ms")
        seconds = cpu_seconds(lambda: qm.analyse(lipset, 3).tables(), 5)
        line("the same with all tables made", seconds, "-", "-")
        for align in ("assignment", "procrustes", "none"):
            r = {"procrustes": "27,600 ms (unrotated, see bootstrap)", "none": "24,600 ms"}.get(
                align, "27,200 ms (index test)"
            )
            seconds = cpu_seconds(resampled(lipset, 1000, align=align), 3)
            line(f"1,000 resamples, 33 x 9, {align}", seconds, "300 ms", r)
        seconds = cpu_seconds(resampled(lipset, 1000, extraction="centroid"), 2)
        line("1,000 resamples, 33 x 9, centroid", seconds, "-", "not offered")
        seconds = cpu_seconds(resampled(middle, 1000), 3)
        line("1,000 resamples, 36 x 49", seconds, "1,000 ms", "~81,000 ms (100 steps took 8,100)")
        if quick:
            return
        large = study(60, 5000, 3)
        seconds = cpu_seconds(lambda: qm.analyse(large, 3), 3)
        line("one analysis, 60 x 5,000", seconds, "2,000 ms", "-")
        seconds = cpu_seconds(resampled(large, 200), 1)
        line("200 resamples, 60 x 5,000", seconds, "60,000 ms", "-")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        peak = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
        print(f"{'largest memory of the whole run':<62} {peak:>10,.0f} MiB  aim 2,048 MiB")


if __name__ == "__main__":
    main()
