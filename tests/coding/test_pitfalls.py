"""The fifteen pitfalls of exchanging coded projects, one test (or more) each."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pandas as pd
import pytest
from coded_samples import REFERENCE, TEXT, code, codings, guid, qde, selection, user, write

from dmpkit.coding import CodedProject, read_codebook, read_project, write_qdpx
from dmpkit.coding.approach import require_approach
from dmpkit.errors import DataError, ImportAuditWarning

QUALCODER = REFERENCE / "qualcoder"


def read(path: Path, match: str = "") -> CodedProject:
    """Read; where a warning is expected, it must come."""
    if not match:
        return read_project(path)
    with pytest.warns(ImportAuditWarning, match=match):
        return read_project(path)


def test_01_ends_are_exclusive_unless_the_quotations_say_inclusive(tmp_path: Path) -> None:
    plain = TEXT.replace("😬", "-")
    silent = read(write(tmp_path / "a.qdpx", qde(selection(1, 27, 41)), plain))
    assert silent.segments["quote"].tolist() == ["Time was short"]
    assert "standard's practice" in silent.audit.sources["basis"].iloc[0]
    assert "end inclusive" in silent.audit.sources["note"].iloc[0]
    shown = read(write(tmp_path / "b.qdpx", qde(selection(1, 27, 40, "Time was short"))))
    assert shown.audit.sources["convention"].tolist() == ["code points, end inclusive"]
    assert shown.segments["end"].tolist() == [41]


def test_02_names_are_evidence_only_where_they_match(tmp_path: Path) -> None:
    """A whole quotation, one cut, a label, a line number and no name at all."""
    parts = [
        selection(1, 28, 42, "Time was short"),
        selection(2, 71, 111, "The sponsor chose the"),
        selection(3, 17, 32, "English Quote 12345678901234567890"),
        selection(4, 28, 32, "line:6"),
        selection(5, 17, 21),
    ]
    project = read(write(tmp_path / "p.qdpx", qde("".join(parts))))
    line = project.audit.sources.iloc[0]
    assert line["convention"] == "UTF-16 units, end exclusive"
    assert (line["quotes"], line["matched"], line["unchecked"]) == (2, 2, 3)
    assert "2 names are labels" in line["note"]
    assert project.segments["start"].tolist() == [27, 70, 16, 27, 16]


@pytest.mark.parametrize("name", ["conv_bom", "conv_bom_counted"])
def test_03_a_byte_order_mark_is_no_character(name: str) -> None:
    project = read(REFERENCE / "conventions" / f"{name}.qdpx")
    assert project.text("doc") == TEXT
    assert project.segments["quote"].iloc[0] == "Time was short"


def test_03_qualcoders_notes_lose_theirs_too() -> None:
    project = read(QUALCODER / "qc_minipublic.qdpx", "case without a source")
    assert not any("\ufeff" in text for text in [*project.texts.values(), *project.notes["text"]])


@pytest.mark.parametrize("name", ["one", "two"])
def test_04_line_ends_count_as_the_quotations_show(name: str) -> None:
    project = read(REFERENCE / "conventions" / f"conv_crlf_counted_as_{name}.qdpx")
    assert f"CR LF counted as {name}" in project.audit.sources["convention"].iloc[0]
    assert project.segments["quote"].iloc[3] == "late.\nBEN: Time"


def test_04_line_ends_without_a_quotation_are_said_to_be_open(tmp_path: Path) -> None:
    text = TEXT.replace("😬", "-").replace("\n", "\r\n")
    project = read(write(tmp_path / "p.qdpx", qde(selection(1, 28, 42)), text), "not be decided")
    assert project.segments["quote"].tolist() == ["Time was short"]
    assert "CR LF counted as one" in project.audit.sources["note"].iloc[0]


def test_05_utf16_units_are_found_or_warned_of(tmp_path: Path) -> None:
    project = read(REFERENCE / "conventions" / "conv_utf16_units.qdpx")
    assert project.segments["start"].tolist() == [27, 27, 70, 16]
    silent = REFERENCE / "conventions" / "conv_no_name_utf16.qdpx"
    assert "UTF-16" in read(silent, "could not be decided").audit.sources["note"].iloc[0]
    before = read(write(tmp_path / "p.qdpx", qde(selection(1, 0, 3))))  # ahead of the emoji
    assert before.segments["quote"].tolist() == ["ADA"]


@pytest.mark.parametrize("folder", ["sources", "Sources", "SOURCES"])
def test_06_the_folder_may_be_spelt_either_way_and_is_written_small(
    folder: str, tmp_path: Path
) -> None:
    project = qde(selection(1, 27, 41, "Time was short"))
    made = read(write(tmp_path / "p.qdpx", project, name=f"{folder}/t.txt"))
    assert made.text("doc") == TEXT
    with zipfile.ZipFile(write_qdpx(made, tmp_path / "q.qdpx")) as archive:
        assert [n.partition("/")[0] for n in archive.namelist()] == ["project.qde", "sources"]


def test_07_new_guids_at_every_export_change_nothing_but_guids(tmp_path: Path) -> None:
    """QualCoder's two exports of one project share no GUID; sources and codes still match."""
    one = read(QUALCODER / "qc_minipublic.qdpx", "case without")
    two = read(QUALCODER / "qc_minipublic_maxqda.qdpx", "case without")
    assert not set(one.codes["guid"]) & set(two.codes["guid"])
    assert codings(one) == codings(two)
    assert one.texts == two.texts
    assert one.codes["code"].tolist() == two.codes["code"].tolist()
    kept = read_project(
        write_qdpx(
            read_project(
                write_qdpx(
                    CodedProject.from_frames(one.sources, one.segments, one.codes),
                    tmp_path / "a.qdpx",
                )
            ),
            tmp_path / "b.qdpx",
        )
    )
    assert set(kept.codes["guid"]) == set(one.codes["guid"])
    assert set(kept.segments["guid"]) == set(one.segments["guid"])


