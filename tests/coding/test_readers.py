"""The files of QualCoder, AQDA, Taguette, NVivo and ATLAS.ti read to their expected tables."""

from __future__ import annotations

import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from coded_samples import REFERENCE, TEXTS, codings, expected, wanted
from helpers import shared_reference

from dmpkit.coding import CodedProject, read_codebook, read_project
from dmpkit.coding.exchange.taguette import HtmlText
from dmpkit.errors import DataError, ImportAuditWarning

QUALCODER = REFERENCE / "qualcoder"
AQDA = REFERENCE / "aqda"
TAGUETTE = REFERENCE / "taguette"
TREE = [
    "Commercialisation",
    "Constraints",
    "Constraints/Budget",
    "Constraints/Time",
    "Red lines",
    "Steering",
    "Steering/Expert selection",
    "Uptake",
    "Voice",
]


def check_texts(project: CodedProject) -> None:
    assert project.texts == TEXTS


# --- QualCoder -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "convention"),
    [
        ("qc_minipublic.qdpx", "code points, end exclusive, byte-order mark not counted"),
        (
            "qc_minipublic_maxqda.qdpx",
            "code points, end exclusive, CR LF counted as one, byte-order mark not counted",
        ),
    ],
)
def test_qualcoders_exports(name: str, convention: str) -> None:
    want = expected("qualcoder")[name]
    with pytest.warns(ImportAuditWarning, match="3 × case without a source"):
        project = read_project(QUALCODER / name)
    check_texts(project)
    assert codings(project) == wanted(want["codings"])
    assert sorted(project.codes["code"]) == want["codes"]
    assert project.users == tuple(want["users"])
    assert set(project.audit.sources["convention"]) == {convention}
    assert project.audit.matched == 19
    assert project.cases.columns.tolist() == ["case", *want["variables"]]
    assert project.cases["years"].tolist() == [12.0, 3.0, 0.0]
    assert len(project.case_sources) == 0
    assert project.notes["text"].tolist() == ["Day 1: codes feel broad.", "opening question"]
    annotation = project.notes.iloc[1]
    assert (annotation["source"], annotation["start"], annotation["end"]) == (
        "INT01_practitioner.txt",
        0,
        11,
    )
    assert project.codes.set_index("code")["codable"]["Constraints (category)"] == False  # noqa: E712
    assert project.codes["description"].str.startswith("Definition of").sum() == 8
    assert set(project.segments["memo"]) == {"", "memo: check"}


@pytest.mark.parametrize("how", ["folder", "database", "zip"])
def test_qualcoders_project(how: str, tmp_path: Path) -> None:
    folder = tmp_path / "study.qda"
    folder.mkdir()
    database = shutil.copy(QUALCODER / "qc_minipublic.data.qda", folder / "data.qda")
    if how == "zip":
        with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
            archive.write(database, "study.qda/data.qda")
    path = {"folder": folder, "database": Path(database), "zip": tmp_path / "study.zip"}[how]
    project = read_project(path)  # nothing to warn of
    check_texts(project)
    assert project.name == "study"
    assert codings(project) == wanted(expected("qualcoder")["qc_minipublic.qdpx"]["codings"])
    assert project.case_sources["end"].tolist() == [len(t) for t in TEXTS.values()]
    assert project.cases["role"].tolist() == ["practitioner", "commissioner", "participant"]
    assert project.audit.program == "QualCoder (database v17)"


def test_qualcoder_with_everything_that_can_be_odd(tmp_path: Path) -> None:
    path = tmp_path / "data.qda"
    shutil.copy(QUALCODER / "qc_minipublic.data.qda", path)
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(
            """
            UPDATE code_cat SET supercatid = 2 WHERE catid = 1;
            UPDATE code_cat SET supercatid = 1 WHERE catid = 2;
            UPDATE code_name SET supercid = 1, catid = NULL WHERE cid = 4;
            UPDATE code_text SET pos0 = 120, pos1 = 147 WHERE ctid = 1;
            UPDATE code_text SET seltext = 'words that are nowhere in it' WHERE ctid = 2;
            UPDATE case_text SET pos1 = 50 WHERE id = 1;
            INSERT INTO code_text (ctid, cid, fid, seltext, pos0, pos1, owner)
              VALUES (90, 99, 1, 'x', 0, 1, 'ada');
            INSERT INTO source (id, name, mediapath) VALUES (9, 'talk.mp3', '/audio/talk.mp3');
            INSERT INTO code_av (avid, id, pos0, pos1, cid, memo, owner)
              VALUES (1, 9, 0, 1000, 1, 'm', 'ben');
            INSERT INTO stored_sql (title) VALUES ('q');
            """
        )
    with pytest.warns(ImportAuditWarning) as caught:
        project = read_project(path)
    said = str(caught[0].message)
    for words in ("1 × stored query", "1 × coding", "place of a code", "found elsewhere"):
        assert words in said
    assert "Commercialisation/Red lines" in set(project.codes["code"])
    assert sorted(project.unplaced["reason"]) == [
        "a stretch of a recording",
        "the words are not in the text",
    ]
    assert project.segments["start"].min() >= 0
    first = project.segments[project.segments["quote"] == "We were paid by the council"]
    assert first["start"].tolist() == [119]
    assert project.case_sources[["start", "end"]].to_numpy().tolist()[-1] == [0, 50]


