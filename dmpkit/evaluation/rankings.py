"""Rankings as checked matrices: who ranked what, ties and blanks by a stated rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import first_few, names, numbers, text
from dmpkit.tables import require_columns, require_unique, to_pandas

__all__ = ["Rankings", "ranks_from_orders", "read_rankings"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Names of stages that are known, in time order.
KNOWN_STAGES = (("before", "after"), ("pre", "post"))


@dataclass(frozen=True, eq=False)
class Rankings:
    """Checked rankings of one stage.

    Attributes
    ----------
    every : tuple of str
        All people, sorted by id.
    ranks : array of shape (people, options)
        Of all people, 1 the best; NaN where an option is not ranked.
    options : tuple of str
    incomplete : {"refuse", "leave out"}
    """

    every: tuple[str, ...]
    ranks: Floats
    options: tuple[str, ...]
    incomplete: str

    @cached_property
    def whole(self) -> NDArray[np.bool_]:
        """Who ranked all options without ties."""
        full = np.sort(self.ranks, axis=1) == np.arange(1, len(self.options) + 1)
        return np.asarray(full.all(axis=1))

    @property
    def people(self) -> tuple[str, ...]:
        """Those whose ranking is complete and without ties."""
        return tuple(who for who, good in zip(self.every, self.whole, strict=True) if good)

    @property
    def n_left_out(self) -> int:
        """Rankings with ties or blanks."""
        return int((~self.whole).sum())

    @cached_property
    def orders(self) -> Ints:
        """Options from best to worst of each of `people`, by position."""
        return np.argsort(self.ranks[self.whole], axis=1).astype(np.int64)

    @property
    def rule(self) -> str:
        """What was done about ties and blanks."""
        if self.incomplete == "refuse":
            return "All rankings are complete and without ties."
        return (
            "Rankings with ties or blanks are left out of proximity and change; their "
            "preferences count in the pairs that they order."
        )


def ranks_from_orders(
    orders: Any, column: str, *, separator: str = "", drop: bool = True
) -> pd.DataFrame:
    """Turn orders written as text, best first, into one column a rank.

    Parameters
    ----------
    orders : DataFrame
        One row a ranking.
    column : str
        Holds texts such as ``BCAD`` or ``rail > bus > road``.
    separator : str
        What parts the options; nothing where each is one letter.
    drop : bool
        Whether to leave the column out of what comes back.

    Returns
    -------
    DataFrame
        The other columns and one a option with its rank, 1 the best; blank where an
        order does not name it.

    Raises
    ------
    DataError
        An option stands twice in an order.

    Examples
    --------
    >>> frame = pd.DataFrame({"person": [1], "order": ["BAC"]})
    >>> ranks_from_orders(frame, "order").to_dict("records")
    [{'person': 1, 'A': 2.0, 'B': 1.0, 'C': 3.0}]
    """
    check_settings(ranks_from_orders, locals())
    frame = to_pandas(orders, what="table of orders").reset_index(drop=True)
    cells = names(frame, column, what="order")
    split = [
        [part.strip() for part in cell.split(separator)] if separator else list(cell)
        for cell in cells
    ]
    for row, parts in enumerate(split, start=2):
        if len(set(parts)) < len(parts) or "" in parts:
            raise DataError(f"{cells[row - 2]!r} names an option twice, or none between two "
                            "separators.", row=row, column=column)  # fmt: skip
    known = sorted({option for parts in split for option in parts})
    rest = frame.drop(columns=column) if drop else frame
    places = [{option: float(i) for i, option in enumerate(parts, 1)} for parts in split]
    return rest.assign(**{o: [p.get(o, np.nan) for p in places] for o in known})


def read_rankings(
    rankings: Any,
    *,
    person: str = "person",
    stage: str | None = "stage",
    stages: Sequence[str] | None = None,
    options: Sequence[str] | None = None,
    incomplete: Literal["refuse", "leave out"] = "refuse",
) -> dict[str, Rankings]:
    """Check a table of ranks and part it by stage, in time order.

    Parameters
    ----------
    rankings, person, stage, stages, options, incomplete
        As in :func:`~dmpkit.evaluation.preferences.single_peakedness`.

    Returns
    -------
    dict of str to Rankings

    Raises
    ------
    DataError
        As said there.

    Examples
    --------
    >>> frame = pd.DataFrame({"person": ["a"], "x": [2], "y": [1]})
    >>> read_rankings(frame)["all"].orders.tolist()
    [[1, 0]]
    """
    if incomplete not in ("refuse", "leave out"):
        raise DataError(f"incomplete is {incomplete!r}.", remedy='Use "refuse" or "leave out".')
    frame = to_pandas(rankings, what="table of rankings").reset_index(drop=True)
    if frame.empty:
        raise DataError("The table of rankings has no rows.")
    who = names(frame, person, what="person")
    by = _stages(frame, stage, stages)
    fixed = {person, stage} if by is not None else {person}
    columns = [str(c) for c in frame.columns if c not in fixed] if options is None else [
        str(o) for o in options
    ]  # fmt: skip
    require_columns(frame, columns)
    require_unique(columns, "option")
    # of a part of the options only the order counts
    part = len(columns) < sum(c not in fixed for c in frame.columns)
    high = float("inf") if part else len(columns)
    named = frame.rename(columns=str)
    cells = [numbers(named, c, low=1, high=high, whole=True) for c in columns]
    ranks = np.column_stack(cells) if cells else np.empty((len(frame), 0))
    if part:
        ranks = pd.DataFrame(ranks).rank(axis=1, method="min").to_numpy(dtype=np.float64)
    if incomplete == "refuse":
        _refuse(ranks, who, columns)
    order = np.asarray(["all"] * len(frame) if by is None else by[0], dtype=object)
    found = {}
    for name in ["all"] if by is None else by[1]:
        rows = np.flatnonzero(order == name)
        _require_one_row(who, rows, person)
        rows = rows[np.argsort(who[rows].to_numpy(), kind="stable")]
        found[name] = Rankings(tuple(who[rows]), ranks[rows], tuple(columns), incomplete)
    return found


def _stages(
    frame: pd.DataFrame, stage: str | None, stages: Sequence[str] | None
) -> tuple[list[str], list[str]] | None:
    """Stage of each row, and the stages in time order; None where there is one stage."""
    if stage is None or (stage not in frame.columns and stages is None):
        return None
    cells = names(frame, stage, what="stage").tolist()
    seen = sorted(set(cells))
    if stages is not None:
        order = [text(s) for s in stages]
    elif len(seen) == 1:
        order = seen
    else:
        order = next((list(known) for known in KNOWN_STAGES if set(known) == set(seen)), [])
    odd = sorted(set(seen) ^ set(order))
    if odd or len(order) > 2 or len(set(order)) < len(order):
        raise DataError(
            f"The stages are {first_few(map(repr, seen))}.",
            column=stage,
            remedy='Use before and after, or name two in time order: stages=("first", "second").',
        )
    return cells, order


def _require_one_row(who: pd.Series[str], rows: NDArray[np.int64], column: str) -> None:
    """Stop where a person has two rankings of one stage."""
    own = who.iloc[rows]
    doubled = own[own.duplicated()]
    if len(doubled):
        raise DataError(f"Person {doubled.iloc[0]!r} has a second ranking of the same stage.",
                        row=int(doubled.index[0]) + 2, column=column,
                        remedy="Keep one of them.")  # fmt: skip


def _refuse(ranks: Floats, who: pd.Series[str], columns: list[str]) -> None:
    """Stop at the first ranking with a blank or a tie."""
    for row, own in enumerate(ranks):
        blank = np.flatnonzero(np.isnan(own))
        remedy = 'Complete it, or give incomplete="leave out".'
        if blank.size:
            raise DataError(f"Person {who[row]!r} did not rank {columns[blank[0]]!r}.",
                            row=row + 2, column=columns[blank[0]], remedy=remedy)  # fmt: skip
        values, counts = np.unique(own, return_counts=True)
        if (counts > 1).any():
            tied = values[counts > 1][0]
            both = [columns[i] for i in np.flatnonzero(own == tied)]
            raise DataError(f"Person {who[row]!r} gives {' and '.join(map(repr, both))} the rank "
                            f"{tied:g}.", row=row + 2, remedy=remedy)  # fmt: skip
