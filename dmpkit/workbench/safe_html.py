"""HTML that may stand on a page: cleaned of scripts, with MathML and tables that read well."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote

from dmpkit.reporting import escape

__all__ = ["clean", "markdown", "mathml"]

TEXT_TAGS = {
    *("p", "br", "hr", "div", "span", "section", "article", "blockquote", "pre", "code", "kbd"),
    *("em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup", "small", "mark", "abbr"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "dl", "dt", "dd", "a", "cite", "q"),
    *("table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("figure", "figcaption", "img", "details", "summary", "time", "var", "samp"),
}
MATH_TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "ms", "mtext", "mspace", "mstyle", "mfrac", "msqrt"),
    *("mroot", "msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts"),
    *("mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose"),
}
MATH_ATTRIBUTES = {
    *("mathvariant", "stretchy", "fence", "separator", "form", "lspace", "rspace", "accent"),
    *("accentunder", "minsize", "maxsize", "linethickness", "columnalign", "rowspacing"),
    *("columnspacing", "width", "height", "depth", "displaystyle", "scriptlevel", "movablelimits"),
    *("symmetric", "largeop", "notation", "columnlines", "rowlines"),
}
ATTRIBUTES: dict[str, set[str]] = {
    "*": {"class", "lang", "dir", "title"},
    "div": {"tabindex", "role", "aria-label"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "th": {"scope", "colspan", "rowspan", "style"},
    "td": {"colspan", "rowspan", "style"},
    "col": {"span"},
    "colgroup": {"span"},
    "ol": {"start"},
    "time": {"datetime"},
    "details": {"open"},
    "math": {"display", "alttext", *MATH_ATTRIBUTES},
    **dict.fromkeys(MATH_TAGS - {"math"}, MATH_ATTRIBUTES),
}
#: Tags that hold nothing and are never closed.
VOID = {
    *("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param"),
    *("source", "track", "wbr"),
}
MOST_TAGS = 40_000  # a table of pandas has a few thousand
DEEPEST = 200  # tags in each other; what is deeper takes hours to go through
LONG = 30  # characters from which a cell needs room for words
NUMBER = re.compile(r"[+\-−]?[\d,]*\.?\d+(e[+-]?\d+)?%?\**|NaN|–")
PAGE = re.compile(r"[\w-][\w.-]*\.html")  # a page beside this one
IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Keep a picture only when it is part of the page, a link only when it is a web address."""
    if (tag, name) == ("img", "src"):
        return value if IMAGE.fullmatch(value) else None
    if (tag, name) == ("a", "href"):
        return value if re.match(r"(https?://|mailto:|#)", value) or PAGE.fullmatch(value) else None
    return value


@cache
def _cleaner() -> Any:
    import nh3

    return nh3.Cleaner(
        tags=TEXT_TAGS | MATH_TAGS,
        clean_content_tags={"script", "style", "iframe", "object", "embed", "template", "svg"},
        attributes=ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        filter_style_properties={"text-align"},
        link_rel="noopener noreferrer",
        strip_comments=True,
    )


def clean(html: str, outline: Outline | None = None, links: Mapping[str, str] | None = None) -> str:
    """HTML without anything that can run or that loads from elsewhere.

    Scripts, styles, frames, forms and event handlers are removed, pictures
    that are not part of the page too. Header cells get their scope, wide
    tables a box that scrolls and can be reached by keyboard, pictures without
    a description one that says so.

    Parameters
    ----------
    html : str
        HTML of any origin.
    outline : Outline, optional
        Brings headings into the page's order.
    links : mapping, optional
        File name of a notebook to the page on which it is shown; a link to
        another notebook of the project leads there. One to a notebook that has
        no page becomes plain text.

    Examples
    --------
    >>> clean('<p onclick="x()">text<script>x()</script></p>')
    '<p>text</p>'
    """
    if html.count("<") > MOST_TAGS or _too_deep(html):
        return "<p>[what is nested deeper, or longer, than a page can show was left out]</p>"
    return str(_cleaner().clean(_readable(html, outline, links or {})))  # cleaning comes last


class _Depth(HTMLParser):
    """How deeply tags stand in each other; one that is not closed holds all that follows."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.often: Counter[str] = Counter()
        self.deepest = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opened; a tag that holds nothing is open for no time."""
        if tag not in VOID:
            self.open.append(tag)
            self.often[tag] += 1
            self.deepest = max(self.deepest, len(self.open))

    def handle_endtag(self, tag: str) -> None:
        """Closed, and with it all that was opened since."""
        while self.often[tag]:
            last = self.open.pop()
            self.often[last] -= 1
            if last == tag:
                return


