"""Simulated lotteries: small cases by enumeration, reference lotteries, and seeds."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit import plotting
from dmpkit.errors import DataError, SmallSampleWarning
from dmpkit.representativeness import drawing
from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.lottery import simulate_lottery
from dmpkit.representativeness.pool import draw_problem
from tests.helpers import data_mirror, shared_reference

RULES = ("stratified", "simple", "maximin", "leximin")


def quota_frame(*rows):
    return pd.DataFrame(rows, columns=["variable", "category", "min", "max"])


POOL = pd.DataFrame(
    {
        "id": ["p1", "p2", "p3", "p4", "p5", "p6", "p7"],
        "age": ["young", "young", "old", "old", "old", "old", "old"],
        "sex": ["f", "m", "f", "f", "m", "m", "m"],
        "home": ["a", "b", "a", "c", "d", "d", "e"],
    }
)
QUOTAS = quota_frame(
    ("age", "young", 1, 1), ("age", "old", 2, 3), ("sex", "f", 1, 2), ("sex", "m", 1, 2)
)


def close(lottery, expected, sigmas=4.5):
    """Each frequency within 4.5 standard errors of what enumeration gives."""
    expected = np.array([float(e) for e in expected])
    error = np.sqrt(expected * (1 - expected) / lottery.n_draws)
    assert (np.abs(lottery.chances - expected) <= sigmas * error + 1e-12).all(), lottery.chances


def allowed_panels(pool, quotas, seats, home=None):
    for panel in combinations(range(len(pool)), seats):
        part = pool.iloc[list(panel)]
        if home and part[home].duplicated().any():
            continue
        if all(
            r.min <= (part[r.variable] == r.category).sum() <= r.max for r in quotas.itertuples()
        ):
            yield panel


def enumerated_stratified(pool, quotas, seats, home=None):
    """Exact chances of the greedy rule by following every branch, in fractions."""
    rows = list(quotas.itertuples(index=False))
    wins = dict.fromkeys(range(len(pool)), Fraction(0))
    total = [Fraction(0)]

    def counts(row, who):
        return sum(pool[row.variable].iloc[i] == row.category for i in who)

    def step(panel, alive, mass):
        short = [row.min - counts(row, panel) for row in rows]
        there = [counts(row, alive) for row in rows]
        if any(s > t for s, t in zip(short, there, strict=True)):
            return
        if len(panel) == seats:
            if max(short) <= 0:
                total[0] += mass
                for i in panel:
                    wins[i] += mass
            return
        if not alive:
            return
        ratio = [Fraction(s, t) if t else Fraction(-1) for s, t in zip(short, there, strict=True)]
        if max(ratio) > 0:
            best = [r for r, v in zip(rows, ratio, strict=True) if v == max(ratio)]
            groups = [[i for i in alive if pool[r.variable].iloc[i] == r.category] for r in best]
        else:
            groups = [alive]
        for group in groups:
            for person in group:
                chosen = (*panel, person)
                left = [i for i in alive if i != person]
                for row in rows:
                    if counts(row, chosen) == row.max:
                        left = [i for i in left if pool[row.variable].iloc[i] != row.category]
                if home:
                    left = [i for i in left if pool[home].iloc[i] != pool[home].iloc[person]]
                step(chosen, left, mass / len(groups) / len(group))

    start = list(range(len(pool)))
    for row in rows:
        if row.max == 0:
            start = [i for i in start if pool[row.variable].iloc[i] != row.category]
    step((), start, Fraction(1))
    return [wins[i] / total[0] for i in range(len(pool))], total[0]


@pytest.mark.parametrize("home", [None, "home"])
def test_stratified_chances_are_those_of_enumeration(home):
    expected, success = enumerated_stratified(POOL, QUOTAS, 4, home)
    assert sum(expected) == 4
    lottery = simulate_lottery(POOL, QUOTAS, 4, household=home, n_draws=40_000, seed=7)
    close(lottery, expected)
    error = math.sqrt(float(success * (1 - success)) / lottery.attempted)
    assert lottery.success_rate == pytest.approx(float(success), abs=4.5 * error + 1e-9)


def test_stratified_with_dead_ends():
    pool = pd.DataFrame({"a": [*"xxyxyyx"], "b": [*"rppqpqq"], "c": [*"uvuvvvv"]})
    quotas = quota_frame(
        ("a", "x", 2, 3), ("a", "y", 1, 1), ("b", "p", 1, 2), ("b", "q", 0, 1), ("b", "r", 0, 1),
        ("c", "u", 1, 2), ("c", "v", 1, 2),
    )  # fmt: skip
    expected, success = enumerated_stratified(pool, quotas, 4)
    assert success == Fraction(47, 72)
    lottery = simulate_lottery(pool, quotas, 4, n_draws=40_000, seed=8)
    close(lottery, expected)
    error = math.sqrt(float(success * (1 - success)) / lottery.attempted)
    assert lottery.success_rate == pytest.approx(float(success), abs=4.5 * error)
    assert lottery.never_drawn == ("5", "6")


def test_a_quota_of_zero_keeps_people_out():
    pool = POOL.assign(city=["x", "y", "x", "y", "y", "y", "z"])
    quotas = pd.concat(
        [QUOTAS, quota_frame(("city", "x", 1, 1), ("city", "y", 2, 3), ("city", "z", 0, 0))]
    )
    expected, _ = enumerated_stratified(pool, quotas, 4)
    for rule in RULES:
        lottery = simulate_lottery(pool, quotas, 4, rule=rule, n_draws=5000, seed=8)
        assert lottery.never_drawn == ("7",)
        if rule == "stratified":
            close(lottery, expected)


@pytest.mark.parametrize("home", [None, "home"])
def test_simple_rule_gives_each_allowed_panel_the_same_chance(home):
    panels = list(allowed_panels(POOL, QUOTAS, 4, home))
    lottery = simulate_lottery(
        POOL, QUOTAS, 4, rule="simple", household=home, n_draws=40_000, seed=3
    )
    seen = pd.Series([tuple(sorted(p)) for p in lottery.panels]).value_counts()
    assert set(seen.index) == set(panels)
    share = 1 / len(panels)
    error = math.sqrt(share * (1 - share) / 40_000)
    assert (seen / 40_000 - share).abs().max() < 4.5 * error
    success = len(panels) / math.comb(7, 4)
    error = math.sqrt(success * (1 - success) / lottery.attempted)
    assert lottery.success_rate == pytest.approx(success, abs=4.5 * error)


def test_without_quotas_everybody_has_the_even_chance():
    for rule in RULES:
        lottery = simulate_lottery(POOL, None, 3, rule=rule, n_draws=20_000, seed=2)
        close(lottery, [Fraction(3, 7)] * 7)
        assert lottery.exact == (rule in ("maximin", "leximin"))


def test_maximin_reaches_the_best_lowest_chance_of_all_lotteries():
    """Against the linear program over every allowed panel; 1e-6 is the solver's tolerance."""
    from scipy.optimize import linprog

    for home in (None, "home"):
        panels = list(allowed_panels(POOL, QUOTAS, 4, home))
        has = np.array([[i in p for p in panels] for i in range(7)], dtype=float)
        best = linprog(
            [*np.zeros(len(panels)), -1],
            A_ub=np.column_stack([-has, np.ones(7)]),
            b_ub=np.zeros(7),
            A_eq=[[*np.ones(len(panels)), 0]],
            b_eq=[1],
        )
        for rule in ("maximin", "leximin"):
            lottery = simulate_lottery(
                POOL, QUOTAS, 4, rule=rule, household=home, n_draws=4000, seed=1
            )
            assert lottery.chances.min() == pytest.approx(-best.fun, abs=1e-6)
            assert lottery.chances.sum() == pytest.approx(4)
            assert {tuple(sorted(p)) for p in lottery.panels} <= set(panels)
            counted = np.bincount(lottery.panels.ravel(), minlength=7) / 4000
            assert np.abs(counted - lottery.chances).max() < 0.04  # 4.5 standard errors


