"""Gray's test and Fine and Gray's model against R's cmprsk."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.impact as impact
from dmpkit.errors import DataError
from tests.impact.reference_numbers import SETS, close, load
from tests.impact.test_incidence import pledges


@pytest.fixture(params=SETS)
def known(request):
    return load(request.param)


# cuminc(month, event, theme)$Tests, tolerance 1e-6
def test_gray(known):
    c = known.competing
    tests = impact.gray_test(c["month"], c["cause"], c["theme"])
    assert set(tests) == {"implemented", "rejected", "superseded"}
    for cause, r in known.expected["competing"]["gray_test"].items():
        close([tests[cause].statistic, tests[cause].p_value], [r["stat"], r["pv"]], 1e-6)
        assert tests[cause].df == r["df"]
        assert tests[cause].table["observed"].sum() == (c["cause"] == cause).sum()


def test_gray_on_the_real_ledger():
    rows, expected = pledges()
    group = np.where(rows["category"] == "First 100 Days", "hundred_days", "other")
    for cause, r in expected["gray_100days_vs_other"].items():
        test = impact.gray_test(rows["day"], rows["cause"], group, of=cause)
        close([test.statistic, test.p_value], [r["stat"], r["pv"]], 1e-6)
        assert test.df == r["df"]


# crr(month, event, cov, failcode = 1), tolerance 1e-5 (crr stops at a gradient of 1e-6)
def test_fine_gray(known):
    c, r = known.competing, known.expected["competing"]["fine_gray"]
    terms = ["cost_high", "challenges_policy"]
    model = impact.fine_gray(c["month"], c["cause"], c[terms], of="implemented")
    close(model.coefficient, [r[t]["coef"] for t in terms], 1e-5)
    close(model.standard_error, [r[t]["se"] for t in terms], 1e-5)


def test_without_competing_outcomes_it_is_cox_with_breslow_ties(known):
    c = known.competing
    terms = ["cost_high", "challenges_policy"]
    ours = impact.fine_gray(c["month"], c["event"] == 1, c[terms], of=1)
    cox = impact.cox(c["month"], c["event"] == 1, c[terms], ties="breslow")
    close(ours.coefficient, cox.coefficient, 1e-8)
    close(ours.log_likelihood, cox.log_likelihood, 1e-8)


def test_without_competing_outcomes_the_score_is_that_of_the_logrank(known):
    c = known.competing
    gray = impact.gray_test(c["month"], c["event"] == 1, c["theme"], of=1)
    logrank = impact.logrank_test(c["month"], c["event"] == 1, c["theme"])
    close(gray.table["expected"], logrank.table["expected"], 1e-9)


rows = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 2), st.sampled_from("abc")), min_size=4, max_size=30
)


@settings(max_examples=50, deadline=None)
@given(rows, st.permutations(list("abc")))
def test_names_and_order_of_groups_do_not_matter(found, names):
    time, cause, group = (list(v) for v in zip(*found, strict=True))
    if len(set(group)) < 2:
        return
    renamed = [names["abc".index(g)] for g in group]
    for one, other in (
        (impact.gray_test(time, cause, group), impact.gray_test(time, cause, renamed)),
        ({"1": impact.logrank_test(time, [c == 1 for c in cause], group)},
         {"1": impact.logrank_test(time, [c == 1 for c in cause], renamed)}),
    ):  # fmt: skip
        for key, test in one.items():
            assert test.df == other[key].df
            assert math.isnan(test.statistic) or test.statistic >= -1e-9
            close(other[key].statistic, test.statistic, 1e-6)


def test_equal_groups_do_not_differ():
    time, cause = [1, 2, 3, 4, 5], [1, 2, 1, 0, 1]
    test = impact.gray_test(time * 2, cause * 2, ["a"] * 5 + ["b"] * 5, of=1)
    assert math.isclose(test.statistic, 0, abs_tol=1e-12)
    assert math.isclose(test.p_value, 1)


def test_what_cannot_be_compared():
    with pytest.raises(DataError, match="only one group"):
        impact.gray_test([1, 2], [1, 2], ["a", "a"])
    with pytest.raises(DataError, match="9 did not occur"):
        impact.gray_test([1, 2], [1, 2], ["a", "b"], of=9)
    with pytest.raises(DataError, match="row 2, column group: the value is missing"):
        impact.gray_test([1, 2], [1, 2], ["a", None])
    with pytest.raises(DataError, match="group has 1 values"):
        impact.gray_test([1, 2], [1, 2], ["a"])
    assert impact.gray_test([1, 2], [0, 0], ["a", "b"]) == {}
    with pytest.raises(DataError, match="did not occur"):
        impact.fine_gray([1, 2], [0, 0], pd.DataFrame({"x": [0, 1]}), of=1)


def test_a_test_says_what_it_takes_for_granted(known):
    c = known.competing
    test = impact.gray_test(c["month"], c["cause"], c["theme"], of="implemented")
    assert "complete list from one assembly is none" in test.summary()
    assert "independent draws" in test.methods_text()
    model = impact.cox(c["month"], c["event"] == 1, c[["cost_high"]])
    assert "complete list from one assembly is none" in model.section().html
    assert "Ratios are associations" in model.methods_text()
    few = impact.cox(c["month"], c["cause"] == "superseded", c[["cost_high"]])
    assert "fewer than 10 each" in few.summary()


def test_polars_gives_the_same(known):
    c, p = known.competing, pl.from_pandas(known.competing)
    one = impact.gray_test(c["month"], c["cause"], c["theme"], of="rejected")
    two = impact.gray_test(p["month"], p["cause"], p["theme"], of="rejected")
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.statistic == two.statistic


def test_a_small_p_value_is_not_called_zero() -> None:
    time, cause = [*range(1, 31), *range(101, 131)], [1] * 60
    assert "p < 0.001)." in impact.gray_test(time, cause, ["a"] * 30 + ["b"] * 30, of=1).summary()
