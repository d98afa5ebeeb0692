"""Ours against each peer: one table of CPU time and memory, and whether the answers agree.

Run ``python benchmarks/compare.py`` (``--quick``: smaller inputs, one repetition, nothing
stored). Each measurement is a fresh process that reads the same input file; each peer has an
environment of its own. All programs are given one thread. The table goes to
``benchmarks/results/comparison.csv`` and ``.md`` with a picture, and from there into README
and guide (``benchmarks/speed_pages.py``).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "sides")]
import environments  # noqa: E402
import inputs  # noqa: E402
import machine  # noqa: E402
import r_  # noqa: E402
from catalogue import COMPARISONS, SMALL, Comparison  # noqa: E402

RESULTS = HERE / "results"
REPETITIONS = 3
#: A side that takes longer than this many CPU seconds is measured once.
LONG = 6.0
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON")
ONE_THREAD = {**{f"{name}_NUM_THREADS": "1" for name in THREADS}, "POLARS_MAX_THREADS": "1"}


class Side(NamedTuple):
    """What was measured of one program on one input."""

    best: float
    median: float
    repetitions: int
    peak: float
    added: float
    answer: np.ndarray


def measure(python: Path | str, side: str, task: str, file: Path, small: Path) -> dict[str, Any]:
    """One fresh process."""
    command = [str(python), str(HERE / "measure.py"), side, task, str(file), str(small)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **ONE_THREAD}
    )
    if done.returncode:
        raise RuntimeError((done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def side(python: Path | str, name: str, task: str, file: Path, small: Path, times: int) -> Side:
    """Some fresh processes; the least memory, as what a machine adds is not the program's."""
    found: list[dict[str, Any]] = []
    while len(found) < times and not (found and found[0]["cpu"] > LONG):
        found.append(measure(python, name, task, file, small))
    cpu = [one["cpu"] for one in found]
    return Side(
        min(cpu), statistics.median(cpu), len(found),
        min(one["peak"] for one in found), min(one["added"] for one in found),
        np.array(found[0]["answer"]),
    )  # fmt: skip


def difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference as a share of the largest number of the answer."""
    theirs = np.ravel(theirs)
    if ours.shape != theirs.shape:
        return float("inf")
    return float(np.abs(ours - theirs).max() / np.abs(theirs).max())


def rows_of(item: Comparison, quick: bool) -> list[dict[str, Any]]:
    """A row for each peer of a comparison."""
    n = item.quick if quick and item.quick >= 0 else item.size
    if n == 0:
        return []
    file, small = inputs.stored(item.kind, n), inputs.stored(item.kind, SMALL[item.kind])
    times = 1 if quick else REPETITIONS
    own = side(sys.executable, "ours", item.task, file, small, times)
    common = {
        "what": item.what.format(n=n), "task": item.task, "size": n,
        "ours": own.best, "ours_median": own.median, "ours_repetitions": own.repetitions,
        "ours_peak": own.peak, "ours_added": own.added, "allowed": item.tolerance,
    }  # fmt: skip
    made = []
    for peer in item.peers:
        row = of_r(item.task) if peer == "R" else of_peer(peer, item.task, file, small, times)
        answer = row.pop("answer")
        if answer is not None:
            row["difference"] = difference(own.answer, answer)
            row["agree"] = "yes" if row["difference"] <= item.tolerance else "NO"
            row["ratio"] = row["theirs"] / own.best
        made.append({**common, **row})
        print(line(made[-1]), flush=True)
    return made


def of_peer(peer: str, task: str, file: Path, small: Path, times: int) -> dict[str, Any]:
    environment = environments.ready(peer)
    named = {"peer": peer, "version": environments.pins(peer)[peer], "where": "here"}
    if environment.python is None:
        note = f"not installed: {environment.reason}"
        return {**named, "note": note, "answer": None}
    try:
        found = side(environment.python, f"{peer.lower()}_", task, file, small, times)
    except RuntimeError as error:
        return {**named, "note": f"not run: {error}"[:200], "answer": None}
    return {
        **named, "theirs": found.best, "theirs_median": found.median,
        "theirs_repetitions": found.repetitions, "theirs_peak": found.peak,
        "theirs_added": found.added, "note": "", "answer": found.answer,
    }  # fmt: skip


def of_r(task: str) -> dict[str, Any]:
    """A figure of R that was taken elsewhere, and its answer from the stored outputs."""
    table = pd.read_csv(HERE / "peers" / "r.csv").set_index("task")
    row = table.loc[task]
    name, version = str(row["programme"]).split(" ", 1)
    seconds = float(row["seconds"])
    return {
        "peer": f"R {name}", "version": version, "where": "elsewhere", "theirs": seconds,
        "theirs_median": seconds, "theirs_repetitions": 1, "theirs_peak": row["memory"],
        "note": f"{row['source']}; seconds: {row['kind']}", "answer": r_.ANSWERS[task](),
    }  # fmt: skip


def line(row: dict[str, Any]) -> str:
    """A row as the terminal shows it."""
    start = f"{row['what'][:66]:<66} {1000 * row['ours']:>10,.1f} ms  {row['peer']:<16}"
    if "theirs" not in row:
        return f"{start} {row['note']}"
    return (
        f"{start} {1000 * row['theirs']:>11,.1f} ms  x {row['ratio']:<8.3g} "
        f"difference {row['difference']:.0e} {'' if row['agree'] == 'yes' else 'NOT THE SAME'}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller, once, nothing stored")
    parser.add_argument("--only", default="", help="tasks whose name holds this; nothing stored")
    given = parser.parse_args()
    print(f"{machine.described()}\n")
    rows = [
        row for item in COMPARISONS if given.only in item.task for row in rows_of(item, given.quick)
    ]
    table = pd.DataFrame(rows)
    folder = RESULTS
    if given.quick or given.only:
        folder = HERE.parent / "build" / "bench"
    write(table, folder)
    print(f"\n{folder.relative_to(HERE.parent)}/comparison.csv, .md, .png, .svg")
    if (table.get("agree") == "NO").any():
        sys.exit("Some answers are not the same: those rows compare nothing.")


def write(table: pd.DataFrame, folder: Path) -> None:
    """The table as CSV and Markdown, the machine, and the picture."""
    import picture
    import speed_pages as pages

    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "comparison.csv", index=False, float_format="%.6g", lineterminator="\n")
    (folder / "comparison.json").write_text(
        json.dumps(machine.about(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    table, about = pages.stored("comparison", folder)
    (folder / "comparison.md").write_text(pages.comparison(table, about), encoding="utf-8")
    picture.comparison(table, folder)
    if folder == RESULTS:
        pages.write_all()


if __name__ == "__main__":
    main()
