"""Cumulative incidence against R (survival, etm, cmprsk) and statsmodels."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.text import Text
from scipy import stats

import dmpkit.impact as impact
from dmpkit import plotting
from dmpkit.errors import DataError
from tests.helpers import shared_reference
from tests.impact.reference_numbers import SETS, close, load

CAUSES = ["implemented", "rejected", "superseded"]


@pytest.fixture(params=SETS)
def known(request):
    return load(request.param)


@pytest.fixture
def curves(known):
    return impact.cumulative_incidence(
        known.competing["month"], known.competing["cause"], causes=CAUSES
    )


def of(table, cause, column="estimate"):
    return table[table["cause"] == cause][column]


def test_counts_of_the_set(known):
    c, r = known.competing, known.expected["competing"]
    assert len(c) == r["n"]
    assert c["cause"].value_counts().to_dict() == r["events"]
    close((c["event"] == 1).mean(), r["crude_share_of_all"], 1e-6)
    close((c["event"] == 1).sum() / (c["event"] > 0).sum(), r["crude_share_of_closed"], 1e-6)


# survfit, cmprsk::cuminc and etm agree; tolerance 1e-6
def test_incidence(known, curves):
    r = known.expected["competing"]["aalen_johansen"]
    at = curves.at(r["times"])
    for cause in (*CAUSES, "pending"):
        close(of(at, cause), r[cause], 1e-6)
    close(of(at, "implemented"), r["cmprsk_est_implemented"], 1e-6)


def test_both_standard_errors_by_name(known, curves):
    r = known.expected["competing"]["aalen_johansen"]
    at, other = curves.at(r["times"]), curves.martingale_errors(r["times"])
    greenwood = of(at, "implemented", "standard_error")
    close(greenwood, r["se_survfit_implemented"], 1e-6)
    close(greenwood, r["etm_greenwood_se_implemented"], 1e-6)
    close(of(at, "rejected", "standard_error"), r["se_survfit_rejected"], 1e-6)
    for cause in ("implemented", "rejected"):
        close(of(other, cause, "standard_error"), r[f"cmprsk_se_{cause}"], 1e-6)


def test_one_minus_km_stands_beside_the_right_answer(known, curves):
    r = known.expected["competing"]["naive_1_minus_KM"]
    naive = curves.naive(r["times"])
    own = naive[naive["cause"] == "implemented"]
    close(own["naive"], r["estimate"], 1e-6)
    close(own["estimate"], known.expected["competing"]["aalen_johansen"]["implemented"], 1e-6)
    assert (own["overstated"] > 0).all()
    assert "naive" not in curves.table.columns


def test_statsmodels_gives_the_same(known, curves):
    from statsmodels.duration.survfunc import CumIncidenceRight

    c = known.competing
    theirs = CumIncidenceRight(c["month"], c["event"])
    at = curves.at(theirs.times)
    for k, cause in enumerate(CAUSES):
        close(of(at, cause), theirs.cinc[k], 1e-10)
        close(of(at, cause, "standard_error"), theirs.cinc_se[k], 1e-10)


def pledges():
    """Follow-up of the public tracker's items, as the R script makes it."""
    folder = shared_reference("impact").parents[1] / "data-sources" / "impact"
    folder = folder / "pledge-tracker-history"
    if not folder.exists():
        pytest.skip("the tracker's history is not here")
    events, items = (pd.read_csv(folder / f"{n}.csv", dtype=str) for n in ("events", "items"))
    origin, end = pd.Timestamp("2016-11-13"), pd.Timestamp("2018-08-28")
    final = ["achieved", "compromised", "broken"]
    ordered = events.sort_values(["item_id", "first_seen_after"], kind="stable")
    first = ordered.drop_duplicates("item_id")
    prevalent = set(first[first["to_status"].isin(final)]["item_id"])
    ends = ordered[ordered["to_status"].isin(final)].drop_duplicates("item_id").set_index("item_id")
    rows = (
        items[~items["item_id"].isin(prevalent)]
        .set_index("item_id")
        .join(ends[["to_status", "last_seen_before", "first_seen_after"]])
    )
    days = {
        name: (pd.to_datetime(rows[name]) - origin).dt.days
        for name in ("last_seen_before", "first_seen_after")
    }
    last = (end - origin).days
    return pd.DataFrame(
        {
            "category": rows["category"],
            "cause": rows["to_status"].fillna("pending"),
            "day": days["first_seen_after"].fillna(last),
            "left": days["last_seen_before"].where(rows["to_status"].notna(), last),
            "right": days["first_seen_after"],
        }
    ), json.loads(shared_reference("impact", "pledge-ledger", "expected.json").read_text())


def test_real_ledger():
    rows, r = pledges()
    assert len(rows) == r["n_items"] - r["n_excluded_terminal_at_first_sight"]
    curves = impact.cumulative_incidence(rows["day"], rows["cause"])
    at = curves.at(r["cif"]["days"])
    for cause in ("achieved", "compromised", "broken"):
        close(of(at, cause), r["cif"][cause], 1e-6)
    naive = curves.naive(r["cif"]["days"])
    close(of(naive, "achieved", "naive"), r["naive_1_minus_KM_achieved"], 1e-6)


