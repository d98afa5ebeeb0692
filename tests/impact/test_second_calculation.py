"""Every column of the ledger's tables once more, a recommendation at a time, from the raw rows."""

from __future__ import annotations

from datetime import date as calendar_day
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ledgers import events, ledger, recommendations

from dmpkit import impact
from dmpkit.errors import DataError
from dmpkit.impact.data import Ledger
from dmpkit.impact.tallies import frame_on
from dmpkit.impact.vocabulary import ANSWERED, BASELINES, LAYER_OF, LAYERS, STATUSES

SETTLED = ("implemented", "rejected", "outside_powers", "lost_at_vote", "abandoned", "superseded")
CLOSED = (*SETTLED, "reversed")
ENDED = ("lost_at_vote", "abandoned", "superseded", "reversed")
WORDS = [status for layer in LAYERS for status in STATUSES[layer]] + ["no_record"]
DAYS = ["2021-03-31", "2022-06-30", "2024-01-31"]


def day(text: str) -> int:
    return calendar_day.fromisoformat(text).toordinal()


def text(number: int) -> str:
    return calendar_day.fromordinal(number).isoformat()


@cache
def made() -> Ledger:
    """Two made-up processes, and recommendations with every kind of date beside."""
    base = impact.synthetic_ledger(25, n_processes=2, years=4, seed=9)
    recs, log = base.recommendations.copy(), base.events.copy()
    more = recommendations(
        8,
        process_id="synthetic-3",
        report_date=["2020-05-01"] * 6 + ["", "2023-12-01"],
        baseline=["none", "planned", "none", "in_force", "none", "under_way", "none", "none"],
    )
    done = {"evidence_grade": 3}
    extra = events(
        ("R1", "implemented", "2020-05-01", done),  # on the day of receipt
        ("R2", "rejected", "2020-04-30"),  # before it
        ("R3", "accepted", "2021", {"precision": "year", "recorded_on": "2022-02-01"}),
        ("R3", "implemented", "2022-06", {"last_seen_before": "2022-02-01", **done}),
        ("R3", "implemented", "2022-09-01", done),  # only confirms
        ("R4", "in_progress", "2020-03-01"),
        ("R4", "decided", "2022-06-30", {"evidence_grade": 1, "recorded_on": "2022-07-01"}),
        ("R4", "implemented", "2022-06-30", {"recorded_on": "2023-02-01", **done}),
        ("R5", "received", "2020-06-10", {"recorded_on": "2021-06-01"}),
        ("R5", "received", "2020-05-20", {"recorded_on": "2022-06-01"}),
        ("R5", "outside_powers", "2021-03-31", {"recorded_on": "2021-04-01"}),
        ("R5", "in_progress", "2023-01-01"),
        ("R6", "rejected", "2021-01-10", {"recorded_on": "2021-01-11"}),
        ("R6", "", "", {"withdraws": "E13", "recorded_on": "2022-06-30"}),
        ("R6", "accepted_in_part", "2022-01", {"recorded_on": "2022-03-01"}),
        ("R7", "acknowledged", "2021-01-10"),
    )
    extra.loc[extra["withdraws"].eq("E13"), "status"] = "withdrawn_entry"
    extra.loc[extra["withdraws"].eq("E13"), "date"] = "2022-06-30"
    recs, log = pd.concat([recs, more]), pd.concat([log, extra])
    k = np.arange(len(recs))
    recs["answer_due"] = np.where(k % 3 == 0, "2021-03-31", np.where(k % 3 == 1, "2020-09-30", ""))
    recs["action_due"] = np.where(k % 4 == 0, "", "2022-06-29")
    recs["entered_tracker_on"] = np.where(k % 5 == 0, "2020-08-01", "")
    recs["left_tracker_on"] = np.where(k % 7 == 0, "2022-06-30", "")
    recs["merged_into"] = np.where(k % 11 == 3, recs["rec_id"].iloc[0], "")
    # read from a file sorted otherwise: the rows' numbers say nothing
    recs.index, log.index = np.arange(len(recs))[::-1] * 3, np.arange(len(log))[::-1]
    return Ledger.from_frames(recs, log, reviews=base.reviews)


