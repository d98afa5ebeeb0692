"""read_sorts: the formats people have, and what happens to broken files."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, DistributionWarning, DmpkitWarning, ReadingWarning
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.readers import read_sorts

GRID = np.array([-2, -1, -1, 0, 0, 0, 1, 1, 2])
NAMES = ("Ana", "Ben", "Cem", "Dee", "Eva")
LABELS = tuple(f"s{i}" for i in range(1, 10))
TEXTS = tuple(f"Members should decide on rule {i}; always" for i in range(1, 10))
VALUES = np.column_stack([np.random.default_rng(k).permutation(GRID) for k in range(5)])


def delimited(path: Path, rows: list[list[object]], delimiter: str = ",", **how: object) -> Path:
    lines = []
    for row in rows:
        cells = [str(cell) for cell in row]
        lines.append(delimiter.join(f'"{c}"' if delimiter in c else c for c in cells))
    encoding = str(how.get("encoding", "utf-8"))
    path.write_bytes((str(how.get("end", "\n")).join(lines) + "\n").encode(encoding))
    return path


def statement_rows() -> list[list[object]]:
    body = [[LABELS[i], *VALUES[i]] for i in range(9)]
    return [["statement", *NAMES], *body]


def sort_rows() -> list[list[object]]:
    return [["participant", *LABELS], *[[NAMES[j], *VALUES[:, j]] for j in range(5)]]


def expected(**changes: object) -> QSorts:
    parts: dict[str, object] = {"statements": LABELS, "sorts": NAMES}
    return QSorts(VALUES, **(parts | changes))  # type: ignore[arg-type]


def kade2(path: Path, **changes: object) -> Path:
    """A small workbook laid out as KADE's template of type 2."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in {
        "name": [["Project Name"], ["Rules of a mini-public"]],
        "sorts": [[NAMES[j], *VALUES[:, j].tolist()] for j in range(5)],
        "pattern": [list(range(-6, 14)), [0, 0, 0, 0, 1, 2, 3, 2, 1] + [0] * 11],
        "statements": [
            ["Number", "Statements"],
            *[[i, text] for i, text in enumerate(TEXTS, start=1)],
            *[[i, None] for i in range(10, 31)],
        ],
        "version": [["Version"], [2]],
        "type": [["Type"], [2]],
    }.items():
        content = changes.get(name, rows)
        if content is None:
            continue
        page = book.create_sheet(name)
        for row in content:  # type: ignore[attr-defined]
            page.append(row)
    book.save(path)
    return path


def pqmethod(path: Path, *, texts: bool = True, **changes: object) -> Path:
    lines = [
        "  0  5  9 Rules of a mini-public",
        " -2  2  0  0  0  0  1  2  3  2  1  0  0  0  0  0  0  0  0  0  0  0",
        *[f"{NAMES[j]:<10}" + "".join(f"{v:2d}" for v in VALUES[:, j]) for j in range(5)],
    ]
    for number, line in changes.get("lines", {}).items():  # type: ignore[attr-defined]
        if line is None:
            lines[number - 1 :] = lines[number:]
        else:
            lines[number - 1] = line
    path.write_text("\r\n".join(lines) + "\r\n\x1a", encoding="ascii", newline="")
    if texts:
        path.with_suffix(".STA").write_text("\n".join(TEXTS) + "\n\n", encoding="cp1252")
    return path


# -- what is read ------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("rows", [statement_rows, sort_rows])
def test_delimited_text_in_either_orientation(tmp_path, delimiter, encoding, rows):
    file = delimited(tmp_path / "sorts.csv", rows(), delimiter, encoding=encoding)
    assert read_sorts(file) == expected()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path, end):
    assert read_sorts(delimited(tmp_path / "a.csv", sort_rows(), end=end)) == expected()


def test_umlauts_in_cp1252(tmp_path):
    rows = statement_rows()
    rows[0][1] = "Jürgen"
    sorts = read_sorts(delimited(tmp_path / "a.csv", rows, ";", encoding="cp1252"))
    assert sorts.sorts[0] == "Jürgen"
    assert any("cp1252" in note for note in sorts.notes)


