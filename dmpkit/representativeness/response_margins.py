"""An R-indicator where only those who responded are known, and the population's tables.

An address mailing has no record of those who did not answer. What can then be said rests on
the population's table in place of their records: the *population-based* R-indicator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.reporting import Estimate
from dmpkit.representativeness.data import Panel, Population, panel_of, population_of
from dmpkit.representativeness.entries import to_names, to_number, to_whole
from dmpkit.representativeness.labels import require_known
from dmpkit.representativeness.propensity import Floats, indicator_matrix
from dmpkit.resampling import drawn_seed, run_resamples

__all__ = ["population_r", "r_indicator_from_margins"]

_NORMAL = 1.959963984540054
_SOURCE = "population-based (linear propensities, after Bianchi et al. 2019)"


def population_r(
    cross_products: Floats, respondents: Floats, n_invited: float, noise: Floats | None = None
) -> float:
    """R from the cross-products of everyone invited and the totals of those who responded.

    With x the indicators of a person's categories (a constant first), T = Σ xx' over those
    invited and t = Σ x over those who responded, the linear model of response has the
    propensities ρ = x'T⁻¹t (Bianchi, Shlomo, Schouten, da Silva & Skinner 2019,
    doi:10.1093/jssam/smy006), and their variance over the m invited is
    S² = t'T⁻¹t/m - (r/m)², r = Σ 1 over those who responded. With `noise` = the covariance
    matrix V of t, the part that chance adds, tr(T⁻¹V)/m - V₀₀/m², is taken off. R = 1 - 2S.

    Parameters
    ----------
    cross_products : ndarray, shape (k, k)
    respondents : ndarray, shape (k,)
    n_invited : float
    noise : ndarray, shape (k, k), optional

    Examples
    --------
    >>> T = np.array([[400.0, 200.0], [200.0, 200.0]])  # 400 invited, 200 of them old
    >>> round(population_r(T, np.array([120.0, 80.0]), 400), 4)
    0.8
    """
    inverse = np.linalg.pinv(cross_products, hermitian=True)
    m = n_invited
    variance = respondents @ inverse @ respondents / m - (respondents[0] / m) ** 2
    if noise is not None:
        variance -= np.trace(inverse @ noise) / m - noise[0, 0] / m**2
    return 1 - 2 * float(np.sqrt(max(variance, 0.0)))


@dataclass(frozen=True, eq=False)
class _Known:
    """What is known for the population-based form; `why_not` where it is too little."""

    cross_products: Floats | None  # of everyone invited
    totals: Floats
    x: Floats | None  # of each respondent's cell
    n: Floats | None
    fraction: float  # invited over population; 0 where the population's size is not known
    how: str
    why_not: str = ""


def r_indicator_from_margins(
    respondents: Any,
    population: Any,
    n_invited: int,
    *,
    variables: Sequence[str] | None = None,
    n_resamples: int = 499,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> Estimate:
    """R-indicator of a mailing whose silent addressees are not known, or why there is none.

    The people invited must be everyone, or a random sample, of the population. The
    cross-products of their categories come from the population's joint table (exact up to
    the sampling of those invited); with one variable its margin is all that is needed. Where
    only margins are known, those who responded are raked to them and stand in: an
    approximation and our own proposal in place of the estimator of Bianchi et al. (2019) for
    margins. What chance adds to S² is taken off with V = Σ (1 - π)xx' over the respondents,
    π = ρ·invited/population, as if everyone had responded independently; that needs
    their records. Without records and without a joint table it is not computable.

    Parameters
    ----------
    respondents : Panel or DataFrame
        Those who responded (before any selection by quota): a list, or counts.
    population : Population or DataFrame
        The people from whom those invited were drawn.
    n_invited : int
        People (not letters to whole households) who could have answered.
    variables : sequence of str, optional
        All that both share when not given.
    n_resamples : int
        Draws of the parametric bootstrap of who responds; 0 for no interval.
    seed, n_jobs, progress
        As in :mod:`dmpkit.resampling`.

    Returns
    -------
    Estimate
        Adjusted R with a normal interval; raw R and no interval where only counts are known;
        NaN with *not computable, because …* where too little is known.

    Raises
    ------
    DataError
        More respondents than invited, labels that do not match, no shared variable.

    Examples
    --------
    >>> came = {"age": {"young": 40, "old": 80}}
    >>> found = r_indicator_from_margins(came, {"age": {"young": 0.5, "old": 0.5}}, 400)
    >>> round(found.value, 4)
    0.8
    """
    people, whole = panel_of(respondents), population_of(population)
    invited = to_number(n_invited, "number of people invited")
    if to_whole(n_resamples, "number of resamples") == 1:
        raise DataError("One resample gives no spread.", remedy="Give 499, or 0 for no interval.")
    if not invited > 0 or invited < people.n:
        raise DataError(
            f"{people.n} responded of {n_invited} invited.",
            remedy="Give the number of people invited, those who did not answer included.",
        )
    names = _shared(people, whole, variables)
    known = _known(people, whole.only(names), names, float(n_invited))
    if known.cross_products is None:
        return Estimate(np.nan, n=people.n, note=f"not computable, because {known.why_not}")
    raw = population_r(known.cross_products, known.totals, n_invited)
    if known.x is None or known.n is None:
        note = f"raw, {_SOURCE}; {known.how}; not adjusted and no interval: counts only"
        return Estimate(raw, n=people.n, note=note)
    noise = _noise(known, known.n)
    adjusted = population_r(known.cross_products, known.totals, n_invited, noise)
    note = f"adjusted (raw {raw:.3f}), {_SOURCE}; {known.how}"
    if not n_resamples:
        return Estimate(adjusted, n=people.n, note=f"{note}; no interval asked for")
    seed = drawn_seed(seed)
    draw = _Redraw(known, n_invited)
    parts = run_resamples(draw, n_resamples, seed=seed, n_jobs=n_jobs, progress=progress)
    error = float(np.concatenate(parts).std(ddof=1))
    low, high = (float(np.clip(adjusted + side * _NORMAL * error, 0.0, 1.0)) for side in (-1, 1))
    note = f"{note}; bootstrap of who responds, {n_resamples} draws, seed {seed}"
    return Estimate(adjusted, error, low, high, n=people.n, note=note)


def _shared(
    panel: Panel, population: Population, variables: Sequence[str] | None
) -> tuple[str, ...]:
    if variables is not None:
        names = tuple(to_names(variables))
    else:
        names = tuple(name for name in population.variables if name in panel.variables)
    if not names:
        raise DataError("The respondents and the population share no variable.")
    for name in names:
        require_known(
            panel.of(name).index, population.categories(name), variable=name,
            where="the respondents",
        )  # fmt: skip
    return names


def _known(panel: Panel, population: Population, names: Sequence[str], n_invited: float) -> _Known:
    """Cross-products of those invited, and totals of the respondents, from what there is."""
    sizes = [len(population.categories(name)) for name in names]
    totals = np.concatenate(
        [[panel.n], *(_margin(panel, population, name)[1:] * panel.n for name in names)]
    )
    fraction = 0.0 if population.size is None else min(1.0, n_invited / population.size)
    x, n = _cells(panel, population, names, sizes)
    if x is not None and n is not None:
        totals = n @ x * (panel.n / n.sum())
        n = n * (panel.n / n.sum())
    if population.joint is not None or len(names) == 1:
        known = _from_joint(population, names, sizes)
        how = "cross-products from the population"
        return _Known(known * n_invited, totals, x, n, fraction, how)
    if x is None or n is None:
        why = (
            "neither records of those who responded nor a joint table of the population is "
            f"given, and the margins of {len(names)} variables do not say how they go together; "
            "one variable alone would do"
        )
        return _Known(None, totals, None, None, fraction, "", why)
    raked = _raked_shares(panel, population, names)
    if isinstance(raked, str):
        return _Known(None, totals, x, n, fraction, "", raked)
    shares = np.bincount(_cell_numbers(panel, population, names, sizes), raked, len(n))
    how = "cross-products from respondents raked to the margins (our approximation)"
    return _Known((x.T * shares) @ x * n_invited, totals, x, n, fraction, how)


def _margin(panel: Panel, population: Population, name: str) -> Floats:
    counts = panel.of(name).reindex(list(population.categories(name)), fill_value=0)
    found = np.asarray(counts, dtype=np.float64)
    return np.asarray(found / found.sum())


def _complete(panel: Panel, names: Sequence[str]) -> pd.DataFrame | None:
    """Respondents whose categories are all known."""
    return None if panel.members is None else panel.members[list(names)].dropna()


def _person_codes(
    members: pd.DataFrame, population: Population, names: Sequence[str]
) -> list[NDArray[np.intp]]:
    return [
        pd.Categorical(members[name], categories=list(population.categories(name)))
        .codes.astype(np.intp)
        for name in names
    ]  # fmt: skip


def _cells(
    panel: Panel, population: Population, names: Sequence[str], sizes: Sequence[int]
) -> tuple[Floats | None, Floats | None]:
    """Indicators and respondents of each cell of respondents."""
    from dmpkit.representativeness.raking import cells_of

    members = _complete(panel, names)
    if members is None or members.empty:
        return None, None
    cells = cells_of(_person_codes(members, population, names), sizes)
    people = np.bincount(cells.of_row, minlength=cells.n).astype(np.float64)
    return indicator_matrix(cells.codes, sizes), people


def _cell_numbers(
    panel: Panel, population: Population, names: Sequence[str], sizes: Sequence[int]
) -> NDArray[np.intp]:
    from dmpkit.representativeness.raking import cells_of

    members = panel.members[list(names)].dropna() if panel.members is not None else None
    if members is None:
        return np.empty(0, dtype=np.intp)
    return cells_of(_person_codes(members, population, names), sizes).of_row


def _from_joint(population: Population, names: Sequence[str], sizes: Sequence[int]) -> Floats:
    """Mean of xx' over the population."""
    if population.joint is not None and len(names) > 1:
        joint = population.joint
        codes = _person_codes(joint, population, names)
        shares = joint["count"].to_numpy(np.float64) / joint["count"].sum()
    else:
        codes = [np.arange(sizes[0])]
        shares = np.asarray(population.shares(names[0]), dtype=np.float64)
    x = indicator_matrix(codes, sizes)
    return (x.T * shares) @ x


