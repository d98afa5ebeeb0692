"""Archives, workbooks and XML of a stranger: refused soon, in little memory, unpacked nowhere.

Readers of each package have their own tests of hostile files; here every public reader
that takes an archive or XML gets the same set.
"""

from __future__ import annotations

import resource
import stat
import subprocess
import sys
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dmpkit.coding as cd
import dmpkit.evaluation as ev
import dmpkit.impact as im
import dmpkit.qmethod as qm
import dmpkit.representativeness as rp
from dmpkit import tables, workbooks
from dmpkit.coding.exchange import archive, databases
from dmpkit.errors import DataError
from dmpkit.qmethod.formats import files, statements
from dmpkit.qmethod.formats import workbooks as sheets
from dmpkit.qmethod.formats.statements import statement_texts
from dmpkit.workbench import deposit, downloads, safe_svg
from dmpkit.workbench.cells import read_cells
from dmpkit.workbench.deposit import check_deposit

from . import hostile_workbooks as made

OF_WORKBOOKS: dict[str, Callable[[Path], Any]] = {
    "tables.read_table": tables.read_table,
    "tables.read_sheet": tables.read_sheet,
    "qmethod.read_sorts": qm.read_sorts,
    "representativeness.read_panel": rp.read_panel,
    "representativeness.read_population": rp.read_population,
    "evaluation.read_scorecard": ev.read_scorecard,
    "evaluation.read_form": ev.read_form,
    "evaluation.check_folder": ev.check_folder,
    "impact.ledger_from_excel": im.ledger_from_excel,
    "impact.ledger_from_spreadsheet": im.ledger_from_spreadsheet,
    "coding.read_codebook": cd.read_codebook,
    "workbench.read_cells": lambda path: read_cells(path, "A1:A2"),
}
OF_ARCHIVES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "qmethod.read_sorts": (".zip", qm.read_sorts),
    "coding.read_project (REFI-QDA)": (".qdpx", cd.read_project),
    "coding.read_project (QualCoder)": (".zip", cd.read_project),
    "workbench.check_deposit": (".zip", check_deposit),
}
OF_XML: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "qmethod.statement_texts": (".xml", statement_texts),
    "coding.read_codebook": (".qdc", cd.read_codebook),
}
SECONDS, MEGABYTES = 6.0, 250


