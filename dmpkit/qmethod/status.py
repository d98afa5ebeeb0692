"""What became of each sort: which define a factor, which do not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dmpkit.qmethod.arrays import Bools, Floats
from dmpkit.qmethod.flags import FlagRule

if TYPE_CHECKING:
    from dmpkit.qmethod.analysis import QAnalysis

__all__ = ["STATUSES", "sort_status"]

#: Every status with what it means.
STATUSES = {
    "flagged": "defines one factor, with a positive loading",
    "flagged, opposite end": "defines one factor with a negative loading: it holds the opposite "
    "of the factor's view and enters its composite sort reversed (a bipolar factor, where others "
    "load positively)",
    "confounded": "significant on two or more factors and not the mark of one alone: it is flagged "
    "on several, or on none because no factor explains more of it than the others together",
    "not flagged": "significant on one factor, but not flagged on it",
    "not significant": "significant on no factor: a view that the factors do not hold",
}


def sort_status(analysis: QAnalysis) -> pd.DataFrame:
    """Every sort with its status and the reason, one row each.

    A loading is significant when its absolute value exceeds *c* / √n at the level of
    the flag rule (.05 where flags were given by hand); on the halves of a split
    factor only the side counts on which the sort stands. The words are the
    field's (Watts & Stenner 2012, ch. 6), which differ a little from author to
    author: many call every sort with two significant loadings confounded. Here it
    is, unless it is flagged on one factor alone; the explanation then names the
    other significant loadings.

    Parameters
    ----------
    analysis : QAnalysis

    Returns
    -------
    DataFrame
        ``sort, status, flagged_on, significant_on`` (names of factors, separated by
        commas), ``factor`` and ``loading`` (the highest in absolute value),
        ``communality, explanation``. The status is one of :data:`STATUSES`.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                    [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> table = sort_status(qm.analyse(sorts, 2, flags=[[1, 0], [0, 0], [0, 1], [0, 1]]))
    >>> table[["sort", "status", "flagged_on", "significant_on"]]
        sort       status flagged_on significant_on
    0  sort1      flagged         f1             f1
    1  sort2  not flagged                        f1
    2  sort3      flagged         f2             f2
    3  sort4      flagged         f2             f2
    """
    rule = analysis.flag_rule or FlagRule()
    bound = rule.threshold(analysis.sorts.n_statements, analysis.profile)
    own, flags = analysis.own_loadings, analysis.flag_array
    significant = np.abs(own) > bound
    highest = np.abs(own).argmax(axis=1)
    rows = range(len(own))
    names = analysis.factors
    statuses = [_status(own[i], flags[i], significant[i]) for i in rows]
    return pd.DataFrame(
        {
            "sort": list(analysis.sorts.sorts),
            "status": statuses,
            "flagged_on": [_named(names, flags[i]) for i in rows],
            "significant_on": [_named(names, significant[i]) for i in rows],
            "factor": [names[j] for j in highest],
            "loading": own[np.arange(len(own)), highest],
            "communality": np.array(analysis.extra["communalities"]),
            "explanation": [
                _explanation(statuses[i], analysis, own[i], flags[i], significant[i], bound)
                for i in rows
            ],
        }
    ).astype(dict.fromkeys(("sort", "status", "flagged_on", "significant_on", "factor"), "str"))


def _status(loading: Floats, flags: Bools, significant: Bools) -> str:
    if flags.sum() > 1:
        return "confounded"
    if flags.any():
        return "flagged" if loading[flags][0] >= 0 else "flagged, opposite end"
    if significant.sum() > 1:
        return "confounded"
    return "not flagged" if significant.any() else "not significant"


def _explanation(
    status: str,
    analysis: QAnalysis,
    loading: Floats,
    flags: Bools,
    significant: Bools,
    bound: float,
) -> str:
    names = analysis.factors
    shown = {name: f"{name} {value:.2f}" for name, value in zip(names, loading, strict=True)}
    where = [name for name, chosen in zip(names, flags, strict=True) if chosen]
    at = [name for name, chosen in zip(names, significant, strict=True) if chosen]
    if status == "not significant":
        top = names[int(np.abs(loading).argmax())]
        return f"No loading reaches {bound:.2f}; the highest is {shown[top]}."
    if status == "not flagged":
        return f"Significant on {shown[at[0]]}, {_why_not(analysis, loading, significant)}."
    if status == "confounded":
        listed = ", ".join(shown[name] for name in at)
        if where:
            return f"Flagged on {', '.join(where)}; significant: {listed or 'none'}."
        return f"Significant on {listed}; {_why_not(analysis, loading, significant)}."
    (name,) = where
    words = f"Defines {shown[name]}."
    if name not in at:
        words = f"Flagged by hand on {shown[name]}, which does not reach {bound:.2f}."
    others = [shown[other] for other in at if other != name]
    if others:
        words += f" Also significant on {', '.join(others)}."
    if status == "flagged, opposite end":
        words += _other_end(analysis, names.index(name))
    return words


def _why_not(analysis: QAnalysis, loading: Floats, significant: Bools) -> str:
    if analysis.flag_rule is None:
        return "but not flagged by hand"
    share = loading**2
    own, others = float(share.max()), float(share.sum() - share.max())
    return (
        f"but no factor explains most of it (squared loading {own:.2f}, the others "
        f"together {others:.2f})"
    )


def _other_end(analysis: QAnalysis, factor: int) -> str:
    name = analysis.factors[factor]
    signs = analysis.loading_array[:, factor][analysis.flag_array[:, factor]]
    if (signs > 0).any():
        return (
            f" {name} is bipolar: this sort holds the opposite of its view and enters the "
            f"composite reversed. Split {name} if both ends are views of their own."
        )
    return (
        f" Every sort that defines {name} loads negatively: invert {name}, and the composite "
        "is what these people sorted."
    )


def _named(names: Sequence[str], chosen: Bools) -> str:
    return ", ".join(name for name, yes in zip(names, chosen, strict=True) if yes)
