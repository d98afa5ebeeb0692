"""Reproduce studies: run their notebooks in parallel and judge what came out."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import platform
import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dmpkit.errors import DataError, DataNotDownloaded
from dmpkit.workbench.checking import code_of, full_cells, pictures_without_words
from dmpkit.workbench.figures import DIFFERS, NOT_REPRODUCIBLE, VERDICT_MIME, Verdict
from dmpkit.workbench.manifest import OWN, PublishedFigure
from dmpkit.workbench.running import NotebookRun, read_notebook, run_notebook, wait_for
from dmpkit.workbench.study import COLLECT_VARIABLE, STUDIES_VARIABLE, Study, find_studies
from dmpkit.writing import locked, write_together

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "StudyResult",
    "earlier_results",
    "judge",
    "last_results",
    "notebook_errors",
    "package_versions",
    "reproduce",
    "verdict_table",
]

REPRODUCED = "reproduced"
FAILED = "failed"
NOT_DOWNLOADED = "data not downloaded"
NOT_RUN = "not run yet"
INVALID = "invalid"

RESULTS = "verdicts.json"
PACKAGES = (
    *("dmpkit", "numpy", "scipy", "pandas", "polars", "matplotlib", "statsmodels"),
    *("factor_analyzer", "scikit-learn"),
)


@dataclass(frozen=True)
class StudyResult:
    """The outcome of one study.

    Parameters
    ----------
    slug : str
        The study.
    status : str
        ``reproduced``, ``differs``, ``failed``, ``data not downloaded``,
        ``not run yet`` or ``invalid`` (its manifest is wrong).
    verdicts : tuple of Verdict
        One a figure that was checked, in the notebook's order.
    problems : tuple of str
        What went wrong, a sentence each.
    seconds : float
        How long the notebook took.
    notebook : NotebookNode, optional
        The executed notebook.
    study : Study, optional
        The study; None when it cannot be opened.
    run, versions : str
        When it was run, and with which versions of Python and packages.
    notes : tuple of str
        What is no failure but should be mended, e.g. a picture without a
        text alternative.
    """

    slug: str
    status: str
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[str, ...] = ()
    seconds: float = 0.0
    notebook: NotebookNode | None = field(default=None, repr=False)
    study: Study | None = field(default=None, repr=False)
    run: str = ""
    versions: str = ""
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """True when a figure differs, the notebook failed or the manifest is wrong."""
        return self.status not in {REPRODUCED, NOT_DOWNLOADED, NOT_RUN}

    @property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """What was found, by what the figures rest on: a mark and a phrase each.

        Printed and released figures, those of a program and our own are never
        added up, and what cannot be reproduced is said beside what agrees. Only
        what agrees with a source has a tick; our own have an equals sign.
        """
        return tuple(_headline(self.verdicts, self.study.figures if self.study else ()))

    @property
    def headline_text(self) -> str:
        """The headline in a line: ``1 of 5 printed figures matches, ...``."""
        return "; ".join(phrase for _, phrase in self.headline)

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict was given."""
        return dict(Counter(verdict.verdict for verdict in self.verdicts))


#: What the figures of a basis are called: one, several.
NAMES = {
    "printed": ("printed figure", "printed figures"),
    "released file": ("figure of released files", "figures of released files"),
    "program output": ("figure of the program", "figures of the program"),
    OWN: ("figure of our own", "figures of our own"),
}


def _headline(
    verdicts: Sequence[Verdict], figures: Sequence[PublishedFigure]
) -> Iterator[tuple[str, str]]:
    if not verdicts:
        return
    have = {verdict.figure for verdict in verdicts}
    for basis, (one, several) in NAMES.items():
        group = [verdict for verdict in verdicts if verdict.basis == basis]
        without = sum(f.basis == basis and f.figure not in have for f in figures)
        total = len(group) + without
        if not total:
            continue
        checked = [v for v in group if v.verdict != NOT_REPRODUCIBLE]
        good = sum(not v.differs for v in checked)
        named = f"{total} {one if total == 1 else several}"
        does = "unchanged" if basis == OWN else "matches" if good == 1 else "match"
        if checked:
            mark = "✗" if good < len(checked) else "=" if basis == OWN else "✓"
            yield mark, f"{good} of {named} {does}"
        if without:
            yield "✗", f"{_part(without, total, named)} without a verdict"
        if unable := len(group) - len(checked):
            yield "○", f"{_part(unable, total, named)} cannot be reproduced"


