"""Follow-up times of recommendations, checked: when, what happened, seen from when on.

Everything that counts time to an outcome starts here. An item is at risk at
time t when ``entry < t <= time``; one that is seen from the start (no entry, or
an entry of 0) is at risk at time 0 too, so an answer on the very day of receipt
is allowed. At a tie, events come before censoring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import one_of
from dmpkit.errors import DataError

__all__ = [
    "Floats",
    "FollowUp",
    "Ints",
    "check_choice",
    "check_horizon",
    "check_level",
    "follow_up",
    "labels_of",
    "numbers",
    "query_times",
    "risk_counts",
    "z_of",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NAME = {"cause": "Write 'pending' where nothing has happened yet, or leave the row out."}
#: Words for "nothing has happened so far", as `cause` may say it.
PENDING = ("pending", "censored", "0", "")


@dataclass(frozen=True, eq=False)
class FollowUp:
    """Checked follow-up of n items.

    Attributes
    ----------
    time, entry : ndarray, shape (n,)
        End of the observation, and where it began; ``-inf`` where the item was
        seen from the start.
    code : ndarray of int, shape (n,)
        0 while pending, else 1 plus the position of the cause.
    causes : tuple of str
        Names of what can happen.
    """

    time: Floats
    entry: Floats
    code: Ints
    causes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.time)

    @property
    def n_late(self) -> int:
        """Items that came under observation after the start."""
        return int(np.isfinite(self.entry).sum())

    def part(self, chosen: Any) -> FollowUp:
        """The follow-up of some of the items."""
        return FollowUp(self.time[chosen], self.entry[chosen], self.code[chosen], self.causes)


def numbers(values: Any, name: str, *, missing: bool = False, infinite: bool = False) -> Floats:
    """Any one-dimensional sequence as finite numbers of 0 or more.

    Parameters
    ----------
    values : sequence of float, length n
    name : str
        What it is called in messages.
    missing, infinite : bool
        Whether NaN and infinity may stand in it.

    Returns
    -------
    ndarray, shape (n,)

    Raises
    ------
    DataError
        Names the first value that is no number, missing, infinite or negative.

    Examples
    --------
    >>> numbers([1, 2.5], "time").tolist()
    [1.0, 2.5]
    """
    plain = [values] if np.isscalar(values) else values
    ready = _flat(plain, name)
    if ready.dtype.kind in "mM":
        raise DataError(
            "it holds dates.", column=name, remedy="Give numbers: days or months since the start."
        )
    if ready.dtype.kind in "iuf":  # as a rule all is well
        sound = ready.astype(np.float64)
        if np.isfinite(sound).all() and (sound >= 0).all():
            return sound
    raw = pd.Series(np.asarray(plain, dtype=object))
    found = pd.to_numeric(raw, errors="coerce").astype(float).to_numpy(copy=True)
    text = raw.map(lambda v: isinstance(v, str | bytes | np.datetime64 | pd.Timestamp)).to_numpy(
        dtype=bool
    )
    wrong = text | (np.isnan(found) & ~raw.isna().to_numpy())
    _refuse(raw, wrong, name, "is not a number", "Give numbers, such as days or months.")
    if not missing:
        lost = np.isnan(found)
        _refuse(raw, lost, name, "is missing", "Leave the row out, or say what it is.")
    if not infinite:
        _refuse(raw, np.isinf(found), name, "is infinite", "Give the end of the observation.")
    below = found < 0
    _refuse(raw, below, name, "is negative", "Count time from the start (0), such as the report.")
    return np.asarray(found, dtype=np.float64)


def _flat(values: Any, name: str) -> NDArray[Any]:
    """One row of values as an array of whatever kind."""
    try:
        found = np.asarray(values)
    except ValueError:
        found = np.empty((0, 0))
    if found.ndim != 1:
        raise DataError("it is not one row of values.", column=name, remedy="Give one an item.")
    return found


def _refuse(raw: pd.Series, wrong: Any, name: str, what: str, remedy: str) -> None:
    if wrong.any():
        at = int(np.argmax(wrong))
        shown = "the value" if pd.isna(raw.iloc[at]) else repr(raw.iloc[at])
        raise DataError(f"{shown} {what}.", row=at + 1, column=name, remedy=remedy)


def labels_of(values: Any, name: str, n: int) -> NDArray[np.object_]:
    """Names of groups, processes or states as text, none missing, n of them.

    Raises
    ------
    DataError
        When one is missing or the number is wrong.

    Examples
    --------
    >>> labels_of([1.0, 2.0], "group", 2).tolist()
    ['1', '2']
    """
    place, names = _named(values, name, n)
    return np.asarray(np.array(names, dtype=object)[place], dtype=object)


def _named(values: Any, name: str, n: int) -> tuple[Ints, list[str]]:
    """Which name each value has, and the names of the different values as they appear."""
    ready = _flat(values, name)
    if getattr(values, "dtype", None) == ready.dtype and ready.dtype.kind in "iuf":
        _same_length(len(ready), n, name)
        place, numbers_ = pd.factorize(ready)
        if not (place < 0).any():  # as a rule nothing is missing
            return place, [_label(value) for value in numbers_]
    raw = pd.Series(np.asarray(values, dtype=object))
    _same_length(len(raw), n, name)
    _refuse(raw, raw.isna().to_numpy(), name, "is missing", _NAME.get(name, "Name it."))
    # where kinds are mixed all are kept: True and 1 are equal but have other names
    alike = ("string", "boolean", "integer", "floating", "mixed-integer-float")
    if pd.api.types.infer_dtype(raw, skipna=False) in alike:
        place, distinct = pd.factorize(raw)
        return place, [_label(value) for value in distinct]
    return np.arange(len(raw)), [_label(value) for value in raw]


def _label(value: object) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _same_length(found: int, n: int, name: str) -> None:
    if found != n:
        raise DataError(f"{name} has {found} values where there are {n}.", column=name)


def follow_up(
    time: Any,
    cause: Any,
    entry: Any = None,
    *,
    causes: Sequence[str] | None = None,
    name: str = "cause",
) -> FollowUp:
    """Check follow-up times, causes and late entries.

    Parameters
    ----------
    time : sequence of float, length n
        From the start (such as the report) to the outcome, or to the last look.
    cause : sequence, length n
        What happened: a number or a word; 0, False, ``""``, ``"pending"`` or
        ``"censored"`` where nothing has so far.
    entry : sequence of float, length n, optional
        When the item came under observation; must be before `time`.
    causes : sequence of str, optional
        What can happen, in the order of the tables; anything else is an error.
    name : str
        What `cause` is called in messages.

    Returns
    -------
    FollowUp

    Raises
    ------
    DataError
        Names the row: a time or entry that is no number or negative, an entry not
        before its time, a missing or unknown cause; or no rows at all.

    Examples
    --------
    >>> seen = follow_up([3, 5, 5], ["done", "pending", "rejected"])
    >>> seen.code.tolist(), seen.causes
    ([1, 0, 2], ('done', 'rejected'))
    """
    ends = numbers(time, "time")
    if not len(ends):
        raise DataError("There are no rows.", remedy="Give one time and one cause an item.")
    code, known = _codes(cause, len(ends), causes, name)
    return FollowUp(ends, _entries(entry, ends), code, known)


def _entries(entry: Any, ends: Floats) -> Floats:
    if entry is None:
        return np.full(len(ends), -np.inf)
    begun = numbers(entry, "entry")
    _same_length(len(begun), len(ends), "entry")
    begun = np.where(begun == 0, -np.inf, begun)  # seen from the start
    late = begun >= ends
    if late.any():
        at = int(np.argmax(late))
        raise DataError(
            f"the entry {begun[at]:g} is not before the time {ends[at]:g}.",
            row=at + 1,
            column="entry",
            remedy="An item known only after its outcome says nothing about when; leave it out.",
        )
    return begun


def _codes(
    cause: Any, n: int, causes: Sequence[str] | None, name: str
) -> tuple[Ints, tuple[str, ...]]:
    given = _flat(cause, name)
    if given.dtype == bool:
        given = given.astype(int)
    row, distinct = _named(given, name, n)
    words = [_word(label) for label in distinct]
    seen = [word for word in dict.fromkeys(words) if word not in PENDING]
    known = tuple(str(c) for c in causes) if causes is not None else tuple(_in_order(seen))
    unknown = [v for v in seen if v not in known]
    if unknown:
        at = next(i for i, label in enumerate(row) if words[label] == unknown[0])
        raise DataError(
            f"{unknown[0]!r} is not one of {', '.join(known) or 'no causes'}.",
            row=at + 1,
            column=name,
            remedy="Add it to `causes`, or mend the word.",
        )
    place = {**dict.fromkeys(PENDING, 0), **{c: i + 1 for i, c in enumerate(known)}}
    return np.array([place[word] for word in words], dtype=np.int64)[row], known


def _word(text: str) -> str:
    return {"False": "0", "True": "1"}.get(text, text.strip())


def _in_order(words: list[str]) -> list[str]:
    """By number where all are numbers, else by alphabet."""
    try:
        return sorted(words, key=float)
    except ValueError:
        return sorted(words)


def risk_counts(times: Floats, start: Floats, stop: Floats) -> Ints:
    """How many of the spells (start, stop] hold each time; both sorted, each by itself.

    Examples
    --------
    >>> risk_counts(np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.array([1.0, 2.0])).tolist()
    [1, 1]
    """
    entered = np.searchsorted(start, times, side="left")
    left = np.searchsorted(stop, times, side="left")
    return np.asarray(entered - left, dtype=np.int64)


def query_times(times: Any) -> Floats:
    """Times at which a curve is asked for: one number or several, 0 or more."""
    return numbers(times, "times")


def check_horizon(horizon: object, end: float, *, known: bool = False) -> float:
    """A horizon within the follow-up (or beyond it, where the curve is `known` there).

    Raises
    ------
    DataError
        When it is no positive number or lies beyond the last observation.
    """
    try:
        value = float(horizon)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if not value > 0 or math.isinf(value):
        raise DataError(f"the horizon {horizon!r} is not a positive number.", remedy="Give a time.")
    if value > end and not known:
        raise DataError(
            f"the horizon {value:g} lies beyond the last observation at {end:g}.",
            remedy=f"Take {end:g} or less: nothing is known after it.",
        )
    return value


def check_level(level: object) -> float:
    """A share between 0 and 1, such as .95.

    Raises
    ------
    DataError
        When it is not.

    Examples
    --------
    >>> check_level(0.95)
    0.95
    """
    try:
        value = float(level)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(level, bool) or not 0 < value < 1:
        raise DataError(f"level is {level!r}.", remedy="Use a share: 0.95 for 95 per cent.")
    return value


def check_choice(value: str, choices: Sequence[str], name: str) -> str:
    """One of some words.

    Raises
    ------
    DataError
        Lists them.
    """
    return one_of(value, choices, name)


def z_of(level: float) -> float:
    """Two-sided normal quantile: 1.96 for a level of .95.

    Examples
    --------
    >>> round(z_of(0.95), 2)
    1.96
    """
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))
