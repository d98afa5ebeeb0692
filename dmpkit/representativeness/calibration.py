"""Calibration on coded arrays, and why margins cannot be met where they cannot.

Calibration finds weights near the starting weights that reproduce given margins (Deville &
Särndal 1992, doi:10.1080/01621459.1992.10475217): w = d g(x'λ), with g linear, exponential
(which is raking) or logistic between two bounds, and λ by Newton's method.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.representativeness.entries import is_number
from dmpkit.representativeness.raking import (
    Cells,
    CodedWeights,
    Floats,
    Ints,
    cells_of,
    margin_error,
    margins_of,
)

__all__ = ["Bounds", "Method", "calibrate_codes", "least_misfit", "narrowest_bounds"]

Bounds: TypeAlias = tuple[float, float]
Method: TypeAlias = Literal["linear", "raking", "logit"]
METHODS = ("linear", "raking", "logit")
#: More cells than this are not searched for the reason why margins cannot be met.
MOST_CELLS = 50_000
_MOST_HALVINGS = 30
_MOST_EXPONENT = 500.0

Curve: TypeAlias = Callable[[Floats], tuple[Floats, Floats]]


def calibrate_codes(
    codes: Sequence[NDArray[np.integer]],
    targets: Sequence[ArrayLike],
    base: ArrayLike | None = None,
    *,
    method: Method = "linear",
    bounds: Bounds | None = None,
    tolerance: float = 1e-10,
    max_iterations: int = 100,
) -> CodedWeights:
    """Calibration weights on coded arrays.

    Parameters
    ----------
    codes : sequence of int arrays, each of shape (n,)
        Category of each row from 0, one array a variable.
    targets : sequence of arrays
        What the weights of each category shall sum to; the arrays have the same sum.
    base : array, shape (n,), optional
        Weights to start from; they are scaled to the total of the targets first.
    method : {"linear", "raking", "logit"}
        g(u) = 1 + u; exp(u); or logistic between `bounds`.
    bounds : (float, float), optional
        Lowest and highest g = w / d. Needed by ``logit``; with the other two, g is cut off
        there and the rest moves on.
    tolerance : float
        Largest relative error of a margin.
    max_iterations : int
        Newton steps.

    Returns
    -------
    CodedWeights
        ``converged`` is False where the margins were not met; nothing is raised for that.

    Raises
    ------
    DataError
        For an unknown method, or bounds that do not enclose 1.

    Examples
    --------
    >>> sex, age = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 0])
    >>> found = calibrate_codes([sex, age], [[50, 50], [60, 40]])
    >>> found.weights.round(6).tolist(), found.converged
    ([10.0, 40.0, 25.0, 25.0], True)
    """
    curve = _curve(method, bounds)
    wanted = [np.asarray(t, dtype=np.float64) for t in targets]
    cells = cells_of(codes, [len(t) for t in wanted])
    start = np.ones(len(cells.of_row)) if base is None else np.asarray(base, dtype=np.float64)
    start = start * (wanted[0].sum() / start.sum())
    mass = np.bincount(cells.of_row, start, cells.n).astype(np.float64)
    factors, steps, error = _newton(cells, wanted, mass, curve, tolerance, max_iterations)
    return CodedWeights(start * factors[cells.of_row], steps, error <= tolerance, error)


def _curve(method: str, bounds: Bounds | None) -> Curve:
    """The function g with its slope."""
    if method not in METHODS:
        raise DataError(
            f"{method!r} is not a method of calibration.",
            remedy="Use 'linear', 'raking' or 'logit'.",
        )
    if bounds is None:
        if method == "logit":
            raise DataError(
                "Calibration with method='logit' needs bounds.",
                remedy="Give the lowest and highest ratio of a weight to its starting weight, "
                "for instance bounds=(0.3, 3).",
            )
        low, high = -np.inf, np.inf
    else:
        low, high = _ends(bounds)
        if not low < 1 < high or (method != "linear" and low < 0):
            raise DataError(
                f"The bounds {low:g} and {high:g} do not enclose 1 from 0 upwards.",
                remedy="Give ratios of a weight to its starting weight, such as (0.3, 3).",
            )
    if method == "logit":
        if not np.isfinite([low, high]).all():
            raise DataError(
                "Calibration with method='logit' needs finite bounds.",
                remedy="Give such as (0.3, 3), or use method='raking'.",
            )
        return _logistic(low, high)
    return _cut(_exponential if method == "raking" else _straight, low, high)


def _ends(bounds: object) -> Bounds:
    pair = list(bounds) if isinstance(bounds, Iterable) else []
    if len(pair) != 2 or not all(is_number(end) for end in pair):
        raise DataError(f"The bounds are {bounds!r}.", remedy="Give two numbers, such as (0.3, 3).")
    return float(pair[0]), float(pair[1])


def _straight(u: Floats) -> tuple[Floats, Floats]:
    return 1 + u, np.ones_like(u)


def _exponential(u: Floats) -> tuple[Floats, Floats]:
    g = np.exp(np.clip(u, -_MOST_EXPONENT, _MOST_EXPONENT))
    return g, g


def _cut(curve: Curve, low: float, high: float) -> Curve:
    """A curve that stops at the bounds."""

    def bounded(u: Floats) -> tuple[Floats, Floats]:
        g, slope = curve(u)
        return np.clip(g, low, high), np.where((g < low) | (g > high), 0.0, slope)

    return bounded


def _logistic(low: float, high: float) -> Curve:
    """Deville & Särndal's case 6: g(0) = 1, slope 1 there, between the bounds."""
    steep = (high - low) / ((1 - low) * (high - 1))

    def logistic(u: Floats) -> tuple[Floats, Floats]:
        e = np.exp(np.clip(steep * u, -_MOST_EXPONENT, _MOST_EXPONENT))
        below = (high - 1) + (1 - low) * e
        g = (low * (high - 1) + high * (1 - low) * e) / below
        slope = (high - low) * (high - 1) * (1 - low) * steep * e / below / below
        return g, slope

    return logistic


