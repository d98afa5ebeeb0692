"""The command line: ``dmpkit`` and ``python -m dmpkit``."""
# ruff: noqa: D301 (click keeps lines together after a backspace character)

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dmpkit import __version__
from dmpkit.errors import DataError, DmpkitError, legible
from dmpkit.wording import counted

if TYPE_CHECKING:
    from dmpkit.workbench.reproduce import StudyResult
    from dmpkit.workbench.storing import Stored

EXIT_CODES = """\b
Exit codes:
  0  everything is in order
  1  a figure differs, a study or a download failed
  2  the command line or a study's files are wrong
  130  it was stopped with Ctrl+C
"""


def _say(text: object = "", *, err: bool = False, nl: bool = True) -> None:
    """A line for the terminal; what is quoted from files cannot steer it."""
    click.echo(legible(str(text)), err=err, nl=nl)


class _Group(click.Group):
    """Says what is wrong in a sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with warnings.catch_warnings():
                warnings.showwarning = _say_warning
                return super().invoke(ctx)
        except DataError as error:
            _say_error(error)
            ctx.exit(2)
        except DmpkitError as error:
            _say_error(error)
            ctx.exit(1)
        except BrokenPipeError:
            raise  # click ends quietly when nobody reads on
        except OSError as error:
            _say_error(_system_error(error))
            ctx.exit(1)
        except KeyboardInterrupt:
            _say("\nStopped. Files that were finished are kept; none is half written.", err=True)
            ctx.exit(130)


def _system_error(error: OSError) -> Exception:
    """What the system said of a file, as a sentence; other errors as they are."""
    if error.filename is None or not error.strerror:
        raise error
    return DataError(f"The system says: {error.strerror}.", file=str(error.filename))


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    """A warning as a sentence, without the line of the program that gives it."""
    _say(f"Note: {message}", err=True)


def _say_error(error: Exception) -> None:
    _say(f"Error: {error}", err=True)


@click.group(
    cls=_Group, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(__version__, prog_name="dmpkit")
def main() -> None:
    """Reproduce and evaluate studies of deliberative mini-publics.

    \b
    Examples:
      dmpkit studies
      dmpkit reproduce lipset-1963
      dmpkit new my-study --template qmethod
    """
    # jsonschema builds forty grammars for international addresses as nbformat
    # loads, a second each time; no notebook asks for one
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


OUT = click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build"),
    show_default=True,
    help="Folder for what is made.",
)
JOBS = click.option(
    "--jobs",
    "-j",
    type=click.IntRange(1),
    default=2,
    show_default=True,
    help="Notebooks that run at the same time.",
)
DEADLINE = click.option(
    "--deadline",
    type=click.FloatRange(0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds that each notebook may take.",
)


# --- studies ----------------------------------------------------------------------------


@main.command(epilog="Example: dmpkit studies")
@OUT
def studies(out: Path) -> None:
    """List the studies: kind, data, number of figures, last verdict."""
    from dmpkit.workbench.reproduce import last_results
    from dmpkit.workbench.study import find_studies

    last = last_results(out)
    rows = [_study_row(slug, last.get(slug, {})) for slug in find_studies()]
    if not rows:
        _say("There are no studies here. Start one: dmpkit new my-study")
        return
    heads = ("study", "kind", "data", "figures", "last verdict")
    for line in _columns([heads, *rows]):
        _say(line)
    if any(row[2] == "damaged" for row in rows) or any(row[1] == "invalid" for row in rows):
        _say("\nWhat is wrong: dmpkit check STUDY")


def _study_row(slug: str, last: Any) -> tuple[str, ...]:
    from dmpkit.workbench.study import Study

    said = ", ".join(f"{n} {verdict}" for verdict, n in last.get("counts", {}).items())
    verdict = f"{last.get('status', 'not run')}{f': {said}' if said else ''}"
    try:
        study = Study.open(slug)
    except DataError:
        return slug, "invalid", "–", "–", verdict
    try:
        data = "present" if study.data_present() else "not downloaded"
    except DataError:
        data = "damaged"
    return slug, study.kind, data, str(len(study.figures)), verdict


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


# --- reproduce --------------------------------------------------------------------------


class _Progress:
    """A bar in a terminal; in a log, a line a study."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self.bar = tqdm(unit="cell", disable=None, leave=False, file=sys.stderr)

    def total(self, cells: int) -> None:
        self.bar.reset(total=cells)

    def cell(self, slug: str) -> None:
        self.bar.set_description(slug, refresh=False)
        self.bar.update()

    def study(self, result: StudyResult) -> None:
        seconds = f" ({result.seconds:.0f} s)" if result.seconds else ""
        self.bar.write(f"{result.slug}: {result.status}{seconds}", file=sys.stderr)

    def close(self) -> None:
        self.bar.close()


