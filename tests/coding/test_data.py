"""The coded project: what it fills in, what it refuses, what it shows."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.coding import CodedProject
from dmpkit.errors import DataError

TEXT = "ADA: We began 😬 late.\nBEN: Time was short.\n"


def tables() -> dict[str, pd.DataFrame]:
    return {
        "sources": pd.DataFrame({"source": ["I1", "I2"], "text": [TEXT, "Nothing."]}),
        "segments": pd.DataFrame(
            {
                "source": ["I1", "I1", "I2"],
                "code": ["Limits/Time", "Limits/Time", "Voice"],
                "coder": ["c1", "c2", "c1"],
                "start": [27, 16, 0],
                "end": [41, 31, 8],
            }
        ),
        "cases": pd.DataFrame({"case": ["P1"], "role": ["member"], "age": [40]}),
        "case_sources": pd.DataFrame({"case": ["P1"], "source": ["I1"]}),
    }


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_frames_of_both_kinds_make_the_same_project(kind: type) -> None:
    given_tables = {
        name: frame if kind is pd.DataFrame else pl.from_pandas(frame)
        for name, frame in tables().items()
    }
    project = CodedProject.from_frames(**given_tables)
    assert project.codes["code"].tolist() == ["Limits", "Limits/Time", "Voice"]
    assert project.codes["codable"].tolist() == [False, True, True]
    assert project.codes["parent"].tolist() == ["", "Limits", ""]
    assert project.segments["quote"].tolist() == ["Time was short", "late.\nBEN: Time", "Nothing."]
    assert project.segments["segment"].tolist() == ["s1", "s2", "s3"]
    assert project.coders == ("c1", "c2")
    assert project.case_sources[["start", "end"]].to_numpy().tolist() == [[0, len(TEXT)]]
    assert project.cases["age"].tolist() == [40]
    assert project.tables("polars")["segments"]["start"].to_list() == [27, 16, 0]
    assert project.segments["start"].dtype == "int64"


def test_a_name_may_hold_the_separator() -> None:
    codes = pd.DataFrame(
        {"code": ["Time/money", "Time/money/Late"], "name": ["Time/money", "Late"]}
    )
    project = CodedProject.from_frames(tables()["sources"], codes=codes)
    assert project.codes["parent"].tolist() == ["", "Time/money"]


def test_codes_come_in_the_order_of_the_tree() -> None:
    codes = pd.DataFrame({"code": ["B/x", "A", "B", "A/y", "B/x/z"]})
    project = CodedProject.from_frames(tables()["sources"], codes=codes)
    assert project.codes["code"].tolist() == ["A", "A/y", "B", "B/x", "B/x/z"]
    assert project.children() == ("A", "B")
    assert project.subtree("B") == ("B", "B/x", "B/x/z")
    with pytest.raises(DataError, match="closest is 'B/x'"):
        project.subtree("B/X")


def test_only_keeps_a_part_and_the_codebook() -> None:
    project = CodedProject.from_frames(**tables())
    part = project.only(sources=["I1"], coders="c2")
    assert part.segments["segment"].tolist() == ["s2"]
    assert part.codes.equals(project.codes)
    assert part.case_sources["case"].tolist() == ["P1"]
    assert len(project.only(sources="I2").case_sources) == 0
    with pytest.raises(DataError, match="no coder 'c9'"):
        project.only(coders=["c9"])


def test_exchanging_tables_checks_them_together() -> None:
    project = CodedProject.from_frames(**tables())
    assert project.with_approach("reflexive").approach == "reflexive"
    assert project.with_segments(project.segments.iloc[:1]).n_segments == 1
    assert project.with_tables(name="N").name == "N"
    with pytest.raises(DataError, match="has no segment"):
        project.with_tables(segment=None)
    with pytest.raises(DataError, match="does not have"):
        project.with_codes(pd.DataFrame({"code": ["Voice"]}))


BROKEN = {
    "past the end": ("segments", {"end": [41, 99, 8]}, "does not fit the text"),
    "backwards": ("segments", {"end": [20, 31, 8]}, "from 27 to 20"),
    "empty span": ("segments", {"end": [27, 31, 8]}, "from 27 to 27"),
    "negative": ("segments", {"start": [-3, 16, 0]}, "from -3"),
    "not a number": ("segments", {"start": ["x", "16", "0"]}, "not a whole number"),
    "half": ("segments", {"start": [0.5, 16, 0]}, "not a whole number"),
    "huge": ("segments", {"start": [10**30, 16, 0]}, "not a whole number"),
    "other source": ("segments", {"source": ["I1", "I3", "I2"]}, "does not have"),
    "wrong quote": ("segments", {"quote": ["Time", "", ""]}, "not what stands there"),
    "doubled label": ("segments", {"segment": ["a", "a", "b"]}, "'a' stands at"),
    "scope": ("segments", {"scope": ["page", "", ""]}, "scope 'page'"),
    "doubled source": ("sources", {"source": ["I1", "I1"]}, "'I1' stands at"),
    "nameless source": ("sources", {"source": ["I1", None]}, "no name"),
    "nameless case": ("cases", {"case": [""]}, "no name"),
    "unknown case": ("case_sources", {"case": ["P11"]}, "closest is 'P1'"),
    "case off": ("case_sources", {"start": [0], "end": [999]}, "is linked to"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_tables_are_refused_in_words(name: str) -> None:
    table, change, words = BROKEN[name]
    broken = tables()
    broken[table] = broken[table].assign(**change)
    with pytest.raises(DataError, match=words):
        CodedProject.from_frames(**broken)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ({"code": ["A", "A"]}, "'A' stands at"),
        ({"code": [""]}, "no name"),
        ({"code": ["A"], "origin": ["guessed"]}, "origin 'guessed'"),
        ({"code": ["A/B"], "name": ["C"], "parent": ["A"]}, "is not its parent"),
        ({"code": ["A/A"], "name": ["A"], "parent": ["A/A"]}, "is not its parent"),
        ({"code": ["A"], "codable": ["perhaps"]}, "neither true nor false"),
    ],
)
def test_broken_codebooks_are_refused(codes: dict[str, list[str]], words: str) -> None:
    with pytest.raises(DataError, match=words):
        CodedProject.from_frames(tables()["sources"], codes=pd.DataFrame(codes))


def test_missing_columns_and_strange_frames_are_refused() -> None:
    with pytest.raises(DataError, match="'text' is missing"):
        CodedProject.from_frames(pd.DataFrame({"source": ["I1"]}))
    with pytest.raises(DataError, match="not a data frame"):
        CodedProject.from_frames([1, 2])
    with pytest.raises(DataError, match="approach 'grounded'"):
        CodedProject.from_frames(tables()["sources"], approach="grounded")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="closest is 'I1'"):
        CodedProject.from_frames(**tables()).text("I11")


def test_notes_have_places_or_none() -> None:
    notes = pd.DataFrame(
        {"text": ["a", "b"], "source": ["I1", ""], "start": [0, None], "end": [3, None]}
    )
    project = CodedProject.from_frames(tables()["sources"], notes=notes)
    assert project.notes["start"].isna().tolist() == [False, True]
    with pytest.raises(DataError, match="not in a text"):
        CodedProject.from_frames(tables()["sources"], notes=notes.assign(end=[999, None]))


def test_what_it_shows() -> None:
    project = CodedProject.from_frames(**tables(), name="<N>")
    assert "2 sources, 3 codes, 3 codings, coders: c1, c2" in repr(project)
    assert "&lt;N&gt;" in project._repr_html_()
    assert "not read from" in project.audit.summary()


@settings(max_examples=40, deadline=None)
@given(st.text(min_size=1, max_size=40), st.data())
def test_a_quotation_is_what_stands_there(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    frame = pd.DataFrame({"source": ["I"], "code": ["c"], "start": [start], "end": [end]})
    project = CodedProject.from_frames(pd.DataFrame({"source": ["I"], "text": [text]}), frame)
    assert project.segments["quote"].tolist() == [text[start:end]]
    again = project.with_segments(project.segments)
    pd.testing.assert_frame_equal(again.segments, project.segments)
