"""From a measured number to a score of its criterion, by cut points that stay visible.

The cut points are dmpkit's own proposal (``data/criteria/indicators.csv``) and can
be replaced. The raw number and its interval stay beside the score, and so does the
score that each end of the interval would get.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import HIGHEST
from dmpkit.evaluation.data import MEASURED, Scorecard
from dmpkit.evaluation.labels import floats
from dmpkit.evaluation.records import (
    Field,
    Finding,
    RecordKind,
    check_records,
    nearest,
)
from dmpkit.reporting import Indicator, Result, Section, format_number, paragraphs, table_html
from dmpkit.wording import counted, listed

if TYPE_CHECKING:
    from dmpkit.evaluation.criteria import Criteria

__all__ = [
    "CHANCE_LEVEL",
    "CUT_POINTS",
    "HIGHEST_CHANCE",
    "MeasuredScores",
    "default_cut_points",
    "measured_scores",
    "score_of",
    "with_indicators",
]

LEVELS = ("at_least_1", "at_least_2", "at_least_3", "at_least_4")
#: What a table of cut points holds.
CUT_POINTS = RecordKind(
    "indicators",
    "indicators.csv",
    (
        Field("criterion", kind="id", required=True),
        Field("indicator", required=True),
        Field("unit"),
        *(Field(level, kind="number") for level in LEVELS),
        Field("basis"),
        Field("note"),
    ),
    key=("criterion", "indicator"),
)

#: The number that says how far the reason index is above its chance level.
ABOVE_CHANCE = "reason index above chance after"
#: The chance level of the reason index.
CHANCE_LEVEL = "reason index chance level after"
#: How the share of members who agree is named; the criterion follows.
SHARE_AGREEING = "share agreeing: "
#: Chance level from which on the reason index is not judgeable; dmpkit's own bound.
HIGHEST_CHANCE = 0.5
#: What the lower end of the interval must exceed for the highest score; dmpkit's own.
TOP_NEEDS: Mapping[str, float] = {
    "knowledge gain (effect size)": 0.2,
    ABOVE_CHANCE: 0.0,
    "change in civic capacity (effect size)": 0.0,
}
_TINY = 1e-12
_SEATS = re.compile(r"seats in a panel of (\d+)")
COLUMNS = (
    "criterion", "label", "indicator", "value", "low", "high", "n", "unit", "score", "score_low",
    "score_high", "used", "reason", "cut_points", "basis", "note", "source",
)  # fmt: skip


def score_of(value: float, cut_points: Sequence[float]) -> float:
    """The score 0 to 4 of a number by cut points for 1, 2, 3 and 4.

    The score is the highest level whose cut point is reached. Cut points that fall
    mean that less is better. A level without a cut point (NaN) cannot be given.

    Parameters
    ----------
    value : float
    cut_points : sequence of four floats
        In order, rising or falling; two at least.

    Returns
    -------
    float
        NaN where `value` is.

    Raises
    ------
    DataError
        Not four cut points, fewer than two known, or neither rising nor falling.

    Examples
    --------
    >>> score_of(0.72, [0.4, 0.6, 0.7, 0.8]), score_of(0.12, [0.3, 0.15, 0.1, 0.05])
    (3.0, 2.0)
    """
    cuts = floats(cut_points, "cut points").ravel().tolist()
    value = float(floats(value, "values to score").reshape(-1)[0])
    known = [(level, cut) for level, cut in enumerate(cuts, start=1) if not math.isnan(cut)]
    steps = [b - a for (_, a), (_, b) in pairwise(known)]
    rising, falling = all(s > 0 for s in steps), all(s < 0 for s in steps)
    if len(cuts) != len(LEVELS) or not steps or not (rising or falling):
        raise DataError(
            f"The cut points {listed([f'{cut:g}' for cut in cuts], 'and')} neither rise nor fall.",
            remedy="Give those for 1, 2, 3 and 4 in order; leave a level empty, but not more "
            "than two.",
        )
    if math.isnan(value):
        return math.nan
    sign = 1.0 if rising else -1.0
    slack = _TINY * max(1.0, abs(value)) if math.isfinite(value) else 0.0
    reached = [level for level, cut in known if sign * value >= sign * cut - slack]
    return float(max(reached, default=0))


def default_cut_points() -> pd.DataFrame:
    """The cut points that come with dmpkit, one row a criterion and indicator."""
    from dmpkit import datasets

    return check_records(datasets.load("criteria", "indicators"), CUT_POINTS, rules=[_sound_cuts])


def with_indicators(
    scorecard: Scorecard,
    indicators: Iterable[Any],
    *,
    cut_points: Any = None,
    highest_chance: float = HIGHEST_CHANCE,
) -> Scorecard:
    """A scorecard with scores from measured numbers added, under the rater *measured*.

    A number becomes the score of its criterion by cut points; where several numbers
    inform a criterion the lowest score counts. Numbers of effect get the highest
    score only where their interval lies above a stated value. The criterion about
    the reason index is *not judgeable* where the index's chance level is high or not
    known: there even random answers would look consistent. Where people rated the
    criterion as well, both are kept, and people's ratings count in the profile.

    Cut points, the lowest-counts rule and the bound of the chance level are dmpkit's
    own proposals, not from the literature.

    Parameters
    ----------
    scorecard : Scorecard
        Measured scores it has already are made anew from all its indicators.
    indicators : iterable of Indicator
        Also results that have indicators.
    cut_points : DataFrame, optional
        ``criterion, indicator, at_least_1 … at_least_4`` and, if wanted, ``unit, basis,
        note``; they replace dmpkit's own for the same criterion and indicator.
    highest_chance : float
        Chance level of the reason index from which on it is not judgeable.

    Returns
    -------
    Scorecard
        Its `measured` has a row for each number that belongs to a criterion.

    Raises
    ------
    DataError
        Two indicators of one name, cut points that neither rise nor fall, or for a
        criterion that is not there.

    Examples
    --------
    >>> own = pd.DataFrame({"id": ["I1"], "label": ["Knowledge"], "stage": ["evidence"]})
    >>> card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [None]}), own)
    >>> cuts = pd.DataFrame({"criterion": ["I1"], "indicator": ["share correct"],
    ...                      "at_least_1": [0.2], "at_least_2": [0.4], "at_least_3": [0.6],
    ...                      "at_least_4": [0.8]})
    >>> found = card.with_indicators([Indicator("share correct", 0.65, 0.55, 0.75)],
    ...                              cut_points=cuts)
    >>> found.measured[["score", "score_low", "score_high"]].iloc[0].tolist()
    [3.0, 2.0, 3.0]
    """
    cuts = _cut_points(cut_points, scorecard.criteria)
    every = (*scorecard.indicators, *_flat(indicators))
    by_name = _by_name(every, {_plain(name) for name in [*cuts["indicator"], CHANCE_LEVEL]})
    rows = [
        _row(by_name[_plain(cut["indicator"])], cut, by_name, highest_chance)
        for cut in cuts.to_dict("records")
        if _plain(cut["indicator"]) in by_name
    ]
    measured = _used(pd.DataFrame(rows, columns=[c for c in COLUMNS if c != "label"]))
    measured.insert(1, "label", [scorecard.criteria.label(c) for c in measured["criterion"]])
    people = scorecard.ratings[scorecard.ratings["rater"] != MEASURED]
    ratings = pd.concat([people, _ratings(measured)], ignore_index=True) if rows else people
    return replace(scorecard, ratings=ratings, measured=measured, indicators=every)


def _flat(indicators: Iterable[Any]) -> list[Indicator]:
    """Indicators, those of results among them."""
    if isinstance(indicators, Indicator) or hasattr(indicators, "indicators"):
        indicators = [indicators]
    out: list[Indicator] = []
    for each in indicators:
        if isinstance(each, Indicator):
            out.append(each)
        elif callable(getattr(each, "indicators", None)):
            out.extend(each.indicators())
        else:
            raise DataError(
                f"A {type(each).__name__} is no indicator.",
                remedy="Give dmpkit.reporting.Indicator objects, or results that have indicators.",
            )
    return out


def _by_name(indicators: Iterable[Indicator], wanted: set[str]) -> dict[str, Indicator]:
    """The wanted indicators by name, each once."""
    out: dict[str, Indicator] = {}
    for each in indicators:
        name = _plain(each.name)
        if name not in wanted:
            continue
        if name in out and repr(out[name]) != repr(each):  # NaN is equal to itself here
            raise DataError(
                f"There are two different values of the indicator {each.name!r}.",
                remedy="Keep the one that the score shall rest on.",
            )
        out[name] = each
    return out


def _plain(name: str) -> str:
    return " ".join(str(name).casefold().split())


def _cut_points(own: Any, criteria: Criteria) -> pd.DataFrame:
    """The cut points of dmpkit for these criteria, with the user's own in their place."""
    default = default_cut_points()
    default = default[default["criterion"].isin(criteria.ids)]
    if own is None:
        return default

    def known(table: pd.DataFrame) -> Iterable[Finding]:
        for i, criterion in enumerate(table["criterion"]):
            if criterion not in criteria.ids:
                yield (i, "criterion", f"{criterion!r} is not one of the criteria.",
                       nearest(criterion, criteria.ids))  # fmt: skip

    mine = check_records(own, CUT_POINTS, rules=[known, _sound_cuts])
    mine = mine.assign(basis=mine["basis"].where(mine["basis"] != "", "the evaluator's own"))
    keys = {(c, _plain(i)) for c, i in zip(mine["criterion"], mine["indicator"], strict=True)}
    kept = [
        (c, _plain(i)) not in keys
        for c, i in zip(default["criterion"], default["indicator"], strict=True)
    ]
    return pd.concat([default[kept], mine], ignore_index=True)


