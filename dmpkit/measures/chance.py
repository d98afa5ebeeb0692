"""Chance-corrected agreement of the kappa family, with linearised standard errors.

Every coefficient is (pa − pe)/(1 − pe): pa is the mean over units with two
ratings or more of the (weighted) share of agreeing pairs of raters; pe is what
chance is held to do, and in that alone they differ (Gwet 2014, chapters 4, 5):

- Fleiss, Scott: all raters draw from one distribution π, pe = Σ w π_k π_l;
- Conger, Cohen: each rater draws from the own distribution, mean over pairs;
- Brennan–Prediger: all q categories alike, pe = Σ w / q²;
- Gwet AC1, AC2: pe = Σ w / (q(q − 1)) · Σ π_k(1 − π_k).

π_k is the mean over rated units of the share of their ratings in category k.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np

from dmpkit.measures.coincidence import pair_totals, sparse_counts
from dmpkit.measures.ratings import Floats, Patterns

__all__ = ["CongerTerms", "KappaTerms", "PairTerms", "cohen_errors"]

Chance = Literal["none", "fleiss", "uniform", "gwet"]
TINY = 1e-12


@dataclass(frozen=True, eq=False)
class KappaTerms:
    """Terms of the coefficients whose chance depends on π alone.

    Attributes
    ----------
    patterns : Patterns
    matrix : array, categories × categories
        Weights of agreement.
    chance : {"none", "fleiss", "uniform", "gwet"}
        "none" is percent agreement.
    """

    patterns: Patterns
    matrix: Floats
    chance: Chance

    @cached_property
    def agreement(self) -> Floats:
        """Share of agreeing pairs in a unit of each pattern; 0 where there is no pair."""
        m = self.patterns.n_ratings
        agreeing = pair_totals(self.patterns.codes, self.matrix)
        agreement: Floats = agreeing / np.maximum(m * (m - 1), 1.0)
        return agreement

    @cached_property
    def paired(self) -> Floats:
        """1 where a unit of the pattern has two ratings or more."""
        return (self.patterns.n_ratings >= 2).astype(np.float64)

    @cached_property
    def shares(self) -> Any:
        """Patterns × categories: share of a unit's ratings (sparse)."""
        counts = sparse_counts(self.patterns.codes, len(self.matrix))
        return counts.multiply(1 / self.patterns.n_ratings[:, None]).tocsr()

    def expected(self, pi: Floats) -> Floats:
        """Chance agreement for rows of π."""
        q, total = len(self.matrix), float(self.matrix.sum())
        if self.chance == "fleiss":
            both: Floats = ((pi @ self.matrix) * pi).sum(axis=1)
            return both
        if self.chance == "gwet" and q > 1:
            spread: Floats = (pi * (1 - pi)).sum(axis=1)
            return total / (q * (q - 1)) * spread
        return np.full(len(pi), 0.0 if self.chance == "none" else total / q**2)

    def value_for(self, weights: Floats) -> Floats:
        """The coefficient for rows of weights of the patterns."""
        pairs = weights @ self.paired
        pi = (self.shares.T @ weights.T).T / np.maximum(weights.sum(axis=1), TINY)[:, None]
        pa = np.divide(
            weights @ (self.agreement * self.paired), pairs,
            out=np.full(len(weights), np.nan), where=pairs > 0,
        )  # fmt: skip
        return _corrected(pa, self.expected(pi))

    @cached_property
    def pi(self) -> Floats:
        """Mean over units of the share of ratings in each category."""
        w = self.patterns.mass
        pi: Floats = (self.shares.T @ w) / max(float(w.sum()), TINY)
        return pi

    @property
    def pe(self) -> float:
        """Chance agreement."""
        return float(self.expected(self.pi[None, :])[0])

    @property
    def value(self) -> float:
        """The coefficient; NaN where it is undefined."""
        return float(self.value_for(self.patterns.mass[None, :])[0])

    @cached_property
    def standard_error(self) -> float:
        """Gwet's (2014) linearised standard error over units."""
        pe = self.pe
        if self.chance == "fleiss":
            by_category = self.matrix @ self.pi
        elif self.chance == "gwet":
            q = len(self.matrix)
            by_category = float(self.matrix.sum()) / (q * (q - 1)) * (1 - self.pi)
        else:
            return linearised(self, pe, np.full(len(self.patterns.times), pe))
        return linearised(self, pe, self.shares @ by_category)


