"""What a panel is held against: margins, and perhaps the joint table, of a population."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SharesWarning, warn
from dmpkit.representativeness.counting import count_cells
from dmpkit.representativeness.entries import (
    from_mapping,
    is_number,
    labelled,
    notes_html,
    require_columns_once,
    require_distinct,
    to_amounts,
)
from dmpkit.representativeness.labels import (
    UNKNOWN,
    as_labels,
    as_text,
    closest,
    is_unknown,
    require_known,
    sorted_labels,
)
from dmpkit.representativeness.totals import require_no_total
from dmpkit.tables import require_columns, to_pandas

__all__ = ["Population"]

Frame: TypeAlias = Any

#: Shares may be off 100 % by this many points through rounding: renormalised with a note.
ROUNDING_POINTS = 1.0
#: Up to this many points they are renormalised with a warning; beyond, refused.
REFUSED_POINTS = 2.0
#: Totals of variables may differ by this share before the size counts as unknown.
TOTALS_TOLERANCE = 0.01

_COUNT_NAMES = ("count",)
_SHARE_NAMES = ("share", "proportion")
_PERCENT_NAMES = ("percent", "percentage", "%", "per cent")


@dataclass(frozen=True, eq=False, repr=False)
class Population:
    """The people whom a panel is to stand for, as margins and perhaps a joint table.

    Made by :meth:`from_margins`, :meth:`from_joint`, :meth:`from_microdata` or
    :func:`~dmpkit.representativeness.readers.read_population`.

    Attributes
    ----------
    margins : DataFrame
        ``variable, category, count, share``, in the order given; the shares of a
        variable sum to 1; `count` is NaN where only shares are known.
    joint : DataFrame or None
        One column a variable and ``count``, one row a cell that occurs.
    size : float or None
        Number of people, where known.
    notes : tuple of str
        What was understood, renormalised, or set apart.

    Examples
    --------
    >>> import pandas as pd
    >>> population = Population.from_margins(pd.DataFrame({
    ...     "variable": ["gender"] * 2, "category": ["woman", "man"], "percent": [51, 49]}))
    >>> population.shares("gender").to_dict()
    {'woman': 0.51, 'man': 0.49}
    """

    margins: pd.DataFrame
    joint: pd.DataFrame | None = None
    size: float | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_columns(self.margins, ["variable", "category", "count", "share"])
        margins = self.margins[["variable", "category", "count", "share"]].reset_index(drop=True)
        if not len(margins):
            raise DataError("The population has no categories.")
        require_distinct(margins)
        _require_share_sums(margins)
        object.__setattr__(self, "margins", margins)
        if self.joint is not None:
            require_columns(self.joint, [*self.variables, "count"])

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The variables, in the order given."""
        return tuple(dict.fromkeys(self.margins["variable"]))

    def _of(self, variable: str) -> pd.DataFrame:
        if variable not in self.variables:
            raise DataError(
                f"The population has no variable {variable!r}.",
                remedy=closest(variable, self.variables),
            )
        return self.margins[self.margins["variable"] == variable]

    def categories(self, variable: str) -> tuple[str, ...]:
        """The categories of a variable, in the order given."""
        return tuple(self._of(variable)["category"])

    def shares(self, variable: str) -> pd.Series[float]:
        """Shares of a variable by category; they sum to 1."""
        part = self._of(variable)
        return pd.Series(part["share"].to_numpy(), index=list(part["category"]), name=variable)

    def counts(self, variable: str) -> pd.Series[float]:
        """Counts of a variable by category; NaN where only shares are known."""
        part = self._of(variable)
        return pd.Series(part["count"].to_numpy(), index=list(part["category"]), name=variable)

    def only(self, variables: Iterable[str]) -> Population:
        """The population with some of its variables, in the order given.

        Raises
        ------
        DataError
            For a variable that it does not have.
        """
        names = list(dict.fromkeys(variables))
        if not names:
            raise DataError("No variable is named.")
        margins = pd.concat([self._of(name) for name in names], ignore_index=True)
        joint = self.joint
        if joint is not None:
            joint = _summed(joint, names)
        return replace(self, margins=margins, joint=joint)

    def recode(self, variable: str, mapping: Mapping[str, str]) -> Population:
        """The population with categories of a variable renamed or merged.

        Parameters
        ----------
        variable : str
            The variable.
        mapping : mapping
            Old label to new label; labels that are left out stay.

        Raises
        ------
        DataError
            For an old label that the variable does not have.

        Examples
        --------
        >>> young = Population.from_margins({"age": {"16-29": 2, "30-44": 3, "45+": 5}})
        >>> young.recode("age", {"16-29": "under 45", "30-44": "under 45"}).shares("age").to_dict()
        {'under 45': 0.5, '45+': 0.5}
        """
        require_known(mapping, self.categories(variable), variable=variable, where="the mapping")
        here = self.margins["variable"] == variable
        margins = self.margins.copy()
        margins.loc[here, "category"] = [mapping.get(c, c) for c in margins.loc[here, "category"]]
        grouped = margins.groupby(["variable", "category"], sort=False)
        margins = grouped.agg(
            count=("count", lambda part: part.sum(skipna=False)), share=("share", "sum")
        ).reset_index()
        joint = self.joint
        if joint is not None:
            joint = joint.assign(**{variable: [mapping.get(c, c) for c in joint[variable]]})
            joint = _summed(joint, list(self.variables))
        return replace(self, margins=margins, joint=joint)

    def __repr__(self) -> str:
        size = "size unknown" if self.size is None else f"{self.size:,.10g} people"
        joint = (
            "margins only" if self.joint is None else f"joint table of {len(self.joint):,} cells"
        )
        lines = [f"Population: {size}, {len(self.variables)} variables, {joint}"]
        for name, part in self.margins.groupby("variable", sort=False):
            shown = [
                f"{c} {100 * s:.1f} %" for c, s in zip(part["category"], part["share"], strict=True)
            ]
            rest = f" … ({len(shown)} categories)" if len(shown) > 8 else ""
            lines.append(f"  {name}: {', '.join(shown[:8])}{rest}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        from dmpkit.reporting import table_html

        head, *_ = repr(self).splitlines()
        shown = self.margins.assign(percent=100 * self.margins["share"]).drop(columns="share")
        if shown["count"].isna().all():
            shown = shown.drop(columns="count")
        table = table_html(shown, digits={"count": 0, "percent": 1}, groups="variable")
        return notes_html(head, table, self.notes)

    # --- ways to make one

    @classmethod
    def from_margins(
        cls,
        margins: Frame | Mapping[str, Mapping[str, float]],
        *,
        size: float | None = None,
        renormalise: bool = False,
        weighted: bool = False,
        unknown: Sequence[str] = UNKNOWN,
    ) -> Population:
        """A population from one-way tables.

        Counts are taken as they are. Shares (which sum to 1) and percentages
        (which sum to 100) are renormalised to 1: silently within a millionth,
        with a note up to 1 point (rounding), with a warning up to 2 points; a
        larger departure is refused unless `renormalise` is true.

        Parameters
        ----------
        margins : DataFrame or mapping
            ``variable, category`` and one of ``count``, ``share``, ``percent``; or
            ``{variable: {category: number}}``: shares when they sum to 1,
            percentages when they sum to 98 to 102, else counts.
        size : float, optional
            Number of people, where the table gives shares only.
        renormalise : bool
            Accept shares that are far from 100 %.
        weighted : bool
            Accept counts that are not whole (sums of survey weights).
        unknown : sequence of str
            Labels that are no category (``not stated`` …): they are left out, and
            the note says how many.

        Raises
        ------
        DataError
            Missing columns, a category twice or without a label, negative or
            non-numeric entries, all zero, shares far from 100 %, a total row.

        Examples
        --------
        >>> Population.from_margins({"gender": {"woman": 1514, "man": 1416}}).size
        2930.0
        """
        frame = from_mapping(margins) if isinstance(margins, Mapping) else to_pandas(margins)
        table = _margin_table(frame)
        _require_no_totals(table, unknown, rows=not isinstance(margins, Mapping))
        notes: list[str] = []
        parts = []
        for name in dict.fromkeys(table["variable"]):
            part = table[table["variable"] == name].reset_index(drop=True)
            part = _without_unknown(part, name, unknown, notes)
            part = _sorted_out(part, name, weighted, isinstance(margins, Mapping), notes)
            parts.append(_normalised(part, name, renormalise, notes))
        out = pd.concat(parts, ignore_index=True)
        return cls(out, None, _size(out, size, notes), tuple(notes))

    @classmethod
    def from_joint(
        cls, joint: Frame, *, count: str = "count", unknown: Sequence[str] = UNKNOWN
    ) -> Population:
        """A population from a table of all variables together.

        Parameters
        ----------
        joint : DataFrame
            One column a variable and one of counts (or weights); one row a cell.
        count : str
            Name of the column of counts. One called ``percent`` or ``share``, or broken
            numbers that sum to 1 or 100, are shares: the size is then not known.
        unknown : sequence of str
            Labels that are no category; a cell that holds one counts in the
            margins of its other variables, not in the joint table.

        Raises
        ------
        DataError
            No column of counts, no variable, a cell twice, negative counts, rows that are
            the total of others.

        Examples
        --------
        >>> import pandas as pd
        >>> cells = pd.DataFrame({"gender": ["woman", "man"], "age": ["16-29", "65+"],
        ...                       "count": [6, 4]})
        >>> Population.from_joint(cells).shares("gender").to_dict()
        {'woman': 0.6, 'man': 0.4}
        """
        frame = to_pandas(joint)
        require_columns(frame, [count])
        require_columns_once(frame)
        names = [str(c) for c in frame.columns if c != count]
        if not names:
            raise DataError("The joint table has no variable beside the counts.")
        table = pd.DataFrame({name: as_labels(frame[name]) for name in names})
        table["count"] = to_amounts(frame[count], count)
        doubled = table.duplicated(names)
        if doubled.any():
            row = int(doubled.to_numpy().argmax())
            cell = ", ".join(f"{n} {table[n].iloc[row]!r}" for n in names)
            raise DataError(
                f"The cell {cell} stands twice.", row=row + 2, remedy="Give each cell one row."
            )
        _require_no_total_cells(table, names, unknown)
        notes: list[str] = []
        shares = _joint_shares(table["count"].to_numpy(dtype=np.float64), count, notes)
        made = _from_cells(cls, table, names, unknown, notes, in_order=True)
        return _without_counts(made) if shares else made

    @classmethod
    def from_microdata(
        cls,
        people: Frame,
        variables: Sequence[str] | None = None,
        *,
        weight: str | None = None,
        unknown: Sequence[str] = UNKNOWN,
    ) -> Population:
        """A population from records of people, one row each, counted in one pass.

        Any engine that narwhals knows, eager or lazy (pandas, polars, pyarrow,
        dask, DuckDB, Spark ...): rows are counted where they lie, and only the
        counts are brought into memory. A Parquet file too large for it is read as
        ``polars.scan_parquet(path)`` or ``duckdb.read_parquet(path)``. Margins and
        joint table come from one group-by; a joint table of more than a million
        cells is given up, and each margin then costs a pass.

        Parameters
        ----------
        people : DataFrame or LazyFrame
            One row a person.
        variables : sequence of str, optional
            All columns but the weight when not given.
        weight : str, optional
            Column of weights; rows count 1 each when not given.
        unknown : sequence of str
            Labels that are no category.

        Raises
        ------
        DataError
            Missing columns, negative or missing weights, a variable that has no
            value at all or more than 1,000 different ones.

        Examples
        --------
        >>> import polars as pl
        >>> people = pl.LazyFrame({"gender": ["woman", "woman", "man"], "age": ["a", "b", "a"]})
        >>> population = Population.from_microdata(people, ["gender", "age"])
        >>> population.counts("gender").to_dict(), len(population.joint)
        ({'man': 1.0, 'woman': 2.0}, 3)
        """
        counted = count_cells(people, variables, weight=weight)
        if counted.joint is not None:
            return _from_cells(
                cls, counted.joint, list(counted.variables), unknown, list(counted.notes)
            )
        return _from_one_way(cls, counted.margins, counted.total, unknown, list(counted.notes))


def _require_share_sums(margins: pd.DataFrame) -> None:
    if (margins["share"] < 0).any() or margins["share"].isna().any():
        raise DataError("A share of the population is negative or missing.")
    for name, total in margins.groupby("variable", sort=False)["share"].sum().items():
        if abs(total - 1) > 1e-9:
            raise DataError(f"The shares of {name!r} sum to {total:.6g}, not to 1.")


def _margin_table(frame: pd.DataFrame) -> pd.DataFrame:
    """`variable, category, count, share` with NaN where a number is not given."""
    require_columns(frame, ["variable", "category"])
    require_columns_once(frame)
    names = {str(c).strip().lower(): c for c in frame.columns}
    found = {
        kind: next((names[n] for n in options if n in names), None)
        for kind, options in (
            ("count", _COUNT_NAMES), ("share", _SHARE_NAMES), ("percent", _PERCENT_NAMES)
        )
    }  # fmt: skip
    if not any(column is not None for column in found.values()):
        raise DataError(
            "The margins have no column 'count', 'share' or 'percent'.",
            remedy=f"The table has the columns {', '.join(map(repr, frame.columns))}.",
        )
    table = labelled(frame)
    require_distinct(table)
    if not len(table):
        raise DataError("The margins have no rows.")
    for kind, column in found.items():
        given = None if column is None else frame[column].reset_index(drop=True)
        table[kind] = np.nan if given is None else _optional(given, str(column), table)
    empty = table[["count", "share", "percent"]].isna().all(axis=1).to_numpy()
    if empty.any():
        row = int(empty.argmax())
        name, label = table["variable"].iloc[row], table["category"].iloc[row]
        raise DataError(
            f"The category {label!r} of {name!r} has no number.",
            row=row + 2,
            remedy="Write 0 where there is nobody.",
        )
    return table


def _require_no_totals(table: pd.DataFrame, unknown: Sequence[str], *, rows: bool) -> None:
    """Refuse total rows among counts, shares or percentages."""
    for kind in ("count", "share", "percent"):
        numbers = table[kind].to_numpy(dtype=np.float64)
        whole = () if kind == "count" else (1.0, 100.0)
        require_no_total(table, numbers, whole=whole, unknown=unknown, rows=rows)


def _optional(
    column: pd.Series[Any], name: str, table: pd.DataFrame
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers of a column that may be empty for whole variables."""
    gone = column.map(lambda cell: as_text(cell) is None).to_numpy(dtype=bool)
    out = np.full(len(column), np.nan)
    if (~gone).any():
        out[~gone] = to_amounts(column.where(~gone, 0), name)[~gone]
    for variable in dict.fromkeys(table["variable"]):
        part = (table["variable"] == variable).to_numpy()
        if gone[part].any() and not gone[part].all():
            row = int((gone & part).argmax())
            raise DataError(
                f"The cell of {variable} / {table['category'].iloc[row]} is empty.",
                row=row + 2,
                column=name,
                remedy="Write 0 where there is nobody.",
            )
    return out


def _without_unknown(
    part: pd.DataFrame, name: str, unknown: Sequence[str], notes: list[str]
) -> pd.DataFrame:
    gone = np.array([is_unknown(label, unknown) for label in part["category"]], dtype=bool)
    if not gone.any():
        return part
    said = ", ".join(repr(label) for label in part.loc[gone, "category"])
    numbers = part.loc[gone, ["count", "share", "percent"]].sum(min_count=1).dropna()
    amount = f" ({numbers.iloc[0]:.10g} {numbers.index[0]})" if len(numbers) else ""
    notes.append(f"{name}: {said}{amount} is no category and was left out of the shares")
    if gone.all():
        raise DataError(f"The variable {name!r} has no known category.", column=name)
    total = part[["share", "percent"]].sum(min_count=1)
    kept = part[~gone].reset_index(drop=True)
    # what is left sums to 1 less what was taken: the whole is judged, then the rest scaled
    rest = kept[["share", "percent"]].sum(min_count=1)
    kept[["share", "percent"]] *= total / rest
    return kept


def _sorted_out(
    part: pd.DataFrame, name: str, weighted: bool, nameless: bool, notes: list[str]
) -> pd.DataFrame:
    """Counts that are shares or percentages after all, moved to where they belong."""
    counts = part["count"].to_numpy(dtype=np.float64)
    if np.isnan(counts).any():
        return part
    total = float(counts.sum())
    whole = bool((counts == np.floor(counts)).all())
    percents = abs(total - 100) <= REFUSED_POINTS and (nameless or not whole)
    shares = abs(total - 1) <= REFUSED_POINTS / 100 and (nameless or not whole)
    if not weighted and (shares or percents):
        kind = "percent" if percents else "share"
        notes.append(f"the numbers of {name!r} sum to {total:.6g}: read as {kind}s")
        return part.assign(count=np.nan, **{kind: counts})
    if not whole and not weighted:
        row = int((counts != np.floor(counts)).argmax())
        raise DataError(
            f"The count {counts[row]:g} of {part['category'].iloc[row]!r} is not whole, and the "
            f"numbers of {name!r} sum to {total:.6g}, neither 1 nor 100.",
            column=name,
            remedy="Call percentages 'percent' and shares 'share'; sums of survey weights are "
            "taken with weighted=True.",
        )
    return part


def _normalised(part: pd.DataFrame, name: str, renormalise: bool, notes: list[str]) -> pd.DataFrame:
    """Shares of one variable that sum to 1, and what had to be done for it."""
    kind, numbers = _given(part, name)
    total = float(numbers.sum())
    if total <= 0:
        raise DataError(f"All numbers of {name!r} are 0.", column=name)
    if kind != "count":
        percent = kind == "percent" or abs(total - 100) <= REFUSED_POINTS
        _judge_total(name, total if percent else 100 * total, renormalise, notes)
    counts = numbers if kind == "count" else np.full(len(numbers), np.nan)
    return pd.DataFrame(
        {
            "variable": name,
            "category": part["category"],
            "count": counts,
            "share": numbers / total,
        }
    )


def _given(part: pd.DataFrame, name: str) -> tuple[str, NDArray[np.float64]]:
    """The numbers of a variable and of which kind they are."""
    for kind in ("count", "share", "percent"):
        numbers = part[kind].to_numpy(dtype=np.float64)
        if not np.isnan(numbers).any():
            return kind, numbers
    raise DataError(f"The numbers of {name!r} are spread over several columns.", column=name)


def _judge_total(name: str, percent: float, renormalise: bool, notes: list[str]) -> None:
    off = abs(percent - 100)
    if off <= 1e-4:
        return
    said = f"the shares of {name!r} sum to {percent:.6g} %"
    if off > REFUSED_POINTS + 1e-9 and not renormalise:
        raise DataError(
            f"{said[0].upper()}{said[1:]}, not to 100 %.",
            column=name,
            remedy="Look for a category that is missing or typed wrongly; if the table is meant "
            "so, give renormalise=True.",
        )
    if off > ROUNDING_POINTS + 1e-9:
        warn(f"{said[0].upper()}{said[1:]}; they were renormalised to 100 %.", SharesWarning)
    notes.append(f"{said} and were renormalised to 100 %")


def _size(margins: pd.DataFrame, size: float | None, notes: list[str]) -> float | None:
    totals = margins.groupby("variable", sort=False)["count"].sum(min_count=1).dropna()
    if size is not None:
        if not is_number(size) or not float(size) > 0:
            raise DataError(f"The size of the population is {size!r}.", remedy="Give a number > 0.")
        return float(size)
    if not len(totals):
        return None
    largest, smallest = float(totals.max()), float(totals.min())
    if largest == smallest:
        return largest
    said = ", ".join(f"{name} {total:,.10g}" for name, total in totals.items())
    if (largest - smallest) / largest <= TOTALS_TOLERANCE:
        notes.append(f"the totals differ slightly ({said}); the size is taken as the largest")
        return largest
    warn(
        f"The totals of the variables differ ({said}): they do not count the same people. "
        "Shares are taken within each variable, and the size of the population is unknown.",
        SharesWarning,
    )
    notes.append(f"the totals differ ({said}); the size is unknown")
    return None


def _require_no_total_cells(
    table: pd.DataFrame, names: Sequence[str], unknown: Sequence[str]
) -> None:
    """Refuse rows of a joint table that sum up others (``Total``, ``All``)."""
    sums = {name: table.groupby(name, sort=False)["count"].sum() for name in names}
    _require_no_total_sums({name: dict(part) for name, part in sums.items()}, unknown)


def _require_no_total_sums(
    one_way: Mapping[str, Mapping[Any, float]], unknown: Sequence[str], *, named_only: bool = False
) -> None:
    rows = [(v, label, n) for v, own in one_way.items() for label, n in own.items()
            if label is not None]  # fmt: skip
    listed = pd.DataFrame(rows, columns=["variable", "category", "count"])
    numbers = listed["count"].to_numpy(dtype=np.float64)
    require_no_total(listed, numbers, unknown=unknown, rows=False, named_only=named_only)


def _summed(joint: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return joint.groupby(names, sort=False, observed=True)["count"].sum().reset_index()


def _joint_shares(numbers: NDArray[np.float64], column: str, notes: list[str]) -> bool:
    """Whether the numbers of a joint table are shares, by their column's name or their sum."""
    total = float(numbers.sum())
    near = abs(total - 1) <= REFUSED_POINTS / 100 or abs(total - 100) <= REFUSED_POINTS
    whole = bool((numbers == np.floor(numbers)).all())
    named = column.strip().lower() in {"percent", "per cent", "%", "share", "proportion"}
    if not named and (whole or not near):
        return False
    if named and not near:
        raise DataError(
            f"The joint table's shares sum to {total:.6g}, neither 1 nor 100.", column=column
        )
    notes.append(f"the numbers of the joint table sum to {total:.6g}: read as shares")
    return True


def _without_counts(population: Population) -> Population:
    """Shares in place of counts, of a joint table that says nothing of people."""
    joint = population.joint
    if joint is not None:
        joint = joint.assign(count=joint["count"] / joint["count"].sum())
    margins = population.margins.assign(count=np.nan)
    return replace(population, margins=margins, joint=joint, size=None)


def _from_cells(
    cls: type[Population],
    table: pd.DataFrame,
    names: list[str],
    unknown: Sequence[str],
    notes: list[str],
    in_order: bool = False,
) -> Population:
    """Margins and joint table from counted cells with labels or None."""
    total = float(table["count"].sum())
    if not total > 0:
        raise DataError("All counts of the population are 0.")
    one_way = {}
    for name in names:
        part = table.groupby(name, sort=False, dropna=False)["count"].sum()
        one_way[name] = {as_text(label): float(n) for label, n in part.items()}
    population = _from_one_way(cls, one_way, total, unknown, notes, in_order)
    hidden = {
        name: {label for label in one_way[name] if is_unknown(label, unknown)} for name in names
    }
    known = np.ones(len(table), dtype=bool)
    for name in names:
        if hidden[name]:
            known &= ~table[name].map(lambda v, gone=hidden[name]: as_text(v) in gone).to_numpy(
                bool
            )
    joint = table.loc[known, [*names, "count"]].reset_index(drop=True)
    joint["count"] = joint["count"].astype(np.float64)
    said = list(population.notes)
    if not known.all():
        left = float(table.loc[~known, "count"].sum())
        said.append(f"joint table: {left:,.10g} of {total:,.10g} with an unknown category left out")
    return replace(population, joint=joint, notes=tuple(said))


def _from_one_way(
    cls: type[Population],
    one_way: Mapping[str, Mapping[str | None, float]],
    total: float,
    unknown: Sequence[str],
    notes: list[str],
    in_order: bool = False,
) -> Population:
    if not in_order:  # records; a joint table was looked at before
        _require_no_total_sums(one_way, unknown, named_only=True)
    parts = []
    for name, counts in one_way.items():
        labels = [label for label in counts if label is not None and not is_unknown(label, unknown)]
        known = sum(counts[label] for label in labels)
        if not known > 0:
            raise DataError(
                "The variable has no known value at all.",
                column=name,
                remedy="Leave it out, or look at how the column was filled.",
            )
        for label in counts:
            if label is None or is_unknown(label, unknown):
                shown = "missing" if label is None else repr(label)
                amount = f"{counts[label]:,.10g} {shown} of {total:,.10g}"
                notes.append(f"{name}: {amount}, left out of the shares")
        ordered = labels if in_order else sorted_labels(labels)
        got = np.array([counts[label] for label in ordered])
        parts.append(
            pd.DataFrame(
                {"variable": name, "category": ordered, "count": got, "share": got / known}
            )
        )
    return cls(pd.concat(parts, ignore_index=True), None, total, tuple(notes))
