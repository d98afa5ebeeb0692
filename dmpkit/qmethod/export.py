"""A Q analysis as an Excel workbook: one sheet a table, and one that explains them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmpkit.qmethod.views import methods_text, whole_scores
from dmpkit.tables import write_workbook

if TYPE_CHECKING:
    from dmpkit.qmethod.analysis import QAnalysis

__all__ = ["defining_sorts", "sheets", "to_excel"]

#: What each sheet holds, in the order of the workbook.
SHEETS = {
    "characteristics": "What each factor rests on: number of flagged sorts, eigenvalue (sum of "
    "squared loadings), explained variance in per cent, composite reliability, standard error.",
    "statements_table": "Every statement with its wording, whether it distinguishes a factor or is "
    "a consensus, its z-scores (z_f1 ...) and its place in each factor array (f1 ...).",
    "factor_arrays": "The composite sort of each factor: the grid value of every statement.",
    "z_scores": "Z-scores of every statement on every factor.",
    "distinguishing": "Statements on which a factor differs from every other at p < .05.",
    "consensus": "Statements on which no two factors differ at p < .01; those marked * do not at "
    "p < .05 either. bound: the largest difference of z-scores that is not ruled out.",
    "equivalence": "Whether all factors score a statement alike within one standard deviation of "
    "the z-scores (two one-sided tests at .05), a proposal of dmpkit: not significant is not "
    "agreement. bound: the largest difference that is not ruled out, for the pair named.",
    "crib_sheet": "What to read first for each factor: its extremes, and what it ranks higher or "
    "lower than every other factor.",
    "differences": "Differences of z-scores between two factors, with standard error and stars "
    "(* p < .05, ** .01, *** .001, 6* .000001).",
    "loadings": "Loadings of the sorts on the factors after rotation.",
    "defining_sorts": "The sorts that define each factor (flagged), highest loading first.",
    "flags": "The same as a grid: TRUE where a sort is flagged on a factor.",
    "sort_status": "What became of each sort, and why.",
    "factor_score_correlations": "Correlations between the factors' z-scores.",
    "standard_errors_of_differences": "Standard errors of differences between z-scores.",
    "phi": "Correlations of the factors themselves (0 after an orthogonal rotation).",
    "unrotated": "Loadings before rotation.",
    "eigenvalues": "All eigenvalues of the correlation matrix.",
    "correlations": "Correlations between the sorts.",
    "sorts": "The data: the grid value each sort gives each statement.",
    "grid": "The distribution: grid values and number of statements.",
}

#: Only where factors were rotated by hand.
ROTATION_STEPS = "rotation_steps"


def sheets(analysis: QAnalysis) -> dict[str, pd.DataFrame]:
    """The tables of the workbook by sheet name, grid values as whole numbers.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    dict of str to DataFrame
        In the order of the workbook; tables that compare factors are left out
        when there is only one.
    """
    found = dict(analysis.tables())
    found |= {"sorts": analysis.sorts.frame(), "grid": analysis.sorts.grid}
    found["crib_sheet"] = _by_factor(analysis, "crib_sheet")
    found["defining_sorts"] = defining_sorts(analysis)
    if analysis.n_factors > 1:
        found["distinguishing"] = _by_factor(analysis, "distinguishing")
        found["consensus"] = analysis.consensus_levels()
        found["equivalence"] = analysis.equivalence()
    else:
        found.pop("differences", None)
    for name in ("statements_table", "factor_arrays", "distinguishing", "consensus", "crib_sheet"):
        if name in found:
            found[name] = whole_scores(found[name], analysis.factors)
    found["sorts"] = whole_scores(found["sorts"], analysis.sorts.sorts)
    found["grid"] = whole_scores(found["grid"], ["value"])
    ordered = {name: found[name] for name in SHEETS if name in found}
    if analysis.rotation_log is not None:
        ordered[ROTATION_STEPS] = analysis.rotation_log.table
    return ordered


def defining_sorts(analysis: QAnalysis) -> pd.DataFrame:
    """The flagged sorts by factor, highest loading first; negative ones define it reversed.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    DataFrame
        ``factor, sort, loading, side``; side is ``negative`` or empty.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> defining_sorts(qm.analyse(sorts, 2))[["factor", "sort"]].values.tolist()
    [['f1', 'sort1'], ['f1', 'sort2'], ['f2', 'sort3'], ['f2', 'sort4']]
    """
    rows = [
        (name, analysis.sorts.sorts[i], loading[i], "negative" if loading[i] < 0 else "")
        for name, flagged, loading in zip(
            analysis.factors, analysis.flag_array.T, analysis.loading_array.T, strict=True
        )
        for i in sorted(np.flatnonzero(flagged), key=lambda i: -abs(loading[i]))
    ]
    return pd.DataFrame(rows, columns=["factor", "sort", "loading", "side"])


def _by_factor(analysis: QAnalysis, table: str) -> pd.DataFrame:
    """A table that exists once a factor, as one table with the factor in front."""
    parts: list[pd.DataFrame] = []
    for name in analysis.factors:
        part = getattr(analysis, table)(name)
        part.insert(0, "factor", [name] * len(part))
        parts.append(part)
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def to_excel(analysis: QAnalysis, path: str | os.PathLike[str]) -> Path:
    """Write the analysis as one workbook: a sheet a table, and a first one that explains.

    The first sheet, *About*, holds the methods paragraph, says what every other
    sheet holds and has links to them. Numbers keep the 16 digits that a workbook holds and
    are rounded in display only; text is stored as text, so that no wording can run as a formula.

    Parameters
    ----------
    analysis : QAnalysis
    path : path
        Ends in ``.xlsx``; written whole or not at all. A file of that name is
        replaced without a question.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        When the name does not end in ``.xlsx`` or the folder does not exist.
    """
    tables = sheets(analysis)
    about = [("Analysis", repr(analysis)), ("Methods", methods_text(analysis))]
    about += [(name, SHEETS.get(name, "The rotation by hand, step by step.")) for name in tables]
    about += [("Data", note) for note in analysis.sorts.notes]
    formats = dict.fromkeys([*analysis.factors, *(f"z_{f}" for f in analysis.factors)], "0.000")
    formats |= dict.fromkeys(
        ("reliability", "standard_error", "difference", "z_score", "eigenvalue", "loading"), "0.000"
    )
    write_workbook(path, tables, formats=formats, notes=about)
    return Path(path)
