"""Files with Windows line ends read the same; what is written keeps to the user's mask."""

from __future__ import annotations

import os
import shutil
import stat
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

import dmpkit.qmethod as qm
import dmpkit.representativeness as rep
from dmpkit import impact, tables
from dmpkit.evaluation import check_folder
from dmpkit.workbench import Study

TEMPLATE = Path(str(files("dmpkit.workbench"))) / "templates" / "representativeness"


def windows(path, to):
    data = path.read_bytes()
    assert b"\r" not in data
    to.write_bytes(data.replace(b"\n", b"\r\n"))
    return to


def test_windows_line_ends_of_tables(tmp_path):
    study = Study.open("lipset-1963")
    one, two = (qm.read_sorts(p) for p in (
        study.path("sorts"), windows(study.path("sorts"), tmp_path / "sorts.csv")))  # fmt: skip
    assert one == two
    place, other = (rep.read_population(p) for p in (
        TEMPLATE / "population.csv", windows(TEMPLATE / "population.csv", tmp_path / "p.csv"),
    ))  # fmt: skip
    for name in ("gender", "age", "education"):
        pd.testing.assert_series_equal(place.shares(name), other.shares(name))
    seats, others = (rep.read_quotas(p) for p in (
        TEMPLATE / "quotas.csv", windows(TEMPLATE / "quotas.csv", tmp_path / "q.csv")))  # fmt: skip
    pd.testing.assert_frame_equal(seats.frame, others.frame)


def test_windows_line_ends_of_a_ledger(tmp_path):
    made = impact.write_ledger(impact.synthetic_ledger(12, years=3, seed=1), tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    for path in (tmp_path / "two").glob("*.csv"):
        windows(tmp_path / "one" / path.name, path)
    again = impact.read_ledger(tmp_path / "two")
    for name, frame in made.frames().items():
        pd.testing.assert_frame_equal(frame, again.frames()[name])


def test_windows_line_ends_of_an_evaluation(tmp_path):
    folder = Study.open("evaluate-a-minipublic").folder
    shutil.copytree(folder, tmp_path / "copy")
    for path in folder.glob("*.csv"):
        windows(path, tmp_path / "copy" / path.name)
    one, two = (check_folder(place) for place in (folder, tmp_path / "copy"))
    assert one.in_order
    assert two.in_order
    assert one.rows == two.rows


@pytest.mark.skipif(os.name == "nt", reason="Windows has no mask")
@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_files_keep_to_the_mask(tmp_path, mask):
    before = os.umask(mask)
    try:
        frame = pd.DataFrame({"n": [1.5]})
        tables.write_csv(frame, tmp_path / "a.csv")
        tables.write_workbook(tmp_path / "a.xlsx", {"a": frame})
        impact.write_ledger(impact.synthetic_ledger(3, years=2, seed=1), tmp_path / "ledger")
    finally:
        os.umask(before)
    for path in (tmp_path / "a.csv", tmp_path / "a.xlsx", tmp_path / "ledger" / "events.csv"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask, path.name
    assert stat.S_IMODE((tmp_path / "ledger").stat().st_mode) == 0o777 & ~mask
