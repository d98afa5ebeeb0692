"""Shares of tallies: three denominators, bounds, intervals only for samples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.impact import share_interval, shares_of
from dmpkit.impact.status_classes import CLASSES, STATUS_CLASSES, classify
from dmpkit.impact.tallies import FATES
from dmpkit.impact.vocabulary import NO_ANSWER_BY_DEADLINE, NO_RECORD, STATUSES
from dmpkit.plotting import alt_text

REFERENCE = Path(__file__).parents[1] / "reference" / "impact" / "shares" / "expected.json"
ROWS = json.loads(REFERENCE.read_text())
METHODS = {
    "wilson": "wilson",
    "wilson_corrected": "wilson_cc",
    "clopper_pearson": "clopper_pearson",
    "jeffreys": "jeffreys",
}
#: US audit office, Department of Defense, recommendations of fiscal years 2014 to 2017.
GAO = pd.DataFrame(
    {"status": ["open", "closed implemented", "closed not implemented"], "count": [595, 460, 67]}
)
GAO_WORDS = {"closed implemented": "implemented", "closed not implemented": "not implemented"}
#: Report card on the Irish convention, 27 May 2015, of 40 recommendations.
IRELAND = pd.DataFrame(
    {
        "status": ["accepted", "parked", "ignored", "ambiguous", "rejected", "no response yet"],
        "count": [5, 8, 4, 2, 5, 16],
    }
)
IRELAND_WORDS = {
    "accepted": "implemented",
    "parked": "open",
    "ignored": "unanswered",
    "ambiguous": "open",
    "no response yet": "unanswered",
}


@pytest.mark.parametrize("row", ROWS, ids=[f"{r['source']}-{r['label']}" for r in ROWS])
@pytest.mark.parametrize("method", METHODS)
def test_intervals_are_those_of_r(row, method):
    found = share_interval(row["k"], row["n"], method)
    assert found.value == pytest.approx(row["share"], abs=1e-10)  # ten digits in the file
    low, high = row[METHODS[method]]
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)
    assert found.n == row["n"]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400), st.data())
def test_an_interval_holds_its_share(n, data):
    k = data.draw(st.integers(0, n))
    for method in METHODS:
        found = share_interval(k, n, method)
        assert 0 <= found.low <= k / n + 1e-12
        assert k / n - 1e-12 <= found.high <= 1


@pytest.mark.parametrize(
    ("k", "n", "options"),
    [
        (5, 4, {}),
        (-1, 4, {}),
        (0, 0, {}),
        (True, 4, {}),
        (1.5, 4, {}),
        ("1", 4, {}),
        (1, 4, {"method": "wald"}),
        (1, 4, {"level": 1.0}),
        (1, 4, {"level": "0.95"}),
    ],
)
def test_counts_that_cannot_be(k, n, options):
    with pytest.raises(DataError):
        share_interval(k, n, **options)


def test_numbers_of_numpy_are_numbers():
    assert share_interval(np.int64(75), np.float64(149)).value == 75 / 149


def test_the_audit_offices_cohort_under_three_denominators():
    result = shares_of(GAO, statuses=GAO_WORDS, label="US audit office")
    assert result.shares["share"].tolist() == [460 / 1122, 460 / 1122, 460 / 527]
    assert [round(100 * b) for b in result.bounds] == [41, 94]
    assert round(100 * result.shares["share"].iloc[2]) == 87
    assert result.shares[["low", "high"]].isna().all().all()
    assert "41.0 % of all" in result.summary()
    assert "between 41.0 % and 94.0 %" in result.summary()
    assert "no sampling error" in result.summary()


def test_the_irish_report_card():
    result = shares_of(IRELAND, statuses=IRELAND_WORDS)
    assert result.shares["n"].tolist() == [40, 20, 10]
    assert result.shares["share"].tolist() == [5 / 40, 5 / 20, 5 / 10]
    assert result.bounds == (5 / 40, 35 / 40)


def test_an_interval_only_where_a_sample_is_meant():
    result = shares_of(GAO, statuses=GAO_WORDS, sample=True)
    expected = share_interval(460, 1122)
    row = result.shares.iloc[0]
    assert (row["low"], row["high"]) == (expected.low, expected.high)
    assert "random draw from many" in result.summary()
    assert "Wilson" in result.methods_text()


def test_what_the_total_leaves_is_not_known_and_never_refused():
    counts = pd.DataFrame({"status": ["implemented"], "count": [75]})
    result = shares_of(counts, total=149)
    assert result.shares["share"].iloc[0] == 75 / 149
    assert result.shares["share"].iloc[1:].isna().all()
    assert result.bounds == (75 / 149, 1.0)
    assert result.count("no record") == 74
    with pytest.raises(DataError, match="total is 70"):
        shares_of(counts, total=70)
    assert "no share of the closed" in result.summary()


def test_every_word_of_the_ledger_has_a_class():
    words = {*STATUSES["response"], *STATUSES["action"], NO_ANSWER_BY_DEADLINE, NO_RECORD}
    assert words == set(STATUS_CLASSES)
    assert set(classify(sorted(words))) <= set(CLASSES)
    # what is not known is never counted as refused, a vote lost is not still open
    assert classify(["no_evidence", "no_record"]) == ["no record", "no record"]
    assert classify(["lost_at_vote", "rejected", "reversed"]) == ["not implemented"] * 3
    assert classify(["In progress", "implemented-in-part", None, float("nan"), " "]) == [
        "open",
        "partial so far",
        "no record",
        "no record",
        "no record",
    ]


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ({"status": ["done"], "count": [1]}, {}, "'done' has no class"),
        ({"status": ["implementd"], "count": [1]}, {}, "closest known word is 'implemented'"),
        ({"status": ["x"], "count": [1]}, {"statuses": {"x": "fine"}}, "class 'fine'"),
        ({"status": ["open", "open"], "count": [1, 2]}, {}, "stands at positions 1 and 2"),
        ({"status": ["open"], "count": [-1]}, {}, "row 2, column count"),
        ({"status": ["open"], "count": [None]}, {}, "row 2, column count"),
        ({"status": ["open"], "count": [0]}, {}, "all 0"),
        ({"status": ["open"], "number": [1]}, {}, "'count' is missing"),
        ({"status": ["open"], "count": [1]}, {"sample": True, "method": "wald"}, "'wald' is not"),
    ],
)
def test_tables_that_cannot_be(counts, options, message):
    with pytest.raises(DataError, match=message):
        shares_of(pd.DataFrame(counts), **options)


def test_pandas_and_polars_give_the_same_and_the_views_work(tmp_path):
    one = shares_of(GAO, statuses=GAO_WORDS)
    other = shares_of(pl.from_pandas(GAO), statuses=GAO_WORDS)
    for name, frame in one.frames().items():
        pd.testing.assert_frame_equal(frame, other.frames()[name])
    assert "may end between 41.0 % and 94.0 %" in alt_text(one.plot_shares())
    assert one.report(tmp_path / "shares.html").exists()
    one.to_excel(tmp_path / "shares.xlsx")
    assert one.indicators()[0].value == 460 / 1122
    assert np.isnan(one.indicators()[0].low)


def test_the_picture_of_shares_that_cannot_be_known_says_so():
    from dmpkit.plotting import alt_text

    counts = pd.DataFrame({"status": ["rejected"], "count": [2]})
    partly = shares_of(counts, total=14).plot_shares()
    assert "0.0 % of all, not known of answered, not known of closed" in alt_text(partly)
    assert partly.get_yticklabels()[1].get_text() == "of answered (?)"
    waiting = pd.DataFrame({"status": ["received"], "count": [3]})
    assert "none of answered, none of closed" in alt_text(shares_of(waiting).plot_shares())


def test_what_stood_or_may_stand_before_an_answer_can_still_be_accepted():
    from types import SimpleNamespace

    from dmpkit.impact.tallies import _bounds

    # surely / possibly: 1 accepted twice, 2 received and perhaps rejected, 3 rejected and
    # perhaps only noted, 4 rejected twice
    stands = {
        "certain": ["accepted", "received", "rejected", "rejected"],
        "possible": ["accepted", "rejected", "noted", "rejected"],
    }
    answer = SimpleNamespace(status=lambda mode, layer: pd.Series(stands[mode]))
    fates = np.array(["none"] * 4, dtype=object)
    bounds = _bounds(fates, fates, answer, np.ones(4, dtype=bool)).set_index("what")
    row = bounds.loc["accepted"]
    assert (row["count"], row["awaiting"], row["n"]) == (1, 2, 4)
    assert (row["low"], row["high"]) == (0.25, 0.75)


def test_what_closes_a_case():
    open_fates = {fate for fate, closed in FATES.items() if not closed}
    assert open_fates == {"implemented_in_part", "pending", "no_record"}
