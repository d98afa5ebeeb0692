"""The order of rows, columns, people, statements, coders and raters changes no result.

Counts and words are equal; other numbers differ by 1e-10 of their value at most, what
rounding leaves when sums run in another order. Where the order is part of the question
(a seeded draw from a list), the docstring says so, and the last tests here hold it.
"""

from __future__ import annotations

import dataclasses
import shutil
import warnings
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
import dmpkit.representativeness as rep
from dmpkit import coding, impact
from dmpkit.coding.synthetic import synthetic_interviews
from dmpkit.errors import DmpkitWarning
from dmpkit.measures import agreement
from dmpkit.workbench import Study
from dmpkit.workbench.evaluating import evaluate

TEMPLATE = Path(str(files("dmpkit.workbench"))) / "templates" / "representativeness"
VARIABLES = ["gender", "age", "education"]


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        yield


def shuffled(frame, seed=1, columns=False):
    out = frame.sample(frac=1, random_state=seed).reset_index(drop=True)
    return out[list(out.columns[::-1])] if columns else out


def equal(one, two, key):
    one, two = (frame.sort_values(key).reset_index(drop=True) for frame in (one, two))
    pd.testing.assert_frame_equal(one, two, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"extraction": "centroid"},
        {"rotation": "promax"},
        {"rotation": "oblimin"},
        {"rotation": "quartimax", "correlation": "spearman"},
    ],
    ids=str,
)
def test_people_and_statements(options):
    table = Study.open("lipset-1963").table("sorts")
    people = [name for name in table.columns if name != "statement"]
    mixed = shuffled(table, 3)[["statement", *np.random.default_rng(3).permutation(people)]]
    one, two = (
        qm.analyse(qm.QSorts.from_frame(frame, statements="statement"), 3, **options)
        for frame in (table, mixed)
    )
    assert list(one.sorts.sorts) != list(two.sorts.sorts)
    for name, key in (("loadings", "sort"), ("flags", "sort"), ("factor_arrays", "statement")):
        equal(getattr(one, name), getattr(two, name), key)
    z = [pd.DataFrame(a.z_array, index=a.sorts.statements).sort_index() for a in (one, two)]
    pd.testing.assert_frame_equal(*z, rtol=1e-10, atol=1e-12)


@pytest.fixture(scope="module")
def panel():
    return (
        pd.read_csv(TEMPLATE / "synthetic-people.csv"),
        pd.read_csv(TEMPLATE / "population.csv"),
        rep.read_quotas(TEMPLATE / "quotas.csv"),
    )


def test_members_of_a_panel_and_rows_of_its_population(panel, tmp_path):
    people, population, quotas = panel
    found = []
    for members, table in ((people, population), (shuffled(people, 2), shuffled(population, 3))):
        table.to_csv(tmp_path / "population.csv", index=False)
        place = rep.read_population(tmp_path / "population.csv")
        result = rep.analyse(
            members, place, quotas=quotas, stages=["invited", "responded", "selected"],
            response="responded", seed=1,
        )  # fmt: skip
        chosen = rep.Panel.from_frame(
            members[members["selected"] == 1], person="person",
            variables=VARIABLES if not found else VARIABLES[::-1],
        )  # fmt: skip
        found.append((result, rep.rake(chosen, place)))
    (one, weights), (two, others) = found
    equal(one.margins.categories, two.margins.categories, ["variable", "category"])
    exact = one.margins.variables.drop(columns="floor_counts")  # a list, in the order given
    equal(exact, two.margins.variables.drop(columns="floor_counts"), "variable")
    equal(one.stages.decomposition, two.stages.decomposition, ["variable", "category", "stage"])
    equal(one.response.partials, two.response.partials, "variable")
    assert weights.effective_n == pytest.approx(others.effective_n, rel=1e-10)


