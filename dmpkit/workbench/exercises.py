"""Exercises: tell a right answer from a wrong one without holding the right one in clear.

``data/exercises`` keeps, for each exercise, a salt and the hashes of the answers
that are right. An answer is rounded to the digits that are asked for, hashed with
the salt, and compared. Mistakes that are often made have hashes of their own, each
with a hint. Whoever wants to can find a number by trying all of them; the aim is
that nobody reads it by accident.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Reply", "check", "listing", "seal"]

RIGHT = "right"
NOT_YET = "not yet"
NOT_ANSWERED = "not answered yet"
TO_COMPARE = "for you to compare"

KINDS = ("number", "whole", "name", "names", "explanation")
ROUNDS = 5_000  # of PBKDF2: 3 ms for a student, and no table of hashes made in advance fits
MARKS = {RIGHT: "✓", NOT_YET: "✗", NOT_ANSWERED: "○", TO_COMPARE: "✎"}


@dataclass(frozen=True)
class Reply:
    """What :func:`check` says of an answer.

    Parameters
    ----------
    exercise : str
        The exercise.
    verdict : str
        ``right``, ``not yet``, ``not answered yet``, or for an explanation
        ``for you to compare``.
    message : str
        A hint, or what to do next; empty when there is nothing to add.
    """

    exercise: str
    verdict: str
    message: str = ""

    @property
    def right(self) -> bool:
        """True when the answer is right."""
        return self.verdict == RIGHT

    def __str__(self) -> str:
        said = f"{MARKS[self.verdict]} {self.exercise}: {self.verdict}"
        return f"{said}. {self.message}" if self.message else said

    __repr__ = __str__

    def _repr_html_(self) -> str:
        said = f"{MARKS[self.verdict]} {escape(self.exercise)}: <strong>{self.verdict}</strong>"
        return f"<p>{said}{'. ' if self.message else ''}{escape(self.message)}</p>"


def check(exercise: str, answer: object) -> Reply:
    """Say whether an answer is right; if not, give a hint and not the answer.

    Numbers are rounded to the digits that the exercise asks for (both ways where
    the next digit is exactly a five), so 0.615 and 0.62 both pass where two
    digits are asked for and 0.62 is right; an answer with fewer digits is told how many
    are asked for. Names are compared without regard to
    capitals, spaces and hyphens, several names without regard to their order.
    An explanation is not judged.

    Parameters
    ----------
    exercise : str
        For example ``"q1-1"``; capitals do not matter.
    answer : number, text, list of texts, or None
        Your answer; None when you have none yet. Nothing is raised for a wrong
        answer, whatever it is.

    Raises
    ------
    DataError
        When there is no such exercise.

    Examples
    --------
    >>> check("q1-1", None).verdict
    'not answered yet'
    >>> check("q1-1", 99).right
    False
    """
    row = _exercise(exercise)
    exercise = str(row["exercise"])
    if _unanswered(answer):
        return Reply(exercise, NOT_ANSWERED, "Put your answer in the place of None.")
    if row["kind"] == "explanation":
        return _explanation(row, answer)
    try:
        written = _written(row["kind"], row["digits"], answer)
    except _NotUsableError as problem:
        return Reply(exercise, NOT_YET, str(problem))
    hashes = {_hash(row["salt"], text) for text in written}
    if hashes & set(row["right"].split()):
        return Reply(exercise, RIGHT, row["afterwards"])
    for mistake in _mistakes(exercise):
        if mistake["hash"] in hashes:
            return Reply(exercise, NOT_YET, mistake["hint"])
    return Reply(exercise, NOT_YET, f"Hint: {row['hint']}{_too_few_digits(row, answer)}")


def listing(module: str | None = None) -> pd.DataFrame:
    """The exercises: what is asked, where, and on which study.

    Parameters
    ----------
    module : str, optional
        Only those of one module, e.g. ``"impact"``.

    Returns
    -------
    pandas.DataFrame
        Columns exercise, module, title, kind, digits, study, notebook.

    Raises
    ------
    DataError
        When there is no such module.

    Examples
    --------
    >>> listing("impact")["exercise"].tolist()[:2]
    ['i1-1', 'i1-2']
    """
    from dmpkit import datasets

    table = datasets.load("exercises", "exercises")
    known = sorted(set(table["module"]))
    if module is not None and module not in known:
        raise DataError(
            f"There are no exercises on {module!r}.",
            remedy=f"There are some on {', '.join(known)}.",
        )
    chosen = table if module is None else table[table["module"] == module]
    shown = ["exercise", "module", "title", "kind", "digits", "study", "notebook"]
    return chosen[shown].reset_index(drop=True)


def seal(
    answer: object, *, salt: str, kind: str = "number", digits: int | None = None, within: float = 0
) -> list[str]:
    """Hashes of a right answer, for those who write exercises.

    Parameters
    ----------
    answer : number, text or list of texts
        The answer.
    salt : str
        Any text, another one for each exercise.
    kind : {"number", "whole", "name", "names"}
        What the answer is; ``whole`` takes whole numbers only.
    digits : int, optional
        Decimals that a number is rounded to (negative: tens, hundreds).
    within : float
        Largest difference that still passes, for a number that hangs on random
        draws or on a rule of rounding.

    Returns
    -------
    list of str
        What belongs into the column ``right``, separated by spaces.

    Examples
    --------
    >>> seal(0.6154, salt="s", digits=2) == seal("0.62", salt="s", digits=2)
    True
    >>> len(seal(0.6154, salt="s", digits=2, within=0.01))  # 0.61 and 0.62
    2
    """
    if kind not in KINDS[:-1]:
        raise DataError(f"{kind!r} cannot be sealed.", remedy="number, whole, name or names can.")
    if within < 0 or not math.isfinite(within):
        raise DataError("within has to be 0 or more.")
    try:
        written = _written(kind, digits, answer)
    except _NotUsableError as problem:
        raise DataError(str(problem)) from None
    if kind == "number" and within:
        written |= _near(_number(answer), digits or 0, Decimal(repr(float(within))))
    return sorted(_hash(salt, text) for text in written)


# --- what is stored ---------------------------------------------------------------------


@cache
def _tables() -> tuple[dict[str, dict[str, Any]], list[dict[str, str]]]:
    from dmpkit import datasets

    table = datasets.load("exercises", "exercises")
    table["digits"] = table["digits"].astype(object).where(table["digits"].notna(), None)
    rows = table.astype(object).where(table.notna(), "").to_dict("records")
    wrong = datasets.load("exercises", "mistakes").to_dict("records")
    return {str(row["exercise"]): {str(k): v for k, v in row.items()} for row in rows}, [
        {str(k): str(v) for k, v in row.items()} for row in wrong
    ]


def _exercise(name: str) -> Mapping[str, Any]:
    rows, _ = _tables()
    meant = str(name).strip().casefold()
    if meant in rows:
        return rows[meant]
    from difflib import get_close_matches

    near = get_close_matches(meant, list(rows), n=1)
    few = ", ".join(list(rows)[:3])
    raise DataError(
        f"There is no exercise {name!r}.",
        remedy=f"Did you mean {near[0]!r}?"
        if near
        else f"There are {len(rows)}, for instance {few}; exercises.listing() shows them all.",
    )


def _mistakes(name: str) -> Iterable[Mapping[str, str]]:
    return (row for row in _tables()[1] if row["exercise"] == name)


def _hash(salt: str, written: str) -> str:
    made = hashlib.pbkdf2_hmac("sha256", written.encode(), salt.encode(), ROUNDS)
    return made.hex()[:24]


# --- an answer in writing ---------------------------------------------------------------


class _NotUsableError(Exception):
    """An answer of another kind than the one asked for; the text says so."""


def _unanswered(answer: object) -> bool:
    return (
        answer is None or answer is Ellipsis or (isinstance(answer, str) and not answer.strip("."))
    )


def _written(kind: str, digits: object, answer: object) -> set[str]:
    """The ways in which an answer is written down before it is hashed."""
    if kind == "number":
        return _rounded(_number(answer), _digits(digits))
    if kind == "whole":
        return {_whole(answer)}
    if kind == "name":
        return {_name(_only(answer))}
    return {"|".join(sorted({_name(one) for one in _several(answer)}))}


def _digits(digits: object) -> int:
    return int(str(digits or 0).split(".")[0])


def _number(answer: object) -> Decimal:
    """A number, of whatever type; text may have a percent sign or a decimal comma."""
    value = _single(answer)
    if isinstance(value, str):
        text = value.strip().removesuffix("%").strip().replace("−", "-").replace(",", ".")
    else:
        text = str(value) if isinstance(value, int | Decimal) else _float_text(value)
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", text, re.ASCII):
        raise _NotUsableError(f"A number is asked for; {_short(answer)} is none.")
    return Decimal(text)


def _too_few_digits(row: Mapping[str, Any], answer: object) -> str:
    """How many decimals are asked for, when a number is given with fewer."""
    asked = _digits(row["digits"])
    if row["kind"] != "number" or asked < 1:
        return ""
    exponent = _number(answer).as_tuple().exponent
    if not isinstance(exponent, int) or -exponent >= asked:
        return ""
    named = {1: "One digit", 2: "Two digits", 3: "Three digits"}.get(asked, f"{asked} digits")
    return f" {named} after the point {'is' if asked == 1 else 'are'} asked for."


def _whole(answer: object) -> str:
    number = _number(answer)
    if number != number.to_integral_value():
        raise _NotUsableError(f"A whole number is asked for; {_short(answer)} is none.")
    return _step_text(number, 0, ROUND_HALF_UP)


def _float_text(value: object) -> str:
    try:
        return repr(float(value))  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return ""


def _single(answer: object) -> object:
    """The one value in a series or array of length one; a truth value as yes or no."""
    item = getattr(answer, "item", None)
    if callable(item):
        try:
            answer = item()
        except Exception:  # of many kinds, by type of table: it holds more than one value
            raise _NotUsableError("One value is asked for; this holds several.") from None
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return answer


def _rounded(value: Decimal, digits: int) -> set[str]:
    ways = (ROUND_HALF_UP, ROUND_HALF_DOWN)
    return {_step_text(value, digits, way) for way in ways}


def _near(value: Decimal, digits: int, within: Decimal) -> set[str]:
    """All numbers of so many digits that lie within a distance."""
    step = Decimal(1).scaleb(-digits)
    first = int(((value - within) / step).to_integral_value(ROUND_CEILING))
    last = int(((value + within) / step).to_integral_value(ROUND_FLOOR))
    if last - first > 200:
        raise DataError("within spans more than 200 numbers of so many digits.")
    return {_step_text(n * step, digits, ROUND_HALF_UP) for n in range(first, last + 1)}


def _step_text(value: Decimal, digits: int, way: str) -> str:
    """The number of steps of the last digit: as text alike for 0.6 and 0.60."""
    steps = value.scaleb(digits).to_integral_value(way)
    return f"{steps:f}e{-digits}" if steps else f"0e{-digits}"


def _name(answer: object) -> str:
    value = _single(answer)
    if not isinstance(value, str | int):
        raise _NotUsableError(f"A name is asked for, as text; {_short(answer)} is none.")
    return re.sub(r"[\s_\-–.]+", "", str(value)).casefold()


def _only(answer: object) -> object:
    """The name in a list of one."""
    if isinstance(answer, list | tuple | set | frozenset) and len(answer) == 1:
        return next(iter(answer))
    return answer


def _several(answer: object) -> list[object]:
    if isinstance(answer, str):
        return [one for one in re.split(r"[,;\n]", answer) if one.strip()]
    if isinstance(answer, Mapping) or not isinstance(answer, Iterable):
        raise _NotUsableError(f"A list of names is asked for; {_short(answer)} is none.")
    return list(answer)


def _short(answer: object) -> str:
    text = " ".join(repr(answer).split())
    return text if len(text) <= 40 else f"this {type(answer).__name__}"


def _explanation(row: Mapping[str, Any], answer: object) -> Reply:
    """No program judges prose; one of a few words is sent back."""
    name = str(row["exercise"])
    if not isinstance(answer, str):
        return Reply(name, NOT_YET, "Write your explanation as text.")
    words = len(answer.split())
    if words < 15:
        return Reply(name, NOT_YET, f"Say more than that ({words} of 15 words). {row['hint']}")
    return Reply(
        name,
        TO_COMPARE,
        f"{words} words. No program judges an explanation: hold yours against the one in "
        f"notebooks/solutions/{row['notebook']}. {row['afterwards']}".strip(),
    )
