"""R-indicators: how evenly people of different groups respond.

An R-indicator needs records of everyone who was invited, those who did not answer included.
Where there are none (an address mailing), see
:mod:`dmpkit.representativeness.response_margins`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SeparationWarning, warn
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
from dmpkit.representativeness.entries import require_columns_once, to_names, to_whole
from dmpkit.representativeness.labels import as_labels, as_text, sorted_labels
from dmpkit.representativeness.propensity import (
    EXTREME,
    Fit,
    Floats,
    conditional_partial,
    fit_propensities,
    indicator_matrix,
    propensity_bias,
    propensity_error,
    propensity_variance,
    unconditional_partial,
)
from dmpkit.representativeness.raking import Cells, cells_of
from dmpkit.resampling import drawn_seed, run_resamples
from dmpkit.tables import require_columns, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RIndicator", "r_indicator"]

#: Below this many people the linearised interval is too narrow and the bootstrap is used.
FEW = 100
MISSING = "(missing)"
_RESAMPLES = 999
#: Above this share of people alone in their cell, conditional partials are said to be off.
_MANY_ALONE = 0.2
_NORMAL = 1.959963984540054
_MOST_NAMED = 4


@dataclass(frozen=True, eq=False, repr=False)
class RIndicator(Result):
    """Result of :func:`r_indicator`.

    Attributes
    ----------
    response : str
        Column of the response.
    variables : tuple of str
    n, n_responded : int
        People in the list, and those who responded.
    raw : float
        R = 1 - 2S(ρ) with the fitted propensities; too low, as estimation adds spread.
    adjusted : float
        R with that spread taken off.
    standard_error : float
        Linearised; where there was a bootstrap, the larger of the two.
    low, high : float
        95 % interval of `adjusted`.
    cv : float
        S(ρ) over the mean propensity, unadjusted.
    partials : DataFrame
        ``variable, unconditional, conditional``.
    category_partials : DataFrame
        ``variable, category, n, rate, propensity, unconditional, conditional``; the
        unconditional one carries a sign: below 0 responds less than the average.
    separated : tuple of str
        Categories or combinations whose propensity was fitted as 0 or 1.
    n_resamples : int
        0 where the interval is the linearised one.
    seed : int or None
    notes : tuple of str
    """

    response: str
    variables: tuple[str, ...]
    n: int
    n_responded: int
    raw: float
    adjusted: float
    standard_error: float
    low: float
    high: float
    cv: float
    partials: pd.DataFrame
    category_partials: pd.DataFrame
    separated: tuple[str, ...] = ()
    n_resamples: int = 0
    seed: int | None = None
    notes: tuple[str, ...] = ()

    title: ClassVar[str] = "Evenness of response (R-indicator)"

    @property
    def rate(self) -> float:
        """Share who responded."""
        return self.n_responded / self.n

    @property
    def largest_bias(self) -> float:
        """Bound on the bias of a mean, in standard deviations of what is measured.

        (1 - R) / (2 × rate): the bias that would arise if the measured thing went wholly
        with the propensity (Schouten, Cobben & Bethlehem 2009, Survey Methodology 35, 101).
        """
        return (1 - self.raw) / (2 * self.rate)

    @property
    def estimate(self) -> Estimate:
        """The adjusted indicator with its interval."""
        how = (
            f"parametric bootstrap, {self.n_resamples} resamples"
            if self.n_resamples
            else "linearised"
        )
        if self.separated:
            how += "; fitted propensities of 0 or 1 count as known, so the interval is too narrow"
        return Estimate(self.adjusted, self.standard_error, self.low, self.high, n=self.n, note=how)

    @cached_property
    def indicator(self) -> pd.DataFrame:
        """One row: ``n, responded, rate, raw, adjusted, standard_error, low, high, cv``."""
        row = {
            "n": self.n,
            "responded": self.n_responded,
            "rate": self.rate,
            "raw": self.raw,
            "adjusted": self.adjusted,
            "standard_error": self.standard_error,
            "low": self.low,
            "high": self.high,
            "cv": self.cv,
            "largest_bias": self.largest_bias,
        }
        return pd.DataFrame([row])

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "indicator": self.indicator,
            "partials": self.partials,
            "category_partials": self.category_partials,
        }

    def summary(self) -> str:
        """The indicator in plain words."""
        most = self.partials.sort_values("unconditional", ascending=False)["variable"].iloc[0]
        by = self.category_partials.sort_values("unconditional")
        least, best = by.iloc[0], by.iloc[-1]
        text = (
            f"{self.n_responded:,} of {self.n:,} responded ({100 * self.rate:.1f} %). The "
            f"R-indicator is {format_number(self.adjusted)} (adjusted; raw "
            f"{format_number(self.raw)}; {self._interval_text()}), where 1 means that all groups "
            "respond alike. Response "
            f"differs most by {most}; {least['variable']} '{least['category']}' responded least "
            f"for its size ({100 * least['rate']:.1f} %), {best['variable']} "
            f"'{best['category']}' most ({100 * best['rate']:.1f} %)."
        )
        parts = [text]
        if self.separated:
            parts.append(
                "Separation: "
                + "; ".join(self.separated)
                + ". The model takes these as certain; use fewer variables or wider categories."
            )
        if self.notes:
            parts.append(f"Notes: {'; '.join(self.notes)}.")
        return "\n\n".join(parts)

    def _interval_text(self) -> str:
        if np.isnan(self.low):
            return "no interval"
        return f"95 % interval {format_number(self.low)} to {format_number(self.high)}"

    def methods_text(self) -> str:
        """How the indicator was made, for a methods paragraph."""
        interval = (
            "the larger of the linearised one (Shlomo, Skinner & Schouten 2012) and that of a "
            f"parametric bootstrap, {self.n_resamples} draws of the responses from the fitted "
            f"propensities (seed {self.seed}; taking the larger is our own rule)"
            if self.n_resamples
            else "linearisation (Shlomo, Skinner & Schouten 2012)"
        )
        return (
            f"Propensities of '{self.response}' come from a logistic model with main effects of "
            f"{', '.join(self.variables)}, fitted to all {self.n:,} people invited. R = 1 - 2S(ρ) "
            "(Schouten, Cobben & Bethlehem 2009), S² with divisor N - 1; the adjusted R takes off "
            "the variance that estimating the propensities adds (Shlomo, Skinner & Schouten "
            f"2012). Its standard error, and a normal interval with it, come from {interval}. "
            "Partial indicators after Schouten, Shlomo & Skinner (2011). The people invited are a "
            "complete list: the uncertainty is that of their response, not of sampling."
        )

    def section(self) -> Section:
        """The indicator as a section of a report."""
        body = (
            paragraphs(self.summary())
            + table_html(self.indicator, digits=3)
            + table_html(self.partials, digits=3, caption="Partial R-indicators")
        )
        return Section(self.title, body, (Figure.from_axes(self.plot_partials()),))

    def indicators(self) -> tuple[Indicator, ...]:
        """The adjusted R with its interval."""
        return (
            Indicator(
                "R-indicator of response",
                self.adjusted,
                self.low,
                self.high,
                self.n,
                "1 means that all groups respond alike",
                "representativeness: r_indicator",
            ),
        )

    def plot_partials(self, *, ax: Axes | None = None) -> Axes:
        """Dot plot of the partial indicators, variable by variable."""
        from dmpkit.representativeness.response_plots import plot_partials

        return plot_partials(self, ax=ax)

    def plot_category_partials(self, *, ax: Axes | None = None) -> Axes:
        """Dot plot of the signed partial indicators, category by category."""
        from dmpkit.representativeness.response_plots import plot_category_partials

        return plot_category_partials(self, ax=ax)


def r_indicator(
    frame: Any,
    response: str,
    variables: Sequence[str],
    *,
    among: str | None = None,
    n_resamples: int | None = None,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> RIndicator:
    """R-indicator of a response step, raw and adjusted, with partial indicators.

    R = 1 - 2S(ρ), with ρ the response propensities of a logistic model with main effects
    (Schouten, Cobben & Bethlehem 2009, Survey Methodology 35, 101-113). It says how far
    response depended on the variables given; it knows nothing of others.

    Parameters
    ----------
    frame : DataFrame
        One row for everyone *invited*, whether or not they responded.
    response : str
        Column of 0 and 1, false and true, or no and yes.
    variables : sequence of str
        Columns of categories known of everyone. A missing value is a category of its own.
    among : str, optional
        Column of 0 and 1: only those with 1 count as invited, as ``invited``.
    n_resamples : int, optional
        Resamples of a parametric bootstrap (responses drawn anew from the fitted
        propensities). When not given, 999 where fewer than 100 people are in the list, else
        none. The interval is then normal with the larger of the linearised and the
        bootstrapped standard error: our own rule, under which 87 to 99 % of the intervals held
        the true R in simulations of 60 and 90 people.
    seed, n_jobs, progress
        As in :mod:`dmpkit.resampling`.

    Returns
    -------
    RIndicator

    Raises
    ------
    DataError
        Columns missing, a response that is neither yes nor no, nobody or everybody responded.

    Warns
    -----
    SeparationWarning
        Where a propensity is fitted as 0 or 1; the message names category or combination.

    Examples
    --------
    >>> people = pd.DataFrame({
    ...     "age": ["young"] * 200 + ["old"] * 200,
    ...     "responded": [1] * 40 + [0] * 160 + [1] * 80 + [0] * 120})
    >>> found = r_indicator(people, "responded", ["age"])
    >>> round(found.raw, 4), round(found.adjusted, 4), found.estimate
    (0.7997, 0.81, 0.81 [0.72, 0.90], SE = 0.05, n = 400 (linearised))
    """
    names = to_names(variables)
    if n_resamples is not None:
        n_resamples = to_whole(n_resamples, "number of resamples")
    people, y = _invited(to_pandas(frame), response, names, among)
    categories, codes, notes = _categories(people, names)
    sizes = [len(c) for c in categories]
    cells = cells_of(codes, sizes)
    n = np.bincount(cells.of_row).astype(np.float64)
    responses = np.bincount(cells.of_row, y, cells.n).astype(np.float64)
    x = indicator_matrix(cells.codes, sizes)
    fit = fit_propensities(x, n, responses)
    separated = _separated(fit, cells, n, responses, names, categories)
    if separated:
        warn(
            f"The model separates: {'; '.join(separated)}. Such propensities are taken as certain "
            "and the standard error is too small; use fewer variables or wider categories.",
            SeparationWarning,
        )
    alone = float(n[n == 1].sum() / n.sum())
    if alone > _MANY_ALONE:
        notes.append(
            f"{100 * alone:.0f} % of the people are the only ones with their combination of "
            "categories, which makes conditional partials too small; use fewer variables"
        )
    raw, adjusted = _indicators(fit, n)
    if raw < 0:
        notes.append(
            "the raw R is below 0, which happens where few were invited (the variance of the "
            "propensities divides by one less than their number): read the adjusted one"
        )
    m = n_resamples if n_resamples is not None else (_RESAMPLES if len(y) < FEW else 0)
    error = propensity_error(fit, n)
    seed = drawn_seed(seed) if m else None
    if seed is not None:
        error = float(np.fmax(error, _bootstrapped(fit, x, n, m, seed, n_jobs, progress)))
    certain = (fit.propensities < EXTREME) | (fit.propensities > 1 - EXTREME)
    if certain.all() or not error > 0:
        error = float("nan")  # linearisation fails there: that is no certainty
        notes.append("no standard error: the fitted propensities do not vary, or all are 0 or 1")
    low, high = (float(np.clip(adjusted + side * _NORMAL * error, 0.0, 1.0)) for side in (-1, 1))
    return RIndicator(
        response,
        tuple(names),
        len(y),
        int(y.sum()),
        raw,
        adjusted,
        error,
        low,
        high,
        float(np.sqrt(propensity_variance(fit.propensities, n))) / float(y.mean()),
        *_partials(fit, cells, n, responses, names, categories),
        tuple(separated),
        m,
        seed,
        tuple(notes),
    )


# --- what goes in ----------------------------------------------------------------


def _invited(
    frame: pd.DataFrame, response: str, names: Sequence[str], among: str | None
) -> tuple[pd.DataFrame, Floats]:
    if not names:
        raise DataError("An R-indicator needs at least one variable.")
    require_columns(frame, [response, *names, *([among] if among else [])])
    require_columns_once(frame)
    if response in names:
        raise DataError(f"{response!r} is the response and cannot explain itself.")
    if among is not None:
        frame = frame[_flags(frame, among) == 1]
    y = _flags(frame, response)
    if not 0 < y.sum() < len(y):
        who = "Nobody is in the list" if not len(y) else "Nobody" if not y.sum() else "Everybody"
        said = who if not len(y) else f"{who} has {response!r} = 1"
        raise DataError(
            f"{said}, so there is no response to describe.",
            column=response,
            remedy="The list must hold all who were invited, those who did not respond included.",
        )
    return frame, y


def _flags(frame: pd.DataFrame, column: str) -> Floats:
    """Flags as 0 and 1, by the rule of the stages: 0 and 1, true and false, yes and no."""
    from dmpkit.representativeness.stage_data import read_flag

    out = pd.to_numeric(frame[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    out = out.copy()
    for row in np.flatnonzero(~np.isin(out, (0.0, 1.0))):
        cell = frame[column].iloc[row]
        came = read_flag(cell)
        if came is None:
            raise DataError(
                "The flag is empty."
                if as_text(cell) is None
                else f"{str(cell)!r} is neither 0 nor 1.",
                row=int(row) + 2,
                column=column,
                remedy="Write 1 (or yes) for those who did and 0 (or no) for those who did not.",
            )
        out[row] = came
    return out


def _categories(
    people: pd.DataFrame, names: Sequence[str]
) -> tuple[list[list[str]], list[NDArray[np.intp]], list[str]]:
    """Categories of each variable, codes of each person, and notes on missing values."""
    categories, codes, notes = [], [], []
    for name in names:
        labels = as_labels(people[name])
        n_missing = int(labels.isna().sum())
        if n_missing:
            labels = labels.where(labels.notna(), MISSING)
            notes.append(f"{name}: {n_missing} missing count as a category of their own")
        own = sorted_labels(set(labels))
        categories.append(own)
        codes.append(pd.Categorical(labels, categories=own).codes.astype(np.intp))
    return categories, codes, notes


# --- what is found ---------------------------------------------------------------


def _indicators(fit: Fit, n: Floats) -> tuple[float, float]:
    """R raw and adjusted; the adjusted one is 1 where estimation explains all spread."""
    variance = propensity_variance(fit.propensities, n)
    left = max(variance - propensity_bias(fit, n), 0.0)
    return 1 - 2 * float(np.sqrt(variance)), 1 - 2 * float(np.sqrt(left))


def _separated(
    fit: Fit,
    cells: Cells,
    n: Floats,
    responses: Floats,
    names: Sequence[str],
    categories: Sequence[Sequence[str]],
) -> list[str]:
    """Words for the categories, else the combinations, that were fitted as 0 or 1."""
    extreme = (fit.propensities < EXTREME) | (fit.propensities > 1 - EXTREME)
    if not extreme.any():
        return []
    said = []
    for name, labels, code in zip(names, categories, cells.codes, strict=True):
        people = np.bincount(code, n, len(labels))
        came = np.bincount(code, responses, len(labels))
        for label, all_of, some in zip(labels, people, came, strict=True):
            if some in (0, all_of):
                who = "nobody" if some == 0 else "everybody"
                said.append(f"{who} of {name} {label!r} ({int(all_of)})")
    if said:
        return said
    order = np.flatnonzero(extreme)[np.argsort(-n[extreme], kind="stable")]
    for i in order[:_MOST_NAMED]:
        cell = " × ".join(
            f"{name} {labels[code[i]]!r}"
            for name, labels, code in zip(names, categories, cells.codes, strict=True)
        )
        said.append(f"{'nobody' if fit.propensities[i] < 0.5 else 'everybody'} of {cell}")
    more = len(order) - _MOST_NAMED
    return [*said, f"{more} more combinations"] if more > 0 else said


class _Redraw:
    """Draws responses from fitted propensities and gives R adjusted of each draw."""

    def __init__(self, x: Floats, n: Floats, propensities: Floats) -> None:
        self.x, self.n, self.propensities = x, n, propensities

    def __call__(self, generator: np.random.Generator, size: int) -> Floats:
        drawn = generator.binomial(
            self.n.astype(np.int64), self.propensities, (size, len(self.n))
        ).astype(np.float64)
        out = np.full(size, np.nan)
        for i, responses in enumerate(drawn):
            if 0 < responses.sum() < self.n.sum():
                out[i] = _indicators(fit_propensities(self.x, self.n, responses), self.n)[1]
        return out


def _bootstrapped(
    fit: Fit,
    x: Floats,
    n: Floats,
    n_resamples: int,
    seed: int,
    n_jobs: int,
    progress: bool,
) -> float:
    """Standard deviation of the adjusted R over responses drawn from the fitted propensities."""
    parts = run_resamples(
        _Redraw(x, n, fit.propensities),
        n_resamples,
        seed=seed,
        n_jobs=n_jobs,
        progress=progress,
    )
    drawn = np.concatenate(parts)
    drawn = drawn[~np.isnan(drawn)]
    return float(drawn.std(ddof=1)) if len(drawn) > 1 else float("nan")


def _partials(
    fit: Fit,
    cells: Cells,
    n: Floats,
    responses: Floats,
    names: Sequence[str],
    categories: Sequence[Sequence[str]],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Partial indicators by variable and by category."""
    p, whole, parts = fit.propensities, [], []
    for place, (name, labels, code) in enumerate(zip(names, categories, cells.codes, strict=True)):
        others = [c for i, c in enumerate(cells.codes) if i != place]
        sizes = [len(c) for i, c in enumerate(categories) if i != place]
        rest = cells_of(others, sizes).of_row if others else np.zeros(cells.n, dtype=np.intp)
        between, by_category = unconditional_partial(p, n, code)
        within, within_category = conditional_partial(p, n, code, rest)
        whole.append((name, between, within))
        people = np.bincount(code, n)
        parts.append(
            pd.DataFrame(
                {
                    "variable": name,
                    "category": list(labels),
                    "n": people.astype(int),
                    "rate": np.bincount(code, responses) / people,
                    "propensity": np.bincount(code, n * p) / people,
                    "unconditional": by_category,
                    "conditional": within_category,
                }
            )
        )
    table = pd.DataFrame(whole, columns=["variable", "unconditional", "conditional"])
    return table, pd.concat(parts, ignore_index=True)
