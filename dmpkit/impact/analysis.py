"""One call from a ledger to what can be said of it on a day.

:func:`analyse` runs the methods of this room in the order in which their answers may be
read: coverage, shares, answers and promises, time, raters, what was taken up, and how far
all of it depends on definitions. What cannot be computed is listed with the reason.
"""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.impact import views
from dmpkit.impact.analysis_text import Words
from dmpkit.impact.dates import as_day, days_of, iso
from dmpkit.impact.histories import durations, multistate
from dmpkit.impact.incidence import CumulativeIncidence, cumulative_incidence
from dmpkit.impact.multistate import Occupancy, occupancy
from dmpkit.impact.multiverse import Multiverse, multiverse
from dmpkit.impact.raters import RaterComparison, raters
from dmpkit.impact.synthetic import is_synthetic
from dmpkit.impact.tallies import Shares, frame_on, impact_share
from dmpkit.impact.vocabulary import NO_RECORD, STATUSES
from dmpkit.reporting import Indicator, Result, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.impact.cherry_picking import CherryPicking
    from dmpkit.impact.clocks import AsOf
    from dmpkit.impact.data import Ledger

__all__ = ["ImpactAnalysis", "analyse"]

T = TypeVar("T")
#: A property of the recommendations needs this share of them coded to be looked at.
CODED = 0.5


