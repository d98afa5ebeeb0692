"""KADE and Ken-Q Analysis: workbooks of types 1, 2 and 3, archives, and what we write."""

from __future__ import annotations

import warnings

import numpy as np
import openpyxl
import pytest
import samples
from helpers import data_mirror
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, DistributionWarning, ReadingWarning
from dmpkit.qmethod import QSorts, read_sorts, write_kade

EXPECTED = QSorts(samples.VALUES, sorts=samples.NAMES, texts=samples.TEXTS)


@pytest.mark.parametrize(
    ("make", "note"),
    [
        (samples.kade1, "KADE workbook of type 1"),
        (samples.kade1_old, "KADE workbook of type 1"),
        (samples.kade2_old, "KADE workbook of type 2"),
        (samples.kade3, "results of KADE or Ken-Q Analysis (type 3): its sorts and statements"),
    ],
)
def test_every_type_gives_the_same_sorts(tmp_path, make, note):
    sorts = read_sorts(make(tmp_path / "study.xlsx"))
    assert sorts == EXPECTED
    assert note in sorts.notes
    assert "project: Rules" in sorts.notes


def test_archive(tmp_path):
    sorts = read_sorts(samples.archive(tmp_path / "study.zip"))
    assert sorts == EXPECTED
    assert sorts.notes[:2] == ("KADE project archive", "project: Rules")
    assert "left: KADE_results_Rules.docx in the archive" in sorts.notes


def test_archive_in_a_folder_with_semicolons_and_names_txt(tmp_path):
    rows = [f"{samples.NAMES[j]};{';'.join(map(str, samples.VALUES[:, j]))}" for j in range(5)]
    file = samples.archive(
        tmp_path / "study.zip",
        {
            "sorts.txt": None,
            "Rules/Sorts.txt": "\r\n".join(rows) + "\r\n",
            "name.txt": None,
            "names.txt": "Rules",
            "__MACOSX/sorts.txt": "x",
        },
    )
    sorts = read_sorts(file)
    assert sorts == EXPECTED
    assert "project: Rules" in sorts.notes


def test_recognised_by_content_whatever_it_is_called(tmp_path):
    for make in (samples.kade1, samples.kade3, samples.archive):
        assert read_sorts(make(tmp_path / "download")) == EXPECTED


def test_type_one_without_the_sheet_type_is_known_by_its_numbers(tmp_path):
    sorts = read_sorts(samples.kade1(tmp_path / "a.xlsx", type=None))
    assert sorts == EXPECTED
    assert sorts.notes[0] == "KADE workbook of type 1"


def test_the_same_study_as_data_and_as_results_of_kade():
    folder = data_mirror("polycrisis-2024")
    data = read_sorts(folder / "Polycrisis_Q_data_for_KADE.xlsx")
    results = read_sorts(folder / "KADE_results_Polycrisis_3_factors.xlsx")
    assert results == data
    assert results.notes[0].startswith("results of KADE")


def test_results_whose_design_does_not_fit(tmp_path):
    overview = [["overview", ""], ["Project Name:", "R"], ["Q sort Design:", "-1,0,1"]]
    file = samples.kade3(tmp_path / "a.xlsx", **{"Project Overview": overview})
    with pytest.warns(ReadingWarning, match="room for 3 statements, the sorts have 9"):
        assert read_sorts(file).values.shape == (9, 5)


# -- what is refused ---------------------------------------------------------------


def changed(row: int, column: int, value: object) -> list[list[object]]:
    rows = samples.placed()
    rows[row][column] = value
    return rows


@pytest.mark.parametrize(
    ("sorts", "message", "place"),
    [
        (changed(3, 2, 12), "'12' is not the number of a statement", (4, "C")),
        (changed(3, 2, 1.5), "'1.5' is not the number of a statement", (4, "C")),
        (changed(3, 2, None), "cell is empty", (4, "C")),
        (changed(3, 2, "x"), "'x' is not a number", (4, "C")),
        (changed(3, 0, "x"), "'x' is not a number", (4, "A")),
        (changed(0, 2, None), "column has no name", (2, "C")),
        (changed(0, 2, "Ana"), "'Ana'", None),
        ([["Participant"], [1]], "no participants", (1, None)),
        ([["Participant"]], "'sorts' is empty", None),
    ],
)
def test_broken_type_one(tmp_path, sorts, message, place):
    with pytest.raises(DataError, match=message) as caught:
        read_sorts(samples.kade1(tmp_path / "a.xlsx", sorts=sorts))
    if place is not None:
        assert (caught.value.row, caught.value.column) == place


def test_statement_placed_twice_names_both_rows(tmp_path):
    rows = samples.placed()
    rows[5][3] = rows[2][3]
    with pytest.raises(DataError, match=r"'Cem' has statement \d a second time \(first in row 3\)"):
        read_sorts(samples.kade1(tmp_path / "a.xlsx", sorts=rows))


def test_type_one_whose_pattern_says_otherwise(tmp_path):
    pattern = [list(range(-6, 14)), [0, 0, 0, 0, 2, 2, 1, 2, 2] + [0] * 11]
    with pytest.raises(DataError, match="room for 9 statements, column A"):
        read_sorts(samples.kade1(tmp_path / "a.xlsx", pattern=pattern))


def test_numbers_of_statements_that_differ(tmp_path):
    few = [["Number", "Statements"], [1, "only one"]]
    for make in (samples.kade1, samples.kade3):
        with pytest.raises(DataError, match="have 9 statements, the sheet of statements 1"):
            read_sorts(make(tmp_path / "a.xlsx", statements=few))


