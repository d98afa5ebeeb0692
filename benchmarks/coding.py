"""CPU time of the coding room on invented projects.

Run ``python benchmarks/coding.py``. CPU time of this process, linear algebra on one
thread, best of some repetitions; every line says what it was aimed at.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from dmpkit import coding


def scattered(n: int, *, n_sources: int = 25, n_codes: int = 40, seed: int = 1) -> object:
    """Spans of 20 to 400 characters anywhere in texts of about 60,000."""
    rng = np.random.default_rng(seed)
    names = np.array([f"I{i:03}" for i in range(n_sources)])
    start = rng.integers(0, 60_000, n)
    segments = pd.DataFrame(
        {
            "source": rng.choice(names, n),
            "code": rng.choice([f"C{i:02}" for i in range(n_codes)], n),
            "coder": "a",
            "start": start,
            "end": start + rng.integers(20, 400, n),
        }
    )
    text = "P3: " + "abcd efgh " * 6_050
    return coding.CodedProject.from_frames(
        pd.DataFrame({"source": names, "text": [text] * n_sources}), segments
    )


def cpu_seconds(work: Callable[[], object], repetitions: int = 3) -> float:
    """Least CPU time of one call."""
    taken = []
    for _ in range(repetitions):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return min(taken)


def line(what: str, seconds: float, aim: str) -> None:
    print(f"{what:<62} {1000 * seconds:>10,.1f} ms   aim {aim}")


def matrices() -> None:
    """Co-occurrence, case matrix and a query on 50,000 spans over 25 documents."""
    project = scattered(50_000)
    for unit, aim in (("segment", "300 ms"), ("document", "-"), ("window", "-"), ("turn", "-")):
        seconds = cpu_seconds(lambda unit=unit: coding.cooccurrence(project, unit=unit))
        line(f"co-occurrence by {unit}, 50,000 spans, 25 documents, 40 codes", seconds, aim)
    seconds = cpu_seconds(lambda: coding.case_matrix(project, value="words"))
    line("words by case and code, the same", seconds, "-")
    seconds = cpu_seconds(lambda: coding.retrieve(project, "C01 AND NOT C02", unit="passage"))
    line("passages under C01 and not C02, the same", seconds, "-")


def exchange() -> None:
    """A project of 500 texts and 200,000 codings, written as .qdpx and read back."""
    project = scattered(200_000, n_sources=500)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.qdpx"
        line(
            "write .qdpx, 500 texts, 200,000 codings",
            cpu_seconds(lambda: coding.write_qdpx(project, path), 1),
            "-",
        )
        seconds = cpu_seconds(lambda: coding.read_project(path), 1)
        line("read it, every position checked against its quotation", seconds, "20,000 ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = peak / 1024 if sys.platform != "darwin" else peak / 1024**2
    print(f"{'largest memory of the whole run':<62} {peak:>10,.0f} MiB  aim 1,536 MiB")


def main() -> None:
    with threadpool_limits(1):
        matrices()
        exchange()


if __name__ == "__main__":
    main()
