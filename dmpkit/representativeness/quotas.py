"""Quotas: what was asked for in seats, and how far the panel meets it."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.data import panel_of
from dmpkit.representativeness.entries import to_whole
from dmpkit.representativeness.labels import as_text
from dmpkit.tables import read_below_titles, require_columns, to_numbers, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.data import Panel

__all__ = ["QuotaAttainment", "Quotas", "quota_attainment", "read_quotas"]

TargetUnit = Literal["seats", "percent", "share"]
#: Pairs of columns by which other programs name variable and category.
_LABEL_NAMES = (("feature", "value"), ("category", "name"), ("category", "value"),
                ("category", "feature"))  # fmt: skip
#: What the ends of a quota are called elsewhere.
_END_NAMES = {
    "min": ("target_min", "minimum", "lower"),
    "max": ("target_max", "maximum", "upper"),
}
#: What a target is called where it is the only number.
_SEAT_NAMES = ("seats", "places", "count", "quota")


@dataclass(frozen=True, eq=False)
class Quotas:
    """Seats asked for, one row a category; made by :meth:`from_frame` or :func:`read_quotas`.

    Parameters
    ----------
    frame : DataFrame
        ``variable, category, min, max`` in seats.
    notes : tuple of str
        What was renamed, rounded or worked out.
    """

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        target_unit: TargetUnit = "seats",
        seats: int | None = None,
        file: str | os.PathLike[str] | None = None,
    ) -> Quotas:
        """Quotas from a table of ``variable, category`` with ``min, max`` or ``target``.

        Where only a target is given, a whole number of seats is both ends of the
        quota, and a broken one allows the whole numbers on both its sides
        (that rule is our own).

        Parameters
        ----------
        frame : DataFrame of any kind
            Also with the columns of the stratification programs (``feature,
            value, min, max``, ``category, name, min, max`` or ``category, feature, min,
            max``, where `category` is the variable) and with ``target_min,
            target_max``. A column ``seats``, ``places``, ``quota`` or ``count`` that is
            the only number is the target.
        target_unit : {"seats", "percent", "share"}
            What `target` counts.
        seats : int, optional
            Size of the panel; needed for targets in percent or shares. When
            given, quotas that no panel of this size can meet are an error.
        file : path, optional
            Named in errors.

        Raises
        ------
        DataError
            Columns missing; a number that is missing, negative, not whole, or a
            min above its max; a category given twice; quotas that do not fit
            the number of seats.

        Examples
        --------
        >>> import pandas as pd
        >>> quotas = Quotas.from_frame(pd.DataFrame(
        ...     {"variable": ["age", "age"], "category": ["16-34", "35+"], "target": [10.4, 13]}))
        >>> quotas.frame[["min", "max"]].to_numpy().tolist()
        [[10.0, 11.0], [13.0, 13.0]]
        """
        if seats is not None:
            seats = to_whole(seats, "number of seats", least=1)
        table, notes = _renamed(to_pandas(frame, what="table of quotas"), file)
        require_columns(table, ["variable", "category"], file=file)
        if table.empty:
            raise DataError("The table of quotas has no rows.", file=file)
        out = pd.DataFrame(
            {
                "variable": _labels(table, "variable", file),
                "category": _labels(table, "category", file),
            }
        )
        if "min" in table.columns or "max" in table.columns:
            require_columns(table, ["min", "max"], file=file)
            numbers = to_numbers(table, ["min", "max"], file=file)
            out["min"], out["max"] = numbers["min"].to_numpy(), numbers["max"].to_numpy()
        else:
            require_columns(table, ["target"], file=file)
            low, high, more = _from_targets(table, out, target_unit, seats, file)
            out["min"], out["max"] = low, high
            notes += more
        _check(out, file)
        if seats is not None:
            _check_seats(out, seats, file)
        return cls(out, notes)

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables with quotas, in order."""
        return tuple(dict.fromkeys(self.frame["variable"]))

    def __repr__(self) -> str:
        return f"Quotas on {', '.join(self.variables)}: {len(self.frame)} cells"


