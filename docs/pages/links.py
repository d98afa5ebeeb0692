"""Follow every link inside a folder of pages; report what leads nowhere or outside."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

#: Attribute that loads something when a page opens, by element.
LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


def _anchors(soup: BeautifulSoup) -> set[str]:
    named = {str(tag["id"]) for tag in soup.find_all(id=True)}
    return named | {str(tag["name"]) for tag in soup.find_all("a", attrs={"name": True})}


def _targets(soup: BeautifulSoup) -> Iterator[tuple[str, bool]]:
    """Addresses of a page, and whether opening the page loads them."""
    for tag in soup.find_all("a", href=True):
        yield str(tag["href"]), False
    for element, attribute in LOADS.items():
        for tag in soup.find_all(element, attrs={attribute: True}):
            loads = element != "link" or "canonical" not in (tag.get("rel") or [])
            yield str(tag[attribute]), loads


def broken_links(folder: Path, elsewhere: Collection[str] = ()) -> list[str]:
    """What is wrong with the links of the pages in `folder`, a line each.

    Addresses in `elsewhere` lead out of the folder on purpose.
    """
    pages = {p: BeautifulSoup(p.read_bytes(), "html.parser") for p in folder.rglob("*.html")}
    anchors = {path: _anchors(soup) for path, soup in pages.items()}
    wrong = []
    for path, soup in pages.items():
        here = path.relative_to(folder).as_posix()
        for address, loads in _targets(soup):
            parts = urlsplit(address)
            if parts.scheme == "data" or (
                parts.scheme in {"http", "https", "mailto"} and not loads
            ):
                continue
            if address in elsewhere:
                continue
            if parts.scheme or parts.netloc:
                wrong.append(f"{here}: loads {address} from elsewhere")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.is_file():
                wrong.append(f"{here}: {address} leads nowhere")
            elif unquote(parts.fragment) not in anchors.get(target, set()) | {"", "top"}:
                wrong.append(f"{here}: {address} has no such place")
    return wrong
