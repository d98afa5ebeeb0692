"""Hostile text through every page and view: in a real browser nothing runs, all of it is read.

The policies that pages carry are taken out first: what is tested is that each text is
escaped, not that a browser would stop what is not.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dmpkit.workbench.safe_svg import clean_svg

from .hostile_pages import EVIL, MAKERS, pages

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

POLICY = re.compile(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>")
#: Scripts that a page has by itself.
OWN_SCRIPTS = {"instrument: write_page": 3}
NEVER = "iframe, object, embed, base, link[rel=import], meta[http-equiv=refresh], svg[onload]"
LOOK = """() => {
  const all = [...document.querySelectorAll('*')];
  const names = all.flatMap(element => element.getAttributeNames());
  const links = [...document.querySelectorAll('[href],[src],[action],[formaction]')].flatMap(
    e => ['href', 'src', 'action', 'formaction'].map(name => e.getAttribute(name) || ''));
  return {
    ran: window.__ran, title: document.title,
    scripts: document.querySelectorAll('script').length,
    handlers: names.filter(name => name.startsWith('on')),
    javascript: links.filter(link => /^\\s*(javascript|vbscript|data:text)/i.test(link)),
    text: document.body.textContent,
  };
}"""


QUICK = ("instrument", "mistakes", "forms", "workbench", "texts")


def words(text: str) -> str:
    """Text without differences of blanks, of folded lines and of soft hyphens."""
    return re.sub(r"[\s\u00ad\u200b\u2060]+", "", text)


def nothing_ran(browser: Browser, document: str, name: str, seen: tuple[str, ...]) -> str:
    """Open a document without its policy, and find it quiet; its whole text."""
    said: list[str] = []
    asked: list[str] = []
    with browser.new_page(viewport={"width": 1200, "height": 800}) as page:
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: asked.append(request.url))
        page.set_content(POLICY.sub("", document), wait_until="load")
        found = page.evaluate(LOOK)
        page.wait_for_timeout(30)
        assert page.evaluate("window.__ran") is None, name
    assert found["ran"] is None, name
    assert said == [], name
    assert [url for url in asked if not url.startswith(("data:", "about:", "blob:"))] == [], name
    assert found["scripts"] == OWN_SCRIPTS.get(name, 0), name
    assert found["handlers"] == [], name
    assert found["javascript"] == [], name
    text = words(found["text"])
    for part in seen:
        assert words(part) in text, f"{name}: not seen letter by letter: {part[:60]}"
    return text


def check(browser: Browser, maker: str, folder: Path) -> None:
    made = pages(maker, folder)
    assert made
    texts = [nothing_ran(browser, document, name, seen) for name, document, seen in made]
    starts = words(EVIL)[:24], "<script>window.__ran"  # a message names the beginning of a cell
    assert any(start in text for text in texts for start in starts), (
        "no hostile text came to any page"
    )


@pytest.mark.parametrize("maker", [*QUICK])
def test_hostile_text_is_shown_and_does_not_run(
    browser: Browser, tmp_path: Path, maker: str
) -> None:
    check(browser, maker, tmp_path)


@pytest.mark.long
@pytest.mark.parametrize("maker", sorted({*MAKERS} - {*QUICK}))
def test_hostile_text_in_every_report(browser: Browser, tmp_path: Path, maker: str) -> None:
    check(browser, maker, tmp_path)


@pytest.mark.parametrize(
    "harm",
    [
        "<script>window.__ran=1</script>",
        "<img src=x onerror='window.__ran=1'>",
        "<svg onload='window.__ran=1'></svg>",
        "<a href='javascript:window.__ran=1'>x</a>",
        "<img src='https://example.org/x.png'>",
        "<p onclick='x()'>x</p>",
    ],
)
def test_the_look_notices_harm(browser: Browser, harm: str) -> None:
    """A page on which something does run, or could, is not found quiet."""
    with pytest.raises(AssertionError):
        nothing_ran(browser, f"<!DOCTYPE html><title>x</title>{harm}", "harm", ())


SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="90" height="90" onload="window.__ran=1"><script>window.__ran=1</script>'
    '<a xlink:href="javascript:window.__ran=1"><text x="5" y="20">link</text></a>'
    '<image href="https://example.org/x.png" width="9" height="9"/>'
    '<foreignObject width="50" height="50"><body xmlns="http://www.w3.org/1999/xhtml">'
    '<img src="x" onerror="window.__ran=1"/></body></foreignObject>'
    '<rect width="9" height="9" fill="red"><animate attributeName="onclick"/></rect></svg>'
)


def opened(browser: Browser, path: Path) -> tuple[object, list[str]]:
    asked: list[str] = []
    with browser.new_page() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_timeout(50)
        return page.evaluate("window.__ran"), [u for u in asked if not u.startswith("file:")]


def test_a_picture_of_a_notebook_runs_nothing_when_it_is_opened(
    browser: Browser, tmp_path: Path
) -> None:
    before = tmp_path / "before.svg"
    before.write_text(SVG, encoding="utf-8")
    assert opened(browser, before)[0] == 1, "the picture as it came is harmful"
    cleaned = clean_svg(SVG)
    assert cleaned is not None
    assert 'fill="red"' in cleaned
    after = tmp_path / "after.svg"
    after.write_text(cleaned, encoding="utf-8")
    assert opened(browser, after) == (None, [])
