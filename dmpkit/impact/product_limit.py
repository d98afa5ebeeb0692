"""The Aalen–Johansen product limit for any state space, with Greenwood covariance.

With p(t) the row of state probabilities, n_i(t) at risk in state i just before t
and d_ij(t) moves from i to j at t:

    p(t) = p(t−) M(t),   M_ij = d_ij / n_i,   M_ii = 1 − Σ_j d_ij / n_i
    C(t) = M(t)ᵀ C(t−) M(t) + Σ_i p_i(t−)² / n_i · (diag(M_i) − M_iᵀ M_i)

The second line is Greenwood's form (Andersen, Borgan, Gill and Keiding 1993,
section IV.4): the moves out of a state at one time are multinomial. It takes
ties as they are. With two states it is Kaplan–Meier, with one origin and several
absorbing states the cumulative incidence.

The recursion runs over blocks of times side by side, so that a distinct time
costs no step of Python by itself, and in pieces, so that memory stays small.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dmpkit.impact.followup import Floats, FollowUp, Ints, risk_counts

__all__ = ["Counts", "counts_of_causes", "integrated", "product_limit"]

_CELLS = 4_000_000  # numbers that a piece of the recursion may hold in one array


@dataclass(frozen=True, eq=False)
class Counts:
    """What a product limit needs.

    Attributes
    ----------
    times : ndarray, shape (T,)
        Distinct times at which something ended, ascending.
    pairs : ndarray of int, shape (P, 2)
        From and to of each kind of move that occurs.
    moves : ndarray of int, shape (T, P)
    at_risk : ndarray of int, shape (T, S)
        Just before each time, by state.
    spells : tuple of (ndarray, ndarray)
        Starts and ends of the stays in each state, each sorted by itself.
    """

    times: Floats
    pairs: Ints
    moves: Ints
    at_risk: Ints
    spells: tuple[tuple[Floats, Floats], ...]

    @property
    def n_states(self) -> int:
        """Number of states."""
        return int(self.at_risk.shape[1])

    def risk_at(self, times: Floats) -> Ints:
        """At risk just before any times, shape (t, S)."""
        return np.stack([risk_counts(times, *spell) for spell in self.spells], axis=1)

    def until(self, used: int) -> Counts:
        """The counts of the first times only."""
        return replace(
            self, times=self.times[:used], moves=self.moves[:used], at_risk=self.at_risk[:used]
        )

    def matrices(self, chosen: slice) -> tuple[Floats, Floats]:
        """Transition matrices, shape (t, S, S), and 1 / n, shape (t, S), 0 where n is 0."""
        n = self.at_risk[chosen].astype(np.float64)
        inverse = np.divide(1.0, n, out=np.zeros_like(n), where=n > 0)
        matrices = np.tile(np.eye(self.n_states), (len(n), 1, 1))
        for p, (i, j) in enumerate(self.pairs):
            share = self.moves[chosen, p] * inverse[:, i]
            matrices[:, i, j] += share
            matrices[:, i, i] -= share
        # 1 - n/n may leave a crumb below 0
        return np.where(np.abs(matrices) < 1e-15, 0.0, matrices), inverse


def counts_of_causes(seen: FollowUp) -> Counts:
    """The counts of items that leave one state for one of several causes.

    State 0 is *pending*; state k is cause k.

    Examples
    --------
    >>> from dmpkit.impact.followup import follow_up
    >>> counts = counts_of_causes(follow_up([1, 1, 2], [1, 0, 1]))
    >>> counts.at_risk[:, 0].tolist(), counts.moves[:, 0].tolist()
    ([3, 1], [1, 1])
    """
    times, place = np.unique(seen.time, return_inverse=True)
    k = len(seen.causes)
    moves = np.zeros((len(times), k), dtype=np.int64)
    done = seen.code > 0
    np.add.at(moves, (place[done], seen.code[done] - 1), 1)
    none = np.empty(0)
    spells = ((np.sort(seen.entry), np.sort(seen.time)), *[(none, none)] * k)
    at_risk = np.zeros((len(times), k + 1), dtype=np.int64)
    at_risk[:, 0] = risk_counts(times, *spells[0])
    pairs = np.array([(0, j + 1) for j in range(k)], dtype=np.int64).reshape(k, 2)
    return Counts(times, pairs, moves, at_risk, spells)


def product_limit(counts: Counts, start: Floats) -> tuple[Floats, Floats, Floats]:
    """State probabilities after each time, their variances, and the last covariance.

    Parameters
    ----------
    counts : Counts
    start : ndarray, shape (S,)
        Probabilities before the first time, taken as known.

    Returns
    -------
    probabilities, variances : ndarray, shape (T, S)
    covariance : ndarray, shape (S, S)
        After the last time.

    Examples
    --------
    >>> from dmpkit.impact.followup import follow_up
    >>> counts = counts_of_causes(follow_up([1, 1, 2], [1, 0, 1]))
    >>> product_limit(counts, np.array([1.0, 0.0]))[0][:, 0].round(3).tolist()
    [0.667, 0.0]
    """
    s, total = counts.n_states, len(counts.times)
    piece = max(1, _CELLS // (s * s))
    p, covariance = np.asarray(start, dtype=np.float64), np.zeros((s, s))
    probabilities, variances = np.empty((total, s)), np.empty((total, s))
    for begin in range(0, total, piece):
        chosen = slice(begin, min(begin + piece, total))
        matrices, inverse = counts.matrices(chosen)
        out = _piece(matrices, inverse, p, covariance)
        probabilities[chosen], variances[chosen], covariance = out
        p = probabilities[chosen.stop - 1]
    return probabilities, variances, covariance


def _piece(
    matrices: Floats, inverse: Floats, p: Floats, covariance: Floats
) -> tuple[Floats, Floats, Floats]:
    """The recursion over some times, in blocks that run side by side."""
    total, s = inverse.shape
    width = int(np.ceil(np.sqrt(total)))
    n_blocks = -(-total // width)
    spare = n_blocks * width - total
    if spare:
        matrices = np.concatenate([matrices, np.tile(np.eye(s), (spare, 1, 1))])
        inverse = np.concatenate([inverse, np.zeros((spare, s))])
    blocks = matrices.reshape(n_blocks, width, s, s)
    prefix = blocks.copy()
    for b in range(1, width):
        prefix[:, b] = prefix[:, b - 1] @ blocks[:, b]
    starts = np.empty((n_blocks, s))
    for i in range(n_blocks):
        starts[i] = p
        p = p @ prefix[i, -1]
    after = np.einsum("ks,kbsj->kbj", starts, prefix)
    before = np.concatenate([starts[:, None], after[:, :-1]], axis=1)
    weight = before**2 * inverse.reshape(n_blocks, width, s)
    variances, covariance = _variances(blocks, prefix, weight, covariance)
    return after.reshape(-1, s)[:total], variances.reshape(-1, s)[:total], covariance


def _variances(
    blocks: Floats, prefix: Floats, weight: Floats, covariance: Floats
) -> tuple[Floats, Floats]:
    """Diagonals of the Greenwood covariance after each time, and the last covariance."""
    n_blocks, width, s = weight.shape
    inner = np.zeros((n_blocks, s, s))  # what has been added since the block began
    added = np.empty((n_blocks, width, s))
    which = np.arange(s)
    for b in range(width):
        m, w = blocks[:, b], weight[:, b]
        new = -np.swapaxes(m * w[:, :, None], 1, 2) @ m
        new[:, which, which] += np.einsum("ks,ksj->kj", w, m)
        inner = np.swapaxes(m, 1, 2) @ inner @ m + new
        added[:, b] = inner[:, which, which]
    for i in range(n_blocks):
        carried = np.einsum("bsj,sl,blj->bj", prefix[i], covariance, prefix[i], optimize=True)
        added[i] += carried
        covariance = prefix[i, -1].T @ covariance @ prefix[i, -1] + inner[i]
    # crumbs of subtraction, where a share has come to 0 or 1; a true variance is far larger
    return np.where(added < 1e-15, 0.0, added), covariance


def integrated(counts: Counts, start: Floats, horizon: float) -> tuple[Floats, Floats]:
    """Mean time spent in each state up to a horizon, with its Greenwood covariance.

    With V(t) the expected time in each state from t to the horizon, by the state
    at t, the moves out of state i at t add
    ``p_i(t−)² / n_i · (Vᵀ diag(M_i) V − (M_i V)ᵀ (M_i V))``; for two states this is the
    usual variance of a restricted mean.

    Parameters
    ----------
    counts : Counts
    start : ndarray, shape (S,)
    horizon : float

    Returns
    -------
    mean : ndarray, shape (S,)
    covariance : ndarray, shape (S, S)

    Examples
    --------
    >>> from dmpkit.impact.followup import follow_up
    >>> counts = counts_of_causes(follow_up([1, 1, 2], [1, 0, 1]))
    >>> integrated(counts, np.array([1.0, 0.0]), 2.0)[0].round(3).tolist()
    [1.667, 0.333]
    """
    used = int(np.searchsorted(counts.times, horizon, side="right"))
    matrices, inverse = counts.matrices(slice(0, used))
    after = product_limit(counts.until(used), start)[0] if used else np.empty((0, len(start)))
    before = np.vstack([start[None], after])[:used]
    gaps = np.diff(np.append(counts.times[:used], horizon))
    ahead = np.zeros((len(start), len(start)))
    covariance = np.zeros_like(ahead)
    for t in range(used - 1, -1, -1):
        ahead = gaps[t] * np.eye(len(start)) + ahead
        m, w = matrices[t], before[t] ** 2 * inverse[t]
        moved = m @ ahead
        covariance += (ahead * (w @ m)[:, None]).T @ ahead - (moved * w[:, None]).T @ moved
        ahead = moved
    first = counts.times[0] if used else horizon
    mean = start @ (first * np.eye(len(start)) + ahead)
    return mean, covariance
