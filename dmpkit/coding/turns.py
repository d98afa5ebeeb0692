"""Who speaks where: turns recognised in transcripts by stated rules, doubts listed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
import pandas as pd

from dmpkit.coding.spans import runs
from dmpkit.errors import DataError
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import to_pandas
from dmpkit.wording import counted

if TYPE_CHECKING:
    from dmpkit.coding.data import CodedProject

__all__ = ["TURN_RULES", "TurnRule", "Turns", "find_turns", "segment_turns"]

#: A name is at most so many characters long.
NAME: Final = r"(?P<name>[^\W\d_][\w .'’*/&#()+-]{0,39}?)"
#: Hours are optional, so are tenths: 1:02, 00:01:02, 00:01:02.345.
CLOCK: Final = r"(?P<time>(?:\d{1,2}:)?[0-5]?\d:[0-5]\d(?:[.,]\d{1,3})?)"
#: Words of a name that may be written small.
PARTICLES: Final = re.compile(
    r"(af|al|and|bin|da?|das|de[lnr]?|di|dos?|du|el?|et|ibn|la|le|of|the|te[rn]|und|v[ao]n|y|zu)"
)
#: Lines longer than this cannot be a heading with a name and a time only.
HEADING: Final = 80


@dataclass(frozen=True)
class TurnRule:
    """One way in which transcripts show that somebody begins to speak.

    Parameters
    ----------
    name : str
        What the rule is called in the table of turns.
    says : str
        The rule in words.
    pattern : str
        Regular expression that is matched at the start of a line, with the group
        ``name`` and perhaps ``time``.

    Examples
    --------
    >>> TURN_RULES[0].name
    'time, name, colon'
    """

    name: str
    says: str
    pattern: str

    def compiled(self) -> re.Pattern[str]:
        """The pattern, checked.

        Raises
        ------
        DataError
            When it is no regular expression, or has no group ``name``.
        """
        try:
            found = re.compile(self.pattern)
        except re.error as error:
            raise DataError(
                f"The rule {self.name!r} is no regular expression: {error}.",
                remedy="See the examples in dmpkit.coding.TURN_RULES.",
            ) from None
        if "name" not in found.groupindex:
            raise DataError(
                f"The rule {self.name!r} has no group called 'name'.",
                remedy="Write (?P<name>…) around the speaker's name.",
            )
        return found


#: The rules in the order in which they are tried on each line.
TURN_RULES: Final = (
    TurnRule(
        "time, name, colon",
        "A time (in brackets or not), a name and a colon begin the line: [00:01:02] P3: Yes.",
        rf"[ \t]*[\[(]?{CLOCK}[\])]?[ \t]*[-–]?[ \t]*{NAME}[ \t]*:(?!//)[ \t]*",
    ),
    TurnRule(
        "name, time, colon",
        "A name, a time in brackets and a colon begin the line: P3 [00:01:02]: Yes.",
        rf"[ \t]*{NAME}[ \t]*[\[(]{CLOCK}[\])][ \t]*:[ \t]*",
    ),
    TurnRule(
        "name, colon",
        "A name and a colon begin the line: P3: Yes. Every word of the name begins with a capital "
        "or a digit (de, van, von and the like may be small, and what stands in brackets).",
        rf"[ \t]*{NAME}[ \t]*:(?!//)(?!\d)[ \t]*",
    ),
    TurnRule(
        "name and time on a line",
        "A name and a time stand alone on a line, the speech follows: P3  0:03.",
        rf"[ \t]*{NAME}[ \t]+[\[(]?{CLOCK}[\])]?[ \t]*(?=\n|\Z)",
    ),
)


@dataclass(frozen=True, eq=False, repr=False)
class Turns(Result):
    r"""Speaker turns of one or more transcripts.

    Attributes
    ----------
    turns : DataFrame
        One row a turn: ``source``, ``turn`` (from 1 in each source; 0 for words before
        the first), ``speaker``, ``start`` (where its label begins), ``speech`` (its
        first spoken character), ``end`` (behind its last character that is no white
        space), ``time`` (seconds, NaN where none is given), ``words``, ``rule``.
    problems : DataFrame
        What to look at: ``source``, ``line``, ``start``, ``what``, ``text``.
    rules : tuple of TurnRule

    Examples
    --------
    >>> find_turns("Q: Why?\nP3: Time.").turns["speaker"].tolist()
    ['Q', 'P3']
    """

    title: ClassVar[str] = "Speaker turns"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "turns": "One row a turn; positions count characters from 0, ends are exclusive.",
        "speakers": "Turns and words by speaker.",
        "problems": "Lines and names that a person should look at.",
        "rules": "The rules in the order in which they were tried.",
    }

    turns: pd.DataFrame
    problems: pd.DataFrame
    rules: tuple[TurnRule, ...] = TURN_RULES

    @cached_property
    def speakers(self) -> pd.DataFrame:
        """Turns and words by source and speaker: ``source, speaker, turns, words, share``."""
        said = self.turns[self.turns["turn"] > 0]
        found = (
            said.groupby(["source", "speaker"], sort=False)["words"]
            .agg(["size", "sum"])
            .reset_index()
            .rename(columns={"size": "turns", "sum": "words"})
        )
        total = found.groupby("source")["words"].transform("sum")
        share = np.where(total > 0, found["words"] / total.where(total > 0, 1), np.nan)
        return found.assign(share=share)

    def frames(self) -> dict[str, pd.DataFrame]:
        """Tables ``turns``, ``speakers``, ``problems``, ``rules``."""
        rules = pd.DataFrame([{"rule": rule.name, "says": rule.says} for rule in self.rules])
        return {
            "turns": self.turns,
            "speakers": self.speakers,
            "problems": self.problems,
            "rules": rules,
        }

    def summary(self) -> str:
        """How many turns were found, and what to look at."""
        said = self.turns[self.turns["turn"] > 0]
        text = (
            f"{counted(len(said), 'turn')} of {counted(said['speaker'].nunique(), 'speaker')} in "
            f"{counted(self.turns['source'].nunique(), 'source')}."
        )
        if len(self.problems):
            kinds = self.problems["what"].value_counts(sort=False)
            listed = "; ".join(f"{what} ({n})" for what, n in kinds.items())
            text += f"\n\nTo be looked at: {listed}. See the table of problems."
        return text

    def methods_text(self) -> str:
        """The rules as a paragraph."""
        said = " ".join(f"({i}) {rule.says}" for i, rule in enumerate(self.rules, 1))
        return (
            "Speaker turns were recognised line by line; the first rule that fits a line begins a "
            f"turn, which lasts to the next. {said} Words before the first turn belong to nobody."
        )

    def section(self) -> Section:
        """Speakers and problems as a section."""
        body = paragraphs(self.summary()) + table_html(self.speakers, caption="Speakers")
        if len(self.problems):
            body += table_html(self.problems, caption="To be looked at")
        return Section(self.title, body)


def find_turns(
    texts: CodedProject | Mapping[str, str] | str,
    *,
    rules: Sequence[TurnRule] = TURN_RULES,
    speakers: Iterable[str] | None = None,
) -> Turns:
    r"""Recognise speaker turns in transcripts.

    The rules are tried in order at the start of each line; the first that fits begins
    a turn. White space around a turn belongs to none.

    Parameters
    ----------
    texts : CodedProject, mapping of source to text, or one text
    rules : sequence of TurnRule
        :data:`TURN_RULES` when not given; own rules may be put in front.
    speakers : iterable of str, optional
        The names that count. A line that would begin the turn of anybody else is then
        taken as speech and listed among the problems.

    Returns
    -------
    Turns

    Raises
    ------
    DataError
        For a rule that is no regular expression, or texts that are no text.

    Examples
    --------
    >>> found = find_turns({"I1": "[0:05] ANNA: Yes.\nMore.\n[0:09] Q: Why?"})
    >>> found.turns[["speaker", "speech", "end", "time"]].to_numpy().tolist()
    [['ANNA', 13, 23, 5.0], ['Q', 34, 38, 9.0]]
    """
    known = None if speakers is None else {_plain(name) for name in _names(speakers)}
    patterns = [(rule, rule.compiled()) for rule in rules]
    rows: list[dict[str, Any]] = []
    problems: list[dict[str, Any]] = []
    for source, text in _texts(texts).items():
        found = _turns_of(source, text, patterns, known, problems)
        _check_turns(source, text, found, problems)
        rows += found
    return Turns(
        _typed(pd.DataFrame(rows, columns=list(COLUMNS)), COLUMNS),
        _typed(pd.DataFrame(problems, columns=list(PROBLEMS)), PROBLEMS),
        tuple(rules),
    )


COLUMNS: Final = {
    "source": "str", "turn": "int64", "speaker": "str", "start": "int64", "speech": "int64",
    "end": "int64", "time": "float64", "words": "int64", "rule": "str",
}  # fmt: skip
PROBLEMS: Final = {
    "source": "str", "line": "int64", "start": "int64", "what": "str", "text": "str",
}  # fmt: skip


def _typed(frame: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    return frame.astype(dict(kinds))


def _names(names: Iterable[str]) -> list[str]:
    return [names] if isinstance(names, str) else [str(name) for name in names]


def _texts(texts: CodedProject | Mapping[str, str] | str) -> Mapping[str, str]:
    if isinstance(texts, str):
        return {"": texts}
    found = texts if isinstance(texts, Mapping) else getattr(texts, "texts", None)
    if not isinstance(found, Mapping) or not all(isinstance(t, str) for t in found.values()):
        raise DataError(
            f"Turns are looked for in texts, not in a {type(texts).__name__}.",
            remedy="Give a CodedProject, a text, or a mapping of source to text.",
        )
    return found


def _plain(name: str) -> str:
    """A name as two spellings of it are compared."""
    return " ".join(name.casefold().replace("*", " ").split())


def _turns_of(
    source: str,
    text: str,
    patterns: Sequence[tuple[TurnRule, re.Pattern[str]]],
    known: set[str] | None,
    problems: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """The turns of one text in order."""
    heads: list[tuple[int, int, str, str, float]] = []
    place = 0
    for number, line in enumerate(text.split("\n"), start=1):
        for rule, pattern in patterns:
            match = pattern.match(text, place, place + len(line))
            if match is None or not _is_name(match["name"], rule):
                continue
            if known is not None and _plain(match["name"]) not in known:
                problems.append(
                    _problem(source, number, place, "a speaker who was not listed", line)
                )
                break
            seconds = _seconds(match.groupdict().get("time"))
            heads.append((place, match.end(), " ".join(match["name"].split()), rule.name, seconds))
            break
        place += len(line) + 1
    return _between(source, text, heads)


def _is_name(name: str | None, rule: TurnRule) -> bool:
    """At most five words, all but particles (and what stands in brackets) with a capital."""
    words = (name or "").split()
    if not words or len(words) > 5:
        return False
    if rule not in TURN_RULES:
        return True  # the reader's own rule knows best
    plain = [word.lstrip("*#'’") for word in re.sub(r"\([^)]*\)", "", name or "").split()]
    return bool(plain) and not plain[0][:1].islower() and all(map(_may_be_name, plain))


def _may_be_name(word: str) -> bool:
    """No small first letter, or a particle; scripts without capitals pass."""
    return not word[:1].islower() or PARTICLES.fullmatch(word.lower()) is not None


def _between(
    source: str, text: str, heads: list[tuple[int, int, str, str, float]]
) -> list[dict[str, Any]]:
    """Turns from their labels; words before the first are a turn of nobody."""
    begin = heads[0][0] if heads else len(text)
    if text[:begin].strip():
        heads = [(0, 0, "", "", float("nan")), *heads]
    if not heads:
        return []
    stops = [*(head[0] for head in heads[1:]), len(text)]
    rows = []
    number = 0 if heads and heads[0][2] == "" else 1
    for turn, (head, stop) in enumerate(zip(heads, stops, strict=True), start=number):
        start, speech, speaker, rule, seconds = head
        spoken = text[speech:stop]
        end = speech + len(spoken.rstrip())
        speech += (len(spoken) - len(spoken.lstrip())) if spoken.strip() else 0
        rows.append({
            "source": source, "turn": turn, "speaker": speaker, "start": start, "speech": speech,
            "end": end, "time": seconds, "words": len(spoken.split()), "rule": rule,
        })  # fmt: skip
    return rows


def _seconds(clock: str | None) -> float:
    """A time of day or of the recording in seconds."""
    if not clock:
        return float("nan")
    total = 0.0
    for part in clock.replace(",", ".").split(":"):
        total = 60 * total + float(part)
    return total


def _problem(source: str, line: int, start: int, what: str, text: str) -> dict[str, Any]:
    short = text.strip() if len(text.strip()) <= HEADING else text.strip()[: HEADING - 1] + "…"
    return {"source": source, "line": line, "start": start, "what": what, "text": short}


def _check_turns(
    source: str, text: str, turns: list[dict[str, Any]], problems: list[dict[str, Any]]
) -> None:
    """List what a person should look at in one source."""

    def say(turn: Mapping[str, Any], what: str, shown: str) -> None:
        at = int(turn["start"])
        problems.append(_problem(source, text.count("\n", 0, at) + 1, at, what, shown))

    said = [turn for turn in turns if turn["speaker"]]
    if not said:
        problems.append(_problem(source, 1, 0, "no turn was recognised", text[:HEADING]))
        return
    if turns[0]["turn"] == 0:
        before = text[turns[0]["start"] : turns[0]["end"]]
        say(turns[0], "words before the first turn", before)
    spellings: dict[str, list[str]] = {}
    for turn in said:
        spellings.setdefault(_plain(turn["speaker"]), []).append(turn["speaker"])
    _near_misses(source, text, spellings, {turn["start"] for turn in said}, problems)
    latest = float("-inf")
    reported: set[str] = set()
    for turn in said:
        name, key = turn["speaker"], _plain(turn["speaker"])
        if len(set(spellings[key])) > 1 and name != spellings[key][0] and name not in reported:
            say(turn, "a name spelt in two ways", f"{spellings[key][0]} / {name}")
            reported.add(name)
        if len(spellings[key]) == 1 and len(said) > 3:
            say(turn, "a name that occurs once", name)
        if not turn["words"]:
            say(turn, "a turn without words", name)
        if turn["time"] < latest:
            say(turn, "the time runs backwards", text[turn["start"] : turn["speech"]])
        latest = max(latest, turn["time"]) if turn["time"] == turn["time"] else latest


def _near_misses(
    source: str,
    text: str,
    spellings: Mapping[str, Sequence[str]],
    starts: set[int],
    problems: list[dict[str, Any]],
) -> None:
    """Lines that begin with a speaker's name and a sign, and yet begin no turn."""
    names = "|".join(re.escape(name) for name in spellings)
    like = re.compile(rf"^[ \t]*(?:{names})[ \t*]*[:;.>|–-](?!\w)", re.IGNORECASE | re.MULTILINE)
    for match in like.finditer(text):
        if match.start() not in starts:
            line = text[match.start() :].split("\n", 1)[0]
            number = text.count("\n", 0, match.start()) + 1
            what = "a line like a turn that was not taken for one"
            problems.append(_problem(source, number, match.start(), what, line))


