"""A long run that is stopped leaves what was there, or the whole of what is new."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
from click.testing import CliRunner

import dmpkit.coding as cd
import dmpkit.evaluation as ev
from dmpkit import datasets
from dmpkit.cli import main
from dmpkit.workbench.reproduce import last_results

from ..qmethod.made_up import analysis

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no SIGINT for one process"
)

FOUR = "four,Twice two,4,,,,p. 1,printed\n"
SAID = "Stopped. Files that were finished are kept; none is half written."


def kept(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def stopped(command: list[str], when: Callable[[], bool]) -> tuple[str, str]:
    """Run a command, stop it as Ctrl+C does, all its processes at once; what it said."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as run:  # fmt: skip
        deadline = time.monotonic() + 60
        while run.poll() is None and not when():
            assert time.monotonic() < deadline, "it did not get to where it is to be stopped"
            time.sleep(0.05)
        children = psutil.Process(run.pid).children(recursive=True) if run.poll() is None else []
        os.killpg(run.pid, signal.SIGINT)
        out, said = run.communicate(timeout=40)
    assert run.returncode == 130, said
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []
    return out, said


def stopped_command(*words: str, when: Callable[[], bool]) -> None:
    """The command line says in a sentence that it was stopped."""
    out, said = stopped([sys.executable, "-m", "dmpkit", *words], when)
    assert SAID in said
    assert "Traceback" not in out + said


def sleeping(note: Path) -> str:
    """A cell that says that it runs, and does not end."""
    return f"import time\nopen({str(note)!r}, 'w').close()\ntime.sleep(600)"


# -- notebooks --------------------------------------------------------------------------------


def test_a_stopped_reproduction_leaves_the_earlier_one(bench) -> None:
    bench.study("short", FOUR, ["study.reproduces('four', 4)"])
    assert CliRunner().invoke(main, ["reproduce", "short"]).exit_code == 0
    before = kept(bench.root)
    note = bench.root.parent / "running"
    bench.study("long", FOUR, [sleeping(note)])
    before |= kept(bench.root)
    stopped_command("reproduce", "long", when=note.exists)
    assert kept(bench.root) == before


def test_a_stopped_reproduction_keeps_the_studies_that_were_done(bench) -> None:
    note = bench.root.parent / "running"
    bench.study("short", FOUR, ["study.reproduces('four', 4)"])
    bench.study("long", FOUR, [sleeping(note)])
    stopped_command("reproduce", "short", "long", "--jobs", "1", when=note.exists)
    assert last_results(bench.root / "build")["short"]["status"] == "reproduced"
    assert (bench.root / "build" / "executed" / "short.ipynb").is_file()
    assert not [name for name in kept(bench.root) if ".work/" in name]


def test_stopped_notebooks_keep_their_outputs(bench) -> None:
    note = bench.root.parent / "running"
    bench.study("long", FOUR, ["print('first')", sleeping(note)])
    before = kept(bench.root)
    stopped_command("notebooks", "long", when=note.exists)
    assert kept(bench.root) == before


# -- downloads --------------------------------------------------------------------------------


@pytest.fixture
def dripping() -> Iterator[tuple[str, threading.Event]]:
    """A server that begins to send a file and does not come to its end."""
    begun, end = threading.Event(), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            self.wfile.write(b"x" * 5000)
            self.wfile.flush()
            begun.set()
            end.wait(60)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/values.csv", begun
    end.set()
    server.shutdown()
    server.server_close()


def test_a_stopped_download_leaves_nothing(bench, dripping) -> None:
    address, begun = dripping
    toml = f"""
[[data]]
name = "values"
file = "values.csv"
download = true
url = "{address}"
licence = "CC0-1.0"
sha256 = "{"0" * 64}"
"""
    bench.study("away", FOUR, ["study.reproduces('four', 4)"], toml=toml)
    cache = Path(os.environ["DMPKIT_DATA_DIR"])
    stopped_command("fetch", "away", when=begun.is_set)
    assert not cache.exists() or kept(cache) == {}


# -- resamples --------------------------------------------------------------------------------