def _sound_cuts(table: pd.DataFrame) -> Iterable[Finding]:
    for i, row in enumerate(table[list(LEVELS)].itertuples(index=False)):
        try:
            score_of(0.0, row)
        except DataError as error:
            yield (i, LEVELS[0], error.problem, error.remedy)


def _row(
    found: Indicator,
    cut: Mapping[Any, Any],
    every: Mapping[str, Indicator],
    highest_chance: float,
) -> dict[str, Any]:
    """One measured number with its score, or why it has none."""
    cuts = [cut[level] for level in LEVELS]
    factor, reason = _factor(found, str(cut["unit"]))
    value, low, high = (factor * x for x in (found.value, found.low, found.high))
    reason = reason or _not_judgeable(found, every, highest_chance)
    score, ends = math.nan, (math.nan, math.nan)
    if not reason:
        score = score_of(value, cuts)
        least = TOP_NEEDS.get(_plain(found.name))
        if score == HIGHEST and least is not None and not low > least:
            score = HIGHEST - 1
        if not (math.isnan(low) or math.isnan(high)):
            both = sorted(score_of(x, cuts) for x in (low, high))
            ends = (both[0], both[1])
    return {
        "criterion": cut["criterion"], "indicator": found.name, "value": found.value,
        "low": found.low, "high": found.high, "n": found.n, "unit": cut["unit"], "score": score,
        "score_low": ends[0], "score_high": ends[1], "used": False, "reason": reason,
        "cut_points": "; ".join(map(_cut, cuts)),
        "basis": cut["basis"], "note": found.note, "source": found.source,
    }  # fmt: skip


