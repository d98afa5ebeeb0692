"""A panel against a survey with its own error.

Reference numbers: scipy ``chi2_contingency([panel, benchmark])`` and statsmodels
``confint_proportions_2indep(method="newcomb")`` for CAUK 2020 against the BEIS tracker.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, SmallCellWarning
from dmpkit.representativeness.benchmark import compare_with_benchmark

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
PANEL = [54, 36, 16, 4]  # concern about climate change, 110 answers, two smallest merged


@pytest.fixture(scope="module")
def cases():
    return json.loads((REFERENCE / "benchmark.json").read_text())


@pytest.mark.parametrize("case", ["deff1", "deff1_5"])
def test_cauk_against_beis(cases, case):
    expected = cases[case]
    d = expected["deff_bench"]
    found = compare_with_benchmark(PANEL, expected["bench_counts"], d)
    # against the published percentages, of which the counts are rounded
    known = compare_with_benchmark(PANEL, 4224 * np.array([0.52, 0.33, 0.09, 0.06]))
    assert known.chi2_one_sample == pytest.approx(expected["one_sample_chi2"], rel=1e-8)
    assert known.p_one_sample == pytest.approx(expected["one_sample_p"], rel=1e-8)
    assert found.chi2_one_sample == pytest.approx(expected["one_sample_chi2"], rel=1e-3)
    assert found.chi2_two_sample == pytest.approx(expected["two_sample_chi2"], rel=1e-8)
    assert found.p_two_sample == pytest.approx(expected["two_sample_p"], rel=1e-8)
    simple = compare_with_benchmark(PANEL, expected["bench_counts"])
    for row, simple_row, wanted in zip(
        found.table.itertuples(), simple.table.itertuples(), expected["rows"], strict=True
    ):
        assert row.panel == pytest.approx(wanted["panel"], rel=1e-8)
        assert row.benchmark == pytest.approx(wanted["bench"], rel=1e-8)
        assert row.difference == pytest.approx(wanted["diff"], rel=1e-8)
        assert row.standard_error == pytest.approx(wanted["se"], rel=1e-8)
        assert [row.low, row.high] == pytest.approx(wanted["wald"], rel=1e-8)
        newcombe = [simple_row.newcombe_low, simple_row.newcombe_high]
        assert newcombe == pytest.approx(wanted["newcombe_deff1"], rel=1e-8)


def test_a_larger_design_effect_widens_both_intervals(cases):
    counts = cases["deff1"]["bench_counts"]
    one, two = compare_with_benchmark(PANEL, counts), compare_with_benchmark(PANEL, counts, 4)
    for low, high in (("low", "high"), ("newcombe_low", "newcombe_high")):
        assert (two.table[high] - two.table[low] > one.table[high] - one.table[low]).all()
    assert two.chi2_effective < two.chi2_two_sample
    assert one.chi2_effective == one.chi2_two_sample


def test_a_very_large_survey_is_as_if_known(cases):
    counts = np.array(cases["deff1"]["bench_counts"]) * 10_000
    found = compare_with_benchmark(PANEL, counts)
    assert found.chi2_two_sample == pytest.approx(found.chi2_one_sample, rel=1e-3)


def test_named_counts_are_matched_in_any_order_and_any_frame():
    survey = {"yes": 600, "no": 300, "unsure": 100}
    panel = pd.DataFrame({"category": ["unsure", "yes", "no"], "count": [10, 50, 40]})
    one = compare_with_benchmark(panel, survey)
    two = compare_with_benchmark(pl.from_pandas(panel), pd.Series(survey))
    assert one.table.equals(two.table)
    assert one.table["category"].tolist() == ["yes", "no", "unsure"]
    assert one.table["panel"].tolist() == [0.5, 0.4, 0.1]
    same = compare_with_benchmark({"yes": 60, "no": 30, "unsure": 10}, survey)
    assert same.table["difference"].abs().max() < 1e-15
    assert "No interval" in same.summary()


def test_small_cells_are_said():
    with pytest.warns(SmallCellWarning, match="smallest expected count in the panel is"):
        compare_with_benchmark([18, 1, 1], [900, 60, 40])


def test_a_category_that_the_survey_has_nobody_in():
    with pytest.warns(SmallCellWarning):
        found = compare_with_benchmark([40, 40, 20], [500, 500, 0])
    assert np.isnan(found.chi2_one_sample)
    assert np.isfinite(found.chi2_two_sample)


@pytest.mark.parametrize(
    ("panel", "survey", "options", "message"),
    [
        ([1, 2], [1, 2, 3], {}, "2 counts, the benchmark 3"),
        ([1, -2], [1, 2], {}, "'-2' is not a number"),
        ([0, 0], [1, 2], {}, "counts nobody"),
        ({"Yes": 3, "no": 4}, {"yes": 3, "no": 4}, {}, "only in upper and lower case"),
        ([1, 2], [1, 2], {"design_effect": 0}, "design effect is 0"),
        ([1, 2], [1, 2], {"level": 95}, "between 0 and 1"),
        ([5], [5], {}, "two categories"),
    ],
)
def test_bad_input_is_refused(panel, survey, options, message):
    with pytest.raises(DataError, match=message):
        compare_with_benchmark(panel, survey, **options)


def test_views(cases, tmp_path):
    found = compare_with_benchmark(
        dict(zip("abcd", PANEL, strict=True)),
        dict(zip("abcd", cases["deff1"]["bench_counts"], strict=True)),
        1.5,
    )
    assert "+5.5 points (c)" in found.summary()
    assert "no random sample" in found.summary()
    assert "here 1.5" in found.methods_text()
    assert found.to_excel(tmp_path / "b.xlsx").exists()
    assert found.report(tmp_path / "b.html").exists()
    assert found.indicators()[0].value == pytest.approx(0.0554924, abs=1e-6)
    assert found.tables(kind="polars")["tests"]["df"].to_list() == [3, 3, 3]
