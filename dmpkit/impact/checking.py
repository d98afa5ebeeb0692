"""What makes a ledger whole: every rule names the event, or the row, that breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.impact.dates import NEVER, days_of, periods
from dmpkit.impact.index import STATUS_CODES, STATUS_WORDS, EventIndex
from dmpkit.impact.vocabulary import (
    ATTRIBUTIONS,
    BASELINES,
    COUNTING_UNITS,
    INDICATORS,
    LAYER_OF,
    LAYERS,
    NO_ANSWER_BY_DEADLINE,
    POWERS,
    PRECISIONS,
    SIDES,
    TRANSITIONS,
    WITHDRAWN_ENTRY,
    known_word,
    label,
)

__all__ = ["check_events", "check_others", "check_recommendations", "with_vocabulary"]

#: Days of years that a ledger can hold: a wrong century is a slip of the pen.
#: Characters of an id; pictures of longer ones would take minutes.
LONGEST_ID = 1_000
_EARLIEST, _LATEST = "1800-01-01", "2200-12-31"
#: Words of an answer that promise nothing (English only).
SOFT = r"\b(?:consider(?:ing|ation)?|explor(?:e|es|ing))\b"
#: Words beside which they are no longer empty: an acceptance in terms.
FIRM = (
    r"\b(?:accept(?:s|ed)?|agree[sd]?|adopt(?:s|ed)?|will (?:implement|introduce|legislate|fund))\b"
)
#: What an answer of such words can not be recorded as.
_FIRM_STATUSES = (
    "accepted",
    "accepted_in_part",
    "in_progress",
    "decided",
    "implemented_in_part",
    "implemented",
)
_IMPLEMENTED = STATUS_CODES["implemented"]


# --- words ---------------------------------------------------------------------------


def with_vocabulary(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with every coded word as the vocabulary writes it.

    Layers, precisions and attributions that follow from the rest are filled in; a goal
    is marked as set before or after the start.

    Raises
    ------
    DataError
        A word that is not in the vocabulary, named with its event or row.
    """
    out = {name: frame.copy(deep=False) for name, frame in tables.items()}
    _words(out["recommendations"], "recommendations", "counting_unit", COUNTING_UNITS)
    _words(out["recommendations"], "recommendations", "power", POWERS)
    _words(out["recommendations"], "recommendations", "baseline", BASELINES)
    _event_words(out["events"])
    statuses = tuple(STATUS_WORDS)
    _words(out["ratings"], "ratings", "rater_side", SIDES)
    _words(out["ratings"], "ratings", "status", statuses)
    _goal_words(out["goals"])
    return out


def _words(frame: pd.DataFrame, table: str, column: str, words: Iterable[str]) -> None:
    codes, given = pd.factorize(frame[column])
    wanted = set(words)
    if all(w == "" or w in wanted for w in given):
        return
    new = []
    for k, word in enumerate(given):
        try:
            new.append("" if word.strip() == "" else known_word(word, words, _said(column)))
        except DataError as error:
            at = int(np.argmax(codes == k))
            _reraise(error, frame, table, at, column)
    frame[column] = pd.Series(np.array(new, dtype=object)[codes], dtype="str")


def _said(column: str) -> str:
    return column.replace("_", " ")


def _reraise(error: DataError, frame: pd.DataFrame, table: str, at: int, column: str) -> None:
    who = _event(frame, at) if table == "events" else ""
    problem = f"{who}: {error.problem}" if who else error.problem
    raise DataError(problem, file=table, row=at + 2, column=column, remedy=error.remedy) from None


def _event_words(events: pd.DataFrame) -> None:
    status = events["status"].str.strip()
    typed = status.isin([NO_ANSWER_BY_DEADLINE, label(NO_ANSWER_BY_DEADLINE)]).to_numpy()
    _refuse(
        events,
        typed,
        "'no answer by deadline' is computed and never typed",
        "Leave the event out and give the recommendation's answer_due.",
    )
    withdraws_only = (status == "") & (events["withdraws"] != "")
    events["status"] = status.mask(withdraws_only, WITHDRAWN_ENTRY)
    _refuse(events, (events["status"] == "").to_numpy(), "has no status", "Give it one.")
    _words(events, "events", "status", (*STATUS_WORDS, WITHDRAWN_ENTRY))
    _words(events, "events", "precision", PRECISIONS)
    _words(events, "events", "attribution", ATTRIBUTIONS)
    _words(events, "events", "layer", LAYERS)
    own = events["status"].map({**LAYER_OF, WITHDRAWN_ENTRY: ""})
    other = (events["layer"] != "") & (own != "") & (events["layer"] != own)
    if other.any():
        at = int(other.to_numpy().argmax())
        raise DataError(
            f"{_event(events, at)}: {label(events['status'].iloc[at])!r} is a status of the "
            f"{own.iloc[at]} layer, not of {events['layer'].iloc[at]}.",
            file="events",
            row=at + 2,
            column="layer",
            remedy="Mend the layer, or leave it empty.",
        )
    events["layer"] = own.astype("str")
    natural = events["date"].str.len().map({4: "year", 7: "month", 10: "day"}).fillna("")
    events["precision"] = events["precision"].mask(events["precision"] == "", natural)
    events["attribution"] = events["attribution"].mask(events["attribution"] == "", "unknown")