@cache
def raw() -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Recommendations and standing or withdrawn events, dates as whole numbers."""
    recs = {r["rec_id"]: r for r in made().recommendations.to_dict("records")}
    rows = made().events.to_dict("records")
    gone = {r["withdraws"]: day(r["recorded_on"]) for r in rows if r["withdraws"]}
    found = []
    for row in rows:
        if row["status"] == "withdrawn_entry":
            continue
        period = pd.Period(row["date"], {4: "Y", 7: "M", 10: "D"}[len(row["date"])])
        seen = row["last_seen_before"]
        first, last = period.start_time.toordinal(), period.end_time.toordinal()
        before = min(day(seen), last) if seen else first - 1
        grade = row["evidence_grade"]
        found.append(
            {
                "id": row["event_id"], "rec": row["rec_id"], "status": row["status"],
                "layer": LAYER_OF[row["status"]], "first": first, "last": last, "before": before,
                "recorded": day(row["recorded_on"]), "gone": gone.get(row["event_id"], 10**9),
                "grade": -1 if pd.isna(grade) else grade,
            }
        )  # fmt: skip
    return recs, found


@cache
def counting(known: str | None) -> list[dict[str, Any]]:
    if known is None:
        return [e for e in raw()[1] if e["gone"] == 10**9]
    return [e for e in raw()[1] if e["recorded"] <= day(known) < e["gone"]]


@cache
def receipts(known: str | None = None) -> dict[str, int | None]:
    out: dict[str, int | None] = {}
    for rec, row in raw()[0].items():
        out[rec] = day(row["report_date"]) if row["report_date"] else None
        for among in (counting(None), counting(known)):
            own = [e["first"] for e in among if e["rec"] == rec and e["status"] == "received"]
            out[rec] = min(own) if own else out[rec]
    return out


def same(found: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
    """Columns, rows, their order and their numbers are equal."""
    expected = pd.DataFrame(rows)
    assert list(found.columns) == list(expected.columns)
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, rtol=1e-12, atol=0)
    kinds = [[dtype.kind for dtype in table.dtypes] for table in (found, expected)]
    assert kinds[0] == kinds[1]  # days and shares are floats, counts whole numbers
    assert found.index.equals(pd.RangeIndex(len(found)))


# --- times ---------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [None, "2022-06-30", "2021-05-31"])
@pytest.mark.parametrize("until", ["fate", "answer"])
@pytest.mark.parametrize("date", DAYS)
def test_durations_row_by_row(date: str, until: Any, known: str | None) -> None:
    causes = SETTLED if until == "fate" else ANSWERED
    start, end, rows = receipts(known), day(date), []
    for rec, row in raw()[0].items():
        begin = start[rec]
        if begin is None or begin > end:
            continue
        own = [e for e in counting(known) if e["rec"] == rec and e["status"] in causes]
        came = sorted((e["last"], e["recorded"], e["id"]) for e in own if e["last"] <= end)
        first = next((e for e in own if came and e["id"] == came[0][2]), None)
        last = end if first is None else first["last"]
        left = min([end, *(e["before"] for e in own)]) if first is None else first["before"]
        entry = max(day(row["entered_tracker_on"] or "1900-01-01") - begin, 0)
        why = "settled before it entered the tracker" if entry and last - begin <= entry else ""
        if first is not None and last < begin:
            why = "settled before receipt"
        rows.append(
            {
                "rec_id": rec, "process_id": row["process_id"],
                "counting_unit": row["counting_unit"], "time": float(max(last - begin, 0)),
                "cause": "" if first is None else first["status"], "entry": float(entry),
                "left": float(max(left - begin, 0)),
                "right": np.inf if first is None else float(max(last - begin, 0)),
                "use": why == "", "why_not": why,
            }
        )  # fmt: skip
    same(made().durations(date, until, known_on=known), rows)


@pytest.mark.parametrize("layer", ["response", "action"])
@pytest.mark.parametrize("date", DAYS)
def test_stays_row_by_row(date: str, layer: Any) -> None:
    start, end, rows = receipts(), day(date), []
    for rec, row in raw()[0].items():
        received = start[rec]
        begin = max(received or 10**9, day(row["entered_tracker_on"] or "1900-01-01"))
        if begin >= end:
            continue
        own = [e for e in counting(None) if e["rec"] == rec and e["layer"] == layer]
        own.sort(key=lambda e: (e["last"], e["recorded"], e["id"]))
        on = {begin: "received" if layer == "response" else "no_record"}
        on |= {max(e["last"], begin): e["status"] for e in own if e["last"] <= end}
        spells: list[tuple[int, str]] = []
        for when in sorted(on):
            if not spells or spells[-1][1] != on[when]:
                spells.append((when, on[when]))
        for (when, status), (stop, to) in zip(
            spells, [*spells[1:], (end, "censored")], strict=True
        ):
            if stop > when:
                rows.append(
                    {
                        "id": rec, "process_id": row["process_id"],
                        "start": float(when - received), "stop": float(stop - received),
                        "from": status, "to": to,
                    }
                )  # fmt: skip
    same(made().multistate(date, layer), rows)


@cache
def spells_of() -> list[list[dict[str, Any]]]:
    """Standing events of each recommendation and layer, confirmations left out."""
    found = []
    for rec in raw()[0]:
        for layer in LAYERS:
            own = [e for e in counting(None) if (e["rec"], e["layer"]) == (rec, layer)]
            own.sort(key=lambda e: (e["last"], e["recorded"], e["id"]))
            new = [e for k, e in enumerate(own) if k == 0 or own[k - 1]["status"] != e["status"]]
            found.append(new)
    return found


def test_histories_row_by_row() -> None:
    rows = [
        {
            "rec_id": e["rec"], "layer": e["layer"], "status": e["status"],
            "from": text(e["last"]), "to": text(after["last"]) if after else "",
            "known_after": text(e["before"]), "known_by": text(e["last"]),
            "exact": e["last"] - e["before"] <= 1, "next": after["status"] if after else "",
            "event_id": e["id"],
        }
        for own in spells_of()
        for e, after in zip(own, [*own[1:], None], strict=False)
    ]  # fmt: skip
    same(made().histories(), rows)


@pytest.mark.parametrize("layer", [None, *LAYERS])
def test_transitions_counted_one_by_one(layer: str | None) -> None:
    counts: dict[tuple[int, int], int] = {}
    for own in spells_of():
        for one, two in pairwise(own):
            pair = WORDS.index(one["status"]), WORDS.index(two["status"])
            counts[pair] = counts.get(pair, 0) + 1
    rows = [
        {"layer": LAYER_OF[WORDS[a]], "from": WORDS[a], "to": WORDS[b], "count": n}
        for (a, b), n in sorted(counts.items())
        if layer in (None, LAYER_OF[WORDS[a]])
    ]
    found = made().transitions(layer)
    if rows:
        same(found, rows)
    assert list(found.columns) == ["layer", "from", "to", "count"]
    assert len(found) == len(rows)


# --- on a day ------------------------------------------------------------------------------


@cache
def stood(
    date: str, known: str | None, grade: int | None, mode: str, layer: str | None
) -> dict[str, str]:
    """Status of each recommendation by the rule of the as-of query."""
    start, end = receipts(known), day(date)
    out = dict.fromkeys(raw()[0], "no_record")
    best: dict[str, tuple[int, int, str]] = {}
    for e in counting(known):
        if (layer and e["layer"] != layer) or (grade and e["grade"] < grade):
            continue
        when = max(e["last" if mode == "certain" else "first"], start[e["rec"]] or 0)
        rank = (when, e["recorded"], e["id"])
        if when <= end and rank > best.get(e["rec"], (0, 0, "")):
            best[e["rec"]], out[e["rec"]] = rank, e["status"]
    return out


@cache
def early(known: str | None, grade: int | None) -> set[str]:
    start = receipts(known)
    idle = {"received", "acknowledged", "noted", "referred", "rejected", "outside_powers",
            "not_started", "no_evidence", "lost_at_vote", "abandoned", "superseded", "reversed",
            "reopened", "measured", "not_measured"}  # fmt: skip
    return {
        e["rec"]
        for e in counting(known)
        if e["status"] not in idle
        and e["grade"] >= (grade or -1)
        and e["last"] < (start[e["rec"]] or 0)
    }


QUESTIONS = [
    (DAYS[1], None, None),
    (DAYS[1], DAYS[1], None),
    (DAYS[2], None, 2),
    (DAYS[0],) * 2 + (1,),
]


@pytest.mark.parametrize(("date", "known", "grade"), QUESTIONS)
def test_status_on_a_day_in_every_column(date: str, known: str | None, grade: int | None) -> None:
    answer = made().as_of(date, known, grade)
    recs, end = raw()[0], day(date)
    at = {(m, x): stood(date, known, grade, m, x)
          for m in ("certain", "possible") for x in (None, *LAYERS)}  # fmt: skip
    late = []
    for what, layer, owing in (
        ("answer", "response", ("received", "acknowledged", "no_record")),
        ("action", "action", ("not_started", "in_progress", "decided", "implemented_in_part",
                              "put_to_a_vote", "reopened", "no_evidence", "no_record")),
    ):  # fmt: skip
        for rec, row in recs.items():
            due, status = row[f"{what}_due"], at["certain", layer][rec]
            refused = at["certain", "response"][rec] in ("rejected", "outside_powers")
            if due and day(due) < end and status in owing and not (what == "action" and refused):
                late.append({"rec_id": rec, "what": what, "due": due,
                             "days": end - day(due), "status": status})  # fmt: skip
    if late:
        same(answer.overdue, late)
    assert len(answer.overdue) == len(late)
    assert answer.n_with_due_date == sum(
        bool(r["answer_due"] or r["action_due"]) for r in recs.values()
    )
    waiting = {row["rec_id"] for row in late if row["what"] == "answer"}
    predating = early(known, grade)
    assert answer.predates == tuple(sorted(predating))
    same(answer.table, [
        {
            "rec_id": rec, "certain": at["certain", None][rec],
            "possible": at["possible", None][rec],
            **{f"{x}_{m}": at[m, x][rec] for x in LAYERS for m in ("certain", "possible")},
            "predates": rec in predating, "overdue": rec in {row["rec_id"] for row in late},
            "response_computed": "no_answer_by_deadline" if rec in waiting
            else at["certain", "response"][rec],
        }
        for rec in recs
    ])  # fmt: skip
    counts = []
    for layer in (*LAYERS, None):
        for word in WORDS:
            both = [list(at[m, layer].values()).count(word) for m in ("certain", "possible")]
            if any(both):
                counts.append({"layer": layer or "any", "status": word,
                               "certain": both[0], "possible": both[1]})  # fmt: skip
    same(answer.counts, counts)
    for mode in ("certain", "possible"):
        fate = impact.fates(answer, mode)
        assert (fate.name, fate.index.name, fate.index.tolist()) == ("fate", "rec_id", list(recs))
        assert fate.to_dict() == fates_of(date, known, grade, mode)
        status = answer.status(mode, "action")
        assert (status.name, status.index.name) == ("action", "rec_id")
        assert answer.status(mode).name == "status"
    assert (answer.date, answer.known_on, answer.min_grade) == (date, known, grade)
    assert answer.counting_units == ("recommendation",)


@cache
def fates_of(date: str, known: str | None, grade: int | None, mode: str) -> dict[str, str]:
    action, response, every = (stood(date, known, grade, mode, x)
                               for x in ("action", "response", None))  # fmt: skip
    out = {}
    for rec in raw()[0]:
        did, said = action[rec], response[rec]
        if every[rec] == "no_record":
            out[rec] = "no_record"
        elif did in ("implemented", "implemented_in_part", *ENDED):
            out[rec] = did
        elif said in ("rejected", "outside_powers") and did in (
            "not_started", "no_evidence", "no_record"
        ):  # fmt: skip
            out[rec] = said
        else:
            out[rec] = "pending"
    return out


def among(which: list[bool], base: list[bool]) -> float:
    return (
        sum(w and b for w, b in zip(which, base, strict=True)) / sum(base) if any(base) else np.nan
    )


@pytest.mark.parametrize(("date", "known", "grade"), QUESTIONS)
def test_shares_and_bounds_in_every_column(date: str, known: str | None, grade: int | None) -> None:
    result = made().shares(date, known_on=known, min_grade=grade)
    recs, end, start = raw()[0], day(date), receipts()
    here = [r for r in recs if (start[r] or 0) <= end]
    sure, may = (
        [fates_of(date, known, grade, m)[r] for r in here] for m in ("certain", "possible")
    )
    said = {m: [stood(date, known, grade, m, "response")[r] for r in here]
            for m in ("certain", "possible")}  # fmt: skip
    every = [True] * len(here)
    answered, closed = [s in ANSWERED for s in said["certain"]], [f in CLOSED for f in sure]
    bases = {"share_all": every, "share_answered": answered, "share_closed": closed}
    same(result.fates, [
        {"fate": fate, "closed": fate in CLOSED, "count": sure.count(fate),
         **{name: among([f == fate for f in sure], base) for name, base in bases.items()}}
        for fate in impact.FATES
    ])  # fmt: skip
    assert (result.n, result.n_answered, result.n_closed) == (len(here), sum(answered), sum(closed))
    rows = []
    for layer in LAYERS:
        one, two = ([stood(date, known, grade, m, layer)[r] for r in here]
                    for m in ("certain", "possible"))  # fmt: skip
        for word in WORDS:
            if word in one or word in two:
                which = [s == word for s in one]
                rows.append({"layer": layer, "status": word, "count": sum(which),
                             "possible": two.count(word),
                             **{k: among(which, b) for k, b in bases.items()}})  # fmt: skip
    same(result.statuses, rows)
    rows = []
    open_said = ("received", "acknowledged", "no_record", "referred", "noted")
    for what, good, pair in (
        ("implemented", ["implemented"], (sure, may)),
        ("implemented, or in part", ["implemented", "implemented_in_part"], (sure, may)),
        ("accepted", ["accepted"], tuple(said.values())),
        ("accepted, or in part", ["accepted", "accepted_in_part"], tuple(said.values())),
    ):
        count = awaiting = both = 0
        for a, b in zip(*pair, strict=True):
            left = (a not in CLOSED or b not in CLOSED) if pair[0] is sure else (
                a in open_said or b in open_said)  # fmt: skip
            count += a in good
            both += a in good and b in good
            awaiting += a not in good and (b in good or left)
        n = len(here)
        rows.append({"what": what, "count": count, "awaiting": awaiting, "n": n,
                     "low": both / n, "high": (count + awaiting) / n})  # fmt: skip
    same(result.bounds, rows)
    covered = result.coverage.set_index("what")["count"]
    silent = stood(date, known, grade, "certain", None)
    assert covered["counted as recommendation"] == len(here)
    assert covered["reported later, not counted"] == len(recs) - len(here)
    assert covered["without any record"] == sum(silent[r] == "no_record" for r in here)
    assert covered["merged into another, counted"] == sum(
        bool(recs[r]["merged_into"]) for r in here
    )
    assert covered["left the tracker, counted"] == sum(
        day(recs[r]["left_tracker_on"] or "2999-01-01") <= end for r in here
    )
    assert covered["predating the assembly"] == len(early(known, grade) & set(here))
    checked = [d for d in made().reviews["review_date"] if d <= date]
    last = result.coverage.iloc[-1]
    assert (last["what"], last["note"]) == ("last check", max(checked))
    assert np.isnan(last["count"])
    assert set(result.coverage["note"][:-1]) == {""}
    assert (result.date, result.known_on, result.counting_unit) == (date, known, "recommendation")


@pytest.mark.parametrize(("date", "known", "grade"), QUESTIONS)
def test_what_is_new_in_every_column(date: str, known: str | None, grade: int | None) -> None:
    recs, end, start = raw()[0], day(date), receipts()
    here = [r for r in recs if (start[r] or 0) <= end]
    sure, may = (fates_of(date, known, grade, m) for m in ("certain", "possible"))
    new = [r for r in here if recs[r]["baseline"] == "none" and r not in early(known, grade)]
    parts = {word: [r for r in here if recs[r]["baseline"] == word] for word in BASELINES}
    rows = []
    for word, own in {**parts, "all": here, "new": new}.items():
        done = [r for r in own if sure[r] == "implemented"]
        both = [r for r in done if may[r] == "implemented"]
        reach = [r for r in own if "implemented" in (sure[r], may[r])
                 or sure[r] not in CLOSED or may[r] not in CLOSED]  # fmt: skip
        n = len(own)
        low, share, high = (len(x) / n if n else np.nan for x in (both, done, reach))
        rows.append({"baseline": word, "n": n, "implemented": len(done),
                     "share": share, "low": low, "high": high})  # fmt: skip
    same(made().impact_share(date, known_on=known, min_grade=grade), rows)


# --- nothing, one, and several units -------------------------------------------------------


def test_a_ledger_without_events_answers_every_question() -> None:
    bare = Ledger.from_frames(recommendations(2, baseline="none"))
    table = bare.durations("2021-07-03")
    assert table["time"].tolist() == table["left"].tolist() == [10.0, 10.0]
    assert table["right"].tolist() == [np.inf, np.inf]
    assert (table["cause"].tolist(), table["use"].tolist()) == (["", ""], [True, True])
    stays = bare.multistate("2021-07-03", "response")
    assert (
        stays[["start", "stop", "from", "to"]].values.tolist()
        == [[0.0, 10.0, "received", "censored"]] * 2
    )
    assert bare.histories().empty
    assert list(bare.histories().columns)[:3] == ["rec_id", "layer", "status"]
    assert bare.transitions().empty
    assert bare.as_of("2021-07-03").certain.tolist() == ["no_record"] * 2
    shares = bare.shares("2021-06-23")  # the day of the report itself
    assert (shares.n, shares.share()) == (2, 0.0)
    assert np.isnan(shares.share(of="answered"))
    assert shares.coverage["note"].iloc[-1] == "no review recorded"
    with pytest.raises(DataError, match="had been reported by 2021-06-22"):
        bare.shares("2021-06-22")
    with pytest.raises(DataError, match="no layer"):
        bare.transitions("outcomes")


def test_wholes_and_parts_are_counted_apart_and_named_in_the_coverage() -> None:
    recs = recommendations(
        4, counting_unit=["sub-action", "recommendation", "sub-action", "objective"]
    )
    made_of = Ledger.from_frames(recs, events(("R1", "accepted", "2021-07-01")))
    unit, counted = frame_on(made_of, "2022-01-01", "sub-action")
    assert (unit, counted.tolist()) == ("sub-action", [True, False, True, False])
    shares = made_of.shares("2022-01-01", counting_unit="sub-action")
    assert shares.coverage[["what", "count"]].values.tolist()[:4] == [
        ["counted as sub-action", 2.0],
        ["recommendations beside, not counted", 1.0],
        ["objectives beside, not counted", 1.0],
        ["reported later, not counted", 0.0],
    ]
    assert shares.share("pending") == 0.5
    with pytest.raises(DataError, match="several units: recommendation, objective, sub-action"):
        made_of.shares("2022-01-01")
    with pytest.raises(DataError, match="several units"):
        frame_on(made_of, "2022-01-01")
    with pytest.raises(DataError, match="counted as 'measure'"):
        made_of.shares("2022-01-01", counting_unit="measure")


def test_on_one_day_the_later_record_decides_and_then_the_higher_id() -> None:
    late, soon = {"recorded_on": "2021-09-03"}, {"recorded_on": "2021-09-02"}
    one = ledger(
        ("R1", "accepted_in_part", "2021-09-01", late),
        ("R1", "accepted", "2021-09-01", soon),
        ("R2", "accepted_in_part", "2021-09-01", {"event_id": "E9"}),
        ("R2", "accepted", "2021-09-01", {"event_id": "E10"}),  # before E9, compared as text
        n=2,
    )
    assert one.as_of("2021-09-01").certain.tolist() == ["accepted_in_part"] * 2
    answers = one.durations("2021-09-01", "answer")
    assert answers["cause"].tolist() == ["accepted", "accepted"]  # the first of the day
    assert answers["time"].tolist() == [70.0, 70.0]


def test_as_of_takes_the_first_and_the_last_grade_and_none_beyond() -> None:
    one = ledger(("R1", "accepted", "2021-09-01", {"evidence_grade": 3}), n=1)
    assert one.as_of("2021-09-01", min_grade=3).certain.tolist() == ["accepted"]
    assert one.as_of("2021-09-01", min_grade=0).min_grade == 0
    for grade in (-1, 4, 1.5):
        with pytest.raises(DataError, match="no evidence grade"):
            one.as_of("2021-09-01", min_grade=grade)  # type: ignore[arg-type]
