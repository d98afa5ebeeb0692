"""Files that the sorting page saves: one sort each, in JSON.

:func:`read_sort_file` reads one, :func:`read_sort_files` a folder of them as
:class:`~dmpkit.qmethod.data.QSorts`, :func:`read_comments` what participants
wrote about the cards at the two ends. The layout, version 1, is an object::

    format        "dmpkit-sort"
    version       1
    study         short name of the instrument
    title         its title (as the participant saw it)
    fingerprint   tells Q sets and grids apart
    language      of the texts
    participant   the code that the participant used
    complete      whether every statement is in the grid
    saved         date, YYYY-MM-DD
    statements    labels in the instrument's order
    texts         wording by label
    grid          list of {"value", "count"}, ascending
    values        grid value by label
    piles         "agree", "neutral" or "disagree" by label
    order         labels in the order in which the cards were shown
    comments      text by label, on the cards at the two ends
    remark        free text

A file of a sort that is not complete is refused, with what is missing.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, ReadingWarning, in_file, warn
from dmpkit.qmethod.data import QSorts

__all__ = ["SortFile", "read_comments", "read_sort_file", "read_sort_files"]

PathLike: TypeAlias = str | os.PathLike[str]

MAX_BYTES = 2_000_000  # a file of 44 statements has about ten kilobytes
MAX_FILES = 20_000
MAX_STATEMENTS = 1_000
_PILES = ("agree", "neutral", "disagree")


@dataclass(frozen=True)
class SortFile:
    """One participant's sort, as the sorting page saved it.

    Attributes
    ----------
    source : Path
        The file.
    study, title, fingerprint, language, participant, saved, remark : str
    statements, texts, order : tuple of str
        Labels and wordings in the instrument's order; labels as they were shown.
    grid : tuple of (float, int)
        Grid value and number of places, ascending.
    values : tuple of float
        Grid value of each statement, in the instrument's order.
    piles, comments : mapping of str to str
        By label.
    """

    source: Path
    study: str
    title: str
    fingerprint: str
    language: str
    participant: str
    saved: str
    statements: tuple[str, ...]
    texts: tuple[str, ...]
    grid: tuple[tuple[float, int], ...]
    values: tuple[float, ...]
    order: tuple[str, ...]
    piles: Mapping[str, str]
    comments: Mapping[str, str]
    remark: str


def read_sort_file(path: PathLike) -> SortFile:
    """Read and check one file that the sorting page saved.

    Raises
    ------
    DataError
        For a file that cannot be read, is not such a file, is of a later
        version, unfinished, or contradicts itself; the message says where.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "a.json"
    >>> _ = file.write_text('{"format": "dmpkit-sort", "version": 1, "study": "toy", '
    ...     '"participant": "P1", "statements": ["a", "b", "c"], '
    ...     '"grid": [{"value": -1, "count": 1}, {"value": 0, "count": 1}, '
    ...     '{"value": 1, "count": 1}], "values": {"a": 1, "b": -1, "c": 0}}')
    >>> read_sort_file(file).values
    (1.0, -1.0, 0.0)
    """
    source = Path(path)
    content = _load(source)
    if not isinstance(content, dict) or content.get("format") != "dmpkit-sort":
        raise DataError("This is not a file that the sorting page saved.", file=source)
    if content.get("version") != 1 or isinstance(content["version"], bool):
        raise DataError(
            f"The file is of version {str(content.get('version'))[:20]}; version 1 can be read.",
            file=source,
            remedy="Use the dmpkit that made the sorting page, or a newer one.",
        )
    try:
        with in_file(source):
            return _sort_file(source, content)
    except DataError as error:
        if error.remedy is None:
            error.remedy = "Ask for the file again, as the sorting page saved it."
        raise


def _sort_file(source: Path, content: Mapping[str, Any]) -> SortFile:
    labels = _labels(content.get("statements"))
    grid = _grid(content.get("grid"))
    values = _values(content.get("values"), labels)
    _require_grid(values, grid, len(labels))
    texts = _by_label(content, "texts", labels)
    piles = _by_label(content, "piles", labels)
    if bad := [pile for pile in piles.values() if pile not in _PILES]:
        raise DataError(f"There is no pile {bad[0][:40]!r}.", column="piles")
    order = content.get("order", [])
    if not isinstance(order, list) or (order and sorted(map(str, order)) != sorted(labels)):
        raise DataError("The order does not hold every statement once.", column="order")
    return SortFile(
        source=source,
        study=_text(content, "study"),
        title=_text(content, "title"),
        fingerprint=_text(content, "fingerprint"),
        language=_text(content, "language"),
        participant=_text(content, "participant").strip(),
        saved=_text(content, "saved"),
        statements=labels,
        texts=tuple(texts.get(label, "") for label in labels),
        grid=grid,
        values=values,
        order=tuple(map(str, order)),
        piles=piles,
        comments={k: v for k, v in _by_label(content, "comments", labels).items() if v.strip()},
        remark=_text(content, "remark"),
    )


def _load(source: Path) -> Any:
    try:
        size = source.stat().st_size
        data = source.read_bytes() if size <= MAX_BYTES else b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"The file cannot be read ({reason}).", file=source) from None
    if size > MAX_BYTES:
        raise DataError(
            f"The file has {size / 1e6:.1f} MB; a saved sort has a few kilobytes.", file=source
        )
    if not data.strip():
        raise DataError("The file is empty, so it holds no JSON.", file=source)
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_object)
    except UnicodeDecodeError:
        raise DataError("The file is not JSON in UTF-8.", file=source) from None
    except json.JSONDecodeError as error:
        raise DataError(
            f"This is not valid JSON ({error.msg}).",
            file=source,
            row=error.lineno,
            column=error.colno,
            remedy="The file may be cut off; ask for it again.",
        ) from None
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise DataError(f"This is not valid JSON ({reason}).", file=source) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {twice[:40]!r} occurs twice in one object")
    return found


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key, "")
    if not isinstance(value, str):
        raise DataError(f"The entry {key!r} is not text.", column=key)
    return value


def _labels(value: object) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not 3 <= len(value) <= MAX_STATEMENTS
        or not all(isinstance(label, str) and label.strip() for label in value)
        or len(set(value)) != len(value)
    ):
        raise DataError(
            f"The statements are not a list of 3 to {MAX_STATEMENTS} different labels.",
            column="statements",
        )
    return tuple(value)


def _grid(value: object) -> tuple[tuple[float, int], ...]:
    columns = value if isinstance(value, list) else []
    grid = []
    for column in columns:
        entry = column if isinstance(column, dict) else {}
        place, count = entry.get("value"), entry.get("count")
        if not _is_number(place) or not isinstance(count, int) or not 1 <= count <= MAX_STATEMENTS:
            raise DataError("A column of the grid lacks its value or count.", column="grid")
        grid.append((float(place), count))
    places = [place for place, _ in grid]
    if len(grid) < 2 or places != sorted(set(places)):
        raise DataError("The grid is not a list of columns in ascending order.", column="grid")
    return tuple(grid)


def _is_number(value: object) -> TypeGuard[float]:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e6
        and math.isfinite(value)
    )


def _values(value: object, labels: Sequence[str]) -> tuple[float, ...]:
    if not isinstance(value, dict):
        raise DataError("The entry 'values' is not an object.", column="values")
    if unknown := [label for label in value if label not in labels]:
        raise DataError(f"There is no statement {unknown[0][:60]!r}.", column="values")
    if missing := [label for label in labels if label not in value]:
        named = ", ".join(missing[:6]) + (" …" if len(missing) > 6 else "")
        raise DataError(
            f"The sort is not finished: {len(missing)} of {len(labels)} statements are not in "
            f"the grid ({named}).",
            column="values",
            remedy="Ask the participant to open the file in the sorting page and finish it.",
        )
    for label in labels:
        if not _is_number(value[label]):
            raise DataError(f"The value of statement {label!r} is not a number.", column="values")
    return tuple(float(value[label]) for label in labels)


def _require_grid(values: Sequence[float], grid: Sequence[tuple[float, int]], n: int) -> None:
    """The page lets no sort break the grid; a file that does was changed afterwards."""
    if sum(count for _, count in grid) != n:
        raise DataError(f"The grid does not have {n} places.", column="grid")
    for place, count in grid:
        found = sum(value == place for value in values)
        if found != count:
            raise DataError(
                f"Column {place:g} of the grid holds {found} statements instead of {count}.",
                column="values",
                remedy="The file was changed after the page saved it; ask for it again.",
            )


def _by_label(content: Mapping[str, Any], key: str, labels: Sequence[str]) -> dict[str, str]:
    value = content.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise DataError(f"The entry {key!r} does not give text by statement.", column=key)
    if unknown := [label for label in value if label not in labels]:
        raise DataError(f"There is no statement {unknown[0][:60]!r}.", column=key)
    return value


# -- many files ------------------------------------------------------------------------


def read_sort_files(path: PathLike | Iterable[PathLike], *, texts: Sequence[str] = ()) -> QSorts:
    """Read a folder of files that the sorting page saved.

    Parameters
    ----------
    path : path, or paths
        A folder (its ``.json`` files are read, by name; what is no saved sort
        is left and noted, what is no JSON is an error) or the files themselves.
    texts : sequence of str, optional
        The statements' wording, in place of that in the files.

    Returns
    -------
    QSorts
        One sort a participant, named by the code; its ``notes`` say what was
        taken and what was left.

    Raises
    ------
    DataError
        For a damaged or unfinished file, files of different studies, Q sets or
        grids, a code that occurs twice, and a folder with fewer than two sorts.

    Warns
    -----
    ReadingWarning
        When the wording differs between files, as it does between languages:
        the wording of the first file is taken. And when a file has no code:
        its file name is taken.
    """
    files, left = _collect(path)
    first = files[0]
    if len(files) < 2:
        raise DataError(
            "This is the sort of a single participant; a Q analysis needs at least 2.",
            file=first.source,
            remedy="Put the files of all participants into one folder and read that.",
        )
    for other in files[1:]:
        _require_same(first, other)
    names = _names(files)
    notes = [f"{len(files)} files of the sorting page, study {first.study!r}"]
    if left:
        notes.append(f"left: {', '.join(left[:10])}{' …' if len(left) > 10 else ''}")
    notes.extend([] if texts else _say_wording(files))
    if written := sum(len(one.comments) + bool(one.remark.strip()) for one in files):
        notes.append(f"left: {written} comments (read_comments gives them)")
    return QSorts(
        np.array([one.values for one in files]).T,
        statements=first.statements,
        sorts=names,
        distribution=[value for value, count in first.grid for _ in range(count)],
        texts=texts or (first.texts if any(first.texts) else ()),
        notes=notes,
    )


def read_comments(path: PathLike | Iterable[PathLike]) -> pd.DataFrame:
    """What participants wrote, from a folder of files of the sorting page.

    Returns
    -------
    DataFrame
        One row a comment: ``sort, statement, value, comment``; for the remark
        at the end `statement` is empty and `value` missing.

    Raises
    ------
    DataError
        As :func:`read_sort_files` does.
    """
    files, _ = _collect(path)
    rows: list[tuple[str, str, float, str]] = []
    for name, one in zip(_names(files), files, strict=True):
        values = dict(zip(one.statements, one.values, strict=True))
        rows.extend((name, label, values[label], text) for label, text in one.comments.items())
        if one.remark.strip():
            rows.append((name, "", math.nan, one.remark))
    return pd.DataFrame(rows, columns=["sort", "statement", "value", "comment"]).astype(
        {"value": "float64"}
    )


def _collect(path: PathLike | Iterable[PathLike]) -> tuple[list[SortFile], list[str]]:
    """The saved sorts, and the names of files that were left."""
    left: list[str] = []
    if isinstance(path, str | os.PathLike):
        folder = Path(path)
        if folder.is_dir():
            found = [file for file in sorted(folder.iterdir()) if not file.name.startswith(".")]
            if len(found) > MAX_FILES:
                raise DataError(f"The folder holds more than {MAX_FILES} files.", file=folder)
            paths = [f for f in found if f.suffix.lower() == ".json" and _claims_to_be_one(f)]
            left = [file.name for file in found if file not in set(paths)]
        else:
            paths = [folder]
        where = folder
    else:
        paths = [Path(one) for one in path]
        where = paths[0] if paths else Path("nothing")
    files = [read_sort_file(file) for file in paths]
    if not files:
        raise DataError(
            "There is no file of the sorting page here.",
            file=where,
            remedy="Put the .json files that participants saved into this folder.",
        )
    return files, left


def _claims_to_be_one(source: Path) -> bool:
    """Whether JSON calls itself a saved sort; broken JSON in the folder is an error."""
    content = _load(source)
    return isinstance(content, dict) and content.get("format") == "dmpkit-sort"


def _require_same(first: SortFile, other: SortFile) -> None:
    for what, same in (
        ("study", first.study == other.study),
        ("statements", first.statements == other.statements),
        ("grid", first.grid == other.grid),
    ):
        if not same:
            raise DataError(
                f"The {what} of this file differs from {first.source.name}.",
                file=other.source,
                remedy="Read files of one study at a time, one folder each.",
            )


def _names(files: Sequence[SortFile]) -> list[str]:
    names: dict[str, SortFile] = {}
    for one in files:
        name = re.sub(r"[\x00-\x1f\x7f]+", " ", one.participant).strip()
        if not name:
            name = one.source.stem
            warn(
                f"{one.source.name} has no participant's code; its file name is taken.",
                ReadingWarning,
                stacklevel=4,
            )
        if name in names:
            raise DataError(
                f"The code {name[:60]!r} occurs in {names[name].source.name} too.",
                file=one.source,
                column="participant",
                remedy="If it is the same person, keep one file; else change one of the codes.",
            )
        names[name] = one
    return list(names)


def _say_wording(files: Sequence[SortFile]) -> list[str]:
    if len({one.texts for one in files}) < 2:
        return []
    languages = sorted({one.language or "not stated" for one in files})
    message = (
        f"The wording of the statements differs between files (languages: "
        f"{', '.join(languages)}); that of {files[0].source.name} is taken."
    )
    warn(message, ReadingWarning, stacklevel=4)
    return [message]
