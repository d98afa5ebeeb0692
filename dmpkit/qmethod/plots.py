"""Pictures of a Q analysis: they draw what its tables say.

Every function takes the analysis, and ``ax=None``; it returns the axes and
gives them a text alternative. Nothing is told by colour alone: markers, filled
or open, frames, weights and symbols say the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.plotting import MARKERS, PALETTE, mark_synthetic, new_axes, set_alt, style
from dmpkit.qmethod.arrays import factor_position
from dmpkit.qmethod.composite import (
    ELLIPSIS,
    LINE,
    PADDING,
    CompositeLayout,
    GridColumn,
    fit_texts,
    grid_columns,
    shortened,
    text_width,
    wrap,
)
from dmpkit.qmethod.data import signed
from dmpkit.qmethod.flags import FlagRule

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from numpy.typing import NDArray

    from dmpkit.qmethod.analysis import QAnalysis

__all__ = [
    "plot_composite",
    "plot_correlations",
    "plot_loadings",
    "plot_scree",
    "plot_z_scores",
]

INK, GREY, SHADE, PALE = plotting.INK, plotting.GREY, "#e6e6ea", "#b8b8be"
_LABEL_AT_MOST = 10  # longer labels of statements are drawn as text, with their number


# -- what is common --------------------------------------------------------------


def short_labels(analysis: QAnalysis) -> tuple[list[str], list[str]]:
    """What stands for each statement where room is short, and its wording.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    labels, texts : list of str
        A long label counts as wording, and the statement's number stands for it.
    """
    sorts = analysis.sorts
    labels = list(sorts.statements)
    texts = list(sorts.texts) or [""] * len(labels)
    if max(map(len, labels)) > _LABEL_AT_MOST:
        texts = [text or label for text, label in zip(texts, labels, strict=True)]
        labels = [str(i) for i in range(1, len(labels) + 1)]
    return labels, texts


def distinguishing_positions(analysis: QAnalysis, factor: str, level: float) -> set[int]:
    """Positions of the statements that distinguish a factor at a level.

    Parameters
    ----------
    analysis : QAnalysis
    factor : str
    level : float
    """
    if analysis.n_factors < 2:
        return set()
    return _positions(analysis, analysis.distinguishing(factor, level=level)["statement"])


def consensus_positions(analysis: QAnalysis, level: float) -> set[int]:
    """Positions of the consensus statements: no pair of factors differs at the level.

    Parameters
    ----------
    analysis : QAnalysis
    level : float
    """
    if analysis.n_factors < 2:
        return set()
    return _positions(analysis, analysis.consensus(level=level)["statement"])


def _positions(analysis: QAnalysis, labels: Any) -> set[int]:
    place = {label: i for i, label in enumerate(analysis.sorts.statements)}
    return {place[str(label)] for label in labels}


def _list(words: Sequence[str]) -> str:
    return ", ".join(words) if words else "none"


# -- the composite sort ------------------------------------------------------------


def plot_composite(
    analysis: QAnalysis,
    factor: str | int,
    *,
    texts: Literal["fit", "full", "none"] = "fit",
    levels: tuple[float, float] = (0.05, 0.01),
    ax: Axes | None = None,
) -> Axes:
    """A factor's composite sort, drawn as the grid the participants filled.

    Columns are the values of the distribution; each cell is a statement, the
    highest z-score of a column on top. Distinguishing statements have a heavy
    frame, a shaded cell and a star at the label (two at the stricter level);
    consensus statements have a dashed frame and the sign ≈. Where tied z-scores
    put more statements into a column than the grid has places (R's rule for
    ties), the heading of the column says so and places left over stay empty.

    Parameters
    ----------
    analysis : QAnalysis
    factor : str or int
        ``"f1"``, ``"f2"`` …, or its number from 1.
    texts : {"fit", "full", "none"}
        Wording of the statements: ``fit`` shortens what does not fit a
        landscape A4 page in a font of 5 points, ``full`` lets the picture grow
        instead, ``none`` shows labels only.
    levels : (float, float)
        Levels of significance for one star (and for consensus) and for two.
    ax : Axes, optional
        Where to draw; its frame and scales are replaced.

    Returns
    -------
    Axes
        Its coordinates are points.

    Raises
    ------
    DataError
        When the factor does not exist or has no flagged sorts.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> ax = plot_composite(qm.analyse(sorts, 2), "f1")
    >>> ax.get_title(loc="left")
    'Composite sort of f1'
    """
    i = factor_position(analysis.factors, factor)
    name = analysis.factors[i]
    if texts not in ("fit", "full", "none"):
        raise DataError(f"texts is {texts!r}.", remedy="Use 'fit', 'full' or 'none'.")
    columns = grid_columns(
        analysis.score_array[:, i], analysis.z_array[:, i], analysis.sorts.distribution
    )
    labels, wording = short_labels(analysis)
    if texts == "none" or not any(wording):
        wording = []
    weak = distinguishing_positions(analysis, name, levels[0])
    strong = distinguishing_positions(analysis, name, levels[1])
    marks = _marks(labels, weak, strong, consensus_positions(analysis, levels[0]))
    layout, ax = _composite_layout(columns, marks, wording, texts, ax)
    with style():
        _draw_grid(ax, columns, layout, marks, wording, weak, strong)
        _frame_composite(ax, columns, layout, f"Composite sort of {name}")
        _composite_key(ax, columns, layout, levels, analysis.n_factors)
    return _described(analysis, ax, _composite_alt(name, columns, labels, weak, marks))


def _described(analysis: QAnalysis, ax: Axes, alt: str) -> Axes:
    """The axes with their text alternative, marked where the sorts are synthetic."""
    set_alt(ax, alt)
    return mark_synthetic(ax) if analysis.sorts.synthetic else ax


def _marks(labels: Sequence[str], weak: set[int], strong: set[int], same: set[int]) -> list[str]:
    """The label of every statement with its sign."""
    signs = {**dict.fromkeys(same, "≈"), **dict.fromkeys(weak, "*"), **dict.fromkeys(strong, "**")}
    return [f"{label}{signs.get(i, '')}" for i, label in enumerate(labels)]


def _composite_layout(
    columns: Sequence[GridColumn],
    marks: Sequence[str],
    wording: Sequence[str],
    texts: str,
    ax: Axes | None,
) -> tuple[CompositeLayout, Axes]:
    n_rows = max(max(len(c.statements), c.places) for c in columns)
    if ax is not None:
        box = ax.get_window_extent()
        points = 72 / ax.figure.dpi
        width, height = box.width * points / len(columns), box.height * points
    elif wording:
        width, height = min(756 / len(columns), 150.0), 462.0
    else:
        width, height = _plain_cell(marks, len(columns))[0], 26.0 * n_rows
    if wording:
        layout = fit_texts(columns, marks, wording, width, height, shorten=texts != "full")
    else:
        layout = _plain_layout(columns, marks, width, height / n_rows, n_rows)
    if ax is None:
        ax = _axes_in_points(width * len(columns), float(layout.tops[-1]))
    return layout, ax


def _plain_cell(marks: Sequence[str], n_columns: int) -> tuple[float, float]:
    """Width of a cell that holds a label alone, and the label's font size."""
    widest = max(text_width(mark, 10.0, "bold") for mark in marks) + 4 * PADDING
    width = min(max(widest, 34.0), 640 / n_columns)
    return width, 10.0 * min(1.0, width / widest)


