"""Working conditions, power audit, goals, communication and digital parts."""

from __future__ import annotations

import math

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import datasets
from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.conditions import WORDS, condition_state
from dmpkit.evaluation.outside_records import codes_of, many, outside_kinds
from dmpkit.plotting import alt_text

NAN = math.nan
EVIL = "<script>alert('x')</script>=1+1\u202e$x_1$"


def profile(**means: float | None) -> pd.DataFrame:
    return pd.DataFrame({"criterion": list(means), "mean": [means[m] for m in means]}, dtype=object)


def state(panel: ev.WorkingConditions, condition: str) -> str:
    return str(panel.panel.set_index("condition").loc[condition, "state"])


# --- the data ---


def test_every_link_to_criteria_and_findings_points_somewhere() -> None:
    criteria = set(datasets.load("criteria")["id"])
    findings = set(
        pd.read_csv(datasets.studies_path("practitioner-ethics-2024", "findings.csv"))["finding"]
    )
    lines = set(codes_of("lines")["line"])
    for table in ("questions", "lines", "conditions"):
        for cell in codes_of(table)["criteria"]:
            assert set(many(cell)) <= criteria
    for table in ("questions", "lines"):
        for cell in codes_of(table)["seed"]:
            assert set(many(cell)) <= findings
    assert {line for cell in codes_of("questions")["lines"] for line in many(cell)} <= lines
    flags = set(codes_of("questions")["flag"])
    assert set(codes_of("questions")["part_of"]) - {""} <= flags


def test_the_conditions_are_those_that_the_overview_names() -> None:
    named = pd.read_csv(datasets.studies_path("minipublics-overview", "conditions.csv"))
    ours = codes_of("conditions")
    assert len(named) == len(ours) == 8
    assert (named["sign"] == "+").sum() == (ours["kind"] == "works when").sum() == 4


def test_it_is_said_of_every_question_what_yes_means() -> None:
    points = ev.power_audit(None).points.set_index("point")
    seen = points["yes_means"] == "challenge seen"
    assert seen[seen].index.str[:2].unique().tolist() == ["CC", "RC"]
    assert points.loc[~seen, "yes_means"].str.startswith("opportunity taken").all()
    asked = r"(?:Was|Were|Did|Do|Does|Is|Are|Has|Had|Could) "
    assert points["question"].str.match(asked).all(), "each can be answered with yes or no"
    html = ev.power_audit(answers(("CC3", "no", "", "m1"))).section().html
    assert "Yes means: challenge seen" in html
    assert points.loc["CC3", "question"] in html


def test_every_point_of_the_audit_stands_in_one_list() -> None:
    points = ev.power_audit(None).points
    assert len(points) == len(datasets.load("power-audit", "questions")) == 38
    counts = points.groupby(["stage", "list"], sort=False).size()
    assert counts["commissioning", "challenges"] == 7
    assert counts["commissioning", "opportunities"] == 8


@pytest.mark.parametrize("name", list(outside_kinds()))
def test_an_empty_table_and_none_are_taken(name: str) -> None:
    makers = {"incidents": ev.red_lines, "flags": ev.screen, "power": ev.power_audit,
              "goals": ev.impact_goals, "communication": ev.communication_matrix,
              "digital": ev.digital_items}  # fmt: skip
    for source in (None, outside_kinds()[name].empty()):
        result = makers[name](source)
        assert result.summary()
        assert result.section().render()
        assert all(isinstance(f, pd.DataFrame) for f in result.frames().values())


# --- conditions ---


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ([3.0], "high"), ([2.999], "between"), ([1.0], "low"), ([1.001], "between"),
        ([4, 3], "high"), ([0, 1], "low"), ([4, 0], "between"), ([4, 2], "between"),
        ([NAN], "not known"), ([4, NAN], "not known"), ([0, NAN], "not known"),
        ([2, NAN], "between"), ([], "not applicable"), ([sum([0.1] * 30)], "high"),
    ],
)  # fmt: skip
def test_states_of_a_cell(means: list[float], expected: str) -> None:
    assert condition_state(means) == expected


