"""Tables of records: forgiving of case and blanks, plain about mistakes."""

from __future__ import annotations

import datetime
import math

import pandas as pd
import polars as pl
import pytest
from openpyxl import Workbook

from dmpkit.errors import DataError
from dmpkit.evaluation.record_cells import read_number
from dmpkit.evaluation.records import (
    Field,
    RecordKind,
    check_records,
    find_records,
    nearest,
    read_records,
    split_ids,
)

KIND = RecordKind(
    "visits",
    "visits.csv",
    [
        Field("visit", kind="id", required=True),
        Field("status", choices=["met", "not met"], also={"ok": "met"}),
        Field("score", kind="number", low=0, high=4),
        Field("day", kind="date"),
        Field("open", kind="yes-no"),
        Field("evidence", kind="ids"),
        Field("steps", kind="ids", choices=["hold the line", "leave"]),
        Field("note"),
    ],
    key=["visit"],
)


def checked(**columns):
    return check_records(pd.DataFrame(columns), KIND)


def test_case_blanks_and_ways_of_writing_are_forgiven():
    table = checked(VISIT=[" v1 "], Status=["  Not_Met"], score=["3"], day=["2024-3-5"],
                    open=["Y"], evidence=["E1,E2  E1"], steps=["Leave; hold-the-line"],
                    note=["  as is "])  # fmt: skip
    assert table.iloc[0].tolist() == [
        "v1", "not met", 3.0, "2024-03-05", "yes", "E1; E2", "leave; hold the line", "as is"
    ]  # fmt: skip


def test_a_blank_stays_blank_and_is_never_0():
    table = checked(visit=["v1", "v2"], score=[None, "  "], status=[None, math.nan])
    assert table["score"].isna().all()
    assert table["status"].tolist() == ["", ""]
    assert table["score"].dtype == "float64"


def test_columns_not_known_are_kept_at_the_end_and_missing_ones_are_empty():
    table = checked(extra=["x"], visit=["v1"])
    assert list(table.columns) == [*KIND.columns, "extra"]
    assert table.loc[0, "open"] == ""
    assert math.isnan(table.loc[0, "score"])


def test_polars_and_pandas_give_the_same_table():
    frame = pd.DataFrame({"visit": ["v1", "v2"], "score": [1.0, None], "open": [True, False]})
    pd.testing.assert_frame_equal(
        check_records(pl.from_pandas(frame), KIND), check_records(frame, KIND)
    )


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"visit": ["v1"], "status": ["mett"]}, "row 2, column status: 'mett' is not one of the "
         "words allowed here. Did you mean 'met'?"),
        ({"visit": ["v1"], "status": ["zzz"]}, "Use one of 'met' or 'not met'."),
        ({"visit": [""]}, "row 2, column visit: The cell is empty."),
        ({"visit": ["v1"], "score": ["5"]}, "5 is out of range. It should be between 0 and 4."),
        ({"visit": ["v1"], "score": ["o"]}, "Did you mean 0 (the digit)?"),
        ({"visit": ["v1"], "score": ["inf"]}, "'inf' is not a number."),
        ({"visit": ["v1"], "score": ["1,5"]}, "Write the number with a decimal point."),
        ({"visit": ["v1"], "day": ["5/3/2024"]}, "Write year-month-day, such as 2024-03-05."),
        ({"visit": ["v1"], "day": ["2024-02-30"]}, "is no day of the calendar"),
        ({"visit": ["v1"], "open": ["perhaps"]}, "Use one of 'yes' or 'no'."),
        ({"visit": ["v1", "V1"]}, "row 3, column visit: The record of visit 'V1' stands in row 2 "
         "already."),
        ({"vist": ["v1"]}, "The column 'vist' is not known. Did you mean 'visit'? Rename it."),
        ({"visit": ["v1"], "statuss": ["met"]}, "Did you mean 'status'?"),
        ({"score": [1]}, "Column 'visit' is missing. The table has 'score'."),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_place_and_remedy(columns, words):
    with pytest.raises(DataError) as caught:
        checked(**columns)
    assert words in str(caught.value)


def test_several_mistakes_come_at_once_the_first_five_and_their_number():
    with pytest.raises(DataError) as caught:
        checked(visit=[f"v{i}" for i in range(8)], score=["9"] * 8)
    text = str(caught.value)
    assert text.startswith("row 2, column score: 9 is out of range.")
    assert "Also row 6, column score" in text
    assert "row 7" not in text
    assert text.endswith("8 mistakes in all. (The first 5 are shown.)")


def test_rules_across_columns_are_told_with_the_row_of_the_file(tmp_path):
    def rule(table):
        for i, (status, score) in enumerate(zip(table["status"], table["score"], strict=True)):
            if status == "met" and math.isnan(score):
                yield i, "score", "Met without a score.", None

    path = tmp_path / "visits.csv"
    path.write_text("visit,status,score\n\nv1,met,1\n\n\nv2,met,\n")
    with pytest.raises(DataError, match=r"visits\.csv, row 6, column score: Met without a score"):
        read_records(path, KIND, rules=[rule])


def test_decimal_comma_of_a_semicolon_file(tmp_path):
    path = tmp_path / "visits.csv"
    path.write_text("visit;score\nv1;1,5\nv2;3\n")
    assert read_records(path, KIND)["score"].tolist() == [1.5, 3.0]


