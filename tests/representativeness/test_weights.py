"""Raking, post-stratification, trimming and weighted means.

Reference numbers: R 4.2.2, survey 4.1.1 (``rake`` with epsilon 1e-11, ``trimWeights(strict =
TRUE)``, ``svymean``) on a synthetic recruitment frame.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import ConvergenceWarning, DataError, SharesWarning, WeightsWarning
from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.raking import cells_of, rake_codes
from dmpkit.representativeness.weighted import numeric_values, trim_weights, weighted_mean
from dmpkit.representativeness.weighting import design_weights, post_stratify, rake

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
VARIABLES = ["gender", "age", "edu", "region", "tenure"]


def read(name):
    return pd.read_csv(REFERENCE / name, keep_default_na=False)


@pytest.fixture(scope="module")
def people():
    return read("panel_sample.csv")


@pytest.fixture(scope="module")
def population():
    return Population.from_margins(read("population_margins.csv"))


@pytest.fixture(scope="module")
def numbers():
    return dict(read("r_reference.csv").to_numpy())


@pytest.fixture(scope="module")
def r_weights():
    return read("r_weights.csv")


@pytest.fixture(scope="module", params=["equal", "design"])
def start(request):
    return request.param


@pytest.fixture(scope="module")
def raked(people, population, start):
    return rake(people, population, None if start == "equal" else "design_weight")


# --- against R


def test_raked_weights_agree_with_r(raked, r_weights, start):
    assert raked.persons.tolist() == r_weights["person"].tolist()
    # converged raking: 1e-8 relative
    np.testing.assert_allclose(raked.weights, r_weights[f"rake_{start}"], rtol=1e-8)


def test_what_raked_weights_cost_agrees_with_r(raked, numbers, start):
    key = f"rake_{start}"
    assert raked.design_effect == pytest.approx(numbers[f"{key}.kish_deff"], rel=1e-8)
    assert raked.effective_n == pytest.approx(numbers[f"{key}.n_eff"], rel=1e-8)
    assert raked.max_over_mean == pytest.approx(numbers[f"{key}.max_over_mean"], rel=1e-8)
    assert raked.min_over_mean == pytest.approx(numbers[f"{key}.min_over_mean"], rel=1e-8)


def test_weighted_mean_and_its_error_agree_with_r(raked, people, numbers, start):
    found = raked.estimate(people["support"])
    assert found.value == pytest.approx(numbers[f"rake_{start}.svymean_support"], rel=1e-8)
    error = numbers[f"rake_{start}.svymean_support_SE"]
    assert found.standard_error == pytest.approx(error, rel=1e-8)
    assert found.high - found.value == pytest.approx(1.959963984540054 * error, rel=1e-8)


def test_trimmed_weights_agree_with_r(raked, numbers, start):
    trimmed = raked.trim(0.3, 3)
    expected = numbers[f"trim3_0.3_{start}.kish_deff"]
    assert trimmed.design_effect == pytest.approx(expected, rel=1e-8)
    assert trimmed.weights.sum() == pytest.approx(raked.weights.sum(), rel=1e-12)
    assert trimmed.max_over_mean <= 3 + 1e-9
    assert trimmed.min_over_mean >= 0.3 - 1e-9
    assert trimmed.margins["gap"].abs().max() > 1e-4  # trimmed weights miss the margins, and say so
    assert "trimmed at 0.30 below and 3 above" in trimmed.notes[-1]


def test_household_weights_agree_with_r(people, numbers):
    weights = design_weights(people, "design_weight")
    assert weights.design_effect == pytest.approx(numbers["household.kish_deff"], rel=1e-8)
    checked = 0
    for variable in ("gender", "edu"):
        for row in weights.shares(people[variable]).itertuples():
            key = f"household.{variable}{row.category}"
            assert row.share == pytest.approx(numbers[f"{key}.hajek"], rel=1e-8)
            assert row.standard_error == pytest.approx(numbers[f"{key}.SE"], rel=1e-8)
            checked += 2
    assert checked + 1 == sum(key.startswith("household.") for key in numbers)


def test_design_effects_agree_with_balance(people, population):
    metrics = json.loads((REFERENCE / "balance_metrics.json").read_text())
    equal = rake(people, population)
    design = rake(people, population, "design_weight")
    assert equal.design_effect == pytest.approx(metrics["kish_deff_rake"], rel=1e-8)
    assert design.design_effect == pytest.approx(metrics["kish_deff_rake_design"], rel=1e-8)
    # balance's printed summary: Deff 1.195, ESSP 0.837, ESS 238.5
    said = metrics["summary_ad"]
    assert f"design effect (Deff): {equal.design_effect:.3f}" in said
    assert f"proportion (ESSP): {equal.effective_n / equal.n:.3f}" in said
    assert f"size (ESS): {equal.effective_n:.1f}" in said


# --- properties


def test_margins_are_met(raked, population):
    assert raked.converged
    assert raked.error <= 1e-10
    assert raked.weights.sum() == pytest.approx(population.size, rel=1e-10)
    table = raked.margins
    np.testing.assert_allclose(table["share"], table["target"], rtol=1e-10)


def test_polars_gives_the_same(people, population, raked, start):
    base = None if start == "equal" else "design_weight"
    other = rake(pl.from_pandas(people), pl.from_pandas(read("population_margins.csv")), base)
    assert other.weights.tolist() == raked.weights.tolist()
    assert other.tables(kind="polars")["margins"]["target"].to_list() == [*raked.margins["target"]]


def test_relabelling_reordering_and_scaling_change_nothing(people, population, raked, start):
    base = None if start == "equal" else "design_weight"
    margins = read("population_margins.csv")
    turned = people.sample(frac=1, random_state=1)
    scaled = margins.assign(count=7 * margins["count"]).iloc[::-1]
    names = {"Female": "f", "Male": "m"}
    scaled = scaled.assign(category=scaled["category"].replace(names))
    turned = turned.assign(gender=turned["gender"].replace(names))
    other = rake(turned, scaled, base)
    back = pd.Series(other.weights, index=other.persons)[raked.persons] / 7
    np.testing.assert_allclose(back, raked.weights, rtol=1e-8)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(2, 4))
def test_cells_give_what_rows_give(seed, n_variables, n_categories):
    rng = np.random.default_rng(seed)
    n = 300
    codes = [rng.integers(0, n_categories, n) for _ in range(n_variables)]
    base = rng.uniform(0.5, 2, n)
    drawn = base * rng.uniform(0.3, 3, n)  # some weights meet these margins
    targets = [np.bincount(c, drawn, n_categories) for c in codes]
    if any((t == 0).any() for t in targets):
        return
    weights = base.copy()
    for _ in range(2000):
        for code, target in zip(codes, targets, strict=True):
            weights *= (target / np.bincount(code, weights, n_categories))[code]
    found = rake_codes(codes, targets, base, tolerance=1e-12, max_iterations=2000)
    assert found.converged
    np.testing.assert_allclose(found.weights, weights, rtol=1e-8)


def test_many_variables_are_numbered_without_overflow():
    rng = np.random.default_rng(3)
    codes = [rng.integers(0, 40, 200) for _ in range(14)]  # 40**14 > 2**63
    cells = cells_of(codes, [40] * 14)
    rows = {tuple(row) for row in np.array(codes).T.tolist()}
    assert cells.n == len(rows)
    for code, of_cell in zip(codes, cells.codes, strict=True):
        np.testing.assert_array_equal(of_cell[cells.of_row], code)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.01, 50), min_size=3, max_size=30), st.floats(0.05, 0.9))
def test_trimming_keeps_the_total_and_the_bounds(weights, low):
    w = np.array(weights)
    if np.ptp(w) < 1e-9:
        return
    out = trim_weights(w, low * w.mean(), 2 * w.mean())
    assert out.sum() == pytest.approx(w.sum())
    assert out.max() <= 2 * w.mean() * (1 + 1e-9)
    assert out.min() >= low * w.mean() * (1 - 1e-9)


def test_equal_weights_give_the_plain_standard_error():
    y = np.array([0, 1, 1, 0, 1, 1.0])
    found = weighted_mean(y, np.full(6, 2.0))
    assert found.standard_error == pytest.approx(y.std(ddof=1) / np.sqrt(6))


def test_missing_values_are_a_domain(raked, people):
    values = people["support"].to_numpy(dtype=float, copy=True)
    values[:20] = np.nan
    found = raked.estimate(values)
    kept = ~np.isnan(values)
    assert found.n == kept.sum()
    assert found.value == pytest.approx(np.average(values[kept], weights=raked.weights[kept]))
    assert raked.estimate(np.full(len(people), np.nan)).note == "nobody with a weight has a value"


# --- post-stratification


def test_post_stratified_weights_meet_every_cell(people):
    joint = Population.from_joint(read("population_joint.csv"))
    weights = post_stratify(people, joint, "design_weight", variables=["gender", "age"])
    got = people.assign(w=weights.weights).groupby(["gender", "age"])["w"].sum()
    wanted = read("population_joint.csv").groupby(["gender", "age"])["count"].sum()
    assert got.index.equals(wanted.index)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
    assert weights.margins["gap"].abs().max() < 1e-12


def test_post_stratification_by_one_variable_is_raking(people, population):
    one = post_stratify(people, population, "design_weight", variables=["age"])
    other = rake(people, population, "design_weight", variables=["age"])
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-10)


def test_post_stratification_needs_a_joint_table(people, population):
    with pytest.raises(DataError, match=r"joint table.*Use rake"):
        post_stratify(people, population)


def test_post_stratification_names_empty_cells(people):
    with pytest.raises(
        DataError, match=r"in 1 cell of the population, .*'Male' × age '30-44' × edu 'NoQual'"
    ):
        post_stratify(people, read("population_joint.csv"))


def test_post_stratification_leaves_out_who_is_in_no_cell():
    people = pd.DataFrame({"a": ["x", "x", "y", "y"], "b": ["u", "v", "u", "v"]})
    joint = pd.DataFrame({"a": ["x", "x", "y"], "b": ["u", "v", "u"], "count": [5, 3, 2]})
    with pytest.warns(SharesWarning, match="1 person is in a cell"):
        weights = post_stratify(people, joint)
    assert weights.weights.tolist() == [5.0, 3.0, 2.0, 0.0]
    assert weights.n == 3


def test_post_stratification_keeps_the_unknown():
    people = pd.DataFrame({"a": ["x", "x", "y", None], "b": ["u", "v", "u", "v"]})
    joint = pd.DataFrame({"a": ["x", "x", "y"], "b": ["u", "v", "u"], "count": [5, 3, 2]})
    with pytest.warns(WeightsWarning, match="1 person has no known category"):
        weights = post_stratify(people, joint)
    np.testing.assert_allclose(weights.weights, [3.75, 2.25, 1.5, 2.5])


# --- unknown categories, zero targets, margins that cannot be met

SMALL = pd.DataFrame(
    {"sex": ["f", "f", "m", "m", None], "age": ["o", "y", "o", "y", "y"], "w": [1, 2, 1, 1, 3]}
)
SHARES = {"sex": {"f": 0.6, "m": 0.4}, "age": {"o": 0.5, "y": 0.5}}


def test_unknown_keep_their_share_and_the_known_match_among_themselves():
    with pytest.warns(WeightsWarning, match="sex: 1 person has no known category"):
        weights = rake(SMALL, SHARES)
    assert weights.weights[4] / weights.weights.sum() == pytest.approx(0.2)
    known = weights.weights[:4]
    assert known[:2].sum() / known.sum() == pytest.approx(0.6)
    assert weights.margins["gap"].abs().max() < 1e-9
    assert "no known category" in weights.summary()


def test_unknown_left_out_or_refused():
    out = rake(SMALL, SHARES, unknown="leave out")
    assert out.weights[4] == 0
    assert out.n == 4
    assert out.weights.sum() == pytest.approx(4)
    with pytest.raises(DataError, match="row 6, column sex: 1 person has no known"):
        rake(SMALL, SHARES, unknown="error")
    with pytest.raises(DataError, match="no rule"):
        rake(SMALL, SHARES, unknown="drop")


def test_a_target_of_zero_gives_the_weight_zero():
    people = pd.DataFrame({"sex": ["f", "m", "x"]})
    with pytest.warns(SharesWarning, match="1 in 'x', which has a target of 0"):
        weights = rake(people, {"sex": {"f": 0.5, "m": 0.5, "x": 0.0}})
    assert weights.weights.tolist() == [1.0, 1.0, 0.0]


def test_an_empty_category_is_named():
    people = pd.DataFrame({"age": ["o", "o"], "sex": ["f", "m"]})
    with pytest.raises(DataError, match=r"nobody in the panel is in age 'y' \(50\.0 %.*Merge"):
        rake(people, SHARES)


def test_margins_that_contradict_each_other_are_named():
    # all women are old: 60 % women cannot go with 50 % old
    people = pd.DataFrame({"sex": ["f", "f", "m", "m"], "age": ["o", "o", "o", "y"]})
    with pytest.raises(DataError, match=r"meet these margins together.*10 points"):
        rake(people, SHARES, max_iterations=100)


def test_margins_met_only_by_weights_of_zero_warn():
    # 50 % women and 50 % old: the old man would have to get a weight of 0
    people = pd.DataFrame({"sex": ["f", "f", "m", "m"], "age": ["o", "o", "o", "y"]})
    shares = {"sex": {"f": 0.5, "m": 0.5}, "age": {"o": 0.5, "y": 0.5}}
    with pytest.warns(ConvergenceWarning, match="weights of about 0"):
        weights = rake(people, shares, max_iterations=50)
    assert not weights.converged
    assert "not converged" in weights.notes[-1]


def test_a_weight_that_carries_one_person_far_is_said():
    people = pd.DataFrame({"id": [*range(20)], "sex": ["f"] * 19 + ["m"]})
    with pytest.warns(WeightsWarning, match=r"person 19\) is 10\.0 times the mean"):
        rake(people, {"sex": {"f": 0.5, "m": 0.5}})


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("nothing", "Column 'nothing' is missing"),
        ([1, 2], "2 base weights for 4 people"),
        ([1, 2, -1, 1], "row 4, column base_weights: The base weight '-1'"),
        ([1, 2, np.nan, 1], "The base weight 'nan'"),
        ([0, 0, 0, 0], "All base weights are 0"),
        ("age", "column age: The base weight 'o' is not a number"),
    ],
)
def test_bad_base_weights_are_refused(base, message):
    with pytest.raises(DataError, match=message):
        rake(SMALL.iloc[:4], SHARES, base)


def test_bad_input_is_refused(people, population, raked):
    with pytest.raises(DataError, match="share no variable"):
        rake(pd.DataFrame({"height": ["a", "b"]}), SHARES)
    with pytest.raises(DataError, match="only counts are known"):
        rake(Panel.from_counts({"sex": {"f": 1, "m": 2}}), SHARES)
    with pytest.raises(DataError, match=r"'F' of the panel.*upper and lower case"):
        rake(pd.DataFrame({"sex": ["F", "m"]}), SHARES)
    with pytest.raises(DataError, match="Column 'height' is missing"):
        rake(people, population, variables=["height"])
    with pytest.raises(DataError, match="needs a bound"):
        raked.trim()
    with pytest.raises(DataError, match="do not enclose 1"):
        raked.trim(1.2, 3)
    with pytest.raises(DataError, match="2 values for 285 weights"):
        raked.estimate([1, 2])
    with pytest.raises(DataError, match="not a number"):
        raked.estimate(people["gender"])


def test_variables_that_the_panel_lacks_are_noted(people, population):
    weights = rake(people[["person", "age"]], population)
    assert "not weighted by gender, edu, region, tenure" in weights.notes[0]


# --- views


def test_views(raked, tmp_path):
    text = raked.summary()
    assert f"design effect {raked.design_effect:.2f}" in text
    assert "not survey respondents" in text
    assert "Kish (1965)" in raked.methods_text()
    assert set(raked.frames()) == {"margins", "diagnostics", "extremes", "weights"}
    assert len(raked.extremes) == 10
    measured = raked.diagnostics.set_index("measure")["value"]
    assert measured["effective n"] == raked.effective_n
    assert raked.to_excel(tmp_path / "weights.xlsx").exists()
    page = raked.report(tmp_path / "weights.html").read_text(encoding="utf-8")
    assert "Histogram of 285 weights" in page
    assert raked.indicators()[0].value == raked.design_effect
    assert [found.n for found in raked.indicators()] == [raked.n, raked.n]


def test_every_reference_weight_has_a_column_tested(r_weights):
    methods = ["rake", "cal_linear", "cal_raking", "cal_logit_0.3_3"]
    expected = {f"{m}_{s}" for m, s in product(methods, ["equal", "design"])}
    assert set(r_weights.columns) == {"person", *expected}


def test_design_weights_name_their_people():
    rows = pd.DataFrame({"gender": ["woman", "man", "man"], "adults": [1, 3, 2]})
    plain = design_weights(rows, "adults")
    assert plain.persons.tolist() == [1, 2, 3]
    assert plain.regression == "none"
    assert "linearised from deviations from the weighted mean" in plain.methods_text()
    named = Panel.from_frame(rows.assign(id=["k7", "b2", "x1"]), person="id")
    assert design_weights(named, "adults").persons.tolist() == ["k7", "b2", "x1"]


@pytest.mark.parametrize("values", [[True, False], [1, 0], ["1", "0"], np.array([1, 0])])
def test_what_a_mean_is_taken_of_is_numbers_with_a_point(values):
    found = numeric_values(values, 2)
    assert found.dtype == np.float64
    assert found.tolist() == [1.0, 0.0]


def test_a_mean_of_nobody_is_not_a_number_and_says_why():
    found = weighted_mean([np.nan, 1], [1.0, 0.0])
    assert np.isnan(found.value)
    assert (found.n, found.note) == (0, "nobody with a weight has a value")
