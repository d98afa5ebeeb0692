"""What README and guide say of speed stands in the stored results; the machinery measures right.

Timings themselves are not tested: they are a machine's, not the library's.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = ROOT / "benchmarks"
RESULTS = BENCHMARKS / "results"
sys.path[:0] = [str(BENCHMARKS), str(BENCHMARKS / "sides")]
import compare  # noqa: E402
import environments  # noqa: E402
import scaling  # noqa: E402
import scaling_pages  # noqa: E402
import speed_pages as pages  # noqa: E402
from catalogue import COMPARISONS, SMALL  # noqa: E402

PROSE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
#: A comparison of speed, or a duration of a computation.
CLAIM = re.compile(
    r"faster|slower|times as (fast|long)|speed-up|\d ?(ms|µs|milliseconds|seconds|GiB|MiB)\b", re.I
)
#: Lines that speak of something else.
OTHER = ("DataError",)


# --- pages


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda p: p.name)
def test_pages_say_what_the_stored_results_say(page):
    text = page.read_text(encoding="utf-8")
    assert pages.BLOCK.search(text), "no block"
    assert pages.filled(text, pages.blocks()) == text, "run python benchmarks/speed_pages.py"


@pytest.mark.parametrize("page", PROSE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_speed_is_claimed_outside_the_blocks(page):
    text = pages.BLOCK.sub("", page.read_text(encoding="utf-8"))
    claims = [line for line in text.splitlines() if CLAIM.search(line)]
    assert not [line for line in claims if not any(word in line for word in OTHER)]


def test_a_changed_figure_is_noticed():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = pages.BLOCK.search(text)[0]
    digit = re.search(r"\d(?= ms)", block)
    other = block[: digit.start()] + str((int(digit[0]) + 1) % 10) + block[digit.end() :]
    changed = text.replace(block, other)
    assert pages.filled(changed, pages.blocks()) == text != changed


def test_the_stored_table_is_whole_and_its_answers_are_the_same():
    table, about = pages.stored("comparison")
    wanted = [(item.task, item.size, peer) for item in COMPARISONS for peer in item.peers]
    found = list(zip(table["task"], table["size"], table["peer"].str.split().str[0], strict=True))
    assert found == wanted
    measured = table[table["theirs"].notna()]
    assert len(measured) >= 20
    assert (measured["agree"] == "yes").all()
    assert (measured["difference"] <= measured["allowed"]).all()
    np.testing.assert_allclose(measured["ratio"], measured["theirs"] / measured["ours"], rtol=1e-4)
    assert (measured["ours"] <= measured["ours_median"]).all()
    missing = table[table["theirs"].isna()]
    assert missing["note"].str.len().gt(10).all()  # the reason
    assert {"processor", "cores", "python", "dmpkit", "versions", "date"} <= set(about)
    for row in measured[measured["where"] == "here"].itertuples():
        assert environments.pins(row.peer)[row.peer] == row.version


def test_every_curve_is_stored_with_its_picture():
    points = pd.read_csv(RESULTS / "scaling.csv")
    for series in scaling.SERIES:
        assert tuple(points.loc[points["task"] == series.task, "size"]) == series.sizes
        assert (RESULTS / f"scaling-{series.curve}.png").exists()
    found = scaling.fits(points)
    stored = pd.read_csv(RESULTS / "scaling-fits.csv")
    assert list(found["task"]) == list(stored["task"])
    grown = found["cpu_start"] + found["cpu_each"] * found["largest"] ** found["cpu_power"]
    again = stored["cpu_start"] + stored["cpu_each"] * stored["largest"] ** stored["cpu_power"]
    np.testing.assert_allclose(grown, again, rtol=1e-2)


# --- the machinery


@pytest.mark.parametrize(("a", "b", "e"), [(0.02, 3e-6, 1.0), (0.0, 1e-7, 2.0), (0.5, 2e-4, 0.5)])
def test_a_fit_finds_the_power_that_was_put_in(a, b, e):
    size = np.array([300, 1000, 3000, 10_000, 100_000.0])
    start, each, power, miss = scaling.fit(size, a + b * size**e)
    assert power == pytest.approx(e, abs=0.01)
    assert start + each * 3e5**power == pytest.approx(a + b * 3e5**e, rel=0.03)
    assert miss < 1e-3


def test_the_bottleneck_is_what_takes_longest():
    cases = {
        (1000.0, 500.0, 0.0, 2): (500.0, "computing"),
        (1000.0, 50.0, 0.0, 100): (20.0, "too few chunks"),
        (1000.0, 1e6, 0.0, 10_000): (1000.0, "handing over chunks"),
        (1.0, 1e3, 5e9, 100): (4.0, "the caller's network"),
    }
    for (cpu, chunks, held, cores), said in cases.items():
        found = scaling_pages.on_cores(cpu, chunks, held, cores, 0.001)
        assert found == (pytest.approx(said[0]), said[1])
    assert "memory first" in scaling_pages.on_cores(1.0, 1e3, 1e12, 100, 0.001)[1]


def test_a_process_measures_itself(tmp_path):
    """CPU time without sleep, that of children, and the memory of the work."""
    side = tmp_path / "sides" / "own.py"
    side.parent.mkdir()
    side.write_text(
        "import subprocess, sys, time\n"
        "def busy():\n"
        "    end = time.process_time() + 0.5\n"
        "    while time.process_time() < end: pass\n"
        "def task(data):\n"
        "    def work():\n"
        "        time.sleep(0.3)\n"
        "        block = bytearray(b'1') * 80_000_000\n"
        "        busy()\n"
        "        code = 'import time\\nwhile time.process_time() < 0.5: pass'\n"
        "        subprocess.run([sys.executable, '-S', '-c', code], check=True)\n"
        "        return [len(block), float(data['n'])]\n"
        "    return work, lambda found: found\n"
    )
    (tmp_path / "measure.py").write_text((BENCHMARKS / "measure.py").read_text())
    np.savez(tmp_path / "n.npz", n=np.array(7))
    done = subprocess.run(
        [sys.executable, str(tmp_path / "measure.py"), "own", "task", str(tmp_path / "n.npz"), "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["answer"] == [80_000_000, 7]
    assert said["calls"] == 1
    assert 0.9 < said["cpu"] < 2
    assert said["wall"] > said["cpu"] or said["wall"] > 1.2
    assert 70 < said["added"] < 110  # MiB; the block is 76


def test_answers_that_differ_are_told_apart():
    one = np.array([1.0, 2.0])
    assert compare.difference(one, one) == 0
    assert compare.difference(one, one * (1 + 1e-6)) == pytest.approx(1e-6, rel=1e-3)
    assert compare.difference(one, one[:1]) == np.inf


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_every_task_of_the_table_can_be_done_by_us():
    """On small input, in this process: the answers are numbers."""
    import inputs
    import ours

    for item in COMPARISONS:
        work, answer = getattr(ours, item.task)(inputs.KINDS[item.kind](SMALL[item.kind]))
        if item.task.startswith("q_bootstrap") or item.task == "reason":
            continue  # tested against R elsewhere
        assert np.isfinite(np.ravel(answer(work())).astype(float)).all(), item.task
