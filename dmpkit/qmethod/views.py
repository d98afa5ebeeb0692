"""A Q analysis told to a reader: summary, methods paragraph, notebook view, report.

Numbers are rounded here and nowhere before. Plain words come first, the field's
own terms follow in brackets.
"""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.plotting import new_axes
from dmpkit.qmethod import plots
from dmpkit.qmethod.arrays import factor_position
from dmpkit.qmethod.data import signed
from dmpkit.qmethod.extraction import SMALL_CENTROID
from dmpkit.qmethod.flags import critical_value
from dmpkit.reporting import (
    Figure,
    Indicator,
    Section,
    TableView,
    drawing,
    escape,
    format_number,
    page,
    table_html,
    write_html,
)

if TYPE_CHECKING:
    from dmpkit.qmethod.analysis import QAnalysis

__all__ = [
    "STARS",
    "indicators",
    "methods_text",
    "report",
    "repr_html",
    "section",
    "summary",
    "table_view",
]

WIDTH = 88
#: What stars mean wherever differences of z-scores are shown.
STARS = "* p < .05, ** p < .01, *** p < .001, 6* p < .000001"
_EXTRACTIONS = {
    "pca": "principal component analysis",
    "centroid": "centroid factor analysis (in the form of the R package qmethod)",
    "centroid_brown": "centroid factor analysis (Brown's form as KADE calculates it)",
    "centroid_horst": "centroid factor analysis with iterated communalities (Horst 5.5)",
    "centroid_tucker": "centroid factor analysis (in the form of Tucker and MacCallum)",
    "ml": "maximum likelihood factor analysis",
    "minres": "minimum residual factor analysis",
}
_ROTATIONS = {
    "none": "not rotated",
    "varimax": "rotated by varimax (orthogonal, Kaiser-normalised)",
    "quartimax": "rotated by quartimax (orthogonal)",
    "equamax": "rotated by equamax (orthogonal)",
    "oblimin": "rotated by direct oblimin (oblique)",
    "promax": "rotated by promax (oblique, power 4)",
}
_CORRELATIONS = {
    "pearson": "Pearson's product-moment correlation",
    "spearman": "Spearman's rank correlation",
    "kendall": "Kendall's tau",
}
_REFERENCES = {
    "always": "Brown, S. R. (1980). Political Subjectivity: Applications of Q Methodology in "
    "Political Science. Yale University Press.",
    "qmethod": "Zabala, A. (2014). qmethod: A package to explore human perspectives using Q "
    "methodology. The R Journal, 6(2), 163-173.",
    "kade": "Banasick, S. (2019). KADE: A desktop application for Q methodology. Journal of Open "
    "Source Software, 4(36), 1360.",
}


# -- words that several views share ------------------------------------------------------


def decimal(value: float, digits: int = 2) -> str:
    """A number between -1 and 1 as papers print it, without the leading zero.

    Parameters
    ----------
    value : float
    digits : int

    Examples
    --------
    >>> decimal(0.345), decimal(-0.5), decimal(1.0), decimal(float("nan"))
    ('.34', '-.50', '1.00', '–')
    """
    text = format_number(value, digits)
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def flagged_names(analysis: QAnalysis, factor: int) -> list[str]:
    """The sorts that define a factor, highest loading first, negative ones marked.

    Parameters
    ----------
    analysis : QAnalysis
    factor : int
        Position of the factor, from 0.
    """
    loading = analysis.loading_array[:, factor]
    chosen = np.flatnonzero(analysis.flag_array[:, factor])
    chosen = chosen[np.argsort(-np.abs(loading[chosen]), kind="stable")]
    sorts = analysis.sorts.sorts
    return [sorts[i] if loading[i] >= 0 else f"{sorts[i]} (negative)" for i in chosen]


def grid_words(analysis: QAnalysis) -> str:
    """The distribution in words: ``-2 (1), -1 (2), 0 (3), +1 (2), +2 (1)``.

    Parameters
    ----------
    analysis : QAnalysis
    """
    grid = analysis.sorts.grid
    return ", ".join(
        f"{signed(value)} ({count})"
        for value, count in zip(grid["value"], grid["count"], strict=True)
    )


