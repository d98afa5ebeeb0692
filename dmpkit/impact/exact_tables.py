"""The exact test of a cross-tabulation of any size (Fisher; Freeman & Halton 1951)."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp, lgamma

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import Estimate

__all__ = ["exact_table_test"]

#: Partial tables kept at one time before the test goes over to Monte Carlo.
MAX_STATES = 60_000
#: Tables count as equally probable within this relative difference.
TIES = 1e-7


def exact_table_test(
    table: ArrayLike, *, n_resamples: int = 9999, seed: int | None = None
) -> Estimate:
    """Whether rows and columns of a cross-tabulation go together, exactly.

    p is the probability, both margins held, of all tables that are no more probable
    than the one observed: Fisher's test for 2 x 2, Freeman and Halton's (1951) for
    larger ones. All tables are enumerated where that is feasible; otherwise tables
    are drawn (p = (b+1)/(B+1)).

    Parameters
    ----------
    table : array of int, rows x columns
        Counts. Empty rows and columns are left out.
    n_resamples : int
        Tables drawn where they cannot be enumerated.
    seed : int, optional
        Of the draws.

    Returns
    -------
    Estimate
        With `p_value` and `n`; `value` is NaN, the note says how p was found, or why
        there is none (a single row or column).

    Raises
    ------
    DataError
        Cells that are not counts.

    Examples
    --------
    >>> round(exact_table_test([[3, 1], [1, 3]]).p_value, 4)  # the lady tasting tea
    0.4857
    >>> round(exact_table_test([[2, 0, 1], [0, 3, 0]]).p_value, 4)
    0.1
    """
    try:
        cells = np.asarray(table, dtype=np.float64)
    except (TypeError, ValueError):
        cells = np.full(1, np.nan)  # no table at all: refused below
    if cells.ndim != 2 or not np.isfinite(cells).all() or (cells < 0).any() or (cells % 1).any():
        raise DataError("A cross-tabulation holds whole numbers of 0 or more.")
    counts = cells.astype(np.int64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n = int(counts.sum())
    if min(counts.shape) < 2:
        return Estimate(np.nan, n=n, note="no test: one row or one column only")
    if counts.shape[0] > counts.shape[1]:
        counts = counts.T
    p = _enumerated(counts)
    if p is not None:
        return Estimate(np.nan, p_value=p, n=n, note="all tables enumerated")
    p, used = _drawn(counts, n_resamples, seed)
    return Estimate(np.nan, p_value=p, n=n, note=f"{n_resamples:,} tables drawn with seed {used}")


def _columns(total: int, limits: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All ways to fill a column of that total within what is left of each row."""
    if len(limits) == 1:
        if total <= limits[0]:
            yield (total,)
        return
    rest = sum(limits[1:])
    for first in range(max(0, total - rest), min(total, limits[0]) + 1):
        for others in _columns(total - first, limits[1:]):
            yield (first, *others)


def _enumerated(counts: NDArray[np.int64]) -> float | None:
    """The p-value from all tables, or None where there are too many.

    Column by column: what is left of the rows, with the sums of log-factorials so far
    and how many ways lead there.
    """
    columns = sorted(counts.sum(axis=0).tolist(), reverse=True)
    states: dict[tuple[int, ...], dict[float, int]] = {tuple(counts.sum(axis=1).tolist()): {0.0: 1}}
    for total in columns:
        following: dict[tuple[int, ...], dict[float, int]] = {}
        size = 0
        for left, paths in states.items():
            for filled in _columns(total, left):
                size += len(paths)
                if size > 5 * MAX_STATES:
                    return None
                added = sum(lgamma(k + 1) for k in filled)
                after = tuple(a - b for a, b in zip(left, filled, strict=True))
                there = following.setdefault(after, {})
                for value, ways in paths.items():
                    key = round(value + added, 9)
                    there[key] = there.get(key, 0) + ways
        if sum(map(len, following.values())) > MAX_STATES:
            return None
        states = following
    (found,) = states.values()
    return _tail(found, counts)


def _log_factorials(counts: NDArray[np.int64]) -> float:
    return sum(lgamma(int(k) + 1) for k in counts.flat)


def _tail(sums: dict[float, int], counts: NDArray[np.int64]) -> float:
    """Probability of the tables that are no more probable than the observed one."""
    margins = _log_factorials(counts.sum(axis=0)) + _log_factorials(counts.sum(axis=1))
    constant = margins - lgamma(int(counts.sum()) + 1)
    observed = _log_factorials(counts) - TIES
    terms = [ways * exp(constant - s) for s, ways in sums.items() if s >= observed]
    return min(1.0, float(np.sum(terms)))


def _drawn(counts: NDArray[np.int64], n_resamples: int, seed: int | None) -> tuple[float, int]:
    from scipy.special import gammaln
    from scipy.stats import random_table

    from dmpkit.resampling import drawn_seed, p_value, run_resamples

    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    bound = float(gammaln(counts + 1).sum()) - TIES

    def hits(generator: np.random.Generator, size: int) -> int:
        tables = random_table.rvs(rows, columns, size=size, random_state=generator)
        return int((gammaln(tables + 1).sum(axis=(1, 2)) >= bound).sum())

    used = drawn_seed(seed)
    found = run_resamples(hits, n_resamples, seed=used, chunk_size=1000, progress=False)
    return p_value(sum(found), n_resamples), used
