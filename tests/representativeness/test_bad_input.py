"""Bad input of populations, panels and their comparison: each kind with its own clear words."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, DmpkitWarning, SharesWarning, SmallCellWarning
from dmpkit.representativeness.data import Panel, Population, panel_of, population_of
from dmpkit.representativeness.exact import exact_multinomial
from dmpkit.representativeness.margins import check_margins
from dmpkit.representativeness.readers import read_panel, read_population


def margins(numbers, column="count", categories=("woman", "man")):
    return pd.DataFrame({"variable": "gender", "category": list(categories), column: numbers})


GOOD = margins([510, 490])
PEOPLE = pd.DataFrame({"person": [1, 2, 3], "gender": ["woman", "man", "woman"]})


def person(**columns):
    return pd.DataFrame({"person": [1, 2, 3], **columns})


BAD_POPULATIONS = {
    "negative count": (lambda: margins([510, -490]), "row 3, column count: The number is negative"),
    "broken count": (lambda: margins([510.5, 490]), "is not whole"),
    "count that is text": (lambda: margins(["510", "many"]), "'many' is not a number"),
    "thousands separator": (lambda: margins(["1,510", "490"]), "without thousands separators"),
    "infinite count": (lambda: margins([math.inf, 1]), "infinite"),
    "empty count": (lambda: margins([510, None]), "is empty"),
    "shares that sum to 93": (lambda: margins([50, 43], "percent"), "sum to 93 %"),
    "shares that sum to 1.2": (lambda: margins([0.6, 0.6], "share"), "sum to 120 %"),
    "all zero": (lambda: margins([0, 0]), "All numbers of 'gender' are 0"),
    "category twice": (lambda: margins([1, 2], categories=["woman", "woman"]), "stands twice"),
    "category without label": (lambda: margins([1, 2], categories=["woman", " "]), "is empty"),
    "only unknown categories": (
        lambda: margins([1, 2], categories=["unknown", "not stated"]),
        "no known category",
    ),
    "no numbers": (lambda: GOOD[["variable", "category"]], "no column 'count', 'share'"),
    "count that is yes or no": (lambda: margins([True, False]), "is not a number"),
    "no rows": (lambda: GOOD.iloc[:0], "no rows"),
    "not a table": (lambda: 5, "is a int, not a table"),
    "joint cell twice": (
        lambda: pd.DataFrame({"gender": ["w", "w"], "count": [1, 2]}),
        "stands twice",
    ),
    "joint table of counts only": (lambda: pd.DataFrame({"count": [1]}), "no variable"),
    "all-missing variable": (
        lambda: pd.DataFrame({"gender": ["w", "m"], "age": [None, None]}),
        "column age: The variable has no known value",
    ),
    "too many values": (
        lambda: pd.DataFrame({"income": np.arange(1500)}),
        "1,500 different values",
    ),
}


@pytest.mark.parametrize("kind", BAD_POPULATIONS)
@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_populations(kind, engine):
    make, words = BAD_POPULATIONS[kind]
    frame = make()
    if engine == "polars" and isinstance(frame, pd.DataFrame):
        frame = pl.from_pandas(frame)
    with pytest.raises(DataError) as caught:
        population_of(frame)
    assert words in str(caught.value)


BAD_PANELS = {
    "person twice": (
        lambda: pd.DataFrame({"person": [7, 8, 7], "gender": ["w", "m", "w"]}),
        "row 4, column person: The person '7' stands twice, first in row 2",
    ),
    "person without id": (
        lambda: pd.DataFrame({"person": ["a", None], "gender": ["w", "m"]}),
        "row 3, column person: The person has no id",
    ),
    "all-missing variable": (lambda: person(gender=[None] * 3), "no known value"),
    "all prefer not to say": (lambda: person(gender=["prefer not to say"] * 3), "no known value"),
    "no variable": (lambda: person(), "no variable"),
    "no people": (lambda: PEOPLE.iloc[:0], "no rows"),
    "negative count": (lambda: margins([-1, 4]), "negative"),
    "broken count": (lambda: margins([1.5, 4]), "not a whole number of people"),
    "category twice": (lambda: margins([1, 2], categories=["w", "w"]), "stands twice"),
    "category without label": (lambda: margins([1, 2], categories=["w", None]), "is empty"),
    "nobody counted": (lambda: margins([0, 0]), "Nobody is counted"),
    "not a table": (lambda: [1, 2], "is a list, not a table"),
}


@pytest.mark.parametrize("kind", BAD_PANELS)
@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_panels(kind, engine):
    make, words = BAD_PANELS[kind]
    frame = make()
    if engine == "polars" and isinstance(frame, pd.DataFrame):
        frame = pl.from_pandas(frame)
    with pytest.raises(DataError) as caught:
        panel_of(frame)
    assert words in str(caught.value)


MISMATCHES = {
    "misspelt category": ({"womann": 3, "man": 2}, "The closest: 'woman'"),
    "other case": ({"Woman": 3, "man": 2}, "differs from 'woman' only in upper and lower case"),
    "other spaces": ({"woman ": 3, "man": 2}, "differs from 'woman' only in spaces"),
    "another word": ({"zzz": 3, "man": 2}, "Known are 'woman', 'man'"),
}


@pytest.mark.parametrize("kind", MISMATCHES)
def test_categories_that_do_not_match(kind):
    counts, words = MISMATCHES[kind]
    with pytest.raises(DataError) as caught:
        check_margins({"gender": counts}, GOOD)
    assert words in str(caught.value)
    assert "column gender" in str(caught.value)


def test_another_dash():
    with pytest.raises(DataError, match="only in the kind of dash"):
        check_margins({"age": {"16\u201329": 3}}, {"age": {"16-29": 0.5, "30+": 0.5}})


FILES = {
    "absent": (None, "cannot be read"),
    "empty": ("", "empty"),
    "header only": ("variable,category,count\n", "header and no rows"),
    "negative": ("variable,category,count\ng,w,5\ng,m,-2\n", "row 3, column count"),
    "row of another length": ("variable,category,count\ng,w\n", "The row has 2 cells"),
    "blank lines above the bad row": (
        "variable,category,count\n\n\ng,w,5\ng,m,x\n",
        "row 5, column count: 'x' is not a number",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_files(kind, tmp_path):
    text, words = FILES[kind]
    path = tmp_path / "population.csv"
    if text is not None:
        path.write_text(text)
    for read in (read_population, read_panel):
        with pytest.raises(DataError) as caught:
            read(path)
        assert words in str(caught.value)
        assert str(caught.value).startswith("population.csv")


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "population.docx"
    path.write_text("x")
    with pytest.raises(DataError, match="Use CSV, Excel"):
        read_population(path)
    with pytest.raises(DataError, match="is not a kind of table"):
        read_population(path, kind="table")


def test_shares_where_counts_of_a_panel_are_needed(tmp_path):
    path = tmp_path / "panel.csv"
    path.write_text("variable,category,percent\ng,w,50\ng,m,50\n")
    with pytest.raises(DataError, match="gives shares, not counts"):
        read_panel(path)


def test_a_column_twice():
    doubled = GOOD.assign(again=[1, 2]).set_axis(["variable", "category", "count", "count"], axis=1)
    for make in (population_of, panel_of, Population.from_microdata, Panel.from_frame):
        with pytest.raises(DataError, match="two columns of this name"):
            make(doubled)


def test_a_panel_larger_than_its_population():
    with pytest.raises(DataError, match="The panel has 30 people, the population only 10"):
        check_margins({"gender": {"woman": 20, "man": 10}}, margins([5, 5]))


def test_a_variable_that_is_not_there_shows_the_closest():
    with pytest.raises(DataError, match="'gender'"):
        Population.from_margins(GOOD).shares("gendr")
    with pytest.raises(DataError, match="'gender'"):
        Panel.from_frame(PEOPLE).of("gendr")
    with pytest.raises(DataError, match="Column 'gendr' is missing"):
        Panel.from_frame(PEOPLE, variables=["gendr"])


@pytest.mark.parametrize("weights", [[1.0, -1.0, 2.0], [1.0, None, 2.0]])
@pytest.mark.parametrize("engine", ["pandas", "polars", "pyarrow"])
def test_weights_that_cannot_be(weights, engine):
    frame = pd.DataFrame({"gender": ["w", "m", "w"], "weight": weights})
    if engine != "pandas":
        frame = pl.from_pandas(frame)
        frame = frame.to_arrow() if engine == "pyarrow" else frame
    with pytest.raises(DataError, match=r"weight is (missing|negative)"):
        Population.from_microdata(frame, ["gender"], weight="weight")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Population.from_margins(margins([0.5, 0.5], "share"), size="many"), "'many'"),
        (lambda: Population.from_margins(margins([0.5, 0.5], "share"), size=0), "size"),
        (lambda: Population.from_margins(GOOD).only([]), "No variable is named"),
        (lambda: Population.from_microdata(PEOPLE, []), "No variable is named"),
        (
            lambda: Population.from_microdata(PEOPLE, ["person"], weight="person"),
            "it is what is counted",
        ),
        (
            lambda: Population.from_microdata(PEOPLE, ["person"], weight="gender"),
            "The weights are not numbers",
        ),
        (lambda: check_margins(PEOPLE, GOOD, variables=[]), "No variable is named"),
        (lambda: check_margins(PEOPLE, GOOD, level="high"), "'high'"),
        (lambda: Panel.from_frame(PEOPLE).recode("gender", {"wo": "x"}), "The closest: 'woman'"),
    ],
)
def test_arguments(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- odd but usable: warnings ----------------------------------------------------------

ODD = {
    "shares off by more than rounding": (
        lambda: population_of(margins([50.5, 48.0], "percent")),
        SharesWarning,
        "sum to 98.5 %",
    ),
    "totals that differ": (
        lambda: population_of({"gender": {"w": 500, "m": 510}, "age": {"y": 400, "o": 300}}),
        SharesWarning,
        "do not count the same people",
    ),
    "shares far off, accepted by name": (
        lambda: Population.from_margins(margins([50, 43], "percent"), renormalise=True),
        SharesWarning,
        "sum to 93 %",
    ),
    "members where the target is 0": (
        lambda: check_margins({"g": {"w": 9, "m": 9, "x": 1}}, {"g": {"w": 0.5, "m": 0.5, "x": 0}}),
        SharesWarning,
        "whose target is 0",
    ),
    "people in a category of share 0": (
        lambda: exact_multinomial([5, 1], [1, 0]),
        SharesWarning,
        "share is 0",
    ),
    "small cells": (
        lambda: check_margins({"g": {"w": 2, "m": 3}}, {"g": {"w": 0.5, "m": 0.5}}),
        SmallCellWarning,
        "too small for the chi-square",
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_odd_but_usable_is_warned_of(kind):
    call, category, words = ODD[kind]
    assert issubclass(category, DmpkitWarning)
    with pytest.warns(category, match=words):
        assert call() is not None
