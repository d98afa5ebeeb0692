"""Hostile and broken files end in a `DataError`, soon and without much memory."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
import struct
import time
import tracemalloc
import warnings
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from coded_samples import REFERENCE, TEXT, TEXTS, code, guid, qde, selection, write

from dmpkit.coding import read_codebook, read_project
from dmpkit.coding.exchange import archive as bounds
from dmpkit.coding.exchange import xml_stream
from dmpkit.errors import DataError

SECONDS = 5.0
MEBIBYTES = 150


@pytest.fixture(autouse=True)
def bounded() -> object:
    """Every test here is quick and small, whatever it reads."""
    tracemalloc.start()
    begun = time.process_time()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - begun < 4 * SECONDS  # tracing slows Python down
    assert peak < MEBIBYTES * 2**20


def refused(path: Path, words: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DataError, match=words):
            read_project(path)


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "name", ["../up.txt", "sources/../../up.txt", "/etc/passwd", "C:/up.txt", "..\\up.txt"]
)
def test_members_that_lead_out(name: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.qdpx", {"project.qde": qde("").encode(), name: b"x"})
    refused(path, "outside itself")
    assert list(tmp_path.iterdir()) == [path]


def test_a_bomb_of_zeros(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.qdpx", {"project.qde": b" " * 60_000_000})
    refused(path, "times its size")
    text = zipped(
        tmp_path / "q.qdpx",
        {"project.qde": qde(selection(1, 0, 3)).encode(), "sources/t.txt": b"a" * 60_000_000},
    )
    refused(text, "times its size")


def test_a_member_that_claims_a_gigabyte(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.qdpx", {"project.qde": qde("").encode()})
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = data.find(mark)
        data[at + offset : at + offset + 4] = struct.pack("<L", 1_000_000_000)
    path.write_bytes(data)
    refused(path, "would take 1,000 MB unpacked")


def test_too_many_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "p.qdpx", {f"sources/{i}.txt": b"" for i in range(300)})
    monkeypatch.setattr(bounds, "MAX_LISTING", 10_000)
    refused(path, "far too many files")


def test_one_name_twice(tmp_path: Path) -> None:
    path = tmp_path / "p.qdpx"
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("project.qde", qde(""))
        archive.writestr("project.qde", qde(""))
    refused(path, "twice")


def test_encrypted_and_strangely_packed(tmp_path: Path) -> None:
    path = zipped(tmp_path / "p.qdpx", {"project.qde": qde("").encode()})
    for offset, value, words in ((6, 1, "encrypted"), (8, 99, "damaged")):  # a flag, a method
        data = bytearray(path.read_bytes())
        for mark, shift in ((b"PK\x01\x02", 2), (b"PK\x03\x04", 0)):
            at = data.find(mark) + offset + shift
            data[at : at + 2] = struct.pack("<H", value)
        (tmp_path / "q.qdpx").write_bytes(data)
        refused(tmp_path / "q.qdpx", words)


def test_archives_without_a_project(tmp_path: Path) -> None:
    refused(zipped(tmp_path / "p.qdpx", {"readme.txt": b"x"}), r"no project\.qde")
    refused(zipped(tmp_path / "q.zip", {"x.qda/data.qda": b"no database"}), "not a database")


TEN = "".join(f'<!ENTITY {b} "{(f"&{a};") * 10}">' for a, b in zip("abcdefgh", "bcdefghi"))  # noqa: B905
BOMB = f'<!DOCTYPE Project [<!ENTITY a "aaaaaaaaaa">{TEN}]>'


@pytest.mark.parametrize(
    ("xml", "words"),
    [
        (BOMB + "<Project name='&i;'/>", "document type or entities"),
        (
            '<!DOCTYPE Project [<!ENTITY x SYSTEM "file:///etc/hostname">]><Project>&x;</Project>',
            "document type",
        ),
        ('<!DOCTYPE Project SYSTEM "http://localhost/x.dtd"><Project/>', "document type"),
        ("<Project>&unknown;</Project>", "XML is broken"),
        ("<Project><a></Project>", "XML is broken"),
        ("<html/>", "not a <Project>"),
        ("<a>" * 5000, "not a <Project>"),
        ("<Project>" + "<a>" * 5000, "nested too deep"),
        ("<Project><Codes>" + "<Code name='x'>" * 5000, "nested too deep"),
        ('<?xml version="1.0" encoding="no-such"?><Project/>', "XML"),
        ('<?xml version="1.0" encoding="utf-7"?><Project/>', "XML"),
        ("", "XML is broken"),
    ],
)
def test_hostile_xml(xml: str, words: str, tmp_path: Path) -> None:
    refused(write(tmp_path / "p.qdpx", xml), words)
    book = tmp_path / "c.qdc"
    book.write_text(xml.replace("Project", "CodeBook"), encoding="utf-8")
    with pytest.raises(DataError):
        read_codebook(book)


def test_a_tag_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_stream, "MAX_TAG", 200_000)
    noise = random.Random(1).randbytes(400_000).hex()
    refused(write(tmp_path / "p.qdpx", "<Project name='" + noise), "without the end of a tag")


def test_numbers_that_are_no_positions(tmp_path: Path) -> None:
    odd = ["9" * 5000, "1e9", "-1", "", "NaN", "٣", "0x10", str(2**63), str(2**31)]
    parts = "".join(selection(i, 0, value) for i, value in enumerate(odd))
    parts += "".join(selection(20 + i, value, 4) for i, value in enumerate(odd))
    with pytest.warns(UserWarning, match="without a place"):
        project = read_project(write(tmp_path / "p.qdpx", qde(parts)))
    assert (project.n_segments, len(project.unplaced)) == (0, 2 * len(odd))


def test_a_thousand_quotations_that_stand_nowhere(tmp_path: Path) -> None:
    """Searching is bounded: repetitive texts and quotations are difflib's worst case."""
    text = "ab " * 30_000
    parts = "".join(
        selection(i, 0, 600, ("ab " * 99 + f"x{i} " + "ba " * 100)[:600]) for i in range(1000)
    )
    with pytest.warns(UserWarning, match="named otherwise"):
        project = read_project(write(tmp_path / "p.qdpx", qde(parts), text))
    assert project.n_segments == 1000