def cautions(analysis: QAnalysis) -> list[str]:
    """What a reader has to know before trusting a factor: a sentence each.

    Parameters
    ----------
    analysis : QAnalysis
    """
    found = ["The sorts are synthetic: made, not collected."] if analysis.sorts.synthetic else []
    shares = np.asarray(analysis.extra.get("centroid_shares", ()))
    found += [
        f"Unrotated centroid factor f{j + 1} is far smaller than the largest factor there was to "
        "take: a viewpoint may be missed. Compare with principal components or one factor more."
        for j in np.flatnonzero(shares < SMALL_CENTROID)
        if not (shares[j + 1 :] >= SMALL_CENTROID).any()
    ]
    for j, name in enumerate(analysis.factors):
        flagged = analysis.flag_array[:, j]
        negative = flagged & (analysis.loading_array[:, j] < 0)
        if not flagged.any():
            found.append(f"{name} has no flagged sorts, so it has no composite sort.")
        elif negative.all(where=flagged):
            found.append(
                f"All sorts that define {name} load negatively: read its composite sort reversed."
            )
        elif negative.any():
            found.append(
                f"{name} is bipolar; sorts at its opposite end, which enter its composite sort "
                f"reversed: {_and(_names(analysis, negative))}."
            )
        if flagged.sum() == 1:
            found.append(f"{name} rests on a single sort.")
    confounded = analysis.flag_array.sum(axis=1) > 1
    if confounded.any():
        found.append(f"Flagged on more than one factor: {_and(_names(analysis, confounded))}.")
    if not analysis.sorts.forced:
        found.append("Not every sort has the forced distribution.")
    return found


def _names(analysis: QAnalysis, chosen: Any) -> list[str]:
    return [analysis.sorts.sorts[i] for i in np.flatnonzero(chosen)]


def _and(words: Sequence[str]) -> str:
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def explained_in_all(analysis: QAnalysis) -> float:
    r"""Variance that all factors explain together, in per cent.

    The communalities, the diagonal of :math:`L\Phi L'`, over the number of sorts. After
    an orthogonal rotation it is the sum of the factors' own shares; factors that
    correlate explain some of the variance twice over, so their shares do not add up.

    Parameters
    ----------
    analysis : QAnalysis
    """
    communalities = np.asarray(analysis.extra["communalities"], dtype=np.float64)
    return float(100 * communalities.sum() / analysis.sorts.n_sorts)


def _percent(value: float) -> str:
    return f"{value:.0f}%"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


# -- summary ---------------------------------------------------------------------------------


def summary(analysis: QAnalysis) -> str:
    """The analysis in plain words, technical terms in brackets.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    str
        Lines of at most 88 characters.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> print(summary(qm.analyse(sorts, 2)).splitlines()[0])
    4 sorts of 9 statements were compared, and 2 shared points of view were looked for
    """
    sorts, k = analysis.sorts, analysis.n_factors
    explained = explained_in_all(analysis)
    opening = (
        f"{sorts.n_sorts} sorts of {sorts.n_statements} statements were compared, and "
        f"{_count(k, 'shared point')} of view {'was' if k == 1 else 'were'} looked for "
        f"(factor{'' if k == 1 else 's'}). "
        f"{'It accounts' if k == 1 else 'Together they account'} for "
        f"{_percent(explained)} of the differences between the sorts (explained variance)."
    )
    blocks = [_fill(opening)]
    blocks += [_factor_words(analysis, j) for j in range(k)]
    unflagged = _names(analysis, ~analysis.flag_array.any(axis=1))
    if unflagged:
        blocks.append(_fill(f"Define no factor (not flagged): {', '.join(unflagged)}."))
    if k > 1:
        blocks.append(_common_ground(analysis))
        blocks.append(
            _fill(
                "Stars say how clearly a statement sets a factor apart, by its smallest "
                f"difference from another factor: {STARS}."
            )
        )
    if careful := cautions(analysis):
        blocks.append("\n".join(["Take care", *(_fill(f"- {line}", "  ") for line in careful)]))
    return "\n\n".join(blocks)


