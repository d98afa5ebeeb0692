"""Delimited text as people have it, frames of either kind, writers that write all or nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import tables, workbooks
from dmpkit.errors import DataError

ROWS = [["statement", "US1", "US2"], ["s1", "1.5", "-2"], ["s2", "0", "3"]]


def text_of(rows, delimiter, decimal="."):
    return "\n".join(delimiter.join(c.replace(".", decimal) for c in row) for row in rows) + "\n"


@pytest.mark.parametrize(
    ("delimiter", "decimal"), [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ",")]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_same_table_comes_out_of_every_dialect(tmp_path, delimiter, decimal, encoding, newline):
    path = tmp_path / "sorts.csv"
    rows = [["Café", *ROWS[0][1:]], *ROWS[1:]]
    text = text_of(rows, delimiter, decimal).replace("\n", newline)
    path.write_bytes(text.encode(encoding))
    frame, report = tables.read_delimited(path)
    numbers = tables.to_numbers(frame, ["US1", "US2"], decimal=report.decimal)
    assert list(frame.columns) == ["Café", "US1", "US2"]
    assert numbers["US1"].tolist() == [1.5, 0.0]
    assert numbers["US2"].tolist() == [-2.0, 3.0]
    assert report.delimiter == delimiter
    assert report.decimal == decimal
    assert report.bom == (encoding in ("utf-8-sig", "utf-16"))


def test_quoted_cells_may_hold_delimiters_and_line_breaks(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('id,text\n1,"one, two; three"\n2,"line\nbreak"\n')
    frame, report = tables.read_delimited(path)
    assert frame["text"].tolist() == ["one, two; three", "line\nbreak"]
    assert report.delimiter == ","


def test_codes_stay_text_and_only_empty_cells_are_missing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("postcode,country,big,x,all\n01234,NA,1e3,\u22121,inf\n12345,DE,-,,nan\n")
    frame = tables.read_table(path)
    assert frame["postcode"].tolist() == ["01234", "12345"]
    assert frame["country"].tolist() == ["NA", "DE"]
    assert frame["big"].tolist() == ["1e3", "-"]
    assert frame["x"].tolist()[0] == -1.0
    assert frame["x"].isna().tolist() == [False, True]
    assert frame["all"].tolist() == ["inf", "nan"]


def test_a_true_minus_sign_and_a_decimal_comma_go_together(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("s;x\na;\u22121,5\nb;0,5\n", encoding="utf-8")
    assert tables.read_table(path)["x"].tolist() == [-1.5, 0.5]


def test_empty_lines_are_left_out_and_said_so(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n\n1,2\n,\n3,4\n\n")
    frame, report = tables.read_delimited(path)
    assert frame["a"].tolist() == ["1", "3"]
    assert "2 empty lines left out" in report.notes[-1]
    path.write_text("a,b\n\n1,2\n3\n")
    with pytest.raises(DataError, match="row 4: The row has 1 cells"):
        tables.read_delimited(path)


def test_text_that_looks_missing_survives(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("category,count\nNone,3\nNA,4\n")
    assert tables.read_table(path)["category"].tolist() == ["None", "NA"]
    assert tables.read_table(path)["count"].tolist() == [3.0, 4.0]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf\r\n", "empty"),
        (b"a,b\n1,2\n3\n", "row 3: The row has 1 cells, the header has 2"),
        (b"a,a\n1,2\n", "both called 'a'"),
        (b"a,,\n1,2,3\n", "More than one column has no name"),
        (b'a,b\n"1,2\n', "not closed"),
        (b"\x00\x01\x02\x03,\n\x7f\x00", "not text"),
        (b"a,b;c\n1,2;3\n4,5;6\n", "delimiter is ambiguous"),
        (b'a,b\n"1,5",2.5\n', "decimal sign is ambiguous"),
        (b"a;b\n1,234;5\n", "may mean 1.234 or 1234"),
    ],
)
def test_a_broken_file_is_refused_with_the_reason(tmp_path, content, says):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        tables.read_delimited(path)
    assert says in str(caught.value)
    assert str(caught.value).startswith("broken.csv")


def test_an_absent_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(DataError):
            tables.read_delimited(path)


def test_what_is_ambiguous_can_be_settled(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b;c\n1,2;3\n4,5;6\n")
    assert list(tables.read_delimited(path, delimiter=";")[0].columns) == ["a,b", "c"]
    path.write_text("a;b\n1,234;5\n")
    frame, report = tables.read_delimited(path, decimal=",")
    assert tables.to_numbers(frame, decimal=report.decimal)["a"].tolist() == [1.234]


def test_a_cell_that_is_no_number_is_named():
    frame = pd.DataFrame({"x": ["1", "two"]})
    with pytest.raises(DataError, match=r"row 3, column x: 'two' is not a number"):
        tables.to_numbers(frame)


@given(st.binary(max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_bytes_end_in_a_table_or_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("noise") / "noise.csv"
    path.write_bytes(content)
    try:
        frame, report = tables.read_delimited(path)
    except DataError:
        return
    assert len(frame) == report.n_rows


FRAMES = {
    "pandas": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "polars": pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "polars lazy": pl.LazyFrame({"a": [1, 2], "b": ["x", "y"]}),
    "pyarrow": pa.table({"a": [1, 2], "b": ["x", "y"]}),
}


@pytest.mark.parametrize("kind", FRAMES)
def test_every_kind_of_frame_becomes_the_same_pandas_frame(kind):
    got = tables.to_pandas(FRAMES[kind])
    assert got["a"].tolist() == [1, 2]
    assert got["b"].tolist() == ["x", "y"]


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
def test_a_frame_function_gives_back_the_kind_it_got(kind):
    @tables.frame_function
    def total(frame, *, column):
        return pd.DataFrame({"total": [frame[column].sum()]})

    result = total(FRAMES[kind], column="a")
    assert type(result) is type(FRAMES[kind])
    assert tables.to_pandas(result)["total"].tolist() == [3]


def test_what_is_no_frame_is_refused():
    with pytest.raises(DataError, match="list"):
        tables.to_pandas([1, 2])
    with pytest.raises(DataError, match="kind"):
        tables.as_kind(FRAMES["pandas"], "spark")


def test_checks_name_the_place():
    frame = pd.DataFrame({"x": [1.0, np.nan], "y": [np.nan, 1.0]})
    with pytest.raises(DataError, match="row 2, column y"):
        tables.require_complete(frame)
    with pytest.raises(DataError, match=r"Columns 'p', 'q' are missing"):
        tables.require_columns(frame, ["p", "q"])
    tables.require_columns(frame, ["x"])
    tables.require_columns(pd.DataFrame([[1, 2]]), [0, 1])
    with pytest.raises(DataError, match=r"Column 7 is missing"):
        tables.require_columns(frame, [7])
    with pytest.raises(DataError, match=r"Columns 1, \['x'\] are missing"):
        tables.require_columns(frame, [1, ["x"]])
    tables.require_unique(["a", "b"], "sort")


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "kept.txt"
    path.write_text("old")

    def fail():
        with tables.atomic_write(path) as target:
            target.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]


def test_writing_into_an_absent_folder_says_so(tmp_path):
    with pytest.raises(DataError, match="does not exist"), tables.atomic_write(tmp_path / "a/b"):
        pass
    with pytest.raises(DataError, match="a folder"), tables.atomic_write(tmp_path):
        pass


FORMULAS = ['=HYPERLINK("http://x")', "+1+1", "-1+1", "@SUM(A1)", "\t=1"]


def test_formulas_in_text_are_not_run_by_a_spreadsheet(tmp_path):
    frame = pd.DataFrame({"=bad": FORMULAS, "x": [1.25, None, 3, 4, 5]})
    tables.write_workbook(tmp_path / "a.xlsx", {"one": frame}, notes=[("about", "=1+1")])
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    assert [c.value for c in book["one"]["A"]][1:] == FORMULAS  # the text itself is kept
    assert book["one"]["B3"].value is None
    assert book["one"]["B2"].value == 1.25

    tables.write_csv(frame, tmp_path / "a.csv")
    cells = [line.split(",")[0].strip('"') for line in (tmp_path / "a.csv").read_text().split("\n")]
    assert all(cell.startswith("'") for cell in cells if cell)


def test_numbers_written_as_text_stay_as_they_are(tmp_path):
    tables.write_csv(pl.DataFrame({"x": ["-3", "+4.5"]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == "x\n-3\n+4.5\n"


@pytest.mark.parametrize("name", ["", "a/b", "x" * 32, "a[1]"])
def test_a_sheet_name_that_excel_refuses_is_refused(tmp_path, name):
    with pytest.raises(DataError):
        tables.write_workbook(tmp_path / "a.xlsx", {name: FRAMES["pandas"]})
    assert list(tmp_path.iterdir()) == []


def test_control_characters_do_not_break_a_workbook(tmp_path):
    frame = pd.DataFrame({"x": ["a\x00b\x07", "y" * 40000]})
    tables.write_workbook(tmp_path / "a.xlsx", {"one": frame})
    got = tables.read_table(tmp_path / "a.xlsx")
    assert got["x"][0] == "a\ufffdb\ufffd"
    assert len(got["x"][1]) == 32767


def test_workbooks_come_back_as_they_were_written(tmp_path):
    frame = pd.DataFrame({"b": ["x", "y"], "a": [1 / 3, 2.0]})
    tables.write_workbook(tmp_path / "a.xlsx", {"one": frame, "two": frame.head(1)})
    got = tables.read_table(tmp_path / "a.xlsx", sheet="one")
    pd.testing.assert_frame_equal(got, frame, check_dtype=False)
    with pytest.raises(DataError, match="no sheet 'three'"):
        tables.read_table(tmp_path / "a.xlsx", sheet="three")


def test_parquet_comes_back_as_it_was_written(tmp_path):
    frame = pd.DataFrame({"b": ["x", "y"], "a": [1 / 3, 2.0]})
    frame.to_parquet(tmp_path / "a.parquet")
    pd.testing.assert_frame_equal(tables.read_table(tmp_path / "a.parquet"), frame)
    (tmp_path / "bad.parquet").write_bytes(b"noise" * 10)
    with pytest.raises(DataError, match="Parquet"):
        tables.read_table(tmp_path / "bad.parquet")


@pytest.mark.parametrize("content", [b"noise" * 50, b"PK\x03\x04" + b"\x00" * 40])
def test_a_damaged_workbook_is_refused(tmp_path, content):
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(DataError, match="workbook"):
        tables.read_table(path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (workbooks.MAX_UNPACKED_BYTES + 1))
    assert path.stat().st_size < 1_000_000
    with pytest.raises(DataError, match="limit"):
        tables.read_table(path)


def test_an_ending_that_is_not_known_is_refused(tmp_path):
    Path(tmp_path / "a.sav").write_bytes(b"x")
    with pytest.raises(DataError, match="not known"):
        tables.read_table(tmp_path / "a.sav")


def test_bars_separate_columns_too(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("statement|Ana, B.|Ben\n1|-1|0\n2|1|0\n")
    frame, report = tables.read_delimited(path)
    assert list(frame.columns) == ["statement", "Ana, B.", "Ben"]
    assert report.notes[0] == "bar-separated, utf-8"


@pytest.mark.parametrize("titles", ["My study\n\n", "My study,,\nof 2024,,\n", "My study\n,,\n"])
def test_titles_above_the_header_are_skipped_on_demand(tmp_path, titles):
    path = tmp_path / "a.csv"
    path.write_text(f"{titles}statement,Ana,Ben\n1,-1,0\n2,1,0\n")
    frame, report = tables.read_delimited(path, skip_titles=True)
    assert list(frame.columns) == ["statement", "Ana", "Ben"]
    assert report.row_numbers == (4, 5)
    assert any("above the header (My study" in note for note in report.notes)
    with pytest.raises(DataError, match="lines above the header"):
        tables.read_delimited(path)


def test_a_short_header_is_no_title(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n3,4\n")
    assert list(tables.read_delimited(path, skip_titles=True)[0].columns) == ["a", "b"]
    path.write_text("a,b,c,d\n1,2,3\n3,4,5,6\n")
    with pytest.raises(DataError, match="row 2: The row has 3 cells"):
        tables.read_delimited(path, skip_titles=True)


def test_the_delimiter_of_a_large_file_is_found_in_its_first_rows(tmp_path):
    path = tmp_path / "a.csv"
    lines = ['"a\n;b";c', *['"1,5";"x\ny"'] * 60_000]
    path.write_text("\n".join(lines) + "\n")
    frame, report = tables.read_delimited(path)
    assert report.delimiter == ";"
    assert frame.shape == (60_000, 2)
    path.write_text("\n".join([*lines, "1;2;3"]) + "\n")
    with pytest.raises(DataError, match="row 60002: The row has 3 cells, the header has 2"):
        tables.read_delimited(path)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("o", r"Did you mean 0 \(the digit\)\?"),
        ("-O", "Did you mean -0"),
        ("1l", "Did you mean 11"),
        ("-", "lone dash"),
        ("\u2014", "lone dash"),
        ("\u20132", "hyphen: -2"),
    ],
)
def test_what_a_cell_may_have_meant(cell, says):
    with pytest.raises(DataError, match=rf"is not a number\. .*{says}"):
        tables.to_numbers(pd.DataFrame({"x": ["1", cell]}))


def test_numbers_of_every_kind_of_column():
    frame = pd.DataFrame(
        {"a": [1, 2], "b": [0.5, np.nan], "c": pd.array([1, None], "Int64"), "d": ["1", None]}
    )
    out = tables.to_numbers(frame)
    np.testing.assert_array_equal(out.to_numpy(), [[1, 0.5, 1, 1], [2, np.nan, np.nan, np.nan]])
    for column in ([True, False], [1, True]):
        with pytest.raises(DataError, match="True is not a number"):
            tables.to_numbers(pd.DataFrame({"x": pd.Series(column, dtype=object)}))


def test_the_first_sheet_has_a_row_a_paragraph(tmp_path):
    path = tmp_path / "out.xlsx"
    long = "A sentence of some length. " * 20
    notes = [("Summary", f"One.\n\n{long}\n\n"), ("t", "A table."), ("Empty", "")]
    tables.write_workbook(path, {"t": pd.DataFrame({"n": [1]})}, notes=notes)
    page = openpyxl.load_workbook(path)["About"]
    rows = [(a.value, b.value) for a, b in page.iter_rows()]
    told = [("Summary", "One."), (None, long.strip()), ("t", "A table."), ("Empty", None)]
    assert [(a, b or None) for a, b in rows] == told
    assert all(b.alignment.wrap_text for _, b in page.iter_rows())
    assert page.row_dimensions[2].height > page.row_dimensions[1].height
    assert page["A3"].hyperlink.location == "'t'!A1"


class TestDotsThatMayPartThousands:
    """The rule of the record tables holds for all: 12.000 is not read where nothing tells."""

    @pytest.mark.parametrize("delimiter", [";", "\t", "|"])
    def test_nothing_tells(self, tmp_path, delimiter):
        path = tmp_path / "a.csv"
        path.write_text(f"who{delimiter}n\na{delimiter}12.000\nb{delimiter}3.400\n")
        with pytest.raises(DataError, match=r"'12.000' may mean 12 or 12000.*12.0000 if it is"):
            tables.read_table(path)

    @pytest.mark.parametrize(("cells", "first"), [("12.000;0.500", 12.0), ("12.000;7", 12.0)])
    def test_another_number_tells_or_the_delimiter_does(self, tmp_path, cells, first):
        path = tmp_path / "a.csv"
        if cells.endswith("7"):  # commas part cells where the decimal sign is a point
            cells = cells.replace(";", ",")
        sign = "," if "," in cells else ";"
        path.write_text(f"a{sign}b\n{cells}\n")
        assert tables.read_table(path)["a"].tolist() == [first]

    @pytest.mark.parametrize(
        ("cell", "remedy"),
        [("12.000", "Write 12000"), ("1.234.567", "Write 1234567"), ("12.5", "decimal sign")],
    )
    def test_a_dot_beside_decimal_commas(self, cell, remedy):
        frame = pd.DataFrame({"n": ["1,5", cell]})
        with pytest.raises(DataError, match=remedy) as caught:
            tables.to_numbers(frame, decimal=",")
        assert (caught.value.row, caught.value.column) == (3, "n")
        assert tables.to_numbers(frame.head(1), decimal=",")["n"].tolist() == [1.5]


def test_long_numbers_keep_their_digits(tmp_path):
    """A membership number of twenty digits is no float: its last digits would change."""
    file = tmp_path / "t.csv"
    file.write_text("a,b,c\n12345678901234567890,123456789012345,0.1234567890123456789\n,2,3\n")
    table = tables.read_table(file)
    assert table["a"][0] == "12345678901234567890"
    assert table["b"].tolist() == [123456789012345.0, 2.0]
    assert table["c"][0] == 0.1234567890123456789
