"""Whole tables and simulations worked out a second time by plain numpy, scipy and pandas.

Columns, order of rows, numbers of people and settings are compared as well as the values:
whoever reads a table by its columns, or repeats a simulation by its seed, relies on them.
"""

from __future__ import annotations

import itertools
import math
import warnings
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation import reason_bootstrap, reason_simulation
from dmpkit.resampling import run_resamples

CLOSE = {"rel": 1e-10, "abs": 1e-12}


# --- the reason index by hand -----------------------------------------------------------


def correlations(rows: Any) -> np.ndarray:
    """Spearman's correlation of every two people."""
    return np.corrcoef(stats.rankdata(rows, axis=1))


def terms_by_hand(c: Any, p: Any, adjusted: bool) -> np.ndarray:
    size = np.maximum(np.abs(c), np.abs(p))
    weight = np.minimum(1, size / 0.2) if adjusted else 1.0
    return (1 - np.abs(c - p) / math.sqrt(2)) * weight


def upper(matrix: np.ndarray) -> np.ndarray:
    return matrix[np.triu_indices(len(matrix), 1)]


def index(mean_term: Any) -> Any:
    return 1 - 2 * (1 - mean_term) / (math.sqrt(2) / 2)


def stage_by_hand(survey: Any, adjusted: bool) -> tuple[float, float, np.ndarray]:
    """Mean term, mean chance term, and the mean term of each person."""
    c, p = correlations(survey.considerations), correlations(survey.preferences)
    terms = terms_by_hand(c, p, adjusted)
    n = len(c)
    own = (terms.sum(axis=1) - np.diag(terms)) / (n - 1)
    chance = terms_by_hand(upper(c)[:, None], upper(p)[None, :], adjusted).mean()
    return upper(terms).mean(), chance, own


def items_by_hand(rng: Any, sizes: tuple[int, int]) -> tuple[list[Any], list[Any]]:
    means = [rng.normal(size=k) for k in sizes]
    return means, [0.8 * rng.normal(size=(k, 2)) for k in sizes]


def profiles_by_hand(rng: Any, items: Any, position: Any, noise: float) -> tuple[Any, Any]:
    made = []
    for mean, loading in zip(*items, strict=True):
        wobble = noise * rng.normal(size=(len(position), len(mean)))
        made.append(mean + position @ loading.T + wobble)
    return np.clip(np.round(4 + made[0]), 1, 7), stats.rankdata(-made[1], axis=1)


def both_by_hand(rng: Any, items: Any, n: int, noise: tuple[float, float], drift: float) -> Any:
    position = rng.normal(size=(n, 2))
    moved = position + drift * rng.normal(size=(n, 2))
    return [profiles_by_hand(rng, items, position, noise[0]),
            profiles_by_hand(rng, items, moved, noise[1])]  # fmt: skip


def test_synthetic_answers_follow_the_stated_rule():
    before, after = ev.synthetic_stages(
        9, n_considerations=6, n_preferences=4, noise=(2.5, 0.5), drift=0.7, seed=5
    )
    rng = np.random.default_rng(5)
    made = both_by_hand(rng, items_by_hand(rng, (6, 4)), 9, (2.5, 0.5), 0.7)
    for survey, (c, p), stage in zip((before, after), made, ("before", "after"), strict=True):
        np.testing.assert_array_equal(survey.considerations, c)
        np.testing.assert_array_equal(survey.preferences, p)
        assert survey.stage == stage
        assert survey.synthetic
        assert tuple(survey.people) == tuple(f"S0{i}" for i in range(1, 10))
    assert set(np.unique(before.considerations)) <= set(range(1, 8))


def test_synthetic_answers_have_the_documented_sizes_and_seed():
    made, named = ev.synthetic_stages(), ev.synthetic_stages(
        24, n_considerations=30, n_preferences=7, noise=(2.0, 1.0), drift=0.3, seed=1
    )  # fmt: skip
    for one, other in zip(made, named, strict=True):
        np.testing.assert_array_equal(one.considerations, other.considerations)
        np.testing.assert_array_equal(one.preferences, other.preferences)


