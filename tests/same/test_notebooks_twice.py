"""Every notebook says the same twice, and what is stored in it.

Each is executed in two kernels: another hash seed, another time zone, another number of
threads. Compared are the texts of its outputs (what is printed, text and HTML of results,
errors), after what `storing.stable` takes out and says so: memory addresses, names of
temporary files, paths of this computer, widgets, and outputs marked as of one computer.
Pictures are not compared.
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
import pytest

from dmpkit.workbench.running import run_notebook, wait_for
from dmpkit.workbench.storing import STUDIES_VARIABLE, skip_reason, stable

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
HERE = {"PYTHONHASHSEED": "1", "TZ": "America/St_Johns", "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1"}  # fmt: skip
THERE = {"PYTHONHASHSEED": "2", "TZ": "Pacific/Kiritimati", "OMP_NUM_THREADS": "2",
         "OPENBLAS_NUM_THREADS": "2"}  # fmt: skip


def said(notebook):
    """Cell by cell, the texts of the outputs; what is printed in pieces is one text."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        texts: dict[str, str] = {}
        for output in cell.outputs:
            if output.output_type == "stream":
                texts[output.name] = texts.get(output.name, "") + output.text
            elif output.output_type == "error":
                texts["error"] = f"{output.ename}: {output.evalue}"
            else:
                for mime, content in output.data.items():
                    if mime.startswith("text/"):
                        texts[mime] = texts.get(mime, "") + content + "\n"
        cells.append(texts)
    return cells


def executed(path, setting, tmp_path):
    setting = {STUDIES_VARIABLE: str(ROOT / "studies"), **setting}
    run = wait_for(run_notebook(path, deadline=900, environment=setting, scratch=tmp_path))
    assert run.problem == ""
    return said(stable(run.notebook, ROOT))


def agree(path, tmp_path):
    first, second = (executed(path, setting, tmp_path) for setting in (HERE, THERE))
    stored = said(stable(nbformat.read(path, as_version=4), ROOT))
    for number, texts in enumerate(zip(first, second, stored, strict=True)):
        one, two, kept = texts
        assert one == two, f"code cell {number} differs between two runs"
        assert one == kept, f"code cell {number} differs from what is stored"


@pytest.mark.long
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.relative_to(ROOT / "notebooks").stem)
def test_a_notebook_says_the_same_twice_and_what_is_stored(path, tmp_path):
    if (reason := skip_reason(path)) is not None:
        pytest.skip(reason)
    agree(path, tmp_path)


def test_a_number_that_changes_would_be_seen(tmp_path):
    """A cell that prints a hash differs under two seeds of hashes."""
    path = tmp_path / "notebooks" / "unsteady.ipynb"
    path.parent.mkdir()
    cell = nbformat.v4.new_code_cell("print(hash('a'))")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    with pytest.raises(AssertionError, match="code cell 0 differs between two runs"):
        agree(path, tmp_path)
    assert os.environ.get("TZ") != HERE["TZ"]
