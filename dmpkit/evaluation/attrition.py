"""Who answered before only: compared with who answered both times.

A comparison before and after speaks for those who answered twice. How they differ from
those who did not is described here; nothing is tested and no cause is named.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.labels import name_list, wordings
from dmpkit.evaluation.pairing import as_id, by_person
from dmpkit.reporting import Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_numbers

__all__ = ["Attrition", "attrition"]

NAN = math.nan
#: A group with fewer people is not described in a report.
SMALL_GROUP = 5


@dataclass(frozen=True, eq=False, repr=False)
class Attrition(Result):
    """Result of :func:`attrition`.

    Attributes
    ----------
    n_both, n_before_only, n_after_only : int
        People by when they answered.
    table : DataFrame
        ``kind, variable, category, n_both, n_before_only, both, before_only,
        standardised_difference``; means of items, shares of categories.
    labels : mapping
        Variable to wording.
    """

    n_both: int
    n_before_only: int
    n_after_only: int
    table: pd.DataFrame
    labels: Mapping[str, str] | None = None

    title = "Who answered before only"

    def frames(self) -> dict[str, pd.DataFrame]:
        """``comparison`` and ``counts``."""
        counts = pd.DataFrame(
            {
                "answered": ["before and after", "before only", "after only"],
                "people": [self.n_both, self.n_before_only, self.n_after_only],
            }
        )
        return {"counts": counts, "comparison": self.table}

    @cached_property
    def largest(self) -> pd.Series[Any] | None:
        """The row of the largest standardised difference, if there is one."""
        size = self.table["standardised_difference"].abs()
        return None if size.isna().all() else self.table.iloc[int(np.nanargmax(size))]

    @property
    def is_small(self) -> bool:
        """Whether either group is too small to be described in a report."""
        return min(self.n_both, self.n_before_only) < SMALL_GROUP

    def summary(self) -> str:
        """Counts, and the largest difference."""
        n = self.n_both + self.n_before_only
        text = (
            f"Of {n} people who answered before, {self.n_both} answered again and "
            f"{self.n_before_only or 'none'} did not; {self.n_after_only or 'none'} answered only "
            "after."
        )
        if not self.n_before_only:
            return text + " So nobody was lost, and there is nothing to compare."
        if self.is_small:
            return text + (
                f" One of the groups has fewer than {SMALL_GROUP} people; a comparison would be "
                "about single people and is left out of reports."
            )
        if (row := self.largest) is not None:
            name = (self.labels or {}).get(row["variable"], row["variable"])
            where = f"{name}, {row['category']}" if row["category"] else name
            text += (
                f" The largest difference of the two groups before is on {where}: "
                f"{row['before_only']:.2f} for those who did not answer again, {row['both']:.2f} "
                f"for the others (standardised {row['standardised_difference']:.2f})."
            )
        return text + (
            " How those who did not answer again would have answered after is not known."
        )

    def methods_text(self) -> str:
        """How the difference is standardised."""
        return (
            "People were matched by id. Those who answered before only are compared with those "
            "who answered both times, on their answers before and on known attributes: the "
            "difference of means (before only less both) over √((s₁² + s₂²)/2), for a category "
            "the difference of shares over √((p₁(1 − p₁) + p₂(1 − p₂))/2) (Austin 2009). "
            "Blanks are left out. Differences are described, not tested."
        )

    def section(self) -> Section:
        """Text, and the comparison where groups are not too small."""
        if self.is_small:
            return Section(self.title, paragraphs(self.summary()))
        headings = {c: c.replace("_", " ") for c in map(str, self.table.columns)}
        body = table_html(self.table, headings=headings, caption="Before only against both times")
        return Section(self.title, paragraphs(self.summary()) + body)


def attrition(
    before: Any,
    after: Any,
    people: Any = None,
    *,
    person: str = "person",
    items: Sequence[str] | None = None,
    variables: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Attrition:
    """Compare who answered before only with who answered both times.

    Parameters
    ----------
    before, after : DataFrame
        One row a person; who has no answer at all in a row did not answer then.
    people : DataFrame, optional
        One row a person with attributes (gender, age group …), compared by category.
    person : str
        Column with the id, in all tables.
    items : sequence of str, optional
        Numeric columns of `before` to compare; the columns that both tables have when not
        given.
    variables : sequence of str, optional
        Attributes to compare; all of `people` when not given.
    labels : mapping, optional
        Variable to wording.

    Returns
    -------
    Attrition

    Raises
    ------
    DataError
        Doubled or empty ids, missing columns, items that are no numbers.

    Examples
    --------
    >>> first = pd.DataFrame({"person": range(6), "q": [1, 2, 3, 4, 5, 5]})
    >>> second = pd.DataFrame({"person": [0, 1, 2, 3], "q": [2, 2, 3, 4]})
    >>> found = attrition(first, second)
    >>> found.n_before_only, found.table["before_only"].tolist()
    (2, [5.0])
    """
    one, two = by_person(before, person, "before"), by_person(after, person, "after")
    names = (
        [c for c in one.columns if c in two.columns] if items is None else name_list(items, "items")
    )
    require_columns(one, names)
    require_columns(two, names)
    if not names:
        raise DataError("The two tables have no item in common.")
    numbers = to_numbers(one[names], names)
    answered = [_answered(f[names]) for f in (one, two)]
    first, second = (set(f.index[a]) for f, a in zip((one, two), answered, strict=True))
    both = [p for p in one.index if p in first & second]
    lost = [p for p in one.index if p in first - second]
    rows = [_mean_row(name, numbers.loc[both, name], numbers.loc[lost, name]) for name in names]
    if people is not None:
        rows += _attributes(by_person(people, person, "of people"), both, lost, variables)
    return Attrition(
        len(both), len(lost), len(second - first), pd.DataFrame(rows), wordings(labels)
    )


def _answered(frame: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Who has at least one answer."""
    blank = frame.isna() | frame.apply(lambda column: column.astype(str).str.strip() == "")
    return np.asarray(~blank.all(axis=1), dtype=np.bool_)