def _factor_words(analysis: QAnalysis, j: int) -> str:
    name = analysis.factors[j]
    row = analysis.characteristics.iloc[j]
    who = flagged_names(analysis, j)
    lines = [
        f"{name}: {_count(len(who), 'defining sort')} (flagged), "
        f"{_percent(row['explained_variance'])} of the variance, reliability "
        f"{decimal(row['reliability'])}"
    ]
    if who:
        lines.append(_fill(f"  Held by: {', '.join(who)}", "    "))
    if np.isfinite(analysis.score_array[:, j]).all():
        lines += _extremes(analysis, j)
        if analysis.n_factors > 1:
            lines.append(_sets_apart(analysis, name))
    return "\n".join(lines)


def _sets_apart(analysis: QAnalysis, name: str) -> str:
    """The distinguishing statements, each with its stars."""
    table = analysis.distinguishing(name)
    own = [f"{i} {stars}" for i, stars in zip(table["statement"], table["stars"], strict=True)]
    return _fill(f"  Sets it apart (distinguishing): {', '.join(own) or 'nothing'}", "    ")


def _extremes(analysis: QAnalysis, j: int) -> list[str]:
    scores, z = analysis.score_array[:, j], analysis.z_array[:, j]
    lines = []
    for word, value in (("Highest", scores.max()), ("Lowest", scores.min())):
        chosen = np.flatnonzero(scores == value)
        chosen = chosen[np.argsort(-z[chosen], kind="stable")]
        lines.append(f"  {word} ({signed(float(value))}):")
        lines += [_fill(f"    {analysis.sorts.labels_with_text[i]}", "      ") for i in chosen]
    return lines


def _common_ground(analysis: QAnalysis) -> str:
    same = list(analysis.consensus()["statement"])
    lines = [
        _fill(
            "Common ground (consensus, no two factors differ at p < .05): "
            f"{', '.join(same) or 'no statement'}.",
            "  ",
        )
    ]
    between = _pairs(analysis)
    if between:
        words = ", ".join(f"{a} and {b} {decimal(r)}" for a, b, r in between)
        lines.append(
            _fill(f"How alike the factors are (correlation of their scores): {words}.", "  ")
        )
    return "\n".join(lines)


def _pairs(analysis: QAnalysis) -> list[tuple[str, str, float]]:
    """Pairs of factors with the correlation of their scores, undefined ones left out."""
    table = analysis.factor_score_correlations
    names = analysis.factors
    pairs = [
        (a, b, float(table[b].iloc[i]))
        for i, a in enumerate(names)
        for b in names[i + 1 :]
    ]  # fmt: skip
    return [pair for pair in pairs if np.isfinite(pair[2])]


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


# -- methods ----------------------------------------------------------------------------------


def methods_text(analysis: QAnalysis) -> str:
    """A methods paragraph that states every choice made, and the references, ready to edit.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    str
        One paragraph, then the references, a line each.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> print(methods_text(qm.analyse(sorts, 2)).split(". ")[0])
    4 Q sorts of 9 statements were analysed
    """
    parts = [
        _data_words(analysis),
        _factor_extraction_words(analysis),
        _adequacy_words(analysis),
        _flag_words(analysis),
        _score_words(analysis),
        _comparison_words(analysis),
        _software_words(analysis),
    ]
    references = [_REFERENCES["always"], _REFERENCES.get(analysis.profile, "")]
    return "\n\n".join(
        [" ".join(part for part in parts if part), "\n".join(filter(None, references))]
    )


def _data_words(analysis: QAnalysis) -> str:
    sorts = analysis.sorts
    kind = "synthetic Q sorts" if sorts.synthetic else "Q sorts"
    text = f"{sorts.n_sorts} {kind} of {sorts.n_statements} statements were analysed. "
    grid = grid_words(analysis)
    if sorts.forced:
        return text + (
            "All sorts have the same forced distribution (grid column, number of statements): "
            f"{grid}."
        )
    ranked = np.sort(sorts.values, axis=0)
    off = int(np.any(ranked != sorts.distribution[:, None], axis=0).sum())
    return text + (
        f"{off} of the sorts do not have the distribution {grid} (grid column, number of "
        "statements), by which the factor arrays were formed."
    )


