"""The pages for students: their lines run, and they name what there is."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from dmpkit.cli import main
from dmpkit.workbench import exercises
from dmpkit.workbench.creating import templates
from dmpkit.workbench.manifest import KINDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "students").glob("*.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)


def said(name):
    """What the lines of a page print, run from the top folder."""
    text, names = (ROOT / "docs" / "students" / name).read_text(encoding="utf-8"), {}
    with redirect_stdout(StringIO()) as out:
        for block in BLOCK.findall(text):
            exec(block, names)
    return out.getvalue()


def test_there_are_three_pages():
    assert [p.stem for p in PAGES] == ["class-without-network", "exercises", "how-to-reproduce"]


def test_the_lines_of_how_to_reproduce(monkeypatch):
    monkeypatch.chdir(ROOT)
    printed = said("how-to-reproduce.md")
    assert "15 of 149 measures: 10.07 per cent" in printed
    assert "matches print" in printed
    assert printed.count("differs") == 1
    assert "tolerance 0.5" in printed


def test_the_lines_of_the_other_pages(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert "9 exercises on impact" in said("class-without-network.md")
    printed = said("exercises.md")
    assert "so they overlap" in printed
    assert printed.endswith("1 hash\n")


def test_the_page_lists_every_exercise():
    text = (ROOT / "docs" / "students" / "exercises.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+-\w+) \| (.+) \| `(.+)` \|$", text, re.M)
    table = exercises.listing()
    assert rows == list(zip(table["exercise"], table["title"], table["study"], strict=True))
    for name in set(table["notebook"]):
        assert f"](../notebooks/{name})" in text
        assert f"](../notebooks/solutions/{name})" in text


def test_the_page_names_every_kind_of_study():
    text = (ROOT / "docs" / "students" / "how-to-reproduce.md").read_text(encoding="utf-8")
    for kind in KINDS:
        assert f"| {kind} |" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_the_commands_of_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    for command in set(re.findall(r"^\s*dmpkit (\w+)", text, re.M)):
        assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0, command
    for template in re.findall(r"--template ([\w-]+)", text):
        assert template in templates()
