"""Half-open Turnbull against R (npsurv and survfit), and parametric fits (survreg)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.impact as impact
from dmpkit import plotting
from dmpkit.errors import DataError
from tests.impact.reference_numbers import SETS, close, load
from tests.impact.test_incidence import pledges


@pytest.fixture(params=SETS)
def known(request):
    return load(request.param)


@pytest.fixture
def curve(known):
    return impact.turnbull(known.interval["last_seen_not_done"], known.interval["first_seen_done"])


# npsurv(cbind(L, R)), tolerance 1e-4 (npsurv and survfit agree to 1e-6)
def test_support_and_mass(known, curve):
    r = known.expected["interval"]["turnbull_npsurv"]
    close(curve.left, r["left"], 0)
    assert curve.right.tolist() == [math.inf if v is None else v for v in r["right"]]
    close(curve.mass, r["mass"], 1e-4)
    assert math.isclose(curve.log_likelihood, r["loglik"], abs_tol=1e-6)


# survfit puts its steps at the middles; its survival is ours after each support interval
def test_steps_of_survfit(known, curve):
    r = known.expected["interval"]["turnbull_survfit"]
    close(1 - curve.at([6, 9, 15, 24, 36])["estimate"], r["surv"][:5], 1e-4)


# survreg(Surv(L, R, type = "interval2") ~ 1)
def test_parametric_fits(known):
    v, r = known.interval, known.expected["interval"]
    one, two = (
        impact.interval_model(v["last_seen_not_done"], v["first_seen_done"], name)
        for name in ("exponential", "weibull")
    )
    close([one.rate, one.log_likelihood], list(r["exponential"].values()), 1e-6)
    # survreg stops at a relative change of 1e-9 in its likelihood, ours at 1e-12
    close([two.shape, two.scale / 100], [r["weibull"]["shape"], r["weibull"]["scale"] / 100], 1e-6)
    close(two.log_likelihood, r["weibull"]["loglik"], 1e-6)
    assert one.at([0])["estimate"].tolist() == [0.0]


def test_real_ledger():
    rows, expected = pledges()
    r = expected["turnbull_any_terminal"]
    at = impact.turnbull(rows["left"], rows["right"]).at(r["at"])
    assert at["fixed"].all()
    close(1 - at["estimate"], r["surv"], 1e-4)


def test_between_reviews_there_are_only_bounds(curve):
    at = curve.at([10])
    assert math.isnan(at["estimate"].iloc[0])
    assert not at["fixed"].iloc[0]
    assert at["low"].iloc[0] < at["high"].iloc[0]
    assert "fixed only at the ends" in curve.summary()
    assert "no confidence interval" in curve.median().note


def test_ends_are_half_open():
    # (0, 6] and (6, 9] share no time; as closed intervals they would share 6
    curve = impact.turnbull([0, 6], [6, 9])
    assert curve.table[["left", "right"]].to_numpy().tolist() == [[0, 6], [6, 9]]
    close(curve.mass, [0.5, 0.5], 1e-9)


def test_exact_times_are_points():
    curve = impact.turnbull([3, 0, 3], [3, 3, None])
    assert curve.table[["left", "right"]].to_numpy().tolist() == [[3, 3], [3, math.inf]]
    close(curve.at([3])["estimate"], 2 / 3, 1e-9)


def test_it_is_kaplan_meier_where_times_are_exact():
    known = load("synthetic-101").competing
    done = known["event"] == 1
    curve = impact.turnbull(known["month"], known["month"].where(done))
    km = impact.kaplan_meier(known["month"], done)
    events = km.times[km.counts.moves[:, 0] > 0]
    close(curve.at(events)["estimate"], 1 - km.at(events)["estimate"], 1e-4)


def likelihood(mass, intervals, support):
    inside = (support[:, 0][None] >= intervals[:, :1]) & (support[:, 1][None] <= intervals[:, 1:])
    return float(np.log(inside @ mass).sum())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 5), st.booleans()), min_size=2,
                max_size=14), st.integers(0, 10**6))  # fmt: skip
def test_no_other_masses_fit_better(rows, seed):
    intervals = np.array([(a, a + w if seen else math.inf) for a, w, seen in rows])
    curve = impact.turnbull(intervals[:, 0], intervals[:, 1])
    support = np.stack([curve.left, curve.right], axis=1)
    assert math.isclose(curve.mass.sum(), 1)
    best = likelihood(curve.mass, intervals, support)
    assert math.isclose(best, curve.log_likelihood, abs_tol=1e-6)
    rng = np.random.default_rng(seed)
    for share in (0.5, 0.05, 0.001):
        other = (1 - share) * curve.mass + share * rng.dirichlet(np.ones(len(curve.mass)))
        assert likelihood(other, intervals, support) <= best + 1e-6


def test_nothing_seen_done_and_one_item():
    none = impact.turnbull([5, 7], [None, None])
    assert "Nothing was seen done" in none.summary()
    assert "not reached" in none.median().note
    assert plotting.alt_text(none.plot())
    assert impact.turnbull([0], [4]).mass.tolist() == [1.0]


def test_bounds_of_the_mean_and_the_median():
    curve = impact.turnbull([0, 6], [6, 9])
    mean = curve.restricted_mean(10)
    assert (mean.low, mean.high) == (3.0, 7.5)
    assert math.isnan(mean.value)
    assert curve.median().value == 6  # half are done by 6, exactly


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ([], [], "no rows"),
        ([5], [3], "row 1, column right: it was last seen not done at 5"),
        ([1, 2], [3], "left has 2 values and right 1"),
        ([-1], [3], "negative"),
        (["a"], [3], "not a number"),
        ([math.inf], [None], "infinite"),
    ],
)
def test_input_that_cannot_be_used(left, right, said):
    with pytest.raises(DataError) as error:
        impact.turnbull(left, right)
    assert said in str(error.value)
    with pytest.raises(DataError):
        impact.interval_model(left, right)


def test_a_model_needs_bounds():
    with pytest.raises(DataError, match="do not bound"):
        impact.interval_model([1, 2], [None, None])
    with pytest.raises(DataError, match="one time fits all"):
        impact.interval_model([1, 2], [5, 6])
    with pytest.raises(DataError, match="no width"):
        impact.interval_model([1, 2], [1, 4], "exponential")
    with pytest.raises(DataError, match="distribution"):
        impact.interval_model([1], [2], "gamma")


def test_many_items_settle(recwarn):
    rng = np.random.default_rng(2)
    reviews = np.arange(0, 400, 7.0)
    at = rng.exponential(150, 20_000)
    place = np.searchsorted(reviews, at)
    left = reviews[np.minimum(place, len(reviews)) - 1]
    right = np.where(place < len(reviews), reviews[np.minimum(place, len(reviews) - 1)], np.inf)
    skipped = rng.random(20_000) < 0.3
    left = np.where(skipped, np.maximum(left - 7, 0), left)
    curve = impact.turnbull(left, right)
    assert not recwarn.list
    close(curve.at([203])["estimate"], 1 - math.exp(-203 / 150), 0.02)


def test_polars_and_views(known, curve, tmp_path):
    p = pl.from_pandas(known.interval)
    other = impact.turnbull(p["last_seen_not_done"], p["first_seen_done"])
    pd.testing.assert_frame_equal(other.table, curve.table)
    curve.report(tmp_path / "page.html")
    curve.to_excel(tmp_path / "book.xlsx")
    ax = curve.plot(xlabel="months")
    assert len([p for p in ax.patches if p.get_hatch()]) == np.isfinite(curve.right).sum()


def test_the_share_done_between_reviews_is_offered():
    (found,) = impact.turnbull([0, 6, 6, 9], [6, 9, 9, None]).indicators()
    assert found.value == pytest.approx(0.75)  # one of four was not done when last seen
    assert found.n == 4
