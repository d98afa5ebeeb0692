"""Refusals name the place and the thing; nothing is marked unless somebody said so."""

from __future__ import annotations

import dataclasses
import importlib
import math
import pkgutil
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.codebook import Code, Codebook
from dmpkit.evaluation.consensus import group_informed_consensus
from dmpkit.evaluation.majorities import majorities

from .scorecards import criteria

NAN = math.nan
TALK = pd.DataFrame({"person": ["a", "b", "c"], "seconds": [3.0, 5, 9], "seat": ["1", "2", "1"],
                     "day": ["x", "y", "x"]})  # fmt: skip
VOTES = pd.DataFrame({"statement": ["s", "s", "t", "t"], "group": ["g", "h"] * 2,
                      "agree": [1, 2, 3, 4], "disagree": [0, 1, 0, 1],
                      "seen": [5, 6, 7, 8]})  # fmt: skip
BALLOT = pd.DataFrame({"person": ["a", "b", "a"], "item": ["i", "i", "text"],
                       "answer": ["for", "no", "yes"]})  # fmt: skip
ACTS = pd.DataFrame({"act": [1, 1, 2, 2], "coder": ["u", "v"] * 2, "person": ["a", "a", "b", "b"],
                     "tone": [1, 2, 3, 4]})  # fmt: skip
RANKS = pd.DataFrame({"person": ["a", "b", "c"], "x": [1, 2, 3], "y": [2, 3, 1], "z": [3, 1, 2]})
BOOK = Codebook("own", (Code("tone", "tone", 4),))
BEFORE = pd.DataFrame({"person": list("abcd"), "q": [1.0, 2, 3, 4]})


def with_cell(frame: pd.DataFrame, row: int, column: str, value: Any) -> pd.DataFrame:
    """The table with one cell changed, its rows under labels of their own."""
    out = frame.astype(object).copy()
    out.iloc[row, list(out.columns).index(column)] = value
    return out.set_axis(range(50, 50 + len(out)), axis=0)


def discourse(frame: pd.DataFrame, **more: Any) -> Any:
    return ev.discourse_quality(frame, codebook=BOOK, **more)


PLACES = [
    (ev.talk_inequality, TALK, 1, "person", "", "The person is blank"),
    (ev.talk_inequality, TALK, 2, "seconds", "", "The cell is empty"),
    (ev.talk_inequality, TALK, 2, "seconds", -1, "-1 is out of range"),
    (ev.talk_inequality, TALK, 0, "seconds", 2e9, "out of range"),
    (lambda f: ev.talk_inequality(f, session="day"), TALK, 1, "day", "", "The session is blank"),
    (lambda f: ev.talk_inequality(pd.concat([f, TALK.assign(seat=["2", "1", "1"])]), table="seat"),
     TALK, 2, "seat", "", "The table is blank"),
    (group_informed_consensus, VOTES, 2, "statement", "", "The statement is blank"),
    (group_informed_consensus, VOTES, 3, "group", "", "The group is blank"),
    (group_informed_consensus, VOTES, 1, "agree", "", "The cell is empty"),
    (group_informed_consensus, VOTES, 1, "seen", -3, "-3 is out of range"),
    (group_informed_consensus, VOTES, 2, "disagree", 0.5, "not a whole number"),
    (group_informed_consensus, VOTES, 2, "agree", 8, "more people agreed or disagreed than the 7"),
    (ev.support_for_text, BALLOT, 1, "person", "", "The person is blank"),
    (ev.support_for_text, BALLOT, 2, "item", "", "The item is blank"),
    (ev.support_for_text, BALLOT, 1, "answer", "3", "'3' is no vote in words"),
    (lambda f: ev.support_for_text(f, agree_from=3), BALLOT.assign(answer=["3", "4", "5"]), 1,
     "answer", "x", "'x' is not a number"),
    (ev.support_for_text, BALLOT, 2, "item", "i", "votes twice on 'i'"),
    (discourse, ACTS, 1, "act", "", "The act is blank"),
    (discourse, ACTS, 2, "coder", "", "The coder is blank"),
    (discourse, ACTS, 2, "tone", 5, "5"),
    (discourse, ACTS, 2, "tone", -1, "-1"),
    (discourse, ACTS, 1, "person", "b", "has two speakers"),
    (discourse, ACTS, 3, "coder", "u", "coded act '2' twice"),
    (ev.single_peakedness, RANKS, 1, "person", " ", "The person is blank"),
    (ev.single_peakedness, RANKS, 1, "y", 0, "0 is out of range"),
    (ev.single_peakedness, RANKS, 1, "y", 4, "4 is out of range"),
    (ev.single_peakedness, RANKS, 1, "y", 1.5, "not a whole number"),
    (ev.single_peakedness, RANKS, 1, "y", "", "did not rank 'y'"),
    (ev.single_peakedness, RANKS, 2, "person", "a", "'a' has a second ranking"),
    (lambda f: ev.opinion_change(f, BEFORE), BEFORE, 2, "person", "", "before has no id"),
    (lambda f: ev.opinion_change(BEFORE, f), BEFORE, 2, "person", "a", "more than once"),
    (lambda f: ev.opinion_change(BEFORE, f), BEFORE, 3, "q", "x", "In the answers after"),
    (lambda f: ev.opinion_change(f, BEFORE, scale=(1, 4)), BEFORE, 1, "q", 5,
     "before, 5, is outside the scale 1 to 4"),
    (lambda f: ev.opinion_change(f, BEFORE), BEFORE, 1, "q", 1e300, "infinite"),
]  # fmt: skip
#: A person or an act stands in several rows, so no single one is to blame.
NO_ROW = {"has two speakers"}


