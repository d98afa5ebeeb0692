"""Pictures of status counts: what trackers say of the same list, one bar a tracker."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.plotting import GREY, HATCHES, INK, PALETTE, mark_synthetic, new_axes, set_alt, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["plot_tallies"]

#: Order of the looks, so that neighbours differ in hatch and in lightness.
_FILLS = tuple(zip(PALETTE, HATCHES, strict=True))
#: Per cent of the axis that a letter of a label takes, and that a number needs.
_LETTER = 1.32
_WIDE = 2.5

Floats = NDArray[np.float64]


def plot_tallies(
    table: Any,
    *,
    coder: str = "coder",
    status: str = "status",
    count: str = "count",
    statuses: Mapping[str, str] | None = None,
    title: str = "",
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Status counts as stacked bars, one bar a tally, each part with its word and number.

    The bars are as long as each other, so that lists of different length can stand side
    by side: a part's length is its share of the counts of its tally.

    Parameters
    ----------
    table : DataFrame
        One row a status of a tally, in the order in which the parts shall stand.
    coder, status, count : str
        Columns: whose tally it is, the word, the number.
    statuses : mapping of str to str, optional
        Word to its class; words of one class share a look. Otherwise each word has its
        own.
    title : str
        Above the picture.
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        A column is missing, a count is none, or a tally has no counts but 0.

    Examples
    --------
    >>> import pandas as pd
    >>> cards = pd.DataFrame({"coder": "2015", "status": ["accepted", "parked"], "count": [5, 8]})
    >>> [t.get_text().split() for t in plot_tallies(cards).get_yticklabels()]
    [['2015', '(13)']]
    """
    check_settings(plot_tallies, locals())
    frame = _checked(table, coder, status, count)
    coders = list(dict.fromkeys(frame[coder].astype(str)))
    looks = _looks(frame[status].astype(str), statuses or {})
    ax = new_axes((6.8, 0.7 + 0.95 * len(coders))) if ax is None else ax
    said, totals, bars = [], [], []
    for who in coders:
        part = frame[frame[coder].astype(str) == who]
        words = part[status].astype(str).tolist()
        counts = part[count].to_numpy(dtype=np.float64)
        totals.append(counts.sum())
        bars.append((words, counts, _levels(words, counts)))
        parts = ", ".join(f"{w} {n:g}" for w, n in zip(words, counts, strict=True))
        said.append(f"{who}, of {counts.sum():g}: {parts}")
    labelled = all(levels is not None for _, _, levels in bars)
    with style():
        for row, (words, counts, levels) in enumerate(bars):
            _draw_bar(ax, row, words, counts, looks)
            if labelled:
                _label_bar(ax, row, words, counts, levels or [])
        if not labelled:
            _key(ax, looks)
        above = max(bars[0][2] or [0]) if labelled else -1
        names = [textwrap.fill(who, 20) for who in coders]
        labels = [f"{name}\n({n:g})" for name, n in zip(names, totals, strict=True)]
        ax.set_yticks(range(len(coders)), labels)
        ax.set_ylim(len(coders) - 0.55, -0.45 - 0.14 * above)
        ax.set_xlim(0, 100)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel("per cent of the list; numbers are counts")
        if title:
            ax.set_title(title, loc="left")
    set_alt(ax, f"Stacked bars of status counts. {'. '.join(said)}.")
    return mark_synthetic(ax) if synthetic else ax


def _checked(table: Any, coder: str, status: str, count: str) -> pd.DataFrame:
    from dmpkit.impact.share_intervals import whole_counts
    from dmpkit.tables import require_columns, to_pandas

    frame = to_pandas(table, what="table of counts").reset_index(drop=True)
    require_columns(frame, [coder, status, count])
    frame = frame.assign(**{count: whole_counts(frame[count], column=count)})
    sums = frame.groupby(frame[coder].astype(str), sort=False)[count].sum()
    if sums.empty or (sums == 0).any():
        empty = "" if sums.empty else f" of {sums.index[sums == 0][0]!r}"
        raise DataError(f"The tally{empty} counts nothing.", column=count)
    return frame


def _looks(words: pd.Series[str], statuses: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Word to colour and hatch."""
    classes = list(dict.fromkeys(statuses.get(word, word) for word in words))
    fills = {name: _FILLS[k % len(_FILLS)] for k, name in enumerate(classes)}
    return {word: fills[statuses.get(word, word)] for word in words}


def _draw_bar(
    ax: Axes,
    row: int,
    words: list[str],
    counts: Floats,
    looks: Mapping[str, tuple[str, str]],
) -> None:
    share, start = _parts(counts)
    for word, n, left, width in zip(words, counts, start, share, strict=True):
        colour, hatch = looks[word]
        ax.barh(row, width, 0.42, left, facecolor=f"{colour}55", edgecolor=colour, hatch=hatch)
        if width >= _WIDE:
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85}
            middle = left + width / 2
            ax.text(middle, row, f"{n:g}", ha="center", va="center", color=INK, bbox=box)


def _parts(counts: Floats) -> tuple[Floats, Floats]:
    """Length and start of each part, per cent."""
    share = 100 * counts / counts.sum()
    return share, np.concatenate([[0.0], np.cumsum(share)[:-1]])


def _texts(words: list[str], counts: Floats) -> list[str]:
    """Labels, with the number where it does not fit into the part."""
    share, _ = _parts(counts)
    shown = [word.replace("_", " ") for word in words]
    return [
        word if width >= _WIDE else f"{word}: {n:g}"
        for word, n, width in zip(shown, counts, share, strict=True)
    ]


def _levels(words: list[str], counts: Floats) -> list[int] | None:
    """The line above the bar on which each label stands; None where they do not fit."""
    share, start = _parts(counts)
    ends = [-1.0, -1.0, -1.0]  # where the last label of each line ends
    levels = []
    for text, left, width in zip(_texts(words, counts), start, share, strict=True):
        length = _LETTER * len(text)
        place = max(min(left, 100 - length), 0.0)
        wide = left + width < 99.9 and length > width  # leave the next one its place
        free = [k for k, end in enumerate(ends) if place > end and k >= wide]
        if not free:
            return None
        ends[free[0]] = place + length + _LETTER
        levels.append(free[0])
    return levels


def _label_bar(ax: Axes, row: int, words: list[str], counts: Floats, levels: list[int]) -> None:
    share, start = _parts(counts)
    for text, left, width, level in zip(_texts(words, counts), start, share, levels, strict=True):
        y = row - 0.25 - 0.14 * level
        fits = left + _LETTER * len(text) <= 100
        if level or not fits:
            middle = left + min(width / 2, 0.8)
            ax.plot([middle, middle], [row - 0.21, y + 0.02], color=GREY, lw=0.7)
        at, side = (left, "left") if fits else (100.0, "right")
        ax.text(at, y, text, ha=side, va="bottom", fontsize=8, color=INK)


def _key(ax: Axes, looks: Mapping[str, tuple[str, str]]) -> None:
    """The words beside the picture, where they do not fit above the bars."""
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=f"{colour}55", edgecolor=colour, hatch=hatch, label=word.replace("_", " "))
        for word, (colour, hatch) in looks.items()
    ]
    ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
