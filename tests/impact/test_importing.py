from __future__ import annotations

import datetime as dt
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from dmpkit.errors import DataError, LedgerWarning
from dmpkit.impact.importing import Imported, ledger_from_decidim, ledger_from_spreadsheet
from dmpkit.impact.schema import cell_text
from dmpkit.impact.spreadsheet_dates import read_date

LIST = pd.DataFrame(
    {
        "No.": ["1", "2", "3", "4"],
        "Measure": ["Trams", "Bread", "Forests", "Schools"],
        "Response": ["Accepted", "rejected", "parked", ""],
        "Response date": ["16 December 2021", "2021-12-16", "2021", ""],
        "Status": ["completed", "", "ongoing", ""],
        "Status date": ["25/03/2022", "", "", "2022-05-01"],
        "Evidence link": ["https://example.org/act", "", "", "https://example.org/x"],
        "Evidence grade": ["3", "", "", ""],
        "Colour": ["green", "red", "", "blue"],
        "Comments": ["", "see minutes", "", ""],
    }
)
SETTINGS: dict[str, Any] = {"report_date": "2021-06-23", "checked_on": "2022-06-30"}


def read(frame: Any = LIST, **more: Any) -> Imported:
    return ledger_from_spreadsheet(frame, **{**SETTINGS, **more})


def test_a_list_becomes_a_ledger_and_the_mapping_is_shown() -> None:
    made = read(process_id="P")
    recs = made.ledger.recommendations
    assert recs[["rec_id", "label", "report_date", "process_id"]].to_numpy().tolist()[0] == [
        "1", "Trams", "2021-06-23", "P",
    ]  # fmt: skip
    wanted = ["rec_id", "status", "layer", "date", "precision", "last_seen_before", "recorded_on"]
    assert made.ledger.events[wanted].to_numpy().tolist() == [
        ["1", "accepted", "response", "2021-12-16", "day", "", "2022-06-30"],
        ["1", "implemented", "action", "2022-03-25", "day", "", "2022-06-30"],
        ["2", "rejected", "response", "2021-12-16", "day", "", "2022-06-30"],
        ["3", "noted", "response", "2021", "year", "", "2022-06-30"],
        ["3", "in_progress", "action", "2022-06-30", "day", "2021-06-23", "2022-06-30"],
    ]
    mapping = made.mapping.set_index("column")["taken_as"].to_dict()
    assert mapping["Measure"] == "label"
    assert mapping["Evidence link"] == "evidence_url"
    assert mapping["Colour"] == "note"
    assert made.mapping["how"].value_counts().to_dict() == {"guessed": 9, "kept in note": 1}
    words = made.statuses.set_index("word")[["status", "how"]].to_numpy().tolist()
    assert words == [
        ["accepted", "vocabulary"], ["implemented", "guessed"], ["rejected", "vocabulary"],
        ["noted", "guessed"], ["in_progress", "guessed"],
    ]  # fmt: skip
    assert made.ledger.events["note"].tolist()[1] == "their word: completed"
    assert "4 recommendations and 5 events" in made.summary()
    assert list(made.tables("polars")) == ["mapping", "statuses", "left_over"]
    assert "'completed' as implemented" in made.methods_text()
    assert "guessed" in made._repr_html_()


def test_nothing_is_dropped_silently() -> None:
    made = read()
    recs = made.ledger.recommendations.set_index("rec_id")["note"]
    assert recs.tolist() == [
        "Colour: green",
        "see minutes; Colour: red",
        "",
        "Colour: blue; status date: 2022-05-01; Evidence link: https://example.org/x",
    ]
    assert made.left_over["row"].tolist() == [2, 3, 5, 5, 5]
    kept = " ".join(
        cell_text(v) for f in made.ledger.frames().values() for v in f.to_numpy().ravel()
    )
    dates = {"Response date", "Status date"}  # in another form
    for column in LIST.columns:
        if column not in dates and column not in ("Response", "Status"):
            assert all(cell in kept for cell in LIST[column])


