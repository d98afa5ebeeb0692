"""Weights that bring a panel to its population: raking, post-stratification, calibration.

One rule for people whose category of a variable is not known, by name:

- ``"keep"`` (the default): they keep, together, the share that the starting weights give
  them; the targets of the known categories are scaled to the rest, so that the known match
  the population among themselves;
- ``"leave out"``: they get the weight 0;
- ``"error"``: they are an error.

People in a category whose target is 0 get the weight 0, with a warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.errors import ConvergenceWarning, DataError, SharesWarning, WeightsWarning, warn
from dmpkit.representativeness.calibration import (
    METHODS,
    Bounds,
    Method,
    calibrate_codes,
    least_misfit,
    narrowest_bounds,
)
from dmpkit.representativeness.data import Panel, Population, panel_of, population_of
from dmpkit.representativeness.entries import to_names, to_number, to_whole
from dmpkit.representativeness.labels import require_known
from dmpkit.representativeness.raking import CodedWeights, cells_of, rake_codes
from dmpkit.representativeness.weights import Weights, achieved_margins, relative_error
from dmpkit.tables import require_columns, to_pandas

__all__ = ["calibrate", "design_weights", "post_stratify", "rake"]

Floats: TypeAlias = NDArray[np.float64]
Unknown: TypeAlias = Literal["keep", "leave out", "error"]

#: A weight this many times the mean carries one person far; it is said.
FAR = 5.0
_MOST_NAMED = 6


@dataclass(frozen=True, eq=False)
class _Coded:
    """A panel as codes beside the shares that are asked of it."""

    panel: Panel
    total: float
    variables: tuple[str, ...]
    categories: tuple[tuple[str, ...], ...]
    asked: tuple[Floats, ...]  # population shares of the known categories
    codes: tuple[NDArray[np.intp], ...]  # len(categories) where unknown
    base: Floats
    included: NDArray[np.bool_]
    notes: list[str]

    def targets(self) -> list[Floats]:
        """What the weights of each category, and of the unknown, shall sum to."""
        out = []
        base = self.base[self.included]
        for shares, code in zip(self.asked, self.codes, strict=True):
            own = base[code[self.included] == len(shares)].sum() / base.sum()
            parts = [*(shares * (1 - own)), own] if own else list(shares)
            out.append(np.array(parts) * self.total)
        return out

    def used_codes(self) -> list[NDArray[np.intp]]:
        return [code[self.included] for code in self.codes]


# --- the ways to weight --------------------------------------------------------------


def rake(
    panel: Any,
    population: Any,
    base_weights: str | ArrayLike | None = None,
    *,
    variables: Sequence[str] | None = None,
    unknown: Unknown = "keep",
    tolerance: float = 1e-10,
    max_iterations: int = 500,
) -> Weights:
    """Raking: weights that reproduce each margin of the population.

    In turn for each variable the weights of every category are multiplied by target over
    sum until all margins agree (Deming & Stephan 1940, doi:10.1214/aoms/1177731829).

    Parameters
    ----------
    panel : Panel or DataFrame
        A participant list, one row a person.
    population : Population, DataFrame or mapping
        Margins suffice.
    base_weights : str or array, optional
        Column of the participant list, or one number a person; 1 when not given.
    variables : sequence of str, optional
        All that panel and population share when not given.
    unknown : {"keep", "leave out", "error"}
        Rule for people whose category is not known (see the module).
    tolerance : float
        Largest relative error of a margin.
    max_iterations : int
        Passes over all margins.

    Returns
    -------
    Weights

    Raises
    ------
    DataError
        When the panel is known by counts only, labels do not match, a category that the
        population has is empty in the panel, or no weights meet the margins together; the
        message names the categories.

    Warns
    -----
    WeightsWarning
        Where a weight is more than 5 times the mean, or people of unknown category are kept.
    ConvergenceWarning
        Where the margins can be met only in the limit of weights of 0.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["woman", "woman", "woman", "man"]})
    >>> weights = rake(people, {"gender": {"woman": 0.5, "man": 0.5}})
    >>> weights.weights.round(4).tolist(), round(weights.design_effect, 4)
    ([0.6667, 0.6667, 0.6667, 2.0], 1.3333)
    """
    tolerance, max_iterations = _search(tolerance, max_iterations)
    coded = _coded(panel, population, base_weights, variables, unknown)
    targets = coded.targets()
    _require_met(coded, targets)
    base = coded.base[coded.included]
    found = rake_codes(
        coded.used_codes(), targets, base, tolerance=tolerance, max_iterations=max_iterations
    )
    if not found.converged:
        _explain(coded, targets, found, None)
    return _weights(coded, found, "raking", "equal")


def calibrate(
    panel: Any,
    population: Any,
    base_weights: str | ArrayLike | None = None,
    *,
    method: Method = "linear",
    bounds: Bounds | None = None,
    variables: Sequence[str] | None = None,
    unknown: Unknown = "keep",
    tolerance: float = 1e-10,
    max_iterations: int = 100,
) -> Weights:
    """Calibration: the weights nearest to the starting weights that reproduce each margin.

    After Deville & Särndal (1992, doi:10.1080/01621459.1992.10475217). ``linear`` is the
    regression estimator, whose weights can be negative; ``raking`` gives what :func:`rake`
    gives; ``logit`` keeps every ratio of a weight to its starting weight within `bounds`.

    Parameters
    ----------
    panel, population, base_weights, variables, unknown, tolerance
        As for :func:`rake`.
    method : {"linear", "raking", "logit"}
        Distance that is kept small.
    bounds : (float, float), optional
        Lowest and highest ratio of a weight to its starting weight, once the starting
        weights are scaled to the size of the population. Needed by ``logit``; cuts ``linear``
        and ``raking`` off.
    max_iterations : int
        Newton steps.

    Returns
    -------
    Weights

    Raises
    ------
    DataError
        As for :func:`rake`; and when the bounds leave no weights that meet the margins, with
        the narrowest upper bound that would.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["woman", "woman", "woman", "man"]})
    >>> shares = {"gender": {"woman": 0.5, "man": 0.5}}
    >>> calibrate(people, shares, method="logit", bounds=(0.3, 3)).weights.round(4).tolist()
    [0.6667, 0.6667, 0.6667, 2.0]
    """
    tolerance, max_iterations = _search(tolerance, max_iterations)
    if method not in METHODS:
        raise DataError(
            f"{method!r} is not a method of calibration.",
            remedy=f"Use {', '.join(map(repr, METHODS))}.",
        )
    coded = _coded(panel, population, base_weights, variables, unknown)
    targets = coded.targets()
    _require_met(coded, targets)
    found = calibrate_codes(
        coded.used_codes(),
        targets,
        coded.base[coded.included],
        method=method,
        bounds=bounds,
        tolerance=tolerance,
        max_iterations=max_iterations,
    )
    if not found.converged:
        _explain(coded, targets, found, bounds, linear=method == "linear")
    names = {"linear": "linear calibration", "raking": "raking (as calibration)"}
    said = names.get(method, "logit calibration")
    return _weights(coded, found, said, "base", bounds=bounds)


def post_stratify(
    panel: Any,
    population: Any,
    base_weights: str | ArrayLike | None = None,
    *,
    variables: Sequence[str] | None = None,
    unknown: Unknown = "keep",
) -> Weights:
    """Post-stratification: weights that reproduce every cell of the population's joint table.

    A weight is the starting weight times population share over weighted panel share of the
    person's cell (Holt & Smith 1979, doi:10.2307/2344652).

    Parameters
    ----------
    panel, population, base_weights, variables, unknown
        As for :func:`rake`; the population has a joint table unless there is one variable.

    Returns
    -------
    Weights

    Raises
    ------
    DataError
        Without a joint table, or where the population has cells that the panel lacks: the
        message names the largest of them.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["woman", "woman", "woman", "man"]})
    >>> post_stratify(people, {"gender": {"woman": 0.5, "man": 0.5}}).weights.round(4).tolist()
    [0.6667, 0.6667, 0.6667, 2.0]
    """
    coded = _coded(panel, population, base_weights, variables, unknown, zero_targets=False)
    cell, target, names = _joint_codes(coded, population_of(population))
    empty_target = target[cell] == 0
    if (empty_target & coded.included).any():
        n = int((empty_target & coded.included).sum())
        said = (
            f"{n} {'person is' if n == 1 else 'people are'} in a cell that the population does "
            "not have; the weight is 0"
        )
        warn(f"{said[0].upper()}{said[1:]}.", SharesWarning)
        coded.notes.append(said)
        coded.included[empty_target] = False
    base = np.where(coded.included, coded.base, 0.0)
    held = np.bincount(cell, base, len(target))
    missing = (held == 0) & (target > 0)
    if missing.any():
        _refuse_cells(names, target, missing)
    own = held[len(names) :].sum() / held.sum()  # unknown cells keep what they hold
    goal = target * (1 - own) * coded.total
    goal[len(names) :] = held[len(names) :] / held.sum() * coded.total
    factor = np.divide(goal, held, out=np.zeros_like(goal), where=held > 0)
    found = CodedWeights((base * factor[cell])[coded.included], 1, True, 0.0)
    return _weights(coded, found, "post-stratification", "base", cells=cell)


def design_weights(panel: Any, base_weights: str | ArrayLike) -> Weights:
    """Weights that are given, such as the number of eligible adults at an address.

    Nothing is adjusted; the result offers the design effect, trimming and estimates.

    Parameters
    ----------
    panel : Panel or DataFrame
        A participant list.
    base_weights : str or array
        Column of the list, or one number a person.

    Returns
    -------
    Weights
        With the sum of the weights given.

    Examples
    --------
    >>> people = pd.DataFrame({"gender": ["woman", "man"], "adults": [1, 3]})
    >>> design_weights(people, "adults").shares(people["gender"])["share"].tolist()
    [0.75, 0.25]
    """
    given = panel if isinstance(panel, Panel) else Panel.from_frame(panel)
    base = _base(given, base_weights)
    none = pd.DataFrame(
        columns=["variable", "category", "n", "base_share", "target", "share", "gap"]
    )
    return Weights(base, base, _persons(given), "design weights", none)


def _search(tolerance: float, max_iterations: int) -> tuple[float, int]:
    """When the search for weights ends, checked."""
    within = to_number(tolerance, "tolerance", remedy="Give a small number such as 1e-10.")
    if within < 0:
        raise DataError(f"The tolerance is {tolerance!r}.", remedy="Give a number such as 1e-10.")
    return within, to_whole(max_iterations, "number of iterations", least=1)


# --- what goes in ----------------------------------------------------------------


def _coded(
    panel: Any,
    population: Any,
    base_weights: str | ArrayLike | None,
    variables: Sequence[str] | None,
    unknown: str,
    *,
    zero_targets: bool = True,
) -> _Coded:
    """Panel and population as codes and targets, after all checks."""
    if unknown not in ("keep", "leave out", "error"):
        raise DataError(
            f"{unknown!r} is no rule for unknown categories.",
            remedy="Use 'keep', 'leave out' or 'error'.",
        )
    whole = population_of(population)
    people = _panel(panel, whole, variables)
    if people.members is None:
        raise DataError(
            "Weights belong to people, and of this panel only counts are known.",
            remedy="Give the participant list, one row a person.",
        )
    names, notes = _shared_variables(people, whole, variables)
    base = _base(people, base_weights)
    included, codes = base > 0, []
    for name in names:
        categories = whole.categories(name)
        code = _codes(people, name, categories)
        _apply_unknown(code, len(categories), name, unknown, included, notes)
        codes.append(code)
    asked = [np.asarray(whole.shares(name), dtype=np.float64) for name in names]
    if zero_targets:
        for name, code, shares in zip(names, codes, asked, strict=True):
            _leave_out_zero_targets(name, code, shares, whole.categories(name), included, notes)
    if not included.any():
        raise DataError("Nobody is left to be weighted.", remedy="Look at the base weights.")
    total = float(whole.size) if whole.size is not None else float(included.sum())
    categories_of = tuple(whole.categories(name) for name in names)
    return _Coded(
        people, total, names, categories_of, tuple(asked), tuple(codes), base, included, notes
    )


def _panel(panel: Any, population: Population, variables: Sequence[str] | None) -> Panel:
    """The panel; of a bare frame only the variables that are asked for are looked at."""
    if isinstance(panel, Panel | str):
        return panel_of(panel)
    if not hasattr(panel, "columns"):
        return panel_of(panel)
    frame = to_pandas(panel)
    if {"variable", "category", "count"} <= set(map(str, frame.columns)):
        return panel_of(frame)
    wanted = population.variables if variables is None else _names(variables)
    there = [name for name in wanted if name in frame.columns]
    if variables is not None:
        require_columns(frame, there if not wanted else list(wanted))
    return Panel.from_frame(frame, variables=there) if there else Panel.from_frame(frame)


def _names(variables: Sequence[str]) -> list[str]:
    return to_names(variables)


def _shared_variables(
    panel: Panel, population: Population, variables: Sequence[str] | None
) -> tuple[tuple[str, ...], list[str]]:
    if variables is not None:
        names = _names(variables)
        population.only(names)  # says which it does not have
        for name in names:
            panel.of(name)
        return tuple(names), []
    shared = tuple(name for name in population.variables if name in panel.variables)
    if not shared:
        raise DataError(
            "Panel and population share no variable.",
            remedy=f"The population has {', '.join(map(repr, population.variables))}, the panel "
            f"{', '.join(map(repr, panel.variables[:12]))}.",
        )
    left = [name for name in population.variables if name not in shared]
    notes = [f"not weighted by {', '.join(left)}: the panel does not have it"] if left else []
    return shared, notes


def _codes(panel: Panel, name: str, categories: tuple[str, ...]) -> NDArray[np.intp]:
    """Category of each person; one beyond the last where unknown."""
    require_known(panel.of(name).index, categories, variable=name)
    people = cast(pd.DataFrame, panel.members)  # checked by who calls
    codes = pd.Categorical(people[name], categories=list(categories)).codes
    return np.where(codes < 0, len(categories), codes).astype(np.intp)


def _apply_unknown(
    code: NDArray[np.intp],
    n_categories: int,
    name: str,
    rule: str,
    included: NDArray[np.bool_],
    notes: list[str],
) -> None:
    open_ones = (code == n_categories) & included
    n = int(open_ones.sum())
    if not n:
        return
    people = "1 person has" if n == 1 else f"{n} people have"
    if rule == "error":
        raise DataError(
            f"{people} no known category.",
            row=int(open_ones.argmax()) + 2,
            column=name,
            remedy="Fill it in, or choose unknown='keep' or unknown='leave out'.",
        )
    if rule == "leave out":
        included[open_ones] = False
        notes.append(f"{name}: {people} no known category and got the weight 0")
        return
    said = (
        f"{name}: {people} no known category and keep the share that the starting weights give "
        "them; the known are weighted to the population among themselves"
    )
    notes.append(said)
    warn(f"{said}.", WeightsWarning)


def _leave_out_zero_targets(
    name: str,
    code: NDArray[np.intp],
    shares: Floats,
    categories: Sequence[str],
    included: NDArray[np.bool_],
    notes: list[str],
) -> None:
    gone = np.append(shares == 0, False)[code] & included
    if not gone.any():
        return
    n = int(gone.sum())
    labels = ", ".join(repr(categories[c]) for c in np.unique(code[gone]))
    said = f"{name}: {n} in {labels}, which has a target of 0, got the weight 0"
    warn(f"{said}.", SharesWarning)
    notes.append(said)
    included[gone] = False


def _base(panel: Panel, base_weights: str | ArrayLike | None) -> Floats:
    """Starting weights, checked."""
    if base_weights is None:
        return np.ones(panel.n)
    if isinstance(base_weights, str):
        if panel.members is None:
            raise DataError("Weights belong to people, and of this panel only counts are known.")
        require_columns(panel.members, [base_weights])
        column, where = panel.members[base_weights], base_weights
    else:
        given = np.asarray(base_weights)
        if given.ndim != 1:
            raise DataError("The base weights are not one row.", remedy="Give one number a person.")
        column, where = pd.Series(given), "base_weights"
    if len(column) != panel.n:
        raise DataError(f"There are {len(column)} base weights for {panel.n} people.")
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    bad = ~np.isfinite(numbers) | (numbers < 0)
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"The base weight {str(column.iloc[row])!r} is not a number of 0 or more.",
            row=row + 2,
            column=where,
            remedy="Give every person a weight.",
        )
    if not numbers.sum() > 0:
        raise DataError("All base weights are 0.", column=where)
    return numbers


def _persons(panel: Panel) -> NDArray[Any]:
    if panel.members is not None and panel.person is not None:
        return np.asarray(panel.members[panel.person])
    return np.arange(1, panel.n + 1)


# --- margins that cannot be met ----------------------------------------------------


def _require_met(coded: _Coded, targets: Sequence[Floats]) -> None:
    """Refuse categories that the population has and nobody in the panel is in."""
    base = coded.base[coded.included]
    empty = []
    for name, categories, code, target in zip(
        coded.variables, coded.categories, coded.used_codes(), targets, strict=True
    ):
        held = np.bincount(code, base, len(target))
        for position in np.flatnonzero((held == 0) & (target > 0)):
            share = 100 * target[position] / coded.total
            empty.append(f"{name} {categories[position]!r} ({share:.1f} % of the population)")
    if empty:
        more = f" and {len(empty) - _MOST_NAMED} more" if len(empty) > _MOST_NAMED else ""
        raise DataError(
            f"No weights can meet these margins: nobody in the panel is in "
            f"{', '.join(empty[:_MOST_NAMED])}{more}.",
            remedy="Merge the category with a neighbour in panel and population (.recode), or "
            "leave the variable out.",
        )


def _explain(
    coded: _Coded,
    targets: Sequence[Floats],
    found: CodedWeights,
    bounds: Bounds | None,
    *,
    linear: bool = False,
) -> None:
    """Say why the margins were not met: an error where no weights do, else a warning."""
    codes, base = coded.used_codes(), coded.base[coded.included]
    within = bounds or (-np.inf if linear else 0.0, np.inf)
    gaps = least_misfit(codes, targets, base, bounds=within)
    missed = "" if gaps is None else _named_gaps(coded, gaps)
    if missed and bounds is not None and not _named_gaps(coded, least_misfit(codes, targets, base)):
        least = narrowest_bounds(codes, targets, base, low=bounds[0])
        helps = (
            f"With the lower bound {bounds[0]:g} the upper one must be at least {least:.4g}."
            if np.isfinite(least)
            else "No upper bound helps with this lower bound; lower it."
        )
        raise DataError(
            f"No weights between {bounds[0]:g} and {bounds[1]:g} times the starting weights meet "
            f"the margins; what is out of reach: {missed}.",
            remedy=f"{helps} Or merge categories.",
        )
    if missed:
        kind = "No weights" if linear else "No weights of 0 or more"
        raise DataError(
            f"{kind} meet these margins together: the combinations that the "
            f"panel has leave out of reach {missed}.",
            remedy="Merge categories in panel and population (.recode), or leave out one of the "
            "variables that overlap; other categories of the same variables may do as well.",
        )
    reason = (
        "the search ended before they were met"
        if gaps is None
        else "weights that meet them exist, but some combinations may need weights of about 0"
    )
    warn(
        f"The margins are met up to a relative error of {found.error:.1e} only: {reason}. Merge "
        "categories, or allow more iterations.",
        ConvergenceWarning,
    )
    coded.notes.append(f"not converged (relative margin error {found.error:.1e})")


def _named_gaps(coded: _Coded, gaps: Sequence[Floats] | None) -> str:
    """``age '65+' (2.1 points too few reachable)`` for each category that must be missed."""
    if gaps is None:
        return ""
    named = []
    for name, categories, gap in zip(coded.variables, coded.categories, gaps, strict=True):
        for position in np.flatnonzero(gap):
            label = categories[position] if position < len(categories) else "(unknown)"
            points = 100 * gap[position] / coded.total
            way = "below" if points > 0 else "above"
            named.append((abs(points), f"{name} {label!r} (ends {abs(points):.2g} points {way})"))
    named.sort(key=lambda pair: -pair[0])
    return ", ".join(text for _, text in named[:_MOST_NAMED])


# --- post-stratification ---------------------------------------------------------


def _joint_codes(
    coded: _Coded, population: Population
) -> tuple[NDArray[np.intp], Floats, list[str]]:
    """Cell of each person, population share of each cell, and the names of its cells.

    Cells of people with an unknown category come last and have no name.
    """
    joint = population.only(coded.variables).joint
    sizes = [len(c) + 1 for c in coded.categories]
    if joint is None and len(coded.variables) > 1:
        raise DataError(
            "Post-stratification needs the population's joint table, and only margins are known.",
            remedy="Use rake(), which needs margins only.",
        )
    if joint is None:
        name = coded.variables[0]
        joint = pd.DataFrame({name: coded.categories[0], "count": coded.asked[0]})
    joint = joint[joint["count"] > 0]
    columns = [
        pd.Categorical(joint[name], categories=list(categories)).codes.astype(np.intp)
        for name, categories in zip(coded.variables, coded.categories, strict=True)
    ]
    k = len(joint)
    both = [np.concatenate([c, p]) for c, p in zip(columns, coded.codes, strict=True)]
    cells = cells_of(both, sizes)
    order = np.full(cells.n, -1)
    order[cells.of_row[:k]] = np.arange(k)
    unknown = np.zeros(cells.n, dtype=bool)
    for code, categories in zip(cells.codes, coded.categories, strict=True):
        unknown |= code == len(categories)
    strange = (order < 0) & ~unknown
    order[strange] = k + np.arange(strange.sum())
    n_known = k + int(strange.sum())
    order[(order < 0)] = n_known + np.arange(unknown.sum())
    share = np.zeros(cells.n)
    share[:k] = joint["count"].to_numpy(dtype=np.float64) / joint["count"].sum()
    names = [
        " × ".join(f"{n} {v!r}" for n, v in zip(coded.variables, row, strict=True))
        for row in joint[list(coded.variables)].itertuples(index=False, name=None)
    ]
    names += [""] * int(strange.sum())
    cell = order[cells.of_row[k:]]
    share[n_known:] = np.nan  # unknown cells have no target; they keep what they hold
    return cell, share, names


def _refuse_cells(names: Sequence[str], share: Floats, missing: NDArray[np.bool_]) -> None:
    order = [int(i) for i in np.argsort(-share) if missing[i]]
    shown = ", ".join(f"{names[i]} ({100 * share[i]:.1f} %)" for i in order[:_MOST_NAMED])
    more = f" and {len(order) - _MOST_NAMED} more" if len(order) > _MOST_NAMED else ""
    raise DataError(
        f"Nobody in the panel is in {len(order)} cell{'s' * (len(order) != 1)} of the population, "
        f"{100 * share[missing].sum():.1f} % of it: {shown}{more}.",
        remedy="Merge categories in panel and population (.recode), use fewer variables, or use "
        "rake(), which needs the margins only.",
    )


# --- what comes out --------------------------------------------------------------


def _weights(
    coded: _Coded,
    found: CodedWeights,
    method: str,
    regression: Literal["equal", "base", "none"],
    *,
    bounds: Bounds | None = None,
    cells: NDArray[np.intp] | None = None,
) -> Weights:
    """The result, with warnings about weights that carry few people far."""
    weights = np.zeros(coded.panel.n)
    weights[coded.included] = found.weights
    base = np.where(coded.included, coded.base, 0.0)
    base = base * (coded.total / base.sum())
    margins = achieved_margins(_margin_table(coded, base), coded.codes, weights)
    result = Weights(
        weights,
        base,
        _persons(coded.panel),
        method,
        margins,
        found.iterations,
        found.converged,
        relative_error(margins),
        bounds,
        tuple(coded.notes),
        coded.codes,
        coded.codes if cells is None else (cells,),
        regression,
    )
    _warn_extremes(result)
    return result


def _margin_table(coded: _Coded, base: Floats) -> pd.DataFrame:
    parts = []
    for name, categories, shares, code in zip(
        coded.variables, coded.categories, coded.asked, coded.codes, strict=True
    ):
        k = len(categories)
        held = np.bincount(code, base, k + 1)[:k]
        parts.append(
            pd.DataFrame(
                {
                    "variable": name,
                    "category": list(categories),
                    "n": np.bincount(code[coded.included], minlength=k + 1)[:k],
                    "base_share": held / held.sum(),
                    "target": shares,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _warn_extremes(result: Weights) -> None:
    n_negative = int((result.weights < 0).sum())
    if n_negative:
        warn(
            f"{n_negative} weights are negative, which linear calibration allows. Use "
            "method='raking' or 'logit', which keep them positive.",
            WeightsWarning,
        )
    if result.max_over_mean > FAR:
        person = result.extremes.sort_values("over_mean", ascending=False)["person"].iloc[0]
        warn(
            f"The largest weight (person {person}) is {result.max_over_mean:.1f} times the mean: "
            "a few people carry the estimates. Merge small categories, trim, or bound the weights.",
            WeightsWarning,
        )
