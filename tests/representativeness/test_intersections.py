"""Intersections against the reference, against enumeration, and what is refused."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings

from dmpkit.errors import DataError, SharesWarning
from dmpkit.representativeness.data import Population
from dmpkit.representativeness.intersection_steps import (
    empty_probability,
    empty_probability_finite,
    expected_absolute_deviation,
)
from dmpkit.representativeness.intersections import intersections

REFERENCE = Path(__file__).parents[1] / "reference" / "representativeness"
THREE = ["gender", "age", "edu"]
#: Closed forms in another order of operations.
RTOL = 1e-8


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return pd.read_csv(REFERENCE / "recruitment_frame.csv")


@pytest.fixture(scope="module")
def expected() -> dict:
    return json.loads((REFERENCE / "intersections.json").read_text())


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas], ids=["pandas", "polars"])
def test_three_way_as_the_reference(frame, expected, kind):
    population = Population.from_microdata(kind(frame[THREE]))
    panel = kind(frame.loc[frame["selected"] == 1, THREE].reset_index(drop=True))
    got = intersections(panel, population, depth="all")
    row = got.crossings.iloc[0]
    assert row["n"] == expected["n"]
    assert row["cells"] == expected["population_cells"]
    assert row["present"] == expected["cells_present"]
    for name, key in (
        ("expected_present", "expected_cells_srs_multinomial"),
        ("expected_present_finite", "expected_cells_srs_hypergeom"),
        ("mass_covered", "coverage_mass"),
        ("tvd", "joint_tvd"),
        ("expected_tvd", "expected_joint_tvd_srs"),
    ):
        np.testing.assert_allclose(row[name], expected[key], rtol=RTOL, err_msg=name)
    assert {tuple(c.split(" × ")) for c in got.missing["cell"]} == {
        tuple(c) for c in expected["missing_cells"]
    }
    assert (got.missing["population_share"].diff().dropna() <= 0).all()
    chances = got.cells.set_index("cell")["empty_probability"]
    for cell, chance in expected["empty_cell_prob_top5"].items():
        np.testing.assert_allclose(chances[cell.replace("|", " × ")], chance, rtol=RTOL)


def test_two_way_errors_as_the_reference(frame, expected):
    population = Population.from_microdata(frame[THREE])
    got = intersections(frame.loc[frame["selected"] == 1, THREE], population)
    found = got.crossings.set_index("crossing")["mse"]
    for pair, value in expected["mse_two_way"].items():
        np.testing.assert_allclose(found[pair.replace("x", " × ", 1)], value, rtol=RTOL)


def test_expectations_against_enumeration():
    """Every sample of 3 from cells of 3, 2 and 1 people; every sequence of 3 draws."""
    cells = np.repeat([0, 1, 2], [3, 2, 1])
    without = [set(cells[list(s)]) for s in itertools.combinations(range(6), 3)]
    empty = [np.mean([c not in s for s in without]) for c in range(3)]
    np.testing.assert_allclose(empty_probability_finite([3, 2, 1], 3), empty, rtol=1e-12)
    draws = list(itertools.product(cells, repeat=3))
    empty = [np.mean([c not in s for s in draws]) for c in range(3)]
    np.testing.assert_allclose(empty_probability([1 / 2, 1 / 3, 1 / 6], 3), empty, rtol=1e-12)
    apart = [np.mean([abs(s.count(c) / 3 - p) for s in draws]) for c, p in
             enumerate([1 / 2, 1 / 3, 1 / 6])]  # fmt: skip
    got = expected_absolute_deviation([1 / 2, 1 / 3, 1 / 6], 3)
    np.testing.assert_allclose(got, apart, rtol=1e-12)
    assert expected_absolute_deviation([0.0, 1.0], 3).tolist() == [0, 0]
    with pytest.raises(DataError, match="7 people and the population 6"):
        empty_probability_finite([3, 2, 1], 7)


def small() -> pd.DataFrame:
    return pd.DataFrame(
        {"a": ["x", "x", "y", "y"], "b": ["1", "2", "1", "2"], "count": [40, 30, 20, 10]}
    )


def people(cells: list[str]) -> pd.DataFrame:
    return pd.DataFrame([{"a": c[0], "b": c[1]} for c in cells])


def test_margins_alone_are_not_computable_unless_independence_is_assumed():
    joint = small()
    rows = [
        (v, c, float(n)) for v in ("a", "b") for c, n in joint.groupby(v)["count"].sum().items()
    ]
    margins = Population.from_margins(pd.DataFrame(rows, columns=["variable", "category", "count"]))
    panel = people(["x1", "x1", "y2"])
    with pytest.raises(DataError, match=r"not computable: .*margins are known"):
        intersections(panel, margins)
    got = intersections(panel, margins, independence=True)
    shares = got.cells.set_index("cell")["population_share"]
    assert shares["x × 1"] == pytest.approx(0.7 * 0.6)
    assert got.independence
    assert "Assumption: the variables are independent" in got.summary()
    assert "assumes independence" in got.methods_text()
    assert math.isnan(got.crossings["expected_present_finite"].iloc[0])
    exact = intersections(panel, joint, independence=True)
    assert not exact.independence


def test_several_tables_of_pairs():
    panel = pd.DataFrame({"a": ["x", "y"], "b": ["1", "2"], "c": ["p", "q"]})
    first = small()
    second = small().rename(columns={"a": "c"}).replace({"x": "p", "y": "q"})
    third = small().rename(columns={"b": "c"}).replace({"1": "p", "2": "q"})
    tables = [Population.from_joint(t) for t in (first, second, third)]
    got = intersections(panel, tables)
    assert got.crossings["crossing"].tolist() == ["a × b", "a × c", "b × c"]
    with pytest.raises(DataError, match="a × b × c are not computable"):
        intersections(panel, tables, depth=3)


def test_sparse_cells_are_pooled_by_the_stated_rule():
    got = intersections(people(["x1", "x1", "x2", "y1", "y1"]), small(), pool_below=1.2)
    row = got.crossings.iloc[0]
    assert (row["cells"], row["present"], row["pooled_cells"]) == (3, 3, 2)
    assert row["pooled_share"] == pytest.approx(0.3)
    assert row["tvd"] == pytest.approx((0 + abs(0.2 - 0.3) + abs(0.4 - 0.3)) / 2)
    assert got.missing["cell"].tolist() == ["y × 2"]
    assert "pooled into one" in got.summary()
    assert "fewer than 1.2 expected" in got.methods_text()
    one = intersections(people(["x1"] * 5), small(), pool_below=0.6)
    assert one.crossings["pooled_cells"].iloc[0] == 0  # a single sparse cell stays as it is


def test_unknown_and_outside_are_counted_apart():
    panel = people(["x1", "x2", "y1"])
    panel.loc[3] = ["x", "prefer not to say"]
    got = intersections(panel, small())
    assert (got.crossings["n"].iloc[0], got.crossings["unknown"].iloc[0]) == (3, 1)
    assert "1 members are not known" in got.summary()
    joint = small().assign(count=[5, 5, 5, 0])
    with pytest.warns(SharesWarning, match="cells that the population"):
        got = intersections(people(["x1", "y2"]), joint)
    assert got.crossings["outside"].iloc[0] == 1
    assert got.crossings["cells"].iloc[0] == 3
    assert got.crossings["present"].iloc[0] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "depth is 3, and there are 2 variables"),
        ({"depth": True}, "depth is True"),
        ({"depth": "two"}, "depth is 'two'"),
        ({"variables": ["a"]}, "at least two variables"),
        ({"variables": ["a", "B"]}, "no variable 'B'"),
        ({"pool_below": -1}, "pool_below is -1"),
    ],
)
def test_bad_requests(options, message):
    with pytest.raises(DataError, match=message):
        intersections(people(["x1", "y2"]), small(), **options)


def test_bad_input():
    with pytest.raises(DataError, match="known by its counts only"):
        intersections({"a": {"x": 3}}, small())
    with pytest.raises(DataError, match="'X' of the panel is not among"):
        intersections(people(["X1", "y2"]), small())
    with pytest.raises(DataError, match="share fewer than two"):
        intersections(people(["x1"]).rename(columns={"a": "c"}), small())
    with pytest.raises(DataError, match="Nobody in the panel is known in all"):
        intersections(pd.DataFrame({"a": ["x", None], "b": [None, "2"]}), small())
    with pytest.raises(DataError, match="without replacement need"):
        intersections(people(["x1"] * 101), small(), finite=True)


def test_a_panel_equal_to_its_population_has_no_gap():
    joint = small()
    panel = people([f"{r.a}{r.b}" for r in joint.itertuples() for _ in range(r[3] // 10)])
    got = intersections(panel, joint)
    assert np.abs(got.cells["gap"]).max() < 1e-15
    assert got.crossings["tvd"].iloc[0] < 1e-15
    assert got.crossings["mass_covered"].iloc[0] == pytest.approx(1, abs=1e-15)
    assert got.missing.empty
    assert "Missing" not in got.summary()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(["x1", "x2", "y1", "y2"]), min_size=1, max_size=12),
       st.integers(2, 9), st.randoms())  # fmt: skip
def test_order_labels_and_scale_change_nothing(cells, scale, random):
    plain = intersections(people(cells), small()).crossings.iloc[0]
    random.shuffle(cells)
    names = {"x": "zz", "y": "aa"}
    panel = people(cells).assign(a=lambda f: f["a"].map(names))
    joint = small().assign(a=lambda f: f["a"].map(names), count=lambda f: f["count"] * scale)
    moved = intersections(panel, joint.iloc[::-1]).crossings.iloc[0]
    for name in ("present", "expected_present", "mass_covered", "tvd", "expected_tvd", "mse"):
        assert plain[name] == pytest.approx(moved[name], rel=1e-12, abs=1e-15)


def test_views(frame, tmp_path):
    population = Population.from_microdata(frame[THREE])
    got = intersections(frame.loc[frame["selected"] == 1, THREE], population, depth="all")
    assert got.tables(kind="polars")["missing"].height == 3
    assert "NoQual" in got.section().html
    assert len(got.indicators()) == 1
    assert "yardsticks" in got.methods_text()
    assert got.to_excel(tmp_path / "i.xlsx").exists()