def test_decimal_comma(tmp_path):
    rows = statement_rows()
    rows[1:] = [[row[0], *[str(v / 2).replace(".", ",") for v in row[1:]]] for row in rows[1:]]
    sorts = read_sorts(delimited(tmp_path / "a.csv", rows, ";"))
    np.testing.assert_array_equal(sorts.values, VALUES / 2)
    assert "decimal comma" in sorts.notes


def test_typographic_minus_signs(tmp_path):
    rows = [[str(cell).replace("-", "\N{MINUS SIGN}") for cell in row] for row in statement_rows()]
    assert read_sorts(delimited(tmp_path / "a.csv", rows)) == expected()


def test_column_of_statement_texts(tmp_path):
    rows = statement_rows()
    for row, text in zip(rows, ("text", *TEXTS), strict=True):
        row.insert(1, text)
    sorts = read_sorts(delimited(tmp_path / "a.csv", rows))
    assert sorts == expected(texts=TEXTS)
    assert any("texts: column 'text'" in note for note in sorts.notes)


def test_detected_orientation_is_reported(tmp_path):
    sorts = read_sorts(delimited(tmp_path / "a.csv", sort_rows()))
    assert any("one row a sort (found by the column names" in note for note in sorts.notes)


def test_orientation_from_the_distribution_alone(tmp_path):
    rows = sort_rows()
    rows[0][0] = "x"
    sorts = read_sorts(delimited(tmp_path / "a.csv", rows))
    assert sorts.values.shape == (9, 5)
    turned = [["x", *NAMES], *statement_rows()[1:]]
    assert read_sorts(delimited(tmp_path / "b.csv", turned)).values.shape == (9, 5)


def unclear_rows() -> list[list[object]]:
    """A Latin square: every row and every column has the values -1, 0, 1."""
    return [["x", "a", "b", "c"], ["k", -1, 0, 1], ["l", 0, 1, -1], ["m", 1, -1, 0]]


def test_ambiguous_orientation_names_the_argument_that_settles_it(tmp_path):
    file = delimited(tmp_path / "a.csv", unclear_rows())
    with pytest.raises(DataError, match="rows='statements' or rows='sorts'") as caught:
        read_sorts(file)
    assert caught.value.file is not None
    assert read_sorts(file, rows="statements").statements == ("k", "l", "m")
    assert read_sorts(file, rows="sorts").statements == ("a", "b", "c")


def test_names_that_contradict_the_distribution_are_ambiguous(tmp_path):
    rows = sort_rows()
    rows[0][0] = "statement"
    with pytest.raises(DataError, match="not clear whether the rows hold statements or sorts"):
        read_sorts(delimited(tmp_path / "a.csv", rows))


def test_one_row_a_cell(tmp_path):
    rows = [["sort", "statement", "score"]]
    rows += [[NAMES[j], LABELS[i], VALUES[i, j]] for j in range(5) for i in range(9)]
    assert read_sorts(delimited(tmp_path / "a.csv", rows)) == expected()
    with pytest.raises(DataError, match="'s1' a second score") as caught:
        read_sorts(delimited(tmp_path / "b.csv", [*rows, ["Ana", "s1", 2]]))
    assert caught.value.row == 47
    with pytest.raises(DataError, match="'s9' in sort 'Eva'"):
        read_sorts(delimited(tmp_path / "c.csv", rows[:-1]))


def test_columns_that_are_not_sorts_are_left_and_reported(tmp_path):
    rows = [[*row, "note"] for row in sort_rows()]
    for row in rows[1:]:
        row[-1] = "said little"
    sorts = read_sorts(delimited(tmp_path / "a.csv", rows))
    assert sorts == expected()
    assert "left: column(s) that are not numbers: note" in sorts.notes


