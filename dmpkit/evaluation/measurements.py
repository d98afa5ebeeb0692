"""What was measured of an assembly: people, answers, talk and votes, from a folder.

The files say what members answered before and after, how long each spoke, how the talk
was coded, how options were ranked and how the vote went. :func:`read_measurements` reads
those that are there; :mod:`dmpkit.evaluation.folder_check` lists every mistake of a
folder at once.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, TypeAlias

import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.records import (
    Field,
    Finding,
    RecordKind,
    Rule,
    find_records,
    gather_records,
    nearest,
)

__all__ = [
    "ITEM_KINDS",
    "MEASUREMENTS",
    "Measurements",
    "gather_measurements",
    "read_measurements",
]

PathLike: TypeAlias = str | os.PathLike[str]

#: What an item of a questionnaire can be.
ITEM_KINDS = (
    "opinion",
    "knowledge",
    "consideration",
    "preference",
    "experience",
    "efficacy",
    "demographic",
)
#: Kinds whose answers are numbers on a scale.
SCALED = ("opinion", "consideration", "preference", "experience", "efficacy")
STAGES = ("before", "after")

PEOPLE = RecordKind(
    "people",
    "people.csv",
    (
        Field("person", kind="id", required=True),
        Field("table", kind="id"),
        Field("stayed", kind="yes-no", aliases=("completed",)),
    ),
    key=("person",),
)
ITEMS = RecordKind(
    "items",
    "items.csv",
    (
        Field("item", kind="id", required=True),
        Field("kind", required=True, choices=ITEM_KINDS),
        Field("label"),
        Field("low", kind="number"),
        Field("high", kind="number"),
        Field("correct"),
        Field("reversed", kind="yes-no"),
        Field("criterion", kind="id"),
        Field("agree_from", kind="number"),
        Field("pole_low"),
        Field("pole_high"),
    ),
    key=("item",),
)
TALK = RecordKind(
    "talk",
    "talk.csv",
    (
        Field("person", kind="id", required=True),
        Field("seconds", kind="number", required=True, low=0),
        Field("session", kind="id"),
        Field("table", kind="id"),
        Field("group", kind="id"),
    ),
)
ACTS = RecordKind(
    "acts",
    "acts.csv",
    (
        Field("act", kind="id", required=True),
        Field("coder", kind="id", required=True),
        Field("person", kind="id"),
    ),
    key=("act", "coder"),
)
RANKINGS = RecordKind(
    "rankings",
    "rankings.csv",
    (
        Field("person", kind="id", required=True),
        Field("stage", choices=STAGES),
    ),
    key=("person", "stage"),
)
BALLOT = RecordKind(
    "ballot",
    "ballot.csv",
    (
        Field("person", kind="id", required=True),
        Field("item", kind="id", required=True),
        Field("answer"),
    ),
    key=("person", "item"),
)
VOTES = RecordKind(
    "votes",
    "votes.csv",
    (
        Field("statement", kind="id", required=True),
        Field("group", kind="id", required=True),
        Field("agree", kind="number", required=True, low=0),
        Field("disagree", kind="number", required=True, low=0),
        Field("seen", kind="number", required=True, low=0),
    ),
    key=("statement", "group"),
)
CODEBOOK = RecordKind(
    "codebook",
    "codebook.csv",
    (
        Field("code", kind="id", required=True),
        Field("label", required=True),
        Field("maximum", kind="number", required=True),
        Field("minimum", kind="number"),
    ),
    key=("code",),
)
REPLIES = RecordKind(
    "replies",
    "replies.csv",
    (
        Field("kind", choices=("organiser", "commissioner", "member", "other")),
        Field("who", required=True),
        Field("date", kind="date"),
        Field("text", required=True),
    ),
)
#: The files of measurements whose columns are always the same, by name.
MEASUREMENTS: Mapping[str, RecordKind] = MappingProxyType(
    {k.name: k for k in (PEOPLE, ITEMS, TALK, ACTS, CODEBOOK, RANKINGS, BALLOT, VOTES, REPLIES)}
)
#: What belongs to a table of acts besides the codes.
ACT_COLUMNS = ("act", "coder", "person")

Gathered: TypeAlias = tuple[pd.DataFrame | None, tuple[DataError, ...]]


@dataclass(frozen=True, eq=False, repr=False)
class Measurements:
    """What was measured of one assembly.

    Made by :func:`read_measurements`.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Those of people, items, answers_before, answers_after, talk, acts, rankings,
        ballot, votes and replies that there are, checked.

    Examples
    --------
    >>> measured = Measurements({"people": pd.DataFrame({"person": ["a", "b"]})})
    >>> measured.names, measured.get("talk") is None
    (('people',), True)
    """

    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def __repr__(self) -> str:
        return f"Measurements({', '.join(self.names) or 'none'})"

    @property
    def names(self) -> tuple[str, ...]:
        """Which tables there are."""
        return tuple(self.tables)

    def get(self, name: str) -> pd.DataFrame | None:
        """A table, or None where the folder has none, or only its heading."""
        found = self.tables.get(name)
        return found if found is not None and len(found) else None

    def items_of(self, *kinds: str) -> list[str]:
        """The items of these kinds, as they stand in ``items.csv``."""
        items = self.get("items")
        return [] if items is None else items.loc[items["kind"].isin(kinds), "item"].tolist()

    def item(self, name: str, column: str) -> Any:
        """One cell of ``items.csv``."""
        items = self.tables["items"].set_index("item")
        return items.loc[name, column]

    def labels(self, items: Iterable[str]) -> dict[str, str]:
        """Item to its wording, or to itself where none is given."""
        return {each: str(self.item(each, "label")) or each for each in items}

    def scales(self, items: Iterable[str]) -> dict[str, tuple[float, float]]:
        """Item to its lowest and highest answer, for those that have both."""
        ends = {i: (float(self.item(i, "low")), float(self.item(i, "high"))) for i in items}
        return {i: e for i, e in ends.items() if not any(map(math.isnan, e))}

    def answers(self, stage: str, *kinds: str) -> pd.DataFrame | None:
        """The answers of a stage to items of these kinds: ``person`` and a column an item.

        Parameters
        ----------
        stage : {"before", "after"}
        kinds : str
            Of :data:`ITEM_KINDS`.

        Returns
        -------
        DataFrame or None
            None where nothing of the kind was asked.
        """
        frame = self.get(f"answers_{stage}")
        if frame is None:
            return None
        kept = [item for item in self.items_of(*kinds) if item in frame.columns]
        kept = [item for item in kept if (frame[item].notna() & (frame[item] != "")).any()]
        return frame[["person", *kept]] if kept else None

    def ranking(self, stage: str) -> pd.DataFrame | None:
        """``person`` and the rank of each option at a stage; None where none was asked.

        From ``rankings.csv``, or else from the items of kind *preference*.
        """
        ranked = self.get("rankings")
        if ranked is None:
            return self.answers(stage, "preference")
        rows = ranked[ranked["stage"].replace("", "after") == stage]
        if not len(rows):
            return None
        return rows.drop(columns="stage").reset_index(drop=True)

    @property
    def attributes(self) -> list[str]:
        """Columns of ``people.csv`` that make sub-groups: two groups at least, twelve at most."""
        people = self.get("people")
        if people is None:
            return []
        own = [c for c in people.columns if c not in PEOPLE.columns]
        return [c for c in own if 2 <= people.loc[people[c] != "", c].nunique() <= 12]

    def table_of(self) -> dict[str, str] | None:
        """Person to table; None where ``people.csv`` does not say it for everybody."""
        people = self.get("people")
        if people is None or (people["table"] == "").any() or people["table"].nunique() < 2:
            return None
        return dict(zip(people["person"], people["table"], strict=True))


# --- checks ----------------------------------------------------------------------------


def item_rules(criteria: Sequence[str] = ()) -> list[Rule]:
    """Checks of ``items.csv`` against itself and the criteria.

    Parameters
    ----------
    criteria : sequence of str
        Those that there are; not looked at where empty.
    """

    def check(items: pd.DataFrame) -> Iterable[Finding]:
        for i, row in enumerate(items.to_dict("records")):
            yield from _sound_item(i, {str(k): v for k, v in row.items()})
            for one in filter(None, [row["criterion"]]):
                if criteria and one not in criteria:
                    yield (i, "criterion", f"{one[:60]!r} is not one of the criteria.",
                           nearest(one, criteria))  # fmt: skip

    return [check]


def _sound_item(i: int, row: Mapping[str, Any]) -> Iterable[Finding]:
    low, high, agree = row["low"], row["high"], row["agree_from"]
    if low >= high:
        yield (i, "high", f"The highest answer is {high:g} and the lowest {low:g}.",
               "Write the ends of the scale.")  # fmt: skip
    for column in ("low", "high"):
        if row["kind"] in SCALED and math.isnan(row[column]):
            yield (i, column, f"The scale of an item of kind {row['kind']} has no end here.",
                   "Write the lowest and the highest answer that could be given.")  # fmt: skip
    if agree < low or agree > high:
        yield (i, "agree_from", f"{agree:g} is not on the scale from {low:g} to {high:g}.",
               "Write the lowest answer that counts as agreeing.")  # fmt: skip
    if row["kind"] == "experience" and row["criterion"] and math.isnan(agree):
        yield (i, "agree_from", "It is not said from which answer on somebody agrees.",
               "Write it, or leave the criterion empty.")  # fmt: skip


def known_people(
    people: pd.DataFrame | None,
    column: str = "person",
    *,
    once: Sequence[str] | None = (),
) -> list[Rule]:
    """The check that everybody named is in ``people.csv``; none where there is no list.

    Parameters
    ----------
    people : DataFrame or None
    column : str
        Where persons are named.
    once : sequence of str or None
        Columns within whose values a person stands once, so that only those who have no
        row there are guessed; None where persons stand as often as they like.
    """
    if people is None or not len(people):
        return []
    ids = [p for p in people["person"] if p]
    known = set(ids)

    def check(frame: pd.DataFrame) -> Iterable[Finding]:
        places = list(frame[list(once or ())].itertuples(index=False, name=None))
        if not once:
            places = [()] * len(frame)
        rows = set(zip(frame[column], places, strict=True))
        for i, one in enumerate(frame[column]):
            if one and one not in known:
                free = [each for each in ids if (each, places[i]) not in rows]
                yield (i, column, f"The person {one[:60]!r} is not in people.csv.",
                       _who(one, ids, free, often=once is None))  # fmt: skip

    return [check]


def _who(one: str, ids: Sequence[str], free: Sequence[str], *, often: bool) -> str:
    """Whom a label may mean: somebody who has no row yet, before anybody else."""
    guess = nearest(one, free) if free else ""
    if often and not guess.startswith("Did you mean"):
        return nearest(one, ids)
    return guess or "Everybody in people.csv has a row here: add the person there, or mend the row."


def _vote_words(frame: pd.DataFrame) -> Iterable[Finding]:
    """A vote is one of a few words, or a number of a scale."""
    from dmpkit.evaluation.support import ABSTAIN, AGAINST, FOR

    allowed = FOR | AGAINST | ABSTAIN
    for i, cell in enumerate(frame["answer"]):
        word = " ".join(cell.casefold().split())
        if word and word not in allowed and math.isnan(_number(cell)):
            near = get_close_matches(word, sorted(allowed), 1, 0.7)
            guess = f"Did you mean {near[0]!r}? " if near else ""
            yield (i, "answer", f"{cell[:60]!r} is not an answer of a vote.",
                   f"{guess}Write for, against or abstain (yes, no, agree and disagree do as "
                   "well), a number of the item's scale, or nothing.")  # fmt: skip


def _whole_codes(frame: pd.DataFrame) -> Iterable[Finding]:
    """Codes of speech acts are whole numbers, perhaps with letters as in 2a."""
    for column in frame.columns.drop(list(ACT_COLUMNS)):
        for i, cell in enumerate(frame[column]):
            if cell and not re.fullmatch(r"-?\d+(\.0)?[a-z]{0,2}", cell):
                yield (i, column, f"{cell[:60]!r} is not a code.",
                       "Write a whole number, or leave the cell empty.")  # fmt: skip


def _ranks(frame: pd.DataFrame) -> Iterable[Finding]:
    """Ranks run from 1 to the number of options."""
    options = frame.columns.drop(["person", "stage"])
    for column in options:
        for i, cell in enumerate(frame[column]):
            if cell and not (_number(cell) >= 1 and _number(cell) <= len(options)):
                yield (i, column, f"{cell[:60]!r} is not a rank.",
                       f"Write a number from 1 (best) to {len(options)}, or nothing.")  # fmt: skip


def _number(cell: str) -> float:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return math.nan


def _counts(frame: pd.DataFrame) -> Iterable[Finding]:
    """Nobody agrees or disagrees who has not seen a statement."""
    for i, row in enumerate(frame.to_dict("records")):
        if row["agree"] + row["disagree"] > row["seen"]:
            yield (i, "seen", f"{row['agree']:g} agree and {row['disagree']:g} disagree, but "
                   f"{row['seen']:g} saw the statement.",
                   "Those who passed count as having seen it.")  # fmt: skip


def answers_kind(stage: str, items: pd.DataFrame | None) -> RecordKind:
    """What a table of answers holds, from the list of items.

    Parameters
    ----------
    stage : {"before", "after"}
    items : DataFrame or None
        As ``items.csv``.

    Examples
    --------
    >>> items = pd.DataFrame({"item": ["o1"], "kind": ["opinion"], "low": [1.0], "high": [5.0]})
    >>> answers_kind("after", items).columns
    ['person', 'o1']
    """
    rows = [] if items is None else items.to_dict("records")
    fields = [Field("person", kind="id", required=True)]
    for row in rows:
        if row["item"] and row["kind"] in SCALED:
            low, high = (None if math.isnan(row[c]) else float(row[c]) for c in ("low", "high"))
            fields.append(Field(row["item"], kind="number", low=low, high=high))
        elif row["item"]:
            fields.append(Field(row["item"]))
    kept = list({each.name: each for each in fields}.values())
    return RecordKind(f"answers_{stage}", f"answers_{stage}.csv", kept, key=("person",))


def _rules_of(name: str, people: pd.DataFrame | None) -> list[Rule]:
    own: dict[str, Callable[[pd.DataFrame], Iterable[Finding]]] = {
        "acts": _whole_codes, "rankings": _ranks, "ballot": _vote_words, "votes": _counts,
    }  # fmt: skip
    rules: list[Rule] = known_people(people, once=_NAMING[name]) if name in _NAMING else []
    return [*rules, own[name]] if name in own else rules


#: Tables that name persons, each with the columns within which a person stands once.
_NAMING: Mapping[str, Sequence[str] | None] = {
    "talk": None, "acts": None, "rankings": ("stage",), "ballot": ("item",),
}  # fmt: skip


# --- reading ----------------------------------------------------------------------------


def _each(
    read: Callable[..., Any], place: PathLike, criteria: Sequence[str]
) -> Iterable[tuple[str, Any]]:
    """Every table in order, read with `read`; people and items first, for others lean on them."""
    people = yield_people = read(place, PEOPLE, rules=())
    yield "people", yield_people
    items = read(place, ITEMS, rules=item_rules(criteria))
    yield "items", items
    people, items = (found[0] if isinstance(found, tuple) else found for found in (people, items))
    for stage in STAGES:
        kind = answers_kind(stage, items)
        yield kind.name, read(place, kind, rules=known_people(people))
    for name in ("talk", "acts", "codebook", "rankings", "ballot", "votes", "replies"):
        yield name, read(place, MEASUREMENTS[name], rules=_rules_of(name, people))


def read_measurements(place: PathLike, *, criteria: Sequence[str] = ()) -> Measurements:
    r"""Read what was measured from a folder of files or from one workbook.

    Parameters
    ----------
    place : path
        A folder with any of ``people.csv``, ``items.csv``, ``answers_before.csv``,
        ``answers_after.csv``, ``talk.csv``, ``acts.csv``, ``rankings.csv``,
        ``ballot.csv``, ``votes.csv``, ``codebook.csv`` and ``replies.csv``; or an ``.xlsx``
        with sheets of these names.
    criteria : sequence of str
        Those that items may name; not looked at where empty.

    Returns
    -------
    Measurements

    Raises
    ------
    DataError
        With file, row, column and remedy: somebody who is not in ``people.csv``, an
        answer outside its scale, answers to something that is not in ``items.csv``,
        a word or number that is not allowed. All mistakes of a folder at once:
        :func:`~dmpkit.evaluation.folder_check.check_folder`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "talk.csv").write_text("person,seconds\na,30\nb,12.5\n")
    >>> read_measurements(folder).get("talk")["seconds"].tolist()
    [30.0, 12.5]
    """
    tables = {name: frame for name, frame in _each(find_records, place, criteria)
              if frame is not None}  # fmt: skip
    for stage in STAGES:
        answers = tables.get(f"answers_{stage}")
        for error in unlisted(stage, answers, tables.get("items")):
            raise error
    return Measurements({n: _numbers_too(n, f) for n, f in tables.items()})


def gather_measurements(
    place: PathLike, *, criteria: Sequence[str] = ()
) -> tuple[dict[str, pd.DataFrame], list[DataError]]:
    """As far as they can be read, the tables, and every mistake in them.

    Parameters
    ----------
    place, criteria
        As :func:`read_measurements` takes them.

    Returns
    -------
    tables : dict of str to DataFrame
    mistakes : list of DataError
    """
    tables: dict[str, pd.DataFrame] = {}
    mistakes: list[DataError] = []
    for name, (frame, found) in _each(gather_records, place, criteria):
        if frame is not None:
            tables[name] = frame
        mistakes += found
        if name.startswith("answers_"):
            said = " ".join(error.problem for error in found)  # a misspelt item, named already
            mistakes += [
                error
                for error in unlisted(name.removeprefix("answers_"), frame, tables.get("items"))
                if (error.column is None or repr(error.column) not in said)
                and str(error) not in map(str, mistakes)
            ]
    return tables, mistakes


def unlisted(
    stage: str, answers: pd.DataFrame | None, items: pd.DataFrame | None
) -> list[DataError]:
    """Columns of answers that no row of ``items.csv`` explains.

    Parameters
    ----------
    stage : {"before", "after"}
    answers, items : DataFrame or None

    Examples
    --------
    >>> items = pd.DataFrame({"item": ["o1"], "kind": ["opinion"]})
    >>> print(unlisted("after", pd.DataFrame({"person": ["a"], "o2": ["3"]}), items)[0])
    answers_after.csv, column o2: The item is not in items.csv. Did you mean 'o1'? Or add a row \