def p_values_by_hand(c: Any, p: Any, adjusted: bool) -> list[float]:
    """All swaps of whole profiles counted one by one, Wilcoxon's test, paired t test."""
    n = len(c) // 2
    terms = terms_by_hand(c, p, adjusted)
    changes, own = [], []
    for swap in itertools.product([0, n], repeat=n):
        first = np.arange(n) + np.array(swap)
        second = np.arange(n) + n - np.array(swap)
        parts = [terms[np.ix_(rows, rows)] for rows in (first, second)]
        changes.append(upper(parts[1]).mean() - upper(parts[0]).mean())
        own.append([(part.sum(axis=1) - np.diag(part)) / (n - 1) for part in parts])
    sizes = np.abs(changes)
    difference = own[0][1] - own[0][0]
    return [
        float((sizes >= sizes[0] - 1e-12).mean()),
        float(stats.wilcoxon(difference, method="exact").pvalue),
        float(stats.ttest_1samp(difference, 0).pvalue),
    ]


@pytest.mark.parametrize(("null", "adjusted"), [("sharp", False), ("weak", True)])
def test_p_values_of_simulated_groups_one_by_one(null, adjusted):
    made = reason_simulation._levels(
        np.random.default_rng(8), 3, null=null, n=6, items=(12, 5), adjusted=adjusted
    )
    rng = np.random.default_rng(8)
    for row in made:
        one, two = both_by_hand(rng, items_by_hand(rng, (12, 5)), 6, (1.5, 1.5), 0.0)
        if null == "weak":
            two = [answers[:, rng.permutation(answers.shape[1])] for answers in two]
        c, p = (correlations(np.vstack(pair)) for pair in zip(one, two, strict=True))
        assert row == pytest.approx(p_values_by_hand(c, p, adjusted), **CLOSE)


def test_simulated_levels_are_counts_of_p_values_at_or_below_the_level():
    """A p-value of exactly the level is a rejection; each null has its own rows."""
    settings = {"n_people": 5, "n_considerations": 9, "n_preferences": 4, "adjusted": True}
    made = ev.simulate_levels(60, **settings, level=0.125, seed=4, progress=False)
    rows = []
    for null in ("sharp", "weak"):
        work = partial(reason_simulation._levels, null=null, n=5, items=(9, 4), adjusted=True)
        parts = run_resamples(work, 60, seed=4, chunk_size=50, progress=False)
        p = np.concatenate(parts)
        assert (p == 0.125).any()
        rows += [(f"{null} null", test, 60, int((p[:, k] <= 0.125).sum()))
                 for k, test in enumerate(("swap", "wilcoxon", "paired t"))]  # fmt: skip
    wanted = pd.DataFrame(rows, columns=["null", "test", "runs", "hits"])
    pd.testing.assert_frame_equal(made.rates, wanted, check_dtype=False)
    assert (made.kind, made.nominal, made.seed) == ("rejections", 0.125, 4)
    for word in ("60 runs", "5 people", "9 considerations", "4 preferences", "adjusted form"):
        assert word in made.setting
    assert "original form" in ev.simulate_levels(5, n_people=5, progress=False).setting
    row = made.table.iloc[0]
    z = stats.norm.ppf(0.975)
    share, n = row["hits"] / 60, 60
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert list(made.table) == ["null", "test", "runs", "hits", "rate", "low", "high"]
    assert row[["rate", "low", "high"]].tolist() == pytest.approx(
        [share, centre - half, centre + half], abs=1e-12
    )
    assert made.rate(null="sharp null", test="swap") == share


