"""Spans of text as arrays: which overlap, what is covered, what lies near.

All spans are half-open: ``[start, end)`` in code points. The steps sort the ends once
and look positions up; nothing loops over characters or over pairs of spans. Spans in
different groups (sources, or sources by coder) never meet.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import DataError

__all__ = ["Axis", "cover", "cross_pairs", "pair_counts", "runs", "shared_length", "touched"]

Ints = NDArray[np.int64]
#: Cells (positions × codes) of a dense block; a small one stays in the processor's cache.
BLOCK = 400_000
#: Pairs of spans that are listed at most.
MOST_PAIRS = 5_000_000


class Axis:
    """One long axis on which the groups lie one behind the other, apart.

    Parameters
    ----------
    groups : sequence of integer arrays
        Group number of each span, one array for every set of spans that shall be
        laid on the axis.
    ends : sequence of integer arrays
        Their ends, to know how long each group is.
    margin : int
        Room left between two groups.

    Examples
    --------
    >>> axis = Axis([[0, 1]], [[10, 20]])
    >>> axis.place([0, 1], [3, 3]).tolist()
    [3, 14]
    """

    def __init__(self, groups: list[ArrayLike], ends: list[ArrayLike], margin: int = 0) -> None:
        number = np.concatenate([np.asarray(g, dtype=np.int64) for g in groups])
        last = np.concatenate([np.asarray(e, dtype=np.int64) for e in ends])
        lengths = np.zeros(int(number.max(initial=-1)) + 1, dtype=np.int64)
        np.maximum.at(lengths, number, last)
        room = lengths + 1 + 2 * margin
        self.offsets: Ints = margin + np.concatenate([[0], np.cumsum(room)[:-1]])[: len(room)]

    def place(self, group: ArrayLike, position: ArrayLike) -> Ints:
        """Positions within groups as positions on the axis."""
        placed: Ints = self.offsets[np.asarray(group, dtype=np.int64)] + np.asarray(
            position, dtype=np.int64
        )
        return placed


def touched(
    groups: ArrayLike,
    starts: ArrayLike,
    ends: ArrayLike,
    other_groups: ArrayLike,
    other_starts: ArrayLike,
    other_ends: ArrayLike,
    *,
    within: int | None = None,
) -> Ints:
    """How many spans of another set each span overlaps, or has within some characters.

    The number of others that begin before the span ends, less the number that end
    before it begins. Empty spans overlap nothing.

    Parameters
    ----------
    groups, starts, ends : integer arrays
        The spans asked about.
    other_groups, other_starts, other_ends : integer arrays
        The spans that may touch them.
    within : int, optional
        Count the others whose gap to the span has at most so many characters
        (0: adjacent ones count); overlaps only when not given.

    Examples
    --------
    >>> touched([0, 0], [0, 10], [5, 15], [0], [4], [8]).tolist()
    [1, 0]
    >>> touched([0, 0], [0, 10], [5, 15], [0], [4], [8], within=2).tolist()
    [1, 1]
    """
    g, s, e = (np.asarray(v, dtype=np.int64) for v in (groups, starts, ends))
    og, os, oe = (np.asarray(v, dtype=np.int64) for v in (other_groups, other_starts, other_ends))
    if not len(g) or not len(og):
        return np.zeros(len(g), dtype=np.int64)
    near = 0 if within is None else within + 1
    axis = Axis([g, og], [e, oe], margin=near)
    full = oe > os
    begins = np.sort(axis.place(og, os)[full])
    finishes = np.sort(axis.place(og, oe)[full])
    before = np.searchsorted(begins, axis.place(g, e) + near, side="left")
    past = np.searchsorted(finishes, axis.place(g, s) - near, side="right")
    found: Ints = np.where(e > s, before - past, 0)
    return found


def cross_pairs(
    one: tuple[ArrayLike, ArrayLike, ArrayLike],
    two: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    within: int | None = None,
) -> tuple[Ints, Ints]:
    """Every pair of a span of one set and a span of another that overlap or lie near.

    Two spans overlap where the second begins inside the first, or the first inside the
    second and behind its beginning; with each set sorted by its beginnings, both are
    runs of neighbours.

    Parameters
    ----------
    one, two : (groups, starts, ends)
        Integer arrays of each set.
    within : int, optional
        As for :func:`touched`.

    Returns
    -------
    (array, array)
        Rows in the first and in the second set, in the order of the first.

    Raises
    ------
    DataError
        When there are more pairs than can be listed.

    Examples
    --------
    >>> cross_pairs(([0, 0], [0, 10], [5, 12]), ([0, 0], [4, 6], [11, 7]))
    (array([0, 1]), array([0, 0]))
    """
    g, s, e = (np.asarray(v, dtype=np.int64) for v in one)
    og, os, oe = (np.asarray(v, dtype=np.int64) for v in two)
    near = 0 if within is None else within + 1
    rows, others = np.flatnonzero(e > s), np.flatnonzero(oe > os)
    if not len(rows) or not len(others):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    axis = Axis([g, og], [e, oe], margin=near)
    start, end = axis.place(g, s)[rows], axis.place(g, e)[rows]
    begin = axis.place(og, os)[others] - near
    finish = axis.place(og, oe)[others] + near
    by, other_by = np.argsort(start, kind="stable"), np.argsort(begin, kind="stable")
    begins, starts = begin[other_by], start[by]
    first = (np.searchsorted(begins, start, "left"), np.searchsorted(begins, end, "left"))
    second = (np.searchsorted(starts, begin, "right"), np.searchsorted(starts, finish, "left"))
    n_pairs = sum(int(np.maximum(till - since, 0).sum()) for since, till in (first, second))
    if n_pairs > MOST_PAIRS:
        raise DataError(
            f"There are {n_pairs:,} pairs of spans, more than can be listed.",
            remedy="Ask for fewer codes or sources, or count them with coding.cooccurrence.",
        )
    a, at = runs(*first)
    b, other_at = runs(*second)
    left = np.concatenate([rows[a], rows[by[other_at]]])
    right = np.concatenate([others[other_by[at]], others[b]])
    order = np.lexsort((right, left))
    return left[order], right[order]


def runs(first: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """Ranges spelled out: the row of each range, and each number in it.

    Examples
    --------
    >>> runs(np.array([3, 8]), np.array([5, 9]))
    (array([0, 0, 1]), array([3, 4, 8]))
    """
    count = np.maximum(stop - first, 0)
    row = np.repeat(np.arange(len(first)), count)
    step = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    return row, first[row] + step


def cover(groups: ArrayLike, starts: ArrayLike, ends: ArrayLike) -> tuple[Ints, Ints, Ints]:
    """The union of spans: each covered stretch once, as groups, starts, ends.

    Adjacent spans are joined.

    Examples
    --------
    >>> cover([0, 0, 0], [4, 0, 9], [8, 5, 12])
    (array([0, 0]), array([0, 9]), array([ 8, 12]))
    """
    g, s, e = (np.asarray(v, dtype=np.int64) for v in (groups, starts, ends))
    full = np.flatnonzero(e > s)
    order = full[np.lexsort((s[full], g[full]))]
    g, s, e = g[order], s[order], e[order]
    if not len(g):
        return g, s, e
    axis = Axis([g], [e])
    reach = np.maximum.accumulate(axis.place(g, e))
    fresh = np.concatenate([[True], axis.place(g, s)[1:] > reach[:-1]])
    begin = np.flatnonzero(fresh)
    last = np.concatenate([begin[1:], [len(g)]]) - 1
    return g[begin], s[begin], reach[last] - axis.offsets[g[begin]]


def pair_counts(
    groups: Ints, starts: Ints, ends: Ints, members: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Overlapping pairs of spans by code, and spans that have a partner.

    Nothing is listed: for each span the number of spans of every code that begin
    before it ends, less the number that end before it begins, is read off two
    running totals.

    Parameters
    ----------
    groups, starts, ends : (spans,) integer arrays
    members : (spans, codes) booleans
        Whether a span belongs to a code.

    Returns
    -------
    pairs : (codes, codes) integers
        Pairs of different spans, the first of the row's code, the second of the
        column's, that overlap; on the diagonal each pair counts once.
    partnered : (codes, codes) integers
        Spans of the row's code that overlap another span of the column's code.

    Examples
    --------
    >>> own = np.array([[True, False], [False, True], [False, True]])
    >>> pairs, partnered = pair_counts(
    ...     np.zeros(3, np.int64), np.array([0, 1, 3]), np.array([4, 2, 6]), own)
    >>> pairs.tolist(), partnered.tolist()
    ([[0, 2], [2, 0]], [[0, 1], [2, 0]])
    """
    n_codes = members.shape[1]
    full = ends > starts  # an empty span overlaps nothing
    groups, starts, ends, members = groups[full], starts[full], ends[full], members[full]
    pairs = np.zeros((n_codes, n_codes), dtype=np.int64)
    partnered = np.zeros((n_codes, n_codes), dtype=np.int64)
    for part in _blocks(groups, n_codes):
        g, s, e, own = groups[part], starts[part], ends[part], members[part]
        begin, finish, where, till = _sorted_ends(g, s, e)
        number = np.zeros((len(g) + 1, n_codes), dtype=np.int32)
        np.cumsum(own[begin], axis=0, dtype=np.int32, out=number[1:])
        others = number[where]
        np.cumsum(own[finish], axis=0, dtype=np.int32, out=number[1:])
        others -= number[till]
        others -= own
        mine = own.astype(np.float64)
        pairs += np.rint(mine.T @ others).astype(np.int64)
        partnered += np.rint(mine.T @ (others > 0)).astype(np.int64)
    shape = np.diag_indices(n_codes)
    pairs[shape] //= 2
    return pairs, partnered


