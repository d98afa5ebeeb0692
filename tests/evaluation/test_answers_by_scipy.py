"""Tables of answers before and after, every column made again by scipy and plain loops.

The input has its rows in disorder and an index named as a column: neither may change a
number or add a column.
"""

from __future__ import annotations

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from dmpkit import evaluation as ev
from dmpkit.errors import DataError, SmallSampleWarning
from dmpkit.evaluation import opinion
from dmpkit.measures.clusters import cluster_weights
from dmpkit.resampling import expanded_tail

from .test_tables_by_pandas import odd

CLOSE = {"rel": 1e-9, "abs": 1e-12}
same = pd.testing.assert_frame_equal

FIRST = pd.DataFrame({
    "person": list("abcdefghijk"), "q": [1.0, 2, 2, 5, 4, 3, 1, np.nan, 2, 5, 3],
    "r": [3.0, 1, 1, 2, 4, 5, 3, 4, 2, 2, 1], "seat": list("xxxxyyyzzzz"),
})  # fmt: skip
SECOND = pd.DataFrame({
    "person": list("bcdefghijka"), "q": [4.0, 2, 5, 5, 1, 3, 4, 4, 5, np.nan, 2],
    "r": [2.0, 4, 2, 5, 5, 4, 3, 3, 2, 2, 4],
})  # fmt: skip


def both(item: str, people: Any) -> tuple[np.ndarray, np.ndarray]:
    x, y = (f.set_index("person")[item].reindex(people).to_numpy() for f in (FIRST, SECOND))
    return x, y


def gz_ends(dz: float, n: int, level: float) -> list[float]:
    t, factor = dz * math.sqrt(n), (1 - 3 / (4 * (n - 1) - 1)) / math.sqrt(n)
    tail = (1 - level) / 2
    ends = [optimize.brentq(lambda d, p=p: stats.nct.cdf(t, n - 1, d) - p, t - 9, t + 9)
            for p in (1 - tail, tail)]  # fmt: skip
    return [end * factor for end in ends]


def by_tables(d: np.ndarray, seats: np.ndarray, level: float) -> dict[str, float]:
    """CR2 and Satterthwaite from the projections themselves; the analysis of variance."""
    n, groups = len(d), sorted(set(seats))
    mean = d.mean()
    variance, columns = 0.0, []
    for g in groups:
        here = seats == g
        left = 1 - here.sum() / n
        variance += (d[here] - mean).sum() ** 2 / left / n**2
        w = here / (n * math.sqrt(left))
        columns.append(w - w.mean())
    gram = np.array(columns) @ np.array(columns).T
    df = np.trace(gram) ** 2 / (gram**2).sum()
    half = stats.t.ppf((1 + level) / 2, df) * math.sqrt(variance)
    parts = [d[seats == g] for g in groups]
    k = len(parts)
    msb = sum(len(p) * (p.mean() - mean) ** 2 for p in parts) / (k - 1)
    msw = sum(((p - p.mean()) ** 2).sum() for p in parts) / (n - k)
    size = (n - sum(len(p) ** 2 for p in parts) / n) / (k - 1)
    icc = (msb - msw) / (msb + (size - 1) * msw)
    return {
        "n_tables": k, "se_tables": math.sqrt(variance), "df_tables": df, "low_tables": mean - half,
        "high_tables": mean + half,
        "p_tables": 2 * stats.t.sf(abs(mean) / math.sqrt(variance), df), "icc": icc,
        "design_effect": 1 + (n / k - 1) * max(0, icc),
    }  # fmt: skip


