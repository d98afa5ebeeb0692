"""Cumulative logit with a normal random intercept for each process, by maximum likelihood."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import ConvergenceWarning, DataError, warn
from dmpkit.impact.models import (
    Fit,
    Floats,
    Likelihood,
    checked,
    fit_cumulative_logit,
    inverse,
    row_terms,
)

__all__ = ["fit_random_intercept"]


class _Mixed:
    """Marginal likelihood of a normal random intercept by adaptive Gauss-Hermite quadrature.

    Each process's integral is taken around its own mode with its own width
    (Pinheiro & Bates 1995).
    """

    def __init__(
        self,
        x: Floats,
        levels: NDArray[np.intp],
        n_levels: int,
        groups: NDArray[np.intp],
        n_nodes: int,
    ) -> None:
        self.base = Likelihood(x, levels, n_levels)
        self.groups, self.n_groups = groups, int(groups.max()) + 1
        nodes, weights = np.polynomial.hermite.hermgauss(n_nodes)
        self.nodes, self.log_weights = nodes, np.log(weights) + nodes**2
        self.modes = np.zeros(self.n_groups)

    def _sum(self, rows: Floats) -> Floats:
        return np.bincount(self.groups, rows, minlength=self.n_groups).astype(np.float64)

    def _find_modes(self, a: Floats, b: Floats, sd: float) -> tuple[Floats, Floats]:
        """Mode and width of each process's intercept (in units of `sd`), by Newton."""
        u = self.modes
        for _ in range(100):
            shift = sd * u[self.groups]
            _, gb, ga, hbb, haa, hab = row_terms(a - shift, b - shift)
            slope = -sd * self._sum(gb + ga) - u
            curve = sd**2 * self._sum(hbb + haa + 2 * hab) - 1.0
            step = -slope / curve
            u = u + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < 1e-11:
                break
        self.modes = u
        return u, 1.0 / np.sqrt(-curve)

    def value_and_gradient(self, parameters: Floats) -> tuple[float, Floats]:
        """Minus the log-likelihood and its gradient (Fisher's identity at the nodes)."""
        fixed, sd = parameters[:-1], float(parameters[-1])
        a, b = self.base.edges(fixed)
        if not (b > a).all():
            return np.inf, np.zeros_like(parameters)
        mode, width = self._find_modes(a, b, sd)
        u = mode[:, None] + np.sqrt(2.0) * width[:, None] * self.nodes
        rows = [row_terms(a - s, b - s) for s in (sd * u[self.groups]).T]
        joint = np.column_stack([self._sum(row[0]) for row in rows]) - u**2 / 2
        joint += self.log_weights
        top = joint.max(axis=1, keepdims=True)
        weight = np.exp(joint - top)
        total = weight.sum(axis=1, keepdims=True)
        constant = np.log(width) - 0.5 * np.log(np.pi)
        value = float((top[:, 0] + np.log(total[:, 0]) + constant).sum())
        weight /= total
        by_row = weight[self.groups]
        gb = (by_row * np.column_stack([row[1] for row in rows])).sum(axis=1)
        ga = (by_row * np.column_stack([row[2] for row in rows])).sum(axis=1)
        by_sd = sum(
            float((w * v * self._sum(-(row[1] + row[2]))).sum())
            for w, v, row in zip(weight.T, u.T, rows, strict=True)
        )
        gradient = np.append(self.base.upper.T @ gb + self.base.lower.T @ ga, by_sd)
        return -value, -gradient


def _information(mixed: _Mixed, at: Floats) -> Floats:
    """Second derivatives of minus the log-likelihood, by central differences of the gradient."""
    columns = []
    for place in range(len(at)):
        h = 1e-4 * max(1.0, abs(at[place]))
        ends = []
        for sign in (1.0, -1.0):
            moved = at.copy()
            moved[place] += sign * h
            ends.append(mixed.value_and_gradient(moved)[1])
        columns.append((ends[0] - ends[1]) / (2 * h))
    matrix = np.array(columns)
    return np.asarray((matrix + matrix.T) / 2)


def _polished(mixed: _Mixed, at: Floats) -> tuple[Floats, float, float]:
    """Newton's steps as long as they flatten the slope; minus the log-likelihood, the slope."""
    value, gradient = mixed.value_and_gradient(at)
    for _ in range(20):
        step = inverse(_information(mixed, at)) @ gradient
        reached, after = mixed.value_and_gradient(at - step)
        if not np.isfinite(reached) or np.abs(after).max() >= np.abs(gradient).max():
            break
        at, value, gradient = at - step, reached, after
        if np.abs(gradient).max() < 1e-8:
            break
    return at, value, float(np.abs(gradient).max())


def fit_random_intercept(
    x: ArrayLike, levels: ArrayLike, groups: ArrayLike, *, n_nodes: int = 15
) -> Fit:
    """Maximum likelihood of the cumulative logit with a normal random intercept a process.

    Adaptive Gauss-Hermite quadrature (Pinheiro & Bates 1995), as lme4's ``glmer`` and
    ordinal's ``clmm`` do it; standard errors from the observed information of all
    parameters, the intercepts' deviation among them.

    Parameters
    ----------
    x, levels : array
        As for :func:`fit_cumulative_logit`.
    groups : array, one a row
        The process of each row.
    n_nodes : int
        Quadrature nodes, 7 or more (the gradient is exact only for many).

    Returns
    -------
    Fit
        With `process_sd`; where that is 0 the fit is that without intercepts.

    Raises
    ------
    DataError
        Fewer than two processes, or fewer than seven nodes.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(4)
    >>> groups = np.repeat(np.arange(20), 10)
    >>> x = rng.normal(size=(200, 1))
    >>> eta = x[:, 0] + rng.normal(size=20)[groups]
    >>> fit = fit_random_intercept(x, (eta + rng.logistic(size=200) > 0).astype(int), groups)
    >>> bool(0.3 < fit.process_sd < 2)
    True
    """
    from scipy.optimize import minimize

    design, codes, n_levels = checked(x, levels)
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    if len(names) < 2:
        raise DataError("Random intercepts need two processes or more.")
    if isinstance(n_nodes, bool) or not isinstance(n_nodes, int | np.integer):
        raise DataError(f"n_nodes={n_nodes!r} is no whole number.", remedy="Use 15, or 7 or more.")
    if n_nodes < 7:
        raise DataError(f"{n_nodes} quadrature nodes are too few.", remedy="Use 15, or 7 or more.")
    plain = fit_cumulative_logit(design, codes)
    mixed = _Mixed(design, codes, n_levels, place.astype(np.intp), n_nodes)
    start = np.append(plain.parameters, 0.7)
    found = minimize(
        mixed.value_and_gradient, start, jac=True, method="BFGS",
        options={"gtol": 1e-6, "maxiter": 500},
    )  # fmt: skip
    at = np.asarray(found.x)
    if abs(at[-1]) < 1e-3 or -float(found.fun) <= plain.log_likelihood + 1e-9:
        return plain
    at, value, slope = _polished(mixed, at)
    information = _information(mixed, at)
    if slope > 1e-3 or np.linalg.eigvalsh(information)[0] <= 0:
        warn("The random-intercept model did not settle at a maximum.", ConvergenceWarning)
    joint = inverse(information)
    if at[-1] < 0:  # the likelihood does not know the sign of the deviation
        joint[-1, :-1] *= -1
        joint[:-1, -1] *= -1
    empty = np.empty((0, len(at) - 1))
    sd = float(abs(at[-1]))
    return Fit(at[:-1], joint[:-1, :-1], empty, -value, n_levels, sd, joint)
