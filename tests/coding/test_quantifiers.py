"""Quantifier words: only what they force, and only the order that is known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dmpkit import plotting
from dmpkit.coding.quantifiers import (
    QUANTIFIERS,
    quantified,
    quantifier_bounds,
    quantifier_relation,
)
from dmpkit.errors import DataError


@pytest.mark.parametrize(
    ("word", "low", "high"),
    [
        ("none", 0, 0), ("just one", 1, 1), ("one", 1, 25), ("a couple", 2, 2),
        ("more than one", 2, 25), ("a few", 2, 25), ("some", 1, 25), ("several", 2, 25),
        ("many", 2, 25), ("a minority", 1, 12), ("most", 13, 25), ("Nearly  all", 13, 24),
        ("all", 25, 25), ("majority", 13, 25), ("Only one", 1, 1),
    ],
)  # fmt: skip
def test_what_the_words_force_out_of_25(word, low, high):
    assert quantifier_bounds(word, 25) == (low, high)


def test_half_is_neither_most_nor_a_minority():
    assert quantifier_bounds("most", 24)[0] == 13
    assert quantifier_bounds("a minority", 24)[1] == 11


def test_without_n_only_what_needs_none():
    assert quantifier_bounds("a couple") == (2, 2)
    assert quantifier_bounds("a few")[0] == 2
    assert all(math.isnan(v) for v in quantifier_bounds("most"))
    assert all(math.isnan(v) for v in quantifier_bounds(""))


@pytest.mark.parametrize(
    ("more", "fewer"),
    [
        ("nearly all", "most"), ("most", "a minority"), ("most", "a few"), ("a few", "just one"),
        ("many", "a few"), ("some", "a couple"), ("most", "several"), ("nearly all", "a minority"),
    ],
)  # fmt: skip
def test_the_order_that_the_words_give(more, fewer):
    assert quantifier_relation(more, fewer, 25)
    assert not quantifier_relation(fewer, more, 25)


@pytest.mark.parametrize("pair", [("several", "some"), ("a few", "a minority"), ("many", "some")])
def test_disputed_pairs_stay_open(pair):
    assert quantifier_relation(*pair, 25) == quantifier_relation(*pair[::-1], 25) == ""


def test_the_numbers_forbid_what_the_words_suggest_in_a_small_group():
    # of three, nearly all and a couple are both two
    assert quantifier_relation("nearly all", "a couple", 3) == ""
    assert quantifier_relation("nearly all", "a couple", 25) == "numbers"


def test_words_about_different_groups_are_not_ordered_by_words():
    assert quantifier_relation("most", "a few", 25, 20) == ""
    assert quantifier_relation("most", "a couple", 25, 6) == "numbers"


words = st.sampled_from(sorted(QUANTIFIERS))


@given(words, st.integers(3, 60))
def test_bounds_are_in_range_and_ordered(word, n):
    low, high = quantifier_bounds(word, n)
    assert 0 <= low <= high <= n


@given(words, words, words, st.integers(3, 60))
def test_the_order_is_strict_and_carries_over(a, b, c, n):
    assert not quantifier_relation(a, a, n)
    if quantifier_relation(a, b, n):
        assert not quantifier_relation(b, a, n)
        # no claim against the numbers that the words force
        assert quantifier_bounds(a, n)[1] > quantifier_bounds(b, n)[0]
        if n >= 10 and quantifier_relation(b, c, n) == "words" == quantifier_relation(a, b, n):
            assert quantifier_relation(a, c, n)


def table(kind=lambda f: f):
    frame = pd.DataFrame(
        {
            "finding": ["left", "hold", "informal", "unsaid", "subgroup"],
            "quantifier": ["just one", "several", "most", None, "most"],
            "n": [25, 25, 25, 25, None],
            "section": ["red lines"] * 5,
        }
    )
    return kind(frame)


def test_findings_with_bounds_and_assumptions_apart():
    found = quantified(table(), 25, assumption={"several": (4, 9)})
    t = found.findings.set_index("finding")
    assert t.loc["hold", ["low", "high"]].tolist() == [2, 25]
    assert t.loc["hold", ["assumed_low", "assumed_high"]].tolist() == [4, 9]
    assert t["assumed_low"].notna().sum() == 1
    assert t.loc["unsaid", "note"] == "the text gives no quantity"
    assert "of how many is not said" in t.loc["subgroup", "note"]
    assert math.isnan(t.loc["subgroup", "low"])
    pairs = set(found.relations[["more", "fewer"]].itertuples(index=False, name=None))
    assert pairs == {("hold", "left"), ("informal", "left"), ("informal", "hold")}
    assert "Assumed by the reader" in found.summary()
    assert "No finer numbers" in quantified(table(), 25).summary()
    assert found.findings["section"].tolist() == ["red lines"] * 5


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"assumption": {"most": (5, 9)}}, "breaks what the word forces"),
        ({"assumption": {"several": (9, 4)}}, "breaks what the word forces"),
        ({"assumption": {"several": 4}}, "assumption for 'several' is 4"),
        ({"assumption": {"severel": (4, 9)}}, "closest is 'several'"),
        ({"n": 0}, "n is 0"),
        ({"n": 2.5}, "n is 2.5"),
    ],
)
def test_bad_choices_are_named(change, words):
    with pytest.raises(DataError, match=words):
        quantified(table(), **({"n": 25} | change))


def test_bad_tables_are_named():
    with pytest.raises(DataError, match="row 3"):
        quantified(pd.DataFrame({"finding": ["a", "b"], "quantifier": ["most", "heaps"]}), 25)
    with pytest.raises(DataError, match="finding label 'a'"):
        quantified(pd.DataFrame({"finding": ["a", "a"], "quantifier": ["most", "most"]}), 25)
    with pytest.raises(DataError, match="cannot be said of 1"):
        quantified(pd.DataFrame({"finding": ["a"], "quantifier": ["a couple"]}), 1)
    with pytest.raises(DataError, match="needs n"):
        quantified(table().drop(columns="n"), assumption={"several": (4, 9)})


def test_pandas_and_polars_give_the_same():
    ours = quantified(table(), np.int64(25))
    theirs = quantified(table(pl.from_pandas), 25)
    for name, frame in ours.tables().items():
        pd.testing.assert_frame_equal(frame, theirs.tables()[name])
    assert isinstance(ours.tables(kind="polars")["findings"], pl.DataFrame)


def test_picture_and_words(tmp_path):
    found = quantified(table(), 25, assumption={"several": (4, 9)})
    assert "1 with a range assumed" in plotting.alt_text(found.plot_quantifiers())
    assert found.section().figures
    assert "own proposal" in found.methods_text()
    assert found.to_excel(tmp_path / "q.xlsx").exists()
    empty = quantified(pd.DataFrame({"finding": ["a"], "quantifier": [""]}), 25)
    assert not empty.section().figures
    with pytest.raises(DataError, match="nothing to draw"):
        empty.plot_quantifiers()


def test_the_tables_of_words_are_complete():
    for a, b in itertools.permutations(QUANTIFIERS, 2):
        assert quantifier_relation(a, b, 25) in ("", "words", "numbers")


def test_words_order_nothing_across_a_group_of_unknown_size() -> None:
    table = pd.DataFrame(
        {"finding": ["A", "B", "C"], "quantifier": ["most", "a few", "a few"], "n": [25, None, 25]}
    )
    relations = quantified(table).relations
    assert list(zip(relations["more"], relations["fewer"], strict=True)) == [("A", "C")]
    alone = quantified(table.drop(columns="n")).relations
    assert ("A", "B") in set(zip(alone["more"], alone["fewer"], strict=True))
