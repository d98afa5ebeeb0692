"""Q sorts: the data of a Q study, held in one validated object.

Statements stand in rows, sorts in columns, and every cell holds the value of
the grid column into which the participant put the statement. A
:class:`QSorts` cannot exist with a hole, a constant sort or a label twice;
what is odd but usable (identical sorts, sorts that break the forced
distribution) gives a named warning that says which sorts are meant.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import (
    DataError,
    DistributionWarning,
    DuplicatedSortsWarning,
    ReadingWarning,
    warn,
)
from dmpkit.qmethod.layout import (
    LABEL_NAMES,
    REMARK_NAMES,
    SORT_NAMES,
    TEXT_NAMES,
    Wide,
    enumerate_some,
    fitting_rows,
    is_number_name,
    is_statement_name,
    no_such_label,
    plain_name,
    settle,
    short,
    signed,
)
from dmpkit.tables import as_kind, to_numbers, to_pandas

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike, NDArray

__all__ = ["QSorts", "signed"]

#: Characters of a label and of a wording; pictures of longer ones would take minutes and gigabytes.
LONGEST_LABEL, LONGEST_TEXT = 1_000, 10_000
_MOST_NAMED = 6  # a message names at most this many sorts and columns of the grid
_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:[.,][0-9]{1,15})?")


@dataclass(frozen=True, eq=False, init=False, repr=False)
class QSorts:
    """The sorts of a Q study: one column a sort, one row a statement.

    Parameters
    ----------
    values : array_like, shape (n_statements, n_sorts)
        The grid value that each sort gives each statement.
    statements, sorts : sequence of str, optional
        Labels, each of them once. Without them the statements are called
        ``"1", "2", …`` and the sorts ``"sort1", "sort2", …``.
    distribution : array_like, shape (n_statements,), optional
        The forced distribution: one value a statement, in any order. Without
        it, it is inferred: what all sorts have in common; else the
        distribution that at least half of the sorts share (two or more); else,
        rank by rank, the lower median of the sorted sorts (our own rule). A
        :class:`DistributionWarning` says which one was taken.
    texts : sequence of str, optional
        The wording of the statements, for tables and pictures.
    notes : sequence of str, optional
        What a reader took from a file and what it left.

    Attributes
    ----------
    values : ndarray of float64, shape (n_statements, n_sorts), read-only
    statements, sorts, texts, notes : tuple of str
    distribution : ndarray of float64, shape (n_statements,), ascending, read-only

    Raises
    ------
    DataError
        For a table of the wrong shape, fewer than three statements or two
        sorts, labels that occur twice, a missing or infinite value, a sort
        that gives every statement the same value.

    Warns
    -----
    DuplicatedSortsWarning
        When two sorts are identical: their ties can decide the order of steps
        in a centroid extraction.
    DistributionWarning
        When sorts break the distribution; it names them and the grid columns
        that hold too many or too few statements.

    Examples
    --------
    >>> sorts = QSorts([[-1, 0, 1], [0, 1, 0], [1, -1, -1]], sorts=["Ana", "Ben", "Cem"])
    >>> sorts
    QSorts: 3 statements, 3 sorts, forced distribution from -1 to +1
    >>> sorts.grid
       value  count
    0   -1.0      1
    1    0.0      1
    2    1.0      1
    """

    values: NDArray[np.float64]
    statements: tuple[str, ...]
    sorts: tuple[str, ...]
    distribution: NDArray[np.float64]
    texts: tuple[str, ...]
    notes: tuple[str, ...]

    def __init__(
        self,
        values: ArrayLike,
        statements: Sequence[str] | None = None,
        sorts: Sequence[str] | None = None,
        distribution: ArrayLike | None = None,
        texts: Sequence[str] = (),
        notes: Sequence[str] = (),
    ) -> None:
        table = _as_matrix(values)
        n, p = table.shape
        labels = _labels(statements, n, "statement", "")
        names = _labels(sorts, p, "sort", "sort")
        wording = tuple(str(text) for text in texts)
        if wording and len(wording) != n:
            raise DataError(f"There are {len(wording)} statement texts for {n} statements.")
        for i, text in enumerate(wording, start=1):
            if len(text) > LONGEST_TEXT:
                raise DataError(
                    f"The text of statement {i} has {len(text):,} characters; "
                    f"{LONGEST_TEXT:,} is the limit.",
                    remedy="Give the wording that was sorted.",
                )
        _check_cells(table, labels, names)
        if distribution is None:
            target, message = infer_distribution(table)
        else:
            target, message = _given_distribution(distribution, n), ""
        for array in (table, target):
            array.setflags(write=False)
        for field, value in (
            ("values", table),
            ("statements", labels),
            ("sorts", names),
            ("distribution", target),
            ("texts", wording),
            ("notes", tuple(str(note) for note in notes)),
        ):
            object.__setattr__(self, field, value)
        if pairs := duplicated_pairs(table):
            warn(_say_duplicates(pairs, names), DuplicatedSortsWarning)
        if broken := _say_broken(table, target, names, message):
            warn(broken, DistributionWarning)

    # -- what they are ---------------------------------------------------

    @property
    def n_statements(self) -> int:
        """Number of statements (rows)."""
        return int(self.values.shape[0])

    @property
    def n_sorts(self) -> int:
        """Number of sorts (columns)."""
        return int(self.values.shape[1])

    @cached_property
    def synthetic(self) -> bool:
        """Whether a label or a note begins with the word *synthetic*.

        Such sorts are made from a recipe; what is drawn and said of them bears
        the word too.
        """
        return any(
            text.lower().lstrip().startswith("synthetic") for text in (*self.sorts, *self.notes)
        )

    @cached_property
    def forced(self) -> bool:
        """Whether every sort has exactly the distribution."""
        return bool(np.all(np.sort(self.values, axis=0) == self.distribution[:, None]))

    @cached_property
    def grid(self) -> pd.DataFrame:
        """The distribution as a grid, one row a grid column: ``value, count``."""
        values, counts = np.unique(self.distribution, return_counts=True)
        return pd.DataFrame({"value": values, "count": counts})

    def text(self, i: int) -> str:
        """The wording of statement `i` (counted from 0); its label where there is none."""
        return (self.texts[i] if self.texts else "") or self.statements[i]

    @property
    def labels_with_text(self) -> tuple[str, ...]:
        """``"label. wording"`` for every statement, or the label alone."""
        if not self.texts:
            return self.statements
        pairs = zip(self.statements, self.texts, strict=True)
        return tuple(f"{label}. {text}" if text else label for label, text in pairs)

    # -- tables ----------------------------------------------------------

    def frame(self) -> pd.DataFrame:
        """The sorts as a wide table: ``statement``, then one column a sort."""
        table = pd.DataFrame(np.array(self.values), columns=list(self.sorts))
        table.insert(0, "statement", list(self.statements))
        return table

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """All tables: ``sorts``, ``statements`` (statement, text) and ``grid``.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
            The kind of frame to give.

        Examples
        --------
        >>> sorts = QSorts([[-1, 0], [0, 1], [1, -1]])
        >>> list(sorts.tables())
        ['sorts', 'statements', 'grid']
        """
        texts = list(self.texts) or [""] * self.n_statements
        statements = pd.DataFrame({"statement": list(self.statements), "text": texts})
        found = {"sorts": self.frame(), "statements": statements, "grid": self.grid}
        return {name: as_kind(table, kind) for name, table in found.items()}

    @classmethod
    def from_frame(
        cls,
        frame: IntoFrame,
        *,
        rows: Literal["statements", "sorts"] | None = None,
        statements: str | None = None,
        texts: str | None = None,
        label: str | None = None,
        leave: Sequence[str] | None = None,
        distribution: ArrayLike | None = None,
    ) -> QSorts:
        """Make sorts from a wide table: statements in rows and sorts in columns, or turned.

        Parameters
        ----------
        frame : DataFrame
            pandas, polars, or any frame that narwhals knows.
        rows : {"statements", "sorts"}, optional
            What one row holds. Statements when not given; a table that seems
            to be the other way round is then refused.
        statements : str, optional
            The column that holds the statements' labels. Without it: a column
            with a name such as ``statement`` or ``no.``; else the first one
            that is not numbers (a first column that counts 1, 2, 3 … goes
            before whole sentences); else such a first column;
            else the row labels of a pandas frame; where pandas counted
            its rows from 0, the row numbers from 1.
        texts : str, optional
            The column that holds the wording. Without it, a column called
            ``text`` or ``wording``, or the one with the longest texts of those
            that are not numbers.
        label : str, optional
            With ``rows="sorts"``, the column that names the sorts. Without it:
            a column such as ``participant`` or ``name``, the first that is not
            numbers, or a first column that counts 1, 2, 3 ….
        leave : sequence of str, optional
            Columns and rows to leave, by label. ``leave=[]`` says that every
            column and row counts; without it, what is no sort and no statement
            by its name or values (age, mean, total …) is left with a warning
            where the distribution shows it, and refused where it does not.
        distribution : array_like, optional
            The forced distribution, see :class:`QSorts`.

        Raises
        ------
        DataError
            For a column that is not there, a cell that is not a number, sorts
            in rows without ``rows="sorts"``, a column or row that looks like
            no sort and no statement, and whatever :class:`QSorts` refuses.

        Warns
        -----
        ReadingWarning
            When a column or row is left because of its name or values.

        Examples
        --------
        >>> import pandas as pd
        >>> QSorts.from_frame(pd.DataFrame(
        ...     {"statement": ["a", "b", "c"], "Ana": [-1, 0, 1], "Ben": [0, 1, -1]}))
        QSorts: 3 statements, 2 sorts, forced distribution from -1 to +1
        >>> QSorts.from_frame(pd.DataFrame(
        ...     {"name": ["Ana", "Ben"], "a": [-1, 0], "b": [0, 1], "c": [1, -1]}), rows="sorts")
        QSorts: 3 statements, 2 sorts, forced distribution from -1 to +1
        """
        data = to_pandas(frame, what="sorts")
        _require_columns_once(data)
        _require_named(data, (statements, texts, label))
        if rows not in (None, "statements", "sorts"):
            raise DataError(f"rows is {rows!r}.", remedy="Say rows='statements' or 'sorts'.")
        wanted = None if leave is None else [str(name) for name in leave]
        gone = [name for name in map(str, data.columns) if name in (wanted or ())]
        data = data[[name for name in data.columns if str(name) not in gone]]
        if rows == "sorts":
            table, notes = _turned_frame(data, label)
        else:
            if label is not None:
                raise DataError("label is for rows='sorts'.", remedy="Use statements=… instead.")
            table, notes = _upright_frame(data, statements, texts)
            if rows is None:
                _refuse_turned(data, table)
        table = settle(table, wanted, gone)
        for message in table.messages:
            warn(message, ReadingWarning)
        notes += [f"left: {name}" for name in wanted or ()] + list(table.messages)
        return cls(
            table.values,
            statements=table.statements,
            sorts=table.sorts,
            distribution=distribution,
            texts=table.texts,
            notes=notes,
        )

    # -- fewer of them -----------------------------------------------------

    def without(
        self,
        *labels: str | int | Iterable[str | int],
        what: Literal["sorts", "statements"] | None = None,
    ) -> QSorts:
        """These sorts without some sorts or statements.

        A distribution that was inferred is inferred anew; one that was given
        stays as long as no statement goes.

        Parameters
        ----------
        *labels : str, or sequences of str
            Labels of sorts or statements.
        what : {"sorts", "statements"}, optional
            Settles what a label means that is that of a sort and a statement.

        Raises
        ------
        DataError
            A label that is not there or stands for two things, and whatever
            :class:`QSorts` refuses in the rest.

        Examples
        --------
        >>> sorts = QSorts([[-1, 0, 1], [0, 1, 0], [1, -1, -1]], sorts=["Ana", "Ben", "Cem"])
        >>> sorts.without("Ben").sorts
        ('Ana', 'Cem')
        """
        named = _one_by_one(labels)
        statements, sorts = self._places(named, what)
        rows = [i for i in range(self.n_statements) if i not in statements]
        columns = [j for j in range(self.n_sorts) if j not in sorts]
        return self._part(rows, columns, f"left: {enumerate_some(map(str, named), 20)}")

    def only(
        self,
        *labels: str | int | Iterable[str | int],
        what: Literal["sorts", "statements"] | None = None,
    ) -> QSorts:
        """The sorts named and no others, in the order of these sorts (or so the statements).

        Naming sorts keeps all statements; naming statements keeps all sorts.

        Parameters
        ----------
        *labels, what
            As in :meth:`without`.

        Raises
        ------
        DataError
            As :meth:`without`.

        Examples
        --------
        >>> sorts = QSorts([[-1, 0, 1], [0, 1, 0], [1, -1, -1]], sorts=["Ana", "Ben", "Cem"])
        >>> sorts.only("Cem", "Ana").sorts, sorts.only(["Cem", "Ana"]).sorts
        (('Ana', 'Cem'), ('Ana', 'Cem'))
        """
        named = _one_by_one(labels)
        statements, sorts = self._places(named, what)
        return self._part(
            sorted(statements) or range(self.n_statements),
            sorted(sorts) or range(self.n_sorts),
            f"taken: {enumerate_some(map(str, named), 20)}",
        )

    def _places(self, labels: Sequence[str | int], what: str | None) -> tuple[set[int], set[int]]:
        """Positions of the statements and the sorts that labels name."""
        if what not in (None, "sorts", "statements"):
            raise DataError(f"what is {what!r}.", remedy="Say what='sorts' or what='statements'.")
        statements, sorts = set(), set()
        for name in map(str, labels):
            as_sort = name in self.sorts and what != "statements"
            as_statement = name in self.statements and what != "sorts"
            if as_sort and as_statement:
                raise DataError(
                    f"{name!r} is the label of a sort and of a statement.",
                    remedy="Say what='sorts' or what='statements'.",
                )
            if as_sort:
                sorts.add(self.sorts.index(name))
            elif as_statement:
                statements.add(self.statements.index(name))
            else:
                known = {"sorts": self.sorts, "statements": self.statements}
                raise no_such_label(name, known.get(what or "", (*self.sorts, *self.statements)))
        return statements, sorts

    def _part(self, rows: Sequence[int], columns: Sequence[int], note: str) -> QSorts:
        given = not np.array_equal(self.distribution, infer_distribution(self.values)[0])
        if given and len(rows) < self.n_statements:
            note += " (the distribution that was given fitted all statements; it is inferred anew)"
        return QSorts(
            self.values[np.ix_(list(rows), list(columns))],
            statements=[self.statements[i] for i in rows],
            sorts=[self.sorts[j] for j in columns],
            distribution=self.distribution if given and len(rows) == self.n_statements else None,
            texts=[self.texts[i] for i in rows] if self.texts else (),
            notes=(*self.notes, note),
        )

    # -- views -----------------------------------------------------------

    def __repr__(self) -> str:
        low, high = (signed(v) for v in (self.distribution[0], self.distribution[-1]))
        kind = "forced" if self.forced else "not forced; nearest"
        return (
            f"QSorts: {self.n_statements} statements, {self.n_sorts} sorts, "
            f"{kind} distribution from {low} to {high}"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QSorts):
            return NotImplemented
        return (
            self.statements == other.statements
            and self.sorts == other.sorts
            and self.texts == other.texts
            and np.array_equal(self.values, other.values)
            and np.array_equal(self.distribution, other.distribution)
        )

    def __hash__(self) -> int:
        return hash((self.statements, self.sorts, self.values.tobytes()))

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        grid = pd.DataFrame(
            [[str(int(count)) for count in self.grid["count"]]],
            columns=[signed(value) for value in self.grid["value"]],
        )
        table = self.frame()
        if self.texts:
            table.insert(1, "text", list(self.texts))
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return (
            f"<p>{escape(repr(self))}</p>"
            + table_html(grid, caption="Statements in each column of the grid")
            + (f"<ul>{notes}</ul>" if notes else "")
            + "<div style='max-height:24em;overflow:auto'>"
            + table_html(table, digits=0 if _whole(self.values) else 2)
            + "</div>"
        )


# -- checks ---------------------------------------------------------------


def infer_distribution(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """The distribution that sorts share, and a sentence on how it was found.

    Parameters
    ----------
    values : ndarray, shape (n_statements, n_sorts)

    Returns
    -------
    distribution : ndarray, shape (n_statements,)
        Ascending. What all sorts have; else what at least half of them have
        (two or more; of equally common ones, the one met first); else the lower
        median of each rank, which is our own rule: for two sorts it is the
        smaller value of each rank.
    message : str
        Empty when all sorts agree.

    Examples
    --------
    >>> infer_distribution(np.array([[1.0, 2.0], [0.0, 0.0], [-1.0, -1.0]]))[0]
    array([-1.,  0.,  1.])
    """
    ranked = np.sort(values, axis=0)
    counts = Counter(tuple(column) for column in ranked.T)
    common, shared_by = counts.most_common(1)[0]
    if shared_by == values.shape[1]:
        return np.array(common), ""
    n_sorts = values.shape[1]
    if shared_by > 1 and 2 * shared_by >= n_sorts:
        message = f"The distribution is taken from the {shared_by} sorts that agree on one. "
        return np.array(common), message
    middle = ranked.copy()
    middle.sort(axis=1)
    few = "No two sorts have" if shared_by == 1 else f"Only {shared_by} of {n_sorts} sorts have"
    message = (
        f"{few} the same distribution; the lower median of each rank is taken "
        "(give distribution= to settle it). "
    )
    return middle[:, (n_sorts - 1) // 2].copy(), message


def duplicated_pairs(values: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs of identical columns: each repeat with the first of its kind.

    Parameters
    ----------
    values : ndarray, shape (n_statements, n_sorts)

    Returns
    -------
    list of (int, int)
        Column positions counted from 0.

    Examples
    --------
    >>> duplicated_pairs(np.array([[1.0, 2.0, 1.0], [0.0, 0.0, 0.0]]))
    [(0, 2)]
    """
    first: dict[bytes, int] = {}
    pairs = []
    for j, column in enumerate(np.ascontiguousarray(values.T)):
        seen = first.setdefault(column.tobytes(), j)
        if seen != j:
            pairs.append((seen, j))
    return pairs


