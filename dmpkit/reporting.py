"""What every method hands to a report: estimates, indicators, sections, HTML.

All text from data passes through :func:`escape` on its way into a page.
Numbers are rounded here, in the view, and nowhere else.
"""

from __future__ import annotations

import base64
import html
import math
import os
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from dmpkit.errors import DataError, legible

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = [
    "Estimate",
    "Figure",
    "Indicator",
    "Result",
    "Section",
    "TableView",
    "drawing",
    "escape",
    "format_number",
    "page",
    "paragraphs",
    "summary_table",
    "table_html",
    "write_html",
]

NAN = math.nan
#: A picture wider than this does not fit an upright page in the size it was drawn for.
WIDE_INCHES = 8.5
#: Columns that count people or things: whole numbers even where a table holds them as floats.
COUNTED = frozenset(
    {
        *("n", "people", "acts", "pairs", "count", "members", "seats", "cells", "tables", "units"),
        *("seconds", "voted", "not_voted", "agree", "disagree", "seen", "n_swaps", "learned"),
        *("forgot", "reach"),
    }
)
#: Cells longer than this are wordings, which may take several lines.
WORDY = 24
#: Tables of more columns go beyond the column of text, and on a landscape page in print.
BROAD = 12
#: Columns of p-values, by their names.
_P_VALUES = re.compile(r"p|p_[a-z_]+|(?:.*_)?p_value")
#: Signs that turn the direction of writing, or end such a turn.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
#: Names of columns as programs write them; they are shown with spaces.
_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")


class _ByValue:
    """Equal where all fields are, in every Python; what is not known (NaN) is alike."""

    def _values(self) -> tuple[Any, ...]:
        values = (getattr(self, field.name) for field in fields(self))  # type: ignore[arg-type]
        return tuple("NaN" if isinstance(v, float) and math.isnan(v) else v for v in values)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())


@dataclass(frozen=True, eq=False, repr=False)
class Estimate(_ByValue):
    """One estimated number with what is known about its uncertainty.

    Parameters
    ----------
    value : float
        The estimate; NaN where it is undefined (then `note` says why).
    standard_error, low, high, p_value : float
        Standard error, interval ends and p-value; NaN where there is none.
    n : int, optional
        Number of units that it rests on.
    note : str
        How the interval was made, or why something is undefined.

    Examples
    --------
    >>> Estimate(0.61, low=0.52, high=0.70, n=120)
    0.61 [0.52, 0.70], n = 120
    >>> float(Estimate(0.61))
    0.61
    """

    value: float
    standard_error: float = NAN
    low: float = NAN
    high: float = NAN
    p_value: float = NAN
    n: int | None = None
    note: str = ""

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        text = format_number(self.value)
        if not (math.isnan(self.low) and math.isnan(self.high)):
            text += f" [{format_number(self.low)}, {format_number(self.high)}]"
        if not math.isnan(self.standard_error):
            text += f", SE = {format_number(self.standard_error)}"
        if not math.isnan(self.p_value):
            text += f", {format_p(self.p_value)}"
        if self.n is not None:
            text += f", n = {self.n}"
        return f"{text} ({self.note})" if self.note else text

    def _repr_html_(self) -> str:
        return f"<p>{escape(repr(self))}</p>"


