"""Distances as Meta's balance 0.23.0 reckons them, and the sensitivity of votes to weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.representativeness.balance import balance_distances, balance_table
from dmpkit.representativeness.data import Population
from dmpkit.representativeness.weight_sensitivity import sensitivity_to_weights
from dmpkit.representativeness.weighting import rake

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
VARIABLES = ["gender", "age", "edu", "region", "tenure"]
METRICS = json.loads((REFERENCE / "balance_metrics.json").read_text())


def read(name):
    return pd.read_csv(REFERENCE / name, keep_default_na=False)


@pytest.fixture(scope="module")
def people():
    return read("panel_sample.csv")[VARIABLES]


@pytest.fixture(scope="module")
def population():
    return Population.from_margins(read("population_margins.csv"))


def test_standardised_differences_are_those_of_balance(people, population):
    table = balance_table(people, population).set_index(["variable", "category"])
    mean_of = {}
    for name, value in METRICS["asmd"].items():
        if name == "mean(asmd)":
            continue
        variable, category = name.replace("[T.", "[").rstrip("]").split("[")
        ours = abs(table.loc[(variable, category), "smd_target"])
        # balance prints ten decimals
        assert ours == pytest.approx(value["unadjusted"], abs=1e-9), name
        assert value["self"] == pytest.approx(0, abs=1e-12)
        assert value["unadjusted - self"] == pytest.approx(ours, abs=1e-9)
        mean_of.setdefault(variable, []).append(ours)
    means = {variable: np.mean(values) for variable, values in mean_of.items()}
    for variable, value in METRICS["asmd_aggregate"].items():
        ours = np.mean([*means.values()]) if variable == "mean(asmd)" else means[variable]
        assert ours == pytest.approx(value["unadjusted"], abs=1e-9)
    assert np.mean([*means.values()]) == pytest.approx(
        METRICS["asmd"]["mean(asmd)"]["unadjusted"], abs=1e-9
    )


@pytest.mark.parametrize(
    ("column", "key"), [("kld", "kld"), ("emd", "emd"), ("cvm", "cvmd"), ("ks", "ks")]
)
def test_distances_are_those_of_balance(people, population, column, key):
    ours = balance_distances(people, population).set_index("variable")[column]
    for variable, value in METRICS[key].items():
        got = ours.mean() if variable.startswith("mean") else ours[variable]
        assert got == pytest.approx(value["unadjusted"], abs=1e-9)
        assert got == pytest.approx(value["unadjusted - self"], abs=1e-9)


def test_after_raking_all_distances_are_zero_as_balance_prints(people, population):
    weights = rake(people, population)
    before = balance_distances(people, population)
    after = balance_distances(people, population, weights)
    said = METRICS["summary_ad"]
    assert f"mean KLD (5 variables): {before['kld'].mean():.3f} -> " in said
    assert after.drop(columns="variable").to_numpy().max() < 1e-10
    assert balance_table(people, population, weights)["smd"].abs().max() < 1e-9
    # both programs' weights agree with R's to 5e-10: see test_weights for ours
    assert METRICS["max_rel_diff_vs_R_rake_equal"] < 1e-9
    assert METRICS["design_weight_rake_max_rel_diff_vs_R"] < 1e-9


def test_a_panel_like_its_population_has_no_distance(population):
    same = {v: {c: int(n) for c, n in population.counts(v).items()} for v in VARIABLES}
    assert balance_table(same, population)[["gap", "smd", "smd_target"]].abs().to_numpy().max() == 0
    assert (balance_distances(same, population).drop(columns="variable").to_numpy() < 1e-15).all()


def test_polars_gives_the_same(people, population):
    one = balance_table(people, population)
    assert balance_table(pl.from_pandas(people), population).equals(one)


def test_categories_of_share_zero():
    found = balance_distances({"a": {"x": 3, "y": 1}}, {"a": {"x": 1.0, "y": 0.0}})
    assert np.isinf(found["kld"][0])
    table = balance_table({"a": {"x": 3, "y": 1}}, {"a": {"x": 1.0, "y": 0.0}})
    assert np.isnan(table["smd_target"][1])


def test_weights_of_another_panel_are_refused(people, population):
    weights = rake(people, population)
    with pytest.raises(DataError, match="do not belong"):
        balance_table(people.iloc[:100], population, weights)
    with pytest.raises(DataError, match="share no variable"):
        balance_table({"height": {"a": 1}}, population)


# --- votes under weights


@pytest.fixture(scope="module")
def weightings(people, population):
    raked = rake(people, population)
    return {"raked": raked, "trimmed": raked.trim(0.5, 2)}


def test_votes_under_weights_are_the_weighted_shares(people, weightings, tmp_path):
    votes = pd.DataFrame(
        {
            "motion": read("panel_sample.csv")["support"].map({1: "yes", 0: "no"}),
            "score": range(285),
        }
    )
    found = sensitivity_to_weights(votes, weightings)
    by = found.table.set_index(["question", "answer", "weighting"])["share"]
    estimate = weightings["raked"].estimate(votes["motion"] == "yes")
    assert by["motion", "yes", "raked"] == pytest.approx(estimate.value)
    assert by["motion", "yes", "unweighted"] == pytest.approx((votes["motion"] == "yes").mean())
    expected = np.average(votes["score"], weights=weightings["trimmed"].weights)
    assert by["score", "(mean)", "trimmed"] == pytest.approx(expected)
    yes = found.ranges.set_index("answer").loc["yes"]
    assert yes["lowest"] <= yes["unweighted"] <= yes["highest"]
    assert found.summary().startswith("Members of a mini-public are not survey respondents")
    assert "No intervals are given" in found.methods_text()
    assert found.report(tmp_path / "s.html").exists()
    assert found.to_excel(tmp_path / "s.xlsx").exists()


def test_a_change_of_the_leading_answer_is_said(weightings):
    weights = weightings["raked"].weights
    heavy = weights > np.median(weights)
    votes = pd.Series(np.where(heavy, "no", "yes"), name="motion")
    found = sensitivity_to_weights(votes, weightings)
    lead = found.leaders.set_index("weighting")["answer"]
    assert "changes for motion" in found.summary()
    assert lead["raked"] == "no"
    assert lead["unweighted"] == "yes"


def test_bad_answers_are_refused(weightings):
    with pytest.raises(DataError, match="answers of 2 people and 285 weights"):
        sensitivity_to_weights(["yes", "no"], weightings)
    with pytest.raises(DataError, match="no weighting"):
        sensitivity_to_weights(["yes"], {})
    with pytest.raises(DataError, match="Nobody answered"):
        sensitivity_to_weights(pd.Series([None] * 285, name="q"), weightings)
