"""Measures of polarisation, small groups and the table of polls."""

from __future__ import annotations

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dmpkit.errors import DataError
from dmpkit.evaluation import groups as gr
from dmpkit.evaluation import polarisation as po
from dmpkit.plotting import alt_text
from tests.helpers import data_mirror

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"


@pytest.mark.parametrize("stage", ["pre", "post"])
@pytest.mark.parametrize("variant", ["A", "B"])
def test_every_number_of_the_reference(variant, stage):
    """Tolerance 1e-8: the same formulas in double precision."""
    text = (REFERENCE / f"expected_opinion_{variant}.json").read_text(encoding="utf-8")
    reference = json.loads(text)["polarisation"][stage]
    frame = pd.read_csv(REFERENCE / f"distribution_{variant}.csv")
    found = po.polarisation_measures(frame[stage], frame["category"])
    assert set(found.index) == set(reference) == set(po.MEASURES)
    for name, value in reference.items():
        assert found[name] == pytest.approx(value, abs=1e-8), name


def test_measures_against_scipy_and_all_pairs():
    counts = np.array([3, 0, 5, 2, 7])
    x = np.repeat(np.arange(1, 6), counts)
    found = po.polarisation_measures(counts)
    g, k = stats.skew(x, bias=False), stats.kurtosis(x, bias=False)
    n = len(x)
    by_hand = (g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))
    assert found["bimodality_coefficient"] == pytest.approx(by_hand)
    assert found["sd"] == pytest.approx(x.std(ddof=1))
    assert found["shannon_nats"] == pytest.approx(stats.entropy(counts / n))
    far = np.mean([abs(int(a) - int(b)) for a, b in combinations(x, 2)])
    assert found["mean_pairwise_abs_distance"] == pytest.approx(far)


def test_agreement_at_its_three_landmarks():
    assert po.van_der_eijk([0, 0, 9, 0, 0]) == 1
    assert po.van_der_eijk([2, 2, 2, 2, 2]) == 0
    assert po.van_der_eijk([4, 0, 0, 0, 4]) == -1
    # the example of the R package agrmt
    example = [30, 40, 210, 130, 530, 50, 10]
    assert po.van_der_eijk(example) == pytest.approx(0.6113333, abs=5e-8)
    assert math.isnan(po.van_der_eijk([0, 0, 0]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 20), min_size=3, max_size=9).filter(any))
def test_turning_the_scale_round_changes_only_the_mean(counts):
    one, two = po.polarisation_measures(counts), po.polarisation_measures(counts[::-1])
    assert one["mean"] == pytest.approx(len(counts) + 1 - two["mean"])
    np.testing.assert_allclose(one.drop("mean"), two.drop("mean"), atol=1e-9)
    assert -1 - 1e-9 <= one["van_der_eijk_A"] <= 1 + 1e-9
    assert -1e-9 <= one["leik_dissent_D"] <= 1 + 1e-9


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=3, max_size=6).filter(any), st.integers(2, 5))
def test_shares_decide_where_pairs_and_small_samples_do_not_enter(counts, times):
    names = ["van_der_eijk_A", "leik_dissent_D", "shannon_nats", "simpson_gini_1_minus_sum_p2",
             "esteban_ray_alpha1.3_unnormalised"]  # fmt: skip
    one, many = (
        po.polarisation_measures(counts)[names],
        po.polarisation_measures(np.array(counts) * times)[names],
    )
    np.testing.assert_allclose(one, many, atol=1e-9)


