"""Support for the final text and the recommendations, by sub-group.

Every member who voted is counted: a full ballot of the members is a complete list, not a
sample, so shares have no interval. Who did not vote is unknown and widens bounds; it is
never counted as a no. Cells with few people are not shown, nor what would give them away.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, SmallCellWarning, warn
from dmpkit.evaluation.labels import (
    SMALLEST,
    attribute_of,
    first_few,
    hidden_cells,
    member_list,
    name_list,
    names,
    numbers,
    text,
    whole_number,
)
from dmpkit.measures.proportions import share_interval
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_pandas
from dmpkit.wording import many

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Support", "support_for_text"]

#: Answers in words; others are read as a scale.
FOR = frozenset({"for", "yes", "agree", "in favour", "in favor"})
AGAINST = frozenset({"against", "no", "disagree"})
ABSTAIN = frozenset({"abstain", "abstained", "abstention"})

#: Column names as a page shows them.
_HEADINGS = {
    "support": "in favour",
    "share": "share in favour",
    "low": "share, from",
    "high": "share, to",
    "not_voted": "gave no answer",
    "if_all_against": "share at worst",
    "if_all_for": "share at best",
}


def _nobody(n: float) -> str:
    """A number of people, *no one* for 0."""
    return f"{int(n):,}" if n else "no one"


def _spaced(name: object) -> str:
    """A name of a column or an item without underscores."""
    return str(name).replace("_", " ")


def _shown(table: pd.DataFrame, caption: str) -> str:
    """A table of votes as HTML, without the ends of intervals where there are none."""
    ends = [c for c in ("low", "high") if table[c].isna().all()]
    digits = {"support": 0, "voted": 0}
    return table_html(table.drop(columns=ends), digits=digits, headings=_HEADINGS, caption=caption)


@dataclass(frozen=True, eq=False, repr=False)
class Support(Result):
    """Result of :func:`support_for_text`.

    Attributes
    ----------
    items : DataFrame
        ``item, voted, support, against, abstain, share, low, high, not_voted, if_all_against,
        if_all_for``: one row an item. ``share`` is support over all who voted, abstentions
        among them; the last two are its bounds over all members.
    groups : DataFrame
        ``item, attribute, group, voted, support, share, low, high, hidden``: NaN where a
        cell is hidden.
    text_item : str or None
        The item that is the final text; None where the mean over items stands for it.
    sampled : bool
        Whether the voters are a sample, and shares have Wilson intervals.
    smallest : int
        Cells with fewer voters are hidden.
    n_members : int or None
        Full list of members, where given.
    scale_note : str
        How answers were read.
    labels : mapping
        What an item is called in sentences, where it has a name.
    """

    items: pd.DataFrame
    groups: pd.DataFrame
    text_item: str | None
    sampled: bool
    smallest: int
    n_members: int | None
    scale_note: str
    labels: Mapping[str, str] = field(default_factory=dict)

    title = "Support for the final text"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "items": "Each item: support over all who voted, abstentions among them.",
        "groups": "Support by sub-group; cells with few people are empty.",
    }
    sheet_formats: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("share", "low", "high", "if_all_against", "if_all_for"), "0.0%"
    )

    @cached_property
    def value(self) -> float:
        """Support for the text; without such an item the mean share over the items."""
        if self.text_item is None:
            return float(self.items["share"].mean())
        own = self.items.loc[self.items["item"] == self.text_item, "share"]
        return float(own.iloc[0])

    @cached_property
    def lowest(self) -> pd.Series[Any] | None:
        """The shown sub-group with the lowest support; None where none is shown.

        For the text or, without such an item, over all items.
        """
        shown = self.groups[self.groups["share"].notna()] if len(self.groups) else self.groups
        if self.text_item is not None and len(shown):
            shown = shown[shown["item"] == self.text_item]
        if not len(shown):
            return None
        ordered = shown.sort_values(["share", "item", "attribute", "group"], kind="stable")
        found: pd.Series[Any] = ordered.iloc[0]
        return found

    def frames(self) -> dict[str, pd.DataFrame]:
        """``items`` and, where sub-groups were asked for, ``groups``."""
        found = {"items": self.items}
        return {**found, "groups": self.groups} if len(self.groups) else found

    def summary(self) -> str:
        """Support, the unknown, and the lowest sub-group, in plain words."""
        parts = [self._headline()]
        worst = self.items.sort_values(["share", "item"], kind="stable").iloc[0]
        if len(self.items) > 1:
            parts.append(
                f"Of {len(self.items)} items, {self._named(worst['item'])} has the least support "
                f"({worst['share']:.0%})."
            )
        if len(self.groups):
            parts.append(self._lowest_words())
        if self.sampled:
            parts.append("Intervals are 95 % score intervals (Wilson), for a sample of members.")
        else:
            parts.append(
                "The ballot is a complete count of those who voted, not a sample; the shares "
                "therefore have no interval."
            )
        return "\n\n".join(parts)

    def _named(self, item: object) -> str:
        """An item as a sentence calls it; the text as a whole by that name."""
        if label := self.labels.get(str(item), ""):
            return f"'{label}'"
        if self.text_item is not None and str(item) == str(self.text_item):
            return "the text as a whole"
        return _spaced(item)

    def _headline(self) -> str:
        if self.text_item is None:
            return (
                f"There is no vote on the text as a whole; on average over {len(self.items)} "
                f"items {self.value:.0%} of those who voted were in favour."
            )
        row = self.items[self.items["item"] == self.text_item].iloc[0]
        said = (
            f"{int(row['support'])} of {int(row['voted'])} who voted supported "
            f"{self._named(self.text_item)} ({row['share']:.0%}); {_nobody(row['against'])} "
            f"{many(int(row['against']) or 1, 'was', 'were')} against and "
            f"{_nobody(row['abstain'])} abstained."
        )
        if self.n_members is not None and row["not_voted"] > 0:
            said += (
                f" {int(row['not_voted'])} of {self.n_members} members gave no answer: among all "
                f"members support lies between {row['if_all_against']:.0%} and "
                f"{row['if_all_for']:.0%}."
            )
        return said

    def _lowest_words(self) -> str:
        hidden = int(self.groups["hidden"].sum())
        said = f"{hidden} cells are hidden because they hold or give away few people." if (
            hidden) else ""  # fmt: skip
        low = self.lowest
        if low is None:
            return f"No sub-group can be shown. {said}".strip()
        return (
            f"Support is lowest in the group '{low['group']}' ({_spaced(low['attribute'])}): "
            f"{int(low['support'])} of {int(low['voted'])} ({low['share']:.0%}) for "
            f"{self._named(low['item'])}. {said}"
        ).strip()

    def methods_text(self) -> str:
        """How answers were read, and what has no interval."""
        return (
            f"{self.scale_note} Support is the share of those in favour among all who answered, "
            "abstentions included; a missing answer is left out and never counted as a no. "
            f"Sub-group cells with fewer than {self.smallest} voters are hidden, and a further "
            "cell with them where a hidden one could be found by subtraction. "
            + (
                "Wilson score intervals (95 %) treat the voters as a sample."
                if self.sampled
                else "All members could vote, so the shares are complete counts without interval."
            )
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Support for the final text and the lowest support in a sub-group."""
        own = self.items[self.items["item"] == self.text_item]
        low, high, n = math.nan, math.nan, None
        if len(own):
            low, high, n = (own.iloc[0][c] for c in ("low", "high", "voted"))
        note = "share of all who voted, abstentions included"
        if self.text_item is None:
            note = f"mean over {len(self.items)} items, no vote on the whole text; {note}"
        source = f"ballot, {len(self.items)} items"
        return (
            Indicator("support for the final text", self.value, float(low), float(high),
                      None if n is None else int(n), note, source),
            self._lowest_indicator(source),
        )  # fmt: skip

    def _lowest_indicator(self, source: str) -> Indicator:
        name, row = "lowest support in a sub-group", self.lowest
        if row is None:
            why = "cells are too small to be shown" if len(self.groups) else "no sub-groups given"
            return Indicator(name, math.nan, note=f"not assessed: {why}", source=source)
        note = f"{_spaced(row['attribute'])}: {row['group']}, on {self._named(row['item'])}"
        if self.groups["hidden"].any():
            note += "; small cells are hidden and may be lower"
        return Indicator(name, float(row["share"]), float(row["low"]), float(row["high"]),
                         int(row["voted"]), note, source)  # fmt: skip

    def section(self) -> Section:
        """Text, tables and pictures."""
        body = paragraphs(self.summary())
        caption = "By item (at worst, at best: had all who gave no answer been against, in favour)"
        body += _shown(self.items, caption)
        figures = ()
        if len(self.groups):
            shown = self.groups.drop(columns="hidden")
            body += _shown(shown, "By sub-group (– where not shown)")
            if self.lowest is not None:
                figures = (Figure.from_axes(self.plot(), "Support by sub-group."),)  # type: ignore[assignment]
        return Section(self.title, body, figures)

    def plot(self, item: str | None = None, *, ax: Axes | None = None) -> Axes:
        """Support by sub-group; see :func:`~.support_plots.plot_support`."""
        from dmpkit.evaluation.support_plots import plot_support

        return plot_support(self, item, ax=ax)


