"""The licences of what dmpkit installs, as a page."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "reference" / "licences.csv"

INTRODUCTION = """# Licences of what is installed

dmpkit itself is under the MIT licence. The default install brings {n} packages, each under a
licence that allows any use: {kinds}. *MPL-2.0* asks that changes to the package's own files are
shared; it asks nothing of work that uses it.

`make licences` reads the licence of every package again, from the packages themselves, and fails
where one is not allowed or not in this table; a test does the same. Packages that only other
systems need (on Windows, for instance) are listed there once they are seen.

Two things to know:

- `factor_analyzer` is under the GPL, version 2. It stands in the extra `efa` alone: no other
  install brings it, and nothing imports it unless it is asked for by name.
- The compiled packages of numpy and scipy, as they come from the index, carry two libraries of
  the GCC compiler as separate files: libgfortran (GPL-3 with the exception that lets any program
  use it) and libquadmath (LGPL-2.1). Builds of numpy and scipy that use the system's own
  libraries, as in conda, do not. scikit-learn (extra `efa`) carries libgomp, under the same
  exception.
"""


def rows() -> list[dict[str, str]]:
    """The entries: package, licence, who needs it, how the licence is known."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def page() -> str:
    """The page on licences."""
    every = rows()
    first = [row for row in every if row["needed by"] == "default"]
    kinds = Counter(row["licence"] for row in first)
    said = ", ".join(f"{kind} ({n})" for kind, n in kinds.most_common())
    parts = [INTRODUCTION.format(n=len(first), kinds=said)]
    by_extra: dict[str, list[str]] = {"default": []}
    for row in every:
        line = f"| {row['package']} | {row['licence']} | {row['known from']} |"
        by_extra.setdefault(row["needed by"], []).append(line)
    for extra, lines in by_extra.items():
        head = "The default install" if extra == "default" else f"Extra {extra}"
        table = "| package | licence | known from |\n|---|---|---|\n" + "\n".join(lines)
        parts.append(f"## {head}\n\n{table}\n")
    return "\n".join(parts)
