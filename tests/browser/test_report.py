"""The report of an evaluation in a real browser: quiet, accessible, printed page by page."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from dmpkit import datasets
from dmpkit.workbench.evaluating import evaluate

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

EXAMPLE = datasets.studies_path("evaluate-a-minipublic")
EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"


def set_cell(path: Path, row: int, column: str, value: str) -> None:
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row, column] = value
    table.to_csv(path, index=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the synthetic assembly with everything in it."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    return evaluate(EXAMPLE, n_permutations=199).report(path)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose data try to run, to turn the text round and to burst the page."""
    folder = tmp_path_factory.mktemp("hostile")
    for name in ("about", "ratings", "evidence", "incidents", "goals", "replies"):
        shutil.copyfile(EXAMPLE / f"{name}.csv", folder / f"{name}.csv")
    set_cell(folder / "about.csv", 0, "value", f"Assembly {EVIL}")
    set_cell(folder / "about.csv", 1, "value", "Quell\u202ebridge")
    set_cell(folder / "about.csv", 5, "value", "money " * 1700)
    set_cell(folder / "evidence.csv", 0, "source", "x" * 10_000)
    set_cell(folder / "evidence.csv", 1, "source", EVIL)
    set_cell(folder / "goals.csv", 0, "goal", "=cmd|' /C calc'!A0 " + "y" * 10_000)
    set_cell(folder / "incidents.csv", 0, "actor", EVIL)
    set_cell(folder / "incidents.csv", 0, "what", "w" * 10_000)
    set_cell(folder / "replies.csv", 0, "text", EVIL + "z" * 10_000)
    return evaluate(folder).report(folder / "report.html")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that notes what it says and asks for."""
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.said = []  # type: ignore[attr-defined]
    page.asked = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    page.close()


@pytest.mark.parametrize("width", [1100, 390])
def test_the_report_is_quiet_and_accessible(page: Page, whole: Path, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 900})
    page.goto(whole.as_uri())
    page.wait_for_load_state("load")
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [whole.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    if shots := os.environ.get("DMPKIT_SCREENSHOTS"):
        page.screenshot(path=str(Path(shots) / f"report-{width}.png"), full_page=True)


def test_every_entry_of_the_contents_leads_somewhere(page: Page, whole: Path) -> None:
    page.goto(whole.as_uri())
    targets = page.evaluate(
        "[...document.querySelectorAll('nav a')].map(a => a.getAttribute('href').slice(1))"
    )
    assert len(targets) > 25
    assert page.evaluate("ids => ids.filter(id => !document.getElementById(id))", targets) == []


def test_it_prints_with_page_one_on_one_page(page: Page, whole: Path, tmp_path: Path) -> None:
    page.goto(whole.as_uri())
    pdf = tmp_path / "report.pdf"
    page.pdf(path=str(pdf), prefer_css_page_size=True)
    assert 20 <= n_pages(pdf) <= 70
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1010})  # A4 less its margins, at 96 dpi
    height = page.evaluate("document.querySelector('.front').getBoundingClientRect().bottom")
    assert height < 1010, "page one needs more than one page"
    wide = page.evaluate(
        "[...document.querySelectorAll('main table, main figure:not(.wide) img')]"
        ".filter(e => e.getBoundingClientRect().right > 682).map(e => e.textContent.slice(0, 60))"
    )
    assert wide == [], "what is wider than the paper makes the browser shrink every page"


def n_pages(pdf: Path) -> int:
    """The pages that a PDF counts in its page tree."""
    return max(map(int, re.findall(rb"/Count (\d+)", pdf.read_bytes())))


def test_hostile_text_is_shown_and_does_not_run(page: Page, hostile: Path) -> None:
    page.goto(hostile.as_uri())
    page.wait_for_timeout(200)
    assert page.said == []
    assert "taken" not in page.title().replace("document.title='taken'", "")
    assert page.locator("script").count() == 0
    names = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(element => element.getAttributeNames())"
    )
    assert not [name for name in names if name.startswith("on")]
    assert "<script>" in page.locator("h1").inner_text()
    assert "\u202e" not in page.content()
    for width in (1100, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), width


def test_hostile_text_does_not_push_page_one_off_its_page(page: Page, hostile: Path) -> None:
    page.goto(hostile.as_uri())
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1010})
    front = "document.querySelector('.front').getBoundingClientRect()"
    assert page.evaluate(f"{front}.bottom") < 1010
    assert page.evaluate(f"{front}.right") <= 680
