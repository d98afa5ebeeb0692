"""What must hold of every measure of representativeness, and each written out plainly again."""

import itertools
import math
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from property_settings import tried

import dmpkit.representativeness as rep
from dmpkit.errors import DmpkitWarning
from dmpkit.representativeness import goodness as go
from dmpkit.representativeness import intersection_steps as cross
from dmpkit.representativeness import stage_steps as steps
from dmpkit.representativeness import weighted as wt

SEEDS = st.integers(0, 10_000)
#: Counts of a variable, and numbers of the population in the same categories.
CELLS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 30)), min_size=2, max_size=5
).filter(lambda rows: sum(x for x, _ in rows) > 0)  # fmt: skip


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        yield


def split(rows):
    counts = [float(x) for x, _ in rows]
    total = sum(y for _, y in rows)
    return counts, [y / total for _, y in rows]


# --- how far counts are from shares ----------------------------------------------------


@tried(3)
@given(CELLS, st.randoms(), st.integers(2, 5))
def test_distances_and_tests_are_their_formulas(rows, random, times):
    x, p = split(rows)
    n, k = sum(x), len(x)
    q = [v / n for v in x]
    chi2 = sum((a - n * b) ** 2 / (n * b) for a, b in zip(x, p, strict=True))
    g = 2 * sum(a * math.log(a / (n * b)) for a, b in zip(x, p, strict=True) if a)
    tvd = sum(abs(a - b) for a, b in zip(q, p, strict=True)) / 2
    overlap = sum(math.sqrt(a * b) for a, b in zip(q, p, strict=True))
    found = {
        go.chi_square_test: chi2, go.g_test: g, go.total_variation: tvd,
        go.kl_divergence: g / (2 * n), go.hellinger_distance: math.sqrt(max(0, 1 - overlap)),
    }  # fmt: skip
    order = random.sample(range(k), k)
    for step, want in found.items():
        value = lambda *a, step=step: float(np.atleast_1d(step(*a))[0])  # noqa: E731
        assert value(x, p) == pytest.approx(want, abs=1e-7)
        mixed = value([x[i] for i in order], [p[i] for i in order])
        assert mixed == pytest.approx(want, abs=1e-7)
        # a category split in two alike parts changes nothing
        halves = value([x[0] / 2, x[0] / 2, *x[1:]], [p[0] / 2, p[0] / 2, *p[1:]])
        assert halves == pytest.approx(want, abs=1e-7)
        larger = value([times * v for v in x], p)
        scale = times if step in (go.chi_square_test, go.g_test) else 1
        assert larger == pytest.approx(scale * want, abs=1e-6)
        assert value([100 * v for v in p], p) == pytest.approx(0, abs=1e-6)
    from scipy.stats import chi2 as law

    assert go.chi_square_test(x, p).p_value == pytest.approx(law.sf(chi2, k - 1))
    assert go.g_test(x, p).df == k - 1
    assert 0 <= tvd <= 1 - min(p)
    assert go.hellinger_distance(x, p) ** 2 <= tvd + 1e-9


@tried(3)
@given(CELLS)
def test_residuals_and_differences_turn_with_the_complement(rows):
    x, p = split(rows)
    n = sum(x)
    for i in range(len(x)):
        rest = ([x[i], n - x[i]], [p[i], 1 - p[i]])
        if p[i] < 1:
            residual = go.standardised_residuals(x, p)[i]
            assert residual == pytest.approx((x[i] - n * p[i]) / math.sqrt(n * p[i] * (1 - p[i])))
            assert go.standardised_residuals(*rest) == pytest.approx([residual, -residual])
            assert residual**2 == pytest.approx(go.chi_square_test(*rest).statistic)
            for pooled in (True, False):
                one, other = go.standardised_differences(*rest, pooled=pooled)
                assert one == pytest.approx(-other)
                q = x[i] / n
                var = (q * (1 - q) + p[i] * (1 - p[i])) / 2 if pooled else p[i] * (1 - p[i])
                assert one == pytest.approx((q - p[i]) / math.sqrt(var))
                whole = go.standardised_differences(x, p, pooled=pooled)[i]
                assert whole == pytest.approx(one)


