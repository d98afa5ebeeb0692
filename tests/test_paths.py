"""Folders and files as people have them: blanks, letters of any script, Windows' line ends.

Every reader and writer of the package works in such a folder, and gives there what it gives
elsewhere; so does every command.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from pandas.testing import assert_frame_equal

import dmpkit.coding as cd
import dmpkit.evaluation as ev
import dmpkit.impact as impact
import dmpkit.qmethod as qm
import dmpkit.representativeness as rep
from dmpkit import datasets, plotting, tables
from dmpkit.cli import main
from dmpkit.coding.synthetic import synthetic_interviews
from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.workbench.creating import RESERVED, new_study

from .qmethod.made_up import sorts
from .test_readme import own_list, own_panel, own_table

CODING = Path(__file__).parent / "reference" / "coding"
FORMS = Path(__file__).parent / "evaluation" / "forms"
# what is allowed in a name on every system, and has a meaning in addresses or formats
ODD = "Ärger mit Leerzeichen/ß 数据 (1) #2 100%20 & 'x' {y}"


@pytest.fixture
def odd(tmp_path, monkeypatch):
    """The odd folder; it is also the current one."""
    folder = tmp_path / ODD
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def with_windows_line_ends(folder: Path, *, bom: bool = False) -> None:
    """Every CSV below a folder as Windows programs save it."""
    for path in folder.rglob("*.csv"):
        data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + data)


# -- tables, pictures -------------------------------------------------------------------------


def test_tables_and_pictures(odd):
    frame = pd.DataFrame({"name": ["Åsa", "数"], "n": [1, 2]})
    tables.write_csv(frame, odd / "tabelle ü.csv")
    tables.write_workbook(odd / "tabelle ü.xlsx", {"blatt": frame})
    frame.to_parquet(odd / "tabelle ü.parquet")
    for ending in ("csv", "xlsx", "parquet"):
        assert_frame_equal(tables.read_table(f"tabelle ü.{ending}"), frame, check_dtype=False)
    axes = plotting.new_axes()
    for ending in ("png", "svg", "pdf"):
        plotting.save(axes, odd / f"bild ß.{ending}")
        assert (odd / f"bild ß.{ending}").stat().st_size > 500


def test_a_name_as_long_as_the_system_allows(odd):
    for letter, n in (("a", 251), ("ß", 125), ("数", 83)):
        path = odd / f"{letter * n}.csv"
        tables.write_csv(pd.DataFrame({"n": [1]}), path)
        assert tables.read_table(path)["n"].tolist() == [1]
    assert not list(odd.glob(".*"))


def test_a_file_that_another_program_holds_open_is_told_of(odd, monkeypatch):
    """Windows does not replace a file that Excel has open."""
    target = odd / "offen.csv"
    target.write_text("old", encoding="utf-8")

    def refuse(self, other):
        raise PermissionError(13, "Access is denied", str(self), None, str(other))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(DataError, match=r"offen\.csv: .*open in another program.*Close it there"):
        tables.write_csv(pd.DataFrame({"n": [1]}), target)
    assert [path.name for path in odd.iterdir()] == ["offen.csv"]
    assert target.read_text(encoding="utf-8") == "old"


def test_a_folder_that_cannot_be_replaced_stays_as_it_was(odd, monkeypatch):
    for name in ("new", "out"):
        (odd / name).mkdir()
        (odd / name / "which.txt").write_text(name, encoding="utf-8")
    rename = Path.rename

    def refuse(self, target):
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr("dmpkit.writing._exchange", lambda one, other: False)  # as on Windows
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(KeyboardInterrupt):
        tables.replace_folder(odd / "new", odd / "out")
    assert (odd / "out" / "which.txt").read_text(encoding="utf-8") == "out"
    monkeypatch.undo()
    tables.replace_folder(odd / "new", odd / "out")
    assert (odd / "out" / "which.txt").read_text(encoding="utf-8") == "new"
    assert [path.name for path in odd.iterdir()] == ["out"]


# -- Q sorts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["sorte ü.csv", "sorte ü.parquet"])
def test_sorts_written_and_read(odd, name):
    data = sorts(30, 8, 2)
    qm.write_sorts(data, odd / name)
    read = qm.read_sorts(name)
    assert read.sorts == data.sorts
    assert (read.values == data.values).all()


@pytest.mark.parametrize(("write", "name"), [("kade", "für kade.xlsx"), ("pqmethod", "studie.dat")])
def test_sorts_for_other_programs(odd, write, name):
    data = sorts(30, 8, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        getattr(qm, f"write_{write}")(data, odd / name)
        read = qm.read_sorts(odd / name)
    assert (read.values == data.values).all()


@pytest.mark.parametrize("bom", [False, True])
def test_sorts_with_the_line_ends_of_windows(odd, bom):
    own_table(odd / "meine sorts.csv")
    before = qm.read_sorts("meine sorts.csv")
    with_windows_line_ends(odd, bom=bom)
    after = qm.read_sorts("meine sorts.csv")
    assert after.statements == before.statements
    assert after.sorts == before.sorts
    assert (after.values == before.values).all()


def test_results_pages_and_logs_of_q(odd):
    result = qm.analyse(sorts(30, 12, 2), 2)
    for path in (result.to_excel("ergebnis ß.xlsx"), result.report("ergebnis ß.html")):
        assert path.stat().st_size > 3000
    log = qm.RotationLog().rotate("f1", "f2", 5)
    assert qm.RotationLog.load(log.save(odd / "drehung é.json")) == log
    toy = qm.Instrument("toy", "Parks", ("a", "b", "c"), ("A.", "B.", "C."), [-1, 0, 1])
    for write in (toy.write_page, toy.write_cards, toy.write_sheet):
        write(odd / "seite ü.html")
        assert "Parks" in (odd / "seite ü.html").read_text(encoding="utf-8")


# -- panels, ledgers --------------------------------------------------------------------------


def test_panels_and_populations(odd):
    own_panel(odd)
    before = rep.analyse(rep.read_panel("participants.csv"), rep.read_population("population.csv"))
    with_windows_line_ends(odd, bom=True)
    after = rep.analyse(rep.read_panel("participants.csv"), rep.read_population("population.csv"))
    assert after.summary() == before.summary()
    for path in (after.to_excel("platz ß.xlsx"), after.report("platz ß.html")):
        assert path.stat().st_size > 3000


def test_ledgers(odd):
    own_list(odd)
    day = {"report_date": "2021-06-23", "checked_on": "2023-12-31"}
    read = impact.ledger_from_spreadsheet("my-recommendations.csv", **day).ledger
    with_windows_line_ends(odd)
    same_frames(impact.ledger_from_spreadsheet("my-recommendations.csv", **day).ledger, read)
    impact.write_ledger(read, "das Buch ß")
    same_frames(impact.read_ledger("das Buch ß"), read)
    with_windows_line_ends(odd / "das Buch ß")  # opened and saved in a Windows editor
    same_frames(impact.read_ledger("das Buch ß"), read)
    read.to_excel("das Buch ß.xlsx")
    same_frames(impact.ledger_from_excel("das Buch ß.xlsx"), read)
    assert impact.write_parquet(read, "als parquet ß").is_dir()


def same_frames(one: Any, other: Any) -> None:
    for name, frame in other.frames().items():
        assert_frame_equal(one.frames()[name], frame)


# -- coded texts ------------------------------------------------------------------------------

FILES = sorted(
    path
    for pattern in ("aqda/aqda*", "qualcoder/qc*", "taguette/tg*", "conventions/conv_[bcilnu]*")
    for path in CODING.glob(pattern)
)


def read_any(path: Path) -> Any:
    """A project or a codebook, or the sentence that refuses it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        try:
            return cd.read_project(path).frames()
        except DataError as error:
            return error.problem


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.name)
def test_files_of_every_coding_program(odd, file):
    copy = odd / f"ß {file.name}"
    shutil.copyfile(file, copy)
    here, there = read_any(file), read_any(copy)
    assert type(here) is type(there)
    if isinstance(here, str):
        return
    for name, frame in here.items():
        assert_frame_equal(without(frame, file.stem), without(there[name], copy.stem))


