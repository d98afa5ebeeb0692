"""What is written is valid, gives itself back, and is the same every time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from coded_samples import REFERENCE, codings
from helpers import shared_reference
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit.coding import (
    CodedProject,
    read_codebook,
    read_project,
    write_project,
    write_qdc,
    write_qdpx,
)
from dmpkit.errors import DataError, ImportAuditWarning

OWN_FILES = [
    "qualcoder/qc_minipublic.qdpx",
    "qualcoder/qc_minipublic_maxqda.qdpx",
    "qualcoder/qc_minipublic.data.qda",
    "aqda/aqda_minipublic.qdpx",
    "taguette/tg_minipublic_project.sqlite3",
]
TABLES = ["codes", "sources", "segments", "cases", "case_sources", "notes", "unplaced"]


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    import xmlschema

    return {
        kind: xmlschema.XMLSchema(REFERENCE / "refi" / f"{kind}.xsd")
        for kind in ("Project", "Codebook")
    }


def qde_of(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read("project.qde")


def quietly(path: Path) -> CodedProject:
    """Read a file whose warnings another test looks at."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportAuditWarning)
        return read_project(path)


def rich() -> CodedProject:
    """A project with something in every table, odd characters among it."""
    text = 'ADA: 😬 <late> & "short".\nBEN: Żółć\tand naïveté.\n'
    return CodedProject.from_frames(
        pd.DataFrame(
            {
                "source": ["I1", "I2", "I3"],
                "name": ["I1", "I2", "I3"],
                "text": [text, "", "Only this."],
                "group": ["a", None, "b"],
                "description": ["d", "", ""],
            }
        ),
        pd.DataFrame(
            {
                "source": ["I1", "I1", "I1", "I3", "I2"],
                "code": ["A/B", "A/B", "C & <d>", "A", "A"],
                "coder": ["ada", "ben", "", "ada", "ben"],
                "start": [5, 5, 20, 0, 0],
                "end": [13, 13, 36, 10, 0],
                "memo": ["m\nn", "", "", "", ""],
                "scope": ["", "", "", "source", "source"],
                "created": ["2026-01-15T10:00:00Z", "", "yesterday", "", ""],
            }
        ),
        pd.DataFrame(
            {
                "code": ["A", "A/B", "C & <d>"],
                "description": ["x\r\ny", "", "ü"],
                "colour": ["#fff", "#00aa11", ""],
                "codable": [False, True, True],
                "origin": ["deductive", "inductive", ""],
            }
        ),
        cases=pd.DataFrame(
            {
                "case": ["P1", "P2"],
                "role": ["member", None],
                "age": [41, 52],
                "share": [0.5, np.nan],
                "chair": [True, False],
            }
        ),
        case_sources=pd.DataFrame(
            {
                "case": ["P1", "P2", "P2"],
                "source": ["I1", "I1", "I3"],
                "start": [0, 5, -1],
                "end": [len(text), 13, -1],
            }
        ),
        notes=pd.DataFrame(
            {
                "kind": ["annotation", "memo", "memo", "uncoded selection"],
                "name": ["n", "", "day 1", ""],
                "text": ["look", "of I3", "free", "mark"],
                "coder": ["ada", "cy", "", "ben"],
                "source": ["I1", "I3", "", "I3"],
                "start": [0, None, None, 0],
                "end": [3, None, None, 4],
            }
        ),
        approach="reflexive",
        name='Study "1" & more',
        users=["zoe"],
    )


@pytest.mark.parametrize("name", OWN_FILES)
def test_other_programs_files_go_round_with_no_coding_lost(
    name: str, tmp_path: Path, schemas: dict[str, Any]
) -> None:
    """program → dmpkit → file → dmpkit: equal tables; the file is valid."""
    first = quietly(REFERENCE / name)
    path = write_qdpx(first, tmp_path / "p.qdpx")
    schemas["Project"].validate(io.BytesIO(qde_of(path)))
    again = quietly(path)
    assert codings(again) == codings(first)
    assert len(codings(again)) == 19
    assert again.audit.lost == again.audit.re_anchored == 0
    assert again.audit.matched == again.audit.sources["quotes"].sum() >= 19
    pd.testing.assert_frame_equal(again.cases, first.cases, check_dtype=False)
    pd.testing.assert_frame_equal(again.case_sources, first.case_sources)
    columns = ["code", "name", "parent", "description", "colour", "codable"]
    pd.testing.assert_frame_equal(again.codes[columns], first.codes[columns])
    assert again.texts == first.texts
    assert sorted(again.notes["text"]) == sorted(first.notes["text"])
    if name.endswith("qdpx"):  # GUIDs that a file carries are kept
        assert set(again.codes["guid"]) == set(first.codes["guid"])
        assert set(again.segments["guid"]) == set(first.segments["guid"])
        assert set(again.sources["guid"]) == set(first.sources["guid"])