def _factor_extraction_words(analysis: QAnalysis) -> str:
    k = analysis.n_factors
    explained = explained_in_all(analysis)
    correlation = _CORRELATIONS.get(analysis.correlation, analysis.correlation)
    log = analysis.rotation_log
    base = analysis.rotation if log is None else log.base
    rotation = _ROTATIONS.get(base, f"rotated by {base}")
    above = int(np.sum(analysis.eigenvalue_array > 1))
    extracted = analysis.unrotated_array.shape[1]
    oblique = "" if log is None or not log.steps else f" {log.describe()}"
    off = analysis.phi_array[~np.eye(k, dtype=bool)]
    if log is None and off.size and np.abs(off).max() > 1e-12:
        oblique = (
            " Loadings are pattern loadings; the factors correlate between "
            f"{decimal(float(off.min()))} and {decimal(float(off.max()))}, so that their own "
            "shares of the variance (sums of squared pattern loadings) do not add up to the total."
        )
    return (
        f"Sorts were correlated by {correlation}. "
        f"{_count(extracted, 'factor')} {'was' if extracted == 1 else 'were'} extracted by "
        f"{_EXTRACTIONS.get(analysis.extraction, analysis.extraction)} and {rotation}; "
        f"{'it explains' if extracted == 1 else 'together they explain'} {explained:.1f} per cent "
        f"of the variance ({above} eigenvalues of the correlation matrix exceed 1).{oblique}"
    )


def _adequacy_words(analysis: QAnalysis) -> str:
    extra = analysis.extra
    kmo, chi2 = (float(extra.get(name, np.nan)) for name in ("kmo", "bartlett_chi2"))
    words = []
    if np.isfinite(kmo):
        words.append(f"Sampling adequacy (Kaiser-Meyer-Olkin) is {decimal(kmo)}.")
    if np.isfinite(chi2):
        p = float(extra["bartlett_p_value"])
        shown = "p < .001" if p < 0.001 else f"p = {decimal(p, 3)}"
        words.append(
            "Bartlett's test of sphericity gives chi-square"
            f"({extra['bartlett_df']:.0f}) = {chi2:.1f}, {shown}."
        )
    return " ".join([*words, str(extra.get("note", ""))]).strip()


def _flag_words(analysis: QAnalysis) -> str:
    counts = _and(
        [f"{n} on {name}" for name, n in zip(analysis.factors, analysis.n_flagged, strict=True)]
    )
    total = int(analysis.flag_array.any(axis=1).sum())
    ending = f"{total} of {analysis.sorts.n_sorts} sorts are flagged ({counts})."
    rule = analysis.flag_rule
    if rule is None:
        return f"Defining sorts were flagged by hand; {ending}"
    n = analysis.sorts.n_statements
    bound = rule.threshold(n, analysis.profile)
    words = (
        f"Sorts were flagged automatically as defining a factor where the loading's absolute value "
        f"exceeds {critical_value(rule.level, analysis.profile):.4g}/sqrt({n}) = {decimal(bound)} "
        f"(p < {decimal_level(rule.level)})"
    )
    if rule.majority:
        words += " and its square exceeds the sum of the squared loadings on the other factors"
    negative = int((analysis.flag_array & (analysis.loading_array < 0)).sum())
    if negative:
        ending += f" {negative} of these loadings are negative; such sorts enter reversed."
    caution = "The level is that of a sort that has no part in making the factor."
    return f"{words}; {ending} {caution}"


def _score_words(analysis: QAnalysis) -> str:
    kade = analysis.profile == "kade"
    what = "standardised values" if kade else "values"
    ties = (
        "ties are broken by the order of the statements, so that every array keeps the distribution"
        if kade
        else "tied statements share the lower grid value, so that an array with ties can deviate "
        "from the distribution"
    )
    return (
        f"Statement scores of a factor are the mean of the {what} in its flagged sorts, weighted "
        "by loading/(1 - loading^2) and standardised to z-scores (mean 0, standard deviation 1 "
        "with n - 1). Factor arrays put the statements into the distribution in the order of "
        f"their z-scores; {ties}."
    )


def _comparison_words(analysis: QAnalysis) -> str:
    r = decimal(analysis.composite_reliability)
    text = (
        f"With an assumed reliability of {r} of a single sort, a factor with m flagged sorts has "
        f"the composite reliability {r} m / (1 + (m - 1) {r}), and its z-scores the standard error "
        "sqrt(1 - reliability)."
    )
    if analysis.n_factors < 2:
        return text
    sign = "reaches or exceeds" if analysis.profile == "kade" else "exceeds"
    at = {level: critical_value(level, analysis.profile) for level in (0.05, 0.01, 0.001, 1e-6)}
    return text + (
        f" Z-scores of two factors differ at p < .05 where their difference {sign} {at[0.05]:.4g} "
        f"standard errors of the difference (at p < .01, .001 and .000001: {at[0.01]:.4g}, "
        f"{at[0.001]:.4g} and {at[1e-6]:.4g}; no correction for multiple "
        "comparisons). A statement distinguishes a factor on which its z-score differs from that "
        "on every other factor; it is a consensus where no two factors differ at p < .05. Where "
        f"sorts that share a view correlate less than {r}, more statements than the level says "
        "come out as different."
    )


