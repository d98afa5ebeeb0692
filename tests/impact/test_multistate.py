"""Occupancy and moves against R (survfit and etm)."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.impact as impact
from dmpkit import plotting
from dmpkit.errors import DataError
from tests.impact.reference_numbers import SETS, close, load


@pytest.fixture(params=SETS)
def known(request):
    return load(request.param)


@pytest.fixture
def result(known):
    states = known.expected["multistate"]["row_order"]
    return impact.occupancy(known.multistate, states=states)


# survfit(Surv(start, stop, to) ~ 1, id, istate), tolerance 1e-6
def test_occupancy(known, result):
    r = known.expected["multistate"]["state_occupancy_survfit"]
    at = result.at(r["times"])
    for state in r["states"]:
        close(at[at["state"] == state]["estimate"], r[state], 1e-6)


# etm: the row of those who begin as received, with Greenwood's covariance
def test_greenwood_errors(known, result):
    r = known.expected["multistate"]["etm_row_received"]
    at = result.at(r["times"])
    close(at["estimate"], np.ravel(r["P"]), 1e-6)
    close(at["standard_error"], np.ravel(r["se"]), 1e-6)
    for time, errors in zip(r["times"], r["se"], strict=True):
        covariance = result.covariance(time).drop(columns="state").to_numpy()
        close(np.sqrt(np.maximum(np.diag(covariance), 0)), errors, 1e-6)
        np.testing.assert_allclose(covariance.sum(axis=0), 0, atol=1e-12)  # shares add to 1
    start = result.covariance(-1.0)
    assert start["state"].tolist() == list(result.states)
    assert list(start.columns) == ["state", *result.states]
    assert (start.drop(columns="state").to_numpy() == 0).all()  # before anything moved


def test_moves_and_time_spent(known, result):
    r = known.expected["multistate"]
    assert result.transition_counts.columns[1:].tolist() == r["col_order"]
    assert result.transition_counts["from"].tolist() == r["row_order"]
    assert result.transition_counts.iloc[:, 1:].to_numpy().tolist() == r["transition_counts"]
    spent = result.time_in_state.set_index("state")["time"].to_dict()
    assert spent == r["person_months"]


def test_incidence_is_a_case_of_it(known):
    c = known.competing
    rows = pd.DataFrame(
        {
            "id": range(len(c)),
            "start": c["entry_month"],
            "stop": c["month"],
            "from": "pending",
            "to": c["cause"].replace("pending", "censored"),
        }
    )
    rows = rows[rows["start"] < rows["stop"]]
    states = ["pending", "implemented", "rejected", "superseded"]
    ours = impact.occupancy(rows, states=states)
    kept = c.loc[rows.index]
    theirs = impact.cumulative_incidence(
        kept["month"], kept["cause"], kept["entry_month"], causes=states[1:]
    )
    np.testing.assert_allclose(ours.probability, theirs.probability, atol=1e-12)
    np.testing.assert_allclose(ours.variance, theirs.variance, atol=1e-12)


@st.composite
def histories(draw):
    rows = []
    for item in range(draw(st.integers(1, 8))):
        time, state = draw(st.integers(0, 4)), draw(st.sampled_from("abc"))
        for _ in range(draw(st.integers(1, 4))):
            stop, to = time + draw(st.integers(1, 5)), draw(st.sampled_from("abc"))
            rows.append((item, time, stop, state, to))
            time, state = stop, to
    return pd.DataFrame(rows, columns=["id", "start", "stop", "from", "to"])


@settings(max_examples=50, deadline=None)
@given(histories())
def test_shares_add_to_one_and_mean_times_to_the_horizon(rows):
    result = impact.occupancy(rows, states=list("abc"))
    np.testing.assert_allclose(result.probability.sum(axis=1), 1, atol=1e-12)
    assert result.probability.min() > -1e-12
    mean = result.restricted_mean(result.end)
    assert math.isclose(mean["estimate"].sum(), result.end)


@settings(max_examples=30, deadline=None)
@given(histories(), st.randoms(), st.sampled_from([0.1, 7.0]))
def test_order_of_rows_and_unit_of_time_change_nothing(rows, random, factor):
    order = random.sample(range(len(rows)), len(rows))
    other = rows.iloc[order].assign(start=rows["start"] * factor, stop=rows["stop"] * factor)
    one, two = (impact.occupancy(r, states=list("abc")) for r in (rows, other))
    np.testing.assert_allclose(one.probability, two.probability, atol=1e-12)
    np.testing.assert_allclose(one.variance, two.variance, atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(histories(), st.data())
def test_a_stay_recorded_in_two_parts_changes_nothing(rows, data):
    long = rows.index[rows["stop"] - rows["start"] > 1]
    if not len(long):
        return
    at = data.draw(st.sampled_from(list(long)))
    cut = data.draw(st.integers(rows["start"][at] + 1, rows["stop"][at] - 1))
    first = rows.loc[[at]].assign(stop=cut, to="censored")
    parts = pd.concat([rows.drop(at), first, rows.loc[[at]].assign(start=cut)])
    one, two = (impact.occupancy(r, states=list("abc")) for r in (rows, parts))
    ask = one.times
    close(two.at(ask)["estimate"], one.at(ask)["estimate"], 1e-12)
    close(two.at(ask)["standard_error"], one.at(ask)["standard_error"], 1e-12)
    assert two.at(ask)["at_risk"].tolist() == one.at(ask)["at_risk"].tolist()


def test_a_recursion_in_many_blocks_is_that_of_one_step_after_another(monkeypatch):
    from dmpkit.impact import product_limit as module

    rng = np.random.default_rng(3)
    stop = rng.permutation(np.arange(1, 301)).astype(float)
    rows = pd.DataFrame(
        {
            "id": range(300),
            "start": 0.0,
            "stop": stop,
            "from": "a",
            "to": rng.choice(["b", "c", "censored"], 300),
        }
    )
    whole = impact.occupancy(rows, states=list("abc"))
    monkeypatch.setattr(module, "_CELLS", 9 * 7)  # seven times a piece
    pieces = impact.occupancy(rows, states=list("abc"))
    np.testing.assert_allclose(pieces.probability, whole.probability, atol=1e-13)
    np.testing.assert_allclose(pieces.variance, whole.variance, atol=1e-13)
    p, covariance = whole.start.copy(), np.zeros((3, 3))
    for t in range(len(whole.times)):  # the formulas of the module, one time after another
        m, inverse = (part[0] for part in whole.counts.matrices(slice(t, t + 1)))
        added = sum(
            p[i] ** 2 * inverse[i] * (np.diag(m[i]) - np.outer(m[i], m[i])) for i in range(3)
        )
        covariance, p = m.T @ covariance @ m + added, p @ m
        np.testing.assert_allclose(np.diag(covariance), whole.variance[t], atol=1e-13)
    np.testing.assert_allclose(p, whole.probability[-1], atol=1e-13)


def rows(*stays):
    return pd.DataFrame(stays, columns=["id", "start", "stop", "from", "to"])


def test_reversal_lowers_occupancy():
    result = impact.occupancy(
        rows(
            ("x", 0, 2, "open", "done"),
            ("x", 2, 4, "done", "reversed"),
            ("x", 4, 9, "reversed", None),
            ("y", 0, 9, "open", None),
        )
    )
    at = result.at([3, 5]).pivot_table(index="time", columns="state", values="estimate")
    assert at["done"].tolist() == [0.5, 0.0]


def test_states_that_lasted_no_time_are_passed_through_and_counted():
    result = impact.occupancy(
        rows(
            ("x", 0, 3, "a", "b"),
            ("x", 3, 3, "b", "c"),
            ("x", 3, 5, "c", None),
            ("y", 0, 0, "a", "b"),
            ("y", 0, 5, "b", None),
        )
    )
    assert result.start.tolist() == [0.5, 0.5, 0.0]
    assert result.at([3])["estimate"].tolist() == [0.0, 0.5, 0.5]
    counts = result.transition_counts.set_index("from")
    assert counts.loc["a", "b"] == 2
    assert counts.loc["b", "c"] == 1
    assert any("lasted no time" in note for note in result.notes)


def test_late_entry_and_gaps_are_told():
    result = impact.occupancy(
        rows(("x", 0, 4, "a", "b"), ("x", 6, 9, "b", None), ("y", 3, 9, "a", None))
    )
    text = result.summary()
    assert "out of sight" in text
    assert "1 items come under observation after the start" in text
    assert result.at([2])["at_risk"].tolist() == [1, 0]


def test_missing_next_state_is_the_end_of_the_observation():
    for end in (None, math.nan, "", "censored"):
        result = impact.occupancy(rows(("x", 0, 2, "a", "b"), ("x", 2, 5, "b", end)))
        assert result.states == ("a", "b")
        assert result.at([5])["estimate"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("stays", "said"),
    [
        ([], "no rows"),
        ([("x", 2, 1, "a", "b")], "row 1, column stop: the stop lies before the start"),
        ([("x", 0, 1, None, "b")], "row 1, column from: the state is missing"),
        ([(None, 0, 1, "a", "b")], "row 1, column id"),
        ([("x", 0, 3, "a", "b"), ("x", 2, 4, "b", None)], "row 2: the stay overlaps"),
        ([("x", 0, 3, "a", "b"), ("x", 3, 4, "c", None)], "row 2: the stay does not begin"),
        ([("x", 0, "soon", "a", "b")], "row 1, column stop: 'soon' is not a number"),
        ([("x", -1, 2, "a", "b")], "row 1, column start: -1 is negative"),
        ([("x", 0, math.nan, "a", "b")], "row 1, column stop: the value is missing"),
        ([("x", 0, 0, "a", "b")], "no stay lasts any time"),
        ([("x", 0, 2, "censored", "b")], "'censored' is not one of the states"),
    ],
)
def test_input_that_cannot_be_used(stays, said):
    with pytest.raises(DataError) as error:
        impact.occupancy(rows(*stays))
    assert said in str(error.value)


def test_unknown_states_and_columns():
    with pytest.raises(DataError, match="row 1, column to: 'b' is not one of the states"):
        impact.occupancy(rows(("x", 0, 2, "a", "b")), states=["a"])
    with pytest.raises(DataError, match="from"):
        impact.occupancy(pd.DataFrame({"id": [1], "start": [0], "stop": [1]}))
    with pytest.raises(DataError, match="not a data frame"):
        impact.occupancy([1, 2])


def test_polars_gives_the_same(known, result):
    other = impact.occupancy(pl.from_pandas(known.multistate), states=result.states)
    pd.testing.assert_frame_equal(other.table, result.table)
    assert other.tables(kind="polars")["transitions"].height == len(result.states)


def test_median_and_views(result, tmp_path):
    assert math.isnan(result.median("accepted").value)
    assert "complete list" in result.summary()
    assert "complete list" in result.methods_text()
    result.to_excel(tmp_path / "book.xlsx")
    result.report(tmp_path / "page.html")
    ax = result.plot(reviews=[6, 12, 24])
    assert "3 reviews are marked" in plotting.alt_text(ax)
    assert "under observation" in [t.get_text() for t in ax.texts]
    hatches = {patch.get_hatch() for patch in ax.collections if patch.get_hatch()}
    assert len(hatches) == len(result.states)


def test_a_hundred_thousand_items_with_a_million_events_take_seconds():
    import time

    rng = np.random.default_rng(1)
    n, k = 100_000, 10
    ends = np.cumsum(np.ceil(rng.exponential(150, (n, k))), axis=1)
    states = np.array(["received", "accepted", "in progress", "implemented", "rejected"])
    walk = np.cumsum(rng.integers(1, 5, (n, k + 1)), axis=1) % 5
    frame = pd.DataFrame({
        "id": np.repeat(np.arange(n), k),
        "start": np.hstack([np.zeros((n, 1)), ends[:, :-1]]).ravel(),
        "stop": ends.ravel(),
        "from": states[walk[:, :-1]].ravel(),
        "to": states[walk[:, 1:]].ravel(),
    })  # fmt: skip
    begun = time.process_time()
    result = impact.occupancy(frame)
    result.at([365, 730])
    assert time.process_time() - begun < 5
    assert result.transition_counts.iloc[:, 1:].to_numpy().sum() == n * k
