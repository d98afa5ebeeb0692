"""Files that are broken or made to do harm: a DataError, soon, and in little memory."""

from __future__ import annotations

import os
import struct
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import openpyxl
import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.qmethod import QSorts, read_feedback, read_sorts, write_pqmethod, write_sorts
from dmpkit.qmethod.readers import FORMATS

MB = 1_000_000
SECONDS = 20  # of CPU time, on a slow machine; most take a tenth of one


def refused(file: Path, **how: object) -> str:
    """The message with which a file is refused, within bounds."""
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(DataError) as caught:
            read_sorts(file, **how)  # type: ignore[arg-type]
        taken, (_, most) = time.process_time() - start, tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < SECONDS
    assert most < 700 * MB
    assert str(caught.value).startswith(file.name)
    return str(caught.value)


# -- fifty megabytes of noise -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"", "not text"),
        (b"PK\x03\x04", "not an Excel workbook"),
        (b"PAR1", "Parquet file is damaged"),
        (b"{", "not text"),
        (b"\xff\xfe", "not text|first row"),
    ],
)
def test_noise(tmp_path, start, message):
    file = tmp_path / "noise"
    block = os.urandom(MB)
    with file.open("wb") as out:
        out.write(start)
        for _ in range(49):
            out.write(block)
    found = refused(file)
    assert any(part in found for part in message.split("|"))


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (b"a", "quoting of the file is broken"),
        (b"1,2;3\n", "million cells"),
        (b",", "million cells"),
        (b"a\n", "million cells"),
        (b"[", "million parts"),
        (b'{"a":', "million parts"),
        (b" \n", "empty"),
        (b"\x00", "empty"),
    ],
)
def test_one_thing_over_and_over(tmp_path, block, message):
    file = tmp_path / "same.csv"
    size = 8 * MB if block == b"a" else 49 * MB
    file.write_bytes(block * (size // len(block)))
    assert message in refused(file)


def test_more_than_fifty_megabytes(tmp_path):
    file = tmp_path / "large.csv"
    with file.open("wb") as out:
        out.truncate(50 * MB + 1)
    assert "50 MB is the limit" in refused(file)


@pytest.mark.parametrize("format", FORMATS)
def test_noise_read_as_any_format(tmp_path, format):
    file = tmp_path / "noise"
    for data in (os.urandom(100_000), b"x,y\n1,2\n" * 1000, b"{}", b"PK\x05\x06" + bytes(18)):
        file.write_bytes(data)
        refused(file, format=format)


# -- empty, absent, a folder ---------------------------------------------------------------------


@pytest.mark.parametrize("format", [None, *FORMATS])
def test_no_content_at_all(tmp_path, format):
    for data in (b"", b"\xef\xbb\xbf", b"\r\n \t", b"\x1a"):
        (tmp_path / "a").write_bytes(data)
        found = refused(tmp_path / "a", format=format)
        assert "empty" in found or format == "sorting_page"  # which says: not JSON
    assert "cannot be read" in refused(tmp_path / "none", format=format)


# -- deep, wide and doubled ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 1_000_000, "nested too deep"),
        ('{"a":' * 500_000 + "1" + "}" * 500_000, "nested too deep"),
        ('{"a": ' + "9" * 100_000 + "}", "JSON cannot be read"),
        ("{" + ",".join(f'"{i}":1' for i in range(300_000)) + ',"5":1}', "'5' stands twice"),
    ],
)
def test_json(tmp_path, text, message):
    (tmp_path / "a.json").write_text(text)
    assert message in refused(tmp_path / "a.json")


def test_a_million_columns(tmp_path):
    (tmp_path / "a.csv").write_text(",".join(f"s{i}" for i in range(1_000_000)))
    assert "more than 20,000 cells" in refused(tmp_path / "a.csv")


def test_a_long_table_whose_matrix_would_be_huge(tmp_path):
    rows = "".join(f"p{i},{i},1\n" for i in range(5_000))
    (tmp_path / "a.csv").write_text("sort,statement,score\n" + rows)
    assert "5,000 statements and 5,000 sorts, but only 5,000" in refused(tmp_path / "a.csv")


