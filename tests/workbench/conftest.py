"""Small studies in a temporary folder, made as an author would make them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import nbformat
import pytest

TOML = """\
title = "A toy study"
question = "Does two and two make four?"
citation = "Made for a test."
kind = "published figures"
licence = "CC0-1.0"
notebook = "{slug}.ipynb"
"""
HEADER = "figure,description,value,file,range,tolerance,where,basis\n"
OPEN = 'from dmpkit.workbench import Study\nstudy = Study.open("{slug}")'


class Bench:
    """A project folder with ``studies/`` and ``notebooks/``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def study(
        self,
        slug: str,
        figures: str,
        cells: Iterable[str],
        *,
        toml: str = "",
        files: Mapping[str, str] | None = None,
    ) -> Path:
        """Write a study whose notebook has one code cell for each text of `cells`.

        A text that starts with ``#`` and a space becomes a markdown cell.
        """
        folder = self.root / "studies" / slug
        folder.mkdir(parents=True)
        (folder / "study.toml").write_text(TOML.format(slug=slug) + toml, encoding="utf-8")
        (folder / "published.csv").write_text(HEADER + figures, encoding="utf-8")
        for name, text in (files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        book = nbformat.v4.new_notebook()
        for text in (f"# Study {slug}", OPEN.format(slug=slug), *cells):
            made = (
                nbformat.v4.new_markdown_cell(text)
                if text.startswith("# ")
                else nbformat.v4.new_code_cell(text)
            )
            made["id"] = f"cell-{len(book.cells)}"
            book.cells.append(made)
        (self.root / "notebooks").mkdir(exist_ok=True)
        nbformat.write(book, self.root / "notebooks" / f"{slug}.ipynb")
        return folder


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty project folder, which is also the current folder."""
    for name in ("DMPKIT_DATA_MIRROR", "DMPKIT_STUDIES", "DMPKIT_COLLECT_VERDICTS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DMPKIT_DATA_DIR", str(tmp_path / "cache"))
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    return Bench(root)