def test_files_and_frames_of_any_kind_give_the_same(tmp_path: Path) -> None:
    LIST.to_csv(tmp_path / "list.csv", index=False, sep=";")
    LIST.to_excel(tmp_path / "list.xlsx", index=False)
    whole = read().ledger
    for source in (tmp_path / "list.csv", str(tmp_path / "list.xlsx"), pl.from_pandas(LIST)):
        other = read(source).ledger
        for name, frame in whole.frames().items():
            assert_frame_equal(frame, other.frames()[name])


def test_columns_can_be_given_in_either_direction() -> None:
    frame = LIST.rename(columns={"Measure": "x", "Response": "y", "Response date": "z"})
    given = {"x": "label", "y": "response", "z": "response_date", "No.": "rec_id"}
    one, two = read(frame, columns=given), read(frame, columns={v: k for k, v in given.items()})
    assert one.ledger.events.equals(two.ledger.events)
    assert len(one.ledger.events) == 3
    assert "Status: completed" in one.ledger.recommendations["note"][0]
    assert set(one.mapping["how"]) == {"given", "kept in note"}
    for wrong in ({"q": "label"}, {"x": "colour"}, {"x": "label", "label": "y"}):
        with pytest.raises(DataError, match="columns: "):
            read(frame, columns=wrong)


@pytest.mark.parametrize(
    ("column", "value", "match"),
    [
        (
            "Status date",
            "03/04/2022",
            r"row 2, column Status date: '03/04/2022' may.*day_firs",
        ),
        ("Status date", "44645", "not a date that can be read"),
        ("Status date", "soon", "not a date that can be read"),
        ("Status date", "31/02/2022", "not a day of the calendar"),
        ("Status date", "25/03/22", "not a date that can be read"),
        ("Status", "nearly", r"row 2, column Status: 'nearly' is not a status.*statuses="),
        ("Evidence grade", "1", r"row 2.*needs evidence of grade 3"),
        ("Evidence grade", "high", "row 2, column Evidence grade: 'high' is no grade.*2: official"),
        ("Evidence grade", "1", r"row 2, column Evidence grade: .*needs evidence"),
        ("No.", "2", "row 3.*stands more than once"),
        ("No.", "", "row 2.*id is missing"),
        ("Status date", "2023-01-01", "row 2.*after it was recorded"),
    ],
)
def test_what_cannot_be_read_is_refused_by_row(column: str, value: str, match: str) -> None:
    frame = LIST.copy()
    frame.loc[0, column] = value
    with pytest.raises(DataError, match=match):
        read(frame)


def test_remedies_work() -> None:
    frame = LIST.copy()
    frame.loc[0, ["Status", "Status date", "Evidence grade"]] = ["nearly", "03/04/2022", ""]
    made = read(frame, statuses={"Nearly": "implemented_in_part"}, day_first=True)
    assert made.ledger.events[["status", "date"]].iloc[1].tolist() == [
        "implemented_in_part", "2022-04-03",
    ]  # fmt: skip
    assert made.statuses.set_index("word").loc["nearly", "how"] == "given"
    claimed = read(LIST.drop(columns="Evidence grade"), unproven="no_evidence")
    assert claimed.ledger.events["status"][1] == "no_evidence"
    assert "claimed as 'completed'" in claimed.ledger.events["note"][1]
    graded = read(LIST.drop(columns="Evidence grade"), evidence_grade=3)
    assert graded.ledger.events["status"][1] == "implemented"
    with pytest.raises(DataError, match=r"The status has no date.*checked_on"):
        ledger_from_spreadsheet(LIST, report_date="2021-06-23")
    with pytest.raises(DataError, match="closest words"):
        read(statuses={"parked": "rejectd"})
    with pytest.raises(DataError, match="No column could be taken"):
        read(pd.DataFrame({"a": [1]}))
    with pytest.raises(DataError, match="no rows"):
        read(LIST.iloc[:0])
    with pytest.raises(DataError, match="unproven="):
        read(unproven="maybe")


