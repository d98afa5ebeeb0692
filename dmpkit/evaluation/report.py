"""The report of an evaluation: one self-contained page, and the records beside it.

Page one says in words what can be said and what cannot; the chapters follow, then the
evidence, room for replies, and a method annex from which a sceptic can start. There is
no script in it and nothing is loaded; text from data is escaped; it prints on A4.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.analysis_parts import CHAPTERS
from dmpkit.evaluation.outside_records import sentence
from dmpkit.evaluation.profile import percent
from dmpkit.evaluation.report_annex import annex_html, evidence_html, replies_html
from dmpkit.evaluation.report_style import REPORT_STYLE
from dmpkit.evaluation.report_texts import TEXTS, texts_of
from dmpkit.evaluation.verdict import READING_KEYS, READINGS, lead_in, mean_text, rule_text
from dmpkit.reporting import STYLE, Section, drawing, escape, format_number, paragraphs, write_html
from dmpkit.tables import write_csv
from dmpkit.writing import write_together

if TYPE_CHECKING:
    from dmpkit.evaluation.analysis import Evaluation
    from dmpkit.evaluation.data import Scorecard

__all__ = ["page_one", "report", "report_html", "write_records", "write_report"]

PathLike: TypeAlias = str | os.PathLike[str]
Texts: TypeAlias = Mapping[str, str]

#: Krippendorff's alpha below which raters agree little: the lowest limit that Krippendorff (2004)
#: allows for tentative conclusions.
AGREEMENT = 0.667
#: Names that page one lists before it says how many more there are.
NAMED = 7
#: Characters that turn the direction of all text after them.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def report(scorecard: Scorecard, path: PathLike, **options: Any) -> Path:
    """Evaluate a scorecard and write the report; see :meth:`Evaluation.report`.

    Parameters
    ----------
    scorecard : Scorecard
        What was measured is read from its folder, if it has one.
    path : path
        The page.
    **options
        ``title, texts, lang, records`` go to the report, all others to
        :func:`~dmpkit.evaluation.analyse`.

    Returns
    -------
    Path
    """
    from dmpkit.evaluation.analysis import analyse

    own = {k: options.pop(k) for k in ("title", "texts", "lang", "records") if k in options}
    return analyse(scorecard, **options).report(path, **own)


def write_report(
    evaluation: Evaluation,
    path: PathLike,
    *,
    title: str | None = None,
    texts: Texts | None = None,
    lang: str | None = None,
    records: bool = True,
) -> Path:
    """Write the page, and the records as JSON and CSV beside it: all of it or nothing.

    Parameters
    ----------
    evaluation : Evaluation
    path : path
        Ends in ``.html``.
    title, texts, lang, records
        As :meth:`~dmpkit.evaluation.Evaluation.report` takes them.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        When the name does not end in ``.html`` or the folder does not exist.
    """
    target = Path(path)
    if target.suffix.lower() not in (".html", ".htm"):
        raise DataError("A report's name must end in .html.", file=target)
    with drawing():
        document = report_html(evaluation, title=title, texts=texts, lang=lang)
    if not records:
        write_html(target, document)
        return target
    with write_together(target.parent, owned=[f"{target.stem}-records"]) as made:
        (made / target.name).write_text(document, encoding="utf-8")
        _write_records(evaluation, made / target.stem)
    return target


def write_records(evaluation: Evaluation, stem: Path) -> tuple[Path, Path]:
    """All records that may be published, as ``<stem>-records.json`` and a folder of CSV files.

    Parameters
    ----------
    evaluation : Evaluation
    stem : Path
        The page's path without its ending.

    Returns
    -------
    json, folder : Path
    """
    with write_together(stem.parent, owned=[f"{stem.name}-records"]) as made:
        _write_records(evaluation, made / stem.name)
    return stem.with_name(f"{stem.name}-records.json"), stem.with_name(f"{stem.name}-records")


def _write_records(evaluation: Evaluation, stem: Path) -> None:
    """The same, below a path that takes its place later."""
    tables = {name.removeprefix("record "): frame for name, frame in evaluation.frames().items()}
    document = {
        "title": evaluation.name,
        "synthetic": evaluation.synthetic,
        "confidential": evaluation.confidential,
        "versions": evaluation.versions,
        "seed": evaluation.seed,
        "tables": {name: _plain_rows(frame) for name, frame in tables.items()},
    }
    text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
    stem.with_name(f"{stem.name}-records.json").write_text(text + "\n", encoding="utf-8")
    folder = stem.with_name(f"{stem.name}-records")
    folder.mkdir()
    for name, frame in tables.items():
        write_csv(frame, folder / f"{name.replace(' ', '_')}.csv")


def _plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of plain values, NaN as null."""
    return [
        {str(key): _plain_value(value) for key, value in row.items()}
        for row in frame.to_dict("records")
    ]


