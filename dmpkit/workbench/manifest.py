"""What a study folder says about itself: ``study.toml`` and ``published.csv``.

Both files are checked whole when they are read. What is wrong is said with the
file and the line in which it stands.
"""

from __future__ import annotations

import csv
import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from dmpkit.errors import DataError

__all__ = [
    "BASES",
    "KINDS",
    "DataFile",
    "Manifest",
    "PublishedFigure",
    "read_manifest",
    "read_published",
]

MANIFEST = "study.toml"
PUBLISHED = "published.csv"

KINDS: Mapping[str, str] = {
    "raw data": "recomputed from released data",
    "published figures": "recomputed from tables in print",
    "software reference": "equal to what a named program gives on the same data",
    "coded text": "our coding of a text that gives no numbers",
    "synthetic": "made here from a stated recipe; not a finding",
}
"""The kinds of study, each with the sentence that explains it."""

BASES: Mapping[str, str] = {
    "printed": "matches print",
    "released file": "matches released file",
    "program output": "matches program",
    "computed by us": "unchanged since our calculation",
}
"""What a figure rests on, each with the verdict that it gets when it agrees."""

#: The basis of a figure that nobody published: what dmpkit gave before.
OWN = "computed by us"
#: The bases that a source outside the study has to stand behind.
SOURCED = ("printed", "released file")

REQUIRED = ("title", "question", "citation", "kind", "licence", "notebook")
OPTIONAL = ("authors", "year", "doi", "summary", "data")
DATA_TEXT = ("name", "file", "description", "url", "sha256", "licence")
DATA_KEYS = (*DATA_TEXT, "bytes", "download")
COLUMNS = ("figure", "description", "value", "file", "range", "tolerance", "where", "basis")


@dataclass(frozen=True)
class DataFile:
    """One file that a study computes from.

    Parameters
    ----------
    name : str
        The name under which the notebook asks for it.
    file : str
        Path below the study's folder (or ``data/...`` below the project's
        folder); for a download, its name in the cache.
    description, licence : str
        What it is, and under which licence it may be used.
    url, sha256 : str
        For a download: where it is, at a fixed version, and its SHA-256.
    bytes : int, optional
        Its size.
    download : bool
        True when others hold the file and it is not shipped.
    """

    name: str
    file: str
    description: str = ""
    url: str = ""
    sha256: str = ""
    bytes: int | None = None
    licence: str = ""
    download: bool = False


@dataclass(frozen=True)
class PublishedFigure:
    """One published figure: a number, or a table in one of the study's files.

    A row with neither `value` nor `file` stands for a figure that is known to
    exist but is not available; it can only be declared not reproducible.

    Parameters
    ----------
    figure : str
        Its id, which stands in the notebook's code.
    description : str
        What it is.
    value : str
        The number as it is published; kept as text because its digits say how
        exactly it is known.
    file, range : str
        For a table: the data file, and the cells in A1 style.
    tolerance : float, optional
        Largest absolute difference; None means half a unit of the last digit.
    where : str
        Page or table in the source.
    basis : str
        What it rests on, one of :data:`BASES`.
    line : int
        Line of ``published.csv`` it ends on.
    """

    figure: str
    description: str
    value: str
    file: str
    range: str
    tolerance: float | None
    where: str
    basis: str
    line: int

    @property
    def is_table(self) -> bool:
        """True when the figure is a range of cells."""
        return bool(self.file)

    @property
    def is_available(self) -> bool:
        """True when there is something to compare with."""
        return bool(self.file or self.value)


@dataclass(frozen=True)
class Manifest:
    """A study folder, read and checked."""

    title: str
    question: str
    citation: str
    kind: str
    licence: str
    notebook: str
    authors: str
    year: int | None
    doi: str
    summary: str
    data: tuple[DataFile, ...]
    figures: tuple[PublishedFigure, ...]


def half_unit(number: str) -> float:
    """Half a unit of the last digit of a number as it is written.

    Parameters
    ----------
    number : str
        A decimal number, with or without an exponent.

    Returns
    -------
    float
        The largest error that correct rounding leaves.

    Raises
    ------
    DataError
        When the text is not a number.

    Examples
    --------
    >>> half_unit("0.45"), half_unit("12"), half_unit("1.50")
    (0.005, 0.5, 0.005)
    """
    exponent = _decimal(number).as_tuple().exponent
    if not isinstance(exponent, int):
        raise DataError(f"{number!r} has no last digit.")
    return float(Decimal((0, (5,), min(exponent, 0) - 1)))


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise DataError(f"{text!r} is not a number.") from None