def fixture_inputs():
    folder = shared_reference().parent / "data-sources" / "representativeness"
    if not folder.exists():
        pytest.skip("the program's fixture is not here")
    quotas = pd.read_csv(folder / "sortition_algorithms_fixture_features.csv")
    quotas = quotas.rename(columns={"feature": "variable", "value": "category"})
    pool = pd.read_csv(folder / "sortition_algorithms_fixture_candidates.csv")
    return pool, quotas[["variable", "category", "min", "max"]]


def test_maximin_of_the_program_fixture():
    """Lowest chance 1/11, as the program's; 1e-4 is the reference's tolerance."""
    import json

    path = shared_reference("representativeness", "sortition_algorithms_fixture.json")
    wanted = json.loads(path.read_text())["maximin_22"]
    pool, quotas = fixture_inputs()
    lottery = simulate_lottery(
        pool, quotas, 22, rule="maximin", person="nationbuilder_id", n_draws=1000, seed=1
    )
    assert lottery.chances.min() == pytest.approx(wanted["min_prob"], abs=1e-4)
    assert lottery.chances.min() == pytest.approx(1 / 11, abs=1e-6)
    assert lottery.chances.sum() == pytest.approx(wanted["sum"])
    assert lottery.problem.n == wanted["pool"]


@pytest.mark.parametrize("seats", [21, 24])
def test_infeasible_fixture_is_refused_with_the_change(seats):
    pool, quotas = fixture_inputs()
    with pytest.raises(DataError, match=r"A smallest set of changes \(1 seat in all"):
        simulate_lottery(pool, quotas, seats, person="nationbuilder_id")


