"""The README's quick start runs as it stands, on a table of the reader's own."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from PIL import Image

import dmpkit.qmethod as qm
from dmpkit.coding.synthetic import synthetic_interviews
from dmpkit.errors import ReadingWarning
from dmpkit.workbench import Study

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)
GUIDES = {  # the longer quick starts, with the same names of files
    name: re.findall(
        r"```python\n(.*?)```",
        (ROOT / "docs" / "guide" / f"{name}.md").read_text(encoding="utf-8"),
        re.S,
    )
    for name in ("q-methodology", "representativeness", "impact", "coding")
}


def own_table(path, delimiter=",", by_row=False):
    """Twelve people of a reader's own sort twenty statements; synthetic numbers."""
    generator = np.random.default_rng(3)
    grid = np.repeat([-3, -2, -1, 0, 1, 2, 3], [2, 3, 3, 4, 3, 3, 2])
    views = [generator.permutation(20) for _ in range(3)]
    liked = [views[i % 3] + generator.normal(0, 3, 20) for i in range(12)]
    table = np.array([grid[np.argsort(np.argsort(one))] for one in liked]).T
    if by_row:
        header = ["person", *(f"Statement {i}" for i in range(1, 21))]
        rows = [[f"P{j}", *map(str, column)] for j, column in enumerate(table.T, start=1)]
    else:
        header = ["statement", *(f"P{j}" for j in range(1, 13))]
        rows = [[f"Statement {i}", *map(str, row)] for i, row in enumerate(table, start=1)]
    path.write_text("\n".join(delimiter.join(r) for r in [header, *rows]), encoding="utf-8")


def own_panel(folder, delimiter=","):
    """A synthetic list of forty members, and the population in per cent."""
    generator = np.random.default_rng(5)
    shares = {
        "gender": {"woman": 51.2, "man": 48.8},
        "age": {"16-34": 30.5, "35-59": 41.5, "60+": 28.0},
    }
    drawn = [
        generator.choice(list(one), 40, p=np.array(list(one.values())) / 100)
        for one in shares.values()
    ]
    rows = [
        ["person", *shares],
        *([f"M{i}", *row] for i, row in enumerate(zip(*drawn, strict=True))),
    ]
    text = "\n".join(delimiter.join(map(str, row)) for row in rows)
    (folder / "participants.csv").write_text(text, encoding="utf-8")
    table = [("variable", "category", "percent")]
    for variable, of in shares.items():
        table += [(variable, category, str(share)) for category, share in of.items()]
    text = "\n".join(delimiter.join(row) for row in table)
    decimal = text.replace(".", ",") if delimiter == ";" else text
    (folder / "population.csv").write_text(decimal, encoding="utf-8")


def own_list(folder, delimiter=","):
    """A synthetic list of recommendations, with the columns that people keep."""
    header = ["No.", "Recommendation", "Response", "Response date", "Status", "Status date"]
    rows = [
        [*header, "Evidence grade", "Already planned"],
        ["1", "Free buses", "Accepted", "2021-12-16", "Implemented", "2023-03-01", "3", "none"],
        ["2", "Warm homes", "Accepted", "2022-01-20", "In progress", "2022-09-15", "2", "planned"],
        ["3", "No short flights", "Rejected", "2021-12-16", "", "", "2", "none"],
        ["4", "Food in schools", "", "", "", "", "", "none"],
    ]
    text = "\n".join(delimiter.join(row) for row in rows)
    (folder / "my-recommendations.csv").write_text(text, encoding="utf-8")


def own_assembly(folder, delimiter=","):
    """Three synthetic ratings, four people and what they said, as an evaluator keeps them."""
    place = folder / "our-assembly"
    place.mkdir(exist_ok=True)
    tables = {
        "about": "field,value\ntitle,Synthetic assembly\nsynthetic,yes\n",
        "ratings": "criterion,rater,score\nC01,A,3\nC01,B,2\nC02,A,4\nC10,A,\n",
        "people": "person,table,stayed\nm1,t1,yes\nm2,t1,yes\nm3,t2,no\nm4,t2,yes\n",
        "talk": "person,seconds\nm1,120\nm2,30\nm3,60\nm1,45\n",
    }
    for name, text in tables.items():
        (place / f"{name}.csv").write_text(text.replace(",", delimiter), encoding="utf-8")


def own_files(folder, delimiter=",", by_row=False):
    own_table(folder / "my-sorts.csv", delimiter, by_row)
    own_panel(folder, delimiter)
    own_list(folder, delimiter)
    own_assembly(folder, delimiter)
    synthetic_interviews(folder)["coder A"].rename(folder / "interviews.qdpx")


DELIMITERS = pytest.mark.parametrize(("delimiter", "by_row"), [(",", False), (";", True)])


def run(blocks, name):
    seen: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, name, "exec"), seen)
    return seen