class Spent:
    """Processor time, and by how much the process grew at its largest."""

    def __enter__(self) -> Spent:
        self.begun, self.high = time.process_time(), _peak()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.process_time() - self.begun
        self.megabytes = _peak() - self.high


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def outcome(read: Callable[[Path], Any], path: Path) -> str:
    """What the reader says: a result, or the text of its `DataError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read(path)
        except DataError as error:
            return str(error)
    return "read"


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return list(made.small(tmp_path_factory.mktemp("books")))


@pytest.mark.parametrize("name", OF_WORKBOOKS)
def test_small_workbooks_that_would_grow(books: list[Path], name: str) -> None:
    for path in books:
        with Spent() as spent:
            said = outcome(OF_WORKBOOKS[name], path)
        assert said != "read", path.name
        assert "root:" not in said
        assert spent.seconds < SECONDS, path.name
        assert spent.megabytes < MEGABYTES, path.name


def test_what_is_refused_is_named(books: list[Path]) -> None:
    said = {path.stem: outcome(tables.read_table, path) for path in books}
    assert "row 1,048,576, column 16,384" in said["far"]
    assert "more than 2,000,000 rows and cells" in said["merged"]
    assert "more than 2,000,000 rows and cells" in said["linked"]
    assert "document type" in said["entities"]
    assert "document type" in said["outside"]
    assert "document type" in said["wide"]
    assert "in one another" in said["deep"]
    assert "a tag of more than" in said["attributes"]


def test_formatted_cells_far_away_do_no_harm(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" s="0"/></row>'
    path = made.packed(tmp_path / "styled.xlsx", made.sheet(made.FIRST + far))
    assert tables.read_table(path)["x"].tolist() == [1]


def test_parts_are_counted_in_whatever_encoding(tmp_path: Path) -> None:
    rows = '<?xml version="1.0" encoding="{}"?>' + made.sheet("<row/>" * 3_000)[21:]
    limit = workbooks.MAX_CELLS
    for encoding in ("utf-8", "utf-16", "cp1252"):
        page = rows.format(encoding).encode(encoding)
        path = made.packed(tmp_path / "book.xlsx", page)
        with zipfile.ZipFile(path) as archive, pytest.raises(DataError, match="more than 2,999"):
            workbooks.check_parts(archive, path, cells=2_999)
        with zipfile.ZipFile(path) as archive:
            workbooks.check_parts(archive, path, cells=limit)


# -- names that lead out, links, archives in archives ----------------------------------------

LEADING_OUT = ("../out.txt", "/tmp/out.txt", "C:/out.txt", "..\\out.txt", "a/../../out.txt")


@pytest.fixture(params=OF_ARCHIVES)
def reader(request: pytest.FixtureRequest) -> tuple[str, Callable[[Path], Any]]:
    return OF_ARCHIVES[request.param]


def everything_below(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("name", LEADING_OUT)
def test_names_that_lead_out(
    tmp_path: Path, reader: tuple[str, Callable[[Path], Any]], name: str
) -> None:
    ending, read = reader
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / f"archive{ending}"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("sorts.txt", "Ana,1")
        archive.writestr(name, "taken")
    before = everything_below(tmp_path)
    assert outcome(read, path) != "read"
    assert everything_below(tmp_path) == before


def test_links_in_archives_are_not_followed(
    tmp_path: Path, reader: tuple[str, Callable[[Path], Any]]
) -> None:
    ending, read = reader
    secret = tmp_path / "secret.txt"
    secret.write_text("a secret of the computer")
    path = tmp_path / f"archive{ending}"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("project.qde", "sorts.txt", "ro-crate-metadata.json"):
            link = zipfile.ZipInfo(name)
            link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, str(secret))
    before = everything_below(tmp_path)
    said = outcome(read, path)
    assert said != "read"
    assert "a secret" not in said
    assert everything_below(tmp_path) == before


def test_archives_in_archives_are_not_opened(
    tmp_path: Path, reader: tuple[str, Callable[[Path], Any]]
) -> None:
    ending, read = reader
    inner = tmp_path / "inner.zip"
    inner.write_bytes(_nested(6))
    path = tmp_path / f"archive{ending}"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(20):
            archive.write(inner, f"{i}.zip")
    with Spent() as spent:
        assert outcome(read, path) != "read"
    assert spent.seconds < SECONDS
    assert spent.megabytes < MEGABYTES


def _nested(depth: int) -> bytes:
    """An archive of archives, each of which holds ten copies of the next; zeros at the bottom."""
    import io

    data = b"0" * 1_000_000
    for _ in range(depth):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for i in range(10):
                archive.writestr(f"{i}.zip", data)
        data = buffer.getvalue()
    return data


# -- XML --------------------------------------------------------------------------------------


def hostile_xml() -> Iterator[tuple[str, str]]:
    yield "entities", f"{made.ENTITIES}<statements><statement id='1'>&i;</statement></statements>"
    yield "outside", f"{made.OUTSIDE}<statements><statement id='1'>&i;</statement></statements>"
    yield "deep", "<statements>" * 300_000
    yield "wide", f"<statements>{'<a/>' * 300_000}</statements>"
    yield "attributes", f"<statements {made.attributes(60_000)}/>"
    yield "long", f"<statements>{'a' * 6_000_000}</statements>"


@pytest.mark.parametrize("name", OF_XML)
@pytest.mark.parametrize("kind", [kind for kind, _ in hostile_xml()])
def test_hostile_xml(tmp_path: Path, name: str, kind: str) -> None:
    ending, read = OF_XML[name]
    text = dict(hostile_xml())[kind]
    path = tmp_path / f"{kind}{ending}"
    path.write_text(text)
    with Spent() as spent:
        said = outcome(read, path)
    assert said != "read"
    assert "aaaaaaaaaaaaaaaaaaaa" not in said
    assert spent.seconds < SECONDS
    assert spent.megabytes < MEGABYTES


# -- the page that tells of the limits -------------------------------------------------------


def test_the_page_names_the_limits_that_hold() -> None:
    said = (Path(__file__).resolve().parents[2] / "SECURITY.md").read_text(encoding="utf-8")
    for limit in (
        f"{workbooks.MAX_UNPACKED_BYTES / 1e6:.0f} MB unpacked, "
        f"{workbooks.MAX_CELLS / 1e6:.0f} million rows and cells",
        f"{workbooks.MAX_OTHER / 1e6:.0f} million other elements",
        f"{workbooks.MAX_RECTANGLE / 1e6:.0f} million places",
        f"{workbooks.MAX_TAG / 1e6:.0f} MB a tag",
        f"{files.MAX_UNPACKED_BYTES / 1e6:.0f} MB and {sheets.MAX_OBJECTS:,}",
        f"{archive.MAX_MEMBER / 1e6:.0f} MB a part, {archive.MAX_TOTAL / 1e6:.0f} MB in all",
        f"above {archive.RATIO_FROM / 1e6:.0f} MB that unpacks to more than {archive.MAX_RATIO}",
        f"statements: {statements.MAX_XML / 1e6:.0f} MB",
        f"{safe_svg.MAX_BYTES / 1e6:.0f} MB and {safe_svg.MAX_TAGS:,} tags",
        f"{databases.MAX_BYTES / 1e9:.0f} GB, {databases.MAX_ROWS / 1e6:.0f} million rows, "
        f"{databases.MAX_VALUE / 1e6:.0f} MB a value, {databases.MAX_SECONDS:.0f} seconds",
        f"{downloads.MAX_BYTES / 1e9:.0f} GB where it names no size",
        f"{deposit.MAX_UNPACKED / 1e9:.0f} GB unpacked, read in blocks",
    ):
        assert limit in said, limit


# -- the large ones, each in a process of its own, whose memory is limited ---------------------

LIMITED = """
import resource, sys, time
limit = 2_000_000_000
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
from dmpkit import tables
from dmpkit.errors import DataError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
begun = time.process_time()
try:
    print(tables.read_table(sys.argv[1]).shape)
except DataError as error:
    print("DataError", error)
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(f"{time.process_time() - begun:.1f} s, {grown:.0f} MB")
"""


@pytest.mark.long
def test_large_workbooks_in_little_memory(tmp_path: Path) -> None:
    for path in made.large(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=False
        )
        said, _, spent = done.stdout.strip().rpartition("\n")
        print(path.name, path.stat().st_size, said, spent)
        assert said.startswith("DataError"), (path.name, done.stderr[-500:])
        seconds, megabytes = (float(part.split()[0]) for part in spent.split(","))
        assert seconds < 60, path.name
        assert megabytes < 200, path.name
        path.unlink()
