"""Check a study without running it: manifest, data, published tables, notebook."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dmpkit.errors import DataError, DataNotDownloaded
from dmpkit.workbench.figures import DIFFERS, VERDICT_MIME
from dmpkit.workbench.manifest import OWN, SOURCED
from dmpkit.workbench.running import read_notebook
from dmpkit.workbench.study import Study

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["check_study"]

CHECKS = {"reproduces", "not_reproducible"}
SYNTHETIC_ONLY = "only for the synthetic data"  # so the template marks its cells
WORDS = (
    "Say what is seen: plotting.set_alt(ax, 'Bars: ...'), and end the cell with plotting.show(ax)."
)


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
    problems += _check_bases(study)
    try:
        notebook = read_notebook(study.notebook_path())
    except DataError as error:
        return [*problems, str(error)], notes
    problems += _check_code(study, notebook)
    problems += _check_template(study, notebook)
    problems += _check_outputs(study, notebook)
    return problems, [*notes, *_check_pictures(study, notebook)]


def _check_data(study: Study) -> tuple[list[str], list[str]]:
    problems: list[str] = []
    away: dict[str, list[str]] = {}  # why: which files
    absent = set()
    for item in study.data:
        try:
            study.path(item.name)
        except DataNotDownloaded as error:
            away.setdefault(str(error), []).append(item.file)
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
    return problems, [f"{', '.join(files)}: {why}" for why, files in away.items()]


def _check_bases(study: Study) -> list[str]:
    """Nothing about data made here can stand in print."""
    if study.kind != "synthetic":
        return []
    return [
        f"published.csv, row {figure.line}, column basis: a synthetic study has nothing that is "
        f"a {'printed figure' if figure.basis == 'printed' else 'released file'} of others. "
        f"Write {OWN!r} (or change 'kind' in study.toml)."
        for figure in study.figures
        if figure.basis in SOURCED
    ]


def _check_template(study: Study, notebook: NotebookNode) -> list[str]:
    """What belongs to the template's synthetic data and is there though they are gone."""
    if study.kind == "synthetic" and not _swapped(study):
        return []
    return [
        f"{study.notebook}, code cell {number}: this cell is {SYNTHETIC_ONLY}, which are no "
        "longer there. Delete it (and rows of published.csv that only it checks)."
        for number, cell in enumerate(full_cells(notebook), start=1)
        if SYNTHETIC_ONLY in cell.source
    ]


def _swapped(study: Study) -> bool:
    """True when the template's data file is gone, or holds something else."""
    from dmpkit.workbench.creating import TEMPLATES, template_files

    made = (
        *TEMPLATES.glob("*/synthetic-*.csv"),
        *TEMPLATES.glob("*/recommendations.csv"),
        template_files("evaluation")["people.csv"],
    )
    for original in made:
        path = study.folder / original.name
        if path.is_file():
            # the line ends of a file that came through git are no change
            return path.read_text("utf-8-sig", "replace") != original.read_text("utf-8")
    return True


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
    for number, cell in enumerate(full_cells(notebook), start=1):
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


def full_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that hold code, in the order in which they are counted."""
    return [c for c in notebook.cells if c.cell_type == "code" and c.source.strip()]


def code_of(cell: NotebookNode) -> _Code:
    """What one cell's code says about figures; nothing when it is not Python."""
    code = _Code(set(), [], [], set())
    with suppress(SyntaxError):
        _collect(ast.parse(_without_magics(cell.source)), 0, code)
    return code


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
    """An f-string as a regular expression; one with hardly any fixed text matches nothing."""
    parts = [part.value if isinstance(part, ast.Constant) else None for part in text.values]
    fixed = "".join(part for part in parts if isinstance(part, str))
    if len(re.sub(r"[\W_]", "", fixed)) < 2:  # f"f{n}" would stand for all that begin with f
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
    for number, cell in enumerate(full_cells(notebook), start=1):
        place = f"{study.notebook}, code cell {number}"
        for output in cell.outputs:
            said = output.get("data", {}).get(VERDICT_MIME, {})
            if said.get("verdict") == DIFFERS:
                problems.append(f"{place}: the stored output says that a figure differs")
            if output.output_type == "error":
                problems.append(f"{place}: the stored output is an error, {output.ename}")
    without = pictures_without_words(notebook)
    return problems + [f"{study.notebook}, {said}" for said in without]


def pictures_without_words(notebook: NotebookNode) -> list[str]:
    """The pictures in a notebook's outputs that say nothing to who cannot see them."""
    return [
        f"code cell {number}: the picture has no text alternative. {WORDS}"
        for number, cell in enumerate(full_cells(notebook), start=1)
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
        and not output.metadata.get("image/png", {}).get("alt")
    ]


def _check_pictures(study: Study, notebook: NotebookNode) -> list[str]:
    """Cells that draw with matplotlib itself and put nothing into words."""
    return [
        f"{study.notebook}, code cell {number}: a picture of your own needs words. {WORDS}"
        for number, cell in enumerate(full_cells(notebook), start=1)
        if re.search(r"\bplt\.\w+\(|\.plot(\.\w+)?\(", cell.source)
        and not re.search(r"\bset_alt\(|\balt *=", cell.source)
        and not cell.outputs
    ]
