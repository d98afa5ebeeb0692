"""Tables of talk, discourse, raters and votes, every column made again by plain pandas.

The input has its rows in disorder and an index that carries the name of a column, as tables
have that went through other programs: neither may change a number or add a column.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation import pairing, rankings, talk_gap
from dmpkit.evaluation.codebook import Code, Codebook
from dmpkit.evaluation.consensus import group_informed_consensus
from dmpkit.resampling import expanded_tail, run_resamples

from .scorecards import criteria

CLOSE = {"rel": 1e-10, "abs": 1e-12}
same = pd.testing.assert_frame_equal


def odd(frame: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """The rows in disorder, under an index named as the first column."""
    mixed = frame.sample(frac=1, random_state=seed)
    return mixed.set_axis(pd.Index(range(90, 90 - len(mixed), -1), name=frame.columns[0]))


# --- talk -------------------------------------------------------------------------------


def gini(x: Any) -> float:
    x = np.asarray(x, dtype=float)
    return float(np.abs(x[:, None] - x[None, :]).mean() / (2 * x.mean()))


def theil(x: Any) -> float:
    s = np.asarray(x, dtype=float) / np.mean(x)
    return float(np.mean([v * math.log(v) if v else 0.0 for v in s]))


def measures(x: Any) -> dict[str, float]:
    x = np.asarray(x, dtype=float)
    n, share = len(x), x / x.sum()
    entropy = -sum(v * math.log(v) for v in share if v)
    several = n > 1
    return {
        "people": n, "seconds": x.sum(), "gini": gini(x),
        "gini_corrected": gini(x) * n / (n - 1) if several else math.nan,
        "entropy": entropy / math.log(n) if several else math.nan,
        "hhi": (share**2).sum(), "effective_speakers": 1 / (share**2).sum(), "theil": theil(x),
        "top_share": share.max(), "silent": (x == 0).sum(), "silent_share": (x == 0).mean(),
    }  # fmt: skip


LOG = pd.DataFrame({
    "person": ["a", "b", "a", "c", "d", "b", "e", "a"],
    "seconds": [10.0, 20, 5, 40, 0, 7, 60, 3],
    "day": [1, 1, 1, 1, 1, 2, 2, 2],
})  # fmt: skip
MEMBERS = pd.DataFrame({
    "person": list("abcdef"), "seat": ["1", "1", "2", "2", "2", "1"],
    "sex": ["w", "m", "w", "m", "w", "m"],
})  # fmt: skip


def test_every_table_of_talk_by_pandas():
    found = ev.talk_inequality(
        odd(LOG), members=odd(MEMBERS, 1), group="sex", table="seat", session="day",
        n_permutations=19, n_resamples=0, smallest=2, seed=1,
    )  # fmt: skip
    seconds = LOG.groupby("person")["seconds"].sum().reindex(list("abcdef")).fillna(0.0)
    people = MEMBERS.assign(seconds=seconds.to_numpy(), group=MEMBERS["sex"], table=MEMBERS["seat"])
    same(found.people, people[["person", "seconds", "group", "table"]], check_dtype=False)
    log = LOG.groupby(["day", "person"], as_index=False)["seconds"].sum()
    log["session"] = log["day"].astype(str)
    same(found.log, log[["session", "person", "seconds"]], check_dtype=False)
    assert (found.complete, found.group_name, found.smallest, found.notes) == (True, "sex", 2, ())
    every = measures(seconds)
    assert found.values == pytest.approx(every, **CLOSE)
    assert found.statistics["statistic"].tolist() == list(every)
    assert found.statistics["value"].tolist() == pytest.approx(list(every.values()), **CLOSE)
    assert list(found.statistics) == ["statistic", "value", "reading"]
    assert found.statistics["reading"].str.len().min() > 5
    shares = people.assign(share=people["seconds"] / people["seconds"].sum())
    shares = shares.sort_values(["seconds", "person"], ascending=[False, True], ignore_index=True)
    same(found.shares, shares[["person", "seconds", "share", "group", "table"]], check_dtype=False)
    split = []
    for by in ("group", "table"):
        between = within = 0.0
        total, n = people["seconds"].sum(), len(people)
        for _, own in people.groupby(by):
            part = own["seconds"].sum() / total
            between += part * math.log(part / (len(own) / n))
            within += part * theil(own["seconds"])
        assert between + within == pytest.approx(theil(seconds), **CLOSE)
        split.append((by, 6, theil(seconds), between, within, between / theil(seconds)))
    columns = ["by", "people", "theil", "between", "within", "between_share"]
    same(found.theil, pd.DataFrame(split, columns=columns), check_dtype=False)
    tables = [{"table": t, **measures(own["seconds"])} for t, own in people.groupby("table")]
    same(found.tables_, pd.DataFrame(tables), check_dtype=False)
    sessions = []
    for day, own in log.groupby("session"):
        all_ = own.set_index("person")["seconds"].reindex(people["person"]).fillna(0)
        row = {"session": day, "people": len(own), "without_row": 6 - len(own)}
        sessions.append(row | measures(own["seconds"]) | {
            "gini_all_members": gini(all_), "silent_share_all_members": (all_ == 0).mean(),
        })  # fmt: skip
    same(found.sessions, pd.DataFrame(sessions), check_dtype=False)
    assert list(found.frames()) == ["statistics", "shares", "groups", "theil", "tables", "sessions"]


def test_talk_at_tables_that_people_changed():
    log = LOG.assign(seat=["1", "1", "2", "2", "1", "2", "1", "1"])
    found = ev.talk_inequality(odd(log), session="day", table="seat")
    sums = log.assign(day=log["day"].astype(str)).groupby(["day", "seat", "person"])["seconds"]
    wanted = [{"session": k[0], "table": k[1], **measures(own)}
              for k, own in sums.sum().groupby(level=[0, 1]) if own.sum() > 0]  # fmt: skip
    same(found.tables_, pd.DataFrame(wanted), check_dtype=False)
    assert "table" not in found.people
    assert (found.complete, found.gap) == (False, None)
    assert math.isnan(found.silent_share)
    assert "changed tables" in found.notes[0]
    assert len(found.people) == 5


def test_people_without_a_group_or_table_are_left_out_and_counted():
    members = MEMBERS.assign(sex=["w", "m", "", "m", "w", ""], seat=["1", "1", "2", "", "2", "1"])
    found = ev.talk_inequality(LOG, members=members, group="sex", table="seat", n_permutations=9,
                               n_resamples=0, seed=3)  # fmt: skip
    assert found.theil["people"].tolist() == [4, 5]
    assert found.notes[0] == "The table of 1 people is not known."
    assert found.notes[1].startswith("The group of 2 people is not known")
    assert found.gap.gap.n == 4
    assert found.gap.table["people"].tolist() == [2, 2]
    alone = members.assign(sex="w")
    one = ev.talk_inequality(LOG, members=alone, group="sex")
    assert one.gap is None
    assert "cannot be compared" in one.notes[-1]
    gap = one.indicators()[1]
    assert math.isnan(gap.value)
    assert "no sub-groups known for 'sex'" in gap.note


def test_measures_of_talk_as_indicators():
    found = ev.talk_inequality(LOG, members=MEMBERS, group="sex", n_permutations=19, n_resamples=0,
                               seed=1)  # fmt: skip
    one, two, three = found.indicators()
    assert (one.value, one.n, one.source) == (found.gini, 6, "talk log, 6 people")
    assert f"{found.values['gini_corrected']:.3f}" in one.note
    assert (two.value, two.n, two.source) == (found.gap.gap.value, 6, "talk log, 6 people")
    assert f"{found.gap.expected:.3f}" in two.note
    assert (three.value, three.n, three.note) == (2 / 6, 6, "complete count")
    open_ = ev.talk_inequality(LOG).indicators()
    assert "silent people are missed" in open_[0].note
    assert math.isnan(open_[2].value)


SECONDS = np.array([3.0, 50, 20, 8, 31, 90, 0, 44, 12, 70, 25, 5])
LABELS = list("abbaabbaabab")


def hoover(x: np.ndarray, labels: Any) -> float:
    labels = np.asarray(labels)
    return sum(abs(x[labels == g].sum() / x.sum() - (labels == g).mean()) for g in "ab") / 2


@pytest.mark.parametrize("strata", [None, list("112211221122")])
def test_gap_between_groups_its_shuffles_and_its_resamples_by_hand(strata):
    """Labels are shuffled within tables; people are drawn anew within groups."""
    found = ev.group_gap(SECONDS, LABELS, strata=strata, n_permutations=60, n_resamples=80, seed=4)
    cells = np.zeros(12, dtype=int) if strata is None else np.array(strata, dtype=int) - 1
    codes = np.array(["ab".index(g) for g in LABELS])
    order = sorted(range(12), key=lambda i: (cells[i], SECONDS[i], codes[i]))
    x, codes, cells = SECONDS[order], codes[order], cells[order]

    def shuffled(generator: Any, size: int) -> np.ndarray:
        keys = generator.random((size, 12)) + cells
        return np.array([hoover(x, np.array(list("ab"))[codes[np.argsort(k)]]) for k in keys])

    drawn = np.concatenate(run_resamples(shuffled, 60, seed=4, chunk_size=500, progress=False))
    seen = hoover(SECONDS, LABELS)
    p = (1 + (drawn >= seen - 1e-12).sum()) / 61
    assert (found.gap.value, found.gap.p_value, found.gap.n) == pytest.approx(
        (seen, p, 12), **CLOSE
    )
    assert found.expected == pytest.approx(drawn.mean(), **CLOSE)

    def log_odds(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = [values[codes == g] for g in (0, 1)]
        total = values.sum()
        share = np.array([part.sum() / total for part in parts])
        v = [len(part) * part.var(ddof=1) for part in parts]
        error = np.array([
            math.sqrt((1 - share[g]) ** 2 * v[g] + share[g] ** 2 * v[1 - g]) / total for g in (0, 1)
        ])  # fmt: skip
        return np.log(share / (1 - share)), error / (share * (1 - share))

    centre, spread = log_odds(x)

    def studentised(generator: Any, size: int) -> np.ndarray:
        rows = np.empty((size, 12))
        for g in (0, 1):
            own = np.flatnonzero(codes == g)
            rows[:, own] = x[own[generator.integers(len(own), size=(size, len(own)))]]
        made = [log_odds(row) for row in rows]
        return np.array([(odds - centre) / error for odds, error in made])

    z = np.concatenate(run_resamples(studentised, 80, seed=5, chunk_size=500, progress=False))
    size = np.quantile(np.abs(z), 0.95, axis=0) * spread
    low, high = (1 / (1 + np.exp(-(centre + end))) - 0.5 for end in (-size, size))
    rows = []
    for g, name in enumerate("ab"):
        own = SECONDS[[label == name for label in LABELS]]
        share = own.sum() / SECONDS.sum()
        rows.append({
            "group": name, "people": 6, "seconds": own.sum(), "mean_seconds": own.mean(),
            "silent": (own == 0).sum(), "share_of_members": 0.5, "share_of_talk": share,
            "difference": share - 0.5, "low": low[g], "high": high[g], "relative": share / 0.5,
            "theil": theil(own),
        })  # fmt: skip
    wanted = pd.DataFrame(rows)
    same(found.table, wanted, check_dtype=False, rtol=1e-9)
    means = wanted["mean_seconds"]
    assert found.ratio == pytest.approx(means.min() / means.max(), **CLOSE)
    assert (found.n_permutations, found.n_resamples, found.seed) == (60, 80, 4)
    assert (found.within_tables, found.n_tables, found.n_mixed) == (
        (False, 0, 0) if strata is None else (True, 2, 2)
    )
    assert found.gap.note == "permutation p-value"


def test_a_gap_without_intervals_or_without_a_test_says_why():
    none = ev.group_gap(SECONDS, LABELS, n_permutations=9, n_resamples=0, seed=1)
    assert none.gap.note.endswith("no intervals asked for")
    assert none.table[["low", "high"]].isna().all(axis=None)
    four = ev.group_gap(SECONDS[:8], LABELS[:8], n_permutations=9, seed=1)
    assert "a group has fewer than 5 people" in four.gap.note
    level = ev.group_gap([5.0] * 5 + [9.0] * 5, ["a"] * 5 + ["b"] * 5, n_permutations=9, seed=1)
    assert "speak alike" in level.gap.note
    apart = ev.group_gap(SECONDS, LABELS, strata=LABELS, n_permutations=9, n_resamples=0, seed=1)
    assert (apart.testable, apart.n_mixed, apart.n_tables) == (False, 0, 2)
    assert math.isnan(apart.expected)
    assert math.isnan(apart.gap.p_value)
    assert (apart.gap.value, apart.gap.n) == (pytest.approx(hoover(SECONDS, LABELS)), 12)
    assert apart.gap.note.startswith("no p-value")
    half = ev.group_gap(SECONDS, LABELS, strata=["1" if g == "a" or i < 4 else "2"
                        for i, g in enumerate(LABELS)], n_permutations=9, n_resamples=0,
                        seed=1)  # fmt: skip
    assert (half.n_mixed, half.n_tables, half.testable) == (1, 2, True)
    for wrong in (
        lambda: ev.group_gap([1, 2], ["a"]),
        lambda: ev.group_gap([1, 2], ["a", "b"], strata=["1"]),
        lambda: ev.group_gap([1, 2], ["a", "a"]),
        lambda: ev.group_gap([1, 2], ["a", ""]),
        lambda: ev.group_gap([0, 0], ["a", "b"]),
        lambda: ev.group_gap([1, 2], ["a", "b"], n_permutations=0),
        lambda: ev.group_gap([1, 2], ["a", "b"], strata=["1", "2"], n_permutations=0),
    ):
        with pytest.raises(DataError):
            wrong()


def test_few_usable_resamples_give_no_interval():
    x = np.zeros(10)
    x[[0, 5]] = [10.0, 30]  # in a third of the draws nobody of a group spoke
    found = ev.group_gap(x, ["a"] * 5 + ["b"] * 5, n_permutations=9, n_resamples=50, seed=1)
    assert "too few people of a group spoke" in found.gap.note
    assert found.table["low"].isna().all()
    assert found.table["silent"].tolist() == [4, 4]
    silent = talk_gap._log_odds(np.array([0.0, 1, 0.5]), np.array([1.0, 1, 0]))
    assert np.isnan(silent[0]).all()
    assert np.isnan(silent[1]).all()


# --- discourse --------------------------------------------------------------------------

BOOK = Codebook("own", (Code("tone", "Tone", 4), Code("depth", "Depth", 3, minimum=1)))


def coded(seed: int = 3, n: int = 14) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    tone, depth = rng.integers(0, 5, n), rng.integers(1, 4, n)
    rows = [
        {"act": f"a{i:02d}", "coder": coder, "person": f"p{i % 7}", "tone": float(tone[i]),
         "depth": float(depth[i])}
        for i in range(n) for coder in ("u", "v")
    ]  # fmt: skip
    frame = pd.DataFrame(rows)
    frame.loc[[0, 5, 9], "tone"] = [1.0, 2.0, 0.0]
    frame.loc[3, "depth"] = np.nan
    return frame


def test_every_table_of_discourse_by_pandas():
    acts = coded()
    members = pd.DataFrame({"person": [f"p{i}" for i in range(7)], "side": [*"xxyxxx", ""]})
    found = ev.discourse_quality(
        odd(acts), codebook=BOOK, members=odd(members, 2), group="side", threshold=-1, smallest=1
    )
    scaled = pd.DataFrame({"tone": acts["tone"] / 4, "depth": (acts["depth"] - 1) / 2})
    each = 100 * scaled.mean(axis=1, skipna=False)
    rows = []
    for coder, own in acts.groupby("coder"):
        full, c = own[["tone", "depth"]].dropna(), each[own.index].dropna()
        k = full.cov().to_numpy()
        alpha = 2 * (1 - np.trace(k) / k.sum())
        rows.append((coder, len(own), len(full), c.mean(), c.std(), alpha))
    columns = ["coder", "acts", "complete", "composite_mean", "composite_sd", "cronbach_alpha"]
    same(found.by_coder, pd.DataFrame(rows, columns=columns), check_dtype=False)
    rows = []
    for code, label, values in (("tone", "Tone", range(5)), ("depth", "Depth", range(1, 4))):
        for coder, own in acts.groupby("coder"):
            for value in values:
                n = (own[code] == value).sum()
                rows.append((code, label, coder, value, n, n / own[code].notna().sum()))
    columns = ["code", "label", "coder", "value", "acts", "share"]
    same(found.distribution, pd.DataFrame(rows, columns=columns), check_dtype=False)
    by_act = acts.assign(c=each).groupby("act").agg(
        {"person": "first", "tone": "mean", "depth": "mean", "c": "mean"}
    )  # fmt: skip
    by_act["side"] = by_act["person"].map(members.set_index("person")["side"]).replace(
        "", "not known"
    )  # fmt: skip
    rows = []
    for side, own in by_act.groupby("side"):
        head = (side, own["person"].nunique(), len(own))
        t, d, c = own["tone"].mean(), own["depth"].mean(), own["c"].mean()
        rows += [(*head, "tone", "Tone", t, t / 4, False),
                 (*head, "depth", "Depth", d, (d - 1) / 2, False),
                 (*head, "composite", "composite (0 to 100)", c, c / 100, False)]  # fmt: skip
    columns = ["group", "people", "acts", "code", "label", "mean", "scaled", "hidden"]
    same(found.groups, pd.DataFrame(rows, columns=columns), check_dtype=False)
    assert found.composite.value == pytest.approx(by_act["c"].mean(), **CLOSE)
    assert found.composite.n == by_act["c"].notna().sum()
    assert math.isnan(found.composite.low)
    assert found.composite.note == "all acts have all codes"
    pair = acts.pivot_table(index="act", columns="coder", values="tone")
    row = found.reliability.set_index("code").loc["tone"]
    assert row["percent_agreement"] == pytest.approx((pair["u"] == pair["v"]).mean(), **CLOSE)
    assert row["spearman"] == pytest.approx(stats.spearmanr(pair["u"], pair["v"])[0], **CLOSE)
    assert found.reliability["acts"].tolist() == [14, 13]
    shares = [np.bincount(pair[c].astype(int), minlength=5) / 14 for c in "uv"]
    for weight, name in ((lambda a, b: float(a != b), "cohen_kappa"),
                         (lambda a, b: (a - b) ** 2, "kappa_quadratic")):  # fmt: skip
        seen = np.mean([weight(a, b) for a, b in pair.to_numpy()])
        chance = sum(shares[0][a] * shares[1][b] * weight(a, b) for a in range(5) for b in range(5))
        assert row[name] == pytest.approx(1 - seen / chance, **CLOSE)
    assert {"code", "label", "acts", "low", "high", "reliable", "note"} <= set(found.reliability)
    assert found.reliability.shape[1] == 13
    assert found.coders == ("u", "v")
    assert (found.threshold, found.coefficient) == (-1, "alpha_ordinal")
    assert (found.group_name, found.smallest, found.sampled) == ("side", 1, False)


def test_a_group_of_few_speakers_is_hidden_with_what_would_give_it_away():
    members = pd.DataFrame({"person": [f"p{i}" for i in range(7)], "side": list("xxyyyyy")})
    found = ev.discourse_quality(coded(), codebook=BOOK, members=members, group="side",
                                 threshold=-1)  # fmt: skip
    assert found.groups["hidden"].all()
    numbers = found.groups[["people", "acts", "mean", "scaled"]]
    assert numbers.isna().all(axis=None)
    weak = ev.discourse_quality(coded(), codebook=BOOK, members=members, group="side", threshold=1)
    assert set(weak.groups["code"]) == {"tone", "depth"}
    assert weak.by_coder[["composite_mean", "composite_sd"]].isna().all(axis=None)
    assert math.isnan(weak.composite.value)
    assert "below 1 or not known for" in weak.composite.note


def test_interval_of_the_composite_by_drawing_speakers():
    acts = coded()
    found = ev.discourse_quality(odd(acts), codebook=BOOK, threshold=-1, sampled=True,
                                 n_resamples=90, seed=6)  # fmt: skip
    each = 100 * pd.DataFrame({"t": acts["tone"] / 4, "d": (acts["depth"] - 1) / 2}).mean(
        axis=1, skipna=False
    )  # fmt: skip
    by_act = acts.assign(c=each).groupby("act").agg({"person": "first", "c": "mean"})
    own = by_act.groupby("person")["c"].agg(["sum", "count"]).sort_values(["sum", "count"])
    sums, counts = own["sum"].to_numpy(), own["count"].to_numpy()

    def ratio(s: np.ndarray, c: np.ndarray) -> tuple[float, float]:
        mean = s.sum() / c.sum()
        return mean, math.sqrt(7 / 6 * ((s - mean * c) ** 2).sum()) / c.sum()

    centre, error = ratio(sums, counts)

    def work(generator: Any, size: int) -> list[float]:
        rows = generator.integers(7, size=(size, 7))
        made = [ratio(sums[row], counts[row]) for row in rows]
        return [(mean - centre) / e for mean, e in made if e > 1e-12]

    z = np.concatenate(run_resamples(work, 90, seed=6, chunk_size=500, progress=False))
    low, high = centre - error * np.quantile(z, [0.975, 0.025])
    assert (found.composite.value, found.composite.low, found.composite.high) == pytest.approx(
        (centre, max(0, low), min(100, high)), **CLOSE
    )
    assert "over 7 speakers, seed 6" in found.composite.note
    assert found.sampled
    nameless = ev.discourse_quality(acts.drop(columns="person"), codebook=BOOK, threshold=-1,
                                    sampled=True)  # fmt: skip
    assert "speakers are not known" in nameless.composite.note
    low, high = (acts.assign(tone=t, depth=d) for t, d in ((0.0, 1.0), (4.0, 3.0)))
    for ends, sign in ((low, 1), (high, -1)):
        ends.loc[ends["act"] == "a00", "tone"] += 4 * sign
        ends.loc[ends["act"] == "a01", "tone"] += 1 * sign
    settings = {"codebook": BOOK, "coefficient": "percent_agreement", "threshold": -1}
    settings |= {"sampled": True, "n_resamples": 200, "seed": 2}
    nearly = [ev.discourse_quality(ends, **settings).composite for ends in (low, high)]
    assert nearly[0].low == 0  # a composite is never below 0 or above 100
    assert nearly[1].high == 100
    few = acts.assign(person=[f"p{int(a[1:]) % 4}" for a in acts["act"]])
    assert "fewer than 5 speakers" in ev.discourse_quality(
        few, codebook=BOOK, threshold=-1, sampled=True
    ).composite.note  # fmt: skip
    alike = acts.assign(tone=2.0, depth=2.0)
    alike.loc[[0, 1], "tone"] = 3.0
    alike.loc[[0, 1], "depth"] = 1.0  # the same composite by another way
    level = ev.discourse_quality(alike, codebook=BOOK, threshold=-1, sampled=True)
    assert math.isnan(level.composite.low)


# --- votes, rankings, answers -------------------------------------------------------------


def test_consensus_by_pandas():
    votes = pd.DataFrame({
        "statement": ["s1", "s1", "s2", "s2", "s3", "s3"], "group": ["g", "h"] * 3,
        "agree": [4, 1, 2, 6, 0, 3], "seen": [5, 9, 8, 7, 2, 3],
    })  # fmt: skip
    found = group_informed_consensus(odd(votes))
    share = (votes["agree"] + 1) / (votes["seen"] + 2)
    own = votes.assign(disagree=np.nan, share=share)
    columns = ["statement", "group", "agree", "disagree", "seen", "share"]
    same(found.votes, own[columns], check_dtype=False)
    wide = own.pivot_table(index="statement", columns="group", values="share")
    table = pd.DataFrame({
        "statement": wide.index, "consensus": wide.prod(axis=1).to_numpy(),
        "rank": wide.prod(axis=1).rank(ascending=False).to_numpy(),
        "lowest_share": wide.min(axis=1).to_numpy(), "lowest_group": wide.idxmin(axis=1).to_numpy(),
        "seen": votes.groupby("statement")["seen"].sum().to_numpy(),
    }).sort_values("rank", ignore_index=True)  # fmt: skip
    same(found.table, table, check_dtype=False)
    assert found.groups == ("g", "h")
    assert found.votes["disagree"].isna().all()
    assert [str(found.votes[c].dtype) for c in ("agree", "seen")] == ["int64", "int64"]


def test_rankings_are_read_by_stage_and_person():
    frame = pd.DataFrame({
        "person": ["b", "a", "a", "b"], "stage": ["after", "before", "after", "before"],
        "x": [1, 2, 3, 1], "y": [2, 1, 1, 3], "z": [3, 3, 2, 2],
    })  # fmt: skip
    found = rankings.read_rankings(odd(frame))
    assert list(found) == ["before", "after"]
    assert found["before"].every == ("a", "b")
    assert found["before"].ranks.tolist() == [[2, 1, 3], [1, 3, 2]]
    assert found["after"].ranks.tolist() == [[3, 1, 2], [1, 2, 3]]
    assert found["after"].orders.tolist() == [[1, 2, 0], [0, 1, 2]]
    assert found["after"].options == ("x", "y", "z")
    assert found["after"].incomplete == "refuse"
    part = rankings.read_rankings(odd(frame), options=["z", "x"])["before"]
    assert part.ranks.tolist() == [[2, 1], [2, 1]]
    assert part.ranks.dtype == np.float64
    assert part.options == ("z", "x")
    holes = frame.assign(x=[1, np.nan, 1, 1]).astype({"x": float})
    with pytest.raises(DataError) as told:
        rankings.read_rankings(holes)
    assert (told.value.row, told.value.column) == (3, "x")
    left = rankings.read_rankings(holes, incomplete="leave out")
    assert left["before"].people == ("b",)
    assert left["before"].n_left_out == 1
    assert left["after"].people == ("b",)  # a ties two options
    tie = frame.assign(x=[1, 2, 1, 1])
    with pytest.raises(DataError, match="'x' and 'y' the rank 1") as told:
        rankings.read_rankings(tie)
    assert told.value.row == 4
    with pytest.raises(DataError, match="second ranking") as told:
        rankings.read_rankings(frame.assign(person="a"))
    assert told.value.column == "person"
    swapped = rankings.read_rankings(frame, stages=("after", "before"))
    assert list(swapped) == ["after", "before"]
    post = rankings.read_rankings(frame.replace({"before": "pre", "after": "post"}))
    assert list(post) == ["pre", "post"]
    one = rankings.read_rankings(frame[frame["stage"] == "after"])
    assert list(one) == ["after"]
    all_ = rankings.read_rankings(frame.drop(columns="stage").iloc[:2])
    assert (list(all_), all_["all"].every) == (["all"], ("a", "b"))
    with pytest.raises(DataError):
        rankings.read_rankings(frame.replace({"before": "early"}))


def test_orders_as_text_become_ranks():
    frame = pd.DataFrame({"person": [1, 2], "order": ["b > c > a", "c > a"], "sex": ["w", "m"]})
    found = rankings.ranks_from_orders(odd(frame, 2), "order", separator=">", drop=False)
    wanted = odd(frame, 2).reset_index(drop=True)
    ranks = {"b > c > a": (3, 1, 2), "c > a": (2, np.nan, 1)}
    for place, option in enumerate("abc"):
        wanted[option] = [float(ranks[o][place]) for o in wanted["order"]]
    same(found, wanted)
    assert list(rankings.ranks_from_orders(frame, "order", separator=">")) == [
        "person", "sex", "a", "b", "c",
    ]  # fmt: skip
    for wrong in ("b > b", "b > "):
        with pytest.raises(DataError, match="twice, or none") as told:
            rankings.ranks_from_orders(frame.assign(order=["a", wrong]), "order", separator=">")
        assert (told.value.row, told.value.column) == (3, "order")


def test_answers_are_paired_by_id_whatever_their_order():
    first = pd.DataFrame(
        {"id": [3, 1, 2, 9], "q": [5, 4, 3, 1], "only": 1, "seat": ["x", "y", "x", "y"]}
    )
    second = pd.DataFrame({"id": ["2", " 1", "3", "8"], "q": [1, 2, np.nan, 5], "new": 2})
    found = pairing.pair_answers(odd(first), odd(second), person="id", table="seat", scale=(1, 5))
    people = [str(v) for v in odd(first)["id"] if v != 9]
    assert list(found.people) == people
    assert found.before["q"].to_dict() == {"3": 5, "1": 4, "2": 3}
    after = found.after["q"].to_dict()
    assert (after["1"], after["2"], math.isnan(after["3"])) == (2, 1, True)
    assert (found.only_before, found.only_after) == (("9",), ("8",))
    assert found.left_out == ("only", "new")
    assert found.tables.to_dict() == {"3": "x", "1": "y", "2": "x"}
    assert found.scales == {"q": (1.0, 5.0)}
    assert (found.items, found.n) == (("q",), 3)
    with pytest.raises(DataError, match=r"not used: \['x', 'y'\]"):
        pairing.pair_answers(
            first, second, person="id", items=["q"], scale={"x": (1, 5), "y": (1, 2)}
        )
    part = pairing.pair_answers(
        first, second, person="id", items=["q"], scale={"q": (0, 9), "y": (1, 2)}
    )
    assert part.scales == {"q": (0.0, 9.0)}
    for bad in ((5, 1), (1, 1), (1, math.inf), (1,), None, ("a", "b")):
        with pytest.raises(DataError, match="The scale of 'q'"):
            pairing.pair_answers(first, second, person="id", items=["q"], scale={"q": bad})
    low = pairing.pair_answers(first, second, person="id", items=["q"], scale=(1, 5))
    assert low.scales == {"q": (1.0, 5.0)}
    with pytest.raises(DataError, match="outside the scale 1 to 4") as told:
        pairing.pair_answers(first, second, person="id", items=["q"], scale=(1, 4))
    assert (told.value.row, told.value.column) == (2, "q")


# --- raters -----------------------------------------------------------------------------


def card(n_raters: int, n: int = 6) -> tuple[ev.Scorecard, pd.DataFrame]:
    rng = np.random.default_rng(n_raters)
    own = criteria(n)
    scores = np.clip(rng.integers(0, 5, (n, 1)) + rng.integers(-1, 2, (n, n_raters)), 0, 4)
    wide = pd.DataFrame(scores.astype(float), index=list(own.ids),
                        columns=[f"r{i}" for i in range(n_raters)])  # fmt: skip
    wide.iloc[1, 0] = np.nan
    long = wide.rename_axis("criterion").reset_index().melt("criterion", var_name="rater",
                                                            value_name="score")  # fmt: skip
    return ev.Scorecard.from_frames(long.dropna(), own), wide


def test_every_table_of_the_raters_by_pandas():
    scorecard, wide = card(3)
    found = ev.rater_agreement(scorecard, seed=5)
    wide = wide[list(found.raters)]
    twice = wide[wide.notna().sum(axis=1) >= 2]
    apart = pd.DataFrame({
        "criterion": twice.index, "label": [f"Thing {c}" for c in twice.index],
        "stage": ["s1"] * 3 + ["s2"] * 3, "lowest": twice.min(axis=1).to_numpy(),
        "highest": twice.max(axis=1).to_numpy(),
    })  # fmt: skip
    apart["range"] = apart["highest"] - apart["lowest"]
    for name in wide:
        apart[f"score {name}"] = twice[name].to_numpy()
    apart = apart[apart["range"] > 0].sort_values("range", ascending=False, kind="stable")
    got = found.differences
    same(got.drop(columns="stage"), apart.drop(columns="stage").reset_index(drop=True))
    rows = []
    for own in (wide.iloc[:3], wide.iloc[3:], wide):
        rows.append((len(own), own.mean(axis=1).mean(), own.min(axis=1).mean(),
                     own.max(axis=1).mean(), "range of the raters"))  # fmt: skip
    assert list(found.means) == ["stage", "n_criteria", "mean", "low", "high", "how"]
    wanted = pd.DataFrame(rows, columns=["n_criteria", "mean", "low", "high", "how"])
    same(found.means.drop(columns="stage"), wanted, check_dtype=False)
    assert found.means["stage"].iloc[-1] == "all stages"
    assert got["stage"].tolist() == [
        found.means["stage"][0 if int(c[1:]) <= 3 else 1] for c in got["criterion"]
    ]
    full = wide.dropna()
    k = len(full)
    assert list(found.coefficients) == ["coefficient", "value", "low", "high", "n_criteria", "note"]
    w = found.coefficients.iloc[2]
    ranks = full.rank()
    ties = sum((t**3 - t) for c in full for t in full[c].value_counts())
    s = ((ranks.sum(axis=1) - ranks.sum(axis=1).mean()) ** 2).sum()
    assert w["value"] == pytest.approx(12 * s / (9 * (k**3 - k) - 3 * ties), **CLOSE)
    assert w["n_criteria"] == k
    icc = found.coefficients.iloc[3:]
    assert (icc["n_criteria"] == k).all()
    assert (icc["low"] <= icc["value"]).all()
    assert (icc["value"] <= icc["high"]).all()
    x = full.to_numpy()
    between = 3 * x.mean(axis=1).var(ddof=1)
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum() / (k * 2)
    one = icc[icc["coefficient"].str.startswith("ICC(1")].iloc[0]
    assert one["value"] == pytest.approx((between - within) / (between + 2 * within), **CLOSE)
    severity = found.severity
    assert list(severity) == ["rater", "n_criteria", "mean", "leniency"]
    assert severity["rater"].tolist() == list(wide)
    assert severity["n_criteria"].tolist() == wide.notna().sum().tolist()
    assert severity["mean"].tolist() == pytest.approx(wide.mean().tolist(), **CLOSE)
    row, column = np.nonzero(wide.notna())
    design = np.hstack([np.eye(6)[row], np.eye(3)[column]])
    effects = np.linalg.lstsq(design, wide.to_numpy()[row, column], rcond=None)[0][-3:]
    assert severity["leniency"].tolist() == pytest.approx(list(effects - effects.mean()), abs=1e-9)
    assert (found.n_resamples, found.seed, found.synthetic) == (2000, 5, False)
    (alpha,) = found.indicators()
    assert (alpha.value, alpha.n, alpha.source) == (found.alpha.value, found.alpha.n, "scorecard")


def test_one_rater_has_a_row_without_numbers_in_the_same_columns():
    own = criteria(4)
    ratings = pd.DataFrame({"criterion": own.ids, "rater": "x", "score": [1, 2, 3, 4]})
    found = ev.rater_agreement(ev.Scorecard.from_frames(ratings, own), seed=1)
    table = found.coefficients
    assert list(table) == ["coefficient", "value", "low", "high", "n_criteria", "note"]
    assert table.iloc[-1, 0] == "intraclass correlations"
    assert table[["value", "low", "high"]].isna().all(axis=None)
    assert table["n_criteria"].tolist() == [0, 0, 4, 4]
    assert table["note"].str.startswith("undefined").all()
    assert found.means["how"].eq("one rater: neither range nor interval").all()
    assert found.means[["low", "high"]].isna().all(axis=None)
    assert found.means["mean"].tolist() == [1.5, 3.5, 2.5]


def test_interval_of_a_mean_by_drawing_raters():
    scorecard, wide = card(5)
    found = ev.rater_agreement(scorecard, n_resamples=700, seed=8)
    wide = wide[list(found.raters)]
    for row, own in zip(found.means.to_dict("records"), (wide.iloc[:3], wide.iloc[3:], wide),
                        strict=True):  # fmt: skip
        x = own.to_numpy()

        def work(generator: Any, size: int, x: np.ndarray = x) -> np.ndarray:
            times = generator.multinomial(5, np.full(5, 0.2), size=size)
            out = []
            for t in times:
                means = [np.nan if not (t * ~np.isnan(r)).sum() else
                         np.nansum(t * r) / (t * ~np.isnan(r)).sum() for r in x]  # fmt: skip
                out.append(np.nanmean(means))
            return np.array(out)

        drawn = np.concatenate(run_resamples(work, 700, seed=8, chunk_size=500, progress=False))
        tail = expanded_tail(0.95, 5)
        assert (row["low"], row["high"]) == pytest.approx(
            tuple(np.quantile(drawn, [tail, 1 - tail])), **CLOSE
        )
        assert row["how"] == "95 % interval from 700 draws"
        assert row["n_criteria"] == len(own)
    range_ = ev.rater_agreement(scorecard, n_resamples=0, seed=8).means
    assert range_["how"].eq("range of the raters").all()
    assert range_["low"].iloc[-1] == pytest.approx(wide.min(axis=1).mean())
    four, three = (ev.rater_agreement(card(m)[0], n_resamples=9, seed=1).means for m in (4, 3))
    assert four["how"].str.contains("draws").all()
    assert not three["how"].str.contains("draws").any()
    for wrong in (-1, 1.5, True):
        with pytest.raises(DataError, match="n_resamples"):
            ev.rater_agreement(scorecard, n_resamples=wrong)
