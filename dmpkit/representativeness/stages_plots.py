"""Pictures of a stage flow: composition by stage, and the waterfall of one category's gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, HATCHES, INK, PALETTE, new_axes, set_alt, small_multiples, style
from dmpkit.representativeness.labels import closest
from dmpkit.wording import cut

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dmpkit.representativeness.stages import StageFlow

__all__ = ["plot_stages", "plot_waterfall"]

#: Categories above which the labels of one small picture would run into one another.
MOST_LABELS = 12


def plot_stages(flow: StageFlow, variables: Sequence[str] | None = None) -> Axes:
    """Composition by stage: one small picture a variable, one stacked bar a stage.

    The first bar is the population. Each category has a colour and a hatch, and its
    name and last share beside the last bar; a stage of which the composition is not
    known has an empty place.

    Parameters
    ----------
    flow : StageFlow
    variables : sequence of str, optional
        All when not given.

    Returns
    -------
    Axes
        The first of them; its figure holds all.

    Raises
    ------
    DataError
        For a variable that the flow does not have.
    """
    names = list(flow.variables if variables is None else variables)
    for name in names:
        if name not in flow.variables:
            raise DataError(f"There is no variable {name!r}.", remedy=closest(name, flow.variables))
    table = flow.composition
    stages = [flow.flow.reference_name] if flow.flow.reference_name not in flow.flow.stages else []
    stages = [s for s in [*stages, *flow.flow.stages] if (table["stage"] == s).any()]
    longest = max(len(c) for name in names for c in flow.flow.categories[name])
    room = 0.55 + 0.054 * min(longest + 5, 34)
    step = 0.42
    columns = max(1, min(3, int(9.5 // (0.5 + step * len(stages) + room))))
    grid = small_multiples(
        len(names), n_columns=columns, size=(0.5 + step * len(stages) + room, 2.35)
    )
    with style():
        for name, ax in zip(names, grid, strict=True):
            part = table[table["variable"] == name]
            _draw_variable(ax, part, stages, flow.flow.categories[name])
            ax.set_title(name.replace("_", " "), fontsize=9)
            ax.set_xlim(-0.6, len(stages) - 0.4 + room / step)
            ax.set_ylim(-0.02, 1.02)
            ax.set_xticks(range(len(stages)), stages, rotation=55, ha="right", fontsize=7)
            ax.tick_params(axis="x", labelbottom=True, length=0)
            ax.set_yticks([0, 0.5, 1], ["0%", "50%", "100%"])
            ax.spines["bottom"].set_visible(False)
    return set_alt(grid[0], _composition_alt(flow, names, stages))


def _draw_variable(
    ax: Axes, part: pd.DataFrame, stages: Sequence[str], categories: Sequence[str]
) -> None:
    last, known = np.zeros(len(categories)), 0
    for x, stage in enumerate(stages):
        own = part[part["stage"] == stage]
        if own.empty:
            ax.text(x, 0.5, "not known", rotation=90, ha="center", va="center",
                    fontsize=6.5, color=GREY)  # fmt: skip
            continue
        shares = np.nan_to_num(own["share"].to_numpy(dtype=np.float64))
        bottom = 1.0
        for i, share in enumerate(shares):
            bottom -= share
            ax.bar(x, share, 0.8, bottom, color=_tint(i), ec=INK, lw=0.5,
                   hatch=HATCHES[(i + i // len(PALETTE)) % len(HATCHES)])  # fmt: skip
        last, known = shares, x
    middles = 1 - np.cumsum(last) + last / 2
    order = [int(i) for i in np.argsort(-last, kind="stable")]
    shown = sorted(order[:MOST_LABELS])
    places = _spread(middles[shown], 0.083)
    for i, y in zip(shown, places, strict=True):
        ax.plot([known + 0.42, known + 0.75], [middles[i], y], color=GREY, lw=0.6)
        ax.text(known + 0.85, y, f"{cut(categories[i], 28)} {100 * last[i]:.0f}%", va="center",
                fontsize=6.8, color=INK)  # fmt: skip
    if len(shown) < len(categories):
        ax.text(known + 0.85, -0.09, f"and {len(categories) - len(shown)} more", fontsize=6.5,
                va="center", color=GREY)  # fmt: skip


def _tint(i: int) -> tuple[float, float, float]:
    """A palette colour lightened, so that the hatch on it is seen."""
    from matplotlib.colors import to_rgb

    r, g, b = to_rgb(PALETTE[i % len(PALETTE)])
    return (0.45 + 0.55 * r, 0.45 + 0.55 * g, 0.45 + 0.55 * b)


def _spread(middles: NDArray[np.float64], gap: float) -> NDArray[np.float64]:
    """Label heights at least `gap` apart, as near to their bars as that allows (top first)."""
    places = middles.copy()
    for i in range(1, len(places)):
        places[i] = min(places[i], places[i - 1] - gap)
    if len(places) and places[-1] < 0.0:
        places[-1] = 0.0
        for i in range(len(places) - 2, -1, -1):
            places[i] = max(places[i], places[i + 1] + gap)
    return places


def _composition_alt(flow: StageFlow, names: Sequence[str], stages: Sequence[str]) -> str:
    text = f"Stacked bars of the composition at {', '.join(stages)} for {len(names)} variables."
    gaps = flow.composition[flow.composition["variable"].isin(names)]
    gaps = gaps[gaps["gap"].notna()]
    if gaps.empty:
        return text
    row = gaps.iloc[int(gaps["gap"].abs().to_numpy().argmax())]
    return (
        f"{text} The largest gap to {flow.flow.reference_name} is {row['variable']}: "
        f"{row['category']} at {row['stage']}, {100 * row['gap']:+.1f} points."
    )


def plot_waterfall(
    flow: StageFlow, variable: str, category: str, *, ax: Axes | None = None
) -> Axes:
    """What each stage added to the gap of one category, in points; the last bar is the gap.

    Parts that raise the share are plain, parts that lower it hatched.

    Parameters
    ----------
    flow : StageFlow
    variable, category : str
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When the category is not there, or the population's share is not known.
    """
    parts = flow.decomposition
    own = parts[(parts["variable"] == variable) & (parts["category"] == category)]
    if own.empty or own["gap"].isna().all():
        pairs = parts.dropna(subset=["gap"])[["variable", "category"]].drop_duplicates()
        known = [f"{v}: {c}" for v, c in pairs.itertuples(index=False)]
        raise DataError(
            f"There is no gap of {variable}: {category} to show.",
            remedy=closest(f"{variable}: {category}", known),
        )
    own = own[own["gap"].notna()]  # a step starts from the last gap that is known
    ends = 100 * own["gap"].to_numpy(dtype=np.float64)
    starts = np.concatenate([[0.0], ends[:-1]])
    stages = [str(s) for s in own["stage"]]
    labels = [*stages, "gap at the end"]
    ax = ax if ax is not None else new_axes((1.6 + 0.95 * len(labels), 3.4))
    low, high = min(0.0, float(ends.min())), max(0.0, float(ends.max()))
    span = (high - low) or 1.0
    with style():
        ax.axhline(0, color=INK, lw=0.9)
        for x, (start, end) in enumerate(zip(starts, ends, strict=True)):
            _draw_step(ax, x, start, end, span)
            ax.plot([x + 0.35, x + 0.65], [end, end], color=GREY, lw=0.8)
        _draw_step(ax, len(stages), 0.0, float(ends[-1]), span, total=True)
        ax.set_ylim(low - 0.14 * span, high + 0.14 * span)
        ax.set_xlim(-0.6, len(labels) - 0.4)
        tilted = max(map(len, labels)) > 14
        ax.set_xticks(range(len(labels)), labels, rotation=30 if tilted else 0,
                      ha="right" if tilted else "center")  # fmt: skip
        ax.set_ylabel(f"gap to {flow.flow.reference_name}, points")
        ax.set_title(f"{variable.replace('_', ' ')}: {category}")
    steps = ", ".join(f"{s} {b - a:+.1f}" for s, a, b in zip(stages, starts, ends, strict=True))
    return set_alt(
        ax,
        f"Waterfall of the gap of {variable}: {category} to {flow.flow.reference_name}. Points "
        f"added: {steps}; gap at the end {ends[-1]:+.1f}.",
    )


def _draw_step(
    ax: Axes, x: int, start: float, end: float, span: float, *, total: bool = False
) -> None:
    change = end - start
    down = change < 0
    colour = "#d2d2d7" if total else PALETTE[1] if down else PALETTE[0]
    ax.bar(
        x, change, 0.7, start, color="white" if down and not total else colour,
        ec=INK if total else colour, hatch="////" if down else "", lw=1.1,
    )  # fmt: skip
    ax.text(
        x, end + (-0.025 if down else 0.025) * span, f"{change:+.1f}", ha="center",
        va="top" if down else "bottom", fontsize=8, color=INK,
    )  # fmt: skip
