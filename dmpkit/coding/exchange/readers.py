"""Finding the reader that fits a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dmpkit.archives import head_of
from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.aqda import read_aqda_csv, read_aqda_json
from dmpkit.coding.exchange.archive import Archive, open_archive, read_bounded
from dmpkit.coding.exchange.collecting import Options
from dmpkit.coding.exchange.databases import SQLITE_HEAD, open_database
from dmpkit.coding.exchange.offsets import Convention
from dmpkit.coding.exchange.qualcoder import read_qualcoder
from dmpkit.coding.exchange.refi import find_project, read_qdpx
from dmpkit.coding.exchange.taguette import read_highlights, read_taguette
from dmpkit.errors import DataError

__all__ = ["read_project"]


def read_project(
    path: str | os.PathLike[str],
    *,
    convention: Convention | None = None,
    texts: Mapping[str, str] | str | os.PathLike[str] | None = None,
    separator: str | None = None,
    project: str | None = None,
) -> CodedProject:
    r"""Read a coded project, whatever program wrote it, with an account of the import.

    Read are REFI-QDA projects (``.qdpx``; NVivo, ATLAS.ti, MAXQDA, QualCoder, AQDA …),
    QualCoder's ``.qda`` (the folder, a zip of it, or the ``data.qda`` in it), Taguette's
    ``.sqlite3`` and its table of highlights, and AQDA's JSON and CSV. What a file is, is
    told by what it holds, not by its name.

    Programs count positions differently and none says how. For every source the
    quotations in the file are compared with the text under every convention known, and the
    one under which most stand is taken; a quotation that stands elsewhere is found by its
    words; what is nowhere goes to ``project.unplaced``. ``project.audit`` lists all of it,
    and a warning names what was lost or could not be decided.

    Parameters
    ----------
    path : path
        A file, or QualCoder's folder.
    convention : Convention, optional
        How positions count, where no quotation shows it.
    texts : mapping of str to str, or folder, optional
        Texts by source for files that hold none; of a folder, the ``.txt`` files (UTF-8).
    separator : str, optional
        At which Taguette's names are split into a tree: ``"."`` when not given, ``""``
        for not at all.
    project : str, optional
        Which of several projects of a Taguette server's database.

    Returns
    -------
    CodedProject

    Raises
    ------
    DataError
        The file is not a project, is broken, not UTF-8, far too large, or points outside
        itself.

    Examples
    --------
    >>> import tempfile
    >>> rows = "id,document,tag,content\n1,I1,Limits.Time,too short\n"
    >>> import warnings
    >>> with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     file = Path(folder) / "highlights.csv"
    ...     _ = file.write_text(rows)
    ...     made = read_project(file, texts={"I1": "It was too short."})
    >>> made.segments[["code", "start", "end"]].values.tolist()
    [['Limits/Time', 7, 16]]
    """
    source = Path(path)
    options = Options(convention, _texts(texts), separator, project)
    if source.is_dir():
        return _read_folder(source, options)
    head = head_of(source)
    if head.startswith(SQLITE_HEAD):
        return _read_database(source, options)
    if head.startswith(b"PK"):
        return _read_archive(source, options)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return read_aqda_json(source, options)
    if start.startswith(b"<") or source.suffix.lower() in {".qdc", ".qde"}:
        raise DataError(
            "This is a codebook or a bare project.qde, not a whole project.",
            file=source,
            remedy="Read a codebook with read_codebook; a project comes as .qdpx.",
        )
    if source.suffix.lower() in {".qdpx", ".qda", ".sqlite3", ".db"}:
        raise DataError(
            f"The file is not what {source.suffix} says: neither a zip archive nor a database.",
            file=source,
            remedy="Download or export it anew.",
        )
    return _read_table(source, options)


def _texts(texts: Mapping[str, str] | str | os.PathLike[str] | None) -> Mapping[str, str]:
    """Texts by the name of their source; of a folder also by the name of the file."""
    if texts is None:
        return {}
    if isinstance(texts, Mapping):
        return {str(name): str(text) for name, text in texts.items()}
    folder = Path(texts)
    if not folder.is_dir():
        raise DataError("This is not a folder of texts.", file=folder)
    made = {}
    for file in sorted(folder.glob("*.txt")):
        try:
            made[file.name] = made[file.stem] = read_bounded(file).decode()
        except UnicodeDecodeError as error:
            raise DataError(
                f"The text is not UTF-8 (byte {error.start}).",
                file=file,
                remedy="Save it as UTF-8; a guess would put wrong letters into quotations.",
            ) from None
    return made


def _read_folder(folder: Path, options: Options) -> CodedProject:
    database = folder / "data.qda"
    if not database.is_file():
        raise DataError(
            "The folder holds no data.qda, so it is not a QualCoder project.",
            file=folder,
            remedy="Give the file of another program, or the folder that ends in .qda.",
        )
    head = head_of(database)
    if not head.startswith(SQLITE_HEAD):
        raise DataError("The file is not a database.", file=database)
    return read_qualcoder(database, options)


def _read_database(path: Path, options: Options, data: bytes | None = None) -> CodedProject:
    with open_database(path, data) as database:
        tables = set(database.tables)
    if {"code_text", "code_name", "source"} <= tables:
        return read_qualcoder(path, options, data)
    if {"highlights", "tags", "documents", "projects"} <= tables:
        return read_taguette(path, options, data)
    raise DataError(
        f"The database is neither QualCoder's nor Taguette's (tables: "
        f"{', '.join(sorted(tables)[:6]) or 'none'}).",
        file=path,
        remedy="Export the project from its program as .qdpx.",
    )


def _read_archive(path: Path, options: Options) -> CodedProject:
    with open_archive(path) as archive:
        if find_project(archive) is None and (name := _database_in(archive)) is not None:
            data = archive.read(name)
        else:
            data = None
    if data is None:
        return read_qdpx(path, options)
    if not data.startswith(SQLITE_HEAD):
        raise DataError("data.qda in the archive is not a database.", file=path)
    return _read_database(path, options, data)


def _database_in(archive: Archive) -> str | None:
    found = [n for n in archive.names if n.rpartition("/")[2].lower() == "data.qda"]
    return min(found, key=len) if found else None


def _read_table(path: Path, options: Options) -> CodedProject:
    """AQDA's or Taguette's table, by its header."""
    line = head_of(path, 4096).removeprefix(b"\xef\xbb\xbf").splitlines() or [b""]
    header = {cell.strip(' "') for cell in line[0].decode("utf-8", "replace").lower().split(",")}
    if {"document", "code", "start_pos", "end_pos"} <= header:
        return read_aqda_csv(path, options)
    if {"document", "tag", "content"} <= header:
        return read_highlights(path, options)
    if {"tag", "description"} <= header:
        raise DataError(
            "This is Taguette's codebook, not a project.",
            file=path,
            remedy="Read it with read_codebook.",
        )
    raise DataError(
        "The file is not a project of a program that dmpkit reads.",
        file=path,
        remedy="Read are .qdpx, QualCoder's .qda, Taguette's .sqlite3 and highlights as CSV, "
        "AQDA's JSON and CSV; other tables go through CodedProject.from_frames.",
    )
