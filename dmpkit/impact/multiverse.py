"""The multiverse of a headline: coder x counting rule x denominator x partial credit.

The same 149 French measures were 50 % or 10 % implemented, by who counted. Here the
share is recomputed under every combination of defensible choices (after Steegen,
Tuerlinckx, Gelman & Vanpaemel 2016), and its range stands beside the headline.
How much each choice moves it is measured in a way that is our own proposal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, LedgerWarning, warn
from dmpkit.impact.share_intervals import percent, whole_counts
from dmpkit.impact.status_classes import CLASSES, DENOMINATORS, classify
from dmpkit.reporting import Indicator, Result, Section, paragraphs, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CREDITS", "Multiverse", "multiverse"]

CHOICES = ("coder", "counting_rule", "denominator", "credit")
#: Partial-credit rule to what each class earns; what is not named earns nothing.
CREDITS: Mapping[str, Mapping[str, float]] = {
    "full only": {"implemented": 1.0},
    "partial counts half": {"implemented": 1.0, "partial": 0.5, "partial so far": 0.5},
    "partial counts full": {"implemented": 1.0, "partial": 1.0, "partial so far": 1.0},
}
#: Credit by the content kept: fidelity / 4 of what was done wholly or in part.
BY_FIDELITY = "by fidelity"
_DONE = ("implemented", "partial", "partial so far")
ONE_RULE = "as listed"
NO_SAMPLE = (
    "The range is no confidence interval: a complete list has no sampling error, and the choices "
    "are not drawn by lot. It says how far the number depends on definitions."
)


@dataclass(frozen=True, eq=False, repr=False)
class Multiverse(Result):
    """Result of :func:`multiverse`.

    Attributes
    ----------
    universes : DataFrame
        ``universe, coder, counting_rule, denominator, credit, credited, n, share, note``:
        one row a combination. `credited` is the numerator, `n` the denominator; the
        share is NaN, with a note, where a combination cannot be computed.
    chosen : dict of str to str, or None
        The choices of the headline.
    counted : DataFrame
        ``coder, status, class, count``: what each status counted as.
    synthetic : bool
    label : str
        What the share is a share of.
    """

    universes: pd.DataFrame
    chosen: Mapping[str, str] | None
    counted: pd.DataFrame
    synthetic: bool
    label: str

    title: ClassVar[str] = "How far the headline depends on definitions"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "by_choice": "How far each choice moves the share (our own proposal).",
        "universes": "Every combination of choices; NaN with a note where it has no answer.",
        "counted": "What each status counted as.",
    }

    @cached_property
    def answered(self) -> pd.DataFrame:
        """The universes that have a share."""
        return self.universes.dropna(subset=["share"]).reset_index(drop=True)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest share over the universes."""
        return float(self.answered["share"].min()), float(self.answered["share"].max())

    @property
    def headline(self) -> float:
        """The share under the choices of the headline; NaN where none was named."""
        if self.chosen is None:
            return float("nan")
        rows = self.universes
        for choice, option in self.chosen.items():
            rows = rows[rows[choice] == option]
        return float(rows["share"].iloc[0])

    @cached_property
    def options(self) -> pd.DataFrame:
        """``choice, option, n_universes, mean, lowest, highest``, one row an option."""
        rows = []
        for choice in CHOICES:
            for option, part in self.answered.groupby(choice, sort=False):
                share = part["share"]
                row = (choice, option, len(part), share.mean(), share.min(), share.max())
                rows.append(row)
        return pd.DataFrame(
            rows, columns=["choice", "option", "n_universes", "mean", "lowest", "highest"]
        )

    @cached_property
    def by_choice(self) -> pd.DataFrame:
        """How far each choice moves the share, largest first; our own proposal.

        ``choice, n_options, range_of_means`` (highest minus lowest mean over the
        options), ``largest_step`` (largest difference between two options, all other
        choices held), ``variance_share`` (between the options' means, of the
        variance over all universes; what the shares leave to 1 is choices acting
        together; NaN where all universes agree).
        """
        rows = []
        share = self.answered["share"]
        total = float(((share - share.mean()) ** 2).sum())
        for choice in CHOICES:
            means = share.groupby(self.answered[choice]).transform("mean")
            between = float(((means - share.mean()) ** 2).sum())
            options = self.options.loc[self.options["choice"] == choice, "mean"]
            rows.append(
                (
                    choice,
                    len(options),
                    float(options.max() - options.min()),
                    self._largest_step(choice),
                    0.0 if len(options) < 2 else between / total if total > 1e-15 else np.nan,
                )
            )
        frame = pd.DataFrame(
            rows,
            columns=["choice", "n_options", "range_of_means", "largest_step", "variance_share"],
        )
        return frame.sort_values("range_of_means", ascending=False, kind="stable").reset_index(
            drop=True
        )

    def _largest_step(self, choice: str) -> float:
        others = [name for name in CHOICES if name != choice]
        spans = self.answered.groupby(others, sort=False)["share"].agg(lambda s: s.max() - s.min())
        return float(spans.max())

    def frames(self) -> dict[str, pd.DataFrame]:
        """``by_choice, options, universes, counted``."""
        return {
            "by_choice": self.by_choice,
            "options": self.options,
            "universes": self.universes,
            "counted": self.counted,
        }

    def headline_text(self) -> str:
        """The headline with its range beside, for any sentence that quotes it.

        Returns
        -------
        str
        """
        low, high = self.range
        spread = f"{percent(low)} to {percent(high)} over {len(self.answered)} ways of counting"
        if self.chosen is None:
            return f"{self.label}: {spread}"
        if np.isnan(self.headline):
            return f"{self.label}: not to be had under the choices of the headline ({spread})"
        return f"{self.label}: {percent(self.headline)} ({spread})"

    def summary(self) -> str:
        """The headline, its range, and which choice moves it most."""
        said = self.headline_text()
        text = f"{said[:1].upper()}{said[1:]}."
        if self.chosen is not None:
            said = ", ".join(f"{c.replace('_', ' ')} {o}" for c, o in self.chosen.items())
            text += f" The headline takes {said}."
        ends = self.answered.sort_values("share", kind="stable")
        text += f" Lowest: {_described(ends.iloc[0])}. Highest: {_described(ends.iloc[-1])}."
        text += f"\n\n{self._most_text()}\n\n{NO_SAMPLE}"
        left = len(self.universes) - len(self.answered)
        if left:
            text += f" {left} further combinations have no answer; the table says why."
        return f"Synthetic data. {text}" if self.synthetic else text

    def _most_text(self) -> str:
        moving = self.by_choice[self.by_choice["n_options"] > 1]
        if moving.empty or moving["largest_step"].max() <= 1e-12:
            return "No choice moves the share."
        first = moving.iloc[0]
        rest = "; ".join(
            f"{str(name).replace('_', ' ')} {100 * move:.1f} points"
            for name, move in zip(moving["choice"], moving["range_of_means"], strict=True)
        )
        return (
            f"The choice of {str(first['choice']).replace('_', ' ')} moves it most: the means of "
            f"its options lie {100 * first['range_of_means']:.1f} percentage points apart, "
            f"{percent(float(first['variance_share']), 0)} of the variance over all universes "
            f"({rest}). This measure is our own proposal.{self._uneven_text()}"
        )

    def _uneven_text(self) -> str:
        if len(self.answered) == len(self.universes):
            return ""
        return (
            " Some combinations have no answer, so the means are not all over the same others; "
            "the largest step between two options, the rest held, compares like with like."
        )

    def methods_text(self) -> str:
        """Which choices were crossed and what each status counted as."""
        crossed = "; ".join(
            f"{choice.replace('_', ' ')}: {', '.join(map(str, part['option']))}"
            for choice in CHOICES
            if len(part := self.options[self.options["choice"] == choice])
        )
        classes: dict[str, list[str]] = {}
        for word, name in zip(self.counted["status"], self.counted["class"], strict=True):
            said = str(word).replace("_", " ")
            if said not in classes.setdefault(str(name), []):
                classes[str(name)].append(said)
        counted = "; ".join(f"{name}: {', '.join(words)}" for name, words in classes.items())
        return (
            "The share was computed under every combination of these choices (a multiverse "
            f"analysis; Steegen et al. 2016): {crossed}. Statuses were counted as follows: "
            f"{counted}. Recommendations and their sub-actions are never added together. How far "
            "a choice moves the share is the distance of the means of its options and their part "
            f"of the variance over all universes (our own proposal). {NO_SAMPLE}"
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """The headline with the range in its note."""
        low, high = self.range
        spread = f"{percent(low)} to {percent(high)}"
        note = f"{spread} over {len(self.answered)} ways of counting; no interval"
        kind = "synthetic data" if self.synthetic else "multiverse"
        return (Indicator(self.label, self.headline, n=None, note=note, source=kind),)

    def section(self) -> Section:
        """Text, the table by choice and both pictures."""
        from dmpkit.reporting import Figure

        html = paragraphs(self.summary())
        moves = self.by_choice.assign(choice=self.by_choice["choice"].str.replace("_", " "))
        words = {str(c): str(c).replace("_", " ") for c in moves}
        html += table_html(
            moves, digits=3, caption="How far each choice moves the share", headings=words
        )
        html += table_html(self._counted_wide(), caption="What was counted as what, by coder")
        figures = (
            Figure.from_axes(self.plot_range(), "Range of the share by choice."),
            Figure.from_axes(self.plot_curve(), "Every way of counting, in order."),
        )
        return Section(self.title, html, figures)

    def _counted_wide(self) -> pd.DataFrame:
        """One row a status, one column a coder; 0 where a coder does not use it."""
        table = self.counted.assign(status=self.counted["status"].str.replace("_", " "))
        table["class"] = pd.Categorical(table["class"], categories=list(CLASSES))
        wide = table.pivot_table(
            index=["class", "status"], columns="coder", values="count", aggfunc="sum",
            fill_value=0, observed=True, sort=False,
        )  # fmt: skip
        wide = wide.sort_index(level="class", sort_remaining=False)
        wide = wide.astype(int).rename_axis(columns=None).reset_index()
        return wide.astype({"class": "str"})[["status", "class", *wide.columns[2:]]]

    def plot_range(self, *, ax: Axes | None = None) -> Axes:
        """Range bars by choice: see :func:`.multiverse_plots.plot_range`."""
        from dmpkit.impact.multiverse_plots import plot_range

        return plot_range(self, ax=ax)

    def plot_curve(self, *, ax: Axes | None = None) -> Axes:
        """All universes in order: see :func:`.multiverse_plots.plot_curve`."""
        from dmpkit.impact.multiverse_plots import plot_curve

        return plot_curve(self, ax=ax)


def _described(row: Any) -> str:
    return (
        f"{percent(row['share'])} ({row['coder']}, {row['counting_rule']}, "
        f"of {row['denominator']}, {row['credit']})"
    )


@dataclass(frozen=True, eq=False)
class _Cell:
    """What one coder says under one counting rule: classes with their numbers."""

    classes: NDArray[Any]
    weights: NDArray[np.float64]
    fidelity: NDArray[np.float64] | None
    note: str
    unpublished: int = 0  # items of the total of which the tally says nothing


def multiverse(
    table: Any,
    *,
    statuses: Mapping[str, str] | None = None,
    coder: str = "coder",
    status: str = "status",
    count: str | None = None,
    total: str | None = None,
    item: str = "rec_id",
    parent: str | None = None,
    fidelity: str | None = None,
    rules: Mapping[str, str] | None = None,
    rule: str | None = None,
    denominators: Sequence[str] = ("all", "answered", "closed"),
    credits: Mapping[str, Mapping[str, float]] | None = None,
    headline: Mapping[str, str] | None = None,
    label: str = "share implemented",
    synthetic: bool = False,
) -> Multiverse:
    """The share recomputed under every coder, counting rule, denominator and credit rule.

    Parameters
    ----------
    table : DataFrame
        Either ratings, one row an item and coder, or tallies (with `count`), one
        row a coder and status.
    statuses : mapping of str to str, optional
        Status to class (:data:`dmpkit.impact.status_classes.CLASSES`); the ledger's
        own words are known. An item without a status is "no record".
    coder, status : str
        Columns.
    count : str, optional
        Column of counts: the table is one of tallies.
    total : str, optional
        Tallies: column with all items of the coder; what the counts leave is "no
        record", and their shares of the answered and the closed are not to be had.
    item : str
        Ratings: column that names the item.
    parent : str, optional
        Ratings: column that names the item it is a part of, empty for none. Gives two
        counting rules: "recommendations" (items that are no part) and "sub-actions"
        (items without parts of their own).
    fidelity : str, optional
        Ratings: column of the content kept, 0 to 4. Gives the credit rule "by
        fidelity": a quarter a point for what was done wholly or in part.
    rules : mapping of str to str, optional
        Ratings: further counting rules, name to a column that says yes or no.
    rule : str, optional
        Tallies: column with the name of the counting rule.
    denominators : sequence of str
        Of "all", "answered", "closed".
    credits : mapping, optional
        Credit rule to what each class earns, 0 to 1; :data:`CREDITS` if not given.
    headline : mapping, optional
        The choices of the published number, by coder, counting_rule, denominator,
        credit; those left out take the first option.
    label : str
        What the share is called.
    synthetic : bool
        Made-up data; text and pictures say so.

    Returns
    -------
    Multiverse

    Raises
    ------
    DataError
        Unknown columns, statuses without class, an item rated twice by a coder, a
        headline that is none of the universes.

    Warns
    -----
    LedgerWarning
        Coders rated different items, so the coder's choice holds two things at once.

    Examples
    --------
    >>> import pandas as pd
    >>> tallies = pd.DataFrame({
    ...     "coder": ["government", "government", "government", "press", "press", "press"],
    ...     "status": ["in force", "under way", "not kept", "unchanged", "weakened", "rejected"],
    ...     "count": [75, 71, 3, 15, 55, 79]})
    >>> result = multiverse(tallies, count="count", denominators=["all"], statuses={
    ...     "in force": "implemented", "under way": "open", "not kept": "not implemented",
    ...     "unchanged": "implemented", "weakened": "partial"},
    ...     headline={"coder": "government"})
    >>> result.headline_text()
    'share implemented: 50.3 % (10.1 % to 50.3 % over 6 ways of counting)'
    """
    check_settings(multiverse, locals())
    from dmpkit.tables import require_columns, to_pandas

    frame = to_pandas(table, what="table of ratings").reset_index(drop=True)
    require_columns(frame, [coder, status])
    _check_denominators(denominators)
    rated = dict(CREDITS if credits is None else credits)
    _check_credits(rated)
    frame = frame.assign(_class=classify(frame[status], statuses, column=status))
    if frame.empty:
        raise DataError("The table has no rows.")
    if count is not None:
        cells = _tally_cells(frame, coder, status, count, total, rule)
    else:
        cells = _rating_cells(frame, coder, status, item, parent, fidelity, rules)
    credit_names = [*rated, *([BY_FIDELITY] if fidelity is not None and count is None else [])]
    universes = _universes(cells, denominators, credit_names, rated)
    if universes["share"].isna().all():
        raise DataError("No combination of choices gives a share.")
    chosen = _headline(universes, headline)
    return Multiverse(
        universes, chosen, _counted(frame, coder, status, count), bool(synthetic), label
    )


def _check_denominators(denominators: Sequence[str]) -> None:
    unknown = [name for name in denominators if name not in DENOMINATORS]
    if unknown or not denominators or isinstance(denominators, str):
        raise DataError(
            f"{denominators!r} are not denominators.",
            remedy=f"Give a list of {', '.join(map(repr, DENOMINATORS))}.",
        )


def _check_credits(rules: Mapping[str, Mapping[str, float]]) -> None:
    if not rules:
        raise DataError("No credit rule is given.")
    for name, earned in rules.items():
        for word, value in earned.items():
            if word not in CLASSES or not 0 <= float(value) <= 1:
                raise DataError(
                    f"The credit rule {name!r} gives {value!r} to {word!r}.",
                    remedy=f"Give 0 to 1 to one of {', '.join(CLASSES)}.",
                )


def _tally_cells(
    frame: pd.DataFrame,
    coder: str,
    status: str,
    count: str,
    total: str | None,
    rule: str | None,
) -> dict[tuple[str, str], _Cell]:
    from dmpkit.tables import require_columns

    require_columns(frame, [c for c in (count, total, rule) if c is not None])
    numbers = np.array(whole_counts(frame[count], column=count), dtype=np.float64)
    how_counted = [ONE_RULE] * len(frame) if rule is None else frame[rule].astype(str).tolist()
    keys = pd.DataFrame({"coder": frame[coder].astype(str), "rule": how_counted})
    cells = {}
    for (who, how), part in keys.groupby(["coder", "rule"], sort=False):
        rows = part.index.to_numpy()
        doubled = frame.loc[rows, status].astype(str).duplicated().to_numpy()
        if doubled.any():
            raise DataError(
                f"The tally of {who!r} has the status twice.",
                row=int(rows[doubled][0]) + 2,
                column=status,
                remedy="Give tallies of different dates different coders, e.g. 'press 2021'.",
            )
        classes, weights = frame.loc[rows, "_class"].to_numpy(dtype=object), numbers[rows]
        note, rest = "", 0
        if total is not None:
            whole = whole_counts(frame.loc[rows, total], column=total)
            rest = whole[0] - int(weights.sum())
            if len(set(whole)) > 1 or rest < 0:
                raise DataError(
                    f"The counts of {who!r} sum to {weights.sum():g}, the total says {whole[0]}.",
                    row=int(rows[0]) + 2,
                    column=total,
                )
            if rest:
                classes = np.append(classes, "no record")
                weights = np.append(weights, float(rest))
                note = f"{rest} of {whole[0]} without a published status"
        cells[(str(who), str(how))] = _Cell(classes, weights, None, note, rest)
    return cells


def _rating_cells(
    frame: pd.DataFrame,
    coder: str,
    status: str,
    item: str,
    parent: str | None,
    fidelity: str | None,
    rules: Mapping[str, str] | None,
) -> dict[tuple[str, str], _Cell]:
    from dmpkit.tables import require_columns

    extra = [c for c in (parent, fidelity) if c is not None]
    require_columns(frame, [item, *extra, *(rules or {}).values()])
    _check_ratings(frame, coder, item)
    kept = None if fidelity is None else _fidelities(frame[fidelity])
    chosen = _counting_rules(frame, item, parent, rules)
    coders = frame[coder].astype(str)
    all_items = {name: set(frame.loc[rows, item].astype(str)) for name, rows in chosen.items()}
    cells, uneven = {}, False
    for who in dict.fromkeys(coders):
        for name, rows in chosen.items():
            own = rows & (coders == who).to_numpy()
            missing = len(all_items[name]) - int(own.sum())
            uneven |= bool(missing)
            cells[(who, name)] = _Cell(
                frame.loc[own, "_class"].to_numpy(dtype=object),
                np.ones(int(own.sum())),
                None if kept is None else kept[own],
                f"{missing} of {len(all_items[name])} items not rated by {who}" if missing else "",
            )
    if uneven:
        warn(
            "The coders rated different items; each share is of the items that the coder rated, "
            "so part of what the coder moves is which items were rated.",
            LedgerWarning,
        )
    return cells


def _check_ratings(frame: pd.DataFrame, coder: str, item: str) -> None:
    for column in (item, coder):
        gone = frame[column].isna().to_numpy()
        if gone.any():
            raise DataError("The cell is empty.", row=int(gone.nonzero()[0][0]) + 2, column=column)
    pairs = pd.DataFrame({"i": frame[item].astype(str), "c": frame[coder].astype(str)})
    doubled = pairs.duplicated().to_numpy()
    if doubled.any():
        row = int(doubled.nonzero()[0][0])
        raise DataError(
            f"{pairs['c'][row]!r} rates the item {pairs['i'][row]!r} twice.",
            row=row + 2,
            column=item,
            remedy="Keep one rating an item and coder, e.g. the latest.",
        )


def _fidelities(column: pd.Series) -> NDArray[np.float64]:
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
    wrong = (column.notna().to_numpy() & np.isnan(numbers)) | (numbers < 0) | (numbers > 4)
    if wrong.any():
        row = int(wrong.nonzero()[0][0])
        raise DataError(
            f"{column.iloc[row]} is no fidelity.",
            row=row + 2,
            column=str(column.name),
            remedy="Write 0 to 4, or leave it empty where it was not assessed.",
        )
    return numbers


def _counting_rules(
    frame: pd.DataFrame, item: str, parent: str | None, rules: Mapping[str, str] | None
) -> dict[str, NDArray[np.bool_]]:
    """Counting rule to the rows that it counts; a part and its whole never together."""
    chosen: dict[str, NDArray[np.bool_]] = {}
    if parent is not None:
        upper = frame[parent].map(lambda v: "" if pd.isna(v) else str(v).strip())
        names = frame[item].astype(str)
        unknown = (upper != "") & ~upper.isin(set(names))
        if unknown.any():
            row = int(unknown.to_numpy().nonzero()[0][0])
            raise DataError(
                f"The item {upper[row]!r} is not in the table.",
                row=row + 2,
                column=parent,
                remedy="Name an item of the table, or leave the cell empty.",
            )
        chosen["recommendations"] = (upper == "").to_numpy()
        chosen["sub-actions"] = (~names.isin(set(upper) - {""})).to_numpy()
    for name, column in (rules or {}).items():
        flags = frame[column].map(_yes)
        if flags.isna().any():
            row = int(flags.isna().to_numpy().nonzero()[0][0])
            raise DataError(
                f"{str(frame[column].iloc[row])!r} says neither yes nor no.",
                row=row + 2,
                column=column,
            )
        chosen[name] = flags.to_numpy(dtype=bool)
    if not chosen:
        chosen[ONE_RULE] = np.ones(len(frame), dtype=bool)
    for name, rows in chosen.items():
        if not rows.any():
            raise DataError(f"The counting rule {name!r} counts no item.")
    return chosen


def _yes(value: object) -> bool | None:
    word = str(value).strip().lower()
    return {"true": True, "yes": True, "1": True, "1.0": True, "false": False, "no": False,
            "0": False, "0.0": False}.get(word)  # fmt: skip


def _universes(
    cells: Mapping[tuple[str, str], _Cell],
    denominators: Sequence[str],
    credit_names: Sequence[str],
    rated: Mapping[str, Mapping[str, float]],
) -> pd.DataFrame:
    rows = []
    for (who, rule), cell in cells.items():
        for denominator, credit in product(denominators, credit_names):
            credited, n, note = _share(cell, denominator, credit, rated)
            share = credited / n if n > 0 else np.nan
            notes = "; ".join(part for part in (cell.note, note) if part)
            rows.append((who, rule, denominator, credit, credited, n, share, notes))
    frame = pd.DataFrame(rows, columns=[*CHOICES, "credited", "n", "share", "note"])
    frame.insert(0, "universe", np.arange(1, len(frame) + 1))
    return frame


def _share(
    cell: _Cell, denominator: str, credit: str, rated: Mapping[str, Mapping[str, float]]
) -> tuple[float, float, str]:
    """Numerator, denominator and what hinders; only items of the denominator earn credit."""
    counted = np.isin(cell.classes, DENOMINATORS[denominator])
    n = float(cell.weights[counted].sum())
    if n == 0:
        return np.nan, 0.0, f"none {denominator}"
    if cell.unpublished and denominator != "all":
        return np.nan, np.nan, f"how many are {denominator} was not published"
    if credit != BY_FIDELITY:
        earned = np.array([float(rated[credit].get(str(c), 0.0)) for c in cell.classes])
        return float((earned * cell.weights)[counted].sum()), n, ""
    done = counted & np.isin(cell.classes, _DONE)
    kept = np.zeros(len(cell.classes)) if cell.fidelity is None else cell.fidelity
    gone = int(np.isnan(kept[done]).sum())
    if gone:
        return np.nan, n, f"fidelity of {gone} items done was not assessed"
    return float((kept[done] / 4 * cell.weights[done]).sum()), n, ""


def _headline(universes: pd.DataFrame, headline: Mapping[str, str] | None) -> dict[str, str] | None:
    if headline is None:
        return None
    chosen = {}
    for name in headline:
        if name not in CHOICES:
            raise DataError(
                f"The headline names {name!r}.", remedy=f"The choices are {', '.join(CHOICES)}."
            )
    for choice in CHOICES:
        options = list(dict.fromkeys(universes[choice]))
        wanted = str(headline.get(choice, options[0]))
        if wanted not in options:
            raise DataError(
                f"The headline takes {choice} {wanted!r}, which is no option.",
                remedy=f"The options are {', '.join(map(repr, options))}.",
            )
        chosen[choice] = wanted
    match = (universes[list(CHOICES)] == pd.Series(chosen)).all(axis=1)
    if not match.any():
        raise DataError("The headline's choices do not occur together in the table.")
    return chosen


def _counted(frame: pd.DataFrame, coder: str, status: str, count: str | None) -> pd.DataFrame:
    """Coder, status, class and how many."""
    table = pd.DataFrame(
        {
            "coder": frame[coder].astype(str),
            "status": [("(none)" if pd.isna(s) else str(s)) for s in frame[status]],
            "class": frame["_class"],
            "count": 1 if count is None else pd.to_numeric(frame[count]),
        }
    )
    grouped = table.groupby(["coder", "status", "class"], sort=False)["count"].sum()
    return grouped.astype(int).reset_index()