def _one_by_one(labels: Iterable[str | int | Iterable[str | int]]) -> tuple[str | int, ...]:
    """Labels named one by one, in a list, or both."""
    lists = [
        each if isinstance(each, Iterable) and not isinstance(each, str) else [each]
        for each in labels
    ]
    return tuple(label for each in lists for label in each)


def _as_matrix(values: ArrayLike) -> NDArray[np.float64]:
    try:
        table = np.array(values, dtype=np.float64) + 0.0  # turns -0 into 0
    except (TypeError, ValueError):
        raise DataError(
            "The values of the sorts are not a rectangle of numbers.",
            remedy="Give one row a statement and one column a sort, numbers only.",
        ) from None
    if table.ndim != 2:
        raise DataError(
            f"The values of the sorts have {table.ndim} dimensions instead of 2.",
            remedy="Give one row a statement and one column a sort.",
        )
    for size, least, what in (
        (table.shape[0], 3, "statements"),
        (table.shape[1], 2, "sorts"),
    ):
        if size < least:
            raise DataError(
                f"There are {size} {what}; a Q analysis needs at least {least}.",
                remedy="Statements stand in rows and sorts in columns.",
            )
    return table


def _labels(given: Sequence[str] | None, size: int, what: str, prefix: str) -> tuple[str, ...]:
    if given is None:
        return tuple(f"{prefix}{i}" for i in range(1, size + 1))
    labels = tuple(str(label).strip() for label in given)
    if len(labels) != size:
        raise DataError(f"There are {len(labels)} {what} labels for {size} {what}s.")
    for i, label in enumerate(labels, start=1):
        if not label:
            raise DataError(f"{what.capitalize()} number {i} has an empty label.")
        if len(label) > LONGEST_LABEL:
            raise DataError(
                f"The label of {what} {i} has {len(label):,} characters; "
                f"{LONGEST_LABEL:,} is the limit.",
                remedy="Give a short label; the wording of a statement belongs to its text.",
            )
        if what == "sort" and label == "statement":
            raise DataError(
                "A sort is called 'statement', the name of the column of statements.",
                remedy="Give the sort another name.",
            )
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} {what} label(s) occur more than once: "
            f"{enumerate_some(map(repr, twice))}.",
            remedy=f"Give every {what} a label of its own.",
        )
    return labels