def test_a_list_without_numbers_gets_them_and_says_so() -> None:
    made = read(LIST.drop(columns="No."))
    assert made.ledger.recommendations["rec_id"].tolist() == ["R001", "R002", "R003", "R004"]
    assert made.left_over["what"].tolist()[-1] == "ids"


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("", ("", "")),
        (None, ("", "")),
        (float("nan"), ("", "")),
        (2021, ("2021", "year")),
        (2021.0, ("2021", "year")),
        ("2021-05", ("2021-05", "month")),
        ("05/2021", ("2021-05", "month")),
        ("May 2021", ("2021-05", "month")),
        ("Sept. 2021", ("2021-09", "month")),
        ("2021 Q3", ("2021-07", "quarter")),
        ("1st March 2021", ("2021-03-01", "day")),
        ("March 1, 2021", ("2021-03-01", "day")),
        ("3.25.2021", ("2021-03-25", "day")),
        ("05/05/2021", ("2021-05-05", "day")),
        ("2021/3/5", ("2021-03-05", "day")),
        ("2021-03-05T10:00:00Z", ("2021-03-05", "day")),
        (dt.datetime(2021, 3, 5, 14, 30), ("2021-03-05", "day")),
        (dt.date(2021, 3, 5), ("2021-03-05", "day")),
        (pd.Timestamp("2021-03-05"), ("2021-03-05", "day")),
    ],
)
def test_dates_as_people_type_them(typed: Any, read_as: tuple[str, str]) -> None:
    assert read_date(typed) == read_as


@pytest.mark.parametrize("typed", ["25/03/2021", "03/04/2021"])
def test_the_order_of_day_and_month_is_taken_as_said(typed: str) -> None:
    first = read_date(typed, day_first=True)[0]
    assert first == {"25/03/2021": "2021-03-25", "03/04/2021": "2021-04-03"}[typed]
    if typed == "25/03/2021":
        with pytest.raises(DataError, match="calendar"):
            read_date(typed, day_first=False)
    else:
        with pytest.raises(DataError, match="day_first=True"):
            read_date(typed)


# --- what is guessed ------------------------------------------------------------------------

#: Headings and words of a list as a town might keep it; invented.
TOWN = pd.DataFrame(
    {
        "Text": ["Trams", "Bread", "Forests", "Schools"],
        "Council response": ["Accepted", "Rejected", "Accepted", ""],
        "Date of response": ["2021-09-01", "2021-09-01", "2021-09-01", ""],
        "Progress": ["done", "", "ongoing", ""],
        "Last update": ["2022-03-01", "", "2022-04-01", ""],
        "Source": ["https://example.org/act", "", "", ""],
        "Evidence level": ["3", "", "", ""],
    }
)


def test_headings_of_towns_are_understood() -> None:
    made = read(TOWN)
    assert made.mapping.set_index("column")["taken_as"].to_dict() == {
        "Text": "label", "Council response": "response", "Date of response": "response_date",
        "Progress": "status", "Last update": "checked_on", "Source": "evidence_url",
        "Evidence level": "evidence_grade",
    }  # fmt: skip
    wanted = ["rec_id", "status", "date", "last_seen_before"]
    assert made.ledger.events[wanted].to_numpy().tolist() == [
        ["R001", "accepted", "2021-09-01", ""],
        ["R001", "implemented", "2022-03-01", "2021-06-23"],
        ["R002", "rejected", "2021-09-01", ""],
        ["R003", "accepted", "2021-09-01", ""],
        ["R003", "in_progress", "2022-04-01", "2021-06-23"],
    ]
    german = {"Text": "Empfehlung", "Council response": "Antwort des Stadtrats"}
    german |= {"Date of response": "Datum der Antwort", "Progress": "Umsetzung"}
    again = read(TOWN.rename(columns=german)).mapping["taken_as"].tolist()
    assert again == made.mapping["taken_as"].tolist()


@pytest.mark.parametrize(
    ("heading", "role"),
    [
        ("Official reply", "response"),
        ("Answer by the ministry", "response"),
        ("Government's response text", "response_wording"),
        ("Date of the council reply", "response_date"),
        ("Council answer due", "answer_due"),
        ("Response rate", "note"),
        ("Council", "note"),
    ],
)
def test_headings_made_of_an_answer_and_who_gave_it(heading: str, role: str) -> None:
    made = read(pd.DataFrame({"Text": ["Trams"], heading: [""]}))
    assert made.mapping["taken_as"].tolist() == ["label", role]


