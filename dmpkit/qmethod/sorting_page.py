"""Pages that an instrument makes: the sorting page, cards, the sort sheet.

Each is one HTML file that asks nothing of any server. The sorting page holds
its script and style inline, allowed by their hashes and nothing else, so that
no statement, however it is worded, can run as a program.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError
from dmpkit.reporting import escape

if TYPE_CHECKING:
    from dmpkit.qmethod.instrument import Instrument

__all__ = ["cards_page", "page_texts", "sheet_page", "sorting_page"]

_TEMPLATES = Path(__file__).resolve().parent / "templates"


def page_texts(instrument: Instrument) -> dict[str, Any]:
    """Every text of the sorting page, for translation.

    Parameters
    ----------
    instrument : Instrument
        Its title, question, instruction and statements are among the texts.

    Returns
    -------
    dict
        Text by key; ``statements`` holds the wording by statement, ``lang``
        the language tag and ``dir`` the direction of writing.

    Examples
    --------
    >>> from dmpkit.qmethod.instrument import Instrument
    >>> page_texts(Instrument.load())["high"]
    'most agree'
    """
    texts: dict[str, Any] = json.loads(_template("sorting-texts.json"))
    texts["lang"] = instrument.language
    for key in ("title", "question", "instruction", "about", "low", "high"):
        texts[key] = getattr(instrument, key)
    if instrument.hand_in:
        texts["hand_in"] = instrument.hand_in
    texts["statements"] = dict(zip(instrument.statements, instrument.texts, strict=True))
    return texts


def sorting_page(instrument: Instrument, *, texts: Mapping[str, Any] | None = None) -> str:
    """The page on which a participant sorts: one HTML document, self-contained.

    Three piles, then the grid, then comments on the two ends, then a file
    that :func:`~dmpkit.qmethod.read_sorts` reads. It works with mouse, finger
    and keyboard, keeps unfinished work in the browser where that is allowed
    (and says whether it is), and sends nothing anywhere.

    Parameters
    ----------
    instrument : Instrument
        What is sorted.
    texts : mapping, optional
        Texts that replace the English ones: any of the keys of
        :func:`page_texts`, ``statements`` included.

    Raises
    ------
    DataError
        For a text with an unknown key, or that is not text.

    Examples
    --------
    >>> from dmpkit.qmethod.instrument import Instrument
    >>> sorting_page(Instrument.load()).count("<script>")
    1
    """
    words = _with_translation(page_texts(instrument), texts)
    style, script = _template("sorting.css"), _template("sorting.js")
    study = {
        "name": instrument.name,
        "fingerprint": instrument.fingerprint,
        "statements": list(instrument.statements),
        "columns": [
            {"value": _whole(value), "count": int(count)}
            for value, count in instrument.grid.itertuples(index=False)
        ],
    }
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return _fill(
        _template("sorting.html"),
        {
            "lang": escape(words["lang"]),
            "dir": "rtl" if words["dir"] == "rtl" else "ltr",
            "policy": policy,
            "title": escape(words["title"]),
            "noscript": escape(words["noscript"]),
            "style": style,
            "script": script,
            "texts": _json_block(words),
            "study": _json_block(study),
        },
    )


def _with_translation(words: dict[str, Any], texts: Mapping[str, Any] | None) -> dict[str, Any]:
    for key, text in (texts or {}).items():
        if key not in words:
            raise DataError(f"The page has no text {key!r}.", remedy="Use the keys of page_texts.")
        if key == "statements":
            words[key] = _with_translation(words[key], _as_mapping(text))
        elif isinstance(text, str):
            words[key] = text
        else:
            raise DataError(f"The text {key!r} is not text.")
    return words


def _as_mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise DataError("The texts of the statements are not given by statement.")
    return value


@cache
def _template(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _json_block(value: object) -> str:
    """JSON that cannot end the element it stands in."""
    text = json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _fill(template: str, parts: Mapping[str, str]) -> str:
    """Each {{name}} of the template once; what is put in is not looked through again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def _whole(value: float) -> int | float:
    return int(value) if float(value).is_integer() else float(value)


# -- on paper -------------------------------------------------------------------------

_PRINT = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 12pt/1.35 "Helvetica Neue", Arial, "DejaVu Sans", sans-serif; color: #000;
  background: #fff; margin: 1.5rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.25rem; margin: 0 0 .4rem; }
