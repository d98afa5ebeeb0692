"""A match of factors with viewpoints told to a reader: words, pictures, workbook."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit import plotting
from dmpkit.errors import DataError
from dmpkit.plotting import PALETTE, mark_synthetic, new_axes, set_alt, style
from dmpkit.qmethod.judgemental import BASES
from dmpkit.qmethod.matching_rule import PAIR_SHARE
from dmpkit.qmethod.views import decimal
from dmpkit.reporting import Figure, Indicator, Section, escape, page, table_html, write_html
from dmpkit.tables import write_workbook

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.qmethod.matching import ViewpointMatch

__all__ = [
    "indicators",
    "methods_text",
    "plot_claims",
    "plot_similarity",
    "report",
    "repr_html",
    "section",
    "summary",
    "to_excel",
]

WIDTH = 88
SYNTHETIC = "Synthetic sorts: nobody sorted them. What follows tests the arithmetic only."
OWN = (
    "The similarity, the rule for an answer and its thresholds are dmpkit's own proposal and have "
    "not been tried on people."
)
SPLITS = (
    "Decide which factors to split before looking at the match: a split made because of the "
    "viewpoint that it would reveal turns the answer into an exploratory one."
)
SHEETS = {
    "assignment": "What is said of each factor; p_adjusted is corrected for all comparisons, "
    "attainable_p is the smallest p that any sorts could reach.",
    "similarity": "Every factor with every viewpoint, with 95 per cent interval from the standard "
    "error of the factor's z-scores.",
    "mixtures": "Every factor with every pair of viewpoints.",
    "unmatched": "Factors without a viewpoint, viewpoints without a factor.",
    "claims": "Which claims carry a similarity and which speak against it: score is the mean "
    "z-score of the claim's statements towards the claim, aligned is score times stance.",
    "coverage": "Statements of the Q set for each claim.",
    "sensitivity": "The answers with one tagger alone, and with one claim left out.",
    "stability": "In how many of these variants each factor keeps its answer.",
}


# -- words ----------------------------------------------------------------------------------


def p_words(p: float) -> str:
    """A p-value as papers print it.

    Examples
    --------
    >>> p_words(0.0004), p_words(0.0321), p_words(0.2), p_words(float("nan"))
    ('p < .001', 'p = .032', 'p = .20', 'p undefined')
    """
    if not np.isfinite(p):
        return "p undefined"
    if p < 0.001:
        return "p < .001"
    return f"p = {decimal(p, 3 if p < 0.1 else 2)}"


def summary(match: ViewpointMatch) -> str:
    """The match in plain words, factor by factor.

    Parameters
    ----------
    match : ViewpointMatch

    Returns
    -------
    str
        Lines of at most 88 characters.
    """
    opening = [SYNTHETIC] if match.synthetic else []
    opening.append(
        f"{_count(len(match.factors), 'factor')} compared with "
        f"{_count(len(match.viewpoints.codes), 'published viewpoint')}, "
        + (
            "claim by claim (only what a summary states counts)."
            if match.basis == "claims"
            else "by congruence with the published factor arrays."
        )
    )
    blocks = [_fill(" ".join(opening))]
    blocks += [_factor_words(match, row) for row in match.assignment.to_dict("records")]
    blocks += [_fill(words) for words in bipolar_words(match)]
    if match.bipolar:
        blocks.append(_fill(SPLITS))
    lonely = match.unmatched[match.unmatched["kind"] == "viewpoint"]
    if len(lonely):
        blocks.append(_fill(f"Viewpoints without a factor: {'; '.join(lonely['name'])}."))
    blocks.append(_fill(_limits(match)))
    return "\n\n".join(blocks)


def bipolar_words(match: ViewpointMatch) -> list[str]:
    """What a bipolar factor hides, and how it is split: a sentence or two each.

    Parameters
    ----------
    match : ViewpointMatch
    """
    analysis = match.analysis
    base = analysis.rotation if analysis.rotation in BASES else "varimax"
    start = "analysis.rotation_log" if analysis.rotation_log else f'RotationLog("{base}")'
    found = []
    for factor in match.bipolar:
        j = match.factors.index(factor)
        at_end = analysis.flag_array[:, j] & (analysis.loading_array[:, j] < 0)
        if at_end.sum() == 1:
            sort = analysis.sorts.sorts[int(at_end.argmax())]
            found.append(
                f"{factor} is bipolar: only its positive end is compared. At its negative end "
                f"stands one sort ({sort}), too little for a factor of its own; read it."
            )
            continue
        near = _opposite(match, factor)
        found.append(
            f"{factor} is bipolar: only its positive end is compared, and a viewpoint of the "
            f"{int(at_end.sum())} sorts at its negative end would be hidden"
            f"{f' (least like {factor} is {near})' if near else ''}. To compare both ends, split "
            f'it: analyse(..., rotation={start}.split("{factor}")).'
        )
    return found


def _opposite(match: ViewpointMatch, factor: str) -> str:
    """The viewpoint that a factor most reverses, where it reverses one clearly enough."""
    own = match.similarity[match.similarity["factor"] == factor].dropna(subset=["similarity"])
    own = own[own["similarity"] <= -match.min_similarity].sort_values("similarity")
    if not len(own):
        return ""
    return f"{own['name'].iloc[0]}, {decimal(own['similarity'].iloc[0])}"


def _factor_words(match: ViewpointMatch, row: dict[Any, Any]) -> str:
    factor, answer = row["factor"], row["answer"]
    if not row["closest"]:
        return _fill(f"{factor}: not testable ({row['why']}).", "  ")
    where = (
        f"similarity {decimal(row['similarity'])} "
        f"[{decimal(row['low'])}, {decimal(row['high'])}], {p_words(row['p_adjusted'])} corrected "
        "for all comparisons (the smallest p that any sorts could reach, uncorrected: "
        f"{decimal(row['attainable_p'], 4)})"
    )
    if answer in ("match", "mixed"):
        lines = [f"{factor}: {answer}, {row['name']}: {where}."]
    else:
        name = _name(match, row["closest"])
        lines = [f"{factor}: {answer} ({row['why']}). Closest is {name}: {where}."]
    blocks = [_fill(lines[0], "  ")]
    for word, table in (
        ("Carried by", match.carrying(factor)),
        ("Spoken against by", match.against(factor)),
    ):
        claims = list(dict.fromkeys(table["label"])) if len(table) else []
        if match.basis == "claims":
            blocks.append(_fill(f"  {word}: {'; '.join(claims) or 'no claim'}.", "    "))
    return "\n".join(blocks + _stability_words(match, factor))


def _stability_words(match: ViewpointMatch, factor: str) -> list[str]:
    row = match.stability.set_index("factor").loc[factor]
    if not row["claim_variants"]:
        return []
    words = (
        f"  The answer stays the same in {row['claim_same']} of {row['claim_variants']} variants "
        "with one claim left out"
    )
    if row["tagger_variants"]:
        words += f" and with {row['tagger_same']} of {row['tagger_variants']} taggers alone"
    if row["changed_without"]:
        words += f" (changes without: {row['changed_without']})"
    return [_fill(f"{words}.", "    ")]


def _limits(match: ViewpointMatch) -> str:
    text = OWN
    if match.basis == "claims":
        text += (
            " A summary of a few sentences is a thin witness: a match says that a factor ranks "
            "the claims stated there as the summary has it, not that it is the same viewpoint. "
            "No match is no proof of difference."
        )
    return text


def methods_text(match: ViewpointMatch) -> str:
    """A methods paragraph that states every choice made, ready to edit.

    Parameters
    ----------
    match : ViewpointMatch

    Returns
    -------
    str
    """
    parts = [SYNTHETIC] if match.synthetic else []
    parts += _claims_method(match) if match.basis == "claims" else _arrays_method(match)
    draws = (
        "all permutations were listed"
        if match.exact
        else f"{match.n_permutations} permutations were drawn (seed {match.seed}), "
        "p = (b + 1)/(B + 1)"
    )
    parts.append(
        f"The correction for all factors, viewpoints{' and pairs' if match.mixed else ''} uses the "
        "maximum statistic under joint permutation, stepping down by factor (Westfall & Young "
        f"1993); {draws}."
    )
    if match.mixed:
        parts.append(f"{PAIR_SHARE:.0%} of the level went to pairs of viewpoints.")
    parts.append(
        f"A match was declared at a corrected p of at most {decimal(match.level)} and a similarity "
        f"of at least {decimal(match.min_similarity)}. {OWN}"
    )
    references = [
        "Westfall, P. H., & Young, S. S. (1993). Resampling-based multiple testing. Wiley."
    ]
    if match.basis == "arrays":
        references.insert(
            0,
            "Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a "
            "meaningful index of factor similarity. Methodology, 2(2), 57-64.",
        )
    return " ".join(parts) + "\n\n" + "\n".join(references)


def _claims_method(match: ViewpointMatch) -> list[str]:
    tagging = match.tagging
    used = match.coverage[match.coverage["used"]]
    stated = match.similarity.drop_duplicates("viewpoint")
    counts = ", ".join(
        f"{v} {n}" for v, n in zip(stated["viewpoint"], stated["n_stated"], strict=True)
    )
    taggers = _count(len(tagging.taggers), "tagger") if tagging is not None else ""
    return [
        f"Factors were compared with {_count(len(match.viewpoints.codes), 'published viewpoint')} "
        f"through {len(used)} claims that their summaries state and the statements speak to "
        f"({taggers}; claims stated: {counts}). What a summary does not state is missing, not "
        "neutral. The similarity is the agreement of a factor's z-scores with the direction that "
        "the summary gives to the statements of its claims, as a share of the highest that these "
        "z-scores allow; every claim weighs the same. Intervals (95 per cent) come from the "
        "standard error of the factor's z-scores.",
        "For p-values claims were permuted as wholes, because statements of one claim are not "
        "exchangeable (scores of claims: regression of the z-scores on the tags); the null "
        "hypothesis is that a factor's scores on the claims have nothing to do with which of them "
        "a viewpoint holds or rejects.",
    ]


def _arrays_method(match: ViewpointMatch) -> list[str]:
    return [
        f"Factors were compared with {_count(len(match.viewpoints.codes), 'published viewpoint')} "
        "by the congruence of their z-scores with the published factor arrays of the same Q set "
        "(Lorenzo-Seva & ten Berge 2006). Intervals (95 per cent) come from the standard error of "
        "the z-scores; for p-values statements were permuted, which is liberal as far as "
        "statements on one topic hang together."
    ]


def _name(match: ViewpointMatch, code: str) -> str:
    return match.viewpoints.names[match.viewpoints.codes.index(code)]


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


# -- HTML, indicators, workbook ---------------------------------------------------------------

_HEADINGS = {
    "p_value": "p",
    "p_adjusted": "p, corrected",
    "attainable_p": "p attainable",
    "attainable_adjusted": "corrected p attainable",
    "n_stated": "claims stated",
}
_DIGITS = {"p_value": 3, "p_adjusted": 3, "attainable_p": 4, "attainable_adjusted": 3}


def _shown(frame: pd.DataFrame, columns: Sequence[str], caption: str) -> str:
    digits = {column: _DIGITS.get(column, 2) for column in columns}
    return table_html(frame[list(columns)], digits=digits, headings=_HEADINGS, caption=caption)


def repr_html(match: ViewpointMatch) -> str:
    """The answers as a table, for a notebook.

    Parameters
    ----------
    match : ViewpointMatch
    """
    columns = [
        *("factor", "answer", "viewpoint", "closest", "similarity", "low", "high"),
        *("p_adjusted", "attainable_p", "carrying", "against", "why"),
    ]
    if match.basis == "arrays":
        columns = [c for c in columns if c not in ("carrying", "against")]
    note = f"<p>{escape(SYNTHETIC)}</p>" if match.synthetic else ""
    parted = [map(escape, words.split(":", 1)) for words in bipolar_words(match)]
    names = "; ".join(
        f"{c} = {n}" for c, n in zip(match.viewpoints.codes, match.viewpoints.names, strict=True)
    )
    return (
        note
        + _shown(match.assignment, columns, "Which published viewpoint each factor resembles")
        + "".join(f"<p><strong>{head}:</strong>{rest}</p>" for head, rest in parted)
        + (f"<p>{escape(SPLITS)}</p>" if match.bipolar else "")
        + f"<p>{escape(names)}. Numbers belong to the viewpoint in the answer, else to the closest "
        f"one. {escape(OWN)}</p>"
    )


def section(match: ViewpointMatch) -> Section:
    """The match as a section of a report.

    Parameters
    ----------
    match : ViewpointMatch

    Returns
    -------
    Section
        Answers, similarities, claims and sensitivity as tables, similarities and
        claims as pictures.
    """
    columns = [
        *("factor", "viewpoint", "n_stated", "similarity", "low", "high"),
        *("p_value", "p_adjusted", "attainable_p"),
    ]
    html = repr_html(match) + _shown(match.similarity, columns, "Every factor with every viewpoint")
    if match.basis == "claims":
        html += table_html(
            match.stability,
            headings={name: name.replace("_", " ") for name in match.stability.columns},
            caption="In how many variants the answer stays the same",
        )
    html += "".join(f"<p>{escape(part)}</p>" for part in methods_text(match).split("\n\n"))
    pictures = [Figure.from_axes(plot_similarity(match), "Similarity with published viewpoints.")]
    if match.basis == "claims":
        scored = [f for f, yes in zip(match.factors, match.scored, strict=True) if yes]
        pictures += [Figure.from_axes(plot_claims(match, f), f"Claims behind {f}.") for f in scored]
    return Section("Likeness to published viewpoints", html, tuple(pictures))


def indicators(match: ViewpointMatch) -> tuple[Indicator, ...]:
    """Similarity of each factor with the viewpoint in its answer, else with the closest.

    Parameters
    ----------
    match : ViewpointMatch

    Returns
    -------
    tuple of Indicator
        One a factor with scores.
    """
    source = repr(match)
    found = []
    for row in match.assignment.to_dict("records"):
        if row["closest"]:
            which = row["viewpoint"] or row["closest"]
            found.append(
                Indicator(
                    f"similarity of {row['factor']} with {which}",
                    row["similarity"],
                    low=row["low"],
                    high=row["high"],
                    note=f"{row['answer']}, {p_words(row['p_adjusted'])} corrected",
                    source=source,
                )
            )
    return tuple(found)


def report(match: ViewpointMatch, path: str | os.PathLike[str]) -> Path:
    """Write the match as one self-contained HTML page that prints well.

    Parameters
    ----------
    match : ViewpointMatch
    path : path
        The page to write, whole or not at all.

    Returns
    -------
    Path
        Where it was written.
    """
    tables = [
        table_html(table, headings=_HEADINGS, caption=SHEETS[name])
        for name, table in match.tables().items()
        if len(table) and name in ("mixtures", "unmatched", "claims", "coverage", "sensitivity")
    ]
    sections = [section(match), Section("Tables", "".join(tables))]
    title = "Factors and published viewpoints"
    write_html(path, page(title, sections, subtitle=repr(match)))
    return Path(path)


def to_excel(match: ViewpointMatch, path: str | os.PathLike[str]) -> Path:
    """Write the match as a workbook: a sheet a table, and a first one that explains.

    Parameters
    ----------
    match : ViewpointMatch
    path : path
        Ends in ``.xlsx``; written whole or not at all.

    Returns
    -------
    Path
    """
    tables = {name: table for name, table in match.tables().items() if len(table)}
    about = [("Match", repr(match)), ("Methods", methods_text(match))]
    about += [(name, SHEETS[name]) for name in tables]
    formats = dict.fromkeys(("similarity", "low", "high", "score", "aligned"), "0.000")
    formats |= dict.fromkeys(("p_value", "p_adjusted", "attainable_adjusted"), "0.0000")
    formats["attainable_p"] = "0.00000"
    write_workbook(path, tables, formats=formats, notes=about)
    return Path(path)


# -- pictures -----------------------------------------------------------------------------


def plot_similarity(match: ViewpointMatch, *, ax: Axes | None = None) -> Axes:
    """Similarity of every factor with every viewpoint, with intervals.

    A filled mark stands for a corrected p within the level and a similarity that
    reaches the threshold, of this viewpoint by itself (in a mixture, the two pass
    together); the heading of each block is the answer.

    Parameters
    ----------
    match : ViewpointMatch
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    table = match.similarity
    n_views = len(match.viewpoints.codes)
    step = n_views + 1.6
    if ax is None:
        ax = new_axes((7.2, 0.9 + 0.235 * step * len(match.factors)))
    with style():
        ax.axvline(0, color=plotting.GREY, lw=0.8, zorder=0)
        ax.axvline(match.min_similarity, color=plotting.GREY, lw=0.8, ls=":", zorder=0)
        for k, factor in enumerate(match.factors):
            _block(ax, match, table[table["factor"] == factor], k * step)
        _similarity_axes(ax, match, step)
    set_alt(ax, _similarity_alt(match))
    return mark_synthetic(ax) if match.synthetic else ax


