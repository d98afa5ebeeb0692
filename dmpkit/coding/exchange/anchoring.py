"""Finding a quotation in a text where the positions of a file do not lead to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Budget", "find_quote"]

#: Share of the letters that stand in equal words (difflib on words), from which words that
#: have changed count as the same quotation.
LIKE: Final = 0.8
#: Shortest quotation that is looked for with changed words.
MIN_LIKE: Final = 20
#: Characters on either side of the place that are searched for changed words.
NEAR: Final = 400
#: What is said where the words alone do not tell the place.
SEVERAL: Final = "the same words, which stand more than once: the nearest place was taken"
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass
class Budget:
    """What searching may cost in one project, so that no file takes for ever."""

    exact: int = 3_000_000_000  # characters looked through
    like: int = 3_000_000  # pairs of words compared

    def take_exact(self, cost: int) -> bool:
        """Spend on an exact search, if there is enough."""
        self.exact -= cost
        return self.exact >= 0

    def take_like(self, cost: int) -> bool:
        """Spend on a search for changed words, if there is enough."""
        if cost > self.like:
            return False
        self.like -= cost
        return True


def find_quote(
    body: str, quote: str, near: int | None, budget: Budget
) -> tuple[tuple[int, int] | None, str]:
    """Where a quotation stands: its own words, else words that are nearly the same.

    Of several places with the same words the nearest to `near` is taken, and that is said;
    without a place to start from, words that stand more than once are not placed.

    Parameters
    ----------
    body, quote : str
        Text and quotation, white space as blanks (`dmpkit.coding.exchange.offsets.plain`).
    near : int or None
        Where the file's positions point to.
    budget : Budget

    Returns
    -------
    (start, end) or None
    str
        How it was found, or why it was not.

    Examples
    --------
    >>> find_quote("Time was short. We had no time.", "We had no time", 3, Budget())
    ((16, 30), 'the same words')
    """
    quote = quote.strip()
    if not quote:
        return None, "no quotation to look for"
    if not budget.take_exact(len(body)):
        return None, "not looked for: the file has too many quotations that stand elsewhere"
    first = body.find(quote)
    if first >= 0:
        return _nearest(body, quote, first, near, budget)
    return _like(body, quote, near, budget)


def _nearest(
    body: str, quote: str, first: int, near: int | None, budget: Budget
) -> tuple[tuple[int, int] | None, str]:
    if near is None:
        if body.find(quote, first + 1) >= 0:
            return None, "the words stand more than once and no position says which"
        return (first, first + len(quote)), "the same words"
    before = body.rfind(quote, 0, max(near, 0) + len(quote))
    after = body.find(quote, max(near, 0))
    places = [place for place in (before, after) if place >= 0] or [first]
    best = min(places, key=lambda place: abs(place - near))
    budget.take_exact(len(body))
    several = body.find(quote, first + 1) >= 0
    return (best, best + len(quote)), SEVERAL if several else "the same words"


def _like(
    body: str, quote: str, near: int | None, budget: Budget
) -> tuple[tuple[int, int] | None, str]:
    """Words nearly the same around a place, or in a short text."""
    if len(quote) < MIN_LIKE:
        return None, "the words are not in the text"
    if len(quote) > 2 * NEAR:
        return _by_ends(body, quote, near, budget)
    low = max(0, (near or 0) - NEAR) if near is not None else 0
    high = (
        min(len(body), near + len(quote) + NEAR) if near is not None else min(len(body), 4 * NEAR)
    )
    words = [(low + m.start(), low + m.end()) for m in _WORD.finditer(body[low:high])]
    there, wanted = [body[a:b] for a, b in words], _WORD.findall(quote)
    if not wanted or not budget.take_like(len(there) * len(wanted)):
        return None, "not compared: the file has too many quotations whose words have changed"
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, there, wanted, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    if not blocks:
        return None, "the words are not in the text"
    first, last = blocks[0], blocks[-1]
    a = max(0, first.a - first.b)
    b = min(len(there), last.a + len(wanted) - last.b)
    same = sum(len(word) for block in blocks for word in wanted[block.b : block.b + block.size])
    total = sum(map(len, there[a:b])) + sum(map(len, wanted))
    if b <= a or 2 * same / total < LIKE:
        return None, "the words are not in the text"
    return (words[a][0], words[b - 1][1]), "nearly the same words"


def _by_ends(
    body: str, quote: str, near: int | None, budget: Budget
) -> tuple[tuple[int, int] | None, str]:
    """A long quotation by its beginning and its end."""
    size = NEAR // 2
    head, _ = _nearest_part(body, quote[:size], near, budget)
    if head is None:
        return None, "the words are not in the text"
    ends_near = head + len(quote) - size
    tail, _ = _nearest_part(body, quote[-size:], ends_near, budget)
    if tail is None or abs(tail - ends_near) > len(quote) / 10:
        return None, "the words are not in the text"
    return (head, tail + size), "the same beginning and end"


def _nearest_part(body: str, part: str, near: int | None, budget: Budget) -> tuple[int | None, str]:
    first = body.find(part)
    if first < 0 or not budget.take_exact(len(body)):
        return None, ""
    place, how = _nearest(body, part, first, near, budget)
    return (None if place is None else place[0]), how
