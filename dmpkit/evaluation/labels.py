"""Reading the columns that talk, rankings, ballots and votes have in common.

People, groups and options are text, however a file holds them; amounts are checked
cell by cell; cells with few people are found before anything is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError
from dmpkit.tables import require_columns, require_unique, to_pandas

__all__ = [
    "SMALLEST",
    "attribute_of",
    "first_few",
    "floats",
    "hidden_cells",
    "member_list",
    "name_list",
    "names",
    "numbers",
    "text",
    "whole_number",
    "wordings",
]

#: People below whom a cell is not shown.
SMALLEST = 5


def text(value: object) -> str:
    """A label as text; whole floats lose their point, so that 1.0 and "1" are one person.

    Examples
    --------
    >>> text(1.0), text(" P01 "), text(None), text(float("nan"))
    ('1', 'P01', '', '')
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return ""
    if not isinstance(value, bool) and isinstance(value, Real):
        number = float(value)
        if np.isnan(number):
            return ""
        if number.is_integer() and abs(number) < 1e15:
            return str(int(number))
    return str(value).strip()


def names(
    frame: pd.DataFrame, column: str, *, what: str, file: str | None = None
) -> pd.Series[str]:
    """A column of names, none of them blank.

    Raises
    ------
    DataError
        When the column is absent or a cell is blank (rows counted with the header as 1).

    Examples
    --------
    >>> names(pd.DataFrame({"person": [1.0, 2.0]}), "person", what="person").tolist()
    ['1', '2']
    """
    require_columns(frame, [column], file=file)
    found = pd.Series([text(v) for v in frame[column]], dtype=object)
    blank = np.flatnonzero(found == "")
    if blank.size:
        raise DataError(
            f"The {what} is blank.",
            file=file,
            row=int(blank[0]) + 2,
            column=column,
            remedy=f"Write the {what}, or leave the row out.",
        )
    return found


def numbers(
    frame: pd.DataFrame,
    column: str,
    *,
    low: float = -np.inf,
    high: float = np.inf,
    whole: bool = False,
    blank: str | None = None,
    file: str | None = None,
) -> NDArray[np.float64]:
    """A column of numbers within a range; NaN for blanks where `blank` is None.

    Parameters
    ----------
    frame : DataFrame
    column : str
    low, high : float
        Ends of the range, both allowed.
    whole : bool
        Whether a fraction is refused.
    blank : str, optional
        What to do about a blank cell: with it, blanks are refused.
    file : str, optional
        Named in messages.

    Raises
    ------
    DataError
        Not a number, outside the range, not whole, or blank where that is refused.

    Examples
    --------
    >>> numbers(pd.DataFrame({"x": ["2", ""]}), "x").tolist()
    [2.0, nan]
    """
    require_columns(frame, [column], file=file)
    cells = list(frame[column])
    values = np.array([_number(v) for v in cells], dtype=np.float64)
    for row, (cell, value) in enumerate(zip(cells, values, strict=True), start=2):
        problem, remedy = None, None
        if text(cell) == "":
            problem, remedy = ("The cell is empty.", blank) if blank is not None else (None, None)
        elif np.isnan(value):
            problem = f"{text(cell)!r} is not a number."
            remedy = "Write seconds, not minutes." if ":" in text(cell) else None
        elif not low <= value <= high or np.isinf(value):
            problem, remedy = f"{value:g} is out of range.", _range(low, high)
        elif whole and value != round(value):
            problem, remedy = f"{value:g} is not a whole number.", _range(low, high)
        if problem is not None:
            raise DataError(problem, file=file, row=row, column=column, remedy=remedy)
    return values


def _number(value: object) -> float:
    if not isinstance(value, bool) and isinstance(value, Real):
        return float(value)
    try:
        return float(text(value).replace("\N{MINUS SIGN}", "-"))
    except ValueError:
        return float("nan")


def _range(low: float, high: float) -> str:
    if np.isinf(high):
        return f"Numbers of {low:g} or more are expected."
    return f"Numbers from {low:g} to {high:g} are expected."


def member_list(members: Any, *, person: str, file: str | None = "members") -> pd.DataFrame | None:
    """The full list of people as a frame with unique text ids; None where there is none.

    Parameters
    ----------
    members : DataFrame, sequence of ids or None
        A frame with the column `person`, or just the ids.
    person : str
        Name of the column.
    file : str, optional
        Named in messages.

    Examples
    --------
    >>> member_list(["a", "b"], person="person")["person"].tolist()
    ['a', 'b']
    """
    if members is None:
        return None
    if isinstance(members, str):
        raise DataError(
            f"The members are the text {members!r}.", remedy="Give a list of ids or a frame."
        )
    if isinstance(members, Sequence | np.ndarray | pd.Series | pd.Index):
        frame = pd.DataFrame({person: list(members)})
    else:
        frame = to_pandas(members, what="list of members").reset_index(drop=True)
        require_unique([str(c) for c in frame.columns], "column", file=file)
        if isinstance(frame.columns, pd.MultiIndex):
            raise DataError("The columns have several headings.", file=file, remedy="Keep one.")
    frame = frame.assign(**{person: names(frame, person, what="person", file=file)})
    require_unique(frame[person].tolist(), "person", file=file)
    if frame.empty:
        raise DataError("The list of members is empty.", file=file)
    return frame


