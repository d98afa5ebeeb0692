"""What every reader of sorts shares: the file, the wishes, the notes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from dmpkit.errors import DataError
from dmpkit.qmethod.data import QSorts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["PathLike", "Reading", "Rows", "enumerate_some"]

PathLike: TypeAlias = str | os.PathLike[str]
Rows: TypeAlias = Literal["statements", "sorts", "cells"]

_MOST_NAMED = 6


@dataclass
class Reading:
    """One act of reading: the file, what the caller asked for, what was found.

    Parameters
    ----------
    source : Path
        The file.
    rows, sheet, delimiter, decimal, encoding, label : optional
        As in :func:`dmpkit.qmethod.read_sorts`.
    texts : tuple of str, optional
        The statements' wording where the caller gave it apart from the file.
    any_format : bool
        True when the caller named no format, so a reader may pass the file on.

    Examples
    --------
    >>> act = Reading(Path("x.csv"))
    >>> act.took("one row a sort")
    >>> act.left("column 'age'")
    >>> act.sorts([[1, 0], [0, 1], [-1, -1]]).notes
    ('one row a sort', "left: column 'age'")
    """

    source: Path
    rows: Rows | None = None
    sheet: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    encoding: str | None = None
    label: str | None = None
    texts: tuple[str, ...] = ()
    any_format: bool = True
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def took(self, *notes: str) -> None:
        """Note what was taken, or how it was understood."""
        self.notes.extend(notes)

    def left(self, what: str) -> None:
        """Note what was left without harm, such as answers to a questionnaire."""
        self.notes.append(f"left: {what}")

    def warn(self, message: str) -> None:
        """Note what was left that one would expect to count; the caller is warned."""
        self.notes.append(message)
        self.warnings.append(message)

    def error(
        self,
        problem: str,
        *,
        row: int | str | None = None,
        column: int | str | None = None,
        remedy: str | None = None,
    ) -> DataError:
        """Make the error that names this file."""
        return DataError(problem, file=self.source, row=row, column=column, remedy=remedy)

    def sorts(
        self,
        values: ArrayLike,
        *,
        statements: Sequence[str] | None = None,
        sorts: Sequence[str] | None = None,
        distribution: ArrayLike | None = None,
        texts: Sequence[str] = (),
    ) -> QSorts:
        """Make the sorts, with the notes and the wording that the caller gave."""
        if self.texts:
            if texts:
                self.left("the statement texts in the file (others were given)")
            texts = self.texts
            self.took("texts: given apart from the sorts")
        return QSorts(
            values,
            statements=statements,
            sorts=sorts,
            distribution=distribution,
            texts=texts,
            notes=self.notes,
        )


def enumerate_some(parts: Iterable[object], most: int = _MOST_NAMED) -> str:
    """The first few of many, separated by commas.

    Parameters
    ----------
    parts : iterable
    most : int
        How many are named before *and … more*.

    Examples
    --------
    >>> enumerate_some("abcd", 3)
    'a, b, c, and 1 more'
    """
    named = [str(part) for part in parts]
    if len(named) > most:
        named = [*named[:most], f"and {len(named) - most} more"]
    return ", ".join(named)
