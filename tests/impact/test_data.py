from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import events, large, ledger, recommendations
from pandas.testing import assert_frame_equal

from dmpkit.errors import DataError, LedgerWarning
from dmpkit.impact.checking import with_vocabulary
from dmpkit.impact.data import Ledger, complete
from dmpkit.impact.index import EventIndex
from dmpkit.impact.schema import TABLES, tidy
from dmpkit.impact.synthetic import synthetic_ledger
from dmpkit.impact.vocabulary import STATUSES, is_allowed

TWO = {
    "ratings": pd.DataFrame(
        {
            "rec_id": "R1",
            "rater": ["a", "b"],
            "rater_side": ["independent", "assembly member"],
            "status": "implemented",
        }
    )
}


def refused(match: str, *rows: tuple[Any, ...], **tables: Any) -> DataError:
    with pytest.raises(DataError, match=match) as caught:
        ledger(*rows, **tables)
    return caught.value


# --- what is refused, and that the event is named ---------------------------------------


def test_a_forbidden_transition_names_both_events() -> None:
    error = refused(
        r"Event 'E02' \(recommendation 'R1'\): 'in progress' \(2022-05-01\) cannot follow "
        r"'abandoned', which event 'E01' \(2022-01-01\) says",
        ("R1", "abandoned", "2022-01-01"),
        ("R1", "in progress", "2022-05-01"),
    )
    assert error.row == 3
    assert error.column == "status"
    assert "reopened" in str(error)


def test_every_step_is_allowed_or_refused_as_the_table_says() -> None:
    pairs = [(a, b) for layer in STATUSES.values() for a in layer for b in layer]
    rows = []
    for k, (before, after) in enumerate(pairs, start=1):
        rows += [(f"R{k}", before, "2022-01-01"), (f"R{k}", after, "2022-05-01")]
    words = with_vocabulary(
        {name: tidy(events(*rows) if name == "events" else None, name) for name in TABLES}
    )
    index = EventIndex.of(tidy(recommendations(len(pairs)), "recommendations"), words["events"])
    wrong = index.forbidden(index.chain)
    assert {pairs[k] for k in index.rec[wrong[:, 1]]} == {p for p in pairs if not is_allowed(*p)}


def test_dates_of_low_precision_may_stand_in_any_possible_order() -> None:
    # put to a vote some time in 2022, lost on a day of it: possible, so not refused
    made = ledger(("R1", "put to a vote", "2022"), ("R1", "lost at vote", "2022-05-01"))
    assert made.transitions()[["from", "to", "count"]].to_numpy().tolist() == [
        ["put_to_a_vote", "lost_at_vote", 1]
    ]
    # implemented some time in 2022 and reversed in 2021 is impossible in any order
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LedgerWarning)
        refused(
            "cannot follow",
            ("R1", "implemented", "2022", {"evidence_grade": 3}),
            ("R1", "reversed", "2021"),
        )


def test_implemented_needs_evidence() -> None:
    claim = ("R1", "implemented", "2022-01-01")
    refused("Event 'E01'.*needs evidence of grade 3.*it has none", claim)
    refused("it has grade 1", (*claim, {"evidence_grade": 1}))
    refused(r"grade 2 and 1 rater", (*claim, {"evidence_grade": 2, "rater": "a"}))
    ledger((*claim, {"evidence_grade": 3}))
    ledger((*claim, {"evidence_grade": 2, "rater": "a; b"}))
    ledger((*claim, {"evidence_grade": 2}), **TWO)
    one = {"ratings": TWO["ratings"].assign(rater="a")}
    refused("1 rater", (*claim, {"evidence_grade": 2}), **one)
    other = {"ratings": TWO["ratings"].assign(rec_id="R2")}
    refused("0 rater", (*claim, {"evidence_grade": 2}), **other)


def test_a_withdrawn_claim_needs_no_evidence() -> None:
    made = ledger(
        ("R1", "implemented", "2022-02", {"evidence_grade": 1}),
        ("R1", "", "2022-06-30", {"withdraws": "E01"}),
    )
    assert made.as_of("2023-01-01").certain["R1"] == "no_record"


def test_unknown_words_are_named_with_event_and_closest() -> None:
    error = refused(
        "Event 'E02'.*'acepted' is not a known status",
        ("R1", "received", "2021-06-23"),
        ("R2", "acepted", "2021-12-01"),
    )
    assert "'accepted'" in str(error)
    refused("computed and never typed", ("R1", "no answer by deadline", "2022-01-01"))
    refused("no status", ("R1", "", "2022-01-01"))
    refused("status of the response layer", ("R1", "accepted", "2022-01-01", {"layer": "action"}))