def _check_cells(
    table: NDArray[np.float64], statements: tuple[str, ...], sorts: tuple[str, ...]
) -> None:
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        places = [f"statement {short(statements[i])!r} in sort {short(sorts[j])!r}" for i, j in bad]
        raise DataError(
            f"{len(bad)} cell(s) hold no usable value: {enumerate_some(places)}.",
            remedy="Complete the sort, or leave it out (leave=[…] of read_sorts and from_frame).",
        )
    size = np.abs(table).max(axis=0)
    extreme = np.flatnonzero((size > 1e100) | ((size > 0) & (size < 1e-100)))
    if len(extreme):
        j = int(extreme[0])
        raise DataError(
            f"The largest value is {size[j]:.3g}, which no grid has.",
            column=sorts[j],
            remedy="Check how the file was read; grids have values such as -4 to 4.",
        )
    constant = [sorts[j] for j in np.flatnonzero(np.all(table == table[0], axis=0))]
    if constant:
        raise DataError(
            f"Sort(s) {enumerate_some(map(repr, constant))} give every statement the same value, "
            "so they correlate with nothing.",
            remedy="Leave them out (leave=[…] of read_sorts and from_frame).",
        )


def _given_distribution(distribution: ArrayLike, n: int) -> NDArray[np.float64]:
    try:
        given = np.sort(np.array(distribution, dtype=np.float64).ravel()) + 0.0
    except (TypeError, ValueError):
        raise DataError("The distribution is not a list of numbers.") from None
    if given.size != n or not np.all(np.isfinite(given)):
        raise DataError(
            f"The distribution has {given.size} values for {n} statements.",
            remedy="Give one finite value a statement, for instance [-1, 0, 0, 1].",
        )
    return given