@pytest.mark.parametrize("adjusted", [False, True])
def test_stages_swapped_by_the_toss_of_a_coin_counted_again(adjusted):
    before, after = ev.synthetic_stages(7, n_considerations=14, n_preferences=5, seed=3)
    made = ev.level_on_data(before, after, n_runs=12, adjusted=adjusted, level=0.3, seed=9)
    rng, hits = np.random.default_rng(9), [0, 0]
    for _ in range(12):
        swap = rng.integers(0, 2, 7).astype(bool)[:, None]
        own = []
        for turned in (swap, ~swap):
            c = np.where(turned, after.considerations, before.considerations)
            p = np.where(turned, after.preferences, before.preferences)
            own.append(stage_by_hand(ev.ReasonSurvey(c, p), adjusted)[2])
        d = own[1] - own[0]
        hits[0] += stats.wilcoxon(d, method="exact").pvalue <= 0.3
        hits[1] += stats.ttest_1samp(d, 0).pvalue <= 0.3
    wanted = pd.DataFrame(
        {"data": "stages swapped at random", "test": ["wilcoxon", "paired t"], "runs": 12,
         "hits": hits}
    )  # fmt: skip
    pd.testing.assert_frame_equal(made.rates, wanted, check_dtype=False)
    assert 0 < sum(hits) < 24
    assert (made.kind, made.nominal, made.seed) == ("rejections", 0.3, 9)


def test_a_simulation_needs_five_people():
    with pytest.raises(DataError, match="4 people"):
        ev.simulate_levels(3, n_people=4, progress=False)
    four = ev.synthetic_stages(4)
    with pytest.raises(DataError, match="4 people"):
        ev.level_on_data(*four, n_runs=3)


def population(items: Any, noise: Any = (2.0, 1.0), drift: float = 0.3) -> Any:
    means, loadings = items
    return reason_simulation.Population(tuple(means), tuple(loadings), noise, drift)


@pytest.mark.parametrize("adjusted", [False, True])
def test_intervals_of_a_simulated_group_one_by_one(adjusted):
    """Values, ends from the pairs, and percentiles of 300 resamples of people."""
    n, level = 7, 0.8
    items = items_by_hand(np.random.default_rng(2), (10, 5))
    found = reason_simulation._intervals(
        np.random.default_rng(6), 1, population=population(items), n=n, adjusted=adjusted,
        level=level,
    )  # fmt: skip
    rng = np.random.default_rng(6)
    surveys = [ev.ReasonSurvey(*one) for one in both_by_hand(rng, items, n, (2.0, 1.0), 0.3)]
    weights = rng.multinomial(n, np.full(n, 1 / n), size=300)
    drawn = np.empty((4, 300))
    matrices = [[correlations(s.considerations), correlations(s.preferences)] for s in surveys]
    for k, w in enumerate(weights):
        u = upper(np.outer(w, w)).astype(float)
        means = []
        for c, p in matrices:
            value = np.average(upper(terms_by_hand(c, p, adjusted)), weights=u)
            grid = terms_by_hand(upper(c)[:, None], upper(p)[None, :], adjusted)
            means.append((value, (u @ grid @ u) / u.sum() ** 2))
        (one, _), (two, chance) = means
        drawn[:, k] = index(one), index(two), index(two) - index(chance), index(two) - index(one)
    ends = np.quantile(drawn, [0.1, 0.9], axis=1).T
    estimates = [
        reason_bootstrap.stage_estimates(s, adjusted=adjusted, level=level) for s in surveys
    ]
    change = reason_bootstrap.change_estimate(*surveys, adjusted=adjusted, level=level)
    wanted = [estimates[0]["index"], estimates[1]["index"], estimates[1]["above chance"], change]
    assert found.shape == (1, 4, 5)
    for row, made, end in zip(found[0], wanted, ends, strict=True):
        assert row == pytest.approx([made.value, made.low, made.high, *end], **CLOSE)
    by_hand = [index(stage_by_hand(s, adjusted)[0]) for s in surveys]
    assert found[0, :2, 0] == pytest.approx(by_hand, **CLOSE)


