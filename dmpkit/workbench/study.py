"""A study: its manifest, its data, and the check of each published figure."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dmpkit.errors import DataError, FigureDiffers
from dmpkit.workbench import downloads, figures
from dmpkit.workbench.cells import CellRange, read_cells
from dmpkit.workbench.figures import Verdict
from dmpkit.workbench.manifest import DataFile, PublishedFigure, read_manifest

if TYPE_CHECKING:
    import pandas as pd

    from dmpkit.datasets import DataPackage

__all__ = ["Study", "find_studies", "study_roots"]

#: Folders that hold studies, looked at first (separated as in PATH).
STUDIES_VARIABLE = "DMPKIT_STUDIES"
#: Set by ``dmpkit reproduce``: a figure that differs is recorded, not raised.
COLLECT_VARIABLE = "DMPKIT_COLLECT_VERDICTS"


@dataclass(frozen=True)
class Study:
    """A published study whose figures are recomputed here.

    Made with :meth:`open`; a study that cannot be read raises instead.

    Parameters
    ----------
    slug : str
        Name of its folder.
    folder : path
        The folder with ``study.toml`` and ``published.csv``.
    title, question, citation, doi, authors, summary : str
        What the study is about and how to cite it.
    year : int, optional
        Year of publication.
    kind : str
        One of :data:`dmpkit.workbench.manifest.KINDS`.
    licence : str
        Licence of the data.
    notebook : str
        File name of the notebook.
    data : tuple of DataFile
        The files it computes from.
    figures : tuple of PublishedFigure
        What was published.

    Examples
    --------
    >>> study = Study.open("lipset-1963")
    >>> study.kind, len(study.table("sorts"))
    ('software reference', 33)
    >>> study.compare("eigenvalues", [2.4] * 9).verdict
    'differs'
    """

    slug: str
    folder: Path
    title: str
    question: str
    citation: str
    kind: str
    licence: str
    notebook: str
    authors: str
    year: int | None
    doi: str
    summary: str
    data: tuple[DataFile, ...]
    figures: tuple[PublishedFigure, ...]

    @classmethod
    def open(cls, study: str | os.PathLike[str]) -> Study:
        """Open a study by its slug or by the path of its folder.

        A slug is looked up in the folders named by ``DMPKIT_STUDIES``, in
        ``studies/`` of the current folder and of its parents, and among the
        studies that come with dmpkit.

        Raises
        ------
        DataError
            When there is no such study, or its files are wrong.
        """
        folder = _find(study)
        manifest = read_manifest(folder)
        return cls(slug=folder.name, folder=folder, **vars(manifest))

    def file(self, name: str) -> DataFile:
        """The description of one of the study's files, by its name."""
        for item in self.data:
            if item.name == name:
                return item
        known = ", ".join(repr(item.name) for item in self.data) or "none"
        raise DataError(f"The study {self.slug!r} has no data {name!r}.", remedy=f"Known: {known}.")

    def path(self, name: str) -> Path:
        """Where a file of the study lies on this computer; its hash is checked.

        The hash is the manifest's, and that of the ``datapackage.json`` beside
        the file where there is one.

        Raises
        ------
        DataNotDownloaded
            When it has to be downloaded first; the message says how.
        DataError
            When it is missing or is not the file that was described.
        """
        item = self.file(name)
        path = downloads.locate(self.slug, self.folder, item)
        if described := _described(path, item):
            package, resource = described
            return package.file(resource)
        return path

    def data_present(self) -> bool:
        """True when no file of the study has to be downloaded first.

        Raises
        ------
        DataError
            When a file is damaged or missing from the study's folder.
        """
        return not self.missing_data()

    def missing_data(self) -> tuple[str, ...]:
        """Names of the files that have to be downloaded first."""
        from dmpkit.errors import DataNotDownloaded

        missing = []
        for item in self.data:
            try:
                self.path(item.name)
            except DataNotDownloaded:
                missing.append(item.name)
        return tuple(missing)

    def table(self, name: str, *, sheet: str | None = None) -> pd.DataFrame:
        """Read a file of the study as a table.

        Types and hash come from the ``datapackage.json`` beside the file where
        there is one; else numbers are recognised.

        Parameters
        ----------
        name : str
            Name of the file in the manifest.
        sheet : str, optional
            Sheet of a workbook.
        """
        from dmpkit.tables import read_table

        path = self.path(name)
        if sheet is None and (described := _described(path, self.file(name))):
            package, resource = described
            return package.read(resource)
        return read_table(path, sheet=sheet)

    def notebook_path(self) -> Path:
        """The study's notebook, in ``notebooks/`` beside ``studies/``.

        Raises
        ------
        DataError
            When it is not there.
        """
        root = self.folder.parent.parent
        for path in (root / "notebooks" / self.notebook, self.folder / self.notebook):
            if path.is_file():
                return path
        raise DataError(
            f"The notebook {self.notebook!r} is not there.",
            file=self.folder / "study.toml",
            remedy=f"It belongs into {root.name}/notebooks/.",
        )

    def figure(self, figure_id: str) -> PublishedFigure:
        """The published figure of that id."""
        for figure in self.figures:
            if figure.figure == figure_id:
                return figure
        from difflib import get_close_matches

        near = get_close_matches(figure_id, [f.figure for f in self.figures], n=1)
        raise DataError(
            f"The study {self.slug!r} has no figure {figure_id!r}.",
            file=self.folder / "published.csv",
            remedy=f"Did you mean {near[0]!r}?" if near else "Add a row for it.",
        )

    def published_cells(self, figure: PublishedFigure) -> CellRange | None:
        """The cells of a table figure; None for a number."""
        if not figure.is_table:
            return None
        item = next(d for d in self.data if figure.file in (d.name, d.file))
        try:
            return read_cells(self.path(item.name), figure.range)
        except DataError as error:
            raise DataError(
                f"The published table {figure.figure!r} cannot be read: {error}",
                file=self.folder / "published.csv",
                row=figure.line,
                column="range",
            ) from error

    def compare(self, figure_id: str, value: object, why: str = "") -> Verdict:
        """The verdict on a figure, without showing it or raising.

        See :meth:`reproduces` for the rules.
        """
        figure = self.figure(figure_id)
        if not figure.is_available:
            raise DataError(
                f"There is no published value of {figure_id!r} to compare with.",
                file=self.folder / "published.csv",
                row=figure.line,
                remedy="Type it in, or call study.not_reproducible with the reason.",
            )
        return figures.compare(self.slug, figure, self.published_cells(figure), value, why)

    def reproduces(self, figure_id: str, value: object, why: str = "") -> None:
        """Compare with the published figure, show the verdict, raise when it differs.

        A number agrees when ``|here - published| <= tolerance``. Where
        ``published.csv`` states no tolerance it is half a unit of the last
        digit given: 0.005 for 0.45. A table is compared cell by cell: numbers
        like that (with the finest digit of the column), text exactly, and an
        empty published cell agrees only with a missing value.

        Parameters
        ----------
        figure_id : str
            The figure in ``published.csv``.
        value : number, data frame, array or list of rows
            What came out here.
        why : str
            A remark shown with the verdict, e.g. on the tolerance.

        Raises
        ------
        FigureDiffers
            When it differs. Within ``dmpkit reproduce`` the verdict is recorded
            instead, so that the figures after it get theirs too.
        DataError
            For an unknown figure, or a value of another kind or shape; the latter
            is recorded as *differs* within ``dmpkit reproduce``.
        """
        collecting = bool(os.environ.get(COLLECT_VARIABLE))
        try:
            verdict = self.compare(figure_id, value, why)
        except figures.NotComparable as error:
            if not collecting:
                raise
            verdict = figures.not_comparable(self.slug, self.figure(figure_id), error)
        _show(verdict)
        if verdict.differs and not collecting:
            raise FigureDiffers(str(verdict))

    def not_reproducible(self, figure_id: str, why: str) -> None:
        """Record that a figure cannot be recomputed, and why.

        Parameters
        ----------
        figure_id : str
            The figure in ``published.csv``.
        why : str
            The reason, as a sentence.
        """
        if not why.strip():
            raise DataError(f"Why is the figure {figure_id!r} not reproducible? Give the reason.")
        _show(figures.not_reproducible(self.slug, self.figure(figure_id), why))

    def __repr__(self) -> str:
        # without the folder: notebooks store this text, and paths are private
        return f"Study {self.slug!r}: {self.title} ({self.kind}, {len(self.figures)} figures)"

    def _figures_text(self) -> str:
        """How many figures rest on what, and for how many there is nothing to compare with."""
        from collections import Counter

        said = Counter(figure.basis for figure in self.figures)
        missing = Counter(figure.basis for figure in self.figures if not figure.is_available)
        return ", ".join(
            f"{n} {basis}" + (f" ({missing[basis]} not available)" if missing[basis] else "")
            for basis, n in said.items()
        )

    def _repr_html_(self) -> str:
        from dmpkit.reporting import summary_table
        from dmpkit.workbench.manifest import KINDS

        rows = [
            ("question", self.question),
            ("kind", f"{self.kind}: {KINDS[self.kind]}"),
            ("source", self.citation),
            ("DOI", self.doi),
            ("licence of the data", self.licence),
            ("figures", self._figures_text()),
        ]
        return summary_table([row for row in rows if row[1] != ""], caption=self.title)


