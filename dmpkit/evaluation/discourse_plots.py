"""Pictures of discourse codings: agreement by code, and the values that coders gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dmpkit.evaluation.labels import first_few
from dmpkit.evaluation.reliability import COEFFICIENTS
from dmpkit.plotting import (
    GREY,
    HATCHES,
    MARKERS,
    PALETTE,
    mark_synthetic,
    new_axes,
    set_alt,
    small_multiples,
    style,
)
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.discourse import DiscourseQuality

__all__ = ["plot_code_distribution", "plot_code_reliability"]

#: What the picture shows, in reading order.
SHOWN = ("alpha_ordinal", "kappa_quadratic", "cohen_kappa", "percent_agreement")


def plot_code_reliability(
    found: DiscourseQuality, *, synthetic: bool = False, ax: Axes | None = None
) -> Axes:
    """Agreement of the coders on each code, with the threshold as a line.

    The coefficient that decides comes first and has its interval.

    Parameters
    ----------
    found : DiscourseQuality
    synthetic : bool
        Made-up data; the picture says so.
    ax : Axes, optional
        Where to draw.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.discourse import discourse_quality
    >>> frame = pd.DataFrame({"act": [1, 1, 2, 2, 3, 3], "coder": ["a", "b"] * 3,
    ...                       "level": [0, 0, 3, 3, 1, 2]})
    >>> ax = plot_code_reliability(discourse_quality(frame))
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['level of justification (3)']
    """
    table = found.reliability
    names = list(dict.fromkeys([found.coefficient, *SHOWN]))
    labels = [f"{wrapped(r.label, 36)} ({r.acts})" for r in table.itertuples()]
    if ax is None:
        deep = sum(0.14 * label.count("\n") for label in labels)
        ax = new_axes((6.8, 1.7 + 0.42 * len(labels) + deep))
    rows = np.arange(len(table))
    step = 0.6 / len(names)
    with style():
        ax.axvline(found.threshold, color=GREY, lw=1, ls="--",
                   label=f"threshold {found.threshold:g}")  # fmt: skip
        for i, name in enumerate(names):
            y = rows + (i - (len(names) - 1) / 2) * step
            colour = PALETTE[i % len(PALETTE)]
            if i == 0 and table["low"].notna().any():
                ax.hlines(y, table["low"], table["high"], color=colour, lw=1.2)
            ax.plot(table[name], y, ls="none", marker=MARKERS[i % len(MARKERS)], ms=5,
                    color=colour, label=COEFFICIENTS[name])  # fmt: skip
        ax.set_yticks(rows, labels)
        ax.set_ylim(len(table) - 0.5, -0.5)
        low = float(np.nanmin(table[[*names, "low"]].to_numpy(dtype=np.float64), initial=0.0))
        ax.set_xlim(min(0.0, low - 0.02), 1.02)
        ax.tick_params(axis="y", length=0)
        ax.set_xlabel("agreement (number of acts coded twice in brackets)")
        for edge in rows[:-1] + 0.5:
            ax.axhline(edge, color="#d9d9de", lw=0.6)
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    said = first_few(
        [f"{r.label} {getattr(r, found.coefficient):.2f}" for r in table.itertuples()], 12
    )
    set_alt(
        ax,
        f"Agreement of the coders, {COEFFICIENTS[found.coefficient]}: {said}; the threshold is "
        f"{found.threshold:g}.",
    )
    return mark_synthetic(ax) if synthetic else ax


def plot_code_distribution(found: DiscourseQuality, *, synthetic: bool = False) -> Axes:
    """Share of each value of each code, one bar a coder.

    Parameters
    ----------
    found : DiscourseQuality
    synthetic : bool
        Made-up data; the picture says so.

    Returns
    -------
    Axes
        The first of the small multiples.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation.discourse import discourse_quality
    >>> frame = pd.DataFrame({"act": [1, 1, 2, 2], "coder": ["a", "b"] * 2,
    ...                       "level": [0, 0, 3, 3]})
    >>> len(plot_code_distribution(discourse_quality(frame)).patches)
    8
    """
    codes, coders = found.codebook.codes, found.coders
    several = small_multiples(len(codes), n_columns=min(4, len(codes)),
                              size=(max(2.0, 6.6 / min(4, len(codes))), 2.0))  # fmt: skip
    width = 0.8 / len(coders)
    with style():
        for axes, code in zip(several, codes, strict=True):
            own = found.distribution[found.distribution["code"] == code.name]
            for i, coder in enumerate(coders):
                part = own[own["coder"] == coder]
                place = part["value"] + (i - (len(coders) - 1) / 2) * width
                axes.bar(place, 100 * part["share"].fillna(0), width, ec=PALETTE[i % 8],
                         color="white" if i % 2 else PALETTE[i % 8], hatch=HATCHES[i % 8] if i % 2
                         else "", label=_coder(coder))  # fmt: skip
            axes.set_title(wrapped(code.label, 20), fontsize=8)
        top = max(c.maximum for c in codes)
        bottom = min(c.minimum for c in codes)
        several[0].set_xticks(range(bottom, top + 1))
        several[0].set_xlim(bottom - 0.5, top + 0.5)
        for axes, code in zip(several, codes, strict=True):
            axes.tick_params(axis="x", labelbottom=True, length=0)
            for left, right in ((bottom, code.minimum), (code.maximum + 1, top + 1)):
                if right > left:  # values outside the range of this code
                    axes.axvspan(left - 0.5, right - 0.5, color="#ececef", lw=0)
        for axes in several[:: min(4, len(codes))]:
            axes.set_ylabel("per cent of acts")
        figure = several[0].figure
        handles, labels = several[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(6, len(coders)))
        if synthetic:
            figure.suptitle("synthetic data", fontsize=8, color=GREY)
    text = (
        f"Bars of the values that {len(coders)} coders gave for {len(codes)} codes: "
        f"{first_few([c.label for c in codes], 12)}."
    )
    return set_alt(several[0], f"Synthetic data. {text}" if synthetic else text)


def _coder(name: str) -> str:
    """What a legend calls a coder: "coder A", and "coder 1" when that is the name."""
    said = wrapped(name, 20, lines=1)
    return said if said.casefold().startswith("coder") else f"coder {said}"