@dataclass(frozen=True, eq=False, repr=False)
class ImpactAnalysis(Result):
    """Result of :func:`analyse`: every part an attribute, None where it was not computed.

    Attributes
    ----------
    ledger : Ledger
        The recommendations that were counted, with all that belongs to them.
    date, known_on, min_grade
        As asked for.
    counting_unit : str
    processes : tuple of str
    promise : str or None
    synthetic : bool
    status : AsOf
        Certain and possible status of each, overdue, predates.
    shares : Shares
    new : DataFrame or None
        Implemented with and without what was planned already.
    by_process : DataFrame
        ``process_id, n, implemented, share, days_followed`` (median).
    answers : DataFrame
        When each was answered, and whether by the day it was due.
    response, outcome : CumulativeIncidence or None
        Days from receipt to the answer, and to what became of it.
    response_states, action_states : Occupancy or None
        Share in each state over time.
    flows : DataFrame
        ``response, action, n``.
    transitions : DataFrame
        ``layer, from, to, count``.
    raters : RaterComparison or None
    fidelity, evidence, attribution : DataFrame
    cherry_picking : CherryPicking or None
    multiverse : Multiverse or None
    lines : DataFrame
        The pieces of the swimmer plot.
    wider_impact, goals : DataFrame
        Shown beside, never added in.
    not_computed : DataFrame
        ``part, why, remedy``.
    notes : DataFrame
        ``part, note``: what the methods warned of.
    seed : int
    """

    title: ClassVar[str] = "What became of the recommendations"
    sheet_notes: ClassVar[dict[str, str]] = {
        "shares": "Of all, of those answered and of those closed; a complete list, no interval.",
        "bounds": "The share if nothing that is pending comes, and if all of it does.",
        "already_planned": "Implemented, by what there was before the assembly reported.",
        "answers": "Answer of each recommendation; overdue is computed, nobody decided it.",
        "response_curve": "Share answered by days since receipt, a step at each answer.",
        "outcome_curve": "Share that has come to each end, by days since receipt.",
        "wider_impact": "Beside the recommendations, never added into a share of them.",
        "goals": "set_after_start: yes where the goal was set when the assembly was under way.",
        "not_computed": "What could not be computed, and why.",
    }
    sheet_formats: ClassVar[dict[str, str]] = dict.fromkeys(
        ("share", "share_all", "share_answered", "share_closed", "low", "high", "estimate"),
        "0.000",
    )

    ledger: Ledger
    date: str
    known_on: str | None
    min_grade: int | None
    counting_unit: str
    processes: tuple[str, ...]
    promise: str | None
    synthetic: bool
    status: AsOf
    shares: Shares
    new: pd.DataFrame | None
    by_process: pd.DataFrame
    answers: pd.DataFrame
    response: CumulativeIncidence | None
    outcome: CumulativeIncidence | None
    response_states: Occupancy | None
    action_states: Occupancy | None
    flows: pd.DataFrame
    transitions: pd.DataFrame
    raters: RaterComparison | None
    fidelity: pd.DataFrame
    evidence: pd.DataFrame
    attribution: pd.DataFrame
    cherry_picking: CherryPicking | None
    multiverse: Multiverse | None
    lines: pd.DataFrame
    review_days: tuple[float, ...]
    wider_impact: pd.DataFrame
    goals: pd.DataFrame
    not_computed: pd.DataFrame
    notes: pd.DataFrame
    seed: int

    @property
    def pooled(self) -> bool:
        """Whether several processes were put together."""
        return len(self.processes) > 1

    @property
    def n(self) -> int:
        """Recommendations counted."""
        return self.shares.n

    @cached_property
    def words(self) -> Words:
        """The sentences, part by part."""
        return Words(self)

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables, coverage first; those of parts that were not computed are missing."""
        own: dict[str, pd.DataFrame | None] = {
            "coverage": self.shares.coverage,
            "shares": self.shares.fates,
            "bounds": self.shares.bounds,
            "statuses": self.shares.statuses,
            "by_process": self.by_process if self.pooled else None,
            "already_planned": self.new,
            "answers": self.answers,
            "status_of_each": self.status.table,
            "overdue": self.status.overdue,
            "response_curve": None if self.response is None else self.response.table,
            "outcome_curve": None if self.outcome is None else self.outcome.table,
            "response_states": None if self.response_states is None else self.response_states.table,
            "action_states": None if self.action_states is None else self.action_states.table,
            "response_to_action": self.flows,
            "transitions": self.transitions,
            "fidelity": self.fidelity,
            "evidence": self.evidence,
            "attribution": self.attribution,
        }
        for name, part in (
            ("raters", self.raters),
            ("taken_up", self.cherry_picking),
            ("multiverse", self.multiverse),
        ):
            if part is not None:
                own |= {f"{name}_{table}": frame for table, frame in part.frames().items()}
        own |= {"wider_impact": self.wider_impact, "goals": self.goals}
        own |= {"not_computed": self.not_computed, "notes": self.notes}
        return {name: frame for name, frame in own.items() if frame is not None}

    def summary(self) -> str:
        """What can be said on the day, in plain words, coverage first."""
        return self.words.summary()

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return self.words.methods()

    def indicators(self) -> tuple[Indicator, ...]:
        """Numbers for an evaluation, each with its source; NaN where not assessed."""
        return self.words.indicators()

    def section(self) -> Section:
        """The analysis as one section of a larger report: summary, main tables, two pictures."""
        from dmpkit.impact.analysis_pages import short_section

        return short_section(self)

    def sections(self) -> tuple[Section, ...]:
        """The sections of the analysis's own page."""
        from dmpkit.impact.analysis_pages import sections

        return sections(self)

    # --- pictures ---------------------------------------------------------------------

    def plot_occupancy(self, layer: str = "action", *, ax: Axes | None = None) -> Axes:
        """State of the recommendations stacked over time, with ticks at reviews.

        Parameters
        ----------
        layer : {"action", "response"}
        ax : Axes, optional
        """
        from dmpkit.impact.incidence_plots import plot_occupancy
        from dmpkit.impact.vocabulary import label
        from dmpkit.plotting import GREY

        part = self._need("response_states" if layer == "response" else "action_states")
        drawn = plot_occupancy(
            part, reviews=self.review_days, xlabel="days since receipt", names=label, ax=ax
        )
        drawn = self._curve(drawn)
        if self.synthetic and self.review_days:  # clear of the ticks
            drawn.set_title(
                "synthetic data", loc="right", fontsize=8, fontweight="normal", color=GREY, pad=13
            )
        return drawn

    def plot_response(self, *, ax: Axes | None = None) -> Axes:
        """Share answered by days since receipt, with the promised time drawn."""
        from dmpkit.impact.incidence_plots import plot_incidence
        from dmpkit.impact.ledger_plots import promise_line
        from dmpkit.impact.vocabulary import label

        drawn = plot_incidence(
            self._need("response"), xlabel="days since receipt", names=label, ax=ax
        )
        if self.promise is not None:
            promise_line(drawn, self.promise, self.answers)
        return self._curve(drawn)

    def plot_outcome(self, *, ax: Axes | None = None) -> Axes:
        """Share that has come to each end, by days since receipt."""
        from dmpkit.impact.incidence_plots import plot_incidence
        from dmpkit.impact.vocabulary import label

        part = self._need("outcome")
        return self._curve(plot_incidence(part, xlabel="days since receipt", names=label, ax=ax))

    def plot_swimmer(self, *, page: int = 1, per_page: int = 60, ax: Axes | None = None) -> Axes:
        """One line a recommendation: see :func:`.ledger_plots.plot_swimmer`."""
        from dmpkit.impact.ledger_plots import plot_swimmer

        return self._marked(plot_swimmer(self.lines, page=page, per_page=per_page, ax=ax))

    def plot_alluvial(self, *, ax: Axes | None = None) -> Axes:
        """From response to action: see :func:`.ledger_plots.plot_flows`."""
        from dmpkit.impact.ledger_plots import plot_flows

        return self._marked(plot_flows(self.flows, ax=ax))

    def plot_answers(self, *, ax: Axes | None = None) -> Axes:
        """Each answer against its promise: see :func:`.ledger_plots.plot_answers`."""
        from dmpkit.impact.ledger_plots import plot_answers

        return self._marked(plot_answers(self.answers, self.date, ax=ax))

    def plot_raters(self, a: str | None = None, b: str | None = None) -> Axes:
        """Two raters side by side: see :func:`.raters_plots.plot_raters`."""
        return self._marked(self._need("raters").plot_raters(a, b))

    def plot_uptake(self, *, ax: Axes | None = None) -> Axes:
        """Share taken up by property: see :func:`.cherry_plots.plot_uptake`."""
        return self._need("cherry_picking").plot_uptake(ax=ax)  # type: ignore[no-any-return]

    def plot_forest(self, *, ax: Axes | None = None) -> Axes:
        """Odds ratios, where several processes were compared."""
        return self._need("cherry_picking").plot_forest(ax=ax)  # type: ignore[no-any-return]

    def plot_range(self, *, ax: Axes | None = None) -> Axes:
        """How far each choice moves the headline: see :func:`.multiverse_plots.plot_range`."""
        return self._need("multiverse").plot_range(ax=ax)  # type: ignore[no-any-return]

    def plot_curve(self, *, ax: Axes | None = None) -> Axes:
        """Every way of counting in order: see :func:`.multiverse_plots.plot_curve`."""
        return self._need("multiverse").plot_curve(ax=ax)  # type: ignore[no-any-return]

    def _need(self, name: str) -> Any:
        part = getattr(self, name)
        if part is None:
            rows = self.not_computed.set_index("part")["why"]
            raise DataError(
                f"There is no picture: {name.replace('_', ' ')} was not computed.",
                remedy=str(rows.get(name, "")) or None,
            )
        return part

    def _curve(self, ax: Axes) -> Axes:
        ax.set_ylabel("share of recommendations")
        return self._marked(ax)

    def _marked(self, ax: Axes) -> Axes:
        from dmpkit.plotting import mark_synthetic

        return mark_synthetic(ax) if self.synthetic else ax