def _plain_layout(
    columns: Sequence[GridColumn], marks: Sequence[str], width: float, height: float, n_rows: int
) -> CompositeLayout:
    widest = max(text_width(mark, 10.0, "bold") for mark in marks) + 3 * PADDING
    size = min(10.0, 10.0 * width / widest, 0.6 * height)
    return CompositeLayout(size, width, (height,) * n_rows, ((),) * len(marks), 0)


def _axes_in_points(width: float, height: float) -> Axes:
    """Axes on a figure of their own with exactly this size, and room for title and key."""
    left, right, above, below = 8.0, 8.0, 44.0, 40.0
    total = (max(width, 330.0) + left + right, height + above + below)
    ax = new_axes((total[0] / 72, total[1] / 72))
    ax.figure.set_layout_engine("none")  # type: ignore[union-attr]
    ax.set_position((left / total[0], below / total[1], width / total[0], height / total[1]))
    return ax


def _draw_grid(
    ax: Axes,
    columns: Sequence[GridColumn],
    layout: CompositeLayout,
    marks: Sequence[str],
    wording: Sequence[str],
    weak: set[int],
    strong: set[int],
) -> None:
    from matplotlib.patches import Rectangle

    tops = layout.tops
    for c, column in enumerate(columns):
        x = c * layout.width
        for row in range(max(len(column.statements), column.places)):
            y, height = float(tops[row]), layout.heights[row]
            if row >= len(column.statements):
                empty = Rectangle((x + 1, y + 1), layout.width - 2, height - 2, fc="none")
                ax.add_patch(empty)
                empty.set(ec=PALE, lw=0.6, ls=":")
                continue
            i = column.statements[row]
            heavy = i in weak or i in strong
            dashed = marks[i].endswith("≈")
            inset = 1.6 if heavy else 1.0
            cell = Rectangle(
                (x + inset, y + inset),
                layout.width - 2 * inset,
                height - 2 * inset,
                fc=SHADE if heavy else "white",
                ec=INK if heavy or dashed else GREY,
                lw=1.7 if heavy else 0.9 if dashed else 0.6,
                ls=(0, (4, 2)) if dashed else "-",
            )
            ax.add_patch(cell)
            if wording:
                _cell_with_text(ax, x, y, layout, marks[i], layout.lines[i])
            else:
                ax.text(
                    x + layout.width / 2,
                    y + height / 2,
                    marks[i],
                    size=layout.size,
                    weight="bold" if heavy else "normal",
                    ha="center",
                    va="center",
                )


