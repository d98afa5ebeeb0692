"""The ledger: every recommendation with what became of it, dated and sourced.

A `Ledger` cannot exist in a broken state: it is checked when it is made, and a new one
is made for every event that is added.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, LedgerWarning, warn
from dmpkit.impact.checking import (
    check_events,
    check_others,
    check_recommendations,
    with_vocabulary,
)
from dmpkit.impact.index import STATUS_CODES, EventIndex
from dmpkit.impact.schema import TABLES, cell_text, tidy

if TYPE_CHECKING:
    from dmpkit.impact.clocks import AsOf
    from dmpkit.impact.tallies import Shares

__all__ = ["Ledger"]


@dataclass(frozen=True, eq=False, repr=False)
class Ledger:
    """Recommendations and the dated, sourced record of what became of them.

    Make one with :meth:`from_frames` or :func:`dmpkit.impact.read_ledger`. Withdrawn
    events stay in the table; the rules for transitions, evidence and wording hold for
    the events that stand.

    Attributes
    ----------
    recommendations, events, ratings, reviews, wider_impact, goals : DataFrame
        The six tables, with the columns of `dmpkit.impact.schema.TABLES`; text and dates
        as text (empty where missing), numbers as float64 (NaN where not assessed).
    folder : Path or None
        Where it lives; :meth:`append` then writes there.
    stamp : tuple
        Sizes and times of its files when they were read.

    Examples
    --------
    >>> recommendations = pd.DataFrame(
    ...     {"rec_id": ["R1", "R2"], "counting_unit": "recommendation", "report_date": "2021-06-23"}
    ... )
    >>> events = pd.DataFrame(
    ...     {
    ...         "event_id": ["E1", "E2"],
    ...         "rec_id": ["R1", "R1"],
    ...         "status": ["accepted", "in progress"],
    ...         "date": ["2021-12-16", "2022-05"],
    ...         "recorded_on": ["2021-12-17", "2022-09-01"],
    ...     }
    ... )
    >>> ledger = Ledger.from_frames(recommendations, events)
    >>> ledger.as_of("2022-05-15").possible["R1"], ledger.as_of("2022-05-15").certain["R1"]
    ('in_progress', 'accepted')
    """

    recommendations: pd.DataFrame
    events: pd.DataFrame
    ratings: pd.DataFrame = field(default_factory=lambda: tidy(None, "ratings"))
    reviews: pd.DataFrame = field(default_factory=lambda: tidy(None, "reviews"))
    wider_impact: pd.DataFrame = field(default_factory=lambda: tidy(None, "wider_impact"))
    goals: pd.DataFrame = field(default_factory=lambda: tidy(None, "goals"))
    folder: Path | None = None
    stamp: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        tables = {name: tidy(getattr(self, name), name) for name in TABLES}
        tables = with_vocabulary(tables)
        for name, frame in tables.items():
            object.__setattr__(self, name, frame)
        check_recommendations(self.recommendations)
        check_events(self.index, self.events, self.ratings)
        check_others(tables)
        self._warn_of_heads()

    @classmethod
    def from_frames(
        cls,
        recommendations: Any,
        events: Any = None,
        *,
        ratings: Any = None,
        reviews: Any = None,
        wider_impact: Any = None,
        goals: Any = None,
    ) -> Ledger:
        """Make a ledger from frames of any kind (pandas, polars, pyarrow).

        Columns that are not given are filled with missing values; columns that the
        ledger does not know are kept.

        Parameters
        ----------
        recommendations : DataFrame
            At least ``rec_id`` and ``counting_unit``.
        events : DataFrame, optional
            At least ``event_id, rec_id, status, date, recorded_on``.
        ratings, reviews, wider_impact, goals : DataFrame, optional

        Raises
        ------
        DataError
            Names the table and the row, or the event, that breaks a rule.
        """
        return cls(recommendations, events, ratings, reviews, wider_impact, goals)

    @property
    def n(self) -> int:
        """How many rows the recommendations have, of whatever counting unit."""
        return len(self.recommendations)

    @cached_property
    def index(self) -> EventIndex:
        """The events as arrays."""
        return EventIndex.of(self.recommendations, self.events)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The six tables by name."""
        return {name: getattr(self, name) for name in TABLES}

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """The six tables by name, as frames of the kind asked for."""
        check_settings(Ledger.tables, locals())
        from dmpkit.tables import as_kind

        return {name: as_kind(frame, kind) for name, frame in self.frames().items()}

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write the ledger as a workbook; see :func:`dmpkit.impact.ledger_to_excel`."""
        from dmpkit.impact.storage import ledger_to_excel

        return ledger_to_excel(self, path)

    def __repr__(self) -> str:
        units = self.recommendations["counting_unit"].value_counts(sort=False)
        what = ", ".join(f"{n} × {unit}" for unit, n in units.items()) or "no recommendations"
        withdrawn = int((self.index.gone < 2**31 - 1).sum())
        return f"Ledger: {what}; {len(self.events)} events, {withdrawn} of them withdrawn"

    # --- two clocks and tallies ---------------------------------------------------------

    def as_of(
        self,
        date: str | dt.date,
        known_on: str | dt.date | None = None,
        min_grade: int | None = None,
    ) -> AsOf:
        """Where every recommendation stood on a day; see :func:`dmpkit.impact.clocks.as_of`."""
        from dmpkit.impact.clocks import as_of

        return as_of(self, date, known_on, min_grade)

    def shares(
        self,
        date: str | dt.date,
        *,
        known_on: str | dt.date | None = None,
        min_grade: int | None = None,
        counting_unit: str | None = None,
    ) -> Shares:
        """Shares by status, three denominators; see :func:`dmpkit.impact.tallies.shares`."""
        from dmpkit.impact.tallies import shares

        return shares(
            self, date, known_on=known_on, min_grade=min_grade, counting_unit=counting_unit
        )

    def impact_share(
        self,
        date: str | dt.date,
        *,
        known_on: str | dt.date | None = None,
        min_grade: int | None = None,
        counting_unit: str | None = None,
    ) -> pd.DataFrame:
        """Implemented with and without what was under way already.

        See :func:`dmpkit.impact.tallies.impact_share`.
        """
        from dmpkit.impact.tallies import impact_share

        return impact_share(
            self, date, known_on=known_on, min_grade=min_grade, counting_unit=counting_unit
        )

    def transitions(self, layer: str | None = None) -> pd.DataFrame:
        """How often one status followed another; see :func:`dmpkit.impact.tallies.transitions`."""
        from dmpkit.impact.tallies import transitions

        return transitions(self, layer)

    def histories(self) -> pd.DataFrame:
        """Each recommendation's spells; see :func:`dmpkit.impact.histories.histories`."""
        from dmpkit.impact.histories import histories

        return histories(self)

    def durations(
        self,
        date: str | dt.date,
        until: Literal["answer", "fate"] = "fate",
        *,
        known_on: str | dt.date | None = None,
    ) -> pd.DataFrame:
        """Time to answer or fate; see :func:`dmpkit.impact.histories.durations`."""
        check_settings(Ledger.durations, locals())
        from dmpkit.impact.histories import durations

        return durations(self, date, until, known_on=known_on)

    def multistate(
        self, date: str | dt.date, layer: Literal["response", "action"] = "action"
    ) -> pd.DataFrame:
        """Rows for an occupancy analysis; see :func:`dmpkit.impact.histories.multistate`."""
        check_settings(Ledger.multistate, locals())
        from dmpkit.impact.histories import multistate

        return multistate(self, date, layer)

    # --- adding -------------------------------------------------------------------------

    def append(self, event: Mapping[str, Any], *, timeout: float = 30.0) -> Ledger:
        """The ledger with one event more; where it lives in a folder, written there first.

        Under a lock on the folder: what others appended is read, the event is checked
        against all of it, one line is written to the end of ``events.csv`` and forced to
        disk. When the call has returned, the event is safe.

        Parameters
        ----------
        event : mapping
            Columns of the events table. ``event_id`` may be left out (the next free
            number is taken) and so may ``recorded_on`` (today, in UTC).
        timeout : float
            Seconds to wait for another writer.

        Returns
        -------
        Ledger
            A new ledger, which holds what others appended too; this one stays as it is.

        Raises
        ------
        DataError
            The event breaks a rule (nothing is written), or the lock could not be had.
        """
        if self.folder is not None:
            from dmpkit.impact.storage import append_to_folder

            return append_to_folder(self, event, timeout)
        return self.with_event(complete(event, self.events))

    def with_event(self, event: Mapping[str, str]) -> Ledger:
        """The ledger with one complete event more, checked, nothing written."""
        unknown = [name for name in event if name not in self.events.columns]
        if unknown:
            from difflib import get_close_matches

            close = get_close_matches(unknown[0], list(self.events.columns), n=1)
            raise DataError(
                f"Events have no column {unknown[0]!r}.",
                remedy=f"The closest is {close[0]!r}." if close else None,
            )
        line = tidy(pd.DataFrame([dict(event)]), "events")
        for name in self.events.columns:
            if name not in line:
                line[name] = pd.Series([""], dtype="str")
        line = self._checked(line[list(self.events.columns)])
        return self._trusted(events=pd.concat([self.events, line], ignore_index=True))

    def _checked(self, line: pd.DataFrame) -> pd.DataFrame:
        """A new event in the words of the vocabulary, checked with those that it touches."""
        own, rec = line["event_id"].iloc[0], line["rec_id"].iloc[0]
        if (self.events["event_id"] == own).any():
            raise DataError(
                f"There is an event {own!r} already.",
                column="event_id",
                remedy="Leave the event_id out to get the next free one.",
            )
        near = (self.events["rec_id"] == rec) | (self.events["event_id"] == line["withdraws"][0])
        events = pd.concat([self.events[near], line], ignore_index=True)
        touched = self.recommendations["rec_id"].isin(set(events["rec_id"]))
        recs = self.recommendations[touched]
        ratings = self.ratings[self.ratings["rec_id"] == rec]
        try:
            words = {**self.frames(), "events": events, "ratings": ratings}
            events = with_vocabulary(words)["events"]
            check_events(EventIndex.of(recs, events), events, ratings)
        except DataError as error:
            error.row = None  # a row of the part that was looked at
            raise
        return events.iloc[[-1]]

    def withdraw(
        self,
        event_id: str,
        *,
        note: str = "",
        recorded_on: str | dt.date | None = None,
        recorded_by: str = "",
        timeout: float = 30.0,
    ) -> Ledger:
        """The ledger with an event that withdraws another; nothing is removed.

        A withdrawn event vanishes only from what is known from that day on. To correct
        an event, append the right one with the wrong one's id under ``withdraws``.

        Parameters
        ----------
        event_id : str
            The event that was wrong.
        note : str
            Why.
        recorded_on : str or date, optional
            Today (UTC) when not given.
        recorded_by : str
            Who withdraws it.
        timeout : float
            Seconds to wait for another writer.

        Returns
        -------
        Ledger

        Raises
        ------
        DataError
            There is no such event, it is withdrawn already, or what remains would hold a
            forbidden transition.
        """
        day = cell_text(recorded_on) if recorded_on is not None else _today()
        known = self.events.loc[self.events["event_id"] == str(event_id), "rec_id"]
        if known.empty and self.folder is not None:  # it may be another writer's
            from dmpkit.impact.storage import read_ledger

            fresh = read_ledger(self.folder)
            known = fresh.events.loc[fresh.events["event_id"] == str(event_id), "rec_id"]
        if known.empty:
            raise DataError(f"There is no event {event_id!r}.", remedy="Mend the id.")
        event = {
            "rec_id": known.iloc[0],
            "status": "withdrawn_entry",
            "date": day,
            "recorded_on": day,
            "recorded_by": recorded_by,
            "withdraws": str(event_id),
            "note": note,
        }
        return self.append(event, timeout=timeout)

    def _trusted(self, **changed: Any) -> Ledger:
        """A ledger of tables that were checked already."""
        new = object.__new__(Ledger)
        for name in (*TABLES, "folder", "stamp"):
            object.__setattr__(new, name, changed.get(name, getattr(self, name)))
        return new

    def _warn_of_heads(self) -> None:
        """Say where a ledger begins with an end: what was reversed or voted on is missing."""
        index = self.index
        chain = index.chain
        first = np.ones(len(chain), dtype=bool)
        first[1:] = (index.rec[chain[1:]] != index.rec[chain[:-1]]) | (
            index.layer[chain[1:]] != index.layer[chain[:-1]]
        )
        heads = chain[first]
        ends = [STATUS_CODES["reversed"], STATUS_CODES["lost_at_vote"]]
        odd = heads[np.isin(index.status[heads], ends)]
        if len(odd):
            warn(
                f"{len(odd)} recommendation(s) begin with an action that undoes one, the first "
                f"with event {self.events['event_id'].iloc[int(odd.min())]!r}: what was "
                "reversed or put to a vote is not in the ledger.",
                LedgerWarning,
            )