@main.command(epilog=EXIT_CODES)
@click.argument("slugs", nargs=-1, metavar="[STUDY]...")
@JOBS
@DEADLINE
@OUT
def reproduce(slugs: tuple[str, ...], jobs: int, deadline: float, out: Path) -> None:
    """Run studies and compare every published figure with what comes out.

    Without a STUDY all are run. Each notebook runs in a fresh kernel; a study
    that fails does not stop the others. The verdicts are printed and a site is
    written to build/site/. A study whose data are not on this computer is
    listed as "data not downloaded", which is not a failure.

    \b
    Examples:
      dmpkit reproduce
      dmpkit reproduce lipset-1963 --deadline 120
      dmpkit reproduce --jobs 4 --out results
    """
    from dmpkit.workbench import reproduce as running
    from dmpkit.workbench.site import build_site
    from dmpkit.workbench.study import Study, find_studies

    chosen = list(dict.fromkeys(slugs)) or find_studies()
    if not chosen:
        raise DataError("There are no studies here.", remedy="Start one: dmpkit new my-study")
    for slug in chosen:
        if slug not in find_studies() and not Path(slug).is_dir():
            Study.open(slug)  # says that there is none, and which there are
    progress = _Progress()
    try:
        results = running.reproduce(
            chosen, jobs=jobs, deadline=deadline, out=out, reporter=progress
        )
    finally:
        progress.close()
    earlier = running.earlier_results(out, [result.slug for result in results])
    index = build_site([*results, *earlier], out / "site")
    _say(running.verdict_table(results))
    _say(f"Site: {index}")
    if any(result.status == running.INVALID for result in results):
        sys.exit(2)
    if any(result.failed for result in results):
        sys.exit(1)


# --- fetch ------------------------------------------------------------------------------


@main.command(epilog=EXIT_CODES)
@click.argument("slugs", nargs=-1, metavar="[STUDY]...")
@click.option("--all", "everything", is_flag=True, help="The data of all studies.")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write FOLDER/<study>/<file> instead of the cache, e.g. for a class without network.",
)
def fetch(slugs: tuple[str, ...], everything: bool, to: Path | None) -> None:
    """Download data that others hold, at a fixed version, and check them.

    A file that arrives broken or changed is not kept. With DMPKIT_DATA_MIRROR
    set to a folder written by --to, files are taken from there instead of the
    network. They are kept in DMPKIT_DATA_DIR, or in your cache folder.

    \b
    Examples:
      dmpkit fetch polycrisis-2024
      dmpkit fetch --all --to class-data
    """
    from dmpkit.workbench.downloads import DownloadFailed, fetch_file
    from dmpkit.workbench.study import Study, find_studies

    if bool(slugs) == everything:
        raise click.UsageError("Name one or more studies, or say --all.")
    failed: dict[str, list[str]] = {}  # what happened: to which files
    for slug in slugs or find_studies():
        study = Study.open(slug)
        items = [item for item in study.data if item.download]
        if not items and slugs:
            _say(f"{study.slug}: all its data come with it")
        for item in items:
            try:
                path = fetch_file(study.slug, item, to)
            except DownloadFailed as error:
                failed.setdefault(error.message, []).append(error.file)
            else:
                _say(f"{study.slug}: {path} ({path.stat().st_size:,} bytes, {item.licence})")
    for message, files in failed.items():
        named = ", ".join(filter(None, files))
        _say(f"Error: {named}: {message}" if named else f"Error: {message}", err=True)
    if failed:
        sys.exit(1)


