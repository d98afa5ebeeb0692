"""The long run: worker processes with bounds, a progress bar, a table, and what broke kept.

Each worker may take :data:`SECONDS` of CPU for an input and :data:`GIBIBYTES` of address
space above what it holds when it begins; what needs more is a fault, as is every outcome
but a result or a `DataError` that helps.
"""

# ruff: noqa: E501  (tables are read by row)
from __future__ import annotations

import argparse
import contextlib
import csv
import json
import math
import multiprocessing
import os
import re
import shutil
import signal
import struct
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from .driving import BY_NAME, drive, seeds_of
from .judging import FAULT, REFUSED, RESULT, Outcome, judge, put
from .minimising import minimised
from .readers import READERS, Reader
from .seeds import ROOT, Seed

SECONDS = 10
GIBIBYTES = 2
#: Inputs of one worker; then a new process begins, so that nothing grows unseen.
BATCH = 4000
#: A worker that neither computes nor ends is stopped after so many seconds.
STUCK = 180
COUNTS = struct.Struct("<4q")


# --- the worker ---------------------------------------------------------------------------


def _status(word: str) -> int:
    """A number of /proc/self/status, in bytes."""
    text = Path("/proc/self/status").read_text()
    found = re.search(rf"^{word}:\s+(\d+)", text, re.MULTILINE)
    return 1024 * int(found[1]) if found else 0


def _bound() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    roof = _status("VmSize") + GIBIBYTES * 2**30
    resource.setrlimit(resource.RLIMIT_AS, (roof, roof))
    with contextlib.suppress(OSError):  # the peak begins here
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def _clock() -> None:
    """The process ends by itself when the next input takes too long, in C code too."""
    import resource

    used = math.ceil(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, resource.RLIM_INFINITY))


@dataclass
class Tally:
    """What a worker, or all workers of a reader, have seen."""

    inputs: int = 0
    results: int = 0
    refused: int = 0
    slowest: float = 0.0
    peak: int = 0
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    messages: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Another worker's numbers."""
        self.inputs += other.inputs
        self.results += other.results
        self.refused += other.refused
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        self.peak = max(self.peak, other.peak)
        self.faults += other.faults
        self.messages += other.messages


def shape(outcome: Outcome) -> str:
    """A refusal without what is special to one input, and which of its parts are there."""
    error = outcome.error
    if error is None:
        return ""
    text = re.sub(r"(['\"]).*?\1", "'…'", error.problem, flags=re.DOTALL)
    text = re.sub(r"\d[\d.,]*", "9", text)[:160]
    parts = [("f", error.file), ("r", error.row), ("c", error.column), ("+", error.remedy)]
    return "".join(m if part is not None else "-" for m, part in parts) + " " + text


def work(name: str, number: int, n: int, place: Path, slow: float = 2.0) -> None:
    """Give `n` inputs to a reader, and write down what became of them."""
    os.environ["MPLBACKEND"] = "Agg"
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    sys.stderr = (place / "stderr").open("w")
    reader = BY_NAME[name]
    os.chdir(place)
    room = place / "input"
    for files in seeds_of(reader):  # what it needs is imported before the bounds are set
        judge(reader, files, room)
    _bound()
    base = _status("VmRSS")
    tally = Tally()
    begun = time.process_time()
    counts = os.open(place / "counts", os.O_RDWR | os.O_CREAT)

    def take(files: Seed) -> None:
        _clock()
        outcome = judge(reader, files, room)
        tally.inputs += 1
        tally.results += outcome.kind == RESULT
        tally.refused += outcome.kind == REFUSED
        tally.slowest = max(tally.slowest, outcome.seconds)
        if outcome.kind == REFUSED:
            tally.messages[shape(outcome)] += 1
        if outcome.kind == FAULT:
            _keep(reader, outcome, files, place, tally)
        os.pwrite(counts, COUNTS.pack(tally.inputs, tally.results, tally.refused, 0), 0)

    drive(reader, number, n, take)
    tally.peak = max(0, _status("VmHWM") - base)
    tally.seconds = time.process_time() - begun
    (place / "tally.json").write_text(json.dumps(vars(tally)))


def _keep(reader: Reader, outcome: Outcome, files: Seed, place: Path, tally: Tally) -> None:
    """The first two inputs of each fault, the first one made small."""
    tally.faults[outcome.key] += 1
    (place / "faults.json").write_text(json.dumps(tally.faults), "utf-8")  # it may yet die
    seen = tally.faults[outcome.key]
    if seen > 2:
        return
    if seen == 1 and not outcome.key.startswith("MemoryError"):
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        room = place / "smaller"
        files = minimised(files, lambda f: judge(reader, f, room).key == outcome.key, seconds=4)
    target = place / "faults" / f"{len(list((place / 'faults').glob('*'))):03d}"
    put(files, target)
    (target.parent / f"{target.name}.txt").write_text(
        f"{outcome.key}\n{outcome.message}\n", "utf-8", "backslashreplace"
    )


# --- the parent ---------------------------------------------------------------------------


