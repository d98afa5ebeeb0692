"""The coefficients of agreement, one function each; see :mod:`dmpkit.measures.agreement`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from numbers import Integral, Real
from typing import Any, Literal, Protocol

import numpy as np

from dmpkit.errors import DataError, SmallSampleWarning, warn
from dmpkit.measures.chance import CongerTerms, KappaTerms, PairTerms, cohen_errors
from dmpkit.measures.coincidence import alpha_terms, bootstrap_values
from dmpkit.measures.metrics import Level, Weights, weight_matrix, weights_name
from dmpkit.measures.ratings import Floats, Patterns, Ratings
from dmpkit.reporting import Estimate

__all__ = [
    "brennan_prediger",
    "cohen_kappa",
    "cohen_kappa_of_table",
    "conger_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "gwet_ac2",
    "krippendorff_alpha",
    "light_kappa",
    "percent_agreement",
    "scott_pi",
]

NAN = math.nan


class _Terms(Protocol):
    @property
    def value(self) -> float: ...

    @property
    def standard_error(self) -> float: ...

    def value_for(self, weights: Floats) -> Floats: ...


@dataclass(frozen=True)
class _Sampling:
    """How the interval is made."""

    n_resamples: int
    seed: int | None
    confidence: float

    def __post_init__(self) -> None:
        given: Any = self.n_resamples
        if isinstance(given, bool) or not isinstance(given, Integral) or int(given) < 0:
            raise DataError(
                f"n_resamples is {self.n_resamples!r}.",
                remedy="Use 0 for no bootstrap, or a number such as 2000.",
            )
        share: Any = self.confidence
        if not isinstance(share, Real) or not 0 < float(share) < 1:
            raise DataError(
                f"The confidence is {self.confidence!r}.", remedy="Use a share, such as 0.95."
            )

    @property
    def percent(self) -> str:
        return f"{100 * self.confidence:g} %"


def krippendorff_alpha(
    ratings: Any,
    level: Level = "nominal",
    n_resamples: int = 0,
    seed: int | None = None,
    *,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Krippendorff's alpha: 1 − observed / expected disagreement.

    For any number of raters, missing ratings, and any level of measurement
    (Krippendorff 2011; 2019, chapter 12). Units with fewer than two ratings do
    not count. 1 is perfect agreement, 0 what drawing the same values at random
    would give, negative values systematic disagreement.

    The standard error is Gwet's (2014) linearisation over units, the interval
    from Student's t; for the ordinal level the same derivation with the ranks'
    dependence on the ratings (delta method, our own working). With `n_resamples`
    standard error and interval are those of a percentile bootstrap over units, or
    over whole clusters: take interviews or documents where stretches of one
    conversation are coded, because they are not independent.

    How far that holds (simulated, raters right with .7, see the page on validation): at
    50 units the 95 % interval covers 94 % at the nominal and ordinal, 91 % at the
    interval level, and 94 % from 200 units on; the bootstrap 92 % over 50 units, 91 %
    over 25 clusters. Where raters guess, p falls below .05 in 6 to 8 % of the cases.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
        None, NaN and blank text are missing; values are numbers, text, or sets.
    level : str, callable or array
        ``nominal``, ``ordinal`` (Krippendorff's metric, which is not what "ordinal
        weights" of the kappas are), ``interval``, ``ratio``; ``masi`` or
        ``jaccard`` for sets of codes; a function of two values; or a matrix of
        squared distances between the categories in their order.
    n_resamples : int
        0 for the analytic interval.
    seed : int, optional
        Of the bootstrap.
    clusters : array, units, optional
        Interview or document of each unit, for the bootstrap.
    unit_weights : array, units, optional
        Weight of each unit, such as its length in characters: a unit of weight 3
        counts as three units.
    categories : sequence, optional
        All values in their order; needed for the ordinal level of text.
    confidence : float
        Of the interval.

    Returns
    -------
    Estimate
        `n` is the number of units with two ratings or more. Where alpha is
        undefined, `value` is NaN and `note` says why.

    Raises
    ------
    DataError
        Fewer than two raters, or values that the level cannot measure.

    Examples
    --------
    >>> ratings = [[1, 2, 3, 3, 2], [1, 2, 3, 3, 2], [None, 3, 3, 3, 2]]
    >>> round(krippendorff_alpha(ratings).value, 4)
    0.7797
    >>> round(krippendorff_alpha(ratings, "ordinal").value, 4)
    0.8231
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    name = f"{level} level" if isinstance(level, str) else "metric of the user"
    terms = alpha_terms(r, level)
    return _estimate(
        r, r.patterns, _Alpha(terms), name, sampling, n=r.patterns.n_pairable,
        df=float(terms.times.sum()) - 1,
    )  # fmt: skip


class _Alpha:
    """Alpha under the names that the other coefficients use."""

    def __init__(self, terms: Any) -> None:
        self.value, self.terms = terms.alpha, terms
        if terms.level == "ordinal":
            self.method = "standard error by the delta method over units (our own working)"

    @property
    def standard_error(self) -> float:
        return float(self.terms.standard_error)

    def value_for(self, weights: Floats) -> Floats:
        values: Floats = self.terms.resampled(weights)
        return values


def percent_agreement(
    ratings: Any,
    weights: Weights = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Share of agreeing pairs of raters, mean over the units that two or more rated.

    Not corrected for chance: with one frequent category it is high whatever the
    raters do. Show it beside a corrected coefficient, never alone.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
        Credit for near agreement, see :func:`~dmpkit.measures.metrics.weight_matrix`.
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> percent_agreement([[1, 1, 2, 2], [1, 2, 2, 2]]).value
    0.75
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    return _kappa_family(r, "none", weights, sampling)


def fleiss_kappa(
    ratings: Any,
    weights: Weights = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Fleiss' (1971) kappa for several raters, as Gwet (2014) extends it to missing ratings.

    Chance agreement Σ w_kl π_k π_l with π the mean over units of the share of
    ratings in each category: all raters are held to draw from one distribution.
    With two raters and no missing ratings it is Scott's pi. Standard error by
    Gwet's linearisation, interval from Student's t. With quadratic weights it covers
    91 to 92 % for 95 at 50 units (simulated), about 95 % from 200 on.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
        The note of the estimate names them.
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> round(fleiss_kappa([[1, 1, 2, 2], [1, 2, 2, 2], [1, 1, 2, 2]]).value, 4)
    0.6571
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    return _kappa_family(r, "fleiss", weights, sampling)


def brennan_prediger(
    ratings: Any,
    weights: Weights = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Brennan & Prediger's (1981) coefficient: chance spreads over all q categories alike.

    Chance agreement Σ w_kl / q². It depends on how many categories there are, so
    give `categories` where some were possible but never used. Standard error by
    Gwet's (2014) linearisation. The p-value asks whether the coefficient is 0, which is
    what guessing gives only where all categories are alike frequent.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> brennan_prediger([[1, 1, 2, 2], [1, 2, 2, 2]]).value
    0.5
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    return _kappa_family(r, "uniform", weights, sampling)


def gwet_ac1(
    ratings: Any,
    weights: Weights = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Gwet's (2008) AC1, which stays near percent agreement where one category is rare.

    Chance agreement Σ w / (q(q − 1)) · Σ π_k(1 − π_k); with `weights` it is AC2.
    Standard error by Gwet's (2014) linearisation, interval from Student's t.

    The p-value asks whether AC1 is 0. That is not whether the raters guess: where some
    categories are frequent, AC1 is above 0 for raters who guess by these shares, and p
    falls below .05 more often than in 5 % of the cases (21 % with shares of 40, 30, 20
    and 10 % at 50 units, simulated). Test with :func:`fleiss_kappa` or
    :func:`krippendorff_alpha`.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> round(gwet_ac1([[1, 1, 2, 2], [1, 2, 2, 2]]).value, 4)
    0.5294
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    return _kappa_family(r, "gwet", weights, sampling)


def gwet_ac2(
    ratings: Any,
    weights: Weights = "quadratic",
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Gwet's AC2: AC1 with weights, for ordered categories.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"quadratic", "linear", "ordinal"}, array
        The note of the estimate names them.
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`; text needs `categories` in their order.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> gwet_ac2([[1, 2, 3, 3], [1, 3, 3, 3]]).note.split(";")[0]
    'quadratic weights'
    """
    return gwet_ac1(
        ratings, weights, n_resamples=n_resamples, seed=seed, clusters=clusters,
        unit_weights=unit_weights, categories=categories, confidence=confidence,
    )  # fmt: skip


