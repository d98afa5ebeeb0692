"""The table of recommendations behind the question of cherry-picking, checked and coded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError

__all__ = ["CodedFates", "Predictor", "code_fates"]

Floats = NDArray[np.float64]
#: A number with more distinct values than this is tabulated in thirds.
MAX_CATEGORIES = 6
NOT_CODED = "(not coded)"
_YES = {"1", "1.0", "yes", "true", "planned", "under way", "under_way", "in force", "in_force"}
_NO = {"0", "0.0", "no", "false", "none"}


@dataclass(frozen=True, eq=False)
class Predictor:
    """One property of the recommendations.

    Attributes
    ----------
    name : str
    categories : tuple of str
        In order; the first is what the others are held against.
    codes : array of int, one a row
        Place of the category, -1 where it was not coded.
    terms : tuple of str
        Names of the columns of the design: the name itself for a number, else
        ``name: category`` for each category but the first.
    values : array, rows x terms
        NaN where it was not coded.
    kind : str
        "number", "yes or no" or "categories".
    """

    name: str
    categories: tuple[str, ...]
    codes: NDArray[np.intp]
    terms: tuple[str, ...]
    values: Floats
    kind: str


@dataclass(frozen=True, eq=False)
class CodedFates:
    """Result of :func:`code_fates`: only rows whose fate was assessed.

    Attributes
    ----------
    levels : tuple of str
        Fates from least to most.
    fates : array of int
        Place in `levels`.
    taken_up : array of bool
    taken_up_levels : tuple of str
    predictors : tuple of Predictor
    process : array of str, or None
    planned : array of float, or None
        1 already planned, 0 not, NaN not known.
    n_unassessed : int
        Rows without a fate, which are left out.
    n_blind : int or None
        Rows coded blind to the fate; None where nothing was said.
    """

    levels: tuple[str, ...]
    fates: NDArray[np.intp]
    taken_up: NDArray[np.bool_]
    taken_up_levels: tuple[str, ...]
    predictors: tuple[Predictor, ...]
    process: NDArray[Any] | None
    planned: Floats | None
    n_unassessed: int
    n_blind: int | None

    @property
    def n(self) -> int:
        """Recommendations whose fate was assessed."""
        return len(self.fates)


def code_fates(
    frame: pd.DataFrame,
    *,
    fate: str,
    predictors: Sequence[str],
    process: str | None,
    already_planned: str | None,
    levels: Sequence[object] | None,
    taken_up: object,
    orders: Mapping[str, Sequence[object]],
    blind: bool | str | None,
) -> CodedFates:
    """Check the columns, order the fates, code the predictors.

    Raises
    ------
    DataError
        Unknown or doubled columns, fates without an order, a constant fate, a
        missing process, numbers that are infinite.
    """
    from dmpkit.tables import require_columns, require_unique

    names = list(predictors)
    if already_planned is not None and already_planned not in names:
        names.append(already_planned)
    named = [fate, *names, *([process] if process else [])]
    named += [blind] if isinstance(blind, str) else []
    require_columns(frame, named)
    require_unique([str(c) for c in frame.columns if str(c) in named], "column")
    _check_roles(fate, names, process)
    assessed = ~_empty(frame[fate])
    part = frame.reset_index(drop=True).loc[assessed]  # the index tells the row of the file
    if part.empty:
        raise DataError("No recommendation has a fate.", column=fate)
    ordered = _ordered(part[fate], levels if levels is not None else orders.get(fate), fate)
    places = {name: i for i, name in enumerate(ordered)}
    fates = np.array([places[name] for name in _words(part[fate])], dtype=np.intp)
    chosen = _taken_up_levels(ordered, taken_up, fate)
    planned = None if already_planned is None else _flags(part[already_planned])
    coded = []
    for name in names:
        column = part[name]
        if name == already_planned:
            column = pd.Series(planned, index=part.index, name=name)
        coded.append(_predictor(column, name, orders.get(name)))
    return CodedFates(
        levels=ordered,
        fates=fates,
        taken_up=np.isin(fates, [places[name] for name in chosen]),
        taken_up_levels=chosen,
        predictors=tuple(coded),
        process=None if process is None else _processes(part[process]),
        planned=planned,
        n_unassessed=int((~assessed).sum()),
        n_blind=_blind(part, blind),
    )


def _check_roles(fate: str, names: Sequence[str], process: str | None) -> None:
    from dmpkit.tables import require_unique

    if not names:
        raise DataError("No predictor is named.", remedy="Name columns such as cost, challenge.")
    require_unique(names, "predictor")
    for role, column in (("fate", fate), ("process", process)):
        if column in names:
            raise DataError(f"Column {column!r} is the {role} and a predictor at once.")
    if fate == process:
        raise DataError(f"Column {fate!r} is the fate and the process at once.")


def _empty(column: pd.Series) -> NDArray[np.bool_]:
    blank = column.map(lambda v: isinstance(v, str) and not v.strip()).to_numpy(dtype=bool)
    return np.asarray(column.isna().to_numpy(dtype=bool) | blank)


def _row(column: pd.Series, place: int) -> int:
    """The row as the file shows it, its header counted."""
    return int(column.index[place]) + 2


def _word(value: object) -> str:
    """A value as the word by which it is known: 1.0 and True are "1" and "yes"."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()