@settings(max_examples=60, deadline=None)
@given(
    known=st.lists(st.integers(0, 4), max_size=3),
    n_unknown=st.integers(0, 2),
    filled=st.lists(st.integers(0, 4), min_size=2, max_size=2),
)
def test_what_is_said_before_all_is_known_stays_true(
    known: list[int], n_unknown: int, filled: list[int]
) -> None:
    said = condition_state([*known, *[NAN] * n_unknown])
    later = condition_state([*known, *filled[:n_unknown]])
    if known or n_unknown:
        assert said in ("not known", later)
    assert condition_state(known[::-1]) == condition_state(known)


def test_failing_conditions_are_read_the_other_way_round() -> None:
    low = ev.working_conditions(profile(C42=0, C43=1, C16=4, C17=3))
    assert (state(low, "T3"), state(low, "T2")) == ("present", "absent")
    assert state(low, "T1") == "not known"  # C04 is not there
    assert "turned round" in low.summary()
    assert set(WORDS["fails when"].values()) == {"absent", "present", "mixed"}


def test_blank_is_not_zero_and_not_applicable_takes_a_criterion_out() -> None:
    blank = ev.working_conditions(profile(C16=4, C47=None))
    assert state(blank, "W4") == "not known"
    table = profile(C16=4, C47=None, C01=None).assign(
        status=["assessed", "not applicable", "not applicable"]
    )
    panel = ev.working_conditions(table)
    assert state(panel, "W4") == "met"
    assert state(panel, "W2") == "not applicable"


def test_a_scorecard_is_read_through_its_profile() -> None:
    ratings = pd.DataFrame(
        {"criterion": ["C01", "C01", "C06", "C06"], "rater": ["a", "b", "a", "b"],
         "status": ["", "", "assessed", "contested"], "score": [2, 4, 4, 0]}
    )  # fmt: skip
    panel = ev.Scorecard.from_frames(ratings, about={"synthetic": "yes"}).conditions()
    assert state(panel, "W2") == "met"
    assert state(panel, "W3") == "not known"  # contested has no score
    assert panel.synthetic
    assert "weak evidence" in panel.panel["means"].iloc[1]


@pytest.mark.parametrize(("mean", "words"), [(4.2, "between 0 and 4"), (-1, "between 0 and 4")])
def test_a_mean_off_the_scale_is_refused(mean: float, words: str) -> None:
    with pytest.raises(DataError, match=words) as error:
        ev.working_conditions(profile(C01=3, C04=mean))
    assert error.value.row == 3


def test_a_criterion_that_stands_twice_is_refused() -> None:
    table = pd.concat([profile(C01=3), profile(C01=4)])
    with pytest.raises(DataError, match="positions 1 and 2"):
        ev.working_conditions(table)
    with pytest.raises(DataError, match="'mean' is missing"):
        ev.working_conditions(pd.DataFrame({"criterion": ["C01"]}))


def test_the_panel_shows_all_eight_cells() -> None:
    ax = ev.working_conditions(profile(C01=3.5), synthetic=True).plot()
    words = [t.get_text() for t in ax.texts]
    assert words.count("not known") == 7
    assert words.count("met") == 1
    assert {"works when", "fails when"} <= set(words)
    assert alt_text(ax).startswith("Synthetic data")
    assert "Clear mandate: met" in alt_text(ax)


# --- power ---


def answers(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["point", "status", "seen", "by"])


def test_a_point_not_asked_is_not_a_no() -> None:
    audit = ev.power_audit(answers(("CC1", "no", "", "m1")))
    assert audit.points.set_index("point").loc[["CC1", "CC2"], "answer"].tolist() == [
        "no", "not asked",
    ]  # fmt: skip
    assert audit.n_asked == 1
    assert audit.counts[["yes", "no"]].sum().tolist() == [0, 1]


