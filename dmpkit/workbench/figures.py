"""Compare what came out here with what was published, and show the verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dmpkit.errors import DataError
from dmpkit.reporting import escape
from dmpkit.workbench.cells import Cell, CellRange
from dmpkit.workbench.manifest import BASES, OWN, PublishedFigure, half_unit

__all__ = ["DIFFERS", "NOT_REPRODUCIBLE", "VERDICT_MIME", "Verdict", "compare"]

VERDICT_MIME = "application/vnd.dmpkit.verdict+json"
DIFFERS = "differs"
NOT_REPRODUCIBLE = "not reproducible"

#: The mark of a verdict; agreement with a source has a tick.
MARKS = {DIFFERS: "✗", NOT_REPRODUCIBLE: "○", BASES[OWN]: "="}

#: Below this share of the published number a difference is the computer's rounding.
NOISE = 1e-12


@dataclass(frozen=True)
class Verdict:
    """One row *published / here / difference / verdict*.

    Parameters
    ----------
    study, figure, description : str
        Which figure of which study.
    published, here : str
        Both sides as a reader sees them.
    difference : float, optional
        Largest absolute difference (of a table: over its cells that hold
        numbers); None where there is none to state.
    tolerance : float, optional
        The largest difference allowed (of a table: the smallest of them).
    verdict : str
        ``matches print``, ``matches released file``, ``matches program``,
        ``unchanged since our calculation``, ``differs`` or ``not reproducible``.
    basis, where : str
        As in ``published.csv``.
    why : str
        An explanation by the notebook's author.
    cells, cells_different : int, optional
        Of a table: how many cells were compared, and how many of them differ.
    largest_at : str
        Of a table: the cell with the largest difference.
    first_different : str
        Of a table: the first cell that differs, with both its contents.
    """

    study: str
    figure: str
    description: str
    published: str
    here: str
    difference: float | None
    tolerance: float | None
    verdict: str
    basis: str
    where: str
    why: str = ""
    cells: int | None = None
    cells_different: int | None = None
    largest_at: str = ""
    first_different: str = ""

    @property
    def differs(self) -> bool:
        """True when the figure did not come out again."""
        return self.verdict == DIFFERS

    @property
    def is_own(self) -> bool:
        """True when it is compared with our own earlier calculation, not with a source."""
        return self.basis == OWN

    @property
    def compared_with(self) -> str:
        """What stands on the other side, in a word: ``published``, ``program`` or ``before``."""
        return _other_side(self.basis)

    @property
    def difference_text(self) -> str:
        """The difference with its place and tolerance, for readers."""
        if self.verdict == NOT_REPRODUCIBLE:
            return "–"
        text = "–" if self.difference is None else f"{self.difference:.2g}"
        if self.largest_at and self.difference:
            text += f" at {self.largest_at}"
        if self.tolerance is not None:
            text += f" (tolerance {self.tolerance:.2g})"
        return f"{text}; {self.first_different}" if self.first_different else text

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain values, as it stands in a notebook's output."""
        return asdict(self)

    def __str__(self) -> str:
        text = (
            f"{self.figure}: {self.compared_with} {self.published}, here {self.here}, "
            f"difference {self.difference_text}: {self.verdict}"
        )
        return f"{text} ({self.why})" if self.why else text

    def _repr_html_(self) -> str:
        mark = MARKS.get(self.verdict, "✓")
        why = f"<br><em>{escape(self.why)}</em>" if self.why else ""
        cells = (self.published, self.here, self.difference_text)
        return (
            '<table class="dmpkit verdict"><thead><tr><th scope="col">figure</th>'
            f'<th scope="col">{escape(self.compared_with)}</th><th scope="col">here</th>'
            '<th scope="col">difference</th><th scope="col">verdict</th></tr></thead>'
            f'<tbody><tr><th scope="row">{escape(self.figure)}: {escape(self.description)}</th>'
            + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
            + f"<td><strong>{mark} {escape(self.verdict)}</strong>{why}</td></tr></tbody></table>"
        )


def _other_side(basis: str) -> str:
    return {OWN: "before", "program output": "program"}.get(basis, "published")


class NotComparable(DataError):
    """What is given is not a number, or a table of another shape than the published one."""