@dataclass(frozen=True, eq=False)
class Indicator(_ByValue):
    """One named number that a method offers to an evaluation.

    Parameters
    ----------
    name : str
        What is measured, in the field's words.
    value : float
        The number; NaN where it could not be assessed (never 0 instead).
    low, high : float
        Interval ends; NaN where there is no sampling, and so no interval.
    n : int, optional
        Number of units it rests on.
    note : str
        How to read it.
    source : str
        The method and the data it comes from.

    Examples
    --------
    >>> Indicator("variance explained by 3 factors", 63.8, n=9, source="qmethod").value
    63.8
    """

    name: str
    value: float
    low: float = NAN
    high: float = NAN
    n: int | None = None
    note: str = ""
    source: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The fields as a plain mapping, e.g. for a table of indicators."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Figure:
    """A picture for a report: PNG bytes, the text alternative and a caption.

    A `wide` one takes the width of the window, and a landscape page in print;
    any other is printed `inches` wide, the width that it was drawn for.
    """

    png: bytes
    alt: str
    caption: str = ""
    wide: bool = False
    inches: float | None = None

    def __post_init__(self) -> None:
        if not self.alt.strip():
            raise DataError(
                "A figure of a report has no text alternative.",
                remedy="Say in a sentence what the picture shows.",
            )

    @classmethod
    def from_axes(cls, ax: Axes, caption: str = "") -> Figure:
        """Take the picture and its text alternative from drawn axes."""
        from dmpkit import plotting

        inches = float(ax.get_figure(root=True).get_size_inches()[0])  # type: ignore[union-attr]
        wide = inches > WIDE_INCHES
        figure = cls(plotting.to_png(ax), plotting.alt_text(ax), caption, wide, inches)
        if (bar := _DRAWING.get()) is not None:
            bar.update()
        return figure

    def html(self) -> str:
        """The figure as an HTML element with the picture inside."""
        data = base64.b64encode(self.png).decode("ascii")
        caption = f"<figcaption>{escape(self.caption)}</figcaption>" if self.caption else ""
        size = f' style="--drawn:{self.inches:.2f}in"' if self.inches and not self.wide else ""
        return (
            f'<figure{" class=wide" if self.wide else ""}{size}><img alt="{escape(self.alt)}" '
            f'src="data:image/png;base64,{data}">{caption}</figure>'
        )


#: The bar that is told of every picture, while a report is drawn.
_DRAWING: ContextVar[Any] = ContextVar("drawing", default=None)
#: Seconds after which a bar is shown; what is done sooner needs none.
BAR_AFTER = 1.0


@contextmanager
def drawing(description: str = "drawing the report") -> Iterator[None]:
    """Count the pictures drawn within, on a progress bar where it takes longer than a second.

    Parameters
    ----------
    description : str
        Text of the bar.

    Examples
    --------
    >>> with drawing():
    ...     section = Section("Nothing to draw", paragraphs("No picture."))
    """
    from tqdm.auto import tqdm

    with tqdm(desc=description, unit=" pictures", leave=False, delay=BAR_AFTER) as bar:
        token = _DRAWING.set(bar)
        try:
            yield
        finally:
            _DRAWING.reset(token)


@dataclass(frozen=True)
class Section:
    """One section of a report.

    Parameters
    ----------
    title : str
        Plain text; escaped when shown.
    html : str
        An HTML fragment made with the functions of this module (already
        escaped), headings from ``h3`` on.
    figures : tuple of Figure
        Pictures, shown after the text.
    """

    title: str
    html: str
    figures: tuple[Figure, ...] = ()

    def render(self) -> str:
        """The whole section as HTML, its title as ``h2``."""
        pictures = "".join(figure.html() for figure in self.figures)
        return f"<section><h2>{escape(self.title)}</h2>{self.html}{pictures}</section>"

    def _repr_html_(self) -> str:
        return self.render()


@dataclass(frozen=True, repr=False)
class TableView:
    """A table to be read: HTML in a notebook, text elsewhere, wording never cut.

    Parameters
    ----------
    frame : DataFrame
        The table itself, unrounded.
    digits : int
        Decimals shown.
    caption : str
        Shown above; says what signs mean.
    headings : mapping, optional
        Column name to what is shown instead.
    groups : str, optional
        Column of which a run of equal values is shown once, as a row of its own.

    Examples
    --------
    >>> import pandas as pd
    >>> TableView(pd.DataFrame({"sort": ["a"], "f1": [0.456]}), caption="Loadings")
    Loadings
    sort   f1
       a 0.46
    """

    frame: pd.DataFrame
    digits: int = 2
    caption: str = ""
    headings: Mapping[str, str] | None = None
    groups: str | None = None

    def __repr__(self) -> str:
        shown = self.frame.rename(columns=dict(self.headings or {}))
        body = shown.to_string(
            index=False, max_colwidth=None, float_format=lambda x: format_number(x, self.digits)
        )
        return f"{self.caption}\n{body}" if self.caption else body

    def _repr_html_(self) -> str:
        return table_html(
            self.frame,
            digits=self.digits,
            caption=self.caption or None,
            headings=self.headings,
            groups=self.groups,
        )