def _block(ax: Axes, match: ViewpointMatch, rows: pd.DataFrame, top: float) -> None:
    said = match.assignment.set_index("factor").loc[str(rows["factor"].iloc[0])]
    named = str(said["name"])
    heading = f"{said.name}: {said['answer']}{', ' + named if named else ''}"
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}  # over the lines behind
    ax.text(-0.99, top, heading, weight="bold", va="center", fontsize=9, bbox=paper)
    for y, row in enumerate(rows.to_dict("records"), start=1):
        if not np.isfinite(row["similarity"]):
            ax.text(0.02, top + y, "not stated", va="center", fontsize=7, color=plotting.GREY)
            continue
        good = row["p_adjusted"] <= match.level and row["similarity"] >= match.min_similarity
        chosen = row["viewpoint"] in str(said["viewpoint"]).split(" + ")
        colour = PALETTE[1] if chosen else PALETTE[0]
        ax.hlines(top + y, row["low"], row["high"], color=colour, lw=1.4)
        ax.plot(
            row["similarity"],
            top + y,
            "D" if chosen else "o",
            ms=6,
            mec=colour,
            mfc=colour if good else "white",
        )


def _similarity_axes(ax: Axes, match: ViewpointMatch, step: float) -> None:
    n = len(match.viewpoints.codes)
    places = [k * step + y for k in range(len(match.factors)) for y in range(1, n + 1)]
    names = [f"{a} ({c})" for a, c in zip(match.viewpoints.names, match.viewpoints.codes, strict=True)]  # fmt: skip  # noqa: E501
    ax.set_yticks(places, names * len(match.factors))
    ax.set_ylim(len(match.factors) * step - 0.6, -0.7)
    ax.set_xlim(-1.02, 1.02)
    ax.tick_params(axis="y", length=0)
    word = "similarity (share of the highest possible)"
    if match.basis == "arrays":
        word = "congruence of z-scores with published arrays"
    note = "filled: passes both thresholds by itself; diamond: in the answer; dotted: threshold"
    ax.set_xlabel(f"{word}\n{note}")


