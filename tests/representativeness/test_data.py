"""Populations and panels: every engine gives the same, and nothing is lost on the way."""

import importlib.util

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.representativeness import counting
from dmpkit.representativeness.counting import count_cells
from dmpkit.representativeness.data import (
    Panel,
    Population,
    matched_counts,
    panel_of,
    population_of,
)
from dmpkit.representativeness.labels import as_labels, as_text, is_unknown, sorted_labels

VARIABLES = ["gender", "age"]


def people(n=500, seed=3):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "gender": rng.choice(["woman", "man", "None"], n),
            "age": rng.choice(["16-29", "30-44", "NA", "nan"], n),
            "weight": rng.integers(1, 5, n).astype(float),
        }
    )


def _dask(frame):
    import dask

    dask.config.set({"dataframe.convert-string": False})
    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=3)


def _duckdb(frame):
    import duckdb

    return duckdb.from_arrow(pl.from_pandas(frame).to_arrow())


ENGINES = {
    "pandas": lambda frame: frame,
    "categorical": lambda frame: frame.astype({"gender": "category", "age": "category"}),
    "polars": pl.from_pandas,
    "lazy": lambda frame: pl.from_pandas(frame).lazy(),
    "pyarrow": lambda frame: pl.from_pandas(frame).to_arrow(),
    "duckdb": _duckdb,
    "dask": _dask,
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_every_engine_counts_the_same(engine, weight):
    if engine in ("duckdb", "dask") and importlib.util.find_spec(engine) is None:
        pytest.skip(f"{engine} is not installed")
    frame = people()
    found = Population.from_microdata(ENGINES[engine](frame), VARIABLES, weight=weight)
    ones = frame["weight"] if weight else pd.Series(1.0, index=frame.index)
    for name in VARIABLES:
        expected = ones.groupby(frame[name]).sum()
        assert found.counts(name).to_dict() == expected.to_dict()
    cells = ones.groupby([frame["gender"], frame["age"]]).sum()
    got = found.joint.set_index(VARIABLES)["count"]
    assert got.to_dict() == cells.to_dict()
    assert found.size == ones.sum()


def test_margins_of_the_joint_table_are_the_margins():
    population = Population.from_microdata(people(), VARIABLES)
    again = Population.from_joint(population.joint)
    for name in VARIABLES:
        assert again.counts(name).to_dict() == population.counts(name).to_dict()


def test_too_many_cells_give_margins_only(monkeypatch):
    monkeypatch.setattr(counting, "MAX_CELLS", 8)
    frame = people()
    for kind in (frame, pl.from_pandas(frame).lazy()):
        found = Population.from_microdata(kind, VARIABLES, weight="weight")
        assert found.joint is None
        assert found.counts("age").to_dict() == frame.groupby("age")["weight"].sum().to_dict()
        assert "margins only" in found.notes[0]


def test_missing_people_are_left_out_of_shares_and_said():
    frame = pd.DataFrame({"g": ["w", None, "m", "w"], "a": ["y", "o", "prefer not to say", "o"]})
    for kind in (frame, pl.from_pandas(frame), pl.from_pandas(frame).lazy()):
        found = Population.from_microdata(kind, ["g", "a"])
        assert found.size == 4
        assert found.shares("g").to_dict() == pytest.approx({"m": 1 / 3, "w": 2 / 3})
        assert found.counts("a").to_dict() == {"o": 2, "y": 1}
        assert found.joint["count"].sum() == 2
        said = " ".join(found.notes)
        assert "1 missing of 4" in said
        assert "1 'prefer not to say' of 4" in said
        assert "2 of 4 with an unknown category" in said


@pytest.mark.parametrize(
    ("numbers", "column", "shares", "notes"),
    [
        ([510, 490], "count", [0.51, 0.49], 0),
        ([0.51, 0.49], "share", [0.51, 0.49], 0),
        ([51, 49], "percent", [0.51, 0.49], 0),
        (["51 %", "49%"], "percent", [0.51, 0.49], 0),
        ([51, 49], "share", [0.51, 0.49], 0),
        ([51, 48.5], "percent", [51 / 99.5, 48.5 / 99.5], 1),
        ([51, 49], "count", [0.51, 0.49], 0),
    ],
)
@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_counts_shares_and_percentages(numbers, column, shares, notes, engine):
    frame = pd.DataFrame({"variable": "g", "category": ["w", "m"], column: numbers})
    found = Population.from_margins(pl.from_pandas(frame) if engine == "polars" else frame)
    np.testing.assert_allclose(found.shares("g"), shares, rtol=1e-15)
    assert len(found.notes) == notes
    assert (found.size is None) == (column != "count")


def test_numbers_of_a_mapping_are_read_by_their_sum():
    assert population_of({"g": {"w": 51, "m": 49}}).size is None
    assert population_of({"g": {"w": 0.51, "m": 0.49}}).size is None
    assert population_of({"g": {"w": 5100, "m": 4900}}).size == 10_000


def test_slightly_different_totals_keep_the_size():
    found = population_of({"g": {"w": 500, "m": 500}, "a": {"y": 400, "o": 598}})
    assert found.size == 1000
    assert "differ slightly" in found.notes[0]


def test_unknown_categories_of_a_population_are_left_out():
    table = {"g": {"w": 40, "m": 50, "Not stated": 10}}
    found = Population.from_margins(table)
    assert found.categories("g") == ("w", "m")
    np.testing.assert_allclose(found.shares("g"), [4 / 9, 5 / 9], rtol=1e-12)
    assert "no category" in found.notes[0]
    kept = Population.from_margins(table, unknown=())
    assert kept.categories("g") == ("w", "m", "Not stated")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6), st.integers(2, 1000))