# --- new, check -------------------------------------------------------------------------


@main.command(epilog=EXIT_CODES)
@click.argument("slug")
@click.option("--template", default="qmethod", show_default=True, help="What to start from.")
@click.option("--empty", is_flag=True, help="With the template evaluation: a folder to fill in.")
@click.option("--workbook", is_flag=True, help="With --empty: an Excel workbook, a sheet a table.")
def new(slug: str, template: str, empty: bool, workbook: bool) -> None:
    """Start a study: a folder, and a notebook that runs at once.

    The template's data are synthetic; put yours in their place. Nothing that
    exists is overwritten. It is made in studies/ and notebooks/ of the project.
    With --empty (template evaluation) SLUG is a path, and only a folder of tables
    with headings and a guide is made there: take this for an evaluation of yours.

    \b
    Templates, by what you have:
      qmethod             sorts of statements
      representativeness  a list of members, or counts, and a population
      impact              recommendations with dates
      coding              texts and codes
      evaluation          a folder of ratings and records
      published-figures   tables in print
      raw-data            released data, yours or downloaded
      software-reference  another program's numbers on the same data

    \b
    Examples:
      dmpkit new climate-jury-2025 --template qmethod
      dmpkit new what-became-of-it --template impact
      dmpkit new our-assembly --template evaluation
      dmpkit new our-assembly --template evaluation --empty
    """
    from dmpkit.workbench.creating import new_study

    if empty or workbook:
        _new_empty(slug, template, workbook)
        return
    folder, notebook = new_study(slug, template)
    _say(f"Made {_shown(folder)}{os.sep} and {_shown(notebook)}")
    _say(f"Next: dmpkit reproduce {slug}   then: dmpkit lab")
    if template == "evaluation":
        _say(f"The report: dmpkit report {slug}   an empty folder: add --empty")


