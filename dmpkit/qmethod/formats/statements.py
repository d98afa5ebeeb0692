"""The wording of statements where it is kept in a file of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from dmpkit.errors import DataError
from dmpkit.qmethod.formats.files import check_cells, read_text
from dmpkit.qmethod.formats.pqmethod import statement_lines
from dmpkit.qmethod.formats.reading import PathLike

__all__ = ["statement_texts"]

#: A Q set has a hundred statements; a tree of all elements is made in memory.
MAX_XML, MAX_TAGS = 2_000_000, 100_000


def statement_texts(
    source: PathLike | Sequence[str] | None, encoding: str | None = None
) -> tuple[str, ...]:
    """The wording of statements: as given, or from a file.

    Parameters
    ----------
    source : sequence of str or path or None
        Texts in order; or a file with one statement a line (as KADE and
        PQMethod have it), or the ``statements.xml`` of HTMLQ, FlashQ and EQ
        Web Sort (``<statement id="1">…</statement>``).
    encoding : str, optional

    Raises
    ------
    DataError
        For a file that is absent, empty, not text, or an XML file without
        statements or with statements that are not numbered once each from 1.

    Examples
    --------
    >>> statement_texts(["Members decide", "Staff decide"])
    ('Members decide', 'Staff decide')
    """
    if source is None:
        return ()
    if not isinstance(source, (str, Path)) and isinstance(source, Sequence):
        return tuple(str(text).strip() for text in source)
    file = Path(source)
    text = read_text(file, encoding)
    check_cells(text, file)
    if text.lstrip().startswith("<"):
        return tuple(_from_xml(text, file))
    return tuple(statement_lines(re.split(r"\r\n|\r|\n", text))[0])


def _from_xml(text: str, file: Path) -> list[str]:
    from defusedxml.ElementTree import fromstring

    if len(text) > MAX_XML or text.count("<") > MAX_TAGS:
        raise DataError(
            f"The XML has {len(text) / 1e6:.1f} MB and {text.count('<'):,} tags; "
            f"{MAX_XML / 1e6:.0f} MB and {MAX_TAGS:,} are the limits.",
            file=file,
            remedy="Give the statements as text, one a line.",
        )
    try:
        root = fromstring(text.encode("utf-8") if "encoding=" not in text[:200] else _plain(text))
    except Exception as error:  # expat and defusedxml raise several kinds
        raise DataError(f"The XML is broken ({type(error).__name__}).", file=file) from None
    found: dict[int, str] = {}
    for item in root.iter("statement"):
        number = (item.get("id") or "").strip()
        if not re.fullmatch(r"[0-9]{1,6}", number) or int(number) in found:
            raise DataError(
                f"A statement has the id {number!r}; each needs a number of its own.", file=file
            )
        found[int(number)] = " ".join("".join(item.itertext()).split())
    if not found or sorted(found) != list(range(1, len(found) + 1)):
        raise DataError(
            f"The XML holds {len(found)} statements, and their ids do not count from 1.", file=file
        )
    return [found[i] for i in sorted(found)]


def _plain(text: str) -> bytes:
    """Text without the declared encoding, which the decoded text no longer has."""
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text).encode("utf-8")
