"""Picture of two raters side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.plotting import dumbbell, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.impact.raters import RaterComparison

__all__ = ["plot_raters"]

#: Rows of one picture.
MOST = 40


def plot_raters(
    comparison: RaterComparison,
    a: str | None = None,
    b: str | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """How far two raters see each recommendation, those on which they differ.

    An open dot is the first rater, a full square the second. At most 40
    recommendations are drawn, the furthest apart first; how many are alike or left
    out is written below.

    Parameters
    ----------
    comparison : RaterComparison
    a, b : str, optional
        Two raters; the first two when not given.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        Fewer than two raters, an unknown one, or no recommendation in common.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.impact.raters import raters
    >>> table = pd.DataFrame({"rec_id": ["R1", "R1"], "rater": ["a", "b"],
    ...     "rater_side": ["government", "independent"], "status": ["implemented", "decided"]})
    >>> [t.get_text() for t in plot_raters(raters(table)).get_yticklabels()]
    ['R1']
    """
    from dmpkit.impact.raters import GRADE_NAMES

    first, second = _two(comparison, a, b)
    known = comparison.ratings.dropna(subset=["grade"])
    wide = known.pivot(index="rec_id", columns="rater", values="grade")
    if not {first, second} <= set(wide.columns) or wide[[first, second]].dropna().empty:
        raise DataError(f"{first} and {second} graded no recommendation in common.")
    both = wide[[first, second]].dropna()
    gap = (both[second] - both[first]).abs()
    differ = both.assign(gap=gap)[gap > 0].sort_values(
        ["gap", first], ascending=False, kind="stable"
    )
    if differ.empty:
        raise DataError(f"{first} and {second} agree on all {len(both)} recommendations.")
    shown = differ.head(MOST).reset_index()
    axes = ax if ax is not None else new_axes((6.4, 1.5 + 0.26 * len(shown)))
    shown["rec_id"] = shown["rec_id"].astype(str)
    axes = dumbbell(shown, label="rec_id", start=first, end=second, ax=axes)
    left = len(differ) - len(shown)
    with style():
        axes.set_xticks(range(len(GRADE_NAMES)), GRADE_NAMES)
        axes.set_xlim(-0.3, len(GRADE_NAMES) - 0.7)
        below = f"{len(both) - len(differ)} of {len(both)} recommendations graded alike, not shown"
        if left:
            below += f"; {left} more differ"
        axes.set_xlabel(below, fontsize=8)
    return set_alt(axes, _words(first, second, len(both), np.asarray(differ["gap"]), left))


def _two(comparison: RaterComparison, a: str | None, b: str | None) -> tuple[str, str]:
    names = comparison.raters
    if len(names) < 2:
        raise DataError("There is one rater only.", remedy="Have a second one judge.")
    first = names[0] if a is None else a
    second = next(n for n in names if n != first) if b is None else b
    for name in (first, second):
        if name not in names:
            raise DataError(f"There is no rater {name!r}.", remedy=f"There are {', '.join(names)}.")
    if first == second:
        raise DataError("The two raters are the same.")
    return first, second


def _words(a: str, b: str, n: int, gaps: NDArray[Any], left: int) -> str:
    more = f" {left} of them are not drawn." if left else ""
    return (
        f"Dumbbell plot of how far {a} and {b} see recommendations, from nothing done to done. "
        f"They differ on {len(gaps)} of {n}, by up to {int(gaps.max())} grades.{more}"
    )