def _goal_words(goals: pd.DataFrame) -> None:
    own = goals["indicator"].str.lower().str.startswith("other:")
    named = goals.assign(indicator=goals["indicator"].mask(own, ""))
    try:
        _words(named, "goals", "indicator", INDICATORS)
    except DataError as error:
        error.remedy = f"{error.remedy} Write 'other: …' for one of your own."
        raise
    goals["indicator"] = named["indicator"].mask(own, goals["indicator"])
    set_on = _days(goals, "goals", "date_set")
    started = _days(goals, "goals", "started_on")
    marks = np.where(set_on > started, "yes", "no")
    unknown = (set_on == NEVER) | (started == NEVER)
    goals["set_after_start"] = pd.Series(np.where(unknown, "", marks), dtype="str")


# --- recommendations -------------------------------------------------------------------


def check_recommendations(recs: pd.DataFrame) -> None:
    """Refuse a table of recommendations that could be counted wrongly.

    Raises
    ------
    DataError
        Missing or doubled ids, no counting unit, a parent that is unknown or counted in
        the same unit as its children, dates that are none, shares outside 0 to 1.
    """
    table = "recommendations"
    _unique(recs, table, "rec_id")
    too_long = (recs["rec_id"].astype(str).str.len() > LONGEST_ID).to_numpy()
    said = f"The id has more than {LONGEST_ID:,} characters"
    _row(recs, table, "rec_id", too_long, said, "Give a short id; the wording has its own column.")
    _row(
        recs,
        table,
        "counting_unit",
        (recs["counting_unit"] == "").to_numpy(),
        "The counting unit is missing",
        "Say recommendation, objective or sub-action: totals differ with what is counted.",
    )
    share = recs["support_share"].to_numpy()
    _row(
        recs,
        table,
        "support_share",
        (share < 0) | (share > 1),
        "A share lies between 0 and 1",
        "Divide percentages by 100.",
    )
    for column in ("report_date", "entered_tracker_on", "left_tracker_on", "answer_due"):
        _days(recs, table, column)
    _days(recs, table, "action_due")
    for column in ("parent_id", "merged_into"):
        _links(recs, table, column)
    parents = recs.set_index("rec_id")["counting_unit"]
    unit = recs["parent_id"].map(parents)
    _row(
        recs,
        table,
        "counting_unit",
        (unit.notna() & (unit == recs["counting_unit"])).to_numpy(dtype=bool),
        "A part and the whole it belongs to have one counting unit, so both would be counted",
        "Give parts the unit 'sub-action'.",
    )


def _unique(frame: pd.DataFrame, table: str, column: str) -> None:
    empty = (frame[column] == "").to_numpy()
    _row(frame, table, column, empty, "The id is missing", "Give every row an id.")
    doubled = frame[column].duplicated().to_numpy()
    if doubled.any():
        at = int(doubled.argmax())
        raise DataError(
            f"The id {frame[column].iloc[at]!r} stands more than once.",
            file=table,
            row=at + 2,
            column=column,
            remedy="Give every row an id of its own.",
        )


def _links(recs: pd.DataFrame, table: str, column: str) -> None:
    named = recs[column] != ""
    if not named.any():
        return
    unknown = named & ~recs[column].isin(recs["rec_id"])
    _row(
        recs,
        table,
        column,
        unknown.to_numpy(),
        "It names a recommendation that is not in the table",
        "Keep merged and dropped recommendations in the table.",
    )
    links = dict(zip(recs.loc[named, "rec_id"], recs.loc[named, column], strict=True))
    done: set[str] = set()
    for start in links:
        path: list[str] = []
        here = start
        while here in links and here not in done:
            if here in path:
                raise DataError(
                    f"{' → '.join([*path[path.index(here) :], here])} leads back to itself.",
                    file=table,
                    column=column,
                    remedy="Mend the ids.",
                )
            path.append(here)
            here = links[here]
        done.update(path)


