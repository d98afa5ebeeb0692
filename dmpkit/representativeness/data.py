"""Populations and panels: what others of this room take, and how inputs become one.

A :class:`Population` holds the margins (and, where there is one, the joint
table) of the people whom a panel is to stand for; a :class:`Panel` holds the
members, one row a person, or only their counts. Both are checked when they are
made and say in `.notes` what was understood and what was set apart.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import pandas as pd

from dmpkit.representativeness.counting import known_frame
from dmpkit.representativeness.labels import UNKNOWN, require_known
from dmpkit.representativeness.panel import Panel
from dmpkit.representativeness.population import Population

__all__ = ["UNKNOWN", "Panel", "Population", "matched_counts", "panel_of", "population_of"]


def population_of(value: Any, **options: Any) -> Population:
    """A population from whatever a user has: itself, a frame, a mapping, a file.

    A frame with ``variable`` and ``category`` is read as margins, one with
    ``count`` and no ``variable`` as a joint table, any other as microdata.

    Examples
    --------
    >>> population_of({"gender": {"woman": 0.5, "man": 0.5}}).variables
    ('gender',)
    """
    if isinstance(value, Population):
        return value
    if isinstance(value, str | os.PathLike):
        from dmpkit.representativeness.readers import read_population

        return read_population(value, **options)
    if isinstance(value, Mapping):
        return Population.from_margins(value, **options)
    names = _column_names(value, "population")
    if {"variable", "category"} <= set(names):
        return Population.from_margins(value, **options)
    if "count" in names:
        return Population.from_joint(value, **options)
    return Population.from_microdata(value, **options)


def panel_of(value: Any, **options: Any) -> Panel:
    """A panel from whatever a user has: itself, a frame, a mapping, a file.

    A frame with ``variable, category, count`` is read as counts, any other as a
    participant list.

    Examples
    --------
    >>> panel_of({"gender": {"woman": 5, "man": 6}}).n
    11
    """
    if isinstance(value, Panel):
        return value
    if isinstance(value, str | os.PathLike):
        from dmpkit.representativeness.readers import read_panel

        return read_panel(value, **options)
    if isinstance(value, Mapping):
        return Panel.from_counts(value, **options)
    names = _column_names(value, "panel")
    if {"variable", "category", "count"} <= set(names):
        return Panel.from_counts(value, **options)
    return Panel.from_frame(value, **options)


def matched_counts(panel: Panel, population: Population, variable: str) -> pd.DataFrame:
    """Panel and population side by side for one variable, labels matched strictly.

    Parameters
    ----------
    panel, population : Panel, Population
        Both must have the variable.
    variable : str
        The variable.

    Returns
    -------
    DataFrame
        ``category, count, share`` in the population's order: the panel's count (0
        where it has nobody) and the population's share.

    Raises
    ------
    DataError
        When the panel has a category that the population does not list.

    Examples
    --------
    >>> matched_counts(Panel.from_counts({"sex": {"F": 3}}),
    ...                Population.from_margins({"sex": {"F": 0.5, "M": 0.5}}), "sex")
      category  count  share
    0        F      3    0.5
    1        M      0    0.5
    """
    shares, counts = population.shares(variable), panel.of(variable)
    require_known(counts.index, list(shares.index), variable=variable)
    got = [int(counts.get(name, 0)) for name in shares.index]
    return pd.DataFrame({"category": list(shares.index), "count": got, "share": shares.to_numpy()})


def _column_names(value: Any, what: str) -> list[str]:
    return list(known_frame(value, what).collect_schema().names())
