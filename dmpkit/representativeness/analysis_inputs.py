"""What an evaluator brings, made ready for the checks: panel, stages, records of those invited."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError, ReadingWarning, warn
from dmpkit.representativeness.data import Panel, Population, panel_of
from dmpkit.representativeness.labels import as_labels, as_text, closest
from dmpkit.representativeness.panel import PERSON_NAMES
from dmpkit.representativeness.stage_data import printed_table, read_flags
from dmpkit.representativeness.stages import StageFlow
from dmpkit.tables import read_below_titles, require_columns, to_pandas

__all__ = ["STAGE_NAMES", "StageInput", "is_list_of_names", "outside_pool", "read_panel_input",
           "read_stage_input", "require_named", "stage_sources", "thin_stages"]  # fmt: skip

#: Stages that are recognised by their name, in the order in which they happen.
STAGE_NAMES = (
    "listed", "invited", "invitations", "responded", "registered", "eligible", "selected",
    "recruited", "attended", "completed",
)  # fmt: skip
RESPONSES = ("responded", "registered")
SELECTIONS = ("selected", "recruited")


@dataclass(frozen=True, eq=False)
class StageInput:
    """A recruitment as it was brought.

    Parameters
    ----------
    frame : DataFrame
        One row a person with flags, or printed numbers.
    order : tuple of str
        Stages in order.
    printed : bool
    """

    frame: pd.DataFrame
    order: tuple[str, ...]
    printed: bool

    @property
    def variables(self) -> list[str]:
        """Columns of the records, or the variables of printed numbers."""
        if not self.printed:
            return [str(c) for c in self.frame.columns]
        lower = {str(c).strip().lower(): c for c in self.frame.columns}
        names = map(as_text, dict.fromkeys(self.frame[lower["variable"]]))
        return [name for name in names if name is not None]

    def named(self, names: Sequence[str]) -> str | None:
        """The first stage with one of some names."""
        return next((s for s in self.order if s.lower() in names), None)

    def before(self, stage: str) -> str | None:
        """The stage before another."""
        place = self.order.index(stage)
        return self.order[place - 1] if place else None

    def flags(self, stage: str) -> pd.Series[Any]:
        """Who reached a stage, of a list of persons."""
        rows = [f"in row {row + 2}" for row in range(len(self.frame))]
        return read_flags(self.frame.reset_index(drop=True), [stage], rows)[stage]


def is_list_of_names(value: Any) -> bool:
    """Whether stages are given as names of columns."""
    return isinstance(value, list | tuple) and all(isinstance(one, str) for one in value)


def frame_of(value: Any, what: str) -> pd.DataFrame:
    """A table from a frame of any kind or a path; empty cells missing; titles are left."""
    if isinstance(value, str | os.PathLike):
        return read_below_titles(value)[0].replace({"": None})
    return to_pandas(value, what=what)


def read_stage_input(
    stages: Any, order: Sequence[str] | None, totals: Mapping[str, float] | None, panel: Any
) -> StageInput | None:
    """The stages, from a table of their own or from columns of the panel's list."""
    if stages is None:
        return None
    if is_list_of_names(stages):
        if isinstance(panel, Panel):
            panel = panel.members
        if panel is None or isinstance(panel, Mapping):
            raise DataError(
                "Stages are named, and the panel is given as counts.",
                remedy="Give the list of people with a column a stage, or stages= as a table.",
            )
        frame = frame_of(panel, "panel").reset_index(drop=True)
        require_columns(frame, list(stages))
        return StageInput(frame, tuple(order or stages), False)
    frame = frame_of(stages, "table of stages").reset_index(drop=True)
    numbers = printed_table(frame, order or ())
    printed = numbers is not None
    frame = frame if numbers is None else numbers
    lower = {str(c).strip().lower(): c for c in frame.columns}
    if order is not None:
        return StageInput(frame, tuple(order), printed)
    if printed:
        own = [str(s) for s in dict.fromkeys(frame[lower["stage"]]) if str(s) != "population"]
        found = list(dict.fromkeys([*(totals or {}), *own]))
    else:
        found = [str(lower[name]) for name in STAGE_NAMES if name in lower]
    return StageInput(frame, _ordered(found, set(totals or ()), printed), printed)


def _ordered(found: list[str], more: set[str], printed: bool) -> tuple[str, ...]:
    if not found:
        raise DataError(
            "No stage is recognised in the table of stages.",
            remedy="Name the columns in order: stage_order=['invited', 'responded', …].",
        )
    if all(name.lower() in STAGE_NAMES for name in found):
        return tuple(sorted(found, key=lambda name: STAGE_NAMES.index(name.lower())))
    if printed and not more:
        return tuple(found)
    raise DataError(
        f"The order of the stages {', '.join(map(repr, found))} is not known.",
        remedy="Give stage_order=, the stages from the first to the last.",
    )