def _new_empty(name: str, template: str, workbook: bool) -> None:
    from dmpkit.workbench.evaluation_folder import empty_folder, empty_workbook

    if template != "evaluation":
        raise click.UsageError("--empty and --workbook go with --template evaluation.")
    if workbook:
        made = empty_workbook(Path(name).with_suffix(".xlsx"))
        _say(f"Made {_shown(made)}; its first sheet says what each of the others is for")
    else:
        made = empty_folder(Path(name))
        _say(f"Made {_shown(made)}{os.sep}; begin with {_shown(made / 'GUIDE.html')}")
    _say(f"Next: dmpkit check {_shown(made)}   then: dmpkit report {_shown(made)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


@main.command(epilog=EXIT_CODES)
@click.argument("study")
def check(study: str) -> None:
    """Check a study's files without running its notebook, or those of an evaluation.

    STUDY is a slug or the path of a study's folder. Keys, hashes, the
    published tables and the figures named in the notebook's code are looked at,
    and whether the notebook's pictures have text alternatives. Of the folder or
    workbook of an evaluation every mistake is listed, with file, row and column.

    \b
    Examples:
      dmpkit check lipset-1963
      dmpkit check studies/my-study
      dmpkit check our-assembly
    """
    if _is_evaluation(Path(study)):
        _check_evaluation(study)
        return
    from dmpkit.workbench.checking import check_study
    from dmpkit.workbench.study import Study

    opened = Study.open(study)
    problems, notes = check_study(opened)
    if all((opened.folder / name).is_file() for name in ("about.csv", "ratings.csv")):
        from dmpkit.workbench.evaluating import check_evaluation

        tables = check_evaluation(opened.folder)
        problems += [str(error) for error in tables.errors]
    for note in notes:
        _say(f"note: {note}")
    for problem in problems:
        _say(f"problem: {problem}")
    if problems:
        _say(f"{opened.slug}: {counted(len(problems), 'problem')}")
        sys.exit(2)
    figures = counted(len(opened.figures), "figure")
    _say(f"{opened.slug}: in order ({figures}, {opened.kind})")
    _say(f"The notebook was not run. To compare its figures: dmpkit reproduce {study}")


def _is_evaluation(place: Path) -> bool:
    """A folder of an evaluation that is no study, or a workbook."""
    from dmpkit.evaluation.folder_check import known_files

    if place.is_dir():
        is_study = (place / "study.toml").is_file()
        return not is_study and any((place / name).is_file() for name in known_files())
    return place.is_file() and place.suffix.lower() in (".xlsx", ".xlsm")


def _check_evaluation(place: str) -> None:
    from dmpkit.workbench.evaluating import check_evaluation

    found = check_evaluation(place)
    for note in found.notes:
        _say(f"note: {note}")
    for error in found.errors:
        _say(f"problem: {error}")
    if not found.in_order:
        _say(f"{found.place}: {counted(len(found.errors), 'problem')}")
        sys.exit(2)
    _say(f"{found.place}: {found.verdict} ({counted(len(found.rows), 'table')})")
    _say(f"The report: dmpkit report {place}")


@main.command(epilog=EXIT_CODES)
@click.argument("study")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    required=True,
    help="What to write: a folder, or a file that ends in .zip.",
)
@click.option(
    "--author",
    "authors",
    multiple=True,
    help='Who deposits it, e.g. "Name <https://orcid.org/...>"; may be given several times.',
)
@DEADLINE
@OUT
def deposit(study: str, to: Path, authors: tuple[str, ...], deadline: float, out: Path) -> None:
    """Write a study as a package for a repository (an RO-Crate).

    It holds the study's files, the notebook as it ran, the verdicts, versions,
    licences and a SHA-256 for each file. The notebook is run unless the last run
    still holds. Data of others are named with address and SHA-256, never packed.
    Nothing that exists is overwritten.

    \b
    Examples:
      dmpkit deposit ccc-2021 --to ccc-2021-crate
      dmpkit deposit my-study --to my-study.zip --author "A. Name"
    """
    from dmpkit.workbench.deposit import deposit as write

    made = write(study, to, authors=authors, out=out, deadline=deadline)
    _say(f"Made {_shown(made.path)}: {counted(len(made.packed), 'file')}, {made.status}")
    for name in made.referenced:
        _say(f"named with address and SHA-256, not packed: {name}")
    if made.referenced:
        _say("The notebook's outputs are packed: look at what they show of those data.")
    for name in made.left_out:
        _say(f"left out, since study.toml does not name it: {name}")
    if not authors:
        _say('It names no author: say --author "Name <https://orcid.org/...>".')


# --- qsort ------------------------------------------------------------------------------


@main.command(epilog=EXIT_CODES)
@click.argument("study")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder for the pages [default: this one].",
)
@click.option("--cards", is_flag=True, help="Also cards to print and cut.")
@click.option("--sheet", is_flag=True, help="Also a sheet to write a sort on.")
@click.option("--texts", type=click.Path(path_type=Path), help="A translation (JSON).")
@click.option("--write-texts", is_flag=True, help="Also write all texts, to be translated.")
def qsort(
    study: str, to: Path, cards: bool, sheet: bool, texts: Path | None, write_texts: bool
) -> None:
    """Make the page on which participants sort the statements of a Q set.

    STUDY is a study, an instrument that comes with dmpkit, a folder with
    statements.csv, or a file with statements. The page is one HTML file that
    needs no server and sends nothing; each participant saves a file.

    \b
    Examples:
      dmpkit qsort governance-instrument --cards --sheet
      dmpkit qsort lipset-1963 --to pages
      dmpkit qsort my-q-set.csv --texts deutsch.json
    """
    from dmpkit.workbench.instruments import open_instrument, read_translation, write_pages

    instrument = open_instrument(study)
    words = read_translation(texts) if texts else None
    for path in write_pages(
        instrument, to, cards=cards, sheet=sheet, texts=words, texts_file=write_texts
    ):
        _say(_shown(path))
    _say(f"{instrument!r}")
    _say("Read the files that participants save with qm.read_sorts(FOLDER).")