def _plain_value(value: Any) -> Any:
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


# --- the page -------------------------------------------------------------------------------


def report_html(
    evaluation: Evaluation,
    *,
    title: str | None = None,
    texts: Texts | None = None,
    lang: str | None = None,
) -> str:
    """The whole report as one HTML document.

    Parameters
    ----------
    evaluation : Evaluation
    title, texts, lang
        As :meth:`~dmpkit.evaluation.Evaluation.report` takes them.

    Returns
    -------
    str
    """
    t = texts_of(texts)
    code = lang or t["lang"]
    heading = title or evaluation.scorecard.about.get("title") or t["untitled"]
    chapters = _chapters(evaluation, t)
    body = (
        f'<div id="top">{page_one(evaluation, texts=t, title=heading)}</div>'
        + _contents(chapters, t)
        + "".join(_chapter_html(*chapter, t) for chapter in chapters)
    )
    marks = [t["synthetic_short"]] if evaluation.synthetic else []
    marks += [t["confidential"]] if evaluation.confidential else []
    full = f"{heading} ({'; '.join(marks)})" if marks else heading
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    klass = ' class="synthetic"' if evaluation.synthetic else ""
    document = (
        f'<!DOCTYPE html>\n<html lang="{escape(code)}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(full)}</title><style>{STYLE}{REPORT_STYLE}</style></head>"
        f"<body{klass}><main>{body}</main></body></html>\n"
    )
    return _TURNING.sub("", document)


Part: TypeAlias = tuple[str, str, str]  # its id, its heading, its HTML
Chapter: TypeAlias = tuple[str, str, str, list[Part]]  # id, heading, lead, parts


#: Terms of the glossary, by their keys in the texts.
_TERMS = ("alpha", "chance", "consensus", "swap", "gz", "gini", "holm", "icc", "interval",
          "permutation", "p_value", "peaked", "reason", "theil", "van_der_eijk")  # fmt: skip


def _glossary(t: Texts) -> list[Part]:
    """The technical terms in plain words, in the order of the alphabet."""
    pairs = [(t[f"term {key}"], t[f"means {key}"]) for key in _TERMS]
    terms = sorted(pairs, key=lambda pair: pair[0].casefold())
    rows = "".join(f"<dt>{escape(term)}</dt><dd>{escape(means)}</dd>" for term, means in terms)
    return [("glossary-terms", "", f'<dl class="about">{rows}</dl>')]


def _chapters(evaluation: Evaluation, t: Texts) -> list[Chapter]:
    """The chapters that have something to show, in reading order."""
    found: list[Chapter] = []
    for key, names in CHAPTERS.items():
        parts = [
            _part(
                name, t.get(f"part {name}", name), evaluation.parts[name].section(), evaluation, t
            )
            for name in names
            if name in evaluation.parts
        ]
        for n, section in enumerate(evaluation.given.get(key, ()), start=1):
            own = "" if section.title == t[key] else section.title
            parts.append(_part(f"{key} {n}", own, section, evaluation, t))
        if key == "profile":
            none = math.isnan(evaluation.total.value)
            head = t["total_none_head" if none else "total_head"]
            parts.append(("part-total", head, _total_html(evaluation, t)))
        if parts:
            found.append((key, t[key], t.get(f"{key}_lead", ""), parts))
    ends = (
        ("evidence", evidence_html(evaluation, t)),
        ("replies", replies_html(evaluation, t)),
        ("annex", [(a, b, even_text(c)) for a, b, c in annex_html(evaluation, t)]),
        ("glossary", _glossary(t)),
    )
    for key, parts in ends:
        found.append((key, t[key], t.get(f"{key}_lead", ""), parts))
    return found


