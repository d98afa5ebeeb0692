"""How time and memory grow: measured curves, a fitted cost model, and what it gives further out.

Run ``python benchmarks/scaling.py`` (``--quick``: the small sizes only, nothing stored). Each
point is a fresh process, one thread unless workers are the question. The curves go to
``benchmarks/results/scaling.csv``, the fits to ``scaling-fits.csv``, with a picture a group;
``docs/guide/scaling.md`` is filled from them.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "sides")]
import compare  # noqa: E402
import inputs  # noqa: E402
import machine  # noqa: E402
import picture  # noqa: E402

RESULTS = HERE / "results"


@dataclass(frozen=True)
class Series:
    """A task at growing sizes.

    Attributes
    ----------
    curve : str
        The picture it is drawn in.
    task : str
        Function of ``sides/growth.py``.
    series : str
        In words: what is fixed, what grows.
    axis : str
        What the size counts.
    formula : str
        The cost that the algorithm has by its construction.
    sizes : tuple of int
    """

    curve: str
    task: str
    series: str
    axis: str
    formula: str
    sizes: tuple[int, ...]


PEOPLE = (250, 500, 1000, 2000, 4000, 8000)
ROWS = (30_000, 100_000, 300_000, 1_000_000, 3_000_000)
SERIES = (
    Series("q", "q_people", "Q analysis, 60 statements", "people", "O(n²p)", PEOPLE),
    Series("q", "q_resamples_people", "50 resamples, 60 statements", "people", "O(B·n²p)",
           (250, 500, 1000, 2000, 4000)),
    Series("statements", "q_statements", "Q analysis, 500 people", "statements", "O(n²p + n³)",
           (20, 40, 80, 160, 320)),
    Series("resamples", "q_resamples", "Q bootstrap, 60 statements, 500 people", "resamples",
           "O(B)", (50, 100, 200, 400, 800, 1600)),
    Series("resamples", "lottery_draws", "lottery, pool of 1,000, 50 seats", "resamples", "O(D)",
           (1250, 2500, 5000, 10_000)),
    Series("resamples", "reason_resamples", "reason index, 100 people", "resamples", "O(B)",
           (500, 2000, 8000, 32_000)),
    Series("resamples", "alpha_resamples", "alpha, 20,000 units, 40 values", "resamples", "O(B)",
           (250, 500, 1000, 2000, 4000)),
    Series("people", "reason_people", "reason index, 500 re-pairings", "people", "O(B·p²)",
           (25, 50, 100, 200, 400, 800)),
    Series("people", "lottery_people", "lottery, 1,250 draws", "people", "O(D·p)",
           (250, 1000, 4000, 16_000, 64_000)),
    Series("rows", "rake", "raking, 28 categories", "rows", "O(rows + cells·passes)", ROWS),
    Series("rows", "calibrate", "linear calibration, 28 categories", "rows",
           "O(rows + cells·categories²)", ROWS),
    Series("rows", "alpha_units", "alpha, 3 coders, 40 values", "rows", "O(rows)", ROWS),
    Series("rows", "incidence", "incidence, whole days", "rows", "O(rows + days)", ROWS),
    Series("rows", "incidence_untied", "incidence, no ties", "rows", "O(rows·log rows)",
           ROWS[:-1]),
    Series("rows", "ledger_check", "ledger checked, 10 events each", "rows", "O(rows·log rows)",
           ROWS[:-1]),
    Series("rows", "ledger_as_of", "ledger as of a day", "rows", "O(rows)", ROWS[:-1]),
    Series("values", "alpha_values", "alpha, ordinal, 20,000 units", "values", "O(units + values²)",
           (10, 40, 160, 640)),
    Series("values", "cox", "Cox regression, 3 predictors, whole days", "values",
           "O(steps·(rows + days))", (1000, 2000, 4000, 8000)),
    Series("engines", "count_pandas", "pandas", "rows", "O(rows)",
           (100_000, 300_000, 1_000_000, 3_000_000)),
    Series("engines", "count_polars", "polars lazy", "rows", "O(rows)",
           (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)),
    Series("engines", "count_duckdb", "DuckDB", "rows", "O(rows)",
           (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)),
    Series("engines", "count_dask", "dask", "rows", "O(rows)",
           (100_000, 300_000, 1_000_000, 3_000_000)),
    Series("tasks", "task_overhead", "empty chunks handed to two processes", "chunks",
           "O(chunks)", (250, 1000, 4000, 16_000)),
)  # fmt: skip
#: Resamples of the bootstrap that one and two workers do, 60 statements and 500 people.
SHARED = 12_000


def point(series: Series, n: int, times: int = 1) -> dict[str, Any]:
    """One size in a fresh process, or the best of several."""
    if series.task.startswith("count_"):
        inputs.register_path(n)
    file = inputs.stored("size", n)
    found = [measured("growth", series.task, file)]
    while len(found) < times and found[0]["cpu"] < 0.5:
        found.append(measured("growth", series.task, file))
    best = min(found, key=lambda one: one["cpu"])
    memory = min(found, key=lambda one: one["added"])
    return {
        "curve": series.curve, "series": series.series, "axis": series.axis, "task": series.task,
        "size": n, "cpu": best["cpu"],
        "peak": memory["before"] + memory["added"], "worker": best["worker"],
    }  # fmt: skip


def measured(side: str, task: str, file: Path) -> dict[str, Any]:
    return compare.measure(sys.executable, side, task, file, Path("-"))


# --- the cost model


def fit(size: np.ndarray, value: np.ndarray) -> tuple[float, float, float, float]:
    """``a + b·size^e`` with a, b ≥ 0 by least squares of logarithms, and its largest miss.

    The misses are relative: a point twice as high as the curve counts as much as one half as
    high, wherever it lies. The power is tried on a grid and refined; a and b follow by
    least squares with weights 1/value and are then refined together.
    """
    from scipy.optimize import least_squares, nnls

    scale = size / size.max()

    def linear(power: float) -> tuple[np.ndarray, float]:
        design = np.column_stack([np.ones_like(scale), scale**power]) / value[:, None]
        return nnls(design, np.ones_like(scale))

    powers = np.linspace(0.0, 3.0, 121)
    power = min(powers, key=lambda e: linear(e)[1])
    start = np.maximum(linear(power)[0], 1e-12 * value.max())

    def misses(theta: np.ndarray) -> np.ndarray:
        a, b, e = np.exp(theta[0]), np.exp(theta[1]), theta[2]
        return np.log((a + b * scale**e) / value)

    low, high = [-60, -60, 0.0], [60, 60, 3.5]
    theta = np.clip([*np.log(start), max(power, 0.01)], low, high)
    found = least_squares(misses, theta, bounds=(low, high)).x
    a, b, e = float(np.exp(found[0])), float(np.exp(found[1])), float(found[2])
    return a, b / size.max() ** e, e, float(np.abs(np.expm1(-misses(found))).max())


def fits(points: pd.DataFrame) -> pd.DataFrame:
    """A row a series: start, factor, power and largest relative miss, of time and memory."""
    rows = []
    for series in SERIES:
        part = points[points["series"] == series.series].sort_values("size")
        if len(part) < 3:
            continue
        row: dict[str, Any] = {
            "curve": series.curve, "series": series.series, "axis": series.axis,
            "task": series.task, "formula": series.formula, "largest": int(part["size"].max()),
        }  # fmt: skip
        for what, column in (("cpu", "cpu"), ("memory", "peak")):
            size = part["size"].to_numpy(float)
            a, b, e, miss = fit(size, part[column].to_numpy(float))
            row |= {f"{what}_start": a, f"{what}_each": b, f"{what}_power": e, f"{what}_miss": miss}
        rows.append(row)
    return pd.DataFrame(rows)


# --- workers


def shared(quick: bool) -> pd.DataFrame:
    """The same bootstrap by one and by two workers: wall clock, CPU and memory of a worker."""
    import os

    n = 300 if quick else SHARED
    file, rows, answers = inputs.stored("size", n), [], []
    for workers, task in ((1, "one_worker"), (2, "two_workers")):
        found = [measured("growth", task, file)]
        best = min(found, key=lambda one: one["wall"])
        answers.append(best["answer"])
        rows.append(
            {"workers": workers, "resamples": n, "wall": best["wall"],
             "cpu": min(one["cpu"] for one in found), "worker": best["worker"],
             "load": os.getloadavg()[0]}
        )  # fmt: skip
    if answers[0] != answers[1]:
        sys.exit("Two workers gave other numbers than one.")
    return pd.DataFrame(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing stored")
    parser.add_argument("--only", default="", help="tasks whose name holds this; keep the rest")
    parser.add_argument("--repetitions", type=int, default=1, help="fresh processes a point")
    given = parser.parse_args()
    print(f"{machine.described()}\n")
    rows = []
    for series in SERIES:
        if given.only not in series.task:
            continue
        for n in series.sizes[:3] if given.quick else series.sizes:
            rows.append(point(series, n, given.repetitions))
            row = rows[-1]
            print(f"{series.series:<46} {n:>12,} {series.axis:<10} {1000 * row['cpu']:>11,.1f} ms "
                  f"{row['peak']:>8,.0f} MiB", flush=True)  # fmt: skip
    points = pd.DataFrame(rows)
    folder = HERE.parent / "build" / "bench" if given.quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    if given.only and not given.quick:
        old = pd.read_csv(folder / "scaling.csv")
        points = pd.concat([old[~old["task"].isin(points["task"])], points])
        order = {series.task: i for i, series in enumerate(SERIES)}
        points = points.sort_values(["task", "size"], key=lambda c: c.map(order).fillna(c))
    if not given.only or given.only in "one_worker two_workers":
        keep(shared(given.quick), folder / "scaling-workers.csv")
    keep(points, folder / "scaling.csv")
    keep(files(), folder / "scaling-files.csv")
    about = json.dumps(machine.about(), indent=1, ensure_ascii=False) + "\n"
    (folder / "scaling.json").write_text(about, encoding="utf-8")
    draw(folder)
    if folder == RESULTS:
        import speed_pages as pages

        pages.write_all()


def files() -> pd.DataFrame:
    """Bytes a row of the Parquet files that are counted."""
    rows = []
    for path in sorted(inputs.FOLDER.glob("register-*.parquet")):
        n = int(path.stem.split("-")[1])
        rows.append({"rows": n, "bytes_a_row": path.stat().st_size / n})
    return pd.DataFrame(rows).sort_values("rows")


def keep(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, float_format="%.6g", lineterminator="\n")


def draw(folder: Path) -> None:
    """Fit what is stored, and draw it."""
    points = pd.read_csv(folder / "scaling.csv")
    found = fits(points)
    keep(found, folder / "scaling-fits.csv")
    for curve, part in points.groupby("curve", sort=False):
        picture.scaling(str(curve), part, found, folder)


if __name__ == "__main__":
    main()
