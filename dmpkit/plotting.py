"""One look for all figures, and the shapes that several methods share.

Colours are told apart by colour-blind readers (Okabe & Ito 2008) and are never
the only sign: marker, hatch, line style or a direct label says the same. Every
plot function takes ``ax=None`` and returns the axes, and gives the picture a
text alternative with :func:`set_alt`.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from dmpkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

__all__ = [
    "HATCHES",
    "LINES",
    "MARKERS",
    "PALETTE",
    "alluvial",
    "alt_text",
    "dot_plot",
    "dumbbell",
    "heat_map",
    "mark_synthetic",
    "new_axes",
    "save",
    "set_alt",
    "show",
    "small_multiples",
    "style",
    "to_png",
]

#: Okabe and Ito's colours, darkest and most different first.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7F7F7F")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++", "oo", "--")
LINES = ("-", "--", ":", "-.", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))

#: Dots per inch of a picture in a notebook.
SCREEN_DPI = 110

INK = "#1d1d1f"
GREY = "#6e6e73"

_RC: dict[str, Any] = {
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.color": INK,
    "ytick.color": INK,
    "text.color": INK,
    "text.hinting": "none",  # letters as wide as they are printed, at any resolution
    "legend.fontsize": 8,
    "legend.frameon": False,
    "grid.color": "#d9d9de",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "hatch.linewidth": 0.6,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    "svg.hashsalt": "dmpkit",
    "pdf.fonttype": 42,
}

_ALT: WeakKeyDictionary[Any, str] = WeakKeyDictionary()


#: Fonts with Chinese, Japanese and Korean letters, which DejaVu Sans does not have.
_EAST_ASIAN_FONTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK TC", "Noto Sans CJK KR"),
    *("Source Han Sans", "Droid Sans Fallback", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("Microsoft YaHei", "Microsoft JhengHei", "Yu Gothic", "Malgun Gothic"),
    *("PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo", "Arial Unicode MS"),
)


@contextmanager
def style() -> Iterator[None]:
    """Draw with dmpkit's look; the user's own settings come back afterwards.

    Letters that the font does not have are taken from an East Asian font where one is
    installed.
    """
    import matplotlib as mpl

    look: Any = {**_RC, "font.family": _fonts()}
    with mpl.rc_context(look):
        yield


@cache
def _fonts() -> tuple[str, ...]:
    """The font, and those that are installed for letters it does not have."""
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return "DejaVu Sans", *(name for name in _EAST_ASIAN_FONTS if name in there)


def new_axes(figsize: tuple[float, float] = (6.4, 4.0)) -> Axes:
    """Axes on a figure of their own, in dmpkit's look.

    The figure is not registered with pyplot, so nothing is drawn onto it by
    accident and nothing stays in memory; show it with :func:`show`, or as the
    last value of a cell.

    Parameters
    ----------
    figsize : (float, float)
        Width and height in inches.

    Examples
    --------
    >>> new_axes((4, 3)).figure.get_size_inches().tolist()
    [4.0, 3.0]
    """
    with style():
        return _new_figure(figsize).add_subplot(axes_class=_shown_axes())


def _new_figure(figsize: tuple[float, float]) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=figsize, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


@cache
def _shown_axes() -> type[Axes]:
    """Axes that a notebook shows as a picture when they are the last value of a cell."""
    from matplotlib.axes import Axes

    class ShownAxes(Axes):
        def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
            try:
                alt = alt_text(self)
            except DataError:
                alt = ""
            data = {"image/png": to_png(self, dpi=SCREEN_DPI), "text/plain": alt or repr(self)}
            return data, {"image/png": {"alt": alt}} if alt else {}

    return ShownAxes


def _axes(ax: Axes | None, figsize: tuple[float, float]) -> Axes:
    return new_axes(figsize) if ax is None else ax


def set_alt(ax: Axes, text: str) -> Axes:
    """Give a picture its text alternative: what is seen, in a sentence or two."""
    _ALT[ax] = " ".join(text.split())
    return ax


def mark_synthetic(ax: Axes) -> Axes:
    """Write *synthetic data* onto a picture and into its text alternative.

    Behind the title where there is one, else at the upper right; a picture that is
    marked already stays as it is.

    Examples
    --------
    >>> ax = mark_synthetic(set_alt(new_axes(), "Two dots."))
    >>> ax.get_title(loc="right"), alt_text(ax)
    ('synthetic data', 'Synthetic data. Two dots.')
    """
    if _ALT.get(ax, "").startswith("Synthetic data."):
        return ax
    place = next((loc for loc in ("left", "center") if ax.get_title(loc=loc)), None)
    with style():
        if place:
            ax.set_title(f"{ax.get_title(loc=place)} (synthetic data)", loc=place)  # type: ignore[arg-type]
        else:
            ax.set_title("synthetic data", loc="right", fontsize=8, fontweight="normal", color=GREY,
                         pad=_above_legend(ax))  # fmt: skip
    if ax in _ALT:
        set_alt(ax, f"Synthetic data. {_ALT[ax]}")
    return ax


def _above_legend(ax: Axes) -> float:
    """Points above the axes that keep clear of a legend which stands there."""
    legend = ax.get_legend()
    if legend is None:
        return 6.0
    box = legend.get_bbox_to_anchor().transformed(ax.transAxes.inverted())
    if box.y0 < 0.99:
        return 6.0
    columns = max(int(getattr(legend, "_ncols", 1)), 1)
    rows = -(-len(legend.get_texts()) // columns)
    return 8.0 + 13.0 * rows


def alt_text(picture: Axes | Figure) -> str:
    """The text alternative of axes, or of all axes of a figure.

    Raises
    ------
    DataError
        If none was set.

    Examples
    --------
    >>> alt_text(set_alt(new_axes(), "An empty picture."))
    'An empty picture.'
    """
    found = _ALT.get(picture)
    if found is None:
        figure = _figure(picture)
        found = _ALT.get(figure) or " ".join(_ALT[a] for a in figure.axes if a in _ALT)
    if not found:
        raise DataError(
            "The picture has no text alternative.",
            remedy="Set one with dmpkit.plotting.set_alt, or give alt=.",
        )
    return found


def _figure(picture: Axes | Figure) -> Figure:
    return getattr(picture, "figure", None) or picture  # type: ignore[return-value]


def _without_formulas(figure: Figure) -> None:
    """Dollars in labels are money: only ticks of matplotlib's own are set as formulas."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        said = text.get_text()
        if "$" in said and r"\$" not in said and r"\mathdefault" not in said:
            text.set_parse_math(False)