def test_another_alpha_has_another_name():
    assert "esteban_ray_alpha1_unnormalised" in po.polarisation_measures([1, 2, 3], alpha=1.0)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: po.polarisation_measures([1, -1, 2]), "0 or more"),
        (lambda: po.polarisation_measures([3]), "two or more"),
        (lambda: po.polarisation_measures([1, 2], [2, 1]), "rising"),
        (lambda: po.polarisation_measures([1, 2, 3], alpha=2), "alpha"),
        (lambda: po.van_der_eijk([1, 2]), "three categories"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(DataError, match=words):
        call()


def people(seed=1, n=36):
    rng = np.random.default_rng(seed)
    ids = [f"p{i}" for i in range(n)]
    one = pd.DataFrame({"person": ids, "a": rng.integers(1, 6, n), "b": rng.integers(1, 6, n)})
    two = pd.DataFrame({"person": ids, "a": rng.integers(2, 5, n), "b": one["b"].to_numpy()})
    return one, two, {p: i % 6 for i, p in enumerate(ids)}


def test_change_has_the_values_of_the_counts_and_intervals_about_them():
    one, two, _ = people()
    change = po.polarisation_change(one, two, scale=(1, 5), n_resamples=400, seed=3)
    frames = change.frames()
    assert frames["polarisation"] is change.table
    assert set(change.table["measure"]) <= set(frames["measures"]["measure"])
    assert frames["measures"]["reading"].str.len().min() > 10
    table = change.table.set_index(["item", "measure"])
    for item in ("a", "b"):
        for frame, column in ((one, "before"), (two, "after")):
            counts = np.bincount(frame[item], minlength=6)[1:]
            np.testing.assert_allclose(table.loc[item][column], po.polarisation_measures(counts))
    same = table.loc["b"]
    assert (same[["change", "low", "high"]].to_numpy() == 0).all()
    row = table.loc[("a", "sd")]
    assert row["low"] < row["change"] < row["high"] < 0
    again = po.polarisation_change(one, two, scale=(1, 5), n_resamples=400, seed=3)
    pd.testing.assert_frame_equal(again.table, change.table)


def test_whole_tables_are_resampled_and_frames_of_either_kind_agree():
    one, two, seats = people()
    more = {"scale": (1, 5), "n_resamples": 100, "seed": 1, "table": seats}
    change = po.polarisation_change(one, two, **more)
    other = po.polarisation_change(pl.from_pandas(one), pl.from_pandas(two), **more)
    pd.testing.assert_frame_equal(change.table, other.table)
    assert change.by_table
    assert "whole tables" in change.methods_text()


def test_answers_off_the_scale_or_between_categories_are_refused():
    one, two, _ = people()
    with pytest.raises(DataError, match="no category"):
        po.polarisation_change(one.assign(a=2.5), two, scale=(1, 5), n_resamples=0)
    with pytest.raises(DataError, match="outside the scale"):
        po.polarisation_change(one, two, scale=(2, 5), n_resamples=0)
    with pytest.raises(DataError, match="whole number"):
        po.polarisation_change(one, two, scale=(1, 5), n_resamples=2.5)
    with pytest.raises(DataError, match="3 to 101"):
        po.polarisation_change(one, two, scale=(0, 500), n_resamples=0)


def test_views_of_polarisation(tmp_path):
    one, two, _ = people()
    change = po.polarisation_change(
        one, two, scale=(1, 5), n_resamples=50, seed=1, synthetic=True, labels={"a": "A <b>"}
    )
    assert "Synthetic" in alt_text(change.plot())
    assert "A <b>" not in change.report(tmp_path / "p.html").read_text(encoding="utf-8")
    none = po.polarisation_change(one, two, scale=(1, 5), n_resamples=0)
    assert none.table["low"].isna().all()
    assert "No intervals" in none.methods_text()


# --- small groups ---------------------------------------------------------------------


def test_indices_by_hand():
    one = pd.DataFrame({"person": range(8), "q": [1, 3, 5, 9, 5, 5, 4, 6]})
    two = pd.DataFrame({"person": range(8), "q": [2, 2, 4, 8, 1, 9, 2, 7]})
    found = gr.group_distortions(
        one, two, table=dict(enumerate("aaaabbbb")), scale=(0, 10), min_size=2
    )
    a, b = (found.pairs.iloc[i] for i in range(2))
    x, y = np.array([1, 3, 5, 9]) / 10, np.array([2, 2, 4, 8]) / 10
    assert a["homogenisation"] == pytest.approx(x.std(ddof=1) - y.std(ddof=1))
    assert bool(a["homogenised"])
    assert a["polarisation"] == pytest.approx(0.45 - 0.40)
    assert bool(a["polarised"])
    assert not b["homogenised"]
    assert b["polarised"] is pd.NA  # it stood on the middle
    assert math.isnan(b["polarisation"])
    whole = found.table.iloc[-1]
    assert (whole["homofreq"], whole["polarfreq"], whole["n_polarisation"]) == (0.5, 1.0, 1)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=6, max_size=6))