@pytest.mark.parametrize(
    ("row", "match"),
    [
        (("R1", "accepted", "2022-02-30"), "Event 'E01'.*not a day of the calendar"),
        (("R1", "accepted", "16/12/2021"), "is not a date"),
        (("R1", "accepted", ""), "has no date"),
        (("R1", "accepted", "2022-05", {"precision": "day"}), "less precise"),
        (("R1", "accepted", "2024-07-01"), "after it was recorded"),
        (("R1", "accepted", "0021-07-01"), "out of reach"),
        (("R1", "accepted", "2022-01-01", {"recorded_on": "soon"}), "recorded on 'soon'"),
        (("R1", "accepted", "2022-01-01", {"recorded_on": ""}), "no recorded_on"),
        (
            ("R1", "accepted", "2022-01-01", {"last_seen_before": "2022-01-01"}),
            "which is not before its date",
        ),
        (("R1", "accepted", "2022-01-01", {"evidence_grade": 4}), "grade is 0, 1, 2 or 3"),
        (("R1", "accepted", "2022-01-01", {"fidelity": 2.5}), "from 0 to 4"),
        (("R1", "accepted", "2022-01-01", {"fidelity": "much"}), "not a number"),
        (("R1", "accepted", "2022-01-01", {"attribution": "caused"}), "named trace"),
        (("R9", "accepted", "2022-01-01"), "no recommendation 'R9'"),
        (("R1", "reopened", "2022-01-01"), "no earlier event closed"),
        (("R1", "", "2022-01-01", {"withdraws": "E77"}), "not in the ledger"),
        (("R1", "withdrawn_entry", "2022-01-01"), "withdraws nothing"),
        (
            ("R1", "accepted", "2022-01-01", {"wording": "We will explore options for this."}),
            "promises to consider or explore, which is not 'accepted'",
        ),
    ],
)
def test_what_one_event_cannot_be(row: tuple[Any, ...], match: str) -> None:
    assert refused(match, row).file == "events"


def test_soft_wording_can_be_noted_and_firm_words_count() -> None:
    soft = {"wording": "The Government will consider this further."}
    ledger(("R1", "noted", "2022-01-01", soft), ("R2", "acknowledged", "2022-01-01", soft))
    ledger(("R1", "rejected", "2022-01-01", {"wording": "After consideration we do not."}))
    firm = {"wording": "We accept this and will consider how to fund it."}
    ledger(("R1", "accepted", "2022-01-01", firm))
    ledger(("R1", "accepted", "2022-01-01", {"wording": "A considerable step, adopted."}))


def test_withdrawals_have_to_make_sense() -> None:
    base = ("R1", "accepted", "2022-01-01")
    refused("another recommendation", base, ("R2", "", "2022-02-01", {"withdraws": "E01"}))
    refused(
        "withdrawn already",
        base,
        ("R1", "", "2022-02-01", {"withdraws": "E01"}),
        ("R1", "", "2022-02-02", {"withdraws": "E01"}),
    )
    refused(
        "says no status that could be withdrawn",
        base,
        ("R1", "", "2022-02-01", {"withdraws": "E01"}),
        ("R1", "", "2022-02-02", {"withdraws": "E02"}),
    )
    refused(
        "recorded later",
        base,
        ("R1", "", "2022-02-01", {"withdraws": "E01", "recorded_on": "2022-03-01"}),
    )


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"counting_unit": ["recommendation", "", "recommendation"]}, "counting unit is missing"),
        ({"counting_unit": "measure"}, "'measure' is not a known counting unit"),
        ({"rec_id": ["R1", "R1", "R3"]}, "stands more than once"),
        ({"rec_id": ["R1", "", "R3"]}, "id is missing"),
        ({"power": "mine"}, "not a known power"),
        ({"baseline": "maybe"}, "not a known baseline"),
        ({"support_share": 80}, "between 0 and 1"),
        ({"report_date": "2021-13-01"}, "not a day of the calendar"),
        ({"parent_id": ["", "R9", ""]}, "not in the table"),
        ({"parent_id": ["", "R1", ""]}, "both would be counted"),
        ({"merged_into": ["R2", "R3", "R1"]}, "leads back to itself"),
    ],
)
def test_what_recommendations_cannot_be(columns: dict[str, Any], match: str) -> None:
    with pytest.raises(DataError, match=match) as caught:
        Ledger.from_frames(recommendations(**columns))
    assert caught.value.file == "recommendations"


