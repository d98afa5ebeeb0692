"""Blind double coding: a copy for each coder without the others' work, and back together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.coding.agreement import CodingAgreement, agreement
from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.pseudonyms import text_digest
from dmpkit.coding.schema import strings, tidy
from dmpkit.errors import DataError, ImportAuditWarning, warn
from dmpkit.resampling import drawn_seed

__all__ = ["BlindSplit", "merge_blind", "split_blind"]


@dataclass(frozen=True, eq=False, repr=False)
class BlindSplit:
    """Result of :func:`split_blind`.

    Attributes
    ----------
    projects : mapping of coder to CodedProject
        What each coder gets: the codebook, her sources, no codings of others.
    assignment : DataFrame
        ``source, coder``, one row for each source that a coder gets. Keep it: it says that
        a coder read a source in which she found nothing.
    seed : int
    """

    projects: Mapping[str, CodedProject]
    assignment: pd.DataFrame
    seed: int

    @property
    def shared(self) -> tuple[str, ...]:
        """Sources that all coders get."""
        counts = self.assignment["source"].value_counts(sort=False)
        return tuple(str(s) for s, n in counts.items() if n == len(self.projects))

    def compare(self, returned: Mapping[str, CodedProject], **options: Any) -> CodingAgreement:
        """Merge what came back and measure agreement on the shared sources.

        Parameters
        ----------
        returned : mapping of coder to CodedProject
            What each coder sent back.
        **options
            Of :func:`dmpkit.coding.agreement`.
        """
        merged = merge_blind(returned)
        by_text = {text_digest(text): source for source, text in merged.texts.items()}
        first = next(iter(self.projects.values()))
        sources = [by_text.get(text_digest(first.texts[s]), s) for s in self.shared]
        return agreement(merged, tuple(returned), sources=sources, **options)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{c}: {len(p.sources)}" for c, p in self.projects.items())
        return f"<BlindSplit: sources by coder {sizes}; {len(self.shared)} shared by all>"


def split_blind(
    project: CodedProject,
    coders: Sequence[str],
    *,
    shared: float = 1.0,
    own: bool = False,
    seed: int | None = None,
) -> BlindSplit:
    """Give each coder a copy of a project in which nobody else's work can be seen.

    The shared sources, drawn at random, go to all; the others are dealt out evenly.
    Codings, memos, notes and the account of the import stay behind; the codebook with its
    definitions goes along.

    Parameters
    ----------
    project : CodedProject
    coders : sequence of str
        Two or more.
    shared : float
        Share of the sources that all get (rounded up), from 0 to 1.
    own : bool
        Whether a coder finds her own earlier codings and notes again.
    seed : int, optional

    Returns
    -------
    BlindSplit

    Raises
    ------
    DataError
        Fewer than two coders, a name twice or empty, no sources, or `shared` is no share.

    Examples
    --------
    >>> texts = pd.DataFrame({"source": ["I1", "I2", "I3"], "text": ["One.", "Two.", "Three."]})
    >>> split = split_blind(CodedProject.from_frames(texts), ["ada", "ben"], shared=0.3, seed=1)
    >>> split
    <BlindSplit: sources by coder ada: 2, ben: 2; 1 shared by all>
    """
    check_settings(split_blind, locals())
    names = [str(c).strip() for c in coders] if not isinstance(coders, str) else [coders]
    if len(names) < 2 or len(set(names)) < len(names) or "" in names:
        raise DataError(
            "Blind double coding needs two coders or more, each with a name of their own."
        )
    if isinstance(shared, (bool, str)) or not 0 <= float(shared) <= 1:
        raise DataError(f"shared is {shared!r}.", remedy="Give a share from 0 to 1.")
    order = project.sources["source"].tolist()
    if not order:
        raise DataError("The project has no sources.")
    used = drawn_seed(seed)
    mixed = np.random.default_rng(used).permutation(len(order))
    n_shared = int(np.ceil(float(shared) * len(order) - 1e-9))
    gets = {name: set(mixed[:n_shared].tolist()) for name in names}
    for i, place in enumerate(mixed[n_shared:].tolist()):
        gets[names[i % len(names)]].add(place)
    rows = [(s, n) for i, s in enumerate(order) for n in names if i in gets[n]]
    projects = {n: _copy(project, n, [order[i] for i in sorted(gets[n])], own) for n in names}
    return BlindSplit(projects, pd.DataFrame(rows, columns=["source", "coder"]), used)


def _copy(project: CodedProject, coder: str, sources: list[str], own: bool) -> CodedProject:
    part = project.only(sources=sources)
    tables: dict[str, Any] = {}
    for table in ("segments", "unplaced", "notes"):
        frame = getattr(part, table)
        keep = frame["coder"].eq(coder) if own else pd.Series(False, index=frame.index)
        tables[table] = frame[keep].reset_index(drop=True)
    return replace(part, **tables, users=(coder,), audit=Audit())


def merge_blind(projects: Mapping[str, CodedProject]) -> CodedProject:
    """Bring the copies of several coders back into one project.

    Sources are the same where their texts are the same to the last character, whatever
    they are called; codes are the same where their paths are. Every coding becomes that
    of the coder under whose name the project is given: programs rename users.

    Parameters
    ----------
    projects : mapping of coder to CodedProject

    Returns
    -------
    CodedProject
        Definitions, attributes and names are those of the first project that has them;
        where they differ, the audit says so. Codes that one coder added are listed there,
        and what the import of each coder's file found, under the coder's name.

    Raises
    ------
    DataError
        Fewer than two projects; a source of the same name with another text, because
        positions in it cannot be compared.

    Examples
    --------
    >>> texts = pd.DataFrame({"source": ["I1"], "text": ["Time was short."]})
    >>> def coded(end):
    ...     return CodedProject.from_frames(texts, pd.DataFrame(
    ...         {"source": ["I1"], "code": ["Time"], "start": [0], "end": [end]}))
    >>> both = merge_blind({"ada": coded(4), "ben": coded(14)})
    >>> both.segments[["coder", "quote"]].values.tolist()
    [['ada', 'Time'], ['ben', 'Time was short']]
    """
    if not isinstance(projects, Mapping) or len(projects) < 2:
        raise DataError(
            "Merging needs the projects of two coders or more.",
            remedy="Give {'ada': project, 'ben': project}.",
        )
    sources, names = _merged_sources(projects)
    codes, items = _merged_codes(projects)
    parts: dict[str, list[pd.DataFrame]] = {
        t: [] for t in ("segments", "unplaced", "notes", "cases", "case_sources")
    }
    for coder, project in projects.items():
        for table, found in parts.items():
            frame = getattr(project, table).copy()
            if "source" in frame:
                frame["source"] = strings(names[coder].get(s, s) for s in frame["source"])
            if "coder" in frame:
                frame["coder"] = strings([coder] * len(frame))
            for label in ("segment", "note"):
                if label in frame:
                    frame[label] = strings(f"{coder}:{own}" for own in frame[label])
            found.append(frame)
    cases = pd.concat(parts["cases"], ignore_index=True).drop_duplicates("case")
    links = pd.concat(parts["case_sources"], ignore_index=True).drop_duplicates()
    items += _lost_attributes(parts["cases"], cases)
    if items:
        warn(
            f"{len(items)} things differ between the projects or stand in one only; see "
            "project.audit.items.",
            ImportAuditWarning,
        )
    first = next(iter(projects.values()))
    audit = _merged_audit(projects, names, items)
    return CodedProject(
        codes,
        sources,
        _joined(parts["segments"], "segments"),
        cases.reset_index(drop=True),
        links.reset_index(drop=True),
        _joined(parts["notes"], "notes"),
        _joined(parts["unplaced"], "unplaced"),
        audit=audit,
        approach=first.approach,
        name=first.name,
        users=tuple(projects),
    )


def _joined(frames: list[pd.DataFrame], table: str) -> pd.DataFrame:
    filled = [f for f in frames if len(f)]
    return pd.concat(filled, ignore_index=True) if filled else tidy(None, table)


def _items(items: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    frame = pd.DataFrame(items, columns=["kind", "what", "where", "why"])
    frame.insert(3, "count", 1)
    return frame


def _merged_audit(
    projects: Mapping[str, CodedProject],
    names: Mapping[str, Mapping[str, str]],
    items: list[tuple[str, str, str, str]],
) -> Audit:
    """What the imports of all coders found, each under its coder, and what the merging did."""
    every: list[pd.DataFrame] = [_items(items)] if items else []
    read: list[pd.DataFrame] = []
    for coder, project in projects.items():
        own = project.audit.items
        where = [f"{coder}: {place}" if place else coder for place in own["where"]]
        every.append(own.assign(where=strings(where)))
        table = project.audit.sources
        notes = [f"{coder}: {note}" if note else coder for note in table["note"]]
        known = strings(names[coder].get(s, s) for s in table["source"])
        read.append(table.assign(source=known, note=strings(notes)))
    every, read = [f for f in every if len(f)], [f for f in read if len(f)]
    if not every and not read:
        return Audit()
    made = Audit(
        program=", ".join(dict.fromkeys(p.audit.program for p in projects.values()
                                        if p.audit.program)),
        format="blind double coding",
    )  # fmt: skip
    return replace(
        made,
        items=pd.concat(every, ignore_index=True) if every else made.items,
        sources=pd.concat(read, ignore_index=True) if read else made.sources,
    )


def _merged_sources(
    projects: Mapping[str, CodedProject],
) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """All sources once, and for each coder own names to those kept."""
    rows: list[dict[str, Any]] = []
    by_text: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    names: dict[str, dict[str, str]] = {}
    for coder, project in projects.items():
        names[coder] = {}
        for row in project.sources.to_dict("records"):
            name, digest = str(row["source"]), text_digest(str(row["text"]))
            same = by_text.get(digest, [])
            # texts that stand twice in a project are told apart by their names
            free = [s for s in same if s not in names[coder].values()]
            if free:
                names[coder][name] = name if name in free else free[0]
                continue
            if name in taken:
                raise DataError(
                    f"The source {name!r} of {coder} is not the text that {taken[name]} coded, so "
                    "positions in it cannot be compared.",
                    remedy="Both must code the same file; a changed line end or an edit is enough.",
                )
            rows.append({str(k): v for k, v in row.items()})
            by_text.setdefault(digest, []).append(name)
            taken[name] = coder
            names[coder][name] = name
    return pd.DataFrame(rows), names


def _merged_codes(
    projects: Mapping[str, CodedProject],
) -> tuple[pd.DataFrame, list[tuple[str, str, str, str]]]:
    """All codes once; what differs between the codebooks."""
    rows: dict[str, dict[str, Any]] = {}
    items: list[tuple[str, str, str, str]] = []
    for coder, project in projects.items():
        for row in project.codes.to_dict("records"):
            known = rows.setdefault(str(row["code"]), {str(k): v for k, v in row.items()})
            if known["description"] != row["description"]:
                why = "the definition differs; that of the first project is kept"
                items.append(("changed", str(row["code"]), f"codebook of {coder}", why))
    for code in rows:
        have = [c for c, p in projects.items() if code in set(p.codes["code"])]
        if len(have) < len(projects):
            why = "a code that not all coders had: the others could not use it"
            items.append(("notice", code, f"codebook of {', '.join(have)}", why))
    return pd.DataFrame(list(rows.values())), items


def _lost_attributes(
    frames: list[pd.DataFrame], kept: pd.DataFrame
) -> list[tuple[str, str, str, str]]:
    """Cases whose attributes differ between the projects."""
    items = []
    base = {row["case"]: row for row in kept.to_dict("records")}
    for frame in frames:
        for row in frame.to_dict("records"):
            other = base[row["case"]]
            differ = [k for k, v in row.items() if v == v and other.get(k) != v]
            if differ:
                why = f"{', '.join(map(str, differ))} differ; those of the first project are kept"
                items.append(("changed", str(row["case"]), "cases", why))
    return items
