"""What matching can and cannot show: recovery and false matches with synthetic sorts.

Sorts are made from known viewpoints (:func:`~dmpkit.qmethod.synthetic.synthetic_sorts`),
analysed and matched, and what comes out is compared with what went in. That tests
the arithmetic, not the validity of an instrument: real people have not read the
recipe.
"""

from __future__ import annotations

import math
import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.measures.proportions import wilson_interval
from dmpkit.plotting import LINES, MARKERS, PALETTE, set_alt, style
from dmpkit.qmethod.analysis import QAnalysis, analyse
from dmpkit.qmethod.arrays import Floats
from dmpkit.qmethod.instrument import Instrument
from dmpkit.qmethod.matching import ViewpointMatch, match_viewpoints
from dmpkit.qmethod.synthetic import SyntheticSorts, synthetic_sorts
from dmpkit.qmethod.tagging import Tagging
from dmpkit.qmethod.viewpoints import Viewpoints
from dmpkit.reporting import Estimate, format_number
from dmpkit.resampling import drawn_seed, run_resamples
from dmpkit.tables import as_kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RecoveryCurves", "false_match_rate", "recovery_curves"]

MEASURES: Mapping[str, str] = {
    "n_found": "viewpoints found (number of factors)",
    "assigned": "viewpoints assigned to the right factor",
    "matched": "viewpoints declared a match, rightly",
    "wrong": "matches declared wrongly (per study)",
    "members": "people found on their viewpoint's factor",
}
_NULL_DRAWS = 200
_WIDTH = 88


