"""Synthetic sorts: made from viewpoints by a stated recipe, to test arithmetic.

No person sorted anything here. What comes out says so: sorts are called
``synthetic-01`` and so on, and the notes of the :class:`QSorts` hold the recipe.
Synthetic sorts show what an analysis would find if people sorted like this; they
say nothing on whether people do, or whether an instrument is valid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from dmpkit.errors import DataError
from dmpkit.qmethod.arrays import Floats
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.instrument import Instrument, propose_distribution
from dmpkit.qmethod.permuting import unit_length
from dmpkit.qmethod.tagging import Tagging
from dmpkit.qmethod.viewpoints import Viewpoints
from dmpkit.resampling import drawn_seed

__all__ = ["SyntheticSorts", "synthetic_sorts"]

KINDS = ("viewpoint", "mixture", "outside", "unrelated")


@dataclass(frozen=True, eq=False, repr=False)
class SyntheticSorts:
    """Result of :func:`synthetic_sorts`.

    Attributes
    ----------
    sorts : QSorts
        Labels ``synthetic-01`` and so on, the recipe in the notes.
    members : DataFrame
        One row a sort: ``sort, kind`` (viewpoint, mixture, outside, unrelated),
        ``viewpoint, other`` (codes; `other` for mixtures).
    prototypes : DataFrame
        ``statement``, then one column a viewpoint: the pattern that its people
        share, mean 0 and standard deviation 1.
    stances : DataFrame
        ``claim``, then one column a viewpoint: 1 or -1 as stated, else the hidden
        position that was drawn for it.
    recipe : str
        What was done, in words.
    """

    sorts: QSorts
    members: pd.DataFrame
    prototypes: pd.DataFrame
    stances: pd.DataFrame
    recipe: str

    def __repr__(self) -> str:
        counts = self.members["kind"].value_counts()
        parts = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS if kind in counts)
        return f"SyntheticSorts: {self.sorts.n_sorts} synthetic sorts ({parts})"


@dataclass(frozen=True)
class _Plan:
    """Who is to be made: a code a person, what is not a viewpoint by kind."""

    viewpoint: tuple[int, ...]  # number of people of each viewpoint
    mixing: tuple[int, ...]  # viewpoints that mixtures are made of
    mixture: int
    outside: int
    unrelated: int


def synthetic_sorts(
    viewpoints: Viewpoints | str,
    tags: Any | None = None,
    *,
    n_sorts: int = 40,
    noise: float = 0.5,
    shares: Mapping[str, float] | None = None,
    mixtures: float = 0.0,
    outside: float = 0.0,
    unrelated: float = 0.0,
    unstated: float = 0.5,
    distribution: ArrayLike | None = None,
    seed: int | None = None,
) -> SyntheticSorts:
    r"""Make synthetic sorts from viewpoints that are known by a few claims only.

    **Recipe.** (1) Each viewpoint has a stance on every claim: 1 or -1 where its
    summary states one, else a hidden position drawn once from a normal distribution
    with standard deviation `unstated`, shared by all its people: a summary leaves out
    what its people nevertheless think. (2) The prototype of a viewpoint is the sum of
    its stances times the tags of the claims (each claim's tags centred and scaled to
    length 1), scaled to standard deviation 1. (3) A person's liking of a statement is
    :math:`\sqrt{1 - \nu^2}` times the prototype plus :math:`\nu` times a draw from
    N(0, 1), with `noise` :math:`\nu`; two people of one viewpoint so correlate
    :math:`1 - \nu^2` before they sort. A mixture has the mean of two prototypes drawn
    at random (scaled again; of the viewpoints with a share, or of all where only one
    has), the people from outside share one pattern drawn at random over the claims,
    and someone unrelated has a pattern of N(0, 1) draws of her own. (4) Statements
    are put into the forced distribution in the order of liking; ties, which occur
    without noise, are broken at random. (5) Numbers of people follow the shares by
    largest remainder; the order of the sorts is random.

    The recipe is our own and the sorts are synthetic: they test the arithmetic, not
    the validity of an instrument.

    Parameters
    ----------
    viewpoints : Viewpoints or str
        Known from texts; a name is loaded.
    tags : DataFrame or Tagging, optional
        Which statement speaks to which claim; the statements are those tagged.
        Without it, the statements, tags and grid of the governance instrument.
    n_sorts : int
        Number of people, 2 or more.
    noise : float
        0 (all people of a viewpoint alike) to 1 (nothing but noise).
    shares : mapping of code to number, optional
        Relative sizes of the viewpoints; equal when not given. A code left out
        has none.
    mixtures, outside, unrelated : float
        Share of people between two viewpoints, of people who share one view that
        no summary describes, and of people who share nothing with anyone.
    unstated : float
        Standard deviation of the hidden positions; 0 makes everyone indifferent
        to what the summary leaves out, 1 as strong there as where it speaks.
    distribution : array_like, shape (n_statements,), optional
        The grid; :func:`~dmpkit.qmethod.instrument.propose_distribution` otherwise.
    seed : int, optional

    Returns
    -------
    SyntheticSorts

    Raises
    ------
    DataError
        For shares or options out of range, an unknown code, a claim that is not
        among the viewpoints', or viewpoints without a tagged claim.

    Warns
    -----
    DuplicatedSortsWarning
        Without noise, when two people's sorts are the same.

    Examples
    --------
    >>> made = synthetic_sorts("governance-2024", n_sorts=12, noise=0.3, unrelated=0.25, seed=1)
    >>> made
    SyntheticSorts: 12 synthetic sorts (9 viewpoint, 3 unrelated)
    >>> made.sorts.sorts[0], made.sorts.n_statements
    ('synthetic-01', 44)
    """
    views = Viewpoints.load(viewpoints) if isinstance(viewpoints, str) else viewpoints
    plan = _plan(views, n_sorts, shares, mixtures, outside, unrelated)
    _check_strengths(noise, unstated)
    seed = drawn_seed(seed)
    tagging, statements, texts, grid = _material(tags, distribution)
    rng = np.random.default_rng(seed)
    stances = _stances(views, unstated, rng)
    units = _units(tagging, statements, views)
    prototypes = _scaled(units @ stances)
    _check_speaking(views, units)
    people, patterns = _people(plan, views, prototypes, units, rng)
    liking = np.sqrt(1 - noise**2) * patterns + noise * rng.standard_normal(patterns.shape)
    width = max(2, len(str(n_sorts)))
    labels = [f"synthetic-{i:0{width}d}" for i in range(1, n_sorts + 1)]
    recipe = _recipe(views, plan, noise, unstated, seed)
    return SyntheticSorts(
        QSorts(_forced(liking, grid, rng), statements, labels, grid, texts, (recipe,)),
        people.assign(sort=labels)[["sort", "kind", "viewpoint", "other"]],
        _wide("statement", statements, prototypes, views),
        _wide("claim", views.claims, stances, views),
        recipe,
    )


def _check_strengths(noise: float, unstated: float) -> None:
    if not 0 <= noise <= 1:
        raise DataError(f"The noise is {noise:g}; it is from 0 to 1.")
    if not 0 <= unstated < np.inf:
        raise DataError(f"The strength of what is not stated is {unstated:g}; it is 0 or more.")


def _plan(
    views: Viewpoints,
    n: int,
    shares: Mapping[str, float] | None,
    mixtures: float,
    outside: float,
    unrelated: float,
) -> _Plan:
    if n < 2:
        raise DataError(f"{n} sorts cannot be analysed; make 2 or more.")
    if mixtures and len(views.codes) < 2:
        raise DataError("A mixture needs two viewpoints.")
    others = (mixtures, outside, unrelated)
    if min(others) < 0 or sum(others) > 1 + 1e-12:
        raise DataError(
            "The shares of mixtures, outside and unrelated lie in 0 to 1, as their sum."
        )
    wanted = dict.fromkeys(views.codes, 1.0) if shares is None else dict(shares)
    for code, share in wanted.items():
        if code not in views.codes:
            raise DataError(
                f"There is no viewpoint {code!r}.", remedy=f"There are {', '.join(views.codes)}."
            )
        if not 0 <= share < np.inf:
            raise DataError(f"The share of {code} is {share:g}; it is 0 or more.")
    sizes = np.array([wanted.get(code, 0.0) for code in views.codes])
    if not sizes.sum() > 0:
        raise DataError("Every viewpoint has the share 0.")
    parts = np.concatenate([sizes / sizes.sum() * (1 - sum(others)), others])
    counts = _whole(n, parts)
    mixing = np.flatnonzero(sizes) if (sizes > 0).sum() > 1 else np.arange(len(sizes))
    return _Plan(tuple(counts[:-3]), tuple(mixing.tolist()), *counts[-3:])


def _whole(n: int, shares: Floats) -> list[int]:
    """Whole numbers that sum to n, by largest remainder."""
    exact = n * shares / shares.sum()
    counts = np.floor(exact + 1e-9).astype(int)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: n - int(counts.sum())]] += 1
    return [int(count) for count in counts]


def _material(
    tags: Any | None, distribution: ArrayLike | None
) -> tuple[Tagging, tuple[str, ...], tuple[str, ...], Floats]:
    """Tagging, statements, texts and grid."""
    if tags is None:
        own = Instrument.load()
        tagging, statements, texts = Tagging.from_frame(own.tags), own.statements, own.texts
        grid = np.asarray(own.distribution, dtype=np.float64)
    else:
        tagging = Tagging.from_frame(tags)
        statements, texts = tagging.statements, ()
        columns = propose_distribution(len(statements))
        grid = np.repeat(columns["value"].to_numpy(np.float64), columns["count"].to_numpy())
    if distribution is not None:
        grid = np.sort(np.asarray(distribution, dtype=np.float64).ravel())
    if len(grid) != len(statements):
        raise DataError(f"The grid has {len(grid)} places for {len(statements)} statements.")
    return tagging, statements, texts, grid


def _stances(views: Viewpoints, unstated: float, rng: np.random.Generator) -> Floats:
    hidden = unstated * rng.standard_normal(views.values.shape)
    return np.asarray(np.where(np.isnan(views.values), hidden, views.values))


def _units(tagging: Tagging, statements: tuple[str, ...], views: Viewpoints) -> Floats:
    strange = [claim for claim in tagging.claims if claim not in views.claims]
    if strange:
        raise DataError(
            f"The claim {strange[0]!r} is not among those of the viewpoints.",
            column="claim",
            remedy=f"They are {', '.join(views.claims)}.",
        )
    return unit_length(tagging.weights(statements, views.claims))


def _check_speaking(views: Viewpoints, units: Floats) -> None:
    stated = np.nan_to_num(views.values, nan=0.0)
    for code, pattern in zip(views.codes, (units @ stated).T, strict=True):
        if not np.ptp(pattern) > 1e-12:
            raise DataError(
                f"No statement speaks to a claim that {code} states.",
                remedy="Tag statements for its claims.",
            )


def _scaled(patterns: Floats) -> Floats:
    centred = patterns - patterns.mean(axis=0)
    size = centred.std(axis=0)
    return np.asarray(centred / np.where(size > 1e-12, size, 1.0))


def _people(
    plan: _Plan,
    views: Viewpoints,
    prototypes: Floats,
    units: Floats,
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, Floats]:
    """Who they are, in random order, and the pattern of each in a column."""
    rows: list[tuple[str, str, str]] = []
    patterns: list[Floats] = []
    for j, count in enumerate(plan.viewpoint):
        rows += [("viewpoint", views.codes[j], "")] * count
        patterns += [prototypes[:, j]] * count
    for _ in range(plan.mixture):
        pair = sorted(rng.choice(plan.mixing, 2, replace=False))
        rows.append(("mixture", views.codes[pair[0]], views.codes[pair[1]]))
        patterns.append(prototypes[:, pair].mean(axis=1))
    patterns += [units @ rng.standard_normal(units.shape[1])] * plan.outside
    patterns += list(rng.standard_normal((plan.unrelated, len(units))))
    rows += [("outside", "", "")] * plan.outside + [("unrelated", "", "")] * plan.unrelated
    order = rng.permutation(len(rows))
    people = pd.DataFrame([rows[i] for i in order], columns=["kind", "viewpoint", "other"])
    return people, _scaled(np.column_stack(patterns)[:, order])


def _forced(liking: Floats, grid: Floats, rng: np.random.Generator) -> Floats:
    """Put statements into the grid in the order of liking, ties at random."""
    order = np.lexsort((rng.random(liking.shape), liking.round(9)), axis=0)
    values = np.empty_like(liking)
    np.put_along_axis(values, order, np.broadcast_to(grid[:, None], liking.shape), axis=0)
    return values


def _recipe(views: Viewpoints, plan: _Plan, noise: float, unstated: float, seed: int) -> str:
    parts = [f"{code} {n}" for code, n in zip(views.codes, plan.viewpoint, strict=True) if n]
    counts = (("mixtures", plan.mixture), ("outside", plan.outside), ("unrelated", plan.unrelated))
    parts += [f"{word} {n}" for word, n in counts if n]
    return (
        "Synthetic sorts, made by dmpkit.qmethod.synthetic_sorts from the viewpoints "
        f"{views.name or 'given'}: {', '.join(parts)}; noise {noise:g}, hidden positions "
        f"{unstated:g}, seed {seed}. Nobody sorted them."
    )


def _wide(name: str, labels: tuple[str, ...], values: Floats, views: Viewpoints) -> pd.DataFrame:
    frame = pd.DataFrame(values, columns=list(views.codes))
    frame.insert(0, name, list(labels))
    return frame
