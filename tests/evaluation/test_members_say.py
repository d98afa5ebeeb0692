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


def test_reversed_items_say_not_wherever_their_share_stands():
    """A share of those who disagree stood beside the wording they disagree with."""
    items = ITEMS.assign(label="One side had the better place", reversed="yes")
    found = ev.members_say(ANSWERS, items)
    turned = "not: One side had the better place"
    row = found.frames()["items"].iloc[0]
    assert (row["label"], row["mean"]) == (turned, pytest.approx(2.5))  # 6 - 3.5
    section = found.section()
    assert f">{turned}<" in section.html
    assert f"{turned} 33%" in section.figures[0].alt
    assert found.plot().get_yticklabels()[0].get_text().replace("\n", " ") == turned
    two = pd.concat([items, ITEMS.assign(item="y")])
    said = ev.members_say(ANSWERS.assign(y=5), two).summary()
    assert f"fewest that “{turned}” (33%)" in said
    assert "not: not" not in said


def test_what_was_asked_before_only_is_marked():
    found = ev.members_say(ANSWERS, ITEMS.assign(asked="before"))
    assert found.items["asked"].tolist() == ["before"]
    assert "I was heard (asked before)" in found.section().html
    assert "1 of them asked before the first session only" in found.indicators()[0].note
    assert "Asked before the first session only: 1 of the questions" in found.summary()
    assert "before the first session only: " not in ev.members_say(ANSWERS, ITEMS).summary()


@pytest.mark.parametrize("after", [True, False])
def test_an_evaluation_does_not_lose_what_was_asked_before_only(tmp_path, after):
    (tmp_path / "ratings.csv").write_text("criterion,rater,score\nC01,A,3\n")
    (tmp_path / "items.csv").write_text(
        "item,kind,label,low,high,reversed,criterion,agree_from\n"
        "e_invited,experience,The invitation was made for me,1,5,no,C22,4\n"
        "e_stand,experience,I stand by the text,1,5,no,C41,4\n"
    )
    rows = "".join(f"p{n},{n % 5 + 1}\n" for n in range(10))
    (tmp_path / "answers_before.csv").write_text(f"person,e_invited\n{rows}")
    if after:
        (tmp_path / "answers_after.csv").write_text(f"person,e_stand\n{rows}")
    found = ev.analyse(tmp_path, n_permutations=9, n_resamples=9)
    said = found.parts["members say"].items.set_index("item")
    assert said["asked"].to_dict() == {
        "e_invited": "before",
        **({"e_stand": "after"} if after else {}),
    }
    assert said["share"].tolist() == pytest.approx([0.4] * len(said))
    assert said["n"].tolist() == [10] * len(said)
    # what has no cut points gives no score, and is named
    scores = found.parts["measured"]
    assert scores.without_cut_points["criterion"].tolist() == ["C22"]
    words = "Measured but without cut points, so that no score comes from it"
    assert words in scores.summary()
    assert words in scores.section().html
    assert "C22" in scores.summary()
    assert ("C41" in scores.measured["criterion"].tolist()) is after


def test_without_any_answers_the_reason_names_both_files(tmp_path):
    (tmp_path / "ratings.csv").write_text("criterion,rater,score\nC01,A,3\n")
    missing = ev.analyse(tmp_path, n_permutations=9, n_resamples=9).not_computed
    reason = missing.set_index("part").loc["members say", "reason"]
    assert "answers_after.csv (or answers_before.csv)" in reason


def test_items_of_opinion_that_inform_a_criterion_are_named_too(tmp_path):
    (tmp_path / "ratings.csv").write_text("criterion,rater,score\nC01,A,3\n")
    (tmp_path / "items.csv").write_text(
        "item,kind,label,low,high,reversed,criterion,agree_from\n"
        "t_one,opinion,They take us seriously,1,5,no,C48,\n"
        "t_two,opinion,We are taken seriously,1,5,no,C48,\n"
        "t_free,opinion,Something else,1,5,no,,\n"
    )
    rows = "".join(f"p{n},{n % 5 + 1},3,{n % 3 + 1}\n" for n in range(10))
    (tmp_path / "answers_after.csv").write_text(f"person,t_one,t_two,t_free\n{rows}")
    scores = ev.analyse(tmp_path, n_permutations=9, n_resamples=9).parts["measured"]
    table = scores.without_cut_points
    assert table[["criterion", "indicator"]].to_numpy().tolist() == [
        ["C48", "t_one"],
        ["C48", "t_two"],
    ]
    said = scores.summary()
    assert "no score comes from it: C48 Relations and networks." in said
    assert "members who agree on" not in said