def analyse(
    ledger: Ledger,
    date: str | dt.date,
    *,
    known_on: str | dt.date | None = None,
    min_grade: int | None = None,
    process: str | None = None,
    counting_unit: str | None = None,
    promise: str | None = None,
    blind: bool | None = None,
    n_resamples: int = 999,
    seed: int = 1,
    n_jobs: int = 1,
    synthetic: bool | None = None,
) -> ImpactAnalysis:
    """Everything that a ledger can answer on a day, and what it cannot, with the reason.

    For one process the list is complete and has one start: shares, curves and counts stand
    without intervals, bands or tests (but for the exact test of what was taken up). Several
    processes are pooled: bands then come from drawing whole processes.

    Parameters
    ----------
    ledger : Ledger
    date : str or date
        The day for which it holds.
    known_on, min_grade
        Count only what was recorded by a day, or has this evidence grade (0 to 3), in
        every part; see :func:`dmpkit.impact.clocks.as_of`.
    process : str, optional
        Only this process; all, pooled, when not given.
    counting_unit : {"recommendation", "objective", "sub-action"}, optional
        What is counted; needed where the ledger holds several.
    promise : str, optional
        Time in which an answer was promised, such as "four months" or "90 days": due
        dates that the ledger lacks are counted from receipt.
    blind : bool, optional
        Whether cost and challenge were coded without knowing the fate.
    n_resamples, seed, n_jobs
        Of the bootstraps, and of exact tests that cannot enumerate.
    synthetic : bool, optional
        Made-up data, so that texts and pictures say so; seen from the names of the
        processes when not given.

    Returns
    -------
    ImpactAnalysis
        ``.summary()``, ``.report(path)``, ``.to_excel(path)``, ``.plot_…()`` and every
        part as an attribute.

    Raises
    ------
    DataError
        There is no such process, several counting units and none chosen, nothing
        reported by the day, or a promise that is not read.

    Examples
    --------
    >>> from dmpkit.impact.synthetic import synthetic_ledger
    >>> result = analyse(synthetic_ledger(n=30), "2024-12-31", promise="six months")
    >>> result.n, result.shares.n_answered, result.response.bootstrapped is None
    (30, 27, True)
    >>> result.answers["promise"].value_counts().to_dict()
    {'kept': 18, 'late': 9, 'overdue': 3}
    """
    check_settings(analyse, locals())
    chosen = _of_process(ledger, process)
    chosen = views.with_promise(chosen, promise)
    unit, counted = frame_on(chosen, date, counting_unit)
    reported = _reported(chosen, date)  # all units: wholes and parts, for the multiverse
    whole, own = chosen, views.part_of(chosen, counted)
    made = _Maker(
        own,
        iso(as_day(date)),
        None if known_on is None else iso(as_day(known_on, "day of knowledge")),
        min_grade,
        unit,
        blind,
        int(n_resamples),
        int(seed),
        n_jobs,
        is_synthetic(ledger) if synthetic is None else bool(synthetic),
    )
    return made.result(whole, reported, promise)