def _raked_shares(panel: Panel, population: Population, names: Sequence[str]) -> Floats | str:
    """Shares of respondents raked to the margins; words where that cannot be done."""
    import warnings

    from dmpkit.representativeness.weighting import rake

    members = _complete(panel, names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            raked = rake(members, population, variables=names)
    except DataError as error:
        return f"the respondents cannot stand in for the population: {error.problem}"
    if not raked.converged:
        return "the respondents cannot be raked to the margins"
    return np.asarray(raked.weights / raked.weights.sum())


def _noise(known: _Known, n: Floats) -> Floats:
    """Covariance matrix of the respondents' totals, as if all responded independently."""
    if known.x is None:
        return np.zeros((0, 0))
    return np.asarray((known.x.T * (n * (1 - known.fraction * _propensities(known)))) @ known.x)


def _propensities(known: _Known) -> Floats:
    """Propensities of the respondents' cells under the linear model, cut off at 0 and 1."""
    if known.x is None or known.cross_products is None:
        return np.zeros(0)
    inverse = np.linalg.pinv(known.cross_products, hermitian=True)
    return np.clip(known.x @ inverse @ known.totals, 0, 1)


class _Redraw:
    """Draws who responds, cell by cell, and gives the adjusted R of each draw.

    The number of a cell is binomial with the chance π that a person of the population was
    invited and responded, Poisson where the size of the population is not known.
    """

    def __init__(self, known: _Known, n_invited: int) -> None:
        self.known, self.n_invited = known, int(n_invited)

    def __call__(self, generator: np.random.Generator, size: int) -> Floats:
        known = self.known
        if known.x is None or known.n is None or known.cross_products is None:
            return np.empty(0)
        chance = known.fraction * _propensities(known)
        rare = chance < 1e-6
        trials = np.rint(known.n / np.where(rare, 1.0, chance)).astype(np.int64)
        shape = (size, len(known.n))
        drawn = generator.binomial(trials, np.where(rare, 0.0, chance), shape)
        poisson = generator.poisson(np.where(rare, known.n, 0.0), shape)
        return np.array([self._one(n) for n in (drawn + poisson).astype(np.float64)])

    def _one(self, n: Floats) -> float:
        from dataclasses import replace

        x, cross = self.known.x, self.known.cross_products
        if x is None or cross is None:
            return float("nan")
        known = replace(self.known, totals=n @ x)
        return population_r(cross, known.totals, self.n_invited, _noise(known, n))
