"""What every page is looked at for: no complaint, nothing loaded, accessible, fits the screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LAPTOP, PHONE = 1366, 390


def look(browser: Browser, path: Path, *, width: int = LAPTOP, within: Path | None = None) -> str:
    """Open a page, find it quiet and accessible, and give the text that is seen.

    Nothing outside the page is asked for, or nothing outside the folder `within`.
    """
    from axe_playwright_python.sync_playwright import Axe

    said: list[str] = []
    asked: list[str] = []
    with browser.new_page(viewport={"width": width, "height": 900}) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_load_state("load")
        assert said == []
        allowed = path.as_uri() if within is None else within.as_uri()
        assert [u for u in asked if not u.startswith((allowed, "data:", "blob:"))] == []
        over = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, f"{path.name} is {over} pixels wider than a screen of {width}"
        report = Axe().run(page)
        assert report.violations_count == 0, report.generate_report()
        if shots := os.environ.get("DMPKIT_SCREENSHOTS"):
            page.screenshot(path=str(Path(shots) / f"{path.stem}-{width}.png"), full_page=True)
        return page.locator("body").inner_text()