# --- report -----------------------------------------------------------------------------


@main.command(epilog=EXIT_CODES)
@click.argument("folder")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The page to write [default: report.html in the folder].",
)
@click.option("--pdf", is_flag=True, help="Also as PDF, printed by the browser of this computer.")
@click.option("--confidential", is_flag=True, help="With what is held back from the public report.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of every draw.")
@click.option("--group", help="Attribute in people.csv by which talk and votes are compared.")
@click.option("--texts", type=click.Path(path_type=Path), help="A translation (JSON).")
@click.option(
    "--write-texts",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write all texts to a file, to be translated, and stop.",
)
def report(
    folder: str,
    out: Path | None,
    pdf: bool,
    confidential: bool,
    seed: int,
    group: str | None,
    texts: Path | None,
    write_texts: Path | None,
) -> None:
    """Write the report of an evaluation from its folder of tables.

    FOLDER holds ratings.csv and whatever else there is (or is one workbook, or
    the slug of a study). The page needs no network; all records that may be
    published lie beside it as JSON and CSV. Held back, unless --confidential:
    incidents that do not say that they are public, and source, date, link and
    note of evidence that says it is not. Mistakes in the tables are listed all at
    once, and nothing is written then.

    \b
    Examples:
      dmpkit report our-assembly
      dmpkit report our-assembly --pdf --out report-2025.html
      dmpkit report our-assembly.xlsx --confidential
    """
    from dmpkit.evaluation.report_texts import read_texts
    from dmpkit.workbench.evaluating import evaluate, evaluation_folder

    if write_texts:
        _write_texts(write_texts)
        return
    words = read_texts(texts) if texts else None
    place = evaluation_folder(folder)
    name = "report-confidential.html" if confidential else "report.html"
    page = out or (place if place.is_dir() else place.parent) / name
    if page.suffix.lower() not in (".html", ".htm"):
        raise DataError("The name of the page must end in .html.", file=page)
    if not page.parent.is_dir():
        raise DataError(f"The folder {page.parent.name!r} does not exist.")
    evaluation = evaluate(place, seed=seed, confidential=confidential, group=group)
    evaluation.report(page, texts=words)
    for sentence in evaluation.verdict.sentences():
        _say(sentence)
    _say(f"Page: {_shown(page.resolve())}")
    _say(f"Records: {_shown(page.resolve().with_suffix(''))}-records.json and -records{os.sep}")
    if pdf:
        from dmpkit.workbench.printing import print_pdf

        _say(f"PDF: {_shown(print_pdf(page, page.with_suffix('.pdf')).resolve())}")


def _write_texts(path: Path) -> None:
    """All texts of the report as JSON; nothing is overwritten."""
    import json

    from dmpkit.evaluation.report_texts import TEXTS
    from dmpkit.writing import atomic_write, sweep

    sweep(path.parent)
    if path.exists():
        raise DataError("The file is there already; it was left as it is.", file=path)
    with atomic_write(path) as target:
        target.write_text(json.dumps(dict(TEXTS), indent=1, ensure_ascii=False) + "\n", "utf-8")
    _say(f"Made {_shown(path)}; translate it, then: dmpkit report FOLDER --texts {path}")


# --- screen -----------------------------------------------------------------------------


