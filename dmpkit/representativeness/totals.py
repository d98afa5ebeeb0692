"""Rows of a table that are the total of the others, and would count everybody twice."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, SharesWarning, warn
from dmpkit.representativeness.labels import UNKNOWN, is_unknown

__all__ = ["reads_like_total", "require_no_total"]

_TOTAL = re.compile(
    r"\b(sub)?totale?s?\b|^(all|sum|overall|both sexes|everyone|everybody)\b"
    r"|\b(ins)?gesamt\b|\bsumme\b|^alle\b|\bensemble\b|^tous\b|^toutes\b",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"((grand|sub)?[ -]?total|(ins)?gesamt|summe|sum)", re.IGNORECASE)

#: A row so labelled is a total where it is this close to the sum of the others: census tables
#: round and perturb their cells.
NEAR = 0.01
#: Without such a label, an exact sum is remarked upon from so many people on; in smaller
#: counts half of all people in one category is nothing unusual.
REMARKABLE = 1000


def reads_like_total(label: str) -> bool:
    """Whether a label is one that total rows carry.

    Examples
    --------
    >>> [reads_like_total(x) for x in ("TOTAL", "All ages", "Insgesamt", "Small", "Gesamtschule")]
    [True, True, True, False, False]
    """
    return bool(_TOTAL.search(label.strip()))


def require_no_total(
    table: pd.DataFrame,
    numbers: NDArray[np.float64],
    *,
    whole: Sequence[float] = (),
    unknown: Sequence[str] = UNKNOWN,
    rows: bool = True,
    named_only: bool = False,
) -> None:
    """Raise a :class:`DataError` for a category that is the total of the others.

    A category whose number is the sum of at least two others (within 1 %, since tables
    are rounded) and whose label reads like a total is refused. One that has the
    label alone, or in counts of 1,000 people or more the exact sum alone, gets a
    :class:`~dmpkit.errors.SharesWarning`. The margin of 1 % and the bound of 1,000 are
    our own.

    Parameters
    ----------
    table : DataFrame
        ``variable, category``, one row a category, in the order of the file.
    numbers : ndarray
        Number of each row; rows that are NaN are passed over.
    whole : sequence of float
        Sums that a variable's numbers have when nothing is doubled (1, 100); such a
        variable is passed over. None for counts.
    unknown : sequence of str
        Labels that are no category; a total may hold them or not.
    rows : bool
        Whether rows of a file can be named.
    named_only : bool
        Judge only labels that read like a total.

    Raises
    ------
    DataError
        For a row that is a total.

    Examples
    --------
    >>> table = pd.DataFrame({"variable": "sex", "category": ["F", "M", "Total"]})
    >>> require_no_total(table, np.array([51.0, 49.0, 100.0]), rows=False)
    Traceback (most recent call last):
    ...
    dmpkit.errors.DataError: column sex: The category 'Total' of 'sex' is the sum of the others \
(100): a total row counts everybody twice. Delete this row; if it is a category of its own, \
rename it.
    """
    for name in dict.fromkeys(table["variable"]):
        places = np.flatnonzero((table["variable"] == name).to_numpy() & ~np.isnan(numbers))
        labels = [str(table["category"].iloc[place]) for place in places]
        known = np.array([not is_unknown(label, unknown) for label in labels], dtype=bool)
        given = numbers[places]
        if any(abs(float(given.sum()) - w) <= 0.02 * w for w in whole):
            continue
        for i, (place, label) in enumerate(zip(places, labels, strict=True)):
            if known[i] and not (named_only and not reads_like_total(label)):
                row = int(place) + 2 if rows else None
                _judge(str(name), label, i, given, known, row, shares=bool(whole))


def _judge(
    name: str,
    label: str,
    i: int,
    given: NDArray[np.float64],
    known: NDArray[np.bool_],
    row: int | None,
    *,
    shares: bool,
) -> None:
    """Refuse or remark upon one category."""
    own = float(given[i])
    sums = (float(given.sum()) - own, float(given[known].sum()) - own)
    enough = len(given) > 2 and own > 0
    said = f"The category {label!r} of {name!r}"
    if not reads_like_total(label):
        if enough and not shares and own in sums and own >= REMARKABLE:
            warn(
                f"{said} is exactly the sum of the others ({own:,.10g}). If it is a total row, "
                "delete it: it counts everybody twice.",
                SharesWarning,
            )
        return
    if enough and any(abs(own - other) <= NEAR * own for other in sums):
        raise DataError(
            f"{said} is the sum of the others ({own:,.10g}): a total row counts everybody twice.",
            row=row,
            column=name,
            remedy="Delete this row; if it is a category of its own, rename it.",
        )
    if _PLAIN.fullmatch(label.strip()):
        warn(
            f"{said} reads like a total row, though it is not the sum of the others; it was "
            "taken as a category. Delete it if it is a total.",
            SharesWarning,
        )
