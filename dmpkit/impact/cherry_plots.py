"""Pictures of cherry-picking: uptake as dots, odds ratios as a forest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.errors import DataError
from dmpkit.impact.cherry_tables import rows_of
from dmpkit.plotting import (
    GREY,
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
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dmpkit.impact.cherry_picking import CherryPicking

__all__ = ["plot_forest", "plot_uptake"]

#: Odds ratios beyond this (or below its inverse) are drawn as arrows.
FARTHEST = 1000.0


def plot_uptake(result: CherryPicking, *, ax: Axes | None = None) -> Axes:
    """Share taken up by property and category, the share of all as a line.

    Parameters
    ----------
    result : CherryPicking
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.impact.cherry_picking import cherry_picking
    >>> table = pd.DataFrame({"fate": [0, 1, 1, 0], "cost": ["high", "low", "low", "low"]})
    >>> ax = plot_uptake(cherry_picking(table, fate="fate", predictors=["cost"]))
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['cost', 'high', 'low']
    """
    uptake = result.uptake
    labels: list[str] = []
    rows: list[int] = []
    heads: list[int] = []
    last = None
    for row in rows_of(uptake):
        if row.variable != last:
            heads.append(len(labels))
            labels.append(wrapped(str(row.variable).replace("_", " "), lines=4))
            last = row.variable
        rows.append(len(labels))
        labels.append(wrapped(row.category, lines=4))
    lines = sum(label.count("\n") + 1 for label in labels)
    ax = new_axes((6.4, 1.3 + 0.12 * lines + 0.12 * len(labels))) if ax is None else ax
    share = 100 * uptake["share"].to_numpy(dtype=np.float64)
    whole = 100 * float(result.shares["share"].iloc[0])
    with style():
        ax.axvline(whole, color=GREY, lw=0.9, ls="--")
        side = "left" if whole < 60 else "right"
        text = f" all {whole:.0f} % "
        ax.text(whole, -0.8, text, color=GREY, fontsize=8, va="bottom", ha=side)
        ax.hlines(rows, 0, share, color=PALETTE[0], lw=1.2)
        ax.plot(share, rows, ls="none", marker=MARKERS[0], color=PALETTE[0], clip_on=False)
        for place, row in zip(rows, rows_of(uptake), strict=True):
            ax.annotate(
                f"{row.taken_up} of {row.n}", (1.02, place),
                xycoords=("axes fraction", "data"), va="center", fontsize=8, annotation_clip=False,
            )  # fmt: skip
        ax.set_yticks(range(len(labels)), labels)
        for head in heads:
            ax.get_yticklabels()[head].set_fontweight("bold")
        ax.set_ylim(len(labels) - 0.4, -1.6)
        ax.set_xlim(0, 100)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("taken up, per cent")
    said = "; ".join(
        f"{row.variable} {row.category} {100 * row.share:.0f} % of {row.n}"
        for row in rows_of(uptake)
    )
    set_alt(ax, f"Dot plot of the share taken up: all {whole:.0f} %; {said}.")
    return mark_synthetic(ax) if result.synthetic else ax


def plot_forest(result: CherryPicking, *, ax: Axes | None = None) -> Axes:
    """Odds ratios with intervals on a logarithmic axis, the numbers beside.

    Parameters
    ----------
    result : CherryPicking
        With a model (several processes).
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        When there is no model, because there is one process.
    """
    fitted = result.fitted
    if fitted is None:
        raise DataError(
            "There is one process, so no model and no odds ratios to draw.",
            remedy="Draw plot_uptake() instead.",
        )
    frame = fitted.coefficients
    labels = [wrapped(str(term).replace("_", " "), lines=4) for term in frame["term"]]
    lines = sum(label.count("\n") + 1 for label in labels)
    ax = new_axes((6.8, 1.3 + 0.14 * lines + 0.16 * len(labels))) if ax is None else ax
    ratio, low, high = (
        frame[c].to_numpy(dtype=np.float64) for c in ("odds_ratio", "odds_low", "odds_high")
    )
    left, right = _limits(ratio, low, high)
    with style():
        ax.set_xscale("log")
        ax.set_xlim(left, right)
        ax.axvline(1, color=GREY, lw=0.9)
        for y, (r, a, b) in enumerate(zip(ratio, low, high, strict=True)):
            _forest_row(ax, y, (r, a, b), (left, right))
            ax.annotate(
                _forest_text(r, a, b), (1.02, y), xycoords=("axes fraction", "data"),
                va="center", fontsize=8, annotation_clip=False,
            )  # fmt: skip
        ax.set_yticks(range(len(labels)), labels)
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        _plain_ticks(ax, left, right)
        ax.set_xlabel(
            f"{result.odds_name}, {100 * result.level:g} % intervals\n"
            f"{fitted.n} recommendations, {fitted.n_processes} processes"
        )
    said = "; ".join(
        f"{t} {_forest_text(r, a, b)}"
        for t, r, a, b in zip(frame["term"], ratio, low, high, strict=True)
    )
    set_alt(ax, f"Forest plot of {len(frame)} odds ratios on a logarithmic axis: {said}.")
    return mark_synthetic(ax) if result.synthetic else ax


def _limits(*values: NDArray[np.float64]) -> tuple[float, float]:
    """Ends of the axis: all finite numbers within reason, 1 among them."""
    found = np.concatenate(values)
    found = found[np.isfinite(found) & (found > 1 / FARTHEST) & (found < FARTHEST)]
    low, high = min(0.5, *found, 1.0), max(2.0, *found, 1.0)
    return float(low / 1.25), float(high * 1.25)


def _forest_row(
    ax: Axes, y: int, row: tuple[float, float, float], limits: tuple[float, float]
) -> None:
    """One dot with its interval; an arrow where it runs out of the picture."""
    (ratio, low, high), (left, right) = row, limits
    if np.isnan(ratio):
        return
    if not np.isnan(low):
        ax.hlines(y, max(low, left), min(high, right), color=INK, lw=1.3)
        for end, out, marker in ((left, low < left, "<"), (right, high > right, ">")):
            if out:
                ax.plot(end, y, marker=marker, color=INK, ms=5, clip_on=False)
    if left < ratio < right:
        ax.plot(ratio, y, marker="s", color=PALETTE[0], ms=6)
    else:
        inside = (right / left) ** 0.03
        end, marker = (left * inside, "<") if ratio <= left else (right / inside, ">")
        ax.plot(end, y, marker=marker, mfc="white", mec=PALETTE[1], ms=8)


def _forest_text(ratio: float, low: float, high: float) -> str:
    if np.isnan(ratio):
        return "not estimated"
    if np.isnan(low):
        return f"{_odds(ratio)} (separated)"
    return f"{_odds(ratio)} ({_odds(low)} to {_odds(high)})"


def _odds(value: float) -> str:
    if np.isinf(value):
        return "∞"
    if value > FARTHEST or (0 < value < 0.005):
        return f"{value:.0e}"
    return f"{value:.2f}"


def _plain_ticks(ax: Axes, left: float, right: float) -> None:
    from matplotlib.ticker import FixedLocator, NullLocator

    candidates = [m * 10.0**e for e in range(-4, 5) for m in (1, 2, 5)]
    inside = [v for v in candidates if left <= v <= right]
    if len(inside) > 8:
        inside = [v for v in inside if np.isclose(np.log10(v) % 1, 0)]
    ax.xaxis.set_major_locator(FixedLocator(inside))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(inside, [f"{v:g}" for v in inside])