def test_ambiguous_delimiter(tmp_path):
    (tmp_path / "a.csv").write_text("statement;a,b;c\n1;0,1;2\n2;1,0;1\n3;2,2;0\n")
    assert "delimiter" in refused(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: samples.kade1(path, sorts=[["x", "Ana", "Ana"], *_two_columns()]),
        lambda path: samples.archive(path, {"sorts.txt": "Ana" + ",1" * 9 + "\nAna" + ",2" * 9}),
        lambda path: _written(path, "sid;npos;nneg;s1;s2;s3\n1;1;1;1;0;-1\n1;1;1;0;1;-1\n", "sid"),
        lambda path: _written(path, "statement,a,a\n1,0,1\n2,1,0\n3,-1,-1\n"),
    ],
)
def test_duplicated_label(tmp_path, make):
    file = make(tmp_path / "a")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        if "sid" in file.read_text(encoding="latin-1"):
            assert "'1'" in refused(file, label="sid")
            assert read_sorts(file).sorts == ("row2", "row3")
        else:
            assert "'Ana'" in (found := refused(file)) or "'a'" in found or "same value" in found


def _two_columns() -> list[list[object]]:
    return [[row[0], row[1], row[1]] for row in samples.placed()[1:]]


def _written(path: Path, text: str, *_: str) -> Path:
    path.write_text(text)
    return path


