"""The scorecard: what it reads, what it refuses, what it never makes of a blank."""

from __future__ import annotations

import math

import pandas as pd
import polars as pl
import pytest
from openpyxl import Workbook

from dmpkit.errors import DataError
from dmpkit.evaluation import Criteria, Scorecard, read_scorecard
from dmpkit.tables import write_csv
from tests.evaluation.scorecards import criteria

EVIDENCE = pd.DataFrame({"evidence": ["E1", "E2"], "grade": ["A", "d"], "public": ["yes", "no"]})


def card(**columns):
    return Scorecard.from_frames(pd.DataFrame(columns), criteria(), EVIDENCE)


def folder_of(path, **files):
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


CRITERIA_FILE = "id;label;stage\nI01;Food;room\nI02;Heat;room\nI03;Reply;impact\n"
RATINGS_FILE = (
    "criterion;rater;status;score;confidence;evidence;note\n"
    "I01;R1;assessed;3,5;high;E1 E2;\n"
    "i01;R2;assessed;2;0,4;;\n"
    "I02;R1;not assessed;;;;\n"
    "I03;R1;not applicable;;;;no reply was due\n"
)
EVIDENCE_FILE = "evidence;kind;made_by;date;public;grade\nE1;minutes;observer;2024-05-01;yes;A\n\
E2;survey;organiser;;no;C\n"


def test_a_folder_is_read(tmp_path):
    found = read_scorecard(
        folder_of(tmp_path, criteria=CRITERIA_FILE, ratings=RATINGS_FILE, evidence=EVIDENCE_FILE,
                  about="field;value\nTitle;Assembly\nsynthetic;Yes\n",
                  local_criteria="criterion;label;stage\nL01;Own tongue;In the room\n",
                  goals="goal;kind\nA new law;legislation\n")
    )  # fmt: skip
    assert found.criteria.ids == ("I01", "I02", "L01", "I03")
    assert found.raters == ("R1", "R2")
    assert found.scores.loc["I01"].tolist() == [3.5, 2.0]
    assert found.about["title"] == "Assembly"
    assert found.synthetic
    assert found.folder == tmp_path
    assert found.records["goals"]["goal"].tolist() == ["A new law"]
    assert "1 of 4 criteria assessed" in repr(found)


def test_a_workbook_gives_the_same_as_the_folder(tmp_path):
    folder_of(tmp_path, criteria=CRITERIA_FILE, ratings=RATINGS_FILE, evidence=EVIDENCE_FILE)
    book = Workbook()
    book.remove(book.active)
    for name in ("criteria", "ratings", "evidence"):
        page = book.create_sheet(name.capitalize())
        for line in (tmp_path / f"{name}.csv").read_text().splitlines():
            page.append([cell.replace("3,5", "3.5") or None for cell in line.split(";")])
    book.save(tmp_path / "all.xlsx")
    one, two = read_scorecard(tmp_path), read_scorecard(tmp_path / "all.xlsx")
    pd.testing.assert_frame_equal(one.ratings, two.ratings)
    pd.testing.assert_frame_equal(one.evidence, two.evidence)


def test_polars_gives_the_same_as_pandas():
    ratings = pd.DataFrame({"criterion": ["I01", "I02"], "rater": ["a", "a"], "score": [1, None]})
    one = Scorecard.from_frames(ratings, criteria(), EVIDENCE)
    two = Scorecard.from_frames(pl.from_pandas(ratings), criteria(), pl.from_pandas(EVIDENCE))
    pd.testing.assert_frame_equal(one.ratings, two.ratings)
    assert two.profile().tables("polars")["stages"]["n"].to_list() == [3, 3, 6]


def test_a_blank_score_is_not_assessed_and_a_score_assessed():
    found = card(criterion=["I01", "I02"], score=[None, 0])
    assert found.ratings["status"].tolist() == ["not assessed", "assessed"]
    assert math.isnan(found.ratings["score"].iloc[0])
    assert found.raters == ("unnamed",)


