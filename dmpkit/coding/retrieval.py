"""Quotes found by a query, with their surroundings; text shared, joined and near."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.coding.code_names import closest, code_path, lineages
from dmpkit.coding.evaluate import Scene, Unit, matching_units
from dmpkit.coding.query import Query, parse_query
from dmpkit.coding.spans import cover, cross_pairs, touched
from dmpkit.coding.turns import segment_turns
from dmpkit.errors import DataError
from dmpkit.reporting import Result, Section, escape, paragraphs
from dmpkit.wording import counted

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject
    from dmpkit.coding.turns import Turns

__all__ = ["Retrieval", "nearby", "overlaps", "retrieve", "union"]

#: Quotes that a section shows; the table holds all.
SHOWN: Final = 60
UNIT_WORDS: Final[Mapping[str, str]] = {
    "segment": "segments as they were coded",
    "passage": "the passages of text in which it holds exactly",
    "turn": "speaker turns",
    "source": "whole sources",
}


@dataclass(frozen=True, eq=False, repr=False)
class Retrieval(Result):
    """What a query found.

    Attributes
    ----------
    quotes : DataFrame
        One row a unit found: ``source``, ``coder``, ``start``, ``end``, ``line`` (from
        1), ``speaker``, ``turn`` (of the larger part; empty and 0 where none), ``case``
        (several parted by ``"; "``), ``codes`` (all codes that touch the unit),
        ``before``, ``quote``, ``after``, and the attributes asked for; for segments
        also ``segment``, ``code`` and ``memo``.
    query : str
        As it was understood.
    unit : str
    across_coders : bool
    lineage : mapping
        Code to its ancestors and itself, for :meth:`levels`.
    """

    title: ClassVar[str] = "Quotes"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "quotes": "One row a unit found; positions count characters from 0, ends are exclusive.",
    }

    quotes: pd.DataFrame
    query: str
    unit: str
    across_coders: bool
    lineage: Mapping[str, tuple[str, ...]]

    def __len__(self) -> int:
        return len(self.quotes)

    def levels(self) -> pd.DataFrame:
        """The quotes with one column a level of the codebook: ``level_1, level_2 …``.

        Raises
        ------
        DataError
            When the units are not segments, which alone have one code each.
        """
        if self.unit != "segment":
            raise DataError(
                f"A {self.unit} has no code of its own.", remedy="Retrieve unit='segment'."
            )
        paths = [self.lineage.get(code, (code,)) for code in self.quotes["code"]]
        deepest = max((len(path) for path in paths), default=0)
        columns = {f"level_{i + 1}": [_name_at(path, i) for path in paths] for i in range(deepest)}
        return pd.concat([pd.DataFrame(columns, index=self.quotes.index), self.quotes], axis=1)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The one table, ``quotes``."""
        return {"quotes": self.quotes}

    def summary(self) -> str:
        """How many units were found, and where."""
        n, n_sources = len(self.quotes), self.quotes["source"].nunique()
        what = {"segment": "segments", "passage": "passages", "turn": "turns", "source": "sources"}
        return (
            f"{self.query}: {n} {what[self.unit][:-1] if n == 1 else what[self.unit]}"
            f"{'' if self.unit == 'source' else ' in ' + counted(n_sources, 'source')}."
        )

    def methods_text(self) -> str:
        """What was asked for and how it was understood."""
        whose = (
            "Codings of all coders were laid over one another"
            if self.across_coders
            else "The codings of each coder were read on their own"
        )
        return (
            f"The coded text was searched for {self.query}; what is shown are "
            f"{UNIT_WORDS[self.unit]}. A unit counts as coded with a code where a segment of the "
            f"code, or of a code below it unless ONLY is said, shares at least one character with "
            f"it. {whose}."
        )

    def section(self) -> Section:
        """The quotes in their surroundings."""
        more = len(self.quotes) - SHOWN
        rest = f"<p>{more} more in the table of quotes.</p>" if more > 0 else ""
        return Section(self.title, paragraphs(self.summary()) + self._quotes_html() + rest)

    def _quotes_html(self) -> str:
        rows = self.quotes.head(SHOWN).to_dict("records")
        return "".join(_quote_html({str(k): v for k, v in row.items()}) for row in rows)

    def _repr_html_(self) -> str:
        return self.section().html


