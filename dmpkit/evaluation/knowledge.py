"""What members learned: right answers before and after.

By item the exact McNemar test of who learned against who forgot; over items the share of
right answers of each person, its change as an effect size, and the normalised gain.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import name_list, whole_number, wordings
from dmpkit.evaluation.opinion import adjusted, change_row, effect_size_indicator
from dmpkit.evaluation.pairing import Paired, as_id, pair_answers, to_share
from dmpkit.reporting import (
    Figure,
    Indicator,
    Result,
    Section,
    format_p,
    paragraphs,
    table_html,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["KnowledgeGain", "exact_mcnemar", "knowledge_gain"]

Blank = Literal["missing", "wrong"]
NAN = math.nan
#: People who changed, above which a count is no count: floats hold these exactly.
MOST_CHANGES = 10**15


def exact_mcnemar(learned: int, forgot: int) -> float:
    """Two-sided exact McNemar p: learned and forgot as a fair coin (McNemar 1947).

    2·P(X ≤ min(learned, forgot)) for X binomial with learned + forgot draws of chance
    1/2, at most 1; 1 where nobody changed. The binomial tail is taken as an incomplete
    beta function, which holds for counts of any size. The test is conservative: on few
    changes it rejects more rarely than its nominal level.

    Parameters
    ----------
    learned, forgot : int
        People who turned right, and who turned wrong.

    Returns
    -------
    float

    Raises
    ------
    DataError
        Counts below 0, or of more than 10¹⁵ together.

    Examples
    --------
    >>> exact_mcnemar(8, 1)
    0.0390625
    """
    learned = whole_number(learned, "Number of people who learned", low=0)
    forgot = whole_number(forgot, "Number of people who forgot", low=0)
    n = learned + forgot
    if n == 0:
        return 1.0
    if n > MOST_CHANGES:
        raise DataError(
            f"{n:,} people who changed are more than there can be.",
            remedy="Give the number who learned and the number who forgot.",
        )
    from scipy.special import betainc

    fewer = min(learned, forgot)
    return min(1.0, 2 * float(betainc(n - fewer, fewer + 1, 0.5)))


@dataclass(frozen=True, eq=False, repr=False)
class KnowledgeGain(Result):
    """Result of :func:`knowledge_gain`.

    Attributes
    ----------
    paired : Paired
        1 for right, 0 for wrong, blank where not counted.
    blank : str
        ``missing`` or ``wrong``: what a blank or *don't know* counts as.
    n_blank_before, n_blank_after : int
        Blank or *don't know* answers among the people matched.
    adjust, level, labels, synthetic
        As in :class:`~.opinion.OpinionChange`.
    """

    paired: Paired
    blank: Blank = "missing"
    n_blank_before: int = 0
    n_blank_after: int = 0
    adjust: Literal["holm", "bh"] = "holm"
    level: float = 0.95
    labels: Mapping[str, str] | None = None
    synthetic: bool = False

    title = "Gain in knowledge"

    @cached_property
    def items(self) -> pd.DataFrame:
        """``item, label, n, share_before, share_after, learned, forgot, p_mcnemar, p_adjusted``.

        Shares of who answered the item both times.
        """
        rows = []
        for item in self.paired.items:
            both = pd.DataFrame({"x": self.paired.before[item], "y": self.paired.after[item]})
            both = both.dropna()
            learned = int(((both["x"] == 0) & (both["y"] == 1)).sum())
            forgot = int(((both["x"] == 1) & (both["y"] == 0)).sum())
            rows.append(
                {
                    "item": item,
                    "label": (self.labels or {}).get(item, item),
                    "n": len(both),
                    "share_before": float(both["x"].mean()) if len(both) else NAN,
                    "share_after": float(both["y"].mean()) if len(both) else NAN,
                    "learned": learned,
                    "forgot": forgot,
                    "p_mcnemar": exact_mcnemar(learned, forgot) if len(both) else NAN,
                }
            )
        table = pd.DataFrame(rows)
        table["p_adjusted"] = adjusted(table["p_mcnemar"].to_numpy(), self.adjust)
        return table

    @cached_property
    def index(self) -> pd.DataFrame:
        """``person, n_items, before, after``: share right over the items answered both times."""
        both = self.paired.before.notna() & self.paired.after.notna()
        return pd.DataFrame(
            {
                "person": list(self.paired.people),
                "n_items": both.sum(axis=1).to_numpy(),
                "before": self.paired.before.where(both).mean(axis=1).to_numpy(),
                "after": self.paired.after.where(both).mean(axis=1).to_numpy(),
            }
        )

    @cached_property
    def statistics(self) -> pd.Series[Any]:
        """Paired statistics of the index (as a row of ``OpinionChange.items``) and the gain."""
        row = change_row(
            self.index["before"], self.index["after"], self.paired.groups(), level=self.level
        )
        return pd.Series(row | {"normalised_gain": self.normalised_gain}, dtype=object)

    @property
    def mean_before(self) -> float:
        """Mean share of right answers before."""
        return float(self.index["before"].mean())

    @property
    def mean_after(self) -> float:
        """Mean share of right answers after."""
        return float(self.index["after"].mean())

    @property
    def normalised_gain(self) -> float:
        """(after − before)/(1 − before) on the means (Hake 1998); NaN where before is 1."""
        before = self.mean_before
        return (self.mean_after - before) / (1 - before) if before < 1 - 1e-12 else NAN

    @cached_property
    def effect_size(self) -> Indicator:
        """The effect size gz of the change of the index, with its interval."""
        d = (self.index["after"] - self.index["before"]).to_numpy(dtype=np.float64)
        kept, groups = ~np.isnan(d), self.paired.groups()
        return effect_size_indicator(
            "knowledge gain (effect size)",
            d[kept],
            None if groups is None else groups[kept],
            level=self.level,
            source=f"knowledge_gain, {len(self.paired.items)} items, blank counts as {self.blank}",
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """``items``, ``index`` (a row a person) and ``statistics`` of the index."""
        statistics = self.statistics.rename_axis("statistic").rename("value").reset_index()
        statistics = statistics[statistics["statistic"] != "note"]
        statistics["value"] = statistics["value"].astype(float)
        return {"items": self.items, "statistics": statistics, "index": self.index}

    def summary(self) -> str:
        """The gain in plain words."""
        one, row = self.effect_size, self.statistics
        text = self.paired.missing_text()
        if math.isnan(self.mean_before):
            return f"{text} No item has two answers of anybody, so no gain can be given."
        text += (
            f" The mean share of right answers went from {self.mean_before:.1%} to "
            f"{self.mean_after:.1%}"
        )
        if math.isfinite(one.value):
            p = row["p_tables"] if "p_tables" in row else row["p_t"]
            text += (
                f" (effect size gz {one.value:.2f}, {self.level:.0%} interval {one.low:.2f} to "
                f"{one.high:.2f}; {format_p(float(p))})"
            )
        text += "."
        if math.isfinite(self.normalised_gain):
            text += (
                f" Of what could still be gained, {self.normalised_gain:.0%} was (normalised gain)."
            )
        table = self.items
        better = int((table["learned"] > table["forgot"]).sum())
        clear = int((table["p_adjusted"] <= 1 - self.level + 1e-12).sum())
        text += (
            f" On {better} of {len(table)} items more people learned than forgot; on {clear} the "
            f"difference passes the correction for many items. {self._blank_text()}"
        )
        return text

    def _blank_text(self) -> str:
        n = self.n_blank_before + self.n_blank_after
        if not n:
            return "No answer was blank."
        meaning = (
            "They count as not correct."
            if self.blank == "wrong"
            else "They are left out, with the same item at the other time, and do not count as "
            "wrong."
        )
        before = self.n_blank_before
        return (
            f"There {'was' if before == 1 else 'were'} {before or 'no'} blank or don't-know "
            f"answer{'' if before == 1 else 's'} before and {self.n_blank_after or 'none'} after. "
            f"{meaning}"
        )

    def methods_text(self) -> str:
        """How it was computed."""
        tables = (
            " Tables were given: p and interval treat tables as independent (CR2 with "
            "Satterthwaite degrees of freedom; the effect size's interval is that of the mean over "
            "the standard deviation, an approximation)."
            if self.paired.tables is not None
            else " People are treated as independent; tables were not given."
        )
        return (
            f"Right answers before and after were matched by person. {self.paired.missing_text()} "
            f"{self._blank_text()} Per item, who learned and who forgot are compared by the exact "
            f"McNemar test, adjusted over items ({self.adjust}). The index is each person's share "
            "of right answers over the items answered at both times; its change is tested by a "
            "paired t test and given as gz, the mean change over its standard deviation with "
            "Hedges' correction. The normalised gain is (after − before)/(1 − before) on the means "
            f"(Hake 1998).{tables} Guessing is not corrected for. Answering the same "
            "questions twice teaches too: without a group that did not take part, gain and "
            "practice cannot be told apart."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Knowledge gain (effect size)."""
        return (self.effect_size,)

    def section(self) -> Section:
        """Text, items and the slope chart."""
        names = {str(c): str(c).replace("_", " ") for c in self.items}
        headings = names | {"label": "item", "p_mcnemar": "p (McNemar)"}
        shown = self.items.drop(columns="item")
        digits = {"p_mcnemar": 3, "p_adjusted": 3}
        table = table_html(shown, digits=digits, headings=headings, caption="Right answers by item")
        figures: tuple[Figure, ...] = ()
        if (self.items["n"] > 0).any():
            caption = "Share of right answers before and after."
            figures = (Figure.from_axes(self.plot(), caption),)
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Slope chart of the items; see :func:`~.knowledge_plots.plot_knowledge`."""
        from dmpkit.evaluation.knowledge_plots import plot_knowledge

        return plot_knowledge(self, ax=ax)


def knowledge_gain(
    before: Any,
    after: Any,
    *,
    key: Mapping[str, Any] | None = None,
    person: str = "person",
    items: Sequence[str] | None = None,
    blank: Blank = "missing",
    dont_know: Iterable[Any] = (),
    table: str | pd.Series[Any] | Mapping[Any, Any] | None = None,
    adjust: Literal["holm", "bh"] = "holm",
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
    synthetic: bool = False,
) -> KnowledgeGain:
    """Gain in knowledge between two surveys of the same people.

    Parameters
    ----------
    before, after : DataFrame
        One row a person, one column an item: 1 right and 0 wrong, or, with a `key`, the
        answers themselves.
    key : mapping, optional
        Item to its correct answer, or to a list of answers that all count. Compared as
        text without regard to case and outer blanks.
    person : str
        Column with the id.
    items : sequence of str, optional
        The items of the key, or all common columns, when not given.
    blank : {"missing", "wrong"}
        What no answer counts as. By default it is missing: the person's item is left out at
        both times. With ``"wrong"`` it counts as not correct.
    dont_know : iterable
        Answers that mean *don't know*; they are treated as blank.
    table, adjust, level, labels, synthetic
        As in :func:`~.opinion.opinion_change`.

    Returns
    -------
    KnowledgeGain

    Raises
    ------
    DataError
        A value other than 0 and 1 without a key, an item without a correct answer, and
        what :func:`~.pairing.pair_answers` refuses.

    Examples
    --------
    >>> first = pd.DataFrame({"person": [1, 2, 3, 4], "k1": ["a", "b", "c", "b"]})
    >>> second = pd.DataFrame({"person": [1, 2, 3, 4], "k1": ["a", "a", "a", "c"]})
    >>> gain = knowledge_gain(first, second, key={"k1": "a"})
    >>> gain.items[["learned", "forgot"]].to_numpy().tolist(), gain.normalised_gain.__round__(3)
    ([[2, 0]], 0.667)
    """
    check_settings(knowledge_gain, locals())
    adjusted([0.5], adjust)
    if not isinstance(blank, str) or blank not in ("missing", "wrong"):
        raise DataError(f"blank is {blank!r}.", remedy="Use 'missing' or 'wrong'.")
    if key is not None and not isinstance(key, Mapping):
        raise DataError(f"key is a {type(key).__name__}.", remedy="Give {'k1': 'its answer'}.")
    if items is None and key is not None:
        items = list(key)
    pair = pair_answers(before, after, person=person, items=items, table=table, numbers=False)
    none = {v.strip().casefold() for v in name_list(dont_know, "dont_know")}
    first, second = (
        _right(frame, key, none, when)
        for frame, when in ((pair.before, "before"), (pair.after, "after"))
    )
    blanks = int(first.isna().to_numpy().sum()), int(second.isna().to_numpy().sum())
    if blank == "wrong":
        first, second = first.fillna(0.0), second.fillna(0.0)
    scored = Paired(
        first, second, pair.only_before, pair.only_after, pair.left_out, pair.tables, {}
    )
    return KnowledgeGain(
        scored, blank, *blanks, adjust, to_share(level), wordings(labels), synthetic
    )


def _right(
    frame: pd.DataFrame, key: Mapping[str, Any] | None, none: set[str], when: str
) -> pd.DataFrame:
    """1, 0 or NaN for each answer."""
    columns = {}
    for item in frame.columns:
        if key is not None and item not in key:
            raise DataError(f"The key has no correct answer for {item!r}.", remedy="Add it.")
        good = {"1"} if key is None else _accepted(key[item], item)
        cells = [None if pd.isna(v) else as_id(_plain(v)).casefold() for v in frame[item]]
        scored = []
        for person, cell in zip(frame.index, cells, strict=True):
            if cell is None or cell in none or cell in {"", "nan"}:
                scored.append(NAN)
            elif key is None and cell not in {"0", "1"}:
                raise DataError(
                    f"Person {person!r} has {cell!r} {when}; without a key answers are 1 (right) "
                    "or 0 (wrong).",
                    column=item,
                    remedy="Give the correct answers in key=, or name the items=.",
                )
            else:
                scored.append(float(cell in good))
        columns[item] = scored
    return pd.DataFrame(columns, index=frame.index, dtype=np.float64)


def _plain(value: Any) -> Any:
    """True and False as 1 and 0."""
    return int(value) if isinstance(value, (bool, np.bool_)) else value


def _accepted(answer: Any, item: str) -> set[str]:
    several = isinstance(answer, Iterable) and not isinstance(answer, (str, bytes))
    found = {as_id(_plain(v)).casefold() for v in (answer if several else [answer])}
    if not found or found & {"", "nan", "none"}:
        raise DataError(f"The correct answer of {item!r} is blank.")
    return found
