"""The documentation: its lines run, its tables are complete, every plot is in the gallery."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dmpkit import errors, plotting
from tests.test_readme import own_files

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
sys.path.insert(0, str(DOCS))
from pages import blocks, gallery, glossary, messages, validation  # noqa: E402

PAGES = [
    path
    for folder in ("guide", "coming-from", "students")
    for path in sorted((DOCS / folder).glob("*.md"))
    if blocks.BLOCK.search(path.read_text(encoding="utf-8"))
]
#: Folder that each kind of page runs in: *Coming from* reads the reference numbers.
IN_THE_CHECKOUT = {"coming-from", "students"}


@pytest.mark.parametrize("page", PAGES, ids=lambda p: f"{p.parent.name}/{p.stem}")
@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_lines_of_a_page_run(page, tmp_path):
    own_files(tmp_path)
    where = ROOT if page.parent.name in IN_THE_CHECKOUT else tmp_path
    said = blocks.run(page.read_text(encoding="utf-8"), where, page.name)
    assert any(said), "no block prints anything"


def test_few_blocks_are_not_run():
    text = "".join(p.read_text(encoding="utf-8") for p in DOCS.glob("*/*.md"))
    assert text.count("```python no-run") <= 5
    assert len(blocks.BLOCK.findall(text)) >= 15


def test_output_stands_under_its_block():
    page = "Before\n```python\nx = 2\n```\nMiddle\n```python\nprint(x)\n```\nEnd\n"
    made = blocks.with_output(page, ROOT)
    assert made.count("```text") == 1
    assert "print(x)\n```\n\n```text\n2\n```\nEnd" in made


# --- tables


def test_every_class_of_error_and_warning_has_a_meaning_and_a_remedy():
    known = messages.meanings()
    public = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}
    assert set(known) == public
    assert all(meaning and remedy for meaning, remedy in known.values())


def test_messages_are_found_in_the_source():
    found = list(messages.harvest())
    assert len({m.room for m in found}) >= 6
    assert sum(bool(m.remedy) for m in found if m.kind == "DataError") > 300


def test_terms_are_unique_and_point_to_each_other():
    entries = glossary.terms()
    names = [entry["term"] for entry in entries]
    assert names, "no terms"
    assert len({name.lower() for name in names}) == len(names)
    for entry in entries:
        assert entry["meaning"].endswith((".", ")")), entry["term"]
        for see in filter(None, map(str.strip, entry["see"].split(";"))):
            assert any(name.startswith(see) for name in names), f"{entry['term']} → {see}"


#: Technical words of the results' summaries, which stand there in brackets.
JARGON = (
    "bootstrap", "calibration", "censoring", "congruence", "consensus statement",
    "cumulative incidence", "design effect", "distinguishing statement", "effect size",
    "eigenvalue", "exact test", "factor array", "flag", "gini", "holm", "krippendorff's alpha",
    "loading", "multiverse", "parallel analysis", "permutation test", "raking", "r-indicator",
    "saturation", "seed", "total variation distance", "varimax", "z-score",
)  # fmt: skip


@pytest.mark.parametrize("word", JARGON)
def test_jargon_has_an_entry(word):
    assert any(word in entry["term"].lower() for entry in glossary.terms()), word


def test_every_validated_number_names_a_test_that_is_there():
    rows = validation.rows()
    assert len(rows) > 80
    assert [r["test"] for r in rows if not validation.has_test(r["test"])] == []
    assert not validation.has_test("tests/test_docs.py::test_that_is_not_there")
    assert not validation.has_test("tests/no_such_file.py::test_anything")
    assert all(row[key] for row in rows for key in ("room", "statistic", "reference", "tolerance"))
    keys = [(row["room"], row["statistic"]) for row in rows]
    assert len(set(keys)) == len(keys)


def test_every_simulated_rate_names_a_test_that_is_there():
    rows = validation.simulated()
    assert [r["test"] for r in rows if not validation.has_test(r["test"])] == []
    assert all(r["statistic"] and r["offered"] and r["design"] for r in rows)
    assert all(0 <= float(r[rate]) <= 1 for r in rows for rate in ("nominal", "observed"))
    assert all(int(r["runs"]) >= 100 for r in rows)
    keys = [(r["room"], r["statistic"], r["offered"], r["design"]) for r in rows]
    assert len(set(keys)) == len(keys)
    assert len({r["room"] for r in rows} & set(page_rooms())) == len({r["room"] for r in rows})


def page_rooms() -> list[str]:
    """Rooms whose rates the page shows."""
    heads = [line for line in validation.page().splitlines() if line.endswith(": rates")]
    return [line.removeprefix("### ").removesuffix(": rates") for line in heads]


def test_tables_of_the_documentation_have_no_ragged_rows():
    for path in (DOCS / "reference").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            assert len({len(row) for row in csv.reader(file)}) == 1, path.name


# --- the gallery


def test_every_public_plot_is_in_the_gallery_once():
    shown = [name for room in gallery.rooms() for one in room.recipes for name in one.names]
    assert sorted(shown) == sorted(set(shown)), "twice in the gallery"
    assert set(shown) == gallery.public_plots()


def test_a_recipe_calls_the_plot_that_it_names():
    for room in gallery.rooms():
        for recipe in room.recipes:
            name = recipe.names[0].split(".")[-1]
            assert re.search(rf"\.{name}\(", recipe.code), recipe.title
            assert len(recipe.code.splitlines()) <= 25, f"{recipe.title} is long"


#: Rooms whose recipes have made-up data alone, and what in them shows no data of people.
SYNTHETIC = {"coding", "evaluation", "plotting"}
NO_DATA = {"ThroughViewpoints.plot_links", "ReasonSimulation.plot"}


@pytest.mark.parametrize("room", gallery.rooms(), ids=lambda room: room.key)
def test_every_recipe_draws(room):
    for recipe, picture in gallery.draw(room):
        alt = plotting.alt_text(picture)
        assert len(alt) > 20, recipe.title
        if room.key in SYNTHETIC and recipe.names[0] not in NO_DATA:
            assert "ynthetic" in alt, recipe.title
        assert plotting.to_png(picture, dpi=20).startswith(b"\x89PNG")


# --- the whole site


@pytest.mark.long
def test_the_site_builds_without_a_dead_link(tmp_path):
    out = tmp_path / "docs"
    done = subprocess.run(
        [sys.executable, str(DOCS / "build.py"), "--out", str(out), "--work", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert (out / "searchindex.js").is_file()
    page = (out / "coming-from" / "deliberr.html").read_text(encoding="utf-8")
    assert "swap test p = 0.2148" in page, "the lines of the page were not run"
    assert len(list((out / "gallery").rglob("*.png"))) > 90
