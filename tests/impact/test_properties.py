"""Properties of the statistics of recommendations: order, names, units, bounds, plain formulas."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st
from property_settings import tried
from scipy import stats

from dmpkit import impact
from dmpkit.errors import DataError, DmpkitWarning

from .ledgers import events, recommendations

CAUSES = ("a", "b")
followed = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["", "a", "b"])), min_size=3, max_size=25
)
grouped = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(["", "a", "b"]), st.sampled_from("xy")),
    min_size=6,
    max_size=30,
)
factors = st.sampled_from([0.25, 3.0, 30.5])


def split(rows):
    return [np.array(column) for column in zip(*rows, strict=True)]


def close(one, two, **more):
    np.testing.assert_allclose(np.asarray(one, float), np.asarray(two, float), atol=1e-9, **more)


# --- curves --------------------------------------------------------------------------------


def plain_incidence(time, cause, at):
    """Aalen and Johansen's sum, one time after the other."""
    pending, share = 1.0, dict.fromkeys(CAUSES, 0.0)
    for t in sorted({t for t, c in zip(time, cause, strict=True) if c and t <= at}):
        risk = sum(time >= t)
        moved = {c: sum((time == t) & (cause == c)) for c in CAUSES}
        for c in CAUSES:
            share[c] += pending * moved[c] / risk
        pending *= 1 - sum(moved.values()) / risk
    return [share["a"], share["b"], pending]


@tried(0.3)
@given(followed, st.randoms(use_true_random=False), factors)
def test_incidence(rows, random, factor):
    time, cause = split(rows)
    found = impact.cumulative_incidence(time, cause, causes=CAUSES, bands=True)
    assert found.end == time.max()
    assert found.causes == CAUSES
    assert found.times.tolist() == sorted(set(time))
    for at in found.times:
        close(found.at([at])["estimate"], plain_incidence(time, cause, at))
        assert found.at_risk_at([at]).tolist() == [[(time >= at).sum()] * 3]
    table = found.table
    assert table["estimate"].between(0, 1).all()
    assert ((table["low"] <= table["estimate"]) | table["low"].isna()).all()
    assert ((table["high"] >= table["estimate"]) | table["high"].isna()).all()
    close(table["estimate"], found.at(found.times)["estimate"])
    assert found.settled == bool(found.table["estimate"].iloc[-1] < 1e-12)

    shuffled = random.sample(rows, len(rows))
    again = impact.cumulative_incidence(*split(shuffled), causes=CAUSES, bands=True)
    pd.testing.assert_frame_equal(again.table, table)
    twice = impact.cumulative_incidence(np.r_[time, time], np.r_[cause, cause], causes=CAUSES)
    close(twice.table["estimate"], table["estimate"])
    close(twice.table["standard_error"] * math.sqrt(2), table["standard_error"])
    scaled = impact.cumulative_incidence(time * factor, cause, causes=CAUSES)
    close(scaled.table["estimate"], table["estimate"])
    swapped = impact.cumulative_incidence(
        time, [{"a": "b", "b": "a", "": ""}[c] for c in cause], causes=CAUSES
    )
    for one, other in (("a", "b"), ("b", "a")):
        close(swapped.table.loc[swapped.table["cause"] == one, "estimate"],
              table.loc[table["cause"] == other, "estimate"])  # fmt: skip