def test_coverage_counts_how_often_the_target_lies_inside(monkeypatch):
    """Targets: the mean over the runs; for the index above chance that of large groups."""
    monkeypatch.setattr(reason_simulation, "LARGE_GROUPS", 2)
    monkeypatch.setattr(reason_simulation, "LARGE_GROUP", 15)
    made = ev.simulate_coverage(
        6, n_people=7, n_considerations=8, n_preferences=4, noise=(1.0, 3.0), adjusted=True,
        level=0.5, seed=3, progress=False,
    )  # fmt: skip
    rng = np.random.default_rng([3, 1])
    items = items_by_hand(rng, (8, 4))
    work = partial(reason_simulation._intervals, population=population(items, (1.0, 3.0)), n=7,
                   adjusted=True, level=0.5)  # fmt: skip
    runs = np.concatenate(run_resamples(work, 6, seed=3, chunk_size=50, progress=False))
    large = []
    for _ in range(2):
        position = rng.normal(size=(15, 2)) * math.sqrt(1 + 0.3**2)
        survey = ev.ReasonSurvey(*profiles_by_hand(rng, items, position, 3.0))
        value, chance, _ = stage_by_hand(survey, True)
        large.append(index(value) - index(chance))
    names = ["index before", "index after", "above chance after", "change"]
    rows = []
    for k, name in enumerate(names):
        target = np.mean(large) if k == 2 else runs[:, k, 0].mean()
        for first, how in ((1, "from the pairs"), (3, "percentiles of resamples")):
            inside = (runs[:, k, first] <= target) & (target <= runs[:, k, first + 1])
            rows.append((name, how, 6, inside.sum(), target))
    wanted = pd.DataFrame(rows, columns=["quantity", "interval", "runs", "hits", "target"])
    pd.testing.assert_frame_equal(made.rates, wanted, check_dtype=False, rtol=1e-10)
    assert (made.kind, made.nominal, made.seed) == ("coverage", 0.5, 3)
    for word in ("6 groups of 7 people", "8 considerations", "4 preferences", "1 before",
                 "3 after", "adjusted form"):  # fmt: skip
        assert word in made.setting


# --- uncertainty of the reason index -----------------------------------------------------


@pytest.mark.parametrize("adjusted", [False, True])
def test_estimates_of_a_stage_and_of_the_change_by_hand(adjusted):
    """Jackknife over people and the variance from pairs without a person in common."""
    before, after = ev.synthetic_stages(8, n_considerations=12, n_preferences=5, seed=7)
    level = 0.9
    made = [
        reason_bootstrap.stage_estimates(s, adjusted=adjusted, level=level) for s in (before, after)
    ]
    change = reason_bootstrap.change_estimate(before, after, adjusted=adjusted, level=level)
    matrices = [
        [correlations(s.considerations), correlations(s.preferences)] for s in (before, after)
    ]
    terms = [terms_by_hand(c, p, adjusted) for c, p in matrices]
    scale = 2 * math.sqrt(2)
    t = stats.t.ppf(0.95, 7)
    pairs = list(itertools.combinations(range(8), 2))
    for f, found, to in (
        (terms[0], made[0]["index"], index),
        (terms[1], made[1]["index"], index),
        (terms[1] - terms[0], change, lambda v: scale * v),
    ):
        mean = np.mean([f[i, j] for i, j in pairs])
        without = [np.mean([f[i, j] for i, j in pairs if k not in (i, j)]) for k in range(8)]
        jackknife = 7 / 8 * np.sum((np.array(without) - np.mean(without)) ** 2)
        apart = [f[a] * f[b] for a in pairs for b in pairs if not set(a) & set(b)]
        unbiased = mean**2 - np.mean(apart)
        error = math.sqrt(max((jackknife + unbiased) / 2, jackknife / 2))
        wanted = [to(mean), scale * error, to(mean - t * error), to(mean + t * error)]
        assert [found.value, found.standard_error, found.low, found.high] == pytest.approx(
            wanted, **CLOSE
        )
        assert (found.n, found.note) == (8, "")
    for (c, p), f, found in zip(matrices, terms, made, strict=True):
        above = []
        for gone in (None, *range(8)):
            keep = [k for k in range(8) if k != gone]
            cc, pp, ff = (upper(m[np.ix_(keep, keep)]) for m in (c, p, f))
            above.append(ff.mean() - terms_by_hand(cc[:, None], pp[None, :], adjusted).mean())
        without = np.array(above[1:])
        error = scale * math.sqrt(7 / 8 * ((without - without.mean()) ** 2).sum())
        got, value = found["above chance"], scale * above[0]
        assert [got.value, got.standard_error, got.low, got.high] == pytest.approx(
            [value, error, value - t * error, value + t * error], **CLOSE
        )
        assert (got.n, got.note) == (8, "")