def test_delimiter_at_the_end_of_each_row(tmp_path):
    rows = [[*row, ""] for row in statement_rows()]
    assert read_sorts(delimited(tmp_path / "a.csv", rows)) == expected()


def test_plain_workbook_in_either_orientation(tmp_path):
    for name, rows in (("a", statement_rows()), ("b", sort_rows())):
        book = openpyxl.Workbook()
        page = book.worksheets[0]
        page.append([])
        for row in rows:
            page.append([None, *[c.item() if hasattr(c, "item") else c for c in row]])
        page["ZZ500"].number_format = "0.00"  # a formatted, empty cell far outside
        book.create_sheet("remarks").append(["said little"])
        book.save(tmp_path / f"{name}.xlsx")
        sorts = read_sorts(tmp_path / f"{name}.xlsx")
        assert sorts == expected()
        assert "left: sheet remarks" in sorts.notes


def test_workbook_without_the_sheet_asked_for(tmp_path):
    with pytest.raises(DataError, match="no sheet 'Sorts2'"):
        read_sorts(kade2(tmp_path / "a.xlsx"), format="excel", sheet="Sorts2")


def test_kade_workbook_of_type_two(tmp_path):
    sorts = read_sorts(kade2(tmp_path / "a.xlsx"))
    assert sorts == expected(statements=None, texts=TEXTS)
    assert "project: Rules of a mini-public" in sorts.notes
    assert "distribution: the pattern" in sorts.notes


@pytest.mark.parametrize("heading", [["name", *LABELS], ["name", *range(1, 10)]])
def test_kade_sorts_below_a_row_of_headings(tmp_path, heading):
    rows = [heading, *[[NAMES[j], *VALUES[:, j].tolist()] for j in range(5)]]
    assert read_sorts(kade2(tmp_path / "a.xlsx", sorts=rows)).sorts == NAMES


def test_kade_grid_that_does_not_fit_is_left_with_a_warning(tmp_path):
    file = kade2(tmp_path / "a.xlsx", pattern=[[-1, 0, 1], [1, 1, 1]])
    with pytest.warns(ReadingWarning, match="room for 3 statements, the sorts have 9"):
        sorts = read_sorts(file)
    np.testing.assert_array_equal(sorts.distribution, np.sort(GRID))
    assert any("room for 3" in note for note in sorts.notes)


def test_kade_grid_that_the_sorts_break_is_kept(tmp_path):
    file = kade2(tmp_path / "a.xlsx", pattern=[[-1, 0, 1], [3, 3, 3]])
    with pytest.warns(DistributionWarning, match="5 of 5 sorts"):
        sorts = read_sorts(file)
    assert sorts.grid["count"].tolist() == [3, 3, 3]


def test_pqmethod_pair(tmp_path):
    sorts = read_sorts(pqmethod(tmp_path / "rules.DAT"))
    assert sorts == expected(statements=None, texts=TEXTS)
    assert "title: Rules of a mini-public" in sorts.notes
    assert "texts: rules.STA" in sorts.notes


def test_pqmethod_without_texts(tmp_path):
    sorts = read_sorts(pqmethod(tmp_path / "rules.dat", texts=False))
    assert sorts == expected(statements=None)
    assert any("no statement texts" in note for note in sorts.notes)


def test_pqmethod_group_codes_are_taken_off(tmp_path):
    file = pqmethod(tmp_path / "rules.dat")
    coded = "\n".join(f"{1 + i % 2}{text}   " for i, text in enumerate(TEXTS))
    file.with_suffix(".STA").write_text(coded, encoding="cp1252")
    sorts = read_sorts(file)
    assert sorts.texts == TEXTS
    assert any("group code" in note for note in sorts.notes)


def test_pqmethod_texts_of_another_study_are_left(tmp_path):
    file = pqmethod(tmp_path / "rules.dat")
    file.with_suffix(".STA").write_text("one\ntwo\n", encoding="cp1252")
    with pytest.warns(ReadingWarning, match="2 lines for 9 statements"):
        assert read_sorts(file).texts == ()