@pytest.mark.parametrize("seated", [False, True])
def test_every_column_of_a_change_of_opinion(seated):
    level = 0.9
    found = ev.opinion_change(
        odd(FIRST), odd(SECOND), table="seat" if seated else None, items=["q", "r"],
        scale={"q": (1, 5), "r": (0, 8)}, level=level, adjust="bh", labels={"q": "Question"},
        synthetic=True,
    )  # fmt: skip
    people = list(found.paired.people)
    rows = []
    for item in ("q", "r"):
        x, y = both(item, people)
        kept = ~np.isnan(x) & ~np.isnan(y)
        a, b = x[kept], y[kept]
        d, n = b - a, int(kept.sum())
        t = stats.ttest_rel(b, a)
        ends = t.confidence_interval(level)
        dz = d.mean() / d.std(ddof=1)
        low, high = gz_ends(dz, n, level)
        moved = d[d != 0]
        ranks = stats.rankdata(np.abs(moved))
        normal = stats.wilcoxon(moved, correction=True, method="asymptotic").pvalue
        signs = np.array(np.meshgrid(*[[0, 1]] * len(moved))).reshape(len(moved), -1)
        sums, w = ranks @ signs, ranks[moved > 0].sum()
        exact = min(1, 2 * min((sums <= w + 1e-9).mean(), (sums >= w - 1e-9).mean()))
        r, p = stats.pearsonr(a + b, d)
        row = {
            "item": item, "label": {"q": "Question"}.get(item, item), "n": n,
            "missing_before": int(np.isnan(x).sum()), "missing_after": int(np.isnan(y).sum()),
            "mean_before": a.mean(), "mean_after": b.mean(), "mean_change": d.mean(),
            "sd_change": d.std(ddof=1), "gross_change": np.abs(d).mean(),
            "share_moved": (d != 0).mean(), "sd_before": a.std(ddof=1), "sd_after": b.std(ddof=1),
            "t": t.statistic, "df": n - 1, "p_t": t.pvalue, "low": ends.low, "high": ends.high,
            "dz": dz, "gz": dz * (1 - 3 / (4 * (n - 1) - 1)), "gz_low": low, "gz_high": high,
            "n_nonzero": len(moved), "w": w, "p_wilcoxon": normal, "p_wilcoxon_exact": exact,
            "pitman_morgan_r": r, "p_pitman_morgan": p,
        }  # fmt: skip
        if seated:
            seats = FIRST.set_index("person")["seat"].reindex(people).to_numpy()[kept]
            row |= by_tables(d, seats, level)
        rows.append(row)
    table = pd.DataFrame(rows)
    for column, name in (("p_t", "p"), ("p_tables", "p_tables"))[: 1 + seated]:
        small, large = sorted(table[column])
        order = table[column].rank().to_numpy() == 1
        table[f"{name}_holm"] = np.where(order, min(1, 2 * small), max(min(1, 2 * small), large))
        table[f"{name}_bh"] = np.where(order, min(2 * small, large), large)
    got = found.items
    assert list(got)[-1] == "note"
    assert list(got)[: len(rows[0]) - 2 * seated][:28] == list(rows[0])[:28]
    extra = {"icc_low", "icc_high"} if seated else set()
    assert set(got) == set(table) | {"note"} | extra
    same(got[list(table)], table, check_dtype=False, rtol=1e-7)
    assert got["note"].eq("").all()
    if seated:
        assert (got["icc_low"] <= got["icc"]).all()
        assert (got["icc"] <= got["icc_high"]).all()
    assert (found.adjust, found.level, found.synthetic) == ("bh", 0.9, True)
    assert found.has_tables is seated
    moves = np.mean([np.abs(np.subtract(*both(i, people)[::-1])) / length
                     for i, length in (("q", 4), ("r", 8))], axis=0)  # fmt: skip
    single = np.abs(np.subtract(*both("r", people)[::-1])) / 8
    moves = np.where(np.isnan(moves), single, moves)
    (one,) = found.indicators()
    assert (one.value, one.n, one.source) == (pytest.approx(moves.mean()), 11, "opinion_change")
    assert "over 2 items" in one.note
    if not seated:
        half = stats.t.ppf(0.95, 10) * moves.std(ddof=1) / math.sqrt(11)
        assert (one.low, one.high) == pytest.approx((moves.mean() - half, moves.mean() + half))
    else:
        seats = FIRST.set_index("person")["seat"].reindex(people).to_numpy()
        wanted = by_tables(moves, seats, level)
        assert (one.low, one.high) == pytest.approx((wanted["low_tables"], wanted["high_tables"]))
    bare = ev.opinion_change(FIRST, SECOND, items=["q", "r"], scale={"q": (1, 5)}).absolute_change
    assert math.isnan(bare.value)
    assert (bare.name, bare.source) == ("mean absolute change of opinion", "opinion_change")


def test_who_answered_once_is_listed():
    first = FIRST.iloc[:4]
    found = ev.opinion_change(odd(first), SECOND.iloc[1:5])
    wanted = pd.DataFrame({"person": ["b", "a", "e", "f"]})
    before = [p for p in odd(first)["person"] if p in "ab"]
    wanted["person"] = [*before, "e", "f"]
    wanted["answered"] = ["before only"] * 2 + ["after only"] * 2
    same(found.unmatched, wanted)