to items.csv that says what 'o2' is.
    """
    if answers is None:
        return []
    file = f"answers_{stage}.csv"
    if items is None:
        if not len(answers):
            return []
        what = "There are answers but no items.csv, which says what was asked."
        return [DataError(what, file=file, remedy="Add items.csv with a row for every column.")]
    known = set(items["item"])
    return _without_key(answers, items) + [
        DataError("The item is not in items.csv.", file=file, column=column,
                  remedy=f"{_guess(column, known)}dd a row to items.csv that says what "
                  f"{column[:60]!r} is.")
        for column in answers.columns if column not in known and column != "person"
    ]  # fmt: skip


def _without_key(answers: pd.DataFrame, items: pd.DataFrame) -> list[DataError]:
    """Knowledge items that somebody answered and that have no right answer."""
    found = []
    remedy = "Write it as it stands in the answers; several parted by ; or |."
    for position, row in enumerate(items.to_dict("records")):
        column = row["item"]
        open_item = row["kind"] == "knowledge" and not row.get("correct")
        if open_item and column in answers and (answers[column] != "").any():
            what = "A knowledge item that was answered has no right answer."
            found.append(
                DataError(what, file="items.csv", row=position + 2, column="correct", remedy=remedy)
            )
    return found


def _guess(column: str, known: Iterable[str]) -> str:
    near = get_close_matches(column, list(known), 1, 0.5)
    return f"Did you mean {near[0]!r}? Or a" if near else "A"


def _numbers_too(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Ranks, whose columns are not known beforehand, as numbers."""
    if name != "rankings":
        return frame
    out = frame.copy()
    for column in frame.columns.drop(["person", "stage"]):
        out[column] = pd.to_numeric(frame[column].str.replace(",", ".").replace("", None))
    return out