def support_for_text(
    ballot: Any,
    *,
    person: str = "person",
    item: str = "item",
    answer: str = "answer",
    members: Any = None,
    groups: str | Sequence[str] | None = None,
    agree_from: float | Mapping[str, float] | None = None,
    text_item: str = "text",
    sampled: bool = False,
    smallest: int = SMALLEST,
    labels: Mapping[str, str] | None = None,
) -> Support:
    """Agreement with the final text and its parts, overall and by sub-group.

    Parameters
    ----------
    ballot : DataFrame
        One row a person and item. Answers are words (for, against, abstain; yes, no,
        agree, disagree do as well) or numbers of a scale; blank is no answer.
    person, item, answer : str
        Columns.
    members : DataFrame or sequence of ids, optional
        Everybody who could vote, so that missing votes are known; may hold the
        sub-groups.
    groups : str or sequence of str, optional
        Columns with sub-groups, in `members` or in `ballot`.
    agree_from : float or mapping of item to float, optional
        Lowest number of a scale that counts as agreeing; needed for scales.
    text_item : str
        The item that is the text as a whole. Without it the mean over items is the
        headline, and the lowest sub-group is looked for in all items.
    sampled : bool
        True when the voters are a sample of the members (a survey of some): then shares
        have Wilson intervals. A ballot of all members is a complete count and has none.
    smallest : int
        Cells with fewer voters are hidden in every table and picture, and further cells
        where they could be found by subtraction; 1 shows all, for the evaluator alone.
    labels : mapping, optional
        Item to what a sentence calls it.

    Returns
    -------
    Support

    Raises
    ------
    DataError
        Answers that are neither words nor a scale, a scale without `agree_from`, a
        person who votes twice on an item, or voters who are not members.

    Warns
    -----
    SmallCellWarning
        When cells are hidden.

    Examples
    --------
    >>> frame = pd.DataFrame({"person": range(6), "item": "text",
    ...                       "answer": ["for"] * 4 + ["against", "abstain"]})
    >>> round(support_for_text(frame).value, 3)
    0.667
    """
    check_settings(support_for_text, locals())
    frame = to_pandas(ballot, what="ballot").reset_index(drop=True)
    if frame.empty:
        raise DataError("The ballot has no rows.")
    require_columns(frame, [person, item, answer])
    few = whole_number(smallest, "smallest", low=1)
    votes = pd.DataFrame({
        "person": names(frame, person, what="person"), "item": names(frame, item, what="item"),
    })  # fmt: skip
    _require_one_vote(votes, person)
    votes["vote"], scale_note = _read_votes(frame, votes["item"], answer, agree_from)
    full = member_list(members, person=person)
    everybody = sorted(votes["person"].unique() if full is None else full[person])
    strangers = sorted(set(votes["person"]) - set(everybody))
    if strangers:
        raise DataError(f"{first_few(map(repr, strangers))} voted but are not among the members.",
                        column=person)  # fmt: skip
    n_members = None if full is None else len(everybody)
    items = _items(votes, n_members, sampled)
    if items["voted"].sum() == 0:
        raise DataError("Nobody answered anything.", column=answer)
    keyed = frame.assign(**{person: votes["person"].to_numpy()})
    named = (
        [groups]
        if isinstance(groups, str)
        else name_list([] if groups is None else groups, "groups")
    )
    parts = []
    for column in named:
        own = attribute_of(everybody, column, person=person, members=full, rows=keyed)
        assert own is not None  # noqa: S101  (a column was named)
        parts.append(_cells(votes, own, column, sampled, few))
    cells = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    if len(cells) and cells["hidden"].any():
        warn(
            f"{int(cells['hidden'].sum())} of {len(cells)} cells of the ballot by sub-group are "
            f"hidden: they hold fewer than {few} voters or would give such a cell away.",
            SmallCellWarning,
        )
    whole = text_item if isinstance(text_item, str) and text_item in set(votes["item"]) else None
    called = {str(key): str(name) for key, name in (labels or {}).items() if name != key}
    return Support(items, cells, whole, bool(sampled), few, n_members, scale_note, called)


