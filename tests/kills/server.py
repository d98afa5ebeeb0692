"""Kill what writes with SIGKILL, again and again, and look at what is left.

Run as a program: ``python server.py FOLDER KILLS SEED RESULT [CASE ...]``. The process has
imported everything; each trial is forked from it, in a process group of its own, so that a
kill costs milliseconds beside the work itself. Half of the moments are drawn from the whole
time that the work takes, half from the time after it first touches a file.

After a kill, every unit of the case has to be as it was or as it will be, what was said to
be done has to be there, and the same work, done again, has to come to its end, say what it
found, and leave nothing beside.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import re
import select
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from kills.cases import CASES, Case
from kills.states import leftovers, state

#: Seconds after which work that was not killed counts as hanging.
DEADLINE = 180.0
#: What a run says that found something.
FOUND = re.compile(r"earlier run|set aside|incomplete line")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Child:
    """One run of a case in a process group of its own."""

    def __init__(self, case: Case, place: Path, aside: Path, at_step: int = 0) -> None:
        self.case, self.aside = case, aside
        aside.mkdir(parents=True, exist_ok=True)
        self.touched, touches = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.touched)
            self._live(place, touches, at_step)
        os.close(touches)
        self.began = time.monotonic()
        self.code: int | None = None

    def _live(self, place: Path, touches: int, at_step: int) -> None:
        code = 1
        try:
            os.setsid()
            os.chdir(place)
            for name, handle in (("out", 1), ("err", 2)):
                file = os.open(self.aside / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(file, handle)
            os.environ["TMPDIR"] = str(self.aside / "tmp")
            (self.aside / "tmp").mkdir(exist_ok=True)
            import tempfile

            tempfile.tempdir = str(self.aside / "tmp")
            warnings.simplefilter("always")
            sys.addaudithook(Watch([place, self.aside / "tmp"], touches, at_step))
            code = self.case.run(place) or 0
            (self.aside / "modules").write_text("\n".join(sys.modules), encoding="utf-8")
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)

    def wait_for_touch(self) -> float:
        """Seconds until the work first touches a file, or ends."""
        select.select([self.touched], [], [], DEADLINE)
        return time.monotonic() - self.began

    def wait(self) -> tuple[int, float]:
        """Let it come to its end: exit code and seconds."""
        while time.monotonic() - self.began < DEADLINE:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                break
            time.sleep(0.002)
        else:
            self.kill()
            self.code = -99
        os.close(self.touched)
        return self.code, time.monotonic() - self.began

    def kill(self) -> bool:
        """SIGKILL to it and to all it has started; whether it had ended before."""
        pid, _ = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            os.close(self.touched)
            return True
        children = []
        if self.case.children:
            with suppress(psutil.Error):
                children = psutil.Process(self.pid).children(recursive=True)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        for child in children:
            with suppress(psutil.Error):
                child.kill()
        os.waitpid(self.pid, 0)
        os.close(self.touched)
        return False

    def said(self) -> str:
        files = [self.aside / name for name in ("out", "err")]
        return "".join(file.read_text(errors="replace") for file in files if file.exists())


class Watch:
    """Tells of the first step that changes a file; kills at a step that was named."""

    def __init__(self, places: list[Path], touches: int, at_step: int) -> None:
        self.places = tuple(f"{place}{os.sep}" for place in places)
        self.touches, self.at_step, self.steps = touches, at_step, 0

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if not flags or not flags & WRITING:
                return
        elif event not in ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"):
            return
        else:
            path = arguments[0]
        if isinstance(path, int):
            return
        where = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 (a link is not followed)
        if not where.startswith(self.places):
            return
        self.steps += 1
        if self.steps == 1:
            os.write(self.touches, b".")
        if self.steps == self.at_step:
            os.killpg(0, signal.SIGKILL)


class Trials:
    """The trials of one case."""

    def __init__(self, case: Case, room: Path) -> None:
        self.case, self.room = case, room / case.name
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.room.mkdir(parents=True)
        (self.room / "old").mkdir()
        self._forked(case.prepare, self.room / "old")
        self.old = state(self.room / "old")
        self.new: dict[str, Any] = {}
        self.seconds = self.first = 0.0
        for turn in range(2):  # the second time everything is loaded, and the outcome the same
            place = self._fresh()
            child = Child(case, place, self.room / "aside")
            first = child.wait_for_touch()
            code, seconds = child.wait()
            if code != 0:
                raise SystemExit(f"{case.name} does not run: {code}\n{child.said()[-3000:]}")
            load((self.room / "aside" / "modules").read_text(encoding="utf-8").split("\n"))
            now = state(place)
            if turn and now != self.new:
                differ = [n for n in {*now, *self.new} if now.get(n) != self.new.get(n)]
                raise SystemExit(f"{case.name} is not the same twice: {differ}")
            if leftovers(place, self.room / "aside" / "tmp"):
                raise SystemExit(f"{case.name} leaves something beside without being killed")
            self.new, self.seconds, self.first = now, seconds, min(first, seconds)
        if not case.reads and self.new == self.old:
            raise SystemExit(f"{case.name} changes nothing")

    def _forked(self, function: Any, place: Path) -> None:
        """Do something in a process of its own, so that this one stays without threads."""
        pid = os.fork()
        if pid == 0:
            try:
                os.chdir(place)
                os.dup2(os.open(self.room / "prepared", os.O_WRONLY | os.O_CREAT), 1)
                function(place)
            except BaseException:
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        if status:
            raise SystemExit(f"{self.case.name} cannot be prepared")

    def _fresh(self) -> Path:
        place = self.room / "place"
        shutil.rmtree(place, ignore_errors=True)
        shutil.rmtree(self.room / "aside", ignore_errors=True)
        shutil.copytree(self.room / "old", place)
        return place

    def at_random(self, draw: random.Random) -> None:
        """One trial: a moment of the whole time, or of the time in which files are touched."""
        place = self._fresh()
        child = Child(self.case, place, self.room / "aside")
        if draw.random() < 0.5:
            time.sleep(draw.uniform(0, self.seconds))
        else:
            child.wait_for_touch()
            time.sleep(draw.uniform(0, max(self.seconds - self.first, 0.002)))
        ended = child.kill()
        self._judge(child, place, ended)

    def at_step(self, step: int) -> bool:
        """One trial that ends right before a step that changes a file; False past the last."""
        place = self._fresh()
        child = Child(self.case, place, self.room / "aside", at_step=step)
        code, _ = child.wait()
        if code == 0:
            return False
        self._judge(child, place, ended=False)
        return True

    def _judge(self, child: Child, place: Path, ended: bool) -> None:
        said, now = child.said(), state(place)
        left = leftovers(place, self.room / "aside" / "tmp")
        deciding = [name for name in left if name.endswith(".ready")]
        units = {unit: self._which(now, pattern) for unit, pattern in self.case.units.items()}
        if ended:
            self.counts["ended before"] += 1
        elif left or len(set(units.values())) > 1:
            self.counts["during"] += 1
        else:
            self.counts["after" if set(units.values()) == {"new"} else "before"] += 1
        for unit, which in units.items():
            if which == "neither" and not deciding:
                self._fault(f"{unit} is neither old nor new", place, said)
        for unit in self.case.acknowledged(said):
            if units[unit] == "old" or (units[unit] == "neither" and not deciding):
                self._fault(f"{unit} was said to be there, and is not", place, said)
        self.case.inspect(place, said, self._fault)
        if left or now != self.old or self.case.reads:  # else it is where it began
            self._again(place, left, units)

    def _which(self, now: dict[str, Any], pattern: str) -> str:
        def part(found: dict[str, Any]) -> dict[str, Any]:
            return {name: value for name, value in found.items() if re.match(pattern, name)}

        if part(now) == part(self.new) or self.case.same(part(now), part(self.old), part(self.new)):
            return "new"
        return "old" if part(now) == part(self.old) else "neither"

    def _again(self, place: Path, left: list[str], units: dict[str, str]) -> None:
        """The next run: to its end, with what it found, and nothing left beside."""
        child = Child(self.case, place, self.room / "aside")
        code, _ = child.wait()
        said = child.said()
        there = set(units.values()) == {"new"} or any(name.endswith(".ready") for name in left)
        if code != 0 and not (there and code == self.case.refused):
            self._fault(f"the next run ended with {code}", place, said)
        if left and not FOUND.search(said):
            self._fault(f"the next run did not say that it found {left}", place, said)
        self.counts["next run told"] += bool(left)
        if more := leftovers(place, self.room / "aside" / "tmp"):
            self._fault(f"the next run left {more}", place, said)
        now = state(place)
        for unit, pattern in self.case.units.items():
            if self._which(now, pattern) != "new" and code == 0 and not self.case.reads:
                self._fault(f"after the next run {unit} is not new", place, said)

    def _fault(self, text: str, place: Path, said: str) -> None:
        kept = sorted(str(p.relative_to(place)) for p in place.rglob("*") if p.is_file())
        self.faults.append(f"{self.case.name}: {text}; files: {kept[:40]}; said: {said[-600:]}")


def load(names: list[str]) -> None:
    """Import what a trial had to import, so that the next ones need not."""
    for name in names:
        if name not in sys.modules and not name.startswith("__"):
            with suppress(Exception), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                importlib.import_module(name)


def shares(kills: int, cases: list[Case]) -> Iterator[tuple[Case, int]]:
    """How often each case is killed: by its weight, in all exactly `kills`."""
    total = sum(case.weight for case in cases)
    done, upto = 0, 0.0
    for case in cases:
        upto += kills * case.weight / total
        yield case, round(upto) - done
        done = round(upto)


def main(room: Path, kills: int, seed: int, result: Path, names: list[str]) -> None:
    cases = [CASES[name]() for name in names or CASES]
    draw = random.Random(seed)
    began, found = time.monotonic(), {}
    for case, n in shares(kills, cases):
        if n == 0:
            continue
        start = time.monotonic()
        try:
            trials = Trials(case, room)
        except SystemExit as reason:
            found[case.name] = {"kills": 0, "counts": {}, "faults": [str(reason)]}
            print(case.name, reason, flush=True)
            continue
        for _ in range(n):
            trials.at_random(draw)
        if os.environ.get("DMPKIT_KILL_STEPS"):
            step = 1
            while trials.at_step(step):
                step += 1
                trials.counts["at a step"] += 1
        found[case.name] = {
            "kills": n,
            "counts": dict(trials.counts),
            "takes": round(trials.seconds, 3),
            "seconds": round(time.monotonic() - start, 1),
            "faults": trials.faults,
        }
        shutil.rmtree(trials.room, ignore_errors=True)
        print(case.name, json.dumps({k: v for k, v in found[case.name].items() if k != "faults"}),
              *trials.faults[:3] or ["no fault"], flush=True)  # fmt: skip
    text = {"seconds": round(time.monotonic() - began, 1), "cases": found}
    result.write_text(json.dumps(text, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]),
         sys.argv[5:])  # fmt: skip
