"""A made-up ledger, for learning, tests and timings: never data about a real assembly.

The recipe, all of it our own invention. Each recommendation has a theme, a cost and a
challenge to existing policy (1 to 3, each equally likely), a share of the members in
favour (55 to 99 %), powers (own 60 %, shared 25 %, outside 15 %) and a baseline (none
65 %, planned 20 %, under way 15 %). A hidden score

    −0.8 (cost − 2) − 0.8 (challenge − 2) + 1.0 [planned or under way] + process + noise

(noise logistic with scale 0.7, process normal with SD 0.6) decides the answer: accepted
above 0.4, accepted in part above −0.5, noted above −1.2, else rejected; half of what is
outside the addressee's powers is answered so. One in twenty has no record, one in ten no
answer. What was accepted is begun after one to twelve months and goes on by steps of two
to fourteen months to law or budget and to being implemented, wholly or in part, or is
abandoned, superseded or lost at a vote; a few are reversed. Two in five events are only
noticed at the half-yearly review, one in seven is known to the month.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.impact.data import Ledger

__all__ = ["is_synthetic", "synthetic_ledger"]

#: Processes whose names begin so are made up; texts and pictures then say so.
PREFIX = "synthetic"
_THEMES = ("housing", "transport", "energy", "food", "participation")
_START = dt.date(2020, 1, 15)
_RATERS = (
    ("synthetic ministry", "government"),
    ("synthetic members' panel", "assembly member"),
    ("synthetic researcher", "independent"),
)


def is_synthetic(ledger: Ledger) -> bool:
    """Whether every process of a ledger is marked as made up.

    Parameters
    ----------
    ledger : Ledger

    Returns
    -------
    bool
    """
    names = ledger.recommendations["process_id"]
    return bool(len(names)) and bool(names.str.lower().str.startswith(PREFIX).all())


def synthetic_ledger(
    n: int = 60,
    *,
    years: float = 5,
    n_processes: int = 1,
    seed: int = 1,
    confirmations: bool = False,
) -> Ledger:
    """A made-up ledger with events, ratings, reviews, goals and wider impact.

    Ids, labels and process names say *synthetic*, and so do all texts and pictures made
    from it. The recipe stands in the module's docstring.

    Parameters
    ----------
    n : int
        Recommendations of each process.
    years : float
        From the report to the end of the record.
    n_processes : int
        Assemblies; each reports 120 days after the one before.
    seed : int
    confirmations : bool
        Record at each review that an open case stands as it stood; many more events.

    Returns
    -------
    Ledger

    Raises
    ------
    DataError
        Fewer than one recommendation or process, or less than half a year.

    Examples
    --------
    >>> made = synthetic_ledger(n=20, years=3, seed=2)
    >>> made.n, made.recommendations["process_id"].unique().tolist()
    (20, ['synthetic-1'])
    """
    check_settings(synthetic_ledger, locals())
    if n < 1 or n_processes < 1 or not years >= 0.5:
        raise DataError(
            f"{n} recommendations of {n_processes} processes over {years} years cannot be made.",
            remedy="Ask for at least one of each and half a year.",
        )
    rng = np.random.default_rng(seed)
    made = _Made(rng, round(365.25 * float(years)), bool(confirmations))
    for process in range(1, int(n_processes) + 1):
        _process(made, process, int(n), int(n_processes) > 1)
    reviews = sorted({day for process in made.reviews for day in process})
    return Ledger.from_frames(
        pd.DataFrame(made.recommendations),
        _numbered(made.events),
        ratings=pd.DataFrame(made.ratings),
        reviews=pd.DataFrame(
            {"review_date": [d.isoformat() for d in reviews], "reviewer": "synthetic researcher"}
        ),
        wider_impact=_wider(made),
        goals=_goals(made),
    )


@dataclass
class _Made:
    """What has been made so far."""

    rng: np.random.Generator
    days: int
    confirmations: bool
    recommendations: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    ratings: list[dict[str, Any]] = field(default_factory=list)
    reviews: list[list[dt.date]] = field(default_factory=list)
    starts: dict[str, dt.date] = field(default_factory=dict)


def _numbered(events: list[dict[str, Any]]) -> pd.DataFrame | None:
    ids = [f"SYN-E{k:06d}" for k in range(1, len(events) + 1)]
    return pd.DataFrame(events).assign(event_id=ids) if events else None


def _process(made: _Made, number: int, n: int, several: bool) -> None:
    rng = made.rng
    start = _START + dt.timedelta(days=120 * (number - 1))
    name = f"{PREFIX}-{number}"
    made.starts[name] = start
    made.reviews.append([start + dt.timedelta(days=d) for d in range(182, made.days + 1, 182)])
    lean = float(rng.normal(0, 0.6)) if several else 0.0
    for k in range(1, n + 1):
        rec = _recommendation(rng, k, f"SYN{number}-{k:03d}" if several else f"SYN-{k:03d}")
        rec |= {"process_id": name, "report_date": start.isoformat()}
        made.recommendations.append(rec)
        score = lean + float(rng.logistic(0, 0.7)) - 0.8 * (rec["cost_class"] - 2)
        score += -0.8 * (rec["challenge"] - 2) + (rec["baseline"] != "none")
        _story(made, rec, score, start)


def _recommendation(rng: np.random.Generator, k: int, rec_id: str) -> dict[str, Any]:
    theme = _THEMES[(k - 1) % len(_THEMES)]
    return {
        "rec_id": rec_id,
        "label": f"Synthetic recommendation {k} on {theme}",
        "counting_unit": "recommendation",
        "theme": theme,
        "addressee": "synthetic government",
        "power": str(rng.choice(["own", "shared", "outside"], p=[0.6, 0.25, 0.15])),
        "support_share": round(float(rng.uniform(0.55, 0.99)), 2),
        "cost_class": int(rng.integers(1, 4)),
        "challenge": int(rng.integers(1, 4)),
        "baseline": str(rng.choice(["none", "planned", "under_way"], p=[0.65, 0.2, 0.15])),
        "baseline_evidence": "synthetic",
    }


class _Story:
    """The events of one recommendation, each after the one before and before the end."""

    def __init__(self, made: _Made, rec: dict[str, Any], start: dt.date) -> None:
        self.made, self.rec, self.start = made, rec, start
        self.end = start + dt.timedelta(days=made.days)
        self.reviews = made.reviews[-1]
        self.here = start
        self.events: list[dict[str, Any]] = []

    def add(self, status: str, low: int, high: int, *, exact: bool = False, **more: Any) -> bool:
        """One event more after so many days; False where the record ends before it."""
        rng = self.made.rng
        day = self.here + dt.timedelta(days=int(rng.integers(low, high + 1)))
        kind = rng.random()
        row: dict[str, Any] = {"rec_id": self.rec["rec_id"], "status": status, **more}
        later = [r for r in self.reviews if r >= day]
        if not exact and kind < 0.4 and later:
            seen, day = [r for r in self.reviews if r < day], later[0]
            row["last_seen_before"] = (seen[-1] if seen else self.start).isoformat()
        if day > self.end or day < self.here:
            return False
        monthly = not exact and kind > 0.86 and "last_seen_before" not in row
        row["date"] = day.isoformat()[:7] if monthly else day.isoformat()
        if monthly:  # the next event comes after the end of the month
            self.here = day + dt.timedelta(days=31)
        else:
            self.here = day + dt.timedelta(days=1)
        recorded = day + dt.timedelta(days=0 if "last_seen_before" in row else 31)
        row |= {"recorded_on": recorded.isoformat(), "recorded_by": "synthetic researcher"}
        self.events.append(row)
        return True


def _story(made: _Made, rec: dict[str, Any], score: float, start: dt.date) -> None:
    rng, story = made.rng, _Story(made, rec, start)
    if rng.random() >= 0.05:
        story.add("received", 0, 0, exact=True, evidence_grade=2)
        answer = _answer(rng, rec, score)
        goes_on = bool(answer) and story.add(
            answer, 40, 260, actor="synthetic government", evidence_grade=2
        )
        if goes_on and (answer.startswith("accepted") or rng.random() < 0.1):
            _action(story, rng, score)
    if made.confirmations:
        _confirm(story)
    made.events += story.events
    _rate(made, rec, story)


def _answer(rng: np.random.Generator, rec: dict[str, Any], score: float) -> str:
    if rng.random() < 0.1:
        return ""
    if rec["power"] == "outside" and rng.random() < 0.5:
        return "outside_powers"
    for status, least in (("accepted", 0.4), ("accepted_in_part", -0.5), ("noted", -1.2)):
        if score > least:
            return status
    return "rejected"


def _action(story: _Story, rng: np.random.Generator, score: float) -> None:
    if not story.add("in_progress", 30, 365, evidence_grade=1):
        return
    turn = rng.random()
    if turn < 0.06:
        if story.add("put_to_a_vote", 60, 300, evidence_grade=2):
            story.add("lost_at_vote", 20, 60, exact=True, evidence_grade=3)
        return
    if turn < 0.18:
        story.add("abandoned" if turn < 0.14 else "superseded", 90, 500, evidence_grade=2)
        return
    if not story.add("decided", 60, 420, evidence_grade=3, evidence_url="synthetic act"):
        return
    kept = int(np.clip(round(2.6 + 0.6 * score + rng.normal(0, 0.8)), 1, 4))
    if kept <= 2:
        story.add("implemented_in_part", 60, 420, evidence_grade=3, fidelity=kept)
    elif (
        story.add(
            "implemented",
            60,
            420,
            evidence_grade=3,
            fidelity=kept,
            evidence_url="synthetic service",
        )
        and rng.random() < 0.08
    ):
        story.add("reversed", 200, 600, evidence_grade=3)


def _confirm(story: _Story) -> None:
    """At each review, what stood then stood still."""
    days = [event["date"] if len(event["date"]) == 10 else event["date"] + "-31"
            for event in story.events]  # fmt: skip
    own = list(zip(story.events, days, strict=True))
    for review in story.reviews:
        stands = [event for event, day in own if day <= review.isoformat()]
        if stands:
            row = {k: stands[-1].get(k) for k in ("rec_id", "status", "evidence_grade")}
            row |= {"date": review.isoformat(), "recorded_on": review.isoformat()}
            story.events.append(row | {"note": "synthetic check, no change"})


def _rate(made: _Made, rec: dict[str, Any], story: _Story) -> None:
    """Three raters: a kind government, strict members, an outsider near the record."""
    if not story.events:
        return
    last = max(story.events, key=lambda e: (e["date"] + "-31")[:10])
    ladder = ["not_started", "in_progress", "decided", "implemented_in_part", "implemented"]
    for rater, side in _RATERS:
        if made.rng.random() < 0.08:
            continue  # did not judge this one
        shift = {"government": (0.1, 0.3), "assembly member": (0.35, 0.05)}.get(side, (0.1, 0.05))
        status, drawn = last["status"], made.rng.random()
        if status in ladder:
            step = -1 if drawn < shift[0] else 1 if drawn > 1 - shift[1] else 0
            status = ladder[int(np.clip(ladder.index(status) + step, 0, 4))]
        kept = last.get("fidelity")
        if status in ("implemented", "implemented_in_part"):
            kept = 3 if kept is None or kept != kept else kept
            kept = int(np.clip(kept + int(made.rng.integers(-1, 2)), 0, 4))
        made.ratings.append(
            {
                "rec_id": rec["rec_id"],
                "rater": rater,
                "rater_side": side,
                "as_of": story.end.isoformat(),
                "status": status,
                "fidelity": kept if status.startswith("implemented") else None,
                "confidence": int(made.rng.integers(1, 4)),
            }
        )


def _wider(made: _Made) -> pd.DataFrame:
    rows = []
    for name, start in made.starts.items():
        for days, route, indicator, low, high in (
            (400, "informing debate", "newspaper articles that name the assembly", 10, 90),
            (500, "taken up in process", "committee hearings on the report", 1, 6),
            (700, "building confidence and constituencies", "members who joined a group", 2, 20),
        ):
            rows.append(
                {
                    "process_id": name,
                    "route": route,
                    "indicator": f"synthetic: {indicator}",
                    "value": int(made.rng.integers(low, high)),
                    "date": (start + dt.timedelta(days=min(days, made.days))).isoformat(),
                    "evidence_grade": 1,
                }
            )
    return pd.DataFrame(rows)


def _goals(made: _Made) -> pd.DataFrame:
    rows = []
    for name, start in made.starts.items():
        for goal, indicator, before, outcome in (
            ("more trust in the government", "trust of citizens in government", 60, "not measured"),
            ("a law on housing", "legislation", 60, "passed"),
            ("more people who take part", "engagement", -150, "two new local groups"),
        ):
            set_on = start - dt.timedelta(days=before + 120)
            rows.append(
                {
                    "process_id": name,
                    "goal": f"synthetic: {goal}",
                    "baseline": "not measured",
                    "date_set": set_on.isoformat(),
                    "started_on": (start - dt.timedelta(days=120)).isoformat(),
                    "indicator": indicator,
                    "outcome": outcome,
                }
            )
    return pd.DataFrame(rows)