# --- events ------------------------------------------------------------------------------


def check_events(index: EventIndex, events: pd.DataFrame, ratings: pd.DataFrame) -> None:
    """Refuse events that cannot be true together; each message names its event.

    Raises
    ------
    DataError
        A doubled id, an unknown recommendation, an impossible date, a withdrawal of
        nothing, a forbidden transition (both events named), implementation without the
        evidence for it, or an acceptance whose wording promises nothing.
    """
    _unique(events, "events", "event_id")
    _refuse(
        events,
        index.rec < 0,
        lambda at: f"there is no recommendation {events['rec_id'].iloc[at]!r}",
        "Add it to the recommendations, or mend the id.",
    )
    _check_dates(index, events)
    _check_numbers(events)
    _check_withdrawals(index, events)
    _check_transitions(index, events)
    _check_evidence(index, events, ratings)
    _check_wording(index, events)


def _check_dates(index: EventIndex, events: pd.DataFrame) -> None:
    _, _, problems = periods(events["date"], events["precision"])
    _problem(events, problems, "date")
    for column in ("recorded_on", "last_seen_before"):
        _, problems = days_of(events[column])
        _problem(events, problems, column)
    missing = (events["recorded_on"] == "").to_numpy()
    _refuse(events, missing, "it has no recorded_on", "Say on which day it was recorded.")
    low, high = periods(pd.Series([_EARLIEST, _LATEST]), pd.Series(["day", "day"]))[0]
    far = (index.first < low) | (index.last > high)
    _refuse(events, far, "its year is out of reach", "Mend the year.", column="date")
    _refuse(
        events,
        index.first > index.recorded,
        lambda at: (
            f"it is dated {events['date'].iloc[at]}, after it was recorded "
            f"({events['recorded_on'].iloc[at]})"
        ),
        "Mend one of the dates; what is only announced is not yet an event.",
        column="date",
    )
    seen = (index.seen < NEVER) & (index.seen >= index.last)
    seen &= ~((index.seen == index.last) & (index.first < index.last))
    _refuse(
        events,
        seen,
        lambda at: (
            f"it was last seen undone on {events['last_seen_before'].iloc[at]}, which is not "
            f"before its date {events['date'].iloc[at]}"
        ),
        "Mend one of the dates.",
        column="last_seen_before",
    )


def _problem(events: pd.DataFrame, problems: Mapping[int, str], column: str) -> None:
    if problems:
        at = min(problems)
        raise DataError(
            f"{_event(events, at)}: the {_said(column)} {problems[at]}.",
            file="events",
            row=at + 2,
            column=column,
            remedy="Write YYYY-MM-DD; where only month, quarter or year is known, say so "
            "under precision."
            if column == "date"
            else "Write YYYY-MM-DD.",
        )


def _check_numbers(events: pd.DataFrame) -> None:
    grade = events["evidence_grade"].to_numpy()
    wrong = ~np.isnan(grade) & ~np.isin(grade, (0, 1, 2, 3))
    _refuse(events, wrong, "an evidence grade is 0, 1, 2 or 3", None, column="evidence_grade")
    kept = events["fidelity"].to_numpy()
    wrong = ~np.isnan(kept) & ~np.isin(kept, (0, 1, 2, 3, 4))
    _refuse(events, wrong, "fidelity is a whole number from 0 to 4", None, column="fidelity")
    untraced = events["attribution"].eq("caused") & events["evidence_url"].eq("")
    untraced &= events["note"].eq("")
    _refuse(
        events,
        untraced.to_numpy(),
        "'caused' needs a named trace",
        "Name the trace in the note or by evidence_url, or leave the attribution unknown.",
        column="attribution",
    )