def read_manifest(folder: Path) -> Manifest:
    """Read and check a study folder.

    Parameters
    ----------
    folder : path
        Holds ``study.toml`` and ``published.csv``.

    Raises
    ------
    DataError
        For a missing file, an unknown, missing or ill-typed key, an unknown
        kind or basis, a figure named twice, a table in a file that the
        manifest does not list; names file and line.
    """
    path = folder / MANIFEST
    text, raw = _read_toml(path)
    lines = _Lines(path, text)
    _check_keys(raw, lines)
    kind = str(raw["kind"])
    if kind not in KINDS:
        raise lines.error(
            "kind", f"{kind!r} is not a kind of study.", f"Write one of: {', '.join(KINDS)}."
        )
    notebook = str(raw["notebook"])
    if PurePosixPath(notebook).suffix != ".ipynb" or _leaves(notebook):
        raise lines.error(
            "notebook",
            f"{notebook!r} is not the name of a notebook.",
            "Write its file name below notebooks/, ending in .ipynb.",
        )
    data = tuple(_data_file(item, i, lines) for i, item in enumerate(raw.get("data", [])))
    _check_unique_data(data, lines)
    figures = read_published(folder / PUBLISHED)
    _check_table_files(figures, data, folder / PUBLISHED)
    texts = {key: str(raw.get(key, "")) for key in (*REQUIRED, "authors", "doi", "summary")}
    return Manifest(**texts, year=raw.get("year"), data=data, figures=figures)