def test_fewer_than_five_people_have_values_and_no_interval():
    before, after = ev.synthetic_stages(4, n_considerations=12, n_preferences=5, seed=7)
    found = reason_bootstrap.stage_estimates(before)
    change = reason_bootstrap.change_estimate(before, after)
    value, chance, _ = stage_by_hand(before, False)
    second = stage_by_hand(after, False)[0]
    wanted = [index(value), index(value) - index(chance), index(second) - index(value)]
    for one, by_hand in zip((*found.values(), change), wanted, strict=True):
        assert one.value == pytest.approx(by_hand, **CLOSE)
        assert math.isnan(one.low)
        assert one.n == 4
        assert "fewer than 5 people" in one.note
    five = ev.synthetic_stages(5, n_considerations=12, n_preferences=5, seed=7)
    assert not math.isnan(reason_bootstrap.change_estimate(*five).low)
    assert not any(math.isnan(e.low) for e in reason_bootstrap.stage_estimates(five[0]).values())


def test_stages_that_lack_different_pairs_change_by_the_means_of_those_there_are():
    rng = np.random.default_rng(3)
    one, two = (rng.random((6, 6)) for _ in range(2))
    one, two = one + one.T, two + two.T
    for f in (one, two):
        np.fill_diagonal(f, np.nan)
    one[0, 1] = one[1, 0] = np.nan
    two[2, 4] = two[4, 2] = np.nan
    found = reason_bootstrap._change_with_gaps(one, two, 0.8)
    scale = 2 * math.sqrt(2)
    value = scale * (np.nanmean(two) - np.nanmean(one))
    without = []
    for k in range(6):
        keep = np.ix_(*[[i for i in range(6) if i != k]] * 2)
        without.append(np.nanmean(two[keep]) - np.nanmean(one[keep]))
    error = scale * math.sqrt(5 / 6 * np.sum((np.array(without) - np.mean(without)) ** 2))
    t = stats.t.ppf(0.9, 5)
    assert [found.value, found.standard_error, found.low, found.high] == pytest.approx(
        [value, error, value - t * error, value + t * error], **CLOSE
    )
    assert found.n == 6
    few = reason_bootstrap._change_with_gaps(one[:4, :4], two[:4, :4], 0.8)
    by_hand = scale * (np.nanmean(two[:4, :4]) - np.nanmean(one[:4, :4]))
    assert few.value == pytest.approx(by_hand, **CLOSE)
    assert (few.n, math.isnan(few.low)) == (4, True)


