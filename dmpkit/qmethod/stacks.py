"""The analysis on stacks of resamples: the same steps, many sets of sorts at once.

A stack holds m resamples of p sorts; leading axes are resamples. What comes out
for a member equals what the single steps give for its sorts (tests hold it so);
only the way of calculating differs: one step of Python serves many resamples.
"""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dmpkit.errors import ConvergenceWarning, DataError
from dmpkit.qmethod.arrays import Bools, Floats, column_signs
from dmpkit.qmethod.centroid import centroid_stack
from dmpkit.qmethod.rotation import rotate_as

__all__ = ["Draws", "Recipe", "Resampled", "assign", "procrustes", "quantiles", "resample"]

_ZERO = 1e-10  # an eigenvalue at most this large (relative to p) is zero
_ENUMERATED = 6  # up to so many factors every assignment is tried
Draws = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Recipe:
    """What every resample needs: the sorts, the choices, the factors to be recovered.

    Attributes
    ----------
    values : ndarray, shape (n, p)
        The sorts that are weighted (standardised ones for profile kade).
    root : ndarray, shape (p, r)
        ``root @ root.T`` are the correlations between sorts.
    n_factors : int
    extraction, rotation, profile : str
    threshold : float
        Absolute loading that a flagged sort exceeds.
    majority : bool
    target_loadings : ndarray, shape (p, k)
    target_z : ndarray, shape (n, k)
        Factors of the whole sample.
    align : {"assignment", "procrustes", "none"}
    orthogonal : bool
        Whether the rotation is, so that Procrustes can be done.
    base_loadings, base_z : ndarray
        Of the whole sample before it was rotated by hand; the targets themselves
        when it was not.
    by_hand : ndarray, shape (k, k), optional
        What the rotation by hand does to the loadings of its base.
    """

    values: Floats
    root: Floats
    n_factors: int
    extraction: str
    rotation: str
    profile: str
    threshold: float
    majority: bool
    target_loadings: Floats
    target_z: Floats
    align: str
    orthogonal: bool
    base_loadings: Floats
    base_z: Floats
    by_hand: Floats | None = None


class Resampled(NamedTuple):
    """What a stack of resamples gives, factors in the order and sign of the alignment.

    Attributes
    ----------
    loadings : ndarray, shape (m, p, k)
        NaN for sorts that were not drawn.
    flags : ndarray of bool, shape (m, p, k)
    n_flagged : ndarray of int, shape (m, k)
        Flagged sorts, one that was drawn twice counted twice.
    z : ndarray, shape (m, n, k)
    congruence : ndarray, shape (m, k)
        Of each factor with the one assigned to it (before any Procrustes rotation).
    aligned_z : dict of str to ndarray, shape (m, n, k)
        z-scores under each alignment.
    unsettled : bool
        Whether an iterative step stopped before it settled in any member.
    """

    loadings: Floats
    flags: Bools
    n_flagged: NDArray[np.int_]
    z: Floats
    congruence: Floats
    aligned_z: dict[str, Floats]
    unsettled: bool


class _Composites(NamedTuple):
    loadings: Floats
    flags: Bools
    z: Floats