@pytest.mark.parametrize("seated", [False, True])
def test_change_in_civic_capacity_with_reversed_items(seated):
    found = ev.civic_capacity_change(
        odd(FIRST), odd(SECOND), items=["q", "r"], scale={"q": (1, 5), "r": (0, 8)},
        reversed_items=["r"], table="seat" if seated else None, level=0.8,
    )  # fmt: skip
    people = list(odd(FIRST)["person"])
    q, r = ((np.subtract(*both(i, people)[::-1])) / k for i, k in (("q", 4), ("r", -8)))
    d = np.where(np.isnan(q), r, (q + r) / 2)
    dz, factor = d.mean() / d.std(ddof=1), 1 - 3 / (4 * 10 - 1)
    assert (found.value, found.n) == (pytest.approx(dz * factor), 11)
    assert found.source == "civic_capacity_change, 2 items"
    assert found.name == "change in civic capacity (effect size)"
    if seated:
        seats = FIRST.set_index("person")["seat"].reindex(people).to_numpy()
        ends = by_tables(d, seats, 0.8)
        low, high = (ends[c] * factor / d.std(ddof=1) for c in ("low_tables", "high_tables"))
        assert "over 3 tables, approximate" in found.note
    else:
        low, high = gz_ends(dz, 11, 0.8)
        assert "people as independent" in found.note
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-7)
    assert "80% interval" in found.note
    flat = ev.civic_capacity_change(FIRST, FIRST, items=["r"], scale=(0, 8))
    assert math.isnan(flat.value)
    assert (flat.n, flat.source) == (11, "civic_capacity_change, 1 items")
    assert flat.note.startswith("undefined: nobody moved")
    with pytest.raises(DataError, match="'z' is not among"):
        ev.civic_capacity_change(FIRST, SECOND, items=["q"], scale=(1, 5), reversed_items=["z"])
    with pytest.raises(DataError, match="'r' has no scale"):
        ev.civic_capacity_change(FIRST, SECOND, items=["q", "r"], scale={"q": (1, 5)})


def test_a_change_without_variation_says_why_and_counts_as_p_of_1():
    nobody = opinion.change_row([1, 2, 3], [1, 2, 3])
    alike = opinion.change_row([1, 2, 3], [2, 3, 4])
    two = opinion.change_row([1, 2], [2, 4])
    one = opinion.change_row([1, np.nan], [2, 4])
    none = opinion.change_row([np.nan], [2])
    assert nobody["note"].startswith("nobody moved")
    assert alike["note"].startswith("everybody moved by the same amount")
    assert two["note"].startswith("two people only")
    assert one["note"].startswith("fewer than two people")
    assert (nobody["sd_change"], nobody["share_moved"], alike["share_moved"]) == (0, 0, 1)
    assert (alike["df"], one["df"], none["df"]) == (2, 0, 0)
    assert (one["n"], one["missing_before"], one["missing_after"]) == (1, 1, 0)
    assert (one["mean_change"], math.isnan(one["sd_before"])) == (1, True)
    assert math.isnan(none["mean_before"])
    first = FIRST.assign(r=FIRST["r"])
    flat = SECOND.drop(columns="r").merge(FIRST[["person", "r"]], on="person")
    items = ev.opinion_change(first, flat, items=["q", "r"]).items.set_index("item")
    assert math.isnan(items.loc["r", "p_t"])
    assert items.loc["r", "p_holm"] == 1
    assert items.loc["q", "p_holm"] == pytest.approx(min(1, 2 * items.loc["q", "p_t"]))


