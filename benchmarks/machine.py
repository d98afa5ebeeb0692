"""What machine this is, and what is installed."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "scipy", "pandas", "polars", "duckdb", "dask", "joblib", "statsmodels")


def processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    clock = [float(line.split(":")[1]) for line in lines if line.startswith("cpu MHz")]
    name = named[0] if named else platform.processor() or platform.machine()
    return f"{name}, {clock[0] / 1000:.1f} GHz" if clock else name


def gibibytes() -> float:
    import psutil

    return float(psutil.virtual_memory().total) / 2**30


def version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def about() -> dict[str, Any]:
    """For the table: the machine, its load when the run ended, and versions."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(gibibytes(), 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "dmpkit": version("dmpkit"),
        "versions": {name: version(name) for name in LIBRARIES},
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def described(found: dict[str, Any] | None = None) -> str:
    """The same in a sentence."""
    it = found or about()
    libraries = ", ".join(f"{name} {number}" for name, number in it["versions"].items())
    return (
        f"{it['processor']}, {it['cores']} cores, {it['memory_gib']:.0f} GiB, {it['system']}; "
        f"Python {it['python']}, dmpkit {it['dmpkit']}, {libraries}; {it['date']}, load average "
        f"{it['load']}."
    )
