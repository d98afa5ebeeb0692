"""Pictures of a scorecard: criteria by stage, stages with bounds, raters, weights.

Weak evidence is hatched, what is unknown is an empty band from worst to best; no
picture needs colour to be read.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dmpkit.arguments import check_settings
from dmpkit.evaluation.criteria import HIGHEST
from dmpkit.plotting import GREY, INK, PALETTE, dot_plot, mark_synthetic, new_axes, set_alt, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["plot_criteria", "plot_leniency", "plot_stages", "plot_weight_ranges"]

#: Characters of a label before it is cut.
LONGEST = 46
BAND = "#ececf0"


def plot_criteria(
    criteria: pd.DataFrame, *, ax: Axes | None = None, synthetic: bool = False
) -> Axes:
    """Score of every criterion, grouped by stage.

    A bar goes to the score, hatched where the evidence is weak; a thin line spans
    the raters; a triangle is a measured score; an empty band from 0 to 4 is
    unknown, with a diamond where the scores are contested.

    Parameters
    ----------
    criteria : DataFrame
        :attr:`dmpkit.evaluation.profile.Profile.criteria`.
    ax : Axes, optional
    synthetic : bool

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.evaluation import Criteria, Scorecard
    >>> own = Criteria.from_frame(pd.DataFrame({"id": ["I1"], "label": ["Food"], "stage": ["s"]}))
    >>> card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [3]}), own)
    >>> [t.get_text() for t in plot_criteria(card.profile().criteria).get_yticklabels()]
    ['I1 Food']
    """
    check_settings(plot_criteria, locals())
    rows, heads, place = [], [], 0.0
    for _, part in criteria.groupby("stage", sort=False):
        heads.append((place, str(part["stage_name"].iloc[0])))
        for row in part.to_dict("records"):
            place += 1.0
            rows.append((place, row))
        place += 1.3
    ax = new_axes((7.6, 1.7 + 0.185 * place)) if ax is None else ax
    with style():
        for y, row in rows:
            _criterion(ax, y, row)
        for y, name in heads:
            side = ax.get_yaxis_transform()
            ax.text(-0.02, y, _short(name, 42), transform=side, ha="right", va="center",
                    fontweight="bold", fontsize=8.5)  # fmt: skip
        ax.set_yticks([y for y, _ in rows],
                      [_short(f"{r['criterion']} {r['label']}") for _, r in rows])  # fmt: skip
        ax.tick_params(axis="y", length=0, labelsize=7.5)
        ax.set_ylim(place - 0.6, -0.7)
        _score_axis(ax, "score (0 worst, 4 best)")
        ax.set_title("Score by criterion")
        _legend(ax, criteria)
    set_alt(ax, _words(criteria))
    return mark_synthetic(ax) if synthetic else ax


def _criterion(ax: Axes, y: float, row: dict[Any, Any]) -> None:
    """One criterion: its bar, or the band of what is not known."""
    if row["status"] == "not applicable":
        ax.text(0.04, y, "does not apply", va="center", fontsize=7, color=GREY, style="italic")
        return
    if row["status"] == "assessed":
        hatch = "////" if row["weak"] else ""
        ax.barh(y, row["score"], height=0.62, color="#a9cfe8", edgecolor=PALETTE[0], hatch=hatch,
                lw=0.7, zorder=2)  # fmt: skip
        if row["source"] != "measured":
            ax.plot(row["score"], y, "o", color=PALETTE[0], ms=4.5, zorder=4)
        if row["highest"] > row["lowest"]:
            ax.plot([row["lowest"], row["highest"]], [y, y], color=INK, lw=1.1, zorder=3,
                    marker="|", ms=6)  # fmt: skip
    else:
        ax.barh(y, HIGHEST, height=0.62, color="white", edgecolor=GREY, lw=0.7, ls=":", zorder=1)
        ax.text(HIGHEST + 0.06, y, row["status"], va="center", fontsize=6.5, color=GREY)
        if not math.isnan(row["contested_score"]):
            ax.plot([row["lowest"], row["highest"]], [y, y], color=INK, lw=1.1, zorder=3)
            ax.plot(row["contested_score"], y, "D", mfc="white", mec=PALETTE[1], ms=5, zorder=4)
    if not math.isnan(row["measured"]):
        ends = [row["measured_low"], row["measured_high"]]
        if not any(math.isnan(end) for end in ends) and ends[1] != ends[0]:
            ax.plot(ends, [y + 0.22] * 2, color=PALETTE[2], lw=1.0, zorder=4)
        ax.plot(row["measured"], y + 0.22, "^", color=PALETTE[2], mec="white", mew=0.5, ms=6,
                zorder=5)  # fmt: skip


def _score_axis(ax: Axes, label: str) -> None:
    ax.set_xlim(-0.12, HIGHEST + 0.12)
    ax.set_xticks(range(int(HIGHEST) + 1))
    ax.grid(visible=True, axis="x")
    ax.set_axisbelow(True)
    ax.set_xlabel(label)


def _legend(ax: Axes, criteria: pd.DataFrame) -> None:
    """Only what is in the picture."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    status = set(criteria["status"])
    entries: list[Any] = []
    if ((criteria["status"] == "assessed") & ~criteria["weak"].astype(bool)).any():
        entries.append(Patch(fc="#a9cfe8", ec=PALETTE[0], label="assessed"))
    if criteria["weak"].any():
        entries.append(Patch(fc="#a9cfe8", ec=PALETTE[0], hatch="////",
                             label="assessed, weak evidence only"))  # fmt: skip
    if (criteria["highest"] > criteria["lowest"]).any():
        entries.append(Line2D([], [], color=INK, marker="|", lw=1.1, label="range of raters"))
    if criteria["measured"].notna().any():
        entries.append(Line2D([], [], color=PALETTE[2], marker="^", lw=1.0, label="measured"))
    if status & {"not assessed", "contested"}:
        entries.append(Patch(fc="white", ec=GREY, ls=":", label="unknown: anything from 0 to 4"))
    if "contested" in status:
        entries.append(Line2D([], [], mfc="white", mec=PALETTE[1], marker="D", ls="none",
                              label="contested score"))  # fmt: skip
    _below(ax, entries, ncols=3)


