"""Queries evaluated: units of text, and for each of them whether a query holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.coding.code_names import closest, code_path
from dmpkit.coding.query import And, Code, Compare, Not, Or, Query, codes_named, fields_named
from dmpkit.coding.spans import touched
from dmpkit.coding.turns import Turns, find_turns
from dmpkit.errors import DataError

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["UNITS", "Scene", "Unit", "matching_units"]

Unit = Literal["segment", "passage", "turn", "source"]
UNITS: Final = ("segment", "passage", "turn", "source")
#: Fields that every project has; columns of cases and sources come on top.
FIELDS: Final = ("case", "source", "coder", "speaker", "text")

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Scene:
    """A project with what is needed to ask it questions.

    Parameters
    ----------
    project : CodedProject
    across_coders : bool
        Whether codings of different coders meet; otherwise each reads alone.
    given : Turns, optional
        Turns to use; found by the usual rules when they are needed and not given.
    """

    project: CodedProject
    across_coders: bool = False
    given: Turns | None = None

    @cached_property
    def places(self) -> pd.Index[Any]:
        """The sources in the project's order."""
        places: pd.Index[Any] = pd.Index(self.project.sources["source"])
        return places

    @cached_property
    def lengths(self) -> Ints:
        """Characters of each source."""
        return np.array([len(t) for t in self.project.sources["text"]], dtype=np.int64)

    @cached_property
    def coders(self) -> pd.Index[Any]:
        """Every coder of a segment, an unnamed one too."""
        coders: pd.Index[Any] = pd.Index(sorted(set(self.project.segments["coder"])))
        return coders

    @cached_property
    def turns(self) -> Turns:
        """The turns given or found.

        Raises
        ------
        DataError
            When no turn was recognised.
        """
        turns = self.given if self.given is not None else find_turns(self.project)
        if not (turns.turns["turn"] > 0).any():
            raise DataError(
                "No speaker turns were recognised in the sources.",
                remedy="See dmpkit.coding.TURN_RULES, and give turns=find_turns(project, rules=…).",
            )
        return turns

    def source_number(self, sources: pd.Series) -> Ints:
        """Number of each source named."""
        return np.asarray(self.places.get_indexer(pd.Index(sources)), dtype=np.int64)

    def group(self, source: Ints, coder: pd.Series | NDArray[np.object_]) -> Ints:
        """Number of the group in which spans can meet: source, or source by coder."""
        if self.across_coders or not len(self.coders):
            return source
        own = np.maximum(self.coders.get_indexer(pd.Index(coder)), 0)
        return source * len(self.coders) + np.asarray(own, dtype=np.int64)

    @cached_property
    def segments(self) -> pd.DataFrame:
        """Segments with their source's number (``at``) and ``group``."""
        frame = self.project.segments
        at = self.source_number(frame["source"])
        return frame.assign(at=at, group=self.group(at, frame["coder"]))

    @cached_property
    def links(self) -> pd.DataFrame:
        """Which words belong to a case, with the source's number."""
        frame = self.project.case_sources
        return frame.assign(at=self.source_number(frame["source"]))


def matching_units(scene: Scene, query: Query, unit: Unit) -> pd.DataFrame:
    """The units for which a query holds: ``source, coder, start, end, at, group``.

    Segments keep their columns; turns have ``turn`` and ``speaker``.

    Raises
    ------
    DataError
        For unknown units, codes, attributes and values that cannot be compared.
    """
    if unit not in UNITS:
        raise DataError(
            f"{unit!r} is not a unit of retrieval.", remedy=closest(str(unit), UNITS, "units")
        )
    makers: dict[str, Callable[[Scene, Query], pd.DataFrame]] = {
        "segment": lambda scene, _: scene.segments.reset_index(drop=True),
        "passage": _passages,
        "turn": _turns,
        "source": _sources,
    }
    named = list(codes_named(query))
    rows = makers[unit](scene, query)
    asked = _Asked(scene, rows, unit)
    holds = asked.holds(query)
    if unit == "segment" and (wanted := _subtrees(scene, [c for c, positive in named if positive])):
        # what holds only because of a code returns the segments of that code alone
        holds &= rows["code"].isin(wanted).to_numpy() | replace(asked, blank=True).holds(query)
    if unit == "passage":
        return _joined(rows[holds])
    return rows[holds].reset_index(drop=True)


def _subtrees(scene: Scene, codes: list[Code]) -> set[str]:
    return {path for code in codes for path in _paths(scene, code)}


def _paths(scene: Scene, code: Code) -> tuple[str, ...]:
    where = "" if code.position is None else f", at character {code.position + 1} of the query"
    path = code_path(scene.project.codes, code.name, where=where)
    return (path,) if code.only else scene.project.subtree(path)


# --- units -------------------------------------------------------------------------


