"""From a study, an instrument or a file to the pages that participants use."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError, in_file
from dmpkit.writing import write_together

if TYPE_CHECKING:
    from dmpkit.qmethod.instrument import Instrument

__all__ = ["find_instruments", "open_instrument", "read_translation", "write_pages"]


def find_instruments() -> list[str]:
    """The names of the instruments that come with dmpkit.

    Examples
    --------
    >>> find_instruments()
    ['governance-instrument']
    """
    from dmpkit.datasets import data_path, names

    return [
        name
        for name in names()
        if all(
            (data_path(name) / part).is_file() for part in ("statements.csv", "distribution.csv")
        )
    ]


def open_instrument(name: str | os.PathLike[str]) -> Instrument:
    """Open the instrument of a study, one that comes with dmpkit, or one in a file.

    Parameters
    ----------
    name : str or path
        A study's slug, the name of an instrument, a folder with
        ``statements.csv``, a table with the columns ``statement`` and
        ``text``, or a file of sorts that holds the wording of its statements.

    Raises
    ------
    DataError
        If there is none of that name, or it lacks statements.

    Examples
    --------
    >>> open_instrument("lipset-1963").n_statements
    33
    """
    from dmpkit.qmethod.instrument import Instrument
    from dmpkit.workbench.study import Study, find_studies

    path = Path(name)
    if str(name) in find_instruments():
        return Instrument.load(str(name))
    if str(name) in find_studies():
        return _of_study(Study.open(str(name)))
    if path.is_dir():
        return Instrument.open(path)
    if path.is_file():
        return _of_file(path)
    raise DataError(
        f"There is no study, instrument, folder or file {str(name)!r}.",
        remedy=f"Studies: {', '.join(find_studies())}. Instruments: "
        f"{', '.join(find_instruments())}.",
    )


def _of_study(study: Any) -> Instrument:
    from dataclasses import replace

    from dmpkit.qmethod.instrument import Instrument
    from dmpkit.qmethod.readers import read_sorts

    if (study.folder / "statements.csv").is_file():
        found = Instrument.open(study.folder)
        return found if found.title != found.name else replace(found, title=study.title)
    for item in study.data:
        path = study.path(item.name)
        try:
            sorts = read_sorts(path)
        except DataError:
            continue  # a table of another kind
        if sorts.texts:
            return Instrument.from_sorts(sorts, study.slug, title=study.title)
    raise DataError(
        f"The study {study.slug!r} has neither statements.csv nor sorts with the wording of "
        "their statements.",
        remedy="Write statements.csv with the columns statement and text into its folder.",
    )


def _of_file(path: Path) -> Instrument:
    from dmpkit.qmethod.instrument import Instrument
    from dmpkit.qmethod.readers import read_sorts

    try:
        return Instrument.open(path)
    except DataError as problem:
        try:
            sorts = read_sorts(path)
        except DataError:
            raise problem from None
        if not sorts.texts:
            raise problem from None
        with in_file(path):
            return Instrument.from_sorts(sorts, path.stem.replace(" ", "-"), title=path.stem)


_START_AGAIN = "Start again from what dmpkit qsort --write-texts writes."


def read_translation(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read texts for the sorting page from a JSON file.

    Raises
    ------
    DataError
        If it cannot be read as an object of texts.
    """
    source = Path(path)
    try:
        found = json.loads(source.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"The file cannot be read ({error.strerror}).", file=source) from None
    except json.JSONDecodeError as error:
        raise DataError(
            "This is not valid JSON.", file=source, row=error.lineno, remedy=_START_AGAIN
        ) from None
    except (ValueError, RecursionError):
        raise DataError("This is not JSON in UTF-8.", file=source, remedy=_START_AGAIN) from None
    if not isinstance(found, dict):
        raise DataError("This is not an object of texts.", file=source, remedy=_START_AGAIN)
    return found


def write_pages(
    instrument: Instrument,
    folder: Path,
    *,
    cards: bool = False,
    sheet: bool = False,
    texts: dict[str, Any] | None = None,
    texts_file: bool = False,
) -> list[Path]:
    """Write what participants use into a folder; gives the paths.

    Parameters
    ----------
    instrument : Instrument
    folder : Path
        Made where it does not exist.
    cards, sheet : bool
        Also the cards to print, the sheet to write a sort on.
    texts : dict, optional
        A translation, see :func:`dmpkit.qmethod.sorting_page.page_texts`.
    texts_file : bool
        Also all texts of the page, as a JSON file to translate.
    """
    from dmpkit.qmethod.sorting_page import page_texts

    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{instrument.name}-sorting-page.html"]
    with write_together(folder) as made:
        instrument.write_page(made / names[0], texts=texts)
        for wanted, ending, write in (
            (cards, "cards", instrument.write_cards),
            (sheet, "sort-sheet", instrument.write_sheet),
        ):
            if wanted:
                names.append(f"{instrument.name}-{ending}.html")
                write(made / names[-1])
        if texts_file:
            names.append(f"{instrument.name}-texts.json")
            said = json.dumps(page_texts(instrument) | (texts or {}), indent=2, ensure_ascii=False)
            (made / names[-1]).write_text(said + "\n", encoding="utf-8")
    return [folder / name for name in names]