def _read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    if not path.is_file():
        raise DataError(
            f"The folder {path.parent.name!r} has no {path.name}.",
            remedy="A study folder holds study.toml and published.csv.",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise DataError(
            "The file is not UTF-8 text.", file=path, remedy="Save it as UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise _toml_error(path, text, str(error)) from error


def _toml_error(path: Path, text: str, said: str) -> DataError:
    """What is wrong in a TOML file: the line itself, and a guess at the cause."""
    lines = text.splitlines() or [""]
    found = re.search(r"line (\d+)", said)
    row = int(found.group(1)) if found else len(lines)
    line = lines[min(row, len(lines)) - 1].strip()
    problem = re.sub(r" \(at .*\)$", "", said).replace("'\\n'", "end of line")
    return DataError(
        f"This is not valid TOML ({problem}): {line}",
        file=path,
        row=row,
        remedy=_toml_remedy(line, lines[: row - 1], problem),
    )


def _toml_remedy(line: str, before: list[str], problem: str) -> str | None:
    """The likely cause of a line that cannot be read, in the words of who typed it."""
    key, equals, value = (part.strip() for part in line.partition("="))
    if re.match(r"\[+\s*data\b", line):
        return "Write [[data]], with two brackets, above each file."
    if re.match(r"[“”„‟«»‘’‚`]", value):
        return f'Text needs straight quotes ("), not curly ones: {key} = "..."'
    if "\\" in value:
        return "Use / in paths, also on Windows."
    if not equals:
        return 'Each line is a key and a value: title = "..." (or starts with #, a remark).'
    if not value:
        return f'Write a value after the equals sign: {key} = "..."'
    if any(re.match(rf"{re.escape(key)}\s*=", other.strip()) for other in before) and (
        "overwrite" in problem
    ):
        return f"The key {key!r} is given twice; keep one of the lines."
    if value in {"True", "False"}:
        return f"Write {key} = {value.lower()}, in lower case."
    if value[0] in "\"'":
        return _quotes_remedy(key, value)
    return f'Text needs straight quotes: {key} = "..."' if value[0].isalpha() else None


def _quotes_remedy(key: str, value: str) -> str:
    """Why text that starts with a quotation mark cannot be read."""
    quote = value[0]
    other = "single" if quote == '"' else "double"
    if value.count(quote) == 1:
        return f"Text needs a straight quote at both ends: {key} = {quote}...{quote}"
    if value.count(quote) > 2:
        return f"Text that holds {quote} goes between {other} quotes."
    return "After the text there is something that does not belong there."


class _Lines:
    """Finds the line of a key, so that an error can name it."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.found: dict[tuple[int, str], int] = {}
        table = -1
        for number, line in enumerate(text.splitlines(), start=1):
            if re.match(r"\s*\[\[\s*data\s*\]\]", line):
                table += 1
                self.found[table, ""] = number
            elif header := re.match(r"\s*\[+\s*([^\]\s]+)", line):
                self.found.setdefault((-1, header.group(1).split(".")[0].strip("\"'")), number)
            elif key := re.match(r"""\s*["']?([\w.-]+)["']?\s*=""", line):
                self.found.setdefault((table, key.group(1).split(".")[0]), number)

    def error(
        self, key: str, problem: str, remedy: str | None = None, table: int = -1
    ) -> DataError:
        row = self.found.get((table, key), self.found.get((table, "")))
        return DataError(problem, file=self.path, row=row, remedy=remedy)


def _check_keys(raw: Mapping[str, Any], lines: _Lines) -> None:
    for key in raw:
        if key not in (*REQUIRED, *OPTIONAL):
            allowed = ", ".join((*REQUIRED, *OPTIONAL))
            raise lines.error(key, f"{key!r} is not a key of a study.", f"Known keys: {allowed}.")
    for key in REQUIRED:
        if key not in raw:
            raise lines.error(key, f"The key {key!r} is missing.", f'Add: {key} = "..."')
    for key in (*REQUIRED, "authors", "doi", "summary"):
        if key in raw and not isinstance(raw[key], str):
            raise lines.error(key, f"{key!r} is not text.", "Put it in quotation marks.")
        if key in REQUIRED and not raw[key].strip():
            raise lines.error(key, f"{key!r} is empty.")
    if not isinstance(raw.get("year", 0), int) or isinstance(raw.get("year"), bool):
        raise lines.error("year", "'year' is not a whole number.")
    data = raw.get("data", [])
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
        raise lines.error("data", "'data' is not a list of tables.", "Write each file as [[data]].")


def _data_file(item: Mapping[str, Any], table: int, lines: _Lines) -> DataFile:
    def error(key: str, problem: str, remedy: str | None = None) -> DataError:
        return lines.error(key, problem, remedy, table)

    for key, value in item.items():
        if key not in DATA_KEYS:
            raise error(
                key, f"{key!r} is not a key of a data file.", f"Known keys: {', '.join(DATA_KEYS)}."
            )
        if key in DATA_TEXT and not isinstance(value, str):
            raise error(key, f"{key!r} is not text.", "Put it in quotation marks.")
    for key in ("name", "file"):
        if not str(item.get(key, "")).strip():
            raise error("", f"A data file has no {key!r}.", f'Add: {key} = "..."')
    if not isinstance(item.get("download", False), bool):
        raise error("download", "'download' is neither true nor false.")
    size = item.get("bytes")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise error("bytes", "'bytes' is not a whole number.")
    if _leaves(str(item["file"])):
        raise error(
            "file",
            f"{item['file']!r} leaves the study's folder or has a backslash.",
            "Write a path below the study's folder, with / (also on Windows).",
        )
    data = DataFile(**item)
    if data.sha256 and not re.fullmatch(r"[0-9a-f]{64}", data.sha256):
        raise error("sha256", "'sha256' is not 64 hexadecimal digits in lower case.")
    if data.download:
        _check_download(data, error)
    return data


def _check_download(data: DataFile, error: Any) -> None:
    for key in ("url", "sha256", "licence"):
        if not getattr(data, key):
            raise error(
                "",
                f"The download {data.name!r} has no {key!r}.",
                "A download needs url, sha256 and licence, so that everyone gets the same file "
                "and knows what it may be used for.",
            )
    if urlsplit(data.url).scheme not in {"https", "http"}:
        raise error("url", f"{data.url!r} is not a web address.")


def _leaves(path: str) -> bool:
    parts = PurePosixPath(path).parts
    hidden = any(ord(character) < 32 for character in path)  # "data\new.csv" has a line end
    return "\\" in path or ":" in path or ".." in parts or path.startswith("/") or hidden


def _check_unique_data(data: tuple[DataFile, ...], lines: _Lines) -> None:
    for key in ("name", "file"):
        seen: set[str] = set()
        for table, item in enumerate(data):
            value = getattr(item, key)
            if value in seen:
                raise lines.error(key, f"The data {key} {value!r} is given twice.", table=table)
            seen.add(value)


def read_published(path: Path) -> tuple[PublishedFigure, ...]:
    """Read and check ``published.csv``.

    Parameters
    ----------
    path : path
        UTF-8 with the columns ``figure, description, value, file, range,
        tolerance, where, basis``; separated by commas, or by semicolons as
        Excel writes where the decimal sign is a comma (``0,45`` is then 0.45).

    Raises
    ------
    DataError
        Names the line of what is wrong.
    """
    if not path.is_file():
        raise DataError(
            f"The folder {path.parent.name!r} has no {path.name}.",
            remedy=f"Its first line is: {','.join(COLUMNS)}",
        )
    figures: dict[str, PublishedFigure] = {}
    for line, row in _rows(path):
        figure = _figure(path, line, row)
        if figure.figure in figures:
            first = figures[figure.figure].line
            raise DataError(
                f"The figure {figure.figure!r} is named twice, first in row {first}.",
                file=path,
                row=line,
                column="figure",
            )
        figures[figure.figure] = figure
    return tuple(figures.values())


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            semicolons = _has_semicolons(stream.readline())
            stream.seek(0)
            reader = csv.reader(stream, strict=True, delimiter=";" if semicolons else ",")
            header = [name.strip() for name in next(reader, [])]
            _check_header(path, header)
            rows = []
            for cells in reader:
                if not any(cell.strip() for cell in cells):
                    continue
                if len(cells) != len(header):
                    raise DataError(
                        f"The row has {len(cells)} cells, the header has {len(header)}.",
                        file=path,
                        row=reader.line_num,
                        remedy=f"Put text that holds a {'semicolon' if semicolons else 'comma'} "
                        "in double quotation marks.",
                    )
                cleaned = (cell.strip() for cell in cells)
                row = dict(zip(header, cleaned, strict=True))
                if semicolons:
                    _decimal_points(path, reader.line_num, row)
                rows.append((reader.line_num, row))
            return rows
    except UnicodeDecodeError as error:
        raise DataError(
            "The file is not UTF-8 text.",
            file=path,
            remedy="Save it as UTF-8 (in Excel: CSV UTF-8).",
        ) from error
    except csv.Error as error:
        raise DataError(
            f"This is not valid CSV: {error}.", file=path, row=reader.line_num
        ) from error


def _has_semicolons(header: str) -> bool:
    return header.count(";") >= len(COLUMNS) - 1 and "," not in header


def _decimal_points(path: Path, line: int, row: dict[str, str]) -> None:
    """Decimal commas as points; one that may as well part thousands is refused."""
    for column in ("value", "tolerance"):
        text = row[column]
        if re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
            raise DataError(
                f"{text!r} can be read as {text.replace(',', '.')} and as {text.replace(',', '')}.",
                file=path,
                row=line,
                column=column,
                remedy="Write it with a decimal point, or without a sign between thousands.",
            )
        if re.fullmatch(r"[+-]?\d*,\d+", text):
            row[column] = text.replace(",", ".")


def _check_header(path: Path, header: list[str]) -> None:
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in COLUMNS if name not in header]
    if unknown or missing or len(set(header)) != len(header):
        problem = f"The header is {','.join(header)!r}"
        problem += f", which lacks {', '.join(missing)}." if missing else "."
        raise DataError(problem, file=path, row=1, remedy=f"Write: {','.join(COLUMNS)}")


def _figure(path: Path, line: int, row: dict[str, str]) -> PublishedFigure:
    def error(column: str, problem: str, remedy: str | None = None) -> DataError:
        return DataError(problem, file=path, row=line, column=column, remedy=remedy)

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", row["figure"]):
        raise error(
            "figure",
            f"{row['figure']!r} cannot be the id of a figure.",
            "Use letters, digits, dots, hyphens and underscores.",
        )
    if not row["description"]:
        raise error("description", f"The figure {row['figure']!r} has no description.")
    if row["basis"] not in BASES:
        raise error(
            "basis", f"{row['basis']!r} is not a basis.", f"Write one of: {', '.join(BASES)}."
        )
    if row["value"] and row["file"]:
        raise error("value", "A figure is a value or a table in a file, not both.")
    if row["range"] and not row["file"]:
        raise error("range", "There is a range but no file that it is in.")
    if row["value"] and not _is_number(row["value"]):
        raise error(
            "value",
            f"{row['value']!r} is not a number.",
            "Write the digits as printed, with a decimal point; leave it empty when it is not "
            "available.",
        )
    tolerance = None
    if row["tolerance"]:
        if not _is_number(row["tolerance"]) or float(row["tolerance"]) < 0:
            raise error(
                "tolerance", f"{row['tolerance']!r} is not a tolerance.", "Write e.g. 0.005."
            )
        tolerance = float(row["tolerance"])
    return PublishedFigure(**{**row, "tolerance": tolerance}, line=line)  # type: ignore[arg-type]


def _is_number(text: str) -> bool:
    written = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII)
    return written is not None and math.isfinite(float(text))


def _check_table_files(
    figures: tuple[PublishedFigure, ...], data: tuple[DataFile, ...], path: Path
) -> None:
    known = {name for item in data for name in (item.name, item.file)}
    for figure in figures:
        if figure.file and figure.file not in known:
            raise DataError(
                f"The file {figure.file!r} is not among the study's data.",
                file=path,
                row=figure.line,
                column="file",
                remedy="List it under [[data]] in study.toml.",
            )