@DELIMITERS
def test_the_quick_start_runs_on_a_table_of_ones_own(tmp_path, delimiter, by_row):
    own_files(tmp_path, delimiter, by_row)
    seen = run(BLOCKS, "README.md")
    assert (tmp_path / "results.xlsx").is_file()
    assert "varimax" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert seen["result"].loadings.shape == (12, 4)
    assert seen["sorts"].n_sorts == 12
    assert seen["study"].compare("correlations", seen["table"].corr()).verdict == "matches program"
    profile = seen["evaluation"].profile.criteria.set_index("criterion")
    assert profile.loc["C01", "score"] == 2.5
    assert profile.loc["C28", "source"] == "measured"
    for name in ("evaluation.html", "evaluation.xlsx", "evaluation-records.json"):
        assert (tmp_path / name).is_file(), name


@DELIMITERS
def test_the_quick_starts_of_the_guide_run_on_files_of_ones_own(tmp_path, delimiter, by_row):
    own_files(tmp_path, delimiter, by_row)
    seen = {name: run(blocks, f"{name}.md") for name, blocks in GUIDES.items()}
    assert seen["q-methodology"]["result"].loadings.shape == (12, 4)
    assert seen["representativeness"]["members"].n == 40
    answers = seen["impact"]["followed"].answers["promise"]
    assert answers.tolist() == ["kept", "late", "kept", "overdue"]
    assert "Riverton" not in seen["coding"]["project"].segments["quote"].str.cat()
    for name in ("report.html", "representativeness.html", "impact.html", "ledger/events.csv"):
        assert (tmp_path / name).is_file(), name
    assert "exact" in (tmp_path / "representativeness.html").read_text(encoding="utf-8")


def test_a_kade_workbook_is_read_by_the_same_call(tmp_path):
    own_table(tmp_path / "my-sorts.csv")
    sorts = qm.read_sorts(tmp_path / "my-sorts.csv")
    with pytest.warns(ReadingWarning, match="labels 1, 2, 3"):
        qm.write_kade(sorts, tmp_path / "my-kade.xlsx")
    again = qm.read_sorts(tmp_path / "my-kade.xlsx")
    assert np.array_equal(again.values, sorts.values)
    assert again.sorts == sorts.sorts


def test_the_quick_start_shows_its_pictures_in_a_notebook(tmp_path):
    own_files(tmp_path)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(block) for block in BLOCKS])
    NotebookClient(book, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        (output["data"], output["metadata"])
        for cell in book.cells
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(shown) == len(re.findall(r"\.plot(?:_\w+)?\(", README))
    for data, metadata in shown:
        assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
        assert len(metadata["image/png"]["alt"]) > 30
    errors = [o for cell in book.cells for o in cell.outputs if o.get("name") == "stderr"]
    assert errors == []


def test_the_readme_names_what_is_there():
    headings = {
        re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-")
        for h in re.findall(r"^#+ (.+)$", README, re.M)
    }
    for path in re.findall(r"\]\(([^)]+)\)", README):
        if path.startswith("#"):
            assert path[1:] in headings, path
        else:
            assert (ROOT / path).exists(), path
    there = {path.parent.name for path in (ROOT / "studies").glob("*/study.toml")}
    listed = re.findall(r"^\| `([\w-]+)` \|", README, re.M)
    assert sorted(listed) == sorted(there)
    for slug in re.findall(r"^\| `([\w-]+)` \|", README, re.M):
        assert (ROOT / "studies" / slug / "study.toml").is_file(), slug
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for target in re.findall(r"`make ([a-z][\w-]+)|^make ([a-z][\w-]+)", README, re.M):
        assert "".join(target) in targets, target


def test_the_picture_is_small_described_and_drawn_from_what_is_shipped():
    ((text, path),) = re.findall(r"!\[([^\]]+)\]\(([^)]+)\)", README)
    assert len(text) > 200
    assert "synthetic" in text
    assert (ROOT / path).stat().st_size < 150_000


@pytest.mark.long
def test_the_picture_is_what_its_script_draws(tmp_path):
    script = ROOT / "docs" / "pages" / "overview.py"
    subprocess.run([sys.executable, script, tmp_path / "drawn.png"], check=True)
    with Image.open(tmp_path / "drawn.png") as new:
        drawn = np.asarray(new.convert("L"), float)
    with Image.open(ROOT / "docs" / "_static" / "overview.png") as old:
        stored = np.asarray(old.convert("L"), float)
    assert drawn.shape == stored.shape
    assert np.abs(drawn - stored).mean() < 1, "draw it again: python docs/pages/overview.py"


def test_the_numbers_in_the_description_of_the_picture_are_computed():
    (text,) = re.findall(r"!\[([^\]]+)\]", README)
    table = Study.open("jersey-jury-2021").table("composition")
    sexes = table[table["variable"] == "sex"].set_index(["stage", "category"])["value"].unstack()
    men = (100 * sexes["Male"] / sexes.sum(axis=1)).round().astype(int)
    said = f"from {men['population']} per cent of an island to {men['responded']} per cent"
    assert said in text
    assert f"back at {men['selected']} in the jury" in text
    tallies = Study.open("ccc-2021").table("tallies").set_index("status")["count"]
    assert f"{tallies['already in force'].iloc[0]} in force" in text
    assert f"{tallies['taken up unchanged']} taken up unchanged" in text
    assert f"{len(qm.Viewpoints.load('governance-2024').claims)} claims" in text
