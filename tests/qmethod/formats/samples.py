"""Files laid out by other programs' own conventions, with made-up content."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl

GRID = np.array([-2, -1, -1, 0, 0, 0, 1, 1, 2])
NAMES = ("Ana", "Ben", "Cem", "Dee", "Eva")
TEXTS = tuple(f"Members should decide on rule {i}; always" for i in range(1, 10))
VALUES = np.column_stack([np.random.default_rng(k).permutation(GRID) for k in range(5)])
COUNTS = [0, 0, 0, 0, 1, 2, 3, 2, 1] + [0] * 11


def workbook(path: Path, sheets: dict[str, list[list[Any]] | None]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        if rows is None:
            continue
        page = book.create_sheet(name)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


def statements_sheet() -> list[list[Any]]:
    empty = [[i, None] for i in range(10, 31)]  # the template numbers more rows than are filled
    return [["Number", "Statements"], *[[i, t] for i, t in enumerate(TEXTS, start=1)], *empty]


def placed() -> list[list[Any]]:
    """Below each name the numbers of the statements, beside the grid values."""
    numbers = [
        [int(i) + 1 for value in sorted(set(GRID)) for i in np.flatnonzero(VALUES[:, j] == value)]
        for j in range(5)
    ]
    rows = [[int(v), *(numbers[j][k] for j in range(5))] for k, v in enumerate(np.sort(GRID))]
    return [["Participant Name and Sort Value:", *NAMES], *rows]


def kade1(path: Path, **changes: Any) -> Path:
    """A workbook of type 1, as KADE's help page describes it."""
    return workbook(
        path,
        {
            "name": [["Project Name"], ["Rules"]],
            "sorts": placed(),
            "pattern": [list(range(-6, 14)), COUNTS],
            "statements": statements_sheet(),
            "version": [["Version"], [2]],
            "type": [["Type"], [1]],
        }
        | changes,
    )


def kade1_old(path: Path) -> Path:
    """Type 1 before version 2: pattern in rows 6 to 25, names in row 30, all in one sheet."""
    rows: list[list[Any]] = [["Ken-Q"], ["Project Name", "Rules"], [], [], ["Value", "Count"]]
    rows += [[value, count] for value, count in zip(range(-6, 14), COUNTS, strict=True)]
    rows += [["Total", 9], [], [], []]
    rows += placed()
    return workbook(path, {"sorts": rows, "statements": statements_sheet()})


def kade2_old(path: Path) -> Path:
    """Type 2 before version 2: name in row 2, pattern in row 4, sorts from row 7."""
    rows: list[list[Any]] = [["Project Name"], ["Rules"], ["Design"]]
    rows += [["Sort Pattern", *np.sort(GRID).tolist()], ["Q sorts"]]
    rows += [["Name", *[f"s{i}" for i in range(1, 10)]]]
    rows += [[NAMES[j], *VALUES[:, j].tolist()] for j in range(5)]
    return workbook(path, {"sorts": rows, "statements": statements_sheet()})


def kade3(path: Path, **changes: Any) -> Path:
    """The sheets that matter of a workbook of results."""
    spread = ",".join(str(v) for v in np.sort(GRID))
    heading = ["Participant", *[f"S{i}" for i in range(1, 10)], "Mean", "Standard Deviation"]
    body = [[NAMES[j], *VALUES[:, j].tolist(), 0, 1.25] for j in range(5)]
    return workbook(
        path,
        {
            "Project Overview": [
                ["overview", ""],
                ["", ""],
                ["Project Name:  ", "Rules"],
                ["", ""],
                ["Total Number of Statements:  ", 9],
                ["", ""],
                ["Q sort Design:  ", spread],
            ],
            "statements": [
                ["statements", ""],
                ["", ""],
                ["Statement Number", "Statements"],
                *[[i, text] for i, text in enumerate(TEXTS, start=1)],
            ],
            "Q sorts": [["sorts", ""], ["", ""], ["Q sorts", ""], ["", ""], heading, *body],
            "Factor Loadings": [["matrix"], ["Nm", "Q-sort", "Factor 1"], [1, "Ana", 0.7]],
        }
        | changes,
    )


