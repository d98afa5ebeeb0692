"""Start a study from a template."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from dmpkit.errors import DataError

__all__ = ["new_study", "templates"]

TEMPLATES = Path(__file__).resolve().parent / "templates"
NOTEBOOK = "notebook.ipynb.template"  # so that no tool takes it for a notebook to run
PLACEHOLDER = "@SLUG@"
#: No file or folder of these names can be opened on Windows.
RESERVED = {"con", "prn", "aux", "nul"} | {f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10)}


def templates() -> list[str]:
    """The names of the templates.

    Examples
    --------
    >>> "impact" in templates(), "qmethod" in templates()
    (True, True)
    """
    return sorted(path.parent.name for path in TEMPLATES.glob(f"*/{NOTEBOOK}"))


def project_root() -> Path:
    """The current folder, or its nearest parent with ``studies/`` and ``notebooks/``."""
    here = Path.cwd()
    for parent in (here, *here.parents):
        if (parent / "studies").is_dir() and (parent / "notebooks").is_dir():
            return parent
    return here


#: What a path is good for.
_PATHS = " A folder to fill in may lie anywhere: with --empty it takes a path."


def _is_path(name: str) -> bool:
    """Whether a name has the marks of a path."""
    return any(mark in name for mark in ("/", "\\")) or name.startswith((".", "~"))


def new_study(slug: str, template: str = "qmethod", root: Path | None = None) -> tuple[Path, Path]:
    """Make ``studies/<slug>/`` and ``notebooks/<slug>.ipynb`` from a template.

    Parameters
    ----------
    slug : str
        Lower-case letters, digits and hyphens, e.g. ``climate-jury-2025``.
    template : str
        One of :func:`templates`.
    root : path, optional
        The project's folder; see :func:`project_root`.

    Returns
    -------
    folder, notebook : path
        What was made.

    Raises
    ------
    DataError
        When the slug cannot be used, the template is unknown, or something of
        that name is there already: nothing is ever overwritten.
    """
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        raise DataError(
            f"{slug!r} cannot be the name of a study.",
            remedy="Use lower-case letters, digits and hyphens, e.g. climate-jury-2025."
            + (_PATHS if template == "evaluation" and _is_path(slug) else ""),
        )
    if slug in RESERVED:
        raise DataError(
            f"{slug!r} is a name that Windows keeps for itself.", remedy="Choose another name."
        )
    if template not in templates():
        raise DataError(
            f"There is no template {template!r}.", remedy=f"There is: {', '.join(templates())}."
        )
    top = root or project_root()
    folder, notebook = top / "studies" / slug, top / "notebooks" / f"{slug}.ipynb"
    for path in (folder, notebook):
        if path.exists():
            raise DataError(
                f"{path.relative_to(top).as_posix()} is there already; it was left as it is.",
                remedy="Choose another name.",
            )
    for path in (folder.parent, notebook.parent):
        path.mkdir(parents=True, exist_ok=True)
    _fill(TEMPLATES / template, slug, folder, notebook)
    return folder, notebook


def _fill(source: Path, slug: str, folder: Path, notebook: Path) -> None:
    """Write all files beside their place, then put them there."""
    made = Path(tempfile.mkdtemp(prefix=f".{slug}-", dir=folder.parent))
    try:
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                text = path.read_text(encoding="utf-8").replace(PLACEHOLDER, slug)
                target = made / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")
        if source.name == "evaluation":
            from dmpkit.workbench.evaluation_folder import keep_synthetic_screenings, write_guide

            write_guide(made / "GUIDE.html")
            keep_synthetic_screenings(made)
        made.chmod(0o755)
        text = (made / NOTEBOOK).read_text(encoding="utf-8")
        (made / NOTEBOOK).unlink()
        stream = notebook.open("x", encoding="utf-8", newline="\n")
        try:
            with stream:
                stream.write(text)
            made.rename(folder)
        except BaseException:
            notebook.unlink(missing_ok=True)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)