def shares(total: int, readers: tuple[Reader, ...] = READERS) -> dict[str, int]:
    """How many inputs each reader gets, about equal time for each: at least `total` in all."""
    weight = {reader.name: reader.share / (reader.cost + 0.5) for reader in readers}
    whole = sum(weight.values())
    return {name: math.ceil(total * part / whole) for name, part in weight.items()}


class Run:
    """Batches of inputs, in turn or side by side."""

    def __init__(self, out: Path, jobs: int, seed: int) -> None:
        self.out, self.jobs, self.seed = out, jobs, seed
        self.begun, self.before = time.monotonic(), 0.0
        self.tallies: dict[str, Tally] = {}
        self.context = multiprocessing.get_context("fork")
        memory = Path("/dev/shm")
        self.scratch = Path(
            tempfile.mkdtemp(prefix="fuzz-", dir=memory if os.access(memory, os.W_OK) else None)
        )

    def all(self, plan: dict[str, int]) -> None:
        """Every reader's share."""
        todo = [
            (name, self.seed * 1_000_003 + k, min(BATCH, n - k))
            for name, n in plan.items()
            for k in range(0, n, BATCH)
        ]
        running: list[dict[str, Any]] = []
        with tqdm(total=sum(plan.values()), unit=" inputs", smoothing=0.02) as bar:
            while todo or running:
                while todo and len(running) < self.jobs:
                    running.append(self.start(*todo.pop(0)))
                time.sleep(0.05)
                for job in list(running):
                    again = self.look(job, bar)
                    if job["over"]:
                        running.remove(job)
                    if again:
                        todo.insert(0, again)
        shutil.rmtree(self.scratch, ignore_errors=True)

    def start(self, name: str, number: int, n: int) -> dict[str, Any]:
        """One worker."""
        place = Path(tempfile.mkdtemp(dir=self.scratch))
        process = self.context.Process(target=work, args=(name, number, n, place))
        process.start()
        return {"name": name, "number": number, "n": n, "place": place, "process": process,
                "done": 0, "moved": time.monotonic(), "over": False}  # fmt: skip

    def look(self, job: dict[str, Any], bar: Any) -> tuple[str, int, int] | None:
        """Progress of a worker; what is left to do where it died."""
        done, results, refused = self.counted(job)
        if done != job["done"]:
            bar.set_postfix_str(job["name"][-34:], refresh=False)
            bar.update(done - job["done"])
            job["done"], job["moved"] = done, time.monotonic()
        process = job["process"]
        stuck = process.is_alive() and time.monotonic() - job["moved"] > STUCK
        if stuck:
            process.kill()
            process.join()
        if process.is_alive():
            return None
        done_now, results, refused = self.counted(job)
        bar.update(done_now - job["done"])
        job["over"] = True
        tally = self.tallies.setdefault(job["name"], Tally())
        said = job["place"] / "tally.json"
        left = None
        if process.exitcode == 0 and said.exists():
            tally.add(read_tally(json.loads(said.read_text())))
        else:
            self.died(job, stuck, done_now, results, refused)
            bar.update(1)
            rest = job["n"] - done_now - 1
            left = (job["name"], job["number"] + 500_000_009, rest) if rest > 0 else None
            if not (job["place"] / "counts").exists():
                left = None  # it could not begin: its sound files are not sound
        self.save(job)
        store(self.tallies, self.seconds(), self.out)  # a run that is ended leaves its numbers
        shutil.rmtree(job["place"], ignore_errors=True)
        return left

    def seconds(self) -> float:
        """How long it took so far, with the run whose numbers were kept."""
        return self.before + time.monotonic() - self.begun

    def counted(self, job: dict[str, Any]) -> tuple[int, int, int]:
        """Inputs, results and refusals of a worker so far."""
        try:
            data = (job["place"] / "counts").read_bytes()
        except OSError:
            return 0, 0, 0
        return COUNTS.unpack(data)[:3] if len(data) == COUNTS.size else (0, 0, 0)

    def died(self, job: dict[str, Any], stuck: bool, done: int, results: int, refused: int) -> None:
        """A worker that ended in the middle: its last input is the fault."""
        code = job["process"].exitcode
        kind = (
            f"no end after {STUCK} seconds" if stuck
            else f"more than {SECONDS} s of CPU" if code == -signal.SIGXCPU
            else f"the process ended with {code}"
        )  # fmt: skip
        tally = self.tallies[job["name"]]
        before = job["place"] / "faults.json"
        found = Counter(json.loads(before.read_text("utf-8"))) if before.exists() else Counter()
        tally.add(Tally(done + 1, results, refused, faults=found + Counter({kind: 1})))
        faults = job["place"] / "faults"
        faults.mkdir(exist_ok=True)
        if (job["place"] / "input").is_dir():
            shutil.copytree(job["place"] / "input", faults / "999", symlinks=True)
        said = (job["place"] / "stderr").read_text("utf-8", "replace")[-1500:]
        (faults / "999.txt").write_text(f"{kind}\n{said}\n", "utf-8")

    def save(self, job: dict[str, Any]) -> None:
        """What broke, under the reader's name."""
        found = sorted((job["place"] / "faults").glob("*")) if (job["place"] / "faults").is_dir() else []  # fmt: skip
        target = self.out / "faults" / job["name"].replace(" ", "-")
        for path in found:
            target.mkdir(parents=True, exist_ok=True)
            to = target / f"{job['number']}-{path.name}"
            shutil.copytree(path, to, dirs_exist_ok=True) if path.is_dir() else shutil.copy(
                path, to
            )