@tried(0.4)
@given(followed, factors)
def test_numbers_of_incidence(rows, factor):
    time, cause = split(rows)
    found = impact.cumulative_incidence(time, cause, causes=CAUSES)
    naive = found.naive()
    assert (naive["overstated"] > -1e-12).all()
    assert naive["naive"].between(-1e-12, 1 + 1e-12).all()
    errors = found.martingale_errors(found.times)
    assert (errors["standard_error"] >= 0).all()
    done = found.table[found.table["cause"] == "a"].set_index("time")["estimate"]
    half = done.index[done >= 0.5 - 1e-12]
    median = found.median("a").value
    assert math.isnan(median) if not len(half) else median == half[0]
    scaled = impact.cumulative_incidence(time * factor, cause, causes=CAUSES)
    close([scaled.median().value], [factor * found.median().value])
    mean = found.restricted_mean(found.end).set_index("cause")
    close([mean["estimate"].sum()], [found.end])  # all the time is spent somewhere
    close(scaled.restricted_mean(scaled.end)["estimate"],
          factor * found.restricted_mean(found.end)["estimate"])  # fmt: skip
    area = np.diff(np.r_[0.0, found.times]) @ np.r_[0.0, done.to_numpy()[:-1]]
    close([mean.loc["a", "estimate"]], [area])


@tried(0.4)
@given(followed, st.randoms(use_true_random=False), factors)
def test_kaplan_meier(rows, random, factor):
    time, cause = split(rows)
    event = cause == "a"
    found = impact.kaplan_meier(time, event, bands=True)
    left, expected = 1.0, []
    for t in found.times:
        left *= 1 - sum((time == t) & event) / sum(time >= t)
        expected.append(left)
    table = found.table
    close(table["estimate"], expected)
    assert (np.diff(table["estimate"]) <= 1e-12).all()
    assert found.at_risk_at(found.times)[:, 0].tolist() == [(time >= t).sum() for t in found.times]
    assert found.settled == (left < 1e-12)
    assert found.at([found.end])["estimate"].iloc[0] == table["estimate"].iloc[-1]
    inner = table.dropna(subset=["low"])
    assert ((inner["low"] <= inner["estimate"]) & (inner["estimate"] <= inner["high"])).all()
    wider = impact.kaplan_meier(time, event, bands=True, level=0.99).table.loc[inner.index]
    assert ((wider["low"] <= inner["low"]) & (inner["high"] <= wider["high"])).all()
    again = impact.kaplan_meier(*split([(t, c == "a") for t, c in random.sample(rows, len(rows))]))
    close(again.table["estimate"], expected)
    scaled = impact.kaplan_meier(time * factor, event)
    close([scaled.median().value], [factor * found.median().value])
    area = np.diff(np.r_[0.0, found.times]) @ np.r_[1.0, expected[:-1]]
    close(found.restricted_mean(found.end)["estimate"], [area])
    with_all = impact.cumulative_incidence(time, np.where(event, "a", ""), causes=["a"])
    close(with_all.table.query("cause == 'pending'")["estimate"], expected)


paths = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.sampled_from("rst")), min_size=1, max_size=3),
    min_size=2, max_size=8,
)  # fmt: skip


def stays(items):
    rows = []
    for i, path in enumerate(items):
        at, here = 0, "r"
        for k, (length, to) in enumerate(path):
            last = k == len(path) - 1
            rows.append((i, at, at + length, here, "censored" if last else to))
            at, here = at + length, to
    return pd.DataFrame(rows, columns=["id", "start", "stop", "from", "to"])


