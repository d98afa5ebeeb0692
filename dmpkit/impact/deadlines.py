"""How long an answer took, against the time in which it was promised.

Dates of low precision give a shortest and a longest time; a missing date gives none.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.impact.dates import as_day, iso, period
from dmpkit.impact.schema import cell_text
from dmpkit.reporting import Indicator, Result, Section, paragraphs, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AnswerTimes", "answer_times"]

KEPT = {
    "kept": "answered within the time promised",
    "missed": "answered later than promised, or not yet though the time is over",
    "running": "not answered, the time not over",
    "not decided": "the date is too imprecise to say",
    "date missing": "no date of receipt, so no time",
}
#: So many times are written out in a sentence.
MANY = 9
_NO_SAMPLE = (
    "These are all the answers there are, not a sample: there is no interval, and no mean "
    "stands for those without a date."
)


@dataclass(frozen=True, eq=False, repr=False)
class AnswerTimes(Result):
    """Result of :func:`answer_times`.

    Attributes
    ----------
    table : DataFrame
        ``item, received, answered, shortest, longest, due, due_latest, promise``:
        times in days, missing (NaN) without a date of receipt; for the unanswered they
        run to `until`. `promise` is a word of `KEPT`, or empty without a promise.
    months : int or None
        Within how many months an answer was promised.
    until : str
        Day up to which was looked.
    synthetic : bool
    """

    table: pd.DataFrame
    months: int | None
    until: str
    synthetic: bool

    title: ClassVar[str] = "Time to the answer"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "table": "Days from receipt to answer; shortest and longest where a date is imprecise."
    }

    @cached_property
    def counts(self) -> pd.DataFrame:
        """``promise, meaning, count``: how many kept the promise."""
        found = self.table["promise"].value_counts()
        rows = [(word, text, int(found.get(word, 0))) for word, text in KEPT.items()]
        return pd.DataFrame(rows, columns=["promise", "meaning", "count"])

    @property
    def n_timed(self) -> int:
        """How many have a time."""
        return int(self.table["shortest"].notna().sum())

    def frames(self) -> dict[str, pd.DataFrame]:
        """``table``, and ``counts`` where something was promised."""
        return {"table": self.table} | ({} if self.months is None else {"counts": self.counts})

    def summary(self) -> str:
        """How many have a time, which, and how many kept the promise."""
        timed = self.table[self.table["shortest"].notna()]
        columns = (timed[name] for name in ("item", "shortest", "longest", "answered"))
        each = [
            f"{item}: {days_text(low, high)}{'' if said else ' without an answer'}"
            for item, low, high, said in zip(*columns, strict=True)
        ]
        times = "; ".join(each if len(each) <= MANY else [*each[:MANY], "and so on"])
        text = f"{self.n_timed} of {len(self.table)} have a date of receipt and so a time"
        text += f" ({times})." if times else "."
        if self.months is not None:
            said = ", ".join(
                f"{n} {word}"
                for word, n in zip(self.counts["promise"], self.counts["count"], strict=True)
                if n
            )
            text += f" Of the promise of an answer within {self.months} months: {said}."
        text += f"\n\n{_NO_SAMPLE}"
        return f"Synthetic data. {text}" if self.synthetic else text

    def methods_text(self) -> str:
        """How times and deadlines were counted."""
        text = (
            "Times run in days from the day of receipt to the day of the answer. A date known to "
            "the month, quarter or year only gives the shortest and the longest time that it "
            "allows; where there is no date of receipt there is no time. What was unanswered is "
            f"counted to {self.until}."
        )
        if self.months is not None:
            text += (
                f" An answer was due on the same day of the month {self.months} months after "
                "receipt, or on the last day of that month where it has no such day."
            )
        return f"{text} {_NO_SAMPLE}"

    def indicators(self) -> tuple[Indicator, ...]:
        """How many kept the promise, of those of which it can be said."""
        if self.months is None:
            return ()
        counts = self.counts.set_index("promise")["count"]
        known = int(counts["kept"] + counts["missed"])
        note = f"{len(self.table) - known} of {len(self.table)} cannot be judged"
        share = counts["kept"] / known if known else float("nan")
        kind = "synthetic data" if self.synthetic else "dated record"
        label = f"answered within {self.months} months"
        return (Indicator(label, float(share), n=known, note=note, source=kind),)

    def section(self) -> Section:
        """Text, table and picture."""
        from dmpkit.reporting import Figure

        html = paragraphs(self.summary()) + table_html(self.table, digits=0)
        return Section(self.title, html, (Figure.from_axes(self.plot()),))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """See :func:`.deadline_plots.plot_answer_times`."""
        from dmpkit.impact.deadline_plots import plot_answer_times

        return plot_answer_times(self, ax=ax)


def answer_times(
    table: Any,
    *,
    item: str,
    received: str,
    answered: str,
    months: int | None = None,
    until: str | dt.date | None = None,
    synthetic: bool = False,
) -> AnswerTimes:
    """Days from receipt to answer, and whether a promised time was kept.

    Parameters
    ----------
    table : DataFrame
        One row a report or recommendation.
    item, received, answered : str
        Columns: its name, the date of receipt and that of the answer, as ISO text
        (``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``) or empty.
    months : int, optional
        Within how many months an answer was promised.
    until : str or date, optional
        Day up to which was looked; the last answer's if not given. Answers after it
        have not come yet.
    synthetic : bool
        Made-up data; text and picture say so.

    Returns
    -------
    AnswerTimes

    Raises
    ------
    DataError
        A date that is none, an answer before receipt, no answer and no `until`.

    Examples
    --------
    >>> import pandas as pd
    >>> reports = pd.DataFrame({"report": ["1", "2"], "submitted": ["2013-03-26", None],
    ...                         "answer": ["2013-07-18", "2013-10-10"]})
    >>> times = answer_times(
    ...     reports, item="report", received="submitted", answered="answer", months=4
    ... )
    >>> times.table[["item", "shortest", "due", "promise"]].values.tolist()[0]
    ['1', 114.0, '2013-07-26', 'kept']
    >>> times.table["promise"][1]
    'date missing'
    """
    check_settings(answer_times, locals())
    from dmpkit.tables import require_columns, require_unique, to_pandas

    frame = to_pandas(table, what="table of answers").reset_index(drop=True)
    require_columns(frame, [item, received, answered])
    names = [cell_text(value) for value in frame[item]]
    require_unique(names, item)
    promised = _whole_months(months)
    starts, ends = (_periods(frame[column], column) for column in (received, answered))
    day = _until(ends, until)
    rows = [
        _row(name, start, end, day, promised, row)
        for row, (name, start, end) in enumerate(zip(names, starts, ends, strict=True), start=2)
    ]
    shown = [[cell_text(value) for value in frame[column]] for column in (received, answered)]
    columns = ["item", "shortest", "longest", "due", "due_latest", "promise"]
    made = pd.DataFrame(rows, columns=columns)
    made.insert(1, "received", shown[0])
    late = [end is not None and end[0] > day for end in ends]  # has not come by that day
    made.insert(
        2, "answered", ["" if gone else text for text, gone in zip(shown[1], late, strict=True)]
    )
    return AnswerTimes(made, promised, iso(day), bool(synthetic))


def _whole_months(months: object) -> int | None:
    if months is None:
        return None
    whole = isinstance(months, int | np.integer) and not isinstance(months, bool)
    number = int(str(months)) if whole else 0
    if number < 1:
        raise DataError(f"An answer within {months!r} months cannot be.", remedy="Write e.g. 4.")
    return number


def _periods(column: pd.Series[Any], name: str) -> list[tuple[int, int] | None]:
    found: list[tuple[int, int] | None] = []
    for row, value in enumerate(column, start=2):
        text = cell_text(value).strip()
        try:
            found.append(period(text) if text else None)
        except ValueError as error:
            raise DataError(
                f"{text!r} {error}.", row=row, column=name, remedy="Leave it empty where unknown."
            ) from None
    return found


def _until(ends: list[tuple[int, int] | None], until: str | dt.date | None) -> int:
    if until is not None:
        return as_day(until, "day up to which was looked")
    last = [end[1] for end in ends if end is not None]
    if not last:
        raise DataError("There is no answer.", remedy="Say with until= up to which day you looked.")
    return max(last)


def _row(
    name: str,
    start: tuple[int, int] | None,
    end: tuple[int, int] | None,
    day: int,
    months: int | None,
    row: int,
) -> tuple[str, float, float, str, str, str]:
    """Name, shortest and longest time, first and last day due, and the promise."""
    if start is not None and end is not None and end[1] < start[0]:
        raise DataError(f"{name!r} was answered before it was received.", row=row)
    if start is None:
        return name, np.nan, np.nan, "", "", "" if months is None else "date missing"
    open_ = end is None or end[0] > day
    first, last = (day, day) if end is None or open_ else end
    shortest, longest = max(first - start[1], 0), max(last - start[0], 0)
    if months is None:
        return name, shortest, longest, "", "", ""
    due = (months_later(start[0], months), months_later(start[1], months))
    if last <= due[0]:
        promise = "running" if open_ else "kept"
    else:
        promise = "missed" if first > due[1] else "not decided"
    return name, shortest, longest, iso(due[0]), iso(due[1]), promise


def months_later(day: int, months: int) -> int:
    """The same day of the month some months later, or the month's last day.

    Examples
    --------
    >>> iso(months_later(as_day("2023-10-31"), 4))
    '2024-02-29'
    """
    date = dt.date.fromisoformat(iso(day))
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return as_day(dt.date(year, month + 1, min(date.day, last)))


def days_text(low: float, high: float) -> str:
    """A time in days, or the range of it.

    Examples
    --------
    >>> days_text(114, 114), days_text(654, 684)
    ('114 days', '654 to 684 days')
    """
    return f"{low:.0f} days" if low == high else f"{low:.0f} to {high:.0f} days"
