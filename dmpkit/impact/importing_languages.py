"""Status words and grades of evidence as German, French and Spanish lists write them.

Our own list. Only words with one meaning are in it; "finished", "closed" and the like, which
may mean carried out or closed without it, are asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dmpkit.errors import DataError
from dmpkit.impact.vocabulary import GRADES, plain

__all__ = ["AMBIGUOUS", "BY_ROLE", "WORDS", "evidence_word"]


def _with(ending: str, stems: Mapping[str, str]) -> dict[str, str]:
    """Words and the same words with another ending for the last letter or after it."""
    stop = -1 if ending == "a" else None
    return {w: status for word, status in stems.items() for w in (word, word[:stop] + ending)}


_GERMAN = {
    "umgesetzt": "implemented",
    "vollständig umgesetzt": "implemented",
    "teilweise umgesetzt": "implemented_in_part",
    "in teilen umgesetzt": "implemented_in_part",
    "in umsetzung": "in_progress",
    "in bearbeitung": "in_progress",
    "in arbeit": "in_progress",
    "laufend": "in_progress",
    "begonnen": "in_progress",
    "geplant": "not_started",
    "nicht begonnen": "not_started",
    "noch nicht begonnen": "not_started",
    "beschlossen": "decided",
    "abgelehnt": "rejected",
    "angenommen": "accepted",
    "teilweise angenommen": "accepted_in_part",
    "zur kenntnis genommen": "noted",
    "zurückgestellt": "noted",
    "überwiesen": "referred",
    "nicht zuständig": "outside_powers",
}
_FRENCH = {
    **_with(
        "e",
        {
            "mis en œuvre": "implemented",
            "réalisé": "implemented",
            "partiellement réalisé": "implemented_in_part",
            "abandonné": "abandoned",
            "rejeté": "rejected",
            "refusé": "rejected",
            "accepté": "accepted",
            "partiellement accepté": "accepted_in_part",
        },
    ),
    "mise en œuvre": "implemented",
    "partiellement mis en œuvre": "implemented_in_part",
    "partiellement mise en œuvre": "implemented_in_part",
    "en cours": "in_progress",
    "en cours de mise en œuvre": "in_progress",
    "non commencé": "not_started",
    "non commencée": "not_started",
}
_SPANISH = {
    **_with(
        "a",
        {
            "implementado": "implemented",
            "ejecutado": "implemented",
            "parcialmente implementado": "implemented_in_part",
            "parcialmente ejecutado": "implemented_in_part",
            "abandonado": "abandoned",
            "rechazado": "rejected",
            "aceptado": "accepted",
            "parcialmente aceptado": "accepted_in_part",
            "no iniciado": "not_started",
        },
    ),
    "en curso": "in_progress",
    "en ejecución": "in_progress",
}
_PLANNED = {"planned": "not_started", "not yet started": "not_started"}


def _spellings(words: Mapping[str, str]) -> dict[str, str]:
    """The words, and the same as keyboards without these letters write them."""
    plainer = (("œ", "oe"), ("ü", "ue"), ("ä", "ae"), ("ö", "oe"))
    out = dict(words)
    for letter, pair in plainer:
        out |= {word.replace(letter, pair): status for word, status in out.items()}
    return out


#: Word in its plain form to status, whichever column it stands in.
WORDS: Mapping[str, str] = MappingProxyType(
    {**_PLANNED, **_spellings({**_GERMAN, **_FRENCH, **_SPANISH})}
)
#: Words that say something else of a response than of a status, by column.
BY_ROLE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "response": {
            **dict.fromkeys(("teilweise", "partiellement", "parcialmente"), "accepted_in_part"),
        },
        "status": {
            **dict.fromkeys(("teilweise", "partiellement", "parcialmente"), "implemented_in_part"),
            "offen": "not_started",
            "erledigt": "implemented",
        },
    }
)
#: Words that may mean carried out, or closed without it: never taken by themselves.
AMBIGUOUS = frozenset(
    {
        *("finished", "closed", "concluded", "resolved", "abgeschlossen", "geschlossen"),
        *("terminé", "terminée", "clos", "close", "finalizado", "finalizada", "cerrado", "cerrada"),
    }
)

_GRADE_WORDS = {
    3: ("law", "legal text", "budget", "budget text", "legal or budget text", "delivered service",
        "gesetz", "gesetzestext", "haushalt", "loi", "texte de loi", "ley", "presupuesto"),
    2: ("official document", "official", "official source", "amtliches dokument",
        "offizielles dokument", "amtlich", "offiziell", "document officiel", "officiel",
        "documento oficial", "oficial"),
    1: ("statement", "press", "press report", "press release", "media", "party",
        "statement, press or party", "presse", "pressebericht", "pressemitteilung", "medien",
        "prensa", "medios"),
    0: ("none", "no evidence", "keine", "kein beleg", "keiner", "aucune", "aucun", "ninguna",
        "ninguno"),
}  # fmt: skip
_GRADE_OF = {
    **{plain(word): grade for grade, words in _GRADE_WORDS.items() for word in words},
    **{plain(text): grade for grade, text in GRADES.items()},
}


def evidence_word(text: str) -> str:
    """A grade of evidence in words as its number; numbers as they are.

    Parameters
    ----------
    text : str
        The cell.

    Raises
    ------
    DataError
        For words that name no kind of evidence ("high", "weak"), with the four grades.

    Examples
    --------
    >>> evidence_word("Official document"), evidence_word("Presse"), evidence_word("3")
    ('2', '1', '3')
    """
    key = plain(text)
    if key in _GRADE_OF:
        return str(_GRADE_OF[key])
    if any(sign.isdigit() for sign in text) or not key:
        return text
    grades = "; ".join(f"{grade}: {what}" for grade, what in GRADES.items())
    raise DataError(
        f"{text!r} is no grade of evidence.",
        remedy=f"Say what the evidence is, as a number: {grades}.",
    )
