"""What weights cost and what they give: design effect, trimming, weighted means.

Arrays in, numbers out; :class:`~dmpkit.representativeness.weights.Weights` offers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import Estimate

__all__ = ["effective_n", "kish_design_effect", "numeric_values", "trim_weights", "weighted_mean"]

Floats: TypeAlias = NDArray[np.float64]

_MOST_ROUNDS = 1_000


def kish_design_effect(weights: ArrayLike) -> float:
    """Kish's design effect of unequal weights, n Σw² / (Σw)² (Kish 1965, section 11.7).

    Weights of 0 (people left out) do not count in n.

    Parameters
    ----------
    weights : array, shape (n,)

    Examples
    --------
    >>> kish_design_effect([1, 1, 2])
    1.125
    """
    w = np.asarray(weights, dtype=np.float64)
    return float(np.count_nonzero(w) * (w @ w) / w.sum() ** 2)


def effective_n(weights: ArrayLike) -> float:
    """How many equally weighted people would give means as precise, (Σw)² / Σw² (Kish 1965).

    Examples
    --------
    >>> round(effective_n([1, 1, 2]), 4)
    2.6667
    """
    w = np.asarray(weights, dtype=np.float64)
    return float(w.sum() ** 2 / (w @ w))


def trim_weights(weights: ArrayLike, low: float, high: float) -> Floats:
    """Cut weights off at two bounds and spread what was cut over the others, total unchanged.

    What is cut off is given in equal parts to every weight that was not outside the bounds
    (one that lies on a bound counts as inside), and this is repeated until none is outside:
    the rule of R's ``survey::trimWeights(strict = TRUE)``. Where all are outside, those with
    room on the other side take it. Trimmed weights no longer meet
    the margins.

    Parameters
    ----------
    weights : array, shape (n,)
    low, high : float
        Bounds in the units of the weights; the mean weight must lie between them.

    Raises
    ------
    DataError
        When the mean weight is not between the bounds, so that no trimming keeps the total.

    Examples
    --------
    >>> trim_weights([1.0, 2.0, 3.0, 10.0], 0.5, 5.0).round(6).tolist()
    [2.666667, 3.666667, 4.666667, 5.0]
    """
    w = np.array(weights, dtype=np.float64)
    if not low < w.mean() < high:
        raise DataError(
            f"The bounds {low:g} and {high:g} do not enclose the mean weight {w.mean():g}.",
            remedy="Widen them: otherwise no trimming can keep the total.",
        )
    for _ in range(_MOST_ROUNDS):
        outside = (w < low) | (w > high)
        if not outside.any():
            return w
        cut = np.clip(w, low, high)
        left = float((w - cut).sum())
        takers = ~outside
        if not takers.any():
            takers = w < low if left > 0 else w > high
        cut[takers] += left / takers.sum()
        w = cut
    return np.clip(w, low, high)


def numeric_values(values: ArrayLike, n: int) -> Floats:
    """Values of n people as floats, NaN where missing.

    Raises
    ------
    DataError
        For another number of values, or values that are no numbers.

    Examples
    --------
    >>> numeric_values([True, None, 2], 3).tolist()
    [1.0, nan, 2.0]
    """
    column = pd.Series(list(values) if not hasattr(values, "__array__") else values)  # type: ignore[arg-type]
    if len(column) != n:
        raise DataError(f"There are {len(column)} values for {n} weights.")
    numbers: Any = pd.to_numeric(column, errors="coerce")
    strange = (numbers.isna() & column.notna() | numbers.isin([np.inf, -np.inf])).to_numpy()
    if strange.any():
        row = int(strange.argmax())
        raise DataError(
            f"{column.iloc[row]!r} is not a number to take a mean of.",
            row=row + 1,
            remedy="Give numbers, or true and false; for categories use .shares(values).",
        )
    out: Floats = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return out


def weighted_mean(
    values: ArrayLike,
    weights: ArrayLike,
    codes: Sequence[NDArray[np.integer]] = (),
    regression: ArrayLike | None = None,
    *,
    level: float = 0.95,
) -> Estimate:
    """Weighted mean with the linearised standard error of calibrated weights.

    The mean is Σwy / Σw. Its influence values e = (y - mean) / Σw are replaced by their
    residuals from a regression on the categories that the weights were calibrated to
    (Deville & Särndal 1992, section 5), and the variance is n/(n - 1) Σ(we - mean of we)²,
    as if people had been drawn independently. Missing values are left out (a domain: they
    keep their place in n with influence 0).

    Parameters
    ----------
    values, weights : array, shape (n,)
    codes : sequence of int arrays
        Categories that the weights were calibrated to; none for weights that were not.
    regression : array, shape (n,), optional
        Weights of the regression; 1 when not given.
    level : float
        Of the normal interval.

    Returns
    -------
    Estimate
        NaN with a note where no one has a value.

    Examples
    --------
    >>> weighted_mean([1, 0, 1], [1.0, 1.0, 2.0]).value
    0.75
    """
    from scipy.stats import norm

    w = np.asarray(weights, dtype=np.float64)
    y = numeric_values(values, len(w))
    used = w != 0
    known = used & ~np.isnan(y)
    total = float(w[known].sum())
    n = int(known.sum())
    if not n or not total:
        return Estimate(np.nan, n=0, note="nobody with a weight has a value")
    mean = float(w[known] @ y[known]) / total
    if n < 2:
        return Estimate(mean, n=n, note="one value: no standard error")
    influence = np.zeros(len(w))
    influence[known] = (y[known] - mean) / total
    influence = influence[used]
    if codes:
        q = np.ones(len(w)) if regression is None else np.asarray(regression, dtype=np.float64)
        influence = _residuals(influence, [c[used] for c in codes], q[used])
    scores = w[used] * influence
    scores -= scores.mean()
    m = len(scores)
    error = float(np.sqrt(m / (m - 1) * (scores @ scores)))
    half = float(norm.ppf(0.5 + level / 2)) * error
    return Estimate(mean, error, mean - half, mean + half, n=n)


def _residuals(y: Floats, codes: Sequence[NDArray[np.integer]], q: Floats) -> Floats:
    """Residuals of a regression, weighted by q, on indicators of all categories."""
    from scipy import sparse

    n = len(y)
    sizes = [int(c.max()) + 1 for c in codes]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns = np.concatenate([c + s for c, s in zip(codes, starts, strict=True)])
    rows = np.tile(np.arange(n), len(codes))
    x = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(n, sum(sizes)))
    normal = (x.T @ x.multiply(q[:, None])).toarray()
    slopes = np.linalg.lstsq(normal, x.T @ (q * y), rcond=None)[0]
    return np.asarray(y - x @ slopes)
