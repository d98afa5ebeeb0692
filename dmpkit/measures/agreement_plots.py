"""Pictures of agreement."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, MARKERS, PALETTE, new_axes, set_alt, style
from dmpkit.tables import require_columns, to_pandas
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["plot_agreement"]


def plot_agreement(
    frame: Any,
    *,
    label: str = "code",
    group: str | None = None,
    share: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Agreement with intervals, one row a code or a coefficient.

    Rows that are undefined are kept and say so, because leaving them out would
    show only the codes that worked.

    Parameters
    ----------
    frame : DataFrame
        ``value, low, high`` and the label column; NaN ends where there is no
        interval.
    label : str
        Column with the row's name.
    group : str, optional
        Column whose values get a marker and a colour each (units of analysis).
    share : str, optional
        Column written at the right of each row, such as prevalence.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        A column is missing, or there is no row.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"code": ["time", "budget"], "value": [0.45, 0.87],
    ...                      "low": [0.2, 0.7], "high": [0.7, 0.95]})
    >>> [t.get_text() for t in plot_agreement(rows).get_yticklabels()]
    ['time', 'budget']
    """
    table = to_pandas(frame)
    wanted = [label, "value", "low", "high", *(c for c in (group, share) if c)]
    require_columns(table, wanted)
    if not len(table):
        raise DataError("There is no row to draw.")
    names = list(dict.fromkeys(table[label]))
    groups = [None] if group is None else list(dict.fromkeys(table[group]))
    axes = ax if ax is not None else new_axes((6.4, 1.1 + 0.3 * len(names) * len(groups) ** 0.5))
    with style():
        axes.axvline(0, color=GREY, lw=0.8)
        for i, name in enumerate(groups):
            part = table if group is None else table[table[group] == name]
            _dots(axes, part, names, label, i, len(groups), name)
        _frame(axes, table, names, share, label)
        if group is not None:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(len(groups), 4))
    return set_alt(axes, _words(table, label))


def _dots(
    ax: Axes, part: pd.DataFrame, names: list[Any], label: str, i: int, of: int, name: Any
) -> None:
    y = np.array([names.index(v) for v in part[label]]) + (i - (of - 1) / 2) * 0.6 / of
    colour = PALETTE[i % len(PALETTE)]
    value = part["value"].to_numpy(dtype=float)
    low, high = (part[c].to_numpy(dtype=float) for c in ("low", "high"))
    known = ~np.isnan(value)
    ends = known & ~np.isnan(low) & ~np.isnan(high)
    ax.hlines(y[ends], low[ends], high[ends], color=colour, lw=1.4)
    ax.plot(
        value[known], y[known], ls="none", marker=MARKERS[i % len(MARKERS)], color=colour,
        label=None if name is None else str(name),
    )  # fmt: skip
    for place in y[~known]:
        ax.text(0.02, place, "undefined", va="center", fontsize=7, style="italic", color=GREY)


def _frame(ax: Axes, table: pd.DataFrame, names: list[Any], share: str | None, label: str) -> None:
    lowest = np.nanmin([0.0, *table["value"], *table["low"]])
    ax.set_xlim(max(-1.02, math.floor(5 * lowest - 0.2) / 5) if lowest < 0 else -0.02, 1.02)
    ax.set_yticks(range(len(names)), [wrapped(v, 34, 2) for v in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(visible=True, axis="y")
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    chance = "0: as by chance"
    if "percent agreement" in names:
        chance += " (not for percent)"
    ax.set_xlabel(f"agreement; {chance}, 1: perfect")
    if share is None:
        return
    first = table.drop_duplicates(label).set_index(label)[share]
    transform = ax.get_yaxis_transform()
    for row, name in enumerate(names):
        said = f"{100 * float(first[name]):.0f} %" if first[name] == first[name] else "–"
        ax.text(1.02, row, said, transform=transform, va="center", fontsize=7)
    ax.text(1.02, -0.75, share.replace("_", " "), transform=transform, va="bottom", fontsize=7)


def _words(table: pd.DataFrame, label: str) -> str:
    known = table.dropna(subset=["value"])
    missing = len(table) - len(known)
    said = f"Dot plot of agreement with intervals for {len(table)} rows"
    if len(known):
        values = known["value"].to_numpy(dtype=float)
        lowest, highest = known.iloc[int(values.argmin())], known.iloc[int(values.argmax())]
        said += (
            f", from {lowest['value']:.2f} ({lowest[label]}) to "
            f"{highest['value']:.2f} ({highest[label]})"
        )
    return f"{said}; {missing} undefined." if missing else f"{said}."
