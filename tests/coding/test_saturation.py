"""Saturation against published formulas, the R package vegan, and brute force."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dmpkit import plotting
from dmpkit.coding.data import CodedProject
from dmpkit.coding.saturation import saturation
from dmpkit.coding.saturation_steps import (
    accumulation,
    code_estimates,
    incidence,
    new_codes,
    sample_coverage,
    saturation_runs,
)
from dmpkit.errors import DataError, ReadingWarning

FOLDER = Path(__file__).parents[1] / "reference" / "coding" / "saturation"
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
TABLES = {name: pd.read_csv(FOLDER / f"{name}.csv") for name in EXPECTED}

tables = arrays(
    np.int64, st.tuples(st.integers(2, 6), st.integers(1, 5)), elements=st.integers(0, 1)
)


def matrix(name):
    return TABLES[name].drop(columns="interview").to_numpy()


@pytest.mark.parametrize("name", EXPECTED)
def test_new_information_ratios_of_guest_namey_and_chen(name):
    for wanted in EXPECTED[name]["guest2020"]:
        found = saturation(
            TABLES[name], wanted["base_size"], wanted["run_length"], wanted["threshold"], n_orders=0
        )
        g = found.group()
        assert g.new.tolist() == wanted["new_per_interview"]
        assert found.table["base_codes"].item() == wanted["base_codes"]
        expected = pd.DataFrame(wanted["runs"])
        pd.testing.assert_frame_equal(g.runs[list(expected)], expected, atol=1e-15, rtol=0)
        assert g.reached == (
            wanted["reached"]["saturated_before_run"],
            pytest.approx(wanted["reached"]["ratio"], abs=1e-15),
        )
        assert found.table["notation"].item() == wanted["reached"]["notation"]


def test_the_articles_worked_example():
    # new themes by interview: 37 in the base of 4, then 3/37, 3/37, 1/37: "6+2" at 5 %
    runs = saturation_runs([16, 5, 9, 7, 1, 2, 1, 0], 4, 2)
    assert runs["base_codes"].tolist() == [37, 37, 37]
    np.testing.assert_allclose(runs["ratio"], [3 / 37, 3 / 37, 1 / 37], rtol=1e-15)
    assert runs.loc[runs["ratio"] <= 0.05, "run_first"].iloc[0] - 1 == 6


@pytest.mark.parametrize("name", EXPECTED)
def test_totals_agree_with_vegan(name):
    # R printed 8 decimals
    wanted, found = EXPECTED[name]["vegan_specpool"], code_estimates(matrix(name))
    assert found["Chao2"].value == pytest.approx(wanted["chao"], abs=5e-9)
    assert found["Chao2"].standard_error == pytest.approx(wanted["chao.se"], abs=5e-8)
    assert found["jackknife 1"].value == pytest.approx(wanted["jack1"], abs=5e-9)
    assert found["jackknife 2"].value == pytest.approx(wanted["jack2"], abs=5e-9)
    assert found["bootstrap"].value == pytest.approx(wanted["boot"], abs=5e-9)
    assert found["bootstrap"].standard_error == pytest.approx(wanted["boot.se"], abs=5e-9)
    assert found["Chao2"].n == wanted["n"]
    assert int(matrix(name).any(axis=0).sum()) == wanted["Species"]
    # vegan subtracts Q1/m where Heltshe & Forrester (1983) subtract Q1²/m
    m, q1 = len(matrix(name)), EXPECTED[name]["Q1"]
    vegan = found["jackknife 1"].standard_error ** 2 + (m - 1) / m * (q1**2 - q1) / m
    assert math.sqrt(vegan) == pytest.approx(wanted["jack1.se"], abs=5e-9)


@pytest.mark.parametrize("name", EXPECTED)
def test_chao_coverage_and_accumulation(name):
    wanted, x = EXPECTED[name], matrix(name)
    assert (x.sum(axis=0) == 1).sum() == wanted["Q1"]
    assert (x.sum(axis=0) == 2).sum() == wanted["Q2"]
    found = code_estimates(x)
    assert found["Chao2"].value == pytest.approx(wanted["chao2_classic"], rel=1e-12)
    corrected = found["Chao2, bias-corrected"].value
    assert corrected == pytest.approx(wanted["chao2_bias_corrected"], rel=1e-12)
    cover = sample_coverage(x).value
    assert cover == pytest.approx(wanted["sample_coverage_chao_jost"], rel=1e-12)
    assert np.cumsum(new_codes(x)).tolist() == wanted["collector"]
    curve = accumulation(x, "vegan")
    np.testing.assert_allclose(curve["expected"], wanted["exact_accumulation"], atol=5e-9)
    # vegan's standard deviation: printed to 8 decimals
    np.testing.assert_allclose(curve["standard_deviation"], wanted["exact_sd"], atol=2e-8)


@settings(max_examples=25, deadline=None)
@given(tables)
def test_accumulation_is_the_mean_over_every_choice(x):
    found = accumulation(x)
    for k in range(1, len(x) + 1):
        sizes = [
            x[list(rows)].any(axis=0).sum() for rows in itertools.combinations(range(len(x)), k)
        ]
        assert found["expected"].iloc[k - 1] == pytest.approx(np.mean(sizes), abs=1e-9)
        spread = found["standard_deviation"].iloc[k - 1]
        assert spread**2 == pytest.approx(np.var(sizes), abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(tables)
def test_jackknife_is_the_jackknife(x):
    found = code_estimates(x)["jackknife 1"]
    m, s = len(x), x.any(axis=0).sum()
    left_out = np.array([np.delete(x, i, axis=0).any(axis=0).sum() for i in range(m)])
    assert found.value == pytest.approx(m * s - (m - 1) * left_out.mean(), abs=1e-9)
    variance = (m - 1) / m * ((left_out - left_out.mean()) ** 2).sum()
    assert found.standard_error**2 == pytest.approx(variance, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(tables)
def test_totals_are_never_below_what_was_seen_and_coverage_is_a_share(x):
    found = code_estimates(x)
    seen = x.any(axis=0).sum()
    for name in ("Chao2", "Chao2, bias-corrected", "jackknife 1", "bootstrap"):
        assert found[name].value >= seen - 1e-9
    cover = sample_coverage(x)
    assert math.isnan(cover.value) == (x.sum() == 0)
    assert math.isnan(cover.value) or -1e-12 <= cover.value <= 1


def test_random_orders_meet_the_exact_mean_whatever_the_number_of_workers():
    one = saturation(TABLES["sat_12x18"], n_orders=4000, seed=5)
    two = saturation(TABLES["sat_12x18"], n_orders=4000, seed=5, n_jobs=2)
    np.testing.assert_array_equal(one.group().curves, two.group().curves)
    np.testing.assert_array_equal(one.group().reached_orders, two.group().reached_orders)
    # standard error of the mean of 4,000 orders is below 1.5/√4000 = 0.024
    table = one.interviews
    np.testing.assert_allclose(table["mean"], table["expected"], atol=0.1)
    assert (table["low"] <= table["median"]).all()
    assert (table["median"] <= table["high"]).all()


def test_reached_over_orders_is_the_step_applied_to_each_order():
    x = matrix("sat_12x18")
    found = saturation(x, n_orders=30, seed=2)
    generator = np.random.default_rng(np.random.SeedSequence(2).spawn(1)[0])
    shown = x[:, x.any(axis=0)].astype(bool)
    for reached in found.group().reached_orders:
        runs = saturation_runs(new_codes(shown[generator.permutation(len(shown))]))
        met = runs.loc[runs["ratio"] <= 0.05, "run_first"]
        assert (met.iloc[0] - 1 == reached) if len(met) else math.isnan(reached)


def test_groups_are_assessed_by_themselves():
    table = TABLES["sat_25x40"].assign(role=["p", "c"] * 12 + ["p"])
    both = saturation(table, by_group="role", n_orders=0)
    assert both.table["group"].tolist() == ["all", "p", "c"]
    alone = saturation(table[table["role"] == "c"].drop(columns="role"), n_orders=0)
    assert both.group("c").runs.equals(alone.group().runs)
    mapped = saturation(
        TABLES["sat_25x40"],
        by_group=dict(zip(table["interview"], table["role"], strict=True)),
        n_orders=0,
    )
    pd.testing.assert_frame_equal(mapped.table, both.table)
    with pytest.raises(DataError, match="no group 'x'"):
        both.group("x")


def test_pandas_and_polars_give_the_same():
    ours = saturation(TABLES["sat_12x18"], seed=1, n_orders=50)
    theirs = saturation(pl.from_pandas(TABLES["sat_12x18"]), seed=1, n_orders=50)
    for name, frame in ours.tables().items():
        pd.testing.assert_frame_equal(frame, theirs.tables()[name])
    assert isinstance(ours.tables(kind="polars")["runs"], pl.DataFrame)


def project(approach="coding reliability"):
    sources = pd.DataFrame({"source": ["I1", "I2", "I3"], "text": ["abcdef"] * 3})
    segments = pd.DataFrame(
        {"source": ["I1", "I1", "I2"], "code": ["A", "B/C", "A"], "start": 0, "end": [2, 6, 3]}
    )
    return CodedProject.from_frames(
        sources,
        segments,
        pd.DataFrame({"code": ["A", "B/C", "D"]}),
        unplaced=pd.DataFrame({"source": ["I3"], "code": ["D"], "reason": ["lost"]}),
        cases=pd.DataFrame({"case": ["P1", "P2"], "role": ["x", "y"]}),
        case_sources=pd.DataFrame({"case": ["P1", "P1", "P2"], "source": ["I1", "I2", "I3"]}),
        approach=approach,
    )


def test_a_project_gives_its_table():
    found = saturation(project(), base=1, run=1, n_orders=0)
    assert found.group().interviews == ("I1", "I2", "I3")
    assert found.group().new.tolist() == [2, 0, 1]
    cases = saturation(project(), base=1, run=1, n_orders=0, unit="case", by_group="role")
    assert cases.group().new.tolist() == [2, 1]
    assert cases.table["group"].tolist() == ["all", "x", "y"]
    assert saturation(project(), 1, 1, codes=["A"], n_orders=0).group().n_codes == 1
    sources = saturation(project(), base=1, run=1, n_orders=0, by_group="role")
    assert sources.group("x").interviews == ("I1", "I2")


def test_a_reflexive_project_is_refused_with_the_reason():
    with pytest.raises(DataError, match="reflexive"):
        saturation(project("reflexive"))
    assert "codebook" in saturation(project("codebook"), 1, 1, n_orders=0).summary()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"base": 0}, "base is 0"),
        ({"run": True}, "run is True"),
        ({"threshold": 5}, "threshold is 5"),
        ({"n_orders": -1}, "n_orders is -1"),
        ({"confidence": "a"}, "confidence is 'a'"),
        ({"by_group": ["x"]}, "1 groups for 12"),
        ({"by_group": "role"}, "no column 'role'"),
        ({"codes": ["x"]}, "no code 'x'"),
    ],
)
def test_bad_choices_are_named(change, words):
    with pytest.raises(DataError, match=words):
        saturation(TABLES["sat_12x18"], **({"n_orders": 0} | change))


@pytest.mark.parametrize("bad", [[], [1, 2], [["a"]], [[np.nan]], [[-1]], [[np.inf]]])
def test_bad_tables_are_named(bad):
    with pytest.raises(DataError):
        incidence(bad)


def test_too_few_interviews_are_said_and_not_shown_as_zero():
    found = saturation([[1, 0], [0, 1]], n_orders=20, seed=1)
    assert math.isnan(found.table["reached_after"].item())
    assert "need 6" in found.table["note"].item()
    assert "not reached" in found.summary()
    single = saturation([[1, 0]], n_orders=0)
    assert single.totals["value"].isna().all()
    nothing = saturation(np.zeros((8, 3)), n_orders=10, seed=1)
    assert nothing.table["note"].item() == "no code in the base"


def test_words_section_and_pictures(tmp_path):
    found = saturation(TABLES["sat_25x40"], seed=1, n_orders=100)
    assert "4+2" in found.summary()
    assert "did not stay there" in found.summary()
    assert "no confidence interval" in found.methods_text()
    assert found.indicators()[0].value == 4
    assert found.section().figures[0].alt
    assert "4+2" in plotting.alt_text(found.plot_saturation())
    assert "7, 6, 3, 4" in plotting.alt_text(found.plot_new_codes())
    assert found.to_excel(tmp_path / "s.xlsx").exists()


def test_an_interview_that_nobody_coded_is_not_one_without_new_codes():
    names = [f"I{i}" for i in range(1, 8)]
    project = CodedProject.from_frames(
        pd.DataFrame({"source": names, "text": "some words"}),
        pd.DataFrame({"source": names[:5], "code": list("ABCDE"), "start": 0, "end": 4}),
    )
    with pytest.warns(ReadingWarning, match="2 of 7 sources"):
        found = saturation(project, by_group=list("xxxyyyy"), n_orders=5, seed=1)
    assert found.groups[0].interviews == tuple(names[:5])
    assert not found.groups[0].notation
    assert [len(g.interviews) for g in found.groups] == [5, 3, 2]
    assert "Left out, because nothing was coded there" in found.summary()
    with pytest.raises(DataError, match="Nothing was coded"):
        saturation(project.with_segments(project.segments.head(0)))


def test_estimates_without_a_code_in_two_interviews_by_hand():
    x = [[1, 1, 0, 0, 1], [1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [1, 0, 0, 0, 0]]
    m, q1, s, mentions = 4, 4, 5, 8
    a = (m - 1) / m
    value = s + a * q1 * (q1 - 1) / 2
    variance = a * q1 * (q1 - 1) / 2 + a**2 * q1 * (2 * q1 - 1) ** 2 / 4
    variance -= a**2 * q1**4 / (4 * value)
    chao = code_estimates(x)["Chao2, bias-corrected"]
    assert chao.value == pytest.approx(value, abs=1e-12)
    assert chao.standard_error == pytest.approx(variance**0.5, abs=1e-12)
    share = (m - 1) * (q1 - 1) / ((m - 1) * (q1 - 1) + 2)
    assert sample_coverage(x).value == pytest.approx(1 - q1 / mentions * share, abs=1e-12)