def resample(recipe: Recipe, draws: Draws) -> Resampled:
    """Analyse each resample and align its factors with those of the whole sample.

    Parameters
    ----------
    recipe : Recipe
    draws : ndarray of int, shape (m, p)
        Positions of the sorts drawn, from 0.

    Returns
    -------
    Resampled
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        loadings, unsettled = _factors(recipe, draws)
    plain = _compose(recipe, draws, loadings)
    order, signs = _matching(recipe, draws, plain)
    matched = _rearranged(plain, order, signs)
    found = {"none": plain, "assignment": matched}
    if recipe.by_hand is not None:  # the same angles, once the factors are in their places
        matched = _compose(recipe, draws, matched.loadings @ recipe.by_hand)
        found = {"assignment": matched}
    if recipe.orthogonal:
        turned = procrustes(loadings, recipe.target_loadings[draws])
        found["procrustes"] = _compose(recipe, draws, turned)
    chosen = found[recipe.align]
    return Resampled(
        loadings=_by_sort(draws, chosen.loadings, np.nan),
        flags=_by_sort(draws, chosen.flags, fill=False),
        n_flagged=np.asarray(chosen.flags.sum(axis=1)),
        z=chosen.z,
        congruence=_paired(matched.z, recipe.target_z),
        aligned_z={name: part.z for name, part in found.items()},
        unsettled=unsettled or bool(caught),
    )


# -- factors ---------------------------------------------------------------------


def _factors(recipe: Recipe, draws: Draws) -> tuple[Floats, bool]:
    """Rotated loadings of the sorts as drawn; NaN where a resample holds too few factors."""
    if recipe.extraction == "pca":
        unrotated, empty = _components(recipe, draws)
        unsettled = False
    else:
        drawn = recipe.root[draws]
        matrices = np.clip(drawn @ np.swapaxes(drawn, -1, -2), -1.0, 1.0)
        found = centroid_stack(matrices, recipe.n_factors, recipe.extraction)
        unrotated, empty = found.loadings, found.empty > 0
        unsettled = bool(found.unsettled.any())
    loadings = np.full(unrotated.shape, np.nan)
    if not empty.all():
        loadings[~empty] = _turn(recipe, unrotated[~empty])
    return loadings, unsettled


def _components(recipe: Recipe, draws: Draws) -> tuple[Floats, Bools]:
    """Principal components, through the r x r matrix that has the same eigenvalues."""
    k, (p, _) = recipe.n_factors, recipe.root.shape
    counts = counted(draws, p)
    products = np.swapaxes(recipe.root * counts[:, :, None], -1, -2) @ recipe.root
    values, vectors = np.linalg.eigh(products)
    missing = max(k - values.shape[1], 0)
    empty = values[:, -min(k, values.shape[1])] <= _ZERO * p
    top = vectors[:, :, : -k - 1 : -1]
    loadings = np.take_along_axis(recipe.root @ top, draws[:, :, None], axis=1)
    if missing:
        empty[:] = True
        loadings = np.pad(loadings, ((0, 0), (0, 0), (0, missing)))
    return loadings * column_signs(loadings)[:, None, :], empty


def _turn(recipe: Recipe, unrotated: Floats) -> Floats:
    """Rotate the stack, without ordering factors; a member that cannot be rotated is NaN."""
    try:
        return rotate_as(unrotated, recipe.rotation, recipe.profile).loadings
    except DataError:
        if len(unrotated) == 1:
            return np.full(unrotated.shape, np.nan)
        return np.concatenate([_turn(recipe, part[None]) for part in unrotated])


def counted(draws: Draws, n_sorts: int) -> Floats:
    """How often each sort was drawn.

    Parameters
    ----------
    draws : ndarray of int, shape (m, p)
    n_sorts : int

    Returns
    -------
    ndarray, shape (m, n_sorts)

    Examples
    --------
    >>> counted(np.array([[0, 0, 2]]), 3)
    array([[2., 0., 1.]])
    """
    m = len(draws)
    places = draws + n_sorts * np.arange(m)[:, None]
    counts = np.bincount(places.ravel(), minlength=m * n_sorts)
    return counts.reshape(m, n_sorts).astype(np.float64)


# -- flags and scores --------------------------------------------------------------


def _compose(recipe: Recipe, draws: Draws, loadings: Floats) -> _Composites:
    flags = flag_stack(loadings, recipe.threshold, majority=recipe.majority)
    z = score_stack(recipe.values, draws, weigh_stack(loadings, flags))
    return _Composites(loadings, flags, z)


def flag_stack(loadings: Floats, threshold: float, *, majority: bool) -> Bools:
    """:func:`~dmpkit.qmethod.flags.flag` for a stack of loadings.

    Parameters
    ----------
    loadings : ndarray, shape (m, p, k)
    threshold : float
    majority : bool

    Returns
    -------
    ndarray of bool, shape (m, p, k)

    Examples
    --------
    >>> flag_stack(np.array([[[0.8, 0.1], [0.5, -0.6]]]), 0.34, majority=True).tolist()
    [[[True, False], [False, True]]]
    """
    significant = np.abs(loadings) > threshold
    if not majority:
        return significant
    squared = loadings**2
    k = squared.shape[-1]
    others = np.stack(
        [squared[..., np.arange(k) != j].sum(axis=-1) for j in range(k)], axis=-1
    )  # added up without the cell, as in the single step
    return np.asarray(significant & (squared > others))


def weigh_stack(loadings: Floats, flags: Bools) -> Floats:
    """:func:`~dmpkit.qmethod.scores.factor_weights` for a stack.

    Parameters
    ----------
    loadings, flags : ndarray, shape (m, p, k)

    Returns
    -------
    ndarray, shape (m, p, k)

    Examples
    --------
    >>> weigh_stack(np.array([[[0.5], [0.1]]]), np.array([[[True], [False]]])).ravel().round(4)
    array([0.6667, 0.    ])
    """
    whole = flags & (np.abs(loadings) >= 1)
    a = np.where(flags & ~whole, loadings, 0.0)
    weights = a / (1 - a**2)
    if not whole.any():
        return np.asarray(weights)
    alone = np.where(whole, np.sign(loadings), 0.0)
    return np.where(whole.any(axis=-2, keepdims=True), alone, weights)


def score_stack(values: Floats, draws: Draws, weights: Floats) -> Floats:
    """:func:`~dmpkit.qmethod.scores.z_scores` for a stack.

    Parameters
    ----------
    values : ndarray, shape (n, p)
    draws : ndarray of int, shape (m, p)
    weights : ndarray, shape (m, p, k)

    Returns
    -------
    ndarray, shape (m, n, k)
        NaN where a factor has no weights or its sorts cancel each other out.

    Examples
    --------
    >>> sorts = np.array([[-1.0, 0], [0, 1], [1, -1]])
    >>> score_stack(sorts, np.array([[0, 1]]), np.array([[[2.0], [1.0]]])).ravel().round(3)
    array([-1.155,  0.577,  0.577])
    """
    drawn = np.ascontiguousarray(values.T)[draws]
    totals = np.swapaxes(drawn, -1, -2) @ weights
    centred = totals - totals.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).sum(axis=1, keepdims=True) / (len(values) - 1))
    largest = np.abs(values).max(axis=0)[draws]
    size = largest[:, None, :] @ np.abs(weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(deviation > 1e-12 * size, centred / deviation, np.nan)


# -- alignment ---------------------------------------------------------------------


def _matching(recipe: Recipe, draws: Draws, plain: _Composites) -> tuple[Draws, Floats]:
    """For each factor of the whole sample, the resample's factor and its sign."""
    z = plain.z
    lacking = np.isnan(z).any(axis=(1, 2)) & ~np.isnan(plain.loadings).any(axis=(1, 2))
    if lacking.any():
        # a factor without flagged sorts is placed by all sorts, weighted by their loadings
        whole = score_stack(recipe.values, draws[lacking], plain.loadings[lacking])
        z = z.copy()
        z[lacking] = np.where(np.isnan(z[lacking]), whole, z[lacking])
    target = recipe.base_z
    if np.isnan(target).any():
        every = np.arange(recipe.values.shape[1])[None]
        whole = score_stack(recipe.values, every, recipe.base_loadings[None])[0]
        target = np.where(np.isnan(target), whole, target)
    similarity = np.swapaxes(_unit(z), -1, -2) @ _unit(np.nan_to_num(target))
    return assign(np.nan_to_num(similarity))


