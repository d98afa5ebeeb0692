"""A recruitment as stages: from flags of persons, or from the counts that a report prints."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.errors import DataError
from dmpkit.representativeness.data import Panel, Population, population_of
from dmpkit.representativeness.entries import to_number
from dmpkit.representativeness.labels import as_text, is_unknown, require_known
from dmpkit.tables import require_columns, to_numbers

__all__ = ["Flow", "flow_from_counts", "flow_from_people", "printed_table", "read_flag",
           "read_flags"]  # fmt: skip

Floats = NDArray[np.float64]
_YES = {"1", "yes", "true", "y", "x"}
_NO = {"0", "no", "false", "n"}
#: Printed percentages of a variable may sum to this far from 100.
SUM_TOLERANCE = 2.0


@dataclass(frozen=True)
class Flow:
    """Counts and shares of every stage, as far as they are known.

    Parameters
    ----------
    stages : tuple of str
        In order; the first is where the flow starts.
    totals : dict
        Stage to its number of people (NaN where not known).
    joined : dict
        Stage to people counted there who were not in the stage before.
    categories : dict
        Variable to its categories, in order.
    counts : dict
        ``(stage, variable)`` to people of each category, joiners included.
    continued : dict
        The same without joiners; only where it is known.
    shares : dict
        ``(stage, variable)`` to the shares of the categories.
    reference : dict
        Variable to population shares.
    reference_name : str
    notes : tuple of str
    """

    stages: tuple[str, ...]
    totals: dict[str, float]
    joined: dict[str, float]
    categories: dict[str, tuple[str, ...]]
    counts: dict[tuple[str, str], Floats]
    continued: dict[tuple[str, str], Floats]
    shares: dict[tuple[str, str], Floats]
    reference: dict[str, Floats]
    reference_name: str
    notes: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables, in order."""
        return tuple(self.categories)


# --- persons ---------------------------------------------------------------------------


def read_flag(cell: object) -> bool | None:
    """One flag as True or False; None where it is empty or says neither.

    Examples
    --------
    >>> read_flag("Yes"), read_flag(0.0), read_flag("perhaps"), read_flag(None)
    (True, False, None, None)
    """
    word = as_text(cell)
    key = "" if word is None else word.strip().lower()
    return key in _YES if key in _YES | _NO else None


def read_flags(frame: pd.DataFrame, columns: Sequence[str], persons: Sequence[str]) -> pd.DataFrame:
    """Columns of flags as True and False.

    Parameters
    ----------
    frame : DataFrame
    columns : sequence of str
        Flags as 0 and 1, True and False, or yes and no.
    persons : sequence of str
        How each row is called in an error.

    Raises
    ------
    DataError
        A missing column, an empty flag, or one that is neither yes nor no.

    Examples
    --------
    >>> read_flags(pd.DataFrame({"came": ["yes", "no"]}), ["came"], ["p1", "p2"])["came"].tolist()
    [True, False]
    """
    require_columns(frame, list(columns))
    out = {}
    for name in columns:
        words = [as_text(value) for value in frame[name]]
        plain = [None if word is None else word.strip().lower() for word in words]
        empty = [who for who, word in zip(persons, plain, strict=True) if word is None]
        if empty:
            raise DataError(
                f"The flag is empty for {_named(empty)}.",
                column=name,
                remedy="Write 0 or 1 for everybody; for people not in the stage write 0.",
            )
        odd = [word for word, key in zip(words, plain, strict=True) if key not in _YES | _NO]
        if odd:
            raise DataError(
                f"The flag {odd[0]!r} is neither yes nor no.",
                column=name,
                remedy="Write 0 and 1 (or yes and no).",
            )
        out[name] = [word in _YES for word in plain]
    return pd.DataFrame(out, index=frame.index)


def _named(people: Sequence[str], most: int = 5) -> str:
    more = f" and {len(people) - most} more" if len(people) > most else ""
    word = "person" if len(people) == 1 else "persons"
    return f"{word} {', '.join(people[:most])}{more}"


