"""The README's quick start runs as it stands, on a table of the reader's own."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from dmpkit.coding.synthetic import synthetic_interviews

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.S)


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
    place.mkdir()
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


@pytest.mark.parametrize(("delimiter", "by_row"), [(",", False), (";", True)])
def test_the_quick_start_runs_on_a_table_of_ones_own(tmp_path, delimiter, by_row):
    own_files(tmp_path, delimiter, by_row)
    seen: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec"), seen)
    assert (tmp_path / "results.xlsx").is_file()
    assert "varimax" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert seen["result"].loadings.shape == (12, 4)
    assert seen["sorts"].n_sorts == 9
    assert seen["members"].n == 40
    assert seen["followed"].answers["promise"].tolist() == ["kept", "late", "kept", "overdue"]
    profile = seen["evaluation"].profile.criteria.set_index("criterion")
    assert profile.loc["C01", "score"] == 2.5
    assert profile.loc["C28", "source"] == "measured"
    for name in (
        "representativeness.xlsx",
        "impact.xlsx",
        "impact.html",
        "ledger/events.csv",
        "key.json",
        "evaluation.html",
        "evaluation.xlsx",
        "evaluation-records.json",
    ):
        assert (tmp_path / name).is_file(), name
    assert "exact" in (tmp_path / "representativeness.html").read_text(encoding="utf-8")


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
    for path in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / path).exists(), path
    for slug in re.findall(r"^\| `([\w-]+)` \|", README, re.M):
        assert (ROOT / "studies" / slug / "study.toml").is_file(), slug
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    for target in re.findall(r"`make ([a-z][\w-]+)|^make ([a-z][\w-]+)", README, re.M):
        assert "".join(target) in targets, target
