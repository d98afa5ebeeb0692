"""The made-up interviews of the tour: two files that differ as programs' files differ."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmpkit import coding, datasets
from dmpkit.coding.synthetic import synthetic_interviews
from dmpkit.errors import ImportAuditWarning


def test_both_files_are_read_back_to_the_codings_of_the_data_package(tmp_path: Path) -> None:
    files = synthetic_interviews(tmp_path)
    codings = datasets.load("synthetic-interviews", "codings")
    first = coding.read_project(files["coder A"])
    with pytest.warns(ImportAuditWarning, match="found elsewhere by their words: 1"):
        second = coding.read_project(files["coder B"])
    for coder, project in (("coder A", first), ("coder B", second)):
        wanted = codings[codings["coder"] == coder]
        there = project.segments
        assert sorted(zip(there["source"], there["code"], there["quote"], strict=True)) == sorted(
            zip(wanted["interview"], wanted["code"], wanted["quote"], strict=True)
        )
    ways = set(first.audit.sources["convention"])
    assert any("CR LF counted as two, byte-order mark counted" in way for way in ways)
    assert second.audit.sources["convention"].str.contains("inclusive").all()


def test_the_same_bytes_each_time_and_marked_synthetic(tmp_path: Path) -> None:
    one, two = synthetic_interviews(tmp_path / "a"), synthetic_interviews(tmp_path / "b")
    for coder in one:
        assert one[coder].read_bytes() == two[coder].read_bytes()
        assert "synthetic" in coding.read_project(one["coder A"]).name.casefold()
