"""What the columns and rows of a table of sorts hold.

A table of sorts comes with other things around it: the age of participants, a
column of means, a row of sums. Taken for a statement or a sort they change
every number of an analysis, and nothing in the result shows it. So each
column and row is held against the others: what has the name of something
else, or values that no sort has, is left with a warning where leaving it makes
the sorts share one distribution, and refused with the argument that settles
it where that is not certain.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dmpkit.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FOREIGN_NAMES",
    "LABEL_NAMES",
    "REMARK_NAMES",
    "SORT_NAMES",
    "STATEMENT_NAMES",
    "TEXT_NAMES",
    "Wide",
    "enumerate_some",
    "fitting_rows",
    "is_number_name",
    "is_statement_name",
    "plain_name",
    "settle",
    "short",
    "signed",
]


def _names(words: str) -> frozenset[str]:
    return frozenset(word.strip() for word in words.split(","))


#: Column names that say "these are the statements' labels, not a sort".
STATEMENT_NAMES = _names(
    "statement, statements, statement id, statement no, statement number, sta, item, items"
)
LABEL_NAMES = STATEMENT_NAMES | _names("id, no, nr, number, #")
TEXT_NAMES = _names("text, texts, wording, statement text, statement wording")
SORT_NAMES = _names(
    "sort, sorts, qsort, q sort, participant, participants, respondent, respondents, person,"
    "persons, name, names, sorter, interviewee"
)
#: Words about a statement that are not its wording.
REMARK_NAMES = _names(
    "remark, remarks, comment, comments, note, notes, topic, topics, theme, themes, category,"
    "categories, source, sources, bemerkung, bemerkungen, kommentar, kommentare, thema, kategorie,"
    "quelle, remarque, remarques, commentaire, commentaires, thème, sujet, catégorie,"
    "observaciones, comentario, comentarios, tema, categoría, fuente, nota, note, commento,"
    "categoria, opmerking, opmerkingen, onderwerp"
)
_STATISTICS = _names(
    "mean, means, average, averages, avg, median, mittelwert, durchschnitt, moyenne, promedio,"
    "gemiddelde, gjennomsnitt, gennemsnit, medelvärde, średnia, sum, sums, total, totals, summe,"
    "gesamt, insgesamt, somme, suma, soma, somma, totale, totaal, totalt, sd, std, stdev,"
    "st dev, standard deviation, standardabweichung, variance, count, n"
)
_NUMBERS = _names(
    "id, no, nr, number, #, participant no, participant number, participant id, respondent id,"
    "sort no, case, case id, row, row number, index, uid, pid, lfd nr, lfdnr, nummer, numéro,"
    "número, numero, unnamed: 0"
)
_WEIGHTS = _names("weight, weights, gewicht, gewichtung, poids, peso, pondération, ponderación")
_PEOPLE = _names(
    "age, ages, age group, age (years), alter, âge, edad, età, idade, leeftijd, alder, ålder,"
    "wiek, year, birth year, year of birth, yob, jahr, geburtsjahr, année, année de naissance,"
    "año, ano, anno di nascita, jaar, geboortejaar, gender, sex, geschlecht, genre, sexe, género,"
    "sexo, genere, sesso, gênero, geslacht, kjønn, køn, kön, płeć, education, bildung, formation,"
    "educación, istruzione, opleiding, income, einkommen, revenu, ingresos, reddito, inkomen,"
    "postcode, postal code, zip, zip code, plz, code postal, group, gruppe, groupe, grupo, gruppo,"
    "wave, round, duration, timestamp"
)
#: Names of columns and rows that are no sort and no statement, in several languages.
FOREIGN_NAMES = _STATISTICS | _NUMBERS | _WEIGHTS | _PEOPLE
_FOREIGN_SORTS = _STATISTICS | _NUMBERS | _WEIGHTS

_MOST_NAMED = 6
_NEARLY_ALL = 0.75  # of the sorts share one distribution
_MANY = 0.7
_KIND = re.compile(r"([^\W\d_]*[ _.#-]*)\d+[a-z]?", re.IGNORECASE)
_PLAIN_STATEMENT = re.compile(r"(?:s|q|st|sta|stat|stm|item|statement)[ _.-]?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class Wide:
    """A wide table: its values with statements in rows, and where they stood.

    Parameters
    ----------
    values : ndarray, shape (n_statements, n_sorts)
        NaN where a cell is empty.
    statements, sorts : sequence of str
    texts : sequence of str
        Wording, or empty.
    rows : {"statements", "sorts"}
        What a row of the table held.
    lines : sequence of int
        The number of each row as a spreadsheet shows it (the header is row 1).
    call : str
        How the reader asked for it, for remedies: ``"read_sorts(path"``.
    """

    values: NDArray[np.float64]
    statements: Sequence[str]
    sorts: Sequence[str]
    texts: Sequence[str] = ()
    rows: Literal["statements", "sorts"] = "statements"
    lines: Sequence[int] = ()
    call: str = "read_sorts(path"
    messages: tuple[str, ...] = field(default=())

    def at(self, i: int | None, j: int | None) -> dict[str, Any]:
        """Row and column of statement i and sort j, as arguments of an error."""
        down, across = (i, j) if self.rows == "statements" else (j, i)
        names = self.sorts if self.rows == "statements" else self.statements
        return {
            "row": None if down is None else int(self.lines[down]),
            "column": None if across is None else names[across],
        }

    def line(self, what: str, i: int) -> str:
        """A statement or sort as the table has it: ``column 'age'`` or ``row 26 ('Total')``."""
        name = short((self.statements if what == "statement" else self.sorts)[i])
        if self.rows != f"{what}s":
            return f"column {name!r}"
        return f"row {self.lines[i]} ({name!r})"

    def without(self, statements: Collection[int], sorts: Collection[int]) -> Wide:
        """The table without some statements and sorts, by position."""
        rows = [i for i in range(len(self.statements)) if i not in set(statements)]
        columns = [j for j in range(len(self.sorts)) if j not in set(sorts)]
        kept = rows if self.rows == "statements" else columns
        return replace(
            self,
            values=self.values[np.ix_(rows, columns)],
            statements=[self.statements[i] for i in rows],
            sorts=[self.sorts[j] for j in columns],
            texts=[self.texts[i] for i in rows] if self.texts else (),
            lines=[self.lines[i] for i in kept],
        )

    def telling(self, *messages: str) -> Wide:
        """The table with messages of which its reader is to be warned."""
        return replace(self, messages=(*self.messages, *messages))


def settle(table: Wide, leave: Sequence[str] | None, gone: Collection[str] = ()) -> Wide:
    """Leave what is asked for and what is no sort and no statement; check the rest.

    Parameters
    ----------
    table : Wide
    leave : sequence of str or None
        Labels of rows or columns to leave. An empty sequence says that every
        column and row counts, so nothing is guessed.
    gone : collection of str
        Those of `leave` that were columns and have been left already.

    Returns
    -------
    Wide
        With messages on what was guessed.

    Raises
    ------
    DataError
        A label that is not there or stands for two things, a column or row that
        looks foreign, an empty or doubled label, a missing cell, a constant
        sort, a value outside the grid that nearly all sorts share.

    Examples
    --------
    >>> values = np.array([[-1, 0, 1], [0, 1, -1], [1, -1, 0], [31, 64, 25.0]])
    >>> table = Wide(values, ["s1", "s2", "s3", "age"], ["a", "b", "c"], rows="sorts",
    ...              lines=[2, 3, 4])
    >>> settle(table, None).statements
    ['s1', 's2', 's3']
    """
    table = _left_on_demand(table, leave, gone)
    _check_labels(table)
    guess = leave is None or len(leave) > 0
    if guess:
        table = _without_foreign(table)
    _check_complete(table)
    _check_constant(table)
    if guess:
        _check_grid(table)
    lacking = _lacking_number(table.statements, leave or ())
    return table.telling(lacking) if lacking else table


# -- what is asked for ---------------------------------------------------------------


def _left_on_demand(table: Wide, leave: Sequence[str] | None, gone: Collection[str]) -> Wide:
    statements, sorts = set(), set()
    for name in leave or ():
        found = [i for i, label in enumerate(table.statements) if label == name]
        named = [j for j, label in enumerate(table.sorts) if label == name]
        if bool(found) + bool(named) + (name in gone) > 1:
            raise DataError(
                f"{name!r} in leave is the name of a column and of a row.",
                remedy="Give one of them another name.",
            )
        if not found and not named and name not in gone:
            raise no_such_label(name, [*table.statements, *table.sorts])
        statements.update(found)
        sorts.update(named)
    return table.without(statements, sorts)


def no_such_label(name: str, labels: Sequence[str]) -> DataError:
    """The error for a label that is not there, with the closest one.

    Parameters
    ----------
    name : str
    labels : sequence of str

    Examples
    --------
    >>> print(no_such_label("Anna", ["Ana", "Ben"]))
    There is no 'Anna'. The closest label is 'Ana'.
    """
    close = get_close_matches(name, labels, n=1)
    return DataError(
        f"There is no {name!r}.",
        remedy=f"The closest label is {close[0]!r}."
        if close
        else f"The labels are {enumerate_some(map(repr, labels), 12)}.",
    )


# -- what is no sort and no statement ----------------------------------------------------


def _without_foreign(table: Wide) -> Wide:
    """Leave foreign lines where the distribution proves them, refuse doubtful ones."""
    if min(table.values.shape) < 2:
        return table
    codes = _coded(table.values)
    names = {
        "statement": _suspects(table.statements, FOREIGN_NAMES),
        "sort": _suspects(table.sorts, _FOREIGN_SORTS),
    }
    far = set(_off_grid_statements(table.values, codes))
    outside = set(_outside_naming(table.statements)) if len(table.sorts) > 2 else set()
    sorts = _sorts_that_differ(codes, names["statement"] | far | outside, names["sort"])
    some = [i for i in range(len(table.statements)) if i in names["statement"] | far | outside]
    statements = _best_left(codes, some, sorts)
    statements |= _sure(table, names["statement"] - statements, outside, sorts)
    kept = _kept(codes, statements, sorts)
    if (statements or sorts) and _share(kept) >= _NEARLY_ALL and kept.shape[0] > 2:
        told = [table.line("statement", i) for i in sorted(statements)]
        told += [table.line("sort", j) for j in sorted(sorts)]
        table = _say_left(table, told).without(statements, sorts)
        codes = kept
        names = {
            "statement": _suspects(table.statements, FOREIGN_NAMES),
            "sort": _suspects(table.sorts, _FOREIGN_SORTS),
        }
    _refuse_doubtful(table, codes, names)
    return table


def _say_left(table: Wide, told: Sequence[str]) -> Wide:
    many = len(told) > 1
    return table.telling(
        f"Left: {enumerate_some(told)}. By name or values {'they are' if many else 'this is'} no "
        f"sort and no statement, and without {'them' if many else 'it'} the sorts share one "
        f"distribution. leave=[] keeps every column and row."
    )


def _suspects(labels: Sequence[str], names: frozenset[str]) -> set[int]:
    """Labels with the name of something else, unless all labels are of that kind."""
    pattern = _common_kind(labels)
    return {
        i
        for i, label in enumerate(labels)
        if plain_name(label) in names and (pattern is None or _kind(label) != pattern)
    }


def _outside_naming(labels: Sequence[str]) -> list[int]:
    """Labels unlike the others, where those are s1, s2 and so on."""
    pattern = _common_kind(labels)
    if pattern is None:
        return []
    return [i for i, label in enumerate(labels) if _kind(label) != pattern]


def _common_kind(labels: Sequence[str]) -> str | None:
    counts = Counter(_kind(label) for label in labels)
    kind, n = counts.most_common(1)[0] if counts else (None, 0)
    return kind if kind is not None and n >= max(3, 0.6 * len(labels)) else None


def _kind(label: str) -> str | None:
    """How a label is made: ``"s"`` of s12, ``""`` of 12, ``"letter"`` of a; None for words."""
    if found := _KIND.fullmatch(label.strip()):
        return found[1].casefold().strip(" _.#-")
    return "letter" if len(label.strip()) == 1 else None


def _coded(values: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Each distinct value as a random number, so that sums tell sets of values apart."""
    distinct, codes = np.unique(values, return_inverse=True)
    rng = np.random.default_rng(20240229)
    marks = rng.integers(0, 2**63, size=len(distinct), dtype=np.uint64)
    coded: NDArray[np.uint64] = marks[codes.reshape(values.shape)]
    return coded