def compare(
    study: str, figure: PublishedFigure, cells: CellRange | None, here: object, why: str = ""
) -> Verdict:
    """Compare a recomputed number or table with the published figure.

    A number agrees when ``|here - published| <= tolerance``; without a stated
    tolerance that is half a unit of the last published digit. In a table, a
    published number is compared like that (without a stated tolerance with the
    most digits in its column, as trailing zeros may be lost in a file), text
    exactly, and an empty cell agrees with NaN, None and empty text only.

    Parameters
    ----------
    study : str
        The study's slug.
    figure : PublishedFigure
        What was published.
    cells : CellRange, optional
        The published cells, when the figure is a table.
    here : number, data frame, array or nested list
        What came out.
    why : str
        A remark shown with the verdict.

    Raises
    ------
    NotComparable
        A :class:`~dmpkit.errors.DataError`: not a number, or another shape.
    """
    fields: dict[str, Any] = {
        "study": study,
        "figure": figure.figure,
        "description": figure.description,
        "basis": figure.basis,
        "where": figure.where,
        "why": why,
    }
    if cells is None:
        return Verdict(**fields, **_compare_number(figure, here))
    return Verdict(**fields, **_compare_table(figure, cells, here))


def not_comparable(study: str, figure: PublishedFigure, error: NotComparable) -> Verdict:
    """The verdict on a figure for which something else came out: a longer list, say."""
    published = "table" if figure.is_table else figure.value
    return Verdict(
        study,
        figure.figure,
        figure.description,
        published,
        "not comparable",
        None,
        None,
        DIFFERS,
        figure.basis,
        figure.where,
        str(error),
    )


def not_reproducible(study: str, figure: PublishedFigure, why: str) -> Verdict:
    """The verdict on a figure that cannot be computed from what is available."""
    published = "table" if figure.is_table else figure.value or "not available"
    return Verdict(
        study,
        figure.figure,
        figure.description,
        published,
        "–",
        None,
        None,
        NOT_REPRODUCIBLE,
        figure.basis,
        figure.where,
        why,
    )


# --- numbers --------------------------------------------------------------------------


def _compare_number(figure: PublishedFigure, here: object) -> dict[str, Any]:
    number = _number(figure, here)
    published = float(figure.value)
    tolerance = half_unit(figure.value) if figure.tolerance is None else figure.tolerance
    agrees = _agrees(published, number, tolerance)
    return {
        "published": figure.value,
        "here": _shown(number, figure.value),
        "difference": _clean(number - published, published),
        "tolerance": tolerance,
        "verdict": BASES[figure.basis] if agrees else DIFFERS,
    }


def _number(figure: PublishedFigure, here: object) -> float:
    kind = type(here).__name__
    if not isinstance(here, str | bytes | bool) and kind != "bool":
        if hasattr(here, "size") and hasattr(here, "item") and here.size == 1:
            here = here.item()
        try:
            return float(here)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            pass
    raise NotComparable(
        f"The figure {figure.figure!r} is a number ({figure.value}), and what is given is "
        f"a {kind}.",
        remedy="Give a single number.",
    )


def _agrees(published: float, here: float, tolerance: float) -> bool:
    """``|here - published| <= tolerance``, with room for the last bits of a float."""
    slack = 4 * math.ulp(max(abs(published), abs(here) if math.isfinite(here) else 0.0))
    return abs(here - published) <= tolerance + slack


def _clean(difference: float, published: float) -> float | None:
    """The size of a difference to three digits; None when it is not a number."""
    size = abs(difference)
    if not math.isfinite(size):
        return None
    return 0.0 if size <= NOISE * max(1.0, abs(published)) else float(f"{size:.3g}")


def _shown(number: float, like: str) -> str:
    """A number with two more digits than the published one."""
    if not math.isfinite(number):
        return "not a number" if math.isnan(number) else str(number)
    if number.is_integer() and abs(number) < 1e15 and "." not in like:
        return str(int(number))
    if "e" in like.lower():
        return f"{number:.6g}"
    decimals = len(like.partition(".")[2]) + 2
    while (
        decimals < 16 and number != float(like) and float(f"{number:.{decimals}f}") == float(like)
    ):
        decimals += 1  # a difference has to be seen
    text = f"{number:.{decimals}f}"
    digits = text.lstrip("-0.").replace(".", "")
    return text if len(digits) <= 17 else repr(number)  # a double holds no more than 17


# --- tables ---------------------------------------------------------------------------


def _compare_table(figure: PublishedFigure, cells: CellRange, here: object) -> dict[str, Any]:
    if all(_is_missing(cell) for row in cells.rows for cell in row):
        raise NotComparable(
            f"The cells of the figure {figure.figure!r} are all empty ({figure.file}, "
            f"{figure.range or 'all'}).",
            remedy="A figure that is not available has neither value nor file.",
        )
    grid = _grid(figure, here, cells.shape)
    _check_shape(figure, cells.shape, grid)
    tolerances = _tolerances(figure, cells)
    different, largest, largest_at, first = 0, 0.0, "", ""
    for i, row in enumerate(cells.rows):
        for j, published in enumerate(row):
            agrees, size = _compare_cell(published, cells.written[i][j], grid[i][j], tolerances[j])
            if not agrees:
                different += 1
                first = first or (
                    f"first at {cells.address(i, j)}: "
                    f"{_other_side(figure.basis)} {_cell_text(published, grid[i][j])}, "
                    f"here {_cell_text(grid[i][j], published)}"
                )
            if size is not None and size > largest:
                largest, largest_at = size, cells.address(i, j)
    n_rows, n_columns = cells.shape
    n = n_rows * n_columns
    numeric = any(isinstance(c, float) for row in cells.rows for c in row)
    return {
        "published": f"table of {n_rows} × {n_columns} cells",
        "here": f"{n - different} of {n} cells agree",
        "difference": largest if numeric else None,
        "tolerance": min(filter(math.isfinite, tolerances)) if numeric else None,
        "verdict": DIFFERS if different else BASES[figure.basis],
        "cells": n,
        "cells_different": different,
        "largest_at": largest_at,
        "first_different": first,
    }


