"""Pictures of margins: share against target, and the love plot."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, INK, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.margins import MarginCheck

__all__ = ["love_table", "plot_love", "plot_margins"]

ORANGE = PALETTE[1]
BLUE = PALETTE[0]
#: Characters after which a label is broken into lines, and after which it is cut.
WRAP, LONGEST = 34, 68
#: A customary line for a standardised difference that is worth a look (Austin 2009).
NOTABLE_SMD = 0.1


def _require_check(check: object) -> None:
    if not hasattr(check, "categories"):
        raise DataError(
            f"There is nothing to draw in a {type(check).__name__}.",
            remedy="Give the result of check_margins.",
        )


def plot_margins(check: MarginCheck, *, ax: Axes | None = None) -> Axes:
    """Share of the panel against its target, category by category.

    An open dot is the target, a full square the panel; a thin line is the Wilson
    interval of the panel's share, drawn only where the variable was left to chance;
    a grey band is the quota, as shares of the panel.

    Parameters
    ----------
    check : MarginCheck
        Result of :func:`check_margins`.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> from dmpkit.representativeness.margins import check_margins
    >>> check = check_margins({"sex": {"M": 11, "F": 12}}, {"sex": {"M": 0.496, "F": 0.504}})
    >>> plot_margins(check).get_xlabel()
    'share (%)'
    """
    _require_check(check)
    cells = check.categories
    places, heads, height = _layout(cells)
    labels = [_label(c) for c in cells["category"]]
    ax = new_axes((7.2, 1.1 + 0.235 * height)) if ax is None else ax
    with style():
        _quota_bands(ax, cells, places)
        free = cells["low"].notna().to_numpy()
        if free.any():
            ax.hlines(
                places[free], 100 * cells.loc[free, "low"], 100 * cells.loc[free, "high"],
                color=BLUE, lw=1.0, zorder=2, label=f"{100 * (1 - check.level):g} % interval",
            )  # fmt: skip
        ax.hlines(places, 100 * cells["target"], 100 * cells["share"], color=GREY, lw=2.6,
                  alpha=0.55, zorder=1)  # fmt: skip
        ax.plot(100 * cells["target"], places, "o", mfc="white", mec=INK, ms=6, zorder=3,
                label="target" if check.target is not None else "population")  # fmt: skip
        ax.plot(100 * cells["share"], places, "s", color=BLUE, ms=4.5, zorder=4, label="panel")
        _dress(ax, places, labels, heads, height)
        ax.set_xlabel("share (%)")
        ax.set_xlim(left=0)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, borderaxespad=0.2)
    worst = cells.to_dict("records")[int(cells["gap"].abs().to_numpy().argmax())]
    against = "target" if check.target is not None else "population"
    return set_alt(
        ax,
        f"Dumbbell plot: shares of the panel against the {against} for {len(cells)} categories "
        f"of {len(check.variables)} variables. The largest gap is {worst['variable']} "
        f"{worst['category']}, {100 * worst['share']:.1f} per cent against "
        f"{100 * worst['target']:.1f}.",
    )


def plot_love(
    check: MarginCheck,
    after: MarginCheck | None = None,
    *,
    by: Literal["category", "variable"] | None = None,
    labels: tuple[str, str] = ("before", "after"),
    ax: Axes | None = None,
) -> Axes:
    """Love plot: standardised differences, or distances, of one check or of two.

    By category the absolute standardised difference (pooled), with a line at 0.1; by
    variable the total variation distance. With two checks, such as those who responded
    and those who were selected, an arrow leads from the first to the second.

    Parameters
    ----------
    check, after : MarginCheck
        One check, or the earlier and the later one.
    by : {"category", "variable"}, optional
        By variable from 40 categories on when not given.
    labels : (str, str)
        What the two are called in the legend.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When the two checks have no row in common.

    Examples
    --------
    >>> from dmpkit.representativeness.margins import check_margins
    >>> check = check_margins({"sex": {"M": 11, "F": 12}}, {"sex": {"M": 0.496, "F": 0.504}})
    >>> plot_love(check).get_xlabel()
    'absolute standardised difference'
    """
    _require_check(check)
    how = by or ("category" if len(check.categories) <= 40 else "variable")
    rows = love_table(check, after, by=how)
    places, heads, height = _layout(rows) if how == "category" else _flat(rows)
    names = (
        [_label(v) for v in rows["category"]]
        if how == "category"
        else [_head(str(v)) for v in rows["variable"]]
    )
    scale = 1.0 if how == "category" else 100.0
    ax = new_axes((7.2, 1.1 + 0.235 * height)) if ax is None else ax
    with style():
        if how == "category":
            ax.axvline(NOTABLE_SMD, color=GREY, lw=0.8, ls="--")
            ax.text(NOTABLE_SMD, 1.0, " 0.1", transform=ax.get_xaxis_transform(), fontsize=7,
                    color=GREY, va="bottom")  # fmt: skip
        if after is not None:
            ax.hlines(places, scale * rows["before"], scale * rows["after"], color=GREY, lw=1.2)
        ax.plot(scale * rows["before"], places, "o", mfc="white" if after else BLUE, mec=BLUE,
                ms=6, label=labels[0] if after else "panel")  # fmt: skip
        if after is not None:
            ax.plot(scale * rows["after"], places, "s", color=ORANGE, ms=4.5, label=labels[1])
            ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0.2)
        _dress(ax, places, names, heads, height)
        for line in ax.lines:
            line.set_clip_on(False)  # markers at 0
        ax.set_xlim(left=0)
        ax.set_xlabel(
            "absolute standardised difference"
            if how == "category"
            else "total variation distance (%)"
        )
    return set_alt(ax, _love_alt(rows, how, labels, after is not None))


def love_table(
    check: MarginCheck, after: MarginCheck | None = None, *, by: str = "category"
) -> pd.DataFrame:
    """What :func:`plot_love` draws: ``variable``, perhaps ``category``, ``before, after``.

    Parameters
    ----------
    check, after : MarginCheck
        One check or two.
    by : {"category", "variable"}

    Examples
    --------
    >>> from dmpkit.representativeness.margins import check_margins
    >>> check = check_margins({"sex": {"M": 11, "F": 12}}, {"sex": {"M": 0.5, "F": 0.5}})
    >>> love_table(check, by="variable").round(3)
      variable  before
    0      sex   0.022
    """
    if by not in ("category", "variable"):
        raise DataError(f"{by!r} is not a kind of row.", remedy="Use 'category' or 'variable'.")
    one = _rows(check, by).rename(columns={"value": "before"})
    if after is None:
        return one
    keys = ["variable"] if by == "variable" else ["variable", "category"]
    both = one.merge(_rows(after, by).rename(columns={"value": "after"}), on=keys)
    if not len(both):
        raise DataError("The two checks have no variable in common.")
    return both


def _rows(check: MarginCheck, by: str) -> pd.DataFrame:
    if by == "variable":
        return pd.DataFrame(
            {"variable": check.variables["variable"], "value": check.variables["tvd"]}
        )
    table = check.categories[["variable", "category"]].copy()
    return table.assign(value=check.categories["smd"].abs())


def _love_alt(rows: pd.DataFrame, how: str, labels: tuple[str, str], two: bool) -> str:
    what = (
        "absolute standardised differences of categories"
        if how == "category"
        else "total variation distances of variables"
    )
    if not two:
        worst = rows.to_dict("records")[int(rows["before"].to_numpy().argmax())]
        name = " ".join(str(worst[c]) for c in rows.columns if c != "before")
        return f"Love plot of {len(rows)} {what}; the largest is {name}, {worst['before']:.2f}."
    fell = int((rows["after"] < rows["before"]).sum())
    return (
        f"Love plot of {len(rows)} {what}, {labels[0]} and {labels[1]}: {fell} became smaller, "
        f"the median went from {rows['before'].median():.2f} to {rows['after'].median():.2f}."
    )


# --- rows ------------------------------------------------------------------------


def _layout(cells: pd.DataFrame) -> tuple[NDArray[np.float64], list[tuple[float, str]], float]:
    """Place of each category, place and name of each variable's heading, and the height."""
    places, heads, at = [], [], 0.0
    before = None
    for name, label in zip(cells["variable"], cells["category"], strict=True):
        if name != before:
            at += 0.35 if before is not None else 0.0
            heads.append((at, str(name)))
            at += 1.0
            before = name
        extra = 0.4 * _label(label).count("\n")
        places.append(at + extra / 2)
        at += 1.0 + extra
    return np.array(places), heads, at


