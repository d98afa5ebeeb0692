"""The profile kade from end to end, against a short version of its own in numpy.

The sorts are unforced and use half points; each of KADE's rules changes a number here.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import DmpkitWarning

N, P, SEED = 20, 9, 1658


def half_points(seed: int) -> np.ndarray:
    """Two views with noise, rounded to half points; no two sorts spread alike."""
    rng = np.random.default_rng(seed)
    liking = rng.normal(size=(N, 2))[:, np.arange(P) % 2] + 0.7 * rng.normal(size=(N, P))
    return np.round(2 * liking * rng.uniform(0.8, 2.5, size=P)) / 2


def analysed(**options) -> qm.QAnalysis:
    rule = options.pop("flags", qm.FlagRule(level=0.01))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.analyse(
            qm.QSorts(half_points(SEED)),
            2,
            extraction="centroid_brown",
            profile="kade",
            flags=rule,
            **options,
        )


# -- KADE in a few lines ---------------------------------------------------------------


def brown(correlations: np.ndarray) -> np.ndarray:
    """Two centroid factors: diagonal .5, then communalities until none moves by over .001."""
    rest, factors = correlations.copy(), []
    for _ in range(2):
        np.fill_diagonal(rest, 0.0)
        sign = np.ones(P)
        while (sums := sign * (rest @ sign)).min() < 0:
            sign[sums.argmin()] *= -1
        diagonal = np.full(P, 0.5)
        while True:
            loading = (sums + diagonal) / np.sqrt((sums + diagonal).sum())
            moved = np.abs(loading**2 - diagonal).max()
            diagonal = loading**2
            if moved <= 0.001:
                break
        factors.append(loading * sign)
        rest = rest - np.outer(factors[-1], factors[-1])
    return np.column_stack(factors)


def varimax_of_two(loadings: np.ndarray) -> np.ndarray:
    """Kaiser's angle for two factors, of loadings divided by the root of the communality."""
    x, y = (loadings / np.sqrt((loadings**2).sum(axis=1, keepdims=True))).T
    u, v = x**2 - y**2, 2 * x * y
    angle = np.arctan2(
        2 * (P * (u @ v) - u.sum() * v.sum()),
        P * (u @ u - v @ v) - (u.sum() ** 2 - v.sum() ** 2),
    )
    c, s = np.cos(angle / 4), np.sin(angle / 4)
    return loadings @ np.array([[c, -s], [s, c]])


def scores(values: np.ndarray, loadings: np.ndarray, flags: np.ndarray) -> np.ndarray:
    """Sorts standardised, weighted by a/(1 - a²), summed, standardised."""
    standard = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    totals = standard @ np.where(flags, loadings / (1 - loadings**2), 0.0)
    return (totals - totals.mean(axis=0)) / totals.std(axis=0, ddof=1)


def bound(z: np.ndarray, flags: np.ndarray, r: np.ndarray | float, c: float) -> np.ndarray | float:
    """Smallest significant difference of two factors whose sorts have the reliability r."""
    errors = [
        sd * np.sqrt(1 - r * m / (1 + (m - 1) * r))
        for sd, m in zip(z.std(axis=0, ddof=1), flags.sum(axis=0), strict=True)
    ]
    return np.sqrt(errors[0] ** 2 + errors[1] ** 2) * c


# -- the comparisons -------------------------------------------------------------------


@pytest.fixture(scope="module")
def result() -> qm.QAnalysis:
    return analysed()


def test_loadings(result):
    values = half_points(SEED)
    assert len({tuple(np.sort(column)) for column in values.T}) == P
    unrotated = brown(np.corrcoef(values.T))
    np.testing.assert_allclose(result.unrotated_array, unrotated, rtol=0, atol=1e-12)
    rotated = varimax_of_two(unrotated)
    rotated *= np.sign((rotated * result.loading_array).sum(axis=0))
    # the angle in closed form; the rotation in steps ends where its criterion stands still
    np.testing.assert_allclose(result.loading_array, rotated, rtol=0, atol=2e-6)