def escape(text: object) -> str:
    """Make any value safe to stand in HTML, in text and in attributes.

    Signs that turn the direction of writing end with the text.

    Examples
    --------
    >>> escape('<b>"5 > 4"</b>')
    '&lt;b&gt;&quot;5 &gt; 4&quot;&lt;/b&gt;'
    """
    shown = html.escape(str(text), quote=True)
    return shown + _turned_back(shown) if _TURNS.search(shown) else shown


def _turned_back(text: str) -> str:
    """What ends the turns of direction that a text leaves open, so that none goes beyond it."""
    ends: list[str] = []
    for sign in _TURNS.findall(text):
        if sign in "\u202a\u202b\u202d\u202e":
            ends.append("\u202c")
        elif sign in "\u2066\u2067\u2068":
            ends.append("\u2069")
        elif sign in ends:
            while ends.pop() != sign:
                pass
    return "".join(reversed(ends))


def format_number(value: object, digits: int = 2) -> str:
    """A number as a reader sees it: rounded, with a true minus sign in mind.

    Whole-number types keep no decimals; NaN and None become an en dash;
    text is returned as it is.

    Examples
    --------
    >>> format_number(0.12345), format_number(-0.0001), format_number(7), format_number(None)
    ('0.12', '0.00', '7', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(value)
    if isinstance(value, str):
        return value
    if math.isnan(number):
        return "–"
    if hasattr(value, "__index__"):
        return str(int(value))
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    text = f"{number:.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def format_p(p: float) -> str:
    """A p-value as a reader sees it: never 0.

    Examples
    --------
    >>> format_p(0.0004), format_p(0.0317), format_p(float("nan"))
    ('p < 0.001', 'p = 0.032', 'p = –')
    """
    return "p < 0.001" if p < 0.001 else f"p = {format_number(float(p), 3)}"


def _cell(value: object, digits: int) -> str:
    if type(value).__name__ in {"bool_", "bool"}:
        return "yes" if value else ""
    if type(value).__name__ in {"NAType", "NaTType"}:
        return "–"
    return escape(format_number(value, digits))


def _p_cell(value: object, digits: int) -> str:
    """A p-value is never shown as 0."""
    if isinstance(value, float) and 0 <= value < 10.0**-digits / 2:
        return escape(f"< {10.0**-digits:.{digits}f}")
    return _cell(value, digits)


def _is_count(name: object, column: pd.Series[Any]) -> bool:
    """True for numbers of people or things, which are shown without decimals."""
    known = column.dropna() if column.dtype.kind == "f" else column[:0]
    return name in COUNTED and bool(len(known)) and bool((known % 1 == 0).all())


def _row_kind(values: Sequence[object]) -> tuple[bool, bool]:
    """Whether a row of a table of quantities is a p-value, and whether it is a count."""
    name = str(values[0]) if values else ""
    return name.startswith(("p-value", "p value")), name in COUNTED


def _is_whole(value: object) -> bool:
    return isinstance(value, float) and value.is_integer()


def _heading(name: object) -> str:
    """A column's name as a reader sees it."""
    return name.replace("_", " ") if isinstance(name, str) and _NAME.fullmatch(name) else str(name)


