"""Codings of several coders as ratings of units: characters, stretches, turns, documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.coding.data import CodedProject
from dmpkit.errors import DataError
from dmpkit.measures.ratings import Ratings
from dmpkit.tables import require_columns, to_pandas

__all__ = ["UNITS", "Codings", "Grid"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Unit = Literal["character", "segment", "turn", "document"]

#: What agreement at each unit means.
UNITS: Final[Mapping[str, str]] = {
    "character": "Every character is one decision: long passages weigh more, where a passage "
    "begins and ends matters, and all the text that neither coder marked counts as agreement.",
    "segment": "The text is cut wherever any coder begins or ends a coding of any of these codes; "
    "each stretch counts once, however long, so small differences at the ends count as much as "
    "whole passages.",
    "turn": "Every turn of a speaker is one decision: was the code used anywhere in it? Where a "
    "passage begins and ends within a turn does not matter.",
    "document": "Every document is one decision: was the code used anywhere in it? The mildest "
    "question; two coders may mean different passages.",
}


@dataclass(frozen=True, eq=False)
class Grid:
    """Units of one kind, in the order of the sources, none overlapping.

    `table` holds ``source, start, end``; `source` the place of each unit's source;
    `first`, `last` its ends when all texts are laid end to end; `weights` the lengths
    where each unit stands for its characters.
    """

    unit: str
    table: pd.DataFrame
    source: Ints
    first: Ints
    last: Ints
    weights: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.table)


@dataclass(frozen=True, eq=False)
class Codings:
    """What some coders coded in some sources.

    Attributes
    ----------
    coders, sources, codes : tuple of str
    read : array of bool, coders × sources
        Whether a coder worked on a source; where not, there is no rating, not a 0.
    lengths : array, sources
    spans : DataFrame
        ``coder, code, source`` (positions in the tuples), ``start, end``.
    whole : DataFrame
        Codings of whole sources or without a position: ``coder, code, source``.
    texts : mapping of source to text
    """

    coders: tuple[str, ...]
    sources: tuple[str, ...]
    codes: tuple[str, ...]
    read: Bools
    lengths: Ints
    spans: pd.DataFrame
    whole: pd.DataFrame
    texts: Mapping[str, str]

    @classmethod
    def of(
        cls,
        project: CodedProject,
        coders: Sequence[str] | None = None,
        codes: Sequence[str] | None = None,
        sources: Sequence[str] | None = None,
    ) -> Codings:
        """Choose coders, codes and sources of a project, see :func:`agreement`."""
        both = pd.concat([project.segments, project.unplaced], ignore_index=True)
        chosen = _chosen(coders, project.coders, {*project.coders, *project.users}, "coder")
        if len(chosen) < 2:
            raise DataError(
                f"Agreement needs two coders or more; there is {', '.join(chosen) or 'none'}.",
                remedy="A coder is who stands in the column coder of the segments.",
            )
        both = both[both["coder"].isin(chosen)]
        used = set(both["code"])
        listed = [c for c in project.codes["code"] if c in used]
        wanted = _chosen(codes, listed, set(project.codes["code"]), "code")
        if not wanted:
            raise DataError("These coders coded nothing.", remedy="Choose others in coders=.")
        order = list(project.sources["source"])
        worked = set(zip(both["coder"], both["source"], strict=True))
        if sources is None:
            kept = [s for s in order if sum((c, s) in worked for c in chosen) >= 2]
            if not kept:
                raise DataError(
                    "No source was coded by two of these coders, so nothing can be compared.",
                    remedy="If they read the same source and one found nothing in it, name it in "
                    "sources=.",
                )
            read = np.array([[(c, s) in worked for s in kept] for c in chosen])
        else:
            kept = list(_chosen(sources, order, set(order), "source"))
            read = np.ones((len(chosen), len(kept)), dtype=bool)
        idle = [c for c, row in zip(chosen, read, strict=True) if not row.any()]
        if idle:
            raise DataError(
                f"{idle[0]} coded nothing in a source that another coded.",
                remedy="Leave the name out of coders=, or name the sources read in sources=.",
            )
        return cls._made(project, chosen, tuple(kept), wanted, read)

    @classmethod
    def _made(
        cls,
        project: CodedProject,
        coders: tuple[str, ...],
        sources: tuple[str, ...],
        codes: tuple[str, ...],
        read: Bools,
    ) -> Codings:
        names = {"coder": coders, "code": codes, "source": sources}
        spans = _placed(project.segments, names)
        full = spans["scope"] == "source"
        whole = pd.concat([spans[full], _placed(project.unplaced, names)])
        columns = ["coder", "code", "source"]
        texts = {s: project.texts[s] for s in sources}
        return cls(
            coders, sources, codes, read,
            np.array([len(t) for t in texts.values()], dtype=np.int64),
            spans.loc[~full, [*columns, "start", "end", "quote"]].reset_index(drop=True),
            whole[columns].reset_index(drop=True), texts,
        )  # fmt: skip

    @cached_property
    def offsets(self) -> Ints:
        """Where each source begins when all are laid end to end, and the end."""
        made: Ints = np.concatenate([[0], np.cumsum(self.lengths)]).astype(np.int64)
        return made

    def _global(self) -> tuple[Ints, Ints]:
        begin = self.offsets[self.spans["source"].to_numpy(dtype=np.int64)]
        start = begin + self.spans["start"].to_numpy(dtype=np.int64)
        return start, begin + self.spans["end"].to_numpy(dtype=np.int64)

    def grid(self, unit: str, turns: Any = None) -> Grid:
        """The units of one kind.

        Raises
        ------
        DataError
            An unknown unit; turns that overlap or do not fit the texts.
        """
        if unit in ("character", "segment"):
            cuts = np.unique(np.concatenate([self.offsets, *self._global()]))
            first, last = cuts[:-1], cuts[1:]
            source = np.searchsorted(self.offsets, first, side="right") - 1
        elif unit == "document":
            source = np.arange(len(self.sources))
            first, last = self.offsets[:-1], self.offsets[1:]
        elif unit == "turn":
            source, first, last = self._turns(turns)
        else:
            raise DataError(f"There is no unit {unit!r}.", remedy=f"Use {', '.join(UNITS)}.")
        begin = self.offsets[source]
        table = pd.DataFrame(
            {
                "source": [self.sources[i] for i in source],
                "start": first - begin,
                "end": last - begin,
            }
        )
        weights = (last - first).astype(np.float64) if unit == "character" else None
        return Grid(unit, table, source.astype(np.int64), first, last, weights)

    def _turns(self, turns: Any) -> tuple[Ints, Ints, Ints]:
        frame = to_pandas(turns, what="turns")
        require_columns(frame, ["source", "start", "end"])
        if "turn" in frame:
            frame = frame[frame["turn"] != 0]  # words before the first speaker
        frame = frame[frame["source"].isin(self.sources)]
        for column in ("start", "end"):
            places = pd.to_numeric(frame[column], errors="coerce").to_numpy(
                np.float64, na_value=np.nan
            )
            if not (places == np.floor(places)).all():
                raise DataError("A turn has no whole number here.", column=column)
        place = {name: i for i, name in enumerate(self.sources)}
        source = np.array([place[s] for s in frame["source"]], dtype=np.int64)
        begin = self.offsets[source]
        first = begin + frame["start"].to_numpy(dtype=np.int64)
        last = begin + frame["end"].to_numpy(dtype=np.int64)
        order = np.argsort(first, kind="stable")
        source, first, last = source[order], first[order], last[order]
        if (first < self.offsets[source]).any() or (last > self.offsets[source + 1]).any():
            raise DataError("A turn lies outside its text.", column="end")
        if (first >= last).any() or (first[1:] < last[:-1]).any():
            raise DataError("Turns overlap, or one is empty.", column="start")
        return source, first, last

    def presence(self, grid: Grid, code: int | None = None) -> Bools:
        """Coders × units: whether the coder used a code (or any) somewhere in the unit."""
        start, end = self._global()
        own = self.spans
        n = len(grid)
        steps = np.zeros((len(self.coders), n + 1), dtype=np.int64)
        pick = slice(None) if code is None else (own["code"] == code).to_numpy()
        coder = own["coder"].to_numpy(dtype=np.int64)[pick]
        if grid.unit == "document":
            hit = own["source"].to_numpy(dtype=np.int64)[pick]
            np.add.at(steps, (coder, hit), 1)
            np.add.at(steps, (coder, hit + 1), -1)
            whole = self.whole if code is None else self.whole[self.whole["code"] == code]
            who = whole["coder"].to_numpy(dtype=np.int64)
            where = whole["source"].to_numpy(dtype=np.int64)
            np.add.at(steps, (who, where), 1)
            np.add.at(steps, (who, where + 1), -1)
        else:
            low = np.searchsorted(grid.last, start[pick], side="right")
            high = np.searchsorted(grid.first, end[pick], side="left")
            some = low < high
            np.add.at(steps, (coder[some], low[some]), 1)
            np.add.at(steps, (coder[some], high[some]), -1)
        held: Bools = np.cumsum(steps, axis=1)[:, :n] > 0
        return held

    def known(self, grid: Grid) -> Bools:
        """Coders × units: whether the coder read the unit's source."""
        known: Bools = self.read[:, grid.source]
        return known

    def ratings(self, grid: Grid, held: Bools, *, clusters: bool = True) -> Ratings:
        """Presence as ratings 0 and 1, missing where a coder did not read the source."""
        codes = np.where(self.known(grid), held.astype(np.int64), -1)
        return self._ratings(grid, codes, (0, 1), clusters=clusters, numeric=True)

    def set_ratings(self, grid: Grid, *, clusters: bool = True) -> Ratings:
        """The set of codes that each coder gave each unit."""
        n = len(self.coders) * len(grid)
        kind = np.zeros(n, dtype=np.int64)
        for code in range(len(self.codes)):
            kind = pd.factorize(2 * kind + self.presence(grid, code).ravel())[0].astype(np.int64)
        first = np.zeros(int(kind.max(initial=-1)) + 1, dtype=np.int64)
        first[kind[::-1]] = np.arange(n - 1, -1, -1)
        members: list[set[str]] = [set() for _ in first]
        for code, name in enumerate(self.codes):
            for place in np.flatnonzero(self.presence(grid, code).ravel()[first]):
                members[place].add(name)
        codes = np.where(self.known(grid), kind.reshape(len(self.coders), -1), -1)
        sets = tuple(frozenset(m) for m in members)
        return self._ratings(grid, codes, sets, clusters=clusters, numeric=False)

    def _ratings(
        self, grid: Grid, codes: Ints, categories: tuple[Any, ...], *, clusters: bool, numeric: bool
    ) -> Ratings:
        several = len(set(grid.source.tolist())) > 1
        cluster = pd.factorize(grid.source)[0].astype(np.int64) if clusters and several else None
        return Ratings(
            codes,
            categories,
            self.coders,
            range(len(grid)),
            numeric,
            numeric,
            grid.weights,
            cluster,
        )


def _chosen(
    wanted: Sequence[str] | None, default: Sequence[str], known: set[str], what: str
) -> tuple[str, ...]:
    """The names asked for, or all, each once and all of them known."""
    if wanted is None:
        return tuple(default)
    from difflib import get_close_matches

    listed = [wanted] if isinstance(wanted, str) else [str(w) for w in wanted]
    for name in listed:
        if name not in known:
            close = get_close_matches(name, sorted(known), n=1)
            raise DataError(
                f"There is no {what} {name!r}.",
                remedy=f"The closest is {close[0]!r}." if close else None,
            )
    return tuple(dict.fromkeys(listed))


def _placed(frame: pd.DataFrame, names: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Rows of the names chosen, with their places instead of the names."""
    keep = np.ones(len(frame), dtype=bool)
    for column, wanted in names.items():
        keep &= frame[column].isin(wanted).to_numpy()
    frame = frame[keep].copy()
    for column, wanted in names.items():
        place = {name: i for i, name in enumerate(wanted)}
        frame[column] = np.array([place[v] for v in frame[column]], dtype=np.int64)
    return frame