def flow_from_people(
    people: Panel,
    flags: pd.DataFrame,
    variables: Sequence[str],
    population: Population | None,
    base: str | None,
    late_joiners: str,
) -> Flow:
    """The flow of persons with a flag for every stage.

    Parameters
    ----------
    people : Panel
        With members, in the rows of `flags`.
    flags : DataFrame
        One bool column a stage, in order.
    variables : sequence of str
    population : Population, optional
        The reference; those listed when not given.
    base : str, optional
        What everybody listed is called.
    late_joiners : {"error", "add", "leave_out"}

    Raises
    ------
    DataError
        When the order of the stages is broken, and `late_joiners` is "error".
    """
    assert people.members is not None  # noqa: S101 - checked by the caller
    persons = _person_names(people)
    flags, notes = _nested(flags, persons, late_joiners)
    if not flags.iloc[:, 0].all():
        name = base or ("population" if population is None else "listed")
        if name in flags.columns:
            raise DataError(
                f"The base and a stage are both called {name!r}.", remedy="Give base= another name."
            )
        flags = pd.concat([pd.Series(True, index=flags.index, name=name), flags], axis=1)
    stages = tuple(str(c) for c in flags.columns)
    categories = {v: _categories(people, population, v) for v in variables}
    counts, continued, shares = {}, {}, {}
    before = np.ones(len(flags), dtype=bool)
    joined = {}
    for stage in stages:
        now = flags[stage].to_numpy(dtype=bool)
        joined[stage] = float((now & ~before).sum())
        for v in variables:
            column = people.members[v]
            key = (stage, v)
            counts[key] = _tally(column[now], categories[v])
            continued[key] = _tally(column[now & before], categories[v])
            if counts[key].sum() > 0:
                shares[key] = counts[key] / counts[key].sum()
        before = now
    first = stages[0]
    reference = {v: shares[(first, v)] for v in variables if (first, v) in shares}
    if population is not None:
        reference = _reference(population, variables, categories)
    return Flow(
        stages,
        {stage: float(flags[stage].sum()) for stage in stages},
        joined,
        categories,
        counts,
        continued,
        shares,
        reference,
        first if population is None else "population",
        (*(note for note in people.notes if "holds the ids" not in note), *notes),
    )


def _person_names(people: Panel) -> list[str]:
    assert people.members is not None  # noqa: S101 - checked by the caller
    if people.person is None:
        return [f"in row {row + 2}" for row in range(len(people.members))]
    return [str(as_text(value)) for value in people.members[people.person]]