def _part(name: str, heading: str, section: Section, evaluation: Evaluation, t: Texts) -> Part:
    """A method's own section, its headings one step down, its figures marked."""
    inner = re.sub(r"<(/?)h([3-5])\b", lambda m: f"<{m[1]}h{int(m[2]) + 1}", section.html)
    inner = re.sub(r'<th scope="col"[^>]*>[^<]*_[^<]*<', lambda m: m[0].replace("_", " "), inner)
    html = even_text(inner) + "".join(figure.html() for figure in section.figures)
    if evaluation.synthetic:
        html = html.replace("<figure", f'<figure data-mark="{escape(t["synthetic_short"])}"')
    if t["lang"] != "en":
        html = f'<div lang="en">{html}</div>'
    return f"part-{_slug(name)}", heading, html


def even_text(html: str) -> str:
    """The text of a fragment with percentages written alike and without a minus before 0.

    Examples
    --------
    >>> even_text('<p style="width:5%">91% from -0.00 to -0.05</p>')
    '<p style="width:5%">91 % from 0.00 to -0.05</p>'
    """
    pieces = re.split(r"(<[^>]*>)", html)
    for i in range(0, len(pieces), 2):
        text = re.sub(r"(?<=\d)%", " %", pieces[i])
        pieces[i] = re.sub(r"(?<![\w.])[-−](0\.0+)(?![\d])", r"\1", text)
    return "".join(pieces)


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _total_html(evaluation: Evaluation, t: Texts) -> str:
    total = evaluation.total
    if math.isnan(total.value):
        return paragraphs(sentence(total.note))
    return paragraphs(t["total"].format(value=f"{total.value:.2f}"))


def _contents(chapters: Sequence[Chapter], t: Texts) -> str:
    """The table of contents."""
    items = []
    for key, heading, _, parts in chapters:
        below = "".join(
            f'<li><a href="#{escape(part)}">{escape(name)}</a></li>'
            for part, name, _ in parts
            if key not in ("annex", "evidence", "replies")
        )
        inner = f"<ol>{below}</ol>" if below and len(parts) > 1 else ""
        items.append(f'<li><a href="#{key}">{escape(heading)}</a>{inner}</li>')
    head = f'<h2 id="contents-head">{escape(t["contents"])}</h2>'
    return (
        f'<nav class="contents" id="contents" aria-labelledby="contents-head">{head}'
        f"<ol>{''.join(items)}</ol></nav>"
    )


def _chapter_html(key: str, heading: str, lead: str, parts: Sequence[Part], t: Texts) -> str:
    """One chapter with its parts."""
    first = f'<p class="lead">{escape(lead)}</p>' if lead else ""
    bodies = []
    for part, name, html in parts:
        head = f"<h3>{escape(name)}</h3>" if name else ""
        bodies.append(f'<section class="part" id="{escape(part)}">{head}{html}</section>')
    klass = "chapter method" if key == "annex" else "chapter"
    up = f'<p class="up"><a href="#contents">{escape(t["to_top"])}</a></p>'
    return (
        f'<section class="{klass}" id="{key}"><h2>{escape(heading)}</h2>{first}'
        f"{''.join(bodies)}{up}</section>"
    )


# --- page one ------------------------------------------------------------------------------


def page_one(
    evaluation: Evaluation, *, texts: Texts | None = None, title: str | None = None
) -> str:
    """The first page: verdict in words, red lines, coverage, what is not known.

    Parameters
    ----------
    evaluation : Evaluation
    texts : mapping, optional
        As :func:`~dmpkit.evaluation.report_texts.texts_of` gives them.
    title : str, optional
        Heading; the evaluation's own when not given.

    Returns
    -------
    str
        An HTML fragment.
    """
    t = texts_of(texts)
    heading = title or evaluation.name
    tags = ""
    if evaluation.confidential:
        tags += f'<p class="tag secret">{escape(t["confidential"])}</p>'
    if evaluation.synthetic:
        tags += f'<p class="tag">{escape(t["synthetic"])}</p>'
    return (
        f'<header class="front"><p class="kicker">{escape(t["kind"])}</p>'
        f"<h1>{escape(_short(heading, 120))}</h1>{_under(evaluation, t)}{tags}"
        f"<h2>{escape(t['in_words'])}</h2>{_in_words(evaluation, t)}"
        f"{_reading_table(evaluation, t)}{_raters(evaluation, t)}"
        f"<h2>{escape(t['red_lines_head'])}</h2>{_red_lines(evaluation, t)}"
        f"<h2>{escape(t['coverage_head'])}</h2>{_coverage(evaluation, t)}"
        f"<h2>{escape(t['unknown_head'])}</h2>{_unknown(evaluation, t)}"
        f"<h2>{escape(t['paid_head'])}</h2>{_paid(evaluation, t)}"
        f'<p class="note"><strong>{escape(t["rule_head"])}.</strong> '
        f"{escape(rule_text(t['verdict_rule']))}</p></header>"
    )


