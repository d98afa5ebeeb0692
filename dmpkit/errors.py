"""What can go wrong, said so that a reader can mend it.

Every bad input ends in a :class:`DataError` that names the problem, the place
(file, row, column) and the remedy. What is odd but usable gives a named
warning, so that a notebook can filter exactly that one.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

__all__ = [
    "BipolarFactorWarning",
    "CentroidWarning",
    "ConvergenceWarning",
    "DataError",
    "DataNotDownloaded",
    "DistributionWarning",
    "DmpkitError",
    "DmpkitWarning",
    "DuplicatedSortsWarning",
    "FigureDiffers",
    "HeywoodWarning",
    "ImportAuditWarning",
    "LedgerWarning",
    "LeftoverWarning",
    "MissingDependency",
    "ReadingWarning",
    "ReasonDataWarning",
    "ReasonTestWarning",
    "ReplayWarning",
    "SeparationWarning",
    "SharesWarning",
    "SmallCellWarning",
    "SmallSampleWarning",
    "UnflaggedFactorWarning",
    "WeightsWarning",
    "in_file",
    "warn",
]


class DmpkitError(Exception):
    """The parent of every error that dmpkit raises on purpose.

    In a notebook it is shown short: the reader's own line and the message.
    Set the environment variable ``DMPKIT_FULL_TRACEBACK`` to see all of it.
    """

    def _render_traceback_(self) -> list[str] | None:
        """What IPython shows; the frames inside dmpkit help nobody mend an input."""
        import traceback

        here = os.path.dirname(__file__)  # noqa: PTH120
        frames = traceback.extract_tb(self.__traceback__)
        own = [frame for frame in frames if not frame.filename.startswith(here)]
        if os.environ.get("DMPKIT_FULL_TRACEBACK") or not own:
            return traceback.format_exception(self)
        line = own[-1].line
        place = f"line {own[-1].lineno}: {line}" if line else f"line {own[-1].lineno}"
        return [place, f"{type(self).__name__}: {self}"]


class DataError(DmpkitError, ValueError):
    """The input cannot be used; the message says what, where and how to mend it.

    Parameters
    ----------
    problem : str
        What is wrong, as a sentence.
    file : path, optional
        The file in which it stands; only its name is shown.
    row, column : int or str, optional
        Where in the file or table: a row number counted as the file shows it
        (the header is row 1), or a label.
    remedy : str, optional
        What the reader can do about it.

    Examples
    --------
    >>> print(DataError("'abc' is not a number.", file="sorts.csv", row=5, column="US1",
    ...                 remedy="Write the grid value of the statement."))
    sorts.csv, row 5, column US1: 'abc' is not a number. Write the grid value of the statement.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: str | PathLike[str] | None = None,
        row: int | str | None = None,
        column: int | str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.file = None if file is None else str(file)
        self.row = row
        self.column = column
        self.remedy = remedy
        super().__init__(problem)

    def __str__(self) -> str:
        place = []
        if self.file is not None:
            place.append(_legible(self.file.replace("\\", "/").rsplit("/", 1)[-1], 100))
        if self.row is not None:
            place.append(f"row {_legible(str(self.row), 100)}")
        if self.column is not None:
            place.append(f"column {_legible(str(self.column), 100)}")
        problem = _legible(self.problem, 1500)
        text = f"{', '.join(place)}: {problem}" if place else problem
        return f"{text} {_legible(self.remedy, 800)}" if self.remedy else text

    def __reduce__(self) -> tuple[object, ...]:
        # keyword arguments survive the journey from a worker process
        return (_rebuild, (type(self), self.problem, self.__dict__.copy()))


def _rebuild(kind: type[DataError], problem: str, state: dict[str, object]) -> DataError:
    error = kind(problem)
    error.__dict__.update(state)
    return error


@contextmanager
def in_file(file: str | PathLike[str] | None) -> Iterator[None]:
    """Name a file in the errors of a block that name none.

    Parameters
    ----------
    file : path, optional
        None where the input is no file.

    Examples
    --------
    >>> with in_file("sorts.csv"):
    ...     raise DataError("'abc' is not a number.", row=5)
    Traceback (most recent call last):
    dmpkit.errors.DataError: sorts.csv, row 5: 'abc' is not a number.
    """
    try:
        yield
    except DataError as error:
        if error.file is None and file is not None:
            error.file = str(file)
        raise


#: What a terminal would obey, or what turns the order of the text round.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def _legible(text: str, longest: int) -> str:
    """A message that may quote a stranger's file: bounded, and without control characters."""
    if len(text) > 200:  # a word without end, then a text without end
        text = re.sub(r"(\S{60})\S{120,}(\S{20})", r"\1…\2", text[: 20 * longest])
    if len(text) > longest:
        end = longest // 4
        text = f"{text[: longest - end - 3]} … {text[-end:]}"
    return legible(text)


