"""One row a spell, a duration or a step: what plots and survival methods take.

Days are counted from receipt. What was only noticed at a review happened between the
last day on which it had not and the day given: both are kept.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.impact.dates import NEVER, as_day, days_of, iso_days
from dmpkit.impact.index import STATUS_CODES, STATUS_WORDS, EventIndex
from dmpkit.impact.vocabulary import ANSWERED, LAYERS, NO_RECORD

if TYPE_CHECKING:
    from dmpkit.impact.data import Ledger

__all__ = ["FATE_CAUSES", "durations", "histories", "multistate"]

Ints = NDArray[np.int64]
_WORDS = np.array([*STATUS_WORDS, NO_RECORD], dtype=object)

#: Events that settle what became of a recommendation. Our own proposal: a rejection
#: settles it too, though it can be reversed (see the occupancy for that).
FATE_CAUSES = (
    "implemented",
    "rejected",
    "outside_powers",
    "lost_at_vote",
    "abandoned",
    "superseded",
)


def _earliest(index: EventIndex, at: Ints) -> Ints:
    """The last day on which events had certainly not happened."""
    seen = index.seen[at]
    return np.where(seen < NEVER, np.minimum(seen, index.last[at]), index.first[at] - 1)


def histories(ledger: Ledger) -> pd.DataFrame:
    """The spells of each recommendation in each layer, in the order of their days.

    Parameters
    ----------
    ledger : Ledger

    Returns
    -------
    DataFrame
        One row a spell: ``rec_id, layer, status, from, to`` (the day from which the status
        is certain, and the day of the next one; empty where it lasts), ``known_after``
        (last day before it, on which it had certainly not come) and ``known_by`` (equal
        to ``from``: between the two it may have come at any time), ``exact`` (known to
        the day), ``next`` (status that follows), ``event_id``. Confirmations of a status
        lengthen its spell. Days are as recorded, not moved up to receipt.

    Examples
    --------
    >>> from dmpkit.impact.data import Ledger
    >>> recs = pd.DataFrame({"rec_id": ["R1"], "counting_unit": ["recommendation"]})
    >>> events = pd.DataFrame(
    ...     {"event_id": ["E1", "E2"], "rec_id": "R1", "status": ["in progress", "decided"],
    ...      "date": ["2021-06-23", "2022-05"], "recorded_on": "2022-06-01"}
    ... )
    >>> histories(Ledger.from_frames(recs, events))[["status", "from", "to", "known_after"]]
            status        from          to known_after
    0  in_progress  2021-06-23  2022-05-31  2021-06-22
    1      decided  2022-05-31              2022-04-30
    """
    index = ledger.index
    chain = _changes(index, index.chain)
    following = np.full(len(chain), -1, dtype=np.int64)
    if len(chain) > 1:
        same = _same(index, chain)
        following[:-1][same] = chain[1:][same]
    after = _earliest(index, chain)
    ends = np.where(following >= 0, index.last[following], NEVER)
    nexts = np.where(following >= 0, index.status[following], -1)
    starts = iso_days(index.last[chain])
    return pd.DataFrame(
        {
            "rec_id": ledger.recommendations["rec_id"].to_numpy(dtype=object)[index.rec[chain]],
            "layer": np.array(LAYERS, dtype=object)[index.layer[chain]],
            "status": _WORDS[index.status[chain]],
            "from": starts,
            "to": iso_days(ends),
            "known_after": iso_days(after),
            "known_by": starts,
            "exact": index.last[chain] - after <= 1,
            "next": np.array([*STATUS_WORDS, ""], dtype=object)[nexts],
            "event_id": ledger.events["event_id"].to_numpy(dtype=object)[chain],
        }
    )


def _same(index: EventIndex, chain: Ints) -> NDArray[np.bool_]:
    """Whether an event and the next of the chain belong to one recommendation and layer."""
    before, after = chain[:-1], chain[1:]
    same: NDArray[np.bool_] = (index.rec[before] == index.rec[after]) & (
        index.layer[before] == index.layer[after]
    )
    return same


def _changes(index: EventIndex, chain: Ints) -> Ints:
    """The chain without events that only confirm."""
    if len(chain) < 2:
        return chain
    new = np.ones(len(chain), dtype=bool)
    new[1:] = ~(_same(index, chain) & (index.status[chain[1:]] == index.status[chain[:-1]]))
    return chain[new]


def durations(
    ledger: Ledger,
    date: str | dt.date,
    until: Literal["answer", "fate"] = "fate",
    *,
    known_on: str | dt.date | None = None,
) -> pd.DataFrame:
    """Days from receipt to the answer, or to what became of each recommendation.

    Parameters
    ----------
    ledger : Ledger
    date : str or date
        End of observation: events whose date had certainly come by then count, whenever
        they were recorded (but see `known_on`).
    until : {"answer", "fate"}
        The first response that takes a position; or the first of implemented, rejected,
        outside powers, lost at a vote, abandoned, superseded (`FATE_CAUSES`).
    known_on : str or date, optional
        Count only what was recorded by this day and not withdrawn by then, receipt
        included, as :func:`dmpkit.impact.clocks.as_of` does; everything that stands when
        not given. What was not known yet counts as not yet happened up to `date`.

    Returns
    -------
    DataFrame
        One row a recommendation of which receipt is known, that was reported by `date`:
        ``rec_id, process_id, counting_unit, time`` (days from receipt; to `date` where
        nothing had happened), ``cause`` (the status, empty where nothing had happened),
        ``entry`` (days from receipt at which it entered the tracker, 0 when it was there
        from the start), ``left, right`` (it happened after `left` and by `right`;
        `right` is infinite where nothing had certainly happened, and `left` then lies
        before `date` where an imprecise date says that it may have), ``use`` and ``why_not`` (rows
        that survival methods must leave out: settled before receipt, or before they
        entered the tracker).

    Raises
    ------
    DataError
        `until` is neither, or no recommendation has a date of receipt.
    """
    if until not in ("answer", "fate"):
        raise DataError(f"until={until!r} is not known.", remedy="Use 'answer' or 'fate'.")
    causes = ANSWERED if until == "answer" else FATE_CAUSES
    index, recs, day = ledger.index, ledger.recommendations, as_day(date)
    known = None if known_on is None else as_day(known_on, "day of knowledge")
    counting = index.known(known)
    receipt = index.received_on if known is None else index.receipt(counting)
    if not (receipt < NEVER).any():
        raise DataError(
            "No recommendation has a date of receipt, so no duration can be counted.",
            remedy="Give report_date, or 'received' events.",
        )
    at = _first_of(index, causes, day, counting)
    row = np.flatnonzero((receipt <= day) & (receipt < NEVER))
    found = at[row] >= 0
    event, start = np.maximum(at[row], 0), receipt[row]
    if not len(index.rec):
        last = earliest = np.zeros(len(row), dtype=np.int64)
        cause = np.full(len(row), "", dtype=object)
    else:
        last, earliest = index.last[event], _earliest(index, event)
        cause = np.where(found, _WORDS[index.status[event]], "")
    time = np.where(found, last, day) - start
    left = np.where(found, earliest, _not_yet(index, causes, day, counting)[row]) - start
    tracked, _ = days_of(recs["entered_tracker_on"])
    entry = np.where(tracked[row] < NEVER, np.maximum(tracked[row] - start, 0), 0)
    early, prevalent = found & (last < start), (entry > 0) & (time <= entry)
    why = np.where(early, "settled before receipt", "")
    why = np.where(prevalent & ~early, "settled before it entered the tracker", why)
    return pd.DataFrame(
        {
            "rec_id": recs["rec_id"].to_numpy(dtype=object)[row],
            "process_id": recs["process_id"].to_numpy(dtype=object)[row],
            "counting_unit": recs["counting_unit"].to_numpy(dtype=object)[row],
            "time": np.maximum(time, 0).astype(float),
            "cause": cause,
            "entry": entry.astype(float),
            "left": np.maximum(left, 0).astype(float),
            "right": np.where(found, np.maximum(last - start, 0), np.inf),
            "use": why == "",
            "why_not": why,
        }
    )


def _not_yet(
    index: EventIndex, causes: tuple[str, ...], day: int, counting: NDArray[np.bool_]
) -> Ints:
    """Last day up to `day` on which none of some statuses can have come, by recommendation."""
    codes = [STATUS_CODES[cause] for cause in causes]
    at = np.flatnonzero(counting & np.isin(index.status, codes))
    out = np.full(len(index.report), day, dtype=np.int64)
    np.minimum.at(out, index.rec[at], _earliest(index, at))
    return out


def _first_of(
    index: EventIndex, causes: tuple[str, ...], day: int, counting: NDArray[np.bool_]
) -> Ints:
    """Position of each recommendation's first event of some statuses, by a day; -1 none."""
    codes = [STATUS_CODES[cause] for cause in causes]
    out = np.full(len(index.report), -1, dtype=np.int64)
    at = np.flatnonzero(counting & np.isin(index.status, codes) & (index.last <= day))
    at = at[np.lexsort((index.rank[at], index.recorded[at], index.last[at], index.rec[at]))]
    out[index.rec[at][::-1]] = at[::-1]
    return out


