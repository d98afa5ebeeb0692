"""Exports of LimeSurvey, Google Forms and Microsoft Forms, written by hand after their formats."""

from __future__ import annotations

import datetime as dt
import math
import warnings
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, ReadingWarning
from dmpkit.evaluation.form_columns import detect_program, norm
from dmpkit.evaluation.form_values import split_list
from dmpkit.evaluation.forms import read_form
from dmpkit.evaluation.questionnaire import instrument, instrument_items

HERE = Path(__file__).parent / "forms"
CODES = {f"A{k}": k for k in range(1, 6)}
PERSONAL = ["example.org", "192.0.2", "ab12XY"]


@pytest.fixture(scope="module")
def items():
    support = instrument("members-after").rename(columns={"wording": "label"})
    extra = support[support["item"].isin(["x_support", "x_differently"])]
    return pd.concat([instrument_items(), extra], ignore_index=True).reindex(
        columns=instrument_items().columns
    )


def csv(tmp_path, *lines):
    file = tmp_path / "export.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def read(path, **options):
    """Read, and let the warning about what is left out pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReadingWarning)
        return read_form(path, **options)


def without_personal(form):
    """Nothing personal stands in any table or text of the result."""
    shown = [form.summary(), form.methods_text(), form.section().render(), repr(form)]
    shown += [frame.to_csv() for frame in form.frames().values()]
    return not any(word in text for word in PERSONAL for text in shown)


# --- LimeSurvey ----------------------------------------------------------------------


@pytest.fixture
def lime(items):
    with pytest.warns(ReadingWarning, match=r"no item was found for 'G01Q09'.*1 submissions"):
        return read_form(HERE / "limesurvey_codes.csv", items=items, options={"e_loud": CODES})


def test_limesurvey_with_codes(lime):
    assert lime.program == "limesurvey"
    answers = lime.answers.set_index("person")
    assert list(answers.index) == ["ma12", "zu30", "OL03"]
    assert answers["e_listen"].tolist() == [4, 3, 4]
    assert answers["e_loud"].tolist()[::2] == [2, 1]
    assert math.isnan(answers.loc["zu30", "e_loud"])
    assert answers["k_1"].tolist()[::2] == ["the council", "the council"]
    assert answers.loc["zu30", "k_1"] is None or pd.isna(answers.loc["zu30", "k_1"])


def test_a_box_of_an_unfinished_submission_is_no_answer_and_not_a_no(lime):
    boxes = lime.answers.set_index("person")[["x_support: money", "x_support: travel"]]
    assert boxes.loc["ma12"].tolist() == [1, 0]
    assert boxes.loc["OL03"].tolist() == [0, 1]
    assert boxes.loc["zu30"].isna().all()


def test_every_column_and_every_submission_is_accounted_for(lime):
    header = (HERE / "limesurvey_codes.csv").read_text(encoding="utf-8").splitlines()[0]
    assert len(lime.columns) == header.count(",") + 1
    roles = lime.columns.set_index("heading")["role"]
    assert roles[["token", "ipaddr"]].eq("personal").all()
    assert roles["G01Q09"] == "unmatched"
    assert lime.unmatched == ("G01Q09",)
    table = lime.submissions.set_index("row")
    assert list(table.index) == [2, 3, 4, 5]
    assert table["kept"].to_dict() == {2: True, 3: False, 4: True, 5: True}
    assert table.loc[3, "why"] == "same code as row 5"
    assert table["complete"].to_dict() == {2: True, 3: True, 4: False, 5: True}
    assert "o_1" in lime.missing
    assert "e_listen" not in lime.missing
    assert "1 is incomplete, of which 1 kept" in lime.summary()


def test_personal_columns_are_never_kept_unless_asked_for(lime, items):
    assert lime.personal is None
    assert without_personal(lime)
    asked = read(HERE / "limesurvey_codes.csv", items=items, options={"e_loud": CODES},
                 keep_personal=True)  # fmt: skip
    assert asked.personal["token"].tolist() == ["ab12XY", "ef56XY", "cd34XY"]
    assert without_personal(asked), "they stand apart even then"


def test_incomplete_and_duplicate_submissions_as_asked(items):
    options = {"items": items, "options": {"e_loud": CODES}}
    path = HERE / "limesurvey_codes.csv"
    out = read(path, incomplete="leave out", **options)
    assert out.answers["person"].tolist() == ["ma12", "OL03"]
    assert out.submissions["why"].tolist() == ["", "same code as row 5", "incomplete", ""]
    first = read(path, duplicates="first", **options)
    assert first.answers["person"].tolist() == ["ma12", "ol03", "zu30"]
    with pytest.raises(DataError, match=r"'ol03' stands in rows 3, 5"):
        read_form(path, duplicates="error", **options)


def test_a_complete_submission_goes_before_a_later_incomplete_one(tmp_path, items):
    file = csv(
        tmp_path,
        "id,submitdate,lastpage,startlanguage,person,e_listen",
        "1,2026-03-01 10:00:00,4,en,a,5",
        "2,,1,en,a,1",
    )
    form = read(file, items=items)
    assert form.answers["e_listen"].tolist() == [5]
    assert form.submissions["why"].tolist() == ["", "same code as row 2"]


def test_limesurvey_with_code_and_text_headings_and_full_answers(items):
    few = items[items["kind"] == "experience"].drop(columns="answer")
    with pytest.warns(ReadingWarning, match="no item was found for 'Q7. Which"):
        form = read_form(HERE / "limesurvey_full.csv", items=few)
    assert form.program == "limesurvey"
    assert form.answers["person"].tolist() == ["ma12", "ol03"]
    assert form.answers["e_listen"].tolist() == [4, 1]
    assert form.answers["e_respect"].tolist()[0] == 5
    assert math.isnan(form.answers["e_respect"].tolist()[1])
    assert without_personal(form)


def test_a_box_in_full_words_is_found_by_its_text(items):
    form = read(HERE / "limesurvey_full.csv", items=items)
    assert form.answers["x_support: money"].tolist() == [1, 0]


def test_underscores_for_blanks_are_understood(tmp_path, items):
    file = csv(
        tmp_path, "Response_ID,Date_submitted,Others_listened_when_I_spoke", "1,2026-01-01,4"
    )
    form = read(file, items=items, program="limesurvey")
    assert form.answers["e_listen"].tolist() == [4]


def test_codes_joined_by_underscores_as_in_files_for_r_are_understood(tmp_path, items):
    file = csv(
        tmp_path,
        "id,submitdate,lastpage,startlanguage,EXP_e_listen,x_support_money,x_support_travel",
        "1,2026-01-01,4,en,4,1,0",
    )
    form = read_form(file, items=items)
    assert form.answers.iloc[0, 1:].tolist() == [4, 1, 0]
    other = csv(tmp_path, "Timestamp,EXP_e_listen,e_loud", "2026/01/01,4,1")
    assert read(other, items=items).unmatched == ("EXP_e_listen",)


# --- Google Forms ----------------------------------------------------------------------


@pytest.fixture
def google(items):
    return read_form(HERE / "google.csv", items=items)


def test_google_with_a_grid_and_several_answers(google):
    assert google.program == "google"
    answers = google.answers.set_index("person")
    assert answers["e_listen"].tolist()[:2] == [4, 3]
    assert answers["e_loud"].tolist() == [1, 5, 4]
    assert answers["x_support: money"].tolist()[:2] == [1, 0]
    assert answers["x_support: time to prepare"].tolist()[:2] == [1, 0]
    assert answers["x_support: other"].tolist()[:2] == [0, 1]
    assert answers.loc["zu30", ["x_support: money", "x_support: other"]].isna().all()
    assert "1 answers to 'x_support' hold something" in google.summary()
    assert answers.loc["ma12", "x_differently"] == "More breaks, please"
    assert without_personal(google)


def test_what_each_label_became_is_told(google):
    table = google.labels.set_index(["item", "written"])
    assert table.loc[("e_loud", "5 - strongly agree"), "number"] == 5
    assert table.loc[("e_listen", ""), "n"] == 1
    assert google.labels["n"].sum() == 6


def test_a_google_sheet_parts_answers_with_commas(tmp_path, items):
    file = csv(
        tmp_path,
        "Timestamp,Which of these did you use?",
        '2026/01/01,"money, care for others, time to prepare"',
    )
    form = read(file, items=items)
    ticked = form.answers.filter(like="x_support: ").iloc[0]
    assert set(ticked.index[ticked == 1]) == {
        f"x_support: {o}" for o in ("money", "care for others", "time to prepare")
    }
    assert ticked.sum() == 3


def test_marks_of_a_google_quiz_are_left_out(tmp_path, items):
    question = instrument("members-after").set_index("item").loc["k_1", "wording"]
    file = csv(
        tmp_path,
        f'Timestamp,Score,"{question}","{question} [Score]","{question} [Feedback]"',
        "2026/01/01,1 / 1,the council,1 / 1,well done",
    )
    form = read(file, items=items)
    assert form.answers["k_1"].tolist() == ["the council"]
    assert (form.columns["role"] == "quiz").sum() == 3


# --- Microsoft Forms -------------------------------------------------------------------


def workbook(tmp_path, *rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "Form responses.xlsx")
    return tmp_path / "Form responses.xlsx"


START = ["ID", "Start time", "Completion time", "Email", "Name"]
NOON = dt.datetime(2026, 3, 1, 12)
WHO = "anonymous@example.org"


def test_microsoft_with_semicolons_and_a_quiz(tmp_path, items):
    question = instrument("members-after").set_index("item").loc["k_1", "wording"]
    head = [*START, "Total points", "Quiz feedback", "Grade posted time", "Your code (x)",
            "Points - Your code (x)", "Feedback - Your code (x)", question,
            f"Points - {question}", f"Feedback - {question}", "Others listened when I spoke",
            "Which of these did you use?"]  # fmt: skip
    one = [1, NOON, NOON, WHO, "Somebody", 1, None, NOON, "ma12", None, None, "the council", 1,
           None, "Agree", "money;travel;"]  # fmt: skip
    two = [2, NOON, NOON, WHO, "Somebody", 0, None, NOON, "ol03", None, None, None, 0, None, 2,
           None]  # fmt: skip
    form = read_form(workbook(tmp_path, head, one, two), items=items)
    assert form.program == "microsoft"
    assert form.answers["person"].tolist() == ["ma12", "ol03"]
    assert form.answers["e_listen"].tolist() == [4, 2]
    assert form.answers["k_1"].tolist()[0] == "the council"
    assert form.answers["x_support: travel"].tolist()[0] == 1
    assert math.isnan(form.answers["x_support: travel"].tolist()[1])
    assert (form.columns["role"] == "quiz").sum() == 7
    assert "Somebody" not in "".join(f.to_csv() for f in form.frames().values())
    assert without_personal(form)


def test_a_bad_cell_in_a_workbook_is_named_by_the_row_of_the_sheet(tmp_path, items):
    words = "Others listened when I spoke"
    file = workbook(tmp_path, [*START, words], [1, NOON, NOON, WHO, "x", "Agree"],
                    [], [3, NOON, NOON, WHO, "x", "Sort of"])  # fmt: skip
    with pytest.raises(DataError, match=rf"row 4, column {words}: The answer 'Sort of'.*options="):
        read_form(file, items=items)


# --- labels, columns, refusals -----------------------------------------------------------


def test_an_unknown_label_is_refused_until_it_is_told(tmp_path, items):
    file = csv(tmp_path, "person,e_listen", "a,Rather", "b,No idea", "c,agree")
    with pytest.raises(DataError, match=r"export.csv, row 2, column e_listen.*'Rather'"):
        read_form(file, items=items)
    told = read_form(file, items=items, options={"rather": 4, "No idea": None})
    assert told.answers["e_listen"].tolist()[::2] == [4, 4]
    assert math.isnan(told.answers["e_listen"].tolist()[1])
    own = read_form(file, items=items, options={"e_listen": {"rather": 2, "no idea": None}})
    assert own.answers["e_listen"].tolist()[0] == 2


@pytest.mark.parametrize(
    ("cell", "number"),
    [("5", 5), ("5 - strongly agree", 5), ("5 (strongly agree)", 5), ("Strongly agree (5)", 5),
     ("5. whatever", 5), ("5 = x", 5), ("strongly agree", 5), ("Strongly  Agree.", 5),
     ("1,0", 1), ("neither", 3)],
)  # fmt: skip
def test_numbers_beside_labels(tmp_path, items, cell, number):
    file = csv(tmp_path, "person,e_listen", f'a,"{cell}"')
    assert read_form(file, items=items).answers["e_listen"].tolist() == [number]


def test_a_number_that_contradicts_its_label_is_refused(tmp_path, items):
    file = csv(tmp_path, "person,e_listen", "a,1 - strongly agree")
    with pytest.raises(DataError, match=r"shows 1, but 'strongly agree' stands for 5"):
        read_form(file, items=items)


@pytest.mark.parametrize("cell", ["1-2 times", "1-2", "4:30", "3 (2 of 5)", "agree 4"])
def test_a_range_is_not_taken_for_its_first_number(tmp_path, items, cell):
    file = csv(tmp_path, "person,e_listen", f"a,{cell}")
    with pytest.raises(DataError, match="the label is not known"):
        read_form(file, items=items)


def test_an_answer_outside_the_scale_is_refused(tmp_path, items):
    file = csv(tmp_path, "person,e_listen", "a,4", "b,7")
    with pytest.raises(DataError, match=r"row 3.*'7' lies outside the scale of 'e_listen', 1 to 5"):
        read_form(file, items=items)


def test_options_without_numbers_count_from_the_lowest(tmp_path):
    items = pd.DataFrame({"item": ["q"], "label": ["Q"], "low": [0], "high": [2],
                          "options": ["no | partly | yes"]})  # fmt: skip
    file = csv(tmp_path, "person,q", "a,Yes", "b,no", "c,Partly")
    assert read_form(file, items=items).answers["q"].tolist() == [2, 0, 1]


def test_an_option_without_a_number_among_numbered_ones_is_no_answer(tmp_path):
    items = instrument("observer")
    file = csv(tmp_path, "person,b_listen", "a,mostly", "b,not seen", "c,not at all")
    assert read_form(file, items=items).answers["b_listen"].fillna(-9).tolist() == [3, -9, 0]


def test_two_columns_for_one_item_are_refused_and_can_be_told_apart(tmp_path, items):
    file = csv(tmp_path, "person,e_listen,Others listened when I spoke", "a,1,2")
    with pytest.raises(DataError, match=r"'e_listen' and 'Others listened when I spoke' both"):
        read_form(file, items=items)
    other = csv(tmp_path, "person,Q1,Q2", "a,1,2")
    form = read(other, items=items, columns={"Q2": "e_listen"})
    assert form.answers["e_listen"].tolist() == [2]
    assert form.unmatched == ("Q1",)


def test_items_with_the_same_words_need_names(tmp_path):
    items = pd.DataFrame({"item": ["a1", "a2"], "label": ["Same", "same"]})
    file = csv(tmp_path, "person,Same", "a,1")
    with pytest.raises(DataError, match=r"a1, a2 have the same words"):
        read_form(file, items=items)


def test_an_other_heading_can_stand_in_the_table_of_items(tmp_path, items):
    own = items.assign(heading=[
        "Did they listen?" if i == "e_listen" else "" for i in items["item"]])  # fmt: skip
    file = csv(tmp_path, "person,Did they listen?", "a,agree")
    assert read_form(file, items=own).answers["e_listen"].tolist() == [4]


def test_without_items_nothing_personal_is_taken(tmp_path):
    file = csv(
        tmp_path,
        "Timestamp,Name,Contact,Mobile phone,How was it?,Rating",
        "2026/01/01,Somebody,some@example.org,0123,good,4",
        "2026/01/02,Other,,,bad,5",
    )
    form = read_form(file)
    assert list(form.answers.columns) == ["person", "How was it?", "Rating"]
    assert form.answers["Rating"].tolist() == [4, 5]
    assert form.answers["person"].tolist() == ["row 2", "row 3"]
    assert "cannot be paired" in form.summary()
    assert without_personal(form)
    assert "Somebody" not in form.summary()


def test_an_address_within_a_free_text_is_told(tmp_path, items):
    file = csv(tmp_path, "person,x_differently", "a,Write to me: one@example.org")
    form = read_form(file, items=items)
    assert "'x_differently' hold something like an address" in form.summary()
    assert "one@example.org" not in form.summary()


def test_the_persons_column_can_be_named(tmp_path, items):
    file = csv(tmp_path, "Street and day,e_listen", "a,1", ",2")
    form = read(file, items=items, person="street and day")
    assert form.answers["person"].tolist() == ["a", "row 3"]
    assert "1 submissions have no code" in form.summary()
    with pytest.raises(DataError, match=r"No column is called 'coed'.*'Street and day'"):
        read_form(file, items=items, person="coed")


def test_an_export_without_a_known_item_is_refused(tmp_path, items):
    file = csv(tmp_path, "Timestamp,Favourite colour", "2026/01/01,blue")
    with pytest.raises(DataError, match=r"No column of the export was recognised.*heading"):
        read_form(file, items=items)


def test_an_export_without_submissions_is_refused(tmp_path, items):
    with pytest.raises(DataError, match=r"export.csv: The export holds no submission"):
        read_form(csv(tmp_path, "Timestamp,e_listen"), items=items)


@pytest.mark.parametrize(
    "wrong", [{"program": "forms"}, {"incomplete": "drop"}, {"duplicates": "best"}]
)
def test_words_that_are_not_choices_are_refused(items, wrong):
    with pytest.raises(DataError, match=r"is no (program|incomplete|duplicates).*Use one of"):
        read_form(HERE / "google.csv", items=items, **wrong)


def test_programs_are_recognised_by_their_headings():
    assert detect_program(["Response ID", "Date submitted", "Last page"]) == "limesurvey"
    assert detect_program(["Timestamp", "Q"]) == "google"
    assert detect_program(["ID", "Start time", "Q"]) == "other"
    assert detect_program(["id", "name", "Q"]) == "other"


def test_items_come_from_a_file_and_from_polars_alike(tmp_path, items):
    table = items.astype(object).where(items.notna(), "")
    table.to_csv(tmp_path / "items.csv", index=False)
    want = read_form(HERE / "google.csv", items=items)
    texts = items.assign(**{c: items[c].astype(str) for c in items.select_dtypes(object)})
    for given_items in (tmp_path / "items.csv", pl.from_pandas(texts)):
        form = read_form(HERE / "google.csv", items=given_items)
        pd.testing.assert_frame_equal(form.answers, want.answers)


def test_answers_are_written_as_a_folder_takes_them(tmp_path, google):
    file = google.write_answers(tmp_path / "answers_after.csv")
    back = pd.read_csv(file)
    assert list(back.columns) == list(google.answers.columns)
    assert back["e_loud"].tolist() == [1, 5, 4]


def test_a_form_and_the_shipped_items_make_the_folder_of_an_evaluation(tmp_path, google):
    from dmpkit.evaluation.measurements import read_measurements

    table = instrument_items()
    table.loc[table["kind"] == "knowledge", "correct"] = "[answer a]"
    table.to_csv(tmp_path / "items.csv", index=False)
    google.write_answers(tmp_path / "answers_after.csv", items=table["item"])
    read_measurements(tmp_path)  # refuses answers that items.csv does not explain
    with pytest.raises(DataError, match=r"google.csv: None of these items"):
        google.write_answers(tmp_path / "x.csv", items=["o_1"])


def test_hostile_text_is_harmless(tmp_path, items):
    file = csv(tmp_path, "person,e_listen,<script>alert(1)</script>", "=1+1,4,x")
    form = read(file, items=items)
    assert "<script>" not in form.section().render()
    form.write_answers(tmp_path / "a.csv")
    assert "'=1+1" in (tmp_path / "a.csv").read_text(encoding="utf-8")
    form.report(tmp_path / "r.html")
    assert form.tables(kind="polars")["answers"].shape == (1, 2)


# --- rankings ----------------------------------------------------------------------------


@pytest.fixture
def options():
    return pd.DataFrame(
        {
            "item": ["p_1", "p_2", "p_3", "e"],
            "label": ["A bus", "A tram; a train", "No change", "E"],
            "low": [1, 1, 1, 1],
            "high": [3, 3, 3, 5],
        }
    )


def test_a_ranking_in_one_cell(tmp_path, options):
    file = workbook(tmp_path, [*START, "Your order?", "E"],
                    [1, NOON, NOON, WHO, "x", "A tram; a train;No change;A bus;", 2],
                    [2, NOON, NOON, WHO, "x", "A bus;", 3],
                    [3, NOON, NOON, WHO, "x", None, 4])  # fmt: skip
    form = read_form(file, items=options, rankings=["Your order?"])
    ranks = form.answers[["p_1", "p_2", "p_3"]].to_numpy().tolist()
    assert ranks[0] == [3, 1, 2]
    assert ranks[1][0] == 1
    assert all(math.isnan(r) for r in ranks[1][1:] + ranks[2])
    assert form.missing == ()
    assert form.answers["e"].tolist() == [2, 3, 4]


def test_a_ranking_with_a_column_for_every_rank(tmp_path, options):
    file = csv(tmp_path, "id,submitdate,lastpage,startlanguage,P[1],P[2],P[3]",
               "1,2026-01-01,1,en,p_3,p_1,p_2", "2,2026-01-01,1,en,No change,,")  # fmt: skip
    form = read_form(file, items=options, rankings="P")
    assert form.answers[["p_1", "p_2", "p_3"]].fillna(0).to_numpy().tolist() == [
        [2, 3, 1],
        [0, 0, 1],
    ]


def test_what_a_ranking_cannot_hold_is_refused(tmp_path, options):
    head = "id,submitdate,lastpage,startlanguage,P[1],P[2]"
    for cells, wrong in (("p_1,p_1", "'p_1' is ranked twice"), ("p_1,A boat", "'A boat' is no")):
        file = csv(tmp_path, head, f"1,2026-01-01,1,en,{cells}")
        with pytest.raises(DataError, match=rf"row 2, column P\[2\]: {wrong}"):
            read_form(file, items=options, rankings=["P"])
        with pytest.raises(DataError, match="No column holds the ranking 'R'"):
            read_form(file, items=options, rankings=["R"])
        with pytest.raises(DataError, match="needs the table of items"):
            read_form(file, rankings=["P"])


# --- properties --------------------------------------------------------------------------

OPTIONS = ["Pay, or a day off", "Travel; by bus", "Care", "Care for elders"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(OPTIONS), unique=True, max_size=4), st.sampled_from([";", ", "]))
def test_whatever_was_ticked_is_found_again(ticked, sign):
    chosen, other = split_list(sign.join(ticked), OPTIONS)
    assert (chosen, other) == (ticked, [])
    assert split_list(sign.join(ticked) + sign, OPTIONS)[0] == ticked


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_norm_changes_nothing_the_second_time(text):
    plain = text.replace("&", "").replace("<", "")
    assert norm(norm(plain)) == norm(plain)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_the_columns_changes_nothing(order):
    import tempfile

    head = ["person", "e_listen", "e_loud", "e_respect"]
    cells = ["a", "agree", "1", "5 - x"]
    with tempfile.TemporaryDirectory() as folder:
        file = csv(Path(folder), ",".join(head[i] for i in order),
                   ",".join(cells[i] for i in order))  # fmt: skip
        form = read_form(file, items=instrument_items())
    assert form.answers.iloc[0].to_dict() == {
        "person": "a", "e_listen": 4.0, "e_loud": 1.0, "e_respect": 5.0}  # fmt: skip


def test_german_headings_of_limesurvey_tell_who_finished(tmp_path):
    path = tmp_path / "antworten.csv"
    path.write_text(
        "Antwort-ID;Datum Abgeschickt;Letzte Seite;Start-Sprache;code;q1\n"
        "1;2024-01-02 10:00:00;3;de;ab3;4\n"
        "2;;1;de;ab3;2\n",
        encoding="utf-8",
    )
    items = pd.DataFrame(
        {"item": ["q1"], "kind": ["opinion"], "label": ["One"], "low": [1], "high": [5]}
    )
    with pytest.warns(ReadingWarning):
        made = read_form(path, items=items, person="code")
    assert made.program == "limesurvey"
    assert made.answers["q1"].tolist() == [4.0]


def test_an_end_of_a_scale_that_is_no_number_is_said_with_its_file(tmp_path):
    """Found by feeding changed files: the message named the item but no file."""
    file = tmp_path / "items.csv"
    file.write_text("item,label,low,high\nq,Q,one,5\n", encoding="utf-8")
    answers = tmp_path / "answers.csv"
    answers.write_text("id,q\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"items\.csv.*'q' has 'one' in 'low'"):
        read_form(answers, items=file)
