"""The pool of a lottery as arrays: who counts towards which quota, who shares an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.representativeness.data import Panel, panel_of
from dmpkit.representativeness.entries import to_names
from dmpkit.representativeness.labels import as_labels, closest, require_known
from dmpkit.representativeness.quotas import Quotas, quotas_of
from dmpkit.tables import to_pandas

__all__ = ["DrawProblem", "draw_problem"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class DrawProblem:
    """A pool, its quotas and the seats, checked and coded; made by :func:`draw_problem`.

    Attributes
    ----------
    frame : DataFrame
        The pool as it came, one row a person.
    people : tuple of str
        Names or ids.
    cells : DataFrame
        ``variable, category, min, max, available``: one row a quota.
    member : array of shape (people, quota variables)
        Row of `cells` towards which each person counts.
    seats : int
    households : array of shape (people,) or None
        Number of each person's household; None where the rule does not apply.
    weights : array of shape (people,) or None
        Relative chance within each pick; None where all are equal.
    notes : tuple of str
    """

    frame: pd.DataFrame
    people: tuple[str, ...]
    cells: pd.DataFrame
    member: Ints
    seats: int
    households: Ints | None = None
    weights: Floats | None = None
    notes: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        """People in the pool."""
        return len(self.people)

    @cached_property
    def minimum(self) -> Ints:
        """Least seats of each quota."""
        return self.cells["min"].to_numpy(np.int64)

    @cached_property
    def maximum(self) -> Ints:
        """Most seats of each quota."""
        return self.cells["max"].to_numpy(np.int64)

    @cached_property
    def indicator(self) -> NDArray[np.float32]:
        """1 where a person counts towards a quota: people × quotas."""
        out = np.zeros((self.n, len(self.cells)), dtype=np.float32)
        if self.member.shape[1]:
            np.put_along_axis(out, self.member, 1, axis=1)
        return out

    @cached_property
    def others(self) -> Ints | None:
        """For each person the others at the address, padded with -1; None without any."""
        if self.households is None:
            return None
        order = np.argsort(self.households, kind="stable")
        groups = np.split(order, np.flatnonzero(np.diff(self.households[order])) + 1)
        width = max(len(g) for g in groups) - 1
        if width == 0:
            return None
        out = np.full((self.n, width), -1, dtype=np.int64)
        for group in groups:
            for person in group if len(group) > 1 else ():
                rest = group[group != person]
                out[person, : len(rest)] = rest
        return out

    @cached_property
    def types(self) -> tuple[Ints, Ints]:
        """People who are the same to the quotas and to the household rule.

        Returns
        -------
        type_of : array of shape (people,)
            The type of each person.
        first : array of shape (types,)
            One person of each type.
        """
        key = self.member
        if self.others is not None and self.households is not None:
            shared = np.where(self.others[:, 0] >= 0, self.households, -1)
            key = np.column_stack([self.member, shared])
        if key.shape[1] == 0:
            return np.zeros(self.n, dtype=np.int64), np.zeros(1, dtype=np.int64)
        _, first, type_of = np.unique(key, axis=0, return_index=True, return_inverse=True)
        return type_of.reshape(-1).astype(np.int64), first.astype(np.int64)


def draw_problem(
    pool: Any,
    quotas: Any,
    seats: int,
    *,
    person: str | None = None,
    household: str | Sequence[str] | None = None,
    weight: str | None = None,
) -> DrawProblem:
    """Check pool, quotas and seats against each other and code them.

    Parameters
    ----------
    pool : DataFrame of any kind, or Panel with members
        One row a person, a column for each variable with quotas.
    quotas : Quotas, DataFrame, path or None
        ``variable, category, min, max``; None for a lottery without quotas.
    seats : int
        Size of the panel.
    person : str, optional
        Column with names or ids; rows are numbered from 1 without it.
    household : str or list of str, optional
        Column, or columns together, that tell the address: at most one person of an
        address is drawn. A person whose address is missing counts as living alone.
    weight : str, optional
        Column with each person's relative chance within a pick.

    Raises
    ------
    DataError
        When a column is missing, a person has no category or one without a quota,
        an id is given twice, or the pool is too small.

    Examples
    --------
    >>> import pandas as pd
    >>> pool = pd.DataFrame({"age": ["young", "old", "old"]})
    >>> quotas = pd.DataFrame({"variable": "age", "category": ["young", "old"],
    ...                        "min": [1, 1], "max": [1, 1]})
    >>> draw_problem(pool, quotas, 2).cells["available"].tolist()
    [1, 2]
    """
    frame, person = _pool_frame(pool, person)
    n_seats = _checked_seats(seats, len(frame))
    people = _checked_people(frame, person)
    notes: list[str] = []
    cells, member = _coded(frame, people, None if quotas is None else quotas_of(quotas))
    homes = None if household is None else _household_codes(frame, household, notes)
    if homes is not None and len(np.unique(homes)) < n_seats:
        raise DataError(
            f"The pool lives at {len(np.unique(homes))} addresses, fewer than the {n_seats} seats.",
            remedy="Allow more than one person an address, or fewer seats.",
        )
    return DrawProblem(
        frame, people, cells, member, n_seats, homes, _weights(frame, weight), tuple(notes)
    )


def _pool_frame(pool: Any, person: str | None) -> tuple[pd.DataFrame, str | None]:
    if isinstance(pool, str) or hasattr(pool, "__fspath__"):
        pool = panel_of(pool)
    if isinstance(pool, Panel):
        if pool.members is None:
            raise DataError(
                "The pool is known as counts only.",
                remedy="A lottery needs the list of people, one row a person.",
            )
        return pool.members.reset_index(drop=True), person or pool.person
    return to_pandas(pool, what="pool").reset_index(drop=True), person


def _checked_seats(seats: object, n: int) -> int:
    whole = isinstance(seats, Integral) and not isinstance(seats, bool)
    wanted = int(str(seats)) if whole else 0
    if wanted < 1:
        raise DataError(f"The number of seats is {seats!r}.", remedy="Give a whole number above 0.")
    if n < wanted:
        raise DataError(
            f"The pool has {n} people, fewer than the {wanted} seats.",
            remedy="Is the list of the pool complete?",
        )
    return wanted


def _require_column(frame: pd.DataFrame, name: str, what: str) -> None:
    if name not in frame.columns:
        raise DataError(
            f"The pool has no column {name!r} for {what}.",
            remedy=closest(name, [str(c) for c in frame.columns]),
        )


def _checked_people(frame: pd.DataFrame, person: str | None) -> tuple[str, ...]:
    if person is None:
        return tuple(str(i) for i in range(1, len(frame) + 1))
    _require_column(frame, person, "the people")
    names = as_labels(frame[person])
    if names.isna().any():
        row = int(names.isna().to_numpy().argmax())
        raise DataError("A person has no id.", row=row + 2, column=person)
    if names.duplicated().any():
        row = int(names.duplicated().to_numpy().argmax())
        raise DataError(
            f"The person {names[row]!r} stands in the pool twice.",
            row=row + 2,
            column=person,
            remedy="Remove one of the rows, or give each person an id of their own.",
        )
    return tuple(names)


def _coded(
    frame: pd.DataFrame, people: tuple[str, ...], quotas: Quotas | None
) -> tuple[pd.DataFrame, Ints]:
    """The quota cells with what the pool has, and each person's cell by variable."""
    if quotas is None:
        empty = pd.DataFrame(columns=["variable", "category", "min", "max", "available"])
        return empty, np.zeros((len(frame), 0), dtype=np.int64)
    cells = quotas.frame[["variable", "category", "min", "max"]].reset_index(drop=True)
    columns = []
    for variable in quotas.variables:
        _require_column(frame, variable, "a variable with quotas")
        labels = as_labels(frame[variable])
        if labels.isna().any():
            row = int(labels.isna().to_numpy().argmax())
            raise DataError(
                f"Person {people[row]} has no category.",
                row=row + 2,
                column=variable,
                remedy="Fill it in, or leave out people whom the quotas cannot place.",
            )
        rows = cells.index[cells["variable"] == variable]
        known = {str(cells["category"][r]): int(r) for r in rows}
        require_known(
            labels, list(known), variable=variable, where="the pool", reference="the quotas"
        )
        columns.append(labels.map(known).to_numpy(np.int64))
    member = np.column_stack(columns)
    available = np.bincount(member.ravel(), minlength=len(cells))
    ends = {end: cells[end].to_numpy(np.int64) for end in ("min", "max")}
    return cells.assign(**ends, available=available), member.astype(np.int64)


