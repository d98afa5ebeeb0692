"""One run tells an evaluator everything that is wrong with her files."""

from __future__ import annotations

import shutil

import openpyxl
import pandas as pd
import pytest

from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.evaluation.data import read_scorecard
from dmpkit.evaluation.folder_check import check_folder
from dmpkit.evaluation.measurements import known_people, read_measurements
from dmpkit.workbench.evaluation_folder import empty_folder

EXAMPLE = datasets.studies_path("evaluate-a-minipublic")


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "assembly"
    shutil.copytree(EXAMPLE, target)
    return target


def change(path, row, column, value):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row - 2, column] = value
    table.to_csv(path, index=False)


def test_the_template_has_no_mistake(folder):
    found = check_folder(folder)
    assert found.in_order, found.summary()
    assert found.notes == ()
    assert found.rows["people.csv"] == 40
    found.raise_if_wrong()


def test_ten_mistakes_in_ten_places_are_all_told_at_once(folder):
    wrong = [
        ("ratings.csv", 2, "criterion", "C1"),
        ("ratings.csv", 5, "score", "7"),
        ("ratings.csv", 6, "status", "asessed"),
        ("evidence.csv", 3, "grade", "E"),
        ("goals.csv", 2, "set_on", "in spring"),
        ("items.csv", 19, "low", "12"),
        ("answers_before.csv", 4, "person", "NOBODY"),
        ("answers_after.csv", 7, "K03", "9"),
        ("talk.csv", 9, "seconds", "-4"),
        ("ballot.csv", 3, "person", "SYN9999"),
        ("rankings.csv", 6, "P2", "8"),
        ("acts.csv", 8, "justification", "high"),
        ("votes.csv", 2, "seen", "3"),
        ("people.csv", 3, "stayed", "maybe"),
    ]
    for file, row, column, value in wrong:
        change(folder / file, row, column, value)
    found = check_folder(folder)
    told = set(found.mistakes[["file", "row"]].itertuples(index=False, name=None))
    assert {(file, str(row)) for file, row, *_ in wrong} <= told, found.summary()
    assert found.mistakes["what"].str.len().gt(10).all()
    assert found.mistakes["remedy"].str.len().gt(5).all()
    assert len(found.mistakes) == len(wrong)
    for file, row, *_ in wrong:
        assert f"{file}, row {row}" in found.summary()
    with pytest.raises(DataError, match=f"{len(wrong)} mistakes in the files of assembly"):
        found.raise_if_wrong()


def test_columns_that_no_item_explains_are_named(folder):
    table = pd.read_csv(folder / "answers_after.csv", dtype=str)
    table.rename(columns={"K01": "K1", "O5": "trust"}).to_csv(
        folder / "answers_after.csv", index=False
    )
    found = check_folder(folder).mistakes
    assert len(found) == 2
    assert found["what"].str.contains("K1").any()
    assert "trust" in found["column"].tolist()
    with pytest.raises(DataError):
        read_measurements(folder)


def test_a_misspelt_file_and_answers_without_items_are_noticed(folder):
    (folder / "peple.csv").write_text("person\na\n", encoding="utf-8")
    (folder / "items.csv").unlink()
    found = check_folder(folder)
    assert any("Did you mean 'people'" in note for note in found.notes)
    assert found.mistakes["what"].str.contains("no items.csv").sum() == 2


def test_no_ratings_and_no_folder(tmp_path):
    (tmp_path / "talk.csv").write_text("person,seconds\na,3\n", encoding="utf-8")
    assert "no ratings.csv" in check_folder(tmp_path).summary()
    with pytest.raises(DataError, match="no such folder"):
        check_folder(tmp_path / "none")


def test_a_workbook_is_checked_like_a_folder(folder, tmp_path):
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for path in sorted(folder.glob("*.csv")):
        page = book.create_sheet(path.stem)
        for row in pd.read_csv(path, header=None, dtype=str, keep_default_na=False).to_numpy():
            page.append(list(row))
    book["ratings"]["A2"] = "C1"
    book.save(tmp_path / "assembly.xlsx")
    found = check_folder(tmp_path / "assembly.xlsx")
    assert found.mistakes[["file", "row"]].to_numpy().tolist() == [["sheet ratings", "2"]]
    assert found.rows == check_folder(folder).rows


