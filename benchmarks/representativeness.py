"""CPU time of the representativeness module beside a plain NumPy loop and other programs.

Run ``python benchmarks/representativeness.py`` (``--quick`` leaves out the largest cases). CPU
time of this process, best of some repetitions, linear algebra on one thread. The people are
synthetic. R's and other programs' figures are single runs on a shared machine with two
cores; weightipy is timed here where it is installed. Every line says what it was aimed at.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import dmpkit.representativeness as rep
from dmpkit.representativeness.raking import rake_codes

SIZES = (2, 6, 5, 4, 3, 8)  # 6 margins, 28 categories
TOLERANCE = 1e-10


def people(n: int, *, seed: int = 20240601) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Codes of 6 variables that go together, and targets that some weights meet."""
    rng = np.random.default_rng(seed)
    leaning = rng.normal(size=n)
    codes = [
        np.clip(((leaning + rng.normal(size=n)) / 4 + 0.5) * size, 0, size - 1).astype(np.int64)
        for size in SIZES
    ]
    weights = np.exp(sum(rng.normal(0, 0.25, s)[c] for s, c in zip(SIZES, codes, strict=True)))
    weights *= n / weights.sum()
    return codes, [np.bincount(c, weights, s) for c, s in zip(codes, SIZES, strict=True)]


def bincount_loop(codes: list[np.ndarray], targets: list[np.ndarray]) -> np.ndarray:
    """Raking row by row, as one writes it in ten lines of NumPy."""
    weights = np.ones(len(codes[0]))
    while True:
        for code, target in zip(codes, targets, strict=True):
            weights *= (target / np.bincount(code, weights, len(target)))[code]
        error = max(
            np.abs(np.bincount(c, weights, len(t)) / t - 1).max()
            for c, t in zip(codes, targets, strict=True)
        )
        if error <= TOLERANCE:
            return weights


def cpu_seconds(work: Callable[[], object], repetitions: int) -> float:
    """Least CPU time of one call."""
    taken = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, seconds: float, aim: str, others: str = "") -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms   aim {aim:<22} {others}", flush=True)


def raking(n: int, r: str) -> None:
    codes, targets = people(n)
    ours = cpu_seconds(lambda: rake_codes(codes, targets, tolerance=TOLERANCE), 3)
    plain = cpu_seconds(lambda: bincount_loop(codes, targets), 2)
    difference = np.abs(
        rake_codes(codes, targets, tolerance=TOLERANCE).weights / bincount_loop(codes, targets) - 1
    ).max()
    line(f"raking {n:,} rows, coded", ours, "1.3 x the NumPy loop", r)
    line("  a plain NumPy bincount loop", plain, "-", f"ratio {ours / plain:.2f}")
    print(f"{'  largest relative difference of a weight':<62} {difference:>10.1e}")
    frame = pd.DataFrame(
        {f"v{i}": np.array([f"c{k}" for k in range(s)], dtype=object)[c]
         for i, (s, c) in enumerate(zip(SIZES, codes, strict=True))}
    )  # fmt: skip
    margins = {
        f"v{i}": {f"c{k}": share for k, share in enumerate(t / t.sum())}
        for i, t in enumerate(targets)
    }
    seconds = cpu_seconds(lambda: rep.rake(frame, margins), 1)
    line("  rake(panel, population) from text labels", seconds, "-")
    weightipy(frame, margins, seconds)


def weightipy(frame: pd.DataFrame, margins: dict[str, dict[str, float]], ours: float) -> None:
    try:
        import weightipy as wp
    except ImportError:
        print("  weightipy: left out, it is not installed (pip install weightipy)")
        return
    percents = {v: {c: 100 * s for c, s in part.items()} for v, part in margins.items()}
    scheme = wp.scheme_from_dict(percents)
    seconds = cpu_seconds(lambda: wp.weight_dataframe(frame.copy(), scheme, "w"), 1)
    line("  weightipy", seconds, "3 x ours or more", f"ratio {seconds / ours:.1f}")


