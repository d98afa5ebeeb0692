"""Tables of judgement, definitions, time and models, computed a second time in plain steps."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

from dmpkit import impact
from dmpkit.errors import DataError, LedgerWarning, SmallSampleWarning
from dmpkit.impact import models
from dmpkit.impact.curves import interval_ends
from dmpkit.measures import agreement


def odd_index(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an index that repeats and has the name of its first column."""
    out = table.copy()
    out.index = pd.Index((np.arange(len(out))[::-1] // 2) * 7, name=out.columns[0])
    return out


# --- who judged ----------------------------------------------------------------------------

STATUS = ["not_started", "in_progress", "decided", "implemented_in_part", "implemented"]


def judged(n: int = 14, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for rec in range(n):
        base = int(rng.integers(0, 5))
        for rater, side in (("m", "government"), ("a", "assembly member"), ("i", "independent")):
            if rng.random() < 0.15:
                continue
            step = int(np.clip(base + rng.integers(-1, 2), 0, 4))
            kept = int(rng.integers(1, 5)) if rng.random() < 0.7 else None
            rows.append((f"R{rec:02d}", rater, side, "2024-01-01", STATUS[step], kept))
    rows[4] = (*rows[4][:4], "no_evidence", None)
    columns = ["rec_id", "rater", "rater_side", "as_of", "status", "fidelity"]
    return pd.DataFrame(rows, columns=columns)


def test_tables_of_raters_are_those_of_plain_counting() -> None:
    table = judged()
    result = impact.raters(odd_index(table))
    grade = table["status"].map({s: k for k, s in enumerate(STATUS)})
    assert list(result.ratings.columns) == [*table.columns[:2], "status", "rater_side", "as_of",
                                            "fidelity", "grade"]  # fmt: skip
    pd.testing.assert_frame_equal(
        result.ratings[list(table.columns)], table, check_dtype=False, check_column_type=False
    )
    assert result.ratings["grade"].equals(grade.astype(float).rename("grade"))
    assert result.ratings.index.equals(pd.RangeIndex(len(table)))
    word = {(r.rec_id, r.rater): r.status for r in table.itertuples()}
    recs, names = sorted(set(table["rec_id"])), ["m", "a", "i"]
    assert set(result.raters) == set(names)
    order = [*impact.raters(table).scale]
    confusion = []
    for a, b in itertools.combinations(result.raters, 2):
        pairs = [(word[r, a], word[r, b]) for r in recs if (r, a) in word and (r, b) in word]
        places = [*order, "no_evidence"]
        confusion += [
            (a, b, x, y, pairs.count((x, y)))
            for x, y in sorted(set(pairs), key=lambda p: tuple(map(places.index, p)))
        ]
    columns = ["rater_a", "rater_b", "status_a", "status_b", "n"]
    pd.testing.assert_frame_equal(
        result.confusion, pd.DataFrame(confusion, columns=columns), check_dtype=False
    )
    marks = {(r.rec_id, r.rater): g for r, g in zip(table.itertuples(), grade, strict=True)}
    expected = []
    for rec in dict.fromkeys(table["rec_id"]):
        own = {name: word.get((rec, name), np.nan) for name in result.raters}
        known = [v for n, v in own.items() if (rec, n) in word]
        far = [marks[rec, n] for n in names if marks.get((rec, n), np.nan) >= 0]
        if len(set(known)) > 1:
            gap = max(far) - min(far) if len(far) > 1 else np.nan
            expected.append({"rec_id": rec, "gap": gap, **own})
    ranked = sorted(expected, key=lambda row: -row["gap"] if row["gap"] >= 0 else 99.0)
    pd.testing.assert_frame_equal(result.items, pd.DataFrame(ranked), check_dtype=False)
    assert result.n_common == sum(sum((r, n) in word for n in names) > 1 for r in recs)
    rows, sides = [], []
    for name in result.raters:
        own_rows = table[table["rater"] == name]
        done = own_rows[own_rows["status"] == "implemented"]
        kept = [float(v) for v in done["fidelity"] if v == v]
        mean = sum(kept) / len(kept) if kept else np.nan
        side = own_rows["rater_side"].iloc[0]
        rows.append({"rater": name, "rater_side": side, "n_implemented": len(done),
                     "n_rated": len(kept), "mean_fidelity": mean, "retained": mean / 4,
                     "n_weakened": sum(v < 4 for v in kept)})  # fmt: skip
    pd.testing.assert_frame_equal(result.fidelity, pd.DataFrame(rows), check_dtype=False)
    for side in ("government", "assembly member", "independent"):
        own_rows = table[table["rater_side"] == side]
        far = [g for g in grade[own_rows.index] if g == g]
        sides.append({"rater_side": side, "n_raters": 1, "n_ratings": len(own_rows),
                      "share_implemented": (own_rows["status"] == "implemented").mean(),
                      "mean_grade": sum(far) / len(far)})  # fmt: skip
    pd.testing.assert_frame_equal(result.sides, pd.DataFrame(sides), check_dtype=False)
    assert result.frames().keys() == {"agreement", "items", "confusion", "fidelity", "sides"}


@pytest.mark.parametrize("n_resamples", [0, 60])
def test_agreement_of_every_pair_is_that_of_the_measure_on_its_common_items(
    n_resamples: int,
) -> None:
    table = judged()
    result = impact.raters(table, n_resamples=n_resamples, seed=11)
    assert (result.n_resamples, result.seed) == (n_resamples, 11 if n_resamples else None)
    table = table.assign(grade=result.ratings["grade"])
    rows = []
    for a, b in itertools.combinations(result.raters, 2):
        for of, column, coefficients in (
            ("status", "status", [("percent agreement", None), ("Cohen's kappa", None)]),
            ("how far", "grade", [("percent agreement", None), ("Cohen's kappa", "linear"),
                                  ("Cohen's kappa", "quadratic")]),
            ("fidelity", "fidelity", [("Cohen's kappa", "linear"), ("Cohen's kappa", "quadratic")]),
        ):  # fmt: skip
            own = {r: table[table["rater"] == r].set_index("rec_id")[column] for r in (a, b)}
            wide = pd.DataFrame(own).T.sort_index(axis=1)
            matrix = agreement.Ratings.read(
                wide.loc[:, wide.notna().any()], categories=None if of == "status" else range(5)
            )
            for name, weights in coefficients:
                step = (
                    agreement.percent_agreement
                    if name == "percent agreement"
                    else agreement.cohen_kappa
                )
                found = step(matrix, weights, n_resamples=n_resamples, seed=result.seed)
                rows.append((a, b, of, name, weights or "unweighted", found.value,
                             found.standard_error, found.low, found.high, found.n))  # fmt: skip
    columns = ["rater_a", "rater_b", "of", "coefficient", "weights", "value", "standard_error",
               "low", "high", "n"]  # fmt: skip
    pd.testing.assert_frame_equal(
        result.agreement[columns], pd.DataFrame(rows, columns=columns), check_dtype=False
    )


def test_without_marks_of_fidelity_there_are_none_and_no_mean() -> None:
    result = impact.raters(judged().drop(columns=["fidelity", "as_of"]))
    assert result.ratings["fidelity"].dtype == result.ratings["grade"].dtype == np.float64
    assert result.ratings["fidelity"].isna().all()
    assert result.fidelity["n_rated"].tolist() == [0, 0, 0]
    assert result.fidelity[["mean_fidelity", "retained"]].isna().all(axis=None)
    own = result.agreement[result.agreement["of"] == "fidelity"]
    assert own["n"].tolist() == [0] * 6
    assert own[["value", "standard_error", "low", "high"]].isna().all(axis=None)
    assert own["note"].str.startswith("undefined").all()


def test_only_ratings_up_to_the_day_count_and_of_them_the_latest() -> None:
    table = pd.DataFrame(
        {
            "rec_id": ["R1", "R1", "R1", "R1", "R2"],
            "rater": ["a", "a", "b", "a", "b"],
            "rater_side": ["government", "", "independent", "", "independent"],
            "as_of": ["2024-01-02", None, "2024-01-02", "2024-01-03", "2024-01-02"],
            "status": ["decided", "in progress", " Decided ", "implemented", None],
        }
    )
    until = impact.raters(table, date="2024-01-02")
    assert until.ratings[["rec_id", "rater", "status"]].values.tolist()[:2] == [
        ["R1", "a", "decided"],
        ["R1", "b", "decided"],
    ]
    assert until.date == "2024-01-02"
    assert set(until.ratings["rater_side"]) == {"government", "independent"}
    assert impact.raters(table).ratings["status"].tolist()[0] == "decided"  # b is listed first
    assert impact.raters(table).ratings["status"].tolist()[1] == "implemented"
    with pytest.warns(SmallSampleWarning, match="judged by two"):
        undated = impact.raters(table.drop(index=2), date="2024-01-01")
    assert undated.ratings["status"].tolist() == ["in_progress"]
    with pytest.raises(DataError, match="no rating up to 2024-01-01"):
        impact.raters(table.iloc[[0]], date="2024-01-01")
    again = pd.concat([table, table.iloc[[0]].assign(status="implemented")])
    with pytest.raises(DataError, match="row 7: a judged R1 twice"):
        impact.raters(again)


# --- definitions ---------------------------------------------------------------------------

CLASS = {"implemented": "implemented", "implemented_in_part": "partial so far",
         "in_progress": "open", "rejected": "not implemented", None: "no record"}  # fmt: skip


def class_of(status: object) -> str:
    return CLASS[status if isinstance(status, str) else None]


def items() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    parts = [("M1", ""), ("M2", ""), ("M2a", "M2"), ("M2b", "M2"), ("M3", ""), ("M4", "")]
    rows = []
    for who in ("press", "ministry"):
        for name, whole in parts:
            if (who, name) == ("press", "M4"):
                continue
            status = list(CLASS)[int(rng.integers(0, 5))]
            rows.append((name, who, status, whole, int(rng.integers(0, 5)), name < "M3"))
    columns = ["rec_id", "coder", "status", "parent_id", "fidelity", "early"]
    return pd.DataFrame(rows, columns=columns)


def test_every_universe_of_ratings_is_counted_item_by_item() -> None:
    table = items()
    with pytest.warns(LedgerWarning, match="rated different items"):
        result = impact.multiverse(
            odd_index(table), parent="parent_id", fidelity="fidelity", rules={"first": "early"},
            headline={"coder": "ministry", "credit": "by fidelity"}, label="done",
        )  # fmt: skip
    wholes = {"recommendations": lambda r: r["parent_id"] == "",
              "sub-actions": lambda r: r["rec_id"] != "M2",
              "first": lambda r: bool(r["early"])}  # fmt: skip
    bases = {"all": set(CLASS.values()), "closed": {"implemented", "not implemented"},
             "answered": {"implemented", "partial so far", "open", "not implemented"}}  # fmt: skip
    rows: list[dict[str, Any]] = []
    for who, (rule, keep) in itertools.product(("press", "ministry"), wholes.items()):
        chosen = [r for r in table.to_dict("records") if keep(r)]
        every = {r["rec_id"] for r in chosen}
        own = [r for r in chosen if r["coder"] == who]
        gone = len(every) - len(own)
        said = f"{gone} of {len(every)} items not rated by {who}" if gone else ""
        for base, credit in itertools.product(
            ("all", "answered", "closed"),
            ("full only", "partial counts half", "partial counts full", "by fidelity"),
        ):
            counted = [(class_of(r["status"]), r["fidelity"]) for r in own
                       if class_of(r["status"]) in bases[base]]  # fmt: skip
            half = {"full only": 0.0, "partial counts half": 0.5}.get(credit, 1.0)
            worth = {"implemented": 1.0, "partial so far": half}
            earned = sum(
                worth.get(name, 0.0) * (kept / 4 if credit == "by fidelity" else 1.0)
                for name, kept in counted
            )
            n = len(counted)
            rows.append({
                "universe": len(rows) + 1, "coder": who, "counting_rule": rule,
                "denominator": base, "credit": credit, "credited": earned if n else np.nan,
                "n": float(n), "share": earned / n if n else np.nan,
                "note": "; ".join(x for x in (said, "" if n else f"none {base}") if x),
            })  # fmt: skip
    expected = pd.DataFrame(rows)
    pd.testing.assert_frame_equal(result.universes, expected, check_dtype=False)
    known = expected.dropna(subset=["share"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(result.answered, known, check_dtype=False)
    assert result.range == (known["share"].min(), known["share"].max())
    assert result.chosen == {"coder": "ministry", "counting_rule": "recommendations",
                             "denominator": "all", "credit": "by fidelity"}  # fmt: skip
    place = (known[list(result.chosen)] == pd.Series(result.chosen)).all(axis=1)
    assert result.headline == known.loc[place, "share"].item()
    choices = list(result.chosen)
    lines, moves = [], []
    total = known["share"].var(ddof=0) * len(known)
    for choice in choices:
        means = {}
        for option in dict.fromkeys(known[choice]):
            share = known.loc[known[choice] == option, "share"]
            means[option] = (share.mean(), len(share))
            lines.append((choice, option, len(share), share.mean(), share.min(), share.max()))
        others = [c for c in choices if c != choice]
        step = max(p["share"].max() - p["share"].min() for _, p in known.groupby(others))
        between = sum(n * (m - known["share"].mean()) ** 2 for m, n in means.values())
        centre = [m for m, _ in means.values()]
        moves.append((choice, len(means), max(centre) - min(centre), step, between / total))
    options = ["choice", "option", "n_universes", "mean", "lowest", "highest"]
    pd.testing.assert_frame_equal(
        result.options, pd.DataFrame(lines, columns=options), check_dtype=False
    )
    columns = ["choice", "n_options", "range_of_means", "largest_step", "variance_share"]
    moves.sort(key=lambda row: -row[2])
    pd.testing.assert_frame_equal(result.by_choice, pd.DataFrame(moves, columns=columns))
    assert result.counted["count"].sum() == len(table)
    counts = table.fillna({"status": "(none)"}).groupby(["coder", "status"])["rec_id"].count()
    for row in result.counted.itertuples():
        assert row.count == counts[row.coder, row.status]
        assert row[3] == CLASS[None if row.status == "(none)" else row.status]
    assert list(result.counted.columns) == ["coder", "status", "class", "count"]


def test_every_universe_of_tallies_is_counted_status_by_status() -> None:
    table = pd.DataFrame(
        {
            "coder": ["a", "a", "a", "b", "b", "b"],
            "status": ["done", "begun", "refused", "done", "begun", "refused"],
            "count": [4, 5, 3, 2, 6, 2],
            "total": [15, 15, 15, 10, 10, 10],
            "how": ["parts"] * 3 + ["wholes"] * 3,
        }
    )
    result = impact.multiverse(
        odd_index(table), count="count", total="total", rule="how",
        statuses={"done": "implemented", "begun": "partial", "refused": "not implemented"},
        credits={"whole": {"implemented": 1.0}, "some": {"implemented": 1.0, "partial": 0.25}},
        denominators=["closed", "all"],
    )  # fmt: skip
    said = "3 of 15 without a published status"
    none = f"{said}; how many are closed was not published"
    rows = [
        ("a", "parts", "closed", "whole", np.nan, np.nan, np.nan, none),
        ("a", "parts", "closed", "some", np.nan, np.nan, np.nan, none),
        ("a", "parts", "all", "whole", 4.0, 15.0, 4 / 15, said),
        ("a", "parts", "all", "some", 4 + 5 / 4, 15.0, (4 + 5 / 4) / 15, said),
        ("b", "wholes", "closed", "whole", 2.0, 10.0, 2 / 10, ""),
        ("b", "wholes", "closed", "some", 2 + 6 / 4, 10.0, (2 + 6 / 4) / 10, ""),
        ("b", "wholes", "all", "whole", 2.0, 10.0, 2 / 10, ""),
        ("b", "wholes", "all", "some", 2 + 6 / 4, 10.0, (2 + 6 / 4) / 10, ""),
    ]
    columns = ["coder", "counting_rule", "denominator", "credit", "credited", "n", "share", "note"]
    pd.testing.assert_frame_equal(result.universes[columns], pd.DataFrame(rows, columns=columns))
    assert result.universes["universe"].tolist() == list(range(1, 9))
    assert result.counted["count"].tolist() == table["count"].tolist()
    assert math.isnan(result.headline)
    assert result.chosen is None


def test_what_counted_as_what_stands_by_class_in_the_order_of_the_table() -> None:
    table = pd.DataFrame(
        {
            "coder": ["z", "z", "z", "a", "a"],
            "status": ["rejected", "noted", "implemented", "abandoned", "decided"],
            "count": [4, 5, 3, 2, 6],
        }
    )
    wide = impact.multiverse(table, count="count")._counted_wide()
    assert list(wide.columns) == ["status", "class", "z", "a"]
    assert wide.values.tolist() == [
        ["implemented", "implemented", 3, 0],
        ["rejected", "not implemented", 4, 0],
        ["abandoned", "not implemented", 0, 2],
        ["noted", "open", 5, 0],
        ["decided", "open", 0, 6],
    ]


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        ("fidelity", "half", "row 4.*half is no fidelity"),
        ("fidelity", 4.5, "row 4.*4.5 is no fidelity"),
        ("fidelity", -0.5, "row 4.*-0.5 is no fidelity"),
        ("rec_id", None, "row 4.*empty"),
        ("coder", None, "row 4.*empty"),
        ("rec_id", "M1", "row 4.*rates the item 'M1' twice"),
        ("parent_id", "M9", "row 4.*'M9' is not in the table"),
        ("early", "perhaps", "row 4.*neither yes nor no"),
        ("status", "in fashion", "row 4.*has no class"),
    ],
)
def test_a_wrong_cell_is_shown_in_its_row_whatever_the_index(
    column: str, value: object, match: str
) -> None:
    table = items().astype(object)
    table.loc[2, column] = value
    with pytest.raises(DataError, match=match):
        impact.multiverse(
            odd_index(table), parent="parent_id", fidelity="fidelity", rules={"x": "early"}
        )


@pytest.mark.parametrize(
    ("count", "total", "match"),
    [(-1, 15, "row 4.*not a count"), (4, 11, "row 2.*sum to 13"), (1.5, 15, "row 4.*not a count")],
)
def test_a_wrong_tally_is_shown_in_its_row(count: float, total: int, match: str) -> None:
    table = pd.DataFrame(
        {"coder": "a", "status": ["implemented", "decided", "noted"], "count": [4, 5, count],
         "total": total}
    )  # fmt: skip
    with pytest.raises(DataError, match=match):
        impact.multiverse(odd_index(table), count="count", total="total")


# --- answers -------------------------------------------------------------------------------


def test_times_of_answers_row_by_row_at_the_very_limits() -> None:
    rows = [  # received, answered, shortest, longest, due, due_latest, promise
        ("2023-01-31", "2023-02-28", 28, 28, "2023-02-28", "2023-02-28", "kept"),
        ("2023-01-31", "2023-03-01", 29, 29, "2023-02-28", "2023-02-28", "missed"),
        ("2023-01", "2023-02", 1, 58, "2023-02-01", "2023-02-28", "not decided"),
        ("2023-01", "2023-02-01", 1, 31, "2023-02-01", "2023-02-28", "kept"),
        ("2023-01", "2023-03", 29, 89, "2023-02-01", "2023-02-28", "missed"),
        ("2023-03-05", "2023-03-05", 0, 0, "2023-04-05", "2023-04-05", "kept"),
        ("2023-05-15", "", 31, 31, "2023-06-15", "2023-06-15", "running"),
        ("2023-05-14", "", 32, 32, "2023-06-14", "2023-06-14", "missed"),
        ("2023-05-15", "2023-06-15", 31, 31, "2023-06-15", "2023-06-15", "kept"),
        ("2023-05-15", "2023-06-16", 31, 31, "2023-06-15", "2023-06-15", "running"),
        ("2022-12-31", "2023-01-31", 31, 31, "2023-01-31", "2023-01-31", "kept"),
        ("", "2023-02-01", np.nan, np.nan, "", "", "date missing"),
    ]
    table = pd.DataFrame([row[:2] for row in rows], columns=["in", "out"])
    table.insert(0, "what", [f"Q{k}" for k in range(len(rows))])
    names: dict[str, Any] = {"item": "what", "received": "in", "answered": "out"}
    found = impact.answer_times(odd_index(table), **names, months=1, until="2023-06-15")
    columns = ["received", "answered", "shortest", "longest", "due", "due_latest", "promise"]
    expected = pd.DataFrame(rows, columns=columns)
    expected.insert(0, "item", table["what"])
    expected.loc[9, "answered"] = ""  # it came the day after
    pd.testing.assert_frame_equal(found.table, expected, check_dtype=False)
    assert (found.months, found.until, found.synthetic) == (1, "2023-06-15", False)
    assert found.n_timed == 11
    assert found.counts.set_index("promise")["count"].to_dict() == {
        "kept": 5, "missed": 3, "running": 2, "not decided": 1, "date missing": 1,
    }  # fmt: skip
    (share,) = found.indicators()
    assert (share.value, share.n) == (5 / 8, 8)
    plain = impact.answer_times(odd_index(table), **names)
    assert plain.until == "2023-06-16"  # the last answer's
    assert set(plain.table["promise"]) == set(plain.table["due"]) == {""}
    assert plain.table["longest"].tolist()[6:10] == [32, 33, 31, 32]
    with pytest.raises(DataError, match=r"row 3.*before it was received"):
        impact.answer_times(table.assign(out=["", "2023-01-30", *[""] * 10]), **names)


# --- curves --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["plain", "log", "log-log"])
def test_a_share_of_none_or_all_has_no_interval(method: str) -> None:
    low, high = interval_ends(
        np.array([0.0, 1.0, 0.4, 0.4]), np.array([0.1, 0.1, 0.0, 0.1]), method, 0.9
    )
    assert np.isnan(low[:3]).all()
    assert np.isnan(high[:3]).all()
    spread = 1.6448536269514722 * 0.1
    ends = {
        "plain": (0.4 - spread, 0.4 + spread),
        "log": (0.4 * math.exp(-spread / 0.4), 0.4 * math.exp(spread / 0.4)),
        "log-log": tuple(
            0.4 ** math.exp(sign * spread / (0.4 * math.log(0.4))) for sign in (-1, 1)
        ),
    }[method]
    assert (low[3], high[3]) == pytest.approx(ends, abs=1e-12)


# --- models --------------------------------------------------------------------------------


def cases(n_processes: int = 12, n: int = 144) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    x, groups = rng.normal(size=(n, 2)), np.arange(n) % n_processes
    return x, (x[:, 0] + rng.logistic(size=n) > 0).astype(int), groups


def test_only_the_named_predictors_are_looked_at_and_alike() -> None:
    x, y, groups = cases(7)
    both = models.score_bootstrap(x, y, groups, n_resamples=150, seed=2)
    one = models.score_bootstrap(x, y, groups, n_resamples=150, seed=2, columns=[1])
    assert np.isnan(one[0]).all()
    assert one[1].tolist() == both[1].tolist()
    assert not np.isnan(both).any()


def test_the_level_and_the_seed_enter_the_intervals_of_the_bootstrap() -> None:
    x, y, groups = cases()
    narrow, wide, other = (
        models.score_bootstrap(x, y, groups, n_resamples=199, seed=s, level=level)
        for s, level in ((1, 0.5), (1, 0.95), (2, 0.5))
    )
    assert (narrow[:, 0] == wide[:, 0]).all()
    assert (narrow[:, 1] > wide[:, 1]).all()
    assert (narrow[:, 2] < wide[:, 2]).all()
    assert (narrow != other).any()


def test_steps_that_never_settle_end_and_say_so() -> None:
    slope = SimpleNamespace(  # a straight line has no highest point
        value=lambda at: float(at[0]), derivatives=lambda at: (np.ones((1, 1)), np.eye(1))
    )
    at, settled = models._newton(slope, np.zeros(1), np.array([True]))  # type: ignore[arg-type]
    assert not settled
    assert at.tolist() == [200.0]  # one a step


def test_seven_processes_are_enough_for_the_bootstrap_and_six_are_not() -> None:
    x, y, groups = cases(7)
    table = pd.DataFrame(x, columns=["cost", "challenge"]).assign(fate=y, process=groups)
    asked: dict[str, Any] = {"fate": "fate", "process": "process", "n_resamples": 199}
    seven = impact.cherry_picking(table, predictors=["cost", "challenge"], **asked)
    assert seven.fitted is not None
    assert seven.fitted.n_processes == 7
    with pytest.warns(SmallSampleWarning, match="With 6 processes"):
        impact.cherry_picking(
            table[table["process"] < 6], predictors=["cost", "challenge"], **asked
        )


def test_uptake_tables_count_each_category_and_process() -> None:
    rng = np.random.default_rng(6)
    n = 60
    table = pd.DataFrame(
        {
            "fate": rng.choice(["no", "part", "yes"], n), "process": rng.choice(list("ab"), n),
            "cost": rng.choice(["low", "mid", "high", None], n),
            "bold": rng.choice(["yes", "no"], n), "baseline": rng.choice([0, 1, None], n),
        }
    )  # fmt: skip
    table.loc[3, "fate"] = None
    one = impact.cherry_picking(
        odd_index(table), fate="fate", predictors=["cost", "bold"], levels=["no", "part", "yes"],
        orders={"cost": ["low", "mid", "high"]}, already_planned="baseline", seed=5,
        taken_up=["part", "yes"], n_resamples=99,
    )  # fmt: skip
    known = table.dropna(subset=["fate"])
    up = known["fate"].isin(["part", "yes"])
    uptake, fates = [], []
    categories = {"cost": ["low", "mid", "high", None], "bold": ["no", "yes"],
                  "baseline": [0, 1, None]}  # fmt: skip
    for variable, names in categories.items():
        for name in names:
            own = known[variable].isna() if name is None else known[variable] == name
            uptake.append((variable, int(own.sum()), int(up[own].sum()), up[own].mean()))
            for fate in ("no", "part", "yes"):
                count = int((known.loc[own, "fate"] == fate).sum())
                fates.append((variable, fate, count, int(own.sum()), count / own.sum()))
    assert list(one.uptake.columns) == ["variable", "category", "n", "taken_up", "share"]
    assert one.uptake.drop(columns="category").values.tolist() == [list(r) for r in uptake]
    shown = ["low", "mid", "high", "(not coded)", "no", "yes", "no", "yes"]
    assert one.uptake["category"].tolist() == [*shown, "(not coded)"]
    assert list(one.fates.columns) == ["variable", "category", "fate", "count", "n", "share"]
    assert one.fates.drop(columns="category").values.tolist() == [list(r) for r in fates]
    planned = known["baseline"].astype(object)
    parts = {"all": up == up, "without already planned": planned == 0,
             "already planned": planned == 1,
             "not known whether planned": planned.isna()}  # fmt: skip
    shares = [(w, int(p.sum()), int(up[p].sum()), up[p].mean()) for w, p in parts.items()]
    assert list(one.shares.columns) == ["which", "n", "taken_up", "share"]
    assert one.shares.values.tolist() == [list(r) for r in shares]
    assert one.processes.values.tolist() == [["(one process)", len(known), up.sum(), up.mean()]]
    assert one.tests is not None
    cells = [[int((~up[known["bold"] == b]).sum()), int(up[known["bold"] == b].sum())]
             for b in ("no", "yes")]  # fmt: skip
    row = one.tests.set_index("variable").loc["bold"]
    (a, b), (c, d) = cells
    assert row["odds_ratio"] == pytest.approx(d * a / (c * b), rel=1e-12)
    assert row["difference"] == pytest.approx(d / (c + d) - b / (a + b), abs=1e-12)
    for place, variable in enumerate(["cost", "bold"]):
        cross = pd.crosstab(known[variable], known["fate"])
        p = impact.exact_table_test(cross.to_numpy(), n_resamples=99, seed=5 + place)
        line = one.tests.iloc[place]
        assert (line["variable"], line["n"]) == (variable, cross.to_numpy().sum())
        assert line["p_value"] == pytest.approx(p.p_value, abs=1e-12)
    ranked = one.tests.sort_values("p_value", kind="stable")
    steps = ranked["p_value"].to_numpy() * np.arange(len(ranked), 0, -1)
    held = np.minimum(np.maximum.accumulate(steps), 1)
    assert ranked["p_holm"].to_numpy() == pytest.approx(held, abs=1e-12)
    assert (one.n_resamples, one.seed) == (99, 5)


@pytest.mark.parametrize("model", ["logit", "ordinal"])
def test_every_column_of_the_model_follows_from_the_fit_and_the_level(model: Any) -> None:
    rng = np.random.default_rng(12)
    n, processes = 160, 8
    table = pd.DataFrame(
        {
            "cost": rng.normal(size=n), "field": rng.choice(["air", "soil", "water"], n),
            "process": np.arange(n) % processes,
        }
    )  # fmt: skip
    hidden = table["cost"] + (table["field"] == "soil") + rng.logistic(size=n)
    table["fate"] = np.digitize(hidden, [-0.5, 1.0])
    table.loc[5, "cost"] = np.nan
    result = impact.cherry_picking(
        odd_index(table), fate="fate", predictors=["cost", "field"], process="process",
        levels=[0, 1, 2], model=model, small_sample="t", level=0.8,
    )  # fmt: skip
    assert result.fitted is not None
    made = result.fitted
    kept = table.drop(index=5)
    x = np.column_stack([kept["cost"], kept["field"] == "soil", kept["field"] == "water"])
    x = x.astype(float)
    y = (kept["fate"] == 2).to_numpy() * 1 if model == "logit" else kept["fate"].to_numpy()
    fit = models.fit_cumulative_logit(x, y)
    first, k = fit.n_levels - 1, fit.n_levels
    covariance = models.clustered(fit, kept["process"])
    error = np.sqrt(np.diag(covariance))
    freedom = processes - 1
    size = float(student.ppf(0.9, freedom))
    b, s = fit.coefficients, error[first:]
    own = made.coefficients
    assert list(own.columns) == ["term", "variable", "coefficient", "standard_error", "low",
                                 "high", "p_value", "odds_ratio", "odds_low", "odds_high",
                                 "n"]  # fmt: skip
    assert own["variable"].tolist() == ["cost", "field", "field"]
    assert own["n"].tolist() == [n - 1, int(x[:, 1].sum()), int(x[:, 2].sum())]
    ends = b - size * s, b + size * s
    expected = np.column_stack([b, s, *ends, 2 * student.sf(np.abs(b / s), freedom), np.exp(b),
                                np.exp(ends[0]), np.exp(ends[1])])  # fmt: skip
    np.testing.assert_allclose(own.iloc[:, 2:10].to_numpy(float), expected, rtol=1e-8)
    sign = -1 if model == "logit" else 1
    np.testing.assert_allclose(made.thresholds["coefficient"], sign * fit.thresholds, rtol=1e-8)
    np.testing.assert_allclose(made.thresholds["standard_error"], error[:first], rtol=1e-8)
    said = ["intercept"] if model == "logit" else ["0 | 1", "1 | 2"]
    assert made.thresholds["term"].tolist() == said

    def effects(at: np.ndarray) -> np.ndarray:
        def shares(design: np.ndarray) -> np.ndarray:
            below = 1 / (1 + np.exp(design @ at[first:, None] - at[:first]))
            edges = np.column_stack([np.zeros(len(design)), below, np.ones(len(design))])
            return np.diff(edges).mean(axis=0)

        h, out = 1e-5, []
        up, down, none = x.copy(), x.copy(), x.copy()
        up[:, 0] += h
        down[:, 0] -= h
        none[:, 1:] = 0
        out.append((shares(up) - shares(down)) / (2 * h))
        for place in (1, 2):
            given = none.copy()
            given[:, place] = 1
            out.append(shares(given) - shares(none))
        return np.concatenate(out)

    slopes = np.column_stack([
        (effects(fit.parameters + d) - effects(fit.parameters - d)) / 2e-4
        for d in 1e-4 * np.eye(len(fit.parameters))
    ])  # fmt: skip
    value = effects(fit.parameters)
    spread = np.sqrt(np.einsum("ij,jk,ik->i", slopes, covariance, slopes))
    chosen = np.arange(3 * k) % k == k - 1 if model == "logit" else np.full(3 * k, True)
    found = made.marginal_effects
    assert list(found.columns) == ["term", "fate", "effect", "standard_error", "low", "high"]
    assert found["term"].tolist() == np.repeat(own["term"].to_numpy(), k)[chosen].tolist()
    names = ["taken up"] if model == "logit" else ["0", "1", "2"]
    assert found["fate"].tolist() == names * 3
    whole = np.column_stack([value, spread, value - size * spread, value + size * spread])
    np.testing.assert_allclose(found.iloc[:, 2:].to_numpy(float), whole[chosen], atol=1e-5)
    assert found.index.equals(pd.RangeIndex(len(found)))
    assert (made.n, made.n_processes, made.n_left_out) == (n - 1, processes, 1)
    assert made.log_likelihood == pytest.approx(fit.log_likelihood, abs=1e-10)
    counts = np.bincount(y)
    rare = counts.min() if model == "logit" else (n - 1) - (counts**3).sum() / (n - 1) ** 2
    assert made.events_a_coefficient == pytest.approx(rare / 3)
    assert (made.inference, made.separated) == ("t", ())
    assert np.isnan(made.process_sd)


# --- limits of settings --------------------------------------------------------------------


def test_settings_hold_at_their_limits_and_not_beyond() -> None:
    fates = pd.DataFrame({"fate": [0, 1, 1, 0], "cost": [0, 1, 0, 1]})
    asked: dict[str, Any] = {"fate": "fate", "predictors": ["cost"]}
    assert impact.cherry_picking(fates, **asked, n_resamples=99).n_resamples == 99
    for wrong in (98, True, 99.0, "99"):
        with pytest.raises((DataError, TypeError)):
            impact.cherry_picking(fates, **asked, n_resamples=wrong)
    with pytest.raises(DataError, match="No predictor"):
        impact.cherry_picking(fates, fate="fate", predictors=None)  # type: ignore[arg-type]
    one: dict[str, Any] = {"count": "count"}
    tally = pd.DataFrame({"coder": "a", "status": ["implemented", "noted"], "count": [1, 3]})
    for worth in (0, 1, 0.5):
        made = impact.multiverse(tally, **one, credits={"own": {"implemented": worth}})
        assert made.universes["share"].tolist() == [worth / 4, worth / 4, worth]
    for credits in ({"own": {"implemented": 1.01}}, {"own": {"implemented": -0.01}},
                    {"own": {"done": 1}}, {}):  # fmt: skip
        with pytest.raises(DataError, match="credit rule"):
            impact.multiverse(tally, **one, credits=credits)
    for wrong in ([], "all", ["every"], ["all", "every"]):
        with pytest.raises((DataError, TypeError), match="denominators"):
            impact.multiverse(tally, **one, denominators=wrong)
    with pytest.raises(DataError, match="The headline names 'who'"):
        impact.multiverse(tally, **one, headline={"who": "a"})
    with pytest.raises(DataError, match="takes coder 'b'"):
        impact.multiverse(tally, **one, headline={"coder": "b"})
    with pytest.raises(DataError, match="No combination"):
        impact.multiverse(tally.assign(count=0), **one)
    with pytest.raises(DataError, match="no rows"):
        impact.multiverse(tally.head(0), **one)
    for k, n in ((0, 1), (1, 1), (3, 7)):
        assert impact.share_interval(k, n).value == k / n
    for k, n in ((-1, 3), (4, 3), (0, 0), (1.5, 3), (True, 3)):
        with pytest.raises((DataError, TypeError)):
            impact.share_interval(k, n)  # type: ignore[arg-type]
    for months in (0, -1, True, 1.5):
        with pytest.raises((DataError, TypeError)):
            impact.answer_times(tally, item="status", received="coder", answered="coder",
                                months=months)  # fmt: skip


def test_grades_of_an_own_scale_run_from_0_to_4() -> None:
    table = judged()
    own = {"not_started": 0, "in_progress": 1, "decided": 1, "implemented": 4}
    result = impact.raters(table, scale=own)
    expected = table["status"].map(own)
    assert result.ratings["grade"].equals(expected.astype(float).rename("grade"))
    assert dict(result.scale) == own
    for grade in (-1, 5, True, 2.5):
        with pytest.raises((DataError, TypeError), match="decided"):
            impact.raters(table, scale={"decided": grade})  # type: ignore[dict-item]


@pytest.mark.parametrize("k", [2, 3])
def test_the_design_that_a_model_cannot_bear_is_told_from_one_that_it_can(k: int) -> None:
    rng = np.random.default_rng(k)
    x = rng.normal(size=(60, 2))
    y = np.digitize(x[:, 0] + rng.logistic(size=60), [0, 2][: k - 1])
    assert not models.separated(x, y)[0].any()
    sure = np.column_stack([x[:, 0], y == k - 1]).astype(float)
    infinite, sign = models.separated(sure, y)
    # of two fates all rows are told apart, so the other may run either way
    assert (infinite.tolist(), sign.tolist()) == ([k == 2, True], [0, 1])
    infinite, sign = models.separated(-sure, y)
    assert (infinite.tolist(), sign.tolist()) == ([k == 2, True], [0, -1])
    assert models.collinear(np.column_stack([x, x[:, 0] - 2 * x[:, 1] + 3])) == [2]
    assert models.collinear(np.column_stack([np.ones(60), x])) == [0]
    assert models.collinear(x) == []
    counts = np.bincount(y)
    size = counts.min() if k == 2 else 60 - (counts**3).sum() / 60**2
    assert models.limiting_sample_size(y) == pytest.approx(size)
    for wrong, said in (
        ((x[:, 0], y), "rows x predictors"),
        ((x, y[:-1]), "one level a row"),
        ((x, y[:, None]), "one level a row"),
        ((x + np.inf, y), "infinite"),
        ((x, y + 1), "none left out"),
        ((x, y * 0), "one and the same level"),
    ):
        with pytest.raises(DataError, match=said):
            models.fit_cumulative_logit(*wrong)
    fit = models.fit_cumulative_logit(x, y)
    groups = np.arange(60) % 7
    totals = np.array([fit.scores[groups == g].sum(axis=0) for g in range(7)])
    bare = fit.covariance @ totals.T @ totals @ fit.covariance
    np.testing.assert_allclose(models.clustered(fit, groups, corrected=False), bare, rtol=1e-9)
    factor = 7 / 6 * 59 / (60 - len(fit.parameters))
    np.testing.assert_allclose(models.clustered(fit, groups), factor * bare, rtol=1e-9)
    with pytest.raises(DataError, match="two processes or more"):
        models.clustered(fit, groups * 0)
    assert (len(fit.thresholds), len(fit.coefficients), fit.process_sd) == (k - 1, 2, 0)
