"""Every data package says what it is, and its tables are what it says."""

from __future__ import annotations

import re

import pytest

from dmpkit import datasets
from dmpkit.datasets import DataPackage

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TYPES = {"string", "number", "integer", "boolean", "date"}


def package_folders():
    """Reference data, and data of studies; a ledger inside a study is a record, checked as such."""
    found = {p.parent for p in datasets.data_path().rglob("datapackage.json")}
    return sorted(found | {p.parent for p in datasets.studies_path().glob("*/datapackage.json")})


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


@pytest.mark.parametrize("direction", ["stressed", "contested"])
def test_the_columns_on_viewpoints_repeat_the_links(criteria, direction):
    links = datasets.load("criteria", "links")
    named = criteria.set_index("id")[f"{direction}_by"].str.split().explode().dropna()
    held = links[links["direction"] == direction]
    assert sorted(named.items()) == sorted(zip(held["criterion"], held["viewpoint"], strict=True))


def test_the_basis_of_a_criterion_repeats_the_links(criteria):
    found = set()
    for one, cell in zip(criteria["id"], criteria["basis"], strict=True):
        for part in filter(None, cell.split("; ")):
            basis, codes = part.split(": ")
            found |= {(one, code, basis) for code in codes.split()}
    links = datasets.load("criteria", "links")
    assert found == set(links[["criterion", "viewpoint", "basis"]].itertuples(index=False))


def test_a_link_stands_where_both_codings_have_it_and_is_text_where_both_say_so():
    codings = datasets.load("criteria", "codings")
    by_coder = {
        coder: rows.set_index(["viewpoint", "criterion"])
        for coder, rows in codings.groupby("coder")
    }
    first, second = (by_coder[c].add_suffix(f"_{c.lower()}") for c in "AB")
    both = first.join(second, how="inner")
    both = both[both["direction_a"] == both["direction_b"]]
    text = (both["basis_a"] == "text") & (both["basis_b"] == "text")
    expected = {
        (*pair, way, "text" if sure else "inference")
        for pair, way, sure in zip(both.index, both["direction_a"], text, strict=True)
    }
    links = datasets.load("criteria", "links")
    columns = ["viewpoint", "criterion", "direction", "basis"]
    assert set(links[columns].itertuples(index=False)) == expected
    assert len(expected) == len(links) == 20
    assert (links["n_coders"] == 2).all()


def test_viewpoints_count_their_links():
    views = datasets.load("criteria", "viewpoints").set_index("code")
    links = datasets.load("criteria", "links")
    for basis in ("text", "inference"):
        for direction in ("stressed", "contested"):
            held = links[(links["basis"] == basis) & (links["direction"] == direction)]
            counted = held["viewpoint"].value_counts().reindex(views.index, fill_value=0)
            assert counted.to_dict() == views[f"n_{direction}_{basis}"].to_dict()
    known = datasets.load("viewpoints/governance-2024", "viewpoints")["code"]
    assert list(views.index) == list(known)


def test_no_viewpoint_is_an_empty_text_and_not_a_missing_value(criteria):
    assert criteria.loc[0, ["stressed_by", "contested_by", "basis"]].tolist() == ["", "", ""]
    assert not criteria.isna().any().any()


def test_the_links_are_said_to_be_an_interpretation():
    about = datasets.info("criteria").description
    assert "not an instrument of the study's authors" in about
    assert "Only text links may enter scores" in about


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