cases = st.lists(
    st.tuples(st.integers(1, 12), st.integers(0, 3), st.integers(0, 11)), min_size=1, max_size=30
)


def columns(rows):
    time, cause, entry = (np.array(v) for v in zip(*rows, strict=True))
    return time, cause, np.where(entry < time, entry, 0)


@settings(max_examples=50, deadline=None)
@given(cases)
def test_incidences_and_pending_add_to_one(rows):
    time, cause, entry = columns(rows)
    curves = impact.cumulative_incidence(time, cause, entry)
    np.testing.assert_allclose(curves.probability.sum(axis=1), 1, atol=1e-12)
    assert (np.diff(curves.probability[:, 1:], axis=0) >= -1e-12).all()
    mean = curves.restricted_mean(curves.end)
    assert math.isclose(mean["estimate"].sum(), curves.end)


@settings(max_examples=40, deadline=None)
@given(cases)
def test_with_one_cause_it_is_one_minus_kaplan_meier(rows):
    time, cause, entry = columns(rows)
    curves = impact.cumulative_incidence(time, cause > 0, entry, causes=["1"])
    km = impact.kaplan_meier(time, cause > 0, entry)
    close(of(curves.table, "1"), 1 - km.table["estimate"], 1e-12)
    close(of(curves.table, "1", "standard_error"), km.table["standard_error"], 1e-12)
    close(of(curves.naive(), "1", "overstated"), np.zeros(len(km.times)), 1e-12)


@settings(max_examples=40, deadline=None)
@given(cases, st.randoms())
def test_the_order_of_rows_does_not_matter(rows, random):
    shuffled = random.sample(rows, len(rows))
    one, two = (
        impact.cumulative_incidence(*columns(r), causes=list("123")) for r in (rows, shuffled)
    )
    pd.testing.assert_frame_equal(one.table, two.table)


def test_without_censoring_it_is_the_plain_share():
    curves = impact.cumulative_incidence([1, 2, 2, 4], ["a", "b", "a", "b"])
    assert of(curves.at([1, 2, 4]), "a").tolist() == [0.25, 0.5, 0.5]
    # and Greenwood's error is that of a share: sqrt(p (1 - p) / n)
    close(of(curves.at([2]), "a", "standard_error"), math.sqrt(0.25 / 4), 1e-12)
    assert curves.restricted_mean(4).set_index("cause")["estimate"].to_dict() == {
        "a": (3 + 2) / 4, "b": (2 + 0) / 4, "pending": (1 + 2 + 2 + 4) / 4,
    }  # fmt: skip


def test_table_counts(curves, known):
    table = curves.table
    events = table.groupby("cause")["events"].sum()
    assert events[CAUSES].to_dict() == {
        cause: known.expected["competing"]["events"][cause] for cause in CAUSES
    }
    assert table["at_risk"].iloc[0] == len(known.competing)


def test_medians_only_when_reached():
    curves = impact.cumulative_incidence([1, 2, 3, 4], ["a", "a", "b", "pending"])
    assert curves.median("a").value == 2
    assert curves.median().value == 2
    assert math.isnan(curves.median("b").value)
    assert "not reached: 25.0 %" in curves.median("b").note
    with pytest.raises(DataError, match="'c' is not among the causes"):
        curves.median("c")


def test_causes_that_did_not_occur_keep_their_zeros():
    curves = impact.cumulative_incidence([1, 2], ["a", 0], causes=["a", "b"])
    assert of(curves.at([2]), "b").tolist() == [0.0]
    with pytest.raises(DataError, match="row 1, column cause: 'a' is not one of b"):
        impact.cumulative_incidence([1, 2], ["a", 0], causes=["b"])


def test_all_pending_is_no_answer_and_says_so():
    curves = impact.cumulative_incidence([3, 4], ["pending", ""])
    assert of(curves.at([4]), "pending").tolist() == [1.0]
    assert "no answer" in curves.summary()
    assert curves.naive().empty
    assert plotting.alt_text(curves.plot())


def test_missing_cause_is_refused_and_not_taken_for_pending():
    with pytest.raises(DataError, match="row 2, column cause: the value is missing"):
        impact.cumulative_incidence([1, 2], ["a", None])


def test_numbers_bools_and_words_for_the_same_thing(known):
    c = known.competing
    tables = [
        impact.cumulative_incidence(pl.Series(c["month"]), cause).table["estimate"]
        for cause in (c["event"], c["event"].astype(float), pl.Series(c["event"]),
                      c["event"].astype(str), c["cause"].tolist())
    ]  # fmt: skip
    for table in tables[1:]:
        np.testing.assert_array_equal(table, tables[0])


