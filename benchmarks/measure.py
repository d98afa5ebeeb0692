"""One measurement in a process of its own: ``python measure.py SIDE TASK FILE SMALL``.

`SIDE` is a file of ``sides/``, `TASK` a function in it, `FILE` the input (npz) and `SMALL`
a smaller one of the same kind. The function takes the arrays and gives two more: ``work``,
which is timed, and ``answer``, which makes a list of numbers from what ``work`` gave. Before
the clock starts ``work`` is done once on the small input, so that both sides have loaded what
they load late. Only numpy is needed, so it runs in the environment of any peer.

Prints one line of JSON: CPU seconds of this process and its children for one call (the mean
over calls where one is short), the same by the wall clock, peak memory of the process,
memory before the work, peak while it ran, and the answer.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

#: Calls are repeated within a process until they took this long together, and at most so often.
LONG_ENOUGH = 0.4
MOST_CALLS = 300


def children(of: str = "self") -> list[str]:
    """Numbers of the processes that this one started and that still run (Linux)."""
    tasks = Path(f"/proc/{of}/task")
    found: list[str] = []
    try:
        for task in tasks.iterdir() if tasks.exists() else ():
            for child in (task / "children").read_text().split():
                found += [child, *children(child)]
    except OSError:  # one ended meanwhile
        return found
    return found


def cpu_of(process: str) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu() -> float:
    """CPU seconds so far, user and system, of this process and all that it started."""
    times = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(t.ru_utime + t.ru_stime for t in times) + sum(map(cpu_of, children()))


def memory(field: str, process: str = "self") -> float:
    """``VmHWM`` (peak) or ``VmRSS`` (now) in MiB; where there is no /proc the peak for both.

    ``ru_maxrss`` would do for neither on Linux: a process inherits that of its parent.
    """
    status = Path(f"/proc/{process}/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith(field + ":"):
                return float(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def forget_peak() -> None:
    """Start the peak anew (Linux)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def timed(work: Callable[[], Any]) -> tuple[float, float, int, Any]:
    """CPU and wall seconds a call, the number of calls, and what the last gave."""
    calls, began, clock = 0, cpu(), time.perf_counter()
    while True:
        result = work()
        calls += 1
        spent, passed = cpu() - began, time.perf_counter() - clock
        if spent >= LONG_ENOUGH or calls >= MOST_CALLS or passed > 4 * LONG_ENOUGH:
            return spent / calls, passed / calls, calls, result


def load(side: str) -> Any:
    """A file of ``sides/`` as a module."""
    path = Path(__file__).parent / "sides" / f"{side}.py"
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(f"side_{side}", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def arrays(path: str) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def main() -> None:
    warnings.simplefilter("ignore")
    side, task, file, small = sys.argv[1:5]
    function = getattr(load(side), task)
    if small != "-":
        function(arrays(small))[0]()
    work, answer = function(arrays(file))
    before, so_far = memory("VmRSS"), memory("VmHWM")
    forget_peak()
    seconds, wall, calls, result = timed(work)
    during = memory("VmHWM")
    said = {
        "cpu": seconds,
        "wall": wall,
        "calls": calls,
        "peak": max(so_far, during),
        "before": before,
        "added": max(0.0, during - before),
        "worker": max([memory("VmHWM", child) for child in children()], default=0.0),
        "answer": [float(x) for x in np.ravel(answer(result))],
    }
    print("\n" + json.dumps(said))


if __name__ == "__main__":
    main()
