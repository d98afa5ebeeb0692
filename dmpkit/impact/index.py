"""The events of a ledger as arrays, so that a million of them answer quickly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.impact.dates import NEVER, days_of, periods
from dmpkit.impact.vocabulary import LAYER_OF, LAYERS, STATUSES, WITHDRAWN_ENTRY, is_allowed

__all__ = ["STATUS_CODES", "STATUS_WORDS", "EventIndex"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: Every status that may be typed, in the order of the vocabulary; codes are positions.
STATUS_WORDS: tuple[str, ...] = tuple(s for layer in LAYERS for s in STATUSES[layer])
STATUS_CODES = {word: code for code, word in enumerate(STATUS_WORDS)}
#: Layer code of each status code.
LAYER_CODES = np.array([LAYERS.index(LAYER_OF[word]) for word in STATUS_WORDS])
_RECEIVED = STATUS_CODES["received"]
_REOPENED = STATUS_CODES["reopened"]
#: Which status may follow which in a layer.
ALLOWED = np.array([[is_allowed(a, b) for b in STATUS_WORDS] for a in STATUS_WORDS])


@dataclass(frozen=True, eq=False)
class EventIndex:
    """One entry an event, in the order of the events table.

    Attributes
    ----------
    rec : array of int
        Position of its recommendation (-1: not in the table).
    status : array of int
        Code of its status; -1 where the event only withdraws, -2 where unknown.
    first, last : array of int
        First and last day that its date stands for.
    recorded : array of int
        Day on which it was recorded.
    seen : array of int
        Last day on which it was known not to have happened (`NEVER`: not known).
    target : array of int
        Position of the event that it withdraws, -1 where none.
    grade : array of float
        Evidence grade; -1 where not assessed.
    report : array of int
        Report date of each recommendation (`NEVER`: not given).
    """

    rec: Ints
    status: Ints
    first: Ints
    last: Ints
    recorded: Ints
    seen: Ints
    target: Ints
    grade: NDArray[np.float64]
    report: Ints
    ids: pd.Series[str]

    @classmethod
    def of(cls, recommendations: pd.DataFrame, events: pd.DataFrame) -> EventIndex:
        """The index of two tidy tables; what is wrong in them is coded, not refused."""
        first, last, _ = periods(events["date"], events["precision"])
        codes, words = pd.factorize(events["status"])
        known = [STATUS_CODES.get(w, -1 if w == WITHDRAWN_ENTRY else -2) for w in words]
        status = np.array([*known, -2], dtype=np.int64)[codes]
        return cls(
            rec=_positions(recommendations["rec_id"], events["rec_id"]),
            status=status,
            first=first,
            last=last,
            recorded=days_of(events["recorded_on"])[0],
            seen=days_of(events["last_seen_before"])[0],
            target=_withdrawn(events),
            grade=events["evidence_grade"].fillna(-1.0).to_numpy(dtype=np.float64),
            report=days_of(recommendations["report_date"])[0],
            ids=events["event_id"],
        )

    @cached_property
    def rank(self) -> Ints:
        """Position of each event's id among all, compared as text."""
        if self.ids.is_monotonic_increasing:
            return np.arange(len(self.ids), dtype=np.int64)
        order = np.argsort(self.ids.to_numpy(dtype=object), kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        return rank

    @cached_property
    def layer(self) -> Ints:
        """Layer code of each event, -1 where it has no status."""
        return np.where(self.status >= 0, LAYER_CODES[np.maximum(self.status, 0)], -1)

    @cached_property
    def gone(self) -> Ints:
        """Day on which each event was withdrawn; `NEVER` where it stands."""
        gone = np.full(len(self.rec), NEVER, dtype=np.int64)
        withdrawing = np.flatnonzero(self.target >= 0)
        np.minimum.at(gone, self.target[withdrawing], self.recorded[withdrawing])
        return gone

    @cached_property
    def standing(self) -> Bools:
        """Events that say a status and are not withdrawn."""
        stands: Bools = (self.status >= 0) & (self.gone == NEVER)
        return stands

    def known(self, known_on: int | None) -> Bools:
        """Events with a status that were recorded by a day and not withdrawn by then."""
        if known_on is None:
            return self.standing
        return (self.status >= 0) & (self.recorded <= known_on) & (self.gone > known_on)

    def receipt(self, known: Bools) -> Ints:
        """Receipt of each recommendation: the first day of its "received" event.

        The earliest of those known; where none is, the earliest that stands in the
        ledger; where there is none, the report date.
        """
        received = self.status == _RECEIVED
        day = self.report.copy()
        for events in (self.standing & received, known & received):
            at = np.flatnonzero(events)
            found = np.full(len(day), NEVER, dtype=np.int64)
            np.minimum.at(found, self.rec[at], self.first[at])
            day = np.where(found < NEVER, found, day)
        return day

    @cached_property
    def received_on(self) -> Ints:
        """Receipt as the whole ledger knows it."""
        return self.receipt(self.standing)

    def used(self, ends: Ints, receipt: Ints) -> Ints:
        """The days on which events count: never before receipt."""
        floor = np.where(receipt == NEVER, -NEVER, receipt)
        return np.maximum(ends, floor[self.rec])

    def order(self, days: Ints) -> Ints:
        """Events by recommendation, day, day of recording and id."""
        return np.lexsort((self.rank, self.recorded, days, self.rec))

    def settled(self, mode: str) -> Ints:
        """The order of :meth:`order` under the receipts that the whole ledger knows."""
        return self._certain_order if mode == "certain" else self._possible_order

    @cached_property
    def _certain_order(self) -> Ints:
        return self.order(self.used(self.last, self.received_on))

    @cached_property
    def _possible_order(self) -> Ints:
        if np.array_equal(self.first, self.last):
            return self._certain_order
        return self.order(self.used(self.first, self.received_on))

    @cached_property
    def chain(self) -> Ints:
        """Standing events by recommendation and layer in the order in which they happened.

        By the last day of what a date stands for; where that order holds a forbidden
        transition, by the first day.
        """
        wrong = self.forbidden(self._chain(self.last))
        if not len(wrong):
            return self._chain(self.last)
        first = np.isin(self.rec, np.unique(self.rec[wrong[:, 1]]))
        return self._chain(np.where(first, self.first, self.last))

    def _chain(self, days: Ints) -> Ints:
        at = np.flatnonzero(self.standing)
        keys = (self.rank[at], self.recorded[at], days[at], self.layer[at], self.rec[at])
        return at[np.lexsort(keys)]

    def steps(self, chain: Ints) -> NDArray[np.int64]:
        """Neighbouring events of one recommendation and layer: rows of (before, after)."""
        before, after = chain[:-1], chain[1:]
        same = (self.rec[before] == self.rec[after]) & (self.layer[before] == self.layer[after])
        return np.column_stack([before[same], after[same]])

    def forbidden(self, chain: Ints) -> NDArray[np.int64]:
        """The steps of a chain that the vocabulary does not allow."""
        steps = self.steps(chain)
        wrong: Ints = steps[~ALLOWED[self.status[steps[:, 0]], self.status[steps[:, 1]]]]
        return wrong

    def unopened(self, chain: Ints) -> Ints:
        """Events that reopen what has no earlier event."""
        opening = np.ones(len(chain), dtype=bool)
        before, after = chain[:-1], chain[1:]
        opening[1:] = (self.rec[before] != self.rec[after]) | (
            self.layer[before] != self.layer[after]
        )
        heads = chain[opening]
        reopening: Ints = heads[self.status[heads] == _REOPENED]
        return reopening


def _positions(labels: pd.Series[str], wanted: pd.Series[str]) -> Ints:
    """Where each wanted label stands among the labels; -1 where it does not."""
    index = pd.Index(labels)
    if not index.is_unique:
        index = pd.Index(labels.drop_duplicates())
    return np.asarray(index.get_indexer(pd.Index(wanted)), dtype=np.int64)


def _withdrawn(events: pd.DataFrame) -> Ints:
    """Position of the event that each one withdraws; -1 none, -2 not found."""
    target = np.full(len(events), -1, dtype=np.int64)
    withdrawing = np.flatnonzero((events["withdraws"] != "").to_numpy())
    if len(withdrawing):
        found = _positions(events["event_id"], events["withdraws"].iloc[withdrawing])
        target[withdrawing] = np.where(found < 0, -2, found)
    return target
