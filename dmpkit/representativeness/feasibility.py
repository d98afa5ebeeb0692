"""Whether the quotas can be met from a pool at all, and the least to give up if not.

Found by integer linear programming (HiGHS through scipy): people who are the same
to the quotas are taken together, one whole number a type. The smallest relaxation
lowers minimums and raises maximums by as few seats in all as possible; counting it
so, each seat of each quota alike, is our own choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.reporting import Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.pool import DrawProblem, draw_problem

__all__ = ["Feasibility", "check_feasibility"]

Floats = NDArray[np.float64]
#: Seconds that the solver may take.
_TIME_LIMIT = 60.0


@dataclass(frozen=True, eq=False, repr=False)
class Feasibility(Result):
    """Result of :func:`check_feasibility`.

    Attributes
    ----------
    seats, pool : int
    cells : DataFrame
        ``variable, category, min, max, available``.
    contradictions : tuple of str
        What is wrong with the quotas before anybody is looked at together: sums that
        cannot be, groups with too few people.
    relaxations : DataFrame
        ``variable, category, bound`` ("min" or "max"), ``value, relaxed, available,
        text``: one smallest set of changes that makes the quotas feasible; empty
        where they are. Others of the same size may exist.
    household : bool
        Whether at most one person an address is allowed.
    """

    seats: int
    pool: int
    cells: pd.DataFrame
    contradictions: tuple[str, ...]
    relaxations: pd.DataFrame
    household: bool = False

    title = "Feasibility of the quotas"

    @property
    def feasible(self) -> bool:
        """Whether some panel from the pool meets all quotas."""
        return self.relaxations.empty

    @property
    def total_change(self) -> int:
        """Seats by which quotas must be changed, in all."""
        return int((self.relaxations["relaxed"] - self.relaxations["value"]).abs().sum())

    @cached_property
    def relaxed(self) -> pd.DataFrame:
        """The quotas with the relaxation applied: ``variable, category, min, max``."""
        out = self.cells[["variable", "category", "min", "max"]].copy()
        for row in self.relaxations.itertuples():
            place = (out["variable"] == row.variable) & (out["category"] == row.category)
            out[str(row.bound)] = out[str(row.bound)].mask(place, row.relaxed)
        return out

    def frames(self) -> dict[str, pd.DataFrame]:
        """``relaxations`` and ``quotas``."""
        return {"relaxations": self.relaxations, "quotas": self.cells}

    def summary(self) -> str:
        """Feasible or not, why, and what to change."""
        n, k = f"{self.pool:,} people", f"{self.seats} seats"
        if self.feasible:
            return f"The quotas can be met: some panel of {k} from the {n} fits all of them."
        parts = [f"No panel of {k} from the {n} meets all quotas."]
        parts += self.contradictions
        parts.append(
            f"A smallest set of changes ({self.total_change} "
            f"{'seat' if self.total_change == 1 else 'seats'} in all; other sets of "
            f"this size may exist):"
        )
        parts += [str(text) for text in self.relaxations["text"]]
        return " ".join(parts)

    def methods_text(self) -> str:
        """How feasibility was settled."""
        home = " and at most one person an address" if self.household else ""
        return (
            f"Whether a panel of {self.seats} from the pool of {self.pool:,} can meet all quotas"
            f"{home} was settled by integer linear programming (HiGHS). Where none can, the "
            f"smallest sum of changes to minimums and maximums was sought; each seat of each "
            f"quota counts alike, which is our own choice."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Seats by which quotas must be changed."""
        name = "seats by which quotas must be relaxed"
        return (Indicator(name, float(self.total_change), source="check_feasibility"),)

    def section(self) -> Section:
        """Text and tables."""
        table = table_html(self.cells, digits=0, caption="Quotas and what the pool has")
        return Section(self.title, paragraphs(self.summary()) + table)

    def require(self) -> None:
        """Raise a :class:`DataError` that explains, where the quotas cannot be met."""
        if not self.feasible:
            raise DataError(self.summary())


def check_feasibility(
    pool: Any,
    quotas: Any,
    seats: int,
    *,
    person: str | None = None,
    household: str | Sequence[str] | None = None,
) -> Feasibility:
    """Whether a panel can meet all quotas, and the smallest changes where none can.

    Parameters
    ----------
    pool, quotas, seats, person, household
        As in :func:`~dmpkit.representativeness.lottery.simulate_lottery`.

    Returns
    -------
    Feasibility

    Raises
    ------
    DataError
        When the inputs do not fit together (a category without a quota, a pool
        smaller than the panel); infeasible quotas are a result, not an error.

    Examples
    --------
    >>> import pandas as pd
    >>> pool = pd.DataFrame({"age": ["16-24"] * 3 + ["25+"] * 9})
    >>> quotas = pd.DataFrame({"variable": "age", "category": ["16-24", "25+"],
    ...                        "min": [5, 5], "max": [5, 7]})
    >>> for text in check_feasibility(pool, quotas, 10).relaxations["text"]:
    ...     print(text)
    Lower the minimum of age 16-24 from 5 to 3: only 3 such people are in the pool.
    """
    return solve_feasibility(draw_problem(pool, quotas, seats, person=person, household=household))


def solve_feasibility(problem: DrawProblem) -> Feasibility:
    """:func:`check_feasibility` for a pool that is already coded."""
    low, high = _smallest_changes(problem)
    return Feasibility(
        problem.seats,
        problem.n,
        problem.cells,
        tuple(_contradictions(problem)),
        _relaxations(problem, low, high),
        problem.households is not None,
    )