def test_a_rater_in_two_spellings_is_asked_about_and_stray_blanks_are_forgiven():
    with pytest.raises(DataError, match="row 3, column rater: The rater 'rater a' is called"):
        card(criterion=["I01", "I02"], rater=["Rater A", "rater  a"], score=[1, 2])
    found = card(criterion=["I01", "I02"], rater=["Rater A", " Rater  A"], score=[1, 2])
    assert found.raters == ("Rater A",)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"criterion": ["I1"], "score": [1]}, "'I1' is not one of the criteria. Did you mean "
         "'I01'?"),
        ({"criterion": ["I01"], "status": ["assessed"]}, "called assessed and has no score"),
        ({"criterion": ["I01"], "status": ["not assessed"], "score": [0]},
         "called not assessed and has a score. Empty the score"),
        ({"criterion": ["I01"], "status": ["not applicable"]}, "column note: The criterion is "
         "called not applicable without a reason."),
        ({"criterion": ["I01"], "status": ["not applicable"], "note": ["x"], "score": [2]},
         "called not applicable and has a score"),
        ({"criterion": ["I01"], "score": [4.1]}, "4.1 is out of range. It should be between 0 "
         "and 4."),
        ({"criterion": ["I01"], "score": [-1]}, "-1 is out of range"),
        ({"criterion": ["I01"], "score": [1], "evidence": ["E1;E9"]},
         "The evidence 'E9' is not in the list of evidence. Use one of 'E1' or 'E2'."),
        ({"criterion": ["I01", "I01"], "rater": ["a", "A"], "score": [1, 2]},
         "row 3, column criterion: The record of criterion 'I01' and rater 'A' stands in row 2"),
        ({"criterion": ["I01"], "score": [1], "confidence": ["1.2"]}, "'1.2' is no degree of "
         "confidence. Write low, medium or high, or a number from 0 to 1."),
        ({"criterion": ["I01"], "score": [1], "rater": ["Measured"]}, "is kept for measured "
         "numbers"),
        ({"criterion": ["I01"], "status": ["asessed"], "score": [1]}, "Did you mean 'assessed'?"),
    ],
)  # fmt: skip
def test_ratings_that_contradict_themselves_are_refused(columns, words):
    with pytest.raises(DataError) as caught:
        card(**columns)
    assert words in str(caught.value)
    assert str(caught.value).startswith("ratings.csv, row ")


def test_a_scorecard_cannot_be_made_broken():
    broken = pd.DataFrame({"criterion": ["I01"], "status": ["assessed"], "score": [None]})
    with pytest.raises(DataError, match="has no score"):
        Scorecard(criteria(), broken)


def test_several_mistakes_of_a_file_come_at_once(tmp_path):
    folder_of(tmp_path, criteria=CRITERIA_FILE,
              ratings="criterion;score\nI09;1\nI01;9\n\nI02;x\n")  # fmt: skip
    with pytest.raises(DataError) as caught:
        read_scorecard(tmp_path)
    text = str(caught.value)
    assert text.startswith("ratings.csv, row 2, column criterion: 'I09'")
    assert "Also row 3, column score: 9 is out of range" in text
    assert "Also row 5, column score: 'x' is not a number" in text
    assert text.endswith("3 mistakes in all.")


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({"evidence": ["E1"], "grade": ["E"]}, "Use one of 'A', 'B', 'C' or 'D'."),
        ({"evidence": ["E1", "e1"]}, "stands in row 2 already"),
        ({"evidence": ["E 1"]}, "holds a blank, comma or semicolon"),
        ({"evidence": ["E1"], "sha256": ["abc"]}, "This is no SHA-256 hash"),
        ({"evidence": ["E1"], "made_by": ["organizer"]}, "Did you mean 'organiser'?"),
    ],
)
def test_evidence_is_checked(evidence, words):
    with pytest.raises(DataError) as caught:
        Scorecard.from_frames(
            pd.DataFrame({"criterion": ["I01"], "score": [1]}), criteria(), pd.DataFrame(evidence)
        )
    assert words in str(caught.value)
    assert str(caught.value).startswith("evidence.csv")


def test_records_may_name_listed_evidence_only():
    with pytest.raises(DataError, match="The evidence 'E7' is not in the list"):
        Scorecard.from_frames(
            pd.DataFrame({"criterion": ["I01"], "score": [1]}), criteria(), EVIDENCE,
            records={"goals": pd.DataFrame({"goal": ["law"], "evidence": ["E7"]})},
        )  # fmt: skip
    with pytest.raises(DataError, match="There are no records of 'goal'"):
        Scorecard.from_frames(pd.DataFrame({"criterion": ["I01"], "score": [1]}), criteria(),
                              records={"goal": pd.DataFrame()})  # fmt: skip


