"""The numbers of a match and the rule that turns them into an answer.

:func:`dmpkit.qmethod.matching.match_viewpoints` says in words what is computed
here. The rule and its thresholds are our own proposal.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dmpkit.qmethod.arrays import Bools, Floats
from dmpkit.qmethod.permuting import (
    PermutationNull,
    attainable,
    best_arranged,
    permutation_null,
    single_p_values,
    step_down,
    step_down_at,
    unit_length,
)

__all__ = ["Answer", "Comparison", "Question", "answers", "closest", "compare"]

PAIR_SHARE = 0.2  # of the level, spent on mixtures of two viewpoints
Z95 = 1.959963984540054
_TOLD_APART = 0.05  # of the largest eigenvalue of the claims' overlap


@dataclass(frozen=True, eq=False)
class Question:
    """What is compared: everything that the numbers of a match rest on."""

    rows: tuple[int, ...]  # statements of the study, in the order of what follows
    z: Floats  # n x k, factors with scores only
    errors: Floats  # k, standard error of a factor's z-scores
    basis: Literal["claims", "arrays"]
    stances: Floats  # units x v; NaN not stated. Units: claims, or statements
    weights: Floats  # n x units: signed tags; the identity for arrays
    level: float
    min_similarity: float
    mixed: bool
    n_permutations: int
    seed: int

    @cached_property
    def used(self) -> Bools:
        """Units that some viewpoint states and some statement speaks to."""
        stated = np.isfinite(self.stances).any(axis=1)
        centred = self.weights - self.weights.mean(axis=0)
        return np.asarray(stated & (np.abs(centred).max(axis=0) > 1e-12))

    @cached_property
    def units(self) -> Floats:
        """Tags of the units used: about 0, of length 1, so that each weighs the same."""
        return unit_length(self.weights[:, self.used])

    @cached_property
    def stated(self) -> Floats:
        """Stances on the units used, not stated as 0 (no pull)."""
        return np.nan_to_num(self.stances[self.used], nan=0.0)

    @cached_property
    def candidates(self) -> tuple[tuple[int, ...], ...]:
        """Single viewpoints, then pairs of viewpoints that both state something."""
        v = self.stated.shape[1]
        speaking = [j for j in range(v) if self.stated[:, j].any()]
        pairs = combinations(speaking, 2) if self.mixed else ()
        # a pair whose claims all cancel out asks for nothing
        return (
            *((j,) for j in range(v)),
            *(pair for pair in pairs if self._pattern(pair).any()),
        )

    def _pattern(self, members: tuple[int, ...]) -> Floats:
        columns = unit_length(self.stated) if self.basis == "arrays" else self.stated
        return np.asarray(columns[:, list(members)].sum(axis=1))

    @cached_property
    def patterns(self) -> Floats:
        """What each candidate expects of the units used."""
        return np.column_stack([self._pattern(members) for members in self.candidates])

    @cached_property
    def pulls(self) -> Floats:
        """What each candidate expects of the statements, about 0."""
        pulls = self.units @ self.patterns
        return np.asarray(pulls - pulls.mean(axis=0))

    @cached_property
    def scores(self) -> Floats:
        """Scores of the factors on the units used: regression of the z-scores on the tags.

        Where claims share no statement this is the correlation of tags and z. Where
        they do, a shared statement would make the claims move together, and claims
        that move together are not exchangeable; the regression takes that out.
        Directions in which tags hardly tell claims apart are left out.
        """
        overlap = self.units.T @ self.units
        apart = np.linalg.pinv(overlap, rcond=_TOLD_APART, hermitian=True)
        return np.asarray(apart @ (self.units.T @ self.z))


@dataclass(frozen=True, eq=False)
class Comparison:
    """Numbers of every factor (row) with every candidate (column)."""

    similarity: Floats
    margin: Floats
    fit: Floats
    p: Floats
    adjusted: Floats
    attainable: Floats
    exact: bool
    _at_best: Callable[[], Floats]

    @cached_property
    def attainable_adjusted(self) -> Floats:
        """Corrected p, were one fit the highest possible and all others as they are.

        Worked out when asked for: the race is run again for every cell.
        """
        return self._at_best()


@dataclass(frozen=True)
class Answer:
    """What is said of one factor."""

    answer: str
    column: int  # the candidate that the numbers belong to
    viewpoint: tuple[int, ...]
    why: str


# -- the numbers --------------------------------------------------------------------------


def compare(q: Question) -> Comparison:
    """Similarities, intervals and p-values of every factor with every candidate.

    Parameters
    ----------
    q : Question

    Returns
    -------
    Comparison
        Arrays of factors (with scores) x candidates.
    """
    patterns, scores = unit_length(q.patterns), unit_length(q.scores)
    families = np.array([len(members) - 1 for members in q.candidates])
    shares = np.array([1 - PAIR_SHARE, PAIR_SHARE]) if families.any() else np.ones(1)
    fit = scores.T @ patterns
    top, size = best_arranged(q.z, q.pulls), np.sqrt((q.pulls**2).sum(axis=0))
    if q.basis == "arrays":
        top = np.sqrt(((q.z - q.z.mean(axis=0)) ** 2).sum(axis=0))[:, None] * size
    top = np.where(top > 1e-12, top, np.nan)
    limit = np.where(size > 1e-12, attainable(patterns.round(12), q.n_permutations), 1.0)
    if not fit.size:
        empty = np.empty(fit.shape)
        return Comparison(empty, empty, empty, empty, empty, limit, False, partial(np.copy, empty))
    null = permutation_null(
        scores, patterns, families, n_permutations=q.n_permutations, seed=q.seed
    )
    p = single_p_values(scores, patterns, null)
    adjusted = step_down(fit, null, families, shares)
    return Comparison(
        similarity=(q.z.T @ q.pulls) / top,
        margin=Z95 * q.errors[:, None] * size / top,
        fit=fit,
        p=p,
        adjusted=np.minimum(1.0, np.maximum(adjusted, p / shares[families])),
        attainable=limit,
        exact=null.exact,
        _at_best=partial(_at_best, scores, patterns, null, families, shares, limit),
    )


def _at_best(
    scores: Floats,
    patterns: Floats,
    null: PermutationNull,
    families: NDArray[np.int_],
    shares: Floats,
    limit: Floats,
) -> Floats:
    """Corrected p, were one fit the highest that its factor's scores allow."""
    best = best_arranged(scores, patterns)
    p = step_down_at(scores.T @ patterns, best, null, families, shares)
    return np.asarray(np.minimum(1.0, np.maximum(p, limit / shares[families])))


