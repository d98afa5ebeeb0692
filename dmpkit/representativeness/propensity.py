"""Response propensities from a logistic model, and what their spread says. Arrays only.

People with the same categories have the same propensity, so everything runs over the *cells*
(combinations of categories) with their counts of people and of responses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "EXTREME",
    "Fit",
    "conditional_partial",
    "fit_propensities",
    "indicator_matrix",
    "propensity_bias",
    "propensity_error",
    "propensity_variance",
    "unconditional_partial",
]

Floats: TypeAlias = NDArray[np.float64]

#: A fitted propensity nearer to 0 or 1 than this means separation.
EXTREME = 1e-6
#: Beyond this the logit is treated as infinite, as R's binomial family does.
_LARGEST_LOGIT = 30.0
_TOLERANCE = 1e-8
_MOST_STEPS = 25
_ALIASED = 1e-9


@dataclass(frozen=True, eq=False)
class Fit:
    """A logistic model of response, fitted over cells.

    Attributes
    ----------
    propensities : ndarray, shape (cells,)
    slopes : ndarray, shape (cells,)
        Derivative of the propensity by the logit, ρ(1 - ρ).
    covariance : ndarray, shape (k, k)
        Of the coefficients, from the weights of the last scoring step: those *before* the
        final update. R's ``glm`` keeps this covariance, and published R-indicators rest on
        it; a step further it differs in the eighth decimal.
    x : ndarray, shape (cells, k)
        The columns used: those that depend on others are left out.
    steps : int
    converged : bool
    """

    propensities: Floats
    slopes: Floats
    covariance: Floats
    x: Floats
    steps: int
    converged: bool


def indicator_matrix(codes: Sequence[NDArray[np.integer]], sizes: Sequence[int]) -> Floats:
    """A constant, and the categories but the first of each variable, as 0 and 1.

    Examples
    --------
    >>> indicator_matrix([np.array([0, 1]), np.array([2, 0])], [2, 3]).tolist()
    [[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]]
    """
    columns = [np.ones((len(codes[0]), 1))]
    for code, size in zip(codes, sizes, strict=True):
        columns.append((np.asarray(code)[:, None] == np.arange(1, size)).astype(np.float64))
    return np.hstack(columns)


def fit_propensities(x: Floats, n: Floats, responses: Floats) -> Fit:
    """Logistic regression by Fisher scoring, starting and stopping as R's ``glm`` does.

    The start is (y + 1/2) / 2, the end a relative change of the deviance below 1e-8 (McCullagh
    & Nelder 1989, section 2.5). Columns of `x` that are combinations of earlier ones are
    left out.

    Parameters
    ----------
    x : ndarray, shape (cells, k)
    n, responses : ndarray, shape (cells,)
        People and responses.

    Returns
    -------
    Fit

    Examples
    --------
    >>> x = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> fit = fit_propensities(x, np.array([10.0, 20.0]), np.array([5.0, 5.0]))
    >>> fit.propensities.round(6).tolist()
    [0.5, 0.25]
    """
    x = _independent(x, n)
    # the first step of all rows: propensity 1/4 or 3/4, so weight 3/16 and logit ±ln 3
    start = np.log(3) + 0.25 / 0.1875
    weights, working = 0.1875 * n, start * (2 * responses - n) / n
    deviance = -2 * np.log(0.75) * n.sum()
    step, converged = 0, False
    while True:
        root = np.sqrt(weights)
        q, r = np.linalg.qr(x * root[:, None])
        logit = x @ np.linalg.solve(r, q.T @ (root * working))
        p, slope = _logistic(logit)
        step += 1
        new = -2 * float(responses @ np.log(p) + (n - responses) @ np.log1p(-p))
        converged = abs(new - deviance) / (abs(new) + 0.1) < _TOLERANCE
        inverse = np.linalg.inv(r)
        if converged or step == _MOST_STEPS:
            return Fit(p, slope, inverse @ inverse.T, x, step, converged)
        deviance = new
        weights = n * slope**2 / (p * (1 - p))
        working = logit + (responses / n - p) / slope


def _logistic(logit: Floats) -> tuple[Floats, Floats]:
    """Propensity and its slope, both cut off where the logit is beyond 30."""
    tiny = np.finfo(np.float64).eps
    e = np.exp(np.clip(logit, -_LARGEST_LOGIT, _LARGEST_LOGIT))
    far = np.abs(logit) > _LARGEST_LOGIT
    odds = np.where(far, np.where(logit > 0, 1 / tiny, tiny), e)
    return odds / (1 + odds), np.where(far, tiny, e / (1 + e) ** 2)


def _independent(x: Floats, n: Floats) -> Floats:
    """The columns that are not combinations of earlier ones."""
    held = x[n > 0]
    diagonal = np.abs(np.diag(np.linalg.qr(held, mode="r")))
    if len(diagonal) == x.shape[1] and (diagonal > _ALIASED * np.sqrt(len(held))).all():
        return x
    kept: list[int] = []
    for column in range(x.shape[1]):
        if np.linalg.matrix_rank(held[:, [*kept, column]]) > len(kept):
            kept.append(column)
    return x[:, kept]


def propensity_variance(propensities: Floats, n: Floats, *, ddof: int = 1) -> float:
    """Variance of the propensities over all people, with divisor N - ddof.

    Examples
    --------
    >>> propensity_variance(np.array([0.5, 0.25]), np.array([1.0, 1.0]), ddof=0)
    0.015625
    """
    total = float(n.sum())
    mean = float(n @ propensities) / total
    return float(n @ (propensities - mean) ** 2) / (total - ddof)


def propensity_bias(fit: Fit, n: Floats) -> float:
    """How much estimating the propensities adds to their variance.

    The mean over all people of the variance of the fitted propensity, z'Vz with
    z = ρ(1 - ρ)x (Shlomo, Skinner & Schouten 2012, doi:10.1016/j.jspi.2011.07.008, for a
    complete list of those invited). This published form also takes off the variance of the
    mean propensity, about ρ(1 - ρ)/N, which the spread does not hold: with many people that
    is nothing, with few the adjusted R is slightly too high.
    """
    z = fit.x * fit.slopes[:, None]
    return float(n @ np.einsum("ij,jk,ik->i", z, fit.covariance, z)) / float(n.sum())


def propensity_error(fit: Fit, n: Floats) -> float:
    """Standard error of the R-indicator, by linearisation.

    With A the covariance of ρ and z over all people, B the covariance matrix of z and V that
    of the coefficients, var(S²) = 4 A'VA + 2 tr(BVBV), and var(R) = var(S²) / S² (Shlomo,
    Skinner & Schouten 2012).
    """
    total = float(n.sum())
    p = fit.propensities - float(n @ fit.propensities) / total
    z = fit.x * fit.slopes[:, None]
    z = z - (n @ z) / total
    a = z.T @ (n * p) / total
    bv = z.T @ (z * n[:, None]) / total @ fit.covariance
    variance = 4 * a @ fit.covariance @ a + 2 * np.trace(bv @ bv)
    spread = float(n @ p**2) / total
    return float(np.sqrt(variance / spread)) if spread > 1e-20 else float("nan")


def _group_means(
    propensities: Floats, n: Floats, group: NDArray[np.integer]
) -> tuple[Floats, Floats]:
    """People and mean propensity of each group."""
    people = np.bincount(group, n).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return people, np.bincount(group, n * propensities) / people


def unconditional_partial(
    propensities: Floats, n: Floats, group: NDArray[np.integer]
) -> tuple[float, Floats]:
    """Spread of the propensities between the categories of a variable.

    P_u² = Σ N_k/N (mean ρ_k - mean ρ)², and by category with its sign (Schouten, Shlomo &
    Skinner 2011, Journal of Official Statistics 27, 231-253).

    Returns
    -------
    float, ndarray
        Of the variable, and of each category.

    Examples
    --------
    >>> whole, by = unconditional_partial(np.array([.5, .25]), np.array([1., 1.]), np.array([0, 1]))
    >>> whole, by.round(4).tolist()
    (0.125, [0.0884, -0.0884])
    """
    people, means = _group_means(propensities, n, group)
    mean = float(n @ propensities) / float(n.sum())
    by = np.sqrt(people / n.sum()) * np.where(people > 0, means - mean, 0.0)
    return float(np.sqrt(by @ by)), by


def conditional_partial(
    propensities: Floats, n: Floats, group: NDArray[np.integer], others: NDArray[np.integer]
) -> tuple[float, Floats]:
    """Spread of the propensities that is left within the cells of all other variables.

    P_c² = Σ (ρ_i - mean ρ of the cell of the other variables)² / N, and by category the part
    of its people (Schouten, Shlomo & Skinner 2011).

    Parameters
    ----------
    propensities, n : ndarray, shape (cells,)
    group : int array
        Category of each cell in the variable.
    others : int array
        Number of its combination of all other variables.

    Examples
    --------
    >>> p, n = np.array([0.5, 0.25]), np.array([1.0, 1.0])
    >>> conditional_partial(p, n, np.array([0, 1]), np.array([0, 0]))[0]
    0.125
    """
    _, means = _group_means(propensities, n, others)
    squares = np.bincount(group, n * (propensities - means[others]) ** 2) / n.sum()
    return float(np.sqrt(squares.sum())), np.sqrt(squares)