def _of_process(ledger: Ledger, process: str | None) -> Ledger:
    if process is None:
        return ledger
    names = ledger.recommendations["process_id"]
    keep = (names == str(process)).to_numpy()
    if not keep.any():
        known = ", ".join(dict.fromkeys(names[names != ""])) or "none is named"
        raise DataError(f"There is no process {process!r}.", remedy=f"There are: {known}.")
    return views.part_of(ledger, keep, {str(process)})


def _reported(ledger: Ledger, date: str | dt.date) -> NDArray[np.bool_]:
    """Rows of any unit that had been reported by a day, or of which receipt is not known."""
    received = ledger.index.received_on
    early = received <= as_day(date)
    return np.asarray(early | (received >= 2**31 - 1))


@dataclass
class _Maker:
    """Makes the parts one by one; what fails or warns is written down."""

    ledger: Ledger
    date: str
    known_on: str | None
    min_grade: int | None
    unit: str
    blind: bool | None
    n_resamples: int
    seed: int
    n_jobs: int
    synthetic: bool
    failed: list[tuple[str, str, str]] = field(default_factory=list)
    said: list[tuple[str, str]] = field(default_factory=list)

    def attempt(self, part: str, make: Callable[[], T]) -> T | None:
        """A part, or None and a line on why not; its warnings become notes."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                made = make()
            except DataError as error:
                self.failed.append((part, error.problem, error.remedy or ""))
                made = None
        for one in caught:
            if not issubclass(one.category, DmpkitWarning):
                warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
            elif (part, str(one.message)) not in self.said:
                self.said.append((part, str(one.message)))
        return made

    def result(
        self, whole: Ledger, reported: NDArray[np.bool_], promise: str | None
    ) -> ImpactAnalysis:
        own, everyone = self.ledger, np.ones(self.ledger.n, dtype=bool)
        clock = {"known_on": self.known_on, "min_grade": self.min_grade}
        status = own.as_of(self.date, self.known_on, self.min_grade)
        record = views.record_until(own, self.date, self.known_on, self.min_grade)
        names = tuple(dict.fromkeys(name or "(not named)" for name in
                                    own.recommendations["process_id"]))  # fmt: skip
        pooled = len(names) > 1
        new = self.attempt("already planned", lambda: impact_share(own, self.date, **clock))  # type: ignore[arg-type]
        curves = {
            part: self.attempt(part, lambda u=until: self.curve(record, u, pooled))  # type: ignore[misc]
            for part, until in (("response", "answer"), ("outcome", "fate"))
        }
        states = {
            layer: self.attempt(
                f"{layer}_states",
                lambda y=layer: self.states(record, y, pooled),  # type: ignore[misc]
            )
            for layer in ("response", "action")
        }
        shares = own.shares(self.date, **clock)  # type: ignore[arg-type]
        found = self.attempt("raters", self.compare_raters)
        answer = whole.as_of(self.date, self.known_on, self.min_grade)
        many = self.attempt("multiverse", lambda: self.multiverse(whole, answer, reported))
        picked = self.attempt(
            "cherry_picking", lambda: self.picking(views.uptake_table(own, status, everyone))
        )
        return ImpactAnalysis(
            ledger=own,
            date=self.date,
            known_on=self.known_on,
            min_grade=self.min_grade,
            counting_unit=self.unit,
            processes=names,
            promise=promise,
            synthetic=self.synthetic,
            status=status,
            shares=shares,
            new=new,
            by_process=_by_process(own, status),
            answers=views.answers_table(record, self.date),
            response=curves["response"],
            outcome=curves["outcome"],
            response_states=states["response"],
            action_states=states["action"],
            flows=views.response_to_action(status, everyone),
            transitions=record.transitions(),
            raters=found,
            fidelity=views.fidelity_table(record, status, everyone),
            evidence=views.evidence_table(own, status, everyone),
            attribution=views.attribution_table(own, status, everyone),
            cherry_picking=picked,
            multiverse=many,
            lines=views.swimmer_table(record, self.date, everyone),
            review_days=_review_days(own, self.date, status),
            wider_impact=_until(whole.wider_impact, "date", self.date),
            goals=whole.goals,
            not_computed=pd.DataFrame(self.failed, columns=["part", "why", "remedy"]),
            notes=pd.DataFrame(self.said, columns=["part", "note"]),
            seed=self.seed,
        )

    def curve(self, record: Ledger, until: str, pooled: bool) -> CumulativeIncidence:
        """Steps of one kind of event by days since receipt."""
        rows = durations(record, self.date, until)  # type: ignore[arg-type]
        part = "response" if until == "answer" else "outcome"
        left = rows[~rows["use"]]
        for why, group in left.groupby("why_not", sort=False):
            self.said.append((part, f"{len(group)} are not in the curves: {why}."))
        unknown = record.n - len(rows)
        if unknown:
            self.said.append(
                (part, f"{unknown} have no date of receipt and are not in the curves.")
            )
        used = rows[rows["use"]]
        if used.empty:
            raise DataError("No recommendation has a date of receipt and was followed up.")
        if not (used["cause"] != "").any():
            raise DataError("Nothing of the kind has happened so far, so there is no curve.")
        return cumulative_incidence(
            used["time"], used["cause"], used["entry"],
            process=used["process_id"].where(used["process_id"] != "", "(not named)")
            if pooled else None,
            n_resamples=self.n_resamples, seed=self.seed, n_jobs=self.n_jobs,
        )  # fmt: skip

    def states(self, record: Ledger, layer: str, pooled: bool) -> Occupancy:
        """Share in each state by days since receipt."""
        rows = multistate(record, self.date, layer)  # type: ignore[arg-type]
        if rows.empty:
            raise DataError("No recommendation has a date of receipt and was followed up.")
        there = {*rows["from"], *rows["to"]}
        if len(there - {"censored"}) < 2:
            raise DataError("Nothing has changed in this layer so far.")
        rows = rows.assign(
            process_id=rows["process_id"].where(rows["process_id"] != "", "(not named)")
        )
        return occupancy(
            rows, states=[s for s in (NO_RECORD, *STATUSES[layer]) if s in there],
            process="process_id" if pooled else None,
            n_resamples=self.n_resamples, seed=self.seed, n_jobs=self.n_jobs,
        )  # fmt: skip

    def compare_raters(self) -> RaterComparison:
        """Everybody who rated, up to the day."""
        ratings = self.ledger.ratings
        if ratings.empty:
            raise DataError("The ledger holds no ratings, so nobody else's judgement is known.")
        found = raters(ratings, date=self.date)
        _ = found.agreement  # made when asked for; its warnings belong to this part
        return found

    def multiverse(self, whole: Ledger, answer: AsOf, rows: NDArray[np.bool_]) -> Multiverse:
        """The headline under every coder, counting rule, denominator and credit rule."""
        table = views.multiverse_table(whole, answer, rows)
        rules, parent, wanted = None, None, {"coder": views.LEDGER, "denominator": "all"}
        units = list(dict.fromkeys(table["counting_unit"]))
        if (table["parent_id"] != "").any():
            parent = "parent_id"
            wanted["counting_rule"] = {"sub-action": "sub-actions"}.get(
                self.unit, "recommendations"
            )
        elif len(units) > 1:
            table = table.assign(**{f"as {u}": table["counting_unit"] == u for u in units})
            rules = {f"{u}s": f"as {u}" for u in units}
            wanted["counting_rule"] = f"{self.unit}s"
        return multiverse(
            table, parent=parent, rules=rules, headline=wanted | {"credit": "full only"},
            synthetic=self.synthetic,
        )  # fmt: skip

    def picking(self, table: pd.DataFrame) -> CherryPicking:
        """What was taken up, by the properties that are coded and differ."""
        from dmpkit.impact.cherry_picking import cherry_picking

        known = table["fate"].notna()
        used = []
        for name in ("cost", "challenge", "support", "powers", "already planned"):
            column = table.loc[known, name]
            if column.notna().mean() < CODED:
                why = "not coded" if column.isna().all() else "coded for fewer than half"
            elif column.dropna().nunique() < 2:
                why = "the same for all"
            else:
                used.append(name)
                continue
            self.said.append(("cherry_picking", f"{name} is left out: {why}."))
        if not [name for name in used if name != "already planned"] and len(used) < 1:
            raise DataError(
                "No property of the recommendations is coded and differs (cost_class, challenge, "
                "support_share, power, baseline).",
                remedy="Have cost and challenge coded by somebody who does not know the fate.",
            )
        levels = [level for level in views.UPTAKE if (table["fate"] == level).any()]
        if len(levels) < 2:
            raise DataError("All recommendations have one fate, so there is nothing to compare.")
        taken = [level for level in views.UPTAKE[2:] if level in levels]
        if not taken:
            raise DataError("Nothing was implemented so far, wholly or in part.")
        orders: dict[str, list[object]] = {"powers": ["own", "shared", "outside"]}
        there = {k: [v for v in words if (table[k] == v).any()] for k, words in orders.items()}
        several = len(set(table.loc[known, "process"])) > 1
        return cherry_picking(
            table, fate="fate", predictors=[u for u in used if u != "already planned"] or used,
            process="process" if several else None,
            already_planned="already planned" if "already planned" in used else None,
            levels=levels, taken_up=taken, blind=self.blind, seed=self.seed,
            orders={k: v for k, v in there.items() if k in used}, synthetic=self.synthetic,
            n_resamples=max(self.n_resamples, 999),
        )  # fmt: skip


def _by_process(ledger: Ledger, status: AsOf) -> pd.DataFrame:
    """Implemented by process, a plain count each, with how long each was followed."""
    from dmpkit.impact.dates import NEVER
    from dmpkit.impact.tallies import fates

    names = ledger.recommendations["process_id"].where(
        ledger.recommendations["process_id"] != "", "(not named)"
    )
    received = ledger.index.received_on
    seen = np.where(received < NEVER, float(as_day(status.date)) - received, np.nan)
    done = (fates(status) == "implemented").to_numpy()
    table = pd.DataFrame({"process_id": names.to_numpy(dtype=object), "done": done, "seen": seen})
    found = table.groupby("process_id", sort=False).agg(
        n=("done", "size"), implemented=("done", "sum"), days_followed=("seen", "median")
    )
    found.insert(2, "share", found["implemented"] / found["n"])
    return found.reset_index()


def _review_days(ledger: Ledger, date: str, status: AsOf) -> tuple[float, ...]:
    """Reviews as days since receipt, where all recommendations have one receipt."""
    received = np.unique(ledger.index.received_on)
    if len(received) != 1 or received[0] >= 2**31 - 1:
        return ()
    days, _ = days_of(ledger.reviews["review_date"])
    inside = days[(days > received[0]) & (days <= as_day(date))]
    return tuple(float(day - received[0]) for day in np.unique(inside))


def _until(frame: pd.DataFrame, column: str, date: str) -> pd.DataFrame:
    """Rows dated by a day; those without a date stay."""
    return frame[(frame[column] == "") | (frame[column] <= date)].reset_index(drop=True)