def answers(q: Question, c: Comparison) -> tuple[Answer, ...]:
    """What is said of each factor.

    Parameters
    ----------
    q : Question
    c : Comparison
        Its numbers.

    Returns
    -------
    tuple of Answer
        One a factor with scores.
    """
    decide = _by_claims if q.basis == "claims" else _by_arrays
    return tuple(decide(q, c, i) for i in range(q.z.shape[1]))


def _passing(q: Question, c: Comparison, i: int) -> list[int]:
    """Candidates that pass both thresholds, best fit first."""
    good = (c.adjusted[i] <= q.level) & (c.similarity[i] >= q.min_similarity)
    order = np.lexsort((np.arange(len(good)), -c.fit[i].round(9)))
    return [int(j) for j in order if good[j]]


def _by_claims(q: Question, c: Comparison, i: int) -> Answer:
    for j in _passing(q, c, i):
        members = q.candidates[j]
        if len(members) == 1:
            return Answer("match", j, members, "")
        if all(_own_claims_carry(q, i, *order) for order in (members, members[::-1])):
            return Answer("mixed", j, members, "")
    return _without(q, c, i)


def _own_claims_carry(q: Question, i: int, member: int, other: int) -> bool:
    """Whether the claims that only `member` brings to a mixture carry it by themselves."""
    own = np.where(q.stated[:, other] == 0, q.stated[:, member], 0.0)
    if not own.any():
        return False
    pull = q.units @ own
    error = float(q.errors[i]) * math.sqrt(float(((pull - pull.mean()) ** 2).sum()))
    return bool(float(q.z[:, i] @ pull) - Z95 * error > 0)


def _by_arrays(q: Question, c: Comparison, i: int) -> Answer:
    passing = _passing(q, c, i)
    single = [j for j in passing if len(q.candidates[j]) == 1]
    if len(single) > 1 and q.mixed and not _told_apart(q, c, i, single[0], single[1]):
        members = (single[0], single[1])
        pair = [j for j, named in enumerate(q.candidates) if set(named) == set(members)]
        return Answer("mixed", pair[0], q.candidates[pair[0]], "")
    if single:
        return Answer("match", single[0], q.candidates[single[0]], "")
    if passing:
        return Answer("mixed", passing[0], q.candidates[passing[0]], "")
    return _without(q, c, i)


def _told_apart(q: Question, c: Comparison, i: int, first: int, second: int) -> bool:
    """Whether two congruences differ by more than the error of the z-scores explains."""
    arrays = unit_length(q.patterns[:, [first, second]])
    length = float(np.sqrt(((q.z[:, i] - q.z[:, i].mean()) ** 2).sum()))
    apart = float(np.sqrt(((arrays[:, 0] - arrays[:, 1]) ** 2).sum()))
    gap = float(c.similarity[i, first] - c.similarity[i, second])
    return gap > Z95 * float(q.errors[i]) * apart / length


def _without(q: Question, c: Comparison, i: int) -> Answer:
    v = q.stated.shape[1]
    share = 1 - PAIR_SHARE if len(q.candidates) > v else 1.0
    near = closest(c.similarity[i, :v])
    possible = (c.attainable[:v] / share <= q.level) & np.isfinite(c.similarity[i, :v])
    if not possible.any():
        why = "no viewpoint states enough claims to reach the level"
        return Answer("not testable", near, (), why)
    low = c.similarity[i, near] < q.min_similarity
    why = "similarity too low" if low else "claims in other arrangements fit as well"
    return Answer("no match", near, (), why)


def closest(similarity: Floats) -> int:
    """Position of the highest similarity, undefined ones left out."""
    return int(np.where(np.isfinite(similarity), similarity, -np.inf).argmax())
