"""How many factors: what each criterion says, and where they disagree.

No criterion decides it. The number of factors is settled by whether each factor
is a viewpoint that makes sense and that somebody holds; the table here says what
the usual rules would answer and why they differ.
"""

from __future__ import annotations

import math
import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.qmethod.analysis import EXTRACTIONS
from dmpkit.qmethod.arrays import Floats, factor_names
from dmpkit.qmethod.bootstrap import MADE, PURPOSE, RECOVERED, bootstrap
from dmpkit.qmethod.correlation import correlate, unit_columns
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.extraction import eigenvalues, extract_centroid, extract_pca
from dmpkit.qmethod.flags import critical_value
from dmpkit.qmethod.scores import factor_score_correlations
from dmpkit.qmethod.stacks import quantiles
from dmpkit.resampling import chunk_within, drawn_seed, run_resamples
from dmpkit.tables import as_kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.reporting import Indicator, Section

__all__ = ["FactorRetention", "factor_retention", "parallel_analysis"]

#: Share of the resamples that has to recover every factor; our own proposal.
STABLE = 0.80
#: Correlation of z-scores from which on two factors count as one viewpoint split in two: they
#: share half of their variance. Our own proposal.
ALIKE = 0.71
_GUIDE = (
    "A guide, not a rule: keep a factor that is a viewpoint somebody holds and that can be "
    "interpreted, whatever the count below."
)