def _software_words(analysis: QAnalysis) -> str:
    from importlib.metadata import PackageNotFoundError, version

    from dmpkit import __version__

    engine = ""
    if analysis.engine != "dmpkit":
        try:
            engine = f" Extraction and rotation: {analysis.engine} {version(analysis.engine)}."
        except PackageNotFoundError:
            engine = f" Extraction and rotation: {analysis.engine}."
    kind = {"qmethod": "the R package qmethod", "kade": "KADE"}.get(
        analysis.profile, analysis.profile
    )
    if analysis.profile == "kade" and analysis.extraction == "centroid":
        engine += (
            " The centroid extraction, however, is that of the R package qmethod; KADE and "
            'PQMethod use Brown\'s form (extraction "centroid_brown").'
        )
    return (
        f"Calculations: dmpkit {__version__} (Python), following the rules of {kind} "
        f'(profile "{analysis.profile}").{engine}'
    )


def decimal_level(level: float) -> str:
    """A level of significance as papers print it.

    Parameters
    ----------
    level : float

    Examples
    --------
    >>> decimal_level(0.05), decimal_level(0.000001)
    ('.05', '.000001')
    """
    text = f"{level:.6f}".rstrip("0")
    return text.removeprefix("0")


# -- tables for readers ----------------------------------------------------------------------------


def sorts_for_reading(analysis: QAnalysis) -> pd.DataFrame:
    """Loadings, communality, and the factor a sort is flagged on.

    Parameters
    ----------
    analysis : QAnalysis
    """
    table = analysis.loadings.copy()
    table["communality"] = np.asarray(analysis.extra["communalities"])
    names = np.array(analysis.factors)
    table["flagged on"] = [", ".join(names[row]) for row in analysis.flag_array]
    return table


def statements_for_reading(analysis: QAnalysis) -> pd.DataFrame:
    """Arrays and z-scores of every statement, without empty columns and in whole numbers.

    Parameters
    ----------
    analysis : QAnalysis
    """
    table = whole_scores(analysis.statements_table, analysis.factors)
    if not any(analysis.texts):
        table = table.drop(columns="text")
    if analysis.n_factors < 2:
        table = table.drop(columns="label")
    return table


def whole_scores(table: pd.DataFrame, factors: Sequence[str]) -> pd.DataFrame:
    """Grid values as whole numbers where they are whole, in the columns of the factors.

    Parameters
    ----------
    table : DataFrame
    factors : sequence of str

    Examples
    --------
    >>> whole_scores(pd.DataFrame({"f1": [1.0, -2.0]}), ["f1"])["f1"].tolist()
    [1, -2]
    """
    out = table.copy()
    for name in factors:
        filled = out[name].dropna()
        if (filled == filled.round()).all():
            out[name] = out[name].astype("Int64")
    return out


#: Tables that depend on a factor or a level, and what stands above all tables that have one.
_CAPTIONS = {
    "distinguishing": "Statements that set {factor} apart: it differs from every other factor "
    "at p < {level}. Stars, by its smallest difference: " + STARS,
    "consensus": "Statements on which no two factors differ at p < {level}",
    "consensus_levels": "Statements on which no two factors differ at p < .01 (*: nor at p < .05)",
    "crib_sheet": "What to read first about {factor}",
    "differences": "Differences of z-scores. Stars: " + STARS,
    "equivalence": "Whether all factors score a statement alike",
    "statements_table": "Statements: z-scores (z) and places in the factor arrays",
    "factor_arrays": "Factor arrays",
    "z_scores": "Z-scores",
    "loadings": "Loadings of the sorts",
    "sort_status": "What became of each sort",
}
_BY_FACTOR = ("distinguishing", "crib_sheet")
_BY_LEVEL = ("distinguishing", "consensus")
_OTHERS = ("consensus_levels", "equivalence")


