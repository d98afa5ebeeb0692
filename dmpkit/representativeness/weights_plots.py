"""Pictures of weights: they draw what the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.plotting import GREY, INK, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.weights import Weights

__all__ = ["plot_weights"]


def plot_weights(weights: Weights, *, ax: Axes | None = None) -> Axes:
    """Histogram of the weights over their mean, with design effect and effective n.

    Parameters
    ----------
    weights : Weights
        People with the weight 0 are left out.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.representativeness.weighting import design_weights
    >>> adults = pd.DataFrame({"gender": ["woman", "man", "man"], "adults": [1, 2, 3]})
    >>> ax = plot_weights(design_weights(adults, "adults"))
    >>> ax.get_xlabel()
    'weight, in multiples of the mean weight'
    """
    ax = new_axes((6.4, 3.2)) if ax is None else ax
    used = weights.weights[weights.weights != 0]
    ratio = used / used.mean()
    edges = np.histogram_bin_edges(ratio, bins=min(40, max(8, int(np.sqrt(len(ratio)) * 1.5))))
    said = (
        f"n = {weights.n:,}, effective n = {weights.effective_n:,.1f}, "
        f"design effect = {weights.design_effect:.2f}"
    )
    with style():
        ax.hist(ratio, edges.tolist(), color=PALETTE[4], edgecolor="white", linewidth=0.6)
        ax.axvline(1, color=GREY, lw=1.2, ls="--")
        top = ax.get_ylim()[1]
        ax.text(1, top, " mean", color=INK, fontsize=8, va="top", ha="left")
        ax.set_xlabel("weight, in multiples of the mean weight")
        ax.set_ylabel("people")
        ax.set_title(said, loc="left", fontsize=9, fontweight="normal", pad=14)
    return set_alt(
        ax,
        f"Histogram of {weights.n:,} weights in multiples of their mean, from {ratio.min():.2f} to "
        f"{ratio.max():.2f}; design effect {weights.design_effect:.2f}, effective n "
        f"{weights.effective_n:,.1f}.",
    )