def _check_withdrawals(index: EventIndex, events: pd.DataFrame) -> None:
    target = index.target
    only = events["status"].eq(WITHDRAWN_ENTRY).to_numpy()
    _refuse(events, only & (target == -1), "it withdraws nothing", "Name an event under withdraws.")

    def named(at: int) -> str:
        return repr(events["withdraws"].iloc[at])

    _refuse(
        events,
        target == -2,
        lambda at: f"it withdraws {named(at)}, which is not in the ledger",
        "Mend the id under withdraws.",
    )
    at = np.flatnonzero(target >= 0)
    aim = target[at]

    def among(wrong: NDArray[np.bool_]) -> NDArray[np.bool_]:
        out = np.zeros(len(target), dtype=bool)
        out[at[wrong]] = True
        return out

    _refuse(
        events,
        among(index.rec[aim] != index.rec[at]),
        lambda k: f"it withdraws {named(k)}, which belongs to another recommendation",
        "Mend the ids.",
    )
    _refuse(
        events,
        among((index.status[aim] < 0) | (aim == at)),
        lambda k: f"{named(k)} says no status that could be withdrawn",
        "Record the withdrawn event anew instead of withdrawing its withdrawal.",
    )
    _refuse(
        events,
        among(index.recorded[aim] > index.recorded[at]),
        lambda k: f"it withdraws {named(k)}, which was recorded later",
        "Mend recorded_on.",
    )
    again = pd.Series(aim).duplicated().to_numpy()
    _refuse(events, among(again), lambda k: f"{named(k)} is withdrawn already", "Leave it out.")


def _check_transitions(index: EventIndex, events: pd.DataFrame) -> None:
    wrong = index.forbidden(index.chain)
    if len(wrong):
        before, after = (int(k) for k in wrong[np.argmin(wrong[:, 1])])
        was, now = (STATUS_WORDS[index.status[k]] for k in (before, after))
        follow = [label(s) for s in TRANSITIONS.get(was, ())]
        first = _dated(events, before)
        raise DataError(
            f"{_event(events, after)}: {label(now)!r} ({events['date'].iloc[after]}) cannot follow "
            f"{label(was)!r}, which event {first} says{_more(len(wrong))}.",
            file="events",
            row=after + 2,
            column="status",
            remedy=(
                f"What may follow {label(was)!r}: {', '.join(follow) or 'nothing'}. "
                "Mend the later event, or withdraw the earlier one."
            ),
        )
    orphans = index.unopened(index.chain)
    mask = np.zeros(len(events), dtype=bool)
    mask[orphans] = True
    _refuse(
        events, mask, "it reopens what no earlier event closed", "Record what was closed first."
    )


def _check_evidence(index: EventIndex, events: pd.DataFrame, ratings: pd.DataFrame) -> None:
    claims = np.flatnonzero(index.standing & (index.status == _IMPLEMENTED) & (index.grade < 3))
    if not len(claims):
        return
    two = index.grade[claims] == 2
    agreed = _raters_agreed(events.iloc[claims[two]], ratings)
    enough = np.zeros(len(claims), dtype=bool)
    enough[two] = agreed
    mask = np.zeros(len(events), dtype=bool)
    mask[claims[~enough]] = True
    _refuse(
        events,
        mask,
        lambda at: (
            "'implemented' needs evidence of grade 3, or of grade 2 with two raters; it has "
            + ("none" if np.isnan(g := events["evidence_grade"].iloc[at]) else f"grade {g:.0f}")
            + (f" and {_n_raters(events.iloc[[at]], ratings)[0]} rater(s)" if g == 2 else "")
        ),
        "Find the legal or budget text or the delivered service, let a second rater judge it, "
        "or record 'in progress' until there is such evidence.",
        column="evidence_grade",
    )


def _raters_agreed(claims: pd.DataFrame, ratings: pd.DataFrame) -> NDArray[np.bool_]:
    return _n_raters(claims, ratings) >= 2


def _n_raters(claims: pd.DataFrame, ratings: pd.DataFrame) -> NDArray[np.int64]:
    """How many raters hold each recommendation for implemented: of the event and of ratings."""
    said = ratings[ratings["status"] == "implemented"]
    by_rec: dict[str, set[str]] = {}
    for rec, rater in zip(said["rec_id"], said["rater"], strict=True):
        by_rec.setdefault(rec, set()).add(rater.strip())
    counts = []
    for rec, names in zip(claims["rec_id"], claims["rater"], strict=True):
        own = {name.strip() for name in names.split(";") if name.strip()}
        counts.append(len(own | by_rec.get(rec, set())))
    return np.array(counts, dtype=np.int64)


