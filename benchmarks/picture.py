"""Pictures of the results, readable without colour."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

INK, GREY, BLUE = "#111111", "#8a8a8a", "#1f4e79"
STYLE = {
    "font.size": 8,
    "font.family": "DejaVu Sans",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "dmpkit",
    "svg.fonttype": "none",
}


def seconds(value: float, _: Any = None) -> str:
    """A duration in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size * 0.9995:
            return f"{value / size:,.3g} {unit}"
    return f"{value:.1g} s"


def whole(value: float, _: Any = None) -> str:
    return f"{value:,.0f}"


def mebibytes(value: float, _: Any = None) -> str:
    return f"{value:,.0f} MiB"


def log_axis(axis: Any, low: float, high: float, shown: Any) -> None:
    """Ticks at powers of ten, and at 2 and 5 between them where the axis is short."""
    decades = np.log10(high / low)
    subs = (1.0,) if decades > 3 else (1.0, 3.0) if decades > 1.6 else (1.0, 2.0, 5.0)
    if decades < 0.5:
        subs = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
    axis.set_major_locator(LogLocator(subs=subs, numticks=20))
    axis.set_major_formatter(FuncFormatter(shown))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(LogLocator(subs=(), numticks=20))


def store(figure: Any, folder: Path, name: str) -> None:
    for kind in ("png", "svg"):
        plain = {"Software": None} if kind == "png" else {"Date": None, "Creator": None}
        figure.savefig(folder / f"{name}.{kind}", dpi=200, metadata=plain)
    plt.close(figure)


def comparison(table: pd.DataFrame, folder: Path) -> None:
    """Two columns of dots: CPU time and peak memory, ours full and the peer's open."""
    rows = table[table["theirs"].notna()].sort_values("ratio", ascending=False)
    place = np.arange(len(rows))[::-1]
    with mpl.rc_context(STYLE):
        figure, (left, right) = plt.subplots(
            1, 2, sharey=True, figsize=(8.6, 1.3 + 0.34 * len(rows)),
            gridspec_kw={"width_ratios": [1.5, 1]}, layout="constrained",
        )  # fmt: skip
        dots(left, rows, place, "ours", "theirs")
        dots(right, rows, place, "ours_peak", "theirs_peak")
        left.set_yticks(place, [label(row) for row in rows.itertuples()])
        left.set_xlabel("CPU time, best of the repetitions")
        right.set_xlabel("peak memory of the process (MiB)")
        for ax, shown, columns in (
            (left, seconds, ["ours", "theirs"]), (right, whole, ["ours_peak", "theirs_peak"])
        ):  # fmt: skip
            values = rows[columns].to_numpy(float)
            log_axis(ax.xaxis, np.nanmin(values), np.nanmax(values), shown)
        for y, ratio in zip(place, rows["ratio"], strict=True):
            left.text(
                1.01, y, f"×{times(ratio)}", transform=left.get_yaxis_transform(), va="center",
                ha="left", color=INK, fontsize=7,
            )  # fmt: skip
        left.text(1.01, place[0] + 0.75, "peer/ours", transform=left.get_yaxis_transform(),
                  va="center", ha="left", fontsize=6.5, color=GREY)  # fmt: skip
        figure.legend(
            *left.get_legend_handles_labels(), loc="outside upper left", ncols=3, frameon=False
        )
        store(figure, folder, "comparison")


def label(row: Any) -> str:
    text = textwrap.shorten(row.what, 68, placeholder=" …")
    return f"{text}\n{row.peer} {row.version}"


def times(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 9.5 else f"{ratio:.2g}"


def dots(ax: Any, rows: pd.DataFrame, place: np.ndarray, own: str, other: str) -> None:
    ours, theirs = rows[own].to_numpy(float), rows[other].to_numpy(float)
    here = (rows["where"] == "here").to_numpy()
    ax.hlines(place, np.fmin(ours, theirs), np.fmax(ours, theirs), color=GREY, lw=0.7, zorder=1)
    ax.scatter(ours, place, s=26, color=BLUE, zorder=3, label="dmpkit")
    ax.scatter(
        theirs[here], place[here], s=30, marker="s", facecolor="white", edgecolor=INK, lw=1.0,
        zorder=2, label="peer, same machine",
    )  # fmt: skip
    ax.scatter(
        theirs[~here], place[~here], s=34, marker="D", facecolor="white", edgecolor=INK, lw=1.0,
        zorder=2, label="R, stored figure of another run",
    )  # fmt: skip
    ax.set_xscale("log")
    ax.grid(axis="x", lw=0.4, color="#dddddd", zorder=0)
    ax.set_ylim(-0.8, len(rows) - 0.2)
    ax.tick_params(axis="y", length=0, labelsize=6.8)


def scaling(curve: str, points: pd.DataFrame, fits: pd.DataFrame, folder: Path) -> None:
    """Time and memory against size, with the fitted curve and what it misses by."""
    markers = ("o", "s", "^", "D", "v", "P", "X", "*")
    lines = ("-", "--", "-.", ":", (0, (1, 1)), (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 3)))
    with mpl.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.0), layout="constrained")
        for i, (series, part) in enumerate(points.groupby("series", sort=False)):
            look = {"color": INK if i % 2 else BLUE, "lw": 0.9}
            fit = fits[fits["series"] == series].iloc[0]
            x = part["size"].to_numpy(float)
            grid = np.geomspace(x.min(), x.max(), 60)
            left.plot(grid, predicted(fit, grid, "cpu"), ls=lines[i % 8], **look)
            for ax, column in ((left, "cpu"), (right, "peak")):
                ax.plot(
                    x, part[column], ls="" if column == "cpu" else lines[i % 8],
                    marker=markers[i % 8], ms=4.5, mfc="white" if i % 2 else BLUE, **look,
                    label=series,
                )  # fmt: skip
        for ax in (left, right):
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_xlabel(points["axis"].iloc[0])
            sizes = points["size"].to_numpy(float)
            log_axis(ax.xaxis, sizes.min(), sizes.max(), lambda v, _: f"{v:,.0f}")
            ax.grid(lw=0.4, color="#dddddd")
        left.set_ylabel("CPU time (line: fitted)")
        right.set_ylabel("peak memory of the process")
        log_axis(left.yaxis, points["cpu"].min(), points["cpu"].max(), seconds)
        log_axis(right.yaxis, points["peak"].min(), points["peak"].max(), mebibytes)
        if len(set(points["series"])) > 1:
            right.legend(frameon=False, fontsize=6.5)
        store(figure, folder, f"scaling-{curve}")


def predicted(fit: Any, size: np.ndarray, what: str) -> np.ndarray:
    """``a + b · size ** e``."""
    return fit[f"{what}_start"] + fit[f"{what}_each"] * size ** fit[f"{what}_power"]
