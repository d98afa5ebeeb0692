"""Pictures of shares under several definitions: range bars, the curve of all universes."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from dmpkit.plotting import (
    INK,
    MARKERS,
    PALETTE,
    mark_synthetic,
    new_axes,
    set_alt,
    style,
)
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dmpkit.impact.multiverse import Multiverse
    from dmpkit.impact.share_intervals import TallyShares

__all__ = ["plot_curve", "plot_range", "plot_shares"]

#: More universes than this are drawn without the grid of choices.
MAX_GRID = 120


def plot_shares(result: TallyShares, *, ax: Axes | None = None) -> Axes:
    """Implemented as a share of all, answered and closed; bounds as a band on the first row.

    Parameters
    ----------
    result : TallyShares
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.impact.share_intervals import shares_of
    >>> counts = pd.DataFrame({"status": ["implemented", "rejected"], "count": [3, 1]})
    >>> [t.get_text() for t in plot_shares(shares_of(counts)).get_yticklabels()]
    ['of all (4)', 'of answered (4)', 'of closed (4)']
    """
    ax = new_axes((6.4, 2.0)) if ax is None else ax
    frame, (low, high) = result.shares, result.bounds
    share = 100 * frame["share"].to_numpy(dtype=np.float64)
    with style():
        ax.barh(0, 100 * (high - low), 0.34, 100 * low, color="white", ec=PALETTE[4], hatch="///")
        ends = frame[["low", "high"]].to_numpy(dtype=np.float64) * 100
        ax.hlines(range(3), ends[:, 0], ends[:, 1], color=INK, lw=1.3)
        ax.plot(share, range(3), ls="none", marker=MARKERS[0], color=PALETTE[0], ms=6)
        for y, value in enumerate(share):
            text = _share_text(result, value)
            if y == 0 and high > low:
                text += f" (end between {100 * low:.1f} and {100 * high:.1f})"
            ax.annotate(
                text, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=8,
                annotation_clip=False,
            )  # fmt: skip
        names = zip(frame["denominator"], frame["n"], strict=True)
        sizes = [(name, n if n or not result.partly_published else "?") for name, n in names]
        ax.set_yticks(range(3), [f"of {name} ({n})" for name, n in sizes])
        ax.set_ylim(2.6, -0.6)
        ax.set_xlim(0, 100)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("implemented, per cent (hatched: where pending ones may take it)")
        if result.label:
            ax.set_title(wrapped(result.label, 60))
    said = ", ".join(
        f"{_share_text(result, value)} of {name}"
        for name, value in zip(frame["denominator"], share, strict=True)
    )
    return set_alt(
        ax,
        f"Share implemented: {said}; the share of all may end between {100 * low:.1f} % "
        f"and {100 * high:.1f} %.",
    )


def _share_text(result: TallyShares, value: float) -> str:
    """A share in per cent, or why there is none."""
    if not np.isnan(value):
        return f"{value:.1f} %"
    return "not known" if result.partly_published else "none"


def plot_range(result: Multiverse, *, ax: Axes | None = None) -> Axes:
    """The headline's range, over all universes and option by option.

    Bars run from the lowest to the highest share of the universes, a dot is their
    mean; the dashed line is the headline. Choices stand in the order in which they
    move the share.

    Parameters
    ----------
    result : Multiverse
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
    """
    rows: list[tuple[str, bool, float, float, float, int]] = []
    shares = result.answered["share"]
    rows.append(("all ways of counting", True, shares.min(), shares.mean(), shares.max(),
                 len(shares)))  # fmt: skip
    for choice in result.by_choice.loc[result.by_choice["n_options"] > 1, "choice"]:
        rows.append((str(choice), True, np.nan, np.nan, np.nan, 0))
        part = result.options[result.options["choice"] == choice]
        columns = ("option", "lowest", "mean", "highest", "n_universes")
        for option, low, mean, high, n in zip(*(part[c] for c in columns), strict=True):
            rows.append((str(option), False, low, mean, high, n))
    labels = [wrapped(str(row[0]).replace("_", " "), 32, 4) for row in rows]
    lines = sum(label.count("\n") + 1 for label in labels)
    ax = new_axes((6.8, 1.3 + 0.12 * lines + 0.14 * len(labels))) if ax is None else ax
    with style():
        for y, (_, head, low, mean, high, n) in enumerate(rows):
            if not n:
                continue
            colour = INK if head else PALETTE[0]
            height = 0.5 if head else 0.34
            ax.barh(y, 100 * (high - low), height, 100 * low, color="#d9e8f2", ec=colour, lw=1)
            ax.plot(100 * mean, y, marker=MARKERS[3 if head else 0], color=colour, ms=5)
            ax.annotate(
                f"{100 * low:.1f} to {100 * high:.1f} %, n = {n}", (1.02, y),
                xycoords=("axes fraction", "data"), va="center", fontsize=8, annotation_clip=False,
            )  # fmt: skip
        if not np.isnan(result.headline):
            value = 100 * result.headline
            ax.axvline(value, color=PALETTE[1], lw=1.2, ls="--")
            side = "left" if value < 70 else "right"
            text = f" headline {value:.1f} % "
            ax.text(value, -0.62, text, color=PALETTE[1], ha=side, va="bottom", fontsize=8)
        ax.set_yticks(range(len(rows)), labels)
        for y, row in enumerate(rows):
            ax.get_yticklabels()[y].set_fontweight("bold" if row[1] else "normal")
        ax.set_ylim(len(rows) - 0.4, -1.2)
        ax.set_xlim(0, 100)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(f"{result.label}, per cent\nbar: lowest to highest; dot: mean; n: universes")
    set_alt(ax, f"Range bars. {result.headline_text()}. {result._most_text()}")
    return mark_synthetic(ax) if result.synthetic else ax


def plot_curve(result: Multiverse, *, ax: Axes | None = None) -> Axes:
    """Every universe in the order of its share, the choices that made it below.

    A specification curve (Simonsohn, Simmons & Nelson 2020), as a description: there
    is no test, for nothing was sampled.

    Parameters
    ----------
    result : Multiverse
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
    """
    from dmpkit.impact.multiverse import CHOICES

    ordered = result.answered.sort_values("share", kind="stable").reset_index(drop=True)
    moving = result.by_choice.loc[result.by_choice["n_options"] > 1, "choice"]
    crossed = [choice for choice in CHOICES if choice in set(moving)]
    blocks = [(choice, list(dict.fromkeys(ordered[choice]))) for choice in crossed]
    if len(ordered) > MAX_GRID:
        blocks = []
    n_rows = sum(len(options) + 1 for _, options in blocks)
    ax = new_axes((6.8, 2.6 + 0.2 * n_rows)) if ax is None else ax
    x = np.arange(1, len(ordered) + 1)
    share = ordered["share"].to_numpy(dtype=np.float64)
    scale = 12.0  # rows of the grid that the share's axis is as tall as
    with style():
        chosen = _is_headline(result, ordered)
        ax.plot(x, scale * share, ls="none", marker="o", color=PALETTE[0], ms=4)
        if chosen.any():
            ax.plot(x[chosen], scale * share[chosen], ls="none", marker="D", ms=8, mfc="none",
                    mec=PALETTE[1], mew=1.6)  # fmt: skip
            at = int(np.flatnonzero(chosen)[0])
            ax.annotate(
                f"headline {100 * share[at]:.1f} %", (float(x[at]), float(scale * share[at])),
                xytext=(0, 14), textcoords="offset points", color=PALETTE[1], fontsize=8,
                ha="center" if 0.15 < at / max(len(x) - 1, 1) < 0.85 else
                ("left" if at / max(len(x) - 1, 1) <= 0.15 else "right"),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85},
            )  # fmt: skip
        ticks = [scale * t / 4 for t in range(5)]
        labels = [f"{25 * t} %" for t in range(5)]
        heads, y = [], -1.2
        for choice, options in blocks:
            heads.append(len(ticks))
            ticks.append(y)
            labels.append(choice.replace("_", " "))
            for option in options:
                y -= 1
                on = (ordered[choice] == option).to_numpy()
                ax.plot(x, np.full(len(x), y), ls="none", marker="|", color="#d0d0d5", ms=4)
                ax.plot(x[on], np.full(int(on.sum()), y), ls="none", marker="s", color=INK, ms=3.5)
                ticks.append(y)
                labels.append(textwrap.shorten(str(option), 44, placeholder=" …"))
            y -= 1.2
        ax.set_yticks(ticks, labels)
        for head in heads:
            ax.get_yticklabels()[head].set_fontweight("bold")
        ax.hlines(ticks[:5], 0.3, len(x) + 0.7, color="#d9d9de", lw=0.6, zorder=0)
        ax.set_ylim(y + 0.6 if blocks else -0.5, scale + 1)
        ax.set_xlim(0.3, len(x) + 0.7)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_xlabel(f"{len(ordered)} ways of counting, lowest to highest: {result.label}")
        _whole_ticks(ax)
    low, high = result.range
    set_alt(
        ax,
        f"Specification curve of {len(ordered)} ways of counting: the {result.label} rises from "
        f"{100 * low:.1f} % to {100 * high:.1f} %. {result._most_text()}",
    )
    return mark_synthetic(ax) if result.synthetic else ax


def _is_headline(result: Multiverse, frame: pd.DataFrame) -> NDArray[np.bool_]:
    match = np.zeros(len(frame), dtype=bool)
    if result.chosen is not None:
        match = np.ones(len(frame), dtype=bool)
        for choice, option in result.chosen.items():
            match &= (frame[choice] == option).to_numpy()
    return match


def _whole_ticks(ax: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
