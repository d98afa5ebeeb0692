"""Weights of criteria from people's own Q sorts of them.

Let members, raters or anyone concerned sort the criteria by importance
(:func:`criteria_statements` makes the sheet), analyse the sorts with
:mod:`dmpkit.qmethod`, and see the scorecard with the weights of each factor. This is
better ground than a reading of somebody's summary: the weights come from people.
The rule that turns a factor's scores into weights is dmpkit's own proposal.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError, UnflaggedFactorWarning, warn
from dmpkit.evaluation.criteria import Criteria
from dmpkit.evaluation.records import nearest
from dmpkit.evaluation.stress import (
    STRESS_FACTORS,
    bounded_scores,
    score_table,
    stress_factors,
    stress_weights,
    stressed_score,
)
from dmpkit.evaluation.viewpoint_links import default_links
from dmpkit.reporting import Figure, Result, Section, format_number, paragraphs, table_html
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from dmpkit.evaluation.data import Scorecard
    from dmpkit.qmethod import Instrument, QAnalysis, QBootstrap

__all__ = ["CriteriaWeights", "criteria_statements", "weights_from_sorts"]

Floats = NDArray[np.float64]

THIRDS = ("upper third", "middle third", "lower third")
#: Criteria that are named for each factor, at either end.
NAMED = 3


def criteria_statements(
    criteria: Criteria | Scorecard | None = None,
    *,
    name: str = "criteria",
    definitions: bool = True,
    **wording: Any,
) -> Instrument:
    """The criteria as a Q set: a sorting page, cards and a sheet for each sorter.

    Parameters
    ----------
    criteria : Criteria or Scorecard, optional
        dmpkit's 52 when not given.
    name : str
        Short name of the instrument.
    definitions : bool
        Whether a card says the definition below the label, or the label alone.
    **wording
        Anything else that :class:`~dmpkit.qmethod.Instrument` takes: question,
        instruction, low, high, language, distribution …

    Returns
    -------
    Instrument
        ``.write_page(path)``, ``.write_cards(path)``, ``.write_sheet(path)``.

    Raises
    ------
    DataError
        As :class:`~dmpkit.qmethod.Instrument` does.

    Examples
    --------
    >>> criteria_statements()
    Instrument 'criteria': 52 statements, grid from -5 to +5
    >>> criteria_statements(definitions=False).texts[0]
    'Clear task'
    """
    check_settings(criteria_statements, locals())
    from dmpkit.qmethod import Instrument

    own = getattr(criteria, "criteria", criteria)
    held = own if isinstance(own, Criteria) else Criteria.default()
    said = {
        "title": "Which criteria matter most?",
        "question": "What matters most when a mini-public is judged?",
        "instruction": "Sort the criteria by how much each should count when this mini-public "
        "is judged.",
        "low": "should count least",
        "high": "should count most",
        "about": "A low place says that a criterion matters less than others, not that it "
        "should not be met.",
    }
    frame = held.frame
    texts = [
        f"{label}: {meaning}" if definitions and meaning else label
        for label, meaning in zip(frame["label"], frame["definition"], strict=True)
    ]
    return Instrument(name, statements=tuple(frame["criterion"]), texts=tuple(texts),
                      **(said | wording))  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class CriteriaWeights(Result):
    """Result of :func:`weights_from_sorts`; c criteria, f factors, m resamples.

    Attributes
    ----------
    criteria : DataFrame
        ``criterion, label, status, score`` of the criteria that were sorted and apply
        (score NaN without a scorecard).
    factors : tuple of str
    z_array : ndarray, shape (c, f)
        z-scores.
    emphasis_array : ndarray, shape (c, f)
        0 for the criterion that the factor ranks lowest, 1 for the highest.
    emphasis_samples : ndarray, shape (m, c, f) or None
        The same in the resamples.
    interval : float
        Share of the resamples that an interval spans.
    k : tuple of float
        Stress factors of the lines.
    left_out : tuple of str
        Labels of the scorecard's criteria that nobody sorted.
    n_sorts, n_flagged, n_negative : int, tuple of int, tuple of int
        Sorts, those that define each factor, and those of them with a negative loading,
        which rank the criteria the other way round.
    scored : bool
        Whether there is a scorecard.
    synthetic : bool
        Whether sorts or scores are made up.
    """

    criteria: pd.DataFrame
    factors: tuple[str, ...]
    z_array: Floats
    emphasis_array: Floats
    emphasis_samples: Floats | None
    interval: float
    k: tuple[float, ...]
    left_out: tuple[str, ...]
    n_sorts: int
    n_flagged: tuple[int, ...]
    n_negative: tuple[int, ...]
    scored: bool
    synthetic: bool = False

    title: ClassVar[str] = "Criteria as people sorted them"
    sheet_notes: ClassVar[dict[str, str]] = {
        "emphasis": "0 for the criterion a factor ranks lowest, 1 for the highest.",
        "lines": "low and high: interval over resampled sorts; worst and best: all unknown "
        "criteria at 0 and at 4.",
        "shared": "Where each factor places the criteria that a published viewpoint stresses or "
        "contests by the text.",
    }

    @cached_property
    def emphasis(self) -> pd.DataFrame:
        """``criterion, label`` and the emphasis of each factor, from 0 to 1."""
        return self._by_criterion(self.emphasis_array)

    @cached_property
    def z_scores(self) -> pd.DataFrame:
        """``criterion, label`` and the z-scores of each factor."""
        return self._by_criterion(self.z_array)

    def _by_criterion(self, array: Floats) -> pd.DataFrame:
        head = self.criteria[["criterion", "label"]].reset_index(drop=True)
        return head.join(pd.DataFrame(array, columns=list(self.factors)))

    def weights(self, k: float = 3.0) -> pd.DataFrame:
        """Weights under a stress factor, ``criterion, label`` and a column a factor.

        1 + (k - 1) u, scaled to sum to 1 over the sorted criteria that apply: the
        criterion ranked highest counts k times the one ranked lowest.

        Parameters
        ----------
        k : float
            1 or more.
        """
        columns = [stress_weights(u, k) for u in self.emphasis_array.T]
        return self._by_criterion(np.column_stack(columns))

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Score of each factor: ``factor, k, score, low, high, n_resamples, worst, best``.

        Without a scorecard there is no row; without resamples low and high are NaN.
        """
        columns = ["factor", "k", "score", "low", "high", "n_resamples", "worst", "best"]
        rows = []
        for j, factor in enumerate(self.factors if self.scored else ()):
            for k in self.k:
                score, worst, best = bounded_scores(self._scores, self.emphasis_array[:, j], k)
                low, high, n = self._interval(j, k)
                rows.append((factor, k, score, low, high, n, worst, best))
        table = pd.DataFrame(rows, columns=columns)
        kinds = dict.fromkeys(columns, "float64") | {"factor": "str", "n_resamples": "int64"}
        return table.astype(kinds)

    @cached_property
    def _scores(self) -> Floats:
        return self.criteria["score"].to_numpy(np.float64)

    def _interval(self, j: int, k: float) -> tuple[float, float, int]:
        """Ends of the percentile interval over the resamples, and how many there are."""
        if self.emphasis_samples is None:
            return math.nan, math.nan, 0
        held = self.emphasis_samples[:, :, j]
        held = held[~np.isnan(held).any(axis=1)]
        found = np.array([stressed_score(self._scores, u, k) for u in held])
        found = found[~np.isnan(found)]
        if not found.size:
            return math.nan, math.nan, 0
        tail = (1 - self.interval) / 2
        low, high = np.quantile(found, [tail, 1 - tail])
        return float(low), float(high), int(found.size)

    @cached_property
    def shared(self) -> pd.DataFrame:
        """Where factors place the criteria that a published viewpoint has a text link to.

        ``factor, viewpoint, name, criterion, label, direction, z_score, third``.
        """
        links, _ = default_links(self.criteria)
        links = links[links["basis"] == "text"]
        place = {c: i for i, c in enumerate(self.criteria["criterion"])}
        rows = []
        for j, factor in enumerate(self.factors):
            thirds = _thirds(self.z_array[:, j])
            for r in links.to_dict("records"):
                i = place[r["criterion"]]
                rows.append((factor, r["viewpoint"], r["name"], r["criterion"],
                             self.criteria["label"].iloc[i], r["direction"],
                             float(self.z_array[i, j]), thirds[i]))  # fmt: skip
        columns = ["factor", "viewpoint", "name", "criterion", "label", "direction", "z_score",
                   "third"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def frames(self) -> dict[str, pd.DataFrame]:
        """``emphasis``, ``z_scores``, ``shared`` and, with a scorecard, ``lines``."""
        out = {"emphasis": self.emphasis, "z_scores": self.z_scores, "shared": self.shared}
        return out | {"lines": self.lines} if self.scored else out

    # words

    def summary(self) -> str:
        """What each factor ranks high and low, its score, and the shared criteria in words."""
        n = len(self.factors)
        head = (
            f"{self.n_sorts} sorts of {len(self.criteria)} criteria gave {n} way"
            f"{'' if n == 1 else 's'} of ranking them (factors)."
        )
        if self.left_out:
            head += f" Not sorted, and left out here: {listed(self.left_out[:6], 'and')}" + (
                f" and {len(self.left_out) - 6} more." if len(self.left_out) > 6 else "."
            )
        return "\n\n".join([head, *(self._factor_words(j) for j in range(n)), self._caution()])

    def _factor_words(self, j: int) -> str:
        labels = self.criteria["label"].to_numpy()
        order = np.argsort(-self.z_array[:, j], kind="stable")
        text = (
            f"{self.factors[j]} ({self.n_flagged[j]} defining sorts) ranks highest "
            f"{listed(labels[order[:NAMED]], 'and')}; lowest "
            f"{listed(labels[order[::-1][:NAMED]], 'and')}."
        )
        if self.n_negative[j]:
            text += (
                f" Careful: among these, {self.n_negative[j]} with a negative loading; whoever "
                "made them ranks the criteria the other way round, and the weights are not theirs."
            )
        parts = (text, self._score_words(j), self._shared_words(j))
        return " ".join(part for part in parts if part)

    def _score_words(self, j: int) -> str:
        """The score with all alike and at the largest stress factor, with its interval."""
        own = self.lines[self.lines["factor"] == self.factors[j]]
        if not len(own) or math.isnan(plain := stressed_score(self._scores, 0 * self._scores, 1)):
            return ""
        last = own.to_dict("records")[-1]
        k = "without end" if math.isinf(last["k"]) else f"to {last['k']:g}"
        text = (
            f"The mean score is {_score(plain)} of 4 with all criteria alike and "
            f"{_score(last['score'])} as k grows {k}"
        )
        if not math.isnan(last["low"]):
            text += (
                f" ({self.interval:.0%} of resampled sorts: {_score(last['low'])} to "
                f"{_score(last['high'])})"
            )
        if last["best"] - last["worst"] > 1e-9:
            text += (
                f", {_score(last['worst'])} to {_score(last['best'])} with what is unknown at "
                "worst and at best"
            )
        return f"{text}."

    def _shared_words(self, j: int) -> str:
        """Where the factor places criteria that published viewpoints stress or contest."""
        own = self.shared[self.shared["factor"] == self.factors[j]]
        said = []
        for label, part in own.groupby("label", sort=False):
            who = [
                f"{way} by {listed(part.loc[part['direction'] == way, 'name'], 'and')}"
                for way in ("stressed", "contested")
                if (part["direction"] == way).any()
            ]
            said.append(f"{label} ({'; '.join(who)}) in its "
                        f"{part['third'].iloc[0]}")  # fmt: skip
        return (
            f"Of the criteria that published viewpoints touch by the text it places "
            f"{listed(said, 'and')}."
            if said
            else ""
        )

    def _caution(self) -> str:
        rest = (
            "That a factor ranks high what a published viewpoint stresses does not make it that "
            "viewpoint: only these few criteria are shared, and no coefficient of likeness is "
            "given."
        )
        if self.emphasis_samples is None:
            return rest
        return (
            f"Intervals say how far a score depends on who sorted; they speak for more people only "
            f"if the sorters were drawn as a sample of them. {rest}"
        )

    def methods_text(self) -> str:
        """The rule of the weights, the interval, the bounds."""
        text = (
            f"{self.n_sorts} Q sorts of the criteria were analysed by Q methodology. For each "
            "factor the z-scores were put on a scale from 0 (the criterion ranked lowest) to 1 "
            "(highest), u; a criterion weighs 1 + (k - 1) u, so that the highest counts k times "
            "the lowest, none counts negatively, and k = 1 is the plain mean. The weighted mean "
            "moves in one direction as k grows, towards the mean weighted by u. The rule is "
            "dmpkit's own proposal: sorts give an order, and no sort says how many times as "
            "important one criterion is as another; k is therefore varied and not chosen. "
            "Unassessed criteria are left out of the score and put at 0 and at 4 for the bounds; "
            "those that do not apply, or that nobody sorted, are left out."
        )
        if self.emphasis_samples is not None:
            text += (
                f" Intervals span the middle {self.interval:.0%} of the scores over "
                f"{len(self.emphasis_samples)} bootstrap resamples of the sorts."
            )
        return text

    def section(self) -> Section:
        """Words, the lines where there is a scorecard, and the emphasis."""
        figures = (
            (Figure.from_axes(self.plot_lines(), "Score against the stress factor, by factor."),)
            if self.scored and self.lines["score"].notna().any()
            else ()
        )
        table = table_html(self.emphasis, caption="Emphasis: 0 ranked lowest, 1 highest")
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot_lines(self, *, bounds: bool = False, ax: Axes | None = None) -> Axes:
        """Score against k, one line a factor; see :func:`~.viewpoint_plots.plot_stress_lines`.

        Parameters
        ----------
        bounds : bool
            Draw the band of the unknown instead of the interval over resamples; it is
            drawn in any case where there are no resamples.
        ax : Axes, optional
            Where to draw.
        """
        check_settings(CriteriaWeights.plot_lines, locals())
        from dmpkit.evaluation.viewpoint_plots import plot_stress_lines

        if not self.scored:
            raise DataError("Without a scorecard there is no score to draw.",
                            remedy="Give it to weights_from_sorts.")  # fmt: skip
        table = self.lines.rename(columns={"factor": "name"})
        band = "what is unknown at worst and at best"
        if self.emphasis_samples is not None and not bounds:
            table = table.assign(worst=table["low"], best=table["high"])
            band = f"{self.interval:.0%} of the resampled sorts"
        return plot_stress_lines(
            table,
            band=band,
            counted="the criterion ranked highest counts, against the lowest",
            ax=ax,
            synthetic=self.synthetic,
        )


def weights_from_sorts(
    analysis: QAnalysis,
    scorecard: Scorecard | Any = None,
    *,
    bootstrap: QBootstrap | None = None,
    criteria: Criteria | None = None,
    k: Any = STRESS_FACTORS,
) -> CriteriaWeights:
    """Weights of criteria from the factors of people's Q sorts, and the scores they give.

    Per factor u = (z - lowest z) / (highest z - lowest z); a criterion weighs
    1 + (k - 1) u: never negative, rising with z, and k times as much for the highest
    as for the lowest. ``score(k)`` is then monotone in k, as for viewpoints. The rule is
    dmpkit's own proposal.

    Parameters
    ----------
    analysis : QAnalysis
        Its statements are labels of criteria (C01 …), or have their labels as wording.
    scorecard : Scorecard or DataFrame, optional
        As :func:`~.viewpoints.through_viewpoints` takes it; without one there are
        weights and no scores. Criteria that nobody sorted are left out.
    bootstrap : QBootstrap, optional
        Of the same analysis; gives intervals.
    criteria : Criteria, optional
        The scorecard's, else dmpkit's.
    k : float or sequence of float
        Stress factors.

    Returns
    -------
    CriteriaWeights

    Raises
    ------
    DataError
        Statements that are no criteria, a bootstrap of another analysis, no factor
        with flagged sorts, no sorted criterion in the scorecard.

    Warns
    -----
    UnflaggedFactorWarning
        Where a factor has no z-scores and is left out.

    Examples
    --------
    >>> import dmpkit.qmethod as qm
    >>> sorts = qm.QSorts([[2, 1, 2], [1, 2, 1], [0, 0, -1], [-1, -2, 0], [-2, -1, -2]],
    ...                   statements=["C01", "C02", "C03", "C04", "C05"])
    >>> scores = pd.DataFrame({"criterion": sorts.statements, "score": [4, 4, 2, 0, 0]})
    >>> found = weights_from_sorts(qm.analyse(sorts, 1), scores, k=[1, 5])
    >>> found.emphasis["f1"].round(2).tolist()
    [1.0, 0.75, 0.46, 0.29, 0.0]
    >>> found.lines["score"].round(2).tolist()
    [2.0, 2.78]
    """
    held = criteria if criteria is not None else getattr(scorecard, "criteria", None)
    frame = (Criteria.default() if held is None else held).frame[["criterion", "label"]]
    if scorecard is not None:
        table = score_table(scorecard)
        extra = table.loc[~table["criterion"].isin(frame["criterion"]), ["criterion", "label"]]
        frame = pd.concat([frame, extra], ignore_index=True)
    else:
        table = frame.assign(status="not assessed", score=math.nan)
    ids = _criteria_of(analysis, frame)
    applies = table[table["status"] != "not applicable"]
    chosen = applies[applies["criterion"].isin(ids)].reset_index(drop=True)
    if len(chosen) < 2:
        raise DataError("Fewer than two of the sorted criteria apply in the scorecard.")
    rows = [ids.index(c) for c in chosen["criterion"]]
    kept = _usable(analysis)
    negative = (analysis.flag_array & (analysis.own_loadings < 0)).sum(axis=0)
    left = applies.loc[~applies["criterion"].isin(ids), "label"]
    return CriteriaWeights(
        criteria=chosen,
        factors=tuple(analysis.factors[j] for j in kept),
        z_array=analysis.z_array[np.ix_(rows, kept)],
        emphasis_array=_emphasis(analysis.z_array)[np.ix_(rows, kept)],
        emphasis_samples=_samples(analysis, bootstrap, rows, kept),
        interval=bootstrap.interval if bootstrap is not None else math.nan,
        k=stress_factors(k),
        left_out=tuple(left),
        n_sorts=analysis.sorts.n_sorts,
        n_flagged=tuple(int(analysis.n_flagged[j]) for j in kept),
        n_negative=tuple(int(negative[j]) for j in kept),
        scored=scorecard is not None,
        synthetic=analysis.sorts.synthetic or bool(getattr(scorecard, "synthetic", False)),
    )


def _criteria_of(analysis: QAnalysis, frame: pd.DataFrame) -> list[str]:
    """The criterion of each statement: by its label, else by its wording."""
    ids, labels = list(frame["criterion"]), list(frame["label"])
    statements = list(analysis.sorts.statements)
    if not set(statements) <= set(ids):
        by_text = {label.casefold(): one for one, label in zip(ids, labels, strict=True)}
        words = [t.split(":")[0].strip().casefold() for t in analysis.texts]
        if all(w in by_text for w in words):
            statements = [by_text[w] for w in words]
    wrong = [s for s in statements if s not in ids]
    if wrong:
        raise DataError(
            f"The statement {wrong[0][:60]!r} is no criterion"
            + (f", nor are {len(wrong) - 1} others." if len(wrong) > 1 else "."),
            remedy=f"{nearest(wrong[0], ids)} Sorts of criteria carry their labels (C01 …) as "
            "statements; criteria_statements() makes the sheet.",
        )
    if len(set(statements)) < len(statements):
        raise DataError("Two statements of the sorts stand for the same criterion.")
    return statements


def _usable(analysis: QAnalysis) -> list[int]:
    """Positions of the factors that have z-scores."""
    without = np.asarray(np.isnan(analysis.z_array).any(axis=0))
    kept = [int(j) for j in np.flatnonzero(~without)]
    if not kept:
        raise DataError("No factor has flagged sorts, so there are no weights.",
                        remedy="Analyse fewer factors, or flag by another rule.")  # fmt: skip
    if without.any():
        none = [analysis.factors[j] for j in np.flatnonzero(without)]
        warn(f"No sort defines {listed(none, 'and')}: left out.", UnflaggedFactorWarning)
    return kept


def _emphasis(z: Floats) -> Floats:
    """z-scores put on 0 (lowest) to 1 (highest) over the statements (the last axis but one)."""
    low, high = z.min(axis=-2, keepdims=True), z.max(axis=-2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray((z - low) / (high - low))


def _samples(
    analysis: QAnalysis, bootstrap: QBootstrap | None, rows: Sequence[int], kept: Sequence[int]
) -> Floats | None:
    """The emphasis in every resample, checked to be of the same analysis."""
    if bootstrap is None:
        return None
    other = bootstrap.analysis
    same = (
        other.sorts.statements == analysis.sorts.statements
        and other.factors == analysis.factors
        and np.array_equal(other.z_array, analysis.z_array, equal_nan=True)
    )
    if not same:
        raise DataError(
            "The bootstrap is of another analysis.",
            remedy="Give qm.bootstrap of the same sorts, with the same choices.",
        )
    return _emphasis(bootstrap.z_samples)[:, rows, :][:, :, kept]


def _thirds(z: Floats) -> list[str]:
    """In which third of the ranking each criterion stands; ties share their mean rank."""
    ranks = pd.Series(-z).rank(method="average").to_numpy()
    share = (ranks - 0.5) / len(z)
    return [THIRDS[0] if s <= 1 / 3 else THIRDS[2] if s >= 2 / 3 else THIRDS[1] for s in share]


def _score(value: float) -> str:
    return format_number(float(value))
