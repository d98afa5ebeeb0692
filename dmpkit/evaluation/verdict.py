"""A profile in words: what can be said of each stage, and what cannot.

The rule is our own proposal. It looks at the mean of the assessed criteria and at the
bounds with all unknown criteria at worst and at best, and says no more than both bear.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.evaluation.report_texts import TEXTS
from dmpkit.wording import listed

if TYPE_CHECKING:
    from dmpkit.evaluation.profile import Profile

__all__ = [
    "HIGH",
    "LOW",
    "READINGS",
    "READING_KEYS",
    "Verdict",
    "lead_in",
    "mean_text",
    "read_stage",
    "rule_text",
    "verdict_of",
]

#: A mean from here on reads as good, up to there as poor (on 0 to 4). Our proposal.
HIGH, LOW = 2.5, 1.5
#: Below this share of assessed criteria nothing is said of a stage. Our proposal.
ENOUGH = 0.5
#: What can be said of a stage, from best to worst, and that nothing can.
READING_KEYS = (
    "good",
    "good_sure",
    "good_seen",
    "middling",
    "middling_sure",
    "middling_seen",
    "poor_seen",
    "poor_sure",
    "poor",
    "not_known",
    "does_not_apply",
)
#: The same in words.
READINGS = tuple(TEXTS[key] for key in READING_KEYS)


def read_stage(mean: float, low: float, high: float, coverage: float, n: int = 1) -> str:
    """One of :data:`READINGS` for a stage.

    Parameters
    ----------
    mean : float
        Mean of the assessed criteria, 0 to 4; NaN where none was assessed.
    low, high : float
        The mean with all unknown criteria at 0 and at 4.
    coverage : float
        Share of the applicable criteria that were assessed.
    n : int
        Number of applicable criteria.

    Returns
    -------
    str

    Examples
    --------
    >>> read_stage(3.2, 2.8, 3.4, 0.8), read_stage(3.2, 1.9, 3.5, 0.6)
    ('good, whatever is unknown', 'good as far as it was assessed')
    >>> read_stage(3.9, 0.8, 4.0, 0.2), read_stage(2.0, 2.0, 2.0, 1.0)
    ('not known', 'middling')
    """
    if n == 0:
        return TEXTS["does_not_apply"]
    mean, low, high = (round(x, 9) for x in (mean, low, high))  # 2.5 as a sum of thirds is 2.5
    if low == high:  # nothing is unknown
        word = "good" if mean >= HIGH else "poor" if mean <= LOW else "middling"
        return TEXTS[word]
    if low >= HIGH:
        return TEXTS["good_sure"]
    if high <= LOW:
        return TEXTS["poor_sure"]
    if low > LOW and high < HIGH:
        return TEXTS["middling_sure"]
    if not coverage >= ENOUGH:
        return TEXTS["not_known"]
    seen = "good_seen" if mean >= HIGH else "poor_seen" if mean <= LOW else "middling_seen"
    return TEXTS[seen]


def mean_text(mean: float) -> str:
    """A mean with two decimals, and more where these would put it across a limit.

    Examples
    --------
    >>> mean_text(2.458), mean_text(2.4996), mean_text(2.5)
    ('2.46', '2.4996', '2.50')
    """
    true = round(mean, 9)
    texts = [f"{true:.{digits}f}" for digits in range(2, 10)]
    for text in texts:
        shown = float(text)
        if (shown >= HIGH, shown <= LOW) == (true >= HIGH, true <= LOW):
            return text
    return texts[-1]


@dataclass(frozen=True, eq=False)
class Verdict:
    """Result of :func:`verdict_of`.

    Attributes
    ----------
    profile : Profile
    """

    profile: Profile

    @cached_property
    def stages(self) -> pd.DataFrame:
        """``stage, name, reading, mean, low, high, coverage, n_assessed, n_known, n_weak``."""
        rows = []
        for row in self.profile.stages.to_dict("records"):
            n = int(row["n"] - row["n_not_applicable"])
            reading = read_stage(row["mean"], row["low"], row["high"], row["coverage"], n)
            rows.append({
                "stage": row["stage"], "name": row["name"], "reading": reading,
                "mean": row["mean"], "low": row["low"], "high": row["high"],
                "coverage": row["coverage"], "n_assessed": int(row["n_assessed"]), "n_known": n,
                "n_weak": int(row["n_weak"]),
            })  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def coverage(self) -> float:
        """Share of all applicable criteria that were assessed."""
        return self.profile.coverage

    @property
    def unknown(self) -> pd.DataFrame:
        """``criterion, label, stage_name, status`` of what is not assessed or contested."""
        table = self.profile.criteria
        rows = table[table["status"].isin(["not assessed", "contested"])]
        kept: pd.DataFrame = rows[["criterion", "label", "stage_name", "status"]]
        return kept.reset_index(drop=True)

    def of_reading(self, reading: str) -> list[str]:
        """Names of the stages that read so."""
        names: list[Any] = self.stages.loc[self.stages["reading"] == reading, "name"].tolist()
        return [str(name) for name in names]

    def sentences(self) -> list[str]:
        """The verdict, one sentence a reading that occurs, and what it is not."""
        found = [
            lead_in(key, TEXTS).format(stages=listed(names, "and"), word=reading.capitalize())
            for key, reading in zip(READING_KEYS, READINGS, strict=True)
            if (names := self.founded(reading))
        ]
        return [*found, self.caution()]

    def founded(self, reading: str, texts: Mapping[str, str] = TEXTS, most: int = 200) -> list[str]:
        """Names of the stages that read so, with what rests on weak evidence only.

        Parameters
        ----------
        reading : str
            One of :data:`READINGS`.
        texts : mapping
            As :func:`~dmpkit.evaluation.report_texts.texts_of` gives them.
        most : int
            Characters of a name that are shown.
        """
        rows = self.stages[self.stages["reading"] == reading]
        return [
            _founded(row, texts, most, silent=reading == TEXTS["not_known"])
            for row in rows.to_dict("records")
        ]

    def caution(self) -> str:
        """What the verdict does not say."""
        return TEXTS["caution"]

    def rule(self) -> str:
        """How the words come about."""
        return rule_text(TEXTS["verdict_rule"])


def lead_in(key: str, texts: Mapping[str, str]) -> str:
    """The sentence that lists the stages of a reading, with ``{word}`` and ``{stages}``.

    Examples
    --------
    >>> lead_in("good", TEXTS), lead_in("does_not_apply", TEXTS)
    ('{word}: {stages}.', '{word}: {stages}.')
    """
    return texts["lead_not_known"] if key == "not_known" else "{word}: {stages}."


def _founded(row: Mapping[Any, Any], texts: Mapping[str, str], most: int, *, silent: bool) -> str:
    """The name of a stage, and in brackets how much of it rests on weak evidence only."""
    name = str(row["name"])
    name = name if len(name) <= most else f"{name[:most].rstrip()}…"
    if silent or not row["n_weak"]:
        return name
    return f"{name} ({texts['weak_of'].format(n=row['n_weak'], all=row['n_assessed'])})"


def rule_text(text: str) -> str:
    """The rule with its limits filled in.

    Parameters
    ----------
    text : str
        With ``{high}``, ``{low}`` and ``{enough}``.

    Examples
    --------
    >>> rule_text("from {high}, up to {low}, {enough}")
    'from 2.5, up to 1.5, 50 %'
    """
    return text.format(high=f"{HIGH:g}", low=f"{LOW:g}", enough=f"{100 * ENOUGH:.0f} %")


def verdict_of(profile: Profile) -> Verdict:
    """The reading of a profile in words.

    Parameters
    ----------
    profile : Profile
        As :meth:`~dmpkit.evaluation.Scorecard.profile` gives it.

    Returns
    -------
    Verdict

    Examples
    --------
    >>> from dmpkit.evaluation.data import Scorecard
    >>> own = pd.DataFrame({"id": ["I1", "I2"], "label": ["Food", "Rooms"], "stage": "kitchen"})
    >>> card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [3]}), own)
    >>> verdict_of(card.profile()).stages["reading"].item()
    'good as far as it was assessed'
    """
    return Verdict(profile)
