"""Who coded which words: the spans of coders above one another, a track a code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dmpkit.coding.code_names import selected_codes
from dmpkit.coding.cooccurrence_plots import short_labels
from dmpkit.errors import DataError
from dmpkit.plotting import GREY, HATCHES, INK, PALETTE, new_axes, set_alt, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.coding.data import CodedProject

__all__ = ["plot_span_overlay"]

#: Coders whose bars can be told apart in one track.
MOST_CODERS = 4


def plot_span_overlay(
    project: CodedProject,
    source: str,
    *,
    coders: Iterable[str] | None = None,
    codes: str | Iterable[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The spans of one source: a track a code, in it a row of bars a coder.

    Parameters
    ----------
    project : CodedProject
    source : str
    coders : iterable of str, optional
        At most four, each with a colour and a hatch; all of the source when not given.
    codes : str or iterable of str, optional
        All codes of the source when not given.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes
        Characters of the text from left to right.

    Raises
    ------
    DataError
        For an unknown source, coder or code, more than four coders, or nothing coded.
    """
    length = len(project.text(source))
    wanted = None if coders is None else list(coders if not isinstance(coders, str) else [coders])
    own = project.only(sources=[source], coders=wanted).segments
    chosen = selected_codes(project, codes)
    own = own[own["code"].isin(chosen)]
    names = sorted(set(own["coder"])) if wanted is None else wanted
    tracks = [code for code in chosen if code in set(own["code"])]
    if not tracks or len(names) > MOST_CODERS:
        raise DataError(
            f"{len(tracks)} codes of {len(names)} coders in {source!r} make no picture.",
            remedy=f"Choose at most {MOST_CODERS} coders, and a source in which they coded.",
        )
    ax = ax if ax is not None else new_axes((8.4, 1.2 + 0.34 * len(tracks)))
    high = 0.78 / len(names)
    with style():
        for i, coder in enumerate(names):
            part = own[own["coder"] == coder]
            row = part["code"].map({code: y for y, code in enumerate(tracks)})
            ax.barh(
                row - 0.39 + high * (i + 0.5), part["end"] - part["start"], height=0.92 * high,
                left=part["start"], color="white" if i % 2 else PALETTE[i], ec=PALETTE[i],
                hatch=HATCHES[i % len(HATCHES)] if i % 2 else "", lw=0.8, alpha=0.85,
                label=coder or "(not named)",
            )  # fmt: skip
        ax.hlines([y + 0.5 for y in range(len(tracks) - 1)], 0, length, color=GREY, lw=0.4)
        ax.set_yticks(range(len(tracks)), short_labels(tracks))
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(tracks) - 0.45, -0.55)
        ax.set_xlim(0, max(length, 1))
        ax.set_xlabel(f"characters of {source}")
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(names), labelcolor=INK)
    counts = own["coder"].value_counts()
    said = ", ".join(f"{c or 'not named'} {int(counts.get(c, 0))}" for c in names)
    return set_alt(
        ax,
        f"Spans coded in {source} ({length} characters), one track for each of {len(tracks)} "
        f"codes: {said} segments.",
    )
