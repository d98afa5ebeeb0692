"""Measured numbers: cut points, intervals, the reason index, what people said beside it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.evaluation import (
    Criteria,
    Scorecard,
    default_cut_points,
    measured_scores,
    score_of,
)
from dmpkit.evaluation.measured import TOP_NEEDS
from dmpkit.reporting import Indicator
from tests.evaluation.scorecards import criteria

NAN = math.nan
ABOVE, CHANCE = "reason index above chance after", "reason index chance level after"
CUTS = pd.DataFrame({"criterion": ["I01", "I01"], "indicator": ["share", "Gini"],
                     "at_least_1": [0.2, 0.6], "at_least_2": [0.4, 0.5], "at_least_3": [0.6, 0.3],
                     "at_least_4": [0.8, 0.1]})  # fmt: skip


def blank(own=None):
    own = own or criteria()
    return Scorecard.from_frames(pd.DataFrame({"criterion": [own.ids[0]], "score": [None]}), own)


def default_card():
    own = Criteria.default()
    return Scorecard.from_frames(pd.DataFrame({"criterion": ["C01"], "score": [2]}), own)


def score_for(criterion, *indicators, **options):
    card = default_card().with_indicators(indicators, **options)
    table = card.measured[card.measured["criterion"] == criterion]
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize(
    ("value", "cuts", "score"),
    [
        (0.19, (0.2, 0.4, 0.6, 0.8), 0), (0.2, (0.2, 0.4, 0.6, 0.8), 1),
        (0.1 + 0.2 + 0.3, (0.2, 0.4, 0.6, 0.8), 3), (9, (0.2, 0.4, 0.6, 0.8), 4),
        (0.61, (0.6, 0.5, 0.3, 0.1), 0), (0.5, (0.6, 0.5, 0.3, 0.1), 2),
        (0.0, (0.6, 0.5, 0.3, 0.1), 4), (0.7, (0.4, NAN, NAN, 0.8), 1),
    ],
)  # fmt: skip
def test_scores_by_rising_and_falling_cut_points(value, cuts, score):
    assert score_of(value, cuts) == score


@settings(max_examples=40, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2))
def test_more_is_never_scored_lower_on_rising_and_never_higher_on_falling_cuts(a, b):
    low, high = min(a, b), max(a, b)
    assert score_of(low, (-1, 0, 0.5, 1)) <= score_of(high, (-1, 0, 0.5, 1))
    assert score_of(low, (1, 0.5, 0, -1)) >= score_of(high, (1, 0.5, 0, -1))


@pytest.mark.parametrize("cuts", [(1, 1, 2, 3), (1, 3, 2, 4), (1, NAN, NAN, NAN), (1, 2, 3)])
def test_cut_points_must_rise_or_fall(cuts):
    with pytest.raises(DataError, match="neither rise nor fall"):
        score_of(1, cuts)


def test_the_cut_points_that_come_with_dmpkit_are_sound_and_called_our_proposal():
    table = default_cut_points()
    assert set(table["criterion"]) <= set(Criteria.default().ids)
    assert set(table["basis"]) == {"our proposal"}
    assert {"C27", "C40"} <= set(table["criterion"])
    assert set(TOP_NEEDS) <= set(table["indicator"])
    for row in table[["at_least_1", "at_least_2", "at_least_3", "at_least_4"]].to_numpy():
        assert 0 <= score_of(float(np.nanmean(row)), row) <= 4


def test_the_number_its_interval_and_the_scores_of_its_ends_stay_visible():
    card = blank().with_indicators(
        [Indicator("share", 0.65, 0.35, 0.85, n=40, note="members", source="survey")],
        cut_points=CUTS,
    )
    row = card.measured.iloc[0]
    assert row[["value", "low", "high"]].tolist() == [0.65, 0.35, 0.85]
    assert row[["score", "score_low", "score_high"]].tolist() == [3, 1, 4]
    assert row["cut_points"] == "0.2; 0.4; 0.6; 0.8"
    assert row["basis"] == "the evaluator's own"
    note = card.ratings.loc[card.ratings["rater"] == "measured", "note"].item()
    assert note.startswith("share 0.65 [0.35, 0.85], n = 40; cut points")
    profile = card.profile().criteria.iloc[0]
    assert (profile["status"], profile["source"], profile["score"]) == ("assessed", "measured", 3)
    assert not profile["weak"]
    assert card.scores.empty
    assert "two ends of the interval" in measured_scores(card).summary()


def test_of_several_numbers_the_lowest_score_counts_and_all_are_shown():
    card = blank().with_indicators(
        [Indicator("Gini", 0.55), Indicator("share", 0.9)], cut_points=CUTS
    )
    assert card.measured["used"].tolist() == [False, True]
    assert card.profile().criteria.iloc[0]["score"] == 1
    assert card.measured["score"].tolist() == [4, 1]


def test_people_and_number_are_both_shown_and_the_number_is_no_rater_in_agreement():
    ratings = pd.DataFrame({"criterion": ["I01", "I01"], "rater": ["a", "b"], "score": [1, 2]})
    before = Scorecard.from_frames(ratings, criteria())
    after = before.with_indicators([Indicator("share", 0.9)], cut_points=CUTS)
    assert after.raters == ("a", "b")
    pd.testing.assert_frame_equal(after.scores, before.scores)
    row = after.profile().criteria.iloc[0]
    assert (row["score"], row["measured"], row["source"]) == (1.5, 4.0, "raters")
    assert measured_scores(after).measured["people"].tolist() == [1.5]
    assert "lie a point or more apart on Thing I01" in after.profile().summary()
    assert before.measured.empty


def test_what_was_not_measured_stays_unknown_with_its_reason():
    card = blank().with_indicators(
        [Indicator("share", NAN, note="nobody answered")], cut_points=CUTS
    )
    row = card.ratings[card.ratings["rater"] == "measured"].iloc[0]
    assert row["status"] == "not assessed"
    assert "nobody answered" in row["note"]
    assert card.profile().criteria.iloc[0]["status"] == "not assessed"
    said = measured_scores(card).summary()
    assert "gets no score from share: not measured (nobody answered)." in said


def test_the_reason_index_is_not_judgeable_where_chance_is_high_or_not_known():
    good = Indicator(ABOVE, 0.25, 0.1, 0.4, n=26)
    assert score_for("C40", good, Indicator(CHANCE, 0.38))["score"] == 3
    for chance in (Indicator(CHANCE, 0.61), Indicator(CHANCE, 0.5)):
        row = score_for("C40", good, chance)
        assert math.isnan(row["score"])
        assert row["reason"].startswith("not judgeable: the chance level")
        assert "our bound" in row["reason"]
    assert "not known" in score_for("C40", good)["reason"]
    assert score_for("C40", good, Indicator(CHANCE, 0.61), highest_chance=0.7)["score"] == 3


@pytest.mark.parametrize(
    ("name", "criterion", "value", "low", "score"),
    [
        (ABOVE, "C40", 0.4, 0.05, 4), (ABOVE, "C40", 0.4, -0.01, 3), (ABOVE, "C40", 0.4, NAN, 3),
        (ABOVE, "C40", 0.0, -0.2, 0), (ABOVE, "C40", -0.1, -0.3, 0),
        ("knowledge gain (effect size)", "C27", 0.9, 0.3, 4),
        ("knowledge gain (effect size)", "C27", 0.9, 0.2, 3),
        ("knowledge gain (effect size)", "C27", 0.3, -0.1, 2),
        ("change in civic capacity (effect size)", "C49", 0.6, 0.1, 4),
        ("change in civic capacity (effect size)", "C49", 0.6, -0.1, 3),
    ],
)  # fmt: skip
def test_the_highest_score_of_an_effect_needs_its_interval(name, criterion, value, low, score):
    found = Indicator(name, value, low, NAN if math.isnan(low) else 1.0)
    assert score_for(criterion, found, Indicator(CHANCE, 0.1))["score"] == score


def test_seats_are_counted_as_in_a_panel_of_fifty():
    assert score_for("C19", Indicator("seats short of quotas", 2, n=100))["score"] == 3
    assert score_for("C19", Indicator("seats short of quotas", 2, n=25))["score"] == 1
    assert score_for("C19", Indicator("seats short of quotas", 0, n=25))["score"] == 4
    row = score_for("C19", Indicator("seats short of quotas", 2))
    assert row["reason"] == "not judgeable: the number of members is not known"


def test_own_cut_points_take_the_place_of_ours():
    cuts = pd.DataFrame({"criterion": ["C27"], "indicator": ["Knowledge gain (effect size)"],
                         "at_least_1": [1], "at_least_2": [2], "at_least_3": [3],
                         "at_least_4": [4]})  # fmt: skip
    found = Indicator("knowledge gain (effect size)", 0.9, 0.5, 1.3)
    for table in (cuts, pl.from_pandas(cuts)):
        row = score_for("C27", found, cut_points=table)
        assert (row["score"], row["basis"]) == (0, "the evaluator's own")


@pytest.mark.parametrize(
    ("change", "words"),
    [({"criterion": "I1"}, "Did you mean 'I01'"), ({"at_least_2": 0.7}, "neither rise nor fall")],
)
def test_cut_points_that_cannot_be_used_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        blank().with_indicators([], cut_points=CUTS.head(1).assign(**change))


def test_two_values_of_one_name_are_refused_and_the_same_twice_is_not():
    same = Indicator("share", 0.5)
    assert len(blank().with_indicators([same, same], cut_points=CUTS).measured) == 1
    with pytest.raises(DataError, match="two different values of the indicator 'share'"):
        blank().with_indicators([same, Indicator("share", 0.6)], cut_points=CUTS)
    with pytest.raises(DataError, match="A str is no indicator"):
        blank().with_indicators(["share"])  # type: ignore[list-item]


def test_results_hand_over_their_indicators_and_calls_add_up():
    class Found:
        def indicators(self):
            return (Indicator("share", 0.5), Indicator("unrelated", 7.0))

    once = blank().with_indicators([Found()], cut_points=CUTS)
    twice = once.with_indicators([Indicator("Gini", 0.2)], cut_points=CUTS)
    assert [i.name for i in twice.indicators] == ["share", "unrelated", "Gini"]
    assert twice.measured["indicator"].tolist() == ["share", "Gini"]
    assert (twice.ratings["rater"] == "measured").sum() == 1


def test_no_indicator_leaves_everything_as_it_was():
    card = blank().with_indicators([])
    assert card.measured.empty
    assert measured_scores(card).summary() == "No measured number informs a criterion."
    assert "rater" in card.ratings
    assert card.profile().coverage == 0.0


def test_the_page_shows_numbers_scores_and_cut_points(tmp_path):
    card = default_card().with_indicators(
        [Indicator(ABOVE, 0.25, 0.1, 0.4), Indicator(CHANCE, 0.61),
         Indicator("share of silent members", 0.04, n=50)]
    )  # fmt: skip
    result = measured_scores(card)
    page = result.report(tmp_path / "m.html").read_text(encoding="utf-8")
    assert "not judgeable" in page
    assert "our proposal" in page
    assert result.tables("polars")["measured"]["n"].to_list() == [50, None]
    assert result.to_excel(tmp_path / "m.xlsx").exists()


def test_the_lowest_number_counts_for_the_support_of_the_text():
    """A ballot with 91 % does not hide that 43 % stand by the text when asked."""
    card = Scorecard.from_frames(pd.DataFrame({"criterion": ["C41"], "score": [None]}))
    offered = [
        Indicator("support for the final text", 0.91),
        Indicator("share agreeing: C41", 0.43),
    ]
    found = card.with_indicators(offered)
    used = found.measured[found.measured["used"]].iloc[0]
    assert (used["indicator"], used["score"]) == ("share agreeing: C41", 0)
    assert not len(measured_scores(found).without_cut_points)


def test_an_agreement_without_cut_points_is_named_until_it_has_some():
    offered = [
        Indicator("share agreeing: I01", 0.6, n=20),
        Indicator("share agreeing: I02", NAN),
        Indicator("share agreeing: elsewhere", 0.5),
    ]
    bare = measured_scores(blank().with_indicators(offered, cut_points=CUTS))
    assert bare.without_cut_points[["criterion", "value"]].to_numpy().tolist() == [["I01", 0.6]]
    assert "members who agree on I01 Thing I01." in bare.summary()
    assert bare.frames()["without_cut_points"].equals(bare.without_cut_points)
    cuts = CUTS.head(1).assign(indicator="share agreeing: I01", criterion="I01")
    cut = measured_scores(blank().with_indicators(offered, cut_points=cuts))
    assert not len(cut.without_cut_points)
    assert "without cut points" not in cut.summary()


def test_whole_numbers_from_two_on_are_shown_without_decimals():
    from dmpkit.evaluation.measured import _plainly

    shown = _plainly(pd.Series([2.0, 3.0, 2.5, 1.0, 0.4, np.nan])).tolist()
    assert [type(value) for value in shown] == [int, int, *[float] * 4]
    assert shown[:5] == [2, 3, 2.5, 1.0, 0.4]