def test_cells_that_are_formulas(tmp_path):
    (tmp_path / "a.csv").write_text("statement,a,b\n1,=1+1,0\n2,0,1\n3,1,2\n")
    assert "'=1+1' is not a number" in refused(tmp_path / "a.csv")
    book = openpyxl.Workbook()
    for row in (["statement", "a", "b"], [1, "=1+1", 0], [2, 0, 1], [3, 1, 2]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    assert "column a: 1 cell(s) hold no usable value" in refused(tmp_path / "a.xlsx")


# -- archives and workbooks ----------------------------------------------------------------------


def test_zip_bomb(tmp_path):
    file = samples.archive(tmp_path / "bomb.zip", {"sorts.txt": "0" * 70 * MB})
    assert file.stat().st_size < MB
    assert "70 MB unpacked; 30 MB is the limit" in refused(file)


def test_archive_that_lies_about_its_size(tmp_path):
    file = samples.archive(tmp_path / "lies.zip", {"sorts.txt": "0" * 20 * MB})
    data = file.read_bytes()
    file.write_bytes(data.replace(struct.pack("<L", 20 * MB), struct.pack("<L", 100)))
    assert "damaged" in refused(file)


def test_archive_of_a_hundred_thousand_files(tmp_path):
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as out:
        for i in range(20_000):
            out.writestr(f"{i}.txt", "")
    assert "far too many files" in refused(tmp_path / "many.zip")


def test_archive_that_names_a_file_twice_or_is_encrypted(tmp_path):
    with warnings.catch_warnings(), zipfile.ZipFile(tmp_path / "a.zip", "w") as out:
        warnings.simplefilter("ignore")  # zipfile on the doubled name
        out.writestr("sorts.txt", "Ana,1")
        out.writestr("sorts.txt", "Ben,1")
    assert "'sorts.txt' twice" in refused(tmp_path / "a.zip")
    data = bytearray(samples.archive(tmp_path / "b.zip").read_bytes())
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1  # the mark of encryption in the list of files
    (tmp_path / "b.zip").write_bytes(bytes(data))
    assert "encrypted" in refused(tmp_path / "b.zip")


SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def with_sheet(path: Path, sheet: str, word: str = "") -> Path:
    """A workbook whose only sheet has been replaced, with one shared string."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["a"])
    book.save(path)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/worksheets/sheet1.xml"] = sheet.encode()
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{SPACE}"><si><t>{word}</t></si></sst>'.encode()
    known = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{SHARED}" /></Types>'
    types = parts["[Content_Types].xml"].decode().replace("</Types>", known)
    parts["[Content_Types].xml"] = types.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in parts.items():
            out.writestr(name, data)
    return path


def sheet_of(rows: str, before: str = "") -> str:
    return f'{before}<worksheet xmlns="{SPACE}"><sheetData>{rows}</sheetData></worksheet>'


def test_workbook_of_a_million_cells(tmp_path):
    rows = "<row>" + "<c/>" * 1_000_000 + "</row>"
    found = refused(with_sheet(tmp_path / "a.xlsx", sheet_of(rows)))
    assert "more than 600,000 rows and cells, the limit" in found


def test_one_long_word_in_every_cell(tmp_path):
    """Stored once among the shared strings, named in thousands of cells."""
    rows = "<row>" + '<c t="s"><v>0</v></c>' * 2_000 + "</row>"
    word = "x" * 30_000 + " "
    found = refused(with_sheet(tmp_path / "a.xlsx", sheet_of(rows), word))
    assert "more than 50 MB of text" in found


def test_entities_that_multiply(tmp_path):
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 9)
    )
    rows = '<row><c t="str"><v>&a8;</v></c></row>'
    sheet = sheet_of(rows, f"<!DOCTYPE x [{entities}]>")
    assert "document type" in refused(with_sheet(tmp_path / "a.xlsx", sheet))


# -- broken copies of good files -----------------------------------------------------------------

SORTS = QSorts(samples.VALUES, sorts=samples.NAMES, texts=samples.TEXTS)
MAKERS = {
    "kade1.xlsx": samples.kade1,
    "kade3.xlsx": samples.kade3,
    "kade.zip": samples.archive,
    "htmlq.csv": samples.htmlq,
    "eq.json": samples.firebase,
    "netlify.csv": samples.netlify,
    "sheets.csv": samples.sheets,
    "tidy.csv": lambda path: write_sorts(SORTS, path),
    "tidy.parquet": lambda path: write_sorts(SORTS, path),
    "rules.DAT": lambda path: write_pqmethod(SORTS, path),
}
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "insert", "replace", "delete"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=6)
        | st.sampled_from([b",", b";", b"|", b":", b"\n", b'"', b"-", b"x", b"\x00", b"{", b"99"]),
    ),
    min_size=1,
    max_size=3,
)


def edited(data: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for kind, place, piece in edits:
        at = int(place * len(data))
        after = {"cut": len(data), "insert": at, "replace": at + len(piece)}
        data = (
            data[:at]
            + (b"" if kind in ("cut", "delete") else piece)
            + data[after.get(kind, at + len(piece)) :]
        )
    return data


@pytest.mark.parametrize("name", list(MAKERS))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=EDITS)
def test_damaged_files_give_sorts_or_a_data_error(tmp_path, name, edits):
    good = tmp_path / "good" / name
    if not good.parent.exists():
        good.parent.mkdir()
        MAKERS[name](good)
    file = tmp_path / name
    file.write_bytes(edited(good.read_bytes(), edits))
    for read in (read_sorts, read_feedback):
        refusal = name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            try:
                read(file)
            except DataError as error:
                refusal = str(error)
        assert refusal.startswith(name)


@pytest.mark.parametrize("name", list(MAKERS))
def test_cut_off_anywhere(tmp_path, name):
    """No file is read when its end is missing, with fewer sorts or with all."""
    MAKERS[name](tmp_path / name)
    data = (tmp_path / name).read_bytes()
    wrong = []
    for share in (0.1, 0.35, 0.5, 0.7, 0.75, 0.9, 0.97):
        end = int(share * len(data))
        end += 5 * (data[end - 1 : end] == b"\n")  # whole rows alone look like a whole file
        (tmp_path / name).write_bytes(data[:end])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DmpkitWarning)
            try:
                sorts = read_sorts(tmp_path / name)
            except DataError:
                continue
        wrong.append((share, sorts.n_statements, sorts.n_sorts))
    assert not wrong