def linearised(terms: KappaTerms | CongerTerms, pe: float, pe_by_unit: Floats) -> float:
    """Gwet's variance: Σ (κ*_i − κ)² / (n(n − 1)) over the n rated units."""
    patterns = terms.patterns
    n = float(patterns.times.sum())
    pairs = float(patterns.times @ terms.paired)
    if n < 2 or pairs == 0 or 1 - pe < TINY:
        return math.nan
    value = terms.value
    own = n / pairs * terms.paired * (terms.agreement - pe) / (1 - pe)
    own = own - 2 * (1 - value) * (pe_by_unit - pe) / (1 - pe)
    return math.sqrt(float(patterns.times @ (own - value) ** 2) / (n * (n - 1)))


def _corrected(pa: Floats, pe: Floats) -> Floats:
    beyond: Floats = np.divide(pa - pe, 1 - pe, out=np.full(len(pa), np.nan), where=1 - pe > TINY)
    return beyond


@dataclass(frozen=True, eq=False)
class CongerTerms:
    """Conger's kappa: every rater has a distribution p_g of the own.

    pe is the mean over pairs of different raters of p_g' W p_h; with two raters
    who rated all units it is Cohen's.
    """

    patterns: Patterns
    matrix: Floats

    @cached_property
    def agreement(self) -> Floats:
        """Share of agreeing pairs in a unit of each pattern."""
        m = self.patterns.n_ratings
        agreeing = pair_totals(self.patterns.codes, self.matrix)
        agreement: Floats = agreeing / np.maximum(m * (m - 1), 1.0)
        return agreement

    @cached_property
    def paired(self) -> Floats:
        """1 where a unit of the pattern has two ratings or more."""
        return (self.patterns.n_ratings >= 2).astype(np.float64)

    def margins_for(self, weights: Floats) -> Floats:
        """Distributions, resamples × raters × categories; NaN for a rater without units."""
        from scipy.sparse import csr_array

        q, codes = len(self.matrix), self.patterns.codes
        out = np.empty((len(weights), len(codes), q))
        for g, row in enumerate(codes):
            rated = np.flatnonzero(row >= 0)
            own = csr_array((np.ones(len(rated)), (rated, row[rated])), shape=(codes.shape[1], q))
            counts = (own.T @ weights.T).T
            total = counts.sum(axis=1, keepdims=True)
            out[:, g] = np.divide(counts, total, out=np.full_like(counts, np.nan), where=total > 0)
        return out

    def expected(self, p: Floats) -> Floats:
        """Chance agreement for resamples × raters × categories."""
        r = p.shape[1]
        total = p.sum(axis=1)
        pairs = ((total @ self.matrix) * total).sum(axis=1) - np.einsum(
            "bgk,kl,bgl->b", p, self.matrix, p, optimize=True
        )
        expected: Floats = pairs / (r * (r - 1))
        return expected

    def value_for(self, weights: Floats) -> Floats:
        """The coefficient for rows of weights of the patterns."""
        pairs = weights @ self.paired
        pa = np.divide(
            weights @ (self.agreement * self.paired), pairs,
            out=np.full(len(weights), np.nan), where=pairs > 0,
        )  # fmt: skip
        return _corrected(pa, self.expected(self.margins_for(weights)))

    @property
    def value(self) -> float:
        """The coefficient; NaN where it is undefined."""
        return float(self.value_for(self.patterns.mass[None, :])[0])

    @cached_property
    def standard_error(self) -> float:
        """Linearised over units, each rater's margins included (Gwet 2014, section 5.3)."""
        patterns = self.patterns
        p = self.margins_for(patterns.times[None, :])[0]
        pe = float(self.expected(p[None])[0])
        r, n = len(p), float(patterns.times.sum())
        by_unit = np.zeros(len(patterns.times))
        total = p.sum(axis=0)
        for g, row in enumerate(patterns.codes):
            others = self.matrix @ (total - p[g])  # chance that the others meet each category
            rated = row >= 0
            n_g = float(patterns.times @ rated)
            own = np.where(rated, others[row], 0.0)
            by_unit += n / n_g * (own - rated * float(others @ p[g])) + float(others @ p[g])
        return linearised(self, pe, by_unit / (r * (r - 1)))