def test_everything_comes_back(tmp_path: Path, schemas: dict[str, Any]) -> None:
    project = rich()
    path = write_qdpx(project, tmp_path / "p.qdpx")
    schemas["Project"].validate(io.BytesIO(qde_of(path)))
    again = read_project(path)
    assert codings(again) == codings(project)
    assert (again.name, again.approach) == (project.name, project.approach)
    assert set(again.users) == {"ada", "ben", "cy", "zoe"}
    for table, columns in {
        "codes": ["code", "name", "parent", "description", "colour", "codable", "origin"],
        "sources": ["source", "text"],
        "case_sources": ["case", "source", "start", "end"],
    }.items():
        old, new = getattr(project, table)[columns], getattr(again, table)[columns]
        if table == "case_sources":
            old, new = (f.sort_values(columns, ignore_index=True) for f in (old, new))
        pd.testing.assert_frame_equal(new, old)
    assert again.sources["group"].fillna("").tolist() == ["a", "", "b"]
    assert again.cases["role"].fillna("").tolist() == ["member", ""]
    assert again.cases["age"].tolist() == [41, 52]
    assert again.cases["share"].fillna(-1).tolist() == [0.5, -1]
    assert again.cases["chair"].tolist() == [True, False]
    keys = ["kind", "name", "text", "coder", "start", "end"]
    old, new = (
        frame[keys].sort_values(keys, ignore_index=True) for frame in (project.notes, again.notes)
    )
    pd.testing.assert_frame_equal(new, old)
    assert set(again.segments["scope"]) == {"selection", "source"}
    assert "m\nn" in set(again.segments["memo"])
    twice = read_project(write_qdpx(again, tmp_path / "q.qdpx"))
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(twice, table), getattr(again, table), check_dtype=False, obj=table
        )