def _name_at(path: Sequence[str], level: int) -> str:
    """Name of the ancestor at a level, without the path above it."""
    if level >= len(path):
        return ""
    return path[level][len(path[level - 1]) + 1 if level else 0 :]


def _quote_html(row: Mapping[str, Any]) -> str:
    """One quote with what stands around it, escaped."""
    who = [row["source"], row["speaker"], f"line {row['line']}", f"{row['start']}–{row['end']}"]
    what = row.get("code") or row["codes"]
    by = f", coded by {row['coder']}" if row["coder"] else ""
    said = f"{' · '.join(str(v) for v in who if v)}: {what}{by}" if what else " · ".join(
        str(v) for v in who if v
    )  # fmt: skip
    return (
        '<figure><blockquote dir="auto">'
        f"<span>{escape(row['before'])}</span><mark>{escape(row['quote'])}</mark>"
        f"<span>{escape(row['after'])}</span></blockquote>"
        f"<figcaption>{escape(said)}</figcaption></figure>"
    )


def retrieve(
    project: CodedProject,
    query: str | Query,
    *,
    unit: Unit = "segment",
    across_coders: bool = False,
    coders: str | Iterable[str] | None = None,
    context: int = 80,
    attributes: Sequence[str] = (),
    turns: Turns | None = None,
) -> Retrieval:
    """Quotes for which a query over codes, cases and attributes holds.

    A unit of text is coded with a code where a segment of it, or of a code below it,
    shares at least one character with the unit. The query (see
    :func:`dmpkit.coding.parse_query`) is asked about every unit:

    ``"segment"``
        each segment as it was coded. A segment whose place satisfies the query only
        because of the codes that it names is returned where its own code is one of
        those named without NOT: *Impact AND Media* gives the segments of both that
        overlap the other, *Impact AND NOT Media* segments of Impact alone.
    ``"passage"``
        exactly the characters for which the query holds: *Impact AND Media* gives the
        text under both codes, *NOT Impact* all text that is not under it.
    ``"turn"``, ``"source"``
        speaker turns or whole sources.

    A comparison holds where any of the unit's cases (or speakers) fulfils it; a missing
    attribute fulfils none, so that its NOT holds.

    Parameters
    ----------
    project : CodedProject
    query : str or Query
    unit : {"segment", "passage", "turn", "source"}
    across_coders : bool
        Whether a segment of one coder can overlap a segment of another; by default each
        coder's reading stands alone.
    coders : str or iterable of str, optional
        Whose codings count; everybody's when not given.
    context : int
        Characters shown before and after a quote.
    attributes : sequence of str
        Columns of the cases that stand beside each quote.
    turns : Turns, optional
        From :func:`dmpkit.coding.find_turns`; found by the usual rules when not given.

    Returns
    -------
    Retrieval

    Raises
    ------
    DataError
        For a query that cannot be read (says where), and names that the project does
        not have (says the closest).

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["P3: The press changed the impact."]})
    >>> segments = pd.DataFrame({"source": ["I1", "I1"], "code": ["Media", "Impact"],
    ...                          "start": [4, 8], "end": [17, 32]})
    >>> project = CodedProject.from_frames(sources, segments)
    >>> retrieve(project, "Impact AND Media", unit="passage").quotes["quote"].tolist()
    ['press cha']
    >>> retrieve(project, "Impact AND Media").quotes[["code", "speaker"]].to_numpy().tolist()
    [['Media', 'P3'], ['Impact', 'P3']]
    """
    check_settings(retrieve, locals())
    if not isinstance(context, int | np.integer) or context < 0:
        raise DataError(f"The context {context!r} is no number of characters.", remedy="Say 80.")
    part = project if coders is None else project.only(coders=coders)
    scene = Scene(part, across_coders, turns)
    asked = parse_query(query)
    rows = matching_units(scene, asked, unit)
    quotes = _in_context(scene, rows, unit, int(context), attributes)
    return Retrieval(quotes, repr(asked), unit, across_coders, lineages(part.codes))


