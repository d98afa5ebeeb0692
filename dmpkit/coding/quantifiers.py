"""Quantifier words of qualitative findings: what they say, and no more.

A report says that *most* practitioners did this and *a few* that. Words of this kind
have an order, partly, and force some numbers: *just one* is one, *most* is more than half.
Anything finer (is *several* four or nine?) is an assumption of the reader, who sets it
here and sees it marked in every table and picture.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, require_unique, to_pandas
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "ORDER",
    "QUANTIFIERS",
    "QuantifiedFindings",
    "quantified",
    "quantifier_bounds",
    "quantifier_relation",
]

#: What each word forces, in words; the numbers are those of `quantifier_bounds`.
QUANTIFIERS: Final[Mapping[str, str]] = {
    "none": "nobody",
    "just one": "exactly one",
    "one": "at least one: one is told of, others may be alike",
    "a couple": "exactly two",
    "more than one": "at least two",
    "a few": "at least two: the word is plural",
    "some": "at least one",
    "others": "at least one",
    "several": "at least two: the word is plural",
    "many": "at least two: the word is plural",
    "a minority": "at least one, fewer than half",
    "most": "more than half",
    "nearly all": "more than half, not all",
    "all": "everybody",
}
#: Other ways to say the same.
SAME: Final[Mapping[str, str]] = {
    "nobody": "none",
    "no one": "none",
    "only one": "just one",
    "exactly one": "just one",
    "two": "a couple",
    "few": "a few",
    "majority": "most",
    "a majority": "most",
    "the majority": "most",
    "minority": "a minority",
    "almost all": "nearly all",
    "everyone": "all",
    "everybody": "all",
}
#: Which word stands for more than which by ordinary use of the words: (more, fewer).
#: Pairs that readers dispute (some and several, a few and a minority) are left out.
ORDER: Final = (
    ("all", "nearly all"),
    ("nearly all", "most"),
    ("most", "many"),
    ("most", "several"),
    ("most", "some"),
    ("most", "a few"),
    ("many", "several"),
    ("many", "a few"),
    ("several", "a couple"),
    ("some", "a couple"),
    ("a few", "just one"),
    ("a couple", "just one"),
)
#: How a relation between two findings is known.
BASES: Final = {
    "numbers": "the numbers that the words force",
    "words": "the usual order of the words",
}


def _word(word: object, row: int | None = None) -> str:
    """The word in its listed form; empty where there is none."""
    if word is None or word != word:
        return ""
    text = " ".join(str(word).lower().split())
    text = SAME.get(text, text)
    if text and text not in QUANTIFIERS:
        from difflib import get_close_matches

        close = get_close_matches(text, [*QUANTIFIERS, *SAME], n=1)
        raise DataError(
            f"The quantifier {str(word)!r} is not known.",
            row=row,
            column="quantifier" if row is not None else None,
            remedy=(f"The closest is {close[0]!r}. " if close else "")
            + "Leave the cell empty where the text gives no quantity.",
        )
    return text


def quantifier_bounds(word: str, n: int | None = None) -> tuple[float, float]:
    """The fewest and the most of n people that a word can mean.

    Only what the word forces: *just one* is 1; *most* is more than half; *some*, *several*
    and *many* have no upper end but n. See ``QUANTIFIERS`` for each in words.

    Parameters
    ----------
    word : str
        As in the text; capitals and a few synonyms are understood.
    n : int, optional
        How many people (or cases) the statement is about.

    Returns
    -------
    (float, float)
        Ends included. Without n, ends that depend on it are NaN.

    Raises
    ------
    DataError
        An unknown word, or one that does not fit n (*a couple* of 1).

    Examples
    --------
    >>> quantifier_bounds("most", 25), quantifier_bounds("a couple"), quantifier_bounds("some")
    ((13.0, 25.0), (2.0, 2.0), (1.0, nan))
    """
    known = _word(word)
    if not known:
        return (math.nan, math.nan)
    size = _size(n)
    exact = {"none": 0.0, "just one": 1.0, "a couple": 2.0}
    half = math.floor(size / 2) if size == size else math.nan
    low, high = {
        "a minority": (1.0, math.ceil(size / 2) - 1 if size == size else math.nan),
        "most": (half + 1, size),
        "nearly all": (half + 1, size - 1),
        "all": (size, size),
    }.get(known, (2.0 if "at least two" in QUANTIFIERS[known] else 1.0, size))
    if known in exact:
        low = high = exact[known]
    if low > high or high > size:
        raise DataError(f"{word!r} cannot be said of {size:g}: it means {QUANTIFIERS[known]}.")
    return float(low), float(high)


def _size(n: object) -> float:
    if n is None or n != n or n is pd.NA:
        return math.nan
    if isinstance(n, bool) or not isinstance(n, Real) or float(n) % 1 or float(n) < 1:
        raise DataError(
            f"n is {n!r}; it must be a whole number above 0.",
            remedy="Say how many people or cases the statement is about, or leave it empty.",
        )
    return float(n)


def quantifier_relation(
    more: str, fewer: str, n: int | None = None, n_fewer: int | None = None
) -> str:
    """How it is known that one word stands for more than another: numbers, words, or not.

    Parameters
    ----------
    more, fewer : str
    n : int, optional
        How many people both statements are about.
    n_fewer : int, optional
        Of the second, where it is about others; then only the numbers count.

    Returns
    -------
    str
        ``"numbers"`` where the least of the one is above the most of the other,
        ``"words"`` where ordinary use of the words orders them (``ORDER``), else empty:
        either may be more.

    Examples
    --------
    >>> quantifier_relation("most", "a few", 25), quantifier_relation("most", "a minority", 25)
    ('words', 'numbers')
    >>> quantifier_relation("several", "some", 25)
    ''
    """
    a, b = _word(more), _word(fewer)
    if not a or not b:
        return ""
    other = n if n_fewer is None else n_fewer
    (least, most), (fewest, largest) = quantifier_bounds(a, n), quantifier_bounds(b, other)
    if least > largest:
        return "numbers"
    if most <= fewest:  # in so small a group the numbers forbid what the words suggest
        return ""
    same = _size(n) == _size(other) or (math.isnan(_size(n)) and math.isnan(_size(other)))
    return "words" if same and b in _below()[a] else ""


def _below() -> dict[str, set[str]]:
    """Each word with all that stand below it in the order of words."""
    found: dict[str, set[str]] = {word: set() for word in QUANTIFIERS}
    for word in QUANTIFIERS:
        todo = [word]
        while todo:
            at = todo.pop()
            for more, fewer in ORDER:
                if more == at and fewer not in found[word]:
                    found[word].add(fewer)
                    todo.append(fewer)
    return found


@dataclass(frozen=True, eq=False, repr=False)
class QuantifiedFindings(Result):
    """Result of :func:`quantified`.

    Attributes
    ----------
    findings : DataFrame
        ``finding, quantifier, n, low, high`` (what the word forces; NaN where it
        forces nothing), ``assumed_low, assumed_high`` (the reader's), ``note``, and the
        other columns given.
    assumption : mapping of word to (low, high)
        The reader's, empty where none was set.
    """

    title: ClassVar[str] = "Quantifier words of findings"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "findings": "What each word forces; assumed ends are the reader's own.",
        "relations": "Pairs of findings of which one surely stands for more.",
        "words": "What each word forces.",
    }

    findings: pd.DataFrame
    assumption: Mapping[str, tuple[float, float]]

    @cached_property
    def relations(self) -> pd.DataFrame:
        """``more, fewer, basis``: pairs of findings whose order is known, all others are not.

        A finding about an unknown number of people, among others whose number is known,
        may be about another group: words alone then order nothing.
        """
        rows = []
        table = self.findings[self.findings["quantifier"] != ""]
        apart = table["n"].isna() & bool(table["n"].notna().any())
        others = set(table.loc[apart, "finding"])
        listed = list(zip(table["finding"], table["quantifier"], table["n"], strict=True))
        for a, word_a, n_a in listed:
            for b, word_b, n_b in listed:
                basis = quantifier_relation(word_a, word_b, n_a, n_b) if a != b else ""
                if basis and (basis == "numbers" or not {a, b} & others):
                    rows.append((a, b, BASES[basis]))
        return pd.DataFrame(rows, columns=["more", "fewer", "basis"])

    @cached_property
    def words(self) -> pd.DataFrame:
        """``quantifier, forces, findings``: the words used and how often."""
        counts = self.findings["quantifier"].value_counts()
        used = [w for w in QUANTIFIERS if w in counts.index]
        return pd.DataFrame(
            {
                "quantifier": used,
                "forces": [QUANTIFIERS[w] for w in used],
                "findings": [int(counts[w]) for w in used],
            }
        )

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {"findings": self.findings, "relations": self.relations, "words": self.words}

    def summary(self) -> str:
        """The result in plain words."""
        table = self.findings
        said = int((table["quantifier"] != "").sum())
        pairs, known = said * (said - 1) // 2, len(self.relations)
        text = (
            f"{counted(len(table), 'finding')}, {said} with a word such as most or some "
            f"(quantifier). Of {counted(pairs, 'pair')}, the "
            f"order of {known} is known from the words or the numbers they force; of the others "
            "either may be more."
        )
        exact = int((table["low"] == table["high"]).sum())
        text += f" The words force an exact number for {exact}."
        if self.assumption:
            words = ", ".join(f"{w} {a:g}–{b:g}" for w, (a, b) in self.assumption.items())
            return f"{text} Assumed by the reader, not said in the text: {words}."
        return f"{text} No finer numbers are assumed."

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made."""
        text = (
            "Quantifier words were treated as ordinal. Numbers were taken only where the word "
            "forces them ("
            + "; ".join(f"{w}: {f}" for w, f in zip(self.words["quantifier"], self.words["forces"],
                                                    strict=True))
            + "). Two words were ordered where these numbers part them or where ordinary use does: "
            + ", ".join(f"{a} > {b}" for a, b in ORDER)
            + ". The order of the words is dmpkit's own proposal."
        )  # fmt: skip
        if self.assumption:
            words = ", ".join(f"{w} {a:g} to {b:g}" for w, (a, b) in self.assumption.items())
            text += f" Finer ranges are an assumption of the reader: {words}."
        return text

    def section(self) -> Section:
        """Words, tables and picture."""
        html = paragraphs(self.summary())
        html += table_html(self.findings, caption="Findings", digits=0)
        html += table_html(self.words, caption="What the words force")
        figures: tuple[Figure, ...] = ()
        if self.findings["low"].notna().any():
            figures = (Figure.from_axes(self.plot_quantifiers(), "What each finding can mean."),)
        return Section(self.title, html, figures)

    def plot_quantifiers(self, *, ax: Axes | None = None) -> Axes:
        """Findings as ranges, assumptions marked, see the plot's page."""
        from dmpkit.coding.quantifiers_plots import plot_quantifiers

        return plot_quantifiers(self, ax=ax)


def quantified(
    findings: Any,
    n: int | None = None,
    *,
    assumption: Mapping[str, tuple[float, float]] | None = None,
) -> QuantifiedFindings:
    """Findings with their quantifier words, the numbers these force, and their order.

    Parameters
    ----------
    findings : DataFrame
        ``finding`` (a label, each once) and ``quantifier`` (empty where the text gives
        none). A column ``n`` says how many people or cases a finding is about, where
        findings differ in that; leave it empty where the text does not say, such as for
        *most of those who mentioned it*.
    n : int, optional
        For all findings, where there is no column ``n``.
    assumption : mapping of word to (low, high), optional
        The reader's own ranges, such as ``{"several": (4, 9)}``, out of `n`. They are
        given beside what the words force, never instead, and only for findings about `n`.

    Returns
    -------
    QuantifiedFindings

    Raises
    ------
    DataError
        An unknown word, a finding twice, an assumption that breaks what a word forces.

    Examples
    --------
    >>> table = pd.DataFrame({"finding": ["left", "hold the line", "informal"],
    ...                       "quantifier": ["just one", "some", "most"]})
    >>> found = quantified(table, 25)
    >>> found.findings[["low", "high"]].values.tolist()
    [[1.0, 1.0], [1.0, 25.0], [13.0, 25.0]]
    >>> found.relations[["more", "fewer"]].values.tolist()
    [['hold the line', 'left'], ['informal', 'left'], ['informal', 'hold the line']]
    """
    table = to_pandas(findings, what="findings").reset_index(drop=True)
    require_columns(table, ["finding", "quantifier"])
    require_unique(table["finding"].tolist(), "finding")
    _size(n)
    words = [_word(w, row + 2) for row, w in enumerate(table["quantifier"])]
    sizes = [_size(v) for v in table["n"]] if "n" in table else [_size(n)] * len(table)
    own = _assumption(assumption or {}, n)
    rows = []
    for word, size in zip(words, sizes, strict=True):
        low, high = quantifier_bounds(word, None if size != size else int(size))
        about_all = size == _size(n)
        assumed = own.get(word, (math.nan, math.nan)) if about_all else (math.nan, math.nan)
        rows.append((word, size, low, high, *assumed, _note(word, size, low, high)))
    names = ["quantifier", "n", "low", "high", "assumed_low", "assumed_high", "note"]
    made = pd.DataFrame(rows, columns=names)
    made["quantifier"] = made["quantifier"].astype("str")
    made["note"] = made["note"].astype("str")
    made.insert(0, "finding", table["finding"].astype("str"))
    rest = table.drop(columns=["finding", "quantifier", "n"], errors="ignore")
    rest = rest.drop(columns=[c for c in rest if c in made])
    return QuantifiedFindings(pd.concat([made, rest], axis=1), own)


def _note(word: str, size: float, low: float, high: float) -> str:
    if not word:
        return "the text gives no quantity"
    if size != size and (math.isnan(low) or math.isnan(high)):
        return f"{QUANTIFIERS[word]}; of how many is not said"
    return QUANTIFIERS[word]


def _assumption(
    given: Mapping[str, tuple[float, float]], n: int | None
) -> dict[str, tuple[float, float]]:
    """The reader's ranges, which must fit what the words force."""
    made = {}
    for word, ends in given.items():
        known = _word(word)
        try:
            low, high = (float(e) for e in ends)
        except (TypeError, ValueError):
            raise DataError(
                f"The assumption for {word!r} is {ends!r}.", remedy="Give (low, high)."
            ) from None
        least, most = quantifier_bounds(known, n)
        if not low <= high or low < least or high > most:
            raise DataError(
                f"The assumption {low:g} to {high:g} for {word!r} breaks what the word forces: "
                f"{QUANTIFIERS.get(known, 'a word')}"
                + (f" ({least:g} to {most:g} of {n})." if n else "."),
            )
        if n is None:
            raise DataError("An assumption needs n: of how many?", remedy="Give n, such as n=25.")
        made[known] = (low, high)
    return made