# --- AQDA ------------------------------------------------------------------------------------


def test_aqdas_qdpx() -> None:
    want = expected("aqda")["aqda_minipublic.qdpx"]
    with pytest.warns(ImportAuditWarning, match="could not be decided in INT01_practitioner"):
        project = read_project(AQDA / "aqda_minipublic.qdpx")
    check_texts(project)
    assert codings(project) == wanted(want["codings"])
    assert sorted(project.codes["code"]) == want["codes"] == TREE
    assert project.codes["colour"].unique().tolist() == ["#6366f1"]
    assert project.audit.sources["unchecked"].sum() == 19


@pytest.mark.parametrize("texts", ["folder", "mapping"])
def test_aqdas_json_and_csv_with_the_texts(texts: str) -> None:
    given = REFERENCE / "texts" if texts == "folder" else TEXTS
    want = expected("aqda")["aqda_minipublic.qdpx"]["codings"]
    project = read_project(AQDA / "aqda_minipublic.json", texts=given)
    assert codings(project) == wanted(want)
    assert sorted(project.codes["code"]) == TREE
    assert project.audit.matched == 19
    with pytest.warns(ImportAuditWarning, match="parents of codes lost"):
        flat = read_project(AQDA / "aqda_minipublic.csv", texts=given)
    leaves = [{**row, "code": row["code"].rpartition("/")[2]} for row in want]
    assert codings(flat) == wanted(leaves)


def test_aqdas_json_without_texts_keeps_every_coding() -> None:
    with pytest.warns(ImportAuditWarning, match="without a place in a text: 19"):
        project = read_project(AQDA / "aqda_minipublic.json")
    assert (project.n_segments, len(project.unplaced)) == (0, 19)
    assert project.unplaced["start"].tolist()[:2] == [119, 119]
    assert set(project.unplaced["reason"]) == {"the file has no text for this source"}
    assert project.coders == ("ada", "ben")


# --- Taguette --------------------------------------------------------------------------------


def taguette_wanted() -> list[tuple[str, str, str, int, int, str]]:
    rows = [r for r in expected("taguette") if r["tag"]]
    made = []
    for r in rows:
        start = TEXTS[r["source"]].index(r["text"])
        end = start + len(r["text"])
        if r["highlight_id"] in (15, 17):  # the words also stand inside a longer quotation
            assert TEXTS[r["source"]].count(r["text"]) == 1
        code = r["tag"].replace(".", "/")
        made.append({**r, "code": code, "coder": "", "start": start, "end": end})
    return wanted(made)


def test_taguettes_database() -> None:
    with pytest.warns(ImportAuditWarning, match="coders lost"):
        project = read_project(TAGUETTE / "tg_minipublic_project.sqlite3")
    check_texts(project)
    assert codings(project) == taguette_wanted()
    assert project.coders == ()
    assert sorted(project.codes["code"]) == sorted([*TREE, "Unused code"])
    assert set(project.audit.sources["convention"]) == {"UTF-8 bytes, end exclusive"}
    assert project.audit.matched == 20
    untagged = project.notes.iloc[0]
    assert (untagged["kind"], untagged["start"], untagged["end"]) == ("uncoded selection", 0, 11)
    assert project.codes["description"].str.contains('"quoted", with comma').sum() == 9


def test_taguettes_server_database_says_who_coded(tmp_path: Path) -> None:
    path = tmp_path / "server.sqlite3"
    shutil.copy(TAGUETTE / "tg_minipublic_project.sqlite3", path)
    true = {r["highlight_id"]: r["coder"] for r in expected("taguette")}
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("INSERT INTO users (login, created, disabled) VALUES ('ada', '', 0)")
        base.execute("INSERT INTO users (login, created, disabled) VALUES ('ben', '', 0)")
        for number, coder in true.items():
            base.execute(
                "UPDATE commands SET user_login = ? WHERE json_extract(payload, '$.type') = "
                "'highlight_add' AND json_extract(payload, '$.highlight_id') = ?",
                (coder, number),
            )
        base.execute(
            "INSERT INTO projects (id, name, description, created) VALUES (2, 'B', '', '')"
        )
    with pytest.raises(DataError, match="holds 2 projects"):
        read_project(path)
    name = "Synthetic mini-public interviews"
    with pytest.warns(ImportAuditWarning, match="made part of a tree"):
        project = read_project(path, project=name)
    assert project.coders == ("ada", "ben")
    want = expected("aqda")["aqda_minipublic.qdpx"]["codings"]
    assert codings(project) == wanted(want)
    flat = read_project(path, project=name, separator="")
    assert "Steering.Expert selection" in set(flat.codes["code"])


