"""Start a study from a template."""

from __future__ import annotations

import re
from pathlib import Path

from dmpkit.datasets import studies_path
from dmpkit.errors import DataError
from dmpkit.writing import sweep, write_together

__all__ = ["new_study", "template_files", "templates"]

TEMPLATES = Path(__file__).resolve().parent / "templates"
NOTEBOOK = "notebook.ipynb.template"  # so that no tool takes it for a notebook to run
PLACEHOLDER = "@SLUG@"
#: Templates that start from a study of ours: what they hold themselves goes over its files.
WORKED_EXAMPLES = {"evaluation": "evaluate-a-minipublic"}
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


def template_files(template: str) -> dict[str, Path]:
    """What a template consists of.

    Parameters
    ----------
    template : str
        One of :func:`templates`.

    Returns
    -------
    dict
        The place of each file in the new folder, and the file it is made from.

    Examples
    --------
    >>> files = template_files("evaluation")
    >>> files["ratings.csv"].parent.name, files["study.toml"].parent.name
    ('evaluate-a-minipublic', 'evaluation')
    """
    files = {}
    if template in WORKED_EXAMPLES:  # its data and their recipe, not what was made from them
        example = studies_path(WORKED_EXAMPLES[template])
        files = _files_below(example, {".csv", ".json", ".py", ""})
    return {**files, **_files_below(TEMPLATES / template)}


def _files_below(folder: Path, suffixes: set[str] | None = None) -> dict[str, Path]:
    """All files of a folder by their place in it."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and (suffixes is None or path.suffix in suffixes)
    }


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
    sweep(top)
    folder, notebook = top / "studies" / slug, top / "notebooks" / f"{slug}.ipynb"
    for path in (folder, notebook):
        if path.exists():
            raise DataError(
                f"{path.relative_to(top).as_posix()} is there already; it was left as it is.",
                remedy="Choose another name.",
            )
    for path in (folder.parent, notebook.parent):
        path.mkdir(parents=True, exist_ok=True)
    _fill(template, slug, folder, notebook)
    return folder, notebook


def _fill(template: str, slug: str, folder: Path, notebook: Path) -> None:
    """Write all files beside their place, then put them there."""
    with write_together(folder.parent.parent, exclusive=True) as top:
        made = top / folder.parent.name / slug
        for place, path in template_files(template).items():
            text = path.read_text(encoding="utf-8").replace(PLACEHOLDER, slug)
            target = made / place
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        if template == "evaluation":
            from dmpkit.workbench.evaluation_folder import keep_synthetic_screenings, write_guide

            write_guide(made / "GUIDE.html")
            keep_synthetic_screenings(made)
        (top / notebook.parent.name).mkdir()
        (made / NOTEBOOK).rename(top / notebook.parent.name / notebook.name)
