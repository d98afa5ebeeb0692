"""Exercises: right answers are right, wrong ones are refused, and nothing gives them away."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import pytest

from dmpkit import datasets
from dmpkit.errors import DataError
from dmpkit.workbench import Study, exercises

BOOKS = sorted(path.name for path in datasets.notebooks_path().glob("6?-exercises-*.ipynb"))
TABLE = exercises.listing().set_index("exercise")
CHECK = re.compile(r'exercises\.check\("([\w-]+)", answer\)')


def cells(name, *, solution):
    folder = datasets.notebooks_path("solutions") if solution else datasets.notebooks_path()
    book = json.loads((folder / name).read_text(encoding="utf-8"))
    return [c | {"source": "".join(c["source"])} for c in book["cells"] if c["cell_type"] == "code"]


@cache
def solved(name):
    """Run a page of solutions: each exercise with its answer and the reply to it."""
    found, names = {}, {"display": print}
    for cell in cells(name, solution=True):
        with redirect_stdout(io.StringIO()):
            exec(cell["source"], names)
        for exercise in CHECK.findall(cell["source"]):
            found[exercise] = names["answer"], exercises.check(exercise, names["answer"])
    return found


def answers():
    for name in BOOKS:
        for exercise, (answer, _) in solved(name).items():
            if answer is not None:
                yield exercise, answer


# --- the pages ---------------------------------------------------------------------------


def test_every_module_has_exercises_and_something_to_break():
    assert len(BOOKS) == 5
    assert set(TABLE["notebook"]) == set(BOOKS)
    for _, part in TABLE.groupby("module"):
        assert len(part) >= 3
        assert part["title"].str.startswith("Break it").sum() >= 3
        assert (part["kind"] == "explanation").any()


@pytest.mark.parametrize("name", BOOKS)
@pytest.mark.parametrize("solution", [False, True])
def test_a_page_asks_each_of_its_exercises_once(name, solution):
    asked = CHECK.findall("\n".join(cell["source"] for cell in cells(name, solution=solution)))
    assert sorted(asked) == sorted(TABLE.index[TABLE["notebook"] == name])


@pytest.mark.parametrize("name", BOOKS)
def test_nothing_is_answered_on_a_page_of_exercises(name):
    for cell in cells(name, solution=False):
        for _ in CHECK.findall(cell["source"]):
            assert re.search(r"^answer = None  # ", cell["source"], re.MULTILINE)
            said = json.dumps(cell["outputs"], ensure_ascii=False)
            assert "not answered yet" in said
            assert exercises.MARKS[exercises.RIGHT] not in said


@pytest.mark.parametrize("name", BOOKS)
def test_every_solution_is_right(name):
    replies = {exercise: reply for exercise, (_, reply) in solved(name).items()}
    assert replies
    for exercise, reply in replies.items():
        study = TABLE.loc[exercise, "study"]
        if study == "polycrisis-2024" and not Study.open(study).data_present():
            assert reply.verdict == exercises.NOT_ANSWERED
        elif TABLE.loc[exercise, "kind"] == "explanation":
            assert reply.verdict == exercises.TO_COMPARE, reply
        else:
            assert reply.right, reply


@pytest.mark.parametrize("name", BOOKS)
def test_stored_solutions_show_no_error_and_no_wrong_answer(name):
    said = json.dumps([cell["outputs"] for cell in cells(name, solution=True)], ensure_ascii=False)
    assert '"output_type": "error"' not in said
    assert exercises.NOT_YET not in said


# --- wrong answers -----------------------------------------------------------------------


def test_answers_nearby_are_refused():
    tried = 0
    for exercise, answer in answers():
        kind, digits = TABLE.loc[exercise, ["kind", "digits"]]
        if kind not in {"number", "whole"}:
            continue
        unit = 10.0 ** -(0 if pd.isna(digits) else digits)
        for wrong in (answer + 3 * unit, answer - 3 * unit, 7 * answer + 11 * unit):
            assert not exercises.check(exercise, wrong).right, (exercise, wrong)
            tried += 1
    assert tried > 60


def test_the_answer_of_another_exercise_is_refused():
    names = {e: a for e, a in answers() if TABLE.loc[e, "kind"] in {"name", "names"}}
    for exercise, answer in names.items():
        for other, wrong in names.items():
            if wrong != answer:
                assert not exercises.check(exercise, wrong).right, (exercise, other)


def test_a_short_list_and_a_long_one_are_refused():
    assert exercises.check("q1-3", ["FR9", "JP5"]).right
    assert exercises.check("q1-3", "jp5, fr9").right
    assert not exercises.check("q1-3", ["JP5", "FR9", "US1"]).right
    assert "one more" in exercises.check("q1-3", ["JP5"]).message


def test_a_usual_mistake_has_a_hint_of_its_own():
    said = exercises.check("i1-1", 100 * 75 / 149)
    assert not said.right
    assert said.message == "This is the share of all, not of the closed."
    assert exercises.check("i1-1", 12.3).message.startswith("Hint: ")
    assert "per cent" in exercises.check("r1-1", 477 / 4600).message


# --- what gives nothing away -------------------------------------------------------------


def test_no_hint_holds_its_answer():
    table = datasets.load("exercises", "exercises").set_index("exercise")
    wrong = datasets.load("exercises", "mistakes")
    for exercise, row in table.iterrows():
        if row["kind"] not in {"number", "whole"}:
            continue
        hints = [row["hint"], *wrong.loc[wrong["exercise"] == exercise, "hint"]]
        for number in re.findall(r"\d+(?:\.\d+)?", " ".join(hints)):
            if row["kind"] == "whole" and "." in number:
                continue
            assert not exercises.check(exercise, number).right, (exercise, number)


def test_no_mistake_is_a_right_answer():
    table = datasets.load("exercises", "exercises").set_index("exercise")
    for row in datasets.load("exercises", "mistakes").itertuples():
        assert row.hash not in str(table.loc[row.exercise, "right"]).split()


def test_the_answers_are_not_in_the_data():
    text = datasets.data_path("exercises", "exercises.csv").read_text(encoding="utf-8")
    for exercise, answer in answers():
        if TABLE.loc[exercise, "kind"] == "number":
            digits = int(TABLE.loc[exercise, "digits"])
            (line,) = (one for one in text.splitlines() if one.startswith(f"{exercise},"))
            assert f"{answer:.{digits}f}" not in line


# --- how an answer is read ---------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """One exercise of each kind, with answers 0.62, 13, Ada-B and both names."""

    def row(kind, answer, digits=None):
        right = exercises.seal(answer, salt="s", kind=kind, digits=digits)
        return {
            "exercise": kind,
            "kind": kind,
            "digits": digits,
            "salt": "s",
            "hint": "Look.",
            "right": " ".join(right),
            "afterwards": "",
            "notebook": "n.ipynb",
        }

    rows = [row("number", 0.6154, 2), row("whole", 13), row("name", "Ada-B"), row("names", "a,b")]
    rows.append(row("name", "x") | {"exercise": "explanation", "kind": "explanation"})
    monkeypatch.setattr(exercises, "_tables", lambda: ({r["exercise"]: r for r in rows}, []))


@pytest.mark.parametrize(
    "answer",
    [0.62, 0.615, 0.6154, "0.62", "0,62", " 0.620 ", np.float64(0.6154), np.float32(0.62),
     Decimal("0.62"), np.array([0.62]), pd.Series([0.6154])],
)  # fmt: skip
def test_a_number_is_taken_in_any_dress(asked, answer):
    assert exercises.check("number", answer).right


@pytest.mark.parametrize(
    "answer", [0.61, 0.63, 0.6, 0.614, 0.6251, -0.62, 62, "62 %", 0, np.int64(1)]
)
def test_another_number_is_not_right(asked, answer):
    assert exercises.check("number", answer).verdict == exercises.NOT_YET


@pytest.mark.parametrize(
    "answer",
    ["half", float("nan"), float("inf"), 1j, [0.62, 0.62], {"a": 1}, pd.DataFrame({"a": [1, 2]}),
     pd.Series([1.0, 2.0]), np.array([1, 2]), object(), True, pd.NA, pd.NaT],
)  # fmt: skip
def test_what_is_no_number_is_said_to_be_none(asked, answer):
    said = exercises.check("number", answer)
    assert said.verdict == exercises.NOT_YET
    assert "asked for" in said.message


def test_whole_numbers_names_and_explanations(asked):
    assert exercises.check("whole", 13.0).right
    assert exercises.check("whole", np.int64(13)).right
    assert "whole number" in exercises.check("whole", 12.5).message
    assert exercises.check("name", "ada b").right
    assert not exercises.check("name", "ada").right
    assert "A name" in exercises.check("name", 1.5).message
    assert exercises.check("names", {"b", "a"}).right
    assert exercises.check("names", pd.Index(["b", "a"])).right
    assert "list of names" in exercises.check("names", 3).message
    assert exercises.check("explanation", "word " * 20).verdict == exercises.TO_COMPARE
    assert exercises.check("explanation", "too short").verdict == exercises.NOT_YET
    assert exercises.check("explanation", 3).verdict == exercises.NOT_YET


@pytest.mark.parametrize("answer", [None, ..., "", "..."])
def test_no_answer_is_no_wrong_answer(asked, answer):
    for kind in ("number", "whole", "name", "names", "explanation"):
        assert exercises.check(kind, answer).verdict == exercises.NOT_ANSWERED


def test_an_unknown_exercise_is_named():
    with pytest.raises(DataError, match=r"no exercise 'q1-11'.*Did you mean 'q1-1'"):
        exercises.check("q1-11", 1)
    with pytest.raises(DataError, match="Did you mean 'q1-1'"):
        exercises.check("Q1-11", 1)
    with pytest.raises(DataError, match="for instance q1-1, q1-2, q1-3; ") as raised:
        exercises.check("zzz", 1)
    assert "q2-1" not in str(raised.value)
    with pytest.raises(DataError, match="no exercises on 'cooking'"):
        exercises.listing("cooking")


def test_capitals_and_spaces_in_the_name_of_an_exercise_do_not_matter():
    assert exercises.check(" Q1-1 ", 99) == exercises.check("q1-1", 99)


def test_a_list_of_one_name_is_a_name(asked):
    for answer in (["Ada-B"], ("ada b",), {"ADA-B"}):
        assert exercises.check("name", answer).right
    assert "A name" in exercises.check("name", ["Ada-B", "x"]).message


def test_an_answer_with_too_few_digits_is_told_how_many_are_asked_for(asked):
    for answer in (0.6, "0,6", 1):
        said = exercises.check("number", answer).message
        assert said == "Hint: Look. Two digits after the point are asked for."
    assert exercises.check("number", 0.51).message == "Hint: Look."
    assert exercises.check("whole", 12).message == "Hint: Look."


def test_a_reply_reads_well_and_is_safe(asked):
    reply = exercises.Reply("x", exercises.NOT_YET, "<script>")
    assert str(reply) == "✗ x: not yet. <script>"
    assert "<script>" not in reply._repr_html_()
    assert str(exercises.check("number", 0.62)) == "✓ number: right"


def test_sealing_says_what_it_cannot_do():
    assert len(exercises.seal(0.6154, salt="s", digits=2, within=0.02)) == 4
    with pytest.raises(DataError, match="cannot be sealed"):
        exercises.seal("x", salt="s", kind="explanation")
    with pytest.raises(DataError, match="A number is asked for"):
        exercises.seal("x", salt="s")
    with pytest.raises(DataError, match="0 or more"):
        exercises.seal(1, salt="s", within=-1)
    with pytest.raises(DataError, match="more than 200"):
        exercises.seal(1, salt="s", digits=4, within=1)
    assert exercises.seal(1, salt="s") != exercises.seal(1, salt="t")