def _say_duplicates(pairs: list[tuple[int, int]], sorts: tuple[str, ...]) -> str:
    named = enumerate_some(f"{short(sorts[i])} = {short(sorts[j])}" for i, j in pairs)
    return (
        f"Identical sorts: {named}. They make exact ties (the order of steps in a centroid "
        "extraction can hang on them) and count the same view twice; check for double entry."
    )


def _say_broken(
    table: NDArray[np.float64],
    distribution: NDArray[np.float64],
    sorts: tuple[str, ...],
    found_by: str,
) -> str:
    ranked = np.sort(table, axis=0)
    broken = np.flatnonzero(np.any(ranked != distribution[:, None], axis=0))
    if not len(broken):
        return ""
    if found_by.startswith("No two sorts"):
        return f"{found_by}{len(broken)} of {len(sorts)} sorts do not have it; all count."
    details = [_say_gaps(table[:, j], distribution, sorts[j]) for j in broken[:_MOST_NAMED]]
    if len(broken) > _MOST_NAMED:
        details.append(f"and {len(broken) - _MOST_NAMED} more")
    labels = ", ".join(repr(sorts[j]) for j in broken[:_MOST_NAMED])
    mend = f"sorts.without({short(labels, 120)})" if len(broken) <= _MOST_NAMED else "sorts.without"
    return (
        f"{found_by}{len(broken)} of {len(sorts)} sorts do not have the distribution: "
        f"{'; '.join(details)}. They count all the same; check them for slips, or leave them "
        f"out with {mend}."
    )