def test_answers_that_differ_stand_beside_each_other() -> None:
    given = [("RC1", "yes", "seen so", "m1"), ("RC1", "no", "", "organiser")]
    given += [("RC2", "seen", "", "m1"), ("RC2", "yes", "", "m2")]
    audit = ev.power_audit(answers(*given))
    row = audit.points.set_index("point").loc["RC1"]
    assert row["answer"] == "disputed"
    assert row["seen"] == "m1: yes (seen so); organiser: no"
    assert audit.points.set_index("point").loc["RC2", ["answer", "by"]].tolist() == [
        "yes",
        "m1; m2",
    ]
    assert "answers differ on Overlapping disadvantages" in audit.summary()


def test_who_may_challenge_the_commissioner_comes_first_also_when_not_asked() -> None:
    assert "was not asked" in ev.power_audit(None).summary()
    said = ev.power_audit(answers(("CC4", "yes", "Nobody", "a member"))).who_may_challenge()
    assert said.endswith("on whose authority: Nobody (said by a member).")


def test_two_lists_a_stage_and_counts_that_add_up() -> None:
    audit = ev.power_audit(answers(("D1", "taken", "", "m1"), ("F2", "partly", "", "m1")))
    words = ["yes", "partly", "no", "not asked", "not applicable", "disputed"]
    assert int(audit.counts[words].to_numpy().sum()) == 38
    assert audit.of_list("design", "opportunities")["point"].tolist() == ["D1"]
    assert audit.of_list("facilitation", "challenges or opportunities")["point"].tolist() == ["F2"]
    html = audit.section().html
    assert "Opportunity taken" in html
    assert "Not asked, so not known" in html
    assert "design: opportunities: yes 1, not asked 3" in alt_text(audit.plot())


# --- goals ---


def goals(**columns: list[str]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"goal": [f"goal {i}" for i in range(n)], **columns})


def test_goals_written_afterwards_are_marked() -> None:
    table = goals(set_on=["2024-03-01", "2024-03-02", "2024-03-03", ""])
    found = ev.impact_goals(table, first_day="2024-03-02")
    assert found.goals["set"].tolist() == [
        "set before the start", "set before the start", "written afterwards",
        "no date: not known when set",
    ]  # fmt: skip
    assert found.n_before == 2
    assert "goal 2 and goal 3" in found.summary()
    unknown = ev.impact_goals(table)
    assert unknown.n_before == 0


def test_a_missing_baseline_is_said_and_a_blank_outcome_is_not_known() -> None:
    found = ev.impact_goals(goals(baseline=["20 %", ""], reached=["yes", ""]))
    assert found.goals["baseline"].tolist() == ["20 %", "missing"]
    assert found.goals["outcome"].tolist() == ["reached", "not known"]
    assert found.n_without_baseline == 1
    assert "Without a baseline" in found.summary()


@pytest.mark.parametrize("word", ["none", "None.", "-", "\N{EN DASH}", "n/a", "N.A.", " NA "])
def test_a_word_for_no_baseline_is_none(word: str) -> None:
    found = ev.impact_goals(goals(baseline=[word, "none in force"], reached=["yes", "no"])).goals
    assert found["baseline"].tolist() == ["missing", "none in force"]


def test_a_baseline_that_was_not_measured_is_none() -> None:
    words = ["not measured", "Missing", "none", "0", "n/a"]
    found = ev.impact_goals(goals(baseline=words, reached=["not measured"] * 5)).goals
    assert found["baseline"].tolist() == ["missing", "missing", "missing", "0", "missing"]
    assert set(found["outcome"]) == {"not known"}


def test_outcomes_are_counted_for_goals_set_beforehand_only() -> None:
    table = goals(set_on=["2024-01-01"] * 3 + ["2025-01-01"], reached=["yes", "no", "a bit", "yes"])
    text = ev.impact_goals(table, first_day="2024-03-02").summary()
    assert "Of those set before the start: 1 reached, 1 not reached and 1 told in words." in text