def _renamed(
    table: pd.DataFrame, file: str | os.PathLike[str] | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table under our column names; what had to be renamed is said."""
    out = table.rename(columns={c: str(c).strip().lower() for c in table.columns})
    names: dict[str, str] = {}
    if "variable" not in out.columns:
        pair = next((p for p in _LABEL_NAMES if set(p) <= set(out.columns)), ())
        if pair == ("category", "feature") and _more_values(out, "category", "feature"):
            pair = ("feature", "category")  # a variable has several categories, not the reverse
        names.update(zip(pair, ("variable", "category"), strict=False))
    for end, others in _END_NAMES.items():
        if end not in out.columns:
            names.update({other: end for other in others if other in out.columns})
    if not {"min", "max", "target"} & {*out.columns, *names.values()}:
        names.update({other: "target" for other in _SEAT_NAMES if other in out.columns})
    _require_once([names.get(str(c), str(c)) for c in out.columns], file)
    if not names:
        return out, ()
    said = ", ".join(f"{old!r} as {new!r}" for old, new in names.items())
    where = "" if file is None else f"{Path(file).name}: "
    warn(f"{where}The table of quotas was read with {said}.", ReadingWarning)
    return out.rename(columns=names), (f"columns read as: {said}",)


def _require_once(columns: Sequence[str], file: str | os.PathLike[str] | None) -> None:
    doubled = next((name for name in columns if columns.count(name) > 1), None)
    if doubled is not None:
        raise DataError(
            f"The table of quotas has two columns for {doubled!r}.",
            file=file,
            remedy="Leave one of them out.",
        )


def _more_values(table: pd.DataFrame, one: str, other: str) -> bool:
    return len(set(table[one].astype(str))) > len(set(table[other].astype(str)))


def _labels(table: pd.DataFrame, column: str, file: str | os.PathLike[str] | None) -> list[str]:
    labels = []
    for row, value in enumerate(table[column], start=2):
        try:
            labels.append(as_text(value))
        except DataError as error:
            raise DataError(
                error.problem, file=file, row=row, column=column, remedy=error.remedy
            ) from None
    if None in labels:
        row = labels.index(None) + 2
        raise DataError("The cell is empty.", file=file, row=row, column=column)
    return [label for label in labels if label is not None]


def _from_targets(
    table: pd.DataFrame,
    out: pd.DataFrame,
    unit: TargetUnit,
    seats: int | None,
    file: str | os.PathLike[str] | None,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], tuple[str, ...]]:
    if unit not in ("seats", "percent", "share"):
        raise DataError(f"target_unit is {unit!r}.", remedy="Use 'seats', 'percent' or 'share'.")
    target = to_numbers(table, ["target"], file=file)["target"].to_numpy(dtype=np.float64)
    if unit != "seats" and seats is None:
        raise DataError(
            f"The targets are in {unit}, and the number of seats is not given.",
            file=file,
            remedy="Give seats=, the size of the panel.",
        )
    if unit != "seats":
        target = target * float(seats or 0) / (100 if unit == "percent" else 1)
    elif seats is None or seats not in (1, 100):
        _look_like_shares(out, target, seats, file)
    near = np.round(target)
    target = np.where(np.abs(target - near) < 1e-9, near, target)
    low, high = np.floor(target), np.ceil(target)
    note = "targets alone were given: a broken number of seats allows both whole numbers beside it"
    return low, high, (note,)


def _look_like_shares(
    out: pd.DataFrame,
    target: np.ndarray[Any, Any],
    seats: int | None,
    file: str | os.PathLike[str] | None,
) -> None:
    """Stop where targets said to be seats sum to 1 or 100 in every variable."""
    sums = pd.Series(target).groupby(out["variable"].to_numpy()).sum()
    for whole, word in ((1.0, "share"), (100.0, "percent")):
        if len(sums) and (abs(sums - whole) < 0.02 * whole).all() and seats != whole:
            if word == "percent" and seats is None and len(sums) == 1:
                continue  # one variable of a panel of a hundred
            raise DataError(
                f"The targets of every variable sum to {whole:g}: these look like {word}s, "
                "not seats.".replace("percents", "percentages"),
                file=file,
                remedy=f"Give target_unit={word!r} and seats=, or seats={whole:g}.",
            )


def _check(out: pd.DataFrame, file: str | os.PathLike[str] | None) -> None:
    numbers = out[["min", "max"]].to_numpy(dtype=np.float64)
    problems = (
        (
            ~np.isfinite(numbers),
            "The number of seats is missing.",
            "Give it, or drop the row.",
        ),
        (numbers < 0, "The number of seats is negative.", "Give a number from 0."),
        (
            numbers != np.floor(numbers),
            "The number of seats is not whole.",
            "Give whole seats, or a `target`.",
        ),
    )
    for wrong, problem, remedy in problems:
        if wrong.any():
            row, column = (int(place[0]) for place in wrong.nonzero())
            raise DataError(
                problem, file=file, row=row + 2, column=("min", "max")[column], remedy=remedy
            )
    crossed = numbers[:, 0] > numbers[:, 1]
    if crossed.any():
        row = int(crossed.argmax())
        raise DataError(
            f"The minimum {numbers[row, 0]:g} is above the maximum {numbers[row, 1]:g}.",
            file=file,
            row=row + 2,
            remedy="Exchange them.",
        )
    doubled = out.duplicated(["variable", "category"]).to_numpy()
    if doubled.any():
        row = int(doubled.argmax())
        variable, category = out["variable"].iloc[row], out["category"].iloc[row]
        raise DataError(
            f"{variable}: the category {category!r} stands twice.",
            file=file,
            row=row + 2,
            remedy="Give one row a category.",
        )


def _check_seats(out: pd.DataFrame, seats: int, file: str | os.PathLike[str] | None) -> None:
    for variable, part in out.groupby("variable", sort=False):
        low, high = float(part["min"].sum()), float(part["max"].sum())
        if low > seats or high < seats:
            word = f"need at least {low:g}" if low > seats else f"allow at most {high:g}"
            raise DataError(
                f"No panel of {seats} meets the quotas of {variable}: they {word} people.",
                file=file,
                remedy="Widen a minimum or a maximum, or mend the number of seats.",
            )


def read_quotas(
    path: str | os.PathLike[str],
    *,
    target_unit: TargetUnit = "seats",
    seats: int | None = None,
) -> Quotas:
    r"""Read quotas from CSV-like text, Excel or Parquet.

    Parameters
    ----------
    path : path
        A table as :meth:`Quotas.from_frame` takes it.
    target_unit : {"seats", "percent", "share"}
    seats : int, optional

    Raises
    ------
    DataError
        As :meth:`Quotas.from_frame` does, with the file and row.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "quotas.csv"
    >>> _ = path.write_text("variable,category,min,max\ngender,Woman,11,12\ngender,Man,11,12")
    >>> read_quotas(path)
    Quotas on gender: 2 cells
    """
    table, rows = read_below_titles(path)
    try:
        return Quotas.from_frame(table, target_unit=target_unit, seats=seats, file=path)
    except DataError as error:  # the row as the file counts it, titles included
        if rows and isinstance(error.row, int) and 2 <= error.row < len(rows) + 2:
            error.row = rows[error.row - 2]
        raise


def quotas_of(quotas: Any) -> Quotas:
    """`quotas` as :class:`Quotas`, also from a frame of any kind or a path."""
    if isinstance(quotas, Quotas):
        return quotas
    if isinstance(quotas, str | os.PathLike):
        return read_quotas(quotas)
    return Quotas.from_frame(quotas)


def quota_attainment(
    panel: Any, quotas: Any, *, variables: Sequence[str] | None = None
) -> QuotaAttainment:
    """How far a panel meets its quotas, in seats.

    A cell with x members and the quota [min, max] falls short by ``max(0, min −
    x)`` seats and exceeds it by ``max(0, x − max)``; the attainment is the share
    of cells with neither. A panel smaller than a variable's minima fall short by
    at least ``Σ min − n`` seats whoever sits in it, which is said apart (our own
    addition). Nothing here is a sample: no interval and no test.

    Parameters
    ----------
    panel : Panel or DataFrame
        One row a person, or ``variable, category, count``.
    quotas : Quotas, DataFrame or path
        ``variable, category, min, max`` in seats.
    variables : sequence of str, optional
        Quota variables to look at; all of them when not given.

    Returns
    -------
    QuotaAttainment

    Raises
    ------
    DataError
        When a category of the panel has no quota but nearly the name of an empty
        quota cell, or no quota variable is in the panel.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"gender": ["Woman"] * 9 + ["Man"] * 14})
    >>> wanted = pd.DataFrame({"variable": ["gender"] * 2, "category": ["Woman", "Man"],
    ...                        "min": [11, 11], "max": [12, 12]})
    >>> result = quota_attainment(people, wanted)
    >>> result.share_met, result.shortfall, result.excess
    (0.0, 2, 2)
    """
    members, wanted = panel_of(panel), quotas_of(quotas)
    names = wanted.variables if variables is None else tuple(variables)
    for name in names:
        if name not in wanted.variables:
            close = get_close_matches(name, wanted.variables, n=1)
            raise DataError(
                f"There are no quotas on {name!r}.",
                remedy=f"The closest is {close[0]!r}."
                if close
                else f"There are quotas on {', '.join(map(repr, wanted.variables))}.",
            )
    absent = [name for name in names if name not in members.variables]
    if len(absent) == len(names):
        raise DataError(
            f"The panel has none of the quota variables {', '.join(map(repr, names))}.",
            remedy=f"Its variables are {', '.join(map(repr, members.variables))}.",
        )
    if absent:
        warn(
            f"The panel does not say {', '.join(map(repr, absent))}: these quotas are not "
            "assessed.",
            ReadingWarning,
        )
    rows = [row for name in names for row in _cells_of(name, members, wanted)]
    cells = pd.DataFrame(rows, columns=_CELL_COLUMNS)
    unknown = {name: _n_unknown(members, name, wanted) for name in names if name not in absent}
    return QuotaAttainment(cells=cells, n=int(members.n), unknown=unknown, notes=wanted.notes)


_CELL_COLUMNS = [
    "variable", "category", "min", "max", "count", "shortfall", "excess", "status",
]  # fmt: skip


def _cells_of(variable: str, members: Panel, wanted: Quotas) -> list[tuple[Any, ...]]:
    part = wanted.frame[wanted.frame["variable"] == variable]
    ends = list(zip(part["category"], part["min"], part["max"], strict=True))
    if variable not in members.variables:
        gone = (math.nan, math.nan, math.nan, "not assessed")
        return [(variable, category, low, high, *gone) for category, low, high in ends]
    found = members.counts[members.counts["variable"] == variable]
    counts = dict(zip(found["category"], found["count"].astype(float), strict=True))
    apart = _of_unknown(members, variable)
    counts.update({c: apart[c] for c, *_ in ends if c in apart})
    rows: list[tuple[Any, ...]] = []
    for category, low, high in ends:
        x = counts.pop(category, 0.0)
        short, over = max(0.0, low - x), max(0.0, x - high)
        status = "below" if short else "above" if over else "within"
        rows.append((variable, category, low, high, x, short, over, status))
    extra = {category: x for category, x in counts.items() if x > 0}
    _check_extra(variable, extra, [str(row[1]) for row in rows if row[4] == 0])
    none = (math.nan, math.nan)
    rows += [(variable, category, *none, x, *none, "no quota") for category, x in extra.items()]
    return rows


def _of_unknown(members: Panel, variable: str) -> dict[str, float]:
    """Members by a label that says nothing of them (``not stated``); a quota may be on it."""
    part = members.unknown[members.unknown["variable"] == variable]
    return dict(zip(part["category"], part["count"].astype(float), strict=True))


def _n_unknown(members: Panel, variable: str, wanted: Quotas) -> int:
    """People whose category is not known and fills no quota cell."""
    own = set(wanted.frame.loc[wanted.frame["variable"] == variable, "category"])
    filled = sum(x for c, x in _of_unknown(members, variable).items() if c in own)
    return int(members.n_unknown(variable) - filled)


def _check_extra(variable: str, extra: dict[str, float], empty: Sequence[str]) -> None:
    """A panel category without a quota: misspelt if an empty cell is called nearly so."""
    folded = {name.casefold().strip(): name for name in empty}
    for category in extra:
        close = get_close_matches(category.casefold().strip(), list(folded), n=1, cutoff=0.75)
        if close:
            raise DataError(
                f"{variable}: the panel has the category {category!r}, which has no quota, and "
                f"nobody in {folded[close[0]]!r}.",
                remedy="Categories are matched letter by letter: write both alike.",
            )
    if extra:
        listed = ", ".join(f"{name!r} ({x:g})" for name, x in extra.items())
        warn(
            f"{variable}: there is no quota for {listed}; reported apart and not counted as a "
            "cell.",
            ReadingWarning,
        )


@dataclass(frozen=True, eq=False, repr=False)
class QuotaAttainment(Result):
    """How far a panel meets its quotas; made by :func:`quota_attainment`.

    Parameters
    ----------
    cells : DataFrame
        One row a quota cell: ``variable, category, min, max, count, shortfall,
        excess, status`` (within, below, above, not assessed, no quota).
    n : int
        People in the panel.
    unknown : dict
        Variable to people whose category is not known.
    notes : tuple of str
    """

    cells: pd.DataFrame
    n: int
    unknown: dict[str, int]
    notes: tuple[str, ...] = ()

    title: ClassVar[str] = "Quota attainment"
    sheet_formats: ClassVar[dict[str, str]] = dict.fromkeys(
        ("min", "max", "count", "shortfall", "excess", "least_shortfall", "least_excess"), "0"
    )

    @cached_property
    def _assessed(self) -> pd.DataFrame:
        return self.cells[self.cells["status"].isin(["within", "below", "above"])]

    @property
    def n_cells(self) -> int:
        """Quota cells that could be assessed."""
        return len(self._assessed)

    @property
    def n_within(self) -> int:
        """Cells with as many members as the quota asks for."""
        return int((self._assessed["status"] == "within").sum())

    @property
    def share_met(self) -> float:
        """Share of the assessed cells within their quota."""
        return self.n_within / self.n_cells

    @property
    def shortfall(self) -> int:
        """Seats missing from cells below their minimum, summed over all variables."""
        return int(self._assessed["shortfall"].sum())

    @property
    def excess(self) -> int:
        """Seats above the maximum, summed over all variables."""
        return int(self._assessed["excess"].sum())

    @cached_property
    def worst(self) -> pd.DataFrame:
        """Cells outside their quota, the furthest first (order of the quotas within ties)."""
        out = self._assessed[self._assessed["status"] != "within"]
        distance = -(out["shortfall"] + out["excess"])
        return out.iloc[np.argsort(distance.to_numpy(), kind="stable")].reset_index(drop=True)

    @cached_property
    def by_variable(self) -> pd.DataFrame:
        """One row a variable.

        ``variable, cells, within, shortfall, excess, least_shortfall, least_excess,
        unknown``: the least that any panel with as many known members must miss, given
        the sums of the minima and of the maxima; NaN where nothing was assessed.
        """
        rows = []
        for variable, part in self.cells.groupby("variable", sort=False):
            known = part[part["status"].isin(["within", "below", "above"])]
            if known.empty:
                rows.append((variable, 0, *[math.nan] * 6))
                continue
            people = float(part["count"].sum())
            rows.append(
                (
                    variable,
                    len(known),
                    float((known["status"] == "within").sum()),
                    known["shortfall"].sum(),
                    known["excess"].sum(),
                    max(0.0, float(known["min"].sum()) - people),
                    max(0.0, float(known["count"].sum()) - float(known["max"].sum())),
                    self.unknown.get(str(variable), 0),
                )
            )
        columns = ["variable", "cells", "within", "shortfall", "excess"]
        return pd.DataFrame(rows, columns=[*columns, "least_shortfall", "least_excess", "unknown"])

    def frames(self) -> dict[str, pd.DataFrame]:
        """``cells``, ``by_variable`` and ``worst``."""
        return {"cells": self.cells, "by_variable": self.by_variable, "worst": self.worst}

    def summary(self) -> str:
        """The attainment in plain words, with what no panel of this size could have met."""
        text = (
            f"{self.n_within} of {self.n_cells} quota cells are met "
            f"({100 * self.share_met:.0f}%) in a panel of {self.n}."
        )
        if self.shortfall or self.excess:
            text += (
                f" Summed over the variables, cells fall short by {_seats(self.shortfall)} and "
                f"exceed their quota by {_seats(self.excess)}."
            )
            first = self.worst.iloc[0]
            text += (
                f" The furthest is {first['variable']}: {first['category']} with "
                f"{first['count']:g} where {_band(first['min'], first['max'])} were asked for."
            )
        return "\n\n".join([text, *self._remarks()])

    def _remarks(self) -> list[str]:
        said = []
        forced = self.by_variable[self.by_variable["least_shortfall"] > 0]
        if len(forced):
            listed = ", ".join(
                f"{v} {int(x)}"
                for v, x in zip(forced["variable"], forced["least_shortfall"], strict=True)
            )
            said.append(
                "The panel is smaller than the sum of the minima, so that part of the shortfall "
                f"is a matter of size, whoever sits in it: at least {listed}."
            )
        gone = self.cells.loc[self.cells["status"] == "not assessed", "variable"].unique()
        if len(gone):
            said.append(f"Not assessed, because the panel does not say them: {', '.join(gone)}.")
        unknown = {name: x for name, x in self.unknown.items() if x}
        if unknown:
            listed = ", ".join(f"{name} {x:g}" for name, x in unknown.items())
            said.append(f"Category not known: {listed}; these people fill no quota cell here.")
        extra = self.cells[self.cells["status"] == "no quota"]
        if len(extra):
            listed = ", ".join(
                f"{v}: {c} ({x:g})"
                for v, c, x in zip(
                    extra["variable"], extra["category"], extra["count"], strict=True
                )
            )
            said.append(f"Without a quota, and not counted as cells: {listed}.")
        return said

    def methods_text(self) -> str:
        """The methods paragraph."""
        text = (
            "For every quota cell the members were counted against the quota's minimum and "
            "maximum; a cell falls short by min − x and exceeds by x − max seats where these are "
            "positive, and the attainment is the share of cells with neither. Quotas were set and "
            "members counted in full: nothing was sampled, so there is no interval and no test. "
            "The part of a shortfall that follows from the size of the panel alone (sum of the "
            "minima less members) is our own addition."
        )
        return " ".join([text, *(f"Note: {note}." for note in self.notes)])

    def indicators(self) -> tuple[Indicator, ...]:
        """Share of quota cells met, and the seats missing and in excess."""
        source = "representativeness: quota attainment"
        why = "a complete count: no interval"
        return (
            Indicator("quota cells met", self.share_met, n=self.n_cells, note=why, source=source),
            Indicator(
                "seats short of quotas", float(self.shortfall), n=self.n, note=why, source=source
            ),
            Indicator("seats above quotas", float(self.excess), n=self.n, note=why, source=source),
        )

    def section(self) -> Section:
        """Summary, tables and the picture of the quota bands."""
        tables = table_html(self.by_variable, digits=0, caption="Quotas by variable")
        if len(self.worst):
            tables += table_html(self.worst, digits=0, caption="Cells outside their quota")
        figure = Figure.from_axes(self.plot_quotas(), "Members and quota of every cell, in seats.")
        return Section(self.title, paragraphs(self.summary()) + tables, (figure,))

    def plot_quotas(self, *, ax: Axes | None = None) -> Axes:
        """Members as bars against the band of each quota; see :func:`plot_quotas`."""
        from dmpkit.representativeness.quotas_plots import plot_quotas

        return plot_quotas(self, ax=ax)


def _seats(number: float) -> str:
    return f"{number:g} seat{'' if number == 1 else 's'}"


def _band(low: float, high: float) -> str:
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