def test_missing_columns_and_wrong_kinds() -> None:
    with pytest.raises(DataError, match="'counting_unit' is missing"):
        Ledger.from_frames(pd.DataFrame({"rec_id": ["R1"]}))
    with pytest.raises(DataError, match="not a data frame"):
        Ledger.from_frames([1, 2])
    with pytest.raises(DataError, match="'recorded_on' is missing"):
        Ledger.from_frames(recommendations(), events(("R1", "noted", "2022")).drop(
            columns="recorded_on"))  # fmt: skip


def test_goals_set_after_the_start_are_marked() -> None:
    goals = pd.DataFrame(
        {
            "goal": ["trust", "laws", "press"],
            "date_set": ["2020-01-01", "2021-05-01", ""],
            "started_on": "2021-01-01",
            "indicator": ["networks", "legislation", "other: letters"],
        }
    )
    made = ledger(goals=goals)
    assert made.goals["set_after_start"].tolist() == ["no", "yes", ""]
    with pytest.raises(DataError, match="'fame' is not a known indicator"):
        ledger(goals=goals.assign(indicator="fame"))


def test_ratings_and_others_are_checked() -> None:
    rating = pd.DataFrame({"rec_id": ["R1"], "rater": ["a"], "rater_side": ["Government"]})
    assert ledger(ratings=rating).ratings["rater_side"].tolist() == ["government"]
    for column, value in (("rec_id", "R9"), ("rater", ""), ("rater_side", "me"), ("fidelity", 5)):
        with pytest.raises(DataError):
            ledger(ratings=rating.assign(**{column: value}))
    with pytest.raises(DataError, match="calendar"):
        ledger(reviews=pd.DataFrame({"review_date": ["2022-02-30"]}))
    wider = pd.DataFrame({"route": ["oversight"], "indicator": ["debates"], "date": ["2022-1"]})
    with pytest.raises(DataError):
        ledger(wider_impact=wider)


def test_an_end_without_its_beginning_is_warned_of() -> None:
    with pytest.warns(LedgerWarning, match="first with event 'E01'"):
        ledger(("R1", "reversed", "2022-01-01"))


# --- frames ------------------------------------------------------------------------------


def test_pandas_and_polars_make_equal_ledgers() -> None:
    rows = [
        ("R1", "accepted", "2021-12", {"evidence_grade": 2, "recorded_on": "2022-01-01"}),
        ("R2", "in progress", "2022", {"evidence_grade": None}),
    ]
    recs, table = recommendations(support_share=[0.5, None, 1]), events(*rows)
    one = Ledger.from_frames(recs, table)
    two = Ledger.from_frames(pl.from_pandas(recs), pl.from_pandas(table).lazy())
    for name in TABLES:
        assert_frame_equal(one.frames()[name], two.frames()[name])
    assert_frame_equal(one.as_of("2022-06-01").table, two.as_of("2022-06-01").table)
    kinds = {type(frame).__module__.split(".")[0] for frame in one.tables("polars").values()}
    assert kinds == {"polars"}


def test_real_dates_and_numbers_become_text_and_extra_columns_stay() -> None:
    table = events(("R1", "accepted", pd.Timestamp("2021-12-16")), colour="green")
    made = Ledger.from_frames(recommendations(), table)
    assert made.events[["date", "precision", "colour"]].to_numpy().tolist() == [
        ["2021-12-16", "day", "green"]
    ]
    numbered = pd.DataFrame({"rec_id": [1.0, 2.0], "counting_unit": "objective"})
    assert Ledger.from_frames(numbered).recommendations["rec_id"].tolist() == ["1", "2"]
    assert tidy(made.events, "events").equals(made.events)


# --- adding ------------------------------------------------------------------------------


def test_append_gives_a_new_ledger_and_leaves_the_old_one() -> None:
    old = ledger(("R1", "accepted", "2021-12-16"))
    new = old.append({"rec_id": "R1", "status": "In progress", "date": "2022-05"})
    assert len(old.events) == 1
    assert new.events.iloc[1][["event_id", "layer", "status", "precision"]].tolist() == [
        "E02", "action", "in_progress", "month",
    ]  # fmt: skip
    assert Ledger.from_frames(new.recommendations, new.events).events.equals(new.events)
    corrected = new.append(
        {"rec_id": "R1", "status": "decided", "date": "2022-05-03", "withdraws": "E02"}
    )
    assert corrected.as_of("2022-06-01").certain["R1"] == "decided"


