"""The notebooks read as one book: numbers, headings in one order, a form at the end of a tour."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from dmpkit.workbench.reproduce import notebook_errors
from dmpkit.workbench.running import run_notebook, wait_for
from tests.test_readme import own_files

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
TOURS = [p for p in NOTEBOOKS if re.match(r"0[1-9]-tour-", p.name)]
STUDIES = [p for p in NOTEBOOKS if re.match(r"[1-5]\d-", p.name)]
STUDY_ROOT = str(ROOT / "studies")
AUTHORS = {"What the authors did", "What the author did", "What was done"}
by_name = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def texts(path: Path) -> list[str]:
    book = nbformat.read(path, as_version=4)
    return [cell.source for cell in book.cells if cell.cell_type == "markdown"]


def headings(path: Path, level: int = 2) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", "\n".join(texts(path)), re.M)


def test_every_page_has_a_number_of_its_own() -> None:
    numbers = [p.name[:3] for p in NOTEBOOKS]
    assert all(re.fullmatch(r"\d\d-", number) for number in numbers)
    assert len(numbers) == len(set(numbers))
    assert [p.name[:2] for p in TOURS] == ["01", "02", "03", "04", "05"]


@by_name
def test_a_page_opens_with_its_question_in_bold(path: Path) -> None:
    opening = texts(path)[0]
    assert opening.startswith("# ")
    assert len(headings(path, 1)) == 1
    assert re.search(r"\*\*[^*]+\?\*\*", opening), "no question in bold"
    if path.name < "60":  # exercises end with how it went
        assert texts(path)[-1].startswith("## What to try next")


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_a_study_asks_the_same_things_in_the_same_order(path: Path) -> None:
    seen = [h for h in headings(path) if h in SAME or h in AUTHORS]
    assert seen[0] in AUTHORS
    assert seen[1:] == SAME


SAME = ["The data and their kind", "Analysis", "Published / here", "What to try next"]


@pytest.mark.parametrize("path", TOURS, ids=lambda p: p.stem)
def test_a_tour_ends_in_a_form_that_stands_empty(path: Path) -> None:
    opening, ends = texts(path)[0], headings(path)
    assert re.search(r"\*your own (file|files|folder)\*", opening)
    assert "It is a tour and not a study" in " ".join(opening.split())
    assert re.fullmatch(r"Your own (file|files|folder) here", ends[-2]), ends[-2:]
    assert ends[-1] == "What to try next"
    book = nbformat.read(path, as_version=4)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    form = [cell for cell in code if re.search(r'^MY_\w+ = ""', cell.source, re.M)]
    assert len(form) == 1, "there is one cell to fill in, and it is empty"
    assert form[0].outputs, "with no name the example stands in"
    assert len(TOURS) == 5


FORMS = {  # what a reader would write into the cells
    "01": {"MY_FILE": "my-sorts.csv", "MY_FACTORS": 3},
    "02": {
        "MY_PANEL": "participants.csv",
        "MY_POPULATION": "population.csv",
        "MY_QUOTA_VARIABLES": ["gender"],
    },
    "03": {
        "MY_FILE": "my-recommendations.csv",
        "REPORTED, CHECKED": ("2021-06-23", "2023-12-31"),
    },
    "04": {"MY_PROJECT": "interviews.qdpx"},
    "05": {"MY_FOLDER": "our-assembly"},
}


@pytest.mark.long
@pytest.mark.parametrize("path", TOURS, ids=lambda p: p.stem)
def test_a_form_that_is_filled_in_gives_a_result(path: Path, tmp_path: Path) -> None:
    own = tmp_path / "Jürgens Ordner"
    own.mkdir()
    own_files(own)
    shutil.rmtree(own / "our-assembly", ignore_errors=True)  # the quick start's own is smaller
    shutil.copytree(ROOT / "studies" / "evaluate-a-minipublic", own / "our-assembly")
    book = nbformat.read(path, as_version=4)
    (form,) = [c for c in book.cells if re.search(r'^MY_\w+ = ""', c.source, re.M)]
    for name, value in FORMS[path.name[:2]].items():
        mine = str(own / value) if isinstance(value, str) else value
        assert re.search(rf"^{name} = ", form.source, re.M), name
        form.source = re.sub(rf"^{name} = .*$", f"{name} = {mine!r}", form.source, flags=re.M)
    filled = tmp_path / path.name
    nbformat.write(book, filled)
    run = wait_for(run_notebook(filled, deadline=300, environment={"DMPKIT_STUDIES": STUDY_ROOT}))
    assert run.problem == ""
    assert notebook_errors(run.notebook) == []


@by_name
def test_pages_that_are_named_are_there(path: Path) -> None:
    there = {p.stem for p in (ROOT / "notebooks").rglob("*.ipynb")}
    text = "\n".join(texts(path))
    named = set(re.findall(r"`(?:solutions/)?(\d\d-[a-z][\w-]+)`", text))
    assert named - there == set()