@pytest.mark.parametrize("case", range(len(PLACES)))
def test_a_refusal_names_row_column_and_reason(case):
    """Rows are counted as a spreadsheet shows them, whatever labels the rows have."""
    call, frame, row, column, value, words = PLACES[case]
    with pytest.raises(DataError) as told:
        call(with_cell(frame, row, column, value))
    assert words in told.value.problem
    if words in NO_ROW:
        assert told.value.row is None
        return
    assert told.value.row == row + 2
    if "twice" not in words and "gives" not in words:
        assert told.value.column in (column, "person")


EMPTY = {
    "talk": (ev.talk_inequality, TALK), "votes": (group_informed_consensus, VOTES),
    "ballot": (ev.support_for_text, BALLOT), "acts": (discourse, ACTS),
    "rankings": (ev.single_peakedness, RANKS),
    "opinions": (lambda f: ev.opinion_change(f, BEFORE), BEFORE),
    "polarisation": (lambda f: ev.polarisation_change(BEFORE, f, scale=(1, 4)), BEFORE),
    "knowledge": (lambda f: ev.knowledge_gain(f, f), BEFORE),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY)
def test_a_table_without_rows_or_without_its_columns_is_refused(name):
    call, frame = EMPTY[name]
    with pytest.raises(DataError):
        call(frame.head(0))
    with pytest.raises(DataError):
        call(frame.drop(columns=frame.columns[0]))


def test_a_limit_itself_is_allowed():
    assert ev.talk_inequality(TALK.assign(seconds=[0.0, 1e9, 0])).values["silent"] == 2
    votes = VOTES.assign(agree=VOTES["seen"] - VOTES["disagree"])
    assert len(group_informed_consensus(votes).table) == 2
    held = discourse(ACTS.assign(tone=[0, 0, 4, 4]))
    assert held.acts["tone"].tolist() == [0, 0, 4, 4]
    assert held.composite.value == 50
    exact = discourse(ACTS.assign(tone=[0, 0, 4, 4]), threshold=1)
    assert exact.offered  # agreement of 1 reaches a threshold of 1
    for threshold in (-1, 1):
        assert discourse(ACTS, threshold=threshold).threshold == threshold
    for threshold in (-1.01, 1.01, True, "0.6"):
        with pytest.raises(DataError, match="threshold"):
            discourse(ACTS, threshold=threshold)
    three = RANKS[["person", "x", "y"]]
    with pytest.raises(DataError, match="2 options are ranked"):
        ev.single_peakedness(three.assign(x=[1, 2, 1], y=[2, 1, 2]))


def results() -> dict[str, dict[str, Any]]:
    found = {}
    for module in pkgutil.iter_modules(ev.__path__):
        part = importlib.import_module(f"dmpkit.evaluation.{module.name}")
        for name, one in vars(part).items():
            if (
                isinstance(one, type)
                and dataclasses.is_dataclass(one)
                and one.__module__ == part.__name__
            ):
                found[f"{module.name}.{name}"] = {
                    f.name: f.default for f in dataclasses.fields(one)
                    if f.default is not dataclasses.MISSING
                }  # fmt: skip
    return found


#: What a result takes that is made by hand and left otherwise.
PLAIN = {"level": 0.95, "adjust": "holm", "blank": "missing", "smallest": 5, "min_size": 3,
         "minimum": 0, "n_blank_before": 0, "n_blank_after": 0, "n_tables": 0, "n_mixed": 0,
         "n_held_back": 0, "n_unsaid": 0, "first_day": "", "source": "", "title_of": "",
         "name": "", "item": "", "option": "", "how": "", "kind": "text",
         "called": "one of the words allowed here", "n_permutations": 9999,
         "n_resamples": 1000}  # fmt: skip