def conger_kappa(
    ratings: Any,
    weights: Weights = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Conger's (1980) kappa: Cohen's for several raters, each with the own distribution.

    Chance agreement is the mean over pairs of raters of Σ w_kl p_gk p_hl. With two
    raters who rated all units it is Cohen's kappa. Standard error by Gwet's
    (2014) linearisation.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> round(conger_kappa([[1, 1, 2, 2], [1, 2, 2, 2]]).value, 4)
    0.5
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    patterns = r.patterns_by_rater
    matrix = weight_matrix(r, weights)
    if not _comparable(r):
        return _undefined(r, weights_name(weights))
    terms = CongerTerms(patterns, matrix)
    return _estimate(
        r, patterns, terms, weights_name(weights), sampling, n=patterns.n_pairable,
        df=float(patterns.times.sum()) - 1,
    )  # fmt: skip


def scott_pi(
    ratings: Any,
    weights: Weights = None,
    *,
    raters: Sequence[str] | None = None,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Scott's (1955) pi of two raters, over the units that both rated.

    Chance agreement from one distribution, the mean of the two raters'. Standard
    error by Gwet's (2014) linearisation.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, 2 raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
    raters : (str, str), optional
        Which two, where there are more.
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Not two raters, or weights that do not fit.

    Examples
    --------
    >>> round(scott_pi([[1, 1, 2, 2], [1, 2, 2, 2]]).value, 4)
    0.4667
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(
        ratings, categories=categories, unit_weights=unit_weights, clusters=clusters
    ).pair(raters, "Scott's pi")
    if not _comparable(r):
        return _undefined(r, weights_name(weights))
    return _kappa_family(_both_rated(r), "fleiss", weights, sampling)


def _both_rated(r: Ratings) -> Ratings:
    """Units that only one of the two rated do not count."""
    from dataclasses import replace

    return replace(r, codes=np.where((r.codes >= 0).all(axis=0), r.codes, -1))


def cohen_kappa(
    ratings: Any,
    weights: Weights = None,
    *,
    raters: Sequence[str] | None = None,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Cohen's kappa of two raters (1960; weighted 1968), over the units that both rated.

    Standard error and normal interval from Fleiss, Cohen & Everitt's (1969)
    asymptotic variance (what R's ``vcd`` and ``statsmodels`` give); the p-value
    from their variance under chance agreement alone. Numbers are weighted by
    their values, ordered text by its positions. With quadratic weights and 50 units the
    95 % interval covers 90 % (simulated); about 94 % from 200 units on.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, 2 raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
    raters : (str, str), optional
        Which two, where there are more.
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate

    Raises
    ------
    DataError
        Not two raters, or weights that do not fit.

    Examples
    --------
    >>> round(cohen_kappa([[1, 1, 2, 2], [1, 2, 2, 2]]).value, 4)
    0.5
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(
        ratings, categories=categories, unit_weights=unit_weights, clusters=clusters
    ).pair(raters, "Cohen's kappa")
    matrix = weight_matrix(r, weights)
    if not _comparable(r):
        return _undefined(r, weights_name(weights))
    terms = _Cohen(r.patterns_by_rater, matrix)
    return _estimate(
        r, r.patterns_by_rater, terms, weights_name(weights), sampling,
        n=r.patterns_by_rater.n_pairable, df=None, null_error=terms.null_error,
    )  # fmt: skip


class _Cohen(PairTerms):
    """Kappa with its asymptotic errors."""

    @property
    def standard_error(self) -> float:
        return cohen_errors(self.table, self.matrix)[0]

    @property
    def null_error(self) -> float:
        return cohen_errors(self.table, self.matrix)[1]


def cohen_kappa_of_table(
    table: Any, weights: Weights = None, *, confidence: float = 0.95
) -> Estimate:
    """Cohen's kappa from a confusion table, as printed in a paper.

    Parameters
    ----------
    table : array, categories × categories
        Units by what the first (rows) and the second rater (columns) gave.
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
        Distances are those of the positions.
    confidence : float

    Returns
    -------
    Estimate
        See :func:`cohen_kappa`.

    Raises
    ------
    DataError
        A table that is not square, or with counts that are not whole and 0 or more.

    Examples
    --------
    >>> round(cohen_kappa_of_table([[20, 5], [10, 15]]).value, 4)
    0.4
    """
    try:
        cells = np.array(table, dtype=np.float64)
    except (TypeError, ValueError):
        cells = np.empty(0)
    if cells.ndim != 2 or cells.shape[0] != cells.shape[1] or not cells.size:
        raise DataError("A confusion table has one row and one column a category.")
    if not np.isfinite(cells).all() or (cells < 0).any() or (cells != cells.round()).any():
        raise DataError("A confusion table holds whole counts of 0 or more.")
    q = len(cells)
    places = np.divmod(np.repeat(np.arange(q * q), cells.ravel().astype(np.int64)), q)
    return cohen_kappa(np.array(places), weights, categories=range(q), confidence=confidence)


def light_kappa(
    ratings: Any,
    weights: Weights = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Light's (1971) kappa: the mean of Cohen's kappas of all pairs of raters.

    There is no standard error in the literature that we would trust for it; take
    the bootstrap.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`krippendorff_alpha`.

    Returns
    -------
    Estimate
        NaN where the kappa of any pair is undefined; the note names the pair.

    Raises
    ------
    DataError
        Fewer than two raters, or weights that do not fit.

    Examples
    --------
    >>> round(light_kappa([[1, 1, 2, 2], [1, 2, 2, 2], [1, 1, 2, 2]]).value, 4)
    0.6667
    """
    sampling = _Sampling(n_resamples, seed, confidence)
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    matrix, name = weight_matrix(r, weights), weights_name(weights)
    if not _comparable(r):
        return _undefined(r, name)
    terms = _Light(r.patterns_by_rater, matrix)
    missing = [pair for pair, value in terms.pairs().items() if math.isnan(value)]
    if len(missing) == len(terms.terms):
        return _undefined(r, name)
    if missing:
        a, b = (r.raters[i] for i in missing[0])
        note = f"{name}; undefined: the kappa of {a} and {b} is, and so is the mean"
        return Estimate(NAN, n=r.patterns.n_pairable, note=note)
    return _estimate(
        r, r.patterns_by_rater, terms, name, sampling, n=r.patterns.n_pairable, df=None
    )


class _Light:
    """Mean of the pairwise kappas."""

    standard_error = NAN

    def __init__(self, patterns: Patterns, matrix: Floats) -> None:
        pairs = combinations(range(len(patterns.codes)), 2)
        self.terms = {
            (i, j): PairTerms(
                Patterns(patterns.codes[[i, j]], patterns.times, patterns.mass, patterns.of_unit),
                matrix,
            )
            for i, j in pairs
        }

    def pairs(self) -> dict[tuple[int, int], float]:
        return {pair: terms.value for pair, terms in self.terms.items()}

    @property
    def value(self) -> float:
        return float(np.mean(list(self.pairs().values())))

    def value_for(self, weights: Floats) -> Floats:
        values: Floats = np.mean([t.value_for(weights) for t in self.terms.values()], axis=0)
        return values


# --- from terms to an estimate -------------------------------------------------------


def _kappa_family(
    r: Ratings,
    chance: Literal["none", "fleiss", "uniform", "gwet"],
    weights: Weights,
    sampling: _Sampling,
) -> Estimate:
    matrix, name = weight_matrix(r, weights), weights_name(weights)
    if not _comparable(r):
        return _undefined(r, name)
    if chance == "gwet" and len(r.categories) < 2:
        return _undefined(r, name)
    return _estimate(
        r, r.patterns, KappaTerms(r.patterns, matrix, chance), name, sampling,
        n=r.patterns.n_pairable, df=float(r.patterns.times.sum()) - 1, tested=chance != "none",
    )  # fmt: skip


def _comparable(r: Ratings) -> bool:
    """Whether there is anything to compare, with a warning where it is a single unit."""
    return len(r.codes) >= 2 and r.patterns.n_pairable > 0


def _undefined(r: Ratings, name: str) -> Estimate:
    return Estimate(NAN, n=r.patterns.n_pairable, note=f"{name}; undefined: {_reason(r)}")


def _reason(r: Ratings) -> str:
    """Why no coefficient can be given, in a researcher's words."""
    rating = (r.codes >= 0).any(axis=1)
    if not rating.any():
        return "no rater rated any unit"
    if rating.sum() == 1:
        return f"only {r.raters[int(rating.argmax())]} rated anything, and agreement needs two"
    if r.patterns.n_pairable == 0:
        return "no unit was rated by two raters, so nothing can be compared"
    pairable = r.patterns.n_ratings >= 2
    seen = np.unique(r.patterns.codes[:, pairable])
    seen = seen[seen >= 0]
    if len(seen) == 1:
        value = r.categories[int(seen[0])]
        return (
            f"every compared rating is {value!r}; where only one category was used, it cannot be "
            "said whether the raters tell the categories apart (percent agreement is 100 %)"
        )
    return "chance alone would make agreement complete, so nothing beyond chance can be seen"


def _estimate(
    r: Ratings,
    patterns: Patterns,
    terms: _Terms,
    name: str,
    sampling: _Sampling,
    *,
    n: int,
    df: float | None,
    null_error: float = NAN,
    tested: bool = True,
) -> Estimate:
    """Value, uncertainty and the words that go with them."""
    if not _comparable(r):
        return _undefined(r, name)
    value = terms.value
    if math.isnan(value):
        return _undefined(r, name)
    if n == 1:
        warn("The agreement rests on one unit; nothing follows from it.", SmallSampleWarning)
    if sampling.n_resamples:
        return _bootstrapped(r, patterns, terms.value_for, value, name, sampling, n)
    if r.unit_weights is not None:
        note = (
            f"{name}; no standard error: stretches of one text are not independent; take a "
            "bootstrap with clusters="
        )
        return Estimate(value, n=n, note=note)
    error = terms.standard_error
    if math.isnan(error):
        few = "one unit" if n == 1 else "this coefficient (take the bootstrap)"
        return Estimate(value, n=n, note=f"{name}; no standard error for {few}")
    if error < 1e-9:
        note = (
            f"{name}; no interval: every unit says the same, which the formula takes for certainty"
        )
        return Estimate(value, n=n, note=note)
    method = getattr(terms, "method", "linearised standard error over units (Gwet)")
    return _analytic(value, error, name, sampling, n, df, null_error, tested, method)


def _analytic(
    value: float, error: float, name: str, sampling: _Sampling, n: int,
    df: float | None, null_error: float, tested: bool, method: str,
) -> Estimate:  # fmt: skip
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    tail = (1 + sampling.confidence) / 2
    if df is None:
        reach = float(ndtri(tail)) * error
        p = 2 * float(ndtr(-abs(value / null_error))) if null_error > 0 else NAN
        how = (
            f"asymptotic standard error (Fleiss, Cohen & Everitt 1969), {sampling.percent} normal "
            f"interval; p from the standard error under chance alone, {null_error:.4f}"
        )
    else:
        reach = float(stdtrit(df, tail)) * error
        p = 2 * float(stdtr(df, -abs(value / error))) if tested else NAN
        how = f"{method}, {sampling.percent} t interval"
    # below -1 where units that one rater rated make chance agreement likely
    lowest = min(-1.0, value) if tested else 0.0
    low, high = max(lowest, value - reach), min(1.0, value + reach)
    return Estimate(value, error, low, high, p, n, f"{name}; {how}")


def _bootstrapped(
    r: Ratings,
    patterns: Patterns,
    value_for: Callable[[Floats], Floats],
    value: float,
    name: str,
    sampling: _Sampling,
    n: int,
) -> Estimate:
    if r.unit_weights is not None and r.clusters is None:
        raise DataError(
            "Stretches of one text are not independent, so resampling them one by one would "
            "promise too much.",
            remedy="Give clusters= (the interview or document of each unit), or n_resamples=0.",
        )
    values, seed = bootstrap_values(
        value_for, patterns, sampling.n_resamples,
        seed=sampling.seed, clusters=r.clusters, mass=r.unit_weights,
    )  # fmt: skip
    usable = values[~np.isnan(values)]
    rated = int(patterns.times.sum())
    drawn = f"{rated:,} units" if r.clusters is None else f"{int(r.clusters.max()) + 1} clusters"
    how = f"{sampling.percent} percentile interval, {sampling.n_resamples:,} resamples of {drawn}"
    how += f", seed {seed}"
    if len(usable) < len(values):
        how += f"; undefined in {len(values) - len(usable):,} resamples, which are left out"
    if len(usable) < 2:
        return Estimate(value, n=n, note=f"{name}; no interval: {how}")
    tail = (1 - sampling.confidence) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    error = float(usable.std(ddof=1))
    if error == 0:
        how += "; every resample says the same, which is not certainty"
    return Estimate(value, error, float(low), float(high), NAN, n, f"{name}; {how}")
