"""Counting people where they lie: any engine, one pass, only the counts in memory.

One group-by over all variables together is the only query: the joint table is its
result, the margins are sums of it. Beside it the first rows are looked at where that is
cheap, so that a column of names is refused before every name becomes a group. Only a
joint table of more than :data:`MAX_CELLS` cells, of which no more than that is ever
fetched, costs further passes: one a variable, for its margin.

Polars counts in batches (its streaming engine), DuckDB and Spark keep what does not fit
on disk, dask counts each partition and adds up; pandas and pyarrow hold the rows anyway.
Counts are the same on each of them; sums of weights that are not whole numbers may
differ in the last digits, as engines add in different orders.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.representativeness.entries import require_columns_once
from dmpkit.representativeness.labels import as_labels, as_text
from dmpkit.tables import require_columns

__all__ = ["CountedCells", "count_cells", "known_frame"]

#: Cells of a joint table above which only the margins are kept.
MAX_CELLS = 1_000_000
#: Values of one variable above which it is taken for something else (an amount, a name).
MAX_CATEGORIES = 1_000
#: First rows that are looked at for columns with too many values.
FIRST_ROWS = 100_000
_COUNT, _LEAST = "_dmpkit_count", "_dmpkit_least"
_FILLED, _ROWS = "_dmpkit_filled", "_dmpkit_rows"


@dataclass(frozen=True)
class CountedCells:
    """What :func:`count_cells` found: a joint table, or margins where it would be too large."""

    variables: tuple[str, ...]
    joint: pd.DataFrame | None
    margins: Mapping[str, Mapping[str | None, float]]
    total: float
    notes: tuple[str, ...]


def count_cells(
    people: Any, variables: Sequence[str] | None = None, *, weight: str | None = None
) -> CountedCells:
    """Count the rows of a frame by all variables together.

    Parameters
    ----------
    people : DataFrame or LazyFrame
        Any that narwhals knows.
    variables : sequence of str, optional
        All columns but `weight` when not given.
    weight : str, optional
        Column that is summed instead of counting rows.

    Raises
    ------
    DataError
        Not a frame, missing columns, no rows, weights that are negative or missing,
        more than 1,000 values in one variable.

    Examples
    --------
    >>> count_cells(pd.DataFrame({"a": ["x", "x", "y"]})).joint
       a  count
    0  x    2.0
    1  y    1.0
    """
    frame = known_frame(people, "population")
    schema = frame.collect_schema()
    names = _named(schema.names(), variables, weight)
    if weight is not None and not schema[weight].is_numeric():
        raise DataError("The weights are not numbers.", column=weight)
    lazy = frame.lazy() if _is_polars(frame) else frame  # polars then counts in batches
    _require_few_values(lazy, names)
    joint = _joint(lazy, names, weight)
    if joint is not None:
        return _checked(joint, names)
    margins = {name: _one_way(lazy, name, weight) for name in names}
    total = sum(margins[names[0]].values())
    note = f"more than {MAX_CELLS:,} cells: margins only, no joint table"
    return CountedCells(tuple(names), None, margins, float(total), (note,))


def _named(columns: list[str], variables: Sequence[str] | None, weight: str | None) -> list[str]:
    """The variables to count, all there and none of them what is summed."""
    if isinstance(variables, str):
        variables = [variables]
    every = [c for c in columns if c != weight]
    names = every if variables is None else list(dict.fromkeys(variables))
    require_columns(pd.DataFrame(columns=columns), [*names, *([weight] if weight else [])])
    if not names:
        raise DataError("No variable is named.", remedy="Name the columns in `variables`.")
    for name in ("count", weight):
        if name in names:
            raise DataError(
                "The column cannot be a variable: it is what is counted.",
                column=name,
                remedy="Leave it out of `variables`, or rename it.",
            )
    return names


def known_frame(value: Any, what: str) -> Any:
    """A frame of any kind as a narwhals frame, eager or lazy.

    Raises
    ------
    DataError
        If it is no frame.

    Examples
    --------
    >>> known_frame(pd.DataFrame({"a": [1]}), "panel").columns
    ['a']
    """
    import narwhals as nw

    if isinstance(value, pd.DataFrame):
        require_columns_once(value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # narwhals announces a package for dask
        try:
            return nw.from_native(value)
        except TypeError:
            raise DataError(
                f"The {what} is a {type(value).__name__}, not a table.",
                remedy="Give a data frame, a mapping, or the path of a file.",
            ) from None


def _is_polars(frame: Any) -> bool:
    return bool(frame.implementation.is_polars())


def _grouped(frame: Any, names: list[str], weight: str | None) -> Any:
    import narwhals as nw

    if "" in names:
        raise DataError("A column has no name.", remedy="Name it, or say which variables count.")
    if weight is None:
        return frame.select(*names).group_by(*names).agg(nw.len().alias(_COUNT))
    column = nw.col(weight)
    return (
        frame.select(*names, weight)
        .group_by(*names)
        .agg(
            column.sum().alias(_COUNT),
            column.min().alias(_LEAST),
            column.count().alias(_FILLED),
            nw.len().alias(_ROWS),
        )
    )


def _collected(lazy: Any) -> pd.DataFrame:
    """The few rows of a count as pandas; polars runs it in batches and not all rows at once."""
    import narwhals as nw

    if isinstance(lazy, nw.LazyFrame):
        with warnings.catch_warnings():  # what an engine will have to change in its own code
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            lazy = lazy.collect(engine="streaming") if _is_polars(lazy) else lazy.collect()
    return pd.DataFrame({name: lazy[name].to_list() for name in lazy.columns})


def _joint(frame: Any, names: list[str], weight: str | None) -> pd.DataFrame | None:
    """The cells that occur, or None where there are too many."""
    cells = _weighed(_collected(_grouped(frame, names, weight).head(MAX_CELLS + 1)), weight)
    return cells if len(cells) <= MAX_CELLS else None


def _require_few_values(frame: Any, names: list[str]) -> None:
    """Refuse a column of names or amounts by the first rows, where reading those is cheap."""
    import narwhals as nw

    if not isinstance(frame, nw.DataFrame) and not _is_polars(frame):
        return
    first = frame.select(*names).head(FIRST_ROWS)
    found = _collected(
        first.select(*(nw.col(name).n_unique() for name in names), nw.len().alias(_ROWS))
    ).iloc[0]
    more = " or more" if found[_ROWS] == FIRST_ROWS else ""
    for name in names:
        _require_categories(int(found[name]), name, f"{int(found[name]):,}{more}")


def _one_way(frame: Any, name: str, weight: str | None) -> dict[str | None, float]:
    groups = _grouped(frame, [name], weight).head(MAX_CATEGORIES + 1)
    cells = _weighed(_collected(groups), weight)
    _require_categories(len(cells), name, f"more than {MAX_CATEGORIES:,}")
    out: dict[str | None, float] = {}
    for label, n in zip(as_labels(cells[name]), cells[_COUNT], strict=True):
        out[as_text(label)] = out.get(as_text(label), 0.0) + float(n)
    return out


def _weighed(cells: pd.DataFrame, weight: str | None) -> pd.DataFrame:
    if not len(cells):
        raise DataError("The population has no rows.")
    if weight is None:
        return cells
    if (cells[_FILLED] < cells[_ROWS]).any() or cells[_COUNT].isna().any():
        raise DataError("A weight is missing.", column=weight, remedy="Give every row a weight.")
    if (cells[_LEAST] < 0).any():
        raise DataError("A weight is negative.", column=weight, remedy="Weights are 0 or more.")
    return cells


def _require_categories(number: int, name: str, said: str = "") -> None:
    if number > MAX_CATEGORIES:
        raise DataError(
            f"The variable has {said or f'{number:,}'} different values.",
            column=name,
            remedy="Put them into bands first, or leave it out.",
        )


def _checked(cells: pd.DataFrame, names: list[str]) -> CountedCells:
    for name in names:
        _require_categories(int(cells[name].nunique(dropna=False)), name)
    joint = pd.DataFrame({name: as_labels(cells[name]) for name in names})
    joint["count"] = cells[_COUNT].astype("float64")
    joint = joint.groupby(names, sort=True, dropna=False)["count"].sum().reset_index()
    for name in names:  # pandas turns None into NaN on the way
        joint[name] = as_labels(joint[name])
    return CountedCells(tuple(names), joint, {}, float(joint["count"].sum()), ())
