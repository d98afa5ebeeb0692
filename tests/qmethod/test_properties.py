"""What must hold of every number of a Q analysis, whatever the sorts."""

import itertools
import math
import warnings
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from property_settings import tried

import dmpkit.qmethod as qm
from dmpkit.errors import DmpkitWarning
from dmpkit.qmethod import equivalence as eq

GRID = np.repeat(np.arange(-2.0, 3), [2, 4, 6, 4, 2])
SEEDS = st.integers(0, 10_000)


def made(seed: int, p: int = 8, k: int = 2) -> qm.QSorts:
    """Sorts of `k` views with noise, laid into a forced grid of 18 statements."""
    rng = np.random.default_rng(seed)
    views = rng.normal(size=(18, k))[:, np.arange(p) % k] + 0.6 * rng.normal(size=(18, p))
    return qm.QSorts(GRID[views.argsort(axis=0).argsort(axis=0)])


def quiet(step, *args, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return step(*args, **options)


@lru_cache(maxsize=64)
def analysed(seed: int, p: int = 8, k: int = 2) -> qm.QAnalysis:
    return quiet(qm.analyse, made(seed, p, k), k)


def free(seed: int, n: int = 12, p: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).integers(-3, 4, (n, p)).astype(float)


# --- correlations --------------------------------------------------------------------


def slow_ranks(x):
    return [sum(v < u for v in x) + (sum(v == u for v in x) + 1) / 2 for u in x]


def slow_pearson(x, y):
    a, b = x - np.mean(x), y - np.mean(y)
    return float(a @ b / math.sqrt(a @ a * (b @ b)))


def slow_kendall(x, y):
    pairs = list(itertools.combinations(range(len(x)), 2))
    signs = [(np.sign(x[i] - x[j]), np.sign(y[i] - y[j])) for i, j in pairs]
    both = sum(a * b for a, b in signs)
    return both / math.sqrt(sum(a != 0 for a, _ in signs) * sum(b != 0 for _, b in signs))


@tried()
@given(SEEDS, st.floats(0.1, 9), st.integers(-4, 4))
def test_correlations_are_their_formulas_and_know_no_unit(seed, factor, shift):
    x = free(seed)
    rng = np.random.default_rng(seed)
    order, people = rng.permutation(12), rng.permutation(5)
    for name, step in (("pearson", qm.pearson), ("spearman", qm.spearman), ("kendall", qm.kendall)):
        found = step(x)
        np.testing.assert_array_equal(qm.correlate(x, name), found)
        slow = {
            "pearson": slow_pearson,
            "spearman": lambda a, b: slow_pearson(np.array(slow_ranks(a)), np.array(slow_ranks(b))),
            "kendall": slow_kendall,
        }[name]
        for i, j in itertools.combinations(range(5), 2):
            assert found[i, j] == pytest.approx(slow(x[:, i], x[:, j]), abs=1e-9)
        mixed = step((shift + factor * x)[order][:, people])
        np.testing.assert_allclose(mixed, found[np.ix_(people, people)], atol=1e-9)
        turned = step(x * np.where(np.arange(5) == 2, -1, 1))
        np.testing.assert_allclose(turned[2, [0, 1, 3, 4]], -found[2, [0, 1, 3, 4]], atol=1e-9)
        np.testing.assert_allclose(np.diag(found), 1)
        assert (np.abs(found) <= 1).all()
        if name != "kendall":  # made of columns of length 1
            unit = qm.unit_columns(x, name)
            np.testing.assert_allclose(unit.T @ unit, found, atol=1e-9)


# --- extraction and rotation -----------------------------------------------------------


@tried()
@given(SEEDS)
def test_principal_components_rebuild_the_correlations(seed):
    r = qm.pearson(free(seed))
    values, all_five = qm.eigenvalues(r), qm.extract_pca(r, 5)
    assert values.sum() == pytest.approx(5)
    assert (np.diff(values) <= 1e-9).all()
    np.testing.assert_allclose(all_five @ all_five.T, r, atol=1e-9)
    np.testing.assert_allclose((all_five**2).sum(axis=0), values, atol=1e-9)
    np.testing.assert_allclose(all_five.T @ all_five, np.diag(values), atol=1e-8)
    some = qm.extract_pca(r, 2)
    np.testing.assert_allclose(np.abs(some), np.abs(all_five[:, :2]), atol=1e-9)
    people = np.random.default_rng(seed).permutation(5)
    mixed = qm.extract_pca(r[np.ix_(people, people)], 2)
    np.testing.assert_allclose(np.abs(mixed), np.abs(some[people]), atol=1e-7)


@tried()
@given(SEEDS)
def test_the_thin_way_gives_the_same_components(seed):
    x = free(seed)
    thin, values = qm.extract_pca_thin(qm.unit_columns(x), 3)
    np.testing.assert_allclose(np.abs(thin), np.abs(qm.extract_pca(qm.pearson(x), 3)), atol=1e-7)
    np.testing.assert_allclose(values[:5], qm.eigenvalues(qm.pearson(x)), atol=1e-8)


@tried()
@given(SEEDS, st.sampled_from(["centroid", "centroid_brown", "centroid_tucker"]))
def test_the_first_centroids_do_not_depend_on_how_many_follow(seed, form):
    r = qm.pearson(made(seed).values)
    two = quiet(qm.extract_centroid, r, 2, form=form)
    np.testing.assert_allclose(quiet(qm.extract_centroid, r, 1, form=form), two[:, :1], atol=1e-9)
    people = np.random.default_rng(seed).permutation(8)
    mixed = quiet(qm.extract_centroid, r[np.ix_(people, people)], 1, form=form)
    first = two[people, :1]
    np.testing.assert_allclose(mixed * np.sign((mixed * first).sum()), first, atol=1e-6)


METHODS = ("none", "varimax", "quartimax", "equamax", "oblimin", "promax")


@tried(0.5)
@given(SEEDS)
def test_a_rotation_keeps_what_is_explained_and_knows_no_order_of_people(seed):
    a = qm.extract_pca(qm.pearson(made(seed, 9, 3).values), 3)
    steps = (qm.rotate_none, qm.rotate_varimax, qm.rotate_quartimax, qm.rotate_equamax,
             qm.rotate_oblimin, qm.rotate_promax)  # fmt: skip
    people = np.random.default_rng(seed).permutation(9)
    for name, step in zip(METHODS, steps, strict=True):
        found = quiet(step, a)
        kept = found.loadings @ found.phi @ found.loadings.T
        np.testing.assert_allclose(kept, a @ a.T, atol=1e-8, err_msg=name)
        np.testing.assert_allclose(np.diag(found.phi), 1, atol=1e-9)
        mixed = quiet(step, a[people])
        np.testing.assert_allclose(mixed.loadings, found.loadings[people], atol=1e-5)
        if name != "equamax":
            again = quiet(qm.rotate, a, name)
            np.testing.assert_array_equal(again.loadings, found.loadings)


@tried()
@given(SEEDS, st.sampled_from(["varimax", "oblimin"]))
def test_order_and_sign_of_factors_are_settled_and_nothing_else(seed, name):
    a = qm.extract_pca(qm.pearson(made(seed, 9, 3).values), 3)
    rotated = quiet(qm.rotate, a, name)
    for step in (qm.reflect, qm.order_and_reflect):
        found = step(rotated)
        np.testing.assert_allclose(
            found.loadings @ found.phi @ found.loadings.T, a @ a.T, atol=1e-8
        )
        np.testing.assert_allclose(a @ found.matrix, found.loadings, atol=1e-8)
        again = step(found)
        np.testing.assert_array_equal(again.loadings, found.loadings)
    np.testing.assert_allclose(np.abs(qm.reflect(rotated).loadings), np.abs(rotated.loadings))
    sizes = (np.asarray(qm.order_and_reflect(rotated).loadings) ** 2).sum(axis=0)
    if name == "varimax":
        assert (np.diff(sizes) <= 1e-9).all()


@tried()
@given(SEEDS, st.floats(-180, 180))
def test_turning_by_hand_can_be_turned_back(seed, degrees):
    a = qm.extract_pca(qm.pearson(made(seed).values), 2)
    turn = qm.Rotate("f1", "f2", degrees).matrix(2)
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-12)
    inverted = qm.Invert("f2").matrix(2)
    np.testing.assert_array_equal(inverted @ inverted, np.eye(2))
    there = qm.RotationLog().rotate("f1", "f2", degrees).invert("f1")
    back = there.invert("f1").rotate("f1", "f2", -degrees)
    np.testing.assert_allclose(back.apply(a).loadings, a, atol=1e-9)
    np.testing.assert_allclose((there.apply(a).loadings ** 2).sum(), (a**2).sum())


