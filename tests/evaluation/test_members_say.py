"""Answers about experience: what is misread would become a score."""

import math

import numpy as np
import pandas as pd
import pytest

from dmpkit import evaluation as ev
from dmpkit.errors import DataError

ANSWERS = pd.DataFrame({"person": list("abcdefg"), "x": [5, 4, 2, 1, 4, 5, None]})
ITEMS = pd.DataFrame(
    {"item": ["x"], "label": ["I was heard"], "low": [1], "high": [5], "agree_from": [4],
     "criterion": ["C29"], "reversed": ["no"]}
)  # fmt: skip


def test_shares_and_bounds_by_hand():
    row = ev.members_say(ANSWERS, ITEMS, n_members=10).items.iloc[0]
    assert (row["n"], row["share"]) == (6, pytest.approx(4 / 6, abs=1e-12))
    assert (row["at_least"], row["at_most"]) == (pytest.approx(0.4), pytest.approx(0.8))
    turned = ev.members_say(ANSWERS, ITEMS.assign(reversed="yes")).items.iloc[0]
    assert turned["share"] == pytest.approx(2 / 6, abs=1e-12)  # 2 and 1 become 4 and 5


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (ANSWERS.assign(x=[5, 4, 2, 1, 4, 5, 99]), "outside the scale"),
        (ANSWERS.assign(x=["5", "4", "2", "1", "agree", "5", ""]), "agree"),
        (ANSWERS.assign(person=list("aacdefg")), "more than once"),
        (ANSWERS.assign(x=np.inf), "infinite"),
        (ANSWERS.drop(columns="x"), "missing"),
    ],
)
def test_what_is_no_answer_is_refused_and_not_counted(answers, words):
    """A code for no answer, such as 99, would be the strongest agreement."""
    with pytest.raises(DataError, match=words):
        ev.members_say(answers, ITEMS)


@pytest.mark.parametrize(
    "change",
    [{"low": 5}, {"agree_from": 9}, {"agree_from": "high"}, {"low": None, "reversed": "yes"}],
)
def test_items_that_cannot_be(change):
    with pytest.raises(DataError):
        ev.members_say(ANSWERS, ITEMS.assign(**change))
    with pytest.raises(DataError, match="x"):
        ev.members_say(ANSWERS, pd.concat([ITEMS, ITEMS]))
    with pytest.raises(DataError, match="n_members"):
        ev.members_say(ANSWERS, ITEMS, n_members="many")


def test_blanks_are_blank():
    items = pd.concat([ITEMS, ITEMS.assign(item="y", criterion=np.nan, label=None)])
    items["agree_from"] = [np.nan, 4]
    found = ev.members_say(ANSWERS.assign(y=[1, 2, 3, 4, 5, None, None]), items)
    assert np.isnan(found.items["share"].iloc[0])  # no lowest agreeing answer: no share
    assert found.items["criterion"].tolist() == ["C29", ""]
    assert found.items["label"].tolist() == ["I was heard", "y"]
    assert "share agreeing: nan" not in [one.name for one in found.indicators()]
    nobody = ev.members_say(ANSWERS.assign(x=None), ITEMS)
    assert np.isnan(nobody.items["share"].item())
    assert nobody.items["n"].item() == 0
    assert all(math.isnan(one.value) for one in nobody.indicators())


def test_who_left_in_any_spelling_and_nothing_else():
    assert ev.share_who_left(["Yes", "no ", "YES", None]).value == pytest.approx(1 / 3)
    assert ev.share_who_left([True, False, np.True_, float("nan")]).value == pytest.approx(1 / 3)
    for odd in (["yes", "perhaps"], [1, 0], "yes"):
        with pytest.raises(DataError, match="yes or no"):
            ev.share_who_left(odd)
