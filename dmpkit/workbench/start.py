"""The first page of the notebooks: what there is, what is installed, which data are here.

What is shown is read from the notebooks and studies themselves, so it names what is
there. What belongs to this computer (versions, downloaded files) is shown but not
stored in the notebook, which therefore reads the same everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Page", "Seen", "data_present", "installed", "overview", "studies"]

#: Outputs of this type hold for one computer; storing a notebook leaves them out.
HERE_MIME = "application/vnd.dmpkit.here+json"

#: What the notebooks are about: tens digit of their number, module, question, what to bring.
PARTS = (
    (1, "Q methodology", "qmethod", "Which views do people share?", "sorts of statements"),
    (
        2,
        "Representativeness",
        "representativeness",
        "Does a panel look like its population, and where did it depart?",
        "a list of members and the population's shares",
    ),
    (
        3,
        "Impact",
        "impact",
        "What became of the recommendations?",
        "a list of recommendations with dates",
    ),
    (
        4,
        "Coding",
        "coding",
        "What was said, do coders agree, and what may be quoted?",
        "a project of a coding program",
    ),
    (
        5,
        "Evaluation",
        "evaluation",
        "How good was it, by which criteria, and who says so?",
        "a folder of spreadsheets",
    ),
)

#: Extra, the packages that tell it is there, what it is for.
EXTRAS = (
    ("lab", ("jupyterlab", "ipywidgets"), "notebooks in the browser, turning factors by hand"),
    (
        "efa",
        ("factor_analyzer", "scikit-learn"),
        "extraction by maximum likelihood and minimum residuals",
    ),
    ("docs", ("sphinx", "myst-nb", "furo"), "building the documentation"),
    ("deposit", ("rocrate",), "a study as a package for a repository"),
    ("dask", ("dask", "distributed"), "spreading resampling over several computers"),
    ("test", ("pytest", "nbval", "playwright"), "the tests"),
    ("bench", ("pytest-benchmark",), "timings"),
    ("mutants", ("mutmut",), "whether the tests notice changed code"),
)
ENGINE = ("dmpkit", "numpy", "scipy", "pandas", "polars", "statsmodels", "matplotlib")
_HEADING = re.compile(r"^#\s+(.+)$", re.M)


@dataclass(frozen=True)
class Page:
    """Text in Markdown, shown as such in a notebook and as text elsewhere.

    Parameters
    ----------
    markdown : str
        The text.

    Examples
    --------
    >>> Page("*calm*")
    *calm*
    """

    markdown: str

    def __repr__(self) -> str:
        return self.markdown

    def _repr_markdown_(self) -> str:
        return self.markdown


@dataclass(frozen=True)
class Seen:
    """A table that holds for this computer, and one sentence about it.

    Parameters
    ----------
    frame : DataFrame
        The table.
    sentence : str
        What it comes to.

    Examples
    --------
    >>> import pandas as pd
    >>> Seen(pd.DataFrame({"part": ["Python"]}), "One part.").frame["part"].tolist()
    ['Python']
    """

    frame: pd.DataFrame
    sentence: str

    def __repr__(self) -> str:
        return f"{self.sentence}\n\n{self.frame.to_string(index=False)}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        from dmpkit.reporting import escape, table_html

        # JupyterLab would set the words of a table's cells to the right
        table = re.sub("<(td|th)(?=[ >])", r'<\1 style="text-align: left"', table_html(self.frame))
        return {
            "text/html": f"<p>{escape(self.sentence)}</p>{table}",
            "text/plain": repr(self),
            HERE_MIME: {"rows": len(self.frame)},
        }


@dataclass(frozen=True)
class _Notebook:
    """A notebook of the book: file name, number, and the heading of its first cell."""

    name: str
    number: int
    title: str

    @cached_property
    def link(self) -> str:
        return f"[{self.name.removesuffix('.ipynb')}]({self.name})"


def _notebooks() -> list[_Notebook]:
    """The numbered notebooks of the folder that the reader works in."""
    from dmpkit.workbench.storing import notebooks_folder

    found = []
    for path in sorted(notebooks_folder().glob("[0-9][0-9]-*.ipynb")):
        found.append(_Notebook(path.name, int(path.name[:2]), _title(path)))
    return found


def _title(path: Path) -> str:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = next(cell for cell in cells if cell["cell_type"] == "markdown")
        text = "".join(first["source"])
    except (OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError):
        return path.stem
    heading = _HEADING.search(text)
    return heading.group(1).strip() if heading else path.stem


def _plain(text: str) -> str:
    """Text that stays in its cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Page:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return Page("\n".join("| " + " | ".join(line) + " |" for line in lines))