def to_png(picture: Axes | Figure, *, dpi: float = 160) -> bytes:
    """The picture as PNG bytes (the same picture gives the same bytes)."""
    buffer = io.BytesIO()
    _without_formulas(_figure(picture))
    with style():
        _figure(picture).savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def save(picture: Axes | Figure, path: str | os.PathLike[str], *, dpi: float = 300) -> None:
    """Save a picture whole or not at all.

    Parameters
    ----------
    picture : Axes or Figure
        What to save.
    path : path
        The ending (``.png .svg .pdf``) decides the format.
    dpi : float
        Dots per inch for PNG; 300 is what journals ask for.

    Raises
    ------
    DataError
        If the ending is not one of the three.
    """
    from pathlib import Path

    from dmpkit.tables import atomic_write

    kind = Path(path).suffix.lower().lstrip(".")
    dates = {"png": {"Software": None}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}
    if kind not in dates:
        raise DataError(f"Pictures cannot be saved as {kind!r}.", remedy="Use .png, .svg or .pdf.")
    _without_formulas(_figure(picture))
    with atomic_write(path) as target, style():
        _figure(picture).savefig(target, format=kind, dpi=dpi, metadata=dates[kind])


def show(picture: Axes | Figure, alt: str | None = None, *, dpi: float = SCREEN_DPI) -> None:
    """Show a picture in a notebook, its text alternative stored with it.

    Parameters
    ----------
    picture : Axes or Figure
        What to show.
    alt : str, optional
        Replaces the text alternative that the plot function gave.
    dpi : float
        Dots per inch on the screen.
    """
    import matplotlib.pyplot as plt
    from IPython.display import Image, display

    text = alt or alt_text(picture)
    png = to_png(picture, dpi=dpi)
    plt.close(_figure(picture))  # a pyplot figure would otherwise be shown twice
    display(Image(data=png, format="png", alt=text, metadata={"alt": text}))  # type: ignore[no-untyped-call]


# --- shapes that several methods share -------------------------------------------


