"""Rows of a list that repeat others under another id: people who may stand in it twice."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["note_on_repeats"]

#: Consecutive rows that must repeat earlier ones in the same order before it is remarked upon.
RUN = 6
#: Different rows among these: a list sorted by its columns repeats the same row again and again.
DISTINCT = 4
#: Share of the different rows that have a value of their own in a column that tells people apart.
OWN = 0.9
#: Rows from which such a column can be seen.
ENOUGH = 10


def note_on_repeats(people: pd.DataFrame, person: str | None) -> str | None:
    """A note where whole rows are alike though their ids differ; None where nothing strikes.

    In a table of broad categories alike rows are nothing unusual. They are remarked upon
    where another column tells people apart (nine in ten rows have a value of their own in
    it, of ten rows or more), or where six rows or more repeat others in the same order, at
    least four of them different. These bounds are our own.

    Parameters
    ----------
    people : DataFrame
        One row a person.
    person : str or None
        Column of ids.

    Examples
    --------
    >>> twice = pd.DataFrame({"id": range(12), "age": [21, 33, 45, 52, 68, 70] * 2})
    >>> note_on_repeats(twice, "id")
    "6 rows are alike in everything but 'id', from row 8 (which repeats row 2) on: look whether \
people stand in the list twice"
    """
    if person is None:
        return None
    codes = pd.factorize(pd.MultiIndex.from_frame(people.drop(columns=person).astype(str)))[0] \
        if people.shape[1] > 1 else np.empty(0, dtype=int)  # fmt: skip
    repeated = pd.Series(codes).duplicated().to_numpy()
    if not repeated.any():
        return None
    if not _tells_apart(people.drop(columns=person)[~repeated]) and not _repeats_in_order(codes):
        return None
    row = int(repeated.argmax())
    first = int((codes == codes[row]).argmax())
    n = int(repeated.sum())
    said = (
        f"{n} rows are alike in everything but {person!r}, from row {row + 2} (which repeats row "
        f"{first + 2}) on"
        if n > 1
        else f"row {row + 2} repeats row {first + 2} in everything but {person!r}"
    )
    return f"{said}: look whether people stand in the list twice"


def _tells_apart(different: pd.DataFrame) -> bool:
    """Whether nearly every row has a value of its own in some column."""
    if len(different) < ENOUGH:
        return False
    return any(different[c].nunique(dropna=True) >= OWN * len(different) for c in different.columns)


def _repeats_in_order(codes: np.ndarray) -> bool:
    """Whether consecutive rows repeat other ones in the same order."""
    for lag in range(1, len(codes) - RUN + 1):
        same = codes[lag:] == codes[:-lag]
        if same.sum() < RUN:
            continue
        ends = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(int), [0]])))
        for start, stop in zip(ends[::2], ends[1::2], strict=True):
            if stop - start >= RUN and len(set(codes[start:stop])) >= DISTINCT:
                return True
    return False
