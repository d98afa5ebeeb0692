"""The first page: a map that names what is there, and nothing of one computer in the store."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from dmpkit import cli
from dmpkit.workbench import start
from dmpkit.workbench.storing import store_outputs

ROOM = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOM / "notebooks"
LINK = re.compile(r"\]\(([^)#]+\.ipynb)\)")
FOUR = "four,Twice two,4,,,,p. 1,printed\n"


def told(path: Path) -> str:
    """Everything that a stored notebook shows as text."""
    book = nbformat.read(path, as_version=4)
    outputs = [o for cell in book.cells for o in cell.get("outputs", [])]
    shown = ["".join(o["data"].get("text/markdown", "")) for o in outputs if "data" in o]
    return "\n".join([*(c.source for c in book.cells if c.cell_type == "markdown"), *shown])


def test_the_first_page_links_every_notebook_and_every_link_opens() -> None:
    linked = set(LINK.findall(told(NOTEBOOKS / "00-start.ipynb")))
    assert {name for name in linked if not (NOTEBOOKS / name).is_file()} == set()
    there = {p.name for p in NOTEBOOKS.glob("[0-9][0-9]-*.ipynb")} - {"00-start.ipynb"}
    assert there - linked == set(), "store it again: dmpkit notebooks 00-start.ipynb"


def test_the_map_has_a_tour_and_studies_for_every_module() -> None:
    rows = start.overview().markdown.splitlines()[2:]
    assert len(rows) == len(start.PARTS) == 5
    for row, (tens, name, module, *_) in zip(rows, start.PARTS, strict=True):
        assert name in row
        assert f"`dmpkit.{module}`" in row
        assert (ROOM / "dmpkit" / module / "__init__.py").is_file()
        numbers = [int(Path(link).name[:2]) for link in LINK.findall(row)]
        assert numbers[0] == tens
        assert sum(number // 10 == tens for number in numbers) >= 3
        assert all(number in (tens, 59 + tens) or number // 10 == tens for number in numbers)


def test_every_study_notebook_stands_in_the_list_with_its_kind() -> None:
    rows = start.studies().markdown.splitlines()[2:]
    slugs = {p.parent.name for p in (ROOM / "studies").glob("*/study.toml")}
    assert len(rows) == sum(
        tomllib.loads((ROOM / "studies" / s / "study.toml").read_text(encoding="utf-8"))["notebook"]
        >= "10"
        for s in slugs
    )
    (polycrisis,) = [row for row in rows if "polycrisis" in row]
    assert polycrisis.endswith("| raw data (download) |")
    (lipset,) = [row for row in rows if "lipset" in row]
    assert lipset.endswith("| software reference |")


def test_extras_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOM / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    assert {extra for extra, _, _ in start.EXTRAS} == set(extras)
    for extra, packages, _ in start.EXTRAS:
        brought = " ".join(extras[extra])
        assert all(name in brought for name in packages), extra


def test_an_absent_extra_is_told_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    found = start._version
    monkeypatch.setattr(start, "_version", lambda n: None if n == "rocrate" else found(n))
    seen = start.installed()
    assert "not installed: deposit" in seen.sentence
    here = seen.frame.set_index("part").loc["extra deposit", "here"]
    assert here.endswith('python -m pip install -e ".[deposit]"')
    monkeypatch.setattr(start, "_version", lambda n: None if n == "scipy" else found(n))
    assert start.installed().sentence == "Missing: scipy. Install dmpkit again."


DOWNLOAD = """
[[data]]
name = "far"
file = "far.csv"
description = "held by others"
url = "https://example.org/far.csv"
sha256 = "{sha}"
bytes = 26000
download = true
licence = "CC0-1.0"
"""


def test_data_to_be_fetched_and_damaged_data_are_told_with_a_command(bench, monkeypatch) -> None:
    monkeypatch.setenv("DMPKIT_STUDIES", str(bench.root / "studies"))
    monkeypatch.delenv("DMPKIT_DATA_MIRROR", raising=False)
    bench.study("near", FOUR, [])
    bench.study("far", FOUR, [], toml=DOWNLOAD.format(sha="0" * 64))
    rows = start.data_present().frame.set_index("study")
    assert rows.loc["near"].tolist() == ["comes with dmpkit", ""]
    assert rows.loc["far"].tolist() == ["to be fetched (26 kB)", "dmpkit fetch far"]
    n = len(rows)
    waiting = (rows["command"] != "").sum()
    assert f"{n - waiting} of {n} studies" in start.data_present().sentence
    assert start._data_row(_Damaged()) == ("broken", "damaged", "dmpkit check broken")


class _Damaged:
    slug = "broken"

    def missing_data(self) -> tuple[str, ...]:
        from dmpkit.errors import DataError

        raise DataError("The hash is another.")


def test_what_holds_for_one_computer_is_shown_but_not_stored(bench) -> None:
    cells = ["from dmpkit.workbench import start\nstart.installed()", "start.studies()"]
    bench.study("good", FOUR, ["study.reproduces('four', 4)", *cells])
    path = bench.root / "notebooks" / "good.ipynb"
    (done,) = store_outputs([path])
    assert done.outcome == "stored"
    text = path.read_text(encoding="utf-8")
    assert start.HERE_MIME not in text
    book = nbformat.read(path, as_version=4)
    assert book.cells[-2].outputs == []
    assert "text/markdown" in book.cells[-1].outputs[0]["data"]
    bundle = start.installed()._repr_mimebundle_()
    assert "<table" in bundle["text/html"]
    assert re.search(r'<td style="text-align: left"[^>]*>', bundle["text/html"])
    assert start.HERE_MIME in bundle


def test_a_heading_with_a_bar_stays_in_its_cell(bench, monkeypatch) -> None:
    notebooks = bench.root / "notebooks"
    notebooks.mkdir()
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# One | or two?\n\nx")])
    nbformat.write(book, notebooks / "10-odd.ipynb")
    (notebooks / "11-broken.ipynb").write_text("{", encoding="utf-8")
    monkeypatch.chdir(bench.root)
    odd, broken = start._notebooks()
    assert start._plain(odd.title) == "One \\| or two?"
    assert broken.title == "11-broken"
    assert "[10](10-odd.ipynb)" in start.overview().markdown


def test_lab_opens_the_first_page(bench, monkeypatch) -> None:
    pytest.importorskip("jupyterlab")
    called: list[list[str]] = []

    def stand_in(_: str, command: list[str]) -> None:
        called.append(command)
        raise SystemExit(0)

    monkeypatch.setattr(cli.os, "execv", stand_in)
    monkeypatch.setattr(cli.os, "name", "posix")
    monkeypatch.chdir(ROOM)
    assert CliRunner().invoke(cli.main, ["lab", "--no-browser"]).exit_code == 0
    assert called[0][1:3] == ["-m", "jupyterlab"]
    assert f"--notebook-dir={NOTEBOOKS}" in called[0]
    assert called[0][-2:] == ["--LabApp.default_url=/lab/tree/00-start.ipynb", "--no-browser"]

    bench.study("good", FOUR, [])  # a project without that page opens as before
    monkeypatch.chdir(bench.root)
    CliRunner().invoke(cli.main, ["lab"])
    assert not any("default_url" in word for word in called[1])


def test_lab_copies_the_book_with_its_folders_where_there_is_none(tmp_path, monkeypatch) -> None:
    shipped = tmp_path / "_shipped" / "notebooks"
    (shipped / "solutions").mkdir(parents=True)
    for name in ("00-start.ipynb", "solutions/60-x.ipynb"):
        (shipped / name).write_text("{}", encoding="utf-8")
    work = tmp_path / "Jürgens Ordner"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr("dmpkit.datasets.notebooks_path", lambda: shipped)
    monkeypatch.setattr("dmpkit.workbench.storing.notebooks_folder", lambda: shipped)
    assert cli._lab_folder() == work / "notebooks"
    assert (work / "notebooks" / "solutions" / "60-x.ipynb").is_file()


def test_the_stored_first_page_holds_nothing_of_one_computer() -> None:
    text = (NOTEBOOKS / "00-start.ipynb").read_text(encoding="utf-8")
    assert start.HERE_MIME not in text
    outputs = [c["outputs"] for c in json.loads(text)["cells"] if c["cell_type"] == "code"]
    shown = json.dumps(outputs)
    assert not re.search(r"\d+\.\d+\.\d+", shown), "a version is stored"
    assert sys.prefix not in shown