# --- flags and scores ------------------------------------------------------------------


@tried()
@given(SEEDS, st.floats(0.001, 0.3), st.integers(5, 100))
def test_flags_are_their_rule_and_turn_with_signs_and_order(seed, level, n):
    a = np.random.default_rng(seed).uniform(-0.9, 0.9, (7, 3))
    rule = qm.FlagRule(level=level)
    from scipy.stats import norm

    critical = qm.critical_value(level)
    assert critical == pytest.approx(norm.isf(level / 2), abs=0.011)  # R rounds two of them
    assert rule.threshold(n) == pytest.approx(critical / math.sqrt(n))
    assert rule.threshold(4 * n) == pytest.approx(rule.threshold(n) / 2)
    found = qm.flag(a, n, rule)
    for i, j in itertools.product(range(7), range(3)):
        others = sum(a[i, m] ** 2 for m in range(3) if m != j)
        assert found[i, j] == (abs(a[i, j]) > rule.threshold(n) and a[i, j] ** 2 > others)
    np.testing.assert_array_equal(qm.flag(-a[::-1], n, rule), found[::-1])
    assert (found.sum(axis=1) <= 1).all()
    stricter = qm.flag(a, n, qm.FlagRule(level=level / 10))
    assert not (stricter & ~found).any()


