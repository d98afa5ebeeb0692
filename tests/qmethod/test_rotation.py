"""Rotation of factors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dmpkit.qmethod as qm
from dmpkit.errors import ConvergenceWarning, DataError
from dmpkit.qmethod.rotation import ROTATIONS, Rotation, reflect

ORTHOGONAL = ["none", "varimax", "quartimax"]


def loadings(seed: int, p: int = 9, k: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(25, k)) @ rng.normal(size=(k, p)) + rng.normal(size=(25, p))
    return qm.extract_pca(qm.pearson(values), k)


@pytest.mark.parametrize("method", list(ROTATIONS))
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_what_every_rotation_keeps(method, seed):
    a = loadings(seed)
    rotated = qm.rotate(a, method)
    np.testing.assert_allclose(a @ rotated.matrix, rotated.loadings, atol=1e-9)
    np.testing.assert_allclose(np.diag(rotated.phi), 1.0, atol=1e-9)
    # the reproduced correlations do not depend on the rotation
    reproduced = rotated.loadings @ rotated.phi @ rotated.loadings.T
    np.testing.assert_allclose(reproduced, a @ a.T, atol=1e-9)
    if method in ORTHOGONAL:
        np.testing.assert_allclose(rotated.matrix.T @ rotated.matrix, np.eye(3), atol=1e-12)


def varimax_criterion(a):
    z = a / np.sqrt((a**2).sum(axis=1, keepdims=True))
    return (z**2).var(axis=0).sum()


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_varimax_and_quartimax_improve_their_criteria(seed):
    a = loadings(seed)
    assert varimax_criterion(qm.rotate_varimax(a).loadings) >= varimax_criterion(a) - 1e-12
    assert (qm.rotate_quartimax(a).loadings ** 4).sum() >= (a**4).sum() - 1e-12


def test_varimax_of_two_factors_is_the_best_of_all_angles():
    a = loadings(3, k=2)
    angles = np.linspace(0, np.pi / 2, 4001)
    best = max(
        varimax_criterion(a @ np.array([[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]]))
        for t in angles
    )
    assert varimax_criterion(qm.rotate_varimax(a).loadings) == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("method", ["varimax", "promax", "quartimax", "oblimin"])
def test_a_stack_gives_what_its_members_give(method):
    stack = np.stack([loadings(seed) for seed in range(6)]).reshape(2, 3, 9, 3)
    together = qm.rotate(stack, method)
    for i in range(2):
        for j in range(3):
            alone = qm.rotate(stack[i, j], method)
            for ours, theirs in zip(together, alone, strict=True):
                np.testing.assert_allclose(ours[i, j], theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("one", "other"), [((0.6, 0.6), (0.6, -0.6)), ((0.6, 0.4), (0.4, -0.6))])
@pytest.mark.parametrize("method", ["varimax", "quartimax", "promax"])
def test_perfect_groups_are_told_apart(one, other, method):
    """Where R's varimax stops at the start or jumps to and fro."""
    a = np.array([one] * 3 + [other] * 4)
    rotated = np.sort(np.abs(qm.rotate(a, method).loadings), axis=1)
    np.testing.assert_allclose(rotated[:, 0], 0, atol=1e-4)
    np.testing.assert_allclose(rotated[:, 1], np.sqrt((a**2).sum(axis=1)), atol=1e-4)


def test_one_factor_is_left_as_it_is():
    a = loadings(1, k=1)
    for method in ROTATIONS:
        np.testing.assert_array_equal(qm.rotate(a, method).loadings, a)


def test_a_sort_that_loads_on_nothing_stays_at_zero():
    a = np.vstack([loadings(1), np.zeros(3)])
    np.testing.assert_array_equal(qm.rotate_varimax(a).loadings[-1], 0)


