"""The gallery: every plot, drawn while building, with the code under it."""

from pathlib import Path


def write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.md").write_text("# Gallery\n")
