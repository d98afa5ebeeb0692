"""Goals of impact: what was aimed at, since when, from which baseline, and how far it came.

A goal counts as set beforehand only when its date is not after the first day. One
without a date or with a later one is marked as written afterwards, and a goal without
a baseline is said to have none. The kinds of goals are those that a webinar of the OECD
names beyond law (``studies/oecd-webinar-2021``), with some of ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.outside_records import (
    GOAL_KINDS,
    about_field,
    counted,
    marked_synthetic,
    records_of,
    sentence,
)
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ImpactGoals", "impact_goals"]

BEFORE, AFTER, UNDATED = "set before the start", "written afterwards", "no date: not known when set"
UNKNOWN_START = "dated, but the first day is not known"
#: Words under `reached` that are answers; any other text is shown as it stands.
REACHED = {
    "yes": "reached",
    "reached": "reached",
    "no": "not reached",
    "not reached": "not reached",
    "partly": "partly reached",
    "partly reached": "partly reached",
    "": "not known",
    "not known": "not known",
    "not assessed": "not known",
    "not measured": "not known",
}
#: Words under `baseline` that say that there is none.
NO_BASELINE = ("", "missing", "not measured", "not known", "unknown", "no baseline", "none", "no",
               "not available", "not applicable", "n/a", "n. a", "n.a", "na", "nil", "?", "-",
               "--", "\N{EN DASH}", "\N{EM DASH}")  # fmt: skip


def impact_goals(
    source: Any, *, first_day: str | None = None, synthetic: bool | None = None
) -> ImpactGoals:
    """The goals with when they were set, their baseline and how far they were reached.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a table as ``goals.csv``: ``goal, kind, set_on, baseline, target,
        reached, evidence, note``.
    first_day : str, optional
        First day of the process, year-month-day; from the scorecard when not given.
    synthetic : bool, optional
        Made-up records; as the scorecard says when not given.

    Returns
    -------
    ImpactGoals

    Raises
    ------
    DataError
        When the table has mistakes or the first day is no date.

    Examples
    --------
    >>> table = pd.DataFrame({"goal": ["A law on heat", "Trust in the council"],
    ...                       "kind": ["legislation", "trust"],
    ...                       "set_on": ["2023-12-01", "2024-09-01"],
    ...                       "baseline": ["none in force", ""], "reached": ["no", "yes"]})
    >>> impact_goals(table, first_day="2024-03-02").goals["set"].tolist()
    ['set before the start', 'written afterwards']
    """
    check_settings(impact_goals, locals())
    day = first_day if first_day is not None else about_field(source, "first_day")
    if day:
        try:
            day = pd.Timestamp(day).date().isoformat()
        except (ValueError, TypeError):
            raise DataError(
                f"The first day {day!r} is no date.", remedy="Write year-month-day."
            ) from None
    return ImpactGoals(records_of(source, "goals"), day, marked_synthetic(source, synthetic))


@dataclass(frozen=True, eq=False, repr=False)
class ImpactGoals(Result):
    """Result of :func:`impact_goals`.

    Attributes
    ----------
    records : DataFrame
        As ``goals.csv``.
    first_day : str
        Year-month-day; empty where it is not known.
    synthetic : bool
        Whether the records are made up.
    """

    records: pd.DataFrame
    first_day: str = ""
    synthetic: bool = False

    title = "Goals of impact"
    sheet_notes = {"goals": "One row a goal: when it was set, its baseline, what came of it."}  # noqa: RUF012

    @cached_property
    def goals(self) -> pd.DataFrame:
        """``goal, kind, set, set_on, baseline, target, outcome, evidence, note``."""
        frame = self.records
        out = frame[["goal", "kind"]].copy()
        out["set"] = [self._when(day) for day in frame["set_on"]]
        out["set_on"] = frame["set_on"]
        out["baseline"] = [
            "missing" if cell.strip().rstrip(".").strip().casefold() in NO_BASELINE else cell
            for cell in frame["baseline"]
        ]
        out["target"] = frame["target"]
        out["outcome"] = [REACHED.get(cell.strip().casefold(), cell) for cell in frame["reached"]]
        out["evidence"], out["note"] = frame["evidence"], frame["note"]
        return out

    def _when(self, day: str) -> str:
        if not day:
            return UNDATED
        if not self.first_day:
            return UNKNOWN_START
        return BEFORE if day <= self.first_day else AFTER

    @property
    def n_before(self) -> int:
        """Goals that were set by the first day."""
        return int((self.goals["set"] == BEFORE).sum())

    @property
    def n_without_baseline(self) -> int:
        """Goals without a baseline."""
        return int((self.goals["baseline"] == "missing").sum())

    def frames(self) -> dict[str, pd.DataFrame]:
        """The goals as a table."""
        return {"goals": self.goals}

    def summary(self) -> str:
        """How many goals were set beforehand, which have no baseline, and what came of them."""
        n = len(self.goals)
        if not n:
            return (
                "No goals of impact are recorded. Without goals set before the start nobody can "
                "say whether what happened was aimed at."
            )
        made_up = " The records are synthetic." if self.synthetic else ""
        head = f"{counted(n, 'goal')} of impact: {self.n_before} of them set before the start"
        late = self.goals.loc[self.goals["set"] != BEFORE, "goal"].tolist()
        parts = [sentence(head) + made_up]
        if late:
            parts.append(
                f"Not known to be set beforehand, so no test of the process: {listed(late, 'and')}."
            )
        bare = self.goals.loc[self.goals["baseline"] == "missing", "goal"].tolist()
        if bare:
            parts.append(
                f"Without a baseline, so that a change cannot be told from what was there before: "
                f"{listed(bare, 'and')}."
            )
        parts.append(self._outcomes())
        absent = [k for k in GOAL_KINDS[:-1] if k not in set(self.goals["kind"])]
        if absent:
            parts.append(f"No goal was named for {listed(absent, 'or')}; that is no failing.")
        return " ".join(parts)

    def _outcomes(self) -> str:
        early = self.goals[self.goals["set"] == BEFORE]
        if not len(early):
            return ""
        found = early["outcome"].value_counts(sort=False)
        known = ["reached", "partly reached", "not reached", "not known"]
        said = [f"{int(found[word])} {word}" for word in known if word in found]
        other = int(sum(int(found[word]) for word in found.index if word not in known))
        if other:
            said.append(f"{other} told in words")
        return f"Of those set before the start: {listed(said, 'and')}."

    def methods_text(self) -> str:
        """How goals were read."""
        start = f" ({self.first_day})" if self.first_day else " (not known here)"
        return (
            f"A goal counts as set beforehand when its date is not after the first day{start}; "
            "otherwise it is marked as written afterwards. The kinds legislation, trust, "
            "networks, engagement, media and power shift follow notes on a webinar of the OECD, "
            "as read by dmpkit. Whether a goal was reached is what the record says, with the "
            "evidence named; that something changed does not show that the process changed it."
        )

    def section(self) -> Section:
        """The goals as a table and a picture."""
        if not len(self.goals):
            return Section(self.title, paragraphs(self.summary()))
        columns = ["goal", "kind", "set", "baseline", "target", "outcome", "evidence"]
        table = table_html(self.goals[columns], caption="Goals of impact")
        figure = Figure.from_axes(self.plot(), "Outcome by goal; late goals are marked.")
        return Section(self.title, paragraphs(self.summary()) + table, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Outcome by goal (:func:`~dmpkit.evaluation.outside_plots.plot_statuses`)."""
        from dmpkit.evaluation.outside_plots import plot_statuses

        columns = ["not known", "not reached", "partly reached", "reached", "told in words"]
        words = [w if w in columns else "told in words" for w in self.goals["outcome"]]
        used = [c for c in columns if c in words or c != "told in words"]
        marks = {BEFORE: "", AFTER: "[written afterwards] ", UNDATED: "[undated] ",
                 UNKNOWN_START: "[start not known] "}  # fmt: skip
        labels = [f"{marks[s]}{g}" for g, s in zip(self.goals["goal"], self.goals["set"],
                                                   strict=True)]  # fmt: skip
        return plot_statuses(
            labels, words, used, bad=("not reached",), what="goals", synthetic=self.synthetic, ax=ax
        )
