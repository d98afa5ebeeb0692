"""Before quotes are published: which of them could tell who spoke."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Final

import numpy as np
import pandas as pd

from dmpkit.coding.anonymity import anonymity
from dmpkit.coding.approach import require_project
from dmpkit.coding.data import CodedProject
from dmpkit.coding.names import NameList
from dmpkit.coding.pseudonyms import PseudonymKey
from dmpkit.errors import DataError
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_pandas, write_csv, write_workbook

__all__ = ["REASONS", "ReleaseCheck", "release_check"]

#: Why a quote is listed, and whether it must be held back until somebody has looked.
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "name left": ("hold", "a name of the list stands in the quote"),
    "part of a name": ("look", "a word begins with a name of the list, or is part of one"),
    "e-mail or web address": ("hold", "an address leads to a person"),
    "telephone or other number": ("look", "a long number may lead to a person"),
    "date": ("look", "a date may fix an event and who was there"),
    "handle": ("hold", "a name in social media leads to a person"),
    "small group": ("hold", "with these attributes the speaker stands in a group below k"),
    "name or place in one source": ("look", "a capitalised word that no other source has"),
    "rare word in one source": ("look", "a word that no other source has"),
    "long quote": ("look", "long enough to be recognised, or found where the text is public"),
}
_PATTERNS: Final = {
    "e-mail or web address": re.compile(
        r"[\w.+-]+@[\w-]+\.[\w.-]+|https?://\S+|\bwww\.\S+", re.IGNORECASE
    ),
    "handle": re.compile(r"(?<![\w@.])@\w{2,}"),
    "date": re.compile(
        r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\b\d{4}-\d{2}-\d{2}\b"
        r"|\b\d{1,2}(?:st|nd|rd|th)?\s+(?:of\s+)?(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
        r"\w*\b|\b(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*\s+\d{1,4}\b"
        r"|\b(?:19|20)\d{2}\b"
    ),
    "telephone or other number": re.compile(r"\+?\d(?:[\s().-]?\d){4,}"),
}
_WORD: Final = re.compile(r"[^\W\d_][\w'’-]*[^\W\d_]|[^\W\d_]")
#: Defaults that are our own choice.
LONG: Final = 50
RARE: Final = 8


@dataclass(frozen=True, eq=False, repr=False)
class ReleaseCheck(Result):
    """Result of :func:`release_check`.

    Attributes
    ----------
    quotes : DataFrame
        ``segment, source, case, code, quote, n_findings, verdict`` (``hold``, ``look``,
        ``clear``, or ``accepted`` by the reader).
    findings : DataFrame
        ``segment, reason, level, what, start, end`` (positions in the quote; empty for the
        whole of it), ``why``.
    checked : tuple of str
        What was looked for.
    unchecked : tuple of str
        What could not be, and why.
    """

    title: ClassVar[str] = "Before quotes are published"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "quotes": "Every quote with what the check came to.",
        "findings": "What could identify a speaker, and why.",
        "releasable": "Quotes that are clear, or that the reader accepted.",
    }

    quotes: pd.DataFrame
    findings: pd.DataFrame
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]

    @cached_property
    def releasable(self) -> pd.DataFrame:
        """Quotes that are clear or were accepted: ``segment, code, quote``, without speaker."""
        fine = self.quotes["verdict"].isin(["clear", "accepted"])
        columns = ["segment", "code", "quote"]
        return self.quotes.loc[fine, columns].reset_index(drop=True)

    def accept(self, segments: str | Iterable[str]) -> ReleaseCheck:
        """The same, with quotes that a person has read and found fit to be published.

        Raises
        ------
        DataError
            A segment that was not checked.
        """
        names = {segments} if isinstance(segments, str) else set(map(str, segments))
        if unknown := names - set(self.quotes["segment"]):
            raise DataError(f"The quote {sorted(unknown)[0]!r} was not checked.")
        mine = self.quotes["segment"].isin(names)
        verdict = self.quotes["verdict"].where(~mine, "accepted")
        return replace(self, quotes=self.quotes.assign(verdict=verdict))

    def write_quotes(self, path: str | os.PathLike[str]) -> Path:
        """Write the releasable quotes as ``.csv`` or ``.xlsx``.

        Raises
        ------
        DataError
            Another ending.
        """
        ending = Path(path).suffix.lower()
        if ending == ".csv":
            write_csv(self.releasable, path)
        elif ending == ".xlsx":
            notes = [(self.title, self.summary()), ("Methods", self.methods_text())]
            write_workbook(path, {"quotes": self.releasable}, notes=notes)
        else:
            raise DataError("Quotes are written as .csv or .xlsx.", file=path)
        return Path(path)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "quotes": self.quotes,
            "findings": self.findings,
            "releasable": self.releasable,
        }

    def summary(self) -> str:
        """The result in plain words."""
        counts = self.quotes["verdict"].value_counts()
        said = ", ".join(
            f"{int(counts[v])} {words}"
            for v, words in (
                ("hold", "to hold back"),
                ("look", "to look at"),
                ("clear", "without a finding"),
                ("accepted", "accepted by the reader"),
            )
            if v in counts.index
        )
        text = f"{len(self.quotes)} quotes: {said or 'none'}."
        if len(self.findings):
            kinds = self.findings["reason"].value_counts()
            text += " " + ", ".join(f"{n} times {reason}" for reason, n in kinds.items()) + "."
        if self.unchecked:
            text += " Not checked: " + "; ".join(self.unchecked) + "."
        return (
            f"{text}\n\nA quote without a finding is no promise: what a colleague would recognise, "
            "such as a story or a turn of phrase, no list can tell. Somebody who knows the field "
            "should read every quote."
        )

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made."""
        return (
            f"Before publication {len(self.quotes)} quotes were checked by rule for: "
            f"{', '.join(self.checked)}. The rules and limits are dmpkit's own proposal."
        )

    def section(self) -> Section:
        """Words and findings, without the quotes that are to be held back."""
        html = paragraphs(self.summary())
        counts = self.findings.groupby(["reason", "level"], sort=False).size().reset_index(name="n")
        if len(counts):
            html += table_html(counts, caption="Findings by reason")
        return Section(self.title, html)


