"""kill -9 during append, under two writers: no acknowledged event is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from ledgers import events, ledger

from dmpkit.errors import DataError, LedgerWarning
from dmpkit.impact.data import Ledger
from dmpkit.impact.storage import EVENTS, TORN, read_ledger, write_ledger

WRITERS = Path(__file__).with_name("crash_writers.py")

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="the writers are forked")


def crash(tmp_path: Path, kills: int, seed: int) -> tuple[int, Ledger]:
    folder = tmp_path / "ledger"
    write_ledger(ledger(n=5), folder)
    command = [sys.executable, str(WRITERS), str(folder), str(kills), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LedgerWarning)  # a torn line is allowed, and set aside
        after = read_ledger(folder)  # validates
    notes = dict(zip(after.events["event_id"], after.events["note"], strict=True))
    acknowledged = [
        json.loads(line)
        for name in ("a", "b")
        for line in (tmp_path / f"{name}.log").read_text().splitlines(keepends=True)
        if line.endswith("\n")
    ]
    assert not [entry for entry in acknowledged if entry[0] == "error"]
    for event_id, note in acknowledged:
        assert notes[event_id] == note
    assert after.events["event_id"].is_unique
    # what was written and not acknowledged: at most one a killed writer
    assert len(after.events) - len(acknowledged) <= kills + 2
    return len(acknowledged), after


@FORKS
def test_twelve_kills_lose_nothing(tmp_path: Path) -> None:
    n, _ = crash(tmp_path, kills=12, seed=1)
    assert n >= 12


@FORKS
@pytest.mark.long
def test_two_hundred_kills_lose_nothing(tmp_path: Path) -> None:
    n, _ = crash(tmp_path, kills=200, seed=2)
    assert n >= 200


def test_a_line_torn_at_any_byte_is_set_aside_and_reported(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    made = write_ledger(ledger(("R1", "accepted", "2021-12-16")), folder)
    whole = (folder / EVENTS).read_bytes()
    made.append(
        {"rec_id": "R2", "status": "noted", "date": "2022-01-01", "note": 'two\nlines, "quoted"'}
    )
    line = (folder / EVENTS).read_bytes()[len(whole) :]
    for cut in (*range(1, len(line) - 2, 5), len(line) - 2, len(line) - 1):
        (folder / EVENTS).write_bytes(whole + line[:cut])
        with pytest.warns(LedgerWarning, match=r"1 incomplete line\(s\) of events.csv"):
            again = read_ledger(folder)
        assert again.events["event_id"].tolist() == ["E01"]
        assert (folder / EVENTS).read_bytes() == whole
        kept = (folder / TORN).read_bytes()
        assert kept == line[:cut].replace(b"\n", b"\\n") + b"\n"
        if cut == 1:
            with pytest.warns(LedgerWarning):  # and at every read until somebody looks
                read_ledger(folder)
        (folder / TORN).unlink()
    read_ledger(folder)


def test_appending_after_a_crash_sets_the_torn_line_aside_first(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    made = write_ledger(ledger(("R1", "accepted", "2021-12-16")), folder)
    with (folder / EVENTS).open("ab") as handle:
        handle.write(b'E02,R1,action,"in pro')
    with pytest.warns(LedgerWarning, match="set aside"):
        new = made.append({"rec_id": "R1", "status": "decided", "date": "2022-05-01"})
    assert new.events["event_id"].tolist() == ["E01", "E02"]
    with pytest.warns(LedgerWarning, match="1 incomplete"):
        assert read_ledger(folder).events.equals(new.events)


def test_events_without_even_a_header_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    write_ledger(ledger(), folder)
    (folder / EVENTS).write_bytes(b"event_id,rec")
    with pytest.raises(DataError, match="not even a header"):
        read_ledger(folder)
    assert (folder / EVENTS).read_bytes() == b"event_id,rec"


def test_nothing_is_written_when_an_event_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    made = write_ledger(Ledger.from_frames(ledger().recommendations, events(
        ("R1", "implemented", "2022-01-01", {"evidence_grade": 3}))), folder)  # fmt: skip
    before = (folder / EVENTS).read_bytes()
    for event in (
        {"rec_id": "R1", "status": "abandoned", "date": "2022-05-01"},
        {"rec_id": "R9", "status": "noted", "date": "2022-05-01"},
        {"rec_id": "R1", "status": "reversed", "date": "2022-05-01", "note": "x" * 200_000},
    ):
        with pytest.raises(DataError):
            made.append(event)
    assert (folder / EVENTS).read_bytes() == before