def archive(path: Path, members: dict[str, str | None] | None = None) -> Path:
    """A project archive, as KADE saves it."""
    content: dict[str, str | None] = {
        "KADE_results_Rules.docx": "not a text",
        "name.txt": "Rules",
        "statements.txt": "\n".join(TEXTS) + "\n",
        "sorts.txt": "".join(
            f"{NAMES[j]},{','.join(str(v) for v in VALUES[:, j])}\n" for j in range(5)
        ),
        "pattern.txt": ",".join(map(str, COUNTS)),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, text in (content | (members or {})).items():
            if text is not None:
                out.writestr(name, text)
    return path


def htmlq(path: Path, *, delimiter: str = ";", drop: tuple[str, ...] = ()) -> Path:
    """The table of HTMLQ: one row a participant, comments and answers beside the sort."""
    header = ["sid", "uid", "datetime", "dur0", "dur1", "npos", "nneu", "nneg"]
    header += [f"s{i}" for i in range(1, 10)] + ["comment3", "comment7", "form0", "form1"]
    lines = [header]
    for j in range(5):
        row = [str(j + 1), NAMES[j], "2024-05-01 10:00:00", "600", "30", "3", "3", "3"]
        row += [str(v) for v in VALUES[:, j]]
        said = f"(s3) It matters{delimiter} a lot" if j == 0 else "(s3)  "
        row += [f'"{said}"', '"(s7) ""Never"""' if j == 1 else "", "1980", "yes"]
        lines.append(row)
    places = [i for i, name in enumerate(header) if name not in drop]
    text = "\n".join(delimiter.join(row[i] for i in places) for row in lines) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


def record(j: int, **changes: str) -> dict[str, str]:
    """What EQ Web Sort sends for one participant."""
    fields = {
        "projectName": "Rules",
        "partId": NAMES[j],
        "randomId": f"8ea8f130-b1{j}",
        "urlUsercode": "no usercode set",
        "dateTime": "26/9/2021 @ 7:28:33",
        "timeSort": "00:06:28",
        "npos": "3",
        "nneu": "3",
        "nneg": "3",
        "column2_1": f"s{int(np.argmax(VALUES[:, j])) + 1}>>>Because of rule {j}",
        "columnN2_1": "no response",
        "qNum1": "info. - na",
        "sort": "|".join(f"{v:+d}" if v > 0 else str(v) for v in VALUES[:, j]),
    }
    return fields | changes


def records(**changes: dict[str, str]) -> list[dict[str, str]]:
    return [record(j, **changes.get(NAMES[j], {})) for j in range(5)]


def firebase(path: Path, sent: list[dict[str, str]] | None = None) -> Path:
    """One record a participant under the keys that Firebase makes."""
    content = {f"-KYWb{j}": fields for j, fields in enumerate(sent or records())}
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return path


def netlify(path: Path, sent: list[dict[str, str]] | None = None) -> Path:
    """One long cell a participant, fields marked by ``:|``."""
    cells = [
        "".join(f"{key}:| {value} | " for key, value in fields.items())
        for fields in (sent or records())
    ]
    quoted = ['"' + cell.replace('"', '""') + '",2021-09-26' for cell in cells]
    path.write_text("\n".join(["qSortData,created_at", *quoted]) + "\n", encoding="utf-8")
    return path


def sheets(path: Path, sent: list[dict[str, str]] | None = None) -> Path:
    """Numbered columns, each cell with the name of its field."""
    rows = [[f"{key}: {value}" for key, value in fields.items()] for fields in sent or records()]
    lines = [",".join(map(str, range(1, len(rows[0]) + 1)))]
    lines += [",".join(f'"{c}"' if "," in c else c for c in row) for row in rows]
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    return path
