"""Flags."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import DataError
from dmpkit.qmethod.flags import check_flags


def test_both_conditions_are_strict():
    bound = 1.96 / np.sqrt(49)  # 0.28
    a = np.array([[bound, 0.0], [np.nextafter(bound, 1), 0.0], [0.5, 0.5], [-0.6, 0.5]])
    expected = [[False, False], [True, False], [False, False], [True, False]]
    np.testing.assert_array_equal(qm.flag(a, 49), expected)


def test_the_majority_is_over_all_other_factors_together():
    a = np.array([[0.6, 0.45, 0.45]])
    assert not qm.flag(a, 49).any()
    assert qm.flag(a, 49, qm.FlagRule(majority=False)).all()


def test_levels():
    assert qm.critical_value(0.05) == 1.96
    assert qm.critical_value(0.001) == 3.291
    assert qm.critical_value(1e-6) == 4.8916
    assert qm.critical_value(0.2, "kade") == 1.28
    assert qm.critical_value(0.02) == pytest.approx(NormalDist().inv_cdf(0.99))
    assert qm.FlagRule(level=0.01).threshold(33) == pytest.approx(2.576 / np.sqrt(33))
    assert qm.FlagRule(level=0.01).threshold(33, "kade") == pytest.approx(2.575 / np.sqrt(33))


def test_a_very_small_level_keeps_its_digits():
    """9.3360448 solves 2 (1 - Phi(x)) = 1e-20, which 1 - level/2 rounds to 1."""
    assert qm.critical_value(1e-20) == pytest.approx(9.33604485, abs=1e-8)
    found = [qm.critical_value(level) for level in (5e-324, 1e-300, 1e-20, 0.3, 1 - 1e-16)]
    assert np.isfinite(found).all()
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16])
def test_numbers_of_numpy_are_taken_at_the_decimals_they_show(kind):
    assert qm.critical_value(kind(0.05)) == 1.96
    assert qm.FlagRule(level=kind(0.05)) == qm.FlagRule(level=0.05)
    assert type(qm.FlagRule(level=kind(0.05)).level) is float


@pytest.mark.parametrize(
    "level", [0, 1, 5, -0.1, "0.05", None, True, float("nan"), np.float32(5), 1j]
)
def test_a_level_that_is_none(level):
    with pytest.raises(DataError, match="not a probability between 0 and 1"):
        qm.FlagRule(level=level)


def test_a_rule_cannot_be_changed():
    with pytest.raises(AttributeError):
        qm.FlagRule().level = 0.01


def test_flags_by_hand():
    expected = [[True, False], [False, True]]
    for given in (expected, [[1, 0], [0, 1]], np.eye(2), [[True, 0], [0.0, 1]]):
        np.testing.assert_array_equal(check_flags(given, 2, 2), expected)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([[1, 0]], r"shape \(1, 2\), not \(2, 2\)"),
        ([[1, 0], [0, 2]], "row 2, column f2: the flag is 2"),
        ([["x", ""], ["", "x"]], "row 1, column f1: the flag is"),
        ([[1, np.nan], [0, 1]], "row 1, column f2: the flag is"),
        (None, "shape"),
    ],
)
def test_flags_by_hand_that_cannot_be_used(given, said):
    with pytest.raises(DataError, match=said):
        check_flags(given, 2, 2)


def test_unknown_profile():
    with pytest.raises(DataError, match="Choose one of: qmethod, kade"):
        qm.critical_value(0.05, "pqmethod")
