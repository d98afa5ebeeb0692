"""The members of a mini-public, one row a person or as counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.representativeness.counting import MAX_CATEGORIES
from dmpkit.representativeness.entries import (
    from_mapping,
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
from dmpkit.representativeness.repeats import note_on_repeats
from dmpkit.representativeness.totals import require_no_total
from dmpkit.tables import require_columns, to_pandas

__all__ = ["Panel"]

Frame: TypeAlias = Any

#: More than live on Earth: a count above it is a slip, and sums of it would not be exact.
MOST_PEOPLE = 1e10
#: Names that a column of person ids goes by, where none is given.
PERSON_NAMES = ("person", "person_id", "participant", "participant_id", "member", "member_id", "id")


@dataclass(frozen=True, eq=False, repr=False)
class Panel:
    """The members of a mini-public (or those at any stage before it).

    Made by :meth:`from_frame`, :meth:`from_counts` or
    :func:`~dmpkit.representativeness.readers.read_panel`.

    Attributes
    ----------
    counts : DataFrame
        ``variable, category, count`` of known categories.
    unknown : DataFrame
        ``variable, category, count`` of what is set apart: ``prefer not to say``,
        ``(missing)`` …
    n : int
        Number of people.
    members : DataFrame or None
        One row a person; labels as text, None where unknown; columns that are no
        variable stand as they came. None where only counts are known.
    person : str or None
        Column of `members` that holds the ids.
    notes : tuple of str
        What was understood or left out.

    Examples
    --------
    >>> import pandas as pd
    >>> panel = Panel.from_frame(pd.DataFrame({"person": [1, 2], "gender": ["woman", "man"]}))
    >>> panel.n, panel.variables
    (2, ('gender',))
    """

    counts: pd.DataFrame
    unknown: pd.DataFrame
    n: int
    members: pd.DataFrame | None = None
    person: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("counts", "unknown"):
            require_columns(getattr(self, name), ["variable", "category", "count"])
        require_distinct(self.counts)
        if not len(self.counts):
            raise DataError("The panel has no variable with a known category.")

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The variables, in the order given."""
        return tuple(dict.fromkeys(self.counts["variable"]))

    def of(self, variable: str) -> pd.Series[int]:
        """Counts of a variable by known category.

        Raises
        ------
        DataError
            For a variable that the panel does not have.
        """
        if variable not in self.variables:
            raise DataError(
                f"The panel has no variable {variable!r}.", remedy=closest(variable, self.variables)
            )
        part = self.counts[self.counts["variable"] == variable]
        return pd.Series(part["count"].to_numpy(), index=list(part["category"]), name=variable)

    def n_unknown(self, variable: str) -> int:
        """People whose category of a variable is not known."""
        return int(self.n - self.of(variable).sum())

    def recode(self, variable: str, mapping: Mapping[str, str]) -> Panel:
        """The panel with categories of a variable renamed or merged.

        Parameters
        ----------
        variable : str
            The variable.
        mapping : mapping
            Old label to new label; labels that are left out stay.

        Examples
        --------
        >>> Panel.from_counts({"sex": {"F": 3, "M": 2}}).recode("sex", {"F": "Female"}).of("sex")
        Female    3
        M         2
        Name: sex, dtype: int64
        """
        known = list(self.of(variable).index)
        require_known(mapping, known, variable=variable, where="the mapping", reference="the panel")
        here = self.counts["variable"] == variable
        counts = self.counts.copy()
        counts.loc[here, "category"] = [mapping.get(c, c) for c in counts.loc[here, "category"]]
        counts = counts.groupby(["variable", "category"], sort=False)["count"].sum().reset_index()
        members = self.members
        if members is not None:
            column = [None if c is None else mapping.get(c, c) for c in members[variable]]
            members = members.assign(
                **{variable: pd.Series(column, index=members.index, dtype=object)}
            )
        return replace(self, counts=counts, members=members)

    def __repr__(self) -> str:
        kind = "participant list" if self.members is not None else "counts"
        lines = [f"Panel: {self.n:,} people, {len(self.variables)} variables ({kind})"]
        for name, part in self.counts.groupby("variable", sort=False):
            shown = [f"{c} {n}" for c, n in zip(part["category"], part["count"], strict=True)]
            apart = self.unknown[self.unknown["variable"] == name]
            if len(apart):
                said = [f"{c} {n}" for c, n in zip(apart["category"], apart["count"], strict=True)]
                shown_apart = f"; set apart: {', '.join(said)}"
            else:
                shown_apart = ""
            rest = f" … ({len(shown)} categories)" if len(shown) > 8 else ""
            lines.append(f"  {name}: {', '.join(shown[:8])}{rest}{shown_apart}")
        return "\n".join([*lines, *(f"  note: {note}" for note in self.notes)])

    def _repr_html_(self) -> str:
        from dmpkit.reporting import table_html

        head, *_ = repr(self).splitlines()
        apart = self.unknown.assign(category=[f"{c} (set apart)" for c in self.unknown["category"]])
        rows = [
            frame[frame["variable"] == name]
            for name in self.variables
            for frame in ((self.counts, apart) if len(apart) else (self.counts,))
        ]
        table = table_html(pd.concat(rows, ignore_index=True), groups="variable")
        return notes_html(head, table, self.notes)

    # --- ways to make one

    @classmethod
    def from_frame(
        cls,
        people: Frame,
        *,
        person: str | None = None,
        variables: Sequence[str] | None = None,
        unknown: Sequence[str] = UNKNOWN,
    ) -> Panel:
        """A panel from a participant list.

        Parameters
        ----------
        people : DataFrame
            One row a person.
        person : str, optional
            Column of ids; one called ``person``, ``participant``, ``member`` or
            ``id`` (with or without ``_id``) is taken when not given.
        variables : sequence of str, optional
            When not given, all other columns but those that cannot be categories
            (amounts with decimals, and texts that differ for each of more than 20
            people); a note names those left out.
        unknown : sequence of str
            Labels that are no category; they and empty cells are set apart in
            `.unknown` and None in `.members`. Text such as ``NA`` or ``None`` is a
            category.

        Raises
        ------
        DataError
            No rows, missing columns, an id twice or missing, a variable without
            any known value.

        Examples
        --------
        >>> import pandas as pd
        >>> people = pd.DataFrame({"id": ["a", "b"], "age": ["16-29", "prefer not to say"]})
        >>> Panel.from_frame(people).n_unknown("age")
        1
        """
        frame = to_pandas(people).reset_index(drop=True)
        frame.columns = [str(c) for c in frame.columns]
        require_columns_once(frame)
        if not len(frame):
            raise DataError("The participant list has no rows.")
        if person is None:
            person = next((c for c in frame.columns if c.strip().lower() in PERSON_NAMES), None)
        else:
            require_columns(frame, [person])
        notes: list[str] = []
        if person is not None:
            _require_ids(frame[person], person)
            notes.append(f"column {person!r} holds the ids")
            if (alike := note_on_repeats(frame, person)) is not None:
                notes.append(alike)
        names = _variables_of(frame, variables, person, notes)
        members, counts, apart = frame.copy(), [], []
        for name in names:
            column, known, left = _split(frame[name], name, unknown)
            members[name] = column
            counts.append(known)
            apart.append(left)
        return cls(
            pd.concat(counts, ignore_index=True),
            pd.concat(apart, ignore_index=True),
            len(frame),
            members,
            person,
            tuple(notes),
        )

    @classmethod
    def from_counts(
        cls,
        counts: Frame | Mapping[str, Mapping[str, float]],
        *,
        unknown: Sequence[str] = UNKNOWN,
    ) -> Panel:
        """A panel from printed counts.

        Parameters
        ----------
        counts : DataFrame or mapping
            ``variable, category, count``, or ``{variable: {category: count}}``.
        unknown : sequence of str
            Labels that are no category; their counts are set apart.

        Raises
        ------
        DataError
            Missing columns, a category twice or without a label, counts that are
            negative or not whole, a variable without anybody, a total row.

        Examples
        --------
        >>> Panel.from_counts({"sex": {"Male": 11, "Female": 12}}).n
        23
        """
        frame = from_mapping(counts) if isinstance(counts, Mapping) else to_pandas(counts)
        require_columns(frame, ["variable", "category", "count"])
        require_columns_once(frame)
        if not len(frame):
            raise DataError("The table of counts has no rows.", remedy="Give one a category.")
        table = labelled(frame)
        numbers = to_amounts(frame["count"], "count")
        broken = numbers != np.floor(numbers)
        if broken.any():
            row = int(broken.argmax())
            raise DataError(
                f"{numbers[row]:g} is not a whole number of people.",
                row=row + 2,
                column="count",
                remedy="Give counts of members; turn percentages into counts first.",
            )
        if (numbers > MOST_PEOPLE).any():
            row = int((numbers > MOST_PEOPLE).argmax())
            raise DataError(
                f"{numbers[row]:g} is more people than there are.",
                row=row + 2,
                column="count",
                remedy="Give counts of members.",
            )
        table["count"] = numbers.astype(np.int64)
        require_distinct(table)
        require_no_total(table, numbers, unknown=unknown, rows=not isinstance(counts, Mapping))
        gone = np.array([is_unknown(label, unknown) for label in table["category"]], dtype=bool)
        known, apart = table[~gone].reset_index(drop=True), table[gone].reset_index(drop=True)
        _require_people(known, list(dict.fromkeys(table["variable"])))
        totals = table.groupby("variable", sort=False)["count"].sum()
        notes = []
        if len(set(totals)) > 1:
            said = ", ".join(f"{name} {total}" for name, total in totals.items())
            notes.append(f"the totals differ between variables ({said}); n is the largest")
        return cls(known, apart, int(totals.max()), None, None, tuple(notes))