def _row(kind: str, variable: str, category: str, counts: tuple[int, int],
         values: tuple[float, float], variance: float) -> dict[str, Any]:  # fmt: skip
    difference = values[1] - values[0]
    spread = math.sqrt(variance) if variance > 0 else NAN
    flat = difference == 0 and variance == 0
    return {
        "kind": kind,
        "variable": variable,
        "category": category,
        "n_both": counts[0],
        "n_before_only": counts[1],
        "both": values[0],
        "before_only": values[1],
        "standardised_difference": 0.0 if flat else difference / spread,
    }


def _mean_row(name: str, both: pd.Series[Any], lost: pd.Series[Any]) -> dict[str, Any]:
    x, y = both.dropna(), lost.dropna()
    means = (float(x.mean()) if len(x) else NAN, float(y.mean()) if len(y) else NAN)
    variance = (float(x.var(ddof=1)) + float(y.var(ddof=1))) / 2 if min(len(x), len(y)) > 1 else NAN
    return _row("answer before", name, "", (len(x), len(y)), means, variance)


def _attributes(
    people: pd.DataFrame, both: list[str], lost: list[str], variables: Sequence[str] | None
) -> list[dict[str, Any]]:
    names = list(people.columns) if variables is None else name_list(variables, "variables")
    require_columns(people, names)
    rows = []
    for name in names:
        x, y = (people[name].reindex(who).dropna().map(as_id) for who in (both, lost))
        for category in dict.fromkeys([*x, *y]):
            p, q = (float((v == category).mean()) if len(v) else NAN for v in (x, y))
            variance = (p * (1 - p) + q * (1 - q)) / 2
            rows.append(_row("attribute", name, category, (len(x), len(y)), (p, q), variance))
    return rows
