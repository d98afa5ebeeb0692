"""Change the numerical code in small ways and see whether the tests notice: `make mutants`.

    python mutation/run.py [ROOM ...] [--sample 100|all] [--seed 1] [--jobs 2]
                           [--again] [--store]

Each room gets a random sample of all changes that changes.py knows. A change is
killed when a test of the room fails, or runs without end; it survives when all
pass. Tests run are those that reach the changed line (covering.py), the quick
ones first, up to `BUDGET` seconds, and the kept tables. Results go to build/mutants/; `--store`
writes the table into mutation/README.md; `--again` tries only the survivors of
the last run, after new tests.
"""

from __future__ import annotations

import argparse
import csv
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from queue import Empty, Queue
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
BUILD = ROOT / "build" / "mutants"
ROOMS = ["measures", "qmethod", "representativeness", "evaluation", "impact"]
BUDGET = 15.0  # seconds of tests for one change
NEAR = 4.0  # of them first, in the tests nearest to it
KEPT = "test_kept_tables.py"  # these besides
UNNOTICED = ("survived", "no tests")
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "__pycache__", ".*_cache", ".hypothesis", "downloads",
    "private", "raw",
)  # fmt: skip
COLUMNS = ["key", "file", "line", "function", "before", "after", "status", "test", "seconds"]
TABLE = ["room", "tried", "killed", "timed out", "survived", "no tests", "explained"]


def main() -> None:
    asked = _arguments()
    _need_mutmut()
    failed = False
    rows = []
    for room in asked.rooms:
        results = run_room(room, asked)
        rows.append(_row(room, results, asked))
        failed |= _explanations_gone(room)
    print(_table(rows))
    (BUILD / "table.md").write_text(_table(rows) + "\n", encoding="utf-8")
    if asked.store:
        _store(rows, asked)
    raise SystemExit(int(failed))


