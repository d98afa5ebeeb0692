"""The rotation panel in JupyterLab, in a real browser: moved by keyboard and by mouse."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import numpy as np
import pytest

import dmpkit.qmethod as qm

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from .lab import Lab

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[1] / "qmethod"
SETUP = f"""import sys
sys.path.insert(0, {str(TESTS)!r})
from made_up import sorts
import dmpkit.qmethod as qm
panel = qm.rotate_by_hand(sorts(30, 24, 3), 3)
panel"""


@pytest.fixture(scope="module")
def panel(lab: Lab) -> Lab:
    """JupyterLab with a notebook that opens the panel."""
    cells = [nbformat.v4.new_code_cell(SETUP)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, lab.work / "panel.ipynb")
    return lab


def shown(page: Page) -> dict[str, list[float]]:
    """The loadings in the panel's table, by sort."""
    rows = page.locator('[aria-label="Loadings"] tbody tr').all()
    return {
        row.locator("th").inner_text(): [
            float(cell.replace("✓", "").replace("\N{MINUS SIGN}", "-"))
            for cell in row.locator("td").all_inner_texts()
        ]
        for row in rows
    }


def expected(log: qm.RotationLog) -> dict[str, list[float]]:
    sys.path.insert(0, str(TESTS))
    try:
        from made_up import analysis
    finally:
        sys.path.remove(str(TESTS))
    table = analysis(30, 24, 3, rotation=log).loadings
    return dict(zip(table["sort"], table.drop(columns="sort").to_numpy().tolist(), strict=True))


def agrees(page: Page, log: qm.RotationLog) -> bool:
    ours, seen = expected(log), shown(page)
    assert set(ours) == set(seen)
    for name, loadings in ours.items():
        np.testing.assert_allclose(seen[name], loadings, atol=0.00501)
    return True


def screenshot(page: Page, name: str) -> None:
    if shots := os.environ.get("DMPKIT_SCREENSHOTS"):
        page.screenshot(path=str(Path(shots) / f"{name}.png"))


def test_the_panel_is_moved_in_jupyterlab(browser: Browser, panel: Lab) -> None:
    page = panel.open(browser, "panel.ipynb")
    panel.run_all(page)
    svg = page.locator('svg[role="img"][aria-label*="24 sorts on f1"]')
    svg.wait_for()
    page.keyboard.press("Control+b")  # the file browser away: the panel has the width of the page
    assert agrees(page, qm.RotationLog())

    # by keyboard: the slider's handle, one half degree a press
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.locator('svg[aria-label*="turned 2 degrees"]').wait_for()
    assert agrees(page, qm.RotationLog().rotate("f1", "f2", 2))

    # by typing an angle
    readout = page.locator(".widget-slider .widget-readout")
    readout.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("-27.5")
    page.keyboard.press("Enter")
    page.locator('svg[aria-label*="turned -27.5 degrees"]').wait_for()
    assert agrees(page, qm.RotationLog().rotate("f1", "f2", -27.5))
    assert page.get_by_text("being tried").count() == 1
    page.locator(".jp-OutputArea-output").first.scroll_into_view_if_needed()
    screenshot(page, "rotation-panel-turning")

    # the plane of two other factors, a turn by mouse, an inversion, a split
    page.get_by_label("upwards", exact=True).select_option("f3")
    page.locator('svg[aria-label*="f3 (upwards)"]').wait_for()
    box = page.locator(".widget-slider .noUi-handle").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2, steps=6)
    page.mouse.up()
    page.get_by_text("f1 and f3: sorts turned").wait_for()
    # one click at a time: on a busy machine the panel answers after the next one
    page.get_by_role("button", name="Keep the turn").click()
    page.get_by_text("being tried").wait_for(state="detached")
    page.get_by_role("button", name="Invert f3").click()
    page.get_by_text("f3 inverted").wait_for()
    page.get_by_role("button", name="Split f3").click()
    page.locator('[aria-label="Loadings"] th', has_text="f3-").wait_for()
    screenshot(page, "rotation-panel-split")

    # undo, and save: the file holds what was done, and replays to what is shown
    page.get_by_role("button", name="Undo").click()
    page.locator('[aria-label="Loadings"] th', has_text="f3-").wait_for(state="detached")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved 3 steps in rotation.json").wait_for()
    log = qm.RotationLog.load(panel.work / "rotation.json")
    turn, dragged, inverted = log.steps
    assert turn == qm.Rotate("f1", "f2", -27.5)
    assert isinstance(dragged, qm.Rotate)
    assert (dragged.first, dragged.second) == ("f1", "f3")
    assert dragged.degrees > 0
    assert inverted == qm.Invert("f3")
    assert agrees(page, log)
    page.close()