@tried()
@given(SEEDS, st.floats(0.1, 9))
def test_weights_and_z_scores_are_their_formulas(seed, factor):
    rng = np.random.default_rng(seed)
    x, a = free(seed), rng.uniform(-0.95, 0.95, (5, 2))
    flags = rng.random((5, 2)) < 0.7
    flags[0] = True
    w = qm.factor_weights(a, flags)
    np.testing.assert_allclose(w, np.where(flags, a / (1 - a**2), 0))
    z = qm.z_scores(x, w)
    totals = [[sum(w[i, j] * x[s, i] for i in range(5)) for j in range(2)] for s in range(12)]
    t = np.array(totals)
    np.testing.assert_allclose(z, (t - t.mean(axis=0)) / t.std(axis=0, ddof=1), atol=1e-9)
    np.testing.assert_allclose(qm.z_scores(3 + factor * x, factor * w), z, atol=1e-8)
    np.testing.assert_allclose(qm.z_scores(-x, w), -z, atol=1e-9)
    people = rng.permutation(5)
    np.testing.assert_allclose(qm.z_scores(x[:, people], w[people]), z, atol=1e-9)
    twice = qm.z_scores(np.column_stack([x, x]), np.vstack([w / 2, w / 2]))  # a row split in two
    np.testing.assert_allclose(twice, z, atol=1e-9)


@tried()
@given(SEEDS)
def test_arrays_turn_with_the_scores(seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(18, 2))
    found, order = qm.factor_arrays(z, GRID), rng.permutation(18)
    np.testing.assert_array_equal(qm.factor_arrays(z[order], GRID), found[order])
    np.testing.assert_array_equal(qm.factor_arrays(-z, GRID), -found)  # the grid is symmetric
    np.testing.assert_array_equal(qm.factor_arrays(2 + 5 * z, GRID), found)
    for j in range(2):  # the place is the number of statements below
        for s in range(18):
            assert found[s, j] == np.sort(GRID)[int((z[:, j] < z[s, j]).sum())]


@tried()
@given(st.lists(st.integers(0, 40), min_size=1, max_size=5), st.floats(0.05, 0.95))
def test_more_defining_sorts_make_a_factor_more_reliable(numbers, r):
    found = qm.composite_reliability(numbers, r)
    for m, value in zip(numbers, found, strict=True):
        assert value == pytest.approx(r * m / (1 + (m - 1) * r) if m else 0)
        assert 0 <= value < 1
        assert qm.composite_reliability([m + 1], r)[0] > value
    assert qm.composite_reliability([1], r)[0] == pytest.approx(r)
    z = np.random.default_rng(1).normal(size=(9, len(numbers)))
    z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
    errors = qm.standard_errors(z, found)
    np.testing.assert_allclose(errors, np.sqrt(1 - found))
    np.testing.assert_allclose(qm.standard_errors(3 * z, found), 3 * errors)
    between = qm.standard_errors_of_differences(errors)
    for i, j in itertools.product(range(len(numbers)), repeat=2):
        assert between[i, j] == pytest.approx(math.hypot(errors[i], errors[j]))


def scored(seed, k=3, n=14):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, k))
    return (z - z.mean(axis=0)) / z.std(axis=0, ddof=1), rng.uniform(0.1, 0.6, k)


