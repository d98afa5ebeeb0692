"""``dmpkit new --template representativeness``: it runs at once, and says what to change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dmpkit.cli import main
from dmpkit.workbench.creating import TEMPLATES

FOLDER = TEMPLATES / "representativeness"
TABLES = ("synthetic-people", "population", "quotas")


def run(*arguments: str):
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_new_study_of_a_panel_runs_at_once(bench) -> None:
    assert run("new", "my-panel", "--template", "representativeness").exit_code == 0
    checked = run("check", "my-panel")
    assert checked.exit_code == 0, checked.output
    assert "my-panel: in order (5 figures, synthetic)" in checked.output
    done = run("reproduce", "my-panel")
    assert done.exit_code == 0, done.output
    assert "Figures: 5 unchanged since our calculation" in done.output
    page = (bench.root / "build" / "site" / "my-panel.html").read_text(encoding="utf-8")
    assert "ynthetic" in page
    assert "Traceback" not in page


def test_the_people_are_what_their_recipe_makes(tmp_path: Path) -> None:
    script = tmp_path / "make_synthetic_panel.py"
    script.write_bytes((FOLDER / script.name).read_bytes())
    subprocess.run([sys.executable, str(script)], check=True)
    for table in TABLES:
        made = (tmp_path / f"{table}.csv").read_text(encoding="utf-8")
        assert made == (FOLDER / f"{table}.csv").read_text(encoding="utf-8"), table


def test_the_stages_of_the_template_are_in_order() -> None:
    import pandas as pd

    people = pd.read_csv(FOLDER / "synthetic-people.csv")
    stages = ["invited", "responded", "selected", "completed"]
    flags = people[stages].to_numpy()
    assert (flags[:, 1:] <= flags[:, :-1]).all()
    assert people["person"].str.startswith("SYN").all()
    # the response rate that published.csv says, without dmpkit
    assert people["responded"].mean() == pytest.approx(0.183, abs=0.0005)
    chosen = people[people["selected"] == 1]["education"].value_counts(normalize=True)
    place = pd.read_csv(FOLDER / "population.csv").query("variable == 'education'")
    shares = place.set_index("category")["count"] / place["count"].sum()
    distance = (chosen.reindex(shares.index, fill_value=0) - shares).abs().sum() / 2
    assert distance == pytest.approx(0.222, abs=0.0005)


def test_own_people_in_the_template(bench) -> None:
    """Whoever puts an own list in is told which cells to delete."""
    import pandas as pd

    run("new", "mine", "--template", "representativeness")
    path = bench.root / "studies" / "mine" / "synthetic-people.csv"
    people = pd.read_csv(path)
    own = people.assign(person=[f"P{i}" for i in range(len(people))])
    own[own["invited"].eq(1) & ~own.index.isin([0, 1, 2])].to_csv(path, index=False)
    checked = run("check", "mine")
    assert checked.output.count("this cell is only for the synthetic data") == 2
    done = run("reproduce", "mine")
    assert done.exit_code == 1
    assert "these are not the template's people" in done.output


def test_the_notebook_names_calls_that_exist() -> None:
    import dmpkit.representativeness as rep

    book = json.loads((FOLDER / "notebook.ipynb.template").read_text("utf-8"))
    words = "".join("".join(cell["source"]) for cell in book["cells"])
    for name in ("read_panel", "read_population", "read_quotas", "analyse"):
        assert f"rep.{name}(" in words
        assert callable(getattr(rep, name))
