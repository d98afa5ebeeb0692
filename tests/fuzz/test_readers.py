"""The table of readers is complete; what once broke stays mended; a short run each time."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from dmpkit.errors import DataError

from . import campaign, containers, seeds
from .driving import BY_NAME, cook, drive, recipe, seeds_of
from .finding import opening_modules, public_readers
from .judging import FAULT, REFUSED, RESULT, judge
from .minimising import minimised
from .readers import EXEMPT, OPENING, READERS, Reader

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture(autouse=True)
def _without_others(monkeypatch):
    """Only our own files, wherever the tests run."""
    monkeypatch.delenv("DMPKIT_DATA_MIRROR", raising=False)


def corpus():
    """What once broke: a folder a reader, in it a folder an input.

    The files have one more ending, so that no other program takes them for what they are.
    """
    by_folder = {reader.name.replace(" ", "-"): reader for reader in READERS}
    for place in sorted(CORPUS.glob("*/*")):
        yield pytest.param(
            by_folder[place.parent.name], place, id=f"{place.parent.name}/{place.name}"
        )


# --- the table ----------------------------------------------------------------------------


def test_every_public_reader_is_fuzzed():
    there = {reader.name.split(" ")[0] for reader in READERS}
    there |= {name for reader in READERS for name in reader.covers}
    missing = public_readers() - there - set(EXEMPT)
    assert not missing, f"add to READERS in tests/fuzz/readers.py: {sorted(missing)}"


def test_every_exemption_is_still_there():
    assert not set(EXEMPT) - public_readers()
    covered = {name for reader in READERS for name in reader.covers}
    assert not covered - public_readers() - {"evaluation.records.find_records"}


def test_every_module_that_opens_files_is_told():
    found = opening_modules()
    assert not set(found) - set(OPENING), "say in OPENING how strangers' bytes come there"
    assert not set(OPENING) - set(found)
    for named in OPENING.values():
        assert " " in named or named in BY_NAME or (seeds.ROOT / named).is_file()


def test_a_reader_that_is_missing_would_be_noticed():
    assert {"tables.read_table", "coding.exchange.refi.read_qdpx"} <= public_readers()
    assert "sqlite3" not in OPENING
    assert opening_modules()["coding.exchange.databases"] >= {"connect"}


def test_the_sound_files_are_sound(tmp_path):
    """Where none is read, only the first refusal is ever fuzzed."""
    unread = []
    for reader in READERS:
        found = [judge(reader, files, tmp_path / "x") for files in _few(reader)]
        assert not [one.key for one in found if one.kind == FAULT]
        if found and not any(one.kind == RESULT for one in found):
            unread.append((reader.name, found[0].message))
    assert not unread


def _few(reader: Reader):
    return [] if reader.may_lack else list(seeds_of(reader))[:3]


# --- the judge ----------------------------------------------------------------------------


def raising(error):
    def run(path):
        raise error

    return Reader("made up", run, lambda: [{"a.csv": b"x"}])


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (ValueError("x"), "ValueError"),
        (RecursionError(), "RecursionError"),
        (MemoryError(), "MemoryError"),
        (DataError("The file is bad."), "message names no file"),
        (DataError("bad", file="a.csv"), "message says nothing"),
    ],
)
def test_what_is_no_helpful_refusal_is_a_fault(tmp_path, error, key):
    found = judge(raising(error), {"a.csv": b"x"}, tmp_path / "x")
    assert (found.kind, found.key.startswith(key)) == (FAULT, True)


def test_a_helpful_refusal_is_none(tmp_path):
    error = DataError("The cell is empty.", file="a.csv", row=2)
    assert judge(raising(error), {"a.csv": b"x"}, tmp_path / "x").kind == REFUSED


def test_a_foreign_warning_is_a_fault(tmp_path):
    def run(path):
        import warnings

        warnings.warn("something of a library", RuntimeWarning, stacklevel=1)

    found = judge(Reader("made up", run, list), {"a.csv": b"x"}, tmp_path / "x")
    assert found.key.startswith("RuntimeWarning")


def test_an_input_is_made_small(tmp_path):
    def run(path):
        if b"!" in path.read_bytes():
            raise KeyError("!")

    reader = Reader("made up", run, list)
    files = {"a.csv": b"some text ! and more of it" * 9, "b.csv": b"beside it"}
    small = minimised(files, lambda f: judge(reader, f, tmp_path / "x").kind == FAULT)
    assert small == {"a.csv": b"!"}
    packed = {"a.zip": containers.pack([("x", b"1"), ("y", b"aaa!aaa")])}
    reader = Reader("made up", lambda path: run_on_member(path), list)
    small = minimised(packed, lambda f: judge(reader, f, tmp_path / "x").kind == FAULT)
    assert containers.members(small["a.zip"]) == (("y", b"!"),)


def run_on_member(path):
    if any(b"!" in data for _, data in containers.members(path.read_bytes())):
        raise KeyError("!")


# --- what once broke, and a few more --------------------------------------------------------


@pytest.mark.parametrize(("reader", "place"), list(corpus()))
def test_what_once_broke(reader, place, tmp_path):
    files = {
        path.relative_to(place).as_posix().removesuffix(".input"): path.read_bytes()
        for path in place.rglob("*.input")
    }
    firsts = {next(iter(seed)) for seed in seeds_of(reader)}
    ordered = {name: files[name] for name in sorted(files, key=lambda name: name not in firsts)}
    found = judge(reader, ordered, tmp_path / "x")
    assert found.kind != FAULT, f"{found.key}: {found.message}"
    assert found.seconds < campaign.SECONDS


def test_equal_numbers_make_equal_inputs():
    import random

    reader = BY_NAME["tables.read_table"]
    first = [cook(reader, recipe(random.Random(7))) for _ in range(3)]
    assert first == [cook(reader, recipe(random.Random(7))) for _ in range(3)]
    found = []
    drive(reader, 3, 25, found.append)
    again = []
    drive(reader, 3, 25, again.append)
    assert found == again
    assert len(found) == 25
    assert len({str(sorted(files.items())) for files in found}) > 15


CHEAP = sorted(r.name for r in READERS if r.cost < 10 and not r.may_lack)


@pytest.mark.parametrize("part", range(4))
def test_a_short_run(part, tmp_path):
    """The same few inputs each time; `make fuzz` gives each reader thousands."""
    faults = []
    for name in CHEAP[part::4]:
        reader = BY_NAME[name]

        def take(files, reader=reader):
            found = judge(reader, files, tmp_path / "x")
            if found.kind == FAULT:
                faults.append((reader.name, found.key, found.message[:200]))

        drive(reader, 20, 8, take)
    assert not faults


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the bounds need Linux")
def test_the_long_run_finds_stops_and_counts(tmp_path, monkeypatch):
    """Workers with bounds: a fault, an endless loop and too much memory are all found."""
    given = [b"ok", b"fault", b"ok", b"loop", b"refused", b"memory", b"ok"]

    def odd(path):
        data = path.read_bytes()
        if data == b"fault":
            raise KeyError(1)
        if data == b"refused":
            raise DataError("This file is refused.", file=path)
        while data == b"loop":
            pass
        return bytearray(3 * 2**30) if data == b"memory" else None

    def drive_given(reader, number, n, take):
        for data in given[-n:]:
            take({"t.csv": data})

    reader = Reader("made up", odd, lambda: [{"t.csv": b"ok"}])
    monkeypatch.setitem(BY_NAME, reader.name, reader)
    monkeypatch.setattr(campaign, "SECONDS", 1)
    monkeypatch.setattr(campaign, "drive", drive_given)
    (tmp_path / "out").mkdir()
    run = campaign.Run(tmp_path / "out", 1, 1)
    run.all({reader.name: len(given)})
    tally = run.tallies[reader.name]
    assert (tally.inputs, tally.results, tally.refused) == (7, 3, 1)
    kinds = sorted(key.split(" in ")[0].split(" at ")[0] for key in tally.faults.elements())
    assert kinds == ["KeyError", "MemoryError", "more than 1 s of CPU"]
    kept = {p.read_bytes() for p in (tmp_path / "out" / "faults").rglob("t.csv")}
    assert {b"loop", b"memory"} <= kept
    stored = json.loads((tmp_path / "out" / "tallies.json").read_text())
    assert stored["tallies"]["made up"]["inputs"] == 7