def table_html(
    frame: pd.DataFrame,
    *,
    digits: int | Mapping[str, int] = 2,
    caption: str | None = None,
    headings: Mapping[str, str] | None = None,
    groups: str | None = None,
) -> str:
    """A table as escaped HTML with header cells that screen readers can follow.

    Names of columns are shown with spaces for underscores; a p-value (columns ``p``,
    ``p_…``, ``p_value``) that rounds to 0 is shown as less than the last place. Where a
    column holds wordings, the longest of them takes the room that the others
    leave, whose cells stay in one line. A table wider than the screen can be reached and
    moved by keyboard.

    Parameters
    ----------
    frame : DataFrame
        The index is not shown; the first column labels the rows.
    digits : int or mapping of column to int
        Decimals shown.
    caption : str, optional
        Shown above the table.
    headings : mapping, optional
        Column name to what is shown instead.
    groups : str, optional
        Column of which a run of equal values is shown once, as a row of its own.

    Examples
    --------
    >>> import pandas as pd
    >>> print(table_html(pd.DataFrame({"factor": ["f1"], "loading": [0.456]})))
    <table class="dmpkit" tabindex="0"><thead><tr><th scope="col">factor</th>\
<th scope="col" class="number">loading</th></tr></thead><tbody>\
<tr><th scope="row">f1</th><td class="number">0.46</td></tr></tbody></table>
    """
    names = [c for c in frame.columns if groups is None or c != groups]
    shown = headings or {}
    places = digits if isinstance(digits, Mapping) else dict.fromkeys(names, digits)
    whole = {c: 0 for i, c in enumerate(frame.columns) if _is_count(c, frame.iloc[:, i])}
    places = {**places, **whole}
    kinds = _column_kinds(frame[names])
    # JupyterLab sets the text of every table to the right; wordings are read from the left
    left = ' style="text-align:left"'
    klass = [f' class="{k}"{left if "words" in k else ""}' if k else "" for k in kinds]
    tests = [bool(_P_VALUES.fullmatch(str(c))) for c in names]
    head = "".join(
        f'<th scope="col"{k}>{escape(shown[c] if c in shown else _heading(c))}</th>'
        for c, k in zip(names, klass, strict=True)
    )
    rows, part = [], None
    for position, values in enumerate(frame[names].itertuples(index=False, name=None)):
        if groups is not None and (own := str(frame[groups].iloc[position])) != part:
            rows.append(_group_row(own, len(names)))
            part = own
        of_p, counted = _row_kind(values)
        cells = [
            _p_cell(v, max(places.get(c, 2), 3 * of_p))
            if p or of_p
            else _cell(v, 0 if counted and _is_whole(v) else places.get(c, 2))
            for c, v, p in zip(names, values, tests, strict=True)
        ]
        first = f'<th scope="row"{klass[0]}>{cells[0]}</th>' if cells else ""
        rest = "".join(f"<td{k}>{c}</td>" for k, c in zip(klass[1:], cells[1:], strict=True))
        rows.append(f"<tr>{first}{rest}</tr>")
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    wordy = " wordy" if any("words" in kind for kind in kinds) else ""
    wordy += " broad" if len(names) > BROAD else ""
    return (
        f'<table class="dmpkit{wordy}" tabindex="0">{title}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _group_row(text: str, n_columns: int) -> str:
    """A row that heads those below it."""
    return f'<tr class="group"><th scope="rowgroup" colspan="{n_columns}">{escape(text)}</th></tr>'


def _column_kinds(frame: pd.DataFrame) -> list[str]:
    """Class of each column: number, words, the widest of those ``words main``, or none."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    kinds, widths = [], []
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        number = is_numeric_dtype(column) and not is_bool_dtype(column)
        cells = [] if number or is_bool_dtype(column) else [len(str(v)) for v in column]
        wordy = max(cells, default=0) > WORDY
        kinds.append("number" if number else "words" if wordy else "")
        widths.append(sum(cells) if wordy else 0)
    if any(widths):
        kinds[widths.index(max(widths))] += " main"
    return kinds


def summary_table(rows: Iterable[tuple[str, object]], *, caption: str | None = None) -> str:
    """Name and value pairs as a two-column HTML table.

    Examples
    --------
    >>> summary_table([("sorts", 9)]).count("<tr>")
    1
    """
    body = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td>{_cell(value, 2)}</td></tr>'
        for name, value in rows
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<table class="dmpkit summary">{title}<tbody>{body}</tbody></table>'


STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 Georgia, 'DejaVu Serif', serif; color: #1d1d1f; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1.2rem; }
h1, h2, h3, table, figcaption, nav, .meta { font-family: 'Helvetica Neue', Arial,
  'DejaVu Sans', sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin-bottom: .2rem; }
h2 { font-size: 1.25rem; border-top: 1px solid #bbb; padding-top: 1rem; margin-top: 2rem; }
h3 { font-size: 1.05rem; }
.meta { color: #444; font-size: .9rem; }
table.dmpkit { border-collapse: collapse; font-size: .85rem; margin: 1rem 0; display: block;
  overflow-x: auto; max-width: 100%; border-top: 2px solid #333; border-bottom: 2px solid #333; }
table.dmpkit caption { text-align: left; font-weight: 600; padding: .2rem 0; }
table.dmpkit thead th { border-bottom: 1px solid #333; text-align: left; }
table.dmpkit th, table.dmpkit td { padding: .2rem .7rem .2rem 0; vertical-align: top; }
table.dmpkit tbody th { font-weight: 500; text-align: left; }
table.dmpkit .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
table.wordy th, table.wordy td { white-space: nowrap; }
table.wordy thead tr th, table.wordy thead th.number, table.wordy caption,
table.wordy .words { white-space: normal; }
table.wordy .words { min-width: 11em; }
table.wordy .main { width: 100%; min-width: 18em; }
table.dmpkit.broad { font-size: .75rem; width: max-content; min-width: 100%; position: relative;
  max-width: min(96vw, 100rem); left: 50%; transform: translateX(-50%); }
table.dmpkit.broad th, table.dmpkit.broad td { padding-right: .5rem; }
table.dmpkit.broad thead th { white-space: normal; vertical-align: bottom; }
table.dmpkit.broad .words { min-width: 8em; }
table.dmpkit.broad .main { min-width: 12em; }
table.dmpkit tr.group th { font-weight: 600; font-style: italic; padding-top: .6rem; }
p.note { font: .85rem/1.45 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif; color: #444; }
figure { margin: 1.2rem 0; break-inside: avoid; }
img { max-width: 100%; height: auto; }
figure.wide { width: min(96vw, 100rem); margin-left: calc(50% - min(48vw, 50rem)); }
figure.wide img { width: 100%; }
figcaption { font-size: .85rem; color: #444; }
pre { white-space: pre-wrap; font-size: .85rem; }
@media print {
  @page { size: A4; margin: 14mm 15mm; }
  @page wide { size: A4 landscape; margin: 12mm; }
  body { max-width: none; margin: 0; padding: 0; font-size: 9.5pt; line-height: 1.4; }
  h1 { margin-top: 0; }
  h2 { margin: 6mm 0 2mm; padding-top: 2mm; }
  h2, h3, caption, thead, tr.group { break-after: avoid; }
  table.dmpkit { display: table; width: 100%; font-size: 8pt; line-height: 1.22; margin: 3mm 0;
    overflow: visible; }
  table.dmpkit:not(.wordy) { width: auto; }
  table.dmpkit th, table.dmpkit td { padding: .3mm 2.2mm .3mm 0; }
  table.dmpkit.broad { page: wide; font-size: 7.5pt; width: 100%; min-width: 0; max-width: none;
    position: static; transform: none; }
  table.dmpkit.broad th, table.dmpkit.broad td { padding-right: 1.5mm; }
  table.dmpkit tr.group th { padding-top: 1.2mm; }
  table.dmpkit:not(:has(tbody tr:nth-child(13))) { break-inside: avoid; }
  tr { break-inside: avoid; }
  tbody tr:nth-child(-n+2) { break-after: avoid; }
  tbody tr:nth-last-child(-n+2) { break-before: avoid; }
  p, li { orphans: 3; widows: 3; }
  a { color: inherit; text-decoration: none; }
  figure { margin: 4mm 0; }
  figure img { width: var(--drawn, auto); max-height: 250mm; object-fit: contain; }
  figure.wide { page: wide; width: auto; margin: 0; }
  figure.wide img { width: auto; max-height: 168mm; }
}
"""


def page(
    title: str, sections: Sequence[Section], *, subtitle: str | None = None, lang: str = "en"
) -> str:
    """A complete, self-contained HTML document that prints well.

    No script, no outside request; pictures are inside the file.

    Parameters
    ----------
    title : str
        Plain text, shown as the only ``h1``.
    sections : sequence of Section
        In reading order.
    subtitle : str, optional
        One line below the title.
    lang : str
        Language of the page, for screen readers.

    Examples
    --------
    >>> page("Result", [Section("One", "<p>text</p>")]).count("<h1>")
    1
    """
    under = f'<p class="meta">{escape(subtitle)}</p>' if subtitle else ""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    body = "".join(section.render() for section in sections)
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(lang)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{under}{body}</main></body></html>\n"
    )