def test_views(curves, tmp_path):
    assert "complete list" in curves.summary()
    assert "complete list" in curves.methods_text()
    assert {i.name.split(" by ")[0] for i in curves.indicators()} == {*CAUSES, "pending"}
    assert all(math.isnan(i.low) for i in curves.indicators())
    curves.report(tmp_path / "page.html")
    curves.to_excel(tmp_path / "book.xlsx")
    assert "<img" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_pictures_say_what_is_seen(curves):
    assert "without bands" in plotting.alt_text(curves.plot(xlabel="months"))
    assert "overstates" in plotting.alt_text(curves.plot_naive("implemented"))
    assert not curves.plot().collections
    banded = impact.cumulative_incidence([1, 2, 3, 4], list("abab"), bands=True)
    assert "with bands" in plotting.alt_text(banded.plot())
    assert banded.plot().collections
    numbers = [t.get_text() for t in curves.plot().texts]
    assert str(curves.n) in numbers


def test_a_hundred_thousand_items_take_seconds():
    import time

    rng = np.random.default_rng(1)
    days = np.ceil(rng.exponential(700, 100_000))
    begun = time.process_time()
    curves = impact.cumulative_incidence(
        days, rng.integers(0, 4, 100_000), np.maximum(days - 900, 0)
    )
    curves.at([365, 730])
    assert time.process_time() - begun < 5


def test_an_item_that_enters_at_its_own_time_is_refused() -> None:
    with pytest.raises(DataError, match="not before the time"):
        impact.cumulative_incidence([2, 4], [1, 1], [2, 0])


def test_a_sure_share_is_not_rounded_to_none_or_all() -> None:
    few = impact.cumulative_incidence([1.0] * 3 + [2.0] * 7000, [1] * 3 + [0] * 7000)
    assert "1 under 0.1 %, pending over 99.9 %" in few.summary()
    assert "1 100.0 %, pending 0.0 %" in impact.cumulative_incidence([1, 2, 3], [1, 1, 1]).summary()


def test_the_martingale_error_where_hardly_anything_is_pending() -> None:
    """One of each cause in turn, 21 items: the sum of the docstring, term by term."""
    n = 21
    found = impact.cumulative_incidence(range(1, n + 1), [1 + t % 2 for t in range(n)])
    variance = 0.0
    for s in range(n):  # s events before, one now; F of cause 1 rises by 1 / n each time
        ahead = sum(1 / n for later in range(s + 1, n) if later % 2 == 0)
        after = (n - s - 1) / n
        hit = float(s % 2 == 0) - (ahead / after if after else 0.0)
        variance += ((n - s) / n) ** 2 / (n - s) ** 2 * hit**2
    table = found.martingale_errors([n]).set_index("cause")
    assert table.loc["1", "standard_error"] == pytest.approx(math.sqrt(variance), abs=1e-14)


def test_names_at_the_ends_of_curves_do_not_overlap() -> None:
    from dmpkit.impact.incidence_plots import _apart

    assert _apart([0.2, 0.8], 0.05) == pytest.approx([0.2, 0.8])
    assert _apart([0.5, 0.5], 0.1) == pytest.approx([0.45, 0.55])  # both move, by the least
    tight = [0.99, 0.985, 0.98, 0.3, 0.01, 0.0]
    found = np.sort(_apart(tight, 0.055))
    assert (np.diff(found) >= 0.055 - 1e-12).all()
    assert found.min() >= 0
    assert found.max() <= 1 + 1e-12
    assert list(np.argsort(_apart(tight, 0.055))) == list(np.argsort(tight))
    assert _apart([], 0.1) == []


def test_names_of_rare_states_can_be_told_apart() -> None:
    rows = [(k, 0, 100, "open", f"state {k}") for k in range(7)]
    rows += [(k, 100, 400, f"state {k}", None) for k in range(7)]
    rows += [(k, 0, 400, "open", None) for k in range(7, 60)]
    frame = pd.DataFrame(rows, columns=["id", "start", "stop", "from", "to"])
    ax = impact.plot_occupancy(impact.occupancy(frame))
    ax.figure.canvas.draw()
    boxes = [Text.get_window_extent(t) for t in ax.texts if "%" in t.get_text()]  # no arrows
    assert len(boxes) == 8
    overlaps = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]
    assert not overlaps


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("interval", ["plain", "log", "log-log"])
def test_greenwood_intervals_are_made_as_asked(known, interval, level):
    c = known.competing
    found = impact.cumulative_incidence(
        c["month"], c["cause"], causes=CAUSES, bands=True, interval=interval, level=level
    )
    assert (found.interval, found.level) == (interval, level)
    table = found.at([12, 24, 36])
    table = table[(table["cause"] == "implemented") & (table["estimate"] > 0)]
    z = stats.norm.ppf((1 + level) / 2)
    for row in table.itertuples():
        p, error = row.estimate, row.standard_error
        ends = {
            "plain": (p - z * error, p + z * error),
            "log": tuple(np.exp(np.log(p) + s * z * error / p) for s in (-1, 1)),
            # on log(-log p), whose standard error is error / (p |log p|)
            "log-log": tuple(
                np.exp(-np.exp(np.log(-np.log(p)) + s * z * error / (p * -np.log(p))))
                for s in (1, -1)
            ),
        }[interval]
        assert (row.low, row.high) == pytest.approx((max(0, ends[0]), min(1, ends[1])), abs=1e-10)
