"""Households: the reference case, duplicates, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.representativeness.household import household_check, household_weights

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas], ids=["pandas", "polars"])
def test_the_reference_case(kind):
    frame = pd.read_csv(REFERENCE / "recruitment_frame.csv")
    want = json.loads((REFERENCE / "stage_flow.json").read_text())["household"]
    got = household_check(
        kind(frame), household="household", person="person", invited="invited",
        responded="responded", selected="selected", frame_is_population=True,
    )  # fmt: skip
    for value, key in (
        (got.design_effect, "kish_deff"),
        (got.raw_share, "unweighted_share_single_person_household"),
        (got.weighted_share, "weighted_share_single_person_household"),
        (got.true_share, "population_share_single_person_household"),
    ):
        np.testing.assert_allclose(value, want[key], rtol=1e-8, err_msg=key)  # closed forms
    rows = got.counts.set_index("stage")
    assert rows.loc["invited", "people"] == want["people_invited"]
    assert rows.loc["invited", "households"] == want["households_invited"]
    assert rows.loc["selected", "most"] == want["max_selected_per_household"]
    assert got.duplicates.empty
    assert "Nobody shares a household" in got.summary()


def people() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["a", "b", "c", "d"],
            "hh_size": [1, 2, 2, 3],
            "address": ["1 High St.", "2 High Street, Flat B", "2 high street flat b", None],
            "selected": [1, 1, 1, 0],
        }
    )


def test_shared_addresses_are_found():
    got = household_check(people(), address="address", person="id", selected="selected")
    assert got.duplicates.to_numpy().tolist() == [
        ["selected", "address", "2 high street flat b", 2, "b, c"]
    ]
    assert "b, c" in got.summary()
    assert "the true share is not known" in got.summary()
    assert math.isnan(got.true_share)
    none = household_check(people())
    assert "not assessed" in none.summary()
    assert none.design_effect == pytest.approx(4 * (1 + 4 + 4 + 9) / 64)
    assert none.effective_n == pytest.approx(4 / none.design_effect)


def test_equal_households_cost_nothing():
    got = household_check(people().assign(hh_size=2), population_share=0.2)
    assert got.design_effect == 1
    assert got.raw_share == got.weighted_share == 0


def test_bad_input():
    with pytest.raises(DataError, match=r"row 3, column hh_size: .*is 0"):
        household_check(people().assign(hh_size=[1, 0, 2, 3]))
    with pytest.raises(DataError, match=r"row 3, column hh_size: .*missing"):
        household_check(people().assign(hh_size=[1, None, 2, 3]))
    with pytest.raises(DataError, match="Nobody responded"):
        household_check(people().assign(responded=0), responded="responded")
    with pytest.raises(DataError, match="population_share is 18"):
        household_check(people(), population_share=18)
    with pytest.raises(DataError, match="closest column is 'hh_size'"):
        household_check(people(), adults="hhsize")
    with pytest.raises(DataError, match=r"Person 2 lives with 0\.5"):
        household_weights([1, 0.5])


def test_views(tmp_path):
    got = household_check(people(), address="address", selected="selected", population_share=0.3)
    assert got.tables(kind="polars")["shares"]["value"].to_list()[2] == 0.3
    assert "Kish" in got.methods_text()
    assert len(got.indicators()) == 3
    assert "Shared households" in got.section().html
    assert got.report(tmp_path / "h.html").exists()
