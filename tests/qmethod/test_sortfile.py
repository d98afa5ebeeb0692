"""Files that the sorting page saves: read whole, or refused with the reason."""

from __future__ import annotations

import copy
import json

import pytest

import dmpkit.qmethod as qm
from dmpkit.errors import DataError, ReadingWarning

GOOD = {
    "format": "dmpkit-sort",
    "version": 1,
    "study": "toy",
    "title": "A toy",
    "fingerprint": "0123",
    "language": "en",
    "participant": "P1",
    "complete": True,
    "saved": "2025-03-04",
    "statements": ["a", "b", "c", "d"],
    "texts": {"a": "A.", "b": "B.", "c": "C.", "d": "D."},
    "grid": [{"value": -1, "count": 1}, {"value": 0, "count": 2}, {"value": 1, "count": 1}],
    "values": {"a": 1, "b": 0, "c": 0, "d": -1},
    "piles": {"a": "agree", "d": "disagree"},
    "order": ["d", "c", "b", "a"],
    "comments": {"a": "Because.", "d": " "},
    "remark": "One was missing.",
}


def put(folder, name="one.json", **changes):
    content = copy.deepcopy(GOOD) | changes
    file = folder / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def two(folder):
    put(folder, "1.json")
    return put(
        folder, "2.json", participant="P2", values={"a": -1, "b": 0, "c": 1, "d": 0}, comments={}
    ).parent


def test_a_folder_of_files_becomes_sorts(tmp_path):
    two(tmp_path)
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "other.json").write_text("[]")
    (tmp_path / ".DS_Store").write_text("x")
    sorts = qm.read_sorts(tmp_path)
    assert sorts.sorts == ("P1", "P2")
    assert sorts.statements == ("a", "b", "c", "d")
    assert sorts.texts == ("A.", "B.", "C.", "D.")
    assert sorts.values.T.tolist() == [[1, 0, 0, -1], [-1, 0, 1, 0]]
    assert sorts.distribution.tolist() == [-1, 0, 0, 1]
    assert sorts.forced
    assert "left: other.json, readme.txt" in sorts.notes
    assert any("3 comments" in note for note in sorts.notes)


def test_files_can_be_named_one_by_one_and_texts_given(tmp_path):
    two(tmp_path)
    files = [tmp_path / "2.json", tmp_path / "1.json"]
    assert qm.read_sort_files(files).sorts == ("P2", "P1")
    assert qm.read_sort_files(tmp_path, texts=list("wxyz")).texts == tuple("wxyz")
    assert qm.read_sorts(tmp_path, texts=list("wxyz")).texts == tuple("wxyz")


def test_a_file_holds_all_that_was_saved(tmp_path):
    one = qm.read_sort_file(put(tmp_path))
    assert one.values == (1, 0, 0, -1)
    assert one.grid == ((-1, 1), (0, 2), (1, 1))
    assert one.order == ("d", "c", "b", "a")
    assert one.comments == {"a": "Because."}
    assert (one.study, one.participant, one.saved) == ("toy", "P1", "2025-03-04")


def test_comments_come_with_the_place_of_the_card(tmp_path):
    table = qm.read_comments(two(tmp_path))
    assert table.iloc[0].to_dict() == {
        "sort": "P1", "statement": "a", "value": 1.0, "comment": "Because.",
    }  # fmt: skip
    assert table["statement"].tolist() == ["a", "", ""]
    assert table["value"].isna().tolist() == [False, True, True]


def test_feedback_of_the_same_files_is_read_too(tmp_path):
    table = qm.read_feedback(two(tmp_path))
    assert table.values.tolist() == [["P1", "a", "Because."]]


def test_a_single_file_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(DataError, match="into one folder"):
        qm.read_sorts(put(tmp_path))


def test_a_folder_without_saved_sorts_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(DataError, match="no file of the sorting page"):
        qm.read_sorts(tmp_path)


def test_an_unfinished_sort_is_refused_with_what_is_missing(tmp_path):
    file = put(tmp_path, values={"a": 1, "b": 0}, complete=False)
    with pytest.raises(DataError, match=r"2 of 4 statements are not in the grid \(c, d\)"):
        qm.read_sort_file(file)


def test_a_code_twice_names_both_files(tmp_path):
    put(tmp_path, "1.json")
    put(tmp_path, "2.json")
    with pytest.raises(DataError, match=r"2\.json.*'P1' occurs in 1\.json too"):
        qm.read_sorts(tmp_path)


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("study", {"study": "other"}),
        ("statements", {"statements": ["a", "b", "d", "c"]}),
        (
            "grid",
            {
                "grid": [
                    {"value": -2, "count": 1},
                    {"value": 0, "count": 2},
                    {"value": 1, "count": 1},
                ],
                "values": {"a": 1, "b": 0, "c": 0, "d": -2},
            },
        ),
    ],
)
def test_files_of_two_studies_are_not_mixed(tmp_path, what, changes):
    put(tmp_path, "1.json")
    put(tmp_path, "2.json", participant="P2", **changes)
    with pytest.raises(DataError, match=rf"The {what} of this file differs from 1\.json"):
        qm.read_sorts(tmp_path)