@tried(0.3)
@given(paths, st.randoms(use_true_random=False), factors)
def test_occupancy(items, random, factor):
    rows = stays(items)
    found = impact.occupancy(rows, states=list("rst"), bands=True)
    wide = found.table.pivot_table(index="time", columns="state", values="estimate")
    close(wide.sum(axis=1), np.ones(len(wide)))
    assert found.end == rows["stop"].max()
    assert found.times.tolist() == sorted(set(rows["stop"]))
    for t in found.times:
        here = rows[(rows["start"] < t) & (t <= rows["stop"])]
        risk = [int((here["from"] == s).sum()) for s in "rst"]
        assert found.at_risk_at([t])[0].tolist() == risk
        matrix = found.covariance(t).drop(columns="state").to_numpy()
        close(matrix, matrix.T)
        close(matrix.sum(axis=0), np.zeros(3))  # shares sum to one, so nothing is left over
        errors = found.table[found.table["time"] == t]["standard_error"]
        close(np.sqrt(np.maximum(np.diag(matrix), 0)), errors)
    whole = rows.groupby("id")["stop"].max().min()  # until then nobody is lost: a plain share
    for t in [t for t in found.times if t < whole]:
        now = rows[(rows["start"] <= t) & (t < rows["stop"])]["from"]
        close(found.at([t])["estimate"], [(now == s).mean() for s in "rst"])
    mean = found.restricted_mean(found.end)
    close([mean["estimate"].sum()], [found.end])
    spent = found.time_in_state
    assert math.isclose(spent["time"].sum(), (rows["stop"] - rows["start"]).sum())
    counts = found.transition_counts.set_index("from")
    recorded = rows[(rows["to"] == "censored") | (rows["to"] != rows["from"])]
    assert counts.drop(columns="censored").to_numpy().sum() == (
        (recorded["to"] != "censored").sum()
    )
    scaled = rows.assign(start=rows["start"] * factor, stop=rows["stop"] * factor)
    mixed = scaled.sample(frac=1, random_state=random.randrange(100))
    again = impact.occupancy(mixed, states=list("rst"))
    close(again.table["estimate"], found.table["estimate"])
    close([again.median("s").value], [factor * found.median("s").value])
    assert not found.settled


@tried(0.3)
@given(grouped, factors)
def test_difference_of_means(rows, factor):
    time, cause, group = split(rows)
    horizon = 1.0
    assume(len(set(group)) == 2)
    one = impact.restricted_mean_difference(time, cause, group, horizon, causes=CAUSES)
    turned = impact.restricted_mean_difference(
        time, cause, np.where(group == "x", "z", "y"), horizon, causes=CAUSES
    )
    close(turned["estimate"], -one["estimate"])
    close(turned["standard_error"], one["standard_error"])
    close([one["estimate"].sum()], [0.0])
    scaled = impact.restricted_mean_difference(
        time * factor, cause, group, horizon * factor, causes=CAUSES
    )
    close(scaled["estimate"], factor * one["estimate"])
    halves = [impact.cumulative_incidence(time[group == g], cause[group == g], causes=CAUSES)
              .restricted_mean(horizon)["estimate"] for g in "xy"]  # fmt: skip
    close(one["estimate"], halves[1] - halves[0])


# --- tests of groups ---------------------------------------------------------------------------


@tried(0.4)
@given(grouped)
def test_log_rank(rows):
    time, cause, group = split(rows)
    assume(len(set(group)) == 2)
    event = cause != ""
    found = impact.logrank_test(time, event, group)
    score, variance = 0.0, 0.0
    for t in sorted(set(time[event])):
        n, d = (time >= t).sum(), ((time == t) & event).sum()
        mine = ((time >= t) & (group == "x")).sum()
        score += ((time == t) & event & (group == "x")).sum() - d * mine / n
        if n > 1:
            variance += d * (mine / n) * (1 - mine / n) * (n - d) / (n - 1)
    if variance > 1e-9:
        assert math.isclose(found.statistic, score**2 / variance, rel_tol=1e-9, abs_tol=1e-12)
        assert math.isclose(found.p_value, stats.chi2.sf(found.statistic, 1), abs_tol=1e-12)
    assert math.isclose(found.table["observed"].sum(), found.table["expected"].sum())
    later = impact.logrank_test(time.astype(float) ** 3, event, np.where(group == "x", "q", "p"))
    close([later.statistic], [found.statistic])  # ranks of times and names of groups alone


@tried(0.4)
@given(grouped)
def test_gray(rows):
    time, cause, group = split(rows)
    assume(len(set(group)) == 2 and "a" in cause)
    found = impact.gray_test(time, cause, group, of="a")
    assert math.isclose(found.table["observed"].sum(), (cause == "a").sum())
    assert math.isclose(found.table["observed"].sum(), found.table["expected"].sum())
    later = impact.gray_test(time**2, cause, np.where(group == "x", "q", "p"), of="a")
    close([later.statistic], [found.statistic])
    if found.df:
        assert found.statistic > -1e-9
        assert 0 <= found.p_value <= 1
    if "b" not in cause:  # nothing competes: the score is that of the log-rank test
        ranked = impact.logrank_test(time, cause == "a", group)
        close(found.table["expected"], ranked.table["expected"])