def _too_deep(html: str) -> bool:
    if html.count("<") <= DEEPEST:
        return False
    depth = _Depth()
    depth.feed(html)
    return depth.deepest > DEEPEST


def _readable(html: str, outline: Outline | None, links: Mapping[str, str]) -> str:
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for table in soup.find_all("table"):
        _scope(table)
        box = {"class": "scroll", "tabindex": "0", "role": "group", "aria-label": "table"}
        table.wrap(soup.new_tag("div", attrs=box))
    for image in soup.find_all("img"):
        if not IMAGE.fullmatch(str(image.get("src", ""))):
            image.replace_with("[a picture that is not part of the page was left out]")
        elif not image.get("alt"):
            image["alt"] = "picture without a description"
    for link in soup.find_all("a", href=True):
        _lead(link, links)
    if outline is not None:
        for heading in soup.find_all(re.compile("^h[1-6]$")):
            if outline.is_title(heading.get_text()):
                heading.decompose()
            else:
                heading.name = f"h{outline.level(int(heading.name[1]))}"
    return str(soup)


def _lead(link: Any, links: Mapping[str, str]) -> None:
    """Lead a link to a notebook to its page; unwrap one that leads nowhere on the site."""
    address = str(link["href"])
    if re.match(r"[a-zA-Z][\w+.-]*:|//|#", address):
        return  # elsewhere, or on this page; the cleaner judges it
    page = links.get(unquote(address.partition("#")[0]).removeprefix("./"))
    if page is None:
        link.unwrap()
    else:
        link["href"] = page


def _scope(table: Any) -> None:
    """Say of each header cell what it heads; an empty one heads nothing."""
    for cell in table.find_all("th"):
        if not cell.get_text(strip=True):
            cell.name = "td"
            del cell["scope"]
        elif not cell.get("scope"):
            cell["scope"] = "col" if cell.find_parent("thead") else "row"
    pairs = "summary" in table.get("class", [])
    for cell in table.find_all("td"):
        text = cell.get_text(strip=True)
        klass = "number" if NUMBER.fullmatch(text) and not pairs else "text"
        if klass == "number" or len(text) > LONG:
            cell["class"] = [*cell.get("class", []), klass]


def mathml(tex: str, *, block: bool = False) -> str:
    r"""A TeX formula as MathML; the formula itself where it cannot be turned.

    Examples
    --------
    >>> mathml("x^2").startswith("<math")
    True
    >>> mathml(r"\nosuchthing{")
    '<code class="tex">\\nosuchthing{</code>'
    """
    from latex2mathml.converter import convert

    try:
        made = str(convert(tex.strip(), display="block" if block else "inline"))
    except Exception:  # the converter raises errors of many kinds
        return f'<code class="tex">{escape(tex)}</code>'
    return made.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")


class Outline:
    """Headings of a page in order: one level below the page's title, none skipped.

    Examples
    --------
    >>> outline = Outline(title="My study")
    >>> [outline.level(1), outline.level(3), outline.level(3), outline.level(1)]
    [2, 3, 3, 2]
    """

    def __init__(self, title: str = "", top: int = 2) -> None:
        self.title = " ".join(title.split())
        self.top = top
        self.stack: list[int] = []

    def is_title(self, heading: str) -> bool:
        """True for a heading that only repeats the page's title."""
        return " ".join(heading.split()) == self.title

    def level(self, level: int) -> int:
        """The level on the page for a heading's level in the notebook."""
        while self.stack and self.stack[-1] >= level:
            self.stack.pop()
        self.stack.append(level)
        return min(self.top + len(self.stack) - 1, 6)


def markdown(source: str, outline: Outline, links: Mapping[str, str] | None = None) -> str:
    """Markdown text as safe HTML, TeX as MathML, headings in order.

    Parameters
    ----------
    source : str
        Text of a markdown cell.
    outline : Outline
        Keeps the order of headings over the cells of a page.
    links : mapping, optional
        Notebooks and their pages, as :func:`clean` takes them.
    """
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):  # type: ignore[misc, unused-ignore]
        def block_math(self, body: str) -> str:
            return mathml(body, block=True)

        def inline_math(self, body: str) -> str:
            return mathml(body)

        def latex_environment(self, name: str, body: str) -> str:
            return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)

        def block_mermaidjs(self, code: str) -> str:
            return f"<pre>{escape(code)}</pre>"

    made = MarkdownWithMath(renderer=Renderer(escape=False, exclude_anchor_links=True))
    return clean(made.render(source), outline, links)