def test_nobody_is_left_without_the_one_who_is_in_every_pair():
    """Then there is no chance level without her: undefined, and no division by 0."""
    c = np.full((5, 5), np.nan)
    c[0, 1:] = c[1:, 0] = [0.1, 0.5, -0.3, 0.4]
    i, j = np.zeros(4, dtype=int), np.arange(1, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = reason_bootstrap.StagePairs(c, c, i, j, False).chance_without_one()
    assert math.isnan(found[0])
    for k in range(1, 5):
        left = np.array([v for at, v in enumerate(c[0, 1:], 1) if at != k])
        by_hand = terms_by_hand(left[:, None], left[None, :], False).mean()
        assert found[k] == pytest.approx(by_hand, **CLOSE)


def test_draws_of_people_repeated_by_hand_and_their_quantiles():
    before, after = ev.synthetic_stages(6, n_considerations=12, n_preferences=5, seed=7)
    settings = {"adjusted": True, "n_resamples": 130, "level": 0.8, "seed": 2}
    made = ev.bootstrap_reason_index(before, after, **settings)
    names = ["index before", "chance level before", "above chance before",
             "index after", "chance level after", "above chance after", "change"]  # fmt: skip
    matrices = [
        [correlations(s.considerations), correlations(s.preferences)] for s in (before, after)
    ]

    def work(generator: Any, size: int) -> np.ndarray:
        rows = []
        for w in generator.multinomial(6, np.full(6, 1 / 6), size=size):
            u = upper(np.outer(w, w)).astype(float)
            row = []
            for c, p in matrices:
                value = np.average(upper(terms_by_hand(c, p, True)), weights=u)
                grid = terms_by_hand(upper(c)[:, None], upper(p)[None, :], True)
                chance = (u @ grid @ u) / u.sum() ** 2
                row += [index(value), index(chance), index(value) - index(chance)]
            rows.append([*row, row[3] - row[0]])
        return np.array(rows)

    drawn = np.concatenate(run_resamples(work, 130, seed=2, chunk_size=100, progress=False))
    wanted = pd.DataFrame(drawn, columns=names)
    pd.testing.assert_frame_equal(made.draws, wanted, rtol=1e-9)
    assert list(made.table) == ["quantity", "value", "standard_error", "low", "high",
                                "bootstrap_sd", "percentile_low", "percentile_high"]  # fmt: skip
    assert made.table["quantity"].tolist() == names
    table = made.table.set_index("quantity")
    assert table["bootstrap_sd"].tolist() == pytest.approx(drawn.std(axis=0, ddof=1), **CLOSE)
    for column, share in (("percentile_low", 0.1), ("percentile_high", 0.9)):
        assert table[column].tolist() == pytest.approx(np.quantile(drawn, share, axis=0), **CLOSE)
    for stage, survey in (("before", before), ("after", after)):
        own = reason_bootstrap.stage_estimates(survey, adjusted=True, level=0.8)
        for name, e in own.items():
            got = made.estimates[f"{name} {stage}"]
            assert (got.value, got.low, got.high, got.n) == (e.value, e.low, e.high, 6)
        chance = made.estimates[f"chance level {stage}"]
        assert chance.value == pytest.approx(index(stage_by_hand(survey, True)[1]), **CLOSE)
        assert chance.n == 6
        assert math.isnan(chance.low)
        assert chance.note
    change = reason_bootstrap.change_estimate(before, after, adjusted=True, level=0.8)
    assert (made.estimates["change"].low, made.estimates["change"].n) == (change.low, 6)
    assert (made.n_people, made.level, made.seed, made.adjusted) == (6, 0.8, 2, True)
    assert made.synthetic
    assert not len(made.left_out)


def test_draws_of_many_people_stay_within_memory(monkeypatch):
    """The more pairs, the fewer resamples at a time; the random numbers depend on it."""
    monkeypatch.setattr(reason_bootstrap, "_CHUNK_BYTES", 8 * 15 * 7)
    seen = []

    def recorded(*arguments: Any, **settings: Any) -> Any:
        seen.append(settings["chunk_size"])
        return run_resamples(*arguments, **settings)

    monkeypatch.setattr(reason_bootstrap, "run_resamples", recorded)
    before, _ = ev.synthetic_stages(6, n_considerations=12, n_preferences=5, seed=7)
    ev.bootstrap_reason_index(before, n_resamples=20, seed=1)
    assert seen == [7]
    with pytest.raises(DataError, match="4 people are too few"):
        ev.bootstrap_reason_index(ev.synthetic_stages(4)[0])
