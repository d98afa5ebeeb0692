"""Comparing studies that share a Q set: congruence, matching, second order, before and after.

Factors are compared by what they say of the statements. Two studies can be
compared when they sorted the same statements; statements are brought together
by their labels, never by their place.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError, DuplicatedSortsWarning, ReadingWarning, warn
from dmpkit.qmethod import comparison_views as views
from dmpkit.qmethod.analysis import QAnalysis, analyse
from dmpkit.qmethod.arrays import Floats, factor_names, to_matrix
from dmpkit.qmethod.data import QSorts
from dmpkit.resampling import drawn_seed, p_value, run_resamples
from dmpkit.tables import as_kind, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.reporting import Indicator

__all__ = [
    "BeforeAfter",
    "FactorMatch",
    "SecondOrder",
    "before_after",
    "congruence",
    "match_factors",
    "second_order",
]

Scores = QAnalysis | pd.DataFrame | ArrayLike | Any


# -- congruence ------------------------------------------------------------------


def congruence(
    a: Scores, b: Scores, *, of: Literal["z_scores", "factor_arrays"] = "z_scores"
) -> pd.DataFrame:
    """Congruence of factors: correlations of their z-scores.

    z-scores have mean 0, so that Tucker's coefficient of congruence of two of them
    is their correlation; one name serves both. 1 is the same viewpoint, 0 no
    relation, -1 the opposite.

    Parameters
    ----------
    a, b : QAnalysis, DataFrame or array_like
        A frame has a column ``statement`` and one column a factor; an array has one
        row a statement, in the same order as the other one.
    of : {"z_scores", "factor_arrays"}
        What of an analysis is correlated.

    Returns
    -------
    DataFrame
        ``factor`` (those of `a`), then one column a factor of `b`; NaN for a factor
        without scores.

    Raises
    ------
    DataError
        When the statements are not the same, or something is not a number.

    References
    ----------
    Lorenzo-Seva, U., & ten Berge, J. M. F. (2006). Tucker's congruence coefficient
    as a meaningful index of factor similarity. Methodology, 2(2), 57-64.

    Examples
    --------
    >>> congruence([[1.0, 2], [0, 1], [-1, -3]], [[2.0], [1], [-3]]).round(3)
      factor     f1
    0     f1  0.945
    1     f2  1.000
    """
    one, other = _brought_together(_scores(a, "a", of), _scores(b, "b", of))
    frame = pd.DataFrame(_correlations(one.values, other.values), columns=list(other.factors))
    label = "factor"
    while label in other.factors:
        label += "_"
    frame.insert(0, label, list(one.factors))
    return frame


@dataclass(frozen=True, eq=False)
class _Scored:
    """Scores of factors on statements; no labels when they came as an array."""

    values: Floats
    factors: tuple[str, ...]
    statements: tuple[str, ...] | None


def _scores(given: Scores, name: str, of: str) -> _Scored:
    if of not in ("z_scores", "factor_arrays"):
        raise DataError(f"of is {of!r}.", remedy="Use z_scores or factor_arrays.")
    if isinstance(given, QAnalysis):
        values = given.z_array if of == "z_scores" else given.score_array
        return _Scored(np.array(values), given.factors, given.sorts.statements)
    if hasattr(given, "columns"):
        frame = to_pandas(given, what=name)
        if "statement" not in frame.columns:
            raise DataError(f"{name}: the column 'statement' is missing.")
        labels = tuple(str(label) for label in frame["statement"])
        _once(labels, name)
        rest = frame.drop(columns="statement")
        return _Scored(to_matrix(rest, name), tuple(map(str, rest.columns)), labels)
    values = to_matrix(given, name)
    return _Scored(values, factor_names(values.shape[1]), None)


def _once(labels: Sequence[str], name: str) -> None:
    double = sorted({label for label in labels if labels.count(label) > 1})
    if double:
        raise DataError(f"{name}: the statement {double[0]!r} occurs more than once.")


def _brought_together(one: _Scored, other: _Scored) -> tuple[_Scored, _Scored]:
    """Both with the statements in the order of the first."""
    if one.statements is None or other.statements is None:
        if len(one.values) != len(other.values):
            raise DataError(
                f"There are {len(one.values)} statements on one side and {len(other.values)} on "
                "the other.",
                remedy="Compare studies that sorted the same statements.",
            )
        return one, other
    order = _order(one.statements, other.statements)
    return one, _Scored(other.values[order], other.factors, one.statements)


def _order(labels: Sequence[str], others: Sequence[str]) -> list[int]:
    odd = sorted(set(labels) ^ set(others))
    if odd:
        raise DataError(
            f"The statements are not the same: {', '.join(odd[:6])} "
            f"{'is' if len(odd) == 1 else 'are'} on one side only.",
            remedy="Compare studies that share a Q set, with equal labels for equal statements.",
        )
    place = {label: i for i, label in enumerate(others)}
    return [place[label] for label in labels]


def _unit(values: Floats) -> Floats:
    centred = values - values.mean(axis=0)
    length = np.sqrt((centred**2).sum(axis=0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(length > 0, centred / length, np.nan)


def _correlations(one: Floats, other: Floats) -> Floats:
    return np.clip(_unit(one).T @ _unit(other), -1.0, 1.0)


# -- matching ----------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class FactorMatch(views.Reported):
    """Result of :func:`match_factors`.

    Attributes
    ----------
    congruence : DataFrame
        ``factor``, then one column a factor of the other study.
    pairs : DataFrame
        One row a matched pair, the highest congruence first: ``factor, other,
        congruence, p_value`` (of this pair alone), ``p_adjusted`` (allowing for all
        comparisons).
    unmatched, unmatched_other : tuple of str
        Factors that are left over.
    p_value : float
        Of the whole matching: its mean congruence.
    n_statements, n_permutations : int
    seed : int
        The one given, else the one that was drawn.
    """

    _title: ClassVar[str] = "Matching of two studies"
    _sheets: ClassVar[tuple[str, ...]] = ("pairs", "congruence")
    _caption: ClassVar[str] = "Congruence of all factors; frames mark the pairs."

    congruence: pd.DataFrame
    pairs: pd.DataFrame
    unmatched: tuple[str, ...]
    unmatched_other: tuple[str, ...]
    p_value: float
    n_statements: int
    n_permutations: int
    seed: int

    def __repr__(self) -> str:
        said = ", ".join(
            f"{row.factor} = {row.other} ({row.congruence:.2f})" for row in self.pairs.itertuples()
        )
        return f"FactorMatch: {said or 'no pair'}"

    def summary(self) -> str:
        """The matching in plain words."""
        lines = [
            _fill(
                f"Best one-to-one matching of factors by the correlation of their z-scores on "
                f"{self.n_statements} statements (p = {self.p_value:.4f} for the whole matching "
                f"from {self.n_permutations:,} permutations of the statements; the smallest "
                f"attainable is {1 / (self.n_permutations + 1):.4f})."
            )
        ]
        for row in self.pairs.itertuples():
            lines.append(
                f"  {row.factor} and {row.other}: {row.congruence:.2f}, p = {row.p_value:.4f}, "
                f"adjusted for all comparisons {row.p_adjusted:.4f}"
            )
        for names, side in ((self.unmatched, "first"), (self.unmatched_other, "second")):
            if names:
                lines.append(f"  Left over in the {side}: {', '.join(names)}")
        lines.append(
            _fill(
                "A small p says that the likeness is no accident of the statements' order; whether "
                "two factors are the same viewpoint is told by the size of the congruence and by "
                "reading them side by side."
            )
        )
        return "\n".join(lines)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return views.match_methods(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The figures that a report compares."""
        return views.match_indicators(self)

    def _picture(self) -> Axes:
        return self.plot()

    def _html(self) -> str:
        from dmpkit.reporting import escape, table_html

        return (
            f"<p>{escape(repr(self))}</p>"
            + table_html(self.pairs, digits={"p_value": 4, "p_adjusted": 4}, caption="Pairs")
            + table_html(self.congruence, caption="Congruence of all factors")
        )

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """The tables ``pairs`` and ``congruence``.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        return {"pairs": as_kind(self.pairs, kind), "congruence": as_kind(self.congruence, kind)}

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Congruence of all factors as a heat map; frames mark the pairs.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        """
        return _plot_match(self, ax)


