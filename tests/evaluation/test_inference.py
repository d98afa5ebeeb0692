"""Coverage of every interval and level of every p-value of the room, by simulation."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pandas as pd
import pytest
from simulations import Case, check_all, check_few

from dmpkit import evaluation as ev
from dmpkit.evaluation.talk_gap import group_gap

from .test_two_camps import group

#: Columns of one call, each a data set of its own.
AT_ONCE = 100


def in_batches(step, rng, runs):
    """Several data sets as items of one call."""
    parts = [min(AT_ONCE, runs - done) for done in range(0, runs, AT_ONCE)]
    return np.concatenate([step(rng, n) for n in parts])


def frames(before, after):
    """Answers as two tables, one column an item."""
    items = [f"q{i}" for i in range(before.shape[1])]
    people = [f"p{i:03d}" for i in range(len(before))]
    return [pd.DataFrame(v, columns=items).assign(person=people) for v in (before, after)]


def scale_answers(rng, shape, people_sd=1.0, shift=0.0):
    """Whole answers from 1 to 5 of people who keep a part of their opinion."""
    opinion = rng.normal(3.2, people_sd, shape)
    both = [opinion, opinion + shift]
    return [np.clip(np.rint(o + rng.normal(0, 0.7, shape)), 1, 5) for o in both]


# --- opinion ------------------------------------------------------------------------------


def normal_changes(rng, n, items, mean=0.0):
    """Opinions with noise of the same size before and after: changes with variance 1."""
    opinion = rng.normal(3, 1, (n, items))
    noise = rng.normal(0, math.sqrt(0.5), (2, n, items))
    return opinion + noise[0], opinion + noise[1] + mean


def change(low, high, truth, n, rng, runs):
    def step(rng, items):
        table = ev.opinion_change(*frames(*normal_changes(rng, n, items, 0.5))).items
        return (table[low] <= truth) & (truth <= table[high])

    return in_batches(step, rng, runs)


def no_change(column, n, rng, runs, *, whole=False):
    def step(rng, items):
        made = scale_answers(rng, (n, items)) if whole else normal_changes(rng, n, items)
        return ev.opinion_change(*frames(*made)).items[column] <= 0.05

    return in_batches(step, rng, runs)


def any_wrong(adjust, rng, runs):
    """Ten items, six of which really changed (Holm: none is wrong; BH: mean share)."""
    for _ in range(runs):
        before, after = normal_changes(rng, 25, 10)
        after[:, 4:] += 0.8
        table = ev.opinion_change(*frames(before, after), adjust=adjust).items
        found = table[f"p_{adjust}"].to_numpy() <= 0.05
        wrong = found[:4].sum() / max(1, found.sum())
        yield wrong > 0 if adjust == "holm" else rng.random() < wrong


SIZES = (5, 6, 7, 8, 8, 9, 10, 7)


def at_tables(what, rng, runs):
    tables = np.repeat(np.arange(len(SIZES)), SIZES)
    truth = {"mean": 0.4, "icc": 0.2, "level": 0.0}[what]
    mean = 0.4 if what == "mean" else 0.0

    def step(rng, items):
        n = len(tables)
        change = (
            mean
            + rng.normal(0, math.sqrt(0.2), (len(SIZES), items))[tables]
            + rng.normal(0, math.sqrt(0.8), (n, items))
        )
        before = rng.normal(3, 1, (n, items))
        one, two = frames(before, before + change)
        seats = dict(zip(one["person"], tables, strict=True))
        found = ev.opinion_change(one, two, table=seats).items
        if what == "level":
            return found["p_tables"] <= 0.05
        ends = ("icc_low", "icc_high") if what == "icc" else ("low_tables", "high_tables")
        return (found[ends[0]] <= truth) & (truth <= found[ends[1]])

    return in_batches(step, rng, runs)


def absolute(rng, runs):
    """Mean absolute change of a normal change with standard deviation 1: √(2/π) of 8 points."""
    truth = math.sqrt(2 / math.pi) / 8
    for _ in range(runs):
        before = rng.normal(5, 0.5, (25, 1))
        one, two = frames(before, np.clip(before + rng.normal(0, 1, (25, 1)), 1, 9))
        found = ev.opinion_change(one, two, scale=(1, 9)).absolute_change
        yield found.low <= truth <= found.high


def capacity(rng, runs, tables=False):
    truth = 0.5
    seats = np.arange(32) // 4
    for _ in range(runs):
        before = rng.normal(5, 0.2, (32, 1))
        one, two = frames(before, before + rng.normal(0.25, 0.5, (32, 1)))
        named = dict(zip(one["person"], seats, strict=True)) if tables else None
        found = ev.civic_capacity_change(one, two, items=["q0"], scale=(1, 9), table=named)
        yield found.low <= truth <= found.high


# --- knowledge ------------------------------------------------------------------------------


def answers(rng, n, items, before=0.5, after=0.5):
    able = rng.normal(0, 0.8, (n, 1))
    return [
        (rng.random((n, items)) < 1 / (1 + np.exp(-(able + np.log(p / (1 - p)))))).astype(int)
        for p in (before, after)
    ]


def learned_nothing(column, n, rng, runs):
    def step(rng, items):
        return ev.knowledge_gain(*frames(*answers(rng, n, items))).items[column] <= 0.05

    if column == "p_mcnemar":
        return in_batches(step, rng, runs)
    # adjusted over 8 items: whether any is called clear
    return [bool(step(rng, 8).any()) for _ in range(runs)]


def index_gain(rng, runs):
    """The change of the share of right answers over 12 items of equal difficulty."""
    grid, weight = np.polynomial.hermite_e.hermegauss(60)
    share = 1 / (1 + np.exp(-(0.8 * grid + np.log(0.65 / 0.35))))
    half = 1 / (1 + np.exp(-0.8 * grid))
    truth = float((share - half) @ weight / weight.sum())
    for _ in range(runs):
        row = ev.knowledge_gain(*frames(*answers(rng, 40, 12, 0.5, 0.65))).statistics
        yield row["low"] <= truth <= row["high"]


def mcnemar(changed, rng, runs):
    p = np.array([ev.exact_mcnemar(k, changed - k) for k in range(changed + 1)])
    return p[rng.binomial(changed, 0.5, runs)] <= 0.05


# --- polarisation ---------------------------------------------------------------------------


def polarised(measure, n, rng, runs, *, tables=0):
    """Camps that come together a little; the truth from a million people."""
    chance = [np.array([0.25, 0.2, 0.1, 0.2, 0.25]), np.array([0.15, 0.25, 0.2, 0.25, 0.15])]
    marks = [ev.polarisation_measures(np.rint(p * 1e6), np.arange(1.0, 6)) for p in chance]
    truth = marks[1][measure] - marks[0][measure]

    def step(rng, items):
        draw = [rng.random((n, items)) for _ in (0, 1)]
        answers = [
            1 + np.searchsorted(np.cumsum(p)[:-1], u) for p, u in zip(chance, draw, strict=True)
        ]
        one, two = frames(*answers)
        seats = dict(zip(one["person"], np.arange(n) % tables, strict=True)) if tables else None
        found = ev.polarisation_change(
            one, two, scale=(1, 5), table=seats, n_resamples=399, seed=int(rng.integers(2**31))
        ).table
        row = found[found["measure"] == measure]
        return (row["low"] <= truth) & (truth <= row["high"])

    return in_batches(step, rng, runs)


# --- votes, talk, acts ----------------------------------------------------------------------


def support(rng, runs):
    for _ in range(runs):
        votes = np.where(rng.random(60) < 0.7, "agree", "disagree")
        ballot = pd.DataFrame({"person": range(60), "item": "text", "answer": votes})
        row = ev.support_for_text(ballot, sampled=True).items.iloc[0]
        yield row["low"] <= 0.7 <= row["high"]


def gap_interval(sizes, rng, runs, *, which=0, skew="exponential"):
    people = np.array(sizes) / sum(sizes)
    means = np.array([1.0, 1.6])
    true = people * means / (people @ means) - people
    labels = np.repeat(["a", "b"], sizes)
    for _ in range(runs):
        shape = rng.exponential if skew == "exponential" else partial(lognormal, rng)
        times = np.concatenate([shape(m, n) for m, n in zip(means, sizes, strict=True)])
        row = group_gap(times, labels, n_permutations=1, n_resamples=399,
                        seed=int(rng.integers(2**31))).table.iloc[which]  # fmt: skip
        yield row["low"] <= true[which] <= row["high"]


def lognormal(rng, mean, n):
    return mean * rng.lognormal(-0.5, 1.0, n)


def gap_level(rng, runs):
    labels, strata = ["a", "b", "a", "b", "c"] * 6, sorted([0, 1, 2] * 10)
    for _ in range(runs):
        found = ev.group_gap(rng.exponential(60, 30), labels, strata=strata, n_permutations=199,
                             n_resamples=0, seed=int(rng.integers(2**31)))  # fmt: skip
        yield found.gap.p_value <= 0.05


def composite(rng, runs):
    """Acts of 15 speakers who differ, all coded alike; the truth from the model."""
    for _ in range(runs):
        acts = rng.poisson(2, 15) + 1
        speaker = np.repeat(np.arange(15), acts)
        chance = rng.beta(4, 4, 15)[speaker]  # level of each act: binomial of 0 to 3
        level = rng.binomial(3, chance)
        frame = pd.DataFrame({
            "act": np.repeat(np.arange(len(level)), 2), "coder": ["a", "b"] * len(level),
            "person": np.repeat(speaker, 2), "level": np.repeat(level, 2),
        })  # fmt: skip
        found = ev.discourse_quality(frame, sampled=True, n_resamples=399,
                                     seed=int(rng.integers(2**31))).composite  # fmt: skip
        yield found.low <= 50 <= found.high


# --- preferences, raters, reason ---------------------------------------------------------------


def random_rankings(rng, n, k, stages):
    rows = []
    for stage in stages:
        ranks = np.argsort(rng.random((n, k)), axis=1) + 1
        table = pd.DataFrame(ranks, columns=[f"o{i}" for i in range(k)])
        rows.append(table.assign(person=range(n), stage=stage))
    return pd.concat(rows)


def peaked_by_chance(rng, runs):
    for _ in range(runs):
        found = ev.single_peakedness(random_rankings(rng, 15, 4, ["one"]), n_random=99, n_swaps=1,
                                     seed=int(rng.integers(2**31)))  # fmt: skip
        yield found.stage("one").proximity.p_value <= 0.05


def swapped_rankings(rng, runs):
    for _ in range(runs):
        table = random_rankings(rng, 15, 4, ["before", "after"])
        found = ev.single_peakedness(table, n_random=1, n_swaps=99, seed=int(rng.integers(2**31)))
        yield found.change.p_value <= 0.05


def rater_means(m, rng, runs):
    """Raters drawn from many, who differ in leniency and on each criterion."""
    names = [f"r{i}" for i in range(m)]
    criteria = [f"c{i}" for i in range(10)]
    for _ in range(runs):
        scores = 2 + rng.normal(0, 0.3, m)[None, :] + rng.normal(0, 0.5, (10, m))
        made = ev.RaterAgreement(
            pd.DataFrame(scores, index=criteria, columns=names),
            pd.Series("process", index=criteria),
            pd.Series(criteria, index=criteria),
            400,
            int(rng.integers(2**31)),
        )
        row = made.means.iloc[-1]
        yield row["low"] <= 2 <= row["high"]


def of_table(made, **labels):
    """Hits of one row of the library's own simulation, as one answer a run."""
    table = made.table
    for name, value in labels.items():
        table = table[table[name] == value]
    assert len(table) == 1
    row = table.iloc[0]
    return np.arange(int(row["runs"])) < int(row["hits"])


