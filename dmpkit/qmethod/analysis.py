"""The whole analysis in one call, and its result."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import (
    BipolarFactorWarning,
    CentroidWarning,
    DataError,
    HeywoodWarning,
    UnflaggedFactorWarning,
    warn,
)
from dmpkit.qmethod import efa, equivalence
from dmpkit.qmethod.arrays import Bools, Floats, factor_names, factor_position, whole_numbers
from dmpkit.qmethod.centroid import CENTROIDS
from dmpkit.qmethod.correlation import CORRELATIONS, correlate, unit_columns
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.extraction import (
    SMALL_CENTROID,
    centroid_shares,
    check_n_factors,
    eigenvalues,
    extract_centroid,
    extract_pca,
    extract_pca_thin,
)
from dmpkit.qmethod.flags import PROFILES, FlagRule, check_flags, flag
from dmpkit.qmethod.judgemental import RotationLog
from dmpkit.qmethod.rotation import ROTATIONS, Rotation, turn
from dmpkit.qmethod.scores import (
    composite_reliability as reliability_of,
)
from dmpkit.qmethod.scores import (
    difference_stars,
    factor_arrays,
    factor_pairs,
    factor_score_correlations,
    factor_weights,
    significant_differences,
    standard_errors,
    standard_errors_of_differences,
    statement_labels,
    z_scores,
)
from dmpkit.qmethod.status import sort_status
from dmpkit.tables import as_kind, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.reporting import Indicator, Section, TableView

__all__ = ["ENGINES", "EXTRACTIONS", "QAnalysis", "analyse"]

EXTRACTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"dmpkit": ("pca", *CENTROIDS), "factor_analyzer": tuple(efa.EXTRACTIONS)}
)
ENGINES = tuple(EXTRACTIONS)


@dataclass(frozen=True, eq=False, repr=False)
class QAnalysis:
    """Result of :func:`analyse`: arrays are held, tables are made when asked for.

    n statements, p sorts, k factors; factors are called ``f1`` to ``fk``. A
    factor without flagged sorts has NaN in everything that its composite needs.

    Attributes
    ----------
    sorts : QSorts
        What was analysed.
    n_factors : int
    extraction, rotation, correlation, profile, engine : str
        The choices made.
    flag_rule : FlagRule or None
        None when the flags were given by hand.
    composite_reliability : float
        Reliability of a single sort.
    correlation_matrix : ndarray, shape (p, p)
        Made when asked for: with 5,000 sorts it takes 200 MB.
    eigenvalue_array : ndarray, shape (p,)
        Of the correlation matrix, largest first.
    unrotated_array, loading_array : ndarray, shape (p, k)
        Loadings before and after rotation (pattern loadings when oblique). Where a
        bipolar factor was split, the unrotated ones have a column less for each split.
    phi_array : ndarray, shape (k, k)
        Correlations of the factors, the identity when orthogonal; -1 between the
        halves of a split factor.
    rotation_matrix : ndarray, shape (number of unrotated factors, k)
        ``unrotated_array @ rotation_matrix`` gives ``loading_array``.
    flag_array : ndarray of bool, shape (p, k)
    weight_array : ndarray, shape (p, k)
    z_array, score_array : ndarray, shape (n, k)
        z-scores and factor arrays.
    reliability, standard_error : ndarray, shape (k,)
    extra : mapping
        ``communalities``; after a centroid extraction ``centroid_shares`` (see
        :func:`~dmpkit.qmethod.extraction.centroid_shares`); with engine
        factor_analyzer also ``kmo``, ``kmo_sorts``, ``bartlett_chi2``,
        ``bartlett_df``, ``bartlett_p_value``, ``note``.
    rotation_log : RotationLog or None
        The rotation by hand. A split of ``f1`` gives two factors, ``f1+`` and
        ``f1-``, in the place of one: `n_factors` and all arrays count them both.
    """

    sorts: QSorts
    n_factors: int
    extraction: str
    rotation: str
    correlation: str
    profile: str
    engine: str
    flag_rule: FlagRule | None
    composite_reliability: float
    eigenvalue_array: Floats
    unrotated_array: Floats
    loading_array: Floats
    phi_array: Floats
    rotation_matrix: Floats
    flag_array: Bools
    weight_array: Floats
    z_array: Floats
    score_array: Floats
    reliability: Floats
    standard_error: Floats
    extra: Mapping[str, Any]
    rotation_log: RotationLog | None = None

    def __repr__(self) -> str:
        return (
            f"QAnalysis: {self.n_factors} factor{'' if self.n_factors == 1 else 's'} of "
            f"{self.sorts.n_sorts} sorts and "
            f"{self.sorts.n_statements} statements "
            f"({self.correlation}, {self.extraction}, {self.rotation})"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # to worker processes and back: a mapping proxy cannot be pickled, tables need not be
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        return _restored, (held | {"extra": dict(self.extra)},)

    # What the tables share

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Names of the factors: ``f1`` to ``fk``; ``f1+`` and ``f1-`` where f1 was split."""
        if self.rotation_log is None:
            return factor_names(self.n_factors)
        return self.rotation_log.names(self.unrotated_array.shape[1])

    @cached_property
    def sides(self) -> tuple[tuple[int, int], ...]:
        """For each factor its axis, and its side: 1 or -1 for the halves of a split one, else 0."""
        if self.rotation_log is None:
            return tuple((j, 0) for j in range(self.n_factors))
        return self.rotation_log.sides(self.unrotated_array.shape[1])

    @cached_property
    def own_loadings(self) -> Floats:
        """The loadings, with 0 where a sort stands on the other side of a split factor."""
        halves = np.array([side != 0 for _, side in self.sides])
        return _frozen(np.where(halves & (self.loading_array < 0), 0.0, self.loading_array))

    @cached_property
    def n_flagged(self) -> NDArray[np.int_]:
        """Number of flagged sorts of each factor."""
        return np.asarray(self.flag_array.sum(axis=0))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Wording of the statements; empty where none is known."""
        return self.sorts.texts or ("",) * self.sorts.n_statements

    def _wide(
        self,
        name: str,
        labels: Sequence[str],
        array: NDArray[Any],
        factors: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        frame = pd.DataFrame(np.array(array), columns=list(factors or self.factors))
        frame.insert(0, name, list(labels))
        return frame

    @cached_property
    def correlation_matrix(self) -> Floats:
        """Correlations between sorts, shape (p, p)."""
        return _frozen(correlate(self.sorts.values, self.correlation))

    # Tables of the factors and sorts

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations between sorts: ``sort``, then one column a sort."""
        frame = pd.DataFrame(np.array(self.correlation_matrix), columns=list(self.sorts.sorts))
        label = "sort"
        while label in self.sorts.sorts:  # a participant may be called "sort"
            label += "_"
        frame.insert(0, label, list(self.sorts.sorts))
        return frame

    @cached_property
    def eigenvalues(self) -> pd.DataFrame:
        """All eigenvalues: ``factor, eigenvalue, explained_variance, cumulative`` (per cent)."""
        share = 100 * self.eigenvalue_array / self.sorts.n_sorts
        return pd.DataFrame(
            {
                "factor": list(factor_names(self.sorts.n_sorts)),
                "eigenvalue": np.array(self.eigenvalue_array),
                "explained_variance": share,
                "cumulative": np.cumsum(share),
            }
        )

    @cached_property
    def unrotated(self) -> pd.DataFrame:
        """Loadings before rotation: ``sort, f1, ..., fk``."""
        names = factor_names(self.unrotated_array.shape[1])
        return self._wide("sort", self.sorts.sorts, self.unrotated_array, names)

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Rotated loadings: ``sort, f1, ..., fk``; pattern loadings after an oblique rotation."""
        return self._wide("sort", self.sorts.sorts, self.loading_array)

    @cached_property
    def phi(self) -> pd.DataFrame:
        """Correlations of the factors themselves: ``factor, f1, ..., fk``."""
        return self._wide("factor", self.factors, self.phi_array)

    @cached_property
    def flags(self) -> pd.DataFrame:
        """Which sorts define which factor: ``sort, f1, ..., fk`` (True, False)."""
        return self._wide("sort", self.sorts.sorts, self.flag_array)

    @cached_property
    def sort_status(self) -> pd.DataFrame:
        """What became of each sort and why; see :func:`~dmpkit.qmethod.status.sort_status`.

        Columns: ``sort, status, flagged_on, significant_on, factor, loading,
        communality, explanation``.
        """
        return sort_status(self)

    @cached_property
    def characteristics(self) -> pd.DataFrame:
        """What each factor rests on, one row a factor.

        Columns: ``factor, n_flagged, average_reliability, eigenvalue,
        explained_variance, reliability, standard_error``. ``eigenvalue`` is the
        sum of squared loadings after rotation, ``explained_variance`` its share
        of the number of sorts in per cent. The halves of a split factor share its
        variance: each has that of the sorts on its side.
        """
        size = (self.own_loadings**2).sum(axis=0)
        return pd.DataFrame(
            {
                "factor": list(self.factors),
                "n_flagged": self.n_flagged,
                "average_reliability": self.composite_reliability,
                "eigenvalue": size,
                "explained_variance": 100 * size / self.sorts.n_sorts,
                "reliability": np.array(self.reliability),
                "standard_error": np.array(self.standard_error),
            }
        )

    @cached_property
    def factor_score_correlations(self) -> pd.DataFrame:
        """Correlations between the factors' z-scores: ``factor, f1, ..., fk``."""
        return self._wide("factor", self.factors, factor_score_correlations(self.z_array))

    @cached_property
    def standard_errors_of_differences(self) -> pd.DataFrame:
        """Standard errors of differences of z-scores: ``factor, f1, ..., fk``.

        The diagonal, which compares nothing, is given as R prints it.
        """
        errors = standard_errors_of_differences(self.standard_error)
        return self._wide("factor", self.factors, errors)

    # Tables of the statements

    @cached_property
    def z_scores(self) -> pd.DataFrame:
        """z-scores: ``statement, f1, ..., fk``."""
        return self._wide("statement", self.sorts.statements, self.z_array)

    @cached_property
    def factor_arrays(self) -> pd.DataFrame:
        """Factor arrays, the composite sort of each factor: ``statement, f1, ..., fk``.

        Whole numbers (int64) where the grid has whole numbers; a factor without
        flagged sorts has NaN (float64).
        """
        return pd.DataFrame({"statement": list(self.sorts.statements), **self._grid_values()})

    def _grid_values(self) -> dict[str, NDArray[Any]]:
        """Factor arrays by name, as whole numbers where they are."""
        return {name: whole_numbers(self.score_array[:, j]) for j, name in enumerate(self.factors)}

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Every statement and pair of factors with z-scores, one row each.

        Columns: ``statement, factor, other, difference, standard_error, stars``;
        stars: ``*`` p < .05, ``**`` .01, ``***`` .001, ``6*`` .000001.
        """
        first, second = factor_pairs(self.z_array)
        n = self.sorts.n_statements
        names = np.array(self.factors)
        errors = standard_errors_of_differences(self.standard_error)[first, second]
        stars = difference_stars(self.z_array, self.standard_error, self.profile)
        return pd.DataFrame(
            {
                "statement": np.repeat(np.array(self.sorts.statements), len(first)).tolist(),
                "factor": np.tile(names[first], n).tolist(),
                "other": np.tile(names[second], n).tolist(),
                "difference": (self.z_array[:, first] - self.z_array[:, second]).ravel(),
                "standard_error": np.tile(errors, n),
                "stars": stars.ravel().tolist(),
            }
        ).astype(dict.fromkeys(("statement", "factor", "other", "stars"), "str"))

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """For each statement: distinguishing, consensus or neither, at the .05 level."""
        return statement_labels(self.z_array, self.standard_error, 0.05, self.profile, self.factors)

    @cached_property
    def statements_table(self) -> pd.DataFrame:
        """Everything about a statement in one row.

        Columns: ``statement, text, label, z_f1, ..., z_fk, f1, ..., fk``; the label
        says whether it distinguishes a factor or is a consensus (see
        :func:`~dmpkit.qmethod.scores.statement_labels`). A notebook cuts long texts in
        a pandas table; ``.view("statements_table")`` shows them whole.
        """
        columns: dict[str, Any] = {
            "statement": list(self.sorts.statements),
            "text": list(self.texts),
            "label": list(self.labels),
        }
        for j, name in enumerate(self.factors):
            columns[f"z_{name}"] = self.z_array[:, j].copy()
        return pd.DataFrame(columns | self._grid_values())

    def distinguishing(self, factor: str | int, level: float = 0.05) -> pd.DataFrame:
        """Statements on which a factor differs significantly from every other factor.

        `stars` tell how clearly, by the smallest of its differences from the other
        factors' z-scores: ``*`` p < .05, ``**`` p < .01, ``***`` p < .001 and, in the
        manner of R's qmethod, ``6*`` (six stars) p < .000001.

        Parameters
        ----------
        factor : str or int
            ``"f1"`` to ``"fk"``, or its number from 1.
        level : float
            Significance level of each difference.

        Returns
        -------
        DataFrame
            ``statement, text, stars, z_f1, ..., f1, ...``, the factor's highest
            z-score first. Empty when the factor, or every other one, has no flagged
            sorts. A notebook cuts long texts; ``.view("distinguishing", "f1")`` shows
            them whole.

        Raises
        ------
        DataError
            When there is no such factor, or the level is not a probability.

        Examples
        --------
        >>> sorts = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
        ...                 [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
        >>> analyse(sorts, 2).distinguishing("f1")[["statement", "stars", "f1", "f2"]]
          statement stars  f1  f2
        0         1   ***   2   0
        1         3    **   1  -1
        2         7   ***   0  -2
        3         5   ***   0   1
        4         8   ***  -1   1
        5         9    **  -2  -1
        """
        j = factor_position(self.factors, factor)
        apart = significant_differences(self.z_array, self.standard_error, level, self.profile)
        stars = difference_stars(self.z_array, self.standard_error, self.profile)
        pairs = np.logical_or(*(side == j for side in factor_pairs(self.z_array)))
        chosen = apart[:, pairs].all(axis=1) & pairs.any()
        table = self.statements_table.drop(columns="label")
        weakest = [min(row, key=_STAR_ORDER.index, default="") for row in stars[:, pairs].tolist()]
        table.insert(2, "stars", weakest)
        ordered = table[chosen].sort_values(f"z_{self.factors[j]}", ascending=False, kind="stable")
        numbered: pd.DataFrame = ordered.reset_index(drop=True)
        return numbered

    def consensus(self, level: float = 0.05) -> pd.DataFrame:
        """Statements on which no two factors differ significantly.

        Parameters
        ----------
        level : float
            Significance level of each difference.

        Returns
        -------
        DataFrame
            ``statement, text, z_f1, ..., f1, ...``, the highest mean z-score
            first. Empty when fewer than two factors have flagged sorts.

        Raises
        ------
        DataError
            When the level is not a probability.

        Examples
        --------
        >>> sorts = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
        ...                 [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
        >>> analyse(sorts, 2).consensus()[["statement", "f1", "f2"]]
          statement  f1  f2
        0         2   1   2
        1         4   0   0
        2         6  -1   0
        """
        apart = significant_differences(self.z_array, self.standard_error, level, self.profile)
        chosen = ~apart.any(axis=1) & (apart.shape[1] > 0)
        table = self.statements_table.drop(columns="label")[chosen]
        mean = np.nansum(self.z_array, axis=1)[chosen]
        numbered: pd.DataFrame = table.iloc[np.argsort(-mean, kind="stable")].reset_index(drop=True)
        return numbered

    def consensus_levels(self, levels: tuple[float, float] = (0.05, 0.01)) -> pd.DataFrame:
        """Consensus statements at two levels, as PQMethod and KADE print them.

        See :func:`~dmpkit.qmethod.equivalence.consensus_levels`.

        Parameters
        ----------
        levels : (float, float)
            The level of the star, and the smaller one of the list.

        Returns
        -------
        DataFrame
            ``statement, text, mark, bound, z_f1, ..., f1, ...``.
        """
        return equivalence.consensus_levels(self, levels)

    def equivalence(self, margin: float = equivalence.MARGIN, level: float = 0.05) -> pd.DataFrame:
        """For each statement, whether all factors score it alike, within a margin.

        See :func:`~dmpkit.qmethod.equivalence.equivalence`: not significant is not
        agreement. A proposal of this project.

        Parameters
        ----------
        margin : float
            The difference of z-scores that is too large to be called alike.
        level : float

        Returns
        -------
        DataFrame
            ``statement, text, factor, other, difference, standard_error, bound,
            bound_columns, p_value, equivalent, consensus, reading``.
        """
        return equivalence.equivalence(self, margin, level)

    def crib_sheet(self, factor: str | int) -> pd.DataFrame:
        """What to read first when interpreting a factor (Watts & Stenner 2012, ch. 7).

        The statements with the highest and the lowest value of its array, and
        those that it ranks higher, or lower, than every other factor does.

        Parameters
        ----------
        factor : str or int
            ``"f1"`` to ``"fk"``, or its number from 1.

        Returns
        -------
        DataFrame
            ``part, statement, text, distinguishing, z_score, f1, ..., fk``; part is
            ``highest``, ``higher than the others``, ``lower than the others`` or
            ``lowest``. Empty when the factor has no flagged sorts.

        Raises
        ------
        DataError
            When there is no such factor.

        Examples
        --------
        >>> sorts = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
        ...                 [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
        >>> analyse(sorts, 2).crib_sheet("f1")[["part", "statement", "f1", "f2"]]
                             part statement  f1  f2
        0                 highest         1   2   0
        1  higher than the others         3   1  -1
        2  higher than the others         7   0  -2
        3   lower than the others         2   1   2
        4   lower than the others         5   0   1
        5   lower than the others         6  -1   0
        6   lower than the others         8  -1   1
        7                  lowest         9  -2  -1
        """
        j = factor_position(self.factors, factor)
        own = self.score_array[:, j]
        others = np.delete(self.score_array, j, axis=1)
        others = others[:, ~np.isnan(others).any(axis=0)]
        compared = others.shape[1] > 0
        parts = {
            "highest": own == own.max(),
            "higher than the others": (own[:, None] > others).all(axis=1) & compared,
            "lower than the others": (own[:, None] < others).all(axis=1) & compared,
            "lowest": own == own.min(),
        }
        extreme = parts["highest"] | parts["lowest"]
        base = self.factor_arrays.copy()
        base.insert(1, "text", list(self.texts))
        clear = set(self.distinguishing(factor)["statement"])
        base.insert(2, "distinguishing", [name in clear for name in self.sorts.statements])
        base.insert(3, "z_score", self.z_array[:, j])
        blocks = []
        for part, chosen in parts.items():
            rows = base[chosen if part in ("highest", "lowest") else chosen & ~extreme]
            rows = rows.sort_values("z_score", ascending=False, kind="stable")
            rows.insert(0, "part", [part] * len(rows))
            blocks.append(rows)
        sheet: pd.DataFrame = pd.concat(blocks, ignore_index=True)
        return sheet

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """All tables by name.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
            The kind of data frame.

        Returns
        -------
        dict

        Examples
        --------
        >>> sorts = QSorts([[2, 1, -1], [1, 2, 0], [0, -1, 1], [-1, 0, 2], [-2, -2, -2]])
        >>> list(analyse(sorts, 1).tables("polars"))[:4]
        ['characteristics', 'loadings', 'flags', 'sort_status']
        """
        return {name: as_kind(getattr(self, name), kind) for name in TABLES}

    # Views

    def summary(self) -> str:
        """The analysis on one page of text."""
        from dmpkit.qmethod import views

        return views.summary(self)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        from dmpkit.qmethod import views

        return views.methods_text(self)

    def _repr_html_(self) -> str:
        from dmpkit.qmethod import views

        return views.repr_html(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The figures that a report compares."""
        from dmpkit.qmethod import views

        return views.indicators(self)

    def section(self) -> Section:
        """The analysis as a section of a report, with pictures."""
        from dmpkit.qmethod import views

        return views.section(self)

    def view(
        self,
        table: str,
        factor: str | int | None = None,
        *,
        level: float | None = None,
        digits: int = 2,
    ) -> TableView:
        """Show a table to read: whole wording, few digits, signs explained.

        The tables themselves are plain pandas frames, of which a notebook shows long
        texts cut and numbers with six digits.

        Parameters
        ----------
        table : str
            Name of a table or of a method that makes one: ``"statements_table"``,
            ``"distinguishing"``, ``"crib_sheet"``, ``"consensus"`` ...
        factor : str or int, optional
            For ``"distinguishing"`` and ``"crib_sheet"``.
        level : float, optional
            For ``"distinguishing"`` and ``"consensus"``; .05 unless given.
        digits : int
            Decimals shown.

        Returns
        -------
        TableView
            HTML in a notebook, text elsewhere; the frame is its ``.frame``.

        Raises
        ------
        DataError
            When there is no such table, or it needs a factor.

        Examples
        --------
        >>> sorts = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
        ...                 [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
        >>> analyse(sorts, 2).view("consensus")
        Statements on which no two factors differ at p < .05
        statement  z f1  z f2  f1  f2
                2  0.48  1.36   1   2
                4  0.37  0.00   0   0
                6 -0.48 -0.38  -1   0
        """
        from dmpkit.qmethod import views

        return views.table_view(self, table, factor, level=level, digits=digits)

    def report(self, path: str | PathLike[str], *, title: str = "Q analysis") -> Path:
        """Write a complete HTML page about the analysis, made to be printed on A4.

        See :func:`~dmpkit.qmethod.views.report`; a file of that name is replaced.

        Parameters
        ----------
        path : path
        title : str
            Heading of the page.
        """
        from dmpkit.qmethod import views

        return views.report(self, path, title=title)

    def to_excel(self, path: str | PathLike[str]) -> Path:
        """Write a workbook with one sheet a table; a file of that name is replaced."""
        from dmpkit.qmethod import export

        return export.to_excel(self, path)

    def plot_composite(
        self,
        factor: str | int,
        *,
        texts: Literal["fit", "full", "none"] = "fit",
        levels: tuple[float, float] = (0.05, 0.01),
        ax: Axes | None = None,
    ) -> Axes:
        """Draw a factor's array as the grid the participants filled.

        See :func:`~dmpkit.qmethod.plots.plot_composite`.

        Parameters
        ----------
        factor : str or int
            ``"f1"`` to ``"fk"``, or its number from 1.
        texts : {"fit", "full", "none"}
            Wordings cut to fit a page, whole, or labels alone.
        levels : (float, float)
            Levels of significance for one star and for two.
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.qmethod import plots

        return plots.plot_composite(self, factor, texts=texts, levels=levels, ax=ax)

    def plot_z_scores(
        self, *, order: str | int = "spread", level: float = 0.05, ax: Axes | None = None
    ) -> Axes:
        """Draw the z-scores of every statement on all factors, one row a statement.

        See :func:`~dmpkit.qmethod.plots.plot_z_scores`.

        Parameters
        ----------
        order : str or int
            ``"spread"`` (the widest differences on top), a factor, or ``"statement"``.
        level : float
            Level at which markers are filled (distinguishing).
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.qmethod import plots

        return plots.plot_z_scores(self, order=order, level=level, ax=ax)

    def plot_loadings(
        self, x: str | int | None = None, y: str | int | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """Draw the sorts in the plane of two factors.

        See :func:`~dmpkit.qmethod.plots.plot_loadings`.

        Parameters
        ----------
        x, y : str or int, optional
            The factors; the first two unless given.
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.qmethod import plots

        return plots.plot_loadings(self, x, y, ax=ax)

    def plot_scree(self, *, ax: Axes | None = None) -> Axes:
        """Draw the eigenvalues from the largest down, those of the factors kept filled.

        See :func:`~dmpkit.qmethod.plots.plot_scree`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.qmethod import plots

        return plots.plot_scree(self, ax=ax)

    def plot_correlations(self, *, ax: Axes | None = None) -> Axes:
        """Draw the correlations between sorts as a heat map, by factor.

        See :func:`~dmpkit.qmethod.plots.plot_correlations`.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.qmethod import plots

        return plots.plot_correlations(self, ax=ax)


TABLES = (
    "characteristics",
    "loadings",
    "flags",
    "sort_status",
    "factor_arrays",
    "z_scores",
    "statements_table",
    "differences",
    "factor_score_correlations",
    "standard_errors_of_differences",
    "phi",
    "unrotated",
    "eigenvalues",
    "correlations",
)
AUTOMATIC = FlagRule(level=0.05, majority=True)
_STAR_ORDER = ("", "*", "**", "***", "6*")


def analyse(
    sorts: QSorts | Any,
    n_factors: int | None = None,
    *,
    extraction: str = "pca",
    rotation: str | RotationLog = "varimax",
    correlation: str = "pearson",
    flags: FlagRule | ArrayLike | Any = AUTOMATIC,
    profile: str = "qmethod",
    engine: str = "dmpkit",
    composite_reliability: float = 0.80,
) -> QAnalysis:
    """Analyse Q sorts: correlate, extract, rotate, flag, score, compare.

    Parameters
    ----------
    sorts : QSorts or DataFrame
        The sorts; a frame is read by :meth:`QSorts.from_frame` (statements in the
        rows, sorts in the columns).
    n_factors : int
        Number of factors, k. It has to be given:
        :func:`~dmpkit.qmethod.retention.factor_retention` weighs the criteria.
    extraction : {"pca", "centroid", "centroid_brown", "centroid_horst", "centroid_tucker", \
"ml", "minres"}
        Principal components, or the centroid method. Whose centroid it is:
        ``"centroid"`` is that of R's ``qmethod``, ``"centroid_brown"`` that of KADE
        and, by its word, of PQMethod; Horst's and Tucker's are KADE's other forms
        (:func:`~dmpkit.qmethod.extraction.extract_centroid`). Take
        ``"centroid_brown"`` with ``profile="kade"`` to follow KADE throughout.
        Maximum likelihood and minimum residuals are those of the package
        factor_analyzer: asking for them asks for ``engine="factor_analyzer"``.
    rotation : {"varimax", "none", "quartimax", "equamax", "oblimin", "promax"} or RotationLog
        As in R; principal components are then ordered by size and reflected to a
        positive sum, centroid factors stay as the rotation leaves them.
        ``engine="factor_analyzer"`` also has geomin_ort, quartimin and geomin_obl.
        A RotationLog is a rotation by hand: its steps follow on its base rotation,
        and a split among them makes a factor more than `n_factors`.
    correlation : {"pearson", "spearman", "kendall"}
    flags : FlagRule, array_like of bool, shape (p, k), or DataFrame
        Rule for automatic flags (default ``FlagRule(level=0.05, majority=True)``),
        or the flags themselves. An array has the sorts and factors in the order of
        the result; a frame has a column for each factor, called ``f1`` to ``fk`` and
        in any order, and may name the sorts, in any order too, in a column ``sort``
        or its index.
    profile : {"qmethod", "kade"}
        ``"qmethod"`` does as R's package: raw sorts are weighted, tied statements
        share the lower grid value, a difference must exceed its bound.
        ``"kade"`` does as KADE: varimax goes on until it has settled and the factors
        keep the order in which it leaves them (with our own engine); sorts are
        standardised before they are weighted, ties go by the order of the
        statements, a difference may equal its bound, and the critical values are
        KADE's. KADE rounds correlations, weights and
        z-scores on the way; that is not imitated, so the last printed digit can
        differ from KADE's.
    engine : {"dmpkit", "factor_analyzer"}
        Who extracts and rotates; the rest is the same. Extractions that only
        factor_analyzer has (ml, minres) go through it in either case, and the result
        says so.
    composite_reliability : float
        Reliability of a single sort, by custom .80.

    Returns
    -------
    QAnalysis

    Raises
    ------
    DataError
        When a choice is not offered or the sorts do not allow it; the message says
        what is offered.
    MissingDependency
        When ``engine="factor_analyzer"`` is asked for, or implied by the extraction,
        and not usable.

    Warns
    -----
    UnflaggedFactorWarning
        A factor has no flagged sorts; its z-scores and array are NaN.
    BipolarFactorWarning
        Sorts with negative loadings define a factor, beside positive ones or alone.
    CentroidWarning
        A centroid factor is far smaller than what it was taken from, so that a
        viewpoint may be missed.
    HeywoodWarning
        A communality, or the loading of a flagged sort, is 1 or more.
    ConvergenceWarning
        An iterative step stopped before it settled.
    ReplayWarning
        The steps of the RotationLog were made on other loadings.

    References
    ----------
    Brown, S. R. (1980). Political Subjectivity. Yale University Press.
    Zabala, A. (2014). qmethod: A package to explore human perspectives using
    Q methodology. The R Journal, 6(2), 163-173.

    Examples
    --------
    >>> sorts = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...                 [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]])
    >>> result = analyse(sorts, 2)
    >>> result
    QAnalysis: 2 factors of 4 sorts and 9 statements (pearson, pca, varimax)
    >>> result.characteristics[["factor", "n_flagged", "reliability", "standard_error"]].round(3)
      factor  n_flagged  reliability  standard_error
    0     f1          2        0.889           0.333
    1     f2          2        0.889           0.333
    >>> result.factor_arrays.head(3)
      statement  f1  f2
    0         1   2   0
    1         2   1   2
    2         3   1  -1
    """
    if n_factors is None:
        raise DataError(
            "n_factors is missing: there is no default for the number of factors.",
            remedy="Give it, e.g. analyse(sorts, 3); factor_retention(sorts) weighs the criteria.",
        )
    data = sorts if isinstance(sorts, QSorts) else QSorts.from_frame(sorts)
    log = rotation if isinstance(rotation, RotationLog) else None
    base: Any = rotation if log is None else log.base
    engine, extraction, base, correlation, profile = _check_choices(
        engine, extraction, base, correlation, profile
    )
    k = check_n_factors(n_factors, data.n_sorts)
    if engine == "factor_analyzer":
        unrotated, rotated, extra = _through_factor_analyzer(data, k, extraction, base, correlation)
        values = eigenvalues(correlate(data.values, correlation))
    else:
        unrotated, values, extra = _extract(data, k, extraction, correlation)
        rotated = turn(unrotated, base, extraction, profile)
    extra["communalities"] = efa.communalities(rotated.loadings, rotated.phi)
    if log is not None:
        rotated = log.apply(rotated)
    rule = flags if isinstance(flags, FlagRule) else None
    if rule is None:
        names = factor_names(k) if log is None else log.names(k)
        flagged = _given_flags(flags, data, names)
    elif log is not None:
        flagged = log.flag(rotated.loadings, k, data.n_statements, rule, profile)
    else:
        flagged = flag(rotated.loadings, data.n_statements, rule, profile)
    weights = factor_weights(rotated.loadings, flagged)
    z = z_scores(data.values, weights, standardise=profile == "kade")
    reliability = reliability_of(flagged.sum(axis=0), composite_reliability)
    result = QAnalysis(
        sorts=data,
        n_factors=rotated.loadings.shape[1],
        extraction=extraction,
        rotation=base if log is None else log.name,
        correlation=correlation,
        profile=profile,
        engine=engine,
        flag_rule=rule,
        composite_reliability=composite_reliability,
        eigenvalue_array=_frozen(values),
        unrotated_array=_frozen(unrotated),
        loading_array=_frozen(rotated.loadings),
        phi_array=_frozen(rotated.phi),
        rotation_matrix=_frozen(rotated.matrix),
        flag_array=_frozen(flagged),
        weight_array=_frozen(weights),
        z_array=_frozen(z),
        score_array=_frozen(factor_arrays(z, data.distribution, ties=profile)),
        reliability=_frozen(reliability),
        standard_error=_frozen(standard_errors(z, reliability)),
        extra=_read_only(extra),
        rotation_log=log,
    )
    _warn(result)
    return result


def _extract(
    data: QSorts, k: int, extraction: str, correlation: str
) -> tuple[Floats, Floats, dict[str, Any]]:
    """Unrotated loadings and all eigenvalues; no p x p matrix where sorts outnumber the rows."""
    if extraction == "pca":
        columns = unit_columns(data.values, correlation)
        if columns.shape[0] < columns.shape[1]:
            return *extract_pca_thin(columns, k), {}
    matrix = correlate(data.values, correlation)
    if extraction == "pca":
        return extract_pca(matrix, k), eigenvalues(matrix), {}
    loadings = extract_centroid(matrix, k, form=extraction)
    return loadings, eigenvalues(matrix), {"centroid_shares": centroid_shares(matrix, loadings)}


def _through_factor_analyzer(
    data: QSorts, k: int, extraction: str, rotation: str, correlation: str
) -> tuple[Floats, Rotation, dict[str, Any]]:
    unrotated, rotated = efa.factor_analysis(
        data.values, k, extraction=extraction, rotation=rotation, correlation=correlation
    )
    return unrotated, rotated, dict(efa.sampling_adequacy(data.values, correlation))


def _check_choices(
    engine: str, extraction: str, rotation: str, correlation: str, profile: str
) -> tuple[str, str, str, str, str]:
    """The five choices as they are called in the tables, whatever their case was."""
    engine = _offered("engine", engine, ENGINES)
    extractions = EXTRACTIONS[engine]
    if engine == "dmpkit":
        extractions += tuple(name for name in efa.EXTRACTIONS if name not in extractions)
    extraction = _offered("extraction", extraction, extractions)
    if extraction not in EXTRACTIONS[engine]:
        engine = "factor_analyzer"
    rotations = tuple(ROTATIONS) if engine == "dmpkit" else efa.ROTATIONS
    elsewhere = efa.ROTATIONS if engine == "dmpkit" else ()
    return (
        engine,
        extraction,
        _offered("rotation", rotation, rotations, elsewhere),
        _offered("correlation", correlation, tuple(CORRELATIONS)),
        _offered("profile", profile, PROFILES),
    )


def _offered(what: str, name: object, names: Sequence[str], elsewhere: Collection[str] = ()) -> str:
    plain = name.strip().lower() if isinstance(name, str) else None
    if plain is None or plain not in names:
        hint = " engine='factor_analyzer' offers it." if plain in elsewhere else ""
        if "centroid_brown" in names:
            hint += " centroid is that of R's qmethod, centroid_brown that of KADE and PQMethod."
        raise DataError(
            f"{what} {name!r} is not offered.", remedy=f"Choose one of: {', '.join(names)}.{hint}"
        )
    return plain


def _given_flags(flags: Any, sorts: QSorts, factors: Sequence[str]) -> Bools:
    """Flags given by hand: an array, or a frame whose names say what is what."""
    if not hasattr(flags, "columns"):
        return check_flags(flags, sorts.n_sorts, len(factors))
    frame = to_pandas(flags, what="flags")
    if "sort" in frame.columns:
        frame = frame.set_index("sort")
    columns = _factor_columns(frame.columns, factors)
    if frame.index.name != "sort" and frame.index.equals(pd.RangeIndex(len(frame))):
        return check_flags(frame.to_numpy()[:, columns], sorts.n_sorts, len(factors))
    named = [str(label) for label in frame.index]
    if sorted(named) != sorted(sorts.sorts):
        odd = sorted(set(named) ^ set(sorts.sorts)) or named
        raise DataError(
            f"the flags do not name every sort once; see {', '.join(odd[:6])}.",
            column="sort",
            remedy="The rows are matched by the column sort, or by the index of the frame.",
        )
    given = check_flags(frame.to_numpy()[:, columns], sorts.n_sorts, len(factors))
    return given[[named.index(name) for name in sorts.sorts]]


def _factor_columns(columns: pd.Index[Any], factors: Sequence[str]) -> list[int]:
    """Where the flags of each factor stand; by position only in a frame without names."""
    if columns.equals(pd.RangeIndex(len(factors))):
        return list(range(len(factors)))
    try:
        named = [factors[factor_position(factors, name)] for name in columns]
    except DataError as error:
        raise DataError(
            f"the flags have a column that is no factor: {error.problem}", remedy=error.remedy
        ) from None
    if sorted(named) != sorted(factors):
        odd = [name for name in factors if named.count(name) != 1]
        raise DataError(
            f"the flags do not have one column a factor; see {', '.join(odd)}.",
            remedy=f"The factors are: {', '.join(factors)}.",
        )
    return [named.index(name) for name in factors]


_Array = TypeVar("_Array", bound="NDArray[Any]")


def _frozen(array: _Array) -> _Array:
    array.setflags(write=False)
    return array


def _read_only(extra: Mapping[str, Any]) -> Mapping[str, Any]:
    for value in extra.values():
        if isinstance(value, np.ndarray):
            _frozen(value)
    return MappingProxyType(dict(extra))


def _restored(held: dict[str, Any]) -> QAnalysis:
    for value in held.values():
        if isinstance(value, np.ndarray):
            _frozen(value)
    return QAnalysis(**(held | {"extra": _read_only(held["extra"])}))


def _warn(result: QAnalysis) -> None:
    """Say what is odd about the factors, one warning each."""
    _warn_heywood(result)
    small = _warn_small_centroid(result)
    advice = (
        "Fewer factors may lose a viewpoint: see the CentroidWarning."
        if small
        else "Ask for fewer factors, or change the flags."
    )
    for j, name in enumerate(result.factors):
        flagged = result.flag_array[:, j]
        if not flagged.any():
            warn(
                f"{name} has no flagged sorts: its z-scores, array and comparisons are not "
                f"defined (NaN). {advice}",
                UnflaggedFactorWarning,
                stacklevel=3,
            )
        elif np.isnan(result.z_array[:, j]).any():
            names = _names(result, flagged)
            warn(
                f"{name}: the flagged sorts ({names}) have loadings of 0 or cancel each other "
                "out, so its z-scores are not defined (NaN). Change the flags.",
                BipolarFactorWarning,
                stacklevel=3,
            )
        elif (result.weight_array[:, j] < 0).any():
            _warn_bipolar(result, j)


def _warn_small_centroid(result: QAnalysis) -> bool:
    shares = np.asarray(result.extra.get("centroid_shares", ()))
    small = np.flatnonzero(shares < SMALL_CENTROID)
    for j in small:
        if (shares[j + 1 :] >= SMALL_CENTROID).any():
            advice = (
                "A later factor takes up what it leaves, so do not ask for fewer factors; compare "
                "with extraction='pca', 'centroid_horst' or 'centroid_tucker'."
            )
        else:
            advice = (
                "A viewpoint may be missed: ask for one factor more, or compare with "
                "extraction='pca', 'centroid_horst' or 'centroid_tucker'."
            )
        size = float((result.unrotated_array[:, j] ** 2).sum())
        warn(
            f"Unrotated centroid factor f{j + 1} is small (sum of squared loadings {size:.2f}), "
            "although the largest eigenvalue of what the factors before it leave is "
            f"{size / shares[j]:.2f}: the column sums nearly cancel there. {advice}",
            CentroidWarning,
            stacklevel=4,
        )
    return bool(len(small))


def _warn_bipolar(result: QAnalysis, j: int) -> None:
    name, weights = result.factors[j], result.weight_array[:, j]
    negative = _names(result, weights < 0)
    if (weights > 0).any():
        message = (
            f"{name} is bipolar. It is defined with negative loadings by {negative}, with "
            f"positive ones by {_names(result, weights > 0)}. Its composite is the view of "
            "the positive sorts; the negative ones hold the opposite and enter it reversed. If "
            f"both ends are views of their own, split it: RotationLog(...).split({name!r})."
        )
    else:
        message = (
            f"All flagged sorts of {name} ({negative}) load negatively: its composite is the "
            "opposite of what these people sorted. Read it with all signs reversed."
        )
    warn(message, BipolarFactorWarning, stacklevel=4)


def _warn_heywood(result: QAnalysis) -> None:
    high = 1 - efa.SMALLEST_UNIQUENESS * (1 + 1e-6) if result.engine == "factor_analyzer" else 1.0
    if result.extraction != "pca":
        improper = np.asarray(result.extra["communalities"]) >= high
        if improper.any():
            warn(
                f"Heywood case: the communality of {_names(result, improper)} is 1 or at its "
                f"limit, so the {result.extraction} solution with {result.n_factors} factors is "
                "improper. Ask for fewer factors, or use extraction='pca'.",
                HeywoodWarning,
                stacklevel=4,
            )
    whole = result.flag_array & (np.abs(result.loading_array) >= 1)
    for j in np.flatnonzero(whole.any(axis=0)):
        warn(
            f"{result.factors[j]}: the loading of {_names(result, whole[:, j])} is 1 or more, "
            "where a sort's weight is infinite. The composite rests on it alone.",
            HeywoodWarning,
            stacklevel=4,
        )


def _names(result: QAnalysis, chosen: Bools) -> str:
    return ", ".join(np.array(result.sorts.sorts)[chosen].tolist())
