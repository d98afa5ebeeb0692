"""Pictures of a lottery: who has which chance, and what panels it gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dmpkit.errors import DataError
from dmpkit.measures.inequality import lorenz_curve
from dmpkit.plotting import GREY, LINES, MARKERS, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.fairness import SelectionFairness
    from dmpkit.representativeness.lottery import Lottery

__all__ = [
    "plot_chance_against_rarity",
    "plot_chances_by_group",
    "plot_lorenz",
    "plot_lottery_tvd",
    "plot_sorted_chances",
]


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
        ax.yaxis.set_major_formatter(_percent)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
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


def plot_chances_by_group(lottery: Lottery, *, ax: Axes | None = None) -> Axes:
    """Mean chance of each group, with the lowest and highest chance in it.

    Parameters
    ----------
    lottery : Lottery
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.representativeness.lottery import simulate_lottery
    >>> pool = pd.DataFrame({"age": ["young"] * 5 + ["old"] * 5})
    >>> lottery = simulate_lottery(pool, None, 4, variables=["age"], n_draws=2000, seed=1)
    >>> [t.get_text() for t in plot_chances_by_group(lottery).get_yticklabels()]
    ['age', 'old (5)', 'young (5)']
    """
    _require_variables(lottery)
    groups = lottery.groups
    labels, rows = _grouped_rows(groups["variable"].tolist(), [
        f"{name} ({n})" for name, n in zip(groups["category"], groups["pool"], strict=True)
    ])  # fmt: skip
    ax = new_axes((6.4, 1.1 + 0.22 * len(labels))) if ax is None else ax
    with style():
        ax.axvline(lottery.even_chance, color=GREY, lw=0.8, ls="--", label="even chance")
        ax.hlines(rows, groups["lowest"], groups["highest"], color=PALETTE[0], lw=1.2,
                  label="lowest to highest")  # fmt: skip
        ax.plot(groups["chance"], rows, ls="none", marker="o", color=PALETTE[0], label="mean")
        _variable_rows(ax, labels, set(rows))
        ax.set_xlim(0, 1.04 * max(float(groups["highest"].max()), lottery.even_chance))
        ax.set_xlabel("chance to be drawn")
        ax.xaxis.set_major_formatter(_percent)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    order = groups["chance"].to_numpy().argsort(kind="stable")
    low, high = groups.iloc[order[0]], groups.iloc[order[-1]]
    return set_alt(
        ax,
        f"Chances to be drawn by group, {len(groups)} groups; even chance "
        f"{lottery.even_chance:.1%}. Lowest mean: {low['variable']} {low['category']} "
        f"{low['chance']:.1%}; highest: {high['variable']} {high['category']} "
        f"{high['chance']:.1%}.",
    )


def plot_lottery_tvd(lottery: Lottery, panel: Any = None, *, ax: Axes | None = None) -> Axes:
    """How far the panels of a lottery lie from the reference, and where a panel lies.

    Parameters
    ----------
    lottery : Lottery
    panel : PanelPlace, Panel, DataFrame or mapping, optional
        The panel that was drawn in the end.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.representativeness.lottery import simulate_lottery
    >>> pool = pd.DataFrame({"age": ["young"] * 5 + ["old"] * 5})
    >>> lottery = simulate_lottery(pool, None, 4, variables=["age"], n_draws=2000, seed=1)
    >>> plot_lottery_tvd(lottery, {"age": {"young": 4}}).get_xlabel()
    'total variation distance to the pool'
    """
    from dmpkit.representativeness.panel_place import PanelPlace

    _require_variables(lottery)
    place = panel if panel is None or isinstance(panel, PanelPlace) else lottery.place(panel)
    names = [own.name for own in lottery.variables]
    ax = new_axes((6.4, 1.1 + 0.42 * len(names))) if ax is None else ax
    with style():
        draws = [lottery.distances(name) for name in names]
        width = max(float(np.nanmax(found)) for found in draws) / 60 or 0.01
        for row, found in enumerate(draws):
            _distance_bars(ax, row, found, width)
        spread = lottery.tvd
        ax.hlines(range(len(names)), spread["low"], spread["high"], color=PALETTE[0], lw=1.6,
                  label="middle 95 % of the draws")  # fmt: skip
        ax.plot(spread["median"], range(len(names)), ls="none", marker="|", ms=11, mew=2,
                color=PALETTE[0], label="median")  # fmt: skip
        if place is not None:
            at = [names.index(name) for name in place.tvd["variable"]]
            ax.plot(place.tvd["tvd"], at, ls="none", marker="D", ms=6, color=PALETTE[1],
                    mec="black", label="the panel", zorder=4)  # fmt: skip
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.75)
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(0, None)
        references = sorted({own.reference for own in lottery.variables})
        ax.set_xlabel(f"total variation distance to the {' or the '.join(references)}")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    return set_alt(ax, _tvd_alt(lottery, place))


def _distance_bars(ax: Axes, row: int, draws: Any, width: float) -> None:
    """The draws as a small histogram that stands on the row."""
    steps, heights = np.unique(np.round(draws[~np.isnan(draws)] / width), return_counts=True)
    tall = 0.55 * heights / heights.max()
    ax.bar(steps * width, -tall, width, bottom=row, color="#d9d9de", lw=0)


def _tvd_alt(lottery: Lottery, place: Any) -> str:
    text = (
        f"Total variation distances of {lottery.n_draws} panels drawn by the lottery for "
        f"{len(lottery.variables)} variables."
    )
    if place is None:
        return text
    said = ", ".join(
        f"{name} {value:.3f} ({percentile:.0f} % of the draws are nearer)"
        for name, value, percentile in place.tvd[
            ["variable", "tvd", "percentile"]
        ].to_numpy().tolist()
    )  # fmt: skip
    return f"{text} The panel: {said}."


def plot_chance_against_rarity(lottery: Lottery, *, ax: Axes | None = None) -> Axes:
    """Chance of each pool member against how sought after their groups are.

    The ratio product of Flanigan et al. (2021): over the quota variables, the product
    of the share of the seats that the quota gives a person's group (middle of minimum
    and maximum) and its share of the pool, one over the other. People of scarce groups
    stand at the right; the axis is logarithmic where the products differ threefold.

    Parameters
    ----------
    lottery : Lottery
        With quotas.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.representativeness.lottery import simulate_lottery
    >>> pool = pd.DataFrame({"age": ["young"] * 2 + ["old"] * 8})
    >>> quotas = pd.DataFrame({"variable": "age", "category": ["young", "old"],
    ...                        "min": [1, 1], "max": [1, 1]})
    >>> lottery = simulate_lottery(pool, quotas, 2, n_draws=2000, seed=1)
    >>> plot_chance_against_rarity(lottery).get_xscale()
    'log'
    """
    problem = lottery.problem
    if not len(problem.cells):
        raise DataError("The lottery has no quotas, so nobody is sought after.")
    middle = (problem.minimum + np.minimum(problem.maximum, problem.seats)) / 2 / problem.seats
    share = np.maximum(problem.cells["available"].to_numpy(), 1) / problem.n
    product = (middle / share)[problem.member].prod(axis=1)
    seen = product > 0
    ax = new_axes((6.4, 4.0)) if ax is None else ax
    with style():
        ax.axhline(lottery.even_chance, color=GREY, lw=0.8, ls="--", label="even chance")
        ax.plot(product[seen], lottery.chances[seen], ls="none", marker="o", ms=4, mfc="none",
                color=PALETTE[0], alpha=0.7, label="a pool member")  # fmt: skip
        if product[seen].max() > 3 * product[seen].min():
            ax.set_xscale("log")
            ax.xaxis.set_major_formatter(_plain)
            ax.xaxis.set_minor_formatter(_plain)
        ax.set_ylim(0, None)
        ax.set_xlabel("ratio product: how sought after a person's groups are")
        ax.set_ylabel("chance to be drawn")
        ax.yaxis.set_major_formatter(_percent)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return set_alt(
        ax,
        f"Chance to be drawn against the ratio product for {int(seen.sum())} people: from "
        f"{lottery.chances.min():.1%} to {lottery.chances.max():.1%}; the ratio product runs from "
        f"{product[seen].min():.2g} to {product[seen].max():.2g}.",
    )


def _require_variables(lottery: Lottery) -> None:
    if not lottery.variables:
        raise DataError(
            "The lottery counted no variable.", remedy="Name some with variables= or population=."
        )


def _grouped_rows(variables: Sequence[str], names: Sequence[str]) -> tuple[list[str], list[int]]:
    """Labels with a heading row for each variable, and the rows of the names."""
    labels: list[str] = []
    rows: list[int] = []
    for i, name in enumerate(names):
        if i == 0 or variables[i] != variables[i - 1]:
            labels.append(variables[i])
        rows.append(len(labels))
        labels.append(name)
    return labels, rows


def _variable_rows(ax: Axes, labels: Sequence[str], rows: set[int]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    for i, text in enumerate(ax.get_yticklabels()):
        if i in rows:
            ax.axhline(i, color="#ececef", lw=0.6, zorder=0)
        else:
            text.set_fontweight("bold")
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)


def _plain(value: float, _: float) -> str:
    """A number on a log axis: only those that begin with 1, 2, 3 or 5 get a label."""
    text = f"{value:.12g}"
    return text if text.strip("0.")[:1] in ("1", "2", "3", "5") and len(text) < 7 else ""


def _percent(value: float, _: float) -> str:
    return f"{100 * value:.3g} %"
