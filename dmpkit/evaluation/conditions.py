"""Working conditions: eight cells that say where this process stood, and predict nothing.

Four conditions under which mini-publics are said to work and four under which they are
said to fail, from an overview by a vendor (``data/screening``, table *conditions*). A
cell is read from the means of its criteria (0 to 4); links and cut points are our own
proposal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.outside_records import (
    codes_of,
    counted,
    is_scorecard,
    many,
    marked_synthetic,
    sentence,
)
from dmpkit.reporting import Figure, Result, Section, format_number, paragraphs, table_html
from dmpkit.tables import require_columns, require_unique, to_numbers, to_pandas
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["WorkingConditions", "condition_state", "criterion_means", "working_conditions"]

#: From here on a criterion counts as met, up to here as not met.
HIGH, LOW = 3.0, 1.0
#: Means of scores such as 2.9 and 3.1 may miss 3 in the last digit.
SLACK = 1e-9
#: Behind a mean that rests on evidence of grade C or D, or on none.
WEAKLY = " (weak evidence)"
#: What a reading of the criteria is called, by kind of condition.
WORDS = {
    "works when": {"high": "met", "low": "not met", "between": "mixed"},
    "fails when": {"high": "absent", "low": "present", "between": "mixed"},
}
_LOOKS = {"high": "good", "low": "bad", "between": "between"}


def condition_state(means: Sequence[float]) -> str:
    """What the means of a cell's criteria say together: high, low, between or not known.

    *High* when all are at least 3, *low* when all are at most 1, *between* when one lies
    between or they contradict each other, whatever the unknown ones may be, *not known*
    when it hangs on an unknown one. The rule is our own proposal.

    Parameters
    ----------
    means : sequence of float
        Means from 0 to 4; NaN where a criterion was not assessed. Without any it is
        ``"not applicable"``.

    Returns
    -------
    str

    Examples
    --------
    >>> condition_state([3.5, 3.0]), condition_state([0.5, 1.0]), condition_state([2.0])
    ('high', 'low', 'between')
    >>> condition_state([3.5, float("nan")]), condition_state([2.0, float("nan")])
    ('not known', 'between')
    """
    if not len(means):
        return "not applicable"
    known = [float(m) for m in means if not math.isnan(m)]
    high = [m >= HIGH - SLACK for m in known]
    low = [m <= LOW + SLACK for m in known]
    if any(not a and not b for a, b in zip(high, low, strict=True)) or (any(high) and any(low)):
        return "between"
    if len(known) < len(means):
        return "not known"
    return "high" if all(high) else "low"


def criterion_means(source: Any) -> dict[str, float]:
    """Mean score by criterion, NaN where not assessed; not applicable ones are left out.

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard (then as its profile says), or a table with ``criterion, mean`` and
        perhaps ``status``.

    Raises
    ------
    DataError
        A column is missing, a criterion stands twice, or a mean is not from 0 to 4.

    Examples
    --------
    >>> criterion_means(pd.DataFrame({"criterion": ["C01", "C03"], "mean": [3.5, None]}))
    {'C01': 3.5, 'C03': nan}
    """
    frame = _table(source)
    require_columns(frame, ["criterion", "mean"])
    require_unique(frame["criterion"].tolist(), "criterion")
    if "status" in frame:
        frame = frame[frame["status"].astype(str) != "not applicable"]
    means = to_numbers(frame, ["mean"])["mean"]
    out = dict(zip(frame["criterion"].astype(str), means.astype(float), strict=True))
    for place, (name, mean) in enumerate(out.items()):
        if not math.isnan(mean) and not 0 <= mean <= 4:
            raise DataError(
                f"The mean of {name} is {mean:g}.",
                row=int(frame.index[place]) + 2,
                column="mean",
                remedy="Means of scores lie between 0 and 4.",
            )
    return out


def _table(source: Any) -> pd.DataFrame:
    """The profile by criterion, its score under `mean`; contested criteria have none."""
    if is_scorecard(source):
        return source.profile().criteria.rename(columns={"score": "mean"})  # type: ignore[no-any-return]
    frame = to_pandas(source, what="profile table").reset_index(drop=True)
    if "mean" not in frame and "score" in frame:
        frame = frame.rename(columns={"score": "mean"})
    return frame


def not_applicable(source: Any) -> frozenset[str]:
    """Criteria that are said not to apply, so that no cell waits for them.

    Examples
    --------
    >>> table = pd.DataFrame({"criterion": ["C03"], "mean": [None], "status": ["not applicable"]})
    >>> sorted(not_applicable(table))
    ['C03']
    """
    frame = _table(source)
    if "status" not in frame or "criterion" not in frame:
        return frozenset()
    off = frame["status"].astype(str) == "not applicable"
    return frozenset(frame.loc[off, "criterion"].astype(str))


def weakly_founded(source: Any) -> frozenset[str]:
    """Criteria whose score rests on evidence of grade C or D, or on none, where that is said.

    Examples
    --------
    >>> table = pd.DataFrame({"criterion": ["C03"], "mean": [3.0], "weak": [True]})
    >>> sorted(weakly_founded(table))
    ['C03']
    """
    frame = _table(source)
    if "weak" not in frame or "criterion" not in frame:
        return frozenset()
    weak = frame["weak"].fillna(value=False).astype(bool)
    return frozenset(frame.loc[weak, "criterion"].astype(str))


def working_conditions(source: Any, *, synthetic: bool | None = None) -> WorkingConditions:
    """The eight cells, read from the means of the criteria.

    A condition of failing is read from the same kind of criteria turned round: it is
    *present* where they are low (at most 1), *absent* where they are high (at least 3).

    Parameters
    ----------
    source : Scorecard or DataFrame
        A scorecard, or a profile table with ``criterion, mean`` (0 to 4, blank where not
        assessed) and perhaps ``status``, where *not applicable* takes a criterion out.
    synthetic : bool, optional
        Made-up ratings; as the scorecard says when not given.

    Returns
    -------
    WorkingConditions

    Raises
    ------
    DataError
        As :func:`criterion_means` does.

    Examples
    --------
    >>> profile = pd.DataFrame({"criterion": ["C01", "C04", "C43"], "mean": [3.5, 0.5, 1.0]})
    >>> panel = working_conditions(profile).panel.set_index("condition")["state"]
    >>> panel["W2"], panel["T1"], panel["W3"]
    ('met', 'present', 'not known')
    """
    check_settings(working_conditions, locals())
    return WorkingConditions(
        means=criterion_means(source),
        left_out=not_applicable(source),
        weak=weakly_founded(source),
        synthetic=marked_synthetic(source, synthetic),
    )


#: The name by which a scorecard calls it.
conditions = working_conditions


@dataclass(frozen=True, eq=False, repr=False)
class WorkingConditions(Result):
    """Result of :func:`working_conditions`.

    Attributes
    ----------
    means : mapping of str to float
        Mean by criterion, NaN where not assessed.
    left_out : frozenset of str
        Criteria that are not applicable.
    weak : frozenset of str
        Criteria whose score rests on weak evidence.
    synthetic : bool
        Whether the ratings are made up.
    """

    means: Mapping[str, float]
    left_out: frozenset[str] = frozenset()
    weak: frozenset[str] = frozenset()
    synthetic: bool = False

    title = "Working conditions"
    sheet_notes = {"conditions": "One row a cell: its state and the means it rests on."}  # noqa: RUF012

    @cached_property
    def panel(self) -> pd.DataFrame:
        """``condition, kind, label, state, criteria, means``: one row a cell."""
        rows = []
        for row in codes_of("conditions").to_dict("records"):
            names = [c for c in many(row["criteria"]) if c not in self.left_out]
            values = [self.means.get(name, math.nan) for name in names]
            state = condition_state(values)
            word = WORDS[row["kind"]].get(state, state)
            said = ", ".join(
                f"{name} {'not known' if math.isnan(value) else format_number(value, 1)}"
                f"{WEAKLY if name in self.weak and not math.isnan(value) else ''}"
                for name, value in zip(names, values, strict=True)
            )
            rows.append((row["condition"], row["kind"], row["label"], word,
                         "; ".join(many(row["criteria"])), said or "not applicable"))  # fmt: skip
        columns = ["condition", "kind", "label", "state", "criteria", "means"]
        return pd.DataFrame(rows, columns=columns)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The panel as a table."""
        return {"conditions": self.panel}

    def summary(self) -> str:
        """The cells in words, by kind and state."""
        made_up = " The ratings are synthetic." if self.synthetic else ""
        return (
            f"{self._counts()} {self._kind_text('works when', 'said to work')} "
            f"{self._kind_text('fails when', 'said to fail')}{made_up}\n\n"
            "A condition of failing is read from its criteria turned round: present where they "
            "are low, absent where they are high. The cells describe this process and predict "
            f"nothing. {self._shared_text()}"
        )

    def _counts(self) -> str:
        """How many cells are met, not met, mixed and not known, failing turned round."""
        turned = {"absent": "met", "present": "not met"}
        states = self.panel["state"].replace(turned).tolist()
        said = []
        for state in ("met", "not met", "mixed", "not known", "not applicable"):
            n = states.count(state)
            if n or state in ("met", "not met"):
                said.append(f"{n or 'none'} {'are' if n > 1 else 'is'} {state}")
        return (
            f"Of the {counted(len(states), 'condition')} {listed(said, 'and')} (a condition of "
            "failing counts as met where it is absent)."
        )

    def _kind_text(self, kind: str, words: str) -> str:
        part = self.panel[self.panel["kind"] == kind]
        said = []
        for state in dict.fromkeys([*WORDS[kind].values(), "not known", "not applicable"]):
            names = part.loc[part["state"] == state, "label"].tolist()
            if names:
                said.append(f"{state}: {listed(names, 'and')}")
        return f"Of the conditions under which mini-publics are {words}, {'; '.join(said)}."

    def _shared_text(self) -> str:
        cells = [name for cell in self.panel["criteria"] for name in many(cell)]
        twice = [name for name in dict.fromkeys(cells) if cells.count(name) > 1]
        return sentence(
            f"{listed(twice, 'and')} stand in more than one cell, so the eight are not "
            f"{counted(8, 'finding')} of their own"
        )

    def methods_text(self) -> str:
        """Where the cells come from and how they were read."""
        return (
            "The eight conditions are those of an overview of mini-publics written by a vendor; "
            "they are claims of that text and no findings of ours. Each cell is read from the "
            "mean scores of one or two criteria (data/screening): met when all are at least 3, "
            "not met when all are at most 1, mixed when one lies between or they contradict "
            "each other, not known when it hangs on a criterion that was not assessed. For the "
            "conditions of failing the reading is turned round: present when the criteria are "
            "at most 1, absent when at least 3. Links and cut points are a proposal of dmpkit. "
            "The cells are no sample and have no interval; raters' spread is shown with the "
            "profile."
        )

    def section(self) -> Section:
        """The panel as picture and table."""
        table = table_html(
            self.panel[["condition", "kind", "label", "state", "means"]],
            caption="Working conditions (means of criteria, 0 to 4)",
        )
        caption = "Above: works when; below: fails when. * weak evidence only. Cut points are ours."
        figure = Figure.from_axes(self.plot(), caption)
        return Section(self.title, paragraphs(self.summary()) + table, (figure,))

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """The panel (:func:`~dmpkit.evaluation.outside_plots.plot_panel`)."""
        from dmpkit.evaluation.outside_plots import plot_panel

        cells = []
        for row in self.panel.itertuples(index=False):
            words = WORDS[str(row.kind)]
            reading = next((key for key, word in words.items() if word == row.state), "unknown")
            look = _LOOKS.get(reading, "unknown")
            small = str(row.means).replace(WEAKLY, "*")
            cells.append((str(row.label), str(row.state), small, look))
        return plot_panel(
            cells, heads=("works when", "fails when"), synthetic=self.synthetic, ax=ax
        )