def _factor(found: Indicator, unit: str) -> tuple[float, str]:
    """What turns the number into its unit: seats are counted as in a panel of 50."""
    seats = _SEATS.fullmatch(unit.strip())
    if not seats:
        return 1.0, ""
    if not found.n:
        return math.nan, "not judgeable: the number of members is not known"
    return int(seats.group(1)) / found.n, ""


def _not_judgeable(found: Indicator, every: Mapping[str, Indicator], highest_chance: float) -> str:
    """Why a number gets no score; empty where it can."""
    if math.isnan(found.value):
        why = found.note.removeprefix("not assessed:").strip().rstrip(".")
        return f"not measured: {why or 'no reason is given'}"
    if _plain(found.name) != ABOVE_CHANCE:
        return ""
    level = every.get(CHANCE_LEVEL)
    if level is None or math.isnan(level.value):
        return "not judgeable: the chance level of the reason index is not known"
    if level.value >= highest_chance:
        return (
            f"not judgeable: the chance level of the reason index is "
            f"{format_number(level.value)}, and from {highest_chance:g} on (our bound) random "
            "answers look consistent too"
        )
    return ""


def _used(measured: pd.DataFrame) -> pd.DataFrame:
    """Of several numbers of a criterion the lowest score counts."""
    known = measured.dropna(subset=["score"])
    lowest = known.sort_values("score", kind="stable").groupby("criterion", sort=False).head(1)
    out = measured.assign(used=measured.index.isin(lowest.index))
    numbers = ["value", "low", "high", "score", "score_low", "score_high"]
    out[numbers] = out[numbers].astype("float64")
    out["n"] = pd.array([None if pd.isna(n) else int(n) for n in measured["n"]], dtype="Int64")
    return out


