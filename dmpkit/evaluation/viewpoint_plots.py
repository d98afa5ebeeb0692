"""Pictures of a scorecard through viewpoints: score lines, and the links as dots."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import HIGHEST
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
from dmpkit.wording import cut_middle, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_links", "plot_stress_lines"]

#: Letters of a name in a row at the end of a line.
NAME_WIDTH = 26
#: Room of a bar at the right, as a share of the width of the lines.
STEP = 0.035
#: Height of a line of small text.
LINE_INCHES = 0.15
#: Marker and whether it is filled, by direction and basis.
SIGNS = {
    ("stressed", "text"): ("o", True, "stressed, by the text"),
    ("stressed", "inference"): ("o", False, "stressed, by inference"),
    ("contested", "text"): ("X", True, "contested, by the text"),
    ("contested", "inference"): ("X", False, "contested, by inference"),
}


def plot_stress_lines(
    lines: pd.DataFrame,
    *,
    band: str = "what is unknown at worst and at best",
    counted: str = "a stressed criterion counts",
    ax: Axes | None = None,
    synthetic: bool = False,
) -> Axes:
    """The mean score against the stress factor k, one line a viewpoint, with its band.

    k runs from 1 to infinity along 1 - 1/k. Lines differ in style, marker and colour
    and carry their name; the bars at the right are the bands at the largest k.

    Parameters
    ----------
    lines : DataFrame
        ``name, k, score, worst, best``; a line with NaN scores shows its band alone.
    band : str
        What the band is, for the axis and the text alternative.
    counted : str
        What counts k times, for the axis.
    ax : Axes, optional
        Where to draw.
    synthetic : bool
        Whether the data are made up.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no line.

    Examples
    --------
    >>> lines = pd.DataFrame({"name": "V", "k": [1.0, 3.0], "score": [2.0, 3.0],
    ...                       "worst": [1.0, 2.0], "best": [2.5, 3.5]})
    >>> len(plot_stress_lines(lines).texts)
    1
    """
    check_settings(plot_stress_lines, locals())
    if not len(lines):
        raise DataError("There is no line to draw.")
    names = list(dict.fromkeys(lines["name"]))
    shown = [wrapped(cut_middle(name, 2 * NAME_WIDTH), NAME_WIDTH) for name in names]
    height = 1.2 + LINE_INCHES * sum(1.3 + text.count("\n") for text in shown)
    ax = new_axes((8.2, max(4.4, height))) if ax is None else ax
    right = max(float(_place(lines["k"]).max()), 0.1)
    with style():
        ends = [
            _draw_line(ax, lines[lines["name"] == name].sort_values("k"), i, right)
            for i, name in enumerate(names)
        ]
        wide = bool((lines["best"] - lines["worst"] > 1e-9).any())
        x = right * (1.02 + STEP * len(names) * wide)
        bottom, top = _limits(lines)
        _label_ends(ax, shown, ends, x, right * 0.03, (bottom, top))
        ticks = sorted({float(k) for k in lines["k"]})
        ax.set_xticks(_place(pd.Series(ticks)).tolist(), [_k_name(k) for k in ticks])
        ax.set_xlim(-0.03 * right, x + 0.42 * right)
        ax.spines["bottom"].set_bounds(0, right)
        pad = 0.02 * (top - bottom)
        ax.set_ylim(bottom - pad, top + pad)
        ax.set_yticks(np.arange(bottom, top + 0.1, 0.5))
        ax.hlines(np.arange(bottom, top + 0.1, 0.5), 0, right, color="#d9d9de", lw=0.6, zorder=0)
        ax.set_xlabel(f"stress factor k: how often {counted}", x=0, ha="left")
        ax.set_ylabel("mean score (scale 0 to 4)")
        if wide:
            ax.set_title(f"shaded, and bars at the right: {band}", fontsize=8,
                         fontweight="normal", color=GREY)  # fmt: skip
    set_alt(ax, _lines_alt(lines, names, band))
    return mark_synthetic(ax) if synthetic else ax


def _place(k: pd.Series[float]) -> Any:
    return 1 - 1 / k.to_numpy(np.float64)


def _k_name(k: float) -> str:
    return "∞" if math.isinf(k) else f"{k:g}"


def _draw_line(ax: Axes, part: pd.DataFrame, i: int, right: float) -> float:
    """One line with its band; returns the height of its right end."""
    x = _place(part["k"])
    colour, marker = PALETTE[i % len(PALETTE)], MARKERS[i % len(MARKERS)]
    low, high = part["worst"].to_numpy(np.float64), part["best"].to_numpy(np.float64)
    ax.plot(x, part["score"], color=colour, ls=LINES[i % len(LINES)], marker=marker, ms=5)
    if (high - low > 1e-9).any():
        ax.fill_between(x, low, high, color=colour, alpha=0.08, lw=0)
        for edge in (low, high):
            ax.plot(x, edge, color=colour, ls=LINES[i % len(LINES)], lw=0.6, alpha=0.7)
        place = right * (1 + STEP * (i + 1))
        ax.vlines(place, low[-1], high[-1], color=colour, lw=2)
        ax.plot([place], [part["score"].iloc[-1]], color=colour, marker=marker, ms=5)
    last = float(part["score"].iloc[-1])
    return float(low[-1] + high[-1]) / 2 if math.isnan(last) else last


def _label_ends(
    ax: Axes,
    shown: Sequence[str],
    ends: Sequence[float],
    x: float,
    gap: float,
    limits: tuple[float, float],
) -> None:
    """Names at the ends of the lines, moved apart where they would touch."""
    figure = ax.get_figure(root=True)
    inches = 4.4 if figure is None else float(figure.get_size_inches()[1])
    line = LINE_INCHES / (inches * ax.get_position().height) * (limits[1] - limits[0])
    heights = _apart(ends, [line * (1.3 + text.count("\n")) for text in shown], limits)
    for i, (text, end, y) in enumerate(zip(shown, ends, heights, strict=True)):
        colour = PALETTE[i % len(PALETTE)]
        ax.plot([x, x + gap], [end, y], color=colour, lw=0.8)
        ax.plot([x + gap], [y], color=colour, marker=MARKERS[i % len(MARKERS)], ms=4)
        ax.text(x + gap * 1.5, y, text, va="center", fontsize=8, color=INK, parse_math=False)


def _limits(lines: pd.DataFrame) -> tuple[float, float]:
    """Ends of the upright axis: what is drawn and a little more, at half scores."""
    drawn = lines[["score", "worst", "best"]].to_numpy(np.float64)
    low = math.floor(2 * float(np.nanmin(drawn)) - 0.2) / 2
    high = math.ceil(2 * float(np.nanmax(drawn)) + 0.2) / 2
    return max(low, 0.0), min(high, HIGHEST)


def _apart(
    ends: Sequence[float], sizes: Sequence[float], limits: tuple[float, float]
) -> list[float]:
    """Heights near `ends`, in the same order, that leave each its size, within the limits."""
    order = sorted(range(len(ends)), key=lambda i: ends[i])
    bottom, top = limits
    out = [max(end, bottom + size / 2) for end, size in zip(ends, sizes, strict=True)]
    for one, other in pairwise(order):
        out[other] = max(out[other], out[one] + (sizes[one] + sizes[other]) / 2)
    over = max(0.0, out[order[-1]] + sizes[order[-1]] / 2 - top)
    for place in range(len(order) - 1, -1, -1):
        i = order[place]
        if place == len(order) - 1:
            out[i] -= over
        else:
            above = order[place + 1]
            out[i] = min(out[i], out[above] - (sizes[i] + sizes[above]) / 2)
    return out


def _lines_alt(lines: pd.DataFrame, names: Sequence[str], band: str) -> str:
    said = []
    for name in names:
        part = lines[lines["name"] == name].sort_values("k")
        first, last = part.iloc[0], part.iloc[-1]
        text = f"{name}: "
        if pd.isna(last["score"]):
            text += "no line"
        else:
            text += f"from {first['score']:.2f} at k = {_k_name(first['k'])} to "
            text += f"{last['score']:.2f} at k = {_k_name(last['k'])}"
        if last["best"] - last["worst"] > 1e-9:
            text += f", band there {last['worst']:.2f} to {last['best']:.2f}"
        said.append(text)
    return f"Mean score of 4 against the stress factor; the band is {band}. {'; '.join(said)}."


def plot_links(
    links: pd.DataFrame,
    criteria: pd.DataFrame,
    names: Mapping[str, str],
    *,
    only_linked: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Which viewpoint stresses or contests which criterion, as dots.

    A round dot is *stressed*, a cross *contested*; filled by the text, open by
    inference.

    Parameters
    ----------
    links : DataFrame
        ``viewpoint, criterion, direction, basis``.
    criteria : DataFrame
        ``criterion, label``, in the order of the rows.
    names : mapping of str to str
        Viewpoint to its name, in the order of the columns.
    only_linked : bool
        Leave criteria without a link out.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit import evaluation as ev
    >>> card = pd.DataFrame({"criterion": ["C05", "C11", "C12"], "score": [3, 2, 1]})
    >>> seen = ev.through_viewpoints(card)
    >>> [t.get_text() for t in seen.plot_links().get_yticklabels()][0]
    'C05  Access to decision makers'
    """
    check_settings(plot_links, locals())
    rows = criteria[criteria["criterion"].isin(links["criterion"])] if only_linked else criteria
    if not len(rows):
        raise DataError("No criterion of the scorecard has a link.")
    if ax is None:
        ax = new_axes((3.6 + 0.8 * len(names), 1.7 + 0.2 * len(rows)))
    place = {c: i for i, c in enumerate(rows["criterion"])}
    views = list(names)
    with style():
        for (direction, basis), (marker, filled, label) in SIGNS.items():
            part = links[(links["direction"] == direction) & (links["basis"] == basis)]
            colour = PALETTE[0] if direction == "stressed" else PALETTE[1]
            ax.plot(
                [views.index(v) for v in part["viewpoint"]],
                [place[c] for c in part["criterion"]],
                ls="none",
                marker=marker,
                ms=7,
                mec=colour,
                mew=1.1,
                mfc=colour if filled else "white",
                label=label,
            )
        _frame_links(ax, rows, list(names.values()))
    n_text = int((links["basis"] == "text").sum())
    return set_alt(
        ax,
        f"Dots for {len(links)} links between {len(names)} viewpoints and {len(rows)} criteria: "
        f"{n_text} by the text, {len(links) - n_text} by inference; "
        f"{int((links['direction'] == 'contested').sum())} contested.",
    )


def _frame_links(ax: Axes, rows: pd.DataFrame, names: Sequence[str]) -> None:
    labels = [f"{c}  {cut_middle(label, 48)}" for c, label in
              rows[["criterion", "label"]].itertuples(index=False)]  # fmt: skip
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    heads = [wrapped(cut_middle(name, 34), 15) for name in names]
    ax.set_xticks(range(len(names)), heads, parse_math=False)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.tick_params(axis="both", length=0)
    ax.tick_params(axis="x", labeltop=True, labelbottom=len(labels) > 25)
    ax.grid(visible=True)
    ax.set_axisbelow(True)
    lines = max(1 + head.count("\n") for head in heads) if len(labels) > 25 else 0
    below = 0.08 + LINE_INCHES * lines
    ax.legend(loc="upper right", bbox_to_anchor=(1, -below / (0.2 * len(labels))), ncols=2)
