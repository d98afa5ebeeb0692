"""From a ledger to the tables that the methods of this room take.

A ledger knows events; cherry-picking wants one row a recommendation with its fate, the
multiverse one row a recommendation and coder, a swimmer plot the spells of each. Here
one becomes the other, and nothing is estimated.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.impact.dates import NEVER, as_day, days_of, iso, period
from dmpkit.impact.deadlines import months_later
from dmpkit.impact.histories import histories
from dmpkit.impact.index import STATUS_CODES
from dmpkit.impact.tallies import fates
from dmpkit.impact.vocabulary import ANSWERED, GRADES, label

if TYPE_CHECKING:
    from dmpkit.impact.clocks import AsOf
    from dmpkit.impact.data import Ledger

__all__ = [
    "KINDS",
    "UPTAKE",
    "answers_table",
    "attribution_table",
    "due_day",
    "evidence_table",
    "fidelity_table",
    "multiverse_table",
    "part_of",
    "read_promise",
    "record_until",
    "response_to_action",
    "swimmer_table",
    "uptake_table",
    "with_promise",
]

#: The ledger's own voice among the coders of the multiverse.
LEDGER = "the ledger"
#: Fates for the question of what was taken up, from least to most. Our own proposal:
#: pending stands between, because it may still come.
UPTAKE = ("closed without it", "pending", "implemented in part", "implemented")
_UPTAKE_OF = {
    "implemented": "implemented",
    "implemented_in_part": "implemented in part",
    "pending": "pending",
    **dict.fromkeys(
        ("rejected", "outside_powers", "lost_at_vote", "abandoned", "superseded", "reversed"),
        "closed without it",
    ),
}
#: What a line of the swimmer plot shows, and the statuses that mean it; our own grouping.
KINDS: dict[str, tuple[str, ...]] = {
    "no answer yet": ("received", "acknowledged"),
    "accepted, wholly or in part": ("accepted", "accepted_in_part"),
    "noted or referred": ("noted", "referred"),
    "rejected or outside powers": ("rejected", "outside_powers"),
    "begun or decided": ("in_progress", "decided", "put_to_a_vote", "reopened"),
    "implemented in part": ("implemented_in_part",),
    "implemented": ("implemented",),
    "ended without it": ("abandoned", "lost_at_vote", "superseded", "reversed"),
}
_KIND_OF = {status: kind for kind, statuses in KINDS.items() for status in statuses}
_UNITS = {"day": 0, "days": 0, "week": 0, "weeks": 0, "month": 1, "months": 1, "year": 12,
          "years": 12}  # fmt: skip
_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
          "eleven", "twelve")  # fmt: skip


# --- parts of a ledger -------------------------------------------------------------------


def part_of(ledger: Ledger, keep: NDArray[np.bool_], processes: set[str] | None = None) -> Ledger:
    """The ledger with some of its recommendations and what belongs to them.

    Parameters
    ----------
    ledger : Ledger
    keep : array of bool, one a recommendation
    processes : set of str, optional
        Of these processes (and of none) wider impact and goals are kept; all if not given.

    Returns
    -------
    Ledger
        In no folder.
    """
    ids = set(ledger.recommendations.loc[keep, "rec_id"])
    parts = {"recommendations": ledger.recommendations[keep].reset_index(drop=True)}
    for name in ("events", "ratings"):
        frame = getattr(ledger, name)
        parts[name] = frame[frame["rec_id"].isin(ids)].reset_index(drop=True)
    if processes is not None:
        for name in ("wider_impact", "goals"):
            frame = getattr(ledger, name)
            mine = frame["process_id"].isin(processes | {""})
            parts[name] = frame[mine].reset_index(drop=True)
    return ledger._trusted(**parts, folder=None, stamp=())


def record_until(
    ledger: Ledger,
    date: str | dt.date,
    known_on: str | dt.date | None = None,
    min_grade: int | None = None,
) -> Ledger:
    """The ledger with only the events that count by a day: what curves are drawn from.

    Events must certainly have happened by `date`, be recorded by `known_on` and not
    withdrawn by then, and have the evidence grade. Receipt is kept whatever its grade.

    Parameters
    ----------
    ledger : Ledger
    date, known_on, min_grade
        As in :func:`dmpkit.impact.clocks.as_of`.

    Returns
    -------
    Ledger
    """
    index = ledger.index
    known = index.known(None if known_on is None else as_day(known_on, "day of knowledge"))
    known = known & (index.last <= as_day(date))
    received = known & (index.status == STATUS_CODES["received"])
    if min_grade:
        known &= index.grade >= min_grade
    keep = known | received
    events = ledger.events[keep].reset_index(drop=True)
    recs = ledger.recommendations
    receipt = index.receipt(received)
    days = pd.Series([iso(int(day)) for day in receipt], dtype="str")
    # what withdraws has done so; without its target the id would point nowhere
    return ledger._trusted(
        events=events.assign(withdraws=pd.Series("", index=events.index, dtype="str")),
        recommendations=recs.assign(report_date=days.to_numpy(dtype=object)).astype(
            {"report_date": "str"}
        ),
        folder=None,
        stamp=(),
    )


# --- promises ----------------------------------------------------------------------------


def read_promise(promise: str) -> tuple[int, str]:
    """A promise such as "four months" as a number and its unit.

    Parameters
    ----------
    promise : str
        A number, in figures or in words up to twelve, and days, weeks, months or years.

    Returns
    -------
    number : int
    unit : str
        "days" or "months".

    Raises
    ------
    DataError
        When it is not read so.

    Examples
    --------
    >>> read_promise("four months"), read_promise("2 weeks"), read_promise("1 year")
    ((4, 'months'), (14, 'days'), (12, 'months'))
    """
    match = re.fullmatch(r"\s*(\w+)[\s-]+([a-z]+)\s*", str(promise).lower())
    number, unit = match.groups() if match else ("", "")
    if number in _WORDS:
        count = _WORDS.index(number) + 1
    else:
        count = int(number) if number.isdecimal() and len(number) < 6 else 0
    if unit not in _UNITS or count < 1:
        raise DataError(
            f"The promise {promise!r} is not read.", remedy="Write '4 months' or '90 days'."
        )
    if _UNITS[unit]:
        return count * _UNITS[unit], "months"
    return count * (7 if unit.startswith("week") else 1), "days"


def due_day(start: int, promise: str) -> int:
    """The last day of a promised time; months are calendar months.

    Parameters
    ----------
    start : int
        Days since 1970-01-01.
    promise : str

    Returns
    -------
    int

    Examples
    --------
    >>> iso(due_day(as_day("2013-10-31"), "4 months"))
    '2014-02-28'
    """
    number, unit = read_promise(promise)
    if unit == "days":
        return start + number
    return months_later(start, number)


def with_promise(ledger: Ledger, promise: str | None) -> Ledger:
    """The ledger with an answer due to every recommendation of which receipt is known.

    A due date that the ledger holds stays.

    Parameters
    ----------
    ledger : Ledger
    promise : str or None
        Such as "4 months" from receipt.

    Returns
    -------
    Ledger
    """
    if promise is None:
        return ledger
    read_promise(promise)
    recs, receipt = ledger.recommendations, ledger.index.received_on
    due = [
        own or (iso(due_day(int(day), promise)) if day < NEVER else "")
        for own, day in zip(recs["answer_due"], receipt, strict=True)
    ]
    filled = recs.assign(answer_due=pd.Series(due, index=recs.index, dtype="str"))
    return ledger._trusted(recommendations=filled)


def answers_table(ledger: Ledger, date: str | dt.date) -> pd.DataFrame:
    """When each recommendation was answered, and whether by the day it was due.

    Parameters
    ----------
    ledger : Ledger
        With `answer_due` where an answer was promised; see :func:`with_promise`.
    date : str or date

    Returns
    -------
    DataFrame
        ``rec_id, process_id, label, received, answered_from, answered_by`` (first and
        last day on which the answer can have come), ``answer, days`` (from receipt to
        `answered_by`; below 0 where the answer came first), ``due, promise``: kept, late,
        unclear (the date is not exact enough), overdue, not due yet, before receipt (the
        answer is dated before the receipt, so neither in time nor late), no due date, or
        not assessed (the date of receipt is not known).
    """
    index, recs, day = ledger.index, ledger.recommendations, as_day(date)
    codes = [STATUS_CODES[status] for status in ANSWERED]
    at = np.flatnonzero(index.standing & np.isin(index.status, codes) & (index.last <= day))
    at = at[np.lexsort((index.rank[at], index.recorded[at], index.last[at], index.rec[at]))]
    first: dict[int, int] = {}
    for k, rec in zip(at.tolist(), index.rec[at].tolist(), strict=True):
        first.setdefault(rec, k)
    due, _ = days_of(recs["answer_due"])
    rows = []
    for r in range(len(recs)):
        got = int(index.received_on[r])
        k = first.get(r, -1)
        begin, end = _when(ledger, k) if k >= 0 else (NEVER, NEVER)
        rows.append(
            (
                recs["rec_id"].iloc[r],
                recs["process_id"].iloc[r],
                recs["label"].iloc[r],
                iso(got),
                iso(begin),
                iso(end),
                label(str(ledger.events["status"].iloc[k])) if k >= 0 else "",
                float(end - got) if k >= 0 and got < NEVER else np.nan,
                iso(int(due[r])),
                _kept(begin, end, int(due[r]), got, day),
            )
        )
    names = ["rec_id", "process_id", "label", "received", "answered_from", "answered_by",
             "answer", "days", "due", "promise"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def _when(ledger: Ledger, k: int) -> tuple[int, int]:
    """First and last day on which an event can have happened."""
    index = ledger.index
    begin = int(index.first[k])
    if index.seen[k] < NEVER:
        begin = min(int(index.seen[k]) + 1, int(index.last[k]))
    return begin, int(index.last[k])


def _kept(begin: int, end: int, due: int, received: int, day: int) -> str:
    if end < received < NEVER:
        return "before receipt"
    if due >= NEVER:
        return "not assessed: date of receipt not known" if received >= NEVER else "no due date"
    if end < NEVER:
        return "kept" if end <= due else "late" if begin > due else "unclear"
    return "overdue" if due < day else "not due yet"


# --- one row a recommendation ------------------------------------------------------------


def uptake_table(ledger: Ledger, answer: AsOf, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """One row a recommendation with its fate and properties, for cherry-picking.

    Parameters
    ----------
    ledger : Ledger
    answer : AsOf
    counted : array of bool
        Which recommendations.

    Returns
    -------
    DataFrame
        ``rec_id, process, fate`` (of :data:`UPTAKE`; missing where there is no record),
        ``cost, challenge, support, powers, already planned``; None where not known.
    """
    recs = ledger.recommendations[counted]
    fate = fates(answer).to_numpy()[counted]

    def known(column: str) -> list[object]:
        return [None if v == "" or v != v else v for v in recs[column]]

    return pd.DataFrame(
        {
            "rec_id": recs["rec_id"].to_numpy(dtype=object),
            "process": [name or "(not named)" for name in recs["process_id"]],
            "fate": [_UPTAKE_OF.get(word) for word in fate],
            "cost": known("cost_class"),
            "challenge": known("challenge"),
            "support": known("support_share"),
            "powers": known("power"),
            "already planned": known("baseline"),
        }
    )


def multiverse_table(ledger: Ledger, answer: AsOf, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """One row a recommendation and coder: the ledger itself, and the latest of each rater.

    Parameters
    ----------
    ledger : Ledger
    answer : AsOf
    counted : array of bool
        Which recommendations, of whatever counting unit.

    Returns
    -------
    DataFrame
        ``rec_id, parent_id, counting_unit, coder, status``. The ledger says its fate,
        and for what is pending the response.
    """
    recs = ledger.recommendations[counted]
    fate = fates(answer).to_numpy()[counted]
    response = answer.status("certain", "response").to_numpy()[counted]
    waiting = np.where(response == "no_record", "in_progress", response)
    status = np.where(fate == "pending", waiting, fate)
    keys = recs[["rec_id", "parent_id", "counting_unit"]].reset_index(drop=True)
    keys["parent_id"] = keys["parent_id"].where(keys["parent_id"].isin(set(keys["rec_id"])), "")
    own = keys.assign(coder=LEDGER, status=status)
    said = ledger.ratings
    said = said[(said["as_of"] <= answer.date) & (said["status"] != "")]
    said = said.sort_values("as_of", kind="stable").drop_duplicates(
        ["rec_id", "rater"], keep="last"
    )
    rated = keys.merge(said[["rec_id", "rater", "status"]], on="rec_id")
    rated = rated.rename(columns={"rater": "coder"})
    return pd.concat([own, rated[own.columns]], ignore_index=True)


def response_to_action(answer: AsOf, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """How many of each response stand at each action.

    Parameters
    ----------
    answer : AsOf
    counted : array of bool

    Returns
    -------
    DataFrame
        ``response, action, n``.
    """
    response = [label(s) for s in answer.status("certain", "response").to_numpy()[counted]]
    action = [label(s) for s in answer.status("certain", "action").to_numpy()[counted]]
    pairs = pd.DataFrame({"response": response, "action": action})
    order = [label(s) for s in (*STATUS_CODES, "no_record")]
    counts = pairs.value_counts().rename("n").reset_index()
    keys = counts[["response", "action"]].map(order.index)
    ordered = keys.sort_values(["response", "action"]).index
    return counts.loc[ordered].reset_index(drop=True)


def fidelity_table(ledger: Ledger, answer: AsOf, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """How much of the content was kept in what was done, as the events say.

    Parameters
    ----------
    ledger : Ledger
        Of what counts by the day; see :func:`record_until`. The last fidelity given with
        the status that stands is taken; a later confirmation without one changes nothing.
    answer : AsOf
    counted : array of bool

    Returns
    -------
    DataFrame
        ``what, count, mean_fidelity, share_kept``: implemented whole, implemented but
        weakened, implemented without a word on it, and in part; the mean of 0 to 4 over
        those assessed, and as a share of 4.
    """
    fate = fates(answer).to_numpy()
    index = ledger.index
    given = ledger.events["fidelity"].to_numpy()
    said = answer.codes["certain action"]
    chain = index.chain[~np.isnan(given[index.chain])]
    chain = chain[index.status[chain] == said[index.rec[chain]]]
    kept = np.full(len(fate), np.nan)
    kept[index.rec[chain]] = given[chain]  # in order: the last one stands
    done, partly = counted & (fate == "implemented"), counted & (fate == "implemented_in_part")
    rows = [
        ("implemented, content whole (4)", done & (kept == 4)),
        ("implemented but weakened (0 to 3)", done & (kept < 4)),
        ("implemented, content not assessed", done & np.isnan(kept)),
        ("all implemented", done),
        ("implemented in part", partly),
    ]
    return pd.DataFrame(
        [
            (what, int(which.sum()), mean := _mean(kept[which]), mean / 4)
            for what, which in rows
        ],
        columns=["what", "count", "mean_fidelity", "share_kept"],
    )  # fmt: skip


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def evidence_table(ledger: Ledger, answer: AsOf, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """On what evidence the status of each recommendation rests.

    Parameters
    ----------
    ledger : Ledger
    answer : AsOf
    counted : array of bool

    Returns
    -------
    DataFrame
        ``grade, evidence, count``: of the event that decides; not graded apart.
    """
    at = answer.events["certain any"][counted]
    grade = np.full(len(at), np.nan)
    if len(ledger.events):
        grade[at >= 0] = ledger.events["evidence_grade"].to_numpy()[at[at >= 0]]
    rows = [(str(g), words, int((grade == g).sum())) for g, words in GRADES.items()]
    rows.append(("–", "not graded", int((np.isnan(grade) & (at >= 0)).sum())))
    rows.append(("–", "no record", int((at < 0).sum())))
    return pd.DataFrame(rows, columns=["grade", "evidence", "count"])


def attribution_table(ledger: Ledger, answer: AsOf, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """What the ledger says on why implemented recommendations were implemented.

    Parameters
    ----------
    ledger : Ledger
    answer : AsOf
    counted : array of bool

    Returns
    -------
    DataFrame
        ``attribution, count``; unknown unless shown otherwise.
    """
    fate = fates(answer).to_numpy()
    done = counted & np.isin(fate, ["implemented", "implemented_in_part"])
    at = answer.events["certain action"][done]
    words = ledger.events["attribution"].iloc[at].map(label) if len(at) else pd.Series(dtype="str")
    counts = words.value_counts(sort=False).rename_axis("attribution").rename("count")
    return counts.reset_index()


# --- lines -------------------------------------------------------------------------------


def swimmer_table(ledger: Ledger, date: str | dt.date, counted: NDArray[np.bool_]) -> pd.DataFrame:
    """The life of each recommendation in pieces, for a picture with one line each.

    Action is shown from its first step on, the response before; days are counted from
    receipt. A piece is *between reviews* where the change came at an unknown day in it.

    Parameters
    ----------
    ledger : Ledger
    date : str or date
    counted : array of bool

    Returns
    -------
    DataFrame
        ``rec_id, theme, kind, start, stop, between_reviews``; kind is "no record" or a
        key of :data:`KINDS`.
    """
    index, recs, day = ledger.index, ledger.recommendations, as_day(date)
    spells = histories(record_until(ledger, date))
    known = spells["layer"].isin(["response", "action"]) & spells["status"].isin(_KIND_OF)
    spells = spells[known]
    starts, _ = days_of(spells["from"])
    after, _ = days_of(spells["known_after"])
    spells = spells.assign(at=starts, after=after + 1)
    by_rec = dict(tuple(spells.groupby("rec_id", sort=False)))
    rows: list[tuple[object, ...]] = []
    for r in np.flatnonzero(counted):
        rec, got = recs["rec_id"].iloc[r], int(index.received_on[r])
        if got >= NEVER or got >= day:
            continue
        theme = recs["theme"].iloc[r]
        pieces = _pieces(by_rec.get(rec), got, day)
        rows += [(rec, theme, *piece) for piece in pieces]
    return pd.DataFrame(
        rows, columns=["rec_id", "theme", "kind", "start", "stop", "between_reviews"]
    )


def _pieces(
    spells: pd.DataFrame | None, got: int, day: int
) -> list[tuple[str, float, float, bool]]:
    """Kind, start, stop (days from receipt) and whether the day of the change is unknown."""
    if spells is None:
        return [("no record", 0.0, float(day - got), False)]
    ordered = spells.sort_values("at", kind="stable")
    changes: list[tuple[int, int, str]] = []
    acted = False
    for at, after, layer, status in zip(
        ordered["at"], ordered["after"], ordered["layer"], ordered["status"], strict=True
    ):
        if acted and layer == "response":
            continue
        acted = acted or layer == "action"
        kind = _KIND_OF[status]
        if changes and changes[-1][2] == kind:
            continue
        changes.append((max(int(after), got), max(int(at), got), kind))
    pieces, here, kind = [], got, "no answer yet"
    for after_day, at_day, new in changes:
        sure = min(max(after_day, here), at_day)
        if sure > here:
            pieces.append((kind, float(here - got), float(sure - got), False))
        if at_day > sure:
            pieces.append((new, float(sure - got), float(at_day - got), True))
        here, kind = at_day, new
    if day > here:
        pieces.append((kind, float(here - got), float(day - got), False))
    return pieces


def calendar_day(text: str, precision: str = "") -> int:
    """Middle day of what a date stands for, for a point on a time line."""
    first, last = period(str(text), precision)
    return (first + last) // 2
