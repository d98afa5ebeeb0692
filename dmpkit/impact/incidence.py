"""Cumulative incidence: what share has come to each outcome by when.

Outcomes compete: a recommendation that was rejected can, for the time being, not be
implemented. The Aalen–Johansen estimator says what share has come to each; one
minus Kaplan–Meier, which treats the other outcomes as if they had merely been lost
from sight, says too much and is given only on request, beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.impact.curves import INTERVALS, Curves, holes
from dmpkit.impact.followup import (
    Floats,
    FollowUp,
    check_choice,
    check_level,
    follow_up,
    labels_of,
    query_times,
)
from dmpkit.impact.pooled import bootstrap_incidence
from dmpkit.impact.product_limit import Counts, counts_of_causes, product_limit
from dmpkit.reporting import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["PENDING_STATE", "CumulativeIncidence", "cumulative_incidence"]

#: Name of the state in which nothing has happened so far.
PENDING_STATE = "pending"


@dataclass(frozen=True, eq=False, repr=False)
class CumulativeIncidence(Curves):
    """Result of :func:`cumulative_incidence`; the first state is *pending*."""

    title: ClassVar[str] = "Cumulative incidence of outcomes"
    column: ClassVar[str] = "cause"

    @property
    def causes(self) -> tuple[str, ...]:
        """Names of the outcomes."""
        return self.states[1:]

    @property
    def shown(self) -> tuple[int, ...]:
        """The outcomes, then *pending*."""
        return (*range(1, len(self.states)), 0)

    @property
    def settled(self) -> bool:
        """Whether nothing is pending after the last time."""
        return bool(self.probability[-1, 0] < 1e-12)

    def median(self, cause: str | None = None) -> Estimate:
        """When half of all items had come to an outcome; NaN, with a note, if never.

        Parameters
        ----------
        cause : str, optional
            Which outcome; without it, any outcome at all.

        Returns
        -------
        Estimate
            The first time at which the incidence is .5 or more; its interval is where
            the ends of the band cross .5. In our simulations with 100 items nominal
            95 % held 93 %.

        Raises
        ------
        DataError
            When the cause is unknown.
        """
        if cause is None:
            return self._when(0, 0.5, falling=True)
        return self._when(self._place(cause), 0.5, falling=False)

    def naive(self, times: Any | None = None) -> pd.DataFrame:
        """One minus Kaplan–Meier beside the cumulative incidence: how much it overstates.

        A warning example: it answers what share would have come to the outcome if the
        others did not exist and told nothing about it.

        Parameters
        ----------
        times : sequence of float, optional
            All times of the table if left out.

        Returns
        -------
        DataFrame
            ``time, cause, estimate`` (Aalen–Johansen), ``naive`` (1 − KM), ``overstated``.
        """
        asked = self.times if times is None else query_times(times)
        right = self.at(asked)
        right = right[right["cause"] != PENDING_STATE][["time", "cause", "estimate"]]
        rows = np.searchsorted(self.times, asked, side="right")
        risk = self.counts.at_risk[:, 0]
        kept = np.ones((len(self.times) + 1, len(self.causes)))
        for p, (_, j) in enumerate(self.counts.pairs):
            hazard = np.divide(
                self.counts.moves[:, p], risk, where=risk > 0, out=np.zeros(len(risk))
            )
            kept[1:, j - 1] = np.cumprod(1 - hazard)
        naive = (1 - kept[rows]).ravel()
        naive[right["estimate"].isna().to_numpy()] = np.nan
        table = right.assign(naive=naive)
        return table.assign(overstated=table["naive"] - table["estimate"]).reset_index(drop=True)

    def martingale_errors(self, times: Any) -> pd.DataFrame:
        """The other standard error in use: the martingale form, as R's cmprsk prints it.

        Larger than Greenwood's by a little. With n at risk, d_j events of cause j at each
        time s up to t, F the incidence of cause k and S the share pending (Aalen 1978;
        Gray 1988):

            Σ_s S(s−)² / n² · Σ_j d_j (1 − (d_j − 1) / (n − 1)) · (1{j = k} − (F(t) − F(s)) / S(s))²

        Parameters
        ----------
        times : sequence of float

        Returns
        -------
        DataFrame
            ``time, cause, estimate, standard_error``.
        """
        asked = query_times(times)
        table = self.at(asked)
        table = table[table["cause"] != PENDING_STATE][["time", "cause", "estimate"]]
        rows = np.searchsorted(self.times, asked, side="right")
        errors = [
            np.sqrt(max(_martingale_variance(self.counts, self.probability, p, row), 0.0))
            for row in rows
            for p in range(len(self.causes))
        ]
        out = table.assign(standard_error=errors)
        out.loc[out["estimate"].isna(), "standard_error"] = np.nan
        return out.reset_index(drop=True)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return (
            f"The cumulative incidence of {', '.join(self.causes) or 'any outcome'} among "
            f"{self.n:,} items was estimated by the Aalen–Johansen product limit: ties as they "
            "are, events before censoring at the same time, items at risk from their entry on "
            "(entry < t ≤ time). Competing outcomes are not treated as censoring. "
            f"{self.uncertainty}"
        )

    def plot(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """Steps of each outcome with numbers at risk below.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        **options
            Of :func:`~dmpkit.impact.incidence_plots.plot_incidence`.
        """
        from dmpkit.impact.incidence_plots import plot_incidence

        return plot_incidence(self, ax=ax, **options)

    def plot_naive(self, cause: str, *, ax: Axes | None = None) -> Axes:
        """One minus Kaplan–Meier beside the incidence, as a warning example.

        Parameters
        ----------
        cause : str
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.impact.incidence_plots import plot_naive

        return plot_naive(self, cause, ax=ax)


