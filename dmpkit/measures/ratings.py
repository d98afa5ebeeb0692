"""Ratings of units by several raters, checked once and counted in few distinct patterns.

All coefficients of :mod:`dmpkit.measures.agreement` start from the same small
thing: which value each rater gave each unit, and which units look alike. Units
with the same values are one *pattern*, so that 100,000 units cost no more than
the few thousand patterns among them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.tables import require_columns, require_unique, to_pandas

__all__ = ["Patterns", "Ratings", "ratings_from_columns", "ratings_from_long"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Columns that hold the raters' names where a frame has no index (polars).
NAME_COLUMNS = ("rater", "coder", "observer", "judge")


@dataclass(frozen=True)
class Patterns:
    """Distinct columns of a ratings matrix.

    Attributes
    ----------
    codes : array, raters × patterns
        Positions of categories; -1 where missing.
    times : array, patterns
        Number of units with this pattern.
    mass : array, patterns
        Sum of the unit weights (equal to `times` without weights).
    of_unit : array, units
        The pattern of each unit; -1 for a unit that nobody rated.
    """

    codes: Ints
    times: Floats
    mass: Floats
    of_unit: Ints

    @cached_property
    def n_ratings(self) -> Floats:
        """Number of ratings of a unit of each pattern."""
        counts: Floats = (self.codes >= 0).sum(axis=0).astype(np.float64)
        return counts

    @property
    def n_pairable(self) -> int:
        """Units with two ratings or more."""
        return int(self.times[self.n_ratings >= 2].sum())


@dataclass(frozen=True, eq=False)
class Ratings:
    """Checked ratings; every coefficient takes one, or makes one from what it is given.

    Made by :meth:`read`. Raters without any rating are left out with a warning.

    Attributes
    ----------
    codes : array of int, raters × units
        Position in `categories`; -1 where missing.
    categories : tuple
        The values, in ascending order or as given.
    raters, units : tuple
        Their names.
    numeric : bool
        Whether all values are numbers.
    ordered : bool
        Whether the categories have an order: numbers do, others do when the
        order was given.
    unit_weights : array or None
        Weight of each unit, such as the length of a stretch of text.
    clusters : array of int or None
        Cluster (interview, document) of each unit.

    Examples
    --------
    >>> r = Ratings.read([["yes", "no", None], ["yes", "yes", "no"]])
    >>> r.categories, r.codes.tolist()
    (('no', 'yes'), [[1, 0, -1], [1, 1, 0]])
    """

    codes: Ints
    categories: tuple[Any, ...]
    raters: tuple[str, ...]
    units: Sequence[Hashable]
    numeric: bool
    ordered: bool
    unit_weights: Floats | None = None
    clusters: Ints | None = None

    @classmethod
    def read(
        cls,
        ratings: Any,
        *,
        categories: Sequence[Any] | None = None,
        unit_weights: Any = None,
        clusters: Any = None,
    ) -> Ratings:
        """Check and encode ratings.

        Parameters
        ----------
        ratings : array, list of rows, frame or Ratings
            One row a rater, one column a unit. None, NaN and blank text are
            missing. Values are numbers, text, or sets. A frame's index names the
            raters (or a column ``rater``, ``coder``, ``observer`` or ``judge``).
        categories : sequence, optional
            All possible values in their order; those seen, sorted, when not given.
        unit_weights : array, units, optional
            Weight of each unit, 0 or more.
        clusters : array, units, optional
            Which interview or document each unit belongs to.

        Raises
        ------
        DataError
            Fewer than two raters, values of mixed kinds, infinite numbers, values
            outside `categories`, weights or clusters of another length.
        """
        if isinstance(ratings, Ratings):
            return ratings._with(categories, unit_weights, clusters)
        values, raters, units = _table(ratings)
        if values.shape[0] < 2:
            raise DataError(
                "Agreement needs two raters or more; there is one row, and rows are raters.",
                remedy="Give one row a rater and one column a unit; transpose if it is the other "
                "way round.",
            )
        flat, labels = _factorized(values)
        codes, kept, numeric, ordered = _ordered(flat, labels, categories)
        codes = codes.reshape(values.shape)
        empty = np.array([bool((row < 0).all()) for row in codes])
        if empty.any() and not empty.all():
            names = ", ".join(name for name, none in zip(raters, empty, strict=True) if none)
            warn(f"{names} rated no unit and is left out.", ReadingWarning)
            codes = codes[~empty]
            raters = tuple(n for n, none in zip(raters, empty, strict=True) if not none)
        n = values.shape[1]
        return cls(
            codes, kept, raters, units, numeric, ordered,
            _weights(unit_weights, n), _clusters(clusters, n),
        )  # fmt: skip

    def _with(self, categories: Any, unit_weights: Any, clusters: Any) -> Ratings:
        """The same ratings with weights or clusters of their own."""
        from dataclasses import replace

        n = self.codes.shape[1]
        changed: dict[str, Any] = {}
        if unit_weights is not None:
            changed["unit_weights"] = _weights(unit_weights, n)
        if clusters is not None:
            changed["clusters"] = _clusters(clusters, n)
        if categories is not None:
            labels = np.empty(len(self.categories), dtype=object)
            labels[:] = self.categories
            codes, kept, numeric, ordered = _ordered(self.codes.ravel(), labels, categories)
            codes = codes.reshape(self.codes.shape)
            changed |= {"codes": codes, "categories": kept, "numeric": numeric, "ordered": ordered}
        return replace(self, **changed) if changed else self

    @cached_property
    def numbers(self) -> Floats:
        """The categories as numbers, or their positions where they are ordered text."""
        if self.numeric:
            return np.array([float(c) for c in self.categories])
        if not self.ordered:
            raise DataError(
                "The order of the categories is not known: they are text.",
                remedy="Give categories=[...] from the lowest to the highest.",
            )
        return np.arange(len(self.categories), dtype=np.float64)

    @cached_property
    def patterns(self) -> Patterns:
        """Distinct units, whoever gave which value."""
        rows = np.sort(np.ascontiguousarray(self.codes.T), axis=1)
        return self._patterns(rows[:, ::-1])

    @cached_property
    def patterns_by_rater(self) -> Patterns:
        """Distinct units, with who gave which value."""
        return self._patterns(np.ascontiguousarray(self.codes.T))

    def _patterns(self, rows: Ints) -> Patterns:
        """`rows`: units × raters."""
        n = len(rows)
        base = len(self.categories) + 1
        if base ** rows.shape[1] < 2**62:
            key = (rows + 1) @ (base ** np.arange(rows.shape[1], dtype=np.int64))
            of_unit, distinct = pd.factorize(key)
        else:
            packed = np.ascontiguousarray(rows, dtype=np.int32)
            view = packed.view(np.dtype((np.void, packed.strides[0]))).ravel()
            distinct, of_unit = np.unique(view, return_inverse=True)
        first = np.empty(len(distinct), dtype=np.int64)
        first[of_unit[::-1]] = np.arange(n - 1, -1, -1)
        codes = rows[first].T
        rated = (codes >= 0).any(axis=0)
        new = np.where(rated, np.cumsum(rated) - 1, -1)
        of_unit = new[of_unit]
        kept = of_unit >= 0
        size = int(rated.sum())
        times = np.bincount(of_unit[kept], minlength=size).astype(np.float64)
        mass = times
        if self.unit_weights is not None:
            sums = np.bincount(of_unit[kept], self.unit_weights[kept], minlength=size)
            mass = sums.astype(np.float64)
        return Patterns(np.ascontiguousarray(codes[:, rated]), times, mass, of_unit)

    def pair(self, raters: Sequence[str] | None, coefficient: str) -> Ratings:
        """These ratings with two raters only.

        Raises
        ------
        DataError
            If there are more than two and none were chosen, or a name is unknown.
        """
        from dataclasses import replace

        if raters is None:
            if len(self.raters) == 2 or len(self.codes) < 2:
                return self
            raise DataError(
                f"{coefficient} compares two raters, and there are {len(self.raters)}.",
                remedy=f"Choose two, such as raters={self.raters[:2]!r}, or take a coefficient "
                "for several raters.",
            )
        rows = [self._place(name) for name in raters]
        if len(rows) != 2:
            raise DataError(f"{coefficient} compares two raters; {len(rows)} were chosen.")
        return replace(self, codes=self.codes[rows], raters=tuple(self.raters[row] for row in rows))

    def _place(self, name: object) -> int:
        if str(name) not in self.raters:
            shown = ", ".join(self.raters[:12])
            raise DataError(
                f"There is no rater {str(name)!r} with ratings.", remedy=f"There are: {shown}."
            )
        return self.raters.index(str(name))


def ratings_from_long(
    frame: Any, *, unit: str = "unit", rater: str = "rater", value: str = "value"
) -> pd.DataFrame:
    """Ratings that stand one a row, as the matrix that the coefficients take.

    Parameters
    ----------
    frame : DataFrame
        One row a rating.
    unit, rater, value : str
        Columns.

    Returns
    -------
    DataFrame, raters × units
        Raters in the index, units in the columns, in order of appearance.

    Raises
    ------
    DataError
        A column is missing, or a rater rated a unit twice.

    Examples
    --------
    >>> long = pd.DataFrame({"unit": ["u1", "u1", "u2"], "rater": ["a", "b", "a"],
    ...                      "value": ["yes", "no", "no"]})
    >>> ratings_from_long(long).fillna("-").values.tolist()
    [['yes', 'no'], ['no', '-']]
    """
    table = to_pandas(frame)
    require_columns(table, [unit, rater, value])
    twice = table.duplicated([unit, rater])
    if twice.any():
        row = table.loc[twice].iloc[0]
        raise DataError(
            f"{row[rater]} rated {row[unit]} more than once.",
            remedy="Keep one rating of each unit by each rater.",
        )
    absent = table[unit].isna() | table[rater].isna()
    if absent.any():
        raise DataError(
            "A rating has no unit or no rater.",
            row=int(np.flatnonzero(absent)[0]) + 2,
            remedy="Fill it in, or leave the row out.",
        )
    rows, raters = pd.factorize(table[rater])
    columns, units = pd.factorize(table[unit])
    cells = np.full((len(raters), len(units)), None, dtype=object)
    cells[rows, columns] = table[value].to_numpy(dtype=object)
    return pd.DataFrame(cells, index=list(raters), columns=list(units))


def ratings_from_columns(
    frame: Any, raters: Sequence[str] | None = None, *, unit: str | None = None, **options: Any
) -> Ratings:
    """Ratings that stand one unit a row and one rater a column, as people keep them.

    Parameters
    ----------
    frame : DataFrame
        One row a unit.
    raters : sequence of str, optional
        Columns of the raters; all but `unit` when not given.
    unit : str, optional
        Column that names the units.
    **options
        `categories`, `unit_weights`, `clusters` of :meth:`Ratings.read`.

    Returns
    -------
    Ratings
        Every coefficient takes it.

    Raises
    ------
    DataError
        A column is missing, or :meth:`Ratings.read` refuses the values.

    Examples
    --------
    >>> sheet = pd.DataFrame({"quote": ["q1", "q2"], "ada": ["yes", "no"], "ben": ["yes", "yes"]})
    >>> ratings_from_columns(sheet, unit="quote").raters
    ('ada', 'ben')
    """
    from dataclasses import replace

    table = to_pandas(frame, what="ratings")
    names = [str(c) for c in table.columns] if raters is None else [str(c) for c in raters]
    names = [name for name in names if raters is not None or name != unit]
    require_columns(table, names if unit is None else [unit, *names])
    require_unique(names, "rater")
    table = table.rename(columns=str)
    rows = [table[name].to_numpy(dtype=object, na_value=np.nan) for name in names]
    read = Ratings.read(np.array(rows, dtype=object), **options)
    kept = tuple(names[int(name.split()[1]) - 1] for name in read.raters)
    units = range(len(table)) if unit is None else tuple(table[unit])
    return replace(read, raters=kept, units=units)


def _table(ratings: Any) -> tuple[NDArray[Any], tuple[str, ...], Sequence[Hashable]]:
    """Values, names of raters, names of units."""
    if hasattr(ratings, "columns"):
        frame = to_pandas(ratings, what="ratings")
        named = next((c for c in NAME_COLUMNS if c in frame.columns), None)
        if named is not None:
            frame = frame.set_index(named)
        unnamed = isinstance(frame.index, pd.RangeIndex)
        raters = _raters(len(frame)) if unnamed else tuple(map(str, frame.index))
        require_unique(raters, "rater")
        return frame.to_numpy(), raters, tuple(frame.columns)
    values = _array(ratings)
    return values, _raters(len(values)), range(values.shape[1])


def _raters(n: int) -> tuple[str, ...]:
    return tuple(f"rater {i + 1}" for i in range(n))


def _array(ratings: Any) -> NDArray[Any]:
    remedy = "Give one row a rater and one column a unit, None where a rating is missing."
    try:
        values = ratings if isinstance(ratings, np.ndarray) else np.array(list(ratings), object)
    except (TypeError, ValueError):
        raise DataError("The ratings are not a table.", remedy=remedy) from None
    if values.ndim != 2:
        raise DataError(
            "The ratings are not a table of raters by units; the rows may differ in length.",
            remedy=remedy,
        )
    return values


def _factorized(values: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Codes of the flattened values and their labels, as they come."""
    flat = values.ravel()
    if flat.dtype.kind not in "biufOUT":
        raise DataError(
            f"Ratings of type {flat.dtype} cannot be compared.",
            remedy="Use numbers, text or sets of codes.",
        )
    if flat.dtype.kind in "UT":
        flat = flat.astype(object)
    try:
        codes, labels = pd.factorize(flat)
    except TypeError:  # sets cannot be looked up, frozen ones can
        frozen = np.empty(len(flat), dtype=object)
        frozen[:] = [frozenset(v) if isinstance(v, set) else v for v in flat]
        try:
            codes, labels = pd.factorize(frozen)
        except TypeError:
            raise DataError(
                "A rating is a list or a table of its own.", remedy="Use numbers, text or sets."
            ) from None
    return codes.astype(np.int64), np.asarray(labels)


