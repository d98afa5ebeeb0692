"""PQMethod: the ``.DAT`` file of sorts and the ``.STA`` file of statements.

Fixed columns. Line 1 of the ``.DAT``: numbers of sorts (columns 4-6) and
statements (7-9), title from column 11; line 2, in fields of width 3: lowest
and highest grid column, then how many statements each column takes, counted
from column -6 to +13; then a sort a line, its name in 10 columns and 2
columns a value. The ``.STA`` file has one statement a line. The layout is that
of files which PQMethod, KADE and R's qmethod exchange; PQMethod itself was not
run.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.qmethod.data import QSorts
from dmpkit.qmethod.formats.files import check_cells, read_text
from dmpkit.qmethod.formats.reading import PathLike, Reading, enumerate_some
from dmpkit.writing import write_together

if TYPE_CHECKING:
    pass

__all__ = [
    "GRID_HIGH",
    "GRID_LOW",
    "fitted_names",
    "grid_counts",
    "looks_like_pqmethod",
    "read_pqmethod",
    "say_shortened",
    "statement_lines",
    "write_pqmethod",
]

GRID_LOW, GRID_HIGH = -6, 13  # the columns whose counts PQMethod and KADE files list
_NAME_WIDTH = 10
_TITLE_WIDTH = 60


def looks_like_pqmethod(text: str) -> bool:
    r"""Whether text has the two headings of a ``.DAT`` file.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> looks_like_pqmethod("  0  9 33 Title\n -4  4  0  0  2")
    True
    >>> looks_like_pqmethod("sort,statement\n1,2")
    False
    """
    lines = re.split(r"\r\n|\r|\n", text[:2000])
    return (
        len(lines) > 1
        and _header_counts(lines[0]) is not None
        and re.match(r"[ \d-]{2}\d[ \d-]{2}\d(?:[ \d]{2}\d)*\s*$", lines[1]) is not None
    )


def read_pqmethod(act: Reading) -> QSorts:
    """Sorts from a ``.DAT`` file, texts from the ``.STA`` file beside it.

    Parameters
    ----------
    act : Reading

    Raises
    ------
    DataError
        Where the columns are not as described above; the line is named.
    """
    source = act.source
    lines = _text_lines(source, act.encoding)
    counts = _header_counts(lines[0])
    if counts is None or len(lines) < 3:
        raise act.error(
            "This is not a PQMethod .DAT file: its first line has no numbers of sorts and "
            "statements in columns 4-6 and 7-9."
            if counts is None
            else "The PQMethod file ends after its heading.",
            row=1,
        )
    p, n = counts
    low, high, distribution = _grid(lines[1], n, source)
    sorts = [(i, line) for i, line in enumerate(lines[2:], start=3) if line.strip()]
    if len(sorts) != p:
        raise act.error(
            f"The heading announces {p} sorts, the file has {len(sorts)}.",
            row=len(lines) if len(sorts) < p else sorts[p][0],
            remedy="The file may be cut off." if len(sorts) < p else "Remove what is not a sort.",
        )
    act.took("PQMethod .DAT")
    if title := lines[0][9:].strip():
        act.took(f"title: {title}")
    names = [line[:10].strip() or f"sort{k}" for k, (_, line) in enumerate(sorts, start=1)]
    values = np.array([_values(line, n, low, high, source, i) for i, line in sorts])
    if distribution is None:
        act.warn(
            f"The grid in line 2 of {source.name} does not hold {n} statements; the "
            "distribution is inferred from the sorts instead."
        )
    else:
        act.took("distribution: line 2")
    texts = [] if act.texts else _texts(act, n)
    return act.sorts(values.T, sorts=names, distribution=distribution, texts=texts)


def _text_lines(source: Path, encoding: str | None) -> list[str]:
    text = read_text(source, encoding)
    check_cells(text, source)
    if "\t" in text:
        raise DataError(
            "The file is not in fixed columns (it holds control characters or tabs).",
            file=source,
            remedy="PQMethod files are text in fixed columns.",
        )
    return re.split(r"\r\n|\r|\n", text)


def _header_counts(line: str) -> tuple[int, int] | None:
    """Numbers of sorts and statements: columns 4-6 and 7-9 of line 1."""
    found = re.fullmatch(r"[ \d]{3}([ \d]{3})([ \d]{3})(?:\D.*)?", line)
    if not found or not all(group.strip().isdigit() for group in found.groups()):
        return None
    p, n = (int(group) for group in found.groups())
    return (p, n) if p and n else None


def _grid(line: str, n: int, source: Path) -> tuple[float, float, list[float] | None]:
    """Lowest and highest grid value, and the distribution where line 2 gives it.

    Twenty counts stand for the columns -6 to 13; other programs pad the
    counts with zeros as they like, and then the grid begins at the first
    count that is not 0.
    """
    cells = [line[i : i + 3].strip() for i in range(0, len(line.rstrip()), 3)]
    if len(cells) < 2 or not all(re.fullmatch(r"-?\d+", cell) for cell in cells):
        raise DataError(
            "Line 2 does not hold whole numbers of width 3 (lowest and highest grid value, "
            "then the number of statements in each).",
            file=source,
            row=2,
        )
    low, high, *counts = (int(cell) for cell in cells)
    if not -99 <= low < high <= 99:
        raise DataError(f"The grid runs from {low} to {high}.", file=source, row=2)
    for first, wanted in ((GRID_LOW, counts), _padded(counts, low)):
        grid = {first + i: count for i, count in enumerate(wanted) if count}
        if sum(grid.values()) == n and all(
            low <= value <= high and count > 0 for value, count in grid.items()
        ):
            return low, high, [float(v) for v, count in grid.items() for _ in range(count)]
    return low, high, None


def _padded(counts: Sequence[int], low: int) -> tuple[int, list[int]]:
    kept = list(counts)
    while kept and kept[0] == 0:
        kept.pop(0)
    return low, kept


def _values(line: str, n: int, low: float, high: float, source: Path, row: int) -> list[float]:
    body = line[10:].rstrip()
    if len(body) != 2 * n:
        raise DataError(
            f"The line has {len(body) / 2:g} values of width 2 after the name; {n} are needed.",
            file=source,
            row=row,
            remedy="A name takes 10 columns, each value 2.",
        )
    values = []
    for j in range(n):
        cell = body[2 * j : 2 * j + 2]
        if not re.fullmatch(r" \d|-\d|\d\d", cell) or not low <= int(cell) <= high:
            raise DataError(
                f"{cell!r} is not a value of the grid from {low:g} to {high:g}.",
                file=source,
                row=row,
                column=f"{11 + 2 * j} (statement {j + 1})",
            )
        values.append(float(cell))
    return values


def _texts(act: Reading, n: int) -> list[str]:
    """Statement texts from the .STA file beside the .DAT file, where there is one."""
    file = _beside(act.source)
    if file is None:
        act.took(f"no {act.source.stem}.STA beside it: no statement texts")
        return []
    lines, coded = statement_lines(_text_lines(file, act.encoding))
    if len(lines) != n:
        act.warn(f"{file.name} has {len(lines)} lines for {n} statements; its texts are left.")
        return []
    act.took(f"texts: {file.name}")
    if coded:
        act.left("the one-digit group code at the start of each statement")
    return lines


def _beside(file: Path) -> Path | None:
    """The ``.STA`` file beside a ``.DAT`` file."""
    options = (file.with_suffix(end) for end in (".STA", ".sta", ".Sta"))
    return next((path for path in options if path.is_file()), None)


def statement_lines(lines: Sequence[str]) -> tuple[list[str], bool]:
    """The statements of a ``.STA`` file, and whether a group code was taken off.

    In a structured Q set, the first column of every line holds the number of
    the group that the statement belongs to, with no space after it.

    Parameters
    ----------
    lines : sequence of str

    Examples
    --------
    >>> statement_lines(["1Members decide", "2Staff decide", ""])
    (['Members decide', 'Staff decide'], True)
    """
    kept = [line.strip() for line in lines]
    while kept and not kept[-1]:
        kept.pop()
    if kept and all(re.match(r"\d[^\W\d]", line) for line in kept):
        return [line[1:] for line in kept], True
    return kept, False


# -- writing -----------------------------------------------------------------------------


def write_pqmethod(sorts: QSorts, path: PathLike, *, title: str = "") -> None:
    """Write sorts as PQMethod's ``.DAT`` file, and their texts as ``.STA`` beside it.

    The ``.DAT`` is written in cp1252, one byte a column, so that the columns
    stand where every program expects them; the ``.STA`` likewise where its
    texts allow it, else in UTF-8. A statement of several lines becomes one.

    Parameters
    ----------
    sorts : QSorts
        At most 999 sorts of at most 999 statements, whole values from -6 to 13.
    path : path
        Ends in ``.DAT`` or ``.dat``.
    title : str
        At most 60 characters of it are written.

    Raises
    ------
    DataError
        Too many sorts or statements, values that do not fit, texts that
        would be read as other texts, sorts without texts beside an older
        ``.STA`` file, or another ending.

    Warns
    -----
    ReadingWarning
        For names longer than 10 characters (shortened, and numbered where
        that makes them equal), and for labels of statements other than their
        numbers, which the format has no place for.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[-1, 0], [0, 1], [1, -1]], sorts=["Ana", "Ben"])
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "rules.DAT"
    >>> qm.write_pqmethod(sorts, file, title="Rules")
    >>> print(file.read_text())
      0  2  3 Rules
     -1  1  0  0  0  0  0  1  1  1  0  0  0  0  0  0  0  0  0  0  0  0
    Ana       -1 0 1
    Ben        0 1-1
    <BLANKLINE>
    >>> qm.read_sorts(file) == sorts
    True
    """
    final = Path(path)
    if final.suffix.lower() != ".dat":
        raise DataError("A PQMethod file's name must end in .DAT.", file=final)
    n, p = sorts.values.shape
    if max(n, p) > 999:
        raise DataError(
            f"A PQMethod file holds at most 999 sorts and statements; these are {p} and {n}.",
            file=final,
            remedy="Write a tidy table with write_sorts.",
        )
    counts = grid_counts(sorts, final)
    low = int(min(sorts.values.min(), sorts.distribution[0]))
    high = int(max(sorts.values.max(), sorts.distribution[-1]))
    names = fitted_names(sorts.sorts, _NAME_WIDTH)
    lines = [
        f"  0{p:3d}{n:3d} {_one_byte(title)[:_TITLE_WIDTH]}".rstrip(),
        f"{low:3d}{high:3d}" + "".join(f"{count:3d}" for count in counts),
        *(
            f"{name:<{_NAME_WIDTH}}" + "".join(f"{int(value):2d}" for value in column)
            for name, column in zip(names, sorts.values.T, strict=True)
        ),
    ]
    texts = _sta_lines(sorts, final)
    if not texts and (old := _beside(final)):
        raise DataError(
            f"{old.name} lies beside it and would be read with these sorts, which have no texts.",
            file=final,
            remedy="Write to another name or folder.",
        )
    say_shortened(sorts.sorts, names, f"PQMethod names have {_NAME_WIDTH} columns")
    say_unlabelled(sorts, "PQMethod")
    with write_together(final.parent) as made:
        (made / final.name).write_bytes(("\r\n".join(lines) + "\r\n").encode("cp1252"))
        if texts:
            new = final.with_suffix(".STA" if final.suffix.isupper() else ".sta")
            beside = (_beside(final) or new).name
            (made / beside).write_bytes(_encoded("\r\n".join(texts) + "\r\n"))


def grid_counts(sorts: QSorts, file: Path) -> list[int]:
    """How many statements each column from -6 to 13 takes, as PQMethod and KADE list it.

    Parameters
    ----------
    sorts : QSorts
    file : Path
        Named in the error.

    Raises
    ------
    DataError
        When a value is not a whole number from -6 to 13.

    Examples
    --------
    >>> sorts = QSorts([[-1, 0], [0, 1], [1, -1]])
    >>> grid_counts(sorts, Path("x.DAT"))[4:9]
    [0, 1, 1, 1, 0]
    """
    for j, column in enumerate(sorts.values.T):
        _check_whole(column, f"Sort {sorts.sorts[j]!r}", file)
    _check_whole(sorts.distribution, "The distribution", file)
    found = sorts.distribution.astype(int) - GRID_LOW
    counts = np.bincount(found, minlength=GRID_HIGH - GRID_LOW + 1)
    return [int(count) for count in counts]


def _check_whole(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], who: str, file: Path
) -> None:
    wrong = values[(values != np.round(values)) | (values < GRID_LOW) | (values > GRID_HIGH)]
    if len(wrong):
        raise DataError(
            f"{who} has the value {wrong[0]:g}; the format has whole grid columns from "
            f"{GRID_LOW} to {GRID_HIGH} only.",
            file=file,
            remedy="Shift the values of all sorts, or write a tidy table with write_sorts.",
        )


def fitted_names(names: Sequence[str], width: int) -> list[str]:
    """Names cut to a width and to characters of one byte, told apart by numbers.

    Parameters
    ----------
    names : sequence of str
    width : int

    Examples
    --------
    >>> fitted_names(["Anastasia One", "Anastasia Oni", "Ben"], 10)
    ['1_Anastasi', '2_Anastasi', 'Ben']
    """
    short = [_one_byte(name)[:width].strip() or "?" for name in names]
    counts = {name: short.count(name) for name in set(short)}
    fitted = [
        f"{i}_{name}"[:width].strip() if counts[name] > 1 else name
        for i, name in enumerate(short, start=1)
    ]
    if len(set(fitted)) == len(fitted):
        return fitted
    return [f"{i}_{name}"[:width].strip() for i, name in enumerate(short, start=1)]


def say_shortened(given: Sequence[str], written: Sequence[str], why: str) -> None:
    """Warn the caller of a writer of names that its format cannot hold as they are.

    Parameters
    ----------
    given, written : sequence of str
    why : str
        What the format asks for.
    """
    changed = [f"{a!r} as {b!r}" for a, b in zip(given, written, strict=True) if a != b]
    if changed:
        message = f"{why}: {len(changed)} name(s) are changed, {enumerate_some(changed)}."
        warn(message, ReadingWarning, stacklevel=3)


def say_unlabelled(sorts: QSorts, program: str) -> None:
    """Warn the caller of a writer whose format knows statements by their number alone.

    Parameters
    ----------
    sorts : QSorts
    program : str
        Whose format it is.
    """
    if list(sorts.statements) != [str(i) for i in range(1, sorts.n_statements + 1)]:
        warn(
            f"{program} numbers the statements; their labels "
            f"({enumerate_some(sorts.statements, 3)}) are left, the order is kept: the file is "
            "read back with the labels 1, 2, 3 ...",
            ReadingWarning,
            stacklevel=3,
        )


def _one_byte(text: str) -> str:
    """Text in one line of cp1252, accents it lacks taken off, the rest as question marks."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", " ".join(text.split()))
    try:
        data = line.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", line)
        line = "".join(mark for mark in plain if not unicodedata.combining(mark))
        line = line.encode("cp1252", errors="replace").decode("cp1252")
        data = line.encode("cp1252")
    if not data.isascii() and _is_utf8(data):  # would be read as other letters
        return data.decode("ascii", errors="replace").replace("\ufffd", "?")
    return line


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _encoded(text: str) -> bytes:
    try:
        data = text.encode("cp1252")
    except UnicodeEncodeError:
        return text.encode("utf-8")
    return text.encode("utf-8") if _is_utf8(data) else data


def _sta_lines(sorts: QSorts, file: Path) -> list[str]:
    if not sorts.texts:
        return []
    lines = [" ".join(sorts.text(i).split()) for i in range(sorts.n_statements)]
    if statement_lines(lines)[1]:
        raise DataError(
            "Every statement begins with a digit and a letter; PQMethod would take the digits "
            "for group codes.",
            file=file.with_suffix(".STA"),
            remedy="Begin one of the statements otherwise.",
        )
    return lines