def test_order_and_reflect():
    a = np.array([[0.1, -0.9, 0.5], [-0.3, -0.7, 0.5], [0.1, 0.1, 0.5]])
    phi = np.array([[1, 0.2, 0.3], [0.2, 1, 0.4], [0.3, 0.4, 1]])
    ordered = qm.order_and_reflect(qm.Rotation(a, np.eye(3), phi))
    np.testing.assert_array_equal(ordered.loadings, a[:, [1, 2, 0]] * [-1, 1, -1])
    np.testing.assert_array_equal(a @ ordered.matrix, ordered.loadings)
    expected = [[1, -0.4, 0.2], [-0.4, 1, -0.3], [0.2, -0.3, 1]]
    np.testing.assert_array_equal(ordered.phi, expected)


def test_oblimin_with_gamma_keeps_the_reproduced_correlations():
    a = loadings(4)
    rotated = qm.rotate_oblimin(a, gamma=-0.5)
    assert np.abs(rotated.phi - qm.rotate_oblimin(a).phi).max() > 1e-3
    reproduced = rotated.loadings @ rotated.phi @ rotated.loadings.T
    np.testing.assert_allclose(reproduced, a @ a.T, atol=1e-9)


@pytest.mark.parametrize("method", ["varimax", "quartimax", "oblimin"])
def test_a_rotation_that_does_not_settle_says_so(method):
    with pytest.warns(ConvergenceWarning, match=f"{method} rotation did not settle in 1 rounds"):
        getattr(qm, f"rotate_{method}")(loadings(2), max_iterations=1)


def test_factors_that_repeat_each_other_cannot_be_made_oblique():
    a = np.column_stack([loadings(1, k=1)] * 2)
    with pytest.raises(DataError, match="factors are not independent"):
        qm.rotate_promax(a)


def test_input_is_left_alone():
    a = loadings(1)
    before = a.copy()
    for method in ROTATIONS:
        qm.rotate(a, method)
    np.testing.assert_array_equal(a, before)


def test_unusable_input():
    with pytest.raises(DataError, match=r"'quartimin' is not offered.*varimax"):
        qm.rotate(loadings(1), "quartimin")
    with pytest.raises(DataError, match="row 1, column 2"):
        qm.rotate_varimax([[0.1, np.inf]])
    with pytest.raises(DataError, match="not finite"):
        qm.rotate_varimax(np.full((2, 3, 2), np.nan))


def test_equamax_is_that_of_factor_analyzer():
    rotator = pytest.importorskip("factor_analyzer.rotator")
    a = loadings(3)
    theirs = rotator.Rotator(method="equamax", kappa=a.shape[1] / (2 * a.shape[0])).fit_transform(
        a.copy()
    )
    np.testing.assert_allclose(qm.rotate_equamax(a).loadings, theirs, atol=1e-9)


def test_a_stack_of_varimax_rotations_equals_its_members():
    stack = np.stack([loadings(seed) for seed in range(15)])
    together = qm.rotate_varimax(stack)
    for one, rotated, matrix in zip(stack, together.loadings, together.matrix, strict=True):
        alone = qm.rotate_varimax(one)
        np.testing.assert_allclose(rotated, alone.loadings, atol=1e-13)
        np.testing.assert_allclose(matrix, alone.matrix, atol=1e-13)


def test_factors_of_many_analyses_are_reflected_as_each_alone():
    """Signs of factors go into their correlations, in a stack as in one analysis."""
    rng = np.random.default_rng(4)
    loadings = rng.normal(size=(5, 12, 3))
    phi = np.full((5, 3, 3), 0.3) + 0.7 * np.eye(3)
    whole = reflect(Rotation(loadings, np.broadcast_to(np.eye(3), phi.shape), phi))
    assert (whole.loadings.sum(axis=1) >= 0).all()
    for i in range(5):
        alone = reflect(Rotation(loadings[i], np.eye(3), phi[i]))
        signs = np.sign(loadings[i].sum(axis=0))
        np.testing.assert_array_equal(alone.phi, phi[i] * np.outer(signs, signs))
        np.testing.assert_array_equal(whole.phi[i], alone.phi)