def _check_wording(index: EventIndex, events: pd.DataFrame) -> None:
    given = np.flatnonzero((events["wording"] != "").to_numpy() & index.standing)
    if not len(given):
        return
    words = events["wording"].iloc[given].str.lower()
    soft = words.str.contains(SOFT, regex=True) & ~words.str.contains(FIRM, regex=True)
    firm = events["status"].iloc[given].isin(_FIRM_STATUSES)
    mask = np.zeros(len(events), dtype=bool)
    mask[given] = (soft & firm).to_numpy(dtype=bool)
    _refuse(
        events,
        mask,
        lambda at: (
            f"an answer that says {events['wording'].iloc[at][:80]!r} promises to consider or "
            f"explore, which is not {label(events['status'].iloc[at])!r}"
        ),
        "Record 'acknowledged' or 'noted'; quote the words that accept it where there are any.",
        column="wording",
    )


# --- the other tables --------------------------------------------------------------------


def check_others(tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse ratings, reviews, wider impact and goals that cannot be read.

    Raises
    ------
    DataError
        Names table, row and column.
    """
    ratings = tables["ratings"]
    known = ratings["rec_id"].isin(tables["recommendations"]["rec_id"]).to_numpy()
    _row(ratings, "ratings", "rec_id", ~known, "There is no such recommendation", "Mend the id.")
    for column in ("rater", "rater_side"):
        empty = (ratings[column] == "").to_numpy()
        _row(ratings, "ratings", column, empty, "The cell is empty", "Say who judged.")
    kept = ratings["fidelity"].to_numpy()
    wrong = ~np.isnan(kept) & ~np.isin(kept, (0, 1, 2, 3, 4))
    _row(ratings, "ratings", "fidelity", wrong, "Fidelity is a whole number from 0 to 4", None)
    _days(ratings, "ratings", "as_of")
    reviews = tables["reviews"]
    empty = (reviews["review_date"] == "").to_numpy()
    _row(reviews, "reviews", "review_date", empty, "The cell is empty", "Give the day.")
    _days(reviews, "reviews", "review_date")
    wider = tables["wider_impact"]
    grade = wider["evidence_grade"].to_numpy()
    wrong = ~np.isnan(grade) & ~np.isin(grade, (0, 1, 2, 3))
    _row(wider, "wider_impact", "evidence_grade", wrong, "A grade is 0, 1, 2 or 3", None)
    filled = wider["date"].where(wider["date"] != "", "2000")
    _, _, problems = periods(filled, pd.Series("", index=wider.index, dtype="str"))
    for at, problem in problems.items():
        raise DataError(f"The date {problem}.", file="wider_impact", row=at + 2, column="date")
    empty = (tables["goals"]["goal"] == "").to_numpy()
    _row(tables["goals"], "goals", "goal", empty, "The goal is missing", "Word it.")


def _days(frame: pd.DataFrame, table: str, column: str) -> NDArray[np.int64]:
    days, problems = days_of(frame[column])
    if problems:
        at = min(problems)
        raise DataError(
            f"{problems[at]}.", file=table, row=at + 2, column=column, remedy="Write YYYY-MM-DD."
        )
    return days


# --- messages ----------------------------------------------------------------------------


def _event(events: pd.DataFrame, at: int) -> str:
    rec = events["rec_id"].iloc[at]
    return f"Event {events['event_id'].iloc[at]!r} (recommendation {rec!r})"


def _dated(events: pd.DataFrame, at: int) -> str:
    return f"{events['event_id'].iloc[at]!r} ({events['date'].iloc[at]})"


def _more(n: int) -> str:
    return "" if n < 2 else "; 1 more is like that" if n == 2 else f"; {n - 1} more are like that"


def _refuse(
    events: pd.DataFrame,
    wrong: NDArray[np.bool_],
    problem: Any,
    remedy: str | None,
    column: str | None = None,
) -> None:
    """Raise for the first event that is wrong, saying how many more are."""
    if not wrong.any():
        return
    at = int(wrong.argmax())
    text = problem(at) if callable(problem) else problem
    raise DataError(
        f"{_event(events, at)}: {text}{_more(int(wrong.sum()))}.",
        file="events",
        row=at + 2,
        column=column,
        remedy=remedy,
    )


def _row(
    frame: pd.DataFrame,
    table: str,
    column: str,
    wrong: NDArray[np.bool_],
    problem: str,
    remedy: str | None,
) -> None:
    if not wrong.any():
        return
    at = int(wrong.argmax())
    value = frame[column].iloc[at]
    said = f": {value!r}" if value not in ("",) and value == value else ""
    raise DataError(f"{problem}{said}.", file=table, row=at + 2, column=column, remedy=remedy)