def test_wrong_type_asked_for(tmp_path):
    file = samples.kade1(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="of type 1, not of type 2"):
        read_sorts(file, format="kade2")
    with pytest.raises(DataError, match="'Project Overview' and 'Q sorts'"):
        read_sorts(file, format="kade3")


def test_results_without_headings_or_sorts(tmp_path):
    head = [["sorts"], ["Participant", "S1", "S2", "S3"]]
    for rows, message in ((head, "sheet of sorts is empty"), (head[:1], "headings S1, S2, S3")):
        with pytest.raises(DataError, match=message):
            read_sorts(samples.kade3(tmp_path / "a.xlsx", **{"Q sorts": rows}))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"sorts.txt": None}, "neither an Excel workbook nor a project of KADE"),
        ({"sorts.txt": ""}, "'sorts' is empty"),
        ({"sorts.txt": "Ana,1,0\n"}, "2 values a sort, the sheet 'statements' 9 texts"),
        ({"sorts.txt": "\x00\x01\x02"}, "is not text"),
        ({"sorts.txt": 'Ana,"1,0\n'}, "quoting"),
        ({"pattern.txt": ",".join(["1"] * 21)}, "more than 20 counts"),
        ({"a/sorts.txt": "Ana,1"}, "holds 'sorts.txt' and 'a/sorts.txt'"),
        ({"../sorts.txt": "Ana,1"}, "outside itself"),
        ({"/etc/sorts.txt": "Ana,1"}, "outside itself"),
        ({"C:\\sorts.txt": "Ana,1"}, "outside itself"),
    ],
)
def test_broken_archives(tmp_path, members, message):
    with pytest.raises(DataError, match=message):
        read_sorts(samples.archive(tmp_path / "a.zip", members))
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip"}  # nothing is unpacked


# -- what we write ------------------------------------------------------------------------


def test_written_workbook_is_laid_out_as_the_real_one(tmp_path):
    write_kade(EXPECTED, tmp_path / "a.xlsx", title="Rules")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["name", "sorts", "pattern", "statements", "version", "type"]
    assert [c.value for c in book["sorts"][1]] == ["Ana", *samples.VALUES[:, 0].tolist()]
    assert [c.value for c in book["pattern"][2]] == samples.COUNTS
    assert [book[name]["A2"].value for name in ("name", "version", "type")] == ["Rules", 2, 2]
    assert read_sorts(tmp_path / "a.xlsx") == EXPECTED


def test_text_that_looks_like_a_formula_stays_text(tmp_path):
    texts = ("=1+1", "@x", "-y", *samples.TEXTS[3:])
    sorts = QSorts(samples.VALUES, sorts=["=a", "+b", "1", "2", "3.0"], texts=texts)
    write_kade(sorts, tmp_path / "a.xlsx")
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["statements"]["B2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
    assert read_sorts(tmp_path / "a.xlsx") == sorts


def test_formula_cells_are_read_as_their_stored_values(tmp_path):
    rows = [[samples.NAMES[j], *samples.VALUES[:, j].tolist()] for j in range(5)]
    rows[1][3] = "=1+1"
    sheets = {"sorts": rows, "statements": samples.statements_sheet()}
    file = samples.workbook(tmp_path / "a.xlsx", sheets)
    with pytest.raises(DataError, match="formula must have been calculated") as caught:
        read_sorts(file)
    assert (caught.value.row, caught.value.column) == (2, "4 (statement 3)")


def test_what_does_not_fit_is_refused_or_said(tmp_path):
    with pytest.raises(DataError, match=r"'sort1' has the value -7; .* from -6 to 13"):
        write_kade(QSorts([[-7, 0], [0, 7], [7, -7]]), tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"value 0\.5"):
        write_kade(QSorts([[0.5, 0], [0, 0.5], [1, 1]]), tmp_path / "a.xlsx")
    with pytest.raises(DataError, match=r"must end in \.xlsx"):
        write_kade(EXPECTED, tmp_path / "a.xls")
    assert not list(tmp_path.iterdir())
    comma = QSorts([[-1, 0], [0, 1], [1, -1]], sorts=["One, Ana", "Ben"])
    with pytest.warns(ReadingWarning, match="'One, Ana' as 'One Ana'"):
        write_kade(comma, tmp_path / "a.xlsx")
    labelled = QSorts([[-1, 0], [0, 1], [1, -1]], statements=["x", "y", "z"])
    with pytest.warns(ReadingWarning, match="x, y, z"):
        write_kade(labelled, tmp_path / "b.xlsx")


@st.composite
def studies(draw: st.DrawFn) -> QSorts:
    """Forced or free sorts with whole values from -6 to 13, any names and texts."""
    n, p = draw(st.integers(3, 6)), draw(st.integers(2, 4))
    cell = st.integers(-6, 13)
    values = draw(st.lists(st.lists(cell, min_size=p, max_size=p), min_size=n, max_size=n))
    table = np.array(values)
    table[0], table[1] = -1, 1  # no constant sort
    words = st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Co")),
        min_size=1,
        max_size=8,
    ).map(lambda text: " ".join(text.replace(",", ".").split()) or "x")
    names = draw(st.lists(words, min_size=p, max_size=p, unique=True))
    texts = draw(st.just(()) | st.lists(words, min_size=n, max_size=n))
    spread = draw(st.none() | st.lists(cell, min_size=n, max_size=n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return QSorts(table, sorts=names, texts=texts, distribution=spread)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sorts=studies())
def test_round_trip(tmp_path, sorts):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DistributionWarning)
        warnings.filterwarnings("ignore", "Identical sorts")
        write_kade(sorts, tmp_path / "a.xlsx")
        assert read_sorts(tmp_path / "a.xlsx", format="kade2") == sorts
