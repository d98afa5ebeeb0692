"""Notebooks in JupyterLab, in a real browser: opened, run from the menu, saved."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from dmpkit.workbench.storing import skip_reason

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from .lab import Lab

pytestmark = pytest.mark.browser

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
# the first page, a tour, and a study whose data come with dmpkit
CHOSEN = ("00-start", "01-tour-q-methodology", "10-lipset-1963")


@pytest.mark.parametrize("name", CHOSEN)
def test_all_cells_run_from_the_menu(browser: Browser, lab: Lab, name: str) -> None:
    source = NOTEBOOKS / f"{name}.ipynb"
    if reason := skip_reason(source):
        pytest.skip(reason)
    emptied(source, lab.work / source.name)
    page = lab.open(browser, source.name)
    said = complaints(page)
    lab.run_all(page)
    cells = saved_cells(page, lab, lab.work / source.name)
    assert [cell.source for cell in cells] == [cell.source for cell in code_cells(source)]
    errors = [(cell.source, o.evalue) for cell in cells for o in cell.outputs if "evalue" in o]
    assert errors == []
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    shown, stored = ([kinds(cell) for cell in every] for every in (cells, code_cells(source)))
    assert any(shown)
    if any(stored):  # the first page tells of this computer and is stored without outputs
        assert shown == stored  # a table where a table was, and so on
    assert said == []
    if shots := os.environ.get("DMPKIT_SCREENSHOTS"):
        page.screenshot(path=str(Path(shots) / f"lab-{name}.png"))
    page.close()


def emptied(source: Path, target: Path) -> None:
    """A copy without outputs, so that what is found afterwards is new."""
    shutil.copyfile(source, target)
    book = nbformat.read(target, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(book, target)


def code_cells(path: Path) -> list[Any]:
    """Those that hold code; an empty one is never counted as run."""
    book = nbformat.read(path, as_version=4)
    return [cell for cell in book.cells if cell.cell_type == "code" and cell.source.strip()]


def saved_cells(page: Page, lab: Lab, path: Path) -> list[Any]:
    """The cells of the saved file, once every one of them has run or one has failed."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        page.wait_for_timeout(300)
        if lab.busy_kernels():
            continue
        page.keyboard.press("Control+s")
        page.wait_for_timeout(300)
        cells = code_cells(path)
        failed = any("evalue" in output for cell in cells for output in cell.outputs)
        if failed or all(cell.execution_count for cell in cells):
            return cells
    pytest.fail(f"{path.name} did not run to its end in 90 seconds")


def complaints(page: Page) -> list[str]:
    """Filled with the errors that the page raises."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def kinds(cell: Any) -> list[str]:
    """What a reader sees below a cell: pictures, tables, texts."""
    found = set()
    for output in cell.outputs:
        found |= {m for m in output.get("data", {}) if m in ("image/png", "text/html")}
        found |= {"stream"} if output.get("name") == "stdout" else set()
    return sorted(found)
