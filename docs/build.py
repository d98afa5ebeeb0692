"""Build the documentation: ``python docs/build.py [--out build/site/docs]``.

The pages written by hand, the stored notebooks and the pages that are made from
the library (API, messages, data, gallery, validation) are laid together in one
folder, Sphinx turns them into HTML, and every link inside is followed. Pictures of
the gallery are drawn, and the lines of *Coming from* and *For students* are run, while
building. Nothing is fetched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OWN = {"pages", "gallery", "build.py", "__pycache__"}
sys.path.insert(0, str(HERE))


#: Stands on the front page where the site of the studies lies beside the documentation.
STUDIES = '<p><a href="../index.html">The published studies, reproduced figure by figure</a></p>'


def lay_out(source: Path, beside_studies: bool = False) -> None:
    """Gather all pages in `source`, made afresh."""
    from pages import api, blocks, catalogue, gallery, glossary, licences, messages, validation

    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(HERE, source, ignore=lambda _, names: OWN.intersection(names))
    front = source / "index.md"
    text = front.read_text(encoding="utf-8")
    front.write_text(text.replace("<!-- studies -->", STUDIES * beside_studies), encoding="utf-8")
    scaling = source / "guide" / "scaling.md"  # with pictures that the benchmarks drew
    text = scaling.read_text(encoding="utf-8")
    scaling.write_text(text.replace("../../benchmarks/", "../benchmarks/"), encoding="utf-8")
    pictures = shutil.ignore_patterns("*.csv", "*.json", "*.md", "*.svg")
    shutil.copytree(
        ROOT / "benchmarks" / "results", source / "benchmarks" / "results", ignore=pictures
    )
    notebooks = source / "notebooks"
    notebooks.mkdir(exist_ok=True)
    for path in sorted((ROOT / "notebooks").rglob("[0-9][0-9]-*.ipynb")):
        if ".ipynb_checkpoints" in path.parts:
            continue
        target = notebooks / path.relative_to(ROOT / "notebooks")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    pages = [*(source / "coming-from").glob("*.md"), *(source / "students").glob("*.md")]
    for page in sorted(pages):  # with what their lines print
        text = page.read_text(encoding="utf-8")
        page.write_text(blocks.with_output(text, ROOT, page.name), encoding="utf-8")
    reference = source / "reference"
    api.write(reference / "api")
    gallery.write(source / "gallery")
    for name, made in (
        ("messages", messages.page()),
        ("data", catalogue.page()),
        ("validation", validation.page()),
        ("glossary", glossary.page()),
        ("licences", licences.page()),
    ):
        (reference / f"{name}.md").write_text(made, encoding="utf-8")
    for table in reference.glob("*.csv"):
        table.unlink()


def run_sphinx(source: Path, out: Path) -> int:
    """Turn the pages into HTML; a warning is a failure."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])}
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "--keep-going"]
    command += ["-j", "2", "-d", str(source.parent / "docs-doctrees"), str(source), str(out)]
    return subprocess.run(command, env=environment, check=False).returncode


#: What screen readers need and the theme leaves out.
NAMED = {
    'role="heading">': 'role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
}


def name_landmarks(out: Path) -> None:
    """Give the parts of each page that a theme leaves without a name their name."""
    for page in out.rglob("*.html"):
        text = named = page.read_text(encoding="utf-8")
        for bare, whole in NAMED.items():
            named = named.replace(bare, whole)
        if named != text:
            page.write_text(named, encoding="utf-8")


def main() -> int:
    """Build, check, and say where the pages are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "site" / "docs")
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="for what lies between")
    parser.add_argument(
        "--beside-studies", action="store_true", help="link the site of the studies one folder up"
    )
    given = parser.parse_args()
    out = given.out.resolve()
    source = given.work.resolve() / "docs-source"
    lay_out(source, given.beside_studies)
    made = source.parent / "docs-html"
    shutil.rmtree(made, ignore_errors=True)
    if code := run_sphinx(source, made):
        return code
    for picture in (source / "gallery").rglob("*.png"):  # Sphinx leaves raw images behind
        shutil.copyfile(picture, made / picture.relative_to(source))
    name_landmarks(made)
    from pages.links import broken_links

    up = {"../index.html"} if given.beside_studies else set()
    if problems := broken_links(made, up):
        print("\n".join(problems), file=sys.stderr)
        return 1
    from dmpkit.writing import replace_folder, unfinished_folder

    out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_folder(out) as new:
        shutil.copytree(made, new, dirs_exist_ok=True)
        replace_folder(new, out)
    print(f"{out.relative_to(ROOT) if out.is_relative_to(ROOT) else out.name}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