#: Mean chance by group in 2,000 draws of sortition-algorithms 0.12.15, run as a program of its
#: own: find_random_sample(features, people, 22, [], selection_algorithm="legacy").
LEGACY_MEANS = {
    "Gender": {
        "Female": 0.1493,
        "Male": 0.1439,
    },
    "age_bracket": {
        "16-29": 0.1382,
        "30-44": 0.1863,
        "45-59": 0.1423,
        "60+": 0.1314,
    },
    "edu_level": {
        "Level 1": 0.1368,
        "Level 2 or 3": 0.1815,
        "Level 4 and above": 0.1334,
        "No qualifications": 0.1442,
    },
    "geo_bucket": {
        "Central Scotland": 0.1875,
        "Glasgow": 0.1579,
        "Highlands and Islands": 0.0909,
        "Lothian": 0.1667,
        "Mid Scotland and Fife": 0.1154,
        "North East Scotland": 0.125,
        "South Scotland": 0.1875,
        "West Scotland": 0.1765,
    },
}


def test_stratified_rule_draws_as_the_program_does():
    """Group means; 0.006 is 4.5 standard errors of the program's 2,000 draws in the worst group."""
    pool, quotas = fixture_inputs()
    lottery = simulate_lottery(pool, quotas, 22, person="nationbuilder_id", n_draws=2500, seed=1)
    ours = lottery.groups.set_index(["variable", "category"])["chance"]
    for variable, groups in LEGACY_MEANS.items():
        for category, chance in groups.items():
            assert ours[(variable, category)] == pytest.approx(chance, abs=0.006)


def test_leximin_of_the_program_fixture_raises_the_next_lowest():
    pool, quotas = fixture_inputs()
    options = {"person": "nationbuilder_id", "n_draws": 1000, "seed": 1}
    lexi = np.sort(simulate_lottery(pool, quotas, 22, rule="leximin", **options).chances)
    maxi = np.sort(simulate_lottery(pool, quotas, 22, rule="maximin", **options).chances)
    differ = np.flatnonzero(np.abs(lexi - maxi) > 1e-4)
    assert lexi[differ[0]] > maxi[differ[0]]