def _cell_with_text(
    ax: Axes, x: float, y: float, layout: CompositeLayout, mark: str, lines: Sequence[str]
) -> None:
    """The label in bold, the wording after it and below."""
    left, size = x + PADDING + 1, layout.size
    step = size * LINE
    base = y + PADDING + 0.95 * size
    ax.text(left, base, mark, size=size, weight="bold", va="baseline")
    indent = text_width(mark, size, "bold") + 0.55 * size
    for k, line in enumerate(lines):
        start = left + (indent if k == 0 else 0)
        ax.text(start, base + k * step, line, size=size, va="baseline", parse_math=False)


def _frame_composite(
    ax: Axes, columns: Sequence[GridColumn], layout: CompositeLayout, title: str
) -> None:
    ax.set(xlim=(0, layout.width * len(columns)), ylim=(float(layout.tops[-1]), 0))
    centres = [layout.width * (c + 0.5) for c in range(len(columns))]
    ax.xaxis.tick_top()
    size = 9.0
    while size > 6 and any(text_width(c.heading, size, "bold") > layout.width for c in columns):
        size -= 0.5
    ax.set_xticks(
        centres,
        [c.heading.replace("-", "\N{MINUS SIGN}") for c in columns],
        weight="bold",
        size=size,
    )
    ax.tick_params(axis="x", length=0, pad=3)
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    ax.set_title(title, pad=8)


def _composite_key(
    ax: Axes,
    columns: Sequence[GridColumn],
    layout: CompositeLayout,
    levels: tuple[float, float],
    n_factors: int,
) -> None:
    parts = []
    if n_factors > 1:
        parts.append(
            f"* distinguishing at p < {_p(levels[0])}, ** at p < {_p(levels[1])} (heavy frame)\n"
            f"≈ consensus: no two factors differ at p < {_p(levels[0])} (dashed frame)"
        )
    if any(len(c.statements) != c.places for c in columns):
        parts.append("Tied z-scores: some columns hold more or fewer statements than places.")
    if layout.shortened:
        parts.append(f"{layout.shortened} texts are shortened ({ELLIPSIS}).")
    ax.annotate(
        "\n".join(parts),
        (0, 0),
        xycoords="axes fraction",
        xytext=(1, -5),
        textcoords="offset points",
        va="top",
        size=7,
        color=INK,
        annotation_clip=False,
    )


def _p(level: float) -> str:
    """A level as papers print it: ``.05``."""
    return f"{level:g}".removeprefix("0")