def _sorted_ends(g: Ints, s: Ints, e: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Orders of starts and ends; how many start before each end, how many end by each start."""
    axis = Axis([g], [e])
    start, end = axis.place(g, s), axis.place(g, e)
    begin, finish = np.argsort(start, kind="stable"), np.argsort(end, kind="stable")
    return (
        begin,
        finish,
        np.searchsorted(start[begin], end, side="left"),
        np.searchsorted(end[finish], start, side="right"),
    )


def shared_length(
    groups: Ints,
    starts: Ints,
    ends: Ints,
    members: NDArray[np.bool_],
    *,
    limits: Ints | None = None,
) -> Ints:
    """Characters that lie under both of two codes; on the diagonal, under one.

    Between two neighbouring ends of spans nothing changes: which codes lie on such a
    stretch is a running total, and its length is counted once for each pair of codes.

    Parameters
    ----------
    groups, starts, ends : (spans,) integer arrays
    members : (spans, codes) booleans
    limits : integer array, optional
        Length of each group: positions at or behind it do not count.

    Returns
    -------
    (codes, codes) integers

    Examples
    --------
    >>> own = np.array([[True, False], [False, True]])
    >>> shared_length(np.zeros(2, np.int64), np.array([0, 3]), np.array([5, 9]), own).tolist()
    [[5, 2], [2, 6]]
    """
    n_codes = members.shape[1]
    if limits is not None:
        starts, ends = np.maximum(starts, 0), np.minimum(ends, limits[groups])
    full = ends > starts
    groups, starts, ends, members = groups[full], starts[full], ends[full], members[full]
    total = np.zeros((n_codes, n_codes))
    for part in _blocks(groups, 2 * n_codes):
        g, s, e, own = groups[part], starts[part], ends[part], members[part]
        axis = Axis([g], [e])
        events = np.concatenate([axis.place(g, s), axis.place(g, e)])
        order = np.argsort(events, kind="stable")
        change = np.concatenate([own, own]).astype(np.int32)
        change[len(g) :] *= -1
        on = (np.cumsum(change[order], axis=0, dtype=np.int32)[:-1] > 0).astype(np.float64)
        total += on.T @ (on * np.diff(events[order])[:, None])
    return np.rint(total).astype(np.int64)


def _blocks(groups: Ints, width: int) -> Iterator[Ints]:
    """Rows, group by group, in parts small enough for a dense block."""
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    edges = np.concatenate([[0], edges, [len(order)]])
    most = max(BLOCK // max(width, 1), 1)
    begin = 0
    for i in range(1, len(edges)):
        if i == len(edges) - 1 or edges[i + 1] - begin > most:
            if edges[i] > begin:
                yield order[begin : edges[i]]
            begin = int(edges[i])
