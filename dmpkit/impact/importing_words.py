"""What the status words of somebody's list are taken for, and errors that name them all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from dmpkit.errors import DataError
from dmpkit.impact.importing_languages import AMBIGUOUS, WORDS
from dmpkit.impact.vocabulary import LAYER_OF, STATUSES, plain

__all__ = [
    "PARTLY",
    "SYNONYMS",
    "UnknownWord",
    "baseline_word",
    "check_given_words",
    "unknown_words",
]

#: Words of other trackers that have one meaning; shown as guessed. Our own list.
SYNONYMS = {
    "ongoing": "in_progress",
    "under way": "in_progress",
    "underway": "in_progress",
    "started": "in_progress",
    "completed": "implemented",
    "complete": "implemented",
    "done": "implemented",
    "partly implemented": "implemented_in_part",
    "partially implemented": "implemented_in_part",
    "partly accepted": "accepted_in_part",
    "partially accepted": "accepted_in_part",
    "agreed": "accepted",
    "parked": "noted",
    "noted or parked": "noted",
    "decided in law or budget": "decided",
    **WORDS,
}
#: What "partly" says in a column of responses and in one of statuses.
PARTLY = {"response": "accepted_in_part", "status": "implemented_in_part"}


class UnknownWord(NamedTuple):
    """A status word that is not known, and where it stands."""

    word: str
    role: str
    column: str
    row: int


def check_given_words(
    given: Iterable[str], found: Mapping[str, str], columns: Sequence[str], name: str
) -> None:
    """Refuse words of `statuses` that occur nowhere in the list.

    Parameters
    ----------
    given : iterable of str
        The keys of `statuses`.
    found : mapping
        The words of the list, by their plain form.
    columns : sequence of str
        The columns of responses and statuses.
    name : str
        Of the file.

    Raises
    ------
    DataError
        Names the words, and those that do occur.

    Examples
    --------
    >>> check_given_words(["Done"], {"done": "done"}, ["Status"], "list")
    """
    absent = [word for word in given if plain(word) not in found]
    if not absent:
        return
    named = ", ".join(map(repr, absent))
    if not columns:
        raise DataError(
            f"statuses has {named}, but no column was taken as response or status.",
            file=name,
            remedy="Say which column with columns={'…': 'status'} (or 'response').",
        )
    there = ", ".join(repr(word[:40]) for word in list(found.values())[:30]) or "none"
    raise DataError(
        f"statuses has {named}, which the list has not.",
        file=name,
        remedy=f"The words in {' and '.join(map(repr, columns))} are: {there}.",
    )


def unknown_words(unknown: Sequence[UnknownWord], name: str) -> DataError:
    """The error that lists all unknown words, with close ones and a call to paste.

    Parameters
    ----------
    unknown : sequence of UnknownWord
    name : str
        Of the file.

    Examples
    --------
    >>> error = unknown_words([UnknownWord("rejectd", "response", "Answer", 2)], "list")
    >>> error.remedy.split(" with one of")[0]
    "Say what it means: statuses={'rejectd': '…'} (closest: rejected)"
    """
    first = {plain(one.word): one for one in reversed(unknown)}
    kinds = sorted(first.values(), key=lambda one: (one.row, one.column))
    several = len(kinds) > 1
    shown = ", ".join(
        f"{one.word[:80]!r}" + (f" (row {one.row}, column {one.column})" if several else "")
        for one in kinds
    )
    snippet = ", ".join(f"{one.word if len(one.word) <= 80 else '…'!r}: '…'" for one in kinds)
    close = [
        f"{one.word[:40]!r}: {near}" if several else near
        for one in kinds
        if (near := " or ".join(_close(one.word)))
    ]
    remedy = f"Say what {'they mean' if several else 'it means'}: statuses={{{snippet}}}"
    remedy += f" (closest: {'; '.join(close)})" if close else ""
    remedy += f" with one of {', '.join((*STATUSES['response'], *STATUSES['action']))}."
    if any(one.role == "response" and len(one.word) > 40 for one in kinds):
        remedy += " A column of free text is response_wording, not response."
    settled = [repr(one.word) for one in kinds if plain(one.word) in AMBIGUOUS]
    if settled:
        remedy += (
            f" {' and '.join(settled)} may mean carried out ('implemented') or closed without it "
            "('abandoned'): look at a few of these rows first."
        )
    verb = "are no statuses that are known" if several else "is not a status that is known"
    place = kinds[0]
    return DataError(
        f"{shown} {verb}.", file=name, row=place.row, column=place.column, remedy=remedy
    )


def _close(word: str) -> list[str]:
    """Statuses that are written alike; a suggestion, never taken by itself."""
    known = {plain(status): status for status in LAYER_OF}
    return [known[k] for k in get_close_matches(plain(word), list(known), n=2, cutoff=0.6)]


def baseline_word(text: str, column: str) -> str:
    """Yes and no of a column that asks whether it was planned, as words of the baseline.

    Parameters
    ----------
    text : str
        The cell.
    column : str
        The heading; nothing is changed where it does not speak of planning.

    Examples
    --------
    >>> baseline_word("Yes", "Already planned"), baseline_word("no", "Already planned?")
    ('planned', 'none')
    >>> baseline_word("yes", "Baseline")
    'yes'
    """
    if "planned" not in plain(column):
        return text
    answers = {"yes": "planned", "true": "planned", "no": "none", "false": "none"}
    return answers.get(plain(text), text)