@tried()
@given(SEEDS, st.sampled_from([0.2, 0.05, 0.01]))
def test_differences_are_their_rule_and_turn_with_everything(seed, level):
    z, errors = scored(seed)
    found = qm.significant_differences(z, errors, level)
    stars = qm.difference_stars(z, errors)
    pairs = list(itertools.combinations(range(3), 2))
    for s, (c, (i, j)) in itertools.product(range(14), enumerate(pairs)):
        size = abs(z[s, i] - z[s, j]) / math.hypot(errors[i], errors[j])
        assert found[s, c] == (size > qm.critical_value(level))
        wanted = [m for p, m in ((0.000001, "6*"), (0.001, "***"), (0.01, "**"), (0.05, "*"))
                  if size > qm.critical_value(p)]  # fmt: skip
        assert stars[s, c] == (wanted[0] if wanted else "")
    np.testing.assert_array_equal(qm.significant_differences(-z, errors, level), found)
    np.testing.assert_array_equal(qm.significant_differences(z + 5, errors, level), found)
    np.testing.assert_array_equal(qm.significant_differences(z[::-1], errors, level), found[::-1])
    labels = qm.statement_labels(z, errors, level)
    for label, row in zip(labels, found, strict=True):
        assert (label == "Consensus") == (not row.any())
        assert (label == "Distinguishes all") == row.all()
    two = qm.statement_labels(z[:, :2], errors[:2], level)
    assert [w == "Distinguishing" for w in two] == found[:, 0].tolist()
    r = qm.factor_score_correlations(z)
    np.testing.assert_allclose(r, np.corrcoef(z.T), atol=1e-12)
    np.testing.assert_allclose(qm.factor_score_correlations(-2 * z + 1), r, atol=1e-9)


@tried()
@given(SEEDS, st.sampled_from([0.3, 1.0, 2.5]), st.sampled_from([0.1, 0.05, 0.01]))
def test_a_margin_above_the_bound_is_met_and_one_below_is_not(seed, margin, level):
    from scipy.stats import norm

    z, errors = scored(seed)
    bounds = eq.equivalence_bounds(z, errors, level)
    p = eq.equivalence_p_values(z, errors, margin)
    np.testing.assert_array_equal(p < level, bounds < margin)
    for c, (i, j) in enumerate(itertools.combinations(range(3), 2)):
        gap, error = z[:, i] - z[:, j], math.hypot(errors[i], errors[j])
        one_sided = [norm.sf((gap + margin) / error), norm.cdf((gap - margin) / error)]
        np.testing.assert_allclose(p[:, c], np.max(one_sided, axis=0), atol=1e-9)
    np.testing.assert_allclose(eq.equivalence_bounds(-z + 1, errors, level), bounds, atol=1e-9)
    assert (eq.equivalence_p_values(z, errors, 2 * margin) <= p).all()
    assert (bounds >= 0).all()


@tried(0.5)
@given(SEEDS, st.sampled_from([0.5, 1.5]))
def test_tables_of_equivalence_and_consensus_say_what_the_scores_say(seed, margin):
    a = analysed(seed)
    z, errors = a.z_array, a.standard_error
    if np.isnan(z).any():
        return
    table = eq.equivalence(a, margin).set_index("statement").loc[list(a.sorts.statements)]
    p = eq.equivalence_p_values(z, errors, margin).max(axis=1)
    np.testing.assert_allclose(table["p_value"], p)
    assert (table["equivalent"] == (p < 0.05)).all()
    agree = ~qm.significant_differences(z, errors).any(axis=1)
    assert (table["consensus"] == agree).all()
    pd.testing.assert_frame_equal(a.equivalence(margin), eq.equivalence(a, margin))
    names = np.array(a.sorts.statements)
    assert set(a.consensus()["statement"]) == set(names[agree])
    levels = eq.consensus_levels(a)
    loose = ~qm.significant_differences(z, errors, 0.01).any(axis=1)
    assert set(levels["statement"]) == set(names[loose])
    assert set(levels.loc[levels["mark"] == "*", "statement"]) == set(names[agree])
    pd.testing.assert_frame_equal(a.consensus_levels(), levels)
    for factor in a.factors:  # of two factors, each distinguishes what is no consensus
        assert set(a.distinguishing(factor)["statement"]) == set(names[~agree])


# --- the whole analysis ----------------------------------------------------------------