def test_pqmethod_grid_that_does_not_fit(tmp_path):
    file = pqmethod(tmp_path / "rules.dat", lines={2: " -2  2  0  1  1"})
    with pytest.warns(ReadingWarning, match="does not hold 9 statements"):
        assert read_sorts(file).forced


# -- what is refused, and how ------------------------------------------------------------


def test_a_cell_that_is_not_a_number_is_named(tmp_path):
    rows = statement_rows()
    rows[4][2] = "x"
    with pytest.raises(DataError) as caught:
        read_sorts(delimited(tmp_path / "a.csv", rows))
    assert (caught.value.row, caught.value.column) == (5, "Ben")
    assert str(caught.value).startswith("a.csv, row 5, column Ben: 'x' is not a number.")


def test_a_missing_cell_is_named(tmp_path):
    rows = sort_rows()
    rows[2][3] = ""
    with pytest.raises(DataError, match=r"a\.csv.*statement 's3' in sort 'Ben'"):
        read_sorts(delimited(tmp_path / "a.csv", rows))


def test_a_table_without_header_says_so(tmp_path):
    for name, rows in (("a", statement_rows()[1:]), ("b", [r[1:] for r in sort_rows()[1:]])):
        with pytest.raises(DataError, match="first row holds values"):
            read_sorts(delimited(tmp_path / f"{name}.csv", rows))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\n\n \r\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\x00\x01\x02\xff\xfe\x80" * 50, "not text"),
        (b"PK\x03\x04 but then nothing", "not an Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 9, r"old Excel format \(.xls\)"),
        (b'{"sorts": []}', "JSON"),
        (b"statement\ns1\ns2\n", "single column"),
        (b"statement,a,a\ns1,1,2\n", "both called 'a'"),
        (b"statement,a,b\ns1,1\ns2,1,2\n", "row has 2 cells"),
        (b"statement,a,b\ns1,1,2\n", "1 statements"),
        (b"statement,a,b\n", "0 statements"),
        (b'statement,a,b\ns1,"1,2\n', "quot"),
        (b"statement,a,b\ns1,1,2\ns2,2,1\ns1,3,3\n", "'s1'"),
        (b"statement,a,b\ns1,1e400,2\ns2,2,1\ns3,3,3\n", "no usable value"),
    ],
)
@pytest.mark.parametrize("name", ["sorts.csv", "sorts.txt", "sorts"])
def test_broken_files_end_in_a_data_error(tmp_path, content, message, name):
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_sorts(file)
    assert "sorts" in str(caught.value)


def test_absent_file_folder_and_unknown_format(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_sorts(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"folder|cannot be read"):
        read_sorts(tmp_path)
    with pytest.raises(DataError, match=r"'spss' is not a format.*'pqmethod'"):
        read_sorts(tmp_path / "a.csv", format="spss")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="rows is"):
        read_sorts(tmp_path / "a.csv", rows="columns")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sorts": None}, "has a sheet 'sorts'"),
        ({"sorts": []}, "'sorts' is empty"),
        ({"type": [["Type"], [1]]}, "KADE workbook of type 1"),
        ({"statements": [["Number", "Statements"], [1, "only one"]]}, "9 values a sort"),
    ],
)
def test_broken_kade_workbooks(tmp_path, changes, message):
    with pytest.raises(DataError, match=message):
        read_sorts(kade2(tmp_path / "a.xlsx", **changes), format="kade2")


def test_kade_cells_are_named(tmp_path):
    rows = [[NAMES[j], *VALUES[:, j].tolist()] for j in range(5)]
    for wrong, message in ((None, "cell is empty"), ("two", "'two' is not a number")):
        broken = [list(row) for row in rows]
        broken[2][4] = wrong
        with pytest.raises(DataError, match=message) as caught:
            read_sorts(kade2(tmp_path / "a.xlsx", sorts=broken))
        assert (caught.value.row, caught.value.column) == (3, "5 (statement 4)")
    twice = [list(row) for row in rows]
    twice[1][0] = "Ana"
    with pytest.raises(DataError, match=r"a\.xlsx.*'Ana'"):
        read_sorts(kade2(tmp_path / "a.xlsx", sorts=twice))


