"""Pictures of rankings: pairs of options, and proximity against chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.plotting import (
    GREY,
    PALETTE,
    heat_map,
    mark_synthetic,
    new_axes,
    set_alt,
    style,
)
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.preferences import SinglePeakedness

__all__ = ["plot_pairwise", "plot_proximity"]


def plot_pairwise(
    found: SinglePeakedness,
    stage: str | None = None,
    *,
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """How many people put the option of the row above that of the column.

    Options stand in the order of pairs won; frames mark the pairs that the row wins.

    Parameters
    ----------
    found : SinglePeakedness
    stage : str, optional
        The last one when not given.
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.preferences import single_peakedness
    >>> frame = pd.DataFrame({"person": [1, 2], "x": [1, 1], "y": [2, 3], "z": [3, 2]})
    >>> ax = plot_pairwise(single_peakedness(frame, n_random=9, seed=1))
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['x', 'y', 'z']
    """
    from matplotlib.patches import Rectangle

    own = found.stages[-1] if stage is None else found.stage(stage)
    pairs = own.majorities
    wins = pairs.beats.sum(axis=1) - pairs.beats.sum(axis=0)
    order = np.argsort(-wins, kind="stable")
    cells = pairs.counts[np.ix_(order, order)].astype(float)
    np.fill_diagonal(cells, np.nan)
    labels = [wrapped(pairs.options[i], 22) for i in order]
    k, long = len(labels), max(len(label) for label in labels)
    if ax is None:
        lines = max(label.count("\n") for label in labels) + 1
        ax = new_axes((2.6 + 0.055 * min(long, 22) + 0.5 * k,
                       1.7 + k * max(0.42, 0.16 * lines) + 0.07 * min(long, 22)))  # fmt: skip
    heat_map(cells, labels, labels, limits=(0, float(pairs.n)), digits=0, label="people", ax=ax)
    with style():
        for row, column in zip(*np.nonzero(pairs.beats[np.ix_(order, order)]), strict=True):
            box = (column + 0.04, row + 0.04)
            ax.add_patch(Rectangle(box, 0.92, 0.92, fill=False, ec="black", lw=1.3))
        ax.tick_params(axis="x", rotation=90 if long > 6 else 0)
        ax.set_ylabel("this option is put above …")
        ax.set_xlabel("… this one (frame: by a majority)")
        if len(found.stages) > 1:
            ax.set_title(wrapped(own.stage, 60, lines=1), loc="left")
    set_alt(
        ax,
        f"Heat map of the {pairs.n} people's pairwise preferences over {k} options. "
        f"{pairs.words()}",
    )
    return mark_synthetic(ax) if synthetic else ax


def plot_proximity(
    found: SinglePeakedness, *, synthetic: bool = False, ax: Axes | None = None
) -> Axes:
    """Share on one axis at each stage, against what random rankings reach.

    Parameters
    ----------
    found : SinglePeakedness
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.preferences import single_peakedness
    >>> frame = pd.DataFrame({"person": [1, 2], "x": [1, 1], "y": [2, 3], "z": [3, 2]})
    >>> ax = plot_proximity(single_peakedness(frame, n_random=9, seed=1))
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['all (n = 2)']
    """
    table = found.table
    rows = range(len(table))
    ax = new_axes((6.4, 1.4 + 0.45 * len(table))) if ax is None else ax
    with style():
        ax.hlines(rows, 100 * table["expected_low"], 100 * table["expected_high"], color=GREY,
                  lw=7, alpha=0.35, label="random rankings, middle 95 %")  # fmt: skip
        ax.plot(100 * table["expected"], rows, "|", color=GREY, ms=12, mew=2,
                label="random rankings, mean")  # fmt: skip
        ax.plot(100 * table["proximity"], rows, "s", color=PALETTE[0], ms=7, label="observed")
        names = [
            f"{wrapped(s, 26)} (n = {n})"
            for s, n in zip(table["stage"], table["people"], strict=True)
        ]
        ax.set_yticks(list(rows), names)
        ax.set_ylim(len(table) - 0.4, -0.6)
        ax.set_xlim(0, 103)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("per cent of the people who are single-peaked on one axis")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    said = "; ".join(
        f"{r.stage} {r.proximity:.0%}, by chance {r.expected:.0%} ({r.expected_low:.0%} to "
        f"{r.expected_high:.0%})"
        for r in table.itertuples()
    )
    set_alt(ax, f"Proximity to single-peakedness: {said}.")
    return mark_synthetic(ax) if synthetic else ax
