"""Votes, scores and rankings a second time, and that settings reach the work they are for."""

from __future__ import annotations

import inspect
import itertools
import math
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import pytest

import dmpkit.qmethod as qm
from dmpkit import evaluation as ev
from dmpkit.errors import DataError, SmallCellWarning
from dmpkit.evaluation import reason_simulation, stress, talk_gap
from dmpkit.evaluation.reason_change import swap_weights
from dmpkit.evaluation.weights import compare, extreme_means, weight_sensitivity
from dmpkit.measures.proportions import wilson_interval
from dmpkit.reporting import Indicator
from dmpkit.resampling import run_resamples

from .scorecards import criteria
from .test_tables_by_pandas import odd

CLOSE = {"rel": 1e-9, "abs": 1e-12}
INF, NAN = math.inf, math.nan
same = pd.testing.assert_frame_equal


# --- settings ---------------------------------------------------------------------------

STAGES = ev.synthetic_stages(9, n_considerations=6, n_preferences=4, seed=2)
CALLS = {
    "reason_simulation levels": ("reason_simulation", lambda **s: ev.simulate_levels(
        3, n_people=5, n_considerations=5, n_preferences=3, **s), ["sharp null", "weak null"]),
    "reason_simulation coverage": ("reason_simulation", lambda **s: ev.simulate_coverage(
        3, n_people=5, n_considerations=5, n_preferences=3, **s), ["groups drawn"]),
    "reason_bootstrap": ("reason_bootstrap", lambda **s: ev.bootstrap_reason_index(
        STAGES[0], n_resamples=3, **s), ["resamples of people"]),
    "reason_steps": ("reason_steps", lambda **s: ev.reason_index(
        STAGES[0], n_permutations=3, **s), ["re-pairings"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("shown", [False, True])
def test_seed_workers_and_progress_reach_the_work(monkeypatch, name, shown):
    """Whoever asks for a seed, two workers or a bar gets them; a bar says what it counts."""
    place, call, described = CALLS[name]
    module = import_module(f"dmpkit.evaluation.{place}")
    monkeypatch.setattr(reason_simulation, "LARGE_GROUPS", 1)
    monkeypatch.setattr(reason_simulation, "LARGE_GROUP", 6)
    seen = []

    def recorded(function: Any, n: int, **settings: Any) -> Any:
        seen.append(settings)
        return run_resamples(function, n, seed=settings["seed"], progress=False)

    monkeypatch.setattr(module, "run_resamples", recorded)
    call(seed=11, n_jobs=2, progress=shown)
    assert [s["description"] for s in seen] == described
    for settings in seen:
        assert (settings["seed"], settings["n_jobs"]) == (11, 2)
        bar = shown and place == "reason_simulation"  # the others are too short for one
        assert settings["progress"] is bar


DEFAULTS = {
    ev.synthetic_stages: {"n_people": 24, "n_considerations": 30, "n_preferences": 7,
                          "noise": (2.0, 1.0), "drift": 0.3, "seed": 1},
    ev.simulate_levels: {"n_runs": 2000, "n_people": 20, "n_considerations": 30,
                         "n_preferences": 7, "adjusted": False, "level": 0.05, "seed": 1,
                         "n_jobs": 1, "progress": True},
    ev.level_on_data: {"n_runs": 1000, "adjusted": False, "level": 0.05, "seed": 1},
    ev.simulate_coverage: {"n_runs": 1000, "n_people": 25, "n_considerations": 30,
                           "n_preferences": 7, "noise": (2.0, 1.0), "adjusted": False,
                           "level": 0.95, "seed": 1, "n_jobs": 1, "progress": True},
    ev.bootstrap_reason_index: {"after": None, "adjusted": False, "n_resamples": 2000,
                                "level": 0.95, "seed": None, "n_jobs": 1, "progress": True},
    ev.reason_index: {"adjusted": False, "n_permutations": 0, "seed": None, "n_jobs": 1,
                      "progress": True},
    ev.compare_reason_index: {"alternative": "two-sided", "adjusted": False, "test": "swap",
                              "table": None, "n_permutations": 10_000, "seed": None},
    ev.opinion_change: {"person": "person", "items": None, "table": None, "scale": None,
                        "adjust": "holm", "level": 0.95, "labels": None, "synthetic": False},
    ev.civic_capacity_change: {"reversed_items": (), "person": "person", "table": None,
                               "level": 0.95},
    ev.knowledge_gain: {"key": None, "person": "person", "items": None, "blank": "missing",
                        "dont_know": (), "table": None, "adjust": "holm", "level": 0.95,
                        "labels": None, "synthetic": False},
    ev.polarisation_change: {"person": "person", "items": None, "table": None,
                             "n_resamples": 1000, "seed": None, "level": 0.95, "labels": None,
                             "synthetic": False},
    ev.polarisation_measures: {"positions": None, "alpha": 1.3},
    ev.group_distortions: {"person": "person", "items": None, "min_size": 3, "synthetic": False},
    ev.discourse_quality: {"act": "act", "coder": "coder", "person": "person", "members": None,
                           "group": None, "coders": None, "threshold": 0.667,
                           "coefficient": "alpha_ordinal", "sampled": False,
                           "n_resamples": 2000, "smallest": 5, "seed": None},
    ev.talk_inequality: {"person": "person", "seconds": "seconds", "members": None, "group": None,
                         "table": None, "session": None, "n_permutations": 9999,
                         "n_resamples": 2000, "smallest": 5, "seed": None},
    ev.group_gap: {"strata": None, "n_permutations": 9999, "n_resamples": 2000, "seed": None},
    ev.support_for_text: {"person": "person", "item": "item", "answer": "answer",
                          "members": None, "groups": None, "agree_from": None,
                          "text_item": "text", "sampled": False, "smallest": 5, "labels": None},
    ev.single_peakedness: {"person": "person", "stage": "stage", "stages": None, "options": None,
                           "incomplete": "refuse", "alternative": "two-sided", "n_random": 1000,
                           "n_swaps": 1999, "seed": None},
    ev.rater_agreement: {"n_resamples": 2000, "seed": None},
    ev.members_say: {"n_members": None, "person": "person", "synthetic": False},
    ev.attrition: {"people": None, "person": "person", "items": None, "variables": None,
                   "labels": None},
    ev.transitions: {"person": "person", "bins": None, "categories": None, "blanks": False,
                     "labels": None, "synthetic": False},
    weight_sensitivity: {"n_draws": 10_000, "seed": None},
    compare: {"names": ("A", "B"), "n_draws": 10_000, "seed": None},
    ev.through_viewpoints: {"k": (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, INF), "links": None,
                            "margin": 0.25},
}  # fmt: skip


@pytest.mark.parametrize("function", DEFAULTS, ids=lambda f: f.__name__)
def test_what_is_taken_where_nothing_is_said_stays_the_same(function):
    """Numbers in a published report may rest on a default: it must not change unseen."""
    given = inspect.signature(function).parameters.values()
    found = {p.name: p.default for p in given if p.default is not p.empty}
    if "codebook" in found:
        assert found.pop("codebook").name == "Discourse Quality Index"
    assert found == DEFAULTS[function]


def test_swaps_of_more_than_forty_people_are_2000_random_ones():
    rng = np.random.default_rng(4)
    terms = rng.random((82, 82))
    terms += terms.T
    terms[41:, 41:] += 0.02
    p = reason_simulation._p_values(terms)[0]
    weights = swap_weights(terms)
    signs = np.random.default_rng(1).integers(0, 2, (2000, 41)) * 2.0 - 1
    reached = np.abs(signs @ weights) >= abs(weights.sum()) - 1e-12
    assert p == pytest.approx((1 + reached.sum()) / 2001)
    assert p < 0.9


def test_shares_of_silence_are_undefined():
    codes = np.array([0, 1])
    assert np.isnan(talk_gap._differences(np.zeros(2), codes, 2)).all()
    assert talk_gap._differences(np.array([1.0, 3]), codes, 2) == pytest.approx([-0.25, 0.25])


# --- votes ------------------------------------------------------------------------------


@pytest.mark.parametrize("sampled", [False, True])
def test_every_row_of_the_support_for_a_text(sampled):
    rng = np.random.default_rng(1)
    people = [f"p{i:02d}" for i in range(16)]
    rows = [
        {"person": p, "item": item, "answer": rng.choice(["for", "against", "abstain", ""])}
        for p in people[:14] for item in ("text", "a_part")
    ] + [{"person": p, "item": "scaled", "answer": str(v)}
         for p, v in zip(people[:9], [1, 2, 3, 4, 5, 3, 2, 1, 3], strict=True)]  # fmt: skip
    ballot = pd.DataFrame(rows)
    members = pd.DataFrame(
        {"person": people, "sex": ["w", "m"] * 8, "town": list("x" * 9 + "y" * 7)}
    )
    members.loc[15, "town"] = ""
    with pytest.warns(SmallCellWarning):
        found = ev.support_for_text(
            odd(ballot), members=odd(members), groups=["sex", "town"], agree_from={"scaled": 3},
            sampled=sampled, smallest=3, labels={"text": "The Text", "a_part": "a_part"},
        )  # fmt: skip
    ballot["vote"] = [
        a if not a.isdigit() else "for" if int(a) >= 3 else "against" for a in ballot["answer"]
    ]

    def share(yes: int, n: int) -> tuple[float, float, float]:
        if not n:
            return NAN, NAN, NAN
        low, high = wilson_interval(yes, n) if sampled else (NAN, NAN)
        return yes / n, float(low), float(high)

    items = []
    for item, own in ballot.groupby("item"):
        yes, no, pass_ = ((own["vote"] == w).sum() for w in ("for", "against", "abstain"))
        n = yes + no + pass_
        items.append((item, n, yes, no, pass_, *share(yes, n), 16 - n, yes / 16,
                      (yes + 16 - n) / 16))  # fmt: skip
    columns = ["item", "voted", "support", "against", "abstain", "share", "low", "high",
               "not_voted", "if_all_against", "if_all_for"]  # fmt: skip
    items = pd.DataFrame(items, columns=columns)
    same(found.items, items, check_dtype=False)
    groups = []
    cast = ballot[ballot["vote"] != ""].merge(members, on="person")
    for column in ("sex", "town"):
        named = cast.assign(group=cast[column].replace("", "not known"))
        for item, own in named.groupby("item"):
            parts = list(own.groupby("group"))
            sizes = {g: len(part) for g, part in parts}
            hidden = {g for g, n in sizes.items() if n < 3}
            while hidden and (len(hidden) == 1 or sum(sizes[g] for g in hidden) < 3):
                rest = sorted((n, g) for g, n in sizes.items() if g not in hidden)
                if not rest:
                    break
                hidden.add(rest[0][1])
            for g, part in parts:
                yes, n = (part["vote"] == "for").sum(), len(part)
                cells = (NAN,) * 5 if g in hidden else (n, yes, *share(yes, n))
                groups.append((item, column, g, *cells, g in hidden))
    columns = ["item", "attribute", "group", "voted", "support", "share", "low", "high", "hidden"]
    groups = pd.DataFrame(groups, columns=columns)
    same(found.groups, groups, check_dtype=False)
    own = items.set_index("item").loc["text"]
    assert found.value == pytest.approx(own["share"])
    shown = groups[(groups["item"] == "text") & ~groups["hidden"]]
    lowest = shown.sort_values(["share", "item", "attribute", "group"]).iloc[0]
    assert found.lowest[["group", "share"]].tolist() == lowest[["group", "share"]].tolist()
    one, two = found.indicators()
    assert (one.value, one.n, one.source) == (own["share"], own["voted"], "ballot, 3 items")
    assert (two.value, two.n, two.source) == (lowest["share"], lowest["voted"], "ballot, 3 items")
    for got, row in ((one, own), (two, lowest)):
        assert (got.low, got.high) == pytest.approx((row["low"], row["high"]), nan_ok=True)
    assert "small cells are hidden" in two.note
    assert (found.text_item, found.sampled, found.smallest, found.n_members) == (
        "text", sampled, 3, 16,
    )  # fmt: skip
    assert dict(found.labels) == {"text": "The Text"}
    assert "scaled: from 3" in found.scale_note
    bare = ev.support_for_text(ballot[ballot["item"] != "text"].drop(columns="vote"), agree_from=3)
    assert bare.text_item is None
    assert bare.n_members is None
    assert bare.value == pytest.approx(items["share"].iloc[:2].mean())
    assert bare.items[["not_voted", "if_all_against", "if_all_for"]].isna().all(axis=None)
    first, second = bare.indicators()
    assert (first.n, math.isnan(first.low)) == (None, True)
    assert "mean over 2 items" in first.note
    assert second.note == "not assessed: no sub-groups given"
    assert bare.lowest is None


# --- weights of criteria ----------------------------------------------------------------


def scored(values: Any, stages: int = 2) -> ev.Scorecard:
    own = criteria(len(values), stages)
    rows = pd.DataFrame({"criterion": own.ids, "score": values}).dropna()
    return ev.Scorecard.from_frames(rows, own)


def ends_by_search(x: np.ndarray, low: float, high: float) -> tuple[float, float]:
    """Weighted means at every corner of the weights."""
    means = [np.average(x, weights=w) for w in itertools.product([low, high], repeat=len(x))]
    return min(means), max(means)


def test_every_table_of_how_far_weights_matter():
    values = [1.0, NAN, 4.0, 2.0, 0.0, 3.0]
    found = weight_sensitivity(scored(values), n_draws=1500, seed=9)
    x = np.array([1.0, 4, 2, 0, 3])
    ids = ["I01", "I03", "I04", "I05", "I06"]
    assert list(found.criteria) == ["criterion", "label", "stage", "stage_name", "score"]
    assert found.criteria["criterion"].tolist() == ids
    assert found.unknown["criterion"].tolist() == ["I02"]
    assert next(iter(found.unknown)) == "criterion"
    stage = np.array([x[:2].mean(), x[2:].mean()])

    def draw(generator: Any, size: int) -> np.ndarray:
        of = generator.dirichlet([1, 1], size=size)
        one, two = (generator.dirichlet(np.ones(k), size=size) for k in (2, 3))
        return of[:, 0] * (one @ x[:2]) + of[:, 1] * (two @ x[2:])

    drawn = np.concatenate(run_resamples(draw, 1500, seed=9, chunk_size=1000, progress=False))
    ends = np.quantile(drawn, [0.025, 0.975])
    rows = [
        (0, 2, 4), (stage.min(), stage.mean(), stage.max()),
        (ends_by_search(x, 0.5, 2)[0], 2, ends_by_search(x, 0.5, 2)[1]),
        (ends_by_search(stage, 0.5, 2)[0], stage.mean(), ends_by_search(stage, 0.5, 2)[1]),
        (ends[0], drawn.mean(), ends[1]), (10 / 6, 2, 14 / 6),
    ]  # fmt: skip
    wanted = pd.DataFrame(rows, columns=["low", "middle", "high"])
    same(found.ranges.drop(columns="question"), wanted, check_dtype=False)
    assert found.ranges["question"].is_unique
    exact = found.exact
    assert list(exact) == ["of", "n", "mean", "sd"]
    for row, v in zip(exact.to_dict("records"), (x, stage), strict=True):
        n = len(v)
        assert (row["n"], row["mean"]) == (n, pytest.approx(v.mean()))
        assert row["sd"] == pytest.approx(math.sqrt(((v - v.mean()) ** 2).sum() / (n * (n + 1))))
    assert exact["of"].tolist() == ["criteria", "stages"]
    without = [np.delete(x, i).mean() for i in range(5)]
    left = found.criteria.drop(columns="stage").assign(mean_without=without)
    left["change"] = left["mean_without"] - 2
    order = left["change"].abs().sort_values(ascending=False, kind="stable").index
    same(found.left_out, left.loc[order].reset_index(drop=True), check_dtype=False)
    assert (found.n_draws, found.seed, found.synthetic) == (1500, 9, False)
    whole = weight_sensitivity(scored([1.0, 2.0]), n_draws=100, seed=1)
    assert len(whole.ranges) == 5
    one = weight_sensitivity(scored([3.0, NAN]), n_draws=100, seed=1)
    assert one.left_out[["mean_without", "change"]].isna().all(axis=None)
    for wrong in (99, 100.5, "1000", True):
        with pytest.raises(DataError, match="n_draws"):
            weight_sensitivity(scored([1.0, 2.0]), n_draws=wrong)
    assert extreme_means([1, 2, 5], low=1, high=1) == pytest.approx((8 / 3, 8 / 3))
    for low, high in ((-1, 2), (2, 1), (0, 0)):
        with pytest.raises(DataError):
            extreme_means([1, 2], low=low, high=high)


def test_two_scorecards_over_drawn_weights():
    a, b = scored([1.0, 3, NAN, 2, 4, 0]), scored([2.0, 3, 1, 0, NAN, 1])
    found = compare(a, b, names=("North", "South"), n_draws=1200, seed=4)
    assert found.criteria["criterion"].tolist() == ["I01", "I02", "I04", "I06"]
    assert list(found.criteria) == ["criterion", "label", "stage", "stage_name", "a", "b"]
    assert found.criteria[["a", "b"]].to_numpy().tolist() == [[1, 2], [3, 3], [2, 0], [0, 1]]
    gaps = np.array([-1.0, 0, 2, -1])

    def draw(generator: Any, size: int) -> np.ndarray:
        of = generator.dirichlet([1, 1], size=size)
        one, two = (generator.dirichlet([1, 1], size=size) for _ in range(2))
        return of[:, 0] * (one @ gaps[:2]) + of[:, 1] * (two @ gaps[2:])

    drawn = np.concatenate(run_resamples(draw, 1200, seed=4, chunk_size=1000, progress=False))
    assert found.share.value == pytest.approx((drawn > 0).mean())
    assert found.share.n == 4
    assert "1,200 drawn weights" in found.share.note
    assert found.left == ("I03", "I05")
    assert (found.names, found.n_draws, found.seed) == (("North", "South"), 1200, 4)
    assert not found.dominated
    even = compare(a, a, n_draws=100, seed=1)
    assert (even.share.value, even.dominated) == (0.5, True)
    with pytest.raises(DataError, match="no criterion in common"):
        compare(scored([1.0, NAN]), scored([NAN, 1.0]))
    with pytest.raises(DataError, match="differ on I04, I05 and I06"):
        compare(a, scored([1.0] * 6, stages=1))


# --- viewpoints -------------------------------------------------------------------------


def test_every_table_of_a_scorecard_through_viewpoints_with_gaps():
    """Some stressed criteria were not assessed: lines, bounds, ranges, drivers by hand."""
    ids = [f"C{i:02d}" for i in range(1, 15)]
    score = np.array([4, 3, 2, NAN, 4, 1, 0, NAN, 2, 1, 3, NAN, 4, 2.0])
    status = ["assessed" if not math.isnan(v) else "not assessed" for v in score]
    status[11] = "not applicable"
    table = pd.DataFrame({"criterion": ids, "score": score, "status": status})
    views = {"V": (ids[:6], ids[6:7]), "W": (ids[7:11] + ids[11:14], []), "X": (ids[:4], ids[9:10])}
    links = pd.DataFrame(
        [(v, c, d, "text") for v, (h, o) in views.items()
         for d, own in (("stressed", h), ("contested", o)) for c in own]
        + [("V", "C10", "stressed", "inference")],
        columns=["viewpoint", "criterion", "direction", "basis"],
    )  # fmt: skip
    found = ev.through_viewpoints(odd(table), links=odd(links), k=[1, 4, INF], margin=0.5)
    own = table[table["status"] != "not applicable"].set_index("criterion")["score"]
    assert found.with_line == tuple(v for v in found.names if v != "X")

    def line(v: str, k: float, way: str, fill: float | None) -> float:
        h, out = views[v]
        s = own if fill is None else own.fillna(fill)
        s = s.drop([c for c in out if way == "apart"]).dropna()
        w = pd.Series(1.0 if k < INF else 0.0, index=s.index)
        w[[c for c in h if c in s]] = min(k, 1e300) if k < INF else 1.0
        return float((w * s).sum() / w.sum())

    lines = found.lines.set_index(["viewpoint", "contested", "k"])
    assert len(lines) == 9  # V apart and kept, W apart, at three k each
    for (v, way, k), row in lines.iterrows():
        wanted = [line(v, k, way, fill) for fill in (None, 0.0, 4.0)]
        assert row[["score", "worst", "best"]].tolist() == pytest.approx(wanted, **CLOSE)
    assert list(found.lines) == ["viewpoint", "name", "contested", "k", "score", "worst", "best"]
    rows = found.viewpoints.set_index("viewpoint")
    columns = ["name", "n_stressed_text", "n_contested_text", "n_inference", "n_stressed_assessed",
               "line", "mean_all", "mean_stressed", "mean_contested", "range_low", "range_high",
               "worst", "best"]  # fmt: skip
    assert list(rows) == columns
    for v, (h, out) in views.items():
        row, held = rows.loc[v], [c for c in h if c in own]
        assert row["n_stressed_text"] == len(held)
        assert (row["n_contested_text"], row["n_inference"]) == (len(out), int(v == "V"))
        assert row["n_stressed_assessed"] == own[held].notna().sum()
        assert row["mean_stressed"] == pytest.approx(own[held].mean())
        assert row["mean_contested"] == pytest.approx(own[out].mean() if out else NAN, nan_ok=True)
        if v == "X":
            assert row[["mean_all", "range_low", "range_high", "worst", "best"]].isna().all()
            continue
        ends = [[line(v, k, "apart", fill) for fill in (None, 0.0, 4.0)] for k in (1, INF)]
        assert row["mean_all"] == pytest.approx(ends[0][0])
        assert row["range_low"] == pytest.approx(min(e[0] for e in ends))
        assert row["range_high"] == pytest.approx(max(e[0] for e in ends))
        assert row["worst"] == pytest.approx(min(e[1] for e in ends))
        assert row["best"] == pytest.approx(max(e[2] for e in ends))
    assert rows["line"].to_dict() == {"V": True, "W": True, "X": False}

    forms = {"all": (list(own.index), None)}
    for v in ("V", "W"):
        kept = [c for c in own.index if c not in views[v][1]]
        forms[f"{v} stressed"] = ([c for c in views[v][0] if c in own], v)
        if len(kept) < len(own):
            forms[f"{v} apart"] = (kept, v)
    weights = {f: pd.Series(0.0, own.index).where(~own.index.isin(c), 1 / len(c))
               for f, (c, _) in forms.items()}  # fmt: skip
    values = {f: own[c].mean() for f, (c, _) in forms.items()}
    sure = most = 0.0
    for one, other in itertools.permutations(forms, 2):
        gap = weights[one] - weights[other]
        totals = [
            float((gap * own).sum())
            + sum(g * f for g, f in zip(gap[own.isna()], fill, strict=True))
            for fill in itertools.product((0, 4), repeat=int(own.isna().sum()))
        ]
        sure, most = max(sure, min(totals)), max(most, max(totals))
    middle = max(values.values()) - min(values.values())
    assert found.spread == pytest.approx((middle, sure, most), **CLOSE)
    slack = 1e-9
    verdict = ("all agree" if most <= 0.5 + slack else "depends" if sure > 0.5 + slack
               else "not known")  # fmt: skip
    assert found.verdict == verdict
    high, low = (f(values, key=values.get) for f in (max, min))
    known = own.dropna()
    both = []
    for form in (high, low):
        names = [c for c in forms[form][0] if c in known]
        both.append(pd.Series(0.0, known.index).where(~known.index.isin(names), 1 / len(names)))
    part = (both[0] - both[1]) * (known - known.mean())
    part = part[part.abs() > 1e-12].sort_values(ascending=False)
    drivers = found.drivers
    assert list(drivers) == ["criterion", "label", "score", "contribution", "share"]
    got = drivers.set_index("criterion")
    assert got["contribution"].to_dict() == pytest.approx(part.to_dict(), **CLOSE)
    assert got["contribution"].is_monotonic_decreasing
    assert got["contribution"].sum() == pytest.approx(middle, **CLOSE)
    assert got["share"].to_dict() == pytest.approx((part / part.sum()).to_dict(), **CLOSE)
    assert got["score"].to_dict() == own[part.index].to_dict()
    reach = pd.concat(weights, axis=1)
    reach = (reach.max(axis=1) - reach.min(axis=1))[own.isna()]
    labels = found.criteria.set_index("criterion")["label"]
    by_reach = sorted(reach.index, key=lambda c: (-round(reach[c], 12), list(own.index).index(c)))
    assert set(found.settling) == {labels[c] for c in by_reach}
    assert (found.margin, found.k, found.own_links, found.changed) == (0.5, (1, 4, INF), True, ())
    assert list(found.links) == ["viewpoint", "name", "criterion", "label", "direction", "basis",
                                 "part", "n_coders", "status", "score"]  # fmt: skip


@pytest.mark.parametrize(("known", "shown"), [(2, False), (3, True)])
def test_half_of_the_stressed_criteria_must_be_assessed_for_a_score(known, shown):
    ids = [f"C{i:02d}" for i in range(1, 9)]
    score = [3.0] * known + [NAN] * (6 - known) + [1.0, 2.0]
    table = pd.DataFrame({"criterion": ids, "score": score})
    links = pd.DataFrame({"viewpoint": "V", "criterion": ids[:6]})
    found = ev.through_viewpoints(table, links=links, k=[1, 2])
    assert found.lines["score"].notna().all() == shown
    assert found.lines["worst"].notna().all()
    assert math.isnan(found.viewpoints["range_low"].item()) is not shown
    assert math.isnan(found.spread[0]) is not shown
    for wrong in (-0.1, 4.1, "1", True, None):
        with pytest.raises(DataError, match="The margin"):
            ev.through_viewpoints(table, links=links, margin=wrong)


def test_a_plain_table_of_scores_is_filled_up():
    table = pd.DataFrame({"criterion": ["C01", "X", "C02"], "score": [2.0, NAN, 3.0],
                          "status": ["", "", "contested"], "label": ["", "", "Mine"]})  # fmt: skip
    found = stress.score_table(table.set_axis(["criterion", "score", "status", "label"], axis=1))
    assert list(found) == ["criterion", "label", "status", "score"]
    assert found["status"].tolist() == ["assessed", "not assessed", "contested"]
    assert found["score"].isna().tolist() == [False, True, True]
    assert found["label"].tolist() == ["Clear task", "X", "Mine"]
    with pytest.raises(DataError, match="called assessed") as told:
        stress.score_table(table.assign(status="assessed"))
    assert (told.value.row, told.value.column) == (3, "score")
    with pytest.raises(DataError, match="no row"):
        stress.score_table(table.head(0))
    for score in (-0.1, 4.1):
        with pytest.raises(DataError):
            stress.score_table(table.assign(score=score))
    with pytest.raises(DataError):
        stress.score_table(table.assign(criterion="C01"))
    renamed = stress.score_table(table.rename(columns={"criterion": "id"}))
    assert renamed["criterion"].tolist() == ["C01", "X", "C02"]


# --- measured numbers -------------------------------------------------------------------


def test_every_column_of_a_measured_number():
    card = scored([2.0, NAN, NAN])
    cuts = pd.DataFrame({
        "criterion": ["I01", "I02", "I02", "I03"],
        "indicator": ["Share  A", "B", "knowledge gain (effect size)", "Seats"],
        "at_least_1": [0.2, 0.4, 0.1, 1], "at_least_2": [0.4, 0.3, 0.2, 2],
        "at_least_3": [0.6, 0.2, 0.3, 3], "at_least_4": [0.8, 0.1, 0.4, NAN],
        "unit": ["share", "", "", "seats in a panel of 50"], "basis": ["a rule", "", "", "law"],
    })  # fmt: skip
    numbers = [
        Indicator("share a", 0.6, 0.3, 0.85, 40, "members", "survey"),
        Indicator("B", 0.2, source="log"),
        Indicator("Knowledge gain (effect size)", 0.9, 0.2, 1.2, 30, "n", "s"),
        Indicator("Seats", 2.0, n=50, note="o", source="p"),
        Indicator("unused", 1.0),
        Indicator("share agreeing: I03", 0.7, n=12, note="said"),
        Indicator("share agreeing: none", 0.7),
        Indicator("share agreeing: I02", NAN),
    ]
    found = card.with_indicators(numbers, cut_points=odd(cuts)[::-1])
    table = found.measured.set_index("indicator")
    assert list(found.measured) == [
        "criterion", "label", "indicator", "value", "low", "high", "n", "unit", "score",
        "score_low", "score_high", "used", "reason", "cut_points", "basis", "note", "source",
    ]  # fmt: skip
    wanted = {
        "share a": ("I01", "Thing I01", 0.6, 0.3, 0.85, 40, "share", 3, 1, 4, True, "a rule",
                    "members", "survey", "0.2; 0.4; 0.6; 0.8"),
        "B": ("I02", "Thing I02", 0.2, NAN, NAN, None, "", 3, NAN, NAN, None,
              "the evaluator's own", "", "log", "0.4; 0.3; 0.2; 0.1"),
        "Knowledge gain (effect size)": ("I02", "Thing I02", 0.9, 0.2, 1.2, 30, "", 3, 2, 4, None,
              "the evaluator's own", "n", "s", "0.1; 0.2; 0.3; 0.4"),
        "Seats": ("I03", "Thing I03", 2.0, NAN, NAN, 50, "seats in a panel of 50", 2, NAN, NAN,
                  True, "law", "o", "p", "1; 2; 3; –"),
    }  # fmt: skip
    columns = ["criterion", "label", "value", "low", "high", "n", "unit", "score", "score_low",
               "score_high", "used", "basis", "note", "source", "cut_points"]  # fmt: skip
    assert set(table.index) == set(wanted)
    for name, row in wanted.items():
        for column, value in zip(columns, row, strict=True):
            got = table.loc[name, column]
            if value is None or (isinstance(value, float) and math.isnan(value)):
                assert column == "used" or pd.isna(got), (name, column)
            else:
                assert got == value, (name, column)
    assert table["used"].groupby(table["criterion"]).sum().eq(1).all()
    assert table["reason"].eq("").all()
    assert str(found.measured["n"].dtype) == "Int64"
    mine = found.ratings[found.ratings["rater"] == "measured"].set_index("criterion")
    assert mine["score"].to_dict() == {"I01": 3, "I02": 3, "I03": 2}
    assert mine[["confidence", "evidence"]].eq("").all(axis=None)
    assert mine["status"].eq("assessed").all()
    shown = ev.measured_scores(found)
    assert shown.measured.set_index("indicator")["people"].dropna().to_dict() == {"share a": 2.0}
    bare = pd.DataFrame({"criterion": ["I03"], "label": ["Thing I03"],
                         "indicator": ["share agreeing: I03"], "value": [0.7], "n": [12],
                         "note": ["said"]})  # fmt: skip
    same(shown.without_cut_points, bare, check_dtype=False)
    above = card.with_indicators(
        [Indicator("knowledge gain (effect size)", 0.9, 0.21, 1.2)], cut_points=cuts
    )
    assert above.measured["score"].tolist() == [4]  # its interval lies above 0.2
    none = card.with_indicators([Indicator("Seats", 2.0)], cut_points=cuts).measured
    assert math.isnan(none["score"].item())
    assert none["reason"].item() == "not judgeable: the number of members is not known"
    small = card.with_indicators([Indicator("Seats", 2.0, 1.0, 3.0, n=25)], cut_points=cuts)
    assert small.measured[["score", "score_low", "score_high", "value"]].iloc[0].tolist() == [
        3, 2, 3, 2,
    ]  # fmt: skip


# --- rankings ---------------------------------------------------------------------------


def single_peaked(order: Any, axis: Any) -> bool:
    """Every set of first places lies together on the axis."""
    at = [axis.index(o) for o in order]
    return all(max(at[:k]) - min(at[:k]) == k - 1 for k in range(1, len(at) + 1))


def proximity(orders: Any) -> tuple[float, set[Any]]:
    k = len(orders[0])
    axes = [a for a in itertools.permutations(range(k)) if a[0] < a[-1]]
    shares = {a: np.mean([single_peaked(list(o), a) for o in orders]) for a in axes}
    top = max(shares.values())
    return top, {a for a, s in shares.items() if s == top}


def test_every_column_of_single_peakedness_with_its_chance_and_swaps():
    rng = np.random.default_rng(7)
    one, two = (np.array([rng.permutation(4) for _ in range(6)]) for _ in range(2))
    two[:3] = [0, 1, 2, 3]
    rows = []
    for stage, orders in (("before", one), ("after", two)):
        for i, order in enumerate(orders):
            ranks = {f"o{option}": place for place, option in enumerate(order, 1)}
            rows.append({"person": f"p{i}", "stage": stage, **ranks})
    frame = pd.DataFrame(rows)[["person", "stage", "o0", "o1", "o2", "o3"]]
    found = ev.single_peakedness(odd(frame), n_random=70, n_swaps=110, seed=5)
    assert [s.stage for s in found.stages] == ["before", "after"]

    def random_profiles(generator: Any, size: int) -> np.ndarray:
        every = np.broadcast_to(np.arange(4), (6, 4))
        return np.array([proximity(generator.permuted(every, axis=1))[0] for _ in range(size)])

    chance = np.concatenate(
        run_resamples(random_profiles, 70, seed=5, chunk_size=50, progress=False)
    )
    for row, orders, stage in zip(found.table.to_dict("records"), (one, two), found.stages,
                                  strict=True):  # fmt: skip
        value, axes = proximity(orders)
        assert row["people"] == 6
        assert (row["left_out"], row["options"]) == (0, 4)
        assert row["proximity"] == pytest.approx(value)
        assert row["expected"] == pytest.approx(chance.mean())
        ends = np.quantile(chance, [0.025, 0.975])
        assert (row["expected_low"], row["expected_high"]) == pytest.approx(tuple(ends))
        assert row["above_chance"] == pytest.approx(value - chance.mean())
        assert row["p_value"] == pytest.approx((1 + (chance >= value - 1e-12).sum()) / 71)
        assert row["n_best_axes"] == len(axes)
        named = {tuple(int(o[1]) for o in axis) for axis in stage.axes}
        assert {min(a, a[::-1]) for a in named} == axes
        assert row["best_axis"] == " – ".join(stage.axes[0])
        assert stage.expected.standard_error == pytest.approx(chance.std(ddof=1) / math.sqrt(70))
        assert (stage.proximity.n, stage.expected.n) == (6, 6)
        ranks = np.argsort(orders, axis=1)
        for pair in stage.majorities.table.to_dict("records"):
            a, b = int(pair["option"][1]), int(pair["against"][1])
            up, down = (ranks[:, a] < ranks[:, b]).sum(), (ranks[:, b] < ranks[:, a]).sum()
            assert (pair["prefer"], pair["prefer_other"], pair["no_preference"]) == (up, down, 0)
            winner = f"o{a}" if up > down else f"o{b}" if down > up else "tie"
            assert pair["winner"] == winner
    order = np.lexsort(np.hstack([one, two]).T)
    first, second = one[order], two[order]

    def swapped(generator: Any, size: int) -> np.ndarray:
        out = []
        for _ in range(size):
            swap = (generator.random(6) < 0.5)[:, None]
            out.append(proximity(np.where(swap, first, second))[0]
                       - proximity(np.where(swap, second, first))[0])  # fmt: skip
        return np.array(out)

    drawn = np.concatenate(run_resamples(swapped, 110, seed=6, chunk_size=100, progress=False))
    seen = proximity(two)[0] - proximity(one)[0]
    assert found.change.value == pytest.approx(seen)
    assert found.change.n == 6
    for alternative, reached in (("two-sided", np.abs(drawn) >= abs(seen) - 1e-9),
                                 ("greater", drawn >= seen - 1e-9),
                                 ("less", drawn <= seen + 1e-9)):  # fmt: skip
        made = ev.single_peakedness(frame, n_random=2, n_swaps=110, seed=5, alternative=alternative)
        assert made.change.p_value == pytest.approx((1 + reached.sum()) / 111)
        assert made.alternative == alternative
    change = found.frames()["change"]
    assert list(change) == ["change", "p_value", "people", "alternative"]
    assert (found.n_random, found.n_swaps, found.seed) == (70, 110, 5)
    assert next(iter(found.pairwise)) == "stage"
    assert len(found.pairwise) == 12
    assert list(found.frames()) == ["stages", "pairwise", "best_axes", "change"]
    three = found.indicators()
    assert [i.value for i in three] == pytest.approx(
        [proximity(two)[0], proximity(two)[0] - chance.mean(), seen]
    )
    assert [i.n for i in three] == [6, 6, 6]
    assert {i.source for i in three} == {"rankings of 4 options"}


# --- criteria sorted by people ------------------------------------------------------------


def test_tables_of_sorted_criteria_hold_the_criteria_and_a_column_a_factor():
    ids = ["C01", "C02", "C03", "C04", "C05"]
    sorts = qm.QSorts([[2, 1, 2], [1, 2, 1], [0, 0, -1], [-1, -2, 0], [-2, -1, -2]],
                      statements=ids)  # fmt: skip
    scores = pd.DataFrame({"criterion": ids[::-1], "score": [0.0, 0, 2, 4, 4]})
    found = ev.weights_from_sorts(qm.analyse(sorts, 1), odd(scores), k=[1, 5])
    order = odd(scores)["criterion"].tolist()
    z = pd.Series(qm.analyse(sorts, 1).z_array[:, 0], ids)[order].to_numpy()
    u = (z - z.min()) / (z.max() - z.min())
    w = (1 + 4 * u) / (1 + 4 * u).sum()
    for table, wanted in ((found.z_scores, z), (found.emphasis, u), (found.weights(5), w)):
        assert list(table) == ["criterion", "label", "f1"]
        assert table["criterion"].tolist() == order
        assert table["f1"].tolist() == pytest.approx(list(wanted), **CLOSE)
        assert isinstance(table.index, pd.RangeIndex)
    assert list(found.lines) == ["factor", "k", "score", "low", "high", "n_resamples", "worst",
                                 "best"]  # fmt: skip
    assert found.lines["n_resamples"].tolist() == [0, 0]
    score = scores.set_index("criterion")["score"][order].to_numpy()
    assert found.lines["score"].tolist() == pytest.approx([2.0, float(w @ score)], **CLOSE)
    assert found.lines["k"].tolist() == [1, 5]
    assert list(found.shared) == ["factor", "viewpoint", "name", "criterion", "label", "direction",
                                  "z_score", "third"]  # fmt: skip
    for row in found.shared.to_dict("records"):
        assert row["z_score"] == pytest.approx(z[order.index(row["criterion"])])
    assert math.isnan(found.interval)
    assert (found.n_sorts, found.n_negative, found.left_out, found.scored) == (3, (0,), (), True)


def test_extremes_of_a_mean_are_at_the_corners_of_the_bounds():
    x = np.array([0.5, 3.0, 2.0, 4.0])
    for low, high in ((0.5, 2.0), (0.2, 1.0)):
        assert extreme_means(x, low=low, high=high) == pytest.approx(ends_by_search(x, low, high))
    assert extreme_means([]) == pytest.approx((NAN, NAN), nan_ok=True)