@tried(0.4)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=4), st.floats(0.2, 9), st.integers(0, 99))
def test_score_test(score, factor, seed):
    k = len(score)
    root = np.random.default_rng(seed).normal(size=(k, k)) + 2 * np.eye(k)
    names = tuple("abcd"[: k + 1]) if k < 4 else tuple("abcd")
    u, v = np.array(score)[: len(names)], (root @ root.T)[: len(names), : len(names)]
    make = impact.GroupTest.from_score
    rest = {"groups": names[:k], "n": [1] * k, "observed": u, "expected": 0 * u}
    one, scaled = make("t", u, v, **rest), make("t", factor * u, factor**2 * v, **rest)
    close([scaled.statistic], [one.statistic], rtol=1e-7)
    assert scaled.df == one.df <= k


# --- models ------------------------------------------------------------------------------------


def hazards(seed, n=40):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 2)).round(2)
    time = np.ceil(8 * rng.exponential(np.exp(-0.5 * x[:, 0])))
    cause = rng.choice(["", "a", "a", "b"], n)
    return time, cause, pd.DataFrame(x, columns=["u", "v"])


@tried(0.3)
@given(st.integers(0, 10_000), st.sampled_from([1e-4, -2.0, 1e6]))
def test_cox(seed, factor):
    time, cause, x = hazards(seed)
    event = cause == "a"
    one = impact.cox(time, event, x, ties="breslow")
    scaled = impact.cox(time**1.5, event, x.assign(u=x["u"] * factor), ties="breslow")
    close(scaled.coefficient * [factor, 1], one.coefficient, rtol=1e-6)
    close(scaled.table["p_value"], one.table["p_value"], rtol=1e-5)
    assert ((one.table["low"] < one.table["hazard_ratio"])
            & (one.table["hazard_ratio"] < one.table["high"])).all()  # fmt: skip

    def score(b):
        """Derivative of Breslow's partial likelihood, event by event."""
        pull, total = np.exp(x.to_numpy() @ b), np.zeros(2)
        for i in np.flatnonzero(event):
            risk = time >= time[i]
            total += x.to_numpy()[i] - (pull[risk] @ x.to_numpy()[risk]) / pull[risk].sum()
        return total

    assert np.abs(score(one.coefficient)).max() < 1e-5
    twice = impact.cox(np.r_[time, time], np.r_[event, event], pd.concat([x, x]), ties="breslow")
    close(twice.coefficient, one.coefficient, rtol=1e-6)
    close(twice.standard_error * math.sqrt(2), one.standard_error, rtol=1e-5)


@tried(0.3)
@given(st.integers(0, 10_000), st.sampled_from([1e-4, -2.0, 1e6]))
def test_fine_gray(seed, factor):
    time, cause, x = hazards(seed)
    one = impact.fine_gray(time, cause, x, of="a")
    scaled = impact.fine_gray(time * 7, cause, x.assign(u=x["u"] * factor), of="a")
    close(scaled.coefficient * [factor, 1], one.coefficient, rtol=1e-6)
    close(scaled.table["p_value"], one.table["p_value"], rtol=1e-5)
    alone = np.where(cause == "b", "", cause)  # nothing competes: Cox's model
    close(impact.fine_gray(time, alone, x, of="a").coefficient,
          impact.cox(time, alone == "a", x, ties="breslow").coefficient, rtol=1e-5)  # fmt: skip