def test_scaling_a_population_changes_no_share(counts, factor):
    frame = pd.DataFrame({"variable": "v", "category": [f"c{i}" for i in range(len(counts))]})
    one = Population.from_margins(frame.assign(count=counts))
    other = Population.from_margins(frame.assign(count=[c * factor for c in counts]))
    np.testing.assert_allclose(one.shares("v"), other.shares("v"), rtol=1e-14)
    assert one.shares("v").sum() == pytest.approx(1, abs=1e-12)


def test_merging_categories_of_both_sides():
    frame = people()
    population = Population.from_microdata(frame, VARIABLES)
    merged = population.recode("age", {"16-29": "under 45", "30-44": "under 45"})
    old = population.shares("age")
    assert merged.shares("age")["under 45"] == pytest.approx(old["16-29"] + old["30-44"])
    assert merged.joint["count"].sum() == len(frame)
    panel = Panel.from_frame(frame, variables=VARIABLES)
    joined = panel.recode("age", {"16-29": "under 45", "30-44": "under 45"})
    assert joined.of("age")["under 45"] == panel.of("age")[["16-29", "30-44"]].sum()
    assert (joined.members["age"] == "under 45").sum() == joined.of("age")["under 45"]
    assert panel.of("age").index.tolist() == ["16-29", "30-44", "NA", "nan"]  # left as it was


def test_only_some_variables():
    population = Population.from_microdata(people(), VARIABLES).only(["age"])
    assert population.variables == ("age",)
    assert list(population.joint.columns) == ["age", "count"]


# --- panels ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["pandas", "categorical", "polars", "lazy", "pyarrow"])
def test_a_participant_list_of_any_kind(engine):
    frame = people(40)
    panel = Panel.from_frame(ENGINES[engine](frame), variables=VARIABLES)
    for name in VARIABLES:
        assert panel.of(name).to_dict() == frame[name].value_counts().to_dict()
    assert panel.members["gender"].tolist() == frame["gender"].tolist()


def test_words_that_pandas_takes_for_missing_are_categories():
    panel = Panel.from_frame(people(200), variables=VARIABLES)
    assert {"NA", "nan"} <= set(panel.of("age").index)
    assert panel.of("gender")["None"] > 0
    assert not len(panel.unknown)


