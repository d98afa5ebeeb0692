"""Blind double coding: nobody sees the other, and nothing is lost on the way back."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.coding.audit import Audit
from dmpkit.coding.blind import merge_blind, split_blind
from dmpkit.coding.data import CodedProject
from dmpkit.errors import DataError, ImportAuditWarning
from dmpkit.measures.agreement import krippendorff_alpha, ratings_from_long


def project(n=5, approach="coding reliability"):
    names = [f"I{i + 1}" for i in range(n)]
    sources = pd.DataFrame({"source": names, "text": [f"Text number {i}." for i in range(n)]})
    segments = pd.DataFrame(
        {"source": names * 2, "coder": ["ada"] * n + ["ben"] * n, "code": "A", "start": 0, "end": 4}
    ).assign(memo="seen?")
    return CodedProject.from_frames(
        sources,
        segments,
        pd.DataFrame({"code": ["A", "B"], "description": ["first", "second"]}),
        cases=pd.DataFrame({"case": names, "role": "x"}),
        case_sources=pd.DataFrame({"case": names, "source": names}),
        notes=pd.DataFrame({"text": ["ben thinks"], "coder": ["ben"], "source": ["I1"]}),
        approach=approach,
    )


def test_nobody_sees_the_others_work():
    split = split_blind(project(), ["ada", "ben"], seed=1)
    for part in split.projects.values():
        assert part.n_segments == len(part.notes) == len(part.unplaced) == 0
        assert part.codes["description"].tolist() == ["first", "second"]
    mine = split_blind(project(), ["ada", "ben"], own=True, seed=1).projects["ada"]
    assert set(mine.segments["coder"]) == {"ada"}
    assert len(mine.notes) == 0
    assert split.shared == ("I1", "I2", "I3", "I4", "I5")


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 9), st.floats(0, 1), st.integers(2, 4), st.integers(0, 99))
def test_every_source_is_given_out_and_the_shared_ones_to_all(n, shared, k, seed):
    names = [f"c{i}" for i in range(k)]
    split = split_blind(project(n), names, shared=shared, seed=seed)
    given_out = split.assignment
    assert set(given_out["source"]) == set(project(n).texts)
    counts = given_out["source"].value_counts()
    assert set(counts) <= {1, k}
    assert len(split.shared) == math.ceil(shared * n - 1e-9)
    alone = given_out[given_out["source"].map(counts) == 1]["coder"].value_counts()
    assert alone.max() - alone.reindex(names, fill_value=0).min() <= 1 if len(alone) else True
    again = split_blind(project(n), names, shared=shared, seed=seed)
    pd.testing.assert_frame_equal(again.assignment, given_out)


def coded(part, code, coder="someone", start=0, end=4):
    rows = pd.DataFrame(
        {"source": part.sources["source"], "code": code, "start": start, "end": end, "coder": coder}
    )
    return part.with_segments(rows)


def test_merged_by_text_and_path_whatever_programs_rename():
    split = split_blind(project(), ["ada", "ben"], seed=1)
    ada = coded(split.projects["ada"], "A", "admin")
    part = split.projects["ben"]
    renamed = part.sources.assign(source=[f"{s}.txt" for s in part.sources["source"]], name="")
    links = part.case_sources.assign(source=[f"{s}.txt" for s in part.case_sources["source"]])
    ben = coded(part.with_tables(sources=renamed, case_sources=links), "A", "admin", 5, 9)
    merged = merge_blind({"ada": ada, "ben": ben})
    assert merged.coders == ("ada", "ben")
    assert merged.sources["source"].tolist() == ["I1", "I2", "I3", "I4", "I5"]
    assert merged.segments["quote"].tolist() == ["Text"] * 5 + ["numb"] * 5
    assert len(merged.case_sources) == 5
    found = split.compare({"ada": ada, "ben": ben}, unit=("character", "document"))
    assert found.value("A", "document", "percent").value == 1
    assert found.value("A", "character").value < 0


def test_who_found_nothing_in_a_shared_source_counts_as_no():
    split = split_blind(project(2), ["ada", "ben"], seed=1)
    ada = coded(split.projects["ada"], "A")
    ben = split.projects["ben"]
    ben = ben.with_segments(coded(ben, "A").segments.head(1))
    found = split.compare({"ada": ada, "ben": ben}, unit="document")
    assert found.value("A", "document", "percent").value == 0.5


def test_a_round_trip_through_a_file_keeps_every_coding(tmp_path):
    from dmpkit.coding import read_project, write_qdpx

    split = split_blind(project(), ["ada", "ben"], seed=1)
    back = {}
    for name, part in split.projects.items():
        write_qdpx(coded(part, "A", name), tmp_path / f"{name}.qdpx")
        back[name] = read_project(tmp_path / f"{name}.qdpx")
    merged = merge_blind(back)
    assert len(merged.segments) == 10
    assert merged.sources["text"].tolist() == project().sources["text"].tolist()
    # what the imports found is not lost: both coders' files, each under its coder
    read = pd.concat([back[name].audit.sources for name in ("ada", "ben")], ignore_index=True)
    counts = ["source", "convention", "selections", "quotes", "matched", "lost"]
    assert merged.audit.sources[counts].to_numpy().tolist() == read[counts].to_numpy().tolist()
    assert merged.audit.sources["note"].str.startswith(("ada", "ben")).all()
    assert "5 sources, 10 selections" in merged.audit.summary()


def test_what_an_import_dropped_is_still_said_after_merging():
    split = split_blind(project(), ["ada", "ben"], seed=1)
    found = pd.DataFrame([("dropped", "a picture", "I1", 1, "no text")],
                         columns=["kind", "what", "where", "count", "why"])  # fmt: skip
    ada = replace(split.projects["ada"], audit=Audit("Other", "REFI-QDA project", items=found))
    merged = merge_blind({"ada": ada, "ben": split.projects["ben"]})
    assert merged.audit.dropped["where"].tolist() == ["ada: I1"]
    assert merged.audit.program == "Other"
    assert "a picture (ada: I1): no text" in merged.audit.summary()


def test_differences_are_listed():
    split = split_blind(project(), ["ada", "ben"], seed=1)
    ada, ben = split.projects["ada"], split.projects["ben"]
    ben = ben.with_codes(pd.DataFrame({"code": ["A", "C"], "description": ["changed", "new"]}))
    ben = ben.with_tables(cases=ben.cases.assign(role=["y", *["x"] * 4]))
    with pytest.warns(ImportAuditWarning, match="4 things differ"):
        merged = merge_blind({"ada": ada, "ben": ben})
    assert merged.audit.items["what"].tolist() == ["A", "B", "C", "I1"]
    assert merged.codes.set_index("code").loc["A", "description"] == "first"
    assert merged.cases["role"].tolist() == ["x"] * 5


def test_another_text_under_the_same_name_is_refused():
    split = split_blind(project(), ["ada", "ben"], seed=1)
    ben = split.projects["ben"]
    changed = ben.with_tables(sources=ben.sources.assign(text="Another text altogether."))
    with pytest.raises(DataError, match="is not the text that ada coded"):
        merge_blind({"ada": split.projects["ada"], "ben": changed})


@pytest.mark.parametrize("coders", [["ada"], ["ada", "ada"], ["ada", " "], "ada"])
def test_coders_must_be_two_or_more(coders):
    with pytest.raises(DataError, match="two coders or more"):
        split_blind(project(), coders)


def test_bad_choices_are_named():
    for shared in (2, -0.1, "all", True):
        with pytest.raises(DataError, match="shared is"):
            split_blind(project(), ["a", "b"], shared=shared)
    with pytest.raises(DataError, match="two coders or more"):
        merge_blind({"ada": project()})
    with pytest.raises(DataError, match="no sources"):
        split_blind(CodedProject.from_frames(pd.DataFrame({"source": [], "text": []})), ["a", "b"])


@pytest.mark.parametrize("kind", [lambda f: f, pl.from_pandas])
def test_short_phrases_outside_texts_need_no_more_than_long_ratings(kind):
    """Blind double coding of quantifier words: one row a phrase and coder, ordered words."""
    words = ["just one", "a few", "some", "most"]
    table = pd.DataFrame(
        {
            "phrase": [f"q{i}" for i in range(6)] * 2,
            "coder": ["ada"] * 6 + ["ben"] * 6,
            "quantifier": [
                "some",
                "most",
                "a few",
                "just one",
                "some",
                "most",
                "some",
                "most",
                "some",
                "just one",
                "some",
                "some",
            ],
        }
    )
    ratings = ratings_from_long(kind(table), unit="phrase", rater="coder", value="quantifier")
    ordinal = krippendorff_alpha(ratings, "ordinal", categories=words)
    nominal = krippendorff_alpha(ratings)
    assert nominal.n == ordinal.n == 6
    assert nominal.value < ordinal.value < 1  # the words they mix up stand side by side
