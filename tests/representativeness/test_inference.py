"""Do the tests of representativeness keep their level, and do its intervals cover?"""

import warnings
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from simulations import Case, check_all, check_few

import dmpkit.representativeness as rep
from dmpkit.errors import DmpkitWarning
from dmpkit.representativeness import goodness as go
from dmpkit.representativeness import stage_steps as steps

SHARES = np.array([0.1, 0.2, 0.3, 0.4])


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        yield


# --- shares ----------------------------------------------------------------------------


def panels(step, n=100, shares=SHARES):
    """Random samples of the population: whether the test speaks up."""

    def simulate(rng, runs):
        return [step(x, shares).p_value <= 0.05 for x in rng.multinomial(n, shares, runs)]

    return simulate


def exact(order="probability", n=23, **options):
    def simulate(rng, runs):
        return [
            rep.exact_multinomial(x, SHARES, order, seed=i, **options).p_value <= 0.05
            for i, x in enumerate(rng.multinomial(n, SHARES, runs))
        ]

    return simulate


def of_a_check(column, table="variables"):
    """The columns of check_margins, for a random sample of 40 from two features."""
    pop = rep.Population.from_margins(
        {"g": {"f": 0.5, "m": 0.5}, "a": {"y": 0.3, "i": 0.5, "o": 0.2}}
    )

    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            panel = pd.DataFrame(
                {
                    "g": rng.choice(["f", "m"], 40),
                    "a": rng.choice(["y", "i", "o"], 40, p=[0.3, 0.5, 0.2]),
                }
            )
            found = getattr(rep.check_margins(panel, pop, n_resamples=0), table)
            if column == "interval":
                row = found.iloc[int(rng.integers(len(found)))]
                out.append(row["low"] <= row["target"] <= row["high"])
            else:
                out.append(found[column].min() <= 0.05)
        return out

    return simulate


def power(rng, runs):
    """A share off by the gap that could be found with a chance of 80 %."""
    gap = float(go.detectable_gap(100, 0.4))
    x = rng.binomial(100, 0.4 + gap, runs)
    z = (x - 40) / np.sqrt(100 * 0.4 * 0.6)
    return np.abs(z) > 1.959964


# --- stages ----------------------------------------------------------------------------


def rates(rng, runs):
    x, y = rng.binomial(60, 0.3, runs), rng.binomial(80, 0.5, runs)
    found = [steps.rate_ratio(int(a), 60, int(b), 80) for a, b in zip(x, y, strict=True)]
    return [e.low <= 0.6 <= e.high for e in found if not np.isnan(e.low)]


def same_rates(rng, runs):
    before = np.array([60, 80, 100])
    after = rng.binomial(before, 0.3, (runs, 3))
    return [steps.group_rate_test(before, x).p_value <= 0.05 for x in after]


# --- response --------------------------------------------------------------------------

PROPENSITY = np.array([[0.2, 0.3, 0.4], [0.3, 0.45, 0.6]])


def invited(rng, n):
    g, a = rng.integers(0, 2, n), rng.integers(0, 3, n)
    return pd.DataFrame(
        {"g": np.array(["f", "m"])[g], "a": np.array(["y", "i", "o"])[a],
         "r": (rng.random(n) < PROPENSITY[g, a]).astype(int)}
    )  # fmt: skip


def response(n, **options):
    # the logistic model with main effects is not quite what made the responses
    truth = 1 - 2 * modelled().std()

    def simulate(rng, runs):
        out = []
        for i in range(runs):
            people = invited(rng, n)
            found = rep.r_indicator(people, "r", ["g", "a"], seed=i, **options)
            out.append(found.low <= truth <= found.high)
        return out

    return simulate


@lru_cache(maxsize=1)
def modelled():
    """Propensities of the model in the whole population, fitted to a very large list."""
    rows = [
        (g, a, r, 10_000 * (p if r else 1 - p))
        for (i, g) in enumerate("fm")
        for (j, a) in enumerate("yio")
        for r, p in ((1, PROPENSITY[i, j]), (0, PROPENSITY[i, j]))
    ]
    frame = pd.DataFrame(
        [row[:3] for row in rows for _ in range(round(row[3]))], columns=["g", "a", "r"]
    )
    found = rep.r_indicator(frame, "r", ["g", "a"], n_resamples=0)
    return np.array([1 - found.raw, found.raw - 1]) / 2  # a pair with the deviation that is asked


