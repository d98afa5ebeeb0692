"""XML of unknown origin, read as a stream: no DTD, no entities, bounded depth and size."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError

from dmpkit.errors import DataError

__all__ = ["attribute", "child_text", "children", "local", "parts_of"]

#: How deep elements may be nested: a codebook of more levels is no codebook.
MAX_DEPTH: Final = 100
#: Elements in memory at a time, and in the whole file.
MAX_LIVE: Final = 3_000_000
MAX_ELEMENTS: Final = 20_000_000
#: Bytes without the end of a tag.
MAX_TAG: Final = 20_000_000


class _Watched:
    """A stream that refuses a tag of endless length."""

    def __init__(self, handle: IO[bytes], path: Path) -> None:
        self._handle, self._path, self._since = handle, path, 0

    def read(self, size: int = -1) -> bytes:
        data = self._handle.read(size)
        end = data.rfind(b">")
        self._since = len(data) - end if end >= 0 else self._since + len(data)
        if self._since > MAX_TAG:
            raise DataError(
                f"The XML goes on for {MAX_TAG / 1e6:.0f} MB without the end of a tag.",
                file=self._path,
            )
        return data


def local(element: Element) -> str:
    """An element's name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """The children of one name, whatever their namespace."""
    return (child for child in element if local(child) == name)


def child_text(element: Element, name: str) -> str:
    """The text of the first child of a name; empty where there is none."""
    for child in children(element, name):
        return child.text or ""
    return ""


def attribute(element: Element, name: str) -> str:
    """An attribute's value; empty where there is none."""
    return element.get(name) or ""


def parts_of(
    handle: IO[bytes], path: Path, roots: tuple[str, ...], containers: frozenset[str]
) -> Iterator[tuple[str, Element]]:
    """The parts of a document one by one, each forgotten when the next is asked for.

    Parameters
    ----------
    handle : binary stream
    path : Path
        For messages.
    roots : tuple of str
        Names that the root may have; it comes first, as ``("", root)``, with its attributes.
    containers : frozenset of str
        Children of the root that are given child by child instead of as a whole.

    Yields
    ------
    (str, Element)
        The name of the root's child, and it or (of a container) its child.

    Raises
    ------
    DataError
        Not XML, a DTD or entities, nested too deep, far too many elements, or another root.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        events = iterparse(_Watched(handle, path), events=("start", "end"), forbid_dtd=True)
        yield from _walk(events, path, roots, containers)
    except DataError:
        raise
    except DefusedXmlException:
        raise DataError(
            "The XML declares a document type or entities, which exchange files never do.",
            file=path,
            remedy="Do not use this file; ask for it anew where it came from.",
        ) from None
    except ParseError as error:
        line, column = error.position
        raise DataError(
            f"The XML is broken ({str(error).partition(':')[0]}).",
            file=path,
            row=line,
            column=column,
            remedy="The file may be cut off, or not be what its name says.",
        ) from None
    except (ValueError, LookupError, UnicodeError) as error:
        raise DataError(
            f"The XML cannot be decoded ({error}).",
            file=path,
            remedy="Exchange files are UTF-8: export it anew.",
        ) from None


def _walk(
    events: Iterator[tuple[str, Element]],
    path: Path,
    roots: tuple[str, ...],
    containers: frozenset[str],
) -> Iterator[tuple[str, Element]]:
    stack: list[Element] = []
    live = total = 0
    for event, element in events:
        if event == "start":
            stack.append(element)
            live, total = live + 1, total + 1
            if len(stack) == 1:
                _check_root(element, path, roots)
                yield "", element
            if len(stack) > MAX_DEPTH or live > MAX_LIVE or total > MAX_ELEMENTS:
                raise DataError("The XML is nested too deep, or has too many elements.", file=path)
            continue
        stack.pop()
        inside = len(stack) == 2 and local(stack[1]) in containers
        if inside:
            yield local(stack[1]), element
        elif len(stack) == 1 and local(element) not in containers:
            yield local(element), element
        if inside or len(stack) == 1:
            stack[-1].clear() if inside else element.clear()
            if len(stack) == 1:
                stack[0].clear()
            live = 0


def _check_root(element: Element, path: Path, roots: tuple[str, ...]) -> None:
    if local(element) not in roots:
        raise DataError(
            f"The XML is a <{local(element)[:40]}>, not a {' or '.join(f'<{r}>' for r in roots)}.",
            file=path,
        )
