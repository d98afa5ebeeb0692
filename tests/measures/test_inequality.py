"""Inequality: closed forms, known identities, and what must not matter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError
from dmpkit.measures import inequality as iq

AMOUNTS = st.lists(st.floats(0, 1e6).map(lambda x: round(x, 3)), min_size=2, max_size=30).filter(
    lambda x: sum(x) > 0
)


def by_pairs(x):
    x = np.asarray(x, dtype=float)
    return np.abs(x[:, None] - x[None, :]).sum() / (2 * x.size**2 * x.mean())


@settings(max_examples=40, deadline=None)
@given(AMOUNTS)
def test_gini_is_its_definition_by_pairs_and_twice_the_lorenz_area(values):
    g = iq.gini(values)
    assert g == pytest.approx(by_pairs(values), abs=1e-12)
    curve = iq.lorenz_curve(values)
    area = np.trapezoid(curve["share_of_total"], curve["share_of_people"])
    assert g == pytest.approx(1 - 2 * area, abs=1e-12)


@settings(max_examples=30, deadline=None)
@given(AMOUNTS, st.randoms())
def test_order_and_unit_do_not_matter(values, random):
    other = [17.5 * v for v in values]
    random.shuffle(other)
    for measure in (iq.gini, iq.entropy, iq.entropy_ratio, iq.herfindahl, iq.theil, iq.atkinson):
        assert measure(other) == pytest.approx(measure(values), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(AMOUNTS, st.integers(1, 4))
def test_theil_splits_without_remainder(values, n_groups):
    groups = [i % n_groups for i in range(len(values))]
    between, within, table = iq.theil_decomposition(values, groups)
    assert between + within == pytest.approx(iq.theil(values), abs=1e-9)
    assert table["n"].sum() == len(values)
    assert table["share_of_total"].sum() == pytest.approx(1)


@settings(max_examples=30, deadline=None)
@given(AMOUNTS)
def test_theil_t_is_what_entropy_lacks(values):
    assert iq.theil(values) == pytest.approx(math.log(len(values)) - iq.entropy(values), abs=1e-9)


def test_equality_and_one_who_has_all():
    same, one = [3] * 7, [0] * 6 + [5]
    assert iq.gini(same) == iq.theil(same) == iq.atkinson(same) == 0
    assert iq.gini([0.1] * 3) == 0  # exactly, whatever the sums round to
    assert iq.entropy_ratio([0.1] * 3) == 1
    assert iq.gini(one) == pytest.approx(6 / 7)
    assert iq.gini(one, corrected=True) == pytest.approx(1)
    assert iq.herfindahl(same, normalised=True) == pytest.approx(0, abs=1e-15)
    assert iq.herfindahl(one, normalised=True) == 1
    assert iq.effective_number(same) == pytest.approx(7)
    assert iq.theil(one) == pytest.approx(math.log(7))
    assert iq.theil(one, index="L") == math.inf
    assert iq.entropy(one) == 0


def test_closed_forms():
    # 1, 2, ..., n has Gini (n² − 1) / (3 n (n + 1)) = (n − 1) / (3 n)
    assert iq.gini(range(1, 11)) == pytest.approx(9 / 30)
    assert iq.theil([1, 3], index="L") == pytest.approx(math.log(2 / math.sqrt(3)))
    assert iq.atkinson([1, 4], aversion=0.5) == pytest.approx(1 - (1.5**2) / 2.5)
    # e = 2: harmonic mean over mean
    assert iq.atkinson([1, 4], aversion=2) == pytest.approx(1 - (2 / 1.25) / 2.5)
    assert iq.atkinson([0, 4], aversion=2) == 1
    assert iq.atkinson([0, 4], aversion=0.5) == pytest.approx(0.5)
    assert iq.atkinson([1e-3, 4], aversion=300) == pytest.approx(1 - 1e-3 / 2.0005, rel=1e-2)
    assert iq.entropy([3, 1], base=2) == pytest.approx(0.8112781244591328)
    assert iq.entropy([3, 1], correction="miller-madow") == pytest.approx(
        iq.entropy([3, 1]) + 1 / 8
    )
    assert iq.geometric_mean([0.25, 4, 1]) == pytest.approx(1)


def test_miller_madow_lowers_the_bias():
    rng = np.random.default_rng(4)
    shares = np.array([0.5, 0.3, 0.2])
    counts = list(rng.multinomial(25, shares, size=2000))
    truth = iq.entropy(shares)
    plain = np.mean([iq.entropy(c) for c in counts]) - truth
    mended = np.mean([iq.entropy(c, correction="miller-madow") for c in counts]) - truth
    assert plain < -0.03
    assert abs(mended) < abs(plain) / 4


def test_share_below_is_strict_and_forgives_the_last_digit():
    assert iq.share_below([0.15, 0.2], 0.3 / 2) == 0
    assert iq.share_below([0.1 * 3, 0.4], 0.3) == 0
    assert iq.share_below([0.1499, 0.2], 0.15) == 0.5


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: iq.gini([1, -1]), "position 2"),
        (lambda: iq.gini([1, math.nan]), "cannot be used"),
        (lambda: iq.gini([0, 0]), "All values are 0"),
        (lambda: iq.gini(["a"]), "not all numbers"),
        (lambda: iq.gini([[1, 2]]), "shape"),
        (lambda: iq.gini([]), "shape"),
        (lambda: iq.gini([1], corrected=True), "single person"),
        (lambda: iq.entropy([1, 2], base=1), "base"),
        (lambda: iq.entropy([1.5, 2], correction="miller-madow"), "whole numbers"),
        (lambda: iq.entropy([1, 2], correction="grassberger"), "no correction"),
        (lambda: iq.entropy_ratio([1]), "single person"),
        (lambda: iq.herfindahl([1], normalised=True), "single person"),
        (lambda: iq.theil([1, 2], index="Z"), "no Theil index"),
        (lambda: iq.theil_decomposition([1, 2], ["a"]), "2 values and 1 groups"),
        (lambda: iq.theil_decomposition([1, 2], ["a", None]), "missing"),
        (lambda: iq.atkinson([1, 2], aversion=0), "aversion"),
        (lambda: iq.geometric_mean([1, 2], floor=0), "floor"),
        (lambda: iq.share_below([1, 2], math.nan), "threshold"),
    ],
)
def test_what_cannot_be_measured_is_said(call, says):
    with pytest.raises(DataError, match=says):
        call()


def test_groups_of_a_decomposition_stand_as_they_first_come():
    _, _, table = iq.theil_decomposition([1.0, 2.0, 4.0, 8.0], ["z", "a", "z", "m"])
    assert table["group"].tolist() == ["z", "a", "m"]


def test_a_group_that_has_nothing_adds_nothing_within():
    """Its own index is undefined; the sum over the groups is not."""
    between, within, table = iq.theil_decomposition([0, 0, 2, 4], ["a", "a", "b", "b"])
    assert math.isnan(table.set_index("group").loc["a", "theil"])
    assert within == pytest.approx(iq.theil([2, 4]))
    assert between + within == pytest.approx(iq.theil([0, 0, 2, 4]))
