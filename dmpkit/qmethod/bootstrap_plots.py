"""Pictures of a bootstrap: they draw what its tables say."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.plotting import MARKERS, PALETTE, mark_synthetic, new_axes, set_alt, style
from dmpkit.qmethod.flags import FlagRule
from dmpkit.wording import cut

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.qmethod.bootstrap import QBootstrap

__all__ = [
    "caption_purpose",
    "plot_distinguishing",
    "plot_flags",
    "plot_loadings",
    "plot_stability",
    "plot_z_scores",
]

GREY, INK = plotting.GREY, plotting.INK
_MOST_ROWS = 90  # more sorts than this cannot be told apart in one picture
_LONGEST = 46
_SMALL = 6.5  # points of the caption
_CAPTION = "This shows stability to who sorted; it is not inference to a population."


def _statement_names(result: QBootstrap) -> dict[str, str]:
    sorts = result.analysis.sorts
    return {
        label: cut(name, _LONGEST)
        for label, name in zip(sorts.statements, sorts.labels_with_text, strict=True)
    }


def _row_limits(ax: Axes, labels: list[str]) -> None:
    ax.set_yticks(range(len(labels)), labels, parse_math=False)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.grid(visible=True, axis="y")
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)


def caption_purpose(ax: Axes) -> None:
    """Write below a picture what a bootstrap of a Q study is not.

    Parameters
    ----------
    ax : Axes
    """
    figure = ax.figure
    if figure.get_supxlabel():
        return  # the reader's own words stay
    width = int(figure.bbox.width / figure.dpi * 72 / (0.5 * _SMALL))
    figure.supxlabel(textwrap.fill(_CAPTION, width), fontsize=_SMALL, color=GREY, style="italic")


def _described(result: QBootstrap, ax: Axes, alt: str) -> Axes:
    """The axes with caption and text alternative, marked where the sorts are synthetic."""
    from dmpkit.qmethod.bootstrap import PURPOSE

    caption_purpose(ax)
    set_alt(ax, f"{alt} {PURPOSE}")
    return mark_synthetic(ax) if result.analysis.sorts.synthetic else ax


def _span(result: QBootstrap) -> str:
    return f"{100 * result.interval:g}% of {result.n_resamples:,} resamples"


def plot_z_scores(result: QBootstrap, *, ax: Axes | None = None) -> Axes:
    """Z-scores of all factors with intervals, one row a statement.

    Statements on which the factors differ most stand on top. The marker is the
    z-score of all sorts, the line the interval over the resamples.

    Parameters
    ----------
    result : QBootstrap
    ax : Axes, optional
        Where to draw.
    """
    a = result.analysis
    spread = np.ptp(np.nan_to_num(a.z_array), axis=1) if a.n_factors > 1 else a.z_array[:, 0]
    order = np.argsort(-spread, kind="stable")
    k, n = a.n_factors, a.sorts.n_statements
    ax = ax if ax is not None else new_axes((8.0, 1.1 + n * (0.13 + 0.075 * k)))
    table = result.z_scores
    names = _statement_names(result)
    labels = [names[a.sorts.statements[i]] for i in order]
    with style():
        ax.axvline(0, color=GREY, lw=0.8)
        for j, factor in enumerate(result.factors):
            part = table[table["factor"] == factor].iloc[order]
            y = np.arange(n) + (j - (k - 1) / 2) * 0.62 / k
            colour = PALETTE[j % len(PALETTE)]
            ax.hlines(y, part["low"], part["high"], color=colour, lw=1.3)
            ax.plot(part["z_score"], y, ls="none", marker=MARKERS[j % len(MARKERS)], ms=4.2,
                    color=colour, label=factor)  # fmt: skip
        _row_limits(ax, labels)
        for row in range(n - 1):
            ax.axhline(row + 0.5, color="#e6e6ea", lw=0.6, zorder=0)
        ax.grid(visible=False)
        ax.set_xlabel(f"z-score, with the interval of {_span(result)}")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=min(k, 8))
    said = ""
    if (errors := table["standard_error"].to_numpy()).size and not np.isnan(errors).all():
        widest = table.iloc[int(np.nanargmax(errors))]
        said = (
            f" The largest standard error is {widest['standard_error']:.2f} "
            f"(statement {widest['statement']} on {widest['factor']})."
        )
    return _described(
        result, ax, f"Z-scores of {n} statements on {k} factors with intervals.{said}"
    )


def plot_loadings(result: QBootstrap, *, ax: Axes | None = None) -> Axes:
    """Loadings with intervals, one row a sort, one column of the picture a factor.

    A full marker is a sort that is flagged on the factor, an open one is not;
    the number beside it is the per cent of the resamples with the sort in which
    it is flagged (from 1 per cent on). Dotted lines stand at the critical level.

    Parameters
    ----------
    result : QBootstrap
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When there are more sorts than a picture can show.
    """
    a = result.analysis
    p, k = a.sorts.n_sorts, a.n_factors
    if p > _MOST_ROWS:
        raise DataError(
            f"{p} sorts are too many for one picture.",
            remedy="Take the table .loadings, or bootstrap a part of the sorts.",
        )
    ax = ax if ax is not None else new_axes((1.4 + 2.0 * k, 1.0 + 0.2 * p))
    table = result.loadings
    critical = (a.flag_rule or FlagRule()).threshold(a.sorts.n_statements, a.profile)
    with style():
        for j, factor in enumerate(result.factors):
            middle = 2.5 * j
            _loading_column(ax, table[table["factor"] == factor], middle, critical, j)
            ax.text(middle, -1.0, factor, ha="center", va="center", weight="bold")
        ax.set_xticks(
            [2.5 * j + x for j in range(k) for x in (-1, 0, 1)],
            [text for _ in range(k) for text in ("-1", "0", "1")],
        )
        _row_limits(ax, list(a.sorts.sorts))
        ax.set_ylim(p - 0.4, -1.5)
        ax.set_xlim(-1.2, 2.5 * (k - 1) + 1.35)
        ax.set_xlabel(f"loading, with the interval of {_span(result)}; per cent flagged")
    often = int((table.loc[table["flagged"], "flag_frequency"] >= 0.8).sum())
    return _described(
        result,
        ax,
        f"Loadings of {p} sorts on {k} factors with intervals. Of "
        f"{int(table['flagged'].sum())} flags, {often} come back in at least 80% of the resamples.",
    )


def _loading_column(ax: Axes, part: pd.DataFrame, middle: float, critical: float, j: int) -> None:
    y = np.arange(len(part))
    colour, marker = PALETTE[j % len(PALETTE)], MARKERS[j % len(MARKERS)]
    for x, line in ((0.0, "-"), (-critical, ":"), (critical, ":")):
        ax.plot([middle + x] * 2, [-0.5, len(part) - 0.5], color=GREY, lw=0.8, ls=line, zorder=1)
    ax.hlines(y, middle + part["low"], middle + part["high"], color=colour, lw=1.3)
    for chosen, face in ((part["flagged"], colour), (~part["flagged"], "white")):
        ax.plot(middle + part["loading"][chosen], y[chosen.to_numpy()], ls="none", marker=marker,
                ms=4.5, mfc=face, mec=colour)  # fmt: skip
    for row, frequency in enumerate(part["flag_frequency"]):
        if frequency >= 0.005:
            ax.text(middle + 1.33, row, f"{100 * frequency:.0f}", size=6.5, color=INK, ha="right",
                    va="center")  # fmt: skip


def plot_stability(result: QBootstrap, *, ax: Axes | None = None) -> Axes:
    """How alike the factors of the resamples are to those of all sorts.

    One row a factor: every resample is a tick at its congruence, the box holds
    the middle half, the line in it is the median; the dashed line stands at .85,
    from where on a factor counts as recovered. A congruence of 1 is the same
    viewpoint, one of 0 none at all.

    Parameters
    ----------
    result : QBootstrap
    ax : Axes, optional
        Where to draw.
    """
    from dmpkit.qmethod.bootstrap import RECOVERED

    k = len(result.factors)
    ax = ax if ax is not None else new_axes((6.4, 1.3 + 0.62 * k))
    stability = result.stability
    low = 0.0
    with style():
        for j in range(k):
            values = result.congruence_samples[:, j]
            values = values[~np.isnan(values)]
            low = min(low, float(values.min(initial=0.0)))
            _congruence_row(ax, values, j)
            share = 100 * stability["recovered"].iloc[j]
            ax.text(1.03, j, f"{share:.0f}% recovered", va="center", size=8)
        ax.axvline(RECOVERED, color=INK, lw=1, ls="--", zorder=1)
        ax.text(RECOVERED, -0.62, "0.85", ha="center", va="bottom", size=7.5)
        _row_limits(ax, list(result.factors))
        ax.grid(visible=False)
        ax.set_xlim(low - 0.03 if low < 0 else -0.02, 1.34)
        ax.set_xticks([t for t in (-0.5, 0.0, 0.25, 0.5, 0.75, 1.0) if t >= low - 0.03])
        ax.set_xlabel(
            f"congruence with the factor of all sorts, in each of {result.n_resamples:,} resamples"
        )
    said = "; ".join(
        f"{row.factor} recovered in {100 * float(row.recovered):.0f}%, median {row.congruence:.2f}"  # type: ignore[arg-type]
        for row in stability.itertuples()
    )
    return _described(result, ax, f"Congruence of the factors over the resamples: {said}.")


def _congruence_row(ax: Axes, values: np.ndarray[tuple[int], np.dtype[np.float64]], j: int) -> None:
    colour = PALETTE[j % len(PALETTE)]
    shown = values if len(values) <= 400 else np.quantile(values, np.linspace(0, 1, 400))
    ax.vlines(shown, j + 0.02, j + 0.3, color=colour, lw=0.5, alpha=0.5)
    if not len(values):
        ax.text(0.5, j, "no flagged sorts in any resample", ha="center", va="center", size=8)
        return
    first, middle, third = np.quantile(values, (0.25, 0.5, 0.75))
    ax.barh(j - 0.14, third - first, 0.24, left=first, fc="white", ec=colour, lw=1.2, zorder=2)
    ax.vlines(middle, j - 0.26, j - 0.02, color=colour, lw=2.4, zorder=3)


def plot_flags(result: QBootstrap, *, ax: Axes | None = None) -> Axes:
    """Share of the resamples with a sort in which it is flagged, as a heat map.

    A frame marks the flags of the analysis of all sorts.

    Parameters
    ----------
    result : QBootstrap
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When there are more sorts than a picture can show.
    """
    from matplotlib.patches import Rectangle

    a = result.analysis
    p, k = a.sorts.n_sorts, a.n_factors
    if p > _MOST_ROWS:
        raise DataError(
            f"{p} sorts are too many for one picture.",
            remedy="Take the column flag_frequency of the table .loadings.",
        )
    share = result.loadings["flag_frequency"].to_numpy().reshape(k, p).T
    ax = ax if ax is not None else new_axes((2.6 + 0.62 * k, 1.1 + 0.24 * p))
    ax = plotting.heat_map(
        share,
        a.sorts.sorts,
        result.factors,
        limits=(0.0, 1.0),
        annotate=True,
        label="share of resamples flagged",
        ax=ax,
    )
    for i, j in zip(*np.nonzero(a.flag_array), strict=True):
        ax.add_patch(Rectangle((j + 0.04, i + 0.06), 0.92, 0.88, fill=False, ec=INK, lw=1.5))
    kept = share[a.flag_array]
    return _described(
        result,
        ax,
        f"Heat map of flag frequencies of {p} sorts on {k} factors; the {len(kept)} flags of the "
        f"analysis of all sorts have a frame and come back in {100 * np.nanmean(kept):.0f}% of the "
        "resamples on average."
        if len(kept)
        else f"Heat map of flag frequencies of {p} sorts on {k} factors.",
    )


def plot_distinguishing(result: QBootstrap, *, ax: Axes | None = None) -> Axes:
    """How often each distinguishing statement (p < .05) stays one, factor by factor.

    Parameters
    ----------
    result : QBootstrap
    ax : Axes, optional
        Where to draw.

    Raises
    ------
    DataError
        When there is one factor only.
    """
    if len(result.factors) < 2:
        raise DataError("One factor has nothing to be distinguished from.")
    table = result.distinguishing()
    own = table[table["distinguishing"]]
    names = _statement_names(result)
    ax = ax if ax is not None else new_axes((7.6, 1.2 + 0.19 * (len(own) + len(result.factors))))
    labels: list[str] = []
    with style():
        for j, factor in enumerate(result.factors):
            part = own[own["factor"] == factor]
            start = len(labels)
            labels += [f"{factor}:" if len(part) else f"{factor}: none"]
            labels += [names[s] for s in part["statement"]]
            y = np.arange(start + 1, start + 1 + len(part))
            colour, marker = PALETTE[j % len(PALETTE)], MARKERS[j % len(MARKERS)]
            ax.hlines(y, 0, part["share"], color=colour, lw=1.0)
            ax.plot(part["share"], y, ls="none", marker=marker, color=colour, ms=5)
        _row_limits(ax, labels)
        for tick in ax.get_yticklabels():
            if tick.get_text().split(":")[0] in result.factors:
                tick.set_fontweight("bold")
        ax.axvline(0.8, color=INK, lw=1, ls="--", zorder=1)
        ax.set_xlim(0, 1.02)
        ax.set_xlabel(f"share of {result.n_resamples:,} resamples in which it distinguishes")
    kept = int((own["share"] >= 0.8).sum())
    return _described(
        result,
        ax,
        f"Of {len(own)} distinguishing statements, {kept} stay so in at least 80% of the "
        "resamples.",
    )
