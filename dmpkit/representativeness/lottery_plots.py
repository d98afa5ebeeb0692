"""Pictures of a lottery: who has which chance, and what panels it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dmpkit.errors import DataError
from dmpkit.measures.inequality import lorenz_curve
from dmpkit.plotting import GREY, LINES, MARKERS, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.fairness import SelectionFairness

__all__ = ["plot_lorenz", "plot_sorted_chances"]


def plot_lorenz(rules: Mapping[str, SelectionFairness], *, ax: Axes | None = None) -> Axes:
    """Lorenz curves of the chances under one or more drawing rules.

    Parameters
    ----------
    rules : mapping of str to SelectionFairness
        Name to fairness, at most eight.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> from dmpkit.representativeness.fairness import selection_fairness
    >>> ax = plot_lorenz({"greedy": selection_fairness([0.2, 0.8])})
    >>> [line.get_label() for line in ax.lines][1]
    'greedy (Gini 0.30)'
    """
    _check_number(rules)
    ax = new_axes((5.0, 4.6)) if ax is None else ax
    with style():
        ax.plot([0, 1], [0, 1], color=GREY, lw=0.8, label="equal chances")
        for i, (name, fair) in enumerate(rules.items()):
            curve = lorenz_curve(fair.chances)
            ax.plot(
                curve["share_of_people"],
                curve["share_of_total"],
                color=PALETTE[i],
                ls=LINES[i],
                marker=MARKERS[i],
                markevery=(0.1 + 0.03 * i, 0.2),
                ms=4.5,
                label=f"{name} (Gini {fair.gini:.2f})",
            )
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        ax.set_xlabel("share of the pool, lowest chances first")
        ax.set_ylabel("share of all chances")
        ax.legend(loc="upper left")
    said = ", ".join(f"{name} {fair.gini:.2f}" for name, fair in rules.items())
    return set_alt(ax, f"Lorenz curves of the chances to be drawn; Gini coefficients: {said}.")


def plot_sorted_chances(rules: Mapping[str, SelectionFairness], *, ax: Axes | None = None) -> Axes:
    """Chances of the pool members in rising order, against the even chance.

    Parameters
    ----------
    rules : mapping of str to SelectionFairness
        Name to fairness, at most eight.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> from dmpkit.representativeness.fairness import selection_fairness
    >>> plot_sorted_chances({"greedy": selection_fairness([0.2, 0.8])}).get_xlabel()
    'percentile of the pool'
    """
    _check_number(rules)
    ax = new_axes((6.4, 4.0)) if ax is None else ax
    first = next(iter(rules.values()))
    with style():
        ax.axhline(first.even_chance, color=GREY, lw=0.8, label="even chance")
        for i, (name, fair) in enumerate(rules.items()):
            chances = np.sort(fair.chances)
            place = 100 * (np.arange(chances.size) + 0.5) / chances.size
            ax.plot(
                place,
                chances,
                color=PALETTE[i],
                ls=LINES[i],
                marker=MARKERS[i],
                markevery=(0.05 + 0.04 * i, 0.2),
                ms=4.5,
                label=f"{name} (lowest {fair.minimum:.2%})",
            )
        ax.set(xlim=(0, 100), ylim=(0, None))
        ax.set_xlabel("percentile of the pool")
        ax.set_ylabel("chance to be drawn")
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:.0%}" if v >= 0.1 else f"{v:.3g}")
        ax.legend(loc="upper left")
    said = ", ".join(f"{n} from {f.minimum:.2%} to {f.maximum:.1%}" for n, f in rules.items())
    return set_alt(
        ax, f"Chances to be drawn in rising order: {said}; the even chance is "
        f"{first.even_chance:.1%}.",
    )  # fmt: skip


def _check_number(rules: Mapping[str, SelectionFairness]) -> None:
    if not 1 <= len(rules) <= len(LINES):
        raise DataError(
            f"There are {len(rules)} rules to draw.", remedy=f"Draw one to {len(LINES)}."
        )
