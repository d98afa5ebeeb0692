"""Pictures of R-indicators: they draw what the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dmpkit.plotting import GREY, PALETTE, dot_plot, new_axes, set_alt, style
from dmpkit.wording import cut_middle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.response import RIndicator

__all__ = ["plot_category_partials", "plot_partials"]

_LONGEST = 44


def _distinct(names: list[str]) -> list[str]:
    """Names that became equal by shortening get a number."""
    return [
        name if names.count(name) == 1 else f"{name} ({names[: i + 1].count(name)})"
        for i, name in enumerate(names)
    ]


def plot_partials(result: RIndicator, *, ax: Axes | None = None) -> Axes:
    """Unconditional and conditional partial indicators, one row a variable.

    Parameters
    ----------
    result : RIndicator
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
    """
    table = result.partials.sort_values("unconditional", ascending=False)
    long = pd.DataFrame(
        {
            "variable": _distinct([cut_middle(v, _LONGEST) for v in table["variable"]]) * 2,
            "partial": ["by itself"] * len(table) + ["others held"] * len(table),
            "value": [*table["unconditional"], *table["conditional"]],
        }
    )
    ax = new_axes((6.8, 1.3 + 0.32 * len(table))) if ax is None else ax
    dot_plot(long, label="variable", value="value", group="partial", reference=0.0, ax=ax)
    top = table.iloc[0]
    with style():
        ax.set_xlabel("partial R-indicator (0: response does not differ)")
        ax.set_xlim(left=-0.02 * float(long["value"].max() or 1))
    return set_alt(
        ax,
        f"Dot plot of partial R-indicators of {len(table)} variables, by themselves and with the "
        f"others held; the largest by itself is {top['variable']} with "
        f"{top['unconditional']:.3f}.",
    )


def plot_category_partials(result: RIndicator, *, ax: Axes | None = None) -> Axes:
    """Signed unconditional partial indicators, one row a category.

    Parameters
    ----------
    result : RIndicator
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
    """
    table = result.category_partials
    names = [
        f"{cut_middle(v, 30)}: {cut_middle(c, 26)}"
        for v, c in zip(table["variable"], table["category"], strict=True)
    ]
    ax = new_axes((6.4, 1.2 + 0.24 * len(table))) if ax is None else ax
    y, values = range(len(table)), table["unconditional"].to_numpy()
    with style():
        ax.axvline(0, color=GREY, lw=0.8)
        ax.hlines(y, 0, values, color=PALETTE[0], lw=1.2)
        ax.plot(values, y, "o", color=PALETTE[0], ls="none")
        ax.set_yticks(y, names, parse_math=False)
        ax.set_ylim(len(table) - 0.4, -0.6)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("partial R-indicator (left: responds less than the average)")
    low, high = int(values.argmin()), int(values.argmax())
    return set_alt(
        ax,
        f"Signed partial R-indicators of {len(table)} categories, from {values[low]:.3f} "
        f"({names[low]}) to {values[high]:.3f} ({names[high]}).",
    )