def _words(column: pd.Series) -> list[str]:
    return [_word(v) for v in column]


def _numbers(column: pd.Series) -> Floats | None:
    """The column as numbers (NaN where empty), or None where it holds words or yes and no."""
    filled = column[~_empty(column)]
    if any(isinstance(v, bool | np.bool_) for v in filled):
        return None
    if isinstance(column.dtype, pd.CategoricalDtype) and not all(
        isinstance(v, int | float | np.number) for v in filled
    ):
        return None
    numbers = pd.to_numeric(filled.astype(object), errors="coerce")
    if numbers.isna().any():
        return None
    values = np.full(len(column), np.nan)
    values[~_empty(column)] = numbers.to_numpy(dtype=np.float64)
    if np.isinf(values).any():
        row = _row(column, int(np.flatnonzero(np.isinf(values))[0]))
        raise DataError("The number is infinite.", row=row, column=str(column.name))
    return values


def _ordered(column: pd.Series, order: Sequence[object] | None, name: str) -> tuple[str, ...]:
    """The distinct fates from least to most."""
    present = list(dict.fromkeys(_words(column)))
    if order is not None:
        ordered = [_word(v) for v in order]
        unknown = [word for word in present if word not in ordered]
        if unknown:
            raise _unlisted(unknown[0], ordered, name)
        ordered = [word for word in dict.fromkeys(ordered) if word in present]
    elif isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        ordered = [_word(v) for v in column.dtype.categories if _word(v) in present]
    elif (numbers := _numbers(column)) is not None:
        ordered = [_word(v) for v in np.unique(numbers)]
    elif set(present) <= {"yes", "no"}:
        ordered = [word for word in ("no", "yes") if word in present]
    else:
        raise DataError(
            f"The fates {', '.join(map(repr, sorted(present)[:8]))} have no order.",
            column=name,
            remedy="Give them from least to most with levels=[…].",
        )
    if len(ordered) < 2:
        raise DataError(
            f"Every recommendation has the fate {ordered[0]!r}; nothing was picked from.",
            column=name,
            remedy="Give a table with more than one fate.",
        )
    return tuple(ordered)


def _unlisted(word: str, ordered: Sequence[str], name: str) -> DataError:
    from difflib import get_close_matches

    close = get_close_matches(word, ordered, n=1)
    hint = f"The closest is {close[0]!r}." if close else f"They are {', '.join(ordered)}."
    return DataError(f"{word!r} is not among the values listed.", column=name, remedy=hint)


def _taken_up_levels(ordered: tuple[str, ...], taken_up: object, name: str) -> tuple[str, ...]:
    if taken_up is None:
        return ordered[-1:]
    single = isinstance(taken_up, str) or not isinstance(taken_up, Sequence | set | frozenset)
    words = [_word(v) for v in ([taken_up] if single else taken_up)]  # type: ignore[attr-defined]
    for word in words:
        if word not in ordered:
            raise _unlisted(word, ordered, name)
    chosen = tuple(level for level in ordered if level in words)
    if not 0 < len(chosen) < len(ordered):
        raise DataError("All fates count as taken up, or none.", column=name)
    return chosen


