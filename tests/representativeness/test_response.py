"""R-indicators from records of everyone invited.

Reference numbers: RISQ's ``getRIndicator`` under R 4.2.2 and statsmodels 0.15.0 on a synthetic
recruitment frame. Adjusted R and its standard error rest on R's glm covariance, one scoring
step behind the converged fit; the reference asks 1e-6 of these two.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, SeparationWarning
from dmpkit.representativeness.propensity import (
    fit_propensities,
    indicator_matrix,
    propensity_bias,
    propensity_variance,
)
from dmpkit.representativeness.response import r_indicator

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
MODELS = {"full": ["gender", "age", "edu", "region", "tenure"], "main2": ["age", "edu"]}
NUMBERS = dict(pd.read_csv(REFERENCE / "r_reference.csv").to_numpy())
STEPS = sorted({key.split(".")[1] for key in NUMBERS if key.startswith("R.")})
SEPARATED = ("selected_to_attended", "attended_to_completed")


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(REFERENCE / "recruitment_frame.csv", keep_default_na=False)


def found(frame, step, model, **options):
    start, end = step.split("_to_")
    options = {"n_resamples": 0, **options}
    return r_indicator(
        frame, end, MODELS[model], among=None if start == "all" else start, **options
    )


def checked(frame, step, model):
    if step in SEPARATED:
        with pytest.warns(SeparationWarning):
            return found(frame, step, model)
    return found(frame, step, model)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("step", STEPS)
def test_every_number_of_risq_comes_out(frame, step, model):
    result = checked(frame, step, model)
    prefix = f"R.{step}.{model}."
    variables = result.partials.set_index("variable")
    categories = result.category_partials.set_index(["variable", "category"])
    expected = {key[len(prefix) :]: v for key, v in NUMBERS.items() if key.startswith(prefix)}
    assert expected
    for key, value in expected.items():
        what, _, name = key.partition(".")
        close = {"rel": 1e-8, "abs": 1e-9}  # GLM propensities: 1e-8
        if what in ("R_adj", "SE"):
            close = {"abs": 1e-6}  # R's glm covariance lags one step behind
        got = {
            "n": lambda: result.n,
            "rate": lambda: result.rate,
            "R_unadj": lambda: result.raw,
            "R_adj": lambda: result.adjusted,
            "SE": lambda: result.standard_error,
            "CV": lambda: result.cv,
            "Pu": lambda name=name: variables.loc[name, "unconditional"],
            "Pc": lambda name=name: variables.loc[name, "conditional"],
            "Pu_cat": lambda name=name: categories.loc[tuple(name.split("=")), "unconditional"],
        }[what]()
        assert got == pytest.approx(value, **close), key


def test_statsmodels_gives_the_same(frame):
    cases = json.loads((REFERENCE / "stage_statsmodels.json").read_text())
    assert cases
    for case, expected in cases.items():
        step, model = case.split(".")
        result = checked(frame, step, model)
        assert result.n == expected["n"]
        assert result.raw == pytest.approx(expected["R_unadj_ddof1"], abs=1e-9)
        assert result.cv == pytest.approx(expected["CV_ddof1"], abs=1e-9)
        bound = expected["max_abs_bias_bound_ddof1"]
        assert result.largest_bias == pytest.approx(bound, abs=1e-9)
        spread = ((1 - result.raw) / 2) ** 2 * (result.n - 1) / result.n
        assert 1 - 2 * np.sqrt(spread) == pytest.approx(expected["R_unadj_ddof0"], abs=1e-9)
        pu = result.partials.set_index("variable")["unconditional"].to_dict()
        assert pu == pytest.approx(expected["Pu"], abs=1e-9)


def test_polars_gives_the_same(frame):
    ours = found(frame, "invited_to_responded", "full")
    other = found(pl.from_pandas(frame), "invited_to_responded", "full")
    assert other.adjusted == ours.adjusted
    assert other.tables(kind="polars")["partials"]["conditional"].to_list() == [
        *ours.partials["conditional"]
    ]


def test_relabelling_and_reordering_change_nothing(frame):
    ours = found(frame, "invited_to_responded", "main2")
    turned = frame.sample(frac=1, random_state=2).assign(
        age=lambda f: f["age"].map({"16-29": "z", "30-44": "c", "45-64": "b", "65+": "a"})
    )
    other = found(turned, "invited_to_responded", "main2")
    assert other.raw == pytest.approx(ours.raw, abs=1e-12)
    assert other.adjusted == pytest.approx(ours.adjusted, abs=1e-8)
    assert other.standard_error == pytest.approx(ours.standard_error, abs=1e-8)


def test_one_variable_by_hand():
    people = pd.DataFrame(
        {
            "age": ["young"] * 200 + ["old"] * 200,
            "came": [1] * 40 + [0] * 160 + [1] * 80 + [0] * 120,
        }
    )
    result = r_indicator(people, "came", ["age"])
    variance = 0.1**2 * 400 / 399
    bias = (0.2 * 0.8 / 200 + 0.4 * 0.6 / 200) / 2
    assert result.raw == pytest.approx(1 - 2 * np.sqrt(variance))
    assert result.adjusted == pytest.approx(1 - 2 * np.sqrt(variance - bias), abs=1e-7)
    assert result.partials["unconditional"].tolist() == pytest.approx([0.1])
    assert result.partials["conditional"].tolist() == pytest.approx([0.1])


def test_the_adjustment_takes_off_what_estimation_adds():
    # response does not depend on anything; the published form takes off the variance of the
    # mean propensity, 0.24 / 400, as well
    rng = np.random.default_rng(4)
    codes = [rng.integers(0, 4, 400), rng.integers(0, 3, 400)]
    x, n = indicator_matrix(codes, [4, 3]), np.ones(400)
    raw, left = [], []
    for _ in range(300):
        fit = fit_propensities(x, n, rng.binomial(1, 0.4, 400).astype(float))
        raw.append(propensity_variance(fit.propensities, n))
        left.append(raw[-1] - propensity_bias(fit, n))
    spread = np.std(left) / np.sqrt(len(left))
    assert np.mean(raw) > 10 * spread
    assert abs(np.mean(left) + 0.24 / 400) < 4 * spread


def test_linearised_error_is_that_of_repeated_response(frame):
    base = frame[frame["invited"] == 1]
    codes = [pd.factorize(base[v])[0] for v in MODELS["main2"]]
    x, n = indicator_matrix(codes, [4, 3]), np.ones(len(base))
    p = fit_propensities(x, n, base["responded"].to_numpy(float)).propensities
    rng = np.random.default_rng(8)
    drawn = [
        np.sqrt(propensity_variance(fit_propensities(x, n, y.astype(float)).propensities, n))
        for y in rng.binomial(1, p, (400, len(base)))
    ]
    reckoned = found(frame, "invited_to_responded", "main2").standard_error
    assert 2 * np.std(drawn) == pytest.approx(reckoned, rel=0.15)  # 400 draws: ±3.5 %, twice that


# --- few people, separation


def test_few_people_get_a_bootstrap(frame):
    with pytest.warns(SeparationWarning, match="everybody of"):
        one = found(frame, "selected_to_attended", "main2", n_resamples=None, seed=3)
    assert one.n_resamples == 999
    assert 0 <= one.low <= one.adjusted <= one.high <= 1
    assert "bootstrap" in one.estimate.note
    assert "too narrow" in one.estimate.note


def test_any_number_of_workers_draws_the_same(frame):
    options = {"n_resamples": 150, "seed": 5}
    one = found(frame, "responded_to_selected", "main2", **options)
    two = found(frame, "responded_to_selected", "main2", n_jobs=2, **options)
    assert (one.standard_error, one.low, one.high) == (two.standard_error, two.low, two.high)


def test_bootstrap_and_linearisation_agree_where_there_are_many(frame):
    linear = found(frame, "invited_to_responded", "main2")
    drawn = found(frame, "invited_to_responded", "main2", n_resamples=400, seed=1)
    assert drawn.standard_error == pytest.approx(linear.standard_error, rel=0.15)
    assert drawn.low == pytest.approx(linear.low, abs=0.02)


def test_separation_names_the_category():
    people = pd.DataFrame(
        {
            "region": ["north"] * 60 + ["south"] * 60 + ["west"] * 5,
            "came": ([1] * 20 + [0] * 40) * 2 + [0] * 5,
        }
    )
    with pytest.warns(SeparationWarning, match=r"nobody of region 'west' \(5\)"):
        result = r_indicator(people, "came", ["region"])
    assert result.separated == ("nobody of region 'west' (5)",)
    assert np.isfinite(result.adjusted)
    assert "Separation" in result.summary()


def test_separation_names_the_combination():
    people = pd.DataFrame(
        {
            "a": ["x"] * 80 + ["y"] * 80,
            "b": ["u"] * 40 + ["v"] * 40 + ["u"] * 40 + ["v"] * 40,
            "came": [1] * 20 + [0] * 20 + [0] * 40 + [1] * 40 + [1] * 20 + [0] * 20,
        }
    )
    with pytest.warns(SeparationWarning, match="nobody of a 'x' × b 'v'"):
        r_indicator(people, "came", ["a", "b"])


def test_a_variable_twice_over_changes_nothing(frame):
    doubled = frame.assign(sex=frame["gender"].map({"Female": "w", "Male": "m"}))
    one = r_indicator(doubled, "responded", ["gender", "age"], among="invited")
    two = r_indicator(doubled, "responded", ["gender", "sex", "age"], among="invited")
    assert two.raw == pytest.approx(one.raw, abs=1e-12)
    assert two.adjusted == pytest.approx(one.adjusted, abs=1e-12)


def test_people_alone_in_their_combination_are_said():
    rng = np.random.default_rng(1)
    people = pd.DataFrame(rng.integers(0, 4, (200, 6)).astype(str), columns=list("abcdef"))
    people["came"] = rng.integers(0, 2, 200)
    result = r_indicator(people, "came", list("abcdef"))
    assert "only ones with their combination" in result.notes[0]


# --- input


def test_missing_values_are_a_category_and_noted(frame):
    some = frame.assign(age=frame["age"].where(frame.index % 10 > 0))
    result = r_indicator(some, "responded", ["age"], among="invited")
    assert "(missing)" in set(result.category_partials["category"])
    assert "missing count as a category" in result.notes[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"response": "answered"}, "Column 'answered' is missing"),
        ({"response": "hh_size"}, "neither 0 nor 1"),
        ({"variables": ["responded"]}, "cannot explain itself"),
        ({"variables": []}, "at least one variable"),
        ({"among": "responded"}, "Everybody has 'responded' = 1.*did not respond included"),
        ({"seed": -1, "n_resamples": 5}, "seed"),
    ],
)
def test_bad_input_is_refused(frame, options, message):
    asked = {"response": "responded", "variables": ["age"], **options}
    with pytest.raises(DataError, match=message):
        r_indicator(frame, asked.pop("response"), asked.pop("variables"), **asked)


def test_nobody_responded():
    with pytest.raises(DataError, match="Nobody has 'came' = 1"):
        r_indicator(pd.DataFrame({"came": [0, 0], "a": ["x", "y"]}), "came", ["a"])


# --- views


def test_views(frame, tmp_path):
    result = found(frame, "invited_to_responded", "full")
    text = result.summary()
    assert "285 of 700 responded (40.7 %)" in text
    assert "differs most by edu" in text
    assert "complete list" in result.methods_text()
    assert set(result.frames()) == {"indicator", "partials", "category_partials"}
    page = result.report(tmp_path / "response.html").read_text(encoding="utf-8")
    assert "Dot plot of partial R-indicators of 5 variables" in page
    assert result.indicators()[0].low == result.low
    ax = result.plot_category_partials()
    assert len(ax.get_yticklabels()) == len(result.category_partials)


def test_long_names_stay_apart_in_the_pictures():
    rng = np.random.default_rng(1)
    names = [f"A name of a variable that is longer than any label, number {i}" for i in range(3)]
    people = pd.DataFrame({name: rng.integers(0, 2, 300).astype(str) for name in names})
    people["came"] = rng.integers(0, 2, 300)
    result = r_indicator(people, "came", names)
    labels = [t.get_text() for t in result.plot_partials().get_yticklabels()]
    assert len(set(labels)) == 3
    labels = [t.get_text() for t in result.plot_category_partials().get_yticklabels()]
    assert len(set(labels)) == 6


def test_a_raw_indicator_below_0_is_explained():
    people = pd.DataFrame({"sex": ["F", "F", "M"], "responded": [1, 1, 0]})
    with pytest.warns(SeparationWarning):
        found = r_indicator(people, "responded", ["sex"], n_resamples=0)
    assert found.raw < 0
    assert "the raw R is below 0" in found.summary()