def _flat(rows: pd.DataFrame) -> tuple[NDArray[np.float64], list[tuple[float, str]], float]:
    return np.arange(len(rows), dtype=float), [], float(len(rows))


def _label(text: object) -> str:
    return "\n".join(textwrap.wrap(textwrap.shorten(str(text), LONGEST, placeholder="…"), WRAP))


def _head(name: str) -> str:
    """The name of a variable in one line."""
    return textwrap.shorten(name, 44, placeholder="…")


def _dress(
    ax: Axes,
    places: NDArray[np.float64],
    labels: list[str],
    heads: list[tuple[float, str]],
    height: float,
) -> None:
    """Labels of the rows and headings of the variables at the left."""
    every = sorted([*zip(places, labels, [False] * len(labels), strict=True),
                    *((at, _head(name), True)
                      for at, name in heads)])  # fmt: skip
    ax.set_yticks([at for at, _, _ in every], [text for _, text, _ in every])
    for tick, (_, _, head) in zip(ax.get_yticklabels(), every, strict=True):
        tick.set_fontweight("bold" if head else "normal")
    ax.set_ylim(height - 0.4, -0.6)
    ax.hlines(places, 0, 1, transform=ax.get_yaxis_transform(), color="#e4e4e8", lw=0.6, zorder=0)
    ax.tick_params(axis="y", length=0)


def _quota_bands(ax: Axes, cells: pd.DataFrame, places: NDArray[np.float64]) -> None:
    """The quota of each category as a band, in per cent of the members compared."""
    has = cells["quota_min"].notna().to_numpy()
    if not has.any():
        return
    n = (cells["count"] / cells["share"]).groupby(cells["variable"]).transform("max")
    low, high = 100 * cells["quota_min"] / n, 100 * cells["quota_max"] / n
    ax.barh(
        places[has], (high - low)[has], height=0.72, left=low[has], color="#d3d3d8", ec=GREY,
        lw=0.5, zorder=0.5, label="quota",
    )  # fmt: skip
