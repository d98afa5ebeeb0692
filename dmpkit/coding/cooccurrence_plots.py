"""Co-occurrence drawn: a heat map, and a network whose widths and sizes are stated."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, INK, PALETTE, heat_map, new_axes, set_alt, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from dmpkit.coding.cooccurrence import Cooccurrence

__all__ = ["plot_code_network", "plot_cooccurrence", "short_labels"]

#: Codes beyond which a network cannot be read.
MOST_NODES = 60
MOST_ROWS = 80


def short_labels(codes: Sequence[str], width: int = 34) -> list[str]:
    """Codes without the path above them where that is unique, cut where too long.

    Examples
    --------
    >>> short_labels(["A/Time", "B/Time", "A/Money"])
    ['A/Time', 'B/Time', 'Money']
    """
    last = [code.rsplit("/", 1)[-1] for code in codes]
    named = [own if last.count(own) == 1 else code for own, code in zip(last, codes, strict=True)]
    return [name if len(name) <= width else f"{name[: width - 1]}…" for name in named]


def plot_cooccurrence(
    result: Cooccurrence, value: str = "c_coefficient", *, ax: Axes | None = None
) -> Axes:
    """Every code by every code as shades, like codes beside one another.

    The order is that of the leaves of a tree (average linkage of ``1 − value``), so
    that groups of codes stand together; pairs that never occur together are empty.

    Parameters
    ----------
    result : Cooccurrence
    value : {"c_coefficient", "jaccard", "n_12"}
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        For fewer than 2 or more than 80 codes, or an unknown value.
    """
    cells = result.matrix(value).drop(columns="code").to_numpy(np.float64).copy()
    n = len(result.codes)
    if not 2 <= n <= MOST_ROWS:
        raise DataError(
            f"{n} codes make no heat map that can be read.",
            remedy=f"Choose 2 to {MOST_ROWS} codes, or say level=1.",
        )
    np.fill_diagonal(cells, np.nan)
    order = _leaf_order(np.nan_to_num(cells))
    cells = cells[np.ix_(order, order)]
    shown = np.where(cells > 0, cells, np.nan)
    if np.isnan(shown).all():
        shown[0, 0] = 0.0  # a scale needs a number
    labels = short_labels([result.codes[i] for i in order])
    wide = 2.6 + 0.27 * n + 0.06 * max(map(len, labels))
    ax = ax if ax is not None else new_axes((max(wide, 4.2), max(wide - 0.9, 3.2)))
    words = {"c_coefficient": "c-coefficient", "jaccard": "Jaccard index", "n_12": "n_12"}
    heat_map(
        shown, labels, labels, limits=(0.0, float(np.nanmax(shown)) or 1.0),
        annotate=n <= 14, digits=0 if value == "n_12" else 2, label=words[value], ax=ax,
    )  # fmt: skip
    with style():
        ax.tick_params(axis="x", rotation=90)
    top = result.pairs.head(1)
    said = (
        f" The strongest pair is {top['code_1'].iloc[0]} with {top['code_2'].iloc[0]}."
        if len(top) else " No two codes occur together."
    )  # fmt: skip
    return set_alt(
        ax, f"Heat map of the {words[value]} of {n} codes by {result.unit}, ordered so that codes "
        f"that occur together stand together; {len(result.pairs)} pairs do.{said}",
    )  # fmt: skip


def _leaf_order(likeness: NDArray[np.float64]) -> list[int]:
    """Codes in the order of the leaves of an average-linkage tree."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    n = len(likeness)
    if n < 3:
        return list(range(n))
    top = float(likeness.max()) or 1.0
    apart = 1 - np.clip((likeness + likeness.T) / (2 * top), 0, 1)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=True)
    return [int(i) for i in leaves_list(tree)]


