"""Answers from which a reason index is computed: people, considerations, preferences.

Considerations are statements people rate or sort (what they think about the matter),
preferences the courses of action they rank. Only the order of a person's own answers
is used, so scales need not be the same for both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Integral, Real
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, ReasonDataWarning, warn
from dmpkit.tables import require_columns, require_unique, to_numbers, to_pandas

__all__ = ["MIN_SHARED", "MissingRule", "ReasonSurvey", "checked_count", "matched_surveys"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
MissingRule = Literal["pairwise", "exclude"]

#: Items that two people must both have answered for their correlation to be taken;
#: with two of them it could only be 1 or -1.
MIN_SHARED = 3


@dataclass(frozen=True, eq=False, repr=False, init=False)
class ReasonSurvey:
    """One stage of a survey on considerations and preferences.

    Parameters
    ----------
    considerations : array or frame of shape (people, items)
        Ratings or Q-sort positions; NaN or an empty cell where there is no answer.
    preferences : array or frame of shape (people, items)
        Ranks or ratings of the courses of action. Whether 1 is best or worst does not
        matter as long as it is the same for everybody.
    people : sequence, optional
        Labels, by which stages are matched; numbers from 1 when not given.
    missing : {"pairwise", "exclude"}
        What is done about missing answers. ``"pairwise"`` correlates two people over
        the items that both answered (three at least; a pair with fewer is left out);
        ``"exclude"`` leaves out everybody with a missing answer.
    stage : str
        What the stage is called in texts and pictures, such as *before*.
    synthetic : bool
        Whether the answers are made up; pictures then say so.

    Raises
    ------
    DataError
        Tables of different length, fewer than two people or three items, text or
        infinite values, doubled people.

    Examples
    --------
    >>> survey = ReasonSurvey([[1, 2, 3], [1, 3, 2], [2, 2, 2]],
    ...                       [[1, 2, 3], [1, 3, 2], [3, 1, 2]], ["a", "b", "c"])
    >>> survey.n_people, survey.left_out["why"].tolist()
    (3, ['the same answer to all considerations'])
    """

    considerations: Floats
    preferences: Floats
    people: tuple[str, ...]
    missing: MissingRule
    stage: str
    synthetic: bool
    consideration_items: tuple[str, ...]
    preference_items: tuple[str, ...]

    def __init__(
        self,
        considerations: Any,
        preferences: Any,
        people: Sequence[object] | None = None,
        *,
        missing: MissingRule = "pairwise",
        stage: str = "",
        synthetic: bool = False,
    ) -> None:
        if missing not in ("pairwise", "exclude"):
            raise DataError(
                f"The rule for missing answers is {missing!r}.",
                remedy="Use 'pairwise' or 'exclude'.",
            )
        c, c_items = _answers(considerations, "considerations", "C")
        p, p_items = _answers(preferences, "preferences", "P")
        if len(c) != len(p):
            raise DataError(
                f"There are {len(c)} people with considerations and {len(p)} with preferences.",
                remedy="Give one row a person in both tables, in the same order.",
            )
        if len(c) < 2:
            raise DataError(f"There are {len(c)} people; an index is made of pairs of people.")
        fields = {
            "considerations": c,
            "preferences": p,
            "people": _labels(people, len(c)),
            "missing": missing,
            "stage": str(stage),
            "synthetic": bool(synthetic),
            "consideration_items": c_items,
            "preference_items": p_items,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        considerations: str | Sequence[str] = "C",
        preferences: str | Sequence[str] = "P",
        person: str | None = None,
        missing: MissingRule = "pairwise",
        stage: str = "",
        synthetic: bool = False,
    ) -> ReasonSurvey:
        """Take a survey from one table with a row a person.

        Parameters
        ----------
        frame : DataFrame
            Any kind that dmpkit reads; the rows of one stage.
        considerations, preferences : str or sequence of str
            Column names, or the prefix of columns that end in a number (``"C"`` for
            C1, C2 …). Of columns found by prefix, those in which nobody has an answer
            are not taken: files of many cases keep them for other cases.
        person : str, optional
            Column with the people's labels; numbers from 1 when not given.
        missing, stage, synthetic
            As for :class:`ReasonSurvey`.

        Raises
        ------
        DataError
            A column is absent or holds text, or a person stands in two rows.

        Examples
        --------
        >>> rows = pd.DataFrame({"who": ["a", "b"], "C1": [1, 2], "C2": [2, 1], "C3": [3, 3],
        ...                      "C4": [None, None], "P1": [1, 1], "P2": [2, 3], "P3": [3, 2]})
        >>> ReasonSurvey.from_frame(rows, person="who").consideration_items
        ('C1', 'C2', 'C3')
        """
        table = to_pandas(frame)
        people = None
        if person is not None:
            require_columns(table, [person])
            people = _column_labels(table[person])
        return cls(
            _columns(table, considerations, "considerations"),
            _columns(table, preferences, "preferences"),
            people,
            missing=missing,
            stage=stage,
            synthetic=synthetic,
        )

    def __repr__(self) -> str:
        stage = f"{self.stage}: " if self.stage else ""
        c, p = self.considerations, self.preferences
        gone = int(np.isnan(c).sum() + np.isnan(p).sum())
        return (
            f"ReasonSurvey ({stage}{self.n_people} people, {c.shape[1]} considerations, "
            f"{p.shape[1]} preferences, {gone} missing answers, {len(self.left_out)} left out)"
        )

    @property
    def n_people(self) -> int:
        """People in the tables."""
        return len(self.people)

    @cached_property
    def left_out(self) -> pd.DataFrame:
        """``person, why``: people with whom no pair can be made, or who are excluded."""
        rows = []
        for person, c, p in zip(self.people, self.considerations, self.preferences, strict=True):
            if why := _why_unusable(c, p, self.missing):
                rows.append((person, why))
        return pd.DataFrame(rows, columns=["person", "why"], dtype=object)

    @cached_property
    def used(self) -> Bools:
        """Whether each person enters pairs."""
        out = set(self.left_out["person"])
        return np.array([person not in out for person in self.people])

    @cached_property
    def correlations(self) -> tuple[Floats, Floats]:
        """Spearman correlations between people: over considerations, over preferences.

        Two arrays of shape (people, people); NaN on the diagonal, for people left out,
        and for pairs with fewer than three items in common or without variation on them.
        """
        c, p = row_spearman(self.considerations), row_spearman(self.preferences)
        off = ~self.used
        undefined = np.isnan(c) | np.isnan(p) | off[:, None] | off[None, :]
        np.fill_diagonal(undefined, True)
        for matrix in (c, p):
            matrix[undefined] = np.nan
            matrix.flags.writeable = False
        return c, p

    def select(self, keep: Sequence[int] | NDArray[Any]) -> ReasonSurvey:
        """The survey of some people.

        Parameters
        ----------
        keep : sequence of int or of bool
            Positions, or one truth value a person.
        """
        where = np.asarray(keep)
        where = np.flatnonzero(where) if where.dtype == bool else where.astype(np.intp)
        c = pd.DataFrame(self.considerations[where], columns=list(self.consideration_items))
        p = pd.DataFrame(self.preferences[where], columns=list(self.preference_items))
        people = [self.people[i] for i in where]
        return ReasonSurvey(
            c, p, people, missing=self.missing, stage=self.stage, synthetic=self.synthetic
        )

    def warn_left_out(self) -> None:
        """Give a :class:`~dmpkit.errors.ReasonDataWarning` that names people left out."""
        if len(self.left_out):
            stage = f" ({self.stage})" if self.stage else ""
            warn(f"Left out of all pairs{stage}: {left_out_words(self.left_out)}.",
                 ReasonDataWarning)  # fmt: skip


def checked_count(value: object, what: str, *, least: int, usual: int) -> int:
    """A whole number of `least` or more, numpy's included.

    Examples
    --------
    >>> checked_count(np.int64(3), "n_permutations", least=0, usual=10_000)
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise DataError(
            f"{what} is {value!r}; it is a whole number of {least} or more.",
            remedy=f"Use {usual}.",
        )
    return int(value)


