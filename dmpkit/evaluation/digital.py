"""Digital parts of a process: six questions, each with its own answer and no sum.

Is the lottery verifiable, who owns the data, is there an off-line route, a right to be
unseen, can a synthesis be traced to contributions, can a vote be audited? The questions
are our own proposal (``data/screening``, table *digital*).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.evaluation.outside_records import (
    ITEM_STATUSES,
    codes_of,
    marked_synthetic,
    records_of,
)
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DigitalItems", "digital_items"]


def digital_items(source: Any, *, synthetic: bool | None = None) -> DigitalItems:
    """The six digital items with status, evidence and how to look.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a table as ``digital.csv``: ``item, status`` (met, partly, not
        met, not looked, not applicable), ``evidence, note``.
    synthetic : bool, optional
        Made-up records; as the scorecard says when not given.

    Returns
    -------
    DigitalItems

    Raises
    ------
    DataError
        When the table has mistakes.

    Examples
    --------
    >>> table = pd.DataFrame({"item": ["lottery", "voting"], "status": ["met", "not applicable"]})
    >>> digital_items(table).items.set_index("item")["status"].to_dict()["offline"]
    'not looked'
    """
    check_settings(digital_items, locals())
    return DigitalItems(records_of(source, "digital"), marked_synthetic(source, synthetic))


@dataclass(frozen=True, eq=False, repr=False)
class DigitalItems(Result):
    """Result of :func:`digital_items`.

    Attributes
    ----------
    records : DataFrame
        As ``digital.csv``.
    synthetic : bool
        Whether the records are made up.
    """

    records: pd.DataFrame
    synthetic: bool = False

    title = "Digital parts"
    sheet_notes = {"digital": "One row an item; one that nobody looked at is not met by that."}  # noqa: RUF012

    @cached_property
    def items(self) -> pd.DataFrame:
        """``item, label, question, status, evidence, note``: one row an item."""
        given = self.records.set_index("item")
        rows = []
        for item in codes_of("digital").itertuples(index=False):
            row = given.loc[str(item.item)] if item.item in given.index else None
            status = "" if row is None else str(row["status"])
            rows.append(
                {
                    "item": item.item,
                    "label": item.label,
                    "question": item.question,
                    "status": status or "not looked",
                    "evidence": "" if row is None else row["evidence"],
                    "note": "" if row is None else row["note"],
                }
            )
        return pd.DataFrame(rows)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The items as a table."""
        return {"digital": self.items}

    def summary(self) -> str:
        """The items by status, in words."""
        parts = []
        for status in ITEM_STATUSES:
            names = self.items.loc[self.items["status"] == status, "label"].tolist()
            if names:
                unknown = ", so not known" if status == "not looked" else ""
                parts.append(f"{status}{unknown}: {listed(names, 'and')}")
        bare = self.items[
            self.items["status"].isin(["met", "partly"]) & (self.items["evidence"] == "")
        ]
        text = f"Of six questions on the digital parts, {'; '.join(parts)}."
        if len(bare):
            text += f" No evidence is named for {listed(bare['label'].tolist(), 'and')}."
        return text + (" The records are synthetic." if self.synthetic else "")

    def methods_text(self) -> str:
        """Where the questions come from."""
        return (
            "The six questions on digital parts are a proposal of dmpkit; an overview of "
            "mini-publics by a vendor prompted the one on the off-line route. Each has its own "
            "answer as recorded; they are not summed, and one that nobody looked at is not known."
        )

    def section(self) -> Section:
        """The items as table and picture."""
        columns = ["label", "question", "status", "evidence", "note"]
        table = table_html(self.items[columns], headings={"label": "item"}, caption="Digital parts")
        figure = Figure.from_axes(self.plot(), "Digital items by status.")
        return Section(self.title, paragraphs(self.summary()) + table, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Items by status (:func:`~dmpkit.evaluation.outside_plots.plot_statuses`)."""
        from dmpkit.evaluation.outside_plots import plot_statuses

        order = ["not applicable", "not looked", "not met", "partly", "met"]
        return plot_statuses(
            self.items["label"].tolist(), self.items["status"].tolist(), order,
            bad=("not met",), what="digital items", synthetic=self.synthetic, ax=ax,
        )  # fmt: skip
