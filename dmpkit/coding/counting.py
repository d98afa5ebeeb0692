"""Segments prepared for counting: once each, with the columns of codes they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.coding.approach import require_project
from dmpkit.coding.code_names import lineages, selected_codes
from dmpkit.errors import DataError

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["Coded", "coded_segments"]


@dataclass(frozen=True, eq=False)
class Coded:
    """Segments of the codes that are counted.

    Attributes
    ----------
    segments : DataFrame
        One row a segment, exact duplicates (same source, code, coder and span) once.
    codes : tuple of str
        What is counted, in the order of the codebook or as asked for.
    members : (segments, codes) booleans
        Whether a segment counts for a code.
    nested : (codes, codes) booleans
        Whether one of two codes lies below the other, so that it counts for both.
    n_duplicates : int
        Rows left out as exact duplicates.
    n_unplaced : int
        Codings of these codes without a position in a text.
    """

    segments: pd.DataFrame
    codes: tuple[str, ...]
    members: NDArray[np.bool_]
    nested: NDArray[np.bool_]
    n_duplicates: int
    n_unplaced: int


def coded_segments(
    project: CodedProject,
    codes: str | Iterable[str] | None = None,
    *,
    level: int | None = None,
    subcodes: bool = False,
    coders: str | Iterable[str] | None = None,
) -> Coded:
    """The segments of some codes, ready to be counted.

    Parameters
    ----------
    project : CodedProject
    codes : str or iterable of str, optional
        All codes when not given.
    level : int, optional
        Count every code as its ancestor at this depth (1: the top codes).
    subcodes : bool
        Count a segment for its code and for each of the codes above it.
    coders : str or iterable of str, optional
        Whose segments count.

    Raises
    ------
    DataError
        For unknown codes or coders, a level below 1, or level and subcodes together.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
    >>> segments = pd.DataFrame({"source": "I1", "code": ["A", "A/B"], "start": 0, "end": [4, 8]})
    >>> project = CodedProject.from_frames(sources, segments)
    >>> coded_segments(project, subcodes=True).members.tolist()
    [[True, False], [True, True]]
    """
    require_project(project)
    part = project if coders is None else project.only(coders=coders)
    lines = lineages(part.codes)
    names = selected_codes(part, codes)
    if subcodes and codes is None:  # codes that only hold others are counted, too
        above = {own for name in names for own in lines[name]}
        names = tuple(code for code in part.codes["code"] if code in above)
    if level is not None:
        whole = isinstance(level, int | np.integer) and not isinstance(level, bool)
        if not whole or level < 1 or subcodes:
            raise DataError(
                f"The level {level!r} cannot be counted{' with subcodes=True' * subcodes}.",
                remedy="Say 1 for the top codes, 2 for those below; a level takes the codes below "
                "it along anyway.",
            )
        names = tuple(dict.fromkeys(lines[name][: int(level)][-1] for name in names))
    place = {name: column for column, name in enumerate(names)}
    belongs = {
        code: [place[own] for own in _counted(path, level, subcodes) if own in place]
        for code, path in lines.items()
    }
    frame = part.segments[part.segments["code"].isin([c for c, own in belongs.items() if own])]
    same = ["source", "code", "coder", "start", "end"]
    once = frame[~_repeated(frame, same)].reset_index(drop=True)
    number, found = pd.factorize(once["code"])
    table = np.zeros((len(found), len(names)), dtype=bool)
    for row, code in enumerate(found):
        table[row, belongs[str(code)]] = True
    unplaced = part.unplaced["code"].isin([c for c, own in belongs.items() if own]).sum()
    nested = _nested(names, lines if subcodes else {})
    return Coded(
        once, names, table[number].reshape(len(once), len(names)), nested,
        len(frame) - len(once), int(unplaced),
    )  # fmt: skip


def _repeated(frame: pd.DataFrame, columns: list[str]) -> NDArray[np.bool_]:
    """Rows that repeat an earlier one; text columns are compared by their numbers."""
    numbers = [
        pd.factorize(frame[name])[0] if frame[name].dtype.kind not in "iu" else frame[name]
        for name in columns
    ]
    keys = pd.DataFrame(dict(enumerate(map(np.asarray, numbers))))
    return np.asarray(keys.duplicated(), dtype=bool)


def _counted(path: tuple[str, ...], level: int | None, subcodes: bool) -> tuple[str, ...]:
    """The codes for which a segment of the last code of a path counts."""
    if level is not None:
        return path[: int(level)][-1:]
    return path if subcodes else path[-1:]


def _nested(names: tuple[str, ...], lines: dict[str, tuple[str, ...]]) -> NDArray[np.bool_]:
    found = np.zeros((len(names), len(names)), dtype=bool)
    place = {name: i for i, name in enumerate(names)}
    for name in names:
        for above in lines.get(name, ())[:-1]:
            if above in place:
                found[place[name], place[above]] = found[place[above], place[name]] = True
    return found
