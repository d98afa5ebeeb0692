"""dmpkit qsort: from a study, an instrument or a file to the pages."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import dmpkit.qmethod as qm
from dmpkit import datasets
from dmpkit.cli import main
from dmpkit.errors import DataError
from dmpkit.workbench.instruments import find_instruments, open_instrument


def run(*arguments):
    return CliRunner().invoke(main, ["qsort", *map(str, arguments)])


def test_the_instrument_that_comes_along_is_made_with_all_its_pages(tmp_path):
    done = run("governance-instrument", "--to", tmp_path / "new", "--cards", "--sheet")
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [
        "governance-instrument-cards.html",
        "governance-instrument-sort-sheet.html",
        "governance-instrument-sorting-page.html",
    ]
    assert "44 statements" in done.output


def test_a_study_with_statements_is_enough(tmp_path):
    assert run("lipset-1963", "--to", tmp_path).exit_code == 0
    page = (tmp_path / "lipset-1963-sorting-page.html").read_text(encoding="utf-8")
    assert "Nobody is shocked" in page
    assert open_instrument("lipset-1963").title.startswith("Value patterns")


def test_a_table_and_a_file_of_sorts_are_enough(tmp_path):
    table = tmp_path / "my q set.csv"
    table.write_text("statement,text\n" + "".join(f"{i},Text {i}.\n" for i in range(1, 8)))
    found = open_instrument(table)
    assert (found.name, found.n_statements) == ("my-q-set", 7)
    sorts = qm.QSorts([[2, 1], [1, 2], [0, -1], [-1, 0], [-2, -2]], texts=list("ABCDE"))
    qm.write_kade(sorts, tmp_path / "kade.xlsx")
    assert open_instrument(tmp_path / "kade.xlsx").texts == tuple("ABCDE")


def test_texts_are_written_translated_and_used(tmp_path):
    assert run("governance-instrument", "--to", tmp_path, "--write-texts").exit_code == 0
    file = tmp_path / "governance-instrument-texts.json"
    texts = json.loads(file.read_text(encoding="utf-8"))
    texts |= {"lang": "de", "begin": "Anfangen"}
    file.write_text(json.dumps(texts), encoding="utf-8")
    assert run("governance-instrument", "--to", tmp_path / "de", "--texts", file).exit_code == 0
    page = (tmp_path / "de" / "governance-instrument-sorting-page.html").read_text("utf-8")
    assert "Anfangen" in page


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"nothing": "x"}', '{"begin": 1}', "\xff"])
def test_a_wrong_translation_is_refused_and_nothing_is_written(tmp_path, text):
    file = tmp_path / "texts.json"
    file.write_bytes(text.encode("latin-1"))
    done = run("governance-instrument", "--to", tmp_path / "out", "--texts", file)
    assert done.exit_code == 2
    assert done.output.startswith("Error: ")
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_an_unknown_name_lists_what_there_is():
    done = run("nothing-here")
    assert done.exit_code == 2
    assert "lipset-1963" in done.output
    assert "governance-instrument" in done.output


def test_a_file_without_statements_is_refused(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="statement"):
        open_instrument(file)


def test_instruments_are_found_by_their_tables():
    assert find_instruments() == ["governance-instrument"]
    assert set(find_instruments()) <= set(datasets.names())


def test_what_is_wrong_in_a_file_of_sorts_is_said_with_its_name(tmp_path):
    """Found by feeding changed files: the message named the statement but no file."""
    sorts = qm.QSorts([[-1, 0], [0, 1], [1, -1]], texts=["One", "One", "Two"])
    qm.write_sorts(sorts, tmp_path / "sorts.parquet")
    with pytest.raises(DataError, match=r"sorts\.parquet.*'One' stands at positions 1 and 2"):
        open_instrument(tmp_path / "sorts.parquet")