def _readings(scene: Scene, query: Query) -> pd.DataFrame:
    """Every source once for each coder who coded it; once where nobody did or no code is asked."""
    project = scene.project
    base = pd.DataFrame({"source": project.sources["source"], "start": 0, "end": scene.lengths})
    if scene.across_coders or not any(True for _ in codes_named(query)):
        found = base.assign(coder="")
    else:
        who = project.segments[["source", "coder"]].drop_duplicates().sort_values("coder")
        found = base.merge(who, on="source", how="left").fillna({"coder": ""})
    at = scene.source_number(found["source"])
    return found.assign(at=at, group=scene.group(at, found["coder"]))


def _sources(scene: Scene, query: Query) -> pd.DataFrame:
    return _readings(scene, query)


def _turns(scene: Scene, query: Query) -> pd.DataFrame:
    table = scene.turns.turns
    table = table[table["turn"] > 0][["source", "turn", "speaker", "start", "end"]]
    readings = _readings(scene, query).drop(columns=["start", "end"])
    return readings.merge(table, on="source", how="inner")


def _passages(scene: Scene, query: Query) -> pd.DataFrame:
    """The stretches between neighbouring ends of whatever the query asks about."""
    readings = _readings(scene, query)
    ends = [readings[["group", "start", "end"]]]
    wanted = _subtrees(scene, [code for code, _ in codes_named(query)])
    ends.append(scene.segments.loc[scene.segments["code"].isin(wanted), ["group", "start", "end"]])
    fields = fields_named(query)
    per_source = readings[["at", "group"]]
    if fields - {"source", "coder", "speaker", "text"}:
        ends.append(per_source.merge(scene.links[["at", "start", "end"]], on="at"))
    if "speaker" in fields:
        table = scene.turns.turns
        table = table.assign(at=scene.source_number(table["source"]))
        ends.append(per_source.merge(table[["at", "start", "end"]], on="at"))
    group = np.concatenate([np.tile(frame["group"].to_numpy(np.int64), 2) for frame in ends])
    place = np.concatenate(
        [np.concatenate([f["start"].to_numpy(np.int64), f["end"].to_numpy(np.int64)]) for f in ends]
    )
    cuts = np.unique(np.stack([group, place], axis=1), axis=0)
    same = cuts[1:, 0] == cuts[:-1, 0]
    rows = pd.DataFrame(
        {"group": cuts[:-1, 0][same], "start": cuts[:-1, 1][same], "end": cuts[1:, 1][same]}
    )
    return rows.merge(readings[["group", "source", "coder", "at"]], on="group", how="left")


def _joined(rows: pd.DataFrame) -> pd.DataFrame:
    """Neighbouring stretches as one passage."""
    if not len(rows):
        return rows.reset_index(drop=True)
    group, start = rows["group"].to_numpy(), rows["start"].to_numpy()
    end = rows["end"].to_numpy()
    fresh = np.concatenate([[True], (group[1:] != group[:-1]) | (start[1:] != end[:-1])])
    last = np.append(np.flatnonzero(fresh)[1:], len(rows)) - 1
    return rows[fresh].assign(end=end[last]).reset_index(drop=True)


