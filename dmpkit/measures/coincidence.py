"""Krippendorff's alpha from patterns of ratings, with its standard error and bootstrap.

Notation (Krippendorff 2019, chapter 12): n_c ratings of value c in units with two
ratings or more, n of them in all, δ²_ck the metric. A unit with m ratings adds
d = Σ_{i≠j} δ²(i, j)/(m − 1) to the observed disagreement, and

    alpha = 1 − (n − 1)·Σ d / Σ_ck n_c n_k δ²_ck.

No coincidence matrix is needed: nominal, interval and ordinal metrics have closed
forms in the margins. The ordinal metric is the interval metric on mid-ranks,
A_c = Σ_{g<c} n_g + n_c/2, because Σ_{g=c..k} n_g − (n_c + n_k)/2 = A_k − A_c.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dmpkit.errors import DataError
from dmpkit.measures.metrics import LEVELS, Level, metric_matrix
from dmpkit.measures.ratings import Floats, Ints, Patterns, Ratings
from dmpkit.resampling import drawn_seed, run_resamples

__all__ = ["AlphaTerms", "alpha_terms", "bootstrap_values", "pair_totals"]

#: Raters up to which pairs of rows are compared one by one.
FEW_RATERS = 24
#: Resamples in one chunk; changing it changes the random numbers.
CHUNK = 50


def pair_totals(codes: Ints, matrix: Floats | None) -> Floats:
    """Σ over ordered pairs of raters of matrix[value, value], for each pattern.

    Parameters
    ----------
    codes : array, raters × patterns
        -1 where missing.
    matrix : array, categories × categories, or None
        Symmetric; None counts pairs that differ (the nominal metric).

    Examples
    --------
    >>> pair_totals(np.array([[0, 1], [1, 1], [1, -1]]), None).tolist()
    [4.0, 0.0]
    """
    if len(codes) > FEW_RATERS:
        return _many_raters(codes, matrix)
    total = np.zeros(codes.shape[1])
    for i in range(len(codes)):
        for j in range(i):
            both = (codes[i] >= 0) & (codes[j] >= 0)
            apart = codes[i] != codes[j] if matrix is None else matrix[codes[i], codes[j]]
            total += 2.0 * (apart * both)
    return total


def _many_raters(codes: Ints, matrix: Floats | None) -> Floats:
    q = int(codes.max(initial=0)) + 1
    total = np.empty(codes.shape[1])
    step = max(1, 4_000_000 // q)
    for start in range(0, codes.shape[1], step):
        counts = dense_counts(codes[:, start : start + step], q)
        if matrix is None:
            m = counts.sum(axis=1)
            part = m * m - (counts**2).sum(axis=1)
        else:
            cells = matrix[:q, :q]
            part = ((counts @ cells) * counts).sum(axis=1) - counts @ np.diag(cells)
        total[start : start + step] = part
    return total


def dense_counts(codes: Ints, q: int) -> Floats:
    """Patterns × categories: how many raters gave the value."""
    n = codes.shape[1]
    _, column = np.nonzero(codes >= 0)
    flat = column * q + codes[codes >= 0]
    return np.bincount(flat, minlength=n * q).reshape(n, q).astype(np.float64)


def sparse_counts(codes: Ints, q: int) -> Any:
    """The same as a sparse matrix."""
    from scipy.sparse import csr_array

    row, column = np.nonzero(codes >= 0)
    values = codes[row, column]
    shape = (codes.shape[1], q)
    return csr_array((np.ones(len(values)), (column, values)), shape=shape)


@dataclass(frozen=True, eq=False)
class AlphaTerms:
    """What alpha is made of, by pattern of pairable units.

    Attributes
    ----------
    codes : array, raters × patterns
        Patterns with two ratings or more.
    times, mass : array, patterns
        Units, and their weights.
    kept : array of int
        Position of these patterns among all.
    positions : array or None
        Numbers of the categories for the interval level.
    matrix : array or None
        The metric, where it is neither nominal, interval nor ordinal.
    level : str
        nominal, ordinal, interval, or matrix.
    """

    codes: Ints
    times: Floats
    mass: Floats
    kept: Ints
    n_categories: int
    level: str
    positions: Floats | None = None
    matrix: Floats | None = None

    @cached_property
    def m(self) -> Floats:
        """Ratings of a unit of each pattern."""
        counts: Floats = (self.codes >= 0).sum(axis=0).astype(np.float64)
        return counts

    @cached_property
    def margins(self) -> Floats:
        """Ratings of each category, weighted."""
        rated = self.codes >= 0
        weights = np.broadcast_to(self.mass, self.codes.shape)[rated]
        total = np.bincount(self.codes[rated], weights, minlength=self.n_categories)
        return total.astype(np.float64)

    @cached_property
    def places(self) -> Floats | None:
        """Positions of the categories on the line, where the metric has one."""
        if self.level == "ordinal":
            ranks = np.cumsum(self.margins) - self.margins / 2
            centred: Floats = ranks - float(ranks @ self.margins) / max(self.n, 1.0)
            return centred
        return self.positions

    @cached_property
    def disagreement(self) -> Floats:
        """The contribution d of a unit of each pattern to the observed disagreement."""
        if self.places is not None:
            return 2 * self.m / (self.m - 1) * self._scatter(self.places)
        return pair_totals(self.codes, self.matrix) / (self.m - 1)

    def _scatter(self, places: Floats) -> Floats:
        """Squares about the unit's mean, summed over its raters."""
        rated = self.codes >= 0
        values = np.where(rated, places[self.codes], 0.0)
        away = np.where(rated, values - values.sum(axis=0) / self.m, 0.0)
        scatter: Floats = (away**2).sum(axis=0)
        return scatter

    @property
    def observed(self) -> float:
        """Observed disagreement, summed over units."""
        return float(self.disagreement @ self.mass)

    @cached_property
    def expected(self) -> float:
        """Σ_ck n_c n_k δ²_ck."""
        return float(self.expected_for(self.margins[None, :])[0])

    def expected_for(self, margins: Floats, places: Floats | None = None) -> Floats:
        """The same for rows of margins.

        The ordinal metric depends on the margins, so `places` come with each row.
        """
        n = margins.sum(axis=1)
        where = self.places if places is None else places
        if where is not None:
            mean = (margins * where).sum(axis=1) / np.maximum(n, 1e-300)
            away: Floats = 2 * n * (margins * (where - mean[:, None]) ** 2).sum(axis=1)
            return away
        if self.matrix is not None:
            cells: Floats = ((margins @ self.matrix) * margins).sum(axis=1)
            return cells
        apart: Floats = (margins * (n[:, None] - margins)).sum(axis=1)
        return apart

    @property
    def n(self) -> float:
        """Pairable ratings."""
        return float(self.margins.sum())

    @property
    def alpha(self) -> float:
        """Alpha; NaN where nothing could disagree."""
        if not self.expected > 0:
            return math.nan
        return 1 - (self.n - 1) * self.observed / self.expected

    @cached_property
    def standard_error(self) -> float:
        """By linearisation over units (Gwet 2014), in the form that irrCAC computes.

        The derivative of 1 − n·Σd/E by the weight of each unit, and one term of
        order 1/n for units with more or fewer ratings than the mean; for the
        ordinal metric the ranks' own dependence on the ratings is in it.
        """
        units = float(self.times.sum())
        if units < 2 or not self.expected > 0:
            return math.nan
        n, s, e = self.n, self.observed, self.expected
        to_s, to_e = self.disagreement.copy(), 2 * self._by_unit(self._chance())
        if self.level == "ordinal":
            to_s += self._by_unit(_moved(self._slope_observed()))
            to_e += self._by_unit(_moved(self._slope_expected()))
        u = -n / e * to_s - s / e * self.m + s * n / e**2 * to_e
        u -= s / e * (self.m / n - 1 / units)
        return math.sqrt(units / (units - 1) * float((u**2) @ self.times))

    def _by_unit(self, by_category: Floats) -> Floats:
        """Sum over a unit's ratings."""
        rated = self.codes >= 0
        total: Floats = np.where(rated, by_category[self.codes], 0.0).sum(axis=0)
        return total

    def _chance(self) -> Floats:
        """Σ_k n_k δ²_ck for each category."""
        n_k = self.margins
        if self.places is not None:
            mean = float(self.places @ n_k) / self.n
            away = self.places - mean
            return self.n * away**2 + float(n_k @ away**2)
        return self.n - n_k if self.matrix is None else self.matrix @ n_k

    def _slope_observed(self) -> Floats:
        """Derivative of the observed disagreement by the place of each category."""
        places = self.places
        rated = self.codes >= 0
        values = np.where(rated, places[self.codes], 0.0)  # type: ignore[index]
        away = np.where(rated, values - values.sum(axis=0) / self.m, 0.0)
        weight = 4 * self.m / (self.m - 1) * self.times
        slope = np.bincount(self.codes[rated], (away * weight)[rated], self.n_categories)
        return slope.astype(np.float64)

    def _slope_expected(self) -> Floats:
        away = self.places - float(self.places @ self.margins) / self.n  # type: ignore[operator]
        return 4 * self.n * self.margins * away

    def resampled(self, weights: Floats) -> Floats:
        """Alpha for rows of weights of the patterns (resamples × all patterns)."""
        w = weights if len(self.kept) == weights.shape[1] else weights[:, self.kept]
        turned = np.ascontiguousarray(w.T)
        margins = (self._sparse.T @ turned).T
        if self.level == "ordinal":
            observed, expected = self._ordinal(turned, margins)
        else:
            observed, expected = w @ self.disagreement, self.expected_for(margins)
        ratio = np.divide(observed, expected, out=np.full(len(w), np.nan), where=expected > 1e-12)
        alphas: Floats = 1 - (margins.sum(axis=1) - 1) * ratio
        return alphas

    @cached_property
    def _sparse(self) -> Any:
        return sparse_counts(self.codes, self.n_categories)

    def _ordinal(self, w: Floats, margins: Floats) -> tuple[Floats, Floats]:
        """Ranks anew in each resample: twice the sum of m/(m−1)·ΣA² − (ΣA)²/(m−1).

        `w`: patterns × resamples.
        """
        n = margins.sum(axis=1, keepdims=True)
        ranks = np.cumsum(margins, axis=1) - margins / 2
        places = ranks - (ranks * margins).sum(axis=1, keepdims=True) / np.maximum(n, 1e-300)
        few, most = (self.m.min(), self.m.max()) if len(self.m) else (2.0, 2.0)
        if few == most:  # nothing is missing
            squares, share = margins * (few / (few - 1)), w
        else:
            squares = (self._sparse.T @ (w * (self.m / (self.m - 1))[:, None])).T
            share = w * ((few - 1) / (self.m - 1))[:, None]
        first = (squares * places**2).sum(axis=1)
        sums = self._sparse @ np.ascontiguousarray(places.T)
        np.square(sums, out=sums)
        second = np.einsum("pb,pb->b", share, sums) / (few - 1)
        return 2 * (first - second), self.expected_for(margins, places)


