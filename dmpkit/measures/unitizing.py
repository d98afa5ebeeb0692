"""Agreement where raters also choose where a unit begins and ends.

Spans are half-open, ``start`` included and ``end`` not, in whole positions
(characters, seconds). Two things are offered.

*Unitising alphas*, which take the continuum as it is: Krippendorff's α_U of 1995
(formulas of 2004, section 11.6), category by category with a metric for the
misfit of two spans; and u-alpha of 2016 for nominal values (Krippendorff, Mathet,
Bouvry & Widlöcher), on lengths of intersections, with gaps as a value. The
variants |u-alpha, cu-alpha and (k)u-alpha of the same article are left out: we have
no published value to hold them against.

*Breakpoint segments* (:func:`character_ratings`), on which every coefficient of
:mod:`dmpkit.measures.agreement` can be computed as if each character were a unit,
without visiting characters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.measures.ratings import Floats, Ints, Ratings
from dmpkit.reporting import Estimate
from dmpkit.resampling import drawn_seed, run_resamples
from dmpkit.tables import require_columns, to_pandas

__all__ = ["CodedSegments", "character_ratings", "unitizing_alpha", "unitizing_table"]

NAN = math.nan


# --- reading -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Spans:
    """Spans on one continuum, sources laid end to end.

    `coder`, `value`: positions in `coders`, `values`; `source`: of each span;
    `bounds`: where each source starts, and the end of the last.
    """

    coder: Ints
    value: Ints
    start: Ints
    end: Ints
    source: Ints
    coders: tuple[str, ...]
    values: tuple[str, ...]
    sources: tuple[str, ...]
    bounds: Ints

    @property
    def length(self) -> int:
        return int(self.bounds[-1])

    @property
    def sizes(self) -> Ints:
        """Length of each source."""
        sizes: Ints = (self.bounds[1:] - self.bounds[:-1]).astype(np.int64)
        return sizes

    def of(self, coder: int, value: int | None = None) -> tuple[Ints, Ints, Ints, Ints]:
        """Start, end, value and source of a coder's spans, by position."""
        chosen = self.coder == coder
        if value is not None:
            chosen &= self.value == value
        order = np.flatnonzero(chosen)
        order = order[np.argsort(self.start[order], kind="stable")]
        return self.start[order], self.end[order], self.value[order], self.source[order]


def _read(
    spans: Any, length: int | Mapping[str, int], begin: int, coders: Sequence[str] | None
) -> _Spans:
    frame = to_pandas(spans, what="spans").reset_index(drop=True)
    require_columns(frame, ["coder", "start", "end"])
    several = isinstance(length, Mapping)
    if several:
        require_columns(frame, ["source"])
    sizes = _sizes(length)
    names = list(sizes)
    for column in ("coder", "value", "source"):
        if column in frame and frame[column].isna().any():
            row = int(frame[column].isna().to_numpy().argmax())
            raise DataError(f"A span has no {column}.", row=row + 2, column=column)
    start, end = _positions(frame, "start") - begin, _positions(frame, "end") - begin
    source = np.zeros(len(frame), dtype=np.int64)
    if several:
        source = _places(frame["source"], names, "source")
    elif "source" in frame and len(set(frame["source"])) > 1:
        raise DataError(
            "The spans are of several sources, and there is one length.",
            remedy="Give length={source: length, ...}.",
        )
    size = np.array([sizes[n] for n in names], dtype=np.int64)
    _inside(frame, start, end, size[source], begin)
    seen = list(dict.fromkeys(frame["coder"].astype(str)))
    known = seen if coders is None else [str(c) for c in coders]
    value = frame["value"].astype(str) if "value" in frame else pd.Series(["span"] * len(frame))
    values = sorted(set(value))
    bounds = np.concatenate([[0], np.cumsum(size)])
    return _Spans(
        _places(frame["coder"], known, "coder"), _places(value, values, "value"),
        start + bounds[source], end + bounds[source], source,
        tuple(known), tuple(values), tuple(names), bounds,
    )  # fmt: skip


