"""The licences of everything that dmpkit installs: ``make licences``.

Follows the requirements of the default install and of each extra through the
packages that are installed here, reads what each says of its licence, and holds it
against the list of allowed ones and against ``docs/reference/licences.csv``. With
``--write`` that table is made anew. Ends with 1 where something is not allowed or
not listed.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "reference" / "licences.csv"
COLUMNS = ("package", "licence", "needed by", "known from")
DEFAULT = "default"

#: What may be in the default install and in any extra.
ALLOWED = {
    *("MIT", "MIT-0", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC"),
    *("Apache-2.0", "PSF-2.0", "MPL-2.0", "Unlicense", "CC0-1.0", "Zlib", "HPND"),
    *("Public Domain", "matplotlib", "Python-2.0"),
}
#: Package, licence and the only extra in which it may stand.
APART = {"factor-analyzer": ("GPL-2.0", "efa")}
#: What a package says of itself, in other words.
WORDS = {
    "mit license": "MIT",
    "the mit license": "MIT",
    "bsd license": "BSD",
    "bsd 3-clause license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "2-clause bsd": "BSD-2-Clause",
    "apache software license": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
    "psfl": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
    "gnu general public license (gpl)": "GPL",
    "gnu general public license v2 (gplv2)": "GPL-2.0",
}
#: Said by the text of the licence that comes with the package, where it says nothing else.
TEXTS = {
    "permission is hereby granted, free of charge": "MIT",
    "apache license": "Apache-2.0",
    "gnu general public license": "GPL-2.0",
    "gnu lesser general public license": "LGPL",
    "redistribution and use in source and binary forms": "BSD",
    "mozilla public license": "MPL-2.0",
}
#: Where the package's own words need a word of explanation; read in the package itself.
READ = {
    "docutils": (
        "Public Domain AND BSD-2-Clause",
        "COPYING: the library; its Emacs mode, which is not installed, is GPL-3",
    ),
    "matplotlib": ("matplotlib", "its own licence, made after that of Python"),
    "polars": ("MIT", "LICENSE"),
    "libcst": ("MIT AND PSF-2.0 AND Apache-2.0", "LICENSE: parts come from Python and dataclasses"),
}


@dataclass(frozen=True)
class Package:
    """A package, its licence, who needs it, and how the licence is known."""

    name: str
    licence: str
    needed_by: str
    known_from: str


def requirements() -> dict[str, list[str]]:
    """What the default install and each extra ask for, from ``pyproject.toml``."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {DEFAULT: project["dependencies"], **project["optional-dependencies"]}


def closure(wanted: list[str]) -> tuple[set[str], set[str]]:
    """Everything that some requirements bring: what is installed here, and what is not."""
    found: set[str] = set()
    absent: set[str] = set()
    left = [(Requirement(text), "") for text in wanted]
    seen: set[tuple[str, str]] = set()
    while left:
        requirement, asked = left.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked}):
            continue
        name = str(canonicalize_name(requirement.name))
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                needs = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                absent.add(name)
                break
            found.add(name)
            left += [(Requirement(text), extra) for text in needs]
    return found - {"dmpkit"}, absent


def licence_of(name: str) -> tuple[str, str]:
    """The licence of an installed package, and how it is known."""
    if name in READ:
        return READ[name]
    about = metadata.metadata(name)
    if said := about.get("License-Expression"):
        return said, "metadata"
    kinds = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    line = (about.get("License") or "").strip().partition("\n")[0]
    for said in (line, *kinds):
        known = " AND ".join(filter(None, map(_known, said.split(" AND "))))
        if known and len(known.split(" AND ")) == len(said.split(" AND ")):
            return known, "metadata"
    return _from_text(name)


def _known(said: str) -> str | None:
    said = said.strip()
    return said if said in ALLOWED else WORDS.get(said.casefold())


def _from_text(name: str) -> tuple[str, str]:
    for file in metadata.files(name) or []:
        if re.match(r"(licen[cs]e|copying)", file.name, re.IGNORECASE):
            text = " ".join(Path(str(file.locate())).read_text("utf-8", "replace").split())
            found = [kind for words, kind in TEXTS.items() if words in text[:3000].casefold()]
            if found:
                return found[0], file.name
    return "unknown", "nothing"


def is_allowed(package: Package) -> bool:
    """Whether each part of an expression is allowed (of alternatives, one)."""
    if package.name in APART:
        return (package.licence, package.needed_by) == APART[package.name]
    parts = re.sub(r"[()]", "", package.licence).split(" AND ")
    return all(any(one.strip() in ALLOWED for one in part.split(" OR ")) for part in parts)


def installed() -> tuple[list[Package], dict[str, list[str]]]:
    """The packages that are installed here, and by extra those that are not."""
    needed: dict[str, list[str]] = {}
    absent: dict[str, list[str]] = {}
    for extra, wanted in requirements().items():
        found, away = closure(wanted)
        for name in found:
            needed.setdefault(name, []).append(extra)
        if away:
            absent[extra] = sorted(away)
    packages = []
    for name, extras in sorted(needed.items()):
        licence, source = licence_of(name)
        by = DEFAULT if DEFAULT in extras else ", ".join(extras)
        packages.append(Package(name, licence, by, source))
    return packages, absent


def listed() -> dict[str, Package]:
    """The stored table, by name of the package."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [Package(*(row[c] for c in COLUMNS)) for row in csv.DictReader(file)]
    return {package.name: package for package in rows}


def problems(packages: list[Package], table: dict[str, Package]) -> Iterator[str]:
    """What is not allowed, not listed, or listed otherwise; versions do not matter."""
    for package in packages:
        row = table.get(package.name)
        if not is_allowed(package):
            yield f"{package.name}: {package.licence} is not allowed ({package.needed_by})."
        if row is None:
            yield f"{package.name}: {package.licence}, not listed (python {sys.argv[0]} --write)."
        elif row.licence != package.licence:
            yield f"{package.name}: it says {package.licence}, listed is {row.licence}."
        elif package.needed_by == DEFAULT != row.needed_by:
            yield f"{package.name}: it is in the default install, listed is {row.needed_by}."


def write(packages: list[Package]) -> None:
    """Make the stored table anew; what is not installed here keeps its row."""
    kept = {**listed(), **{p.name: p for p in packages}} if TABLE.is_file() else {}
    rows = kept or {p.name: p for p in packages}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for _, p in sorted(rows.items()):
            writer.writerow((p.name, p.licence, p.needed_by, p.known_from))


def main() -> int:
    """Print the licences, check them, and say how it ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="make the stored table anew")
    given = parser.parse_args()
    packages, absent = installed()
    if given.write:
        write(packages)
    width = max(len(package.name) for package in packages)
    for p in packages:
        print(f"{p.name:<{width}}  {p.licence:<45}  {p.needed_by}")
    for extra, names in absent.items():
        print(f"not installed here, so not looked at ({extra}): {', '.join(names)}")
    found = list(problems(packages, listed()))
    print("\n".join(found) or f"{len(packages)} packages, every licence is allowed and listed.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
