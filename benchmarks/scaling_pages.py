"""What the page on scaling says, calculated from the stored measurements.

Far beyond what was measured a cost is that of the largest point, scaled by the power that
the algorithm has by its construction (1 for rows and resamples, 2 for pairs of people): the
fitted power stands beside it in the table and is not trusted there.
"""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from speed_pages import RESULTS, described, duration, memory, table_of

#: What one process may hold before it is said not to fit: the memory of the machine here.
FITS_GIB = 24
#: Reckoned with, not measured: bytes a second from the disks of one machine, over the network
#: to one process, and the cores of one machine of a cluster.
DISK, NETWORK, CORES_A_MACHINE = 2e9, 1.25e9, 100
CORES = (2, 100, 10_000)


def blocks() -> dict[str, str]:
    """All blocks of the page."""
    points = pd.read_csv(RESULTS / "scaling.csv")
    fits = pd.read_csv(RESULTS / "scaling-fits.csv")
    workers = pd.read_csv(RESULTS / "scaling-workers.csv")
    files = pd.read_csv(RESULTS / "scaling-files.csv")
    about = json.loads((RESULTS / "scaling.json").read_text(encoding="utf-8"))
    cost = Cost(points)
    return {
        "scaling-machine": f"{described(about)} Dots are measured, each in a fresh process (the "
        "mean over calls where one is short); lines of time are the fitted curves.\n",
        "scaling-curves": curves(fits, points),
        "scaling-workers": two_workers(workers, cost),
        "scaling-cores": far(cost, workers),
        "scaling-rows": register(cost, files),
        "scaling-process": in_one_process(cost),
    }


class Cost:
    """What the largest measured point of a task says."""

    def __init__(self, points: pd.DataFrame) -> None:
        self.points = points

    def last(self, task: str) -> tuple[float, float, float]:
        """Size, CPU seconds and peak MiB of the largest point."""
        row = self.points[self.points["task"] == task].sort_values("size").iloc[-1]
        return float(row["size"]), float(row["cpu"]), float(row["peak"])

    def cpu(self, task: str, size: float, power: float = 1.0) -> float:
        n, seconds, _ = self.last(task)
        return float(seconds * (size / n) ** power)

    def slope(self, task: str, column: str) -> float:
        """Growth a unit of size between the smallest and the largest point."""
        part = self.points[self.points["task"] == task].sort_values("size")
        first, last = part.iloc[0], part.iloc[-1]
        return float((last[column] - first[column]) / (last["size"] - first["size"]))

    def late(self, task: str, column: str) -> float:
        """Growth a unit of size between the two largest points."""
        part = self.points[self.points["task"] == task].sort_values("size")
        before, last = part.iloc[-2], part.iloc[-1]
        return float((last[column] - before[column]) / (last["size"] - before["size"]))

    def peak(self, task: str, size: float) -> float:
        """MiB, by the growth between the two largest points; never falling."""
        n, _, mib = self.last(task)
        return mib + max(0.0, self.late(task, "peak")) * max(0.0, size - n)


# --- what was measured


def curves(fits: pd.DataFrame, points: pd.DataFrame) -> str:
    rows = []
    for row in fits.itertuples():
        last = points[points["task"] == row.task].sort_values("size").iloc[-1]
        rows.append(
            [
                row.series, row.axis, f"{row.formula}",
                model(row.cpu_start, row.cpu_each, row.cpu_power, row.largest, duration),
                f"{100 * row.cpu_miss:.0f} %",
                model(row.memory_start, row.memory_each, row.memory_power, row.largest, memory),
                f"{100 * row.memory_miss:.0f} %",
                f"{row.largest:,}: {duration(last['cpu'])}, {memory(last['peak'])}",
            ]
        )  # fmt: skip
    head = ["what", "n counts", "cost by construction", "CPU time fitted", "largest miss",
            "memory fitted", "largest miss", "largest n measured"]  # fmt: skip
    return table_of(head, rows, {4, 6})


def model(start: float, each: float, power: float, largest: int, unit: Any) -> str:
    """``a + b·(n/N)^e`` with N the largest size: both parts in a unit that can be read."""
    grown = each * largest**power
    if grown < 0.01 * start or power < 0.02:
        return f"{unit(start + grown)}, does not grow"
    share = f"{unit(grown)} × (n/{largest:,})^{power:.2f}"
    return share if start < 0.005 * grown else f"{unit(start)} + {share}"


def two_workers(workers: pd.DataFrame, cost: Cost) -> str:
    one, two = (workers[workers["workers"] == k].iloc[0] for k in (1, 2))
    n = cost.last("task_overhead")[0]
    chunk = cost.slope("task_overhead", "cpu")
    empty = cost.points[cost.points["task"] == "task_overhead"]["worker"].min()
    alone = max(one["load"], two["load"]) < 2.5
    told = (
        "The machine did little else."
        if alone
        else f"The machine was not alone (load average {max(one['load'], two['load']):.0f} on two "
        "cores), so the wall-clock times say little about a quiet one; CPU times do."
    )
    return (
        f"{int(one['resamples']):,} resamples of 500 people and 60 statements: one worker "
        f"{duration(one['wall'])} by the clock and {duration(one['cpu'])} of CPU, two workers "
        f"{duration(two['wall'])} by the clock and {duration(two['cpu'])} of CPU, a speed-up of "
        f"{one['wall'] / two['wall']:.2f} with the same numbers. The difference in CPU time, "
        f"{duration(max(0.0, two['cpu'] - one['cpu']))}, is the start of the workers, paid once. "
        f"{told} Handing a chunk over and its result back takes {duration(chunk)} of CPU on "
        f"both sides together (from {int(n):,} empty chunks). A worker process holds "
        f"{memory(empty)} before it is given work, and {memory(two['worker'])} at most in this "
        "run.\n"
    )