def left_out_words(left_out: pd.DataFrame, most: int = 6) -> str:
    """People and reasons as one phrase."""
    named = [f"{row.person} ({row.why})" for row in left_out.head(most).itertuples()]
    more = len(left_out) - most
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")


def matched_surveys(
    before: ReasonSurvey, after: ReasonSurvey
) -> tuple[ReasonSurvey, ReasonSurvey, pd.DataFrame]:
    """Two stages cut to the people who can be used in both, in the same order.

    Parameters
    ----------
    before, after : ReasonSurvey
        Stages with the same items and the same rule for missing answers.

    Returns
    -------
    before, after : ReasonSurvey
    left_out : DataFrame
        ``person, why``.

    Raises
    ------
    DataError
        Different numbers of items, different rules, or fewer than two people in common.

    Examples
    --------
    >>> one = ReasonSurvey([[1, 2, 3], [3, 2, 1]], [[1, 2, 3], [2, 1, 3]], ["a", "b"])
    >>> two = ReasonSurvey([[1, 2, 3], [1, 3, 2], [2, 1, 3]],
    ...                    [[1, 2, 3], [2, 1, 3], [1, 2, 3]], ["b", "a", "c"])
    >>> first, second, gone = matched_surveys(one, two)
    >>> second.people, gone["why"].tolist()
    (('a', 'b'), ['only in the second stage'])
    """
    for name in ("considerations", "preferences"):
        k, m = getattr(before, name).shape[1], getattr(after, name).shape[1]
        if k != m:
            raise DataError(
                f"There are {k} {name} before and {m} after.",
                remedy="A change is measured on the same items; keep those asked both times.",
            )
    for name in ("consideration_items", "preference_items"):
        one, two = getattr(before, name), getattr(after, name)
        if one != two:
            place = next(i for i, (a, b) in enumerate(zip(one, two, strict=True)) if a != b)
            raise DataError(
                f"Item {place + 1} is {one[place]!r} before and {two[place]!r} after.",
                remedy="Give the same items in the same order.",
            )
    if before.missing != after.missing:
        raise DataError("The stages have different rules for missing answers.")
    rows = _unmatched(before, after)
    gone = {person for person, _ in rows}
    both = [person for person in before.people if person not in gone]
    if len(both) < 2:
        raise DataError(
            f"{len(both)} people can be used in both stages; a change needs pairs of people.",
            remedy="Are the people called the same before and after?",
        )
    first = {person: i for i, person in enumerate(before.people)}
    second = {person: i for i, person in enumerate(after.people)}
    left_out = pd.DataFrame(rows, columns=["person", "why"], dtype=object)
    one = before.select([first[person] for person in both])
    return one, after.select([second[person] for person in both]), left_out