def test_another_language_is_said_and_no_code_takes_the_file_name(tmp_path):
    put(tmp_path, "1.json")
    texts = {label: f"{label} auf Deutsch" for label in "abcd"}
    values = {"a": 0, "b": 1, "c": -1, "d": 0}
    put(tmp_path, "2.json", participant=" ", texts=texts, language="de", values=values)
    with pytest.warns(ReadingWarning) as caught:
        sorts = qm.read_sorts(tmp_path)
    assert sorts.sorts == ("P1", "2")
    assert sorts.texts[0] == "A."
    assert {"de, en" in str(one.message) for one in caught} == {True, False}


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": True},
        {"version": None},
        {"format": "else"},
        {"statements": "abcd"},
        {"statements": ["a", "b"]},
        {"statements": ["a", "a", "b", "c"]},
        {"statements": ["a", "b", "c", 4]},
        {"statements": [["a"], "b", "c", "d"]},
        {"grid": None},
        {"grid": [{"value": 0, "count": 4}]},
        {"grid": [{"value": 1, "count": 1}, {"value": 0, "count": 2}, {"value": -1, "count": 1}]},
        {"grid": [{"value": -1, "count": 1e300}, {"value": 0, "count": 2}]},
        {"grid": [{"value": "x", "count": 1}, {"value": 0, "count": 2}]},
        {"grid": [{"value": -1, "count": 1}, {"value": 0, "count": 1}, {"value": 1, "count": 1}]},
        {"values": []},
        {"values": {"a": 1, "b": 0, "c": 0, "d": -1, "e": 0}},
        {"values": {"a": 1, "b": 0, "c": 0, "d": "-1"}},
        {"values": {"a": 1, "b": 0, "c": 0, "d": None}},
        {"values": {"a": 1, "b": 0, "c": 0, "d": True}},
        {"values": {"a": 1, "b": 1, "c": 0, "d": -1}},
        {"values": {"a": 1, "b": 0, "c": 0, "d": 10**400}},
        {"piles": {"a": "perhaps"}},
        {"piles": {"z": "agree"}},
        {"order": ["a"]},
        {"order": [{}, "b", "c", "d"]},
        {"comments": {"a": 3}},
        {"comments": ["a"]},
        {"remark": {}},
        {"participant": 7},
        {"study": None},
    ],
    ids=lambda changes: json.dumps(changes)[:50],
)
def test_a_file_that_was_changed_is_refused(tmp_path, changes):
    file = put(tmp_path, **changes)
    with pytest.raises(DataError) as caught:
        qm.read_sort_file(file)
    assert str(caught.value).startswith("one.json")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   \n",
        b"\xff\xfe\x00{",
        b"{",
        json.dumps(GOOD).encode()[:-40],
        b"[" * 100_000,
        b'{"format": "dmpkit-sort", "format": "dmpkit-sort"}',
        b'{"a": NaN}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"null",
        b'"dmpkit-sort"',
        b"PK\x03\x04 not json",
    ],
    ids=lambda data: repr(data[:20]),
)
def test_hostile_bytes_give_a_data_error(tmp_path, data):
    file = tmp_path / "one.json"
    file.write_bytes(data)
    with pytest.raises(DataError):
        qm.read_sort_file(file)
    with pytest.raises(DataError):
        qm.read_sorts(file)


def test_a_damaged_file_in_the_folder_is_not_passed_over(tmp_path):
    two(tmp_path)
    (tmp_path / "3.json").write_text(json.dumps(GOOD)[:-60])
    with pytest.raises(DataError, match=r"3\.json.*not valid JSON"):
        qm.read_sorts(tmp_path)


def test_a_large_file_is_refused_unread(tmp_path):
    file = tmp_path / "one.json"
    with file.open("wb") as handle:
        handle.truncate(50_000_000)
    with pytest.raises(DataError, match=r"50\.0 MB"):
        qm.read_sort_file(file)


def test_a_missing_file_and_a_missing_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        qm.read_sort_file(tmp_path / "none.json")
    with pytest.raises(DataError):
        qm.read_sorts(tmp_path / "none")


def test_a_mark_at_the_start_of_the_file_does_no_harm(tmp_path):
    file = tmp_path / "one.json"
    file.write_bytes(b"\xef\xbb\xbf" + json.dumps(GOOD).encode())
    assert qm.read_sort_file(file).participant == "P1"
