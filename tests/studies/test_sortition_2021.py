"""The study of ten sortition pools, recomputed by another route, and what it may store."""

from __future__ import annotations

import csv
import itertools
import json
import math
import re
from collections import defaultdict
from fractions import Fraction
from functools import cache

import pytest

from dmpkit import datasets
from dmpkit.workbench import Study
from tests.helpers import data_mirror
from tests.studies.test_studies import assert_one_verdict_a_figure, sabotaged

SLUG = "sortition-2021"
SEATS = {
    "cca": 75, "hd": 30, "mass": 24, "nexus": 170, "obf": 30,
    "sf_a": 35, "sf_b": 20, "sf_c": 44, "sf_d": 40, "sf_e": 110,
}  # fmt: skip
LINES = {
    "bound": 6,
    "minimum-leximin": 7,
    "gini-legacy": 8,
    "gini-leximin": 9,
    "mean-legacy": 10,
    "mean-leximin": 11,
    "share-below": 12,
}


@pytest.fixture(scope="module")
def study():
    return Study.open(datasets.studies_path(SLUG))


def chances(pool):
    """Released chances by rule, read without pandas."""
    path = data_mirror(SLUG, f"{pool}_{SEATS[pool]}_prob_allocs_data.csv")
    found = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            found[row["algorithm"]].append(float(row["selection probability"]))
    return found


def test_seventy_figures_of_ten_pools_and_those_of_the_examples(study):
    names = {f"{pool.replace('_', '-')}-{name}" for pool in SEATS for name in LINES}
    examples = {
        f"example-{size}-{what}" for size in ("small", "large") for what in ("lone", "leximin")
    }
    assert {f.figure for f in study.figures} == names | examples | {"drawn-again"}
    assert not study.figure("drawn-again").is_available
    assert {f.basis for f in study.figures} == {"released file"}


@pytest.mark.parametrize("pool", SEATS)
def test_figures_are_as_the_authors_released_them(study, pool):
    file = f"{pool}_{SEATS[pool]}_statistics.txt"
    lines = data_mirror(SLUG, file).read_text(encoding="utf-8").splitlines()
    for name, number in LINES.items():
        figure = study.figure(f"{pool.replace('_', '-')}-{name}")
        label, text = lines[number - 1].split(":\t")
        assert figure.where == f"{file}, line {number}"
        assert figure.value == re.search(r"[\d.]+", text).group()
        assert ("LEGACY" if "legacy" in name or name == "bound" else "LEXIMIN") in label


@pytest.mark.parametrize("pool", SEATS)
def test_figures_follow_from_the_chances_by_hand(study, pool):
    """Gini over all pairs, mean of logarithms, counts: tolerances of the figures."""
    found = chances(pool)
    legacy, leximin = sorted(found["Legacy"]), sorted(found["LexiMin"])

    def gini(values):
        n = len(values)
        return sum((2 * i + 1 - n) * v for i, v in enumerate(values)) / (n * sum(values))

    def mean(values, floor=0.0):
        return math.exp(math.fsum(math.log(max(v, floor)) for v in values) / len(values))

    here = {
        "minimum-leximin": leximin[0],
        "gini-legacy": gini(legacy),
        "gini-leximin": gini(leximin),
        "mean-legacy": mean(legacy, 1e-4),
        "mean-leximin": mean(leximin),
        "share-below": sum(v < leximin[0] for v in legacy) / len(legacy),
    }
    for name, value in here.items():
        assert not study.compare(f"{pool.replace('_', '-')}-{name}", 100 * value).differs, name


# --- two readings of the greedy rule, followed exactly -------------------------------------

TYPES = ("liberal woman", "conservative man", "conservative woman")
QUOTAS = {"women": (0, 2), "men": (1,), "liberals": (0,), "conservatives": (1, 2)}


