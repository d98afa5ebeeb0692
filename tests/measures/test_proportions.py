"""Shares: intervals and tests against R and statsmodels, and what must hold of any of them."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.measures.proportions import (
    adjust,
    benjamini_hochberg,
    bonferroni,
    clopper_pearson_interval,
    exact_binomial_test,
    goodman_intervals,
    holm,
    jeffreys_interval,
    newcombe_difference,
    share_interval,
    wilson_interval,
)

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
SHARES = json.loads((REFERENCE / "impact" / "shares" / "expected.json").read_text())
CASES = json.loads((REFERENCE / "representativeness" / "marginals.json").read_text())["cases"]
#: R's key to our method. R wrote 10 digits, so 1e-10 is what can be asked.
METHODS = {
    "wilson": "wilson",
    "wilson_cc": "wilson_corrected",
    "clopper_pearson": "clopper_pearson",
    "jeffreys": "jeffreys",
}


@pytest.mark.parametrize("case", SHARES, ids=lambda c: f"{c['source']}.{c['label']}")
@pytest.mark.parametrize("key", METHODS)
def test_intervals_agree_with_r(case, key):
    # prop.test(k, n, correct = FALSE / TRUE), binom.test(k, n), qbeta(c(.025, .975), k+.5, n-k+.5)
    found = share_interval(case["k"], case["n"], method=METHODS[key])
    np.testing.assert_allclose([found.low, found.high], case[key], rtol=0, atol=1e-10)
    assert found.value == pytest.approx(case["share"], abs=1e-10)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["id"])
def test_intervals_of_panels_agree_with_statsmodels(case):
    counts = list(case["counts"].values())
    n = sum(counts)
    wanted = case["categories"]
    # closed forms: 1e-8 relative, as the reference states
    for found, key in (
        (wilson_interval(counts, n), "wilson"),
        (clopper_pearson_interval(counts, n), "clopper_pearson"),
        (goodman_intervals(counts), "goodman"),
    ):
        expected = [row[key] for row in wanted]
        np.testing.assert_allclose(np.transpose(found), expected, rtol=1e-8, atol=1e-12)
    shares = list(case["target_renormalised"].values())
    p = exact_binomial_test(counts, n, shares)
    np.testing.assert_allclose(p, [row["binom_p_two_sided"] for row in wanted], rtol=1e-8)
    np.testing.assert_allclose(holm(p), [row["p_holm"] for row in wanted], rtol=1e-8)
    np.testing.assert_allclose(benjamini_hochberg(p), [r["p_bh"] for r in wanted], rtol=1e-8)


def test_adjustments_agree_with_r():
    # p.adjust(P, "holm" / "BH" / "bonferroni"); R wrote 12 digits
    table = REFERENCE / "representativeness" / "r_reference.csv"
    with table.open() as lines:
        r = {row["key"]: float(row["value"]) for row in csv.DictReader(lines)}
    names = ["gender", "age", "edu", "region", "tenure"]
    p = [r[f"gof.{name}.p"] for name in names]
    for method, key in (("holm", "p_holm"), ("bh", "p_BH"), ("bonferroni", "p_bonferroni")):
        expected = [r[f"gof.{name}.{key}"] for name in names]
        np.testing.assert_allclose(adjust(p, method), expected, rtol=1e-10)


def test_newcombe_agrees_with_statsmodels():
    # confint_proportions_2indep(54, 110, 2197, 4224, method="newcomb"); closed form
    found = newcombe_difference(54, 110, 2197, 4224)
    assert found.low == pytest.approx(-0.12196786090400326, abs=1e-12)
    assert found.high == pytest.approx(0.06415118768283566, abs=1e-12)


def test_newcombe_turns_round_with_its_groups():
    one, other = newcombe_difference(3, 10, 7, 12), newcombe_difference(7, 12, 3, 10)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_every_interval_holds_its_share_and_mirrors(tally):
    x, n = tally
    for method in METHODS.values():
        a = share_interval(x, n, method=method)
        b = share_interval(n - x, n, method=method)
        assert 0 <= a.low <= a.value + 1e-12
        assert a.value - 1e-12 <= a.high <= 1
        assert a.low == pytest.approx(1 - b.high, abs=1e-9)
    assert share_interval(x, n, level=0.99).low <= share_interval(x, n, level=0.9).low


def test_wilson_inverts_the_score_test():
    low, high = (float(v) for v in wilson_interval(7, 23))
    for end in (low, high):
        z = (7 / 23 - end) / math.sqrt(end * (1 - end) / 23)
        assert abs(z) == pytest.approx(1.959963984540054, abs=1e-9)


def test_clopper_pearson_inverts_the_binomial_tail():
    from scipy.stats import binom

    low, high = (float(v) for v in clopper_pearson_interval(7, 23))
    assert binom.sf(6, 23, low) == pytest.approx(0.025, abs=1e-12)
    assert binom.cdf(7, 23, high) == pytest.approx(0.025, abs=1e-12)


def test_the_corrected_interval_holds_the_plain_one():
    plain, wide = wilson_interval(5, 40), wilson_interval(5, 40, corrected=True)
    assert wide[0] < plain[0]
    assert wide[1] > plain[1]


def test_nobody_counted_is_not_zero():
    assert math.isnan(share_interval(0, 0).value)
    assert "nobody" in share_interval(0, 0).note
    for function in (wilson_interval, clopper_pearson_interval, jeffreys_interval):
        assert all(math.isnan(float(end)) for end in function(0, 0))
    assert math.isnan(newcombe_difference(0, 0, 1, 2).value)
    assert np.isnan(exact_binomial_test(0, 0, 0.5)).all()


def test_a_test_not_made_is_no_test():
    p = [0.01, math.nan, 0.04]
    np.testing.assert_allclose(holm(p), [0.02, math.nan, 0.04])
    np.testing.assert_allclose(benjamini_hochberg(p), [0.02, math.nan, 0.04])
    np.testing.assert_allclose(bonferroni(p), [0.02, math.nan, 0.08])
    assert np.isnan(holm([math.nan])).all()


def test_numpy_numbers_are_numbers():
    found = share_interval(np.int64(4), np.int32(23), level=np.float64(0.9))
    assert found.n == 23
    assert found.low < 4 / 23 < found.high


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: share_interval(5, 4), "5 of 4 cannot be"),
        (lambda: share_interval(-1, 4), "-1 of 4 cannot be"),
        (lambda: share_interval(math.nan, 4), "missing"),
        (lambda: share_interval(1, 4, level=95), "between 0 and 1"),
        (lambda: share_interval(1, 4, method="wald"), "not a method"),
        (lambda: wilson_interval(["a"], 4), "not numbers"),
        (lambda: wilson_interval([1, 2, 3], [4, 5]), "one shape"),
        (lambda: goodman_intervals([[1, 2]]), "one row"),
        (lambda: exact_binomial_test(1, 4, 1.5), "outside 0 to 1"),
        (lambda: exact_binomial_test(1.5, 4, 0.5), "whole"),
        (lambda: holm([0.5, 1.5]), "outside 0 to 1"),
        (lambda: adjust([0.5], "sidak"), "not an adjustment"),
    ],
)
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


def test_an_unknown_interval_is_answered_with_those_there_are():
    with pytest.raises(DataError) as raised:
        share_interval(4, 23, method="wald")
    for name in ("wilson", "wilson_corrected", "clopper_pearson", "jeffreys"):
        assert f"'{name}'" in str(raised.value)


@pytest.mark.parametrize("place", range(4))
def test_a_difference_takes_four_single_counts(place):
    counts = [5, 10, 3, 12]
    counts[place] = [counts[place]] * 2
    with pytest.raises(DataError, match="is not a single number"):
        newcombe_difference(*counts)