def _composite_alt(
    factor: str,
    columns: Sequence[GridColumn],
    labels: Sequence[str],
    weak: set[int],
    marks: Sequence[str],
) -> str:
    ends = {
        where: _list([labels[i] for i in column.statements])
        for where, column in (("highest", columns[-1]), ("lowest", columns[0]))
    }
    same = [labels[i] for i, mark in enumerate(marks) if mark.endswith("≈")]
    return (
        f"Composite sort of {factor}: {len(labels)} statements in {len(columns)} columns from "
        f"{signed(columns[0].value)} to {signed(columns[-1].value)}. Highest column: statements "
        f"{ends['highest']}; lowest column: {ends['lowest']}. Distinguishing: "
        f"{_list([labels[i] for i in sorted(weak)])}. Consensus: {_list(same)}."
    )


# -- z-scores -----------------------------------------------------------------------


def plot_z_scores(
    analysis: QAnalysis,
    *,
    order: str | int = "spread",
    level: float = 0.05,
    ax: Axes | None = None,
) -> Axes:
    """Z-scores of every statement on every factor, one row a statement.

    A filled marker says that the statement distinguishes that factor: its
    z-score differs from that on each other factor at the level. The sign ≈
    marks consensus statements. Wordings take two lines where one is too short;
    what is longer still is cut (…).

    Parameters
    ----------
    analysis : QAnalysis
    order : str or int
        ``"spread"`` (the widest range of z-scores on top), a factor (its
        highest z-score on top), or ``"statement"`` (as in the data).
    level : float
        Level of significance.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        For an unknown order, and when no factor has scores.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> ax = plot_z_scores(qm.analyse(sorts, 2), order="f1")
    >>> [label.get_text() for label in ax.get_yticklabels()][:3]
    ['1', '3', '2 ≈']
    """
    z = analysis.z_array
    scored = [k for k in range(analysis.n_factors) if np.all(np.isfinite(z[:, k]))]
    if not scored:
        raise DataError("No factor has scores.", remedy="Flag at least one sort.")
    names = analysis.factors
    rows = statement_order(analysis, order)
    same = consensus_positions(analysis, level)
    labels, size, ax = _row_labels(analysis, rows, same, ax)
    with style():
        y = np.arange(len(rows))
        ax.hlines(
            y, z[rows][:, scored].min(axis=1), z[rows][:, scored].max(axis=1), color=PALE, lw=1
        )
        ax.axvline(0, color=GREY, lw=0.8)
        for k in scored:
            own = distinguishing_positions(analysis, names[k], level)
            full = np.array([i in own for i in rows])
            for part, face in ((~full, "white"), (full, PALETTE[k % len(PALETTE)])):
                ax.plot(
                    z[rows, k][part],
                    y[part],
                    ls="none",
                    marker=MARKERS[k % len(MARKERS)],
                    ms=5,
                    mec=PALETTE[k % len(PALETTE)],
                    mfc=face,
                    mew=1.1,
                )
        _z_frame(ax, labels, size, [(names[k], k) for k in scored], level)
    top, bottom = (analysis.sorts.statements[rows[j]] for j in (0, -1))
    how = {"spread": "the widest differences on top", "statement": "in the order of the data"}
    return _described(
        analysis,
        ax,
        f"Z-scores of {len(rows)} statements on {len(scored)} factors, "
        f"{how.get(str(order), f'ordered by {order}')}: first {top}, last {bottom}. "
        f"Filled markers: distinguishing at p < {_p(level)}. Consensus statements: "
        f"{_list([analysis.sorts.statements[i] for i in sorted(same)])}.",
    )


def statement_order(analysis: QAnalysis, order: str | int) -> NDArray[np.intp]:
    """Positions of the statements in the order in which a plot shows them.

    Parameters
    ----------
    analysis : QAnalysis
    order : str or int
        ``"spread"``, ``"statement"`` or a factor.
    """
    z = analysis.z_array
    if order == "statement":
        return np.arange(z.shape[0])
    if order == "spread":
        scored = z[:, np.all(np.isfinite(z), axis=0)]
        return np.argsort(-np.ptp(scored, axis=1), kind="stable")
    try:
        by = factor_position(analysis.factors, order)
    except DataError:
        raise DataError(
            f"Statements cannot be ordered by {order!r}.",
            remedy=f"Use 'spread', 'statement' or one of {', '.join(analysis.factors)}.",
        ) from None
    return np.argsort(-z[:, by], kind="stable")