def test_the_same_project_gives_the_same_bytes(tmp_path: Path) -> None:
    one = write_qdpx(rich(), tmp_path / "a.qdpx").read_bytes()
    assert write_qdpx(rich(), tmp_path / "b.qdpx").read_bytes() == one
    book = write_qdc(rich(), tmp_path / "a.qdc").read_bytes()
    assert write_qdc(rich(), tmp_path / "b.qdc").read_bytes() == book
    with zipfile.ZipFile(tmp_path / "a.qdpx") as archive:
        assert {m.date_time for m in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(n == "project.qde" or n.startswith("sources/") for n in archive.namelist())


def test_codebooks_are_valid_and_come_back(tmp_path: Path, schemas: dict[str, Any]) -> None:
    path = write_qdc(rich(), tmp_path / "c.qdc")
    schemas["Codebook"].validate(path)
    columns = ["code", "name", "parent", "description", "colour", "codable", "origin"]
    pd.testing.assert_frame_equal(read_codebook(path)[columns], rich().codes[columns])
    for frame in (pd.DataFrame({"code": ["A/B"]}), pl.DataFrame({"code": ["A/B"]})):
        assert read_codebook(write_qdc(frame, tmp_path / "d.qdc"))["code"].tolist() == ["A", "A/B"]


def test_an_empty_project_is_valid(tmp_path: Path, schemas: dict[str, Any]) -> None:
    empty = CodedProject.from_frames(pd.DataFrame({"source": [], "text": []}))
    path = write_qdpx(empty, tmp_path / "p.qdpx")
    schemas["Project"].validate(io.BytesIO(qde_of(path)))
    assert len(read_project(path).sources) == 0
    with pytest.raises(DataError, match="no code to write"):
        write_qdc(empty, tmp_path / "p.qdc")


def test_names_of_files_are_checked(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not end in \.qdpx"):
        write_qdpx(rich(), tmp_path / "p.zip")
    with pytest.raises(DataError, match=r"does not end in \.qdc"):
        write_qdc(rich(), tmp_path / "p.xml")
    with pytest.raises(DataError):
        write_qdpx(rich(), tmp_path / "absent" / "p.qdpx")


def test_what_the_format_cannot_hold_is_said(tmp_path: Path, schemas: dict[str, Any]) -> None:
    project = rich()
    segments = project.segments.assign(weight=1.0, memo="\x00bell")
    unplaced = pd.DataFrame({"source": ["I1"], "code": ["A"], "quote": ["gone"]})
    codes = project.codes.assign(colour="blue")
    odd = project.with_tables(segments=segments, unplaced=unplaced, codes=codes)
    with pytest.warns(ImportAuditWarning) as caught:
        path = write_qdpx(odd, tmp_path / "p.qdpx")
    said = str(caught[0].message)
    for words in (
        "1 × coding without a place",
        "1 × column of the segments (weight)",
        "5 × text with control characters",
        "3 × colour that is not #RRGGBB",
        "2 × memo of a coding of a whole source",
    ):
        assert words in said
    schemas["Project"].validate(io.BytesIO(qde_of(path)))


def test_guids_that_are_doubled_or_wrong_are_made_anew(
    tmp_path: Path, schemas: dict[str, Any]
) -> None:
    project = rich()
    codes = project.codes.assign(guid="0e90b3fe-d581-4850-bfb7-4c5589b3fc58")
    segments = project.segments.assign(guid="no guid")
    path = write_qdpx(project.with_tables(codes=codes, segments=segments), tmp_path / "p.qdpx")
    schemas["Project"].validate(io.BytesIO(qde_of(path)))
    again = read_project(path)
    assert again.codes["guid"].is_unique
    assert again.segments["guid"].is_unique


def test_the_schemas_here_are_the_standards() -> None:
    for name in ("Project.xsd", "Codebook.xsd"):
        theirs = shared_reference("coding", "refi", name).read_bytes()
        assert (REFERENCE / "refi" / name).read_bytes() == theirs


CHARACTERS = st.characters(exclude_categories=["Cs"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=40), min_size=1, max_size=3), st.data())
def test_any_text_goes_round(texts: list[str], data: st.DataObject) -> None:
    import tempfile

    sources = pd.DataFrame({"source": [f"S{i}" for i in range(len(texts))], "text": texts})
    rows = []
    for label, text in zip(sources["source"], texts, strict=True):
        a = data.draw(st.integers(0, len(text) - 1))
        b = data.draw(st.integers(a + 1, len(text)))
        rows.append({"source": label, "code": "A", "coder": "c", "start": a, "end": b})
    project = CodedProject.from_frames(sources, pd.DataFrame(rows))
    with tempfile.TemporaryDirectory() as folder:
        again = quietly(write_qdpx(project, Path(folder) / "p.qdpx"))
    normal = {s: t.removeprefix("\ufeff").replace("\r\n", "\n") for s, t in project.texts.items()}
    assert again.texts == normal
    if normal == project.texts:
        assert codings(again) == codings(project)


# --- plain tables -----------------------------------------------------------------------------


def test_tables_of_a_project_as_a_data_package(tmp_path: Path) -> None:
    import json

    project = rich()
    folder = write_project(project, tmp_path / "csv")
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert [r["name"] for r in package["resources"]] == list(project.frames())
    for resource in package["resources"]:
        frame = pd.read_csv(folder / resource["path"])
        assert frame.columns.tolist() == [f["name"] for f in resource["schema"]["fields"]]
        assert len(frame) == len(project.frames()[resource["name"]])
    kept = write_project(project, tmp_path / "parquet", format="parquet")
    again = CodedProject.from_frames(
        *(pl.read_parquet(kept / f"{t}.parquet") for t in ("sources", "segments", "codes"))
    )
    assert codings(again) == codings(project)
    assert again.texts == project.texts


def test_tables_of_a_project_as_a_workbook(tmp_path: Path) -> None:
    path = write_project(rich(), tmp_path / "p.xlsx", format="excel")
    sheet = pd.read_excel(path, sheet_name="segments")
    assert sheet["start"].tolist() == rich().segments["start"].tolist()
    long = CodedProject.from_frames(pd.DataFrame({"source": ["I"], "text": ["a" * 40_000]}))
    with pytest.raises(DataError, match="longer than the 32,767 characters"):
        write_project(long, tmp_path / "q.xlsx", format="excel")
    with pytest.raises(DataError, match="'ods' is not known"):
        write_project(long, tmp_path / "q", format="ods")  # type: ignore[arg-type]
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataError, match="cannot be made"):
        write_project(long, tmp_path / "file")


def test_texts_are_written_with_line_feeds_and_positions_move(tmp_path):
    text = "\ufeffone\r\ntwo 😬\r\nthree\n"
    spans = [(1, 4), (4, 9), (6, 11), (13, 18), (4, 5), (0, 1)]
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["s", "t"], "text": [text, "plain\n"]}),
        pd.DataFrame(
            {
                "source": ["s"] * 6 + ["t"],
                "code": "c",
                "start": [a for a, _ in spans] + [0],
                "end": [b for _, b in spans] + [5],
            }
        ),
        cases=pd.DataFrame({"case": ["a"]}),
        case_sources=pd.DataFrame({"case": ["a"], "source": ["s"]}),
    )
    path = tmp_path / "p.qdpx"
    with pytest.warns(ImportAuditWarning, match="2 × coding of a line end or byte-order mark"):
        write_qdpx(project, path)
    with zipfile.ZipFile(path) as archive:
        assert not any(b"\r" in archive.read(name) for name in archive.namelist())
    back = read_project(path)
    assert back.text("s") == "one\ntwo 😬\nthree\n"
    assert back.segments["quote"].tolist() == ["one", "\ntwo", "two 😬", "three", "plain"]
    assert back.audit.matched == 5
    assert back.case_sources[["start", "end"]].to_numpy().tolist() == [[0, len(back.text("s"))]]