def _similarity_alt(match: ViewpointMatch) -> str:
    said = []
    for row in match.assignment.to_dict("records"):
        if row["closest"]:
            which = row["name"] or f"closest {_name(match, row['closest'])}"
            numbers = f"similarity {row['similarity']:.2f}, {p_words(row['p_adjusted'])}"
            said.append(f"{row['factor']} {row['answer']} ({which}, {numbers})")
        else:
            said.append(f"{row['factor']} not testable")
    return (
        f"Similarity of {len(match.factors)} "
        f"factors with {len(match.viewpoints.codes)} viewpoints, with intervals: {'; '.join(said)}."
    )


def plot_claims(
    match: ViewpointMatch, factor: str, viewpoint: str | None = None, *, ax: Axes | None = None
) -> Axes:
    """Which claims carry a similarity and which speak against it.

    Parameters
    ----------
    match : ViewpointMatch
    factor : str
    viewpoint : str, optional
        A code; the viewpoints of the factor's answer, or the closest one, when
        not given.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        When arrays were compared, for an unknown factor or viewpoint, or a
        factor without scores.
    """
    if match.basis == "arrays":
        raise DataError("Arrays were compared, so no claims stand behind the match.")
    codes = match.shown(factor) if viewpoint is None else (viewpoint,)
    if not codes:
        raise DataError(f"{factor} has no scores, because no sort is flagged on it.")
    for code in codes:
        match.statements(factor, code)  # says what is wrong with the names
    table = match.claims
    rows = table[(table["factor"] == factor) & table["viewpoint"].isin(codes)]
    rows = rows.sort_values("aligned", ascending=False, kind="stable")
    if ax is None:
        ax = new_axes((7.2, 1.5 + 0.34 * len(rows)))
    with style():
        ax.axvline(0, color=plotting.GREY, lw=0.8, zorder=0)
        for y, row in enumerate(rows.to_dict("records")):
            _claim_dot(ax, y, row)
        _claim_axes(ax, match, rows, factor, codes)
    set_alt(ax, _claims_alt(match, rows, factor, codes))
    return mark_synthetic(ax) if match.synthetic else ax


