"""Bootstrap of a Q study: how stable the factors are to who sorted.

The people of a Q study are chosen on purpose, for the views they may hold, and
are no random sample of anyone. Resampling them says how much the factors hang
on who happened to take part; it is not inference to a population, and no
interval here is a confidence interval for one.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import ConvergenceWarning, DataError, DmpkitWarning, warn
from dmpkit.qmethod.analysis import AUTOMATIC, QAnalysis, analyse
from dmpkit.qmethod.arrays import Bools, Floats
from dmpkit.qmethod.centroid import CENTROIDS
from dmpkit.qmethod.correlation import unit_columns
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.flags import FlagRule, critical_value
from dmpkit.qmethod.judgemental import RotationLog, Split
from dmpkit.qmethod.scores import composite_reliability, factor_arrays, factor_pairs
from dmpkit.qmethod.stacks import Draws, Recipe, Resampled, quantiles, resample
from dmpkit.resampling import chunk_within, drawn_seed, run_chunks
from dmpkit.tables import as_kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.reporting import Indicator, Section

__all__ = ["ALIGNMENTS", "MADE", "PURPOSE", "RECOVERED", "QBootstrap", "bootstrap"]

#: How the factors of a resample are brought into line with those of the whole sample.
ALIGNMENTS = ("assignment", "procrustes", "none")
#: Congruence from which on a factor counts as recovered (Lorenzo-Seva & ten Berge 2006).
RECOVERED = 0.85
#: What a bootstrap of a Q study says and does not say; shown wherever its figures are.
PURPOSE = (
    "The people of a Q study are chosen on purpose; this measures how stable the factors are to "
    "who sorted, and is not inference to a population."
)
#: Said wherever figures of synthetic sorts are.
MADE = "The sorts are synthetic: made, not collected."
_OBLIQUE = ("oblimin", "promax")
_CELLS = 3_000_000  # numbers that a chunk may hold at a time
_MOST = 200  # resamples of a chunk


@dataclass(frozen=True, eq=False, repr=False)
class QBootstrap:
    """Result of :func:`bootstrap`: the resamples are held, tables are made when asked for.

    m resamples, n statements, p sorts, k factors, in the order and with the
    signs of the analysis of all sorts.

    Attributes
    ----------
    analysis : QAnalysis
        Of all sorts.
    align : {"assignment", "procrustes", "none"}
    interval : float
        Share of the resamples that an interval ``low`` to ``high`` spans.
    balanced : bool or None
        None when the resamples were given.
    seed : int or None
        The one given, else the one that was drawn; None when the resamples were given.
    resamples : ndarray of int, shape (m, p)
        Positions of the sorts drawn, from 0.
    loading_samples : ndarray, shape (m, p, k)
        NaN where a sort was not drawn.
    flag_samples : ndarray of bool, shape (m, p, k)
    flagged_count_samples : ndarray of int, shape (m, k)
        Flagged sorts; one drawn twice counts twice.
    z_samples : ndarray, shape (m, n, k)
        NaN where a factor had no flagged sorts.
    congruence_samples : ndarray, shape (m, k)
        Correlation of a factor's z-scores with those of the resample's factor that
        is assigned to it, whatever the alignment.
    z_errors : mapping of str to ndarray, shape (n, k)
        Standard errors of the z-scores under each alignment.
    """

    analysis: QAnalysis
    align: str
    interval: float
    balanced: bool | None
    seed: int | None
    resamples: Draws
    loading_samples: Floats
    flag_samples: Bools
    flagged_count_samples: NDArray[np.int_]
    z_samples: Floats
    congruence_samples: Floats
    z_errors: Mapping[str, Floats]

    def __repr__(self) -> str:
        k = self.analysis.n_factors
        return (
            f"QBootstrap: {self.n_resamples} resamples of {self.analysis.sorts.n_sorts} sorts, "
            f"{k} factor{'' if k == 1 else 's'} (align={self.align!r})"
        )

    @property
    def n_resamples(self) -> int:
        """Number of resamples."""
        return len(self.resamples)

    @property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors: ``f1`` to ``fk``."""
        return self.analysis.factors

    @cached_property
    def recovered_samples(self) -> Bools:
        """Whether each factor was recovered in each resample, shape (m, k)."""
        return np.nan_to_num(self.congruence_samples, nan=-1.0) >= RECOVERED

    # Tables

    @cached_property
    def z_scores(self) -> pd.DataFrame:
        """Every statement and factor, one row each.

        Columns: ``statement, factor, z_score`` (of all sorts), ``mean,
        standard_error, low, high`` over the resamples, ``n`` (resamples in which
        the factor had flagged sorts), ``score`` (place in the array of all sorts),
        ``score_of_mean`` (place in the array that the mean z-scores give).
        """
        a = self.analysis
        mean, *rest = self._spread(self.z_samples)
        kade = a.profile == "kade"
        places = factor_arrays(mean, a.sorts.distribution, ties="kade" if kade else "qmethod")
        return self._long(
            "statement",
            a.sorts.statements,
            z_score=a.z_array,
            mean=mean,
            **dict(zip(("standard_error", "low", "high", "n"), rest, strict=True)),
            score=a.score_array,
            score_of_mean=places,
        )

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Every sort and factor, one row each.

        Columns: ``sort, factor, loading, mean, standard_error, low, high, n``
        (resamples that hold the sort), ``flagged`` (in the analysis of all sorts),
        ``flag_frequency`` (share of the resamples that hold the sort in which it is
        flagged).
        """
        a = self.analysis
        mean, error, low, high, n = self._spread(self.loading_samples)
        with np.errstate(invalid="ignore", divide="ignore"):
            frequency = self.flag_samples.sum(axis=0) / n
        return self._long(
            "sort",
            a.sorts.sorts,
            loading=a.loading_array,
            mean=mean,
            standard_error=error,
            low=low,
            high=high,
            n=n,
            flagged=a.flag_array,
            flag_frequency=frequency,
        )

    @cached_property
    def stability(self) -> pd.DataFrame:
        """How stable each factor is, one row a factor.

        Columns: ``factor``; ``recovered`` (share of the resamples with a congruence
        of .85 or more), ``n_not_recovered``, ``n_without_flags``; ``congruence``
        (median) with ``low, high``; ``n_flagged`` (of all sorts), ``n_flagged_mean``;
        ``standard_error`` (mean over the statements); ``score_shift`` (by how many
        grid columns, on average over the statements, the array of the mean z-scores
        departs from that of all sorts: the stability index of Zabala & Pascual 2016).
        """
        a, m = self.analysis, self.n_resamples
        tail = (1 - self.interval) / 2
        low, middle, high = quantiles(self.congruence_samples, (tail, 0.5, 1 - tail))
        table = self.z_scores
        shift = (table["score"] - table["score_of_mean"]).abs().groupby(table["factor"]).mean()
        found = self.recovered_samples.sum(axis=0)
        return pd.DataFrame(
            {
                "factor": list(self.factors),
                "recovered": found / m,
                "n_not_recovered": m - found,
                "n_without_flags": (self.flagged_count_samples == 0).sum(axis=0),
                "congruence": middle,
                "low": low,
                "high": high,
                "n_flagged": a.n_flagged,
                "n_flagged_mean": self.flagged_count_samples.mean(axis=0),
                "standard_error": self.z_errors[self.align].mean(axis=0),
                "score_shift": [float(shift[name]) for name in self.factors],
            }
        )

    @cached_property
    def alignments(self) -> pd.DataFrame:
        """What the alignment does to the error: ``factor, align, standard_error``.

        Mean standard error of the z-scores from the same resamples. Without
        alignment, factors that change places add to it; Procrustes turns each
        resample towards the factors whose stability is asked for, and so
        understates it; the assignment moves and reflects factors and changes
        nothing else. There is no Procrustes row after an oblique rotation, and none
        without alignment after one by hand.
        """
        rows = [
            (factor, align, float(self.z_errors[align][:, j].mean()))
            for j, factor in enumerate(self.factors)
            for align in ("none", "assignment", "procrustes")
            if align in self.z_errors
        ]
        return pd.DataFrame(rows, columns=["factor", "align", "standard_error"])

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Differences of z-scores between factors, a row a statement and pair.

        Columns: ``statement, factor, other, difference`` (of all sorts), ``mean,
        standard_error, low, high`` over the resamples, ``n``, and ``apart``: whether
        the interval leaves out 0.
        """
        a = self.analysis
        first, second = factor_pairs(a.z_array)
        samples = self.z_samples[:, :, first] - self.z_samples[:, :, second]
        mean, error, low, high, n = self._spread(samples)
        names = np.array(self.factors)
        count = a.sorts.n_statements
        return pd.DataFrame(
            {
                "statement": np.repeat(np.array(a.sorts.statements), len(first)).tolist(),
                "factor": np.tile(names[first], count).tolist(),
                "other": np.tile(names[second], count).tolist(),
                "difference": (a.z_array[:, first] - a.z_array[:, second]).ravel(),
                "mean": mean.ravel(),
                "standard_error": error.ravel(),
                "low": low.ravel(),
                "high": high.ravel(),
                "n": n.ravel(),
                "apart": ((low > 0) | (high < 0)).ravel(),
            }
        ).astype(dict.fromkeys(("statement", "factor", "other"), "str"))

    def quantiles(
        self, what: Literal["z_scores", "loadings"], probabilities: Sequence[float]
    ) -> pd.DataFrame:
        """Quantiles over the resamples (type 7), a row a statement or sort, factor and quantile.

        Parameters
        ----------
        what : {"z_scores", "loadings"}
        probabilities : sequence of float
            From 0 to 1.

        Returns
        -------
        DataFrame
            ``statement`` (or ``sort``), ``factor, probability, quantile``.

        Raises
        ------
        DataError
            When `what` is another word or a probability is not between 0 and 1.
        """
        sorts = self.analysis.sorts
        kinds = {
            "z_scores": ("statement", sorts.statements, self.z_samples),
            "loadings": ("sort", sorts.sorts, self.loading_samples),
        }
        if what not in kinds:
            raise DataError(f"{what!r} has no quantiles.", remedy="Use z_scores or loadings.")
        wrong = [q for q in probabilities if not 0 <= q <= 1]
        if wrong:
            raise DataError(f"{wrong[0]} is not a probability.", remedy="Use 0.025 for 2.5%.")
        name, labels, samples = kinds[what]
        found = quantiles(samples, tuple(probabilities))
        parts = [self._long(name, labels, quantile=one) for one in found]
        for part, probability in zip(parts, probabilities, strict=True):
            part.insert(2, "probability", float(probability))
        return pd.concat(parts, ignore_index=True)

    def distinguishing(self, level: float = 0.05) -> pd.DataFrame:
        """How often each distinguishing statement stays one.

        In each resample a statement distinguishes a factor when its z-score differs
        from that of every other factor by more than the resample's own standard
        errors allow (as in :meth:`QAnalysis.distinguishing`). A resample in which the
        factor, or all others, have no flagged sorts counts as one in which it does not.

        Parameters
        ----------
        level : float
            Significance level of each difference.

        Returns
        -------
        DataFrame
            ``statement, text, factor, distinguishing`` (in the analysis of all sorts),
            ``share`` (of the resamples in which it distinguishes the factor). Ordered
            by factor, distinguishing first, the highest share first. Empty with one
            factor.

        Raises
        ------
        DataError
            When the level is not a probability.
        """
        a = self.analysis
        own = self._distinguishes(a.z_array[None], a.n_flagged[None], level)[0]
        share = self._distinguishes(self.z_samples, self.flagged_count_samples, level).mean(axis=0)
        table = self._long("statement", a.sorts.statements, distinguishing=own, share=share)
        table.insert(1, "text", np.tile(np.array(a.texts), a.n_factors).tolist())
        if a.n_factors == 1:
            return table.iloc[:0]
        ordered = table.sort_values(
            ["factor", "distinguishing", "share"],
            ascending=[True, False, False],
            kind="stable",
            key=lambda c: c.map(self.factors.index) if c.name == "factor" else c,
        )
        return ordered.reset_index(drop=True)

    def consensus(self, level: float = 0.05) -> pd.DataFrame:
        """How often each consensus statement stays one: no two factors differ significantly.

        A resample in which fewer than two factors have flagged sorts counts as one
        in which it does not.

        Parameters
        ----------
        level : float

        Returns
        -------
        DataFrame
            ``statement, text, consensus`` (in the analysis of all sorts), ``share`` (of
            the resamples), consensus first, the highest share first.

        Raises
        ------
        DataError
            When the level is not a probability.
        """
        a = self.analysis
        own = self._agree(a.z_array[None], a.n_flagged[None], level)[0]
        share = self._agree(self.z_samples, self.flagged_count_samples, level).mean(axis=0)
        table = pd.DataFrame(
            {
                "statement": list(a.sorts.statements),
                "text": list(a.texts),
                "consensus": own,
                "share": share,
            }
        )
        ordered = table.sort_values(["consensus", "share"], ascending=False, kind="stable")
        return ordered.reset_index(drop=True)

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """All tables by name.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        found = {name: getattr(self, name) for name in TABLES}
        found |= {"distinguishing": self.distinguishing(), "consensus": self.consensus()}
        return {name: as_kind(table, kind) for name, table in found.items()}

    # Views

    def summary(self) -> str:
        """The bootstrap on one page of text."""
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.summary(self)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.methods_text(self)

    def _repr_html_(self) -> str:
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.repr_html(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The figures that a report compares."""
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.indicators(self)

    def section(self) -> Section:
        """The bootstrap as a section of a report, with pictures."""
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.section(self)

    def report(self, path: str | PathLike[str]) -> Path:
        """Write a complete HTML page about the bootstrap."""
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.report(self, path)

    def to_excel(self, path: str | PathLike[str]) -> Path:
        """Write a workbook with one sheet a table."""
        from dmpkit.qmethod import bootstrap_views

        return bootstrap_views.to_excel(self, path)

    def plot_z_scores(self, *, ax: Axes | None = None) -> Axes:
        """Draw the z-scores of all factors with their intervals."""
        from dmpkit.qmethod import bootstrap_plots

        return bootstrap_plots.plot_z_scores(self, ax=ax)

    def plot_loadings(self, *, ax: Axes | None = None) -> Axes:
        """Draw the loadings with their intervals, factor beside factor."""
        from dmpkit.qmethod import bootstrap_plots

        return bootstrap_plots.plot_loadings(self, ax=ax)

    def plot_stability(self, *, ax: Axes | None = None) -> Axes:
        """Draw how alike the factors of the resamples are to those of all sorts."""
        from dmpkit.qmethod import bootstrap_plots

        return bootstrap_plots.plot_stability(self, ax=ax)

    def plot_flags(self, *, ax: Axes | None = None) -> Axes:
        """Draw how often each sort is flagged on each factor."""
        from dmpkit.qmethod import bootstrap_plots

        return bootstrap_plots.plot_flags(self, ax=ax)

    def plot_distinguishing(self, *, ax: Axes | None = None) -> Axes:
        """Draw how often each distinguishing statement stays one."""
        from dmpkit.qmethod import bootstrap_plots

        return bootstrap_plots.plot_distinguishing(self, ax=ax)

    # What the tables share

    def _spread(self, samples: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        """Mean, standard error, interval and number along the resamples, NaN left out."""
        tail = (1 - self.interval) / 2
        low, high = quantiles(samples, (tail, 1 - tail))
        mean, error, n = _moments(samples)
        return mean, error, low, high, n

    def _long(self, name: str, labels: Sequence[str], **columns: NDArray[Any]) -> pd.DataFrame:
        """Arrays of rows and factors as one long table, factor after factor."""
        table = pd.DataFrame(
            {
                name: np.tile(np.array(labels), len(self.factors)).tolist(),
                "factor": np.repeat(np.array(self.factors), len(labels)).tolist(),
                **{key: np.asarray(value).T.ravel() for key, value in columns.items()},
            }
        )
        return table.astype({name: "str", "factor": "str"})

    def _apart(
        self, z: Floats, n_flagged: NDArray[np.int_], level: float
    ) -> tuple[Bools, Bools, NDArray[np.int_], NDArray[np.int_]]:
        """Pairs that differ, pairs that can be compared, and which factors they are."""
        a = self.analysis
        first, second = np.triu_indices(a.n_factors, k=1)
        reliability = composite_reliability(n_flagged, a.composite_reliability)
        errors = np.sqrt(1 - reliability)  # the deviation of z-scores is 1
        bound = np.hypot(errors[:, first], errors[:, second]) * critical_value(level, a.profile)
        distance = np.abs(z[:, :, first] - z[:, :, second])
        known = ~np.isnan(distance)
        far = np.greater_equal if a.profile == "kade" else np.greater
        with np.errstate(invalid="ignore"):
            return far(distance, bound[:, None, :]) & known, known, first, second

    def _distinguishes(self, z: Floats, n_flagged: NDArray[np.int_], level: float) -> Bools:
        """Which statements distinguish which factor, shape (m, n, k)."""
        apart, known, first, second = self._apart(z, n_flagged, level)
        result = np.zeros(z.shape, dtype=bool)
        for j in range(z.shape[2]):
            own = (first == j) | (second == j)
            result[:, :, j] = (apart | ~known)[:, :, own].all(axis=2) & known[:, :, own].any(axis=2)
        return result

    def _agree(self, z: Floats, n_flagged: NDArray[np.int_], level: float) -> Bools:
        apart, known, _, _ = self._apart(z, n_flagged, level)
        return np.asarray(~apart.any(axis=2) & known.any(axis=2))


TABLES = ("stability", "z_scores", "loadings", "differences", "alignments")


def bootstrap(
    sorts: QSorts | Any,
    n_factors: int,
    *,
    n_resamples: int = 1000,
    resamples: ArrayLike | None = None,
    align: str = "assignment",
    extraction: str = "pca",
    rotation: str | RotationLog = "varimax",
    correlation: str = "pearson",
    flags: FlagRule = AUTOMATIC,
    profile: str = "qmethod",
    composite_reliability: float = 0.80,
    interval: float = 0.95,
    balanced: bool = True,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> QBootstrap:
    r"""Analyse the study again and again with sorts drawn with replacement.

    Each resample of p sorts is analysed like the whole sample: correlated,
    extracted, rotated, flagged, scored. Its factors come out in any order and
    with any sign, so they are aligned with those of the whole sample:

    - ``"assignment"`` (default, our choice): each factor of the whole sample gets
      one factor of the resample, reflected where needed, so that the sum of the
      absolute correlations between their z-scores is largest. A factor without
      flagged sorts, which has no z-scores, is placed by all sorts weighted with
      their loadings. Nothing is rotated, so nothing is fitted.
    - ``"procrustes"``: the loadings are rotated orthogonally to least squares from
      those of the whole sample (Schönemann 1966), then flagged and scored. This
      fits each resample to what it is compared with and understates the error.
    - ``"none"``: factors as the rotation leaves them, which mixes them up.

    Whatever the alignment, a factor counts as recovered in a resample when the
    z-scores of the one assigned to it correlate .85 or more with its own (fair
    similarity after Lorenzo-Seva & ten Berge 2006, who meant loadings). Factors
    not recovered stay in all figures and are counted; leaving them out would
    understate the error.

    The people of a Q study are chosen on purpose. What is measured is stability
    to who sorted, not inference to a population.

    Parameters
    ----------
    sorts : QSorts or DataFrame
    n_factors : int
    n_resamples : int
        Number of resamples, m; not used when `resamples` are given.
    resamples : array_like of int, shape (m, p), optional
        The sorts of each resample by position, counted from 0.
    align : {"assignment", "procrustes", "none"}
    extraction : {"pca", "centroid", "centroid_brown", "centroid_horst", "centroid_tucker"}
        Maximum likelihood and minres are refused: a resample repeats sorts, which
        makes its correlation matrix singular.
    rotation : str or RotationLog
        As in :func:`~dmpkit.qmethod.analysis.analyse`. A rotation by hand is repeated
        by the same angles, after the factors of its base rotation have been assigned
        to those of the whole sample; it must not split a factor.
    correlation, profile, composite_reliability
        As in :func:`~dmpkit.qmethod.analysis.analyse`.
    flags : FlagRule
        Flags given by hand cannot be repeated in a resample.
    interval : float
        Share of the resamples between ``low`` and ``high`` (percentiles).
    balanced : bool
        Draw so that every sort occurs equally often over all resamples
        (Davison, Hinkley & Schechtman 1986), as R's ``qmboots`` does.
    seed : int, optional
        The same seed gives the same resamples; results do not depend on `n_jobs`. The
        resamples are places in the list of sorts: sorts in another order are drawn
        anew. One is drawn when not given, and kept in the result.
    n_jobs : int
        Workers; -1 for all cores, or the configured joblib backend (dask).
    progress : bool
        Show a progress bar.

    Returns
    -------
    QBootstrap

    Raises
    ------
    DataError
        When a choice is not offered or cannot be resampled; the message says why.

    Warns
    -----
    ConvergenceWarning
        An iterative step of some resample stopped before it settled.

    Notes
    -----
    With the same resamples, ``"none"`` gives the numbers of ``qmboots`` of R's
    qmethod 1.8.4, and ``"procrustes"`` those of its Procrustes alignment made to
    work: in 1.8.4 that alignment is switched off and returns unrotated loadings.
    Its default, the index test, drops every resample in which two factors have
    the same best match (364 of 1,000 for Lipset's sorts); nothing is dropped here.
    The assignment is solved by trying every order (up to six factors) or by
    ``scipy.optimize.linear_sum_assignment``.

    References
    ----------
    Zabala, A., & Pascual, U. (2016). Bootstrapping Q methodology to improve the
    understanding of human perspectives. PLoS ONE, 11(2), e0148087.
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient
    as a meaningful index of factor similarity. Methodology, 2(2), 57-64.

    Examples
    --------
    >>> sorts = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                 [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> result = bootstrap(sorts, 2, n_resamples=200, seed=1)
    >>> result
    QBootstrap: 200 resamples of 4 sorts, 2 factors (align='assignment')
    >>> result.stability[["factor", "recovered", "n_not_recovered"]]
      factor  recovered  n_not_recovered
    0     f1      0.905               19
    1     f2      0.935               13
    """
    data = sorts if isinstance(sorts, QSorts) else QSorts.from_frame(sorts)
    seed = drawn_seed(seed)
    _check(align, extraction, rotation, flags, interval)
    whole = analyse(
        data,
        n_factors,
        extraction=extraction,
        rotation=rotation,
        correlation=correlation,
        flags=flags,
        profile=profile,
        composite_reliability=composite_reliability,
    )
    if resamples is None:
        draws = draw_resamples(data.n_sorts, n_resamples, balanced=balanced, seed=seed)
    else:
        draws = _given(resamples, data.n_sorts)
    recipe = _recipe(whole, align)
    chunks = _chunked(recipe, draws)
    parts = run_chunks(
        partial(resample, recipe),
        chunks,
        sizes=[len(chunk) for chunk in chunks],
        n_jobs=n_jobs,
        progress=progress,
    )
    return _gather(
        whole, recipe, draws, parts, interval, None if resamples is not None else balanced, seed
    )


def draw_resamples(
    n_sorts: int, n_resamples: int, *, balanced: bool = True, seed: int | None = None
) -> Draws:
    """Draw resamples of the sorts.

    Parameters
    ----------
    n_sorts, n_resamples : int
    balanced : bool
        Shuffle `n_resamples` copies of every sort, so that each occurs equally often.
    seed : int, optional

    Returns
    -------
    ndarray of int, shape (n_resamples, n_sorts)

    Raises
    ------
    DataError
        When a number is below 1, or the seed below 0.

    Examples
    --------
    >>> draws = draw_resamples(4, 50, seed=1)
    >>> np.bincount(draws.ravel())
    array([50, 50, 50, 50])
    """
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer):
        raise DataError(f"n_resamples must be a whole number, not {n_resamples!r}.")
    if n_resamples < 1 or n_sorts < 1:
        raise DataError("The numbers of resamples and of sorts must be 1 or more.")
    generator = np.random.default_rng(drawn_seed(seed))
    if balanced:
        copies = np.repeat(np.arange(n_sorts), n_resamples)
        return generator.permutation(copies).reshape(n_resamples, n_sorts)
    return generator.integers(0, n_sorts, size=(n_resamples, n_sorts))


def _given(resamples: ArrayLike, n_sorts: int) -> Draws:
    try:
        given = np.asarray(resamples)
    except ValueError:
        raise DataError(
            "the resamples are of different lengths.",
            remedy=f"Give one row a resample, each with the positions of {n_sorts} sorts drawn.",
        ) from None
    if given.ndim != 2 or given.shape[1] != n_sorts or not len(given):
        raise DataError(
            f"the resamples have the shape {given.shape}; {n_sorts} columns are needed.",
            remedy="Give one row a resample and one column a sort drawn.",
        )
    whole = given.dtype.kind in "iu" or (
        given.dtype.kind == "f" and bool(np.all(np.mod(given, 1) == 0))
    )
    if not whole or given.min() < 0 or given.max() >= n_sorts:
        raise DataError(
            f"the resamples must be positions of sorts, whole numbers from 0 to {n_sorts - 1}.",
            remedy="Subtract 1 where they are counted from 1, as R does.",
        )
    return given.astype(np.intp)


def _check_by_hand(log: RotationLog, align: str) -> None:
    if any(isinstance(step, Split) for step in log.steps):
        raise DataError(
            "a rotation by hand that splits a factor cannot be bootstrapped: the halves share one "
            "axis, and resamples cannot be aligned with them one to one.",
            remedy="Leave the split out.",
        )
    if align == "none":
        raise DataError(
            "a rotation by hand cannot be repeated on factors that are not aligned first.",
            remedy="Use align='assignment', or align='procrustes'.",
        )


def _check(
    align: str, extraction: str, rotation: str | RotationLog, flags: Any, interval: float
) -> None:
    if align not in ALIGNMENTS:
        raise DataError(
            f"alignment {align!r} is not offered.", remedy=f"Use one of: {', '.join(ALIGNMENTS)}."
        )
    if str(extraction).strip().lower() in ("ml", "minres"):  # as analyse would read it
        raise DataError(
            f"extraction {extraction!r} cannot be bootstrapped: a resample repeats sorts, which "
            "makes the correlation matrix singular and the solution improper.",
            remedy=f"Use one of: pca, {', '.join(CENTROIDS)}.",
        )
    if isinstance(rotation, RotationLog):
        _check_by_hand(rotation, align)
    elif not isinstance(rotation, str):
        raise DataError(f"rotation is {rotation!r}.", remedy="Name one, or give a RotationLog.")
    if align == "procrustes" and rotation in _OBLIQUE:
        raise DataError(
            f"align='procrustes' rotates orthogonally, and {rotation} is oblique.",
            remedy="Use align='assignment'.",
        )
    if not isinstance(flags, FlagRule):
        raise DataError(
            "flags given by hand cannot be repeated in a resample.",
            remedy="Give a rule, such as flags=FlagRule(level=0.05).",
        )
    if isinstance(interval, bool) or not isinstance(interval, int | float) or not 0 < interval < 1:
        raise DataError(f"interval is {interval!r}.", remedy="Use a share: 0.95 for 95 per cent.")


def _recipe(whole: QAnalysis, align: str) -> Recipe:
    sorts, rule, log = whole.sorts, whole.flag_rule or AUTOMATIC, whole.rotation_log
    base = whole if log is None else _before_hand(whole, log)
    columns = unit_columns(sorts.values, whole.correlation)
    tall = columns.shape[0] > columns.shape[1]
    root = np.asarray(np.linalg.qr(columns, mode="r")) if tall else columns
    values = np.array(sorts.values)
    if whole.profile == "kade":
        values = (values - values.mean(axis=0)) / values.std(axis=0, ddof=1)
    return Recipe(
        values=values,
        root=np.ascontiguousarray(np.transpose(root)),
        n_factors=whole.n_factors,
        extraction=whole.extraction,
        rotation=base.rotation,
        profile=whole.profile,
        threshold=rule.threshold(sorts.n_statements, whole.profile),
        majority=rule.majority,
        target_loadings=whole.loading_array,
        target_z=whole.z_array,
        align=align,
        orthogonal=base.rotation not in _OBLIQUE,
        base_loadings=base.loading_array,
        base_z=base.z_array,
        by_hand=None
        if log is None
        else np.asarray(base.rotation_matrix.T @ whole.rotation_matrix, dtype=np.float64),
    )


def _before_hand(whole: QAnalysis, log: RotationLog) -> QAnalysis:
    """The analysis with the base of a rotation by hand alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)  # what is odd about the base is no matter
        return analyse(
            whole.sorts,
            whole.n_factors,
            extraction=whole.extraction,
            rotation=log.base,
            correlation=whole.correlation,
            flags=whole.flag_rule or AUTOMATIC,
            profile=whole.profile,
        )


def _chunked(recipe: Recipe, draws: Draws) -> list[Draws]:
    """Chunks small enough for memory; their size does not change any number."""
    p, r = recipe.root.shape
    width = max(r, len(recipe.values)) if recipe.extraction == "pca" else max(p, r)
    size = chunk_within(8 * p * width, most=_MOST, budget=8 * _CELLS)
    return [draws[start : start + size] for start in range(0, len(draws), size)]


def _gather(
    whole: QAnalysis,
    recipe: Recipe,
    draws: Draws,
    parts: Sequence[Resampled],
    interval: float,
    balanced: bool | None,
    seed: int | None,
) -> QBootstrap:
    if any(part.unsettled for part in parts):
        warn(
            "In some resamples the communalities or the rotation did not settle; their loadings "
            "are approximate. Compare with extraction='pca' and rotation='varimax'.",
            ConvergenceWarning,
            stacklevel=3,
        )
    errors = {
        name: _moments(np.concatenate([part.aligned_z[name] for part in parts]))[1]
        for name in parts[0].aligned_z
    }
    return QBootstrap(
        analysis=whole,
        align=recipe.align,
        interval=interval,
        balanced=balanced,
        seed=None if balanced is None else seed,
        resamples=draws,
        loading_samples=np.concatenate([part.loadings for part in parts]),
        flag_samples=np.concatenate([part.flags for part in parts]),
        flagged_count_samples=np.concatenate([part.n_flagged for part in parts]),
        z_samples=np.concatenate([part.z for part in parts]),
        congruence_samples=np.concatenate([part.congruence for part in parts]),
        z_errors=MappingProxyType(errors),
    )


def _moments(samples: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, standard deviation (n - 1) and number along the first axis, NaN left out."""
    known = ~np.isnan(samples)
    n = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, samples, 0.0).sum(axis=0) / n
        squares = (np.where(known, samples - mean, 0.0) ** 2).sum(axis=0)
        return mean, np.sqrt(squares / (n - 1)), n
