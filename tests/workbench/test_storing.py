"""Stored outputs are the same on every run and in every place; a skip says why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from dmpkit.errors import DataError
from dmpkit.workbench.storing import all_notebooks, skip_reason, store_outputs

FOUR = "four,Twice two,4,,,,p. 1,printed\n"
ROOM = Path(__file__).resolve().parents[2]


def test_outputs_are_stored_once_and_then_unchanged(bench) -> None:
    cells = [
        "study.reproduces('four', 4)",
        "class Plain: ...\nPlain()",
        "import sys, warnings\nwarnings.warn('odd')\nprint(study.folder)",
        "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
    ]
    bench.study("good", FOUR, cells)
    path = bench.root / "notebooks" / "good.ipynb"
    (first,) = store_outputs([path])
    assert first.outcome == "stored"
    text = path.read_text(encoding="utf-8")
    (second,) = store_outputs([path])
    assert second.outcome == "unchanged"
    assert path.read_text(encoding="utf-8") == text
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    counts = [c.execution_count for c in notebook.cells if c.cell_type == "code"]
    assert counts == [1, 2, 3, 4, 5]
    assert "Plain at 0x0>" in text
    assert "matches print" in text
    assert str(bench.root) not in text
    assert "ipykernel_" not in text
    assert sys.prefix not in text
    assert notebook.cells[-1].outputs == []
    assert notebook.metadata.language_info == {"name": "python"}


@pytest.mark.parametrize("cell", ["study.reproduces('four', 5)", "1 / 0", "import os; os._exit(1)"])
def test_a_notebook_that_fails_is_left_as_it_is(bench, cell: str) -> None:
    bench.study("bad", FOUR, [cell])
    path = bench.root / "notebooks" / "bad.ipynb"
    before = path.read_bytes()
    (done,) = store_outputs([path])
    assert done.outcome == "failed"
    assert "code cell 2" in done.message
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_notebooks_are_found_by_any_of_their_names(bench) -> None:
    bench.study("one", FOUR, [])
    path = bench.root / "notebooks" / "one.ipynb"
    assert all_notebooks([]) == [path]
    for name in ("one", "one.ipynb", "notebooks/one.ipynb"):
        assert [found.resolve() for found in all_notebooks([name])] == [path]
    with pytest.raises(DataError, match="There is no notebook 'two'"):
        all_notebooks(["two"])


def test_nbval_skips_what_has_no_data_and_says_how_to_get_them(bench, tmp_path) -> None:
    toml = (
        '[[data]]\nname = "a"\nfile = "a.csv"\ndownload = true\nlicence = "CC0-1.0"\n'
        f'url = "https://no-such-host.invalid/a.csv"\nsha256 = "{"0" * 64}"\n'
    )
    bench.study("away", FOUR, ["1 / 0"], toml=toml)
    bench.study("good", FOUR, ["study.reproduces('four', 4)"])
    bench.study("wrong", FOUR, ["study.reproduces('four', 5)"])
    folder = bench.root / "notebooks"
    assert skip_reason(folder / "away.ipynb") == "data not downloaded: dmpkit fetch away"
    assert skip_reason(folder / "good.ipynb") is None
    (folder / "conftest.py").write_bytes((ROOM / "notebooks" / "conftest.py").read_bytes())
    options = [
        "-q",
        "-rs",
        "-p",
        "no:cacheprovider",
        "-c",
        "/dev/null",
        "--nbval-lax",
        "--nbval-current-env",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(bench.root), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "data not downloaded: dmpkit fetch away" in done.stdout, done.stdout + done.stderr
    assert "1 failed, 3 passed, 2 skipped" in done.stdout, done.stdout
    assert "FigureDiffers" in done.stdout