def test_taguettes_highlights() -> None:
    with pytest.warns(ImportAuditWarning, match="highlights without a tag lost"):
        project = read_project(TAGUETTE / "tg_minipublic_highlights.csv")
    assert len(project.unplaced) == 19
    with pytest.warns(ImportAuditWarning, match="found elsewhere by their words: 19"):
        placed = read_project(TAGUETTE / "tg_minipublic_highlights.csv", texts=TEXTS)
    assert codings(placed) == taguette_wanted()


def test_html_to_lines() -> None:
    text = HtmlText.parsed('<h1 title="a>b">T</h1><p>One <b>b&amp;c</b><br/>x</p><!-- > --><p>y')
    assert (text.text, text.raw) == ("T\nOne b&c\nx\ny", "TOne b&cxy")
    assert HtmlText.parsed("a < b").text == "a < b"
    assert HtmlText.parsed("").text == ""


# --- other people's projects --------------------------------------------------------------------


@pytest.mark.parametrize("name", ["atlas_target.qdpx", "nvivo_project.qdpx"])
def test_atlas_and_nvivo(name: str) -> None:
    folder = shared_reference("coding", "samples", "third_party")
    want = pd.read_json(folder / "expected.json", typ="series")[name]
    if name.startswith("nvivo"):
        with pytest.warns(ImportAuditWarning, match="2 × formatted version of a text"):
            project = read_project(folder / name)
    else:
        project = read_project(folder / name)
    assert project.audit.program == want["origin"]
    assert sorted(project.codes["code"]) == sorted(want["codes"])
    assert sorted(project.users) == sorted(want["users"])
    assert project.n_segments == want["n_codings"] == 0
    assert len(project.sources) == len(want["sources"])


# --- codebooks ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "codes", "described"),
    [
        (AQDA / "aqda_minipublic.qdc", TREE, 9),
        (QUALCODER / "qc_minipublic.qdc", None, 8),
        (TAGUETTE / "tg_minipublic_codebook.qdc", [*TREE, "Unused code"], 0),
        (TAGUETTE / "tg_minipublic_codebook.csv", [*TREE, "Unused code"], 9),
    ],
)
def test_codebooks_of_three_programs(path: Path, codes: list[str] | None, described: int) -> None:
    codes = codes or expected("qualcoder")["qc_minipublic.qdpx"]["codes"]
    made = read_codebook(path)
    assert sorted(made["code"]) == sorted(codes)
    assert (made["description"] != "").sum() == described


def test_a_flat_codebook_stays_flat_when_asked() -> None:
    made = read_codebook(TAGUETTE / "tg_minipublic_codebook.qdc", separator="")
    assert "Steering.Expert selection" in set(made["code"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("x,y\n1,2\n", "no column 'code'"),
        ("code,codable\nA,maybe\n", "neither true nor false"),
        ("code\nA\nA\n", "'A' stands at"),
        ("", "empty"),
        ("<CodeBook/>", "no code"),
        ("<Project/>", "not a <CodeBook>"),
    ],
)
def test_what_is_no_codebook(words: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text(words)
    with pytest.raises(DataError, match=said):
        read_codebook(path)


def test_tables_of_codes(tmp_path: Path) -> None:
    path = tmp_path / "book.csv"
    path.write_text("name,parent,color,origin\nA,,#fff,deductive\nB,A,,inductive\n")
    made = read_codebook(path)
    assert made["code"].tolist() == ["A", "A/B"]
    assert made["origin"].tolist() == ["deductive", "inductive"]
    made.to_excel(tmp_path / "book.xlsx", index=False)
    assert read_codebook(tmp_path / "book.xlsx")["code"].tolist() == ["A", "A/B"]


# --- finding the reader ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"a,b\n1,2\n", "not a project"),
        ("a.csv", b"tag,description\nA,x\n", "codebook, not a project"),
        ("a.qdpx", b"hello", "neither a zip archive nor a database"),
        ("a.qdpx", b"", "empty"),
        ("a.qdc", b"<CodeBook/>", "read_codebook"),
        ("a.json", b'{"a": 1}', "not AQDA's export"),
        ("a.json", b'{"documents": 1, "codes": [], "codings": []}', "not a list"),
        ("a.json", b"{", "JSON is broken"),
        ("a.json", b"{\xff}", "not UTF-8"),
        ("a.json", b'{"a":' + b"[" * 200_000, r"cannot be read|broken"),
    ],
)
def test_what_is_no_project(name: str, data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DataError, match=said):
        read_project(path)


def test_folders_and_absent_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no data\.qda"):
        read_project(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        read_project(tmp_path / "absent.qdpx")
    with pytest.raises(DataError, match="not a folder of texts"):
        read_project(AQDA / "aqda_minipublic.json", texts=tmp_path / "absent")
    (tmp_path / "x.txt").write_bytes(b"\xe9")
    with pytest.raises(DataError, match="not UTF-8"):
        read_project(AQDA / "aqda_minipublic.json", texts=tmp_path)
    with closing(sqlite3.connect(tmp_path / "o.db")) as base, base:
        base.execute("CREATE TABLE other (a)")
    with pytest.raises(DataError, match=r"neither QualCoder's nor Taguette's \(tables: other\)"):
        read_project(tmp_path / "o.db")
