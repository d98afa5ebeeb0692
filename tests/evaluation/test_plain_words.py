"""What a practitioner reads: sentences, numbers of people, headings of tables."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from dmpkit import evaluation as ev
from dmpkit.evaluation.measured import measured_scores
from dmpkit.evaluation.preferences import _p_words
from dmpkit.evaluation.reason_simulation import ReasonSimulation
from dmpkit.evaluation.report_texts import TEXTS
from dmpkit.evaluation.support import support_for_text
from dmpkit.evaluation.talk import talk_inequality
from dmpkit.evaluation.verdict import verdict_of
from dmpkit.reporting import Indicator

NAN = math.nan


def card(scores, grades, stages=None):
    """A scorecard of one rater: a score (or None) and a grade of evidence by criterion."""
    ids = [f"I{i}" for i in range(1, len(scores) + 1)]
    own = pd.DataFrame({"id": ids, "label": ids, "stage": stages or ["house"] * len(ids)})
    evidence = pd.DataFrame({
        "evidence": [f"V{i}" for i in ids], "kind": "document", "source": "a file", "grade": grades,
    })  # fmt: skip
    ratings = pd.DataFrame({"criterion": ids, "score": scores, "evidence": [f"V{i}" for i in ids]})
    ratings.loc[ratings["score"].isna(), "evidence"] = ""
    return ev.Scorecard.from_frames(ratings, own, evidence=evidence)


def test_a_stage_called_good_says_what_rests_on_weak_evidence():
    made = verdict_of(card([4, 3, 3, 4], ["A", "C", "D", "B"]).profile())
    assert made.sentences()[0] == "Good: house (2 of 4 on weak evidence only)."
    firm = verdict_of(card([4, 3], ["A", "B"]).profile())
    assert firm.sentences()[0] == "Good: house."


def test_stages_of_which_nothing_is_known_are_led_in():
    scores, stages = [4, None, None, 3], ["a", "b", "b", "a"]
    made = verdict_of(card(scores, ["A"] * 4, stages).profile())
    assert made.sentences()[1] == TEXTS["lead_not_known"].format(stages="b")
    assert "Too little was assessed" in made.sentences()[1]


def simulation(kind, columns, rows):
    rates = pd.DataFrame(rows, columns=[*columns, "runs", "hits"])
    return ReasonSimulation(rates, kind, 0.05 if kind == "rejections" else 0.95, "Made.", 1)


def test_a_simulation_speaks_in_sentences():
    rows = [("sharp null", "swap", 1000, 50), ("weak null", "paired t", 1000, 200)]
    text = simulation("rejections", ["null", "test"], rows).summary()
    assert "same rule, with new noise (sharp null): swapping people's whole answers" in text
    assert "(swap test) found one in 5.0%" in text
    assert " · " not in text
    rows = [("index after", "from the pairs", 1000, 940)]
    text = simulation("coverage", ["quantity", "interval"], rows).summary()
    assert "For the index after: the interval from the pairs of people held it in 94.0%" in text


@pytest.mark.parametrize("note", ["not assessed: no list.", "no list", "no list."])
def test_what_was_not_measured_is_said_once(note):
    levels = {f"at_least_{n}": [n / 5] for n in range(1, 5)}
    cuts = pd.DataFrame({"criterion": ["I1"], "indicator": ["share"], **levels})
    made = card([3], ["A"]).with_indicators([Indicator("share", NAN, note=note)], cut_points=cuts)
    text = measured_scores(made).summary()
    assert text.endswith("I1 gets no score from share: not measured (no list).")


def test_without_a_corrected_index_the_reason_stands_in_its_place():
    alike = ev.ReasonSurvey([[1, 2, 3, 5]] * 5, [[1, 2, 3]] * 5)
    text = ev.reason_index(alike, n_permutations=0, seed=1).summary()
    assert "It cannot be corrected for chance: all agree on everything" in text
    assert "–" not in text


def test_p_near_one_is_not_made_exact():
    assert _p_words(1.0) == "p > 0.99"
    assert _p_words(0.5) == "p = 0.500"


def test_weights_are_counted_with_a_separator():
    made = ev.weight_sensitivity(card([4, 3, 1], ["A"] * 3), n_draws=1000, seed=1)
    assert "95 % of 1,000 drawn weights" in made.summary()
    assert "1,000 draws" in made.methods_text()


def test_nobody_is_no_zero():
    one = pd.DataFrame({"person": ["a", "b", "c", "d"], "q": [1, 2, 3, 4]})
    change = ev.opinion_change(one, one.head(3))
    assert "1 answered only before, none only after, and are left out" in change.summary()
    talk = talk_inequality(pd.DataFrame({"person": ["a", "b"], "seconds": [30, 60]}),
                         members=pd.DataFrame({"person": ["a", "b"]}))  # fmt: skip
    assert "All 2 members spoke." in talk.summary()
    votes = pd.DataFrame({"person": list("abcdef"), "item": "text",
                          "answer": ["for"] * 5 + ["against"]})  # fmt: skip
    assert "1 was against and no one abstained" in support_for_text(votes).summary()


def test_conditions_are_counted_first():
    means = pd.DataFrame({"criterion": ["C01", "C04", "C43"], "mean": [3.5, 0.5, 1.0]})
    text = ev.working_conditions(means).summary()
    states = ev.working_conditions(means).panel["state"].replace({"present": "not met"})
    met, bad = (int((states == word).sum()) for word in ("met", "not met"))
    assert text.startswith("Of the eight conditions ")
    assert f"{met} {'is' if met == 1 else 'are'} met" in text
    assert f"{bad} {'is' if bad == 1 else 'are'} not met" in text


def test_tables_have_captions_and_headings_in_words():
    talk = talk_inequality(pd.DataFrame({"person": list("abcd"), "seconds": [30, 60, 20, 40]}))
    page = BeautifulSoup(talk.section().html, "html.parser")
    assert all(table.find("caption") for table in page.find_all("table"))
    before = pd.DataFrame([[1, 2, 3], [2, 1, 3], [1, 3, 2], [3, 2, 1], [1, 2, 3]],
                          columns=["P", "Q", "R"])  # fmt: skip
    ranks = ev.single_peakedness(before.assign(person=list("abcde")), n_random=50, seed=1)
    heads = [h.get_text() for h in BeautifulSoup(ranks.section().html, "html.parser")("th")]
    assert "axes that do equally well" in heads
    assert not [h for h in heads if "_" in h]
