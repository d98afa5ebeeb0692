"""Whether those who rated agree, and how lenient each of them is.

With one rater nothing can be said; with two or three their range is shown; with
four or more a mean also gets an interval from drawing raters anew.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, SmallSampleWarning
from dmpkit.evaluation.labels import floats
from dmpkit.measures.agreement import krippendorff_alpha
from dmpkit.measures.clusters import icc_raters
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed, expanded_tail, run_resamples
from dmpkit.tables import to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dmpkit.evaluation.data import Scorecard

__all__ = ["RaterAgreement", "kendall_w", "rater_agreement", "rater_leniency"]

#: Raters from which on a mean gets an interval by drawing raters anew.
ENOUGH_TO_RESAMPLE = 4
ALL = "all stages"


def kendall_w(scores: Any) -> Estimate:
    """Kendall's coefficient of concordance W of several raters, corrected for ties.

    ``W = 12 S / (m² (n³ − n) − m Σ(t³ − t))`` with ``S`` the sum of squared
    deviations of the rank sums of n units, m raters, and t the sizes of each
    rater's ties (Kendall & Babington Smith 1939; Siegel & Castellan 1988). Only
    units that every rater scored enter. 1 is the same order from all, 0 none.

    Parameters
    ----------
    scores : DataFrame or array, units × raters
        NaN where a rater gave no score.

    Returns
    -------
    Estimate
        `n` counts the complete units; NaN with the reason where W is undefined.

    Examples
    --------
    >>> round(kendall_w([[1, 1], [2, 3], [3, 2]]).value, 3)
    0.75
    """
    from scipy.stats import rankdata

    wide = to_pandas(scores) if hasattr(scores, "columns") else scores
    x = floats(wide, "scores")
    if x.ndim != 2:
        raise DataError(
            "Kendall's W needs a table of units by raters.", remedy="Give one column a rater."
        )
    x = x[~np.isnan(x).any(axis=1)]
    n, m = x.shape
    if m < 2 or n < 2:
        why = "undefined: it needs two raters and two criteria that all of them scored"
        return Estimate(math.nan, n=n, note=why)
    ranks = np.apply_along_axis(rankdata, 0, x)
    sums = ranks.sum(axis=1)
    ties = 0.0
    for column in x.T:
        counts = np.unique(column, return_counts=True)[1].astype(np.float64)
        ties += float((counts**3 - counts).sum())
    below = m**2 * (n**3 - n) - m * ties
    if below <= 0:
        return Estimate(math.nan, n=n, note="undefined: every rater gave all criteria one score")
    return Estimate(12 * float(((sums - sums.mean()) ** 2).sum()) / below, n=n)


def rater_leniency(scores: Any) -> tuple[pd.Series[float], pd.Series[float]]:
    """How lenient each rater is, and what each unit would get from an average rater.

    Least squares of score = unit + rater, raters' effects summing to zero (the
    additive two-way model; a simple stand-in for a many-facet Rasch model). It takes
    every rater to be equally lenient on all units.

    Parameters
    ----------
    scores : DataFrame, units × raters
        NaN where a rater gave no score.

    Returns
    -------
    leniency : Series, raters
        Points above (lenient) or below (severe) the average rater.
    adjusted : Series, units
        Score that an average rater would give. Both are NaN throughout where
        the raters cannot be compared: there is one only, or they fall into groups
        that share no unit.

    Examples
    --------
    >>> scores = pd.DataFrame({"strict": [1.0, 2.0, None], "mild": [2.0, 3.0, 4.0]},
    ...                       index=["C01", "C02", "C03"])
    >>> leniency, adjusted = rater_leniency(scores)
    >>> leniency.round(2).tolist(), adjusted.round(2).tolist()
    ([-0.5, 0.5], [1.5, 2.5, 3.5])
    """
    table = to_pandas(scores)
    wide = pd.DataFrame(floats(table, "scores"), index=table.index, columns=table.columns)
    wide = wide.loc[wide.notna().any(axis=1), wide.notna().any(axis=0)]
    x = wide.to_numpy()
    n, m = x.shape
    effects: NDArray[np.float64] = np.full(m, np.nan)
    units: NDArray[np.float64] = np.full(n, np.nan)
    if m >= 2 and _connected(~np.isnan(x)):
        row, column = np.nonzero(~np.isnan(x))
        design = np.zeros((len(row), n + m - 1))
        design[np.arange(len(row)), row] = 1
        last = column == m - 1
        design[last, n:] = -1
        design[np.flatnonzero(~last), n + column[~last]] = 1
        found = np.linalg.lstsq(design, x[row, column], rcond=None)[0]
        units = found[:n]
        effects = np.append(found[n:], -found[n:].sum())
    return pd.Series(effects, index=wide.columns), pd.Series(units, index=wide.index)


def _connected(known: NDArray[np.bool_]) -> bool:
    """Whether all raters are linked through units that they share."""
    seen = np.zeros(known.shape[1], dtype=bool)
    seen[0] = True
    while True:
        grown = known[known[:, seen].any(axis=1)].any(axis=0) | seen
        if (grown == seen).all():
            return bool(seen.all())
        seen = grown


@dataclass(frozen=True, eq=False, repr=False)
class RaterAgreement(Result):
    """Result of :func:`rater_agreement`.

    Attributes
    ----------
    scores : DataFrame
        One row a criterion that has a score, one column a rater.
    labels, stages : Series
        Label and stage of each of these criteria.
    n_resamples : int
    seed : int
    synthetic : bool
    """

    title: ClassVar[str] = "Do the raters agree"
    sheet_notes: ClassVar[dict[str, str]] = {
        "coefficients": "Agreement of the raters; criteria that one rater alone scored do not "
        "count. Intervals treat the criteria as a draw from many.",
        "raters": "Points that each rater gives above or below the average rater.",
        "differences": "Criteria on which raters differ, the furthest apart first.",
        "means": "Mean score by stage with the raters' range or, from four raters on, an "
        "interval from drawing raters anew.",
    }
    sheet_formats: ClassVar[dict[str, str]] = {"value": "0.000"}

    scores: pd.DataFrame
    labels: pd.Series[Any]
    stages: pd.Series[Any]
    n_resamples: int
    seed: int
    synthetic: bool = False

    @property
    def raters(self) -> tuple[str, ...]:
        """Names, in order of appearance."""
        return tuple(str(c) for c in self.scores.columns)

    @cached_property
    def alpha(self) -> Estimate:
        """Krippendorff's alpha of the scores as ranks (ordinal)."""
        return self._alpha("ordinal")

    def _alpha(self, level: Any) -> Estimate:
        twice = int((self.scores.notna().sum(axis=1) >= 2).sum())
        if len(self.raters) < 2:
            return Estimate(math.nan, n=0, note="undefined: there is one rater only")
        if twice < 2:
            why = "undefined: fewer than two criteria have scores of two raters"
            return Estimate(math.nan, n=twice, note=why)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SmallSampleWarning)  # n is shown beside
            return krippendorff_alpha(self.scores.T, level)

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """``coefficient, value, low, high, n_criteria, note``."""
        found = [
            ("Krippendorff's alpha, ordinal", self.alpha),
            ("Krippendorff's alpha, interval", self._alpha("interval")),
            ("Kendall's W", kendall_w(self.scores)),
        ]
        rows = [
            {"coefficient": name, "value": e.value, "low": e.low, "high": e.high,
             "n_criteria": e.n, "note": e.note} for name, e in found
        ]  # fmt: skip
        return pd.DataFrame(rows + self._icc())

    def _icc(self) -> list[dict[str, Any]]:
        full = self.scores.dropna()
        try:
            table = icc_raters(full.T)
        except DataError as error:
            note = f"undefined: {error.problem[0].lower()}{error.problem[1:]}"
            return [{"coefficient": "intraclass correlations", "value": math.nan, "low": math.nan,
                     "high": math.nan, "n_criteria": len(full), "note": note}]  # fmt: skip
        return [
            {"coefficient": row["type"], "value": row["value"], "low": row["low"],
             "high": row["high"], "n_criteria": len(full), "note": _ICC_NOTES[row["type"][:5]]}
            for row in table.to_dict("records")
        ]  # fmt: skip

    @cached_property
    def severity(self) -> pd.DataFrame:
        """``rater, n_criteria, mean, leniency``: points above the average rater."""
        leniency, _ = rater_leniency(self.scores)
        return pd.DataFrame(
            {
                "rater": self.raters,
                "n_criteria": self.scores.notna().sum().to_numpy(dtype=np.int64),
                "mean": self.scores.mean().to_numpy(dtype=np.float64),
                "leniency": leniency.reindex(self.scores.columns).to_numpy(dtype=np.float64),
            }
        )

    @cached_property
    def differences(self) -> pd.DataFrame:
        """``criterion, label, stage, lowest, highest, range`` and each rater's score."""
        twice = self.scores[self.scores.notna().sum(axis=1) >= 2]
        gap = twice.max(axis=1) - twice.min(axis=1)
        table = pd.DataFrame(
            {
                "criterion": twice.index,
                "label": self.labels.reindex(twice.index).to_numpy(),
                "stage": self.stages.reindex(twice.index).to_numpy(),
                "lowest": twice.min(axis=1).to_numpy(),
                "highest": twice.max(axis=1).to_numpy(),
                "range": gap.to_numpy(),
            }
        )
        for name in self.raters:
            table[f"score {name}"] = twice[name].to_numpy()
        apart = table[table["range"] > 0]
        return apart.sort_values("range", ascending=False, kind="stable").reset_index(drop=True)

    @cached_property
    def means(self) -> pd.DataFrame:
        """Mean over criteria by stage and over all: ``stage, n_criteria, mean, low, high, how``.

        With two or three raters `low` and `high` take every criterion's lowest or
        highest score; from four raters on they are percentiles over draws of raters, the
        tails made smaller for the number of raters
        (:func:`dmpkit.resampling.expanded_tail`), nominally 95 %; in our simulations they
        held about 87 % with four raters and 92 % with eight.
        """
        groups = {s: self.stages.index[self.stages == s] for s in dict.fromkeys(self.stages)}
        groups[ALL] = self.scores.index
        rows = []
        for name, members in groups.items():
            part = self.scores.loc[members]
            low, high, how = self._range(part)
            rows.append({"stage": name, "n_criteria": len(part), "mean": part.mean(axis=1).mean(),
                         "low": low, "high": high, "how": how})  # fmt: skip
        return pd.DataFrame(rows)

    def _range(self, part: pd.DataFrame) -> tuple[float, float, str]:
        m = len(self.raters)
        if m < 2:
            return math.nan, math.nan, "one rater: neither range nor interval"
        if m < ENOUGH_TO_RESAMPLE or not self.n_resamples:
            low, high = part.min(axis=1).mean(), part.max(axis=1).mean()
            return float(low), float(high), "range of the raters"
        draws = np.concatenate(
            run_resamples(_RaterMeans(part.to_numpy(dtype=np.float64)), self.n_resamples,
                          seed=self.seed, chunk_size=500, progress=False)
        )  # fmt: skip
        tail = expanded_tail(0.95, m)
        ends = np.nanquantile(draws, [tail, 1 - tail])
        return float(ends[0]), float(ends[1]), f"95 % interval from {self.n_resamples} draws"

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables ``coefficients``, ``raters``, ``differences`` and ``means``."""
        return {
            "coefficients": self.coefficients,
            "raters": self.severity,
            "differences": self.differences,
            "means": self.means,
        }

    def summary(self) -> str:
        """What the agreement is and who is lenient."""
        m = len(self.raters)
        if m < 2:
            who = "One person" if m else "Nobody"
            return f"{who} gave scores, so it cannot be judged whether raters agree."
        n = int((self.scores.notna().sum(axis=1) >= 2).sum())
        text = f"Of {m} raters, two or more scored {n} of the {len(self.scores)} criteria. "
        if math.isnan(self.alpha.value):
            text += f"Their agreement (Krippendorff's alpha) is {self.alpha.note}. "
        else:
            text += (
                f"Their agreement beyond chance is {format_number(self.alpha.value)} "
                "(Krippendorff's alpha, ordinal; 1 is full agreement, 0 is chance). "
            )
        far = int((self.differences["range"] >= 2).sum())
        text += (
            f"On {far} {'criterion' if far == 1 else 'criteria'} they lie two points or more apart."
        )
        return f"{text}\n\n{self._severity_words()}"

    def _severity_words(self) -> str:
        table = self.severity.dropna(subset=["leniency"])
        if not len(table):
            return (
                "How lenient each rater is cannot be said: they fall into groups that scored no "
                "criterion in common."
            )
        effects = table["leniency"].to_numpy(dtype=np.float64)
        mild, strict = table.iloc[int(effects.argmax())], table.iloc[int(effects.argmin())]
        if mild["leniency"] - strict["leniency"] < 1e-9:
            return "No rater is more lenient than another."
        return (
            f"The most lenient rater is {mild['rater']} "
            f"({format_number(mild['leniency'])} points above the average rater), the most severe "
            f"{strict['rater']} ({format_number(-strict['leniency'])} below)."
        )

    def methods_text(self) -> str:
        """How agreement, leniency and ranges were computed."""
        m = len(self.raters)
        ends = (
            f"percentiles over {self.n_resamples} draws of raters (seed {self.seed}), the tails "
            f"made smaller for the number of raters (Hesterberg 2015), rough with {m} raters: "
            "nominal 95 % held about 87 % with four in our simulations and 92 % with eight"
            if m >= ENOUGH_TO_RESAMPLE and self.n_resamples
            else "each criterion's lowest and highest score; raters are not drawn anew, there are "
            "too few"
        )
        return (
            "Agreement: Krippendorff's alpha, ordinal and interval, on all scores; Kendall's W "
            "with correction for ties and the intraclass correlations of Shrout and Fleiss on "
            "criteria that all raters scored. Leniency: least squares of score = criterion + "
            "rater with raters' effects summing to zero, which takes each rater to be equally "
            f"lenient on all criteria. Ranges of means: {ends}. Scores from measured numbers "
            "do not count as a rater; contested scores do count."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Krippendorff's alpha of the raters."""
        e = self.alpha
        return (
            Indicator("agreement of the raters (Krippendorff's alpha)", e.value, n=e.n,
                      note=e.note or "ordinal; 1 full agreement, 0 chance",
                      source="scorecard"),
        )  # fmt: skip

    def section(self) -> Section:
        """The agreement as a section of a report."""
        body = paragraphs(self.summary())
        if len(self.raters) >= 2:
            heads = {"n_criteria": "criteria", "how": "how the ends were found"}
            heads |= {f"score_{rater}": f"score of {rater}" for rater in self.raters}
            body += table_html(self.coefficients, headings=heads, caption="Agreement")
            body += table_html(
                self.severity, headings=heads, caption="Leniency of the raters (points of 4)"
            )
            body += table_html(
                self.means, headings=heads, caption="Mean score and what the raters leave open"
            )
            if len(self.differences):
                body += table_html(
                    self.differences.head(12), headings=heads, digits=_whole(self.differences),
                    caption="Criteria on which the raters lie furthest apart",
                )  # fmt: skip
        figures = () if len(self.raters) < 2 else (Figure.from_axes(self.plot_leniency()),)
        return Section(self.title, body, figures)

    def plot_leniency(self, *, ax: Axes | None = None) -> Axes:
        """Dot plot of each rater's leniency."""
        from dmpkit.evaluation.scorecard_plots import plot_leniency

        return plot_leniency(self.severity, ax=ax, synthetic=self.synthetic)


