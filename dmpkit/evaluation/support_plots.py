"""Pictures of support by sub-group and of agreement by opinion group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import first_few
from dmpkit.plotting import (
    GREY,
    MARKERS,
    PALETTE,
    heat_map,
    mark_synthetic,
    new_axes,
    set_alt,
    style,
)
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.consensus import GroupConsensus
    from dmpkit.evaluation.support import Support

__all__ = ["plot_consensus", "plot_support"]


def plot_support(
    support: Support, item: str | None = None, *, synthetic: bool = False, ax: Axes | None = None
) -> Axes:
    """Share in favour in each sub-group that may be shown, against that of all who voted.

    Parameters
    ----------
    support : Support
        With sub-groups.
    item : str, optional
        The text, or the item with the lowest sub-group, when not given.
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        No sub-group may be shown, or there is no such item.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.support import support_for_text
    >>> frame = pd.DataFrame({"person": range(12), "item": "text", "sex": ["f", "m"] * 6,
    ...                       "answer": ["for"] * 9 + ["against"] * 3})
    >>> ax = plot_support(support_for_text(frame, groups="sex"))
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['f (6)', 'm (6)']
    """
    low = support.lowest
    name = item or support.text_item or (None if low is None else str(low["item"]))
    shown = support.groups
    if len(shown):
        shown = shown[(shown["item"] == name) & shown["share"].notna()].reset_index(drop=True)
    if not len(shown):
        raise DataError(f"There is no sub-group to be shown for {name!r}.",
                        remedy="Name sub-groups with enough people, or another item.")  # fmt: skip
    whole = 100 * float(support.items.loc[support.items["item"] == name, "share"].iloc[0])
    labels = [f"{wrapped(g)} ({n:.0f})" for g, n in zip(shown["group"], shown["voted"],
                                                                strict=True)]  # fmt: skip
    deep = sum(0.14 * label.count("\n") for label in labels)
    ax = new_axes((6.6, 1.5 + 0.28 * len(shown) + deep)) if ax is None else ax
    attributes = list(dict.fromkeys(shown["attribute"]))
    with style():
        ax.axvline(whole, color=GREY, lw=1, ls="--", label=f"all who voted ({whole:.0f} %)")
        for i, attribute in enumerate(attributes):
            own = shown[shown["attribute"] == attribute]
            colour = PALETTE[i % len(PALETTE)]
            if own["low"].notna().any():
                ax.hlines(own.index, 100 * own["low"], 100 * own["high"], color=colour, lw=1.2)
            ax.plot(100 * own["share"], own.index, ls="none", color=colour, clip_on=False,
                    marker=MARKERS[i % len(MARKERS)],
                    label=wrapped(attribute, 28, lines=1))  # fmt: skip
        ax.set_yticks(range(len(shown)), labels)
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.set_xlim(0, 100)
        ax.grid(visible=True, axis="y")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel(
            f"per cent in favour of {wrapped(name, 40, lines=1)} (number of voters in brackets)"
        )
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    said = first_few([f"{r.attribute} {r.group} {r.share:.0%}" for r in shown.itertuples()], 15)
    set_alt(ax, f"Support for {name} by sub-group: {said}; all who voted {whole:.0f} %.")
    return mark_synthetic(ax) if synthetic else ax


def plot_consensus(
    found: GroupConsensus, *, top: int = 15, synthetic: bool = False, ax: Axes | None = None
) -> Axes:
    """Smoothed share of agreement of each opinion group with each statement, best first.

    Parameters
    ----------
    found : GroupConsensus
    top : int
        Statements shown, from the first on.
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.consensus import group_informed_consensus
    >>> frame = pd.DataFrame({"statement": ["x", "x"], "group": ["a", "b"],
    ...                       "agree": [8, 3], "seen": [10, 4]})
    >>> [t.get_text() for t in plot_consensus(group_informed_consensus(frame)).get_xticklabels()]
    ['a', 'b', 'product']
    """
    import numpy as np

    best = found.table.head(top)
    wide = found.votes.pivot_table(index="statement", columns="group", values="share")
    cells = np.column_stack([
        wide.loc[best["statement"], list(found.groups)].to_numpy(), best["consensus"],
    ])  # fmt: skip
    labels = [wrapped(s, 44, lines=2) for s in best["statement"]]
    tall = 0.42 if any("\n" in label for label in labels) else 0.3
    columns = [wrapped(g, 14) for g in found.groups] + ["product"]
    long = min(44, max(len(label) for label in labels))
    if ax is None:
        ax = new_axes((2.2 + 0.07 * long + 0.62 * len(columns), 1.6 + tall * len(labels)))
    heat_map(
        cells, labels, columns, limits=(0.0, 1.0), digits=3, label="(agree + 1)/(seen + 2)", ax=ax
    )
    with style():
        ax.axvline(len(columns) - 1, color="black", lw=1.5)
        ax.tick_params(axis="x", rotation=0 if max(map(len, columns)) <= 8 else 90)
        ax.set_ylabel("statement")
        ax.set_xlabel("opinion group")
    first = best.iloc[0]
    set_alt(
        ax,
        f"Heat map of the agreement of {len(found.groups)} opinion groups with {len(best)} "
        f"statements; statement {first['statement']} has the highest product, "
        f"{first['consensus']:.2f}.",
    )
    return mark_synthetic(ax) if synthetic else ax