def test_many_codes_of_one_name(tmp_path: Path) -> None:
    codes = "".join(code(100 + i, "Time") for i in range(300))
    with pytest.warns(UserWarning, match="name of a code"):
        project = read_project(write(tmp_path / "p.qdpx", qde("", codes=codes)))
    assert len(project.codes) == 300


# --- databases ------------------------------------------------------------------------------


def database(tmp_path: Path, script: str) -> Path:
    path = tmp_path / "data.qda"
    shutil.copy(REFERENCE / "qualcoder" / "qc_minipublic.data.qda", path)
    with closing(sqlite3.connect(path)) as base, base:
        base.executescript(script)
    base.close()
    return path


def test_a_view_that_never_ends_is_not_asked(tmp_path: Path) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS ctid FROM n"
    )
    path = database(tmp_path, f"DROP TABLE code_text; CREATE VIEW code_text AS {endless};")
    refused(path, "neither QualCoder's nor Taguette's")


def test_values_of_the_wrong_kind(tmp_path: Path) -> None:
    path = database(
        tmp_path,
        """
        UPDATE code_text SET pos0 = 'x', pos1 = x'00ff' WHERE ctid = 1;
        UPDATE code_text SET pos0 = 9223372036854775807, pos1 = -5, seltext = NULL WHERE ctid = 2;
        UPDATE code_text SET pos0 = 1e300, memo = x'ff' WHERE ctid = 3;
        UPDATE source SET fulltext = x'ff00' WHERE id = 3;
        UPDATE code_name SET name = NULL WHERE cid = 1;
        UPDATE cases SET name = 5;
        """.replace("UPDATE cases SET name = 5;", "UPDATE cases SET name = 5 WHERE caseid = 1;"),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        project = read_project(path)
    assert len(project.segments) + len(project.unplaced) == 19
    assert "(no name)" in set(project.codes["code"])


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    path = database(tmp_path, "UPDATE source SET fulltext = CAST(x'ff41' AS TEXT) WHERE id = 1;")
    refused(path, "database cannot be read")


def test_cut_and_scribbled_databases(tmp_path: Path) -> None:
    data = (REFERENCE / "qualcoder" / "qc_minipublic.data.qda").read_bytes()
    path = tmp_path / "data.qda"
    for cut in (16, 100, 5000, len(data) // 2):
        path.write_bytes(data[:cut])
        refused(path, "database cannot be read|neither")


def test_taguette_payloads_that_are_no_json(tmp_path: Path) -> None:
    path = tmp_path / "t.sqlite3"
    shutil.copy(REFERENCE / "taguette" / "tg_minipublic_project.sqlite3", path)
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE commands SET payload = '[' WHERE id % 2")
        base.execute("UPDATE commands SET payload = '[1]' WHERE id % 2 = 0")
        base.execute("UPDATE documents SET contents = ? WHERE id = 1", ("<p '" + '<"' * 50_000,))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_project(path).n_segments < 19


def test_half_characters_in_json(tmp_path: Path) -> None:
    found = json.loads((REFERENCE / "aqda" / "aqda_minipublic.json").read_text())
    found["codes"][0]["name"] = "\ud800"
    found["codings"][1]["selected_text"] = "\ud83d"
    found["codings"][2]["start_pos"] = 10**40
    found["codes"][3]["parent_id"] = found["codes"][3]["id"]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(found))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        project = read_project(path, texts=TEXTS)
    assert project.n_segments >= 17


# --- fuzzing ----------------------------------------------------------------------------------


def corpus() -> list[tuple[str, bytes]]:
    """Files of every reader; archives also unpacked, so that mutations reach the XML."""
    names = [
        "qualcoder/qc_minipublic.qdpx",
        "qualcoder/qc_minipublic.data.qda",
        "qualcoder/qc_minipublic.qdc",
        "aqda/aqda_minipublic.qdpx",
        "aqda/aqda_minipublic.json",
        "aqda/aqda_minipublic.csv",
        "aqda/aqda_minipublic.qdc",
        "taguette/tg_minipublic_project.sqlite3",
        "taguette/tg_minipublic_highlights.csv",
        "taguette/tg_minipublic_codebook.csv",
        "taguette/tg_minipublic_codebook.qdc",
        "conventions/conv_crlf_counted_as_one.qdpx",
        "conventions/conv_out_of_range.qdpx",
    ]
    return [(name, (REFERENCE / name).read_bytes()) for name in names]


def mutated(data: bytes, rng: random.Random) -> bytes:
    """Some bytes changed, cut out, doubled, swapped or overwritten with what hurts."""
    made = bytearray(data)
    hurts = [
        b"\x00",
        b"\xff\xfe",
        b"<",
        b'"',
        b"&#0;",
        b"-1",
        b"99999999999999999999",
        b"\n",
        b"]]>",
    ]
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = rng.randrange(len(made) or 1)
        size = rng.choice([1, 2, 8, 64, 512])
        kind = rng.randrange(6)
        if kind == 0 and made:
            made[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del made[at : at + size]
        elif kind == 2:
            made[at:at] = made[at : at + size]
        elif kind == 3:
            made[at : at + 1] = rng.choice(hurts)
        elif kind == 4:
            made[at : at + size] = rng.randbytes(size)
        else:
            other = rng.randrange(len(made) or 1)
            made[at : at + size] = made[other : other + size]
    return bytes(made[: rng.randrange(len(made) + 1)] if rng.random() < 0.05 else made)


def mutated_archive(data: bytes, rng: random.Random) -> bytes:
    """The same archive with one member mutated."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {n: archive.read(n) for n in archive.namelist() if not n.endswith("/")}
    name = "project.qde" if rng.random() < 0.7 else rng.choice(list(members))
    members[name] = mutated(members[name], rng)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, content in members.items():
            archive.writestr(n, content)
    return target.getvalue()


def fuzz(folder: Path, seeds: range) -> int:
    """Read mutated files; how many could be read. Any exception but `DataError` gets out."""
    files, read = corpus(), 0
    for seed in seeds:
        rng = random.Random(seed)
        name, data = files[seed % len(files)]
        inside = name.endswith("qdpx") and rng.random() < 0.8
        broken = mutated_archive(data, rng) if inside else mutated(data, rng)
        path = folder / f"f{Path(name).suffix}"
        path.write_bytes(broken)
        texts = TEXTS if rng.random() < 0.5 else None
        book = name.endswith("qdc") or "codebook" in name
        begun = time.process_time()
        try:
            if book:
                read_codebook(path)
            else:
                read_project(path, texts=texts)
            read += 1
        except DataError:
            pass
        except Exception as error:
            error.add_note(f"seed {seed}, {name}")
            raise
        assert time.process_time() - begun < SECONDS, f"seed {seed}, {name}"
    return read


@pytest.mark.filterwarnings("ignore")
def test_mutated_files(tmp_path: Path) -> None:
    assert 20 < fuzz(tmp_path, range(156)) < 156


@pytest.mark.filterwarnings("ignore")
def test_a_member_without_a_name(tmp_path: Path) -> None:
    fuzz(tmp_path, range(18953, 18954))  # a mutated file that Python 3.11's zipfile stumbles over


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(20))
def test_twenty_thousand_mutated_files(part: int, tmp_path: Path) -> None:
    tracemalloc.stop()  # tracing triples the time; memory is traced in the sample above
    tracemalloc.start(1)
    assert fuzz(tmp_path, range(1000 + 1000 * part, 2000 + 1000 * part)) > 100


def test_the_sample_text_is_what_the_tests_think() -> None:
    assert TEXT[27:41] == "Time was short"
    assert guid(1).endswith("1")


def test_ten_thousand_codes_of_one_name(tmp_path: Path) -> None:
    """Each gets a number of its own, and the next is not sought from the beginning."""
    codes = code(11, "Limits.Time") * 10_000
    path = tmp_path / "many.qdc"
    path.write_text(
        '<CodeBook xmlns="urn:QDA-XML:codebook:1.0" origin="Taguette 1.5">'
        f"<Codes>{codes}</Codes></CodeBook>"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = read_codebook(path)
    assert book["code"].is_unique
    assert book["code"].iloc[-1] == "Limits/Time (10000)"
