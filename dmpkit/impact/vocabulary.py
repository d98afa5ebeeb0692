"""The words of a ledger: statuses in three layers, the allowed transitions, and the codes.

Response, action and outcome are recorded apart, because a recommendation can be
accepted and never acted upon, or rejected and carried out all the same. The
statuses draw on what public trackers use; the three layers, the grades and the
table of transitions are dmpkit's own proposal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from dmpkit.errors import DataError

__all__ = [
    "ACTED",
    "ANSWERED",
    "ATTRIBUTIONS",
    "BASELINES",
    "CLOSED",
    "COUNTING_UNITS",
    "GRADES",
    "INDICATORS",
    "LABELS",
    "LAYERS",
    "LAYER_OF",
    "NO_ANSWER_BY_DEADLINE",
    "NO_RECORD",
    "OPEN",
    "POWERS",
    "PRECISIONS",
    "ROUTES",
    "SIDES",
    "STATUSES",
    "TRANSITIONS",
    "WITHDRAWN_ENTRY",
    "is_allowed",
    "known_word",
    "label",
]

#: The three layers, in the order in which a recommendation passes through them.
LAYERS = ("response", "action", "outcome")

#: The statuses that may be typed, by layer.
STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "response": (
            "received",
            "acknowledged",
            "accepted",
            "accepted_in_part",
            "noted",
            "referred",
            "rejected",
            "outside_powers",
        ),
        "action": (
            "not_started",
            "in_progress",
            "decided",
            "implemented_in_part",
            "implemented",
            "put_to_a_vote",
            "lost_at_vote",
            "abandoned",
            "superseded",
            "reversed",
            "reopened",
            "no_evidence",
        ),
        "outcome": ("not_measured", "measured"),
    }
)

#: Computed, never typed: the answer is overdue.
NO_ANSWER_BY_DEADLINE = "no_answer_by_deadline"
#: What an as-of query says where nothing is known; never the same as rejected.
NO_RECORD = "no_record"
#: Status of an event that does nothing but withdraw another.
WITHDRAWN_ENTRY = "withdrawn_entry"

#: Status to its layer.
LAYER_OF: Mapping[str, str] = MappingProxyType(
    {status: layer for layer, statuses in STATUSES.items() for status in statuses}
)

#: How a status is written out where the word itself is not enough.
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "noted": "noted or parked",
        "decided": "decided in law or budget",
        NO_RECORD: "no record",
    }
)

#: Responses that are an answer: the addressee took a position.
ANSWERED = ("accepted", "accepted_in_part", "noted", "referred", "rejected", "outside_powers")
#: Action statuses after which nothing more is expected, so that the case is closed.
CLOSED = ("implemented", "lost_at_vote", "abandoned", "superseded", "reversed")
#: Action statuses from which implementation may still come.
OPEN = (
    "not_started",
    "in_progress",
    "decided",
    "implemented_in_part",
    "put_to_a_vote",
    "reopened",
    "no_evidence",
)
#: Statuses that say somebody agreed or acted: before receipt they predate the assembly.
ACTED = (
    "accepted",
    "accepted_in_part",
    "in_progress",
    "decided",
    "implemented_in_part",
    "implemented",
    "put_to_a_vote",
)

_POSITIONS = ("accepted", "accepted_in_part", "noted", "referred", "rejected", "outside_powers")
_RESPONSE: dict[str, tuple[str, ...]] = {
    "received": ("acknowledged", *_POSITIONS),
    "acknowledged": _POSITIONS,
    "noted": ("accepted", "accepted_in_part", "referred", "rejected", "outside_powers"),
    "referred": ("acknowledged", *(p for p in _POSITIONS if p != "referred")),
    "accepted": ("accepted_in_part", "rejected"),
    "accepted_in_part": ("accepted", "rejected"),
    "rejected": ("accepted_in_part",),
    "outside_powers": ("referred", "noted", "accepted", "accepted_in_part", "rejected"),
}
_ACTION: dict[str, tuple[str, ...]] = {
    "not_started": (
        "in_progress",
        "decided",
        "implemented_in_part",
        "implemented",
        "put_to_a_vote",
        "abandoned",
        "superseded",
    ),
    "in_progress": (
        "decided",
        "implemented_in_part",
        "implemented",
        "put_to_a_vote",
        "abandoned",
        "superseded",
    ),
    "decided": ("implemented_in_part", "implemented", "abandoned", "reversed"),
    "implemented_in_part": ("implemented", "abandoned", "reversed"),
    "implemented": ("reversed",),
    "put_to_a_vote": ("lost_at_vote", "decided"),
    "lost_at_vote": ("reopened",),
    "abandoned": ("reopened",),
    "superseded": (),
    "reversed": ("reopened",),
    "reopened": ("in_progress",),
}


def _with_no_evidence() -> dict[str, tuple[str, ...]]:
    """The action table; "no evidence" may be entered from and left to anything."""
    table = {before: (*after, "no_evidence") for before, after in _ACTION.items()}
    anything = tuple(s for s in STATUSES["action"] if s not in ("no_evidence", "reopened"))
    return {**table, "no_evidence": anything}


#: Status to the statuses that may follow it in its layer. The same status again is a
#: confirmation and always allowed (but for "reopened").
TRANSITIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {**_RESPONSE, **_with_no_evidence(), "not_measured": ("measured",), "measured": ()}
)

#: How sure a date is: it stands for the whole of the period.
PRECISIONS = ("day", "month", "quarter", "year")
#: Evidence grades and what they ask for.
GRADES: Mapping[int, str] = MappingProxyType(
    {
        3: "legal or budget text, or delivered service that anyone can check",
        2: "official document",
        1: "statement, press or party",
        0: "none",
    }
)
#: Whose powers a recommendation needs.
POWERS = ("own", "shared", "outside")
#: What there was before the assembly reported.
BASELINES = ("none", "planned", "under_way", "in_force")
#: What one row of the recommendations counts as.
COUNTING_UNITS = ("recommendation", "objective", "sub-action")
#: Why it happened; "unknown" unless shown otherwise, "caused" needs a named trace.
ATTRIBUTIONS = ("unknown", "predates", "would_have_come_anyway", "shaped", "caused")
#: Who rates.
SIDES = ("government", "assembly member", "independent")
#: Routes of wider impact, after Goodin and Dryzek (2006).
ROUTES = (
    "making policy",
    "taken up in process",
    "informing debate",
    "market-testing",
    "legitimating",
    "building confidence and constituencies",
    "oversight",
    "resisting co-option",
)
#: What a goal of a mini-public is read off from.
INDICATORS = (
    "trust of citizens in government",
    "trust of government in citizens",
    "networks",
    "engagement",
    "media",
    "power",
    "legislation",
)


def is_allowed(before: str, after: str) -> bool:
    """Whether one status may follow another in its layer.

    Parameters
    ----------
    before, after : str
        Two statuses of the same layer.

    Returns
    -------
    bool
        True too where nothing changes (a confirmation).

    Examples
    --------
    >>> is_allowed("rejected", "accepted_in_part"), is_allowed("implemented", "abandoned")
    (True, False)
    """
    if before == after:
        return before != "reopened"
    return after in TRANSITIONS.get(before, ())


def label(status: str) -> str:
    """A status as it is shown: words without underscores.

    Examples
    --------
    >>> label("accepted_in_part"), label("decided")
    ('accepted in part', 'decided in law or budget')
    """
    return LABELS.get(status, status.replace("_", " "))


def known_word(word: str, words: Iterable[str], what: str, **place: str | int) -> str:
    """A word of the vocabulary, or a :class:`DataError` that shows the closest ones.

    Spaces, hyphens and capitals are forgiven.

    Parameters
    ----------
    word : str
        As it was written.
    words : iterable of str
        The words there are.
    what : str
        What the word stands for, for the message.
    **place
        ``file``, ``row`` and ``column`` of the error.

    Raises
    ------
    DataError
        If the word is none of them.

    Examples
    --------
    >>> known_word("Accepted in part", STATUSES["response"], "status")
    'accepted_in_part'
    """
    from difflib import get_close_matches

    known = {plain(w): w for w in words}
    key = plain(word)
    if key in known:
        return known[key]
    close = [known[c] for c in get_close_matches(key, list(known), n=3, cutoff=0.5)]
    if close:
        remedy = f"The closest words are {', '.join(map(repr, close))}."
    else:
        remedy = f"Use one of {', '.join(map(repr, known.values()))}."
    raise DataError(f"{word!r} is not a known {what}.", remedy=remedy, **place)  # type: ignore[arg-type]


def plain(word: str) -> str:
    """A word for comparison: small letters, underscores and hyphens as spaces.

    Examples
    --------
    >>> plain(" Sub-action ")
    'sub action'
    """
    return " ".join(str(word).lower().replace("_", " ").replace("-", " ").split())
