"""Two writers that append to one ledger while one of them is killed, again and again.

Run as a program: ``python crash_writers.py FOLDER KILLS SEED``. It forks the writers from a
process that has imported everything already, so that a round takes milliseconds. A writer
notes an event in its own file of acknowledgements only after ``append`` has returned.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

from dmpkit.errors import LedgerWarning
from dmpkit.impact.storage import read_ledger


def write_for_ever(folder: Path, name: str, acknowledged: int) -> None:
    warnings.simplefilter("ignore", LedgerWarning)
    ledger = read_ledger(folder)
    n = 0
    while True:
        n += 1
        note = f"{name} {os.getpid()} {n}: " + 'long, "quoted"\nand of two lines ' * 40
        ledger = ledger.append(
            {"rec_id": f"R{n % 5 + 1}", "status": "in_progress", "date": "2022-05-01", "note": note}
        )
        line = json.dumps([ledger.events["event_id"].iloc[-1], note])
        os.write(acknowledged, f"{line}\n".encode())


def fork(folder: Path, name: str) -> int:
    child = os.fork()
    if child:
        return child
    log = os.open(folder.parent / f"{name}.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        write_for_ever(folder, name, log)
    except BaseException as error:  # a writer may only end by being killed
        os.write(log, (json.dumps(["error", repr(error)]) + "\n").encode())
    finally:
        os._exit(1)


def wait_for_one(log: Path, size: int) -> None:
    """Wait until a writer has noted an event, so that kills hit writers at work."""
    end = time.monotonic() + 60
    while (log.stat().st_size if log.exists() else 0) <= size:
        if time.monotonic() > end:
            sys.exit(f"{log.name}: nothing was written for a minute")
        time.sleep(0.002)


def main(folder: Path, kills: int, seed: int) -> None:
    draw = random.Random(seed)
    logs = {name: folder.parent / f"{name}.log" for name in ("a", "b")}
    writers = {name: fork(folder, name) for name in logs}
    for _ in range(kills):
        name = draw.choice(["a", "b"])
        log = logs[name]
        wait_for_one(log, log.stat().st_size if log.exists() else 0)
        time.sleep(draw.uniform(0, 0.05))
        os.kill(writers[name], signal.SIGKILL)
        os.waitpid(writers[name], 0)
        writers[name] = fork(folder, name)
    for child in writers.values():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