def _say_gaps(sort: NDArray[np.float64], distribution: NDArray[np.float64], label: str) -> str:
    wanted, found = Counter(distribution.tolist()), Counter(sort.tolist())
    gaps = [(v, found[v] - wanted[v]) for v in sorted(found.keys() | wanted.keys())]
    words = [
        f"{abs(gap)} too {'many' if gap > 0 else 'few'} in {signed(value)}"
        for value, gap in gaps
        if gap
    ]
    if len(words) > _MOST_NAMED:
        words = [*words[:_MOST_NAMED], f"{len(words) - _MOST_NAMED} more"]
    return f"{short(label)} ({', '.join(words)})"


# -- columns of a frame -----------------------------------------------------


def find_label_columns(
    data: pd.DataFrame, statements: str | None, texts: str | None
) -> tuple[Any, Any, tuple[str, ...]]:
    """Which columns hold the statements' labels and wording, and notes on guesses.

    Parameters
    ----------
    data : DataFrame
        Statements in rows.
    statements, texts : str or None
        The columns that the caller named.

    Returns
    -------
    label_column, text_column : column name or None
    notes : tuple of str

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"no": [1, 2], "text": ["a", "b"], "x": [0, 1]})
    >>> find_label_columns(table, None, None)
    ('no', 'text', ("labels of the statements: column 'no'", "texts: column 'text'"))
    """
    free = [name for name in data.columns if name not in (statements, texts)]
    wordy = [name for name in free if mostly_words(data[name])]
    label: Any = statements
    text: Any = texts
    if text is None:
        text = next((c for c in wordy if plain_name(c) in TEXT_NAMES), None)
        wordy = [name for name in wordy if name != text]
    if label is None:
        named = [name for name in free if name != text and plain_name(name) in LABEL_NAMES]
        counting = [name for name in free[:1] if name != text and _counts_up(data[name])]
        likely = [name for name in wordy if plain_name(name) not in REMARK_NAMES]
        if likely and _mean_length(data[likely[0]]) > 12:  # wording beside its number
            likely = counting + likely
        label = next(iter(named + likely + counting), None)
        wordy = [name for name in wordy if name != label]
    if text is None:
        text = _wording(data, wordy, label)
    notes = []
    if label is not None:
        notes.append(f"labels of the statements: column {str(label)!r}")
    if text is not None:
        notes.append(f"texts: column {str(text)!r}")
    return label, text, tuple(notes)


