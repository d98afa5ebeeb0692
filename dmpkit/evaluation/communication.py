"""Communication: who was told before, during and after, in plain language, and who was reached.

A cell of the matrix without a record is shown as *nothing*: nothing is recorded there,
which is what a reader has to know; reach is summed only where it was written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.evaluation.outside_records import (
    PHASES,
    counted,
    marked_synthetic,
    records_of,
    sentence,
)
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Communication", "communication_matrix"]


def communication_matrix(source: Any, *, synthetic: bool | None = None) -> Communication:
    """What was told to whom and when: phase by audience, with plain language and reach.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a table as ``communication.csv``: ``phase`` (before, during,
        after), ``audience, what, plain_language`` (yes, no), ``reach`` (people, blank
        where nobody counted), ``date, evidence``.
    synthetic : bool, optional
        Made-up records; as the scorecard says when not given.

    Returns
    -------
    Communication

    Raises
    ------
    DataError
        When the table has mistakes.

    Examples
    --------
    >>> told = pd.DataFrame({"phase": ["during", "after"], "audience": ["residents"] * 2,
    ...                      "plain_language": ["yes", "no"], "reach": ["4000", ""]})
    >>> matrix = communication_matrix(told).matrix
    >>> matrix[["phase", "items", "plain", "reach"]].values.tolist()
    [['before', 0, 0, nan], ['during', 1, 1, 4000.0], ['after', 1, 0, nan]]
    """
    check_settings(communication_matrix, locals())
    records = records_of(source, "communication")
    return Communication(records, marked_synthetic(source, synthetic))


@dataclass(frozen=True, eq=False, repr=False)
class Communication(Result):
    """Result of :func:`communication_matrix`.

    Attributes
    ----------
    records : DataFrame
        As ``communication.csv``.
    synthetic : bool
        Whether the records are made up.
    """

    records: pd.DataFrame
    synthetic: bool = False

    title = "Communication"
    sheet_notes = {  # noqa: RUF012
        "matrix": "Phase by audience: items, how many in plain language, reach where counted.",
        "records": "One row a thing that was told.",
    }

    @property
    def audiences(self) -> list[str]:
        """The audiences in order of appearance, each once whatever its case."""
        return list(
            {name.casefold(): name for name in reversed(self.records["audience"])}.values()
        )[::-1]

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """``audience, phase, items, plain, plain_known, reach, reach_known``: one row a cell.

        `reach` is the sum where it was written down, NaN where it never was; people who
        were reached twice count twice.
        """
        rows = []
        for audience in self.audiences:
            same = self.records["audience"].str.casefold() == audience.casefold()
            for phase in PHASES:
                part = self.records[same & (self.records["phase"] == phase)]
                rows.append(
                    {
                        "audience": audience,
                        "phase": phase,
                        "items": len(part),
                        "plain": int((part["plain_language"] == "yes").sum()),
                        "plain_known": int((part["plain_language"] != "").sum()),
                        "reach": float(part["reach"].sum(min_count=1)),
                        "reach_known": int(part["reach"].notna().sum()),
                    }
                )
        columns = ["audience", "phase", "items", "plain", "plain_known", "reach", "reach_known"]
        return pd.DataFrame(rows, columns=columns)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables by name: the matrix and the records."""
        return {"matrix": self.matrix, "records": self.records}

    def summary(self) -> str:
        """Which phases and audiences have something, and what is not known of it."""
        n = len(self.records)
        if not n:
            return "No communication is recorded. That is not known to be none."
        made_up = " The records are synthetic." if self.synthetic else ""
        counts = self.records["phase"].value_counts()
        phases = listed([f"{int(counts.get(p, 0))} {p}" for p in PHASES], "and")
        parts = [sentence(f"{counted(n, 'item')} of communication: {phases}") + made_up]
        empty = self.matrix[self.matrix["items"] == 0]
        if len(empty):
            cells = [f"{a} ({p})" for a, p in zip(empty["audience"], empty["phase"], strict=True)]
            parts.append(f"Nothing is recorded for {listed(cells, 'and')}.")
        plain = self.records["plain_language"]
        unknown = int((plain == "").sum())
        tail = f", of {unknown} it is not known" if unknown else ""
        parts.append(f"In plain language: {int((plain == 'yes').sum())} of {n}{tail}.")
        uncounted = int(self.records["reach"].isna().sum())
        parts.append(
            f"Reach was counted for {n - uncounted} of {n}; people reached more than once are "
            "counted each time."
        )
        return " ".join(parts)

    def methods_text(self) -> str:
        """How the matrix was made."""
        return (
            "Items of communication were counted by phase (before, during, after) and audience "
            "as recorded; audiences are not a fixed list. An item counts as plain language when "
            "the record says so. Reach is the sum of what was written down and no number of "
            "different people; a blank is not zero. The layout is dmpkit's own."
        )

    def section(self) -> Section:
        """Matrix as picture and table."""
        if not len(self.records):
            return Section(self.title, paragraphs(self.summary()))
        headings = {"plain": "in plain language", "reach_known": "items with counted reach"}
        shown = self.matrix.drop(columns="plain_known")
        table = table_html(shown, digits=0, headings=headings, groups="audience",
                           caption="Communication by audience and phase")  # fmt: skip
        caption = "Bold frame: at least one item in plain language. Reach where it was counted."
        figure = Figure.from_axes(self.plot(), caption)
        return Section(self.title, paragraphs(self.summary()) + table, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Audience by phase (:func:`~dmpkit.evaluation.outside_plots.plot_matrix`)."""
        from dmpkit.evaluation.outside_plots import plot_matrix

        cells = {}
        for row in self.matrix.to_dict("records"):
            if not row["items"]:
                continue
            reach = f"{row['reach']:,.0f} reached" if row["reach_known"] else "reach not counted"
            words = f"{counted(int(row['items']), 'item')}, plain: {row['plain']}\n{reach}"
            cells[str(row["audience"]), str(row["phase"])] = (words, row["plain"] > 0)
        return plot_matrix(
            cells, self.audiences, PHASES, what="audiences", synthetic=self.synthetic, ax=ax
        )