def _row_labels(
    analysis: QAnalysis, rows: NDArray[np.intp], same: set[int], ax: Axes | None
) -> tuple[list[str], float, Axes]:
    """Wording and label of each row, the font, and axes with room for them.

    Rows are two lines high where a wording needs two, and the font shrinks as far
    as many rows on one page ask for.
    """
    labels, texts = short_labels(analysis)
    marks = [f"{label}{' ≈' if i in same else ''}" for i, label in enumerate(labels)]
    size = 6.5
    lines = [_two_lines(texts[i], marks[i], size) for i in rows]
    pitch = _row_height(size, max(map(len, lines)))
    if ax is not None:
        room = float(ax.get_window_extent().height) / ax.figure.dpi / len(rows)
        if room < pitch:
            lines = [_two_lines(texts[i], marks[i], size, most=1) for i in rows]
    else:
        while size > 4.5 and _ROOM_ABOVE + pitch * len(rows) > _PAGE_HEIGHT:
            size -= 0.25
            lines = [_two_lines(texts[i], marks[i], size) for i in rows]
            pitch = _row_height(size, max(map(len, lines)))
        ax = new_axes((7.6 if any(texts) else 7.2, _ROOM_ABOVE + pitch * len(rows)))
    return ["\n".join(row) for row in lines], size, ax


_ROOM_ABOVE, _PAGE_HEIGHT = 1.15, 11.6  # inches


def _row_height(size: float, lines: int) -> float:
    """Inches from row to row."""
    return 0.155 if lines < 2 else (2 * LINE + 0.25) * size / 72


def _two_lines(text: str, mark: str, size: float, most: int = 2) -> tuple[str, ...]:
    """A wording in one line or two, the label after it; what is too long is cut."""
    room = 3.6 * 72 - text_width(f"  {mark}", size)
    lines = wrap(text, room, size) if text else ("",)
    if len(lines) > most:
        lines = (*lines[: most - 1], shortened(" ".join(lines[most - 1 :]), room, size))
    elif len(lines) == 2:  # of about the same length
        narrower = (wrap(text, share * room, size) for share in (0.55, 0.65, 0.75, 0.85))
        lines = next((pair for pair in narrower if len(pair) == 2), lines)
    return (*lines[:-1], f"{lines[-1]}  {mark}".strip())


def _z_frame(
    ax: Axes,
    labels: Sequence[str],
    size: float,
    factors: Sequence[tuple[str, int]],
    level: float,
) -> None:
    from matplotlib.lines import Line2D

    ax.set_yticks(range(len(labels)), labels, size=size, parse_math=False, linespacing=1.0)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=True, axis="x")
    ax.set_axisbelow(True)
    ax.set_xlabel(
        f"z-score\nfilled: distinguishes the factor at p < {_p(level)};  ≈ consensus", size=7.5
    )
    keys = [
        Line2D([], [], ls="none", marker=MARKERS[k % len(MARKERS)], color=PALETTE[k % len(PALETTE)])
        for _, k in factors
    ]
    ax.legend(
        keys,
        [name for name, _ in factors],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(factors),
        handletextpad=0.1,
        columnspacing=1.0,
        borderaxespad=0.2,
    )


# -- loadings ---------------------------------------------------------------------------