@dataclass(frozen=True, eq=False, repr=False)
class FactorRetention:
    """Result of :func:`factor_retention`.

    Attributes
    ----------
    sorts : QSorts
    extraction, rotation, correlation : str
    level : float
        Significance level of a loading that counts.
    percentile : float
    n_permutations, n_resamples : int
    seed : int
        The one given, else the one that was drawn.
    criteria : DataFrame
        ``criterion, n_factors, reading``: what each criterion answers (missing where
        it has no answer) and a sentence on why.
    factors : DataFrame
        One row a factor that was looked at: ``factor, eigenvalue,
        explained_variance``; ``reduced_eigenvalue`` (of the matrix that parallel
        analysis looks at) and ``random`` (its percentile in permuted sorts);
        ``humphrey`` (product of the two largest absolute loadings), ``n_loaders``
        (significant loadings), ``recovered`` (with so many factors, the share of
        the resamples that recover the factor recovered least), ``closest`` (with so
        many factors, the highest absolute correlation between two of them).
    """

    sorts: QSorts
    extraction: str
    rotation: str
    correlation: str
    level: float
    percentile: float
    n_permutations: int
    n_resamples: int
    seed: int
    criteria: pd.DataFrame
    factors: pd.DataFrame

    def __repr__(self) -> str:
        return (
            f"FactorRetention: {_range(self.answers)} by {len(self.answers)} criteria "
            f"({self.sorts.n_sorts} sorts, {self.extraction})"
        )

    @property
    def answers(self) -> dict[str, int]:
        """Criterion to number of factors, those without an answer left out."""
        given = self.criteria.dropna(subset=["n_factors"])
        return {
            str(name): int(k)
            for name, k in zip(given["criterion"], given["n_factors"], strict=True)
        }

    @property
    def disagreement(self) -> str:
        """Where the criteria disagree, in a sentence or two."""
        by_number: dict[int, list[str]] = {}
        for name, k in self.answers.items():
            by_number.setdefault(k, []).append(name)
        if len(by_number) == 1:
            (k,) = by_number
            return f"All criteria agree on {k}."
        parts = [f"{k}: {', '.join(by_number[k])}" for k in sorted(by_number)]
        return f"The criteria disagree, from {min(by_number)} to {max(by_number)}. " + "; ".join(
            parts
        )

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """The tables ``criteria`` and ``factors``.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        return {
            "criteria": as_kind(self.criteria, kind),
            "factors": as_kind(self.factors, kind),
        }

    def summary(self) -> str:
        """What each criterion says, in plain words."""
        made = f"{MADE} " if self.sorts.synthetic else ""
        asked = f"How many factors do the {self.sorts.n_sorts} sorts bear?"
        lines = [_fill(f"{made}{asked} {_GUIDE}"), ""]
        for row in self.criteria.itertuples():
            lines.append(_fill(f"{_number(row.n_factors)}  {row.criterion}: {row.reading}", "   "))
        lines += ["", _fill(self.disagreement + ".").replace("..", ".")]
        return "\n".join(lines)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        made = f"{MADE} " if self.sorts.synthetic else ""
        reduced = (
            ""
            if self.extraction == "pca"
            else " with the largest absolute correlation of each sort on the diagonal"
        )
        text = (
            f"{made}The number of factors was examined on up to {len(self.factors)} "
            f"{_EXTRACTED[self.extraction]} of "
            f"{_CORRELATED.get(self.correlation, self.correlation)} between "
            f"{self.sorts.n_sorts} sorts of {self.sorts.n_statements} statements by the "
            "eigenvalue rule (eigenvalues above 1), Humphrey's rule (product of the "
            "two largest absolute unrotated loadings above 2/sqrt(n), strict, or "
            "1/sqrt(n), lenient), two significant unrotated loadings "
            f"(p < {self.level:g}), parallel analysis (eigenvalues{reduced} above the "
            f"{100 * self.percentile:g}th percentile of {self.n_permutations:,} data sets in which "
            "each sort's values were permuted, so that its distribution is kept) and the elbow of "
            "the scree plot (largest second difference)"
        )
        if self.n_resamples:
            text += (
                f", and by stability: the largest number of factors of which each is recovered "
                f"(congruence of {RECOVERED:.2f} or more) in {100 * STABLE:g} per cent of "
                f"{self.n_resamples:,} bootstrap resamples and no two are alike (correlation of "
                f"z-scores below {ALIKE:.2f}), a criterion of our own, for which the factors were "
                f"{_ROTATED.get(self.rotation, self.rotation)}. Permutations and resamples were "
                f"drawn with seed {self.seed}. {PURPOSE}"
            )
        else:
            text += f". Permutations were drawn with seed {self.seed}."
        return f"{text} {_GUIDE}"

    def _repr_html_(self) -> str:
        return self._html()

    def _html(self) -> str:
        from dmpkit.reporting import escape, table_html

        shown = self.criteria.assign(n_factors=[_number(k) for k in self.criteria["n_factors"]])
        key = _KEY.replace(";  ", "; ") if self.n_resamples else _KEY.split(";  ")[0]
        same = ["reduced_eigenvalue"] if self.extraction == "pca" else []
        made = f"{MADE} " if self.sorts.synthetic else ""
        return (
            f"<p>{escape(made + _GUIDE)}</p>"
            + table_html(shown, headings={"n_factors": "factors"}, caption="How many factors")
            + f"<p>{escape(self.disagreement)}.</p>".replace("..", ".")
            + table_html(
                self.factors.drop(columns=same),
                headings=_HEADINGS,
                caption="The factors one by one",
            )
            + f"<p>{escape(key)}.</p>"
            + (f"<p>{escape(PURPOSE)}</p>" if self.n_resamples else "")
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """The answer of each criterion; they are counts and have no interval."""
        from dmpkit.reporting import Indicator

        kind = "synthetic sorts" if self.sorts.synthetic else "sorts"
        source = f"{self.sorts.n_sorts} {kind} of {self.sorts.n_statements} statements"
        return tuple(
            Indicator(f"factors by {name}", float(k), n=self.sorts.n_sorts, source=source)
            for name, k in self.answers.items()
        )

    def section(self) -> Section:
        """The criteria as a section of a report, with the picture."""
        from dmpkit.reporting import Figure, Section, escape

        figure = Figure.from_axes(self.plot(), "Eigenvalues, and what each criterion answers.")
        html = self._html() + f"<h3>Methods</h3><p>{escape(self.methods_text())}</p>"
        return Section("How many factors", html, (figure,))

    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write the criteria as one self-contained HTML page.

        Parameters
        ----------
        path : path
        """
        from dmpkit.reporting import page, write_html

        write_html(path, page("How many factors", [self.section()], subtitle=repr(self)))
        return Path(path)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write a workbook with one sheet a table.

        Parameters
        ----------
        path : path
            Ends in ``.xlsx``.
        """
        from dmpkit.tables import write_workbook

        notes = [("How many factors", self.disagreement), ("Methods", self.methods_text())]
        write_workbook(path, self.tables(), notes=notes)
        return Path(path)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Eigenvalues, the shares of resamples that recover every factor, each criterion's answer.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw.
        """
        return plot_retention(self, ax=ax)


