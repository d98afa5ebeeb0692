"""What members say of their assembly: shares that agree, and who stayed.

The members are asked, all of them: a share is of those who answered, with bounds for
those who did not, and no confidence interval, for nobody was drawn from a larger group.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import text, whole_number
from dmpkit.evaluation.pairing import answers_of
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, require_unique, to_numbers, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MembersSay", "members_say", "share_who_left"]

NAN = math.nan
SOURCE = "members_say"
#: Items that fewer people answered are not shown in texts and pictures.
SMALLEST = 5


@dataclass(frozen=True, eq=False, repr=False)
class MembersSay(Result):
    """Result of :func:`members_say`.

    Attributes
    ----------
    items : DataFrame
        One row an item: ``item, label, criterion, reversed, n, share, at_least, at_most,
        mean, sd, low, high, asked``. ``share`` is of those who answered; ``at_least`` and
        ``at_most`` are its bounds over all members. An item worded against its criterion
        is turned round: its label begins with "not: ", and share and mean go with that.
        ``asked`` is ``after``, or ``before`` for what was asked then only.
    counts : DataFrame
        ``item, answer, n``: the distribution, as answered.
    n_members : int
    synthetic : bool
    """

    title: ClassVar[str] = "What members say of it"

    items: pd.DataFrame
    counts: pd.DataFrame
    n_members: int
    synthetic: bool = False

    @cached_property
    def by_criterion(self) -> pd.DataFrame:
        """One row a criterion that items inform: ``share`` is the mean over its items."""
        tied = self.items[self.items["criterion"] != ""]
        grouped = tied.groupby("criterion", sort=True)
        return pd.DataFrame(
            {
                "n_items": grouped.size(),
                "n_before": grouped["asked"].agg(lambda when: int((when == "before").sum())),
                "n": grouped["n"].min(),
                "share": grouped["share"].mean(),
                "at_least": grouped["at_least"].mean(),
                "at_most": grouped["at_most"].mean(),
            }
        ).reset_index()

    @property
    def _shown(self) -> pd.DataFrame:
        """The items whose share may be shown: answered by enough people."""
        known = self.items.dropna(subset=["share"])
        return known[known["n"] >= SMALLEST]

    def frames(self) -> dict[str, pd.DataFrame]:
        """``items``, ``by_criterion`` and ``counts``."""
        return {"items": self.items, "by_criterion": self.by_criterion, "counts": self.counts}

    def indicators(self) -> tuple[Indicator, ...]:
        """One a criterion that an item informs: "share agreeing: <criterion>"."""
        return tuple(
            Indicator(
                f"share agreeing: {row['criterion']}",
                float(row["share"]),
                n=int(row["n"]),
                note=f"{_items(row)}; of those who answered; between "
                f"{row['at_least']:.0%} and {row['at_most']:.0%} of all {self.n_members} members, "
                "whatever the others think",
                source=SOURCE,
            )
            for row in self.by_criterion.to_dict("records")
        )

    def summary(self) -> str:
        """How many items, where agreement is highest and lowest, how wide answers are spread."""
        shown = self._shown
        n = int(shown["n"].max()) if len(shown) else 0
        text = (
            f"Members were asked {len(self.items)} questions about their experience; up to {n} "
            f"of {self.n_members} answered. Shares are of those who answered."
        )
        if len(shown) > 1:
            shares = shown["share"].to_numpy(dtype=np.float64)
            best, worst = shown.iloc[int(shares.argmax())], shown.iloc[int(shares.argmin())]
            text += (
                f" Most agree that “{best['label']}” ({best['share']:.0%}), fewest that "
                f"“{worst['label']}” ({worst['share']:.0%})."
            )
        early = int((self.items["asked"] == "before").sum())
        if early:
            text += f" Asked before the first session only: {early} of the questions."
        return text + (
            "\n\nMembers tend to be kind to a process that they took part in, so high shares say "
            "less than low ones; the distribution stands beside the share."
        )

    def methods_text(self) -> str:
        """What agreeing means here, and why there is no interval."""
        return (
            "A member agrees with an item who gave the answer stated as the lowest that counts "
            "as agreeing, or a higher one. Items worded against a criterion were turned round: "
            "'not:' stands before their wording, and share and mean are those of the turned "
            "answers. An item that was asked before the first session only is marked so. "
            "Shares are of those who answered. The bounds count those who did not as all "
            "disagreeing and as all agreeing. All members were asked, so there is no sampling "
            "and no confidence interval. Where several items inform a criterion their mean "
            "share is taken (our proposal)."
        )

    def section(self) -> Section:
        """Shares, bounds and spread."""
        table = self.items[self.items["n"] >= SMALLEST]
        few = len(self.items) - len(table)
        shown = pd.DataFrame(
            {
                "item": _with_stage(table),
                "informs": table["criterion"],
                "answered": table["n"],
                "agree": [_percent(v) for v in table["share"]],
                "of all members": [
                    f"{_percent(a)} to {_percent(b)}"
                    for a, b in zip(table["at_least"], table["at_most"], strict=True)
                ],
                "mean": table["mean"],
                "SD": table["sd"],
            }
        )
        caption = "Members on their assembly (not: worded against the criterion, turned round)"
        html = paragraphs(self.summary()) + table_html(shown, caption=caption)
        if few:
            html += paragraphs(f"{few} item(s) were answered by fewer than {SMALLEST} people and "
                               "are not shown.")  # fmt: skip
        if not len(self._shown):
            return Section(self.title, html)
        figure = Figure.from_axes(self.plot(), "Share of those who answered that agrees.")
        return Section(self.title, html, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """The share that agrees by item, with the bounds over all members."""
        from dmpkit import plotting
        from dmpkit.wording import wrapped

        table = self._shown.sort_values("share", kind="stable")
        said = _with_stage(table)
        labels = [wrapped(label, 38) for label in said]
        height = 1.2 + sum(0.22 + 0.17 * label.count("\n") + 0.12 for label in labels)
        axes = ax if ax is not None else plotting.new_axes((6.4, max(2.2, height)))
        places = np.arange(len(table))
        axes.hlines(places, table["at_least"], table["at_most"], color=plotting.GREY, lw=2)
        axes.plot(table["share"], places, "o", color=plotting.PALETTE[0], ms=6)
        axes.set_yticks(places, labels)
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.6, len(table) - 0.4)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        axes.set_xlabel("share that agrees (line: bounds for those who did not answer)")
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        told = "; ".join(
            f"{label} {share:.0%}"
            for label, share in zip(said[:6], table["share"].head(6), strict=True)
        )
        plotting.set_alt(axes, f"Dots: share of members who agree, from the lowest up: {told}.")
        return plotting.mark_synthetic(axes) if self.synthetic else axes


def _with_stage(table: pd.DataFrame) -> list[str]:
    """The wordings, marked where an item was asked before the first session only."""
    both = zip(table["label"], table["asked"], strict=True)
    return [f"{label} (asked before)" if when == "before" else str(label) for label, when in both]


def _items(row: Mapping[Any, Any]) -> str:
    """How many items a share rests on, and how many of them were asked before only."""
    early = int(row["n_before"])
    text = f"{int(row['n_items'])} item(s)"
    return f"{text}, {early} of them asked before the first session only" if early else text


def _percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.0%}"


def members_say(
    answers: Any,
    items: Any,
    *,
    n_members: int | None = None,
    person: str = "person",
    synthetic: bool = False,
) -> MembersSay:
    """Shares of members who agree with items about their experience.

    Parameters
    ----------
    answers : DataFrame of shape (people, items + 1)
        One row a person, one numeric column an item; blank where there is no answer.
    items : DataFrame
        ``item, label, low, high, agree_from`` and, where there are any, ``reversed``
        (yes or no), ``criterion`` and ``asked`` (``before`` or ``after``, which is meant
        where nothing is said); one row an item. Items without ``agree_from`` are described
        without a share.
    n_members : int, optional
        All who could have answered; the rows of `answers` when not given.
    person : str
        Column of `answers` with the id.
    synthetic : bool
        Mark the picture.

    Returns
    -------
    MembersSay

    Raises
    ------
    DataError
        An item without a column or doubled, a person doubled, an answer that is no number
        or lies outside the item's scale, or fewer members than answers.

    Examples
    --------
    >>> answers = pd.DataFrame({"person": [1, 2, 3, 4], "x": [5, 4, 2, None]})
    >>> items = pd.DataFrame({"item": ["x"], "label": ["I was heard"], "low": [1],
    ...                       "high": [5], "agree_from": [4], "criterion": ["C29"]})
    >>> said = members_say(answers, items)
    >>> said.indicators()[0].name, round(said.indicators()[0].value, 3)
    ('share agreeing: C29', 0.667)
    >>> said.items[["at_least", "at_most"]].to_numpy().tolist()
    [[0.5, 0.75]]
    """
    check_settings(members_say, locals())
    table = _asked(items)
    ends = table[["low", "high"]].fillna({"low": -math.inf, "high": math.inf})
    scale = dict(zip(table["item"], ends.itertuples(index=False, name=None), strict=True))
    frame = answers_of(answers, "after", person=person, scale=scale)
    n_all = len(frame) if n_members is None else whole_number(n_members, "n_members", low=0)
    if n_all < len(frame):
        raise DataError(
            f"{len(frame)} people answered, but there are {n_all} members.",
            remedy="Give the number of all who could have answered.",
        )
    rows, counts = [], []
    for row in table.to_dict("records"):
        values = frame[str(row["item"])].dropna()
        rows.append(_row({str(k): v for k, v in row.items()}, values, n_all))
        tally = values.value_counts().sort_index()
        pairs = zip(tally.index.to_numpy(dtype=np.float64), tally, strict=True)
        counts += [(row["item"], float(a), int(n)) for a, n in pairs]
    return MembersSay(
        pd.DataFrame(rows),
        pd.DataFrame(counts, columns=["item", "answer", "n"]),
        n_all,
        bool(synthetic),
    )


def _asked(items: Any) -> pd.DataFrame:
    """The items with their scales as numbers; blanks are blank, never the text "nan"."""
    table = to_pandas(items, what="table of items").reset_index(drop=True)
    require_columns(table, ["item", "label", "low", "high", "agree_from"])
    words = [c for c in ("item", "label", "criterion", "reversed", "asked") if c in table]
    table = table.assign(**{c: [text(v) for v in table[c]] for c in words})
    numbers = ["low", "high", "agree_from"]
    table[numbers] = to_numbers(table[numbers], numbers, file="items")
    require_unique(table["item"].tolist(), "item", file="items")
    for place, row in enumerate(table.to_dict("records")):
        low, high, agree = (row[c] for c in numbers)
        if low >= high or ((math.isnan(low) or math.isnan(high)) and row.get("reversed") == "yes"):
            raise DataError(
                "The scale of the item is not known.", file="items", row=place + 2,
                remedy="Give the lowest and the highest possible answer.",
            )  # fmt: skip
        if agree < low or agree > high:
            raise DataError(
                "The answer from which on people agree lies outside the scale.", file="items",
                row=place + 2, column="agree_from",
            )  # fmt: skip
    return table


def _row(item: dict[str, Any], values: pd.Series[float], n_all: int) -> dict[str, Any]:
    """Share and spread of one item."""
    turned = str(item.get("reversed", "")) == "yes"
    low, high, agree = (float(item[c]) for c in ("low", "high", "agree_from"))
    n = len(values)
    towards = (low + high - values) if turned else values
    share = float((towards >= agree).mean()) if n and not math.isnan(agree) else NAN
    label = str(item["label"]) or str(item["item"])
    return {
        "item": str(item["item"]),
        "label": f"not: {label}" if turned else label,
        "criterion": str(item.get("criterion", "") or ""),
        "reversed": "yes" if turned else "no",
        "n": n,
        "share": share,
        "at_least": share * n / n_all if n_all else NAN,
        "at_most": (share * n + n_all - n) / n_all if n_all else NAN,
        "mean": float(towards.mean()) if n else NAN,
        "sd": float(values.std(ddof=1)) if n > 1 else NAN,
        "low": low,
        "high": high,
        "asked": str(item.get("asked", "")) or "after",
    }


def share_who_left(stayed: Sequence[str]) -> Indicator:
    """The share of members who did not stay to the end, from a list of yes and no.

    Parameters
    ----------
    stayed : sequence of str
        ``yes``, ``no`` (or true, false) or empty, one a member.

    Returns
    -------
    Indicator
        "share of members who left"; a complete count, so it has no interval. NaN where
        nobody's stay is recorded.

    Examples
    --------
    >>> share_who_left(["yes", "yes", "no", "yes"]).value
    0.25
    """
    words = [text(word).casefold() for word in stayed]
    words = [{"true": "yes", "false": "no"}.get(word, word) for word in words]
    odd = [word for word in words if word not in ("yes", "no", "")]
    if odd or isinstance(stayed, str):
        raise DataError(
            f"Whether members stayed is told by {odd[:1] or stayed!r}.", remedy="Write yes or no."
        )
    known = [word for word in words if word]
    name = "share of members who left"
    if not known:
        return Indicator(name, NAN, n=0, note="not assessed: nobody's stay is recorded",
                         source="people.csv")  # fmt: skip
    blank = len(words) - len(known)
    note = "a complete count, no interval"
    note += f"; {blank} of {len(words)} not recorded and left out" if blank else ""
    return Indicator(
        name, known.count("no") / len(known), n=len(known), note=note, source="people.csv"
    )