def test_no_goals_is_said() -> None:
    assert "No goals of impact" in ev.impact_goals(None).summary()
    with pytest.raises(DataError, match="is no date"):
        ev.impact_goals(None, first_day="spring")


# --- communication ---


def test_reach_is_summed_where_it_was_counted_and_blank_is_not_zero() -> None:
    whom = ["Residents", "residents", "council"]
    table = pd.DataFrame({"phase": "after", "audience": whom, "reach": ["10", "", ""],
                          "plain_language": ["yes", "", "no"]})  # fmt: skip
    found = ev.communication_matrix(table)
    assert found.audiences == ["Residents", "council"]
    after = found.matrix[found.matrix["phase"] == "after"].set_index("audience")
    assert after.loc["Residents", ["items", "plain", "reach", "reach_known"]].tolist() == [
        2, 1, 10, 1,
    ]  # fmt: skip
    assert math.isnan(after.loc["council", "reach"])
    text = found.summary()
    assert "In plain language: 1 of 3, of 1 it is not known." in text
    assert "Reach was counted for 1 of 3" in text
    assert "council (before)" in text


def test_the_matrix_shows_cells_with_nothing() -> None:
    table = pd.DataFrame({"phase": ["during"], "audience": ["press"], "plain_language": ["yes"]})
    said = alt_text(ev.communication_matrix(table).plot())
    assert (
        "press: before nothing, during one item, plain: 1 reach not counted, after nothing" in said
    )


# --- digital ---


def test_digital_items_have_each_their_own_status() -> None:
    table = pd.DataFrame({"item": ["lottery", "Off-line route", "voting"],
                          "status": ["yes", "not met", "n/a"], "evidence": [""] * 3})  # fmt: skip
    found = ev.digital_items(table)
    assert found.items["status"].tolist() == [
        "met", "not looked", "not met", "not looked", "not looked", "not applicable",
    ]  # fmt: skip
    assert "No evidence is named for Lottery verifiable" in found.summary()
    assert found.indicators() == ()


# --- all of them ---


def results(evil: str) -> list[ev.PowerAudit | ev.ImpactGoals | ev.Communication | ev.DigitalItems]:
    return [
        ev.power_audit(answers(("CC4", "yes", evil, evil), ("CC4", "no", evil, "m2"))),
        ev.impact_goals(pd.DataFrame({"goal": [evil], "baseline": [evil], "target": [evil],
                                      "reached": [evil], "evidence": [""], "note": [evil]})),
        ev.communication_matrix(pd.DataFrame({"phase": ["after"], "audience": [evil],
                                              "what": [evil]})),
        ev.digital_items(pd.DataFrame({"item": ["data"], "status": ["met"], "note": [evil]})),
    ]  # fmt: skip


@pytest.mark.parametrize("place", range(4))
def test_hostile_text_is_harmless(place: int, tmp_path) -> None:
    import openpyxl

    result = results(EVIL + "y" * 10_000)[place]
    page = result.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script" not in page
    result.to_excel(tmp_path / "book.xlsx")
    for sheet in openpyxl.load_workbook(tmp_path / "book.xlsx"):
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)


@pytest.mark.parametrize("place", range(4))
def test_synthetic_marks_and_both_kinds_of_frames(place: int) -> None:
    plain = results("text")[place]
    makers = [ev.power_audit, ev.impact_goals, ev.communication_matrix, ev.digital_items]
    records = getattr(plain, "answers", None) if place == 0 else plain.records
    made = makers[place](pl.from_pandas(records), synthetic=True)
    assert "synthetic" in made.summary()
    assert "Synthetic data" in alt_text(made.plot())
    for name, frame in plain.frames().items():
        pd.testing.assert_frame_equal(frame, made.frames()[name])


def test_something_else_than_a_table_is_refused() -> None:
    for maker in (ev.power_audit, ev.impact_goals, ev.digital_items, ev.red_lines):
        with pytest.raises(DataError):
            maker("folder")