def _cell_text(cell: object, beside: object = None) -> str:
    """The content of a cell for a message, kept short but told apart from `beside`."""
    if _is_missing(cell):
        return "nothing"
    if isinstance(cell, float):
        other = beside if isinstance(beside, float) else math.nan
        digits = 6
        while digits < 17 and cell != other and f"{cell:.{digits}g}" == f"{other:.{digits}g}":
            digits += 1
        return f"{cell:.{digits}g}"
    text = str(cell)
    return repr(text if len(text) <= 40 else text[:37] + "...") if isinstance(cell, str) else text


def _grid(figure: PublishedFigure, here: object, shape: tuple[int, int]) -> list[list[Any]]:
    """What was given, as rows of cells."""
    if isinstance(here, str | bytes) or not hasattr(here, "__iter__"):
        raise NotComparable(
            f"The figure {figure.figure!r} is a table, and what is given is a "
            f"{type(here).__name__}.",
            remedy="Give a data frame, an array or a list of rows.",
        )
    if hasattr(here, "columns"):
        from dmpkit.tables import to_pandas

        return [list(row) for row in to_pandas(here).itertuples(index=False, name=None)]
    rows: Sequence[Any] = here.tolist() if hasattr(here, "tolist") else list(here)
    if any(isinstance(row, Sequence) and not isinstance(row, str) for row in rows):
        if all(isinstance(row, Sequence) and not isinstance(row, str) for row in rows):
            return [list(row) for row in rows]
        raise NotComparable(f"The table given for {figure.figure!r} mixes rows and single cells.")
    return [list(rows)] if shape[0] == 1 and shape[1] > 1 else [[cell] for cell in rows]


def _check_shape(
    figure: PublishedFigure, shape: tuple[int, int], grid: Sequence[Sequence[Any]]
) -> None:
    widths = {len(row) for row in grid}
    if len(widths) > 1:
        raise NotComparable(f"The table given for {figure.figure!r} has rows of different lengths.")
    got = len(grid), next(iter(widths), 0)
    if got == shape:
        return
    remedy = "Give the same rows and columns, label columns included."
    if got == (shape[0] - 1, shape[1]):
        remedy = "Does the range include the line of column names? Start it one row below."
    elif got[0] == shape[0] and got[1] == shape[1] - 1:
        remedy = "Is the column of labels in the range? Then give it too, or start to its right."
    raise NotComparable(
        f"The figure {figure.figure!r} has {shape[0]} rows and {shape[1]} columns "
        f"({figure.file}, {figure.range or 'all'}); what is given has {got[0]} and {got[1]}.",
        remedy=remedy,
    )


def _tolerances(figure: PublishedFigure, cells: CellRange) -> list[float]:
    """One tolerance a column: the stated one, or half a unit of its finest digit."""
    if figure.tolerance is not None:
        return [figure.tolerance] * cells.shape[1]
    tolerances = []
    for j in range(cells.shape[1]):
        written = [
            row[j].strip()
            for row, values in zip(cells.written, cells.rows, strict=True)
            if isinstance(values[j], float)
        ]
        tolerances.append(min((half_unit(text) for text in written), default=math.inf))
    return tolerances


def _compare_cell(
    published: Cell, written: str, here: Any, tolerance: float
) -> tuple[bool, float | None]:
    """Whether a cell agrees, and the size of its difference where both are numbers."""
    if hasattr(here, "item"):
        here = here.item()
    if _is_missing(here) or published is None:
        return published is None and _is_missing(here), None
    if isinstance(here, bool) or isinstance(published, bool):
        return written.strip().lower() == str(here).lower(), None
    if isinstance(here, str):
        return here == written, None
    if not isinstance(published, float):
        return False, None
    try:
        number = float(here)
    except (TypeError, ValueError):
        return False, None
    return _agrees(published, number, tolerance), _clean(number - published, published)


def _is_missing(value: object) -> bool:
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float) and math.isnan(value)
