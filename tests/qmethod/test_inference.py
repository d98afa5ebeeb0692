"""Do the tests of a Q analysis keep their level, and do its intervals cover?"""

import math
import warnings
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
import pytest
from simulations import Case, check_all, check_few

import dmpkit.qmethod as qm
from dmpkit.errors import DmpkitWarning
from dmpkit.qmethod import equivalence as eq
from dmpkit.qmethod.recovery import MEASURES
from dmpkit.qmethod.retention import parallel_analysis

GRID = np.repeat(np.arange(-4.0, 5), [2, 3, 4, 5, 6, 5, 4, 3, 2])
N = len(GRID)


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        yield


def laid(liking):
    """Likings as sorts in the grid, a column a person."""
    return GRID[liking.argsort(axis=0).argsort(axis=0)]


def standard(z):
    return (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)


# --- flags -----------------------------------------------------------------------------


def stranger_and_view(rng, runs):
    """A sort that has nothing to do with a view: whether it correlates significantly."""
    view, sorts = standard(laid(rng.normal(size=(N, 1)))), laid(rng.normal(size=(N, runs)))
    r = (view * standard(sorts)).sum(axis=0) / (N - 1)
    return qm.flag(r[:, None], N, qm.FlagRule(majority=False))[:, 0]


def stranger_in_a_study(rng, runs):
    """The same among eleven people of two views, who shape the factors with it."""
    out = []
    for _ in range(runs):
        views = rng.normal(size=(N, 2))[:, np.arange(11) % 2]
        liking = np.column_stack([views + 0.7 * rng.normal(size=(N, 11)), rng.normal(size=N)])
        out.append(qm.analyse(qm.QSorts(laid(liking)), 2).flag_array[-1].any())
    return out


# --- differences -----------------------------------------------------------------------


def one_view_twice(reliability, *, grid=True):
    """Two groups of six who hold one view; sorts of one view correlate so much."""
    # laying likings into the grid takes something off their correlation
    noise = math.sqrt(1 / {0.8: 0.837, 0.5: 0.524}[reliability] - 1)
    noise = noise if grid else math.sqrt(1 / reliability - 1)

    def simulate(rng, runs):
        out = []
        errors = np.full(2, np.sqrt(1 - qm.composite_reliability([6])[0]))
        for _ in range(runs):
            view = rng.normal(size=(N, 1))
            sorts = view + noise * rng.normal(size=(N, 12))
            sorts = laid(sorts) if grid else sorts
            z = standard(np.column_stack([sorts[:, :6].sum(axis=1), sorts[:, 6:].sum(axis=1)]))
            apart = qm.significant_differences(z, errors)
            out.append(apart[int(rng.integers(N)), 0])
        return out

    return simulate


def erring(rng, runs, gap):
    """z-scores of two factors whose true difference is `gap`, with normal errors."""
    errors = np.array([0.25, 0.4])
    truth = rng.normal(size=runs)
    z = np.column_stack([truth, truth + gap]) + errors * rng.normal(size=(runs, 2))
    return z, errors


def as_far_as_the_margin(rng, runs):
    z, errors = erring(rng, runs, 1.0)
    return eq.equivalence_p_values(z, errors, 1.0)[:, 0] < 0.05


def bounded(rng, runs):
    z, errors = erring(rng, runs, 0.8)
    return eq.equivalence_bounds(z, errors)[:, 0] >= 0.8


# --- the bootstrap ---------------------------------------------------------------------


