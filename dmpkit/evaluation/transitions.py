"""Who moved where: from each answer before to each answer after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import wordings
from dmpkit.evaluation.pairing import Paired, as_id, pair_answers
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Transitions", "transitions"]

#: Name of the category of those without an answer.
NO_ANSWER = "no answer"
#: More categories than this cannot be drawn legibly.
MOST_DRAWN = 9


@dataclass(frozen=True, eq=False, repr=False)
class Transitions(Result):
    """Result of :func:`transitions`.

    Attributes
    ----------
    item, label : str
        The item and its wording.
    counts : DataFrame, categories before × categories after
        People; both axes hold the same categories in the order of the scale.
    paired : Paired
    synthetic : bool
    """

    item: str
    label: str
    counts: pd.DataFrame
    paired: Paired
    synthetic: bool = False

    title = "Who moved where"

    @cached_property
    def flows(self) -> pd.DataFrame:
        """``before, after, n, share``: one row a pair that occurs; share of those before."""
        totals = self.counts.sum(axis=1)
        rows = [
            (a, b, int(self.counts.loc[a, b]), float(self.counts.loc[a, b]) / float(totals[a]))
            for a in self.counts.index
            for b in self.counts.columns
            if self.counts.loc[a, b] > 0
        ]
        return pd.DataFrame(rows, columns=["before", "after", "n", "share"])

    @property
    def share_stayed(self) -> float:
        """Share of people with the same category at both times, no answer left out."""
        kept = [c for c in self.counts.index if c != NO_ANSWER]
        table = self.counts.loc[kept, kept].to_numpy(dtype=np.float64)
        return float(np.trace(table) / table.sum()) if table.sum() else float("nan")

    def frames(self) -> dict[str, pd.DataFrame]:
        """``counts`` and ``flows``."""
        counts = self.counts.rename_axis("before").reset_index()
        return {"counts": counts, "flows": self.flows}

    def summary(self) -> str:
        """How many stayed, and the largest move."""
        text = f"{self.label}: {self.paired.n} people in both tables."
        if not np.isnan(self.share_stayed):
            text += f" {self.share_stayed:.0%} of those who answered twice stayed where they were."
        moves = self.flows[self.flows["before"] != self.flows["after"]]
        if len(moves):
            top = moves.iloc[int(moves["n"].to_numpy().argmax())]
            text += (
                f" The most frequent move is from “{top['before']}” to “{top['after']}” "
                f"({counted(int(top['n']), 'person', 'people')})."
            )
        return text

    def methods_text(self) -> str:
        """What was counted."""
        return (
            f"People were matched by id and counted by their answer to the item before and "
            f"after; who answered once only is listed under “{NO_ANSWER}” where blanks are kept. "
            "Small moves in both directions also arise where answers vary for no reason."
        )

    def section(self) -> Section:
        """Text, counts and the picture."""
        table = table_html(self.frames()["counts"], caption="People; rows before, columns after")
        figures: tuple[Figure, ...] = ()
        if len(self.counts) <= MOST_DRAWN:
            figures = (Figure.from_axes(self.plot(), "Answers before and after."),)
        return Section(f"{self.title}: {self.label}", paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Bands from the answers before to the answers after (alluvial plot).

        Raises
        ------
        DataError
            More than nine categories: group them first (``bins``).
        """
        from dmpkit.plotting import alluvial, mark_synthetic, new_axes, set_alt
        from dmpkit.wording import wrapped

        if len(self.counts) > MOST_DRAWN:
            raise DataError(
                f"{len(self.counts)} categories cannot be drawn legibly.",
                remedy="Group the answers with bins=, or look at .flows.",
            )
        ax = new_axes((6.8, 4.2)) if ax is None else ax
        shown = self.flows.assign(
            before=self.flows["before"].map(wrapped), after=self.flows["after"].map(wrapped)
        )
        alluvial(shown, source="before", target="after", ax=ax)
        words = [
            f"{row['before']} to {row['after']} {row['n']}"
            for _, row in self.flows.sort_values("n", ascending=False).head(6).iterrows()
        ]
        total = int(self.flows["n"].sum())
        set_alt(ax, f"{self.label}: {total} people by answer before and after. Largest bands: "
                    f"{', '.join(words)}.")  # fmt: skip
        return mark_synthetic(ax) if self.synthetic else ax