# --- what follows


def far(cost: Cost, workers: pd.DataFrame) -> str:
    """Spread workloads at 2, 100 and 10,000 cores."""
    chunk = cost.slope("task_overhead", "cpu")
    a_resample = cost.cpu("q_resamples_people", 5000) / 50
    held = cost.late("q_resamples", "peak") / 500 * 2**20  # bytes a resample and person
    works = [
        ("Q bootstrap: 100,000 resamples of 5,000 people, 60 statements",
         100_000 * a_resample, 100_000 / 10, 100_000 * 5000 * held),
        ("lottery: 10,000,000 draws of 50 from a pool of 1,000",
         10_000_000 * cost.slope("lottery_draws", "cpu"), 10_000_000 / 1250,
         10_000_000 * 50 * 4.0),
        ("reason index: 10,000,000 re-pairings of 500 people",
         10_000_000 * cost.cpu("reason_people", 500, 2) / 500, 10_000_000 / 250, 10_000_000 * 8.0),
    ]  # fmt: skip
    rows = []
    for what, cpu, chunks, held_bytes in works:
        cells = []
        for cores in CORES:
            spent, why = on_cores(cpu, chunks, held_bytes, cores, chunk)
            cells.append(f"{clock(spent)} ({why})")
        rows.append([what, clock(cpu), f"{chunks:,.0f}", memory(held_bytes / 2**20), *cells])
    head = ["work", "CPU time", "chunks", "results held by the caller",
            *(f"{cores:,} cores: time (bound by)" for cores in CORES)]  # fmt: skip
    return table_of(head, rows, {1, 2, 3})


def on_cores(cpu: float, chunks: float, held: float, cores: int, chunk: float) -> tuple[float, str]:
    """Seconds on so many cores, and what takes them."""
    parts = {
        "computing": cpu / min(cores, chunks),
        "handing over chunks": chunks * chunk,
        "the caller's network": held / NETWORK,
    }
    why = max(parts, key=lambda name: parts[name])
    if why == "computing" and chunks < cores:
        why = "too few chunks"
    if held / 2**30 > FITS_GIB:
        why += "; the caller's memory first of all"
    return max(parts.values()), why


def clock(value: float) -> str:
    """Seconds in a unit for long times."""
    for unit, size in (("days", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if value >= 2 * size:
            return f"{value / size:,.1f} {unit}"
    return duration(value)


def register(cost: Cost, files: pd.DataFrame) -> str:
    """Counting 10⁹ rows."""
    each = float(files.iloc[-1]["bytes_a_row"])
    whole, chunk = 1e9 * each, cost.slope("task_overhead", "cpu")
    rows = []
    for task, name, spread in (
        ("count_pandas", "pandas", False), ("count_polars", "polars lazy", False),
        ("count_duckdb", "DuckDB", False), ("count_dask", "dask", True),
    ):  # fmt: skip
        cpu, mib = cost.cpu(task, 1e9), cost.peak(task, 1e9)
        a_partition = cost.last(task)[2]
        cells = []
        for cores in CORES:
            machines = max(1, cores // CORES_A_MACHINE)
            if (name == "pandas" and cores > 2) or (machines > 1 and not spread):
                cells.append("no more cores are used" if name == "pandas" else "one machine only")
                continue
            used = 1 if name == "pandas" else min(cores, 1000) if spread else cores
            few = "too few partitions" if used < cores and spread else "computing"
            parts = {few: cpu / used, "reading": whole / (DISK * machines)}
            if spread:
                parts["handing over partitions"] = 1000 * chunk
            why = max(parts, key=lambda part: parts[part])
            cells.append(f"{clock(parts[why])} ({why})")
        held = memory(a_partition) + " a worker" if spread else memory(mib)
        if not spread and mib / 1024 > FITS_GIB:
            held += ": the first bottleneck"
        rows.append([name, clock(cpu), held, *cells])
    head = ["engine", "CPU time", "memory", *(f"{cores:,} cores (bound by)" for cores in CORES)]
    said = (
        f"The file has {each:.1f} bytes a row, so 10⁹ rows are {whole / 1e9:.1f} GB to read. "
        "The time is what computing or reading takes, whichever is longer; dask has a partition a "
        "million rows, and hands them over one by one.\n"
    )
    return table_of(head, rows, {1}) + "\n" + said


def in_one_process(cost: Cost) -> str:
    """What does not spread: CPU and memory at 10⁹ rows."""
    rows = []
    for task, name, way in (
        ("rake", "raking people", "count the register first and rake its cells"),
        ("calibrate", "calibrating people", "the same"),
        ("alpha_units", "alpha of 3 coders", "count the units that were coded alike"),
        ("incidence", "incidence, whole days", "count events and censorings a day"),
        ("incidence_untied", "incidence, no ties", "round times to days"),
        ("ledger_check", "checking a ledger", "split it by process"),
    ):
        cpu, mib = cost.cpu(task, 1e9), cost.peak(task, 1e9)
        n, _, most = cost.last(task)
        why = "memory of one machine" if mib / 1024 > FITS_GIB else "time of one core"
        fits = (FITS_GIB * 1024 - most) / max(cost.late(task, "peak"), 1e-12) + n
        rows.append([name, clock(cpu), memory(mib), why, f"{fits / 1e6:,.0f} million", way])
    head = ["work on 10⁹ rows", "CPU time", "memory", "first bottleneck",
            f"rows that fit into {FITS_GIB} GiB", "way round"]  # fmt: skip
    return table_of(head, rows, {1, 2, 4})
