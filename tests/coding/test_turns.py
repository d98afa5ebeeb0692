from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from coded_samples import TEXTS
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import scattered

import dmpkit.coding as coding
from dmpkit.errors import DataError


@pytest.mark.parametrize(
    ("line", "speaker", "seconds", "said"),
    [
        ("[00:01:02] P3: Yes.", "P3", 62, "Yes."),
        ("(1:02) P3: Yes.", "P3", 62, "Yes."),
        ("00:01:02.500 Anna Lee: Yes.", "Anna Lee", 62.5, "Yes."),
        ("P3 [01:00:00]: Yes.", "P3", 3600, "Yes."),
        ("P3: Yes.", "P3", np.nan, "Yes."),
        ("P3 (commissioner): Yes.", "P3 (commissioner)", np.nan, "Yes."),
        ("Maria de la Cruz: Yes.", "Maria de la Cruz", np.nan, "Yes."),
        ("Dr. O’Neil: Yes.", "Dr. O’Neil", np.nan, "Yes."),
        ("Żółć: Yes.", "Żółć", np.nan, "Yes."),
        ("Speaker 1  0:03\nYes.", "Speaker 1", 3, "Yes."),
        ("ANNA*: Yes.", "ANNA*", np.nan, "Yes."),
    ],
)
def test_labels_of_many_kinds(line, speaker, seconds, said):
    row = coding.find_turns(line).turns.iloc[0]
    assert row["speaker"] == speaker
    assert line[row["speech"] : row["end"]] == said
    np.testing.assert_equal(row["time"], float(seconds))


@pytest.mark.parametrize(
    "line",
    ["One thing I learned: it takes time.", "https://example.org", "the point: no",
     "At 12:30 we met", "Http://example.org", "12: twelve", ": nothing",
     "We said yes and no and maybe So: no"],
)  # fmt: skip
def test_lines_that_begin_no_turn(line):
    found = coding.find_turns(f"P1: a\n{line}")
    assert found.turns["speaker"].tolist() == ["P1"]


def test_the_sample_interviews():
    found = coding.find_turns(TEXTS)
    assert len(found.turns) == 13
    assert found.problems.empty
    speakers = found.speakers.groupby("source")["speaker"].agg(list).tolist()
    assert speakers == [
        ["INTERVIEWER", "ANNA*"], ["INTERVIEWER", "BORIS*"], ["INTERVIEWER", "CHEN*"]
    ]  # fmt: skip
    assert found.speakers.groupby("source")["share"].sum().round(12).eq(1).all()


def test_doubts_are_listed():
    text = "Title\n[0:10] P1: a\n[0:05] P2: b\nP1:\nP2: b\nP2; no\np1 : c\nP3: d\nP1*: g\n"
    found = coding.find_turns(text)
    listed = set(zip(found.problems["what"], found.problems["line"], strict=True))
    assert listed >= {
        ("words before the first turn", 1),
        ("the time runs backwards", 3),
        ("a turn without words", 4),
        ("a line like a turn that was not taken for one", 7),
        ("a line like a turn that was not taken for one", 6),
        ("a name that occurs once", 8),
        ("a name spelt in two ways", 9),
    }
    assert found.turns["turn"].iloc[0] == 0
    assert found.speakers["speaker"].ne("").all()


def test_names_given_are_the_only_ones():
    found = coding.find_turns("P1: a\nNote: this is speech\nP1: b", speakers=["P1"])
    assert found.turns["speaker"].tolist() == ["P1", "P1"]
    assert found.problems["what"].tolist() == ["a speaker who was not listed"]


def test_rules_of_the_reader():
    own = coding.TurnRule("hash", "A hash and a name.", r"#(?P<name>\w+)\s")
    assert coding.find_turns("#anna yes\n#bo no", rules=[own]).turns["speaker"].tolist() == [
        "anna", "bo",
    ]  # fmt: skip
    with pytest.raises(DataError, match="no regular expression"):
        coding.find_turns("a", rules=[coding.TurnRule("x", "", "(")])
    with pytest.raises(DataError, match="'name'"):
        coding.find_turns("a", rules=[coding.TurnRule("x", "", "a")])
    with pytest.raises(DataError, match="texts"):
        coding.find_turns(3)  # type: ignore[arg-type]


@given(st.text(alphabet="PQ1:[]0 \n.aé😬", max_size=80))
@settings(max_examples=120, deadline=None)
def test_turns_are_apart_and_hold_every_word(text):
    turns = coding.find_turns(text).turns
    places = turns[["start", "speech", "end"]].to_numpy()
    assert (np.diff(places, axis=1) >= 0).all() or not len(places)
    assert (places[1:, 0] >= places[:-1, 2]).all()
    outside = np.ones(len(text), dtype=bool)
    for start, _, end in places:
        outside[start:end] = False
    assert not "".join(c for c, out in zip(text, outside, strict=True) if out).strip()


def test_segments_in_turns_by_brute_force():
    text = "Q: one two\nP1: three\nQ: four five six\nP1: seven"
    turns = coding.find_turns({"I1": text})
    rng = np.random.default_rng(1)
    start = rng.integers(0, len(text) - 1, 60)
    spans = pd.DataFrame(
        {
            "source": "I1",
            "start": start,
            "end": np.minimum(start + rng.integers(1, 25, 60), len(text)),
        }
    )
    found = coding.segment_turns(spans, turns)
    wanted = []
    for row, (s, e) in enumerate(zip(spans["start"], spans["end"], strict=True)):
        shared = [
            (row, t, len(set(range(s, e)) & set(range(a, b))))
            for t, a, b in turns.turns[["turn", "start", "end"]].itertuples(index=False)
        ]
        wanted += [x for x in shared if x[2]]
    assert list(found[["row", "turn", "characters"]].itertuples(index=False, name=None)) == wanted
    assert found.groupby("row")["main"].sum().eq(1).all()


def test_polars_segments_and_projects_without_turns():
    import polars as pl

    turns = coding.find_turns({"I1": "Q: one two"})
    spans = pd.DataFrame({"source": ["I1"], "start": [3], "end": [6]})
    pd.testing.assert_frame_equal(
        coding.segment_turns(spans, turns), coding.segment_turns(pl.from_pandas(spans), turns)
    )
    with pytest.raises(DataError, match="TURN_RULES"):
        coding.retrieve(scattered(5, 1), "speaker == 'P1'")