def resampled(what, people=30, noise=1.0, n_resamples=200):
    """Intervals from who sorted, and the factors of everybody who might have."""

    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            views = rng.normal(size=(N, 2))
            everybody = laid(views[:, np.arange(4000) % 2] + noise * rng.normal(size=(N, 4000)))
            truth = standard(np.column_stack([everybody[:, i::2].sum(axis=1) for i in (0, 1)]))
            sorts = qm.QSorts(everybody[:, rng.permutation(4000)[:people]])
            found = qm.bootstrap(
                sorts, 2, n_resamples=n_resamples, seed=int(rng.integers(2**31)), progress=False
            )
            r = np.corrcoef(found.analysis.z_array.T, truth.T)[:2, 2:]
            own = np.abs(r).argmax(axis=1)
            if len(set(own)) < 2 or np.isnan(r).any():
                continue
            true = truth[:, own] * np.sign(r[[0, 1], own])
            s = int(rng.integers(N))
            if what == "z_scores":
                row = found.z_scores.iloc[s]
                out.append(row["low"] <= true[s, 0] <= row["high"])
            elif what == "differences":
                row = found.differences.iloc[s]
                out.append(row["low"] <= true[s, 0] - true[s, 1] <= row["high"])
        return out

    return simulate


# --- studies and viewpoints -------------------------------------------------------------


def unrelated(what):
    def simulate(rng, runs):
        out = []
        for seed in range(runs):
            match = qm.match_factors(
                rng.normal(size=(25, 3)), rng.normal(size=(25, 3)),
                n_permutations=99, seed=seed, progress=False,
            )  # fmt: skip
            best = match.pairs["p_adjusted"].min()
            out.append((match.p_value if what == "p_value" else best) <= 0.05)
        return out

    return simulate


def false_matches(**options):
    def simulate(rng, runs):
        rate = qm.false_match_rate(
            "governance-2024", n_sorts=20, n_studies=runs, n_permutations=199,
            seed=int(rng.integers(2**31)), progress=False, **options,
        )  # fmt: skip
        return np.arange(runs) < round(rate.value * runs)

    return simulate


@lru_cache(maxsize=1)
def governance():
    views = qm.Viewpoints.load("governance-2024")
    tags = qm.synthetic_tags(views.claims)
    labels = list(dict.fromkeys(tags["statement"]))
    rng = np.random.default_rng(1)
    grid = np.arange(len(labels), dtype=float)
    sorts = qm.QSorts(np.column_stack([rng.permutation(grid) for _ in range(4)]), labels)
    return views, tags, qm.analyse(sorts, 1)


def likeness(what):
    """The interval of a similarity (or of a claim's score) around that of the true scores."""

    def simulate(rng, runs):
        views, tags, base = governance()

        def match(z, error):
            own = replace(base, z_array=z, standard_error=np.array([error]))
            found = qm.match_viewpoints(own, views, tags, n_permutations=19, seed=1, mixed=False)
            return found.similarity if what == "similarity" else found.claims

        out = []
        for _ in range(runs):
            truth = standard(rng.normal(size=(base.sorts.n_statements, 1)))
            seen = standard(math.sqrt(0.91) * truth + 0.3 * rng.normal(size=truth.shape))
            row, true = match(seen, 0.3), match(truth, 0.3)
            i = int(rng.integers(len(row)))
            name = "similarity" if what == "similarity" else "aligned"
            out.append(row["low"].iloc[i] <= true[name].iloc[i] <= row["high"].iloc[i])
        return out

    return simulate


def unlike(rng, runs):
    """p of one viewpoint, where the scores have nothing to do with any."""
    views, tags, base = governance()
    out = []
    for seed in range(runs):
        z = standard(rng.normal(size=(base.sorts.n_statements, 1)))
        own = replace(base, z_array=z, standard_error=np.array([0.3]))
        found = qm.match_viewpoints(own, views, tags, n_permutations=99, seed=seed, mixed=False)
        out.append(found.similarity["p_value"].iloc[int(rng.integers(5))] <= 0.05)
    return out


def random_sorts(rng, runs):
    """Parallel analysis of sorts without any view: whether it finds a factor."""
    out = []
    for seed in range(runs):
        sorts = qm.QSorts(laid(rng.normal(size=(N, 12))))
        observed, random = parallel_analysis(sorts, n_permutations=199, seed=seed, progress=False)
        out.append(observed[0] > random[0])
    return out


