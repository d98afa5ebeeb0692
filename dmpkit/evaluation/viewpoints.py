"""A scorecard seen through viewpoints on the governance of mini-publics.

Parry, Curato and Dryzek found five viewpoints by Q methodology; their public summary
says in a few sentences what each cares about. Where enough criteria are linked to a
viewpoint by the text, its score line shows what the mean becomes when they count more;
where they are not, the viewpoint is told in words. Lines, thresholds and verdict are
dmpkit's own proposal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import a_word, check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import HIGHEST
from dmpkit.evaluation.stress import (
    STRESS_FACTORS,
    bounded_scores,
    score_table,
    stress_factors,
    stress_weights,
    stressed_score,
)
from dmpkit.evaluation.viewpoint_links import (
    checked_links,
    coding_agreement,
    default_links,
    links_beside,
    viewpoint_links,
)
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.data import Scorecard

__all__ = ["MARGIN", "MIN_LINKS", "ThroughViewpoints", "through_viewpoints"]

Floats = NDArray[np.float64]

#: Text links that a viewpoint must stress before a line is drawn for it.
MIN_LINKS = 5
#: Scores (of 4) within which viewpoints are said to agree.
MARGIN = 0.25
#: Share of a viewpoint's stressed criteria that must be assessed for a line in its band.
MIN_SEEN = 0.5
#: Criteria that are named as driving a gap.
MAX_DRIVERS = 5

NOTE = (
    "This is an interpretation by the developers of dmpkit of a published summary (Parry, Curato "
    "and Dryzek, Policy & Politics blog, 15 January 2025), not an instrument of its authors. The "
    "viewpoints come from a Q study of people who work with mini-publics; they are no shares of "
    "any population, and a criterion without a link is one on which the summary is silent."
)
OWN_NOTE = (
    "The links between viewpoints and criteria were supplied with this evaluation, not coded by "
    "dmpkit; how far two readers would agree on them is not known to it. Viewpoints are not "
    "shares of any population."
)
FIXED_YARDSTICK = (
    "Two of the five viewpoints dispute the yardstick itself. Against Uniformity refuses common "
    "standards, which it sees as shaped by the Global North, and wants each process fitted to its "
    "context; Community Context takes the need of the community as its measure. A fixed list of "
    "criteria such as this one is open to both objections, so a high score on it does not answer "
    "them (the step from their words on mini-publics to this list is ours). Criteria written in "
    "the place, L01 to L05 and more in local_criteria.csv, can be rated beside the others."
)


@dataclass(frozen=True)
class _End:
    """One end of a line: which criteria count, with what emphasis and stress factor."""

    counts: NDArray[np.bool_]
    emphasis: Floats
    k: float
    shown: bool


@dataclass(frozen=True, eq=False, repr=False)
class ThroughViewpoints(Result):
    """Result of :func:`through_viewpoints`.

    Attributes
    ----------
    criteria : DataFrame
        ``criterion, label, status, score`` (0 to 4, NaN where unknown).
    links : DataFrame
        ``viewpoint, name, criterion, label, direction, basis, part, n_coders, status,
        score``.
    k : tuple of float
        Stress factors of the lines.
    margin : float
        Scores within which viewpoints are said to agree.
    own_links : bool
        Whether the links were supplied by the user.
    changed : tuple of str
        Criteria whose links were left out because their label is not dmpkit's.
    names : mapping of str to str
        Viewpoint to its name.
    synthetic : bool
        Whether the data are made up.
    """

    criteria: pd.DataFrame
    links: pd.DataFrame
    k: tuple[float, ...]
    margin: float
    own_links: bool
    changed: tuple[str, ...]
    names: Mapping[str, str]
    synthetic: bool = False

    title: ClassVar[str] = "Through viewpoints"
    sheet_notes: ClassVar[dict[str, str]] = {
        "viewpoints": "range_low and range_high: between the mean of all criteria and the mean of "
        "the stressed ones; worst and best with all unknown criteria at 0 and at 4.",
        "lines": "contested 'apart': contested criteria are left out; 'kept': they stay among the "
        "criteria that are not stressed.",
        "links": "Only rows with basis 'text' enter scores.",
    }

    # what each viewpoint holds

    @cached_property
    def applicable(self) -> pd.DataFrame:
        """The criteria that apply: those that are not *not applicable*."""
        found = self.criteria[self.criteria["status"] != "not applicable"]
        return found.reset_index(drop=True)

    def linked(self, viewpoint: str, direction: str, basis: str = "text") -> pd.DataFrame:
        """The links of a viewpoint in one direction and on one basis."""
        for name, word in (("viewpoint", viewpoint), ("direction", direction), ("basis", basis)):
            a_word(word, name)
        t = self.links
        chosen = (t["viewpoint"] == viewpoint) & (t["direction"] == direction)
        return t[chosen & (t["basis"] == basis)]

    def _is(self, viewpoint: str, direction: str) -> NDArray[np.bool_]:
        """Which of the criteria that apply have a text link of the direction."""
        named = self.linked(viewpoint, direction)["criterion"]
        return np.asarray(self.applicable["criterion"].isin(named), dtype=bool)

    def _emphasis(self, viewpoint: str, contested: str) -> tuple[NDArray[np.bool_], Floats]:
        """Which criteria count for a line, and the emphasis of these."""
        counts = np.ones(len(self.applicable), dtype=bool)
        if contested == "apart":
            counts &= ~self._is(viewpoint, "contested")
        return counts, self._is(viewpoint, "stressed")[counts].astype(np.float64)

    @cached_property
    def with_line(self) -> tuple[str, ...]:
        """The viewpoints that have a line: five or more stressed text links that apply."""
        return tuple(v for v in self.names if self._is(v, "stressed").sum() >= MIN_LINKS)

    # tables

    @cached_property
    def viewpoints(self) -> pd.DataFrame:
        """One row a viewpoint.

        ``viewpoint, name, n_stressed_text, n_contested_text, n_inference,
        n_stressed_assessed, line, mean_all, mean_stressed, mean_contested, range_low,
        range_high, worst, best``; the last four and mean_all are for contested criteria
        kept apart, NaN where there is no line.
        """
        return pd.DataFrame([self._viewpoint_row(v) for v in self.names])

    def _viewpoint_row(self, v: str) -> dict[str, Any]:
        scores = self.applicable["score"].to_numpy(np.float64)
        stressed, contested = self._is(v, "stressed"), self._is(v, "contested")
        counts, u = self._emphasis(v, "apart")
        line = v in self.with_line
        ends = [bounded_scores(scores[counts], u, k) if line else (math.nan,) * 3
                for k in (1.0, math.inf)]  # fmt: skip
        seen = self._enough_seen(v)
        points = [e[0] if seen else math.nan for e in ends]
        return {
            "viewpoint": v,
            "name": self.names[v],
            "n_stressed_text": int(stressed.sum()),
            "n_contested_text": int(contested.sum()),
            "n_inference": int(
                ((self.links["viewpoint"] == v) & (self.links["basis"] == "inference")).sum()
            ),
            "n_stressed_assessed": int((~np.isnan(scores[stressed])).sum()),
            "line": line,
            "mean_all": ends[0][0],
            "mean_stressed": _mean(scores[stressed]),
            "mean_contested": _mean(scores[contested]),
            "range_low": min(points),
            "range_high": max(points),
            "worst": min(e[1] for e in ends),
            "best": max(e[2] for e in ends),
        }

    def _enough_seen(self, v: str) -> bool:
        """Whether half or more of the stressed criteria were assessed."""
        scores = self.applicable["score"].to_numpy(np.float64)[self._is(v, "stressed")]
        return bool(scores.size and (~np.isnan(scores)).mean() >= MIN_SEEN)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The score lines: ``viewpoint, name, contested, k, score, worst, best``.

        `contested` is *apart*, and *kept* for viewpoints that contest a criterion. The
        score is that of the assessed criteria, NaN where fewer than half of the
        stressed ones were assessed; worst and best put all unknown ones at 0 and at 4.
        """
        rows = []
        scores = self.applicable["score"].to_numpy(np.float64)
        for v in self.with_line:
            for way in ("apart", "kept") if self._is(v, "contested").any() else ("apart",):
                counts, u = self._emphasis(v, way)
                for k in self.k:
                    score, worst, best = bounded_scores(scores[counts], u, k)
                    shown = score if self._enough_seen(v) else math.nan
                    rows.append((v, self.names[v], way, k, shown, worst, best))
        columns = ["viewpoint", "name", "contested", "k", "score", "worst", "best"]
        kinds = dict.fromkeys(columns[3:], "float64") | dict.fromkeys(columns[:3], "str")
        return pd.DataFrame(rows, columns=columns).astype(kinds)

    @cached_property
    def _forms(self) -> dict[str, _End]:
        """The ends of all lines: mean of all, and per viewpoint where it starts and ends."""
        n = len(self.applicable)
        out = {"all criteria alike": _End(np.ones(n, dtype=bool), np.zeros(n), 1.0, shown=True)}
        for v in self.with_line:
            counts, u = self._emphasis(v, "apart")
            seen = self._enough_seen(v)
            out[f"{self.names[v]}, stressed criteria only"] = _End(counts, u, math.inf, seen)
            if not counts.all():
                name = f"{self.names[v]}, contested criteria left out"
                out[name] = _End(counts, u, 1.0, seen)
        return out

    def _weights(self, form: str, *, of_assessed: bool = False) -> Floats:
        """Weights of the criteria that apply at the end of a line."""
        end = self._forms[form]
        counts, u = end.counts, end.emphasis
        if of_assessed:
            known = ~np.isnan(self.applicable["score"].to_numpy(np.float64))
            u, counts = u[known[counts]], counts & known
        out = np.zeros(len(counts))
        out[counts] = stress_weights(u, end.k)
        return out

    @cached_property
    def spread(self) -> tuple[float, float, float]:
        """How far apart the viewpoints' scores can be: assessed, at least and at most.

        The widest difference between any two ends of lines: of what was assessed, and
        over all ways in which the unknown criteria could turn out (the same way for
        every viewpoint) the least that is sure and the most that is possible.
        """
        known = self.applicable["score"].to_numpy(np.float64)
        seen = {f: self._form_value(f) for f in self._forms}
        values = [x for x in seen.values() if not math.isnan(x)]
        middle = max(values) - min(values) if len(values) > 1 else math.nan
        sure = most = 0.0
        for one, other in permutations(self._forms, 2):
            gap = self._weights(one) - self._weights(other)
            fixed = float(np.nansum(gap * known))
            open_ = gap[np.isnan(known)] * HIGHEST
            sure = max(sure, fixed + float(np.minimum(open_, 0).sum()))
            most = max(most, fixed + float(np.maximum(open_, 0).sum()))
        return middle, sure, most

    def _form_value(self, form: str) -> float:
        """Score of what was assessed; NaN where that is too little to show."""
        end = self._forms[form]
        scores = self.applicable["score"].to_numpy(np.float64)[end.counts]
        return stressed_score(scores, end.emphasis, end.k) if end.shown else math.nan

    @property
    def verdict(self) -> Literal["no lines", "all agree", "depends", "not known"]:
        """Whether the score depends on the viewpoint; *not known* where the unknown decides."""
        if not self.with_line:
            return "no lines"
        _, sure, most = self.spread
        slack = 1e-9  # the last digits of a mean
        if most <= self.margin + slack:
            return "all agree"
        return "depends" if sure > self.margin + slack else "not known"

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """What drives the widest gap of what was assessed, most first.

        ``criterion, label, score, contribution, share``: difference of the criterion's
        weights at the two ends, times its distance from the mean of all. The
        contributions sum to the gap. Empty where there is no gap.
        """
        columns = ["criterion", "label", "score", "contribution", "share"]
        ends = self._far_ends()
        if ends is None:
            return pd.DataFrame(columns=columns)
        high, low = (self._weights(f, of_assessed=True) for f in ends)
        scores = self.applicable["score"].to_numpy(np.float64)
        part = np.nan_to_num((high - low) * (scores - _mean(scores)))
        table = self.applicable[["criterion", "label", "score"]].assign(
            contribution=part, share=part / part.sum()
        )
        table = table[np.abs(part) > 1e-12].sort_values("contribution", ascending=False)
        return table.reset_index(drop=True)

    def _far_ends(self) -> tuple[str, str] | None:
        """The ends with the highest and the lowest score of what was assessed."""
        values = {f: self._form_value(f) for f in self._forms}
        held = {f: x for f, x in values.items() if not math.isnan(x)}
        if len(held) < 2 or max(held.values()) - min(held.values()) < 1e-12:
            return None
        return max(held, key=lambda f: held[f]), min(held, key=lambda f: held[f])

    @cached_property
    def settling(self) -> tuple[str, ...]:
        """Labels of the unknown criteria whose weight differs most between ends of lines."""
        unknown = self.applicable["score"].isna().to_numpy()
        weights = np.array([self._weights(f) for f in self._forms])
        reach = np.where(unknown, weights.max(axis=0) - weights.min(axis=0), 0.0)
        order = [i for i in np.argsort(-reach, kind="stable") if reach[i] > 1e-12]
        return tuple(self.applicable["label"].iloc[i] for i in order[:MAX_DRIVERS])

    def frames(self) -> dict[str, pd.DataFrame]:
        """``viewpoints``, ``links``, ``lines``, ``drivers``, and ``agreement`` of the codings."""
        out = {"viewpoints": self.viewpoints, "links": self.links}
        if self.with_line:
            out |= {"lines": self.lines, "drivers": self.drivers}
        return out if self.own_links else out | {"agreement": coding_agreement()}

    # words

    def summary(self) -> str:
        """The verdict, each viewpoint in words, and what this can and cannot carry."""
        from dmpkit.evaluation.viewpoint_words import summary

        return summary(self)

    def methods_text(self) -> str:
        """Where the links come from, and how lines, bounds and verdict are made."""
        from dmpkit.evaluation.viewpoint_words import methods_text

        return methods_text(self)

    def section(self) -> Section:
        """Verdict, viewpoints in words, lines where there are any, and the links."""
        body = paragraphs(self.summary())
        figures = []
        if self.with_line:
            body += table_html(self._shown_viewpoints(), caption="Score by viewpoint, of 4")
            caption = "Score against the stress on a viewpoint's criteria."
            figures.append(Figure.from_axes(self.plot_lines(), caption))
        shown = self.links[["name", "label", "direction", "basis", "part", "score", "status"]]
        heads = {"name": "viewpoint", "label": "criterion", "part": "part of the summary"}
        body += table_html(shown, headings=heads, groups="name",
                           caption="What each viewpoint stresses or contests")  # fmt: skip
        if len(self.links):
            caption = "Criteria that a viewpoint stresses or contests; the others have no link."
            figures.append(Figure.from_axes(self.plot_links(only_linked=True), caption))
        return Section(self.title, body, tuple(figures))

    def _shown_viewpoints(self) -> pd.DataFrame:
        drawn = self.viewpoints[self.viewpoints["line"]]
        names = {
            "name": "viewpoint",
            "mean_all": "all alike",
            "mean_stressed": "stressed only",
            "mean_contested": "contested, apart",
            "worst": "at worst",
            "best": "at best",
        }
        return drawn[list(names)].rename(columns=names)

    def plot_lines(self, *, ax: Axes | None = None) -> Axes:
        """Score against k; see :func:`~.viewpoint_plots.plot_stress_lines`."""
        from dmpkit.evaluation.viewpoint_plots import plot_stress_lines

        if not self.with_line:
            raise DataError(
                "No viewpoint has a line to draw.",
                remedy=f"A line needs {MIN_LINKS} criteria that the viewpoint stresses by the "
                "text; give a table of your own as links=.",
            )
        lines = self.lines[self.lines["contested"] == "apart"]
        return plot_stress_lines(lines, ax=ax, synthetic=self.synthetic)

    def plot_links(self, *, only_linked: bool = False, ax: Axes | None = None) -> Axes:
        """Criteria by viewpoints as dots; see :func:`~.viewpoint_plots.plot_links`."""
        check_settings(ThroughViewpoints.plot_links, locals())
        from dmpkit.evaluation.viewpoint_plots import plot_links

        return plot_links(self.links, self.criteria, self.names, only_linked=only_linked, ax=ax)