def _contradictions(problem: DrawProblem) -> list[str]:
    """What can be seen without a solver."""
    out, seats = [], problem.seats
    for variable, part in problem.cells.groupby("variable", sort=False):
        least, most = int(part["min"].sum()), int(part["max"].sum())
        reach = int(np.minimum(part["max"], part["available"]).sum())
        if least > seats:
            out.append(f"The minimums of {variable} sum to {least}, more than the {seats} seats.")
        if most < seats:
            out.append(f"The maximums of {variable} sum to {most}, fewer than the {seats} seats.")
        elif reach < seats:
            out.append(
                f"With the people there are, the maximums of {variable} fill only {reach} of "
                f"the {seats} seats."
            )
        short = part[part["min"] > part["available"]]
        for name, need, have in zip(
            short["category"], short["min"], short["available"], strict=True
        ):
            out.append(f"{variable} {name} needs {need} and the pool has {have}.")
    return out


def _smallest_changes(problem: DrawProblem) -> tuple[Floats, Floats]:
    """Seats by which each minimum is lowered and each maximum raised."""
    from scipy.optimize import Bounds, LinearConstraint

    n_cells = len(problem.cells)
    rows = type_rows(problem)
    n_types = len(rows.size)
    eye, none = np.eye(n_cells), np.zeros((n_cells, n_cells))
    cost = np.concatenate([np.zeros(n_types), np.ones(2 * n_cells)])
    limits = [
        LinearConstraint(np.hstack([rows.cells, eye, none]), problem.minimum, np.inf),
        LinearConstraint(np.hstack([rows.cells, none, -eye]), -np.inf, problem.maximum),
        LinearConstraint(
            np.concatenate([np.ones(n_types), np.zeros(2 * n_cells)])[None], problem.seats,
            problem.seats,
        ),
    ]  # fmt: skip
    if len(rows.homes):
        wide = np.hstack([rows.homes, np.zeros((len(rows.homes), 2 * n_cells))])
        limits.append(LinearConstraint(wide, -np.inf, 1))
    top = np.concatenate([rows.size, problem.minimum, np.full(n_cells, problem.seats)])
    solution = solve_integer(cost, limits, Bounds(0, top))
    if solution is None:  # only the household rule can still stand against it, which was checked
        raise DataError("No panel of this size can be drawn from the pool.")
    changes = np.round(solution[n_types:])
    return changes[:n_cells], changes[n_cells:]


@dataclass(frozen=True, eq=False)
class TypeRows:
    """The pool by type, as rows of a linear program.

    Attributes
    ----------
    size : array of shape (types,)
        People of each type.
    cells : array of shape (quotas, types)
        1 where a type counts towards a quota.
    homes : array of shape (shared addresses, types)
        1 where a type lives at an address.
    """

    size: Floats
    cells: Floats
    homes: Floats


def type_rows(problem: DrawProblem) -> TypeRows:
    """The coefficients that say what each type counts towards."""
    type_of, first = problem.types
    size = np.bincount(type_of).astype(np.float64)
    cells = problem.indicator[first].T.astype(np.float64)
    homes = np.zeros((0, len(first)))
    if problem.others is not None and problem.households is not None:
        shared = np.flatnonzero(problem.others[first, 0] >= 0)
        names, code = np.unique(problem.households[first[shared]], return_inverse=True)
        homes = np.zeros((len(names), len(first)))
        homes[code.reshape(-1), shared] = 1
    return TypeRows(size, cells, homes)


def solve_integer(cost: Floats, limits: list[Any], bounds: Any) -> Floats | None:
    """The whole numbers of least cost; None where there are none.

    Raises
    ------
    DataError
        When the solver gives up before it knows.
    """
    from scipy.optimize import milp

    options = {"time_limit": _TIME_LIMIT, "mip_rel_gap": 0.0}
    found = milp(cost, constraints=limits, bounds=bounds, integrality=np.ones(len(cost)),
                 options=options)  # fmt: skip
    if found.status == 2:
        return None
    if found.status != 0 or found.x is None:
        raise DataError(
            f"The solver could not settle it within {_TIME_LIMIT:g} seconds.",
            remedy="Try fewer quota variables or fewer categories.",
        )
    return np.asarray(found.x, dtype=np.float64)


def _relaxations(problem: DrawProblem, low: Floats, high: Floats) -> pd.DataFrame:
    rows = []
    for i, (variable, name) in enumerate(
        zip(problem.cells["variable"], problem.cells["category"], strict=True)
    ):
        there = int(problem.cells["available"].iloc[i])
        for bound, change in (("min", -int(low[i])), ("max", int(high[i]))):
            if change:
                value = int(problem.minimum[i] if bound == "min" else problem.maximum[i])
                word = "Lower the minimum" if bound == "min" else "Raise the maximum"
                why = _reason(problem, variable, bound, value + change, there)
                text = f"{word} of {variable} {name} from {value} to {value + change}: {why}."
                rows.append((variable, name, bound, value, value + change, there, text))
    columns = ["variable", "category", "bound", "value", "relaxed", "available", "text"]
    return pd.DataFrame(rows, columns=columns)


def _reason(problem: DrawProblem, variable: str, bound: str, to: int, there: int) -> str:
    """Why a bound must give way: too few people, sums that cannot be, or the whole of it."""
    people = f"{there} such {'person is' if there == 1 else 'people are'} in the pool"
    own = (problem.cells["variable"] == variable).to_numpy()
    if bound == "min" and there <= to:
        return f"only {people}"
    if bound == "min" and problem.minimum[own].sum() > problem.seats:
        return f"the minimums of {variable} leave no room in {problem.seats} seats"
    there_or_most = np.minimum(problem.maximum, problem.cells["available"].to_numpy())
    if bound == "max" and there_or_most[own].sum() < problem.seats:
        return f"{people}, and the maximums of {variable} leave seats empty"
    return f"{people}, but not with what the other quotas ask of them"
