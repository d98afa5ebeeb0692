"""Do the intervals of the measures cover, and do their tests keep the level?"""

import numpy as np
import pandas as pd
import pytest
from simulations import Case, check_all, check_few

from dmpkit.measures import agreement as ag
from dmpkit.measures import clusters as cl
from dmpkit.measures import proportions as pr
from dmpkit.measures import unitizing as un

pytestmark = pytest.mark.filterwarnings("ignore::dmpkit.errors.SmallSampleWarning")


def covered(low, high, truth):
    return (np.asarray(low) <= truth) & (truth <= np.asarray(high))


# --- shares ------------------------------------------------------------------------


def share(step, n=40, **options):
    def simulate(rng, runs):
        p = rng.uniform(0.02, 0.98, runs)
        return covered(*step(rng.binomial(n, p), np.full(runs, n), **options), p)

    return simulate


def any_share(method):
    def simulate(rng, runs):
        p = rng.uniform(0.02, 0.98, runs)
        found = [pr.share_interval(int(x), 40, method=method) for x in rng.binomial(40, p)]
        return covered([e.low for e in found], [e.high for e in found], p)

    return simulate


def together(rng, runs):
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    ends = [pr.goodman_intervals(x) for x in rng.multinomial(60, shares, runs)]
    return [bool(covered(*pair, shares).all()) for pair in ends]


def difference(rng, runs):
    a, b = rng.uniform(0.05, 0.95, (2, runs))
    x, y = rng.binomial(25, a), rng.binomial(60, b)
    found = [pr.newcombe_difference(int(i), 25, int(j), 60) for i, j in zip(x, y, strict=True)]
    return covered([e.low for e in found], [e.high for e in found], a - b)


def binomial_test(rng, runs):
    p = rng.uniform(0.05, 0.95, runs)
    return pr.exact_binomial_test(rng.binomial(40, p), 40, p) <= 0.05


def family(method, false_share):
    """Six tests, four of them of a true null; whether any (or what share) was a false alarm."""

    def simulate(rng, runs):
        from scipy.special import ndtr

        out = []
        for z in rng.normal(size=(runs, 6)):
            p = 2 * ndtr(-np.abs(z + np.array([0, 0, 0, 0, 3, 3])))
            called = pr.adjust(p, method) <= 0.05
            if not false_share:
                out.append(called[:4].any())
            else:  # one of the calls, drawn at random: false as often as the share says
                found = np.flatnonzero(called)
                out.append(len(found) > 0 and rng.choice(found) < 4)
        return out

    return simulate


# --- agreement -----------------------------------------------------------------------

SHARES = np.array([0.4, 0.3, 0.2, 0.1])
VALUES = np.array([1.0, 2.0, 3.0, 5.0])
HIT = 0.7  # a rater sees what is there so often, and else guesses by the shares
GAP = 0.1  # ratings that are missing


def rated(rng, raters, units, hit=HIT, missing=GAP, shares=SHARES):
    """Raters × units of categories; NaN where missing."""
    truth = rng.choice(4, size=units, p=shares)
    seen = rng.random((raters, units)) < hit
    codes = np.where(seen, truth, rng.choice(4, size=(raters, units), p=shares))
    values = VALUES[codes]
    values[rng.random(values.shape) < missing] = np.nan
    return values


def joint(hit=HIT):
    """Chance of every pair of ratings of one unit."""
    both = hit**2
    return both * np.diag(SHARES) + (1 - both) * np.outer(SHARES, SHARES)


def near():
    return 1 - np.subtract.outer(VALUES, VALUES) ** 2 / 16


def ranks():
    """Krippendorff's ordinal metric of the shares."""
    place = np.cumsum(SHARES) - SHARES / 2
    return np.subtract.outer(place, place) ** 2


def kappa_truth(weight, chance):
    agreed, crossed = (joint() * weight).sum(), (np.outer(SHARES, SHARES) * weight).sum()
    expected = {
        "none": 0.0,
        "own": crossed,
        "uniform": weight.mean(),
        "gwet": weight.sum() / 12 * (SHARES * (1 - SHARES)).sum(),
    }[chance]
    return (agreed - expected) / (1 - expected)


def alpha_truth(distance, both=None):
    seen = joint() if both is None else both
    return 1 - (seen * distance).sum() / (np.outer(SHARES, SHARES) * distance).sum()


