"""Reproduce studies: run their notebooks in parallel and judge what came out."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import platform
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dmpkit.errors import DataError, DataNotDownloaded
from dmpkit.workbench.figures import DIFFERS, VERDICT_MIME, Verdict
from dmpkit.workbench.running import NotebookRun, read_notebook, run_notebook, wait_for
from dmpkit.workbench.study import COLLECT_VARIABLE, STUDIES_VARIABLE, Study, find_studies

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

    @property
    def failed(self) -> bool:
        """True when a figure differs, the notebook failed or the manifest is wrong."""
        return self.status not in {REPRODUCED, NOT_DOWNLOADED, NOT_RUN}

    @property
    def counts(self) -> dict[str, int]:
        """How often each verdict was given."""
        return dict(Counter(verdict.verdict for verdict in self.verdicts))

    @property
    def counts_text(self) -> str:
        """The verdicts in words: ``12 matches program, 1 differs``."""
        return ", ".join(f"{n} {verdict}" for verdict, n in self.counts.items())


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
        Gets ``executed/<slug>.ipynb`` and ``verdicts.json``.
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
    results = wait_for(_reproduce_all(list(slugs), jobs, deadline, out, report))
    _store(results, out)
    return results


async def _reproduce_all(
    slugs: list[str], jobs: int, deadline: float, out: Path, report: Reporter
) -> list[StudyResult]:
    ready = [_prepare(slug) for slug in slugs]
    report.total(sum(_code_cells(item) for item in ready if isinstance(item, Study)))
    gate = asyncio.Semaphore(jobs)
    scratch = out / "work"
    scratch.mkdir(exist_ok=True)

    async def one(item: Study | StudyResult) -> StudyResult:
        if isinstance(item, Study):
            async with gate:
                result = await _reproduce_one(item, deadline, scratch, report)
        else:
            result = item
        report.study(result)
        return result

    try:
        return list(await asyncio.gather(*(one(item) for item in ready)))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


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


async def _reproduce_one(
    study: Study, deadline: float, scratch: Path, report: Reporter
) -> StudyResult:
    roots = [str(study.folder.parent), os.environ.get(STUDIES_VARIABLE, "")]
    run = await run_notebook(
        study.notebook_path(),
        deadline=deadline,
        scratch=scratch,
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
    problems += [
        f"the figure {f.figure} is never checked" for f in study.figures if f.figure not in times
    ]
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
    )


def _verdicts(slug: str, notebook: NotebookNode) -> Iterable[Verdict]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            said = output.get("data", {}).get(VERDICT_MIME)
            if said is not None and said["study"] == slug:
                yield Verdict(**said)


def notebook_errors(notebook: NotebookNode) -> list[str]:
    """The first error of a notebook, with its cell, and how many follow."""
    found, number = [], 0
    for cell in notebook.cells:
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        number += 1
        found += [(number, o) for o in cell.outputs if o.output_type == "error"]
    if not found:
        return []
    first, error = found[0]
    lines = str(error.evalue).strip().splitlines()
    message = f"{error.ename}: {lines[0]}" if lines else str(error.ename)
    more = f" ({len(found) - 1} later cells failed too)" if len(found) > 1 else ""
    return [f"error in code cell {first}: {message}{more}"]


# --- results of earlier runs ---------------------------------------------------------


def _store(results: Iterable[StudyResult], out: Path) -> None:
    """Write the executed notebooks and the verdicts; keep those of other studies."""
    import nbformat

    from dmpkit.tables import atomic_write

    known = dict(last_results(out))
    for result in results:
        known[result.slug] = {
            "status": result.status,
            "run": result.run,
            "versions": result.versions,
            "seconds": round(result.seconds, 1),
            "counts": result.counts,
            "problems": list(result.problems),
            "verdicts": [verdict.as_dict() for verdict in result.verdicts],
        }
        if result.notebook is not None:
            with atomic_write(out / "executed" / f"{result.slug}.ipynb") as target:
                nbformat.write(result.notebook, target)  # type: ignore[no-untyped-call, unused-ignore]
    with atomic_write(out / RESULTS) as target:
        text = json.dumps(known, indent=1, ensure_ascii=False, sort_keys=True)
        target.write_text(text + "\n", encoding="utf-8")


def last_results(out: Path) -> Mapping[str, Mapping[str, Any]]:
    """What earlier runs found, by slug; empty when there were none."""
    try:
        found = json.loads((out / RESULTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


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
        if details and result.verdicts:
            rows = [
                (v.figure, v.published, v.here, v.difference_text, v.verdict)
                for v in result.verdicts
            ]
            lines += _columns([("figure", "published", "here", "difference", "verdict"), *rows])
        lines += [f"  ! {problem}" for problem in result.problems]
        blocks.append("\n".join(lines))
    return "\n\n".join([*blocks, _summary(results)])


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