def dot_plot(
    frame: pd.DataFrame,
    *,
    label: str,
    value: str,
    low: str | None = None,
    high: str | None = None,
    group: str | None = None,
    reference: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Dots with intervals, one row a label, one marker a group.

    Parameters
    ----------
    frame : DataFrame
        Long table, in the order in which the rows shall stand.
    label, value : str
        Columns with the row's label and the dot's position.
    low, high : str, optional
        Columns with the interval's ends; rows without an interval get none.
    group : str, optional
        Column whose values get a marker and a colour each.
    reference : float, optional
        A vertical line.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> ax = dot_plot(pd.DataFrame({"who": ["a", "b"], "x": [0.1, 0.4]}), label="who", value="x")
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['a', 'b']
    """
    labels = list(dict.fromkeys(frame[label]))
    ax = _axes(ax, (6.4, 0.9 + 0.26 * len(labels)))
    place = {name: row for row, name in enumerate(labels)}
    groups = list(dict.fromkeys(frame[group])) if group else [None]
    step = 0.5 / len(groups)
    with style():
        if reference is not None:
            ax.axvline(reference, color=GREY, lw=0.8)
        for i, name in enumerate(groups):
            part = frame if group is None else frame[frame[group] == name]
            y = [place[v] + (i - (len(groups) - 1) / 2) * step for v in part[label]]
            colour = PALETTE[i % len(PALETTE)]
            if low and high:
                ax.hlines(y, part[low], part[high], color=colour, lw=1.2)
            ax.plot(
                part[value],
                y,
                ls="none",
                marker=MARKERS[i % len(MARKERS)],
                color=colour,
                label=None if name is None else str(name),
            )
        _rows(ax, labels)
        ax.set_xlabel(value.replace("_", " "))
        if group:
            ax.legend(loc="upper left", bbox_to_anchor=(1, 1), title=group.replace("_", " "))
    return set_alt(
        ax,
        f"Dot plot of {value} for {len(labels)} rows, from {frame[value].min():.2f} "
        f"to {frame[value].max():.2f}.",
    )


def _rows(ax: Axes, labels: Sequence[object]) -> None:
    ax.set_yticks(range(len(labels)), [str(v) for v in labels])
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(visible=True, axis="y")
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)


def dumbbell(
    frame: pd.DataFrame,
    *,
    label: str,
    start: str,
    end: str,
    ax: Axes | None = None,
) -> Axes:
    """Two values a row, joined by a line: an open dot where it starts, a full one where it ends.

    Parameters
    ----------
    frame : DataFrame
        One row a label.
    label, start, end : str
        Columns.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"group": ["women"], "target": [0.51], "panel": [0.55]})
    >>> dumbbell(rows, label="group", start="target", end="panel").get_legend() is not None
    True
    """
    labels = list(frame[label])
    ax = _axes(ax, (6.4, 1.1 + 0.26 * len(labels)))
    y = range(len(labels))
    with style():
        ax.hlines(y, frame[start], frame[end], color=GREY, lw=1.2, zorder=1)
        ax.plot(frame[start], y, "o", mfc="white", mec=PALETTE[0], label=start.replace("_", " "))
        ax.plot(frame[end], y, "s", color=PALETTE[0], label=end.replace("_", " "))
        _rows(ax, labels)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    moved = (frame[end] - frame[start]).abs()
    most = labels[int(moved.to_numpy().argmax())] if moved.notna().any() else ""
    return set_alt(
        ax,
        f"Dumbbell plot of {start} against {end} for {len(labels)} rows; "
        f"the largest difference is {moved.max():.2f} ({most}).",
    )


def heat_map(
    matrix: ArrayLike,
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    *,
    limits: tuple[float, float] | None = None,
    annotate: bool | None = None,
    digits: int = 2,
    label: str = "",
    ax: Axes | None = None,
) -> Axes:
    """A matrix as shaded cells, with the numbers in them where they fit.

    Negative cells carry a hatch, so that sign and size survive a grey printer.

    Parameters
    ----------
    matrix : array, rows x columns
        NaN cells stay empty.
    row_labels, column_labels : sequence of str
        Shown at the left and below.
    limits : (float, float), optional
        Ends of the colour scale; symmetric about 0 when not given and any value
        is negative.
    annotate : bool, optional
        Write the numbers; by default up to 400 cells.
    digits : int
        Decimals of the numbers.
    label : str
        Name of the colour scale.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> ax = heat_map([[1.0, -0.2], [-0.2, 1.0]], ["a", "b"], ["a", "b"])
    >>> len(ax.texts)
    4
    """
    import numpy as np
    import seaborn as sns

    cells = np.asarray(matrix, dtype=np.float64)
    n_rows, n_columns = cells.shape
    ax = _axes(ax, (1.6 + 0.42 * n_columns, 1.2 + 0.32 * n_rows))
    signed = bool((cells < 0).any())
    if limits is None:
        top = float(np.nanmax(np.abs(cells))) or 1.0
        limits = (-top, top) if signed else (0.0, top)
    numbers = cells.size <= 400 if annotate is None else annotate
    with style():
        sns.heatmap(
            cells,
            ax=ax,
            vmin=limits[0],
            vmax=limits[1],
            cmap=sns.diverging_palette(245, 20, s=80, l=50, as_cmap=True) if signed else "Blues",
            annot=numbers,
            fmt=f".{digits}f",
            annot_kws={"size": 7},
            linewidths=0.5,
            linecolor="white",
            xticklabels=list(column_labels),
            yticklabels=list(row_labels),
            cbar_kws={"label": label, "shrink": 0.8},
        )
        if signed:
            _hatch_negative(ax, cells)
        ax.tick_params(axis="x", rotation=90 if n_columns > 6 else 0, length=0)
        ax.tick_params(axis="y", rotation=0, length=0)
    low, high = np.nanmin(cells), np.nanmax(cells)
    return set_alt(
        ax,
        f"Heat map of {n_rows} rows and {n_columns} columns{' of ' + label if label else ''}, "
        f"from {low:.{digits}f} to {high:.{digits}f}.",
    )


def _hatch_negative(ax: Axes, cells: Any) -> None:
    from matplotlib.patches import Rectangle

    for row, column in zip(*(cells < 0).nonzero(), strict=True):
        box = Rectangle((column, row), 1, 1, fill=False, hatch="////", ec="#00000026", lw=0)
        ax.add_patch(box)


def alluvial(
    flows: pd.DataFrame, *, source: str, target: str, count: str = "n", ax: Axes | None = None
) -> Axes:
    """Who moved where: two columns of blocks joined by bands.

    Parameters
    ----------
    flows : DataFrame
        One row a pair: source, target, count.
    source, target, count : str
        Columns.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> flows = pd.DataFrame({"before": ["A", "A"], "after": ["A", "B"], "n": [3, 1]})
    >>> alt_text(alluvial(flows, source="before", target="after"))
    'Alluvial plot of 4 units from before to after: A to A 3, A to B 1.'
    """
    ax = _axes(ax, (6.0, 4.2))
    total = float(flows[count].sum())
    gap = 0.03 * total
    names = list(dict.fromkeys([*flows[source], *flows[target]]))
    left = _stack(flows.groupby(source, sort=False)[count].sum().to_dict(), gap)
    right = _stack(flows.groupby(target, sort=False)[count].sum().to_dict(), gap)
    with style():
        for x, blocks, side in ((0.0, left, "right"), (1.0, right, "left")):
            for name, (bottom, height) in blocks.items():
                i = names.index(name)
                ax.bar(x, height, 0.06, bottom, color="white", ec=PALETTE[i % 8], lw=1.5,
                       hatch=HATCHES[i % 8])  # fmt: skip
                offset = -0.05 if side == "right" else 0.05
                ax.text(x + offset, bottom + height / 2, f"{name} ({height:g})", ha=side,
                        va="center", fontsize=8)  # fmt: skip
        _bands(ax, flows, source, target, count, left, right, names)
        ax.set_xticks([0, 1], [source, target])
        ax.set_xlim(-0.45, 1.45)
        ax.yaxis.set_visible(False)
        ax.spines[:].set_visible(False)
        ax.tick_params(axis="x", length=0)
    said = ", ".join(
        f"{a} to {b} {n:g}"
        for a, b, n in zip(flows[source], flows[target], flows[count], strict=True)
    )
    return set_alt(ax, f"Alluvial plot of {total:g} units from {source} to {target}: {said}.")


def _stack(heights: Mapping[Any, float], gap: float) -> dict[Any, tuple[float, float]]:
    """Bottom and height of blocks that stand upon each other, first on top."""
    placed, bottom = {}, 0.0
    for name, height in reversed(list(heights.items())):
        placed[name] = (bottom, float(height))
        bottom += height + gap
    return placed


def _bands(
    ax: Axes,
    flows: pd.DataFrame,
    source: str,
    target: str,
    count: str,
    left: Mapping[Any, tuple[float, float]],
    right: Mapping[Any, tuple[float, float]],
    names: Sequence[Any],
) -> None:
    import numpy as np

    ease = (1 - np.cos(np.linspace(0, math.pi, 40))) / 2
    x = np.linspace(0.03, 0.97, 40)
    tops = {name: sum(block) for name, block in left.items()}
    ends = {name: sum(block) for name, block in right.items()}
    for a, b, n in zip(flows[source], flows[target], flows[count], strict=True):
        upper = tops[a] + (ends[b] - tops[a]) * ease
        ax.fill_between(x, upper - n, upper, color=PALETTE[names.index(a) % 8], alpha=0.35, lw=0)
        tops[a] -= n
        ends[b] -= n


def small_multiples(
    n: int, *, n_columns: int = 3, size: tuple[float, float] = (2.4, 2.0)
) -> list[Axes]:
    """`n` axes of one size that share their scales, on one figure.

    Parameters
    ----------
    n : int
        How many.
    n_columns : int
        How many stand side by side.
    size : (float, float)
        Inches of each.

    Examples
    --------
    >>> len(small_multiples(4))
    4
    """
    columns = min(n, n_columns)
    rows = math.ceil(n / columns)
    with style():
        figure = _new_figure((size[0] * columns, size[1] * rows))
        grid = figure.subplots(
            rows,
            columns,
            sharex=True,
            sharey=True,
            squeeze=False,
            subplot_kw={"axes_class": _shown_axes()},
        )
        for spare in grid.flat[n:]:
            spare.set_visible(False)
    return list(grid.flat[:n])
