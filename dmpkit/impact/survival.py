"""Kaplan–Meier, log-rank and Cox: one kind of event, with late entry."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import ConvergenceWarning, DataError, SeparationWarning, warn
from dmpkit.impact.curves import INTERVALS, Curves, holes
from dmpkit.impact.followup import (
    Floats,
    FollowUp,
    Ints,
    check_choice,
    check_level,
    follow_up,
    labels_of,
    z_of,
)
from dmpkit.impact.groups import GroupTest
from dmpkit.impact.pooled import bootstrap_incidence
from dmpkit.impact.product_limit import counts_of_causes, product_limit
from dmpkit.impact.wording import ratio_text
from dmpkit.reporting import Estimate, Indicator, Result, Section, paragraphs, table_html
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CoxModel", "KaplanMeier", "cox", "kaplan_meier", "logrank_test"]

#: Events a coefficient below which a model is said to be overfitted (Peduzzi et al. 1995).
EVENTS_A_COEFFICIENT = 10


@dataclass(frozen=True, eq=False, repr=False)
class KaplanMeier(Curves):
    """Result of :func:`kaplan_meier`; its one curve is the share without the event."""

    title: ClassVar[str] = "Share still without the event"

    @property
    def shown(self) -> tuple[int, ...]:
        """The survival curve."""
        return (0,)

    @property
    def settled(self) -> bool:
        """Whether nobody is left after the last time."""
        return bool(self.probability[-1, 0] < 1e-12)

    @property
    def _events(self) -> Any:
        return np.repeat(self.counts.moves, 2, axis=1)  # events, not moves into "event-free"

    def median(self) -> Estimate:
        """First time at which half or fewer are without the event; NaN, with a note, if never.

        The interval is where the ends of the band cross one half (Brookmeyer and
        Crowley 1982).
        """
        return self._when(0, 0.5, falling=True)

    def restricted_mean(self, horizon: float) -> pd.DataFrame:
        """Mean time without the event up to a horizon: the area under the curve.

        Parameters
        ----------
        horizon : float
            Within the follow-up.
        """
        return super().restricted_mean(horizon).iloc[:1]

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return (
            f"The share of {self.n:,} items without the event was estimated by Kaplan and Meier's "
            "product limit, items at risk for entry < t ≤ time, events before censoring at the "
            f"same time. {self.uncertainty}"
        )

    def plot(self, *, ax: Axes | None = None, **options: Any) -> Axes:
        """The curve with numbers at risk below.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        **options
            Of :func:`~dmpkit.impact.incidence_plots.plot_incidence`.
        """
        from dmpkit.impact.incidence_plots import plot_incidence

        return plot_incidence(self, ax=ax, **options)


def kaplan_meier(
    time: Any,
    event: Any,
    entry: Any = None,
    *,
    process: Any = None,
    bands: bool = False,
    interval: str = "log-log",
    level: float = 0.95,
    n_resamples: int = 999,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> KaplanMeier:
    """Share of items without an event, by time (Kaplan and Meier 1958).

    S(t) = Π_{s ≤ t} (1 − d / n). Where other outcomes compete with the event use
    :func:`dmpkit.impact.cumulative_incidence`: one minus this curve would overstate it.

    Parameters
    ----------
    time : sequence of float, length n
    event : sequence of bool or 0/1, length n
        Whether the event was seen at `time`.
    entry : sequence of float, length n, optional
        When an item came under observation.
    process, bands, n_resamples, seed, n_jobs, progress
        As in :func:`dmpkit.impact.cumulative_incidence`.
    interval : {"plain", "log", "log-log"}
    level : float

    Returns
    -------
    KaplanMeier

    Raises
    ------
    DataError
        On times, events or entries that cannot be used.

    Examples
    --------
    >>> curve = kaplan_meier([2, 3, 3, 5], [1, 1, 0, 1])
    >>> curve.at([3])["estimate"].tolist(), curve.median().value
    ([0.5], 3.0)
    """
    check_settings(kaplan_meier, locals())
    check_choice(interval, INTERVALS, "interval")
    check_level(level)
    seen = one_event(time, event, entry)
    counts = counts_of_causes(seen)
    start = np.array([1.0, 0.0])
    probability, variance, _ = product_limit(counts, start)
    pooled, notes = None, holes(counts) if seen.n_late else ()
    if process is not None:
        of = labels_of(process, "process", seen.n)
        pooled, said = bootstrap_incidence(
            seen, of, counts.times, level, n_resamples, seed, n_jobs, progress
        )
        notes += said
    return KaplanMeier(
        counts=counts,
        states=("event-free", "event"),
        start=start,
        probability=probability,
        variance=variance,
        n=seen.n,
        bands=bool(bands),
        interval=interval,
        level=level,
        bootstrapped=pooled,
        notes=notes,
    )


def one_event(time: Any, event: Any, entry: Any) -> FollowUp:
    """Follow-up of one kind of event, told by True or 1.

    Raises
    ------
    DataError
        When an event is anything but true or false.

    Examples
    --------
    >>> one_event([1, 2], [True, 0], None).code.tolist()
    [1, 0]
    """
    return follow_up(time, event, entry, causes=("1",), name="event")


def logrank_test(
    time: Any, event: Any, group: Any, entry: Any = None, *, rho: float = 0.0
) -> GroupTest:
    """Whether groups differ in when the event comes (log-rank; Harrington and Fleming 1982).

    At each event time the events of a group are compared with what its share of those
    at risk would give, weighted by S(t−)^rho, S being the curve of all groups; the
    variance is hypergeometric. ``rho=0`` is the log-rank, ``rho=1`` the Peto–Peto test.

    Parameters
    ----------
    time, event, entry
        As in :func:`kaplan_meier`.
    group : sequence, length n
    rho : float
        0 or more.

    Returns
    -------
    GroupTest
        ``.statistic, .df, .p_value`` and a ``.table`` of observed and expected events.

    Raises
    ------
    DataError
        When there are not at least two groups, or on unusable times.

    Examples
    --------
    >>> test = logrank_test([1, 2, 3, 4], [1, 1, 1, 0], list("aabb"))
    >>> round(test.statistic, 3), test.df
    (2.882, 1)
    """
    weight = _rho(rho)
    seen = one_event(time, event, entry)
    of = labels_of(group, "group", seen.n)
    names = tuple(sorted(set(of)))
    if len(names) < 2:
        raise DataError("there is only one group.", column="group", remedy="Compare two or more.")
    times = np.unique(seen.time[seen.code > 0])
    parts = [seen.part(of == name) for name in names]
    d, n = _by_group(parts, times)
    all_d, all_n = d.sum(axis=1), n.sum(axis=1)
    before = np.concatenate([[1.0], np.cumprod(1 - all_d / all_n)[:-1]]) if len(times) else all_d
    w = before**weight
    share = n / all_n[:, None]
    observed, expected = w @ d, w @ (share * all_d[:, None])
    spread = np.divide(all_n - all_d, all_n - 1, out=np.zeros(len(times)), where=all_n > 1)
    scale = w**2 * all_d * spread
    variance = np.diag(scale @ share) - (share * scale[:, None]).T @ share
    return GroupTest.from_score(
        "Log-rank test" if weight == 0 else f"Harrington–Fleming test (rho = {weight:g})",
        observed - expected,
        variance,
        groups=names,
        n=[part.n for part in parts],
        observed=observed,
        expected=expected,
    )


def _rho(rho: object) -> float:
    if isinstance(rho, int | float | np.number) and 0 <= float(rho) < np.inf:
        return float(rho)
    raise DataError(f"rho is {rho!r}.", remedy="Use 0 (log-rank) or a positive number.")


def _by_group(parts: list[FollowUp], times: Floats) -> tuple[Floats, Floats]:
    """Events and numbers at risk of each group at each time, shape (T, G)."""
    from dmpkit.impact.followup import risk_counts

    d = np.zeros((len(times), len(parts)))
    n = np.zeros_like(d)
    for g, part in enumerate(parts):
        np.add.at(d[:, g], np.searchsorted(times, part.time[part.code > 0]), 1)
        n[:, g] = risk_counts(times, np.sort(part.entry), np.sort(part.time))
    return d, n


# --- Cox -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class CoxModel(Result):
    """Result of :func:`cox` and :func:`dmpkit.impact.fine_gray`.

    Attributes
    ----------
    terms : tuple of str
    coefficient, standard_error : ndarray, shape (p,)
    covariance : ndarray, shape (p, p)
    log_likelihood : float
        Partial log-likelihood at the estimate.
    concordance : float
        Share of comparable pairs in which the item with the higher hazard came first,
        ties counted half (Harrell); NaN with late entry.
    n, n_events : int
    level : float
    method : str
        What was fitted, in words.
    notes : tuple of str
    """

    terms: tuple[str, ...]
    coefficient: Floats
    standard_error: Floats
    covariance: Floats
    log_likelihood: float
    concordance: float
    n: int
    n_events: int
    level: float
    method: str
    notes: tuple[str, ...] = ()

    title: ClassVar[str] = "Hazard model"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a term.

        Columns: ``term, coefficient, standard_error, hazard_ratio, low, high``
        (interval of the ratio), ``p_value`` (Wald).
        """
        from scipy.special import ndtr

        z = z_of(self.level)
        b, s = self.coefficient, self.standard_error
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            columns = {
                "hazard_ratio": np.exp(b),
                "low": np.exp(b - z * s),
                "high": np.exp(b + z * s),
                "p_value": 2 * ndtr(-np.abs(b / s)),
            }
        return pd.DataFrame(
            {"term": list(self.terms), "coefficient": b, "standard_error": s, **columns}
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """The coefficients."""
        return {"coefficients": self.table}

    def summary(self) -> str:
        """The model in plain words."""
        said = "; ".join(
            f"{term}: {ratio_text(ratio)} times the rate (hazard ratio, {100 * self.level:g} % "
            f"interval {ratio_text(low)} to {ratio_text(high)})"
            for term, ratio, low, high in self.table[
                ["term", "hazard_ratio", "low", "high"]
            ].itertuples(index=False, name=None)
        )
        opening = (
            f"{self.method}: {counted(self.n, 'item')}, {counted(self.n_events, 'event')}. {said}."
        )
        return "\n\n".join([opening, *self.notes, SAMPLE])

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return (
            f"{self.method} on {self.n:,} items with {self.n_events:,} events; intervals "
            f"({100 * self.level:g} %) and p-values are Wald's. Ratios are associations. {SAMPLE}"
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """The hazard ratios."""
        return tuple(
            Indicator(f"hazard ratio, {term}", float(ratio), float(low), float(high), self.n,
                      note=SAMPLE, source=self.method)
            for term, ratio, low, high in self.table[
                ["term", "hazard_ratio", "low", "high"]
            ].itertuples(index=False, name=None)
        )  # fmt: skip

    def section(self) -> Section:
        """The coefficients as a section of a report."""
        table = table_html(self.table, digits=3, caption=self.method)
        return Section(self.title, paragraphs(self.summary()) + table)


#: Said wherever a test or a model interval is shown.
SAMPLE = (
    "Intervals and p-values read the items as independent draws from a larger set; a complete "
    "list from one assembly is none, and items of one process are not independent."
)


def cox(
    time: Any,
    event: Any,
    predictors: Any,
    entry: Any = None,
    *,
    ties: str = "efron",
    level: float = 0.95,
) -> CoxModel:
    """Cox's proportional hazards (cause-specific, where other outcomes compete).

    Fitted by statsmodels. An item that enters at an event time is not at risk there
    (entry < t ≤ time, as in R); statsmodels would count it, so times are replaced by
    their ranks and entries stand half a rank behind them, which leaves the partial
    likelihood as it is.

    Parameters
    ----------
    time, event, entry
        As in :func:`kaplan_meier`; for one cause among several, True for that cause alone.
    predictors : DataFrame, n x p
        Numbers or true/false, one column a term.
    ties : {"efron", "breslow"}
    level : float

    Returns
    -------
    CoxModel

    Raises
    ------
    DataError
        When nothing happened, a predictor is missing, constant, no number, or a
        combination of the others.

    Examples
    --------
    >>> import pandas as pd
    >>> x = pd.DataFrame({"cost": [1, 0, 1, 0, 0, 1, 0, 1]})
    >>> model = cox([5, 2, 3, 3, 1, 6, 4, 2], [1, 1, 1, 0, 1, 0, 1, 1], x)
    >>> model.table[["term", "coefficient"]].round(2)
       term  coefficient
    0  cost        -0.75
    """
    check_choice(ties, ("efron", "breslow"), "ties")
    check_level(level)
    seen = one_event(time, event, entry)
    x, terms = design(predictors, seen.n)
    n_events = int((seen.code > 0).sum())
    if not n_events:
        raise DataError("nothing has happened, so there is nothing to model.", column="event")
    unit = x.std(axis=0)  # fitted in standard deviations, so that no unit is too small or large
    model = _proportional(seen, x / unit, ties)
    fitted, covariance = _maximum(model, len(terms))
    b, covariance = fitted / unit, covariance / np.outer(unit, unit)
    error = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return CoxModel(
        terms=terms,
        coefficient=b,
        standard_error=error,
        covariance=covariance,
        log_likelihood=float(model.loglike(fitted)),
        concordance=_concordance(seen, x @ b),
        n=seen.n,
        n_events=n_events,
        level=level,
        method=f"Cox proportional hazards ({ties.capitalize()} ties)",
        notes=model_notes(n_events, terms, b, error, x),
    )


def design(predictors: Any, n: int) -> tuple[Floats, tuple[str, ...]]:
    """Predictors as a checked matrix, and their names.

    Raises
    ------
    DataError
        When a column is missing values, no number, constant or redundant.

    Examples
    --------
    >>> import pandas as pd
    >>> design(pd.DataFrame({"a": [0, 1]}), 2)[1]
    ('a',)
    """
    from dmpkit.tables import to_pandas

    frame = to_pandas(predictors, what="table of predictors")
    terms = tuple(str(c) for c in frame.columns)
    if len(frame) != n or not terms:
        raise DataError(
            f"the predictors have {len(frame)} rows and {len(terms)} columns where there are "
            f"{n} items.", remedy="Give one row an item and one column a predictor.",
        )  # fmt: skip
    x = np.empty((n, len(terms)))
    for j, term in enumerate(terms):
        x[:, j] = _column(frame.iloc[:, j], term)
        if n and np.ptp(x[:, j]) == 0:
            raise DataError("it is the same for every item.", column=term, remedy="Leave it out.")
    centred = x - x.mean(axis=0)
    if np.linalg.matrix_rank(centred / centred.std(axis=0)) < len(terms):
        raise DataError(
            f"the predictors {', '.join(terms)} say the same thing twice.",
            remedy="Leave out one that follows from the others.",
        )
    return x, terms


def _column(values: pd.Series, term: str) -> Floats:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = ~np.isfinite(numbers) | values.map(lambda v: isinstance(v, str)).to_numpy(dtype=bool)
    if bad.any():
        at = int(np.argmax(bad))
        raise DataError(
            f"{values.iloc[at]!r} is not a number.",
            row=at + 1,
            column=term,
            remedy="Code categories as 0 and 1; leave out rows that are missing.",
        )
    return numbers


def model_notes(
    n_events: int, terms: tuple[str, ...], b: Floats, error: Floats, x: Floats
) -> tuple[str, ...]:
    """What a reader should know: too few events, coefficients without a finite value."""
    notes: tuple[str, ...] = ()
    if n_events < EVENTS_A_COEFFICIENT * len(terms):
        notes += (
            f"{n_events} events for {len(terms)} coefficients: fewer than "
            f"{EVENTS_A_COEFFICIENT} each, so the estimates are unstable.",
        )
    size = np.abs(b) * x.std(axis=0)
    lost = (size > 8) | ~np.isfinite(error) | (error * x.std(axis=0) > 50)
    if lost.any():
        which = ", ".join(t for t, bad in zip(terms, lost, strict=True) if bad)
        said = f"{which}: the events are separated perfectly, or nearly; there is no finite ratio."
        warn(said, SeparationWarning)
        notes += (said,)
    return notes


def _proportional(seen: FollowUp, x: Floats, ties: str) -> Any:
    from statsmodels.duration.hazard_regression import PHReg

    every, place = np.unique(np.concatenate([seen.time, seen.entry]), return_inverse=True)
    del every
    rank = place.astype(float)
    entry = rank[seen.n :] + 0.5 if seen.n_late else None
    return PHReg(
        rank[: seen.n], x - x.mean(axis=0), status=(seen.code > 0).astype(int), entry=entry,
        ties=ties,
    )  # fmt: skip


def _maximum(model: Any, p: int) -> tuple[Floats, Floats]:
    """Newton's iteration with halved steps, and the inverse information at its end."""
    b = np.zeros(p)
    with np.errstate(all="ignore"):
        best = float(model.loglike(b))
        if np.linalg.matrix_rank(np.atleast_2d(model.hessian(b)), tol=1e-9) < p:
            raise DataError(
                "the predictors do not differ enough among those at risk when something happened.",
                remedy="Leave predictors out, or wait for more events.",
            )
        for _ in range(60):
            information = -np.atleast_2d(model.hessian(b))
            step = np.linalg.pinv(information) @ np.atleast_1d(model.score(b))
            while not model.loglike(b + step) >= best - 1e-10 and np.abs(step).max() > 1e-10:
                step = step / 2
            b = b + step
            best = float(model.loglike(b))
            if np.abs(step).max() < 1e-10 or np.abs(b).max() > 25:
                break
        else:
            warn("The hazard model did not settle; it is approximate.", ConvergenceWarning)
        return b, np.linalg.pinv(-np.atleast_2d(model.hessian(b)))


def _concordance(seen: FollowUp, score: Floats) -> float:
    """Harrell's share of concordant pairs; NaN with late entry.

    A pair is an event and an item whose time is later, or the same without an event; it
    is right where the later one has the lower score, and half right where they tie.
    """
    if seen.n_late:
        return float("nan")
    done = seen.code > 0
    order = np.lexsort((~done, seen.time))  # at the same time events come first
    when, event = seen.time[order], done[order]
    rank = np.unique(score, return_inverse=True)[1][order]
    # where those begin that outlast an event: after all events of its time
    events_here = np.searchsorted(when[event], when[event], side="right") - np.searchsorted(
        when[event], when[event], side="left"
    )
    begin = np.searchsorted(when, when[event], side="left") + events_here
    below = count_below(rank, begin, rank[event])
    level = count_below(rank, begin, rank[event] + 1) - below
    pairs = float((len(when) - begin).sum())
    return float(below.sum() + 0.5 * level.sum()) / pairs if pairs else float("nan")


def count_below(values: Ints, begin: Ints, bounds: Ints) -> Ints:
    """How many values from a place on lie below a bound, for many places and bounds at once.

    Bit by bit, the highest first, values are parted into those without and with the bit,
    and each range follows its bound: O((n + m) log max) and no loop over items (a wavelet
    tree laid out as a matrix; Navarro 2014, doi:10.1016/j.jda.2013.07.004).

    Parameters
    ----------
    values : ndarray of int, shape (n,)
        0 or more.
    begin : ndarray of int, shape (m,)
        From 0 to n.
    bounds : ndarray of int, shape (m,)
        0 or more.

    Examples
    --------
    >>> count_below(np.array([3, 0, 2, 2]), np.array([0, 1, 4]), np.array([3, 2, 9])).tolist()
    [3, 1, 0]
    """
    left, right = begin.copy(), np.full_like(begin, len(values))
    found, row = np.zeros_like(begin), values
    largest = max(int(values.max(initial=0)), int(bounds.max(initial=0)))
    for bit in range(largest.bit_length() - 1, -1, -1):
        has = (row >> bit & 1).astype(bool)
        without = np.concatenate([[0], np.cumsum(~has)])
        low, high = without[left], without[right]
        up = (bounds >> bit & 1).astype(bool)
        found = found + np.where(up, high - low, 0)
        left = np.where(up, without[-1] + left - low, low)
        right = np.where(up, without[-1] + right - high, high)
        row = np.concatenate([row[~has], row[has]])
    return found
