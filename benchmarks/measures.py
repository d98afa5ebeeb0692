"""CPU time of agreement measures, beside the programs that people use for them.

Run ``python benchmarks/measures.py`` (``--quick`` leaves out the other programs).
CPU time of this process, linear algebra on one thread, best of some repetitions.
``krippendorff`` (GPL) and ``irrCAC`` (pinned to old versions of scipy and pandas)
are no dependencies of dmpkit; where one is not installed its line says so. Every
line says what it was aimed at.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from dmpkit.measures import agreement, unitizing


def ratings(n_units: int, *, noise: float, seed: int = 1) -> np.ndarray:
    """3 coders, 40 values; a coder errs with the probability given."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 40, n_units)
    drawn = rng.integers(0, 40, (3, n_units))
    return np.where(rng.random((3, n_units)) < noise, drawn, truth).astype(float)


def spans(n: int, *, seed: int = 1) -> pd.DataFrame:
    """Three coders, n spans each, on 100 positions a span."""
    rng = np.random.default_rng(seed)
    parts = []
    for coder in ("a", "b", "c"):
        cuts = np.sort(rng.choice(100 * n, 2 * n, replace=False))
        values = rng.integers(0, 8, n).astype(str)
        parts.append(
            pd.DataFrame({"coder": coder, "start": cuts[::2], "end": cuts[1::2], "value": values})
        )
    return pd.concat(parts, ignore_index=True)


def cpu_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Least CPU time of one call."""
    taken = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, seconds: float, aim: str) -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms   aim {aim}")


def own(table: np.ndarray, what: str) -> None:
    for level, aim in (
        ("nominal", "150 ms"), ("ordinal", "300 ms"), ("interval", "-"), ("ratio", "-"),
    ):  # fmt: skip
        seconds = cpu_seconds(lambda level=level: agreement.krippendorff_alpha(table, level), 5)
        line(f"alpha, {level}, {what}", seconds, aim)
    for level in ("nominal", "ordinal"):
        seconds = cpu_seconds(
            lambda level=level: agreement.krippendorff_alpha(table, level, 1000, 1), 2
        )
        line(f"1,000 bootstraps, {level}, {what}", seconds, "1,000 ms")
    line(f"all coefficients, {what}", cpu_seconds(lambda: agreement.agreement_table(table), 2), "-")


def others(table: np.ndarray, what: str) -> None:
    """The other programs once each: they take long."""
    if importlib.util.find_spec("krippendorff") is None:
        print(f"{'krippendorff':<62} skipped: not installed")
    else:
        import krippendorff

        for level in ("nominal", "ordinal"):
            seconds = cpu_seconds(
                lambda level=level: krippendorff.alpha(table, level_of_measurement=level), 1
            )
            line(f"krippendorff, {level}, {what}", seconds, "-")
    if importlib.util.find_spec("irrCAC") is None:
        print(f"{'irrCAC':<62} skipped: not installed")
    else:
        from irrCAC.raw import CAC

        frame = pd.DataFrame(table.T)
        line(f"irrCAC gwet, {what}", cpu_seconds(lambda: CAC(frame).gwet(), 1), "-")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the other programs")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    agreeing, random = ratings(100_000, noise=0.3), ratings(100_000, noise=1.0)
    with threadpool_limits(1):
        own(agreeing, "3 coders x 100,000 units x 40 values")
        own(random, "the same without agreement")
        coded = spans(20_000)
        for version in (1995, 2016):
            seconds = cpu_seconds(
                lambda version=version: unitizing.unitizing_alpha(coded, 2_000_000, version), 3
            )
            line(f"unitising alpha {version}, 60,000 spans, 2,000,000 characters", seconds, "-")
        seconds = cpu_seconds(
            lambda: agreement.krippendorff_alpha(
                unitizing.character_ratings(coded, 2_000_000, values="value").ratings
            ),
            3,
        )
        line("alpha on characters by breakpoints, the same", seconds, "-")
        if not quick:
            others(agreeing, "3 coders x 100,000 units x 40 values")


if __name__ == "__main__":
    main()
