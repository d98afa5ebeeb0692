"""A small query language over codes, cases and attributes: read, written, composed.

``(Impact AND NOT Media) AND region == 'Europe'`` is a query. It is parsed into a few
frozen objects and never run as code; the objects can be composed by hand too:
``(Code("Impact") & ~Code("Media")) & (Attribute("region") == "Europe")``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from dmpkit.errors import DataError

__all__ = ["And", "Attribute", "Code", "Compare", "Not", "Or", "Query", "parse_query"]

#: Comparisons; the first group compares with one value.
SIGNS: Final = ("==", "!=", "<=", ">=", "<", ">")
KEYWORDS: Final = ("AND", "OR", "NOT", "ONLY", "IN", "CONTAINS")
#: Brackets and NOTs inside one another beyond which a query is taken for a slip.
DEEPEST: Final = 60
LONGEST: Final = 20_000

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*')
    | (?P<sign>==|!=|<=|>=|<|>)
    | (?P<mark>[(),])
    | (?P<word>[^\s()"'=!<>,][^\s()"=!<>,]*)
    )""",
    re.VERBOSE,
)


class Query:
    """What all parts of a query share: ``&``, ``|`` and ``~`` compose them."""

    def __and__(self, other: Query) -> Query:
        return And((self, _checked(other)))

    def __or__(self, other: Query) -> Query:
        return Or((self, _checked(other)))

    def __invert__(self) -> Query:
        return Not(self)

    def __bool__(self) -> bool:
        raise DataError(
            "A query has no truth value of its own.",
            remedy="Compose queries with & | ~ and brackets, not with and, or, not.",
        )


def _checked(other: object) -> Query:
    if not isinstance(other, Query):
        raise DataError(
            f"A query cannot be composed with a {type(other).__name__}.",
            remedy='Use Code("…"), Attribute("…") == "…" or parse_query("…").',
        )
    return other


@dataclass(frozen=True, repr=False)
class Code(Query):
    """Coded with a code or, unless `only` is true, with a code below it.

    Parameters
    ----------
    name : str
        Full path (``"Constraints/Time"``), or a name that occurs once.
    only : bool
        The code itself, without what lies below it.

    Examples
    --------
    >>> Code("Impact") & ~Code("Media", only=True)
    "Impact" AND NOT ONLY "Media"
    """

    name: str
    only: bool = False
    position: int | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        return f"{'ONLY ' if self.only else ''}{_quoted(self.name)}"


@dataclass(frozen=True, repr=False)
class Compare(Query):
    """An attribute of the case compared with a value.

    Parameters
    ----------
    name : str
        ``case``, ``source``, ``coder``, ``speaker``, ``text``, or a column of the
        project's cases or sources.
    sign : str
        ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``IN`` or ``CONTAINS``.
    values : tuple
        One value, or several for ``IN``.
    """

    name: str
    sign: str
    values: tuple[str | float | bool, ...]
    position: int | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        plain = tuple(getattr(v, "item", lambda v=v: v)() for v in self.values)
        for value in plain:
            if not isinstance(value, str | int | float):
                raise DataError(
                    f"{self.name} cannot be compared with a {type(value).__name__}.",
                    remedy="Compare with a text, a number, True or False.",
                )
        object.__setattr__(self, "values", plain)

    def __repr__(self) -> str:
        shown = [_quoted(v) if isinstance(v, str) else str(v) for v in self.values]
        value = f"({', '.join(shown)})" if self.sign == "IN" else shown[0]
        return f"{_quoted(self.name)} {self.sign} {value}"


@dataclass(frozen=True, repr=False)
class And(Query):
    """All parts hold."""

    parts: tuple[Query, ...]

    def __repr__(self) -> str:
        return " AND ".join(_inside(part) for part in self.parts)


@dataclass(frozen=True, repr=False)
class Or(Query):
    """At least one part holds."""

    parts: tuple[Query, ...]

    def __repr__(self) -> str:
        return " OR ".join(_inside(part) for part in self.parts)