def assign(similarity: Floats) -> tuple[Draws, Floats]:
    """Signed one-to-one assignment with the largest sum of absolute similarities.

    Parameters
    ----------
    similarity : ndarray, shape (m, k, k)
        Rows: factors to be assigned; columns: factors they are assigned to.

    Returns
    -------
    order : ndarray of int, shape (m, k)
        For each column its row.
    signs : ndarray, shape (m, k)
        Sign of the similarity found there (1 where it is 0).

    Examples
    --------
    >>> order, signs = assign(np.array([[[0.1, -0.9], [0.8, 0.2]]]))
    >>> order, signs
    (array([[1, 0]]), array([[ 1., -1.]]))
    """
    size = np.abs(similarity)
    k = size.shape[-1]
    columns = np.arange(k)
    if k <= _ENUMERATED:
        orders = np.array(list(itertools.permutations(range(k))), dtype=np.intp)
        best = np.argmax(size[:, orders, columns].sum(axis=-1), axis=1)
        order = orders[best]
    else:
        from scipy.optimize import linear_sum_assignment

        order = np.array([linear_sum_assignment(one.T, maximize=True)[1] for one in size])
    chosen = np.take_along_axis(similarity, order[:, None, :], axis=1)[:, 0, :]
    return order, np.where(chosen < 0, -1.0, 1.0)