def test_percentages_of_progress_stay_what_they_are() -> None:
    frame = TOWN.assign(Progress=["100 %", "", "20", ""])
    assert read(frame).mapping.set_index("column")["taken_as"]["Progress"] == "progress"
    both = read(TOWN.assign(Status=["completed", "", "", ""]))
    taken = both.mapping.set_index("column")["taken_as"]
    assert (taken["Progress"], taken["Status"]) == ("note", "status")


def test_a_list_whose_statuses_would_be_lost_is_refused() -> None:
    lost = TOWN.rename(columns={"Council response": "Verdict"})
    with pytest.raises(DataError, match=r"'Date of response' was.*columns={'Verdict': 'response'"):
        read(lost)
    found = read(lost, columns={"Text": "label", "Verdict": "response"})
    assert len(found.ledger.events) == 3
    dated = TOWN[["Text", "Council response", "Date of response"]]
    with pytest.raises(DataError, match=r"say columns={.*'Date': 'response_date'"):
        read(dated.rename(columns={"Date of response": "Date"}))
    bare = lost[["Text", "Verdict"]]
    with pytest.raises(DataError, match=r"No column could be taken as response.*'Verdict'"):
        read(bare)
    assert read(bare, columns={"Text": "label"}).ledger.n == 4
    assert read(bare.assign(Verdict=["a", "b", "c", "d"])).ledger.n == 4


def test_words_that_are_given_must_occur() -> None:
    with pytest.raises(DataError, match=r"'nearly', 'gone', which the list.*'Accepted'.*'ongoing'"):
        read(statuses={"nearly": "decided", "PARKED": "noted", "gone": "abandoned"})
    bare = pd.DataFrame({"Text": ["Trams", "Bread"], "Verdict": ["good", "bad"]})
    with pytest.raises(DataError, match=r"'good', but no column was taken.*columns="):
        read(bare, statuses={"good": "accepted"})


def test_all_unknown_words_are_listed_at_once() -> None:
    frame = TOWN.assign(Progress=["on hold", "implementd", "On hold", ""])
    frame.loc[1, "Council response"] = "Accepted in principle"
    with pytest.raises(DataError) as caught:
        read(frame)
    text = str(caught.value)
    assert "'on hold' (row 2, column Progress)" in text
    assert "'Accepted in principle' (row 3, column Council response)" in text
    words = "'on hold': '…', 'Accepted in principle': '…', 'implementd': '…'"
    assert f"statuses={{{words}}}" in text
    assert "'implementd': implemented" in text


def test_unambiguous_words_are_understood_by_their_column() -> None:
    frame = TOWN.assign(
        **{"Council response": ["Agreed", "Partly", "Partially accepted", "Partly accepted"],
           "Date of response": "2021-09-01", "Progress": ["partly", "", "", ""]}
    )  # fmt: skip
    made = read(frame)
    assert made.ledger.events["status"].tolist() == [
        "accepted", "implemented_in_part", *["accepted_in_part"] * 3,
    ]  # fmt: skip
    assert set(made.statuses["how"]) == {"guessed"}
    assert len(made.statuses) == 5


def test_the_refusal_of_a_claim_names_the_option() -> None:
    with pytest.raises(DataError, match=r"row 2.*needs evidence.*unproven='no_evidence'"):
        read(TOWN.drop(columns="Evidence level"))


def test_already_planned_is_answered_with_yes_or_no() -> None:
    made = read(LIST.assign(**{"Already planned": ["yes", "No", "", "under_way"]}))
    words = made.ledger.recommendations["baseline"].tolist()
    assert words == ["planned", "none", "", "under_way"]
    with pytest.raises(DataError, match="yes"):
        read(LIST.assign(Baseline=["yes", "", "", ""]))


@pytest.mark.parametrize(
    "text",
    ["Total", "TOTAL:", "Sum", "Gesamt", "Summe: 4", "Total recommendations", "4 recommendations",
     "Grand total", "Total number of recommendations: 4", "4 Empfehlungen insgesamt"],
)  # fmt: skip
def test_a_row_of_totals_is_no_recommendation(text: str) -> None:
    for column in ("Measure", "No.", "Colour"):
        row = {**dict.fromkeys(LIST.columns, ""), column: text}
        with pytest.raises(DataError, match=r"row 6, column .*row of totals.*Delete the row"):
            read(pd.concat([LIST, pd.DataFrame([row])], ignore_index=True))