def test_every_table_of_a_gain_in_knowledge():
    first = pd.DataFrame({"person": list("abcde"), "k1": ["a", "b", None, "?", "B"],
                          "k2": [1, 0, 1, 1, 0], "k3": ["x", "y", "x", "z", ""],
                          "seat": list("uuuvv")})  # fmt: skip
    second = pd.DataFrame({"person": list("edcba"), "k1": [" b ", "b", "c", "B", "b"],
                           "k2": [1, 1, 1, np.nan, 1], "k3": list("y?xxy")})  # fmt: skip
    key = {"k1": "b", "k2": 1, "k3": ["x", "Y"]}
    right = {
        "k1": ([0, 1, np.nan, np.nan, 1], [1, 1, 0, 1, 1]),
        "k2": ([1, 0, 1, 1, 0], [1, np.nan, 1, 1, 1]),
        "k3": ([1, 1, 1, 0, np.nan], [1, 1, 1, np.nan, 1]),
    }
    for blank in ("missing", "wrong"):
        found = ev.knowledge_gain(
            odd(first), odd(second), key=key, dont_know=["?"], table="seat", blank=blank,
            adjust="bh", level=0.8, labels={"k1": "First"}, synthetic=True,
        )  # fmt: skip
        people = list(found.paired.people)
        x, y = (pd.DataFrame({i: v[w] for i, v in right.items()}, index=list("abcde"), dtype=float)
                for w in (0, 1))  # fmt: skip
        x, y = x.loc[people], y.loc[people]
        if blank == "wrong":
            x, y = x.fillna(0), y.fillna(0)
        same(found.paired.before, x, check_index_type=False)
        same(found.paired.after, y, check_index_type=False)
        assert (found.n_blank_before, found.n_blank_after) == (3, 2)
        rows = []
        for item in key:
            kept = x[item].notna() & y[item].notna()
            a, b = x[item][kept], y[item][kept]
            up, down = int((a < b).sum()), int((a > b).sum())
            p = stats.binomtest(up, up + down).pvalue if up + down else 1.0
            rows.append((item, {"k1": "First"}.get(item, item), len(a), a.mean(), b.mean(), up,
                         down, p))  # fmt: skip
        table = pd.DataFrame(rows, columns=["item", "label", "n", "share_before", "share_after",
                                            "learned", "forgot", "p_mcnemar"])  # fmt: skip
        table["p_adjusted"] = stats.false_discovery_control(table["p_mcnemar"])
        same(found.items, table, check_dtype=False)
        kept = x.notna() & y.notna()
        index = pd.DataFrame({
            "person": people, "n_items": kept.sum(axis=1).to_numpy(),
            "before": x.where(kept).mean(axis=1).to_numpy(),
            "after": y.where(kept).mean(axis=1).to_numpy(),
        })  # fmt: skip
        same(found.index, index, check_dtype=False)
        gain = (index["after"].mean() - index["before"].mean()) / (1 - index["before"].mean())
        assert found.normalised_gain == pytest.approx(gain)
        assert (found.mean_before, found.mean_after) == pytest.approx(
            (index["before"].mean(), index["after"].mean())
        )
        d = (index["after"] - index["before"]).to_numpy()
        one = found.effect_size
        assert one.value == pytest.approx(d.mean() / d.std(ddof=1) * (1 - 3 / (4 * 4 - 1)))
        assert (one.n, one.name) == (5, "knowledge gain (effect size)")
        assert one.source == f"knowledge_gain, 3 items, blank counts as {blank}"
        seats = first.set_index("person")["seat"].reindex(people).to_numpy()
        ends = by_tables(d, seats, 0.8)
        factor = (1 - 3 / (4 * 4 - 1)) / d.std(ddof=1)
        assert (one.low, one.high) == pytest.approx(
            (ends["low_tables"] * factor, ends["high_tables"] * factor)
        )
        frames = found.frames()
        assert list(frames) == ["items", "statistics", "index"]
        long = frames["statistics"].set_index("statistic")["value"]
        assert long["normalised_gain"] == pytest.approx(gain)
        assert long["mean_change"] == pytest.approx(d.mean())
        assert long["p_tables"] == pytest.approx(ends["p_tables"])
        assert "note" not in long
        assert list(frames["statistics"]) == ["statistic", "value"]
        assert (found.blank, found.adjust, found.level, found.synthetic) == (
            blank, "bh", 0.8, True
        )  # fmt: skip
        assert dict(found.labels) == {"k1": "First"}
    whole = first.assign(k2=1)
    full = ev.knowledge_gain(whole, whole, items=["k2"])
    assert math.isnan(full.normalised_gain)
    assert full.items["p_mcnemar"].item() == 1
    true = ev.knowledge_gain(whole.assign(k2=False), whole.assign(k2=True), items=["k2"])
    assert true.items["learned"].item() == 5


# --- polarisation -----------------------------------------------------------------------


def agreement(counts: Any) -> float:
    """Van der Eijk's A layer by layer, triples counted one by one."""
    left, total, value = list(map(float, counts)), sum(counts), 0.0
    k = len(left)
    while any(left):
        height = min(v for v in left if v)
        layer = [int(v > 0) for v in left]
        s = sum(layer)
        if s == 1:
            a = 1.0
        elif s == k:
            a = 0.0
        else:
            triples = [(layer[i], layer[j], layer[m]) for i in range(k) for j in range(i + 1, k)
                       for m in range(j + 1, k)]  # fmt: skip
            tu = sum(t in ((1, 1, 0), (0, 1, 1)) for t in triples)
            tdu = sum(t == (1, 0, 1) for t in triples)
            u = ((k - 2) * tu - (k - 1) * tdu) / ((k - 2) * (tu + tdu))
            a = u * (1 - (s - 1) / (k - 1))
        value += a * height * s / total
        left = [v - height if v else 0.0 for v in left]
    return value


