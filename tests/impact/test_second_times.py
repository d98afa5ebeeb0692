"""Curves, bootstraps, tests and limits of settings, computed a second time step by step."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, norm

from dmpkit import impact
from dmpkit.errors import ConvergenceWarning, DataError, SmallSampleWarning
from dmpkit.impact.curves import percentiles
from dmpkit.impact.data import Ledger
from dmpkit.impact.followup import follow_up, labels_of
from dmpkit.impact.groups import GroupTest
from dmpkit.impact.pooled import FEW, TOO_FEW
from dmpkit.impact.share_intervals import percent
from dmpkit.impact.status_classes import classify
from dmpkit.resampling import expanded_tail, run_resamples

Z80 = float(norm.ppf(0.9))


def items(n: int = 90, n_processes: int = 12, seed: int = 5) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    time = rng.integers(1, 25, n).astype(float)
    cause = rng.choice(["done", "rejected", "pending"], n, p=[0.5, 0.2, 0.3])
    return pd.DataFrame(
        {
            "time": time, "cause": cause, "process": [f"p{k % n_processes:02d}" for k in range(n)],
            "group": np.where(np.arange(n) % 3 == 0, "late", "early"),
            "entry": np.where(np.arange(n) % 4 == 0, np.maximum(time - 3, 0), 0.0),
        },
        index=rng.permutation(n),
    )  # fmt: skip


def plain(rows: pd.DataFrame, causes: tuple[str, ...] = ("done", "rejected")) -> Any:
    """Shares after each time, one time after another: pending, then the causes."""
    time, entry, cause = (rows[c].to_numpy() for c in ("time", "entry", "cause"))
    here, shares, out = dict.fromkeys(causes, 0.0), 1.0, {}
    for t in sorted(set(time)):
        risk = int(((entry < t) & (time >= t)).sum())
        moved = {c: int(((time == t) & (cause == c)).sum()) for c in causes}
        before = shares
        for c, k in moved.items():
            here[c] += before * k / risk
            shares -= before * k / risk
        out[t] = ({"pending": shares, **here}, risk, moved)
    return out


def mean_time(curve: Any, state: str, horizon: float) -> float:
    """The area under a step curve, slice by slice."""
    start = 1.0 if state == "pending" else 0.0
    edges = [0.0, *(t for t in curve if t < horizon), horizon]
    levels = [start, *(curve[t][0][state] for t in curve if t < horizon)]
    return sum((b - a) * y for (a, b), y in zip(itertools.pairwise(edges), levels, strict=True))


@pytest.mark.parametrize("late", [False, True])
def test_incidence_in_every_column_between_and_beyond_the_times(late: bool) -> None:
    rows = items()
    rows["entry"] = rows["entry"] if late else 0.0
    entry = rows["entry"] if late else None
    curves = impact.cumulative_incidence(
        rows["time"], rows["cause"], entry, bands=True, level=0.8, interval="plain"
    )
    known = plain(rows)
    names = ["done", "rejected", "pending"]
    table = curves.table
    assert list(table.columns) == ["time", "cause", "estimate", "standard_error", "low", "high",
                                   "at_risk", "events"]  # fmt: skip
    assert table["time"].tolist() == np.repeat(list(known), 3).tolist()
    assert table["cause"].tolist() == names * len(known)
    said = [share[c] for share, _, _ in known.values() for c in names]
    np.testing.assert_allclose(table["estimate"], said, atol=1e-12)
    assert table["at_risk"].tolist() == np.repeat([r for _, r, _ in known.values()], 3).tolist()
    done = table[table["cause"] == "done"]["events"].tolist()
    assert done == [moved["done"] for _, _, moved in known.values()]
    error = table["standard_error"]
    inside = (table["estimate"] > 0) & (table["estimate"] < 1) & (error > 0)
    low = np.maximum(table["estimate"] - Z80 * error, 0).where(inside)
    high = np.minimum(table["estimate"] + Z80 * error, 1).where(inside)
    np.testing.assert_allclose(table["low"], low, atol=1e-12)
    np.testing.assert_allclose(table["high"], high, atol=1e-12)
    asked = [0.0, 0.5, 7.0, 7.5, 24.0, 24.5]
    at = curves.at(asked)
    assert list(at.columns) == list(table.columns)[:-1]
    assert at["time"].tolist() == np.repeat(asked, 3).tolist()
    for t, part in at.groupby("time"):
        last = max((k for k in known if k <= t), default=None)
        share = {"done": 0.0, "rejected": 0.0, "pending": 1.0} if last is None else known[last][0]
        values = [np.nan if t > 24 else share[c] for c in names]
        np.testing.assert_allclose(part["estimate"], values, atol=1e-12)
        risk = (
            int(((rows["entry"] < t) & (rows["time"] >= t)).sum()) if t else part["at_risk"].iloc[0]
        )
        assert part["at_risk"].tolist() == [risk] * 3
    for horizon in (0.5, 7.0, 7.5, 24.0):
        mean = curves.restricted_mean(horizon)
        assert mean["cause"].tolist() == names
        assert set(mean["horizon"]) == {horizon}
        areas = [mean_time(known, c, horizon) for c in names]
        np.testing.assert_allclose(mean["estimate"], areas, atol=1e-10)
        spread = Z80 * mean["standard_error"]
        np.testing.assert_allclose(mean["low"], np.maximum(mean["estimate"] - spread, 0))
        np.testing.assert_allclose(mean["high"], np.minimum(mean["estimate"] + spread, horizon))
    naive = curves.naive([7.5])
    assert list(naive.columns) == ["time", "cause", "estimate", "naive", "overstated"]
    for row in naive.itertuples():
        kept = np.prod([1 - moved[row.cause] / r for t, (_, r, moved) in known.items() if t <= 7.5])
        assert row.naive == pytest.approx(1 - kept, abs=1e-12)
        assert row.overstated == pytest.approx(1 - kept - row.estimate, abs=1e-12)
    assert curves.naive()["time"].tolist() == np.repeat(list(known), 2).tolist()
    with pytest.raises(DataError, match="beyond the last observation"):
        curves.restricted_mean(24.001)
    with pytest.raises(DataError, match="not a positive number"):
        curves.restricted_mean(0)


def draws_of(n_processes: int, n_resamples: int, seed: int) -> np.ndarray:
    """How often each process was drawn, as the shared routine of resampling draws."""

    def one(generator: np.random.Generator, size: int) -> np.ndarray:
        return generator.multinomial(n_processes, np.full(n_processes, 1 / n_processes), size)

    return np.concatenate(run_resamples(one, n_resamples, seed=seed, progress=False))


def ends(values: np.ndarray, level: float, n: int) -> tuple[float, float, float]:
    tail = expanded_tail(level, n)
    low, high = np.quantile(values, [tail, 1 - tail])
    return low, high, values.std(ddof=1)


def test_the_bootstrap_draws_whole_processes_with_the_seed_level_and_number_asked_for() -> None:
    rows = items()
    draws = draws_of(12, 30, 7)
    curves = impact.cumulative_incidence(
        rows["time"], rows["cause"], process=rows["process"], n_resamples=30, seed=7, level=0.8
    )
    rows["entry"] = 0.0
    names = list(dict.fromkeys(rows["process"]))
    own = {n: rows[rows["process"] == n] for n in names}
    drawn = [
        pd.concat([own[n] for n, k in zip(names, d, strict=True) for _ in range(k)]) for d in draws
    ]
    curve = [plain(part) for part in drawn]

    def share(known: Any, t: float, c: str) -> float:
        return known[max(k for k in known if k <= t)][0][c]

    at = curves.at([7.0, 15.0]).set_index(["time", "cause"])
    for (t, c), row in at.iterrows():
        low, high, error = ends(np.array([share(k, t, c) for k in curve]), 0.8, 12)
        assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-12)
        assert row["bootstrap_error"] == pytest.approx(error, abs=1e-12)
        z = Z80 * row["standard_error"]
        greenwood = (max(row["estimate"] - z, 0), min(row["estimate"] + z, 1))
        assert (row["greenwood_low"], row["greenwood_high"]) == pytest.approx(greenwood)
    early = curves.at([0.5])  # nothing can have happened: no interval, and no error
    assert early[["low", "high", "greenwood_low", "greenwood_high"]].isna().all(axis=None)
    assert early["bootstrap_error"].tolist() == early["standard_error"].tolist() == [0, 0, 0]
    mean = curves.restricted_mean(10.5).set_index("cause")
    for c, row in mean.iterrows():
        low, high, error = ends(np.array([mean_time(k, str(c), 10.5) for k in curve]), 0.8, 12)
        found = (row["low"], row["high"], row["bootstrap_error"])
        assert found == pytest.approx((low, high, error), abs=1e-10)
    assert curves.bootstrapped is not None
    pooled = curves.bootstrapped
    assert (pooled.n_processes, pooled.n_resamples, pooled.seed) == (12, 30, 7)


def test_difference_of_two_groups_in_every_column_and_with_processes_of_one_group_only() -> None:
    rows = items(60, 10)
    rows["entry"] = 0.0
    only = rows["process"].isin(["p01", "p02"])
    rows.loc[only, "group"] = "late"
    settings: dict[str, Any] = {"level": 0.8, "n_resamples": 25, "seed": 3}
    found = impact.restricted_mean_difference(
        rows["time"], rows["cause"], rows["group"], 12.5, process=rows["process"], **settings
    )
    columns = ["cause", "first", "second", "horizon", "mean_first", "mean_second", "estimate",
               "standard_error", "low", "high", "bootstrap_error", "greenwood_low",
               "greenwood_high"]  # fmt: skip
    assert list(found.columns) == columns
    assert found["cause"].tolist() == ["done", "rejected", "pending"]
    assert set(found["first"]) == {"early"}
    assert set(found["second"]) == {"late"}
    assert set(found["horizon"]) == {12.5}
    halves = {g: rows[rows["group"] == g] for g in ("early", "late")}
    curve = {g: plain(half) for g, half in halves.items()}
    one = {g: impact.cumulative_incidence(half["time"], half["cause"]).restricted_mean(12.5)
           for g, half in halves.items()}  # fmt: skip
    error = np.hypot(*(one[g]["standard_error"].to_numpy() for g in halves))
    np.testing.assert_allclose(found["standard_error"], error, rtol=1e-10)
    names = sorted(set(rows["process"]))
    own = {(g, n): half[half["process"] == n] for g, half in halves.items() for n in names}
    samples = []
    for d in draws_of(10, 25, 3):
        parts = {}
        for g in halves:
            again = [own[g, n] for n, k in zip(names, d, strict=True) for _ in range(k)]
            parts[g] = plain(pd.concat(again))
        samples.append([mean_time(parts["late"], c, 12.5) - mean_time(parts["early"], c, 12.5)
                        for c in found["cause"]])  # fmt: skip
    for k, row in found.iterrows():
        means = [mean_time(curve[g], row["cause"], 12.5) for g in ("early", "late")]
        assert [row["mean_first"], row["mean_second"]] == pytest.approx(means, abs=1e-10)
        assert row["estimate"] == pytest.approx(means[1] - means[0], abs=1e-10)
        z = Z80 * row["standard_error"]
        greenwood = [row["estimate"] - z, row["estimate"] + z]
        assert [row["greenwood_low"], row["greenwood_high"]] == pytest.approx(greenwood)
        boot = ends(np.array(samples)[:, int(k)], 0.8, 10)
        assert (row["low"], row["high"], row["bootstrap_error"]) == pytest.approx(boot, abs=1e-9)
    bare = impact.restricted_mean_difference(rows["time"], rows["cause"], rows["group"], 12.5)
    assert list(bare.columns) == columns[:10]
    assert bare[["low", "high"]].isna().all(axis=None)


def test_from_how_many_processes_there_is_an_interval_and_from_how_many_no_warning() -> None:
    assert (TOO_FEW, FEW) == (5, 10)
    for n in (1, 4, 5, 9, 10):
        rows = items(40, n)
        asked = (rows["time"], rows["cause"])
        settings: dict[str, Any] = {"process": rows["process"], "n_resamples": 20, "seed": 1}
        if 1 < n < 10:
            with pytest.warns(SmallSampleWarning, match=f"only {n} processes"):
                curves = impact.cumulative_incidence(*asked, **settings)
        else:
            curves = impact.cumulative_incidence(*asked, **settings)
        assert (curves.bootstrapped is not None) == (n >= 5)
        assert bool(curves.notes) == (n < 10)


def test_percentiles_need_nine_resamples_in_ten() -> None:
    samples = np.arange(20.0)[:, None].repeat(2, axis=1)
    samples[:2, 0], samples[:3, 1] = np.nan, np.nan
    low, high, error = percentiles(samples, 0.8, 12)
    tail = expanded_tail(0.8, 12)
    known = np.arange(2.0, 20.0)
    assert [low[0], high[0]] == pytest.approx(np.quantile(known, [tail, 1 - tail]).tolist())
    assert error[0] == pytest.approx(known.std(ddof=1))
    assert np.isnan([low[1], high[1], error[1]]).all()


# --- states --------------------------------------------------------------------------------


def stays() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for k in range(40):
        at, state = 0.0, "received"
        while at < 20:
            stop = at + float(rng.integers(1, 9))
            others = [s for s in ("received", "accepted", "done") if s != state]
            ends_here = stop >= 20 or rng.random() < 0.15
            to = "censored" if ends_here else str(rng.choice(others))
            rows.append((f"i{k:02d}", at, stop, state, to, f"p{k % 10}"))
            if to == "censored":
                break
            at, state = stop, to
    columns = ["id", "start", "stop", "from", "to", "process"]
    table = pd.DataFrame(rows, columns=columns)
    table.index = pd.Index(np.arange(len(table))[::-1] // 2, name="id")
    return table


def shares_of_states(rows: pd.DataFrame, states: list[str]) -> dict[float, np.ndarray]:
    start, stop, here, to = (rows[c].to_numpy() for c in ("start", "stop", "from", "to"))
    p = np.array([(here[start == 0] == s).mean() for s in states])
    out = {0.0: p}
    for t in sorted(set(stop)):
        new, there = p.copy(), (start < t) & (stop >= t)
        for i, j in itertools.permutations(range(len(states)), 2):
            own = there & (here == states[i])
            moved = (own & (stop == t) & (to == states[j])).sum()
            flow = p[i] * moved / own.sum() if own.any() else 0.0
            new[i] -= flow
            new[j] += flow
        out[t] = p = new
    return out


def test_occupancy_in_every_column() -> None:
    rows, states = stays(), ["done", "accepted", "received"]
    result = impact.occupancy(
        rows, states=states, process="process", n_resamples=20, seed=4, level=0.8
    )
    plain_rows = rows.reset_index(drop=True)
    known = shares_of_states(plain_rows, states)
    times = [t for t in known if t]
    table = result.table
    assert table["state"].tolist() == states * len(times)
    np.testing.assert_allclose(
        table["estimate"], np.concatenate([known[t] for t in times]), atol=1e-12
    )
    start, stop, here, to = (plain_rows[c].to_numpy() for c in ("start", "stop", "from", "to"))
    pairs = list(itertools.product(times, states))
    risk = [((here == s) & (start < t) & (stop >= t)).sum() for t, s in pairs]
    assert table["at_risk"].tolist() == risk
    into = [((to == s) & (stop == t)).sum() for t, s in pairs]
    assert table["events"].tolist() == into
    moves = result.transition_counts.set_index("from")
    assert list(moves.columns) == [*states, "censored"]
    for a, b in itertools.product(states, moves.columns):
        assert moves.loc[a, b] == ((plain_rows["from"] == a) & (plain_rows["to"] == b)).sum()
    spent = result.time_in_state
    for row in spent.itertuples():
        own = plain_rows[plain_rows["from"] == row.state]
        assert (row.time, row.stays) == ((own["stop"] - own["start"]).sum(), len(own))
    names = list(dict.fromkeys(plain_rows["process"]))
    of = {n: plain_rows[plain_rows["process"] == n] for n in names}
    drawn = []
    for d in draws_of(10, 20, 4):
        again = [of[n] for n, k in zip(names, d, strict=True) for _ in range(k)]  # fmt: skip
        drawn.append(shares_of_states(pd.concat(again), states))
    at = result.at([6.0])
    for k, row in enumerate(at.itertuples()):
        values = np.array([c[max(t for t in c if t <= 6)][k] for c in drawn])
        found = (row.low, row.high, row.bootstrap_error)
        assert found == pytest.approx(ends(values, 0.8, 10), abs=1e-12)

    def area(curve: Any, k: int) -> float:
        edges = [*(t for t in curve if t < 9.5), 9.5]
        steps = zip(itertools.pairwise(edges), edges[:-1], strict=True)
        return sum((b - a) * curve[t][k] for (a, b), t in steps)

    mean = result.restricted_mean(9.5)
    assert mean["state"].tolist() == states
    for k, row in enumerate(mean.itertuples()):
        assert row.estimate == pytest.approx(area(known, k), abs=1e-10)
        values = np.array([area(c, k) for c in drawn])
        found = (row.low, row.high, row.bootstrap_error)
        assert found == pytest.approx(ends(values, 0.8, 10), abs=1e-10)
    assert (result.covariance(0.5).drop(columns="state").to_numpy() == 0).all()
    late = result.covariance(6.0)
    assert late["state"].tolist() == states
    own = at["standard_error"].to_numpy() ** 2
    np.testing.assert_allclose(np.diag(late[states]), own, atol=1e-12)


# --- tests and models ----------------------------------------------------------------------


def test_the_logrank_is_summed_time_by_time_with_late_entry_and_weights() -> None:
    rows = items()
    rows["group"] = np.array(list("abc"))[np.arange(len(rows)) % 3]
    event = rows["cause"] == "done"
    for rho in (0.0, 0.5):
        test = impact.logrank_test(rows["time"], event, rows["group"], rows["entry"], rho=rho)
        observed, expected = np.zeros(3), np.zeros(3)
        spread, kept = np.zeros((3, 3)), 1.0
        for t in sorted(set(rows["time"][event])):
            there = (rows["entry"] < t) & (rows["time"] >= t)
            n = np.array([(there & (rows["group"] == g)).sum() for g in "abc"])
            d = np.array(
                [(event & (rows["time"] == t) & (rows["group"] == g)).sum() for g in "abc"]
            )
            w, p = kept**rho, n / n.sum()
            observed += w * d
            expected += w * d.sum() * p
            loose = (n.sum() - d.sum()) / (n.sum() - 1) if n.sum() > 1 else 0.0
            spread += w**2 * d.sum() * loose * (np.diag(p) - np.outer(p, p))
            kept *= 1 - d.sum() / n.sum()
        score = (observed - expected)[:2]
        statistic = score @ np.linalg.inv(spread[:2, :2]) @ score
        assert test.statistic == pytest.approx(statistic, rel=1e-9)
        assert (test.df, test.table["n"].tolist()) == (2, [30, 30, 30])
        assert test.p_value == pytest.approx(chi2.sf(statistic, 2), rel=1e-9)
        np.testing.assert_allclose(test.table["observed"], observed)
        np.testing.assert_allclose(test.table["expected"], expected)
        assert test.table["group"].tolist() == list("abc")
        assert test.name.startswith("Log-rank" if rho == 0 else "Harrington")


def test_nothing_to_compare_is_no_number() -> None:
    test = impact.logrank_test([1, 2, 3], [0, 0, 0], list("aab"))
    assert (np.isnan(test.statistic), np.isnan(test.p_value), test.df) == (True, True, 0)
    assert "nothing to compare" in test.note
    assert test.table["n"].tolist() == [2, 1]
    zero = np.zeros(2)
    plain_test = GroupTest.from_score("x", zero, np.zeros((2, 2)), groups=["a", "b"], n=[1, 1],
                                      observed=zero, expected=zero)  # fmt: skip
    assert plain_test.df == 0


def test_a_hazard_table_is_made_of_coefficients_and_errors() -> None:
    rows = items()
    x = pd.DataFrame({"cost": np.arange(90) % 7, "new": np.arange(90) % 2 == 0}, index=rows.index)
    for made in (
        impact.cox(rows["time"], rows["cause"] == "done", x, level=0.8),
        impact.fine_gray(rows["time"], rows["cause"], x, of="done", level=0.8),
    ):
        b, s = made.coefficient, made.standard_error
        np.testing.assert_allclose(s, np.sqrt(np.diag(made.covariance)), rtol=1e-12)
        columns = ["term", "coefficient", "standard_error", "hazard_ratio", "low", "high",
                   "p_value"]  # fmt: skip
        assert list(made.table.columns) == columns
        assert made.table["term"].tolist() == ["cost", "new"]
        expected = np.column_stack([b, s, np.exp(b), np.exp(b - Z80 * s), np.exp(b + Z80 * s),
                                    2 * norm.sf(np.abs(b / s))])  # fmt: skip
        np.testing.assert_allclose(made.table[columns[1:]].to_numpy(float), expected, rtol=1e-9)
        assert (made.n, made.n_events, made.level) == (90, (rows["cause"] == "done").sum(), 0.8)
        assert list(made.frames()) == ["coefficients"]


# --- limits and words ----------------------------------------------------------------------


@pytest.mark.parametrize("level", [0, 1, 0.0, 1.0, -0.1, 1.5, True, float("nan"), "high", None])
def test_a_level_lies_between_0_and_1_and_is_neither(level: Any) -> None:
    rows = items(40, 10)
    x = pd.DataFrame({"cost": np.arange(40) % 7})
    done = rows["cause"] == "done"
    one = pd.DataFrame({"status": ["implemented", "decided"], "count": [1, 2]})
    fates = pd.DataFrame({"fate": [0, 1, 1, 0], "cost": [0, 1, 0, 1]})
    for call in (
        lambda: impact.cumulative_incidence(rows["time"], rows["cause"], level=level),
        lambda: impact.kaplan_meier(rows["time"], done, level=level),
        lambda: impact.occupancy(stays(), level=level),
        lambda: impact.cox(rows["time"], done, x, level=level),
        lambda: impact.fine_gray(rows["time"], rows["cause"], x, of="done", level=level),
        lambda: impact.restricted_mean_difference(
            rows["time"], rows["cause"], rows["group"], 5, level=level
        ),
        lambda: impact.share_interval(1, 3, level=level),
        lambda: impact.shares_of(one, sample=True, level=level),
        lambda: impact.cherry_picking(fates, fate="fate", predictors=["cost"], level=level),
    ):
        with pytest.raises((DataError, TypeError)):
            call()


def test_true_and_false_among_words_are_one_and_nothing() -> None:
    mixed = follow_up([1, 2, 3, 4], [True, False, "pending", "2"])
    assert (mixed.code.tolist(), mixed.causes) == ([1, 0, 0, 2], ("1", "2"))
    text = follow_up([1, 2, 3], ["True", "False", " done "])
    assert (text.code.tolist(), text.causes) == ([1, 0, 2], ("1", "done"))
    assert labels_of([True, 1, 1.0, 1.5, "a"], "group", 5).tolist() == [
        "True",
        "1",
        "1",
        "1.5",
        "a",
    ]
    numbered = follow_up([1, 2, 3], [10, 9, 0])
    assert numbered.causes == ("9", "10")  # by number


@pytest.mark.parametrize(
    ("call", "row", "column", "remedy"),
    [
        (lambda: follow_up([1, 2], ["done", None]), 2, "cause", "Write 'pending'"),
        (lambda: labels_of(["a", None], "group", 2), 2, "group", "Name it."),
        (lambda: follow_up([1, -2], ["done", "done"]), 2, "time", "Count time from"),
        (lambda: follow_up([1, None], ["done", "done"]), 2, "time", "Leave the row out"),
        (lambda: follow_up([1, np.inf], ["done", "done"]), 2, "time", "Give the end"),
        (lambda: follow_up([1, "x"], ["done", "done"]), 2, "time", "Give numbers"),
        (lambda: follow_up([1, 2], ["a", "b"], causes=["a"]), 2, "cause", "Add it to"),
        (lambda: follow_up([1, 2], ["a", "b"], [0, 2]), 2, "entry", "An item known"),
        (lambda: follow_up([], []), None, None, "Give one time"),
        (lambda: labels_of(["a"], "group", 2), None, "group", None),
        (lambda: impact.turnbull([1, 5], [2, 4]), 2, "right", "Mend one"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_row_the_column_and_the_remedy(
    call: Any, row: int | None, column: str | None, remedy: str | None
) -> None:
    with pytest.raises(DataError) as caught:
        call()
    assert (caught.value.row, caught.value.column) == (row, column)
    if remedy is None:
        assert caught.value.remedy is None
    else:
        assert caught.value.remedy is not None
        assert caught.value.remedy.startswith(remedy)


def test_a_refusal_names_the_column_that_the_reader_gave() -> None:
    time, cause, gone = [1, 2, 3, 4], ["a", "a", 0, 0], ["x", None, "y", "y"]
    event, groups = [1, 1, 0, 0], list("xxyy")
    rows = pd.DataFrame({"id": [1, 2], "start": 0, "stop": [1, 2], "from": "a", "to": "b",
                         "assembly": ["x", None]})  # fmt: skip
    word = pd.DataFrame({"status": ["implemented", "strange"], "count": [1, 2]})
    calls = (
        (lambda: impact.cumulative_incidence(time, cause, process=gone), "process"),
        (lambda: impact.kaplan_meier(time, event, process=gone), "process"),
        (lambda: impact.restricted_mean_difference(time, cause, groups, 1, process=gone),
         "process"),
        (lambda: impact.restricted_mean_difference(time, cause, gone, 1), "group"),
        (lambda: impact.restricted_mean_difference(time, cause, ["x"] * 4, 1), "group"),
        (lambda: impact.logrank_test(time, event, gone), "group"),
        (lambda: impact.logrank_test(time, event, ["x"] * 4), "group"),
        (lambda: impact.gray_test(time, cause, gone), "group"),
        (lambda: impact.gray_test(time, cause, ["x"] * 4), "group"),
        (lambda: impact.gray_test(time, cause, groups, of="b"), "cause"),
        (lambda: impact.occupancy(rows, process="assembly"), "assembly"),
        (lambda: impact.kaplan_meier(time, [1, None, 0, 0]), "event"),
        (lambda: impact.cox(time, [0] * 4, pd.DataFrame({"x": time})), "event"),
        (lambda: impact.cox(time, event, pd.DataFrame({"x": [1, 2, 3, None]})), "x"),
        (lambda: impact.cumulative_incidence([1, -1], ["a", "a"]), "time"),
        (lambda: impact.turnbull([1, -1], [2, 3]), "left"),
        (lambda: impact.turnbull([1, 1], [2, -3]), "right"),
        (lambda: classify(["strange"]), "status"),
        (lambda: impact.shares_of(word), "status"),
        (lambda: impact.shares_of(word.assign(status="noted").head(1).assign(count=-1)), "count"),
    )  # fmt: skip
    for call, column in calls:
        with pytest.raises(DataError) as caught:
            call()
        assert caught.value.column == column


def test_tables_and_settings_of_tallies_are_passed_on() -> None:
    counts = pd.DataFrame(
        {"word": ["implemented", "in progress", "rejected", "received"], "how many": [4, 3, 2, 1]},
        index=[3, 3, 1, 0],
    )
    named: dict[str, Any] = {"status": "word", "count": "how many"}
    result = impact.shares_of(counts, **named, sample=True, method="jeffreys", level=0.8, label="L")
    columns = ["denominator", "implemented", "n", "share", "low", "high"]
    assert list(result.shares.columns) == columns
    for row, n in zip(result.shares.itertuples(), (10, 9, 6), strict=True):
        interval = impact.share_interval(4, n, "jeffreys", level=0.8)
        assert (row.implemented, row.n, row.share) == (4, n, 4 / n)
        assert (row.low, row.high) == (interval.low, interval.high)
    assert result.shares["denominator"].tolist() == ["all", "answered", "closed"]
    assert (result.method, result.level, result.label) == ("jeffreys", 0.8, "L")
    frames = result.frames()
    assert list(frames) == ["shares", "bounds", "counts"]
    assert frames["bounds"].to_dict("records") == [{"low": 0.4, "high": 0.8, "pending": 4, "n": 10}]
    classes = ["implemented", "open", "not implemented", "unanswered"]
    assert frames["counts"]["class"].tolist() == classes
    more = impact.shares_of(counts, **named, total=12)
    assert (more.bounds, more.partly_published) == ((4 / 12, 10 / 12), True)
    assert more.counts.iloc[-1].tolist() == ["(not published)", "no record", 2]
    assert more.counts.index.tolist() == list(range(5))
    assert more.shares["n"].tolist() == [12, 0, 0]
    assert more.shares["share"].isna().tolist() == [False, True, True]
    assert not impact.shares_of(counts, **named, total=10).partly_published
    with pytest.raises(DataError, match="total is 9"):
        impact.shares_of(counts, **named, total=9)
    with pytest.raises(DataError, match="all 0"):
        impact.shares_of(counts.assign(**{"how many": 0}), **named)


def test_a_share_of_a_few_is_never_called_none_or_all() -> None:
    assert [percent(x) for x in (0.0, 1e-8, 0.0004, 0.0006, 0.9994, 0.9996, 1 - 1e-8, 1.0)] == [
        "0.0 %", "under 0.1 %", "under 0.1 %", "0.1 %", "99.9 %", "over 99.9 %", "over 99.9 %",
        "100.0 %",
    ]  # fmt: skip
    assert percent(0.004, 0) == "under 1 %"
    assert percent(0.996, 0) == "over 99 %"


def test_a_table_without_a_test_still_says_how_many_it_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for table in ([[3, 2]], [[3], [2]], [[3, 2], [0, 0]], [[5, 0], [0, 0]]):
        found = impact.exact_table_test(table)
        assert found.n == 5
        assert np.isnan(found.value)
        assert "no test" in found.note
    monkeypatch.setattr("dmpkit.impact.exact_tables.MAX_STATES", 20)  # too many to list, at once
    drawn = impact.exact_table_test(np.full((4, 6), 9), n_resamples=99, seed=2)
    assert (drawn.n, drawn.note) == (216, "99 tables drawn with seed 2")
    again = impact.exact_table_test(np.full((6, 4), 9), n_resamples=99, seed=2)
    assert drawn.p_value == again.p_value


def test_a_ledger_without_recommendations_has_no_shares_of_recommendations() -> None:
    none = pd.DataFrame({"rec_id": [], "counting_unit": []}, dtype=str)
    with pytest.raises(DataError, match="counted as 'recommendation' had been reported"):
        Ledger.from_frames(none).shares("2022-01-01")


# --- reviews -------------------------------------------------------------------------------


def test_what_is_known_between_reviews_is_added_up_from_the_masses() -> None:
    curve = impact.turnbull([0, 6, 6, 9, 9, 20], [6, 9, 9, None, 12, 20])
    table = curve.table
    assert list(table.columns) == ["left", "right", "mass", "before", "after"]
    spans = list(zip(table["left"], table["right"], strict=True))
    assert spans == [(0, 6), (6, 9), (9, 12), (20, 20)]
    # what was open from 9 on is shared by the two later ones in proportion: 1/6 + 1/12 each
    np.testing.assert_allclose(table["mass"], [1 / 6, 1 / 3, 1 / 4, 1 / 4], atol=1e-7)
    np.testing.assert_allclose(table["before"], [0, 1 / 6, 1 / 2, 3 / 4], atol=1e-7)
    np.testing.assert_allclose(table["after"], [1 / 6, 1 / 2, 3 / 4, 1], atol=1e-7)
    at = curve.at([0, 3, 6, 8, 9, 19, 20])
    np.testing.assert_allclose(at["low"], [0, 0, 1 / 6, 1 / 6, 1 / 2, 3 / 4, 1], atol=1e-7)
    np.testing.assert_allclose(at["high"], [0, 1 / 6, 1 / 6, 1 / 2, 1 / 2, 3 / 4, 1], atol=1e-7)
    assert at["fixed"].tolist() == [True, False, True, False, True, True, True]
    assert at["estimate"].isna().tolist() == [False, True, False, True, False, False, False]
    mean = curve.restricted_mean(10)
    assert mean.low == pytest.approx(0 / 6 + 6 / 3 + 9 / 4 + 10 / 4, abs=1e-6)
    assert mean.high == pytest.approx(6 / 6 + 9 / 3 + 10 / 4 + 10 / 4, abs=1e-6)
    assert np.isnan(mean.value)
    assert (mean.n, curve.n, curve.n_open) == (6, 6, 1)
    assert (curve.widths.value, curve.widths.low, curve.widths.high) == (3, 3, 3)
    assert curve.widths.n == 5
    shares = np.array([1 / 6, 1 / 3, 1 / 3, 1 / 2, 1 / 4, 1 / 4])
    assert curve.log_likelihood == pytest.approx(np.log(shares).sum(), abs=1e-6)


def test_the_interval_model_is_the_best_of_a_grid() -> None:
    low, high = np.array([0, 2, 4, 4, 8, 2.0]), np.array([2, 4, 8, np.inf, np.inf, 8])

    def fit(shape: float, scale: float) -> float:
        alive = [np.exp(-((end / scale) ** shape)) for end in (low, high)]
        return float(np.log(alive[0] - alive[1]).sum())

    made = impact.interval_model(low, high)
    assert made.log_likelihood == pytest.approx(fit(made.shape, made.scale), abs=1e-9)
    for a, b in itertools.product((0.99, 1, 1.01), repeat=2):
        assert fit(made.shape * a, made.scale * b) <= made.log_likelihood + 1e-9
    flat = impact.interval_model(low, high, "exponential")
    assert (flat.shape, flat.n, flat.distribution) == (1.0, 6, "exponential")
    assert flat.rate == 1 / flat.scale
    for b in (0.99, 1.01):
        assert fit(1.0, flat.scale * b) < flat.log_likelihood
    at = made.at([0, 3.0])
    done = 1 - np.exp(-((3 / made.scale) ** made.shape))
    assert at["estimate"].tolist() == pytest.approx([0, done])
    assert at["time"].tolist() == [0, 3]


def test_a_random_intercept_gives_the_errors_of_all_parameters_together() -> None:
    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(20), 10)
    x = rng.normal(size=(200, 1))
    eta = x[:, 0] + rng.normal(size=20)[groups]
    y = (eta + rng.logistic(size=200) > 0).astype(int)
    fit = impact.fit_random_intercept(x, y, groups)
    assert fit.joint_covariance is not None
    assert fit.joint_covariance.shape == (3, 3)
    np.testing.assert_array_equal(fit.covariance, fit.joint_covariance[:2, :2])
    assert fit.scores.shape == (0, 2)

    def loss(at: np.ndarray) -> float:  # a plain sum over a fine grid of intercepts
        u = np.linspace(-8, 8, 161)
        eta = at[0] - at[1] * x[:, :1] - at[2] * u[None]
        rows = np.where(y[:, None] == 1, -np.logaddexp(0, eta), -np.logaddexp(0, -eta))
        whole = np.zeros((20, len(u)))
        np.add.at(whole, groups, rows)
        return -float(np.log((np.exp(whole) * norm.pdf(u)).sum(axis=1) * 0.1).sum())

    at = np.array([*fit.parameters, fit.process_sd])
    assert fit.log_likelihood == pytest.approx(-loss(at), abs=1e-6)
    second = np.zeros((3, 3))
    h = 1e-3
    for i, j in itertools.product(range(3), repeat=2):
        for a, b in itertools.product((-1, 1), repeat=2):
            moved = at.copy()
            moved[i] += a * h
            moved[j] += b * h
            second[i, j] += a * b * loss(moved) / (4 * h * h)
    np.testing.assert_allclose(fit.joint_covariance, np.linalg.inv(second), rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize(("slope", "sign"), [(0.002, 1.0), (0.0, -1.0)])
def test_a_random_intercept_that_did_not_settle_is_said(
    slope: float, sign: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dmpkit.impact import random_intercepts

    polished, information = random_intercepts._polished, random_intercepts._information
    monkeypatch.setattr(random_intercepts, "_polished",
                        lambda mixed, at: (*polished(mixed, at)[:2], slope))  # fmt: skip
    monkeypatch.setattr(random_intercepts, "_information",
                        lambda mixed, at: sign * information(mixed, at))  # fmt: skip
    rng = np.random.default_rng(4)
    groups, x = np.repeat(np.arange(20), 10), rng.normal(size=(200, 1))
    eta = x[:, 0] + rng.normal(size=20)[groups]
    with pytest.warns(ConvergenceWarning, match="did not settle"):
        impact.fit_random_intercept(x, (eta + rng.logistic(size=200) > 0).astype(int), groups)


# --- one curve -----------------------------------------------------------------------------


def test_the_share_without_the_event_in_every_column() -> None:
    rows = items()
    event = rows["cause"] == "done"
    curve = impact.kaplan_meier(rows["time"], event, bands=True, level=0.8)
    one = rows.assign(cause=np.where(event, "done", "pending"), entry=0.0)
    known = plain(one, ("done",))
    table = curve.table
    assert table["state"].tolist() == ["event-free"] * len(known)
    share = np.array([s["pending"] for s, _, _ in known.values()])
    np.testing.assert_allclose(table["estimate"], share, atol=1e-12)
    moved = np.array([m["done"] for _, _, m in known.values()])
    risk = np.array([r for _, r, _ in known.values()])
    assert table["events"].tolist() == moved.tolist()
    assert table["at_risk"].tolist() == risk.tolist()
    open_ = np.where(risk > moved, risk - moved, 1)
    error = share * np.sqrt(np.cumsum(moved / (risk * open_)))
    np.testing.assert_allclose(table["standard_error"], error, atol=1e-12)
    inside = (share > 0) & (share < 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.exp(Z80 * error / (share * np.log(share)))
        low, high = (np.where(inside, share**p, np.nan) for p in (1 / power, power))
    np.testing.assert_allclose(table["low"], low, atol=1e-12)
    np.testing.assert_allclose(table["high"], high, atol=1e-12)
    times = np.array(list(known))
    median = curve.median()
    assert median.value == times[share <= 0.5][0]
    with np.errstate(invalid="ignore"):
        assert median.low == times[low <= 0.5][0]
        crossed = times[high <= 0.5]
    assert (median.high == crossed[0]) if len(crossed) else np.isnan(median.high)
    assert median.n == 90
    mean = curve.restricted_mean(9.5)
    assert mean["state"].tolist() == ["event-free"]
    assert mean["estimate"].item() == pytest.approx(mean_time(known, "pending", 9.5), abs=1e-10)


def test_the_median_is_where_a_curve_reaches_a_half_exactly() -> None:
    curves = impact.cumulative_incidence([1, 2, 3, 4], ["a", "b", "a", 0])
    assert curves.median().value == 2
    assert curves.median("a").value == 3
    assert np.isnan(curves.median("b").value)
    assert "not reached: 25.0 % at the last observation, 4" in curves.median("b").note
    assert curves.median().note == "no interval: a complete list"
    assert impact.kaplan_meier([1, 2, 3, 4], [1, 1, 0, 0]).median().value == 2
    assert np.isnan(impact.kaplan_meier([1, 2, 3, 4], [1, 0, 0, 0]).median().value)


def test_beyond_the_end_only_a_curve_that_cannot_move_is_known() -> None:
    done = impact.cumulative_incidence([1, 2], ["a", "b"])
    later = done.at([9])
    assert later["estimate"].tolist() == [0.5, 0.5, 0.0]
    assert later["at_risk"].tolist() == [0, 0, 0]
    assert done.restricted_mean(4)["estimate"].tolist() == [0.5 * 3, 0.5 * 2, 1.5]
    running = impact.cumulative_incidence([1, 2], ["a", 0])
    later = running.at([2, 2.5])
    assert later["estimate"].isna().tolist() == [False, False, True, True]
    assert later["time"].tolist() == [2, 2, 2.5, 2.5]
    assert later["cause"].tolist() == ["a", "pending"] * 2
    assert later["at_risk"].tolist() == [1, 1, 0, 0]
    assert impact.kaplan_meier([1, 2], [1, 1]).at([9])["estimate"].tolist() == [0.0]
    assert impact.kaplan_meier([1, 2], [1, 0]).at([9])["estimate"].isna().all()


@pytest.mark.parametrize(
    ("change", "row", "column", "match"),
    [
        ({"id": None}, 3, "id", "missing"),
        ({"stop": 2.0}, 3, "stop", "before the start"),
        ({"from": None}, 3, "from", "state is missing"),
        ({"from": "lost"}, 3, "from", "'lost' is not one"),
        ({"to": "lost"}, 3, "to", "'lost' is not one"),
        ({"start": 2.5}, 3, None, "overlaps"),
        ({"from": "new"}, 3, None, "does not begin in the state"),
        ({"process": "q"}, None, "process", "more than one process"),
    ],
)  # fmt: skip
def test_a_stay_that_cannot_be_is_shown_in_its_row(
    change: dict[str, Any], row: int | None, column: str | None, match: str
) -> None:
    table = pd.DataFrame(
        {
            "id": ["b", "a", "a", "b"], "start": [0.0, 0, 3, 4], "stop": [4.0, 3, 6, 6],
            "from": ["new", "new", "old", "old"], "to": ["old", "old", "new", None],
            "process": list("pppp"),
        },
        index=[5, 5, 1, 0],
    ).astype({"id": object, "from": object})  # fmt: skip
    assert impact.occupancy(table, states=["new", "old"]).n == 2
    name, value = next(iter(change.items()))
    table.iloc[2, list(table.columns).index(name)] = value
    with pytest.raises(DataError, match=match) as caught:
        impact.occupancy(table, states=["new", "old"], process="process")
    assert (caught.value.row, caught.value.column) == (row, column)
