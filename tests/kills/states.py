"""What lies in a folder: the files that count, and what is left beside them."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

#: The hidden names of what is not finished.
UNFINISHED = re.compile(r"\..+\.[0-9a-f]{8}-\d+-[0-9a-f]{12}\.(tmp|new|work|ready|old)")
LOCKS = {".lock", ".ledger.lock"}
#: Times of day, which differ from run to run.
TIME = re.compile(rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(\.\d+)?(\+00:00|Z| UTC)?")
SECONDS = re.compile(rb'(?<="seconds": )[\d.]+|\b\d+(\.\d+)? s\b')


def leftovers(place: Path, scratch: Path) -> list[str]:
    """Hidden names of what is not finished, and whatever lies in the system's own folder."""
    found = [
        path.relative_to(place).as_posix()
        for path in place.rglob(".*")
        if UNFINISHED.fullmatch(path.name)
    ]
    return sorted(found + [path.name for path in scratch.glob("*")])


def state(place: Path) -> dict[str, Any]:
    """Each visible file, and a digest of all in it that does not tell the time."""
    found = {}
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        if path.is_dir() or name.name in LOCKS or any(map(UNFINISHED.fullmatch, name.parts)):
            continue
        found[name.as_posix()] = digest(path)
    return found


def digest(path: Path) -> str:
    data = path.read_bytes()
    if data.startswith(b"PK"):  # a zip file that is cut off cannot be opened
        try:
            with zipfile.ZipFile(path) as archive:
                held = {
                    name: hashlib.sha256(archive.read(name)).hexdigest()
                    for name in archive.namelist()
                    if name != "docProps/core.xml"  # the hour at which it was written
                }
        except zipfile.BadZipFile:
            return "broken"
        return json.dumps(held, sort_keys=True)
    if data.startswith(b"%PDF") and b"Skia/PDF" in data[:2000]:  # a browser numbers at will
        return "printed" if data.rstrip().endswith(b"%%EOF") else "broken"
    if path.suffix in (".json", ".html", ".ipynb"):
        data = SECONDS.sub(b"", TIME.sub(b"", data))
    return hashlib.sha256(data).hexdigest()