def _require_one_vote(votes: pd.DataFrame, column: str) -> None:
    doubled = np.flatnonzero(votes[["person", "item"]].duplicated())
    if doubled.size:
        one = votes.iloc[doubled[0]]
        raise DataError(
            f"Person {one['person']!r} votes twice on {one['item']!r}.",
            row=int(doubled[0]) + 2,
            column=column,
            remedy="Keep one answer a person and item.",
        )


def _read_votes(
    frame: pd.DataFrame,
    items: pd.Series[str],
    answer: str,
    agree_from: float | Mapping[str, float] | None,
) -> tuple[list[str], str]:
    """Each answer as for, against, abstain or "" (none), item by item; how it was read."""
    votes = [""] * len(frame)
    scales = []
    for name in dict.fromkeys(items):
        rows = np.flatnonzero(items == name)
        cells = [text(frame[answer].iloc[r]).casefold() for r in rows]
        if all(c in FOR | AGAINST | ABSTAIN for c in cells if c):
            read = [_word(c) for c in cells]
        else:
            cut = _cut(agree_from, name, frame, answer, rows, cells)
            own = frame.iloc[rows].reset_index(drop=True)
            values = _scale(own, answer, rows)
            read = ["" if math.isnan(v) else "for" if v >= cut else "against" for v in values]
            scales.append(f"{name}: from {cut:g}")
        for r, vote in zip(rows, read, strict=True):
            votes[r] = vote
    if not scales:
        return votes, "Votes were given in words (for, against, abstain)."
    return votes, (
        f"Answers on a scale count as support from a value on ({first_few(scales, 4)}) and as "
        "against below it."
    )


