"""Find what in the library looks like a reader, and where it opens files."""

# ruff: noqa: E501  (tables are read by row)
from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import dmpkit

LOOKS_LIKE = re.compile(r"^(read|load|open|parse|import|gather|find_records|check)(_|$)|(^|_)from_")
#: Calls that open a file or take bytes apart.
OPENS = {
    "open", "read_text", "read_bytes", "connect", "ZipFile", "load_workbook", "fromstring",
    "iterparse", "read_csv", "read_excel", "read_parquet", "read_json", "loads", "load", "read_table", "read_below_titles",
    "deserialize", "unpackb", "read_html", "read_xml",
}  # fmt: skip


def modules() -> Iterator[str]:
    """The modules of the library, but those that are copied into studies."""
    for found in pkgutil.walk_packages(dmpkit.__path__, "dmpkit."):
        if ".templates" not in found.name:
            yield found.name


@functools.cache
def public_readers() -> set[str]:
    """Functions and methods with a reader's name, written ``room.module.name``."""
    found = set()
    for name in modules():
        module = importlib.import_module(name)
        short = name.removeprefix("dmpkit.")
        for called, thing in vars(module).items():
            if called.startswith("_") or getattr(thing, "__module__", None) != name:
                continue
            if inspect.isfunction(thing) and LOOKS_LIKE.search(called):
                found.add(f"{short}.{called}")
            if inspect.isclass(thing):
                found |= {
                    f"{short}.{called}.{method}"
                    for method, held in vars(thing).items()
                    if not method.startswith("_")
                    and callable(getattr(held, "__func__", held))
                    and not isinstance(held, type)
                    and LOOKS_LIKE.search(method)
                }
    return found


@functools.cache
def opening_modules() -> dict[str, set[str]]:
    """Modules that call something that opens files, and what they call."""
    root = Path(dmpkit.__file__).parent
    found: dict[str, set[str]] = {}
    for path in sorted(root.rglob("*.py")):
        if "templates" in path.parts or "_shipped" in path.parts:
            continue
        calls = {
            node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name)
        }
        if calls & OPENS:
            name = path.relative_to(root).with_suffix("").as_posix().replace("/", ".")
            found[name.removesuffix(".__init__")] = calls & OPENS
    return found