@tried(3)
@given(st.lists(st.integers(1, 9), min_size=2, max_size=4), st.integers(1, 8))
def test_no_allocation_is_nearer_and_chance_is_farther(sizes, n):
    p = [v / sum(sizes) for v in sizes]
    found = go.nearest_allocation(n, p)
    assert found.sum() == n
    tables = [t for t in itertools.product(range(n + 1), repeat=len(p)) if sum(t) == n]
    best = min(go.total_variation(t, p) for t in tables)
    assert go.total_variation(found, p) == pytest.approx(best, abs=1e-12)
    # the mean over all samples, each with its multinomial probability
    chance = [
        math.factorial(n) * math.prod(b**a / math.factorial(a) for a, b in zip(t, p, strict=True))
        for t in tables
    ]
    mean = sum(c * go.total_variation(t, p) for c, t in zip(chance, tables, strict=True))
    assert go.expected_tvd(n, p) == pytest.approx(mean)
    assert mean >= best - 1e-12
    slow = [
        sum(c * abs(t[i] / n - p[i]) for c, t in zip(chance, tables, strict=True))
        for i in range(len(p))
    ]
    np.testing.assert_allclose(cross.expected_absolute_deviation(p, n), slow)
    for order in ("probability", "chi2", "tvd"):
        measure = {"chi2": lambda t: go.chi_square_test(t, p).statistic,
                   "tvd": lambda t: go.total_variation(t, p),
                   "probability": lambda t: -chance[tables.index(tuple(t))]}[order]  # fmt: skip
        seen = tables[len(tables) // 3]
        slack = 1e-9 * max(1e-3, abs(measure(seen)))
        want = sum(
            c for c, t in zip(chance, tables, strict=True) if measure(t) >= measure(seen) - slack
        )
        got = rep.exact_multinomial(seen, p, order)
        assert got.p_value == pytest.approx(want, abs=1e-6)
        turned = rep.exact_multinomial(seen[::-1], p[::-1], order)
        assert turned.p_value == pytest.approx(got.p_value, abs=1e-9)


@tried(3)
@given(st.integers(2, 500), st.floats(0.02, 0.98), st.sampled_from([0.1, 0.05]))
def test_the_gap_that_can_be_seen_shrinks_with_the_root_of_the_panel(n, p, level):
    found = float(go.detectable_gap(n, p, level=level))
    assert float(go.detectable_gap(4 * n, p, level=level)) == pytest.approx(found / 2)
    assert float(go.detectable_gap(n, 1 - p, level=level)) == pytest.approx(found)
    just = float(go.detectable_gap(n, p, level=level, power=None))
    assert just == pytest.approx(float(go.detectable_gap(n, p, level=level, power=0.5)))
    assert just < found
    residual = go.standardised_residuals([n * (p + just), n * (1 - p - just)], [p, 1 - p])[0] if (
        p + just < 1) else None  # fmt: skip
    if residual is not None:  # the gap is just significant
        from scipy.stats import norm

        assert residual == pytest.approx(norm.isf(level / 2))


@tried(3)
@given(st.lists(st.integers(1, 12), min_size=2, max_size=5), st.integers(1, 10))
def test_the_chance_of_an_empty_cell(counts, n):
    total = sum(counts)
    p = [c / total for c in counts]
    np.testing.assert_allclose(cross.empty_probability(p, n), [(1 - v) ** n for v in p])
    if n <= total:
        want = [math.comb(total - c, n) / math.comb(total, n) for c in counts]
        found = cross.empty_probability_finite(counts, n)
        np.testing.assert_allclose(found, want, atol=1e-12)
        assert (found <= cross.empty_probability(p, n) + 1e-12).all()
    q = p[::-1]
    slow = sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) / len(p)
    assert cross.mean_squared_gap(p, q) == pytest.approx(slow)
    assert cross.mean_squared_gap(q, p) == pytest.approx(slow)


# --- a panel beside its population -----------------------------------------------------


def people(rng, n=30, free=1):
    """Two features of n people; the first `free` categories of each are sure to occur."""
    g = np.concatenate([["f", "m"][:free], rng.choice(["f", "m"], n - free)])
    a = np.concatenate([["y", "i", "o"][:free], rng.choice(["y", "i", "o"], n - free)])
    return pd.DataFrame({"g": g, "a": a})


def population(seed):
    rng = np.random.default_rng(seed)
    joint = pd.DataFrame(list(itertools.product("fm", "yio")), columns=["g", "a"])
    return rep.Population.from_joint(joint.assign(count=rng.integers(20, 400, 6)))