def _share(codes: NDArray[np.uint64]) -> float:
    """Share of the columns that have the most common set of values."""
    return _share_of_sums(codes.sum(axis=0, dtype=np.uint64))


def _share_of_sums(sums: NDArray[np.uint64]) -> float:
    if len(sums) < 2:
        return 0.0
    most = int(np.unique(sums, return_counts=True)[1].max())
    return most / len(sums) if most > 1 else 0.0


def _kept(
    codes: NDArray[np.uint64], statements: Collection[int], sorts: Collection[int]
) -> NDArray[np.uint64]:
    out = np.delete(codes, sorted(statements), axis=0)
    return np.delete(out, sorted(sorts), axis=1)


def _best_left(codes: NDArray[np.uint64], some: Sequence[int], sorts: Collection[int]) -> set[int]:
    """The smallest set of suspects without which most sorts share one distribution."""
    codes = np.delete(codes, sorted(sorts), axis=1)
    every = codes.sum(axis=0, dtype=np.uint64)
    best, left = _share_of_sums(every), set[int]()
    sizes = range(1, len(some) + 1) if len(some) <= 8 else [len(some)]
    for size in sizes:
        for group in combinations(some, size):
            share = _share_of_sums(every - codes[list(group)].sum(axis=0, dtype=np.uint64))
            if share > best + 1e-9:
                best, left = share, set(group)
    return left