def _moved(slope: Floats) -> Floats:
    """What one more rating of each category does through the ranks of all."""
    above = np.cumsum(slope[::-1])[::-1] - slope
    return above + slope / 2


def alpha_terms(ratings: Ratings, level: Level) -> AlphaTerms:
    """Collect what alpha needs.

    Raises
    ------
    DataError
        An unknown level, or values that it cannot measure.
    """
    found = ratings.patterns
    kept = np.flatnonzero(found.n_ratings >= 2)
    shared = (
        found.codes[:, kept], found.times[kept], found.mass[kept], kept, len(ratings.categories),
    )  # fmt: skip
    if isinstance(level, str):
        if level not in LEVELS:
            raise DataError(f"{level!r} is not a level.", remedy=f"Use {', '.join(LEVELS)}.")
        if level == "nominal":
            return AlphaTerms(*shared, "nominal")
        if level == "ordinal":
            ratings.numbers  # noqa: B018  (raises where the order is not known)
            return AlphaTerms(*shared, "ordinal")
        if level == "interval" and ratings.numeric:
            values = ratings.numbers
            return AlphaTerms(
                *shared, "interval", positions=values - (values.mean() if len(values) else 0.0)
            )
    return AlphaTerms(*shared, "matrix", matrix=metric_matrix(ratings, level))