def _in_context(
    scene: Scene, rows: pd.DataFrame, unit: str, context: int, attributes: Sequence[str]
) -> pd.DataFrame:
    """Units with their words, what stands around them, who speaks and whose case it is."""
    project = scene.project
    texts = project.sources["text"].to_list()
    at, start, end = (rows[name].to_numpy(np.int64) for name in ("at", "start", "end"))
    spans = list(zip(at.tolist(), start.tolist(), end.tolist(), strict=True))
    frame = rows[["source", "coder", "start", "end"]].copy()
    if unit == "segment":
        frame = rows[["segment", "code", "source", "coder", "start", "end"]].copy()
    frame["line"] = _lines(texts, at, start)
    speaker, turn = _speakers(scene, rows)
    frame["speaker"], frame["turn"] = speaker, turn
    cases = _cases(scene, rows)
    frame["case"] = ["; ".join(names) for names in cases]
    frame["codes"] = _touching_codes(scene, rows)
    frame["before"] = [texts[i][max(s - context, 0) : s] for i, s, _ in spans]
    frame["quote"] = [texts[i][s:e] for i, s, e in spans]
    frame["after"] = [texts[i][e : e + context] for i, _, e in spans]
    if unit == "segment":
        frame["memo"] = rows["memo"].to_numpy()
    for name in [attributes] if isinstance(attributes, str) else attributes:
        if name not in project.cases.columns:
            raise DataError(
                f"There is no attribute {name!r}.",
                remedy=closest(name, project.cases.columns[1:], "attributes"),
            )
        values = dict(zip(project.cases["case"], project.cases[name], strict=True))
        frame[name] = [_one(dict.fromkeys(values[c] for c in names)) for names in cases]
    text = {n: "str" for n in ("source", "coder", "speaker", "case", "codes") if n in frame}
    return frame.astype(text).reset_index(drop=True)


def _one(values: Iterable[Any]) -> Any:
    """A value, or several as one text; None where there is no case."""
    found = list(values)
    return found[0] if len(found) == 1 else "; ".join(map(str, found)) if found else None


def _lines(texts: Sequence[str], at: np.ndarray[Any, Any], start: np.ndarray[Any, Any]) -> Any:
    """Number of the line in which each unit begins."""
    lines = np.ones(len(at), dtype=np.int64)
    for source in np.unique(at):
        own = at == source
        breaks = _line_ends(texts[source])
        lines[own] = 1 + np.searchsorted(breaks, start[own], side="left")
    return lines


def _line_ends(text: str) -> np.ndarray[Any, Any]:
    """Positions of the line feeds of a text."""
    units = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    return np.flatnonzero(units == 10)


def _speakers(scene: Scene, rows: pd.DataFrame) -> tuple[Any, Any]:
    """Who speaks the larger part of each unit, and in which turn."""
    speaker = np.full(len(rows), "", dtype=object)
    turn = np.zeros(len(rows), dtype=np.int64)
    try:
        table = scene.turns.turns
    except DataError:  # no transcript with names in it
        return speaker, turn
    found = segment_turns(rows[["source", "start", "end"]], table[table["turn"] > 0])
    main = found[found["main"]]
    speaker[main["row"]] = main["speaker"]
    turn[main["row"]] = main["turn"]
    return speaker, turn