def _sorts_that_differ(
    codes: NDArray[np.uint64], some: Collection[int], suspects: Collection[int]
) -> set[int]:
    """Suspected sorts that have not the distribution of the others."""
    if not suspects or len(suspects) > 8 or codes.shape[1] - len(suspects) < 2:
        return set()
    statements = _best_left(codes, sorted(some), suspects)
    sums = _kept(codes, statements, ()).sum(axis=0, dtype=np.uint64)
    others = np.delete(sums, sorted(suspects))
    values, counts = np.unique(others, return_counts=True)
    return {j for j in suspects if sums[j] != values[counts.argmax()]}


def _sure(
    table: Wide, named: Collection[int], outside: Collection[int], sorts: Collection[int]
) -> set[int]:
    """Lines named so that do no harm to the distribution: constants beside s1 … sN, sums."""
    found = set()
    values = np.delete(table.values, sorted(sorts), axis=1)
    for i in named:
        rest = np.delete(values, i, axis=0)
        totals = (rest.sum(axis=0), rest.mean(axis=0))
        sums = any(np.allclose(values[i], total, atol=0.006) for total in totals)
        if (sums or i in outside) and bool(np.ptp(values[i]) == 0):
            found.add(i)
    return found


def _off_grid_statements(values: NDArray[np.float64], codes: NDArray[np.uint64]) -> list[int]:
    """Statements at least half of whose values are not among those that most sorts use."""
    p = codes.shape[1]
    if p < 5:
        return []  # too few to tell a value that nobody else has
    marks = np.unique(codes)
    places = np.searchsorted(marks, codes)
    pairs = np.unique(places + np.arange(p) * len(marks))
    used_by = np.bincount(pairs % len(marks), minlength=len(marks))
    on_grid = (used_by > p / 2)[places]
    if on_grid.mean() < 0.8:
        return []
    off = ~on_grid & np.isfinite(values)
    filled = np.maximum(np.isfinite(values).sum(axis=1), 1)
    return [int(i) for i in np.flatnonzero(off.sum(axis=1) / filled >= 0.5)]