def _arguments() -> argparse.Namespace:
    defaults = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--sample", default=str(defaults["sample"]), help="a number, or all")
    parser.add_argument("--seed", type=int, default=defaults["seed"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--budget", type=float, default=BUDGET, help="seconds of tests a change")
    parser.add_argument("--again", action="store_true", help="only the survivors of the last run")
    parser.add_argument("--store", action="store_true", help="the table into mutation/README.md")
    asked = parser.parse_args()
    asked.rooms = asked.rooms or ROOMS
    unknown = set(asked.rooms) - set(ROOMS)
    if unknown or not (asked.sample == "all" or asked.sample.isdigit()):
        parser.error(f"rooms are {', '.join(ROOMS)}; a sample is a number or 'all'")
    return asked


def _need_mutmut() -> None:
    try:
        import mutmut  # noqa: F401
    except ImportError:
        raise SystemExit(
            "This needs mutmut: pip install -c constraints.txt -e '.[mutants]'"
        ) from None


def run_room(room: str, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Try the sample of one room; what was found is written as it comes."""
    from changes import Change, changes, modules

    trees = _trees(asked.jobs)
    files = modules(ROOT, room)
    left = [r for r in _earlier(room) if r["status"] in UNNOTICED] if asked.again else []
    if asked.again:
        files = [file for file in files if file in {r["file"] for r in left}]
    every: list[Change] = [change for file in files for change in changes(ROOT, file)]
    chosen = sample(every, asked.sample, asked.seed)
    if asked.again:
        chosen = [change for change in every if change.key in {r["key"] for r in left}]
    covering = Covering.read(trees[0], room)
    tasks = [Task(change, covering.tests(change, asked.budget)) for change in chosen]
    print(
        f"{room}: {len(every):,} changes in {len(files)} modules, {len(tasks)} to try", flush=True
    )
    with Workers(trees, room) as workers:
        _unchanged_passes(workers, tasks)
        results = _tried(workers, tasks, BUILD / f"{room}-{_fingerprint(room)}.part.csv")
    if asked.again:
        new = {r["key"]: r for r in results}
        results = [new.get(r["key"], r) for r in _earlier(room)]
    _write(BUILD / f"{room}.csv", results)
    _write_survivors(room, results, chosen)
    return results


def sample(every: list[Any], size: str, seed: int) -> list[Any]:
    """The changes with the smallest hash of seed and key.

    As random as drawing lots, and a change elsewhere in the code leaves the rest
    of the sample as it was.
    """
    if size == "all":
        return list(every)

    def lot(change: Any) -> str:
        return hashlib.sha256(f"{seed}:{change.key}".encode()).hexdigest()

    return sorted(every, key=lot)[: int(size)]


@dataclass(frozen=True)
class Task:
    """One change and the tests to run on it."""

    change: Any
    tests: list[dict[str, float]]  # first those most likely to notice, then the others

    def message(self, source: str | None = None) -> dict[str, Any]:
        source = self.change.source() if source is None else source
        return {"file": self.change.file, "source": source, "stages": self.tests}


class Covering:
    """The map of lines to tests that covering.py makes, kept while the code stays as it is."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.listed, self.lines = data["tests"], data["lines"]

    @cached_property
    def texts(self) -> dict[str, str]:
        """The test files of the room, and doctests' modules."""
        files = sorted({test["file"] for test in self.listed})
        return {f: (ROOT / f).read_text(encoding="utf-8") for f in files if (ROOT / f).is_file()}

    @classmethod
    def read(cls, tree: Path, room: str) -> Covering:
        path = BUILD / f"{room}-{_fingerprint(room)}.json"
        if not path.exists():
            print(f"{room}: which test runs which line ...", flush=True)
            for old in BUILD.glob(f"{room}-*.json"):
                old.unlink()
            command = [sys.executable, str(HERE / "covering.py"), str(tree), room, str(path)]
            done = subprocess.run(
                command, cwd=tree, env=_environment(tree), stdout=subprocess.PIPE, text=True
            )
            if done.returncode:
                raise SystemExit(done.stdout[-3000:])
        return cls(json.loads(path.read_text(encoding="utf-8")))

    def tests(self, change: Any, budget: float) -> list[dict[str, float]]:
        """The tests that reach a change, quick ones first, within the budget."""
        lines = self.lines.get(change.file, {})
        wanted = [str(line) for line in change.lines] if change.lines else list(lines)
        found = {number for line in wanted for number in lines.get(line, ())}
        ordered = sorted(found, key=lambda n: (self.listed[n]["seconds"], n))
        kept = _within([self.listed[n] for n in ordered], budget)
        files = Counter(test["file"] for test in kept if test["file"] != change.file)
        near = {change.file, *[file for file, _ in files.most_common(1)]}
        first = _within([test for test in kept if test["file"] in near], NEAR)
        first += [test for test in self._besides(change, found) if test not in first]
        stages = [first, [test for test in kept if test not in first]]
        return [{test["test"]: test["seconds"] for test in stage} for stage in stages if stage]

    def _besides(self, change: Any, found: set[int]) -> list[dict[str, Any]]:
        """Tests that the time they take, or the map of lines, would leave out.

        The kept tables reach most lines, in seconds. What stands outside functions and
        classes runs when the module is imported, so the map knows no test of it: those are
        taken whose file names the module.
        """
        tables = [self.listed[n] for n in sorted(found) if self.listed[n]["file"].endswith(KEPT)]
        if change.function != "(module)":
            return tables
        module = re.compile(rf"\b{Path(change.file).stem}\b")
        named = {file for file, text in self.texts.items() if module.search(text)}
        tests = sorted((t for t in self.listed if t["file"] in named), key=lambda t: t["seconds"])
        return tables + [test for test in _within(tests, NEAR) if test not in tables]


def _within(tests: list[dict[str, Any]], budget: float) -> list[dict[str, Any]]:
    """The first tests that together take no longer than the budget, and at least one."""
    spent, kept = 0.0, []
    for test in tests:
        spent += test["seconds"]
        if kept and spent > budget:
            break
        kept.append(test)
    return kept


class Workers:
    """Processes of worker.py, one for each copy of the project."""

    def __init__(self, trees: list[Path], room: str) -> None:
        self.free: Queue[subprocess.Popen[str]] = Queue()
        self.all = [
            subprocess.Popen(
                [sys.executable, str(HERE / "worker.py"), str(tree), room],
                cwd=tree, env=_environment(tree), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
            for tree in trees
        ]  # fmt: skip
        for process in self.all:
            self.free.put(process)

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.all:
            if process.stdin:
                process.stdin.close()
            process.wait()

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        process = self.free.get()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise SystemExit("A worker ended; set DMPKIT_MUTANTS_LOUD=1 to see why.")
            return dict(json.loads(line))
        finally:
            self.free.put(process)


def _unchanged_passes(workers: Workers, tasks: list[Task]) -> None:
    """Tests that fail without any change would count as having noticed one."""
    covered = [task for task in tasks if task.tests]
    for task in random.Random(0).sample(covered, min(3, len(covered))):
        source = (ROOT / task.change.file).read_text(encoding="utf-8")
        got = workers.answer({**task.message(source), "stages": task.tests[:1]})
        if got["status"] != "survived":
            raise SystemExit(
                f"Without a change {got['test']} fails ({got['code']}); nothing is measured."
            )


def _tried(workers: Workers, tasks: list[Task], path: Path) -> list[dict[str, Any]]:
    waiting: Queue[Task] = Queue()
    before = {row["key"]: row for row in _rows(path)}  # of a run that was ended
    results = {key: row for key, row in before.items() if key in {t.change.key for t in tasks}}
    for task in tasks:
        if task.change.key not in results:
            waiting.put(task)
    lock = threading.Lock()

    def work() -> None:
        while True:
            try:
                task = waiting.get_nowait()
            except Empty:
                return
            change = task.change
            nothing = {"status": "no tests", "test": "", "seconds": 0.0}
            got = workers.answer(task.message()) if task.tests else nothing
            row = {column: got.get(column, getattr(change, column, "")) for column in COLUMNS}
            with lock:
                results[change.key] = row
                _write(path, results.values())
                if len(results) % 20 == 0:
                    print(f"  {len(results)} of {len(tasks)}", flush=True)

    threads = [threading.Thread(target=work, daemon=True) for _ in workers.all]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) < len(tasks):
        raise SystemExit("Not all changes were tried; nothing is measured.")
    path.unlink(missing_ok=True)
    return [results[task.change.key] for task in tasks]


def _trees(jobs: int) -> list[Path]:
    """Copies of the project: the code that is changed is never the user's own."""
    trees = [BUILD / f"copy-{number}" for number in range(1, jobs + 1)]
    for tree in trees:
        tree.mkdir(parents=True, exist_ok=True)
        there = set(_files(ROOT))
        for path in set(_files(tree)) - there:
            (tree / path).unlink()
        for path in there:
            source, target = ROOT / path, tree / path
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
    return trees


def _files(root: Path) -> Iterable[Path]:
    for folder, inside, names in os.walk(root):
        skipped = NOT_COPIED(folder, inside)
        inside[:] = [name for name in inside if name not in skipped]
        yield from (Path(folder, name).relative_to(root) for name in names)


def _environment(tree: Path) -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {
        **os.environ, **one, "PYTHONPATH": f"{tree}{os.pathsep}{HERE}",
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "MPLBACKEND": "Agg",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }  # fmt: skip


def _fingerprint(room: str) -> str:
    digest = hashlib.sha256()
    places = [ROOT / "dmpkit", ROOT / "tests" / room]
    for path in sorted(p for place in places for p in place.rglob("*.py")):
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def _earlier(room: str) -> list[dict[str, Any]]:
    path = BUILD / f"{room}.csv"
    if not path.exists():
        raise SystemExit(f"There is no earlier run of {room}.")
    return _rows(path)


def _rows(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _write_survivors(room: str, results: list[dict[str, Any]], chosen: list[Any]) -> None:
    """The list of survivors, as changes of lines."""
    by_key = {change.key: change for change in chosen}
    known = explained()
    parts = []
    for result in results:
        if result["status"] not in UNNOTICED or result["key"] not in by_key:
            continue
        change = by_key[result["key"]]
        source = (ROOT / change.file).read_text(encoding="utf-8")
        diff = difflib.unified_diff(
            source.splitlines(), change.source().splitlines(), n=2, lineterm=""
        )
        why = known.get(change.key, {}).get("why", "")
        head = f"## {change.key} {change.file}:{change.line} {change.function}: {result['status']}"
        parts.append("\n".join([head, *([f"explained: {why}"] if why else []), *list(diff)[2:]]))
    (BUILD / f"{room}-survivors.diff").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def explained() -> dict[str, dict[str, str]]:
    """Survivors that no test can kill, or need kill, each with the reason."""
    with (HERE / "explained.csv").open(newline="", encoding="utf-8") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def _explanations_gone(room: str) -> bool:
    """Whether an explanation speaks of code that is no longer there; says which."""
    from changes import changes, modules

    known = [row for row in explained().values() if row["file"].startswith(f"dmpkit/{room}/")]
    there = {
        change.key
        for file in {row["file"] for row in known} & set(modules(ROOT, room))
        for change in changes(ROOT, file)
    }
    gone = [row for row in known if row["key"] not in there]
    for row in gone:
        print(f"explained.csv: {row['key']} ({row['file']}, {row['function']}) is gone; remove it.")
    return bool(gone)


def _row(room: str, results: list[dict[str, Any]], asked: argparse.Namespace) -> dict[str, Any]:
    from dmpkit.measures.proportions import wilson_interval

    count = Counter(result["status"] for result in results)
    noticed, tried = count["killed"] + count["timed out"], len(results)
    known = explained()
    left = [r for r in results if r["status"] in UNNOTICED]
    low, high = wilson_interval(noticed, tried) if tried else (0.0, 1.0)
    why = sum(r["key"] in known for r in left)
    return {
        "room": room, "tried": tried,
        **{status: count[status] for status in ("killed", "timed out", "survived", "no tests")},
        "explained": why, "share": noticed / tried if tried else float("nan"), "low": low,
        "high": high, "others": noticed / (tried - why) if tried > why else float("nan"),
    }  # fmt: skip


def _table(rows: list[dict[str, Any]]) -> str:
    head = [*TABLE, "noticed", "95 % interval", "of those not explained"]
    lines = ["| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    for row in rows:
        cells = [str(row[name]) for name in TABLE]
        cells += [
            f"{100 * row['share']:.1f} %",
            f"{100 * row['low']:.1f}–{100 * row['high']:.1f} %",
            f"{100 * row['others']:.1f} %",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _store(rows: list[dict[str, Any]], asked: argparse.Namespace) -> None:
    path = HERE / "README.md"
    text = path.read_text(encoding="utf-8")
    start, end = "<!-- table -->", "<!-- end of table -->"
    before, after = text.split(start)[0], text.split(end)[1]
    said = f"Commit {_commit()}, seed {asked.seed}, sample {asked.sample} a room."
    path.write_text(f"{before}{start}\n{said}\n\n{_table(rows)}\n{end}{after}", encoding="utf-8")


def _commit() -> str:
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
