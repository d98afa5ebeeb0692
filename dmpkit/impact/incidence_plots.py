"""Pictures of time: incidence, occupancy, what is known between reviews.

Bands are drawn only where processes were pooled, or where they were asked for.
Each curve carries its name at its end and a line style of its own, each area a
hatch, so that a grey printer loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dmpkit.arguments import check_settings
from dmpkit.impact.curves import Curves
from dmpkit.impact.followup import Floats, query_times
from dmpkit.impact.interval import IntervalCurve
from dmpkit.plotting import GREY, HATCHES, INK, LINES, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.impact.incidence import CumulativeIncidence
    from dmpkit.impact.multistate import Occupancy

__all__ = ["plot_incidence", "plot_interval", "plot_naive", "plot_occupancy"]

_UNIT = "time since the start"


def plot_incidence(
    curves: Curves,
    *,
    states: Sequence[str] | None = None,
    xlabel: str = _UNIT,
    numbers_at_risk: bool = True,
    names: Callable[[str], str] = str,
    ax: Axes | None = None,
) -> Axes:
    """Step curves with numbers at risk below; bands only where the result has them.

    Parameters
    ----------
    curves : CumulativeIncidence, KaplanMeier or Occupancy
    states : sequence of str, optional
        Which curves; all but *pending* if left out.
    xlabel : str
        Name of the time axis, with its unit.
    numbers_at_risk : bool
        Write them below the axis.
    names : callable
        From a state to what is written.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.impact.incidence import cumulative_incidence
    >>> ax = plot_incidence(cumulative_incidence([2, 3, 4], ["done", "rejected", "pending"]))
    >>> ax.get_ylabel()
    'share of items'
    """
    check_settings(plot_incidence, locals())
    drawn = [curves.states[i] for i in curves.shown if curves.states[i] != "pending"]
    chosen = [curves.states[curves._place(s)] for s in states] if states else drawn
    ax = new_axes((6.4, 4.2)) if ax is None else ax
    table = curves.table
    ends: list[tuple[float, str, str]] = []
    with style():
        for i, name in enumerate(chosen):
            part = table[table[curves.column] == name]
            x, y = _steps(curves, part["estimate"].to_numpy(), name)
            colour = PALETTE[i % len(PALETTE)]
            ax.step(x, y, where="post", color=colour, ls=LINES[i % len(LINES)], lw=1.6)
            low, high = part["low"].to_numpy(), part["high"].to_numpy()
            if np.isfinite(low).any():
                _band(ax, part["time"].to_numpy(), low, high, colour, HATCHES[i % len(HATCHES)])
            ends.append((float(y[-1]), names(name), colour))
        _frame(ax, curves.end, xlabel)
        _name_ends(ax, curves.end, ends)
        if numbers_at_risk:
            _risk_row(ax, curves)
    last = ", ".join(f"{name} {y:.2f}" for y, name, _ in ends)
    kind = " with bands" if curves.bands or curves.bootstrapped else " without bands"
    return set_alt(
        ax,
        f"Step curves{kind} of {curves.n} items up to time {curves.end:g}; at the end: {last}.",
    )


def _steps(curves: Curves, y: Floats, name: str) -> tuple[Floats, Floats]:
    begin = float(curves.start[curves.states.index(name)])
    return np.concatenate([[0.0], curves.times]), np.concatenate([[begin], y])


def _band(ax: Axes, x: Floats, low: Floats, high: Floats, colour: str, hatch: str) -> None:
    ax.fill_between(x, low, high, step="post", color=colour, alpha=0.14, lw=0)
    ax.fill_between(
        x, low, high, step="post", facecolor="none", edgecolor=colour, alpha=0.45, lw=0.4,
        hatch=hatch,
    )  # fmt: skip


def _frame(ax: Axes, end: float, xlabel: str) -> None:
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1)
    ax.grid(visible=True, axis="y")
    ax.set_axisbelow(True)
    ax.set_xlabel(xlabel)
    ax.set_ylabel("share of items")


def _name_ends(ax: Axes, end: float, ends: Sequence[tuple[float, str, str]]) -> None:
    """Names at the ends of curves, moved apart where they would overlap."""
    places = _apart([y for y, _, _ in ends], 0.055)
    for place, (y, name, colour) in zip(places, ends, strict=True):
        ax.annotate(
            name,
            (end, y),
            xytext=(1.03, place),
            textcoords=ax.get_yaxis_transform(),
            color=INK,
            fontsize=8,
            va="center",
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "lw": 0.8,
                "shrinkA": 1,
                "shrinkB": 0,
                "relpos": (0, 0.5),  # to the left of the name, not through those beside it
            },
            annotation_clip=False,
        )


def _apart(places: Sequence[float], least: float) -> list[float]:
    """Places at least so far apart, as near to where they were as that allows, within 0 to 1."""
    order = np.argsort(places, kind="stable")
    steps = least * np.arange(len(order))
    groups: list[list[float]] = []  # places of equal shift: their sum and number
    for wanted in np.array(places, dtype=float)[order] - steps:
        groups.append([float(wanted), 1.0])
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] > groups[-1][0] / groups[-1][1]:
            total, n = groups.pop()
            groups[-1] = [groups[-1][0] + total, groups[-1][1] + n]
    shifts = np.array([total / n for total, n in groups for _ in range(int(n))])
    highest = max(0.0, 1.0 - (steps[-1] if len(steps) else 0.0))
    out = np.clip(shifts, 0.0, highest) + steps
    back = np.empty_like(out)
    back[order] = out
    return [float(v) for v in back]


def _risk_row(ax: Axes, curves: Curves, what: str = "under observation, still at risk") -> None:
    """Numbers at risk just before each tick, below the axis."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(7))
    ticks = [t for t in ax.get_xticks() if 0 <= t <= curves.end * 1.0001]
    ax.set_xticks(ticks)
    risk = curves.counts.risk_at(query_times(ticks)).sum(axis=1)
    begin = curves.counts.risk_at(np.array([np.nextafter(0.0, 1.0)])).sum()
    risk = np.where(np.array(ticks) == 0, begin, risk)
    across = ax.get_xaxis_transform()
    ax.text(0, -0.235, what, transform=across, fontsize=7.5,
            color=GREY, va="top")  # fmt: skip
    for t, n in zip(ticks, risk, strict=True):
        ax.text(t, -0.295, f"{n:,}", transform=across, ha="center", va="top", fontsize=8)


