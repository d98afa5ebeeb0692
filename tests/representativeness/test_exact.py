"""Exact multinomial test: against full enumeration, and against itself where tables are drawn."""

import json
import math
import time
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, SharesWarning
from dmpkit.representativeness.exact import exact_multinomial, number_of_tables

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "representativeness"
CASES = json.loads((REFERENCE / "marginals.json").read_text())["cases"]
ENUMERATED = [case for case in CASES if "n_tables" in case["expected"]]
DRAWN = [case for case in CASES if "n_tables" not in case["expected"]]
ORDERS = {"probability": "p_exact_prob", "chi2": "p_exact_chi2", "tvd": "p_exact_tvd"}


def parts(case):
    return list(case["counts"].values()), list(case["target_renormalised"].values())


@pytest.mark.parametrize("case", ENUMERATED, ids=lambda c: c["id"])
@pytest.mark.parametrize("order", ORDERS)
def test_enumeration_agrees_with_the_reference(case, order):
    found = exact_multinomial(*parts(case), order=order)
    assert found.method == "enumeration"
    assert found.n_tables == case["expected"]["n_tables"]
    # 1e-8 relative: sums of up to 487,635 probabilities in another order
    assert found.p_value == pytest.approx(case["expected"][ORDERS[order]], rel=1e-8)


@pytest.mark.parametrize("case", DRAWN, ids=lambda c: c["id"])
def test_where_tables_are_too_many_they_are_drawn(case):
    found = exact_multinomial(*parts(case), n_resamples=4_999, seed=1)
    assert found.method == "Monte Carlo"
    assert found.n_tables > 600_000
    # with about 480 people the chi-square distribution is good to two decimals
    near = case["expected"]["p_chi2"]
    assert found.p_value == pytest.approx(near, abs=0.01 + 4 * found.standard_error)


def test_drawing_comes_near_enumeration_and_ignores_the_number_of_workers():
    counts, shares = [4, 7, 6, 6], [19.9, 25.4, 34.3, 20.4]
    for order in ORDERS:
        exact = exact_multinomial(counts, shares, order).p_value
        drawn = exact_multinomial(counts, shares, order, max_tables=1, seed=3, n_resamples=19_999)
        assert drawn.p_value == pytest.approx(exact, abs=4 * drawn.standard_error)
        again = exact_multinomial(
            counts, shares, order, max_tables=1, seed=3, n_resamples=19_999, n_jobs=2
        )
        assert again.p_value == drawn.p_value


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=4).filter(lambda x: sum(x) > 0),
    st.randoms(use_true_random=False),
    st.sampled_from(list(ORDERS)),
)
def test_agrees_with_enumeration_by_hand(counts, rng, order):
    shares = np.array([rng.randint(1, 9) for _ in counts], dtype=float)
    shares /= shares.sum()
    n = sum(counts)

    def chance(table):
        ways = math.factorial(n) / math.prod(map(math.factorial, table))
        return ways * math.prod(p**a for p, a in zip(shares, table, strict=True))

    def extreme(table):
        gaps = np.array(table) - n * shares
        return {
            "probability": -chance(table),
            "chi2": (gaps**2 / (n * shares)).sum(),
            "tvd": np.abs(gaps).sum(),
        }[order]

    tables = [t for t in product(range(n + 1), repeat=len(counts)) if sum(t) == n]
    bar = extreme(tuple(counts))
    hand = sum(chance(t) for t in tables if extreme(t) >= bar - 1e-10 * max(1, abs(bar)))
    assert exact_multinomial(counts, shares, order).p_value == pytest.approx(hand, rel=1e-6)


def test_order_of_categories_and_scale_of_shares_change_nothing():
    one = exact_multinomial([4, 7, 6, 6], [0.199, 0.254, 0.343, 0.204])
    other = exact_multinomial([6, 6, 7, 4], [20.4, 34.3, 25.4, 19.9])
    assert one.p_value == pytest.approx(other.p_value, rel=1e-12)


def test_labels_are_matched():
    counts = pd.Series({"b": 7, "a": 4})
    found = exact_multinomial(counts, {"a": 0.4, "b": 0.5, "c": 0.1})
    assert found.p_value == exact_multinomial([4, 7, 0], [0.4, 0.5, 0.1]).p_value
    with pytest.raises(DataError, match="closest"):
        exact_multinomial({"women": 1}, {"woman": 0.5, "man": 0.5})


def test_a_category_of_share_zero_is_left_out_and_said():
    with pytest.warns(SharesWarning, match="share is 0"):
        found = exact_multinomial([153, 323, 1], [0.496, 0.504, 0.0])
    assert found.n == 476
    assert "1 in categories of share 0" in found.note


def test_nothing_to_test_is_nan_with_the_reason():
    assert math.isnan(exact_multinomial([0, 0], [0.5, 0.5]).p_value)
    assert "nobody" in repr(exact_multinomial([0, 0], [0.5, 0.5]))
    assert "one category" in exact_multinomial([4], [1.0]).note


def test_six_hundred_thousand_tables_take_half_a_second():
    counts = [22, 12, 10, 9, 6]  # 595,665 tables
    assert 590_000 < number_of_tables(sum(counts), 5) <= 600_000
    exact_multinomial([1, 1], [1, 1])  # imports
    start = time.process_time()
    exact_multinomial(counts, [0.4, 0.2, 0.2, 0.1, 0.1], "chi2")
    assert time.process_time() - start < 1.5  # three times the bound: shared machines


@pytest.mark.parametrize(
    ("counts", "shares", "order", "words"),
    [
        ([1, 2], [0.5, 0.3, 0.2], "chi2", "2 counts and 3 shares"),
        ([-1, 2], [0.5, 0.5], "chi2", "whole numbers"),
        ([1.5, 2], [0.5, 0.5], "chi2", "whole numbers"),
        ([1, 2], [-0.5, 1.5], "chi2", "0 or more"),
        ([1, 2], [0, 0], "chi2", "0 or more"),
        ([1, 2], [math.nan, 1], "chi2", "0 or more"),
        ([1, 2], [0.5, 0.5], "g", "not an order"),
        (["a", 2], [0.5, 0.5], "chi2", "not numbers"),
        ({"a": 1}, [1.0], "chi2", "Label both"),
    ],
)
def test_what_cannot_be_is_refused(counts, shares, order, words):
    with pytest.raises(DataError, match=words):
        exact_multinomial(counts, shares, order)