def _nested(
    flags: pd.DataFrame, persons: Sequence[str], late_joiners: str
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Flags of which each stage follows from the one before, or joiners by the rule named."""
    names = list(flags.columns)
    notes = []
    if late_joiners == "leave_out":
        kept = flags.cummin(axis=1).astype(bool)
        gone = (flags & ~kept).any(axis=1)
        if gone.any():
            who = [p for p, out in zip(persons, gone, strict=True) if out]
            notes.append(f"left out of the stages after the one they had missed: {_named(who)}")
        return kept, tuple(notes)
    for earlier, later in itertools.pairwise(names):
        jumped = (flags[later] & ~flags[earlier]).to_numpy()
        if not jumped.any():
            continue
        who = [p for p, out in zip(persons, jumped, strict=True) if out]
        if late_joiners == "error":
            raise DataError(
                f"The order of the stages is broken: {_named(who)} reached {later!r} without "
                f"{earlier!r}.",
                column=str(later),
                remedy="Mend the flags; or, if they replaced others, say late_joiners='add' "
                "(counted as joiners) or 'leave_out'. Sessions that people may miss and come "
                "back from belong into sessions=.",
            )
        notes.append(f"joined at {later!r} without {earlier!r}: {_named(who)}")
    return flags, tuple(notes)


def _categories(people: Panel, population: Population | None, variable: str) -> tuple[str, ...]:
    found = [str(c) for c in people.of(variable).index]
    if population is None or variable not in population.variables:
        return tuple(found)
    known = population.categories(variable)
    require_known(found, known, variable=variable, where="the list of people")
    return known


def _tally(column: pd.Series[Any], categories: Sequence[str]) -> Floats:
    got = column.value_counts()
    return np.array([float(got.get(c, 0)) for c in categories])


def _reference(
    population: Population,
    variables: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    rest: str | None = None,
) -> dict[str, Floats]:
    """Population shares in the order of the categories; NaN for those within a remainder."""
    out = {}
    for v in variables:
        if v in population.variables:
            shares = population.shares(v)
            blank = math.nan if rest in shares.index else 0.0
            out[v] = np.array([float(shares.get(c, blank)) for c in categories[v]])
            if np.isnan(out[v]).any():  # its remainder is not that of the stages
                out[v][list(categories[v]).index(str(rest))] = math.nan
    return out


# --- printed counts ----------------------------------------------------------------------


def printed_table(frame: pd.DataFrame, stages: Sequence[str] = ()) -> pd.DataFrame | None:
    """A table of printed numbers under its usual columns; None where it lists persons.

    Totals alone (``stage, count``, without composition) get empty columns ``variable``
    and ``category``, which is how the total of a stage is written among compositions.

    Parameters
    ----------
    frame : DataFrame
    stages : sequence of str
        Stages that were named; where one is a column, the table lists persons.

    Examples
    --------
    >>> letters = pd.DataFrame({"Stage": ["invited", "selected"], "n": [10_000, 45]})
    >>> printed_table(letters).columns.tolist()
    ['stage', 'count', 'variable', 'category']
    >>> printed_table(pd.DataFrame({"invited": [1, 1], "selected": [0, 1]})) is None
    True
    """
    names = {c: str(c).strip().lower() for c in frame.columns}
    lower = set(names.values())
    if {"stage", "variable", "category"} <= lower:
        return frame
    if "stage" not in lower or lower & {"variable", "category"} or set(stages) & set(names):
        return None
    amount = next((c for c in ("count", "n", "people", "number") if c in lower), None)
    if amount is None:
        return None
    table = frame.rename(columns=names).rename(columns={amount: "count"})
    return table[["stage", "count"]].assign(variable=None, category=None)


def flow_from_counts(
    frame: pd.DataFrame,
    stages: Sequence[str],
    variables: Sequence[str] | None,
    population: Population | str | None,
    totals: Mapping[str, float] | None,
    late_joiners: Mapping[str, float] | str,
    rest: str | None,
) -> Flow:
    """The flow of counts or percentages as a report prints them.

    Parameters
    ----------
    frame : DataFrame
        ``stage, variable, category`` and ``count``, ``percent`` or ``share`` (or
        ``unit`` and ``value``), perhaps ``base_n``. A row without variable and
        category holds the total of its stage.
    stages : sequence of str
        In order.
    variables : sequence of str, optional
    population : Population or str, optional
        The reference, or the stage of the frame that holds it.
    totals : mapping, optional
        Stage to its number of people.
    late_joiners : mapping
        Stage to people who joined there.
    rest : str, optional
        Name of the category for what is not printed.
    """
    table = _long(frame)
    if totals is not None and not isinstance(totals, Mapping):
        raise DataError("The totals are no mapping.", remedy="Give {stage: number of people}.")
    totals = {str(k): to_number(v, f"total of {k!r}") for k, v in (totals or {}).items()}
    totals = {**_printed_totals(table), **totals}
    table = table[table["variable"].notna()]
    known = list(dict.fromkeys([*table["stage"], *totals]))
    _require_stages([*stages, *([population] if isinstance(population, str) else [])], known)
    names = tuple(dict.fromkeys(variables or table["variable"]))
    for name in names:
        if name not in set(table["variable"]):
            close = get_close_matches(name, list(dict.fromkeys(table["variable"])), n=1)
            raise DataError(
                f"No stage prints the variable {name!r}.",
                remedy=f"The closest is {close[0]!r}." if close else None,
            )
    reading = _Reading(table, totals, rest)
    label, source = _named_population(table, names, population, reading)
    used = [stage for stage in stages if stage != label]
    _check_whole(table[table["stage"].isin(used)])
    categories, counts, shares = _stages_of(reading, used, names, source)
    for stage in used:
        _settle_total(reading, stage, names, counts)
    joined = _joined(late_joiners, used, reading.totals)
    flow = Flow(
        tuple(used),
        {stage: reading.totals.get(stage, math.nan) for stage in used},
        joined,
        categories,
        counts,
        {key: value for key, value in counts.items() if not joined[key[0]]},
        shares,
        {} if source is None else _reference(source, names, categories, reading.rest),
        "population" if source is None or not label else label,
        reading.every_note(),
    )
    _check_shrinking(flow)
    return flow


@dataclass
class _Reading:
    """What is being read: the rows, the totals found so far, the notes to be kept."""

    table: pd.DataFrame
    totals: dict[str, float]
    rest: str | None
    notes: list[str] = field(default_factory=list)
    gathered: dict[str, list[str]] = field(default_factory=dict)

    def gather(self, variable: str, reason: str) -> None:
        """Note a reason once, with all variables that it concerns."""
        self.gathered.setdefault(reason, []).append(variable)

    def every_note(self) -> tuple[str, ...]:
        """All notes; a reason shared by variables is said once."""
        shared = [f"{reason}: {', '.join(names)}" for reason, names in self.gathered.items()]
        return (*self.notes, *shared)


def _long(frame: pd.DataFrame) -> pd.DataFrame:
    """The printed table with columns stage, variable, category, unit, value, base_n."""
    table = frame.rename(columns={c: str(c).strip().lower() for c in frame.columns})
    require_columns(table, ["stage", "variable", "category"])
    out = pd.DataFrame(
        {c: [as_text(v) for v in table[c]] for c in ("stage", "variable", "category")}
    )
    if out["stage"].isna().any():
        row = int(out["stage"].isna().to_numpy().argmax())
        raise DataError("The stage is empty.", row=row + 2, column="stage")
    if {"unit", "value"} <= set(table.columns):
        out["unit"] = [as_text(v) for v in table["unit"]]
        out["value"] = to_numbers(table, ["value"])["value"].to_numpy()
        odd = ~out["unit"].isin(["count", "percent", "share"])
        if odd.any():
            row = int(odd.to_numpy().argmax())
            raise DataError(
                f"The unit {out['unit'].iloc[row]!r} is not known.",
                row=row + 2,
                column="unit",
                remedy="Write count, percent or share.",
            )
    else:
        units = [c for c in ("count", "percent", "share") if c in table.columns]
        if not units:
            require_columns(table, ["count"])
        numbers = to_numbers(table, units)[units]
        out["unit"], out["value"] = units[0], numbers[units[0]].to_numpy()
        for unit in units[1:]:
            use = out["value"].isna() & numbers[unit].notna().to_numpy()
            out.loc[use, "unit"], out.loc[use, "value"] = unit, numbers[unit].to_numpy()[use]
    name = next((c for c in ("base_n", "n") if c in table.columns), None)
    out["base_n"] = math.nan if name is None else to_numbers(table, [name])[name].to_numpy()
    _check_values(out)
    return out


def _check_whole(table: pd.DataFrame) -> None:
    """People at a stage are whole; a population may be an estimate."""
    broken = table[(table["unit"] == "count") & (table["value"] % 1 != 0)]
    if len(broken):
        at = broken.iloc[0]
        raise DataError(
            f"{at['value']:g} is not a whole number of people.",
            row=int(broken.index[0]) + 2,
            column="count",
            remedy=f"It is that of {at['stage']}: {at['variable']}: {at['category']}. If it is a "
            "percentage, put it into a column `percent`.",
        )


def _check_values(out: pd.DataFrame) -> None:
    for problem, wrong in (
        ("The number is missing.", out["value"].isna()),
        ("The number is negative.", out["value"] < 0),
    ):
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            cells = [out[c].iloc[row] for c in ("stage", "variable", "category")]
            shown = ": ".join(cell for cell in cells if cell is not None)
            raise DataError(
                problem,
                row=row + 2,
                column=str(out["unit"].iloc[row]),
                remedy=f"It is that of {shown}.",
            )
    doubled = out.duplicated(["stage", "variable", "category"])
    if doubled.any():
        row = int(doubled.to_numpy().argmax())
        at = out.iloc[row]
        if at["variable"] is None:
            raise DataError(f"The total of the stage {at['stage']!r} stands twice.", row=row + 2)
        raise DataError(
            f"{at['variable']}: the category {at['category']!r} stands twice at {at['stage']!r}.",
            row=row + 2,
        )


def _printed_totals(table: pd.DataFrame) -> dict[str, float]:
    """Totals from rows without a variable, else from the base printed beside the numbers."""
    rows = table[table["variable"].isna()]
    broken = rows[(rows["unit"] != "count") | (rows["value"] % 1 != 0)]
    if len(broken):
        at = broken.iloc[0]
        raise DataError(
            f"The total of the stage {at['stage']!r} is {at['value']:g}"
            f"{'' if at['unit'] == 'count' else ' ' + at['unit']}, not a number of people.",
            row=int(broken.index[0]) + 2,
            remedy="Give the number of people of the stage.",
        )
    found = dict(zip(rows["stage"], rows["value"].astype(float), strict=True))
    for stage, part in table.dropna(subset=["base_n"]).groupby("stage", sort=False):
        found.setdefault(str(stage), float(part["base_n"].max()))
    return {str(stage): value for stage, value in found.items()}


def _require_stages(stages: Sequence[str], known: Sequence[str]) -> None:
    for stage in stages:
        if stage not in known:
            close = get_close_matches(str(stage), known, n=1)
            raise DataError(
                f"There is no stage {stage!r}.",
                remedy=f"The closest is {close[0]!r}."
                if close
                else f"There are {', '.join(map(repr, known))}; a stage of which only the number "
                "is known goes into totals=.",
            )


def _named_population(
    table: pd.DataFrame,
    names: Sequence[str],
    population: Population | str | None,
    reading: _Reading,
) -> tuple[str, Population | None]:
    """The reference, and the stage of the frame that it was read from (or nothing)."""
    if isinstance(population, Population):
        return "", population
    label = population or ("population" if "population" in set(table["stage"]) else "")
    rows = table[(table["stage"] == label) & table["variable"].isin(names)]
    if not label or rows.empty:
        return "", None
    parts = []
    for variable, part in rows.groupby("variable", sort=False):
        unit = _one_unit(part, label, str(variable))
        filled = _with_rest(part, unit, math.nan, reading)
        parts.append(
            pd.DataFrame(
                {"variable": variable, "category": filled["category"], unit: filled["value"]}
            )
        )
    source = population_of(pd.concat(parts, ignore_index=True))
    reading.notes += [f"{label}: {note}" for note in source.notes]
    return label, source


def _one_unit(part: pd.DataFrame, stage: str, variable: str) -> str:
    units = list(dict.fromkeys(part["unit"]))
    if len(units) > 1:
        raise DataError(
            f"{variable} at {stage!r} is printed partly as {units[0]}, partly as {units[1]}.",
            remedy="Give one of them for all its categories.",
        )
    return str(units[0])


def _with_rest(part: pd.DataFrame, unit: str, n: float, reading: _Reading) -> pd.DataFrame:
    """The rows, with one more for what is not printed where that was asked for."""
    whole = {"percent": 100.0, "share": 1.0, "count": n}[unit]
    left = whole - float(part["value"].sum())
    if reading.rest is None or math.isnan(left) or left <= 0.02 * whole:
        return part
    at = part.iloc[0]
    reading.notes.append(
        f"{at['stage']}: {left:g} {unit} of {at['variable']} are not printed and were put into "
        f"{reading.rest!r}"
    )
    more = pd.DataFrame([{**at.to_dict(), "category": reading.rest, "value": left}])
    return pd.concat([part, more], ignore_index=True)


def _stages_of(
    reading: _Reading, stages: Sequence[str], names: Sequence[str], source: Population | None
) -> tuple[
    dict[str, tuple[str, ...]], dict[tuple[str, str], Floats], dict[tuple[str, str], Floats]
]:
    categories, counts, shares = {}, {}, {}
    for v in names:
        own = {}
        for stage in stages:
            rows = reading.table
            part = rows[(rows["stage"] == stage) & (rows["variable"] == v)]
            if len(part):
                unit = _one_unit(part, stage, v)
                n = reading.totals.get(stage, math.nan)
                own[stage] = (unit, _with_rest(part, unit, n, reading))
        found = dict.fromkeys(
            c for _, part in own.values() for c in part["category"] if not is_unknown(c)
        )
        known = source.categories(v) if source is not None and v in source.variables else ()
        partial = reading.rest is not None and reading.rest in {*known, *found}
        if known and not partial:
            require_known(found, known, variable=v, where="a stage")
            categories[v] = known
        else:
            categories[v] = tuple(dict.fromkeys(str(c) for c in (*known, *found)))
        for stage, (unit, part) in own.items():
            got, share = _read_stage(reading, stage, v, unit, part, categories[v])
            if got is not None:
                counts[(stage, v)] = got
            shares[(stage, v)] = share
    return categories, counts, shares


def _read_stage(
    reading: _Reading,
    stage: str,
    variable: str,
    unit: str,
    part: pd.DataFrame,
    categories: Sequence[str],
) -> tuple[Floats | None, Floats]:
    """Counts (where they are known) and shares of one variable at one stage."""
    printed = dict(zip(part["category"], part["value"].astype(float), strict=True))
    n = reading.totals.get(stage, math.nan)
    _check_sum(stage, variable, unit, sum(printed.values()), n)
    apart = {c: x for c, x in printed.items() if is_unknown(c)}
    if apart:
        said = ", ".join(f"{c} {x:g}" for c, x in apart.items())
        reading.notes.append(f"{variable} at {stage}: left out of the shares: {said} ({unit})")
    absent = [c for c in categories if c not in printed]
    if absent and unit == "count" and sum(printed.values()) < n and reading.rest not in printed:
        raise DataError(
            f"{variable} at {stage!r}: {absent[0]!r} is not printed, and the printed counts sum "
            f"to {sum(printed.values()):g} of {n:g}: it may be 0 or not known.",
            remedy="Add the row, with 0 if there was nobody.",
        )
    # what is not printed where there is a remainder is somewhere in it: not known, and not 0
    blank = math.nan if reading.rest in printed else 0.0
    values = np.array([printed.get(c, blank) for c in categories])
    if np.nansum(values) <= 0:
        raise DataError(f"{variable} at {stage!r}: nobody is counted in a known category.")
    share = values / np.nansum(values)
    if np.isnan(values).any():
        return None, share
    if unit == "count":
        return values, share
    percent = values * (100.0 if unit == "share" else 1.0)
    counts = _whole_people(percent, n) if not apart else None
    if counts is None:
        why = (
            ""
            if math.isnan(n)
            else f", because not one single set of whole numbers out of {n:g} gives them"
        )
        reading.gather(
            variable, f"{stage}: percentages serve as shares, without counts and tests{why}"
        )
        return None, share
    reading.gather(
        variable,
        f"{stage}: counts worked out from percentages as the only whole numbers out of {n:g} "
        "that give them",
    )
    return counts, counts / counts.sum()


def _check_sum(stage: str, variable: str, unit: str, total: float, n: float) -> None:
    if unit == "count":
        if total > n:
            raise DataError(
                f"{variable} at {stage!r}: the counts sum to {total:g}, more than the stage's "
                f"{n:g} people.",
                remedy="Look for a category that is counted twice, or mend the total.",
            )
        return
    percent = total * (100 if unit == "share" else 1)
    if abs(percent - 100) > SUM_TOLERANCE + 1e-9:
        raise DataError(
            f"{variable} at {stage!r}: the printed shares sum to {percent:g}%.",
            remedy="Add the category that is missing, or have the remainder as one of its own: "
            "rest='not printed'.",
        )


def _whole_people(percent: Floats, n: float) -> Floats | None:
    """The only whole numbers of people that give the percentages as printed, or None."""
    if math.isnan(n) or n % 1 != 0:
        return None
    digits = max((_decimals(p) for p in percent), default=0)
    if n > 100 * 10**digits:
        return None  # several counts would give the same percentage
    half = 0.5 * 10.0**-digits + 1e-9
    counts = np.round(percent * n / 100)
    exact = np.abs(100 * counts / n - percent) <= half
    if not exact.all() or counts.sum() != n:
        return None
    return np.asarray(counts)


def _decimals(number: float) -> int:
    text = f"{number:.6f}".rstrip("0")
    return len(text.split(".")[1])


def _settle_total(
    reading: _Reading,
    stage: str,
    names: Sequence[str],
    counts: Mapping[tuple[str, str], Floats],
) -> None:
    """The total of a stage where none is printed: the largest sum; what is not known is said."""
    sums = {v: float(counts[(stage, v)].sum()) for v in names if (stage, v) in counts}
    if not sums:
        return
    if stage not in reading.totals:
        reading.totals[stage] = max(sums.values())
        if len(set(sums.values())) > 1:
            listed = ", ".join(f"{v} {x:g}" for v, x in sums.items())
            reading.notes.append(
                f"{stage}: the variables count different numbers ({listed}); the largest is taken"
            )
    less = [f"{v} {reading.totals[stage] - x:g}" for v, x in sums.items()
            if x < reading.totals[stage]]  # fmt: skip
    if less:
        reading.notes.append(f"{stage}: category not known: {', '.join(less)}")


def _joined(
    late_joiners: Mapping[str, float] | str, stages: Sequence[str], totals: Mapping[str, float]
) -> dict[str, float]:
    if isinstance(late_joiners, str):
        if late_joiners != "error":
            raise DataError(
                f"late_joiners is {late_joiners!r}, and who joined cannot be seen from counts.",
                remedy="Give their number: late_joiners={'stage': number}.",
            )
        return dict.fromkeys(stages, 0.0)
    for stage, number in late_joiners.items():
        if stage not in stages:
            raise DataError(f"late_joiners names {stage!r}, which is no stage.")
        if not 0 <= float(number) <= totals.get(stage, math.inf):
            raise DataError(
                f"late_joiners says that {number:g} joined at {stage!r}, which has "
                f"{totals.get(stage, math.nan):g} people.",
                remedy="Count only those present at the stage.",
            )
    return {stage: float(late_joiners.get(stage, 0)) for stage in stages}


def _check_shrinking(flow: Flow) -> None:
    """No stage may hold more people than the one before, joiners apart."""
    remedy = (
        "Mend the count; or, if people joined at this stage, give their number: "
        "late_joiners={{{stage!r}: number}}."
    )
    known = [s for s in flow.stages if not math.isnan(flow.totals[s])]
    for earlier, later in itertools.pairwise(known):
        if flow.totals[later] - flow.joined[later] > flow.totals[earlier]:
            raise DataError(
                f"The order of the stages is broken: {later!r} has {flow.totals[later]:g} people, "
                f"{earlier!r} before it {flow.totals[earlier]:g}.",
                remedy=remedy.format(stage=later),
            )
    for v in flow.variables:
        own = [s for s in flow.stages if (s, v) in flow.counts]
        for earlier, later in itertools.pairwise(own):
            between = flow.stages[flow.stages.index(earlier) + 1 : flow.stages.index(later) + 1]
            more = flow.counts[(later, v)] > flow.counts[(earlier, v)]
            # who is unknown before may be known after: only what exceeds that is impossible
            spare = flow.totals[earlier] - flow.counts[(earlier, v)].sum()
            over = np.maximum(0, flow.counts[(later, v)] - flow.counts[(earlier, v)]).sum()
            if over > max(spare, 0) and not any(flow.joined[s] for s in between):
                c = flow.categories[v][int(more.argmax())]
                place = int(more.argmax())
                raise DataError(
                    f"{v}: {later!r} has {flow.counts[(later, v)][place]:g} people of {c!r}, "
                    f"{earlier!r} before it {flow.counts[(earlier, v)][place]:g}.",
                    remedy=remedy.format(stage=later),
                )
