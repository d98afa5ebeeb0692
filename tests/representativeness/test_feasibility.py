"""Quotas that cannot be met are found before drawing, and the least change is named."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint

from dmpkit.errors import DataError
from dmpkit.representativeness.feasibility import check_feasibility, solve_integer
from tests.helpers import shared_reference


def quota_frame(*rows):
    return pd.DataFrame(rows, columns=["variable", "category", "min", "max"])


def people(**columns):
    return pd.DataFrame(columns)


def brute_force(pool, quotas, seats):
    """The smallest sum of changes over all panels of the pool."""
    best = np.inf
    for panel in combinations(range(len(pool)), seats):
        part = pool.iloc[list(panel)]
        cost = 0
        for row in quotas.itertuples():
            n = (part[row.variable] == row.category).sum()
            cost += max(row.min - n, 0) + max(n - row.max, 0)
        best = min(best, cost)
    return best


@pytest.mark.parametrize("seed", range(12))
def test_smallest_change_is_that_of_all_panels(seed):
    rng = np.random.default_rng(seed)
    pool = people(a=rng.choice(["x", "y"], 9), b=rng.choice(["p", "q", "r"], 9, p=[0.6, 0.3, 0.1]))
    rows = []
    for variable, names in (("a", "xy"), ("b", "pqr")):
        for name in names:
            low = int(rng.integers(0, 4))
            rows.append((variable, name, low, low + int(rng.integers(0, 2))))
    quotas = quota_frame(*rows)
    found = check_feasibility(pool, quotas, 4)
    assert found.total_change == brute_force(pool, quotas, 4)
    assert found.feasible == (found.total_change == 0)
    # the relaxed quotas can be met
    assert check_feasibility(pool, found.relaxed, 4).feasible


def test_words_for_a_group_that_is_too_small():
    pool = people(age=["16-24"] * 3 + ["25+"] * 9)
    found = check_feasibility(pool, quota_frame(("age", "16-24", 5, 5), ("age", "25+", 5, 7)), 10)
    assert not found.feasible
    assert found.relaxations["text"].tolist() == [
        "Lower the minimum of age 16-24 from 5 to 3: only 3 such people are in the pool."
    ]
    assert "age 16-24 needs 5 and the pool has 3." in found.summary()
    with pytest.raises(DataError, match="Lower the minimum"):
        found.require()


def test_words_for_sums_that_cannot_be():
    pool = people(sex=["f"] * 9 + ["m"] * 9)
    high = check_feasibility(pool, quota_frame(("sex", "f", 5, 9), ("sex", "m", 4, 9)), 8)
    assert high.contradictions == ("The minimums of sex sum to 9, more than the 8 seats.",)
    assert "leave no room" in high.relaxations["text"][0]
    low = check_feasibility(pool, quota_frame(("sex", "f", 1, 3), ("sex", "m", 1, 4)), 8)
    assert low.contradictions == ("The maximums of sex sum to 7, fewer than the 8 seats.",)
    assert low.total_change == 1


def test_quotas_that_clash_only_together():
    # enough young and enough women, but no young women: both minimums cannot be
    pool = people(age=["young"] * 4 + ["old"] * 4, sex=["m"] * 4 + ["f"] * 4)
    quotas = quota_frame(
        ("age", "young", 3, 4), ("age", "old", 0, 4), ("sex", "f", 2, 4), ("sex", "m", 0, 4)
    )
    found = check_feasibility(pool, quotas, 4)
    assert found.contradictions == ()
    assert found.total_change == 1
    assert "other quotas" in found.relaxations["text"][0]


def test_household_rule_can_make_quotas_infeasible():
    pool = people(age=["young", "young", "old", "old"], home=["a", "a", "b", "c"])
    quotas = quota_frame(("age", "young", 2, 2), ("age", "old", 0, 2))
    assert check_feasibility(pool, quotas, 2).feasible
    strict = check_feasibility(pool, quotas, 2, household="home")
    assert not strict.feasible
    assert "one person an address" in strict.methods_text()


@pytest.mark.parametrize("seats", [21, 22, 24])
def test_fixture_of_the_program(seats):
    """21 and 24 are infeasible, 22 is feasible; each is one seat away."""
    folder = shared_reference().parent / "data-sources" / "representativeness"
    if not folder.exists():
        pytest.skip("the program's fixture is not here")
    pool = pd.read_csv(folder / "sortition_algorithms_fixture_candidates.csv")
    quotas = pd.read_csv(folder / "sortition_algorithms_fixture_features.csv")
    quotas = quotas.rename(columns={"feature": "variable", "value": "category"})
    found = check_feasibility(
        pool, quotas[["variable", "category", "min", "max"]], seats, person="nationbuilder_id"
    )
    assert found.feasible == (seats == 22)
    assert found.total_change == (0 if seats == 22 else 1)


POOL = people(id=["p1", "p2", "p3"], age=["young", "old", "old"], home=["a", "a", "a"])
QUOTAS = quota_frame(("age", "young", 0, 2), ("age", "old", 0, 2))


@pytest.mark.parametrize(
    ("pool", "quotas", "seats", "options", "says"),
    [
        (POOL, QUOTAS, 4, {}, "3 people, fewer than the 4 seats"),
        (POOL, QUOTAS, 0, {}, "number of seats"),
        (POOL, QUOTAS, 1.5, {}, "number of seats"),
        (POOL, quota_frame(("agee", "old", 0, 2)), 2, {}, "no column 'agee'"),
        (POOL, QUOTAS.head(1), 2, {}, "'old' of the pool"),
        (POOL, QUOTAS, 2, {"person": "name"}, "no column 'name'"),
        (POOL, QUOTAS, 2, {"household": "home"}, "1 addresses, fewer than the 2 seats"),
        (POOL.assign(id="p1"), QUOTAS, 2, {"person": "id"}, "stands in the pool twice"),
        (POOL.assign(age=["young", None, "old"]), QUOTAS, 2, {}, "Person 2 has no category"),
        (POOL.assign(id=["a", None, "b"]), QUOTAS, 2, {"person": "id"}, "row 3"),
    ],
)
def test_inputs_that_do_not_fit(pool, quotas, seats, options, says):
    with pytest.raises(DataError, match=says):
        check_feasibility(pool, quotas, seats, **options)


def test_views(tmp_path):
    pool = people(age=["16-24"] * 3 + ["25+"] * 9)
    found = check_feasibility(pool, quota_frame(("age", "16-24", 5, 5), ("age", "25+", 5, 7)), 10)
    assert "16-24" in found.report(tmp_path / "page.html").read_text()
    assert found.indicators()[0].value == 2
    for a, b in product(["pandas"], ["polars"]):
        one, other = found.tables(a), found.tables(b)
        assert other["relaxations"].to_pandas()["relaxed"].tolist() == [3]
        assert list(one) == list(other)


def test_least_cost_is_of_whole_numbers():
    """2x + 2y up to 3: whole numbers reach 1 in all, fractions would reach 1.5."""
    limit = LinearConstraint([[2.0, 2.0]], ub=3.0)
    found = solve_integer(np.array([-1.0, -1.0]), [limit], Bounds(0, np.inf))
    assert sorted(found.tolist()) == [0, 1]