def _part(n: int, total: int, named: str) -> str:
    return named if n == total else f"{n} of the {named}"


class Reporter(Protocol):
    """Is told how far the studies are."""

    def total(self, cells: int) -> None:
        """How many code cells there are in all."""

    def cell(self, slug: str) -> None:
        """One more cell is done."""

    def study(self, result: StudyResult) -> None:
        """A study is done."""


class _Silent:
    def total(self, cells: int) -> None: ...
    def cell(self, slug: str) -> None: ...
    def study(self, result: StudyResult) -> None: ...


def reproduce(
    slugs: Sequence[str],
    *,
    jobs: int = 2,
    deadline: float = 600.0,
    out: Path = Path("build"),
    reporter: Reporter | None = None,
) -> list[StudyResult]:
    """Run the notebooks of studies and judge every published figure.

    Parameters
    ----------
    slugs : sequence of str
        The studies, by slug or folder.
    jobs : int
        How many notebooks run at the same time.
    deadline : float
        Seconds for each notebook.
    out : path
        Gets ``executed/<slug>.ipynb`` and ``verdicts.json``, as soon as a study is done.
    reporter : Reporter, optional
        Is told of the progress.

    Returns
    -------
    list of StudyResult
        In the order of `slugs`. A study that fails does not stop the others.
    """
    if jobs < 1 or deadline <= 0:
        raise DataError("jobs and deadline have to be greater than 0.")
    report = reporter or _Silent()
    (out / "executed").mkdir(parents=True, exist_ok=True)
    return wait_for(_reproduce_all(list(slugs), jobs, deadline, out, report))


async def _reproduce_all(
    slugs: list[str], jobs: int, deadline: float, out: Path, report: Reporter
) -> list[StudyResult]:
    ready = [_prepare(slug) for slug in slugs]
    report.total(sum(_code_cells(item) for item in ready if isinstance(item, Study)))
    gate = asyncio.Semaphore(jobs)

    async def one(item: Study | StudyResult) -> StudyResult:
        if isinstance(item, Study):
            async with gate:
                result = await _reproduce_one(item, deadline, out, report)
        else:
            result = item
        _store(result, out)  # before it is told of: what was said is there
        report.study(result)
        return result

    return list(await asyncio.gather(*(one(item) for item in ready)))


def _prepare(slug: str) -> Study | StudyResult:
    """The study when it can be run; else the result that says why not."""
    try:
        study = Study.open(slug)
        read_notebook(study.notebook_path())
    except DataError as error:
        return StudyResult(Path(slug).name, INVALID, problems=(str(error),))
    try:
        for item in study.data:
            study.path(item.name)
    except DataNotDownloaded as error:
        return StudyResult(study.slug, NOT_DOWNLOADED, problems=(str(error),), study=study)
    except DataError as error:
        return StudyResult(study.slug, INVALID, problems=(str(error),), study=study)
    return study


def _code_cells(study: Study) -> int:
    cells = read_notebook(study.notebook_path()).cells
    return sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells)


async def _reproduce_one(study: Study, deadline: float, out: Path, report: Reporter) -> StudyResult:
    roots = [str(study.folder.parent), os.environ.get(STUDIES_VARIABLE, "")]
    run = await run_notebook(
        study.notebook_path(),
        deadline=deadline,
        scratch=out,
        environment={
            COLLECT_VARIABLE: "1",
            STUDIES_VARIABLE: os.pathsep.join(filter(None, roots)),
        },
        on_cell=lambda _: report.cell(study.slug),
    )
    return judge(study, run)


