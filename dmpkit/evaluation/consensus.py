"""Group-informed consensus: statements that every opinion group agrees with.

The measure of the Polis platform: the product over the opinion groups of
(agree + 1)/(seen + 2), a smoothed share of agreement (Laplace's rule). One group that
disagrees pulls the product down, however large the others are.

The product falls with every further group, because each factor is below 1: values of
conversations (or of solutions) with different numbers of groups must never be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import first_few, names, numbers
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_pandas

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

__all__ = ["GroupConsensus", "group_informed_consensus"]

WARNING = (
    "Values fall with the number of opinion groups: never compare them across conversations "
    "or groupings with different numbers of groups."
)


@dataclass(frozen=True, eq=False, repr=False)
class GroupConsensus(Result):
    """Result of :func:`group_informed_consensus`.

    Attributes
    ----------
    votes : DataFrame
        ``statement, group, agree, disagree, seen, share``: one row a statement and group;
        ``share`` is (agree + 1)/(seen + 2).
    groups : tuple of str
        The opinion groups.
    """

    votes: pd.DataFrame
    groups: tuple[str, ...]

    title = "Group-informed consensus"
    sheet_notes: ClassVar[Mapping[str, str]] = {"consensus": WARNING}

    @cached_property
    def table(self) -> pd.DataFrame:
        """``statement, consensus, rank, lowest_share, lowest_group, seen``, best first.

        Equal values share the better rank.
        """
        wide = self.votes.pivot_table(
            index="statement", columns="group", values="share", sort=False, aggfunc="first"
        )[list(self.groups)]
        shares = wide.to_numpy(dtype=np.float64)
        seen = self.votes.groupby("statement", sort=False)["seen"].sum().reindex(wide.index)
        frame = pd.DataFrame({"statement": list(wide.index), "consensus": shares.prod(axis=1)})
        frame["rank"] = frame["consensus"].rank(ascending=False, method="min").astype("int64")
        frame["lowest_share"] = shares.min(axis=1)
        frame["lowest_group"] = [self.groups[i] for i in shares.argmin(axis=1)]
        frame["seen"] = seen.to_numpy()
        return frame.sort_values(["rank", "statement"], ignore_index=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``consensus`` and ``votes``."""
        return {"consensus": self.table, "votes": self.votes}

    def summary(self) -> str:
        """The statements on top and at the bottom, and what must not be compared."""
        top, last = self.table.iloc[0], self.table.iloc[-1]
        few = self.votes[self.votes["seen"] < 5]
        text = (
            f"{len(self.table)} statements were voted on in {len(self.groups)} opinion groups. "
            f"Statement {top['statement']!r} comes first: the smoothed shares of agreement of all "
            f"groups multiply to {top['consensus']:.2f}, the lowest of them is "
            f"{top['lowest_share']:.0%}. Statement {last['statement']!r} comes last "
            f"({last['consensus']:.2f}). {WARNING}"
        )
        if len(few):
            said = first_few(dict.fromkeys(few["statement"]))
            text += (
                f"\n\nFewer than five people of a group saw {said}: that group's factor rests "
                "on hardly any votes and is drawn towards one half."
            )
        return text

    def methods_text(self) -> str:
        """The formula and its limits."""
        return (
            "Group-informed consensus, as the Polis platform computes it: the product over "
            f"opinion groups of (agree + 1)/(seen + 2), here over {len(self.groups)} groups "
            f"({', '.join(self.groups)}). {WARNING} Who votes on what is not a sample that an "
            "interval could be drawn from, so none is given."
        )

    def section(self) -> Section:
        """Text, table and picture."""
        figure = Figure.from_axes(self.plot(), "Smoothed agreement of each opinion group.")
        body = paragraphs(self.summary()) + table_html(
            self.table, caption="Statements by group-informed consensus"
        )
        return Section(self.title, body, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Agreement by group; see :func:`~.support_plots.plot_consensus`."""
        from dmpkit.evaluation.support_plots import plot_consensus

        return plot_consensus(self, ax=ax)


def group_informed_consensus(
    votes: Any,
    *,
    statement: str = "statement",
    group: str = "group",
    agree: str = "agree",
    seen: str = "seen",
    disagree: str = "disagree",
) -> GroupConsensus:
    """How far every opinion group agrees with each statement.

    Parameters
    ----------
    votes : DataFrame
        One row a statement and group, with counts of people.
    statement, group, agree, seen : str
        Columns; `seen` counts all who voted on the statement, passes among them.
    disagree : str
        Column used for a check where it exists.

    Returns
    -------
    GroupConsensus

    Raises
    ------
    DataError
        Counts that cannot be, a pair that stands twice, or a statement without a row for
        some group: it would be multiplied over fewer groups than the others.

    Examples
    --------
    >>> frame = pd.DataFrame({"statement": ["x", "x"], "group": ["a", "b"],
    ...                       "agree": [8, 3], "seen": [10, 4]})
    >>> group_informed_consensus(frame).table["consensus"].round(4).tolist()
    [0.5]
    """
    frame = to_pandas(votes, what="table of votes").reset_index(drop=True)
    if frame.empty:
        raise DataError("The table of votes has no rows.")
    require_columns(frame, [statement, group, agree, seen])
    rows = pd.DataFrame({
        "statement": names(frame, statement, what="statement"),
        "group": names(frame, group, what="group"),
    })  # fmt: skip
    for name, column in {"agree": agree, "disagree": disagree, "seen": seen}.items():
        if name == "disagree" and column not in frame.columns:
            rows[name] = np.nan
        else:
            blank = None if name == "disagree" else "Write 0 where there were none."
            rows[name] = numbers(frame, column, low=0, whole=True, blank=blank)
    _check_counts(rows, agree)
    groups = tuple(sorted(rows["group"].unique()))
    _check_pairs(rows, groups, statement)
    rows["share"] = (rows["agree"] + 1) / (rows["seen"] + 2)
    ordered = rows.sort_values(["statement", "group"], kind="stable", ignore_index=True)
    whole = ordered.astype({"agree": "int64", "seen": "int64"})
    return GroupConsensus(whole, groups)


def _check_counts(rows: pd.DataFrame, column: str) -> None:
    wrong = np.flatnonzero(rows["agree"] + rows["disagree"].fillna(0) > rows["seen"])
    if wrong.size:
        row = rows.iloc[wrong[0]]
        raise DataError(
            f"Statement {row['statement']!r}, group {row['group']!r}: more people agreed or "
            f"disagreed than the {row['seen']:g} who saw it.",
            row=int(wrong[0]) + 2,
            column=column,
        )


def _check_pairs(rows: pd.DataFrame, groups: tuple[str, ...], column: str) -> None:
    pairs = rows[["statement", "group"]]
    doubled = np.flatnonzero(pairs.duplicated())
    if doubled.size:
        one = pairs.iloc[doubled[0]]
        raise DataError(
            f"Statement {one['statement']!r} has a second row for group {one['group']!r}.",
            row=int(doubled[0]) + 2,
        )
    counts = pairs.groupby("statement", sort=False)["group"].nunique()
    short = counts[counts < len(groups)]
    if len(short):
        own = set(pairs.loc[pairs["statement"] == short.index[0], "group"])
        lacks = [g for g in groups if g not in own]
        raise DataError(
            f"Statement {short.index[0]!r} has no row for group {lacks[0]!r}.",
            column=column,
            remedy="Write one with 0 seen; a product over fewer groups cannot be compared.",
        )