def _word(cell: str) -> str:
    if cell in FOR:
        return "for"
    return "against" if cell in AGAINST else "abstain" if cell in ABSTAIN else ""


def _cut(
    agree_from: float | Mapping[str, float] | None,
    item: str,
    frame: pd.DataFrame,
    answer: str,
    rows: Any,
    cells: list[str],
) -> float:
    """Lowest agreeing value of an item's scale."""
    cut: Any = agree_from.get(item) if isinstance(agree_from, Mapping) else agree_from
    odd = next(i for i, c in enumerate(cells) if c and c not in FOR | AGAINST | ABSTAIN)
    if isinstance(cut, bool) or not isinstance(cut, Real) or not math.isfinite(cut):
        cell = text(frame[answer].iloc[rows[odd]])
        raise DataError(
            f"{cell!r} is no vote in words, and the scale of {item!r} has no value from which it "
            "agrees.",
            row=int(rows[odd]) + 2,
            column=answer,
            remedy="Write for, against or abstain, or give agree_from.",
        )
    return float(cut)


def _scale(own: pd.DataFrame, answer: str, rows: Any) -> list[float]:
    try:
        return [float(v) for v in numbers(own, answer)]
    except DataError as error:
        place = int(rows[int(error.row) - 2]) + 2 if error.row is not None else None
        raise DataError(
            error.problem, row=place, column=answer, remedy="Use one kind of answer an item."
        ) from None


def _items(votes: pd.DataFrame, n_members: int | None, sampled: bool) -> pd.DataFrame:
    rows = []
    for name, own in votes.groupby("item", sort=True):
        counts = own["vote"].value_counts()
        yes, no, pass_ = (int(counts.get(v, 0)) for v in ("for", "against", "abstain"))
        voted = yes + no + pass_
        share, low, high = _share(yes, voted, sampled)
        gone = math.nan if n_members is None else float(n_members - voted)
        bounds = (math.nan, math.nan) if n_members is None else (
            yes / n_members, (yes + n_members - voted) / n_members
        )  # fmt: skip
        rows.append((name, voted, yes, no, pass_, share, low, high, gone, *bounds))
    columns = ["item", "voted", "support", "against", "abstain", "share", "low", "high",
               "not_voted", "if_all_against", "if_all_for"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _share(yes: int, voted: int, sampled: bool) -> tuple[float, float, float]:
    if voted == 0:
        return math.nan, math.nan, math.nan
    if not sampled:
        return yes / voted, math.nan, math.nan
    found = share_interval(yes, voted)
    return found.value, found.low, found.high


def _cells(
    votes: pd.DataFrame, groups: pd.Series[str], attribute: str, sampled: bool, smallest: int
) -> pd.DataFrame:
    """Support of each group on each item, small cells hidden; those not known are one group."""
    of = votes["person"].map(groups)
    cast = votes[votes["vote"] != ""].assign(group=of.where(of != "", "not known"))
    rows = []
    for name, own in cast.groupby("item", sort=True):
        parts = [(group, part) for group, part in own.groupby("group", sort=True)]
        hidden = hidden_cells([len(part) for _, part in parts], smallest)
        for (group, part), hide in zip(parts, hidden, strict=True):
            yes = int((part["vote"] == "for").sum())
            counts = (math.nan, math.nan) if hide else (float(len(part)), float(yes))
            shares = (math.nan,) * 3 if hide else _share(yes, len(part), sampled)
            rows.append((name, attribute, group, *counts, *shares, bool(hide)))
    columns = ["item", "attribute", "group", "voted", "support", "share", "low", "high", "hidden"]
    return pd.DataFrame(rows, columns=columns)
