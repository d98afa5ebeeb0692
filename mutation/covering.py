"""Which test runs which line: written by coverage while the tests of a room run once.

A test that shares something with others (a fixture of its module, a cached
helper, a constant of the file) may check a number that another test had
computed. So what was made for several tests counts as run by all of them, and
a test that uses something shared counts as running what the others ran.
"""

from __future__ import annotations

import ast
import json
import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

LONGEST = 10.0  # seconds of computing; a longer test is of no use where each change runs all
CACHED = re.compile(r"^@(functools\.)?(lru_)?cache\b", re.MULTILINE)


def arguments(tree: Path) -> list[str]:
    """Pytest's arguments: one process, nothing stored, the same examples every time."""
    return [
        f"--rootdir={tree}", "-o", "addopts=", "--doctest-modules", "--strict-markers",
        "--ignore-glob=*/conftest.py", "-q", "-m", "not long and not browser",
        "-p", "no:cacheprovider", "-p", "_hypothesis_pytestplugin", "-p", "no:faulthandler",
        "--hypothesis-seed=0",
    ]  # fmt: skip


class Recorder:
    """A pytest plugin: switches coverage's context with every test and shared fixture."""

    def __init__(self, tree: Path, room: str) -> None:
        self.tree = tree
        self.coverage = coverage.Coverage(
            data_file=None, config_file=False, source=[str(tree / "dmpkit" / room)]
        )
        self.tests: dict[str, dict[str, Any]] = {}
        self.context: list[str] = [""]

    def _enter(self, context: str) -> None:
        self.context.append(context)
        self.coverage.switch_context(context)

    def _leave(self) -> None:
        self.context.pop()
        self.coverage.switch_context(self.context[-1])

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: Any) -> Iterator[None]:
        self._enter(f"file:{collector.nodeid.split('::')[0]}")
        try:
            return (yield)
        finally:
            self._leave()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        shared = {
            f"fixture:{definition.baseid}::{definition.argname}"
            for found in getattr(
                getattr(item, "_fixtureinfo", None), "name2fixturedefs", {}
            ).values()
            for definition in found
            if definition.scope != "function"
        }
        file = item.nodeid.split("::")[0]
        self.tests[item.nodeid] = {
            "file": file, "shares": sorted(shared), "seconds": 0.0, "outcome": "passed",
        }  # fmt: skip
        self._enter(f"test:{item.nodeid}")
        before = sum(os.times()[:4])
        signal.setitimer(signal.ITIMER_PROF, LONGEST)
        try:
            return (yield)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self.tests[item.nodeid]["seconds"] = sum(os.times()[:4]) - before
            self._leave()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        if fixturedef.scope == "function":
            return (yield)
        self._enter(f"fixture:{fixturedef.baseid}::{fixturedef.argname}")
        try:
            return (yield)
        finally:
            self._leave()

    def pytest_runtest_logreport(self, report: Any) -> None:
        test = self.tests[report.nodeid]
        if not report.passed and test["outcome"] != "failed":
            test["outcome"] = report.outcome

    def lines(self) -> dict[str, dict[int, list[str]]]:
        """For each file and line the contexts that ran it."""
        data = self.coverage.get_data()
        return {
            str(Path(file).relative_to(self.tree)): {
                line: [c for c in contexts if c]
                for line, contexts in data.contexts_by_lineno(file).items()
            }
            for file in data.measured_files()
        }


def record(tree: Path, room: str, target: Path) -> None:
    """Run the room's tests once and write to `target` which lines each of them runs."""
    os.environ["COVERAGE_CORE"] = "ctrace"  # the one that knows contexts on every Python
    recorder = Recorder(tree, room)
    signal.signal(signal.SIGPROF, _leave_out)
    recorder.coverage.start()
    places = [str(tree / "tests" / room), str(tree / "dmpkit" / room)]
    code = pytest.main([*arguments(tree), *places], plugins=[recorder])
    recorder.coverage.stop()
    tests = {name: t for name, t in recorder.tests.items() if t["outcome"] == "passed"}
    failed = [name for name, test in recorder.tests.items() if test["outcome"] == "failed"]
    if failed or code != 0:
        raise SystemExit(f"The tests of {room} do not pass unchanged: {', '.join(failed) or code}")
    number = {name: i for i, name in enumerate(tests)}
    lines = {
        file: {line: sorted(number[name] for name in names) for line, names in rows.items()}
        for file, rows in _of_tests(tree, tests, recorder.lines()).items()
    }
    listed = [
        {"test": name, "file": test["file"], "seconds": test["seconds"]}
        for name, test in tests.items()
    ]
    target.write_text(json.dumps({"tests": listed, "lines": lines}, separators=(",", ":")))


def _leave_out(*_: object) -> None:
    pytest.skip(f"over {LONGEST:g} seconds")


def _of_tests(
    tree: Path, tests: dict[str, dict[str, Any]], lines: dict[str, dict[int, list[str]]]
) -> dict[str, dict[int, list[str]]]:
    """Contexts turned into tests, and shared work given to all who share it."""
    together: dict[str, set[str]] = defaultdict(set)  # a fixture or file -> its tests
    for name, test in tests.items():
        together[f"file:{test['file']}"].add(name)
        for fixture in test["shares"]:
            together[fixture].add(name)
    everywhere = _files_that_share(tree, tests, lines)
    of_test = {
        name: {
            other
            for group in (
                f"file:{test['file']}" if test["file"] in everywhere else None,
                *test["shares"],
            )
            if group and (group == f"file:{test['file']}" or test["file"] in group)
            for other in together[group]
        }
        | {name}
        for name, test in tests.items()
    }
    result: dict[str, dict[int, list[str]]] = {}
    for file, rows in lines.items():
        bodies = function_lines(tree / file)
        for line, contexts in rows.items():
            found: set[str] = set()
            for context in contexts:
                if context.startswith("test:"):
                    found |= of_test.get(context[5:], set())
                elif context.startswith("fixture:") or line in bodies:
                    found |= together.get(context, set())
            result.setdefault(file, {})[line] = sorted(found)
    return result


def _files_that_share(
    tree: Path, tests: dict[str, dict[str, Any]], lines: dict[str, dict[int, list[str]]]
) -> set[str]:
    """Test files with cached helpers, or with results computed when they are read."""
    files = {test["file"] for test in tests.values() if test["file"].startswith("tests/")}
    sharing = {file for file in files if CACHED.search((tree / file).read_text(encoding="utf-8"))}
    for file, rows in lines.items():
        bodies = function_lines(tree / file)
        for line, contexts in rows.items():
            if line in bodies:
                sharing |= {c[5:] for c in contexts if c.startswith("file:")}
    return sharing & files


def function_lines(path: Path) -> set[int]:
    """The lines inside functions: those that do not run when the module is imported."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found |= set(range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1))
    return found


if __name__ == "__main__":
    record(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