def reason_level(null, rng, runs):
    made = ev.simulate_levels(runs, n_people=14, n_considerations=20, seed=int(rng.integers(2**31)),
                              progress=False)  # fmt: skip
    return of_table(made, null=null, test="swap")


def reason_coverage(quantity, interval, rng, runs):
    made = ev.simulate_coverage(runs, n_people=20, n_considerations=20,
                                seed=int(rng.integers(2**31)), progress=False)  # fmt: skip
    return of_table(made, quantity=quantity, interval=interval)


def two_camps(rng, runs):
    target = np.mean([ev.reason_index(group(rng, 150)).value for _ in range(60)])
    for _ in range(runs):
        found = ev.reason_index(group(rng, 15)).estimates["index"]
        yield found.low <= target <= found.high


def reason_chance(rng, runs):
    """Preferences that have nothing to do with the considerations."""
    for _ in range(runs):
        survey = ev.ReasonSurvey(rng.normal(size=(12, 15)), rng.normal(size=(12, 6)))
        found = ev.reason_index(survey, n_permutations=199, seed=int(rng.integers(2**31)),
                                progress=False)  # fmt: skip
        yield found.p_value <= 0.05


def listed(step, *given, **named):
    """A simulation that yields, as one that gives a list."""
    return lambda rng, runs: list(partial(step, *given, **named)(rng, runs))