def _below(ax: Axes, entries: list[Any], *, ncols: int) -> None:
    """A legend below the whole figure, or below the axes where others share the figure."""
    figure = ax.get_figure(root=True)
    if figure is None or not entries:
        return
    if len(figure.axes) == 1:
        figure.legend(handles=entries, loc="outside lower center", ncols=ncols, handlelength=1.8)
        return
    height = ax.get_window_extent().height / figure.dpi
    ax.legend(handles=entries, loc="upper center", bbox_to_anchor=(0.5, -0.48 / height),
              ncols=ncols, borderaxespad=0.0, handlelength=1.8)  # fmt: skip


def _words(criteria: pd.DataFrame) -> str:
    """The text alternative of the profile."""
    counts = criteria["status"].value_counts().to_dict()
    said = ", ".join(f"{n} {status}" for status, n in counts.items())
    text = f"Bars by criterion in {criteria['stage'].nunique()} stages: {said}."
    known = criteria.dropna(subset=["score"])
    if len(known):
        scores = known["score"].to_numpy()
        best, worst = known.iloc[int(scores.argmax())], known.iloc[int(scores.argmin())]
        text += (
            f" Highest {best['label']} with {best['score']:.1f}, lowest {worst['label']} with "
            f"{worst['score']:.1f}; {int(known['weak'].sum())} of {len(known)} rest on weak "
            "evidence and are hatched."
        )
    return text


#: Share of assessed criteria below which a stage's mean is drawn hollow.
HALF = 0.5


def plot_stages(stages: pd.DataFrame, *, ax: Axes | None = None, synthetic: bool = False) -> Axes:
    """Mean by stage, in the band between worst and best for what is unknown.

    Parameters
    ----------
    stages : DataFrame
        :attr:`dmpkit.evaluation.profile.Profile.stages`.
    ax : Axes, optional
    synthetic : bool

    Examples
    --------
    >>> from dmpkit.evaluation import Scorecard
    >>> import pandas as pd
    >>> own = pd.DataFrame({"id": ["I1"], "label": ["Food"], "stage": ["s"]})
    >>> card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [3]}), own)
    >>> plot_stages(card.profile().stages).get_xlabel()
    'mean score (0 worst, 4 best)'
    """
    check_settings(plot_stages, locals())
    ax = new_axes((7.0, 1.6 + 0.34 * len(stages))) if ax is None else ax
    with style():
        for y, row in enumerate(stages.to_dict("records")):
            applies = int(row["n"] - row["n_not_applicable"])
            if applies:
                ax.barh(y, row["high"] - row["low"], left=row["low"], height=0.5, color=BAND,
                        edgecolor=GREY, lw=0.8, zorder=1)  # fmt: skip
            if not math.isnan(row["mean"]):
                face = "white" if row["coverage"] < HALF else PALETTE[0]
                ax.plot(row["mean"], y, "o", color=PALETTE[0], mfc=face, ms=7, zorder=3)
            said = f"{int(row['n_assessed'])} of {applies}" if applies else "does not apply"
            said += " only" if row["n_assessed"] and row["coverage"] < HALF else ""
            ax.text(HIGHEST + 0.2, y, said, va="center", fontsize=8)
        ax.text(HIGHEST + 0.2, -0.75, "assessed", va="center", fontsize=8, color=GREY)
        ax.set_yticks(range(len(stages)), [_short(str(name)) for name in stages["name"]])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(stages) - 0.4, -1.0)
        _score_axis(ax, "mean score (0 worst, 4 best)")
        ax.set_title("Mean score by stage")
        _stage_legend(ax, hollow=bool((stages["coverage"] < HALF)[stages["n_assessed"] > 0].any()))
    known = stages[stages["mean"].notna() & (stages["coverage"] >= HALF)]
    ends = (
        f"means from {known['mean'].min():.1f} to {known['mean'].max():.1f}"
        if len(known)
        else "none with half of its criteria assessed"
    )
    wide = int((stages["high"] > stages["low"]).sum())
    set_alt(ax, f"Mean score of {len(stages)} stages, {ends}; {wide} of them have unknown "
                "criteria and are shown with a band from worst to best.")  # fmt: skip
    return mark_synthetic(ax) if synthetic else ax