def attribute_of(
    people: Sequence[str],
    column: str | None,
    *,
    person: str,
    members: pd.DataFrame | None,
    rows: pd.DataFrame,
    what: str = "group",
) -> pd.Series[str] | None:
    """A person's attribute, from the list of members or from the rows themselves.

    Parameters
    ----------
    people : sequence of str
        Whose attribute.
    column : str or None
        Its column; None gives None.
    person : str
        Column of the ids, already text in both frames.
    members : DataFrame or None
        Looked at first.
    rows : DataFrame
        Looked at second; the attribute must not change within a person.
    what : str
        Named in messages.

    Returns
    -------
    Series or None
        Indexed by person; "" where it is not known.

    Raises
    ------
    DataError
        The column is in neither frame, or a person has two values.

    Examples
    --------
    >>> rows = pd.DataFrame({"person": ["a", "b"], "sex": ["f", "m"]})
    >>> attribute_of(["b"], "sex", person="person", members=None, rows=rows).to_dict()
    {'b': 'm'}
    """
    if column is None:
        return None
    if not isinstance(column, str):
        raise DataError(f"The column of the {what} is {column!r}.", remedy="Give its name.")
    if members is not None and column in members.columns:
        source = members
    else:
        if members is not None and column not in rows.columns:
            require_columns(members, [column], file="members")
        require_columns(rows, [column])
        source = rows
    found: dict[str, str] = {}
    cells = zip(source[person], (text(v) for v in source[column]), strict=True)
    for who, value in cells:
        if value and found.setdefault(who, value) != value:
            raise DataError(
                f"Person {who!r} has two values of {column!r}: {found[who]!r} and {value!r}.",
                column=column,
                remedy=f"Give every person one {what}, in the list of members.",
            )
    return pd.Series([found.get(who, "") for who in people], index=list(people), dtype=object)


def hidden_cells(counts: ArrayLike, smallest: int = SMALLEST) -> NDArray[np.bool_]:
    """Which cells of one total are not shown: the small ones, and one more where needed.

    A single small cell could be found by subtracting the others from the total, so the
    smallest of the rest is hidden with it, until the hidden ones hold `smallest` people.
    Cells with nobody need no hiding.

    Parameters
    ----------
    counts : array of shape (cells,)
        People in each cell.
    smallest : int
        Fewest people shown; 1 shows all.

    Examples
    --------
    >>> hidden_cells([3, 20, 8]).tolist(), hidden_cells([9, 20]).tolist()
    ([True, False, True], [False, False])
    """
    sizes = np.asarray(counts, dtype=np.float64)
    hidden = (sizes > 0) & (sizes < smallest)
    while hidden.any() and (hidden.sum() == 1 or sizes[hidden].sum() < smallest):
        rest = np.flatnonzero(~hidden & (sizes > 0))
        if not rest.size:
            break
        hidden[rest[np.argmin(sizes[rest])]] = True
    return hidden


def whole_number(value: object, what: str, *, low: int) -> int:
    """A setting that must be a whole number of at least `low`.

    Examples
    --------
    >>> whole_number(3, "n_random", low=1)
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or value < low:
        raise DataError(f"{what} is {value!r}.", remedy=f"Use a whole number of {low} or more.")
    return int(value)


def floats(values: Any, what: str) -> NDArray[np.float64]:
    """Numbers as an array; text and other things are refused in words.

    Parameters
    ----------
    values : array_like
    what : str
        What they are, for the message.

    Examples
    --------
    >>> floats([1, None], "scores").tolist()
    [1.0, nan]
    """
    try:
        if isinstance(values, (pd.DataFrame, pd.Series)):
            return np.asarray(values.to_numpy(dtype=np.float64, na_value=np.nan))
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"The {what} are no numbers.", remedy="Give a list, an array or a table of numbers."
        ) from None


def name_list(value: Any, what: str) -> list[str]:
    """One name or several as a list of texts.

    Parameters
    ----------
    value : str or sequence of str
    what : str
        What they name, for the message.

    Examples
    --------
    >>> name_list("q1", "items"), name_list(("q1", 2), "items")
    (['q1'], ['q1', '2'])
    """
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, (bytes, Mapping)):
        raise DataError(f"{what} is {value!r}.", remedy="Give a list of column names.")
    return [each if isinstance(each, str) else text(each) for each in value]


def wordings(labels: Any) -> Mapping[str, str] | None:
    """Item to wording as it was given; anything but a mapping is refused.

    Examples
    --------
    >>> wordings({"q1": "Rents are fair"})
    {'q1': 'Rents are fair'}
    """
    if labels is None or isinstance(labels, Mapping):
        return labels
    raise DataError(
        f"The labels are a {type(labels).__name__}.",
        remedy="Give a mapping such as {'q1': 'Rents are fair'}.",
    )


def first_few(words: Iterable[str], limit: int = 6) -> str:
    """Words in a row, the rest of a long list counted.

    Examples
    --------
    >>> first_few(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    every = list(words)
    shown = ", ".join(every[:limit])
    return shown if len(every) <= limit else f"{shown} and {len(every) - limit} more"