def procrustes(loadings: Floats, target: Floats) -> Floats:
    """Orthogonal Procrustes: each member rotated to least squares from its target.

    Rotation and reflection only, neither shift nor scale (Schönemann 1966).

    Parameters
    ----------
    loadings, target : ndarray, shape (m, p, k)

    Returns
    -------
    ndarray, shape (m, p, k)

    Examples
    --------
    >>> a = np.array([[[1.0, 0.0], [0.5, 0.5]]])
    >>> bool(np.allclose(procrustes(-a[:, :, ::-1], a), a))
    True
    """
    known = np.nan_to_num(loadings)
    u, _, v = np.linalg.svd(np.swapaxes(known, -1, -2) @ target)
    return np.asarray(loadings @ (u @ v))


def _rearranged(plain: _Composites, order: Draws, signs: Floats) -> _Composites:
    place, sign = order[:, None, :], signs[:, None, :]
    return _Composites(
        np.take_along_axis(plain.loadings, place, axis=-1) * sign,
        np.take_along_axis(plain.flags, place, axis=-1),
        np.take_along_axis(plain.z, place, axis=-1) * sign,
    )


def _by_sort(draws: Draws, drawn: NDArray[Any], fill: float | bool) -> NDArray[Any]:
    """From the sorts as drawn to all sorts in their order."""
    result = np.full(drawn.shape, fill)
    np.put_along_axis(result, np.broadcast_to(draws[:, :, None], drawn.shape), drawn, axis=1)
    return result


def _unit(z: Floats) -> Floats:
    centred = z - z.mean(axis=-2, keepdims=True)
    length = np.sqrt((centred**2).sum(axis=-2, keepdims=True))
    return np.asarray(centred / np.where(length > 0, length, 1.0))


def _paired(z: Floats, target: Floats) -> Floats:
    """Correlation of each column with its counterpart."""
    return np.asarray((_unit(z) * _unit(target)).sum(axis=-2))


# -- what a stack says ---------------------------------------------------------------


def quantiles(samples: Floats, probabilities: tuple[float, ...]) -> Floats:
    """Quantiles along the first axis, NaN left out, as R's default (type 7) takes them.

    Parameters
    ----------
    samples : ndarray, shape (m, ...)
    probabilities : tuple of float

    Returns
    -------
    ndarray, shape (number of probabilities, ...)
        NaN where nothing is left.

    Examples
    --------
    >>> quantiles(np.array([1.0, 2.0, np.nan, 3.0]), (0.25, 0.5))
    array([1.5, 2. ])
    """
    ordered = np.sort(samples, axis=0)
    last = np.maximum((~np.isnan(samples)).sum(axis=0) - 1, 0)
    found = []
    for probability in probabilities:
        place = last * probability
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, last)
        low = np.take_along_axis(ordered, below[None], axis=0)[0]
        high = np.take_along_axis(ordered, above[None], axis=0)[0]
        found.append(low + (place - below) * (high - low))
    return np.array(found)