@tried(0.3)
@given(st.integers(0, 10_000), st.integers(2, 3))
def test_ordered_models(seed, k):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(8), 9)
    x = rng.normal(size=(72, 1))
    levels = np.digitize(x[:, 0] + rng.normal(0, 0.7, 8)[groups] + rng.logistic(size=72),
                         np.linspace(-0.7, 0.7, k - 1))  # fmt: skip
    assume(len(set(levels)) == k)
    one = impact.fit_cumulative_logit(x, levels)
    turned = impact.fit_cumulative_logit(-2 * x, k - 1 - levels)
    close(turned.coefficients * 2, one.coefficients, rtol=1e-6)
    twice = impact.fit_cumulative_logit(np.r_[x, x], np.r_[levels, levels])
    close(twice.coefficients, one.coefficients, rtol=1e-6)
    assert math.isclose(twice.log_likelihood, 2 * one.log_likelihood, rel_tol=1e-9)
    if k == 2:  # the slope and the cut are where the derivative of the likelihood is 0
        cut = one.parameters[0]
        left = (levels == 1) - 1 / (1 + np.exp(cut - x[:, 0] * one.coefficients[0]))
        close([left.sum(), left @ x[:, 0]], [0, 0], rtol=0)
    mixed = impact.fit_random_intercept(x, levels, groups)
    names = rng.permutation(8)
    order = rng.permutation(72)
    renamed = impact.fit_random_intercept(x[order], levels[order], names[groups][order])
    close(renamed.coefficients, mixed.coefficients, rtol=1e-4)
    assert mixed.process_sd >= 0
    assert mixed.log_likelihood >= one.log_likelihood - 1e-6


@tried(0.3)
@given(st.integers(0, 10_000), st.sampled_from([1e-3, 1e6]))
def test_cherry_picking(seed, factor):
    rng = np.random.default_rng(seed)
    n = 60
    table = pd.DataFrame({
        "fate": rng.choice(["no", "partly", "done"], n), "cost": rng.normal(size=n),
        "ours": rng.choice(["yes", "no"], n), "process": rng.choice(list("pqrstu"), n),
    })  # fmt: skip

    def made(frame):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            return impact.cherry_picking(
                frame, fate="fate", predictors=["cost", "ours"], process="process",
                levels=["no", "partly", "done"], model="ordinal", small_sample="t",
            )  # fmt: skip

    one = made(table)
    assert "odds" in one.odds_name
    other = table.sample(frac=1, random_state=seed).assign(
        cost=lambda f: f["cost"] * factor, process=lambda f: "of " + f["process"]
    )
    two = made(other)
    a, b = (f.coefficients.set_index("term")["coefficient"] for f in (one, two))
    close([b["cost"] * factor, b.drop("cost").iloc[0]], [a["cost"], a.drop("cost").iloc[0]],
          rtol=1e-6)  # fmt: skip
    close(two.coefficients["p_value"], one.coefficients["p_value"], rtol=1e-5)
    effects = one.marginal_effects
    close(effects.groupby("term")["effect"].sum(), np.zeros(2))  # of shares that sum to one
    assert ((effects["low"] <= effects["effect"]) & (effects["effect"] <= effects["high"])).all()


# --- tables and shares ---------------------------------------------------------------------


@tried(0.4)
@given(st.lists(st.lists(st.integers(0, 4), min_size=2, max_size=2), min_size=2, max_size=3),
       st.randoms(use_true_random=False))  # fmt: skip
