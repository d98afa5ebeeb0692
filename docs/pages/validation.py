"""How each number was validated: against what, how closely, and by which test."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "reference" / "validation.csv"
SIMULATED = ROOT / "docs" / "reference" / "inference.csv"


def rows() -> list[dict[str, str]]:
    """The entries: room, statistic, reference, tolerance, test."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def simulated() -> list[dict[str, str]]:
    """Intervals and p-values: statistic, room, what is offered, nominal and observed rate."""
    with SIMULATED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def has_test(address: str) -> bool:
    """Whether ``file::test`` or ``file::class::test`` names a test that pytest collects."""
    path, *names = address.split("::")
    if not (ROOT / path).is_file() or not Path(path).name.startswith("test_"):
        return False
    body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    for name in names[:-1]:
        inner = [n for n in body if isinstance(n, ast.ClassDef) and n.name == name]
        body = inner[0].body if inner and name.startswith("Test") else []
    found = {n.name for n in body if isinstance(n, ast.FunctionDef)}
    return names[-1] in found and names[-1].startswith("test_")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _test(address: str) -> str:
    path, *_, name = address.split("::")
    return f"`{name}` in `{path}`"


def page() -> str:
    """The page on validation."""
    parts = [
        "# How the numbers were checked\n",
        "Each statistic is computed a second time by somebody else: by another program, by a "
        "publication that prints it, or by trying every case. The numbers of the other side stand "
        "in `tests/reference`, with the commands that made them; *downloaded* means that others "
        "hold the data, and the test is skipped where they are absent. The tolerance is the "
        "largest difference that the test lets pass.\n",
        "Run one of them with `python -m pytest` and the file and name in the last column; the "
        "name follows `-k`.\n",
    ]
    by_room: dict[str, list[str]] = {}
    for row in rows():
        cells = (row["statistic"], row["reference"], row["tolerance"])
        line = " | ".join(map(_cell, cells))
        by_room.setdefault(row["room"], []).append(f"| {line} | {_test(row['test'])} |")
    for room, lines in by_room.items():
        head = "| what | against | tolerance | test |\n|---|---|---|---|"
        parts.append(f"## {room}\n\n{head}\n" + "\n".join(lines) + "\n")
    return "\n".join([*parts, *_rates()]) + "\n"


def _rates() -> list[str]:
    """How often intervals cover, and tests reject, what made the data."""
    parts = [
        "## Do intervals cover, and do tests keep their level?\n",
        "For each interval and p-value that is offered, data were made from a known truth many "
        "times. *Observed* is how often the interval held the truth, or how often the test spoke "
        "up (at the nominal level) where there was nothing to find. The observed rates are those "
        "of the long tests (`make test-long`), with the seeds fixed. They may differ from what is "
        "promised by four standard errors of the simulation; where a method is known to promise "
        "more than it holds, or less, its description says so and the test holds it to that.\n",
    ]
    by_room: dict[str, list[str]] = {}
    for row in simulated():
        keys = ("statistic", "offered", "nominal", "observed", "runs", "design")
        line = " | ".join(_cell(row[key]) for key in keys)
        by_room.setdefault(row["room"], []).append(f"| {line} |")
    for room, lines in by_room.items():
        head = (
            "| what | offered | nominal | observed | runs | made from |\n|---|---|---|---|---|---|"
        )
        parts.append(f"### {room}: rates\n\n{head}\n" + "\n".join(lines) + "\n")
    return parts