def table_view(
    analysis: QAnalysis,
    table: str,
    factor: str | int | None = None,
    *,
    level: float | None = None,
    digits: int = 2,
) -> TableView:
    """A table of an analysis to be read: whole wording, few digits, signs explained.

    Parameters
    ----------
    analysis : QAnalysis
    table : str
        Name of a table or of a method that makes one.
    factor : str or int, optional
        For tables of one factor.
    level : float, optional
        For ``"distinguishing"`` and ``"consensus"``; .05 unless given.
    digits : int
        Decimals shown.

    Returns
    -------
    TableView

    Raises
    ------
    DataError
        When there is no such table, or factor or level are missing or out of place.
    """
    from dmpkit.qmethod.analysis import TABLES

    names = list(dict.fromkeys((*TABLES, *_BY_FACTOR, *_BY_LEVEL, *_OTHERS)))
    if table not in names:
        raise DataError(
            f"there is no table {table!r}.", remedy=f"The tables are: {', '.join(names)}."
        )
    if (factor is None) == (table in _BY_FACTOR):
        raise DataError(
            f"{table!r} {'needs a factor' if factor is None else 'has no factor to choose'}.",
            remedy=f"E.g. view('distinguishing', {analysis.factors[0]!r}) or view('consensus').",
        )
    if level is not None and table not in _BY_LEVEL:
        raise DataError(f"{table!r} has no level to choose.", remedy="Leave level out.")
    arguments = () if factor is None else (factor,)
    options = {} if level is None else {"level": level}
    found = getattr(analysis, table)
    frame = found(*arguments, **options) if callable(found) else found
    if "text" in frame.columns and not any(analysis.texts):
        frame = frame.drop(columns="text")
    name = "" if factor is None else analysis.factors[factor_position(analysis.factors, factor)]
    caption = _CAPTIONS.get(table, table.replace("_", " ").capitalize())
    return TableView(
        frame,
        digits,
        caption.format(factor=name, level=decimal_level(0.05 if level is None else level)),
        {f"z_{f}": f"z {f}" for f in analysis.factors} | {"z_score": "z-score"},
        "part" if "part" in frame.columns else None,
    )


# -- HTML -----------------------------------------------------------------------------------


def repr_html(analysis: QAnalysis) -> str:
    """What a notebook shows: the factors, who holds them, and the statements.

    Parameters
    ----------
    analysis : QAnalysis
    """
    careful = "".join(f"<li>{escape(line)}</li>" for line in cautions(analysis))
    return (
        f"<p>{escape(repr(analysis))}</p>"
        + _factors_html(analysis)
        + (f"<p>Take care:</p><ul>{careful}</ul>" if careful else "")
        + _folded("Statements", _statements_html(analysis))
        + _folded("Sorts: loadings and flags", _sorts_html(analysis))
        + _folded("Methods", _paragraphs(methods_text(analysis)))
    )


def _folded(title: str, html: str) -> str:
    return f"<details><summary>{escape(title)}</summary>{html}</details>"


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(part)}</p>" for part in text.replace("\n\n", "\n").split("\n"))


def _factors_html(analysis: QAnalysis) -> str:
    table = analysis.characteristics.drop(columns="average_reliability")
    table["held by"] = [", ".join(flagged_names(analysis, j)) for j in range(analysis.n_factors)]
    headings = {
        "n_flagged": "flagged sorts",
        "explained_variance": "variance (%)",
        "standard_error": "standard error of z-scores",
    }
    return table_html(table, headings=headings, digits={"explained_variance": 1}, caption="Factors")


def _statements_html(analysis: QAnalysis, caption: str | None = None) -> str:
    headings = {f"z_{name}": f"z {name}" for name in analysis.factors}
    return table_html(statements_for_reading(analysis), headings=headings, caption=caption)


def _sorts_html(analysis: QAnalysis, caption: str | None = None) -> str:
    return table_html(sorts_for_reading(analysis), caption=caption)