def plot_loadings(
    analysis: QAnalysis,
    x: str | int | None = None,
    y: str | int | None = None,
    *,
    ax: Axes | None = None,
) -> Axes:
    """Loadings of the sorts on two factors.

    The marker's shape says on which factor a sort is flagged. Dotted lines show
    the critical level of a loading, *c* / √n with *n* statements.

    Parameters
    ----------
    analysis : QAnalysis
    x, y : str or int, optional
        The two factors; by default the first two that are not halves of the same one.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When a factor does not exist, both are the same, or there is only one.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> ax = plot_loadings(qm.analyse(sorts, 2))
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('loading on f1', 'loading on f2')
    """
    x, y = first_two(analysis, x, y)
    i, j = (factor_position(analysis.factors, name) for name in (x, y))
    if i == j:
        raise DataError(f"Both axes are {x}.", remedy="Name two different factors.")
    ax = ax if ax is not None else new_axes((5.6, 5.9))
    points = analysis.loading_array[:, [i, j]]
    rule = analysis.flag_rule or FlagRule()
    critical = rule.threshold(analysis.sorts.n_statements, analysis.profile)
    kinds = _loading_kinds(analysis.flag_array, i, j, x, y)
    with style():
        for line in (ax.axhline, ax.axvline):
            line(0, color=GREY, lw=0.8, zorder=1)
            for side in (-critical, critical):
                line(side, color=GREY, lw=0.8, ls=":", zorder=1)
        for name, (marker, face, edge, chosen) in kinds.items():
            if chosen.any():
                ax.scatter(
                    points[chosen, 0],
                    points[chosen, 1],
                    marker=marker,
                    s=34,
                    fc=face,
                    ec=edge,
                    lw=1,
                    label=name,
                    zorder=3,
                )
        low, high = _loading_limits(points, critical)
        ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        ax.set_xlabel(f"loading on {x}")
        ax.set_ylabel(f"loading on {y}")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, borderaxespad=0.1)
        level = ax.annotate(
            f"critical level ±{critical:.2f}", (high, critical), xytext=(-1, 2),
            textcoords="offset points", size=6.5, color=GREY, ha="right", va="bottom",
        )  # fmt: skip
        place_labels(ax, points, analysis.sorts.sorts, avoid=[level])
    counts = ", ".join(f"{int(kind[3].sum())} {name}" for name, kind in kinds.items())
    return _described(
        analysis,
        ax,
        f"Loadings of {len(points)} sorts on {x} and {y}; critical level {critical:.2f}. "
        f"Sorts: {counts}.",
    )


def first_two(
    analysis: QAnalysis, x: str | int | None = None, y: str | int | None = None
) -> tuple[str, str]:
    """Two factors to draw: those named, else the first ones on different axes.

    Parameters
    ----------
    analysis : QAnalysis
    x, y : str or int, optional

    Raises
    ------
    DataError
        When there is only one factor, or none of that name.
    """
    names = analysis.factors
    first, second = (None if f is None else names[factor_position(names, f)] for f in (x, y))
    if first is None:
        first = names[0] if second is None else _beside(analysis, second)
    return first, second if second is not None else _beside(analysis, first)


def _beside(analysis: QAnalysis, name: str) -> str:
    """The first factor on another axis; else the other half of the same one."""
    axis = {factor: j for factor, (j, _) in zip(analysis.factors, analysis.sides, strict=True)}
    others = [factor for factor in axis if axis[factor] != axis.get(name)]
    others += [factor for factor in axis if factor != name]
    if not others:
        raise DataError("A plane takes two factors; there is only one.", remedy="See .loadings.")
    return others[0]


def _loading_limits(points: NDArray[np.float64], critical: float) -> tuple[float, float]:
    """The same for both axes: up to 1, and down as far as points and critical level ask."""
    low = min(float(points.min()), -critical) - 0.06
    high = max(float(points.max()) + 0.04, 1.0)
    return math.floor(10 * low) / 10, high


def _loading_kinds(
    flags: NDArray[np.bool_], i: int, j: int, x: str, y: str
) -> dict[str, tuple[str, str, str, NDArray[np.bool_]]]:
    """Legend text to marker, face, edge and the sorts it is for."""
    on_x, on_y = flags[:, i], flags[:, j]
    elsewhere = np.delete(flags, [i, j], axis=1).any(axis=1) & ~on_x & ~on_y
    return {
        f"flagged on {x}": ("s", PALETTE[0], PALETTE[0], on_x & ~on_y),
        f"flagged on {y}": ("^", PALETTE[1], PALETTE[1], on_y & ~on_x),
        "flagged on both": ("X", INK, INK, on_x & on_y),
        "flagged on another factor": ("D", "white", GREY, elsewhere),
        "not flagged": ("o", "white", INK, np.asarray(~flags.any(axis=1))),
    }