@pytest.mark.parametrize(
    ("lines", "message", "row"),
    [
        ({1: "not a heading at all"}, "columns 4-6 and 7-9", 1),
        ({1: "  0  6  9 One sort too few"}, "announces 6 sorts, the file has 5", 8),
        ({1: "  0  4  9 One sort too many"}, "announces 4 sorts, the file has 5", 7),
        ({1: "  0  5 10 Statements"}, "9 values of width 2", 3),
        ({2: "lowest highest"}, "whole numbers of width 3", 2),
        ({2: "  2 -2  1  2  3"}, "from 2 to -2", 2),
        ({4: "Ben       -1 0 1"}, "3 values of width 2", 4),
        ({4: "Ben       -1 0 x 0 0 0 1 2-2"}, "' x' is not a value", 4),
        ({4: "Ben       -1 0 7 0 0 0 1 2-2"}, "' 7' is not a value of the grid", 4),
        ({4: "Ben       -1 0   0 0 0 1 2-2"}, "'  ' is not a value", 4),
        ({4: "Ben\t-1 0"}, "control characters or tabs", None),
    ],
)
def test_broken_pqmethod_files(tmp_path, lines, message, row):
    with pytest.raises(DataError, match=message) as caught:
        read_sorts(pqmethod(tmp_path / "a.dat", lines=lines), format="pqmethod")
    assert caught.value.row == row


def test_workbook_that_unpacks_to_too_much_is_refused(tmp_path):
    file = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 70_000_000)
    assert file.stat().st_size < 1_000_000
    with pytest.raises(DataError, match="70 MB unpacked; 30 MB is the limit"):
        read_sorts(file)


def test_a_cell_far_outside_does_not_make_a_huge_grid(tmp_path):
    book = openpyxl.Workbook()
    book.worksheets[0].append(["statement", "a", "b"])
    book.worksheets[0]["XFD1000000"] = 1
    book.save(tmp_path / "far.xlsx")
    with pytest.raises(DataError, match="reaches to row 1000000, column 16384"):
        read_sorts(tmp_path / "far.xlsx")


# -- broken copies of good files -----------------------------------------------------------------


def mutated(data: bytes, cuts: list[tuple[str, float, bytes]]) -> bytes:
    for kind, place, piece in cuts:
        at = int(place * len(data))
        if kind == "cut":
            data = data[:at]
        elif kind == "insert":
            data = data[:at] + piece + data[at:]
        elif kind == "replace":
            data = data[:at] + piece + data[at + len(piece) :]
        else:
            data = data[:at] + data[at + len(piece) :]
    return data


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "insert", "replace", "delete"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=6)
        | st.sampled_from([b",", b";", b"\n", b'"', b"-", b"x", b"\x00", b"\xff", b"9999", b" "]),
    ),
    min_size=1,
    max_size=3,
)
MAKERS = {
    "rows.csv": lambda path: delimited(path, statement_rows()),
    "columns.csv": lambda path: delimited(path, sort_rows(), ";"),
    "kade.xlsx": kade2,
    "rules.DAT": pqmethod,
}


@pytest.mark.parametrize("name", list(MAKERS))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=MUTATIONS)
def test_damaged_files_give_sorts_or_a_data_error(tmp_path, name, cuts):
    file = tmp_path / name
    if not (original := tmp_path / f"good-{name}").exists():
        MAKERS[name](original)
    file.write_bytes(mutated(original.read_bytes(), cuts))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        try:
            sorts = read_sorts(file)
        except DataError as error:
            refusal = str(error)
        else:
            refusal = ""
    if refusal:
        assert refusal.startswith(name)  # every refusal says which file
        return
    assert np.all(np.isfinite(sorts.values))
    assert len(sorts.sorts) == sorts.values.shape[1]