def release_check(
    project: CodedProject,
    quotes: Any = None,
    *,
    names: Any = None,
    attributes: Sequence[str] = (),
    k: int = 5,
    longest: int = LONG,
    rare: int | None = RARE,
) -> ReleaseCheck:
    """List every quote that could tell who spoke, before it is published.

    Parameters
    ----------
    project : CodedProject
        Pseudonymised, see :func:`dmpkit.coding.pseudonymise`.
    quotes : DataFrame or sequence of str, optional
        The segments to be published (a column ``segment``, or their labels); all when
        not given.
    names : PseudonymKey, mapping or frame, optional
        The originals, to look for what is left of them, in any case.
    attributes : sequence of str
        Attributes of cases that will be published beside the quotes: a speaker whose
        combination fewer than `k` cases share is listed.
    k : int
    longest : int
        Quotes of more words are listed; 50 is our own choice.
    rare : int, optional
        Words of at least so many letters that stand in one source only are listed; None
        for none. Capitalised words within a sentence are listed whatever their length.

    Returns
    -------
    ReleaseCheck

    Raises
    ------
    DataError
        A segment or an attribute that the project does not have.

    Examples
    --------
    >>> text = "We met in Greendale. Write to me@here.org. It was fine."
    >>> project = CodedProject.from_frames(
    ...     pd.DataFrame({"source": ["I1", "I2"], "text": [text, "It was fine."]}),
    ...     pd.DataFrame({"source": ["I1"] * 3, "code": "C", "start": [0, 21, 43],
    ...                   "end": [20, 42, 55]}))
    >>> release_check(project).quotes["verdict"].tolist()
    ['look', 'hold', 'clear']
    """
    for label, value in (("longest", longest), ("rare", 1 if rare is None else rare)):
        if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
            raise DataError(f"{label} is {value!r}; it must be a whole number above 0.")
    require_project(project)
    chosen = _chosen(project, quotes)
    listed = None
    if names is not None:
        table = names.names if isinstance(names, PseudonymKey) else names
        listed = _Listed.of(NameList.read(table, "ignore"))
    cases = _cases(project, chosen)
    rows: list[tuple[Any, ...]] = []
    sources_of = _sources_of_words(project) if len(project.texts) > 1 else None
    alone = _alone(project, attributes, k)
    texts = zip(chosen["segment"], chosen["source"], chosen["quote"], cases, strict=True)
    for segment, source, quote, case in texts:
        found = [*_named(quote, listed), *_patterned(quote)]
        if sources_of is not None:
            found += _rare(quote, project.texts[source], sources_of, rare, found)
        n_words = len(quote.split())
        if n_words > longest:
            found.append(("long quote", f"{n_words} words", pd.NA, pd.NA))
        found += [("small group", alone[c], pd.NA, pd.NA) for c in case if c in alone]
        rows.extend((segment, r, REASONS[r][0], w, a, b, REASONS[r][1]) for r, w, a, b in found)
    columns = ["segment", "reason", "level", "what", "start", "end", "why"]
    findings = pd.DataFrame(rows, columns=columns).astype({"start": "Int64", "end": "Int64"})
    findings = findings.astype({c: "str" for c in columns if c not in ("start", "end")})
    made = pd.DataFrame(
        {
            "segment": chosen["segment"],
            "source": chosen["source"],
            "case": ["; ".join(c) for c in cases],
            "code": chosen["code"],
            "quote": chosen["quote"],
        }
    ).reset_index(drop=True)
    counts = findings["segment"].value_counts()
    held = set(findings.loc[findings["level"] == "hold", "segment"])
    made["n_findings"] = [int(counts.get(s, 0)) for s in made["segment"]]
    made["verdict"] = [
        "hold" if s in held else "look" if n else "clear"
        for s, n in zip(made["segment"], made["n_findings"], strict=True)
    ]
    done, missing = _said(listed, attributes, k, longest, rare, sources_of)
    if attributes and (without := sum(not c for c in cases)):
        missing += (f"attributes of who spoke in {without} quotes that belong to no case",)
        if without == len(cases):
            done = tuple(said for said in done if not said.startswith("combinations of"))
    return ReleaseCheck(made, findings, done, missing)