@pytest.mark.parametrize("text", ["Total ban on cars", "Sum up costs", "10 recommendations more"])
def test_a_recommendation_may_speak_of_totals(text: str) -> None:
    frame = LIST.copy()
    frame.loc[0, "Measure"] = text
    assert read(frame).ledger.n == 4


def test_answers_dated_before_the_report_are_named() -> None:
    frame = LIST.copy()
    frame.loc[0, "Response date"] = "2021-06-22"
    frame.loc[2, "Response date"] = "2020"
    named = r"2 answers or statuses.*row 2 \(accepted, 2021-06-22\), row 4 \(noted, 2020\)\."
    with pytest.warns(LedgerWarning, match=named):
        made = read(frame)
    assert len(made.ledger.events) == 5
    frame.loc[[0, 2], "Response date"] = ["2021-06-23", "2021"]
    assert len(read(frame).ledger.events) == 5


# --- Decidim -------------------------------------------------------------------------------

#: An invented export with the columns of Decidim's result serializer.
DECIDIM = pd.DataFrame(
    {
        "id": ["11", "12", "13", "14"],
        "category/id": ["3", "", "", ""],
        "category/name/en": ["Mobility", "", "", ""],
        "parent/id": ["", "11", "11", "99"],
        "title/en": ["Trams", "Line 1", "Line 2", "Bread"],
        "description/en": ["<p>More</p>", "", "", ""],
        "start_date": ["2022-01-01", "", "", ""],
        "end_date": ["", "", "", ""],
        "status/id": ["1", "2", "", "1"],
        "status/key": ["under_way", "finished", "", "under_way"],
        "status/name/en": ["Under way", "Finished", "", "Under way"],
        "progress": ["50.0", "100.0", "", "10.0"],
        "created_at": ["2021-09-01 10:00:00 UTC"] * 4,
        "updated_at": ["2022-05-01 10:00:00 UTC"] * 4,
        "url": ["https://example.org/r/11", "", "", ""],
        "component/id": ["7"] * 4,
        "proposal_urls": ["https://example.org/p/1, https://example.org/p/2", "", "", ""],
    }
)


def test_a_decidim_export_becomes_a_ledger(tmp_path: Path) -> None:
    DECIDIM.to_csv(tmp_path / "results.csv", index=False, sep=";")
    settings_: dict[str, Any] = {"statuses": {"finished": "implemented"}, "evidence_grade": 3}
    made = ledger_from_decidim(
        tmp_path / "results.csv", report_date="2021-06-23", process_id="P", **settings_
    )
    recs = made.ledger.recommendations
    wanted = ["rec_id", "label", "parent_id", "counting_unit", "progress"]
    assert recs[wanted].to_numpy().tolist() == [
        ["11", "Trams", "", "recommendation", "50.0"],
        ["12", "Line 1", "11", "sub-action", "100.0"],
        ["13", "Line 2", "11", "sub-action", ""],
        ["14", "Bread", "", "sub-action", "10.0"],
    ]
    wanted = ["rec_id", "status", "date", "last_seen_before", "recorded_on", "progress"]
    assert made.ledger.events[wanted].to_numpy().tolist() == [
        ["11", "in_progress", "2022-05-01", "2021-06-23", "2022-05-01", "50.0"],
        ["12", "implemented", "2022-05-01", "2021-06-23", "2022-05-01", "100.0"],
        ["14", "in_progress", "2022-05-01", "2021-06-23", "2022-05-01", "10.0"],
    ]
    assert "parent that is not in the export: 99" in recs["note"][3]
    assert "https://example.org/p/2" in recs["note"][0]
    assert made.ledger.shares("2022-06-01", counting_unit="sub-action").n == 3


