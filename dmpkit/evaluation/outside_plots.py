"""Pictures of what stands outside the average: statuses, ladder, panel, matrix, lists.

No picture is readable by colour alone: each status has a mark and its column's word.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dmpkit.errors import DataError
from dmpkit.plotting import GREY, HATCHES, INK, PALETTE, mark_synthetic, new_axes, set_alt, style
from dmpkit.wording import wrapped

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["plot_ladder", "plot_matrix", "plot_panel", "plot_statuses", "plot_two_lists"]

#: Letters of a label that stand in one line.
WIDTH = 40
#: Look of a cell of the panel: face, hatch, ink.
_LOOKS = {
    "good": ("#d6ecdf", "", INK),
    "bad": ("#f6d5c6", "///", INK),
    "between": ("#f3ecd2", "...", INK),
    "unknown": ("white", "", GREY),
}


#: Face and hatch of an answer; other answers take the looks in turn.
_ANSWERS = (
    (PALETTE[0], ""),
    (PALETTE[4], HATCHES[1]),
    (PALETTE[5], HATCHES[2]),
    ("white", HATCHES[4]),
    ("#e6e6ea", HATCHES[3]),
    ("white", ""),
)
_ANSWER_WORDS = ("yes", "partly", "no", "disputed", "not asked", "not applicable")


def _in_order(answers: Sequence[str]) -> list[tuple[int, str]]:
    """Each answer with the number of its look, the same in every picture."""
    known = all(answer in _ANSWER_WORDS for answer in answers)
    return [(_ANSWER_WORDS.index(a) if known else i, a) for i, a in enumerate(answers)]


def plot_statuses(
    labels: Sequence[str],
    statuses: Sequence[str],
    columns: Sequence[str],
    *,
    bad: Sequence[str] = (),
    title: str = "",
    what: str = "rows",
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A mark a row in the column of its status: full where it is a bad sign, else open.

    Parameters
    ----------
    labels, statuses : sequence of str
        One a row.
    columns : sequence of str
        Statuses in the order of the columns; each status must be one of them.
    bad : sequence of str
        Statuses drawn with a full mark.
    title : str
        Above the picture.
    what : str
        What the rows are, for the text alternative.
    synthetic : bool
        Made-up records; the picture says so.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        When there is no row, or a status has no column.

    Examples
    --------
    >>> from dmpkit.plotting import alt_text
    >>> alt_text(plot_statuses(["R1", "R2"], ["sign", "not looked"], ["not looked", "sign"]))
    'Status of 2 rows. not looked: R2. sign: R1.'
    """
    if not labels:
        raise DataError("There is nothing to draw.")
    unknown = [status for status in statuses if status not in columns]
    if unknown:
        raise DataError(f"The status {unknown[0]!r} has no column in the picture.")
    shown = [wrapped(label, WIDTH) for label in labels]
    height = 1.0 + sum(0.16 + 0.14 * (1 + text.count("\n")) for text in shown)
    ax = new_axes((6.8, height)) if ax is None else ax
    with style():
        for row, status in enumerate(statuses):
            x = list(columns).index(status)
            full = status in bad
            look = {"mfc": PALETTE[1] if full else "white", "mec": PALETTE[1] if full else INK}
            ax.plot(x, row, marker="s" if full else "o", ms=9, ls="none", **look)  # type: ignore[arg-type]
        ax.set_xticks(range(len(columns)), [textwrap.fill(c, 12) for c in columns])
        ax.xaxis.tick_top()
        ax.set_xlim(-0.6, len(columns) - 0.4)
        ax.set_yticks(range(len(labels)), shown)
        ax.set_ylim(len(labels) - 0.4, -0.6)
        ax.grid(visible=True, axis="y")
        ax.set_axisbelow(True)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        if title:
            ax.set_title(title, loc="left", pad=12)
    said = []
    for column in columns:
        names = [" ".join(a.split()) for a, s in zip(labels, statuses, strict=True) if s == column]
        if names:
            said.append(f"{column}: {', '.join(names)}.")
    set_alt(ax, f"Status of {len(labels)} {what}. {' '.join(said)}")
    return mark_synthetic(ax) if synthetic else ax


