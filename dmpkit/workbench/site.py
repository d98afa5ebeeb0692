"""The site of a run: an index and a page a study, for reading without a network.

Everything that comes from data or notebooks is escaped or cleaned; the pages
hold no script and load nothing from elsewhere, and their security policy says
so to the browser too.
"""

from __future__ import annotations

import base64
import datetime
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dmpkit
from dmpkit.errors import DmpkitError
from dmpkit.reporting import escape
from dmpkit.workbench.figures import MARKS, NOT_REPRODUCIBLE, VERDICT_MIME, Verdict
from dmpkit.workbench.manifest import KINDS
from dmpkit.workbench.reproduce import (
    NOT_DOWNLOADED,
    NOT_RUN,
    REPRODUCED,
    StudyResult,
    package_versions,
)
from dmpkit.workbench.safe_html import Outline, clean, markdown, mathml
from dmpkit.workbench.safe_svg import clean_svg
from dmpkit.workbench.study import Study
from dmpkit.writing import replace_folder, unfinished_folder

if TYPE_CHECKING:
    from jinja2 import Environment
    from nbformat import NotebookNode

__all__ = ["build_site"]

TEMPLATES = Path(__file__).resolve().parent / "templates"
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


def build_site(results: Sequence[StudyResult], folder: Path) -> Path:
    """Write the site of a run; the old one stays until the new one is whole.

    The documentation (``docs`` in the folder, where it was built) is kept and linked.

    Parameters
    ----------
    results : sequence of StudyResult
        One a study; the index lists them by slug.
    folder : path
        Where the site goes.

    Returns
    -------
    path
        The index page.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_folder(folder) as new:
        if (folder / "docs" / "index.html").is_file():
            shutil.copytree(folder / "docs", new / "docs")
        _write_site(results, new)
        replace_folder(new, folder)
    return folder / "index.html"


def _write_site(results: Sequence[StudyResult], folder: Path) -> None:
    (folder / "assets").mkdir()
    style = (TEMPLATES / "site" / "style.css").read_text(encoding="utf-8")
    (folder / "assets" / "style.css").write_text(style + _code_colours(), encoding="utf-8")
    shutil.copyfile(TEMPLATES / "site" / "icon.svg", folder / "assets" / "icon.svg")
    environment = _environment()
    verdicts = [verdict for result in results for verdict in result.verdicts]
    n_open = sum(verdict.verdict == NOT_REPRODUCIBLE for verdict in verdicts)
    index = environment.get_template("index.html.j2").render(
        results=sorted(results, key=lambda result: result.slug),
        n_run=sum(result.notebook is not None for result in results),
        n_checked=len(verdicts) - n_open,
        n_open=n_open,
        invalid=[result for result in results if result.study is None],
        kinds=KINDS,
        documentation=(folder / "docs" / "index.html").is_file(),
    )
    (folder / "index.html").write_text(index, encoding="utf-8")
    links = {r.study.notebook: f"{r.slug}.html" for r in results if r.study is not None}
    for result in results:
        if result.study is not None:
            page = _study_page(environment, result, result.study, folder, links)
            (folder / f"{result.slug}.html").write_text(page, encoding="utf-8")


def _study_page(
    environment: Environment,
    result: StudyResult,
    study: Study,
    folder: Path,
    links: Mapping[str, str],
) -> str:
    from markupsafe import Markup

    body = ""
    if result.notebook is not None:
        body = _notebook_html(result.notebook, study, folder, links)
    module = environment.get_template("verdicts.html.j2").module
    return environment.get_template("study.html.j2").render(
        result=result,
        study=study,
        kinds=KINDS,
        sourced=[verdict for verdict in result.verdicts if not verdict.is_own],
        own=[verdict for verdict in result.verdicts if verdict.is_own],
        verdict_table=module.verdict_table,  # type: ignore[attr-defined]
        body=Markup(body),  # noqa: S704 (every part was cleaned)
        versions=result.versions or package_versions(),
        hashes={item.name: _hash(study, item.name) for item in study.data},
    )


def _hash(study: Study, name: str) -> str:
    from dmpkit.datasets import sha256

    try:
        return sha256(study.path(name))
    except DmpkitError:
        return study.file(name).sha256 or "–"


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES / "site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    today = datetime.datetime.now(datetime.UTC).date()
    environment.globals.update(
        policy=POLICY, version=dmpkit.__version__, made=f"{today.day} {today:%B %Y}"
    )
    environment.filters.update(
        status_class=lambda result: _STATUS.get(result.status, ("wrong", "✗"))[0],
        status_mark=lambda result: _STATUS.get(result.status, ("wrong", "✗"))[1],
        mark_class=_mark_class,
        verdict_class=lambda verdict: _mark_class(MARKS.get(verdict.verdict, "✓")),
        verdict_mark=lambda verdict: MARKS.get(verdict.verdict, "✓"),
    )
    return environment


_STATUS = {
    REPRODUCED: ("good", "✓"),
    NOT_DOWNLOADED: ("open", "○"),
    NOT_RUN: ("open", "○"),
}


def _mark_class(mark: str) -> str:
    return {"✓": "good", "✗": "wrong"}.get(mark, "open")


# --- the notebook's cells -------------------------------------------------------------


def _notebook_html(
    notebook: NotebookNode, study: Study, folder: Path, links: Mapping[str, str]
) -> str:
    """The cells of an executed notebook, through nbconvert and our template."""
    from nbconvert import HTMLExporter

    cells = _Cells(study, folder, links)
    exporter = HTMLExporter(  # type: ignore[no-untyped-call, unused-ignore]
        template_name="site",
        extra_template_basedirs=[str(TEMPLATES)],
        template_file="notebook.html.j2",
        filters={
            "markdown2html": cells.markdown,
            "highlighted": cells.code,
            "shown": cells.outputs,
        },
    )
    body, _ = exporter.from_notebook_node(notebook)
    return str(body)


@dataclass
class _Cells:
    """Turns parts of cells into safe HTML; pictures become files of the site."""

    study: Study
    folder: Path
    links: Mapping[str, str]
    pictures: int = 0

    def __post_init__(self) -> None:
        self.outline = Outline(self.study.title)

    def markdown(self, source: str) -> str:
        return markdown(source, self.outline, self.links)

    def code(self, source: str) -> str:
        from pygments import highlight  # type: ignore[import-untyped, unused-ignore]
        from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped, unused-ignore]
        from pygments.lexers import PythonLexer  # type: ignore[import-untyped, unused-ignore]

        return str(highlight(source, PythonLexer(), HtmlFormatter(cssclass="highlight")))

    def outputs(self, outputs: Sequence[Any]) -> str:
        """All outputs of a cell; verdicts that follow each other share a table."""
        made = []
        for are_verdicts, group in groupby(outputs, _is_verdict):
            if are_verdicts:
                table = _environment().get_template("verdicts.html.j2").module
                verdicts = [Verdict(**output.data[VERDICT_MIME]) for output in group]
                made.append(str(table.verdict_table(verdicts)))  # type: ignore[attr-defined]
            else:
                made += map(self.output, group)
        return "\n".join(made)

    def output(self, output: Any) -> str:
        if output.output_type == "stream":
            klass = "out stderr" if output.name == "stderr" else "out"
            return f'<div class="{klass}">{_pre(output.text)}</div>'
        if output.output_type == "error":
            return f'<div class="out failed">{_pre(_traceback(output))}</div>'
        return f'<div class="out">{self.data(output.data, output.metadata)}</div>'

    def data(self, data: Any, about: Any) -> str:
        if "text/html" in data:
            return clean(data["text/html"], self.outline)
        if "text/markdown" in data:
            return markdown(data["text/markdown"], self.outline, self.links)
        if "text/latex" in data:
            tex = data["text/latex"].strip()
            return mathml(tex.strip("$"), block=tex.startswith("$$") or not tex.startswith("$"))
        for mime, ending in (("image/png", "png"), ("image/jpeg", "jpg"), ("image/svg+xml", "svg")):
            if mime in data:
                return self.picture(data[mime], ending, about.get(mime, {}).get("alt", ""))
        return _pre(data.get("text/plain", ""))

    def picture(self, content: str, ending: str, alt: str) -> str:
        self.pictures += 1
        name = f"{self.study.slug}-{self.pictures}.{ending}"
        cleaned = clean_svg(content) if ending == "svg" else ""
        if cleaned is None:
            return "<p>[a picture that is no plain SVG was left out]</p>"
        raw = cleaned.encode() or base64.b64decode(content)
        (self.folder / "assets" / name).write_bytes(raw)
        text = alt or f"picture {self.pictures} of the notebook, without a description"
        image = f'<img src="assets/{escape(name)}" alt="{escape(text)}">'
        return f'<figure class="picture"><a href="assets/{escape(name)}">{image}</a></figure>'


def _is_verdict(output: Any) -> bool:
    return VERDICT_MIME in output.get("data", {})


def _pre(text: str) -> str:
    return f"<pre>{escape(ANSI.sub('', text))}</pre>"


def _traceback(output: Any) -> str:
    lines = [ANSI.sub("", line) for line in output.traceback]
    return "\n".join(lines) or f"{output.ename}: {output.evalue}"


def _code_colours() -> str:
    """Colours of code, each with a contrast of at least 4.5 on its background."""
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped, unused-ignore]
    from pygments.style import Style  # type: ignore[import-untyped, unused-ignore]
    from pygments.token import (  # type: ignore[import-untyped, unused-ignore]
        Comment,
        Error,
        Keyword,
        Name,
        Number,
        Operator,
        String,
        Token,
    )

    class Journal(Style):  # type: ignore[misc, unused-ignore]
        background_color = "#f5f3ed"
        styles = {  # noqa: RUF012 (pygments wants a plain mapping)
            Token: "#1c1e21",
            Comment: "italic #5a5f66",
            Keyword: "bold #6a2152",
            Operator.Word: "bold #6a2152",
            Name.Function: "#1f4e8c",
            Name.Class: "#1f4e8c",
            Name.Decorator: "#6a2152",
            Name.Builtin: "#1f4e5f",
            String: "#1d5b38",
            Number: "#8a3b00",
            Error: "#9c1c1c",
        }

    return "\n" + str(HtmlFormatter(style=Journal).get_style_defs(".highlight")) + "\n"
