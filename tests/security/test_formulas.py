"""No cell that dmpkit writes is run by a spreadsheet, and each reads back as it was."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import dmpkit.coding as cd
import dmpkit.impact as im
import dmpkit.qmethod as qm
from dmpkit import tables
from dmpkit.formulas import plain_cell, safe_cell
from dmpkit.workbench.deposit import _verdicts_csv
from dmpkit.workbench.figures import Verdict
from dmpkit.workbench.reproduce import StudyResult

from .hostile_texts import FORMULAS

ROOT = Path(__file__).resolve().parents[2]
BEGINNINGS = tuple("=+-@\t\r\n＝＋－＠")
TEXTS = [text for text in FORMULAS if text == text.strip()]
ONE_LINE = [text for text in TEXTS if "\n" not in text and "\r" not in text]


def is_run(cell: str) -> bool:
    """Whether a spreadsheet would take a cell of a CSV file for a formula."""
    try:
        float(cell)
    except ValueError:
        return cell.startswith(BEGINNINGS)
    return False


def cells_of(path: Path) -> list[str]:
    """All cells, lines ended as a spreadsheet program ends them: at each return too."""
    text = path.read_bytes().decode("utf-8-sig")
    return [cell for row in csv.reader(io.StringIO(text, newline=""), strict=True) for cell in row]


def no_formula_in(path: Path) -> None:
    if path.suffix == ".csv":
        assert [cell for cell in cells_of(path) if is_run(cell)] == []
        return
    for page in openpyxl.load_workbook(path).worksheets:
        assert [c.value for row in page.iter_rows() for c in row if c.data_type == "f"] == []


# -- each writer ------------------------------------------------------------------------------


def write_tables(folder: Path) -> Iterator[Path]:
    frame = pd.DataFrame({"=1+1": TEXTS, "n": range(len(TEXTS)), "-x": "=1+1"})
    yield folder / "a.csv"
    tables.write_csv(frame, folder / "a.csv")
    back = tables.read_table(folder / "a.csv")
    assert back.columns.tolist() == frame.columns.tolist()
    assert back["=1+1"].tolist() == TEXTS
    yield folder / "a.xlsx"
    notes = [(text[:30], text) for text in TEXTS]
    tables.write_workbook(folder / "a.xlsx", {"=s": frame}, notes=notes)
    shown = [text.replace("\r", "\n") for text in TEXTS]  # as XML has it
    assert tables.read_table(folder / "a.xlsx", sheet="=s")["=1+1"].tolist() == shown


def write_sorts(folder: Path) -> Iterator[Path]:
    n = len(ONE_LINE)
    values = [[i - n // 2, n // 2 - i] for i in range(n)]
    sorts = qm.QSorts(values, sorts=["=cmd|a", "+b"], texts=ONE_LINE)
    yield folder / "sorts.csv"
    qm.write_sorts(sorts, folder / "sorts.csv")
    assert qm.read_sorts(folder / "sorts.csv") == sorts
    yield folder / "returns.csv"
    qm.write_sorts(qm.QSorts(values, sorts=["a\r=1+1", "b"]), folder / "returns.csv")


def write_kade(folder: Path) -> Iterator[Path]:
    values = [[-1, 0], [0, 1], [1, -1]]
    sorts = qm.QSorts(values, sorts=["=cmd|a", "+b"], texts=["=1+1", "@x", "-y"])
    yield folder / "kade.xlsx"
    qm.write_kade(sorts, folder / "kade.xlsx", title="=1+1")
    assert qm.read_sorts(folder / "kade.xlsx") == sorts


def write_ledger(folder: Path) -> Iterator[Path]:
    n = len(TEXTS)
    ids = [f"R{i}" for i in range(n)]
    recommendations = pd.DataFrame(
        {"rec_id": ids, "text": TEXTS, "counting_unit": "recommendation"}
    )
    ledger = im.Ledger.from_frames(recommendations)
    place = im.write_ledger(ledger, folder / "ledger").folder
    assert place is not None
    yield from sorted(place.glob("*.csv"))
    assert im.read_ledger(place).recommendations["text"].tolist() == TEXTS
    yield folder / "ledger.xlsx"
    im.ledger_to_excel(ledger, folder / "ledger.xlsx")
    back = im.ledger_from_excel(folder / "ledger.xlsx")
    assert back.recommendations["text"].tolist() == TEXTS


def write_coded(folder: Path) -> Iterator[Path]:
    text = "=1+1 said somebody"
    sources = pd.DataFrame({"source": ["=I1"], "text": [text]})
    codings = pd.DataFrame(
        {"source": ["=I1"], "code": ["@code"], "coder": ["+A"], "start": [0], "end": [4]}
    )
    project = cd.CodedProject.from_frames(sources, codings)
    cd.write_project(project, folder / "coded")
    yield from sorted((folder / "coded").rglob("*.csv"))


def write_verdicts(folder: Path) -> Iterator[Path]:
    verdict = Verdict(**dict.fromkeys(Verdict.__dataclass_fields__, "=1+1\r=2+2"))
    result = StudyResult("toy", "reproduced", (verdict,))
    yield folder / "verdicts.csv"
    (folder / "verdicts.csv").write_text(_verdicts_csv(result), encoding="utf-8", newline="\n")


#: Where cells are written: file and function, and what writes there in this module.
COVERED = {
    ("dmpkit/tables.py", "write_csv"): write_tables,
    ("dmpkit/tables.py", "write_workbook"): write_tables,
    ("dmpkit/qmethod/formats/tidy.py", "write_sorts"): write_sorts,
    ("dmpkit/qmethod/formats/kade.py", "write_kade"): write_kade,
    ("dmpkit/impact/storage.py", "_quoted"): write_ledger,
    ("dmpkit/impact/storage.py", "ledger_to_excel"): write_ledger,
    ("dmpkit/workbench/deposit.py", "_verdicts_csv"): write_verdicts,
}
#: Where nothing needs to be guarded, and why.
UNGUARDED = {
    ("dmpkit/representativeness/external.py", "_write_inputs"): (
        "for another program, in a folder that is removed; it must get the names as they are"
    ),
    ("dmpkit/coding/query.py", "_quoted"): "a name in a query, which is shown and no cell",
    ("dmpkit/coding/exchange/databases.py", "rows"): "the name of a table in a query",
}
TEMPLATES = "dmpkit/workbench/templates/"  # scripts that write synthetic numbers of their own


SIGNS = "'\"\"'"  # quotation marks doubled by hand


def writers() -> set[tuple[str, str]]:
    """Functions that make the cells of a table that goes to a file."""
    found = set()
    for path in sorted((ROOT / "dmpkit").rglob("*.py")):
        name, code = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        if not any(word in code for word in ("to_csv", "csv", "Workbook(", "to_excel", SIGNS)):
            continue
        for function in ast.walk(ast.parse(code)):
            if isinstance(function, ast.FunctionDef) and any(map(_writes, ast.walk(function))):
                found.add((name, function.name))
    return {pair for pair in found if not pair[0].startswith(TEMPLATES)}


def _writes(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return node.value == '""'
    if not isinstance(node, ast.Call):
        return False
    called = ast.unparse(node.func)
    if called.endswith(".to_excel"):  # of a frame; results have a method of this name
        return any(word.arg in ("index", "sheet_name") for word in node.keywords)
    return called.rpartition(".")[2] in {"to_csv", "writer", "DictWriter"} | (
        {"Workbook"} if called.startswith(("openpyxl", "Workbook")) else set()
    )


def test_every_writer_is_known() -> None:
    known = {*COVERED, *UNGUARDED}
    assert writers() - known == set()
    assert known - writers() == set()


@pytest.mark.parametrize("write", sorted(set(COVERED.values()), key=lambda w: w.__name__))
def test_nothing_that_is_written_is_run(tmp_path: Path, write) -> None:
    written = list(write(tmp_path))
    assert written
    for path in written:
        no_formula_in(path)


@given(text=st.text(st.sampled_from("'=+-@\t\r\n＝1e.x;,\""), max_size=7))
def test_the_guard_is_undone(text: str) -> None:
    guarded = str(safe_cell(text))
    assert plain_cell(guarded) == text
    assert not is_run(guarded)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.text(st.sampled_from("'=+-@\r\n＝x;,\"|"), max_size=5), min_size=1))
def test_tables_read_back_as_they_were(tmp_path: Path, cells: list[str]) -> None:
    frame = pd.DataFrame({"n": "x", "text": [f"{cell}." for cell in cells]})
    tables.write_csv(frame, tmp_path / "a.csv")
    no_formula_in(tmp_path / "a.csv")
    back = tables.read_delimited(tmp_path / "a.csv", delimiter=",", decimal=".")[0]
    for read, written in zip(back["text"], frame["text"], strict=True):
        assert read in (written, written.strip())  # blanks around a text are left out