def _stage_legend(ax: Axes, *, hollow: bool) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    dot = Line2D([], [], color=PALETTE[0], marker="o", ls="none", label="mean of what was assessed")
    band = Patch(fc=BAND, ec=GREY, label="unknown criteria at worst and at best")
    few = Line2D([], [], color=PALETTE[0], mfc="white", marker="o", ls="none",
                 label="mean of fewer than half of the criteria")  # fmt: skip
    _below(ax, [dot, *([few] if hollow else []), band], ncols=2)


def plot_leniency(raters: pd.DataFrame, *, ax: Axes | None = None, synthetic: bool = False) -> Axes:
    """Points that each rater gives above or below the average rater.

    Parameters
    ----------
    raters : DataFrame
        ``rater, leniency``.
    ax : Axes, optional
    synthetic : bool

    Examples
    --------
    >>> import pandas as pd
    >>> plot_leniency(pd.DataFrame({"rater": ["a", "b"], "leniency": [-1, 1]})).get_xlabel()
    'points above the average rater'
    """
    check_settings(plot_leniency, locals())
    shown = raters.assign(rater=[_short(str(name), 30) for name in raters["rater"]])
    if shown["rater"].duplicated().any():
        shown = shown.assign(rater=[f"{i}. {r}" for i, r in enumerate(shown["rater"], start=1)])
    shown = shown.assign(leniency=shown["leniency"].astype(float))
    ax = new_axes((6.0, 1.0 + 0.28 * len(shown))) if ax is None else ax
    dot_plot(shown, label="rater", value="leniency", reference=0.0, ax=ax)
    with style():
        ax.set_xlabel("points above the average rater")
        ax.set_title("Leniency of the raters")
        widest = float(shown["leniency"].abs().max())
        reach = 1.15 * (widest if widest > 0.2 else 0.2)
        ax.set_xlim(-reach, reach)
    if shown["leniency"].notna().any():
        filled = shown.dropna(subset=["leniency"])
        lenient = filled.iloc[int(filled["leniency"].to_numpy().argmax())]
        set_alt(ax, f"Leniency of {len(shown)} raters; the most lenient is {lenient['rater']} "
                    f"with {lenient['leniency']:.2f} points.")  # fmt: skip
    else:
        set_alt(ax, "Leniency of the raters cannot be compared; the picture is empty.")
    return mark_synthetic(ax) if synthetic else ax


def _short(text: str, longest: int = LONGEST) -> str:
    """A label short enough for a row; the dollar sign is no formula."""
    cut = f"{text[: longest - 1].rstrip()}…" if len(text) > longest else text
    plain = "".join(c if c.isprintable() else " " for c in cut)
    return plain.replace("$", r"\$")


def plot_weight_ranges(
    ranges: pd.DataFrame, *, ax: Axes | None = None, synthetic: bool = False
) -> Axes:
    """Between which ends the mean lies under different questions about weights.

    Parameters
    ----------
    ranges : DataFrame
        :attr:`dmpkit.evaluation.weights.WeightSensitivity.ranges`.
    ax : Axes, optional
    synthetic : bool

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"question": ["any"], "low": [1.0], "middle": [2.0], "high": [4.0]})
    >>> plot_weight_ranges(rows).get_title(loc="left")
    'What weights can do to the mean'
    """
    check_settings(plot_weight_ranges, locals())
    from textwrap import fill

    ax = new_axes((7.4, 1.2 + 0.42 * len(ranges))) if ax is None else ax
    with style():
        for y, row in enumerate(ranges.to_dict("records")):
            ax.plot([row["low"], row["high"]], [y, y], color=INK, lw=1.4, marker="|", ms=9)
            ax.plot(row["middle"], y, "o", color=PALETTE[0], ms=6, zorder=3)
        ax.set_yticks(range(len(ranges)), [fill(str(q), 34) for q in ranges["question"]])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(ranges) - 0.4, -0.6)
        ax.set_title("What weights can do to the mean")
        _score_axis(ax, "mean score (0 worst, 4 best)")
    first = ranges.iloc[0]
    words = f"{first['question']}: from {first['low']:.2f} to {first['high']:.2f}."
    set_alt(ax, f"Ranges of the mean under {len(ranges)} questions about weights; first, {words}")
    return mark_synthetic(ax) if synthetic else ax