def plot_occupancy(
    result: Occupancy,
    *,
    reviews: Sequence[float] = (),
    xlabel: str = _UNIT,
    numbers_at_risk: bool = True,
    names: Callable[[str], str] = str,
    colours: Mapping[str, str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Share in each state stacked over time, first state on top, with ticks at reviews.

    Parameters
    ----------
    result : Occupancy
    reviews : sequence of float
        Times of reviews, marked above: what was known only there.
    xlabel : str
        Name of the time axis, with its unit.
    numbers_at_risk : bool
        Write below the axis how many are under observation.
    names : callable
        From a state to what is written.
    colours : mapping of state to colour, optional
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.impact.multistate import occupancy
    >>> rows = pd.DataFrame({"id": [1, 2], "start": [0, 0], "stop": [3, 6],
    ...                      "from": ["open", "open"], "to": ["done", None]})
    >>> plot_occupancy(occupancy(rows), reviews=[2, 4]).get_ylabel()
    'share of items'
    """
    check_settings(plot_occupancy, locals())
    ax = new_axes((6.4, 4.2)) if ax is None else ax
    x = np.concatenate([[0.0], result.times])
    shares = np.vstack([result.start, result.probability])
    below = np.ones(len(x))
    ends: list[tuple[float, str, str]] = []
    with style():
        for i, name in enumerate(result.states):
            low = np.maximum(below - shares[:, i], 0.0)
            colour = (colours or {}).get(name, PALETTE[i % len(PALETTE)])
            _area(ax, x, low, below, colour, HATCHES[(i + 1 + 3 * (i // 8)) % len(HATCHES)])
            said_end = f"{names(name)} {shares[-1, i]:.0%}"
            ends.append((float(low[-1] + below[-1]) / 2, said_end, colour))
            below = low
        _frame(ax, result.end, xlabel)
        _name_ends(ax, result.end, ends)
        marks = [t for t in map(float, query_times(reviews) if len(reviews) else ())
                 if t <= result.end]  # fmt: skip
        _review_ticks(ax, marks)
        if numbers_at_risk:
            _risk_row(ax, result, "under observation")
    said = ", ".join(name for _, name, _ in ends)
    seen = f" {len(marks)} reviews are marked." if marks else ""
    return set_alt(
        ax, f"Stacked shares of {result.n} items by state over time; at the end {said}.{seen}"
    )


def _area(ax: Axes, x: Floats, low: Floats, high: Floats, colour: str, hatch: str) -> None:
    ax.fill_between(x, low, high, step="post", color=colour, alpha=0.32, lw=0)
    ax.fill_between(
        x, low, high, step="post", facecolor="none", edgecolor=colour, hatch=hatch, lw=0.0
    )
    ax.step(x, low, where="post", color=INK, lw=0.6)


def _review_ticks(ax: Axes, marks: Sequence[float]) -> None:
    if not marks:
        return
    across = ax.get_xaxis_transform()
    ax.plot(marks, [1.025] * len(marks), ls="none", marker="v", ms=5, color=INK,
            transform=across, clip_on=False)  # fmt: skip
    ax.vlines(marks, 0, 1, color="white", lw=0.9, ls=":", transform=across)
    ax.text(0, 1.055, "▾ review", transform=ax.transAxes, fontsize=7.5, color=GREY, va="bottom")


def plot_interval(
    curve: IntervalCurve, *, xlabel: str = _UNIT, end: float | None = None, ax: Axes | None = None
) -> Axes:
    """What is known of outcomes between reviews: fixed where drawn, open where hatched.

    Parameters
    ----------
    curve : IntervalCurve
    xlabel : str
        Name of the time axis, with its unit.
    end : float, optional
        Right end of the axis; a little beyond the last fixed point if left out.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.impact.interval import turnbull
    >>> ax = plot_interval(turnbull([0, 6, 9], [6, 9, None]))
    >>> len(ax.patches)
    2
    """
    from matplotlib.patches import Rectangle

    ax = new_axes((6.4, 3.8)) if ax is None else ax
    table = curve.table
    known = table[np.isfinite(table["right"])]
    finite = curve.left if not len(known) else known["right"].to_numpy()
    edge = float(end if end is not None else max(float(finite.max()) * 1.12, 1e-9))
    with style():
        at, level = 0.0, 0.0
        for left, right, before, after in known[["left", "right", "before", "after"]].to_numpy():
            ax.hlines(level, at, left, color=PALETTE[0], lw=2)
            box = Rectangle((left, before), right - left, after - before, facecolor="#0072B222",
                            edgecolor=PALETTE[0], hatch="////", lw=0.6)  # fmt: skip
            ax.add_patch(box)
            at, level = right, after
            ax.plot(right, after, "o", ms=4, color=PALETTE[0])
        opened = table[np.isinf(table["right"])]["left"]
        stop = min(float(opened.min()), edge) if len(opened) else edge
        ax.hlines(level, at, max(stop, at), color=PALETTE[0], lw=2)
        _frame(ax, edge, xlabel)
        ax.set_ylabel("share done")
        if len(opened) and stop < edge:
            _unknown(ax, stop, edge, level)
        proxy = Rectangle((0, 0), 1, 1, facecolor="#0072B222", edgecolor=PALETTE[0], hatch="////")
        ax.legend([proxy], ["somewhere in here: no review looked"], loc="lower left",
                  bbox_to_anchor=(0, 1))  # fmt: skip
    said = "; ".join(f"by {r:g} {a:.2f}" for r, a in known[["right", "after"]].to_numpy())
    return set_alt(
        ax, f"Share done, fixed at the ends of {len(known)} hatched intervals: {said or 'none'}."
    )


def _unknown(ax: Axes, start: float, end: float, level: float) -> None:
    ax.fill_between([start, end], level, 1, facecolor="none", edgecolor=GREY, hatch="...", lw=0)
    ax.text((start + end) / 2, level - 0.02, "not looked\nat since", ha="center", va="top",
            fontsize=7, color=GREY)  # fmt: skip


def plot_naive(
    result: CumulativeIncidence,
    cause: str,
    *,
    xlabel: str = _UNIT,
    ax: Axes | None = None,
) -> Axes:
    """One minus Kaplan–Meier beside the cumulative incidence: a warning example.

    Parameters
    ----------
    result : CumulativeIncidence
    cause : str
        Which outcome.
    xlabel : str
        Name of the time axis, with its unit.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.impact.incidence import cumulative_incidence
    >>> ax = plot_naive(cumulative_incidence([2, 3, 4], ["done", "rejected", "done"]), "done")
    >>> len(ax.lines)
    2
    """
    result._place(cause)
    ax = new_axes((6.4, 3.8)) if ax is None else ax
    table = result.naive()
    part = table[table["cause"] == cause]
    x = np.concatenate([[0.0], part["time"]])
    right = np.concatenate([[0.0], part["estimate"]])
    wrong = np.concatenate([[0.0], part["naive"]])
    with style():
        ax.fill_between(x, right, wrong, step="post", facecolor="none", edgecolor=GREY,
                        hatch="///", lw=0, alpha=0.6)  # fmt: skip
        ax.step(x, right, where="post", color=PALETTE[0], lw=1.8)
        ax.step(x, wrong, where="post", color=PALETTE[1], lw=1.6, ls="--")
        _frame(ax, result.end, xlabel)
        ends = [
            (float(right[-1]), f"{cause}\n(cumulative incidence)", PALETTE[0]),
            (float(wrong[-1]), "1 − KM: too much", PALETTE[1]),
        ]
        _name_ends(ax, result.end, ends)
    return set_alt(
        ax,
        f"Cumulative incidence of {cause}, {right[-1]:.2f} at the end, and one minus "
        f"Kaplan-Meier, {wrong[-1]:.2f}, which overstates it.",
    )
