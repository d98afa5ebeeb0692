"""The population-based R-indicator, against the person-level one on the same people."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.response import r_indicator
from dmpkit.representativeness.response_margins import r_indicator_from_margins

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
NAMES = ["age", "edu"]


@pytest.fixture(scope="module")
def invited():
    frame = pd.read_csv(REFERENCE / "recruitment_frame.csv", keep_default_na=False)
    return frame[frame["invited"] == 1].reset_index(drop=True)


def linear_r(people, names):
    """Raw R of a linear model of response fitted to everyone's record."""
    x = np.column_stack(
        [np.ones(len(people)), pd.get_dummies(people[names], drop_first=True).to_numpy(float)]
    )
    y = people["responded"].to_numpy(float)
    fitted = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return 1 - 2 * fitted.std()


def test_with_the_joint_table_it_is_the_linear_model_of_all_records(invited):
    came = invited[invited["responded"] == 1]
    population = Population.from_microdata(invited[NAMES])
    counts = Panel.from_frame(came[NAMES])
    raw = r_indicator_from_margins(
        Panel(counts.counts, counts.unknown, counts.n), population, len(invited)
    )
    assert raw.value == pytest.approx(linear_r(invited, NAMES), abs=1e-12)
    assert np.isnan(raw.low)
    assert "counts only" in raw.note
    full = r_indicator_from_margins(came, population, len(invited), variables=NAMES, seed=1)
    assert f"raw {raw.value:.3f}" in full.note
    # the logistic model of all records, with its own adjustment
    person = r_indicator(invited, "responded", NAMES)
    assert full.value == pytest.approx(person.adjusted, abs=0.01)
    assert full.standard_error == pytest.approx(person.standard_error, rel=0.2)


def test_margins_alone_come_near_and_say_that_they_approximate(invited):
    came = invited[invited["responded"] == 1]
    margins = {name: invited[name].value_counts().to_dict() for name in NAMES}
    found = r_indicator_from_margins(came, margins, len(invited), n_resamples=0)
    assert "our approximation" in found.note
    assert found.value == pytest.approx(r_indicator(invited, "responded", NAMES).adjusted, abs=0.02)


def test_the_adjusted_one_is_right_on_average_over_mailings():
    # 40,000 people of whom 1,500 are invited at random; those who answer are all we see
    rng = np.random.default_rng(6)
    age, edu = rng.integers(0, 3, 40_000), rng.integers(0, 2, 40_000)
    chance = np.array([0.1, 0.2, 0.3])[age] + np.array([0.0, 0.1])[edu]
    true = 1 - 2 * chance.std()
    people = pd.DataFrame({"age": age.astype(str), "edu": edu.astype(str)})
    population = Population.from_microdata(people)
    raw, adjusted, covered = [], [], 0
    for seed in range(60):
        letters = rng.choice(40_000, 1500, replace=False)
        came = letters[rng.random(1500) < chance[letters]]
        found = r_indicator_from_margins(
            people.iloc[came], population, 1500, n_resamples=60, seed=seed
        )
        adjusted.append(found.value)
        raw.append(float(found.note.split("raw ")[1].split(")")[0]))
        covered += found.low <= true <= found.high
    error = np.std(adjusted) / np.sqrt(60)
    assert abs(np.mean(adjusted) - true) < 4 * error
    assert np.mean(raw) < np.mean(adjusted)
    assert covered >= 50  # of 60


def test_where_nothing_depends_on_anything_the_adjustment_brings_it_to_one():
    rng = np.random.default_rng(2)
    people = pd.DataFrame({"a": rng.integers(0, 5, 5000).astype(str)})
    came = people[rng.random(5000) < 0.05]
    found = r_indicator_from_margins(came, Population.from_microdata(people), 5000, seed=1)
    assert found.value > 0.97
    assert found.high == 1


def test_what_is_too_little_is_not_computable_and_says_why():
    counts = {"age": {"o": 10, "y": 20}, "sex": {"f": 15, "m": 15}}
    shares = {"age": {"o": 0.5, "y": 0.5}, "sex": {"f": 0.5, "m": 0.5}}
    found = r_indicator_from_margins(counts, shares, 300)
    assert np.isnan(found.value)
    assert found.note.startswith("not computable, because neither records")
    one = r_indicator_from_margins(counts, shares, 300, variables=["age"])
    assert one.value == pytest.approx(1 - 2 * (20 / 150 - 10 / 150) / 2)


def test_one_variable_by_hand():
    found = r_indicator_from_margins(
        {"age": {"o": 40, "y": 80}}, {"age": {"o": 0.5, "y": 0.5}}, 400
    )
    assert found.value == pytest.approx(1 - 2 * 0.1)  # propensities 0.2 and 0.4


def test_respondents_who_cannot_stand_in_are_said():
    came = pd.DataFrame({"age": ["o", "o"], "sex": ["f", "m"]})
    shares = {"age": {"o": 0.5, "y": 0.5}, "sex": {"f": 0.5, "m": 0.5}}
    found = r_indicator_from_margins(came, shares, 30)
    assert np.isnan(found.value)
    assert "cannot stand in" in found.note


def test_polars_and_workers_change_nothing(invited):
    came = invited.loc[invited["responded"] == 1, NAMES]
    population = Population.from_microdata(invited[NAMES])
    one = r_indicator_from_margins(came, population, 700, seed=4, n_resamples=150)
    two = r_indicator_from_margins(
        pl.from_pandas(came), population, 700, seed=4, n_resamples=150, n_jobs=2
    )
    assert one == two


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="120 responded of 100 invited"):
        r_indicator_from_margins({"a": {"x": 40, "y": 80}}, {"a": {"x": 1, "y": 1}}, 100)
    with pytest.raises(DataError, match="share no variable"):
        r_indicator_from_margins({"a": {"x": 40, "y": 80}}, {"b": {"x": 1, "y": 1}}, 400)
    with pytest.raises(DataError, match="'X' of the respondents"):
        r_indicator_from_margins({"a": {"X": 40, "y": 80}}, {"a": {"x": 1, "y": 1}}, 400)