def test_nothing_is_marked_unless_somebody_said_so():
    """No result is called synthetic, sampled, confidential or exact by default."""
    seen = results()
    assert sum("synthetic" in own for own in seen.values()) > 15
    for name, own in seen.items():
        for field, default in own.items():
            if name == "analysis_parts.Inputs" and field == "seed":
                assert default == 1
            elif field in PLAIN:
                assert default == PLAIN[field], (name, field)
                assert type(default) is type(PLAIN[field]), (name, field)
            elif isinstance(default, float):
                assert math.isnan(default), (name, field)
            else:
                assert default is False or default is None or default in ((), frozenset()), (
                    name, field, default,
                )  # fmt: skip


# --- profile and total --------------------------------------------------------------------


def test_every_column_of_a_profile_by_hand():
    own = criteria(7, 2)
    rows = [
        ("I01", "a", "assessed", 3.0, "E1", "first"), ("I01", "b", "assessed", 1.0, "E2; E3", ""),
        ("I02", "a", "not assessed", NAN, "", "left"), ("I03", "a", "not applicable", NAN, "", "n"),
        ("I04", "a", "contested", 2.0, "E1", ""), ("I05", "a", "assessed", 4.0, "E3", "x"),
        ("I05", "b", "not applicable", NAN, "", "x"), ("I06", "b", "assessed", 0.0, "", ""),
        ("I07", "a", "assessed", 2.0, "E3", ""), ("I07", "b", "assessed", 2.0, "E3", ""),
    ]  # fmt: skip
    columns = ["criterion", "rater", "status", "score", "evidence", "note"]
    ratings = pd.DataFrame(rows, columns=columns)
    evidence = pd.DataFrame({"evidence": ["E1", "E2", "E3"], "grade": ["C", "B", ""]})
    card = ev.Scorecard.from_frames(ratings, own, evidence=evidence)
    found = card.profile()
    table = found.criteria.set_index("criterion")
    wanted = {  # status, raters, score, lowest, highest, contested, source, grade, weak, low, high
        "I01": ("assessed", 2, 2.0, 1.0, 3.0, NAN, "raters", "B", False, 2.0, 2.0, "first"),
        "I02": ("not assessed", 0, NAN, NAN, NAN, NAN, "", "", False, 0.0, 4.0, "left"),
        "I03": ("not applicable", 0, NAN, NAN, NAN, NAN, "", None, False, NAN, NAN, "n"),
        "I04": ("contested", 1, NAN, 2.0, 2.0, 2.0, "", "C", False, 0.0, 4.0, ""),
        "I05": ("contested", 1, NAN, 4.0, 4.0, 4.0, "", None, False, 0.0, 4.0, "x"),
        "I06": ("assessed", 1, 0.0, 0.0, 0.0, NAN, "raters", None, True, 0.0, 0.0, ""),
        "I07": ("assessed", 2, 2.0, 2.0, 2.0, NAN, "raters", None, True, 2.0, 2.0, ""),
    }  # fmt: skip
    names = ["status", "n_raters", "score", "lowest", "highest", "contested_score", "source",
             "best_grade", "weak", "low", "high", "note"]  # fmt: skip
    for criterion, row in wanted.items():
        for name, value in zip(names, row, strict=True):
            got = table.loc[criterion, name]
            if value is not None:
                both_nan = isinstance(value, float) and math.isnan(value) and math.isnan(got)
                assert both_nan or got == value, (criterion, name)
    assert list(found.criteria) == [
        "criterion", "label", "stage", "stage_name", "status", "n_raters", "score", "adjusted",
        "lowest", "highest", "contested_score", "source", "measured", "measured_low",
        "measured_high", "best_grade", "weak", "low", "high", "note",
    ]  # fmt: skip
    stages = []
    for stage, part in found.criteria.groupby("stage", sort=False):
        applies = part[part["status"] != "not applicable"]
        known = applies["status"] == "assessed"
        total, n, every = applies.loc[known, "score"].sum(), len(applies), len(part)
        gone = n - known.sum()
        stages.append((
            stage, part["stage_name"].iloc[0], every, known.sum(),
            (part["status"] == "not assessed").sum(), (part["status"] == "contested").sum(),
            every - n, part["weak"].sum(), known.sum() / n, applies.loc[known, "score"].mean(),
            total / n, (total + 4 * gone) / n, known.sum() / every, total / every,
            (total + 4 * (every - known.sum())) / every,
        ))  # fmt: skip
    columns = ["stage", "name", "n", "n_assessed", "n_not_assessed", "n_contested",
               "n_not_applicable", "n_weak", "coverage", "mean", "low", "high",
               "coverage_if_unknown", "low_if_unknown", "high_if_unknown"]  # fmt: skip
    wanted_stages = pd.DataFrame(stages, columns=columns)
    pd.testing.assert_frame_equal(found.stages[columns], wanted_stages, check_dtype=False)
    assert list(found.stages.columns.drop(columns)) == ["adjusted"]
    assert found.coverage == pytest.approx(3 / 6)
    frames = found.frames()["stages"]
    assert frames["stage"].iloc[-1] == "all stages"
    assert frames.dtypes.equals(found.stages.dtypes)
    first, *others = found.indicators()
    assert (first.name, first.value, first.n, first.source) == (
        "coverage of the scorecard", 0.5, 7, "scorecard",
    )  # fmt: skip
    for row, one in zip(wanted_stages.to_dict("records"), others, strict=True):
        assert one.name == f"mean score of the stage: {row['name']}"
        assert (one.value, one.n, one.source) == (row["mean"], row["n_assessed"], "scorecard")
        n = row["n"] - row["n_not_applicable"]
        assert one.note.startswith(f"{row['n_assessed']} of {n} criteria assessed")
        assert ("too few" in one.note) == (row["coverage"] < 0.5)
    assert (found.synthetic, found.title_of) == (False, "")
    one = ratings.iloc[:1].assign(evidence="")
    few, none = ev.Scorecard.from_frames(one, own).profile().indicators()[1:]
    assert "only, too few" in few.note
    assert none.note.startswith("0 of 3 criteria assessed")
    assert "too few" not in none.note