def _indicators(cells: Cells, sizes: Sequence[int]) -> Floats:
    """A constant and the categories but the first of each variable, one row a cell."""
    columns = [np.ones((cells.n, 1))]
    for code, size in zip(cells.codes, sizes, strict=True):
        columns.append((code[:, None] == np.arange(1, size)).astype(np.float64))
    return np.hstack(columns)


def _newton(
    cells: Cells,
    targets: Sequence[Floats],
    mass: Floats,
    curve: Curve,
    tolerance: float,
    max_iterations: int,
) -> tuple[Floats, int, float]:
    """Factors of the cells, steps taken, and the largest relative margin error."""
    sizes = [len(t) for t in targets]
    x = _indicators(cells, sizes)
    total = np.concatenate([[targets[0].sum()], *(t[1:] for t in targets)])
    place = np.zeros(x.shape[1])
    g, slope = curve(x @ place)
    misfit = total - x.T @ (mass * g)
    done, error = 0, margin_error(margins_of(cells.codes, mass * g, sizes), targets)
    while error > tolerance and done < max_iterations:
        hessian = x.T @ (x * (mass * slope)[:, None])
        step = np.linalg.lstsq(hessian, misfit, rcond=None)[0]
        for _ in range(_MOST_HALVINGS):
            g, slope = curve(x @ (place + step))
            left = total - x.T @ (mass * g)
            if np.abs(left).sum() < np.abs(misfit).sum():
                break
            step = step / 2
        else:
            g, slope = curve(x @ place)
            break
        place, misfit, done = place + step, left, done + 1
        error = margin_error(margins_of(cells.codes, mass * g, sizes), targets)
    return g, done, error


# --- why margins cannot be met -------------------------------------------------


