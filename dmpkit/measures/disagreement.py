"""Where raters disagree: confusion of two raters, categories, and the units that cost most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.measures.chance import PairTerms
from dmpkit.measures.coincidence import alpha_terms, dense_counts
from dmpkit.measures.metrics import Level
from dmpkit.measures.ratings import Floats, Ratings

__all__ = ["category_agreement", "confusion", "disagreements"]


def label(category: Any) -> str:
    """How a category is shown: a set of codes as its members.

    Examples
    --------
    >>> label(frozenset({"time", "budget"})), label(2.0), label(frozenset())
    ('budget + time', '2', '(none)')
    """
    if isinstance(category, frozenset):
        return " + ".join(sorted(map(str, category))) or "(none)"
    if isinstance(category, float) and category.is_integer():
        return str(int(category))
    return str(category)


def confusion(
    ratings: Any,
    raters: Sequence[str] | None = None,
    *,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """What one rater gave where another gave something: units that both rated.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    raters : (str, str), optional
        Which two, where there are more.
    unit_weights, categories
        As in :func:`~dmpkit.measures.agreement.krippendorff_alpha`.

    Returns
    -------
    DataFrame
        One row a category of the first rater (column ``category``), one column a
        category of the second.

    Raises
    ------
    DataError
        Not two raters.

    Examples
    --------
    >>> print(confusion([["yes", "yes", "no"], ["yes", "no", "no"]]).to_string(index=False))
    category  no  yes
          no   1    0
         yes   1    1
    """
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights)
    r = r.pair(raters, "A confusion table")
    table = np.zeros((len(r.categories), len(r.categories)))
    if len(r.codes) == 2:
        table = PairTerms(r.patterns_by_rater, np.eye(len(r.categories))).table
    cells = table if r.unit_weights is not None else table.astype(np.int64)
    names = [label(c) for c in r.categories]
    frame = pd.DataFrame(cells, columns=names)
    frame.insert(0, "category", names, allow_duplicates=True)
    return frame


def disagreements(
    ratings: Any,
    level: Level = "nominal",
    *,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
) -> pd.DataFrame:
    """Units on which raters disagree, by what each contributes to alpha's disagreement.

    The contribution of a unit with m ratings is Σ_{i≠j} δ²(i, j)/(m − 1), times its
    weight; the contributions of all units add up to alpha's observed disagreement
    before it is divided by the number of ratings. Talk about the first rows first.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    level : str, callable or array
        See :func:`~dmpkit.measures.agreement.krippendorff_alpha`.
    unit_weights, categories
        As there.

    Returns
    -------
    DataFrame
        ``unit, n_ratings, contribution, share, cumulative_share`` and one column a
        rater with the value given; largest first, ties in the order of the units.
        Units on which all agree are left out.

    Raises
    ------
    DataError
        Fewer than two raters, or values that the level cannot measure.

    Examples
    --------
    >>> found = disagreements([[1, 2, 3, 4], [1, 2, 3, 1], [1, 2, 2, 1]], "interval")
    >>> found[["unit", "contribution", "share"]].round(2).values.tolist()
    [[3.0, 18.0, 0.9], [2.0, 2.0, 0.1]]
    """
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights)
    terms = alpha_terms(r, level)
    by_pattern = np.zeros(len(r.patterns.times))
    by_pattern[terms.kept] = terms.disagreement
    rated = r.patterns.of_unit >= 0
    each = np.where(rated, by_pattern[r.patterns.of_unit] if len(by_pattern) else 0.0, 0.0)
    if r.unit_weights is not None:
        each = each * r.unit_weights
    top = float(each.max(initial=0.0))
    found = np.flatnonzero(each > 1e-12 * top)
    found = found[np.argsort(-each[found], kind="stable")]
    share = each[found] / each.sum() if len(found) else each[found]
    frame = pd.DataFrame(
        {
            "unit": [r.units[int(i)] for i in found],
            "n_ratings": (r.codes[:, found] >= 0).sum(axis=0),
            "contribution": each[found],
            "share": share,
            "cumulative_share": np.cumsum(share),
        }
    )
    values = pd.Series([*map(_plain, r.categories), None], dtype=object)
    given = {
        name: values.iloc[row[found]].reset_index(drop=True)
        for name, row in zip(r.raters, r.codes, strict=True)
    }
    return pd.concat([frame, pd.DataFrame(given, index=frame.index)], axis=1)


def _plain(category: Any) -> Any:
    return label(category) if isinstance(category, frozenset) else category


def category_agreement(
    ratings: Any, *, unit_weights: Any = None, categories: Sequence[Any] | None = None
) -> pd.DataFrame:
    """How far the raters agree on each category, and how common it is.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    unit_weights, categories
        As in :func:`~dmpkit.measures.agreement.krippendorff_alpha`.

    Returns
    -------
    DataFrame
        ``category, n_ratings, prevalence`` (share of all ratings in units with two
        or more), ``specific_agreement`` (given that a rater chose it, the chance
        that another rater of that unit did too; Cicchetti & Feinstein 1990, over
        several raters) and ``alpha`` of the category against all others; NaN where
        undefined.

    Raises
    ------
    DataError
        Fewer than two raters.

    Examples
    --------
    >>> found = category_agreement([[1, 1, 2, 2], [1, 2, 2, 2]])
    >>> found[["category", "prevalence", "specific_agreement"]].round(3).values.tolist()
    [['1', 0.375, 0.667], ['2', 0.625, 0.8]]
    """
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights)
    terms = alpha_terms(r, "nominal")
    counts = dense_counts(terms.codes, len(r.categories))
    m, w = counts.sum(axis=1), terms.mass
    n_c = w @ counts
    together = w @ (counts * (counts - 1) / (m - 1)[:, None])
    apart = n_c - together  # pairs of this category with another, each way counted once
    return pd.DataFrame(
        {
            "category": [label(c) for c in r.categories],
            "n_ratings": n_c if r.unit_weights is not None else n_c.astype(np.int64),
            "prevalence": n_c / n_c.sum() if n_c.sum() else np.full(len(n_c), math.nan),
            "specific_agreement": _over(together, n_c),
            "alpha": 1 - _over((n_c.sum() - 1) * apart, n_c * (n_c.sum() - n_c)),
        }
    )


def _over(above: Floats, below: Floats) -> Floats:
    """A quotient, NaN where it is undefined."""
    out: Floats = np.divide(above, below, out=np.full(len(above), math.nan), where=below > 0)
    return out