def panels(per_half, seats, theirs):
    """Chance of each panel (women, men ..., by type) in the made-up pool; no quota has a maximum.

    `theirs`: of equally scarce quotas the first, also when all minimums are met;
    otherwise lots among them, and then anybody.
    """
    pool = (per_half - 1, per_half, 1)
    least = seats // 2 - 1

    def choices(left):
        ratio = {
            name: Fraction(least - sum(pool[t] - left[t] for t in who), sum(left[t] for t in who))
            for name, who in QUOTAS.items()
        }
        top = max(ratio.values())
        best = [who for name, who in QUOTAS.items() if ratio[name] == top]
        if theirs:
            return best[:1]
        return best if top > 0 else [(0, 1, 2)]

    state = {pool: Fraction(1)}
    for _ in range(seats):
        after = defaultdict(Fraction)
        for left, chance in state.items():
            among = choices(left)
            for who in among:
                there = sum(left[t] for t in who)
                for t in who:
                    if left[t]:
                        rest = tuple(n - (i == t) for i, n in enumerate(left))
                        after[rest] += chance / len(among) * Fraction(left[t], there)
        state = after
    return {
        tuple(a - b for a, b in zip(pool, left, strict=True)): chance
        for left, chance in state.items()
    }


@cache
def followed(size, theirs):
    return panels(*{"small": (100, 20), "large": (1000, 200)}[size], theirs)


@pytest.mark.parametrize(
    ("size", "wanted"), [("small", Fraction(2, 182)), ("large", Fraction(2, 1802))]
)
@pytest.mark.parametrize("theirs", [True, False])
def test_the_lone_woman_has_one_chance_under_both_readings(size, wanted, theirs):
    assert sum(chance for panel, chance in followed(size, theirs).items() if panel[2]) == wanted


def test_panels_differ_between_the_two_readings():
    women = [{p[0] + p[2] for p in followed("small", theirs)} for theirs in (True, False)]
    assert women == [{10}, {9, 10, 11}]


@pytest.mark.parametrize("theirs", [True, False])
def test_all_others_have_ten_per_cent_or_a_little_more(theirs):
    for size, half in (("small", 100), ("large", 1000)):
        mean = [sum(p[t] * c for p, c in followed(size, theirs).items()) for t in (0, 1)]
        assert mean[1] / half == Fraction(1, 10)
        assert Fraction(1, 10) < mean[0] / (half - 1) < Fraction(102, 1000)


# --- what may be stored ---------------------------------------------------------------------


def test_none_of_the_data_is_shipped(study):
    assert {p.name for p in study.folder.iterdir()} == {"study.toml", "published.csv"}
    assert len(study.data) == 24
    assert all(item.download and item.licence == "GPL-3.0" for item in study.data)
    assert all("6ad2d5fb2b22dc27d66b1d6e7c93c141967802de" in item.url for item in study.data)


def test_outputs_hold_tables_of_pools_and_not_of_people(study):
    book = json.loads(study.notebook_path().read_text(encoding="utf-8"))
    shown = [
        out["data"] for cell in book["cells"] for out in cell.get("outputs", []) if "data" in out
    ]
    tables = ["".join(data["text/html"]) for data in shown if "text/html" in data]
    assert len(tables) > 70
    assert max(table.count("<tr") for table in tables) == 1 + len(SEATS)


# --- wrong code shows where it is wrong, and nowhere else --------------------------------------

SAMPLE_GINI = """\
from dmpkit.measures import inequality

of_all = inequality.gini
inequality.gini = lambda values: of_all(values) * len(values) / (len(values) - 1)
"""


@pytest.mark.long
def test_another_gini_shows_in_the_figures_of_the_gini_only(study, tmp_path):
    """The sample form, n/(n − 1) times as large: a figure differs where that moves a digit."""
    result = sabotaged(SLUG, SAMPLE_GINI, tmp_path)
    assert_one_verdict_a_figure(result)
    wrong = set()
    for pool, rule in itertools.product(SEATS, ("Legacy", "LexiMin")):
        name = f"{pool.replace('_', '-')}-gini-{rule.lower()}"
        values = sorted(chances(pool)[rule])
        n = len(values)
        other = sum((2 * i + 1 - n) * v for i, v in enumerate(values)) / (n - 1) / sum(values)
        if study.compare(name, 100 * other).differs:
            wrong.add(name)
    assert len(wrong) > 10
    assert {verdict.figure for verdict in result.verdicts if verdict.differs} == wrong
