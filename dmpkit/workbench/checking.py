"""Check a study without running it: manifest, data, published tables, notebook."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmpkit.errors import DataError, DataNotDownloaded
from dmpkit.workbench.figures import DIFFERS, VERDICT_MIME
from dmpkit.workbench.running import read_notebook
from dmpkit.workbench.study import Study

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["check_study"]

CHECKS = {"reproduces", "not_reproducible"}


def check_study(study: Study) -> tuple[list[str], list[str]]:
    """What is wrong with a study, and what could not be checked.

    Parameters
    ----------
    study : Study
        Opened, so its manifest is in order already.

    Returns
    -------
    problems : list of str
        Each names the file, and where it can the line or the cell.
    notes : list of str
        For example that data are not downloaded.
    """
    problems, notes = _check_data(study)
    try:
        notebook = read_notebook(study.notebook_path())
    except DataError as error:
        return [*problems, str(error)], notes
    problems += _check_code(study, notebook)
    problems += _check_outputs(study, notebook)
    return problems, notes


def _check_data(study: Study) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    notes: list[str] = []
    absent = set()
    for item in study.data:
        try:
            study.path(item.name)
        except DataNotDownloaded as error:
            notes.append(f"{item.file}: {error}")
            absent |= {item.name, item.file}
        except DataError as error:
            problems.append(str(error))
            absent |= {item.name, item.file}
    for figure in study.figures:
        if figure.is_table and figure.file not in absent:
            try:
                study.published_cells(figure)
            except DataError as error:
                problems.append(str(error))
    return problems, notes


@dataclass
class _Code:
    """What a notebook's code says about figures."""

    texts: set[str]
    patterns: list[str]
    checked: list[tuple[str, int]]
    slugs: set[str]

    def names(self, figure: str) -> bool:
        """Whether a figure's id stands in the code, or an f-string that can make it."""
        made = any(re.fullmatch(pattern, figure) for pattern in self.patterns)
        return made or figure in self.texts


def _check_code(study: Study, notebook: NotebookNode) -> list[str]:
    name = study.notebook
    code = _Code(set(), [], [], set())
    problems = []
    cells = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    for number, cell in enumerate(cells, start=1):
        try:
            tree = ast.parse(_without_magics(cell.source))
        except SyntaxError as error:
            problems.append(f"{name}, code cell {number}: {error.msg} (line {error.lineno})")
            continue
        _collect(tree, number, code)
    known = {figure.figure for figure in study.figures}
    for called, number in code.checked:
        if called not in known:
            problems.append(
                f"{name}, code cell {number}: {called!r} is not a figure of published.csv"
            )
    for figure in study.figures:
        if not code.names(figure.figure):
            problems.append(
                f"published.csv, row {figure.line}: the figure {figure.figure!r} stands nowhere "
                f"in the code of {name}, so it is never checked"
            )
    if code.slugs and study.slug not in code.slugs:
        problems.append(f"{name} opens {', '.join(sorted(code.slugs))} and not {study.slug!r}")
    return problems


def _without_magics(source: str) -> str:
    lines = source.splitlines()
    return "\n".join("pass" if line.startswith(("%", "!")) else line for line in lines)


def _collect(tree: ast.AST, number: int, code: _Code) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            code.texts.add(node.value)
        if isinstance(node, ast.JoinedStr):
            code.patterns.append(_pattern(node))
        for called, text in _calls(node):
            if called in CHECKS:
                code.checked.append((text, number))
            elif called == "open" and "/" not in text and "." not in text:
                code.slugs.add(text)


def _pattern(text: ast.JoinedStr) -> str:
    """An f-string as a regular expression; one without fixed text matches nothing."""
    parts = [part.value if isinstance(part, ast.Constant) else None for part in text.values]
    if not any(isinstance(part, str) and part.strip("-_. ") for part in parts):
        return r"(?!)"
    return "".join(".+" if part is None else re.escape(str(part)) for part in parts)


def _calls(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Method calls whose first argument is a text: ``study.reproduces("id", ...)``."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        first = node.args[0]
        owner = node.func.value
        is_open = node.func.attr == "open" and isinstance(owner, ast.Name) and owner.id == "Study"
        if (is_open or node.func.attr in CHECKS) and isinstance(first, ast.Constant):
            yield node.func.attr, str(first.value)


def _check_outputs(study: Study, notebook: NotebookNode) -> list[str]:
    problems = []
    cells = [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]
    for number, cell in enumerate(cells, start=1):
        place = f"{study.notebook}, code cell {number}"
        for output in cell.outputs:
            data = output.get("data", {})
            if data.get(VERDICT_MIME, {}).get("verdict") == DIFFERS:
                problems.append(f"{place}: the stored output says that a figure differs")
            if output.output_type == "error":
                problems.append(f"{place}: the stored output is an error, {output.ename}")
            if "image/png" in data and not output.metadata.get("image/png", {}).get("alt"):
                problems.append(
                    f"{place}: the picture has no text alternative; show it with plotting.show"
                )
    return problems
