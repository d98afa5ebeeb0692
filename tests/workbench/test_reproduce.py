"""Notebooks run in fresh kernels, and what is made of them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil
import pytest

from dmpkit.errors import DataError
from dmpkit.workbench.reproduce import last_results, reproduce, verdict_table

FOUR = "four,Twice two,4,,,,p. 1,printed\n"
FIVE = "five,Two and three,5,,,,p. 1,printed\n"
SIX = "six,Twice three,6,,,,p. 2,computed by us\n"
GONE = "gone,Not in print,,,,,p. 3,printed\n"


def ended(pid: int) -> bool:
    """Whether a process is gone (a zombie that waits to be collected counts as gone)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_many_studies_at_once_each_with_its_own_end(bench) -> None:
    bench.study(
        "good",
        FOUR + FIVE + SIX + GONE,
        [
            "study.reproduces('four', 4)\nstudy.reproduces('five', 5, why='as it must')",
            "study.reproduces('six', 6)",
            "study.not_reproducible('gone', 'It is gone.')",
        ],
    )
    # one digit of the published figure is wrong; the figures after it, also
    # those in the same cell, still get their verdict
    bench.study(
        "wrong",
        FOUR.replace(",4,", ",7,") + FIVE + SIX,
        ["study.reproduces('four', 4)\nstudy.reproduces('five', 5)", "study.reproduces('six', 6)"],
    )
    bench.study(
        "twice",
        FOUR + FIVE + SIX,
        [
            "study.reproduces('four', 4)",
            "study.reproduces('four', 4)",
            "1 / 0\n",
            "n = 2\nassert n == 3\nstudy.reproduces('five', 5)",
            "x = = 1",
        ],
    )
    bench.study(
        "dies",
        FOUR + FIVE,
        ["study.reproduces('four', 4)", "import os\nos._exit(3)", "study.reproduces('five', 5)"],
    )
    folder = bench.study("broken", FOUR, [])
    (folder / "study.toml").write_text("title = 'x'\ntilte = 'y'\n")
    results = reproduce(["good", "wrong", "twice", "dies", "broken"], jobs=3, deadline=120)
    good, wrong, twice, dies, broken = results

    assert good.status == "reproduced"
    assert not good.problems
    assert good.counts == {
        "matches print": 2,
        "unchanged since our calculation": 1,
        "not reproducible": 1,
    }
    assert good.verdicts[1].why == "as it must"
    assert good.headline == (
        ("✓", "2 of 3 printed figures match"),
        ("○", "1 of the 3 printed figures cannot be reproduced"),
        ("=", "1 of 1 figure of our own unchanged"),
    )

    assert wrong.status == "differs"
    assert wrong.failed
    assert [v.verdict for v in wrong.verdicts] == [
        "differs",
        "matches print",
        "unchanged since our calculation",
    ]
    assert wrong.headline[0] == ("✗", "1 of 2 printed figures matches")
    assert wrong.problems == (
        "the figure four differs: four: published 7, here 4, difference 3 (tolerance 0.5): differs",
    )

    assert twice.status == "failed"
    assert twice.problems == (
        "error in code cell 4, line 1: ZeroDivisionError: division by zero\n  1 / 0",
        "error in code cell 5, line 2: AssertionError (it says no more)\n  assert n == 3",
        "error in code cell 6, line 1: SyntaxError: invalid syntax\n  x = = 1",
        "the figure four is checked 2 times",
        "the figure five was called in code cell 5, but that cell failed: no verdict",
        "the figure six is never checked",
    )

    assert dies.headline == (
        ("✓", "1 of 2 printed figures matches"),
        ("✗", "1 of the 2 printed figures without a verdict"),
    )
    assert dies.status == "failed"
    assert dies.problems == (
        "the kernel died in code cell 3",
        "the figure five is never checked, though code cell 4 names it",
    )
    assert [v.figure for v in dies.verdicts] == ["four"]

    assert broken.status == "invalid"
    assert "study.toml, row 2: 'tilte' is not a key of a study." in broken.problems[0]

    text = verdict_table(results)
    for verdict in (v for r in results for v in r.verdicts if v.verdict == "not reproducible"):
        assert f"  ○ {verdict.figure}: {verdict.why}" in text
    assert "  ○ " in text
    assert (
        "  ! error in code cell 4, line 1: ZeroDivisionError: division by zero\n      1 / 0" in text
    )
    assert "wrong (published figures): DIFFERS" in text
    assert "Studies: 1 reproduced, 1 differs, 2 failed, 1 invalid" in text
    stored = last_results(bench.root / "build")
    assert {slug: one["status"] for slug, one in stored.items()} == {
        r.slug: r.status for r in results
    }
    assert not (bench.root / "build" / "work").exists()


def test_a_kernel_past_its_deadline_is_ended_with_its_children(bench) -> None:
    note = bench.root / "pids.txt"
    cell = (
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],"
        " start_new_session=True)\n"
        f"open({str(note)!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}')\n"
        "time.sleep(600)"
    )
    bench.study("hangs", FOUR, ["study.reproduces('four', 4)", cell])
    started = time.monotonic()
    (result,) = reproduce(["hangs"], deadline=6)
    assert time.monotonic() - started < 30
    assert result.status == "failed"
    assert result.problems[0].startswith("not finished after 6 s (in code cell 3)")
    assert [v.verdict for v in result.verdicts] == ["matches print"]
    for pid in map(int, note.read_text().split()):
        assert ended(pid)


def test_the_notebook_runs_in_a_folder_of_its_own(bench, monkeypatch) -> None:
    cells = [
        "from pathlib import Path\nimport os\n_ = Path('note.txt').write_text('x')",
        "study.reproduces('four', len([p for p in Path('.').iterdir() if p.suffix == '.txt']) + 3)",
        "assert study.folder.name == 'own'",
    ]
    bench.study("own", FOUR, cells)
    before = {p.name for p in bench.root.iterdir()}
    (result,) = reproduce([str(bench.root / "studies" / "own")], out=bench.root / "elsewhere")
    assert result.status == "reproduced", result.problems
    assert {p.name for p in bench.root.iterdir()} == before | {"elsewhere"}


def test_what_was_found_earlier_is_kept(bench) -> None:
    (bench.root / "build").mkdir()
    (bench.root / "build" / "verdicts.json").write_text('{"other": {"status": "reproduced"}}')
    folder = bench.study("broken", FOUR, [])
    (folder / "published.csv").unlink()
    reproduce(["broken"])
    assert {k: v["status"] for k, v in last_results(bench.root / "build").items()} == {
        "other": "reproduced",
        "broken": "invalid",
    }


def test_jobs_and_deadline_are_checked(bench) -> None:
    with pytest.raises(DataError, match="greater than 0"):
        reproduce([], jobs=0)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupted_run_leaves_no_kernel_behind(bench) -> None:
    note = bench.root / "pid.txt"
    cell = f"import os, time\nopen({str(note)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    bench.study("long", FOUR, [cell])
    command = [sys.executable, "-m", "dmpkit", "reproduce", "long"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        while run.poll() is None and not (note.is_file() and note.read_text()):
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        said = run.communicate(timeout=30)[1]
    assert run.returncode == 130
    assert "Stopped. Files that were finished are kept" in said
    assert "Traceback" not in said
    assert ended(int(note.read_text()))
    assert not (bench.root / "build" / "work").exists()
