"""The data catalogue: what comes with dmpkit, what is downloaded, under which licence."""

from __future__ import annotations

from dmpkit import datasets
from dmpkit.workbench.study import Study, find_studies


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")


def _packages() -> list[str]:
    rows = ["| data package | what it is | tables | licence |", "|---|---|---|---|"]
    for name in datasets.names():
        package = datasets.info(name)
        licence = ", ".join(str(x.get("name", "")) for x in package.descriptor["licenses"])
        tables = ", ".join(f"`{r}`" for r in package.resources)
        rows.append(f"| `{name}` | {_cell(package.title)} | {tables} | {_cell(licence)} |")
    return rows


def _files() -> tuple[list[str], list[str]]:
    """Rows of the files that come with studies, and of those that are downloaded."""
    shipped, fetched = [], []
    for slug in find_studies():
        study = Study.open(slug)
        for item in study.data:
            what = _cell(item.description)
            if item.download:
                licence = _cell(item.licence or study.licence)
                size = f"{(item.bytes or 0) / 1000:,.0f} kB"
                short = f"`{(item.sha256 or '')[:12]}…`"
                fetched.append(
                    f"| `{slug}` | [{_cell(item.file)}]({item.url}) | {what} | {size} | {short} "
                    f"| {licence} |"
                )
            else:
                licence = _cell(study.licence)
                shipped.append(f"| `{slug}` | `{_cell(item.file)}` | {what} | {licence} |")
    return shipped, fetched


def page() -> str:
    """The page on data."""
    shipped, fetched = _files()
    parts = [
        "# Data and their licences\n",
        "## Reference data\n\nEach is a folder in `data/` with a description of every column; "
        '`dmpkit.datasets.load("criteria", "criteria")` opens one.\n',
        *_packages(),
        "\n## Data that come with studies\n\nSmall figures from print and codings of our own.\n",
        "| study | file | what it is | licence |\n|---|---|---|---|",
        *shipped,
        "\n## Data that others hold\n\nThey are downloaded when you ask for them (`dmpkit fetch "
        "STUDY`), checked against the SHA-256 of the version that was used, and never passed on "
        "with dmpkit.\n",
        "| study | file | what it is | size | SHA-256 | licence |\n|---|---|---|---|---|---|",
        *fetched,
    ]
    return "\n".join(parts) + "\n"
