"""Kaplan–Meier, log-rank and Cox against R 4.2.2 (survival 3.5-3) and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.impact as impact
from dmpkit.errors import DataError, SeparationWarning
from dmpkit.impact import survival
from dmpkit.impact.followup import labels_of
from tests.impact.reference_numbers import SETS, close, load

TIMES = [6, 12, 18, 24, 36]


@pytest.fixture(params=SETS)
def known(request):
    return load(request.param)


def late(table):
    """As the R script leaves out items whose entry is not before their time."""
    return table[table["month"] > table["entry_month"]]


# survfit(Surv(month, event == 1) ~ 1, conf.type = "log-log"), tolerance 1e-6
def test_curve_with_log_log_interval(known):
    c, r = known.competing, known.expected["competing"]["naive_1_minus_KM"]
    at = impact.kaplan_meier(c["month"], c["event"] == 1, bands=True).at(TIMES)
    close(1 - at["estimate"], r["estimate"], 1e-6)
    close(at["standard_error"], r["greenwood_se"], 1e-6)
    close(1 - at["high"], r["lower"], 1e-6)
    close(1 - at["low"], r["upper"], 1e-6)


def test_median_and_restricted_mean(known):
    c, r = known.competing, known.expected["competing"]
    curve = impact.kaplan_meier(c["month"], c["event"] == 1, bands=True)
    median = curve.median()
    close([median.value, median.low, median.high], list(r["median_km"].values()), 1e-6)
    mean = curve.restricted_mean(24).iloc[0]
    close([mean["estimate"], mean["standard_error"]], list(r["rmst_24"].values()), 1e-6)


# survfit(Surv(entry_month, month, event == 1) ~ 1)
def test_late_entry(known):
    c, r = late(known.competing), known.expected["left_truncated_KM"]
    at = impact.kaplan_meier(c["month"], c["event"] == 1, c["entry_month"]).at(TIMES)
    close(at["estimate"], r["survival"], 1e-6)
    close(at["standard_error"], r["se"], 1e-6)
    assert at["at_risk"].tolist() == r["n_risk"]
    assert int((known.competing["entry_month"] > 0).sum()) == r["n_late"]


# survfit on the date of discovery, the naive answer to interval censoring
def test_naive_curve_on_the_discovery_date(known):
    v, r = known.interval, known.expected["interval"]["naive_KM_on_discovery_date"]
    seen = v["first_seen_done"].notna()
    time = v["first_seen_done"].where(seen, v["last_seen_not_done"])
    close(impact.kaplan_meier(time, seen).at(r["times"])["estimate"], r["surv"], 1e-6)


@pytest.mark.parametrize(("rho", "key"), [(0, "logrank"), (1, "peto_rho1")])
def test_logrank(known, rho, key):
    c, r = known.competing, known.expected["competing"][key]
    test = impact.logrank_test(c["month"], c["event"] == 1, c["theme"], rho=rho)
    close([test.statistic, test.p_value], [r["chisq"], r["p"]], 1e-6)
    assert (test.df, test.table["group"].tolist()) == (r["df"], r["groups"])
    close(test.table["observed"], r["observed"], 1e-6)
    close(test.table["expected"], r["expected"], 1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox(known, ties):
    c, r = known.competing, known.expected["competing"][f"cox_cause_specific_{ties}"]
    terms = ["cost_high", "challenges_policy"]
    model = impact.cox(c["month"], c["event"] == 1, c[terms], ties=ties)
    close(model.coefficient, [r[t]["coef"] for t in terms], 1e-6)
    close(model.standard_error, [r[t]["se"] for t in terms], 1e-6)
    close([model.log_likelihood, model.concordance], [r["loglik"], r["concordance"]], 1e-6)


def pairs_one_by_one(time, event, score):
    """Harrell's concordance by looking at every pair."""
    right, pairs = 0.0, 0
    for i in np.flatnonzero(event):
        later = score[(time > time[i]) | ((time == time[i]) & ~event)]
        right += (later < score[i]).sum() + 0.5 * (later == score[i]).sum()
        pairs += len(later)
    return right / pairs if pairs else np.nan


@pytest.mark.parametrize("seed", range(30))
def test_concordance_is_that_of_every_pair(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 80))
    time = rng.integers(1, rng.integers(2, 40), n).astype(float)
    event, score = rng.random(n) < rng.random(), rng.integers(0, rng.integers(1, 30), n) / 7
    found = survival._concordance(survival.one_event(time, event, None), score)
    assert found == pytest.approx(pairs_one_by_one(time, event, score), abs=1e-15, nan_ok=True)


