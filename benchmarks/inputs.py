"""Synthetic inputs of the benchmarks: arrays by seed, stored as npz under ``build/bench/inputs``.

Both sides of a comparison read the same file. Nothing here is a finding about anybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "bench" / "inputs"
#: Categories of the six variables that people are weighted by: 28 in all.
SIZES = (2, 6, 5, 4, 3, 8)

Arrays = dict[str, np.ndarray]


def ratings(n: int, *, coders: int = 3, values: int = 40, seed: int = 1) -> Arrays:
    """Coders who err in 3 of 10 units, errors anywhere on the scale (from 1)."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, values, n)
    drawn = rng.integers(0, values, (coders, n))
    found = np.where(rng.random((coders, n)) < 0.3, drawn, truth)
    return {"ratings": found.astype(float) + 1}


def people(n: int, *, seed: int = 20240601) -> Arrays:
    """Codes of 6 variables that go together, and targets that some weights meet."""
    rng = np.random.default_rng(seed)
    leaning = rng.normal(size=n)
    codes = np.array(
        [
            np.clip(((leaning + rng.normal(size=n)) / 4 + 0.5) * size, 0, size - 1).astype(np.int8)
            for size in SIZES
        ]
    )
    weights = np.exp(sum(rng.normal(0, 0.25, s)[c] for s, c in zip(SIZES, codes, strict=True)))
    weights *= n / weights.sum()
    made = {
        f"target{i}": np.bincount(c, weights, s)
        for i, (c, s) in enumerate(zip(codes, SIZES, strict=True))
    }
    return {"codes": codes, "weights": weights, **made}


def times(n: int, *, whole_days: bool = True, seed: int = 1) -> Arrays:
    """Days to one of three outcomes, a quarter pending (0); two groups, three predictors."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 2, n)
    x = np.column_stack([rng.normal(size=n), group, rng.integers(0, 4, n)]).astype(float)
    days = rng.exponential(700, n) * np.exp(-0.3 * x[:, 0] - 0.2 * group)
    days = np.ceil(days) if whole_days else days
    return {"days": days, "cause": rng.integers(0, 4, n), "group": group, "x": x}


def one_day_each(n: int, *, seed: int = 1) -> Arrays:
    """As :func:`times`, but no two on the same day: numbers as they come."""
    return times(n, whole_days=False, seed=seed)


def counts(n: int, *, seed: int = 1) -> Arrays:
    """Successes of panels, and p-values."""
    rng = np.random.default_rng(seed)
    size = rng.integers(10, 500, n)
    return {"size": size, "yes": rng.binomial(size, rng.random(n)), "p": rng.random(n) ** 4}


def sorts(people_: int, *, statements: int = 40, views: int = 3, seed: int = 1) -> Arrays:
    """Random Q sorts that lean to one of some views, forced into a bell-shaped grid."""
    rng = np.random.default_rng(seed)
    n = statements
    grid = np.round(np.linspace(-2.2, 2.2, n) ** 3 / 3 + np.linspace(-3, 3, n))
    taste = rng.normal(size=(views, n))
    liking = taste[rng.integers(0, views, people_)] + rng.normal(size=(people_, n))
    return {"sorts": grid[liking.argsort(axis=1).argsort(axis=1)].T.astype(float)}


def invited(n: int, *, seed: int = 1) -> Arrays:
    """Three variables of everyone invited, and who responded."""
    rng = np.random.default_rng(seed)
    codes = np.array([rng.integers(0, size, n) for size in (2, 6, 5)])
    effect = [rng.normal(0, 0.4, size) for size in (2, 6, 5)]
    logit = -1 + sum(e[c] for e, c in zip(effect, codes, strict=True))
    return {"codes": codes.astype(np.int8), "responded": rng.random(n) < 1 / (1 + np.exp(-logit))}


def register_path(n: int) -> Path:
    """A Parquet file of people by six variables of text, a row group each million rows."""
    path = FOLDER / f"register-{n}.parquet"
    if not path.exists():
        import pyarrow as pa
        import pyarrow.parquet as pq

        FOLDER.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        schema = pa.schema([(f"v{i}", pa.string()) for i in range(len(SIZES))])
        with pq.ParquetWriter(half, schema) as writer:
            for k, start in enumerate(range(0, n, 1_000_000)):
                rng = np.random.default_rng([1, k])
                size = min(1_000_000, n - start)
                columns = [
                    pa.array([f"c{j}" for j in range(s)]).take(pa.array(rng.integers(0, s, size)))
                    for s in SIZES
                ]
                writer.write_table(pa.table(columns, schema=schema))
        half.replace(path)
    return path


def size_only(n: int) -> Arrays:
    """For tasks that make their input themselves."""
    return {"n": np.array(n)}


KINDS: Mapping[str, Callable[[int], Arrays]] = {
    "ratings": ratings,
    "people": people,
    "times": times,
    "one_day_each": one_day_each,
    "counts": counts,
    "sorts": sorts,
    "invited": invited,
    "size": size_only,
}


def stored(kind: str, n: int) -> Path:
    """The file of an input, made when it is not there."""
    path = FOLDER / f"{kind}-{n}.npz"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half.npz")
        np.savez(half, **KINDS[kind](n))
        half.replace(path)
    return path
