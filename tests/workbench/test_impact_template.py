"""``dmpkit new --template impact``: it runs at once, and says what to change."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from dmpkit.cli import main
from dmpkit.workbench.creating import TEMPLATES

TABLES = ("recommendations", "events", "ratings", "reviews", "wider_impact", "goals")


def run(*arguments: str):
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_a_new_study_of_impact_runs_at_once(bench) -> None:
    assert run("new", "my-assembly", "--template", "impact").exit_code == 0
    checked = run("check", "my-assembly")
    assert checked.exit_code == 0, checked.output
    assert "my-assembly: in order (8 figures, synthetic)" in checked.output
    done = run("reproduce", "my-assembly")
    assert done.exit_code == 0, done.output
    assert "Figures: 8 unchanged since our calculation" in done.output
    page = (bench.root / "build" / "site" / "my-assembly.html").read_text(encoding="utf-8")
    assert "Synthetic data" in page


def test_the_ledger_is_what_its_recipe_makes(tmp_path: Path) -> None:
    folder = TEMPLATES / "impact"
    script = tmp_path / "make_synthetic_ledger.py"
    script.write_bytes((folder / script.name).read_bytes())
    subprocess.run([sys.executable, str(script)], check=True)
    for table in TABLES:
        made = (tmp_path / f"{table}.csv").read_text(encoding="utf-8")
        assert made == (folder / f"{table}.csv").read_text(encoding="utf-8"), table


def test_every_row_of_the_template_says_that_it_is_made_up() -> None:
    from dmpkit import impact
    from dmpkit.impact.synthetic import is_synthetic

    ledger = impact.read_ledger(TEMPLATES / "impact")
    assert is_synthetic(ledger)
    assert ledger.recommendations["label"].str.startswith("Synthetic").all()


def test_own_recommendations_in_the_template(bench) -> None:
    """Whoever puts an own list in is told which cell to delete, and what is missing."""
    import pandas as pd

    from dmpkit import impact

    run("new", "mine", "--template", "impact")
    folder = bench.root / "studies" / "mine"
    for table in TABLES:
        (folder / f"{table}.csv").unlink()
    listed = pd.DataFrame(
        {
            "No.": ["1", "2", "3"],
            "Recommendation": ["Trams", "Bread", "Roofs"],
            "Response": ["accepted", "rejected", None],
            "Response date": ["2021-12-16", "2021-12-16", None],
        }
    )
    made = impact.ledger_from_spreadsheet(
        listed, report_date="2021-06-23", checked_on="2022-12-31", process_id="own"
    )
    impact.write_ledger(made.ledger, folder)
    checked = run("check", "mine")
    assert checked.output.count("this cell is only for the synthetic data") == 1
    done = run("reproduce", "mine")
    assert done.exit_code == 1
    assert "these are not the template's recommendations" in done.output
    assert "n-recommendations" in done.output
    assert "The baseline of 3 recommendation(s) is missing" in done.output


def test_the_list_of_what_to_do_names_calls_that_exist() -> None:
    from dmpkit import impact

    book = json.loads((TEMPLATES / "impact" / "notebook.ipynb.template").read_text("utf-8"))
    words = "".join(book["cells"][1]["source"])
    for name in ("ledger_from_spreadsheet", "write_ledger"):
        assert f"impact.{name}(" in words
        assert callable(getattr(impact, name))
