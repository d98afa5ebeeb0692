"""``dmpkit new`` with the small templates: each runs at once, and says what to change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from dmpkit.cli import main
from dmpkit.workbench.creating import TEMPLATES, templates
from dmpkit.workbench.manifest import KINDS

NAMES = {
    "coding": ("synthetic-texts.csv", "4 unchanged since our calculation", 3),
    "published-figures": ("synthetic-report.csv", "4 unchanged since our calculation", 4),
    "raw-data": ("synthetic-answers.csv", "4 unchanged since our calculation", 4),
    "software-reference": ("synthetic-ratings.csv", "matches program", 2),
}
RECIPES = {
    "coding": ["make_synthetic_texts.py"],
    "raw-data": ["make_synthetic_answers.py"],
    "software-reference": ["make_synthetic_ratings.py", "make_program_values.py"],
}


def run(*arguments: str):
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.mark.parametrize("template", NAMES)
def test_a_new_study_runs_at_once(bench, template) -> None:
    made = run("new", "mine", "--template", template)
    assert made.exit_code == 0, made.output
    checked = run("check", "mine")
    assert checked.exit_code == 0, checked.output
    assert "mine: in order" in checked.output
    done = run("reproduce", "mine")
    assert done.exit_code == 0, done.output
    assert "differs" not in done.output
    said = {
        "coding": "3 unchanged since our calculation, 1 not reproducible",
        "published-figures": "4 unchanged since our calculation, 1 not reproducible",
        "raw-data": "4 unchanged since our calculation",
        "software-reference": "2 matches program, 1 unchanged since our calculation",
    }
    assert f"Figures: {said[template]}" in done.output
    assert "note:" not in done.output  # every picture has words
    page = (bench.root / "build" / "site" / "mine.html").read_text(encoding="utf-8")
    assert "ynthetic" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("template", NAMES)
def test_own_data_are_told_from_the_templates(bench, template) -> None:
    run("new", "mine", "--template", template)
    path = bench.root / "studies" / "mine" / NAMES[template][0]
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
    checked = run("check", "mine")
    assert "this cell is only for the synthetic data" in checked.output


@pytest.mark.parametrize("template", RECIPES)
def test_the_files_are_what_their_recipes_make(tmp_path: Path, template) -> None:
    tables = {path.name: path.read_text("utf-8") for path in (TEMPLATES / template).glob("*.csv")}
    for recipe in RECIPES[template]:
        script = tmp_path / recipe
        script.write_bytes((TEMPLATES / template / recipe).read_bytes())
        said = subprocess.run(
            [sys.executable, str(script)], check=True, capture_output=True, text=True
        ).stdout
    made = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.csv")}
    assert made == {name: tables[name] for name in made}
    assert NAMES[template][0] in made
    if template == "software-reference":
        value = pd.read_csv(TEMPLATES / template / "published.csv").set_index("figure")["value"]
        assert float(said.split()[-1]) == pytest.approx(float(value["kappa"]), abs=1e-12)


def test_the_figures_without_dmpkit() -> None:
    published = {
        name: pd.read_csv(TEMPLATES / name / "published.csv").set_index("figure")["value"]
        for name in NAMES
    }
    answers = pd.read_csv(TEMPLATES / "raw-data" / "synthetic-answers.csv")
    both = answers.dropna()
    assert len(both) == int(published["raw-data"]["n-both"]) == 37
    change = (both["after"] - both["before"]).mean()
    assert change == pytest.approx(float(published["raw-data"]["change"]), abs=0.0005)
    report = pd.read_csv(TEMPLATES / "published-figures" / "synthetic-report.csv")
    done, _, rejected, _ = report["count"]
    share = float(published["published-figures"]["share-of-closed"])
    assert 100 * done / (done + rejected) == pytest.approx(share, abs=0.05)
    assert 100 * done / report["count"].sum() == 32.5


@pytest.mark.parametrize("template", NAMES)
def test_the_list_of_what_to_do_names_the_next_steps(template) -> None:
    book = json.loads((TEMPLATES / template / "notebook.ipynb.template").read_text("utf-8"))
    words = "\n".join("".join(cell["source"]) for cell in book["cells"])
    for said in ("## Make it yours", "study.toml", "published.csv", "dmpkit check @SLUG@"):
        assert said in words
    manifest = (TEMPLATES / template / "study.toml").read_text("utf-8")
    assert 'kind = "synthetic"' in manifest
    assert "ynthetic" in manifest.splitlines()[4]


def test_there_is_a_template_for_every_kind_of_study() -> None:
    assert {"coding", "published-figures", "raw-data", "software-reference"} <= set(templates())
    assert {"raw data", "published figures", "software reference", "coded text"} < set(KINDS)


def test_the_entry_for_a_download_can_be_used(bench) -> None:
    """Whoever takes the number signs away is told how to get the file."""
    run("new", "mine", "--template", "raw-data")
    path = bench.root / "studies" / "mine" / "study.toml"
    before, _, own = path.read_text(encoding="utf-8").partition("\n[[data]]\n")
    lines = before.splitlines()
    start = lines.index("# [[data]]")
    entry = [line.removeprefix("# ") for line in lines[start:]]
    text = "\n".join([*lines[:start], *entry])
    path.write_text(text.replace("64 hexadecimal digits", "0" * 64), encoding="utf-8")
    assert "synthetic-answers" in own
    done = run("reproduce", "mine")
    assert done.exit_code == 0, done.output
    assert "mine (synthetic): data not downloaded" in done.output
    assert "dmpkit fetch mine" in done.output


def test_the_help_names_every_template() -> None:
    said = run("new", "--help").output
    assert all(f"  {name} " in said for name in templates())
