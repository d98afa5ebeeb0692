"""From the coded table to odds ratios and marginal effects, with errors that know the processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SeparationWarning, SmallSampleWarning, warn
from dmpkit.impact.cherry_data import CodedFates
from dmpkit.impact.models import (
    Fit,
    clustered,
    collinear,
    fit_cumulative_logit,
    limiting_sample_size,
    score_bootstrap,
    separated,
)
from dmpkit.impact.random_intercepts import fit_random_intercept

__all__ = ["MANY_PROCESSES", "ModelTables", "model_tables"]

Floats = NDArray[np.float64]
#: From so many processes on the large-sample errors are taken as they are.
MANY_PROCESSES = 40
#: Events that a coefficient needs (Peduzzi et al. 1996).
EVENTS_A_COEFFICIENT = 10


@dataclass(frozen=True, eq=False)
class ModelTables:
    """What a model says, as tables.

    Attributes
    ----------
    coefficients : DataFrame
        ``term, variable, coefficient, standard_error, low, high, p_value, odds_ratio,
        odds_low, odds_high, n``; infinite where the model separates.
    thresholds : DataFrame
        ``term, coefficient, standard_error``: the intercept (logit), or the thresholds.
    marginal_effects : DataFrame
        ``term, fate, effect, standard_error, low, high``.
    n, n_processes : int
        Recommendations in the model, and their processes.
    n_left_out : int
        Assessed recommendations left out because a property was not coded.
    log_likelihood, process_sd : float
    separated : tuple of str
    events_a_coefficient : float
    inference : str
        How intervals and p-values were made: "bootstrap", "t" or "normal".
    """

    coefficients: pd.DataFrame
    thresholds: pd.DataFrame
    marginal_effects: pd.DataFrame
    n: int
    n_processes: int
    n_left_out: int
    log_likelihood: float
    process_sd: float
    separated: tuple[str, ...]
    events_a_coefficient: float
    inference: str


@dataclass(frozen=True, eq=False)
class _Design:
    """Complete rows as arrays."""

    x: Floats
    levels: NDArray[np.intp]
    groups: NDArray[np.intp]
    names: tuple[str, ...]
    terms: tuple[str, ...]
    owners: tuple[str, ...]  # variable of each term
    binary: tuple[bool, ...]
    n_left_out: int


def _design(coded: CodedFates, model: str) -> _Design:
    values = np.hstack([p.values for p in coded.predictors])
    complete = ~np.isnan(values).any(axis=1)
    if not complete.any():
        raise DataError(
            "No recommendation has all properties coded.",
            remedy="Leave out the predictor with most gaps.",
        )
    assert coded.process is not None  # noqa: S101  (the caller has several processes)
    fates = coded.taken_up.astype(np.intp) if model == "logit" else coded.fates
    present, levels = np.unique(fates[complete], return_inverse=True)
    if len(present) < 2:
        raise DataError(
            "All recommendations with complete properties have one and the same fate.",
            remedy="Leave out the predictor with most gaps.",
        )
    both = ("not taken up", "taken up")
    names = both if model == "logit" else tuple(coded.levels[i] for i in present)
    design = _Design(
        x=values[complete],
        levels=levels.astype(np.intp),
        groups=np.unique(coded.process[complete].astype(str), return_inverse=True)[1],
        names=names,
        terms=tuple(t for p in coded.predictors for t in p.terms),
        owners=tuple(p.name for p in coded.predictors for _ in p.terms),
        binary=tuple(p.kind != "number" for p in coded.predictors for _ in p.terms),
        n_left_out=int((~complete).sum()),
    )
    _check_design(design)
    return design


def _check_design(design: _Design) -> None:
    constant = [t for t, c in zip(design.terms, design.x.T, strict=True) if np.ptp(c) == 0]
    if constant or not design.terms:
        raise DataError(
            f"Predictor {constant[0]!r} has one and the same value in every recommendation."
            if constant
            else "The predictors have one category each.",
            remedy="Leave it out, or merge its categories.",
        )
    if repeated := collinear(design.x):
        raise DataError(
            f"Predictor {design.terms[repeated[0]]!r} follows from the other predictors.",
            remedy="Leave one of them out.",
        )
    if design.groups.max() < 1:
        raise DataError(
            "Only one process has recommendations with all properties coded.",
            remedy="Leave out the predictor with most gaps.",
        )


def model_tables(
    coded: CodedFates,
    *,
    model: str,
    errors: str,
    small_sample: str,
    level: float,
    n_resamples: int,
    seed: int,
) -> ModelTables:
    """Fit, look at what the data can bear, and tabulate."""
    design = _design(coded, model)
    infinite, signs = separated(design.x, design.levels)
    per = limiting_sample_size(design.levels) / len(design.terms)
    n_processes = int(design.groups.max()) + 1
    _warn_of_weakness(design, infinite, per, errors, small_sample)
    fit = _fit(design, errors, bool(infinite.any()))
    few = n_processes < MANY_PROCESSES and errors == "cluster"
    inference = ("t" if small_sample == "t" else "bootstrap") if few else "normal"
    covariance = clustered(fit, design.groups) if errors == "cluster" else _joint_covariance(fit)
    size = _quantile(level, n_processes - 1 if few else None)
    interval = _wald(fit, covariance, size, n_processes - 1 if few else None)
    if inference == "bootstrap":
        finite = np.flatnonzero(~infinite).tolist()
        interval = score_bootstrap(
            design.x, design.levels, design.groups, level=level, n_resamples=n_resamples,
            seed=seed, columns=finite,
        )  # fmt: skip
    lost = errors == "random" and bool(infinite.any())
    return ModelTables(
        coefficients=_coefficients(design, fit, covariance, interval, infinite, signs, lost=lost),
        thresholds=_thresholds(design, fit, covariance, model, unusable=bool(infinite.any())),
        marginal_effects=_effects(design, fit, covariance, size, infinite, model, lost=lost),
        n=len(design.levels),
        n_processes=n_processes,
        n_left_out=design.n_left_out,
        log_likelihood=fit.log_likelihood,
        process_sd=np.nan if errors == "cluster" or lost else fit.process_sd,
        separated=tuple(t for t, i in zip(design.terms, infinite, strict=True) if i),
        events_a_coefficient=per,
        inference=inference,
    )


def _fit(design: _Design, errors: str, infinite: bool) -> Fit:
    if infinite:  # coarse steps: the finite coefficients reach their limit, the others go on
        return fit_cumulative_logit(design.x, design.levels, tolerance=1e-9)
    if errors == "random":
        return fit_random_intercept(design.x, design.levels, design.groups)
    return fit_cumulative_logit(design.x, design.levels)


def _joint_covariance(fit: Fit) -> Floats:
    return fit.covariance if fit.joint_covariance is None else fit.joint_covariance


def _warn_of_weakness(
    design: _Design, infinite: NDArray[np.bool_], per: float, errors: str, small_sample: str
) -> None:
    n_processes = int(design.groups.max()) + 1
    if infinite.any():
        names = ", ".join(t for t, i in zip(design.terms, infinite, strict=True) if i)
        others = (
            "the random-intercept model is not fitted; errors='cluster' gives the others"
            if errors == "random"
            else "the other coefficients are their limits"
        )
        warn(
            f"The fate is separated (perfectly or in part) by {names}: no finite coefficient fits "
            f"best, and {others}. Read the uptake table, or merge categories.",
            SeparationWarning,
        )
    if per < EVENTS_A_COEFFICIENT:
        warn(
            f"There are {per:.1f} events for each of the {len(design.terms)} coefficients "
            f"({', '.join(design.terms)}); below {EVENTS_A_COEFFICIENT} the coefficients run too "
            "far from 0 and the intervals are rough.",
            SmallSampleWarning,
        )
    if errors == "cluster" and small_sample == "bootstrap" and n_processes < 7:
        warn(
            f"With {n_processes} processes no bootstrap p-value can fall below "
            f"{2.0 ** (1 - n_processes):.3g}; read the uptake table rather than the model.",
            SmallSampleWarning,
        )
    if errors == "random" and n_processes < MANY_PROCESSES:
        warn(
            f"With {n_processes} processes (fewer than {MANY_PROCESSES}) the standard errors of "
            "the random-intercept model are rough, those of properties of whole processes most.",
            SmallSampleWarning,
        )


def _quantile(level: float, freedom: int | None) -> float:
    from scipy.stats import norm, t

    tail = (1 + level) / 2
    return float(norm.ppf(tail) if freedom is None else t.ppf(tail, freedom))


def _wald(fit: Fit, covariance: Floats, size: float, freedom: int | None) -> Floats:
    """p-value, low and high of each coefficient from its standard error."""
    from scipy.stats import norm, t

    first = fit.n_levels - 1
    b = fit.coefficients
    se = np.sqrt(np.maximum(np.diag(covariance)[first : first + len(b)], 1e-300))
    tails = norm.sf(np.abs(b / se)) if freedom is None else t.sf(np.abs(b / se), freedom)
    return np.column_stack([2 * tails, b - size * se, b + size * se])


def _coefficients(
    design: _Design,
    fit: Fit,
    covariance: Floats,
    interval: Floats,
    infinite: NDArray[np.bool_],
    signs: Floats,
    *,
    lost: bool,
) -> pd.DataFrame:
    first = fit.n_levels - 1
    b = fit.coefficients.copy()
    se = np.sqrt(np.maximum(np.diag(covariance)[first : first + len(b)], 0.0))
    interval = interval.copy()
    b[lost], se[lost], interval[lost] = np.nan, np.nan, np.nan
    b[infinite] = np.where(signs[infinite] == 0, np.nan, np.inf * np.sign(signs[infinite] + 0.5))
    se[infinite], interval[infinite] = np.nan, np.nan
    with np.errstate(over="ignore"):
        ratios = np.exp(np.column_stack([b, interval[:, 1:]]))
    n = [
        int((c != 0).sum()) if binary else len(c)
        for c, binary in zip(design.x.T, design.binary, strict=True)
    ]
    return pd.DataFrame(
        {
            "term": design.terms,
            "variable": design.owners,
            "coefficient": b,
            "standard_error": se,
            "low": interval[:, 1],
            "high": interval[:, 2],
            "p_value": interval[:, 0],
            "odds_ratio": ratios[:, 0],
            "odds_low": ratios[:, 1],
            "odds_high": ratios[:, 2],
            "n": n,
        }
    )


def _thresholds(
    design: _Design, fit: Fit, covariance: Floats, model: str, *, unusable: bool
) -> pd.DataFrame:
    first = fit.n_levels - 1
    sign = -1.0 if model == "logit" else 1.0
    names = (
        ["intercept"]
        if model == "logit"
        else [f"{a} | {b}" for a, b in zip(design.names[:-1], design.names[1:], strict=True)]
    )
    value = sign * fit.thresholds
    se = np.sqrt(np.maximum(np.diag(covariance)[:first], 0.0))
    if unusable:  # a constant may run to infinity with the separated terms
        value, se = np.full(first, np.nan), np.full(first, np.nan)
    return pd.DataFrame({"term": names, "coefficient": value, "standard_error": se})


# --- average marginal effects -----------------------------------------------------------


def _cumulative(parameters: Floats, x: Floats, n_levels: int, sd: float) -> tuple[Floats, Floats]:
    """P(fate <= k) and its density in the predictor, rows x (K - 1), over the intercepts."""
    thresholds, b = parameters[: n_levels - 1], parameters[n_levels - 1 :]
    nodes, weights = np.polynomial.hermite_e.hermegauss(41 if sd else 1)
    weights = weights / weights.sum()
    edge = thresholds[None, :] - (x @ b)[:, None]
    p, density = np.zeros_like(edge), np.zeros_like(edge)
    for node, weight in zip(nodes, weights, strict=True):
        one = 0.5 * (1 + np.tanh((edge - sd * node) / 2))
        p += weight * one
        density += weight * one * (1 - one)
    return p, density


def _average_effects(design: _Design, n_levels: int, theta: Floats) -> Floats:
    """Average marginal effect of each term on each fate, flat (terms x levels).

    Yes-or-no terms and categories: the change of the probability from none of the
    variable's terms to this one; numbers: its slope.
    """
    n_parameters = n_levels - 1 + design.x.shape[1]
    parameters = theta[:n_parameters]
    sd = float(theta[n_parameters]) if len(theta) > n_parameters else 0.0
    found = np.zeros((design.x.shape[1], n_levels))
    for place, binary in enumerate(design.binary):
        if binary:
            without = design.x.copy()
            without[:, [o == design.owners[place] for o in design.owners]] = 0.0
            given = without.copy()
            given[:, place] = 1.0
            change = (
                _cumulative(parameters, given, n_levels, sd)[0]
                - _cumulative(parameters, without, n_levels, sd)[0]
            )
        else:
            slope = _cumulative(parameters, design.x, n_levels, sd)[1]
            change = -slope * parameters[n_levels - 1 + place]
        padded = np.pad(change.mean(axis=0), 1)
        found[place] = np.diff(padded)
    return found.ravel()


def _jacobian(function: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Derivatives by central differences, outputs x parameters."""
    columns = []
    for place in range(len(at)):
        h = 1e-5 * max(1.0, abs(at[place]))
        up, down = at.copy(), at.copy()
        up[place] += h
        down[place] -= h
        columns.append((function(up) - function(down)) / (2 * h))
    return np.column_stack(columns)


def _effects(
    design: _Design,
    fit: Fit,
    covariance: Floats,
    size: float,
    infinite: NDArray[np.bool_],
    model: str,
    *,
    lost: bool,
) -> pd.DataFrame:
    """Average marginal effects with delta-method errors; none where the model separates."""
    theta = fit.parameters
    if len(covariance) > len(theta):
        theta = np.append(theta, fit.process_sd)

    def effects(at: Floats) -> Floats:
        return _average_effects(design, fit.n_levels, at)

    value = effects(theta)
    if infinite.any() or lost:
        value, se = np.full_like(value, np.nan), np.full_like(value, np.nan)
    else:
        jacobian = _jacobian(effects, theta)
        se = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", jacobian, covariance, jacobian), 0.0))
    frame = pd.DataFrame(
        {
            "term": np.repeat(design.terms, fit.n_levels),
            "fate": list(design.names) * len(design.terms),
            "effect": value,
            "standard_error": se,
            "low": value - size * se,
            "high": value + size * se,
        }
    )
    if model == "logit":
        frame = frame[frame["fate"] == "taken up"].reset_index(drop=True)
    return frame