def _ordered(
    codes: Ints, labels: NDArray[Any], categories: Sequence[Any] | None
) -> tuple[Ints, tuple[Any, ...], bool, bool]:
    """Codes in the order of the categories, the categories, numeric, ordered."""
    plain = [v.item() if isinstance(v, np.generic) else v for v in labels]
    blank = [isinstance(v, str) and not v.strip() for v in plain]
    seen = [v for v, none in zip(plain, blank, strict=True) if not none]
    kind = _kind(seen if categories is None else [*seen, *categories])
    if categories is None:
        kept = sorted(seen, key=_set_key) if kind == "sets" else sorted(seen)
    else:
        kept = [v.item() if isinstance(v, np.generic) else v for v in categories]
        kept = [frozenset(v) if isinstance(v, set) else v for v in kept]
        require_unique([str(v) for v in kept], "category")
        if kind == "numbers" and kept != sorted(kept):
            raise DataError("The categories are numbers, but not in ascending order.")
    place = {value: i for i, value in enumerate(kept)}
    unknown = [v for v in seen if v not in place]
    if unknown:
        raise DataError(
            f"The rating {unknown[0]!r} is not among the categories.",
            remedy=f"The categories are {', '.join(map(repr, kept[:12]))}.",
        )
    to = np.array([-1 if none else place[v] for v, none in zip(plain, blank, strict=True)] + [-1])
    ordered = kind == "numbers" or (categories is not None and kind == "text")
    return to[codes], tuple(kept), kind == "numbers", ordered