def test_a_file_with_a_header_only_has_no_records(tmp_path):
    (tmp_path / "visits.csv").write_text(",".join(KIND.columns) + "\n")
    table = find_records(tmp_path, KIND)
    assert table is not None
    assert len(table) == 0
    assert table["score"].dtype == "float64"


def workbook(path, rows, sheet="Visits"):
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_a_workbook_gives_what_the_file_gives(tmp_path):
    path = tmp_path / "all.xlsx"
    day = datetime.datetime(2024, 3, 5)
    workbook(path, [["visit", "score", "day", "open"], [1, 2.5, day, True], [None] * 4,
                    ["v2", None, None, None]])  # fmt: skip
    table = find_records(path, KIND)
    assert table is not None
    assert table[["visit", "day", "open"]].iloc[0].tolist() == ["1", "2024-03-05", "yes"]
    assert table["score"].iloc[0] == 2.5
    assert math.isnan(table["score"].iloc[1])


def test_the_row_of_a_workbook_is_the_one_the_sheet_shows(tmp_path):
    path = tmp_path / "all.xlsx"
    workbook(path, [["visit", "score"], [None, None], ["v1", 7]])
    with pytest.raises(DataError, match="row 3, column score: 7 is out of range"):
        find_records(path, KIND)


def test_nothing_there_and_places_that_are_none(tmp_path):
    assert find_records(tmp_path, KIND) is None
    workbook(tmp_path / "all.xlsx", [["a"], [1]], sheet="other")
    assert find_records(tmp_path / "all.xlsx", KIND) is None
    with pytest.raises(DataError, match="There is no such folder"):
        find_records(tmp_path / "nowhere", KIND)
    with pytest.raises(DataError, match="no sheet 'visits'"):
        read_records(tmp_path / "all.xlsx", KIND)


def test_marks_that_steer_direction_do_not_make_another_label():
    table = checked(visit=["v\u200f1"], status=["\u202emet\u202c"], evidence=["E1\u200b;E1"])
    assert table.loc[0, ["visit", "status", "evidence"]].tolist() == ["v1", "met", "E1"]


def test_labels_are_split_once_each_and_zeros_do_not_hide_the_nearest():
    assert split_ids("a b;a,c") == ("a", "b", "c")
    assert split_ids(None) == ()
    assert split_ids(math.nan) == ()
    assert nearest("C1", ["C51", "C01", "C10"]) == "Did you mean 'C01'?"


def test_a_kind_of_column_that_is_none_is_refused():
    with pytest.raises(DataError, match="'numer' is not a kind of column"):
        Field("x", kind="numer")  # type: ignore[arg-type]


REACH = RecordKind(
    "reach", "reach.csv", [Field("what"), Field("reach", kind="number", low=0),
                           Field("score", kind="number", low=0, high=4)]
)  # fmt: skip


def test_a_dot_that_may_part_thousands_is_not_guessed(tmp_path):
    path = tmp_path / "reach.csv"
    path.write_text("what;reach\nZeitungsanzeige für alle;5000\nRadio;12.000\n", encoding="cp1252")
    with pytest.raises(DataError) as error:
        read_records(path, REACH)
    assert str(error.value) == (
        "reach.csv, row 3, column reach: '12.000' may mean 12 or 12000. Write 12000 if the dot "
        "parts thousands, 12.0000 if it is a decimal point."
    )
    path.write_text("what;reach\nRadio;1.234.567\n")
    with pytest.raises(DataError, match=r"'1.234.567' parts .*\. Write 1234567,"):
        read_records(path, REACH)


def test_a_dot_that_the_table_settles_is_a_decimal_point(tmp_path):
    path = tmp_path / "reach.csv"
    path.write_text("what;reach\nRadio;12.250\nPress;12.5\n")
    assert read_records(path, REACH)["reach"].tolist() == [12.25, 12.5]
    # thousands would be out of range, and cells that are numbers already mean what they are
    assert check_records(pd.DataFrame({"score": ["3.500"]}), REACH)["score"].item() == 3.5
    assert check_records(pd.DataFrame({"reach": [12.345]}), REACH)["reach"].item() == 12.345


@pytest.mark.parametrize(
    ("cell", "words"),
    [("12.000", "Write 12000, without"), ("12.5", "the decimal sign of this table is")],
)
def test_a_dot_where_the_decimal_sign_is_a_comma_is_refused(cell, words):
    with pytest.raises(DataError, match=words):
        read_number(cell, None, None, ",")


def test_a_missing_column_is_looked_for_among_those_that_nobody_knows():
    fields = [Field("person", required=True), Field("seconds", kind="number", required=True)]
    kind = RecordKind("talk", "talk.csv", fields)
    with pytest.raises(DataError) as error:
        check_records(pd.DataFrame({"person": ["a"], "secs": ["3"]}), kind)
    assert str(error.value) == "Column 'seconds' is missing. Did you mean 'secs'? Then rename it."
    with pytest.raises(DataError, match="The table has 'person' and 'x'"):
        check_records(pd.DataFrame({"person": ["a"], "x": ["3"]}), kind)
