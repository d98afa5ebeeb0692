"""The package as a whole: quick to import, the same in a wheel, in step with its environments."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from .test_readme import BLOCKS, README, own_assembly, own_files

ROOT = Path(__file__).resolve().parent.parent
USER_PACKAGES = {
    "jupyterlab", "pandas", "polars", "matplotlib", "seaborn", "statsmodels",
    "factor_analyzer", "pytest", "nbval",
}  # fmt: skip


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def run_python(code, *, python=sys.executable, cwd=None):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [python, "-c", code], capture_output=True, text=True, cwd=cwd, env=environment, check=False
    )


def test_importing_dmpkit_loads_nothing_heavy():
    heavy = ("numpy", "pandas", "scipy", "matplotlib", "polars", "nbclient", "sklearn")
    code = f"import sys, dmpkit; print([m for m in {heavy!r} if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def test_the_commands_build_no_grammars_that_no_notebook_needs():
    code = "import sys; from dmpkit.cli import main; main(['studies'], standalone_mode=False)"
    code += "; import nbformat; print('lark' in sys.modules)"
    assert run_python(code).stdout.splitlines()[-1] == "False"


def test_the_user_packages_are_all_asked_for():
    asked = project()["dependencies"] + [
        r for rows in project()["optional-dependencies"].values() for r in rows
    ]
    names = {re.match(r"[\w.-]+", r).group() for r in asked}
    assert names >= USER_PACKAGES


def test_the_conda_environment_is_in_step_with_the_project():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    lines = {m.group(1).replace(" ", "") for m in re.finditer(r"^\s+- ([\w.-]+.*)$", text, re.M)}
    described = project()
    asked = {
        r.split("#")[0].strip().replace(" ", "")
        for rows in [described["dependencies"], *described["optional-dependencies"].values()]
        for r in rows
    }
    ranged = {line for line in lines if re.search(r"[<>=]", line)} - {
        f"python{described['requires-python'].replace(' ', '')}"
    }
    assert ranged <= asked, "a range in environment.yml differs from pyproject.toml"
    assert {re.split(r"[<>=]", line)[0] for line in ranged} >= USER_PACKAGES
    assert "-e.[lab,test,dask,efa,docs,deposit]" in lines


def test_the_pins_cover_every_dependency_and_name_no_host():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith("#"))
    assert not re.search(r"https?:|file:|@|--", text)
    pinned = {
        re.sub(r"[-_.]+", "-", line.split("==")[0]).lower()
        for line in text.splitlines()
        if "==" in line
    }
    extras = project()["optional-dependencies"]
    asked = project()["dependencies"] + [r for k in extras if k != "bench" for r in extras[k]]
    names = {re.sub(r"[-_.]+", "-", re.match(r"[\w.-]+", r).group()).lower() for r in asked}
    assert names <= pinned


def test_the_floors_hold():
    code = "from importlinter.cli import lint_imports_command as run; run()"
    done = run_python(code, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    assert "1 kept, 0 broken" in done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_ships_data_studies_and_notebooks_and_nobody_elses_files(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for wanted in (
        "dmpkit/py.typed",
        "dmpkit/_shipped/data/criteria/datapackage.json",
        "dmpkit/_shipped/studies/lipset-1963/study.toml",
        "dmpkit/_shipped/notebooks/10-lipset-1963.ipynb",
        "dmpkit/workbench/templates/qmethod/study.toml",
    ):
        assert wanted in names
    assert not [n for n in names if n.endswith((".xlsx", ".qda")) or "__pycache__" in n]


SESSION = """
import dmpkit, pathlib, tempfile
assert "_shipped" in str(dmpkit.datasets.resource_root()), dmpkit.__file__
import dmpkit.qmethod as qm
from dmpkit.workbench import Study
study = Study.open("lipset-1963")
result = qm.analyse(qm.QSorts.from_frame(study.table("sorts")), 3)
assert len(dmpkit.datasets.load("criteria")) == 52
result.to_excel("result.xlsx"); result.report("result.html")
print(result.loadings.shape)
"""


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """An empty environment with the wheel in it, outside the repository.

    The packages it needs are taken from the environment the tests run in; that
    they install from nothing is shown by `make` itself.
    """
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    site = Path(
        run_python("import site; print(site.getsitepackages()[0])", python=python).stdout.strip()
    )
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target"]
    subprocess.run([*install, str(site), str(wheel)], check=True)
    here = Path(pytest.__file__).resolve().parent.parent
    (site / "packages-of-the-test-environment.pth").write_text(f"{here}\n", encoding="utf-8")
    return python


def test_the_wheel_works_outside_the_repository(installed, tmp_path):
    done = run_python(SESSION, python=installed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(9, 4)"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["result.html", "result.xlsx"]


def test_the_command_works_outside_the_repository(installed, tmp_path):
    def dmpkit(*arguments):
        return subprocess.run(
            [installed, "-m", "dmpkit", *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip

    listed = dmpkit("studies")
    assert listed.returncode == 0, listed.stderr
    assert "lipset-1963" in listed.stdout
    made = dmpkit("new", "my-study", "--template", "qmethod")
    assert made.returncode == 0, made.stderr
    assert dmpkit("check", "my-study").returncode == 0
    done = dmpkit("reproduce", "my-study", "lipset-1963")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "build" / "site" / "index.html").is_file()


#: A folder as people have it on their computers.
FOLDER = "Ärger mit Leerzeichen/ß 数据"
#: They run everything there is, need a network, or do not end by themselves.
NOT_RUN = {"fetch", "lab", "notebooks"}


def test_the_quick_starts_run_with_the_wheel_in_any_folder(installed, tmp_path):
    """The README's Python on a reader's own files, with nothing of the checkout in reach."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    own_files(folder)
    where = "import dmpkit\nassert '_shipped' in str(dmpkit.datasets.resource_root())\n"
    (folder / "session.py").write_text(where + "\n".join(BLOCKS), encoding="utf-8")
    before = {path.name for path in folder.iterdir()}
    done = subprocess.run(
        [installed, "session.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    made = {path.name for path in folder.iterdir()} - before
    written = re.findall(r"\.(?:to_excel|report|save)\(\"([^\"/]+)\"", "\n".join(BLOCKS))
    assert written
    assert set(written) <= made


def readme_commands():
    """The commands of the README that are tried, word by word."""
    lines = [
        line for block in re.findall(r"```sh\n(.*?)```", README, re.S) for line in block.split("\n")
    ]
    commands = (shlex.split(line, comments=True) for line in lines)
    found = [words[1:] for words in commands if words[:1] == ["dmpkit"]]
    return [words for words in found if len(words) > 1 and words[0] not in NOT_RUN]


def test_the_commands_of_the_readme_run_with_the_wheel_in_any_folder(installed, tmp_path):
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    commands = readme_commands()
    assert commands
    for words in commands:
        done = subprocess.run(
            [installed, "-m", "dmpkit", *words],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        if words[0] == "new" and "--empty" in words:
            own_assembly(folder)  # the folder is filled in
