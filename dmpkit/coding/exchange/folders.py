"""Writing a project as plain tables: a data package of CSV or Parquet, or one workbook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.coding.data import CodedProject
from dmpkit.errors import DataError
from dmpkit.tables import write_csv, write_workbook
from dmpkit.writing import new_folder, write_together

__all__ = ["write_project"]

_TITLES = {
    "codes": "The codebook: full path, name, parent, definition, origin.",
    "sources": "The texts; positions count code points from 0.",
    "segments": "One row a coding; end is the position after the last character.",
    "unplaced": "Codings without a place in a text, with the reason.",
    "cases": "Cases and their attributes.",
    "case_sources": "Which part of which source belongs to a case.",
    "notes": "Memos, annotations and selections without a code.",
    "audit_sources": "How the positions of every source were read.",
    "audit_items": "What the import dropped, changed or noticed.",
}
#: Longest text that a cell of a workbook holds.
MAX_CELL = 32_767


def write_project(
    project: CodedProject,
    path: str | os.PathLike[str],
    *,
    format: Literal["csv", "parquet", "excel"] = "csv",
) -> Path:
    """Write all tables of a project, the audit among them, for other programs to read.

    Parameters
    ----------
    project : CodedProject
    path : path
        A folder, made if need be, which becomes a data package (``datapackage.json`` says
        what each table is); for ``"excel"`` a file that ends in ``.xlsx``.
    format : {"csv", "parquet", "excel"}
        In CSV and Excel, text that a spreadsheet would run as a formula is neutralised
        with an apostrophe; Parquet keeps every text as it is.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        The folder cannot be made, the format is not known, or a text is longer than a
        cell of a workbook holds.

    Examples
    --------
    >>> import tempfile
    >>> project = CodedProject.from_frames(pd.DataFrame({"source": ["I1"], "text": ["Short."]}))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_project(project, Path(folder) / "out")
    ...     sorted(file.name for file in made.iterdir())[:3]
    ['audit_items.csv', 'audit_sources.csv', 'case_sources.csv']
    """
    check_settings(write_project, locals())
    target = Path(path)
    if format == "excel":
        _write_excel(project, target)
        return target
    if format not in ("csv", "parquet"):
        raise DataError(f"The format {format!r} is not known.", remedy="Use csv, parquet or excel.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            target.mkdir(exist_ok=True)  # a file is refused
    except OSError as error:
        raise DataError(f"The folder cannot be made ({error.strerror}).", file=target) from None
    with write_together(target) if target.exists() else new_folder(target) as made:
        for name, frame in project.frames().items():
            if format == "csv":
                write_csv(frame, made / f"{name}.csv")
            else:
                frame.to_parquet(made / f"{name}.parquet", index=False)
        words = json.dumps(_package(project, format), ensure_ascii=False, indent=2)
        (made / "datapackage.json").write_text(words + "\n", encoding="utf-8")
    return target


def _write_excel(project: CodedProject, path: Path) -> None:
    for name, frame in project.frames().items():
        for column in frame.columns:
            long = [isinstance(v, str) and len(v) > MAX_CELL for v in frame[column]]
            if any(long):
                raise DataError(
                    f"A text of the {name} is longer than the {MAX_CELL:,} characters that a "
                    "cell of a workbook holds.",
                    row=long.index(True) + 2,
                    column=str(column),
                    remedy="Write CSV or Parquet.",
                )
    write_workbook(path, project.frames(), notes=list(_TITLES.items()))


def _package(project: CodedProject, format: str) -> dict[str, Any]:
    """What the tables are, as a data package (version 2)."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "coded-project",
        "title": project.name or "Coded project",
        "description": project.audit.summary(),
        "resources": [
            {
                "name": name,
                "path": f"{name}.{format}",
                "format": format,
                "description": _TITLES[name],
                "schema": {"fields": [_field(frame[c]) for c in frame.columns]},
            }
            for name, frame in project.frames().items()
        ],
    }


def _field(column: pd.Series) -> dict[str, str]:
    kinds = {"i": "integer", "u": "integer", "f": "number", "b": "boolean"}
    return {"name": str(column.name), "type": kinds.get(column.dtype.kind, "string")}