# --- resampling --------------------------------------------------------------------


def bootstrap_values(
    statistic: Callable[[Floats], Floats],
    patterns: Patterns,
    n_resamples: int,
    *,
    seed: int | None,
    clusters: Ints | None = None,
    mass: Floats | None = None,
) -> tuple[Floats, int]:
    """A statistic of pattern weights over resampled units or clusters.

    Units are drawn with replacement; since units of one pattern are alike, the
    number of each pattern is drawn at once (multinomial). With clusters, whole
    clusters are drawn with all their units.

    Parameters
    ----------
    statistic : callable
        Takes resamples × patterns, gives one value a resample.
    patterns : Patterns
    n_resamples : int
    seed : int, optional
    clusters : array of int, units, optional
    mass : array, units, optional
        Unit weights, for clusters.

    Returns
    -------
    (array, int)
        Values, and the seed they were drawn with.

    Examples
    --------
    >>> p = Ratings.read([[1, 1, 2, 2], [1, 1, 2, 1]]).patterns
    >>> values, _ = bootstrap_values(lambda w: w.sum(axis=1), p, 3, seed=1)
    >>> values.tolist()
    [4.0, 4.0, 4.0]
    """
    used = drawn_seed(seed)
    draw = _Units(patterns.times) if clusters is None else _clusters(patterns, clusters, mass)
    parts = run_resamples(
        _Draw(draw, statistic),
        n_resamples,
        seed=used,
        chunk_size=CHUNK,
        progress=False,
    )
    return np.concatenate(parts), used


