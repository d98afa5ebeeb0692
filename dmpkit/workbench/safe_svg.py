"""SVG pictures of unknown origin, made harmless: shapes and words stay, nothing runs or loads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

__all__ = ["clean_svg"]

SPACE: Final = "http://www.w3.org/2000/svg"
LINK: Final = "{http://www.w3.org/1999/xlink}href"
#: Bytes and tags above which a picture is left out; a tree of all elements is made in memory.
MAX_BYTES, MAX_TAGS = 20_000_000, 300_000
ELEMENTS: Final = frozenset(
    {
        *("svg", "g", "defs", "symbol", "title", "desc", "metadata", "switch", "style"),
        *("path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use", "image"),
        *("text", "tspan", "textPath", "clipPath", "mask", "pattern", "marker"),
        *("linearGradient", "radialGradient", "stop", "filter", "feGaussianBlur", "feOffset"),
        *("feMerge", "feMergeNode", "feBlend", "feColorMatrix", "feFlood", "feComposite"),
    }
)
_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
_CSS = re.compile(r"@import|url\s*\(\s*[\"']?\s*(?!#)|expression|\\|<", re.IGNORECASE)


def clean_svg(text: str) -> str | None:
    """The picture without scripts, event handlers, frames and addresses elsewhere.

    Parameters
    ----------
    text : str
        An SVG document.

    Returns
    -------
    str or None
        None where it is no SVG document, declares entities, or is huge.

    Examples
    --------
    >>> start = '<svg xmlns="http://www.w3.org/2000/svg" onload="run()">'
    >>> clean_svg(start + '<script>run()</script><circle r="2"/></svg>')
    '<svg xmlns="http://www.w3.org/2000/svg"><circle r="2" /></svg>'
    """
    from xml.etree.ElementTree import register_namespace, tostring

    from defusedxml.ElementTree import fromstring

    if len(text) > MAX_BYTES or text.count("<") > MAX_TAGS:
        return None
    try:
        root: Element = fromstring(text)
    except Exception:  # expat and defusedxml raise several kinds
        return None
    if _name(root) != "svg":
        return None
    _strip(root)
    register_namespace("", SPACE)
    register_namespace("xlink", LINK[1:].partition("}")[0])
    return tostring(root, encoding="unicode")


def _name(element: Element) -> str:
    """The name of an SVG element; empty of any other."""
    space, _, name = str(element.tag).rpartition("}")
    return name if space.lstrip("{") in ("", SPACE) else ""


def _strip(root: Element) -> None:
    left = [root]
    while left:
        element = left.pop()
        for name in [n for n, value in element.attrib.items() if not _may_stay(n, value)]:
            del element.attrib[name]
        if _name(element) == "metadata":  # what drew it, and when
            element.clear()
        if _name(element) == "style" and _CSS.search("".join(element.itertext())):
            element.clear()
        for child in list(element):
            if _name(child) in ELEMENTS:
                left.append(child)
            else:
                element.remove(child)


def _may_stay(name: str, value: str) -> bool:
    plain = name.rpartition("}")[2].casefold()
    if plain in ("href", "src"):
        return value.startswith("#") or _IMAGE.fullmatch(value) is not None
    return not plain.startswith("on") and plain != "base" and not _CSS.search(value)