_KEY = (
    "Permuted: percentile of the eigenvalues of permuted sorts (compared with the reduced "
    "eigenvalue where there is one); product: of the two largest absolute loadings; loaders: "
    "significant loadings;  recovered: with so many factors, the share of the resamples that "
    "recover the one recovered least; closest: the highest correlation between two of them"
)
_EXTRACTED = {
    "pca": "principal components",
    "centroid": "centroid factors (communalities iterated, as R's qmethod)",
    "centroid_brown": "centroid factors (Brown's form, as KADE)",
    "centroid_horst": "centroid factors (Horst's form)",
    "centroid_tucker": "centroid factors (Tucker and MacCallum's form)",
}
_CORRELATED = {
    "pearson": "Pearson correlations",
    "spearman": "Spearman rank correlations",
    "kendall": "Kendall rank correlations",
}
_ROTATED = {
    "varimax": "rotated by varimax",
    "quartimax": "rotated by quartimax",
    "equamax": "rotated by equamax",
    "oblimin": "rotated by oblimin (oblique)",
    "promax": "rotated by promax (oblique)",
    "none": "not rotated",
}
_HEADINGS = {
    "explained_variance": "variance (%)",
    "reduced_eigenvalue": "reduced",
    "random": "permuted",
    "humphrey": "product",
    "n_loaders": "loaders",
}