@tried(0.5)
@given(SEEDS)
def test_the_tables_of_an_analysis_are_made_of_each_other(seed):
    a = analysed(seed)
    x = a.sorts.values
    n, p = x.shape
    numbers = lambda t: t.iloc[:, 1:].to_numpy(dtype=float)  # noqa: E731
    np.testing.assert_allclose(a.correlation_matrix, np.corrcoef(x.T), atol=1e-9)
    np.testing.assert_allclose(numbers(a.correlations), a.correlation_matrix)
    values = a.eigenvalues["eigenvalue"].to_numpy()
    np.testing.assert_allclose(values, qm.eigenvalues(a.correlation_matrix))
    assert a.eigenvalues["cumulative"].iloc[-1] == pytest.approx(100)
    unrotated, rotated = numbers(a.unrotated), numbers(a.loadings)
    np.testing.assert_allclose(rotated @ rotated.T, unrotated @ unrotated.T, atol=1e-9)
    np.testing.assert_allclose(numbers(a.phi), np.eye(2), atol=1e-9)
    flags = numbers(a.flags).astype(bool)
    np.testing.assert_array_equal(flags, qm.flag(rotated, n))
    assert a.n_flagged.tolist() == flags.sum(axis=0).tolist()
    np.testing.assert_allclose(a.own_loadings, rotated)
    z = numbers(a.z_scores)
    np.testing.assert_allclose(z, qm.z_scores(x, qm.factor_weights(rotated, flags)), atol=1e-9)
    np.testing.assert_array_equal(numbers(a.factor_arrays), qm.factor_arrays(z, GRID))
    table = a.characteristics
    np.testing.assert_allclose(table["eigenvalue"], (rotated**2).sum(axis=0))
    np.testing.assert_allclose(table["explained_variance"], 100 * table["eigenvalue"] / p)
    np.testing.assert_allclose(table["reliability"], qm.composite_reliability(a.n_flagged))
    if np.isnan(z).any():
        return
    errors = table["standard_error"].to_numpy()
    np.testing.assert_allclose(errors, qm.standard_errors(z, table["reliability"]))
    between = numbers(a.standard_errors_of_differences)
    np.testing.assert_allclose(between, qm.standard_errors_of_differences(errors))
    np.testing.assert_allclose(numbers(a.factor_score_correlations), np.corrcoef(z.T), atol=1e-9)
    np.testing.assert_allclose(a.differences["difference"], z[:, 0] - z[:, 1])
    assert a.labels == qm.statement_labels(z, errors)
    assert a.statements_table["label"].tolist() == list(a.labels)
    status = a.sort_status
    np.testing.assert_allclose(status["communality"], (rotated**2).sum(axis=1))
    flagged = status["status"].str.startswith("flagged")  # at either end
    assert flagged.tolist() == (flags.sum(axis=1) == 1).tolist()
    crib = a.crib_sheet("f1")
    highest = crib.loc[crib["part"] == "highest", "z_score"]
    assert len(highest) == 0 or highest.max() == pytest.approx(z[:, 0].max())


@tried(0.4)
@given(SEEDS)
def test_a_bootstrap_of_the_sorts_as_they_are_says_what_the_analysis_says(seed):
    sorts = made(seed)
    whole = analysed(seed)
    if np.isnan(whole.z_array).any():
        return
    people = np.random.default_rng(seed).permutation(8)
    same = quiet(qm.bootstrap, sorts, 2, resamples=[range(8), people, people], progress=False)
    np.testing.assert_allclose(same.z_scores["mean"], whole.z_array.T.ravel(), atol=1e-6)
    np.testing.assert_allclose(same.z_scores["standard_error"], 0, atol=1e-6)
    np.testing.assert_allclose(same.loadings["low"], whole.loading_array.T.ravel(), atol=1e-6)
    assert same.recovered_samples.all()
    np.testing.assert_allclose(same.stability["congruence"], 1, atol=1e-9)
    np.testing.assert_allclose(same.differences["mean"], same.differences["difference"], atol=1e-6)
    for table in (same.distinguishing(), same.consensus()):
        said = table.select_dtypes(bool).iloc[:, 0]
        assert (table["share"] == said).all()


