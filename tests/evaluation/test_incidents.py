"""Red lines: what counts as shown, what is no breach, and what may be public."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import evaluation as ev
from dmpkit.errors import DataError
from dmpkit.evaluation.incidents import NOTHING_PUBLIC, RedLines, red_lines, weigh_incident
from dmpkit.evaluation.outside_records import RESPONSES
from dmpkit.plotting import alt_text

GOOD = {"line": "R2", "grade": "B", "evidence": "E1", "reply_asked": "2024-05-02"}
SECRET = "the deputy asked for the names"
EVIL = "<script>alert('x')</script>=1+1\u202e"


def incidents(*rows: dict[str, str]) -> pd.DataFrame:
    made = [{"incident": f"i{n}", "confidential": "no", **row} for n, row in enumerate(rows, 1)]
    return pd.DataFrame(made or {"incident": []}).fillna("")


def status(result: RedLines, line: str) -> str:
    return str(result.lines.set_index("line").loc[line, "status"])


# --- shown or sign ---


@pytest.mark.parametrize("grade", ["A", "B"])
def test_shown_needs_strong_evidence_and_a_chance_to_reply(grade: str) -> None:
    assert weigh_incident({**GOOD, "grade": grade})[0] == "shown"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"grade": "C"}, "grade C only"),
        ({"grade": "D"}, "grade D only"),
        ({"grade": ""}, "no grade"),
        ({"evidence": ""}, "no evidence is named for the grade B"),
        ({"reply_asked": ""}, "nobody was asked for a reply"),
        ({"reply_asked": "2024-06-02"}, "after the report of 2024-06-01"),
        ({"date": "2024-05-03"}, "asked on 2024-05-02, before the incident of 2024-05-03"),
        ({"date": "2024-05-03", "reply": "No."}, "before the incident of 2024-05-03"),
    ],
)
def test_what_lacks_one_of_them_is_a_sign_with_the_reason(change: dict, said: str) -> None:
    reading, reason = weigh_incident({**GOOD, **change}, report_day="2024-06-01")
    assert reading == "sign"
    assert said in reason


def test_asked_on_the_day_of_the_report_is_in_time_and_a_reply_is_a_chance() -> None:
    assert weigh_incident(GOOD, report_day="2024-05-02")[0] == "shown"
    assert weigh_incident({**GOOD, "date": "2024-05-02"})[0] == "shown"
    assert weigh_incident({**GOOD, "reply_asked": "", "reply": "No."})[0] == "shown"


@pytest.mark.parametrize(
    ("own", "listed", "reading"),
    [("A", "C", "sign"), ("C", "A", "sign"), ("", "B", "shown"), ("B", "", "sign"),
     ("A", "B", "shown"), ("", "", "sign")],
)  # fmt: skip
def test_of_two_grades_the_weaker_counts(own: str, listed: str, reading: str) -> None:
    assert weigh_incident({**GOOD, "grade": own}, grades={"E1": listed})[0] == reading


def test_the_best_of_several_pieces_of_evidence_counts() -> None:
    record = {**GOOD, "grade": "", "evidence": "E1; E2"}
    assert weigh_incident(record, grades={"E1": "D", "E2": "B"})[0] == "shown"


@settings(max_examples=40, deadline=None)
@given(
    grade=st.sampled_from(["", "A", "B", "C", "D"]),
    evidence=st.sampled_from(["", "E1"]),
    asked=st.sampled_from(["", "2024-05-02", "2024-07-01"]),
    reply=st.sampled_from(["", "We did not."]),
)
def test_nothing_is_shown_without_both(grade: str, evidence: str, asked: str, reply: str) -> None:
    record = {"line": "R1", "grade": grade, "evidence": evidence, "reply_asked": asked,
              "reply": reply}  # fmt: skip
    reading, _ = weigh_incident(record, report_day="2024-06-01")
    proof = grade in ("A", "B") and bool(evidence)
    chance = bool(reply) or asked == "2024-05-02"
    assert reading == ("shown" if proof and chance else "sign")


# --- no breach, no fault -------------------------------------------------------------------


@pytest.mark.parametrize("response", ["leave", "threaten to leave", "negotiate; leave"])
@pytest.mark.parametrize("actor", ["staff", "Lead facilitator", "organiser", ""])
def test_staff_who_leave_hold_the_line(actor: str, response: str) -> None:
    record = {**GOOD, "line": "R8", "actor": actor, "response": response}
    assert weigh_incident(record)[0] == "not a breach"
    result = red_lines(incidents(record))
    assert status(result, "R8") == "not looked"
    assert "one incident recorded as no breach" in result.lines["reason"].iloc[7]


def test_the_withdrawal_of_agreed_measures_is_a_breach() -> None:
    by_sponsor = {**GOOD, "line": "R8", "actor": "commissioner", "response": "threaten to leave"}
    assert weigh_incident(by_sponsor)[0] == "shown"
    by_organiser = {**by_sponsor, "actor": "organiser", "breach": "yes"}
    assert weigh_incident(by_organiser)[0] == "shown"
    held = {**by_sponsor, "actor": "staff", "response": "hold the line"}
    assert weigh_incident(held)[0] == "shown"


@pytest.mark.parametrize("response", [*RESPONSES, "; ".join(RESPONSES)])
def test_an_answer_to_pressure_never_makes_or_unmakes_another_line(response: str) -> None:
    assert weigh_incident({**GOOD, "response": response})[0] == "shown"


def test_an_incident_recorded_as_no_breach_does_not_count() -> None:
    result = red_lines(incidents({**GOOD, "breach": "no"}))
    assert status(result, "R2") == "not looked"
    assert result.lines["incidents"].sum() == 0


def test_what_a_member_brings_in_is_reported_with_the_actor_and_no_fault() -> None:
    result = red_lines(incidents({**GOOD, "line": "R4", "actor": "a member"}))
    row = result.lines.set_index("line").loc["R4"]
    assert (row["status"], row["actors"]) == ("shown", "a member")
    assert "no fault of the organiser" in row["reason"]
    assert "no fault of the organiser" in result.summary()
    assert "no fault" not in red_lines(incidents(GOOD)).summary()


# --- what was looked at ---


def test_a_line_that_nobody_speaks_of_was_not_looked_at() -> None:
    result = red_lines(incidents())
    assert set(result.lines["status"]) == {"not looked"}
    assert "nothing is known" in result.summary()


def test_no_sign_has_to_be_said_and_says_by_whom() -> None:
    flags = pd.DataFrame({"flag": ["R5", "F1"], "status": ["no sign", "sign"],
                          "by": ["the evaluator", ""]})  # fmt: skip
    result = red_lines(incidents(), flags=flags)
    assert status(result, "R5") == "no sign"
    assert "the evaluator" in result.lines.set_index("line").loc["R5", "reason"]
    assert (result.lines["status"] == "not looked").sum() == 7


def test_an_incident_outweighs_the_sheet_and_the_sheet_alone_shows_nothing() -> None:
    flags = pd.DataFrame({"flag": ["R2", "R3"], "status": ["no sign", "shown"]})
    result = red_lines(incidents(GOOD), flags=flags)
    assert status(result, "R2") == "shown"
    assert "the incidents say more" in result.lines.set_index("line").loc["R2", "reason"]
    assert status(result, "R3") == "sign"


# --- confidential ---


def everything_of(result: RedLines, tmp_path) -> str:
    result.to_excel(tmp_path / "x.xlsx")
    import openpyxl

    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    cells = [str(c) for page in book for row in page.iter_rows(values_only=True) for c in row]
    frames = [frame.to_csv() for frame in result.frames().values()]
    page = result.report(tmp_path / "x.html").read_text(encoding="utf-8")
    alts = [alt_text(result.plot_lines()), alt_text(result.plot_responses())]
    return "\n".join([page, result.summary(), *cells, *frames, *alts, repr(result)])


def test_the_public_version_holds_no_trace_of_a_confidential_incident(tmp_path) -> None:
    rows = incidents(
        GOOD, {**GOOD, "incident": "x77", "line": "R3", "what": SECRET, "actor": "deputy",
               "evidence": "E99", "confidential": "yes"},
    )  # fmt: skip
    public = red_lines(rows)
    text = everything_of(public, tmp_path)
    for trace in (SECRET, "x77", "E99", "deputy"):
        assert trace not in text
    assert "fewer than five" in text.casefold()
    assert "x77" not in public.incidents.to_csv()
    apart = everything_of(red_lines(rows, confidential=True), tmp_path)
    for trace in (SECRET, "x77", "E99", "deputy"):
        assert trace in apart


def test_which_line_is_held_back_cannot_be_told() -> None:
    hidden = {**GOOD, "confidential": "yes"}
    flags = pd.DataFrame({"flag": ["R5"], "status": ["no sign"], "note": ["asked all"]})
    pages = [red_lines(incidents(GOOD, {**hidden, "line": line}), flags=flags).frames()
             for line in ("R1", "R2", "R5", "R8")]  # fmt: skip
    for other in pages[1:]:
        for name, frame in pages[0].items():
            pd.testing.assert_frame_equal(frame, other[name])
    statuses = pages[0]["lines"].set_index("line")["status"]
    assert statuses.drop("R2").eq(NOTHING_PUBLIC).all()


def test_how_many_are_held_back_is_said_from_five_on() -> None:
    hidden = {**GOOD, "confidential": "yes"}
    said = [red_lines(incidents(*[hidden] * n)).held_back_text() for n in (0, 1, 4, 5, 12)]
    assert said[0] == ""
    assert said[1] == said[2]
    assert said[1].startswith("fewer than five")
    assert [text.split()[0] for text in said[3:]] == ["5", "12"]


def test_what_does_not_say_whether_it_is_confidential_is_held_back() -> None:
    result = red_lines(incidents({**GOOD, "confidential": ""}))
    assert not len(result.incidents)
    assert "does not say whether" in result.summary()
    rows = pd.DataFrame({"incident": ["a"], "line": ["R1"]})  # no such column
    assert not len(ev.public_incidents(rows))


def test_the_confidential_version_is_marked_everywhere(tmp_path) -> None:
    apart = red_lines(incidents(GOOD, {**GOOD, "confidential": "yes"}), confidential=True)
    page = apart.report(tmp_path / "c.html").read_text(encoding="utf-8")
    assert page.count("CONFIDENTIAL") >= 6
    assert "position:fixed" in page  # stands on every printed sheet
    assert "<title>Red lines (CONFIDENTIAL" in page
    assert all("CONFIDENTIAL" in section.title for section in apart.sections())
    assert all(name.startswith("confidential") for name in apart.frames())
    public = red_lines(incidents(GOOD)).report(tmp_path / "p.html").read_text(encoding="utf-8")
    assert "CONFIDENTIAL" not in public


def test_evidence_that_only_held_back_incidents_name_is_held_back_too() -> None:
    rows = incidents(GOOD, {**GOOD, "evidence": "E1; E2", "confidential": "yes"},
                     {**GOOD, "evidence": "E3", "confidential": ""})  # fmt: skip
    assert ev.evidence_held_back(rows) == {"E2", "E3"}


# --- reply, answers, pictures ----------------------------------------------------------------


def test_the_reply_stands_beside_what_is_said() -> None:
    rows = incidents({**GOOD, "reply": "It was agreed with the members."}, GOOD,
                     {**GOOD, "reply_asked": ""})  # fmt: skip
    assert red_lines(rows).record["reply"].tolist() == [
        "It was agreed with the members.", "none recorded (asked on 2024-05-02)", "not asked",
    ]  # fmt: skip
    assert "It was agreed with the members." in red_lines(rows).section().html


def test_answers_are_counted_by_incident_on_the_ladder() -> None:
    rows = incidents({**GOOD, "response": "negotiated; held the line"},
                     {**GOOD, "response": "Members defend;negotiate"}, GOOD)  # fmt: skip
    result = red_lines(rows)
    assert dict(result.responses.itertuples(index=False)) == {
        "negotiate": 2, "hold the line": 1, "threaten to leave": 0, "leave": 0,
        "members defend": 1,
    }  # fmt: skip
    assert "negotiate 2 incidents" in alt_text(result.plot_responses())
    words = [t.get_text() for t in result.plot_responses().texts]
    assert [w for w in words if not w.isdigit()] == list(RESPONSES)


def test_no_incident_no_ladder() -> None:
    assert len(red_lines(incidents()).section().figures) == 1
    assert len(red_lines(incidents({**GOOD, "response": "leave"})).section().figures) == 2


def test_synthetic_records_are_marked() -> None:
    result = red_lines(incidents(GOOD), synthetic=True)
    assert "synthetic" in result.summary()
    assert "Synthetic data" in alt_text(result.plot_lines())
    assert "Synthetic data" in alt_text(result.plot_responses())


def test_no_number_of_it_enters_a_score() -> None:
    assert red_lines(incidents(GOOD)).indicators() == ()


# --- refusals and hostile text ---


@pytest.mark.parametrize(
    ("change", "column"),
    [({"line": "R9"}, "line"), ({"grade": "E"}, "grade"), ({"response": "shout"}, "response"),
     ({"point": "elsewhere"}, "point"), ({"reply_asked": "soon"}, "reply_asked"),
     ({"confidential": "perhaps"}, "confidential")],
)  # fmt: skip
def test_a_word_that_is_not_known_is_named_with_its_place(change: dict, column: str) -> None:
    with pytest.raises(DataError) as error:
        red_lines(incidents(GOOD, {**GOOD, **change}))
    assert (error.value.row, error.value.column) == (3, column)


def test_evidence_that_is_not_listed_is_named() -> None:
    listed = pd.DataFrame({"evidence": ["E2"], "grade": ["A"]})
    with pytest.raises(DataError, match="'E1' is not listed") as error:
        red_lines(incidents(GOOD), evidence=listed)
    assert error.value.row == 2


def test_hostile_text_is_harmless(tmp_path) -> None:
    rows = incidents({**GOOD, "what": EVIL, "actor": EVIL, "reply": EVIL + "x" * 10_000,
                      "note": "=HYPERLINK(1)"})  # fmt: skip
    result = red_lines(rows, flags=pd.DataFrame({"flag": ["R1"], "status": ["no sign"],
                                                 "by": [EVIL], "note": [EVIL]}))  # fmt: skip
    text = everything_of(result, tmp_path)
    page = result.report(tmp_path / "h.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "x" * 10_000 in text


def test_pandas_and_polars_give_the_same() -> None:
    rows = incidents(GOOD, {**GOOD, "line": "R4"})
    a, b = red_lines(rows), red_lines(pl.from_pandas(rows))
    for name, frame in a.frames().items():
        pd.testing.assert_frame_equal(frame, b.frames()[name])
    assert a.tables(kind="polars")["lines"]["status"].to_list() == a.lines["status"].tolist()


def test_a_scorecard_brings_its_evidence_flags_and_dates() -> None:
    card = ev.Scorecard.from_frames(
        pd.DataFrame({"criterion": ["C01"], "score": [3]}),
        evidence=pd.DataFrame({"evidence": ["E1"], "grade": ["C"]}),
        about={"report_day": "2024-06-01", "synthetic": "yes"},
        records={"incidents": incidents(GOOD),
                 "flags": pd.DataFrame({"flag": ["R1"], "status": ["no sign"]})},
    )  # fmt: skip
    result = card.red_lines()
    assert status(result, "R2") == "sign"
    assert status(result, "R1") == "no sign"
    assert result.synthetic


def test_the_published_sheet_does_not_tell_which_line_is_held_back() -> None:
    flags = pd.DataFrame({"flag": ["F1", "R2", "R5"], "status": ["no sign", "sign", "no sign"]})

    def published(*rows: dict[str, str]) -> list[str]:
        card = ev.Scorecard.from_frames(
            pd.DataFrame({"criterion": ["C01"], "score": [3]}),
            records={"incidents": incidents(*rows), "flags": flags},
        )
        return list(ev.public_flags(card)["flag"])

    assert published({"line": "R1"}) == ["F1", "R2", "R5"]
    assert published({"line": "R1"}, {"line": "R2", "confidential": "yes"}) == ["F1"]
    assert published({"line": "R2", "confidential": ""}) == ["F1"]


def test_days_compare_as_days_however_they_are_written():
    late = {**GOOD, "date": "2024-4-9", "reply_asked": "2024-04-10"}
    assert weigh_incident(late)[0] == "shown"
    assert weigh_incident({**GOOD, "reply_asked": "2024-10-2"}, report_day="2024-9-30")[0] == "sign"
    asked = {**GOOD, "reply_asked": dt.date(2024, 5, 2), "date": None, "reply": float("nan")}
    assert weigh_incident(asked, report_day="2024-05-02")[0] == "shown"
    with pytest.raises(DataError, match=r"reply_asked.*cannot be read as a date"):
        weigh_incident({**GOOD, "reply_asked": "2 May"})
    with pytest.raises(DataError, match="no mapping"):
        weigh_incident(["R2"])