def test_labels_of_mixed_kinds_keep_their_names():
    mixed = labels_of([1, 1.0, True, "a", " b", np.float64(2.5)], "group", 6)
    assert mixed.tolist() == ["1", "1", "True", "a", " b", "2.5"]
    for alike, names in (([2.0, 1, 2], "212"), (np.array(["b", "a"]), "ba"), ((3, 3), "33")):
        assert labels_of(alike, "group", len(alike)).tolist() == list(names)


# coxph(Surv(entry_month, month, event == 1) ~ cost_high): statsmodels alone is off by 3.5e-2
def test_cox_with_entries_at_event_times(known):
    c, r = late(known.competing), known.expected["left_truncated_cox_efron"]["cost_high"]
    model = impact.cox(c["month"], c["event"] == 1, c[["cost_high"]], c["entry_month"])
    close([model.coefficient[0], model.standard_error[0]], [r["coef"], r["se"]], 1e-6)


def test_statsmodels_gives_the_same_curve_and_test(known):
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    c = known.competing
    theirs = SurvfuncRight(c["month"], (c["event"] == 1).astype(int))
    ours = impact.kaplan_meier(c["month"], c["event"] == 1).at(theirs.surv_times)
    close(ours["estimate"], theirs.surv_prob, 1e-12)
    close(ours["standard_error"], theirs.surv_prob_se, 1e-12)
    statistic, p = survdiff(c["month"], (c["event"] == 1).astype(int), c["theme"])
    test = impact.logrank_test(c["month"], c["event"] == 1, c["theme"])
    close([test.statistic, test.p_value], [statistic, p], 1e-9)


def test_one_list_has_no_interval_and_the_text_says_why():
    curve = impact.kaplan_meier([2, 3, 3, 5], [1, 1, 0, 1])
    assert curve.table[["low", "high"]].isna().all(axis=None)
    assert "complete list" in curve.summary()
    assert "complete list" in curve.methods_text()
    assert "complete list" in curve.median().note
    shown = curve.section().html
    assert "standard error" not in shown
    assert "standard_error" not in shown


@pytest.mark.parametrize("interval", ["plain", "log", "log-log"])
def test_intervals_hold_their_estimate(interval):
    curve = impact.kaplan_meier(range(1, 21), [1, 0] * 10, bands=True, interval=interval)
    table = curve.table.dropna()
    assert len(table) > 5
    assert ((table["low"] <= table["estimate"]) & (table["estimate"] <= table["high"])).all()
    assert interval in curve.summary()


def test_median_that_is_not_reached_says_so():
    median = impact.kaplan_meier([1, 2, 3], [1, 0, 0]).median()
    assert math.isnan(median.value)
    assert "not reached" in median.note


def test_beyond_the_last_observation_nothing_is_known():
    pending = impact.kaplan_meier([1, 2], [1, 0])
    assert pending.at([3])["estimate"].isna().all()
    with pytest.raises(DataError, match="beyond the last observation at 2"):
        pending.restricted_mean(3)
    done = impact.kaplan_meier([1, 2], [1, 1])
    assert done.at([3])["estimate"].tolist() == [0.0]
    assert done.restricted_mean(3)["estimate"].tolist() == [1.5]


def test_an_answer_on_the_day_of_receipt_counts():
    curve = impact.kaplan_meier([0, 4], [1, 0])
    assert curve.at([0])["estimate"].tolist() == [0.5]
    assert curve.at([0])["at_risk"].tolist() == [2]


spells = st.lists(
    st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 11)), min_size=1, max_size=25
)


@settings(max_examples=40, deadline=None)
@given(spells, st.floats(0.1, 50))
def test_scaling_time_scales_the_median(rows, factor):
    time, event, _ = (np.array(v) for v in zip(*rows, strict=True))
    one = impact.kaplan_meier(time, event).median().value
    other = impact.kaplan_meier(time * factor, event).median().value
    assert math.isnan(one) == math.isnan(other)
    assert math.isnan(one) or math.isclose(other, one * factor)


@settings(max_examples=40, deadline=None)
@given(spells)
def test_a_record_split_by_late_entry_changes_nothing(rows):
    time, event, cut = (np.array(v) for v in zip(*rows, strict=True))
    split = (cut > 0) & (cut < time)
    times = np.concatenate([np.where(split, cut, time), time[split]])
    events = np.concatenate([np.where(split, False, event), event[split]])
    entry = np.concatenate([np.zeros(len(time)), cut[split]])
    ask = time.astype(float)
    whole, parts = impact.kaplan_meier(time, event), impact.kaplan_meier(times, events, entry)
    close(parts.at(ask)["estimate"], whole.at(ask)["estimate"], 1e-12)
    close(parts.at(ask)["standard_error"], whole.at(ask)["standard_error"], 1e-12)
    assert parts.at(ask)["at_risk"].tolist() == whole.at(ask)["at_risk"].tolist()