def spread(answers: Any, k: int, alpha: float = 1.3, first: int = 1) -> list[float]:
    x = np.asarray(answers, dtype=float)
    n = len(x)
    counts = np.array([(x == c).sum() for c in range(first, first + k)])
    if not n:
        return [math.nan] * 10
    p = counts / n
    shannon = -sum(v * math.log(v) for v in p if v)
    below = np.cumsum(p)[:-1]
    varied = n > 3 and np.ptp(x) > 0
    g, e = (stats.skew(x, bias=False), stats.kurtosis(x, bias=False)) if varied else (0, 0)
    places = range(k)
    return [
        x.mean(), x.std(ddof=1) if n > 1 else math.nan,
        (g**2 + 1) / (e + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))) if varied else math.nan,
        agreement(counts), shannon, shannon / math.log(k), 1 - sum(p**2),
        2 * sum(min(f, 1 - f) for f in below) / (k - 1),
        np.mean([abs(a - b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j])
        if n > 1 else math.nan,
        sum(p[i] ** (1 + alpha) * p[j] * abs(i - j) for i in places for j in places),
    ]  # fmt: skip


@pytest.mark.parametrize("counts", [[3, 0, 2, 5, 1], [1, 0, 0, 0, 0], [0, 2, 0], [1, 1, 0, 1],
                                    [2, 0, 0, 0, 0, 2], [0, 0, 4, 0], [1, 0, 0, 1, 1]])  # fmt: skip
def test_measures_of_polarisation_one_by_one(counts):
    answers = np.repeat(range(1, len(counts) + 1), counts)
    found = ev.polarisation_measures(counts)
    assert found.tolist() == pytest.approx(spread(answers, len(counts)), nan_ok=True, abs=1e-10)
    assert len(set(found.index)) == 10
    other = ev.polarisation_measures(counts, alpha=0.8)
    assert other.iloc[-1] == pytest.approx(spread(answers, len(counts), 0.8)[-1], abs=1e-12)
    assert other.index[-1] == "esteban_ray_alpha0.8_unnormalised"
    assert ev.van_der_eijk(counts) == pytest.approx(agreement(counts), abs=1e-12)
    places = np.cumsum(range(1, len(counts) + 1))
    moved = ev.polarisation_measures(counts, positions=places)
    assert moved.iloc[0] == pytest.approx(np.repeat(places, counts).mean())
    assert moved.iloc[3:8].tolist() == pytest.approx(found.iloc[3:8].tolist())


@pytest.mark.parametrize("seated", [False, True])
def test_every_row_of_a_change_of_polarisation(seated):
    """Whole tables are drawn where they are known, else people; ends widened for few."""
    settings = {"table": "seat"} if seated else {}
    few = pytest.warns(SmallSampleWarning, match="3 clusters") if seated else nullcontext()
    with few:
        found = ev.polarisation_change(
            odd(FIRST), odd(SECOND), items=["q", "r"], scale={"q": (1, 5), "r": (0, 5)},
            n_resamples=60, seed=3, level=0.8, labels={"r": "Road"}, synthetic=True, **settings,
        )  # fmt: skip
    people = list(found.paired.people)
    seats = FIRST.set_index("person")["seat"].reindex(people).to_numpy()
    units = seats if seated else np.arange(11)
    with pytest.warns(SmallSampleWarning) if seated else nullcontext():
        weights = cluster_weights(units, 60, seed=3)
    tail = expanded_tail(0.8, 3 if seated else 11)
    rows = []
    for item, k, first in (("q", 5, 1), ("r", 6, 0)):
        x, y = both(item, people)
        kept = ~np.isnan(x) & ~np.isnan(y)
        before, after = spread(x[kept], k, first=first), spread(y[kept], k, first=first)
        drawn = np.array([
            np.subtract(*[spread(np.repeat(v[kept], w[kept]), k, first=first) for v in (y, x)])
            for w in weights
        ])  # fmt: skip
        for m, name in enumerate(found.table["measure"][:10]):
            column = drawn[:, m][~np.isnan(drawn[:, m])]
            enough = len(column) > 0.95 * 60
            ends = np.quantile(column, [tail, 1 - tail]) if enough else (math.nan, math.nan)
            rows.append((item, {"r": "Road"}.get(item, item), kept.sum(), name, before[m],
                         after[m], after[m] - before[m], *ends))  # fmt: skip
    columns = ["item", "label", "n", "measure", "before", "after", "change", "low", "high"]
    same(found.table, pd.DataFrame(rows, columns=columns), check_dtype=False, rtol=1e-8)
    assert found.table["low"].notna().sum() > 10
    assert (found.by_table, found.n_resamples, found.seed, found.level) == (seated, 60, 3, 0.8)
    assert found.synthetic
    assert found.spread["item"].tolist() == ["q", "r"]
    assert (found.spread["measure"] == "van_der_eijk_A").all()
    none = ev.polarisation_change(FIRST, SECOND, items=["q"], scale=(1, 5), n_resamples=0)
    assert none.n_resamples == 0
    assert none.table[["low", "high"]].isna().all(axis=None)
    assert none.frames()["measures"]["measure"].tolist() == none.table["measure"].tolist()


