"""How a composite sort is laid out: which statement in which cell, text fitted.

The layout is worked out here in points and without drawing, so that it can be
checked; :func:`dmpkit.qmethod.plots.plot_composite` draws it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.qmethod.data import signed

__all__ = ["CompositeLayout", "GridColumn", "fit_texts", "grid_columns", "wrap"]

Texts = Literal["fit", "full", "none"]

SIZES = (8.0, 7.5, 7.0, 6.5, 6.0, 5.5, 5.0)
UNBROKEN = 6.5  # fonts above this are not taken if a word would have to be broken
WIDENED = 1.04  # screens hint letters, which widens some
NARROWEST = 0.2  # font sizes; an i has 0.28
LINE = 1.16  # line height in font sizes
PADDING = 3.0  # points between frame and text
ELLIPSIS = "…"


@dataclass(frozen=True)
class GridColumn:
    """One column of the grid: its value, its statements from the top, its places."""

    value: float
    statements: tuple[int, ...]
    places: int

    @property
    def heading(self) -> str:
        """The value, and where they differ, how many statements for how many places."""
        if len(self.statements) == self.places:
            return signed(self.value)
        return f"{signed(self.value)} ({len(self.statements)} in {self.places})"


def grid_columns(
    scores: NDArray[np.float64], z: NDArray[np.float64], distribution: NDArray[np.float64]
) -> tuple[GridColumn, ...]:
    """The grid of a composite sort, column by column.

    Parameters
    ----------
    scores, z : ndarray, shape (n,)
        The factor's array and its z-scores.
    distribution : ndarray, shape (n,)
        The forced distribution, which says how many places a column has.

    Returns
    -------
    tuple of GridColumn
        From the lowest to the highest value; within a column the statement
        with the highest z-score stands on top.

    Raises
    ------
    DataError
        When the factor has no scores.

    Examples
    --------
    >>> scores, z = np.array([1.0, -1, 0]), np.array([1.2, -1, 0])
    >>> columns = grid_columns(scores, z, np.array([-1.0, 0, 1]))
    >>> [(c.value, c.statements, c.places) for c in columns]
    [(-1.0, (1,), 1), (0.0, (2,), 1), (1.0, (0,), 1)]
    """
    if not np.all(np.isfinite(scores)):
        raise DataError(
            "The factor has no scores.",
            remedy="Flag at least one sort on it, or keep fewer factors.",
        )
    order = np.argsort(-z, kind="stable")
    return tuple(
        GridColumn(
            float(value),
            tuple(int(i) for i in order if scores[i] == value),
            int(np.sum(distribution == value)),
        )
        for value in np.union1d(scores, distribution)
    )


@dataclass(frozen=True)
class CompositeLayout:
    """Sizes in points: font, cell width, height of every row, lines of every statement."""

    size: float
    width: float
    heights: tuple[float, ...]
    lines: tuple[tuple[str, ...], ...]
    shortened: int

    @property
    def tops(self) -> NDArray[np.float64]:
        """The upper edge of each row, and the lower edge of the last."""
        return np.concatenate([[0.0], np.cumsum(self.heights)])


def fit_texts(
    columns: Sequence[GridColumn],
    labels: Sequence[str],
    texts: Sequence[str],
    width: float,
    height: float,
    *,
    shorten: bool = True,
    sizes: Iterable[float] = SIZES,
) -> CompositeLayout:
    """Find the largest font in which all texts fit; shorten texts only if none does.

    Parameters
    ----------
    columns : sequence of GridColumn
    labels, texts : sequence of str
        What stands bold at the start of a cell, and the wording after it.
    width, height : float
        Of one cell and of the whole grid, in points.
    shorten : bool
        Whether texts may be cut; else the grid grows beyond `height`.
    sizes : iterable of float
        Fonts to try, largest first.

    Returns
    -------
    CompositeLayout

    Examples
    --------
    >>> columns = [GridColumn(0.0, (0, 1), 2)]
    >>> layout = fit_texts(columns, ["1", "2"], ["A short one.", "Another."], 90, 200)
    >>> layout.size, layout.lines[0], layout.shortened
    (8.0, ('A short one.',), 0)
    """
    n_rows = max(max(len(c.statements), c.places) for c in columns)
    for size in sizes:
        lines = tuple(
            wrap(text, width - 2 * PADDING, size, _indent(label, size))
            for label, text in zip(labels, texts, strict=True)
        )
        heights = _heights(columns, lines, size, n_rows)
        broken = size > UNBROKEN and _breaks_words(texts, width - 2 * PADDING, size)
        if sum(heights) <= height and not broken:
            return CompositeLayout(size, width, heights, lines, 0)
    if not shorten:
        return CompositeLayout(size, width, heights, lines, 0)
    most = _lines_that_fit(columns, lines, size, n_rows, height)
    cut = tuple(_cut(cell, most, width - 2 * PADDING, size, _indent(label, size))
                for cell, label in zip(lines, labels, strict=True))  # fmt: skip
    n_cut = sum(len(cell) > most for cell in lines)
    return CompositeLayout(size, width, _heights(columns, cut, size, n_rows), cut, n_cut)


def wrap(text: str, width: float, size: float, indent: float = 0.0) -> tuple[str, ...]:
    """Break a text into lines of at most `width` points; overlong words are broken too.

    Parameters
    ----------
    text : str
    width : float
        Points.
    size : float
        Font size.
    indent : float
        Points that are taken from the first line.

    Examples
    --------
    >>> wrap("one two three", 40, 8)
    ('one two', 'three')
    """
    lines: list[str] = []
    line, used = "", indent
    space = _advance(" ", size)
    for word in _breakable(text, width, size):
        needed = text_width(word, size)
        gap = space if line else 0.0
        if used + gap + needed <= width or (not line and used == 0):
            line, used = (f"{line} {word}" if line else word), used + gap + needed
        else:
            lines.append(line)
            line, used = word, needed
    return (*lines, line) if line or not lines else tuple(lines)


def _breaks_words(texts: Iterable[str], width: float, size: float) -> bool:
    words = {word for text in texts for word in text.split()}
    most = _most_letters(width, size)
    return any(len(word) > most or text_width(word, size) > width for word in words)


def _most_letters(width: float, size: float) -> int:
    """More letters than a line holds, were they all as narrow as the narrowest."""
    return max(2, int(width / (NARROWEST * size)))


def _breakable(text: str, width: float, size: float) -> list[str]:
    """Words, those too long for a line cut into pieces that are not."""
    pieces = []
    most = _most_letters(width, size)
    for word in text.split():
        while len(word) > 1 and (len(word) > most or text_width(word, size) > width):
            end = min(len(word) - 1, most)
            while end > 1 and text_width(f"{word[:end]}-", size) > width:
                end -= 1
            pieces.append(f"{word[:end]}-")
            word = word[end:]
        pieces.append(word)
    return pieces


def _heights(
    columns: Sequence[GridColumn], lines: Sequence[Sequence[str]], size: float, n_rows: int
) -> tuple[float, ...]:
    """Each row is as high as its longest text; at least two lines."""
    rows = [
        max((len(lines[c.statements[r]]) for c in columns if r < len(c.statements)), default=1)
        for r in range(n_rows)
    ]
    return tuple(max(n, 2) * size * LINE + 2 * PADDING for n in rows)


def _lines_that_fit(
    columns: Sequence[GridColumn],
    lines: Sequence[Sequence[str]],
    size: float,
    n_rows: int,
    height: float,
) -> int:
    for most in range(max(map(len, lines)), 2, -1):
        cut = [cell[:most] for cell in lines]
        if sum(_heights(columns, cut, size, n_rows)) <= height:
            return most
    return 2


def _cut(
    lines: tuple[str, ...], most: int, width: float, size: float, indent: float
) -> tuple[str, ...]:
    if len(lines) <= most:
        return lines
    room = width - (indent if most == 1 else 0.0)
    return (*lines[: most - 1], shortened(lines[most - 1] + " " + lines[most], room, size))


def shortened(text: str, width: float, size: float) -> str:
    """A text cut after a word so that it fits with an ellipsis; unchanged if it fits.

    Parameters
    ----------
    text : str
    width : float
        Points.
    size : float
        Font size.

    Examples
    --------
    >>> shortened("one two three", 45, 8)
    'one two…'
    """
    if text_width(text, size) <= width:
        return text
    words = text.split()
    while len(words) > 1 and text_width(" ".join(words) + ELLIPSIS, size) > width:
        words.pop()
    cut = " ".join(words)
    while len(cut) > 1 and text_width(cut + ELLIPSIS, size) > width:
        cut = cut[:-1]
    return cut.rstrip(" ,;:.") + ELLIPSIS


def _indent(label: str, size: float) -> float:
    return text_width(label, size, "bold") + _advance("  ", size)


@lru_cache(maxsize=20_000)
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of a text in points, in the font of all figures.

    Parameters
    ----------
    text : str
    size : float
        Font size.
    weight : {"normal", "bold"}

    Examples
    --------
    >>> text_width("mm", 8) > text_width("ii", 8)
    True
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size, weight=weight)
    with warnings.catch_warnings():
        # a letter that the font lacks is drawn as a box, and reported when it is drawn
        warnings.simplefilter("ignore", UserWarning)
        width = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
    return float(width) * WIDENED


def _advance(blank: str, size: float) -> float:
    """Width of blanks, which have no ink of their own."""
    return text_width(f"i{blank}i", size) - text_width("ii", size)