def overview() -> Page:
    """The map: a row a module, with links to its tour, its studies and its exercises.

    Returns
    -------
    Page
        A table whose links open beside this page, in JupyterLab and in the
        documentation.

    Examples
    --------
    >>> "(01-tour-q-methodology.ipynb)" in overview().markdown
    True
    """
    book = _notebooks()
    rows = []
    for tens, name, module, question, bring in PARTS:
        tour = [n for n in book if n.number == tens]
        exercises = [n for n in book if n.number == 59 + tens]
        told = [n for n in book if n.number // 10 == tens]
        rows.append(
            (
                f"**{question}**",
                f"{name}<br>`dmpkit.{module}`",
                bring,
                ", ".join(n.link for n in tour) or "–",
                ", ".join(f"[{n.number}]({n.name})" for n in told) or "–",
                ", ".join(f"[{n.number}]({n.name})" for n in exercises) or "–",
            )
        )
    return _table(("question", "module", "what you bring", "tour", "studies", "exercises"), rows)


def studies() -> Page:
    """The studies in reading order: question, what their data are, and a link.

    Returns
    -------
    Page
        A table with one row for each notebook of a study.

    Examples
    --------
    >>> "software reference" in studies().markdown
    True
    """
    kinds = _kinds()
    rows = [
        (n.link, _plain(n.title), kinds[n.name])
        for n in _notebooks()
        if n.name in kinds and n.number >= 10
    ]
    return _table(("notebook", "question", "data"), rows)


def _kinds() -> Mapping[str, str]:
    """Kind of each study, by its notebook, with a word on what has to be downloaded."""
    return {
        study.notebook: study.kind
        + (" (download)" if any(item.download for item in study.data) else "")
        for study in _readable()
    }


def _readable() -> Iterator[Any]:
    from dmpkit.workbench.study import Study, find_studies

    for slug in find_studies():
        try:
            yield Study.open(slug)
        except DataError:
            continue  # `dmpkit check` says what is wrong with it


def installed() -> Seen:
    """Versions of what computes, and the extras: here or not, and what each is for.

    Returns
    -------
    Seen
        Columns ``part``, ``here`` (a version, or how to install it) and
        ``what for``. Versions are those of this Python.

    Examples
    --------
    >>> seen = installed()
    >>> seen.frame.loc[seen.frame["part"] == "numpy", "here"].item()[0].isdigit()
    True
    """
    import platform

    import pandas as pd

    rows = [("Python", platform.python_version(), "")]
    rows += [(name, _version(name) or "missing", "") for name in ENGINE]
    absent = []
    for extra, packages, purpose in EXTRAS:
        versions = [_version(name) for name in packages]
        said = ", ".join(f"{n} {v}" for n, v in zip(packages, versions, strict=True))
        if not all(versions):
            absent.append(extra)
            said = f'not here; from dmpkit\'s folder: python -m pip install -e ".[{extra}]"'
        rows.append((f"extra {extra}", said, purpose))
    sentence = "Everything that computes is here"
    sentence += f"; not installed: {', '.join(absent)}." if absent else ", and so are all extras."
    missing = [name for name, version, _ in rows[1 : 1 + len(ENGINE)] if version == "missing"]
    if missing:
        sentence = f"Missing: {', '.join(missing)}. Install dmpkit again."
    return Seen(pd.DataFrame(rows, columns=["part", "here", "what for"]), sentence)


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def data_present() -> Seen:
    """Which studies can run here, and how to fetch the data of the others.

    Nothing is downloaded. A file that is here is checked against the hash of the
    version that was used.

    Returns
    -------
    Seen
        Columns ``study``, ``data`` (``comes with dmpkit``, ``downloaded``, ``to be
        fetched`` with the size, or ``damaged``) and ``command``.

    Examples
    --------
    >>> seen = data_present()
    >>> seen.frame.set_index("study").loc["lipset-1963", "data"]
    'comes with dmpkit'
    """
    import pandas as pd

    rows = [_data_row(study) for study in _readable()]
    frame = pd.DataFrame(rows, columns=["study", "data", "command"])
    waiting = int((frame["command"] != "").sum())
    sentence = f"{len(frame) - waiting} of {len(frame)} studies have all their data here."
    if waiting:
        sentence += " For the others write the command into a terminal, or `dmpkit fetch --all`."
    return Seen(frame, sentence)


def _data_row(study: Any) -> tuple[str, str, str]:
    command = f"dmpkit fetch {study.slug}"
    try:
        missing = study.missing_data()
    except DataError:
        return study.slug, "damaged", f"dmpkit check {study.slug}"
    if missing:
        size = sum(item.bytes or 0 for item in study.data if item.name in missing)
        return study.slug, f"to be fetched ({_size(size)})", command
    held = any(item.download for item in study.data)
    return study.slug, "downloaded" if held else "comes with dmpkit", ""


def _size(n_bytes: int) -> str:
    """A size that a person reads.

    >>> _size(1_400_000), _size(26_000), _size(0)
    ('1.4 MB', '26 kB', 'size not stated')
    """
    if not n_bytes:
        return "size not stated"
    return f"{n_bytes / 1e6:.1f} MB" if n_bytes >= 1e6 else f"{max(n_bytes // 1000, 1)} kB"