def test_08_cases_without_sources_are_said(tmp_path: Path) -> None:
    project = read(QUALCODER / "qc_minipublic.qdpx", "3 × case without a source")
    item = project.audit.items[project.audit.items["what"] == "case without a source"].iloc[0]
    assert (item["count"], item["where"]) == (3, "INT01, INT02, INT03")
    cases = (
        f'<Cases><Case guid="{guid(31)}" name="P"><SourceRef targetGUID="{guid(21)}"/>'
        f'<SelectionRef targetGUID="{guid(101)}"/><SourceRef targetGUID="{guid(99)}"/>'
        "</Case></Cases>"
    )
    file = write(tmp_path / "p.qdpx", qde(selection(1, 27, 41, "Time was short"), before=cases))
    linked = read(file, "link of a case")
    spans = linked.case_sources[["case", "start", "end"]].to_numpy().tolist()
    assert sorted(spans) == [["P", 0, len(TEXT)], ["P", 27, 41]]


def test_09_broken_codebooks_are_read_and_dotted_names_split() -> None:
    taguette = REFERENCE / "taguette" / "tg_minipublic_codebook.qdc"
    assert b"<Sets/>" in taguette.read_bytes()
    assert "Constraints/Time" in set(read_codebook(taguette)["code"])
    assert "Constraints:Time" not in set(read_codebook(taguette, separator=":")["code"])
    qualcoder = QUALCODER / "qc_minipublic.qdc"
    assert qualcoder.read_bytes().startswith(b"\xef\xbb\xbf")
    assert len(read_codebook(qualcoder)) == 10
    described = read_codebook(REFERENCE / "taguette" / "tg_minipublic_codebook.csv")
    assert described["description"].iloc[0].startswith("Definition of Commercialisation")


def test_10_taguette_counts_bytes_and_its_exports_lose_coders() -> None:
    database = REFERENCE / "taguette" / "tg_minipublic_project.sqlite3"
    project = read(database, "coders lost")
    assert set(project.audit.sources["convention"]) == {"UTF-8 bytes, end exclusive"}
    assert set(project.segments["coder"]) == {""}
    assert len(project.notes) == 1  # the highlight without a tag
    table = read(REFERENCE / "taguette" / "tg_minipublic_highlights.csv", "coders lost")
    said = set(table.audit.items["what"])
    assert {"coders lost", "no positions", "highlights without a tag lost"} <= said


@pytest.mark.parametrize("encoding", ["cp1254", "latin-1", "utf-16-le"])
def test_11_an_encoding_is_never_guessed(encoding: str, tmp_path: Path) -> None:
    text = "Türkçe görüş: kısa süre\n".replace("ş", "s").replace("ı", "i")
    file = write(tmp_path / "p.qdpx", qde(selection(1, 0, 6)), text.encode(encoding))
    with pytest.raises(DataError, match="is not UTF-8"):
        read_project(file)


def test_11_utf16_that_says_so_is_read_and_said(tmp_path: Path) -> None:
    file = write(tmp_path / "p.qdpx", qde(selection(1, 0, 3, "ADA")), TEXT.encode("utf-16"))
    project = read(file, "text in UTF-16")
    assert project.segments["quote"].tolist() == ["ADA"]


@pytest.mark.parametrize(
    "path",
    [
        "internal://../../secret.txt",
        "absolute:///etc/hostname",
        "/etc/hostname",
        "C:\\secret.txt",
        "internal://C:/secret.txt",
        "internal:///etc/hostname",
        "relative://../up.txt",
    ],
)
def test_12_no_path_leads_out_of_the_file(path: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="outside itself"):
        read_project(write(tmp_path / "p.qdpx", qde(selection(1, 0, 3), path=path)))


