"""Where the process that calls is killed and its workers are not, they end by themselves."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ..workbench.conftest import Bench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
#: Seconds in which nothing may be left of them.
AT_MOST = 30.0

SESSION = """
import pathlib, sys, time
from contextlib import nullcontext

import joblib
import numpy as np

from dmpkit.resampling import run_resamples

note = pathlib.Path(sys.argv[1])

def draw(generator, size):
    note.touch()
    end = time.monotonic() + 0.3
    while time.monotonic() < end:
        np.linalg.svd(generator.normal(size=(50, 50)))
    return 1.0

def go(where):
    with where:
        run_resamples(draw, 10_000, seed=1, chunk_size=10, n_jobs=2, progress=False)

if __name__ == "__main__":
    if sys.argv[2] == "loky":
        go(nullcontext())
    else:
        from distributed import Client, LocalCluster
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            with Client(cluster):
                go(joblib.parallel_config(backend="dask"))
"""


def killed_alone(command: list[str], note: Path) -> None:
    """Kill a program and none of its children, once the note is there; they end in time."""
    run = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + 120
    while not note.exists():
        assert run.poll() is None
        assert time.monotonic() < end, "it does not get to work"
        time.sleep(0.05)
    children = psutil.Process(run.pid).children(recursive=True)
    assert len(children) >= 1
    run.kill()
    run.wait()
    _, alive = psutil.wait_procs(children, timeout=AT_MOST)
    left = [" ".join(child.cmdline()) for child in alive]
    for child in alive:
        child.kill()
    assert left == []


@pytest.mark.parametrize("backend", ["loky", pytest.param("dask", marks=pytest.mark.long)])
def test_workers_end_when_the_program_is_killed(tmp_path: Path, backend: str) -> None:
    if backend == "dask":
        pytest.importorskip("distributed")
    script, note = tmp_path / "session.py", tmp_path / "note"
    script.write_text(SESSION, encoding="utf-8")
    killed_alone([sys.executable, str(script), str(note), backend], note)


@pytest.mark.long
def test_a_kernel_ends_when_the_command_is_killed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    note = tmp_path / "note"
    busy = f"open({str(note)!r}, 'w').close()\nwhile True:\n    pass"
    Bench(tmp_path).study("busy", "", [busy])
    killed_alone([sys.executable, "-m", "dmpkit", "reproduce", "busy"], note)
