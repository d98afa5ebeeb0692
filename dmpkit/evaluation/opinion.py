"""How members' opinions changed: the same people's answers before and after.

What is tested is change of an item's mean; beside it stands gross change, since moves in
both directions cancel in a mean. Members of one table talked with each other and are not
independent, so intervals that allow for tables are given where tables are known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import name_list, wordings
from dmpkit.evaluation.paired_tests import (
    clustered_mean,
    hedges_correction,
    paired_t,
    pitman_morgan,
    standardised_interval,
    wilcoxon,
)
from dmpkit.evaluation.pairing import Paired, Scale, pair_answers, to_share
from dmpkit.measures.clusters import icc
from dmpkit.measures.proportions import benjamini_hochberg, holm
from dmpkit.reporting import (
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    format_p,
    paragraphs,
    table_html,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["OpinionChange", "adjusted", "change_row", "civic_capacity_change",
           "effect_size_indicator", "opinion_change"]  # fmt: skip

Floats = NDArray[np.float64]
Adjust = Literal["holm", "bh"]
NAN = math.nan
#: Tables below which an interval over tables is called rough; our own choice.
FEW_TABLES = 5


def adjusted(p_values: Any, method: str) -> Floats:
    """Holm's or Benjamini and Hochberg's p-values.

    Raises
    ------
    DataError
        Another method.

    Examples
    --------
    >>> adjusted([0.01, 0.04], "holm").tolist()
    [0.02, 0.04]
    """
    methods = {"holm": holm, "bh": benjamini_hochberg}
    if not isinstance(method, str) or method not in methods:
        raise DataError(f"adjust is {method!r}.", remedy="Use 'holm' or 'bh'.")
    return methods[method](p_values)


def change_row(
    before: Any, after: Any, groups: NDArray[np.int64] | None = None, *, level: float = 0.95
) -> dict[str, Any]:
    """All statistics of one item: paired answers, with or without tables.

    Parameters
    ----------
    before, after : array of shape (n,)
        NaN where there is no answer; a person without both is left out.
    groups : array of shape (n,), optional
        Table of each person.
    level : float

    Returns
    -------
    dict
        One entry a column of ``OpinionChange.items``.

    Examples
    --------
    >>> row = change_row([1, 2, 3, 4], [2, 2, 5, 4])
    >>> row["mean_change"], row["gross_change"], row["share_moved"]
    (0.75, 0.75, 0.5)
    """
    x, y = (np.asarray(v, dtype=np.float64) for v in (before, after))
    both = ~np.isnan(x) & ~np.isnan(y)
    row: dict[str, Any] = {
        "n": int(both.sum()),
        "missing_before": int(np.isnan(x).sum()),
        "missing_after": int(np.isnan(y).sum()),
    }
    x, y = x[both], y[both]
    d = y - x
    test = paired_t(d, level=level)
    n_moved, w, p_normal, p_exact = wilcoxon(d)
    r, p_spread = pitman_morgan(x, y)
    gz_low, gz_high = standardised_interval(test.dz, test.n, level=level)
    row |= {
        "mean_before": _mean(x),
        "mean_after": _mean(y),
        "mean_change": test.mean,
        "sd_change": test.sd,
        "gross_change": _mean(np.abs(d)),
        "share_moved": _mean(d != 0),
        "sd_before": _sd(x),
        "sd_after": _sd(y),
        "t": test.t,
        "df": test.df,
        "p_t": test.p_value,
        "low": test.low,
        "high": test.high,
        "dz": test.dz,
        "gz": test.gz,
        "gz_low": gz_low,
        "gz_high": gz_high,
        "n_nonzero": n_moved,
        "w": w,
        "p_wilcoxon": p_normal,
        "p_wilcoxon_exact": p_exact,
        "pitman_morgan_r": r,
        "p_pitman_morgan": p_spread,
    }
    if groups is not None:
        row |= _table_columns(d, groups[both], level)
    return row | {"note": _note(test.n, test.sd, test.mean)}


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if len(values) else NAN


def _sd(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else NAN


def _note(n: int, sd: float, mean: float) -> str:
    if n < 2:
        return "fewer than two people answered twice: nothing is tested"
    if sd == 0:
        what = "nobody moved" if mean == 0 else "everybody moved by the same amount"
        return f"{what}: no t, and p is counted as 1 among the items"
    return "two people only: no effect size gz" if n == 2 else ""


def _table_columns(d: Floats, groups: NDArray[np.int64], level: float) -> dict[str, Any]:
    """Statistics of the change that allow for tables."""
    mean = clustered_mean(d, groups, level=level)
    alike = icc(d, groups, confidence=level)
    size = len(d) / mean.n_groups if mean.n_groups else NAN
    return {
        "n_tables": mean.n_groups,
        "se_tables": mean.standard_error,
        "df_tables": mean.df,
        "low_tables": mean.low,
        "high_tables": mean.high,
        "p_tables": mean.p_value,
        "icc": alike.value,
        "icc_low": alike.low,
        "icc_high": alike.high,
        "design_effect": 1 + (size - 1) * max(0.0, alike.value)
        if math.isfinite(alike.value)
        else NAN,
    }


@dataclass(frozen=True, eq=False, repr=False)
class OpinionChange(Result):
    """Result of :func:`opinion_change`.

    Attributes
    ----------
    paired : Paired
        The matched answers, and who could not be matched.
    adjust : str
        Which adjusted p-values the summary uses, ``holm`` or ``bh``.
    level : float
        Confidence of the intervals.
    labels : mapping
        Item to the wording shown.
    synthetic : bool
        Whether the data are made up; pictures say so.
    """

    paired: Paired
    adjust: Adjust = "holm"
    level: float = 0.95
    labels: Mapping[str, str] | None = None
    synthetic: bool = False

    title = "Change of opinion"

    @property
    def has_tables(self) -> bool:
        """Whether the tables of the people are known."""
        return self.paired.tables is not None

    def label(self, item: str) -> str:
        """The wording of an item, or its name."""
        return (self.labels or {}).get(item, item)

    @cached_property
    def items(self) -> pd.DataFrame:
        """One row an item; see the methods text for each column."""
        pair, groups = self.paired, self.paired.groups()
        rows = [
            {"item": item, "label": self.label(item)}
            | change_row(pair.before[item], pair.after[item], groups, level=self.level)
            for item in pair.items
        ]
        table = pd.DataFrame(rows)
        for method in ("holm", "bh"):
            table[f"p_{method}"] = adjusted(_counted(table, "p_t"), method)
            if self.has_tables:
                table[f"p_tables_{method}"] = adjusted(_counted(table, "p_tables"), method)
        return table[[c for c in table if c != "note"] + ["note"]]

    @cached_property
    def unmatched(self) -> pd.DataFrame:
        """``person, answered``: who is in one table only."""
        rows = [(p, "before only") for p in self.paired.only_before]
        rows += [(p, "after only") for p in self.paired.only_after]
        return pd.DataFrame(rows, columns=["person", "answered"])

    @cached_property
    def absolute_change(self) -> Indicator:
        """Mean absolute change, as a share of the scale's length.

        Each person's absolute changes are divided by the length of the item's scale and
        averaged over the items answered twice, then over people. Absolute changes are
        skewed: in our simulations with 25 people and one item nominal 95 % intervals held
        about 92 %.
        """
        name = "mean absolute change of opinion"
        pair, source = self.paired, "opinion_change"
        if any(pair.scale_of(item) is None for item in pair.items):
            note = "not given: the ends of an item's scale are unknown (scale=)"
            return Indicator(name, NAN, note=note, source=source)
        lengths = [np.subtract(*pair.scale_of(item)[::-1]) for item in pair.items]  # type: ignore[index]
        moves = ((pair.after - pair.before).abs() / lengths).mean(axis=1)
        kept = moves.notna().to_numpy()
        values = moves.to_numpy(dtype=np.float64)[kept]
        groups = pair.groups()
        low, high, how = _mean_interval(
            values, None if groups is None else groups[kept], self.level
        )
        note = (
            f"share of the scale's length, 0 to 1, over {len(pair.items)} items; {how}. Answers "
            "also vary for no reason, so it lies above 0 even where no view changed."
        )
        return Indicator(name, _mean(values), low, high, len(values), note, source)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``items`` and ``unmatched``."""
        return {"items": self.items, "unmatched": self.unmatched}

    def _headline_columns(self) -> tuple[str, str, str]:
        """Columns of the adjusted p-value and the interval that lead."""
        if self.has_tables:
            return f"p_tables_{self.adjust}", "low_tables", "high_tables"
        return f"p_{self.adjust}", "low", "high"

    def moved(self) -> pd.DataFrame:
        """Items whose mean change stays below 1 − level after the correction for many items."""
        p = self._headline_columns()[0]
        return self.items[self.items[p] <= 1 - self.level + 1e-12]

    def summary(self) -> str:
        """The main numbers in plain words."""
        p, low, high = self._headline_columns()
        clear, table = self.moved(), self.items
        text = self.paired.missing_text()
        text += (
            f" On {len(clear)} of {len(table)} items the mean moved by more than chance would "
            f"explain ({_method_name(self.adjust)}{', allowing for tables' * self.has_tables})."
        )
        if table["mean_change"].notna().any():
            top = table.iloc[_argmax(table["mean_change"].abs())]
            ends = (
                f" ({100 * self.level:.0f} % interval of the change {top[low]:.2f} to "
                f"{top[high]:.2f})"
            )
            text += (
                f" The largest shift of a mean is on {top['label']}: from "
                f"{top['mean_before']:.2f} to {top['mean_after']:.2f}, "
                f"by {top['mean_change']:.2f}{ends if math.isfinite(top[low]) else ''}, "
                f"adjusted {format_p(top[p])}."
            )
            gross = table.iloc[_argmax(table["gross_change"])]
            text += (
                f" Single people moved more than means show (gross change): most on "
                f"{gross['label']}, by {gross['gross_change']:.2f} points on average."
            )
        return text + self._table_text()

    def _table_text(self) -> str:
        if not self.has_tables:
            return (
                " Tables are not known, so the intervals treat members as independent; they are "
                "too narrow if people at a table moved alike."
            )
        known = self.items["icc"].dropna()
        n_tables = int(self.items["n_tables"].max())
        text = f" People sat at {n_tables} tables"
        if len(known):
            text += (
                f"; how alike people of a table moved (intraclass correlation) runs from "
                f"{known.min():.2f} to {known.max():.2f} over the items"
            )
        few = n_tables < FEW_TABLES
        return text + ("; so few tables make rough intervals." if few else ".")

    def methods_text(self) -> str:
        """How everything was computed."""
        return (
            f"Answers before and after were matched by person. {self.paired.missing_text()} Per "
            "item: mean change with paired t test and interval, Cohen's dz and the bias-corrected "
            "gz = dz·(1 − 3/(4(n − 1) − 1)) with an interval from the noncentral t; gross change "
            "is the mean of absolute changes; Wilcoxon's signed-rank test with zeros dropped "
            "(normal approximation corrected for ties and continuity, and the exact p up to 60 "
            "changed answers); Pitman and Morgan's test of a change of spread (correlation of sum "
            "and difference; below 0, answers moved together). p-values of t are adjusted over "
            "the items by Holm and by Benjamini and Hochberg; items without any variation of "
            f"change carry no t, and p counts as 1. The summary uses {_method_name(self.adjust)}. "
            f"{self._tables_methods()} Intervals are of {self.level:.0%}. What the members "
            "answered is a fact about them; tests and intervals take them as a draw and say how "
            "far another draw could differ. A change need not come from deliberation: there is "
            "no group that did not deliberate in this comparison."
        )

    def _tables_methods(self) -> str:
        if not self.has_tables:
            return "Tables were not given; members are treated as independent."
        return (
            "Columns ending in _tables treat tables, not people, as independent: "
            "bias-reduced cluster-robust variance (CR2) with Satterthwaite degrees of freedom "
            "(Bell and McCaffrey 2002; Pustejovsky and Tipton 2018), which is t on tables less 1 "
            "where tables are of one size. The intraclass correlation is that of a one-way "
            "analysis of variance of the changes, negative values kept; the design effect is "
            "1 + (mean table size − 1)·max(0, ICC)."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Mean absolute change of opinion."""
        return (self.absolute_change,)

    def section(self) -> Section:
        """Text, the main columns and the dumbbell plot."""
        p, low, high = self._headline_columns()
        columns = ["label", "n", "mean_before", "mean_after", "mean_change", low, high]
        columns += [p, "gz", "gross_change"] + ["icc"] * self.has_tables
        shown = self.items[columns]
        headings = {
            "label": "item", low: "change, from", high: "change, to",
            p: "p adjusted", "gz": "effect size gz",
            "icc": "alike at a table (ICC)",
        }  # fmt: skip
        headings = {c: c.replace("_", " ") for c in columns} | headings
        table = table_html(shown, digits={p: 3}, headings=headings, caption="Change by item")
        figures: tuple[Figure, ...] = ()
        if (self.items["n"] > 0).any():
            caption = "Means before and after, change with interval."
            figures = (Figure.from_axes(self.plot(), caption),)
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Means before and after; see :func:`~.opinion_plots.plot_change`."""
        from dmpkit.evaluation.opinion_plots import plot_change

        return plot_change(self, ax=ax)

    def plot_effects(self, *, ax: Axes | None = None) -> Axes:
        """Mean changes with intervals; see :func:`~.opinion_plots.plot_effects`."""
        from dmpkit.evaluation.opinion_plots import plot_effects

        return plot_effects(self, ax=ax)

    def plot_distribution(self, item: str, *, ax: Axes | None = None) -> Axes:
        """Answers before and after; see :func:`~.opinion_plots.plot_distribution`."""
        from dmpkit.evaluation.opinion_plots import plot_distribution

        return plot_distribution(self, item, ax=ax)


def _argmax(column: pd.Series[Any]) -> int:
    """Place of the largest value, NaN left out."""
    return int(np.nanargmax(column.to_numpy(dtype=np.float64)))


def _counted(table: pd.DataFrame, column: str) -> Floats:
    """p-values with 1 for items where nothing varies; NaN where nothing is tested."""
    p = table[column].to_numpy(dtype=np.float64, copy=True)
    p[np.isnan(p) & (table["n"].to_numpy() > 1)] = 1.0
    return p


def _method_name(adjust: str) -> str:
    return {"holm": "Holm's correction", "bh": "Benjamini and Hochberg's correction"}[adjust]


def _mean_interval(
    values: Floats, groups: NDArray[np.int64] | None, level: float
) -> tuple[float, float, str]:
    """Interval of a mean and how it was made."""
    if groups is None:
        test = paired_t(values, level=level)
        return test.low, test.high, f"{level:.0%} t interval, people as independent"
    mean = clustered_mean(values, groups, level=level)
    return mean.low, mean.high, f"{level:.0%} interval over {mean.n_groups} tables"


def opinion_change(
    before: Any,
    after: Any,
    *,
    person: str = "person",
    items: Sequence[str] | None = None,
    table: str | pd.Series[Any] | Mapping[Any, Any] | None = None,
    scale: Scale | None = None,
    adjust: Adjust = "holm",
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
    synthetic: bool = False,
) -> OpinionChange:
    """Change of opinion between two surveys of the same people.

    Parameters
    ----------
    before, after : DataFrame
        One row a person, one numeric column an item; blank where there is no answer.
        People are matched by id.
    person : str
        Column with the id.
    items : sequence of str, optional
        Columns to use; all that both tables have when not given.
    table : str, Series or mapping, optional
        Small group in which a person deliberated: a column, or labels by person id.
        With it come intervals that allow for tables.
    scale : (low, high) or mapping of item to (low, high), optional
        Lowest and highest possible answer. Answers outside are refused; needed for the
        indicator "mean absolute change of opinion", a share of the scale's length.
    adjust : {"holm", "bh"}
        Correction over the items that the summary uses; both are in the table.
    level : float
        Confidence of intervals.
    labels : mapping, optional
        Item to wording.
    synthetic : bool
        Mark the pictures as made from synthetic data.

    Returns
    -------
    OpinionChange

    Raises
    ------
    DataError
        See :func:`~.pairing.pair_answers`.

    Examples
    --------
    >>> first = pd.DataFrame({"person": range(6), "tax": [1, 2, 2, 3, 4, 5]})
    >>> second = pd.DataFrame({"person": range(6), "tax": [2, 2, 4, 3, 5, 5]})
    >>> change = opinion_change(first, second, scale=(1, 5))
    >>> change.items[["n", "mean_change", "gross_change"]].round(3).to_numpy().tolist()
    [[6.0, 0.667, 0.667]]
    """
    check_settings(opinion_change, locals())
    adjusted([0.5], adjust)
    pair = pair_answers(before, after, person=person, items=items, table=table, scale=scale)
    return OpinionChange(pair, adjust, to_share(level), wordings(labels), synthetic)


def civic_capacity_change(
    before: Any,
    after: Any,
    *,
    items: Sequence[str],
    scale: Scale,
    reversed_items: Sequence[str] = (),
    person: str = "person",
    table: str | pd.Series[Any] | Mapping[Any, Any] | None = None,
    level: float = 0.95,
) -> Indicator:
    """Change in civic capacity (efficacy items) as an effect size.

    Answers are put on 0 to 1 (reversed where said), averaged over the items that a person
    answered both times, and the paired change of that mean is given as gz.

    Parameters
    ----------
    before, after : DataFrame
        As in :func:`opinion_change`.
    items : sequence of str
        The efficacy items.
    scale : (low, high) or mapping of item to (low, high)
        Lowest and highest possible answer.
    reversed_items : sequence of str
        Items on which a low answer means more capacity.
    person, table, level
        As in :func:`opinion_change`. With tables the interval is that of the mean change
        over tables divided by the standard deviation, an approximation.

    Returns
    -------
    Indicator
        "change in civic capacity (effect size)"; NaN where nothing varies.

    Raises
    ------
    DataError
        An item without a scale, a reversed item that is not among the items.

    Examples
    --------
    >>> first = pd.DataFrame({"person": range(5), "e1": [1, 2, 3, 3, 2]})
    >>> second = pd.DataFrame({"person": range(5), "e1": [2, 4, 3, 4, 3]})
    >>> round(civic_capacity_change(first, second, items=["e1"], scale=(1, 5)).value, 2)
    1.13
    """
    level = to_share(level)
    pair = pair_answers(before, after, person=person, items=items, table=table, scale=scale)
    turned = name_list(reversed_items, "reversed_items")
    unknown = [i for i in turned if i not in pair.items]
    if unknown:
        raise DataError(f"The reversed item {unknown[0]!r} is not among the items.")
    missing = [item for item in pair.items if pair.scale_of(item) is None]
    if missing:
        raise DataError(f"The item {missing[0]!r} has no scale.", remedy="Give its ends in scale=.")
    change = (pair.after - pair.before).copy()
    for item in pair.items:
        low, high = pair.scale_of(item) or (0.0, 1.0)
        sign = -1 if item in turned else 1
        change[item] *= sign / (high - low)
    means = change.mean(axis=1)
    kept = means.notna().to_numpy()
    groups = pair.groups()
    return effect_size_indicator(
        "change in civic capacity (effect size)",
        means.to_numpy(dtype=np.float64)[kept],
        None if groups is None else groups[kept],
        level=level,
        source=f"civic_capacity_change, {len(pair.items)} items",
    )


def effect_size_indicator(
    name: str,
    differences: Floats,
    groups: NDArray[np.int64] | None,
    *,
    level: float,
    source: str,
) -> Indicator:
    """The bias-corrected effect size gz of paired differences, with its interval.

    Parameters
    ----------
    name : str
        Name of the indicator.
    differences : array of shape (n,)
        After minus before.
    groups : array of shape (n,) or None
        Table of each person.
    level : float
    source : str

    Returns
    -------
    Indicator

    Examples
    --------
    >>> one = effect_size_indicator("x", np.array([0.0, 1, 1, 2]), None, level=0.95, source="s")
    >>> round(one.value, 3)
    0.891
    """
    test = paired_t(differences, level=level)
    if not math.isfinite(test.gz):
        why = _note(test.n, test.sd, test.mean).split(":")[0]
        return Indicator(name, NAN, n=test.n, note=f"undefined: {why}", source=source)
    if groups is None:
        low, high = standardised_interval(test.dz, test.n, level=level)
        how = "people as independent"
    else:
        mean, factor = clustered_mean(differences, groups, level=level), hedges_correction(test.n)
        low, high = mean.low * factor / test.sd, mean.high * factor / test.sd
        how = f"over {mean.n_groups} tables, approximate"
    note = (
        f"bias-corrected effect size gz of paired change (mean change "
        f"{format_number(test.mean, 3)}); {level:.0%} interval, {how}"
    )
    return Indicator(name, test.gz, low, high, test.n, note, source)