@dataclass(frozen=True)
class _Draw:
    draw: Callable[[Any, int], Floats]
    statistic: Callable[[Floats], Floats]

    def __call__(self, generator: Any, size: int) -> Floats:
        return self.statistic(self.draw(generator, size))


@dataclass(frozen=True)
class _Units:
    """Multinomial counts of the patterns.

    With many patterns a little fewer than n units are drawn as Poisson counts,
    which given their total are multinomial, and the rest one by one: the same
    distribution with fewer draws.
    """

    times: Floats

    def __call__(self, generator: Any, size: int) -> Floats:
        n = int(self.times.sum())
        if len(self.times) < 500 or n < 2000:
            counts: Floats = generator.multinomial(n, self.times / n, size=size).astype(float)
            return counts
        pattern_of = np.repeat(np.arange(len(self.times)), self.times.astype(np.int64))
        first = self.times * (1 - 4 / math.sqrt(n))
        drawn = np.empty((size, len(self.times)))
        for row in drawn:
            row[:] = generator.poisson(first)
            while (rest := n - int(row.sum())) < 0:
                row[:] = generator.poisson(first)
            row += np.bincount(pattern_of[generator.integers(0, n, rest)], minlength=len(row))
        return drawn


@dataclass(frozen=True)
class _Clusters:
    """Clusters drawn whole; `held` is clusters × patterns."""

    held: Any

    def __call__(self, generator: Any, size: int) -> Floats:
        k = self.held.shape[0]
        drawn = generator.multinomial(k, np.full(k, 1 / k), size=size).astype(float)
        total: Floats = (self.held.T @ drawn.T).T
        return total


def _clusters(patterns: Patterns, clusters: Ints, mass: Floats | None) -> _Clusters:
    from scipy.sparse import csr_array

    rated = patterns.of_unit >= 0
    values = np.ones(int(rated.sum())) if mass is None else mass[rated]
    place = (clusters[rated], patterns.of_unit[rated])
    shape = (int(clusters.max()) + 1, len(patterns.times))
    return _Clusters(csr_array((values, place), shape=shape))