@tried(0.5)
@given(SEEDS)
def test_the_check_of_margins_holds_what_its_steps_say(seed):
    rng = np.random.default_rng(seed)
    panel, pop = people(rng, 30, 2), population(seed)
    found = rep.check_margins(panel, pop, n_resamples=99, seed=1)
    for variable in ("g", "a"):
        own = found.categories[found.categories["variable"] == variable]
        x, p = own["count"].to_numpy(float), own["target"].to_numpy(float)
        row = found.variables.set_index("variable").loc[variable]
        assert row["chi2"] == pytest.approx(go.chi_square_test(x, p).statistic)
        assert row["p_value"] == pytest.approx(go.chi_square_test(x, p).p_value)
        assert row["g"] == pytest.approx(go.g_test(x, p).statistic, abs=1e-9)
        assert row["tvd"] == pytest.approx(go.total_variation(x, p))
        assert row["tvd"] >= row["tvd_floor"] - 1e-12
        assert row["expected_tvd"] == pytest.approx(go.expected_tvd(30, p))
        np.testing.assert_allclose(own["residual"], go.standardised_residuals(x, p))
        np.testing.assert_allclose(own["smd"], go.standardised_differences(x, p))
        assert own["gap"].sum() == pytest.approx(0, abs=1e-12)
        assert ((own["low"] <= own["share"]) & (own["share"] <= own["high"])).all()
        assert (own["clopper_pearson_low"] <= own["low"] + 1e-9).all()
    mixed = rep.check_margins(panel.sample(frac=1, random_state=seed), pop, n_resamples=99, seed=1)
    pd.testing.assert_frame_equal(mixed.variables, found.variables)
    whole = rep.analyse(panel, pop, n_resamples=99, seed=1)
    assert len(whole.overview) > 0
    assert whole.overview["variable"].tolist() == ["g", "a"]
    np.testing.assert_allclose(whole.overview["tvd"], found.variables["tvd"])
    pd.testing.assert_frame_equal(whole.margins.variables, found.variables)


@tried(0.5)
@given(SEEDS, st.integers(2, 50))
def test_populations_and_panels_count_people(seed, times):
    rng = np.random.default_rng(seed)
    panel, pop = people(rng, 25, 2), population(seed)
    own = rep.Panel.from_frame(panel)
    for variable in ("g", "a"):
        assert own.of(variable).sum() + own.n_unknown(variable) == 25
        assert own.of(variable).to_dict() == panel[variable].value_counts().to_dict()
        assert pop.shares(variable).sum() == pytest.approx(1)
        more = pop.joint.assign(count=times * pop.joint["count"])
        scaled = rep.Population.from_joint(more)
        np.testing.assert_allclose(scaled.shares(variable), pop.shares(variable))
        np.testing.assert_allclose(scaled.counts(variable), times * pop.counts(variable))
        np.testing.assert_allclose(pop.only([variable]).shares(variable), pop.shares(variable))


@tried(0.5)
@given(SEEDS)
def test_crossings_are_shares_of_cells(seed):
    panel, pop = people(np.random.default_rng(seed)), population(seed)
    found = rep.intersections(panel, pop)
    cells = found.cells
    row = found.crossings.iloc[0]
    assert cells["population_share"].sum() == pytest.approx(1)
    assert row["present"] == (cells["count"] > 0).sum()
    assert row["mass_covered"] == pytest.approx(
        cells.loc[cells["count"] > 0, "population_share"].sum()
    )
    p = cells["population_share"]
    assert row["tvd"] == pytest.approx(go.total_variation(cells["count"], p))
    assert row["mse"] == pytest.approx(cross.mean_squared_gap(cells["share"], p))
    np.testing.assert_allclose(cells["empty_probability"], cross.empty_probability(p, 30))
    assert row["expected_present"] == pytest.approx((1 - cells["empty_probability"]).sum())
    assert set(found.missing["cell"]) == set(cells.loc[cells["count"] == 0, "cell"])


@tried()
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 9)),
                min_size=2, max_size=5))  # fmt: skip
def test_quotas_are_counted_seat_by_seat(rows):
    names = [f"c{i}" for i in range(len(rows))]
    if not sum(x for x, _, _ in rows):
        return
    counts = {"v": {c: x for c, (x, _, _) in zip(names, rows, strict=True)}}
    quotas = pd.DataFrame(
        [("v", c, low, low + more) for c, (_, low, more) in zip(names, rows, strict=True)],
        columns=["variable", "category", "min", "max"],
    )
    found = rep.quota_attainment(counts, quotas)
    short = [max(0, low - x) for x, low, _ in rows]
    over = [max(0, x - low - more) for x, low, more in rows]
    assert found.shortfall == sum(short)
    assert found.excess == sum(over)
    assert found.n_cells == len(rows)
    assert found.n_within == sum(not (a or b) for a, b in zip(short, over, strict=True))
    assert found.share_met == pytest.approx(found.n_within / found.n_cells)
    assert found.by_variable["shortfall"].sum() == sum(short)
    assert len(found.worst) == found.n_cells - found.n_within
    far = [a + b for a, b in zip(short, over, strict=True) if a + b]
    assert (found.worst["shortfall"] + found.worst["excess"]).tolist() == sorted(far, reverse=True)