def test_flags(result):
    """One loading lies between KADE's 2.575/sqrt(n) and R's 2.576/sqrt(n)."""
    size = np.abs(result.loading_array)
    expected = (size > 2.575 / np.sqrt(N)) & (size > size[:, ::-1])
    np.testing.assert_array_equal(result.flag_array, expected)
    narrow = expected & (size <= 2.576 / np.sqrt(N))
    assert narrow.sum() == 1


def test_scores_and_arrays(result):
    z = scores(half_points(SEED), result.loading_array, result.flag_array)
    np.testing.assert_allclose(result.z_array, z, rtol=0, atol=1e-12)
    grid = np.sort(result.sorts.distribution)[::-1]
    for column, array in zip(z.T, result.score_array.T, strict=True):
        np.testing.assert_array_equal(array[np.argsort(-column, kind="stable")], grid)


def test_a_difference_on_the_bound_counts(result):
    """The reliability of a sort is set so that one difference equals 1.96 errors to the bit."""
    z, flags = result.z_array, result.flag_array
    distance = np.abs(z[:, 0] - z[:, 1])
    hits = []
    for i in np.flatnonzero((distance > 0.2) & (distance < 2.5)):
        around = reliability_at(z, flags, distance[i], 1.96) + np.arange(-500, 501) * 2.0**-53
        equal = around[bound(z, flags, around, 1.96) == distance[i]]
        hits += [(i, float(r)) for r in equal[:1]]
    assert hits
    for i, r in hits:
        on = analysed(composite_reliability=r)
        expected = np.where(distance >= bound(z, flags, r, 1.96), "Distinguishing", "Consensus")
        assert expected[i] == "Distinguishing"
        assert on.labels == tuple(expected)
        name = on.sorts.statements[i]
        assert name in set(on.distinguishing("f1")["statement"])
        assert name not in set(on.consensus()["statement"])
        assert on.differences.query("statement == @name")["stars"].tolist() == ["*"]


@pytest.mark.parametrize(
    ("level", "kade", "other"),
    [(0.2, 1.28, 1.2816), (0.01, 2.575, 2.576), (0.0001, 3.891, 3.89), (0.0001, 3.891, 3.8906)],
)
def test_critical_values_of_kade(result, level, kade, other):
    """A difference halfway between KADE's bound and the one it could be mistaken for."""
    z, flags = result.z_array, result.flag_array
    distance = np.abs(z[:, 0] - z[:, 1])
    i = int(np.where(distance < kade, distance, 0.0).argmax())
    r = reliability_at(z, flags, distance[i], (kade + other) / 2)
    found = analysed(composite_reliability=r).distinguishing("f1", level)["statement"]
    expected = np.array(result.sorts.statements)[distance >= bound(z, flags, r, kade)]
    assert set(found) == set(expected)
    assert (result.sorts.statements[i] in set(found)) == (kade < other)


def test_statements_that_everybody_sorts_alike_keep_their_order():
    """Tied z-scores: the earlier statement stands higher, and the grid is filled; not so in R."""
    values = half_points(SEED)
    values[5] = values[12]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        sorts = qm.QSorts(values, distribution=np.arange(N) / 2)
        kade, other = (qm.analyse(sorts, 2, profile=name) for name in ("kade", "qmethod"))
    for column in kade.score_array.T:
        assert column[5] - column[12] == 0.5
        np.testing.assert_array_equal(np.sort(column), np.arange(N) / 2)
    np.testing.assert_array_equal(other.score_array[5], other.score_array[12])


def reliability_at(z: np.ndarray, flags: np.ndarray, distance: float, c: float) -> float:
    """Reliability of a sort at which `distance` is c standard errors of the difference."""
    low, high = 1e-6, 1 - 1e-9  # the bound falls as the reliability rises
    assert bound(z, flags, high, c) < distance < bound(z, flags, low, c)
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if bound(z, flags, middle, c) > distance else (low, middle)
    return low
