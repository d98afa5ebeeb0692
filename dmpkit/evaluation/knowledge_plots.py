"""The slope chart of right answers before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.errors import DataError
from dmpkit.plotting import (
    GREY,
    INK,
    LINES,
    MARKERS,
    PALETTE,
    mark_synthetic,
    new_axes,
    set_alt,
    style,
)
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.knowledge import KnowledgeGain

__all__ = ["plot_knowledge", "spread_out"]


def spread_out(positions: list[float], gap: float) -> list[float]:
    """Positions moved apart to at least `gap`, order kept, as near as they can stay.

    Examples
    --------
    >>> spread_out([1.0, 1.0, 3.0], 1.0)
    [0.5, 1.5, 3.0]
    """
    order = np.argsort(positions, kind="stable")
    blocks: list[list[float]] = []  # sum of wanted starts, count
    for place, i in enumerate(order):
        blocks.append([positions[int(i)] - gap * place, 1.0])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            last = blocks.pop()
            blocks[-1] = [blocks[-1][0] + last[0], blocks[-1][1] + last[1]]
    starts = [total / n for total, n in blocks for _ in range(int(n))]
    out = [0.0] * len(positions)
    for place, i in enumerate(order):
        out[int(i)] = float(starts[place] + gap * place)
    return out


def plot_knowledge(gain: KnowledgeGain, *, ax: Axes | None = None) -> Axes:
    """Share of right answers before and after: a line an item, the mean in black.

    Parameters
    ----------
    gain : KnowledgeGain
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        No item was answered by anybody at both times.
    """
    table = gain.items[gain.items["n"] > 0]
    if table.empty:
        raise DataError("No item was answered by anybody both before and after.")
    names = [wrapped(v, 40, 2) for v in table["label"]] + ["mean of people"]
    ends = [100 * v for v in table["share_after"]] + [100 * gain.mean_after]
    height = max(3.6, 0.8 + 0.30 * sum(1 + n.count("\n") / 2 for n in names))
    ax = new_axes((6.8, height)) if ax is None else ax
    gap = 100 / (height - 0.8) * 0.26
    with style():
        for i, (_, row) in enumerate(table.iterrows()):
            ax.plot([0, 1], [100 * row["share_before"], 100 * row["share_after"]],
                    color=PALETTE[i % 6], ls=LINES[i % len(LINES)],
                    marker=MARKERS[i % len(MARKERS)], ms=5)  # fmt: skip
        ax.plot([0, 1], [100 * gain.mean_before, 100 * gain.mean_after], color=INK, lw=2.6,
                marker="o")  # fmt: skip
        for name, end, place in zip(names, ends, spread_out(ends, gap), strict=True):
            ax.plot([1.02, 1.08], [end, place], color=GREY, lw=0.6, clip_on=False)
            weight = "bold" if name == names[-1] else "normal"
            ax.text(1.09, place, f"{end:.0f} %  {name}", va="center", fontsize=8, fontweight=weight)
        ax.set_xlim(-0.1, 2.6)
        ax.set_xticks([0, 1], ["before", "after"])
        ax.set_ylim(min(0, *spread_out(ends, gap)) - 3, max(100, *spread_out(ends, gap)) + 3)
        ax.set_yticks(range(0, 101, 20))
        ax.set_ylabel("right answers, per cent")
        ax.spines["bottom"].set_visible(False)
        ax.tick_params(axis="x", length=0)
    rose = int((table["share_after"] > table["share_before"]).sum())
    set_alt(
        ax,
        f"Slope chart of {len(table)} knowledge items before and after; {rose} rise. The mean "
        f"share of right answers goes from {gain.mean_before:.0%} to {gain.mean_after:.0%}.",
    )
    return mark_synthetic(ax) if gain.synthetic else ax
