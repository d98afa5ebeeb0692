"""The same results and the same files, whatever the computer is set to.

Each run is a fresh process of ``one_of_everything.py``. Numbers are compared digit by
digit, files byte by byte; only the number of threads of the linear algebra may move the
last digits, by at most 1e-10 of the value, and then files are not compared.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("one_of_everything.py")
ROOT = PROGRAM.parents[2]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SET = ("LC_ALL", "LC_NUMERIC", "LANG", "LANGUAGE", "TZ", "PYTHONHASHSEED", "PYTHONUTF8", *THREADS)
SIGN = "decimal sign of the system"
LIGHT = ("qmethod", "measures")
LOCALES = {"de_DE": ",", "tr_TR": ","}


@pytest.fixture(scope="session")
def locales(tmp_path_factory):
    """German and Turkish surroundings, made here: few computers have them."""
    folder = tmp_path_factory.mktemp("locales")
    if shutil.which("localedef") is None:
        return None
    for name in LOCALES:
        made = subprocess.run(
            ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")],
            capture_output=True, check=False,
        )  # fmt: skip
        if made.returncode > 1:  # 1: made, with a warning
            return None
    return folder


def run(folder, *options, parts=(), umask=-1, **surroundings):
    kept = {name: value for name, value in os.environ.items() if name not in SET}
    threads = dict.fromkeys(THREADS, surroundings.pop("threads", "1"))
    chosen = ("--parts", *parts) if parts else ()
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(folder), *options, *chosen],
        env={**kept, "PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", **threads, **surroundings},
        capture_output=True, text=True, encoding="utf-8", check=False, umask=umask,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout)
    return said, said.pop(SIGN)


def differences(one, two, path=(), tolerance=0.0):
    """Where two outputs differ, with what stands there."""
    if isinstance(one, dict) and isinstance(two, dict):
        for key in sorted({*one, *two}):
            yield from differences(one.get(key), two.get(key), (*path, key), tolerance)
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for i, pair in enumerate(zip(one, two, strict=True)):
            yield from differences(*pair, (*path, i), tolerance)
    elif isinstance(one, float) and isinstance(two, float):
        if not math.isclose(one, two, rel_tol=tolerance, abs_tol=tolerance):
            yield path, one, two
    elif one != two or type(one) is not type(two):
        yield path, str(one)[:200], str(two)[:200]


def numbers(said):
    return {name: (part["numbers"], part["warnings"]) for name, part in said.items()}


def test_far_away_with_other_seeds_of_hashes(tmp_path, locales):
    """St John's against Kiritimati, another hash seed, Turkish, folders listed in reverse."""
    here, sign = run(tmp_path / "a", parts=LIGHT, PYTHONHASHSEED="1", TZ="America/St_Johns")
    assert sign == "."
    turkish = {"LOCPATH": str(locales), "LC_ALL": "tr_TR.UTF-8"} if locales else {}
    there, sign = run(
        tmp_path / "b", "--reversed", parts=LIGHT, PYTHONHASHSEED="2", TZ="Pacific/Kiritimati",
        umask=0o077, **turkish,
    )  # fmt: skip
    assert sign == ("," if locales else ".")
    assert here["qmethod"]["files"]
    assert list(differences(here, there)) == []


def test_a_difference_would_be_seen():
    one = {"a": {"numbers": [1.0, "x"], "files": {"f": "00"}}}
    assert list(differences(one, {"a": {"numbers": [1.0, "x"], "files": {"f": "01"}}}))
    assert list(differences(one, {"a": {"numbers": [1.0 + 1e-15, "x"], "files": {"f": "00"}}}))
    assert list(differences([1.0], [1.0 + 1e-9], tolerance=1e-10))
    assert list(differences([1.0], [1], tolerance=1e-10))
    assert list(differences([1.0], [1.0, 2.0]))
    assert not list(differences([1.0], [1.0 + 1e-12], tolerance=1e-10))


EXACT = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 2": {"PYTHONHASHSEED": "2"},
    "any hash seed": {"PYTHONHASHSEED": "random"},
    "Kiritimati": {"TZ": "Pacific/Kiritimati"},
    "St John's": {"TZ": "America/St_Johns"},
    "plain C": {"LC_ALL": "C", "PYTHONUTF8": "0"},
    "Germany": {"LC_ALL": "de_DE.UTF-8"},
    "Turkey": {"LC_ALL": "tr_TR.UTF-8"},
    "folders in reverse": {"options": ["--reversed"]},
    "two workers": {"options": ["--workers", "2"]},
    "polars": {"options": ["--frames", "polars"]},
    "a strict mask": {"umask": 0o077},
}


@pytest.fixture(scope="session")
def everything(tmp_path_factory):
    return run(tmp_path_factory.mktemp("same") / "base", "--pages", PYTHONHASHSEED="1", TZ="UTC")[0]


@pytest.mark.long
@pytest.mark.parametrize("name", EXACT)
def test_everything_is_the_same(name, everything, tmp_path, locales):
    setting = {"PYTHONHASHSEED": "1", "TZ": "UTC", **EXACT[name]}
    options = setting.pop("options", [])
    language = setting.get("LC_ALL", "C")[:5]
    if language in LOCALES:
        if locales is None:
            pytest.skip("localedef is not on this computer")
        setting["LOCPATH"] = str(locales)
    said, sign = run(tmp_path / "other", "--pages", *options, **setting)
    assert sign == LOCALES.get(language, ".")
    assert list(differences(everything, said)) == []


@pytest.mark.long
@pytest.mark.parametrize("threads", ["2", "4"])
def test_threads_move_no_digit_that_counts(threads, everything, tmp_path):
    said, _ = run(tmp_path / "other", threads=threads, PYTHONHASHSEED="1", TZ="UTC")
    one, two = numbers(everything), numbers(said)
    assert list(differences(list(one.values()), list(two.values()), tolerance=1e-10)) == []