def _require_ids(column: pd.Series[Any], name: str) -> None:
    labels = as_labels(column)
    empty = labels.isna().to_numpy()
    if empty.any():
        raise DataError("The person has no id.", row=int(empty.argmax()) + 2, column=name)
    doubled = labels.duplicated().to_numpy()
    if doubled.any():
        row = int(doubled.argmax())
        first = int((labels == labels.iloc[row]).to_numpy().argmax())
        more = int(doubled.sum()) - 1
        raise DataError(
            f"The person {labels.iloc[row]!r} stands twice, first in row {first + 2}"
            f"{f' ({more} more rows repeat an id)' if more else ''}.",
            row=row + 2,
            column=name,
            remedy="Give each person one row.",
        )


def _variables_of(
    frame: pd.DataFrame, variables: Sequence[str] | None, person: str | None, notes: list[str]
) -> list[str]:
    if variables is not None:
        if isinstance(variables, str):
            variables = [variables]
        names = list(dict.fromkeys(variables))
        require_columns(frame, names)
    else:
        names, left = list[str](), list[str]()
        for name in frame.columns:
            if name != person:
                (names if _may_be_categories(frame[name]) else left).append(name)
        if left:
            notes.append(
                f"taken for no category and left alone: {', '.join(map(repr, left))} "
                "(name the variables to have them)"
            )
    if not names:
        raise DataError(
            "The participant list has no variable.", remedy="Name the columns in `variables`."
        )
    return names


