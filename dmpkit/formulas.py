"""Text that a spreadsheet program would run: guarded when written, bare again when read."""

from __future__ import annotations

import re

__all__ = ["plain_cell", "safe_cell"]

#: What begins a formula, after any apostrophes; the wide signs are those of East Asian type.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
_GUARDED = re.compile("''*[=+\\-@\t\r\n＝＋－＠]")


def safe_cell(value: object) -> object:
    r"""Neutralise text that a spreadsheet would run as a formula.

    A text that starts with ``= + - @``, a tab or a line end gets a leading
    apostrophe, unless it is just a number. So does one that looks guarded
    already: :func:`plain_cell` gives back each text as it was.

    Examples
    --------
    >>> safe_cell('=HYPERLINK("x")'), safe_cell("-3"), safe_cell(-3), safe_cell("'=x")
    ('\'=HYPERLINK("x")', '-3', -3, "''=x")
    """
    if not isinstance(value, str) or not _FORMULA.match(value):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def plain_cell(text: str) -> str:
    """Text without the apostrophe that :func:`safe_cell` put before it.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> [plain_cell(text) for text in ("'=1+1", "-2", "''=x", "it's")]
    ['=1+1', '-2', "'=x", "it's"]
    """
    return text[1:] if _GUARDED.match(text) else text