def match_factors(
    a: Scores,
    b: Scores,
    *,
    n_permutations: int = 9999,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> FactorMatch:
    """Match the factors of two studies one to one by their congruence.

    The matching maximises the sum of the correlations of z-scores (Kuhn-Munkres).
    A negative correlation is the opposite view, and no likeness: it counts against
    a pair. Where one study has more factors, the rest is left over.

    The p-values come from permuting the statements of `b`, all its factors
    together: how often does a pair (``p_value``), the best of all possible pairs
    (``p_adjusted``), or the best matching (the whole) reach the value observed?
    They ask whether the likeness could be an accident; statements of similar
    content are not quite exchangeable, so read them with the size of the
    congruence.

    Parameters
    ----------
    a, b : QAnalysis, DataFrame or array_like
        As in :func:`congruence`. Factors without z-scores are left over.
    n_permutations : int
    seed : int, optional
    n_jobs : int
    progress : bool

    Returns
    -------
    FactorMatch

    Raises
    ------
    DataError
        When the statements are not the same or no factor has z-scores.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> views = rng.normal(size=(30, 3))
    >>> again = views[:, [2, 0, 1]] + 0.5 * rng.normal(size=(30, 3))
    >>> match = match_factors(views, again, n_permutations=199, seed=1)
    >>> match.pairs[["factor", "other"]].sort_values("factor").to_numpy().tolist()
    [['f1', 'f2'], ['f2', 'f3'], ['f3', 'f1']]
    >>> match.p_value
    0.005
    """
    seed = drawn_seed(seed)
    one, other = _brought_together(_scores(a, "a", "z_scores"), _scores(b, "b", "z_scores"))
    first, second = (_scored_columns(side) for side in (one, other))
    x, y = _unit(one.values[:, first]), _unit(other.values[:, second])
    observed = x.T @ y
    rows, columns = _matching(observed)
    parts = run_resamples(
        partial(_permuted_matches, x, y, rows, columns),
        n_permutations,
        seed=seed,
        chunk_size=1000,
        n_jobs=n_jobs,
        progress=progress,
        description="permutations",
    )
    null = np.concatenate(parts)
    found = observed[rows, columns]
    tolerance = 1e-9  # equal values that differ by rounding
    pairs = pd.DataFrame(
        {
            "factor": [one.factors[first[i]] for i in rows],
            "other": [other.factors[second[j]] for j in columns],
            "congruence": found,
            "p_value": [
                p_value(int((null[:, 2 + i] >= r - tolerance).sum()), n_permutations)
                for i, r in enumerate(found)
            ],
            "p_adjusted": [
                p_value(int((null[:, 1] >= r - tolerance).sum()), n_permutations) for r in found
            ],
        }
    )
    matched, matched_other = set(pairs["factor"]), set(pairs["other"])
    return FactorMatch(
        congruence=congruence(a, b),
        pairs=pairs.sort_values("congruence", ascending=False, kind="stable", ignore_index=True),
        unmatched=tuple(name for name in one.factors if name not in matched),
        unmatched_other=tuple(name for name in other.factors if name not in matched_other),
        p_value=p_value(int((null[:, 0] >= found.mean() - tolerance).sum()), n_permutations),
        n_statements=len(x),
        n_permutations=n_permutations,
        seed=seed,
    )


def _scored_columns(side: _Scored) -> NDArray[np.intp]:
    known = np.flatnonzero(np.isfinite(_unit(side.values)).all(axis=0))
    if not known.size:
        raise DataError("No factor has z-scores, so nothing can be matched.")
    return known


def _matching(similarity: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(similarity, maximize=True)
    return rows, columns


def _permuted_matches(
    x: Floats,
    y: Floats,
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
    generator: np.random.Generator,
    size: int,
) -> Floats:
    """Mean of the best matching, best pair, and the pairs observed, each permutation."""
    found = np.empty((size, 2 + len(rows)))
    for i in range(size):
        similarity = x.T @ y[generator.permutation(len(y))]
        best = _matching(similarity)
        found[i, 0] = similarity[best].mean()
        found[i, 1] = similarity.max()
        found[i, 2:] = similarity[rows, columns]
    return found


def _plot_match(match: FactorMatch, ax: Axes | None) -> Axes:
    from matplotlib.patches import Rectangle

    from dmpkit.plotting import INK, heat_map, set_alt

    table = match.congruence
    rows, columns = table.iloc[:, 0].tolist(), list(table.columns[1:])
    ax = heat_map(table.iloc[:, 1:], rows, columns, limits=(-1.0, 1.0), label="congruence", ax=ax)
    ax.set(xlabel="factors of the second", ylabel="factors of the first")
    for pair in match.pairs.itertuples():
        i, j = rows.index(str(pair.factor)), columns.index(str(pair.other))
        ax.add_patch(Rectangle((j + 0.04, i + 0.04), 0.92, 0.92, fill=False, ec=INK, lw=2))
    said = ", ".join(
        f"{pair.factor} with {pair.other} ({pair.congruence:.2f})"
        for pair in match.pairs.itertuples()
    )
    return set_alt(ax, f"Heat map of congruence between factors; matched pairs: {said}.")


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 88, subsequent_indent=indent, break_on_hyphens=False)


# -- second order ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class SecondOrder(views.Reported):
    """Result of :func:`second_order`.

    Attributes
    ----------
    analysis : QAnalysis
        Its sorts are the factors of the studies, called ``study f1`` and so on.
    studies : tuple of str
    origins : tuple of (str, str)
        Study and factor of every sort.
    """

    _title: ClassVar[str] = "Second-order analysis"
    _sheets: ClassVar[tuple[str, ...]] = ("members", "loadings", "z_scores", "factor_arrays")

    analysis: QAnalysis
    studies: tuple[str, ...]
    origins: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        k = self.analysis.n_factors
        return (
            f"SecondOrder: {k} shared factor{'' if k == 1 else 's'} of {len(self.origins)} factors "
            f"from {len(self.studies)} studies"
        )

    @cached_property
    def members(self) -> pd.DataFrame:
        """Which factor of which study belongs to which shared factor.

        Columns: ``study, factor, shared`` (the shared factor on which it is flagged
        or, where flagged on none or several, that with the largest loading),
        ``loading, flagged``.
        """
        a = self.analysis
        place = np.abs(a.loading_array).argmax(axis=1)
        alone = a.flag_array.sum(axis=1) == 1
        place = np.where(alone, a.flag_array.argmax(axis=1), place)
        rows = np.arange(len(place))
        return pd.DataFrame(
            {
                "study": [study for study, _ in self.origins],
                "factor": [factor for _, factor in self.origins],
                "shared": [a.factors[j] for j in place],
                "loading": a.loading_array[rows, place],
                "flagged": a.flag_array[rows, place],
            }
        )

    def summary(self) -> str:
        """The shared factors and who belongs to them."""
        lines = [repr(self)]
        for name in self.analysis.factors:
            part = self.members[(self.members["shared"] == name) & self.members["flagged"]]
            said = ", ".join(
                f"{row.study} {row.factor} ({row.loading:.2f})" for row in part.itertuples()
            )
            lines.append(_fill(f"  {name}: {said or 'no flagged factor'}", "    "))
        rest = self.members[~self.members["flagged"]]
        if len(rest):
            said = ", ".join(f"{row.study} {row.factor}" for row in rest.itertuples())
            lines.append(_fill(f"  belong to none: {said}", "    "))
        return "\n".join(lines)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return views.second_order_methods(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The figures that a report compares."""
        return views.second_order_indicators(self)

    def _html(self) -> str:
        from dmpkit.reporting import escape, table_html

        return f"<p>{escape(repr(self))}</p>" + table_html(self.members, caption="Members")

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """The table ``members`` and those of the analysis.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        return {"members": as_kind(self.members, kind), **self.analysis.tables(kind)}


def second_order(
    analyses: Mapping[str, QAnalysis] | Sequence[QAnalysis],
    n_factors: int | None = None,
    **options: Any,
) -> SecondOrder:
    """Second-order analysis: the factor arrays of several studies, analysed like sorts.

    Which viewpoints do studies with the same Q set share? Each factor array of each
    study enters as one sort (Watts & Stenner 2012), whatever the number of people
    behind it, and the whole is analysed with :func:`analyse`.

    Parameters
    ----------
    analyses : mapping of name to QAnalysis, or sequence of QAnalysis
        At least two; a sequence is named ``study 1``, ``study 2`` ... Factors without
        flagged sorts have no array and are left out.
    n_factors : int, optional
        Number of shared factors; by default that of parallel analysis, at least 1.
    **options
        Passed on to :func:`~dmpkit.qmethod.analysis.analyse`.

    Returns
    -------
    SecondOrder

    Raises
    ------
    DataError
        When there are fewer than two studies or their statements differ.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> grid = np.repeat([-2.0, -1, 0, 1, 2], [2, 4, 8, 4, 2])
    >>> views = rng.normal(size=(2, 20))
    >>> def study():
    ...     likings = [views[i % 2] + 0.5 * rng.normal(size=20) for i in range(10)]
    ...     sorts = np.column_stack([grid[np.argsort(np.argsort(x))] for x in likings])
    ...     return analyse(QSorts(sorts), 2)
    >>> result = second_order({"Bern": study(), "Graz": study()}, 2)
    >>> result
    SecondOrder: 2 shared factors of 4 factors from 2 studies
    >>> sorted(result.members.groupby("shared")["study"].agg(list))
    [['Bern', 'Graz'], ['Bern', 'Graz']]
    """
    named = _named(analyses)
    first = next(iter(named.values())).sorts
    columns, origins = [], []
    for study, analysis in named.items():
        order = _order(first.statements, analysis.sorts.statements)
        for j, factor in enumerate(analysis.factors):
            array = analysis.score_array[order, j]
            if np.isfinite(array).all():
                columns.append(array)
                origins.append((study, factor))
    sorts = QSorts(
        np.column_stack(columns),
        first.statements,
        [f"{study} {factor}" for study, factor in origins],
        distribution=first.distribution,
        texts=first.texts,
    )
    if n_factors is None:
        n_factors = _by_parallel_analysis(sorts, options)
    return SecondOrder(analyse(sorts, n_factors, **options), tuple(named), tuple(origins))


def _named(analyses: Mapping[str, QAnalysis] | Sequence[QAnalysis]) -> dict[str, QAnalysis]:
    if isinstance(analyses, Mapping):
        named = {str(name): analysis for name, analysis in analyses.items()}
    else:
        named = {f"study {i}": analysis for i, analysis in enumerate(analyses, start=1)}
    wrong = [name for name, analysis in named.items() if not isinstance(analysis, QAnalysis)]
    if wrong:
        raise DataError(f"{wrong[0]} is no QAnalysis.", remedy="Give results of analyse().")
    if len(named) < 2:
        raise DataError("A second-order analysis needs at least two studies.")
    return named


def _by_parallel_analysis(sorts: QSorts, options: Mapping[str, Any]) -> int:
    from dmpkit.qmethod.retention import parallel_analysis

    observed, random = parallel_analysis(
        sorts,
        extraction=options.get("extraction", "pca"),
        correlation=options.get("correlation", "pearson"),
        seed=1,
        progress=False,
    )
    return max(1, int(np.argmin(np.append(observed > random, False))))


# -- before and after -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class BeforeAfter(views.Reported):
    """Result of :func:`before_after`.

    Attributes
    ----------
    analysis : QAnalysis
        Of the sorts of both occasions together; a sort is called ``person before``
        or ``person after`` (with the names of the occasions).
    people : tuple of str
        In the order of the first occasion.
    occasions : (str, str)
    only_before, only_after : tuple of str
        People who sorted on one occasion only and are left out.
    """

    _title: ClassVar[str] = "Before and after"
    _sheets: ClassVar[tuple[str, ...]] = ("moves", "flows", "loadings")
    _caption: ClassVar[str] = "Who moved between viewpoints."

    analysis: QAnalysis
    people: tuple[str, ...]
    occasions: tuple[str, str]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def __repr__(self) -> str:
        moved = int(self.moves["moved"].sum())
        k = self.analysis.n_factors
        return (
            f"BeforeAfter: {moved} of {len(self.people)} people moved in a common space of "
            f"{k} factor{'' if k == 1 else 's'}"
        )

    @cached_property
    def moves(self) -> pd.DataFrame:
        """Where each person stood, one row a person.

        Columns: ``person, before, after``: the factor on which the sort is flagged
        (``f1, opposed`` with a negative loading; ``mixed`` on several; ``none`` on
        none); ``moved``; ``correlation`` of the person's two sorts.
        """
        n = len(self.people)
        places = [_standing(self.analysis, i) for i in range(2 * n)]
        values = np.array(self.analysis.sorts.values)
        own = np.diagonal(_correlations(values[:, :n], values[:, n:]))
        return pd.DataFrame(
            {
                "person": list(self.people),
                "before": places[:n],
                "after": places[n:],
                "moved": [a != b for a, b in zip(places[:n], places[n:], strict=True)],
                "correlation": own,
            }
        )

    @cached_property
    def loadings(self) -> pd.DataFrame:
        """Loadings on both occasions: ``person, factor, before, after, change``."""
        n, k = len(self.people), self.analysis.n_factors
        array = self.analysis.loading_array
        return pd.DataFrame(
            {
                "person": np.repeat(np.array(self.people), k).tolist(),
                "factor": np.tile(np.array(self.analysis.factors), n).tolist(),
                "before": array[:n].ravel(),
                "after": array[n:].ravel(),
                "change": (array[n:] - array[:n]).ravel(),
            }
        )

    @property
    def _caution(self) -> str:
        made = "The sorts are synthetic: made, not collected. "
        return f"{made}{_CAUTION}" if self.analysis.sorts.synthetic else _CAUTION

    @cached_property
    def flows(self) -> pd.DataFrame:
        """How many moved from where to where: ``before, after, n``, in the order of factors."""
        names = [
            *(name for f in self.analysis.factors for name in (f, f"{f}, opposed")),
            "mixed",
            "none",
        ]
        counts = self.moves.groupby(["before", "after"]).size()
        rows = [(a, b, int(counts[(a, b)])) for a in names for b in names if (a, b) in counts.index]
        return pd.DataFrame(rows, columns=["before", "after", "n"])

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """The tables ``moves``, ``flows`` and ``loadings``.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        return {name: as_kind(getattr(self, name), kind) for name in ("moves", "flows", "loadings")}

    def summary(self) -> str:
        """Who moved, in plain words."""
        first, second = self.occasions
        lines = [
            _fill(
                f"The sorts of {len(self.people)} people from {first} and {second} were analysed "
                f"together, so that both stand in one space of {self.analysis.n_factors} factors. "
                f"{int(self.moves['moved'].sum())} stand elsewhere in {second} than in {first}; a "
                "person's two sorts correlate "
                f"{self.moves['correlation'].median():.2f} (median)."
            )
        ]
        for row in self.flows.itertuples():
            start, end = str(row.before), str(row.after)
            who = self.moves[(self.moves["before"] == start) & (self.moves["after"] == end)]
            words = f"stay with {start}" if start == end else f"move from {start} to {end}"
            lines.append(_fill(f"  {row.n} {words}: {', '.join(who['person'])}", "    "))
        lines.append(_fill(self._caution))
        for names, occasion in ((self.only_before, first), (self.only_after, second)):
            if names:
                lines.append(_fill(f"Left out, only in {occasion}: {', '.join(names)}.", "  "))
        return "\n".join(lines)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return views.before_after_methods(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The figures that a report compares."""
        return views.before_after_indicators(self)

    def _picture(self) -> Axes:
        return self.plot()

    def _html(self) -> str:
        from dmpkit.reporting import escape, table_html

        headings = dict(zip(("before", "after"), self.occasions, strict=True))
        return (
            f"<p>{escape(repr(self))}</p>"
            + table_html(self.flows, headings=headings, caption="From where to where")
            + table_html(self.moves, headings=headings, caption="People")
            + f"<p>{escape(self._caution)}</p>"
        )

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Who moved between viewpoints, as an alluvial picture.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        """
        from dmpkit.plotting import alluvial, mark_synthetic

        first, second = self.occasions
        flows = self.flows.rename(columns={"before": first, "after": second})
        ax = alluvial(flows, source=first, target=second, count="n", ax=ax)
        return mark_synthetic(ax) if self.analysis.sorts.synthetic else ax


_CAUTION = (
    "People who sort twice do not agree with themselves completely (by custom .80), so a step "
    "between a factor and none, or a small change of loadings, can be that alone."
)


def _standing(analysis: QAnalysis, i: int) -> str:
    flagged = np.flatnonzero(analysis.flag_array[i])
    if len(flagged) != 1:
        return "mixed" if len(flagged) else "none"
    name = analysis.factors[flagged[0]]
    return name if analysis.loading_array[i, flagged[0]] > 0 else f"{name}, opposed"


def before_after(
    before: QSorts | Any,
    after: QSorts | Any,
    n_factors: int,
    *,
    occasions: tuple[str, str] = ("before", "after"),
    **options: Any,
) -> BeforeAfter:
    """The same people on two occasions in one common factor space.

    Two separate analyses would give two sets of factors, and a person could seem to
    move because the factors did. Here the sorts of both occasions are analysed
    together; each person has two sorts, and moves when they define different
    factors.

    Parameters
    ----------
    before, after : QSorts or DataFrame
        The same statements; people are known by the labels of their sorts. Who
        sorted once only is left out, with a ReadingWarning.
    n_factors : int
    occasions : (str, str)
        What the occasions are called.
    **options
        Passed on to :func:`~dmpkit.qmethod.analysis.analyse`.

    Returns
    -------
    BeforeAfter

    Raises
    ------
    DataError
        When the statements differ or nobody sorted twice.

    Warns
    -----
    ReadingWarning
        Somebody sorted on one occasion only.

    Examples
    --------
    >>> names = ["Ana", "Ben", "Cem", "Dea"]
    >>> one = QSorts([[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
    ...               [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]],
    ...              sorts=names)
    >>> two = QSorts([[2, 0, 0, -1], [1, 2, 1, 1], [1, -1, -1, 0], [0, 1, 0, 0], [-1, 0, 1, 2],
    ...               [0, 0, 0, -1], [0, -2, -2, -2], [-1, 1, 2, 1], [-2, -1, -1, 0]],
    ...              sorts=names)
    >>> result = before_after(one, two, 2)
    >>> result.flows
      before after  n
    0     f1    f1  2
    1     f2    f1  1
    2     f2    f2  1
    """
    one, two = (
        side if isinstance(side, QSorts) else QSorts.from_frame(side) for side in (before, after)
    )
    order = _order(one.statements, two.statements)
    people = [name for name in one.sorts if name in two.sorts]
    only_before = tuple(name for name in one.sorts if name not in two.sorts)
    only_after = tuple(name for name in two.sorts if name not in one.sorts)
    if not people:
        raise DataError(
            "Nobody sorted on both occasions.",
            remedy="Give a person the same label in both; people are known by it.",
        )
    if only_before or only_after:
        names = ", ".join((*only_before, *only_after))
        warn(f"Left out, since they sorted on one occasion only: {names}.", ReadingWarning)
    first, second = occasions
    values = [
        one.values[:, [one.sorts.index(name) for name in people]],
        two.values[order][:, [two.sorts.index(name) for name in people]],
    ]
    with warnings.catch_warnings():
        # who sorts the same way twice has changed nothing, and is no double entry
        warnings.simplefilter("ignore", DuplicatedSortsWarning)
        sorts = QSorts(
            np.column_stack(values),
            one.statements,
            [f"{name} {first}" for name in people] + [f"{name} {second}" for name in people],
            distribution=one.distribution,
            texts=one.texts or tuple(two.texts[i] for i in order if two.texts),
        )
    return BeforeAfter(
        analysis=analyse(sorts, n_factors, **options),
        people=tuple(people),
        occasions=(first, second),
        only_before=only_before,
        only_after=only_after,
    )