def test_rows_of_a_ledger():
    ledger = impact.synthetic_ledger(40, years=5, seed=1)
    other = impact.Ledger.from_frames(**{n: shuffled(f, 7) for n, f in ledger.frames().items()})
    day = "2025-01-31"
    certain = [
        dict(zip(one.recommendations["rec_id"], one.as_of(day).certain, strict=True))
        for one in (ledger, other)
    ]
    assert certain[0] == certain[1]
    one, two = (impact.analyse(each, day) for each in (ledger, other))
    equal(one.flows, two.flows, ["response", "action"])
    equal(one.answers, two.answers, "rec_id")
    durations = [each.durations(day) for each in (ledger, other)]
    equal(*durations, list(durations[0].columns[:2]))


def test_coders_and_their_passages(tmp_path):
    made = synthetic_interviews(tmp_path)
    one, two = (coding.read_project(made[name]) for name in ("coder A", "coder B"))
    first, second = (
        coding.merge_blind(given).with_approach("coding reliability")
        for given in ({"coder A": one, "coder B": two}, {"coder B": two, "coder A": one})
    )
    third = dataclasses.replace(first, segments=shuffled(first.segments, 4))
    tables = [coding.agreement(each, n_resamples=0).table for each in (first, second, third)]
    for other in tables[1:]:
        equal(tables[0], other, ["unit", "coefficient", "code"])
    pairs = [coding.cooccurrence(each, across_coders=True).pairs for each in (first, third)]
    equal(*pairs, ["code_1", "code_2"])


def test_units_and_raters():
    rng = np.random.default_rng(1)
    codes = rng.integers(0, 4, (30, 4)).astype(float)
    codes[rng.random(codes.shape) < 0.15] = np.nan
    mixed = codes[rng.permutation(30)][:, rng.permutation(4)]
    for level in ("nominal", "ordinal", "interval", "ratio"):
        one, two = (agreement.krippendorff_alpha(x, level=level).value for x in (codes, mixed))
        assert one == pytest.approx(two, rel=1e-10)


@pytest.mark.long
def test_rows_of_an_evaluation(tmp_path):
    """All tables but about.csv in another order; members' columns stay, the first makes groups."""
    folder = Study.open("evaluate-a-minipublic").folder
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    for path in other.glob("*.csv"):
        if path.name != "about.csv":
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
            shuffled(table, 9, columns=path.name != "people.csv").to_csv(path, index=False)
    one, two = (evaluate(place, seed=1, n_permutations=99) for place in (folder, other))
    assert one.verdict.sentences() == two.verdict.sentences()
    equal(one.profile.criteria, two.profile.criteria, "criterion")
    values = [{each.name: each.value for each in result.indicators()} for result in (one, two)]
    assert values[0].keys() == values[1].keys()
    for name, value in values[0].items():
        assert value == pytest.approx(values[1][name], rel=1e-10, nan_ok=True), name


@pytest.mark.long
def test_the_fairest_chances_do_not_hang_on_the_list(panel):
    """To 1e-6, the tolerance of the solver."""
    people, _, quotas = panel
    pool = people[people["responded"] == 1]
    chances = [
        rep.simulate_lottery(each, quotas, 24, rule="leximin", n_draws=50, person="person", seed=1)
        .people.set_index("person")["chance"].sort_index()
        for each in (pool, shuffled(pool, 3))
    ]  # fmt: skip
    pd.testing.assert_series_equal(*chances, rtol=0, atol=1e-6)


def test_a_seeded_lottery_belongs_to_its_list(panel):
    people, _, quotas = panel
    pool = people[people["responded"] == 1]
    drawn = [
        rep.simulate_lottery(each, quotas, 24, n_draws=20, person="person", seed=1)
        .people.set_index("person")["chance"].sort_index()
        for each in (pool, pool.copy(), shuffled(pool, 3))
    ]  # fmt: skip
    assert drawn[0].equals(drawn[1])
    assert not drawn[0].equals(drawn[2])
    assert "order" in rep.simulate_lottery.__doc__
