"""Weights of criteria from Q sorts of them. Every sort here is synthetic."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

import dmpkit.qmethod as qm
from dmpkit import datasets, plotting
from dmpkit import evaluation as ev
from dmpkit.errors import (
    BipolarFactorWarning,
    ConvergenceWarning,
    DataError,
    UnflaggedFactorWarning,
)

INF = math.inf
#: Sums of a handful of terms, in another order.
CLOSE = {"rel": 0, "abs": 1e-12}
EIGHT = ["C01", "C02", "C03", "C04", "C05", "C08", "C11", "C38"]
#: Two unlike ways of ranking eight criteria, three synthetic sorters each.
FIRST = [[2, 1, 1, 0, 0, -1, -1, -2], [1, 2, 1, 0, 0, -1, -1, -2], [2, 1, 0, 1, 0, -1, -2, -1]]
SECOND = [[0, -1, -2, 1, -1, 1, 2, 0], [0, -2, -1, 1, -1, 1, 2, 0], [0, -1, -2, 1, -1, 2, 1, 0]]
SORTS = np.array(FIRST + SECOND).T
SCORES = pd.DataFrame({"criterion": EIGHT, "score": [4.0, 3, 3, 2, 2, 1, 1, 0]})


@pytest.fixture(scope="module")
def sorts():
    return qm.QSorts(SORTS, statements=EIGHT)


@pytest.fixture(scope="module")
def analysis(sorts):
    return qm.analyse(sorts, 2)


@pytest.fixture(scope="module")
def resampled(sorts):
    with pytest.warns(ConvergenceWarning):  # six sorts are few to draw from
        return qm.bootstrap(sorts, 2, n_resamples=60, seed=3)


def test_the_criteria_make_a_sheet_to_sort(tmp_path):
    sheet = ev.criteria_statements()
    assert sheet.statements == tuple(datasets.load("criteria")["id"])
    assert sheet.grid["count"].sum() == 52
    assert all(text.startswith(label) for text, label in
               zip(sheet.texts, datasets.load("criteria")["label"], strict=True))  # fmt: skip
    sheet.write_page(tmp_path / "sort.html")
    assert "Access to decision makers" in (tmp_path / "sort.html").read_text(encoding="utf-8")


def test_a_scorecard_with_local_criteria_gives_its_own_sheet():
    local = ev.local_criteria_sheet(1).assign(label="In our tongue", stage="room")
    card = ev.Scorecard.from_frames(
        pd.DataFrame({"criterion": ["C01"], "score": [3]}), local_criteria=local
    )
    sheet = ev.criteria_statements(card, definitions=False, low="least")
    assert "L01" in sheet.statements
    assert "In our tongue" in sheet.texts
    assert sheet.low == "least"


def test_emphasis_runs_from_the_lowest_to_the_highest_and_follows_z(analysis):
    found = ev.weights_from_sorts(analysis, SCORES)
    for j, factor in enumerate(found.factors):
        z = analysis.z_array[:, j]
        expected = (z - z.min()) / (z.max() - z.min())
        np.testing.assert_allclose(found.emphasis[factor], expected, rtol=0, atol=1e-12)
        weights = found.weights(k=7)[factor].to_numpy()
        assert (weights > 0).all()
        assert weights.sum() == pytest.approx(1, **CLOSE)
        assert weights.max() / weights.min() == pytest.approx(7, abs=1e-9)
        assert (np.argsort(weights) == np.argsort(z)).all()


def test_scores_by_hand(analysis):
    found = ev.weights_from_sorts(analysis, SCORES, k=[1, 3, INF])
    s = SCORES["score"].to_numpy()
    for j, factor in enumerate(found.factors):
        u = found.emphasis_array[:, j]
        weights = [np.ones(8), 1 + 2 * u, u]
        expected = [float((w * s).sum() / w.sum()) for w in weights]
        own = found.lines[found.lines["factor"] == factor]
        assert own["score"].tolist() == pytest.approx(expected, **CLOSE)
        assert own["low"].isna().all()


def test_the_two_factors_pull_apart(analysis):
    """The scores fall along the first ranking, not along the second; their mean is 2."""
    ends = ev.weights_from_sorts(analysis, SCORES, k=INF).lines["score"]
    assert sorted(ends)[0] < 2 < 2.5 < sorted(ends)[1]


def test_intervals_are_quantiles_over_the_resamples(analysis, resampled):
    found = ev.weights_from_sorts(analysis, SCORES, bootstrap=resampled, k=[1, 4])
    s = SCORES["score"].to_numpy()
    for j, factor in enumerate(found.factors):
        scores = []
        for z in resampled.z_samples[:, :, j]:
            if np.isnan(z).any():
                continue
            w = 1 + 3 * (z - z.min()) / (z.max() - z.min())
            scores.append(float((w * s).sum() / w.sum()))
        tail = (1 - resampled.interval) / 2
        row = found.lines[(found.lines["factor"] == factor) & (found.lines["k"] == 4)].iloc[0]
        assert row["n_resamples"] == len(scores)
        assert (row["low"], row["high"]) == pytest.approx(
            tuple(np.quantile(scores, [tail, 1 - tail])), **CLOSE
        )
    plain = found.lines[found.lines["k"] == 1]
    assert (plain["high"] - plain["low"]).max() < 1e-12
    assert "of resampled sorts" in found.summary()
    assert "bootstrap resamples" in found.methods_text()


def test_unknown_criteria_give_bounds_and_are_never_0(analysis):
    table = SCORES.assign(score=[4.0, math.nan, 3, 2, 2, 1, 1, 0])
    found = ev.weights_from_sorts(analysis, table, k=[1])
    row = found.lines.iloc[0]
    assert row["score"] == pytest.approx(13 / 7, **CLOSE)
    assert (row["worst"], row["best"]) == pytest.approx((13 / 8, 17 / 8), **CLOSE)


def test_criteria_that_nobody_sorted_or_that_do_not_apply_are_out(analysis):
    table = pd.concat([SCORES, pd.DataFrame({"criterion": ["C20"], "score": [4.0]})])
    table = table.assign(status=["not applicable"] + ["assessed"] * 8)
    table.iloc[0, 1] = math.nan
    found = ev.weights_from_sorts(analysis, table, k=1)
    assert found.lines["score"].iloc[0] == pytest.approx(12 / 7, **CLOSE)
    assert found.left_out == ("Intersections and the least heard",)
    assert "Not sorted, and left out here: Intersections" in found.summary()


def test_statements_are_found_by_their_wording(sorts):
    labels = datasets.load("criteria").set_index("id")["label"]
    worded = qm.QSorts(SORTS, statements=[f"s{i}" for i in range(8)],
                       texts=[f"{labels[c]}: and so on" for c in EIGHT])  # fmt: skip
    found = ev.weights_from_sorts(qm.analyse(worded, 2), SCORES)
    assert found.emphasis["criterion"].tolist() == EIGHT


def test_statements_that_are_no_criteria_are_refused():
    other = qm.QSorts(SORTS, statements=[*EIGHT[:7], "C99"])
    with pytest.raises(DataError, match="'C99' is no criterion"):
        ev.weights_from_sorts(qm.analyse(other, 2), SCORES)


def test_a_bootstrap_of_other_sorts_is_refused(analysis):
    other = qm.bootstrap(qm.QSorts(SORTS[::-1], statements=EIGHT), 2, n_resamples=20, seed=1)
    with pytest.raises(DataError, match="another analysis"):
        ev.weights_from_sorts(analysis, SCORES, bootstrap=other)


def test_a_scorecard_without_sorted_criteria_is_refused(analysis):
    table = pd.DataFrame({"criterion": ["C30", "C31"], "score": [1, 2]})
    with pytest.raises(DataError, match="Fewer than two"):
        ev.weights_from_sorts(analysis, table)


def test_a_factor_that_no_sort_defines_is_left_out_with_a_warning(sorts):
    flags = np.array([[False, True]] * 3 + [[False, False]] * 3)
    with pytest.warns(UnflaggedFactorWarning):
        half = qm.analyse(sorts, 2, flags=flags)
    with pytest.warns(UnflaggedFactorWarning, match="f1: left out"):
        found = ev.weights_from_sorts(half, SCORES)
    assert found.factors == ("f2",)


def test_sorters_whose_ranking_is_turned_round_are_pointed_at(sorts):
    turned = qm.QSorts(np.column_stack([SORTS[:, :3], -SORTS[:, 1]]), statements=EIGHT)
    with pytest.warns(BipolarFactorWarning):
        bipolar = qm.analyse(turned, 1)
    found = ev.weights_from_sorts(bipolar, SCORES)
    assert found.n_negative == (1,)
    assert "among these, 1 with a negative loading" in found.summary()
    assert "negative" not in ev.weights_from_sorts(qm.analyse(sorts, 2)).summary()


def test_without_a_scorecard_there_are_weights_and_no_scores(analysis):
    found = ev.weights_from_sorts(analysis)
    assert len(found.weights()) == 8
    assert not len(found.lines)
    assert "lines" not in found.frames()
    assert "mean score" not in found.summary()
    assert not found.section().figures
    with pytest.raises(DataError, match="no score to draw"):
        found.plot_lines()


def test_shared_criteria_are_compared_in_words(analysis):
    found = ev.weights_from_sorts(analysis, SCORES)
    assert set(found.shared["criterion"]) == {"C05", "C11", "C38"}
    own = found.shared.set_index(["factor", "viewpoint", "criterion"])
    low = [f for f in found.factors if own.loc[(f, "AU", "C11"), "z_score"] < 0]
    assert own.loc[(low[0], "AU", "C11"), "third"] == "lower third"
    text = found.summary()
    assert "(stressed by Against Uniformity and Community Context) in its lower third" in text
    assert "contested by Professional Autonomy and Community Context" in text
    assert "does not make it that viewpoint" in text


def test_pandas_and_polars_give_the_same(analysis):
    one = ev.weights_from_sorts(analysis, SCORES)
    other = ev.weights_from_sorts(analysis, pl.from_pandas(SCORES))
    pd.testing.assert_frame_equal(one.lines, other.lines)
    assert one.tables(kind="polars")["lines"]["score"].to_list() == one.lines["score"].tolist()


def test_the_picture_shows_the_interval_or_the_bounds(analysis, resampled):
    found = ev.weights_from_sorts(analysis, SCORES, bootstrap=resampled)
    assert "95% of the resampled sorts" in plotting.alt_text(found.plot_lines())
    assert "at worst and at best" in plotting.alt_text(found.plot_lines(bounds=True))
    assert len(found.section().figures) == 1


def test_members_sorts_through_a_scorecard(analysis):
    ratings = SCORES.assign(rater="a")
    card = ev.Scorecard.from_frames(ratings, about={"synthetic": "yes"})
    found = ev.weights_from_sorts(analysis, card, k=1)
    assert found.lines["score"].tolist() == pytest.approx([2.0, 2.0], **CLOSE)
    assert len(found.left_out) == 44
    assert found.synthetic