@pytest.mark.parametrize(
    ("event", "match"),
    [
        ({"rec_id": "R1", "status": "received", "date": "2022-01-01"}, "cannot follow 'accepted'"),
        ({"rec_id": "R9", "status": "received", "date": "2022-01-01"}, "no recommendation 'R9'"),
        ({"rec_id": "R1", "status": "decided"}, "no date"),
        ({"rec_id": "R1", "status": "decided", "date": "2022", "event_id": "E01"}, "already"),
        ({"rec_id": "R1", "status": "decided", "date": "2022", "evidence": 3}, "no column"),
        ({"rec_id": "R2", "date": "2023-01-01", "withdraws": "E01"}, "another recommendation"),
        ("E01", "is a mapping"),
    ],
)
def test_append_refuses_what_the_ledger_would(event: Any, match: str) -> None:
    old = ledger(("R1", "accepted", "2021-12-16"))
    with pytest.raises(DataError, match=match) as caught:
        old.append(event)
    assert caught.value.row is None


def test_withdraw_appends_and_checks_what_remains() -> None:
    old = ledger(
        ("R1", "abandoned", "2022-01-01"),
        ("R1", "reopened", "2022-02-01"),
        ("R1", "in_progress", "2022-03-01"),
    )
    with pytest.raises(DataError, match=r"'in progress'.*cannot follow 'abandoned'"):
        old.withdraw("E02")
    new = old.withdraw("E03", note="wrong file", recorded_on="2024-07-01")
    assert new.events.iloc[-1][["withdraws", "status", "note"]].tolist() == [
        "E03", "withdrawn_entry", "wrong file",
    ]  # fmt: skip
    assert new.as_of("2023-01-01").certain["R1"] == "reopened"
    assert new.as_of("2023-01-01", known_on="2024-06-30").certain["R1"] == "in_progress"
    with pytest.raises(DataError, match="no event 'E77'"):
        old.withdraw("E77")
    with pytest.raises(DataError, match="withdrawn already"):
        new.withdraw("E03")


def test_the_next_id_follows_the_ledgers_own_style() -> None:
    table = tidy(None, "events")
    assert complete({"rec_id": "R1", "date": "2022"}, table)["event_id"] == "E000001"
    table = tidy(events(*[("R1", "accepted", "2022")] * 12), "events")
    assert complete({"rec_id": "R1", "date": "2022"}, table)["event_id"] == "E13"


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["R1", "R2"]),
            st.sampled_from([s for layer in STATUSES.values() for s in layer]),
            st.dates(pd.Timestamp("2021-01-01").date(), pd.Timestamp("2023-12-31").date()),
        ),
        max_size=8,
    )
)
def test_appending_one_by_one_is_the_same_as_all_at_once(rows: list[tuple[Any, ...]]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LedgerWarning)
        grown, kept = ledger(n=2), []
        for rec, status, day in rows:
            event = {"rec_id": rec, "status": status, "date": day, "evidence_grade": 3}
            event |= {"recorded_on": "2024-06-01"}
            try:
                grown = grown.append(event)
            except DataError:
                continue
            kept.append((rec, status, day.isoformat(), {"evidence_grade": 3}))
        whole = Ledger.from_frames(recommendations(2), events(*kept) if kept else None)
        assert grown.as_of("2024-01-01").certain.equals(whole.as_of("2024-01-01").certain)
        assert len(grown.events) == len(kept)


# --- speed -------------------------------------------------------------------------------


def test_twenty_thousand_events_validate_in_time() -> None:
    recs, table = large(2000, 20_000)
    start = time.process_time()
    made = Ledger.from_frames(recs, table)
    assert time.process_time() - start < 3
    assert (made.as_of("2026-01-01").status("certain", "action") == "implemented").all()


@pytest.mark.long
def test_a_million_events_validate_within_ten_seconds() -> None:
    recs, table = large(100_000, 1_000_000)
    start = time.process_time()
    made = Ledger.from_frames(recs, table)
    assert time.process_time() - start < 10
    start = time.process_time()
    made.as_of("2019-01-01")
    made.as_of("2019-06-01")
    assert time.process_time() - start < 3
    assert int(made.transitions()["count"].sum()) == int(
        (np.unique(table["rec_id"], return_counts=True)[1] > 2).sum()
    )


def test_a_made_up_ledger_confirms_at_each_review_what_stood():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LedgerWarning)
        plain, confirmed = (
            synthetic_ledger(12, seed=4, confirmations=asked).events for asked in (False, True)
        )
    checks = confirmed[confirmed["note"] == "synthetic check, no change"]
    assert len(checks) == len(confirmed) - len(plain) > 12
    assert (checks["date"] == checks["recorded_on"]).all()