def _refuse_doubtful(table: Wide, codes: NDArray[np.uint64], names: dict[str, set[int]]) -> None:
    """Refuse what looks foreign but could not be left with certainty."""
    share = _share(codes)
    forced = share >= _NEARLY_ALL
    doubtful = [("statement", i) for i in sorted(names["statement"]) if _doubt(table, i, forced)]
    if not forced:
        doubtful += [("sort", j) for j in sorted(names["sort"])]
        doubtful += [("statement", i) for i in _far_off(table.values)]
    else:
        doubtful += [("sort", j) for j in _other_scale(table.values, codes)]
    if not doubtful and share < 1:
        doubtful = [("statement", i) for i in _proved_foreign(codes)]
    if doubtful:
        raise _looks_foreign(table, list(dict.fromkeys(doubtful)))


def _proved_foreign(codes: NDArray[np.uint64]) -> tuple[int, ...]:
    """One or two statements of any name without which most sorts share one distribution.

    A statement on which all agree but the few sorts that break the distribution
    looks alike, so there must be more than a few.
    """
    n, p = codes.shape
    codes = codes[:, :200]
    every = codes.sum(axis=0, dtype=np.uint64)
    share = _share_of_sums(every)
    if n < 8 or p < 5 or share > _MANY:
        return ()
    groups: list[tuple[int, ...]] = [(i,) for i in range(n)]
    if n <= 120 and share < 0.5:
        groups += combinations(range(n), 2)
    for group in groups:
        rest = _share_of_sums(every - codes[list(group)].sum(axis=0, dtype=np.uint64))
        if rest > share and rest >= _NEARLY_ALL:
            return group
    return ()