def _may_be_categories(column: pd.Series[Any]) -> bool:
    filled = column.dropna()
    if pd.api.types.is_float_dtype(column) and (filled != np.floor(filled)).any():
        return False
    if pd.api.types.is_datetime64_any_dtype(column):
        return False
    return not (len(filled) > 20 and filled.nunique() == len(filled))


def _split(
    column: pd.Series[Any], name: str, unknown: Sequence[str]
) -> tuple[pd.Series[Any], pd.DataFrame, pd.DataFrame]:
    """Labels with None where unknown, counts of the known, counts of the unknown."""
    ordered = (
        [as_text(c) for c in column.cat.categories]
        if isinstance(column.dtype, pd.CategoricalDtype)
        else None
    )
    labels = as_labels(column)
    tally = labels.value_counts(dropna=False, sort=False)
    counts = {as_text(label): int(n) for label, n in tally.items()}
    gone = {label for label in counts if is_unknown(label, unknown)}
    known = [label for label in counts if label is not None and label not in gone]
    if not known:
        raise DataError(
            "The variable has no known value at all.",
            column=name,
            remedy="Leave it out, or look at how the column was filled.",
        )
    if len(known) > MAX_CATEGORIES:
        raise DataError(
            f"The variable has {len(known):,} different values.",
            column=name,
            remedy="Put them into bands first, as the population's table has them.",
        )
    if ordered is None:
        order = sorted_labels(known)
    else:
        order = [c for c in ordered if c is not None and not is_unknown(c, unknown)]
    clean = labels
    if gone - {None}:
        plain = [None if label in gone else label for label in labels]
        clean = pd.Series(plain, index=column.index, dtype=object)
    one = pd.DataFrame(
        {"variable": name, "category": order, "count": [counts.get(c, 0) for c in order]}
    )
    said = ["(missing)" if label is None else label for label in counts if label in gone]
    left = pd.DataFrame(
        {
            "variable": pd.Series([name] * len(said), dtype=object),
            "category": pd.Series(said, dtype=object),
            "count": np.array([n for c, n in counts.items() if c in gone], dtype=np.int64),
        }
    )
    return clean, one, left


def _require_people(known: pd.DataFrame, names: Sequence[str]) -> None:
    totals = known.groupby("variable")["count"].sum()
    for name in names:
        if not totals.get(name, 0) > 0:
            raise DataError(f"Nobody is counted in a known category of {name!r}.", column=name)
