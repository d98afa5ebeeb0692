"""Margins: each variable of a panel against its population, or against its target.

A variable that was filled by quota is reported by its distance alone: agreement
was enforced, so a test of it or an interval round it would say nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError, SharesWarning, SmallCellWarning, warn
from dmpkit.measures.proportions import (
    benjamini_hochberg,
    clopper_pearson_interval,
    exact_binomial_test,
    goodman_intervals,
    holm,
    wilson_interval,
)
from dmpkit.reporting import Figure, Indicator, Result, Section, paragraphs, table_html
from dmpkit.representativeness.data import Panel, Population, panel_of, population_of
from dmpkit.representativeness.entries import is_number, to_names, to_whole
from dmpkit.representativeness.exact import ExactTest, exact_multinomial
from dmpkit.representativeness.goodness import (
    chi_square_test,
    detectable_gap,
    expected_tvd,
    g_test,
    hellinger_distance,
    kl_divergence,
    nearest_allocation,
    standardised_differences,
    standardised_residuals,
    total_variation,
)
from dmpkit.representativeness.labels import closest, is_unknown, require_known
from dmpkit.representativeness.readings import asked_text, methods_of, reading_of, summary_of
from dmpkit.resampling import drawn_seed, p_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.representativeness.lottery import Lottery

__all__ = ["MarginCheck", "check_margins"]

NAN = math.nan

#: Columns of the tables as a report shows them.
_VARIABLE_HEADINGS = {
    "variable": "variable",
    "n": "n",
    "tvd": "TVD (%)",
    "tvd_floor": "least possible (%)",
    "expected_tvd": "random sample (%)",
    "p_exact": "exact p",
    "p_exact_holm": "Holm",
    "detectable_gap": "detectable gap (points)",
}
_CATEGORY_HEADINGS = {
    "category": "category",
    "count": "members",
    "target": "target (%)",
    "share": "panel (%)",
    "gap": "gap (points)",
    "low": "from (%)",
    "high": "to (%)",
}
_NO_TARGET = {"target": "population (%)"}


@dataclass(frozen=True, eq=False, repr=False)
class MarginCheck(Result):
    """Result of :func:`check_margins`.

    Attributes
    ----------
    variables : DataFrame
        One row a variable: ``variable, quota, n, n_unknown, n_zero_target,
        n_categories, chi2, df, p_value, g, p_g, p_exact, exact_method, p_holm, p_bh,
        p_exact_holm, tvd, tvd_floor, floor_counts, expected_tvd, cramers_w, kl,
        hellinger, largest_gap, min_expected, sparse, significant_gap,
        detectable_gap, lottery_tvd, p_lottery, reading``. Tests and what belongs to
        them are NaN for quota variables. `p_holm` and `p_bh` adjust `p_value` (chi-square) over the
        variables that are free, `p_exact_holm` the exact one. `floor_counts` are the
        whole numbers nearest to the target, in the order of the categories.
    categories : DataFrame
        One row a category: ``variable, category, quota, count, expected,
        floor_count, target, population, share, gap, population_gap, ratio, low,
        high`` (Wilson), ``clopper_pearson_low, clopper_pearson_high, goodman_low,
        goodman_high`` (all categories of a variable together), ``residual, smd``
        (pooled), ``smd_target`` (over the target's standard deviation), ``p_value``
        (exact binomial), ``p_holm, p_bh`` (over the categories of the variable),
        ``detectable_gap, quota_min, quota_max``. `target` is what the panel is held
        against: the target where one is given, else the population.
    set_apart : DataFrame
        ``variable, category, count, reason``: members in no category that could be
        compared.
    panel : Panel
    population, target : Population or None
    quota_variables : tuple of str
    level : float
    n_resamples : int
    seed : int
    notes : tuple of str
    """

    title: ClassVar[str] = "Panel and population"
    sheet_notes = {  # noqa: RUF012
        "variables": "One row a variable: tests, distances and a sentence on how to read them.",
        "categories": "One row a category: shares, gaps and intervals.",
        "set_apart": "Members in no category that could be compared, and why.",
    }
    sheet_formats = dict.fromkeys(
        ("p_value", "p_g", "p_exact", "p_holm", "p_bh", "p_exact_holm", "tvd"), "0.0000"
    )

    variables: pd.DataFrame
    categories: pd.DataFrame
    set_apart: pd.DataFrame
    panel: Panel
    population: Population | None
    target: Population | None
    quota_variables: tuple[str, ...]
    level: float
    n_resamples: int
    seed: int
    notes: tuple[str, ...] = ()

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables ``variables``, ``categories`` and ``set_apart``."""
        shown = self.variables.assign(
            floor_counts=[" ".join(map(str, seats)) for seats in self.variables["floor_counts"]]
        )
        return {"variables": shown, "categories": self.categories, "set_apart": self.set_apart}

    def summary(self) -> str:
        """What stands out, then a sentence a variable."""
        return summary_of(self)

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made, ready to edit."""
        return methods_of(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The distance of each variable; it is a description and has no interval."""
        against = "its target" if self.target is not None else "the population"
        return tuple(
            Indicator(
                f"distance from {against}: {row['variable']}",
                float(row["tvd"]),
                n=int(row["n"]),
                note=str(row["reading"]),
                source="representativeness, total variation distance",
            )
            for row in self.variables.to_dict("records")
        )

    def section(self) -> Section:
        """The check as a section of a report, with its pictures."""
        figures = (
            Figure.from_axes(
                self.plot_gaps(),
                "Share of the panel (square) and of its target (open dot); lines are 95 % "
                "Wilson intervals, only where the variable was left to chance."
                if math.isclose(self.level, 0.05)
                else "Share of the panel (square) and of its target (open dot), with Wilson "
                "intervals where the variable was left to chance.",
            ),
        )
        return Section(self.title, paragraphs(self.summary()) + self._tables_html(), figures)

    def _tables_html(self) -> str:
        percent = ["tvd", "tvd_floor", "expected_tvd", "detectable_gap"]
        one = self.variables[list(_VARIABLE_HEADINGS)].copy()
        one[percent] *= 100
        digits = dict.fromkeys(percent, 1) | {"p_exact": 3, "p_exact_holm": 3}
        two = self.categories[["variable", *_CATEGORY_HEADINGS]].copy()
        shares = ["target", "share", "gap", "low", "high"]
        two[shares] *= 100
        return table_html(
            one, digits=digits, headings=_VARIABLE_HEADINGS, caption="Variables"
        ) + table_html(
            two,
            digits=dict.fromkeys(shares, 1),
            headings=_CATEGORY_HEADINGS | ({} if self.target is not None else _NO_TARGET),
            groups="variable",
            caption="Categories",
        )

    def _repr_html_(self) -> str:
        return (
            f"<p><strong>{self.title}</strong></p>{paragraphs(self.summary())}{self._tables_html()}"
        )

    def plot_gaps(self, *, ax: Axes | None = None) -> Axes:
        """Dumbbell of share against target (:func:`plot_margins`)."""
        from dmpkit.representativeness.margins_plots import plot_margins

        return plot_margins(self, ax=ax)

    def plot_love(self, after: MarginCheck | None = None, *, ax: Axes | None = None) -> Axes:
        """Love plot, alone or before and after (:func:`plot_love`)."""
        from dmpkit.representativeness.margins_plots import plot_love

        return plot_love(self, after, ax=ax)


def check_margins(
    panel: Any,
    population: Any = None,
    *,
    target: Any = None,
    variables: Sequence[str] | None = None,
    quotas: Any = None,
    quota_variables: Sequence[str] = (),
    lottery: Lottery | None = None,
    level: float = 0.05,
    n_resamples: int = 99_999,
    seed: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> MarginCheck:
    """Compare each variable of a panel with its population, or with its target.

    The population says who the people are; a target says who was wanted, where
    that is something else: a group may be over-recruited on purpose. The panel is
    held against the target where one is given, and its gap to the population is
    shown beside.

    - Categories whose target is 0 are left out of the comparison and set apart,
      and so are people whose category is not known; `n` counts the others.
    - Distances (TVD) are read against two yardsticks: the best that whole seats
      allow, and what a simple random sample of this size would miss on average.
    - Free variables are tested (chi-square, G, exact multinomial; Holm and
      Benjamini-Hochberg over the free variables) and have intervals (Wilson, one
      by one; Goodman, all categories of a variable together).
    - Quota variables have neither: the draw forced them to agree. Their null
      distribution is that of the lottery, see :func:`simulate_lottery`.

    Parameters
    ----------
    panel : Panel, DataFrame, mapping or path
        Members, or counts (``variable, category, count``).
    population : Population, DataFrame, mapping or path, optional
        Who the panel is to stand for; may be left out where `target` is given.
    target : Population, DataFrame, mapping or path, optional
        What was aimed at, where it differs from the population on purpose; may
        have some of the variables only.
    variables : sequence of str, optional
        Which to compare; all that both sides have when not given.
    quotas : Quotas, DataFrame or path, optional
        Seats asked for; their variables are quota variables.
    quota_variables : sequence of str
        Variables filled by quota whose seats are not at hand.
    lottery : Lottery, optional
        Draws of the lottery that filled the panel (:func:`simulate_lottery`): gives
        each variable that it counted its mean distance in the lottery's own panels
        and the share of them at least as far off, (b + 1)/(B + 1). Shares are compared;
        where the lottery has other seats than the variable has members, that is said.
    level : float
        Significance level of readings and intervals, and of the gap that could be
        found with a chance of 80 %. (Functions that only give intervals take a
        confidence level: 0.05 here is 0.95 there.)
    n_resamples : int
        Tables drawn for an exact test with more than 600,000 tables; 0 leaves such
        a test out.
    seed : int, optional
        Seed of the drawing.
    n_jobs : int
        Workers of the drawing; the result does not depend on it.
    progress : bool
        Show a progress bar while drawing.

    Returns
    -------
    MarginCheck

    Raises
    ------
    DataError
        No variable in common, a category that the other side does not have, a panel
        larger than its population.

    Warns
    -----
    SharesWarning
        Members in a category whose target is 0.
    SmallCellWarning
        Expected counts of a free variable too small for the chi-square test.

    Examples
    --------
    >>> responded = {"sex": {"Male": 153, "Female": 323}}
    >>> island = {"sex": {"Male": 49.6, "Female": 50.4}}
    >>> check = check_margins(responded, island)
    >>> check.variables[["variable", "chi2", "tvd", "expected_tvd"]].round(4)
      variable     chi2     tvd  expected_tvd
    0      sex  58.0285  0.1746        0.0183
    >>> print(check.variables["reading"].iloc[0])
    17.5 % of the members (83.1 of 476) would have to be in another category; the largest gap is \
Male, −17.5 points. Rounding to whole people alone makes under 0.1 %, and a simple random sample \
of 476 misses by 1.8 % on average. That is more than chance explains (exact p < 0.001).
    """
    members = panel_of(panel)
    whole = None if population is None else population_of(population)
    wanted = None if target is None else population_of(target)
    _require_level(level)
    n_resamples = to_whole(n_resamples, "number of resamples")
    if lottery is not None and not hasattr(lottery, "problem"):
        raise DataError(
            f"The lottery is a {type(lottery).__name__}.",
            remedy="Give the result of simulate_lottery.",
        )
    seats = _seats(quotas)
    names, notes = _names(members, whole, wanted, variables)
    fixed = _quota_names(members, seats, quota_variables)
    _require_size(members, whole)
    drawn = drawn_seed(seed)
    test = partial(
        exact_multinomial, n_resamples=n_resamples, seed=drawn, n_jobs=n_jobs, progress=progress
    )
    rows, cells, apart = [], [], []
    for name in names:
        both, gone = _side_by_side(members, whole, wanted, name)
        row, table = _compare(both, name, name in fixed, level, test, n_resamples)
        row |= _in_lottery(both, name, row["tvd"], lottery)
        row["n_unknown"] = members.n_unknown(name)
        row["n_zero_target"] = int(gone.loc[gone["reason"] == ZERO, "count"].sum())
        rows.append(row)
        cells.append(_with_seats(table, seats, name, list(gone["category"])))
        apart.append(gone)
        notes += _seats_set_apart(seats, name, gone)
    frame = _adjusted(pd.DataFrame(rows))
    categories = pd.concat(cells, ignore_index=True)
    frame["reading"] = [
        reading_of(row, categories[categories["variable"] == row["variable"]], level)
        for row in frame.to_dict("records")
    ]
    check = MarginCheck(
        frame[_COLUMNS], categories, pd.concat(apart, ignore_index=True), members, whole, wanted,
        tuple(n for n in names if n in fixed), float(level), int(n_resamples), drawn, tuple(notes),
    )  # fmt: skip
    _warn_zero_targets(check)
    _warn_sparse(check)
    return check


ZERO = "target of 0"
UNKNOWN_REASON = "not known"
_COLUMNS = [
    "variable", "quota", "n", "n_unknown", "n_zero_target", "n_categories", "chi2", "df",
    "p_value", "g", "p_g", "p_exact", "exact_method", "p_holm", "p_bh", "p_exact_holm", "tvd",
    "tvd_floor", "floor_counts", "expected_tvd", "cramers_w", "kl", "hellinger", "largest_gap",
    "min_expected", "sparse", "significant_gap", "detectable_gap", "lottery_tvd", "p_lottery",
    "reading",
]  # fmt: skip


# --- what is compared with what --------------------------------------------------


def _require_level(level: float) -> None:
    if not is_number(level) or not 0 < float(level) <= 0.5:
        confidence = is_number(level) and 0.5 < float(level) < 1
        give = round(1 - float(level), 10) if confidence else 0.05
        raise DataError(
            f"The level is {level!r}; it is the chance of a false alarm, above 0 and at most 0.5.",
            remedy=f"Give {give:g}, for tests at {100 * give:g} % and intervals of "
            f"{100 - 100 * give:g} %.",
        )


def _seats(quotas: Any) -> pd.DataFrame | None:
    if quotas is None:
        return None
    from dmpkit.representativeness.quotas import quotas_of

    return quotas_of(quotas).frame


def _names(
    panel: Panel,
    population: Population | None,
    target: Population | None,
    variables: Sequence[str] | None,
) -> tuple[list[str], list[str]]:
    """The variables to compare, and a note on those that cannot be."""
    sides = [side for side in (target, population) if side is not None]
    if not sides:
        raise DataError(
            "There is nothing to compare with.", remedy="Give a population or a target."
        )
    known = list(dict.fromkeys(name for side in sides for name in side.variables))
    if variables is not None:
        names = to_names(variables)
        if not names:
            raise DataError("No variable is named.")
        for name in names:
            panel.of(name)  # says what is closest where it is not there
            if name not in known:
                raise DataError(
                    f"The population has no variable {name!r}.", remedy=closest(name, known)
                )
        return names, []
    names = [name for name in panel.variables if name in known]
    if not names:
        raise DataError(
            f"Panel and population have no variable in common: the panel has "
            f"{', '.join(map(repr, panel.variables[:12]))}, the population "
            f"{', '.join(map(repr, known[:12]))}.",
            remedy="Give the columns the same names.",
        )
    notes = []
    for left, words in (
        ([n for n in panel.variables if n not in known], "in the panel only"),
        ([n for n in known if n not in panel.variables], "in the population only"),
    ):
        if left:
            notes.append(f"not compared, {words}: {', '.join(map(repr, left))}")
    return names, notes


def _quota_names(
    panel: Panel, seats: pd.DataFrame | None, quota_variables: Sequence[str]
) -> set[str]:
    named = [quota_variables] if isinstance(quota_variables, str) else list(quota_variables)
    for name in named:
        if name not in panel.variables:
            raise DataError(
                f"The panel has no quota variable {name!r}.",
                remedy=closest(name, panel.variables),
            )
    return {*named, *(() if seats is None else seats["variable"])}


def _require_size(panel: Panel, population: Population | None) -> None:
    if population is not None and population.size is not None and panel.n > population.size:
        raise DataError(
            f"The panel has {panel.n:,} people, the population only {population.size:,.10g}.",
            remedy="If the population's numbers are percentages, call their column 'percent'.",
        )


def _side_by_side(
    panel: Panel, population: Population | None, target: Population | None, name: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts, target and population of the categories compared, and who is set apart."""
    here = [s for s in (target, population) if s is not None and name in s.variables]
    shares = here[0].shares(name)
    counts = panel.of(name)
    reference = "the target" if here[0] is target else "the population"
    require_known(counts.index, list(shares.index), variable=name, reference=reference,
                  more_remedy=f"If {reference} does not count it, give it the number 0 there: "
                  "its members are then set apart.")  # fmt: skip
    whole = pd.Series(NAN, index=shares.index)
    if population is not None and name in population.variables:
        whole = population.shares(name)
        require_known(whole.index, list(shares.index), variable=name,
                      where="the population", reference=reference)  # fmt: skip
        require_known(shares.index, list(whole.index), variable=name, where="the target")
        whole = whole.reindex(shares.index)
    got = np.array([int(counts.get(label, 0)) for label in shares.index], dtype=np.int64)
    both = pd.DataFrame(
        {"category": list(shares.index), "count": got, "target": shares.to_numpy(),
         "population": whole.to_numpy()}
    )  # fmt: skip
    free = both["target"].to_numpy() > 0
    unknown = panel.unknown[panel.unknown["variable"] == name]
    said = unknown.assign(reason=UNKNOWN_REASON)
    if (left := panel.n_unknown(name) - int(unknown["count"].sum())) > 0:
        missing = {"variable": [name], "category": ["(not counted)"], "count": [left]}
        said = pd.concat([said, pd.DataFrame(missing).assign(reason=UNKNOWN_REASON)])
    zero = both.loc[~free, ["category", "count"]].assign(variable=name, reason=ZERO)
    columns = ["variable", "category", "count", "reason"]
    gone = pd.concat([zero[columns], said[columns]], ignore_index=True)
    return both[free].reset_index(drop=True), gone


# --- one variable ----------------------------------------------------------------


def _compare(
    both: pd.DataFrame, name: str, fixed: bool, level: float, test: Any, n_resamples: int
) -> tuple[dict[str, Any], pd.DataFrame]:
    """The row of a variable and the rows of its categories."""
    x, p = both["count"].to_numpy(), both["target"].to_numpy(dtype=np.float64)
    n = int(x.sum())
    if n == 0:
        raise DataError(
            "Nobody of the panel is in a category whose target is above 0.", column=name,
            remedy="Look at whether the categories belong together.",
        )  # fmt: skip
    row: dict[str, Any] = {"variable": name, "quota": fixed, "n": n, "n_categories": len(x)}
    row |= _distances(x, p, level) | (_no_tests() if fixed else _tests(x, p, test, n_resamples))
    table = both.assign(variable=name, quota=fixed, expected=n * p, share=x / n)
    table["floor_count"] = row["floor_counts"]
    table["gap"] = table["share"] - p
    table["population_gap"] = table["share"] - table["population"]
    table["ratio"] = table["share"] / p
    table["smd"] = standardised_differences(x, p)
    table["smd_target"] = standardised_differences(x, p, pooled=False)
    for column, values in _uncertainty(x, p, level).items():
        table[column] = NAN if fixed else values
    row["largest_gap"] = float(table["gap"].abs().max())
    return row, table[_CELL_COLUMNS]


_CELL_COLUMNS = [
    "variable", "category", "quota", "count", "expected", "floor_count", "target", "population",
    "share", "gap", "population_gap", "ratio", "low", "high", "clopper_pearson_low",
    "clopper_pearson_high", "goodman_low", "goodman_high", "residual", "smd", "smd_target",
    "p_value", "p_holm", "p_bh", "detectable_gap",
]  # fmt: skip


def _distances(x: Any, p: Any, level: float) -> dict[str, Any]:
    n = int(x.sum())
    floor = nearest_allocation(n, p)
    widest = float(p[np.argmax(p * (1 - p))])
    return {
        "tvd": total_variation(x, p),
        "tvd_floor": total_variation(floor, p),
        "floor_counts": tuple(int(v) for v in floor),
        "expected_tvd": expected_tvd(n, p),
        "cramers_w": math.sqrt(chi_square_test(x, p).statistic / n),
        "kl": kl_divergence(x, p),
        "hellinger": hellinger_distance(x, p),
        "min_expected": float((n * p).min()),
        "significant_gap": float(detectable_gap(n, widest, level=level, power=None)),
        "detectable_gap": float(detectable_gap(n, widest, level=level)),
    }


def _tests(x: Any, p: Any, test: Any, n_resamples: int) -> dict[str, Any]:
    chi2, g = chi_square_test(x, p), g_test(x, p)
    exact: ExactTest = test(x, p) if n_resamples else test(x, p, n_resamples=1)
    left_out = exact.method == "Monte Carlo" and not n_resamples
    expected = x.sum() * p
    return {
        "chi2": chi2.statistic,
        "df": chi2.df,
        "p_value": chi2.p_value,
        "g": g.statistic,
        "p_g": g.p_value,
        "p_exact": NAN if left_out else exact.p_value,
        "exact_method": "none" if left_out else exact.method,
        # Cochran (1954): none below 1, and at most a fifth below 5
        "sparse": bool(expected.min() < 1 or (expected < 5).mean() > 0.2),
    }


def _no_tests() -> dict[str, Any]:
    names = ("chi2", "p_value", "g", "p_g", "p_exact")
    return dict.fromkeys(names, NAN) | {"df": NAN, "exact_method": "none", "sparse": False}


def _uncertainty(x: Any, p: Any, level: float) -> dict[str, Any]:
    n = int(x.sum())
    low, high = wilson_interval(x, n, level=1 - level)
    exact_low, exact_high = clopper_pearson_interval(x, n, level=1 - level)
    all_low, all_high = goodman_intervals(x, level=1 - level)
    p_exact = exact_binomial_test(x, n, p) if len(x) > 1 else np.full(1, NAN)
    return {
        "low": low,
        "high": high,
        "clopper_pearson_low": exact_low,
        "clopper_pearson_high": exact_high,
        "goodman_low": all_low,
        "goodman_high": all_high,
        "residual": standardised_residuals(x, p),
        "p_value": p_exact,
        "p_holm": holm(p_exact),
        "p_bh": benjamini_hochberg(p_exact),
        "detectable_gap": detectable_gap(n, p, level=level),
    }


def _in_lottery(
    both: pd.DataFrame, name: str, observed: float, lottery: Lottery | None
) -> dict[str, float]:
    """Mean distance of the lottery's panels, and how many are at least as far off."""
    counted = () if lottery is None else lottery.variables
    own = next((one for one in counted if one.name == name), None)
    if lottery is None or own is None:
        return {"lottery_tvd": NAN, "p_lottery": NAN, "lottery_seats": NAN}
    labels = list(both["category"])
    require_known(own.categories, labels, variable=name, where="the lottery",
                  reference="the categories compared")  # fmt: skip
    drawn = lottery.counts(name)
    counts = np.zeros((len(drawn), len(labels)))
    counts[:, [labels.index(label) for label in own.categories]] = drawn
    counts = counts[counts.sum(axis=1) > 0]
    shares = counts / counts.sum(axis=1, keepdims=True)
    far = np.abs(shares - both["target"].to_numpy(dtype=np.float64)).sum(axis=1) / 2
    as_far = int((far >= observed - 1e-12).sum())
    return {
        "lottery_tvd": float(far.mean()),
        "p_lottery": p_value(as_far, len(far)),
        "lottery_seats": float(lottery.problem.seats),
    }


def _with_seats(
    table: pd.DataFrame, seats: pd.DataFrame | None, name: str, apart: Sequence[str]
) -> pd.DataFrame:
    """The ends of the quota beside each category; NaN where there is none.

    A quota may also be on a category that is set apart, or that says nothing of a person.
    """
    low = high = {}
    if seats is not None and name in set(seats["variable"]):
        part = seats[seats["variable"] == name]
        low = dict(zip(part["category"], part["min"], strict=True))
        high = dict(zip(part["category"], part["max"], strict=True))
        free = [c for c in low if c not in apart and not is_unknown(c)]
        require_known(free, list(table["category"]), variable=name, where="the quotas",
                      reference="the categories compared")  # fmt: skip
    return table.assign(
        quota_min=[float(low.get(c, NAN)) for c in table["category"]],
        quota_max=[float(high.get(c, NAN)) for c in table["category"]],
    )


def _seats_set_apart(seats: pd.DataFrame | None, name: str, gone: pd.DataFrame) -> list[str]:
    """A note on quotas of categories that are not compared, with how far they are met."""
    if seats is None:
        return []
    counts = dict(zip(gone["category"], gone["count"], strict=True))
    part = seats[(seats["variable"] == name)].to_dict("records")
    own = [row for row in part if row["category"] in counts or is_unknown(row["category"])]
    said = [
        f"{row['category']!r} (asked {asked_text(row['min'], row['max'])}, "
        f"{counts.get(row['category'], 0):g} in the panel)"
        for row in own
    ]
    return [f"{name}: a quota on what is not compared: {', '.join(said)}"] if said else []


def _adjusted(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(
        p_holm=holm(frame["p_value"].to_numpy(dtype=np.float64)),
        p_bh=benjamini_hochberg(frame["p_value"].to_numpy(dtype=np.float64)),
        p_exact_holm=holm(frame["p_exact"].to_numpy(dtype=np.float64)),
    )


# --- warnings --------------------------------------------------------------------


def _warn_zero_targets(check: MarginCheck) -> None:
    zero = check.set_apart[(check.set_apart["reason"] == ZERO) & (check.set_apart["count"] > 0)]
    if len(zero):
        said = ", ".join(
            f"{v} {c!r} ({n})"
            for v, c, n in zip(zero["variable"], zero["category"], zero["count"], strict=True)
        )
        warn(
            f"Members in categories whose target is 0: {said}. They are set apart and left out "
            "of the comparison of that variable.",
            SharesWarning,
        )


def _warn_sparse(check: MarginCheck) -> None:
    thin = check.variables[check.variables["sparse"].astype(bool)]
    if len(thin):
        said = ", ".join(
            f"{name} (least {expected:.1f})"
            for name, expected in zip(thin["variable"], thin["min_expected"], strict=True)
        )
        warn(
            f"Expected counts are too small for the chi-square test of {said}: read the exact "
            "p-values (p_exact), not the chi-square's.",
            SmallCellWarning,
        )
