"""Stage flow: from the population to the last session, and what each stage did to whom."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.measures.proportions import holm, wilson_interval
from dmpkit.reporting import Indicator, Result, Section
from dmpkit.representativeness.data import Panel, population_of
from dmpkit.representativeness.entries import to_level
from dmpkit.representativeness.sessions import Attendance, attendance_of
from dmpkit.representativeness.stage_data import (
    Flow,
    flow_from_counts,
    flow_from_people,
    printed_table,
    read_flags,
)
from dmpkit.representativeness.stage_steps import gap_contributions, group_rate_test, rate_ratio
from dmpkit.tables import require_columns, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["StageFlow", "stage_flow"]

#: Different values above which a column of a list is no variable, unless it is named.
MOST_CATEGORIES = 50
#: What the note of a quota variable at the selection says.
BY_DESIGN = "quota variable: the quotas set these rates, so no interval and no test"


def stage_flow(
    frame: Any,
    stages: Sequence[str],
    variables: Sequence[str] | None = None,
    *,
    population: Any = None,
    person: str | None = None,
    base: str | None = None,
    totals: Mapping[str, float] | None = None,
    quota_variables: Sequence[str] = (),
    selection_stage: str = "selected",
    late_joiners: str | Mapping[str, float] = "error",
    sessions: Sequence[str] | Mapping[str, float] = (),
    session_base: str | float | None = None,
    rest: str | None = None,
    level: float = 0.95,
) -> StageFlow:
    """Who went on at every stage, and how far each stage moved the composition.

    For each stage: the share of those before it who went on, with Wilson's
    interval, in all and by group; chi-square and Cramér's V of group against going
    on; the ratio of the lowest to the highest group rate with the interval of the
    log method (Katz et al., 1978; the two groups are picked after looking, so it is
    descriptive); the total variation distance to the population; and what the
    stage added to each category's signed gap, which sums to the final gap (the
    distance itself is not additive).

    Quota variables get no interval and no test at the stage of selection: the
    quotas set their rates. Where they are named, the overall rate of the selection
    has no interval either: the number of seats was fixed.

    Parameters
    ----------
    frame : DataFrame
        Either one row a person with a flag (0/1, true/false, yes/no) for each
        stage; or printed numbers: ``stage, variable, category`` and ``count``,
        ``percent`` or ``share`` (or ``unit`` and ``value``), perhaps ``base_n``; or the
        totals alone: ``stage, count``.
    stages : sequence of str
        Flag columns, or stages of the printed numbers, in order. Stages of which
        only the number is known (letters sent) go into `totals` too.
    variables : sequence of str, optional
        When not given: those of the population, or else all columns with at most 50
        different values.
    population : Population, DataFrame, or str, optional
        The reference; for printed numbers also the name of the stage that holds it
        (``"population"`` is found by itself). When not given, persons are compared
        with everybody in the list.
    person : str, optional
        Column of ids, for a list of persons.
    base : str, optional
        What everybody in a list of persons is called; "population", or "listed"
        where a population is given. Not used where all of them reached the first
        stage.
    totals : mapping, optional
        For printed numbers: stage to its number of people.
    quota_variables : sequence of str
        Variables with quotas.
    selection_stage : str
        Stage at which the quotas were applied.
    late_joiners : {"error", "add", "leave_out"} or mapping
        People at a stage who were not in the one before (substitutes, say). For
        persons: an error that names them; "add" counts them in the composition of
        the stage, not in its rates; "leave_out" drops them. For printed numbers: a
        mapping of stage to their number; their composition is not known, so the
        stage has no group rates then.
    sessions : sequence of str or mapping
        Columns of flags (an empty one: not recorded), or session to the number
        present, or to a percentage written as text (``"96 %"``). People may miss a
        session and come back, so these are no stages.
    session_base : str or number, optional
        Stage whose people could attend (the stage of selection when not given), or
        their number, for printed attendance.
    rest : str, optional
        For printed percentages that leave a category out: name under which the
        remainder is put.
    level : float
        Confidence level.

    Returns
    -------
    StageFlow

    Raises
    ------
    DataError
        A stage or variable that is not there, an empty or odd flag, the order of
        the stages broken (with the persons), counts that exceed their total,
        percentages that do not sum to 100.

    Examples
    --------
    >>> import pandas as pd
    >>> people = pd.DataFrame({"gender": ["W", "W", "M", "M"] * 5,
    ...                        "invited": [1] * 20, "responded": [1, 1, 1, 0] * 5})
    >>> flow = stage_flow(people, ["invited", "responded"], ["gender"])
    >>> flow.stages[["stage", "n", "rate"]].to_numpy().tolist()
    [['invited', 20.0, nan], ['responded', 15.0, 0.75]]
    >>> flow.decomposition.query("category == 'W'")["added"].round(4).tolist()
    [0.1667]
    """
    table = to_pandas(frame)
    _check_arguments(stages, level)
    printed = printed_table(table, stages)
    if printed is not None:
        named = population if isinstance(population, str) or population is None else None
        source = None if named is population else population_of(population)
        flow = flow_from_counts(
            printed, stages, variables, source or named, totals, late_joiners, rest
        )
        attendance = attendance_of(None, None, sessions, session_base, flow, selection_stage)
    else:
        flow, attendance = _from_people(
            table, stages, variables, population, person, base, late_joiners, sessions,
            session_base, selection_stage,
        )  # fmt: skip
    quotas = _check_quotas(quota_variables, selection_stage, flow)
    return StageFlow(flow, attendance, quotas, selection_stage, float(level))


def _check_arguments(stages: Sequence[str], level: float) -> None:
    if isinstance(stages, str) or not stages:
        raise DataError("No stages are named.", remedy="Give them in order, as a list.")
    if len(set(stages)) < len(stages):
        raise DataError("A stage is named twice.", remedy="Name each stage once, in order.")
    to_level(level)


def _check_quotas(
    quota_variables: Sequence[str], selection_stage: str, flow: Flow
) -> tuple[str, ...]:
    quotas = (quota_variables,) if isinstance(quota_variables, str) else tuple(quota_variables)
    for name in quotas:
        if name not in flow.variables:
            raise DataError(
                f"The quota variable {name!r} is not among the variables.",
                remedy=f"They are {', '.join(map(repr, flow.variables))}.",
            )
    if quotas and selection_stage not in flow.stages:
        raise DataError(
            f"Quotas are named, and there is no stage {selection_stage!r}.",
            remedy="Give selection_stage=, one of " + ", ".join(map(repr, flow.stages)) + ".",
        )
    return quotas


def _from_people(
    table: pd.DataFrame,
    stages: Sequence[str],
    variables: Sequence[str] | None,
    population: Any,
    person: str | None,
    base: str | None,
    late_joiners: str | Mapping[str, float],
    sessions: Sequence[str] | Mapping[str, float],
    session_base: str | float | None,
    selection_stage: str,
) -> tuple[Flow, Attendance | None]:
    table = table.reset_index(drop=True).rename(columns=str)
    if not isinstance(late_joiners, str) or late_joiners not in ("error", "add", "leave_out"):
        raise DataError(
            f"late_joiners is {late_joiners!r}.", remedy="Use 'error', 'add' or 'leave_out'."
        )
    if isinstance(sessions, Mapping | str):
        raise DataError("The sessions of a list of persons are columns.", remedy="Name them.")
    require_columns(table, [*stages, *sessions, *(variables or [])])
    source = None if population is None else population_of(population)
    kept = [c for c in table.columns if c not in {*stages, *sessions}]
    if variables is None and source is not None:
        variables = [c for c in kept if c in source.variables] or None
    elif variables is None:  # ids of households and the like are no categories
        kept = [c for c in kept if c == person or table[c].nunique() <= MOST_CATEGORIES]
    people = Panel.from_frame(table[kept], person=person, variables=variables)
    persons = (
        [f"in row {row + 2}" for row in range(len(table))]
        if people.person is None
        else [str(value) for value in table[people.person]]
    )
    flags = read_flags(table, stages, persons)
    flow = flow_from_people(people, flags, people.variables, source, base, late_joiners)
    attendance = attendance_of(
        people, table, sessions, session_base, flow, selection_stage, flags, persons
    )
    return flow, attendance


@dataclass(frozen=True, eq=False, repr=False)
class StageFlow(Result):
    """A recruitment by stages; made by :func:`stage_flow`.

    Parameters
    ----------
    flow : Flow
        Counts and shares of every stage.
    attended : Attendance or None
        Attendance by session, where it was given.
    quota_variables : tuple of str
    selection_stage : str
    level : float
        Confidence level of the intervals.
    """

    flow: Flow
    attended: Attendance | None = None
    quota_variables: tuple[str, ...] = ()
    selection_stage: str = "selected"
    level: float = 0.95

    title: ClassVar[str] = "From the population to the last session"
    sheet_formats: ClassVar[dict[str, str]] = {
        **dict.fromkeys(
            ("rate", "low", "high", "share", "population_share", "gap", "tvd", "added"), "0.0000"
        ),
        **dict.fromkeys(("n", "continued", "joined", "left", "before", "count", "unknown"), "0"),
    }

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables, in order."""
        return self.flow.variables

    def _selects(self, earlier: str, later: str) -> bool:
        """Whether the quotas were applied between two stages."""
        names = self.flow.stages
        return self.selection_stage in names[
            names.index(earlier) + 1 : names.index(later) + 1
        ] and bool(self.quota_variables)

    @cached_property
    def stages(self) -> pd.DataFrame:
        """One row a stage.

        ``stage, n, from_stage, continued, joined, left, rate, low, high, note``:
        `continued` are those of the stage before who went on, and `rate` their share.
        """
        rows: list[dict[str, Any]] = []
        before = ""
        for stage in self.flow.stages:
            n, joined = self.flow.totals[stage], self.flow.joined[stage]
            row: dict[str, Any] = {"stage": stage, "n": n, "from_stage": before}
            start = self.flow.totals.get(before, math.nan)
            went = n - joined if before else math.nan
            row |= {"continued": went, "joined": joined if before else math.nan}
            row |= {"left": start - went, "rate": went / start if start else math.nan}
            row |= dict.fromkeys(("low", "high"), math.nan) | {"note": ""}
            if before and self._selects(before, stage):
                row["note"] = "the number of seats was fixed: no interval"
            elif before and not math.isnan(row["rate"]):
                low, high = wilson_interval(went, start, level=self.level)
                row |= {"low": float(low), "high": float(high)}
                if stage == self.selection_stage:
                    row["note"] = "where the number of seats was fixed, the interval means nothing"
            elif before:
                row["note"] = "not computable: " + (
                    "nobody was there before" if start == 0 else "a number of people is not known"
                )
            rows.append(row)
            before = stage
        return pd.DataFrame(rows)

    def _steps(self, variable: str) -> list[tuple[str, str]]:
        """Pairs of stages between which group rates are known."""
        names = self.flow.stages
        own = [s for s in names if (s, variable) in self.flow.counts]
        steps = []
        for earlier, later in itertools.pairwise(own):
            between = names[names.index(earlier) + 1 : names.index(later)]
            key = (later, variable)
            if key not in self.flow.continued or any(self.flow.joined[s] for s in between):
                continue
            if (self.flow.continued[key] <= self.flow.counts[(earlier, variable)]).all():
                steps.append((earlier, later))
        return steps

    @cached_property
    def groups(self) -> pd.DataFrame:
        """One row a stage and category.

        ``from_stage, stage, variable, category, before, continued, rate, low, high,
        quota``; no interval where `quota` is true.
        """
        parts = []
        for v in self.variables:
            for earlier, later in self._steps(v):
                n, x = self.flow.counts[(earlier, v)], self.flow.continued[(later, v)]
                quota = v in self.quota_variables and self._selects(earlier, later)
                low, high = wilson_interval(x, n, level=self.level)
                parts.append(
                    pd.DataFrame(
                        {
                            "from_stage": earlier,
                            "stage": later,
                            "variable": v,
                            "category": self.flow.categories[v],
                            "before": n,
                            "continued": x,
                            "rate": np.divide(x, n, out=np.full(len(n), np.nan), where=n > 0),
                            "low": np.nan if quota else low,
                            "high": np.nan if quota else high,
                            "quota": quota,
                        }
                    )
                )
        return _in_stage_order(parts, self.flow.stages, _GROUP_COLUMNS)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row a stage and variable: whether the groups' rates differ.

        ``from_stage, stage, variable, chi2, df, p_value, p_holm, cramers_v, min_expected,
        lowest, lowest_rate, highest, highest_rate, rate_ratio, low, high, note``.
        """
        parts = []
        for v in self.variables:
            for earlier, later in self._steps(v):
                quota = v in self.quota_variables and self._selects(earlier, later)
                parts.append(pd.DataFrame([self._difference(v, earlier, later, quota)]))
        table = _in_stage_order(parts, self.flow.stages, _DIFFERENCE_COLUMNS)
        for _, own in table.groupby("stage", sort=False):  # the variables tested at one stage
            table.loc[own.index, "p_holm"] = holm(own["p_value"].to_numpy(dtype=np.float64))
        return table

    def _difference(self, v: str, earlier: str, later: str, quota: bool) -> dict[str, Any]:
        n, x = self.flow.counts[(earlier, v)], self.flow.continued[(later, v)]
        row: dict[str, Any] = dict.fromkeys(_DIFFERENCE_COLUMNS, math.nan)
        row |= {"from_stage": earlier, "stage": later, "variable": v}
        test = group_rate_test(n, x)
        row |= {"note": BY_DESIGN if quota else test.note}
        if not quota:
            row |= {"chi2": test.chi2, "df": test.df, "p_value": test.p_value}
            row |= {"cramers_v": test.cramers_v, "min_expected": test.min_expected}
        there = np.flatnonzero(n > 0)
        if len(there) < 2:
            return row | {"lowest": "", "highest": ""}
        rates = x[there] / n[there]
        a, b = int(there[rates.argmin()]), int(there[rates.argmax()])
        ratio = rate_ratio(x[a], n[a], x[b], n[b], self.level)
        names = self.flow.categories[v]
        row |= {"lowest": names[a], "lowest_rate": x[a] / n[a]}
        row |= {"highest": names[b], "highest_rate": x[b] / n[b], "rate_ratio": ratio.value}
        if not quota:
            row |= {"low": ratio.low, "high": ratio.high}
        return row

    @cached_property
    def composition(self) -> pd.DataFrame:
        """One row a stage and category, the population first.

        ``stage, variable, category, count, share, population_share, gap, ratio``.
        """
        parts = []
        for v in self.variables:
            target = self.flow.reference.get(v, np.full(len(self.flow.categories[v]), np.nan))
            nodes: list[tuple[str, Any, Any]] = []
            if v in self.flow.reference and self.flow.reference_name not in self.flow.stages:
                nodes.append((self.flow.reference_name, np.nan, target))
            for s in self.flow.stages:
                if (s, v) in self.flow.shares:
                    nodes.append((s, self.flow.counts.get((s, v), np.nan), self.flow.shares[s, v]))
            for stage, count, share in nodes:
                ratio = np.divide(share, target, out=np.full(len(share), np.nan), where=target > 0)
                parts.append(
                    pd.DataFrame(
                        {
                            "stage": stage,
                            "variable": v,
                            "category": self.flow.categories[v],
                            "count": count,
                            "share": share,
                            "population_share": target,
                            "gap": share - target,
                            "ratio": ratio,
                        }
                    )
                )
        columns = ["stage", "variable", "category", "count", "share", "population_share"]
        return pd.concat(parts, ignore_index=True) if parts else _empty([*columns, "gap", "ratio"])

    @cached_property
    def distances(self) -> pd.DataFrame:
        """One row a stage and variable: ``stage, variable, n, unknown, tvd, change``.

        Total variation distance to the population, ``½ Σ |q − p|``, and its change from
        the stage before; NaN where the population's shares are not known.
        """
        rows = []
        for v in self.variables:
            last = math.nan
            for s in self.flow.stages:
                if (s, v) not in self.flow.shares:
                    continue
                known = self.flow.counts.get((s, v))
                n = math.nan if known is None else float(known.sum())
                tvd = math.nan
                if v in self.flow.reference:  # NaN where a category is not known
                    gap = self.flow.shares[s, v] - self.flow.reference[v]
                    tvd = float(np.abs(gap).sum() / 2)
                rows.append((s, v, n, self.flow.totals[s] - n, tvd, tvd - last))
                last = tvd
        columns = ["stage", "variable", "n", "unknown", "tvd", "change"]
        return pd.DataFrame(rows, columns=columns) if rows else _empty(columns)

    @cached_property
    def decomposition(self) -> pd.DataFrame:
        """What each stage added to each category's gap.

        ``variable, category, from_stage, stage, added, gap``: `added` sums over the
        stages to the final gap; `gap` is the one reached. A step spans stages of which
        no composition is known.
        """
        parts = []
        for v, target in self.flow.reference.items():
            names = [s for s in self.flow.stages if (s, v) in self.flow.shares]
            nodes = [s for s in names if s != self.flow.reference_name]
            if not nodes:
                continue
            shares = np.vstack([target, *(self.flow.shares[s, v] for s in nodes)])
            added = gap_contributions(shares)
            for place, category in enumerate(self.flow.categories[v]):
                parts.append(
                    pd.DataFrame(
                        {
                            "variable": v,
                            "category": category,
                            "from_stage": [self.flow.reference_name, *nodes[:-1]],
                            "stage": nodes,
                            "added": added[:, place],
                            "gap": shares[1:, place] - target[place],
                        }
                    )
                )
        columns = ["variable", "category", "from_stage", "stage", "added", "gap"]
        return pd.concat(parts, ignore_index=True) if parts else _empty(columns)

    @property
    def attendance(self) -> pd.DataFrame:
        """One row a session: ``session, members, recorded, attended, share``."""
        if self.attended is None:
            raise DataError(
                "No sessions were given.", remedy="Name them with sessions= in stage_flow."
            )
        return self.attended.sessions

    def frames(self) -> dict[str, pd.DataFrame]:
        """All tables of the flow by name."""
        tables = {
            "stages": self.stages,
            "groups": self.groups,
            "differences": self.differences,
            "distances": self.distances,
            "composition": self.composition,
            "decomposition": self.decomposition,
        }
        return tables if self.attended is None else tables | self.attended.frames()

    def summary(self) -> str:
        """The flow in plain words."""
        from dmpkit.representativeness.stage_views import summary

        return summary(self)

    def methods_text(self) -> str:
        """The methods paragraph."""
        from dmpkit.representativeness.stage_views import methods_text

        return methods_text(self)

    def section(self) -> Section:
        """Summary, tables and pictures."""
        from dmpkit.representativeness.stage_views import section

        return section(self)

    def indicators(self) -> tuple[Indicator, ...]:
        """The rates of the stages, and the distances after the last one."""
        from dmpkit.representativeness.stage_views import indicators

        return indicators(self)

    def plot_stages(self, variables: Sequence[str] | None = None) -> Axes:
        """Composition by stage, one small picture a variable."""
        from dmpkit.representativeness.stages_plots import plot_stages

        return plot_stages(self, variables)

    def plot_waterfall(self, variable: str, category: str, *, ax: Axes | None = None) -> Axes:
        """What each stage added to one category's gap."""
        from dmpkit.representativeness.stages_plots import plot_waterfall

        return plot_waterfall(self, variable, category, ax=ax)


_GROUP_COLUMNS = [
    "from_stage", "stage", "variable", "category", "before", "continued", "rate", "low", "high",
    "quota",
]  # fmt: skip
_DIFFERENCE_COLUMNS = [
    "from_stage", "stage", "variable", "chi2", "df", "p_value", "p_holm", "cramers_v",
    "min_expected", "lowest", "lowest_rate", "highest", "highest_rate", "rate_ratio", "low",
    "high", "note",
]  # fmt: skip


def _in_stage_order(
    parts: Sequence[pd.DataFrame], stages: Sequence[str], columns: Sequence[str]
) -> pd.DataFrame:
    """Tables of single steps as one, stage by stage."""
    ordered = sorted(parts, key=lambda part: stages.index(str(part["stage"].iloc[0])))
    if not ordered:
        return _empty(columns)
    return pd.concat(ordered, ignore_index=True)[list(columns)]


def _empty(columns: Sequence[str]) -> pd.DataFrame:
    """A table without rows whose columns have their types."""
    words = {"from_stage", "stage", "variable", "category", "lowest", "highest", "note"}
    kinds = {c: object if c in words else bool if c == "quota" else float for c in columns}
    return pd.DataFrame({c: pd.Series(dtype=kind) for c, kind in kinds.items()})