@pytest.mark.parametrize(("size", "seats"), [("small", 20), ("large", 200)])
@pytest.mark.parametrize("rule", ["maximin", "leximin"])
def test_published_example_pools_can_be_drawn_evenly(size, seats, rule):
    """Everybody has a chance of 10 % in both examples; 1e-6 for the solver."""
    pool = pd.read_csv(data_mirror("sortition-2021", f"example_{size}_{seats}_respondents.csv"))
    quotas = pd.read_csv(data_mirror("sortition-2021", f"example_{size}_{seats}_categories.csv"))
    quotas = quotas.rename(columns={"category": "variable", "feature": "category"})
    lottery = simulate_lottery(pool, quotas, seats, rule=rule, n_draws=1000, seed=1)
    assert lottery.chances == pytest.approx(np.full(len(pool), 0.1), abs=1e-6)


def test_the_rare_person_of_the_small_example_suffers_under_the_greedy_rule():
    pool = pd.read_csv(data_mirror("sortition-2021", "example_small_20_respondents.csv"))
    quotas = pd.read_csv(data_mirror("sortition-2021", "example_small_20_categories.csv"))
    quotas = quotas.rename(columns={"category": "variable", "feature": "category"})
    lottery = simulate_lottery(pool, quotas, 20, n_draws=5000, seed=1)
    alone = pool.groupby(["gender", "leaning"])["gender"].transform("size") == 1
    assert alone.sum() == 1
    chance = lottery.chances[alone.to_numpy().argmax()]
    assert chance < 0.03
    assert chance == lottery.chances.min()


def test_same_seed_same_draws_for_any_number_of_workers():
    one = simulate_lottery(POOL, QUOTAS, 4, n_draws=3000, seed=5)
    two = simulate_lottery(POOL, QUOTAS, 4, n_draws=3000, seed=5, n_jobs=2)
    assert (one.panels == two.panels).all()
    assert one.attempted == two.attempted
    other = simulate_lottery(POOL, QUOTAS, 4, n_draws=3000, seed=6)
    assert (one.panels != other.panels).any()


def test_pandas_polars_and_panel_give_the_same():
    one = simulate_lottery(POOL, QUOTAS, 4, n_draws=2000, seed=5, person="id")
    for pool in (
        pl.from_pandas(POOL),
        Panel.from_frame(POOL, person="id", variables=["age", "sex"]),
    ):
        two = simulate_lottery(pool, QUOTAS, 4, n_draws=2000, seed=5, person="id")
        pd.testing.assert_frame_equal(one.people, two.people)
    three = simulate_lottery(POOL, pl.from_pandas(QUOTAS), 4, n_draws=2000, seed=5, person="id")
    pd.testing.assert_frame_equal(one.tvd, three.tvd)
    for name, frame in one.tables(kind="polars").items():
        assert frame.shape == one.tables()[name].shape


def test_every_panel_meets_quotas_and_household_rule_in_a_larger_pool():
    rng = np.random.default_rng(2)
    pool = pd.DataFrame(
        {
            "a": rng.choice(["x", "y"], 90, p=[0.7, 0.3]),
            "b": rng.choice(["p", "q", "r"], 90, p=[0.6, 0.3, 0.1]),
            "home": rng.integers(0, 60, 90),
        }
    )
    quotas = quota_frame(
        ("a", "x", 5, 7), ("a", "y", 5, 7), ("b", "p", 4, 5), ("b", "q", 4, 5), ("b", "r", 3, 5)
    )
    for rule in ("stratified", "maximin"):
        lottery = simulate_lottery(
            pool, quotas, 12, rule=rule, household="home", n_draws=1500, seed=1
        )
        homes = pool["home"].to_numpy()[lottery.panels]
        assert (np.diff(np.sort(homes, axis=1), axis=1) > 0).all()
        for row in lottery.categories.itertuples():
            counts = lottery.counts(row.variable)
            names = lottery.variable(row.variable).categories
            wanted = quotas[
                (quotas["variable"] == row.variable) & (quotas["category"] == row.category)
            ]
            seen = counts[:, names.index(row.category)]
            assert seen.min() >= wanted["min"].item()
            assert seen.max() <= wanted["max"].item()