def segment_turns(segments: Any, turns: Turns | Any) -> pd.DataFrame:
    r"""Which turns each segment lies in.

    A segment and a turn meet where they share a character, the label of the turn
    included. `main` marks the turn with the largest part of a segment (the earlier
    one where two are equal).

    Parameters
    ----------
    segments : DataFrame
        ``source, start, end``; its rows are numbered from 0.
    turns : Turns or DataFrame

    Returns
    -------
    DataFrame
        One row a segment and turn: ``row`` (of the segments' table), ``source``,
        ``turn``, ``speaker``, ``characters`` (shared), ``main``. A segment that lies in
        no turn has no row.

    Examples
    --------
    >>> found = find_turns({"I1": "Q: Why?\nP3: Time."})
    >>> spans = pd.DataFrame({"source": ["I1"], "start": [3], "end": [13]})
    >>> segment_turns(spans, found)[["speaker", "characters", "main"]].to_numpy().tolist()
    [['Q', 4, False], ['P3', 5, True]]
    """
    table = turns.turns if isinstance(turns, Turns) else to_pandas(turns, what="turns")
    segments = to_pandas(segments, what="segments")
    parts = []
    own = dict(list(table.groupby("source", sort=False)))
    for source, rows in segments.reset_index(drop=True).groupby("source", sort=False):
        if source in own:
            parts.append(_in_turns(rows, own[source]))
    columns = ["row", "source", "turn", "speaker", "characters", "main"]
    if not parts:
        kinds = {"row": "int64", "source": "str", "turn": "int64", "speaker": "str",
                 "characters": "int64", "main": "bool"}  # fmt: skip
        return pd.DataFrame(columns=columns).astype(kinds)
    found = pd.concat(parts, ignore_index=True).sort_values(["row", "turn"], kind="stable")
    most = found.groupby("row")["characters"].idxmax()
    found["main"] = found.index.isin(most)
    return found.reset_index(drop=True)[columns]


def _in_turns(rows: pd.DataFrame, turns: pd.DataFrame) -> pd.DataFrame:
    """Segments of one source against its turns, which are in order and apart."""
    start, end = rows["start"].to_numpy(np.int64), rows["end"].to_numpy(np.int64)
    begin, finish = turns["start"].to_numpy(np.int64), turns["end"].to_numpy(np.int64)
    first = np.searchsorted(finish, start, side="right")
    stop = np.where(end > start, np.searchsorted(begin, end, side="left"), first)
    at, turn = runs(first, stop)
    shared = np.minimum(end[at], finish[turn]) - np.maximum(start[at], begin[turn])
    keep = shared > 0
    at, turn, shared = at[keep], turn[keep], shared[keep]
    return pd.DataFrame(
        {
            "row": rows.index.to_numpy()[at],
            "source": rows["source"].to_numpy()[at],
            "turn": turns["turn"].to_numpy()[turn],
            "speaker": turns["speaker"].to_numpy()[turn],
            "characters": shared,
        }
    )
