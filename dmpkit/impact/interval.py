"""Outcomes known only to lie between two reviews.

A review finds something done that the review before did not: the date lies in
``(last seen not done, first seen done]``, half-open. The curve that fits best
without a model is fixed only at the ends of a few intervals; between them nothing
is known, and the result says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import ConvergenceWarning, DataError, warn
from dmpkit.impact.curves import NO_BANDS
from dmpkit.impact.followup import Floats, Ints, check_choice, numbers, query_times
from dmpkit.reporting import Estimate, Indicator, Result, Section, paragraphs, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["IntervalCurve", "IntervalModel", "interval_model", "turnbull"]

FIXED = (
    "The curve is fixed only at the ends of its support intervals; within one, any rise from its "
    "lower to its upper end fits the reviews equally well."
)
_GAP = 1e-9  # how far from the maximum the iteration may stop (a bound, see _self_consistent)
_MOST = 200_000


@dataclass(frozen=True, eq=False, repr=False)
class IntervalCurve(Result):
    """Result of :func:`turnbull`.

    Attributes
    ----------
    left, right : ndarray, shape (m,)
        Support intervals, open at the left and closed at the right; infinite right where
        it is open; ``left == right`` for an exact time.
    mass : ndarray, shape (m,)
        Share of the outcomes that falls in each; adds to 1.
    log_likelihood : float
    n : int
    n_open : int
        Items not seen done at the last look.
    widths : Estimate
        Median width of the finite intervals, with the quartiles as its ends.
    notes : tuple of str
    """

    left: Floats
    right: Floats
    mass: Floats
    log_likelihood: float
    n: int
    n_open: int
    widths: Estimate
    notes: tuple[str, ...] = ()

    title: ClassVar[str] = "Outcomes known only between reviews"
    sheet_notes: ClassVar[Mapping[str, str]] = {"support": FIXED}

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a support interval.

        Columns: ``left, right`` (the interval is (left, right]), ``mass``,
        ``before`` (share done by its left end), ``after`` (by its right end; NaN if open).
        """
        after = np.cumsum(self.mass)
        after = np.where(np.isinf(self.right), np.nan, np.minimum(after, 1.0))
        before = np.concatenate([[0.0], np.cumsum(self.mass)[:-1]])
        return pd.DataFrame(
            {"left": self.left, "right": self.right, "mass": self.mass, "before": before,
             "after": after}
        )  # fmt: skip

    def at(self, times: Any) -> pd.DataFrame:
        """What is known of the share done by any times.

        Parameters
        ----------
        times : sequence of float

        Returns
        -------
        DataFrame
            ``time, estimate`` (NaN within a support interval), ``low, high`` (the least and
            the most that the curve can be there; no confidence interval), ``fixed``.
        """
        asked = query_times(times)
        low = np.array([self.mass[self.right <= t].sum() for t in asked])
        inside = [(self.left < t) | (self.right <= t) for t in asked]
        high = np.array([self.mass[part].sum() for part in inside])
        fixed = high - low < 1e-9
        return pd.DataFrame(
            {"time": asked, "estimate": np.where(fixed, low, np.nan), "low": low,
             "high": np.minimum(high, 1.0), "fixed": fixed}
        )  # fmt: skip

    def median(self) -> Estimate:
        """Where half are done: the support interval in which the curve passes one half.

        Returns
        -------
        Estimate
            `value` only where the interval is a point; else its ends are `low` and `high`.
        """
        done = np.cumsum(self.mass)
        at = int(np.argmax(done >= 0.5 - 1e-12))
        low, high = float(self.left[at]), float(self.right[at])
        if np.isinf(high):
            return Estimate(np.nan, low=low, n=self.n, note="not reached in the reviews")
        value = high if low == high or abs(done[at] - 0.5) < 1e-12 else np.nan
        note = "ends of the support interval, no confidence interval"
        return Estimate(value, low=low, high=high, n=self.n, note=note)

    def restricted_mean(self, horizon: float) -> Estimate:
        """Bounds of the mean time without the outcome up to a horizon.

        Parameters
        ----------
        horizon : float
            Positive.

        Returns
        -------
        Estimate
            No value but the bounds: all mass at the left, or at the right, ends.
        """
        h = float(query_times([horizon])[0])
        low = float(self.mass @ np.minimum(self.left, h))
        high = float(self.mass @ np.minimum(self.right, h))
        value = low if high - low < 1e-12 else np.nan
        return Estimate(value, low=low, high=high, n=self.n, note="bounds, no confidence interval")

    def frames(self) -> dict[str, pd.DataFrame]:
        """The support intervals."""
        return {"support": self.table}

    def summary(self) -> str:
        """The curve in plain words."""
        share = 1 - self.mass[np.isinf(self.right)].sum()
        opening = (
            f"{self.n:,} items, {self.n_open:,} of them not seen done at the last look; "
            f"{100 * share:.1f} % done by the last fixed point."
        )
        if self.widths.n:
            opening += (
                f" A review saw a change after {self.widths.value:g} time units in the median "
                f"(quartiles {self.widths.low:g} and {self.widths.high:g})."
            )
        return "\n\n".join([opening, FIXED, *self.notes, NO_BANDS])

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return (
            f"The distribution of times to the outcome of {self.n:,} items was estimated from "
            "half-open intervals (last seen not done, first seen done] by nonparametric maximum "
            "likelihood (Turnbull 1976; Peto 1973), by self-consistency on maximal "
            f"intersections. {FIXED} {NO_BANDS}"
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """The share done by the last fixed point."""
        done = float(self.mass[np.isfinite(self.right)].sum())
        return (Indicator("share done, between reviews", done, n=self.n, source=self.title),)

    def section(self) -> Section:
        """The curve as a section of a report, with the picture."""
        from dmpkit.reporting import Figure

        html = paragraphs(self.summary()) + table_html(self.table, digits=3, caption=self.title)
        return Section(self.title, html, (Figure.from_axes(self.plot(), FIXED),))

    def plot(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """The curve, hatched where it is not fixed.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        **options
            Of :func:`~dmpkit.impact.incidence_plots.plot_interval`.
        """
        from dmpkit.impact.incidence_plots import plot_interval

        return plot_interval(self, ax=ax, **options)


def _bounds(left: Any, right: Any) -> tuple[Floats, Floats]:
    """Checked interval ends: missing left is 0, missing right is infinite."""
    low = np.nan_to_num(numbers(left, "left", missing=True), nan=0.0)
    high = numbers(right, "right", missing=True, infinite=True)
    high = np.where(np.isnan(high), np.inf, high)
    if len(low) != len(high):
        raise DataError(f"left has {len(low)} values and right {len(high)}.")
    if not len(low):
        raise DataError("There are no rows.", remedy="Give one interval an item.")
    wrong = low > high
    if wrong.any():
        at = int(np.argmax(wrong))
        raise DataError(
            f"it was last seen not done at {low[at]:g}, after it was first seen done at "
            f"{high[at]:g}.",
            row=at + 1,
            column="right",
            remedy="Mend one of the two.",
        )
    return low, high


def turnbull(left: Any, right: Any) -> IntervalCurve:
    """Nonparametric curve of outcomes that are known to lie in half-open intervals.

    The likelihood Π_i (F(right_i) − F(left_i)) is maximal for masses on the maximal
    intersections of the intervals (left, right] (Peto 1973; Turnbull 1976); they are found by
    self-consistency until Σ over items of 1/probability, the directional derivative, certifies
    that the log-likelihood is within 1e-9 per item of its maximum. Intervals that are taken as
    closed instead (as lifelines does) share end points that no item can share, and give other
    steps.

    Parameters
    ----------
    left : sequence of float, length n
        Last seen not done; 0 or missing where it was never looked at before.
    right : sequence of float, length n
        First seen done; missing or infinite where it has not been; equal to `left` where the
        time is exact.

    Returns
    -------
    IntervalCurve

    Raises
    ------
    DataError
        When an interval ends before it begins, or is no number.

    Examples
    --------
    >>> curve = turnbull([0, 6, 6, 9], [6, 9, 9, None])
    >>> curve.table[["left", "right", "mass"]]
       left  right  mass
    0   0.0    6.0  0.25
    1   6.0    9.0  0.50
    2   9.0    inf  0.25
    """
    low, high = _bounds(left, right)
    pairs, weight = np.unique(np.stack([low, high], axis=1), axis=0, return_counts=True)
    support = _intersections(pairs)
    first, last = _covered(pairs, support)
    mass, log_likelihood, settled = _self_consistent(first, last, weight, len(support))
    notes: tuple[str, ...] = ()
    if not settled:
        warn("The interval-censored curve did not settle; its masses are approximate.",
             ConvergenceWarning)  # fmt: skip
        notes = ("The iteration stopped before it settled; the masses are approximate.",)
    open_ended = np.isinf(high)
    if open_ended.all():
        notes += ("Nothing was seen done at any review.",)
    kept = mass > 1e-10
    return IntervalCurve(
        left=support[kept, 0],
        right=support[kept, 1],
        mass=mass[kept] / mass[kept].sum(),
        log_likelihood=log_likelihood,
        n=len(low),
        n_open=int(open_ended.sum()),
        widths=_widths((high - low)[~open_ended]),
        notes=notes,
    )


def _widths(finite: Floats) -> Estimate:
    if not len(finite):
        return Estimate(np.nan, n=0, note="no finite interval")
    low, middle, high = np.quantile(finite, (0.25, 0.5, 0.75))
    return Estimate(float(middle), low=float(low), high=float(high), n=len(finite))


def _intersections(pairs: Floats) -> Floats:
    """Maximal intersections: a left end followed at once by a right end.

    At one value, the left end of an exact time comes first, then right ends (closed), then
    left ends (open).
    """
    exact = pairs[:, 0] == pairs[:, 1]
    value = np.concatenate([pairs[:, 0], pairs[:, 1]])
    rank = np.concatenate([np.where(exact, 0, 2), np.ones(len(pairs))])
    order = np.lexsort((rank, value))
    value, is_right = value[order], rank[order] == 1
    ends = np.flatnonzero(~is_right[:-1] & is_right[1:])
    return np.stack([value[ends], value[ends + 1]], axis=1)


def _covered(pairs: Floats, support: Floats) -> tuple[Ints, Ints]:
    """First and one past the last support interval within each observed one."""
    exact = support[:, 0] == support[:, 1]
    begins = np.where(exact, np.nextafter(support[:, 0], -np.inf), support[:, 0])
    own = pairs[:, 0] == pairs[:, 1]
    from_ = np.where(own, np.nextafter(pairs[:, 0], -np.inf), pairs[:, 0])
    first = np.searchsorted(begins, from_, side="left")
    last = np.searchsorted(support[:, 1], pairs[:, 1], side="right")
    return first.astype(np.int64), last.astype(np.int64)


def _self_consistent(first: Ints, last: Ints, weight: Ints, m: int) -> tuple[Floats, float, bool]:
    """Masses, log-likelihood, and whether the certificate of the maximum holds.

    With g_j the mean over items of 1{j covered} / P(item), the maximum is at most
    log(max g) per item above the present log-likelihood (Böhning 1982). Masses that vanish
    are dropped by multiplying with g, as self-consistency does.
    """
    share = weight / weight.sum()
    mass = np.full(m, 1 / m)

    def probability(p: Floats) -> Floats:
        cumulated = np.concatenate([[0.0], np.cumsum(p)])
        return np.asarray(cumulated[last] - cumulated[first])

    def gradient(p: Floats) -> Floats:
        pull = share / np.maximum(probability(p), 1e-300)
        change = np.bincount(first, pull, m + 1) - np.bincount(last, pull, m + 1)
        out: Floats = np.cumsum(change)[:m]
        return out

    settled = False
    for step in range(_MOST):
        pull = gradient(mass)
        if pull.max() - 1 < _GAP:
            settled = True
            break
        mass = np.asarray(mass * pull)
        if step % 3 == 2:
            mass = _extrapolated(mass, gradient)
    found = np.log(np.maximum(probability(mass), 1e-300))
    return mass / mass.sum(), float(weight @ found), settled


def _extrapolated(mass: Floats, gradient: Any) -> Floats:
    """One accelerated step (SQUAREM, Varadhan and Roland 2008), where it is safe."""
    one = mass * gradient(mass)
    two = one * gradient(one)
    r, v = one - mass, two - 2 * one + mass
    length = np.linalg.norm(v)
    if length < 1e-300:
        return np.asarray(two)
    alpha = -np.linalg.norm(r) / length
    new: Floats = mass - 2 * alpha * r + alpha**2 * v
    if alpha > -1 or (new[two > 0] <= 0).any():
        return np.asarray(two)
    new = np.maximum(new, 0.0)
    return np.asarray(new / new.sum())


# --- parametric --------------------------------------------------------------------


@dataclass(frozen=True)
class IntervalModel:
    """Result of :func:`interval_model`.

    Attributes
    ----------
    distribution : str
    shape, scale : float
        S(t) = exp(−(t / scale)^shape); the rate of an exponential is 1 / scale.
    log_likelihood : float
    n : int
    """

    distribution: str
    shape: float
    scale: float
    log_likelihood: float
    n: int

    @property
    def rate(self) -> float:
        """1 / scale: outcomes a time unit, constant where shape is 1."""
        return 1 / self.scale

    def at(self, times: Any) -> pd.DataFrame:
        """Share done by any times: ``time, estimate``.

        Parameters
        ----------
        times : sequence of float
        """
        asked = query_times(times)
        return pd.DataFrame(
            {"time": asked, "estimate": -np.expm1(-((asked / self.scale) ** self.shape))}
        )


def interval_model(left: Any, right: Any, distribution: str = "weibull") -> IntervalModel:
    """Exponential or Weibull times fitted to half-open intervals by maximum likelihood.

    An item adds log(S(left) − S(right)), and log S(left) where it was not seen done.

    Parameters
    ----------
    left, right : sequence of float, length n
        As in :func:`turnbull`; exact times are refused.
    distribution : {"weibull", "exponential"}

    Returns
    -------
    IntervalModel

    Raises
    ------
    DataError
        When nothing was seen done, or an interval has no width.

    Examples
    --------
    >>> round(interval_model([0, 6, 6], [6, 9, None], "exponential").rate, 3)
    0.125
    """
    from scipy.optimize import minimize

    check_choice(distribution, ("weibull", "exponential"), "distribution")
    low, high = _bounds(left, right)
    done = np.isfinite(high)
    free = done.all() and low.max() == 0  # any time may be as early as one likes
    common = distribution == "weibull" and low.max() < high.min()
    if not done.any() or free or common:
        raise DataError(
            "the intervals do not bound the times: one time fits all of them.",
            remedy="More reviews are needed.",
        )
    if (low == high).any():
        raise DataError("an interval has no width.", row=int(np.argmax(low == high)) + 1)
    middle = float(np.mean(np.where(done, (low + np.where(done, high, 0)) / 2, low)))

    def loss(parameters: Floats) -> float:
        shape = float(np.exp(parameters[1])) if len(parameters) > 1 else 1.0
        a = (low / np.exp(parameters[0])) ** shape
        b = (high[done] / np.exp(parameters[0])) ** shape
        inner = np.log(np.maximum(-np.expm1(a[done] - b), 1e-300)).sum()
        return float(a.sum() - inner)

    begin = np.array([np.log(max(middle, 1e-6)), 0.0])[: 2 if distribution == "weibull" else 1]
    with np.errstate(all="ignore"):
        found = minimize(loss, begin, method="Nelder-Mead",
                         options={"xatol": 1e-11, "fatol": 1e-12, "maxiter": 20_000})  # fmt: skip
    shape = float(np.exp(found.x[1])) if distribution == "weibull" else 1.0
    scale = float(np.exp(found.x[0]))
    if not 0.02 < shape < 50 or not 1e-6 < scale / max(middle, 1e-6) < 1e6:
        raise DataError("the likelihood has no maximum at finite values.",
                        remedy="More reviews are needed.")  # fmt: skip
    return IntervalModel(distribution, shape, scale, -float(found.fun), len(low))