def judge(study: Study, run: NotebookRun) -> StudyResult:
    """The result of a study from its executed notebook.

    A figure checked twice or never checked is a problem, and so is any
    exception in a cell, and a notebook that did not run to its end.
    """
    found = list(_verdicts(study.slug, run.notebook))
    problems = [run.problem] if run.problem else []
    problems += notebook_errors(run.notebook)
    times = Counter(verdict.figure for verdict in found)
    problems += [f"the figure {name} is checked {n} times" for name, n in times.items() if n > 1]
    problems += _unchecked(study, run.notebook, set(times))
    differs = [v for v in found if v.verdict == DIFFERS]
    status = FAILED if problems else DIFFERS if differs else REPRODUCED
    said = [f"the figure {v.figure} differs: {v}" for v in differs]
    return StudyResult(
        study.slug,
        status,
        tuple(found),
        (*said, *problems),
        run.seconds,
        run.notebook,
        study,
        datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        package_versions(),
        tuple(pictures_without_words(run.notebook)),
    )


def _verdicts(slug: str, notebook: NotebookNode) -> Iterable[Verdict]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            said = output.get("data", {}).get(VERDICT_MIME)
            if said is not None and said["study"] == slug:
                yield Verdict(**said)


def notebook_errors(notebook: NotebookNode) -> list[str]:
    r"""The errors of a notebook: cell and line, message, and below it the line itself.

    Examples
    --------
    >>> import nbformat.v4 as v4
    >>> said = v4.new_output("error", ename="AssertionError", evalue="",
    ...                      traceback=["Cell In[1], line 2", "----> 2 assert n == 2"])
    >>> cell = v4.new_code_cell("n = 1\nassert n == 2", outputs=[said])
    >>> print(*notebook_errors(v4.new_notebook(cells=[cell])))
    error in code cell 1, line 2: AssertionError (it says no more)
      assert n == 2
    """
    return [
        _error_text(number, cell.source, output)
        for number, cell in enumerate(full_cells(notebook), start=1)
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]


def _error_text(number: int, source: str, error: Any) -> str:
    said = re.sub(r" \(\S+, line \d+\)$", "", str(error.evalue).strip()).splitlines()
    message = f"{error.ename}: {said[0]}" if said else f"{error.ename} (it says no more)"
    line = _failing_line("\n".join(error.traceback))
    lines = source.splitlines()
    if line is None or line > len(lines):
        return f"error in code cell {number}: {message}"
    return f"error in code cell {number}, line {line}: {message}\n  {lines[line - 1].strip()}"


def _failing_line(traceback: str) -> int | None:
    """The line of the cell at which a traceback begins."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", traceback)
    found = re.search(r"^ *Cell In\[\d+\], line (\d+)|^line (\d+): ", plain, re.MULTILINE)
    return int(found[1] or found[2]) if found else None


def _unchecked(study: Study, notebook: NotebookNode, checked: set[str]) -> Iterator[str]:
    """Figures without a verdict, each with the cell that should have given it."""
    cells = full_cells(notebook)
    for figure in study.figures:
        if figure.figure in checked:
            continue
        number = _checking_cell(cells, figure.figure)
        name = f"the figure {figure.figure}"
        if number is None:
            yield f"{name} is never checked"
        elif any(output.output_type == "error" for output in cells[number - 1].outputs):
            yield f"{name} was called in code cell {number}, but that cell failed: no verdict"
        else:
            yield f"{name} is never checked, though code cell {number} names it"


def _checking_cell(cells: Sequence[NotebookNode], figure: str) -> int | None:
    """The cell that calls for a figure's verdict; else the first that can make its name."""
    codes = [code_of(cell) for cell in cells]
    for number, code in enumerate(codes, start=1):
        if any(called == figure for called, _ in code.checked):
            return number
    return next((n for n, code in enumerate(codes, start=1) if code.names(figure)), None)


# --- results of earlier runs ---------------------------------------------------------