def test_counts_and_list_say_the_same():
    frame = people(60).drop(columns="weight")
    frame.loc[0, "age"] = "Prefer not to say"
    frame.loc[1, "age"] = None
    listed = Panel.from_frame(frame)
    counted = Panel.from_counts(
        pd.concat([listed.counts, listed.unknown.replace("(missing)", "missing")])
    )
    assert listed.n == counted.n == 60
    for name in VARIABLES:
        assert listed.of(name).to_dict() == counted.of(name).to_dict()
        assert listed.n_unknown(name) == counted.n_unknown(name)
    assert listed.n_unknown("age") == 2
    assert listed.members.loc[[0, 1], "age"].isna().all()


def test_the_input_is_left_as_it_was():
    frame = people(30)
    before = frame.copy()
    Panel.from_frame(frame)
    Population.from_microdata(frame, VARIABLES)
    pd.testing.assert_frame_equal(frame, before)


def test_columns_that_cannot_be_categories_are_left_and_said():
    frame = people(30).assign(email=[f"x{i}" for i in range(30)], amount=np.linspace(0, 1, 30))
    panel = Panel.from_frame(frame)
    assert panel.variables == ("gender", "age", "weight")
    assert "'email', 'amount'" in panel.notes[0]
    assert "email" in panel.members.columns


def test_order_of_categories_is_the_one_a_reader_expects():
    assert sorted_labels(["100+", "20-99", "5-19"]) == ["5-19", "20-99", "100+"]
    order = pd.Categorical(["low", "high"], categories=["low", "middle", "high"])
    panel = Panel.from_frame(pd.DataFrame({"grade": order}))
    assert panel.of("grade").to_dict() == {"low": 1, "middle": 0, "high": 1}


def test_what_was_understood_is_shown():
    panel = Panel.from_frame(people(30), variables=VARIABLES)
    assert repr(panel).startswith("Panel: 30 people, 2 variables (participant list)")
    assert "<table" in panel._repr_html_()
    population = Population.from_microdata(people(), VARIABLES)
    assert "500 people, 2 variables, joint table of 12 cells" in repr(population)
    assert "<table" in population._repr_html_()
    assert "&lt;b&gt;" in population_of({"g": {"<b>": 0.5, "m": 0.5}})._repr_html_()


def test_coercion_keeps_what_is_one_already():
    population = population_of({"g": {"w": 0.5, "m": 0.5}})
    assert population_of(population) is population
    panel = panel_of({"g": {"w": 5}})
    assert panel_of(panel) is panel
    assert matched_counts(panel, population, "g")["count"].tolist() == [5, 0]


def test_labels():
    assert as_text(np.float64(3.0)) == "3"
    assert as_text(np.int64(3)) == "3"
    assert as_text(pd.NA) is None
    assert as_text(True) == "True"
    assert as_labels(pd.Series(["NA", None, " "])).tolist() == ["NA", None, None]
    assert is_unknown(" UNKNOWN ")
    assert not is_unknown("NA")


def test_one_variable_may_be_named_by_itself():
    frame = pd.DataFrame({"home": ["town", "town", "village"], "sex": ["F", "M", "F"]})
    one = count_cells(frame, "home")
    assert one.variables == ("home",)
    assert one.joint.set_index("home")["count"].to_dict() == {"town": 2.0, "village": 1.0}


def test_merged_shares_without_counts_have_no_count_and_keep_their_name():
    place = Population.from_margins({"age": {"16-29": 0.2, "30-44": 0.3, "45+": 0.5}})
    merged = place.recode("age", {"16-29": "under 45", "30-44": "under 45"})
    assert merged.shares("age").name == "age"
    assert merged.shares("age").to_dict() == pytest.approx({"under 45": 0.5, "45+": 0.5})
    assert merged.margins["count"].isna().all()