def _doubt(table: Wide, i: int, forced: bool) -> bool:
    return not forced or bool(np.ptp(table.values[i]) == 0 and len(table.sorts) > 4)


def _looks_foreign(table: Wide, doubtful: Sequence[tuple[str, int]]) -> DataError:
    what, i = doubtful[0]
    line = table.values[i] if what == "statement" else table.values[:, i]
    labels = [(table.statements if w == "statement" else table.sorts)[k] for w, k in doubtful]
    more = [table.line(w, k) for w, k in doubtful[1:]]
    also = f" Nor does {enumerate_some(more)}." if more else ""
    name = table.line(what, i)
    return DataError(
        f"{name[0].upper()}{name[1:]} does not look like a {what} ({_span(line)}).{also}",
        remedy=f"Leave it out with {table.call}, leave=[{enumerate_some(map(repr, labels))}]); "
        f"if every column and row counts, say leave=[].",
    )


def _span(values: NDArray[np.float64]) -> str:
    finite = values[np.isfinite(values)]
    if not len(finite):
        return "no values"
    low, high = finite.min() + 0.0, finite.max() + 0.0  # no -0
    return f"only {low:g}" if low == high else f"values {low:g} to {high:g}"


def _far_off(values: NDArray[np.float64]) -> list[int]:
    """Statements whose values lie mostly outside twice the range that the others have."""
    with np.errstate(invalid="ignore"):
        filled = np.where(np.isfinite(values), values, np.nan)
        rows = np.isfinite(filled).any(axis=1)
        if rows.sum() < 8 or values.shape[1] < 5:
            return []
        low = np.median(np.nanmin(filled[rows], axis=1))
        high = np.median(np.nanmax(filled[rows], axis=1))
        width = high - low
        off = (filled < low - width) | (filled > high + width)
    return [int(i) for i in np.flatnonzero(off.mean(axis=1) > 0.5)] if width > 0 else []


def _other_scale(values: NDArray[np.float64], codes: NDArray[np.uint64]) -> list[int]:
    """Sorts at least half of whose values lie outside the grid of the others."""
    if values.shape[1] < 6:
        return []
    grid = _grid(values, codes)
    off = (values < grid[0]) | (values > grid[-1])
    return [int(j) for j in np.flatnonzero(off.mean(axis=0) >= 0.5)]


def _grid(values: NDArray[np.float64], codes: NDArray[np.uint64]) -> NDArray[np.float64]:
    """The distribution, ascending, that most sorts share."""
    sums = codes.sum(axis=0, dtype=np.uint64)
    _, first, counts = np.unique(sums, return_index=True, return_counts=True)
    grid: NDArray[np.float64] = np.sort(values[:, first[counts.argmax()]])
    return grid