def _household_codes(frame: pd.DataFrame, household: str | Sequence[str], notes: list[str]) -> Ints:
    names = to_names(household, "columns of the address")
    if not names:
        raise DataError("No column of the address is named.", remedy="Name it, or leave it out.")
    for name in names:
        _require_column(frame, name, "the address")
    parts = pd.concat([as_labels(frame[name]) for name in names], axis=1)
    missing = parts.isna().any(axis=1).to_numpy()
    groups = parts.groupby(list(parts.columns), dropna=False, sort=False).ngroup()
    codes: Ints = np.array(groups, dtype=np.int64)
    codes[missing] = codes.max() + 1 + np.arange(missing.sum())
    if missing.any():
        notes.append(f"{missing.sum()} people without an address count as living alone.")
    return codes


def _weights(frame: pd.DataFrame, weight: str | None) -> Floats | None:
    if weight is None:
        return None
    _require_column(frame, weight, "the weights")
    values = pd.to_numeric(frame[weight], errors="coerce").to_numpy(np.float64)
    bad = np.flatnonzero(~np.isfinite(values) | (values <= 0))
    if bad.size:
        raise DataError(
            f"The weight is {frame[weight].iloc[bad[0]]!r}.",
            row=int(bad[0]) + 2,
            column=weight,
            remedy="Weights are numbers above 0.",
        )
    return values
