"""The profile: reference numbers, bounds, what is unknown, what is contested, the total."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.evaluation import Criteria, Scorecard
from dmpkit.reporting import Indicator
from tests.evaluation.scorecards import criteria, random_card, reference

EVIDENCE = pd.DataFrame({"evidence": ["EA", "EB", "EC", "ED", "E0"],
                         "grade": ["A", "B", "C", "D", ""]})  # fmt: skip


def of(rows, **more):
    table = pd.DataFrame(
        rows, columns=["criterion", "rater", "status", "score", "evidence", "note"]
    )
    return Scorecard.from_frames(table, criteria(), EVIDENCE, **more)


def row_of(card, criterion):
    return card.profile().criteria.set_index("criterion").loc[criterion]


@pytest.mark.parametrize("variant", ["A", "B"])
def test_means_adjusted_means_coverage_and_bounds_are_those_of_the_reference(variant):
    """Tolerance 1e-8, as the reference states; its scores are shares of 4."""
    card, table, expected = reference(variant)
    found = card.profile()
    by = found.criteria.set_index("criterion")
    means = [math.nan if m is None else m for m in expected["indicator_means_0_4"]]
    np.testing.assert_allclose(by["score"], means, atol=1e-8)
    adjusted = expected["indicator_adjusted_means_additive"]
    np.testing.assert_allclose(by["adjusted"].dropna(), list(adjusted.values()), atol=1e-8)
    assert list(by["adjusted"].dropna().index) == list(adjusted)
    assert found.overall["n_assessed"] == expected["assessed_indicators"]
    total = card.total(weights=dict(zip(table["indicator"], table["weight"], strict=True)))
    assert abs(total.value / 4 - expected["weighted_score_assessed_only_0_1"]) < 1e-8
    worst, best = expected["bounds_if_unassessed_worst_best"]
    assert abs(total.low / 4 - worst) < 1e-8
    assert abs(total.high / 4 - best) < 1e-8
    # the share of weight assessed is what parts the bounds
    assert abs(1 - (total.high - total.low) / 4 - expected["weighted_coverage"]) < 1e-8


def test_evidence_decides_what_is_hatched():
    card = of([("I01", "a", "", 1, "EC EB", ""), ("I02", "a", "", 1, "ED;EC", ""),
               ("I03", "a", "", 1, "", ""), ("I04", "a", "", 1, "E0", ""),
               ("I05", "a", "", 1, "EC", ""), ("I05", "b", "", 1, "EA", "")])  # fmt: skip
    by = card.profile().criteria.set_index("criterion")
    assert by["best_grade"].tolist() == ["B", "C", "none cited", "not graded", "A", ""]
    assert by["weak"].tolist() == [False, True, True, True, False, False]
    assert card.profile().overall["n_weak"] == 3


def test_contested_scores_are_kept_apart_and_count_as_unknown():
    card = of([("I01", "a", "contested", 1, "", ""), ("I01", "b", "assessed", 4, "", ""),
               ("I02", "a", "assessed", 2, "", "")])  # fmt: skip
    row = row_of(card, "I01")
    assert row["status"] == "contested"
    assert math.isnan(row["score"])
    assert row["contested_score"] == 2.5
    assert (row["low"], row["high"]) == (0.0, 4.0)
    stage = card.profile().stages.iloc[0]
    assert stage["n_contested"] == 1
    assert stage["mean"] == 2.0
    assert stage["coverage"] == pytest.approx(1 / 3)


def test_raters_who_disagree_whether_it_applies_contest_it():
    card = of([("I01", "a", "not applicable", None, "", "no"), ("I01", "b", "", 4, "", "")])
    assert row_of(card, "I01")["status"] == "contested"
    agreed = of([("I01", "a", "not applicable", None, "", "no sponsor"),
                 ("I01", "b", "not assessed", None, "", "")])  # fmt: skip
    assert row_of(agreed, "I01")["status"] == "not applicable"
    assert row_of(agreed, "I01")["note"] == "no sponsor"


def test_not_applicable_is_shown_removed_and_as_unknown():
    card = of([("I01", "a", "not applicable", None, "", "no"), ("I02", "a", "", 4, "", "")])
    stage = card.profile().stages.iloc[0]  # I01, I02, I03
    assert stage["coverage"] == 0.5
    assert (stage["low"], stage["high"]) == (2.0, 4.0)
    assert stage["coverage_if_unknown"] == pytest.approx(1 / 3)
    assert stage["low_if_unknown"] == pytest.approx(4 / 3)
    assert stage["high_if_unknown"] == 4.0


def test_a_stage_that_does_not_apply_at_all_has_no_mean_and_no_bounds():
    rows = [(c, "a", "not applicable", None, "", "no") for c in ("I01", "I02", "I03")]
    stage = of(rows).profile().stages.iloc[0]
    assert math.isnan(stage["mean"])
    assert math.isnan(stage["coverage"])
    assert math.isnan(stage["low"])
    assert stage["high_if_unknown"] == 4.0


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_an_unassessed_criterion_widens_the_bounds_and_leaves_the_mean(seed):
    card = random_card(seed)
    local = pd.DataFrame({"criterion": ["L1"], "label": ["Ours"], "stage": ["s1"]})
    wider = Scorecard.from_frames(card.ratings, card.criteria.with_local(local))
    before, after = (c.profile().stages.iloc[0] for c in (card, wider))
    np.testing.assert_equal(after["mean"], before["mean"])
    assert after["low"] <= before["low"]
    assert after["high"] >= before["high"]
    assert after["high"] - after["low"] > before["high"] - before["low"] or before["low"] == 0
    assert after["coverage"] < before["coverage"] or before["coverage"] == 0


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_a_blank_is_never_0(seed):
    card = random_card(seed)
    blanks = pd.DataFrame({"criterion": list(card.criteria.ids), "rater": "absent", "score": None})
    more = Scorecard.from_frames(
        pd.concat([card.ratings, blanks.astype({"score": "float64"})]), card.criteria
    )
    for name in ("score", "adjusted", "low", "high", "n_raters"):
        one, two = (c.profile().criteria[name].to_numpy(dtype=float) for c in (card, more))
        np.testing.assert_allclose(two, one, atol=1e-12)
    assert more.raters == card.raters


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_names_and_the_order_of_raters_change_nothing(seed):
    card = random_card(seed)
    names = dict(zip(card.raters, [f"Z{9 - i}" for i in range(len(card.raters))], strict=True))
    renamed = card.ratings.assign(rater=card.ratings["rater"].map(names)).iloc[::-1]
    other = Scorecard.from_frames(renamed, card.criteria)
    one, two = card.profile(), other.profile()
    numbers = ["mean", "adjusted", "low", "high", "coverage"]
    np.testing.assert_allclose(two.stages[numbers].to_numpy(dtype=float),
                               one.stages[numbers].to_numpy(dtype=float), atol=1e-9)  # fmt: skip
    a, b = card.agreement(seed=1), other.agreement(seed=1)
    np.testing.assert_allclose(b.coefficients["value"], a.coefficients["value"], atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_bounds_hold_whatever_the_unknown_turn_out_to_be(seed):
    card = random_card(seed)
    found = card.profile()
    rng = np.random.default_rng(seed)
    filled = found.criteria["score"].fillna(pd.Series(rng.uniform(0, 4, len(found.criteria))))
    means = filled.groupby(found.criteria["stage"]).mean().to_numpy()
    assert (found.stages["low"].to_numpy() <= means + 1e-12).all()
    assert (means <= found.stages["high"].to_numpy() + 1e-12).all()


def whole(n_known, n=10):
    own = criteria(n, 2)
    ratings = pd.DataFrame({"criterion": list(own.ids[:n_known]), "score": [3.0] * n_known})
    return Scorecard.from_frames(ratings, own)


def test_the_total_needs_seventy_per_cent_and_half_of_every_stage():
    assert whole(8).total().value == 3.0
    assert "dmpkit's own sum, not validated" in whole(8).total().note
    seven = whole(7).total()  # 70 % overall, 2 of 5 in the second stage
    assert math.isnan(seven.value)
    assert seven.note.startswith("no total: s2 has 40 % of its criteria assessed; it needs")
    assert (seven.low, seven.high) == (pytest.approx(2.1), pytest.approx(3.3))
    six = whole(6).total()
    assert "s2 has 20 % of its criteria assessed and the whole has 60 %" in six.note
    nothing = whole(0)
    assert math.isnan(nothing.total().value)
    assert (nothing.total().low, nothing.total().high) == (0.0, 4.0)


def test_the_total_refuses_weights_that_are_none():
    card = whole(8)
    for weights, words in (
        ({"I1": 1.0}, "Did you mean 'I01'"),
        ({"I01": -1.0}, "number of 0 or more"),
        ({"I01": math.nan}, "number of 0 or more"),
        ({"I01": 0.0}, "All weights are 0"),
    ):
        with pytest.raises(DataError, match=words):
            card.total(weights=weights)


def test_one_rater_is_adjusted_for_nothing_and_raters_apart_cannot_be():
    alone = of([("I01", "a", "", 1, "", ""), ("I02", "a", "", 3, "", "")]).profile()
    assert alone.criteria["adjusted"].dropna().tolist() == [1.0, 3.0]
    apart = of([("I01", "a", "", 1, "", ""), ("I02", "b", "", 3, "", "")]).profile()
    assert apart.criteria["adjusted"].isna().all()
    assert math.isnan(apart.stages["adjusted"].iloc[0])


def test_the_summary_says_what_is_known_and_not():
    rows = [("I01", "a", "", 1, "EA", ""), ("I02", "a", "", 2, "EA", ""),
            ("I04", "a", "", 3, "EC", ""), ("I05", "a", "contested", None, "", "")]  # fmt: skip
    text = of(rows).profile().summary()
    assert "3 of 6 criteria that apply were assessed (50 %); 1 contested and 2 not assessed" in text
    assert "highest mean" not in text  # of s2 a third is known, too little to call it highest
    assert "Least is known of s2" in text
    text = of([*rows, ("I06", "a", "", 4, "EA", "")]).profile().summary()
    assert "s2 has the highest mean (3.50 of 4) and s1 the lowest (1.50)" in text
    assert "1 of the 4 assessed criteria rest on weak evidence only" in text
    empty = Scorecard.from_frames(pd.DataFrame({"criterion": ["I01"], "score": [None]}), criteria())
    assert "No criterion was assessed" in empty.profile().summary()
    assert empty.profile().indicators()[0].value == 0.0
    assert all(math.isnan(i.value) for i in empty.profile().indicators()[1:])


def test_pictures_have_words_and_are_marked_where_synthetic(tmp_path):
    card = of([("I01", "a", "", 1, "EA", ""), ("I02", "a", "not applicable", None, "", "x"),
               ("I05", "a", "contested", 2, "", "")], about={"synthetic": "yes"})  # fmt: skip
    for ax in (card.profile().plot_criteria(), card.profile().plot_stages()):
        assert plotting.alt_text(ax).startswith("Synthetic data.")
    assert "1 assessed, " in plotting.alt_text(card.profile().plot_criteria())
    page = card.profile().report(tmp_path / "p.html").read_text(encoding="utf-8")
    assert page.count("<img") == 2
    assert "at worst" in page


def test_a_mean_of_few_criteria_is_marked():
    few = of([("I04", "a", "", 4, "EA", ""), ("I01", "a", "", 2, "EA", ""),
              ("I02", "a", "", 2, "EA", "")]).profile()  # fmt: skip
    assert "1 of 3 only" in few.section().html
    assert "says little of its stage" in few.section().html
    ax = few.plot_stages()
    faces = [line.get_markerfacecolor() for line in ax.lines if line.get_marker() == "o"]
    assert faces.count("white") == 1
    assert "1 of 3 only" in [text.get_text() for text in ax.texts]
    assert "means from 2.0 to 2.0" in plotting.alt_text(ax)
    assert "1 of 3 criteria assessed only" in few.indicators()[2].note
    half = of([("I04", "a", "", 4, "EA", ""), ("I05", "a", "", 4, "EA", "")]).profile()
    assert " only" not in half.section().html.split("<table")[1]


def test_long_labels_are_cut_in_the_picture():
    own = Criteria(pd.DataFrame({"id": ["I1"], "label": ["w" * 300], "stage": ["s" * 90]}))
    card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [1]}), own)
    label = card.profile().plot_criteria().get_yticklabels()[0].get_text()
    assert len(label) <= 46
    assert label.endswith("…")


def test_how_many_lie_apart_is_said_where_not_all_are_named():
    """Six of nine names looked like all of them."""
    names = [f"I{n:02d}" for n in range(1, 10)]
    own = pd.DataFrame({"id": names, "label": [f"Thing {n}" for n in names], "stage": "evidence"})
    for n, end in ((9, "Thing I05, Thing I06 and 3 more."), (6, "Thing I05 and Thing I06.")):
        ratings = pd.DataFrame({"criterion": names[:n], "rater": "a", "score": 1})
        cuts = pd.DataFrame({"criterion": names[:n], "indicator": "share", "at_least_1": 0.2,
                             "at_least_2": 0.4, "at_least_3": 0.6, "at_least_4": 0.8})  # fmt: skip
        card = Scorecard.from_frames(ratings, own)
        found = card.with_indicators([Indicator("share", 0.9)], cut_points=cuts)
        words = found.profile().summary()
        said = words[words.index("Raters and measured numbers") :]
        assert said.startswith(
            "Raters and measured numbers lie a point or more apart on Thing I01, Thing I02"
        )
        assert said.endswith(end)
