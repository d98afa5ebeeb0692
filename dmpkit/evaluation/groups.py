"""Small groups: whether members came closer, and groups moved to their own side.

Two distortions that critics of deliberation fear, in the terms of Luskin, Sood, Fishkin
and Hahn (2022): homogenisation (members of a group become more alike) and polarisation
(the group's mean moves away from the middle of the scale, on the side where it was). Both
are looked at by group-issue pair: one group on one item.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.pairing import Paired, Scale, pair_answers
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.tables import require_columns, to_numbers, to_pandas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["GroupDistortions", "distortions_table", "group_distortions"]

NAN = math.nan
INDICES = ("homofreq", "homoex", "polarfreq", "polarex")


@dataclass(frozen=True, eq=False, repr=False)
class GroupDistortions(Result):
    """Result of :func:`group_distortions`.

    Attributes
    ----------
    pairs : DataFrame
        One row a group and item: ``group, issue, n, sd_before, sd_after, mean_before,
        mean_after, homogenised, homogenisation, polarised, polarisation``; means and
        standard deviations on a scale from 0 to 1, blank where undefined.
    paired : Paired
    min_size : int
        Smallest number of answers of a group to an item.
    synthetic : bool
    """

    pairs: pd.DataFrame
    paired: Paired
    min_size: int = 3
    synthetic: bool = False

    title = "Small groups: homogenisation and polarisation"

    @cached_property
    def table(self) -> pd.DataFrame:
        """``homofreq, homoex, polarfreq, polarex`` by item, and over all pairs."""
        pairs = self.pairs.rename(
            columns={"homogenised": "homofreq", "homogenisation": "homoex",
                     "polarised": "polarfreq", "polarisation": "polarex"}
        )  # fmt: skip
        rows = [self._row(issue, part) for issue, part in pairs.groupby("issue", sort=False)]
        return pd.DataFrame([*rows, self._row("all pairs", pairs)])

    @staticmethod
    def _row(name: object, part: pd.DataFrame) -> dict[str, Any]:
        counts = {
            "issue": str(name),
            "n_homogenisation": int(part["homofreq"].notna().sum()),
            "n_polarisation": int(part["polarfreq"].notna().sum()),
        }
        return counts | {c: float(part[c].astype("float64").mean()) for c in INDICES}

    def frames(self) -> dict[str, pd.DataFrame]:
        """``pairs`` and ``by_issue``."""
        return {"by_issue": self.table, "pairs": self.pairs}

    def summary(self) -> str:
        """Shares of pairs in plain words, with what chance alone would show."""
        whole = self.table.iloc[-1]
        groups, items = self.pairs["group"].nunique(), self.pairs["issue"].nunique()
        text = f"{groups} groups on {items} items make {len(self.pairs)} group-issue pairs."
        if whole["n_homogenisation"]:
            text += (
                f" In {whole['homofreq']:.0%} of {whole['n_homogenisation']} pairs members came "
                "closer together (homogenisation)"
            )
            way = "fell" if whole["homoex"] >= 0 else "rose"
            text += f"; on average the spread {way} by {abs(whole['homoex']):.3f} of the scale."
        if whole["n_polarisation"]:
            text += (
                f" In {whole['polarfreq']:.0%} of {whole['n_polarisation']} pairs the group moved "
                "further to its own side (polarisation)"
            )
            way = "away from" if whole["polarex"] >= 0 else "towards"
            text += (
                f"; on average means moved by {abs(whole['polarex']):.3f} of the scale {way} the "
                "middle."
            )
        return (
            f"{text} One half is no zero line: answers that vary for no reason make far-out "
            "groups move to the middle (regression to the mean), and ties count as no."
        )

    def methods_text(self) -> str:
        """Definitions."""
        return (
            "Answers were put on 0 to 1. For each small group and item, over members who "
            f"answered both times (at least {self.min_size}): homogenisation is the fall of the "
            "standard deviation, and the pair counts as homogenised where it is above 0; "
            "polarisation is the move of the group's mean away from the middle of the scale, "
            "positive if to the side on which it stood before, undefined where it stood on the "
            "middle. The indices are those of Luskin, Sood, Fishkin and Hahn (2022); theirs take "
            f"whoever answered at each time, ours only who answered at both. "
            f"{self.paired.missing_text()} Pairs of one group, and of one item, are not "
            "independent, so no test is given."
        )

    def section(self) -> Section:
        """Text, table by issue and the scatter."""
        headings = {
            "n_homogenisation": "pairs", "homofreq": "share homogenised",
            "homoex": "mean fall of spread", "n_polarisation": "pairs with a side",
            "polarfreq": "share polarised", "polarex": "mean move to own side",
        }  # fmt: skip
        table = table_html(
            self.table,
            digits=3,
            headings=headings,
            caption="Small groups by item (answers put on 0 to 1)",
        )
        figures: tuple[Figure, ...] = ()
        if self.pairs["homogenisation"].notna().any():
            figures = (Figure.from_axes(self.plot(), "Spread within groups before and after."),)
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Spread before and after; see :func:`~.groups_plots.plot_homogenisation`."""
        from dmpkit.evaluation.groups_plots import plot_homogenisation

        return plot_homogenisation(self, ax=ax)


