"""The picture of a quantifier scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, INK, PALETTE, new_axes, set_alt, style
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.coding.quantifiers import QuantifiedFindings

__all__ = ["plot_quantifiers"]


def plot_quantifiers(found: QuantifiedFindings, *, ax: Axes | None = None) -> Axes:
    """Findings as ranges: pale bars for what the words force, hatched for assumptions.

    A bar without a dark end goes on because the word sets no limit there but the number
    of people; the word itself stands at the right.

    Parameters
    ----------
    found : QuantifiedFindings
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        When no word forces anything.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.coding.quantifiers import quantified
    >>> table = pd.DataFrame({"finding": ["left", "stayed"], "quantifier": ["just one", "most"]})
    >>> [t.get_text() for t in plot_quantifiers(quantified(table, 25)).get_yticklabels()]
    ['left', 'stayed']
    """
    table = found.findings[found.findings["low"].notna()].reset_index(drop=True)
    if not len(table):
        raise DataError("No finding has a word that forces a number, so there is nothing to draw.")
    sizes = table["n"].dropna()
    open_end = table["low"].max() + 1 if table["high"].isna().any() else 1
    top = float(max([*sizes, *table["high"].dropna(), open_end]))
    high = table["high"].fillna(top).to_numpy(dtype=float)
    low = table["low"].to_numpy(dtype=float)
    y = np.arange(len(table))
    axes = ax if ax is not None else new_axes((7.2, 1.3 + 0.3 * len(table)))
    with style():
        axes.barh(y, high - low + 0.8, 0.62, low - 0.4, color="0.86", label="what the word forces")
        _ends(axes, y, low, high, table["n"].to_numpy(dtype=float))
        some = table["assumed_low"].notna().to_numpy()
        if some.any():
            first = table["assumed_low"].to_numpy(dtype=float)[some]
            last = table["assumed_high"].to_numpy(dtype=float)[some]
            axes.barh(
                y[some], last - first + 0.8, 0.36, first - 0.4, color="none", ec=PALETTE[1],
                hatch="////", lw=1, label="assumed by the reader",
            )  # fmt: skip
        for place, word in zip(y.tolist(), table["quantifier"], strict=True):
            axes.text(
                1.01, place, word, transform=axes.get_yaxis_transform(), va="center", fontsize=8
            )
        axes.set_yticks(y, [wrapped(name, 38, 2) for name in table["finding"]])
        axes.set_ylim(len(table) - 0.4, -0.6)
        axes.set_xlim(-0.6, top + 0.6)
        axes.locator_params(axis="x", integer=True)
        axes.tick_params(axis="y", length=0)
        one = len(set(sizes)) == 1 and len(sizes) == len(table)
        axes.set_xlabel(f"people or cases, of {top:g}" if one else "people or cases")
        if one and top > 2:
            axes.axvline(top / 2, color=GREY, lw=0.8, ls=":")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    marked = f"; {int(some.sum())} with a range assumed by the reader" if some.any() else ""
    exact = int((low == high).sum())
    return set_alt(
        axes,
        f"Bars of what the quantifier words of {len(table)} findings force, on a scale to "
        f"{top:g}: {exact} exact numbers, the others ranges{marked}.",
    )


def _ends(ax: Axes, y: object, low: object, high: object, n: object) -> None:
    """A dark edge where a word sets a limit of its own."""
    rows = zip(*(np.asarray(v, dtype=float) for v in (y, low, high, n)), strict=True)
    for place, a, b, size in rows:
        ax.plot([a - 0.4] * 2, [place - 0.31, place + 0.31], color=INK, lw=1.6)
        if a == b or b < size:
            ax.plot([b + 0.4] * 2, [place - 0.31, place + 0.31], color=INK, lw=1.6)
