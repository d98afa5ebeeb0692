"""The sentences with which a comparison of margins is read."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.reporting import format_number, format_p

if TYPE_CHECKING:
    from dmpkit.representativeness.margins import MarginCheck

__all__ = ["asked_text", "empty_categories", "methods_of", "missed_quotas",
           "reading_of", "summary_of"]  # fmt: skip


def reading_of(row: Mapping[Hashable, Any], cells: pd.DataFrame, level: float) -> str:
    """One variable in plain words.

    Parameters
    ----------
    row : mapping
        The variable's row of ``MarginCheck.variables``.
    cells : DataFrame
        Its rows of ``MarginCheck.categories``.
    level : float
        Significance level.
    """
    place = cells["gap"].abs().round(12).to_numpy().argmax()  # the first of equals
    gap, label = float(cells["gap"].iloc[place]), cells["category"].iloc[place]
    seats = row["tvd"] * row["n"]
    head = (
        f"{_percent(row['tvd'])} of the members ({format_number(float(seats), 1)} of "
        f"{row['n']}) would have to be in another category"
    )
    if abs(gap) > 1e-12:
        head += f"; the largest gap is {label}, {_points(gap)}"
    if row["quota"]:
        return f"{missed_quotas(cells)}{head}. {_quota_reading(row, cells, level)}"
    return f"{head}. {_yardsticks(row)} {_verdict(row, level)}{_lottery_reading(row, level)}"


def _yardsticks(row: Mapping[Hashable, Any]) -> str:
    return (
        f"Rounding to whole people alone makes {_percent(row['tvd_floor'])}, and a simple random "
        f"sample of {row['n']} misses by {_percent(row['expected_tvd'])} on average."
    )


def _verdict(row: Mapping[Hashable, Any], level: float) -> str:
    if row["n_categories"] < 2:
        return "With one category there is nothing to test."
    exact = not math.isnan(row["p_exact"])
    p, kind = (row["p_exact"], "exact") if exact else (row["p_value"], "chi-square")
    adjusted = row["p_exact_holm"] if exact else row["p_holm"]
    said = f"{kind} {format_p(p)}"
    if p <= level and not math.isclose(p, adjusted):
        said += f", after Holm {format_p(adjusted)}"
    if adjusted <= level:
        return f"That is more than chance explains ({said})."
    if p <= level:
        return (
            f"Taken alone that is more than chance explains, but not among so many variables "
            f"({said})."
        )
    return (
        f"Chance alone could explain it ({said}); with {row['n']} people a gap below "
        f"{_round_points(row['detectable_gap'])} points would often stay unseen."
    )


def _quota_reading(row: Mapping[Hashable, Any], cells: pd.DataFrame, level: float) -> str:
    text = f"Rounding to whole people alone makes {_percent(row['tvd_floor'])}. "
    known = cells.dropna(subset=["quota_min", "quota_max"])
    missed = int((~_met(known)).sum())
    if known.empty:
        text += (
            "The variable was named as filled by quota and its seats were not given, so whether "
            "the quota was met is not known; there is no test and no interval."
        )
    elif missed:
        text += (
            f"{len(known) - missed} of {len(known)} categories are within their quota. There is "
            "no test and no interval, for the draw was steered by quota."
        )
    else:
        text += (
            "The variable was filled by quota: its agreement was enforced, so there is no test "
            f"and no interval. {len(known)} of {len(known)} categories are within their quota."
        )
    return text + _lottery_reading(row, level)


def _met(known: pd.DataFrame) -> pd.Series[bool]:
    return known["count"].between(known["quota_min"], known["quota_max"])


def missed_quotas(cells: pd.DataFrame) -> str:
    """The quotas of a variable that were not met, in a sentence; empty where all were.

    Parameters
    ----------
    cells : DataFrame
        ``category, count, quota_min, quota_max``; NaN where there is no quota.

    Examples
    --------
    >>> missed_quotas(pd.DataFrame({"category": ["Low"], "count": [27], "quota_min": [17],
    ...                             "quota_max": [19]}))
    'The quota was not met (Low: asked 17–19, 27 are members). '
    """
    known = cells.dropna(subset=["quota_min", "quota_max"])
    rows = known[~_met(known)].to_dict("records")
    if not rows:
        return ""
    listed = "; ".join(
        f"{row['category']}: asked {asked_text(row['quota_min'], row['quota_max'])}, "
        f"{row['count']:g} {'is a member' if row['count'] == 1 else 'are members'}"
        for row in rows
    )
    return f"The quota was not met ({listed}). "


def asked_text(low: float, high: float) -> str:
    """The ends of a quota as a text says them.

    Examples
    --------
    >>> asked_text(17, 19), asked_text(5, 5)
    ('17–19', '5')
    """
    return f"{low:g}" if low == high else f"{low:g}–{high:g}"


def empty_categories(cells: pd.DataFrame) -> str:
    """Categories without a member of which at least one was to be expected; empty where none.

    The bound of one expected member is our own.

    Parameters
    ----------
    cells : DataFrame
        ``variable, category, count, expected, target``.

    Examples
    --------
    >>> empty_categories(pd.DataFrame({"variable": ["area"], "category": ["West"], "count": [0],
    ...                                "expected": [2.25], "target": [0.05]}))
    'Nobody is in area: West (5.0 %, where 2.2 members were to be expected).'
    """
    rows = cells[(cells["count"] == 0) & (cells["expected"] >= 1)]
    if rows.empty:
        return ""
    every = rows.sort_values("target", ascending=False, kind="stable").to_dict("records")
    listed = "; ".join(
        f"{row['variable']}: {row['category']} ({_percent(row['target'])}, where "
        f"{format_number(float(row['expected']), 1)} members were to be expected)"
        for row in every[:5]
    )
    more = f", and {len(every) - 5} smaller ones" if len(every) > 5 else ""
    return f"Nobody is in {listed}{more}."


def _lottery_reading(row: Mapping[Hashable, Any], level: float) -> str:
    if math.isnan(row["p_lottery"]):
        return ""
    seats = row.get("lottery_seats", row["n"])
    other = (
        f" That lottery has {seats:g} seats and {row['n']} members are compared; the smaller of "
        "two panels misses by more."
        if seats != row["n"]
        else ""
    )
    beyond = not row["quota"] and row["p_exact_holm"] <= level < row["p_lottery"]
    where = " So the departure lies in the pool drawn from, not in the draw." if beyond else ""
    return (
        f" The lottery itself misses by {_percent(row['lottery_tvd'])} on average, and "
        f"{_percent(row['p_lottery'])} of its panels are at least as far off.{where}{other}"
    )


def summary_of(check: MarginCheck) -> str:
    """Head line, what stands out, a sentence a variable, what was set apart."""
    table = check.variables
    against = "the target" if check.target is not None else "the population"
    parts = [
        f"{check.panel.n:,} {'person' if check.panel.n == 1 else 'people'} against {against} in "
        f"{len(table)} "
        f"{'variable' if len(table) == 1 else 'variables'}. {_outstanding(check)}"
    ]
    parts += [f"{row['variable']}: {row['reading']}" for row in table.to_dict("records")]
    if (empty := empty_categories(check.categories)) != "":
        parts.append(empty)
    if (apart := _apart(check)) != "":
        parts.append(apart)
    parts += [f"{note[0].upper()}{note[1:]}." for note in check.notes]
    return "\n\n".join(parts)


def _outstanding(check: MarginCheck) -> str:
    free = check.variables[~check.variables["quota"].astype(bool)]
    tested = free["p_exact"].notna() | free["p_value"].notna()
    untested, free = list(free.loc[~tested, "variable"]), free[tested]
    parts = []
    if missed := _missing_their_quota(check):
        parts.append(f"The quota was not met in {', '.join(missed)}.")
    if untested:
        parts.append(f"Left free and not tested, with one category: {', '.join(untested)}.")
    if len(free):
        p = free["p_exact_holm"].fillna(free["p_holm"])
        beyond = list(free.loc[p <= check.level, "variable"])
        parts.append(
            f"More than chance explains, after Holm: {', '.join(beyond)}."
            if beyond
            else f"None of the {len(free)} variables left free departs more than chance explains."
            if len(free) > 1
            else "The variable left free departs no more than chance explains."
        )
    if check.quota_variables:
        parts.append(f"Filled by quota and not tested: {', '.join(check.quota_variables)}.")
    return " ".join(parts)


def _missing_their_quota(check: MarginCheck) -> list[str]:
    """Variables with a category outside its quota."""
    cells = check.categories
    return [
        name for name in check.quota_variables if missed_quotas(cells[cells["variable"] == name])
    ]


def _apart(check: MarginCheck) -> str:
    rows = check.set_apart[check.set_apart["count"] > 0]
    if not len(rows):
        return ""
    said = "; ".join(
        f"{v} {c} {n} ({r})"
        for v, c, n, r in zip(
            rows["variable"], rows["category"], rows["count"], rows["reason"], strict=True
        )
    )
    return f"Set apart: {said}."


def methods_of(check: MarginCheck) -> str:
    """A methods paragraph that states every choice made."""
    level = 100 * (1 - check.level)
    against = (
        "the target where one was set, else the population"
        if check.target is not None
        else "the population"
    )
    text = (
        f"The {check.panel.n:,} people were held against {against}, variable by variable; people "
        "whose category is not known and categories with a target of 0 were set apart. Distance "
        "is the total variation distance, half the sum of absolute differences between shares, "
        "read beside the least that whole people allow (largest remainders) and beside its mean "
        "in a simple random sample of the same size (De Moivre's formula)."
    )
    methods = set(check.variables["exact_method"])
    if not check.variables["quota"].all():
        text += (
            " Variables left free were tested by Pearson's chi-square, by the likelihood ratio "
            "and by the exact multinomial test (all tables no more probable than the one "
            f"observed{_drawn(check, methods)}), adjusted by Holm over the free variables; shares "
            f"have Wilson intervals ({level:g} %), Goodman's simultaneous ones over the "
            "categories of a variable, and exact binomial tests adjusted by Holm and by Benjamini "
            "and Hochberg within the variable. The detectable gap is what a two-sided test at "
            f"{100 * check.level:g} % finds with a chance of 80 % (normal approximation) at the "
            "target share nearest to a half."
        )
    if check.quota_variables:
        verb = "was" if len(check.quota_variables) == 1 else "were"
        if not check.variables["quota"].all():
            text += (
                " The tests take members for a simple random sample; a draw by quota is one only "
                "about, also in the variables that it left free."
            )
        text += (
            f" {', '.join(check.quota_variables)} {verb} filled by quota. Agreement was enforced "
            "there as far as the quotas were met, so that tests and intervals for free sampling do "
            "not apply; the variables filled by quota are described by their distance and their "
            "quotas."
        )
    if check.variables["p_lottery"].notna().any():
        text += (
            " Distances were also held against those of panels drawn by the simulated lottery, "
            "with the share of them at least as far off, (b + 1)/(B + 1)."
        )
    return text


def _drawn(check: MarginCheck, methods: set[str]) -> str:
    if "Monte Carlo" not in methods:
        return ", enumerated"
    return (
        f", enumerated up to 600,000 tables, else {check.n_resamples:,} tables drawn with seed "
        f"{check.seed}"
    )


def _percent(share: float) -> str:
    if 0 < share < 0.0005:
        return "under 0.1 %"
    return f"{format_number(100 * float(share), 1)} %"


def _round_points(gap: float) -> str:
    return f"{100 * gap:.0f}" if gap >= 0.02 else format_number(100 * float(gap), 2)


def _points(gap: float) -> str:
    sign = "+" if gap > 0 else "\N{MINUS SIGN}"
    return f"{sign}{format_number(abs(100 * gap), 1)} points"