# -- checks with the place in the file --------------------------------------------------


def _check_labels(table: Wide) -> None:
    for what, labels in (("statement", table.statements), ("sort", table.sorts)):
        places: dict[str, list[int]] = {}
        for i, label in enumerate(labels):
            places.setdefault(label, []).append(i)
        in_rows = table.rows == f"{what}s"
        if in_rows and "" in places:
            raise DataError(
                f"The {what} in this row has no label.",
                row=table.lines[places[""][0]],
                remedy="Give it a label; if the row holds sums or means, delete it.",
            )
        for label, where in places.items():
            if len(where) > 1 and in_rows:
                rows = [table.lines[i] for i in where]
                raise DataError(
                    f"The {what} {short(label)!r} stands in rows "
                    f"{', '.join(map(str, rows[:-1]))} and {rows[-1]}.",
                    remedy=f"Give every {what} a label of its own, or delete the row that is "
                    "there by mistake.",
                )


def _check_complete(table: Wide) -> None:
    bad = np.argwhere(~np.isfinite(table.values))
    if not len(bad):
        return
    places = [
        f"statement {short(table.statements[i])!r} in sort {short(table.sorts[j])!r}"
        for i, j in bad
    ]
    sorts = list(dict.fromkeys(table.sorts[j] for j in bad[:, 1]))
    raise DataError(
        f"{len(bad)} cell(s) hold no usable value: {enumerate_some(places)}.",
        **table.at(*bad[0]),
        remedy=f"Complete the sort, or leave it out with {table.call}, "
        f"leave=[{enumerate_some(map(repr, sorts))}]).",
    )


def _check_constant(table: Wide) -> None:
    constant = np.flatnonzero(np.ptp(table.values, axis=0) == 0) if len(table.values) > 2 else ()
    if len(constant):
        names = [table.sorts[int(j)] for j in constant]
        where = enumerate_some(table.line("sort", int(j)) for j in constant)
        raise DataError(
            f"Sort(s) {enumerate_some(repr(short(name)) for name in names)} give every statement "
            f"the same value ({where}), so they correlate with nothing.",
            remedy=f"Leave them out with {table.call}, "
            f"leave=[{enumerate_some(map(repr, names), 20)}]).",
        )


def _check_grid(table: Wide) -> None:
    """Refuse a value outside the grid where nearly all sorts have one distribution."""
    codes = _coded(table.values)
    n = len(table.sorts)
    if n < 6 or len(table.values) < 3 or _share(codes) < 0.8:
        return
    grid = _grid(table.values, codes)
    off = np.argwhere((table.values < grid[0]) | (table.values > grid[-1]))
    if not len(off):
        return
    i, j = (int(k) for k in off[0])
    name = table.sorts[j]
    more = f" {len(off) - 1} more values do." if len(off) > 1 else ""
    raise DataError(
        f"{table.values[i, j]:g} lies outside the grid {signed(grid[0])} to {signed(grid[-1])} "
        f"that {round(_share(codes) * n)} of {n} sorts have (statement "
        f"{short(table.statements[i])!r} in sort {short(name)!r}).{more}",
        **table.at(i, j),
        remedy=f"Type the right value, or leave the sort out with {table.call}, "
        f"leave=[{name!r}]); if the value is meant, say leave=[].",
    )


def _lacking_number(labels: Sequence[str], left: Sequence[str]) -> str:
    """A sentence on numbers that are not there where statements are numbered."""
    found = [re.fullmatch(r"(\D*)(\d{1,6})", label) for label in labels]
    if len(labels) < 8 or not all(found) or len({m[1] for m in found if m}) > 1:
        return ""
    numbers = {int(m[2]) for m in found if m}
    numbers |= {int(m[2]) for name in left if (m := re.fullmatch(r"(\D*)(\d{1,6})", name))}
    low, high = min(numbers), max(numbers)
    if low > 1 or high - low >= len(numbers) + 3:
        return ""
    lacking = [i for i in range(low, high) if i not in numbers]
    if not lacking:
        return ""
    verb = "is" if len(lacking) == 1 else "are"
    return (
        f"The statements are numbered {low} to {high}, but {enumerate_some(lacking)} {verb} not "
        "there; the rest is taken as it stands."
    )


