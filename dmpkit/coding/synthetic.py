"""Two coders' work on made-up interviews, as the files of two programs, for exercises.

The programs are nobody's: their files differ in the ways in which real ones do.
"""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path
from typing import Final

import pandas as pd

from dmpkit import datasets
from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange.offsets import Convention
from dmpkit.coding.exchange.refi_write import write_qdpx
from dmpkit.writing import atomic_write, unfinished_folder

__all__ = ["synthetic_interviews"]

_PACKAGE: Final = "synthetic-interviews"
#: What each file is called, how it counts, and whether its text has a BOM and CR LF.
_PROGRAMS: Final = {
    "coder A": ("coder-a.qdpx", Convention("UTF-16 units", "exclusive", "two", "counted"), True),
    "coder B": ("coder-b.qdpx", Convention("code points", "inclusive", "one"), False),
}
#: In coder B's file this quotation has the position that it had before its transcript was
#: edited, so many characters further on.
_MOVED: Final = ("Pay for carers.", 11)
_SOURCE = re.compile(r'<TextSource [^>]*plainTextPath="internal://([^"]+)">')
_PLACE = re.compile(r'name="([^"]*)" startPosition="(\d+)" endPosition="(\d+)"')


def synthetic_interviews(folder: str | os.PathLike[str]) -> dict[str, Path]:
    """Write eight synthetic interviews, coded by two, as two ``.qdpx`` files.

    Interviews, codebook and codings are those of the data package
    ``synthetic-interviews``, made up by the dmpkit developers. The files differ as files
    of different programs do. Coder A's has texts with a byte-order mark and CR LF and
    counts both, in UTF-16 units; it holds the attributes of the participants. Coder B's
    counts code points and gives the last character instead of the one behind it; one of
    its quotations stands elsewhere than its position says, as happens where a transcript
    is edited after it was coded.

    Parameters
    ----------
    folder : path
        Made where it does not exist.

    Returns
    -------
    dict of str to Path
        Coder to her file, ``coder-a.qdpx`` and ``coder-b.qdpx``. The same bytes each time.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from dmpkit.coding import read_project
    >>> with TemporaryDirectory() as folder:
    ...     files = synthetic_interviews(folder)
    ...     read_project(files["coder A"]).audit.sources["convention"][0]
    'UTF-16 units, end exclusive, CR LF counted as two, byte-order mark counted'
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    made = {}
    for coder, (name, way, windows) in _PROGRAMS.items():
        project = _project(coder)
        with unfinished_folder(target / name, work=True) as place:
            plain = write_qdpx(project, place / name)
            made[coder] = _recount(plain, target / name, way, windows, coder)
    return made


def _project(coder: str) -> CodedProject:
    """One coder's codings of the transcripts; the attributes are with coder A."""
    turns = datasets.load(_PACKAGE, "turns")
    lines = turns["speaker"] + ": " + turns["text"] + "\n"
    texts = {str(name): "".join(part) for name, part in lines.groupby(turns["interview"])}
    codings = datasets.load(_PACKAGE, "codings").query("coder == @coder")
    where = zip(codings["interview"], codings["quote"], strict=True)
    segments = codings.rename(columns={"interview": "source"}).reset_index(drop=True)
    segments["start"] = [texts[source].index(quote) for source, quote in where]
    segments["end"] = segments["start"] + segments["quote"].str.len()
    people = datasets.load(_PACKAGE, "participants").rename(columns={"participant": "case"})
    first = coder == "coder A"
    return CodedProject.from_frames(
        pd.DataFrame({"source": list(texts), "text": list(texts.values())}),
        segments,
        datasets.load(_PACKAGE, "codes"),
        cases=people.drop(columns="interview") if first else None,
        case_sources=people[["case", "interview"]].rename(columns={"interview": "source"})
        if first
        else None,
        name=f"Synthetic interviews, {coder}",
        approach="coding reliability",
        users=[coder],
    )


def _recount(plain: Path, target: Path, way: Convention, windows: bool, coder: str) -> Path:
    """The file again, its texts and positions as another program would write them."""
    with zipfile.ZipFile(plain) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    page = held.pop("project.qde").decode()
    texts = {name: data.decode() for name, data in held.items()}
    pieces = _SOURCE.split(page)  # before, file, its codings, file, its codings …
    for i in range(1, len(pieces), 2):
        text = texts[f"sources/{pieces[i]}"]
        pieces[i + 1] = _PLACE.sub(lambda m, t=text: _placed(m, t, way, coder), pieces[i + 1])
    opened = iter(_SOURCE.finditer(page))
    page = pieces[0] + "".join(
        next(opened).group() + pieces[i + 1] for i in range(1, len(pieces), 2)
    )
    page = re.sub(r' origin="[^"]*"', f' origin="Synthetic program {coder[-1]}"', page, count=1)
    with atomic_write(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(zipfile.ZipInfo("project.qde"), page.encode())
        for name, text in texts.items():
            raw = "\ufeff" + text.replace("\n", "\r\n") if windows else text
            archive.writestr(zipfile.ZipInfo(name), raw.encode())
    return target


def _placed(found: re.Match[str], text: str, way: Convention, coder: str) -> str:
    """The name and the positions of a selection, counted in a program's way."""
    name, start, end = found[1], int(found[2]), int(found[3])
    if coder == "coder B" and name == _MOVED[0]:
        start, end = start + _MOVED[1], end + _MOVED[1]
    first, last = (_counted(text[:at], way) for at in (start, end))
    last -= way.end == "inclusive"
    return f'name="{name}" startPosition="{first}" endPosition="{last}"'


def _counted(before: str, way: Convention) -> int:
    """How many units a program counts up to a place in a text."""
    if way.crlf == "two":
        before = before.replace("\n", "\r\n")
    if way.bom == "counted":
        before = "\ufeff" + before
    return len(before.encode("utf-16-le")) // 2 if way.unit == "UTF-16 units" else len(before)
