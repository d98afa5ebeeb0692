"""Finding names in text: whole words, longest first, however the letters are encoded.

The text is compared letter by letter in its decomposed form (NFD), so that é typed as one
character or as two is the same; white space within a name matches any white space, and
straight and curly apostrophes and the kinds of hyphen are the same. Positions are those of
the text as it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.tables import require_columns, to_pandas

__all__ = ["KINDS", "Match", "NameList"]

Case = Literal["as given", "as given or capitals", "ignore"]

#: Kinds of names that the log tells apart.
KINDS: Final = ("person", "place", "organisation", "other")
CASES: Final = ("as given", "as given or capitals", "ignore")

#: Plain letters that no accent follows.
_PLAIN: Final = re.compile(r"[\x00-\x7f]+(?=[\x00-\x7f]|\Z)")
_SPACES: Final = {9: " ", 10: " ", 13: " "}
_SAME: Final = {
    **dict.fromkeys("’ʼ‘＇", "'"),
    **dict.fromkeys("‐‑‒", "-"),
    **dict.fromkeys("\u00a0\u202f\u2009\u2007\t\n\r\u2028\u2029\u3000", " "),
}
#: Signs without width that may stand within a word: soft hyphen, joiners, byte-order mark.
_UNSEEN: Final = "\u00ad\u200c\u200d\u2060\ufeff"
_NOT_SEEN: Final = dict.fromkeys(map(ord, _UNSEEN))
#: Scripts that put no space between words.
_UNSPACED: Final = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


@dataclass(frozen=True)
class Match:
    """One place of a name in a text.

    `start`, `end` count characters of the text; `row` is that of the name in the list;
    `action` is ``replace``, or why it was left: ``left: other case``, ``left: overlaps``.
    """

    start: int
    end: int
    row: int
    action: str = "replace"


@dataclass(frozen=True)
class _Folded:
    """A text for comparison: each letter with the place of the cluster that it came from."""

    text: str
    start: list[int]
    end: list[int]

    def whole(self, a: int, b: int) -> bool:
        """Whether a..b begins and ends between clusters of the text."""
        before = a == 0 or self.start[a] != self.start[a - 1]
        after = b == len(self.text) or self.start[b] != self.start[b - 1]
        return before and after


def fold(text: str) -> _Folded:
    r"""The text decomposed, with a map back.

    Examples
    --------
    >>> fold("é’").text == "e\u0301'", fold("é").end
    (True, [1, 1])
    """
    if text.isascii():
        plain = text.translate(_SPACES)
        return _Folded(plain, list(range(len(text))), list(range(1, len(text) + 1)))
    letters: list[str] = []
    start: list[int] = []
    end: list[int] = []
    at = 0
    while at < len(text):
        if run := _PLAIN.match(text, at):
            letters.append(run.group().translate(_SPACES))
            start += range(at, run.end())
            end += range(at + 1, run.end() + 1)
            at = run.end()
            continue
        stop = at + 1
        while stop < len(text) and (unicodedata.combining(text[stop]) or text[stop] in _UNSEEN):
            stop += 1
        cluster = unicodedata.normalize("NFD", text[at:stop].translate(_NOT_SEEN))
        for letter in cluster:
            letters.append(_SAME.get(letter, letter))
            start.append(at)
            end.append(stop)
        at = stop
    return _Folded("".join(letters), start, end)


def _kind(letter: str) -> str:
    """Letters (with marks) and digits make words; all else parts them."""
    if letter.isalpha() or unicodedata.category(letter).startswith("M"):
        return "letter"
    return "digit" if letter.isnumeric() else ""


@dataclass(frozen=True, eq=False)
class NameList:
    """Names with what is to stand for them, checked.

    Attributes
    ----------
    table : DataFrame
        ``original, pseudonym, kind``.
    case : {"as given", "as given or capitals", "ignore"}
        Which spellings count. The second (the default) takes ``Anna`` and ``ANNA``, and
        leaves ``will`` and ``mark`` where the names are Will and Mark.
    """

    table: pd.DataFrame
    case: Case = "as given or capitals"

    @classmethod
    def read(cls, names: Any, case: Case = "as given or capitals") -> NameList:
        """Check names.

        Parameters
        ----------
        names : mapping or frame
            ``{original: pseudonym}``, or columns ``original``, ``pseudonym`` and perhaps
            ``kind`` (person, place, organisation, other).
        case
            See the class.

        Raises
        ------
        DataError
            An empty or doubled original, no pseudonym, a pseudonym that holds one of the
            originals, an unknown kind.

        Examples
        --------
        >>> NameList.read({"Anna": "Eva"}).table.values.tolist()
        [['Anna', 'Eva', 'person']]
        """
        if case not in CASES:
            raise DataError(f"case is {case!r}.", remedy=f"Use one of {', '.join(CASES)}.")
        table = _table(names)
        listed = cls(table, case)
        listed._check()
        return listed

    def _check(self) -> None:
        """Refuses what would put a real name back, or two names in one."""
        rows = zip(self.table["original"], self.table["pseudonym"], self.table["kind"], strict=True)
        seen: dict[str, int] = {}
        for i, (original, pseudonym, kind) in enumerate(rows):
            key = self._key(fold(original).text)
            if not any(_kind(letter) for letter in key):
                raise DataError("A name has no letter or digit.", row=i + 2, column="original")
            if key in seen:
                raise DataError(
                    f"The names of rows {seen[key] + 2} and {i + 2} are the same.",
                    row=i + 2,
                    column="original",
                    remedy="Give each name once.",
                )
            seen[key] = i
            if not pseudonym.strip():
                raise DataError("A name has no pseudonym.", row=i + 2, column="pseudonym")
            if kind not in KINDS:
                raise DataError(
                    f"The kind {kind!r} is not known.",
                    row=i + 2,
                    column="kind",
                    remedy=f"Use {', '.join(KINDS)}.",
                )
        for i, pseudonym in enumerate(self.table["pseudonym"]):
            found = [match for match in self.find(pseudonym) if match.action == "replace"]
            if found:
                raise DataError(
                    f"The pseudonym of row {i + 2} holds the name of row {found[0].row + 2}, so a "
                    "real name would be put into the text.",
                    row=i + 2,
                    column="pseudonym",
                    remedy="Choose a pseudonym that is nobody's name here.",
                )

    def _key(self, folded: str) -> str:
        return folded.casefold() if self.case == "ignore" else folded

    @cached_property
    def rows(self) -> tuple[tuple[str, str, str], ...]:
        """Original, pseudonym and kind of each name."""
        columns = (self.table[c].tolist() for c in ("original", "pseudonym", "kind"))
        return tuple(zip(*columns, strict=True))

    @cached_property
    def _spelt(self) -> tuple[str, ...]:
        """Each name decomposed, with single spaces."""
        return tuple(" ".join(fold(original).text.split()) for original, _, _ in self.rows)

    @cached_property
    def _patterns(self) -> list[tuple[str, re.Pattern[str], int]]:
        """Names from the longest: first word, pattern, row.

        Capitals stand for themselves where small letters do not lead to them: *Strauß* and
        *STRAUSS*, *Yılmaz* and *YILMAZ*.
        """
        folded = self._spelt
        order = sorted(range(len(folded)), key=lambda i: (-len(folded[i]), i))
        spellings = [
            (i, spelling)
            for i in order
            for spelling in dict.fromkeys((folded[i], folded[i].upper()))
            if spelling == folded[i] or spelling.lower() != folded[i].lower()
        ]
        return [
            (
                spelling.split(" ")[0].casefold(),
                re.compile(r" +".join(map(re.escape, spelling.split(" "))), re.IGNORECASE),
                i,
            )
            for i, spelling in spellings
        ]

    def find(self, text: str) -> list[Match]:
        """Every place of a name as a whole word, in the order of the text.

        A name is a whole word where no letter stands right before or after its letters,
        and no digit beside its digits: the hyphen, the apostrophe and the underscore part
        words; scripts without spaces between words, such as Chinese, are searched without
        this rule. Where names overlap, the longest is taken, then the first.

        Examples
        --------
        >>> names = NameList.read({"Ann": "Eva", "Anna-Marie": "Ida"})
        >>> [(m.start, m.end, m.row) for m in names.find("Anna-Marie, Ann's sister Anna")]
        [(0, 10, 1), (12, 15, 0)]
        """
        folded = fold(text)
        lowered = folded.text.casefold()
        taken: list[Match] = []
        used = np.zeros(len(text), dtype=bool)
        for word, pattern, row in self._patterns:
            if word not in lowered:
                continue
            for a, b in _every(word, pattern, folded.text, lowered):
                if not folded.whole(a, b) or not _alone(folded.text, a, b):
                    continue
                start, end = folded.start[a], folded.end[b - 1]
                action = "replace"
                if used[start:end].any():
                    if used[start:end].all():
                        continue  # within a longer name
                    action = "left: overlaps"
                elif not self._counts(folded.text[a:b], row):
                    action = "left: other case"
                else:
                    used[start:end] = True
                taken.append(Match(start, end, row, action))
        return sorted(set(taken), key=lambda m: (m.start, m.end, m.row))

    def _counts(self, found: str, row: int) -> bool:
        """Whether a spelling counts as the name."""
        own, squeezed = self._spelt[row], " ".join(found.split())
        if self.case == "ignore" or squeezed == own:
            return True
        if self.case == "as given" or not squeezed.isupper():
            return False
        return squeezed.casefold() in (own.casefold(), own.upper().casefold())

    def replacement(self, found: str, row: int) -> str:
        """The pseudonym in the case of what it stands for."""
        original, pseudonym, _ = self.rows[row]
        if found.isupper() and not original.isupper():
            return pseudonym.upper()
        if self.case == "ignore" and found.islower() and not original.islower():
            return pseudonym.lower()
        return pseudonym


def _every(
    word: str, pattern: re.Pattern[str], text: str, lowered: str
) -> Iterable[tuple[int, int]]:
    """All matches, overlapping ones too; `word` is how a match begins, in small letters."""
    at = 0
    if len(lowered) == len(text):  # looking for a word is far quicker than for a pattern
        while (at := lowered.find(word, at)) >= 0:
            if found := pattern.match(text, at):
                yield found.start(), found.end()
            at += 1
        return
    while found := pattern.search(text, at):
        yield found.start(), found.end()
        at = found.start() + 1


def _alone(text: str, a: int, b: int) -> bool:
    """Whether a..b is no part of a longer word."""
    before = a - 1
    while before > 0 and unicodedata.category(text[before]).startswith("M"):
        before -= 1  # a mark belongs to what it stands on: a letter, or an emoji
    if a and _joins(text[a]) and _base(text[before]) == _joins(text[a]):
        return False
    return not (b < len(text) and _kind(text[b]) and _joined(text[b - 1], text[b]))


def _joins(letter: str) -> str:
    """The kind of words that a letter can be a part of; none in scripts without spaces."""
    if letter > "\u0dff" and unicodedata.name(letter, "").startswith(_UNSPACED):
        return ""
    return _kind(letter)


def _base(letter: str) -> str:
    return "" if unicodedata.category(letter).startswith("M") else _joins(letter)


def _joined(last: str, following: str) -> bool:
    if unicodedata.category(following).startswith("M"):
        return True
    return bool(_joins(last)) and _joins(last) == _joins(following)


def _table(names: Any) -> pd.DataFrame:
    if isinstance(names, NameList):
        return names.table
    if isinstance(names, Mapping):
        frame = pd.DataFrame(list(names.items()), columns=["original", "pseudonym"], dtype=object)
    else:
        frame = to_pandas(names, what="list of names")
        require_columns(frame, ["original", "pseudonym"])
    columns: dict[str, Sequence[str]] = {}
    for name in ("original", "pseudonym"):
        missing = frame[name].isna()
        if missing.any():
            raise DataError(
                "The cell is empty.", row=int(missing.to_numpy().argmax()) + 2, column=name
            )
        columns[name] = [str(v).strip() for v in frame[name]]
    kinds = frame["kind"] if "kind" in frame else pd.Series(["person"] * len(frame), dtype=object)
    columns["kind"] = ["person" if v is None or v != v else str(v).strip() for v in kinds]
    return pd.DataFrame(columns, dtype="str")