_LOOKS = {"carries": ("o", PALETTE[0]), "open": ("o", "#6e6e73"), "speaks against": ("X", PALETTE[1])}  # fmt: skip  # noqa: E501


def _claim_dot(ax: Axes, y: int, row: dict[Any, Any]) -> None:
    marker, colour = _LOOKS[row["part"]]
    ax.hlines(y, row["low"], row["high"], color=colour, lw=1.4)
    face = "white" if row["part"] == "open" else colour
    ax.plot(row["aligned"], y, marker, ms=7, mec=colour, mfc=face)


def _claim_axes(
    ax: Axes, match: ViewpointMatch, rows: pd.DataFrame, factor: str, codes: Sequence[str]
) -> None:
    several = len(codes) > 1
    labels = [
        f"{r['viewpoint'] + ' ' if several else ''}{'holds' if r['stance'] > 0 else 'rejects'}: "
        f"{r['label']}"
        for r in rows.to_dict("records")
    ]
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    reach = max(1.0, float(np.abs(rows[["low", "high"]].to_numpy()).max()) * 1.05)
    ax.set_xlim(-reach, reach)
    names = " + ".join(_name(match, code) for code in codes)
    width = 48 if match.synthetic else 56  # the mark stands behind the title
    ax.set_title(textwrap.fill(f"{factor} and {names}", width))
    ax.set_xlabel(
        "mean z-score of the claim's statements, as the viewpoint has it\n"
        "← speaks against (cross)   open (hollow)   carries (filled) →"
    )


def _claims_alt(
    match: ViewpointMatch, rows: pd.DataFrame, factor: str, codes: Sequence[str]
) -> str:
    parts = []
    for word in ("carries", "open", "speaks against"):
        labels = [
            f"{r['label']} ({r['aligned']:.2f})"
            for r in rows[rows["part"] == word].to_dict("records")
        ]
        parts.append(f"{word}: {', '.join(labels) or 'none'}")
    names = " + ".join(_name(match, code) for code in codes)
    return (
        f"Claims behind the similarity of {factor} "
        f"with {names}, with intervals. {'; '.join(parts)}."
    )
