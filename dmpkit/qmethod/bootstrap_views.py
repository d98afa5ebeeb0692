"""A bootstrap told to a reader: summary, methods paragraph, notebook view, report, workbook."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from dmpkit.qmethod import bootstrap_plots as plots
from dmpkit.qmethod.views import WIDTH, decimal
from dmpkit.qmethod.views import methods_text as analysis_methods
from dmpkit.reporting import Figure, Indicator, Section, escape, page, table_html, write_html
from dmpkit.tables import write_workbook

if TYPE_CHECKING:
    from dmpkit.qmethod.bootstrap import QBootstrap

__all__ = [
    "indicators",
    "methods_text",
    "report",
    "repr_html",
    "section",
    "summary",
    "to_excel",
]

_HEADINGS = {
    "n_not_recovered": "lost",
    "n_without_flags": "unflagged",
    "n_flagged": "flags",
    "n_flagged_mean": "mean flags",
    "standard_error": "SE",
    "score_shift": "shift",
    "flag_frequency": "flagged (share)",
    "z_score": "z-score",
    "score_of_mean": "score of mean",
}
_ALIGNED = {
    "assignment": "Factors of a resample were assigned one to one, and reflected where needed, to "
    "those of the whole sample so that the sum of the absolute correlations of z-scores is "
    "largest; nothing was rotated.",
    "procrustes": "Loadings of a resample were rotated orthogonally to least squares from those of "
    "the whole sample (orthogonal Procrustes), which fits them to what they are compared with and "
    "understates the error.",
    "none": "Factors of a resample were left in the order and with the signs in which the rotation "
    "leaves them, so that the error includes factors that change places.",
}


def summary(result: QBootstrap) -> str:
    """The bootstrap in plain words, technical terms in brackets.

    Parameters
    ----------
    result : QBootstrap

    Returns
    -------
    str
        Lines of at most 88 characters.
    """
    from dmpkit.qmethod.bootstrap import MADE, PURPOSE, RECOVERED

    sorts = result.analysis.sorts
    made = f"{MADE} " if sorts.synthetic else ""
    blocks = [
        _fill(
            f"{made}The {sorts.n_sorts} sorts were drawn again with replacement "
            f"{result.n_resamples:,} times and analysed each time (bootstrap, "
            f"align={result.align!r}). {PURPOSE}"
        ),
        "\n".join(
            [
                f"How often each point of view came back (congruence of {decimal(RECOVERED)} or "
                "more):",
                *(_factor_words(result, j) for j in range(len(result.factors))),
            ]
        ),
        _fill(_error_words(result)),
    ]
    if words := _statement_words(result):
        blocks.append(words)
    return "\n\n".join(blocks)


def _factor_words(result: QBootstrap, j: int) -> str:
    row = result.stability.iloc[j]
    lost = int(row["n_not_recovered"])
    words = (
        f"  {row['factor']}: in {100 * row['recovered']:.0f}% of the resamples ({lost:,} without "
        f"it); median congruence {decimal(row['congruence'])} ({decimal(row['low'])} to "
        f"{decimal(row['high'])}); standard error of z-scores {decimal(row['standard_error'])} on "
        "average"
    )
    if empty := int(row["n_without_flags"]):
        words += f"; no flagged sorts in {empty:,}"
    return _fill(words, "    ")


def _error_words(result: QBootstrap) -> str:
    mean = result.alignments.groupby("align")["standard_error"].mean()
    parts = [f"{decimal(mean[name])} ({name})" for name in mean.index.sort_values()]
    return (
        "Mean standard error of the z-scores by alignment: " + ", ".join(parts) + ". Procrustes "
        "fits every resample to the factors it is compared with and so understates the error; "
        "without alignment, factors that change places add to it."
        if {"none", "procrustes"} <= set(mean.index)
        else "Mean standard error of the z-scores by alignment: " + ", ".join(parts) + "."
    )


def _statement_words(result: QBootstrap) -> str:
    if len(result.factors) < 2:
        return ""
    table = result.distinguishing()
    own = table[table["distinguishing"]]
    lines = ["Distinguishing statements (p < .05) that stay so in at least 80% of the resamples:"]
    for name in result.factors:
        part = own[own["factor"] == name]
        kept = part.loc[part["share"] >= 0.8, "statement"]
        names = ", ".join(kept) or "none"
        lines.append(_fill(f"  {name}: {len(kept)} of {len(part)} ({names})", "    "))
    return "\n".join(lines)


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def methods_text(result: QBootstrap) -> str:
    """A methods paragraph that states every choice made, and the references, ready to edit.

    Parameters
    ----------
    result : QBootstrap

    Returns
    -------
    str
        The paragraph of the analysis, that of the bootstrap, the references.
    """
    from dmpkit.qmethod.bootstrap import MADE, PURPOSE, RECOVERED

    paragraph, references = analysis_methods(result.analysis).split("\n\n")
    drawn = {
        True: "Sorts were drawn with replacement so that each occurs equally often over all "
        "resamples (balanced bootstrap",
        False: "Sorts were drawn with replacement (ordinary bootstrap",
        None: "The resamples were given (",
    }[result.balanced]
    seed = f", seed {result.seed})" if result.seed is not None else ")"
    drawn = f"{drawn}{seed}".removesuffix(" ()")
    made = f"{MADE} " if result.analysis.sorts.synthetic else ""
    own = (
        f"{made}Stability was examined with {result.n_resamples:,} bootstrap resamples. {drawn}; "
        "each resample was correlated, extracted, rotated, flagged and scored like the whole "
        f"sample. {_ALIGNED[result.align]} A factor counts as recovered where the z-scores of the "
        f"factor assigned to it correlate {decimal(RECOVERED)} or more with its own; resamples "
        "that do not recover it stay in all figures. Standard errors are standard deviations over "
        f"the resamples, intervals span {100 * result.interval:g} per cent of them. {PURPOSE}"
    )
    if result.analysis.rotation_log is not None and result.align == "assignment":
        own = own.replace(
            "nothing was rotated.",
            "then they were turned by the angles by which the whole sample was turned by hand.",
        )
    more = (
        "Zabala, A., & Pascual, U. (2016). Bootstrapping Q methodology to improve the "
        "understanding of human perspectives. PLoS ONE, 11(2), e0148087.\n"
        "Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient as a "
        "meaningful index of factor similarity. Methodology, 2(2), 57-64."
    )
    return "\n\n".join([paragraph, own, f"{references}\n{more}"])


def repr_html(result: QBootstrap) -> str:
    """What a notebook shows.

    Parameters
    ----------
    result : QBootstrap
    """
    return (
        f"<p>{escape(repr(result))}</p><p>{escape(_caution(result))}</p>"
        + _stability_html(result)
        + _alignments_html(result)
        + _folded("Statements", table_html(result.z_scores, headings=_HEADINGS))
        + _folded("Sorts", table_html(result.loadings, headings=_HEADINGS))
    )


def _caution(result: QBootstrap) -> str:
    from dmpkit.qmethod.bootstrap import MADE, PURPOSE

    return f"{MADE} {PURPOSE}" if result.analysis.sorts.synthetic else PURPOSE


def _folded(title: str, html: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def _stability_html(result: QBootstrap) -> str:
    table = table_html(
        result.stability, headings=_HEADINGS, caption="How stable the factors are to who sorted"
    )
    key = (
        "Recovered: share of the resamples with a congruence of .85 or more; lost: number of those "
        "without; unflagged: resamples in which no sort is flagged on it; congruence: median, with "
        "the interval; flags: flagged sorts of the whole sample, and their mean over the "
        "resamples; SE: mean standard error of the z-scores; shift: mean number of grid columns by "
        "which the array of the mean z-scores departs."
    )
    return f"{table}<p>{escape(key)}</p>"


def _alignments_html(result: QBootstrap) -> str:
    wide = result.alignments.pivot_table(
        index="factor", columns="align", values="standard_error", dropna=False
    )
    order = [name for name in ("none", "assignment", "procrustes") if name in wide]
    table = wide[order].reset_index()
    return table_html(
        pd.DataFrame(table),
        caption="Mean standard error of z-scores under each alignment (same resamples)",
    )


def indicators(result: QBootstrap) -> tuple[Indicator, ...]:
    """Share of resamples that recover each factor; no interval, since there is no sampling.

    Parameters
    ----------
    result : QBootstrap

    Returns
    -------
    tuple of Indicator
    """
    from dmpkit.qmethod.bootstrap import RECOVERED

    sorts = result.analysis.sorts
    kind = "synthetic sorts" if sorts.synthetic else "sorts"
    return tuple(
        Indicator(
            f"resamples that recover {row.factor}",
            float(row.recovered),  # type: ignore[arg-type]
            n=result.n_resamples,
            note=f"share with a congruence of {decimal(RECOVERED)} or more. {_caution(result)}",
            source=f"bootstrap of {sorts.n_sorts} {kind} of {sorts.n_statements} statements",
        )
        for row in result.stability.itertuples()
    )


def section(result: QBootstrap) -> Section:
    """The bootstrap as one section of a larger report.

    Parameters
    ----------
    result : QBootstrap
    """
    own = methods_text(result).split("\n\n")[1]
    html = (
        f"<p>{escape(_caution(result))}</p>"
        + _stability_html(result)
        + _alignments_html(result)
        + f"<h3>Methods</h3><p>{escape(own)}</p>"
    )
    return Section("Stability to who sorted (bootstrap)", html, tuple(_figures(result)))


def _figures(result: QBootstrap) -> list[Figure]:
    pictures = [
        (plots.plot_stability(result), "Congruence of the resamples' factors."),
        (plots.plot_z_scores(result), f"Z-scores with {_span(result)} intervals."),
        (plots.plot_loadings(result), f"Loadings with {_span(result)} intervals."),
        (plots.plot_flags(result), "Share of resamples in which each sort is flagged."),
    ]
    if len(result.factors) > 1:
        drawn = plots.plot_distinguishing(result)
        pictures.append((drawn, "Distinguishing statements: how often they stay so."))
    return [Figure.from_axes(ax, caption) for ax, caption in pictures]


def _span(result: QBootstrap) -> str:
    return f"{100 * result.interval:g}%"


def report(result: QBootstrap, path: str | os.PathLike[str]) -> Path:
    """Write the bootstrap as one self-contained HTML page that prints well.

    Parameters
    ----------
    result : QBootstrap
    path : path
        The page to write, whole or not at all.

    Returns
    -------
    Path
        Where it was written.
    """
    tables = [table_html(result.z_scores, headings=_HEADINGS, caption="Z-scores")]
    tables.append(table_html(result.loadings, headings=_HEADINGS, caption="Loadings and flags"))
    if len(result.factors) > 1:
        both = result.distinguishing()
        drop = [] if any(result.analysis.texts) else ["text"]
        shown = both[both["distinguishing"]].drop(columns=[*drop, "distinguishing"])
        tables.append(
            table_html(shown, caption="Distinguishing statements and how often they stay")
        )
    sections = [section(result), Section("Tables", "".join(tables))]
    title = "Bootstrap of a Q analysis"
    write_html(path, page(title, sections, subtitle=repr(result)))
    return Path(path)


_SHEETS = {
    "stability": "How often each factor came back (congruence of .85 or more), the median "
    "congruence with its interval, flagged sorts, mean standard error of z-scores, and by how many "
    "grid columns the array of the mean z-scores departs from that of all sorts.",
    "z_scores": "Z-score of all sorts; mean, standard error and interval over the resamples.",
    "loadings": "Loading of all sorts; mean, standard error and interval over the resamples that "
    "hold the sort, and the share of these in which it is flagged.",
    "differences": "Differences of z-scores between factors; apart: the interval leaves out 0.",
    "distinguishing": "Share of the resamples in which a statement distinguishes a factor "
    "(p < .05).",
    "consensus": "Share of the resamples in which no two factors differ on a statement (p < .05).",
    "alignments": "Mean standard error of z-scores under each alignment.",
}


def to_excel(result: QBootstrap, path: str | os.PathLike[str]) -> Path:
    """Write the bootstrap as one workbook: a sheet a table, and a first one that explains.

    Parameters
    ----------
    result : QBootstrap
    path : path
        Ends in ``.xlsx``; written whole or not at all.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        When the name does not end in ``.xlsx`` or the folder does not exist.
    """
    found = result.tables()
    tables = {name: found[name] for name in _SHEETS if len(found[name])}
    notes = [("Bootstrap", repr(result)), ("Methods", methods_text(result))]
    notes += [(name, _SHEETS[name]) for name in tables]
    numbers = {name for table in tables.values() for name in table.columns}
    formats = dict.fromkeys(numbers - {"n", "score", "score_of_mean", "n_not_recovered"}, "0.000")
    write_workbook(path, tables, formats=formats, notes=notes)
    return Path(path)