def plot_ladder(
    responses: pd.DataFrame,
    *,
    title: str = "",
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """The answers to pressure as rungs, the mildest below; members' defence stands apart.

    The order of the rungs is our own reading: the interviews name the answers and say
    that leaving was rare, they do not rank them.

    Parameters
    ----------
    responses : DataFrame
        ``response, incidents``, in the order from the mildest on; *members defend* is
        drawn beside the ladder.
    title : str
        Above the picture.
    synthetic : bool
        Made-up records; the picture says so.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.plotting import alt_text
    >>> alt_text(plot_ladder(pd.DataFrame({"response": ["negotiate", "leave"],
    ...                                    "incidents": [2, 0]})))
    'Ladder of answers, from the lowest rung: negotiate 2 incidents, leave none.'
    """
    apart = responses["response"] == "members defend"
    rungs, beside = _pairs(responses[~apart]), _pairs(responses[apart])
    ax = new_axes((5.6, 0.9 + 0.5 * len(rungs))) if ax is None else ax
    with style():
        top = len(rungs) - 1
        ax.plot([0, 0], [-0.5, top + 0.5], color=INK, lw=2.2)
        ax.plot([1, 1], [-0.5, top + 0.5], color=INK, lw=2.2)
        for height, (word, n) in enumerate(rungs):
            _rung(ax, 0.0, 1.0, height, word, n)
        for place, (word, n) in enumerate(beside):
            _rung(ax, 1.75, 2.75, 0.5 + place, word, n, ls="--")
        ax.set_xlim(-1.05, 2.9 if len(beside) else 1.15)
        ax.set_ylim(-0.6, top + 0.7)
        ax.axis("off")
        if title:
            ax.set_title(title, loc="left")
    said = ", ".join(f"{word} {_incidents(n)}" for word, n in [*rungs, *beside])
    set_alt(ax, f"Ladder of answers, from the lowest rung: {said}.")
    return mark_synthetic(ax) if synthetic else ax


def _pairs(responses: pd.DataFrame) -> list[tuple[str, int]]:
    numbers = responses["incidents"].astype(int)
    return list(zip(responses["response"].astype(str), numbers, strict=True))


def _incidents(n: int) -> str:
    return "none" if n == 0 else f"{n} incident{'' if n == 1 else 's'}"


def _rung(
    ax: Axes, left: float, right: float, height: float, word: str, n: int, ls: str = "-"
) -> None:
    """One rung with its word and its number; bold where an incident reached it."""
    reached = n > 0
    ax.plot([left, right], [height, height], color=PALETTE[0] if reached else GREY,
            lw=5 if reached else 1.2, ls=ls, solid_capstyle="butt")  # fmt: skip
    middle = (left + right) / 2
    if reached:
        ax.text(middle, height, str(n), ha="center", va="center", fontsize=9, fontweight="bold",
                bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": PALETTE[0]})  # fmt: skip
    weight = "bold" if reached else "normal"
    if ls == "-":
        ax.text(left - 0.08, height, word, ha="right", va="center", fontsize=9, fontweight=weight)
    else:
        ax.text(middle, height + 0.28, word, ha="center", va="bottom", fontsize=9,
                fontweight=weight)  # fmt: skip


def plot_panel(
    cells: Sequence[tuple[str, str, str, str]],
    *,
    n_columns: int = 4,
    heads: Sequence[str] = (),
    title: str = "",
    alt: str = "",
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """A panel of cells with heading, word and small print; look by kind.

    Parameters
    ----------
    cells : sequence of (heading, word, small, look)
        Look is ``good``, ``bad``, ``between`` or ``unknown``; in reading order.
    n_columns : int
        Cells side by side.
    heads : sequence of str
        One a row of the panel, at the left.
    title : str
        Above the picture.
    alt : str
        Text alternative; headings and words when not given.
    synthetic : bool
        Made-up records; the picture says so.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        When there is no cell, or a look is not known.

    Examples
    --------
    >>> ax = plot_panel([("Clear mandate", "met", "C01 3.5", "good")], n_columns=1)
    >>> [t.get_text() for t in ax.texts]
    ['Clear mandate', 'met', 'C01 3.5']
    """
    from matplotlib.patches import Rectangle

    if not cells:
        raise DataError("There is nothing to draw.")
    n_rows = -(-len(cells) // n_columns)
    ax = new_axes((0.5 + 1.75 * n_columns, 0.5 + 1.05 * n_rows)) if ax is None else ax
    with style():
        for place, (heading, word, small, look) in enumerate(cells):
            if look not in _LOOKS:
                raise DataError(f"{look!r} is not a look of a cell.")
            face, hatch, ink = _LOOKS[look]
            row, column = divmod(place, n_columns)
            x, y = column, -row
            line = "--" if look == "unknown" else "-"
            ax.add_patch(Rectangle((x + 0.02, y + 0.04), 0.96, 0.92, fc=face, ec=GREY, ls=line,
                                   lw=0.9))  # fmt: skip
            if hatch:  # only along the lower edge, so that words stay readable
                ax.add_patch(Rectangle((x + 0.02, y + 0.04), 0.96, 0.1, fc=face, ec=GREY,
                                       hatch=hatch, lw=0))  # fmt: skip
            ax.text(x + 0.5, y + 0.9, wrapped(heading, 22, 2), ha="center", va="top", fontsize=8)
            ax.text(x + 0.5, y + 0.5, word, ha="center", va="center", fontsize=10,
                    fontweight="bold", color=ink)  # fmt: skip
            ax.text(x + 0.5, y + 0.18, wrapped(small, 28, 2), ha="center", va="bottom",
                    fontsize=7, color=INK)  # fmt: skip
        for row, head in enumerate(heads):
            ax.text(-0.04, 0.5 - row, textwrap.fill(head, 12), ha="center", va="center",
                    fontsize=8, rotation=90)  # fmt: skip
        ax.set_xlim(-0.12 if heads else 0, n_columns)
        ax.set_ylim(-n_rows + 1, 1)
        ax.axis("off")
        if title:
            ax.set_title(title, loc="left")
    said = "; ".join(f"{heading}: {word}" for heading, word, _, _ in cells)
    set_alt(ax, alt or f"Panel of {len(cells)} cells. {said}.")
    return mark_synthetic(ax) if synthetic else ax


def plot_matrix(
    cells: Mapping[tuple[str, str], tuple[str, bool]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    title: str = "",
    what: str = "cells",
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Words in the cells of a matrix; shaded where something is there, crossed frame where not.

    Parameters
    ----------
    cells : mapping of (row, column) to (text, marked)
        A marked cell has a bold frame; a pair that is absent is an empty cell.
    rows, columns : sequence of str
        In order.
    title : str
        Above the picture.
    what : str
        What the rows are, for the text alternative.
    synthetic : bool
        Made-up records; the picture says so.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> from dmpkit.plotting import alt_text
    >>> alt_text(plot_matrix({("members", "during"): ("1", True)}, ["members"],
    ...                      ["before", "during"], what="audiences"))
    'Matrix of 1 audiences. members: before nothing, during 1.'
    """
    from matplotlib.patches import Rectangle

    if not rows:
        raise DataError("There is nothing to draw.")
    ax = new_axes((2.2 + 1.6 * len(columns), 0.7 + 0.55 * len(rows))) if ax is None else ax
    with style():
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                text, marked = cells.get((row, column), ("", False))
                frame = {"fc": "#dce9f4" if text else "white", "ec": INK if marked else GREY,
                         "lw": 2.0 if marked else 0.7, "ls": "-" if text else ":"}  # fmt: skip
                ax.add_patch(Rectangle((x + 0.03, y + 0.06), 0.94, 0.88, **frame))  # type: ignore[arg-type]
                ax.text(x + 0.5, y + 0.5, text or "nothing", ha="center", va="center", fontsize=7.5,
                        color=INK if text else GREY)  # fmt: skip
        ax.set_xticks([x + 0.5 for x in range(len(columns))], list(columns))
        ax.xaxis.tick_top()
        ax.set_yticks([y + 0.5 for y in range(len(rows))], [wrapped(r, 26, 2) for r in rows])
        ax.set_xlim(0, len(columns))
        ax.set_ylim(len(rows), 0)
        ax.tick_params(length=0)
        ax.spines[:].set_visible(False)
        if title:
            ax.set_title(title, loc="left", pad=12)
    said = []
    for row in rows:
        parts = [f"{c} {' '.join(cells.get((row, c), ('', False))[0].split()) or 'nothing'}"
                 for c in columns]  # fmt: skip
        said.append(f"{' '.join(str(row).split())}: {', '.join(parts)}.")
    set_alt(ax, f"Matrix of {len(rows)} {what}. {' '.join(said)}")
    return mark_synthetic(ax) if synthetic else ax


def plot_two_lists(
    counts: pd.DataFrame,
    *,
    answers: Sequence[str],
    title: str = "",
    synthetic: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Stacked bars of points by stage and list, each part with its number.

    Parameters
    ----------
    counts : DataFrame
        ``label`` and a column of counts for each of `answers`; one row a bar.
    answers : sequence of str
        Parts of a bar, from the left.
    title : str
        Above the picture.
    synthetic : bool
        Made-up records; the picture says so.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.plotting import alt_text
    >>> rows = pd.DataFrame({"label": ["design"], "yes": [3], "not asked": [1]})
    >>> alt_text(plot_two_lists(rows, answers=["yes", "not asked"]))
    'Bars of points. design: yes 3, not asked 1.'
    """
    if not len(counts):
        raise DataError("There is nothing to draw.")
    ax = new_axes((6.8, 1.2 + 0.36 * len(counts))) if ax is None else ax
    with style():
        left = [0.0] * len(counts)
        for i, answer in _in_order(answers):
            widths = counts[answer].astype(float).tolist()
            ax.barh(range(len(counts)), widths, 0.66, left, color=_ANSWERS[i % 6][0],
                    hatch=_ANSWERS[i % 6][1], ec=INK, lw=0.6, label=answer)  # fmt: skip
            for row, width in enumerate(widths):
                if width:
                    ax.text(left[row] + width / 2, row, f"{width:g}", ha="center", va="center",
                            fontsize=7.5, bbox={"boxstyle": "round,pad=0.15", "fc": "white",
                                                "ec": "none"})  # fmt: skip
            left = [a + b for a, b in zip(left, widths, strict=True)]
        ax.set_yticks(range(len(counts)), [wrapped(v, 34, 2) for v in counts["label"]])
        ax.set_ylim(len(counts) - 0.4, -0.6)
        ax.set_xlabel("points of the audit")
        ax.tick_params(axis="y", length=0)
        below = -0.62 / (0.36 * len(counts))
        ax.legend(loc="upper left", bbox_to_anchor=(0, below), ncols=min(len(answers), 6),
                  columnspacing=1.2, handletextpad=0.5)  # fmt: skip
        ax.set_title(title or "Answers by stage and list", loc="left")
    said = []
    for record in counts.to_dict("records"):
        parts = ", ".join(f"{a} {int(record[a])}" for a in answers if record[a])
        said.append(f"{record['label']}: {parts or 'nothing'}.")
    set_alt(ax, f"Bars of points. {' '.join(said)}")
    return mark_synthetic(ax) if synthetic else ax
