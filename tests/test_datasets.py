"""Data packages are what they say they are, or say where they are not."""

from __future__ import annotations

import json

import pytest

from dmpkit import datasets
from dmpkit.errors import DataError

FIELDS = [
    {"name": "id", "type": "string", "constraints": {"required": True}},
    {"name": "n", "type": "integer"},
    {"name": "x", "type": "number"},
    {"name": "ok", "type": "boolean"},
    {"name": "day", "type": "date"},
]
TABLE = "id,n,x,ok,day\n001,2,1.5,true,2024-01-31\nNA,3,,false,\n"


def package(folder, table=TABLE, **changes):
    (folder / "table.csv").write_text(table, encoding="utf-8")
    descriptor = {
        "name": "toy",
        "title": "A toy",
        "licenses": [{"name": "CC0-1.0"}],
        "sources": [{"title": "Made here"}],
        "resources": [{"name": "table", "path": "table.csv", "schema": {"fields": FIELDS}}],
    }
    descriptor.update(changes)
    (folder / "datapackage.json").write_text(json.dumps(descriptor), encoding="utf-8")
    return folder


def test_columns_have_the_types_that_the_description_gives(tmp_path):
    frame = datasets.DataPackage.open(package(tmp_path)).read()
    assert frame["id"].tolist() == ["001", "NA"]
    assert frame["n"].dtype == "int64"
    assert frame["x"].isna().tolist() == [False, True]
    assert frame["ok"].tolist() == [True, False]
    assert frame["day"].dt.year.iloc[0] == 2024
    assert frame["day"].isna().tolist() == [False, True]


def test_a_changed_file_is_noticed_until_the_hash_is_renewed(tmp_path):
    package(tmp_path)
    datasets.refresh_hashes(tmp_path)
    opened = datasets.DataPackage.open(tmp_path)
    assert len(opened.read("table")) == 2
    (tmp_path / "table.csv").write_text(TABLE.replace("1.5", "1.6"))
    with pytest.raises(DataError, match=r"table\.csv: .*SHA-256 differs"):
        opened.read()
    datasets.refresh_hashes(tmp_path)
    assert datasets.DataPackage.open(tmp_path).read()["x"].iloc[0] == 1.6


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (TABLE.replace("1.5", "much"), r"row 2, column x: 'much'"),
        (TABLE.replace("NA,3", ",3"), "row 3, column id: A required cell is empty"),
        (TABLE.replace("false", "maybe"), r"row 3, column ok: 'maybe'"),
        (TABLE.replace("001,2,", "001,2.5,"), r"row 2, column n: '2.5' is not a whole number"),
        (TABLE.replace("2024-01-31", "31.1.2024"), r"row 2, column day: '31.1.2024' is not a date"),
        (TABLE + "004,5\n", "row 4: The row has 2 cells"),
        ("", "empty"),
        (TABLE.replace("id,n", "id,m"), "The columns are id, m"),
    ],
)
def test_a_cell_that_does_not_fit_is_named(tmp_path, table, says):
    with pytest.raises(DataError, match=says):
        datasets.DataPackage.open(package(tmp_path, table)).read()


@pytest.mark.parametrize("key", ["title", "sources", "licenses", "resources"])
def test_a_description_without_provenance_is_refused(tmp_path, key):
    with pytest.raises(DataError, match=key):
        datasets.DataPackage.open(package(tmp_path, **{key: []}))


def test_a_missing_or_broken_description_is_refused(tmp_path):
    with pytest.raises(DataError, match="no data package"):
        datasets.DataPackage.open(tmp_path)
    (tmp_path / "datapackage.json").write_text('{\n"name": \n')
    with pytest.raises(DataError, match="row"):
        datasets.DataPackage.open(tmp_path)
    with pytest.raises(DataError, match="There is no data set"):
        datasets.info("../studies")


def test_a_table_that_is_not_utf8_or_not_described_is_refused(tmp_path):
    package(tmp_path)
    (tmp_path / "table.csv").write_bytes(TABLE.replace("NA", "Caf\u00e9").encode("cp1252"))
    with pytest.raises(DataError, match="not text that can be read"):
        datasets.DataPackage.open(tmp_path).read()
    with pytest.raises(DataError, match="no schema"):
        datasets.DataPackage.open(package(tmp_path, resources=[{"name": "a", "path": "table.csv"}]))


def test_an_unknown_table_is_refused_with_the_names_there_are(tmp_path):
    with pytest.raises(DataError, match="'table'"):
        datasets.DataPackage.open(package(tmp_path)).read("other")
