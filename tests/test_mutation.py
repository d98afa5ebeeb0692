"""The explanations of survivors (mutation/explained.csv) speak of code that is there."""

import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
with (ROOT / "mutation" / "explained.csv").open(newline="", encoding="utf-8") as file:
    EXPLAINED = list(csv.DictReader(file))


def test_each_survivor_is_explained_once():
    keys = [row["key"] for row in EXPLAINED]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("row", EXPLAINED, ids=lambda row: row["key"])
def test_the_code_of_an_explanation_is_there(row):
    source = " ".join((ROOT / row["file"]).read_text(encoding="utf-8").split())
    assert row["before"] in source
    assert row["before"] != row["after"]
    assert row["function"] == "(module)" or row["function"].split(".")[-1] in source
    assert len(row["why"]) > 20