def coefficient(step, truth, raters=3, units=50, *args, missing=GAP, **options):
    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            table = rated(rng, raters, units, missing=missing)
            seed = {"seed": int(rng.integers(2**31))} if "n_resamples" in options else {}
            found = step(table, *args, categories=VALUES, **seed, **options)
            if not np.isnan(found.low):
                out.append(found.low <= truth <= found.high)
        return out

    return simulate


def no_agreement(step, raters=3, units=50, shares=SHARES):
    def simulate(rng, runs):
        tables = (rated(rng, raters, units, hit=0.0, shares=shares) for _ in range(runs))
        return [step(t, categories=VALUES).p_value <= 0.05 for t in tables]

    return simulate


def of_interviews(n_resamples=200, interviews=25, each=8):
    """Alpha over stretches of interviews, some of which are hard to code."""
    hits = np.array([0.45, 0.9])
    truth = alpha_truth(1 - np.eye(4), np.mean([joint(h) for h in hits], axis=0))

    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            hit = np.repeat(rng.choice(hits, interviews), each)
            table = rated(rng, 2, interviews * each, hit=hit, missing=0.0)
            found = ag.krippendorff_alpha(
                table, n_resamples=n_resamples, seed=int(rng.integers(2**31)),
                clusters=np.repeat(np.arange(interviews), each),
            )  # fmt: skip
            out.append(found.low <= truth <= found.high)
        return out

    return simulate


def of_table(rng, runs):
    truth = kappa_truth(np.eye(4), "own")
    tables = rng.multinomial(80, joint().ravel(), runs).reshape(runs, 4, 4)
    found = [ag.cohen_kappa_of_table(t) for t in tables]
    return covered([e.low for e in found], [e.high for e in found], truth)


# --- people in groups ----------------------------------------------------------------


def groups(sizes, between=0.5):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    truth = between**2 / (between**2 + 1)

    def simulate(rng, runs):
        noise, own = rng.normal(size=(runs, len(labels))), rng.normal(size=(runs, len(sizes)))
        values = noise + between * own[:, labels]
        found = [cl.icc(v, labels) for v in values]
        return covered([e.low for e in found], [e.high for e in found], truth)

    return simulate


def no_groups(rng, runs):
    labels = np.repeat(np.arange(12), 8)
    return [cl.icc(v, labels).p_value <= 0.05 for v in rng.normal(size=(runs, 96))]


def judged(kind, level_spread, target=1.0):
    """Units, raters and noise of variance `target`, `level_spread`, 1."""
    one_way = kind.startswith("ICC(1")
    noise = 1 + (level_spread if one_way else 0)
    spread = 0 if kind.startswith("ICC(3") else level_spread
    truth = target / (target + 1 + spread) if target else 0.0
    truth = truth if kind.endswith("1)") else 4 * truth / (1 + 3 * truth)

    def simulate(rng, runs):
        out = []
        for _ in range(runs):
            x = np.sqrt(target) * rng.normal(size=20) + np.sqrt(noise) * rng.normal(size=(4, 20))
            if not one_way:
                x = x + np.sqrt(level_spread) * rng.normal(size=(4, 1))
            row = cl.icc_raters(x).set_index("type").loc[kind]
            out.append(row["low"] <= truth <= row["high"] if target else row["p_value"] <= 0.05)
        return out

    return simulate


# --- spans -------------------------------------------------------------------------


def source_spans(rng, n):
    """Two coders mark a passage a source, whose ends they see up to some characters."""
    start = rng.integers(10, 30, n)
    moved = rng.integers(-8, 9, (n, 2, 2))
    rows = []
    for i in range(n):
        for c, coder in enumerate("ab"):
            low, high = start[i] + moved[i, c, 0], start[i] + 30 + moved[i, c, 1]
            rows.append((f"s{i}", coder, low, high))
    return pd.DataFrame(rows, columns=["source", "coder", "start", "end"])


def spans(n_sources=25, n_resamples=200):
    def simulate(rng, runs):
        many = source_spans(np.random.default_rng(5), 20_000)
        truth = un.unitizing_alpha(many, {f"s{i}": 80 for i in range(20_000)}).value
        length = {f"s{i}": 80 for i in range(n_sources)}
        out = []
        for _ in range(runs):
            found = un.unitizing_alpha(
                source_spans(rng, n_sources), length,
                n_resamples=n_resamples, seed=int(rng.integers(2**31)),
            )  # fmt: skip
            out.append(found.low <= truth <= found.high)
        return out

    return simulate


# --- all of them -------------------------------------------------------------------