def _ratings(measured: pd.DataFrame) -> pd.DataFrame:
    """One rating a criterion: the score that counts, or why there is none."""
    rows = []
    for criterion, part in measured.groupby("criterion", sort=False):
        best = part[part["used"]]
        if len(best):
            row = best.iloc[0]
            note = f"{_number(row.to_dict())}; cut points {row['cut_points']} ({row['basis']})"
            rows.append({"criterion": criterion, "rater": MEASURED, "status": "assessed",
                         "score": float(row["score"]), "note": note})  # fmt: skip
        else:
            note = "; ".join(f"{r['indicator']}: {r['reason']}" for r in part.to_dict("records"))
            rows.append({"criterion": criterion, "rater": MEASURED, "status": "not assessed",
                         "score": math.nan, "note": note})  # fmt: skip
    blank = {"confidence": "", "evidence": ""}
    return pd.DataFrame([{**row, **blank} for row in rows])


def _number(row: Mapping[Any, Any]) -> str:
    """A measured number in words."""
    text = f"{row['indicator']} {format_number(row['value'])}"
    if not (math.isnan(row["low"]) or math.isnan(row["high"])):
        text += f" [{format_number(row['low'])}, {format_number(row['high'])}]"
    return text if pd.isna(row["n"]) else f"{text}, n = {int(row['n'])}"


@dataclass(frozen=True, eq=False, repr=False)
class MeasuredScores(Result):
    """Result of :func:`measured_scores`.

    Attributes
    ----------
    measured : DataFrame
        One row a number: ``criterion, label, indicator, value, low, high, n, unit,
        score, score_low, score_high, used, reason, cut_points, basis, note, source,
        people``; `people` is the raters' mean where they rated the criterion too.
    without_cut_points : DataFrame
        ``criterion, label, indicator, value, n, note``: shares of members who agree with
        items that inform a criterion, and in an evaluation also items of opinion that do
        (by their name, without a value), for which there are no cut points. They give no
        score.
    """

    title: ClassVar[str] = "Measured criteria"
    sheet_notes: ClassVar[dict[str, str]] = {
        "measured": "Numbers that were turned into scores; score_low and score_high are what the "
        "ends of the interval would get.",
        "without_cut_points": "Measured, but without cut points: these numbers give no score.",
    }

    measured: pd.DataFrame
    without_cut_points: pd.DataFrame = field(default_factory=lambda: _without_cuts(None))

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables ``measured`` and ``without_cut_points``."""
        return {"measured": self.measured, "without_cut_points": self.without_cut_points}

    def summary(self) -> str:
        """How many criteria a number informs, which are not judgeable, which are unsure."""
        table = self.measured
        if not len(table):
            return self._uncut_words() or "No measured number informs a criterion."
        scored = table[table["used"]]
        n, given = table["criterion"].nunique(), int(table["value"].notna().sum())
        gone = len(table) - given
        absent = f" ({gone} of them could not be measured)" if gone else ""
        text = (
            f"Measured numbers that inform a criterion: {len(table)}{absent}, for "
            f"{counted(n, 'criterion', 'criteria')}. "
            f"Criteria that get a score from them: {len(scored)}."
        )
        none = table[~table["criterion"].isin(scored["criterion"])]
        for row in none.to_dict("records"):
            what, _, why = str(row["reason"]).partition(": ")
            text += f"\n\n{row['label']} gets no score from {row['indicator']}: {what} ({why})."
        unsure = scored[scored["score_high"] > scored["score_low"]]
        if len(unsure):
            text += (
                f"\n\nFor {listed(unsure['label'], 'and')} the two ends of the interval would get "
                "different scores."
            )
        return "\n\n".join(part for part in (text, self._uncut_words()) if part)

    def _uncut_words(self) -> str:
        """What was measured for a criterion, but has no cut points."""
        table = self.without_cut_points
        if not len(table):
            return ""
        names = (table["criterion"] + " " + table["label"]).drop_duplicates()
        agree = table["indicator"].str.startswith(SHARE_AGREEING).reindex(names.index)
        found = []
        if agree.any():
            found.append(
                "Measured but without cut points, so that no score comes from it: the share of "
                f"members who agree on {listed(names[agree], 'and')}. What they said stands under "
                "What members say; cut points of your own turn it into a score."
            )
        if not agree.all():
            found.append(
                "Asked of members as a question of opinion, but without cut points, so that no "
                f"score comes from it: {listed(names[~agree], 'and')}. What was asked before and "
                "after stands under Change of opinion."
            )
        return "\n\n".join(found)

    def methods_text(self) -> str:
        """How numbers become scores."""
        return (
            "A number gets the highest of the scores 1 to 4 whose cut point it reaches, otherwise "
            "0; the cut points stand in the table with their basis. Where several numbers inform "
            "a criterion the lowest score counts. An effect size gets 4 only where its interval "
            "lies above a stated value. A share of members who agree for which there are no cut "
            "points gives no score and is named. The reason index is scored by its distance above "
            "its chance level, and not at all where that level is high. Cut points and rules "
            "marked 'our proposal' are dmpkit's own, not from the literature."
        )

    def section(self) -> Section:
        """Numbers, intervals and scores as a section of a report."""
        table = self.measured
        if not len(table):
            return Section(self.title, paragraphs(self.summary()))
        shown = pd.DataFrame(
            {
                "criterion": table["criterion"] + " " + table["label"],
                "number": table["indicator"],
                "value": _plainly(table["value"]),
                "from": table["low"],
                "to": table["high"],
                "n": table["n"],
                "score": [_in_words(row) for row in table.to_dict("records")],
                "cut points for 1, 2, 3, 4": table["cut_points"],
                "mean of the raters": table["people"],
            }
        )
        basis = ", ".join(sorted(set(table["basis"]) - {""}))
        caption = f"Measured numbers and their scores (cut points: {basis or 'basis not stated'})"
        return Section(self.title, paragraphs(self.summary()) + table_html(shown, caption=caption))


def _plainly(values: pd.Series[float]) -> pd.Series[Any]:
    """Numbers with a column of their own: hours and the like without needless decimals."""
    whole = (values >= 2) & (values % 1 == 0)
    shown = [int(v) if w else v for v, w in zip(values, whole, strict=True)]
    return pd.Series(shown, index=values.index, dtype="object")


def _cut(value: float) -> str:
    """A cut point as it is read; the smallest ones stand for *above 0*."""
    if math.isnan(value):
        return "–"
    return "above 0" if 0 < value < 1e-4 else f"{value:g}"


def _in_words(row: Mapping[Any, Any]) -> str:
    """The score with what the interval's ends would get, or why there is none."""
    if row["reason"]:
        return str(row["reason"])
    text = format_number(row["score"], 0)
    if row["score_high"] > row["score_low"]:
        text += f" (interval: {row['score_low']:.0f} to {row['score_high']:.0f})"
    return text if row["used"] else f"{text}, another number is lower"


