"""The coded project: texts, codes, and who coded which words with what.

A `CodedProject` cannot exist in a broken state: every segment has a source, a code and
a span inside its text, and its quotation is what stands there. What could not be placed
in a text is kept apart, in `unplaced`, and never thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.coding.audit import Audit
from dmpkit.coding.checking import (
    check_cases,
    check_codes,
    check_notes,
    check_segments,
    check_sources,
    with_hierarchy,
    with_quotes,
)
from dmpkit.coding.schema import APPROACHES, TABLES, tidy
from dmpkit.errors import DataError

__all__ = ["CodedProject"]


@dataclass(frozen=True, eq=False, repr=False)
class CodedProject:
    """Texts with their codebook and codings, checked when made.

    Make one with :meth:`from_frames` or :func:`dmpkit.coding.read_project`. Positions
    count Unicode code points from 0 in the text as it stands in `sources`; ends are
    exclusive, so ``text[start:end]`` is the quotation.

    Attributes
    ----------
    codes : DataFrame
        ``code`` (full path, ``"Constraints/Time"``), ``name``, ``parent`` (path),
        ``description``, ``colour``, ``codable``, ``origin`` (``"deductive"``,
        ``"inductive"`` or empty), ``guid``.
    sources : DataFrame
        ``source``, ``name``, ``text``, ``guid``; attributes of documents follow.
    segments : DataFrame
        ``segment``, ``source``, ``code``, ``coder``, ``start``, ``end``, ``quote``,
        ``memo``, ``scope`` (``"selection"``, or ``"source"`` where a whole source was
        coded), ``guid``.
    unplaced : DataFrame
        Codings without a position in a text: ``segment``, ``source``, ``code``,
        ``coder``, ``quote``, ``memo``, ``guid``, ``reason``.
    cases : DataFrame
        ``case`` and the attributes of the cases.
    case_sources : DataFrame
        ``case``, ``source``, ``start``, ``end``: which words belong to a case.
    notes : DataFrame
        ``note``, ``kind`` (``"memo"``, ``"annotation"``, ``"uncoded selection"`` …),
        ``name``, ``text``, ``coder``, ``source``, ``start``, ``end``.
    audit : Audit
        What the import found, changed and lost.
    approach : {"codebook", "coding reliability", "reflexive", ""}
        How the project was coded; empty where it does not say.
    name : str
        Name of the project.
    users : tuple of str
        Everyone whom the project lists, also who coded nothing.

    Examples
    --------
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
    >>> segments = pd.DataFrame(
    ...     {"source": ["I1"], "code": ["Constraints/Time"], "start": [0], "end": [4]}
    ... )
    >>> project = CodedProject.from_frames(sources, segments)
    >>> project.segments["quote"].tolist(), project.codes["code"].tolist()
    (['Time'], ['Constraints', 'Constraints/Time'])
    """

    codes: pd.DataFrame
    sources: pd.DataFrame
    segments: pd.DataFrame
    cases: pd.DataFrame = field(default_factory=lambda: tidy(None, "cases"))
    case_sources: pd.DataFrame = field(default_factory=lambda: tidy(None, "case_sources"))
    notes: pd.DataFrame = field(default_factory=lambda: tidy(None, "notes"))
    unplaced: pd.DataFrame = field(default_factory=lambda: tidy(None, "unplaced"))
    audit: Audit = field(default_factory=Audit)
    approach: Literal["codebook", "coding reliability", "reflexive", ""] = ""
    name: str = ""
    users: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        tables = {table: tidy(getattr(self, table), table) for table in TABLES}
        tables["codes"] = with_hierarchy(tables["codes"])
        check_codes(tables["codes"])
        tables["sources"] = check_sources(tables["sources"])
        texts = dict(zip(tables["sources"]["source"], tables["sources"]["text"], strict=True))
        tables["segments"] = with_quotes(tables["segments"], texts, tables["codes"])
        tables["unplaced"] = check_segments(tables["unplaced"], texts, tables["codes"], "unplaced")
        tables["case_sources"] = check_cases(tables["cases"], tables["case_sources"], texts)
        tables["notes"] = check_notes(tables["notes"], texts)
        for table, frame in tables.items():
            object.__setattr__(self, table, frame)
        self._check_words()

    def _check_words(self) -> None:
        """The approach is one of those known; users are text."""
        if self.approach not in APPROACHES:
            raise DataError(
                f"The approach {self.approach!r} is not known.",
                remedy=f"Say one of {', '.join(map(repr, APPROACHES[:-1]))}, or nothing.",
            )
        object.__setattr__(self, "name", str(self.name))
        object.__setattr__(self, "users", tuple(dict.fromkeys(map(str, self.users))))

    @classmethod
    def from_frames(
        cls,
        sources: Any,
        segments: Any = None,
        codes: Any = None,
        *,
        cases: Any = None,
        case_sources: Any = None,
        notes: Any = None,
        unplaced: Any = None,
        approach: Literal["codebook", "coding reliability", "reflexive", ""] = "",
        name: str = "",
        users: Iterable[str] = (),
    ) -> CodedProject:
        """Make a project from frames of any kind (pandas, polars, pyarrow).

        Columns that are not given are filled in: codes come from the segments, the
        parents of a code from its path, quotations from the text; columns that the
        project does not know are kept.

        Parameters
        ----------
        sources : DataFrame
            At least ``source`` and ``text``.
        segments : DataFrame, optional
            At least ``source, code, start, end`` (code points, end exclusive). A
            ``quote`` that is given must be what stands there.
        codes : DataFrame, optional
            At least ``code``, the full path. Without it, the codes of the segments.
        cases : DataFrame, optional
            ``case`` and attributes.
        case_sources : DataFrame, optional
            At least ``case`` and ``source``; without ``start`` and ``end`` whole sources.
        notes, unplaced : DataFrame, optional
        approach, name, users
            See the class.

        Raises
        ------
        DataError
            Names the table, the row and the column that breaks a rule.

        Examples
        --------
        >>> texts = pd.DataFrame({"source": ["I1"], "text": ["Short."]})
        >>> CodedProject.from_frames(texts).n_segments
        0
        """
        used = [f for f in (segments, unplaced) if f is not None]
        if codes is None:
            frames = [tidy(f, t) for f, t in ((segments, "segments"), (unplaced, "unplaced"))]
            names = pd.concat([f["code"] for f in frames]) if used else pd.Series([], dtype=object)
            codes = pd.DataFrame({"code": sorted(set(names.tolist()))})
        return cls(
            codes,
            sources,
            segments,
            cases,
            case_sources,
            notes,
            unplaced,
            approach=approach,
            name=name,
            users=tuple(users),
        )

    # --- what it holds -----------------------------------------------------------

    @property
    def n_segments(self) -> int:
        """How many codings stand in a text."""
        return len(self.segments)

    @cached_property
    def coders(self) -> tuple[str, ...]:
        """Who coded something, in alphabetical order; an unnamed coder is left out."""
        found = set(self.segments["coder"]) | set(self.unplaced["coder"])
        return tuple(sorted(found - {""}))

    @cached_property
    def texts(self) -> dict[str, str]:
        """Source to its text."""
        return dict(zip(self.sources["source"], self.sources["text"], strict=True))

    def text(self, source: str) -> str:
        """The text of one source.

        Raises
        ------
        DataError
            When there is no such source; shows the closest name.
        """
        if source not in self.texts:
            from difflib import get_close_matches

            close = get_close_matches(str(source), list(self.texts), n=1)
            raise DataError(
                f"There is no source {source!r}.",
                remedy=f"The closest is {close[0]!r}." if close else "See project.sources.",
            )
        return self.texts[source]

    def children(self, code: str = "") -> tuple[str, ...]:
        """The codes right below one, or the top codes."""
        return tuple(self.codes.loc[self.codes["parent"] == code, "code"])

    def subtree(self, code: str) -> tuple[str, ...]:
        """A code and everything below it, in the order of the codebook."""
        known = set(self.codes["code"])
        if code not in known:
            from difflib import get_close_matches

            close = get_close_matches(str(code), sorted(known), n=1)
            raise DataError(
                f"There is no code {code!r}.",
                remedy=f"The closest is {close[0]!r}." if close else "See project.codes.",
            )
        wanted = {code}
        for child, parent in zip(self.codes["code"], self.codes["parent"], strict=True):
            if parent in wanted:  # parents stand above their children
                wanted.add(child)
        return tuple(c for c in self.codes["code"] if c in wanted)

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables by name, the two of the audit at the end."""
        return {table: getattr(self, table) for table in TABLES} | self.audit.frames()

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """All tables by name, as frames of the kind asked for."""
        check_settings(CodedProject.tables, locals())
        from dmpkit.tables import as_kind

        return {name: as_kind(frame, kind) for name, frame in self.frames().items()}

    # --- new projects from this one ------------------------------------------------

    def with_segments(self, segments: Any) -> CodedProject:
        """The same project with other codings; all other tables stay."""
        return replace(self, segments=segments)

    def with_codes(self, codes: Any) -> CodedProject:
        """The same project with another codebook; its codings must fit it."""
        return replace(self, codes=codes)

    def with_tables(self, **changes: Any) -> CodedProject:
        """The same project with some tables or fields exchanged, checked together."""
        unknown = set(changes) - set(self.__dataclass_fields__)
        if unknown:
            raise DataError(
                f"A project has no {', '.join(sorted(unknown))}.",
                remedy=f"Its parts are {', '.join(self.__dataclass_fields__)}.",
            )
        return replace(self, **changes)

    def with_approach(
        self, approach: Literal["codebook", "coding reliability", "reflexive", ""]
    ) -> CodedProject:
        """The same project, saying how it was coded."""
        check_settings(CodedProject.with_approach, locals())
        return replace(self, approach=approach)

    def only(
        self,
        *,
        sources: Iterable[str] | None = None,
        coders: Iterable[str] | None = None,
        codes: Iterable[str] | None = None,
    ) -> CodedProject:
        """The part of the project that concerns some sources, coders or codes.

        The codebook stays whole; cases stay, their links to other sources go.

        Parameters
        ----------
        sources, coders, codes : iterable of str, optional
            What to keep; everything where not given. A code stands for itself alone;
            see :meth:`subtree`.

        Raises
        ------
        DataError
            For a name that the project does not have.
        """
        known = {
            "source": (sources, set(self.texts)),
            "coder": (coders, {*self.coders, *self.users, ""}),
            "code": (codes, set(self.codes["code"])),
        }
        kept = {
            column: _kept(wanted, names, column)
            for column, (wanted, names) in known.items()
            if wanted is not None
        }
        changes: dict[str, Any] = {
            table: _rows(getattr(self, table), kept) for table in ("segments", "unplaced")
        }
        if "source" in kept:
            here = {"source": kept["source"]}
            changes["sources"] = _rows(self.sources, here)
            changes["case_sources"] = _rows(self.case_sources, here)
            changes["notes"] = _rows(self.notes, {"source": kept["source"] | {""}})
        return replace(self, **changes)

    def __repr__(self) -> str:
        lost = f", {len(self.unplaced)} without a position" if len(self.unplaced) else ""
        return (
            f"<CodedProject {self.name!r}: {len(self.sources)} sources, {len(self.codes)} codes, "
            f"{len(self.segments)} codings{lost}, coders: {', '.join(self.coders) or 'not named'}>"
        )

    def _repr_html_(self) -> str:
        from dmpkit.reporting import escape, table_html

        head = self.segments.head(20)[["source", "code", "coder", "start", "end", "quote"]]
        return f"<p><strong>{escape(repr(self)[1:-1])}</strong></p>{table_html(head)}"


def _kept(wanted: Iterable[str], names: set[str], what: str) -> set[str]:
    """The names asked for, all of which must be known."""
    asked = {wanted} if isinstance(wanted, str) else set(map(str, wanted))
    if asked - names:
        raise DataError(
            f"There is no {what} {sorted(asked - names)[0]!r}.",
            remedy=f"Known: {', '.join(map(repr, sorted(names - {''})[:12]))}.",
        )
    return asked


def _rows(frame: pd.DataFrame, kept: dict[str, set[str]]) -> pd.DataFrame:
    """The rows whose columns hold kept names only."""
    mask = np.ones(len(frame), dtype=bool)
    for column, names in kept.items():
        mask &= frame[column].isin(names).to_numpy()
    return frame[mask].reset_index(drop=True)
