"""Logit and ordinal models of one fate a recommendation: maximum likelihood, from arrays.

Both are the cumulative logit with proportional odds (McCullagh 1980),
``P(y <= k) = F(t_k - x'b)``: a positive coefficient raises the fate, and with two
levels it is the binary logit whose intercept is ``-t_1``. The likelihood is concave,
so Newton's steps reach its maximum wherever there is one (:func:`separated` tells).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import ConvergenceWarning, DataError, warn

__all__ = [
    "Fit",
    "clustered",
    "collinear",
    "fit_cumulative_logit",
    "limiting_sample_size",
    "score_bootstrap",
    "separated",
]

Floats = NDArray[np.float64]
#: Newton's steps end where the next one would raise the log-likelihood by less than this.
TOLERANCE = 1e-13
#: Draws of signs held in memory at one time.
BLOCK = 2_000


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted cumulative logit, with or without a random intercept.

    Attributes
    ----------
    parameters : array
        Thresholds ``t_1 … t_(K-1)``, then the coefficients.
    covariance : array
        Inverse of the observed information (with the random intercept: of all
        parameters jointly, its deviation then left out), the same order.
    scores : array, rows x parameters
        Derivatives of each row's log-likelihood; empty with a random intercept.
    log_likelihood : float
    n_levels : int
        Levels of the fate, K.
    process_sd : float
        Standard deviation of the random intercept; 0 without one.
    joint_covariance : array, optional
        With a random intercept, that of all parameters and its deviation (last).
    """

    parameters: Floats
    covariance: Floats
    scores: Floats
    log_likelihood: float
    n_levels: int
    process_sd: float = 0.0
    joint_covariance: Floats | None = None

    @property
    def thresholds(self) -> Floats:
        """The K - 1 thresholds."""
        return self.parameters[: self.n_levels - 1]

    @property
    def coefficients(self) -> Floats:
        """One coefficient a column of the design."""
        return self.parameters[self.n_levels - 1 :]


def _logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x)) without overflow, at minus and plus infinity too."""
    half = np.exp(-np.abs(x))
    return np.where(x >= 0, 1.0, half) / (1.0 + half)


def _log_logistic(x: Floats) -> Floats:
    return -np.logaddexp(0.0, -x)


def _edges(levels: NDArray[np.intp], n_levels: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places of each row's upper and lower threshold; -1 where there is none."""
    return np.where(levels < n_levels - 1, levels, -1), levels - 1


def _designs(x: Floats, levels: NDArray[np.intp], n_levels: int) -> tuple[Floats, Floats]:
    """Rows of the upper and the lower edge in the parameters; zero where there is no edge."""
    n, p = x.shape
    upper, lower = (np.zeros((n, n_levels - 1 + p)) for _ in range(2))
    for design, edge in zip((upper, lower), _edges(levels, n_levels), strict=True):
        rows = np.flatnonzero(edge >= 0)
        design[rows, edge[rows]] = 1.0
        design[rows, n_levels - 1 :] = -x[rows]
    return upper, lower


