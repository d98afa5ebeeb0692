"""Run notebooks and store their outputs, so that they read the same everywhere."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError
from dmpkit.workbench.reproduce import notebook_errors
from dmpkit.workbench.running import read_notebook, run_notebook, wait_for
from dmpkit.workbench.start import HERE_MIME
from dmpkit.workbench.study import STUDIES_VARIABLE, Study, find_studies

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Stored", "skip_reason", "stable", "store_outputs"]

ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,16}\b")
CELL_FILE = re.compile(r"\S*ipykernel_\d+[/\\]\d+\.py(:\d+)?")
UNSTABLE = {
    "application/vnd.jupyter.widget-view+json",
    "application/vnd.jupyter.widget-state+json",
    HERE_MIME,
}


@dataclass(frozen=True)
class Stored:
    """What happened to one notebook: ``stored``, ``unchanged``, ``skipped`` or ``failed``."""

    notebook: Path
    outcome: str
    message: str = ""


def skip_reason(notebook: Path) -> str | None:
    """Why a notebook cannot run here: its study's data have to be downloaded first.

    Parameters
    ----------
    notebook : path
        A notebook in ``notebooks/``.

    Returns
    -------
    str or None
        ``data not downloaded: dmpkit fetch <study>``, or None when it can run.
        A study that cannot be read is no reason to skip: its notebook shall fail.
    """
    from dmpkit.workbench.downloads import not_downloaded

    root = _project(notebook) / "studies"
    for manifest in sorted(root.glob("*/study.toml")):
        try:
            text = manifest.read_text(encoding="utf-8", errors="replace")
            if notebook.name not in text and "\\" not in text:
                continue  # of another notebook: not read any further
            study = Study.open(manifest.parent)
            if study.notebook == notebook.name and study.missing_data():
                return not_downloaded(study.slug)
        except (DataError, OSError):
            continue
    return None


def _project(notebook: Path) -> Path:
    """The folder above ``notebooks/``, for a notebook there or in a folder below it."""
    path = notebook.resolve()
    for parent in path.parents:
        if parent.name == "notebooks":
            return parent.parent
    return path.parent.parent


def store_outputs(
    notebooks: Sequence[Path],
    *,
    jobs: int = 2,
    deadline: float = 600.0,
    on_done: Callable[[Stored], None] | None = None,
) -> list[Stored]:
    """Run notebooks and write their outputs into them.

    A notebook with an error, a figure that differs or a passed deadline keeps
    the outputs that it has; so does one whose data are not on this computer.

    Parameters
    ----------
    notebooks : sequence of path
        The notebooks.
    jobs : int
        How many run at the same time.
    deadline : float
        Seconds for each.
    on_done : callable, optional
        Called with each result.
    """

    async def everything() -> list[Stored]:
        gate = asyncio.Semaphore(jobs)

        async def one(path: Path) -> Stored:
            async with gate:
                stored = await _store(path, deadline)
            if on_done is not None:
                on_done(stored)
            return stored

        return list(await asyncio.gather(*map(one, notebooks)))

    return wait_for(everything())


async def _store(path: Path, deadline: float) -> Stored:
    import nbformat

    from dmpkit.tables import atomic_write

    reason = skip_reason(path)
    if reason is not None:
        return Stored(path, "skipped", reason)
    root = _project(path)
    run = await run_notebook(
        path, deadline=deadline, environment={STUDIES_VARIABLE: str(root / "studies")}
    )
    problems = [run.problem] if run.problem else notebook_errors(run.notebook)
    if problems:
        return Stored(path, "failed", "\n".join(problems))
    text = nbformat.writes(stable(run.notebook, root))  # type: ignore[no-untyped-call, unused-ignore]
    if not text.endswith("\n"):
        text += "\n"
    if text == path.read_text(encoding="utf-8"):
        return Stored(path, "unchanged")
    with atomic_write(path) as target:
        target.write_text(text, encoding="utf-8")
    return Stored(path, "stored")


def stable(notebook: NotebookNode, root: Path) -> NotebookNode:
    """The notebook without what changes from run to run or from place to place.

    Memory addresses, names of temporary files, the paths of the project and of
    Python, widgets, times of execution, the version of Python and outputs that hold
    for one computer only are taken out.
    """
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            kept = (_stable_output(output, root) for output in cell.outputs)
            cell.outputs = [output for output in kept if output is not None]
    notebook.metadata = type(notebook.metadata)(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    return notebook


def _stable_output(output: Any, root: Path) -> Any:
    if output.output_type == "stream":
        output.text = _stable_text(output.text, root)
        return output
    if output.output_type in {"display_data", "execute_result"}:
        if UNSTABLE & set(output.data):
            return None
        for mime, content in output.data.items():
            if mime.startswith("text/") and isinstance(content, str):
                output.data[mime] = _stable_text(content, root)
    return output


def _stable_text(text: str, root: Path) -> str:
    text = CELL_FILE.sub("<cell>", ADDRESS.sub("at 0x0", text))
    for place in (str(root), sys.prefix, str(Path.home())):
        if len(place) > 1:
            text = text.replace(place, "...")
    return text


def all_notebooks(names: Sequence[str]) -> list[Path]:
    """The notebooks named, or all below ``notebooks/`` of the current project.

    A folder within ``notebooks/`` may hold more of them, as ``solutions/`` does.

    Raises
    ------
    DataError
        When a notebook is not there.
    """
    folder = notebooks_folder()
    if not names:
        return sorted(folder.glob("*.ipynb")) + sorted(folder.glob("[!.]*/*.ipynb"))
    found = []
    for name in names:
        path = next(
            (p for p in (Path(name), folder / name, folder / f"{name}.ipynb") if p.is_file()), None
        )
        if path is None and name in find_studies():
            path = Study.open(name).notebook_path()
        if path is None:
            raise DataError(f"There is no notebook {name!r}.", remedy=f"They are in {folder}.")
        read_notebook(path)
        found.append(path)
    return found


def notebooks_folder() -> Path:
    """``notebooks/`` of the current folder or of its nearest parent that has one.

    Falls back on the notebooks that come with dmpkit.
    """
    from dmpkit.datasets import notebooks_path

    here = Path.cwd()
    for parent in (here, *here.parents):
        if any((parent / "notebooks").glob("*.ipynb")):
            return parent / "notebooks"
    return notebooks_path()
