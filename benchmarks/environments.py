"""An environment for each peer, under ``build/bench-envs``, made when it is first needed."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent / "build" / "bench-envs"
PEERS = HERE / "peers"


class Environment(NamedTuple):
    """Its Python, or why there is none."""

    python: Path | None
    reason: str = ""


def pins(name: str) -> dict[str, str]:
    """Versions by package, as ``peers/NAME.txt`` states them."""
    lines = (PEERS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    stated = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {one[0]: one[1] for one in stated}


def ready(name: str) -> Environment:
    """The environment of a peer, built where it is missing or its pins have changed."""
    folder, wanted = FOLDER / name, PEERS / f"{name}.txt"
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    mark = folder / ".ready"
    stamp = hashlib.sha256(wanted.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == stamp:
        return Environment(python)
    print(f"  building the environment of {name} ...", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, "-r", str(wanted)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()]
            errors = [line for line in said if line.startswith("ERROR")] or said[-1:]
            return Environment(None, (errors or ["it could not be built"])[0][:200])
    mark.write_text(stamp)
    return Environment(python)