def _wording(data: pd.DataFrame, wordy: Sequence[Any], label: Any) -> Any:
    """Of the columns of words, the one with the longest texts; None where none is wording."""
    length = {name: _mean_length(data[name]) for name in wordy}
    least = 0.0 if label is None else _mean_length(data[label])
    likely = [
        name for name in wordy if plain_name(name) not in REMARK_NAMES and length[name] >= least
    ]
    return max(likely, key=lambda name: length[name], default=None)


def _mean_length(column: pd.Series[Any]) -> float:
    """Mean length of the cells, empty ones as 0."""
    return sum(map(len, _words(column))) / max(len(column), 1)


def _require_named(data: pd.DataFrame, names: Sequence[str | None]) -> None:
    for name in names:
        if name is not None and name not in data.columns:
            raise DataError(
                f"There is no column {name!r}.",
                remedy=f"The columns are: {', '.join(map(str, data.columns[:20]))}.",
            )


def _upright_frame(
    data: pd.DataFrame, statements: str | None, texts: str | None
) -> tuple[Wide, list[str]]:
    """A frame with statements in rows."""
    label, text, found = find_label_columns(data, statements, texts)
    notes = list(found)
    left = _not_values(data, (label, text), notes)
    numbers = _numbers(data, [name for name in (label, text) if name is not None] + left)
    labels = _row_labels(data, label)
    return Wide(
        values=numbers.to_numpy(dtype=np.float64),
        statements=labels or [str(i) for i in range(1, len(data) + 1)],
        sorts=[str(name).strip() for name in numbers.columns],
        texts=() if text is None else _words(data[text]),
        rows="statements",
        lines=range(2, len(data) + 2),
        call="QSorts.from_frame(frame",
    ), notes