def complete(event: Mapping[str, Any], events: pd.DataFrame) -> dict[str, str]:
    """An event as text, with an id and a day of recording where they are not given.

    Parameters
    ----------
    event : mapping
        Column to value.
    events : DataFrame
        The events there are.

    Examples
    --------
    >>> complete({"rec_id": "R1", "date": "2024"}, tidy(None, "events"))["event_id"]
    'E000001'
    """
    if not isinstance(event, Mapping):
        raise DataError(
            f"An event is a mapping of columns to values, not a {type(event).__name__}.",
            remedy='Write {"rec_id": …, "status": …, "date": …}.',
        )
    out = {str(name): cell_text(value) for name, value in event.items()}
    broken = [name for name, cell in out.items() if any("\ud800" <= c <= "\udfff" for c in cell)]
    if broken:
        raise DataError(
            "The text holds half a character that no file can keep.",
            column=broken[0],
            remedy="Copy the text anew from its source.",
        )
    for name in ("rec_id", "date"):
        if not out.get(name):
            raise DataError(f"The event has no {name}.", remedy="Every event needs one.")
    out["status"] = out.get("status", "")
    out["recorded_on"] = out.get("recorded_on") or _today()
    out["event_id"] = out.get("event_id") or _next_id(events["event_id"])
    return out


def _next_id(ids: pd.Series[str]) -> str:
    """The next number in the ledger's own style: as wide as its widest id."""
    parts = ids.str.extract(r"^(?P<head>\D*)(?P<number>\d{1,15})$").dropna()
    if parts.empty:
        head, width, last = "E", 6, 0
    else:
        head = str(parts["head"].iloc[-1])
        own = parts.loc[parts["head"] == head, "number"]
        width, last = max(int(own.str.len().max()), 1), int(own.astype("int64").max())
    name = f"{head}{last + 1:0{width}d}"
    return name if name not in set(ids) else f"{head}{last + 2:0{width}d}"


def _today() -> str:
    return dt.datetime.now(dt.UTC).date().isoformat()
