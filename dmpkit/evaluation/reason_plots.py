"""Pictures of the reason index: pairs of people, stages, individual values, chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np

from dmpkit.evaluation.reason_steps import ROOT, THRESHOLD, ChanceTerms
from dmpkit.plotting import (
    GREY,
    INK,
    MARKERS,
    PALETTE,
    dot_plot,
    mark_synthetic,
    new_axes,
    set_alt,
    small_multiples,
    style,
)
from dmpkit.wording import cut

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dmpkit.evaluation.reason_bootstrap import ReasonBootstrap
    from dmpkit.evaluation.reason_simulation import ReasonSimulation
    from dmpkit.evaluation.reason_views import ReasonChange, ReasonGroups, ReasonIndex

__all__ = [
    "plot_chance",
    "plot_change",
    "plot_consistency",
    "plot_consistency_stages",
    "plot_estimates",
    "plot_individual",
    "plot_rates",
    "plot_sub_groups",
]

#: People up to whom individual values are labelled.
MANY_PEOPLE = 40
#: Pairs above which dots are drawn faint.
MANY_PAIRS = 800


def plot_consistency(index: ReasonIndex, *, ax: Axes | None = None, legend: bool = True) -> Axes:
    """Each pair of people: agreement on preferences against agreement on considerations.

    On the diagonal two people agree to the same extent on both. The shaded band is the
    chance region: pairs in it are nearer to the diagonal than pairs are on average when
    preferences are dealt out at random. The dashed lines are the group's own mean
    distance: the narrower they stand within the band, the further is the group above
    chance. In the adjusted form a dotted square shows where pairs count less.

    Parameters
    ----------
    index : ReasonIndex
        One stage.
    ax : Axes, optional
        Where to draw.
    legend : bool
        Explain band and lines below the picture.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.evaluation import synthetic_stages, reason_index
    >>> ax = plot_consistency(reason_index(synthetic_stages(10)[0]))
    >>> ax.get_xlabel()
    'Agreement on considerations (correlation)'
    """
    ax = new_axes((5.0, 6.2)) if ax is None else ax
    pairs = index.pairs
    own, chance = mean_gaps(index)
    limits = _square_limits(pairs)
    line = np.array([-3.0, 3.0])
    faint = max(0.06, 0.55 * min(1.0, (MANY_PAIRS / len(pairs)) ** 0.7))
    with style():
        ax.fill_between(line, line - chance, line + chance, color="#e4e4ea", lw=0, zorder=0,
                        label="chance region: up to the mean gap of chance")  # fmt: skip
        ax.plot(line, line, color=INK, lw=1, zorder=3, label="same agreement on both")
        for k, shift in enumerate((own, -own)):
            ax.plot(line, line + shift, color=PALETTE[1], lw=1.2, ls="--", zorder=3,
                    label="mean gap of this group" if k == 0 else None)  # fmt: skip
        ax.plot(pairs["considerations"], pairs["preferences"], ls="none", marker="o", ms=3.5,
                color=PALETTE[0], alpha=faint, mew=0, zorder=2,
                label="a pair of people")  # fmt: skip
        if index.adjusted:
            x, y = THRESHOLD * np.array([[-1, 1, 1, -1, -1], [-1, -1, 1, 1, -1]])
            ax.plot(x, y, color=GREY, lw=1.2, ls=":", zorder=3, label="pairs in here count less")
        ax.set(xlim=limits, ylim=limits, aspect="equal")
        ax.set_xlabel("Agreement on considerations (correlation)")
        ax.set_ylabel("Agreement on preferences (correlation)")
        ax.set_title(_stage_title(index))
        if legend:
            ax.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.12))
    set_alt(
        ax,
        f"Scatter plot of {len(pairs)} pairs of people: agreement on preferences against "
        f"agreement on considerations. The mean gap between the two is {own:.2f}; by chance "
        f"it would be {chance:.2f}. Index {index.value:.2f}, chance level "
        f"{index.chance_level:.2f}.",
    )
    return mark_synthetic(ax) if index.survey.synthetic else ax


def mean_gaps(index: ReasonIndex) -> tuple[float, float]:
    """Mean gap between the two correlations of a pair: of the group, and by chance.

    Both in the original form of the index, whatever form was asked for: the adjusted one
    has no such gap.
    """
    c, p = index.pairs["considerations"].to_numpy(), index.pairs["preferences"].to_numpy()
    return float(np.abs(c - p).mean()), float(ROOT * (1 - ChanceTerms.of(c, p).mean()))


def _stage_title(index: ReasonIndex) -> str:
    stage = index.survey.stage
    name = f"{stage[:1].upper()}{stage[1:]}: " if stage else ""
    return f"{name}index {index.value:.2f}, by chance {index.chance_level:.2f}"


def _square_limits(*pairs: pd.DataFrame) -> tuple[float, float]:
    """Limits that hold all pairs, never wider than from -1 to 1 with a rim."""
    low = min(float(p[["considerations", "preferences"]].to_numpy().min()) for p in pairs)
    return (max(-1.04, math.floor(10 * min(low, 0.0)) / 10 - 0.04), 1.04)


def plot_consistency_stages(indices: Mapping[str, ReasonIndex]) -> list[Axes]:
    """Pairs of people at several stages side by side, on the same scales.

    Parameters
    ----------
    indices : mapping of str to ReasonIndex
        Stage to its index.

    Returns
    -------
    list of Axes

    Examples
    --------
    >>> from dmpkit.evaluation import synthetic_stages, reason_index
    >>> one, two = (reason_index(stage) for stage in synthetic_stages(10))
    >>> len(plot_consistency_stages({"before": one, "after": two}))
    2
    """
    axes = small_multiples(len(indices), n_columns=max(2, min(3, len(indices))), size=(3.7, 4.9))
    limits = _square_limits(*(index.pairs for index in indices.values()))
    for k, (ax, (name, index)) in enumerate(zip(axes, indices.items(), strict=True)):
        plot_consistency(index, ax=ax, legend=False)
        with style():
            title = f"{name[:1].upper()}{name[1:]}: {index.value:.2f}"
            ax.set_title(f"{title} (by chance {index.chance_level:.2f})")
            ax.set(xlim=limits, ylim=limits)
            ax.set_xlabel("Agreement on considerations")
            ax.set_ylabel("Agreement on preferences" if k == 0 else "")
    with style():
        handles, labels = axes[0].get_legend_handles_labels()
        figure = axes[0].figure
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
        if any(index.survey.synthetic for index in indices.values()):
            figure.suptitle("synthetic data", x=0.99, ha="right", fontsize=8, color=GREY)
    return axes


def plot_change(change: ReasonChange, *, ax: Axes | None = None) -> Axes:
    """Individual values before and after as thin lines, the group's index above them.

    Parameters
    ----------
    change : ReasonChange
        What :func:`~dmpkit.evaluation.compare_reason_index` gives.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.evaluation import compare_reason_index, synthetic_stages
    >>> ax = plot_change(compare_reason_index(*synthetic_stages(10)))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['before', 'after']
    """
    ax = new_axes((5.0, 4.6)) if ax is None else ax
    rows = change.individual
    stages = (change.before, change.after)
    names = [
        made.survey.stage or name for made, name in zip(stages, ("before", "after"), strict=True)
    ]
    values = [made.value for made in stages]
    ends = np.array(
        [[made.estimates["index"].low, made.estimates["index"].high] for made in stages]
    )
    with style():
        for k, (one, two) in enumerate(zip(rows["before"], rows["after"], strict=True)):
            ax.plot([0, 1], [one, two], color=GREY, lw=0.7, alpha=0.5 if len(rows) < 100 else 0.15,
                    label="a person" if k == 0 else None, zorder=1)  # fmt: skip
        ax.plot([0, 1], values, color=PALETTE[0], lw=2.2, marker="o", ms=6, zorder=3,
                label="the group")  # fmt: skip
        if not np.isnan(ends).any():
            ax.vlines([0, 1], ends[:, 0], ends[:, 1], color=PALETTE[0], lw=2.2, zorder=3,
                      label="95 % interval")  # fmt: skip
        ax.hlines([made.chance_level for made in stages], [-0.14, 0.86], [0.14, 1.14],
                  color=PALETTE[1], lw=2, ls="--", zorder=2, label="chance level")  # fmt: skip
        for x, value, side in ((-0.16, values[0], "right"), (1.16, values[1], "left")):
            ax.text(x, value, f"{value:.2f}", ha=side, va="center", fontweight="bold",
                    color=PALETTE[0])  # fmt: skip
        ax.set_xticks([0, 1], names)
        ax.set_xlim(-0.45, 1.45)
        ax.set_ylabel("Reason index (1 is the best)")
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=4)
    rose = int((rows["change"] > 0).sum())
    set_alt(
        ax,
        f"Slope chart of the reason index of {len(rows)} people: {rose} values rose. The "
        f"group's index went from {values[0]:.2f} to {values[1]:.2f}, its chance level from "
        f"{stages[0].chance_level:.2f} to {stages[1].chance_level:.2f}.",
    )
    return mark_synthetic(ax) if change.synthetic else ax


def plot_individual(index: ReasonIndex, *, ax: Axes | None = None) -> Axes:
    """Individual values, lowest first, with the group's index and its chance level.

    Parameters
    ----------
    index : ReasonIndex
        One stage. Labels are shown for up to forty people.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.evaluation import synthetic_stages, reason_index
    >>> ax = plot_individual(reason_index(synthetic_stages(10)[0]))
    >>> len(ax.get_yticklabels())
    10
    """
    rows = index.individual.dropna(subset="value").sort_values("value", kind="stable")
    n = len(rows)
    many = n > MANY_PEOPLE
    ax = new_axes((6.0, 4.0 if many else 1.5 + 0.19 * n)) if ax is None else ax
    y = np.arange(n)
    with style():
        ax.plot(rows["value"], y, ls="none", marker="o", ms=3 if many else 4.5,
                color=PALETTE[0], label="a person", zorder=3)  # fmt: skip
        ax.axvline(index.value, color=PALETTE[0], lw=1.4, label=f"group {index.value:.2f}")
        ax.axvline(index.chance_level, color=PALETTE[1], lw=1.4, ls="--",
                   label=f"chance level {index.chance_level:.2f}")  # fmt: skip
        if many:
            ax.set_yticks([])
            ax.set_ylabel(f"{n} people, lowest first")
        else:
            ax.set_yticks(y, [cut(name, 24) for name in rows["person"]], fontsize=7)
            ax.grid(visible=True, axis="y")
            ax.tick_params(axis="y", length=0)
        ax.set_axisbelow(True)
        ax.set_ylim(-0.8, n - 0.2)
        ax.set_xlabel("Individual reason index")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    values = rows["value"]
    below = int((values < index.chance_level).sum())
    set_alt(
        ax,
        f"Dot plot of individual reason indices of {n} people, from {values.min():.2f} to "
        f"{values.max():.2f}; {below} lie below the group's chance level of "
        f"{index.chance_level:.2f}.",
    )
    return mark_synthetic(ax) if index.survey.synthetic else ax


def plot_chance(index: ReasonIndex, *, ax: Axes | None = None) -> Axes:
    """Indices that chance gives, with the group's own.

    Parameters
    ----------
    index : ReasonIndex
        Made with ``n_permutations``.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        When no re-pairings were made.

    Examples
    --------
    >>> from dmpkit.evaluation import synthetic_stages, reason_index
    >>> made = reason_index(synthetic_stages(10)[0], n_permutations=200, seed=1)
    >>> plot_chance(made).get_xlabel()
    'Reason index'
    """
    from dmpkit.errors import DataError

    if index.permuted is None:
        raise DataError("There are no re-pairings to draw.", remedy="Give n_permutations=10000.")
    ax = new_axes((6.0, 3.6)) if ax is None else ax
    with style():
        ax.hist(index.permuted, bins=40, color="#c9d6e2", ec="white", lw=0.3,
                label="preferences dealt out anew")  # fmt: skip
        ax.axvline(index.chance_level, color=PALETTE[1], ls="--",
                   label=f"chance level {index.chance_level:.2f}")  # fmt: skip
        ax.axvline(index.value, color=PALETTE[0], lw=2.2, label=f"this group {index.value:.2f}")
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        ax.set_xlabel("Reason index")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    set_alt(
        ax,
        f"Histogram of {len(index.permuted):,} reason indices under chance, around "
        f"{index.chance_level:.2f}; the group's own is {index.value:.2f}, reached by chance "
        f"with p = {index.p_value:.4f}.",
    )
    return mark_synthetic(ax) if index.survey.synthetic else ax


def plot_estimates(made: ReasonBootstrap, *, ax: Axes | None = None) -> Axes:
    """Index, chance level, index above chance and change with their intervals.

    Parameters
    ----------
    made : ReasonBootstrap
        What :func:`~dmpkit.evaluation.bootstrap_reason_index` gives.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.evaluation import bootstrap_reason_index, synthetic_stages
    >>> ax = plot_estimates(bootstrap_reason_index(*synthetic_stages(10), n_resamples=100, seed=1))
    >>> len(ax.get_yticklabels())
    7
    """
    ax = dot_plot(made.table, label="quantity", value="value", low="low", high="high",
                  reference=0.0, ax=ax)  # fmt: skip
    with style():
        ax.set_xlabel(f"Value with {made.level:.0%} interval (chance levels are exact)")
    rows = made.table
    said = "; ".join(f"{r.quantity} {r.value:.2f}" for r in rows.itertuples())
    set_alt(ax, f"Dot plot with {made.level:.0%} intervals of {len(rows)} quantities: {said}.")
    return mark_synthetic(ax) if made.synthetic else ax


def plot_sub_groups(groups: ReasonGroups, *, ax: Axes | None = None) -> Axes:
    """Index within and between groups, each with the chance level of its own pairs.

    Parameters
    ----------
    groups : ReasonGroups
        What :func:`~dmpkit.evaluation.sub_groups` gives.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.evaluation import synthetic_stages, sub_groups
    >>> ax = plot_sub_groups(sub_groups(synthetic_stages(12)[0], ["a"] * 6 + ["b"] * 6))
    >>> len(ax.get_yticklabels())
    3
    """
    rows = groups.table.dropna(subset="value")
    ax = new_axes((6.8, 1.3 + 0.36 * len(rows))) if ax is None else ax
    y = np.arange(len(rows))
    with style():
        ax.hlines(y, rows["chance_level"], rows["value"], color=GREY, lw=1.2, zorder=1)
        ax.plot(rows["chance_level"], y, ls="none", marker="D", mfc="white", mec=PALETTE[1],
                label="chance level")  # fmt: skip
        ax.plot(rows["value"], y, ls="none", marker="o", color=PALETTE[0], label="reason index")
        ax.set_yticks(y, ["\n".join(wrap(name, 44)) for name in rows["pairs"]])
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.grid(visible=True, axis="y")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("Reason index of these pairs")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    said = "; ".join(f"{r.pairs} {r.value:.2f}, by chance {r.chance_level:.2f}" for r in
                     rows.itertuples())  # fmt: skip
    set_alt(ax, f"Reason index and chance level of {len(rows)} sets of pairs: {said}.")
    return mark_synthetic(ax) if groups.survey.synthetic else ax


def plot_rates(made: ReasonSimulation, *, ax: Axes | None = None) -> Axes:
    """Simulated rates with their intervals, and the line where they should be.

    Parameters
    ----------
    made : ReasonSimulation
        What :func:`~dmpkit.evaluation.simulate_levels` gives, for instance.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.evaluation import simulate_levels
    >>> ax = plot_rates(simulate_levels(20, n_people=8, progress=False))
    >>> len(ax.get_yticklabels())
    6
    """
    rows = made.table
    labels = [" · ".join(map(str, row)) for row in made.rates.iloc[:, :2].to_numpy()]
    ax = new_axes((6.4, 1.2 + 0.3 * len(rows))) if ax is None else ax
    y = np.arange(len(rows))
    groups: Sequence[Any] = list(dict.fromkeys(made.rates.iloc[:, 0]))
    with style():
        ax.axvline(
            100 * made.nominal, color=INK, lw=1, ls=":", label=f"should be {made.nominal:.0%}"
        )
        ax.hlines(y, 100 * rows["low"], 100 * rows["high"], color=GREY, lw=1.2)
        for k, group in enumerate(groups):
            part = (rows.iloc[:, 0] == group).to_numpy()
            ax.plot(100 * rows["rate"][part], y[part], ls="none", marker=MARKERS[k % 8],
                    color=PALETTE[k % 8])  # fmt: skip
        ax.set_yticks(y, labels)
        ax.set_ylim(len(rows) - 0.4, -0.6)
        ax.grid(visible=True, axis="y")
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        if made.kind == "rejections":
            ax.set_xlim(left=0)
            ax.set_xlabel("Runs in which the test found a change, %")
        else:
            ax.set_xlim(min(90.0, 100 * float(rows["low"].min()) - 1), 100)
            ax.set_xlabel("Runs in which the interval held the target, %")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1))
    said = "; ".join(
        f"{label} {rate:.1%}" for label, rate in zip(labels, rows["rate"], strict=True)
    )
    return set_alt(ax, f"Rates that should be {made.nominal:.0%}: {said}.")
