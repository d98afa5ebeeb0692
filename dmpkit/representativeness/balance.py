"""Distances between panel and population in the conventions of weighting programs.

The conventions differ, so every column says whose it is: standardised differences divided by
the pooled standard deviation (ours, as in propensity-score work) and by the target's (as
Meta's *balance* does), and distances between whole distributions.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.representativeness.data import Panel, panel_of, population_of
from dmpkit.representativeness.labels import require_known
from dmpkit.representativeness.weights import Weights

__all__ = ["balance_distances", "balance_table"]

Floats: TypeAlias = NDArray[np.float64]


def balance_table(panel: Any, population: Any, weights: Weights | None = None) -> pd.DataFrame:
    """Standardised differences of every category, before and after weighting.

    Parameters
    ----------
    panel : Panel, DataFrame or mapping
        List of people or counts.
    population : Population, DataFrame or mapping
        What it is held against.
    weights : Weights, optional
        Of the people of the panel; then the shares are weighted.

    Returns
    -------
    DataFrame
        ``variable, category, n, share, target, gap``; ``smd``, the gap over
        sqrt((q(1 - q) + p(1 - p)) / 2) (Austin 2009, doi:10.1002/sim.3697); and
        ``smd_target``, the gap over the target's standard deviation, sqrt(p(1 - p)) with
        divisor N - 1 where the size N of the population is known: balance's ASMD is its
        absolute value.

    Examples
    --------
    >>> table = balance_table({"sex": {"f": 12, "m": 8}}, {"sex": {"f": 0.5, "m": 0.5}})
    >>> table[["category", "gap", "smd", "smd_target"]].round(4).to_numpy().tolist()
    [['f', 0.1, 0.202, 0.2], ['m', -0.1, -0.202, -0.2]]
    """
    people, whole = panel_of(panel), population_of(population)
    parts = []
    for name in _shared(people, whole.variables):
        labels = list(whole.categories(name))
        counts, q = _shares(people, name, labels, weights)
        p = np.asarray(whole.shares(name), dtype=np.float64)
        n_target = whole.counts(name).sum(skipna=False)
        divisor = n_target / (n_target - 1) if n_target > 1 else 1.0
        pooled = np.sqrt((q * (1 - q) + p * (1 - p)) / 2)
        parts.append(
            pd.DataFrame(
                {
                    "variable": name,
                    "category": labels,
                    "n": counts,
                    "share": q,
                    "target": p,
                    "gap": q - p,
                    "smd": _over(q - p, pooled),
                    "smd_target": _over(q - p, np.sqrt(p * (1 - p) * divisor)),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def balance_distances(panel: Any, population: Any, weights: Weights | None = None) -> pd.DataFrame:
    """Distances between the distributions of panel and population, one row a variable.

    ``kld``, ``tvd`` need no order of the categories. ``ks``, ``emd`` and ``cvm`` follow the
    order in which the population lists them: they say something of age bands and levels of
    education, and nothing of regions.

    Parameters
    ----------
    panel, population, weights
        As for :func:`balance_table`.

    Returns
    -------
    DataFrame
        ``variable``; ``tvd``, ½Σ|q - p|; ``kld``, the Kullback-Leibler divergence Σ q ln(q/p)
        of the panel from the population (infinite where the panel has someone in a category
        of share 0); ``ks``, the largest gap between the cumulated shares P and Q
        (Kolmogorov-Smirnov); ``emd``, the sum of those gaps (earth mover's distance, in
        categories); ``cvm``, Σ (Q - P)²(q + p)/2 (Cramér-von Mises), the last three
        as in balance 0.23.

    Examples
    --------
    >>> found = balance_distances({"age": {"16-29": 2, "30+": 8}}, {"age": {"16-29": 1, "30+": 1}})
    >>> found.round(4).to_numpy().tolist()
    [['age', 0.3, 0.1927, 0.3, 0.3, 0.0315]]
    """
    table = balance_table(panel, population, weights)
    rows = []
    for name, part in table.groupby("variable", sort=False):
        q, p = part["share"].to_numpy(np.float64), part["target"].to_numpy(np.float64)
        apart = np.cumsum(q - p)
        rows.append(
            (
                name,
                float(np.abs(q - p).sum() / 2),
                _divergence(q, p),
                float(np.abs(apart).max()),
                float(np.abs(apart).sum()),
                float((apart**2 * (p + q) / 2).sum()),
            )
        )
    return pd.DataFrame(rows, columns=["variable", "tvd", "kld", "ks", "emd", "cvm"])


def _divergence(q: Floats, p: Floats) -> float:
    there = q > 0
    if (p[there] == 0).any():
        return float("inf")
    return float((q[there] * np.log(q[there] / p[there])).sum())


def _over(gap: Floats, spread: Floats) -> Floats:
    out = np.full(len(gap), np.nan)
    np.divide(gap, spread, out=out, where=spread > 0)
    return np.where(gap == 0, 0.0, out)


def _shared(panel: Panel, variables: tuple[str, ...]) -> list[str]:
    names = [name for name in variables if name in panel.variables]
    if not names:
        raise DataError("Panel and population share no variable.")
    return names


def _shares(
    panel: Panel, name: str, labels: list[str], weights: Weights | None
) -> tuple[NDArray[np.int_], Floats]:
    """Counts and (weighted) shares of the known categories."""
    found = panel.of(name)
    require_known(found.index, labels, variable=name)
    counts = np.asarray(found.reindex(labels, fill_value=0), dtype=np.int_)
    if weights is None:
        return counts, counts / counts.sum()
    if not isinstance(weights, Weights):
        raise DataError(
            f"The weights are a {type(weights).__name__}.", remedy="Give the result of rake(), say."
        )
    if panel.members is None or len(weights.weights) != panel.n:
        raise DataError(
            "The weights do not belong to this panel.",
            remedy="Give the participant list that they were made for.",
        )
    codes = pd.Categorical(panel.members[name], categories=labels).codes
    known = codes >= 0
    held = np.bincount(codes[known], weights.weights[known], len(labels))
    return counts, held / held.sum()