def plot_code_network(
    result: Cooccurrence,
    *,
    value: str = "c_coefficient",
    at_least: int = 1,
    seed: int = 1,
    ax: Axes | None = None,
) -> Axes:
    """Codes as circles, joined where they occur together.

    A circle's area grows with the number of the code's segments, a line's width with
    `value`; both scales stand in the legend. The place of a circle comes from a spring
    layout (Fruchterman & Reingold 1991) with a seed: closeness suggests, but does not
    measure, co-occurrence.

    Parameters
    ----------
    result : Cooccurrence
    value : {"c_coefficient", "jaccard", "n_12"}
        What the lines' widths say.
    at_least : int
        Pairs that occur together less often (`n_12`) are left out.
    seed : int
        Of the layout.
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When no pair is left, or more than 60 codes are.
    """
    known = result.matrix(value)  # says which values there are
    pairs = result.pairs[(result.pairs["n_12"] >= at_least)]
    pairs = pairs[np.isfinite(pairs[value]) & (pairs[value] > 0)]
    pairs = pairs.sort_values(value, ascending=False, kind="stable", ignore_index=True)
    used = [code for code in known["code"] if code in {*pairs["code_1"], *pairs["code_2"]}]
    if not len(pairs) or len(used) > MOST_NODES:
        raise DataError(
            f"{len(used)} codes with {len(pairs)} pairs make no network that can be read.",
            remedy=f"Choose at most {MOST_NODES} codes, say level=1, or change at_least.",
        )
    places = _layout(used, pairs, value, seed)
    side = 5.2 + 0.11 * len(used)
    ax = ax if ax is not None else new_axes((side + 2.0, side))
    _draw_edges(ax, places, pairs, value)
    sizes = _node_areas(result, used)
    with style():
        xy = np.array([places[code] for code in used])
        ax.scatter(xy[:, 0], xy[:, 1], s=sizes, color=PALETTE[4], ec=INK, lw=0.8, zorder=3)
        ax.set_axis_off()
        ax.set_xlim(-1.25, 1.25)
        ax.set_ylim(-1.15, 1.15)
        _legend(ax, result, used, pairs, value)
    _place_labels(ax, xy, short_labels(used), sizes)
    first = pairs.iloc[0]
    left_out = len(result.codes) - len(used)
    return set_alt(
        ax,
        f"Network of {len(used)} codes joined by {len(pairs)} pairs that occur together by "
        f"{result.unit}; the strongest is {first['code_1']} with {first['code_2']} "
        f"({value.replace('_', ' ')} {first[value]:.2f}); {left_out} codes join no other and are "
        "not drawn.",
    )