def group_distortions(
    before: Any,
    after: Any,
    *,
    table: str | pd.Series[Any] | Mapping[Any, Any],
    scale: Scale,
    person: str = "person",
    items: Sequence[str] | None = None,
    min_size: int = 3,
    synthetic: bool = False,
) -> GroupDistortions:
    """Homogenisation and polarisation of small groups from answers before and after.

    Parameters
    ----------
    before, after : DataFrame
        One row a person, one column an item.
    table : str, Series or mapping
        Small group of each person.
    scale : (low, high) or mapping of item to (low, high)
        Lowest and highest possible answer; its middle is the middle of the scale.
    person, items
        As in :func:`~.opinion.opinion_change`.
    min_size : int
        Fewer members who answered an item twice: the pair is left blank. At least 2.
    synthetic : bool

    Returns
    -------
    GroupDistortions

    Raises
    ------
    DataError
        An item without a scale, no tables, `min_size` below 2.

    Examples
    --------
    >>> first = pd.DataFrame({"person": range(4), "q": [4, 8, 2, 3], "seat": list("aabb")})
    >>> second = pd.DataFrame({"person": range(4), "q": [7, 8, 0, 3]})
    >>> found = group_distortions(first, second, table="seat", scale=(0, 10), min_size=2)
    >>> found.pairs[["homogenised", "polarised"]].to_numpy().tolist()
    [[True, True], [False, True]]
    """
    check_settings(group_distortions, locals())
    if table is None:
        raise DataError("The small group of each person is not given.", remedy="Use table=.")
    if not isinstance(min_size, (int, np.integer)) or min_size < 2:
        raise DataError(f"min_size is {min_size!r}.", remedy="A spread needs 2 people or more.")
    pair = pair_answers(before, after, person=person, items=items, table=table, scale=scale)
    seats = np.asarray(pair.tables, dtype=object)
    rows = []
    for item in pair.items:
        ends = pair.scale_of(item)
        if ends is None:
            raise DataError(f"The item {item!r} has no scale.", remedy="Give its ends in scale=.")
        low, length = ends[0], ends[1] - ends[0]
        for group in dict.fromkeys(seats):
            here = seats == group
            x, y = (
                (f[item].to_numpy(dtype=np.float64)[here] - low) / length
                for f in (pair.before, pair.after)
            )
            kept = ~np.isnan(x) & ~np.isnan(y)
            rows.append({"group": group, "issue": item} | _indices(x[kept], y[kept], int(min_size)))
    found = pd.DataFrame(rows).astype({"homogenised": "boolean", "polarised": "boolean"})
    return GroupDistortions(found, pair, int(min_size), synthetic)


