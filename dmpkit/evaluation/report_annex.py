"""The back of the report: evidence, room for replies, and the method annex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import pandas as pd

from dmpkit.evaluation.criteria import Criteria
from dmpkit.evaluation.incidents import evidence_held_back
from dmpkit.evaluation.verdict import rule_text
from dmpkit.reporting import escape, paragraphs, table_html
from dmpkit.wording import listed

if TYPE_CHECKING:
    from dmpkit.evaluation.analysis import Evaluation

__all__ = ["annex_html", "evidence_html", "replies_html"]

Texts: TypeAlias = Mapping[str, str]
Part: TypeAlias = tuple[str, str, str]

#: Longer cells are cut on the page; the records beside it hold them whole.
LONGEST = 400
SLOTS = ("organiser", "commissioner", "member", "other")


def cut(text: object) -> str:
    """A cell short enough for a table of the page.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> cut("short"), len(cut("x" * 5000))
    ('short', 401)
    """
    words = str(text)
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def evidence_html(evaluation: Evaluation, t: Texts) -> list[Part]:
    """The list of evidence of this version.

    Parameters
    ----------
    evaluation : Evaluation
    t : mapping
        Texts.

    Returns
    -------
    list of (id, heading, HTML)
    """
    frame = evaluation.evidence
    if not len(frame):
        return [("part-evidence", "", paragraphs(t["evidence_none"]))]
    names = ("evidence", "kind", "source", "made_by", "date", "public", "grade", "link")
    heads = "".join(f'<th scope="col">{escape(t[f"col_{name}"])}</th>' for name in names)
    rows = []
    for row in frame[list(names)].to_dict("records"):
        cells = [escape(cut(row[name])) for name in names[1:-1]]
        tail = "".join(f"<td>{cell}</td>" for cell in [*cells, _link(str(row["link"]))])
        rows.append(f'<tr><th scope="row">{escape(cut(row["evidence"]))}</th>{tail}</tr>')
    table = (
        f'<table class="dmpkit evidence"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
    held = not evaluation.confidential and len(evidence_held_back(evaluation.scorecard))
    note = paragraphs(t["evidence_held"]) if held else ""
    return [("part-evidence", "", table + note)]


def _link(text: str) -> str:
    """An address as a link if it is one of the web, else as text."""
    if text.startswith(("https://", "http://")) and not any(c in text for c in " \"'<>\n\t"):
        return f'<a href="{escape(text)}" rel="noreferrer">{escape(cut(text))}</a>'
    return escape(cut(text))


def replies_html(evaluation: Evaluation, t: Texts) -> list[Part]:
    """Replies as they were written, and an empty box where there is none.

    Parameters
    ----------
    evaluation : Evaluation
    t : mapping
        Texts.

    Returns
    -------
    list of (id, heading, HTML)
    """
    frame = evaluation.measured.get("replies")
    rows = [] if frame is None else frame.to_dict("records")
    parts = []
    for slot in SLOTS:
        own = [row for row in rows if (row["kind"] or "other") == slot]
        boxes = []
        for row in own:
            key = "reply_of" if row["date"] else "reply_undated"
            head = t[key].format(who=cut(row["who"]), day=row["date"])
            boxes.append(
                f'<div class="slot"><p class="meta">{escape(head)}</p>'
                f"<p>{escape(row['text'])}</p></div>"
            )
        if not own and slot == "other":
            continue
        if not own:
            boxes.append(f'<div class="slot"><p class="meta">{escape(t["reply_none"])}</p></div>')
        parts.append((f"part-reply-{slot}", t[f"slot_{slot}"], "".join(boxes)))
    return parts


def annex_html(evaluation: Evaluation, t: Texts) -> list[Part]:
    """The method annex, part by part.

    Parameters
    ----------
    evaluation : Evaluation
    t : mapping
        Texts.

    Returns
    -------
    list of (id, heading, HTML)
    """
    english = f'<p class="note">{escape(t["english"])}</p>' if t["lang"] != "en" else ""
    parts = [
        ("about", t["annex_about"], _about(evaluation)),
        ("criteria-set", t["annex_criteria"], paragraphs(_criteria(evaluation, t))),
        ("raters", t["annex_raters"], _raters(evaluation, t)),
        ("rule", t["rule_head"], paragraphs(rule_text(t["verdict_rule"]))),
        ("missing", t["annex_missing"], _missing(evaluation, t)),
        ("remarks", t["annex_remarks"], _remarks(evaluation, t)),
        ("methods", t["annex_methods"], english + _methods(evaluation, t)),
        ("draws", t["annex_numbers"], paragraphs(_draws(evaluation, t))),
        ("privacy", t["annex_privacy"], paragraphs(t["privacy"])),
        ("files", t["annex_files"], _files(evaluation, t)),
        ("versions", t["annex_versions"], _versions(evaluation, t)),
    ]
    return [(f"annex-{name}", head, html) for name, head, html in parts if html]


def _about(evaluation: Evaluation) -> str:
    about = evaluation.scorecard.about
    rows = "".join(
        f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(cut(value) or '–')}</dd>"
        for name, value in about.items()
    )
    return f'<dl class="about">{rows}</dl>' if rows else ""


def _criteria(evaluation: Evaluation, t: Texts) -> str:
    """Which criteria, and what standing they have."""
    own = evaluation.scorecard.criteria
    default = Criteria.default()
    added = [one for one in own.ids if one not in set(default.ids)]
    shared = [one for one in own.ids if one in set(default.ids)]
    same = set(shared) == set(default.ids) and all(
        own.label(one) == default.label(one) for one in shared
    )
    if not same:
        return t["criteria_own"].format(n=len(own.ids))
    text = t["criteria_default"].format(n=len(default.ids))
    if added:
        names = [f"{one} {cut(own.label(one))}" for one in added]
        text += "\n\n" + t["criteria_local"].format(n=len(added), names=listed(names, "and"))
    return text


def _raters(evaluation: Evaluation, t: Texts) -> str:
    raters = evaluation.scorecard.raters
    if not raters:
        return paragraphs(t["raters_none"])
    html = paragraphs(t["raters"].format(n=len(raters), names=", ".join(map(cut, raters))))
    part = evaluation.parts.get("agreement")
    if part is None:
        return html
    section = part.section()
    inner = section.html.replace("<h3", "<h4").replace("</h3", "</h4")
    figures = "".join(figure.html() for figure in section.figures)
    if evaluation.synthetic:
        mark = f'<figure data-mark="{escape(t["synthetic_short"])}"'
        figures = figures.replace("<figure", mark)
    return f'{html}<div lang="en">{inner}{figures}</div>'


def _titled(names: pd.Series[str], t: Texts) -> list[str]:
    return [t.get(f"part {name}", str(name)) for name in names]


def _missing(evaluation: Evaluation, t: Texts) -> str:
    rows = evaluation.not_computed
    if not len(rows):
        return paragraphs(t["annex_missing_none"])
    shown = pd.DataFrame(
        {t["col_part"]: _titled(rows["part"], t), t["col_reason"]: rows["reason"].map(cut)}
    )
    return table_html(shown)


def _remarks(evaluation: Evaluation, t: Texts) -> str:
    rows = evaluation.remarks
    if not len(rows):
        return ""
    shown = pd.DataFrame(
        {t["col_part"]: _titled(rows["part"], t), t["col_remark"]: rows["remark"].map(cut)}
    )
    return table_html(shown)


def _methods(evaluation: Evaluation, t: Texts) -> str:
    """The methods paragraph of every part, as the method writes it."""
    found = []
    for name, part in evaluation.parts.items():
        head = f"<h4>{escape(t.get(f'part {name}', name))}</h4>"
        found.append(f'{head}<div lang="en">{paragraphs(part.methods_text())}</div>')
    return "".join(found)


def _draws(evaluation: Evaluation, t: Texts) -> str:
    return t["numbers"].format(
        seed=evaluation.seed,
        permutations=f"{evaluation.n_permutations:,}",
        resamples=f"{evaluation.n_resamples:,}",
    )


def _files(evaluation: Evaluation, t: Texts) -> str:
    frame = evaluation.files
    if not len(frame):
        return paragraphs(t["files_none"])
    rows = "".join(
        f'<tr><th scope="row">{escape(row["file"])}</th>'
        f'<td class="hash">{escape(row["sha256"])}</td></tr>'
        for row in frame.to_dict("records")
    )
    head = f'<tr><th scope="col">{escape(t["col_file"])}</th><th scope="col">SHA-256</th></tr>'
    table = f'<table class="dmpkit"><thead>{head}</thead><tbody>{rows}</tbody></table>'
    return paragraphs(t["files"]) + table


def _versions(evaluation: Evaluation, t: Texts) -> str:
    versions = evaluation.versions
    frame = pd.DataFrame(list(versions.items()), columns=["", t["col_version"]])
    rows = "".join(
        f'<tr><th scope="row">{escape(a)}</th><td>{escape(b)}</td></tr>'
        for a, b in frame.itertuples(index=False)
    )
    return f'<table class="dmpkit summary"><tbody>{rows}</tbody></table>'
