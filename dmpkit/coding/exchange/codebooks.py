"""Reading codebooks: REFI-QDA (.qdc) of any program, and tables."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from dmpkit.archives import head_of
from dmpkit.coding.checking import check_codes, with_hierarchy
from dmpkit.coding.exchange.collecting import Collector
from dmpkit.coding.exchange.refi import ORIGIN_SETS, clean_guid, read_code
from dmpkit.coding.exchange.xml_stream import attribute, children, local, parts_of
from dmpkit.coding.schema import SEPARATOR, tidy
from dmpkit.errors import DataError, ImportAuditWarning, in_file, warn
from dmpkit.tables import read_delimited, read_table

__all__ = ["read_codebook", "split_names"]

#: Column names that other programs give, and ours.
_COLUMNS = {"tag": "code", "path": "code", "color": "colour", "memo": "description"}


def read_codebook(path: str | os.PathLike[str], *, separator: str | None = None) -> pd.DataFrame:
    r"""Read a codebook: ``.qdc`` of any program, or a table of codes.

    The reader is lenient where programs break the schema (a byte-order mark, empty
    sets). Taguette knows no tree and writes dotted names, which are split.

    Parameters
    ----------
    path : path
        ``.qdc``, or a table (``.csv`` …) with a column ``code``, ``tag`` or ``name``, and
        perhaps ``parent``, ``description``, ``colour``, ``codable``, ``origin``.
    separator : str, optional
        At which names are split into a tree; ``"."`` for Taguette's files when not
        given, ``"/"`` for tables; ``""`` for not at all.

    Returns
    -------
    DataFrame
        As `CodedProject.codes`: ``code``, ``name``, ``parent``, ``description``,
        ``colour``, ``codable``, ``origin``, ``guid``.

    Raises
    ------
    DataError
        Not a codebook, broken, or without a single code.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder) / "book.csv"
    ...     _ = file.write_text("tag,description\nLimits.Time,Too little of it\n")
    ...     read_codebook(file)["code"].tolist()
    ['Limits', 'Limits/Time']
    """
    source = Path(path)
    head = head_of(source).lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith(b"PK") and source.suffix.lower() not in {".xlsx", ".xlsm"}:
        raise DataError(
            "This is a project or a workbook, not a codebook.",
            file=source,
            remedy="Read a project with read_project; its .codes is the codebook.",
        )
    is_xml = head.startswith(b"<") or source.suffix.lower() == ".qdc"
    codes = _read_qdc(source, separator) if is_xml else _read_codes(source, separator)
    if not len(codes):
        raise DataError("The codebook holds no code.", file=source)
    return codes


def _read_qdc(path: Path, separator: str | None) -> pd.DataFrame:
    to = Collector(path, "REFI-QDA codebook")
    guids: dict[str, str] = {}
    with path.open("rb") as handle:
        mark = handle.read(3)
        handle.seek(3 if mark == b"\xef\xbb\xbf" else 0)
        for part, element in parts_of(handle, path, ("CodeBook",), frozenset({"Sets"})):
            if part == "":
                to.program = attribute(element, "origin")
            elif part == "Codes":
                stack = [(c, "") for c in reversed(list(children(element, "Code")))]
                while stack:
                    code, parent = stack.pop()
                    full = read_code(to, code, parent)
                    guids[clean_guid(attribute(code, "guid"))] = full
                    stack += [(c, full) for c in reversed(list(children(code, "Code")))]
            elif part == "Sets" and attribute(element, "name") in ORIGIN_SETS:
                for member in (m for m in element if local(m) == "MemberCode"):
                    full = guids.get(clean_guid(attribute(member, "guid")), "")
                    if full:
                        to.codes[full]["origin"] = ORIGIN_SETS[attribute(element, "name")]
    if separator is None:
        separator = "." if to.program.startswith("Taguette") else ""
    codes = tidy(pd.DataFrame(list(to.codes.values())) if to.codes else None, "codes")
    made = _checked(split_names(codes, separator), path)
    _warn_changed(to, path)
    return made


def _warn_changed(to: Collector, path: Path) -> None:
    """Say which names had to be changed; a codebook has no audit to hold them."""
    changed = [f"{where or what}: {why}" for what, where, why in to.changed()]
    if changed:
        said = "; ".join(changed[:5]) + (" …" if len(changed) > 5 else "")
        warn(f"{path.name}: names of codes were changed ({said}).", ImportAuditWarning)


def _read_codes(path: Path, separator: str | None) -> pd.DataFrame:
    text = path.suffix.lower() in {".csv", ".tsv", ".txt"}
    frame = read_delimited(path, decimal=".")[0] if text else read_table(path)
    names = {c: _COLUMNS.get(str(c).lower(), str(c).lower()) for c in frame.columns}
    frame = frame.rename(columns=names)
    if separator is None:
        separator = "." if "tag" in names or "number of highlights" in names else SEPARATOR
    if "code" not in frame.columns and "name" in frame.columns:
        above = frame["parent"].fillna("") if "parent" in frame.columns else [""] * len(frame)
        pairs = zip(above, frame["name"], strict=True)
        frame = frame.assign(code=[f"{p}{SEPARATOR}{n}" if p else str(n) for p, n in pairs])
    if "code" not in frame.columns:
        raise DataError(
            "The table has no column 'code', 'tag' or 'name'.",
            file=path,
            remedy=f"Its columns are {', '.join(map(repr, list(names)[:8]))}.",
        )
    known = [c for c in frame.columns if c in tidy(None, "codes").columns]
    codes = _tidy(frame.loc[:, ~frame.columns.duplicated()][list(dict.fromkeys(known))], path)
    return _checked(split_names(codes, separator) if separator != SEPARATOR else codes, path)


def _tidy(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    with in_file(path):
        return tidy(frame, "codes")


def _checked(codes: pd.DataFrame, path: Path) -> pd.DataFrame:
    with in_file(path):
        made = with_hierarchy(codes)
        check_codes(made)
    return made


def split_names(codes: pd.DataFrame, separator: str) -> pd.DataFrame:
    """Top-level names split at a separator into paths; a name with an empty part stays.

    Examples
    --------
    >>> frame = pd.DataFrame({"code": ["A.B", "etc."], "name": "", "parent": ""})
    >>> split_names(frame, ".")["code"].tolist()
    ['A/B', 'etc.']
    """
    if not separator:
        return codes
    columns = {name: codes[name].tolist() for name in ("code", "name", "parent")}
    for i, (code, parent) in enumerate(zip(codes["code"], codes["parent"], strict=True)):
        parts = [part.strip() for part in code.split(separator)]
        if parent or len(parts) < 2 or not all(parts):
            continue
        columns["code"][i], columns["name"][i] = SEPARATOR.join(parts), parts[-1]
        columns["parent"][i] = SEPARATOR.join(parts[:-1])
    made = {
        name: pd.Series(cells, codes.index, codes[name].dtype) for name, cells in columns.items()
    }
    return codes.assign(**made)