def _indices(x: NDArray[np.float64], y: NDArray[np.float64], min_size: int) -> dict[str, Any]:
    """Both indices of one group on one item, answers on 0 to 1."""
    n = len(x)
    if n < min_size:
        names = ("sd_before", "sd_after", "mean_before", "mean_after")
        blank: dict[str, Any] = {"n": n} | dict.fromkeys(names, NAN)
        return blank | {"homogenised": None, "homogenisation": NAN, "polarised": None,
                        "polarisation": NAN}  # fmt: skip
    sd, mean = (x.std(ddof=1), y.std(ddof=1)), (float(x.mean()), float(y.mean()))
    closer = float(sd[0] - sd[1])
    side = 0 if abs(mean[0] - 0.5) < 1e-12 else math.copysign(1, mean[0] - 0.5)
    moved = side * (mean[1] - mean[0]) if side else NAN
    return {
        "n": n,
        "sd_before": float(sd[0]),
        "sd_after": float(sd[1]),
        "mean_before": mean[0],
        "mean_after": mean[1],
        "homogenised": closer > 1e-12,
        "homogenisation": closer,
        "polarised": moved > 1e-12 if side else None,
        "polarisation": moved,
    }


def distortions_table(
    pairs: Any,
    *,
    poll: str = "poll",
    group: str | None = None,
    issue: str | None = None,
) -> pd.DataFrame:
    """Indices of group-issue pairs put together: one row a poll, and two means over polls.

    Parameters
    ----------
    pairs : DataFrame
        One row a group-issue pair with ``homofreq, polarfreq`` (true or false, 1 or 0, blank
        where undefined) and ``homoex, polarex`` (extent; blank where undefined).
    poll : str
        Column with the poll.
    group, issue : str, optional
        Columns whose different values are counted (``n_groups``, ``n_indices``).

    Returns
    -------
    DataFrame
        ``poll, n_groups, n_indices, n_pairs, n_polar, homofreq, homoex, polarfreq, polarex``;
        the last two rows are ``Mean`` (every poll counts once) and ``Weighted mean`` (every
        poll counts by its pairs). Blank indices are left out of their mean.

    Raises
    ------
    DataError
        A column is missing or holds something else.

    Examples
    --------
    >>> pairs = pd.DataFrame(
    ...     {"poll": ["x", "x", "y"], "homofreq": [True, False, True], "homoex": [0.1, -0.2, 0.3],
    ...      "polarfreq": [True, None, False], "polarex": [0.2, None, -0.1]})
    >>> distortions_table(pairs)[["poll", "homofreq", "polarfreq"]].round(3).to_numpy().tolist()
    [['x', 0.5, 1.0], ['y', 1.0, 0.0], ['Mean', 0.75, 0.5], ['Weighted mean', 0.667, 0.667]]
    """
    frame = to_pandas(pairs)
    extra = [c for c in (group, issue) if c]
    require_columns(frame, [poll, *INDICES, *extra])
    values = to_numbers(frame[["homoex", "polarex"]])
    for name in ("homofreq", "polarfreq"):
        values[name] = [_yes_no(v, name, row) for row, v in enumerate(frame[name], start=2)]
    rows = []
    for name, part in values.groupby(frame[poll], sort=False):
        count = {"poll": name}
        if group:
            count["n_groups"] = frame.loc[part.index, group].nunique()
        if issue:
            count["n_indices"] = frame.loc[part.index, issue].nunique()
        count |= {"n_pairs": len(part), "n_polar": int(part["polarfreq"].notna().sum())}
        rows.append(count | {c: float(part[c].mean()) for c in INDICES})
    table = pd.DataFrame(rows)
    numbers = [c for c in table.columns if c != "poll"]
    weights = table["n_pairs"].to_numpy(dtype=np.float64)
    mean = {"poll": "Mean"} | {c: float(table[c].mean()) for c in numbers}
    weighted = {"poll": "Weighted mean"} | {c: _weighted(table[c], weights) for c in numbers}
    return pd.concat([table, pd.DataFrame([mean, weighted])], ignore_index=True)


def _weighted(column: pd.Series[Any], weights: NDArray[np.float64]) -> float:
    values = column.to_numpy(dtype=np.float64)
    known = ~np.isnan(values)
    return float(np.average(values[known], weights=weights[known])) if known.any() else NAN


def _yes_no(value: Any, column: str, row: int) -> float:
    if value is None or pd.isna(value) or str(value).strip().upper() in {"", "NA", "NAN"}:
        return NAN
    text = str(value).strip().upper()
    if text in {"TRUE", "1", "1.0"}:
        return 1.0
    if text in {"FALSE", "0", "0.0"}:
        return 0.0
    raise DataError(
        f"{value!r} is neither true nor false.", row=row, column=column, remedy="Use TRUE or FALSE."
    )
