"""Shares of recommendations: three denominators, bounds, and intervals only for samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.impact.status_classes import CLASSES, CLOSED, DENOMINATORS, PENDING, classify
from dmpkit.reporting import Estimate, Indicator, Result, Section, paragraphs, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TallyShares", "share_interval", "shares_of"]

Method = Literal["wilson", "wilson_corrected", "clopper_pearson", "jeffreys"]
#: Method to what it is called in a text.
METHODS: Mapping[str, str] = {
    "wilson": "Wilson's score interval",
    "wilson_corrected": "Wilson's score interval with continuity correction",
    "clopper_pearson": "the exact interval of Clopper and Pearson",
    "jeffreys": "Jeffreys' interval",
}
UNPUBLISHED = "(not published)"
COMPLETE = (
    "The list is complete, so the share has no sampling error and no interval: what is uncertain "
    "is what will become of the pending ones (the bounds) and what other raters and "
    "definitions would say (see the multiverse)."
)
SAMPLED = (
    "The intervals take the recommendations for a random draw from many that could have been "
    "made; they say nothing about raters and definitions."
)

#: What rounding leaves of a share of 0.
_CRUMB = 1e-9


def share_interval(
    successes: int, n: int, method: Method = "wilson", *, level: float = 0.95
) -> Estimate:
    """A share with an interval, for counts that are a sample.

    A complete list (one assembly's recommendations) has no sampling error: use
    :func:`shares_of`, which gives bounds.

    Parameters
    ----------
    successes, n : int
        Count and total, ``0 <= successes <= n`` and n at least 1.
    method : {"wilson", "wilson_corrected", "clopper_pearson", "jeffreys"}
        Wilson (1927), with Yates' correction as in Newcombe (1998), Clopper and
        Pearson (1934), or the equal-tailed Jeffreys interval, with the end at 0 or 1
        where the share is (Brown, Cai & DasGupta 2001).
    level : float
        Between 0 and 1.

    Returns
    -------
    Estimate
        `value`, `low`, `high`, `n`; the note names the method.

    Raises
    ------
    DataError
        Counts that cannot be, an unknown method or level.

    Examples
    --------
    >>> share_interval(75, 149)
    0.50 [0.42, 0.58], n = 149 (95 % interval: Wilson's score interval)
    """
    check_settings(share_interval, locals())
    from dmpkit.measures import proportions

    confidence = checked_level(level)
    k, total = _whole(successes, "number of successes"), _whole(n, "total")
    if not 0 <= k <= total or total < 1:
        raise DataError(f"{k} of {total} cannot be.", remedy="Give 0 <= successes <= n, n >= 1.")
    found = proportions.share_interval(k, total, method=method, level=confidence)
    note = f"{100 * confidence:g} % interval: {METHODS[method]}"
    return Estimate(found.value, low=found.low, high=found.high, n=total, note=note)


def percent(share: float, digits: int = 1) -> str:
    """A share as a reader sees it.

    Examples
    --------
    >>> percent(75 / 149), percent(float("nan"))
    ('50.3 %', 'undefined')
    >>> percent(1 / 4000), percent(3999 / 4000)  # a few are not none, and not all
    ('under 0.1 %', 'over 99.9 %')
    """
    if math.isnan(share):
        return "undefined"
    text, step = f"{100 * share:.{digits}f}", 10.0**-digits
    if share > _CRUMB and float(text) == 0:
        return f"under {step:g} %"
    return f"over {100 - step:g} %" if share < 1 - _CRUMB and float(text) == 100 else f"{text} %"


def _whole(value: object, what: str) -> int:
    """A whole number of any numeric type."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise DataError(f"The {what} is {value!r}, not a whole number.")
    number = float(value)
    if not number.is_integer():
        raise DataError(f"The {what} is {value!r}, not a whole number.")
    return int(number)


def checked_level(level: object) -> float:
    """A level of confidence between 0 and 1."""
    number = float(level) if isinstance(level, Real) else math.nan
    if isinstance(level, bool | np.bool_) or not 0 < number < 1:
        raise DataError(f"The level is {level!r}.", remedy="Use a number such as 0.95.")
    return number


@dataclass(frozen=True, eq=False, repr=False)
class TallyShares(Result):
    """Result of :func:`shares_of`.

    Attributes
    ----------
    counts : DataFrame
        ``status, class, count``, one row a status; what `total` says beyond the
        counts stands as "no record".
    sample : bool
        Whether the list is a sample, which alone gives intervals.
    method : str
        Of the intervals.
    level : float
    label : str
        Whose tally it is.
    """

    counts: pd.DataFrame
    sample: bool
    method: Method
    level: float
    label: str

    title: ClassVar[str] = "Shares of recommendations"

    def count(self, *classes: str) -> int:
        """How many recommendations stand in these classes."""
        return int(self.counts.loc[self.counts["class"].isin(classes), "count"].sum())

    @property
    def partly_published(self) -> bool:
        """Whether the total is larger than the counts, so that some statuses are not known."""
        return bool((self.counts["status"] == UNPUBLISHED).any())

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Implemented as a share of all, of the answered and of the closed ones.

        Columns ``denominator, implemented, n, share, low, high``; the ends are NaN for
        a complete list, the share where nothing was answered or closed, or where the
        counts leave part of the total open.
        """
        done, rows = self.count("implemented"), []
        for name, classes in DENOMINATORS.items():
            n = 0 if self.partly_published and name != "all" else self.count(*classes)
            share = done / n if n else math.nan
            low = high = math.nan
            if self.sample and n:
                interval = share_interval(done, n, self.method, level=self.level)
                low, high = interval.low, interval.high
            rows.append((name, done, n, share, low, high))
        return pd.DataFrame(
            rows, columns=["denominator", "implemented", "n", "share", "low", "high"]
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """Share of all if none of the pending ones is implemented, and if all are."""
        done, pending = self.count("implemented"), self.count(*PENDING)
        n = self.count(*CLASSES)
        return done / n, (done + pending) / n

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables ``shares``, ``bounds`` and ``counts``."""
        low, high = self.bounds
        bounds = pd.DataFrame(
            {"low": [low], "high": [high], "pending": [self.count(*PENDING)],
             "n": [self.count(*CLASSES)]}
        )  # fmt: skip
        return {"shares": self.shares, "bounds": bounds, "counts": self.counts}

    def summary(self) -> str:
        """The three shares, the bounds, and what uncertainty there is."""
        who = f"{self.label}: " if self.label else ""
        parts = []
        for name, k, n in zip(
            self.shares["denominator"].astype(str), self.shares["implemented"],
            self.shares["n"], strict=True,
        ):  # fmt: skip
            known = f"{percent(k / max(n, 1))} of {name} ({k} of {n})"
            parts.append(known if n else f"no share of the {name} (not known how many)")
        low, high = self.bounds
        pending = self.count(*PENDING)
        return (
            f"{who}{'implemented' if who else 'Implemented'} are {'; '.join(parts)}. With "
            f"{pending} still pending, the share of all will end between {percent(low)} and "
            f"{percent(high)}.\n\n" + (SAMPLED if self.sample else COMPLETE)
        )

    def methods_text(self) -> str:
        """Which status counts as what, the denominators, the bounds and the interval."""
        classes = "; ".join(
            f"{name}: {', '.join(part)}" for name, part in _by_class(self.counts).items()
        )
        interval = (
            f" Intervals ({100 * self.level:g} %) are {METHODS[self.method]}. {SAMPLED}"
            if self.sample
            else f" {COMPLETE}"
        )
        return (
            f"Statuses were counted as follows ({classes}). The share implemented is given of all "
            f"recommendations, of the answered ones, and of the closed ones ({', '.join(CLOSED)}). "
            "The bounds count all pending ones once as not implemented and once as implemented."
            + interval
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Implemented of all, with the bounds in the note."""
        row = self.shares.iloc[0]
        low, high = self.bounds
        return (
            Indicator(
                "share of recommendations implemented",
                float(row["share"]),
                low=float(row["low"]),
                high=float(row["high"]),
                n=int(row["n"]),
                note=f"of all; pending ones bound it to {percent(low)} to {percent(high)}",
                source=self.label or "status counts",
            ),
        )

    def section(self) -> Section:
        """Text, tables and the picture."""
        from dmpkit.reporting import Figure

        html = paragraphs(self.summary()) + table_html(self.shares, digits=3)
        html += table_html(self.counts, caption="What was counted as what")
        return Section(self.title, html, (Figure.from_axes(self.plot_shares()),))

    def plot_shares(self, *, ax: Axes | None = None) -> Axes:
        """Share by denominator, with the bounds: see :func:`.multiverse_plots.plot_shares`."""
        from dmpkit.impact.multiverse_plots import plot_shares

        return plot_shares(self, ax=ax)


def shares_of(
    counts: Any,
    *,
    statuses: Mapping[str, str] | None = None,
    status: str = "status",
    count: str = "count",
    total: int | None = None,
    sample: bool = False,
    method: Method = "wilson",
    level: float = 0.95,
    label: str = "",
) -> TallyShares:
    """Share implemented under three denominators, with bounds for what is pending.

    Parameters
    ----------
    counts : DataFrame
        One row a status of one tracker at one date.
    statuses : mapping of str to str, optional
        Status to its class (:data:`dmpkit.impact.status_classes.CLASSES`); the ledger's own
        words are known.
    status, count : str
        Columns.
    total : int, optional
        All recommendations; what the counts leave is "no record" and pending, and there
        are no shares of the answered and the closed then.
    sample : bool
        Whether the list is a random draw from many. Only then are there intervals.
    method, level
        As for :func:`share_interval`.
    label : str
        Whose tally it is, for the text.

    Returns
    -------
    TallyShares

    Raises
    ------
    DataError
        A status without class, a doubled status, a count that is none, a total
        below the sum of the counts.

    Examples
    --------
    >>> import pandas as pd
    >>> gao = pd.DataFrame({"status": ["open", "closed implemented", "closed not implemented"],
    ...                     "count": [595, 460, 67]})
    >>> result = shares_of(gao, statuses={"closed implemented": "implemented",
    ...                                   "closed not implemented": "not implemented"})
    >>> [round(s, 2) for s in result.shares["share"]], [round(b, 2) for b in result.bounds]
    ([0.41, 0.41, 0.87], [0.41, 0.94])
    """
    check_settings(shares_of, locals())
    from dmpkit.tables import require_columns, require_unique, to_pandas

    frame = to_pandas(counts, what="table of counts")
    require_columns(frame, [status, count])
    require_unique([str(s) for s in frame[status]], "status")
    numbers = whole_counts(frame[count], column=count)
    table = pd.DataFrame(
        {
            "status": [str(s) for s in frame[status]],
            "class": classify(frame[status], statuses, column=status),
            "count": numbers,
        }
    )
    table = _with_total(table, total)
    if table["count"].sum() == 0:
        raise DataError("The counts are all 0; there is no share of nothing.")
    if sample:
        share_interval(0, 1, method, level=level)  # method and level are refused here, not later
    return TallyShares(table, bool(sample), method, float(level), label)


def _by_class(counts: pd.DataFrame) -> dict[str, list[str]]:
    """Class to the statuses that fall into it."""
    found: dict[str, list[str]] = {}
    for word, name in zip(counts["status"], counts["class"], strict=True):
        found.setdefault(str(name), []).append(str(word))
    return found


def whole_counts(values: pd.Series, *, column: str) -> list[int]:
    """Counts as whole numbers, the first that is none named by row."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    for row, (number, given) in enumerate(zip(numbers, values, strict=True), start=2):
        if not (math.isfinite(number) and number >= 0 and number.is_integer()):
            raise DataError(
                f"{given!r} is not a count.",
                row=row,
                column=column,
                remedy="Write a whole number of 0 or more; leave out a status nobody counted.",
            )
    return [int(number) for number in numbers]


def _with_total(table: pd.DataFrame, total: int | None) -> pd.DataFrame:
    if total is None:
        return table
    counted = int(table["count"].sum())
    whole = _whole(total, "total")
    if whole < counted:
        raise DataError(
            f"The total is {whole}, the counts sum to {counted}.",
            remedy="Statuses overlap, or the total belongs to another counting rule.",
        )
    if whole == counted:
        return table
    rest = pd.DataFrame(
        {"status": [UNPUBLISHED], "class": ["no record"], "count": [whole - counted]}
    )
    return pd.concat([table, rest], ignore_index=True)