@main.command(epilog=EXIT_CODES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--new", "start", is_flag=True, help="Write an empty sheet, and the folder for it.")
@click.option("--on", metavar="DATE", help="Day of the screening, year-month-day [default: today].")
def screen(folder: Path, start: bool, on: str | None) -> None:
    """Screen a commission before it is taken on: go, renegotiate or decline.

    FOLDER holds the sheet flags.csv. In a folder without one an empty sheet with
    questions and guidance is written; --new makes the folder too. Nothing that
    exists is overwritten.
    A filled sheet gives one page (screen.html) with verdict and reasons, and is
    kept in screen.json as the baseline of the final report. A question without
    an answer is never counted as fine. The exit code does not tell the verdict.

    \b
    Examples:
      dmpkit screen new-commission --new
      dmpkit screen new-commission
    """
    from dmpkit.evaluation.baseline import save_baseline
    from dmpkit.evaluation.screen import GUIDANCE, has_sheet, new_sheet, read_screen

    if start or (folder.is_dir() and not has_sheet(folder)):
        sheet = new_sheet(folder)
        _say(f"Made {_shown(sheet)} with its guidance, {GUIDANCE}")
        _say(f"Next: fill it in, then: dmpkit screen {folder}")
        return
    result = read_screen(folder, on=on)
    kept = save_baseline(result, folder)
    page = result.report(folder / "screen.html")
    _say(f"{result.verdict}: {result.name}")
    for reason in result.reasons:
        _say(f"- {reason}")
    _say(f"Page: {_shown(page)}")
    _say(f"Kept: {_shown(kept)}" if kept else "Nothing was kept: no question is answered.")


# --- notebooks, lab ---------------------------------------------------------------------

START = "00-start.ipynb"


@main.command(epilog=EXIT_CODES)
@click.argument("names", nargs=-1, metavar="[NOTEBOOK]...")
@JOBS
@DEADLINE
def notebooks(names: tuple[str, ...], jobs: int, deadline: float) -> None:
    """Run notebooks and store their outputs in them.

    Without a NOTEBOOK all below notebooks/ are run. One that fails, or whose
    data are not downloaded, keeps the outputs that it has.

    \b
    Examples:
      dmpkit notebooks
      dmpkit notebooks 10-lipset-1963.ipynb
    """
    from tqdm import tqdm

    from dmpkit.workbench.storing import all_notebooks, store_outputs

    chosen = all_notebooks(names)
    bar = tqdm(total=len(chosen), unit=" notebooks", disable=None, leave=False, file=sys.stderr)

    def say(stored: Stored) -> None:
        bar.clear()
        if stored.outcome == "failed":
            message = "".join(f"\n  {line}" for line in stored.message.splitlines())
        else:
            message = f" ({stored.message})" if stored.message else ""
        _say(f"{stored.notebook.name}: {stored.outcome}{message}")
        bar.update()

    with bar:
        done = store_outputs(chosen, jobs=jobs, deadline=deadline, on_done=say)
    if any(stored.outcome == "failed" for stored in done):
        sys.exit(1)


@main.command(
    context_settings={"ignore_unknown_options": True},
    epilog="Example: dmpkit lab --no-browser --port 8889",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[JUPYTERLAB OPTION]...")
def lab(arguments: tuple[str, ...]) -> None:
    """Open JupyterLab on the notebooks, at 00-start.ipynb.

    Where there is no notebooks/ folder, those that come with dmpkit are copied
    into ./notebooks first.
    """
    import subprocess
    from importlib.util import find_spec

    from dmpkit.errors import MissingDependency

    if find_spec("jupyterlab") is None:
        raise MissingDependency("jupyterlab", "lab", "It shows the notebooks.")
    folder = _lab_folder()
    command = [sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}"]
    if (folder / START).is_file():
        command.append(f"--LabApp.default_url=/lab/tree/{START}")
    command += arguments
    if os.name == "posix":  # JupyterLab takes this process's place, and its signals
        os.execv(sys.executable, command)  # noqa: S606 (our own Python, the user's options)
    sys.exit(subprocess.call(command))  # noqa: S603


def _lab_folder() -> Path:
    import shutil

    from dmpkit.datasets import notebooks_path
    from dmpkit.workbench.storing import notebooks_folder
    from dmpkit.writing import new_folder, write_together

    folder = notebooks_folder()
    if folder.resolve() == notebooks_path().resolve() and "_shipped" in folder.parts:
        target = Path.cwd() / "notebooks"
        with write_together(target) if target.is_dir() else new_folder(target) as made:
            for notebook in sorted(folder.rglob("*.ipynb")):
                place = notebook.relative_to(folder)
                if not (target / place).exists():
                    (made / place).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(notebook, made / place)
        _say(f"The notebooks were copied to {target}")
        return target
    return folder