def _whole(frame: pd.DataFrame) -> dict[str, int]:
    """No decimals for columns of scores that were all given as whole numbers."""
    numbers = frame.select_dtypes("number")
    return {str(c): 0 for c in numbers if (numbers[c].dropna() % 1 == 0).all()}


@dataclass(frozen=True)
class _RaterMeans:
    """Mean over criteria of the means over drawn raters; criteria without any are left out."""

    scores: NDArray[np.float64]

    def __call__(self, generator: Any, size: int) -> NDArray[np.float64]:
        m = self.scores.shape[1]
        known, filled = ~np.isnan(self.scores), np.nan_to_num(self.scores)
        times = generator.multinomial(m, np.full(m, 1 / m), size=size).astype(np.float64)
        counts = times @ known.T.astype(np.float64)
        sums = times @ filled.T
        means = np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
        some = (counts > 0).sum(axis=1)
        total = np.where(counts > 0, means, 0.0).sum(axis=1)
        found: NDArray[np.float64] = np.divide(
            total, some, out=np.full(size, np.nan), where=some > 0
        )
        return found


_ICC_NOTES = {
    "ICC(1": "raters differ from criterion to criterion",
    "ICC(2": "raters as a draw, differences of level count",
    "ICC(3": "these raters only, differences of level do not count",
}