def write_html(path: str | os.PathLike[str], document: str) -> None:
    """Write a page whole or not at all (temporary file, then rename)."""
    from dmpkit.tables import atomic_write

    with atomic_write(path) as target:
        target.write_text(document, encoding="utf-8")


class Result(ABC):
    """What every result of a method offers, made from the few parts that differ.

    A result says its `title`, its named tables, its summary, its methods and
    its section; the views built from them (tables of any kind, workbook, page,
    what a notebook shows) are the same everywhere.

    Examples
    --------
    >>> import pandas as pd
    >>> class Count(Result):
    ...     title = "A count"
    ...
    ...     def frames(self):
    ...         return {"counts": pd.DataFrame({"count": [3]})}
    ...
    ...     def summary(self):
    ...         return "Three."
    ...
    ...     def methods_text(self):
    ...         return "We counted."
    ...
    ...     def section(self):
    ...         return Section(self.title, paragraphs(self.summary()))
    >>> Count().tables(kind="polars")["counts"]["count"].to_list()
    [3]
    """

    #: Heading of the section and of the page.
    title: ClassVar[str]
    #: Table name to what its sheet holds, for the first sheet of the workbook.
    sheet_notes: ClassVar[Mapping[str, str]] = {}
    #: Column name to Excel number format; ``0.00`` for floats otherwise.
    sheet_formats: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name, in reading order; names of at most 31 characters."""

    @abstractmethod
    def summary(self) -> str:
        """The result in plain words; paragraphs are parted by an empty line."""

    @abstractmethod
    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""

    @abstractmethod
    def section(self) -> Section:
        """The result as one section of a larger report, with its pictures."""

    def indicators(self) -> tuple[Indicator, ...]:
        """The numbers that an evaluation compares; none unless a result names some."""
        return ()

    def sections(self) -> tuple[Section, ...]:
        """The sections of the result's own page."""
        methods = Section("Methods", paragraphs(self.methods_text()))
        return (self.section(), methods)

    def tables(self, kind: Literal["pandas", "polars", "pyarrow"] = "pandas") -> dict[str, Any]:
        """All tables by name.

        Parameters
        ----------
        kind : {"pandas", "polars", "pyarrow"}
        """
        from dmpkit.tables import as_kind

        return {name: as_kind(frame, kind) for name, frame in self.frames().items()}

    def __repr__(self) -> str:
        return legible(self.summary())

    def _repr_html_(self) -> str:
        tables = "".join(
            table_html(frame.head(40), caption=name.replace("_", " "))
            for name, frame in list(self.frames().items())[:1]
        )
        return f"<p><strong>{escape(self.title)}</strong></p>{paragraphs(self.summary())}{tables}"

    def report(self, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
        """Write the result as one self-contained HTML page that prints well.

        Parameters
        ----------
        path : path
            The page to write, whole or not at all.
        title : str, optional
            Heading of the page, where it should not be the method's own.

        Returns
        -------
        Path
            Where it was written.
        """
        with drawing():
            document = page(title or self.title, self.sections())
        write_html(path, document)
        return Path(path)

    def to_excel(self, path: str | os.PathLike[str]) -> Path:
        """Write one workbook: a first sheet that explains, then a sheet a table.

        Parameters
        ----------
        path : path
            Ends in ``.xlsx``; written whole or not at all.

        Returns
        -------
        Path
            Where it was written.

        Raises
        ------
        DataError
            When the name does not end in ``.xlsx`` or the folder does not exist.
        """
        from dmpkit.tables import write_workbook

        frames = self.frames()
        notes = [(self.title, self.summary()), ("Methods", self.methods_text())]
        notes += [(name, self.sheet_notes[name]) for name in frames if name in self.sheet_notes]
        write_workbook(path, frames, formats=self.sheet_formats, notes=notes)
        return Path(path)


def paragraphs(text: str) -> str:
    r"""Text as HTML paragraphs, escaped; an empty line parts them.

    Examples
    --------
    >>> paragraphs("One.\n\nTwo < 3.")
    '<p>One.</p><p>Two &lt; 3.</p>'
    """
    return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