def _martingale_variance(counts: Counts, probability: Floats, p: int, until: int) -> float:
    """Martingale variance of the incidence of cause p after the first `until` times."""
    if until == 0:
        return 0.0
    n = counts.at_risk[:until, 0].astype(float)
    before = np.concatenate([[1.0], probability[: until - 1, 0]])
    after = probability[:until, 0]
    later = probability[until - 1, p + 1] - probability[:until, p + 1]
    share = np.divide(later, after, out=np.zeros(until), where=after > 1e-14)
    own = counts.moves[:until, p].astype(float)
    total = 0.0
    for d, weight in ((own, 1 - share), (counts.moves[:until].sum(axis=1) - own, share)):
        used = d > 0
        ties = np.where(d > 1, 1 - (d - 1) / np.maximum(n - 1, 1), 1.0)
        total += float((weight**2 * before**2 * ties * d / np.maximum(n, 1) ** 2)[used].sum())
    return total


def cumulative_incidence(
    time: Any,
    cause: Any,
    entry: Any = None,
    *,
    process: Any = None,
    causes: Sequence[str] | None = None,
    bands: bool = False,
    interval: str = "plain",
    level: float = 0.95,
    n_resamples: int = 999,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> CumulativeIncidence:
    """Share of items that have come to each outcome, by time (Aalen–Johansen).

    With S(t) the share still pending and, at each time s, n at risk and d_k events of cause k:
    F_k(t) = Σ_{s ≤ t} S(s−) d_k / n (Aalen and Johansen 1978). Ties are taken as they are,
    events come before censoring, and an item is at risk for entry < t ≤ time. Standard
    errors are Greenwood's, the ones of survfit and etm in R.

    One assembly's recommendations are a complete list with one start date: the curve is a
    count over time and has no intervals. Where several processes are pooled, name them:
    intervals then come from a bootstrap of whole processes, Greenwood's beside.

    Parameters
    ----------
    time : sequence of float, length n
        From the start (such as the report) to the outcome or the last look.
    cause : sequence, length n
        A word or number; 0, ``""``, ``"pending"`` or ``"censored"`` where nothing has
        happened yet.
    entry : sequence of float, length n, optional
        When an item came under observation, where later than the start.
    process : sequence, length n, optional
        Which process an item comes from.
    causes : sequence of str, optional
        Outcomes in the order wanted; one that did not occur keeps its row of zeros.
    bands : bool
        Greenwood intervals without processes, for items that can be read as draws.
    interval : {"plain", "log", "log-log"}
        How a Greenwood interval is made; on the probability itself.
    level : float
    n_resamples : int
        Of the bootstrap of processes.
    seed, n_jobs, progress
        As in :func:`dmpkit.resampling.run_resamples`.

    Returns
    -------
    CumulativeIncidence
        ``.table``, ``.at(times)``, ``.median(cause)``, ``.restricted_mean(horizon)``,
        ``.naive()``, ``.plot()``.

    Raises
    ------
    DataError
        On times, entries or causes that cannot be used; see
        :func:`dmpkit.impact.followup.follow_up`.

    Examples
    --------
    >>> curves = cumulative_incidence([2, 3, 3, 5], ["done", "rejected", "pending", "done"])
    >>> curves.at([3])[["cause", "estimate", "at_risk"]]
          cause  estimate  at_risk
    0      done      0.25        3
    1  rejected      0.25        3
    2   pending      0.50        3
    """
    check_settings(cumulative_incidence, locals())
    check_choice(interval, INTERVALS, "interval")
    seen = follow_up(time, cause, entry, causes=causes)
    if PENDING_STATE in seen.causes:
        raise DataError("'pending' cannot be an outcome.", column="cause")
    counts = counts_of_causes(seen)
    start = np.eye(len(seen.causes) + 1)[0]
    probability, variance, _ = product_limit(counts, start)
    pooled, notes = None, _notes(seen, counts)
    if process is not None:
        of = labels_of(process, "process", seen.n)
        pooled, said = bootstrap_incidence(
            seen, of, counts.times, check_level(level), n_resamples, seed, n_jobs, progress
        )
        notes += said
    return CumulativeIncidence(
        counts=counts,
        states=(PENDING_STATE, *seen.causes),
        start=start,
        probability=probability,
        variance=variance,
        n=seen.n,
        bands=bool(bands),
        interval=interval,
        level=check_level(level),
        bootstrapped=pooled,
        notes=notes,
    )


def _notes(seen: FollowUp, counts: Counts) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if not seen.causes or not (seen.code > 0).any():
        notes += ("Nothing has happened to any item so far: every curve is 0, which is no answer.",)
    if seen.n_late:
        late = "1 item comes" if seen.n_late == 1 else f"{seen.n_late:,} items come"
        notes += (f"{late} under observation after the start and count from then on.",)
        notes += holes(counts)
    return notes