def test_decidim_exports_that_cannot_be_read() -> None:
    with pytest.raises(DataError, match="'finished' is not a status that is known") as caught:
        ledger_from_decidim(DECIDIM)
    assert "'finished' may mean carried out ('implemented') or closed" in str(caught.value)
    with pytest.raises(DataError, match="'parent/id' of Decidim's export"):
        ledger_from_decidim(LIST.rename(columns={"No.": "id"}))
    two = DECIDIM.assign(**{"title/ca": "Tramvies"})
    with pytest.raises(DataError, match="several languages: en, ca"):
        ledger_from_decidim(two)
    ours = {"finished": "decided"}
    assert ledger_from_decidim(two, language="ca", statuses=ours).ledger.n == 4
    with pytest.raises(DataError, match="no column 'title/fr'"):
        ledger_from_decidim(two, language="fr")
    deep = DECIDIM.assign(**{"parent/id": ["", "11", "12", ""]})
    with pytest.raises(DataError, match="only two levels"):
        ledger_from_decidim(deep, statuses=ours)
    old = DECIDIM.drop(columns="updated_at")
    with pytest.raises(DataError, match="status has no date"):
        ledger_from_decidim(old, statuses=ours)
    made = ledger_from_decidim(old, statuses=ours, checked_on="2022-06-30")
    assert set(made.ledger.events["date"]) == {"2022-06-30"}


# --- fuzzing -------------------------------------------------------------------------------

DATES = st.one_of(
    st.dates(dt.date(2015, 1, 1), dt.date(2022, 6, 30)),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2022, 6, 29)),
    st.sampled_from(["2021", "May 2021", "Q2 2021", "25/12/2021", "03/04/2021", "2021-12-16", ""]),
)
WORDS = st.sampled_from(
    ["accepted", "Rejected", "in progress", "completed", "noted", "Parked", "", None, "implemented"]
)
WILD = st.one_of(
    st.none(), st.text(max_size=6), st.integers(-5, 50_000), st.floats(), st.booleans(), st.times(),
    DATES, WORDS, st.sampled_from(["=1+1", " ", "-1", "R1", "'"]),
)  # fmt: skip
PLAUSIBLE = {
    "Recommendation": st.text(max_size=8), "Response": WORDS, "Response date": DATES,
    "Status": WORDS, "Status date": DATES, "Last updated": DATES, "Evidence": st.text(max_size=4),
    "Grade": st.sampled_from([0, 1, 2, 3, None, ""]), "Notes": st.text(max_size=5),
    "Colour": WILD, "=x": WILD, "Progress": WILD, "Rater": WILD, "Theme": WILD,
}  # fmt: skip


@st.composite
def lists(draw: Any) -> pd.DataFrame:
    """Lists with plausible columns, of which now and then one holds anything."""
    heads = ["Recommendation", *draw(st.sets(st.sampled_from(sorted(PLAUSIBLE)[1:]), max_size=8))]
    heads = list(dict.fromkeys(heads))
    wild = draw(st.sampled_from([*heads, *[""] * 12]))
    n = draw(st.integers(0, 4))
    columns = {
        head: [draw(WILD if head == wild else PLAUSIBLE[head]) for _ in range(n)] for head in heads
    }
    return pd.DataFrame(columns, dtype=object)