def from_margins(rng, runs):
    joint = pd.DataFrame([(g, a) for g in "fm" for a in "yio"], columns=["g", "a"])
    pop = rep.Population.from_joint(joint.assign(count=10_000))
    linear = linear_spread()
    out = []
    for i in range(runs):
        people = invited(rng, 1000)
        came = people.loc[people["r"] == 1, ["g", "a"]]
        found = rep.r_indicator_from_margins(came, pop, 1000, n_resamples=100, seed=i)
        out.append(found.low <= 1 - 2 * linear <= found.high)
    return out


def linear_spread():
    """Standard deviation of the propensities of the linear model with main effects."""
    cells = [(i, j) for i in range(2) for j in range(3)]
    x = np.array([[1, i == 1, j == 1, j == 2] for i, j in cells], dtype=float)
    y = np.array([PROPENSITY[c] for c in cells])
    return float((x @ np.linalg.lstsq(x, y, rcond=None)[0]).std())


# --- weights ---------------------------------------------------------------------------


def weighted(kind, n=400):
    """Answers of those who responded, weighted to the margins on which response depends."""
    joint = pd.DataFrame([(g, a) for g in "fm" for a in "yio"], columns=["g", "a"])
    pop = rep.Population.from_joint(joint.assign(count=10_000))

    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            people = invited(rng, n)
            age = people["a"].map({"y": 0.0, "i": 0.5, "o": 1.0}).to_numpy()
            y = age + (people["g"] == "f") + rng.normal(size=n)
            came = (people["r"] == 1).to_numpy()
            panel = people.loc[came, ["g", "a"]].reset_index(drop=True)
            made = {
                "rake": lambda p=panel: rep.rake(p, pop),
                "calibrate": lambda p=panel: rep.calibrate(p, pop),
                "cells": lambda p=panel: rep.post_stratify(p, pop),
                "design": lambda p=panel: rep.design_weights(
                    p, [1 / PROPENSITY["fm".index(g), "yio".index(a)] for g, a in p.to_numpy()]
                ),
            }[kind]()
            found = made.estimate(y[came].to_numpy())
            out.append(found.low <= 1.0 <= found.high)
        return out

    return simulate


# --- a survey beside the panel ------------------------------------------------------------


def beside(column, survey=1000, effect=1.0):
    """A panel of 100 and a survey of the same population, whose people count in clusters."""

    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            panel = rng.multinomial(100, SHARES)
            other = rng.multinomial(round(survey / effect), SHARES) * effect
            found = rep.compare_with_benchmark(panel, other, effect)
            if column.startswith("p_"):
                out.append(getattr(found, column) <= 0.05)
            else:
                row = found.table.iloc[int(rng.integers(4))]
                prefix = "newcombe_" if column == "newcombe" else ""
                out.append(row[f"{prefix}low"] <= 0 <= row[f"{prefix}high"])
        return out

    return simulate


# --- the draw ----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def lottery():
    rng = np.random.default_rng(3)
    pool = pd.DataFrame(
        {
            "person": range(120),
            "g": rng.choice(["f", "m"], 120, p=[0.35, 0.65]),
            "a": rng.choice(["y", "i", "o"], 120, p=[0.2, 0.5, 0.3]),
            "region": rng.choice(list("nesw"), 120),
        }
    )
    quotas = pd.DataFrame(
        [("g", "f", 11, 13), ("g", "m", 11, 13)], columns=["variable", "category", "min", "max"]
    )
    return pool, rep.simulate_lottery(
        pool, quotas, 24, n_draws=2000, person="person", seed=1, progress=False,
        variables=["g", "a", "region"],
    )  # fmt: skip


def drawn_panels(rng, runs):
    """A panel that the same lottery drew: whether it looks unlike its draws."""
    pool, drawn = lottery()
    quotas = pd.DataFrame(
        [("g", "f", 11, 13), ("g", "m", 11, 13)], columns=["variable", "category", "min", "max"]
    )
    again = rep.simulate_lottery(
        pool, quotas, 24, n_draws=runs, person="person", seed=int(rng.integers(2**31)),
        progress=False, variables=["g", "a", "region"],
    )  # fmt: skip
    out = []
    for own in again.panels:
        place = drawn.place(pool.iloc[own][["g", "a", "region"]])
        out.append(place.tvd.set_index("variable").loc["region", "p_value"] <= 0.05)
    return out


def bounds(rng, runs):
    chances = np.exp(rng.uniform(np.log(0.001), np.log(0.2), runs))
    times = rng.binomial(10_000, chances)
    return [rep.chance_bound(int(x), 10_000) >= p for x, p in zip(times, chances, strict=True)]


# --- all of them -------------------------------------------------------------------------

