"""Every public statistic has a property test, or a reason why it is none.

``tests/properties/<room>.csv`` has one row a statistic: its name, the hypothesis test
that holds it (``file::test``; several are joined by ``;``), or the reason why it is no
statistic. Names that are none in every room stand in ``no_statistic.csv`` as patterns.
Public is what the API reference shows; of a class, its methods and properties, since
its fields are what a function tested here puts there.
"""

from __future__ import annotations

import ast
import csv
import functools
import importlib
import inspect
import os
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import FunctionType

import pytest
from helpers import CHECKOUT

TABLES = CHECKOUT / "tests" / "properties"
#: Room, and the modules in which its public names stand; names of the first come
#: without a prefix, those of the others with the module's.
ROOMS = {
    "measures": [
        "dmpkit.measures",
        "dmpkit.measures.agreement",
        "dmpkit.measures.unitizing",
        "dmpkit.measures.proportions",
        "dmpkit.measures.inequality",
        "dmpkit.measures.clusters",
    ],
    "qmethod": ["dmpkit.qmethod", "dmpkit.qmethod.equivalence"],
    "impact": ["dmpkit.impact"],
    "evaluation": ["dmpkit.evaluation"],
    "coding": ["dmpkit.coding"],
    "representativeness": [
        "dmpkit.representativeness",
        "dmpkit.representativeness.goodness",
        "dmpkit.representativeness.intersection_steps",
        "dmpkit.representativeness.stage_steps",
        "dmpkit.representativeness.weighted",
    ],
}


def public_names(room: str) -> Iterator[str]:
    """Functions, and the methods and properties of classes."""
    main, *_ = ROOMS[room]
    for module in map(importlib.import_module, ROOMS[room]):
        prefix = "" if module.__name__ == main else module.__name__.rsplit(".", 1)[1] + "."
        for name in getattr(module, "__all__", []):
            thing = getattr(module, name)
            if inspect.isclass(thing):
                yield from (f"{prefix}{name}.{member}" for member in members(thing))
            elif isinstance(thing, FunctionType):
                yield prefix + name


def members(kind: type) -> list[str]:
    """Public methods and properties that dmpkit defines."""
    behaves = (FunctionType, property, functools.cached_property, classmethod, staticmethod)
    ours = [c for c in kind.__mro__ if c.__module__.startswith("dmpkit.")]
    found = {n for c in ours for n, v in vars(c).items() if isinstance(v, behaves)}
    return sorted(n for n in found if not n.startswith("_"))


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def addresses_of(room: str) -> list[str]:
    """Addresses of the property tests of a room."""
    cells = [row["test"] for row in rows_of(TABLES / f"{room}.csv")]
    return sorted({address.strip() for cell in cells for address in cell.split(";") if cell})


@functools.cache
def property_tests(path: Path) -> frozenset[str]:
    """Tests of a file that hypothesis feeds."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    tests = [node for node in body if isinstance(node, ast.FunctionDef)]
    return frozenset(t.name for t in tests if any(map(is_given, t.decorator_list)))


def is_given(decorator: ast.expr) -> bool:
    return isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "given"


def not_a_statistic(name: str) -> bool:
    patterns = [row["pattern"] for row in rows_of(TABLES / "no_statistic.csv")]
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@pytest.mark.parametrize("room", ROOMS)
def test_every_statistic_has_a_property_test(room):
    named = {row["statistic"] for row in rows_of(TABLES / f"{room}.csv")}
    public = set(public_names(room))
    assert len(public) > 10
    assert sorted(n for n in public - named if not not_a_statistic(n)) == [], "no test, no reason"
    assert sorted(named - public) == [], "named, but there is no such statistic"


@pytest.mark.parametrize("room", ROOMS)
def test_every_row_says_one_thing(room):
    rows = rows_of(TABLES / f"{room}.csv")
    assert [r["statistic"] for r in rows if bool(r["test"]) == bool(r["reason"])] == []
    assert len({r["statistic"] for r in rows}) == len(rows)


@pytest.mark.parametrize("room", ROOMS)
def test_the_tests_named_are_there_and_speak_of_the_statistic(room):
    wrong = []
    for row in rows_of(TABLES / f"{room}.csv"):
        for address in filter(None, row["test"].split(";")):
            file, _, test = address.strip().partition("::")
            path = CHECKOUT / file
            last = row["statistic"].rsplit(".", 1)[-1]
            if not path.is_file() or test not in property_tests(path):
                wrong.append(f"{address} is no property test")
            elif last not in path.read_text(encoding="utf-8"):
                wrong.append(f"{file} does not speak of {last}")
    assert wrong == []


def test_a_statistic_without_a_test_is_seen():
    assert "pearson" in set(public_names("qmethod"))
    assert "agreement.gwet_ac1" in set(public_names("measures"))
    assert not not_a_statistic("pearson")
    assert property_tests(Path(__file__)) == frozenset()


@pytest.mark.long
@pytest.mark.parametrize("room", ROOMS)
def test_the_properties_hold_for_many_examples(room):
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, *addresses_of(room)],
        cwd=CHECKOUT,
        env={**os.environ, "DMPKIT_EXAMPLES": "40"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:]