def rater_agreement(
    scorecard: Scorecard, *, n_resamples: int = 2000, seed: int | None = None
) -> RaterAgreement:
    """How far the raters of a scorecard agree, and how lenient each of them is.

    Krippendorff's alpha needs two raters; Kendall's W and the intraclass
    correlations take the criteria that all raters scored. Measured scores
    (:meth:`Scorecard.with_indicators`) are no rater here.

    Parameters
    ----------
    scorecard : Scorecard
    n_resamples : int
        Draws of raters for the interval of the means, used from four raters on;
        0 for the raters' range instead.
    seed : int, optional
        Of these draws.

    Returns
    -------
    RaterAgreement

    Raises
    ------
    DataError
        `n_resamples` below 0, or a seed that is none.

    Examples
    --------
    >>> from dmpkit.evaluation import Criteria, Scorecard
    >>> own = Criteria.from_frame(pd.DataFrame(
    ...     {"id": ["I1", "I2", "I3"], "label": ["a", "b", "c"], "stage": ["s"] * 3}))
    >>> ratings = pd.DataFrame({"criterion": ["I1", "I2", "I3"] * 2,
    ...                         "rater": ["x"] * 3 + ["y"] * 3, "score": [1, 2, 4, 1, 3, 4]})
    >>> found = rater_agreement(Scorecard.from_frames(ratings, own), seed=1)
    >>> round(found.alpha.value, 3), found.severity["leniency"].round(3).tolist()
    (0.949, [-0.167, 0.167])
    """
    if isinstance(n_resamples, bool) or not n_resamples == int(n_resamples) or n_resamples < 0:
        raise DataError(
            f"n_resamples is {n_resamples!r}.", remedy="Use 0, or a number such as 2000."
        )
    scores = scorecard.scores
    frame = scorecard.criteria.frame.set_index("criterion").loc[list(scores.index)]
    stages = frame["stage"].map(scorecard.criteria.stage_name)
    return RaterAgreement(
        scores, frame["label"], stages, int(n_resamples), drawn_seed(seed), scorecard.synthetic
    )