def without(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """A frame whose cells do not name the file they come from."""
    return frame.map(lambda cell: cell.replace(name, "") if isinstance(cell, str) else cell)


def test_projects_codebooks_and_keys_written(odd):
    made = synthetic_interviews(odd)
    project = cd.read_project(made["coder A"])
    again = cd.read_project(cd.write_qdpx(project, odd / "neu ß.qdpx"))
    assert again.texts == project.texts
    assert again.n_segments == project.n_segments
    book = cd.write_qdc(project, odd / "codes ß.qdc")
    assert len(cd.read_codebook(book)) == len(project.codes)
    for form in ("csv", "parquet"):
        assert cd.write_project(project, odd / f"als {form} ß", format=form).is_dir()
    cd.write_project(project, odd / "alles ß.xlsx", format="excel")
    public, key = cd.pseudonymise(project, {"Quellbridge": "Riverton"})
    assert key.save("schlüssel ß.json").is_file()
    page = cd.reader(public, next(iter(public.texts))).write("leser ß.html")
    assert page.stat().st_size > 1000


# -- evaluations ------------------------------------------------------------------------------


def test_an_evaluations_folder(odd):
    folder = odd / "unsere Versammlung ß"
    shutil.copytree(datasets.studies_path("evaluate-a-minipublic"), folder)
    before = ev.read_scorecard(folder)
    with_windows_line_ends(folder, bom=True)
    after = ev.read_scorecard(folder)
    assert_frame_equal(after.ratings, before.ratings)
    same_frames(after.profile(), before.profile())


@pytest.mark.parametrize("name", ["google.csv", "limesurvey_codes.csv", "limesurvey_full.csv"])
def test_exports_of_forms(odd, name):
    copy = odd / f"ß {name}"
    shutil.copyfile(FORMS / name, copy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        before = ev.read_form(FORMS / name).answers
        assert_frame_equal(ev.read_form(copy).answers, before)
        with_windows_line_ends(odd)
        assert_frame_equal(ev.read_form(copy).answers, before)


# -- the commands -----------------------------------------------------------------------------


def run(*words: str) -> str:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.output


def test_commands(odd):
    assert "lipset-1963" in run("studies")
    for template in ("qmethod", "impact", "representativeness", "evaluation"):
        run("new", f"my-{template}", "--template", template)
        run("check", f"my-{template}")
    with_windows_line_ends(odd / "studies" / "my-qmethod")
    run("qsort", "lipset-1963", "--to", "seiten ß", "--cards", "--sheet", "--write-texts")
    assert len(list((odd / "seiten ß").iterdir())) == 4
    run("new", "unsere ß", "--template", "evaluation", "--empty")
    run("new", "unsere 数据", "--template", "evaluation", "--empty", "--workbook")
    assert (odd / "unsere 数据.xlsx").is_file()
    run("screen", "anfrage ß", "--new")
    run("screen", "anfrage ß")
    assert (odd / "anfrage ß" / "screen.html").is_file()


@pytest.mark.long
def test_commands_that_run_notebooks(odd):
    run("new", "my-study")
    run("reproduce", "my-study", "--out", "ergebnisse ß")
    assert (odd / "ergebnisse ß" / "site" / "my-study.html").is_file()
    run("notebooks", "my-study")
    run("new", "our-assembly", "--template", "evaluation")
    run("report", "our-assembly", "--out", "bericht ß.html")
    assert (odd / "bericht ß-records").is_dir()


# -- what Windows knows -----------------------------------------------------------------------


@pytest.mark.parametrize("slug", sorted(RESERVED))
def test_no_study_has_a_name_that_windows_keeps(odd, slug):
    ports = {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
    assert slug in {"con", "prn", "aux", "nul", *ports}
    with pytest.raises(DataError, match="Windows keeps"):
        new_study(slug)
    assert list(odd.iterdir()) == []


def test_names_that_differ_in_case_alone_are_refused(odd):
    new_study("my-study")
    with pytest.raises(DataError, match="lower-case"):
        new_study("My-Study")


@pytest.mark.parametrize("path", [r"data\sorts.csv", r"C:\x.csv", "..\\x.csv", "/x.csv"])
def test_paths_in_a_manifest_are_the_same_on_every_system(odd, path):
    folder, _ = new_study("my-study")
    manifest = folder / "study.toml"
    text = manifest.read_text(encoding="utf-8")
    assert 'file = "synthetic-sorts.csv"' in text
    manifest.write_text(text.replace('"synthetic-sorts.csv"', f"'{path}'"), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "my-study"])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert "Write a path below the study's folder, with / (also on Windows)" in result.output


def test_files_are_written_with_the_same_bytes_on_every_system(odd):
    """Text goes out with line feeds alone, whatever the system's own line end is."""
    new_study("my-study")
    qm.write_sorts(sorts(30, 8, 2), odd / "s.csv")
    tables.write_csv(pd.DataFrame({"n": [1, 2]}), odd / "t.csv")
    for path in [*(odd / "studies").rglob("*.csv"), odd / "s.csv", odd / "t.csv"]:
        assert b"\r" not in path.read_bytes(), path.name