p { margin: .3rem 0; max-width: 46rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr));
  border-top: 1px dashed #777; border-inline-start: 1px dashed #777; margin-top: 1rem; }
.cards li { list-style: none; min-height: 7.4rem; padding: .9rem 1rem 1.6rem; position: relative;
  border-bottom: 1px dashed #777; border-inline-end: 1px dashed #777; break-inside: avoid;
  display: flex; align-items: center; justify-content: center; text-align: center;
  overflow-wrap: anywhere; }
.cards, .cards ul { padding: 0; }
.cards small { position: absolute; bottom: .3rem; inset-inline-end: .6rem; color: #444; }
.ends { display: flex; justify-content: space-between; font-weight: 600; max-width: none; }
table { border-collapse: separate; border-spacing: 3px; width: 100%; table-layout: fixed;
  page-break-inside: avoid; break-inside: avoid; }
th { font-size: 1rem; padding: .2rem 0; }
td { height: 2.5rem; text-align: center; padding: 0; }
td.place { border: 1.5px solid #000; }
.line { border-bottom: 1px solid #000; display: inline-block; min-width: 14rem; height: 1.3rem; }
.why { height: 1.9rem; border-bottom: 1px solid #777; display: flex; gap: 1rem; align-items: end; }
.page { break-before: page; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 11pt; }
  .cards { grid-template-columns: repeat(3, 1fr); } .screen { display: none; }
  @page { margin: 12mm; } }
"""


def _print_page(instrument: Instrument, heading: str, body: str, *, landscape: bool = False) -> str:
    style = _PRINT + ("@page { size: landscape; }\n" if landscape else "")
    policy = f"default-src 'none'; style-src '{_hash(style)}'"
    title = f"{instrument.title}: {heading}"
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(instrument.language)}"><head>'
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>\n"
    )


def cards_page(instrument: Instrument) -> str:
    """The statements as cards to print and cut: one HTML document.

    Examples
    --------
    >>> from dmpkit.qmethod.instrument import Instrument
    >>> cards_page(Instrument.load()).count("<li>")
    44
    """
    cards = "".join(
        f"<li><span>{escape(text)}</span><small>{escape(label)}</small></li>"
        for label, text in zip(instrument.statements, instrument.texts, strict=True)
    )
    about = f'<p class="screen">{escape(instrument.about)}</p>' if instrument.about else ""
    how = '<p class="screen">Print this page and cut along the dashed lines.</p>'
    return _print_page(instrument, "cards", f'{how}{about}<ul class="cards">{cards}</ul>')


def sheet_page(instrument: Instrument) -> str:
    """The sheet on which a sort is written down: the grid with empty places, one HTML document.

    Examples
    --------
    >>> from dmpkit.qmethod.instrument import Instrument
    >>> sheet_page(Instrument.load()).count('class="place"')
    44
    """
    grid = [(_whole(v), int(c)) for v, c in instrument.grid.itertuples(index=False)]
    head = "".join(f'<th scope="col">{_signed(value)}</th>' for value, _ in grid)
    rows = "".join(
        "<tr>"
        + "".join('<td class="place"></td>' if r < count else "<td></td>" for _, count in grid)
        + "</tr>"
        for r in range(max(count for _, count in grid))
    )
    lines = "".join(
        f"<h2>Why these at {_signed(value)}?</h2>" + '<div class="why">No.</div>' * count
        for value, count in (grid[-1], grid[0])
    )
    about = f"<p><small>{escape(instrument.about)}</small></p>" if instrument.about else ""
    body = (
        f"<p>{escape(instrument.question)}</p><p>{escape(instrument.instruction)}</p>"
        "<p>Write the number of each card into one place. "
        "The order within a column does not count.</p>"
        '<p>Code (no name): <span class="line"></span> Date: <span class="line"></span></p>'
        f'<p class="ends"><span>{escape(instrument.low)}</span>'
        f"<span>{escape(instrument.high)}</span></p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        f'<section class="page">{lines}</section>{about}'
    )
    return _print_page(instrument, "sort sheet", body, landscape=True)


def _signed(value: float) -> str:
    return f"+{value:g}" if value > 0 else f"{value:g}".replace("-", "\N{MINUS SIGN}")
