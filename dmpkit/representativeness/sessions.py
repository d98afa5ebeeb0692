"""Attendance by session: a complete record of who came, without an interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.representativeness.labels import as_text
from dmpkit.representativeness.panel import Panel
from dmpkit.representativeness.stage_data import Flow, read_flags

__all__ = ["Attendance", "attendance_of"]


@dataclass(frozen=True, eq=False)
class Attendance:
    """Who came to which session.

    Parameters
    ----------
    base : str
        Stage whose people could attend.
    sessions : DataFrame
        ``session, members, recorded, attended, share`` (of those recorded).
    groups : DataFrame
        ``session, variable, category, recorded, attended, share``; empty for
        printed numbers.
    people : DataFrame
        ``sessions, people``: how many came to how many, of those with a full
        record; empty for printed numbers.
    notes : tuple of str
    """

    base: str
    sessions: pd.DataFrame
    groups: pd.DataFrame
    people: pd.DataFrame
    notes: tuple[str, ...] = ()

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables that hold anything."""
        every = {
            "attendance": self.sessions,
            "attendance_groups": self.groups,
            "sessions_attended": self.people,
        }
        return {name: frame for name, frame in every.items() if len(frame)}


def attendance_of(
    people: Panel | None,
    table: pd.DataFrame | None,
    sessions: Sequence[str] | Mapping[str, float],
    session_base: str | float | None,
    flow: Flow,
    selection_stage: str,
    flags: pd.DataFrame | None = None,
    persons: Sequence[str] = (),
) -> Attendance | None:
    """Attendance from columns of flags, or from printed numbers.

    Parameters
    ----------
    people : Panel, optional
        With members, for flags.
    table : DataFrame, optional
        Holds the columns of flags.
    sessions : sequence of str or mapping
    session_base : str or number, optional
    flow : Flow
    selection_stage : str
    flags : DataFrame, optional
        Flags of the stages.
    persons : sequence of str

    Returns
    -------
    Attendance or None
        None where no sessions are named.

    Raises
    ------
    DataError
        A base that is no stage, somebody at a session who is not in the base, more
        people at a session than in the base.
    """
    if not sessions:
        return None
    if isinstance(sessions, Mapping):
        return _printed(sessions, session_base, flow, selection_stage)
    if people is None or table is None or flags is None:
        raise DataError(
            "The sessions of printed numbers are not columns.",
            remedy="Give sessions={'session 1': 26, …}.",
        )
    base = selection_stage if session_base is None else session_base
    if session_base is None and base not in flags.columns:
        base = str(flags.columns[-1])
    if base not in flags.columns:
        raise DataError(
            f"session_base is {base!r}, which is no stage.",
            remedy=f"Use one of {', '.join(map(repr, flags.columns))}.",
        )
    return _of_people(people, table, list(sessions), str(base), flow, flags, persons)


def _printed(
    sessions: Mapping[str, float],
    session_base: str | float | None,
    flow: Flow,
    selection_stage: str,
) -> Attendance:
    base = selection_stage if session_base is None else session_base
    if isinstance(base, str):
        members, name = flow.totals.get(base, math.nan), base
    else:
        members, name = float(base), "members"
    read = {session: _percentage(session, number) for session, number in sessions.items()}
    shares = {session: share for session, share in read.items() if share == share}
    if math.isnan(members) and len(shares) < len(sessions):
        raise DataError(
            f"How many could attend is not known: {base!r} is no stage with a number.",
            remedy="Give session_base=, a stage or a number of people.",
        )
    rows, worked_out = [], []
    for session, number in sessions.items():
        if session in shares:
            came = _people_of(str(number), members)
            worked_out += [str(session)] if came == came else []
            share = came / members if came == came else shares[session]
            rows.append((str(session), members, members, came, share))
            continue
        if not 0 <= float(number) <= members or float(number) % 1:
            raise DataError(
                f"At {session!r} {number:g} people are counted, of {members:g} who could attend.",
                remedy="Mend the count, or give session_base= the number who could attend; a "
                "percentage is written as text, such as '96 %'.",
            )
        rows.append((str(session), members, members, float(number), float(number) / members))
    notes = _notes_on_percentages(list(shares), worked_out, members)
    return Attendance(name, _sessions(rows), pd.DataFrame(), pd.DataFrame(), notes)