_MICRODATA = """
import resource, sys, time
import polars as pl
import dmpkit.representativeness as rep
start, cpu = time.perf_counter(), time.process_time()
population = rep.Population.from_microdata(pl.scan_parquet(sys.argv[1]))
taken = time.perf_counter() - start, time.process_time() - cpu
unit = 2**30 if sys.platform == "darwin" else 2**20
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
print(*taken, peak, population.size, len(population.joint))
"""


def microdata(n: int) -> None:
    """Margins and joint table of a Parquet file, in a process of its own for its memory."""
    import polars as pl

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        rng = np.random.default_rng(1)
        columns = {
            f"v{i}": pl.Series(rng.integers(0, size, n, dtype=np.int8)).cast(pl.String)
            for i, size in enumerate(SIZES)
        }
        pl.DataFrame(columns).write_parquet(path)
        del columns
        made = subprocess.run(
            [sys.executable, "-c", _MICRODATA, str(path)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    wall, cpu, peak, size, cells = map(float, made.stdout.split())
    said = f"wall {wall:.2f} s, largest memory {peak:.2f} GiB (aim 1.5), {cells:,.0f} cells"
    line(f"margins and joint table of {size:,.0f} rows, Parquet", cpu, "5,000 ms", said)


def exact() -> None:
    counts, shares = [7, 6, 8, 5, 4, 4], [0.22, 0.15, 0.2, 0.17, 0.14, 0.12]
    n_tables = comb(sum(counts) + 5, 5)
    for order in ("probability", "chi2", "tvd"):
        work = lambda order=order: rep.exact_multinomial(counts, shares, order=order)  # noqa: E731
        line(f"exact multinomial by {order}, {n_tables:,} tables", cpu_seconds(work, 2), "500 ms")


def lottery(n_draws: int) -> None:
    rng = np.random.default_rng(2)
    shares = {"sex": [0.5, 0.5], "age": [0.2, 0.25, 0.3, 0.25], "edu": [0.4, 0.6]}
    pool = pd.DataFrame(
        {v: rng.choice([f"{v}{k}" for k in range(len(p))], 2000, p=p) for v, p in shares.items()}
    )
    pool.insert(0, "person", np.arange(2000))
    quotas = pd.DataFrame(
        [(v, f"{v}{k}", round(50 * s) - 2, round(50 * s) + 2)
         for v, p in shares.items() for k, s in enumerate(p)],
        columns=["variable", "category", "min", "max"],
    )  # fmt: skip
    start, cpu = time.perf_counter(), time.process_time()
    rep.simulate_lottery(pool, quotas, 50, n_draws=n_draws, seed=1, progress=False)
    wall = time.perf_counter() - start
    said = f"wall {wall:.1f} s on one core; {len(quotas)} quotas, pool of 2,000"
    line(f"lottery, {n_draws:,} draws", time.process_time() - cpu, "20,000 ms on two cores", said)


def whole_analysis() -> None:
    rng = np.random.default_rng(3)
    sizes = (2, 3, 4, 5, 6, 3, 4, 2, 5, 4, 3, 7)
    drawn = [
        pd.DataFrame(
            {f"v{i}": [f"c{c}" for c in rng.integers(0, k, n)] for i, k in enumerate(sizes)}
        )
        for n in (150, 20_000)
    ]
    panel, population = drawn[0], rep.Population.from_microdata(drawn[1])

    def work() -> object:
        result = rep.analyse(panel, population, n_resamples=0)
        return result.summary(), result.frames(), result.indicators(), result._repr_html_()

    line(
        "whole analysis, panel of 150, 12 variables, 66 crossings", cpu_seconds(work, 2), "2,000 ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the largest cases")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        raking(10**5, "R survey ~12,200 ms, weightipy ~490 ms")
        if not quick:
            raking(10**6, "R survey ~47,500 ms, weightipy ~5,000 ms")
        exact()
        whole_analysis()
        lottery(1_000 if quick else 10_000)
        microdata(10**6 if quick else 10**7)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
    print(f"{'largest memory of this process':<62} {peak:>10,.0f} MiB")


if __name__ == "__main__":
    main()
