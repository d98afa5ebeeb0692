"""What every reader of sorts shares: the file, the wishes, the notes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from dmpkit.errors import DataError
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.layout import enumerate_some

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["PathLike", "Reading", "Rows", "enumerate_some"]

PathLike: TypeAlias = str | os.PathLike[str]
Rows: TypeAlias = Literal["statements", "sorts", "cells"]


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
    columns, leave : tuple of str, optional
        As in :func:`dmpkit.qmethod.read_sorts`. A reader that leaves what
        `leave` names takes it off ``to_leave``.
    distribution : array_like, optional
        The forced distribution, in place of that in the file.

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
    columns: tuple[str, ...] | None = None
    leave: tuple[str, ...] | None = None
    distribution: ArrayLike | None = None
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    to_leave: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.to_leave = list(self.leave or ())

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
        if self.distribution is not None:
            if distribution is not None:
                self.left("the distribution in the file (another was given)")
            distribution = self.distribution
        return QSorts(
            values,
            statements=statements,
            sorts=sorts,
            distribution=distribution,
            texts=texts,
            notes=self.notes,
        )