def test_polarisation_needs_a_scale_of_3_to_101_whole_categories():
    frame = pd.DataFrame({"person": list("abcd"), "q": [1, 1, 2, 2]})
    for scale in ((1, 2), (0, 101), (0.5, 3), (1, 3.5)):
        with pytest.raises(DataError, match="polarisation needs 3 to 101"):
            ev.polarisation_change(frame, frame, scale=scale, n_resamples=0)
    for scale in ((1, 3), (0, 100)):
        assert len(ev.polarisation_change(frame, frame, scale=scale, n_resamples=0).table) == 10
    with pytest.raises(DataError, match=r"1\.5 before is no category") as told:
        ev.polarisation_change(frame.assign(q=1.5), frame, scale=(1, 3), n_resamples=0)
    assert told.value.column == "q"
    one = ev.polarisation_change(frame, frame, scale=(1, 3), table=dict.fromkeys("abcd", "x"))
    assert one.n_resamples == 0  # one table cannot be drawn anew
    for wrong in (-1, 2.0, "9"):
        with pytest.raises(DataError, match="n_resamples"):
            ev.polarisation_change(frame, frame, scale=(1, 3), n_resamples=wrong)


# --- small groups, attrition, transitions, what members say -----------------------------


def test_every_pair_of_a_small_group_and_an_item():
    found = ev.group_distortions(odd(FIRST), odd(SECOND), table="seat", items=["q", "r"],
                                 scale={"q": (1, 5), "r": (0, 8)}, min_size=3)  # fmt: skip
    people = list(found.paired.people)
    seats = FIRST.set_index("person")["seat"].reindex(people).to_numpy()
    rows = []
    for item, low, length in (("q", 1, 4), ("r", 0, 8)):
        x, y = ((v - low) / length for v in both(item, people))
        for seat in dict.fromkeys(seats):
            kept = (seats == seat) & ~np.isnan(x) & ~np.isnan(y)
            a, b = x[kept], y[kept]
            row = {"group": seat, "issue": item, "n": len(a)}
            if len(a) >= 3:
                side = np.sign(round(a.mean() - 0.5, 12))
                moved = side * (b.mean() - a.mean()) if side else math.nan
                row |= {
                    "sd_before": a.std(ddof=1), "sd_after": b.std(ddof=1), "mean_before": a.mean(),
                    "mean_after": b.mean(), "homogenised": a.std(ddof=1) > b.std(ddof=1),
                    "homogenisation": a.std(ddof=1) - b.std(ddof=1),
                    "polarised": moved > 0 if side else None, "polarisation": moved,
                }  # fmt: skip
            rows.append(row)
    wanted = pd.DataFrame(rows).astype({"homogenised": "boolean", "polarised": "boolean"})
    same(found.pairs, wanted, check_dtype=False)
    assert found.pairs["sd_before"].isna().sum() == 1  # two at a table answered q twice
    assert found.min_size == 3
    by = []
    for issue, own in [*wanted.groupby("issue"), ("all pairs", wanted)]:
        by.append((issue, own["homogenised"].notna().sum(), own["polarised"].notna().sum(),
                   own["homogenised"].mean(), own["homogenisation"].mean(),
                   own["polarised"].mean(), own["polarisation"].mean()))  # fmt: skip
    columns = ["issue", "n_homogenisation", "n_polarisation", "homofreq", "homoex", "polarfreq",
               "polarex"]  # fmt: skip
    same(found.table, pd.DataFrame(by, columns=columns), check_dtype=False)
    named = dict(zip(columns[3:], ("homogenised", "homogenisation", "polarised", "polarisation"),
                     strict=True))  # fmt: skip
    pairs = wanted.rename(columns={own: index for index, own in named.items()})
    pairs["poll"] = ["P"] * 2 + ["Q"] * 4
    pairs = pairs.dropna(subset=["homoex"])
    table = ev.distortions_table(odd(pairs[::-1], 1), poll="poll", group="group", issue="issue")
    table = table.set_index("poll")
    assert list(table) == ["n_groups", "n_indices", "n_pairs", "n_polar", "homofreq", "homoex",
                           "polarfreq", "polarex"]  # fmt: skip
    polls = pairs.groupby("poll")
    for name, own in polls:
        row = table.loc[name]
        assert row["n_groups"] == own["group"].nunique()
        assert row["n_indices"] == own["issue"].nunique()
        assert (row["n_pairs"], row["n_polar"]) == (len(own), own["polarfreq"].notna().sum())
        assert row["homoex"] == pytest.approx(own["homoex"].mean())
        assert row["polarfreq"] == pytest.approx(own["polarfreq"].astype(float).mean())
    assert list(table.index[-2:]) == ["Mean", "Weighted mean"]
    means, sizes = polls["homoex"].mean(), polls.size()
    assert table.loc["Mean", "homoex"] == pytest.approx(means.mean())
    assert table.loc["Weighted mean", "homoex"] == pytest.approx(np.average(means, weights=sizes))
    assert table.loc["Weighted mean", "n_pairs"] == pytest.approx(np.average(sizes, weights=sizes))