def test_weights_are_relative_chances_of_a_pick():
    pool = pd.DataFrame({"age": ["a"] * 4, "w": [1, 1, 1, 5]})
    quotas = quota_frame(("age", "a", 1, 1))
    for rule in ("stratified", "simple"):
        lottery = simulate_lottery(pool, quotas, 1, rule=rule, weight="w", n_draws=20_000, seed=4)
        close(lottery, [1 / 8, 1 / 8, 1 / 8, 5 / 8])
    two = simulate_lottery(pool, None, 2, weight="w", n_draws=20_000, seed=4)
    # drawn one after the other: 1 - P(not first) P(not second | not first)
    last = 1 - 3 * (1 / 8) * (2 / 7)
    close(two, [(2 - last) / 3] * 3 + [last])


def test_dropouts_are_replaced_under_the_same_quotas():
    rng = np.random.default_rng(1)
    pool = pd.DataFrame({"a": rng.choice(["x", "y"], 80), "d": 0.3})
    quotas = quota_frame(("a", "x", 5, 5), ("a", "y", 5, 5))
    for dropout in (0.3, "d"):
        lottery = simulate_lottery(pool, quotas, 10, dropout=dropout, n_draws=2000, seed=1)
        assert (lottery.panels >= 0).all()
        assert (lottery.counts("a") == 5).all()
        assert all(len(set(panel)) == 10 for panel in lottery.panels)
        assert lottery.dropped.mean() == pytest.approx(3, abs=4.5 * math.sqrt(2.1 / 2000))
    # two of three young people drop out: the seats of the young stay empty at times
    small = pd.DataFrame({"a": ["x"] * 3 + ["y"] * 9})
    wanted = quota_frame(("a", "x", 3, 3), ("a", "y", 3, 3))
    scarce = simulate_lottery(small, wanted, 6, dropout=0.5, n_draws=2000, seed=1)
    empty = (scarce.panels < 0).any(axis=1)
    # nobody replaces a young person; the old ones run out only if more than 3 + 6 are needed
    assert empty.mean() == pytest.approx(1 - 0.5**3, abs=4.5 * math.sqrt(0.109 / 2000))
    assert "stayed empty" in scarce.summary()


def test_tvd_counts_and_place_of_a_panel():
    population = Population.from_margins({"age": {"young": 0.5, "old": 0.5}})
    lottery = simulate_lottery(POOL, QUOTAS, 4, population=population, n_draws=5000, seed=5)
    # age is fixed to 1 young and 3 old: TVD 0.25 in every draw
    assert (
        lottery.tvd.set_index("variable").loc["age", ["low", "mean", "high"]].tolist() == [0.25] * 3
    )
    assert lottery.variable("sex").reference == "pool"
    place = lottery.place({"age": {"young": 1, "old": 3}, "sex": {"f": 1, "m": 3}})
    assert place.n == 4
    row = place.tvd.set_index("variable").loc["age"]
    assert (row["tvd"], row["percentile"], row["p_value"]) == (0.25, 50.0, 1.0)
    sex = place.counts.set_index(["variable", "category"]).loc[("sex", "f")]
    assert sex["count"] < sex["low"] or sex["low"] == 1
    far = lottery.place({"sex": {"f": 4}}).tvd.iloc[0]
    assert far["p_value"] == pytest.approx(1 / 5001)
    assert far["percentile"] == 100
    assert "scaled" in lottery.place({"sex": {"f": 1, "m": 1}}).summary()


def test_unknown_answers_of_a_tracked_variable_are_left_out():
    pool = POOL.assign(view=["yes", "no", "prefer not to say", None, "yes", "no", "no"])
    population = Population.from_margins({"view": {"yes": 0.5, "no": 0.5}})
    lottery = simulate_lottery(pool, QUOTAS, 4, population=population, n_draws=1000, seed=1)
    assert lottery.counts("view").sum(axis=1).max() <= 4
    assert lottery.counts("view").sum(axis=1).min() < 4


