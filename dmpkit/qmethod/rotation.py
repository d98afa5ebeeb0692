"""Rotation of factors, by the algorithms and stopping rules of R.

Varimax and promax are those of R's ``stats``; quartimax, equamax and oblimin are
the gradient projections of ``GPArotation``; :func:`order_and_reflect` is the rule by
which ``psych::principal`` puts rotated components in order. Loadings therefore
agree with R's to rounding, not just to the stopping tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from dmpkit.errors import ConvergenceWarning, DataError, warn
from dmpkit.qmethod.arrays import Floats, column_signs, to_matrix

__all__ = [
    "ROTATIONS",
    "Rotation",
    "order_and_reflect",
    "reflect",
    "rotate",
    "rotate_as",
    "rotate_equamax",
    "rotate_none",
    "rotate_oblimin",
    "rotate_promax",
    "rotate_quartimax",
    "rotate_varimax",
    "turn",
]


class Rotation(NamedTuple):
    """Rotated loadings with what produced them.

    Attributes
    ----------
    loadings : ndarray, shape (..., p, k)
        ``unrotated @ matrix``; after an oblique rotation the pattern loadings.
    matrix : ndarray, shape (..., k, k)
        Orthogonal after an orthogonal rotation.
    phi : ndarray, shape (..., k, k)
        Correlations between the factors, the identity when they are orthogonal.
    """

    loadings: Floats
    matrix: Floats
    phi: Floats


class _Projection(NamedTuple):
    rotation: Rotation
    value: float
    moved: bool


_SETTLED = 1e-12  # R's varimax stops at 1e-5, which leaves up to 0.01 in a loading
_FLAT = 1e-10  # a slope, or a gain, at most this large is none
_STALLED = 0.05  # slope left, a sort, that R's stopping rule never leaves on the way to an optimum


def rotate_none(loadings: ArrayLike) -> Rotation:
    """The unrotated loadings as a :class:`Rotation`.

    Parameters
    ----------
    loadings : array_like, shape (..., p, k)

    Returns
    -------
    Rotation

    Raises
    ------
    DataError
        When a loading is not a finite number.

    Examples
    --------
    >>> rotate_none([[0.8, 0.2], [0.7, -0.4]]).matrix
    array([[1., 0.],
           [0., 1.]])
    """
    a = _loadings(loadings)
    identity = _identities(a)
    return Rotation(a.copy(), identity, identity.copy())


def rotate_varimax(
    loadings: ArrayLike,
    *,
    kaiser: bool = True,
    tolerance: float = 1e-5,
    max_iterations: int = 1000,
) -> Rotation:
    r"""Varimax: simple factors (Kaiser 1958), as R's ``stats::varimax``.

    Maximises :math:`\sum_j [\sum_i z_{ij}^4 - (\sum_i z_{ij}^2)^2/p]` over orthogonal
    rotations *z* of the loadings, each row first divided by the root of its
    communality (Kaiser's normalisation) and multiplied back at the end. Stops
    when the sum of the singular values of the step grows by less than
    `tolerance` relative to the round before.

    Parameters
    ----------
    loadings : array_like, shape (..., p, k)
        Unrotated loadings; leading axes are a stack of problems, each stopped at
        its own round, so that a stack gives what its members give alone.
    kaiser : bool
        Normalise the rows.
    tolerance : float
        R's ``eps``.
    max_iterations : int
        R's limit; reaching it gives a ConvergenceWarning.

    Returns
    -------
    Rotation

    Raises
    ------
    DataError
        When a loading is not a finite number.

    Notes
    -----
    R's iteration fails on sorts that form perfect groups: where the unrotated
    position is exactly the worst one it stops at a rotation made of rounding
    error, and elsewhere it can jump to and fro across the optimum and stop. Only
    there this function differs: it starts from another position or goes on with
    shorter steps.

    Examples
    --------
    >>> rotated = rotate_varimax([[0.8, 0.3], [0.7, 0.4], [0.6, -0.6], [0.7, -0.5]])
    >>> abs(rotated.loadings.round(2))
    array([[0.82, 0.25],
           [0.8 , 0.11],
           [0.11, 0.84],
           [0.25, 0.82]])
    """
    a = _loadings(loadings)
    if a.shape[-1] < 2:
        return rotate_none(a)
    scale = np.sqrt((a**2).sum(axis=-1, keepdims=True)) if kaiser else np.ones_like(a[..., :1])
    scale = np.where(scale == 0, 1.0, scale)
    x = a / scale
    matrix = _varimax_rounds(x, _varimax_start(x), tolerance, max_iterations)
    matrix = _varimax_settle(x, matrix, max_iterations)
    return Rotation((x @ matrix) * scale, matrix, _identities(a))


def rotate_quartimax(
    loadings: ArrayLike, *, tolerance: float = 1e-5, max_iterations: int = 1000
) -> Rotation:
    r"""Quartimax: simple sorts (Neuhaus & Wrigley 1954), as R's ``GPArotation``.

    Maximises :math:`\sum_{ij} a_{ij}^4` over orthogonal rotations by gradient
    projection (Jennrich 2001), without row normalisation.

    Parameters
    ----------
    loadings : array_like, shape (p, k)
    tolerance : float
        Stop when the projected gradient is shorter than this.
    max_iterations : int
        R's limit; reaching it gives a ConvergenceWarning.

    Returns
    -------
    Rotation

    Raises
    ------
    DataError
        When a loading is not a finite number.

    References
    ----------
    Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and
    software for arbitrary rotation criteria in factor analysis. Educational and
    Psychological Measurement, 65, 676-696.

    Examples
    --------
    >>> rotated = rotate_quartimax([[0.8, 0.3], [0.7, 0.4], [0.6, -0.6], [0.7, -0.5]])
    >>> abs(rotated.loadings.round(2))
    array([[0.81, 0.26],
           [0.8 , 0.12],
           [0.1 , 0.84],
           [0.24, 0.83]])
    """
    return _each(
        loadings, lambda a, t: _orthogonal(a, t, _quartimax, "quartimax", tolerance, max_iterations)
    )


def rotate_equamax(
    loadings: ArrayLike, *, tolerance: float = 1e-5, max_iterations: int = 1000
) -> Rotation:
    r"""Equamax: between simple sorts and simple factors (Saunders 1962).

    Minimises the criterion of Crawford and Ferguson (1970),
    :math:`\frac{1-\kappa}{4} \sum_i \sum_{j \ne l} a_{ij}^2 a_{il}^2
    + \frac{\kappa}{4} \sum_j \sum_{i \ne m} a_{ij}^2 a_{mj}^2` with
    :math:`\kappa = k/2p`, over orthogonal rotations by gradient projection,
    without row normalisation, as R's ``psych`` does by way of ``GPArotation``.

    Parameters
    ----------
    loadings : array_like, shape (p, k)
    tolerance : float
        Stop when the projected gradient is shorter than this.
    max_iterations : int
        Reaching it gives a ConvergenceWarning.

    Returns
    -------
    Rotation

    Raises
    ------
    DataError
        When a loading is not a finite number.

    References
    ----------
    Crawford, C. B., & Ferguson, G. A. (1970). A general rotation criterion and its
    use in orthogonal rotation. Psychometrika, 35, 321-332.

    Examples
    --------
    >>> rotated = rotate_equamax([[0.8, 0.3], [0.7, 0.4], [0.6, -0.6], [0.7, -0.5]])
    >>> abs(rotated.loadings.round(2))
    array([[0.82, 0.25],
           [0.8 , 0.11],
           [0.11, 0.84],
           [0.25, 0.82]])
    """
    return _each(
        loadings, lambda a, t: _orthogonal(a, t, _equamax, "equamax", tolerance, max_iterations)
    )


def rotate_oblimin(
    loadings: ArrayLike,
    *,
    gamma: float = 0.0,
    tolerance: float = 1e-5,
    max_iterations: int = 1000,
) -> Rotation:
    r"""Direct oblimin (Jennrich & Sampson 1966), as R's ``GPArotation``.

    Minimises :math:`\frac14 \sum_{j \ne l} [\sum_i a_{ij}^2 a_{il}^2
    - \frac{\gamma}{p} \sum_i a_{ij}^2 \sum_i a_{il}^2]` over oblique rotations by
    gradient projection, without row normalisation. With `gamma` 0 (R's default)
    it is quartimin.

    Parameters
    ----------
    loadings : array_like, shape (p, k)
    gamma : float
        0 or less; larger values let the factors correlate more.
    tolerance : float
        Stop when the projected gradient is shorter than this.
    max_iterations : int
        R's limit; reaching it gives a ConvergenceWarning.

    Returns
    -------
    Rotation
        With pattern loadings and the correlations of the factors.

    Raises
    ------
    DataError
        When a loading is not a finite number or the factors collapse into each other.

    References
    ----------
    Bernaards, C. A., & Jennrich, R. I. (2005). Gradient projection algorithms and
    software for arbitrary rotation criteria in factor analysis. Educational and
    Psychological Measurement, 65, 676-696.

    Examples
    --------
    >>> rotated = rotate_oblimin([[0.8, 0.3], [0.7, 0.4], [0.6, -0.6], [0.7, -0.5]])
    >>> rotated.phi.round(2).tolist()
    [[1.0, -0.4], [-0.4, 1.0]]
    """
    return _each(loadings, lambda a, t: _oblique(a, t, gamma, tolerance, max_iterations))


def rotate_promax(loadings: ArrayLike, *, power: float = 4.0) -> Rotation:
    r"""Promax (Hendrickson & White 1964), as R's ``stats::promax`` after varimax.

    Varimax with Kaiser's normalisation, then the least-squares transformation to
    the target :math:`a\,|a|^{m-1}` with power *m*, scaled to factors of unit
    variance. The rows are not normalised before the target is made (programs
    that do so give other loadings).

    Parameters
    ----------
    loadings : array_like, shape (..., p, k)
        Unrotated loadings.
    power : float
        *m* above, R's default 4.

    Returns
    -------
    Rotation
        With pattern loadings and the correlations of the factors.

    Raises
    ------
    DataError
        When a loading is not a finite number or the factors are not independent.

    Examples
    --------
    >>> rotated = rotate_promax([[0.8, 0.3], [0.7, 0.4], [0.6, -0.6], [0.7, -0.5]])
    >>> rotated.phi.round(2).tolist()
    [[1.0, -0.41], [-0.41, 1.0]]
    """
    varimax = rotate_varimax(loadings)
    z = varimax.loadings
    if z.shape[-1] < 2:
        return varimax
    target = z * np.abs(z) ** (power - 1)
    transposed = np.swapaxes(z, -1, -2)
    step = _solve(transposed @ z, transposed @ target, "promax")
    inverse = _solve(np.swapaxes(step, -1, -2) @ step, _identities(z), "promax")
    step = step * np.sqrt(np.diagonal(inverse, axis1=-2, axis2=-1))[..., None, :]
    matrix = varimax.matrix @ step
    return Rotation(z @ step, matrix, factor_correlations(matrix))


ROTATIONS: dict[str, Callable[[ArrayLike], Rotation]] = {
    "none": rotate_none,
    "varimax": rotate_varimax,
    "quartimax": rotate_quartimax,
    "equamax": rotate_equamax,
    "oblimin": rotate_oblimin,
    "promax": rotate_promax,
}


def rotate(loadings: ArrayLike, method: str = "varimax") -> Rotation:
    """Rotate by the named method, with R's settings.

    Parameters
    ----------
    loadings : array_like, shape (p, k)
    method : {"none", "varimax", "quartimax", "equamax", "oblimin", "promax"}

    Returns
    -------
    Rotation
        In the order and with the signs that the algorithm leaves.

    Raises
    ------
    DataError
        When the method is not one of these or the loadings cannot be rotated.

    Examples
    --------
    >>> rotate([[0.6, 0.6], [0.6, -0.6]], "none").loadings.tolist()
    [[0.6, 0.6], [0.6, -0.6]]
    """
    if method not in ROTATIONS:
        raise DataError(
            f"rotation {method!r} is not offered.",
            remedy=f"Choose one of: {', '.join(ROTATIONS)}.",
        )
    return ROTATIONS[method](loadings)


def order_and_reflect(rotation: Rotation) -> Rotation:
    """Factors by falling sum of squared loadings, each with a positive column sum.

    The rule of R's ``psych::principal``. Factors of equal size keep their order.

    Parameters
    ----------
    rotation : Rotation

    Returns
    -------
    Rotation

    Examples
    --------
    >>> order_and_reflect(rotate_none([[0.1, -0.9], [0.2, -0.8]])).loadings.tolist()
    [[0.9, 0.1], [0.8, 0.2]]
    """
    size = (rotation.loadings**2).sum(axis=-2)
    order = np.argsort(-size, axis=-1, kind="stable")[..., None, :]
    loadings = np.take_along_axis(rotation.loadings, order, axis=-1)
    matrix = np.take_along_axis(rotation.matrix, order, axis=-1)
    phi = np.take_along_axis(rotation.phi, order, axis=-1)
    phi = np.take_along_axis(phi, np.swapaxes(order, -1, -2), axis=-2)
    return reflect(Rotation(loadings, matrix, phi))


def reflect(rotation: Rotation) -> Rotation:
    """Factors in their order, each with a positive column sum, as KADE shows them.

    Parameters
    ----------
    rotation : Rotation

    Returns
    -------
    Rotation

    Examples
    --------
    >>> reflect(rotate_none([[0.1, -0.9], [0.2, -0.8]])).loadings.tolist()
    [[0.1, 0.9], [0.2, 0.8]]
    """
    signs = column_signs(rotation.loadings)[..., None, :]
    phi = rotation.phi * signs * np.swapaxes(signs, -1, -2)
    return Rotation(rotation.loadings * signs, rotation.matrix * signs, phi)


def turn(
    unrotated: ArrayLike, rotation: str, extraction: str = "pca", profile: str = "qmethod"
) -> Rotation:
    """Rotate as ``analyse`` does: algorithm, order and signs of the factors.

    Parameters
    ----------
    unrotated : array_like, shape (..., p, k)
    rotation, extraction, profile : str
        As in :func:`~dmpkit.qmethod.analysis.analyse`.

    Returns
    -------
    Rotation

    Examples
    --------
    >>> turn([[-0.8, -0.2], [-0.7, 0.4]], "none").loadings.tolist()
    [[0.8, -0.2], [0.7, 0.4]]
    """
    rotated = rotate_as(unrotated, rotation, profile)
    if extraction != "pca":
        return rotated
    return reflect(rotated) if profile == "kade" else order_and_reflect(rotated)


def rotate_as(unrotated: ArrayLike, rotation: str, profile: str) -> Rotation:
    """Rotate with the stopping rule of the profile; KADE's varimax goes on until it has settled.

    Parameters
    ----------
    unrotated : array_like, shape (..., p, k)
    rotation, profile : str
        As in :func:`~dmpkit.qmethod.analysis.analyse`.

    Returns
    -------
    Rotation
        In the order and with the signs that the algorithm leaves.

    Examples
    --------
    >>> rotate_as([[-0.8, -0.2], [-0.7, 0.4]], "none", "kade").loadings.tolist()
    [[-0.8, -0.2], [-0.7, 0.4]]
    """
    if profile == "kade" and rotation == "varimax":
        return rotate_varimax(unrotated, tolerance=_SETTLED)
    return rotate(unrotated, rotation)


def factor_correlations(matrix: Floats) -> Floats:
    r"""Correlations between factors rotated by `matrix`: :math:`(M'M)^{-1}`.

    Parameters
    ----------
    matrix : ndarray, shape (..., k, k)
        With loadings ``unrotated @ matrix`` of orthogonal unrotated factors.

    Returns
    -------
    ndarray, shape (..., k, k)

    Examples
    --------
    >>> factor_correlations(np.eye(2))
    array([[1., 0.],
           [0., 1.]])
    """
    inverse = np.linalg.inv(matrix)
    return np.asarray(inverse @ np.swapaxes(inverse, -1, -2), dtype=np.float64)


def _varimax_slope(x: Floats, matrix: Floats) -> Floats:
    z = x @ matrix
    squared = z * z
    squared -= squared.mean(axis=-2, keepdims=True)
    squared *= z
    return np.asarray(np.swapaxes(x, -1, -2) @ squared, dtype=np.float64)


def _varimax_rounds(x: Floats, start: Floats, tolerance: float, max_iterations: int) -> Floats:
    """R's iteration; a member of a stack leaves it in the round in which it would stop alone."""
    k = x.shape[-1]
    rows, matrix = x.reshape(-1, *x.shape[-2:]), start.reshape(-1, k, k)
    done = np.empty_like(matrix)
    place, criterion = np.arange(len(rows)), np.zeros(len(rows))
    for _ in range(max_iterations):
        u, d, v = np.linalg.svd(_varimax_slope(rows, matrix))
        matrix, reached = u @ v, d.sum(axis=-1)
        running = reached >= criterion * (1 + tolerance)
        criterion = reached
        if not running.all():
            done[place[~running]] = matrix[~running]
            rows, matrix = rows[running], matrix[running]
            place, criterion = place[running], criterion[running]
        if not len(place):
            break
    else:
        done[place] = matrix
        _not_settled("varimax", max_iterations)
    return done.reshape(start.shape)


def _varimax_start(x: Floats) -> Floats:
    """The identity, or another start where the identity is the worst rotation."""
    start = _identities(x)
    flat = np.abs(_varimax_slope(x, start)).max(axis=(-1, -2)) <= _FLAT
    return np.where(flat[..., None, None], _other_start(x.shape[-1]), start)


def _varimax_settle(x: Floats, matrix: Floats, max_iterations: int) -> Floats:
    """Go on with shorter steps where the iteration jumped to and fro over the optimum."""
    k, p = x.shape[-1], x.shape[-2]
    settled = matrix.reshape(-1, k, k).copy()
    rows = x.reshape(-1, p, k)
    place = np.flatnonzero(_tilt(_varimax_slope(rows, settled), settled) > _STALLED * p)
    rows, moving = rows[place], settled[place]
    for _ in range(max_iterations):
        if not len(place):
            return settled.reshape(matrix.shape)
        u, _, v = np.linalg.svd(_varimax_slope(rows, moving) + p * moving / 4)
        moving = u @ v
        settled[place] = moving
        stalled = _tilt(_varimax_slope(rows, moving), moving) > _FLAT * p
        place, rows, moving = place[stalled], rows[stalled], moving[stalled]
    _not_settled("varimax", max_iterations)
    return settled.reshape(matrix.shape)


def _tilt(slope: Floats, matrix: Floats) -> Floats:
    """How far the slope is from that of an optimum, where ``matrix' slope`` is symmetric."""
    inner = np.swapaxes(matrix, -1, -2) @ slope
    return np.asarray(np.abs(inner - np.swapaxes(inner, -1, -2)).max(axis=(-1, -2)))


def _other_start(k: int) -> Floats:
    """A fixed rotation that turns every pair of axes."""
    turned = np.eye(k) + 0.3 * np.triu(np.ones((k, k)), 1) - 0.3 * np.tril(np.ones((k, k)), -1)
    u, _, v = np.linalg.svd(turned)
    return np.asarray(u @ v, dtype=np.float64)


def _quartimax(loadings: Floats) -> tuple[float, Floats]:
    squared = loadings**2
    return -float((squared**2).sum()) / 4, -(squared * loadings)


def _equamax(loadings: Floats) -> tuple[float, Floats]:
    """Crawford and Ferguson's criterion with kappa = k/2p, and its slope."""
    p, k = loadings.shape
    kappa = k / (2 * p)
    squared = loadings**2
    row = squared.sum(axis=1, keepdims=True) - squared
    column = squared.sum(axis=0) - squared
    mixed = (1 - kappa) * row + kappa * column
    return float((squared * mixed).sum()) / 4, loadings * mixed


def _oblimin(loadings: Floats, gamma: float) -> tuple[float, Floats]:
    squared = loadings**2
    others = squared.sum(axis=1, keepdims=True) - squared
    if gamma:
        others = others - gamma * others.mean(axis=0)
    return float((squared * others).sum()) / 4, loadings * others


def _orthogonal(
    a: Floats,
    start: Floats,
    criterion: Callable[[Floats], tuple[float, Floats]],
    name: str,
    tolerance: float,
    max_iterations: int,
) -> _Projection:
    """Gradient projection over orthogonal matrices, for quartimax and equamax."""
    matrix = start
    value, gradient = criterion(a @ matrix)
    slope = a.T @ gradient
    step, moved = 1.0, False
    for _ in range(max_iterations + 1):
        inner = matrix.T @ slope
        projected = slope - matrix @ (inner + inner.T) / 2
        length = np.linalg.norm(projected)
        if length < tolerance:
            break
        step, moved = step * 2, True
        for _ in range(11):
            u, _, v = np.linalg.svd(matrix - step * projected)
            candidate = u @ v
            reached, gradient = criterion(a @ candidate)
            if reached < value - 0.5 * length**2 * step:
                break
            step /= 2
        matrix, value, slope = candidate, reached, a.T @ gradient
    else:
        _not_settled(name, max_iterations)
    rotated = np.asarray(a @ matrix, dtype=np.float64)
    return _Projection(Rotation(rotated, matrix, np.eye(len(matrix))), value, moved)


def _oblique(
    a: Floats, start: Floats, gamma: float, tolerance: float, max_iterations: int
) -> _Projection:
    """Gradient projection over matrices with columns of length 1, for oblimin."""
    axes, inverse = start, np.asarray(np.linalg.inv(start), dtype=np.float64)
    loadings = a @ inverse.T
    value, gradient = _oblimin(loadings, gamma)
    slope = -(loadings.T @ gradient @ inverse).T
    step, moved = 1.0, False
    for _ in range(max_iterations + 1):
        projected = slope - axes * (axes * slope).sum(axis=0)
        length = np.linalg.norm(projected)
        if length < tolerance:
            break
        step, moved = step * 2, True
        for _ in range(11):
            shifted = axes - step * projected
            candidate = shifted / np.sqrt((shifted**2).sum(axis=0))
            inverse = _solve(candidate, np.eye(len(candidate)), "oblimin")
            loadings = a @ inverse.T
            reached, gradient = _oblimin(loadings, gamma)
            if value - reached > 0.5 * length**2 * step:
                break
            step /= 2
        axes, value = candidate, reached
        slope = -(loadings.T @ gradient @ inverse).T
    else:
        _not_settled("oblimin", max_iterations)
    phi = np.asarray(axes.T @ axes, dtype=np.float64)
    return _Projection(Rotation(loadings, inverse.T.copy(), phi), value, moved)


def _each(loadings: ArrayLike, method: Callable[[Floats, Floats], _Projection]) -> Rotation:
    """Apply a rotation to one matrix, or to each matrix of a stack."""
    a = _loadings(loadings)
    if a.shape[-1] < 2:
        return rotate_none(a)
    if a.ndim == 2:
        return _project(a, method)
    done = [_project(one, method) for one in a.reshape(-1, *a.shape[-2:])]
    shaped = [
        np.stack(part).reshape(*a.shape[:-2], *part[0].shape).astype(np.float64, copy=False)
        for part in zip(*done, strict=True)
    ]
    return Rotation(*shaped)


def _project(a: Floats, method: Callable[[Floats, Floats], _Projection]) -> Rotation:
    """Start at the identity; where that is flat, see whether another start ends lower."""
    k = a.shape[1]
    plain = method(a, np.eye(k))
    if plain.moved:
        return plain.rotation
    other = method(a, _other_start(k))
    return other.rotation if other.value < plain.value - _FLAT else plain.rotation


def _loadings(loadings: ArrayLike) -> Floats:
    if isinstance(loadings, np.ndarray) and loadings.ndim > 2:
        stack = np.asarray(loadings, dtype=np.float64)
        if not np.isfinite(stack).all():
            raise DataError("the loadings: some are not finite numbers.")
        return stack
    return to_matrix(loadings, "the loadings")


def _identities(loadings: Floats) -> Floats:
    k = loadings.shape[-1]
    return np.broadcast_to(np.eye(k), (*loadings.shape[:-2], k, k)).copy()


def _solve(matrix: Floats, right: Floats, name: str) -> Floats:
    try:
        return np.asarray(np.linalg.solve(matrix, right), dtype=np.float64)
    except np.linalg.LinAlgError:
        raise DataError(
            f"{name} cannot rotate these loadings: the factors are not independent.",
            remedy="Ask for fewer factors, or choose rotation='varimax'.",
        ) from None


def _not_settled(name: str, rounds: int) -> None:
    warn(
        f"The {name} rotation did not settle in {rounds} rounds; its loadings are approximate. "
        "Try another rotation or number of factors.",
        ConvergenceWarning,
        stacklevel=4,
    )