# --- from the invitation on --------------------------------------------------------------


@tried(2)
@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0, 1)), min_size=2, max_size=4),
       st.integers(2, 5))  # fmt: skip
def test_rates_of_groups_and_their_test(rows, times):
    n = [a for a, _ in rows]
    x = [round(a * share) for a, share in rows]
    found = steps.group_rate_test(n, x)
    if not 0 < sum(x) < sum(n):
        assert math.isnan(found.chi2)
        return
    rate = sum(x) / sum(n)
    slow = sum((b - a * rate) ** 2 / (a * rate * (1 - rate)) for a, b in zip(n, x, strict=True))
    assert found.chi2 == pytest.approx(slow)
    assert found.cramers_v == pytest.approx(math.sqrt(slow / sum(n)))
    assert 0 <= found.cramers_v <= 1 + 1e-12
    left = steps.group_rate_test(n, [a - b for a, b in zip(n, x, strict=True)])
    assert left.chi2 == pytest.approx(slow)
    more = steps.group_rate_test(np.array(n) * times, np.array(x) * times)
    assert more.chi2 == pytest.approx(times * slow)
    assert more.cramers_v == pytest.approx(found.cramers_v)
    with_nobody = steps.group_rate_test([*n, 0], [*x, 0])
    assert with_nobody == found
    one = steps.rate_ratio(x[0], n[0], x[1], n[1])
    other = steps.rate_ratio(x[1], n[1], x[0], n[0])
    if x[0] and x[1]:
        assert one.value == pytest.approx(x[0] / n[0] / (x[1] / n[1]))
        assert one.value == pytest.approx(1 / other.value)
        if not math.isnan(one.low):
            assert one.low == pytest.approx(1 / other.high)
            assert one.low * one.high == pytest.approx(one.value**2)


@tried()
@given(st.lists(st.floats(0, 1), min_size=2, max_size=7))
def test_what_stages_add_sums_to_the_gap(shares):
    parts = steps.gap_contributions(shares)
    assert parts.sum() == pytest.approx(shares[-1] - shares[0], abs=1e-12)
    np.testing.assert_allclose(steps.gap_contributions(shares[::-1]), -parts[::-1])


def flow_of(seed):
    rng = np.random.default_rng(seed)
    table = people(rng, 40, 2).assign(invited=True)
    table["accepted"] = np.r_[[True, True], rng.random(38) < 0.6]
    for day in ("s1", "s2"):
        table[day] = table["accepted"] & (rng.random(40) < 0.8)
    return table


@tried(0.5)
@given(SEEDS)
def test_a_flow_of_stages_counts_people(seed):
    table, pop = flow_of(seed), population(seed)

    def flow(rows):
        return rep.stage_flow(
            rows, ["invited", "accepted"], ["g", "a"], population=pop, sessions=["s1", "s2"]
        )

    found = flow(table)
    accepted = table[table["accepted"]]
    assert found.stages["n"].tolist() == [40, len(accepted)]
    assert found.variables == ("g", "a")
    for row in found.groups.itertuples():
        own = table[table[row.variable] == row.category]
        assert (row.before, row.continued) == (len(own), own["accepted"].sum())
        assert row.low <= row.rate <= row.high
    for row in found.differences.itertuples():
        groups = found.groups[found.groups["variable"] == row.variable]
        want = steps.group_rate_test(groups["before"], groups["continued"])
        assert row.chi2 == pytest.approx(want.chi2, nan_ok=True)
        assert row.p_holm >= row.p_value or math.isnan(row.p_value)
    composition = found.composition
    sums = composition.groupby(["stage", "variable"])["share"].sum()
    np.testing.assert_allclose(sums, 1)
    for row in found.distances.itertuples():
        own = composition[
            (composition["stage"] == row.stage) & (composition["variable"] == row.variable)
        ]
        assert row.tvd == pytest.approx(own["gap"].abs().sum() / 2)
    parts = found.decomposition.groupby(["variable", "category"])
    for name, own in parts:
        last = composition.set_index(["stage", "variable", "category"]).loc[
            ("accepted", *name), "gap"
        ]
        assert own["added"].sum() == pytest.approx(last)
    went = found.attendance
    assert went["attended"].tolist() == [table[day].sum() for day in ("s1", "s2")]
    np.testing.assert_allclose(went["share"], went["attended"] / len(accepted))
    whole = rep.analyse(
        table[["g", "a", "invited", "accepted"]], pop, stages=["invited", "accepted"]
    )
    for row in whole.origins.itertuples():
        last = composition[
            (composition["stage"] == "accepted") & (composition["variable"] == row.variable)
        ]
        assert abs(row.gap) == pytest.approx(last["gap"].abs().max())
    pd.testing.assert_frame_equal(
        flow(table.sample(frac=1, random_state=seed)).groups, found.groups
    )


