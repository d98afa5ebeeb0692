"""No file of a final name is written in place: every writer goes through a few helpers.

Read from the source: whatever opens for writing, saves, copies or renames has to do so at
a path that a helper of :mod:`dmpkit.writing` gave, or to stand below with the reason.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ..helpers import CHECKOUT

#: Give a path that takes its place later, or is gone at the end.
HELPERS = {
    "atomic_write", "write_together", "new_folder", "unfinished_folder", "TemporaryDirectory",
}  # fmt: skip
#: Methods that write at the path they are called on, or are given first.
ON_PATH = {"write_text", "write_bytes", "touch", "rename", "symlink_to", "hardlink_to"}
TO_PATH = {
    "to_csv",
    "to_parquet",
    "to_feather",
    "to_json",
    "to_pickle",
    "tofile",
    "savefig",
    "save",
}
#: Functions of modules, and the place of the path among what they are given.
FUNCTIONS = {
    "nbformat.write": 1, "shutil.copy": 1, "shutil.copy2": 1, "shutil.copyfile": 1,
    "shutil.copytree": 1, "shutil.move": 1, "os.rename": 1, "os.replace": 1, "np.save": 0,
    "np.savez": 0, "np.savetxt": 0, "json.dump": 1, "pickle.dump": 1, "zipfile.ZipFile": 0,
    "save_workbook": 1, "os.open": 0, "open": 0,
}  # fmt: skip
#: Where a path comes from a caller or needs no help, and why.
REASONS = {
    "dmpkit/writing.py": "the helpers themselves",
    "dmpkit/impact/storage.py:_write_line": "appends one line and forces it to disk before it "
    "returns; a line that is torn is set aside by the next reader",
    "dmpkit/impact/storage.py:_set_aside": "cuts off a torn line that is kept beside before",
    "dmpkit/plotting.py:to_png": "into memory",
    "dmpkit/qmethod/panel.py:save": "goes to RotationLog.save",
    "dmpkit/qmethod/panel.py:_save_as_asked": "goes to RotationLog.save",
    "dmpkit/evaluation/conditions.py:_counts": "values of a table, no file",
    "dmpkit/impact/raters.py:confusion": "values of a table, no file",
    "benchmarks": "measured anew by every run, for who keeps the project",
    "dmpkit/evaluation/report.py:_write_records": "below a path of write_together",
    "dmpkit/workbench/site.py:_write_site": "into the folder of unfinished_folder",
    "dmpkit/workbench/site.py:picture": "into the folder of unfinished_folder",
    "dmpkit/workbench/deposit.py:_lay_out": "into the folder of unfinished_folder",
    "dmpkit/workbench/deposit.py:_copy": "into the folder of unfinished_folder",
    "dmpkit/workbench/deposit.py:_put": "the finished crate to its place, in one step",
    "dmpkit/workbench/running.py:_kernel": "the log of a kernel, in its working folder",
    "dmpkit/representativeness/external.py:_write_inputs": "into the folder of unfinished_folder",
    "docs/build.py:lay_out": "the sources of the documentation, made afresh every time",
    "docs/build.py:main": "between folders that are made afresh every time",
    "docs/build.py:name_landmarks": "pages in a folder that is made afresh every time",
    "docs/pages": "pages among the sources of the documentation, made afresh every time",
    "dmpkit/workbench/templates": "recipes that stand by themselves, without dmpkit: they make "
    "the same data again",
    "studies": "recipes that stand by themselves, without dmpkit: they make the same data again",
}


class Writes(ast.NodeVisitor):
    """The writing calls of a file whose path no helper gave."""

    def __init__(self, place: str) -> None:
        self.place, self.found = place, []  # type: tuple[str, list[tuple[str, int, str]]]
        self.given: list[set[str]] = [set()]
        self.inside: list[str] = []

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.inside.append(node.name)
        self.given.append(set(self.given[-1]))
        self.generic_visit(node)
        self.given.pop()
        self.inside.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            helped = any(
                isinstance(part, ast.Call) and _name(part.func).rsplit(".")[-1] in HELPERS
                for part in ast.walk(item.context_expr)
            )
            passed_on = self._root(item.context_expr) in self.given[-1]
            if (helped or passed_on) and isinstance(item.optional_vars, ast.Name):
                self.given[-1].add(item.optional_vars.id)
            self.visit(item.context_expr)
        for line in node.body:
            self.visit(line)

    visit_AsyncWith = visit_With  # type: ignore[assignment]  # noqa: N815

    def visit_Assign(self, node: ast.Assign) -> None:
        names = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
        if names & self.given[-1]:
            self.given[-1] |= {one.id for one in node.targets if isinstance(one, ast.Name)}
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        path = _written(node)
        if path is not None and not self._is_given(path):
            function = next((name for name in reversed(self.inside)), "")
            self.found.append((f"{self.place}:{function}", node.lineno, ast.unparse(node)[:90]))
        self.generic_visit(node)

    def _is_given(self, path: ast.expr) -> bool:
        names = {part.id for part in ast.walk(path) if isinstance(part, ast.Name)}
        return bool(names & self.given[-1])

    def _root(self, node: ast.expr) -> str:
        names = [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
        return names[0] if names else ""


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "…"


def _mode(node: ast.Call, place: int) -> str:
    given = [k.value for k in node.keywords if k.arg == "mode"] + node.args[place : place + 1]
    return str(given[0].value) if given and isinstance(given[0], ast.Constant) else "r"


def _written(node: ast.Call) -> ast.expr | None:
    """The path that a call writes to, if it is one that writes."""
    name = _name(node.func)
    if name == "os.open":
        return node.args[0] if "O_RDONLY" not in ast.unparse(node.args[1]) else None
    if name in ("open", "zipfile.ZipFile"):
        return node.args[0] if set("wax+") & set(_mode(node, 1)) else None
    if name in FUNCTIONS:
        return node.args[FUNCTIONS[name]] if len(node.args) > FUNCTIONS[name] else None
    if not isinstance(node.func, ast.Attribute):
        return None
    method, on = node.func.attr, node.func.value
    if method == "open":  # Path.open(mode); webbrowser, Study and Instrument open to read
        return on if set("wax+") & set(_mode(node, 0)) and len(_mode(node, 0)) <= 3 else None
    if method == "replace" and len(node.args) == 1 and not node.keywords:
        return None if isinstance(node.args[0], ast.Dict) else on  # that of a text has two
    if method == "rename" and len(node.args) == 1 and not node.keywords:
        return on if _may_be_path(node.args[0]) else None
    if method in ON_PATH and method != "rename":
        return on if not (method == "touch" and len(node.args) > 1) else None
    if method in TO_PATH and node.args and method != "save":
        return node.args[0]
    return node.args[0] if method == "save" and len(node.args) == 1 else None


def _may_be_path(node: ast.expr) -> bool:
    """A name or a path; series and frames are renamed to a text or by a table."""
    return not isinstance(node, ast.Constant | ast.JoinedStr | ast.Dict | ast.DictComp)


def sources() -> Iterator[Path]:
    for folder in ("dmpkit", "docs", "benchmarks", "studies"):
        yield from sorted((CHECKOUT / folder).rglob("*.py"))


@cache
def unhelped() -> list[tuple[str, int, str]]:
    found = []
    for path in sources():
        place = path.relative_to(CHECKOUT).as_posix()
        if "_shipped" in place:
            continue
        reader = Writes(place)
        reader.visit(ast.parse(path.read_text(encoding="utf-8")))
        found += reader.found
    return found


def test_nothing_is_written_in_place() -> None:
    wrong = [
        f"{place} line {line}: {code}"
        for place, line, code in unhelped()
        if not any(place == known or place.startswith((f"{known}:", f"{known}/"))
                   for known in REASONS)
    ]  # fmt: skip
    assert wrong == []


def test_every_reason_is_still_needed() -> None:
    places = {place for place, _, _ in unhelped()}
    idle = [
        known
        for known in REASONS
        if not any(p == known or p.startswith((f"{known}:", f"{known}/")) for p in places)
    ]
    assert idle == []


def test_the_search_finds_what_it_is_for() -> None:
    wrong = [
        "open('a', 'w')", "Path('a').open('ab')", "path.write_text('x')", "frame.to_csv(path)",
        "zipfile.ZipFile(path, 'w')", "shutil.copyfile(a, path)", "made.rename(path)",
        "one.replace(path)", "figure.savefig(path)", "nbformat.write(book, path)",
        "with atomic_write(path) as target:\n    other.write_text('x')",
    ]  # fmt: skip
    right = [
        "open('a')", "Path('a').open()", "text.replace('a', 'b')", "series.rename('n')",
        "with atomic_write(path) as target:\n    target.write_text('x')",
        "with write_together(path) as made:\n    page = made / 'a'\n    page.write_text('x')",
    ]  # fmt: skip
    for code in wrong + right:
        reader = Writes("x")
        reader.visit(ast.parse(code))
        assert bool(reader.found) == (code in wrong), code