def _percentage(session: object, number: object) -> float:
    """A percentage written as text, as a share; NaN for a number of people."""
    if not isinstance(number, str):
        return math.nan
    text = number.strip().removesuffix("%").strip().replace(",", ".")
    try:
        share = float(text) / 100 if "%" in number else math.nan
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise DataError(
            f"The attendance {number!r} at {session!r} is neither a number nor a percentage.",
            remedy="Give the number of people present, or a percentage such as '96 %'.",
        )
    return share


def _people_of(percentage: str, members: float) -> float:
    """The only whole number of people that rounds to a percentage as printed; NaN if several."""
    if math.isnan(members):
        return math.nan
    text = percentage.replace("%", "").strip().replace(",", ".")
    half = 0.5 * 10.0 ** -len(text.partition(".")[2]) + 1e-9
    fits = [
        k
        for k in range(math.floor(members) + 1)
        if members > 0 and abs(100 * k / members - float(text)) <= half
    ]
    return float(fits[0]) if len(fits) == 1 else math.nan


def _notes_on_percentages(
    shares: Sequence[str], worked_out: Sequence[str], members: float
) -> tuple[str, ...]:
    """What was made of percentages, for the reader."""
    if not shares:
        return ()
    if worked_out:
        return (
            f"counts worked out from percentages, as the only whole numbers out of {members:g} "
            f"that give them: {', '.join(worked_out)}",
        )
    return ("attendance is known as percentages only",)


def _sessions(rows: list[tuple[str, float, float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["session", "members", "recorded", "attended", "share"])


def _of_people(
    people: Panel,
    table: pd.DataFrame,
    sessions: list[str],
    base: str,
    flow: Flow,
    flags: pd.DataFrame,
    persons: Sequence[str],
) -> Attendance:
    assert people.members is not None  # noqa: S101 - checked by the caller
    inside = flags[base].to_numpy(dtype=bool)
    came = np.column_stack([_column(table, name, persons) for name in sessions])
    strangers = ((came == 1).any(axis=1)) & ~inside
    if strangers.any():
        who = [p for p, out in zip(persons, strangers, strict=True) if out]
        raise DataError(
            f"Counted at a session without being in {base!r}: {', '.join(who[:5])}"
            f"{f' and {len(who) - 5} more' if len(who) > 5 else ''}.",
            remedy="Mend the flags, or give session_base= the stage whose people could attend.",
        )
    came = came[inside]
    members = float(inside.sum())
    rows, groups = [], []
    for place, name in enumerate(sessions):
        column = came[:, place]
        known = ~np.isnan(column)
        n, x = float(known.sum()), float(np.nansum(column))
        rows.append((name, members, n, x, x / n if n else math.nan))
        for v in flow.variables:
            labels = people.members.loc[inside, v].to_numpy()
            for c in flow.categories[v]:
                own = (labels == c) & known
                k, y = float(own.sum()), float(column[own].sum())
                groups.append((name, v, c, k, y, y / k if k else math.nan))
    full = ~np.isnan(came).any(axis=1)
    numbers = came[full].sum(axis=1)
    spread = pd.DataFrame(
        {
            "sessions": np.arange(len(sessions) + 1),
            "people": [float((numbers == k).sum()) for k in range(len(sessions) + 1)],
        }
    )
    gone = int((~full).sum())
    notes = (f"attendance of {gone} people is not fully recorded",) if gone else ()
    columns = ["session", "variable", "category", "recorded", "attended", "share"]
    return Attendance(base, _sessions(rows), pd.DataFrame(groups, columns=columns), spread, notes)


def _column(table: pd.DataFrame, name: str, persons: Sequence[str]) -> np.ndarray[Any, Any]:
    """Flags of a session as 1 and 0, NaN where nothing was recorded."""
    missing = np.array([as_text(value) is None for value in table[name]])
    out = np.full(len(table), math.nan)
    if not missing.all():
        kept = table.loc[~missing, [name]]
        named = [p for p, gone in zip(persons, missing, strict=True) if not gone]
        out[~missing] = read_flags(kept, [name], named)[name].to_numpy(dtype=float)
    return out
