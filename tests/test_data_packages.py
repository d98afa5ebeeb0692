"""Every data package says what it is, and its tables are what it says."""

from __future__ import annotations

import json
import re

import pytest

from dmpkit import datasets
from dmpkit.datasets import DataPackage

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {"string", "number", "integer", "boolean", "date"}


def package_folders():
    roots = [datasets.data_path(), datasets.studies_path()]
    return sorted(p.parent for root in roots for p in root.rglob("datapackage.json"))


def tables():
    return [(f, r) for f in package_folders() for r in DataPackage.open(f).resources]


def table_id(value):
    return value.name if hasattr(value, "name") else str(value)


def rows_of(package, table):
    return package.read(table).astype(object).where(lambda t: t.notna(), None)


def test_the_data_of_the_first_studies_are_there():
    names = {folder.name for folder in package_folders()}
    assert {"criteria", "governance-2024", "lipset-1963"} <= names


def test_every_table_in_a_data_folder_belongs_to_a_package():
    known = {
        (folder / one["path"]).resolve()
        for folder in package_folders()
        for one in DataPackage.open(folder).descriptor["resources"]
    }
    stray = {p for p in datasets.data_path().rglob("*.csv") if p.resolve() not in known}
    assert not stray


@pytest.mark.parametrize("folder", package_folders(), ids=table_id)
def test_a_package_is_described_in_full(folder):
    package = DataPackage.open(folder)
    about = package.descriptor
    assert about["$schema"] == PROFILE
    assert about["name"] == folder.name
    assert re.fullmatch(r"\d+\.\d+\.\d+", about["version"])
    assert len(package.description) > 100
    assert all(one.get("name") or one.get("path") for one in about["licenses"])
    assert all(one["title"].strip() for one in about["sources"])
    assert len(set(package.resources)) == len(package.resources)


@pytest.mark.parametrize(("folder", "table"), tables(), ids=table_id)
def test_a_table_is_what_its_description_says(folder, table):
    package = DataPackage.open(folder)
    resource = package.resource(table)
    frame = package.read(table)  # checks hash, columns, types, required cells
    assert resource["format"] == "csv"
    assert resource["encoding"] == "utf-8"
    assert resource["mediatype"] == "text/csv"
    assert resource["hash"].startswith("sha256:")
    assert resource["bytes"] == (folder / resource["path"]).stat().st_size
    assert resource["description"].strip()
    for field in resource["schema"]["fields"]:
        assert field["type"] in TYPES
        assert field["description"].strip(), field["name"]
        check_constraints(frame[field["name"]].dropna(), field.get("constraints", {}))


@pytest.mark.parametrize(("folder", "table"), tables(), ids=table_id)
def test_keys_are_unique_and_point_somewhere(folder, table):
    package = DataPackage.open(folder)
    schema, frame = package.resource(table)["schema"], package.read(table)
    if "primaryKey" in schema:
        assert not frame.duplicated(schema["primaryKey"]).any()
    for key in schema.get("foreignKeys", []):
        target = package.read(key["reference"]["resource"])[key["reference"]["fields"][0]]
        assert set(frame[key["fields"][0]]) <= set(target)


def check_constraints(column, constraints):
    if "enum" in constraints:
        assert set(column) <= set(constraints["enum"])
    if constraints.get("unique"):
        assert column.is_unique
    if "pattern" in constraints:
        assert column.str.fullmatch(constraints["pattern"]).all()


def test_a_changed_table_is_refused(tmp_path):
    import shutil

    from dmpkit.errors import DataError

    folder = shutil.copytree(datasets.data_path("criteria"), tmp_path / "criteria")
    file = folder / "stages.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("Recruitment", "Enrolment"))
    with pytest.raises(DataError, match="SHA-256"):
        DataPackage.open(folder).read("stages")
    datasets.refresh_hashes(folder)
    assert "Enrolment" in set(DataPackage.open(folder).read("stages")["name"])


# --- criteria ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def criteria():
    return datasets.load("criteria")


def test_the_criteria_are_numbered_without_gaps(criteria):
    assert list(criteria["id"]) == [f"C{i:02d}" for i in range(1, 53)]
    assert criteria["label"].is_unique


def test_stages_count_their_criteria(criteria):
    stages = datasets.load("criteria", "stages").set_index("stage")
    assert criteria["stage"].value_counts().to_dict() == stages["n_criteria"].to_dict()
    assert list(stages["order"]) == list(range(1, 9))


def test_criteria_name_known_sources_with_their_leading_zeros(criteria):
    sources = set(datasets.load("criteria", "sources")["source"])
    used = {s for cell in criteria["seed"] if cell for s in cell.split(",")}
    assert used <= sources
    assert "002" in used


def test_viewpoints_that_stress_a_criterion_are_known_and_counted(criteria):
    views = datasets.load("criteria", "viewpoints").set_index("code")["n_criteria"]
    named = criteria["stressed_by"].str.split().explode().dropna()
    assert named.value_counts().to_dict() == views.to_dict()
    known = datasets.load("viewpoints/governance-2024", "viewpoints")["code"]
    assert set(views.index) == set(known)


def test_no_viewpoint_is_an_empty_text_and_not_a_missing_value(criteria):
    assert list(criteria.loc[criteria["stressed_by"] == "", "id"]) == ["C27", "C40", "C41"]
    assert not criteria.isna().any().any()


def test_the_first_reading_is_said_not_to_be_for_scores():
    about = json.dumps(datasets.info("criteria").descriptor)
    assert "must not be used for scores" in about
    assert "to be rebuilt" in about


# --- governance viewpoints -------------------------------------------------------------


def test_what_is_not_stated_has_no_row():
    codings = datasets.load("viewpoints/governance-2024", "codings")
    assert set(codings["holds"]) == {1, -1}
    assert len(codings) == 18


def test_every_coding_says_what_it_rests_on():
    codings = datasets.load("viewpoints/governance-2024", "codings")
    assert (codings["basis"].str.len() > 40).all()
    notes = codings["basis_kind"] == "notes"
    assert codings.loc[notes, "basis"].str.startswith("Reading notes").all()
    assert codings.loc[~notes, "basis"].str.startswith("Post, paragraph").all()