def test_every_row_of_attrition():
    before = FIRST.assign(r=[3.0, 1, 1, 2, 4, 5, np.nan, 4, 2, 2, 1])
    after = SECOND.iloc[[0, 1, 2, 3, 4, 8]].copy()
    after.loc[after["person"] == "d", ["q", "r"]] = np.nan  # a row without an answer
    after = pd.concat([after, pd.DataFrame({"person": ["z"], "q": [1.0], "r": [2.0]})])
    people = FIRST[["person", "seat"]].assign(age=[30, 40, None, 30, 40, 40, 30, 30, 40, 30, 40])
    found = ev.attrition(odd(before), odd(after), odd(people), labels={"q": "Question"})
    stayed = [p for p in before["person"] if p in "bcefj"]
    lost = [p for p in before["person"] if p not in stayed]
    assert (found.n_both, found.n_before_only, found.n_after_only) == (5, 6, 1)
    rows = []
    wide = before.set_index("person")
    for item in ("q", "r"):
        x, y = wide.loc[stayed, item].dropna(), wide.loc[lost, item].dropna()
        d = (y.mean() - x.mean()) / math.sqrt((x.var() + y.var()) / 2)
        rows.append(("answer before", item, "", len(x), len(y), x.mean(), y.mean(), d))
    own = people.set_index("person")
    for name in ("seat", "age"):
        x, y = own.loc[stayed, name].dropna(), own.loc[lost, name].dropna()
        for category in sorted(set(x) | set(y)):
            p, q = (x == category).mean(), (y == category).mean()
            d = (q - p) / math.sqrt((p * (1 - p) + q * (1 - q)) / 2)
            label = category if name == "seat" else f"{category:g}"
            rows.append(("attribute", name, label, len(x), len(y), p, q, d))
    columns = ["kind", "variable", "category", "n_both", "n_before_only", "both", "before_only",
               "standardised_difference"]  # fmt: skip
    key = ["kind", "variable", "category"]
    wanted = pd.DataFrame(rows, columns=columns)
    assert list(found.table) == columns
    got, wanted = (t.sort_values(key, ignore_index=True) for t in (found.table, wanted))
    same(got, wanted, check_dtype=False)
    counts = found.frames()["counts"]
    assert counts["people"].tolist() == [5, 6, 1]
    size = wanted["standardised_difference"].abs()
    assert abs(found.largest["standardised_difference"]) == pytest.approx(size.max())
    part = ev.attrition(before, after, people, items=["r"], variables=["age"])
    assert set(part.table["variable"]) == {"r", "age"}


def test_transitions_by_crosstab():
    found = ev.transitions(odd(FIRST), odd(SECOND), "q", blanks=True, labels={"q": "Question"})
    wide = FIRST.merge(SECOND, on="person")[["q_x", "q_y"]]
    text = wide.map(lambda v: "no answer" if math.isnan(v) else f"{v:g}")
    order = ["1", "2", "3", "4", "5", "no answer"]
    counts = [[((text["q_x"] == a) & (text["q_y"] == b)).sum() for b in order] for a in order]
    assert found.counts.to_numpy().tolist() == counts
    assert list(found.counts.index) == list(found.counts.columns) == order
    assert found.label == "Question"
    twice = text[(text != "no answer").all(axis=1)]
    assert found.share_stayed == pytest.approx((twice["q_x"] == twice["q_y"]).mean())
    flows = [(a, b, counts[i][j], counts[i][j] / sum(counts[i]))
             for i, a in enumerate(order) for j, b in enumerate(order) if counts[i][j]]  # fmt: skip
    wanted = pd.DataFrame(flows, columns=["before", "after", "n", "share"])
    same(found.flows, wanted, check_dtype=False)
    assert list(found.frames()["counts"]) == ["before", *order]
    few = ev.transitions(FIRST, SECOND, "q", bins={"low": (1, 2), "mid": (3, 3), "up": (4, 5)})
    kept = wide.dropna()
    binned = kept.map(lambda v: "low" if v <= 2 else "mid" if v == 3 else "up")
    assert few.counts.to_numpy().tolist() == [
        [((binned["q_x"] == a) & (binned["q_y"] == b)).sum() for b in ("low", "mid", "up")]
        for a in ("low", "mid", "up")
    ]
    for bins in ({"a": (1, 3), "b": (3, 5)}, {"a": (5, 1)}, {"a": (1, 4)}):
        with pytest.raises(DataError):
            ev.transitions(FIRST, SECOND, "q", bins=bins)


