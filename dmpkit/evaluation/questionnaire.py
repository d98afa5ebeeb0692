"""Questionnaires and sheets that come with dmpkit: as tables, by criterion, as a printed form.

The items stand in ``data/instruments``. They are our own words, tied to the criteria that
they inform, and are to be adapted: what stands in square brackets is a template.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.reporting import Section, escape, page, write_html
from dmpkit.tables import require_columns, require_unique, to_pandas

__all__ = [
    "FORM_TEXTS",
    "instrument",
    "instrument_coverage",
    "instrument_items",
    "instruments",
    "items_from",
    "write_form",
]

PathLike: TypeAlias = str | os.PathLike[str]
Record: TypeAlias = dict[Hashable, Any]

PACKAGE = "instruments"
#: The instrument that is a table to write on.
LOG = "talk-log"
#: Kinds of items that stand in ``items.csv`` of an evaluation.
ANSWERED = (
    "opinion",
    "knowledge",
    "consideration",
    "preference",
    "experience",
    "efficacy",
    "demographic",
)
ITEM_COLUMNS = (
    "item", "kind", "label", "low", "high", "correct", "reversed", "criterion", "agree_from",
    "pole_low", "pole_high", "options", "answer",
)  # fmt: skip
NUMBERS = ("low", "high", "agree_from")

#: The words of a printed form that are not part of an item; give others to translate them.
FORM_TEXTS: Mapping[str, str] = {
    "voluntary": "You may leave out any question.",
    "draft": "Draft: {n} questions still hold a template in square brackets.",
    "one": "Please tick one.",
    "several": "Please tick all that apply.",
    "rank": "Rank",
    "rank_how": "Please give every option a rank of its own, from {low} to {high}.",
    "scale_how": "Please tick one box in each line.",
}


def instruments() -> tuple[str, ...]:
    """Names of the questionnaires and sheets that come with dmpkit.

    Examples
    --------
    >>> instruments()
    ('members-before', 'members-after', 'organiser', 'observer', 'talk-log')
    """
    from dmpkit import datasets

    return tuple(name for name in datasets.info(PACKAGE).resources if name != "items")


def instrument(name: str) -> pd.DataFrame:
    """One questionnaire or sheet, an item a row.

    Parameters
    ----------
    name : str
        One of :func:`instruments`.

    Returns
    -------
    DataFrame
        ``item, section, kind, wording, answer, options, low, high, pole_low, pole_high,
        agree_from, reversed, stage, criterion, note``; texts that are absent are empty.

    Raises
    ------
    DataError
        For a name that is not known.

    Examples
    --------
    >>> after = instrument("members-after").set_index("item")
    >>> after.loc["e_listen", ["wording", "criterion", "pole_high"]].tolist()
    ['Others listened when I spoke', 'C29', 'strongly agree']
    """
    from dmpkit import datasets

    if name not in instruments():
        raise DataError(
            f"There is no instrument {name!r}.", remedy=f"There are {', '.join(instruments())}."
        )
    return _filled(datasets.load(PACKAGE, name))


def _filled(frame: pd.DataFrame) -> pd.DataFrame:
    """Absent texts as empty ones; numbers stay numbers."""
    texts = [column for column in frame.columns if column not in NUMBERS]
    return frame.assign(**{c: frame[c].astype(object).fillna("") for c in texts})


def instrument_items() -> pd.DataFrame:
    """The members' items as the folder of an evaluation takes them (``items.csv``).

    A template: fill in what stands in square brackets, and the right answers in
    ``correct``.

    Examples
    --------
    >>> instrument_items()["kind"].value_counts()[["experience", "knowledge"]].tolist()
    [33, 5]
    """
    from dmpkit import datasets

    return _filled(datasets.load(PACKAGE, "items"))


def items_from(*questionnaires: Any) -> pd.DataFrame:
    """The table ``items.csv`` of an evaluation from questionnaires, each item once.

    Left out are records, open questions and codes. ``criterion`` stays empty for an
    item that informs several criteria. ``correct`` is taken where a questionnaire has
    that column.

    Parameters
    ----------
    *questionnaires : DataFrame
        As :func:`instrument` gives them, of any kind that dmpkit takes.

    Raises
    ------
    DataError
        No questionnaire, a column absent, or an item that is worded in two ways.

    Examples
    --------
    >>> items_from(instrument("members-before")).columns[:4].tolist()
    ['item', 'kind', 'label', 'low']
    """
    if not questionnaires:
        raise DataError("Give at least one questionnaire.")
    frames = [_questionnaire(frame) for frame in questionnaires]
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[rows["kind"].isin(ANSWERED)]
    worded = rows.groupby("item", sort=False)["wording"].nunique()
    if (worded > 1).any():
        raise DataError(
            f"The item {worded.index[worded > 1][0]!r} is worded in two ways.",
            remedy="Before and after need the same words; give a changed item another name.",
        )
    rows = rows.drop_duplicates("item").rename(columns={"wording": "label"})
    one = rows["criterion"].where(~rows["criterion"].str.contains(r"[\s,;]"), "")
    rows = rows.assign(criterion=one, correct=rows.get("correct", ""))
    return rows[list(ITEM_COLUMNS)].reset_index(drop=True)


def _questionnaire(frame: Any) -> pd.DataFrame:
    table = to_pandas(frame, what="questionnaire")
    wanted = [c for c in ITEM_COLUMNS if c not in ("label", "correct")] + ["wording"]
    require_columns(table, wanted)
    require_unique(list(table["item"]), "item")
    return _filled(table)


def instrument_coverage(criteria: Any = None) -> pd.DataFrame:
    """Which instrument informs which criterion, and which criteria none informs.

    Parameters
    ----------
    criteria : DataFrame, optional
        A table with ``criterion`` (or ``id``), ``label`` and ``evidence``; dmpkit's own
        criteria when not given.

    Returns
    -------
    DataFrame
        One row a criterion: ``criterion, label``, the number of items of every
        instrument, ``n_items``, and ``evidence``: what to ask for, in particular where
        ``n_items`` is 0.

    Examples
    --------
    >>> table = instrument_coverage()
    >>> table.loc[table["n_items"] == 0, "criterion"].tolist()
    ['C43', 'C44', 'C46', 'C50']
    """
    from dmpkit import datasets

    table = to_pandas(datasets.load("criteria") if criteria is None else criteria)
    table = table.rename(columns={"id": "criterion"})
    require_columns(table, ["criterion", "label", "evidence"])
    out = table[["criterion", "label"]].copy()
    for name in instruments():
        counted = instrument(name)["criterion"].str.split().explode().value_counts()
        out[name] = out["criterion"].map(counted).fillna(0).astype(int)
    out["n_items"] = out[list(instruments())].sum(axis=1)
    return out.assign(evidence=table["evidence"].to_numpy()).reset_index(drop=True)


# --- printed forms -------------------------------------------------------------------

_STYLE = """
.form h2 { margin-top: 1.4rem; } .form .how { font-size: .85rem; color: #444; margin: .2rem 0; }
.form .draft { border: 2px dashed #555; padding: .3rem .6rem; }
.form table { border-collapse: collapse; width: 100%; font-size: .9rem; margin: .4rem 0 1rem; }
.form th, .form td { border-bottom: 1px solid #999; padding: .35rem .3rem; vertical-align: middle; }
.form thead th { font-weight: 500; font-size: .75rem; vertical-align: bottom; }
.form tbody th { text-align: left; font-weight: 400; }
.form .pick { text-align: center; width: 9%; min-width: 2.6rem; }
.form .number { width: 4.5%; min-width: 1.4rem; text-align: center; }
.form .end { width: 12%; font-size: .8rem; } .form .left { text-align: right; }
.form .tick { display: inline-block; width: .8rem; height: .8rem; border: 1.3px solid #222;
  border-radius: 50%; } .form .box { border-radius: 0; }
.form .line { display: inline-block; border-bottom: 1px solid #222; min-width: 12rem;
  height: 1rem; }
.form { padding-right: 2px; }
.form .lines { border: 1px solid #777; height: 5rem; }
.form .question { break-inside: avoid; margin: .8rem 0; } .form ul { list-style: none; padding: 0; }
.form .log td { border: 1px solid #999; height: 1rem; }
.form li { margin: .2rem 0; }
@media screen and (max-width: 40rem) { .form table { display: block; overflow-x: auto; } }
@media print { .form .how { break-after: avoid; } .form tr { break-inside: avoid; }
  .form thead { display: table-header-group; } }
"""


def write_form(
    path: PathLike,
    name: str,
    *,
    items: Any = None,
    title: str | None = None,
    language: str = "en",
    texts: Mapping[str, str] | None = None,
    notes: bool = False,
) -> Path:
    """Write a questionnaire or sheet as one self-contained page to print.

    Parameters
    ----------
    path : path
        The page to write (``.html``), whole or not at all.
    name : str
        One of :func:`instruments`; also the title when none is given.
    items : DataFrame, optional
        The instrument as adapted or translated, with the columns of
        :func:`instrument`; that instrument itself when not given.
    title : str, optional
        Heading of the page.
    language : str
        Language tag of the page, for screen readers; it translates nothing.
    texts : mapping of str to str, optional
        Words of the form in another language, by the keys of :data:`FORM_TEXTS`.
    notes : bool
        Print the notes below the questions, such as what an organiser is to attach;
        not for members.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    DataError
        An instrument, a column or a text that is not known.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> "Others listened" in write_form(Path(folder, "a.html"), "members-after").read_text("utf-8")
    True
    """
    check_settings(write_form, locals())
    rows = instrument(name) if items is None else _questionnaire(items)
    require_columns(rows, ["section"])
    words = dict(FORM_TEXTS)
    unknown = sorted(set(texts or {}) - set(words))
    if unknown:
        raise DataError(
            f"There is no text {unknown[0]!r} in a form.", remedy=f"There are {', '.join(words)}."
        )
    words.update(texts or {})
    records: list[Record] = rows.to_dict("records")
    if not notes:
        records = [{**record, "note": ""} for record in records]
    open_ones = sum("[" in f"{r['wording']}{r['options']}" for r in records)
    head = f'<p class="how">{escape(words["voluntary"])}</p>'
    if open_ones:
        head += f'<p class="draft">{escape(words["draft"].format(n=open_ones))}</p>'
    body = [
        f"<section><h2>{escape(section)}</h2>"
        f"{_log(list(group)) if name == LOG else _blocks(list(group), words)}</section>"
        for section, group in groupby(records, key=lambda r: r["section"])
    ]
    shown = title or name.replace("members-", "members, ").replace("-", " ").capitalize()
    inner = f'<div class="form">{head}{"".join(body)}</div>'
    document = page(shown, [Section("", inner)], lang=language).replace("<h2></h2>", "")
    write_html(path, document.replace("</style>", f"{_STYLE}</style>", 1))
    return Path(path)


def _log(records: Sequence[Record]) -> str:
    """A sheet to write on, a column an item and an empty line a turn."""
    head = "".join(f"<th>{escape(record['wording'])}</th>" for record in records)
    line = f"<tr>{'<td>&nbsp;</td>' * len(records)}</tr>"
    rows = f"<thead><tr>{head}</tr></thead><tbody>{line * 26}</tbody>"
    return f'<table class="log" tabindex="0">{rows}</table>'


def _blocks(records: Sequence[Record], words: Mapping[str, str]) -> str:
    """Items one after the other; neighbours on the same scale share one table."""
    parts = []
    for key, group in groupby(records, key=_shape):
        if key[0] in ("scale", "rank"):
            parts.append(_grid(list(group), words))
        else:
            parts.extend(_question(record, words) for record in group)
    return "".join(parts)


def _shape(record: Record) -> tuple[object, ...]:
    same = ("answer", "options", "low", "high", "pole_low", "pole_high")
    return tuple(str(record[column]) for column in same)


def _grid(records: Sequence[Record], words: Mapping[str, str]) -> str:
    first = records[0]
    low, high = _whole(first, "low"), _whole(first, "high")
    if first["answer"] == "rank":
        how = words["rank_how"].format(
            low=_pole(low, first, "low"), high=_pole(high, first, "high")
        )
        head = f'<td></td><th class="pick">{escape(words["rank"])}</th>'
        cells = '<td class="pick"><span class="tick box"></span></td>'
        return _table(records, how, head, "", cells)
    labels = split_options(first["options"])
    mark = "pick" if labels else "number"
    tick = f'<td class="{mark}"><span class="tick"></span></td>'
    if labels:
        head = "".join(f'<th class="pick">{escape(label)}</th>' for label in labels)
        return _table(records, words["scale_how"], f"<td></td>{head}", "", tick * len(labels))
    head = "".join(f'<th class="number">{k}</th>' for k in range(low, high + 1))
    left = f'<td class="end left">{escape(first["pole_low"])}</td>'
    right = f'<td class="end">{escape(first["pole_high"])}</td>'
    cells = tick * (high - low + 1) + right
    head = f"<td></td><td></td>{head}<td></td>"
    return _table(records, words["scale_how"], head, left, cells)


def _table(records: Sequence[Record], how: str, head: str, before: str, cells: str) -> str:
    lines = "".join(
        f'<tr><th scope="row">{escape(record["wording"])}</th>{before}{cells}</tr>'
        for record in records
    )
    return (
        f'<p class="how">{escape(how)}</p>'
        f'<table tabindex="0"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    )


def _pole(number: int, record: Record, end: str) -> str:
    meaning = record[f"pole_{end}"]
    return f"{number} ({meaning})" if meaning else str(number)


def _whole(record: Record, column: str) -> int:
    value = float("nan" if record[column] == "" else record[column])
    if not value.is_integer():
        raise DataError(
            f"The item {record['item']!r} is answered on a scale and lacks a whole number in "
            f"{column!r}.",
            column=column,
            remedy="Write the lowest and highest number of its scale.",
        )
    return int(value)


def _question(record: Record, words: Mapping[str, str]) -> str:
    answer, how = str(record["answer"]), ""
    if answer in ("one", "several"):
        how = f'<p class="how">{escape(words[answer])}</p>'
        tick = "tick" if answer == "one" else "tick box"
        chosen = split_options(record["options"])
        marks = "".join(f'<li><span class="{tick}"></span> {escape(o)}</li>' for o in chosen)
        field = f"<ul>{marks}</ul>"
    elif answer == "text" and record["kind"] != "code":
        field = '<div class="lines"></div>'
    else:
        field = '<p><span class="line"></span></p>'
    said = str(record.get("note", ""))
    note = f'<p class="how">{escape(said)}</p>' if said else ""
    return f'<div class="question"><p>{escape(record["wording"])}</p>{how}{field}{note}</div>'


def split_options(cell: Any) -> dict[str, float | None]:
    """The options of an item: label to its number, where the cell gives one.

    Parameters
    ----------
    cell : str
        Options parted by ``|``; ``4 = agree`` gives the label a number.

    Examples
    --------
    >>> split_options("1 = no | 2 = yes | not seen")
    {'no': 1.0, 'yes': 2.0, 'not seen': None}
    """
    out: dict[str, float | None] = {}
    text = "" if pd.isna(cell) else str(cell)
    for part in text.split("|"):
        found = re.fullmatch(r"\s*([+\-−]?\d+(?:[.,]\d+)?)\s*=\s*(.*\S)\s*", part)
        label = found.group(2) if found else part.strip()
        if label:
            number = found.group(1).replace("−", "-").replace(",", ".") if found else None
            out[label] = None if number is None else float(number)
    return out
