"""Intersections: which combinations of features a panel holds, and which it lacks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, SharesWarning, warn
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.data import panel_of, population_of
from dmpkit.representativeness.entries import to_number
from dmpkit.representativeness.intersection_steps import (
    empty_probability,
    empty_probability_finite,
    expected_absolute_deviation,
    mean_squared_gap,
)
from dmpkit.representativeness.labels import require_known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.data import Panel, Population

__all__ = ["Intersections", "intersections"]

#: Between the names of a crossing, and between the categories of a cell.
TIMES = " × "
#: Name of the cell into which sparse cells are pooled.
POOLED = "(pooled sparse cells)"
#: Crossings and cells above which the request is taken for a slip.
MAX_CROSSINGS = 2_000
MAX_CELLS = 1_000_000


def intersections(
    panel: Any,
    population: Any,
    variables: Sequence[str] | None = None,
    *,
    depth: int | Literal["all"] = 2,
    pool_below: float | None = None,
    finite: bool | None = None,
    independence: bool = False,
) -> Intersections:
    """Which intersections of features a panel holds, against a random sample of its size.

    A *crossing* is a set of variables, a *cell* one combination of their
    categories that exists in the population. For a cell with the share p a simple
    random sample of n leaves it empty with ``(1 − p)^n``, or, where the whole
    population is counted and the sample is drawn without replacement, with the
    hypergeometric probability of 0; the expected number of cells present is the
    sum of the complements. The mass covered is the population share of the cells
    present. The total variation distance ``½ Σ |q − p|`` stands beside its
    expectation under simple random sampling (De Moivre), the mean of ``(q − p)²``
    is the two-way measure of Flanigan et al. (2021). A panel drawn under quotas is
    no simple random sample: these expectations are yardsticks, not tests.

    Parameters
    ----------
    panel : Panel or DataFrame
        One row a person. Who is unknown in a variable is left out of the crossings
        with it, and counted.
    population : Population, DataFrame, or a sequence of them
        With a joint table. Of several (two-way tables of different pairs, say) the
        first that holds all variables of a crossing is taken.
    variables : sequence of str, optional
        All that panel and population share when not given.
    depth : int or "all"
        How many variables are crossed at a time: every pair for 2, every three for
        3; "all" is one crossing of all variables.
    pool_below : float, optional
        Cells of which fewer than so many members are expected (n·p) are put
        together into one cell of their crossing before anything is computed. The
        rule is our own; the list of missing cells is of single cells all the same.
    finite : bool, optional
        Whether the population's counts are of everybody, so that expectations
        without replacement can be given too. By default where counts are known and
        at least as many as the panel's members.
    independence : bool
        Where no joint table is known: assume that the variables are independent in
        the population and multiply the margins. A named assumption, never the
        default: it misplaces exactly what intersections are about.

    Returns
    -------
    Intersections

    Raises
    ------
    DataError
        When the panel is known by counts only, when no joint table holds the
        variables of a crossing (not computable), or for a category of the panel
        that the population lacks.

    References
    ----------
    Flanigan, B., Gölz, P., Gupta, A., Hennig, B., & Procaccia, A. D. (2021). Fair
    algorithms for selecting citizens' assemblies. Nature, 596, 548-552.

    Examples
    --------
    >>> import pandas as pd
    >>> joint = pd.DataFrame({"sex": ["F", "F", "M", "M"], "age": ["young", "old"] * 2,
    ...                       "count": [30, 20, 25, 25]})
    >>> panel = pd.DataFrame({"sex": ["F", "F", "M"], "age": ["young", "old", "old"]})
    >>> result = intersections(panel, joint)
    >>> result.crossings[["crossing", "cells", "present", "mass_covered"]].to_numpy().tolist()
    [['sex × age', 4, 3, 0.75]]
    >>> result.missing["cell"].tolist()
    ['M × young']
    """
    members = panel_of(panel)
    if members.members is None:
        raise DataError(
            "Intersections are not computable: the panel is known by its counts only.",
            remedy="Give the participant list, one row a person.",
        )
    sources = _populations(population)
    names = _common(members, sources, variables)
    sets = _crossings(names, depth)
    _check_numbers(pool_below)
    coded = [None if one.joint is None else _coded(one.joint, names) for one in sources]
    done = [
        _cross(members, _source(sources, coded, own, independence), own, pool_below, finite)
        for own in sets
    ]
    outside = sum(float(one.row["outside"]) for one in done)
    if outside:
        warn(
            "Members stand in cells that the population's table does not hold; they count in the "
            "distances, and not as cells present. See the column `outside`.",
            SharesWarning,
        )
    return Intersections(
        crossings=pd.DataFrame([one.row for one in done]),
        cells=pd.concat([one.cells for one in done], ignore_index=True),
        n=int(members.n),
        pool_below=None if pool_below is None else float(pool_below),
        independence=any(one.independent for one in done),
    )


@dataclass(frozen=True)
class _Source:
    """The population's cells: counts (or shares, if independence was assumed), and the order."""

    joint: pd.DataFrame
    orders: dict[str, list[str]]
    independent: bool