@tried(0.4)
@given(SEEDS)
def test_what_holds_for_every_bootstrap(seed):
    sorts = made(seed)
    found = quiet(qm.bootstrap, sorts, 2, n_resamples=12, seed=seed, progress=False)
    samples = found.z_samples
    z = found.z_scores
    for j, i in itertools.product(range(2), range(18)):
        row, own = z.iloc[j * 18 + i], samples[:, i, j]
        own = own[~np.isnan(own)]
        assert row["n"] == len(own)
        assert row["mean"] == pytest.approx(own.mean())
        assert row["standard_error"] == pytest.approx(own.std(ddof=1))
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(own, [0.025, 0.975])))
    table = found.quantiles("z_scores", (0.025, 0.5))
    np.testing.assert_allclose(table.loc[table["probability"] == 0.025, "quantile"], z["low"])
    apart = found.differences
    assert (apart["apart"] == ((apart["low"] > 0) | (apart["high"] < 0))).all()
    assert found.stability["recovered"].between(0, 1).all()
    np.testing.assert_allclose(found.stability["recovered"], found.recovered_samples.mean(axis=0))
    assert found.loadings["flag_frequency"].dropna().between(0, 1).all()
    assert found.distinguishing()["share"].between(0, 1).all()
    assert found.consensus()["share"].between(0, 1).all()
    # not aligned, factors wander; aligned, the error is no larger on the whole
    errors = found.alignments.groupby("align")["standard_error"].mean()
    assert errors["assignment"] <= errors["none"] + 1e-9


# --- studies beside each other ---------------------------------------------------------


@tried()
@given(SEEDS)
def test_congruence_is_the_correlation_and_matching_the_best_of_all(seed):
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(15, 3)), rng.normal(size=(15, 3))
    table = qm.congruence(one, other).iloc[:, 1:].to_numpy()
    np.testing.assert_allclose(table, np.corrcoef(one.T, other.T)[:3, 3:], atol=1e-12)
    np.testing.assert_allclose(qm.congruence(other, one).iloc[:, 1:], table.T, atol=1e-12)
    np.testing.assert_allclose(qm.congruence(one, 1 - 2 * other).iloc[:, 1:], -table, atol=1e-9)
    match = qm.match_factors(one, other, n_permutations=19, seed=1, progress=False)
    best = max(table[range(3), list(o)].sum() for o in itertools.permutations(range(3)))
    assert match.pairs["congruence"].sum() == pytest.approx(best)
    assert (match.pairs["p_adjusted"] >= match.pairs["p_value"]).all()
    assert 0.05 <= match.p_value <= 1
    order = rng.permutation(15)
    again = qm.match_factors(one[order], other[order], n_permutations=19, seed=1, progress=False)
    np.testing.assert_allclose(again.pairs["congruence"], match.pairs["congruence"])


@tried(0.4)
@given(SEEDS)
def test_the_same_study_twice_has_the_same_views(seed):
    a = analysed(seed, 9, 2)
    if np.isnan(a.z_array).any():
        return
    joined = quiet(qm.second_order, {"A": a, "B": a}, 2)
    members = joined.members
    shared = dict(zip(zip(members["study"], members["factor"], strict=True),
                      members["shared"], strict=True))  # fmt: skip
    assert all(shared["A", f] == shared["B", f] for f in a.factors)


@tried(0.4)
@given(SEEDS)
def test_nobody_moves_who_sorts_the_same_again(seed):
    sorts = made(seed)
    still = quiet(qm.before_after, sorts, sorts, 2)
    assert not still.moves["moved"].any()
    np.testing.assert_allclose(still.moves["correlation"], 1)
    np.testing.assert_allclose(still.loadings["change"], 0, atol=1e-9)
    assert (still.flows["before"] == still.flows["after"]).all()
    later = made(seed + 1)
    found, turned = (quiet(qm.before_after, *pair, 2) for pair in ((sorts, later), (later, sorts)))
    np.testing.assert_allclose(
        found.moves["correlation"],
        [np.corrcoef(sorts.values[:, i], later.values[:, i])[0, 1] for i in range(8)],
        atol=1e-9,
    )
    assert found.flows["n"].sum() == turned.flows["n"].sum() == 8
    table = found.loadings
    np.testing.assert_allclose(table["change"], table["after"] - table["before"])


