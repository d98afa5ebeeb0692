"""Numbers worked out a second time, where a slip in one line would otherwise go unseen."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from dmpkit import evaluation as ev
from dmpkit.errors import DataError, ReasonDataWarning
from dmpkit.evaluation import (
    criteria_sorts,
    discourse,
    measurements,
    paired_tests,
    polarisation,
    preferences,
    stress,
    support,
    talk,
    talk_gap,
)
from dmpkit.evaluation.codebook import Code, Codebook
from dmpkit.evaluation.verdict import read_stage
from tests import kept_tables


@pytest.mark.parametrize("d", [[-1.0, -2, -3, 4, -5, -6], [1.0, 2, 3, -4, 5, 6]])
def test_exact_wilcoxon_doubles_the_smaller_tail_on_either_side(d):
    """The observed value belongs to both tails."""
    n, w, _, exact = paired_tests.wilcoxon(d)
    ranks = np.abs(d)  # 1 to n: their own ranks
    all_sums = [float(ranks @ np.array(s)) for s in itertools.product([0, 1], repeat=n)]
    tails = np.mean(np.array(all_sums) <= w), np.mean(np.array(all_sums) >= w)
    assert exact == pytest.approx(2 * min(tails), abs=1e-14)  # 2 * 7 / 64 on both sides
    assert exact == pytest.approx(14 / 64, abs=1e-14)


def test_an_item_of_knowledge_is_clear_only_under_the_level():
    """Four learned, nobody forgot: p = 2/16 = 0.125, not below 0.05, though below 0.25."""
    first = pd.DataFrame({"person": range(6), "k": [0, 0, 0, 0, 1, 1]})
    gain = ev.knowledge_gain(first, first.assign(k=1))
    assert gain.items["p_mcnemar"].item() == 0.125
    assert "on 0 the difference passes" in gain.summary()
    six = pd.DataFrame({"person": range(6), "k": 0})
    assert "on 1 the difference passes" in ev.knowledge_gain(six, six.assign(k=1)).summary()


def test_three_answers_have_no_bimodality_coefficient():
    """Its formula divides by n - 3."""
    assert math.isnan(ev.polarisation_measures([1, 0, 2])["bimodality_coefficient"])
    four = ev.polarisation_measures([1, 0, 3])["bimodality_coefficient"]
    x = np.array([1.0, 3, 3, 3])
    n, z = 4, (x - x.mean()) / x.std()
    g = math.sqrt(n * (n - 1)) / (n - 2) * np.mean(z**3)
    k = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (np.mean(z**4) - 3) + 6)
    assert four == pytest.approx((g**2 + 1) / (k + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))))


def test_ends_of_the_bootstrap_are_its_quantiles_unless_many_are_undefined():
    column = np.arange(101.0)
    ends = polarisation._percentiles(column[:, None], 0.05)
    assert ends[:, 0] == pytest.approx([5, 95], abs=1e-12)
    column[:6] = np.nan  # six of 101 are more than a twentieth
    assert np.isnan(polarisation._percentiles(column[:, None], 0.05)).all()


def test_standardised_difference_of_shares_by_hand():
    before = pd.DataFrame({"person": range(6), "q": [1, 2, 3, 4, 5, 5]})
    people = pd.DataFrame({"person": range(6), "sex": ["w", "w", "w", "m", "w", "m"]})
    found = ev.attrition(before, before.head(4), people).table
    row = found[found["category"] == "w"].iloc[0]
    assert (row["both"], row["before_only"]) == (0.75, 0.5)
    by_hand = (0.5 - 0.75) / math.sqrt((0.75 * 0.25 + 0.5 * 0.5) / 2)
    assert row["standardised_difference"] == pytest.approx(by_hand, abs=1e-12)


def test_standard_error_of_a_group_s_share_of_the_talk_by_hand():
    """Delta method: s = T1/(T1 + T2), var T = n times the sample variance."""
    values = np.array([10.0, 40, 70, 5, 25])
    codes = np.array([0, 0, 0, 1, 1])
    share, error = talk_gap._shares(values[None, :], codes, 2)
    total = values.sum()
    v1, v2 = 3 * values[:3].var(ddof=1), 2 * values[3:].var(ddof=1)
    s = values[:3].sum() / total
    by_hand = math.sqrt((1 - s) ** 2 * v1 + s**2 * v2) / total
    assert share[0] == pytest.approx([s, 1 - s], abs=1e-12)
    assert error[0] == pytest.approx([by_hand, by_hand], abs=1e-12)


def test_limits_reached_by_sums_of_thirds_are_reached():
    """Seven weights of 1/3 out of ten are 70 %, and 2, 8/3, 8/3, 8/3 have the mean 2.5.

    Python before 3.12 adds them up to a last digit less.
    """
    own = pd.DataFrame({"id": [f"I{i}" for i in range(10)], "label": "x", "stage": ["s"] * 10})
    own["label"] = own["id"]
    seven = ev.Scorecard.from_frames(
        pd.DataFrame({"criterion": own["id"][:7], "score": [3] * 7}), own
    )
    for weight in (1 / 3, 0.1, 0.7):
        weights = dict.fromkeys(own["id"], weight)
        assert seven.total(weights=weights).value == pytest.approx(3, abs=1e-12)
    six = ev.Scorecard.from_frames(
        pd.DataFrame({"criterion": own["id"][:6], "score": [3] * 6}), own
    )
    assert math.isnan(six.total().value)
    mean = math.nextafter(2.5, 0)
    assert read_stage(mean, mean, mean, 1.0) == "good"
    assert read_stage(2.49, 2.49, 2.49, 1.0) == "middling"


def test_members_with_a_doubled_column_are_refused():
    talk = pd.DataFrame({"person": ["a", "b"], "seconds": [5, 9]})
    members = pd.DataFrame([["a", "w", "m"], ["b", "m", "w"]], columns=["person", "sex", "sex"])
    with pytest.raises(DataError, match="sex"):
        ev.talk_inequality(talk, members=members, group="sex")


def test_a_code_that_does_not_begin_at_0_is_scaled_from_its_minimum():
    """1 of 1 to 5 is 0 %, not 20 %, overall and by group."""
    book = Codebook("own", (Code("tone", "tone", 5, minimum=1),))
    acts = pd.DataFrame(
        {"act": np.repeat(range(10), 2), "coder": ["u", "v"] * 10, "group": "g",
         "person": np.repeat(list("abcdefghij"), 2),
         "tone": np.repeat([1, 1, 1, 1, 1, 3, 3, 3, 5, 5], 2)}
    )  # fmt: skip
    found = ev.discourse_quality(acts, codebook=book, group="group", n_resamples=0)
    assert found.composite.value == pytest.approx(35)  # mean 2.4: 1.4 of 4
    shares = found.groups.select_dtypes("number").to_numpy(dtype=float)
    assert np.isclose(shares, 0.35).any()
    assert not np.isclose(shares, 0.48).any()


def test_pairs_without_a_correlation_are_told_and_nothing_is_called_exact():
    """People 0 and 3 share two items only; then the mean of individuals is not the index."""
    c = np.array([[1, 2, 3, 4, np.nan, np.nan], [2, 1, 4, 3, 6, 5], [6, 2, 3, 5, 4, 1],
                  [np.nan, np.nan, 1, 2, 4, 3.0]])  # fmt: skip
    p = np.array([[1, 4, 3, 2], [2, 1, 3, 4], [4, 3, 1, 2], [1, 3, 2, 4]])
    with pytest.warns(ReasonDataWarning):
        made = ev.reason_index(ev.ReasonSurvey(c, p))
    assert made.n_pairs == 5
    assert made.value == pytest.approx(1 - 2 * made.pairs["distance"].mean() / math.sqrt(0.5))
    assert abs(made.individual["value"].mean() - made.value) > 1e-6
    assert "1 pairs have no correlation" in made.methods_text()
    assert "exact" not in made.summary()
    whole = ev.reason_index(ev.ReasonSurvey(np.nan_to_num(c, nan=5.0), p))
    assert "chance level, exact" in whole.summary()
    assert "have no correlation" not in whole.methods_text()


def test_a_stage_half_assessed_is_compared_with_the_others():
    """Half is enough: the limit itself counts."""
    own = pd.DataFrame({"id": list("abcd"), "label": list("wxyz"), "stage": ["s", "s", "t", "t"]})
    ratings = pd.DataFrame({"criterion": ["a", "c", "d"], "score": [4, 1, 1]})
    text = ev.Scorecard.from_frames(ratings, own).profile().summary()
    assert "s has the highest mean" in text


def test_two_thirds_of_the_ranks_are_where_the_lower_third_begins():
    """Three criteria, two of them level: their share of ranks is (2.5 - .5) / 3."""
    assert criteria_sorts._thirds(np.array([1.0, 0.0, 0.0])) == [
        "upper third", "lower third", "lower third",
    ]  # fmt: skip


def test_a_row_of_a_record_needs_what_names_it_and_what_it_says():
    needed = {
        name: {field.name for field in kind.fields if field.required}
        for name, kind in measurements.MEASUREMENTS.items()
    }
    assert needed["talk"] == {"person", "seconds"}
    assert needed["acts"] == {"act", "coder"}
    assert {"code", "label", "maximum"} <= needed["codebook"]


@pytest.mark.parametrize(
    ("word", "support", "voted"),
    [(w, 1, 1) for w in ("for", "yes", "Agree", "in favour", "in favor")]
    + [(w, 0, 1) for w in ("against", "no", "Disagree", "abstain", "abstained", "abstention")],
)
def test_every_word_of_a_vote_counts_on_its_side(word, support, voted):
    ballot = pd.DataFrame({"person": [1, 2], "item": "text", "answer": [word, "for"]})
    row = ev.support_for_text(ballot).items.iloc[0]
    assert (row["support"], row["voted"]) == (1 + support, 1 + voted)
    opposed = word.lower() in ("against", "no", "disagree")
    assert row["against"] == int(opposed)
    assert row["abstain"] == int(word.startswith("abst"))


def test_two_acts_have_a_spread():
    book = Codebook("own", (Code("tone", "tone", 4),))
    acts = pd.DataFrame({"act": [1, 2, 1, 2, 3], "coder": ["u", "u", "v", "v", "v"],
                         "person": "a", "tone": [0, 4, 0, 4, 2]})  # fmt: skip
    found = ev.discourse_quality(acts, codebook=book, n_resamples=0).by_coder.set_index("coder")
    assert found.loc["u", "composite_sd"] == pytest.approx(100 / math.sqrt(2))


def test_nothing_stressed_leaves_no_weight_for_any_criterion():
    found = stress.stress_weights([0, 0, 0], math.inf)
    assert found.shape == (3,)
    assert np.isnan(found).all()


def test_civic_capacity_rests_on_the_items_named_alone():
    before = pd.DataFrame({"person": range(5), "e1": [1, 2, 3, 3, 2], "other": [5, 5, 4, 1, 2]})
    after = pd.DataFrame({"person": range(5), "e1": [2, 4, 3, 4, 3], "other": [1, 2, 1, 1, 1]})
    found = ev.civic_capacity_change(before, after, items=["e1"], scale=(1, 5))
    change = (after["e1"] - before["e1"]) / 4
    correction = 1 - 3 / (4 * 4 - 1)  # Hedges, 4 degrees of freedom
    assert found.value == pytest.approx(correction * change.mean() / change.std())
    only = [f[["person", "e1"]] for f in (before, after)]
    assert ev.civic_capacity_change(*only, items=["e1"], scale=(1, 5)).value == found.value


def test_people_of_answers_are_ids():
    """Ids are compared as written: a field of text would do otherwise with 1 and 01."""
    field = measurements.answers_kind("before", None).fields[0]
    assert (field.name, field.kind, field.required) == ("person", "id", True)


def test_headings_of_pages_are_of_columns_that_exist():
    """A heading for a column that no table has would leave that column's own name standing."""
    there = {column for _, column in kept_tables.read("evaluation")}
    for module in (discourse, preferences, support, talk):
        assert set(module._HEADINGS) <= there, module.__name__
