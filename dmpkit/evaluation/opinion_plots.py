"""Pictures of change of opinion: means, changes with intervals, distributions."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, HATCHES, PALETTE, mark_synthetic, new_axes, set_alt, style
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.opinion import OpinionChange

__all__ = ["legend_above", "plot_change", "plot_distribution", "plot_effects"]


def legend_above(ax: Axes, n_columns: int) -> None:
    """A legend over the picture, high enough for a mark of synthetic data below it.

    Examples
    --------
    >>> ax = new_axes()
    >>> _ = ax.plot([0, 1], label="a line")
    >>> legend_above(ax, 1)
    >>> ax.get_legend() is not None
    True
    """
    from matplotlib.transforms import ScaledTranslation

    raised = ax.transAxes + ScaledTranslation(0, 14 / 72, ax.figure.dpi_scale_trans)
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        bbox_transform=raised,
        ncols=n_columns,
        borderaxespad=0,
    )


def _rows(ax: Axes, labels: list[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(visible=True, axis="y")
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)


def _height(labels: list[str], per_line: float = 0.17, least: float = 0.3) -> float:
    return 1.2 + sum(max(least, per_line * (1 + label.count("\n"))) for label in labels)


def plot_change(change: OpinionChange, *, ax: Axes | None = None) -> Axes:
    """Means before (open circle) and after (square), one row an item, with the interval of change.

    The grey bar about the mean after is that mean's place if the change were at either
    end of its interval; over tables where they are known.

    Parameters
    ----------
    change : OpinionChange
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        No item has answers of anybody at both times.
    """
    table = change.items[change.items["n"] > 0]
    if table.empty:
        raise DataError("No item was answered by anybody both before and after.")
    _, low, high = change._headline_columns()
    labels = [wrapped(v, 38) for v in table["label"]]
    ax = new_axes((6.8, _height(labels))) if ax is None else ax
    y = np.arange(len(table))
    first, last = table["mean_before"].to_numpy(), table["mean_after"].to_numpy()
    with style():
        bars = ax.hlines(y, first + table[low], first + table[high], color="#c4c4ca", lw=6)
        bars.set_label(f"{change.level:.0%} interval of the change")
        ax.hlines(y, first, last, color=GREY, lw=1.2)
        ax.plot(first, y, "o", mfc="white", mec=PALETTE[0], label="mean before")
        ax.plot(last, y, "s", color=PALETTE[0], label="mean after")
        _rows(ax, labels)
        ends = {change.paired.scale_of(i) for i in table["item"]}
        if len(ends) == 1 and (only := ends.pop()) is not None:
            ax.set_xlim(only[0] - 0.02 * (only[1] - only[0]), only[1] + 0.02 * (only[1] - only[0]))
        ax.set_xlabel("mean answer")
        legend_above(ax, 3)
    set_alt(ax, _change_alt(table))
    return mark_synthetic(ax) if change.synthetic else ax


def _change_alt(table: pd.DataFrame) -> str:
    top = table.iloc[int(table["mean_change"].abs().to_numpy().argmax())]
    return (
        f"Means of {len(table)} items before and after. The largest shift is on {top['label']}, "
        f"from {top['mean_before']:.2f} to {top['mean_after']:.2f}."
    )


def plot_effects(change: OpinionChange, *, ax: Axes | None = None) -> Axes:
    """Mean change of each item with its interval; the open diamond is gross change.

    Parameters
    ----------
    change : OpinionChange
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        No item has answers of anybody at both times.
    """
    table = change.items[change.items["n"] > 0]
    if table.empty:
        raise DataError("No item was answered by anybody both before and after.")
    _, low, high = change._headline_columns()
    labels = [wrapped(v, 38) for v in table["label"]]
    ax = new_axes((6.8, _height(labels))) if ax is None else ax
    y = np.arange(len(table))
    how = " over tables" if change.has_tables else ""
    with style():
        ax.axvline(0, color=GREY, lw=0.8)
        ax.hlines(y, table[low], table[high], color=PALETTE[0], lw=1.6)
        ax.plot(table["mean_change"], y, "s", color=PALETTE[0], label=f"mean change{how}")
        ax.plot(table["gross_change"], y, "D", mfc="white", mec=PALETTE[1], label="gross change")
        _rows(ax, labels)
        ax.set_xlabel("points of the scale")
        legend_above(ax, 2)
    clear = change.moved()
    set_alt(
        ax,
        f"Mean change of {len(table)} items with {change.level:.0%} intervals{how}, from "
        f"{table['mean_change'].min():.2f} to {table['mean_change'].max():.2f} points; "
        f"{len(clear)} pass the correction for many items. Gross change runs from "
        f"{table['gross_change'].min():.2f} to {table['gross_change'].max():.2f}.",
    )
    return mark_synthetic(ax) if change.synthetic else ax


def plot_distribution(change: OpinionChange, item: str, *, ax: Axes | None = None) -> Axes:
    """Answers to one item before and after, as shares of who answered both times.

    Parameters
    ----------
    change : OpinionChange
    item : str
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        An unknown item, or nobody answered it twice.
    """
    if item not in change.paired.items:
        raise DataError(f"There is no item {item!r}.", remedy=f"Use {change.paired.items[:8]}.")
    both = pd.DataFrame({"before": change.paired.before[item], "after": change.paired.after[item]})
    both = both.dropna()
    if both.empty:
        raise DataError(f"Nobody answered {item!r} both before and after.")
    edges, names = _bins(both, change.paired.scale_of(item))
    shares = [np.histogram(both[c], edges)[0] / len(both) for c in both]
    ax = new_axes((6.4, 3.6)) if ax is None else ax
    x = np.arange(len(names))
    with style():
        for i, (share, when) in enumerate(zip(shares, both, strict=True)):
            ax.bar(x + (i - 0.5) * 0.4, 100 * share, 0.38, label=str(when),
                   color="white" if i == 0 else PALETTE[0], ec=PALETTE[0],
                   hatch=HATCHES[1] if i == 0 else "")  # fmt: skip
        ax.set_xticks(x, names)
        ax.set_ylabel("per cent of people")
        ax.set_xlabel(wrapped(change.label(item), 80))
        legend_above(ax, 2)
    tops = [names[int(s.argmax())] for s in shares]
    set_alt(
        ax,
        f"Answers of {len(both)} people to {change.label(item)}, before and after. The most "
        f"frequent answer is {tops[0]} before ({shares[0].max():.0%}) and {tops[1]} after "
        f"({shares[1].max():.0%}).",
    )
    return mark_synthetic(ax) if change.synthetic else ax


def _bins(
    both: pd.DataFrame, scale: tuple[float, float] | None
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], list[str]]:
    """One bar an answer where answers are whole numbers of a short scale, else ten bars."""
    values = both.to_numpy()
    low, high = scale or (float(values.min()), float(values.max()))
    if np.allclose(values, np.rint(values)) and high - low <= 20:
        first, last = math.floor(low), math.ceil(high)
        edges = np.arange(first - 0.5, last + 1)
        return edges, [str(v) for v in range(first, last + 1)]
    edges = np.linspace(low, high if high > low else low + 1, 11)
    return edges, [f"{a:g}–{b:.3g}" for a, b in itertools.pairwise(edges)]
