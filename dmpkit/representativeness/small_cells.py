"""Small cells: categories merged, and cells hidden, so that no few people can be made out.

Hiding a number in one table does not help where another table, a distance or a test
gives it back. So categories in which few people stand are merged *before* anything is
computed: every table, text and picture then knows the merged category only. Which
intersections hold people and which hold nobody is what the check of intersections is
about; there the numbers are hidden, and a crossing is left out where its margins would
give a hidden number back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.representativeness.intersections import TIMES, Intersections
from dmpkit.representativeness.labels import as_labels, is_unknown
from dmpkit.representativeness.panel import Panel
from dmpkit.representativeness.population import Population
from dmpkit.representativeness.quotas import Quotas

__all__ = ["Merging", "hide_intersections", "merge_small", "merging_of", "require_threshold"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Merging:
    """What was merged, and what could not be shown at all.

    Parameters
    ----------
    below : int
        Cells with fewer people than this, and more than none, are small.
    maps : mapping
        Variable to old label → label of the merged category.
    dropped : tuple of str
        Variables of which fewer than two categories would be left.
    unstaged : tuple of str
        Variables that can be shown for the panel and not by stage.
    """

    below: int
    maps: Mapping[str, Mapping[str, str]]
    dropped: tuple[str, ...] = ()
    unstaged: tuple[str, ...] = ()

    @property
    def table(self) -> pd.DataFrame:
        """``variable, category, merged_into``."""
        rows = [(v, old, new) for v, own in self.maps.items() for old, new in own.items()]
        return pd.DataFrame(rows, columns=["variable", "category", "merged_into"])

    def panel(self, panel: Panel) -> Panel:
        """A panel under merged categories, without variables that cannot be shown."""
        for name, own in self.maps.items():
            if name in panel.variables:
                known = set(panel.of(name).index)
                panel = panel.recode(name, {a: b for a, b in own.items() if a in known})
        kept = ~panel.counts["variable"].isin(self.dropped)
        if not kept.any():
            raise DataError(
                f"No variable of the panel can be shown without cells below {self.below}.",
                remedy="Give a smaller suppress_below, or wider categories.",
            )
        apart = panel.unknown[~panel.unknown["variable"].isin(self.dropped)]
        apart = apart[~is_small(apart["count"], self.below)]
        members = panel.members
        if members is not None:
            members = members.drop(columns=[c for c in self.dropped if c in members])
        return replace(
            panel, counts=panel.counts[kept].reset_index(drop=True),
            unknown=apart.reset_index(drop=True), members=members,
        )  # fmt: skip

    def population(self, population: Population) -> Population:
        """A population under merged categories."""
        for name, own in self.maps.items():
            if name in population.variables:
                known = set(population.categories(name))
                population = population.recode(name, {a: b for a, b in own.items() if a in known})
        return population.only([v for v in population.variables if v not in self.dropped])

    def quotas(self, quotas: Quotas) -> Quotas | None:
        """Quotas of merged categories: their minima and maxima summed; None if none is left."""
        frame = quotas.frame[~quotas.frame["variable"].isin(self.dropped)].copy()
        # how many people are of unknown category is not shown, so a quota on them neither
        frame = frame[[not is_unknown(str(c)) for c in frame["category"]]]
        if frame.empty:
            return None
        frame["category"] = self._renamed(frame)
        summed = frame.groupby(["variable", "category"], sort=False)[["min", "max"]].sum()
        return Quotas(summed.reset_index(), quotas.notes)

    def printed(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Printed numbers (``variable, category`` and a number) under merged categories."""
        table = frame.rename(columns={c: str(c).strip().lower() for c in frame.columns})
        gone = [*self.dropped, *self.unstaged]
        table = table[~table["variable"].astype(str).isin(gone)].copy()
        table["category"] = self._renamed(table)
        numbers = [c for c in ("count", "percent", "share", "value") if c in table.columns]
        for name in numbers:
            table[name] = pd.to_numeric(table[name])
        keys = [c for c in table.columns if c not in numbers]
        return table.groupby(keys, sort=False, dropna=False)[numbers].sum(min_count=1).reset_index()

    def people(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Records of persons under merged categories."""
        gone = [*self.dropped, *self.unstaged]
        out = frame.drop(columns=[c for c in gone if c in frame.columns])
        for name, own in self.maps.items():
            if name in out.columns:
                labels = as_labels(out[name])
                out[name] = [own.get(label, label) for label in labels]
        return out

    def _renamed(self, frame: pd.DataFrame) -> list[str]:
        return [
            self.maps.get(str(v), {}).get(str(c), str(c))
            for v, c in zip(frame["variable"], frame["category"], strict=True)
        ]


def require_threshold(below: Any) -> int | None:
    """The threshold as a whole number from 2, or None."""
    if below is None:
        return None
    if isinstance(below, bool) or not hasattr(below, "__index__") or int(below) < 2:
        raise DataError(
            f"suppress_below is {below!r}.", remedy="Give 5, another whole number from 2, or None."
        )
    return int(below)


def is_small(counts: Any, below: int) -> NDArray[np.bool_]:
    """Whether a cell has people, and fewer than the threshold.

    Examples
    --------
    >>> is_small([0, 1, 4, 5], 5).tolist()
    [False, True, True, False]
    """
    numbers = np.round(np.asarray(counts, dtype=np.float64), 6)
    return np.asarray((numbers > 0) & (numbers < below))


def merge_small(labels: Sequence[str], counts: Any, below: int) -> dict[str, str] | None:
    """Which categories of a variable to merge so that no cell is small.

    Bands (all labels have numbers that order them, such as ages) are merged with the
    smaller of their neighbours until none is small. Of other variables, all categories
    that are small in any column become one; while it is still small, or stands alone, the
    next smallest one joins it, and so it is with bands where neighbours would leave fewer
    than two. A merged category hides how its people are spread, and its own number is
    never below the threshold. The order in which categories join is our own rule.

    Parameters
    ----------
    labels : sequence of str
        Categories.
    counts : array of shape (categories, sources)
        People of each category in each table that is to be shown: panel, stages, and those
        who left between two stages. NaN where not known.
    below : int

    Returns
    -------
    dict or None
        Old to new label of the merged categories, empty where nothing is small; None where
        fewer than two categories would be left.

    Examples
    --------
    >>> merge_small(["a", "b", "c", "d"], [[2], [9], [6], [8]], 5)
    {'a': 'a + c', 'c': 'a + c'}
    >>> merge_small(["16-29", "30-44", "45-64", "65+"], [[2], [9], [8], [6]], 5)
    {'16-29': '16-29 + 30-44', '30-44': '16-29 + 30-44'}
    >>> merge_small(["a", "b"], [[2], [9]], 5) is None
    True
    """
    table = np.nan_to_num(np.asarray(counts, dtype=np.float64))
    pool: NDArray[np.bool_] = np.asarray(is_small(table, below).any(axis=1))
    if not pool.any():
        return {}
    if (bands := _merged_bands(labels, table, below)) is not None:
        return bands
    order = np.argsort(table.sum(axis=1), kind="stable")
    while pool.sum() < 2 or is_small(table[pool].sum(axis=0), below).any():
        rest = [i for i in order if not pool[i]]
        if not rest:
            return None
        pool[rest[0]] = True
    if pool.all():
        return None
    own = [label for label, one in zip(labels, pool, strict=True) if one]
    name = " + ".join(own) if len(own) <= 3 else f"{own[0]} + {len(own) - 1} other categories"
    return dict.fromkeys(own, name)


_OPEN_BELOW = re.compile(r"\s*(<|≤|under|below|less|up to|younger|unter|bis|moins|jusqu)", re.I)


def _band_order(labels: Sequence[str]) -> list[int] | None:
    """The order of bands by their lower ends; None where the labels have none."""
    ends = []
    for label in labels:
        number = re.search(r"\d+", label)
        if number is None:
            return None
        ends.append(-1 if _OPEN_BELOW.match(label) else int(number.group()))
    return sorted(range(len(ends)), key=ends.__getitem__) if len(set(ends)) == len(ends) else None


def _merged_bands(labels: Sequence[str], table: Floats, below: int) -> dict[str, str] | None:
    """Small bands merged with neighbours; None for no bands, or where fewer than two are left."""
    order = _band_order(labels)
    if order is None:
        return None
    groups = [[i] for i in order]
    while True:
        sums = [table[own].sum(axis=0) for own in groups]
        small = [i for i, own in enumerate(sums) if is_small(own, below).any()]
        if not small:
            break
        at = min(small, key=lambda i: sums[i].sum())
        beside = [i for i in (at - 1, at + 1) if 0 <= i < len(groups)]
        if not beside:
            return None
        first, second = sorted((at, min(beside, key=lambda i: sums[i].sum())))
        groups[first : second + 1] = [groups[first] + groups[second]]
    if len(groups) < 2:
        return None
    out = {}
    for own in groups:
        names = [labels[i] for i in own]
        joined = " + ".join(names) if len(names) <= 3 else f"{names[0]} to {names[-1]}"
        out.update(dict.fromkeys(names, joined) if len(names) > 1 else {})
    return out


def merging_of(
    panel: Mapping[str, Sequence[Mapping[str, float]]],
    stages: Mapping[str, Sequence[Mapping[str, float]]],
    below: int,
) -> Merging:
    """The merging for all tables of an analysis.

    Parameters
    ----------
    panel : mapping
        Variable to the panel's tables that are to be shown, each category → people.
    stages : mapping
        The same of the stages. Where no two categories would be left with them, the
        variable is left out of the stages.
    below : int
    """
    maps, dropped, unstaged = {}, [], []
    for variable in dict.fromkeys([*panel, *stages]):
        own, more = list(panel.get(variable, ())), list(stages.get(variable, ()))
        merged = _merged(own + more, below)
        if merged is None and own and more:
            unstaged.append(variable)
            merged = _merged(own, below)
        if merged is None:
            dropped.append(variable)
        elif merged:
            maps[variable] = merged
    return Merging(below, maps, tuple(dropped), tuple(v for v in unstaged if v not in dropped))


def _merged(tables: Sequence[Mapping[str, float]], below: int) -> dict[str, str] | None:
    labels = list(dict.fromkeys(label for one in tables for label in one))
    counts = np.array([[one.get(label, 0.0) for one in tables] for label in labels])
    return merge_small(labels, counts, below)


def hide_intersections(found: Intersections, below: int) -> tuple[Intersections | None, list[str]]:
    """Intersections without small cells.

    In a crossing with a small cell, numbers, shares and gaps of all its cells are hidden,
    and so are its distances; which cells hold nobody stays. The same where people are not
    known in one of its variables: against the margins its numbers would show these few.
    Where the margins and the empty cells together fix a hidden small number, the whole
    crossing is left out.

    Returns
    -------
    Intersections or None
        None where no crossing is left.
    list of str
        Crossings left out.
    """
    cells, out = found.cells.copy(), []
    cells["count"] = cells["count"].astype(np.float64)
    rows = found.crossings.copy()
    for column in ("unknown", "outside"):
        rows[column] = rows[column].astype(np.float64)
        rows.loc[is_small(rows[column], below), column] = np.nan
    for crossing, part in found.cells.groupby("crossing", sort=False):
        small = is_small(part["count"], below)
        row = found.crossings[found.crossings["crossing"] == crossing]
        unknown = float(row["unknown"].iloc[0])
        if not small.any() and not unknown:
            continue
        if fixed_by_margins(part)[small].any():
            out.append(str(crossing))
            continue
        cells.loc[part.index[part["count"] > 0], ["count", "share", "gap"]] = np.nan
        rows.loc[rows["crossing"] == crossing, ["tvd", "mse"]] = np.nan
    rows = rows[~rows["crossing"].isin(out)].reset_index(drop=True)
    cells = cells[~cells["crossing"].isin(out)].reset_index(drop=True)
    if rows.empty:
        return None, out
    return replace(found, crossings=rows, cells=cells), out


def fixed_by_margins(cells: pd.DataFrame) -> NDArray[np.bool_]:
    """Which cells of a crossing follow from its one-way margins and its empty cells.

    With A the margins' sums over the cells that hold people, a cell is fixed where its unit
    vector lies in the row space of A: where no change of the hidden numbers leaves all
    margins as they are. (For a two-way table: a bridge of its graph.)

    Parameters
    ----------
    cells : DataFrame
        ``cell, count`` of one crossing.

    Examples
    --------
    >>> fixed_by_margins(pd.DataFrame({"cell": ["w × y", "w × o", "m × y", "m × o"],
    ...                                "count": [2, 9, 7, 5]})).any()
    np.False_
    >>> fixed_by_margins(pd.DataFrame({"cell": ["w × y", "w × o", "m × y", "m × o"],
    ...                                "count": [2, 9, 7, 0]})).tolist()
    [True, True, True, True]
    """
    there = cells["count"].to_numpy(dtype=np.float64) > 0
    labels = pd.DataFrame([str(cell).split(TIMES) for cell in cells.loc[there, "cell"]])
    sums = pd.get_dummies(labels.astype(str)).to_numpy(dtype=np.float64).T
    projection = np.einsum("ij,ji->i", np.linalg.pinv(sums), sums)
    fixed = np.ones(len(cells), dtype=bool)
    fixed[there] = projection > 1 - 1e-9
    return fixed
