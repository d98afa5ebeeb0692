"""Raters: reference numbers, the range of a few, an interval for more, leniency."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.evaluation import Scorecard, kendall_w, rater_leniency
from dmpkit.evaluation.raters import _whole
from dmpkit.resampling import expanded_tail
from tests.evaluation.scorecards import criteria, random_card, reference

#: Names of the intraclass correlations in the reference and in dmpkit.
ICC = {"ICC(1,1)": "ICC(1,1)", "ICC(A,1)": "ICC(2,1)", "ICC(C,1)": "ICC(3,1)",
       "ICC(1,k)": "ICC(1,k)", "ICC(A,k)": "ICC(2,k)", "ICC(C,k)": "ICC(3,k)"}  # fmt: skip


@pytest.mark.parametrize("variant", ["A", "B"])
def test_agreement_is_that_of_the_reference(variant):
    """Tolerance 1e-8; ends of intervals 0.011, because the reference rounds them to 0.01."""
    card, _, expected = reference(variant)
    found = card.agreement(seed=1)
    by = found.coefficients.set_index("coefficient")
    at = by["value"]
    assert abs(at["Kendall's W"] - expected["kendall_W_complete_rows"]) < 1e-8
    assert abs(at["Krippendorff's alpha, ordinal"] - expected["alpha_ordinal"]) < 1e-8
    assert abs(at["Krippendorff's alpha, interval"] - expected["alpha_interval"]) < 1e-8
    for theirs, ours in ICC.items():
        row = expected["icc_complete_rows"][theirs]
        assert abs(at[ours] - row["ICC"]) < 1e-8
        np.testing.assert_allclose(by.loc[ours, ["low", "high"]].astype(float), row["CI95"],
                                   atol=0.011)  # fmt: skip
    np.testing.assert_allclose(
        found.severity["leniency"], expected["rater_leniency_additive"], atol=1e-8
    )
    assert by.loc["Kendall's W", "n_criteria"] == 7
    assert found.indicators()[0].value == at["Krippendorff's alpha, ordinal"]


def card_of(scores):
    """Scores by rater, over the first criteria."""
    own = criteria(6, 2)
    rows = [(c, r, s) for r, many in scores.items() for c, s in zip(own.ids, many, strict=False)]
    return Scorecard.from_frames(pd.DataFrame(rows, columns=["criterion", "rater", "score"]), own)


def test_with_one_rater_agreement_cannot_be_judged():
    found = card_of({"a": [1, 2, 3]}).agreement(seed=1)
    assert math.isnan(found.alpha.value)
    assert "one rater only" in found.alpha.note
    assert "cannot be judged" in found.summary()
    assert found.means["how"].unique().tolist() == ["one rater: neither range nor interval"]
    assert found.section().figures == ()


@pytest.mark.parametrize("n", [2, 3])
def test_two_or_three_raters_show_their_range_and_are_not_drawn_anew(n):
    scores = {"a": [1, 2, 3, 4], "b": [2, 2, 4, 4], "c": [0, 3, 3, 2]}
    found = card_of(dict(list(scores.items())[:n])).agreement(seed=1)
    assert not math.isnan(found.alpha.value)
    assert set(found.means["how"]) == {"range of the raters"}
    whole = found.means.set_index("stage").loc["all stages"]
    table = np.array(list(scores.values())[:n], dtype=float)
    assert whole["low"] == pytest.approx(table.min(axis=0).mean())
    assert whole["high"] == pytest.approx(table.max(axis=0).mean())
    assert "not drawn anew" in found.methods_text()


def test_four_raters_get_an_interval_that_the_seed_fixes():
    scores = {r: [1 + k, 2, 3 - k / 2, 4] for k, r in enumerate("abcd")}
    scores = {r: [min(max(x, 0), 4) for x in many] for r, many in scores.items()}
    one, two = (card_of(scores).agreement(seed=7).means for _ in range(2))
    pd.testing.assert_frame_equal(one, two)
    whole = one.set_index("stage").loc["all stages"]
    assert whole["low"] < whole["mean"] < whole["high"]
    assert "interval" in whole["how"]
    none = card_of(scores).agreement(n_resamples=0, seed=7).means
    assert set(none["how"]) == {"range of the raters"}


def test_the_interval_of_the_mean_is_that_of_drawing_raters_by_hand():
    """All raters scored all: the mean is the mean of raters' means; SE within 3 %."""
    rng = np.random.default_rng(5)
    scores = {f"r{i}": np.clip(rng.normal(2, 1, 6) + i / 4, 0, 4) for i in range(6)}
    found = card_of(scores).agreement(n_resamples=20_000, seed=2)
    means = np.array([many.mean() for many in scores.values()])
    draws = means[np.random.default_rng(3).integers(0, 6, (200_000, 6))].mean(axis=1)
    whole = found.means.set_index("stage").loc["all stages"]
    tail = expanded_tail(0.95, 6)
    ends = np.quantile(draws, [tail, 1 - tail])
    assert abs(whole["low"] - ends[0]) < 0.03
    assert abs(whole["high"] - ends[1]) < 0.03


