"""What the rotation panel shows: the picture of two factors, the loadings, the steps.

Plain text of SVG and HTML, made without a drawing library, so that it follows a
slider. Everything that comes from data is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from dmpkit.plotting import GREY, INK, PALETTE
from dmpkit.qmethod.arrays import Bools, Floats
from dmpkit.qmethod.judgemental import RotationLog
from dmpkit.reporting import escape

__all__ = ["legend", "loadings_html", "picture", "steps_html"]

SIZE = 520  # pixels of the picture, which scales
EDGE = 34
LABELLED = 90  # with more sorts, only flagged ones are labelled
_FONT = 11.0
_BEFORE = "#00684d"
_HALO = 'paint-order="stroke" stroke="#fff" stroke-width="2"'
# places tried for a label: how far around from the outward direction, how far away, what it costs
_RING = np.array([step * math.pi / 8 * way for step in range(9) for way in (1, -1)])
_TURNS, _AWAY = np.tile(_RING, 3), np.repeat([8.0, 13.0, 20.0], len(_RING))
_EFFORT = 2.0 * np.abs(_TURNS) + 3.0 * (_AWAY - 8.0)
#: Kind of a sort to shape, fill and outline.
_MARKS = {
    "x": ("square", PALETTE[0], PALETTE[0]),
    "y": ("triangle", PALETTE[1], PALETTE[1]),
    "both": ("cross", INK, INK),
    "other": ("diamond", "#fff", GREY),
    "none": ("circle", "#fff", INK),
}


def picture(
    points: Floats,
    labels: Sequence[str],
    kinds: Sequence[str],
    axes: tuple[str, str],
    critical: float,
    degrees: float = 0.0,
) -> str:
    """The sorts in the plane of two factors, as SVG.

    Parameters
    ----------
    points : ndarray, shape (p, 2)
        Loadings on the factor to the right and on the factor upwards.
    labels : sequence of str
    kinds : sequence of {"x", "y", "both", "other", "none"}
        On which factor each sort is flagged.
    axes : (str, str)
        Names of the two factors.
    critical : float
        Critical value of a loading, drawn as dotted lines.
    degrees : float
        The turn that is being tried; where the axes were before is drawn dashed.

    Returns
    -------
    str

    Examples
    --------
    >>> svg = picture(np.array([[0.8, 0.1]]), ["<b>"], ["x"], ("f1", "f2"), 0.34)
    >>> svg.startswith("<svg"), "<b>" in svg, "&lt;b&gt;" in svg
    (True, False, True)
    """
    reach = max(1.0, float(np.abs(points).max()) + 0.03)
    scale = (SIZE / 2 - EDGE) / reach
    at = SIZE / 2 + points * [scale, -scale]
    flagged = sum(kind != "none" for kind in kinds)
    alt = (
        f"{len(points)} sorts on {axes[0]} (to the right) and {axes[1]} (upwards), "
        f"{flagged} of them flagged; turned {degrees:g} degrees."
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE} {SIZE}" role="img" '
        f'aria-label="{escape(alt)}" style="width:100%;max-width:{SIZE}px;height:auto;'
        'background:#fff" font-family="DejaVu Sans, Verdana, sans-serif">',
        f'<rect width="{SIZE}" height="{SIZE}" fill="#fff"/>',
        _frame(axes, scale, critical),
        _old_axes(axes, degrees),
    ]
    for i, (x, y) in enumerate(at):
        title = f"{labels[i]}: {axes[0]} {points[i, 0]:.2f}, {axes[1]} {points[i, 1]:.2f}"
        parts.append(_mark(x, y, kinds[i], title))
    shown = [i for i in range(len(at)) if len(at) <= LABELLED or kinds[i] != "none"]
    parts += _labels(
        at, [labels[i] for i in shown], shown, _written(axes, scale, critical, degrees)
    )
    return "".join([*parts, "</svg>"])


def legend(axes: tuple[str, str], degrees: float = 0.0) -> str:
    """What the signs of the picture mean, as HTML.

    Parameters
    ----------
    axes : (str, str)
    degrees : float

    Examples
    --------
    >>> legend(("f1", "f2")).count("flagged")
    5
    """
    x, y = (escape(name) for name in axes)
    signs = (
        (PALETTE[0], "■", f"flagged on {x}"),
        (PALETTE[1], "▲", f"flagged on {y}"),
        (INK, "✕", "flagged on both"),
        (GREY, "◇", "flagged on another factor"),
        (INK, "○", "not flagged"),
    )
    words = [f'<span style="color:{ink}">{sign}</span> {text}' for ink, sign, text in signs]
    if degrees:
        words.append(f'<span style="color:{_BEFORE}">- -</span> axes before this turn')
    return f'<p style="line-height:1.4;margin:0 0 0.5em">{" &ensp;".join(words)}</p>'


def _frame(axes: tuple[str, str], scale: float, critical: float) -> str:
    middle, low, high = SIZE / 2, EDGE, SIZE - EDGE
    lines = [f'<path d="M{low} {middle}H{high}M{middle} {low}V{high}" stroke="{INK}" fill="none"/>']
    for side in (-critical, critical):
        a, b = middle + side * scale, middle - side * scale
        lines.append(
            f'<path d="M{a:.1f} {low}V{high}M{low} {b:.1f}H{high}" stroke="{GREY}" '
            'stroke-dasharray="1 3" fill="none"/>'
        )
    for value in (-1, -0.5, 0.5, 1):
        a, b, shown = middle + value * scale, middle - value * scale, _signed(value)
        lines.append(
            f'<path d="M{a:.1f} {middle - 3}v6M{middle - 3} {b:.1f}h6" stroke="{INK}"/>'
            f'<text x="{a:.1f}" y="{middle + 15}" text-anchor="middle" {_small()}>{shown}</text>'
            f'<text x="{middle - 6}" y="{b + 3.5:.1f}" text-anchor="end" {_small()}>{shown}</text>'
        )
    x, y = (escape(name) for name in axes)
    return "".join(lines) + (
        f'<text x="{high + 5}" y="{middle + 5}" font-size="14" font-weight="bold">{x}</text>'
        f'<text x="{middle}" y="{low - 8}" text-anchor="middle" font-size="14" '
        f'font-weight="bold">{y}</text>'
        f'<text x="{middle + critical * scale + 4:.1f}" y="{high - 2}" '
        f"{_small()}>critical level ±{critical:.2f}</text>"
    )


def _written(
    axes: tuple[str, str], scale: float, critical: float, degrees: float
) -> list[tuple[float, float, float, float]]:
    """Boxes of what is written already, which labels should not cover."""
    middle, high = SIZE / 2, SIZE - EDGE
    level = middle + critical * scale
    boxes: list[tuple[float, float, float, float]] = [(level, high - 12, level + 106, high)]
    if degrees:
        for (x, y), name in zip(_old_ends(degrees), axes, strict=True):
            half = 0.31 * _FONT * len(f"{name} before")
            boxes.append((x - half, y - 7, x + half, y + 7))
    return boxes


def _old_ends(degrees: float) -> list[tuple[float, float]]:
    """Where the names of the axes before the turn stand."""
    angle, middle, far = math.radians(degrees), SIZE / 2, (SIZE / 2 - EDGE) * 1.04
    turned = (angle, angle - math.pi / 2)
    return [(middle + math.cos(t) * far, middle + math.sin(t) * far) for t in turned]


def _old_axes(axes: tuple[str, str], degrees: float) -> str:
    """Where the axes were before the turn that is being tried."""
    if degrees == 0:
        return ""
    parts = []
    for name, (x, y) in zip(axes, _old_ends(degrees), strict=True):
        end_x, end_y = (SIZE / 2 + (end - SIZE / 2) / 1.04 for end in (x, y))
        parts.append(
            f'<path d="M{SIZE - end_x:.1f} {SIZE - end_y:.1f}L{end_x:.1f} {end_y:.1f}" '
            f'stroke="{_BEFORE}" stroke-dasharray="6 4" fill="none"/>'
            f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle" font-size="11" '
            f'fill="{_BEFORE}" {_HALO}>{escape(name)} before</text>'
        )
    return "".join(parts)


def _mark(x: float, y: float, kind: str, title: str) -> str:
    shape, fill, stroke = _MARKS[kind]
    s = 4.6
    paths = {
        "square": f"M{x - s:.1f} {y - s:.1f}h{2 * s}v{2 * s}h{-2 * s}z",
        "triangle": f"M{x:.1f} {y - 1.25 * s:.1f}l{1.15 * s:.2f} {2.1 * s:.2f}h{-2.3 * s:.2f}z",
        "diamond": f"M{x:.1f} {y - 1.2 * s:.1f}l{1.2 * s:.2f} {1.2 * s:.2f}l{-1.2 * s:.2f} "
        f"{1.2 * s:.2f}l{-1.2 * s:.2f} {-1.2 * s:.2f}z",
        "cross": f"M{x - s:.1f} {y - s:.1f}l{2 * s} {2 * s}m0 {-2 * s}l{-2 * s} {2 * s}",
        "circle": f"M{x - s:.1f} {y:.1f}a{s} {s} 0 1 0 {2 * s} 0a{s} {s} 0 1 0 {-2 * s} 0z",
    }
    width = 2.2 if shape == "cross" else 1.2
    return (
        f'<path d="{paths[shape]}" fill="{fill}" stroke="{stroke}" stroke-width="{width}">'
        f"<title>{escape(title)}</title></path>"
    )


def _labels(
    at: Floats,
    labels: Sequence[str],
    shown: Sequence[int],
    written: Sequence[tuple[float, float, float, float]],
) -> list[str]:
    """Each label beside its point, where it covers least of the others."""
    boxes = np.array([*((x - 6, y - 6, x + 6, y + 6) for x, y in at), *written])
    middle = SIZE / 2
    found = []
    # the outermost first: they decide how a viewpoint is read
    order = sorted(range(len(shown)), key=lambda i: -float(np.hypot(*(at[shown[i]] - middle))))
    for i in order:
        x, y = at[shown[i]]
        width, height = 0.62 * _FONT * len(labels[i]), _FONT
        lean = math.atan2(y - middle, x - middle)
        turns = lean + _TURNS
        across, along = np.cos(turns), np.sin(turns)
        left = x + _AWAY * across + (across - 1) / 2 * width
        top = y + _AWAY * along + (along - 1) / 2 * height
        tried = np.column_stack([left, top, left + width, top + height])
        covered = _overlaps(tried, boxes) + 40 * _outside(tried) + _EFFORT
        box = tried[int(covered.argmin())]
        boxes = np.vstack([boxes, box])
        found.append(
            f'<text x="{box[0]:.1f}" y="{box[3] - 2:.1f}" font-size="{_FONT:g}" '
            f'pointer-events="none" {_HALO}>{escape(labels[i])}</text>'
        )
    return found


def _overlaps(tried: Floats, boxes: Floats) -> Floats:
    across = np.minimum(tried[:, None, 2], boxes[:, 2]) - np.maximum(tried[:, None, 0], boxes[:, 0])
    along = np.minimum(tried[:, None, 3], boxes[:, 3]) - np.maximum(tried[:, None, 1], boxes[:, 1])
    return np.asarray((np.maximum(across, 0) * np.maximum(along, 0)).sum(axis=1))


def _outside(tried: Floats) -> Floats:
    below = np.maximum(2 - tried[:, :2], 0).sum(axis=1)
    return np.asarray(below + np.maximum(tried[:, 2:] - (SIZE - 2), 0).sum(axis=1))


def _small() -> str:
    return f'font-size="10" fill="{GREY}"'


def _signed(value: float) -> str:
    return f"{value:g}".replace("-", "\N{MINUS SIGN}")


def loadings_html(
    sorts: Sequence[str],
    factors: Sequence[str],
    loadings: Floats,
    flags: Bools,
    axes: Sequence[str] = (),
) -> str:
    """The loadings, flagged ones bold with a tick, as an HTML table.

    Parameters
    ----------
    sorts, factors : sequence of str
    loadings : ndarray, shape (p, k)
    flags : ndarray of bool, shape (p, k)
    axes : sequence of str
        Factors whose heading is underlined: those of the picture.

    Returns
    -------
    str

    Examples
    --------
    >>> html = loadings_html(["A&B"], ["f1"], np.array([[0.71]]), np.array([[True]]))
    >>> "A&amp;B" in html, "<b>0.71</b> ✓" in html
    (True, True)
    """
    cell = 'style="text-align:right;padding:1px 8px;font-variant-numeric:tabular-nums"'
    headings = "".join(
        f'<th scope="col" {cell}>{f"<u>{escape(name)}</u>" if name in axes else escape(name)}</th>'
        for name in factors
    )
    rows = []
    for i, sort in enumerate(sorts):
        cells = "".join(
            f"<td {cell}>{_loading(value, flagged)}</td>"
            for value, flagged in zip(loadings[i].tolist(), flags[i].tolist(), strict=True)
        )
        rows.append(
            f'<tr><th scope="row" style="text-align:left;padding:1px 8px;font-weight:normal">'
            f"{escape(sort)}</th>{cells}</tr>"
        )
    counts = "".join(f"<td {cell}>{count}</td>" for count in flags.sum(axis=0).tolist())
    return (
        '<div style="max-height:545px;overflow:auto" tabindex="0" role="region" '
        'aria-label="Loadings"><table style="border-collapse:collapse;line-height:1.35">'
        f'<thead><tr><th scope="col" style="text-align:left;padding:1px 8px">sort</th>{headings}'
        f"</tr></thead><tbody>{''.join(rows)}</tbody><tfoot><tr>"
        '<th scope="row" style="text-align:left;padding:4px 8px;font-weight:normal">flagged ✓</th>'
        f"{counts}</tr></tfoot></table></div>"
    )


def _loading(value: float, flagged: bool) -> str:
    shown = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
    return f"<b>{shown}</b> ✓" if flagged else f'{shown} <span aria-hidden="true">&emsp;</span>'


def steps_html(log: RotationLog, pending: bool) -> str:
    """The steps of a log as a list; a step that is still being tried is said to be so.

    Parameters
    ----------
    log : RotationLog
    pending : bool
        Whether the last step is.

    Examples
    --------
    >>> print(steps_html(RotationLog().invert("f1"), pending=False))
    <p>Steps from varimax</p><ol><li>f1 inverted (all signs reversed)</li></ol>
    """
    if not log.steps:
        return f"<p>No steps yet; these are the factors of the base, {escape(log.base)}.</p>"
    words = [escape(step.text) for step in log.steps]
    if pending:
        words[-1] += " <em>(being tried)</em>"
    listed = "".join(f"<li>{text}</li>" for text in words)
    return f"<p>Steps from {escape(log.base)}</p><ol>{listed}</ol>"
