"""How a recomputed number or table is judged."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from dmpkit.errors import DataError, FigureDiffers
from dmpkit.reporting import Estimate
from dmpkit.workbench import Study, Verdict

TABLE = "item,score,share\nfirst,0.50,12.0\nsecond,0.25,7.5\nthird,,1\n"
DATA = '[[data]]\nname = "table"\nfile = "table.csv"\n'
HERE = pd.DataFrame(
    {"item": ["first", "second", "third"], "score": [0.5, 0.25, np.nan], "share": [12, 7.5, 1]}
)


@pytest.fixture
def study(bench) -> Study:
    figures = (
        "mean,The mean,0.45,,,,Table 1,printed\n"
        "count,The count,12,,,,Table 1,program output\n"
        "exact,With a tolerance,1.5,,,0,Table 1,computed by us\n"
        "small,With an exponent,1.2e-3,,,,Table 1,printed\n"
        "whole,All rows,,table.csv,,,Table 2,released file\n"
        "part,Some cells,,table,B2:C3,0.001,Table 2,released file\n"
        "row,One row,,table,B2:C2,,Table 2,released file\n"
        "absent,Not in print,,,,,Table 9,printed\n"
    )
    bench.study("toy", figures, [], toml=DATA, files={"table.csv": TABLE})
    return Study.open("toy")


@pytest.mark.parametrize(
    ("figure", "value", "verdict"),
    [
        ("mean", 0.4501, "matches print"),
        ("mean", 0.455, "matches print"),  # the last digit may have been rounded either way
        ("mean", 0.445, "matches print"),
        ("mean", 0.4551, "differs"),
        ("mean", -0.45, "differs"),
        ("mean", np.float32(0.45), "matches print"),
        ("mean", np.array([0.45]), "matches print"),
        ("mean", Estimate(0.452), "matches print"),
        ("mean", float("nan"), "differs"),
        ("mean", float("inf"), "differs"),
        ("count", 12, "matches program"),
        ("count", 13, "differs"),
        ("exact", 1.5, "unchanged since our calculation"),
        ("exact", 0.5 + 1.0000000000000002, "unchanged since our calculation"),
        ("exact", 1.5000001, "differs"),
        ("small", 0.00124, "matches print"),
        ("small", 0.00126, "differs"),
    ],
)
def test_number(study: Study, figure: str, value: object, verdict: str) -> None:
    assert study.compare(figure, value).verdict == verdict


@pytest.mark.parametrize("value", ["0.45", True, None, [1, 2], {"a": 1}, np.bool_(True)])
def test_what_is_not_a_number_is_refused(study: Study, value: object) -> None:
    with pytest.raises(DataError, match="is a number"):
        study.compare("mean", value)


@pytest.mark.parametrize(
    "table",
    [
        HERE,
        pl.from_pandas(HERE),
        HERE.astype(object).to_numpy(),
        [["first", 0.5, 12.0], ["second", 0.25, 7.5], ["third", None, 1]],
    ],
)
def test_a_table_of_any_kind(study: Study, table: object) -> None:
    verdict = study.compare("whole", table)
    assert verdict.verdict == "matches released file"
    assert (verdict.cells, verdict.cells_different, verdict.difference) == (9, 0, 0.0)


def test_a_row_may_be_given_flat(study: Study) -> None:
    assert not study.compare("row", [0.5, 12.0]).differs
    assert study.compare("row", pd.Series([0.5, 11.0])).differs


def test_the_largest_difference_is_named(study: Study) -> None:
    verdict = study.compare("part", [[0.5, 12.5], [0.26, 7.5]])
    assert (verdict.cells, verdict.cells_different) == (4, 2)
    assert (verdict.difference, verdict.largest_at) == (0.5, "C2")
    assert verdict.first_different == "first at C2: published 12, here 12.5"


def test_a_column_is_compared_at_its_finest_digit(study: Study) -> None:
    # '0.50' has two decimals; in the column 'share' 7.5 says that one decimal is known
    wrong = HERE.assign(share=[12.0, 7.5, 1.2])
    verdict = study.compare("whole", wrong)
    assert verdict.first_different == "first at C4: published 1, here 1.2"


@pytest.mark.parametrize(
    ("row", "column", "value", "first"),
    [
        (0, "item", "First", "first at A2: published 'first', here 'First'"),
        (2, "score", 0.0, "first at B4: published nothing, here 0"),
        (1, "score", np.nan, "first at B3: published 0.25, here nothing"),
        (1, "score", "x", "first at B3: published 0.25, here 'x'"),
        (1, "item", 5, "first at A3: published 'second', here 5"),
    ],
)
def test_each_kind_of_wrong_cell(
    study: Study, row: int, column: str, value: object, first: str
) -> None:
    wrong = HERE.astype(object)
    wrong.loc[row, column] = value
    verdict = study.compare("whole", wrong)
    assert verdict.differs
    assert (verdict.cells_different, verdict.first_different) == (1, first)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (HERE.iloc[:2], "line of column names"),
        (HERE[["score", "share"]], "column of labels"),
        (HERE.T.iloc[:, :1], "has 3 rows and 3 columns"),
        (pd.concat([HERE, HERE.iloc[:1]]), "what is given has 4 and 3"),
        (HERE.assign(more=1.0), "what is given has 3 and 4"),
        ([[1, 2, 3], [1, 2]], "different lengths"),
        ([1, [2]], "mixes rows"),
        (3.0, "is a table"),
        ("text", "is a table"),
    ],
)
def test_another_shape_is_refused(study: Study, table: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        study.compare("whole", table)


def test_a_published_range_of_empty_cells_is_refused(bench) -> None:
    figures = "t,Table,,table,B2:B3,,p. 1,printed\n"
    bench.study("empty", figures, [], toml=DATA, files={"table.csv": "item,x\na,\nb,\n"})
    with pytest.raises(DataError, match="all empty"):
        Study.open("empty").compare("t", [[float("nan")], [float("nan")]])


def test_a_small_difference_is_shown_with_enough_digits(study: Study) -> None:
    assert study.compare("exact", 1.5000001).as_dict()["here"] == "1.5000001"
    wrong = HERE.astype(object)
    wrong.loc[0, "score"] = 0.5 + 1e-9
    verdict = Study.open("toy").compare("part", wrong.iloc[:2, 1:])
    assert not verdict.differs  # within the tolerance
    wrong.loc[0, "share"] = 12.3
    assert "here 12.3" in study.compare("whole", wrong).first_different


def test_no_more_digits_are_shown_than_a_float_holds(bench) -> None:
    figures = "long,Long,0.21093919191634772,,,1e-9,p. 1,program output\n"
    bench.study("long", figures, [], toml=DATA, files={"table.csv": "item,x\na,1\n"})
    here = 0.21093919191634702
    verdict = Study.open("long").compare("long", here)
    assert (verdict.here, verdict.verdict) == (repr(here), "matches program")


def test_truth_values_are_compared_as_such(bench) -> None:
    text = "sort,f1,f2\nA,True,False\nB,FALSE,TRUE\n"
    figures = "flags,Flags,,table,B2:C3,,p. 1,released file\n"
    bench.study("flags", figures, [], toml=DATA, files={"table.csv": text})
    study = Study.open("flags")
    assert not study.compare("flags", np.array([[True, False], [False, True]])).differs
    assert study.compare("flags", np.array([[True, False], [True, True]])).cells_different == 1
    assert study.compare("flags", [[1.0, 0.0], [0.0, 1.0]]).cells_different == 4


def test_a_table_in_a_workbook(bench, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["label", "z"])
    sheet = book.create_sheet("Factor scores")
    for row in (["label", "z"], [1, 0.1234], [2, -1.5]):
        sheet.append(row)
    figures = "z,Scores,,table,Factor scores!A2:B3,,p. 1,program output\n"
    data = DATA.replace(".csv", ".xlsx")
    folder = bench.study("book", figures, [], toml=data)
    book.save(folder / "table.xlsx")
    study = Study.open("book")
    frame = pd.DataFrame({"label": ["1", "2"], "z": [0.12344, -1.50004]})
    assert study.compare("z", frame).verdict == "matches program"
    assert study.compare("z", frame.assign(z=[0.1234, -1.5001])).cells_different == 1


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("Sheet!B2:B3", "no sheet"),
        ("B3:B2", "runs backwards"),
        ("B2-B3", "is not a range"),
        ("B2:B9", "no cell B5"),
        ("E2:E3", "no cell E2"),
    ],
)
def test_a_range_that_is_not_there(bench, cells: str, message: str) -> None:
    figures = f"t,Table,,table,{cells},,p. 1,printed\n"
    bench.study("range", figures, [], toml=DATA, files={"table.csv": TABLE})
    with pytest.raises(DataError, match=message) as caught:
        Study.open("range").compare("t", [[1.0], [2.0]])
    assert "published.csv, row 2" in str(caught.value)


def test_reproduces_shows_and_raises(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    study.reproduces("mean", 0.45)
    with pytest.raises(FigureDiffers, match=r"mean: published 0\.45, here 0\.4700"):
        study.reproduces("mean", 0.47, why="the source says so")
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].endswith("difference 0 (tolerance 0.005): matches print")
    assert shown[1].endswith("difference 0.02 (tolerance 0.005): differs (the source says so)")


def test_within_a_run_a_difference_is_recorded(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DMPKIT_COLLECT_VERDICTS", "1")
    study.reproduces("mean", 0.47)
    assert "differs" in capsys.readouterr().out


def test_within_a_run_another_shape_or_kind_differs_and_says_why(
    study: Study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DMPKIT_COLLECT_VERDICTS", "1")
    study.reproduces("mean", [0.45, 0.46])
    study.reproduces("whole", [[0.1, 0.2]])
    number, table = capsys.readouterr().out.splitlines()
    assert "not comparable, difference –: differs (The figure 'mean' is a number" in number
    assert "not comparable, difference –: differs (The figure 'whole' has 3 rows" in table
    with pytest.raises(DataError, match="median"):
        study.reproduces("median", 1)  # an unknown figure is a mistake, not a difference


def test_not_reproducible_needs_a_reason(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    study.not_reproducible("absent", "The sorts are not public.")
    assert "not reproducible (The sorts are not public.)" in capsys.readouterr().out
    with pytest.raises(DataError, match="Give the reason"):
        study.not_reproducible("absent", " ")
    with pytest.raises(DataError, match="no published value"):
        study.reproduces("absent", 3)


def test_an_unknown_figure_names_the_nearest(study: Study) -> None:
    with pytest.raises(DataError, match="Did you mean 'mean'"):
        study.reproduces("maen", 3)


def test_text_from_data_is_escaped() -> None:
    bad = "<script>alert(1)</script>"
    verdict = Verdict("s", "f", bad, bad, bad, 0.1, None, "differs", "printed", "", bad)
    assert "<script" not in verdict._repr_html_()


def test_a_file_that_its_data_package_does_not_describe_is_refused_once(bench) -> None:
    import json

    from dmpkit.datasets import refresh_hashes
    from dmpkit.workbench.reproduce import reproduce

    figures = "mean,The mean,1,,,,Table 1,printed\n"
    cells = ["study.reproduces('mean', study.table('table')['x'].mean())"]
    folder = bench.study("described", figures, cells, toml=DATA, files={"table.csv": "x\n1\n"})
    schema = {"fields": [{"name": "x", "type": "number"}]}
    described = {
        "name": "described",
        "title": "A table",
        "licenses": [{"name": "MIT"}],
        "sources": [{"title": "Made here"}],
        "resources": [{"name": "table", "path": "table.csv", "schema": schema}],
    }
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    refresh_hashes(folder)
    assert reproduce(["described"], deadline=60)[0].status == "reproduced"
    (folder / "table.csv").write_text("x\n2\n")
    result = reproduce(["described"], deadline=60)[0]
    assert result.status == "invalid"
    assert len(result.problems) == 1
    assert "table.csv" in result.problems[0]
    assert "SHA-256 differs" in result.problems[0]
