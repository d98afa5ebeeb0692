"""Nothing is asked of the network unless somebody says so.

A hook of Python reports every connection and every name that is looked up, in the
process and in the kernels that it starts; anything but this computer is refused and
written down. Kernels talk to dmpkit over the loopback, which is allowed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

HOOK = """
import os, sys

HERE = {"localhost", "127.0.0.1", "::1", "", None, "0.0.0.0"}
NAMES = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}
CALLS = {"socket.connect", "socket.sendto", "socket.sendmsg"}

def watch(event, given):
    if event in NAMES:
        host = given[0]
    elif event in CALLS:
        address = given[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("urllib.Request", "ftplib.connect", "smtplib.connect", "webbrowser.open"):
        host = str(given[0])
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host in HERE or host == os.uname().nodename or str(host).startswith("127."):
        return
    with open(os.environ["DMPKIT_ASKED"], "a") as log:
        log.write(f"{event} {given[:2]!r}\\n")
    raise OSError(f"no network in this test: {event} {host}")

sys.addaudithook(watch)
"""

LIBRARY = """
import importlib, pkgutil, warnings
warnings.simplefilter("ignore")
import dmpkit
for found in pkgutil.walk_packages(dmpkit.__path__, "dmpkit."):
    if "templates" not in found.name and not found.name.endswith("__main__"):
        importlib.import_module(found.name)
import dmpkit.coding as cd, dmpkit.evaluation as ev, dmpkit.impact as im, dmpkit.qmethod as qm
import dmpkit.representativeness as rp
from dmpkit import datasets
from dmpkit.workbench import Study
from dmpkit.workbench.study import find_studies

table = Study.open("lipset-1963").table("sorts")
result = qm.analyse(qm.QSorts.from_frame(table), n_factors=3)
result.report("q.html"), result.to_excel("q.xlsx"), result._repr_html_()
composition = Study.open("jersey-jury-2021").table("composition")
invited = composition[composition["stage"] == "responded"].rename(columns={"value": "count"})
island = composition[composition["stage"] == "population"].rename(columns={"value": "share"})
keys = ["variable", "category"]
rp.check_margins(
    rp.Panel.from_counts(invited[[*keys, "count"]]),
    rp.Population.from_margins(island[[*keys, "share"]]), n_resamples=99, seed=1,
).report("m.html")
ledger = im.synthetic_ledger(20, years=3, seed=1)
im.analyse(ledger, "2025-01-31", promise="six months", blind=True).summary()
ev.check_folder(datasets.studies_path("evaluate-a-minipublic"))
print(len([Study.open(slug).missing_data() for slug in find_studies()]))
"""


@pytest.fixture
def watched(tmp_path: Path) -> tuple[dict[str, str], Path]:
    """An environment in which every Python reports what it asks for, and its report."""
    (tmp_path / "hook").mkdir()
    (tmp_path / "hook" / "sitecustomize.py").write_text(HOOK, encoding="utf-8")
    log = tmp_path / "asked.txt"
    path = os.pathsep.join([str(tmp_path / "hook"), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": path, "DMPKIT_ASKED": str(log), "MPLBACKEND": "Agg"}
    environment.pop("DMPKIT_DATA_MIRROR", None)
    return environment, log


def run(command: list[str], environment: dict[str, str], where: Path) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=where, capture_output=True, text=True,
        check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-500:] + done.stderr[-2000:]
    return done.stdout


def asked(log: Path) -> str:
    return log.read_text(encoding="utf-8") if log.is_file() else ""


def test_the_hook_notices(watched: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    environment, log = watched
    code = "import requests\ntry: requests.get('https://example.org', timeout=1)\nexcept OSError: 0"
    run(["-c", code], environment, tmp_path)
    assert "example.org" in asked(log)


def test_the_library_asks_nothing(watched: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    environment, log = watched
    assert int(run(["-c", LIBRARY], environment, tmp_path)) > 10
    assert asked(log) == ""


@pytest.mark.long
def test_commands_ask_nothing(watched: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    """A new study is made, checked, reproduced with its kernel, and laid out as a site."""
    environment, log = watched
    for command in (
        ["new", "my-study", "--template", "qmethod"],
        ["check", "my-study"],
        ["reproduce", "my-study", "--jobs", "1"],
        ["studies"],
        ["qsort", "governance-instrument", "--to", "sorting.html"],
        ["new", "our-assembly", "--template", "evaluation"],
        ["report", "our-assembly"],
        ["deposit", "my-study", "--to", "crate.zip"],
    ):
        run(["-m", "dmpkit", *command], environment, tmp_path)
    assert asked(log) == ""


@pytest.mark.long
def test_only_fetch_asks(watched: tuple[dict[str, str], Path], tmp_path: Path) -> None:
    environment, log = watched
    environment["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    command = [sys.executable, "-m", "dmpkit", "fetch", "dri-2024", "--to", str(tmp_path / "to")]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "socket.getaddrinfo" in asked(log)
    assert "no connection" in done.stdout + done.stderr