def test_exact_table(cells, random):
    table = np.array(cells)
    assume((table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all())
    found = impact.exact_table_test(table).p_value
    assert 0 < found <= 1
    mixed = table[random.sample(range(len(table)), len(table))]
    for other in (mixed, table[:, ::-1], table.T):
        assert math.isclose(impact.exact_table_test(other).p_value, found, abs_tol=1e-9)
    chance, seen = [], None
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    for first in itertools.product(*(range(min(r, columns[0]) + 1) for r in rows)):
        if sum(first) == columns[0]:
            p = math.prod(math.comb(r, k) for r, k in zip(rows, first, strict=True))
            chance.append(p)
            seen = p if list(first) == table[:, 0].tolist() else seen
    expected = sum(p for p in chance if p <= seen) / math.comb(sum(rows), columns[0])
    assert math.isclose(found, expected, abs_tol=1e-9)


methods = st.sampled_from(["wilson", "wilson_corrected", "clopper_pearson", "jeffreys"])


@tried(0.4)
@given(st.integers(1, 300), st.data(), methods)
def test_share_interval(n, data, method):
    k = data.draw(st.integers(0, n))
    found = impact.share_interval(k, n, method)
    assert found.value == k / n
    assert 0 <= found.low <= k / n <= found.high <= 1
    mirror = impact.share_interval(n - k, n, method)
    close([mirror.low, mirror.high], [1 - found.high, 1 - found.low])
    wider = impact.share_interval(k, n, method, level=0.99)
    assert wider.low <= found.low + 1e-12
    assert found.high <= wider.high + 1e-12
    more = impact.share_interval(20 * k, 20 * n, method)
    assert more.high - more.low < found.high - found.low
    if method == "wilson":  # its ends are where the score test just rejects
        z = stats.norm.ppf(0.975)
        for end in (found.low, found.high):
            if 0 < end < 1:
                score = (k / n - end) / math.sqrt(end * (1 - end) / n)
                assert math.isclose(abs(score), z, rel_tol=1e-6)


tallies = st.tuples(*[st.integers(0, 40)] * 3).filter(lambda v: sum(v) > 0)


@tried(0.4)
@given(tallies, st.integers(2, 9), st.randoms(use_true_random=False))
def test_tallies(counts, times, random):
    status = ["implemented", "rejected", "accepted"]
    table = pd.DataFrame({"status": status, "count": counts})
    found = impact.shares_of(table)
    shares = found.shares.set_index("denominator")["share"]
    assert math.isclose(shares.iloc[0], counts[0] / sum(counts))
    assert shares.dropna().between(0, 1).all()
    low, high = found.bounds
    assert low <= shares.iloc[0] + 1e-12 <= high + 2e-12
    assert found.count("implemented") == counts[0]
    assert not found.partly_published
    many = impact.shares_of(table.assign(count=table["count"] * times))
    close(many.shares["share"], found.shares["share"])
    close(many.bounds, found.bounds)
    mixed = impact.shares_of(table.sample(frac=1, random_state=random.randrange(99)))
    close(mixed.shares["share"], found.shares["share"])
    assert impact.shares_of(table, total=sum(counts) + 3).partly_published


rated_items = st.lists(
    st.tuples(*[st.sampled_from(["implemented", "rejected", "implemented_in_part"])] * 2),
    min_size=2, max_size=12,
)  # fmt: skip


def ratings(pairs, names=("g", "h")):
    return pd.DataFrame([
        {"rec_id": f"R{i}", "coder": name, "status": word}
        for i, pair in enumerate(pairs) for name, word in zip(names, pair, strict=True)
    ])  # fmt: skip


@tried(0.3)
@given(rated_items, st.randoms(use_true_random=False))
def test_multiverse(pairs, random):
    table = ratings(pairs)
    found = impact.multiverse(table, headline={"coder": "g"})
    low, high = found.range
    assert found.answered["share"].between(0, 1).all()
    assert (low, high) == (found.answered["share"].min(), found.answered["share"].max())
    done = [one == "implemented" for one, _ in pairs]
    strict = found.universes[found.universes["coder"] == "g"]
    assert np.isclose(strict["share"].dropna(), np.mean(done)).any()
    assert math.isnan(found.headline) or low <= found.headline <= high
    assert "ways of counting" in found.headline_text()
    options = found.options
    assert ((options["lowest"] <= options["mean"] + 1e-12)
            & (options["mean"] <= options["highest"] + 1e-12)).all()  # fmt: skip
    by = found.by_choice
    assert (by["range_of_means"] >= 0).all()
    assert by["variance_share"].dropna().between(0, 1 + 1e-9).all()
    mixed = impact.multiverse(table.sample(frac=1, random_state=random.randrange(99)))
    assert sorted(mixed.answered["share"]) == sorted(found.answered["share"])
    swapped = impact.multiverse(table.replace({"coder": {"g": "h", "h": "g"}}))
    assert swapped.range == found.range


@tried(0.3)
@given(rated_items, st.lists(st.integers(0, 4), min_size=24, max_size=24))
def test_raters(pairs, marks):
    table = ratings(pairs).rename(columns={"coder": "rater"})
    table["fidelity"] = marks[: len(table)]
    found = impact.raters(table)
    assert found.raters == ("g", "h")
    assert found.n_common == len(pairs)
    same = np.mean([one == two for one, two in pairs])
    agree = found.agreement.query("of == 'status' and coefficient == 'percent agreement'")
    close(agree["value"], [same])
    assert found.confusion["n"].sum() == len(pairs)
    assert len(found.items) == sum(one != two for one, two in pairs)
    fidelity = found.fidelity
    assert fidelity["n_implemented"].tolist() == [
        sum(pair[i] == "implemented" for pair in pairs) for i in (0, 1)
    ]
    assert fidelity["retained"].dropna().between(0, 1).all()
    assert found.sides["n"].sum() if "n" in found.sides else len(found.sides) >= 0
    other = impact.raters(table.replace({"rater": {"g": "h", "h": "g"}}))
    mine = found.agreement.set_index(["of", "coefficient", "weights"])["value"]
    theirs = other.agreement.set_index(["of", "coefficient", "weights"])["value"]
    close(theirs.reindex(mine.index), mine)


# --- intervals between reviews -----------------------------------------------------------------

looks = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 5), st.booleans()),
                 min_size=3, max_size=15)  # fmt: skip


