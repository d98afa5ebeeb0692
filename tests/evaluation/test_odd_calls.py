"""Calls with things that are no tables, no numbers and no names: refused in words."""

import numpy as np
import pandas as pd
import pytest

from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import floats, name_list
from dmpkit.evaluation.paired_tests import hedges_correction, paired_t

BEFORE = pd.DataFrame({"person": list("abcdef"), "q": [1, 2, 3, 2, 1, 4]})
AFTER = pd.DataFrame({"person": list("abcdef"), "q": [2, 2, 5, 4, 1, 4]})
RIGHT = BEFORE.assign(q=[0, 1, 0, 1, 0, 1])
TALK = pd.DataFrame({"person": ["a", "b"], "seconds": [3, 5]})
ACTS = pd.DataFrame({"act": [1, 1], "coder": ["u", "v"], "person": "a", "level": [1, 1]})

ODD = {
    "labels": lambda: ev.opinion_change(BEFORE, AFTER, labels=3),
    "labels of knowledge": lambda: ev.knowledge_gain(RIGHT, RIGHT, labels=["q"]),
    "labels of a transition": lambda: ev.transitions(BEFORE, AFTER, "q", labels="q"),
    "labels of attrition": lambda: ev.attrition(BEFORE, AFTER.head(3), labels=1.5),
    "labels of polarisation": lambda: ev.polarisation_change(
        BEFORE, AFTER, scale=(1, 5), n_resamples=0, labels=[1]
    ),
    "items": lambda: ev.opinion_change(BEFORE, AFTER, items=7),
    "items of attrition": lambda: ev.attrition(BEFORE, AFTER, items=7),
    "adjust": lambda: ev.opinion_change(BEFORE, AFTER, adjust=["holm"]),
    "reversed items": lambda: ev.civic_capacity_change(
        BEFORE, AFTER, items=["q"], scale=(1, 5), reversed_items=1
    ),
    "key": lambda: ev.knowledge_gain(RIGHT, RIGHT, key=1),
    "dont_know": lambda: ev.knowledge_gain(RIGHT, RIGHT, dont_know=9),
    "blank": lambda: ev.knowledge_gain(RIGHT, RIGHT, blank=np.array([1, 2])),
    "McNemar, text": lambda: ev.exact_mcnemar("3", 1),
    "McNemar, NaN": lambda: ev.exact_mcnemar(float("nan"), 1),
    "counts": lambda: ev.van_der_eijk(["a", "b", "c"]),
    "positions": lambda: ev.polarisation_measures([1, 2, 3], positions=["x", "y", "z"]),
    "alpha": lambda: ev.polarisation_measures([1, 2, 3], alpha="1.3"),
    "W": lambda: ev.kendall_w([["a", "b"], ["c", "d"]]),
    "leniency": lambda: ev.rater_leniency(pd.DataFrame({"r": ["<script>", "x"]})),
    "one score": lambda: ev.dirichlet_mean(3),
    "a blank among scores": lambda: ev.dirichlet_mean([3, None]),
    "a blank among extremes": lambda: ev.extreme_means([1, float("nan")]),
    "bounds": lambda: ev.extreme_means([1, 2], low="0"),
    "ranks": lambda: ev.majorities([["first", "second"]], ("a", "b")),
    "options": lambda: ev.majorities([[1, 2]], 2),
    "cut points": lambda: ev.score_of(1, "abcd"),
    "value": lambda: ev.score_of("high", [1, 2, 3, 4]),
    "a group of talk": lambda: ev.talk_inequality(TALK, group=["sex"]),
    "a table of talk": lambda: ev.talk_inequality(TALK, table=["seat"]),
    "coders": lambda: ev.discourse_quality(ACTS, coders=2),
    "coefficient": lambda: ev.discourse_quality(ACTS, coefficient=["spearman"]),
    "groups": lambda: ev.support_for_text(
        pd.DataFrame({"person": [1], "item": ["text"], "answer": ["for"]}), groups=4
    ),
}


@pytest.mark.parametrize("what", ODD)
def test_refused_in_words(what):
    with pytest.raises(DataError):
        ODD[what]()


def test_two_people_make_no_effect_size_and_not_none():
    """Hedges' factor is 0 for two: whatever they said, gz would be 0 and look like no effect."""
    assert np.isnan(hedges_correction(2))
    assert hedges_correction(3) == pytest.approx(4 / 7)
    test = paired_t([1.0, 3.0])
    assert np.isnan(test.gz)
    assert test.dz == pytest.approx(2**0.5)
    change = ev.opinion_change(BEFORE.head(2), AFTER.assign(q=[4, 3, 1, 1, 1, 1]).head(2))
    row = change.items.iloc[0]
    assert np.isnan(row["gz"])
    assert "gz" in row["note"]
    assert np.isfinite(row["t"])
    gain = ev.knowledge_gain(
        pd.DataFrame({"person": [1, 2], "a": [0, 0], "b": [0, 1]}),
        pd.DataFrame({"person": [1, 2], "a": [1, 1], "b": [1, 1]}),
    )
    found = gain.effect_size
    assert np.isnan(found.value)
    assert "two people" in found.note


def test_endless_numbers_get_the_end_they_lie_at():
    rising, falling = [1, 2, 3, 4], [0.4, 0.3, 0.2, 0.1]
    assert ev.score_of(-np.inf, rising) == 0
    assert ev.score_of(np.inf, rising) == 4
    assert ev.score_of(np.inf, falling) == 0
    assert ev.score_of(-np.inf, falling) == 4


def test_floats_and_name_lists():
    assert floats(pd.Series([1, None], dtype="Int64"), "x").tolist()[0] == 1
    assert np.isnan(floats(pd.DataFrame({"a": pd.array([None], dtype="Int64")}), "x")).all()
    assert name_list(" q", "items") == [" q"]
    assert name_list([" q", 3.0], "items") == [" q", "3"]
    for odd in (None, 3, b"q", {"q": 1}):
        with pytest.raises(DataError, match="items"):
            name_list(odd, "items")
