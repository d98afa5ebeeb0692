"""Heat map of a crossing: gaps as shades, missing cells crossed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.plotting import INK, heat_map, new_axes, set_alt, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dmpkit.representativeness.intersections import Intersections

__all__ = ["plot_intersections", "plot_pairs"]

TIMES = " × "


def plot_intersections(
    result: Intersections, crossing: str | None = None, *, ax: Axes | None = None
) -> Axes:
    """Gaps of one crossing in points, one square a cell, the missing ones crossed out.

    The rows are the categories of the first variable (of all but the last where
    more are crossed), the columns those of the last. Over-represented cells have
    plain shades, under-represented ones hatched shades; a cell with nobody in the
    panel carries a cross and the members that would be expected; a combination
    that the population does not hold stays white.

    Parameters
    ----------
    result : Intersections
    crossing : str, optional
        As named in the table of crossings; the first when not given.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When there is no such crossing, or it has more than 80 rows.
    """
    names = list(result.crossings["crossing"])
    name = names[0] if crossing is None else crossing
    if name not in names:
        raise DataError(
            f"There is no crossing {name!r}.",
            remedy=f"There are {', '.join(map(repr, names[:12]))}.",
        )
    cells = result.cells[result.cells["crossing"] == name]
    rows, columns, gaps = _square(cells)
    if len(rows) > 80:
        raise DataError(
            f"The crossing {name} has {len(rows)} rows, too many to read.",
            remedy="Show a crossing of fewer variables; the table of missing cells holds all.",
        )
    width = 1.2 + 0.62 * len(columns) + 0.055 * max(map(len, rows))
    ax = ax if ax is not None else new_axes((max(4.2, width), 1.6 + 0.3 * len(rows)))
    top = float(np.nanmax(np.abs(gaps))) or 1.0
    heat_map(
        gaps, rows, columns, limits=(-top, top), digits=1, annotate=False,
        label="panel − population, points", ax=ax,
    )  # fmt: skip
    n_missing = _mark(ax, cells, rows, columns, gaps, top)
    variables = name.split(TIMES)
    with style():
        ax.set_xlabel(variables[-1])
        ax.set_ylabel(TIMES.join(variables[:-1]))
        tilted = max(map(len, columns)) > 9
        ax.tick_params(axis="x", rotation=90 if tilted else 0)
    return set_alt(
        ax,
        f"Heat map of {name}: gaps of {len(cells)} cells from {np.nanmin(gaps):.1f} to "
        f"{np.nanmax(gaps):.1f} points; {n_missing} cells have nobody in the panel and are "
        "crossed.",
    )


def _square(cells: pd.DataFrame) -> tuple[list[str], list[str], NDArray[np.float64]]:
    parts = [str(cell).rsplit(TIMES, 1) for cell in cells["cell"]]
    rows = list(dict.fromkeys(part[0] for part in parts))
    columns = list(dict.fromkeys(part[1] for part in parts))
    gaps = np.full((len(rows), len(columns)), np.nan)
    for (row, column), gap in zip(parts, cells["gap"], strict=True):
        gaps[rows.index(row), columns.index(column)] = 100 * gap
    return rows, columns, gaps


def _mark(
    ax: Axes,
    cells: pd.DataFrame,
    rows: list[str],
    columns: list[str],
    gaps: NDArray[np.float64],
    top: float,
) -> int:
    """Write the gap into each cell that has members, cross the others; how many were crossed."""
    n_missing = 0
    with style():
        for cell in cells.to_dict("records"):
            row, column = str(cell["cell"]).rsplit(TIMES, 1)
            y, x = rows.index(row), columns.index(column)
            gap = gaps[y, x]
            if cell["count"] == 0:
                n_missing += 1
                ax.plot([x, x + 1], [y, y + 1], color=INK, lw=0.9)
                ax.plot([x, x + 1], [y + 1, y], color=INK, lw=0.9)
            colour = "white" if abs(gap) > 0.65 * top and cell["count"] else INK
            ax.text(
                x + 0.5, y + 0.5, f"{gap:+.1f}", ha="center", va="center", fontsize=7,
                color=colour,
                bbox={"fc": "white", "ec": "none", "pad": 0.8} if not cell["count"] else None,
            )  # fmt: skip
    return n_missing


def plot_pairs(result: Intersections, *, ax: Axes | None = None) -> Axes:
    """Every pair of variables at a glance: population in cells where the panel has nobody.

    The number in a square is the population share, in per cent, of the pair's
    missing cells; a pair without missing cells shows a dot.

    Parameters
    ----------
    result : Intersections
        With crossings of two variables.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When crossings hold more than two variables.
    """
    if (result.crossings["variables"] != 2).any():
        raise DataError(
            "The picture of pairs needs crossings of two variables.", remedy="Use depth=2."
        )
    pairs = [str(name).split(TIMES) for name in result.crossings["crossing"]]
    rows = list(dict.fromkeys(pair[1] for pair in pairs))
    columns = list(dict.fromkeys(pair[0] for pair in pairs))
    missing = np.full((len(rows), len(columns)), np.nan)
    for (first, second), covered in zip(pairs, result.crossings["mass_covered"], strict=True):
        missing[rows.index(second), columns.index(first)] = max(0.0, 100 * (1 - covered))
    width = 2.2 + 0.46 * len(columns) + 0.05 * max(map(len, rows))
    ax = ax if ax is not None else new_axes((width, 1.9 + 0.34 * len(rows)))
    heat_map(
        missing, rows, columns, limits=(0.0, float(np.nanmax(missing)) or 1.0), annotate=False,
        label="population in missing cells, %", ax=ax,
    )  # fmt: skip
    top = float(np.nanmax(missing)) or 1.0
    with style():
        for (y, x), value in np.ndenumerate(missing):
            if not np.isnan(value):
                ax.text(
                    x + 0.5, y + 0.5, f"{value:.1f}" if value > 1e-9 else "·", ha="center",
                    va="center", fontsize=7, color="white" if value > 0.6 * top else INK,
                )  # fmt: skip
        ax.tick_params(axis="x", rotation=90 if max(map(len, columns)) > 6 else 0)
    full = int((np.nan_to_num(missing, nan=1.0) <= 1e-9).sum())
    return set_alt(
        ax,
        f"Grid of {len(pairs)} pairs of variables: population share of the cells without a panel "
        f"member, at most {np.nanmax(missing):.1f} per cent; {full} pairs have no missing cell.",
    )
