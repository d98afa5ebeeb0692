"""The made-up ledger follows the recipe that its module writes down, draw by draw."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from dmpkit import impact
from dmpkit.errors import DataError
from dmpkit.impact import synthetic

START = dt.date(2020, 1, 15)
YEARS = round(365.25 * 5)


class Script:
    """Gives the values written down, and keeps what was asked for."""

    def __init__(self, *values: Any) -> None:
        self.values, self.asked = list(values), []

    def _next(self, *asked: Any) -> Any:
        self.asked.append(asked)
        return self.values.pop(0)

    def integers(self, low: int, high: int) -> Any:
        return self._next("integers", low, high)

    def random(self) -> Any:
        return self._next("random")

    def normal(self, mean: float, sd: float) -> Any:
        return self._next("normal", mean, sd)

    def logistic(self, mean: float, scale: float) -> Any:
        return self._next("logistic", mean, scale)

    def uniform(self, low: float, high: float) -> Any:
        return self._next("uniform", low, high)

    def choice(self, words: list[str], p: list[float]) -> Any:
        return self._next("choice", *zip(words, p, strict=True))


def story(*values: Any, days: int = YEARS, reviews: tuple[int, ...] = (182, 364)) -> Any:
    made = synthetic._Made(Script(*values), days, False)  # type: ignore[arg-type]
    made.reviews.append([START + dt.timedelta(days=d) for d in reviews])
    return made, synthetic._Story(made, {"rec_id": "SYN-001"}, START)


def test_a_recommendation_is_drawn_as_the_recipe_says() -> None:
    script = Script("shared", 0.751, 3, 1, "planned")
    row = synthetic._recommendation(script, 7, "SYN-007")  # type: ignore[arg-type]
    assert script.asked == [
        ("choice", ("own", 0.6), ("shared", 0.25), ("outside", 0.15)),
        ("uniform", 0.55, 0.99),
        ("integers", 1, 4),
        ("integers", 1, 4),
        ("choice", ("none", 0.65), ("planned", 0.2), ("under_way", 0.15)),
    ]
    assert row == {
        "rec_id": "SYN-007", "label": "Synthetic recommendation 7 on transport",
        "counting_unit": "recommendation", "theme": "transport",
        "addressee": "synthetic government", "power": "shared", "support_share": 0.75,
        "cost_class": 3, "challenge": 1, "baseline": "planned", "baseline_evidence": "synthetic",
    }  # fmt: skip
    themes = [synthetic._recommendation(Script("own", 0.6, 1, 1, "none"), k, "x")["theme"]  # type: ignore[arg-type]
              for k in range(1, 7)]  # fmt: skip
    assert themes == ["housing", "transport", "energy", "food", "participation", "housing"]


@pytest.mark.parametrize(
    ("draws", "power", "score", "answer"),
    [
        ((0.0999,), "own", 9.0, ""),
        ((0.1,), "own", 0.41, "accepted"),
        ((0.1,), "own", 0.4, "accepted_in_part"),
        ((0.1,), "shared", -0.49, "accepted_in_part"),
        ((0.1,), "own", -0.5, "noted"),
        ((0.1,), "own", -1.19, "noted"),
        ((0.1,), "own", -1.2, "rejected"),
        ((0.1, 0.499), "outside", 9.0, "outside_powers"),
        ((0.1, 0.5), "outside", 9.0, "accepted"),
    ],
)
def test_the_hidden_score_decides_the_answer(
    draws: tuple[float, ...], power: str, score: float, answer: str
) -> None:
    script = Script(*draws)
    assert synthetic._answer(script, {"power": power}, score) == answer  # type: ignore[arg-type]
    assert not script.values


def test_the_score_is_made_of_cost_challenge_baseline_process_and_noise() -> None:
    def score(cost: int, challenge: int, baseline: str, several: bool) -> float:
        seen: list[float] = []
        keep, synthetic._story = (
            synthetic._story,
            lambda made, rec, value, start: seen.append(value),
        )
        try:
            first = (0.25,) if several else ()
            rng = Script(*first, "own", 0.6, cost, challenge, baseline, 0.5)
            made = synthetic._Made(rng, 400, False)  # type: ignore[arg-type]
            synthetic._process(made, 3, 1, several)
        finally:
            synthetic._story = keep
        assert rng.asked[-1] == ("logistic", 0, 0.7)
        assert (("normal", 0, 0.6) in rng.asked) == several
        (row,) = made.recommendations
        assert row["rec_id"] == ("SYN3-001" if several else "SYN-001")
        assert (row["process_id"], row["report_date"]) == ("synthetic-3", "2020-09-11")
        assert made.starts == {"synthetic-3": START + dt.timedelta(days=240)}
        (days,) = made.reviews
        assert [(d - START).days - 240 for d in days] == [182, 364]
        (value,) = seen
        return value

    assert score(2, 2, "none", False) == pytest.approx(0.5)
    assert score(3, 2, "none", False) == pytest.approx(0.5 - 0.8)
    assert score(2, 1, "none", False) == pytest.approx(0.5 + 0.8)
    assert score(2, 2, "planned", True) == pytest.approx(0.5 + 1 + 0.25)


def test_an_event_is_dated_as_it_was_noticed() -> None:
    # to the day: between 0.4 and 0.86
    made, one = story(100, 0.4)
    assert one.add("noted", 40, 260, actor="x") is True
    assert made.rng.asked[0] == ("integers", 40, 261)
    assert one.events == [{"rec_id": "SYN-001", "status": "noted", "actor": "x",
                           "date": "2020-04-24", "recorded_on": "2020-05-25",
                           "recorded_by": "synthetic researcher"}]  # fmt: skip
    assert one.here == dt.date(2020, 4, 25)
    # at a review, by 0.4: the one before, or the report, is when it had not come
    for wait, before, found in ((100, "2020-01-15", 182), (182, "2020-01-15", 182),
                                (183, "2020-07-15", 364)):  # fmt: skip
        _, one = story(wait, 0.399)
        assert one.add("noted", 40, 260)
        (row,) = one.events
        assert row["last_seen_before"] == before
        assert row["date"] == row["recorded_on"] == str(START + dt.timedelta(days=found))
    _, one = story(365, 0.1)  # no review after it
    assert one.add("noted", 40, 400)
    assert "last_seen_before" not in one.events[0]
    # to the month: above 0.86, and the next comes after its end
    _, one = story(100, 0.861)
    assert one.add("noted", 40, 260)
    assert (one.events[0]["date"], one.events[0]["recorded_on"]) == ("2020-04", "2020-05-25")
    assert one.here == dt.date(2020, 5, 25)
    for draw in (0.0, 0.86, 0.99):
        _, one = story(100, draw)
        assert one.add("noted", 40, 260, exact=draw != 0.86)
        assert one.events[0]["date"] == "2020-04-24"
    # the record ends
    _, one = story(400, 0.5, days=400)
    assert one.add("noted", 40, 400)
    _, one = story(401, 0.5, days=400)
    assert one.add("noted", 40, 500) is False
    assert one.events == []


STEPS: dict[str, tuple[tuple[float, ...], list[tuple[Any, ...]]]] = {
    # turn, then what follows: status, shortest and longest wait, grade, fidelity
    "vote": ((0.059,), [("put_to_a_vote", 60, 300, 2), ("lost_at_vote", 20, 60, 3)]),
    "abandoned": ((0.06,), [("abandoned", 90, 500, 2)]),
    "abandoned late": ((0.139,), [("abandoned", 90, 500, 2)]),
    "superseded": ((0.14,), [("superseded", 90, 500, 2)]),
    "superseded late": ((0.179,), [("superseded", 90, 500, 2)]),
    "in part": ((0.18, -0.8, 1.0), [("decided", 60, 420, 3),
                                    ("implemented_in_part", 60, 420, 3, 2)]),
    "hardly": ((0.18, -9.0, 1.0), [("decided", 60, 420, 3),
                                   ("implemented_in_part", 60, 420, 3, 1)]),
    "done": ((0.18, -0.09, 0.08), [("decided", 60, 420, 3), ("implemented", 60, 420, 3, 3)]),
    "wholly": ((0.18, 9.0, 0.5), [("decided", 60, 420, 3), ("implemented", 60, 420, 3, 4)]),
    "reversed": ((0.18, 9.0, 0.079), [("decided", 60, 420, 3), ("implemented", 60, 420, 3, 4),
                                      ("reversed", 200, 600, 3)]),
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_what_was_accepted_goes_its_way_step_by_step(name: str) -> None:
    draws, steps = STEPS[name]
    turn, *rest = draws
    values: list[Any] = [50, 0.5, turn]
    for k, _ in enumerate(steps):
        values += [70, 0.5]
        if k == 0 and len(rest) == 2:
            values.append(rest[0])  # how much was kept
        if k == 1 and len(rest) == 2:
            values.append(rest[1])  # whether it is reversed
    made, one = story(*values)
    synthetic._action(one, made.rng, 0.0)
    first = ("in_progress", 30, 365, 1)
    waits = [(low, high - 1) for kind, low, high in (a for a in made.rng.asked if len(a) == 3)
             if kind == "integers"]  # fmt: skip
    assert waits == [step[1:3] for step in (first, *steps)]
    found = [(e["status"], e["evidence_grade"], e.get("fidelity")) for e in one.events]
    expected = [(s[0], s[3], s[4] if len(s) > 4 else None) for s in (first, *steps)]
    assert found == expected
    if rest:
        assert ("normal", 0, 0.8) in made.rng.asked
    named = {e["status"]: e.get("evidence_url") for e in one.events if e.get("evidence_url")}
    assert named == {s: u for s, u in (("decided", "synthetic act"),
                                       ("implemented", "synthetic service"))
                     if s in {step[0] for step in steps}}  # fmt: skip


def test_the_score_moves_how_much_is_kept() -> None:
    for score, kept in ((0.0, 3), (1.0, 3), (2.0, 4), (-1.0, 2), (-5.0, 1), (9.0, 4)):
        made, one = story(50, 0.5, 0.5, 70, 0.5, 0.0, 70, 0.5, 0.5)
        synthetic._action(one, made.rng, score)
        assert one.events[-1]["fidelity"] == kept


@pytest.mark.parametrize(
    ("draw", "shown"), [(0.05, ["received", "noted"]), (0.049, [])]
)  # one in twenty has no record
def test_a_story_begins_with_receipt_on_the_day_of_the_report(
    draw: float, shown: list[str]
) -> None:
    values = [draw, 0, 0.1, 0.5, 100, 0.5, 0.1] if shown else [draw]
    values += [0.01] * 3 if shown else []  # no rater judged it
    made, _ = story(*values)
    synthetic._story(made, {"rec_id": "SYN-001", "power": "own"}, -1.0, START)
    assert [e["status"] for e in made.events] == shown
    if shown:
        assert made.events[0]["date"] == "2020-01-15"
        assert [e["evidence_grade"] for e in made.events] == [2, 2]
        assert made.events[1]["actor"] == "synthetic government"
    assert not made.rng.values


@pytest.mark.parametrize(
    ("draws", "status"),
    [  # government, members, outsider: a step down, where it stands, or a step up
        ((0.099, 0.349, 0.099), "decided"),
        ((0.1, 0.35, 0.1), "implemented_in_part"),
        ((0.7, 0.95, 0.95), "implemented_in_part"),
        ((0.701, 0.951, 0.951), "implemented"),
    ],
)
def test_raters_lean_as_the_recipe_says(draws: tuple[float, ...], status: str) -> None:
    values: list[Any] = []
    for draw, more in zip(draws, (-1, 0, 1), strict=True):
        values += [0.08, draw, *([] if status == "decided" else [more]), 2]
    made, one = story(*values)
    one.events = [{"date": "2021-01", "status": "implemented_in_part", "fidelity": 2},
                  {"date": "2021-01-30", "status": "decided"}]  # fmt: skip
    synthetic._rate(made, {"rec_id": "SYN-001"}, one)  # the month ends later
    assert [r["status"] for r in made.ratings] == [status] * 3
    kept = [None] * 3 if status == "decided" else [1, 2, 3]
    assert [r["fidelity"] for r in made.ratings] == kept
    sides = ["government", "assembly member", "independent"]
    assert [r["rater_side"] for r in made.ratings] == sides
    assert {r["as_of"] for r in made.ratings} == {str(START + dt.timedelta(days=YEARS))}
    assert {r["confidence"] for r in made.ratings} == {2}
    asked = [a for a in made.rng.asked if a[0] == "integers"]
    assert set(asked) <= {("integers", -1, 2), ("integers", 1, 4)}
    assert not made.rng.values


def test_a_rater_in_twelve_does_not_judge_and_the_ladder_has_two_ends() -> None:
    made, one = story(0.079, 0.08, 0.0, 1, 0.08, 0.99, 3)
    one.events = [{"date": "2021-01-30", "status": "not_started"}]
    synthetic._rate(made, {"rec_id": "SYN-001"}, one)
    found = [(r["rater_side"], r["status"], r["confidence"]) for r in made.ratings]
    assert found == [("assembly member", "not_started", 1), ("independent", "in_progress", 3)]
    made, one = story(0.5, 0.5, 1, 1, 0.5, 0.99, 1, 1, 0.5, 0.0, 1, 1)
    one.events = [{"date": "2021-01-30", "status": "implemented", "fidelity": 4}]
    synthetic._rate(made, {"rec_id": "SYN-001"}, one)
    marks = [(r["status"], r["fidelity"]) for r in made.ratings]
    assert marks == [("implemented", 4), ("implemented", 4), ("implemented_in_part", 4)]
    made, one = story(0.5, 0.5, 2, 0.5, 0.5, 2, 0.5, 0.5, 2)
    one.events = [{"date": "2021-01-30", "status": "rejected"}]
    synthetic._rate(made, {"rec_id": "SYN-001"}, one)
    assert [(r["status"], r["fidelity"]) for r in made.ratings] == [("rejected", None)] * 3


def test_the_whole_ledger_has_reviews_goals_and_wider_impact_of_each_process() -> None:
    made = impact.synthetic_ledger(4, years=1, n_processes=2, seed=3)
    assert made.recommendations["rec_id"].tolist()[:5] == [
        "SYN1-001", "SYN1-002", "SYN1-003", "SYN1-004", "SYN2-001",
    ]  # fmt: skip
    starts = [START, START + dt.timedelta(days=120)]
    days = sorted(s + dt.timedelta(days=d) for s in starts for d in (182, 364))
    assert made.reviews["review_date"].tolist() == [str(d) for d in days]
    wider = made.wider_impact
    late = [str(s + dt.timedelta(days=365)) for s in starts]
    assert wider["date"].tolist() == np.repeat(late, 3).tolist()
    assert wider["value"].between([10, 1, 2] * 2, [89, 5, 19] * 2).all()
    assert wider["process_id"].tolist() == ["synthetic-1"] * 3 + ["synthetic-2"] * 3
    assert wider["evidence_grade"].tolist() == [1] * 6
    goals = made.goals
    begun = [str(s - dt.timedelta(days=120)) for s in starts]
    assert goals["started_on"].tolist() == np.repeat(begun, 3).tolist()
    agreed = [str(s - dt.timedelta(days=120 + d)) for s in starts for d in (60, 60, -150)]
    assert goals["date_set"].tolist() == agreed
    n = len(made.events)
    assert made.events["event_id"].tolist() == [f"SYN-E{k:06d}" for k in range(1, n + 1)]
    long = impact.synthetic_ledger(1, years=3, seed=3).wider_impact["date"].tolist()
    assert long == [str(START + dt.timedelta(days=d)) for d in (400, 500, 700)]
    assert synthetic.is_synthetic(made)
    assert impact.synthetic_ledger(1, years=0.5).n == 1


@pytest.mark.parametrize("asked", [{"n": 0}, {"n_processes": 0}, {"years": 0.49}])
def test_less_than_one_or_half_a_year_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="cannot be made"):
        impact.synthetic_ledger(**asked)
