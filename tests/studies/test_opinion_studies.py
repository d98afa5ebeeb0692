"""Studies of opinion before and after, recomputed by another route, and what they store."""

from __future__ import annotations

import csv
import json
import math
from collections import defaultdict

import pytest

from dmpkit import datasets
from dmpkit.workbench import Study
from tests.helpers import data_mirror
from tests.studies.test_studies import stored_text

POLLS = "distortions-2022"
ROOM = "america-in-one-room-2019"


def rows(slug, file):
    with data_mirror(slug, file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def figures(slug):
    return {f.figure: f for f in Study.open(datasets.studies_path(slug)).figures}


def test_released_rows_follow_from_the_pairs_without_pandas():
    """1e-12: means of the same numbers in another order."""
    pairs, table = (
        rows(POLLS, "03_hom_pol_by_group_issue.csv"),
        rows(POLLS, "02_table_2_hom_pol.csv"),
    )
    kept = defaultdict(list)
    for row in pairs:
        for name in ("homofreq", "homoex", "polarfreq", "polarex"):
            if row[name] != "NA":
                value = {"TRUE": 1.0, "FALSE": 0.0}.get(row[name])
                kept[row["poll_id"], name].append(float(row[name]) if value is None else value)
    for row in table[:21]:
        for name in ("homofreq", "homoex", "polarfreq", "polarex"):
            values = kept[row["pollnum"], name]
            assert math.fsum(values) / len(values) == pytest.approx(float(row[name]), abs=1e-12)


def test_means_are_typed_as_released_and_the_count_of_pairs_as_it_is():
    table = rows(POLLS, "02_table_2_hom_pol.csv")
    found = figures(POLLS)
    for row, name in ((table[21], "mean"), (table[22], "weighted")):
        for column in ("homofreq", "homoex", "polarfreq", "polarex"):
            assert found[f"{column}-{name}"].value == row[column]
    implied = sum(int(row["ngroups"]) * int(row["nindices"]) for row in table[:21])
    assert str(implied) == found["pairs-abstract"].value
    assert found["pairs-abstract"].basis == "printed"
    assert str(len(rows(POLLS, "03_hom_pol_by_group_issue.csv"))) == found["pairs-here"].value


def test_no_weights_of_the_files_give_the_weighted_mean():
    table = rows(POLLS, "02_table_2_hom_pol.csv")
    target = float(table[22]["homofreq"])
    counts = defaultdict(int)
    for row in rows(POLLS, "03_hom_pol_by_group_issue.csv"):
        counts[row["poll_id"]] += 1
    ways = {
        "product": lambda r: int(r["ngroups"]) * int(r["nindices"]),
        "pairs": lambda r: counts[r["pollnum"]],
        "groups": lambda r: int(r["ngroups"]),
        "issues": lambda r: int(r["nindices"]),
        "sum": lambda r: int(r["ngroups"]) + int(r["nindices"]),
    }
    for way in ways.values():
        weights = [way(row) for row in table[:21]]
        values = [float(row["homofreq"]) for row in table[:21]]
        mean = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
        assert abs(mean - target) > 1e-4


def test_party_figures_without_pandas():
    found = figures(ROOM)
    people = rows(ROOM, "cleaned_dataset.csv")
    for party in ("Republican", "Democrat"):
        for item in ("Q2A", "Q2H", "Q2I"):
            both = [
                (int(p[item]), int(p[f"T2{item}"])) for p in people if p["PARTYBEFORE"] == party
            ]
            both = [(x, y) for x, y in both if 0 <= x <= 10 and 0 <= y <= 10]
            slug = f"{party.lower()}-{item.lower()}"
            assert int(found[f"{slug}-n"].value) == len(both)
            for place, when in enumerate(("before", "after")):
                share = 100 * sum(pair[place] > 5 for pair in both) / len(both)
                assert share == pytest.approx(float(found[f"{slug}-{when}"].value), abs=0.005)


def test_party_gaps_without_pandas():
    found = figures(ROOM)
    people = rows(ROOM, "cleaned_dataset.csv")
    items = [c for c in people[0] if c.startswith("Q") and c != "Q1"]
    assert len(items) == 47
    gaps = []
    for item in items:
        sums = {party: [0, 0, 0] for party in ("Republican", "Democrat")}
        for p in people:
            x, y = int(p[item]), int(p[f"T2{item}"])
            if p["PARTYBEFORE"] in sums and 0 <= x <= 10 and 0 <= y <= 10:
                for place, value in enumerate((1, x, y)):
                    sums[p["PARTYBEFORE"]][place] += value
        (n, x, y), (m, u, v) = sums.values()
        gaps.append((abs(x / n - u / m), abs(y / n - v / m)))
    assert sum(b for b, _ in gaps) / 47 == pytest.approx(float(found["gap-before"].value), abs=5e-5)
    assert sum(a for _, a in gaps) / 47 == pytest.approx(float(found["gap-after"].value), abs=5e-5)
    assert sum(a < b for b, a in gaps) == int(found["gap-narrower"].value)


def test_nothing_of_our_own_is_called_published():
    assert {f.basis for f in figures(ROOM).values()} == {"computed by us"}
    own = {name for name, f in figures(POLLS).items() if f.basis == "computed by us"}
    assert {"pairs-here", "polls-differ", "homoex-low", "homoex-high"} <= own


@pytest.mark.parametrize("slug", [POLLS, ROOM])
def test_downloads_are_not_shipped_and_rows_not_stored(slug):
    study = Study.open(datasets.studies_path(slug))
    assert all(item.download for item in study.data)
    assert {p.name for p in study.folder.iterdir()} == {"study.toml", "published.csv"}
    assert len(stored_text(slug)) < 80_000
    if slug == POLLS:
        ids = [row["unique_id"] for row in rows(slug, "03_hom_pol_by_group_issue.csv")]
        kept = stored_text(slug) + json.dumps([c.description for c in study.figures])
        assert not [name for name in ids if name in kept]
