"""The commands as a reader types them, with the exit codes that scripts rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dmpkit.cli import main
from dmpkit.errors import DistributionWarning

FOUR = "four,Twice two,4,,,,p. 1,printed\n"
CELL = "study.reproduces('four', 4)"


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(main, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_help_names_every_command_and_the_exit_codes() -> None:
    text = run("--help").output
    for command in ("studies", "reproduce", "fetch", "new", "check", "deposit", "lab", "notebooks"):
        assert f"  {command} " in text
        assert "xample" in run(command, "--help").output
    assert "1  a figure differs, a study or a download failed" in text


def test_a_new_study_runs_at_once(bench) -> None:
    made = run("new", "my-study", "--template", "qmethod")
    assert made.exit_code == 0
    assert (bench.root / "studies" / "my-study" / "synthetic-sorts.csv").is_file()
    assert run("check", "my-study").output == (
        "my-study: in order (5 figures, synthetic)\n"
        "The notebook was not run. To compare its figures: dmpkit reproduce my-study\n"
    )
    done = run("reproduce", "my-study")
    assert done.exit_code == 0, done.output
    assert "Figures: 5 unchanged since our calculation" in done.output
    assert (bench.root / "build" / "site" / "my-study.html").is_file()
    listed = run("studies").output.splitlines()
    (line,) = [line for line in listed if line.startswith("my-study")]
    assert line.split("  ")[-1] == "reproduced: 5 unchanged since our calculation"

    # a new study never takes the place of one that is there
    before = {p: p.read_bytes() for p in bench.root.rglob("*") if p.is_file()}
    again = run("new", "my-study")
    assert again.exit_code == 2
    assert "is there already" in again.output
    assert {p: p.read_bytes() for p in bench.root.rglob("*") if p.is_file()} == before


def test_the_template_is_what_its_recipe_makes(tmp_path: Path) -> None:
    folder = Path(sys.modules["dmpkit"].__file__).parent / "workbench" / "templates" / "qmethod"
    script = tmp_path / "make_synthetic_sorts.py"
    script.write_bytes((folder / script.name).read_bytes())
    subprocess.run([sys.executable, str(script)], check=True)
    assert (tmp_path / "synthetic-sorts.csv").read_bytes() == (
        folder / "synthetic-sorts.csv"
    ).read_bytes()


@pytest.mark.parametrize("slug", ["Upper", "a b", "../x", "", "a--b", "ä"])
def test_a_slug_that_cannot_be_used(bench, slug: str) -> None:
    assert run("new", slug).exit_code == 2
    assert not list(bench.root.iterdir())


def test_a_template_that_is_not_there(bench) -> None:
    result = run("new", "x", "--template", "none")
    assert result.exit_code == 2
    assert "There is: " in result.output
    assert "qmethod" in result.output


def test_exit_codes_of_reproduce(bench) -> None:
    bench.study("good", FOUR, [CELL])
    bench.study("wrong", FOUR.replace(",4,", ",5,"), [CELL])
    broken = bench.study("broken", FOUR, [CELL])
    (broken / "study.toml").write_text("title = 'x'\n")
    good = run("reproduce", "good")
    assert good.exit_code == 0
    wrong = run("reproduce", "good", "wrong")
    assert wrong.exit_code == 1
    assert "the figure four differs: four: published 5, here 4" in wrong.output
    assert "1 matches print, 1 differs" in wrong.output
    invalid = run("reproduce", "good", "broken")
    assert invalid.exit_code == 2
    assert "study.toml: The key 'question' is missing" in invalid.output
    assert "good (published figures): reproduced" in invalid.output
    assert run("reproduce", "no-such-study").exit_code == 2
    assert run("reproduce", "good", "--jobs", "0").exit_code == 2
    assert run("reproduce", "good", "--deadline", "-1").exit_code == 2
    site = bench.root / "build" / "site"
    assert "broken" in (site / "index.html").read_text(encoding="utf-8")
    # the page of a study that was run before stays, with what was found then
    assert "published.csv" not in (site / "wrong.html").read_text(encoding="utf-8")
    assert "✗ differs" in (site / "wrong.html").read_text(encoding="utf-8")
    assert "dmpkit reproduce lipset-1963" in (site / "lipset-1963.html").read_text(encoding="utf-8")
    hidden = {p.name for p in (bench.root / "build").iterdir() if p.name.startswith(".")}
    assert hidden <= {".lock"}, "nothing unfinished is left"


def test_a_study_without_its_data_is_listed_and_not_a_failure(bench) -> None:
    toml = (
        '[[data]]\nname = "a"\nfile = "a.csv"\ndownload = true\nlicence = "CC0-1.0"\n'
        f'url = "https://no-such-host.invalid/a.csv"\nsha256 = "{"0" * 64}"\n'
    )
    bench.study("away", FOUR, [CELL], toml=toml)
    done = run("reproduce", "away")
    assert done.exit_code == 0
    assert "away (published figures): data not downloaded" in done.output
    assert "dmpkit fetch away" in done.output
    assert "not downloaded" in run("studies").output
    assert "note: a.csv: data not downloaded" in run("check", "away").output
    fetched = run("fetch", "away")
    assert fetched.exit_code == 1
    assert "Nothing was kept" in fetched.output
    assert run("notebooks", "away").output == (
        "away.ipynb: skipped (data not downloaded: dmpkit fetch away)\n"
    )


def test_fetch_wants_studies_or_all(bench) -> None:
    bench.study("good", FOUR, [CELL])
    assert run("fetch").exit_code == 2
    assert run("fetch", "good", "--all").exit_code == 2
    assert run("fetch", "good").output == "good: all its data come with it\n"


def test_check_names_what_is_wrong(bench) -> None:
    figures = FOUR + "five,F,5,,,,,printed\ntable,T,,a,B2:B9,,,printed\n"
    toml = '[[data]]\nname = "a"\nfile = "a.csv"\n[[data]]\nname = "b"\nfile = "b.csv"\n'
    toml += f'sha256 = "{"0" * 64}"\n'
    cells = [
        CELL,
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])",
        "study.reproduces('fuor', 4)",
        "for n in 'x':\n    study.reproduces(f'tab{n}le', 1)",
        "x =",
    ]
    bench.study("bad", figures, cells, toml=toml, files={"a.csv": "a,b\n1,2\n", "b.csv": "c\n"})
    result = run("check", "bad")
    assert result.exit_code == 2
    for problem in (
        "b.csv: The file is not the one that study.toml describes",
        "published.csv, row 4, column range: The published table 'table' cannot be read",
        "note: bad.ipynb, code cell 3: a picture of your own needs words. Say what is seen: "
        "plotting.set_alt(ax,",
        "bad.ipynb, code cell 4: 'fuor' is not a figure of published.csv",
        "bad.ipynb, code cell 6: invalid syntax (line 1)",
        "published.csv, row 3: the figure 'five' stands nowhere in the code of bad.ipynb",
        "bad: 6 problems",
    ):
        assert problem in result.output, result.output
    (bench.root / "notebooks" / "bad.ipynb").unlink()
    assert "The notebook 'bad.ipynb' is not there" in run("check", "bad").output


def test_one_problem_is_not_many_and_nothing_synthetic_is_printed(bench) -> None:
    folder = bench.study("made", FOUR, [CELL])
    toml = (folder / "study.toml").read_text()
    (folder / "study.toml").write_text(toml.replace('"published figures"', '"synthetic"'))
    result = run("check", "made")
    assert result.exit_code == 2
    assert "published.csv, row 2, column basis: a synthetic study has nothing" in result.output
    assert result.output.endswith("made: 1 problem\n")


def test_own_data_in_the_template(bench) -> None:
    """Whoever puts own sorts in is told which cells to delete, and why a run failed."""
    run("new", "mine")
    path = bench.root / "studies" / "mine" / "synthetic-sorts.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()[:-2]]
    heads = ["item", "wording", *rows[0][2:]]
    path.write_text("\n".join(",".join(row) for row in [heads, *rows[1:]]) + "\n")
    checked = run("check", "mine")
    assert checked.exit_code == 2
    assert checked.output.count("this cell is only for the synthetic data") == 4
    assert "mine: 4 problems" in checked.output
    done = run("reproduce", "mine")
    assert done.exit_code == 1
    assert (
        "  ! error in code cell 3, line 2: AssertionError: these are not the template's sorts\n"
        "      assert (sorts.n_statements, sorts.n_sorts) == (24, 12)"
    ) in done.output
    assert "the figure factor-arrays differs: " in done.output
    assert "has 24 rows and 4 columns" in done.output
    assert "n-sorts             12 " in done.output  # what can be checked is checked

    # the cells that say so are deleted, and published.csv is brought up to date
    notebook = bench.root / "notebooks" / "mine.ipynb"
    book = json.loads(notebook.read_text())
    book["cells"] = [
        cell
        for cell in book["cells"]
        if cell["cell_type"] == "markdown"
        or "only for the synthetic" not in "".join(cell["source"])
    ]
    notebook.write_text(json.dumps(book))
    published = path.parent / "published.csv"
    kept = [row for row in published.read_text().splitlines() if not row.startswith("recovered")]
    published.write_text("\n".join(kept) + "\n")
    import dmpkit.qmethod as qm

    with pytest.warns(DistributionWarning):  # two statements of the grid are gone
        arrays = qm.analyse(qm.read_sorts(path), n_factors=3).factor_arrays
    arrays.to_csv(path.parent / "computed-arrays.csv", index=False)
    assert "The file has no cell A24" in run("check", "mine").output
    published.write_text(published.read_text().replace("A2:D25", "A2:D23"))
    assert run("check", "mine").exit_code == 0
    again = run("reproduce", "mine")
    assert "error in" not in again.output
    assert "88 of 88 cells agree" in again.output


def test_without_a_network_it_is_said_once(bench) -> None:
    toml = "".join(
        f'[[data]]\nname = "{n}"\nfile = "{n}.csv"\ndownload = true\nlicence = "CC0-1.0"\n'
        f'url = "https://no-such-host.invalid/{n}.csv"\nsha256 = "{"0" * 64}"\n'
        for n in "ab"
    )
    bench.study("away", FOUR, [CELL], toml=toml)
    fetched = run("fetch", "away")
    assert fetched.exit_code == 1
    assert fetched.output.count("no-such-host.invalid") == 1
    assert "Error: a.csv, b.csv: there is no connection to no-such-host.invalid" in fetched.output
    checked = run("check", "away").output
    assert "note: a.csv, b.csv: data not downloaded: dmpkit fetch away\n" in checked


def test_python_m_dmpkit(bench) -> None:
    bench.study("good", FOUR, [CELL])
    done = subprocess.run(
        [sys.executable, "-m", "dmpkit", "check", "good"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("good: in order (1 figure, published figures)\n")
