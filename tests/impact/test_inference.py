"""Coverage of every interval and level of every p-value of the room, by simulation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
import pytest
from simulations import Case, check_all, check_few

from dmpkit import impact
from dmpkit.errors import DataError, DmpkitWarning

# --- shares ------------------------------------------------------------------------------


def share(method, n, truth, rng, runs):
    """Intervals of all counts, then counts drawn."""
    ends = [impact.share_interval(k, n, method) for k in range(n + 1)]
    held = np.array([e.low <= truth <= e.high for e in ends])
    return held[rng.binomial(n, truth, runs)]


def tally(rng, runs):
    counts = rng.multinomial(60, [0.3, 0.5, 0.2], size=runs)
    found = []
    for one in counts:
        table = pd.DataFrame({"status": ["implemented", "rejected", "accepted"], "count": one})
        row = impact.shares_of(table, sample=True).shares.iloc[0]
        found.append(row["low"] <= 0.3 <= row["high"])
    return found


def exact_table(rng, runs):
    for _ in range(runs):
        rows = rng.integers(0, 3, 24)
        table = np.zeros((3, 2), dtype=int)
        np.add.at(table, (rows, rng.integers(0, 2, 24)), 1)
        yield impact.exact_table_test(table).p_value <= 0.05


# --- curves ------------------------------------------------------------------------------
#
# Two outcomes with constant hazards 1 and 0.5, censored uniformly between 0.3 and 2.5: after
# one unit of time 52 % have had the first and 26 % the second of the outcomes.

HAZARDS = np.array([1.0, 0.5])
AT = 0.7
INCIDENCE = HAZARDS / 1.5 * (1 - np.exp(-1.5 * AT))


def competing(rng, n, hazards=HAZARDS, late=False):
    """Times, causes ("", a, b) and entries."""
    start = rng.uniform(0, 0.4, n) * late
    event = start + rng.exponential(1 / hazards.sum(), n)
    which = np.where(rng.random(n) < hazards[0] / hazards.sum(), "a", "b")
    lost = rng.uniform(0.3, 2.5, n) + start
    return np.minimum(event, lost), np.where(event <= lost, which, ""), start


def greenwood(method, n, rng, runs):
    for _ in range(runs):
        time, cause, _ = competing(rng, n)
        row = impact.cumulative_incidence(time, cause, causes=("a", "b"), bands=True,
                                          interval=method).at([AT]).iloc[0]  # fmt: skip
        yield row["low"] <= INCIDENCE[0] <= row["high"]


def median_of_incidence(n, rng, runs):
    truth = -np.log(1 - 0.5 * 1.5 / 1.0) / 1.5
    for _ in range(runs):
        time, cause, _ = competing(rng, n)
        found = impact.cumulative_incidence(time, cause, causes=("a", "b"), bands=True).median("a")
        yield inside(found.low, truth, found.high)


def inside(low, truth, high):
    """Whether an interval holds the truth; an end that was not reached is open."""
    return not (low > truth or high < truth)


def mean_time(n, rng, runs):
    horizon = 1.2
    truth = HAZARDS[0] / 1.5 * (horizon - (1 - np.exp(-1.5 * horizon)) / 1.5)
    for _ in range(runs):
        time, cause, _ = competing(rng, n)
        curves = impact.cumulative_incidence(time, cause, causes=("a", "b"), bands=True)
        if curves.end < horizon:
            continue
        row = curves.restricted_mean(horizon).set_index("cause").loc["a"]
        yield row["low"] <= truth <= row["high"]


def kaplan_meier(method, n, rng, runs, late=False):
    truth = np.exp(-AT)
    for _ in range(runs):
        start = rng.uniform(0, 0.3, n) * late
        event = rng.exponential(1, n)
        while (event <= start).any():
            event = np.where(event <= start, rng.exponential(1, n), event)
        lost = rng.uniform(0.3, 2.5, n)
        seen = event <= lost
        curve = impact.kaplan_meier(np.maximum(np.minimum(event, lost), start + 1e-9), seen, start,
                                    bands=True, interval=method)  # fmt: skip
        row = curve.at([AT]).iloc[0]
        yield row["low"] <= truth <= row["high"]


def median_time(n, rng, runs):
    for _ in range(runs):
        event, lost = rng.exponential(1, n), rng.uniform(0.3, 2.5, n)
        found = impact.kaplan_meier(np.minimum(event, lost), event <= lost, bands=True).median()
        yield inside(found.low, np.log(2), found.high)


def mean_without(n, rng, runs):
    for _ in range(runs):
        event, lost = rng.exponential(1, n), rng.uniform(0.3, 2.5, n)
        curve = impact.kaplan_meier(np.minimum(event, lost), event <= lost, bands=True)
        if curve.end < 1.2:
            continue
        row = curve.restricted_mean(1.2).iloc[0]
        yield row["low"] <= 1 - np.exp(-1.2) <= row["high"]


def stays(rng, n, processes=1, spread=0.0):
    """Received, then accepted or rejected; an accepted one may be implemented."""
    pull = np.exp(rng.normal(0, spread, processes)) if spread else np.ones(processes)
    rows = []
    for i in range(n):
        p = i % processes
        answered = rng.exponential(1 / pull[p])
        end, word = rng.uniform(1, 3), "accepted" if rng.random() < 0.6 else "rejected"
        if answered >= end:
            rows.append((i, 0, end, "received", "censored", p))
            continue
        rows.append((i, 0, answered, "received", word, p))
        done = answered + rng.exponential(1.0)
        if word == "accepted" and done < end:
            rows.append((i, answered, done, "accepted", "implemented", p))
            rows.append((i, done, end, "implemented", "censored", p))
        else:
            rows.append((i, answered, end, word, "censored", p))
    return pd.DataFrame(rows, columns=["id", "start", "stop", "from", "to", "process"])


STATES = ("received", "accepted", "rejected", "implemented")


def occupied(n, rng, runs):
    truth = 0.6 * AT * np.exp(-AT)  # accepted and not yet implemented, both with hazard 1
    for _ in range(runs):
        curves = impact.occupancy(stays(rng, n), states=STATES, bands=True)
        row = curves.at([AT]).set_index("state").loc["accepted"]
        yield row["low"] <= truth <= row["high"]


# --- processes drawn whole ------------------------------------------------------------------


def clustered_times(rng, processes, items=10, spread=0.7):
    """Gamma frailty of processes with mean 1, which changes the marginal curves."""
    shape = 1 / spread**2
    pull = np.repeat(rng.gamma(shape, 1 / shape, processes), items)
    n = processes * items
    event = rng.exponential(1 / (1.5 * pull))
    which = np.where(rng.random(n) < 2 / 3, "a", "b")
    lost = rng.uniform(0.3, 2.5, n)
    process = np.repeat(np.arange(processes), items)
    return np.minimum(event, lost), np.where(event <= lost, which, ""), process


def frail(hazard, at, spread=0.7):
    """Share that has had an event by a time when hazards have that frailty."""
    return 1 - (1 + hazard * at * spread**2) ** (-1 / spread**2)


def frail_mean(horizon, spread=0.7):
    grid = np.linspace(0, horizon, 20_001)
    return np.trapezoid(frail(1.5, grid, spread), grid)


def pooled_incidence(processes, rng, runs):
    truth = 2 / 3 * frail(1.5, AT)
    for _ in range(runs):
        time, cause, process = clustered_times(rng, processes)
        row = impact.cumulative_incidence(
            time, cause, process=process, causes=("a", "b"), n_resamples=199,
            seed=int(rng.integers(2**31)),
        ).at([AT]).iloc[0]  # fmt: skip
        yield row["low"] <= truth <= row["high"]


def pooled_survival(processes, rng, runs):
    truth = 1 - frail(1.5, AT)
    for _ in range(runs):
        time, cause, process = clustered_times(rng, processes)
        row = impact.kaplan_meier(
            time, cause != "", process=process, n_resamples=199, seed=int(rng.integers(2**31))
        ).at([AT]).iloc[0]  # fmt: skip
        yield row["low"] <= truth <= row["high"]


def pooled_mean(processes, rng, runs):
    truth = 2 / 3 * frail_mean(1.2)
    for _ in range(runs):
        time, cause, process = clustered_times(rng, processes)
        curves = impact.cumulative_incidence(
            time, cause, process=process, causes=("a", "b"), n_resamples=199,
            seed=int(rng.integers(2**31)),
        )  # fmt: skip
        if curves.end < 1.2:
            continue
        row = curves.restricted_mean(1.2).set_index("cause").loc["a"]
        yield row["low"] <= truth <= row["high"]


def pooled_occupancy(processes, rng, runs):
    spread = 0.5
    grid, weight = np.polynomial.hermite_e.hermegauss(40)
    pull = np.exp(spread * grid)
    # accepted with hazard a, then left with hazard 1: a (e^-t - e^-at) / (a - 1)
    gap = (np.exp(-AT) - np.exp(-pull * AT)) / (pull - 1)  # no node is at a hazard of 1 exactly
    truth = 0.6 * float((weight / weight.sum()) @ (pull * gap))
    for _ in range(runs):
        rows = stays(rng, 10 * processes, processes, spread)
        curves = impact.occupancy(rows, states=STATES, process="process", n_resamples=199,
                                  seed=int(rng.integers(2**31)))  # fmt: skip
        row = curves.at([AT]).set_index("state").loc["accepted"]
        yield row["low"] <= truth <= row["high"]


def mean_difference(kind, processes, rng, runs):
    for _ in range(runs):
        time, cause, process = clustered_times(rng, processes, spread=0.7)
        if kind == "greenwood":
            time, cause, _ = competing(rng, 100)
            process = rng.integers(0, 4, 100)
        group = np.where(rng.random(len(time)) < 0.5, "early", "late")
        try:
            table = impact.restricted_mean_difference(
                time, cause, group, 1.2, process=process, causes=("a", "b"),
                n_resamples=199 if kind == "bootstrap" else 2, seed=int(rng.integers(2**31)),
            )  # fmt: skip
        except DataError:  # a group was not followed for so long
            continue
        row = table.iloc[0]
        prefix = "greenwood_" if kind == "greenwood" else ""
        yield row[f"{prefix}low"] <= 0 <= row[f"{prefix}high"]


# --- tests of groups, models -------------------------------------------------------------------


def group_test(kind, sizes, rng, runs):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    for _ in range(runs):
        time, cause, _ = competing(rng, len(labels))
        if kind == "gray":
            yield impact.gray_test(time, cause, labels, of="a").p_value <= 0.05
        else:
            rho = {"log-rank": 0.0, "peto": 1.0}[kind]
            yield impact.logrank_test(time, cause == "a", labels, rho=rho).p_value <= 0.05


def cox(what, n, rng, runs):
    truth = 0.7 if what == "interval" else 0.0
    for _ in range(runs):
        x = rng.normal(size=(n, 2))
        event, lost = rng.exponential(np.exp(-truth * x[:, 0])), rng.uniform(0.5, 3, n)
        table = impact.cox(np.minimum(event, lost), event <= lost,
                           pd.DataFrame(x, columns=["a", "b"])).table.iloc[0]  # fmt: skip
        held = table["low"] <= np.exp(truth) <= table["high"]
        yield held if what == "interval" else table["p_value"] <= 0.05


def subdistribution(what, n, rng, runs):
    """Times of Fine and Gray (1999): F_a(t|x) = 1 − (1 − 0.6 (1 − e^−t))^exp(bx)."""
    truth = 0.7 if what == "interval" else 0.0
    for _ in range(runs):
        x = rng.normal(size=(n, 1))
        pull = np.exp(truth * x[:, 0])
        ever = 1 - 0.4**pull
        first = rng.random(n) < ever
        level = (1 - (1 - rng.random(n) * ever) ** (1 / pull)) / 0.6
        event = np.where(first, -np.log1p(-np.minimum(level, 1 - 1e-12)), rng.exponential(1, n))
        lost = rng.uniform(0.5, 4, n)
        cause = np.where(event <= lost, np.where(first, "a", "b"), "")
        table = impact.fine_gray(np.minimum(event, lost), cause, pd.DataFrame({"x": x[:, 0]}),
                                 of="a").table.iloc[0]  # fmt: skip
        held = table["low"] <= np.exp(truth) <= table["high"]
        yield held if what == "interval" else table["p_value"] <= 0.05


def picked(rng, processes, items, slope):
    """Recommendations of processes that differ; a property of items and one of processes."""
    n = processes * items
    group = np.repeat(np.arange(processes), items)
    cost = rng.binomial(1, 0.4, n)
    latent = slope * cost + rng.normal(0, 0.9, processes)[group] + rng.logistic(size=n)
    fate = np.where(latent > 0.3, "done", "no")
    return pd.DataFrame({"fate": fate, "cost": cost, "process": [f"p{g}" for g in group]})


def cherry(what, processes, items, rng, runs, **settings):
    column = {"interval": ("low", "high"), "level": ("p_value", "p_value")}[what]
    slope = 0.8 if what == "interval" and settings.get("errors") == "random" else 0.0
    for _ in range(runs):
        table = picked(rng, processes, items, slope)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            found = impact.cherry_picking(
                table, fate="fate", predictors=["cost"], process="process",
                levels=["no", "done"], n_resamples=199, seed=int(rng.integers(2**31)), **settings,
            ).coefficients  # fmt: skip
        row = found[found["term"].str.startswith("cost")].iloc[0]
        low, high = row[column[0]], row[column[1]]
        yield low <= slope <= high if what == "interval" else low <= 0.05


def effect(processes, items, rng, runs):
    """The average marginal effect of a property that does nothing is 0."""
    for _ in range(runs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            found = impact.cherry_picking(
                picked(rng, processes, items, 0.0), fate="fate", predictors=["cost"],
                process="process", levels=["no", "done"], small_sample="t",
            ).marginal_effects  # fmt: skip
        row = found.iloc[0]
        yield row["low"] <= 0 <= row["high"]


def single_process(rng, runs):
    for _ in range(runs):
        table = pd.DataFrame({
            "fate": rng.choice(["no", "partly", "done"], 24),
            "cost": rng.choice(["low", "high"], 24),
        })  # fmt: skip
        found = impact.cherry_picking(table, fate="fate", predictors=["cost"],
                                      levels=["no", "partly", "done"])  # fmt: skip
        yield found.tests["p_value"].iloc[0] <= 0.05


def rated(coefficient, n, rng, runs):
    """Two raters who see the same status in 70 %, else one at random."""
    words = np.array(["accepted", "rejected", "implemented"])
    truth = {"percent agreement": 0.7 + 0.3 / 3, "Cohen's kappa": 0.7}[coefficient]
    ids = [f"r{i:03d}" for i in range(n)]
    for _ in range(runs):
        one = rng.integers(0, 3, n)
        two = np.where(rng.random(n) < 0.7, one, rng.integers(0, 3, n))
        frame = pd.DataFrame({
            "rec_id": ids * 2, "rater": ["a"] * n + ["b"] * n,
            "status": np.concatenate([words[one], words[two]]),
        })  # fmt: skip
        table = impact.raters(frame, n_resamples=199, seed=int(rng.integers(2**31))).agreement
        chosen = table[(table["of"] == "status") & (table["coefficient"] == coefficient)]
        row = chosen.iloc[0]
        yield row["low"] <= truth <= row["high"]


# --- cases ---------------------------------------------------------------------------------


def listed(step: Callable[..., Iterator[bool]], *given, **named):
    """A simulation that yields, as one that gives a list."""
    return lambda rng, runs: list(partial(step, *given, **named)(rng, runs))


COVER = "95 % interval"
LEVEL = "p-value, level .05"
TWO = "2 outcomes with hazards 1 and .5, censored uniformly from .3 to 2.5; at time .7; "
ONE = "exponential times, censored uniformly from .3 to 2.5; at time .7; "
FRAIL = "10 items a process, gamma frailty of processes with variance .49; at time .7; "
CHERRY = "10 recommendations a process, random intercepts with standard deviation .9; "

CASES: list[Case] = [
    # shares: coverage of an interval for counts depends on the share by chance of the counts
    Case("share_interval", "95 % interval (Wilson)", 0.95, "60 recommendations, share .3",
         partial(share, "wilson", 60, 0.3), 20_000, 2_000, "known", (0.93, 0.96)),
    Case("share_interval", "95 % interval (Wilson, corrected)", 0.95,
         "60 recommendations, share .3",
         partial(share, "wilson_corrected", 60, 0.3), 20_000, 2_000, "at least"),
    Case("share_interval", "95 % interval (Clopper and Pearson)", 0.95,
         "60 recommendations, share .3",
         partial(share, "clopper_pearson", 60, 0.3), 20_000, 2_000, "at least"),
    Case("share_interval", "95 % interval (Jeffreys)", 0.95, "60 recommendations, share .3",
         partial(share, "jeffreys", 60, 0.3), 20_000, 2_000, "known", (0.94, 0.965)),
    Case("TallyShares.shares", COVER, 0.95, "60 recommendations, share .3", tally, 800, 15,
         "known", (0.93, 0.96)),
    Case("exact_table_test", LEVEL, 0.05, "24 items in 3 x 2 cells at random",
         listed(exact_table), 2000, 150, "at most"),
    # curves of items that are independent draws
    *(
        Case("cumulative_incidence", f"95 % interval ({kind})", 0.95, TWO + f"{n} items",
             listed(greenwood, kind, n), 1000, few)
        for kind, n, few in (("plain", 50, 30), ("log", 100, 0), ("log-log", 100, 20))
    ),
    Case("CumulativeIncidence.median", COVER, 0.95, TWO + "100 items",
         listed(median_of_incidence, 100), 1000, 0, "known", (0.92, 0.97)),
    Case("CumulativeIncidence.restricted_mean", COVER, 0.95, TWO + "100 items; until 1.2",
         listed(mean_time, 100), 800, 20),
    *(
        Case("kaplan_meier", f"95 % interval ({kind})", 0.95, ONE + f"{n} items",
             listed(kaplan_meier, kind, n), 1000, few)
        for kind, n, few in (("plain", 100, 0), ("log", 100, 0), ("log-log", 50, 30))
    ),
    Case("kaplan_meier", "95 % interval (log-log)", 0.95,
         ONE + "50 items that come under observation between 0 and .3",
         listed(kaplan_meier, "log-log", 50, late=True), 1000, 0),
    Case("KaplanMeier.median", COVER, 0.95, ONE + "50 items", listed(median_time, 50), 1000, 40),
    Case("KaplanMeier.restricted_mean", COVER, 0.95, ONE + "50 items; until 1.2",
         listed(mean_without, 50), 800, 0, "known", (0.92, 0.95)),
    Case("occupancy", "95 % interval (plain)", 0.95,
         "received, accepted or rejected, implemented, hazards of 1; 60 items; at time .7",
         listed(occupied, 60), 600, 10, "known", (0.92, 0.95)),
    # whole processes drawn
    *(
        Case("cumulative_incidence", "95 % interval (processes drawn)", 0.95,
             FRAIL + f"{processes} processes", listed(pooled_incidence, processes), runs, few,
             "known", (0.91, 0.96))
        for processes, runs, few in ((12, 400, 5), (30, 200, 0))
    ),
    Case("kaplan_meier", "95 % interval (processes drawn)", 0.95, FRAIL + "12 processes",
         listed(pooled_survival, 12), 400, 0, "known", (0.91, 0.96)),
    Case("CumulativeIncidence.restricted_mean", "95 % interval (processes drawn)", 0.95,
         FRAIL + "12 processes; until 1.2", listed(pooled_mean, 12), 400, 0,
         "known", (0.91, 0.96)),
    Case("occupancy", "95 % interval (processes drawn)", 0.95,
         "received, accepted or rejected, implemented; lognormal frailty of answers with "
         "standard deviation .5; 12 processes of 10 items; at time .7",
         listed(pooled_occupancy, 12), 250, 0, "known", (0.89, 0.96)),
    Case("restricted_mean_difference", "95 % interval (processes drawn)", 0.95,
         FRAIL + "12 processes; until 1.2", listed(mean_difference, "bootstrap", 12), 400, 0,
         "known", (0.91, 0.96)),
    # tests of groups, and models
    *(
        Case(name, LEVEL, 0.05, TWO + f"groups of {', '.join(map(str, sizes))}",
             listed(group_test, kind, sizes), 2000, few)
        for name, kind, sizes, few in (
            ("logrank_test", "log-rank", (40, 40), 100),
            ("logrank_test", "log-rank", (15, 30, 45), 0),
            ("gray_test", "gray", (40, 40), 60),
            ("gray_test", "gray", (15, 30, 45), 0),
        )
    ),
    Case("logrank_test", LEVEL + " (rho 1)", 0.05, TWO + "groups of 40, 40",
         listed(group_test, "peto", (40, 40)), 2000, 0),
    Case("cox", "95 % interval of the ratio", 0.95, "80 items, 2 normal predictors, log ratio .7",
         listed(cox, "interval", 80), 200, 0),
    Case("cox", LEVEL, 0.05, "80 items, 2 normal predictors", listed(cox, "level", 80), 200, 0),
    Case("fine_gray", "95 % interval of the ratio", 0.95,
         "120 items, a normal predictor, log ratio .7 (Fine and Gray 1999, section 5)",
         listed(subdistribution, "interval", 120), 800, 0),
    Case("fine_gray", LEVEL, 0.05, "120 items, a normal predictor",
         listed(subdistribution, "level", 120), 800, 20),
    Case("cherry_picking", "95 % interval (bootstrap of scores)", 0.95, CHERRY + "12 processes",
         listed(cherry, "interval", 12, 10), 250, 0),
    Case("cherry_picking", LEVEL + " (bootstrap of scores)", 0.05, CHERRY + "12 processes",
         listed(cherry, "level", 12, 10), 250, 0),
    Case("cherry_picking", "95 % interval (t)", 0.95, CHERRY + "12 processes",
         listed(cherry, "interval", 12, 10, small_sample="t"), 400, 0, "known", (0.93, 0.97)),
    Case("cherry_picking", "95 % interval (clustered, 40 processes)", 0.95,
         CHERRY + "40 processes", listed(cherry, "interval", 40, 10), 400, 0),
    Case("cherry_picking", "95 % interval (random intercept)", 0.95,
         CHERRY + "40 processes, log ratio .8",
         listed(cherry, "interval", 40, 10, errors="random"), 120, 0),
    Case("cherry_picking", LEVEL + " (random intercept)", 0.05, CHERRY + "40 processes",
         listed(cherry, "level", 40, 10, errors="random"), 120, 0),
    Case("CherryPicking.marginal_effects", "95 % interval (t)", 0.95, CHERRY + "12 processes",
         listed(effect, 12, 10), 400, 0, "known", (0.93, 0.97)),
    Case("cherry_picking", LEVEL + " (one process, exact)", 0.05,
         "24 recommendations, 3 fates, 2 costs at random", listed(single_process), 800, 5,
         "at most"),
    *(
        Case("RaterComparison.agreement", f"95 % interval ({name})", 0.95,
             "60 recommendations, 3 statuses; the second rater sees 70 %, else guesses",
             listed(rated, name, 60), 100, 0, "known", (0.90, 0.96))
        for name in ("Cohen's kappa",)
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.few], ids=lambda c: c.name)
def test_few_runs(case):
    check_few(case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_long_run(case):
    check_all(case, "impact")