@tried(0.5)
@given(SEEDS)
def test_response_that_does_not_vary_is_even(seed):
    rng = np.random.default_rng(seed)
    table = people(rng, 60, 2).assign(r=np.r_[[1, 0], rng.integers(0, 2, 58)])
    found = rep.r_indicator(table, "r", ["g", "a"], n_resamples=0)
    assert 0 <= found.raw <= 1
    assert found.rate == pytest.approx(table["r"].mean())
    assert found.estimate.value == pytest.approx(found.adjusted)
    assert found.adjusted >= found.raw - 1e-12
    assert found.indicator["raw"].iloc[0] == pytest.approx(found.raw)
    # the response of those who did not is as even as that of those who did
    turned = rep.r_indicator(table.assign(r=1 - table["r"]), "r", ["g", "a"], n_resamples=0)
    assert turned.raw == pytest.approx(found.raw, abs=1e-6)
    one = rep.r_indicator(table, "r", ["g"], n_resamples=0)
    rates = table.groupby("g")["r"].mean()[table["g"]]
    assert one.raw == pytest.approx(1 - 2 * rates.std(ddof=1))
    assert one.largest_bias == pytest.approx((1 - one.raw) / (2 * one.rate), abs=1e-6)
    alike = pd.concat([table.assign(r=1), table.assign(r=0)])
    even = rep.r_indicator(alike, "r", ["g", "a"], n_resamples=0)
    assert even.raw == pytest.approx(1, abs=1e-6)


@tried(0.3)
@given(SEEDS)
def test_response_from_margins_knows_no_order(seed):
    rng = np.random.default_rng(seed)
    there, pop = people(rng, 40, 2), population(seed)
    options = {"n_resamples": 19, "seed": 1}
    one = rep.r_indicator_from_margins(there, pop, 400, **options)
    mixed = there.sample(frac=1, random_state=seed)
    assert rep.r_indicator_from_margins(mixed, pop, 400, **options).value == pytest.approx(
        one.value
    )
    assert one.low <= one.high <= 1
    mirror = pd.concat([
        pd.DataFrame([row[["g", "a"]]] * int(row["count"]))
        for _, row in pop.joint.iterrows()
    ], ignore_index=True)  # fmt: skip
    even = rep.r_indicator_from_margins(mirror, pop, 2 * len(mirror), **options)
    assert even.value == pytest.approx(1, abs=0.02)


@tried()
@given(st.lists(st.integers(1, 6), min_size=2, max_size=30), st.randoms())
def test_households_weigh_by_their_adults(adults, random):
    found = rep.household_check(pd.DataFrame({"hh_size": adults}))
    single = [a == 1 for a in adults]
    assert found.n == len(adults)
    assert found.raw_share == pytest.approx(np.mean(single))
    assert found.weighted_share == pytest.approx(sum(single) / sum(adults))
    assert found.design_effect == pytest.approx(wt.kish_design_effect(adults))
    assert found.effective_n == pytest.approx(found.n / found.design_effect)
    shares = found.shares["value"].iloc[:2]
    np.testing.assert_allclose(shares, [found.raw_share, found.weighted_share])
    mixed = rep.household_check(pd.DataFrame({"hh_size": random.sample(adults, len(adults))}))
    assert mixed.weighted_share == pytest.approx(found.weighted_share)