def place_labels(
    ax: Axes,
    points: NDArray[np.float64],
    labels: Sequence[str],
    *,
    size: float = 6.5,
    avoid: Sequence[Text] = (),
) -> None:
    """Write a label beside each point so that labels and points overlap as little as can be.

    Each label tries places around its point, near ones first, and takes the one
    that covers least of other points and of labels already written. A label that
    stands apart from its point gets a thin line to it.

    Parameters
    ----------
    ax : Axes
        Its scales are final.
    points : ndarray, shape (m, 2)
        In data coordinates.
    labels : sequence of str
    size : float
        Font size.
    avoid : sequence of Text
        Texts on the axes that labels should not cover.
    """
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]
    scale = 72 / ax.figure.dpi
    at = ax.transData.transform(points) * scale
    frame = ax.get_window_extent()
    bounds = np.array([frame.x0, frame.y0, frame.x1, frame.y1]) * scale
    taken: list[tuple[float, float, float, float]] = [
        (px - 3.2, py - 3.2, px + 3.2, py + 3.2) for px, py in at
    ]
    for text in avoid:
        box = text.get_window_extent()
        taken.append((box.x0 * scale, box.y0 * scale, box.x1 * scale, box.y1 * scale))
    middle = at.mean(axis=0)
    # crowded points first: they have the fewest places left
    crowd = [np.sum(np.hypot(*(at - p).T) < 25) for p in at]
    for i in sorted(range(len(at)), key=lambda i: (-crowd[i], i)):
        width, height = text_width(labels[i], size), 0.75 * size
        place, far = _best_place(at[i], width, height, taken, bounds, at[i] - middle)
        taken.append(place)
        ax.annotate(
            labels[i],
            points[i],
            xytext=(place[0] + 1 - at[i][0], place[1] + 1 - at[i][1]),
            textcoords="offset points",
            size=size,
            va="baseline",
            zorder=4,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.5, "shrinkA": 0, "shrinkB": 3}
            if far
            else None,
        )


def _best_place(
    point: NDArray[np.float64],
    width: float,
    height: float,
    taken: Sequence[tuple[float, float, float, float]],
    bounds: NDArray[np.float64],
    outward: NDArray[np.float64],
) -> tuple[tuple[float, float, float, float], bool]:
    best: tuple[float, tuple[float, float, float, float], bool] | None = None
    lean = math.atan2(outward[1], outward[0])
    for distance in (0.0, 5.0, 11.0, 18.0, 26.0):
        for step in range(16):
            turn = (step + 1) // 2 * (1 if step % 2 else -1)
            angle = lean + turn * math.pi / 8
            dx, dy = math.cos(angle), math.sin(angle)
            reach = 4.5 + distance
            x = point[0] + dx * reach + (dx - 1) / 2 * (width + 2)
            y = point[1] + dy * reach + (dy - 1) / 2 * (height + 2)
            box = (x, y, x + width + 2, y + height + 2)
            cost = distance * 0.35 + 6 * sum(_overlap(box, other) for other in taken)
            cost += 50 * _outside(box, bounds)
            if best is None or cost < best[0] - 1e-9:
                best = (cost, box, distance >= 5)
    assert best is not None  # noqa: S101 - the loop has run
    return best[1], best[2]


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    across = min(a[2], b[2]) - max(a[0], b[0])
    along = min(a[3], b[3]) - max(a[1], b[1])
    return across * along if across > 0 and along > 0 else 0.0


def _outside(box: Sequence[float], bounds: NDArray[np.float64]) -> float:
    low = np.maximum(bounds[:2] - np.array(box[:2]), 0).sum()
    high = np.maximum(np.array(box[2:]) - bounds[2:], 0).sum()
    return float(low + high)


# -- eigenvalues ----------------------------------------------------------------------------