def least_misfit(
    codes: Sequence[NDArray[np.integer]],
    targets: Sequence[ArrayLike],
    base: ArrayLike | None = None,
    *,
    bounds: Bounds | None = None,
) -> list[Floats] | None:
    """The smallest total by which margins must be missed, category by category.

    A linear programme: weights of the cells that occur, between the bounds times the starting
    weights (0 or more when none are given), such that the sum of |achieved - target| over all
    categories is least. All zero where some weights meet the margins. Where several sets of
    categories would do, the programme names one of them.

    Parameters
    ----------
    codes, targets, base, bounds
        As in :func:`calibrate_codes`.

    Returns
    -------
    list of ndarray, or None
        Target less what can be achieved, one array a variable; None where there are too
        many cells to search.

    Examples
    --------
    >>> sex, age = np.array([0, 0, 1]), np.array([0, 0, 1])
    >>> [gap.round(6).tolist() for gap in least_misfit([sex, age], [[50, 50], [50, 50]])]
    [[0.0, 0.0], [0.0, 0.0]]
    >>> gaps = least_misfit([sex, age], [[50, 50], [60, 40]])
    >>> round(float(sum(abs(gap).sum() for gap in gaps)), 6)
    20.0
    """
    from scipy import sparse
    from scipy.optimize import linprog

    wanted = [np.asarray(t, dtype=np.float64) for t in targets]
    cells, mass = _cells_and_mass(codes, wanted, base)
    if cells.n > MOST_CELLS:
        return None
    rows = _category_rows(cells, [len(t) for t in wanted])
    total = np.concatenate(wanted)
    scale = wanted[0].sum()
    low, high = bounds or (0.0, np.inf)
    limits = [(low * m / scale, high * m / scale) for m in mass]
    k = len(total)
    equal = sparse.hstack([rows, sparse.eye(k), -sparse.eye(k)])
    cost = np.concatenate([np.zeros(cells.n), np.ones(2 * k)])
    found = linprog(cost, A_eq=equal, b_eq=total / scale, bounds=limits + [(0, None)] * (2 * k))
    if found.x is None:
        return None
    gap = (found.x[cells.n : cells.n + k] - found.x[cells.n + k :]) * scale
    gap[np.abs(gap) < 1e-7 * scale] = 0.0
    return np.split(gap, np.cumsum([len(t) for t in wanted])[:-1])


def narrowest_bounds(
    codes: Sequence[NDArray[np.integer]],
    targets: Sequence[ArrayLike],
    base: ArrayLike | None = None,
    *,
    low: float = 0.0,
) -> float:
    """The least upper bound on weight / starting weight under which the margins can be met.

    A linear programme over the cells that occur, with the lower bound held; NaN where no
    upper bound helps, or where there are too many cells to search.

    Parameters
    ----------
    codes, targets, base
        As in :func:`calibrate_codes`.
    low : float
        The lower bound.

    Examples
    --------
    >>> round(narrowest_bounds([np.array([0, 0, 0, 1])], [[50, 50]]), 6)
    2.0
    """
    from scipy import sparse
    from scipy.optimize import linprog

    wanted = [np.asarray(t, dtype=np.float64) for t in targets]
    cells, mass = _cells_and_mass(codes, wanted, base)
    if cells.n > MOST_CELLS:
        return float("nan")
    rows = _category_rows(cells, [len(t) for t in wanted])
    scale = wanted[0].sum()
    share = mass / scale
    above = sparse.hstack([sparse.eye(cells.n), -sparse.csr_matrix(share[:, None])])
    equal = sparse.hstack([rows, sparse.csr_matrix((rows.shape[0], 1))])
    found = linprog(
        np.append(np.zeros(cells.n), 1.0),
        A_ub=above,
        b_ub=np.zeros(cells.n),
        A_eq=equal,
        b_eq=np.concatenate(wanted) / scale,
        bounds=[*((max(low, 0.0) * s, None) for s in share), (1, None)],
    )
    return float(found.x[-1]) if found.status == 0 else float("nan")


def _cells_and_mass(
    codes: Sequence[NDArray[np.integer]], targets: Sequence[Floats], base: ArrayLike | None
) -> tuple[Cells, Floats]:
    cells = cells_of(codes, [len(t) for t in targets])
    start = None if base is None else np.asarray(base, dtype=np.float64)
    mass = np.bincount(cells.of_row, start, cells.n).astype(np.float64)
    return cells, mass * (targets[0].sum() / mass.sum())


def _category_rows(cells: Cells, sizes: Sequence[int]) -> Any:
    """Sparse matrix, categories of all variables × cells, 1 where the cell has the category."""
    from scipy import sparse

    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rows: Ints = np.concatenate([c + s for c, s in zip(cells.codes, starts, strict=True)])
    columns = np.tile(np.arange(cells.n), len(sizes))
    return sparse.csr_matrix(
        (np.ones(len(rows)), (rows, columns)), shape=(int(np.sum(sizes)), cells.n)
    )
