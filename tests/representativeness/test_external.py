"""The bridge to sortition-algorithms: what it writes, how it calls, what it reads.

A stand-in program takes the command line of version 0.12.15; the program itself is run
where ``DMPKIT_SORTITION`` names it.
"""

from __future__ import annotations

import os
import sys
import tomllib

import pandas as pd
import pytest

from dmpkit.errors import DataError, DmpkitError
from dmpkit.representativeness.external import run_external_lottery

POOL = pd.DataFrame(
    {
        "id": ["p1", "p2", "p3", "p4", "p5", "p6", "p7"],
        "age": ["young", "young", "old", "old", "old", "old", "old"],
        "home": ["a", "b", "a", "c", "d", "d", "e"],
        "email": "not handed over",
    }
)
QUOTAS = pd.DataFrame(
    {"variable": "age", "category": ["young", "old"], "min": [1, 2], "max": [1, 3]}
)
STAND_IN = """
import argparse, csv, pathlib, shutil, sys
parser = argparse.ArgumentParser()
parser.add_argument("kind", choices=["csv"])
for flag in "Sfpsr":
    parser.add_argument("-" + flag, required=True)
parser.add_argument("-n", type=int, required=True)
parser.add_argument("--no-progress", action="store_true")
got = parser.parse_args()
keep = pathlib.Path(sys.argv[0]).parent
for flag in "Sfp":
    shutil.copy(getattr(got, flag), keep / flag)
rows = list(csv.DictReader(open(got.p)))
young = [r for r in rows if r["age"] == "young"][:1]
panel = young + [r for r in rows if r["age"] == "old"][: got.n - 1]
if MODE == "refuse":
    sys.exit("Minimum for feature age is more than number to select")
if MODE == "short":
    panel = panel[:-1]
if MODE == "slow":
    import time
    time.sleep(30)
if MODE != "silent":
    with open(got.s, "w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys())
        out.writeheader()
        out.writerows(panel)
print("SUCCESS!! Final:")
"""


def stand_in(folder, mode="draw"):
    path = folder / "program.py"
    path.write_text(STAND_IN.replace("MODE", repr(mode)))
    return [sys.executable, str(path)]


def test_files_and_answer(tmp_path):
    drawn = run_external_lottery(
        POOL, QUOTAS, 4, command=stand_in(tmp_path), person="id", household="home", seed=5
    )
    assert drawn.selected == ("p1", "p3", "p4", "p5")
    assert "SUCCESS" in drawn.output
    assert drawn.command[-3:] == ("-n", "4", "--no-progress")
    settings = tomllib.loads((tmp_path / "S").read_text())
    assert settings["random_number_seed"] == 5
    assert settings["check_same_address"] is True
    assert settings["check_same_address_columns"] == ["home"]
    assert settings["selection_algorithm"] == "maximin"
    assert pd.read_csv(tmp_path / "p").columns.tolist() == ["dmpkit_id", "age", "home"]
    assert pd.read_csv(tmp_path / "f").columns.tolist() == ["feature", "value", "min", "max"]


@pytest.mark.parametrize(
    ("mode", "says"),
    [
        ("refuse", "more than number to select"),
        ("short", "3 members of the pool for 4 seats"),
        ("silent", "wrote no panel"),
    ],
)
def test_what_the_program_says_is_passed_on(tmp_path, mode, says):
    with pytest.raises(DataError, match=says):
        run_external_lottery(POOL, QUOTAS, 4, command=stand_in(tmp_path, mode))


def test_a_program_that_does_not_end(tmp_path):
    with pytest.raises(DmpkitError, match="did not end"):
        run_external_lottery(POOL, QUOTAS, 4, command=stand_in(tmp_path, "slow"), timeout=0.5)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"algorithm": "luck"}, "no algorithm"),
        ({"seed": 0}, "means no seed"),
        ({"command": "no-such-program"}, "no command"),
        ({"quotas": None}, "by quotas only"),
    ],
)
def test_bad_options(options, says):
    quotas = options.pop("quotas", QUOTAS)
    with pytest.raises(DataError, match=says):
        run_external_lottery(POOL, quotas, 4, **options)


@pytest.mark.parametrize("algorithm", ["maximin", "nash", "legacy"])
def test_with_the_program_itself(algorithm):
    program = os.environ.get("DMPKIT_SORTITION")
    if not program:
        pytest.skip("set DMPKIT_SORTITION to the program sortition of its own environment")
    drawn = run_external_lottery(
        POOL, QUOTAS, 4, command=program, person="id", household="home", algorithm=algorithm
    )
    panel = POOL[POOL["id"].isin(drawn.selected)]
    assert (panel["age"] == "young").sum() == 1
    assert not panel["home"].duplicated().any()