def plot_scree(analysis: QAnalysis, *, ax: Axes | None = None) -> Axes:
    """Eigenvalues of the correlation matrix from the largest to the smallest.

    Filled markers are the factors that were kept; the dashed line stands at 1,
    the eigenvalue of a single sort (Kaiser's and Guttman's bound).

    Parameters
    ----------
    analysis : QAnalysis
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> ax = plot_scree(qm.analyse(sorts, 2))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['kept (2)', 'not kept']
    """
    values = np.asarray(analysis.eigenvalue_array, dtype=np.float64)
    kept = analysis.n_factors
    ax = ax if ax is not None else new_axes((5.6, 3.4))
    number = np.arange(1, len(values) + 1)
    with style():
        ax.axhline(1, color=GREY, lw=0.9, ls="--", zorder=1)
        ax.plot(number, values, color=INK, lw=1, zorder=2)
        for part, face, name in (
            (slice(0, kept), PALETTE[0], f"kept ({kept})"),
            (slice(kept, None), "white", "not kept"),
        ):
            ax.plot(
                number[part], values[part], ls="none", marker="o", ms=5, mfc=face, mec=PALETTE[0],
                label=name, zorder=3,
            )  # fmt: skip
        ax.annotate(
            "eigenvalue 1", (1, 1), xycoords=("axes fraction", "data"), xytext=(0, 2),
            textcoords="offset points", ha="right", va="bottom", size=7, color=GREY,
        )  # fmt: skip
        ax.xaxis.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
        ax.set(xlabel="factor", ylabel="eigenvalue")
        ax.set_xlim(0.5, len(values) + 0.5)
        ax.set_ylim(bottom=min(0.0, float(values.min())) - 0.02 * float(values.max()))
        ax.legend(loc="upper right")
    above = int(np.sum(values > 1))
    shown = ", ".join(f"{value:.2f}" for value in values[: max(kept + 2, 5)])
    return _described(
        analysis,
        ax,
        f"Scree plot of {len(values)} eigenvalues, {above} of them above 1 and {kept} factors "
        f"kept. The first are {shown}.",
    )


# -- correlations ---------------------------------------------------------------------------------


def plot_correlations(analysis: QAnalysis, *, ax: Axes | None = None) -> Axes:
    """Heat map of the correlations between sorts, the sorts of a factor side by side.

    Sorts stand under the factor on which they are flagged, else under the one
    on which they load highest; within it by falling loading. Lines separate the
    factors. Negative correlations are hatched.

    Parameters
    ----------
    analysis : QAnalysis
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> ax = plot_correlations(qm.analyse(sorts, 2))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['sort1', 'sort2', 'sort3', 'sort4']
    """
    order, home = sort_order(analysis)
    matrix = np.asarray(analysis.correlation_matrix)[np.ix_(order, order)]
    names = [analysis.sorts.sorts[i] for i in order]
    p = len(names)
    ax = ax if ax is not None else new_axes(_heat_map_size(p))
    plotting.heat_map(
        matrix,
        names,
        names,
        limits=(-1.0, 1.0),
        annotate=p <= 14,
        label=f"{analysis.correlation.capitalize()} correlation",
        ax=ax,
    )
    with style():
        size = 8 if p <= 16 else max(4.5, min(7.5, 270 / p))
        ax.tick_params(axis="both", labelsize=size)
        ax.tick_params(axis="x", rotation=90)
        _mark_factors(ax, home[order], analysis.factors)
    between = matrix[~np.eye(p, dtype=bool)]
    return _described(
        analysis,
        ax,
        f"Heat map of the {analysis.correlation.capitalize()} correlations between {p} sorts, "
        f"ordered by factor; they run from {between.min():.2f} to {between.max():.2f}, "
        f"{int(np.sum(between < 0) // 2)} of {p * (p - 1) // 2} are negative.",
    )


def _heat_map_size(p: int) -> tuple[float, float]:
    side = min(7.0, 2.0 + 0.36 * p)
    return side, side * 0.88


def sort_order(analysis: QAnalysis) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Sorts side by side with those of their factor, and the factor of each sort.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    order : ndarray of int, shape (p,)
        Positions of the sorts.
    home : ndarray of int, shape (p,)
        Position of the factor on which a sort is flagged, else of its highest
        absolute loading, in the order of the data.
    """
    loadings = np.abs(analysis.own_loadings)
    flags = analysis.flag_array
    weight = np.where(flags, loadings + 10.0, loadings)  # a flag goes before any loading
    home = weight.argmax(axis=1)
    signed_loading = analysis.loading_array[np.arange(len(home)), home]
    order = np.lexsort((-signed_loading, home))
    return order, home


def _mark_factors(ax: Axes, home: NDArray[np.intp], names: Sequence[str]) -> None:
    edges = [int(edge) for edge in np.flatnonzero(np.diff(home)) + 1]
    for edge in edges:
        ax.axhline(edge, color=INK, lw=1.2)
        ax.axvline(edge, color=INK, lw=1.2)
    for start, end in zip([0, *edges], [*edges, len(home)], strict=True):
        ax.annotate(
            names[home[start]],
            ((start + end) / 2, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            size=8,
            weight="bold",
            annotation_clip=False,
        )