SESSION = """
import pathlib, sys, time
import numpy as np
from dmpkit.resampling import run_resamples

note = pathlib.Path(sys.argv[1])

def draw(generator, size):
    note.touch()
    time.sleep(0.2 if slow else 0)
    return float(generator.normal(size=size).sum())

slow = True
try:
    run_resamples(draw, 10_000, seed=1, chunk_size=10, n_jobs=int(sys.argv[2]))
except KeyboardInterrupt:
    slow = False
    again = run_resamples(draw, 200, seed=1, chunk_size=10, n_jobs=1, progress=False)
    first = run_resamples(draw, 200, seed=1, chunk_size=10, n_jobs=1, progress=False)
    print("again" if again == first else "another result")
    sys.exit(130)
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_stopped_resamples_can_be_drawn_again(tmp_path, n_jobs: int) -> None:
    note = tmp_path / "running"
    script = tmp_path / "session.py"
    script.write_text(SESSION, encoding="utf-8")
    out, _ = stopped([sys.executable, str(script), str(note), str(n_jobs)], note.exists)
    assert out == "again\n"


# -- files, stopped at every step ---------------------------------------------------------------


def synthetic_project(folder: Path) -> cd.CodedProject:
    from dmpkit.coding.synthetic import synthetic_interviews

    return cd.read_project(synthetic_interviews(folder)["coder A"])


def workbook(folder: Path, _: Path) -> Callable[[Path], object]:
    found = analysis(30, 24, 3)
    return lambda place: found.to_excel(place / "r.xlsx")


def coded(folder: Path, aside: Path) -> Callable[[Path], object]:
    project = synthetic_project(aside)
    return lambda place: cd.write_qdpx(project, place / "p.qdpx")


def coded_tables(folder: Path, aside: Path) -> Callable[[Path], object]:
    project = synthetic_project(aside)
    return lambda place: cd.write_project(project, place / "tables")


def form(folder: Path, _: Path) -> Callable[[Path], object]:
    return lambda place: ev.write_form(place / "form.html", "observer")


WRITERS = (workbook, coded, coded_tables, form)


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.__name__)
def test_files_are_old_or_new_wherever_it_is_stopped(tmp_path, monkeypatch, writer) -> None:
    """Ctrl+C at the first file that is finished, at the second, and so on."""
    place, aside = tmp_path / "place", tmp_path / "aside"
    place.mkdir()
    aside.mkdir()
    write = writer(place, aside)
    write(place)
    old = dict.fromkeys(kept(place), b"old")
    fsync = os.fsync
    for step in range(1, 4):
        for name, data in old.items():
            (place / name).write_bytes(data)
        seen = 0

        def stop(handle: int, step: int = step) -> None:
            nonlocal seen
            seen += 1
            if seen == step:
                raise KeyboardInterrupt
            fsync(handle)

        monkeypatch.setattr(os, "fsync", stop)
        if step > len(old):
            break
        with pytest.raises(KeyboardInterrupt):
            write(place)
        monkeypatch.undo()
        after = kept(place)
        assert set(after) == set(old)  # nothing is lost, no temporary file is left
        new = [name for name, data in after.items() if data != old[name]]
        assert len(new) in (0, len(old))  # files that belong together come together
        assert all(len(after[name]) > 10 for name in new)


def test_the_records_of_a_report_are_old_or_new(tmp_path, monkeypatch) -> None:
    from dmpkit.evaluation.report import write_records

    evaluation = ev.analyse(ev.read_scorecard(EXAMPLE))
    write_records(evaluation, tmp_path / "report")
    (tmp_path / "report-records" / "old.csv").write_text("old", encoding="utf-8")
    before = kept(tmp_path)
    rename = Path.rename

    def stop(self: Path, target: Path) -> Path:
        if Path(target).name.endswith(".ready"):  # before this nothing is decided
            monkeypatch.undo()
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    with pytest.raises(KeyboardInterrupt):
        write_records(evaluation, tmp_path / "report")
    assert kept(tmp_path) == before
    write_records(evaluation, tmp_path / "report")
    assert set(before) - set(kept(tmp_path)) == {"report-records/old.csv"}


EXAMPLE = datasets.studies_path("evaluate-a-minipublic")


def test_a_study_that_was_not_made_whole_is_not_there(bench, monkeypatch) -> None:
    from dmpkit.workbench.creating import new_study

    def stop(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", stop)
        with pytest.raises(KeyboardInterrupt):
            new_study("my-study")
    assert kept(bench.root) == {}
    new_study("my-study")
    assert (bench.root / "notebooks" / "my-study.ipynb").is_file()