def test_a_folder_without_ratings_says_what_it_holds(tmp_path):
    folder_of(tmp_path, rating="criterion\n")
    with pytest.raises(DataError, match=r"no ratings\.csv\. It holds rating\.csv"):
        read_scorecard(tmp_path)
    with pytest.raises(DataError, match="There is no such folder"):
        read_scorecard(tmp_path / "nowhere")


def test_whether_data_are_synthetic_is_said_in_a_word_that_is_understood(tmp_path):
    folder_of(tmp_path, criteria=CRITERIA_FILE, ratings=RATINGS_FILE, evidence=EVIDENCE_FILE,
              about="field;value\nsynthetic;maybe\n")  # fmt: skip
    with pytest.raises(DataError, match=r"about\.csv, row 2, column value: 'maybe' does not say"):
        read_scorecard(tmp_path)
    with pytest.raises(DataError, match="does not say"):
        Scorecard.from_frames(
            pd.DataFrame({"criterion": ["I01"], "score": [1]}), criteria(),
            about={"synthetic": "maybe"},
        )  # fmt: skip


def test_the_default_criteria_have_their_stages_in_order():
    default = Criteria.default()
    assert len(default.ids) == 52
    assert default.stages[0] == "commission"
    assert default.stages[-1] == "impact"
    assert default.stage_name("room") == "In the room"
    assert default.label("C27") == "Knowledge grew"


def test_local_criteria_stand_with_their_stage():
    own = criteria(4, 2)
    local = pd.DataFrame({"criterion": ["L01"], "label": ["Ours"], "stage": ["s1"]})
    assert own.with_local(local).ids == ("I01", "I02", "L01", "I03", "I04")
    with pytest.raises(DataError, match="'s9' is no stage of these criteria"):
        own.with_local(local.assign(stage="s9"))
    with pytest.raises(DataError, match="has 'I01' already"):
        own.with_local(local.assign(criterion="I01"))


def test_criteria_that_are_not_there_are_answered_with_the_nearest():
    own = criteria()
    with pytest.raises(DataError, match=r"no criterion 'I1'\. Did you mean 'I01'"):
        own.label("I1")
    with pytest.raises(DataError, match="no criterion"):
        own.subset(["I01", "I77"])
    assert own.subset(["I03", "I01"]).ids == ("I01", "I03")
    with pytest.raises(DataError, match="no row"):
        Criteria(pd.DataFrame({"id": [], "label": [], "stage": []}))


HOSTILE = '<script>alert(1)</script>=cmd|"/c calc"!A1\u202e' + "x" * 10_000


def test_hostile_text_is_harmless_in_page_workbook_and_table(tmp_path):
    own = Criteria(pd.DataFrame({"criterion": ["I01", "=1+1"], "label": [HOSTILE, "$x$ & <b>"],
                                 "stage": ["<i>", "<i>"]}))  # fmt: skip
    ratings = pd.DataFrame({"criterion": ["I01", "=1+1", "I01"], "rater": ["=R", "=R", "<u>"],
                            "score": [1, 2, 4], "note": [HOSTILE, "", "@x"]})  # fmt: skip
    found = Scorecard.from_frames(ratings, own, about={"title": HOSTILE})
    for result in (found.profile(), found.agreement(seed=1), found.weights(seed=1, n_draws=100)):
        page = result.report(tmp_path / "page.html").read_text(encoding="utf-8")
        assert "<script" not in page
        assert "<b>" not in page
        book = result.to_excel(tmp_path / "book.xlsx")
        import openpyxl

        for sheet in openpyxl.load_workbook(book):
            for row in sheet.iter_rows():
                assert all(cell.data_type != "f" for cell in row)


def test_hostile_cells_written_as_csv_are_no_formulas(tmp_path):
    own = Criteria(pd.DataFrame({"criterion": ["=1+1"], "label": ["@x"], "stage": ["+s"]}))
    ratings = pd.DataFrame({"criterion": ["=1+1"], "rater": ["-R|calc"], "score": [1]})
    found = Scorecard.from_frames(ratings, own)
    write_csv(found.profile().criteria, tmp_path / "c.csv")
    write_csv(found.ratings, tmp_path / "r.csv")
    for name in ("c.csv", "r.csv"):
        cells = pd.read_csv(tmp_path / name, dtype=str).fillna("").to_numpy().ravel()
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]
        assert any(cell.startswith("'=1+1") for cell in cells)