@tried(2)
@given(CELLS, st.integers(1, 40), st.floats(1, 3))
def test_a_survey_beside_the_panel(rows, times, effect):
    panel, survey = [x for x, _ in rows], [times * y for _, y in rows]
    found = rep.compare_with_benchmark(panel, survey, effect)
    n, m = sum(panel), sum(survey)
    assert found.chi2_one_sample == pytest.approx(
        go.chi_square_test(panel, np.array(survey) / m).statistic
    )
    both = steps.group_rate_test(np.array(panel) + survey, panel)
    assert found.chi2_two_sample == pytest.approx(both.chi2)
    assert found.chi2_effective <= found.chi2_two_sample + 1e-9
    assert found.tests["p_value"].between(0, 1).all()
    assert found.table["difference"].sum() == pytest.approx(0, abs=1e-12)
    again = rep.compare_with_benchmark(survey, panel)
    np.testing.assert_allclose(again.table["difference"], -found.table["difference"], atol=1e-12)
    assert (found.table["low"] <= found.table["difference"]).all()
    assert found.n == n


# --- the draw ----------------------------------------------------------------------------

CHANCES = st.lists(st.floats(0.01, 1), min_size=2, max_size=15)


@tried(2)
@given(CHANCES, st.randoms())
def test_fairness_is_measured_as_inequality_is(chances, random):
    from dmpkit.measures import inequality as iq

    found = rep.selection_fairness(chances)
    assert found.n == len(chances)
    assert found.even_chance == pytest.approx(np.mean(chances))
    assert (found.minimum, found.maximum) == (min(chances), max(chances))
    assert found.gini == pytest.approx(iq.gini(chances))
    assert found.geometric_mean == pytest.approx(iq.geometric_mean(chances))
    assert found.entropy_ratio == pytest.approx(iq.entropy_ratio(chances))
    half = iq.share_below(chances, np.mean(chances) / 2, inclusive=True)
    assert found.share_below_half == pytest.approx(half)
    assert found.never == ()
    assert rep.selection_fairness([0.0, *chances]).never == ("1",)
    assert math.isnan(found.gini_by_noise)
    shown = found.statistics.set_index("statistic")["value"]
    assert shown["pool"] == len(chances)
    table = found.table
    assert sorted(table["chance"]) == sorted(chances)
    np.testing.assert_allclose(table["relative_chance"], table["chance"] / np.mean(chances))
    mixed = rep.selection_fairness(random.sample(chances, len(chances)))
    assert mixed.gini == pytest.approx(found.gini, abs=1e-12)
    even = rep.selection_fairness([np.mean(chances)] * len(chances))
    both = rep.compare_rules({"this": found, "even": even})
    assert both.table.set_index("rule").loc["this", "gini"] == pytest.approx(found.gini)
    below = both.below_minimum.set_index(["rule", "other"])["share"]
    # shares of the people whom the rule gives less than the other gives anybody
    assert below["this", "even"] == pytest.approx(iq.share_below(chances, np.mean(chances)))
    assert below["even", "this"] == 0


@tried(2)
@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.9, 0.99]))
def test_the_bound_of_a_chance_is_that_of_jeffreys(n, share, level):
    from scipy.stats import beta

    times = int(share * n)
    bound = rep.chance_bound(times, n, level=level)
    assert times / n <= bound <= 1
    assert rep.chance_bound(n, n, level=level) == 1
    if times < n:
        assert beta.cdf(bound, times + 0.5, n - times + 0.5) == pytest.approx(level)
        assert rep.chance_bound(times, n + 1, level=level) < bound
        assert rep.chance_bound(times + 1, n, level=level) > bound


def pool_of(seed, n=24):
    return people(np.random.default_rng(seed), n, 2).assign(person=range(n))


def quotas_of(pool, seats):
    rows = [
        (v, c, max(0, round(seats * share) - 1), round(seats * share) + 1)
        for v in ("g", "a")
        for c, share in pool[v].value_counts(normalize=True).items()
    ]
    return pd.DataFrame(rows, columns=["variable", "category", "min", "max"])


