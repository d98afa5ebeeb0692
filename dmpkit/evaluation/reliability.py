"""Agreement of coders on ordinal codes, code by code.

Which coefficient? For ordered values Krippendorff's ordinal alpha or the quadratic kappa;
nominal ones count a near miss like a far one. Percent agreement is high by itself where
one value is common.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.codebook import Codebook
from dmpkit.evaluation.labels import name_list, text
from dmpkit.measures import agreement
from dmpkit.qmethod.correlation import spearman
from dmpkit.reporting import Estimate

__all__ = ["COEFFICIENTS", "code_reliability"]

#: Column to the coefficient's name.
COEFFICIENTS = {
    "percent_agreement": "percent agreement",
    "cohen_kappa": "Cohen's kappa",
    "kappa_quadratic": "Cohen's kappa with quadratic weights",
    "spearman": "Spearman's rank correlation",
    "alpha_nominal": "Krippendorff's alpha (nominal)",
    "alpha_ordinal": "Krippendorff's alpha (ordinal)",
}


def code_reliability(
    acts: pd.DataFrame,
    codebook: Codebook,
    *,
    coders: Sequence[str] | None = None,
    coefficient: str = "alpha_ordinal",
    threshold: float = 0.667,
) -> pd.DataFrame:
    """All coefficients of every code.

    Parameters
    ----------
    acts : DataFrame
        ``act, coder`` (text) and one numeric column a code, NaN where not coded.
    codebook : Codebook
    coders : (str, str), optional
        The two of the kappas and Spearman's correlation, where there are more.
    coefficient : str
        Which one decides.
    threshold : float
        From which value on a code is reliable.

    Returns
    -------
    DataFrame
        ``code, label, acts`` (coded by two or more), the six coefficients, ``low, high``
        (95 % interval of the deciding one, where it has one), ``reliable, note``.

    Raises
    ------
    DataError
        `coders` are not two of those in the data.

    Examples
    --------
    >>> from dmpkit.evaluation.codebook import Code, Codebook
    >>> book = Codebook("own", (Code("level", "level", 3),))
    >>> frame = pd.DataFrame({"act": ["1", "1", "2", "2"], "coder": ["a", "b"] * 2,
    ...                       "level": [0.0, 0.0, 3.0, 3.0]})
    >>> code_reliability(frame, book)["alpha_ordinal"].tolist()
    [1.0]
    """
    known = sorted(acts["coder"].unique())
    pair = known if coders is None else [text(c) for c in name_list(coders, "coders")]
    if coders is not None and (len(set(pair)) != 2 or not set(pair) <= set(known)):
        raise DataError(f"The coders to compare are {pair}.",
                        remedy=f"Name two of {', '.join(known)}.")  # fmt: skip
    rows = []
    for code in codebook.codes:
        wide = acts.pivot_table(index="coder", columns="act", values=code.name, dropna=False)
        wide = wide.reindex(known)
        found = _coefficients(wide, pair)
        own = found[coefficient]
        both = int((wide.notna().sum(axis=0) >= 2).sum())
        rows.append({
            "code": code.name, "label": code.label, "acts": both,
            **{name: found[name].value for name in COEFFICIENTS},
            "low": own.low, "high": own.high,
            "reliable": bool(own.value >= threshold - 1e-12), "note": own.note,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _coefficients(wide: pd.DataFrame, pair: list[str]) -> dict[str, Estimate]:
    """Estimates of one code; NaN with a reason where there is none."""
    if len(wide) < 2 or not (wide.notna().sum(axis=0) >= 2).any():
        why = "no act was coded by two coders"
        return dict.fromkeys(COEFFICIENTS, Estimate(math.nan, note=why))
    ratings = wide.to_numpy(np.float64)
    found = {
        "alpha_nominal": agreement.krippendorff_alpha(ratings, "nominal"),
        "alpha_ordinal": agreement.krippendorff_alpha(ratings, "ordinal"),
        "percent_agreement": agreement.percent_agreement(ratings),
    }
    if len(pair) != 2:
        why = f"defined for two coders, and there are {len(pair)}: name two as coders="
        return {**found, **dict.fromkeys(("cohen_kappa", "kappa_quadratic", "spearman"),
                                         Estimate(math.nan, note=why))}  # fmt: skip
    two = wide.loc[pair].dropna(axis=1).to_numpy(np.float64)
    if not two.shape[1]:
        none = Estimate(math.nan, note="no act was coded by both")
        return {**found, **dict.fromkeys(("cohen_kappa", "kappa_quadratic", "spearman"), none)}
    found["cohen_kappa"] = agreement.cohen_kappa(two)
    found["kappa_quadratic"] = agreement.cohen_kappa(two, "quadratic")
    found["spearman"] = _spearman(two)
    return found


def _spearman(two: Any) -> Estimate:
    if (np.ptp(two, axis=1) == 0).any():
        return Estimate(math.nan, n=two.shape[1], note="undefined: a coder always gave one value")
    return Estimate(float(spearman(two.T)[0, 1]), n=two.shape[1])
