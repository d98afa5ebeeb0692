"""Properties of the statistics of an evaluation: order, names, scales, bounds, plain formulas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from hypothesis import assume, given
from hypothesis import strategies as st
from property_settings import tried
from scipy import stats

from dmpkit import evaluation as ev

from .scorecards import random_card

seeds = st.integers(0, 10_000)
answers = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=4, max_size=25)


def close(one, two, **more):
    np.testing.assert_allclose(np.asarray(one, float), np.asarray(two, float), atol=1e-9, **more)


def stages(pairs, names=None):
    names = [f"p{i:02d}" for i in range(len(pairs))] if names is None else names
    return [pd.DataFrame({"person": names, "q": [pair[k] for pair in pairs]}) for k in (0, 1)]


# --- opinion -----------------------------------------------------------------------------------


@tried(0.4)
@given(answers, st.randoms(use_true_random=False))
def test_opinion_change(pairs, random):
    one, two = stages(pairs)
    found = ev.opinion_change(one, two, scale=(1, 5), labels={"q": "the question"})
    row = found.items.iloc[0]
    d = np.array([b - a for a, b in pairs], float)
    close([row["mean_change"], row["gross_change"], row["share_moved"]],
          [d.mean(), np.abs(d).mean(), (d != 0).mean()])  # fmt: skip
    close([found.absolute_change.value], [np.abs(d).mean() / 4])
    assert found.label("q") == "the question"
    assert not found.has_tables
    assert len(found.unmatched) == 0
    assert 0 <= found.absolute_change.value <= 1
    moved = found.moved()
    assert len(moved) >= 0
    if np.ptp(d) > 0:
        test = stats.ttest_1samp(d, 0)
        ends = test.confidence_interval()
        close([row["t"], row["p_t"], row["low"], row["high"]],
              [test.statistic, test.pvalue, ends.low, ends.high])  # fmt: skip
        assert row["gz_low"] <= row["gz"] <= row["gz_high"]
        x, y = (np.array(v, float) for v in zip(*pairs, strict=True))
        if np.ptp(x + y) > 0:
            expected = stats.pearsonr(x + y, y - x)
            close([row["pitman_morgan_r"]], [expected.statistic])
    turned = ev.opinion_change(*(f.assign(q=6 - f["q"]) for f in (one, two))).items.iloc[0]
    close([turned["mean_change"]], [-row["mean_change"]])
    for same in ("sd_change", "p_t", "p_wilcoxon", "p_wilcoxon_exact", "p_pitman_morgan"):
        close([turned[same]], [row[same]])
    order = random.sample(range(len(pairs)), len(pairs))
    mixed = ev.opinion_change(one.iloc[order], two.sample(frac=1, random_state=1)).items.iloc[0]
    for same in ("mean_change", "t", "w", "p_wilcoxon_exact", "pitman_morgan_r"):
        close([mixed[same]], [row[same]])
    wider = ev.opinion_change(one, two, level=0.99).items.iloc[0]
    assert not wider["low"] > row["low"]


@tried(0.4)
@given(answers)
def test_capacity_and_pairs(pairs):
    one, two = stages(pairs)
    d = np.array([b - a for a, b in pairs], float)
    found = ev.civic_capacity_change(one, two, items=["q"], scale=(1, 5))
    again = ev.civic_capacity_change(two, one, items=["q"], scale=(1, 5))
    turned = ev.civic_capacity_change(one, two, items=["q"], scale=(1, 5), reversed_items=["q"])
    if np.ptp(d) > 0:
        factor = 1 - 3 / (4 * (len(d) - 1) - 1)
        close([found.value], [factor * d.mean() / d.std(ddof=1)])
        assert found.low <= found.value <= found.high
    close([again.value, turned.value], [-found.value, -found.value])
    close([turned.low, turned.high], [-found.high, -found.low], rtol=1e-6)
    pair = ev.pair_answers(one, two.iloc[::-1], scale=(1, 5))
    assert pair.n == len(pairs)
    assert pair.items == ("q",)
    assert pair.people == tuple(one["person"])
    assert pair.scale_of("q") == (1.0, 5.0)
    assert pair.groups() is None
    assert pair.after["q"].tolist() == two["q"].tolist()


@tried(0.4)
@given(st.lists(st.tuples(*[st.booleans()] * 4), min_size=3, max_size=20))
def test_knowledge(rows):
    people = [f"p{i:02d}" for i in range(len(rows))]
    one, two = (
        pd.DataFrame({"person": people, "a": [int(r[k]) for r in rows],
                      "b": [int(r[k + 1]) for r in rows]})
        for k in (0, 2)
    )  # fmt: skip
    found = ev.knowledge_gain(one, two)
    first = found.items.iloc[0]
    learned = sum(not r[0] and r[2] for r in rows)
    forgot = sum(r[0] and not r[2] for r in rows)
    close([first["p_mcnemar"]], [ev.exact_mcnemar(learned, forgot)])
    shares = [np.mean([r[k : k + 2] for r in rows]) for k in (0, 2)]
    close([found.mean_before, found.mean_after], shares)
    if shares[0] < 1:
        close([found.normalised_gain], [(shares[1] - shares[0]) / (1 - shares[0])])
    assert len(found.index) == len(rows)
    close([found.statistics["mean_change"]], [shares[1] - shares[0]])
    back = ev.knowledge_gain(two, one)
    close(back.items["p_mcnemar"], found.items["p_mcnemar"])
    close([back.effect_size.value], [-found.effect_size.value])
    mixed = ev.knowledge_gain(one.iloc[::-1], two)
    close(mixed.items["p_adjusted"], found.items["p_adjusted"])


@tried(0.4)
@given(st.integers(0, 60), st.integers(0, 60))
def test_exact_mcnemar(learned, forgot):
    p = ev.exact_mcnemar(learned, forgot)
    n, k = learned + forgot, min(learned, forgot)
    plain = sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    assert math.isclose(p, min(1.0, 2 * plain), rel_tol=1e-9)
    assert p == ev.exact_mcnemar(forgot, learned)
    assert ev.exact_mcnemar(learned + forgot + 1, 0) <= p + 1e-12


counts_of = st.lists(st.integers(0, 12), min_size=3, max_size=7).filter(lambda c: sum(c) > 3)


@tried(0.4)
@given(counts_of, st.integers(2, 6))
def test_polarisation_measures(counts, times):
    found = ev.polarisation_measures(counts)
    n, k = sum(counts), len(counts)
    p = np.array(counts) / n
    close([found["shannon_nats"]], [-sum(v * math.log(v) for v in p if v)])
    assert -1 <= found["van_der_eijk_A"] <= 1
    assert 0 <= found["leik_dissent_D"] <= 1 + 1e-12
    close([found["van_der_eijk_A"]], [ev.van_der_eijk(counts)])
    mirrored = ev.polarisation_measures(counts[::-1])
    close(mirrored.drop("mean"), found.drop("mean"))
    many = ev.polarisation_measures(np.array(counts) * times)
    for shares_alone in ("van_der_eijk_A", "leik_dissent_D", "shannon_nats",
                         "esteban_ray_alpha1.3_unnormalised"):  # fmt: skip
        close([many[shares_alone]], [found[shares_alone]])
    distance = sum(counts[i] * counts[j] * abs(i - j) for i in range(k) for j in range(k))
    close([found["mean_pairwise_abs_distance"]], [distance / (n * (n - 1))])
    ends = [1] + [0] * (k - 2) + [1]
    assert ev.van_der_eijk(ends) == -1.0
    assert ev.van_der_eijk([0] * (k - 1) + [5]) == 1.0


many_answers = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=12, max_size=25)


@tried(0.3)
@given(many_answers, st.randoms(use_true_random=False))
def test_polarisation_change(pairs, random):
    one, two = stages(pairs)
    found = ev.polarisation_change(one, two, scale=(1, 5), n_resamples=40, seed=1)
    inner = found.table.dropna(subset=["low"])
    assert (inner["low"] <= inner["high"]).all()
    assert len(found.spread) == 1
    known = found.table.set_index("measure")
    tally = [sum(a == v for a, _ in pairs) for v in range(1, 6)]
    close([known.loc["van_der_eijk_A", "before"]], [ev.van_der_eijk(tally)])
    back = ev.polarisation_change(two, one, scale=(1, 5), n_resamples=0)
    close(back.table["change"], -found.table["change"])
    order = random.sample(range(len(pairs)), len(pairs))
    mixed = ev.polarisation_change(one.iloc[order], two, scale=(1, 5), n_resamples=0)
    close(mixed.table["change"], found.table["change"])


seated = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 10), st.sampled_from("ab")),
    min_size=8, max_size=20,
).filter(lambda rows: min(sum(r[2] == t for r in rows) for t in "ab") >= 3)  # fmt: skip


@tried(0.4)
@given(seated, st.randoms(use_true_random=False))
def test_group_distortions(rows, random):
    people = list(range(len(rows)))
    first = pd.DataFrame({"person": people, "q": [r[0] for r in rows],
                          "seat": [r[2] for r in rows]})  # fmt: skip
    second = pd.DataFrame({"person": people, "q": [r[1] for r in rows]})

    def made(one, two):
        return ev.group_distortions(one, two, table="seat", scale=(0, 10), min_size=3)

    found = made(first, second)
    turned = made(first.assign(q=10 - first["q"]), second.assign(q=10 - second["q"]))
    close(turned.pairs["homogenisation"], found.pairs["homogenisation"])
    close(turned.pairs["polarisation"], found.pairs["polarisation"])
    shuffled = made(first.sample(frac=1, random_state=random.randrange(9)), second)
    pd.testing.assert_frame_equal(shuffled.table, found.table)
    for t, row in zip("ab", found.pairs.sort_values("group").itertuples(), strict=True):
        spread = [np.std([r[k] for r in rows if r[2] == t]) for k in (0, 1)]
        if abs(spread[0] - spread[1]) > 1e-9:
            assert bool(row.homogenised) == (spread[1] < spread[0])


@tried(0.4)
@given(st.lists(st.tuples(st.sampled_from("xyz"), st.booleans(), st.floats(-1, 1)), min_size=2,
                max_size=12))  # fmt: skip
def test_distortions_table(rows):
    pairs = pd.DataFrame(rows, columns=["poll", "homofreq", "homoex"])
    pairs = pairs.assign(polarfreq=pairs["homofreq"], polarex=pairs["homoex"])
    table = ev.distortions_table(pairs).set_index("poll")
    by = pairs.groupby("poll")["homofreq"].mean()
    close(table.loc[by.index, "homofreq"], by)
    close([table.loc["Mean", "homofreq"], table.loc["Weighted mean", "homofreq"]],
          [by.mean(), pairs["homofreq"].mean()])  # fmt: skip
    close([table.loc["Weighted mean", "homoex"]], [pairs["homoex"].mean()])


# --- who stayed, who moved ------------------------------------------------------------------------


@tried(0.4)
@given(answers, st.integers(1, 3))
def test_attrition(pairs, stayed):
    one, two = stages(pairs)
    found = ev.attrition(one, two.iloc[: len(pairs) - stayed])
    assert found.n_before_only == stayed
    gone = [a for a, _ in pairs[len(pairs) - stayed :]]
    close(found.table["before_only"], [np.mean(gone)])
    assert isinstance(found.is_small, bool | np.bool_)
    assert found.largest is None or "before_only" in found.largest
    mixed = ev.attrition(one.iloc[::-1], two.iloc[: len(pairs) - stayed])
    pd.testing.assert_frame_equal(mixed.table, found.table)


@tried(0.4)
@given(answers)
def test_transitions(pairs):
    one, two = stages(pairs)
    found = ev.transitions(one, two, "q", categories=[1, 2, 3, 4, 5])
    expected = np.zeros((5, 5), int)
    for a, b in pairs:
        expected[a - 1, b - 1] += 1
    assert found.counts.to_numpy().tolist() == expected.tolist()
    assert found.flows["n"].sum() == len(pairs)
    close([found.share_stayed], [np.trace(expected) / len(pairs)])
    back = ev.transitions(two, one, "q", categories=[1, 2, 3, 4, 5])
    assert back.counts.to_numpy().T.tolist() == expected.tolist()


@tried(0.4)
@given(st.lists(st.sampled_from(["yes", "no", ""]), min_size=1, max_size=30))
def test_share_who_left(stay):
    value = ev.share_who_left(stay).value
    known = [s for s in stay if s]
    assert math.isnan(value) if not known else value == known.count("no") / len(known)


@tried(0.4)
@given(st.lists(st.one_of(st.none(), st.integers(1, 5)), min_size=2, max_size=20)
       .filter(lambda v: any(v)), st.randoms(use_true_random=False))  # fmt: skip
def test_members_say(said, random):
    items = pd.DataFrame({"item": ["x"], "label": ["I was heard"], "low": [1], "high": [5],
                          "agree_from": [4], "criterion": ["C29"]})  # fmt: skip
    frame = pd.DataFrame({"person": range(len(said)), "x": said})
    found = ev.members_say(frame, items)
    known = [v for v in said if v is not None]
    agree = sum(v >= 4 for v in known)
    row = found.items.iloc[0]
    close([row["at_least"], row["at_most"]],
          [agree / len(said), (agree + len(said) - len(known)) / len(said)])  # fmt: skip
    close([found.indicators()[0].value], [agree / len(known)])
    assert len(found.by_criterion) == 1
    mixed = ev.members_say(frame.sample(frac=1, random_state=random.randrange(9)), items)
    close([mixed.indicators()[0].value], [agree / len(known)])


# --- votes, preferences, talk ---------------------------------------------------------------------


@tried(0.4)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=2, max_size=4))
def test_consensus(groups):
    groups = [(min(a, n), n) for a, n in groups]
    frame = pd.DataFrame({
        "statement": "x", "group": [f"g{i}" for i in range(len(groups))],
        "agree": [a for a, _ in groups], "seen": [n for _, n in groups],
    })  # fmt: skip
    value = ev.group_informed_consensus(frame).table["consensus"].iloc[0]
    close([value], [math.prod((a + 1) / (n + 2) for a, n in groups)])
    mixed = ev.group_informed_consensus(frame.iloc[::-1]).table["consensus"].iloc[0]
    close([mixed], [value])
    assert 0 < value < 1


@tried(0.4)
@given(st.lists(st.sampled_from(["for", "against", "abstain"]), min_size=1, max_size=20),
       st.randoms(use_true_random=False))  # fmt: skip
def test_support(votes, random):
    assume({"for", "against"} & set(votes))
    frame = pd.DataFrame({"person": range(len(votes)), "item": "text", "answer": votes})
    found = ev.support_for_text(frame, sampled=True)
    close([found.value], [votes.count("for") / len(votes)])
    row = found.items.iloc[0]
    assert 0 <= row["low"] <= found.value + 1e-12 <= row["high"] + 1e-9 <= 1 + 2e-9
    mixed = ev.support_for_text(frame.sample(frac=1, random_state=random.randrange(9)))
    close([mixed.value], [found.value])
    assert found.lowest is None or len(found.lowest)


rankings = st.lists(st.permutations([1, 2, 3, 4]), min_size=2, max_size=9)


@tried(0.4)
@given(rankings, st.permutations([0, 1, 2, 3]))
def test_majorities(ranks, order):
    table = np.array(ranks)
    found = ev.majorities(table, tuple("abcd"))
    beats = np.array([[(table[:, i] < table[:, j]).sum() > len(table) / 2 for j in range(4)]
                      for i in range(4)])  # fmt: skip
    assert found.beats.tolist() == beats.tolist()
    winners = [o for o, row in zip("abcd", beats, strict=True) if row.sum() == 3]
    assert found.condorcet_winner == (winners[0] if winners else None)
    assert set(found.unbeaten) == {o for o, lost in zip("abcd", beats.any(axis=0), strict=True)
                                   if not lost}  # fmt: skip
    assert found.matrix.shape[0] == 4
    assert len(found.table) == 6
    moved = ev.majorities(table[::-1][:, order], tuple("abcd"[i] for i in order))
    assert moved.condorcet_winner == found.condorcet_winner
    assert bool(moved.cycles) == bool(found.cycles)
    if found.cycles:
        assert found.words()
    orders = pd.DataFrame({"order": ["".join("ABCD"[i] for i in np.argsort(r)) for r in ranks]})
    back = ev.ranks_from_orders(orders, "order")[list("ABCD")]
    assert back.to_numpy().tolist() == table.tolist()


@tried(0.3)
@given(rankings, st.permutations(list("abcd")))
def test_single_peakedness(ranks, names):
    table = pd.DataFrame(ranks, columns=list("abcd")).assign(person=range(len(ranks)))

    def made(frame):
        return ev.single_peakedness(frame, n_random=19, n_swaps=9, seed=1)

    found = made(table)
    stage = found.stages[0]
    best = 0
    from itertools import permutations

    for axis in permutations(range(4)):
        fits = 0
        for ranking in ranks:
            along = [ranking[i] for i in axis]
            top = along.index(1)
            fits += along[: top + 1] == sorted(along[: top + 1], reverse=True) and (
                along[top:] == sorted(along[top:])
            )
        best = max(best, fits)
    close([stage.proximity.value], [best / len(ranks)])
    assert 0 < stage.proximity.p_value <= 1
    assert found.stage(stage.stage).proximity == stage.proximity
    assert set(found.options) == set("abcd")
    assert len(found.table) == 1
    assert len(found.axes)
    assert len(found.pairwise) == 6
    renamed = made(table.rename(columns=dict(zip("abcd", names, strict=True))).iloc[::-1])
    close([renamed.stages[0].proximity.value], [stage.proximity.value])


talkers = st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ab")), min_size=4, max_size=20)


@tried(0.4)
@given(talkers, st.sampled_from([0.5, 60.0]))
def test_talk(rows, factor):
    seconds, labels = (list(v) for v in zip(*rows, strict=True))
    assume(sum(seconds) > 0 and len(set(labels)) == 2)
    people = [f"p{i:02d}" for i in range(len(rows))]
    members = pd.DataFrame({"person": people, "kind": labels})
    log = pd.DataFrame({"person": people, "seconds": seconds})
    found = ev.talk_inequality(log, members=members, group="kind", n_permutations=19,
                               n_resamples=0, seed=1)  # fmt: skip
    x = np.array(seconds, float)
    plain = np.abs(x[:, None] - x[None, :]).sum() / (2 * len(x) ** 2 * x.mean())
    close([found.gini], [plain])
    close([found.silent_share], [(x == 0).mean()])
    close([found.values["gini"]], [plain])
    assert sorted(found.seconds) == sorted(x)
    close([found.shares.select_dtypes("number").filter(like="share").iloc[:, 0].sum()], [1.0])
    assert len(found.statistics)
    table = found.groups
    close([table["share_of_talk"].sum(), table["share_of_members"].sum()], [1, 1])
    close(found.theil["between"] + found.theil["within"], [found.values["theil"]])
    gap = ev.group_gap(x * factor, labels, n_permutations=19, n_resamples=0, seed=1)
    close([gap.gap.value], [np.abs(table["share_of_talk"] - table["share_of_members"]).sum() / 2])
    assert gap.testable
    assert 0.05 <= gap.gap.p_value <= 1
    assert "permutation test" in gap.test_words()
    assert len(gap.shown(1)) == 2
    other = ev.group_gap(x[::-1], [{"a": "z", "b": "y"}[v] for v in labels[::-1]],
                         n_permutations=19, n_resamples=0, seed=1)  # fmt: skip
    close([other.gap.value, other.ratio], [gap.gap.value, gap.ratio])


acts_of = st.lists(st.tuples(*[st.integers(0, 3)] * 2), min_size=4, max_size=15)


@tried(0.3)
@given(acts_of, st.randoms(use_true_random=False))
def test_discourse(levels, random):
    assume(len({v for pair in levels for v in pair}) > 1)
    frame = pd.DataFrame([
        {"act": f"s{i}", "coder": c, "person": f"p{i % 3}", "level": v}
        for i, pair in enumerate(levels) for c, v in zip("ab", pair, strict=True)
    ])  # fmt: skip
    found = ev.discourse_quality(frame, threshold=-1)
    close([found.reliability["percent_agreement"].iloc[0]], [np.mean([a == b for a, b in levels])])
    if found.offered:
        close([found.composite.value], [100 * np.mean(levels) / 3])
    assert found.coders == ("a", "b")
    assert len(found.by_coder) == 2
    assert len(found.distribution)
    assert len(found.groups) == 0
    mixed = ev.discourse_quality(frame.sample(frac=1, random_state=random.randrange(9)),
                                 threshold=-1)  # fmt: skip
    close([mixed.composite.value], [found.composite.value])
    swapped = ev.discourse_quality(frame.replace({"coder": {"a": "b", "b": "a"}}), threshold=-1)
    close([swapped.reliability["alpha_ordinal"].iloc[0]],
          [found.reliability["alpha_ordinal"].iloc[0]])  # fmt: skip


# --- raters, scores, weights ---------------------------------------------------------------------

scores_of = st.lists(
    st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=3, max_size=10
)  # fmt: skip


@tried(0.4)
@given(scores_of, st.permutations([0, 1, 2]))
def test_raters(rows, order):
    scores = np.array(rows, float)
    frame = pd.DataFrame(scores, columns=list("xyz"))
    leniency, adjusted = ev.rater_leniency(frame)
    close(leniency, scores.mean(axis=0) - scores.mean())
    close(adjusted, scores.mean(axis=1))
    w = ev.kendall_w(scores).value
    if not math.isnan(w):
        assert -1e-12 <= w <= 1 + 1e-12
        close([ev.kendall_w(scores[:, order]).value, ev.kendall_w(2 * scores + 1).value], [w, w])
        ranks = stats.rankdata(scores, axis=0)
        n, m = scores.shape
        ties = sum((t**3 - t).sum() for t in
                   (np.unique(c, return_counts=True)[1] for c in scores.T))  # fmt: skip
        spread = ((ranks.sum(axis=1) - m * (n + 1) / 2) ** 2).sum()
        close([w], [12 * spread / (m**2 * (n**3 - n) - m * ties)])
    alpha = ev.cronbach_alpha(scores, turn=False)
    if not math.isnan(alpha):
        varied = scores[:, scores.std(axis=0) > 0]
        k = varied.shape[1]
        plain = k / (k - 1) * (1 - varied.var(axis=0, ddof=1).sum()
                               / varied.sum(axis=1).var(ddof=1))  # fmt: skip
        close([alpha], [plain], rtol=1e-7)
        close([ev.cronbach_alpha(3 * scores[::-1] - 1, turn=False)], [alpha], rtol=1e-7)


@tried(0.3)
@given(seeds)
def test_scorecard(seed):
    card = random_card(seed, raters=4)
    made = ev.profile(card)
    whole, by_stage = made.overall, made.stages
    assert 0 <= made.coverage <= 1
    known = card.scores
    assert len(card.raters) >= 4
    assert not card.synthetic
    assert (by_stage["low"] <= by_stage["mean"] + 1e-9).all()
    assert (by_stage["mean"] <= by_stage["high"] + 1e-9).all()
    total = card.total()
    assert math.isnan(total.value) or total.low - 1e-9 <= total.value <= total.high + 1e-9
    assert whole is not None
    assert len(known)
    found = ev.rater_agreement(card, n_resamples=50, seed=1)
    assert found.alpha.value <= 1
    assert set(found.raters) == set(card.raters)
    assert found.means.query("how != ''")["low"].le(found.means["high"] + 1e-9).all()
    lenient = found.severity["leniency"].dropna()
    assert abs(lenient.sum()) < 1e-9
    assert (found.differences["range"] > 0).all()
    assert (found.coefficients["value"].dropna() <= 1 + 1e-12).all()
    assert card.agreement(n_resamples=50, seed=1).alpha.value == found.alpha.value or math.isnan(
        found.alpha.value
    )
    verdict = ev.verdict_of(made)
    assert verdict.coverage == made.coverage
    assert len(verdict.stages) == len(by_stage)


scored = st.lists(st.floats(0, 4), min_size=2, max_size=7)


@tried(0.4)
@given(scored, st.sampled_from([0.5, 3.0]))
def test_weightings(scores, factor):
    found = ev.dirichlet_mean(scores)
    x = np.array(scores)
    close([found.value], [x.mean()])
    close([found.standard_error], [math.sqrt(x.var() / (len(x) + 1))], rtol=1e-7)
    assert ev.extreme_means(scores) == (min(scores), max(scores))
    low, high = ev.extreme_means(scores, low=0.5, high=2)
    assert min(scores) - 1e-9 <= low <= x.mean() + 1e-9 <= high + 2e-9 <= max(scores) + 3e-9
    close(ev.extreme_means(factor * x + 1, low=0.5, high=2), [factor * low + 1, factor * high + 1])
    weights = np.where(x <= np.median(x), 2.0, 0.5)
    assert low <= (weights @ x) / weights.sum() + 1e-9


@tried(0.3)
@given(seeds)
def test_weight_sensitivity(seed):
    card = random_card(seed)
    found = ev.weight_sensitivity(card, n_draws=200, seed=1)
    low, high = ev.extreme_means(card.scores.mean(axis=1).dropna())
    assert (found.ranges["low"] >= low - 1e-9).all()
    assert (found.ranges["high"] <= high + 1e-9).all()
    assert low - 1e-9 <= found.draws.min() <= found.draws.max() <= high + 1e-9
    assert low - 1e-9 <= found.equal <= high + 1e-9
    assert len(found.exact)
    assert len(found.left_out)
    same = ev.compare(card, card, n_draws=100, seed=1)
    assert same.dominated  # nowhere below the other
    assert same.share.value in (0.0, 0.5, 1.0)


@tried(0.4)
@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4, unique=True), st.floats(-4, 4))
def test_score_of(cuts, value):
    rising = sorted(cuts)
    assume(min(np.diff(rising)) > 1e-6)
    score = ev.score_of(value, rising)
    assert score == sum(value >= c for c in rising)
    falling = [-c for c in rising]
    assert ev.score_of(-value, falling) == score


# --- the reason index --------------------------------------------------------------------------


@tried(0.3)
@given(seeds, st.booleans())
def test_reason_index(seed, adjusted):
    rng = np.random.default_rng(seed)
    c, p = rng.normal(size=(10, 8)), rng.normal(size=(10, 6))
    people = [f"p{i}" for i in range(10)]
    survey = ev.ReasonSurvey(c, p, people)
    found = ev.reason_index(survey, adjusted=adjusted, n_permutations=19, seed=1, progress=False)
    assert survey.n_people == found.n_people == 10
    assert found.n_pairs == 45
    assert 0 < found.p_value <= 1
    assert len(found.person_values) == len(found.individual) == 10
    assert found.chance_sd >= 0
    rho_c = stats.spearmanr(c, axis=1).statistic
    rho_p = stats.spearmanr(p, axis=1).statistic
    pairs = ev.consistency_pairs(survey)
    upper = np.triu_indices(10, 1)
    close(pairs["considerations"], rho_c[upper])
    close(pairs["preferences"], rho_p[upper])
    close(pairs["distance"], np.abs(rho_c - rho_p)[upper] / math.sqrt(2))
    close(survey.correlations[0][upper], rho_c[upper])
    assert survey.used.all()
    assert len(survey.left_out) == 0
    order = rng.permutation(10)
    moved = ev.ReasonSurvey(2 * c[order] + 1, p[order] - 3, [people[i] for i in order])
    again = ev.reason_index(moved, adjusted=adjusted)
    close([again.value], [found.value])
    chance = ev.reason_chance_level(survey, adjusted=adjusted)
    close([ev.reason_chance_level(moved, adjusted=adjusted)], [chance])
    close([ev.reason_index(survey.select([0, 1, 2, 3, 4]), adjusted=adjusted).n_people], [5])
    parts = ev.sub_groups(survey, ["e"] * 5 + ["w"] * 5, adjusted=adjusted).table
    assert len(parts) == 3
    assert len(found.pairs) == 45
    assert len(found.alphas) >= 0
    ends = found.estimates["index"]
    assert ends.low <= ends.value <= ends.high
    assert len(found.table)


@tried(0.3)
@given(seeds)
def test_reason_change(seed):
    rng = np.random.default_rng(seed)
    people = [f"p{i}" for i in range(8)]
    one, two = (ev.ReasonSurvey(rng.normal(size=(8, 7)), rng.normal(size=(8, 5)), people)
                for _ in range(2))  # fmt: skip
    found = ev.compare_reason_index(one, two, n_permutations=300, seed=1)
    back = ev.compare_reason_index(two, one, n_permutations=300, seed=1)
    close([back.change], [-found.change])
    assert found.n_people == 8
    test = ev.swap_test(one, two)
    close([ev.swap_test(two, one).p_value], [test.p_value])  # two-sided: the order is the same
    assert 0 < test.p_value <= 1
    assert len(found.individual) == 8
    assert len(found.table)
    drawn = ev.bootstrap_reason_index(one, two, n_resamples=60, seed=1, progress=False).table
    assert (drawn["percentile_low"] <= drawn["percentile_high"]).all()
    assert found.estimate.low <= found.change <= found.estimate.high
