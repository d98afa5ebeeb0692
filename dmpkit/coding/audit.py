"""What an import did to a project: conventions found, quotes matched, what was lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import pandas as pd

from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.wording import counted

__all__ = ["AUDIT_ITEMS", "AUDIT_SOURCES", "Audit"]

#: Columns of `Audit.sources`: text, then counts.
AUDIT_SOURCES = {
    "source": str,
    "convention": str,
    "basis": str,
    "selections": int,
    "quotes": int,
    "matched": int,
    "re_anchored": int,
    "lost": int,
    "unchecked": int,
    "note": str,
}
#: Columns of `Audit.items`.
AUDIT_ITEMS = {"kind": str, "what": str, "where": str, "count": int, "why": str}


def _empty(columns: Mapping[str, type]) -> pd.DataFrame:
    """A table of these columns without rows."""
    kinds = {str: "str", int: "int64"}
    return pd.DataFrame({n: pd.Series([], dtype=kinds[kind]) for n, kind in columns.items()})


@dataclass(frozen=True, eq=False, repr=False)
class Audit(Result):
    """The account of an import: nothing changes or disappears without a line here.

    Attributes
    ----------
    program : str
        Name of the program that wrote the file, as the file says.
    format : str
        What was read, for example ``"REFI-QDA project"``.
    sources : DataFrame
        One row a source: ``source``, ``convention`` (how its offsets count),
        ``basis`` (what that was decided on), ``selections``, ``quotes`` (selections
        whose quotation could be compared), ``matched`` (stand where the offsets say),
        ``re_anchored`` (found elsewhere by their words), ``lost`` (found nowhere),
        ``unchecked`` (no quotation to compare), ``note``.
    items : DataFrame
        Everything dropped, changed or worth knowing: ``kind`` (``dropped``,
        ``changed``, ``duplicate``, ``notice``), ``what``, ``where``, ``count``, ``why``.

    Examples
    --------
    >>> Audit().lost
    0
    """

    title: ClassVar[str] = "What the import found"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "audit_sources": "One row a source: how its offsets count and how many quotations stand.",
        "audit_items": "Everything that was dropped or changed, and why.",
    }

    program: str = ""
    format: str = ""
    sources: pd.DataFrame = field(default_factory=lambda: _empty(AUDIT_SOURCES))
    items: pd.DataFrame = field(default_factory=lambda: _empty(AUDIT_ITEMS))

    @property
    def lost(self) -> int:
        """How many selections were found nowhere."""
        return int(self.sources["lost"].sum())

    @property
    def re_anchored(self) -> int:
        """How many selections stand elsewhere than their offsets said."""
        return int(self.sources["re_anchored"].sum())

    @property
    def matched(self) -> int:
        """How many quotations stand where their offsets say."""
        return int(self.sources["matched"].sum())

    @property
    def dropped(self) -> pd.DataFrame:
        """The items that did not come in."""
        return self.items[self.items["kind"] == "dropped"].reset_index(drop=True)

    @property
    def duplicates(self) -> pd.DataFrame:
        """The same code, coder and span more than once."""
        return self.items[self.items["kind"] == "duplicate"].reset_index(drop=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The two tables, ``audit_sources`` and ``audit_items``."""
        return {"audit_sources": self.sources, "audit_items": self.items}

    def summary(self) -> str:
        """The account in plain words."""
        if not self.format:
            return "The project was made here, not read from another program's file."
        total = int(self.sources["selections"].sum())
        quotes = int(self.sources["quotes"].sum())
        who = f" written by {self.program}" if self.program else ""
        unchecked = int(self.sources["unchecked"].sum())
        lines = [
            f"{self.format}{who}: {counted(self.sources['source'].nunique(), 'source')}, "
            f"{counted(total, 'selection')}. Of {counted(quotes, 'quotation')} that could be "
            f"compared, {self.matched} stand where the file places them (offsets), "
            f"{self.re_anchored} were found elsewhere, {self.lost} nowhere; "
            f"{counted(unchecked, 'selection')} without a quotation to compare."
        ]
        lines += [
            f"{str(kind).capitalize()}: " + "; ".join(_item(row) for row in part.itertuples()) + "."
            for kind, part in self.items.groupby("kind", sort=False)
        ]
        return "\n\n".join(lines)

    def methods_text(self) -> str:
        """How the offsets were read."""
        if not self.format:
            return "No file was imported."
        ways = self.sources["convention"].value_counts()
        said = "; ".join(f"{name} ({count} sources)" for name, count in ways.items())
        return (
            f"The project was imported from a {self.format}. How a file counts the positions of "
            "its selections was decided for each source by comparing the quotations that the "
            "file carries with the text under every convention known (byte-order mark counted "
            "or not, line ends as one or two, code points or UTF-16 units or UTF-8 bytes, end "
            f"exclusive or inclusive). Found: {said or 'no source with selections'}."
        )

    def section(self) -> Section:
        """The account with both tables."""
        body = paragraphs(self.summary())
        if len(self.sources):
            body += table_html(self.sources, caption="Sources")
        if len(self.items):
            body += table_html(self.items, caption="What was dropped, changed or noticed")
        return Section(self.title, body)


def _item(row: object) -> str:
    """One line of the account."""
    where = f" ({row.where})" if row.where else ""  # type: ignore[attr-defined]
    return f"{row.count} × {row.what}{where}: {row.why}"  # type: ignore[attr-defined]