def test_turning_an_item_round_changes_no_index(values):
    one = pd.DataFrame({"person": range(6), "q": values})
    two = pd.DataFrame({"person": range(6), "q": values[::-1]})
    seats = dict(enumerate("aaabbb"))
    straight = gr.group_distortions(one, two, table=seats, scale=(0, 10)).pairs
    turned = gr.group_distortions(
        one.assign(q=10 - one["q"]), two.assign(q=10 - two["q"]), table=seats, scale=(0, 10)
    ).pairs
    columns = ["homogenised", "polarised"]
    pd.testing.assert_frame_equal(straight[columns], turned[columns])
    np.testing.assert_allclose(straight["polarisation"], turned["polarisation"], atol=1e-12)


def test_small_groups_are_left_blank_not_zero():
    one = pd.DataFrame({"person": range(5), "q": [1, 2, 3, 4, None]})
    seats = dict(enumerate("aaabb"))
    found = gr.group_distortions(one, one, table=seats, scale=(0, 10))
    assert found.pairs["n"].tolist() == [3, 1]
    assert found.pairs["homogenised"].tolist() == [False, pd.NA]
    assert found.table.iloc[-1]["n_homogenisation"] == 1
    none = gr.group_distortions(one, one, table=seats, scale=(0, 10), min_size=4)
    assert none.section().figures == ()
    assert found.summary()
    with pytest.raises(DataError, match="2 people or more"):
        gr.group_distortions(one, one, table=seats, scale=(0, 10), min_size=1)
    with pytest.raises(DataError, match="no scale"):
        gr.group_distortions(one, one, table=seats, scale=None)
    with pytest.raises(DataError, match="not given"):
        gr.group_distortions(one, one, table=None, scale=(0, 10))


def test_views_of_groups(tmp_path):
    one, two, seats = people()
    found = gr.group_distortions(one, two, table=seats, scale=(1, 5), synthetic=True)
    assert "12 group-issue pairs" in alt_text(found.plot())
    assert "regression to the mean" in found.report(tmp_path / "g.html").read_text("utf-8")
    found.to_excel(tmp_path / "g.xlsx")
    assert found.tables("polars")["pairs"].height == 12


def test_poll_rows_of_the_published_table_follow_from_the_pairs():
    """Difference below 1e-14: means of the same numbers."""
    pairs = pd.read_csv(data_mirror("distortions-2022", "03_hom_pol_by_group_issue.csv"))
    printed = pd.read_csv(data_mirror("distortions-2022", "02_table_2_hom_pol.csv"))
    table = gr.distortions_table(pairs, poll="poll_id")
    polls = printed.iloc[:21].set_index("pollnum")
    ours = table.iloc[:21].assign(poll=lambda t: t["poll"].astype(int)).set_index("poll")
    columns = list(gr.INDICES)
    np.testing.assert_allclose(ours.loc[[int(i) for i in polls.index], columns], polls[columns],
                               rtol=0, atol=1e-14)  # fmt: skip
    mean = table[table["poll"] == "Mean"][columns].to_numpy()[0]
    np.testing.assert_allclose(mean, printed.iloc[21][columns].to_numpy(float), atol=1e-14)


@pytest.mark.parametrize("bad", ["perhaps", 2])
def test_pairs_that_are_neither_true_nor_false(bad):
    pairs = pd.DataFrame(
        {"poll": [1], "homofreq": [bad], "homoex": [0.1], "polarfreq": [True], "polarex": [0.1]}
    )
    with pytest.raises(DataError, match="neither true nor false"):
        gr.distortions_table(pairs)


def test_agreement_of_layers_is_that_of_all_triples():
    """The formula for triples against counting them one by one."""
    rng = np.random.default_rng(5)
    for _ in range(30):
        k = int(rng.integers(3, 12))
        pattern = rng.integers(0, 2, k)
        s = int(pattern.sum())
        if not 1 < s < k:
            continue
        kinds = [tuple(pattern[list(t)]) for t in combinations(range(k), 3)]
        tdu = kinds.count((1, 0, 1))
        tu = kinds.count((1, 1, 0)) + kinds.count((0, 1, 1))
        u = ((k - 2) * tu - (k - 1) * tdu) / ((k - 2) * (tu + tdu))
        assert po.van_der_eijk(pattern) == pytest.approx(u * (1 - (s - 1) / (k - 1)))
