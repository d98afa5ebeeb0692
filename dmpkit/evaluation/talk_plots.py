"""Pictures of speaking time: the talk-time curve and groups against their membership."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import first_few
from dmpkit.measures.inequality import gini, lorenz_curve
from dmpkit.plotting import (
    GREY,
    LINES,
    MARKERS,
    PALETTE,
    mark_synthetic,
    new_axes,
    set_alt,
    style,
)
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dmpkit.evaluation.talk import TalkInequality

    Floats = NDArray[np.float64]

__all__ = ["plot_talk_curve", "plot_talk_groups"]

#: Curves that can be told apart in one picture.
MOST_CURVES = 8


def plot_talk_curve(
    talk: TalkInequality,
    *,
    by: str | None = None,
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Talk-time curve: what share of the talk the quietest share of the members has.

    A Lorenz curve; the area between it and the diagonal is half the Gini coefficient.

    Parameters
    ----------
    talk : TalkInequality
    by : {"table"}, optional
        One thin curve a table besides, at most eight; needs one table a person.
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        No tables, or more than eight.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.talk import talk_inequality
    >>> log = pd.DataFrame({"person": ["a", "b"], "seconds": [60, 180]})
    >>> [line.get_label() for line in plot_talk_curve(talk_inequality(log)).lines]
    ['all speak equally long', 'all members (Gini 0.25)']
    """
    curves = [("all members", talk.seconds), *_tables(talk, by)]
    ax = new_axes((5.6, 4.8)) if ax is None else ax
    with style():
        ax.plot([0, 1], [0, 1], color=GREY, lw=0.8, label="all speak equally long")
        for i, (name, seconds) in enumerate(curves):
            curve = lorenz_curve(seconds)
            ax.plot(
                curve["share_of_people"],
                curve["share_of_total"],
                color=PALETTE[i % len(PALETTE)],
                ls=LINES[i % len(LINES)],
                lw=2 if i == 0 else 1.1,
                marker=MARKERS[i % len(MARKERS)],
                ms=4,
                markevery=(0.08 + 0.03 * i, 0.2),
                label=f"{wrapped(name, 28, lines=1)} (Gini {gini(seconds):.2f})",
            )
        ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
        ax.set_xlabel("share of the members, quietest first")
        ax.set_ylabel("share of the talk")
        ax.legend(loc="upper left")
    values = talk.seconds.copy()
    values.sort()
    quiet = values[: values.size // 2].sum() / values.sum()
    said = first_few([f"{name} {gini(seconds):.2f}" for name, seconds in curves], 9)
    set_alt(
        ax,
        f"Talk-time curve of {values.size} members: the quieter half has {quiet:.0%} of the "
        f"talk. Gini coefficients: {said}.",
    )
    return mark_synthetic(ax) if synthetic else ax


def _tables(talk: TalkInequality, by: str | None) -> list[tuple[str, Floats]]:
    if by is None:
        return []
    if by != "table" or "table" not in talk.people.columns:
        raise DataError(
            f"There are no curves by {by!r}.",
            remedy='Use by="table", with one table a person given to talk_inequality.',
        )
    known = talk.people[(talk.people["table"] != "")]
    parts = [
        (f"table {name}", part["seconds"].to_numpy(dtype="float64"))
        for name, part in known.groupby("table")
        if part["seconds"].sum() > 0
    ]
    if len(parts) >= MOST_CURVES:
        raise DataError(
            f"{len(parts)} tables are too many for one picture.",
            remedy="Draw a few, or read the table of measures by table.",
        )
    return parts


def plot_talk_groups(
    talk: TalkInequality, *, synthetic: bool = False, ax: Axes | None = None
) -> Axes:
    """Each group's share of the members (open) against its share of the talk (full).

    Groups too small to be shown are left out.

    Parameters
    ----------
    talk : TalkInequality
        With groups.
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        No groups were compared, or all are too small.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.talk import talk_inequality
    >>> log = pd.DataFrame({"person": range(12), "seconds": range(12), "sex": ["f", "m"] * 6})
    >>> ax = plot_talk_groups(talk_inequality(log, group="sex", seed=1))
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['f (6)', 'm (6)']
    """
    if talk.gap is None:
        raise DataError("No groups were compared.", remedy="Name a column as group=.")
    shown = talk.gap.shown(talk.smallest)
    if shown.empty:
        raise DataError(
            f"All groups have fewer than {talk.smallest} people, or could be found by "
            "subtraction, and are not shown."
        )
    labels = [f"{wrapped(g)} ({n})" for g, n in zip(shown["group"], shown["people"],
                                                             strict=True)]  # fmt: skip
    deep = sum(0.14 * label.count("\n") for label in labels)
    ax = new_axes((6.8, 1.5 + 0.3 * len(shown) + deep)) if ax is None else ax
    rows = range(len(shown))
    members, spoken = 100 * shown["share_of_members"], 100 * shown["share_of_talk"]
    with style():
        ax.hlines(rows, members, spoken, color=GREY, lw=1.4, zorder=1)
        if shown["low"].notna().any():
            low, high = members + 100 * shown["low"], members + 100 * shown["high"]
            ax.hlines(rows, low, high, color=PALETTE[1], lw=5, alpha=0.3, zorder=0,
                      label="95 % interval of the talk")  # fmt: skip
        ax.plot(members, rows, "o", ls="none", mfc="white", mec=PALETTE[0], ms=7,
                label="share of the members")  # fmt: skip
        ax.plot(spoken, rows, "s", ls="none", color=PALETTE[1], ms=5, label="share of the talk")
        ax.set_yticks(list(rows), labels)
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.grid(visible=True, axis="y")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(left=0)
        ax.set_xlabel("per cent (number of members in brackets)")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    said = first_few(
        [f"{r.group} {r.share_of_members:.0%} and {r.share_of_talk:.0%}"
         for r in shown.itertuples()], 15,
    )  # fmt: skip
    set_alt(ax, f"Share of the members and share of the talk by {talk.group_name}: {said}.")
    return mark_synthetic(ax) if synthetic else ax