def measured_scores(scorecard: Scorecard) -> MeasuredScores:
    """The numbers that became scores in a scorecard, beside what people gave.

    Parameters
    ----------
    scorecard : Scorecard
        As :meth:`Scorecard.with_indicators` gives it.

    Returns
    -------
    MeasuredScores

    Examples
    --------
    >>> own = pd.DataFrame({"id": ["I1"], "label": ["Knowledge"], "stage": ["evidence"]})
    >>> card = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1"], "score": [3]}), own)
    >>> measured_scores(card)
    No measured number informs a criterion.
    """
    table, bare = scorecard.measured, _without_cuts(scorecard)
    if not len(table):
        return MeasuredScores(pd.DataFrame(columns=[*COLUMNS, "people"]), bare)
    means = scorecard.scores.mean(axis=1)
    people = table["criterion"].map(means).astype("float64")
    return MeasuredScores(table.assign(people=people), bare)


def _without_cuts(scorecard: Scorecard | None) -> pd.DataFrame:
    """Shares that agree on a criterion, offered and known, that no cut point was found for."""
    rows = []
    if scorecard is not None:
        taken = {_plain(name) for name in scorecard.measured.get("indicator", ())}
        for one in scorecard.indicators:
            criterion = one.name.removeprefix(SHARE_AGREEING)
            tied = criterion != one.name and criterion in scorecard.criteria.ids
            if tied and _plain(one.name) not in taken and not math.isnan(one.value):
                label = scorecard.criteria.label(criterion)
                rows.append((criterion, label, one.name, one.value, one.n, one.note))
    columns = ["criterion", "label", "indicator", "value", "n", "note"]
    return pd.DataFrame(rows, columns=columns)
