"""The rotation panel in JupyterLab, in a real browser: moved by keyboard and by mouse."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest

import dmpkit.qmethod as qm

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.long]

TESTS = Path(__file__).parents[1] / "qmethod"
SETUP = f"""import sys
sys.path.insert(0, {str(TESTS)!r})
from made_up import sorts
import dmpkit.qmethod as qm
panel = qm.rotate_by_hand(sorts(30, 24, 3), 3)
panel"""
TOASTS = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Path]]:
    """A JupyterLab of its own: address, token and the folder it works in."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed (extra lab)")
    pytest.importorskip("ipywidgets", reason="ipywidgets is not installed (extra lab)")
    home = tmp_path_factory.mktemp("lab")
    work = home / "work"
    work.mkdir()
    cells = [nbformat.v4.new_code_cell(SETUP)]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    nbformat.write(notebook, work / "panel.ipynb")
    (home / "config" / "labconfig").mkdir(parents=True)
    (home / "config" / "labconfig" / "page_config.json").write_text(json.dumps(TOASTS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    folders = {
        f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    arguments = [
        "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={work}",
    ]  # fmt: skip
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    log = (home / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments],
        env={**os.environ, "HOME": str(home), **folders},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 90
        while not answers(f"{address}/api/status?token={token}"):
            assert server.poll() is None, (home / "lab.log").read_text()
            assert time.monotonic() < deadline, "JupyterLab did not start in 90 seconds"
            time.sleep(0.5)
        yield address, token, work
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        log.close()
        shutil.rmtree(home / "data", ignore_errors=True)


def answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


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


def test_the_panel_is_moved_in_jupyterlab(browser: Browser, lab: tuple[str, str, Path]) -> None:
    address, token, work = lab
    page = browser.new_page(viewport={"width": 1366, "height": 1000})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/lab/tree/panel.ipynb?token={token}&reset")
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    # the indicator is idle before there is a kernel; the status bar is not
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
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
    log = qm.RotationLog.load(work / "rotation.json")
    turn, dragged, inverted = log.steps
    assert turn == qm.Rotate("f1", "f2", -27.5)
    assert isinstance(dragged, qm.Rotate)
    assert (dragged.first, dragged.second) == ("f1", "f3")
    assert dragged.degrees > 0
    assert inverted == qm.Invert("f3")
    assert agrees(page, log)
    page.close()