@tried(0.3)
@given(SEEDS)
def test_a_lottery_fills_its_seats_and_keeps_its_quotas(seed):
    pool = pool_of(seed)
    quotas = quotas_of(pool, 8)
    found = rep.simulate_lottery(
        pool, quotas, 8, n_draws=30, seed=seed, person="person", progress=False
    )
    assert found.n_draws == len(found.panels) == 30
    assert found.chances.sum() == pytest.approx(8)
    assert found.even_chance == pytest.approx(8 / 24)
    assert 0 < found.success_rate <= 1
    np.testing.assert_allclose(
        found.standard_errors, np.sqrt(found.chances * (1 - found.chances) / 30), atol=1e-12
    )
    assert set(found.never_drawn) == {str(i) for i in np.flatnonzero(found.chances == 0)}
    times = np.bincount(found.panels.ravel(), minlength=24)
    np.testing.assert_allclose(found.chances, times / 30)
    limits = quotas.set_index(["variable", "category"])
    for name in ("g", "a"):
        own = found.variable(name)
        counts = found.counts(name)
        assert (counts.sum(axis=1) == 8).all()
        for j, category in enumerate(own.categories):
            low, high = limits.loc[(name, category)]
            assert ((counts[:, j] >= low) & (counts[:, j] <= high)).all()
            row = found.categories.set_index(["variable", "category"]).loc[(name, category)]
            assert row["mean"] == pytest.approx(counts[:, j].mean())
        far = found.distances(name)
        slow = [go.total_variation(c, own.shares) for c in counts]
        np.testing.assert_allclose(far, slow)
        assert found.tvd.set_index("variable").loc[name, "mean"] == pytest.approx(np.mean(far))
    groups = found.groups.set_index(["variable", "category"])["chance"]
    assert groups["g", "f"] == pytest.approx(found.chances[(pool["g"] == "f").to_numpy()].mean())
    assert found.fairness().gini == pytest.approx(rep.selection_fairness(found.chances).gini)
    assert sorted(found.people["chance"]) == sorted(found.chances)
    drawn = pool.iloc[found.panels[0]][["g", "a"]]
    place = found.place(drawn)
    own = found.distances("g")
    row = place.tvd.set_index("variable").loc["g"]
    assert row["p_value"] == pytest.approx(((own >= own[0] - 1e-12).sum() + 1) / 31)


@tried(0.5)
@given(SEEDS, st.integers(2, 10))
def test_what_is_feasible_is_filled_by_some_panel(seed, seats):
    pool = pool_of(seed)
    quotas = quotas_of(pool, seats)
    found = rep.check_feasibility(pool, quotas, seats, person="person")
    assert found.feasible == (found.total_change == 0)
    tight = quotas.assign(min=quotas["min"] + 2, max=quotas["min"] + 3)
    other = rep.check_feasibility(pool, tight, seats, person="person")
    if not other.feasible:  # what it proposes works, and asks for less
        assert other.total_change > 0
        proposed = rep.check_feasibility(pool, other.relaxed, seats, person="person")
        assert proposed.feasible
        assert len(other.relaxed) == len(tight)


# --- weights -----------------------------------------------------------------------------

WEIGHTS = st.lists(st.floats(0.1, 20), min_size=2, max_size=20)


@tried(3)
@given(WEIGHTS, st.floats(0.01, 100))
def test_what_weights_cost_does_not_depend_on_their_scale(weights, factor):
    n, w = len(weights), np.array(weights)
    effect = wt.kish_design_effect(w)
    assert effect == pytest.approx(n * sum(v * v for v in weights) / sum(weights) ** 2)
    assert wt.effective_n(w) == pytest.approx(n / effect)
    assert wt.effective_n(w) <= n * (1 + 1e-12)
    assert wt.kish_design_effect(factor * w) == pytest.approx(effect)
    assert wt.kish_design_effect([*weights, 0.0]) == pytest.approx(effect)
    assert wt.kish_design_effect(np.full(n, factor)) == pytest.approx(1)


@tried(3)
@given(WEIGHTS, SEEDS, st.floats(0.1, 9), st.floats(-5, 5))
def test_weighted_means_follow_their_values(weights, seed, factor, shift):
    w = np.array(weights)
    y = np.random.default_rng(seed).normal(size=len(w))
    found = wt.weighted_mean(y, w)
    assert found.value == pytest.approx(sum(a * b for a, b in zip(w, y, strict=True)) / w.sum())
    moved = wt.weighted_mean(shift + factor * y, 3 * w)
    assert moved.value == pytest.approx(shift + factor * found.value)
    assert moved.standard_error == pytest.approx(factor * found.standard_error)
    assert wt.weighted_mean(-y, w).low == pytest.approx(-found.high)
    plain = wt.weighted_mean(y, np.ones(len(w)))
    assert plain.standard_error == pytest.approx(y.std(ddof=1) / math.sqrt(len(w)))
    np.testing.assert_array_equal(wt.numeric_values(list(y), len(y)), y)