HUNDRED = "random samples of 100, shares 10, 20, 30, 40 %"
TWENTY = "random samples of 23, shares 10, 20, 30, 40 %"
FORTY = "random samples of 40, features of 2 and 3 categories"
INVITED = "response of 20 to 60 % by 2 features"
BESIDE = "panel of 100 and survey of 1,000, 4 categories"
INTERVAL, P = "95 % interval", "p-value"

CASES = [
    Case("goodness.chi_square_test", P, 0.05, HUNDRED, panels(go.chi_square_test), 20_000, 400),
    Case("goodness.chi_square_test", P, 0.05, TWENTY, panels(go.chi_square_test, 23), 20_000, 0,
         "known", (0.04, 0.055)),
    Case("goodness.g_test", P, 0.05, HUNDRED, panels(go.g_test), 20_000, 400, "known",
         (0.05, 0.056)),
    Case("goodness.g_test", P, 0.05, TWENTY, panels(go.g_test, 23), 20_000, 0, "known",
         (0.058, 0.065)),
    Case("exact_multinomial (probability)", P, 0.05, TWENTY, exact(), 2000, 40, "at most"),
    Case("exact_multinomial (chi2)", P, 0.05, TWENTY, exact("chi2"), 2000, 0, "at most"),
    Case("exact_multinomial (tvd)", P, 0.05, TWENTY, exact("tvd"), 2000, 0, "at most"),
    Case("exact_multinomial (drawn tables)", P, 0.05, TWENTY,
         exact(n_resamples=199, max_tables=1), 1000, 0, "at most"),
    Case("check_margins", "smallest p of the features after Holm", 0.05, FORTY,
         of_a_check("p_holm"), 250, 0, "at most"),
    Case("check_margins", "95 % interval of a share", 0.95, FORTY,
         of_a_check("interval", "categories"), 250, 0),
    Case("goodness.detectable_gap", "chance of finding the gap", 0.8,
         "panels of 100 with a share of 40 % off by the gap", power, 20_000, 1000, "known",
         (0.77, 0.83)),
    Case("stage_steps.rate_ratio", INTERVAL, 0.95, "rates of 30 of 60 and 50 % of 80", rates,
         10_000, 400),
    Case("stage_steps.group_rate_test", P, 0.05, "3 groups of 60 to 100, all at 30 %", same_rates,
         10_000, 400),
    Case("r_indicator", INTERVAL, 0.95, f"400 invited, {INVITED}", response(400, n_resamples=0),
         400, 0),
    Case("r_indicator (bootstrap)", INTERVAL, 0.95, f"90 invited, {INVITED}",
         response(90, n_resamples=99), 200, 0, "known", (0.87, 0.99)),
    Case("r_indicator_from_margins", INTERVAL, 0.95, f"1,000 invited, {INVITED}", from_margins,
         200, 0),
    *(Case(f"Weights.estimate ({name})", "95 % interval of a mean", 0.95,
           f"400 invited, {INVITED}, answers that depend on both", weighted(kind), 400, few)
      for name, kind, few in (("rake", "rake", 0), ("calibrate, linear", "calibrate", 0),
                              ("post_stratify", "cells", 0), ("design_weights", "design", 0))),
    Case("compare_with_benchmark", "95 % interval of a difference", 0.95, BESIDE,
         beside("interval"), 1500, 20),
    Case("compare_with_benchmark", "95 % Newcombe interval of a difference", 0.95, BESIDE,
         beside("newcombe"), 1500, 0),
    Case("compare_with_benchmark", "p-value of two samples", 0.05, BESIDE, beside("p_two_sample"),
         1500, 0),
    Case("compare_with_benchmark", "p-value with the survey taken as known", 0.05, BESIDE,
         beside("p_one_sample"), 1500, 0, "known", (0.06, 0.08)),
    Case("compare_with_benchmark", "p-value with a design effect", 0.05,
         f"{BESIDE}, design effect 2", beside("p_effective", effect=2.0), 1500, 0),
    Case("compare_with_benchmark", "p-value without its design effect", 0.05,
         "panel of 100 and survey of 200, design effect 2 of which the test is not told",
         beside("p_two_sample", 200, 2.0), 1500, 0, "known", (0.11, 0.14)),
    Case("Lottery.place", P, 0.05, "panels of 24 that the lottery drew, feature without quota",
         drawn_panels, 1000, 0, "at most"),
    Case("chance_bound", "99 % upper bound", 0.99, "10,000 draws, chances of 0.1 to 20 %", bounds,
         20_000, 400),
]  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.few], ids=lambda c: c.name)
def test_few_runs(case):
    check_few(case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_long_run(case):
    check_all(case, "representativeness")