def means_of_runs(rng, runs):
    """Curves of recovery: the interval of a mean over 20 studies."""
    out = []
    for _ in range(runs):
        table = pd.DataFrame({"noise": 0.5, "n_sorts": 20, "matched": rng.beta(4, 2, 20)})
        for other in set(MEASURES) - {"matched"}:
            table[other] = 0.0
        row = qm.RecoveryCurves(table, "").curves.set_index("measure").loc["matched"]
        out.append(row["low"] <= 4 / 6 <= row["high"])
    return out


TWO_GROUPS = "2 groups of 6 sorts that hold one view and correlate"
CASES = [
    Case("flag", "significance at 0.05", 0.05, "random forced sorts of 34 statements, a fixed view",
         stranger_and_view, 20_000, 1000),
    Case("flag", "significance at 0.05 within an analysis", 0.05,
         "a random sort among 11 sorts of 2 views, majority rule on", stranger_in_a_study, 2000, 40,
         "known", (0.27, 0.30)),
    Case("significant_differences", "difference at 0.05", 0.05, f"{TWO_GROUPS} 0.8, as is assumed",
         one_view_twice(0.8, grid=False), 10_000, 200),
    Case("significant_differences", "difference at 0.05", 0.05,
         f"{TWO_GROUPS} 0.8, forced into a grid of 34", one_view_twice(0.8), 10_000, 200,
         "known", (0.05, 0.065)),
    Case("significant_differences", "difference at 0.05", 0.05,
         f"{TWO_GROUPS} 0.5, not 0.8, forced into a grid of 34", one_view_twice(0.5), 10_000, 200,
         "known", (0.29, 0.33)),
    Case("equivalence_p_values", "p-value", 0.05, "true difference at the margin, errors as stated",
         as_far_as_the_margin, 20_000, 1000),
    Case("equivalence_bounds", "95 % bound", 0.95, "true difference 0.8, errors 0.25 and 0.4",
         bounded, 20_000, 1000, "at least"),
    Case("QBootstrap.z_scores", "95 % interval", 0.95,
         "30 sorts drawn from two views and noise of the same size, 34 statements",
         resampled("z_scores"), 600, 0),
    Case("QBootstrap.differences", "95 % interval", 0.95,
         "30 sorts drawn from two views and noise of the same size, 34 statements",
         resampled("differences"), 600, 0),
    Case("match_factors", "p-value of the whole", 0.05, "3 and 3 unrelated factors, 25 statements",
         unrelated("p_value"), 1500, 30),
    Case("match_factors", "smallest corrected p-value", 0.05,
         "3 and 3 unrelated factors, 25 statements", unrelated("p_adjusted"), 1500, 0, "at most"),
    Case("match_viewpoints", "chance of any false match", 0.05,
         "studies of 20 random sorts, 3 factors", false_matches(), 400, 0, "at most"),
    Case("match_viewpoints", "chance of any false match", 0.05,
         "studies of 20 sorts of one view that nobody wrote down, 3 factors",
         false_matches(outside=True), 400, 0, "at most"),
    Case("ViewpointMatch.similarity", "95 % interval", 0.95,
         "z-scores with normal errors of 0.3, as stated", likeness("similarity"), 600, 0),
    Case("ViewpointMatch.similarity", "p-value of one viewpoint", 0.05, "random z-scores",
         unlike, 500, 0, "at most"),
    Case("ViewpointMatch.claims", "95 % interval", 0.95,
         "z-scores with normal errors of 0.3, as stated", likeness("claims"), 600, 0),
    Case("factor_retention", "parallel analysis finds a factor", 0.05, "12 random forced sorts",
         random_sorts, 1000, 0),
    Case("RecoveryCurves.curves", "95 % interval of a mean", 0.95, "20 synthetic studies",
         means_of_runs, 1000, 0),
]  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.few], ids=lambda c: c.name)
def test_few_runs(case):
    check_few(case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_long_run(case):
    check_all(case, "qmethod")