def _flags(column: pd.Series) -> Floats:
    """Already planned or not; the ledger's words for the baseline are known."""
    flags = np.full(len(column), np.nan)
    for row, (value, gone) in enumerate(zip(column, _empty(column), strict=True)):
        word = _word(value).lower()
        if gone or word in ("unknown", "not known"):
            continue
        if word not in _YES | _NO:
            raise DataError(
                f"{str(value)!r} does not say whether it was already planned.",
                row=_row(column, row),
                column=str(column.name),
                remedy="Write yes or no, 1 or 0, or none, planned, under way, in force.",
            )
        flags[row] = float(word in _YES)
    return flags


def _predictor(column: pd.Series, name: str, order: Sequence[object] | None) -> Predictor:
    numbers = None if order is not None else _numbers(column)
    if numbers is not None:
        return _number_predictor(numbers, name)
    gone = _empty(column)
    words = np.array(_words(column), dtype=object)
    present = list(dict.fromkeys(words[~gone]))
    if order is not None:
        listed = list(dict.fromkeys(_word(v) for v in order))
        unknown = [word for word in present if word not in listed]
        if unknown:
            raise _unlisted(unknown[0], listed, name)
        ordered = [word for word in listed if word in present]
    elif isinstance(column.dtype, pd.CategoricalDtype):
        ordered = [w for w in map(_word, column.dtype.categories) if w in present]
    else:
        ordered = sorted(present)
    codes = np.array(
        [-1 if g else ordered.index(w) for w, g in zip(words, gone, strict=True)], dtype=np.intp
    )
    values = (codes[:, None] == np.arange(1, len(ordered))).astype(np.float64)
    values[gone] = np.nan
    yes_no = ordered == ["no", "yes"]
    terms = (name,) if yes_no else tuple(f"{name}: {w}" for w in ordered[1:])
    kind = "yes or no" if yes_no else "categories"
    return Predictor(name, tuple(ordered), codes, terms, values, kind)


def _number_predictor(numbers: Floats, name: str) -> Predictor:
    known = np.unique(numbers[~np.isnan(numbers)])
    binary = set(known) <= {0.0, 1.0}
    if binary:
        labels = tuple("yes" if v else "no" for v in known)
        codes = np.searchsorted(known, np.nan_to_num(numbers))
    elif len(known) <= MAX_CATEGORIES:
        labels = tuple(f"{v:g}" for v in known)
        codes = np.searchsorted(known, np.nan_to_num(numbers, nan=known[0]))
    else:
        labels, codes = _thirds(numbers)
    codes = np.where(np.isnan(numbers), -1, codes).astype(np.intp)
    kind = "yes or no" if binary else "number"
    return Predictor(name, labels, codes, (name,), numbers[:, None], kind)


def _thirds(numbers: Floats) -> tuple[tuple[str, ...], NDArray[np.intp]]:
    """Categories of about a third of the rows each, equal numbers kept together."""
    cuts = np.unique(np.nanquantile(numbers, [1 / 3, 2 / 3], method="inverted_cdf"))
    codes = np.searchsorted(cuts, np.nan_to_num(numbers, nan=cuts[0]), side="left")
    labels = []
    for place in range(len(cuts) + 1):
        own = numbers[(codes == place) & ~np.isnan(numbers)]
        if len(own):
            labels.append(f"{own.min():g} to {own.max():g}")
    _, codes = np.unique(codes, return_inverse=True)
    return tuple(labels), codes.astype(np.intp)


def _processes(column: pd.Series) -> NDArray[Any]:
    gone = _empty(column)
    if gone.any():
        raise DataError(
            "The process of a recommendation is missing.",
            row=_row(column, int(np.flatnonzero(gone)[0])),
            column=str(column.name),
            remedy="Errors are clustered by process, so every row needs one.",
        )
    return np.array(_words(column), dtype=object)


def _blind(part: pd.DataFrame, blind: bool | str | None) -> int | None:
    if blind is None:
        return None
    if isinstance(blind, str):
        return int(np.nansum(_flags(part[blind])))
    return len(part) if blind else 0
