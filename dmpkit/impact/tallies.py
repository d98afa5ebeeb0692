"""Counts and shares by status: coverage first, three denominators, bounds for what is pending.

A complete list of recommendations is not a sample: nothing here has a confidence
interval. What is uncertain is what will become of pending items, which the bounds show,
and how things were defined and judged, which the multiverse shows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import a_word
from dmpkit.errors import DataError
from dmpkit.impact.clocks import AsOf, as_of
from dmpkit.impact.dates import NEVER, as_day, days_of, iso
from dmpkit.impact.index import LAYER_CODES, STATUS_WORDS
from dmpkit.impact.share_intervals import percent
from dmpkit.impact.vocabulary import ANSWERED, BASELINES, COUNTING_UNITS, LAYERS, label
from dmpkit.reporting import (
    Indicator,
    Result,
    Section,
    paragraphs,
    table_html,
)

if TYPE_CHECKING:
    from dmpkit.impact.data import Ledger

__all__ = ["FATES", "Shares", "fates", "impact_share", "shares", "transitions"]

Bools = NDArray[np.bool_]

#: What can have become of a recommendation, and whether the case is closed. Our own
#: reading of the response and action layers together.
FATES: dict[str, bool] = {
    "implemented": True,
    "implemented_in_part": False,
    "pending": False,
    "rejected": True,
    "outside_powers": True,
    "lost_at_vote": True,
    "abandoned": True,
    "superseded": True,
    "reversed": True,
    "no_record": False,
}
_ENDED = ("lost_at_vote", "abandoned", "superseded", "reversed")
_IDLE = ("not_started", "no_evidence", "no_record")


def fates(answer: AsOf, mode: str = "certain") -> pd.Series[str]:
    """What had become of each recommendation, from response and action together.

    Implemented (wholly or in part), lost at a vote, abandoned, superseded or reversed
    where the action layer says so; rejected or outside powers where the response says so
    and nothing was started all the same; no record where no event counts; pending
    otherwise. The rule is our own proposal.

    Parameters
    ----------
    answer : AsOf
    mode : {"certain", "possible"}

    Returns
    -------
    Series
        Index ``rec_id``; the words of `FATES`.
    """
    action, response = answer.status(mode, "action"), answer.status(mode, "response")
    nothing = answer.status(mode) == "no_record"
    out = pd.Series("pending", index=action.index, name="fate", dtype=object)
    refused = response.isin(["rejected", "outside_powers"]) & action.isin(_IDLE)
    acted = action.isin(["implemented", "implemented_in_part", *_ENDED])
    out = out.mask(refused, response).mask(acted, action)
    return out.mask(nothing, "no_record")


@dataclass(frozen=True, eq=False, repr=False)
class Shares(Result):
    """Counts and shares on a day; see :func:`shares`.

    Attributes
    ----------
    date : str
    known_on : str or None
    counting_unit : str
        What is counted.
    coverage : DataFrame
        ``what, count, note``: how much the ledger knows at all; the last check is a day,
        and stands in the note.
    fates : DataFrame
        ``fate, closed, count, share_all, share_answered, share_closed``.
    statuses : DataFrame
        ``layer, status, count, possible, share_all, share_answered, share_closed``.
    bounds : DataFrame
        ``what, count, awaiting, n, low, high``: the share if nothing that is pending
        comes, and if all of it does.
    n, n_answered, n_closed : int
        The three denominators.
    """

    title: ClassVar[str] = "Shares by status"
    sheet_formats: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("share_all", "share_answered", "share_closed", "low", "high"), "0.000"
    )

    date: str
    known_on: str | None
    counting_unit: str
    coverage: pd.DataFrame
    fates: pd.DataFrame
    statuses: pd.DataFrame
    bounds: pd.DataFrame
    n: int
    n_answered: int
    n_closed: int

    def frames(self) -> dict[str, pd.DataFrame]:
        """Coverage, fates, statuses and bounds."""
        return {
            "coverage": self.coverage,
            "fates": self.fates,
            "bounds": self.bounds,
            "statuses": self.statuses,
        }

    def share(self, fate: str = "implemented", of: str = "all") -> float:
        """One share: of all, of those answered, or of those closed.

        Parameters
        ----------
        fate : str
            A word of `FATES`.
        of : {"all", "answered", "closed"}
        """
        fate, of = a_word(fate, "fate"), a_word(of, "of")
        row = self.fates.set_index("fate")
        if fate not in row.index or f"share_{of}" not in row:
            raise DataError(
                f"There is no share of {fate!r} among {of!r}.",
                remedy=f"Fates: {', '.join(FATES)}; denominators: all, answered, closed.",
            )
        return float(row[f"share_{of}"][fate])

    def _implemented(self) -> tuple[int, float, float]:
        """Count and bounds."""
        row = self.bounds.set_index("what")
        return tuple(row[name]["implemented"] for name in ("count", "low", "high"))

    def summary(self) -> str:
        """The headline, never without its denominators and bounds."""
        facts = self.coverage.set_index("what")
        done, low, high = self._implemented()
        said = [
            f"{_percent(self.share(of=of))} of {words}"
            for of, words in (
                ("all", f"all {self.n}"),
                ("answered", f"the {self.n_answered} answered"),
                ("closed", f"the {self.n_closed} closed"),
            )
        ]
        return (
            f"Coverage on {self.date}: {self.n} counted as {self.counting_unit}, of which "
            f"{facts['count']['without any record']:.0f} have no record; last check: "
            f"{facts['note']['last check']}.\n\n"
            f"Implemented: {done} – {', '.join(said)}. If nothing that is pending comes, the "
            f"share of all stays at {_percent(low)}; if all of it does, it reaches "
            f"{_percent(high)}. The list is complete, so there is no sampling error "
            "and no confidence interval."
        )

    def methods_text(self) -> str:
        """How it was counted."""
        known = (
            "everything recorded" if self.known_on is None else f"what was known on {self.known_on}"
        )
        return (
            f"We counted rows of the unit '{self.counting_unit}' that had been reported by "
            f"{self.date}, from {known}; parts were never added to the wholes they belong to, "
            "and merged or dropped recommendations stayed in the count. Shares are given of "
            "all, of those answered (a response that takes a position), and of those closed "
            "(implemented, rejected, outside powers, lost at a vote, abandoned, superseded or "
            "reversed). Bounds run from the share implemented to the share implemented or "
            "pending (no record included). What was implemented and later reversed counts as "
            "reversed. Dates of low precision count from their last day."
        )

    def section(self) -> Section:
        """Coverage first, then fates and bounds."""
        html = paragraphs(self.summary())
        html += table_html(self.coverage, caption="Coverage")
        shown = self.fates.assign(fate=self.fates["fate"].map(label))
        html += table_html(shown, caption="What became of them")
        html += table_html(self.bounds, caption="Bounds for what is pending")
        return Section(self.title, html)

    def indicators(self) -> tuple[Indicator, ...]:
        """The share implemented under the three denominators."""
        _, low, high = self._implemented()
        note = (
            f"bounds for pending items {_percent(low)} to {_percent(high)}; "
            "a complete list, no interval"
        )
        sizes = {"all": self.n, "answered": self.n_answered, "closed": self.n_closed}
        return tuple(
            Indicator(f"implemented, share of {of}", self.share(of=of), n=size, note=note)
            for of, size in sizes.items()
        )


def _percent(share: float) -> str:
    return "not assessed" if np.isnan(share) else percent(share)


def shares(
    ledger: Ledger,
    date: str | dt.date,
    *,
    known_on: str | dt.date | None = None,
    min_grade: int | None = None,
    counting_unit: str | None = None,
) -> Shares:
    """Counts and shares by status on a day, with three denominators and bounds.

    Parameters
    ----------
    ledger : Ledger
    date : str or date
    known_on : str or date, optional
    min_grade : int, optional
        As in :func:`dmpkit.impact.clocks.as_of`.
    counting_unit : {"recommendation", "objective", "sub-action"}, optional
        What is counted; needed where the ledger holds several.

    Returns
    -------
    Shares

    Raises
    ------
    DataError
        No counting unit is given where there are several, or nothing was reported by
        the day.
    """
    unit, counted = frame_on(ledger, date, counting_unit)
    answer = as_of(ledger, date, known_on, min_grade)
    certain, possible = (fates(answer, m).to_numpy()[counted] for m in ("certain", "possible"))
    answered = answer.status("certain", "response").isin(ANSWERED).to_numpy()[counted]
    closed = np.isin(certain, [fate for fate, ends in FATES.items() if ends])
    rows = []
    for fate, ends in FATES.items():
        is_fate = certain == fate
        rows.append((fate, ends, int(is_fate.sum()), *_three(is_fate, answered, closed)))
    names = ["share_all", "share_answered", "share_closed"]
    return Shares(
        date=answer.date,
        known_on=answer.known_on,
        counting_unit=unit,
        coverage=_coverage(ledger, answer, counted, unit),
        fates=pd.DataFrame(rows, columns=["fate", "closed", "count", *names]),
        statuses=_statuses(answer, counted, answered, closed),
        bounds=_bounds(certain, possible, answer, counted),
        n=int(counted.sum()),
        n_answered=int(answered.sum()),
        n_closed=int(closed.sum()),
    )


def frame_on(
    ledger: Ledger, date: str | dt.date, counting_unit: str | None = None
) -> tuple[str, Bools]:
    """What is counted on a day: the unit, and which rows of the recommendations.

    Rows reported later are not yet in the frame; merged and dropped ones stay in it.

    Raises
    ------
    DataError
        As in :func:`shares`.
    """
    units = ledger.recommendations["counting_unit"]
    there = [unit for unit in COUNTING_UNITS if (units == unit).any()]
    if counting_unit is None:
        if len(there) > 1:
            raise DataError(
                f"The ledger counts in several units: {', '.join(there)}.",
                remedy="Say which with counting_unit; wholes and parts are never summed.",
            )
        counting_unit = there[0] if there else COUNTING_UNITS[0]
    elif counting_unit not in there:
        raise DataError(
            f"Nothing in the ledger is counted as {counting_unit!r}.",
            remedy=f"It counts in {', '.join(there)}." if there else None,
        )
    receipt = ledger.index.received_on
    counted = (units == counting_unit).to_numpy() & ((receipt <= as_day(date)) | (receipt == NEVER))
    if not counted.any():
        raise DataError(
            f"Nothing counted as {counting_unit!r} had been reported by {iso(as_day(date))}.",
            remedy="Ask for a later date.",
        )
    return counting_unit, counted


def _three(which: Bools, answered: Bools, closed: Bools) -> tuple[float, float, float]:
    def among(base: Bools) -> float:
        return float((which & base).sum() / base.sum()) if base.any() else float("nan")

    return among(np.ones(len(which), dtype=bool)), among(answered), among(closed)


def _coverage(ledger: Ledger, answer: AsOf, counted: Bools, unit: str) -> pd.DataFrame:
    recs = ledger.recommendations
    day = as_day(answer.date)
    units = recs["counting_unit"]
    silent = (answer.certain == "no_record").to_numpy() & counted
    reviewed, _ = days_of(ledger.reviews["review_date"])
    reviewed = reviewed[reviewed <= day]
    left, _ = days_of(recs["left_tracker_on"])
    late = (units == unit).to_numpy() & ~counted
    check = iso(int(reviewed.max())) if len(reviewed) else "no review recorded"
    rows = [
        (f"counted as {unit}", int(counted.sum())),
        *(
            (f"{other}s beside, not counted", int((units == other).sum()))
            for other in COUNTING_UNITS
            if other != unit and (units == other).any()
        ),
        ("reported later, not counted", int(late.sum())),
        ("without any record", int(silent.sum())),
        ("merged into another, counted", int((counted & (recs["merged_into"] != "")).sum())),
        ("left the tracker, counted", int((counted & (left <= day)).sum())),
        ("predating the assembly", int(answer.rec_ids[counted].isin(answer.predates).sum())),
    ]
    counts = pd.DataFrame(rows, columns=["what", "count"]).assign(note="")
    last = pd.DataFrame({"what": ["last check"], "count": [np.nan], "note": [check]})
    return pd.concat([counts.astype({"count": "float64"}), last], ignore_index=True)


def _statuses(answer: AsOf, counted: Bools, answered: Bools, closed: Bools) -> pd.DataFrame:
    rows = []
    for layer in LAYERS:
        sure, may = (answer.status(m, layer).to_numpy()[counted] for m in ("certain", "possible"))
        for status in (*STATUS_WORDS, "no_record"):
            which = sure == status
            if which.any() or (may == status).any():
                row = (layer, status, int(which.sum()), int((may == status).sum()))
                rows.append((*row, *_three(which, answered, closed)))
    names = ["share_all", "share_answered", "share_closed"]
    return pd.DataFrame(rows, columns=["layer", "status", "count", "possible", *names])


def _bounds(
    certain: NDArray[np.object_], possible: NDArray[np.object_], answer: AsOf, counted: Bools
) -> pd.DataFrame:
    n = len(certain)
    ended = [fate for fate, ends in FATES.items() if ends]
    response = [answer.status(m, "response").to_numpy()[counted] for m in ("certain", "possible")]
    owing = ["received", "acknowledged", "no_record", "referred", "noted"]
    rows = []
    for what, good, pair, waits in (
        ("implemented", ["implemented"], (certain, possible), None),
        (
            "implemented, or in part",
            ["implemented", "implemented_in_part"],
            (certain, possible),
            None,
        ),
        ("accepted", ["accepted"], response, owing),
        ("accepted, or in part", ["accepted", "accepted_in_part"], response, owing),
    ):
        here, may = np.isin(pair[0], good), np.isin(pair[1], good)
        if waits is None:
            open_ = ~np.isin(pair[0], ended) | ~np.isin(pair[1], ended)
        else:
            open_ = np.isin(pair[0], waits) | np.isin(pair[1], waits)
        both = here & may
        reach = here | may | open_
        rows.append(
            (
                what,
                int(here.sum()),
                int((reach & ~here).sum()),
                n,
                float(both.sum() / n),
                float(reach.sum() / n),
            )
        )
    return pd.DataFrame(rows, columns=["what", "count", "awaiting", "n", "low", "high"])


def impact_share(
    ledger: Ledger,
    date: str | dt.date,
    *,
    known_on: str | dt.date | None = None,
    min_grade: int | None = None,
    counting_unit: str | None = None,
) -> pd.DataFrame:
    """How much was implemented, with and without what was planned already.

    Parameters
    ----------
    ledger : Ledger
    date, known_on, min_grade, counting_unit
        As in :func:`shares`.

    Returns
    -------
    DataFrame
        ``baseline, n, implemented, share, low, high``: rows for each baseline, for all,
        and for those that were neither planned nor under way nor in force, and whose
        action does not predate the assembly. The share is of association, not of cause.

    Raises
    ------
    DataError
        A recommendation that is counted has no baseline.
    """
    _, counted = frame_on(ledger, date, counting_unit)
    recs = ledger.recommendations[counted]
    missing = recs["baseline"] == ""
    if missing.any():
        raise DataError(
            f"The baseline of {int(missing.sum())} recommendation(s) is missing, the first "
            f"{recs.loc[missing, 'rec_id'].iloc[0]!r}: what was planned anyway cannot be told "
            "from impact.",
            file="recommendations",
            row=int(recs.index[missing.to_numpy()][0]) + 2,
            column="baseline",
            remedy=f"Say {', '.join(BASELINES)} for each.",
        )
    answer = as_of(ledger, date, known_on, min_grade)
    certain, possible = (fates(answer, m).to_numpy()[counted] for m in ("certain", "possible"))
    ended = [fate for fate, ends in FATES.items() if ends]
    done = certain == "implemented"
    sure = done & (possible == "implemented")
    reach = done | (possible == "implemented")
    reach |= ~np.isin(certain, ended) | ~np.isin(possible, ended)
    baseline = recs["baseline"].to_numpy()
    early = recs["rec_id"].isin(answer.predates).to_numpy()
    rows = [(word, baseline == word) for word in BASELINES]
    rows += [("all", np.ones(len(recs), dtype=bool)), ("new", (baseline == "none") & ~early)]
    return pd.DataFrame(
        [
            (
                word,
                n := int(which.sum()),
                int((done & which).sum()),
                *((float((x & which).sum() / n) if n else np.nan) for x in (done, sure, reach)),
            )
            for word, which in rows
        ],
        columns=["baseline", "n", "implemented", "share", "low", "high"],
    )


def transitions(ledger: Ledger, layer: str | None = None) -> pd.DataFrame:
    """How often one status followed another: counts, never percentages alone.

    Parameters
    ----------
    ledger : Ledger
    layer : {"response", "action", "outcome"}, optional
        All three when not given.

    Returns
    -------
    DataFrame
        ``layer, from, to, count``, in the order of the vocabulary. Events that confirm a
        status, and the first event of a recommendation, are no transitions.

    Examples
    --------
    >>> from dmpkit.impact.data import Ledger
    >>> recs = pd.DataFrame({"rec_id": ["R1"], "counting_unit": ["recommendation"]})
    >>> events = pd.DataFrame(
    ...     {"event_id": ["E1", "E2"], "rec_id": "R1", "status": ["received", "rejected"],
    ...      "date": ["2021-06-23", "2021-12-16"], "recorded_on": "2021-12-17"}
    ... )
    >>> transitions(Ledger.from_frames(recs, events))["count"].tolist()
    [1]
    """
    if layer is not None and a_word(layer, "layer") not in LAYERS:
        raise DataError(f"There is no layer {layer!r}.", remedy=f"Use {', '.join(LAYERS)}.")
    index = ledger.index
    steps = index.steps(index.chain)
    n = len(STATUS_WORDS)
    pairs = index.status[steps[:, 0]] * n + index.status[steps[:, 1]]
    counts = np.bincount(pairs, minlength=n * n).reshape(n, n)
    layers = [LAYERS[k] for k in LAYER_CODES]
    rows = [
        (layers[a], STATUS_WORDS[a], STATUS_WORDS[b], int(counts[a, b]))
        for a, b in zip(*np.nonzero(counts), strict=True)
        if a != b and layer in (None, layers[a])
    ]
    return pd.DataFrame(rows, columns=["layer", "from", "to", "count"])