def _mean(scores: Floats) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.mean()) if known.size else math.nan


def through_viewpoints(
    scorecard: Scorecard | Any,
    *,
    k: Any = STRESS_FACTORS,
    links: Any = None,
    margin: float = MARGIN,
) -> ThroughViewpoints:
    """See a scorecard through viewpoints: what each stresses, and whether the score depends on it.

    ``score(k) = (k * sum_H s + sum_rest s) / (k * |H| + |rest|)`` with H the criteria
    that a viewpoint stresses by the text. It moves in one direction as k grows, so its
    range is exactly that between the mean of all (k = 1) and the mean of H. Criteria
    that the viewpoint contests by the text are seen apart, in neither H nor the rest,
    and a second line keeps them among the rest; a score is never turned round. Unknown
    criteria give a band: all at 0 and all at 4. Criteria that do not apply are out.

    A viewpoint needs five stressed text links for a line. With the links that come with
    dmpkit none has, so all five are told in words; readers of the article can bring a
    table of their own. The viewpoints' summary is Parry, Curato & Dryzek (2025); the
    stress factor, the thresholds and the verdict are dmpkit's own proposal.

    Parameters
    ----------
    scorecard : Scorecard or DataFrame
        Or a table with ``criterion, score`` (0 to 4) and perhaps ``status, label``.
        Local criteria are among the rest unless links name them.
    k : float or sequence of float
        Stress factors, 1 or more; ``math.inf`` for the stressed criteria alone.
    links : DataFrame or path, optional
        One's own; ``links.csv`` in the scorecard's folder is taken when not given and
        there. ``viewpoint, criterion`` and perhaps ``name, direction`` (stressed,
        contested), ``basis`` (text, inference), ``part, n_coders``. Rows can be added
        to those of :func:`viewpoint_links`.
    margin : float
        Scores (of 4) within which viewpoints are said to agree.

    Returns
    -------
    ThroughViewpoints

    Raises
    ------
    DataError
        A stress factor below 1, a margin below 0, an unknown criterion or word in the
        links.

    Examples
    --------
    >>> scores = pd.DataFrame({"criterion": [f"C{i:02d}" for i in range(1, 11)],
    ...                        "score": [4, 4, 4, 4, 4, 1, 1, 1, 1, 1]})
    >>> through_viewpoints(scores).verdict
    'no lines'
    >>> mine = pd.DataFrame({"viewpoint": "V", "criterion": scores["criterion"][:5]})
    >>> seen = through_viewpoints(scores, links=mine, k=[1, 4, math.inf])
    >>> seen.verdict, seen.lines["score"].tolist()
    ('depends', [2.5, 3.4, 4.0])
    """
    table = score_table(scorecard)
    factors = stress_factors(k)
    within = _margin(margin)
    links = links_beside(scorecard) if links is None else links
    if links is None:
        held, changed = default_links(table)
        names = _view_names(viewpoint_links())
    else:
        held, changed = checked_links(links, table["criterion"].tolist()), ()
        names = _view_names(held)
    held = held.merge(table, on="criterion", how="left", validate="many_to_one")
    columns = ["viewpoint", "name", "criterion", "label", "direction", "basis", "part",
               "n_coders", "status", "score"]  # fmt: skip
    synthetic = bool(getattr(scorecard, "synthetic", False))
    return ThroughViewpoints(table, held[columns], factors, within, links is not None,
                             changed, names, synthetic)  # fmt: skip


def _margin(margin: object) -> float:
    """The margin as a number, checked."""
    number = isinstance(margin, Real) and not isinstance(margin, bool)
    if not number or not 0 <= float(margin) <= HIGHEST:  # type: ignore[arg-type]
        raise DataError(f"The margin is {margin!r}.", remedy="Use a number from 0 to 4.")
    return float(margin)  # type: ignore[arg-type]


def _view_names(links: pd.DataFrame) -> dict[str, str]:
    return dict(zip(links["viewpoint"], links["name"], strict=True))
