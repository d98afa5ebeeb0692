"""Make one change after another in a copy of the project, and run the tests that may notice.

Started by run.py, once a processor: `python mutation/worker.py TREE ROOM`. A line
of JSON comes in for each change, a line goes out with what became of it. The
libraries are imported once; each change is tried in a fork of this process, which
reads the room's code anew, and is written into the copy, so that processes that a
test starts see it too.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from covering import arguments

# what lies below each room (see the floors in pyproject.toml) never changes with it
BELOW = {
    "measures": [],
    "qmethod": ["measures"],
    "representativeness": ["measures"],
    "impact": ["measures"],
    "evaluation": ["measures", "qmethod", "representativeness", "impact", "coding"],
}
GROUND = ["errors", "tables", "reporting", "plotting", "datasets", "resampling"]
LIBRARIES = [
    "_hypothesis_pytestplugin", "coverage", "hypothesis", "joblib", "matplotlib.pyplot", "networkx",
    "numpy.testing", "openpyxl", "pandas", "polars", "scipy.optimize", "scipy.special",
    "scipy.stats", "seaborn", "statsmodels.api", "tqdm",
]  # fmt: skip
# pytest would warn that it can no longer rewrite the assertions of its plugins
LOADED_BEFORE = ["-W", "ignore::pytest.PytestAssertRewriteWarning"]
TOO_LONG = 77  # exit code of a test that ran too long
MEMORY = 12 * 2**30


class Watch:
    """A pytest plugin: only the chosen tests, in the chosen order, each within its time."""

    def __init__(self, chosen: dict[str, float], answer: int) -> None:
        self.chosen, self.answer = chosen, answer

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        place = {name: i for i, name in enumerate(self.chosen)}
        items[:] = sorted(
            (item for item in items if item.nodeid in place), key=lambda i: place[i.nodeid]
        )

    def pytest_runtest_setup(self, item: Any) -> None:
        signal.setitimer(signal.ITIMER_PROF, 10 + 5 * self.chosen[item.nodeid])

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            os.write(self.answer, report.nodeid.encode())


def main() -> None:
    tree, room = Path(sys.argv[1]), sys.argv[2]
    out = os.dup(1)
    _silence()
    for name in LIBRARIES:
        importlib.import_module(name)
    for name in [*GROUND, *BELOW[room]]:
        importlib.import_module(f"dmpkit.{name}")
    if any(name.startswith(f"dmpkit.{room}") for name in sys.modules):
        raise SystemExit(f"dmpkit.{room} was imported by what lies below it")
    _warm(tree, room)
    gc.freeze()  # nothing read so far is looked through again in a fork
    for line in sys.stdin:
        task = json.loads(line)
        os.write(out, (json.dumps(_try(tree, task)) + "\n").encode())


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    if not os.environ.get("DMPKIT_MUTANTS_LOUD"):
        os.dup2(nowhere, 2)
    else:
        os.dup2(2, 1)


def _warm(tree: Path, room: str) -> None:
    """Read code and tests once, so that every fork finds them compiled."""
    child = os.fork()
    if child == 0:
        sys.dont_write_bytecode = False
        places = [str(tree / "tests" / room), str(tree / "dmpkit" / room)]
        pytest.main([*arguments(tree), *LOADED_BEFORE, "--collect-only", *places])
        os._exit(0)
    os.waitpid(child, 0)


def _try(tree: Path, task: dict[str, Any]) -> dict[str, Any]:
    path = tree / task["file"]
    unchanged, times = path.read_bytes(), path.stat()
    started = time.monotonic()
    try:
        path.write_text(task["source"], encoding="utf-8")
        for tests in task["stages"]:
            status, code, name = _stage(tree, tests)
            if status != "survived":
                break
    finally:
        path.write_bytes(unchanged)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # so the compiled code holds
    return {"status": status, "test": name, "code": code, "seconds": time.monotonic() - started}


def _stage(tree: Path, tests: dict[str, float]) -> tuple[str, int, str]:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        _run(tree, tests, write)
    os.close(write)
    code = _wait(child, limit=120 + 12 * sum(tests.values()))
    with os.fdopen(read) as answer:
        name = answer.read(2000)
    status = {0: "survived", TOO_LONG: "timed out"}.get(code, "killed")
    return status, code, name


def _run(tree: Path, tests: dict[str, float], answer: int) -> None:
    """In the fork: never returns."""
    code = 70
    try:
        os.setpgid(0, 0)
        os.chdir(tree)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.signal(signal.SIGPROF, lambda *_: os._exit(TOO_LONG))
        files = list(dict.fromkeys(str(tree / name.split("::")[0]) for name in tests))
        code = int(
            pytest.main(
                [*arguments(tree), *LOADED_BEFORE, "-x", *files], plugins=[Watch(tests, answer)]
            )
        )
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _wait(child: int, limit: float) -> int:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end_group(child)
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    _end_group(child)
    os.waitpid(child, 0)
    return TOO_LONG


def _end_group(child: int) -> None:
    """End the fork and what its tests started."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    main()
