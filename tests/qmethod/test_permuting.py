"""Permutation tests against brute force, and the rules that they must keep."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from dmpkit.errors import DataError
from dmpkit.qmethod import permuting
from dmpkit.qmethod.permuting import (
    PermutationNull,
    arrangements,
    attainable,
    best_arranged,
    n_arrangements,
    permutation_null,
    single_p_values,
    step_down,
    step_down_at,
    unit_length,
)


def _case(n=5, k=2, seed=4):
    rng = np.random.default_rng(seed)
    scores = unit_length(rng.normal(size=(n, k)))
    raw = np.zeros((n, 3))
    raw[:2, 0], raw[2, 0] = 1, -1
    raw[1:3, 1] = 1
    raw[3, 2], raw[4, 2] = -1, 1
    return scores, unit_length(raw)


def test_arrangements_are_all_different_orders():
    values = np.array([1.0, 1, -1, 0, 0])
    listed = {tuple(row) for row in arrangements(values).tolist()}
    assert listed == set(permutations(values.tolist()))
    assert len(arrangements(values)) == n_arrangements(values) == math.factorial(5) // 4


def test_attainable_p_is_one_over_the_arrangements():
    patterns = np.zeros((11, 2))
    patterns[:4, 0] = 1  # four claims held: 11 over 4
    patterns[:3, 1], patterns[3, 1] = 1, -1
    assert attainable(patterns, 9999) == pytest.approx([1 / 330, 1 / 1320])
    many = np.arange(30.0)[:, None]
    assert attainable(many, 9999) == pytest.approx([1e-4])


def test_p_values_equal_brute_force():
    scores, patterns = _case()
    families = np.array([0, 0, 1])
    null = permutation_null(scores, patterns, families, n_permutations=119, seed=1)
    assert null.exact
    every = np.array([scores[list(o)].T @ patterns for o in permutations(range(5))])
    observed = scores.T @ patterns
    expected = (every >= observed - 1e-9).mean(axis=0)
    np.testing.assert_allclose(single_p_values(scores, patterns, null), expected, atol=1e-12)

    # corrected: two factors, families share the level as 3 to 1
    shares = np.array([0.75, 0.25])
    got = step_down(observed, null, families, shares)
    best = np.stack([every[:, :, :2].max(axis=2), every[:, :, 2]])
    first = np.empty((2, 3))
    for f in range(2):
        for j in range(3):
            most = best[families[j]].max(axis=1)
            first[f, j] = min(1, (most >= observed[f, j] - 1e-9).mean() / shares[families[j]])
    leader = int(first.min(axis=1).argmin())
    other = 1 - leader
    np.testing.assert_allclose(got[leader], first[leader], atol=1e-12)
    for j in range(3):
        alone = (best[families[j]][:, other] >= observed[other, j] - 1e-9).mean()
        expected_j = max(min(1, alone / shares[families[j]]), first[leader].min())
        assert got[other, j] == pytest.approx(expected_j, abs=1e-12)


def test_drawn_permutations_come_close_to_all_of_them():
    scores, patterns = _case(n=7)
    families = np.zeros(3, dtype=int)
    exact = permutation_null(scores, patterns, families, n_permutations=5039, seed=1)
    drawn = permutation_null(scores, patterns, families, n_permutations=5038, seed=1)
    assert exact.exact
    assert not drawn.exact
    p, q = exact.p(exact.as_good), drawn.p(drawn.as_good)
    assert np.abs(p - q).max() < 4 * np.sqrt(0.25 / 5038)
    assert (drawn.p(0), exact.p(1)) == pytest.approx((1 / 5039, 1 / 5040))


def test_one_comparison_is_exact_though_permutations_are_drawn(monkeypatch):
    scores, patterns = _case(n=9)
    null = permutation_null(scores, patterns, np.zeros(3, dtype=int), n_permutations=99, seed=1)
    p = single_p_values(scores, patterns, null)
    counts = [n_arrangements(column.round(12)) for column in patterns.T]
    assert np.allclose(p * counts, np.round(p * counts))
    monkeypatch.setattr(permuting, "MOST_ARRANGED", 1)
    np.testing.assert_array_equal(single_p_values(scores, patterns, null), null.p(null.as_good))


def test_stepping_down_never_lowers_a_p_below_its_own():
    rng = np.random.default_rng(0)
    scores = unit_length(rng.normal(size=(8, 4)))
    patterns = unit_length(rng.choice([-1.0, 0, 1], size=(8, 5)))
    null = permutation_null(scores, patterns, np.zeros(5, dtype=int), n_permutations=999, seed=3)
    fits = scores.T @ patterns
    corrected = step_down(fits, null, np.zeros(5, dtype=int), np.ones(1))
    assert (corrected >= null.p(null.as_good) - 1e-12).all()
    order = np.argsort(corrected.min(axis=1))
    best = np.sort(null.best[0].max(axis=1))
    single_step = null.p(len(best) - np.searchsorted(best, fits - 1e-9))
    assert (corrected[order[0]] == single_step[order[0]]).all()
    assert (corrected[order[1:]].min(axis=1) >= corrected[order[0]].min()).all()


def test_who_leaves_later_never_has_a_lower_p():
    """Alone the second factor would have p .01; the first to leave has .10."""
    best = np.zeros((1, 99, 2))
    best[0, :9, 0] = 1.0
    null = PermutationNull(best, np.zeros((2, 1), dtype=int), exact=False)
    fits = np.array([[0.9], [0.8]])
    corrected = step_down(fits, null, np.zeros(1, dtype=int), np.ones(1))
    assert corrected.ravel().tolist() == pytest.approx([0.1, 0.1])
    best[0, 9:19, 0] = 0.85  # now the second would be held back, were the first still racing
    null = PermutationNull(best, np.zeros((2, 1), dtype=int), exact=False)
    corrected = step_down(fits, null, np.zeros(1, dtype=int), np.ones(1))
    assert corrected.ravel().tolist() == pytest.approx([0.1, 0.1])


def test_a_higher_fit_never_has_a_higher_corrected_p():
    rng = np.random.default_rng(5)
    families, shares = np.array([0, 0, 0, 1, 1]), np.array([0.8, 0.2])
    for _ in range(20):
        scores = unit_length(rng.normal(size=(8, 3)))
        patterns = unit_length(rng.choice([-1.0, 0, 1], size=(8, 5)))
        null = permutation_null(scores, patterns, families, n_permutations=49, seed=3)
        fits = scores.T @ patterns
        observed = step_down(fits, null, families, shares)
        np.testing.assert_array_equal(step_down_at(fits, fits, null, families, shares), observed)
        higher = best_arranged(scores, patterns)
        assert (step_down_at(fits, higher, null, families, shares) <= observed).all()


def test_one_fit_at_a_time_is_put_to_its_best():
    best = np.linspace(0, 1, 99)[None, :, None] * np.array([1.0, 0.5])
    null = PermutationNull(best, np.zeros((2, 1), dtype=int), exact=False)
    fits, higher = np.array([[0.7], [0.3]]), np.array([[0.7], [0.99]])
    got = step_down_at(fits, higher, null, np.zeros(1, dtype=int), np.ones(1))
    # the first leaves first either way; the second, at .99, leaves before it
    assert got.ravel().tolist() == pytest.approx([0.31, 0.02])


def test_a_raised_fit_does_not_change_who_of_two_equals_leaves_first():
    best = np.zeros((2, 99, 2))
    best[1, :50, 1] = 0.95  # the second factor alone often fits the second family well
    null = PermutationNull(best, np.zeros((2, 2), dtype=int), exact=False)
    families, shares = np.array([0, 1]), np.array([0.8, 0.2])
    fits = np.array([[0.5, 0.3], [0.6, 0.3]])
    assert step_down(fits, null, families, shares)[0, 1] == pytest.approx(0.01 / 0.2)
    higher = np.array([[0.5, 0.9], [0.6, 0.3]])
    assert step_down_at(fits, higher, null, families, shares)[0, 1] == pytest.approx(0.01 / 0.2)


def test_constant_scores_fit_nothing():
    assert (unit_length(np.full((4, 1), 0.3)) == 0).all()
    null = permutation_null(
        np.zeros((4, 1)), unit_length(np.eye(4)[:, :1]),
        np.zeros(1, dtype=int), n_permutations=99, seed=1,
    )  # fmt: skip
    assert null.p(null.as_good) == pytest.approx(1.0)


def test_too_few_permutations_are_refused():
    with pytest.raises(DataError, match="18 permutations"):
        permutation_null(*_case(), np.zeros(3, dtype=int), n_permutations=18, seed=1)
