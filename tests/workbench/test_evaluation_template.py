"""``dmpkit new --template evaluation`` and ``dmpkit report``: a report without reading source."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from click.testing import CliRunner

from dmpkit import evaluation as ev
from dmpkit.cli import main
from dmpkit.evaluation.baseline import read_baseline
from dmpkit.evaluation.screen import new_sheet
from dmpkit.workbench.evaluating import check_evaluation, evaluate
from dmpkit.workbench.evaluation_folder import PURPOSES, empty_folder, empty_tables
from dmpkit.workbench.printing import find_browser
from dmpkit.workbench.study import Study

STUDY = Path(__file__).resolve().parents[2] / "studies" / "evaluate-a-minipublic"


def run(*arguments: str):
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def spoil(path, row, column, value):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[row - 2, column] = value
    table.to_csv(path, index=False)


@pytest.mark.long
def test_a_new_evaluation_runs_at_once(bench) -> None:
    assert run("new", "my-assembly", "--template", "evaluation").exit_code == 0
    checked = run("check", "my-assembly")
    assert checked.exit_code == 0, checked.output
    assert "my-assembly: in order (7 figures, synthetic)" in checked.output
    done = run("reproduce", "my-assembly")
    assert done.exit_code == 0, done.output
    assert "Figures: 7 unchanged since our calculation" in done.output
    page = (bench.root / "build" / "site" / "my-assembly.html").read_text(encoding="utf-8")
    assert "Synthetic data" in page


def test_the_template_brings_sub_folders_and_a_guide(bench) -> None:
    assert run("new", "my-assembly", "--template", "evaluation").exit_code == 0
    folder = bench.root / "studies" / "my-assembly"
    for name in ("representativeness/quotas.csv", "impact/events.csv", "GUIDE.html"):
        assert (folder / name).is_file(), name
    guide = (folder / "GUIDE.html").read_text(encoding="utf-8")
    assert "<h2>ratings.csv</h2>" in guide
    assert "for, against or abstain" in guide
    assert "yes means that the challenge was seen" in guide
    study = Study.open("my-assembly")
    assert study.path("screenings").is_file(), "a deposit takes along what study.toml names"
    first, last = read_baseline(folder)
    assert (first["date"], last["date"]) == ("2019-06-24", "2019-07-08")
    assert first["synthetic"]
    assert first["answers"] != last["answers"]
    card = ev.read_scorecard(folder)
    fate = ev.compare_with_baseline(folder, card, lines=card.red_lines())
    assert fate.summary().count("F3 Silence by contract") == 1
    assert "Three signs were raised. What became of them: came true in part, F3" in fate.summary()
    assert run("new", "my-assembly", "--template", "evaluation").exit_code == 2
    spoil(folder / "talk.csv", 4, "seconds", "long")
    checked = run("check", "my-assembly")
    assert checked.exit_code == 2
    assert "talk.csv, row 4, column seconds: 'long' is not a number" in checked.output


def test_the_files_are_what_their_recipe_makes(tmp_path: Path) -> None:
    script = tmp_path / "make_synthetic_assembly.py"
    script.write_bytes((STUDY / script.name).read_bytes())
    subprocess.run([sys.executable, str(script)], check=True)
    made = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.csv")}
    assert len(made) == 28
    for name in made:
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert text == (STUDY / name).read_text(encoding="utf-8"), name
        assert text == (STUDY / name).read_text(encoding="utf-8"), name


def test_the_template_says_that_it_is_made_up() -> None:
    about = pd.read_csv(STUDY / "about.csv").set_index("field")["value"]
    assert about["synthetic"] == "yes"
    assert about["title"].startswith("Synthetic")
    people = pd.read_csv(STUDY / "people.csv")
    assert people["person"].str.startswith("SYN").all()


# --- the empty folder ------------------------------------------------------------------------


def test_an_empty_folder_is_in_order_and_gives_a_report(bench) -> None:
    made = run("new", "ours", "--template", "evaluation", "--empty")
    assert made.exit_code == 0, made.output
    assert run("check", "ours").exit_code == 0
    again = run("new", "ours", "--template", "evaluation", "--empty")
    assert again.exit_code == 2
    assert "left as it is" in again.output
    done = run("report", "ours")
    assert done.exit_code == 0, done.output
    page = Path("ours/report.html").read_text(encoding="utf-8")
    assert "No criterion was assessed." in page
    assert "synthetic" not in page.lower().split("</style>")[1].split("method annex")[0]
    assert run("check", "ours").exit_code == 0, "the report's own files are no mistake"


def test_an_empty_workbook_is_in_order(tmp_path) -> None:
    made = run("new", "ours", "--template", "evaluation", "--workbook")
    assert made.exit_code == 0, made.output
    book = openpyxl.load_workbook("ours.xlsx")
    assert book.sheetnames[:3] == ["guide", "about", "ratings"]
    found = check_evaluation("ours.xlsx")
    assert found.in_order, found.summary()


def test_every_table_has_its_purpose_and_a_heading(tmp_path) -> None:
    tables = empty_tables()
    assert set(tables) <= set(PURPOSES)
    for name, frame in tables.items():
        assert len(frame.columns), name
    assert (tables["ratings"]["score"] == "").all()
    assert (tables["flags"]["status"] == "").all(), "nobody has looked yet"
    sheet = pd.read_csv(new_sheet(tmp_path), dtype=str, keep_default_na=False)
    assert tables["flags"].columns.tolist() == sheet.columns.tolist()
    assert tables["flags"].head(len(sheet)).equals(sheet)
    assert (tables["flags"]["question"] != "").all()
    means = tables["power"].set_index("point")["yes_means"]
    assert means[["CC3", "CO8"]].tolist() == ["challenge seen", "opportunity taken"]


def test_an_evaluator_fills_in_the_empty_folder(tmp_path) -> None:
    """Two raters, four answers: what she has comes out, and the rest is said to be missing."""
    folder = empty_folder(tmp_path / "ours")
    ratings = pd.read_csv(folder / "ratings.csv", dtype=str, keep_default_na=False)
    ratings.loc[:3, "score"] = ["3", "2", "4", "1"]
    ratings["rater"] = "A"
    ratings.to_csv(folder / "ratings.csv", index=False, sep=";")
    items = pd.read_csv(folder / "items.csv", dtype=str, keep_default_na=False)
    item = items[items["kind"] == "opinion"]["item"].iloc[0]
    for stage, numbers in (("before", "2345"), ("after", "4456")):
        rows = "".join(f"m{i};{n}\n" for i, n in enumerate(numbers))
        (folder / f"answers_{stage}.csv").write_text(f"person;{item}\n{rows}", encoding="utf-8")
    people = "".join(f"m{i};t{i % 2};yes\n" for i in range(4))
    (folder / "people.csv").write_text(f"person;table;stayed\n{people}", encoding="utf-8")
    done = run("report", "ours")
    assert done.exit_code == 0, done.output
    page = (folder / "report.html").read_text(encoding="utf-8")
    # C23 is measured; 5 of 52 are 9.6 %, told rounded down
    assert "Of the 52 criteria that apply 5 were assessed (9 %)" in page
    assert "Change of opinion" in page
    assert "Not computed: Who answered before only" not in page


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "assembly"
    shutil.copytree(STUDY, target)
    for name in ("study.toml", "published.csv", "computed-readings.csv"):
        (target / name).unlink()
    return target


def test_mistakes_in_all_tables_and_sub_folders_are_told_at_once(folder) -> None:
    spoil(folder / "ratings.csv", 2, "score", "9")
    spoil(folder / "talk.csv", 3, "person", "nobody")
    spoil(folder / "goals.csv", 2, "set_on", "soon")
    spoil(folder / "representativeness" / "population.csv", 2, "count", "many")
    spoil(folder / "impact" / "events.csv", 2, "status", "vanished")
    for command in ("check", "report"):
        result = run(command, "assembly")
        assert result.exit_code == 2
        for name in ("ratings.csv, row 2", "talk.csv, row 3", "goals.csv, row 2", "population.csv",
                     "folder impact/"):  # fmt: skip
            assert name in result.output, (command, name, result.output)
        assert "Traceback" not in result.output
    assert not (folder / "report.html").exists()


def test_odd_calls_are_refused_in_a_sentence(folder) -> None:
    for arguments, word in (
        (("report", "../nowhere"), "dmpkit new ../nowhere --template evaluation --empty"),
        (("new", "../w/synth", "--template", "evaluation"), "with --empty it takes a path"),
        (("report", "assembly", "--out", "report.pdf"), "must end in .html"),
        (("report", "assembly", "--out", "no/such/report.html"), "does not exist"),
        (("report", "assembly", "--group", "shoe size"), "no attribute"),
        (("report", "assembly", "--texts", "none.json"), "cannot be read"),
        (("new", "x", "--template", "impact", "--empty"), "go with --template evaluation"),
    ):
        result = run(*arguments)
        assert result.exit_code == 2, (arguments, result.output)
        assert word in result.output, (arguments, result.output)
        assert "Traceback" not in result.output


@pytest.mark.long
def test_the_report_of_the_template_with_pdf_and_confidential(folder) -> None:
    done = run("report", "assembly", *(["--pdf"] if find_browser() else []))
    assert done.exit_code == 0, done.output
    page = (folder / "report.html").read_text(encoding="utf-8")
    for heading in ("Representativeness", "Impact", "Through five viewpoints", "Method annex"):
        assert f"<h2>{heading}</h2>" in page, heading
    assert "Said to have worked for an installer" not in page
    records = json.loads((folder / "report-records.json").read_text(encoding="utf-8"))
    assert "I3" not in json.dumps(records)
    if find_browser():
        assert (folder / "report.pdf").read_bytes().startswith(b"%PDF")
    apart = run("report", "assembly", "--confidential")
    assert apart.exit_code == 0, apart.output
    secret = (folder / "report-confidential.html").read_text(encoding="utf-8")
    assert "Said to have worked for an installer" in secret
    assert "CONFIDENTIAL" in secret


def test_the_texts_can_be_written_and_translated(folder) -> None:
    assert run("report", "assembly", "--write-texts", "words.json").exit_code == 0
    assert run("report", "assembly", "--write-texts", "words.json").exit_code == 2
    words = json.loads(Path("words.json").read_text(encoding="utf-8"))
    words |= {"lang": "de", "replies": "Antworten"}
    Path("words.json").write_text(json.dumps(words), encoding="utf-8")
    for path in folder.iterdir():  # a small evaluation will do
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in ("ratings.csv", "evidence.csv", "about.csv"):
            path.unlink()
    done = run("report", "assembly", "--texts", "words.json")
    assert done.exit_code == 0, done.output
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="de">' in page
    assert "<h2>Antworten</h2>" in page


@pytest.mark.long
def test_a_report_with_every_section_takes_at_most_fifteen_seconds(tmp_path) -> None:
    """Processor time, so that a busy machine does not decide."""
    started = time.process_time()
    evaluate(STUDY).report(tmp_path / "report.html")
    assert time.process_time() - started <= 15