def _cases(scene: Scene, rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """The cases to which words of each unit belong."""
    own: dict[int, list[tuple[str, int, int]]] = {}
    links = scene.links
    for case, at, start, end in zip(
        links["case"], links["at"], links["start"], links["end"], strict=True
    ):
        own.setdefault(at, []).append((case, start, end))
    return [
        tuple(
            dict.fromkeys(
                case
                for case, since, till in own.get(at, ())
                if max(start, since) < min(end, till) or start == end
            )
        )
        for at, start, end in zip(rows["at"], rows["start"], rows["end"], strict=True)
    ]


def _touching_codes(scene: Scene, rows: pd.DataFrame) -> list[str]:
    """All codes that share a character with each unit, in the order of the codebook."""
    segments = scene.segments
    found: list[list[str]] = [[] for _ in range(len(rows))]
    used = segments.groupby("code", sort=False)
    by_source = "at" if len(rows) and "group" not in rows else "group"
    groups = {str(code): own for code, own in used}
    for code in scene.project.codes["code"]:
        if code not in groups or not len(rows):
            continue
        own = groups[code]
        hits = touched(
            rows[by_source], rows["start"], rows["end"], own[by_source], own["start"], own["end"]
        )
        for row in np.flatnonzero(hits):
            found[row].append(code)
    return ["; ".join(codes) for codes in found]


# --- shared, joined, near ------------------------------------------------------------


def _of(scene: Scene, codes: str | Iterable[str], subcodes: bool) -> pd.DataFrame:
    """Segments of some codes and of those below them."""
    asked = [codes] if isinstance(codes, str) else list(codes)
    paths = [code_path(scene.project.codes, name) for name in asked]
    wanted = {
        own for path in paths for own in (scene.project.subtree(path) if subcodes else [path])
    }
    return scene.segments[scene.segments["code"].isin(wanted)].reset_index(drop=True)


def overlaps(
    project: CodedProject,
    one: str | Iterable[str],
    two: str | Iterable[str],
    *,
    subcodes: bool = True,
    across_coders: bool = False,
) -> pd.DataFrame:
    """Pairs of segments of two codes that overlap, with the text that they share.

    Parameters
    ----------
    project : CodedProject
    one, two : str or iterable of str
        Codes.
    subcodes : bool
        Whether the codes below them count.
    across_coders : bool
        Whether segments of different coders can meet.

    Returns
    -------
    DataFrame
        ``source, segment_1, code_1, coder_1, segment_2, code_2, coder_2, start, end,
        characters, quote``: the span and the words that both cover. A pair is listed
        once, and never a segment with itself.

    Raises
    ------
    DataError
        For a code that the project does not have.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["The press changed it."]})
    >>> segments = pd.DataFrame({"source": ["I1", "I1"], "code": ["Media", "Impact"],
    ...                          "start": [0, 4], "end": [9, 17]})
    >>> overlaps(CodedProject.from_frames(sources, segments), "Media", "Impact")["quote"].tolist()
    ['press']
    """
    check_settings(overlaps, locals())
    pairs = nearby(project, one, two, within=None, subcodes=subcodes, across_coders=across_coders)
    texts = project.texts
    pairs["start"] = pairs[["start_1", "start_2"]].max(axis=1)
    pairs["end"] = pairs[["end_1", "end_2"]].min(axis=1)
    pairs["characters"] = pairs["end"] - pairs["start"]
    pairs["quote"] = pd.Series(
        [
            texts[s][a:b]
            for s, a, b in zip(pairs["source"], pairs["start"], pairs["end"], strict=True)
        ],
        dtype="str",
    )
    return pairs[
        ["source", "segment_1", "code_1", "coder_1", "segment_2", "code_2", "coder_2", "start",
         "end", "characters", "quote"]
    ]  # fmt: skip


def union(
    project: CodedProject,
    codes: str | Iterable[str],
    *,
    subcodes: bool = True,
    across_coders: bool = False,
) -> pd.DataFrame:
    """The text under at least one of some codes, each stretch once.

    Parameters
    ----------
    project : CodedProject
    codes : str or iterable of str
    subcodes : bool
        Whether the codes below them count.
    across_coders : bool
        Join the segments of all coders; by default each coder has rows of her own.

    Returns
    -------
    DataFrame
        ``source, coder, start, end, characters, quote``; `coder` is empty across coders.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["The press changed it."]})
    >>> segments = pd.DataFrame({"source": ["I1", "I1"], "code": ["Media", "Impact"],
    ...                          "start": [0, 4], "end": [9, 17]})
    >>> union(CodedProject.from_frames(sources, segments), ["Media", "Impact"])["quote"].tolist()
    ['The press changed']
    """
    check_settings(union, locals())
    scene = Scene(project, across_coders)
    own = _of(scene, codes, subcodes)
    group, start, end = cover(own["group"], own["start"], own["end"])
    first = own.drop_duplicates("group").set_index("group")
    source = first["source"].reindex(group).to_numpy()
    coder = first["coder"].reindex(group).to_numpy()
    texts = project.texts
    found = {
        "source": source,
        "coder": np.full(len(group), "", dtype=object) if across_coders else coder,
        "start": start,
        "end": end,
        "characters": end - start,
        "quote": [texts[s][a:b] for s, a, b in zip(source, start, end, strict=True)],
    }
    return pd.DataFrame(found).astype({"source": "str", "coder": "str", "quote": "str"})


def nearby(
    project: CodedProject,
    one: str | Iterable[str],
    two: str | Iterable[str],
    *,
    within: int | str | None = 200,
    subcodes: bool = True,
    across_coders: bool = False,
    turns: Turns | None = None,
) -> pd.DataFrame:
    """Pairs of segments of two codes that lie near one another.

    Parameters
    ----------
    project : CodedProject
    one, two : str or iterable of str
        Codes.
    within : int, "turn", "source" or None
        At most so many characters between the end of one and the beginning of the
        other (0: they touch); in the same speaker turn; in the same source; or
        overlapping only (None).
    subcodes, across_coders : bool
        As for :func:`overlaps`.
    turns : Turns, optional
        For ``"turn"``.

    Returns
    -------
    DataFrame
        ``source, segment_1, code_1, coder_1, start_1, end_1, segment_2, …, distance``:
        characters between the two, 0 where they touch or overlap.

    Raises
    ------
    DataError
        For unknown codes, a distance that is none, or too many pairs to list.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["The press changed it."]})
    >>> segments = pd.DataFrame({"source": ["I1", "I1"], "code": ["Media", "Impact"],
    ...                          "start": [0, 10], "end": [9, 17]})
    >>> nearby(CodedProject.from_frames(sources, segments), "Media", "Impact")["distance"].tolist()
    [1]
    """
    check_settings(nearby, locals())
    scene = Scene(project, across_coders, turns)
    left, right = _of(scene, one, subcodes), _of(scene, two, subcodes)
    a, b = _near_pairs(scene, left, right, within)
    first, second = left.iloc[a].reset_index(drop=True), right.iloc[b].reset_index(drop=True)
    columns = ["segment", "code", "coder", "start", "end"]
    pairs: pd.DataFrame = pd.concat(
        [first[["source"]], first[columns].add_suffix("_1"), second[columns].add_suffix("_2")],
        axis=1,
    )
    pairs = pairs[pairs["segment_1"] != pairs["segment_2"]]
    low = np.where(pairs["segment_1"] < pairs["segment_2"], pairs["segment_1"], pairs["segment_2"])
    high = np.where(pairs["segment_1"] < pairs["segment_2"], pairs["segment_2"], pairs["segment_1"])
    twice = pd.DataFrame({"low": low, "high": high}).duplicated().to_numpy()
    pairs = pairs[~twice].reset_index(drop=True)
    apart = np.maximum(pairs["start_2"] - pairs["end_1"], pairs["start_1"] - pairs["end_2"])
    pairs["distance"] = np.maximum(apart, 0).astype(np.int64)
    return pairs


def _near_pairs(
    scene: Scene, left: pd.DataFrame, right: pd.DataFrame, within: int | str | None
) -> tuple[Any, Any]:
    """Rows of both tables that lie near one another."""
    if within == "turn":
        table = scene.turns.turns
        mine, others = segment_turns(left, table), segment_turns(right, table)
        mine["group"] = left["group"].to_numpy()[mine["row"]]
        others["group"] = right["group"].to_numpy()[others["row"]]
        both = mine.merge(others, on=["group", "turn"], suffixes=("_1", "_2"))
        both = both[["row_1", "row_2"]].drop_duplicates().sort_values(["row_1", "row_2"])
        return both["row_1"].to_numpy(), both["row_2"].to_numpy()
    one, two = _arrays(left), _arrays(right)
    if within == "source":
        reach = int(scene.lengths.max(initial=0)) + 1
        return cross_pairs(one, two, within=reach)
    whole = isinstance(within, int | np.integer) and not isinstance(within, bool)
    if within is not None and (not whole or int(within) < 0):
        raise DataError(
            f"{within!r} is not a distance.",
            remedy="Say a number of characters, 'turn', 'source', or None for overlaps.",
        )
    return cross_pairs(one, two, within=None if within is None else int(within))


def _arrays(frame: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Groups, starts and ends."""
    group, start, end = (frame[name].to_numpy(np.int64) for name in ("group", "start", "end"))
    return group, start, end