def test_an_early_risk_set_that_is_used_up_is_told():
    curve = impact.kaplan_meier([1, 5, 6], [1, 1, 0], [0, 2, 2])
    assert any("all of the few at risk" in note for note in curve.notes)


@pytest.mark.parametrize(
    ("time", "event", "entry", "said"),
    [
        ([], [], None, "no rows"),
        ([1, -2], [1, 0], None, "row 2, column time: -2 is negative"),
        ([1, math.nan], [1, 0], None, "row 2, column time: the value is missing"),
        ([1, math.inf], [1, 0], None, "infinite"),
        (["a", 2], [1, 0], None, "row 1, column time: 'a' is not a number"),
        (["1", 2], [1, 0], None, "not a number"),
        ([[1, 2], [3]], [1, 0], None, "column time: it is not one row of values"),
        ([1, 2], [[1, 0], [0, 1]], None, "column event: it is not one row of values"),
        (np.array(["2021-01-01"], dtype="datetime64[ns]"), [1], None, "holds dates"),
        ([1, 2], [1, 2], None, "row 2, column event: '2' is not one of 1"),
        ([1, 2], [1, None], None, "row 2, column event: the value is missing"),
        ([1, 2], [1], None, "event has 1 values where there are 2"),
        ([1, 2], [1, 0], [0, 2], "row 2, column entry: the entry 2 is not before the time 2"),
        ([1, 2], [1, 0], [0, -1], "negative"),
        ([1, 2], [1, 0], [0], "entry has 1 values"),
    ],
)
def test_input_that_cannot_be_used(time, event, entry, said):
    with pytest.raises(DataError) as error:
        impact.kaplan_meier(time, event, entry)
    assert said in str(error.value)


def test_options_that_are_not_offered():
    for options in ({"interval": "exact"}, {"level": 95}, {"level": True}):
        with pytest.raises(DataError):
            impact.kaplan_meier([1], [1], **options)
    with pytest.raises(DataError, match="rho"):
        impact.logrank_test([1, 2], [1, 1], ["a", "b"], rho=-1)
    with pytest.raises(DataError, match="only one group"):
        impact.logrank_test([1, 2], [1, 1], ["a", "a"])
    with pytest.raises(DataError, match="ties"):
        impact.cox([1, 2], [1, 1], pd.DataFrame({"x": [0, 1]}), ties="exact")


def test_one_person_and_all_censored():
    assert impact.kaplan_meier([3], [1]).at([3])["estimate"].tolist() == [0.0]
    none = impact.kaplan_meier([3, 4], [0, 0])
    assert none.at([4])["estimate"].tolist() == [1.0]
    test = impact.logrank_test([1, 2], [0, 0], ["a", "b"])
    assert math.isnan(test.statistic)
    assert "nothing to compare" in test.summary()


def test_predictors_that_cannot_be_used():
    time, event = [1, 2, 3, 4], [1, 1, 0, 1]
    for frame, said in (
        (pd.DataFrame({"x": [1, 1, 1, 1]}), "column x: it is the same for every item"),
        (pd.DataFrame({"x": [1, None, 0, 1]}), "row 2, column x"),
        (pd.DataFrame({"x": ["a", "b", "a", "b"]}), "row 1, column x: 'a' is not a number"),
        (pd.DataFrame({"x": [1, 0, 0, 1], "y": [0, 1, 1, 0]}), "the same thing twice"),
        (pd.DataFrame({"x": [1, 0]}), "2 rows"),
    ):
        with pytest.raises(DataError) as error:
            impact.cox(time, event, frame)
        assert said in str(error.value)
    with pytest.raises(DataError, match="do not differ enough"):
        # nobody else is at risk at either event
        impact.cox([3, 5], [1, 1], pd.DataFrame({"x": [0, 1]}), [1, 4])
    with pytest.raises(DataError, match="nothing has happened"):
        impact.cox(time, [0, 0, 0, 0], pd.DataFrame({"x": [1, 0, 0, 1]}))


def test_separation_is_told():
    frame = pd.DataFrame({"x": [1, 1, 1, 0, 0, 0]})
    with pytest.warns(SeparationWarning, match="x: the events are separated"):
        impact.cox([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0], frame)


def test_polars_gives_the_same(known):
    c = known.competing
    p = pl.from_pandas(c)
    ours = impact.kaplan_meier(c["month"], c["event"] == 1, process=None)
    theirs = impact.kaplan_meier(p["month"], p["event"] == 1)
    pd.testing.assert_frame_equal(ours.table, theirs.table)
    assert ours.tables(kind="polars")["curves"].columns == list(ours.table.columns)
    terms = ["cost_high"]
    pd.testing.assert_frame_equal(
        impact.cox(c["month"], c["event"] == 1, c[terms]).table,
        impact.cox(p["month"], p["event"] == 1, p.select(terms)).table,
    )