def test_kendall_w_of_known_orders():
    assert kendall_w([[1, 1, 1], [2, 2, 2], [3, 3, 3]]).value == 1.0
    assert kendall_w([[1, 3], [2, 2], [3, 1]]).value == pytest.approx(0.0)
    assert "two raters" in kendall_w([[1], [2]]).note
    assert "one score" in kendall_w([[1, 1], [1, 1]]).note
    with pytest.raises(DataError, match="units by raters"):
        kendall_w([1, 2, 3])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_leniency_is_recovered_where_it_is_the_only_difference(seed):
    rng = np.random.default_rng(seed)
    units, effects = rng.uniform(1, 3, 8), rng.uniform(-0.5, 0.5, 3)
    effects -= effects.mean()
    scores = pd.DataFrame(units[:, None] + effects, columns=list("abc"))
    holes = rng.random(scores.shape) < 0.2
    holes[0] = False  # one unit scored by all keeps raters comparable
    leniency, adjusted = rater_leniency(scores.mask(holes))
    np.testing.assert_allclose(leniency, effects, atol=1e-9)
    np.testing.assert_allclose(adjusted, units[adjusted.index], atol=1e-9)


def test_raters_without_a_common_criterion_cannot_be_compared():
    leniency, adjusted = rater_leniency(pd.DataFrame({"a": [1.0, None], "b": [None, 2.0]}))
    assert leniency.isna().all()
    assert adjusted.isna().all()
    rows = [("I01", "a", 1), ("I02", "b", 3)]
    card = Scorecard.from_frames(pd.DataFrame(rows, columns=["criterion", "rater", "score"]),
                                 criteria())  # fmt: skip
    text = card.agreement(seed=1).summary()
    assert "fewer than two criteria have scores of two raters" in text
    assert "no criterion in common" in text


def test_the_furthest_apart_come_first():
    found = card_of({"a": [1, 2, 3, 0], "b": [1, 3, 3, 4]}).agreement(seed=1)
    assert found.differences["criterion"].tolist() == ["I04", "I02"]
    assert found.differences.loc[0, "range"] == 4.0
    assert "On 1 criterion they lie two points or more apart" in found.summary()


def test_raters_who_all_say_the_same_are_told_so():
    found = card_of({"a": [2, 2, 2], "b": [2, 2, 2]}).agreement(seed=1)
    assert "No rater is more lenient" in found.summary()
    assert found.coefficients["note"].str.len().gt(0).all()
    assert plotting.alt_text(found.plot_leniency())


def test_resamples_and_seeds_that_are_none_are_refused():
    with pytest.raises(DataError, match="n_resamples"):
        random_card(1).agreement(n_resamples=-1)
    with pytest.raises(DataError, match="seed"):
        random_card(1).agreement(seed=-1)


def test_whole_scores_are_shown_without_decimals():
    frame = pd.DataFrame({"label": ["a", "b"], "score_x": [1.0, None], "mean": [1.0, 2.5]})
    assert _whole(frame) == {"score_x": 0}
