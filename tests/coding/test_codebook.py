from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invented import scattered

import dmpkit.coding as coding
from dmpkit.coding.codebook import Codebook, diff
from dmpkit.errors import DataError

KEPT = ["segment", "source", "coder", "start", "end", "quote", "memo", "guid"]


def book():
    return Codebook.of(scattered(40, 1), "1")


def test_each_change_recodes_and_loses_nothing():
    project = scattered(40, 1)
    first = Codebook.of(project, "1")
    money = project.segments.loc[project.segments["code"] == "Limits/Money", "segment"].tolist()
    later = (
        first.rename("Media", "Press")
        .move("Impact/Policy", "Limits")
        .merge(["Limits/Time"], "Limits/Policy", version="2")
        .split("Limits/Money", {"Limits/Fees": money[:2], "Limits/Budget": money[2:3]})
        .add("Voice", "Who is heard.", origin="inductive", note="new in round two")
        .define("Press", "Newspapers and broadcasters.")
    )
    done = later.log.apply(project)
    pd.testing.assert_frame_equal(done.segments[KEPT], project.segments[KEPT])
    assert done.codes["code"].tolist() == later.codes["code"].tolist()
    moved = dict(zip(project.segments["segment"], done.segments["code"], strict=True))
    for segment, code in zip(project.segments["segment"], project.segments["code"], strict=True):
        wanted = {
            "Media": "Press",
            "Impact/Policy": "Limits/Policy",
            "Limits/Time": "Limits/Policy",
        }
        if segment in money:
            wanted[code] = ["Limits/Fees", "Limits/Fees", "Limits/Budget", "Limits/Money"][
                min(money.index(segment), 3)
            ]
        assert moved[segment] == wanted.get(code, code)
    assert later.log.table["version"].tolist() == ["1", "1", "2", "2", "2", "2"]
    assert later.log.table["note"].iloc[4] == "new in round two"


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_any_log_replays_to_its_codebook_and_keeps_all_segments(data):
    project = scattered(12, data.draw(st.integers(0, 5)))
    current = Codebook.of(project)
    for _ in range(data.draw(st.integers(1, 5))):
        names = current.codes["code"].tolist()
        one, two = data.draw(st.sampled_from(names)), data.draw(st.sampled_from([*names, "New"]))
        change = data.draw(st.sampled_from(["rename", "move", "merge", "add"]))
        try:
            if change == "rename":
                current = current.rename(one, data.draw(st.sampled_from(["X", "Y", "Time"])))
            elif change == "move":
                current = current.move(one, "" if two == "New" else two)
            elif change == "merge":
                current = current.merge([one], two)
            else:
                current = current.add(f"{one}/Z")
        except DataError:
            continue
    done = current.log.apply(project)
    assert done.codes["code"].tolist() == current.codes["code"].tolist()
    pd.testing.assert_frame_equal(done.segments[KEPT], project.segments[KEPT])


def test_changes_that_do_not_fit_say_why():
    with pytest.raises(DataError, match="'Media'"):
        book().rename("Medai", "Press")
    with pytest.raises(DataError, match="already"):
        book().rename("Limits/Time", "Money")
    with pytest.raises(DataError, match="below itself"):
        book().move("Impact", "Impact/Policy")
    with pytest.raises(DataError, match="lies below it"):
        book().merge(["Impact"], "Impact/Policy")
    with pytest.raises(DataError, match="already"):
        book().add("Media")
    with pytest.raises(DataError, match="is given to"):
        book().split("Media", {"A": ["1"], "B": ["1"]}).log.apply(scattered(40, 1))
    with pytest.raises(DataError, match=r"Step 1 \(rename\) cannot be replayed"):
        book().rename("Media", "Press").log.apply(scattered(3, 1).with_segments(None).with_codes(
            pd.DataFrame({"code": ["Other"]})
        ))  # fmt: skip


def test_merging_joins_definitions_and_origins():
    codes = pd.DataFrame(
        {
            "code": ["A", "B", "B/C"], "description": ["first", "second", "third"],
            "origin": ["", "deductive", "inductive"],
        }
    )  # fmt: skip
    merged = Codebook(codes).merge(["B"], "A").codes.set_index("code")
    assert merged.index.tolist() == ["A", "A/C"]
    assert merged.loc["A", "description"] == "first\nsecond"
    assert merged.loc["A", "origin"] == "deductive"
    assert merged.loc["A/C", "parent"] == "A"


def test_diff_names_every_change():
    old = pd.DataFrame(
        {"code": ["A", "B", "C", "D"], "description": ["x", "", "", ""], "guid": ["1", "2", "", ""]}
    )
    new = pd.DataFrame(
        {
            "code": ["A", "E", "A/C", "F"], "description": ["y", "", "", ""],
            "guid": ["1", "2", "", ""], "origin": ["", "inductive", "", ""],
        }
    )  # fmt: skip
    found = set(
        diff(old, new)[["change", "code_old", "code_new"]].itertuples(index=False, name=None)
    )
    assert found == {
        ("redefined", "A", "A"), ("renamed", "B", "E"), ("origin changed", "B", "E"),
        ("moved", "C", "A/C"), ("removed", "D", ""), ("added", "", "F"),
    }  # fmt: skip
    assert diff(new, new).empty


def test_the_appendix_in_three_formats(tmp_path):
    from openpyxl import load_workbook

    project = scattered(40, 1)
    figures = pd.DataFrame(
        {"version": ["1"], "code": ["Media"], "coefficient": ["alpha"], "value": [0.7]}
    )
    current = book().define("Media", "=1+1 <b>").with_reliability(figures)
    table = current.table(project)
    assert table.loc[table["code"] == "Media", "alpha"].tolist() == [0.7]
    assert table["segments"].sum() == len(project.segments)
    assert table["level"].tolist() == [1 + c.count("/") for c in table["code"]]
    for ending in ("csv", "xlsx", "html"):
        assert current.export(tmp_path / f"book.{ending}", project).stat().st_size > 100
    assert "'=1+1" in (tmp_path / "book.csv").read_text()
    assert "&lt;b&gt;" in (tmp_path / "book.html").read_text()
    assert "history" in load_workbook(tmp_path / "book.xlsx").sheetnames
    with pytest.raises(DataError, match=r"\.xlsx"):
        current.export(tmp_path / "book.docx")


def test_hybrid_coding_is_said():
    codes = pd.DataFrame({"code": ["A", "B", "C"], "origin": ["deductive", "inductive", ""]})
    found = Codebook(codes)
    assert (
        "Hybrid coding: 1 from theory (deductive), 1 from the text (inductive), 1"
        in found.summary()
    )
    assert "3 codes have no definition" in found.summary()


@pytest.mark.parametrize("approach", ["codebook", "coding reliability", ""])
def test_what_an_approach_says(approach):
    said = coding.require_approach(scattered(3, 1).with_approach(approach), "agreement")
    assert (said == "") == (approach == "coding reliability")


def test_reflexive_projects_are_refused_with_a_reason():
    project = scattered(3, 1).with_approach("reflexive")
    with pytest.raises(DataError, match=r"saturation says nothing.*side by side"):
        coding.require_approach(project, "saturation")
    assert "reflexively" in coding.require_approach(project, "saturation", refuse=False)
