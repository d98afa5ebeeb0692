"""Picture of answers on the calendar, with the time in which they were promised."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dmpkit.impact.dates import as_day, period
from dmpkit.impact.deadlines import days_text
from dmpkit.impact.ledger_plots import ANSWERED, LATE, PROMISED, RECEIVED, answer_marks
from dmpkit.plotting import GREY, INK, mark_synthetic, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.impact.deadlines import AnswerTimes

__all__ = ["plot_answer_times"]


def plot_answer_times(result: AnswerTimes, *, ax: Axes | None = None) -> Axes:
    """One row an item: receipt, the time promised, the answer, and how long it took.

    Where the date of receipt is missing, only the answer stands there: no bar is drawn
    that nobody could date. A date known to the month is drawn as a thick line.

    Parameters
    ----------
    result : AnswerTimes
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
    """
    # matplotlib counts days as `dmpkit.impact.dates` does: from 1970-01-01 on
    table = result.table
    names = [textwrap.fill(name, 34) for name in table["item"]]
    lines = sum(name.count("\n") + 1 for name in names)
    ax = new_axes((6.8, 1.2 + 0.12 * len(names) + 0.17 * lines)) if ax is None else ax
    with style():
        for y, row in enumerate(table.to_dict("records")):
            _draw_row(ax, y, row, result)
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.grid(visible=True, axis="x")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        _calendar(ax)
        _legend(ax, result)
    ax.use_sticky_edges = False
    ax.margins(x=0.04)
    set_alt(ax, f"Answers on the calendar. {result.summary().splitlines()[0]}")
    return mark_synthetic(ax) if result.synthetic else ax


def _draw_row(ax: Axes, y: int, row: Mapping[Any, Any], result: AnswerTimes) -> None:
    """The marks of :func:`.ledger_plots.plot_answers`: both show answers on the calendar."""
    got, said = str(row["received"]), str(row["answered"])
    end = period(said) if said else period(result.until)
    if got:
        start = period(got)
        if result.months is not None:
            ax.hlines(y, start[1], as_day(str(row["due_latest"])), **PROMISED)
        ax.hlines(y, start[1], end[1], color=GREY, lw=0.9, zorder=2, ls="-" if said else ":")
        ax.hlines(y, start[0], start[1], color=INK, lw=2.4, zorder=3)
        ax.plot(start[1], y, zorder=3, **RECEIVED)
    if said:
        ax.hlines(y, end[0], end[1], color=INK, lw=2.4, zorder=3)
        ax.plot(end[1], y, zorder=4, **(LATE if row["promise"] == "missed" else ANSWERED))
    low, high = row["shortest"], row["longest"]
    text = "no date of receipt" if low != low else days_text(low, high)
    if not said:
        text += ",\nno answer"
    ax.annotate(
        text, (1.02, y), xycoords=("axes fraction", "data"), va="center", fontsize=8,
        color=GREY if low != low else INK, annotation_clip=False,
    )  # fmt: skip


def _calendar(ax: Axes) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    ax.xaxis_date()
    locator = AutoDateLocator(minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def _legend(ax: Axes, result: AnswerTimes) -> None:
    marks = answer_marks(
        promised="" if result.months is None else f"{result.months} months as promised",
        late=bool((result.table["promise"] == "missed").any()),
    )
    height = ax.get_window_extent().height / ax.figure.dpi
    above = 1 + 0.22 / height if result.synthetic else 1.0  # room for the mark of made-up data
    ax.legend(handles=marks, loc="lower left", bbox_to_anchor=(0, above),
              ncols=2 if len(marks) > 3 else 3, frameon=False)  # fmt: skip
