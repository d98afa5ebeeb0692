"""Small words of sentences: one source, two sources."""

from __future__ import annotations

__all__ = ["counted", "many"]


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
