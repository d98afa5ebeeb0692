"""What the columns of somebody's list of recommendations are taken for.

The headings are our own list, in English and a few in German. What is not
sure is not guessed: it is refused, with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.impact.schema import cell_text
from dmpkit.impact.vocabulary import plain

__all__ = ["ROLES", "check_roles", "check_totals", "guessed_roles"]

#: What a column can be, and the headings from which that is guessed.
ROLES: dict[str, tuple[str, ...]] = {
    "rec_id": ("id", "no", "no.", "nr", "nr.", "number", "#", "ref", "reference", "rec id"),
    "label": (
        "text",
        "recommendation",
        "recommendations",
        "measure",
        "proposal",
        "title",
        "label",
        "empfehlung",
        "empfehlungen",
        "maßnahme",
    ),
    "theme": ("theme", "topic", "category", "chapter", "area", "thema"),
    "addressee": (
        "addressee",
        "addressed to",
        "responsible",
        "department",
        "ministry",
        "zuständig",
    ),
    "power": ("power", "powers"),
    "support_share": ("support", "support share", "share in favour"),
    "cost_class": ("cost", "cost class", "costs"),
    "challenge": ("challenge",),
    "baseline": ("baseline", "already planned"),
    "parent_id": ("parent", "parent id", "part of"),
    "merged_into": ("merged into",),
    "counting_unit": ("counting unit", "unit"),
    "report_date": ("report date", "reported", "reported on", "date of report", "berichtsdatum"),
    "answer_due": ("answer due", "response due", "deadline", "due date", "frist"),
    "response": (
        "response",
        "government response",
        "answer",
        "position",
        "reply",
        "antwort",
        "stellungnahme",
    ),
    "response_date": (
        "response date",
        "date of response",
        "answer date",
        "answered on",
        "datum der antwort",
        "antwortdatum",
        "antwort am",
    ),
    "response_wording": ("response text", "answer text", "wording", "response wording"),
    "status": (
        "status",
        "state",
        "implementation status",
        "implementation",
        "progress status",
        "current status",
        "stand",
        "umsetzung",
        "umsetzungsstand",
        "stand der umsetzung",
    ),
    "status_date": ("status date", "date of status", "since", "implemented on", "date", "datum"),
    "checked_on": (
        "checked on",
        "last checked",
        "last updated",
        "updated on",
        "recorded on",
        "last update",
        "date of last update",
        "stand vom",
    ),
    "evidence_url": (
        "evidence",
        "evidence link",
        "link",
        "source",
        "url",
        "evidence url",
        "quelle",
        "beleg",
    ),
    "evidence_grade": (
        "evidence grade",
        "grade",
        "evidence level",
        "level of evidence",
        "grade of evidence",
    ),
    "fidelity": ("fidelity",),
    "progress": ("progress", "progress %", "percent complete"),
    "rater": ("rater", "coder", "coded by", "rated by"),
    "note": (
        "note",
        "notes",
        "comment",
        "comments",
        "remark",
        "remarks",
        "anmerkung",
        "anmerkungen",
        "bemerkung",
        "bemerkungen",
        "kommentar",
    ),
}
#: Headings such as "Council response" or "Date of the government's reply", by their words.
_ANSWER = {"response", "responses", "answer", "answers", "reply", "replies", "antwort"}
_WHO = {
    *("council", "councils", "government", "governments", "official", "minister", "ministry"),
    *("ministerial", "mayor", "municipal", "municipality", "city", "parliament", "commission"),
    *(
        "authority",
        "administration",
        "department",
        "agency",
        "regierung",
        "rat",
        "stadtrat",
        "stadtrats",
    ),
    *("gemeinderat", "senat", "verwaltung", "landtag", "bundestag"),
}
_SMALL = {"the", "of", "by", "from", "s", "to", "der", "des", "vom", "von", "on"}
_DATE = {"date", "day", "dated", "datum"}
_TEXT = {"text", "wording", "wortlaut"}
_DUE = {"due", "deadline", "frist"}


def guessed_roles(frame: pd.DataFrame) -> dict[str, str]:
    """What each column is, from its heading; role to column.

    Known headings come first, then headings made of an answer and who gave it. A column
    of progress that holds words is one of statuses, not of percentages.

    Parameters
    ----------
    frame : DataFrame
        The list.

    Returns
    -------
    dict of str to str

    Raises
    ------
    DataError
        If neither the text nor the number of the recommendations is found.

    Examples
    --------
    >>> guessed_roles(pd.DataFrame(columns=["Text", "Council response", "Date of reply"]))
    {'label': 'Text', 'response': 'Council response', 'response_date': 'Date of reply'}
    """
    out = _by_heading(frame)
    if "progress" in out and _has_words(frame[out["progress"]]):
        column = out.pop("progress")
        out.setdefault("status", column)
    for column in frame.columns:
        role = _answer_role(str(column))
        if role and role not in out and column not in out.values():
            out[role] = column
    if "label" not in out and "rec_id" not in out:
        raise DataError(
            "No column could be taken as the text or the number of a recommendation.",
            remedy=f"Say columns={{…}}; the list has {', '.join(map(repr, frame.columns))[:300]}.",
        )
    return out


def _by_heading(frame: pd.DataFrame) -> dict[str, str]:
    out: dict[str, str] = {}
    for role, names in ROLES.items():
        for name in (role.replace("_", " "), *names):
            fits = [
                column
                for column in frame.columns
                if plain(str(column)) == plain(name) and column not in out.values()
            ]
            if fits:
                out[role] = fits[0]
                break
    return out


def _answer_role(heading: str) -> str:
    """Role of a heading that consists of an answer, who gave it, and what of it is meant."""
    words = set(re.findall(r"[^\W\d_]+", plain(heading)))
    if not words & _ANSWER:
        return ""
    rest = words - _ANSWER - _WHO - _SMALL
    kinds = {"response_date": _DATE, "response_wording": _TEXT, "answer_due": {*_DUE, *_DATE}}
    if not rest:
        return "response_date" if "on" in words else "response"
    return next((role for role, of in kinds.items() if rest <= of), "")


def _cells(column: pd.Series) -> list[str]:
    return [text for value in column if (text := cell_text(value).strip())]


def _has_words(column: pd.Series) -> bool:
    return any(re.search(r"[^\W\d_]{2}", text) for text in _cells(column))


def check_roles(frame: pd.DataFrame, roles: Mapping[str, str], name: str, *, guessed: bool) -> None:
    """Refuse a list whose responses or statuses would be lost.

    Parameters
    ----------
    frame : DataFrame
        The list.
    roles : mapping
        Role to column.
    name : str
        Of the file.
    guessed : bool
        Whether the roles were guessed; who gives them may leave out what they like.

    Raises
    ------
    DataError
        If there are dates of responses (or statuses) but no column of them; or, where
        guessed, neither of the two although another column holds short words again and
        again.

    Examples
    --------
    >>> listed = pd.DataFrame({"Text": ["a", "b"], "Verdict": ["yes", "yes"]})
    >>> check_roles(listed, {"label": "Text"}, "list", guessed=True)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    dmpkit.errors.DataError: list: No column could be taken as response or status, ...
    """
    open_ = [str(c) for c in frame.columns if c not in roles.values()]
    coded = [c for c in open_ if _repeats_short_words(frame[c])]
    for role in ("response", "status"):
        date = roles.get(f"{role}_date")
        if date is not None and role not in roles and _cells(frame[date]):
            raise DataError(
                f"{date!r} was taken as {role}_date, but no column as {role}: the dates would "
                "be lost.",
                file=name,
                column=date,
                remedy=_columns_remedy(coded or open_, role, roles),
            )
    if guessed and coded and not {"response", "status"} & set(roles):
        raise DataError(
            "No column could be taken as response or status, so that nothing would be known of "
            f"any recommendation; {', '.join(map(repr, coded))} may be one.",
            file=name,
            remedy=_columns_remedy(coded, "status", roles)
            + " If the list has none, give columns without them.",
        )


_COUNTED = r"(?:recommendations?|proposals|measures|empfehlungen|maßnahmen)"
_TOTAL = re.compile(
    r"(?:grand |sub ?)?(?:totals?|sum|summe|gesamt|gesamtzahl|gesamtsumme|insgesamt)"
    rf"(?: (?:number|count))?(?: of)?(?: (?:all )?{_COUNTED})?\s*[:=]?\s*\d*"
    rf"|(?:total\s*[:=]?\s*)?\d+ {_COUNTED}(?: in total| insgesamt)?[.:]?"
)


def check_totals(frame: pd.DataFrame, roles: Mapping[str, str], name: str) -> None:
    """Refuse a row of totals, which would count as one more recommendation.

    Parameters
    ----------
    frame : DataFrame
        The list.
    roles : mapping
        Role to column.
    name : str
        Of the file.

    Raises
    ------
    DataError
        Names the row whose text or number (or first filled cell, where it has no text)
        reads like "Total" or "20 recommendations".

    Examples
    --------
    >>> check_totals(pd.DataFrame({"Text": ["Total ban"]}), {"label": "Text"}, "list")
    """
    heads = [roles[role] for role in ("label", "rec_id") if role in roles]
    for at in range(len(frame)):
        cells = {str(c): cell_text(frame[c].iloc[at]).strip() for c in frame.columns}
        looked = {c: cells[c] for c in heads}
        if not cells.get(roles.get("label", ""), ""):
            looked |= dict([next(((c, v) for c, v in cells.items() if v), ("", ""))])
        for column, text in looked.items():
            if _TOTAL.fullmatch(plain(text)):
                raise DataError(
                    f"{text!r} reads like a row of totals, not like a recommendation.",
                    file=name,
                    row=at + 2,
                    column=column,
                    remedy="Delete the row; if it is a recommendation, write out its text.",
                )


def _columns_remedy(candidates: list[str], role: str, roles: Mapping[str, str]) -> str:
    """The call to write, with the columns recognised so far."""
    other = "response" if role == "status" else "status"
    so_far = {column: of for of, column in roles.items()}
    if role not in roles and f"{role}_date" in roles and other in roles and not candidates:
        so_far[roles[f"{role}_date"]] = f"{other}_date"
        return f"If the dates are those of the {other}, say columns={so_far!r}."
    pasted = "".join(f", {column!r}: {of!r}" for column, of in so_far.items())
    first = candidates[0] if candidates else "…"
    return (
        f"Say columns={{{first!r}: {role!r}{pasted}}}, with {other!r} (and '{other}_date') where "
        "that is what a column holds."
    )


def _repeats_short_words(column: pd.Series) -> bool:
    """Whether a column looks like a code: short words, some of them more than once."""
    cells = _cells(column)
    short = all(len(text) <= 40 for text in cells)
    return short and len({plain(text) for text in cells}) < len(cells) and _has_words(column)
