"""Small words of sentences and labels of pictures: one source, two sources."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

__all__ = ["counted", "cut", "cut_middle", "listed", "many", "wrapped"]


def many(n: int, word: str, several: str = "") -> str:
    """The word alone, as the number wants it.

    Parameters
    ----------
    n : int
        How many there are.
    word : str
        One of them.
    several : str
        More of them; `word` with an s when not given.

    Examples
    --------
    >>> many(1, "city", "cities"), many(2, "city", "cities")
    ('city', 'cities')
    """
    return word if n == 1 else several or f"{word}s"


def counted(n: int, word: str, several: str = "") -> str:
    """Number and word.

    Parameters
    ----------
    n : int
        How many there are.
    word, several : str
        As :func:`many` takes them.

    Examples
    --------
    >>> counted(1, "source"), counted(1200, "source"), counted(0, "source")
    ('1 source', '1,200 sources', '0 sources')
    """
    return f"{n:,} {many(n, word, several)}"


def listed(words: Iterable[object], last: str = "or") -> str:
    """Words as a reader lists them.

    Parameters
    ----------
    words : iterable
    last : str
        What stands before the last of them.

    Examples
    --------
    >>> listed(["A", "B", "C"]), listed(["yes", "no"], "and")
    ('A, B or C', 'yes and no')
    """
    shown = [str(word) for word in words]
    if len(shown) < 2:
        return "".join(shown)
    return f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def cut(text: str, most: int) -> str:
    """A label without its end where it is long.

    Parameters
    ----------
    text : str
    most : int
        Number of characters, the ellipsis among them.

    Examples
    --------
    >>> cut("Citizens should decide", 12), cut("Citizens", 12)
    ('Citizens sh…', 'Citizens')
    """
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def cut_middle(text: str, most: int) -> str:
    """A label without its middle: names that differ often do so at the end.

    Parameters
    ----------
    text : str
    most : int
        Number of characters, the ellipsis among them.

    Examples
    --------
    >>> cut_middle("Trust in parliament, before", 16)
    'Trust in…before'
    """
    if len(text) <= most:
        return text
    tail = most * 2 // 5
    return f"{text[: most - tail - 1].rstrip()}…{text[-tail:].lstrip()}"


def wrapped(text: object, width: int = 34, lines: int = 3) -> str:
    r"""A label as a picture can show it: a few lines, the rest cut, dollars as dollars.

    Parameters
    ----------
    text : object
        Control characters become blanks.
    width : int
        Characters in a line.
    lines : int
        How many lines there may be.

    Examples
    --------
    >>> print(wrapped("Rents should follow wages", 14))
    Rents should
    follow wages
    >>> wrapped("a $ and more", 6, lines=1)
    'a \\$ …'
    """
    plain = "".join(c if c.isprintable() else " " for c in str(text)[:2_000])
    rows = textwrap.wrap(plain, width, max_lines=lines, placeholder=" …")
    # matplotlib reads what stands between two dollars as a formula
    return "\n".join(rows).replace("$", r"\$") or " "
