"""A page to read: the text with every coder's spans side by side, in colour and pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from dmpkit.coding.code_names import selected_codes
from dmpkit.errors import DataError
from dmpkit.plotting import PALETTE
from dmpkit.reporting import Section, escape, page, write_html

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["ReaderView", "reader"]

#: Underlines that tell codes apart without colour; with the number they name a code.
LINES: Final = ("solid", "double", "dotted", "dashed", "wavy")
#: Lines of a text that are shown at most; longer sources are read in parts.
MOST_LINES: Final = 4000
STYLE: Final = """
.dmpkit-reader { background: #fff; color: #1d1d1f; font: 15px/1.4 Georgia, 'DejaVu Serif', serif;
  padding: .6rem; overflow-x: auto; color-scheme: light; }
.dmpkit-reader table { border-collapse: collapse; width: 100%; table-layout: fixed;
  background: #fff; font-size: 1em; }
.dmpkit-reader th, .dmpkit-reader td { vertical-align: top; text-align: start; color: #1d1d1f;
  background: #fff; padding: .25rem .7rem; border: 0; overflow-wrap: anywhere;
  white-space: pre-wrap; }
.dmpkit-reader thead th { border-bottom: 1px solid #333; font-family: Arial, 'DejaVu Sans',
  sans-serif; font-size: .85em; }
.dmpkit-reader tbody tr { border-bottom: 1px solid #e4e4e8; }
.dmpkit-reader .place { width: 2.6rem; color: #6e6e73; font: .75em Arial, 'DejaVu Sans',
  sans-serif; padding-left: 0; text-align: right; }
.dmpkit-reader td.text { line-height: 2.1; }
.dmpkit-reader .code { text-decoration-line: underline; text-decoration-thickness: 2px;
  text-decoration-skip-ink: none; }
.dmpkit-reader sup { font: 700 .62em Arial, 'DejaVu Sans', sans-serif; padding: 0 .15em;
  text-decoration: none; user-select: none; line-height: 0; }
.dmpkit-reader ul { list-style: none; padding: 0; margin: .2rem 0 .8rem; columns: 2;
  font: .82em/1.7 Arial, 'DejaVu Sans', sans-serif; }
"""


@dataclass(frozen=True, eq=False, repr=False)
class ReaderView:
    """A source as a page to read; the last value of a cell shows it.

    Attributes
    ----------
    source : str
    text : str
        What is shown.
    start : int
        Where it begins in the source.
    spans : DataFrame
        ``code, coder, start, end``: what is marked.
    codes : tuple of str
        In the order of their numbers.
    coders : tuple of str
        A column each.
    first_line : int
        Number of the first line shown.
    """

    source: str
    text: str
    start: int
    spans: pd.DataFrame
    codes: tuple[str, ...]
    coders: tuple[str, ...]
    first_line: int = 1

    def html(self) -> str:
        """The view as a fragment of HTML: no script, nothing from outside, all text escaped."""
        head = "".join(f'<th scope="col">{escape(c or "not named")}</th>' for c in self.coders)
        rows = "".join(self._row(number, at, line) for number, at, line in self._lines())
        return (
            f'<div class="dmpkit-reader"><style>{STYLE}</style>{self._legend()}'
            f"<table><caption hidden>{escape(self.source)}</caption>"
            f'<colgroup><col class="place" style="width:3rem">{"<col>" * len(self.coders)}'
            f'</colgroup><thead><tr><th class="place" scope="col">line</th>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div>"
        )

    def _repr_html_(self) -> str:
        return self.html()

    def __repr__(self) -> str:
        return (
            f"<ReaderView of {self.source!r}: {len(self.text)} characters, {len(self.spans)} spans "
            f"of {len(self.codes)} codes by {len(self.coders)} coders>"
        )

    def write(self, path: str | Path) -> Path:
        """Write the view as a self-contained page."""
        write_html(path, page(self.source, [Section("Codings", self.html())]))
        return Path(path)

    def _lines(self) -> Iterable[tuple[int, int, str]]:
        place = 0
        lines = self.text.split("\n")
        if len(lines) > 1 and not lines[-1]:
            lines.pop()  # the text ends with a line end, after which nothing stands
        for number, line in enumerate(lines, start=self.first_line):
            yield number, place, line
            place += len(line) + 1

    def _row(self, number: int, at: int, line: str) -> str:
        cells = "".join(
            f'<td class="text" dir="auto">{self._marked(coder, at, line)}</td>'
            for coder in self.coders
        )
        return f'<tr><th class="place" scope="row">{number}</th>{cells}</tr>'

    def _marked(self, coder: str, at: int, line: str) -> str:
        """One line as one coder marked it: cut at every end of a span."""
        own = self.spans[self.spans["coder"] == coder]
        starts = own["start"].to_numpy(np.int64) - self.start - at
        ends = own["end"].to_numpy(np.int64) - self.start - at
        here = np.flatnonzero((starts < len(line)) & (ends > 0))
        codes = [self.codes.index(own["code"].iloc[i]) for i in here]
        order = sorted(range(len(here)), key=lambda i: (starts[here[i]], -ends[here[i]], codes[i]))
        spans = [(int(starts[here[i]]), int(ends[here[i]]), codes[i]) for i in order]
        cuts = sorted(
            {0, len(line)} | {min(max(v, 0), len(line)) for s, e, _ in spans for v in (s, e)}
        )
        parts = []
        for since, till in pairwise(cuts):
            on = [(s, code) for s, e, code in spans if s <= since and e >= till]
            parts.append(_piece(line[since:till], on, since, self.codes))
        return "".join(parts) or "&nbsp;"

    def _legend(self) -> str:
        items = "".join(
            f'<li><span class="code" style="{_look(i, 0)}">{escape(code)}</span>'
            f"<sup>{i + 1}</sup></li>"
            for i, code in enumerate(self.codes)
        )
        return f'<ul aria-label="codes">{items}</ul>'


def _look(code: int, depth: int) -> str:
    """Colour and line of a code; deeper ones are drawn lower."""
    colour = PALETTE[code % len(PALETTE)]
    line = LINES[(code // len(PALETTE) + code) % len(LINES)]
    return (
        f"text-decoration-color:{colour};text-decoration-style:{line};"
        f"text-underline-offset:{2 + 4 * min(depth, 4)}px;background:{colour}1a"
    )


def _piece(text: str, on: Sequence[tuple[int, int]], since: int, codes: Sequence[str]) -> str:
    """A stretch on which nothing changes, within one element a code."""
    body = escape(text)
    numbers = "".join(f"<sup>{code + 1}</sup>" for start, code in on if max(start, 0) == since)
    for depth, (_, code) in reversed(list(enumerate(on))):
        body = (
            f'<span class="code" style="{_look(code, depth)}" title="{escape(codes[code])}">'
            f"{body}</span>"
        )
    return numbers + body


def reader(
    project: CodedProject,
    source: str,
    *,
    coders: str | Iterable[str] | None = None,
    codes: str | Iterable[str] | None = None,
    start: int = 0,
    end: int | None = None,
) -> ReaderView:
    """A source to read, with every coder's spans in a column of its own.

    Each code has a number, a colour and a kind of underline, explained above the text;
    the number stands where a span begins, and where a line goes on with it. The same
    line of the text stands side by side for all coders.

    Parameters
    ----------
    project : CodedProject
    source : str
    coders : str or iterable of str, optional
        Everybody who coded the source when not given.
    codes : str or iterable of str, optional
        All codes when not given.
    start, end : int, optional
        A part of the text, in characters.

    Returns
    -------
    ReaderView

    Raises
    ------
    DataError
        For an unknown source, coder or code, a part that is none, or more than 4,000
        lines at a time.

    Examples
    --------
    >>> from dmpkit.coding.data import CodedProject
    >>> sources = pd.DataFrame({"source": ["I1"], "text": ["Time was <short>."]})
    >>> segments = pd.DataFrame({"source": ["I1"], "code": ["Time"], "coder": ["A"],
    ...                          "start": [0], "end": [8]})
    >>> view = reader(CodedProject.from_frames(sources, segments), "I1")
    >>> view
    <ReaderView of 'I1': 17 characters, 1 spans of 1 codes by 1 coders>
    >>> "&lt;short&gt;" in view.html()
    True
    """
    text = project.text(source)
    stop = len(text) if end is None else int(end)
    if not 0 <= start <= stop <= len(text):
        raise DataError(
            f"The part from {start} to {stop} is not in {source!r}.",
            remedy=f"It has {len(text)} characters.",
        )
    shown = text[start:stop]
    if shown.count("\n") >= MOST_LINES:
        raise DataError(
            f"{source!r} has {shown.count(chr(10)) + 1} lines, too many to show at once.",
            remedy="Read a part of it: reader(…, start=…, end=…).",
        )
    own = project.only(sources=[source]).segments
    found = tuple(sorted(set(own["coder"])))
    names = found if coders is None else tuple([coders] if isinstance(coders, str) else coders)
    unknown = set(names) - set(found) - set(project.coders)
    if unknown:
        raise DataError(
            f"There is no coder {sorted(unknown)[0]!r}.",
            remedy=f"The coders are {', '.join(map(repr, project.coders))}.",
        )
    chosen = selected_codes(project, codes)
    keep = own["code"].isin(chosen) & own["coder"].isin(names)
    keep &= (own["start"] < stop) & (own["end"] > start)
    spans = own.loc[keep, ["code", "coder", "start", "end"]].reset_index(drop=True)
    used = tuple(code for code in chosen if code in set(spans["code"]))
    first = 1 + text.count("\n", 0, start)
    return ReaderView(source, _visible(shown), int(start), spans, used, names or ("",), first)


def _visible(text: str) -> str:
    """Control characters as their pictures, so that no length changes; line feeds stay.

    Marks that turn the direction of what follows are shown too: they could make a quote
    read otherwise than it is.
    """
    return re.sub(
        "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]",
        lambda m: chr(0x2400 + ord(m[0])) if ord(m[0]) < 32 else "␡" if m[0] == "\x7f" else "�",
        text,
    )
