"""Q sorts: the data of a Q study, held in one validated object.

Statements stand in rows, sorts in columns, and every cell holds the value of
the grid column into which the participant put the statement. A
:class:`QSorts` cannot exist with a hole, a constant sort or a label twice;
what is odd but usable (identical sorts, sorts that break the forced
distribution) gives a named warning that says which sorts are meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, DistributionWarning, DuplicatedSortsWarning, warn
from dmpkit.tables import as_kind, to_numbers, to_pandas

if TYPE_CHECKING:
    from narwhals.typing import IntoFrame
    from numpy.typing import ArrayLike, NDArray

__all__ = ["QSorts", "signed"]

# column names that say "these are the statements' labels, not a sort"
_LABEL_NAMES = frozenset(
    {
        "statement",
        "statements",
        "statement_id",
        "sta",
        "item",
        "items",
        "id",
        "no",
        "no.",
        "nr",
    }
    | {
        "nr.",
        "number",
        "#",
        "statement number",
        "statement no",
        "statement no.",
        "statement_number",
    }
)
_TEXT_NAMES = frozenset({"text", "texts", "wording", "statement_text", "statement text"})
_MOST_NAMED = 6  # a message names at most this many cells, pairs or sorts


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
        distribution that most sorts share (at least two); else, rank by rank,
        the lower median of the sorted sorts. A :class:`DistributionWarning`
        says which one was taken.
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
        if broken := _say_broken(table, target, names):
            warn(f"{message}{broken}", DistributionWarning)

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
        statements: str | None = None,
        texts: str | None = None,
        distribution: ArrayLike | None = None,
    ) -> QSorts:
        """Make sorts from a table with statements in rows and sorts in columns.

        Parameters
        ----------
        frame : DataFrame
            pandas, polars, or any frame that narwhals knows.
        statements : str, optional
            The column that holds the statements' labels. Without it: a column
            with a name such as ``statement`` or ``no.``; else the first one
            that is not numbers; else a first column that counts 1, 2, 3 …;
            else the row labels of a pandas frame; else row numbers.
        texts : str, optional
            The column that holds the wording. Without it, a column called
            ``text`` or ``wording``, or a second column that is not numbers.
        distribution : array_like, optional
            The forced distribution, see :class:`QSorts`.

        Raises
        ------
        DataError
            For a column that is not there, a cell that is not a number, and
            whatever :class:`QSorts` refuses.

        Examples
        --------
        >>> import pandas as pd
        >>> QSorts.from_frame(pd.DataFrame(
        ...     {"statement": ["a", "b", "c"], "Ana": [-1, 0, 1], "Ben": [0, 1, -1]}))
        QSorts: 3 statements, 2 sorts, forced distribution from -1 to +1
        """
        data = to_pandas(frame, what="sorts")
        _require_columns_once(data)
        for name in (statements, texts):
            if name is not None and name not in data.columns:
                raise DataError(
                    f"There is no column {name!r}.",
                    remedy=f"The columns are: {', '.join(map(str, data.columns[:20]))}.",
                )
        label_column, text_column, notes = find_label_columns(data, statements, texts)
        used = [name for name in (label_column, text_column) if name is not None]
        numbers = to_numbers(data.drop(columns=used))
        return cls(
            numbers.to_numpy(dtype=np.float64),
            statements=_row_labels(data, label_column),
            sorts=[str(name) for name in numbers.columns],
            distribution=distribution,
            texts=() if text_column is None else _words(data[text_column]),
            notes=notes,
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
        Ascending. What all sorts have; else what most of them have (at least
        two; of equally common ones, the one met first); else the lower median
        of each rank.
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
    if shared_by > 1:
        message = f"The distribution is taken from the {shared_by} sorts that agree on one. "
        return np.array(common), message
    middle = ranked.copy()
    middle.sort(axis=1)
    message = "No two sorts have the same distribution; the lower median of each rank is taken. "
    return middle[:, (values.shape[1] - 1) // 2].copy(), message


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
        if what == "sort" and label == "statement":
            raise DataError(
                "A sort is called 'statement', the name of the column of statements.",
                remedy="Give the sort another name.",
            )
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} {what} label(s) occur more than once: {_enumerate(map(repr, twice))}.",
            remedy=f"Give every {what} a label of its own.",
        )
    return labels


def _check_cells(
    table: NDArray[np.float64], statements: tuple[str, ...], sorts: tuple[str, ...]
) -> None:
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        places = [f"statement {statements[i]!r} in sort {sorts[j]!r}" for i, j in bad]
        raise DataError(
            f"{len(bad)} cell(s) hold no usable value: {_enumerate(places)}.",
            row=statements[bad[0][0]],
            column=sorts[bad[0][1]],
            remedy="Complete the sort, or leave that sort or statement out.",
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
            f"Sort(s) {_enumerate(map(repr, constant))} give every statement the same value, "
            "so they correlate with nothing.",
            column=constant[0],
            remedy="Leave them out.",
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
    named = _enumerate(f"{sorts[i]} = {sorts[j]}" for i, j in pairs)
    return (
        f"Identical sorts: {named}. They make exact ties (the order of steps in a centroid "
        "extraction can hang on them) and count the same view twice; check for double entry."
    )


def _say_broken(
    table: NDArray[np.float64],
    distribution: NDArray[np.float64],
    sorts: tuple[str, ...],
) -> str:
    ranked = np.sort(table, axis=0)
    broken = np.flatnonzero(np.any(ranked != distribution[:, None], axis=0))
    if not len(broken):
        return ""
    wanted = Counter(distribution.tolist())
    details = []
    for j in broken[:_MOST_NAMED]:
        found = Counter(table[:, j].tolist())
        gaps = [(v, found[v] - wanted[v]) for v in sorted(found.keys() | wanted.keys())]
        words = [
            f"{abs(gap)} too {'many' if gap > 0 else 'few'} in {signed(value)}"
            for value, gap in gaps
            if gap
        ]
        details.append(f"{sorts[j]} ({', '.join(words)})")
    if len(broken) > _MOST_NAMED:
        details.append(f"and {len(broken) - _MOST_NAMED} more")
    return (
        f"{len(broken)} of {len(sorts)} sorts do not have the distribution: {'; '.join(details)}."
    )


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
    wordy = [name for name in free if _mostly_words(data[name])]
    label: Any = statements
    text: Any = texts
    if text is None:
        text = next((c for c in wordy if _plain(c) in _TEXT_NAMES), None)
        wordy = [name for name in wordy if name != text]
    if label is None:
        named = [name for name in free if name != text and _plain(name) in _LABEL_NAMES]
        counting = [name for name in free[:1] if name != text and _counts_up(data[name])]
        label = next(iter(named + wordy + counting), None)
        wordy = [name for name in wordy if name != label]
    if text is None and len(wordy) == 1:
        text = wordy[0]
    notes = []
    if label is not None:
        notes.append(f"labels of the statements: column {str(label)!r}")
    if text is not None:
        notes.append(f"texts: column {str(text)!r}")
    return label, text, tuple(notes)


def _mostly_words(column: pd.Series[Any]) -> bool:
    """Whether most filled cells are text: one wrong cell does not make a sort a label."""
    if pd.api.types.is_numeric_dtype(column):
        return False
    filled = column.dropna().astype(str).str.strip()
    filled = filled[filled != ""]
    numbers = pd.to_numeric(filled.str.replace(",", ".", regex=False), errors="coerce")
    return bool(len(filled)) and bool(numbers.isna().mean() > 0.5)


def _counts_up(column: pd.Series[Any]) -> bool:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    return bool(len(numbers) > 2 and np.array_equal(numbers, np.arange(1, len(numbers) + 1)))


def _require_columns_once(data: pd.DataFrame) -> None:
    twice = [str(name) for name, count in Counter(data.columns).items() if count > 1]
    if twice:
        raise DataError(
            f"{len(twice)} column name(s) occur more than once: {_enumerate(map(repr, twice))}.",
            remedy="Give every sort a label of its own.",
        )


def _row_labels(data: pd.DataFrame, column: Any) -> list[str] | None:
    if column is not None:
        return _words(data[column])
    if isinstance(data.index, pd.RangeIndex) or pd.api.types.is_numeric_dtype(data.index):
        return None
    return [str(label) for label in data.index]


def _words(column: pd.Series[Any]) -> list[str]:
    return ["" if pd.isna(cell) else _word(cell) for cell in column]


def _word(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _plain(name: Any) -> str:
    return str(name).strip().casefold()


# -- words -------------------------------------------------------------------


def _enumerate(parts: Any) -> str:
    named = [str(part) for part in parts]
    if len(named) > _MOST_NAMED:
        named = [*named[:_MOST_NAMED], f"and {len(named) - _MOST_NAMED} more"]
    return ", ".join(named)


def signed(value: float) -> str:
    """A grid value as people write it.

    Parameters
    ----------
    value : float

    Examples
    --------
    >>> signed(-2.0), signed(0.0), signed(1.5)
    ('-2', '0', '+1.5')
    """
    return "0" if value == 0 else f"{value:+g}"


def _whole(values: NDArray[np.float64]) -> bool:
    return bool(np.all(values == np.round(values)))
