"""Bootstrap of processes: whole processes are drawn, and the same seed gives the same."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import dmpkit.impact as impact
from dmpkit import plotting
from dmpkit.errors import DataError, SmallSampleWarning
from dmpkit.impact import pooled
from dmpkit.impact.followup import follow_up
from dmpkit.impact.product_limit import counts_of_causes, integrated

CAUSES = ["done", "rejected"]


@pytest.fixture
def items():
    """Forty made-up processes of six items, alike within a process."""
    rng = np.random.default_rng(5)
    pace = rng.lognormal(0, 0.8, 40)
    frame = pd.DataFrame({"process": np.repeat([f"p{i:02d}" for i in range(40)], 6)})
    days = rng.exponential(20, 240) * np.repeat(pace, 6)
    frame["time"] = np.ceil(np.minimum(days, 30)) + 1
    frame["cause"] = np.where(days < 30, rng.choice(CAUSES, 240), "pending")
    frame["group"] = np.where(rng.random(240) < 0.5, "own", "shared")
    return frame


def pool(items, **options):
    options = {"n_resamples": 300, "seed": 4, **options}
    return impact.cumulative_incidence(
        items["time"], items["cause"], process=items["process"], causes=CAUSES, **options
    )


def test_both_intervals_stand_side_by_side(items):
    at = pool(items).at([10, 20])
    assert {"low", "high", "bootstrap_error", "greenwood_low", "greenwood_high"} <= set(at)
    assert ((at["low"] <= at["estimate"]) & (at["estimate"] <= at["high"])).all()
    plain = impact.cumulative_incidence(items["time"], items["cause"], causes=CAUSES, bands=True)
    np.testing.assert_array_equal(at["greenwood_low"], plain.at([10, 20])["low"])
    np.testing.assert_array_equal(at["standard_error"], plain.at([10, 20])["standard_error"])
    # items of a process are alike here, so Greenwood's error is too small
    pending = at[at["cause"] == "pending"]
    assert (pending["bootstrap_error"] > 1.2 * pending["standard_error"]).all()


def test_any_number_of_workers_gives_the_same(items):
    one, two = pool(items), pool(items, n_jobs=2)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert not one.table["low"].equals(pool(items, seed=5).table["low"])


def test_a_resample_is_the_estimate_of_the_items_drawn(items):
    seen = follow_up(items["time"], items["cause"], causes=CAUSES)
    names = items["process"].to_numpy(dtype=object)
    times = np.unique(seen.time)
    parts = pooled._parts(seen, names, times)
    draws = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40), size=3)
    samples = pooled.incidence_samples(draws, parts)
    for drawn, sample in zip(draws, samples, strict=True):
        rows = items.loc[np.repeat(items.index, np.repeat(drawn, 6))]
        direct = impact.cumulative_incidence(rows["time"], rows["cause"], causes=CAUSES)
        at = direct.at(times)["estimate"].to_numpy().reshape(-1, 3)[:, [2, 0, 1]]
        np.testing.assert_allclose(sample, at, atol=1e-12)
        mean, _ = integrated(direct.counts, direct.start, 15.0)
        np.testing.assert_allclose(pooled.means_of(sample[None], times, 15.0)[0], mean)


def test_a_resample_of_stays_is_the_estimate_of_the_items_drawn(items):
    rows = pd.DataFrame(
        {
            "id": items.index,
            "start": 0,
            "stop": items["time"],
            "from": "open",
            "to": items["cause"].replace("pending", "censored"),
            "process": items["process"],
        }
    )
    result = impact.occupancy(
        rows, process="process", states=["open", *CAUSES], seed=4, n_resamples=300
    )
    incidence = pool(items)
    ours = result.at([10]).set_index("state")
    theirs = incidence.at([10]).set_index("cause").rename({"pending": "open"})
    for column in ("low", "high", "bootstrap_error"):  # the same seed draws the same processes
        np.testing.assert_allclose(ours[column], theirs.loc[ours.index, column], atol=1e-12)
    one = result.restricted_mean(12)[["low", "high", "bootstrap_error"]]
    two = incidence.restricted_mean(12).iloc[[2, 0, 1]][["low", "high", "bootstrap_error"]]
    np.testing.assert_allclose(one, two)


def test_percentiles_cover_about_as_often_as_they_say(items):
    truth, hits = 0.5, 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        common = np.repeat(rng.random(30) < truth, 4)
        curve = impact.cumulative_incidence(
            np.where(common, 1, 2), np.where(common, "done", "pending"),
            process=np.repeat(np.arange(30), 4), n_resamples=200, seed=seed,
        )  # fmt: skip
        row = curve.at([1]).iloc[0]
        hits += row["low"] <= truth <= row["high"]
    assert 50 <= hits <= 60


def test_text_and_picture_say_where_bands_come_from(items):
    curves = pool(items)
    assert "300 bootstrap resamples of the 40 processes (seed 4)" in curves.summary()
    assert "with bands" in plotting.alt_text(curves.plot())
    median = curves.median()
    assert median.low <= median.value <= median.high
    mean = curves.restricted_mean(20)
    assert ((mean["low"] < mean["estimate"]) & (mean["estimate"] < mean["high"])).all()
    km = impact.kaplan_meier(
        items["time"],
        items["cause"] != "pending",
        process=items["process"],
        n_resamples=300,
        seed=4,
    )
    pending = curves.at([10]).set_index("cause").loc["pending"]
    assert math.isclose(km.at([10])["low"].iloc[0], pending["low"])


def test_few_processes_are_told():
    with pytest.warns(SmallSampleWarning, match="only 5 processes"):
        curves = impact.cumulative_incidence(
            range(1, 11), ["a", 0] * 5, process=np.repeat(range(5), 2), seed=1, n_resamples=50
        )
    assert "only 5 processes" in curves.summary()
    assert curves.table["low"].notna().any()


def test_too_few_processes_give_no_interval():
    with pytest.warns(SmallSampleWarning, match="only 2 processes, too few"):
        curves = impact.cumulative_incidence(
            [1, 2, 3, 4], ["a", "a", "a", 0], process=[1, 1, 2, 2], seed=1, n_resamples=50
        )
    assert curves.bootstrapped is None
    assert curves.table["low"].isna().all()
    assert math.isnan(curves.median().low)
    assert "too few to draw from: there is no interval" in curves.summary()
    assert "complete list" not in curves.median().note + curves.summary()
    with pytest.warns(SmallSampleWarning, match="too few"):
        table = impact.restricted_mean_difference(
            [1, 4, 3, 4], ["a", 0, "a", 0], list("aabb"), 4, process=[1, 2, 1, 2], seed=1
        )
    assert table[["low", "high", "bootstrap_error"]].isna().all(axis=None)


def test_one_process_is_no_sample():
    curves = impact.cumulative_incidence([1, 2], ["a", 0], process=["x", "x"])
    assert curves.bootstrapped is None
    assert curves.table["low"].isna().all()
    assert "one process" in curves.summary()


def test_where_many_resamples_end_earlier_there_is_no_interval():
    # nine processes end by 3, one is seen to 9
    time = [2, 3] * 9 + [9, 9]
    curves = impact.cumulative_incidence(
        time, ["a", 0] * 10, process=np.repeat(np.arange(10), 2), seed=1
    )
    last = curves.at([9]).iloc[0]
    assert not math.isnan(last["estimate"])
    assert math.isnan(last["low"])


def test_difference_of_restricted_means(items):
    options = {"process": items["process"], "n_resamples": 200, "seed": 2, "causes": tuple(CAUSES)}
    table = impact.restricted_mean_difference(
        items["time"], items["cause"], items["group"], 20, **options
    ).set_index("cause")
    assert math.isclose(table["estimate"].sum(), 0, abs_tol=1e-9)
    for name, column in (("own", "mean_first"), ("shared", "mean_second")):
        part = items[items["group"] == name]
        alone = impact.cumulative_incidence(part["time"], part["cause"], causes=CAUSES)
        mean = alone.restricted_mean(20).set_index("cause")["estimate"]
        np.testing.assert_allclose(table[column], mean.loc[table.index])
    assert ((table["low"] < table["estimate"]) & (table["estimate"] < table["high"])).all()
    plain = impact.restricted_mean_difference(
        items["time"], items["cause"], items["group"], 20, causes=tuple(CAUSES)
    )
    assert plain[["low", "high"]].isna().all(axis=None)
    seen = follow_up(items["time"], items["cause"], causes=CAUSES)
    errors = [
        np.diag(integrated(counts_of_causes(seen.part((items["group"] == g).to_numpy())),
                           np.array([1.0, 0, 0]), 20.0)[1]) for g in ("own", "shared")
    ]  # fmt: skip
    np.testing.assert_allclose(plain["standard_error"], np.sqrt(sum(errors))[[1, 2, 0]])


def test_groups_that_cannot_be_compared(items):
    with pytest.raises(DataError, match="3 groups, not two"):
        impact.restricted_mean_difference([1, 2, 3], [1, 1, 1], list("abc"), 1)
    with pytest.raises(DataError, match="group b: the horizon 5 lies beyond"):
        impact.restricted_mean_difference([9, 2], [0, 0], list("ab"), 5)
    with pytest.raises(DataError, match="one process"):
        impact.restricted_mean_difference([9, 9], [0, 1], list("ab"), 5, process=["x", "x"])
    with pytest.raises(DataError, match="horizon"):
        impact.restricted_mean_difference([9, 9], [0, 1], list("ab"), "five")


def test_too_many_times_are_refused_in_words():
    rng = np.random.default_rng(1)
    with pytest.raises(DataError, match="Round the times"):
        impact.cumulative_incidence(
            rng.random(30_000), rng.integers(0, 3, 30_000), process=rng.integers(0, 20, 30_000)
        )
    frame = pd.DataFrame(
        {
            "id": ["a", "a"],
            "start": [0, 1],
            "stop": [1, 2],
            "from": ["x", "y"],
            "to": ["y", None],
            "process": ["p", "q"],
        }
    )
    with pytest.raises(DataError, match="more than one process"):
        impact.occupancy(frame, process="process")
