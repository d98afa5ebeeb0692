"""Pictures of saturation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.plotting import GREY, PALETTE, new_axes, set_alt, style
from dmpkit.wording import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.coding.saturation import Saturation

__all__ = ["plot_new_codes", "plot_saturation"]


def plot_saturation(found: Saturation, group: str = "all", *, ax: Axes | None = None) -> Axes:
    """Codes seen after each interview, with the band of random orders.

    The line with dots is the order in which the interviews were held, the dashed line
    the mean over all orders, the band the middle of the random orders; an upright line
    marks where the threshold was met.

    Parameters
    ----------
    found : Saturation
    group : str
        Which group; all interviews when not given.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.coding.saturation import saturation
    >>> found = saturation([[1, 0], [1, 1], [0, 1]], base=1, run=1, n_orders=50, seed=1)
    >>> plot_saturation(found).get_xlabel()
    'interviews'
    """
    own = found.group(group)
    table = found.interviews[found.interviews["group"] == own.name]
    n = table["n"].to_numpy()
    axes = ax if ax is not None else new_axes((6.4, 3.8))
    with style():
        if found.n_orders:
            axes.fill_between(
                n, table["low"], table["high"], color="0.87", lw=0,
                label=f"middle {100 * found.confidence:g} % of {found.n_orders:,} random orders",
            )  # fmt: skip
        axes.plot(n, table["expected"], "--", color=GREY, label="mean over all orders")
        axes.plot(n, table["cumulative"], "o-", ms=4, color=PALETTE[0], label="order as given")
        axes.set_xlabel("interviews")
        axes.set_ylabel("codes seen")
        axes.set_ylim(0, max(float(table["cumulative"].max()), 1.0) * 1.08)
        axes.set_xlim(min(0.6, n[0] - 0.4), n[-1] + 0.6)
        axes.locator_params(integer=True)
        axes.legend(loc="lower right")
        if own.name != "all":
            axes.set_title(own.name, pad=18)
        if own.reached is not None:
            seen = float(table["cumulative"].iloc[own.reached[0] - 1])
            _mark(axes, own.reached[0], seen, f"{own.notation} at {100 * found.threshold:g} %")
    end = f"threshold met at {own.notation}" if own.notation else f"not saturated: {own.why}"
    return set_alt(
        axes,
        f"Saturation curve of {len(n)} interviews ({own.name}): {int(table['new'].iloc[0])} codes "
        f"after the first, {own.n_codes} after the last; {end}.",
    )


def _mark(ax: Axes, after: int, seen: float, said: str) -> None:
    """An upright line from the curve to the top, and what it means."""
    top = ax.get_ylim()[1]
    ax.plot([after, after], [seen, top], color=PALETTE[1], lw=1.2, ls=":")
    transform = ax.get_xaxis_transform()
    ax.text(
        after, 1.01, said, transform=transform, ha="center", va="bottom", fontsize=8,
        color=PALETTE[1],
    )  # fmt: skip


def plot_new_codes(found: Saturation, group: str = "all", *, ax: Axes | None = None) -> Axes:
    """New codes by interview as bars; those of the base are hatched.

    Parameters
    ----------
    found : Saturation
    group : str
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.coding.saturation import saturation
    >>> found = saturation([[1, 0], [1, 1], [0, 1]], base=1, run=1, n_orders=0)
    >>> len(plot_new_codes(found).patches)
    3
    """
    own = found.group(group)
    n = np.arange(1, len(own.new) + 1)
    names = [cut(name, 18) for name in own.interviews]
    long = max(map(len, names)) > 3 or len(n) > 20
    axes = ax if ax is not None else new_axes((max(4.0, 1.2 + 0.26 * len(n)), 3.2))
    with style():
        inside = n <= found.base
        axes.bar(
            n[inside], own.new[inside], 0.7, color="white", ec=PALETTE[0], hatch="///",
            label=f"base of {found.base}",
        )  # fmt: skip
        axes.bar(n[~inside], own.new[~inside], 0.7, color=PALETTE[0], label="later interviews")
        for x, count in zip(n.tolist(), own.new.tolist(), strict=True):
            axes.text(x, count, f"{count}", ha="center", va="bottom", fontsize=7)
        axes.set_xticks(n, names, rotation=90 if long else 0)
        axes.tick_params(axis="x", length=0)
        axes.set_xlabel("interviews in their order")
        axes.set_ylabel("new codes")
        axes.set_ylim(0, max(1, int(own.new.max(initial=0))) * 1.15)
        axes.locator_params(axis="y", integer=True)
        axes.legend(loc="upper right")
        if own.name != "all":
            axes.set_title(own.name)
    said = ", ".join(map(str, own.new))
    return set_alt(axes, f"Bars of new codes in {len(n)} interviews in their order: {said}.")