@tried(2)
@given(WEIGHTS, st.floats(0.1, 0.9), st.floats(1.1, 4), st.randoms())
def test_trimming_knows_no_order_and_no_unit(weights, low, high, random):
    w = np.array(weights)
    bounds = low * w.mean(), high * w.mean()
    found = wt.trim_weights(w, *bounds)
    assert found.sum() == pytest.approx(w.sum())
    assert (found >= bounds[0] - 1e-9).all()
    assert (found <= bounds[1] + 1e-9).all()
    order = random.sample(range(len(w)), len(w))
    np.testing.assert_allclose(wt.trim_weights(w[order], *bounds), found[order])
    np.testing.assert_allclose(wt.trim_weights(2 * w, *(2 * b for b in bounds)), 2 * found)
    if not ((w < bounds[0]) | (w > bounds[1])).any():
        np.testing.assert_array_equal(found, w)


@tried(0.5)
@given(SEEDS)
def test_weights_meet_their_margins_and_balance_what_they_weigh(seed):
    rng = np.random.default_rng(seed)
    panel, pop = people(rng, 40, 2), population(seed)
    panel = pd.concat([panel, pop.joint[["g", "a"]]], ignore_index=True)  # every cell is there
    made = {
        "rake": rep.rake(panel, pop),
        "calibrate": rep.calibrate(panel, pop, method="raking"),
        "cells": rep.post_stratify(panel, pop),
    }
    np.testing.assert_allclose(made["rake"].ratios, made["calibrate"].ratios, atol=1e-6)
    cells = panel.assign(w=made["cells"].weights).groupby(["g", "a"])["w"].sum()
    wanted = pop.joint.set_index(["g", "a"])["count"]
    np.testing.assert_allclose(
        cells / cells.sum(), wanted.loc[cells.index] / wanted.sum(), atol=1e-8
    )
    order = rng.permutation(len(panel))
    mixed = rep.rake(panel.iloc[order].reset_index(drop=True), pop)
    np.testing.assert_allclose(mixed.weights, made["rake"].weights[order], rtol=1e-6)
    y = rng.normal(size=len(panel))
    for found in made.values():
        assert found.n == len(panel)
        w = found.weights
        np.testing.assert_allclose(found.margins["share"], found.margins["target"], atol=1e-8)
        assert found.design_effect == pytest.approx(wt.kish_design_effect(w))
        assert found.effective_n == pytest.approx(found.n / found.design_effect)
        assert found.max_over_mean == pytest.approx(w.max() / w.mean())
        assert found.min_over_mean == pytest.approx(w.min() / w.mean())
        np.testing.assert_allclose(found.table["weight"], w)
        np.testing.assert_allclose(found.ratios, (w / w.mean()), rtol=1e-6)  # equal base weights
        assert found.extremes["weight"].iloc[0] == pytest.approx(w.max())
        assert found.diagnostics["value"].iloc[0] == len(panel)
        mean = found.estimate(y)
        assert mean.value == pytest.approx(w @ y / w.sum())
        assert mean.low <= mean.value <= mean.high
        shares = found.shares(panel["a"]).set_index("category")
        assert shares["share"].sum() == pytest.approx(1)
        assert shares.loc["y", "share"] == pytest.approx(
            w[(panel["a"] == "y").to_numpy()].sum() / w.sum()
        )
        trimmed = found.trim(0.2, 4.0)
        assert trimmed.weights.sum() == pytest.approx(w.sum())
    table = rep.balance_table(panel, pop, made["rake"])
    np.testing.assert_allclose(table["gap"], 0, atol=1e-8)
    before = rep.balance_table(panel, pop)
    far = rep.balance_distances(panel, pop).set_index("variable")["tvd"]
    for variable in ("g", "a"):
        own = before[before["variable"] == variable]
        assert far[variable] == pytest.approx(own["gap"].abs().sum() / 2)
    assert (rep.balance_distances(panel, pop, made["rake"])["tvd"] < 1e-8).all()
    plain = rep.design_weights(panel, np.full(len(panel), 3.0))
    assert plain.design_effect == pytest.approx(1)
    assert plain.estimate(y).value == pytest.approx(y.mean())
    compared = rep.sensitivity_to_weights(
        pd.DataFrame({"q": np.where(y > 0, "yes", "no")}), {**made, "plain": plain}
    )
    ranges = compared.ranges.set_index("answer")
    shares = compared.table[compared.table["answer"] == "yes"]["share"]
    assert (ranges.loc["yes", "lowest"], ranges.loc["yes", "highest"]) == (
        shares.min(),
        shares.max(),
    )
    assert ranges.loc["yes", "range"] == pytest.approx(shares.max() - shares.min())
    for row in compared.leaders.itertuples():
        assert row.share >= 0.5 - 1e-9
