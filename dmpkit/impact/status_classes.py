"""What a status counts as: seven classes in which trackers with different words can be compared.

Trackers use words of their own ("already in force", "taken up unchanged", "closed
implemented"). A share needs to know of each word whether it means done, done in part,
closed without it, still open, unanswered, or not known. The classes are dmpkit's own
proposal; which word falls into which is the reader's decision and is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from dmpkit.errors import DataError

__all__ = ["ANSWERED", "CLASSES", "CLOSED", "DENOMINATORS", "PENDING", "STATUS_CLASSES", "classify"]

#: Status class to what it means.
CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "implemented": "done as recommended, as far as the tracker says",
        "partial": "closed with part of the content done",
        "partial so far": "part of the content done, the case still open",
        "not implemented": "closed without it: rejected, abandoned, lost at a vote, reversed",
        "open": "answered or begun, nothing done yet",
        "unanswered": "no answer yet",
        "no record": "nothing known; never counted as rejected",
    }
)
#: Classes after which nothing more is expected.
CLOSED = ("implemented", "partial", "not implemented")
#: Classes that may still become "implemented".
PENDING = ("partial so far", "open", "unanswered", "no record")
#: Classes of which some answer is known.
ANSWERED = ("implemented", "partial", "partial so far", "not implemented", "open")
#: Denominator to the classes that it counts.
DENOMINATORS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"all": tuple(CLASSES), "answered": ANSWERED, "closed": CLOSED}
)

#: The words of the ledger and the class of each.
STATUS_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "received": "unanswered",
        "acknowledged": "unanswered",
        "no_answer_by_deadline": "unanswered",
        "accepted": "open",
        "accepted_in_part": "open",
        "noted": "open",
        "referred": "open",
        "rejected": "not implemented",
        "outside_powers": "not implemented",
        "not_started": "open",
        "in_progress": "open",
        "decided": "open",
        "implemented_in_part": "partial so far",
        "implemented": "implemented",
        "put_to_a_vote": "open",
        "lost_at_vote": "not implemented",
        "abandoned": "not implemented",
        "superseded": "not implemented",
        "reversed": "not implemented",
        "reopened": "open",
        "no_evidence": "no record",
        "no_record": "no record",
    }
)


def classify(
    statuses: Iterable[object], mapping: Mapping[str, str] | None = None, *, column: str = "status"
) -> list[str]:
    """The class of each status.

    Parameters
    ----------
    statuses : iterable of str
        Words of a tracker; missing ones are "no record".
    mapping : mapping of str to str, optional
        Word to class, for words that are not the ledger's own (or mean something
        else here). A class may itself stand as status.
    column : str
        Named in the error.

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        A word without a class, or a class that does not exist.

    Examples
    --------
    >>> classify(["implemented", "in progress", None])
    ['implemented', 'open', 'no record']
    >>> classify(["already in force"], {"already in force": "implemented"})
    ['implemented']
    """
    own = dict(mapping or {})
    for word, name in own.items():
        if name not in CLASSES:
            raise DataError(
                f"The status {word!r} is put into the class {name!r}, which does not exist.",
                remedy=f"The classes are {', '.join(CLASSES)}.",
            )
    known = {**STATUS_CLASSES, **{_plain(c): c for c in CLASSES}}
    known |= {_plain(word): name for word, name in own.items()}
    found = []
    for row, status in enumerate(statuses, start=2):
        word = "no_record" if _missing(status) else _plain(status)
        if word not in known:
            raise _unknown(status, known, own, row, column)
        found.append(known[word])
    return found


def _plain(word: object) -> str:
    return "_".join(str(word).strip().lower().split()).replace("-", "_")


def _missing(status: object) -> bool:
    return status is None or status != status or str(status).strip() == ""


def _unknown(
    status: object, known: Mapping[str, str], own: Mapping[str, str], row: int, column: str
) -> DataError:
    from difflib import get_close_matches

    close = get_close_matches(_plain(status), list(known), n=1)
    hint = f" The closest known word is {close[0].replace('_', ' ')!r}." if close else ""
    return DataError(
        f"The status {str(status)!r} has no class.{hint}",
        row=row,
        column=column,
        remedy=f"Say with statuses={{{str(status)!r}: …}} what it counts as: {', '.join(CLASSES)}.",
    )