@tried(0.3)
@given(SEEDS)
def test_the_number_of_factors_does_not_depend_on_the_order(seed):
    sorts = made(seed)
    rng = np.random.default_rng(seed)
    mixed = qm.QSorts(sorts.values[rng.permutation(18)][:, rng.permutation(8)])
    options = {"max_factors": 4, "n_permutations": 30, "n_resamples": 5, "seed": 1}
    one, other = (quiet(qm.factor_retention, s, progress=False, **options) for s in (sorts, mixed))
    fixed = ["eigenvalue rule", "Humphrey's rule (strict)", "Humphrey's rule (lenient)"]
    assert [one.answers[k] for k in fixed] == [other.answers[k] for k in fixed]
    assert one.answers["eigenvalue rule"] == int(
        (qm.eigenvalues(qm.pearson(sorts.values)) > 1).sum()
    )
    differ = len(set(one.answers.values())) > 1
    assert one.disagreement.startswith("The criteria disagree") == differ


# --- published viewpoints ---------------------------------------------------------------


@lru_cache(maxsize=1)
def governance():
    views = qm.Viewpoints.load("governance-2024")
    return views, qm.synthetic_tags(views.claims)


def matched(z, errors, n_permutations=39, **options):
    views, tags = governance()
    n = tags["statement"].nunique()
    rng = np.random.default_rng(1)
    grid = np.arange(n, dtype=float)
    labels = list(dict.fromkeys(tags["statement"]))
    sorts = qm.QSorts(np.column_stack([rng.permutation(grid) for _ in range(6)]), labels)
    from dataclasses import replace

    base = quiet(qm.analyse, sorts, z.shape[1])
    analysis = replace(base, z_array=z, standard_error=np.asarray(errors))
    return qm.match_viewpoints(
        analysis, views, tags, seed=1, n_permutations=n_permutations, **options
    )


@tried(0.4)
@given(SEEDS)
def test_an_opposite_view_has_the_opposite_similarity(seed):
    views, tags = governance()
    z, _ = scored(seed, 1, tags["statement"].nunique())
    one, other = (matched(x, [0.3], mixed=False) for x in (z, -z))
    np.testing.assert_allclose(one.similarity["similarity"], -other.similarity["similarity"])
    np.testing.assert_allclose(one.similarity["low"], -other.similarity["high"])
    assert one.similarity["similarity"].abs().max() <= 1
    for table in (one.similarity, one.mixtures):
        assert (table["low"] <= table["similarity"]).all()
        assert (table["p_value"] >= table["attainable_p"] - 1e-12).all()
        assert (table["p_adjusted"] >= table["p_value"] - 1 / 40).all()
    row = one.assignment.iloc[0]
    closest = one.similarity.set_index("viewpoint")["similarity"]
    assert row["similarity"] == pytest.approx(closest[row["closest"]])
    assert one.n_permutations == 39
    sure = matched(z, [0.1], mixed=False)  # a third of the error, a third of the interval
    wide = one.similarity["high"] - one.similarity["low"]
    np.testing.assert_allclose(sure.similarity["high"] - sure.similarity["low"], wide / 3)
    claims = one.claims
    np.testing.assert_allclose(claims["aligned"], claims["score"] * claims["stance"])
    carry, against = one.carrying("f1"), one.against("f1")
    assert (carry["low"] > 0).all()
    assert (against["high"] < 0).all()
    assert set(one.shown("f1")) <= set(views.codes)
    assert (
        one.coverage["n_statements"] == one.coverage["affirming"] + one.coverage["denying"]
    ).all()
    listed = one.statements("f1", views.codes[0])
    of_statement = dict(zip(dict.fromkeys(tags["statement"]), z[:, 0], strict=True))
    np.testing.assert_allclose(listed["z_score"], listed["statement"].map(of_statement))
    assert len(one.unmatched) >= len(views.codes) - 1
    variants = one.sensitivity
    assert (one.stability["claim_same"] <= one.stability["claim_variants"]).all()
    assert one.stability["claim_variants"].sum() <= len(variants)


@tried(2)
@given(st.lists(st.lists(st.sampled_from([1, -1, None]), min_size=3, max_size=3),
                min_size=4, max_size=8))  # fmt: skip
def test_viewpoints_count_their_stances(rows):
    claims = tuple(f"c{i}" for i in range(len(rows)))
    values = np.array([[math.nan if v is None else v for v in row] for row in rows], dtype=float)
    if np.isnan(values).all(axis=0).any() or np.isnan(values).all(axis=1).any():
        return
    views = qm.Viewpoints(tuple("ABC"), tuple("ABC"), ("",) * 3, claims, claims, values)
    np.testing.assert_array_equal(
        views.matrix[list("ABC")].to_numpy(float, na_value=math.nan), values
    )
    assert views.sides["n_held"].tolist() == [row.count(1) for row in rows]
    assert views.sides["n_rejected"].tolist() == [row.count(-1) for row in rows]
    for claim, row in zip(claims, rows, strict=True):
        assert views.stance(claim) == {c: v for c, v in zip("ABC", row, strict=True) if v}
    pairs = views.pairs
    assert (pairs["both_state"] == pairs["same"] + pairs["opposed"]).all()
    for row in pairs.itertuples():
        i, j = "ABC".index(row.viewpoint), "ABC".index(row.other)
        assert row.same == sum(r[i] == r[j] and r[i] is not None for r in rows)


