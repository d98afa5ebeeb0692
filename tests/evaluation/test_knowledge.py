"""Gain in knowledge: reference numbers, keys, blanks."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats
from scipy.special import ndtr

from dmpkit.errors import DataError
from dmpkit.evaluation import knowledge as kn
from dmpkit.evaluation.knowledge_plots import spread_out
from dmpkit.plotting import alt_text

REFERENCE = Path(__file__).parents[1] / "reference" / "evaluation"


def stages(variant):
    frame = pd.read_csv(REFERENCE / f"knowledge_{variant}.csv")
    return [
        frame[["pid", *(c for c in frame if c.endswith(f"_{s}"))]].rename(
            columns=lambda c, s=s: c.removesuffix(f"_{s}")
        )
        for s in ("pre", "post")
    ]


@pytest.mark.parametrize("variant", ["A", "B"])
def test_every_number_of_the_reference(variant):
    """Tolerance 1e-8: the same formulas in double precision."""
    text = (REFERENCE / f"expected_opinion_{variant}.json").read_text(encoding="utf-8")
    reference = json.loads(text)["knowledge"]
    gain = kn.knowledge_gain(*stages(variant), person="pid")
    table = gain.items.set_index("item")
    names = {
        "share_pre": "share_before",
        "share_post": "share_after",
        "learned": "learned",
        "forgot": "forgot",
        "mcnemar_exact_p": "p_mcnemar",
    }
    assert list(table.index) == list(reference["items"])
    for item, numbers in reference["items"].items():
        for theirs, ours in names.items():
            assert table.loc[item, ours] == pytest.approx(numbers[theirs], abs=1e-8)
    whole = {
        "index_mean_pre": gain.mean_before,
        "index_mean_post": gain.mean_after,
        "normalised_gain_of_averages": gain.normalised_gain,
        "t": gain.statistics["t"],
        "p": gain.statistics["p_t"],
    }
    assert set(whole) | {"items"} == set(reference)
    for name, value in whole.items():
        assert value == pytest.approx(reference[name], abs=1e-8)


def test_mcnemar_is_the_sign_test():
    for learned, forgot in [(8, 1), (4, 4), (0, 11), (20, 35)]:
        theirs = stats.binomtest(learned, learned + forgot).pvalue
        assert kn.exact_mcnemar(learned, forgot) == pytest.approx(theirs, abs=1e-12)
    assert kn.exact_mcnemar(0, 0) == 1
    with pytest.raises(DataError):
        kn.exact_mcnemar(-1, 2)


def test_mcnemar_of_huge_counts_is_the_normal_limit():
    for n in (2 * 10**9, 10**12):
        for z in (0.0, -1.0, -3.0):
            fewer = int(n / 2 + z * math.sqrt(n) / 2)
            limit = 2 * ndtr((fewer + 0.5 - n / 2) / (math.sqrt(n) / 2))
            assert kn.exact_mcnemar(fewer, n - fewer) == pytest.approx(min(1, limit), rel=1e-7)
    with pytest.raises(DataError, match="more than there can be"):
        kn.exact_mcnemar(3, 10**20)


def answers():
    one = pd.DataFrame({"person": [1, 2, 3, 4], "k": ["a", "B", None, "dk"], "m": [3, 2, 3, 3]})
    two = pd.DataFrame({"person": [1, 2, 3, 4], "k": [" A ", "a", "a", "a"], "m": [3, 3, 2, 3]})
    return one, two


KEY = {"k": "a", "m": [3]}


def test_a_blank_is_missing_by_default_and_wrong_only_on_request():
    gain = kn.knowledge_gain(*answers(), key=KEY, dont_know=["DK"])
    k = gain.items.set_index("item").loc["k"]
    assert (k["n"], k["learned"], k["forgot"], k["share_before"]) == (2, 1, 0, 0.5)
    assert gain.index["n_items"].tolist() == [2, 2, 1, 1]
    assert gain.index["before"].tolist() == [1, 0, 1, 1]
    assert "left out" in gain.summary()
    assert (gain.n_blank_before, gain.n_blank_after) == (2, 0)
    assert "There were 2 blank or don't-know answers before and none after. They" in gain.summary()
    wrong = kn.knowledge_gain(*answers(), key=KEY, dont_know=["dk"], blank="wrong")
    k = wrong.items.set_index("item").loc["k"]
    assert (k["n"], k["learned"], k["share_before"], k["share_after"]) == (4, 3, 0.25, 1)
    assert "count as not correct" in wrong.summary()
    # a blank of both kinds lies between: the default never counts it as wrong
    assert gain.mean_before > wrong.mean_before


def test_polars_and_numbers_as_text_give_the_same():
    one, two = answers()
    wanted = kn.knowledge_gain(one, two, key=KEY).items
    got = kn.knowledge_gain(pl.from_pandas(one), pl.from_pandas(two), key=KEY).items
    pd.testing.assert_frame_equal(wanted, got)
    text = kn.knowledge_gain(one.assign(m=one["m"].astype(str)), two, key=KEY).items
    pd.testing.assert_frame_equal(wanted, text)


def test_indicator_and_its_interval_with_and_without_tables():
    one, two = stages("A")
    alone = kn.knowledge_gain(one, two, person="pid").indicators()[0]
    assert alone.name == "knowledge gain (effect size)"
    d = (two.set_index("pid") - one.set_index("pid")).mean(axis=1)
    n = len(d)
    assert alone.value == pytest.approx(d.mean() / d.std() * (1 - 3 / (4 * (n - 1) - 1)))
    tables = dict(zip(one["pid"], np.arange(n) % 5, strict=True))
    seated = kn.knowledge_gain(one, two, person="pid", table=tables).indicators()[0]
    assert seated.value == alone.value
    assert seated.low != alone.low
    assert "5 tables" in seated.note


def test_where_all_knew_everything_nothing_can_be_gained():
    one = pd.DataFrame({"person": [1, 2, 3], "k": [1, 1, 1]})
    gain = kn.knowledge_gain(one, one)
    assert math.isnan(gain.normalised_gain)
    assert math.isnan(gain.indicators()[0].value)
    assert "nobody moved" in gain.indicators()[0].note
    assert gain.items["p_mcnemar"].tolist() == [1.0]
    assert gain.summary()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"key": {"k": "a"}, "items": ["k", "m"]}, "no correct answer for 'm'"),
        ({"items": ["m"]}, "without a key"),
        ({"key": KEY, "blank": "zero"}, "'missing' or 'wrong'"),
        ({"key": {"k": None}}, "blank"),
        ({"key": {"z": 1}}, "'z' is missing"),
        ({"key": KEY, "adjust": "x"}, "'holm' or 'bh'"),
    ],
)
def test_refusals(more, words):
    with pytest.raises(DataError, match=words):
        kn.knowledge_gain(*answers(), **more)


def test_true_and_false_are_right_and_wrong():
    one = pd.DataFrame({"person": [1, 2, 3], "k": [True, False, False]})
    two = pd.DataFrame({"person": [1, 2, 3], "k": [True, True, False]})
    row = kn.knowledge_gain(one, two).items.iloc[0]
    assert (row["learned"], row["forgot"]) == (1, 0)


def test_views(tmp_path):
    gain = kn.knowledge_gain(*stages("B"), person="pid", synthetic=True)
    assert "Synthetic" in alt_text(gain.plot())
    assert "McNemar" in gain.report(tmp_path / "k.html").read_text(encoding="utf-8")
    gain.to_excel(tmp_path / "k.xlsx")
    assert gain.tables(kind="polars")["index"].height == 24


def test_labels_keep_their_distance_and_their_order():
    got = spread_out([50, 51, 52, 10], 5)
    assert got == pytest.approx([46, 51, 56, 10])
    assert min(np.diff(sorted(spread_out([3.0] * 9, 2)))) == pytest.approx(2)


def test_nothing_but_blanks_gives_no_number_and_no_picture():
    one, two = answers()
    gain = kn.knowledge_gain(one.assign(k=None, m=None), two, key=KEY)
    assert "no gain can be given" in gain.summary()
    assert gain.section().figures == ()
    assert math.isnan(gain.indicators()[0].value)
