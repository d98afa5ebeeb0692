"""Participants' feedback on items."""

from __future__ import annotations

import json

import numpy as np
import pytest
import samples

from dmpkit.errors import DataError, ReadingWarning
from dmpkit.qmethod import read_feedback

R_TABLE = (
    'item_id,item_feedback,correction\ni01,"I don\'t like it, at all",FALSE\n'
    'i02,"There is a typo here!",TRUE\ni03,,FALSE\n'
)


def said(table) -> list[tuple[str, str, str]]:
    return [tuple(row) for row in table.itertuples(index=False)]


def test_folder_as_r_has_it(tmp_path):
    (tmp_path / "JohnDoe.csv").write_text(R_TABLE)
    (tmp_path / "JaneDoe.csv").write_text("any,header\ni03,fine\n")
    (tmp_path / "notes.md").write_text("not feedback")
    table = read_feedback(tmp_path)
    assert list(table.columns) == ["participant", "statement", "feedback"]
    assert said(table) == [
        ("JaneDoe", "i03", "fine"),
        ("JohnDoe", "i01", "I don't like it, at all"),
    ]


def test_ids_become_labels_and_unknown_ones_are_said(tmp_path):
    (tmp_path / "Ana.csv").write_text(R_TABLE + "i09,what?,F\n")
    with pytest.warns(ReadingWarning, match=r"1 remark\(s\) on unknown ids are left: 'i09'") as got:
        table = read_feedback(tmp_path / "Ana.csv", statements={"i01": "1", "i02": "2"})
    assert said(table) == [("Ana", "1", "I don't like it, at all")]
    assert got[0].filename == __file__


def test_one_table_of_all(tmp_path):
    for delimiter in ",;\t":
        lines = (
            ["participant", "statement", "feedback"],
            ["Ana", "1", '"a, b; c"'],
            ["Ben", "1", "d"],
        )
        (tmp_path / "all.csv").write_text("\n".join(map(delimiter.join, lines)))
        assert said(read_feedback(tmp_path / "all.csv")) == [
            ("Ana", "1", "a, b; c"),
            ("Ben", "1", "d"),
        ]


def test_comments_of_htmlq(tmp_path):
    expected = [("Ana", "3", "It matters; a lot"), ("Ben", "7", 'Never"')]
    found = said(read_feedback(samples.htmlq(tmp_path / "a.csv")))
    assert found == [expected[0], ("Ben", "7", '"Never"')]


@pytest.mark.parametrize("make", [samples.firebase, samples.netlify, samples.sheets])
def test_comments_of_eq_web_sort(tmp_path, make):
    best = [str(int(np.argmax(samples.VALUES[:, j])) + 1) for j in range(5)]
    assert said(read_feedback(make(tmp_path / "a"))) == [
        (samples.NAMES[j], best[j], f"Because of rule {j}") for j in range(5)
    ]


def test_comments_of_our_own_sorting_page(tmp_path):
    content = {
        "format": "dmpkit-sort",
        "version": 1,
        "participant": "P1",
        "comments": {"a": "too far", "b": " "},
    }
    (tmp_path / "x.json").write_text(json.dumps(content))
    assert said(read_feedback(tmp_path)) == [("P1", "a", "too far")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("\x00\x01\x02", "not text"),
        ("a,b,c,d\n1,2,3,4\n", "do not tell feedback"),
        ("item_id,item_feedback,correction\ni01,too long, that one,FALSE\n", "row has 4 cells"),
        ("item_id,item_feedback,correction\ni01,too long,perhaps\n", "neither TRUE nor FALSE"),
        ("item_id,item_feedback\n,who?\n", "names no participant or no statement"),
        ("item_id,item_feedback\ni01,a\ni01,b\n", "comments twice on statement 'i01'"),
        ('item_id,item_feedback\ni01,"a\n', "quoting"),
        ('{"a": 1}', "no records of a sorting page"),
        ('{"format": "dmpkit-sort", "comments": [1]}', "not an object"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_is_refused(tmp_path, content, message):
    (tmp_path / "Ana.csv").write_text(content)
    with pytest.raises(DataError, match=message) as caught:
        read_feedback(tmp_path / "Ana.csv")
    assert str(caught.value).startswith("Ana.csv")


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match="holds 0 files"):
        read_feedback(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_feedback(tmp_path / "none.csv")


def test_a_formula_comes_back_as_it_was_said(tmp_path):
    (tmp_path / "Ana.csv").write_text("item_id,item_feedback\ni01,'=no\n")
    assert said(read_feedback(tmp_path / "Ana.csv")) == [("Ana", "i01", "=no")]