@dataclass(frozen=True, repr=False)
class Not(Query):
    """The part does not hold."""

    part: Query

    def __repr__(self) -> str:
        return f"NOT {_inside(self.part)}"


def _inside(part: Query) -> str:
    return f"({part!r})" if isinstance(part, And | Or) else repr(part)


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


class Attribute:
    """An attribute to be compared: gives queries.

    Parameters
    ----------
    name : str
        See :class:`Compare`.

    Examples
    --------
    >>> (Attribute("years") >= 5) & Attribute("region").isin(["Europe", "Asia"])
    "years" >= 5 AND "region" IN ("Europe", "Asia")
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        self.name = str(name)

    def __eq__(self, value: object) -> Query:  # type: ignore[override]
        return Compare(self.name, "==", (value,))  # type: ignore[arg-type]

    def __ne__(self, value: object) -> Query:  # type: ignore[override]
        return Compare(self.name, "!=", (value,))  # type: ignore[arg-type]

    def __lt__(self, value: float | str) -> Query:
        return Compare(self.name, "<", (value,))

    def __le__(self, value: float | str) -> Query:
        return Compare(self.name, "<=", (value,))

    def __gt__(self, value: float | str) -> Query:
        return Compare(self.name, ">", (value,))

    def __ge__(self, value: float | str) -> Query:
        return Compare(self.name, ">=", (value,))

    def isin(self, values: Iterable[str | float]) -> Query:
        """One of several values."""
        return Compare(self.name, "IN", tuple(values))

    def contains(self, text: str) -> Query:
        """Holds a text, whether in capitals or not."""
        return Compare(self.name, "CONTAINS", (text,))


@dataclass(frozen=True)
class _Token:
    kind: str  # "word", "quoted", "sign", "mark", "keyword" or "end"
    text: str
    position: int


def parse_query(text: str | Query) -> Query:
    """A query from its text.

    The grammar, loosest first: ``… OR …``, ``… AND …``, ``NOT …``, then a bracket, a
    code or a comparison. A code is its full path or a name that occurs once, and takes
    the codes below it along unless ``ONLY`` stands in front. Names and values with
    signs or key words in them stand in quotation marks (double a mark that belongs to
    the name); words that follow one another are one name. A comparison is an attribute,
    one of ``== != < <= > >=`` and a value, ``attribute IN (a, b)``, or ``attribute
    CONTAINS 'text'``. Key words are capitals: AND, OR, NOT, ONLY, IN, CONTAINS.

    Parameters
    ----------
    text : str or Query
        A query that is made already is returned as it is.

    Returns
    -------
    Query

    Raises
    ------
    DataError
        Says the character at which the text cannot be read, and what was expected.

    Examples
    --------
    >>> parse_query("(Impact AND NOT Red lines) AND region == 'Europe'")
    ("Impact" AND NOT "Red lines") AND "region" == "Europe"
    >>> parse_query("Impact AND OR Media")
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: The query cannot be read at character 12: a code, an attribute, NOT \
or a bracket was expected, and 'OR' stands there (Impact AND ▸OR Media). See parse_query for \
the grammar; names with signs or key words in them stand in quotation marks.
    """
    if isinstance(text, Query):
        return text
    if not isinstance(text, str):
        raise DataError(f"A query is a text, not a {type(text).__name__}.")
    if len(text) > LONGEST:
        raise DataError(f"The query has {len(text)} characters; at most {LONGEST} are read.")
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(_tokens(text))
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def parse(self) -> Query:
        found = self.either()
        if self.token.kind != "end":
            self.fail("AND, OR or the end")
        return found

    def fail(self, expected: str) -> None:
        here = self.token
        shown = f"{here.text!r} stands there" if here.kind != "end" else "the query ends there"
        raise _error(self.text, here.position, f"{expected} was expected, and {shown}")

    def take(self, kind: str, text: str | None = None) -> _Token | None:
        here = self.token
        if here.kind != kind or (text is not None and here.text != text):
            return None
        self.at += 1
        return here

    def either(self) -> Query:
        parts = [self.both()]
        while self.take("keyword", "OR"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self) -> Query:
        parts = [self.factor()]
        while self.take("keyword", "AND"):
            parts.append(self.factor())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def factor(self) -> Query:
        self.depth += 1
        if self.depth > DEEPEST:
            raise _error(self.text, self.token.position, f"more than {DEEPEST} levels are nested")
        try:
            if self.take("keyword", "NOT"):
                return Not(self.factor())
            if self.take("mark", "("):
                found = self.either()
                if not self.take("mark", ")"):
                    self.fail("AND, OR or a closing bracket")
                return found
            return self.atom()
        finally:
            self.depth -= 1

    def atom(self) -> Query:
        only = self.take("keyword", "ONLY") is not None
        start = self.token.position
        name = self.name()
        if only:
            return Code(name, True, start)
        if sign := self.take("sign"):
            return Compare(name, sign.text, (self.value(),), start)
        if self.take("keyword", "CONTAINS"):
            return Compare(name, "CONTAINS", (str(self.name("a text")),), start)
        if self.take("keyword", "IN"):
            return Compare(name, "IN", self.values(), start)
        return Code(name, False, start)

    def name(self, what: str = "a code, an attribute, NOT or a bracket") -> str:
        """A quoted text, or the words up to the next sign or key word."""
        if quoted := self.take("quoted"):
            mark = quoted.text[0]
            return quoted.text[1:-1].replace(2 * mark, mark)
        words = []
        while word := self.take("word"):
            words.append(word.text)
        if not words:
            self.fail(what)
        return " ".join(words)

    def value(self) -> str | float:
        """A quoted text as it is; bare words as a number where they are one."""
        quoted = self.token.kind == "quoted"
        text = self.name("a value")
        if quoted or not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text):
            return text
        number = float(text)
        return int(number) if re.fullmatch(r"[+-]?\d+", text) else number

    def values(self) -> tuple[str | float, ...]:
        if not self.take("mark", "("):
            self.fail("a bracket with values")
        found = [self.value()]
        while self.take("mark", ","):
            found.append(self.value())
        if not self.take("mark", ")"):
            self.fail("a comma or a closing bracket")
        return tuple(found)


def _tokens(text: str) -> Iterator[_Token]:
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            start = place + len(text[place:]) - len(text[place:].lstrip())
            if start == len(text):
                break
            why = "the quotation mark is never closed" if text[start] in "\"'" else (
                f"{text[start]!r} is no sign of a query; equal is =="
            )  # fmt: skip
            raise _error(text, start, why)
        kind = str(match.lastgroup)
        own = match[kind]
        if kind == "word" and own in KEYWORDS:
            kind = "keyword"
        yield _Token(kind, own, match.start(str(match.lastgroup)))
        place = match.end()
    yield _Token("end", "", len(text))


def _error(text: str, position: int, why: str) -> DataError:
    """An error that shows the place, counted from 1, in some of the text around it."""
    before, after = text[max(position - 30, 0) : position], text[position : position + 30]
    return DataError(
        f"The query cannot be read at character {position + 1}: {why} ({before}▸{after}).",
        remedy="See parse_query for the grammar; names with signs or key words in them stand in "
        "quotation marks.",
    )


def codes_named(query: Query) -> Iterator[tuple[Code, bool]]:
    """Every code of a query, and whether an even number of NOTs stands before it."""
    waiting: list[tuple[Query, bool]] = [(query, True)]
    while waiting:
        part, positive = waiting.pop()
        if isinstance(part, Code):
            yield part, positive
        elif isinstance(part, Not):
            waiting.append((part.part, not positive))
        elif isinstance(part, And | Or):
            waiting.extend((own, positive) for own in part.parts)


def fields_named(query: Query) -> set[str]:
    """The attributes that a query compares."""
    waiting: list[Any] = [query]
    found: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Compare):
            found.add(part.name)
        elif isinstance(part, Not):
            waiting.append(part.part)
        elif isinstance(part, And | Or):
            waiting.extend(part.parts)
    return found