def _sizes(length: int | Mapping[str, int]) -> dict[str, int]:
    given: Mapping[Any, Any] = length if isinstance(length, Mapping) else {"": length}
    for name, size in given.items():
        whole = isinstance(size, Integral) and not isinstance(size, bool)
        if not whole or int(size) < 1:
            where = f" of {name}" if name else ""
            raise DataError(f"The length{where} is {size!r}; it must be a whole number above 0.")
    if not given:
        raise DataError("There is no source.", remedy="Give length={source: length, ...}.")
    return {str(name): int(size) for name, size in given.items()}


def _positions(frame: pd.DataFrame, column: str) -> Ints:
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~np.isfinite(numbers) | (numbers != np.round(numbers))
    if wrong.any():
        row = int(wrong.argmax())
        raise DataError(
            f"{frame[column].iloc[row]!r} is not a whole position.", row=row + 2, column=column
        )
    whole: Ints = numbers.astype(np.int64)
    return whole


def _places(values: pd.Series[Any], names: Sequence[str], what: str) -> Ints:
    place = {name: i for i, name in enumerate(names)}
    found = values.astype(str).map(place)
    if found.isna().any():
        row = int(found.isna().to_numpy().argmax())
        raise DataError(
            f"{values.iloc[row]!r} is not a known {what}.", row=row + 2, column=what,
            remedy=f"Known are {', '.join(names[:12])}.",
        )  # fmt: skip
    return np.array([int(v) for v in found], dtype=np.int64)


def _inside(frame: pd.DataFrame, start: Ints, end: Ints, size: Ints, begin: int) -> None:
    empty, out = start >= end, (start < 0) | (end > size)
    if empty.any():
        row = int(empty.argmax())
        raise DataError(
            f"The span from {frame['start'].iloc[row]} to {frame['end'].iloc[row]} is empty or "
            "runs backwards.",
            row=row + 2,
            remedy="The end is the position after the last one; it must lie after the start.",
        )
    if out.any():
        row = int(out.argmax())
        raise DataError(
            f"The span from {frame['start'].iloc[row]} to {frame['end'].iloc[row]} leaves the "
            f"continuum from {begin} to {begin + int(size[row])}.",
            row=row + 2,
        )


# --- the alphas --------------------------------------------------------------------


