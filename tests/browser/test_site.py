"""The site in a real browser: nothing runs, nothing is loaded, everything can be read."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

from dmpkit.workbench import Study
from dmpkit.workbench.figures import VERDICT_MIME, compare, not_reproducible
from dmpkit.workbench.reproduce import StudyResult, judge
from dmpkit.workbench.running import NotebookRun
from dmpkit.workbench.site import build_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
HEADER = "figure,description,value,file,range,tolerance,where,basis\n"
FIGURES = (
    "loading-1,Loading of the first sort on factor 1,0.45,,,,Table 2 (p. 14),printed\n"
    "eigenvalues,Eigenvalues of the correlations,,{file},A2:A5,0.001,output,program output\n"
    'variance,"{evil}",63.8,,,,p. 15,computed by us\n'
    "sorts,All the sorts,,,,,Appendix,printed\n"
)
MARKDOWN = """# Toy study of four sorts

The weight of a sort is $w = \\frac{r}{1 - r^2}$, so that

$$z_i = \\sum_{j=1}^{m} w_j\\, x_{ij}$$

## What was asked

#### A heading that skips a level

| statement | score |
|---|---:|
| a long statement about who sets the agenda | -3 |

See [the other study](away.ipynb), [it again](./away.ipynb#part), [none](no-such.ipynb),
[up](../x.html), [the text](https://example.org/text) and [this](javascript:alert(1)). """
CODE = '''# the loadings, one row a sort
import dmpkit.qmethod as qm

def strongest(loadings: dict[str, float], level=0.45) -> list[str]:
    """Names of the sorts that load high."""
    return [name for name, r in loadings.items() if abs(r) > level and r is not None]

strongest({"US1": 0.71, 'US2': -0.12})'''


def picture() -> str:
    """A drawn picture, as a notebook holds it."""
    from dmpkit import plotting

    ax = plotting.new_axes()
    ax.plot([1, 2, 3, 4], [2.4, 2.0, 1.3, 1.1], marker="o")
    ax.set_xlabel("factor")
    ax.set_ylabel("eigenvalue")
    plotting.set_alt(ax, "Line falling from 2.4 at factor 1 to 1.1 at factor 4.")
    return base64.b64encode(plotting.to_png(ax)).decode()


def executed(study: Study) -> nbformat.NotebookNode:
    """An executed notebook with good and hostile content."""
    import pandas as pd

    new = nbformat.v4
    table = pd.DataFrame({"statement": [EVIL, "a plain one"], "z": [0.5, -1.25]})
    wide = pd.DataFrame([[0.123] * 24], columns=[f"sort {i}" for i in range(24)])
    outputs = [
        new.new_output("stream", name="stdout", text=f"{EVIL}\n\x1b[31mred\x1b[0m"),
        new.new_output("display_data", data={"text/html": table._repr_html_()}),
        new.new_output("display_data", data={"text/html": wide._repr_html_()}),
        new.new_output("display_data", data={"text/html": f"<div onclick='x()'>{EVIL}</div>"}),
        new.new_output(
            "display_data",
            data={"application/javascript": "document.title='taken'", "text/plain": "js"},
        ),
        new.new_output(
            "display_data",
            data={"image/png": picture(), "text/plain": "<Figure>"},
            metadata={"image/png": {"alt": "Eigenvalues fall from 2.4 to 1.1."}},
        ),
        new.new_output(
            "display_data",
            data={
                "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'>"
                f"{EVIL[:47]}</svg>"
            },
        ),
        new.new_output("error", ename="ValueError", evalue=EVIL, traceback=[EVIL]),
    ]
    cells = study.published_cells(study.figure("eigenvalues"))
    verdicts = [
        compare(study.slug, study.figure("loading-1"), None, 0.4512, "KADE prints four digits."),
        compare(study.slug, study.figure("eigenvalues"), cells, [2.38, 2.01, 1.34, 1.12]),
        compare(study.slug, study.figure("variance"), None, 60.1),
        not_reproducible(study.slug, study.figure("sorts"), f"They are not public. {EVIL}"),
    ]
    for verdict in verdicts:
        data = {VERDICT_MIME: verdict.as_dict(), "text/html": verdict._repr_html_()}
        outputs.append(new.new_output("display_data", data=data))
    return new.new_notebook(
        cells=[
            new.new_markdown_cell(MARKDOWN + EVIL),
            new.new_code_cell(CODE, outputs=outputs[:1]),
            new.new_code_cell("table", outputs=outputs[1:]),
            new.new_markdown_cell("## What it means\n\nA last paragraph."),
        ]
    )


def make_study(root: Path, slug: str, *, download: bool = False) -> Study:
    folder = root / "studies" / slug
    folder.mkdir(parents=True)
    extra = f'download = true\nurl = "https://example.org/{slug}.csv"\nlicence = "CC BY 4.0"\n'
    extra += f'sha256 = "{"0" * 64}"\n'
    title = "A study whose data others hold" if download else "Toy study of four sorts"
    toml = (
        f"title = {title!r}\n"
        "question = 'Who should set the agenda of a citizens’ assembly, and who says so?'\n"
        "citation = 'Author, A. (2020). A title. A Journal, 1(2), 3–4.'\ndoi = '10.1000/xyz'\n"
        f"kind = 'synthetic'\nlicence = 'CC0-1.0'\nnotebook = '{slug}.ipynb'\n"
        f"[[data]]\nname = 'values'\nfile = 'values.csv'\n{extra if download else ''}"
    )
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    evil = EVIL.replace('"', '""')
    figures = HEADER + FIGURES.format(file="values", evil=evil)
    (folder / "published.csv").write_text(figures, encoding="utf-8")
    (folder / "values.csv").write_text("eigenvalue\n2.38\n2.01\n1.34\n1.13\n", encoding="utf-8")
    return Study.open(folder)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    study = make_study(root, "toy")
    away = make_study(root, "away", download=True)
    results = [
        judge(study, NotebookRun(executed(study), "", 3.2)),
        StudyResult("away", "data not downloaded", problems=("x",), study=away),
        StudyResult("broken", "invalid", problems=(f"study.toml, row 1: {EVIL}",)),
    ]
    return build_site(results, root / "build" / "site").parent


@pytest.fixture
def page(browser: Browser, site: Path) -> Iterator[Page]:
    """A page that notes what it says and asks for."""
    page = browser.new_page(viewport={"width": 1366, "height": 900})
    page.said = []  # type: ignore[attr-defined]
    page.asked = []  # type: ignore[attr-defined]
    page.on("console", lambda message: page.said.append(message.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("requestfailed", lambda request: page.said.append(f"failed: {request.url}"))
    yield page
    page.close()


PAGES = ("index", "toy", "away")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1366, 390])
def test_pages_are_quiet_and_accessible(page: Page, site: Path, name: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 900})
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state("load")
    assert page.title().endswith("dmpkit")
    assert page.said == []
    assert all(url.startswith(site.as_uri()) for url in page.asked)
    assert any(url.endswith("style.css") for url in page.asked)
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("Charter")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    report = Axe().run(page)
    assert report.violations_count == 0, report.generate_report()
    if shots := os.environ.get("DMPKIT_SCREENSHOTS"):
        page.screenshot(path=str(Path(shots) / f"site-{name}-{width}.png"), full_page=True)


def test_hostile_text_is_shown_and_does_not_run(page: Page, site: Path) -> None:
    page.goto((site / "toy.html").as_uri())
    page.wait_for_timeout(200)
    assert page.title() != "taken"
    assert page.locator("script").count() == 0
    names = page.evaluate(
        "[...document.querySelectorAll('*')].flatMap(element => element.getAttributeNames())"
    )
    assert names
    assert not [name for name in names if name.startswith("on")]
    assert page.get_by_text("<script>document.title='taken'").count() >= 4
    links = page.eval_on_selector_all("main a[href]", "links => links.map(link => link.href)")
    assert "https://example.org/text" in links
    # a link to another notebook leads to its study's page; one without a page is plain text
    beside = [link.rpartition("/")[2] for link in links if link.startswith(site.as_uri())]
    assert [name for name in beside if name.endswith(".html")] == ["away.html", "away.html"]
    assert all((site / name).is_file() for name in beside if name.endswith(".html"))
    assert not any("no-such" in link or "/x.html" in link for link in links)
    assert not any(link.startswith("javascript") for link in links)


def test_headings_formulas_and_pictures(page: Page, site: Path) -> None:
    page.goto((site / "toy.html").as_uri())
    headings = page.eval_on_selector_all("h1,h2,h3,h4,h5,h6", "all => all.map(h => +h.tagName[1])")
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert page.locator("math").count() == 2
    assert page.locator("math mfrac").count() == 1
    assert (
        page.get_by_alt_text("Eigenvalues fall from 2.4 to 1.1.").evaluate("i => i.naturalWidth")
        > 100
    )
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("html").get_attribute("lang") == "en"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_the_page_names_source_licence_versions_and_hashes(page: Page, site: Path) -> None:
    from dmpkit.datasets import sha256

    page.goto((site / "toy.html").as_uri())
    text = page.locator("main").inner_text()
    for part in (
        "doi:10.1000/xyz",
        "CC0-1.0",
        "Python 3",
        "numpy 2",
        "matches print",
        "differs",
        "not reproducible",
        "KADE prints four digits.",
    ):
        assert part in text
    assert sha256(site.parents[1] / "studies" / "toy" / "values.csv") in text
    page.goto((site / "away.html").as_uri())
    assert "dmpkit fetch away" in page.locator("main").inner_text()


def test_pictures_lead_to_their_full_size(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto((site / "toy.html").as_uri())
    link = page.get_by_role("link", name="Eigenvalues fall from 2.4 to 1.1.")
    link.click()
    page.wait_for_load_state("load")
    assert page.url == (site / "assets" / "toy-1.png").as_uri()
    assert page.locator("img").evaluate("image => image.naturalWidth") > 390


def test_what_rests_on_a_source_and_what_on_us_is_kept_apart(page: Page, site: Path) -> None:
    page.goto((site / "toy.html").as_uri())
    said = page.locator(".outcome li").all_inner_texts()
    assert said == [
        "✗ failed",
        "✓ 1 of 2 printed figures matches",
        "○ 1 of the 2 printed figures cannot be reproduced",
        "✗ 0 of 1 figure of the program match",
        "✗ 0 of 1 figure of our own unchanged",
    ]
    tables = page.locator(".fold table.verdicts")
    assert [tables.nth(i).locator("tbody tr").count() for i in range(tables.count())] == [3, 1]
    assert tables.nth(1).locator("thead th").nth(1).inner_text() == "before"
    assert page.get_by_text("published", exact=True).count() == 0


def test_the_list_of_figures_is_folded_only_when_all_agree(
    browser: Browser, tmp_path: Path
) -> None:
    study = make_study(tmp_path, "toy")
    book = executed(study)
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if VERDICT_MIME in output.get("data", {})
                and output.data[VERDICT_MIME]["verdict"] != "differs"
            ]
    verdicts = [
        compare("toy", study.figure("loading-1"), None, 0.4512),
        not_reproducible("toy", study.figure("sorts"), "They are not public."),
    ]
    good = StudyResult("toy", "reproduced", tuple(verdicts), notebook=book, study=study)
    index = build_site([good, StudyResult("away", "not run yet", study=study)], tmp_path / "site")
    with browser.new_page() as page:
        page.goto((index.parent / "toy.html").as_uri())
        table = page.locator(".fold table.verdicts").first
        assert not table.is_visible()
        page.locator(".fold summary").click()
        assert table.is_visible()
        page.locator(".fold summary").click()
        page.emulate_media(media="print")  # paper has nothing to click on
        assert table.is_visible()
        page.goto(index.as_uri())
        text = page.locator("main").inner_text()
        assert "1 of the 2 studies below was computed anew from its data" in text
        assert "1 figure checked; 1 cannot be checked" in text
        assert "4 figures to check" in text
        assert "published" not in page.locator("table.studies tbody").inner_text()


def test_a_table_wider_than_the_screen_shows_that_it_goes_on(page: Page, site: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.goto((site / "toy.html").as_uri())
    wide = page.locator(".scroll", has_text="sort 23").first
    assert wide.evaluate("box => box.scrollWidth > box.clientWidth")
    box = wide.bounding_box()
    assert box is not None

    def edge() -> int:
        """Darkness of the right edge, below the text of the header row."""
        from io import BytesIO

        from PIL import Image

        picture = Image.open(BytesIO(wide.screenshot())).convert("L")
        column = [picture.getpixel((picture.width - 2, y)) for y in range(picture.height)]
        return int(sorted(column)[len(column) // 2])

    shadowed = edge()
    wide.evaluate("box => { box.scrollLeft = box.scrollWidth }")
    assert edge() > shadowed + 40  # the end of the table has no shadow


def test_it_prints(browser: Browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "toy.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator(".top").is_hidden()
    assert page.pdf()[:5] == b"%PDF-"
    page.close()