def _store(result: StudyResult, out: Path) -> None:
    """Write the executed notebook and the verdicts; keep those of other studies."""
    import nbformat

    with locked(out), write_together(out) as made:
        known = {
            **last_results(out),
            result.slug: {
                "status": result.status,
                "run": result.run,
                "versions": result.versions,
                "seconds": round(result.seconds, 1),
                "counts": result.counts,
                "problems": list(result.problems),
                "verdicts": [verdict.as_dict() for verdict in result.verdicts],
            },
        }
        if result.notebook is not None:
            (made / "executed").mkdir()
            executed = made / "executed" / f"{result.slug}.ipynb"
            nbformat.write(result.notebook, executed)  # type: ignore[no-untyped-call, unused-ignore]
        text = json.dumps(known, indent=1, ensure_ascii=False, sort_keys=True)
        (made / RESULTS).write_text(text + "\n", encoding="utf-8")


def last_results(out: Path) -> Mapping[str, Mapping[str, Any]]:
    """What earlier runs found, by slug; empty when there were none."""
    try:
        found = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {slug: said for slug, said in found.items() if isinstance(said, dict)}


def earlier_results(out: Path, done: Iterable[str]) -> list[StudyResult]:
    """The studies that were not part of a run, as earlier runs left them.

    Parameters
    ----------
    out : path
        The folder of the runs.
    done : iterable of str
        The studies of the present run, which are left out.
    """
    last = last_results(out)
    rest = (slug for slug in find_studies() if slug not in set(done))
    return [_earlier(slug, last.get(slug, {}), out / "executed") for slug in rest]


def _earlier(slug: str, said: Mapping[str, Any], executed: Path) -> StudyResult:
    prepared = _prepare(slug)
    if isinstance(prepared, StudyResult):
        return prepared
    try:
        verdicts = tuple(Verdict(**one) for one in said["verdicts"])
        notebook = read_notebook(executed / f"{slug}.ipynb")
        problems, versions = tuple(said["problems"]), said["versions"]
        about = (said["status"], verdicts, problems, said["seconds"], notebook)
        return StudyResult(slug, *about, prepared, said["run"], versions)
    except (KeyError, TypeError, DataError):  # not run here, or by another version
        return StudyResult(slug, NOT_RUN, study=prepared)


@cache
def package_versions() -> str:
    """Versions of Python and of the packages that compute.

    Examples
    --------
    >>> package_versions().split()[0]
    'Python'
    """
    found = [f"Python {platform.python_version()}"]
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def verdict_table(results: Sequence[StudyResult], *, details: bool = True) -> str:
    """The verdicts as text: a block a study, a line a figure, then a summary."""
    blocks = []
    for result in results:
        kind = f" ({result.study.kind})" if result.study else ""
        lines = [
            f"{result.slug}{kind}: {result.status.upper() if result.failed else result.status}"
        ]
        if result.verdicts:
            lines.append(f"  {result.headline_text}")
        if details and result.verdicts:
            rows = [
                (v.figure, v.published, v.here, v.difference_text, v.verdict)
                for v in result.verdicts
            ]
            heads = ("figure", "compared with", "here", "difference", "verdict")
            lines += _columns([heads, *rows])
            lines += _reasons(result.verdicts)
        lines += [f"  ! {problem}".replace("\n", "\n    ") for problem in result.problems]
        lines += [f"  note: {note}" for note in result.notes]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, _summary(results)])


def _reasons(verdicts: Sequence[Verdict]) -> list[str]:
    """Why figures are not reproducible: a reason once, with all its figures."""
    figures: dict[str, list[str]] = {}
    for verdict in verdicts:
        if verdict.verdict == NOT_REPRODUCIBLE and verdict.why:
            figures.setdefault(verdict.why, []).append(verdict.figure)
    lines = [f"○ {', '.join(names)}: {why}" for why, names in figures.items()]
    wrap = textwrap.TextWrapper(
        96, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )
    return [part for line in lines for part in wrap.wrap(line)]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [min(max(len(row[i]) for row in rows), 34) for i in range(len(rows[0]))]
    return [
        "  " + "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _summary(results: Sequence[StudyResult]) -> str:
    figures: Counter[str] = Counter()
    for result in results:
        figures.update(result.counts)
    studies = Counter(result.status for result in results)
    said = ", ".join(f"{n} {status}" for status, n in studies.items()) or "none"
    counted = ", ".join(f"{n} {verdict}" for verdict, n in figures.items()) or "none"
    return f"Studies: {said}\nFigures: {counted}"
