"""Category labels: what counts as unknown, how labels are compared, how numbers are read.

Labels are compared as strings and strictly: ``female`` is not ``Female``. Where
they do not match, the error says in what they differ and which come closest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from dmpkit.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["UNKNOWN", "as_labels", "as_text", "is_unknown", "require_known", "sorted_labels"]

#: Labels that say nothing about a person; compared without regard to case and outer spaces.
#: ``NA``, ``None`` and ``nan`` are not among them: as text they are categories like any other.
UNKNOWN = (
    "prefer not to say",
    "prefer not to answer",
    "unknown",
    "not known",
    "not stated",
    "not recorded",
    "missing",
    "no answer",
    "refused",
    "keine angabe",
    "unbekannt",
    "ne se prononce pas",
    "inconnu",
)

#: Characters of a label; pictures and tables of longer ones would take minutes and gigabytes.
LONGEST_LABEL = 1_000

_DASHES = str.maketrans(
    dict.fromkeys("\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}\u2010\u2011\u2012", "-")
)


def as_text(value: object) -> str | None:
    """One cell as a label: None where it is missing or blank; whole floats without ``.0``.

    Examples
    --------
    >>> as_text("NA"), as_text(None), as_text(float("nan")), as_text(2.0), as_text("  ")
    ('NA', None, None, '2', None)
    """
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return None
    if isinstance(value, Real) and not isinstance(value, Integral | bool):
        number = float(value)
        if number != number:
            return None
        return str(int(number)) if number.is_integer() else str(value)
    text = str(value)
    if len(text) > LONGEST_LABEL:
        raise DataError(
            f"A label has {len(text):,} characters ({text[:40]!r} …); "
            f"{LONGEST_LABEL:,} is the limit.",
            remedy="Give the category a short name.",
        )
    return text if text.strip() else None


def as_labels(column: pd.Series[Any]) -> pd.Series[Any]:
    """A column as labels (``object`` dtype: str, or None where missing).

    Examples
    --------
    >>> import pandas as pd
    >>> as_labels(pd.Series([1.0, None])).tolist()
    ['1', None]
    """
    import numpy as np
    import pandas as pd

    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    known = np.array([*map(as_text, distinct), None], dtype=object)  # code -1 is the last
    out = pd.Series(known[codes], index=column.index, dtype=object)
    out.name = column.name
    return out


def is_unknown(label: str | None, unknown: Iterable[str] = UNKNOWN) -> bool:
    """Whether a label says nothing: missing, or one of `unknown`.

    Examples
    --------
    >>> is_unknown("Prefer not to say"), is_unknown("None"), is_unknown(None)
    (True, False, True)
    """
    return label is None or label.strip().casefold() in {u.strip().casefold() for u in unknown}


def sorted_labels(labels: Iterable[str]) -> list[str]:
    """Labels in reading order: numbers in them count as numbers.

    Examples
    --------
    >>> sorted_labels(["65+", "9-15", "16-29", "b", "a"])
    ['9-15', '16-29', '65+', 'a', 'b']
    """

    def key(label: str) -> tuple[list[tuple[int, int, str]], str]:
        parts = re.split(r"(\d+)", label)
        pieces = [(0, int(p), "") if p.isdecimal() else (1, 0, p.casefold()) for p in parts if p]
        return pieces, label

    return sorted(labels, key=key)


def require_known(
    found: Iterable[str],
    known: Sequence[str],
    *,
    variable: str,
    where: str = "the panel",
    reference: str = "the population",
    more_remedy: str = "",
) -> None:
    """Raise a :class:`DataError` that helps if a label is not among the known ones.

    Parameters
    ----------
    found, known : iterable of str
        Labels that are there, and those that may be.
    variable, where, reference : str
        Words of the message.
    more_remedy : str
        Another way to mend it.

    Examples
    --------
    >>> require_known(["female"], ["Female", "Male"], variable="gender")
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: column gender: Category 'female' of the panel is not among those \
of the population. It differs from 'Female' only in upper and lower case. Rename it, or merge \
categories with .recode().
    """
    strange = [label for label in dict.fromkeys(found) if label not in set(known)]
    if not strange:
        return
    more = f" ({len(strange) - 1} more do not match)" if len(strange) > 1 else ""
    raise DataError(
        f"Category {strange[0]!r} of {where} is not among those of {reference}{more}.",
        column=variable,
        remedy=f"{closest(strange[0], known)} Rename it, or merge categories with .recode()."
        f"{more_remedy and ' ' + more_remedy}",
    )


def closest(label: str, known: Sequence[str]) -> str:
    """A sentence that names the labels nearest to one that did not match.

    Examples
    --------
    >>> closest("16 - 29", ["16-29", "30-44"])
    "It differs from '16-29' only in spaces."
    """
    from difflib import get_close_matches

    label = str(label)
    for other in known:
        if kinds := _differences(label, other):
            return f"It differs from {other!r} only in {kinds}."
    near = get_close_matches(label, list(known), n=3, cutoff=0.5)
    if near:
        return f"The closest: {', '.join(map(repr, near))}."
    listed = ", ".join(map(repr, known[:12])) + (" …" if len(known) > 12 else "")
    return f"Known are {listed}." if known else "None is known."


def _differences(one: str, other: str) -> str:
    """In what two labels differ, if in case, spaces and dashes alone."""
    steps = (
        ("upper and lower case", str.casefold),
        ("spaces", lambda text: "".join(text.split())),
        ("the kind of dash", lambda text: text.translate(_DASHES)),
    )
    bare_one, bare_other = one, other
    for _, step in steps:
        bare_one, bare_other = step(bare_one), step(bare_other)
    if bare_one != bare_other:
        return ""
    named = []
    for name, _ in steps:
        rest = [s for other_name, s in steps if other_name != name]
        a, b = one, other
        for r in rest:
            a, b = r(a), r(b)
        if a != b:
            named.append(name)
    return " and ".join(named)