def _show(verdict: Verdict) -> None:
    """Emit a verdict as a cell output of its own type, or print it outside a notebook."""
    import sys

    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None:
        print(verdict)
        return
    from IPython.display import publish_display_data

    publish_display_data(  # type: ignore[no-untyped-call, unused-ignore]
        {
            figures.VERDICT_MIME: verdict.as_dict(),
            "text/html": verdict._repr_html_(),
            "text/plain": str(verdict),
        }
    )


def _described(path: Path, item: DataFile) -> tuple[DataPackage, str] | None:
    """The data package beside a file, and the file's name in it, where there is one.

    Beside a downloaded file it would be the source's own description, which need not
    be of the form that we ask of ours.
    """
    from dmpkit.datasets import DataPackage

    if item.download or not (path.parent / "datapackage.json").is_file():
        return None
    package = DataPackage.open(path.parent)
    for resource in package.resources:
        if package.resource(resource)["path"] == path.name:
            return package, resource
    return None


def study_roots() -> list[Path]:
    """The ``studies/`` folders that are looked at, nearest first."""
    from dmpkit.datasets import studies_path

    named = [Path(p) for p in os.environ.get(STUDIES_VARIABLE, "").split(os.pathsep) if p]
    here = Path.cwd()
    nearby = [parent / "studies" for parent in (here, *here.parents)]
    roots: list[Path] = []
    for root in (*named, *nearby, studies_path()):
        if root.is_dir() and not any(root.samefile(known) for known in roots):
            roots.append(root)
    return [root for root in roots if any(root.glob("*/study.toml"))]


def _find(study: str | os.PathLike[str]) -> Path:
    given = Path(study)
    if isinstance(study, os.PathLike) or given.name != str(study):
        folder = given.parent if given.name == "study.toml" else given
        if not folder.is_dir():
            raise DataError(f"There is no folder {str(folder)!r}.")
        return folder.resolve()
    roots = study_roots()
    for root in roots:
        if re.fullmatch(r"[\w.-]+", str(study)) and (root / study / "study.toml").is_file():
            return (root / study).resolve()
    if (given / "study.toml").is_file():
        return given.resolve()
    known = ", ".join(find_studies()) or "none"
    raise DataError(f"There is no study {str(study)!r}.", remedy=f"Known: {known}.")


def find_studies() -> list[str]:
    """The slugs of all studies that can be opened from here, in order.

    Examples
    --------
    >>> "lipset-1963" in find_studies()
    True
    """
    return sorted(
        {path.parent.name for root in study_roots() for path in root.glob("*/study.toml")}
    )
