"""Calibration, and why margins cannot be met.

Reference numbers: R 4.2.2, survey 4.1.1, ``calibrate(calfun = "linear" / "raking" / "logit")``
with epsilon 1e-11; the logit case has bounds (0.3, 3) after scaling the starting weights to
the population total.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import ConvergenceWarning, DataError, WeightsWarning
from dmpkit.representativeness.calibration import (
    calibrate_codes,
    least_misfit,
    narrowest_bounds,
)
from dmpkit.representativeness.data import Population
from dmpkit.representativeness.raking import rake_codes
from dmpkit.representativeness.weighting import calibrate

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
METHODS = {"linear": {}, "raking": {}, "logit": {"bounds": (0.3, 3)}}
COLUMNS = {"linear": "cal_linear", "raking": "cal_raking", "logit": "cal_logit_0.3_3"}


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


@pytest.mark.parametrize("start", ["equal", "design"])
@pytest.mark.parametrize("method", METHODS)
def test_calibration_agrees_with_r(people, population, numbers, method, start):
    base = None if start == "equal" else "design_weight"
    found = calibrate(people, population, base, method=method, **METHODS[method])
    key = f"{COLUMNS[method]}_{start}"
    # 1e-6 is what the reference asks of calibration weights
    np.testing.assert_allclose(found.weights, read("r_weights.csv")[key], rtol=1e-6)
    assert found.design_effect == pytest.approx(numbers[f"{key}.kish_deff"], rel=1e-8)
    estimate = found.estimate(people["support"])
    tested = 1
    if f"{key}.svymean_support" in numbers:
        assert estimate.value == pytest.approx(numbers[f"{key}.svymean_support"], rel=1e-8)
        error = numbers[f"{key}.svymean_support_SE"]
        assert estimate.standard_error == pytest.approx(error, rel=1e-8)
        tested += 2
    if f"{key}.g_max" in numbers:
        assert np.nanmax(found.ratios) == pytest.approx(numbers[f"{key}.g_max"], rel=1e-6)
        tested += 1
    assert tested == sum(name.startswith(f"{key}.") for name in numbers)
    np.testing.assert_allclose(found.margins["share"], found.margins["target"], rtol=1e-9)


def test_polars_gives_the_same(people, population):
    ours = calibrate(people, population, "design_weight")
    other = calibrate(pl.from_pandas(people), population, "design_weight")
    assert other.weights.tolist() == ours.weights.tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_raking_by_newton_is_raking_by_turns(seed):
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, 3, 200) for _ in range(3)]
    base = rng.uniform(0.5, 2, 200)
    drawn = base * rng.uniform(0.5, 2, 200)
    targets = [np.bincount(c, drawn, 3) for c in codes]
    one = calibrate_codes(codes, targets, base, method="raking", tolerance=1e-12)
    other = rake_codes(codes, targets, base, tolerance=1e-13, max_iterations=2000)
    assert one.converged
    np.testing.assert_allclose(one.weights, other.weights, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["linear", "raking", "logit"]))
def test_bounds_hold_and_margins_are_met(seed, method):
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, 3, 300) for _ in range(2)]
    base = rng.uniform(0.5, 2, 300)
    drawn = base * rng.uniform(0.6, 1.6, 300)
    targets = [np.bincount(c, drawn, 3) for c in codes]
    found = calibrate_codes(codes, targets, base, method=method, bounds=(0.4, 2.5))
    ratio = found.weights / (base * targets[0].sum() / base.sum())
    assert found.converged
    assert ratio.min() >= 0.4 - 1e-12
    assert ratio.max() <= 2.5 + 1e-12


def test_linear_weights_are_nearest_by_least_squares():
    rng = np.random.default_rng(5)
    codes = [rng.integers(0, 2, 40), rng.integers(0, 3, 40)]
    targets = [np.array([30.0, 10.0]), np.array([10.0, 10.0, 20.0])]
    found = calibrate_codes(codes, targets)
    x = np.column_stack([np.eye(2)[codes[0]], np.eye(3)[codes[1]]])
    nearest = 1 + np.linalg.pinv(x.T) @ (np.concatenate(targets) - x.sum(axis=0))
    np.testing.assert_allclose(found.weights, nearest, atol=1e-10)


# --- when it cannot be

PEOPLE = pd.DataFrame({"sex": ["f", "f", "f", "m"], "age": ["o", "y", "o", "y"]})


def test_bounds_that_are_too_narrow_are_named_with_the_least_that_would_do():
    shares = {"sex": {"f": 0.4, "m": 0.6}}
    with pytest.raises(DataError, match=r"No weights between 0\.3 and 2.*at least 2\.4\."):
        calibrate(PEOPLE, shares, method="logit", bounds=(0.3, 2))
    assert calibrate(PEOPLE, shares, method="logit", bounds=(0.3, 2.41)).converged
    with pytest.raises(DataError, match=r"No weights between 0\.3 and 2.*at least 2\.4\."):
        calibrate(PEOPLE, shares, method="linear", bounds=(0.3, 2))


def test_a_lower_bound_that_no_upper_one_helps_is_said():
    shares = {"sex": {"f": 0.4, "m": 0.6}}
    with pytest.raises(DataError, match="No upper bound helps"):
        calibrate(PEOPLE, shares, method="logit", bounds=(0.9, 1.5))


def test_margins_out_of_reach_of_any_weights_are_named():
    same = pd.DataFrame({"sex": ["f", "f", "m", "m"], "age": ["o", "o", "y", "y"]})
    shares = {"sex": {"f": 0.5, "m": 0.5}, "age": {"o": 0.6, "y": 0.4}}
    with pytest.raises(DataError, match=r"No weights meet these margins together.*points"):
        calibrate(same, shares)
    with pytest.raises(DataError, match="No weights of 0 or more meet"):
        calibrate(same, shares, method="raking")


def test_negative_weights_are_said():
    people = pd.DataFrame({"sex": ["f"] * 3 + ["m"] * 3, "age": ["o", "o", "y", "o", "y", "y"]})
    shares = {"sex": {"f": 0.9, "m": 0.1}, "age": {"o": 0.2, "y": 0.8}}
    with pytest.warns(WeightsWarning, match="weights are negative"):
        found = calibrate(people, shares)
    assert (found.weights < 0).any()
    assert found.diagnostics.set_index("measure")["value"]["negative weights"] > 0


def test_too_few_steps_warn(people, population):
    with pytest.warns(ConvergenceWarning, match="relative error"):
        calibrate(people, population, method="raking", max_iterations=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "ridge"}, "no"),
        ({"method": "logit"}, "needs bounds"),
        ({"method": "logit", "bounds": (1.2, 3)}, "do not enclose 1"),
        ({"method": "raking", "bounds": (-1, 3)}, "do not enclose 1"),
    ],
)
def test_options_that_cannot_be_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        calibrate(PEOPLE, {"sex": {"f": 0.5, "m": 0.5}}, **options)


# --- the programmes that say why


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_misfit_is_zero_where_weights_exist(seed):
    rng = np.random.default_rng(seed)
    codes = [rng.integers(0, 3, 30) for _ in range(2)]
    targets = [
        np.bincount(c, rng_weights, 3) for rng_weights in [rng.uniform(0, 2, 30)] for c in codes
    ]
    gaps = least_misfit(codes, targets)
    assert gaps is not None
    assert all((gap == 0).all() for gap in gaps)


def test_misfit_is_the_least_there_is():
    same = np.array([0, 0, 1, 1])
    gaps = least_misfit([same, same], [[50, 50], [70, 30]])
    assert sum(np.abs(gap).sum() for gap in gaps) == pytest.approx(40)


def test_narrowest_bound_is_the_largest_ratio_that_is_needed():
    code = np.array([0] * 8 + [1] * 2)
    assert narrowest_bounds([code], [[40, 60]]) == pytest.approx(3)
    assert np.isnan(narrowest_bounds([code], [[40, 60]], low=0.6))


def test_narrowest_bound_may_lie_between_one_and_two():
    code = np.array([0] * 6 + [1] * 4)
    assert narrowest_bounds([code], [[50, 50]]) == pytest.approx(1.25)


def test_misfit_within_bounds_rests_on_the_starting_weights():
    """Shares of 3/4 and 1/4 may move by a tenth: 67.5 to 82.5 and 22.5 to 27.5."""
    code = np.array([0, 0, 1, 1])
    gaps = least_misfit([code], [[50, 50]], np.array([3.0, 3, 1, 1]), bounds=(0.9, 1.1))
    assert gaps is not None
    assert abs(gaps[0]).tolist() == pytest.approx([17.5, 22.5])
    assert least_misfit([code], [[50, 50]], bounds=(0.9, 1.1))[0].tolist() == [0, 0]
