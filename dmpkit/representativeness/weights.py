"""Weights of a panel: what they are, what they cost, and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.representativeness.entries import to_level, to_number
from dmpkit.representativeness.weighted import (
    effective_n,
    kish_design_effect,
    trim_weights,
    weighted_mean,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NOT_A_SURVEY", "Weights", "achieved_margins", "relative_error"]

Floats: TypeAlias = NDArray[np.float64]

#: Why weights make no survey of a panel; said wherever weighted figures are shown.
NOT_A_SURVEY = (
    "Members of a mini-public are not survey respondents: they were drawn to fill quotas, they "
    "spoke with each other, and each of their votes was cast as one. Weighting can correct for "
    "who is missing by the variables that were weighted; it cannot say what an absent person "
    "would have concluded after taking part."
)
_ERROR_NOTE = (
    "linearised standard error, as if people had been drawn independently; a panel that was "
    "drawn to quotas was not"
)


@dataclass(frozen=True, eq=False, repr=False)
class Weights(Result):
    """Weights of a panel; made by `rake`, `post_stratify`, `calibrate` or `design_weights`.

    Attributes
    ----------
    weights : ndarray, shape (n,)
        One weight a person, in the order of the panel. They sum to the size of the
        population where it is known, else to the number of people. 0 for people left out.
    base_weights : ndarray, shape (n,)
        The weights started from, scaled to the same sum.
    persons : ndarray, shape (n,)
        Ids, or row numbers from 1.
    method : str
        What was done, in words.
    margins : DataFrame
        ``variable, category, n, base_share, target, share, gap``: people, weighted share
        before, what was asked, what was achieved, and the difference of the last two.
    iterations : int
    converged : bool
    error : float
        Largest relative departure of a margin from its target.
    bounds : (float, float) or None
        On weight / starting weight.
    notes : tuple of str
        What was decided on the way.
    margin_codes : tuple of ndarray
        Category of each person in each variable of `margins`; those beyond the last
        category are unknown.
    codes : tuple of ndarray
        What the weights were calibrated to: the margins, or the cells.
    regression : {"equal", "base", "none"}
        Which regression the standard errors rest on: see :meth:`estimate`.
    """

    weights: Floats
    base_weights: Floats
    persons: NDArray[Any]
    method: str
    margins: pd.DataFrame
    iterations: int = 0
    converged: bool = True
    error: float = 0.0
    bounds: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    margin_codes: tuple[NDArray[np.intp], ...] = field(default=(), repr=False)
    codes: tuple[NDArray[np.intp], ...] = field(default=(), repr=False)
    regression: Literal["equal", "base", "none"] = "none"

    title: ClassVar[str] = "Weights"
    sheet_notes: ClassVar[dict[str, str]] = {
        "margins": "Shares before and after weighting beside what was asked.",
        "diagnostics": "What the weights cost.",
        "weights": "One row a person; ratio is the weight over the starting weight.",
    }

    # --- numbers

    @property
    def n(self) -> int:
        """People with a weight other than 0."""
        return int(np.count_nonzero(self.weights))

    @property
    def design_effect(self) -> float:
        """Kish's design effect, n Σw² / (Σw)²."""
        return kish_design_effect(self.weights)

    @property
    def effective_n(self) -> float:
        """How many equally weighted people would be as precise, (Σw)² / Σw²."""
        return effective_n(self.weights)

    @property
    def max_over_mean(self) -> float:
        """The largest weight over the mean weight."""
        w = self.weights[self.weights != 0]
        return float(w.max() / w.mean())

    @property
    def min_over_mean(self) -> float:
        """The smallest weight over the mean weight."""
        w = self.weights[self.weights != 0]
        return float(w.min() / w.mean())

    @property
    def ratios(self) -> Floats:
        """Weight over starting weight (g), one a person; NaN where both are 0."""
        out = np.full(len(self.weights), np.nan)
        np.divide(self.weights, self.base_weights, out=out, where=self.base_weights > 0)
        return out

    def trim(self, low: float | None = None, high: float | None = None) -> Weights:
        """The weights cut off at two bounds, what is cut spread over the others.

        What was cut off is given in equal parts to every weight inside the bounds, again
        until none is outside (R's ``trimWeights(strict = TRUE)``). Trimmed weights meet the
        margins only about: see ``.margins``.

        Parameters
        ----------
        low, high : float, optional
            In multiples of the mean weight, such as 0.3 and 3.

        Returns
        -------
        Weights

        Raises
        ------
        DataError
            When neither is given, or they do not enclose 1.
        """
        if low is None and high is None:
            raise DataError("Trimming needs a bound.", remedy="Give low=, high= or both.")
        for name, bound in (("lower", low), ("upper", high)):
            if bound is not None:
                to_number(bound, f"{name} bound")
        if not (low is None or low < 1) or not (high is None or high > 1):
            raise DataError(
                "The bounds of trimming do not enclose 1, the mean weight.",
                remedy="Give multiples of the mean weight, such as 0.3 and 3.",
            )
        used = self.weights != 0
        mean = self.weights[used].mean()
        bottom = -np.inf if low is None else low * mean
        top = np.inf if high is None else high * mean
        weights = self.weights.copy()
        weights[used] = trim_weights(weights[used], bottom, top)
        n_cut = int(((self.weights[used] < bottom) | (self.weights[used] > top)).sum())
        ends = [f"{format_number(low)} below" if low is not None else ""]
        ends += [f"{format_number(high)} above" if high is not None else ""]
        said = (
            f"{n_cut} of {self.n} weights trimmed at {' and '.join(e for e in ends if e)} "
            "(multiples of the mean weight)"
        )
        margins = achieved_margins(self.margins, self.margin_codes, weights)
        return replace(
            self,
            weights=weights,
            margins=margins,
            error=relative_error(margins),
            method=f"{self.method}, trimmed",
            notes=(*self.notes, said),
            regression="none",
        )

    def estimate(self, values: ArrayLike, *, level: float = 0.95) -> Estimate:
        """Weighted mean or share of `values`, with a linearised standard error.

        Influence values are replaced by their residuals from a regression on the categories
        that were calibrated to: an unweighted one after raking (as R's ``svymean`` after
        ``rake``), one by the starting weights after calibration and post-stratification (as
        after ``calibrate``), none after trimming and for design weights alone. See
        :func:`~dmpkit.representativeness.weighted.weighted_mean`.

        Parameters
        ----------
        values : array, shape (n,)
            Numbers, or true and false, in the order of the panel; missing ones are left out.
        level : float
            Of the normal interval.

        Returns
        -------
        Estimate

        Raises
        ------
        DataError
            For values that are no numbers, or another number of them.
        """
        level = to_level(level)
        codes = self.codes if self.regression != "none" else ()
        by = self.base_weights if self.regression == "base" else None
        found = weighted_mean(values, self.weights, codes, by, level=level)
        return found if found.note else replace(found, note=_ERROR_NOTE)

    def shares(self, values: ArrayLike, *, level: float = 0.95) -> pd.DataFrame:
        """Weighted share of each category, with linearised standard errors.

        Parameters
        ----------
        values : array, shape (n,)
            Labels in the order of the panel; missing ones are left out.
        level : float
            Of the normal intervals.

        Returns
        -------
        DataFrame
            ``category, n, unweighted, share, standard_error, low, high``.
        """
        labels = pd.Series(values, dtype=object).reset_index(drop=True)
        if len(labels) != len(self.weights):
            raise DataError(f"There are {len(labels)} values for {len(self.weights)} weights.")
        known = labels.notna().to_numpy()
        rows = []
        for category in sorted({str(v) for v in labels[known]}):
            hit = np.where(known, (labels.astype(str) == category).to_numpy(float), np.nan)
            found = self.estimate(hit, level=level)
            rows.append(
                (
                    category,
                    int(np.nansum(hit)),
                    float(np.nanmean(hit)),
                    found.value,
                    found.standard_error,
                    found.low,
                    found.high,
                )
            )
        names = ["category", "n", "unweighted", "share", "standard_error", "low", "high"]
        return pd.DataFrame(rows, columns=names)

    # --- tables

    @cached_property
    def diagnostics(self) -> pd.DataFrame:
        """``measure, value``: what the weights cost and how the search for them ended."""
        rows = [
            ("people", self.n),
            ("people left out", len(self.weights) - self.n),
            ("sum of weights", float(self.weights.sum())),
            ("design effect (Kish)", self.design_effect),
            ("effective n", self.effective_n),
            ("largest over mean weight", self.max_over_mean),
            ("smallest over mean weight", self.min_over_mean),
            ("negative weights", int((self.weights < 0).sum())),
            ("iterations", self.iterations),
            ("largest relative margin error", self.error),
        ]
        return pd.DataFrame(rows, columns=["measure", "value"]).astype({"value": float})

    @cached_property
    def extremes(self) -> pd.DataFrame:
        """The five people with the largest and the five with the smallest ratio g.

        ``person, base_weight, weight, ratio, over_mean``.
        """
        table = self.table[self.table["weight"] != 0].sort_values("ratio", ascending=False)
        few = table if len(table) <= 10 else pd.concat([table.head(5), table.tail(5)])
        mean = self.weights[self.weights != 0].mean()
        return few.assign(over_mean=few["weight"] / mean).reset_index(drop=True)

    @cached_property
    def table(self) -> pd.DataFrame:
        """``person, base_weight, weight, ratio``, one row a person."""
        return pd.DataFrame(
            {
                "person": self.persons,
                "base_weight": self.base_weights,
                "weight": self.weights,
                "ratio": self.ratios,
            }
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "margins": self.margins,
            "diagnostics": self.diagnostics,
            "extremes": self.extremes,
            "weights": self.table,
        }

    # --- words

    def summary(self) -> str:
        """The weights in plain words."""
        lost = 100 * (1 - self.effective_n / self.n)
        text = (
            f"{self.method[0].upper()}{self.method[1:]} of {self.n:,} people: design effect "
            f"{format_number(self.design_effect)}, effective n "
            f"{format_number(self.effective_n, 1)} ({format_number(lost, 0)} % of the "
            "precision is spent). The largest weight is "
            f"{format_number(self.max_over_mean)} times the mean, the smallest "
            f"{format_number(self.min_over_mean)}."
        )
        parts = [text]
        if len(self.margins):
            worst = float(self.margins["gap"].abs().max())
            met = "are met" if worst < 5e-5 else "are not met exactly"
            parts.append(
                f"The margins of {', '.join(dict.fromkeys(self.margins['variable']))} {met}; "
                f"the largest gap is {format_number(100 * worst)} points."
            )
        if self.notes:
            parts.append(f"Notes: {'; '.join(self.notes)}.")
        return "\n\n".join([*parts, NOT_A_SURVEY])

    def methods_text(self) -> str:
        """How the weights were made, for a methods paragraph."""
        regression = {
            "equal": "residuals of an unweighted regression on the margin categories",
            "base": "residuals of a regression, weighted by the starting weights, on the "
            "categories weighted to",
            "none": "deviations from the weighted mean",
        }[self.regression]
        bounds = (
            f" The ratio of weight to starting weight was held between {self.bounds[0]:g} and "
            f"{self.bounds[1]:g}."
            if self.bounds
            else ""
        )
        return (
            f"Weights by {self.method}; {self.iterations} iterations, largest relative margin "
            f"error {self.error:.1e}.{bounds} Design effect after Kish "
            "(1965), n Σw² / (Σw)². "
            f"Standard errors of weighted means are linearised from {regression}, with n/(n - 1), "
            "as if people had been drawn independently."
        )

    def section(self) -> Section:
        """The weights as a section of a report."""
        body = paragraphs(self.summary()) + table_html(self.margins, digits=3, groups="variable")
        figures = (Figure.from_axes(self.plot_weights()),)
        return Section(self.title, body, figures)

    def indicators(self) -> tuple[Indicator, ...]:
        """Design effect and effective n."""
        source = f"representativeness: {self.method}"
        return (
            Indicator("design effect of weights", self.design_effect, n=self.n, source=source),
            Indicator("effective n of weights", self.effective_n, n=self.n, source=source),
        )

    def plot_weights(self, *, ax: Axes | None = None) -> Axes:
        """Histogram of the weights over their mean, with the effective n."""
        from dmpkit.representativeness.weights_plots import plot_weights

        return plot_weights(self, ax=ax)


def achieved_margins(
    margins: pd.DataFrame, codes: Sequence[NDArray[np.intp]], weights: Floats
) -> pd.DataFrame:
    """The table of margins with the shares, among those known, that weights give."""
    parts = []
    for name, code in zip(dict.fromkeys(margins["variable"]), codes, strict=True):
        part = margins[margins["variable"] == name]
        got = np.bincount(code, weights, len(part) + 1)[: len(part)]
        got = got / got.sum()
        parts.append(part.assign(share=got, gap=got - part["target"].to_numpy()))
    return pd.concat(parts, ignore_index=True) if parts else margins


def relative_error(margins: pd.DataFrame) -> float:
    """Largest |gap| / target of a table of margins.

    Examples
    --------
    >>> relative_error(pd.DataFrame({"target": [0.5, 0.5], "gap": [0.1, -0.1]}))
    0.2
    """
    if not len(margins):
        return 0.0
    target = margins["target"].to_numpy()
    gap = margins["gap"].abs().to_numpy()
    return float(np.max(gap / np.where(target > 0, target, 1.0)))
