"""SIGKILL at random moments: nothing that was there is lost, nothing half written is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SERVER = Path(__file__).with_name("server.py")
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the trials are forked")
#: What is cheap, one of each kind: a file, several files, a log, commands.
CHEAP = ["table_as_csv", "coded_tables", "rotation_log", "new_study", "sorting_page"]


def killed(tmp_path: Path, kills: int, seed: int, names: list[str], steps: bool = False) -> Any:
    """Run the trials in a process of their own; what they found, case by case."""
    result = tmp_path / "result.json"
    environment = {name: v for name, v in os.environ.items() if not name.startswith("DMPKIT_")}
    environment |= {"OMP_NUM_THREADS": "1", "MPLBACKEND": "Agg"}
    if steps:
        environment["DMPKIT_KILL_STEPS"] = "1"
    command = [sys.executable, str(SERVER), str(tmp_path / "room"), str(kills), str(seed)]
    done = subprocess.run(
        [*command, str(result), *names], capture_output=True, text=True, env=environment,
        check=False, timeout=7200,
    )  # fmt: skip
    print(done.stdout)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(result.read_text(encoding="utf-8"))
    print(f"in all {found['seconds']} s")
    return found["cases"]


def none_wrong(cases: Any) -> int:
    """How many were killed; every one of them without harm."""
    faults = [fault for case in cases.values() for fault in case["faults"]]
    assert faults == [], "\n".join(faults[:5])
    return sum(case["kills"] for case in cases.values())


def test_two_dozen_kills_lose_nothing(tmp_path: Path) -> None:
    cases = killed(tmp_path, 24, 1, CHEAP)
    assert none_wrong(cases) == 24
    # the kills hit work, and what they left was told of
    assert sum(case["counts"].get("during", 0) for case in cases.values()) >= 4
    assert sum(case["counts"].get("next run told", 0) for case in cases.values()) >= 4


@pytest.mark.long
def test_a_thousand_kills_lose_nothing(tmp_path: Path) -> None:
    cases = killed(tmp_path, 1000, 20261122, [])
    assert none_wrong(cases) == 1000


@pytest.mark.long
def test_a_kill_before_any_step_loses_nothing(tmp_path: Path) -> None:
    names = ["table_as_csv", "coded_tables", "new_coded_tables", "ledger_folder", "sorting_page"]
    names += ["new_study", "new_empty_folder", "screening", "copied_notebooks", "q_sorts"]
    cases = killed(tmp_path, len(names), 2, names, steps=True)
    none_wrong(cases)
    assert all(case["counts"]["at a step"] >= 3 for case in cases.values())
