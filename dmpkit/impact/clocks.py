"""Two clocks: the day on which a status held, and the day on which that was known.

The rule. A date of month, quarter or year stands for the whole calendar period:
*certain* counts an event from the last day of it, *possible* from the first. Neither
falls before the recommendation's receipt; an earlier date is moved up to it. An event
counts when it was recorded by the day of knowledge, has the evidence grade that is asked
for, and was not withdrawn by then. Of those that count, the current one is the last by
date, day of recording and event id (compared as text). Where none counts there is *no
record*, which is never *rejected*. Action wholly before receipt is listed as predating.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import is_whole
from dmpkit.errors import DataError
from dmpkit.impact.dates import NEVER, as_day, days_of, iso
from dmpkit.impact.index import STATUS_CODES, STATUS_WORDS, EventIndex
from dmpkit.impact.vocabulary import ACTED, LAYERS, NO_ANSWER_BY_DEADLINE, NO_RECORD, label
from dmpkit.reporting import Result, Section, paragraphs, table_html

if TYPE_CHECKING:
    from dmpkit.impact.data import Ledger

__all__ = ["AsOf", "as_of"]

Ints = NDArray[np.int64]

_WORDS = np.array([*STATUS_WORDS, NO_RECORD], dtype=object)
_ACTED = np.array([word in ACTED for word in STATUS_WORDS])
#: A response that still leaves the answer owing.
_OWING = np.array([word in ("received", "acknowledged") for word in STATUS_WORDS] + [True])
#: An action that still leaves implementation owing.
_UNDONE = np.array(
    [
        word in ("not_started", "in_progress", "decided", "implemented_in_part", "put_to_a_vote")
        or word in ("reopened", "no_evidence")
        for word in STATUS_WORDS
    ]
    + [True]
)


@dataclass(frozen=True, eq=False, repr=False)
class AsOf(Result):
    """Where every recommendation stood on a day, as known on another; see :func:`as_of`.

    Attributes
    ----------
    rec_ids : Index
        The recommendations, in the ledger's order.
    date : str
        The day asked about.
    known_on : str or None
        What was known by this day; None: everything recorded.
    min_grade : int or None
        Evidence grade that an event needs to count; None: any.
    events : dict of str to array
        ``certain`` and ``possible``, by layer and (``any``) across layers: the position
        of the event that decides for each recommendation, -1 where there is none.
    codes : dict of str to array
        The same as codes of statuses.
    predates : tuple of str
        Recommendations with an action or acceptance wholly before receipt.
    overdue : DataFrame
        ``rec_id, what, due, days, status``: answers and actions that were due before the
        day and had not come. Only recommendations that have a due date can be overdue.
    counting_units : tuple of str
        What the rows count as; where there are several, wholes and parts stand in the
        counts side by side.
    """

    title: ClassVar[str] = "Status on a day"

    rec_ids: pd.Index[str]
    date: str
    known_on: str | None
    min_grade: int | None
    events: dict[str, Ints]
    codes: dict[str, Ints]
    predates: tuple[str, ...]
    overdue: pd.DataFrame
    n_with_due_date: int
    counting_units: tuple[str, ...] = ()

    @cached_property
    def certain(self) -> pd.Series[str]:
        """Status of each recommendation, counted from the last day that a date stands for."""
        return self.status("certain")

    @cached_property
    def possible(self) -> pd.Series[str]:
        """Status of each recommendation, counted from the first day that a date stands for."""
        return self.status("possible")

    def status(self, mode: str = "certain", layer: str | None = None) -> pd.Series[str]:
        """Status of each recommendation in one layer, or across all of them.

        Parameters
        ----------
        mode : {"certain", "possible"}
        layer : {"response", "action", "outcome"}, optional
            The last status of any layer when not given.

        Returns
        -------
        Series
            Index ``rec_id``; ``no_record`` where nothing is known.
        """
        key = f"{mode} {layer or 'any'}"
        if key not in self.codes:
            raise DataError(
                f"There is no status called {key!r}.",
                remedy="Use 'certain' or 'possible', and response, action or outcome.",
            )
        words = _WORDS[self.codes[key]]
        return pd.Series(words, index=self.rec_ids, name=layer or "status")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a recommendation: certain and possible status, across and by layer."""
        columns: dict[str, object] = {
            "rec_id": self.rec_ids.to_numpy(),
            "certain": self.certain.to_numpy(),
            "possible": self.possible.to_numpy(),
        }
        for layer in LAYERS:
            for mode in ("certain", "possible"):
                columns[f"{layer}_{mode}"] = self.status(mode, layer).to_numpy()
        out = pd.DataFrame(columns)
        late = set(self.overdue.loc[self.overdue["what"] == "answer", "rec_id"])
        out["predates"] = out["rec_id"].isin(self.predates)
        out["overdue"] = out["rec_id"].isin(self.overdue["rec_id"])
        waiting = out["rec_id"].isin(late)
        out["response_computed"] = out["response_certain"].mask(waiting, NO_ANSWER_BY_DEADLINE)
        return out

    @cached_property
    def counts(self) -> pd.DataFrame:
        """``layer, status, certain, possible``: how many recommendations; no shares, no sums."""
        rows = []
        for layer in (*LAYERS, "any"):
            tallies = [
                np.bincount(self.codes[f"{mode} {layer}"], minlength=len(_WORDS))
                for mode in ("certain", "possible")
            ]
            rows += [
                (layer, _WORDS[k], int(tallies[0][k]), int(tallies[1][k]))
                for k in range(len(_WORDS))
                if tallies[0][k] or tallies[1][k]
            ]
        return pd.DataFrame(rows, columns=["layer", "status", "certain", "possible"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """The statuses, their counts, and what is overdue."""
        return {"statuses": self.table, "counts": self.counts, "overdue": self.overdue}

    def summary(self) -> str:
        """The day in words."""
        known = "everything recorded" if self.known_on is None else f"known on {self.known_on}"
        counts = self.counts[self.counts["layer"] == "any"]
        parts = []
        for row in counts.itertuples():
            sure, may = str(row.certain), str(row.possible)
            span = sure if sure == may else f"{sure} (possibly {may})"
            parts.append(f"{label(str(row.status))} {span}")
        unsure = int((self.codes["certain any"] != self.codes["possible any"]).sum())
        lines = [f"On {self.date} ({known}): {', '.join(parts) or 'no recommendations'}."]
        if len(self.counting_units) > 1:
            lines.append(
                f"These are rows of several counting units ({', '.join(self.counting_units)}), "
                "wholes beside their parts, and no count of recommendations; for one unit see "
                "the shares."
            )
        if unsure:
            lines.append(
                f"For {unsure} the status depends on dates known no better than to a month, "
                "quarter or year; both answers are given."
            )
        if self.n_with_due_date:
            late = self.overdue["rec_id"].nunique()
            lines.append(f"Overdue: {late} of {self.n_with_due_date} with a due date.")
        else:
            lines.append("Overdue: not assessed, no recommendation has a due date.")
        if self.predates:
            lines.append(f"{len(self.predates)} predate the assembly: {_list(self.predates)}.")
        return " ".join(lines)

    def methods_text(self) -> str:
        """The as-of rule, with the choices made."""
        grade = (
            "Events counted whatever their evidence"
            if self.min_grade is None
            else f"Events counted from evidence grade {self.min_grade} on"
        )
        known = (
            "as known when the ledger was last written"
            if self.known_on is None
            else f"as known on {self.known_on}"
        )
        return (
            f"Statuses are those of {self.date}, {known}. {grade}; withdrawn events were left "
            "out from their withdrawal on. A date known to a month, quarter or year counts from "
            "its last day (certain) or its first (possible), never before receipt. Ties were "
            "decided by the day of recording, then by event id. A recommendation without events "
            "has no record, which is not a rejection; overdue is computed from due dates and is "
            "not a status that anyone decided. Statuses are facts about a complete list: they "
            "carry no sampling error."
        )

    def section(self) -> Section:
        """Summary, counts and what is overdue."""
        html = paragraphs(self.summary()) + table_html(self.counts, caption="Counts")
        if len(self.overdue):
            html += table_html(self.overdue, caption="Overdue")
        return Section(self.title, html)


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def as_of(
    ledger: Ledger,
    date: str | dt.date,
    known_on: str | dt.date | None = None,
    min_grade: int | None = None,
) -> AsOf:
    """Where every recommendation stood on a day, as known on that or another day.

    Parameters
    ----------
    ledger : Ledger
    date : str or date
        The day asked about.
    known_on : str or date, optional
        Count only what was recorded by this day; everything when not given.
    min_grade : int, optional
        Count only events of this evidence grade or better; an event whose evidence was
        not graded counts as grade 0.

    Returns
    -------
    AsOf
        ``.certain``, ``.possible``, ``.predates``, ``.overdue``, ``.counts``.

    Raises
    ------
    DataError
        A date that is none, or a grade outside 0 to 3.

    Notes
    -----
    Receipt is the first day of the earliest "received" event; of those known by `known_on`
    where there is one, else of those in the ledger, else the report date. Without any, dates
    are used as they are.
    """
    day = as_day(date)
    known_day = None if known_on is None else as_day(known_on, "day of knowledge")
    if min_grade is not None and not (is_whole(min_grade) and 0 <= min_grade <= 3):
        raise DataError(
            f"{min_grade!r} is no evidence grade.", remedy="Use 0, 1, 2 or 3, or leave it out."
        )
    index = ledger.index
    counting = index.known(known_day)
    receipt = index.received_on if known_day is None else index.receipt(index.known(known_day))
    if min_grade is not None:
        counting = counting & (index.grade >= (min_grade if min_grade > 0 else -1))
    deciding, codes = _deciding(index, counting, receipt, day)
    acted = counting & (index.status >= 0)
    acted &= _ACTED[np.maximum(index.status, 0)]
    floor = np.where(receipt == NEVER, -NEVER, receipt)
    early = np.unique(index.rec[acted & (index.last < floor[index.rec])])
    rec_ids = pd.Index(ledger.recommendations["rec_id"], name="rec_id")
    overdue, n_due = _overdue(ledger.recommendations, codes, day)
    return AsOf(
        rec_ids=rec_ids,
        date=iso(day),
        known_on=None if known_day is None else iso(known_day),
        min_grade=None if min_grade is None else int(min_grade),
        events=deciding,
        codes=codes,
        predates=tuple(sorted(rec_ids[early])),
        overdue=overdue,
        n_with_due_date=n_due,
        counting_units=tuple(dict.fromkeys(ledger.recommendations["counting_unit"])),
    )


def _deciding(
    index: EventIndex, counting: NDArray[np.bool_], receipt: Ints, day: int
) -> tuple[dict[str, Ints], dict[str, Ints]]:
    """Which event decides for each recommendation, in both modes, by layer and across."""
    deciding, codes = {}, {}
    same = np.array_equal(receipt, index.received_on)
    for mode, ends in (("certain", index.last), ("possible", index.first)):
        used = index.used(ends, receipt)
        order = index.settled(mode) if same else index.order(used)
        order = order[(counting & (used <= day))[order]]
        for name in ("any", *LAYERS):
            part = order if name == "any" else order[index.layer[order] == LAYERS.index(name)]
            last = np.full(len(receipt), -1, dtype=np.int64)
            rec = index.rec[part]
            ends_here = np.ones(len(part), dtype=bool)
            ends_here[:-1] = rec[1:] != rec[:-1]
            last[rec[ends_here]] = part[ends_here]
            key = f"{mode} {name}"
            deciding[key] = last
            found = index.status[last] if len(index.status) else last
            codes[key] = np.where(last >= 0, found, len(STATUS_WORDS))
    return deciding, codes


def _overdue(recs: pd.DataFrame, codes: dict[str, Ints], day: int) -> tuple[pd.DataFrame, int]:
    """What was due before the day and had not certainly come, and how many have due dates."""
    rows, has_due = [], np.zeros(len(recs), dtype=bool)
    ended = codes["certain response"] == STATUS_CODES["rejected"]
    ended |= codes["certain response"] == STATUS_CODES["outside_powers"]
    for what, layer, owing in (
        ("answer", "response", _OWING),
        ("action", "action", _UNDONE),
    ):
        due, _ = days_of(recs[f"{what}_due"])
        has_due |= due < NEVER
        late = (due < day) & owing[codes[f"certain {layer}"]]
        if what == "action":
            late &= ~ended
        at = np.flatnonzero(late)
        rows.append(
            pd.DataFrame(
                {
                    "rec_id": recs["rec_id"].to_numpy()[at],
                    "what": what,
                    "due": recs[f"{what}_due"].to_numpy()[at],
                    "days": day - due[at],
                    "status": _WORDS[codes[f"certain {layer}"][at]],
                }
            )
        )
    return pd.concat(rows, ignore_index=True), int(has_due.sum())