def factor_retention(
    sorts: QSorts | Any,
    *,
    max_factors: int | None = None,
    extraction: str = "pca",
    rotation: str = "varimax",
    correlation: str = "pearson",
    level: float = 0.01,
    percentile: float = 0.95,
    n_permutations: int = 500,
    n_resamples: int = 200,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> FactorRetention:
    r"""What the usual criteria say about the number of factors.

    - *eigenvalue rule*: eigenvalues of the correlation matrix above 1
      (Kaiser-Guttman); it keeps many factors when there are many sorts.
    - *Humphrey's rule*, on unrotated loadings: the product of the two largest
      absolute loadings of a factor exceeds :math:`2/\sqrt n` (strict) or
      :math:`1/\sqrt n` (lenient; Brown 1980, p. 223).
    - *two significant loadings*: at least two absolute unrotated loadings above
      :math:`c/\sqrt n`, by custom at .01 (Watts & Stenner 2012).
    - *parallel analysis* (Horn 1965): eigenvalues above the percentile of those of
      permuted sorts. The values are permuted within each sort, so that the forced
      distribution is kept. For the centroid method the matrices compared have the
      largest absolute correlation of each sort on the diagonal in place of 1.
    - *elbow of the scree plot*: where the curve bends most (largest second
      difference, the acceleration factor of Raîche et al. 2013).
    - *stability*, a proposal of our own: the largest number of factors of which
      each is recovered (congruence of .85 or more) in 80 per cent of bootstrap
      resamples and no two are alike (z-scores that correlate .71 or more share half
      of their variance: one viewpoint split in two). The people of a Q study are
      chosen on purpose; this measures stability to who sorted, not inference to a
      population.

    Humphrey's rule, loadings and parallel analysis count up to the first factor
    that fails.

    Parameters
    ----------
    sorts : QSorts or DataFrame
    max_factors : int, optional
        How many factors are looked at; 8, or fewer where the sorts do not hold more.
    extraction : {"pca", "centroid", "centroid_brown", "centroid_horst", "centroid_tucker"}
    rotation : str
        For the stability.
    correlation : {"pearson", "spearman", "kendall"}
    level : float
        For two significant loadings.
    percentile : float
        Of the eigenvalues of permuted sorts.
    n_permutations : int
        Data sets of permuted sorts.
    n_resamples : int
        Bootstrap resamples for each number of factors; 0 leaves stability out.
    seed : int, optional
        One is drawn when not given, and kept in the result.
    n_jobs : int
    progress : bool

    Returns
    -------
    FactorRetention

    Raises
    ------
    DataError
        When a choice is not offered or a number is out of range.

    References
    ----------
    Brown, S. R. (1980). Political Subjectivity. Yale University Press.
    Horn, J. L. (1965). A rationale and test for the number of factors in factor
    analysis. Psychometrika, 30, 179-185.
    Raîche, G., Walls, T. A., Magis, D., Riopel, M., & Blais, J.-G. (2013). Non-graphical
    solutions for Cattell's scree test. Methodology, 9, 23-29.
    Watts, S., & Stenner, P. (2012). Doing Q Methodological Research. Sage.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> grid = np.repeat([-2.0, -1, 0, 1, 2], [2, 4, 8, 4, 2])
    >>> views = rng.normal(size=(2, 20))
    >>> likings = [views[i % 2] + 0.5 * rng.normal(size=20) for i in range(12)]
    >>> sorts = QSorts(np.column_stack([grid[np.argsort(np.argsort(x))] for x in likings]))
    >>> result = factor_retention(sorts, n_permutations=100, n_resamples=50, seed=1)
    >>> result.answers["parallel analysis"], result.answers["stability"]
    (2, 2)
    """
    data = sorts if isinstance(sorts, QSorts) else QSorts.from_frame(sorts)
    if extraction not in EXTRACTIONS["dmpkit"]:
        raise DataError(
            f"extraction {extraction!r} is not offered here.",
            remedy=f"Use one of: {', '.join(EXTRACTIONS['dmpkit'])}.",
        )
    _check_numbers(percentile, n_permutations, n_resamples)
    seed = drawn_seed(seed)
    matrix = correlate(data.values, correlation)
    values = eigenvalues(matrix)
    unrotated = _as_many_as_there_are(matrix, values, max_factors, extraction)
    k = unrotated.shape[1]
    observed, random = parallel_analysis(
        data,
        extraction=extraction,
        correlation=correlation,
        percentile=percentile,
        n_permutations=n_permutations,
        seed=seed,
        n_jobs=n_jobs,
        progress=progress,
    )
    largest = np.sort(np.abs(unrotated), axis=0)[::-1]
    product = largest[0] * largest[1]
    bound = critical_value(level) / math.sqrt(data.n_statements)
    loaders = (np.abs(unrotated) > bound).sum(axis=0)
    recovered, closest = _recovered(
        data, k, n_resamples, extraction, rotation, correlation, seed, n_jobs
    )
    factors = pd.DataFrame(
        {
            "factor": list(factor_names(k)),
            "eigenvalue": values[:k],
            "explained_variance": 100 * values[:k] / data.n_sorts,
            "reduced_eigenvalue": observed[:k],
            "random": random[:k],
            "humphrey": product,
            "n_loaders": loaders,
            "recovered": recovered,
            "closest": closest,
        }
    )
    criteria = _criteria(data, values, factors, observed, random, level, percentile, n_resamples)
    return FactorRetention(
        sorts=data,
        extraction=extraction,
        rotation=rotation,
        correlation=correlation,
        level=level,
        percentile=percentile,
        n_permutations=n_permutations,
        n_resamples=n_resamples,
        seed=seed,
        criteria=criteria,
        factors=factors,
    )


def parallel_analysis(
    sorts: QSorts,
    *,
    extraction: str = "pca",
    correlation: str = "pearson",
    percentile: float = 0.95,
    n_permutations: int = 500,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> tuple[Floats, Floats]:
    """Eigenvalues of the sorts and the percentile of those of permuted sorts.

    The values of each sort are permuted over the statements, which keeps every
    sort's distribution and breaks all agreement between sorts. For principal
    components the diagonal is 1; for the centroid method it is the largest
    absolute correlation of the column, in the data and in each permutation.

    Parameters
    ----------
    sorts : QSorts
    extraction, correlation : str
    percentile : float
    n_permutations : int
    seed : int, optional
    n_jobs : int
    progress : bool

    Returns
    -------
    observed, random : ndarray, shape (p,)
        Largest first.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor
    analysis. Psychometrika, 30, 179-185.

    Examples
    --------
    >>> sorts = QSorts([[2, 1, -1], [1, 2, 0], [0, -1, 1], [-1, 0, 2], [-2, -2, -2]])
    >>> observed, random = parallel_analysis(sorts, n_permutations=200, seed=1)
    >>> bool(observed[0] > random[0])
    False
    """
    reduced = extraction != "pca"
    observed = _compared(unit_columns(sorts.values, correlation)[None], reduced=reduced)[0]
    work = partial(_permuted, np.array(sorts.values), correlation, reduced)
    parts = run_resamples(
        work,
        n_permutations,
        seed=seed,
        chunk_size=chunk_within(8 * sorts.n_sorts**2),
        n_jobs=n_jobs,
        progress=progress,
        description="permutations",
    )
    return observed, quantiles(np.concatenate(parts), (percentile,))[0]


def _permuted(
    values: Floats, correlation: str, reduced: bool, generator: np.random.Generator, size: int
) -> Floats:
    stack = np.broadcast_to(values, (size, *values.shape))
    shuffled = generator.permuted(stack, axis=1)
    columns = np.stack([unit_columns(one, correlation) for one in shuffled])
    return _compared(columns, reduced=reduced)


def _compared(columns: Floats, *, reduced: bool) -> Floats:
    """Eigenvalues of the matrices ``Z' Z``, largest first, shape (m, p)."""
    _, rows, p = columns.shape
    if not reduced and rows < p:
        found = np.zeros((len(columns), p))
        small = np.linalg.eigvalsh(columns @ np.swapaxes(columns, -1, -2))
        found[:, :rows] = np.clip(small[:, ::-1], 0, None)
        return found
    matrices = np.swapaxes(columns, -1, -2) @ columns
    if reduced:
        index = np.arange(p)
        matrices[:, index, index] = 0.0
        matrices[:, index, index] = np.abs(matrices).max(axis=1)
    return np.asarray(np.linalg.eigvalsh(matrices)[:, ::-1])


def _check_numbers(percentile: float, n_permutations: int, n_resamples: int) -> None:
    if not _real(percentile) or not 0 < percentile < 1:
        raise DataError(f"percentile is {percentile!r}.", remedy="Use a share: 0.95.")
    for name, number, least in (
        ("n_permutations", n_permutations, 1),
        ("n_resamples", n_resamples, 0),
    ):
        if not _whole(number) or number < least:
            raise DataError(f"{name} is {number!r}.", remedy=f"Use a whole number from {least}.")


def _real(number: object) -> bool:
    return isinstance(number, Real) and not isinstance(number, bool)


def _whole(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool)


def _as_many_as_there_are(
    matrix: Floats, values: Floats, max_factors: int | None, extraction: str
) -> Floats:
    """Unrotated loadings of as many factors as were asked for, or as can be extracted."""
    p = len(matrix)
    held = int((values > 1e-10 * p).sum())
    if max_factors is not None and not (_whole(max_factors) and 1 <= max_factors <= p):
        raise DataError(f"max_factors is {max_factors!r}.", remedy=f"Use a number from 1 to {p}.")
    k = min(max_factors or 8, held, max(p - 1, 1))
    if extraction == "pca":
        return extract_pca(matrix, k)
    while True:
        try:
            return extract_centroid(matrix, k, form=extraction)
        except DataError:
            if k == 1:
                raise
            k -= 1


def _recovered(
    sorts: QSorts,
    k: int,
    n_resamples: int,
    extraction: str,
    rotation: str,
    correlation: str,
    seed: int | None,
    n_jobs: int,
) -> tuple[list[float], list[float]]:
    """For each number of factors: how often the weakest comes back, how alike the closest are."""
    import warnings

    if not n_resamples:
        return [math.nan] * k, [math.nan] * k
    found, alike = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # unflagged and bipolar factors are counted below
        for number in range(1, k + 1):
            result = bootstrap(
                sorts,
                number,
                n_resamples=n_resamples,
                extraction=extraction,
                rotation=rotation,
                correlation=correlation,
                seed=seed,
                n_jobs=n_jobs,
                progress=False,
            )
            found.append(float(result.stability["recovered"].min()))
            between = np.abs(factor_score_correlations(result.analysis.z_array))
            np.fill_diagonal(between, 0.0)
            alike.append(float(np.nanmax(between)))
    return found, alike


def _criteria(
    sorts: QSorts,
    values: Floats,
    factors: pd.DataFrame,
    observed: Floats,
    random: Floats,
    level: float,
    percentile: float,
    n_resamples: int,
) -> pd.DataFrame:
    root = math.sqrt(sorts.n_statements)
    product = factors["humphrey"].to_numpy()
    rows: list[tuple[str, float, str]] = []
    above = int((values > 1).sum())
    rows.append(
        (
            "eigenvalue rule",
            above,
            f"{above} eigenvalues exceed 1; it keeps too many when there are many sorts",
        )
    )
    for word, bound in (("strict", 2 / root), ("lenient", 1 / root)):
        n = _leading(product > bound)
        rows.append(
            (
                f"Humphrey's rule ({word})",
                n,
                f"the two largest unrotated loadings multiply to more than {bound:.2f} on "
                f"{_first(n)}" + _next(product, n, ".2f"),
            )
        )
    loaders = factors["n_loaders"].to_numpy()
    n = _leading(loaders >= 2)
    rows.append(
        (
            "two significant loadings",
            n,
            f"at least two unrotated loadings above {critical_value(level) / root:.2f} "
            f"(p < {level:g}) on {_first(n)}" + _next(loaders, n, "d"),
        )
    )
    n = _leading(observed > random)
    rows.append(
        (
            "parallel analysis",
            n,
            f"{_first(n)} larger than in {100 * percentile:g}% of sorts permuted at random"
            + (
                f"; the next is {observed[n]:.2f} against {random[n]:.2f}"
                if n < len(observed)
                else ""
            ),
        )
    )
    rows.append(("elbow of the scree plot", *_elbow(values)))
    if n_resamples:
        rows.append(("stability", *_stable(factors)))
    table = pd.DataFrame(rows, columns=["criterion", "n_factors", "reading"])
    return table.astype({"criterion": "str", "reading": "str"})


def _leading(passed: NDArray[np.bool_]) -> int:
    """How many stand before the first that fails."""
    return int(np.argmin(passed)) if not passed.all() else len(passed)


def _first(n: int) -> str:
    return {0: "no factor", 1: "the first factor"}.get(n, f"the first {n} factors")


def _next(values: Sequence[Any] | NDArray[Any], n: int, form: str) -> str:
    return f"; the next has {values[n]:{form}}" if n < len(values) else " that were looked at"


def _elbow(values: Floats) -> tuple[float, str]:
    if len(values) < 3:
        return math.nan, "there are too few eigenvalues to bend"
    bend = values[:-2] - 2 * values[1:-1] + values[2:]
    n = int(np.argmax(bend)) + 1
    return n, f"the curve of eigenvalues bends most after f{n}; look at the picture"


def _stable(factors: pd.DataFrame) -> tuple[float, str]:
    """The largest number of different factors with which each comes back often enough."""
    enough = (factors["recovered"] >= STABLE) & (factors["closest"] < ALIKE)
    n = max((i + 1 for i, passed in enumerate(enough) if passed), default=math.nan)
    share = f"{100 * STABLE:g}% of the resamples"
    words = (
        f"with no number does every factor come back in {share}"
        if math.isnan(n)
        else f"{n} is the largest number with which every factor comes back in {share} and no two "
        "are alike"
    )
    return n, f"{words} (stability to who sorted, not inference to a population)"


def _number(k: object) -> str:
    return "–" if k is None or math.isnan(float(k)) else f"{float(k):.0f}"  # type: ignore[arg-type]


def _range(answers: dict[str, int]) -> str:
    low, high = min(answers.values()), max(answers.values())
    return f"{low} factors" if low == high else f"{low} to {high} factors"


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(text, 88, subsequent_indent=indent, break_on_hyphens=False)


def plot_retention(result: FactorRetention, *, ax: Axes | None = None) -> Axes:
    """Scree plot with the eigenvalues of permuted sorts, stability, and the criteria's answers.

    Below the eigenvalues stands, for each number of factors, the share of the
    resamples that recover the factor recovered least; the dashed line is the 80 per
    cent that the criterion asks for, and an open marker a number with two factors
    alike. At the bottom every criterion has a row, also one without an answer.

    Parameters
    ----------
    result : FactorRetention
    ax : Axes, optional
        Where to draw.
    """
    from dmpkit.plotting import INK, mark_synthetic, new_axes, set_alt, style
    from dmpkit.qmethod.bootstrap_plots import caption_purpose

    table = result.factors
    rows, stable = len(result.criteria), bool(result.n_resamples)
    ax = ax if ax is not None else new_axes((6.8, 3.4 + 0.24 * rows + 1.2 * stable))
    top = float(max(table["reduced_eigenvalue"].max(), table["random"].max()))
    step = 0.085 * top
    base = min(0.0, float(table["reduced_eigenvalue"].min()))
    with style():
        _draw_eigenvalues(ax, result)
        ticks = [(t, f"{t:g}") for t in ax.get_yticks() if 0 <= t <= top * 1.05]
        if stable:
            base -= 5.2 * step
            ticks = [*_draw_recovered(ax, result, base, 4 * step), *ticks]
        base -= 1.6 * step
        _draw_answers(ax, result, base, step)
        ax.axhline(base + 0.9 * step, color=INK, lw=0.8)
        ax.set_xlim(0.45, len(table) + 3.4)
        ax.set_ylim(base - rows * step, top * 1.06)
        ax.set_xticks(range(1, len(table) + 1), table["factor"])
        ax.set_yticks([at for at, _ in ticks], [text for _, text in ticks])
        ax.set_ylabel("eigenvalue" if result.extraction == "pca" else "eigenvalue (reduced)", y=0.8)
        ax.legend(loc="upper right")
    if stable:
        caption_purpose(ax)
    set_alt(ax, _retention_alt(result))
    return mark_synthetic(ax) if result.sorts.synthetic else ax


def _draw_eigenvalues(ax: Axes, result: FactorRetention) -> None:
    from dmpkit.plotting import GREY, PALETTE

    table = result.factors
    x = np.arange(1, len(table) + 1)
    ax.plot(x, table["reduced_eigenvalue"], "o-", color=PALETTE[0], label="the sorts")
    ax.plot(x, table["random"], "s--", color=PALETTE[1], mfc="white", ms=4,
            label=f"permuted sorts, {100 * result.percentile:g}th percentile")  # fmt: skip
    if result.extraction == "pca":
        ax.axhline(1, color=GREY, lw=0.8, ls=":")


def _draw_recovered(
    ax: Axes, result: FactorRetention, base: float, height: float
) -> list[tuple[float, str]]:
    """The shares of resamples as a strip of their own; the ticks of its scale."""
    from dmpkit.plotting import GREY, INK, PALETTE

    table = result.factors
    x = np.arange(1, len(table) + 1)
    y = base + height * table["recovered"].to_numpy()
    ax.axhline(base + height + 0.14 * height, color=INK, lw=0.8)
    ax.plot([0.45, len(table) + 0.3], [base + height * STABLE] * 2, color=GREY, lw=0.9, ls="--")
    ax.plot(x, y, "-", color=PALETTE[3], lw=1.2)
    alike = (table["closest"] >= ALIKE).to_numpy()
    ax.plot(x[~alike], y[~alike], ls="none", marker="^", ms=5, color=PALETTE[3])
    ax.plot(x[alike], y[alike], ls="none", marker="^", ms=5, mfc="white", mec=PALETTE[3])
    words = "resamples that\nrecover the factor\nrecovered least,\nwith so many factors"
    if alike.any():
        words += "\n(open: two are alike)"
    ax.text(len(table) + 0.5, base + 0.5 * height, words, va="center", size=7.5, color=INK)
    return [(base + height * share, f"{100 * share:.0f}%") for share in (0.0, STABLE, 1.0)]


def _draw_answers(ax: Axes, result: FactorRetention, base: float, step: float) -> None:
    from dmpkit.plotting import GREY, INK, PALETTE

    shown_factors = len(result.factors)
    for row, (name, k) in enumerate(
        zip(result.criteria["criterion"], result.criteria["n_factors"], strict=True)
    ):
        y = base - row * step
        if math.isnan(k):
            ax.text(0.64, y, f"–  {name}: no answer", va="center", size=7.5, color=GREY)
            continue
        shown = min(int(k), shown_factors)
        ax.plot([0.5, shown], [y, y], color=PALETTE[2], lw=1.2)
        ax.plot(shown, y, "D", color=PALETTE[2], ms=5)
        more = f"{k:.0f}" if k <= shown_factors else f"{k:.0f} (not shown)"
        ax.text(shown + 0.14, y, f"{more}  {name}", va="center", size=7.5, color=INK)


def _retention_alt(result: FactorRetention) -> str:
    answers = zip(result.criteria["criterion"], result.criteria["n_factors"], strict=True)
    said = "; ".join(f"{name} {'no answer' if math.isnan(k) else int(k)}" for name, k in answers)
    text = (
        f"Eigenvalues of {len(result.factors)} factors beside those of permuted sorts, and the "
        f"number of factors by criterion: {said}."
    )
    if not result.n_resamples:
        return text
    shares = ", ".join(f"{100 * share:.0f}%" for share in result.factors["recovered"])
    return (
        f"{text} With 1 to {len(result.factors)} factors, the factor recovered least comes back "
        f"in {shares} of the resamples. {PURPOSE}"
    )