def test_13_quotations_stand_in_names_and_notes_and_are_ours_to_cover(tmp_path: Path) -> None:
    """What is written repeats quotations in names, so redaction must go through the project."""
    project = CodedProject.from_frames(
        pd.DataFrame({"source": ["I"], "text": ["Anna said so."]}),
        pd.DataFrame({"source": ["I"], "code": ["A"], "start": [0], "end": [4]}),
    )
    with zipfile.ZipFile(write_qdpx(project, tmp_path / "p.qdpx")) as archive:
        assert b'name="Anna"' in archive.read("project.qde")
    sources = project.sources.assign(text="X1234 said so.")
    segments = project.segments.assign(end=5, quote="")
    redacted = project.with_tables(sources=sources, segments=segments)
    with zipfile.ZipFile(write_qdpx(redacted, tmp_path / "q.qdpx")) as archive:
        assert not any(b"Anna" in archive.read(name) for name in archive.namelist())
    with pytest.raises(DataError, match="not what stands there"):
        project.with_tables(sources=sources, segments=project.segments.assign(end=5))


def test_14_duplicates_are_kept_and_said(tmp_path: Path) -> None:
    twice = selection(1, 27, 41, "Time was short") + selection(2, 27, 41, "Time was short")
    project = read(write(tmp_path / "p.qdpx", qde(twice)), "doubled: 1 × coding")
    assert project.n_segments == 2
    row = project.audit.duplicates.iloc[0]
    assert (row["what"], row["where"]) == ("Time by ada", "doc 27–41")


def test_15_one_source_a_survey_row_can_be_grouped_by_cases(tmp_path: Path) -> None:
    """Two rows of a survey come as two sources with variables; a case joins them again."""
    variable = (
        f'<Variables><Variable guid="{guid(41)}" name="group" typeOfVariable="Text"/></Variables>'
    )
    value = (
        f'<VariableValue><VariableRef targetGUID="{guid(41)}"/><TextValue>young</TextValue>'
        "</VariableValue>"
    )
    cases = (
        f'<Cases><Case guid="{guid(31)}" name="Survey"><SourceRef targetGUID="{guid(21)}"/>'
        f'<SourceRef targetGUID="{guid(22)}"/></Case></Cases>'
    )
    second = (
        f'{value}</TextSource><TextSource guid="{guid(22)}" name="doc">'
        f"<PlainTextContent>Row two</PlainTextContent>{value}"
    )
    file = write(
        tmp_path / "p.qdpx",
        qde(selection(1, 27, 41, "Time was short"), before=variable + cases, inside=second),
    )
    project = read(file, "another source has the same name|name of a source")
    assert project.sources["source"].tolist() == ["doc", "doc (2)"]
    assert project.sources["group"].tolist() == ["young", "young"]
    assert project.case_sources["source"].tolist() == ["doc", "doc (2)"]


def test_further_oddities_are_said(tmp_path: Path) -> None:
    """Two codes of one name, users of one name, links and graphs, media, unknown variables."""
    codes = code(11, "Time") + code(12, "Time", code(13, " Late ")) + code(11, "Other")
    users = user(1, "ada") + user(2, "ada")
    after = (
        f'<Links><Link guid="{guid(51)}"/></Links><Sets><Set guid="{guid(52)}" name="s"/></Sets>'
        f'<Graphs><Graph guid="{guid(53)}"/></Graphs>'
    )
    picture = (
        f'</TextSource><PictureSource guid="{guid(23)}" name="photo" path="absolute:///x.png">'
        f'<PictureSelection guid="{guid(24)}" name="face" firstX="0" firstY="0" secondX="1" '
        f'secondY="1"><Coding guid="{guid(25)}"><CodeRef targetGUID="{guid(11)}"/></Coding>'
        f'</PictureSelection></PictureSource><TextSource guid="{guid(26)}" name="last">'
        "<PlainTextContent/>"
    )
    document = qde(
        selection(1, 27, 41, "Time was short", (11, 12)),
        codes=codes,
        users=users,
        after=after,
        inside=picture,
    )
    project = read(write(tmp_path / "p.qdpx", document), "1 × link")
    assert project.codes["code"].tolist() == ["Time", "Time (2)", "Time (2)/Late", "Other"]
    assert project.users == ("ada", "ada (2)")
    assert project.segments["code"].tolist() == ["Time", "Time (2)"]
    assert project.unplaced["reason"].tolist() == ["a region of a picture"]
    what = dict(zip(project.audit.items["what"], project.audit.items["count"], strict=True))
    assert {"link", "set", "graph", "name of a coder", "GUID of a code"} <= set(what)
    assert "<h3>" in project.audit._repr_html_() or "<p>" in project.audit._repr_html_()
    assert "found" in project.audit.methods_text().lower()
    assert project.audit.tables("polars")["audit_items"].height == len(project.audit.items)
    project.audit.to_excel(tmp_path / "audit.xlsx")
    project.audit.report(tmp_path / "audit.html")
    assert "region" not in (tmp_path / "audit.html").read_text()


def test_what_is_unsaid_of_saturation_is_not_what_is_unsaid_of_agreement():
    texts = pd.DataFrame({"source": ["I1"], "text": ["Yes."]})
    project = CodedProject.from_frames(texts)
    said = require_approach(project, "saturation")
    assert "codes lie in the data" in said
    assert "apply one codebook alike" not in said
    assert "apply one codebook alike" in require_approach(project, "agreement between coders")