def test_every_row_of_what_members_say():
    answers = pd.DataFrame({"person": list("abcde"), "x": [5, 4, 2, None, 1], "y": [1, 1, 2, 4, 3],
                            "z": [None] * 5}).astype({"z": float})  # fmt: skip
    items = pd.DataFrame({
        "item": ["x", "y", "z"], "label": ["Heard", "Bored", ""], "low": 1, "high": [5, 4, 5],
        "agree_from": [4, 3, None], "reversed": ["no", "yes", ""], "criterion": ["C2", "C1", "C1"],
        "asked": ["before", "", "after"],
    })  # fmt: skip
    found = ev.members_say(odd(answers), items, n_members=8, synthetic=True)
    x, y = answers["x"].dropna(), 5 - answers["y"]
    rows = [
        ("x", "Heard", "C2", "no", 4, 0.5, 2 / 8, 6 / 8, x.mean(), x.std(), 1, 5, "before"),
        ("y", "not: Bored", "C1", "yes", 5, 3 / 5, 3 / 8, 6 / 8, y.mean(), y.std(), 1, 4, "after"),
        ("z", "z", "C1", "no", 0, *[math.nan] * 5, 1, 5, "after"),
    ]  # fmt: skip
    columns = ["item", "label", "criterion", "reversed", "n", "share", "at_least", "at_most",
               "mean", "sd", "low", "high", "asked"]  # fmt: skip
    same(found.items, pd.DataFrame(rows, columns=columns), check_dtype=False)
    counts = [("x", v, 1) for v in (1, 2, 4, 5)] + [("y", v, 1 + (v == 1)) for v in (1, 2, 3, 4)]
    same(found.counts, pd.DataFrame(counts, columns=["item", "answer", "n"]), check_dtype=False)
    by = [("C1", 2, 0, 0, 3 / 5, 3 / 8, 6 / 8), ("C2", 1, 1, 4, 0.5, 2 / 8, 6 / 8)]
    columns = ["criterion", "n_items", "n_before", "n", "share", "at_least", "at_most"]
    same(found.by_criterion, pd.DataFrame(by, columns=columns), check_dtype=False)
    one, two = found.indicators()
    assert [i.name for i in (one, two)] == ["share agreeing: C1", "share agreeing: C2"]
    assert [(i.value, i.n, i.source) for i in (one, two)] == [
        (0.6, 0, "members_say"), (0.5, 4, "members_say"),
    ]  # fmt: skip
    assert "1 of them asked before the first session only" in two.note
    assert "between 25% and 75% of all 8 members" in two.note
    assert (found.n_members, found.synthetic) == (8, True)
    assert ev.members_say(answers, items).n_members == 5
    assert list(found.frames()) == ["items", "by_criterion", "counts"]
    for wrong in (
        lambda: ev.members_say(answers, items, n_members=4),
        lambda: ev.members_say(answers, items.assign(low=9)),
        lambda: ev.members_say(answers, items.assign(agree_from=6)),
        lambda: ev.members_say(answers, items.assign(agree_from=0)),
        lambda: ev.members_say(answers, items.assign(low=None, reversed="yes")),
        lambda: ev.members_say(answers, items.assign(item="x")),
    ):
        with pytest.raises(DataError):
            wrong()


def test_share_who_left_counts_those_recorded():
    found = ev.share_who_left(["yes", "No", "", "TRUE", "false"])
    assert (found.value, found.n, found.source) == (0.5, 4, "people.csv")
    assert found.name == "share of members who left"
    assert "1 of 5 not recorded" in found.note
    assert "not recorded" not in ev.share_who_left(["yes"]).note
    none = ev.share_who_left(["", ""])
    assert (none.n, none.source, math.isnan(none.value)) == (0, "people.csv", True)