def test_the_total_and_its_bounds_under_weights():
    own = criteria(4, 2)
    ratings = pd.DataFrame({"criterion": ["I01", "I02", "I03"], "score": [1.0, 3.0, 4.0]})
    card = ev.Scorecard.from_frames(ratings, own)
    weights = {"I01": 2.0, "I02": 1.0, "I03": 3.0, "I04": 2.0}
    found = card.total(weights=weights)
    assert found.value == pytest.approx((2 + 3 + 12) / 6)
    assert (found.low, found.high) == pytest.approx((17 / 8, 25 / 8))
    assert found.n == 3
    few = card.total(weights=weights | {"I04": 3.1})
    assert math.isnan(few.value)
    assert few.low == pytest.approx(17 / 9.1)
    assert (few.n, "no total" in few.note) == (3, True)
    level = card.total(weights={"I01": 4.0, "I03": 1.0, "I04": 1.0})
    assert level.value == pytest.approx(8 / 5)  # half of a stage is enough
    for wrong in ({"I01": -1}, {"I01": 0}, {"X": 1}, {"I01": "2"}, {"I01": None},
                  {"I01": math.inf}):  # fmt: skip
        with pytest.raises(DataError):
            card.total(weights=wrong)


def test_majorities_with_ties_and_blanks_one_pair_at_a_time():
    ranks = np.array([[1, 2, 3, NAN], [2, 2, 1, 3], [3, 1, 2, 4], [1, 1, NAN, 2], [1, 3, 2, 4]])
    options = ("a", "b", "c", "d")
    found = majorities(ranks, options)
    for i, one in enumerate(options):
        for j, other in enumerate(options):
            assert found.matrix.loc[one, other] == (ranks[:, i] < ranks[:, j]).sum()
    rows = []
    for i in range(4):
        for j in range(i + 1, 4):
            up, down = (ranks[:, i] < ranks[:, j]).sum(), (ranks[:, j] < ranks[:, i]).sum()
            winner = options[i] if up > down else options[j] if down > up else "tie"
            rows.append((options[i], options[j], up, down, 5 - up - down, winner))
    columns = ["option", "against", "prefer", "prefer_other", "no_preference", "winner"]
    wanted = pd.DataFrame(rows, columns=columns)
    pd.testing.assert_frame_equal(found.table, wanted, check_dtype=False)
    beaten = {
        o for o in options for p in options if found.matrix.loc[p, o] > found.matrix.loc[o, p]
    }
    assert set(found.unbeaten) == set(options) - beaten
    assert (found.n, found.options) == (5, options)
    two = majorities([[1, 2, 3, 4, 5, 6], [2, 3, 1, 5, 6, 4], [3, 1, 2, 6, 4, 5]], tuple("abcxyz"))
    assert two.cycles == ("a > b > c > a", "x > y > z > x")
    assert two.condorcet_winner is None
