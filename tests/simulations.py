"""Simulated coverage of intervals and level of tests, and the table that says what came out.

A room's ``test_inference.py`` lists ``CASES``; each says what is offered, at which
nominal rate, and has a function that simulates it. A few runs are made in the normal
tests, all of them in the long ones. ``python tests/simulations.py measures`` makes the
long runs of one room and writes its rows of ``docs/reference/inference.csv`` (with words
behind it, those of the cases whose names have one of them); the long test then asks that
the table says what the run gives.
"""

from __future__ import annotations

import csv
import importlib
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "reference" / "inference.csv"
COLUMNS = ("statistic", "room", "offered", "nominal", "observed", "runs", "design", "test")
#: The room as the table names it, and its file of tests.
ROOMS = {
    "measures": "Measures",
    "qmethod": "Q methodology",
    "representativeness": "Representativeness",
    "impact": "Impact",
    "evaluation": "Evaluation",
    "coding": "Coding",
}
#: Rates may differ from what is stated by this many of their standard errors.
ERRORS = 4.0


@dataclass(frozen=True)
class Case:
    """One interval or p-value under one design.

    Attributes
    ----------
    statistic : str
        The public name.
    offered : str
        What it offers: "95 % interval", "p-value", ...
    nominal : float
        The rate promised: the coverage, or the share of rejections under the null.
    design : str
        What was simulated, so that a reader could do it again.
    simulate : callable
        Takes a random generator and a number of runs; gives an array with one True
        (covered, or rejected) or False a run. Fewer than asked where a run has none.
    runs, few : int
        Runs in the long and in the normal tests; `few` of 0 leaves it to the long one.
    holds : {"equal", "at least", "at most", "known"}
        How the rate stands to the nominal one: equal to it, never below (a cautious
        interval), never above (a cautious test), or off as `known` says.
    known : (float, float), optional
        The rates between which a known deviation lies; it is disclosed where the
        statistic is described.
    """

    statistic: str
    offered: str
    nominal: float
    design: str
    simulate: Callable[[np.random.Generator, int], Sequence[bool] | np.ndarray]
    runs: int = 2000
    few: int = 40
    holds: str = "equal"
    known: tuple[float, float] | None = None

    @property
    def name(self) -> str:
        return f"{self.statistic}: {self.offered}: {self.design}"

    def rate(self, runs: int) -> tuple[float, int]:
        """The rate in so many runs, and how many gave an answer."""
        hits = np.asarray(self.simulate(np.random.default_rng(20_251), runs), dtype=bool)
        assert len(hits) > 0.5 * runs, "too few of the runs gave an answer"
        return float(hits.mean()), len(hits)

    def check(self, rate: float, runs: int) -> None:
        """Ask that a rate is what is promised, up to simulation error."""
        low, high = {
            "equal": (self.nominal, self.nominal),
            "at least": (self.nominal, 1.0),
            "at most": (0.0, self.nominal),
            "known": self.known or (math.nan, math.nan),
        }[self.holds]
        assert rate >= low - ERRORS * error(low, runs), f"{rate:.4f} of {runs} is too few"
        assert rate <= high + ERRORS * error(high, runs), f"{rate:.4f} of {runs} is too many"


def error(rate: float, runs: int) -> float:
    """Standard error of a simulated rate; a rate near 0 or 1 counts as one run off it."""
    inside = min(max(rate, 1 / runs), 1 - 1 / runs)
    return math.sqrt(inside * (1 - inside) / runs)


def rows() -> list[dict[str, str]]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def check_few(case: Case) -> None:
    """The small sample of the normal run."""
    case.check(*case.rate(case.few))


def check_all(case: Case, room: str) -> None:
    """The long run: the promise holds, and the table says what came out."""
    rate, runs = case.rate(case.runs)
    print(f"{case.name}: nominal {case.nominal:g}, observed {rate:.4f} of {runs}")
    case.check(rate, runs)
    said = [r for r in rows() if (r["room"], row_name(r)) == (ROOMS[room], case.name)]
    assert len(said) == 1, "the table has no row, or several"
    # another processor may tip a case or two over an edge
    assert abs(float(said[0]["observed"]) - rate) <= 0.0006 + 3 / runs
    assert int(said[0]["runs"]) == runs


def row_name(row: dict[str, str]) -> str:
    return f"{row['statistic']}: {row['offered']}: {row['design']}"


def write(room: str, cases: Sequence[Case], words: Sequence[str] = ()) -> None:
    """Run the cases of a room, or those whose name has one of the words, and keep their rows."""
    named = {case.name: place for place, case in enumerate(cases)}
    new = {c.name: _row(room, c) for c in cases if not words or any(w in c.name for w in words)}
    old = rows()  # read late: another run may have written meanwhile
    own = {row_name(r): r for r in old if r["room"] == ROOMS[room]} | new
    ordered = sorted((name for name in own if name in named), key=lambda name: named[name])
    by_room = {name: [r for r in old if r["room"] == name] for name in ROOMS.values()}
    by_room[ROOMS[room]] = [own[name] for name in ordered]
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(row for part in by_room.values() for row in part)


def _row(room: str, case: Case) -> dict[str, str]:
    rate, runs = case.rate(case.runs)
    print(f"{rate:8.4f}  {case.nominal:g}  {case.holds:9} {case.name}", flush=True)
    case.check(rate, runs)
    test = f"tests/{room}/test_inference.py::test_long_run"
    cells = (case.statistic, ROOMS[room], case.offered, f"{case.nominal:g}", f"{rate:.3f}")
    return dict(zip(COLUMNS, (*cells, str(runs), case.design, test), strict=True))


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from simulations import write as write_rows  # the module that the cases know

    room_name, *chosen = sys.argv[1:]
    found = importlib.import_module(f"tests.{room_name}.test_inference").CASES
    write_rows(room_name, found, chosen)
