"""The workbook: a sheet a table, full precision, nothing that runs."""

from __future__ import annotations

import numpy as np
import openpyxl
import pandas as pd
import pytest
from made_up import analysis, hand_flagged, sorts

import dmpkit.qmethod as qm
from dmpkit.errors import DataError
from dmpkit.qmethod.export import SHEETS, defining_sorts, sheets


@pytest.fixture
def book(tmp_path):
    return openpyxl.load_workbook(analysis(30, 12, 2).to_excel(tmp_path / "a.xlsx"))


def test_one_sheet_a_table_after_one_that_explains(book):
    assert book.sheetnames == ["About", *SHEETS]
    about, heading = {}, None
    for first, second in book["About"].iter_rows(values_only=True):
        heading, above = (first, []) if first else (heading, [about[heading]])
        about[heading] = "\n\n".join([*above, second])
    assert about["Methods"] == analysis(30, 12, 2).methods_text()
    assert set(SHEETS) <= set(about)


def test_every_table_of_the_analysis_has_a_sheet():
    assert set(analysis(30, 12, 2).tables()) <= set(SHEETS)


def test_numbers_keep_full_precision(book, tmp_path):
    result = analysis(30, 12, 2)
    for name in ("loadings", "z_scores", "eigenvalues", "correlations", "differences"):
        table = result.tables()[name]
        page = book[name]
        assert [cell.value for cell in page[1]] == list(table.columns)
        read = pd.DataFrame([[c.value for c in row] for row in page.iter_rows(min_row=2)])
        for j, column in enumerate(table.columns):
            if pd.api.types.is_float_dtype(table[column]):
                # a workbook holds 16 digits
                np.testing.assert_allclose(read[j].astype(float), table[column], rtol=1e-15, atol=0)
            else:
                assert read[j].fillna("").astype(str).tolist() == table[column].astype(str).tolist()


def test_grid_values_are_whole_numbers(book):
    values = [row[1].value for row in book["factor_arrays"].iter_rows(min_row=2)]
    assert all(isinstance(value, int) for value in values)
    assert values == analysis(30, 12, 2).score_array[:, 0].tolist()
    assert isinstance(book["sorts"]["B2"].value, int)


def test_sheets_are_formatted(book):
    page = book["statements_table"]
    assert page["A1"].font.bold
    assert page.freeze_panes == "B2"
    assert page["D2"].number_format == "0.000"


def test_tables_by_factor_stand_together():
    result = analysis(30, 12, 2)
    table = sheets(result)["distinguishing"]
    for name in result.factors:
        own = table[table["factor"] == name]["statement"].tolist()
        assert own == result.distinguishing(name)["statement"].tolist()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_text_never_runs_as_a_formula(tmp_path, start):
    data = sorts(30, 6, 2)
    bad = start + 'HYPERLINK("http://x.example";"1")'
    data = qm.QSorts(
        data.values, [f"{bad}{i}" for i in range(30)], [f"{bad}{i}" for i in range(6)],
        texts=[bad] * 30, notes=[bad],
    )  # fmt: skip
    result = hand_flagged([[1, 0], [0, 1]] * 3, data)
    book = openpyxl.load_workbook(result.to_excel(tmp_path / "a.xlsx"))
    for page in book.worksheets:
        for row in page.iter_rows():
            assert all(cell.data_type != "f" for cell in row), page.title


def test_one_factor_and_factors_without_flags(tmp_path):
    one = openpyxl.load_workbook(analysis(30, 12, 1).to_excel(tmp_path / "one.xlsx"))
    assert not {"differences", "consensus", "distinguishing"} & set(one.sheetnames)
    gap = hand_flagged([[1, 0], [1, 0], [0, 0], [0, 0], [0, 0], [0, 0]])
    book = openpyxl.load_workbook(gap.to_excel(tmp_path / "gap.xlsx"))
    assert book["factor_arrays"]["C2"].value is None
    none = hand_flagged(np.zeros((6, 2), bool))
    assert none.to_excel(tmp_path / "none.xlsx").is_file()


def test_wrong_names_are_refused_and_leave_nothing(tmp_path):
    with pytest.raises(DataError, match=r"\.xlsx"):
        analysis(30, 12, 2).to_excel(tmp_path / "a.xls")
    assert list(tmp_path.iterdir()) == []


def test_about_leads_to_every_sheet(book):
    links = {
        row[0].value: row[0].hyperlink.location
        for row in book["About"].iter_rows()
        if row[0].hyperlink is not None
    }
    assert links == {name: f"'{name}'!A1" for name in SHEETS}
    assert all(row[0].hyperlink is None for row in book["About"].iter_rows(max_row=2))


def test_defining_sorts_stand_by_name_under_their_factor(book):
    result = analysis(30, 12, 2)
    rows = [[cell.value for cell in row] for row in book["defining_sorts"].iter_rows(min_row=2)]
    for j, name in enumerate(result.factors):
        own = [row for row in rows if row[0] == name]
        flagged = np.flatnonzero(result.flag_array[:, j])
        assert {row[1] for row in own} == {result.sorts.sorts[i] for i in flagged}
        sizes = [abs(row[2]) for row in own]
        assert sizes == sorted(sizes, reverse=True)


def test_sorts_at_the_opposite_end_are_marked():
    data = sorts(30, 6, 2)
    values = np.array(data.values)
    values[:, 5] = -values[:, 0] + 0.0
    result = hand_flagged([[1, 0], [0, 1], [1, 0], [0, 1], [0, 0], [1, 0]], qm.QSorts(values))
    table = defining_sorts(result).set_index("sort")
    assert (table["side"] == "negative").eq(table["loading"] < 0).all()
    assert table.loc["sort6", "side"] != table.loc["sort1", "side"]
