"""Small cases counted out by hand or by another route: no number here comes from our code."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import dmpkit.representativeness as rep
from dmpkit.errors import ReadingWarning, SmallCellWarning, SmallSampleWarning
from dmpkit.representativeness.propensity import fit_propensities, propensity_error
from dmpkit.representativeness.raking import margin_error

WIDE = pd.DataFrame({"variable": "g", "category": ["A", "B"], "min": [0, 0], "max": [4, 4]})


def test_as_many_tables_as_allowed_are_still_enumerated():
    counts, shares = [4, 7, 6, 6], [19.9, 25.4, 34.3, 20.4]
    assert rep.exact_multinomial(counts, shares, max_tables=2_600).method == "enumeration"
    below = rep.exact_multinomial(counts, shares, max_tables=2_599, n_resamples=99, seed=1)
    assert below.method == "Monte Carlo"


def test_sparse_means_more_than_a_fifth_below_five():
    four = {"v": {"a": 4, "b": 12, "c": 12, "d": 12}}  # one of four expected counts is 4
    with pytest.warns(SmallCellWarning, match="least 4.0"):
        assert rep.check_margins(four, four).variables["sparse"].all()
    five = {"v": {"a": 4, "b": 12, "c": 12, "d": 12, "e": 12}}  # one of five: exactly a fifth
    assert not rep.check_margins(five, five).variables["sparse"].any()


def test_the_gap_of_a_variable_is_that_of_the_share_nearest_to_a_half():
    check = rep.check_margins({"v": {"a": 20, "b": 15, "c": 65}}, {"v": {"a": 0.2, "b": 0.15,
                                                                         "c": 0.65}})  # fmt: skip
    z = stats.norm.ppf(0.975)
    widest = math.sqrt(0.65 * 0.35 / 100)
    row = check.variables.iloc[0]
    assert row["significant_gap"] == pytest.approx(z * widest)
    assert row["detectable_gap"] == pytest.approx((z + stats.norm.ppf(0.8)) * widest)


def test_what_holm_takes_back_is_said():
    counts = {"odd": {"a": 61, "b": 39}} | {f"v{i}": {"a": 50, "b": 50} for i in range(4)}
    half = {name: {"a": 0.5, "b": 0.5} for name in counts}
    reading = rep.check_margins(counts, half).variables["reading"].iloc[0]
    assert "but not among so many variables" in reading
    alone = rep.check_margins({"odd": counts["odd"]}, half).variables["reading"].iloc[0]
    assert "That is more than chance explains" in alone


def test_the_larger_of_two_standard_errors_is_taken():
    linear, larger = [], []
    for seed in range(4):
        draws = np.random.default_rng(seed)
        people = pd.DataFrame(
            {"a": draws.choice(list("xy"), 60), "b": draws.choice(list("uvw"), 60)}
        )
        people["came"] = (draws.random(60) < 0.3 + 0.35 * (people["a"] == "x")).astype(int)
        linear.append(rep.r_indicator(people, "came", ["a", "b"], n_resamples=0).standard_error)
        found = rep.r_indicator(people, "came", ["a", "b"], n_resamples=150, seed=1)
        larger.append(found.standard_error)
    assert all(b >= a for a, b in zip(linear, larger, strict=True))
    assert any(b > 1.001 * a for a, b in zip(linear, larger, strict=True))


def test_propensity_error_is_nothing_certain_where_propensities_are_flat():
    x, n = np.array([[1.0], [1.0]]), np.array([10.0, 20.0])
    assert np.isnan(propensity_error(fit_propensities(x, n, np.array([5.0, 10.0])), n))


def test_noise_shrinks_with_the_share_of_the_population_invited():
    """One variable, everybody invited: S² less Σ r(1 - r/m) / m² summed as the formula says."""
    came, invited = np.array([40.0, 80.0]), np.array([200.0, 200.0])
    people = pd.DataFrame({"age": ["young"] * 40 + ["old"] * 80})
    whole = {"age": {"young": 200, "old": 200}}
    found = rep.r_indicator_from_margins(people, whole, 400, n_resamples=0)
    rho, m = came / invited, 400
    spread = float((invited * (rho - came.sum() / m) ** 2).sum()) / m
    each = came * (1 - rho)  # variance of the number of those who come, all being invited
    noise = float((each / invited).sum()) / m - each.sum() / m**2
    assert found.value == pytest.approx(1 - 2 * math.sqrt(spread - noise), rel=1e-9)


def test_effective_two_sample_test_is_at_the_effective_size():
    found = rep.compare_with_benchmark([20, 15, 9], [300, 250, 180], 1.5)
    table = np.array([[20, 15, 9], [300 / 1.5, 250 / 1.5, 180 / 1.5]])
    expected = stats.chi2_contingency(table, correction=False)
    assert found.chi2_effective == pytest.approx(expected.statistic)
    assert found.p_effective == pytest.approx(expected.pvalue)


def test_half_of_the_even_chance_counts_as_half():
    assert rep.selection_fairness([0.5, 0.25, 0.75]).share_below_half == pytest.approx(1 / 3)


def test_once_minimums_are_met_everybody_is_drawn_alike():
    pool = pd.DataFrame({"g": ["A"] + ["B"] * 3})
    lottery = rep.simulate_lottery(pool, WIDE, 1, n_draws=8_000, seed=5)
    assert lottery.chances == pytest.approx(np.full(4, 0.25), abs=0.02)


def test_stratified_chances_are_those_counted_out():
    """Minimum 1 of A (2 people) and of B (4): ratio 1/2 against 1/4, so A first, then B,
    then anybody: 1/2 + 1/2 · 1/4 for A, 1/4 + 3/4 · 1/4 for B."""
    pool = pd.DataFrame({"g": ["A"] * 2 + ["B"] * 4})
    lottery = rep.simulate_lottery(pool, WIDE.assign(min=1), 3, n_draws=8_000, seed=5)
    a, b = 1 / 2 + 1 / 2 * 1 / 4, 1 / 4 + 3 / 4 * 1 / 4
    assert lottery.chances == pytest.approx([a] * 2 + [b] * 4, abs=0.025)


def test_standard_errors_of_a_lottery_are_binomial():
    pool = pd.DataFrame({"g": ["A"] + ["B"] * 3})
    with pytest.warns(SmallSampleWarning):
        lottery = rep.simulate_lottery(pool, WIDE, 1, n_draws=400, seed=5)
    p = np.array([(lottery.panels == i).any(axis=1).mean() for i in range(4)])
    assert lottery.standard_errors == pytest.approx(np.sqrt(p * (1 - p) / 400))
    seated = (lottery.panels > 0).sum(axis=1)  # members of B in each draw, three in the pool
    row = lottery.groups.query("category == 'B'").iloc[0]
    assert row["standard_error"] == pytest.approx(seated.std(ddof=1) / math.sqrt(400) / 3)


def test_maximin_reaches_what_a_program_over_all_panels_reaches():
    from scipy.optimize import linprog

    pool = pd.DataFrame({"g": list("AAABBBBB"), "h": list("PQQPPPQP")})
    quotas = pd.DataFrame({"variable": ["g", "g", "h", "h"], "category": ["A", "B", "P", "Q"],
                           "min": [2, 1, 1, 2], "max": [3, 2, 2, 3]})  # fmt: skip
    panels = [
        c for c in itertools.combinations(range(8), 4)
        if all(low <= (pool.loc[list(c), v] == k).sum() <= high
               for v, k, low, high in quotas.itertuples(index=False))
    ]  # fmt: skip
    holds = np.array([[i in c for c in panels] for i in range(8)], dtype=float)
    cost, whole = np.r_[np.zeros(len(panels)), -1], np.r_[np.ones(len(panels)), 0]
    rows = np.c_[-holds, np.ones(8)]
    best = linprog(cost, A_ub=rows, b_ub=np.zeros(8), A_eq=whole[None], b_eq=[1])
    found = rep.simulate_lottery(pool, quotas, 4, rule="maximin", n_draws=1_000, seed=1)
    assert found.chances.min() == pytest.approx(-best.fun, abs=1e-6)


def test_cells_with_just_as_many_expected_are_not_pooled():
    joint = pd.DataFrame({"s": list("FFMM"), "a": list("xyxy"), "count": [10, 10, 40, 40]})
    panel = pd.DataFrame({"s": list("FFMM") * 5, "a": list("xyxy") * 5})  # 2, 2, 8, 8 expected
    population = rep.Population.from_joint(joint)
    at, above = (rep.intersections(panel, population, pool_below=b) for b in (2.0, 2.1))
    assert at.crossings["pooled_cells"].tolist() == [0]
    assert above.crossings["pooled_cells"].tolist() == [2]


def test_margin_error_is_relative_to_the_category():
    assert margin_error([np.array([1.0, 9.0])], [np.array([2.0, 8.0])]) == 0.5
    assert margin_error([np.array([1.0, 9.0])], [np.array([0.0, 10.0])]) == 0.1


def test_a_lottery_of_other_seats_is_said():
    pool = pd.DataFrame({"g": ["A", "B"] * 10})
    lottery = rep.simulate_lottery(pool, WIDE.assign(max=10), 10, n_draws=1_000, seed=1)
    half = {"g": {"A": 0.5, "B": 0.5}}
    other = rep.check_margins({"g": {"A": 6, "B": 6}}, half, lottery=lottery).variables["reading"][
        0
    ]
    same = rep.check_margins({"g": {"A": 5, "B": 5}}, half, lottery=lottery).variables["reading"][0]
    assert "has 10 seats and 12 members are compared" in other
    assert "seats" not in same


@pytest.mark.parametrize("turned", [False, True])
def test_the_header_category_feature_is_read(turned):
    frame = pd.DataFrame({"category": ["gender", "gender", "age"], "feature": ["F", "M", "16+"],
                          "min": 1, "max": 2})  # fmt: skip
    if turned:  # the same words the other way about: a variable has several categories
        frame = frame.rename(columns={"category": "feature", "feature": "category"})
    with pytest.warns(ReadingWarning, match="was read with"):
        quotas = rep.Quotas.from_frame(frame)
    assert quotas.variables == ("gender", "age")


def test_a_departure_of_the_pool_is_not_put_on_the_draw():
    pool = pd.DataFrame({"g": ["A", "B"] * 20, "h": ["x"] * 36 + ["y"] * 4})
    half = {"g": {"A": 0.5, "B": 0.5}, "h": {"x": 0.5, "y": 0.5}}
    quotas = WIDE.assign(min=9, max=11)
    lottery = rep.simulate_lottery(pool, quotas, 20, n_draws=1_000, seed=1, population=half)
    panel = {"g": {"A": 10, "B": 10}, "h": {"x": 18, "y": 2}}
    check = rep.check_margins(panel, half, quotas=quotas, lottery=lottery)
    quota, free = check.variables["reading"]
    assert "the departure lies in the pool" in free
    assert "the departure lies in the pool" not in quota
    assert "a draw by quota is one only about" in check.methods_text()
    assert "g was filled by quota" in check.methods_text()