def table(tallies: dict[str, Tally]) -> list[list[str]]:
    """A row a reader, and their sum."""
    head = ["reader", "inputs", "results", "DataErrors", "faults", "slowest-s", "CPU-s", "peak-MiB"]
    rows = [head]
    whole = Tally()
    for name, one in [*tallies.items(), ("all", whole)]:
        if one is not whole:
            whole.add(one)
        rows.append([
            name, str(one.inputs), str(one.results), str(one.refused), str(sum(one.faults.values())),
            f"{one.slowest:.2f}", f"{one.seconds:.0f}", f"{one.peak / 2**20:.0f}",
        ])  # fmt: skip
    return rows


def store(tallies: dict[str, Tally], seconds: float, out: Path) -> None:
    """Keep the numbers, so that single readers can be run anew."""
    said = {"seconds": seconds, "tallies": {name: vars(one) for name, one in tallies.items()}}
    (out / "tallies.json").write_text(json.dumps(said), "utf-8")


def stored(given: argparse.Namespace, anew: set[str]) -> tuple[dict[str, Tally], float]:
    """The numbers of an earlier run, without those of readers that are run anew."""
    said = json.loads((given.out / "tallies.json").read_text("utf-8"))
    kept = {name: read_tally(one) for name, one in said["tallies"].items() if name not in anew}
    for name in anew:
        shutil.rmtree(given.out / "faults" / name.replace(" ", "-"), ignore_errors=True)
    return kept, said["seconds"]


def read_tally(said: dict[str, Any]) -> Tally:
    """A tally from what was written of it."""
    counters = {key: Counter(said[key]) for key in ("faults", "messages")}
    return Tally(**{**said, **counters})


def shown(rows: list[list[str]]) -> str:
    """The table in columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True)))
        for row in rows
    )  # fmt: skip


def share_imports() -> None:
    """Import what all workers need, once; nothing is run that would start threads."""
    import importlib
    import pkgutil

    import dmpkit

    for found in pkgutil.walk_packages(dmpkit.__path__, "dmpkit."):
        if ".templates" not in found.name:
            importlib.import_module(found.name)
    for name in ("nbformat", "openpyxl", "polars", "pyarrow.parquet", "click.testing"):
        importlib.import_module(name)


def main() -> int:
    """The long run from the command line."""
    says = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    says.add_argument("--inputs", type=int, default=200_000, help="at least so many in all")
    says.add_argument("--seed", type=int, default=1)
    says.add_argument("--jobs", type=int, default=1)
    says.add_argument("--out", type=Path, default=ROOT / "build" / "fuzz")
    says.add_argument(
        "--add", action="store_true", help="keep the rows of the readers that are not run anew"
    )
    says.add_argument(
        "readers", nargs="*", help="parts of readers' names; all when none is given, a share each"
    )
    given = says.parse_args()
    if not sys.platform.startswith("linux"):
        print("The bounds on time and memory need Linux; run this there.")
        return 2
    chosen = tuple(
        r for r in READERS if not given.readers or any(part in r.name for part in given.readers)
    )
    chosen = tuple(r for r in chosen if not r.may_lack or r.seeds())
    share_imports()
    run = Run(given.out, given.jobs, given.seed)
    if given.add:
        run.tallies, run.before = stored(given, {reader.name for reader in chosen})
    else:
        shutil.rmtree(given.out, ignore_errors=True)
    given.out.mkdir(parents=True, exist_ok=True)
    plan = shares(given.inputs)
    run.all({reader.name: plan[reader.name] for reader in chosen})
    seconds = run.seconds()
    rows = table(run.tallies)
    text = shown(rows)
    bounds = f"{SECONDS} s of CPU an input, {GIBIBYTES} GiB above the start"
    faults = sum(sum(t.faults.values()) for t in run.tallies.values())
    inputs = rows[-1][1]
    text += f"\n\n{inputs} inputs, {len(run.tallies)} readers, seed {given.seed}; {bounds}; "
    text += f"{seconds:.0f} s on {given.jobs} process(es); {faults} faults."
    print(text)
    (given.out / "table.txt").write_text(text + "\n")
    with (given.out / "messages.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["reader", "count", "parts", "message"])
        for name, tally in run.tallies.items():
            for message, n in tally.messages.most_common():
                writer.writerow([name, n, *message.split(" ", 1)])
    for name, tally in run.tallies.items():
        for key, n in tally.faults.most_common():
            print(f"FAULT {name}: {key} ({n})")
    if faults:
        print(f"What broke stands in {given.out.name}/faults, made small.")
    return 1 if faults else 0