def indicators(analysis: QAnalysis) -> tuple[Indicator, ...]:
    """Numbers that an evaluation compares; complete counts, so none has an interval.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    tuple of Indicator
        Variance explained, share of sorts that define a factor and, with two
        factors or more, the share of consensus statements and the highest
        correlation between two factors' scores.
    """
    sorts, k = analysis.sorts, analysis.n_factors
    source = f"Q analysis of {sorts.n_sorts} sorts and {sorts.n_statements} statements"
    flagged = analysis.flag_array.any(axis=1)
    found = [
        Indicator(
            f"variance explained by {_count(k, 'factor')}",
            explained_in_all(analysis),
            n=sorts.n_sorts,
            note="per cent of the variance of the sorts",
            source=source,
        ),
        Indicator(
            "sorts that define a factor",
            float(flagged.mean()),
            n=sorts.n_sorts,
            note="share of sorts flagged on at least one factor",
            source=source,
        ),
    ]
    if pairs := _pairs(analysis):
        a, b, r = max(pairs, key=lambda pair: pair[2])
        found += [
            Indicator(
                "consensus statements",
                len(analysis.consensus()) / sorts.n_statements,
                n=sorts.n_statements,
                note="share of statements on which no two factors differ at p < .05",
                source=source,
            ),
            Indicator(
                "highest correlation between two factors",
                r,
                n=sorts.n_statements,
                note=f"of the z-scores of {a} and {b}",
                source=source,
            ),
        ]
    return tuple(found)


def section(analysis: QAnalysis) -> Section:
    """The analysis as one section of a larger report.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    Section
        Factors, statements and loadings as tables; composite sorts, z-scores
        and loadings as pictures.
    """
    careful = "".join(f"<li>{escape(line)}</li>" for line in cautions(analysis))
    html = (
        f"<p>{escape(summary(analysis).split(chr(10) * 2)[0])}</p>"
        + _factors_html(analysis)
        + (f"<h3>Take care</h3><ul>{careful}</ul>" if careful else "")
        + f"<h3>Statements</h3>{_statements_html(analysis)}"
        + f"<h3>Sorts</h3>{_sorts_html(analysis)}"
        + f"<h3>Methods</h3>{_paragraphs(methods_text(analysis))}"
    )
    pictures = [_composite(analysis, name) for name in _scored(analysis)]
    return Section("Points of view (Q analysis)", html, (*pictures, *_overviews(analysis)))


def _scored(analysis: QAnalysis) -> list[str]:
    scores = analysis.score_array.T
    return [
        name for name, own in zip(analysis.factors, scores, strict=True) if np.isfinite(own).all()
    ]


def _composite(analysis: QAnalysis, name: str) -> Figure:
    return Figure.from_axes(plots.plot_composite(analysis, name), f"Composite sort of {name}.")


def _overviews(analysis: QAnalysis) -> list[Figure]:
    found = []
    if _scored(analysis):
        found.append(
            Figure.from_axes(
                plots.plot_z_scores(analysis), "Z-scores of the statements on the factors."
            )
        )
    if analysis.n_factors > 1:
        found.append(_loadings(analysis))
    return found


def _loadings(analysis: QAnalysis) -> Figure:
    x, y = plots.first_two(analysis)
    ax = new_axes((4.9, 5.2))  # beside a table of the sorts on one page
    return Figure.from_axes(plots.plot_loadings(analysis, x, y, ax=ax), f"Loadings on {x} and {y}.")


def report(analysis: QAnalysis, path: str | os.PathLike[str], *, title: str = "Q analysis") -> Path:
    """Write the whole analysis as one self-contained HTML page, made to be printed on A4.

    Parameters
    ----------
    analysis : QAnalysis
    path : path
        The page to write, whole or not at all. A file of that name is replaced
        without a question.
    title : str
        Heading of the page; plain text.

    Returns
    -------
    Path
        Where it was written.
    """
    with drawing():
        sections = [_overview_section(analysis)]
        sections += [_factor_section(analysis, name) for name in _scored(analysis)]
        sections += [_statements_section(analysis), _sorts_section(analysis)]
        sections.append(_methods_section(analysis))
    write_html(path, page(title, sections, subtitle=repr(analysis)))
    return Path(path)


def _overview_section(analysis: QAnalysis) -> Section:
    html = f"<p>{escape(summary(analysis).split(chr(10) * 2)[0])}</p>" + _factors_html(analysis)
    if analysis.n_factors > 1:
        html += table_html(
            analysis.factor_score_correlations, caption="Correlations of the factors' scores"
        )
    if careful := cautions(analysis):
        html += (
            "<h3>Take care</h3><ul>" + "".join(f"<li>{escape(c)}</li>" for c in careful) + "</ul>"
        )
    return Section("Overview", html)