def _turned_frame(data: pd.DataFrame, label: str | None) -> tuple[Wide, list[str]]:
    """A frame with sorts in rows."""
    notes: list[str] = []
    if label is None:
        label = find_sort_labels(data)
    if label is not None:
        notes.append(f"labels of the sorts: column {str(label)!r}")
    left = _not_values(data, (label,), notes)
    numbers = _numbers(data, [*([] if label is None else [label]), *left])
    labels = _row_labels(data, label)
    return Wide(
        values=numbers.to_numpy(dtype=np.float64).T,
        statements=[str(name).strip() for name in numbers.columns],
        sorts=labels or [f"sort{i}" for i in range(1, len(data) + 1)],
        rows="sorts",
        lines=range(2, len(data) + 2),
        call="QSorts.from_frame(frame, rows='sorts'",
    ), notes


def find_sort_labels(data: pd.DataFrame) -> Any:
    """The column that names the sorts in a table with sorts in rows; None where none does.

    Parameters
    ----------
    data : DataFrame

    Examples
    --------
    >>> find_sort_labels(pd.DataFrame({"nr": [1, 2], "name": ["x", "y"], "s1": [0, 1]}))
    'name'
    """
    columns = list(data.columns)
    named = [name for name in columns if plain_name(name) in SORT_NAMES]
    wordy = [name for name in columns if mostly_words(data[name])]
    first = columns[:1]
    if first and not (
        first[0] in wordy
        or str(first[0]).strip() == ""
        or plain_name(first[0]) in ("id", "no", "nr")
        or _counts_up(data[first[0]])
    ):
        first = []
    unnamed = not (first and is_number_name(str(first[0])) and wordy)
    return next(iter(named + (first if unnamed else []) + wordy), None)