COVER = "95 % interval"
LEVEL = "p-value, level .05"
NORMAL = "25 people, normal answers"
TABLES = "60 people at 8 tables of 5 to 10, intraclass correlation .2"

TWO_CAMPS = "40 people, 5 answers, camps that come together a little; "

CASES: list[Case] = [
    Case("opinion_change", "95 % interval of the mean change", 0.95, NORMAL + "; change .5",
         partial(change, "low", "high", 0.5, 25), 2000, 100),
    Case("opinion_change", "95 % interval of gz", 0.95, NORMAL + "; effect .5",
         partial(change, "gz_low", "gz_high", 0.5, 25), 2000, 100),
    *(
        Case("opinion_change", f"{column}, level .05", 0.05, design,
             partial(no_change, column, 25, whole=whole), 2000, 100 if whole else 0, holds, known)
        for column, design, whole, holds, known in (
            ("p_t", NORMAL, False, "equal", None),
            ("p_t", "25 people, answers 1 to 5", True, "known", (0.04, 0.06)),
            ("p_wilcoxon", NORMAL, False, "known", (0.04, 0.05)),
            ("p_wilcoxon", "25 people, answers 1 to 5", True, "known", (0.035, 0.05)),
            ("p_wilcoxon_exact", NORMAL, False, "at most", None),
            ("p_wilcoxon_exact", "25 people, answers 1 to 5", True, "at most", None),
            ("p_pitman_morgan", NORMAL, False, "equal", None),
            ("p_pitman_morgan", "25 people, answers 1 to 5", True, "known", (0.005, 0.06)),
        )
    ),
    Case("opinion_change", "p_holm: any of the unchanged items, level .05", 0.05,
         "25 people, 10 items, 6 changed by .8", listed(any_wrong, "holm"), 200, 5, "at most"),
    Case("opinion_change", "p_bh: mean share of false findings, .05", 0.05,
         "25 people, 10 items, 6 changed by .8", listed(any_wrong, "bh"), 200, 0, "at most"),
    Case("opinion_change", "95 % interval over tables", 0.95, TABLES, partial(at_tables, "mean"),
         800, 60),
    Case("opinion_change", "p_tables, level .05", 0.05, TABLES, partial(at_tables, "level"),
         800, 0),
    Case("opinion_change", "95 % interval of the intraclass correlation", 0.95, TABLES,
         partial(at_tables, "icc"), 800, 0, "known", (0.93, 0.97)),
    Case("OpinionChange.absolute_change", COVER, 0.95,
         "25 people, a scale of 1 to 9, normal change with standard deviation 1",
         listed(absolute), 250, 5, "known", (0.92, 0.96)),
    Case("civic_capacity_change", COVER, 0.95, "32 people, normal change, effect .5",
         listed(capacity), 250, 5),
    Case("civic_capacity_change", "95 % interval over tables", 0.95,
         "32 people at 8 tables, normal change, effect .5", listed(capacity, tables=True), 250, 0,
         "known", (0.92, 0.97)),
    Case("knowledge_gain", "p_mcnemar, level .05", 0.05, "40 people, items half know",
         partial(learned_nothing, "p_mcnemar", 40), 800, 50, "at most"),
    Case("knowledge_gain", "p_adjusted (Holm): any of 8 items, level .05", 0.05,
         "40 people, items half know", partial(learned_nothing, "p_adjusted", 40), 120, 0,
         "at most"),
    Case("KnowledgeGain.statistics", "95 % interval of the change of the index", 0.95,
         "40 people of normal ability, 12 items", listed(index_gain), 200, 0),
    Case("exact_mcnemar", LEVEL, 0.05, "20 people who changed", partial(mcnemar, 20), 20_000,
         2_000, "at most"),
    *(
        Case("polarisation_change", f"95 % interval ({measure})", 0.95,
             TWO_CAMPS + (f"{tables} tables" if tables else "drawn one by one"),
             partial(polarised, measure, 40, tables=tables), 150, few, "known", known)
        for measure, tables, few, known in (
            ("sd", 0, 20, (0.93, 0.97)),
            ("van_der_eijk_A", 0, 0, (0.93, 0.99)),
            ("shannon_nats", 0, 0, (0.93, 0.99)),
            ("sd", 8, 0, (0.92, 0.98)),
            ("van_der_eijk_A", 8, 0, (0.93, 0.99)),
        )
    ),
    Case("support_for_text", "95 % interval (Wilson)", 0.95, "60 votes, 7 of 10 in favour",
         listed(support), 150, 5, "known", (0.93, 0.97)),
    *(
        Case("talk_inequality", "95 % interval of a group's difference", 0.95,
             f"{name} times with means 1 and 1.6; groups of {a} and {b}",
             listed(gap_interval, (a, b), skew=name), 200, few, "known", known)
        for name, a, b, few, known in (
            ("exponential", 6, 30, 0, (0.91, 0.96)),
            ("exponential", 30, 6, 5, (0.91, 0.96)),
            ("lognormal", 8, 8, 0, (0.90, 0.96)),
            ("lognormal", 30, 6, 0, (0.90, 0.96)),
        )
    ),
    Case("group_gap", LEVEL, 0.05, "30 people of 3 groups at 3 tables, exponential times",
         listed(gap_level), 300, 10),
    Case("discourse_quality", "95 % interval of the composite", 0.95,
         "15 speakers with 1 act and Poisson (2) more, levels 0 to 3", listed(composite), 100, 0,
         "known", (0.92, 0.97)),
    Case("single_peakedness", LEVEL, 0.05, "15 random rankings of 4 options",
         listed(peaked_by_chance), 150, 0, "at most"),
    Case("SinglePeakedness.change", LEVEL, 0.05, "15 people, 4 options, random before and after",
         listed(swapped_rankings), 120, 0, "at most"),
    *(
        Case("RaterAgreement.means", COVER, 0.95,
             f"{m} raters who differ in leniency (.3) and by criterion (.5), 10 criteria",
             listed(rater_means, m), 100, 0, "known", known)
        for m, known in ((4, (0.85, 0.95)), (8, (0.92, 0.97)))
    ),
    Case("swap_test", "p-value, level .05, sharp null", 0.05, "14 people, 20 considerations",
         partial(reason_level, "sharp null"), 400, 0),
    Case("swap_test", "p-value, level .05, weak null", 0.05, "14 people, 20 considerations",
         partial(reason_level, "weak null"), 400, 0, "known", (0.05, 0.12)),
    *(
        Case("bootstrap_reason_index", f"95 % interval ({quantity})", 0.95,
             "20 people, 20 considerations", partial(reason_coverage, quantity, "from the pairs"),
             120, 0, "known", (0.93, 0.98))
        for quantity in ("change",)
    ),
    Case("ReasonIndex.estimates", COVER, 0.95, "15 people in two opposed camps",
         listed(two_camps), 150, 0, "known", (0.89, 0.95)),
    Case("ReasonIndex.p_value", LEVEL, 0.05, "12 people, 15 considerations, 6 preferences",
         listed(reason_chance), 300, 5),
]  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.few], ids=lambda c: c.name)
def test_few_runs(case):
    check_few(case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_long_run(case):
    check_all(case, "evaluation")