def _factor_section(analysis: QAnalysis, name: str) -> Section:
    who = flagged_names(analysis, analysis.factors.index(name))
    html = f"<p>Held by: {escape(', '.join(who))}.</p>"
    note = "what to read first (crib sheet)"
    if analysis.n_factors > 1:
        note += f". Stars: {name} differs from every other factor, {STARS}"
    html += table_html(
        factor_for_reading(analysis, name),
        headings={"z_score": "z", "stars": ""},
        caption=f"Factor {name}: {note}",
        groups="part",
    )
    return Section(f"Factor {name}", html, (_composite(analysis, name),))


def factor_for_reading(analysis: QAnalysis, name: str) -> pd.DataFrame:
    """Crib sheet and distinguishing statements of a factor in one table.

    Parameters
    ----------
    analysis : QAnalysis
    name : str

    Returns
    -------
    DataFrame
        ``part, statement, text, stars, z_score, f1, ..., fk``; the last part holds the
        distinguishing statements that are in no other.
    """
    own = analysis.distinguishing(name)
    stars = dict(zip(own["statement"], own["stars"], strict=True))
    sheet = analysis.crib_sheet(name)
    rest = own[~own["statement"].isin(sheet["statement"])].rename(columns={f"z_{name}": "z_score"})
    rest.insert(0, "part", ["distinguishing, between the others' places"] * len(rest))
    table = pd.concat([sheet, rest], ignore_index=True) if len(rest) else sheet
    table["stars"] = [stars.get(statement, "") for statement in table["statement"]]
    columns = ["part", "statement", "text", "stars", "z_score", *analysis.factors]
    drop = ([] if any(analysis.texts) else ["text"]) + (["stars"] if analysis.n_factors < 2 else [])
    return table[columns].drop(columns=drop)


def _statements_section(analysis: QAnalysis) -> Section:
    html = _statements_html(analysis, "Labels, z-scores and arrays")
    if analysis.n_factors > 1:
        html += _consensus_html(analysis)
    pictures = _overviews(analysis)[:1] if _scored(analysis) else []
    return Section("Statements", html, tuple(pictures))


def _consensus_html(analysis: QAnalysis) -> str:
    same = analysis.consensus_levels()
    table = table_html(
        same if any(analysis.texts) else same.drop(columns="text"),
        headings={"mark": "", "bound": "alike within\N{NO-BREAK SPACE}±"}
        | {f"z_{f}": f"z {f}" for f in analysis.factors},
        caption="Consensus statements: no two factors differ at p < .01 (*: nor at p < .05)",
    )
    return table + (
        '<p class="note">Alike within: the largest difference of z-scores between two factors '
        "that is not ruled out (two one-sided tests at .05; a proposal of dmpkit). Not "
        "significant is not agreement: read it beside the star.</p>"
    )


def _sorts_section(analysis: QAnalysis) -> Section:
    pictures = [
        Figure.from_axes(plots.plot_correlations(analysis), "Correlations between the sorts."),
        Figure.from_axes(plots.plot_scree(analysis), "Eigenvalues of the correlation matrix."),
    ]
    if analysis.n_factors > 1:
        pictures.insert(0, _loadings(analysis))
    html = _sorts_html(analysis, "Loadings and flags") + _unflagged_html(analysis)
    return Section("Sorts", html, tuple(pictures))


def _unflagged_html(analysis: QAnalysis) -> str:
    """The sorts that do not simply define one factor, with the reason."""
    status = analysis.sort_status
    odd = status[status["status"] != "flagged"][["sort", "status", "explanation"]]
    if odd.empty:
        return ""
    return table_html(odd, caption="Sorts that do not simply define one factor, and why")


def _methods_section(analysis: QAnalysis) -> Section:
    html = _paragraphs(methods_text(analysis))
    log = analysis.rotation_log
    if log is not None and log.steps:
        html += table_html(
            log.table[["step", "text"]].rename(columns={"text": "what was done"}),
            caption=f"Rotation by hand, step by step from {log.base}",
        )
    return Section("Methods", html)