def _unmatched(before: ReasonSurvey, after: ReasonSurvey) -> list[tuple[str, str]]:
    """People who cannot be used in both stages, with the reason."""
    rows, first, second = [], set(before.people), set(after.people)
    why = [dict(zip(s.left_out["person"], s.left_out["why"], strict=True)) for s in (before, after)]
    for person in dict.fromkeys([*before.people, *after.people]):
        if person not in second:
            rows.append((person, "only in the first stage"))
        elif person not in first:
            rows.append((person, "only in the second stage"))
        elif person in why[0]:
            rows.append((person, f"before: {why[0][person]}"))
        elif person in why[1]:
            rows.append((person, f"after: {why[1][person]}"))
    return rows


# --- rank correlations -----------------------------------------------------------


def row_ranks(answers: Floats) -> Floats:
    """Average ranks within each row; missing cells stay missing and take no rank.

    Examples
    --------
    >>> row_ranks(np.array([[3.0, 1.0, 3.0, np.nan]])).tolist()
    [[2.5, 1.0, 2.5, nan]]
    """
    ranks = np.empty_like(answers)
    rows = max(1, 4_000_000 // max(1, answers.shape[1] ** 2))
    for start in range(0, len(answers), rows):
        x = answers[start : start + rows]
        less = (x[:, None, :] < x[:, :, None]).sum(axis=2)
        equal = (x[:, None, :] == x[:, :, None]).sum(axis=2)
        ranks[start : start + rows] = less + (equal + 1) / 2
    ranks[np.isnan(answers)] = np.nan
    return ranks


def row_spearman(answers: Floats) -> Floats:
    """Spearman correlations between the rows, over the items that both have.

    Ranks are taken anew over the items in common, ties at their average. NaN where
    there are fewer than three, or one of the two gives the same answer to all of them.

    Examples
    --------
    >>> row_spearman(np.array([[1.0, 2, 3], [1, 3, 2]])).round(2).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """
    unit = _unit_rows(row_ranks(answers))
    out = unit @ unit.T
    incomplete = np.isnan(answers).any(axis=1)
    for i in np.flatnonzero(incomplete):
        out[i] = out[:, i] = _one_against_all(answers, int(i))
    return cast("Floats", np.clip(out, -1.0, 1.0))


def _unit_rows(ranks: Floats) -> Floats:
    """Rows of mean 0 and length 1 (missing as 0); NaN where a row is constant."""
    there = ~np.isnan(ranks)
    n = there.sum(axis=1, keepdims=True)
    filled = np.where(there, ranks, 0.0)
    centred = np.where(there, filled - filled.sum(axis=1, keepdims=True) / np.maximum(n, 1), 0.0)
    length = np.sqrt((centred**2).sum(axis=1, keepdims=True))
    length[(n < MIN_SHARED) | (length < 1e-9)] = np.nan
    return cast("Floats", centred / length)


def _one_against_all(answers: Floats, i: int) -> Floats:
    """Correlations of one row with all, each over the items in common."""
    shared = ~np.isnan(answers) & ~np.isnan(answers[i])
    theirs = _unit_rows(row_ranks(np.where(shared, answers, np.nan)))
    mine = _unit_rows(row_ranks(np.where(shared, answers[i], np.nan)))
    return cast("Floats", (theirs * mine).sum(axis=1))


# --- checks ------------------------------------------------------------------------


def _answers(table: Any, what: str, letter: str) -> tuple[Floats, tuple[str, ...]]:
    """The answers as floats, and the items' names."""
    if isinstance(table, list | tuple | np.ndarray):
        try:
            array = np.array(table, dtype=np.float64)
        except (TypeError, ValueError):
            raise DataError(
                f"The {what} are not a table of numbers.",
                remedy="Give one row a person, equally long, NaN where there is no answer.",
            ) from None
        if array.ndim != 2:
            raise DataError(f"The {what} have {array.ndim} dimensions; a table has two.")
        items = tuple(f"{letter}{i}" for i in range(1, array.shape[1] + 1))
    else:
        frame = to_pandas(table, what=f"table of {what}")
        items = tuple(str(name) for name in frame.columns)
        require_unique(items, "item")
        frame = frame.set_axis(list(items), axis=1)
        array = to_numbers(frame).to_numpy(dtype=np.float64).copy()
    if array.shape[1] < MIN_SHARED:
        raise DataError(
            f"There are {array.shape[1]} {what}; a correlation over fewer than {MIN_SHARED} "
            "items can only be 1 or -1."
        )
    if np.isinf(array).any():
        row, column = (int(i[0]) for i in np.isinf(array).nonzero())
        raise DataError(
            f"An answer among the {what} is infinite.",
            row=f"position {row + 1}",
            column=items[column],
            remedy="Leave the cell empty where there is no answer.",
        )
    array.flags.writeable = False
    return array, items


def _labels(people: Sequence[object] | None, n: int) -> tuple[str, ...]:
    """Labels as text, one a person."""
    if people is None:
        return tuple(str(i) for i in range(1, n + 1))
    labels = tuple(_label(person) for person in people)
    if len(labels) != n:
        raise DataError(f"There are {n} rows of answers and {len(labels)} labels of people.")
    require_unique(labels, "person")
    return labels


def _label(person: object) -> str:
    """A label as text; 180.0 is the same person as 180."""
    if isinstance(person, Real) and not isinstance(person, Integral):
        number = float(person)
        if number.is_integer():
            return str(int(number))
    return str(person).strip()


def _column_labels(column: pd.Series[Any]) -> list[str]:
    labels = ["" if pd.isna(value) else _label(value) for value in column]
    if "" in labels:
        raise DataError(
            "A person has no label.", row=labels.index("") + 2, column=str(column.name),
            remedy="Give everybody a label; it need not be a name.",
        )  # fmt: skip
    seen: set[str] = set()
    for row, label in enumerate(labels, start=2):
        if label in seen:
            raise DataError(
                f"The person {label!r} stands in more than one row.",
                row=row,
                column=str(column.name),
                remedy="Give the rows of one stage only, one a person.",
            )
        seen.add(label)
    return labels


def _columns(table: pd.DataFrame, chosen: str | Sequence[str], what: str) -> pd.DataFrame:
    """The columns named, or those that begin with a prefix and end in a number."""
    if not isinstance(chosen, str):
        names = [str(name) for name in chosen]
        require_columns(table, names)
        return table[names]
    pattern = re.compile(re.escape(chosen) + r"\d+")
    found = [name for name in table.columns if pattern.fullmatch(str(name))]
    if not found:
        raise DataError(
            f"No column is called {chosen!r} and a number; there should be the {what}.",
            remedy=f"The table has the columns {', '.join(map(repr, list(table.columns)[:12]))}.",
        )
    part = to_numbers(table[found].set_axis([str(name) for name in found], axis=1))
    return part.loc[:, part.notna().any()]


def _why_unusable(c: Floats, p: Floats, missing: MissingRule) -> str:
    """Why a person cannot enter pairs; empty where she can."""
    if missing == "exclude" and (np.isnan(c).any() or np.isnan(p).any()):
        return f"{int(np.isnan(c).sum() + np.isnan(p).sum())} missing answers"
    for answers, what in ((c, "considerations"), (p, "preferences")):
        given = answers[~np.isnan(answers)]
        if given.size < MIN_SHARED:
            return f"{given.size} answers to {what}, {MIN_SHARED} are needed"
        if (given == given[0]).all():
            return f"the same answer to all {what}"
    return ""