def _set_key(value: frozenset[Any]) -> tuple[int, list[str]]:
    return len(value), sorted(map(str, value))


def _kind(values: Sequence[Any]) -> str:
    """numbers, text or sets; all values must be of one kind."""
    kinds = {
        "numbers" if isinstance(v, Real)
        else "text" if isinstance(v, str)
        else "sets" if isinstance(v, (set, frozenset)) else type(v).__name__
        for v in values
    }  # fmt: skip
    if len(kinds) > 1:
        raise DataError(
            f"The ratings mix {' and '.join(sorted(kinds))}.",
            remedy="Write all of them in one way, as numbers, as text or as sets of codes.",
        )
    kind = kinds.pop() if kinds else "numbers"
    if kind not in ("numbers", "text", "sets"):
        raise DataError(
            f"Ratings of type {kind} cannot be compared.",
            remedy="Use numbers, text or sets of codes.",
        )
    if kind == "numbers" and not all(np.isfinite(float(v)) for v in values):
        raise DataError("A rating is infinite.", remedy="Use finite numbers, None for missing.")
    return kind


def _weights(weights: Any, n: int) -> Floats | None:
    if weights is None:
        return None
    try:
        values = np.asarray(weights, dtype=np.float64).ravel()
    except (TypeError, ValueError):
        raise DataError("The weights of the units are not numbers.") from None
    if len(values) != n:
        raise DataError(f"There are {len(values)} unit weights for {n} units.")
    if not np.isfinite(values).all() or (values < 0).any() or not values.any():
        raise DataError(
            "The weights of the units must be 0 or more, and not all 0.",
            remedy="Use lengths, such as the number of characters.",
        )
    return values


def _clusters(clusters: Any, n: int) -> Ints | None:
    if clusters is None:
        return None
    labels = pd.Series(list(clusters), dtype=object)
    if len(labels) != n:
        raise DataError(f"There are {len(labels)} cluster labels for {n} units.")
    if labels.isna().any():
        raise DataError(
            f"Unit {int(labels.isna().to_numpy().argmax()) + 1} has no cluster.",
            remedy="Name the interview or document of every unit.",
        )
    codes, found = pd.factorize(labels)
    if len(found) < 2:
        raise DataError(
            "All units are of one cluster, so clusters cannot be drawn.",
            remedy="Leave out clusters=, or give more interviews.",
        )
    return codes.astype(np.int64)