# -- which way round ------------------------------------------------------------------------


def fitting_rows(
    values: NDArray[np.float64], header: Sequence[str], side: Sequence[str] | None
) -> tuple[float, float]:
    """Share of the columns, and of the rows, of a table that have one distribution.

    Foreign columns and rows (by name, by values, or a single one of any name)
    do not count.

    Parameters
    ----------
    values : ndarray, shape (n_rows, n_columns)
        As the table stands; rows or columns with NaN do not count.
    header : sequence of str
        Names of the columns.
    side : sequence of str or None
        Labels of the rows.

    Examples
    --------
    >>> fitting_rows(np.array([[1, 2, 3.0], [3, 1, 2], [2, 1, 3], [1, 3, 2]]), "abc", "wxyz")
    (0.6666666666666666, 1.0)
    """
    strange = _suspects(header, FOREIGN_NAMES)
    values = np.delete(values, sorted(strange), axis=1)
    if side is not None:
        values = np.delete(values, sorted(_suspects(side, FOREIGN_NAMES)), axis=0)
    down = values[:, np.isfinite(values).all(axis=0)]
    along = values[np.isfinite(values).all(axis=1)].T
    return _best_share(down), _best_share(along)


def _best_share(lines: NDArray[np.float64]) -> float:
    """Share of the columns with one set of values, any one row or the off-grid ones apart."""
    lines = lines[:, np.ptp(lines, axis=0) > 0] if len(lines) else lines
    if lines.shape[0] < 3 or lines.shape[1] < 2:
        return 0.0
    codes = _coded(lines)
    first = _share(codes)
    if lines.shape[0] < 4 or first >= _NEARLY_ALL:
        return first
    every = codes.sum(axis=0, dtype=np.uint64)
    shares = [first, _share_of_sums(every - codes[0])]  # the first one may hold labels
    if min(lines.shape) >= 5:
        shares += [_share_of_sums(every - row) for row in codes]
    if off := _off_grid_statements(lines, codes):
        shares.append(_share(np.delete(codes, off, axis=0)))
    return max(shares)


# -- words ----------------------------------------------------------------------------------


def plain_name(name: Any) -> str:
    """A column name as it is compared: small letters, no dots and dashes.

    Examples
    --------
    >>> plain_name(" Statement_No. ")
    'statement no'
    """
    return re.sub(r"[\s_.-]+", " ", str(name).casefold()).strip()


def is_statement_name(name: str) -> bool:
    """Whether a name is that of a statement without doubt, such as s12 or item_3."""
    return _PLAIN_STATEMENT.fullmatch(name.strip()) is not None


def is_number_name(name: str) -> bool:
    """Whether a column is called a number or an index."""
    return not str(name).strip() or plain_name(name) in _NUMBERS


def short(label: str, most: int = 40) -> str:
    """A label for a message, cut where it is long.

    Examples
    --------
    >>> short("Citizens should decide", 12)
    'Citizens sh…'
    """
    return label if len(label) <= most else f"{label[: most - 1]}…"


def enumerate_some(parts: Iterable[object], most: int = _MOST_NAMED) -> str:
    """The first few of many, separated by commas.

    Parameters
    ----------
    parts : iterable
    most : int
        How many are named before *and … more*.

    Examples
    --------
    >>> enumerate_some("abcd", 3)
    'a, b, c, and 1 more'
    """
    named = [short(str(part), 80) for part in parts]
    if len(named) > most:
        named = [*named[:most], f"and {len(named) - most} more"]
    return ", ".join(named)


def signed(value: float) -> str:
    """A grid value as people write it.

    Parameters
    ----------
    value : float

    Examples
    --------
    >>> signed(-2.0), signed(0.0), signed(1.5)
    ('-2', '0', '+1.5')
    """
    return "0" if value == 0 else f"{value:+g}"
