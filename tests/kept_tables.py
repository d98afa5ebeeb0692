"""Tables of results as they were, so that no number changes without anybody meaning it.

The kept tables are our own results, on synthetic or shipped data with fixed seeds: they
show that a number is *unchanged*, not that it is right. What shows it right are the tests
against R and other programs, and those that work it out a second time. Where a table is
meant to change, look at the difference and write it anew:

    python -m tests.kept_tables [room ...]
"""

from __future__ import annotations

import csv
import importlib
import json
import math
import sys
from collections.abc import Iterator
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

KEPT = Path(__file__).with_name("reference") / "kept"
ROOMS = ["qmethod", "representativeness", "impact", "coding", "evaluation"]
HEADER = ["table", "column", "kind", "values"]
#: Rounding differs between processors in the last digits only.
RELATIVE, ABSOLUTE = 1e-8, 1e-10

Tables = dict[str, pd.DataFrame]


def frames_of(result: Any, name: str) -> Tables:
    """All tables of a result, each under the name of the result and its own.

    An array, a table or a mapping of numbers is one table; of a plain record all fields are.
    """
    if isinstance(result, pd.DataFrame):
        return {name: result}
    if isinstance(result, np.ndarray | list | tuple):
        return {name: pd.DataFrame(np.asarray(result))}
    for method in ("frames", "tables"):
        if hasattr(result, method):
            given = dict(getattr(result, method)())
            if hasattr(result, "indicators") and "indicators" not in given:
                given["indicators"] = pd.DataFrame([i.as_dict() for i in result.indicators()])
            return {f"{name}: {table}": frame for table, frame in given.items()}
    fields = result if isinstance(result, dict) else vars(result)
    found, single = {}, {}
    for field, value in fields.items():
        if isinstance(value, pd.DataFrame | np.ndarray) or is_dataclass(value):
            found |= frames_of(value, f"{name}: {field}")
        elif not str(field).startswith("_"):
            single[str(field)] = [plain(value)]
    return {name: pd.DataFrame(single), **found}


def kind_of(column: pd.Series) -> str:
    """What a column holds, alike in all versions of pandas."""
    if pd.api.types.is_bool_dtype(column):
        return "yes or no"
    if pd.api.types.is_integer_dtype(column):
        return "whole numbers"
    if pd.api.types.is_float_dtype(column):
        return "numbers"
    return "dates" if pd.api.types.is_datetime64_any_dtype(column) else "words"


def plain(value: Any) -> Any:
    """A cell as JSON has it; what is missing is null."""
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (value if isinstance(value, list | tuple) else sorted(value))]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    if hasattr(value, "item"):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float):
        return None if math.isnan(value) else value if math.isfinite(value) else repr(value)
    return value if isinstance(value, bool | int | str) else str(value)


def lines(tables: Tables) -> Iterator[tuple[str, str, str, list[Any]]]:
    """A line a column; the row labels of a table come first where they say something."""
    for name, frame in tables.items():
        if not isinstance(frame.index, pd.RangeIndex):
            yield name, "(rows)", "words", [str(label) for label in frame.index]
        for column in frame.columns:
            values = [plain(value) for value in frame[column]]
            yield name, str(column), kind_of(frame[column]), values


def write(room: str, tables: Tables) -> None:
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / f"{room}.csv").open("w", encoding="utf-8", newline="") as handle:
        rows = csv.writer(handle, lineterminator="\n")
        rows.writerow(HEADER)
        for name, column, kind, values in lines(tables):
            rows.writerow([name, column, kind, json.dumps(values, ensure_ascii=False)])


def read(room: str) -> dict[tuple[str, str], tuple[str, list[Any]]]:
    before = csv.field_size_limit(10_000_000)
    try:
        with (KEPT / f"{room}.csv").open(encoding="utf-8", newline="") as handle:
            rows = csv.reader(handle)
            assert next(rows) == HEADER
            return {(name, column): (kind, json.loads(said)) for name, column, kind, said in rows}
    finally:
        csv.field_size_limit(before)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float | int):
        return math.isclose(one, other, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def differences(room: str, tables: Tables) -> list[str]:
    """What is not as it was, in words."""
    kept = read(room)
    now = {(name, column): (kind, values) for name, column, kind, values in lines(tables)}
    if list(kept) != list(now):
        gone, new = [k for k in kept if k not in now], [k for k in now if k not in kept]
        return [f"columns gone: {gone}; columns new: {new}; else their order"]
    found = []
    for place, (kind, values) in kept.items():
        kind_now, values_now = now[place]
        if kind != kind_now or len(values) != len(values_now):
            found.append(f"{place}: {len(values)} {kind} are {len(values_now)} {kind_now}")
            continue
        pairs = enumerate(zip(values, values_now, strict=True))
        found += [f"{place} row {n}: {a!r} is {b!r}" for n, (a, b) in pairs if not same(a, b)]
    return found


def unchanged(room: str, tables: Tables) -> None:
    found = differences(room, tables)
    more = [f"... and {len(found) - 20} more"] * (len(found) > 20)
    told = [*found[:20], *more, f"Where that is meant: python -m tests.kept_tables {room}"]
    assert not found, "\n".join(told)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or ROOMS:
        write(chosen, importlib.import_module(f"tests.{chosen}.test_kept_tables").tables())