@dataclass(frozen=True)
class _Crossed:
    """One crossing: its row of numbers, its cells, whether independence was assumed."""

    row: dict[str, Any]
    cells: pd.DataFrame
    independent: bool


def _populations(population: Any) -> list[Population]:
    if isinstance(population, list | tuple):
        return [population_of(one) for one in population]
    return [population_of(population)]


def _coded(joint: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A joint table with coded labels, so that each crossing sums it quickly."""
    used = [name for name in names if name in joint.columns]
    return joint[[*used, "count"]].astype(dict.fromkeys(used, "category"))


def _common(
    members: Panel, sources: Sequence[Population], variables: Sequence[str] | None
) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(name for one in sources for name in one.variables))
    if variables is None:
        names = tuple(name for name in members.variables if name in known)
        if len(names) < 2:
            raise DataError(
                "Panel and population share fewer than two variables.",
                remedy=f"The panel has {', '.join(map(repr, members.variables))}, the population "
                f"{', '.join(map(repr, known))}.",
            )
        return names
    if isinstance(variables, str) or len(set(variables)) < 2:
        raise DataError("An intersection needs at least two variables.", remedy="Name them.")
    names = tuple(dict.fromkeys(variables))
    for name in names:
        members.of(name)  # says which variable comes closest
        if name not in known:
            sources[0].categories(name)
    return names


def _crossings(names: tuple[str, ...], depth: int | Literal["all"]) -> list[tuple[str, ...]]:
    if depth == "all":
        return [names]
    if isinstance(depth, bool) or not hasattr(depth, "__index__"):
        raise DataError(f"depth is {depth!r}.", remedy="Use 2, 3, … or 'all'.")
    if not 2 <= int(depth) <= len(names):
        raise DataError(
            f"depth is {int(depth)}, and there are {len(names)} variables.",
            remedy=f"Use a number from 2 to {len(names)}, or 'all'.",
        )
    number = math.comb(len(names), int(depth))
    if number > MAX_CROSSINGS:
        raise DataError(
            f"{len(names)} variables have {number:,} crossings of {int(depth)}.",
            remedy="Name fewer variables.",
        )
    return list(itertools.combinations(names, int(depth)))


def _check_numbers(pool_below: float | None) -> None:
    if pool_below is not None and not to_number(pool_below, "pool_below") >= 0:
        raise DataError(f"pool_below is {pool_below!r}.", remedy="Use a number from 0, or None.")


def _source(
    sources: Sequence[Population],
    coded: Sequence[pd.DataFrame | None],
    names: tuple[str, ...],
    independence: bool,
) -> _Source:
    """The population's cells of a crossing, from the first table that holds it."""
    for one, joint in zip(sources, coded, strict=True):
        if joint is not None and set(names) <= set(one.variables):
            cells = joint.groupby(list(names), sort=False, observed=True)["count"].sum()
            orders = {name: list(one.categories(name)) for name in names}
            plain = cells.reset_index().astype(dict.fromkeys(names, object))
            return _Source(plain, orders, False)
    margins = {name: one.shares(name) for one in reversed(sources) for name in one.variables}
    if not independence:
        raise DataError(
            f"The intersections of {TIMES.join(names)} are not computable: the population's "
            "margins are known, their joint table is not.",
            remedy="Give the joint table (Population.from_joint), or assume that the variables "
            "are independent with independence=True, and say so.",
        )
    number = math.prod(len(margins[name]) for name in names)
    if number > MAX_CELLS:
        raise DataError(
            f"The crossing of {TIMES.join(names)} has {number:,} cells.",
            remedy="Cross fewer variables.",
        )
    grid = pd.DataFrame(
        list(itertools.product(*(margins[name].index for name in names))), columns=list(names)
    )
    share = np.ones(len(grid))
    for name in names:
        share *= grid[name].map(margins[name]).to_numpy(dtype=np.float64)
    orders = {name: list(margins[name].index) for name in names}
    return _Source(grid.assign(count=share), orders, True)


def _cross(
    members: Panel,
    source: _Source,
    names: tuple[str, ...],
    pool_below: float | None,
    finite: bool | None,
) -> _Crossed:
    assert members.members is not None  # noqa: S101 - checked by the caller
    joint, independent, keys = source.joint, source.independent, list(names)
    known = members.members[keys].dropna()
    for name in names:
        require_known(known[name], source.orders[name], variable=name)
    got = known.groupby(keys, sort=False).size().rename("members").reset_index()
    joint = joint[joint["count"] > 0]
    both = joint.merge(got, on=keys, how="outer", sort=False)
    both = _in_order(both, source.orders)
    counts = both["count"].fillna(0.0).to_numpy(dtype=np.float64)
    x = both["members"].fillna(0.0).to_numpy(dtype=np.float64)
    n, size = int(x.sum()), float(counts.sum())
    if n == 0:
        raise DataError(
            f"Nobody in the panel is known in all of {TIMES.join(names)}.",
            remedy="Leave one of the variables out.",
        )
    whole = _is_finite(counts, n, independent, finite)
    p = counts / size
    sparse = np.zeros(len(p), dtype=bool) if pool_below is None else n * p < pool_below
    if sparse.sum() < 2:
        sparse[:] = False
    cells = pd.DataFrame(
        {
            "crossing": TIMES.join(names),
            "cell": [TIMES.join(row) for row in both[keys].itertuples(index=False, name=None)],
            "population_share": p,
            "share": x / n,
            "gap": x / n - p,
            "count": x.astype(np.int64),
            "expected": n * p,
            "empty_probability": empty_probability(p, n),
            "empty_probability_finite": empty_probability_finite(counts, n)
            if whole
            else np.full(len(p), math.nan),
            "pooled": sparse,
        }
    )
    numbers = _measures(_pool(counts, sparse), _pool(x, sparse), whole)
    row = {
        "crossing": TIMES.join(names),
        "variables": len(names),
        "n": n,
        "unknown": int(members.n) - n,
        **numbers,
        "pooled_cells": int(sparse.sum()),
        "pooled_share": float(p[sparse].sum()),
    }
    return _Crossed(row, cells, independent)


def _in_order(both: pd.DataFrame, orders: dict[str, list[str]]) -> pd.DataFrame:
    """The cells in the order of the population's categories."""
    ranks = [
        both[name].map({label: place for place, label in enumerate(order)}).to_numpy()
        for name, order in orders.items()
    ]
    return both.iloc[np.lexsort(ranks[::-1])].reset_index(drop=True)


def _is_finite(
    counts: np.ndarray[Any, Any], n: int, independent: bool, finite: bool | None
) -> bool:
    whole = not independent and bool((counts % 1 == 0).all()) and float(counts.sum()) >= n
    if finite and not whole:
        raise DataError(
            "Expectations without replacement need whole counts of a population at least as "
            "large as the panel.",
            remedy="Leave finite=False.",
        )
    return whole if finite is None else bool(finite)


def _pool(values: np.ndarray[Any, Any], sparse: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if not sparse.any():
        return values
    return np.append(values[~sparse], values[sparse].sum())


def _measures(
    counts: np.ndarray[Any, Any], x: np.ndarray[Any, Any], whole: bool
) -> dict[str, float | int]:
    n, size = int(x.sum()), float(counts.sum())
    p, q = counts / size, x / n
    inside = p > 0
    finite = float((1 - empty_probability_finite(counts[inside], n)).sum()) if whole else math.nan
    return {
        "cells": int(inside.sum()),
        "present": int((inside & (x > 0)).sum()),
        "expected_present": float((1 - empty_probability(p[inside], n)).sum()),
        "expected_present_finite": finite,
        "mass_covered": float(p[x > 0].sum()),
        "tvd": float(np.abs(q - p).sum() / 2),
        "expected_tvd": float(expected_absolute_deviation(p, n).sum() / 2),
        "mse": mean_squared_gap(q, p),
        "outside": int(x[~inside].sum()),
    }


@dataclass(frozen=True, eq=False, repr=False)
class Intersections(Result):
    """Intersectional coverage of a panel; made by :func:`intersections`.

    Parameters
    ----------
    crossings : DataFrame
        One row a crossing: ``crossing, variables, n, unknown, cells, present,
        expected_present, expected_present_finite, mass_covered, tvd, expected_tvd,
        mse, outside, pooled_cells, pooled_share``.
    cells : DataFrame
        One row a cell: ``crossing, cell, population_share, share, gap, count,
        expected, empty_probability, empty_probability_finite, pooled``.
    n : int
        People in the panel.
    pool_below : float or None
    independence : bool
        Whether a joint table was made from margins under assumed independence.
    """

    crossings: pd.DataFrame
    cells: pd.DataFrame
    n: int
    pool_below: float | None
    independence: bool

    title: ClassVar[str] = "Intersections"
    sheet_formats: ClassVar[dict[str, str]] = {
        **dict.fromkeys(("population_share", "share", "gap", "mass_covered"), "0.0000"),
        **dict.fromkeys(("tvd", "expected_tvd", "pooled_share"), "0.0000"),
        "mse": "0.000000",
    }

    @cached_property
    def missing(self) -> pd.DataFrame:
        """Cells of the population with nobody in the panel, the largest first.

        ``crossing, cell, population_share, expected, empty_probability,
        empty_probability_finite, pooled``: the chance that a simple random sample of
        this size would lack the cell too tells an unlucky gap from a telling one.
        """
        out = self.cells[(self.cells["count"] == 0) & (self.cells["population_share"] > 0)]
        order = np.argsort(-out["population_share"].to_numpy(), kind="stable")
        return out.iloc[order].drop(columns=["share", "gap", "count"]).reset_index(drop=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``crossings``, ``missing`` and ``cells``."""
        return {"crossings": self.crossings, "missing": self.missing, "cells": self.cells}

    def summary(self) -> str:
        """Coverage, distance and the largest missing cells in plain words."""
        parts = [_told(row) for row in self.crossings.head(3).to_dict("records")]
        if len(self.crossings) > 3:
            lack = self.crossings["expected_present"] - self.crossings["present"]
            most = self.crossings.iloc[int(lack.to_numpy().argmax())]
            parts = [
                f"{len(self.crossings)} crossings were looked at; in all, "
                f"{int(self.crossings['present'].sum())} of {int(self.crossings['cells'].sum())} "
                f"cells are present, {self.crossings['expected_present'].sum():.1f} would be "
                "expected of simple random samples of this size. Furthest behind:",
                _told(most.to_dict()),
            ]
        if len(self.missing):
            shown = [
                f"{row['cell']} ({100 * row['population_share']:.1f}%, empty in "
                f"{_percent(row['empty_probability'])} of random samples)"
                for row in self.missing.head(5).to_dict("records")
            ]
            more = f" and {len(self.missing) - 5} more" if len(self.missing) > 5 else ""
            parts.append(f"Missing, by population share: {'; '.join(shown)}{more}.")
        if self.independence:
            parts.append(
                "Assumption: the variables are independent in the population, for no joint table "
                "was given. The cells' shares are products of margins, not counts of anybody."
            )
        return "\n\n".join(parts)

    def methods_text(self) -> str:
        """The methods paragraph."""
        text = (
            "Cells are the combinations of categories that occur in the population. The number "
            "expected under simple random sampling is the sum of 1 − (1 − p)^n, and, where the "
            "population is counted in full, of 1 less the hypergeometric probability of 0. The "
            "total variation distance is half the sum of absolute differences between the panel's "
            "and the population's shares, beside its expectation under simple random sampling "
            "(De Moivre's mean absolute deviation); the mean squared difference follows Flanigan "
            "et al. (2021). A panel drawn under quotas is no simple random sample, so these "
            "expectations are yardsticks and no test was made. People of unknown category were "
            "left out of the crossings concerned."
        )
        if self.pool_below is not None and self.crossings["pooled_cells"].sum():
            text += (
                f" Cells with fewer than {self.pool_below:g} expected members were pooled into "
                "one cell of their crossing before computing (our own rule); missing cells are "
                "listed singly."
            )
        if self.independence:
            text += (
                " No joint table of the population was known: cell shares are products of the "
                "margins, which assumes independence."
            )
        return text

    def indicators(self) -> tuple[Indicator, ...]:
        """Cells present against those expected, and the mass covered, of each crossing."""
        source = "representativeness: intersections"
        out = []
        for row in self.crossings.head(10).to_dict("records"):
            note = f"{row['present']} of {row['cells']} cells; {row['expected_present']:.1f} "
            note += "expected of a simple random sample of this size"
            out.append(
                Indicator(
                    f"population mass covered by {row['crossing']}",
                    float(row["mass_covered"]),
                    n=int(row["n"]),
                    note=note,
                    source=source,
                )
            )
        return tuple(out)

    def section(self) -> Section:
        """Summary, tables and, for crossings of two variables, the heat map of the gaps."""
        tables = table_html(
            self.crossings.head(40),
            digits={"mse": 5, "tvd": 3, "expected_tvd": 3, "mass_covered": 3},
            caption="Crossings",
        )
        shown = self.missing.head(25).dropna(axis=1, how="all")
        if len(shown):
            tables += table_html(shown, digits=3, caption="Missing cells, largest first")
        return Section(self.title, paragraphs(self.summary()) + tables, self._figures())

    def _figures(self) -> tuple[Figure, ...]:
        least = str(self.crossings["crossing"].iloc[int(self.crossings["mass_covered"].argmin())])
        figures = []
        if len(self.crossings) > 3 and (self.crossings["variables"] == 2).all():
            caption = "Population in missing cells, for every pair of variables."
            figures.append(Figure.from_axes(self.plot_pairs(), caption))
        if _rows_of(self.cells, least) <= 80:
            caption = (
                f"{least}: gap between panel and population in points; crossed cells have nobody "
                "in the panel, hatched ones fewer than their share."
            )
            figures.append(Figure.from_axes(self.plot_intersections(least), caption))
        return tuple(figures)

    def plot_intersections(self, crossing: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Heat map of one crossing with the missing cells marked; see `intersections_plots`."""
        from dmpkit.representativeness.intersections_plots import plot_intersections

        return plot_intersections(self, crossing, ax=ax)

    def plot_pairs(self, *, ax: Axes | None = None) -> Axes:
        """Population in missing cells for every pair of variables."""
        from dmpkit.representativeness.intersections_plots import plot_pairs

        return plot_pairs(self, ax=ax)


def _rows_of(cells: pd.DataFrame, crossing: str) -> int:
    """Rows of a crossing's heat map."""
    own = cells.loc[cells["crossing"] == crossing, "cell"]
    return len({str(cell).rsplit(TIMES, 1)[0] for cell in own})


def _told(row: dict[Any, Any]) -> str:
    text = (
        f"{row['crossing']}: {row['present']} of {row['cells']} cells are present, "
        f"{row['expected_present']:.1f} would be expected of a simple random sample of {row['n']}; "
        f"they hold {100 * row['mass_covered']:.1f}% of the population. The distance is "
        f"{100 * row['tvd']:.1f} points, {100 * row['expected_tvd']:.1f} expected."
    )
    if row["pooled_cells"]:
        text += (
            f" {row['pooled_cells']} sparse cells with {100 * row['pooled_share']:.1f}% of the "
            "population are pooled into one."
        )
    if row["outside"]:
        text += f" {row['outside']} members stand in cells that the population does not hold."
    if row["unknown"]:
        text += f" {row['unknown']} members are not known in all these variables."
    return text


def _percent(chance: float) -> str:
    return "under 1%" if chance < 0.01 else f"{100 * chance:.0f}%"