def legible(text: str) -> str:
    r"""Text of a stranger for a terminal: signs that steer it are written out.

    Parameters
    ----------
    text : str
        Line ends and tabs stay.

    Examples
    --------
    >>> legible("red \x1b[31m and turned \u202e")
    'red \\x1b[31m and turned \\u202e'
    """
    return _UNSEEN.sub(lambda found: ascii(found[0])[1:-1], text)


class FigureDiffers(DmpkitError, AssertionError):
    """A recomputed figure differs from the published one."""


class DataNotDownloaded(DmpkitError):
    """A study's data are held by others and have not been downloaded yet."""


class MissingDependency(DmpkitError, ImportError):
    """A package of an optional extra is asked for but not usable.

    Parameters
    ----------
    package : str
        The package that is missing or does not work.
    extra : str
        The extra of dmpkit that brings it.
    why : str, optional
        What it is needed for, or why the installed version does not work.

    Examples
    --------
    >>> print(MissingDependency("factor_analyzer", "efa", "It does the factor analysis."))
    factor_analyzer is not usable here. It does the factor analysis. \
Install it from dmpkit's folder: python -m pip install -e ".[efa]"
    """

    def __init__(self, package: str, extra: str, why: str = "") -> None:
        self.package = package
        self.extra = extra
        self.why = why
        middle = f" {why}" if why else ""
        super().__init__(
            f"{package} is not usable here.{middle} "
            f'Install it from dmpkit\'s folder: python -m pip install -e ".[{extra}]"'
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (type(self), (self.package, self.extra, self.why))


class DmpkitWarning(UserWarning):
    """The parent of every warning that dmpkit gives."""


class ReadingWarning(DmpkitWarning):
    """A reader guessed something about a file, or left something out."""


class DuplicatedSortsWarning(DmpkitWarning):
    """Two or more sorts are identical, which makes exact ties in the analysis."""


class ReasonDataWarning(DmpkitWarning):
    """People or pairs without a correlation are left out of a reason index: said, not hidden."""


class ReasonTestWarning(DmpkitWarning):
    """A test of the reason index whose assumptions do not hold was asked for."""


class DistributionWarning(DmpkitWarning):
    """A sort breaks the forced distribution."""


class UnflaggedFactorWarning(DmpkitWarning):
    """A factor has no flagged sorts, so it has no scores."""


class BipolarFactorWarning(DmpkitWarning):
    """A factor is defined by sorts of opposite sign, or by negative ones only."""


class CentroidWarning(DmpkitWarning):
    """A centroid factor is far smaller than what it was taken from: a view may be missed."""


class HeywoodWarning(DmpkitWarning):
    """A communality of one or more: the factor model does not fit these data."""


class ConvergenceWarning(DmpkitWarning):
    """An iterative step stopped before it settled."""


class ReplayWarning(DmpkitWarning):
    """Steps that were recorded on some data are replayed on others."""


class SharesWarning(DmpkitWarning):
    """Shares did not sum to 100 %, or a target of zero met members: said, not hidden."""


class SmallCellWarning(DmpkitWarning):
    """Cells so small that a person could be recognised, or that a formula no longer holds."""


class SeparationWarning(DmpkitWarning):
    """A model separates its groups perfectly, or nearly: its coefficients have no finite value."""


class WeightsWarning(DmpkitWarning):
    """Margins that no weights can meet, or weights that carry a few people very far."""


class LedgerWarning(DmpkitWarning):
    """A ledger holds something an evaluator should look at before trusting a statistic."""


class LeftoverWarning(DmpkitWarning):
    """An earlier run was ended in the middle: what it left was removed, or finished."""


class SmallSampleWarning(DmpkitWarning):
    """Too few units for the method that was asked for; the answer is said to be rough."""


class ImportAuditWarning(DmpkitWarning):
    """An exchange file was read with repairs or losses, which the audit lists."""


def warn(message: str, category: type[DmpkitWarning], stacklevel: int = 2) -> None:
    """Give a named warning that points at the caller's line.

    Parameters
    ----------
    message : str
        A full sentence: what was found, where, and what follows.
    category : type
        One of the warnings of this module.
    stacklevel : int
        2 (the default) points at the caller of the function that warns, or
        further out where that is a line of dmpkit itself: at the reader's own
        line, if there is one.
    """
    here = os.path.dirname(__file__) + os.sep  # noqa: PTH120
    # "<string>" is the __init__ of a dataclass, functools that of a cached property
    ours = ("<string>", here, functools.__file__)
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and (
        level < stacklevel or frame.f_code.co_filename.startswith(ours)
    ):
        frame, level = frame.f_back, level + 1
    if frame.f_code.co_filename.startswith(here):
        level = stacklevel  # nobody else's line: dmpkit runs as a program
    warnings.warn(_legible(message, 3000), category, stacklevel=level + 1)
