"""The pages that dmpkit writes, in a real browser: reader, screening, forms, the real site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import dmpkit.coding as cd
import dmpkit.evaluation as ev
from dmpkit.workbench import Study
from dmpkit.workbench.reproduce import judge
from dmpkit.workbench.running import NotebookRun, read_notebook
from dmpkit.workbench.site import build_site
from dmpkit.workbench.study import find_studies

from .looking import LAPTOP, PHONE, look

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = pytest.mark.parametrize("width", [LAPTOP, PHONE])


# -- the reader of coded texts --------------------------------------------------------------


TALK = "Time was short. We heard 🎭 experts,\nbut nobody heard us <b>until</b> the end."
# code, coder and the words that are marked; some overlap, one goes over a line's end
MARKED = (
    ("Time", "coder A", "Time was short."),
    ("Hearing", "coder A", "heard 🎭 experts,\nbut nobody heard us"),
    ("Experts", "coder A", "🎭 experts"),
    ("Hearing", "coder B", "nobody heard us <b>until</b>"),
    ("Ending", "coder B", "<b>until</b> the end."),
)


@pytest.fixture(scope="module")
def view() -> cd.ReaderView:
    rows = [
        {"source": "I1", "code": code, "coder": coder, "start": TALK.index(words),
         "end": TALK.index(words) + len(words)}
        for code, coder, words in MARKED
    ]  # fmt: skip
    sources = pd.DataFrame({"source": ["I1"], "text": [TALK]})
    return cd.reader(cd.CodedProject.from_frames(sources, pd.DataFrame(rows)), "I1")


@WIDTHS
def test_the_reader_is_quiet_and_accessible(
    browser: Browser, view: cd.ReaderView, tmp_path: Path, width: int
) -> None:
    seen = look(browser, view.write(tmp_path / "reader.html"), width=width)
    assert view.source in seen


@pytest.mark.parametrize(("code", "coder", "words"), MARKED)
def test_the_reader_shows_every_span(
    browser: Browser, view: cd.ReaderView, tmp_path: Path, code: str, coder: str, words: str
) -> None:
    """What is underlined in a coder's column is what the coder marked, letter by letter."""
    path = view.write(tmp_path / "reader.html")
    with browser.new_page(viewport={"width": LAPTOP, "height": 900}) as page:
        page.goto(path.as_uri())
        heads = page.locator(".dmpkit-reader thead th").all_inner_texts()
        column = next(i for i, head in enumerate(heads) if head.strip() == coder)
        marks = page.locator(f'.dmpkit-reader tr > :nth-child({column + 1}) .code[title="{code}"]')
        assert marks.first.is_visible()
        looks = marks.evaluate_all("all => all.map(e => getComputedStyle(e).textDecorationLine)")
        assert set(looks) == {"underline"}
        shown = "".join(marks.evaluate_all(OWN_TEXT))
        assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", words)


# the text of an element and of those in it, without the numbers of the codes
OWN_TEXT = """all => all.map(element => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("sup").forEach(number => number.remove());
  return copy.textContent;
})"""


# -- screening, forms -----------------------------------------------------------------------


@WIDTHS
def test_the_screening_page(browser: Browser, tmp_path: Path, width: int) -> None:
    sheet = ev.new_sheet(tmp_path)
    result = ev.read_screen(tmp_path)
    seen = look(browser, result.report(tmp_path / "screen.html"), width=width)
    assert sheet.is_file()
    assert result.verdict.lower() in seen.lower()


@pytest.mark.parametrize("name", ev.instruments())
def test_forms_to_print(browser: Browser, tmp_path: Path, name: str) -> None:
    path = ev.write_form(tmp_path / f"{name}.html", name)
    assert len(look(browser, path)) > 200
    look(browser, path, width=PHONE)
    with browser.new_page() as page:
        page.goto(path.as_uri())
        assert page.pdf()[:5] == b"%PDF-"


# -- the site of the real studies -----------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as the stored notebooks give it; nothing is run."""
    results = []
    for slug in find_studies():
        study = Study.open(slug)
        results.append(judge(study, NotebookRun(read_notebook(study.notebook_path()), "", 0.0)))
    return build_site(results, tmp_path_factory.mktemp("site") / "site").parent


LOOKED_AT = ("index", "lipset-1963", "irish-convention", "practitioner-ethics-2024")


def page_of_the_site(browser: Browser, site: Path, slug: str) -> None:
    width = PHONE if sum(map(ord, slug)) % 2 else LAPTOP  # each page at one, the site at both
    assert len(look(browser, site / f"{slug}.html", width=width, within=site)) > 500


@pytest.mark.parametrize("slug", LOOKED_AT)
def test_pages_of_the_real_site(browser: Browser, site: Path, slug: str) -> None:
    page_of_the_site(browser, site, slug)


@pytest.mark.long
@pytest.mark.parametrize("slug", sorted({*find_studies()} - {*LOOKED_AT}))
def test_all_pages_of_the_real_site(browser: Browser, site: Path, slug: str) -> None:
    page_of_the_site(browser, site, slug)


# -- the documentation ----------------------------------------------------------------------


@WIDTHS
def test_the_documentation(browser: Browser, width: int) -> None:
    folder = ROOT / "build" / "site" / "docs"
    if not (folder / "index.html").is_file():
        pytest.skip("the documentation is not built here: make site builds it")
    seen = look(browser, folder / "index.html", width=width, within=folder)
    assert "dmpkit" in seen