# --- what holds ---------------------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """Units that a query is asked about; `blank` takes codes named positively as absent."""

    scene: Scene
    rows: pd.DataFrame
    unit: str
    blank: bool = False

    def holds(self, query: Query, positive: bool = True) -> Mask:
        if isinstance(query, Not):
            return ~self.holds(query.part, not positive)
        if isinstance(query, And | Or):
            join = np.logical_and if isinstance(query, And) else np.logical_or
            found: Mask = join.reduce([self.holds(part, positive) for part in query.parts])
            return found
        if isinstance(query, Code):
            found = self.coded(query)
            return np.zeros_like(found) if self.blank and positive else found
        if isinstance(query, Compare):
            return self.compared(query)
        raise DataError(f"A {type(query).__name__} is no part of a query.")

    def touch(self, groups: str, others: pd.DataFrame) -> Mask:
        """Units that share a character with one of some spans."""
        rows = self.rows
        found = touched(
            rows[groups], rows["start"], rows["end"], others[groups], others["start"], others["end"]
        )
        return found > 0

    def coded(self, query: Code) -> Mask:
        paths = _paths(self.scene, query)
        segments = self.scene.segments
        own = segments[segments["code"].isin(paths)]
        found = self.touch("group", own)
        if self.unit == "segment":
            found |= self.rows["code"].isin(paths).to_numpy()
        return found

    def compared(self, query: Compare) -> Mask:
        name, project = query.name, self.scene.project
        if name == "text":
            return self._text(query)
        if name == "coder":
            if self.unit != "segment" and self.scene.across_coders:
                raise _misplaced("coder", "A text read across coders has no coder of its own.")
            return _compare(self.rows["coder"], query)
        if name == "speaker":
            table = self.scene.turns.turns
            table = table[table["turn"] > 0].reset_index(drop=True)
            said = table[_compare(table["speaker"], query)]
            return self.touch("at", said.assign(at=self.scene.source_number(said["source"])))
        if name == "source":
            return _compare(self.rows["source"], query)
        if name in project.cases.columns:
            return self._case(query)
        if name in set(project.sources.columns) - {"name", "text", "guid"}:
            known = _compare(project.sources[name], query)
            return np.asarray(known[self.rows["at"].to_numpy(np.int64)], dtype=bool)
        where = "" if query.position is None else f", at character {query.position + 1}"
        own = set(project.sources.columns) - {"source", "name", "text", "guid"}
        columns = [*FIELDS, *project.cases.columns[1:], *sorted(own)]
        raise DataError(
            f"There is no attribute {name!r}{where}.", remedy=closest(name, columns, "attributes")
        )

    def _case(self, query: Compare) -> Mask:
        """Units with words of a case for which the comparison holds."""
        cases = self.scene.project.cases
        if not len(self.scene.links):
            raise DataError(
                f"No source belongs to any case, so {query.name!r} cannot be asked for.",
                remedy="Link them: project.with_tables(case_sources=…); some programs lose the "
                "links on export.",
            )
        fitting = cases.loc[_compare(cases[query.name], query), "case"]
        links = self.scene.links[self.scene.links["case"].isin(fitting)]
        empty = (self.rows["end"] == self.rows["start"]).to_numpy()
        at_empty = self.rows["at"].isin(links["at"]).to_numpy()
        return self.touch("at", links) | (empty & at_empty)

    def _text(self, query: Compare) -> Mask:
        if query.sign != "CONTAINS":
            raise _misplaced("text", "Text is searched with CONTAINS.")
        if self.unit == "passage":
            raise _misplaced("text", "Words are searched in segments, turns or sources.")
        wanted = str(query.values[0]).casefold()
        texts = self.scene.project.sources["text"].to_list()
        rows = self.rows
        found: Mask = np.array(
            [
                wanted in texts[at][start:end].casefold()
                for at, start, end in zip(rows["at"], rows["start"], rows["end"], strict=True)
            ],
            dtype=bool,
        )
        return found


def _misplaced(name: str, why: str) -> DataError:
    return DataError(f"{name!r} cannot be asked for here.", remedy=why)


def _compare(values: pd.Series, query: Compare) -> Mask:
    """A column compared with a query's values; what is missing compares as false."""
    known = (values.notna() & (values.astype(str).str.strip() != "")).to_numpy()
    if query.sign == "CONTAINS":
        wanted = str(query.values[0]).casefold()
        found = [wanted in str(v).casefold() for v in values]
        return np.asarray(found, dtype=bool) & known
    if query.sign in {"==", "!=", "IN"}:
        equal = np.zeros(len(values), dtype=bool)
        for value in query.values:
            equal |= _equal(values, value)
        return (~equal if query.sign == "!=" else equal) & known
    return _ordered(values, query, known)


def _equal(values: pd.Series, value: Any) -> Mask:
    """Equal as numbers where both are numbers, as texts otherwise."""
    if pd.api.types.is_bool_dtype(values) or isinstance(value, bool):
        return np.asarray(values.astype(str).str.lower() == str(value).lower(), dtype=bool)
    texts = np.asarray(values.astype(str) == str(value), dtype=bool)
    if isinstance(value, str) and not pd.api.types.is_numeric_dtype(values):
        return texts
    wanted = pd.to_numeric(pd.Series([value]), errors="coerce").iloc[0]
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.asarray(texts | (numbers == wanted), dtype=bool)


def _ordered(values: pd.Series, query: Compare, known: Mask) -> Mask:
    """Columns of numbers, or of ISO dates, in order."""
    value = query.values[0]
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    cells: Any = numbers
    wanted: Any = value
    if np.isnan(numbers[known]).any() or isinstance(value, str):
        dated = values[known].astype(str).str.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?").all()
        if not (dated and pd.Series([str(value)]).str.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?").all()):
            raise DataError(
                f"{query.name!r} cannot be ordered against {value!r}.",
                remedy="Numbers, and dates written as 2024-05-01, have an order; texts are "
                "compared with ==, != or IN.",
            )
        cells, wanted = values.astype(str).to_numpy(dtype=object), str(value)
    found = np.zeros(len(values), dtype=bool)
    signs: dict[str, Callable[[Any], Any]] = {
        "<": lambda c: c < wanted, "<=": lambda c: c <= wanted,
        ">": lambda c: c > wanted, ">=": lambda c: c >= wanted,
    }  # fmt: skip
    if query.sign not in signs:
        raise DataError(
            f"{query.sign!r} is not a comparison.", remedy="Use == != < <= > >= IN CONTAINS."
        )
    found[known] = np.asarray(signs[query.sign](cells[known]), dtype=bool)
    return found