def row_terms(a: Floats, b: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Log-probability of rows between edges a < b, its first and second derivatives in them.

    ``P = F(b) (1 - F(a)) (1 - exp(a - b))`` holds for the logistic F and loses no
    digits in either tail.
    """
    width = b - a
    with np.errstate(over="ignore", divide="ignore"):
        log_p = _log_logistic(b) + _log_logistic(-a) + np.log(-np.expm1(-width))
        r = 1.0 / np.expm1(width)
    fa, fb = _logistic(a), _logistic(b)
    cross = r * (1.0 + r)
    return (
        log_p,
        1.0 - fb + r,
        -fa - r,
        -fb * (1.0 - fb) - cross,
        -fa * (1.0 - fa) - cross,
        cross,
    )


class Likelihood:
    """The log-likelihood of one table, ready for many parameter values."""

    def __init__(
        self, x: Floats, levels: NDArray[np.intp], n_levels: int, offset: Floats | float = 0.0
    ) -> None:
        self.upper, self.lower = _designs(x, levels, n_levels)
        self.no_upper, self.no_lower = levels == n_levels - 1, levels == 0
        self.offset = np.zeros(len(x)) + offset

    def edges(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Lower and upper edge of each row, the linear predictor taken off."""
        a = np.where(self.no_lower, -np.inf, self.lower @ parameters - self.offset)
        b = np.where(self.no_upper, np.inf, self.upper @ parameters - self.offset)
        return a, b

    def value(self, parameters: Floats) -> float:
        """The log-likelihood; minus infinity where the thresholds are out of order."""
        a, b = self.edges(parameters)
        if not (b > a).all():
            return -np.inf
        return float(row_terms(a, b)[0].sum())

    def derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Scores (rows x parameters) and the observed information."""
        _, gb, ga, hbb, haa, hab = row_terms(*self.edges(parameters))
        u, v = self.upper, self.lower
        scores = u * gb[:, None] + v * ga[:, None]
        mixed = (u * hab[:, None]).T @ v
        hessian = (u * hbb[:, None]).T @ u + (v * haa[:, None]).T @ v + mixed + mixed.T
        return scores, -hessian


def _start(levels: NDArray[np.intp], n_levels: int, p: int) -> Floats:
    below = np.cumsum(np.bincount(levels, minlength=n_levels))[:-1] / len(levels)
    return np.concatenate([np.log(below / (1 - below)), np.zeros(p)])


def inverse(information: Floats) -> Floats:
    """Inverse of a positive definite matrix, its parameters first put on one scale."""
    scale = 1.0 / np.sqrt(np.maximum(np.diag(information), 1e-300))
    core = information * scale[:, None] * scale[None, :]
    return np.asarray(np.linalg.pinv(core, rcond=1e-14, hermitian=True)) * np.outer(scale, scale)


def _newton(
    likelihood: Likelihood, start: Floats, free: NDArray[np.bool_], tolerance: float = TOLERANCE
) -> tuple[Floats, bool]:
    """Newton's steps with halving over the free parameters; whether they settled."""
    at, value = start.copy(), likelihood.value(start)
    for _ in range(200):
        scores, information = likelihood.derivatives(at)
        gradient = scores.sum(axis=0)[free]
        step = inverse(information[np.ix_(free, free)]) @ gradient
        gain = float(gradient @ step) / 2
        if gain < tolerance:
            at[free] += step  # the last step squares what error is left
            return at, True
        size = 1.0
        while size > 1e-10:
            new = at.copy()
            new[free] += size * step
            reached = likelihood.value(new)
            if reached > value:
                break
            size /= 2
        else:
            return at, gain < 1e-8  # no digit of the likelihood is left to gain
        at, value = new, reached
    return at, False


def checked(x: ArrayLike, levels: ArrayLike) -> tuple[Floats, NDArray[np.intp], int]:
    design = np.asarray(x, dtype=np.float64)
    codes = np.asarray(levels)
    if design.ndim != 2 or codes.ndim != 1 or len(design) != len(codes):
        raise DataError(
            f"The design is {design.shape} and the levels are {codes.shape}.",
            remedy="Give a matrix of rows x predictors and one level a row.",
        )
    if not np.isfinite(design).all():
        raise DataError("A predictor is missing or infinite in some row.")
    if not np.array_equal(np.unique(codes), np.arange(len(np.unique(codes)))) or len(codes) == 0:
        raise DataError("The levels must be 0, 1, … with none left out.")
    n_levels = int(codes.max()) + 1
    if n_levels < 2:
        raise DataError("All rows have one and the same level; there is nothing to model.")
    return design, codes.astype(np.intp), n_levels


def fit_cumulative_logit(x: ArrayLike, levels: ArrayLike, *, tolerance: float = TOLERANCE) -> Fit:
    """Maximum likelihood of the cumulative logit with proportional odds.

    Parameters
    ----------
    x : array, rows x predictors
        Without a constant column: the thresholds are the constants.
    levels : array of int, one a row
        0, 1, …, K - 1, from least to most; K = 2 is the binary logit.
    tolerance : float
        Steps end where the next one would gain less log-likelihood; a coarse one
        (1e-9) gives the limit of the finite coefficients under separation.

    Returns
    -------
    Fit

    Raises
    ------
    DataError
        Shapes that do not fit, missing values, a single level.

    Notes
    -----
    McCullagh, P. (1980), Regression models for ordinal data. JRSS B 42, 109-142.

    Examples
    --------
    >>> fit = fit_cumulative_logit([[0.0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1])
    >>> round(float(fit.coefficients[0]), 4)  # log of the odds ratio 2 / (1/2)
    1.3863
    """
    design, codes, n_levels = checked(x, levels)
    likelihood = Likelihood(design, codes, n_levels)
    start = _start(codes, n_levels, design.shape[1])
    at, settled = _newton(likelihood, start, np.ones(len(start), dtype=bool), tolerance)
    if not settled:
        warn("Newton's steps did not settle; read the coefficients with care.", ConvergenceWarning)
    scores, information = likelihood.derivatives(at)
    return Fit(at, inverse(information), scores, likelihood.value(at), n_levels)


def clustered(fit: Fit, groups: ArrayLike, *, corrected: bool = True) -> Floats:
    """Covariance of the parameters with errors clustered by group (Liang & Zeger 1986).

    Parameters
    ----------
    fit : Fit
        Without a random intercept.
    groups : array, one a row
        The group (process) of each row.
    corrected : bool
        Times ``G/(G-1) * (n-1)/(n-k)`` (known as HC1 or CR1, the default of
        statsmodels and Stata); without it HC0.

    Returns
    -------
    array, parameters x parameters

    Examples
    --------
    >>> fit = fit_cumulative_logit([[0.0], [0], [0], [1], [1], [1]], [0, 0, 1, 0, 1, 1])
    >>> clustered(fit, [1, 2, 3, 1, 2, 3]).shape
    (2, 2)
    """
    totals = _by_group(fit.scores, groups)
    n, k = fit.scores.shape
    g = len(totals)
    if g < 2:
        raise DataError("Errors clustered by process need two processes or more.")
    factor = g / (g - 1) * (n - 1) / max(n - k, 1) if corrected else 1.0
    return factor * (fit.covariance @ (totals.T @ totals) @ fit.covariance)


def _by_group(values: Floats, groups: ArrayLike) -> Floats:
    _, place = np.unique(np.asarray(groups), return_inverse=True)
    totals = np.zeros((int(place.max()) + 1, values.shape[1]))
    np.add.at(totals, place, values)
    return totals


# --- inference with few processes --------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Signs:
    """Signs of the processes, all of them or drawn ones; the first row is never the data."""

    rows: Floats
    exact: bool


def _signs(n_groups: int, n_resamples: int, seed: int) -> _Signs:
    """All 2^G sign vectors where they are no more than the resamples, else drawn ones."""
    from dmpkit.resampling import run_resamples

    if 2**n_groups <= n_resamples + 1:
        return _Signs(np.array(list(product((1.0, -1.0), repeat=n_groups))), exact=True)

    def draw(generator: np.random.Generator, size: int) -> Floats:
        return generator.choice((-1.0, 1.0), size=(size, n_groups))

    return _Signs(
        np.vstack(run_resamples(draw, n_resamples, seed=seed, progress=False)), exact=False
    )


def _effective_scores(
    likelihood: Likelihood, start: Floats, place: int, null: float, groups: ArrayLike
) -> tuple[Floats, Floats]:
    """One number a process: its score for a coefficient at the fit with that one held.

    The part that the other parameters explain is taken off through the information
    matrix; also returns the held fit, where the next one starts.
    """
    free = np.ones(len(start), dtype=bool)
    free[place] = False
    held = start.copy()
    held[place] = null
    held, _ = _newton(likelihood, held, free, 1e-10)
    scores, information = likelihood.derivatives(held)
    totals = _by_group(scores, groups)
    others = inverse(information[np.ix_(free, free)]) @ information[free, place]
    return totals[:, place] - totals[:, free] @ others, held


def _sign_p_value(scores: Floats, signs: _Signs) -> float:
    """Share of the sign changes whose studentised sum is at least the observed one."""
    from dmpkit.resampling import p_value

    size = float(np.sqrt(scores @ scores))
    if size == 0.0:
        return 1.0
    observed = abs(float(scores.sum()))
    bound = observed - 1e-9 * size
    n = len(signs.rows)
    hits = sum(
        int((np.abs(signs.rows[i : i + BLOCK] @ scores) >= bound).sum()) for i in range(0, n, BLOCK)
    )
    return hits / n if signs.exact else p_value(hits, n)


def score_bootstrap(
    x: ArrayLike,
    levels: ArrayLike,
    groups: ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = 1999,
    seed: int = 0,
    columns: Sequence[int] | None = None,
) -> Floats:
    """Wild cluster bootstrap of the scores (Kline & Santos 2012), null imposed.

    For each coefficient the model is fitted with it held at a value; the processes'
    effective scores for it get random signs (Rademacher), and p is the share of the
    sign changes that give a studentised sum at least as far from 0. The interval
    holds the values that are not rejected. With few processes all 2^G sign changes
    are counted instead of drawn.

    Parameters
    ----------
    x, levels : array
        As for :func:`fit_cumulative_logit`.
    groups : array, one a row
        The process of each row.
    level : float
        Level of the intervals.
    n_resamples : int
        Sign changes drawn.
    seed : int
    columns : sequence of int, optional
        Predictors to look at; all by default (the others get NaN).

    Returns
    -------
    array, predictors x 3
        p-value, lower and upper end; an end is infinite where the data reject no
        value on that side.

    Notes
    -----
    Kline, P. & Santos, A. (2012), A score based approach to wild bootstrap inference.
    Journal of Econometric Methods 1(1), 23-41.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> x, groups = rng.normal(size=(120, 1)), np.repeat(np.arange(12), 10)
    >>> y = (x[:, 0] + rng.logistic(size=120) > 0).astype(int)
    >>> p, low, high = score_bootstrap(x, y, groups, n_resamples=499, seed=1)[0]
    >>> bool(p < 0.05 and low < 1 < high)
    True
    """
    design, codes, n_levels = checked(x, levels)
    likelihood = Likelihood(design, codes, n_levels)
    fit = fit_cumulative_logit(design, codes, tolerance=1e-9)
    signs = _signs(len(np.unique(np.asarray(groups))), n_resamples, seed)
    spread = np.sqrt(np.maximum(np.diag(clustered(fit, groups)), np.diag(fit.covariance)))
    found = np.full((design.shape[1], 3), np.nan)
    for column in range(design.shape[1]) if columns is None else columns:
        place = n_levels - 1 + column

        def p_at(null: float, place: int = place) -> float:
            scores, _ = _effective_scores(likelihood, fit.parameters, place, null, groups)
            return _sign_p_value(scores, signs)

        centre, step = float(fit.parameters[place]), float(spread[place])
        found[column] = (
            p_at(0.0),
            _interval_end(p_at, centre, -step, 1 - level),
            _interval_end(p_at, centre, step, 1 - level),
        )
    return found


def _interval_end(
    p_at: Callable[[float], float], centre: float, step: float, alpha: float
) -> float:
    """Where p falls to alpha on one side, by doubling and halving; infinite if it never does."""
    inside, width = centre, 1.0
    for _ in range(5):
        outside = centre + width * step
        if p_at(outside) <= alpha:
            break
        inside, width = outside, 2 * width
    else:
        return float(np.copysign(np.inf, step))
    while abs(outside - inside) > 1e-3 * abs(step):
        middle = (inside + outside) / 2
        if p_at(middle) <= alpha:
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2


# --- what the data cannot bear -------------------------------------------------------


def separated(x: ArrayLike, levels: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Predictors whose coefficient has no finite maximum-likelihood value.

    A direction in which no row's probability falls and some row's rises without end
    is looked for by linear programming (Albert & Anderson 1984; Konis 2007), which
    finds perfect and partial separation alike.

    Parameters
    ----------
    x, levels : array
        As for :func:`fit_cumulative_logit`; x of full rank with a constant.

    Returns
    -------
    infinite : array of bool
        One a predictor.
    sign : array
        -1 or 1 where the coefficient runs to minus or plus infinity; 0 where it is
        finite, or where both directions fit the data.

    Examples
    --------
    >>> infinite, sign = separated([[0.0], [0], [1], [1]], [0, 1, 1, 1])
    >>> infinite.tolist(), sign.tolist()
    ([True], [1.0])
    """
    design, codes, n_levels = checked(x, levels)
    upper, lower = _designs(design, codes, n_levels)
    rises = np.unique(np.vstack([upper, -lower]), axis=0)
    p = design.shape[1]
    most = _furthest(rises, rises.sum(axis=0))
    infinite, sign = np.zeros(p, dtype=bool), np.zeros(p)
    if most[0] <= 1e-7:
        return infinite, sign
    for column in range(p):
        aim = np.zeros(rises.shape[1])
        aim[n_levels - 1 + column] = 1.0
        up, down = _furthest(rises, aim)[0], _furthest(rises, -aim)[0]
        infinite[column] = max(up, down) > 1e-7
        sign[column] = float(up > 1e-7) - float(down > 1e-7)
    return infinite, sign


def _furthest(rises: Floats, aim: Floats) -> tuple[float, Floats]:
    """The largest value of ``aim @ d`` over directions with ``rises @ d >= 0`` in a unit box."""
    from scipy.optimize import linprog

    found = linprog(-aim, A_ub=-rises, b_ub=np.zeros(len(rises)), bounds=(-1, 1), method="highs")
    return -float(found.fun), np.asarray(found.x)


def collinear(x: ArrayLike) -> list[int]:
    """Columns that the constant and the columns before them already determine.

    Examples
    --------
    >>> collinear([[1.0, 2, 0], [2, 4, 1], [3, 6, 1]])
    [1]
    """
    design = np.asarray(x, dtype=np.float64)
    centred = design - design.mean(axis=0)
    basis: list[Floats] = []
    repeated = []
    for place, column in enumerate(centred.T):
        rest = column.copy()
        for _ in range(2):  # a second pass removes what rounding left
            for vector in basis:
                rest -= (vector @ rest) * vector
        size, whole = float(np.linalg.norm(rest)), float(np.linalg.norm(design[:, place]))
        if size <= 1e-9 * max(whole, 1e-300):
            repeated.append(place)
        else:
            basis.append(rest / size)
    return repeated


def limiting_sample_size(levels: ArrayLike) -> float:
    """How many rows count for the number of coefficients a model can bear.

    The rarer fate with two levels; ``n - sum(n_k^3) / n^2`` with more (Harrell 2015,
    Regression Modeling Strategies, table 4.1).

    Examples
    --------
    >>> limiting_sample_size([0, 0, 0, 1]), round(limiting_sample_size([0, 0, 1, 1, 2, 2]), 2)
    (1.0, 5.33)
    """
    counts = np.unique(np.asarray(levels), return_counts=True)[1].astype(np.float64)
    n = counts.sum()
    return float(counts.min()) if len(counts) <= 2 else float(n - (counts**3).sum() / n**2)