def transitions(
    before: Any,
    after: Any,
    item: str,
    *,
    person: str = "person",
    bins: Mapping[str, tuple[float, float]] | None = None,
    categories: Sequence[Any] | None = None,
    blanks: bool = False,
    labels: Mapping[str, str] | None = None,
    synthetic: bool = False,
) -> Transitions:
    """Count people by their answer before and their answer after.

    Parameters
    ----------
    before, after : DataFrame
        One row a person.
    item : str
        Column of both.
    person : str
        Column with the id.
    bins : mapping of name to (lowest, highest), optional
        Groups of numeric answers, both ends included; no two may overlap.
    categories : sequence, optional
        Categories in their order; found and sorted when not given.
    blanks : bool
        Keep people without an answer at one time as "no answer"; otherwise they are
        left out.
    labels : mapping, optional
        Item to wording.
    synthetic : bool

    Returns
    -------
    Transitions

    Raises
    ------
    DataError
        Overlapping bins, an answer outside them or outside the categories, nobody left.

    Examples
    --------
    >>> first = pd.DataFrame({"person": range(4), "q": [2, 4, 8, 9]})
    >>> second = pd.DataFrame({"person": range(4), "q": [7, 5, 8, 2]})
    >>> groups = {"against": (0, 4), "middle": (5, 5), "for": (6, 10)}
    >>> transitions(first, second, "q", bins=groups).counts.to_numpy().tolist()
    [[0, 1, 1], [0, 0, 0], [1, 0, 1]]
    """
    check_settings(transitions, locals())
    pair = pair_answers(before, after, person=person, items=[item], numbers=bins is not None)
    if bins is not None:
        edges = _edges(bins)
        columns = [_binned(f[item], edges, w) for f, w in ((pair.before, "before"),
                                                           (pair.after, "after"))]  # fmt: skip
        order = list(edges)
    else:
        columns = [_text(f[item]) for f in (pair.before, pair.after)]
        order = _order(columns, categories)
    both = pd.DataFrame({"before": columns[0], "after": columns[1]})
    both = both.fillna(NO_ANSWER) if blanks else both.dropna()
    if both.empty:
        raise DataError(f"Nobody answered {item!r} both before and after.")
    if (both == NO_ANSWER).to_numpy().any():
        order = [*order, NO_ANSWER]
    counts = pd.crosstab(both["before"], both["after"]).reindex(
        index=order, columns=order, fill_value=0
    )
    return Transitions(item, (wordings(labels) or {}).get(item, item), counts, pair, synthetic)


def _edges(bins: Mapping[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    try:
        edges = {str(name): (float(low), float(high)) for name, (low, high) in bins.items()}
    except (TypeError, ValueError, AttributeError):
        raise DataError(
            "The bins are not names with a lowest and a highest answer.",
            remedy='Write them such as {"against": (0, 4), "for": (5, 10)}.',
        ) from None
    placed = sorted(edges.items(), key=lambda entry: entry[1])
    for name, (low, high) in placed:
        if not low <= high:
            raise DataError(f"The bin {name!r} runs from {low:g} to {high:g}.")
    for (one, (_, end)), (two, (start, _)) in pairwise(placed):
        if start <= end:
            raise DataError(f"The bins {one!r} and {two!r} overlap.")
    return edges


def _binned(
    column: pd.Series[Any], edges: Mapping[str, tuple[float, float]], when: str
) -> pd.Series[Any]:
    out = pd.Series(None, index=column.index, dtype=object)
    for name, (low, high) in edges.items():
        out[(column >= low) & (column <= high)] = name
    lost = column.notna() & out.isna()
    if lost.any():
        raise DataError(
            f"The answer {column[lost].iloc[0]:g} {when} is in no bin.",
            column=str(column.name),
            remedy="Widen a bin, or leave codes for no answer blank.",
        )
    return out


def _text(column: pd.Series[Any]) -> pd.Series[Any]:
    cells = [None if pd.isna(v) or not str(v).strip() else as_id(v) for v in column]
    return pd.Series(cells, index=column.index, dtype=object)


def _order(columns: list[pd.Series[Any]], categories: Sequence[Any] | None) -> list[str]:
    found = list(dict.fromkeys(v for c in columns for v in c.dropna()))
    if categories is not None:
        order = [as_id(c) for c in categories]
        unknown = [v for v in found if v not in order]
        if unknown:
            raise DataError(f"The answer {unknown[0]!r} is not among the categories.")
        return order

    def place(value: str) -> tuple[int, float, str]:
        try:
            return 0, float(value), value
        except ValueError:
            return 1, 0.0, value

    return sorted(found, key=place)
