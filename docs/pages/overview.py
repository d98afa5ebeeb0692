"""Draw the README's picture from data that come with dmpkit: ``python docs/pages/overview.py``.

Six small pictures, a question each. All numbers are computed here; the assembly of
the fifth is synthetic and marked so.
"""

from __future__ import annotations

import io
import sys
import warnings
from collections import Counter
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from PIL import Image

import dmpkit.qmethod as qm
from dmpkit.plotting import GREY, HATCHES, INK, PALETTE, style
from dmpkit.workbench import Study, find_studies
from dmpkit.workbench.evaluating import evaluate

SHORT = {"being carried out": "under way", "changed or weakened": "changed", "rejected": "rejected"}
PICTURE = Path(__file__).resolve().parents[1] / "_static" / "overview.png"


def composite(ax: Axes) -> None:
    """The composite sort of a shared view, on its grid."""
    sorts = qm.QSorts.from_frame(Study.open("lipset-1963").table("sorts"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a bipolar factor: the notebook tells of it
        arrays = qm.analyse(sorts, n_factors=3).factor_arrays.set_index("statement")["f2"]
    for value, group in arrays.groupby(arrays):
        for place, name in enumerate(group.index):
            ax.bar(value, 0.92, 0.92, place, color="white", edgecolor=GREY)
            number = str(name).removeprefix("sta_")
            ax.text(value, place + 0.46, number, ha="center", va="center", fontsize=8)
    ax.set(xticks=range(-4, 5), yticks=[], xlabel="33 statements, as one of three views sorts them")
    ax.spines["left"].set_visible(False)


def stages(ax: Axes) -> None:
    """The share of men from the population to the jury."""
    table = Study.open("jersey-jury-2021").table("composition")
    sexes = table[table["variable"] == "sex"]
    total = sexes.groupby("stage")["value"].sum()
    men = sexes[sexes["category"] == "Male"].set_index("stage")["value"] / total
    names = ["population", "responded", "selected"]
    shares = [100 * men[name] for name in names]
    ax.plot(range(3), shares, "-o", color=PALETTE[0], ms=8, lw=2)
    for x, share in enumerate(shares):
        ax.annotate(
            f"{share:.0f} %", (x, share), xytext=(0, 10), textcoords="offset points", ha="center"
        )
    ax.set_xticks(range(3), ["island", "responded\n(477)", "jury\n(23)"])
    ax.set(xlim=(-0.4, 2.4), ylim=(0, 65), ylabel="men (%)")


def tallies(ax: Axes) -> None:
    """The same 149 measures in two tallies."""
    table = Study.open("ccc-2021").table("tallies")
    first = table[table["as_of"] < "2021-07"]
    for row, (_, group) in enumerate(first.groupby("source", sort=False)):
        left = 0
        for i, (status, count) in enumerate(zip(group["status"], group["count"], strict=True)):
            colour, hatch = (PALETTE[0], "#dbe6f0", GREY)[i], ("", HATCHES[1], "")[i]
            ax.barh(row, count, 0.5, left, color=colour, hatch=hatch, edgecolor="white")
            if i == 0:
                ax.text(0, row - 0.36, f"{status}: {count}", fontsize=9)
            elif count > 10:
                ink = INK if i == 1 else "white"
                said = f"{SHORT[status]}\n{count}"
                ax.text(
                    left + count / 2, row, said, ha="center", va="center", fontsize=9, color=ink
                )
            left += int(count)
    ax.set_yticks([0, 1], ["government", "newspaper"])
    ax.set(xlim=(0, 149), ylim=(1.5, -0.6), xlabel="the same 149 French measures, two tallies")


def claims(ax: Axes) -> None:
    """What five viewpoints hold, reject and leave open."""
    views = qm.Viewpoints.load("governance-2024")
    values = np.asarray(views.values, float)
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value) or value == 0:
            ax.plot(column, row, ".", color="#b9b9b9", ms=3)
        else:
            mark, colour = ("o", PALETTE[0]) if value > 0 else ("x", PALETTE[1])
            ax.plot(column, row, mark, color=colour, ms=8, mew=2)
    ax.set_xticks(range(values.shape[1]), views.codes)
    ax.set(xlim=(-0.6, values.shape[1] - 0.4), ylim=(values.shape[0] - 0.5, -0.5), yticks=[])
    ax.set(xlabel="five viewpoints: ● holds, × rejects a claim", ylabel="11 claims")


def evaluation(ax: Axes) -> None:
    """What is known of each stage of a synthetic assembly, and what is not."""
    found = evaluate(Study.open("evaluate-a-minipublic").folder, seed=1).verdict.stages
    rows = range(len(found))
    ax.hlines(rows, found["low"], found["high"], color=PALETTE[0], alpha=0.35, lw=6)
    ax.plot(found["mean"], rows, "o", color=PALETTE[0], ms=7)
    ax.set_yticks(rows, found["name"])
    ax.set(
        xlim=(0, 4),
        ylim=(len(found) - 0.5, -0.5),
        xlabel="score 0–4; bar: if the unknown were known",
    )
    ax.text(1, 0.03, "synthetic", transform=ax.transAxes, ha="right", color=INK, alpha=0.6)


def figures(ax: Axes) -> None:
    """How many figures of the studies are compared with what."""
    folders = [Study.open(slug).figures for slug in find_studies()]
    counts = Counter(f.basis for study in folders for f in study if f.is_available)
    names = ["printed", "released file", "program output", "computed by us"]
    said = ["print", "a released file", "another program", "our own earlier\ncalculation"]
    ax.barh(range(4), [counts[n] for n in names], 0.6, color=[*[PALETTE[0]] * 3, "#b9c6d2"])
    ax.set_yticks(range(4), said)
    ax.set(ylim=(3.5, -0.5), xlabel="figures of the studies, compared with")


PANELS = (
    ("Which views do people share?", composite),
    ("Does the panel look like its place?", stages),
    ("What became of what it asked?", tallies),
    ("What was said, and by whom?", claims),
    ("How good was it, and what is unknown?", evaluation),
    ("Does the number come out again?", figures),
)


def main(path: Path = PICTURE) -> None:
    """Write the picture."""
    with style(), plt.rc_context({"font.size": 10}):
        figure, axes = plt.subplots(2, 3, figsize=(12, 6.8), layout="constrained")
        for ax, (title, draw) in zip(axes.flat, PANELS, strict=True):
            draw(ax)
            ax.grid(visible=False)
            ax.set_title(title, loc="left", fontsize=11, fontweight="bold", pad=12)
        figure.get_layout_engine().set(w_pad=0.12, h_pad=0.12)
        made = io.BytesIO()
        figure.savefig(made, dpi=110)
        plt.close(figure)
    with Image.open(made) as image:  # few colours: a third of the size
        image.convert("RGB").quantize(64).save(path, optimize=True)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