def _said(
    listed: _Listed | None,
    attributes: Sequence[str],
    k: int,
    longest: int,
    rare: int | None,
    sources_of: Any,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What was looked for, and what could not be."""
    done = ["addresses, handles, dates and long numbers", f"quotes of more than {longest} words"]
    missing = []
    if listed is None:
        missing.append("names left (no list of names was given)")
    else:
        done.insert(0, f"{len(listed.names.table)} names and words that begin with them")
    if sources_of is None:
        missing.append("words in one source only (there is one source)")
    else:
        done.append("capitalised words within a sentence that stand in one source only")
        if rare is not None:
            done.append(f"other words of {rare} letters or more that do")
    if attributes:
        done.append(f"combinations of {', '.join(attributes)} that fewer than {k} cases share")
    else:
        missing.append("combinations of attributes (none were named)")
    return tuple(done), tuple(missing)


def _chosen(project: CodedProject, quotes: Any) -> pd.DataFrame:
    segments = project.segments
    if quotes is None:
        return segments.reset_index(drop=True)
    if hasattr(quotes, "columns"):
        frame = to_pandas(quotes, what="quotes")
        require_columns(frame, ["segment"])
        wanted = [str(s) for s in frame["segment"]]
    elif isinstance(quotes, str):
        wanted = [quotes]
    elif isinstance(quotes, Iterable):
        wanted = [str(s) for s in quotes]
    else:
        raise DataError(f"quotes is {quotes!r}.", remedy="Give labels of segments, or a table.")
    known = set(segments["segment"])
    if unknown := [s for s in wanted if s not in known]:
        raise DataError(f"There is no segment {unknown[0]!r}.", remedy="See project.segments.")
    return segments[segments["segment"].isin(wanted)].reset_index(drop=True)


def _cases(project: CodedProject, chosen: pd.DataFrame) -> list[list[str]]:
    """The cases whose words each quote overlaps."""
    links: dict[str, list[tuple[str, int, int]]] = {}
    for case, source, a, b in project.case_sources[["case", "source", "start", "end"]].itertuples(
        index=False, name=None
    ):
        links.setdefault(source, []).append((case, a, b))
    return [
        list(dict.fromkeys(c for c, a, b in links.get(source, []) if a < end and b > start))
        for source, start, end in chosen[["source", "start", "end"]].itertuples(
            index=False, name=None
        )
    ]


def _alone(project: CodedProject, attributes: Sequence[str], k: int) -> dict[str, str]:
    """Cases in groups below k, with their attributes."""
    if not len(attributes) or not len(project.cases):
        return {}
    names = [attributes] if isinstance(attributes, str) else list(attributes)
    found = anonymity(project.cases, names, k=k)
    rows = project.cases[names].to_dict("records")
    return {
        case: ", ".join(f"{a}: {row[a]}" for a in names) + f" ({n} of {len(rows)} cases)"
        for case, row, n in zip(project.cases["case"], rows, np.asarray(found.of_row), strict=True)
        if n < k
    }


Finding = tuple[str, str, Any, Any]


@dataclass(frozen=True)
class _Listed:
    """Names with what of them may stand within other words."""

    names: NameList
    whole: frozenset[str]
    parts: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, names: NameList) -> _Listed:
        plain = [_plain(n) for n in names.table["original"]]
        whole = frozenset(n for n in plain if len(n) > 3)
        parts = frozenset(p for n in plain if " " in n for p in n.split() if len(p) > 3)
        return cls(names, whole, parts, tuple(sorted({len(n) for n in whole})))

    def touches(self, word: str) -> bool:
        """Whether a word begins with a name, or is part of one."""
        return word in self.parts or any(word[:n] in self.whole for n in self.lengths)


def _named(quote: str, listed: _Listed | None) -> list[Finding]:
    """Names of the list, and words that begin with one or are part of one."""
    if listed is None:
        return []
    found: list[Finding] = [
        ("name left", quote[m.start : m.end], m.start, m.end)
        for m in listed.names.find(quote)
        if m.action == "replace"
    ]
    taken = [(a, b) for _, _, a, b in found]
    for m in _WORD.finditer(quote):
        if listed.touches(_plain(m.group())) and not any(
            a < m.end() and m.start() < b for a, b in taken
        ):
            found.append(("part of a name", m.group(), m.start(), m.end()))
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _patterned(quote: str) -> list[Finding]:
    """Addresses, handles, dates, numbers; each place once."""
    found: list[Finding] = []
    for reason, pattern in _PATTERNS.items():
        for m in pattern.finditer(quote):
            if not any(a < m.end() and m.start() < b for _, _, a, b in found):
                found.append((reason, m.group(), m.start(), m.end()))
    return found


def _sources_of_words(project: CodedProject) -> dict[str, int]:
    """In how many sources each word stands."""
    counts: dict[str, int] = {}
    for text in project.texts.values():
        for word in {_plain(m.group()) for m in _WORD.finditer(text)}:
            counts[word] = counts.get(word, 0) + 1
    return counts


def _rare(
    quote: str, text: str, counts: Mapping[str, int], rare: int | None, found: Iterable[Finding]
) -> list[Finding]:
    """Words that no other source has; capitalised within a sentence, or long."""
    taken = [(a, b) for _, _, a, b in found if a is not pd.NA]
    made: list[Finding] = []
    seen: set[str] = set()
    for m in _WORD.finditer(quote):
        word = m.group()
        key = _plain(word)
        if counts.get(key, 0) > 1 or key in seen:
            continue
        if any(a < m.end() and m.start() < b for a, b in taken):
            continue
        capital = word[:1].isupper() and not _begins_sentence(quote, m.start())
        if capital or (word[:1].isupper() and len(word) > 1 and word.isupper()):
            reason = "name or place in one source"
        elif rare is not None and len(word) >= rare:
            reason = "rare word in one source"
        else:
            continue
        seen.add(key)
        made.append((reason, word, m.start(), m.end()))
    return made


def _begins_sentence(quote: str, at: int) -> bool:
    before = quote[:at].rstrip(" \t\"'“”‘’([")
    return not before or before[-1] in ".!?…:\n"
