"""Exact multinomial test: all tables enumerated where they can be, else drawn.

A panel of 20 to 150 people is too small for the chi-square distribution to be
taken on trust; here the p-value is a sum over every table that such a panel
could have been.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SharesWarning, warn
from dmpkit.reporting import format_number
from dmpkit.representativeness.entries import to_whole
from dmpkit.resampling import drawn_seed, p_value, run_resamples

__all__ = ["MAX_TABLES", "ExactTest", "Order", "exact_multinomial", "number_of_tables"]

Floats: TypeAlias = NDArray[np.float64]
Order = Literal["probability", "chi2", "tvd"]

#: Tables up to which all are enumerated.
MAX_TABLES = 600_000
#: Two tables count as equally extreme within this relative difference (rounding of sums).
TIES = 1e-9
_CHUNK = 5_000


@dataclass(frozen=True)
class ExactTest:
    """Result of :func:`exact_multinomial`.

    Attributes
    ----------
    p_value : float
        NaN where there is nothing to test (then `note` says why).
    order : {"probability", "chi2", "tvd"}
        What makes a table more extreme.
    method : {"enumeration", "Monte Carlo", "none"}
    n : int
        People counted.
    n_tables : int
        How many tables such a panel could have been.
    n_resamples : int
        Tables drawn; 0 where all were enumerated.
    seed : int or None
        Seed of the drawing.
    standard_error : float
        Of a p-value that was drawn; 0 where all tables were enumerated.
    note : str
        What was left out, or why there is no p-value.
    """

    p_value: float
    order: Order
    method: str
    n: int
    n_tables: int
    n_resamples: int = 0
    seed: int | None = None
    standard_error: float = 0.0
    note: str = ""

    def __float__(self) -> float:
        return self.p_value

    def __repr__(self) -> str:
        how = (
            f"all {self.n_tables:,} tables"
            if self.method == "enumeration"
            else f"{self.n_resamples:,} tables drawn with seed {self.seed}"
            if self.n_resamples
            else "not tested"
        )
        note = f"; {self.note}" if self.note else ""
        return (
            f"p = {format_number(self.p_value, 4)} (exact multinomial, n = {self.n}, {how}{note})"
        )


def exact_multinomial(
    counts: Any,
    shares: Any,
    order: Order = "probability",
    *,
    n_resamples: int = 99_999,
    max_tables: int = MAX_TABLES,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> ExactTest:
    r"""P-value of counts under a multinomial distribution with given shares.

    The sum of the probabilities of all tables that are at least as extreme as the
    one observed. Extreme means less probable (``"probability"``, Cressie & Read
    1989; the usual exact test), a larger chi-square (``"chi2"``), or a larger total
    variation distance (``"tvd"``). There are :math:`\binom{n+k-1}{k-1}` tables of
    `n` people in `k` categories; up to `max_tables` all are enumerated, else
    `n_resamples` are drawn and :math:`p = (b+1)/(B+1)`.

    Parameters
    ----------
    counts : array_like, Series or mapping
        Whole counts of the categories.
    shares : array_like, Series or mapping
        Their shares, on any scale (they are divided by their sum). Where both have
        labels they are matched by label.
    order : {"probability", "chi2", "tvd"}
        What makes a table more extreme.
    n_resamples : int
        Tables drawn where there are too many.
    max_tables : int
        Tables up to which all are enumerated.
    seed : int, optional
        Seed of the drawing.
    n_jobs : int
        Workers of the drawing; the result does not depend on it.
    progress : bool
        Show a progress bar while drawing.

    Returns
    -------
    ExactTest

    Raises
    ------
    DataError
        Counts that are negative or not whole, shares that are negative or all zero,
        labels that do not match.

    Warns
    -----
    SharesWarning
        When a category of share 0 holds people: it is left out of the test.

    Examples
    --------
    >>> exact_multinomial([4, 7, 6, 6], [19.9, 25.4, 34.3, 20.4])
    p = 0.7399 (exact multinomial, n = 23, all 2,600 tables)
    """
    if order not in get_args(Order):
        known = ", ".join(map(repr, get_args(Order)))
        raise DataError(f"{order!r} is not an order of tables.", remedy=f"Use {known}.")
    n_resamples = to_whole(n_resamples, "number of resamples", least=1)
    max_tables = to_whole(max_tables, "most tables to enumerate")
    x, p, note = _prepared(counts, shares)
    n, tables = int(x.sum()), number_of_tables(int(x.sum()), len(x))
    if n == 0 or len(x) < 2:
        why = "nobody is counted" if n == 0 else "there is only one category"
        said = f"{why}; {note}" if note else why
        return ExactTest(math.nan, order, "none", n, tables, standard_error=math.nan, note=said)
    if tables <= max_tables:
        value = _enumerated(x, p, order)
        return ExactTest(value, order, "enumeration", n, tables, note=note)
    drawn = drawn_seed(seed)
    parts = run_resamples(
        partial(_count_extreme, counts=x, shares=p, order=order),
        n_resamples,
        seed=drawn,
        chunk_size=_CHUNK,
        n_jobs=n_jobs,
        progress=progress,
        description="tables",
    )
    value = p_value(sum(parts), n_resamples)
    error = math.sqrt(value * (1 - value) / n_resamples)
    return ExactTest(value, order, "Monte Carlo", n, tables, n_resamples, drawn, error, note)


def number_of_tables(n: int, k: int) -> int:
    """In how many ways `n` people can fall into `k` categories.

    Examples
    --------
    >>> number_of_tables(23, 4)
    2600
    """
    return math.comb(n + k - 1, k - 1) if k > 0 else 0


# --- the steps -------------------------------------------------------------------


def _prepared(counts: Any, shares: Any) -> tuple[NDArray[np.int64], Floats, str]:
    x, p = _matched(counts, shares)
    if x.shape != p.shape or x.ndim != 1 or not len(x):
        raise DataError(
            f"There are {x.size} counts and {p.size} shares.", remedy="Give one share a count."
        )
    if not np.isfinite(x).all() or (x < 0).any() or (x != np.floor(x)).any():
        raise DataError("The counts are not whole numbers of 0 or more.")
    if not np.isfinite(p).all() or (p < 0).any() or not p.sum() > 0:
        raise DataError("The shares are not numbers of 0 or more, of which one is above 0.")
    free = p > 0
    left = int(x[~free].sum())
    note = f"{left} in categories of share 0 left out" if left else ""
    if left:
        warn(f"{left} people are in categories whose share is 0; the test leaves them out.",
             SharesWarning)  # fmt: skip
    return x[free].astype(np.int64), p[free] / p.sum(), note


def _matched(counts: Any, shares: Any) -> tuple[Floats, Floats]:
    labelled = [isinstance(v, dict | pd.Series) for v in (counts, shares)]
    if all(labelled):
        from dmpkit.representativeness.labels import require_known

        a, b = pd.Series(counts), pd.Series(shares)
        require_known(
            [str(v) for v in a.index], [str(v) for v in b.index], variable="counts",
            where="the counts", reference="the shares",
        )  # fmt: skip
        counts, shares = a.reindex(b.index, fill_value=0), b
    elif isinstance(counts, dict) or isinstance(shares, dict):
        raise DataError("Only one of counts and shares has labels.", remedy="Label both or none.")
    try:
        return np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError("The counts or the shares are not numbers.") from None


def _log_terms(n: int, shares: Floats) -> Floats:
    """``terms[i, a]``: what `a` people in category i add to the log probability."""
    from scipy.special import gammaln

    a = np.arange(n + 1)
    return np.asarray(a * np.log(shares)[:, None] - gammaln(a + 1.0))


def _distance_terms(n: int, shares: Floats, order: Order) -> Floats:
    """``terms[i, a]``: what `a` people in category i add to the distance."""
    expected = n * shares[:, None]
    gaps = np.arange(n + 1) - expected
    return np.asarray(gaps**2 / expected if order == "chi2" else np.abs(gaps) / (2 * n))


def _enumerated(counts: NDArray[np.int64], shares: Floats, order: Order) -> float:
    from scipy.special import gammaln

    n = int(counts.sum())
    logs = _log_terms(n, shares)
    terms = [logs] if order == "probability" else [logs, _distance_terms(n, shares, order)]
    sums = _all_tables(n, terms)
    observed = [sum(t[i, c] for i, c in enumerate(counts)) for t in terms]
    if order == "probability":
        extreme = sums[0] <= observed[0] + TIES * max(1.0, abs(observed[0]))
    else:
        extreme = sums[1] >= observed[1] - TIES * max(1.0, abs(observed[1]))
    chances = np.exp(sums[0][extreme] + gammaln(n + 1.0))
    return min(1.0, float(np.sort(chances).sum()))


def _all_tables(n: int, terms: list[Floats]) -> list[Floats]:
    """Sums of each kind of terms over every table of n people."""
    left = np.array([n])
    sums = [np.zeros(1) for _ in terms]
    for i in range(len(terms[0]) - 1):
        sizes = left + 1  # how many values the next category may take
        starts = np.cumsum(sizes) - sizes
        a = np.arange(int(sizes.sum())) - np.repeat(starts, sizes)
        sums = [np.repeat(s, sizes) + t[i, a] for s, t in zip(sums, terms, strict=True)]
        left = np.repeat(left, sizes) - a
    return [s + t[-1, left] for s, t in zip(sums, terms, strict=True)]


def _count_extreme(
    generator: np.random.Generator,
    size: int,
    *,
    counts: NDArray[np.int64],
    shares: Floats,
    order: Order,
) -> int:
    """How many of the tables drawn are at least as extreme."""
    drawn = generator.multinomial(int(counts.sum()), shares, size=size)
    observed = float(_extremeness(counts, shares, order))
    found = _extremeness(drawn, shares, order)
    return int((found >= observed - TIES * max(1.0, abs(observed))).sum())


def _extremeness(tables: NDArray[np.int64], shares: Floats, order: Order) -> Floats:
    """What grows with how extreme a table is; categories on the last axis."""
    n = int(tables.reshape(-1, len(shares))[0].sum())
    terms = -_log_terms(n, shares) if order == "probability" else _distance_terms(n, shares, order)
    picked = [terms[i, tables[..., i]] for i in range(len(shares))]
    return np.asarray(np.sum(picked, axis=0))