def _layout(
    codes: Sequence[str], pairs: pd.DataFrame, value: str, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Places in the square from -1 to 1, islands kept in the picture."""
    import networkx as nx  # type: ignore[import-untyped]

    graph = nx.Graph()
    graph.add_nodes_from(codes)
    top = float(pairs[value].max())
    for a, b, weight in zip(pairs["code_1"], pairs["code_2"], pairs[value], strict=True):
        graph.add_edge(a, b, weight=0.15 + float(weight) / top)
    found = nx.spring_layout(
        graph, seed=int(seed), k=2.4 / np.sqrt(len(codes)), iterations=200, weight="weight"
    )
    xy = np.array([found[code] for code in codes])
    span = np.ptp(xy, axis=0)
    xy = 2 * (xy - xy.min(axis=0)) / np.where(span > 0, span, 1) - 1
    return dict(zip(codes, _pushed_apart(xy), strict=True))


def _pushed_apart(xy: NDArray[np.float64], least: float = 0.26) -> NDArray[np.float64]:
    """Places moved until no two are nearer than a circle and its label need."""
    places = xy.copy()
    least = min(least, 1.6 / np.sqrt(len(places)))
    for _ in range(80):
        gap = places[:, None] - places[None]
        far = np.hypot(gap[..., 0], gap[..., 1])
        np.fill_diagonal(far, np.inf)
        short = np.maximum(least - far, 0)
        if not (short > 1e-6).any():
            break
        unit = gap / np.maximum(far, 1e-9)[..., None]
        places += 0.5 * (unit * np.where(np.isfinite(far), short, 0)[..., None]).sum(axis=1)
        places = np.clip(places, -1.05, 1.05)
    return places


def _node_areas(result: Cooccurrence, used: Sequence[str]) -> NDArray[np.float64]:
    n = np.array([result.segments[result.codes.index(code)] for code in used], dtype=np.float64)
    return np.asarray(30 + 470 * n / n.max(), dtype=np.float64)


def _widths(values: NDArray[np.float64], top: float) -> NDArray[np.float64]:
    return 0.4 + 5.6 * values / top


def _draw_edges(
    ax: Axes, places: dict[str, NDArray[np.float64]], pairs: pd.DataFrame, value: str
) -> None:
    from matplotlib.collections import LineCollection

    lines = [(places[a], places[b]) for a, b in zip(pairs["code_1"], pairs["code_2"], strict=True)]
    widths = _widths(pairs[value].to_numpy(np.float64), float(pairs[value].max()))
    ax.add_collection(LineCollection(lines, linewidths=widths, colors=GREY, alpha=0.55, zorder=1))


def _legend(
    ax: Axes, result: Cooccurrence, used: Sequence[str], pairs: pd.DataFrame, value: str
) -> None:
    """What an area and a width stand for."""
    from matplotlib.lines import Line2D

    n = [int(result.segments[result.codes.index(code)]) for code in used]
    top = float(pairs[value].max())
    handles: list[Any] = []
    for count in dict.fromkeys((max(n), max(max(n) // 4, 1))):
        size = np.sqrt(30 + 470 * count / max(n))
        handles.append(
            Line2D([], [], ls="none", marker="o", ms=float(size), mfc=PALETTE[4], mec=INK,
                   label=f"{count} segment{'s' if count != 1 else ''}")
        )  # fmt: skip
    for share in dict.fromkeys((top, top / 4)):
        shown = f"{share:.0f}" if value == "n_12" and share >= 1 else f"{share:.2f}"
        handles.append(
            Line2D([], [], color=GREY, lw=float(_widths(np.array([share]), top)[0]),
                   label=f"{value.replace('_', ' ')} {shown}")
        )  # fmt: skip
    ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.0, 1.0), labelspacing=1.4,
        borderpad=0.8, handlelength=2.4,
    )  # fmt: skip


def _place_labels(
    ax: Axes, xy: NDArray[np.float64], labels: Sequence[str], sizes: NDArray[np.float64]
) -> None:
    """Labels below, above, right or left of their circle, where they cover least."""
    figure = ax.figure
    with style():
        texts = [
            ax.text(
                x, y, textwrap.fill(label, 18), fontsize=7.5, ha="center", va="center", zorder=5
            )
            for (x, y), label in zip(xy, labels, strict=True)
        ]
        figure.draw_without_rendering()  # type: ignore[union-attr]
        renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
        points = ax.transData.transform(xy)
        radius = np.sqrt(sizes) / 2 * figure.dpi / 72
        circles = [(x - r, y - r, x + r, y + r) for (x, y), r in zip(points, radius, strict=True)]
        taken: list[tuple[float, float, float, float]] = []
        back = ax.transData.inverted()
        frame = ax.get_window_extent(renderer)
        for i in np.argsort(-sizes):
            box = texts[i].get_window_extent(renderer)
            best = min(
                _around(points[i], radius[i], box.width, box.height),
                key=lambda place, i=i: _cost(place, taken, circles, i, frame),  # type: ignore[misc]
            )
            taken.append(best)
            middle = ((best[0] + best[2]) / 2, (best[1] + best[3]) / 2)
            texts[i].set_position(back.transform(middle))
            texts[i].set_bbox({"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.6})


def _around(
    point: NDArray[np.float64], radius: float, width: float, height: float
) -> list[tuple[float, float, float, float]]:
    """Boxes around a circle in the order of preference."""
    x, y = point
    found = []
    for extra in (2.0, 12.0, 24.0):
        near = radius + extra
        for dx, dy in (
            (0, -near - height / 2), (0, near + height / 2), (near + width / 2, 0),
            (-near - width / 2, 0), (near * 0.7 + width / 2, -near * 0.7 - height / 2),
            (-near * 0.7 - width / 2, -near * 0.7 - height / 2),
            (near * 0.7 + width / 2, near * 0.7 + height / 2),
            (-near * 0.7 - width / 2, near * 0.7 + height / 2),
        ):  # fmt: skip
            found.append(
                (x + dx - width / 2, y + dy - height / 2, x + dx + width / 2, y + dy + height / 2)
            )
    return found


def _cost(
    box: tuple[float, float, float, float],
    taken: Sequence[tuple[float, float, float, float]],
    circles: Sequence[tuple[float, float, float, float]],
    own: int,
    frame: Any,
) -> float:
    """Area covered of other labels and circles, and what stands outside the picture."""
    cost = 8 * sum(_shared(box, other) for other in taken)
    cost += 3 * sum(_shared(box, other) for i, other in enumerate(circles) if i != own)
    inside = _shared(box, (frame.x0, frame.y0, frame.x1, frame.y1))
    return cost + 10 * ((box[2] - box[0]) * (box[3] - box[1]) - inside)


def _shared(
    one: tuple[float, float, float, float], two: tuple[float, float, float, float]
) -> float:
    wide = min(one[2], two[2]) - max(one[0], two[0])
    high = min(one[3], two[3]) - max(one[1], two[1])
    return max(wide, 0.0) * max(high, 0.0)