@tried(0.4)
@given(looks, st.randoms(use_true_random=False), factors)
def test_turnbull(rows, random, factor):
    left = np.array([a for a, _, _ in rows], float)
    right = np.array([a + w if seen else np.inf for a, w, seen in rows])
    found = impact.turnbull(left, right)
    assert math.isclose(found.table["mass"].sum(), 1)
    at = found.at(np.arange(0, 13))
    assert (np.diff(at["low"]) > -1e-9).all()
    assert (at["low"] <= at["high"] + 1e-9).all()
    order = random.sample(range(len(rows)), len(rows))
    scaled = impact.turnbull(left[order] * factor, right[order] * factor)
    close(scaled.at(np.arange(0, 13) * factor)["low"], at["low"], rtol=1e-3)
    mean = found.restricted_mean(10.0)
    assert 0 <= mean.low <= mean.high <= 10
    middle = found.median()
    assert math.isnan(middle.high) or middle.low <= middle.high
    exact = np.array([a + 1 for a, _, _ in rows], float)
    points = impact.turnbull(exact, exact)
    for t in exact:
        close(points.at([t])["estimate"], [np.mean(exact <= t)])


@tried(0.4)
@given(looks, factors)
def test_interval_model(rows, factor):
    left = np.array([a for a, _, _ in rows], float)
    right = np.array([a + w if seen else np.inf for a, w, seen in rows])
    try:
        found = impact.interval_model(left, right, "exponential")
    except DataError:
        return  # one time fits all of them, or no finite one is best
    scaled = impact.interval_model(left * factor, right * factor, "exponential")
    assert math.isclose(scaled.scale, factor * found.scale, rel_tol=1e-5)
    assert math.isclose(found.rate, 1 / found.scale)
    at = found.at([0.0, 1, 2, 50])["estimate"].to_numpy()
    assert (np.diff(at) >= 0).all()
    assert 0 <= at.min() <= at.max() <= 1

    def fit(rate):
        done = np.isfinite(right)
        inner = np.exp(-rate * left) - np.where(done, np.exp(-rate * np.where(done, right, 0)), 0)
        return float(np.log(inner).sum())

    assert math.isclose(fit(found.rate), found.log_likelihood, abs_tol=1e-6)
    assert fit(found.rate) >= max(fit(found.rate * s) for s in (0.97, 1.03)) - 1e-9


