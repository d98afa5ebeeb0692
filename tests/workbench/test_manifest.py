"""What is wrong in a study's files is said with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dmpkit.errors import DataError
from dmpkit.workbench import Study, find_studies
from dmpkit.workbench.manifest import COLUMNS, half_unit, read_published

GOOD = """\
title = "A toy study"
question = "Why?"
citation = "Made for a test."
kind = "synthetic"
licence = "CC0-1.0"
notebook = "toy.ipynb"
"""
DATA = '\n[[data]]\nname = "a"\nfile = "a.csv"\n'
DOWNLOAD = DATA + 'download = true\nurl = "https://example.org/a.csv"\nlicence = "CC BY 4.0"\n'


def write(folder: Path, toml: str, published: str = ",".join(COLUMNS) + "\n") -> Path:
    folder = folder / "toy"
    folder.mkdir()
    (folder / "study.toml").write_text(toml, encoding="utf-8")
    (folder / "published.csv").write_text(published, encoding="utf-8")
    return folder


def test_a_good_study_is_read(tmp_path: Path) -> None:
    text = GOOD + "year = 1980\n" + DATA + 'description = "x"\nbytes = 3\n'
    figures = (
        "\ufeff" + ",".join(COLUMNS) + "\n"
        'one,"A number, printed",.50,,,,p. 3,printed\n\ntable,T,,a,B2:C3,0.01,,released file\n'
    )
    study = Study.open(write(tmp_path, text, figures))
    assert (study.slug, study.year, study.doi) == ("toy", 1980, "")
    assert study.data[0].bytes == 3
    one, table = study.figures
    assert (one.description, one.value, one.line, one.tolerance) == (
        "A number, printed",
        ".50",
        2,
        None,
    )
    assert (table.line, table.tolerance, table.is_table) == (4, 0.01, True)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        (GOOD + "tilte = 3\n", "study.toml, row 7: 'tilte' is not a key of a study"),
        (GOOD + "[extra]\na = 1\n", "study.toml, row 7: 'extra' is not a key"),
        (GOOD.replace("question", "#"), "study.toml: The key 'question' is missing"),
        (GOOD.replace('"Why?"', "7"), "study.toml, row 2: 'question' is not text"),
        (GOOD.replace('"Why?"', '" "'), "study.toml, row 2: 'question' is empty"),
        (GOOD.replace('"synthetic"', '"made up"'), "study.toml, row 4: 'made up' is not a kind"),
        (
            GOOD.replace("toy.ipynb", "../x.ipynb"),
            "study.toml, row 6: '../x.ipynb' is not the name",
        ),
        (GOOD.replace("toy.ipynb", "toy.py"), "study.toml, row 6: 'toy.py' is not the name"),
        (GOOD + "year = '1980'\n", "study.toml, row 7: 'year' is not a whole number"),
        (GOOD + "data = 3\n", "study.toml, row 7: 'data' is not a list"),
        (GOOD + "title = 'again'\n", "study.toml, row 7: This is not valid TOML"),
        (
            GOOD + 'summary = "no end\ndoi = "x"\n',
            'row 7: This is not valid TOML (Illegal character end of line): summary = "no end '
            'Text needs a straight quote at both ends: summary = "..."',
        ),
        (
            GOOD + "doi = “x”\n",
            "row 7: This is not valid TOML (Invalid value): doi = “x” Text",
        ),
        (GOOD + "doi = “x”\n", 'straight quotes ("), not curly ones: doi = "..."'),
        (GOOD + "doi = ten\n", 'Text needs straight quotes: doi = "..."'),
        (GOOD + "doi = True\n", "Write doi = true, in lower case"),
        (GOOD + "doi =\n", "Write a value after the equals sign"),
        (GOOD + "doi 10\n", "Each line is a key and a value"),
        (GOOD + 'doi = "a "b" c"\n', 'Text that holds " goes between single quotes'),
        (GOOD + "doi = 'x' y\n", "After the text there is something that does not belong"),
        (GOOD + "title = 'again'\n", "The key 'title' is given twice"),
        (GOOD + DATA.replace("a.csv", r"C:\Users\a.csv"), "Use / in paths, also on Windows"),
        (GOOD + DATA.replace("a.csv", r"data\new.csv"), "row 10: 'data\\new.csv' leaves"),
        (GOOD + DATA + '[data]\nname = "b"\n', "row 11: This is not valid TOML"),
        (GOOD + DATA + '[data]\nname = "b"\n', "Write [[data]], with two brackets"),
        (GOOD + '[data]\nname = "b"\n', "Write each file as [[data]]"),
        (GOOD + DATA + "sha = 1\n", "study.toml, row 11: 'sha' is not a key of a data file"),
        (GOOD + DATA + DATA, "study.toml, row 13: The data name 'a' is given twice"),
        (GOOD + "[[data]]\nname = 'a'\n", "study.toml, row 7: A data file has no 'file'"),
        (GOOD + DATA.replace("a.csv", "../a.csv"), "study.toml, row 10: '../a.csv' leaves"),
        (GOOD + DATA.replace("a.csv", "/etc/a.csv"), "study.toml, row 10: '/etc/a.csv' leaves"),
        (GOOD + DATA + "bytes = '3'\n", "study.toml, row 11: 'bytes' is not a whole number"),
        (GOOD + DATA + "sha256 = 'ABC'\n", "study.toml, row 11: 'sha256' is not 64"),
        (GOOD + DATA + "download = 'yes'\n", "study.toml, row 11: 'download' is neither"),
        (GOOD + DOWNLOAD, "study.toml, row 8: The download 'a' has no 'sha256'"),
        (
            GOOD + DOWNLOAD.replace("https:", "file:") + f"sha256 = '{'0' * 64}'\n",
            "study.toml, row 12: 'file://example.org/a.csv' is not a web address",
        ),
    ],
)
def test_what_is_wrong_in_the_manifest(tmp_path: Path, toml: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        Study.open(write(tmp_path, toml))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "one,A,1,,,,,printed\none,B,2,,,,,printed\n",
            "row 3, column figure: The figure 'one' is named twice, first in row 2",
        ),
        ("one,A,1,,,,,guessed\n", "row 2, column basis: 'guessed' is not a basis"),
        ('"a\nb",A,1,,,,,printed\n', "row 3, column figure: 'a\\nb' cannot be the id"),
        ("one,,1,,,,,printed\n", "row 2, column description: The figure 'one' has no description"),
        ('one,A,"0,5",,,,,printed\n', "row 2, column value: '0,5' is not a number"),
        ("one,A,12%,,,,,printed\n", "row 2, column value: '12%' is not a number"),
        ("one,A,nan,,,,,printed\n", "row 2, column value: 'nan' is not a number"),
        ("one,A,1e999,,,,,printed\n", "row 2, column value: '1e999' is not a number"),
        ("one,A,1,a.csv,,,,printed\n", "row 2, column value: A figure is a value or a table"),
        ("one,A,1,,B2:B3,,,printed\n", "row 2, column range: There is a range but no file"),
        ("one,A,1,,,-1,,printed\n", "row 2, column tolerance: '-1' is not a tolerance"),
        ("one,A,1,,,inf,,printed\n", "row 2, column tolerance: 'inf' is not a tolerance"),
        ("one,A,1,,,,printed\n", "row 2: The row has 7 cells, the header has 8"),
        ("one,A,,b.csv,,,,printed\n", "row 2, column file: The file 'b.csv' is not among"),
        ('one,"A,1\n', "This is not valid CSV"),
    ],
)
def test_what_is_wrong_in_the_figures(tmp_path: Path, rows: str, message: str) -> None:
    folder = write(tmp_path, GOOD, ",".join(COLUMNS) + "\n" + rows)
    with pytest.raises(DataError) as caught:
        Study.open(folder)
    assert "published.csv" in str(caught.value)
    assert message in str(caught.value)


def test_a_table_with_semicolons_is_read(tmp_path: Path) -> None:
    """As Excel saves it where the decimal sign is a comma."""
    rows = (
        "\ufefffigure;description;value;file;range;tolerance;where;basis\n"
        "one;A number, printed;0,45;;;0,01;p. 3, left;printed\n"
        "two;B;-1.50;;;;;printed\nthree;C;1234,5;;;;;printed\nfour;D;0,123;;;;;printed\n"
    )
    figures = read_published(write(tmp_path, GOOD, rows) / "published.csv")
    assert [figure.value for figure in figures] == ["0.45", "-1.50", "1234.5", "0.123"]
    assert (figures[0].description, figures[0].tolerance) == ("A number, printed", 0.01)
    assert half_unit(figures[0].value) == 0.005


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "one;A;1,234;;;;;printed",
            "row 2, column value: '1,234' can be read as 1.234 and as 1234",
        ),
        ("one;A;1.234,5;;;;;printed", "column value: '1.234,5' is not a number"),
        ("one;A;1;;;;p;q;printed", "Put text that holds a semicolon in double quotation marks"),
    ],
)
def test_what_is_unclear_with_semicolons(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path, GOOD, ";".join(COLUMNS) + "\n" + row + "\n") / "published.csv"
    with pytest.raises(DataError) as caught:
        read_published(path)
    assert message in str(caught.value)


@pytest.mark.parametrize("header", ["figure,value\n", ",".join([*COLUMNS, "note"]) + "\n", ""])
def test_another_header_is_refused(tmp_path: Path, header: str) -> None:
    path = write(tmp_path, GOOD, header) / "published.csv"
    with pytest.raises(DataError, match="row 1: The header is"):
        read_published(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = write(tmp_path, GOOD)
    (folder / "published.csv").unlink()
    with pytest.raises(DataError, match=r"no published\.csv"):
        Study.open(folder)
    (folder / "study.toml").unlink()
    with pytest.raises(DataError, match=r"no study\.toml"):
        Study.open(folder)
    with pytest.raises(DataError, match="There is no folder"):
        Study.open(tmp_path / "nowhere")
    with pytest.raises(DataError, match="There is no study 'no-such'"):
        Study.open("no-such")


@pytest.mark.parametrize(
    ("name", "content"), [("study.toml", b"\xff"), ("published.csv", b"\xff\n")]
)
def test_text_that_is_not_utf8_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    folder = write(tmp_path, GOOD)
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match="not UTF-8"):
        Study.open(folder)


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("0.45", 0.005),
        ("12", 0.5),
        ("-1.50", 0.005),
        (".8", 0.05),
        ("1.2e-3", 0.00005),
        ("1e3", 0.5),
    ],
)
def test_half_a_unit_of_the_last_digit(text: str, half: float) -> None:
    assert half_unit(text) == half


def test_a_study_is_found_from_below_and_by_the_variable(bench, monkeypatch, tmp_path) -> None:
    bench.study("here", "", [])
    below = bench.root / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert Study.open("here").folder == bench.root / "studies" / "here"
    assert "here" in find_studies()
    assert "lipset-1963" in find_studies()  # those that come with dmpkit
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="no study 'here'"):
        Study.open("here")
    monkeypatch.setenv("DMPKIT_STUDIES", str(bench.root / "studies"))
    assert Study.open("here").slug == "here"


def test_tables_are_typed_by_their_data_package(bench) -> None:
    import json

    from dmpkit.datasets import refresh_hashes

    text = "code,n\n1,2\n2,3\n"
    folder = bench.study("typed", "", [], toml=DATA, files={"a.csv": text})
    assert Study.open("typed").table("a")["code"].tolist() == [1.0, 2.0]
    fields = [{"name": "code", "type": "string"}, {"name": "n", "type": "integer"}]
    package = {
        "name": "typed",
        "title": "Typed",
        "licenses": [{"name": "CC0-1.0"}],
        "sources": [{"title": "a test"}],
        "resources": [{"name": "whatever", "path": "a.csv", "schema": {"fields": fields}}],
    }
    (folder / "datapackage.json").write_text(json.dumps(package))
    refresh_hashes(folder)
    assert Study.open("typed").table("a")["code"].tolist() == ["1", "2"]
    with pytest.raises(DataError, match="no data 'b'"):
        Study.open("typed").table("b")