@tried()
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from("xyz"), st.sampled_from([1, -1]),
                          st.sampled_from("PQ")), min_size=1, max_size=15,
                unique_by=lambda r: (r[0], r[1], r[3])))  # fmt: skip
def test_tags_are_averaged_over_taggers(rows):
    frame = pd.DataFrame(rows, columns=["statement", "claim", "direction", "tagger"])
    frame["statement"] = frame["statement"].astype(str)
    weights = qm.Tagging.from_frame(frame).weights(list("12345"), list("xyz"))
    taggers = frame["tagger"].nunique()
    for i, j in itertools.product(range(5), range(3)):
        own = frame[(frame["statement"] == "12345"[i]) & (frame["claim"] == "xyz"[j])]
        assert weights[i, j] == pytest.approx(own["direction"].sum() / taggers)
    shuffled = qm.Tagging.from_frame(frame.iloc[::-1]).weights(list("12345"), list("xyz"))
    np.testing.assert_allclose(shuffled, weights)
    if taggers == 2:
        found = qm.tag_agreement(frame.assign(strength=1.0))
        turned = qm.tag_agreement(frame.iloc[::-1].assign(strength=1.0))
        assert found.kappa == pytest.approx(turned.kappa, nan_ok=True)
        assert not found.kappa > 1


@tried(0.3)
@given(SEEDS, st.integers(4, 12))
def test_made_sorts_have_the_grid_and_the_seed_decides(seed, n):
    views, tags = governance()
    one = qm.synthetic_sorts(views, tags, n_sorts=n, noise=0.5, seed=seed)
    other = qm.synthetic_sorts(views, tags, n_sorts=n, noise=0.5, seed=seed)
    np.testing.assert_array_equal(one.sorts.values, other.sorts.values)
    columns = np.sort(one.sorts.values, axis=0)
    assert (columns == columns[:, :1]).all()
    assert len(one.members) == n


@tried(0.05)
@given(SEEDS)
def test_rates_of_made_studies_lie_between_none_and_all(seed):
    views, tags = governance()
    options = {"n_permutations": 19, "seed": seed, "progress": False}
    rate = qm.false_match_rate(views, tags, n_studies=2, n_sorts=10, n_factors=2, **options)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.value in (0, 0.5, 1)
    curves = qm.recovery_curves(
        views, tags, noise=(0.4,), n_sorts=(10,), n_repeats=2, n_factors=2, **options
    ).curves
    assert curves["measure"].is_unique
    shares = curves[curves["measure"] != "n_found"]
    assert shares["mean"].dropna().between(0, 1).all()
    assert (curves["low"] <= curves["mean"] + 1e-12).all()
    assert (curves["mean"] <= curves["high"] + 1e-12).all()


@tried(3)
@given(st.integers(9, 80))
def test_a_grid_holds_all_statements_and_is_symmetric(n):
    table = qm.propose_distribution(n)
    assert table["count"].sum() == n
    assert table["count"].tolist() == table["count"].tolist()[::-1] or n % 2 == 0
    middle = int(table["count"].argmax())
    assert table["count"].iloc[: middle + 1].is_monotonic_increasing
    assert table["value"].tolist() == sorted(-table["value"])


@tried()
@given(st.lists(st.integers(2, 12), min_size=2, max_size=5), SEEDS)
def test_a_q_set_takes_from_each_field_its_share(sizes, seed):
    fields = [f"t{i}" for i, size in enumerate(sizes) for _ in range(size)]
    concourse = pd.DataFrame({"statement": range(len(fields)), "theme": fields})
    n = min(len(sizes), sum(sizes))
    found = qm.sample_q_set(concourse, n, by="theme", seed=seed)
    assert len(found) == n
    assert found["theme"].value_counts().max() - found["theme"].value_counts().min() <= 1
    again = qm.sample_q_set(concourse, n, by="theme", seed=seed)
    pd.testing.assert_frame_equal(found, again)