# --- the ledger --------------------------------------------------------------------------------

days = st.dates(pd.Timestamp("2021-07-01").date(), pd.Timestamp("2023-12-31").date())
#: Days of up to three steps of each of four recommendations.
steps = st.lists(st.lists(days, max_size=3, unique=True), min_size=4, max_size=4)


@tried(0.3)
@given(steps, days, st.randoms(use_true_random=False))
def test_ledger(walked, day, random):
    words = ("accepted", "in_progress", "implemented")
    found = [
        (r, status, when)
        for r, path in enumerate(walked, start=1)
        for status, when in zip(words, sorted(path), strict=False)
    ]
    rows = [(f"R{r}", "received", "2021-06-23") for r in range(1, 5)]
    rows += [(f"R{r}", status, when.isoformat()) for r, status, when in found]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        recs, log = recommendations(4, baseline="none"), events(*rows, evidence_grade=3)
        made = impact.Ledger.from_frames(recs, log)
        mixed = impact.Ledger.from_frames(
            recs, log.sample(frac=1, random_state=random.randrange(99))
        )
        answer, shares = made.as_of(day), made.shares(day)
        assert made.n == 4
        done = [r for r, status, when in found if status == "implemented" and when <= day]
        assert (answer.status("certain") == "implemented").sum() <= len(set(done))
        assert answer.certain.equals(mixed.as_of(day).certain)
        assert answer.possible.equals(answer.certain)  # days are known to the day
        assert answer.table["certain"].tolist() == answer.certain.tolist()
        assert set(answer.counts.groupby("layer")["certain"].sum()) == {4}
        assert len(impact.fates(answer)) == 4
        assert (impact.fates(answer) == "implemented").mean() == shares.share("implemented")
        parts = [shares.share(fate) for fate in impact.FATES]
        close([sum(parts)], [1.0])
        assert mixed.shares(day).share("implemented") == shares.share("implemented")
        impacts = made.impact_share(day)
        assert impacts["share"].dropna().between(0, 1).all()
        moves = made.transitions()
        assert moves["count"].sum() <= len(rows)
        pd.testing.assert_frame_equal(mixed.transitions(), moves)
        last = pd.Timestamp("2024-06-01").date()
        spells = made.durations(last)
        assert (spells["time"] >= 0).all()
        lines = made.multistate(last)
        assert (lines["stop"] >= lines["start"]).all()
        assert len(made.histories()) >= 4


reports = st.lists(st.tuples(days, st.integers(0, 400), st.booleans()), min_size=1, max_size=8)


@tried(0.4)
@given(reports, st.integers(1, 12), st.randoms(use_true_random=False))
def test_answer_times(rows, months, random):
    table = pd.DataFrame([
        {"item": f"i{i}", "in": day.isoformat(),
         "out": (pd.Timestamp(day) + pd.Timedelta(days=wait)).date().isoformat() if done else None}
        for i, (day, wait, done) in enumerate(rows)
    ])  # fmt: skip

    def times(frame):
        return impact.answer_times(frame, item="item", received="in", answered="out",
                                   months=months, until="2026-01-01")  # fmt: skip

    found = times(table)
    waits = {f"i{i}": wait for i, (_, wait, done) in enumerate(rows) if done}
    said = found.table.set_index("item")
    for item, wait in waits.items():
        assert said.loc[item, "shortest"] == said.loc[item, "longest"] == wait
        late = pd.Timestamp(table.set_index("item").loc[item, "out"]) > pd.Timestamp(
            said.loc[item, "due"]
        )
        assert (said.loc[item, "promise"] == "kept") == (not late)
    assert found.counts["count"].sum() == len(rows)
    assert found.n_timed == len(rows)
    mixed = times(table.sample(frac=1, random_state=random.randrange(99)))
    pd.testing.assert_frame_equal(mixed.counts, found.counts)