EYE = np.eye(4)
COUNTS = "counts of 40 people, share drawn between 0.02 and 0.98"
FIFTY = "3 raters, 50 units, 4 categories, 10 % missing, each rating right with 0.7"
TWO = "2 raters, 50 units, 4 categories, each rating right with 0.7"
MORE = FIFTY.replace("50", "200")
NULL = "3 raters who guess by the same shares, 50 units, 4 categories, 10 % missing"
NULL_OF_TWO = NULL.replace("3 raters", "2 raters")
SIX = "6 tests, 4 of them of true nulls, independent"
INTERVAL = "95 % interval"

CASES = [
    Case("wilson_interval", INTERVAL, 0.95, COUNTS, share(pr.wilson_interval), 50_000, 2000),
    Case("wilson_interval (corrected)", INTERVAL, 0.95, COUNTS,
         share(pr.wilson_interval, corrected=True), 50_000, 2000, "at least"),
    Case("clopper_pearson_interval", INTERVAL, 0.95, COUNTS,
         share(pr.clopper_pearson_interval), 50_000, 2000, "at least"),
    Case("jeffreys_interval", INTERVAL, 0.95, COUNTS, share(pr.jeffreys_interval), 50_000, 2000),
    Case("share_interval", INTERVAL, 0.95, COUNTS, any_share("wilson"), 10_000, 200),
    Case("goodman_intervals", "95 % of all together", 0.95,
         "60 people in shares of 10, 20, 30 and 40 %", together, 10_000, 200, "at least"),
    Case("newcombe_difference", INTERVAL, 0.95,
         "groups of 25 and 60, shares drawn between 0.05 and 0.95", difference, 10_000, 200),
    Case("exact_binomial_test", "p-value", 0.05, "counts of 40 people, share of the null",
         binomial_test, 2000, 100, "at most"),
    Case("holm", "chance of any false alarm", 0.05, SIX, family("holm", False),
         10_000, 200, "at most"),
    Case("bonferroni", "chance of any false alarm", 0.05, SIX, family("bonferroni", False),
         10_000, 200, "at most"),
    Case("benjamini_hochberg", "share of false alarms", 0.05, SIX, family("bh", True),
         10_000, 200, "at most"),
    Case("percent_agreement", INTERVAL, 0.95, FIFTY,
         coefficient(ag.percent_agreement, kappa_truth(EYE, "none"))),
    Case("fleiss_kappa", INTERVAL, 0.95, FIFTY,
         coefficient(ag.fleiss_kappa, kappa_truth(EYE, "own"))),
    Case("fleiss_kappa (quadratic weights)", INTERVAL, 0.95, FIFTY,
         coefficient(ag.fleiss_kappa, kappa_truth(near(), "own"), 3, 50, "quadratic"),
         holds="known", known=(0.91, 0.93)),
    Case("fleiss_kappa (quadratic weights)", INTERVAL, 0.95, MORE,
         coefficient(ag.fleiss_kappa, kappa_truth(near(), "own"), 3, 200, "quadratic"), few=0),
    Case("conger_kappa", INTERVAL, 0.95, FIFTY,
         coefficient(ag.conger_kappa, kappa_truth(EYE, "own"))),
    Case("brennan_prediger", INTERVAL, 0.95, FIFTY,
         coefficient(ag.brennan_prediger, kappa_truth(EYE, "uniform"))),
    Case("gwet_ac1", INTERVAL, 0.95, FIFTY,
         coefficient(ag.gwet_ac1, kappa_truth(EYE, "gwet"))),
    Case("gwet_ac2 (quadratic weights)", INTERVAL, 0.95, FIFTY,
         coefficient(ag.gwet_ac2, kappa_truth(near(), "gwet")), holds="known", known=(0.91, 0.93)),
    Case("gwet_ac2 (quadratic weights)", INTERVAL, 0.95, MORE,
         coefficient(ag.gwet_ac2, kappa_truth(near(), "gwet"), 3, 200), few=0),
    Case("scott_pi", INTERVAL, 0.95, TWO,
         coefficient(ag.scott_pi, kappa_truth(EYE, "own"), 2, missing=0)),
    Case("cohen_kappa", INTERVAL, 0.95, TWO,
         coefficient(ag.cohen_kappa, kappa_truth(EYE, "own"), 2, missing=0)),
    Case("cohen_kappa (quadratic weights)", INTERVAL, 0.95, TWO,
         coefficient(ag.cohen_kappa, kappa_truth(near(), "own"), 2, 50, "quadratic", missing=0),
         holds="known", known=(0.89, 0.91)),
    Case("cohen_kappa (quadratic weights)", INTERVAL, 0.95, TWO.replace("50", "200"),
         coefficient(ag.cohen_kappa, kappa_truth(near(), "own"), 2, 200, "quadratic", missing=0),
         few=0),
    Case("cohen_kappa_of_table", INTERVAL, 0.95, "tables of 80 units, 4 categories", of_table),
    Case("krippendorff_alpha (nominal)", INTERVAL, 0.95, FIFTY,
         coefficient(ag.krippendorff_alpha, alpha_truth(1 - EYE))),
    Case("krippendorff_alpha (ordinal)", INTERVAL, 0.95, FIFTY,
         coefficient(ag.krippendorff_alpha, alpha_truth(ranks()), 3, 50, "ordinal")),
    Case("krippendorff_alpha (interval)", INTERVAL, 0.95, FIFTY,
         coefficient(ag.krippendorff_alpha, alpha_truth(1 - near()), 3, 50, "interval"),
         holds="known", known=(0.90, 0.92)),
    Case("krippendorff_alpha (interval)", INTERVAL, 0.95, MORE,
         coefficient(ag.krippendorff_alpha, alpha_truth(1 - near()), 3, 200, "interval"), few=0),
    Case("krippendorff_alpha (nominal)", "95 % bootstrap interval over units", 0.95, FIFTY,
         coefficient(ag.krippendorff_alpha, alpha_truth(1 - EYE), n_resamples=500), 600, 0,
         "known", (0.93, 0.95)),
    Case("light_kappa", "95 % bootstrap interval over units", 0.95, FIFTY,
         coefficient(ag.light_kappa, kappa_truth(EYE, "own"), n_resamples=500), 600, 0,
         "known", (0.93, 0.95)),
    Case("krippendorff_alpha (nominal)", "95 % bootstrap interval over clusters", 0.95,
         "2 raters, 25 interviews of 8 stretches, half of them hard to code", of_interviews(500),
         600, 0, "known", (0.91, 0.94)),
    Case("unitizing_alpha (2016)", "95 % bootstrap interval over sources", 0.95,
         "2 coders, a passage in each of 25 texts, ends seen within 8 characters", spans(25, 500),
         600, 0, "known", (0.92, 0.95)),
    *(Case(step.__name__, "p-value of no agreement", 0.05, NULL, no_agreement(step),
           holds="known", known=(0.05, 0.07))
      for step in (ag.fleiss_kappa, ag.conger_kappa, ag.krippendorff_alpha)),
    Case("scott_pi", "p-value of no agreement", 0.05, NULL_OF_TWO, no_agreement(ag.scott_pi, 2),
         holds="known", known=(0.05, 0.07)),
    Case("cohen_kappa", "p-value of no agreement", 0.05, NULL_OF_TWO,
         no_agreement(ag.cohen_kappa, 2)),
    *(Case(step.__name__, "p-value of a coefficient of 0", 0.05,
           NULL.replace("4 categories", "4 categories alike frequent"),
           no_agreement(step, shares=np.full(4, 0.25)), holds="known", known=(0.05, 0.07))
      for step in (ag.gwet_ac1, ag.brennan_prediger)),
    Case("gwet_ac1", "p-value of a coefficient of 0, which is not the null here", 0.05, NULL,
         no_agreement(ag.gwet_ac1), holds="known", known=(0.19, 0.24)),
    Case("icc", INTERVAL, 0.95, "15 groups of 8, correlation 0.2", groups([8] * 15), 4000, 200),
    Case("icc", INTERVAL, 0.95, "12 groups of 3 to 14, correlation 0.2",
         groups([3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]), 4000, 200),
    Case("icc", "p-value of no correlation", 0.05, "12 groups of 8", no_groups, 4000, 200),
    *(Case(f"icc_raters {kind}", INTERVAL, 0.95,
           "4 raters, 20 units, variances of units, raters and noise 1, 0.5, 1", judged(kind, 0.5),
           1500, 60)
      for kind in ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(2,k)")),
    Case("icc_raters ICC(3,1)", "p-value of no difference between units", 0.05,
         "4 raters, 20 units that do not differ", judged("ICC(3,1)", 0.5, 0.0), 1500, 60),
]  # fmt: skip


@pytest.mark.parametrize("case", [c for c in CASES if c.few], ids=lambda c: c.name)
def test_few_runs(case):
    check_few(case)


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_long_run(case):
    check_all(case, "measures")
