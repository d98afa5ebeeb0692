"""A study as an RO-Crate: read back, file by file, by the library and without it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from dmpkit.cli import main
from dmpkit.errors import DataError, DataNotDownloaded, DmpkitError, MissingDependency
from dmpkit.workbench import deposit as module
from dmpkit.workbench.deposit import check_deposit, deposit

pytest.importorskip("rocrate")

FOUR = "four,Twice two,4,,,,p. 1,printed\n"
FIVE = "five,Known to exist,,,,,p. 2,printed\n"
CELLS = ["study.reproduces('four', 4)", "study.not_reproducible('five', 'Not in print.')"]
DATA = """
[[data]]
name = "numbers"
file = "Zahlen für später.csv"
description = "Two numbers"
licence = "CC0-1.0"
"""
FILES = {"Zahlen für später.csv": "a,b\n1,2\n", "NOTES.md": "Remarks.\n", "draft.docx": "x"}


@pytest.fixture
def study(bench):
    folder = bench.study("toy", FOUR + FIVE, CELLS, toml=DATA, files=FILES)
    (folder / "private").mkdir()
    (folder / "private" / "names.md").write_text("who", encoding="utf-8")
    for path in folder.rglob("*"):  # written a while ago, as files of a study are
        os.utime(path, (1_700_000_000, 1_700_000_000))
    return folder


@pytest.fixture
def crate(study, bench):
    return deposit("toy", bench.root / "crate", authors=["A. Name"], out=bench.root / "build")


def graph(path: Path):
    said = json.loads((path / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {entity["@id"]: entity for entity in said["@graph"]}


def test_the_crate_holds_files_run_verdicts_and_versions(crate):
    assert crate.status == "reproduced"
    assert set(crate.packed) == {
        *("README.md", "verdicts.csv", "verdicts.json", "versions.json", "manifest-sha256.txt"),
        *("executed/toy.ipynb", "notebooks/toy.ipynb"),
        *("studies/toy/study.toml", "studies/toy/published.csv", "studies/toy/NOTES.md"),
        "studies/toy/Zahlen für später.csv",
    }
    assert set(crate.left_out) == {"draft.docx", "private/names.md"}
    on_disk = {p.relative_to(crate.path).as_posix() for p in crate.path.rglob("*") if p.is_file()}
    assert on_disk == {*crate.packed, "ro-crate-metadata.json"}
    with (crate.path / "verdicts.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [(r["figure"], r["verdict"]) for r in rows] == [
        ("four", "matches print"),
        ("five", "not reproducible"),
    ]
    executed = json.loads((crate.path / "executed" / "toy.ipynb").read_text(encoding="utf-8"))
    assert any(cell.get("outputs") for cell in executed["cells"])
    versions = json.loads((crate.path / "versions.json").read_text(encoding="utf-8"))
    assert {"numpy", "pandas", "dmpkit"} <= set(versions["packages"])


def test_the_library_reads_it_back(crate):
    from rocrate.rocrate import ROCrate

    read = ROCrate(str(crate.path))
    assert read.name == "A toy study"
    assert [one["name"] for one in read.root_dataset["author"]] == ["A. Name"]
    assert read.root_dataset["citation"]["name"] == "Made for a test."
    files = [e for e in read.data_entities if e.type == "File"]
    assert len(files) == len(crate.packed)
    for entity in files:
        path = crate.path / unquote(entity.id)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == entity["sha256"]
        assert str(path.stat().st_size) == entity["contentSize"]
    action = read.root_dataset["mentions"]
    action = action[0] if isinstance(action, list) else action
    assert {e.id for e in action["result"]} == {
        *("executed/toy.ipynb", "verdicts.csv", "verdicts.json")
    }
    figures = {e["name"]: e["valueReference"] for e in read.root_dataset["variableMeasured"]}
    assert figures == {"four": "matches print", "five": "not reproducible"}


def test_licences_and_checksums_are_said(crate):
    said = graph(crate.path)
    (name,) = (i for i in said if i.endswith(".csv") and "Zahlen" in i)
    licence = said[name]["license"]["@id"]
    assert licence == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert said[licence]["name"] == "CC0-1.0"
    for line in (crate.path / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines():
        digest, _, file = line.partition("  ")
        assert hashlib.sha256((crate.path / file).read_bytes()).hexdigest() == digest


def test_what_was_deposited_runs_again_from_the_crate_alone(crate, monkeypatch):
    monkeypatch.chdir(crate.path)
    monkeypatch.delenv("DMPKIT_STUDIES", raising=False)
    done = CliRunner().invoke(main, ["reproduce", "toy"])
    assert done.exit_code == 0, done.output
    assert "1 matches print, 1 not reproducible" in done.output


def test_a_changed_missing_or_added_file_is_found(crate):
    assert check_deposit(crate.path) == []
    (crate.path / "verdicts.csv").write_text("changed", encoding="utf-8")
    (crate.path / "versions.json").unlink()
    (crate.path / "more.txt").write_text("more", encoding="utf-8")
    assert sorted(check_deposit(crate.path)) == [
        "more.txt is not described.",
        "verdicts.csv is not the file that is described (SHA-256 differs).",
        "versions.json is described and missing.",
    ]
    with pytest.raises(DataError, match="no RO-Crate"):
        check_deposit(crate.path / "studies")
    with pytest.raises(DataError, match="neither a folder nor a zip"):
        check_deposit(crate.path / "more.txt")


def test_a_run_that_still_holds_is_taken_and_another_is_not(crate, study, bench, monkeypatch):
    ran = []
    real = module.running.reproduce
    monkeypatch.setattr(module.running, "reproduce", lambda *a, **k: ran.append(1) or real(*a, **k))
    again = deposit("toy", bench.root / "two.zip", out=bench.root / "build")
    assert not ran
    assert check_deposit(again.path) == []
    with zipfile.ZipFile(again.path) as stream:
        assert set(stream.namelist()) == {*again.packed, "ro-crate-metadata.json"}
        assert stream.testzip() is None
    path = study / "published.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",4,", ",5,"), encoding="utf-8")
    changed = deposit("toy", bench.root / "three", out=bench.root / "build")
    assert ran
    assert changed.status == "differs"  # said, and no reason to hide it
    assert "differs" in (changed.path / "README.md").read_text(encoding="utf-8")


def test_nothing_is_overwritten_and_nothing_is_left_half_done(crate, study, bench, monkeypatch):
    before = {p: p.read_bytes() for p in crate.path.rglob("*") if p.is_file()}
    with pytest.raises(DataError, match="is there already"):
        deposit("toy", crate.path, out=bench.root / "build")
    assert {p: p.read_bytes() for p in crate.path.rglob("*") if p.is_file()} == before
    (bench.root / "empty").mkdir()
    assert deposit("toy", bench.root / "empty", out=bench.root / "build").packed
    listed = sorted(bench.root.iterdir())

    def broken(*_):
        raise RuntimeError("interrupted")

    monkeypatch.setattr(module, "_describe_run", broken)
    for name in ("half", "half.zip"):
        with pytest.raises(RuntimeError, match="interrupted"):
            deposit("toy", bench.root / name, out=bench.root / "build")
    assert sorted(bench.root.iterdir()) == listed


def test_data_of_others_are_named_and_not_packed(bench, monkeypatch):
    content = b"a,b\n3,4\n"
    digest = hashlib.sha256(content).hexdigest()
    toml = (
        '\n[[data]]\nname = "theirs"\nfile = "theirs.csv"\ndownload = true\n'
        f'url = "https://example.org/v1/theirs.csv"\nsha256 = "{digest}"\n'
        f'bytes = {len(content)}\nlicence = "none stated"\n'
    )
    bench.study("away", FOUR, [CELLS[0]], toml=toml)
    with pytest.raises(DataNotDownloaded, match="dmpkit fetch away"):
        deposit("away", bench.root / "crate", out=bench.root / "build")
    assert not (bench.root / "crate").exists()
    cache = bench.root / "cache" / "away"
    cache.mkdir(parents=True)
    (cache / "theirs.csv").write_bytes(content)
    monkeypatch.setenv("DMPKIT_DATA_DIR", str(bench.root / "cache"))
    made = deposit("away", bench.root / "crate", out=bench.root / "build")
    assert made.referenced == ("theirs.csv",)
    assert not list(made.path.rglob("theirs.csv"))
    entity = graph(made.path)["https://example.org/v1/theirs.csv"]
    assert entity["sha256"] == digest
    assert entity["contentSize"] == str(len(content))
    parts = {part["@id"] for part in graph(made.path)["./"]["hasPart"]}
    assert "https://example.org/v1/theirs.csv" in parts
    assert check_deposit(made.path) == []


def test_private_data_a_failing_notebook_and_a_strange_author_are_refused(bench):
    toml = '\n[[data]]\nname = "people"\nfile = "private/people.csv"\n'
    folder = bench.study("secret", FOUR, [CELLS[0]], toml=toml)
    (folder / "private").mkdir()
    (folder / "private" / "people.csv").write_text("a\n1\n", encoding="utf-8")
    with pytest.raises(DataError, match="kept private"):
        deposit("secret", bench.root / "a", out=bench.root / "build")
    bench.study("broken", FOUR, [CELLS[0], "1 / 0"])
    with pytest.raises(DmpkitError, match=r"did not run through(.|\n)*ZeroDivisionError"):
        deposit("broken", bench.root / "b", out=bench.root / "build")
    bench.study("fine", FOUR, [CELLS[0]])
    with pytest.raises(DataError, match="not an author"):
        deposit("fine", bench.root / "c", authors=["<x>"], out=bench.root / "build")
    assert not any((bench.root / name).exists() for name in "abc")


def test_without_the_package_it_says_how_to_get_it(study, bench, monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(MissingDependency, match="deposit"):
        deposit("toy", bench.root / "crate")


def test_the_command_says_what_it_made(study, bench):
    done = CliRunner().invoke(main, ["deposit", "toy", "--to", "toy.zip"])
    assert done.exit_code == 0, done.output
    assert "Made toy.zip: 11 files, reproduced" in done.output
    assert "left out, since study.toml does not name it: draft.docx" in done.output
    assert "It names no author" in done.output
    assert CliRunner().invoke(main, ["deposit", "toy", "--to", "toy.zip"]).exit_code == 2
