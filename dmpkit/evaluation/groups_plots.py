"""Pictures of groups and of polarisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.errors import DataError
from dmpkit.evaluation.opinion_plots import legend_above
from dmpkit.plotting import GREY, MARKERS, PALETTE, mark_synthetic, new_axes, set_alt, style
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.groups import GroupDistortions
    from dmpkit.evaluation.polarisation import PolarisationChange

__all__ = ["plot_homogenisation", "plot_polarisation"]

#: So many items get a marker each; beyond it they look alike.
MOST_MARKERS = 8


def plot_homogenisation(found: GroupDistortions, *, ax: Axes | None = None) -> Axes:
    """Spread within each group before against after; below the diagonal: closer together.

    Parameters
    ----------
    found : GroupDistortions
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        No group-issue pair is large enough.
    """
    pairs = found.pairs[found.pairs["homogenisation"].notna()]
    if pairs.empty:
        raise DataError(f"No group has {found.min_size} answers to an item at both times.")
    ax = new_axes((6.2, 4.2)) if ax is None else ax
    issues = list(dict.fromkeys(pairs["issue"]))
    top = float(pairs[["sd_before", "sd_after"]].to_numpy().max()) * 1.08 or 0.1
    with style():
        ax.plot([0, top], [0, top], color=GREY, lw=0.9)
        if len(issues) <= MOST_MARKERS:
            for i, issue in enumerate(issues):
                part = pairs[pairs["issue"] == issue]
                ax.plot(part["sd_before"], part["sd_after"], ls="none", marker=MARKERS[i],
                        color=PALETTE[i], alpha=0.8, label=wrapped(issue, 26, 2))  # fmt: skip
            ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
        else:
            ax.plot(pairs["sd_before"], pairs["sd_after"], "o", color=PALETTE[0], alpha=0.45, ms=4)
        ax.set(xlim=(0, top), ylim=(0, top), aspect="equal")
        ax.set_xlabel("spread within the group before (share of the scale)")
        ax.set_ylabel("spread after")
        ax.text(0.97 * top, 0.03 * top, "closer together", ha="right", fontsize=8, color=GREY)
        ax.text(0.03 * top, 0.95 * top, "further apart", fontsize=8, color=GREY)
    closer = int(pairs["homogenised"].sum())
    set_alt(
        ax,
        f"Spread within groups before against after, {len(pairs)} group-issue pairs; {closer} lie "
        "below the diagonal, their members came closer together.",
    )
    return mark_synthetic(ax) if found.synthetic else ax


def plot_polarisation(change: PolarisationChange, *, ax: Axes | None = None) -> Axes:
    """Agreement A before (open) and after (full) by item; bars show the interval of change.

    Parameters
    ----------
    change : PolarisationChange
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        No item has an agreement at both times.
    """
    table = change.spread[change.spread["change"].notna()]
    if table.empty:
        raise DataError("No item was answered by anybody both before and after.")
    labels = [wrapped(v, 38) for v in table["label"]]
    height = 1.2 + sum(max(0.3, 0.17 * (1 + v.count("\n"))) for v in labels)
    ax = new_axes((6.8, height)) if ax is None else ax
    y = np.arange(len(table))
    first, last = table["before"].to_numpy(), table["after"].to_numpy()
    with style():
        if change.n_resamples:
            bars = ax.hlines(y, first + table["low"], first + table["high"], color="#c4c4ca", lw=6)
            bars.set_label(f"{change.level:.0%} interval of the change")
        ax.axvline(0, color=GREY, lw=0.8)
        ax.hlines(y, first, last, color=GREY, lw=1.2)
        ax.plot(first, y, "o", mfc="white", mec=PALETTE[0], label="before")
        ax.plot(last, y, "s", color=PALETTE[0], label="after")
        ax.set_yticks(y, labels)
        ax.set_ylim(len(table) - 0.4, -0.6)
        ax.grid(visible=True, axis="y")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("agreement A: −1 two opposite camps, 0 evenly spread, 1 all alike")
        legend_above(ax, 3)
    rose = int((table["change"] > 0).sum())
    set_alt(
        ax,
        f"Agreement A of {len(table)} items before and after; it rose on {rose}. Before it runs "
        f"from {first.min():.2f} to {first.max():.2f}, after from {last.min():.2f} to "
        f"{last.max():.2f}.",
    )
    return mark_synthetic(ax) if change.synthetic else ax