def check_fuzzed(frame: pd.DataFrame) -> bool:
    """Whether the list was taken; then everything in it is found again."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LedgerWarning)
            made = read(frame, unproven="no_evidence", day_first=True)
    except DataError:
        return False
    rows = frame.map(lambda value: bool(cell_text(value).strip()))
    assert made.ledger.n == int(rows.any(axis=1).sum())
    taken: dict[Any, str] = made.mapping.set_index("column")["taken_as"].to_dict()
    coded = [head for head in frame if taken[head] in ("status", "response")]
    words = int(rows[coded].to_numpy().sum())
    assert len(made.ledger.events) == words == int(made.statuses["count"].sum())
    texts = " ".join(
        cell_text(v) for f in made.ledger.frames().values() for v in f.to_numpy().ravel()
    )
    for head in frame:
        if taken[head] in ("note", "label", "theme", "progress"):
            assert all(cell_text(v).strip() in texts for v in frame[head])
    return True


@settings(max_examples=60, deadline=None)
@given(lists())
def test_fuzzed_lists_end_in_a_data_error_or_a_correct_ledger(frame: pd.DataFrame) -> None:
    check_fuzzed(frame)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_lists_of_anything_end_in_a_data_error_or_a_ledger(data: Any) -> None:
    heads = data.draw(st.lists(st.sampled_from([*PLAUSIBLE, "ID", " ", "x"]), max_size=5))
    rows = data.draw(st.lists(st.tuples(*[WILD] * len(heads)), max_size=3))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", LedgerWarning)
            assert read(pd.DataFrame(rows, columns=heads, dtype=object)).ledger.n >= 1
    except DataError:
        return


def test_evidence_beside_a_status_is_not_copied_to_the_response() -> None:
    events = read().ledger.events
    assert events["evidence_url"].tolist() == ["", "https://example.org/act", "", "", ""]
    assert events["evidence_grade"].isna().tolist() == [True, False, True, True, True]
    alone = LIST.assign(Status="", **{"Evidence link": "https://example.org/act"})
    assert set(read(alone).ledger.events["evidence_url"]) == {"https://example.org/act"}
    every = read(LIST.drop(columns="Evidence grade"), evidence_grade=3).ledger.events
    assert every["evidence_grade"].tolist() == [3] * 5


@pytest.mark.parametrize(
    ("response", "status", "found"),
    [
        ("angenommen", "Teilweise umgesetzt", ["accepted", "implemented_in_part"]),
        ("Zurückgestellt", "in Umsetzung", ["noted", "in_progress"]),
        ("teilweise", "teilweise", ["accepted_in_part", "implemented_in_part"]),
        ("abgelehnt", "offen", ["rejected", "not_started"]),
        ("zurueckgestellt", "geplant", ["noted", "not_started"]),
        ("Acceptée", "Partiellement mise en oeuvre", ["accepted", "implemented_in_part"]),
        ("rejeté", "abandonné", ["rejected", "abandoned"]),
        ("partiellement acceptée", "en cours", ["accepted_in_part", "in_progress"]),
        ("Rechazada", "en ejecución", ["rejected", "in_progress"]),
        ("aceptado", "parcialmente implementada", ["accepted", "implemented_in_part"]),
    ],
)
def test_status_words_of_other_languages(response: str, status: str, found: list[str]) -> None:
    made = read(LIST[:1].assign(Response=response, Status=status))
    assert made.ledger.events["status"].tolist() == found
    assert set(made.statuses["how"]) == {"guessed"}


@pytest.mark.parametrize("word", ["umgesetzt", "erledigt", "mise en œuvre", "implementada"])
def test_words_for_done_need_evidence_in_any_language(word: str) -> None:
    assert read(LIST[:1].assign(Status=word)).ledger.events["status"].tolist()[1] == "implemented"
    with pytest.raises(DataError, match="needs evidence"):
        read(LIST[:1].assign(Status=word, **{"Evidence grade": ""}))


def test_words_with_two_meanings_are_asked_for() -> None:
    with pytest.raises(DataError, match=r"'abgeschlossen' may mean carried out"):
        read(LIST[:1].assign(Status="abgeschlossen"))
    with pytest.raises(DataError, match="'offen' is not a status that is known"):
        read(LIST[:1].assign(Response="offen"))


def test_grades_of_evidence_may_be_words() -> None:
    made = read(LIST.assign(**{"Evidence grade": ["Gesetz", "press", "", ""]}))
    assert made.ledger.events["evidence_grade"].fillna(-1).tolist() == [-1, 3, 1, -1, -1]
    assert made.ledger.events["note"].tolist()[1:3] == [
        "their word: completed; their evidence: Gesetz", "their evidence: press",
    ]  # fmt: skip


def test_messages_name_the_columns_of_the_list() -> None:
    frame = LIST.rename(columns={"Status date": "Datum"}).assign(Datum="2023-01-01")
    with pytest.raises(DataError, match="after it was recorded") as caught:
        read(frame)
    assert caught.value.column in ("Datum", "Response date")
    with pytest.raises(DataError, match="row 2") as caught:
        read(LIST.assign(Support="140"))
    assert caught.value.column == "Support"