def _not_values(data: pd.DataFrame, used: Sequence[Any], notes: list[str]) -> list[Any]:
    """Columns of words, and a pandas index that was saved as a column; noted as left."""
    others = [name for name in data.columns if name not in [u for u in used if u is not None]]
    left = [name for name in others if mostly_words(data[name])]
    if left:
        names = ", ".join(short(str(name)) for name in left)
        notes.append(f"left: column(s) that are not numbers: {names}")
    index = [name for name in others if is_saved_index(name, data[name])]
    if index:
        notes.append("left: a column without a name that counts the rows from 0")
    return left + index


def is_saved_index(name: Any, column: pd.Series[Any]) -> bool:
    """Whether a column is the row index that pandas saves: no name, over 0, 1, 2 ….

    Parameters
    ----------
    name : column name
    column : Series

    Examples
    --------
    >>> is_saved_index("Unnamed: 0", pd.Series([0, 1, 2]))
    True
    """
    if str(name).strip() not in ("", "Unnamed: 0"):
        return False
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    return len(numbers) > 2 and bool(np.array_equal(numbers, np.arange(len(numbers))))


def _numbers(data: pd.DataFrame, used: Sequence[Any]) -> pd.DataFrame:
    return to_numbers(data[[name for name in data.columns if name not in used]])


def _refuse_turned(data: pd.DataFrame, table: Wide) -> None:
    """Refuse a table whose rows, not whose columns, have one distribution."""
    values = table.values
    side: Sequence[str] = table.statements
    along = down = 0.0
    if min(values.shape) > 1 and values.shape[1] >= 6 and len(np.unique(values)) > 2:
        down, along = fitting_rows(values, table.sorts, side)
    named = any(plain_name(name) in SORT_NAMES for name in data.columns[:3])
    statements = sum(map(is_statement_name, table.sorts)) >= max(5, 0.6 * len(table.sorts))
    by_name = named and statements and not any(map(is_statement_name, side))
    if (along >= 0.75 and down < 0.5) or (by_name and down < 0.5):
        raise DataError(
            "This table seems to have sorts in rows: "
            + (
                f"{along:.0%} of its rows have one distribution, of its columns {down:.0%}."
                if along
                else "its columns are called as statements are."
            ),
            remedy="Use QSorts.from_frame(frame, rows='sorts'), or say rows='statements'.",
        )


def mostly_words(column: pd.Series[Any]) -> bool:
    """Whether most filled cells are text: one wrong cell does not make a sort a label.

    Parameters
    ----------
    column : Series

    Examples
    --------
    >>> mostly_words(pd.Series(["a", "b", "1"])), mostly_words(pd.Series(["1", "0", "x"]))
    (True, False)
    """
    if pd.api.types.is_numeric_dtype(column):
        return False
    every = column.to_numpy(dtype=object)
    cells = Counter(str(cell).strip() for cell in every[~pd.isna(every)])
    del cells[""]
    strange = [cell for cell in cells if not _PLAIN_NUMBER.fullmatch(cell)]
    if not strange:  # what a column of a wide table mostly is, without asking pandas
        return False
    pointed = pd.Series([cell.replace(",", ".") for cell in strange], dtype=object)
    wordy = pd.to_numeric(pointed, errors="coerce").isna()
    n_words = sum(cells[cell] for cell, word in zip(strange, wordy, strict=True) if word)
    return bool(n_words > cells.total() / 2)


def _counts_up(column: pd.Series[Any]) -> bool:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    return bool(len(numbers) > 2 and np.array_equal(numbers, np.arange(1, len(numbers) + 1)))


def _require_columns_once(data: pd.DataFrame) -> None:
    twice = [str(name) for name, count in Counter(data.columns).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} column name(s) occur more than once: "
            f"{enumerate_some(map(repr, twice))}.",
            remedy="Give every sort a label of its own.",
        )


def _row_labels(data: pd.DataFrame, column: Any) -> list[str] | None:
    if column is not None:
        return _words(data[column])
    if pd.api.types.is_numeric_dtype(data.index):
        places = data.index.to_numpy()
        if np.array_equal(np.sort(places), np.arange(len(places))):
            # pandas counted the rows from 0, and they may have been put in another order
            return [str(int(place) + 1) for place in places]
        return [_word(float(label)) for label in places]
    return [str(label) for label in data.index]


def _words(column: pd.Series[Any]) -> list[str]:
    return ["" if pd.isna(cell) else _word(cell) for cell in column]


def _word(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _whole(values: NDArray[np.float64]) -> bool:
    return bool(np.all(values == np.round(values)))