def multistate(
    ledger: Ledger,
    date: str | dt.date,
    layer: Literal["response", "action"] = "action",
) -> pd.DataFrame:
    """Rows ``id, start, stop, from, to`` in days from receipt, for an occupancy analysis.

    Parameters
    ----------
    ledger : Ledger
    date : str or date
        End of observation.
    layer : {"response", "action"}

    Returns
    -------
    DataFrame
        ``id, process_id, start, stop, from, to``; ``to`` is ``censored`` where the status
        lasts to the end. A recommendation begins at receipt as ``received`` or, of
        actions, as ``no_record`` (where the tracker saw it later, at that day), whatever
        events precede it: ``not_started`` stands only where it was recorded.
        Spells of no length are left out: of several events on one day the last decides.

    Raises
    ------
    DataError
        The layer is neither of the two.
    """
    start_word = {"response": "received", "action": NO_RECORD}.get(layer)
    if start_word is None:
        raise DataError(f"layer={layer!r} is not known.", remedy="Use 'response' or 'action'.")
    index, recs, day = ledger.index, ledger.recommendations, as_day(date)
    receipt = index.received_on
    tracked, _ = days_of(recs["entered_tracker_on"])
    begin = np.where(tracked < NEVER, np.maximum(tracked, receipt), receipt)
    row = np.flatnonzero((begin < day) & (receipt < NEVER))
    chain = index.chain
    mine = (index.layer[chain] == LAYERS.index(layer)) & (index.last[chain] <= day)
    chain = chain[mine & np.isin(index.rec[chain], row)]
    rec = np.concatenate([row, index.rec[chain]])
    when = np.concatenate([begin[row], np.maximum(index.last[chain], begin[index.rec[chain]])])
    first = np.full(len(row), STATUS_CODES.get(start_word, len(STATUS_WORDS)), dtype=np.int64)
    status = np.concatenate([first, index.status[chain]])
    order = np.lexsort((np.arange(len(rec)), when, rec))
    rec, when, status = rec[order], when[order], status[order]
    last_of_day = np.ones(len(rec), dtype=bool)
    last_of_day[:-1] = (rec[1:] != rec[:-1]) | (when[1:] != when[:-1])
    rec, when, status = rec[last_of_day], when[last_of_day], status[last_of_day]
    changed = np.ones(len(rec), dtype=bool)
    changed[1:] = (rec[1:] != rec[:-1]) | (status[1:] != status[:-1])
    rec, when, status = rec[changed], when[changed], status[changed]
    goes_on = np.zeros(len(rec), dtype=bool)
    goes_on[:-1] = rec[1:] == rec[:-1]
    stop = np.full(len(rec), day, dtype=np.int64)
    stop[:-1] = np.where(goes_on[:-1], when[1:], day)
    to = np.full(len(rec), "censored", dtype=object)
    to[:-1] = np.where(goes_on[:-1], _WORDS[status[1:]], "censored")
    keep = stop > when
    out = pd.DataFrame(
        {
            "id": recs["rec_id"].to_numpy(dtype=object)[rec],
            "process_id": recs["process_id"].to_numpy(dtype=object)[rec],
            "start": (when - receipt[rec]).astype(float),
            "stop": (stop - receipt[rec]).astype(float),
            "from": _WORDS[status],
            "to": to,
        }
    )
    return out[keep].reset_index(drop=True)