def test_groups_agree_with_people():
    lottery = simulate_lottery(POOL, QUOTAS, 4, n_draws=2000, seed=5)
    groups = lottery.groups.set_index(["variable", "category"])
    young = lottery.chances[(POOL["age"] == "young").to_numpy()]
    assert groups.loc[("age", "young"), "chance"] == pytest.approx(young.mean())
    assert groups.loc[("age", "young"), "chance"] == 0.5  # one of two, by the quota
    assert groups.loc[("age", "young"), "standard_error"] == 0
    assert lottery.chances.sum() == pytest.approx(4)
    fair = lottery.fairness()
    assert fair.minimum == lottery.chances.min()
    assert fair.n_draws == 2000


def test_views_and_pictures(tmp_path):
    lottery = simulate_lottery(POOL, QUOTAS, 4, n_draws=1000, seed=5)
    place = lottery.place(POOL.iloc[[0, 2, 4, 5]])
    assert lottery.report(tmp_path / "lottery.html").read_text().count("<img") == 3
    assert place.report(tmp_path / "place.html").read_text().count("<img") == 1
    assert "1,000 panels of 4 drawn from 7 people" in lottery.summary()
    assert "seed 5" in lottery.methods_text()
    for ax in (lottery.plot_groups(), lottery.plot_tvd(), lottery.plot_rarity()):
        assert len(plotting.alt_text(ax)) > 40
    names = {line.get_label() for line in lottery.plot_tvd(place).lines}
    assert "the panel" in names
    assert any("TVD of age" in i.name for i in lottery.indicators())
    lottery.to_excel(tmp_path / "lottery.xlsx")


def test_types_take_equal_people_together_but_not_over_addresses():
    free = draw_problem(POOL, QUOTAS, 4)
    assert len(free.types[1]) == 4  # age × sex
    homes = draw_problem(POOL, QUOTAS, 4, household="home")
    # shared addresses a and d: p1, p3, and p5 with p6 are types of their own
    assert len(homes.types[1]) == 6


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"rule": "lucky"}, "no rule 'lucky'"),
        ({"n_draws": 0}, "n_draws is 0"),
        ({"n_draws": 2.5}, "n_draws is 2.5"),
        ({"weight": "home"}, "Weights are numbers above 0"),
        ({"weight": "id", "rule": "leximin"}, "takes no weights"),
        ({"dropout": 1.0}, "drop out"),
        ({"dropout": "nope"}, "no column 'nope'"),
        ({"variables": ["agee"]}, "no column 'agee'"),
        ({"population": {"income": {"low": 0.5, "high": 0.5}}}, "no variable in common"),
        ({"seed": -1}, "seed"),
        ({"n_jobs": 0}, "n_jobs"),
    ],
)
def test_bad_options_are_named(options, says):
    with pytest.raises(DataError, match=says):
        simulate_lottery(POOL, QUOTAS, 4, **{"n_draws": 1000, "seed": 1, **options})


def test_rare_panels_are_given_up_with_a_remedy():
    rng = np.random.default_rng(1)
    pool = pd.DataFrame({"a": rng.choice(["x", "y"], 200, p=[0.95, 0.05])})
    quotas = quota_frame(("a", "x", 0, 2), ("a", "y", 8, 10))
    with pytest.raises(DataError, match='Use rule="stratified"'):
        simulate_lottery(pool, quotas, 10, rule="simple", n_draws=1000, max_attempts=5, seed=1)


def test_few_draws_are_warned_about():
    with pytest.warns(SmallSampleWarning, match="200 draws are few"):
        simulate_lottery(POOL, QUOTAS, 4, n_draws=200, seed=1)


def test_place_needs_a_variable_in_common():
    lottery = simulate_lottery(POOL, QUOTAS, 4, n_draws=1000, seed=1)
    with pytest.raises(DataError, match="no variable in common"):
        lottery.place({"income": {"low": 4}})
    with pytest.raises(DataError, match="did not count 'agee'"):
        lottery.counts("agee")


def test_a_pool_as_large_as_the_panel_is_the_panel():
    problem = SimpleNamespace(n=4, seats=4, weights=None)
    samples = drawing._samples(np.random.default_rng(1), 3, problem)
    assert samples.tolist() == [[0, 1, 2, 3]] * 3
