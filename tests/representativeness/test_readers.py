"""Populations and panels from files, in the shapes that people have."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError
from dmpkit.representativeness import Panel
from dmpkit.representativeness.readers import read_panel, read_population

MARGINS = {
    "comma.csv": "variable,category,percent\ng,w,51.2\ng,m,48.8\n",
    "semicolon.csv": "variable;category;percent\ng;w;51,2\ng;m;48,8\n",
    "tab.tsv": "variable\tcategory\tpercent\ng\tw\t51.2\ng\tm\t48.8\n",
    "bom.csv": "\ufeffVariable,Category,Percent\ng,w,51.2\ng,m,48.8\n",
    "title.csv": "Census 2021,,\nvariable,category,percent\ng,w,51.2\ng,m,48.8\n",
    "signs.csv": "variable,category,percent\ng,w,51.2 %\ng,m,48.8 %\n",
}


@pytest.mark.parametrize("name", MARGINS)
def test_margins_in_any_delimiter(name, tmp_path):
    path = tmp_path / name
    path.write_text(MARGINS[name], encoding="utf-8")
    found = read_population(path)
    np.testing.assert_allclose(found.shares("g"), [0.512, 0.488], rtol=1e-12)
    assert found.notes[0].startswith(f"{name}: margins")


def test_a_margin_with_decimal_comma_is_said(tmp_path):
    path = tmp_path / "m.csv"
    path.write_text(MARGINS["semicolon.csv"])
    assert "decimal comma" in read_population(path).notes[0]


JOINT = pd.DataFrame({"g": ["w", "w", "m"], "a": ["NA", "None", "NA"], "count": [3, 2, 5]})
RECORDS = JOINT.loc[JOINT.index.repeat(JOINT["count"]), ["g", "a"]].reset_index(drop=True)


def written(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".xlsx":
        frame.to_excel(path, index=False)
    else:
        pl.from_pandas(frame).write_parquet(path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_joint_table_and_records_say_the_same(ending, tmp_path):
    joint = read_population(written(JOINT, tmp_path / f"joint{ending}"))
    records = read_population(written(RECORDS, tmp_path / f"records{ending}"))
    for found in (joint, records):
        assert found.size == 10
        assert found.counts("g").to_dict() == {"w": 5, "m": 5}
        assert found.counts("a").to_dict() == {"NA": 8, "None": 2}
        assert len(found.joint) == 3
    assert ": joint" in joint.notes[0]
    assert ": records" in records.notes[0]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_margins_of_a_joint_table_by_name(ending, tmp_path):
    found = read_population(written(JOINT, tmp_path / f"joint{ending}"), variables=["g"])
    assert found.variables == ("g",)
    assert found.joint["count"].sum() == 10


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_margins_in_any_container(ending, tmp_path):
    frame = pd.DataFrame({"variable": "g", "category": ["w", "m"], "count": [51, 49]})
    found = read_population(written(frame, tmp_path / f"margins{ending}"))
    assert found.counts("g").to_dict() == {"w": 51, "m": 49}


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_a_participant_list(ending, tmp_path):
    frame = pd.DataFrame(
        {"id": ["a", "b", "c"], "g": ["w", None, "NA"], "born": [1970, 1980, 1970]}
    )
    panel = read_panel(written(frame, tmp_path / f"people{ending}"))
    assert panel.person == "id"
    assert panel.of("g").to_dict() == {"NA": 1, "w": 1}
    assert panel.n_unknown("g") == 1
    assert panel.of("born").to_dict() == {"1970": 2, "1980": 1}
    assert "participant list" in panel.notes[0]


@pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
def test_counts_of_a_panel(ending, tmp_path):
    frame = pd.DataFrame({"variable": "g", "category": ["w", "m", "unknown"], "count": [5, 4, 1]})
    panel = read_panel(written(frame, tmp_path / f"counts{ending}"))
    assert panel.of("g").to_dict() == {"w": 5, "m": 4}
    assert panel.n == 10


def test_weighted_records(tmp_path):
    path = written(RECORDS.assign(weight=2.5), tmp_path / "records.parquet")
    assert read_population(path, weight="weight").size == 25


def test_a_sheet_by_name(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"note": ["x"]}).to_excel(book, sheet_name="about", index=False)
        JOINT.to_excel(book, sheet_name="census", index=False)
    assert read_population(path, sheet="census").size == 10


@pytest.mark.long
def test_ten_million_rows_from_parquet(tmp_path):
    import resource
    import time

    rng = np.random.default_rng(1)
    n, path = 10_000_000, tmp_path / "people.parquet"
    columns = {
        name: pl.Series(rng.integers(0, k, n).astype(np.uint8)).cast(pl.String)
        for name, k in (("gender", 2), ("age", 4), ("edu", 3), ("region", 9), ("tenure", 4))
    }
    pl.DataFrame(columns).write_parquet(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    found = read_population(path)
    assert time.process_time() - start < 10  # two cores at most 5 s each
    assert found.size == n
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1.5 * 2**20  # KiB


def test_titles_above_the_header_of_a_sheet_are_left_and_rows_counted_as_shown(tmp_path):
    path = tmp_path / "census.xlsx"
    rows = [["Census 2021: usual residents", None, None], [None, None, None],
            ["Variable", "Category", "Percent"], ["g", "w", 51.2], ["g", "m", 48.8]]  # fmt: skip
    pd.DataFrame(rows).to_excel(path, header=False, index=False)
    found = read_population(path)
    assert found.shares("g").to_dict() == pytest.approx({"w": 0.512, "m": 0.488}, rel=1e-12)
    assert "left above the header: Census 2021: usual residents" in found.notes[0]
    rows[4][2] = "many"
    pd.DataFrame(rows).to_excel(path, header=False, index=False)
    with pytest.raises(DataError, match="'many' is not a number") as caught:
        read_population(path)
    assert caught.value.row == 5


def test_a_plain_sheet_is_read_as_before(tmp_path):
    path = tmp_path / "panel.xlsx"
    people = pd.DataFrame({"id": [1, 2, 3], "sex": ["F", None, "M"], "age": [20, 30, 40]})
    people.to_excel(path, index=False)
    assert read_panel(path, person="id").of("sex").to_dict() == {"F": 1, "M": 1}


# --- people who may stand twice ----------------------------------------------------------


def listed(ages: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"id": range(len(ages)), "age": ages, "sex": "F"})


def test_rows_alike_but_for_their_id_are_remarked_upon_where_a_column_tells_people_apart():
    ages = list(range(20, 32))
    assert not any("alike" in note for note in Panel.from_frame(listed(ages)).notes)
    twice = Panel.from_frame(listed([*ages, 25]), variables=["sex"])
    assert any("row 14 repeats row 7 in everything but 'id'" in note for note in twice.notes)
    assert twice.n == 13  # a note, and nobody is dropped


def test_a_list_pasted_twice_is_remarked_upon():
    bands = ["16-29", "30-44", "45-64", "65+", "16-29", "65+", "30-44"]
    twice = Panel.from_frame(pd.DataFrame({"id": range(14), "age": bands * 2}))
    assert any("10 rows are alike" in note for note in twice.notes)


def test_alike_rows_of_broad_categories_are_nothing_unusual():
    rng = np.random.default_rng(1)
    people = pd.DataFrame({"id": range(60), "age": np.sort(rng.choice(list("abcde"), 60)),
                           "sex": rng.choice(list("FM"), 60)})  # fmt: skip
    assert Panel.from_frame(people).notes == ("column 'id' holds the ids",)
    ordered = people.sort_values(["age", "sex"]).reset_index(drop=True).assign(id=range(60))
    assert Panel.from_frame(ordered).notes == ("column 'id' holds the ids",)
    assert Panel.from_frame(pd.DataFrame({"sex": ["F", "M"] * 20})).notes == ()