def unitizing_alpha(
    spans: Any,
    length: int | Mapping[str, int],
    version: Literal[1995, 2016] = 2016,
    *,
    begin: int = 0,
    coders: Sequence[str] | None = None,
    n_resamples: int = 0,
    seed: int | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Krippendorff's alpha for raters who choose the units themselves.

    `version` 2016 is u-alpha for nominal values: observed coincidences are lengths
    of intersections of one coder's segments with another's, gaps being a value of
    their own; expected ones ℓ_c ℓ_k, from whose total ℓ² of every unit and ℓ of
    every gap are taken away, since a segment cannot meet itself. A coder's spans
    may not overlap. `version` 1995 is α_U: for each value the squared misfit of
    spans that intersect, the squared length of spans that lie in another's gap,
    and what chance placement would give; the total is over all values. Spans of
    different values may overlap there.

    There is no standard error in the literature. With several sources, 2016 can be
    bootstrapped over sources; with 25 texts the 95 % interval covers 93 % (simulated).

    Parameters
    ----------
    spans : DataFrame
        ``coder, start, end`` and, where there are several kinds, ``value``;
        ``source`` where `length` names several.
    length : int or mapping of source to int
        Positions of the continuum. Several sources are laid end to end.
    version : {2016, 1995}
    begin : int
        First position, where it is not 0.
    coders : sequence of str, optional
        All coders, so that one who marked nothing counts; those seen when not given.
    n_resamples, seed, confidence
        Of a bootstrap over sources (2016 only).

    Returns
    -------
    Estimate
        `n` is the number of spans. NaN where alpha is undefined; the note says why.

    Raises
    ------
    DataError
        Spans that overlap or leave the continuum, unknown coders, fewer than two coders.

    References
    ----------
    .. [1] Krippendorff, K. (1995). On the reliability of unitizing continuous data.
       Sociological Methodology 25, 47-76.
    .. [2] Krippendorff, K., Mathet, Y., Bouvry, S. & Widlöcher, A. (2016). On the
       reliability of unitizing textual continua: further developments. Quality &
       Quantity 50, 2347-2364.

    Examples
    --------
    >>> spans = pd.DataFrame({"coder": ["a", "a", "b", "b"], "start": [2, 14, 4, 15],
    ...                       "end": [10, 20, 8, 17]})
    >>> round(unitizing_alpha(spans, 24).value, 4), round(unitizing_alpha(spans, 24, 1995).value, 4)
    (0.3583, 0.5153)
    """
    read = _read(spans, length, begin, coders)
    if version not in (1995, 2016):
        raise DataError(f"There is no version {version!r}.", remedy="Use 2016 or 1995.")
    if len(read.coders) < 2:
        raise DataError(
            "Agreement needs two coders or more.",
            remedy="Name all of them in coders=, those who marked nothing included.",
        )
    name = "u-alpha 2016, nominal" if version == 2016 else "alpha_U 1995"
    if version == 1995:
        if n_resamples:
            raise DataError(
                "The 1995 version cannot be resampled by source: its gaps run across sources.",
                remedy="Use version=2016, or n_resamples=0.",
            )
        table = _table_1995(read)
        value = _ratio(float(table["observed"].sum()), float(table["expected"].sum()))
        return Estimate(value, n=len(read.start), note=_note(name, read, value))
    parts = _parts_2016(read)
    value = float(parts.alpha(np.ones((1, len(read.sources))))[0])
    if math.isnan(value) or not n_resamples:
        return Estimate(value, n=len(read.start), note=_note(name, read, value))
    return _bootstrap(parts, value, name, read, n_resamples, seed, confidence)


def _note(name: str, read: _Spans, value: float) -> str:
    if not math.isnan(value):
        return f"{name}; no standard error in the literature"
    if not len(read.start):
        return f"{name}; undefined: nobody marked anything"
    return f"{name}; undefined: chance placement could not make the coders differ"


def _ratio(observed: float, expected: float) -> float:
    return 1 - observed / expected if expected > 0 else NAN


def unitizing_table(
    spans: Any,
    length: int | Mapping[str, int],
    *,
    begin: int = 0,
    coders: Sequence[str] | None = None,
) -> pd.DataFrame:
    """α_U of 1995 value by value: observed and expected disagreement.

    Parameters
    ----------
    spans, length, begin, coders
        As in :func:`unitizing_alpha`.

    Returns
    -------
    DataFrame
        ``value, n_spans, observed, expected, alpha``.

    Raises
    ------
    DataError
        As there.

    Examples
    --------
    >>> spans = pd.DataFrame({"coder": ["a", "a", "b", "b"], "start": [2, 14, 4, 15],
    ...                       "end": [10, 20, 8, 17]})
    >>> unitizing_table(spans, 24).round(4).values.tolist()
    [['span', 4, 0.0312, 0.0645, 0.5153]]
    """
    return _table_1995(_read(spans, length, begin, coders))


def _table_1995(read: _Spans) -> pd.DataFrame:
    m, total = len(read.coders), read.length
    rows = []
    for value, name in enumerate(read.values):
        own = []
        for coder in range(m):
            start, end, _, _ = read.of(coder, value)
            _no_overlap(start, end, read.coders[coder], f" marked {name}")
            own.append((start, end))
        observed = sum(_misfit(own[i], own[j]) for i in range(m) for j in range(i))
        observed *= 2 / (m * (m - 1) * total**2)
        expected = _expected_1995(own, total)
        rows.append(
            {
                "value": name,
                "n_spans": sum(len(start) for start, _ in own),
                "observed": observed,
                "expected": expected,
                "alpha": _ratio(observed, expected),
            }
        )
    return pd.DataFrame(rows, columns=["value", "n_spans", "observed", "expected", "alpha"])


def _no_overlap(start: Ints, end: Ints, coder: str, what: str) -> None:
    """`start` sorted."""
    over = start[1:] < end[:-1]
    if over.any():
        i = int(over.argmax())
        raise DataError(
            f"Two spans{what} by {coder} overlap: {start[i]} to {end[i]} and "
            f"{start[i + 1]} to {end[i + 1]}.",
            remedy="Take one code at a time, and join overlapping spans of one code and coder.",
        )


def _misfit(a: tuple[Ints, Ints], b: tuple[Ints, Ints]) -> float:
    """Σ of δ² over intersecting spans and over spans inside the other's gaps."""
    first, last = _meeting(a, b)
    count = last - first
    mine = np.repeat(np.arange(len(a[0])), count)
    other = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    other = other + np.repeat(first, count)
    apart = (a[0][mine] - b[0][other]) ** 2 + (a[1][mine] - b[1][other]) ** 2
    alone = float(((a[1] - a[0])[count == 0] ** 2).sum())
    first, last = _meeting(b, a)
    alone += float(((b[1] - b[0])[last == first] ** 2).sum())
    return float(apart.sum()) + alone


def _meeting(a: tuple[Ints, Ints], b: tuple[Ints, Ints]) -> tuple[Ints, Ints]:
    """For each span of `a` the range of spans of `b` that intersect it."""
    return np.searchsorted(b[1], a[0], side="right"), np.searchsorted(b[0], a[1], side="left")


def _expected_1995(own: list[tuple[Ints, Ints]], total: int) -> float:
    """Mean δ² over all placements of spans against spans and gaps.

    (2/L)·Σ [(N − 1)/3·(2l³ − 3l² + l) + l²·Σ_gaps (g − l + 1)] over the N spans of
    length l and the gaps of length g ≥ l, divided by mL(mL − 1) − Σ l(l − 1).
    """
    size = np.concatenate([end - start for start, end in own]).astype(np.float64)
    gaps = np.sort(np.concatenate([_gaps(start, end, total) for start, end in own]))
    from_end = np.concatenate([np.cumsum(gaps[::-1])[::-1], [0.0]])
    first = np.searchsorted(gaps, size, side="left")
    room = from_end[first] - (len(gaps) - first) * (size - 1)
    overlapping = (len(size) - 1) / 3 * (2 * size**3 - 3 * size**2 + size)
    above = 2 / total * float((overlapping + size**2 * room).sum())
    all_of_it = len(own) * total
    below = all_of_it * (all_of_it - 1) - float((size * (size - 1)).sum())
    return above / below if below > 0 else 0.0


def _gaps(start: Ints, end: Ints, total: int) -> Floats:
    edges = np.diff(np.stack([np.append(0, end), np.append(start, total)]), axis=0)[0]
    gaps: Floats = edges[edges > 0].astype(np.float64)
    return gaps


@dataclass(frozen=True)
class _Parts2016:
    """Sums by source, from which u-alpha of any set of sources follows.

    `observed`: length of disagreeing intersections over ordered pairs of coders,
    divided by (m − 1); `lengths`: by source and value, gaps last; `taken`: what a
    segment's meeting with itself takes from the total.
    """

    observed: Floats
    lengths: Floats
    taken: Floats

    def alpha(self, weights: Floats) -> Floats:
        """For rows of weights of the sources."""
        lengths = weights @ self.lengths
        total = lengths.sum(axis=1)
        differ = total**2 - (lengths**2).sum(axis=1)
        room = total**2 - weights @ self.taken
        above = (weights @ self.observed) * room
        below = total * differ
        ratio = np.divide(above, below, out=np.full(len(total), NAN), where=below > 0)
        alphas: Floats = 1 - ratio
        return alphas


def _parts_2016(read: _Spans) -> _Parts2016:
    k, m, q = len(read.sources), len(read.coders), len(read.values)
    lengths = np.zeros((k, q + 1))
    taken = np.zeros(k)
    for coder in range(m):
        start, end, value, source = read.of(coder)
        _no_overlap(start, end, read.coders[coder], "")
        size = end - start
        np.add.at(lengths, (source, value), size)
        marked = np.bincount(source, size, minlength=k)
        lengths[:, q] += read.sizes - marked
        taken += np.bincount(source, size.astype(np.float64) ** 2, minlength=k)
        taken += read.sizes - marked
    cuts, codes = _codes(read)
    apart = np.zeros(len(cuts) - 1)
    for i in range(m):
        for j in range(i):
            apart += 2.0 * (codes[i] != codes[j])
    where = np.searchsorted(read.bounds, cuts[:-1], side="right") - 1
    observed = np.bincount(where, apart * np.diff(cuts), minlength=k) / (m - 1)
    return _Parts2016(observed, lengths, taken)


def _codes(read: _Spans) -> tuple[Ints, Ints]:
    """Breakpoints, and the value of each coder between them (the last is the gap)."""
    cuts = np.unique(np.concatenate([read.bounds, read.start, read.end]))
    codes = np.full((len(read.coders), len(cuts) - 1), len(read.values), dtype=np.int64)
    for coder in range(len(read.coders)):
        start, end, value, _ = read.of(coder)
        if len(start):
            held = np.searchsorted(start, cuts[:-1], side="right") - 1
            inside = (held >= 0) & (cuts[:-1] < end[held])
            codes[coder, inside] = value[held[inside]]
    return cuts, codes


@dataclass(frozen=True)
class _DrawSources:
    parts: _Parts2016

    def __call__(self, generator: Any, size: int) -> Floats:
        k = len(self.parts.observed)
        return self.parts.alpha(generator.multinomial(k, np.full(k, 1 / k), size).astype(float))


def _bootstrap(
    parts: _Parts2016, value: float, name: str, read: _Spans,
    n_resamples: int, seed: int | None, confidence: float,
) -> Estimate:  # fmt: skip
    k = len(read.sources)
    if k < 2:
        raise DataError(
            "There is one source, so sources cannot be resampled.",
            remedy="Give length={source: length, ...} and a column source, or n_resamples=0.",
        )
    used = drawn_seed(seed)
    drawn = run_resamples(_DrawSources(parts), n_resamples, seed=used, progress=False)
    values = np.concatenate(drawn)
    usable = values[~np.isnan(values)]
    note = (
        f"{name}; {100 * confidence:g} % percentile interval, {n_resamples:,} resamples of "
        f"{k} sources, seed {used}"
    )
    if len(usable) < len(values):
        note += f"; undefined in {len(values) - len(usable):,} resamples, which are left out"
    if len(usable) < 2:
        return Estimate(value, n=len(read.start), note=note)
    tail = (1 - confidence) / 2
    low, high = np.quantile(usable, [tail, 1 - tail])
    error = float(usable.std(ddof=1))
    return Estimate(value, error, float(low), float(high), n=len(read.start), note=note)


# --- breakpoint segments -------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class CodedSegments:
    """Text cut at every boundary of every coder; made by :func:`character_ratings`.

    Attributes
    ----------
    table : DataFrame
        ``source, start, end, length``, one row a segment.
    ratings : Ratings
        Coders × segments, with lengths as unit weights and, where there are several
        sources, the sources as clusters: every coefficient takes it as it is, and
        counts each character as one unit.
    """

    table: pd.DataFrame
    ratings: Ratings

    def by_segment(self) -> Ratings:
        """The same with every segment counting once, however long."""
        from dataclasses import replace

        return replace(self.ratings, unit_weights=None)

    def positives(self) -> pd.Series[int]:
        """Characters that each coder marked at all."""
        r = self.ratings
        first = r.categories.index(GAPS[type(r.categories[0])])
        size = self.table["length"].to_numpy()
        marked = [int(size[row != first].sum()) for row in r.codes]
        return pd.Series(marked, index=list(r.raters), name="characters")


#: What a stretch without any span is called, by the kind of rating.
NO_CODE = "(none)"
GAPS: dict[type, Any] = {int: 0, str: NO_CODE, frozenset: frozenset()}


def character_ratings(
    spans: Any,
    length: int | Mapping[str, int],
    *,
    values: Literal["presence", "value", "sets"] = "presence",
    begin: int = 0,
    coders: Sequence[str] | None = None,
) -> CodedSegments:
    """Ratings at the level of characters, on segments between breakpoints.

    Between two neighbouring boundaries nobody changes the mind, so such a segment
    stands for all its characters with its length as weight.

    Parameters
    ----------
    spans, length, begin, coders
        As in :func:`unitizing_alpha`; overlapping spans of one coder are joined.
    values : {"presence", "value", "sets"}
        ``presence``: 1 where the coder marked anything, else 0 (take the spans of
        one code for agreement on that code); ``value``: the value, ``(none)`` in
        gaps, spans of one coder must not overlap with different values; ``sets``:
        the set of values, for the MASI and Jaccard metrics.

    Returns
    -------
    CodedSegments

    Raises
    ------
    DataError
        Spans that leave the continuum, or overlap where they must not.

    Examples
    --------
    >>> from dmpkit.measures.agreement import krippendorff_alpha
    >>> spans = pd.DataFrame({"coder": ["a", "a", "b", "b"], "start": [2, 14, 4, 15],
    ...                       "end": [10, 20, 8, 17]})
    >>> segments = character_ratings(spans, 24)
    >>> round(krippendorff_alpha(segments.ratings).value, 4)
    0.3286
    """
    read = _read(spans, length, begin, coders)
    if len(read.coders) < 2:
        raise DataError(
            "Agreement needs two coders or more.",
            remedy="Name all of them in coders=, those who marked nothing included.",
        )
    cuts = np.unique(np.concatenate([read.bounds, read.start, read.end]))
    held = _held(read, cuts)
    source = np.searchsorted(read.bounds, cuts[:-1], side="right") - 1
    offset = read.bounds[source] - begin
    table = pd.DataFrame(
        {
            "source": [read.sources[i] for i in source],
            "start": cuts[:-1] - offset,
            "end": cuts[1:] - offset,
            "length": np.diff(cuts),
        }
    )
    codes, categories = _as_ratings(held, read, values)
    rated = Ratings(
        codes, categories, read.coders, range(len(table)), values == "presence",
        values == "presence", np.diff(cuts).astype(np.float64),
        source if len(read.sources) > 1 else None,
    )  # fmt: skip
    return CodedSegments(table, rated)


def _held(read: _Spans, cuts: Ints) -> Any:
    """Coders × values × segments: whether the coder marked the segment with the value."""
    n = len(cuts) - 1
    steps = np.zeros((len(read.coders), len(read.values), n + 1), dtype=np.int32)
    first, last = np.searchsorted(cuts, read.start), np.searchsorted(cuts, read.end)
    np.add.at(steps, (read.coder, read.value, first), 1)
    np.add.at(steps, (read.coder, read.value, last), -1)
    return np.cumsum(steps, axis=2)[:, :, :n] > 0


def _as_ratings(held: Any, read: _Spans, values: str) -> tuple[Ints, tuple[Any, ...]]:
    """Codes of coders × segments, and their categories."""
    if values == "presence":
        return held.any(axis=1).astype(np.int64), (0, 1)
    if values == "value":
        several = held.sum(axis=1) > 1
        if several.any():
            coder = read.coders[int(several.any(axis=1).argmax())]
            raise DataError(
                f"Spans of {coder} with different values overlap.",
                remedy="Use values='sets', or take one code at a time.",
            )
        if NO_CODE in read.values:
            raise DataError(f"A value is called {NO_CODE!r}, as stretches without any are.")
        codes = np.zeros((held.shape[0], held.shape[2]), dtype=np.int64)
        for place in range(len(read.values)):
            codes[held[:, place]] = place + 1
        return codes, (NO_CODE, *read.values)
    if values != "sets":
        raise DataError(f"{values!r} is not known.", remedy="Use presence, value or sets.")
    if not read.values:
        return np.zeros((held.shape[0], held.shape[2]), dtype=np.int64), (frozenset(),)
    rows = np.moveaxis(held, 1, 2).reshape(-1, len(read.values))
    distinct, codes = np.unique(rows, axis=0, return_inverse=True)
    names = np.array(read.values, dtype=object)
    sets = [frozenset(names[row]) for row in distinct]
    if frozenset() not in sets:
        sets.append(frozenset())
    return codes.reshape(held.shape[0], -1).astype(np.int64), tuple(sets)