@dataclass(frozen=True, eq=False)
class PairTerms:
    """Cohen's kappa of two raters, over the units that both rated."""

    patterns: Patterns
    matrix: Floats

    @cached_property
    def both(self) -> Floats:
        """1 where both rated."""
        return np.asarray((self.patterns.codes >= 0).all(axis=0), dtype=np.float64)

    def table_for(self, weights: Floats) -> Floats:
        """Confusion tables, resamples × categories × categories."""
        q = len(self.matrix)
        a, b = self.patterns.codes
        kept = np.flatnonzero(self.both)
        cells = a[kept] * q + b[kept]
        out = np.zeros((len(weights), q * q))
        order = np.argsort(cells, kind="stable")
        if len(kept):
            found, first = np.unique(cells[order], return_index=True)
            out[:, found] = np.add.reduceat(weights[:, kept[order]], first, axis=1)
        return out.reshape(len(weights), q, q)

    @property
    def table(self) -> Floats:
        """Units by what the first (rows) and the second rater (columns) gave."""
        table: Floats = self.table_for(self.patterns.mass[None, :])[0]
        return table

    def value_for(self, weights: Floats) -> Floats:
        """Kappa for rows of weights of the patterns."""
        tables = self.table_for(weights)
        n = tables.sum(axis=(1, 2), keepdims=True)
        p = np.divide(tables, n, out=np.full_like(tables, np.nan), where=n > 0)
        a, b = p.sum(axis=2), p.sum(axis=1)
        pa = (p * self.matrix).sum(axis=(1, 2))
        return _corrected(pa, ((a @ self.matrix) * b).sum(axis=1))

    @property
    def value(self) -> float:
        """The coefficient; NaN where it is undefined."""
        return float(self.value_for(self.patterns.mass[None, :])[0])


def cohen_errors(table: Floats, matrix: Floats) -> tuple[float, float]:
    """Asymptotic standard errors of (weighted) kappa: as estimated, and under chance alone.

    Fleiss, Cohen & Everitt (1969, equations 8 and 9). The first is for intervals,
    the second for testing that there is no agreement beyond chance.

    Parameters
    ----------
    table : array, categories × categories
        Counts.
    matrix : array, categories × categories
        Weights of agreement.

    Returns
    -------
    (float, float)
        NaN where kappa is undefined.

    Examples
    --------
    >>> errors = cohen_errors(np.array([[20.0, 5.0], [10.0, 15.0]]), np.eye(2))
    >>> [round(e, 4) for e in errors]
    [0.127, 0.1386]
    """
    n = float(table.sum())
    if n == 0:
        return math.nan, math.nan
    p = table / n
    a, b = p.sum(axis=1), p.sum(axis=0)
    po, pe = float((matrix * p).sum()), float(a @ matrix @ b)
    if 1 - pe < TINY:
        return math.nan, math.nan
    both = (matrix @ b)[:, None] + (a @ matrix)[None, :]
    own = float((p * (matrix * (1 - pe) - both * (1 - po)) ** 2).sum())
    variance = (own - (po * pe - 2 * pe + po) ** 2) / (n * (1 - pe) ** 4)
    null = float((np.outer(a, b) * (matrix - both) ** 2).sum()) - pe**2
    null /= n * (1 - pe) ** 2
    return math.sqrt(max(variance, 0.0)), math.sqrt(max(null, 0.0))