def test_semicolons_and_decimal_commas_read_the_same(folder, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for path in folder.glob("*.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        if path.stem == "ratings":
            frame["score"] = frame["score"].str.replace(".", ",")
        frame.to_csv(other / path.name, sep=";", index=False, encoding="utf-8-sig")
    assert check_folder(other).in_order, check_folder(other).summary()
    one, two = read_measurements(folder), read_measurements(other)
    for name in one.names:
        pd.testing.assert_frame_equal(one.tables[name], two.tables[name])


def test_a_blank_answer_stays_blank(folder):
    change(folder / "answers_after.csv", 4, "O1", "")
    after = read_measurements(folder).answers("after", "opinion")
    assert after["O1"].isna().iloc[2]


def told(folder):
    """What the check says, as (file, row, column, what, remedy)."""
    return list(check_folder(folder).mistakes.itertuples(index=False, name=None))


def test_a_reply_asked_for_before_the_incident_is_a_problem(folder):
    change(folder / "incidents.csv", 2, "date", "2019-11-02")
    change(folder / "incidents.csv", 2, "reply_asked", "2019-11-01")
    assert told(folder) == [
        ("incidents.csv", "2", "reply_asked",
         "The reply was asked for on 2019-11-01, before the incident of 2019-11-02.",
         "Mend one of the two dates."),
    ]  # fmt: skip
    with pytest.raises(DataError, match="before the incident"):
        read_scorecard(folder)


def test_about_is_checked_for_misspelt_fields_and_dates(folder):
    about = folder / "about.csv"
    text = about.read_text(encoding="utf-8")
    mended = text.replace("first_day,", "firstday,").replace("2023-01-31", "31. Januar 2025")
    about.write_text(mended, encoding="utf-8")
    found = {(row[2], *row[3:]) for row in told(folder)}
    assert found == {
        ("field", "The field 'firstday' is not known.", "Did you mean 'first_day'? Rename it."),
        ("value", "The report_day '31. Januar 2025' cannot be read as a date.",
         "Write year-month-day, such as 2024-03-05."),
    }  # fmt: skip


def test_a_field_of_one_s_own_in_about_is_kept_and_noted(folder):
    with (folder / "about.csv").open("a", encoding="utf-8") as file:
        file.write("mayor,A. Person\n")
    found = check_folder(folder)
    assert found.in_order
    assert found.notes == (
        "The field 'mayor' of about.csv is not one that the report uses; it was kept.",
    )
    assert read_scorecard(folder).about["mayor"] == "A. Person"


def test_a_rater_in_two_spellings_is_a_problem(folder):
    for row, name in ((2, "Anna M"), (4, "anna m"), (6, "AnnaM")):  # rows of one rater
        change(folder / "ratings.csv", row, "rater", name)
    found = told(folder)
    assert [row[:4] for row in found] == [
        ("ratings.csv", "4", "rater", "The rater 'anna m' is called 'Anna M' above."),
        ("ratings.csv", "6", "rater", "The rater 'AnnaM' is called 'Anna M' above."),
    ]
    assert "alike in every row" in found[0][4]


def test_an_answer_of_the_ballot_that_is_no_word_of_a_vote_is_named(folder):
    change(folder / "ballot.csv", 2, "answer", "yess")
    change(folder / "ballot.csv", 3, "answer", "For")
    change(folder / "ballot.csv", 4, "answer", "")
    change(folder / "ballot.csv", 5, "answer", "maybe")
    found = [row for row in told(folder) if row[2] == "answer"]
    assert [row[1] for row in found] == ["2", "5"]
    assert found[0][3] == "'yess' is not an answer of a vote."
    assert found[0][4].startswith("Did you mean 'yes'? Write for, against or abstain (yes, no,")
    assert found[1][4].startswith("Write for, against or abstain")


def test_only_those_without_a_row_are_guessed_for_an_unknown_person():
    people = pd.DataFrame({"person": ["M07", "M17", "M27"]})
    frame = pd.DataFrame({"person": ["M17", "M77", "M27"], "item": ["text", "text", "text"]})

    def remedy(table, once):
        return [found[3] for rule in known_people(people, once=once) for found in rule(table)]

    assert remedy(frame, ()) == remedy(frame, ["item"]) == ["Did you mean 'M07'?"]
    votes = frame.assign(item=["a", "b", "a"])
    assert remedy(votes, ["item"])[0] in [f"Did you mean '{p}'?" for p in people["person"]]
    full = pd.concat([frame, pd.DataFrame({"person": ["M07"], "item": ["text"]})])
    assert remedy(full, ["item"])[0].startswith("Everybody in people.csv has a row here")
    assert remedy(full, None)[0].startswith("Did you mean 'M")  # turns of talk repeat persons


def test_an_untouched_folder_is_in_order_but_nothing_is_rated(tmp_path):
    found = check_folder(empty_folder(tmp_path / "ours"))
    assert found.in_order
    assert found.verdict == "in order, but nothing is rated"
    assert "ours: in order, but nothing is rated." in found.summary()
    assert "Nothing is rated yet: no criterion of ratings.csv has a score." in found.notes
    assert any("items.csv still holds placeholders" in note for note in found.notes)
    change(tmp_path / "ours/ratings.csv", 2, "score", "3")
    assert check_folder(tmp_path / "ours").verdict.startswith("in order, with ")


def test_a_file_that_nobody_reads_keeps_the_verdict_from_being_plain(folder):
    assert check_folder(folder).verdict == "in order"
    (folder / "people.csv").rename(folder / "peeple.csv")
    found = check_folder(folder)
    assert found.verdict == "in order, with 2 notes"
    assert any("Did you mean 'people'? Then rename it." in note for note in found.notes)
    change(folder / "ratings.csv", 2, "score", "7")
    assert check_folder(folder).verdict == "1 mistake"