def _short(text: str, most: int = 300) -> str:
    """A text short enough for page one."""
    return text if len(text) <= most else f"{text[:most].rstrip()}…"


def _under(evaluation: Evaluation, t: Texts) -> str:
    """Place, those responsible and the day, in one line."""
    about = evaluation.scorecard.about
    day = about.get("report_day") or datetime.now(UTC).date().isoformat()
    words = [about.get(name, "") for name in ("place", "commissioner", "organiser", "evaluator")]
    words = [_short(word, 60) for word in dict.fromkeys(words) if word]
    return f'<p class="meta">{escape(" · ".join([*words, t["made_on"].format(day=day)]))}</p>'


def _in_words(evaluation: Evaluation, t: Texts) -> str:
    """The readings that occur with their stages, as sentences, and what they are not."""
    found = []
    for key, reading in zip(READING_KEYS, READINGS, strict=True):
        if names := evaluation.verdict.founded(reading, t, 60):
            word = t[key][:1].upper() + t[key][1:]
            said = escape(lead_in(key, t)).format(
                word=f"<strong>{escape(word)}</strong>", stages=escape(", ".join(names))
            )
            found.append(said)
    return f"<p>{' '.join(found)} {escape(t['caution'])}</p>"


def _reading_table(evaluation: Evaluation, t: Texts) -> str:
    """One row a stage: what can be said, the mean with its bounds, how much was assessed."""
    said = dict(zip(READINGS, READING_KEYS, strict=True))
    heads = ("stage", "reading", "mean_range", "assessed")
    head = "".join(f'<th scope="col">{escape(t[key])}</th>' for key in heads)
    rows = []
    for row in evaluation.verdict.stages.to_dict("records"):
        known = t["assessed_of"].format(n=row["n_assessed"], all=row["n_known"])
        rows.append(
            f'<tr><th scope="row">{escape(row["name"])}</th>'
            f"<td>{escape(t[said[row['reading']]])}</td>"
            f'<td class="range">{_bar({str(k): v for k, v in row.items()}, t)}</td>'
            f'<td class="few" data-label="{escape(t["assessed"])}">{escape(known)}</td></tr>'
        )
    return (
        f'<table class="reading"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _bar(row: Mapping[str, Any], t: Texts) -> str:
    """The bounds of a stage as a bar; where it has a reading the mean as a dot and a number."""
    if not row["n_known"]:
        return ""
    low, high, mean = (float(row[c]) for c in ("low", "high", "mean"))
    silent = row["reading"] == TEXTS["not_known"]  # a mean of so few would be read as a result
    blank = math.isnan(mean) or silent
    words = {"stage": row["name"], "low": f"{low:.2f}", "high": f"{high:.2f}"}
    if math.isnan(mean):
        alt = t["range_none"].format(**words)
    elif silent:
        alt = t["range_silent"].format(**words, n=row["n_assessed"], all=row["n_known"])
    else:
        alt = t["range_alt"].format(**words, mean=mean_text(mean))
    width, scale = 132.0, 30.0
    ticks = "".join(
        f'<line x1="{6 + scale * v}" y1="3" x2="{6 + scale * v}" y2="15" stroke="#d0d0d4"/>'
        for v in range(5)
    )
    bar = (
        f'<rect x="{6 + scale * low:.1f}" y="6" width="{max(1.0, scale * (high - low)):.1f}" '
        'height="6" fill="#b9c7d6"/>'
    )
    dot = "" if blank else f'<circle cx="{6 + scale * mean:.1f}" cy="9" r="4" fill="#173a5e"/>'
    number = "–" if blank else mean_text(mean)
    return (
        f'<svg width="{width:.0f}" height="18" role="img" aria-label="{escape(alt)}">{ticks}{bar}'
        f'{dot}</svg> <span aria-hidden="true">{number}</span>'
    )


def _raters(evaluation: Evaluation, t: Texts) -> str:
    """A sentence where the raters agree little, or where nobody can say whether they do."""
    part: Any = evaluation.parts.get("agreement")
    if part is None or not len(part.raters):
        return ""
    if len(part.raters) < 2:
        return paragraphs(t["raters_one"])
    alpha = float(part.alpha.value)
    if math.isnan(alpha):
        return paragraphs(t["raters_unjudged"].format(reason=part.alpha.note or "–"))
    if alpha >= AGREEMENT - 1e-12:
        return ""
    said = format_number(math.floor(alpha * 1000) / 1000 if alpha > 0.66 else alpha, 3)
    return paragraphs(t["raters_little"].format(alpha=said, limit=f"{AGREEMENT:.3f}"))


#: Status of a red line to the sentence that lists the lines of it, gravest first.
_STATUSES = {
    "shown": "lines_shown",
    "sign": "lines_sign",
    "no sign": "lines_no_sign",
    "not looked": "lines_not_looked",
}


def _red_lines(evaluation: Evaluation, t: Texts) -> str:
    """The lines by status, the gravest first."""
    part: Any = evaluation.parts.get("red lines")
    if part is None:
        return f'<div class="calm"><p>{escape(t["lines_none"])}</p></div>'
    lines, looked = part.lines, part.looked
    nameless = set(looked.loc[looked["by"] == "", "flag"])
    found = []
    for status in [*_STATUSES, *sorted(set(lines["status"]) - set(_STATUSES))]:
        rows = lines[lines["status"] == status]
        key = _STATUSES.get(status, "lines_not_public")
        unsigned = rows["line"].isin(nameless) & (status == "no sign")
        for own, few in ((key, rows[~unsigned]), ("lines_no_sign_unsigned", rows[unsigned])):
            names = [f"{a} {b}" for a, b in zip(few["line"], few["label"], strict=True)]
            if not names:
                continue
            text = escape(t[own].format(lines=", ".join(names)))
            found.append(
                f"<p><strong>{text}</strong></p>" if status == "shown" else f"<p>{text}</p>"
            )
    if getattr(part, "veiled", False):
        found.append(f"<p>{escape(t['held_back'])}</p>")
    found.append(f'<p class="note">{escape(t["lines_note"])}</p>')
    grave = lines["status"].isin(["shown", "sign"]).any()
    return f'<div class="{"warn" if grave else "calm"}">{"".join(found)}</div>'


def _coverage(evaluation: Evaluation, t: Texts) -> str:
    o = evaluation.profile.overall
    n, known = int(o["n_assessed"]), int(o["n"] - o["n_not_applicable"])
    if not n:
        return paragraphs(t["coverage_none"])
    share = percent(evaluation.profile.coverage)
    return paragraphs(t["coverage"].format(n=n, all=known, share=share, weak=int(o["n_weak"])))


def _named(names: Iterable[str], t: Texts) -> str:
    """The first names, and how many more there are."""
    every = [_short(str(name), 50) for name in names]
    shown = every[:NAMED]
    if len(every) > NAMED:
        shown.append(t["and_more"].format(n=len(every) - NAMED))
    return ", ".join(shown)


def _unknown(evaluation: Evaluation, t: Texts) -> str:
    """Criteria without a score and methods without data."""
    rows = evaluation.verdict.unknown
    texts = []
    for status, key in (("not assessed", "unknown_criteria"), ("contested", "unknown_contested")):
        names = rows.loc[rows["status"] == status, "label"].tolist()
        if names:
            texts.append(t[key].format(n=len(names), names=_named(names, t)))
    parts = [t.get(f"part {name}", name) for name in evaluation.not_computed["part"]]
    if parts:
        texts.append(t["unknown_parts"].format(names=_named(parts, t)))
    return paragraphs("\n\n".join(texts) if texts else t["unknown_nothing"])


def _paid(evaluation: Evaluation, t: Texts) -> str:
    about = evaluation.scorecard.about
    paid, free = _short(about.get("paid_by", ""), 160), _short(about.get("independence", ""), 220)
    first = t["paid_by"].format(who=paid.rstrip(".")) if paid else t["paid_unknown"]
    second = t["independence"].format(text=free) if free else t["independence_unknown"]
    return f"<p>{escape(first)} {escape(second)}</p>"