def read_panel_input(
    panel: Any, stage: StageInput | None, stages: Any, left: Sequence[str]
) -> tuple[Panel, list[str]]:
    """The panel; of a list with stages, those who were selected."""
    if not (stage is not None and is_list_of_names(stages)):
        if isinstance(panel, Panel | Mapping) or not left:
            return panel_of(panel), []
        return without(panel_of(panel), set(left)), []
    picked = stage.named(SELECTIONS)
    rows = np.ones(len(stage.frame), dtype=bool)
    notes = []
    if picked is not None:
        rows = stage.flags(picked).to_numpy(dtype=bool)
        notes.append(f"the panel is the {int(rows.sum())} people of {len(rows)} who were {picked}")
    if not rows.any():
        raise DataError("Nobody was selected.", column=picked)
    gone = {*stage.order, *left}
    people = panel_of(stage.frame[rows].reset_index(drop=True))
    return without(people, gone), notes


def require_named(
    names: Sequence[str], what: str, panel: Panel, *more: Population | StageInput | None
) -> None:
    """Raise a :class:`DataError` for a name that neither the panel nor anything else has."""
    known = list(panel.variables)
    for one in more:
        if one is not None:
            known += one.variables
    for name in names:
        if name not in known:
            raise DataError(
                f"There is no {what} {name!r}.", remedy=closest(name, list(dict.fromkeys(known)))
            )


def outside_pool(panel: Panel, pool: Any) -> list[str]:
    """A note, and a warning, where members are not among the people who could be drawn.

    Looked at where both are lists with person ids; ids are compared as text.

    Raises
    ------
    DataError
        Where no member at all is in the pool, by a column that has the same name.
    """
    if pool is None or panel.members is None or panel.person is None:
        return []
    people = pool.members if isinstance(pool, Panel) else frame_of(pool, "pool")
    if people is None:
        return []
    column = id_column(people, panel.person)
    if column is None:
        return []
    there = set(as_labels(people[column]).dropna())
    ids = as_labels(panel.members[panel.person])
    gone = int((~ids.isin(there)).sum())
    if not gone:
        return []
    said = f"{gone:,} of {panel.n:,} members are not in the pool (by {panel.person!r})"
    remedy = "Give everybody who could be drawn as pool=, those selected among them."
    if gone == panel.n and column == panel.person:
        raise DataError(f"{said}.", column=column, remedy=remedy)
    warn(f"{said}. {remedy}", ReadingWarning, stacklevel=3)
    return [said]


def id_column(people: pd.DataFrame, preferred: str) -> str | None:
    """The column of a list that holds person ids: of the same name, or of a usual one."""
    names = [str(c) for c in people.columns]
    if preferred in names:
        return preferred
    return next((c for c in names if c.strip().lower() in PERSON_NAMES), None)


def without(panel: Panel, names: set[str]) -> Panel:
    """A panel without some variables; their columns of the list stay."""
    counts = panel.counts[~panel.counts["variable"].isin(names)].reset_index(drop=True)
    apart = panel.unknown[~panel.unknown["variable"].isin(names)].reset_index(drop=True)
    return replace(panel, counts=counts, unknown=apart)


def thin_stages(flow: StageFlow, below: int) -> dict[str, float]:
    """Stages that so few people left that no two groups of them could be shown.

    Returns
    -------
    dict
        Stage to the people by whom it differs from the last stage that is kept; where
        they are fewer than twice the threshold.
    """
    out: dict[str, float] = {}
    last = float("nan")
    for stage in flow.flow.stages:
        n = flow.flow.totals[stage]
        gone = abs(last - n) + flow.flow.joined[stage]
        if 0 < gone < 2 * below:
            out[stage] = gone
        elif n == n:
            last = n
    return out


def stage_sources(
    flow: StageFlow, panel: Panel, thin: Collection[str]
) -> dict[str, list[dict[str, float]]]:
    """People by category at each stage, and of those by whom stages and panel differ."""
    out: dict[str, list[dict[str, float]]] = {}
    for v in flow.variables:
        names = flow.flow.categories[v]
        own = panel.of(v) if v in panel.variables else None
        tables: list[NDArray[np.float64]] = []
        last = None if own is None else np.array([float(own.get(c, 0)) for c in names])
        members = last
        for s in flow.flow.stages:
            if (s, v) not in flow.flow.shares or s in thin:
                continue
            counts = flow.flow.counts.get((s, v))
            if counts is None:
                counts = np.round(flow.flow.shares[s, v] * flow.flow.totals[s])
            tables += [counts, *(np.abs(other - counts) for other in (last, members)
                                 if other is not None)]  # fmt: skip
            last = counts
        out[v] = [dict(zip(names, map(float, one), strict=True)) for one in tables]
    return out