@dataclass(frozen=True, eq=False, repr=False)
class RecoveryCurves:
    """Result of :func:`recovery_curves`; all numbers come from synthetic sorts.

    Attributes
    ----------
    runs : DataFrame
        One row a synthetic study: ``n_sorts, noise, repeat, n_true`` (viewpoints
        that have people), ``n_found`` (factors), ``assigned`` (share of the true
        viewpoints whose one-to-one partner is a factor that mostly their people
        define), ``matched`` (share declared a match by such a factor), ``wrong``
        (matches with a viewpoint whose people do not mostly define the factor),
        ``mixed, no_match`` (factors), ``members`` (share of the people of a viewpoint
        who define only the factor declared a match with it).
    recipe : str
        How they were made.
    """

    runs: pd.DataFrame
    recipe: str

    def __repr__(self) -> str:
        noises, sizes = self.runs["noise"].unique(), self.runs["n_sorts"].unique().tolist()
        return (
            f"RecoveryCurves: {len(self.runs)} synthetic studies "
            f"({_count(len(noises), 'noise level')}, {_range(sizes)} participants)"
        )

    @cached_property
    def curves(self) -> pd.DataFrame:
        """Means over the repeats, one row a measure, noise and number of people.

        Columns: ``measure, noise, n_sorts, mean, low, high, n``; low and high are the
        ends of a 95 per cent t interval of the simulation: how well the mean is known,
        not how much studies vary.
        """
        from scipy.special import stdtrit

        rows = []
        for (noise, size), part in self.runs.groupby(["noise", "n_sorts"], sort=True):
            for measure in MEASURES:
                values = part[measure].to_numpy(dtype=np.float64)
                values = values[np.isfinite(values)]
                n = len(values)
                mean = float(values.mean()) if n else math.nan
                error = float(values.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan
                half = float(stdtrit(n - 1, 0.975)) * error if n > 1 else math.nan
                low, high = mean - half, mean + half
                rows.append((measure, noise, size, mean, low, high, n))
        columns = ["measure", "noise", "n_sorts", "mean", "low", "high", "n"]
        table = pd.DataFrame(rows, columns=columns)
        order = {name: i for i, name in enumerate(MEASURES)}
        return table.sort_values(
            ["measure", "noise", "n_sorts"],
            key=lambda c: c.map(order) if c.name == "measure" else c,
            ignore_index=True,
        )

    def plot(self, measures: Sequence[str] = ("n_found", "assigned", "matched", "members")) -> Axes:
        """Draw the curves, a panel a measure and a line a noise level.

        Parameters
        ----------
        measures : sequence of str
            Any of ``n_found, assigned, matched, wrong, members``.

        Returns
        -------
        Axes
            The first panel; its figure holds all of them.

        Raises
        ------
        DataError
            For an unknown measure.
        """
        return plot_recovery(self, measures)

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """Runs and curves by name, as the kind of frame asked for.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        return {"runs": as_kind(self.runs, kind), "curves": as_kind(self.curves, kind)}

    def summary(self) -> str:
        """The recipe, then each measure in words: its mean from the fewest people to the most.

        Returns
        -------
        str
            Lines of at most 88 characters.
        """
        blocks = [textwrap.fill(self.recipe, _WIDTH)]
        for measure, part in self.curves.groupby("measure", sort=False):
            lines = [f"{MEASURES[str(measure)].capitalize()}:"]
            for noise, row in part.groupby("noise", sort=True):
                said = ", ".join(
                    f"{_mean(value)} with {size}"
                    for value, size in zip(row["mean"], row["n_sorts"], strict=True)
                )
                text = f"  noise {noise:g}: {said} participants"
                lines.append(textwrap.fill(text, _WIDTH, subsequent_indent="    "))
            blocks.append("\n".join(lines))
        return "\n\n".join(blocks)

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        wide = self.curves.pivot_table(
            index=["measure", "noise"], columns="n_sorts", values="mean", sort=False
        )
        wide.columns = [str(c) for c in wide.columns]
        caption = "Means over synthetic studies, by number of participants"
        return f"<p>{escape(self.recipe)}</p>" + table_html(wide.reset_index(), caption=caption)


def recovery_curves(
    viewpoints: Viewpoints | str,
    tags: Any | None = None,
    *,
    noise: Sequence[float] = (0.3, 0.6, 0.8, 0.9),
    n_sorts: Sequence[int] = (10, 20, 30, 40, 50, 60),
    n_repeats: int = 20,
    n_factors: int | None = None,
    n_permutations: int = 999,
    level: float = 0.05,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
    **making: Any,
) -> RecoveryCurves:
    """How well synthetic studies give back the viewpoints that they were made from.

    Each synthetic study is analysed with principal components, varimax and automatic
    flags, with as many factors as parallel analysis finds (the leading eigenvalues
    above the 95th percentile of those of as many random sorts with the same forced
    distribution), and its factors are matched with the viewpoints. A factor is a
    viewpoint's own when more of the sorts flagged on it (with positive loadings) come
    from that viewpoint than from any other.

    Look at `unstated` as well as at noise: a match needs people who are clearer on what
    their summary states than on what it leaves out. With ``unstated=1`` few
    viewpoints can be matched, however little noise there is and however many sort.

    Parameters
    ----------
    viewpoints, tags
        As in :func:`~dmpkit.qmethod.synthetic.synthetic_sorts`.
    noise : sequence of float
        Between 0 and 1.
    n_sorts : sequence of int
        Numbers of participants.
    n_repeats : int
        Synthetic studies for each of their combinations.
    n_factors : int, optional
        Fixed number of factors instead of parallel analysis.
    n_permutations : int
        For each match.
    level : float
        Of the corrected p.
    seed : int, optional
    n_jobs : int
        Workers; the numbers are the same for any of them.
    progress : bool
        Show a progress bar.
    **making
        Further options of :func:`~dmpkit.qmethod.synthetic.synthetic_sorts`, such as
        ``shares``, ``mixtures``, ``unrelated``, ``unstated``.

    Returns
    -------
    RecoveryCurves

    Raises
    ------
    DataError
        If nothing is asked for, or an option is out of range.

    Examples
    --------
    >>> curves = recovery_curves("governance-2024", noise=[0.3], n_sorts=[20], n_repeats=2,
    ...                          n_permutations=199, seed=1, progress=False)
    >>> curves
    RecoveryCurves: 2 synthetic studies (1 noise level, 20 participants)
    """
    views = Viewpoints.load(viewpoints) if isinstance(viewpoints, str) else viewpoints
    if not len(noise) or not len(n_sorts) or n_repeats < 1:
        raise DataError("At least one noise level, one number of sorts and one repeat are needed.")
    seed = drawn_seed(seed)
    tags, making = _material(tags, making)
    cells = [(float(level_), int(size)) for level_ in noise for size in n_sorts]
    seeds = np.random.SeedSequence(seed).generate_state(len(cells))
    rows: list[dict[str, float]] = []
    for (nu, size), cell_seed in zip(_watched(cells, progress), seeds, strict=True):
        run = partial(
            _studies,
            views=views,
            tags=tags,
            making={**making, "noise": nu, "n_sorts": size},
            n_factors=n_factors,
            options={"n_permutations": n_permutations, "level": level},
        )
        parts = run_resamples(
            run, n_repeats, seed=int(cell_seed), chunk_size=5, n_jobs=n_jobs, progress=False
        )
        found = [row for part in parts for row in part]
        rows += [{"n_sorts": size, "noise": nu, "repeat": i, **r} for i, r in enumerate(found)]
    return RecoveryCurves(pd.DataFrame(rows), _recipe(views, n_repeats, n_factors, making))


def _material(tags: Any | None, making: Mapping[str, Any]) -> tuple[Tagging, dict[str, Any]]:
    """Tagging and grid, read once for all studies."""
    if tags is not None:
        return Tagging.from_frame(tags), dict(making)
    own = Instrument.load()
    return Tagging.from_frame(own.tags), {"distribution": own.distribution, **making}


def _watched(cells: list[tuple[float, int]], progress: bool) -> Iterator[tuple[float, int]]:
    if not progress:
        yield from cells
        return
    from tqdm.auto import tqdm

    yield from tqdm(cells, desc="synthetic studies", leave=False)


def _mean(value: float) -> str:
    return "undefined" if math.isnan(value) else format_number(value)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _range(sizes: Sequence[int]) -> str:
    low, high = min(sizes), max(sizes)
    return f"{low}" if low == high else f"{low} to {high}"


def _short(value: Any) -> str:
    """An option in a few words: of many numbers how many, and from where to where."""
    if isinstance(value, str | Mapping) or not hasattr(value, "__len__") or len(value) <= 6:
        return str(value)
    return f"{len(value)} values from {min(value):g} to {max(value):g}"


def _recipe(
    views: Viewpoints, n_repeats: int, n_factors: int | None, making: Mapping[str, Any]
) -> str:
    options = ", ".join(f"{name} = {_short(value)}" for name, value in making.items())
    return (
        f"Synthetic studies made from the viewpoints {views.name or 'given'}, {n_repeats} for each "
        f"combination{'; ' + options if options else ''}; "
        f"{'parallel analysis' if n_factors is None else f'{n_factors} factors'}, principal "
        "components, varimax, automatic flags. Nobody sorted; this tests the arithmetic, not the "
        "validity of an instrument."
    )


# -- one study -------------------------------------------------------------------------------


def _studies(
    generator: np.random.Generator,
    size: int,
    *,
    views: Viewpoints,
    tags: Any,
    making: Mapping[str, Any],
    n_factors: int | None,
    options: Mapping[str, Any],
) -> list[dict[str, float]]:
    rows = []
    for _ in range(size):
        seed = int(generator.integers(2**32))
        with _quiet():
            made = synthetic_sorts(views, tags, seed=seed, **making)
            k = _parallel(made) if n_factors is None else n_factors
            rows.append(_outcome(made, _matched(made, views, tags, k, options, seed), k))
    return rows


@contextmanager
def _quiet() -> Iterator[None]:
    """Thousands of synthetic studies need no warning each; what they say is counted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        yield


def _matched(
    made: SyntheticSorts,
    views: Viewpoints,
    tags: Any,
    n_factors: int,
    options: Mapping[str, Any],
    seed: int,
) -> ViewpointMatch | None:
    if not n_factors:
        return None
    analysis = analyse(made.sorts, n_factors)
    return match_viewpoints(analysis, views, tags, seed=seed, **options)


def _parallel(made: SyntheticSorts) -> int:
    """Leading eigenvalues above the 95th percentile of those of random sorts."""
    from dmpkit.qmethod.extraction import eigenvalues

    sorts = made.sorts
    bounds = _random_eigenvalues(tuple(sorts.distribution.tolist()), sorts.n_sorts)
    above = eigenvalues(np.corrcoef(sorts.values.T)) > bounds
    return int(above.argmin()) if not above.all() else len(above)


@lru_cache(maxsize=64)
def _random_eigenvalues(distribution: tuple[float, ...], n_sorts: int) -> Floats:
    """95th percentiles of the eigenvalues of random sorts; the draws are always the same."""
    generator = np.random.default_rng(len(distribution) * 1_000 + n_sorts)
    grid = np.tile(np.array(distribution), (_NULL_DRAWS, n_sorts, 1))
    sorts = generator.permuted(grid, axis=2)
    sorts = (sorts - sorts.mean(axis=2, keepdims=True)) / sorts.std(axis=2, keepdims=True)
    matrices = sorts @ np.swapaxes(sorts, 1, 2) / len(distribution)
    drawn = np.linalg.eigvalsh(matrices)[:, ::-1]
    return np.asarray(np.quantile(drawn, 0.95, axis=0))


def _outcome(made: SyntheticSorts, match: ViewpointMatch | None, n_found: int) -> dict[str, float]:
    """What came out, beside what went in."""
    people = made.members
    own = people["viewpoint"].where(people["kind"] == "viewpoint", "").to_numpy(dtype=str)
    present = sorted(set(own[own != ""]))
    base = {"n_true": float(len(present)), "n_found": float(n_found)}
    if match is None:
        nothing = dict.fromkeys(("assigned", "matched", "wrong", "mixed", "no_match"), 0.0)
        return {**base, **nothing, "members": 0.0 if present else math.nan}
    table = match.assignment
    holders = _holders(match.analysis, own)
    declared = [
        view if answer == "match" else ""
        for view, answer in zip(table["viewpoint"], table["answer"], strict=True)
    ]
    assigned = {v for v, h in zip(table["assigned"], holders, strict=True) if v and v == h}
    matched = {v for v, h in zip(declared, holders, strict=True) if v and v == h}
    wrong = sum(bool(v) and v != h for v, h in zip(declared, holders, strict=True))
    total = len(present) or math.nan
    return {
        **base,
        "assigned": len(assigned) / total,
        "matched": len(matched) / total,
        "wrong": float(wrong),
        "mixed": float((table["answer"] == "mixed").sum()),
        "no_match": float((table["answer"] == "no match").sum()),
        "members": _members(match.analysis, own, declared),
    }


def _holders(analysis: QAnalysis, own: Any) -> list[str]:
    """The viewpoint from which most of a factor's defining sorts come, if one leads."""
    found = []
    for j in range(analysis.n_factors):
        flagged = analysis.flag_array[:, j] & (analysis.loading_array[:, j] > 0)
        names, counts = np.unique(own[flagged], return_counts=True)
        leading = names[counts == counts.max()] if len(names) else []
        found.append(str(leading[0]) if len(leading) == 1 else "")
    return found


def _members(analysis: QAnalysis, own: Any, declared: Sequence[str]) -> float:
    """Share of the people of a viewpoint who define just the factor declared a match with it."""
    people = own != ""
    if not people.any():
        return math.nan
    names = np.array([view or "-" for view in declared])
    flagged = analysis.flag_array & (analysis.loading_array > 0)
    once = analysis.flag_array.sum(axis=1) == 1
    right = (flagged & (names[None, :] == own[:, None])).any(axis=1) & once
    return float(right[people].mean())


def false_match_rate(
    viewpoints: Viewpoints | str,
    tags: Any | None = None,
    *,
    n_sorts: int = 30,
    n_factors: int = 3,
    n_studies: int = 200,
    n_permutations: int = 999,
    level: float = 0.05,
    outside: bool = False,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = True,
) -> Estimate:
    """How often a study of sorts that have nothing to do with the viewpoints shows a match.

    Sorts are random, each for itself; or, with `outside`, all people of a study
    share one view that no summary describes. A study counts when at least one of
    its factors gets the answer *match* or *mixed*. The rate should not exceed
    `level` by more than the simulation's own error.

    Parameters
    ----------
    viewpoints, tags
        As in :func:`~dmpkit.qmethod.synthetic.synthetic_sorts`.
    n_sorts, n_factors : int
        Of each study.
    n_studies : int
        How many.
    n_permutations : int
        For each match.
    level : float
        Of the corrected p.
    outside : bool
        One shared view of nobody's summary instead of random sorts, with half the
        variance noise.
    seed : int, optional
    n_jobs : int
        Workers; the numbers are the same for any of them.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Estimate
        The share, with Wilson's 95 per cent interval of the simulation.

    Raises
    ------
    DataError
        If an option is out of range.

    Examples
    --------
    >>> rate = false_match_rate("governance-2024", n_studies=20, n_permutations=199, seed=1)
    >>> rate.n
    20
    """
    views = Viewpoints.load(viewpoints) if isinstance(viewpoints, str) else viewpoints
    seed = drawn_seed(seed)
    kind = {"outside": 1.0} if outside else {"unrelated": 1.0}
    noise = math.sqrt(0.5) if outside else 0.0
    tags, making = _material(tags, {"n_sorts": n_sorts, "noise": noise, **kind})
    run = partial(
        _studies,
        views=views,
        tags=tags,
        making=making,
        n_factors=n_factors,
        options={"n_permutations": n_permutations, "level": level},
    )
    parts = run_resamples(
        run, n_studies, seed=seed, chunk_size=10, n_jobs=n_jobs, progress=progress,
        description="synthetic studies",
    )  # fmt: skip
    rows = [row for part in parts for row in part]
    false = sum(row["wrong"] + row["mixed"] > 0 for row in rows)
    low, high = (float(bound) for bound in wilson_interval(false, n_studies))
    note = f"share of {n_studies} synthetic studies with a false match, level {level:g}"
    return Estimate(false / n_studies, low=low, high=high, n=n_studies, note=note)


# -- picture -------------------------------------------------------------------------------


def plot_recovery(
    curves: RecoveryCurves,
    measures: Sequence[str] = ("n_found", "assigned", "matched", "members"),
) -> Axes:
    """Draw recovery curves; see :meth:`RecoveryCurves.plot`.

    Parameters
    ----------
    curves : RecoveryCurves
    measures : sequence of str

    Returns
    -------
    Axes
    """
    unknown = [name for name in measures if name not in MEASURES]
    if unknown or not measures:
        raise DataError(
            f"There is no measure {unknown[0] if unknown else ''!r}.",
            remedy=f"There are {', '.join(MEASURES)}.",
        )
    table = curves.curves
    panels = _panels(len(measures))
    with style():
        for ax, measure in zip(panels, measures, strict=True):
            _panel(ax, table[table["measure"] == measure], measure, curves)
        handles, labels = panels[0].get_legend_handles_labels()
        panels[0].figure.legend(
            handles, labels, title="noise", loc="outside upper left", ncols=len(labels)
        )
    set_alt(panels[0], _alt(table, measures))
    return panels[0]


def _panels(n: int) -> list[Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = min(n, 2)
    rows = math.ceil(n / columns)
    with style():
        figure = Figure(figsize=(3.7 * columns, 0.6 + 2.5 * rows), layout="constrained")
        FigureCanvasAgg(figure)
        grid = figure.subplots(rows, columns, squeeze=False)
        for spare in grid.flat[n:]:
            spare.set_visible(False)
    return list(grid.flat[:n])


def _panel(ax: Axes, table: pd.DataFrame, measure: str, curves: RecoveryCurves) -> None:
    top = math.inf if measure in ("n_found", "wrong") else 1.0
    middle = (table["noise"].nunique() - 1) / 2
    for i, (noise, part) in enumerate(table.groupby("noise", sort=True)):
        x = part["n_sorts"] + 0.5 * (i - middle)  # side by side, so that no interval hides another
        low, high = part["low"].clip(lower=0), part["high"].clip(upper=top)
        look: dict[str, Any] = {
            "color": PALETTE[i % 8],
            "ls": LINES[i % 8],
            "marker": MARKERS[i % 8],
            "ms": 5,
        }
        ax.plot(x, part["mean"], label=f"{noise:g}", clip_on=False, **look)
        ax.vlines(x, low, high, color=PALETTE[i % 8], lw=1)
    if measure == "n_found":
        true = curves.runs["n_true"].max()
        ax.axhline(true, color="0.4", lw=0.8, ls=":", zorder=0)
        ax.set_ylim(0, max(true, table["high"].max(), table["mean"].max()) * 1.12)
    elif measure == "wrong":
        ax.set_ylim(0, max(0.2, table["high"].max() * 1.1))
    else:
        ax.set_ylim(0, 1.02)
    ax.set_xticks(sorted(table["n_sorts"].unique()))
    ax.set_xlabel("participants (synthetic)")
    ax.set_title(MEASURES[measure], fontsize=8.5)


def _alt(table: pd.DataFrame, measures: Sequence[str]) -> str:
    said = []
    for measure in measures:
        rows = table[table["measure"] == measure]
        ends = [
            f"noise {noise:g}: {part['mean'].iloc[0]:.2f} to {part['mean'].iloc[-1]:.2f}"
            for noise, part in rows.groupby("noise", sort=True)
        ]
        said.append(f"{MEASURES[measure]} ({', '.join(ends)})")
    sizes = table["n_sorts"]
    return (
        f"Curves from synthetic sorts, from {sizes.min()} to {sizes.max()} participants. "
        f"{'; '.join(said)}."
    )
