"""How far a total depends on weights: worst and best first, then drawn, then one left out.

Nobody knows the right weights of criteria, so the first answer is the range that
weights can reach; draws from the middle of all weights come after it, and only by
stage first and then by criterion: many equal draws over fifty criteria look far
too certain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.evaluation.criteria import HIGHEST
from dmpkit.evaluation.labels import floats
from dmpkit.reporting import (
    Estimate,
    Figure,
    Result,
    Section,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed, run_resamples
from dmpkit.wording import listed

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from dmpkit.evaluation.data import Scorecard

    Floats = NDArray[np.float64]

__all__ = [
    "WeightComparison",
    "WeightSensitivity",
    "compare",
    "dirichlet_mean",
    "extreme_means",
    "weight_sensitivity",
]

#: How much more or less than an equal share a weight may be in the second question.
HALF, DOUBLE = 0.5, 2.0
_CHUNK = 1000


def _known(scores: Any) -> NDArray[np.float64]:
    """A list of scores, none of them missing: a blank is no score, least of all 0."""
    x = floats(scores, "scores")
    if x.ndim != 1 or not np.isfinite(x).all():
        raise DataError(
            "The scores are not a plain list of numbers, or one is missing.",
            remedy="Leave out what nobody assessed.",
        )
    return x


def extreme_means(scores: Any, *, low: float = 0.0, high: float = math.inf) -> tuple[float, float]:
    """Lowest and highest weighted mean that weights between two bounds can give.

    Every unit weighs between `low` and `high`, before the weights are brought to sum
    to 1. The mean is largest with the highest weight on the largest scores and the
    lowest on the others (a linear-fractional programme, solved by trying every
    place at which to part the sorted scores), so the answer is exact.

    Parameters
    ----------
    scores : array
        One score a unit.
    low, high : float
        Bounds of a weight; with 0 and no upper bound the extremes are the smallest
        and the largest score.

    Returns
    -------
    (float, float)
        NaN twice where there is no score.

    Examples
    --------
    >>> extreme_means([1, 2, 4])
    (1.0, 4.0)
    >>> [round(x, 3) for x in extreme_means([0, 4], low=0.5, high=2)]
    [0.8, 3.2]
    """
    x = np.sort(_known(scores))
    if not all(isinstance(v, Real) for v in (low, high)) or not (0 <= low <= high and high > 0):
        raise DataError(
            f"Weights cannot lie between {low!r} and {high!r}.",
            remedy="Use 0 or more for the lower and at least as much for the upper bound.",
        )
    if not len(x):
        return math.nan, math.nan
    if low == 0 or math.isinf(high):
        return float(x[0]), float(x[-1])
    sums, n = np.concatenate([[0.0], np.cumsum(x)]), len(x)
    k = np.arange(n + 1)  # the first k of the sorted scores weigh the one, the others the other
    best = (low * sums + high * (sums[-1] - sums)) / (low * k + high * (n - k))
    worst = (high * sums + low * (sums[-1] - sums)) / (high * k + low * (n - k))
    return float(worst.min()), float(best.max())


def dirichlet_mean(scores: Any) -> Estimate:
    """Mean and spread of the weighted mean over all weights alike, in closed form.

    For weights drawn evenly from all that sum to 1 (Dirichlet with every parameter
    1) the weighted mean has expectation ``s̄`` and standard deviation
    ``√(Σ(s − s̄)² / (n (n + 1)))``, from the moments of that distribution.

    Parameters
    ----------
    scores : array
        One score a unit.

    Returns
    -------
    Estimate
        The standard deviation stands as `standard_error`.

    Examples
    --------
    >>> found = dirichlet_mean([1, 2, 3])
    >>> found.value, round(found.standard_error, 4)
    (2.0, 0.4082)
    """
    x = _known(scores)
    if not len(x):
        return Estimate(math.nan, n=0, note="undefined: there is no score")
    n = len(x)
    spread = math.sqrt(float(((x - x.mean()) ** 2).sum()) / (n * (n + 1)))
    return Estimate(
        float(x.mean()), standard_error=spread, n=n,
        note="mean and standard deviation over all weights alike",
    )  # fmt: skip


@dataclass(frozen=True)
class _Nested:
    """Weighted means for weights drawn by stage first, then by criterion within it."""

    scores: Floats  # mean scores, criteria × whatever is compared
    stage: NDArray[np.int64]

    def weights(self, generator: Any, size: int) -> Floats:
        """Weights of the criteria, draws × criteria; every draw sums to 1."""
        n_stages = int(self.stage.max()) + 1
        of_stage = generator.dirichlet(np.ones(n_stages), size=size)
        out = np.empty((size, len(self.stage)))
        for s in range(n_stages):
            held = np.flatnonzero(self.stage == s)
            within = generator.dirichlet(np.ones(len(held)), size=size)
            out[:, held] = of_stage[:, [s]] * within
        return out

    def __call__(self, generator: Any, size: int) -> Floats:
        means: Floats = self.weights(generator, size) @ self.scores
        return means


@dataclass(frozen=True, eq=False, repr=False)
class WeightSensitivity(Result):
    """Result of :func:`weight_sensitivity`.

    Attributes
    ----------
    criteria : DataFrame
        The assessed criteria: ``criterion, label, stage, stage_name, score``.
    unknown : DataFrame
        The applicable ones that nobody assessed or that are contested.
    n_draws : int
    seed : int
    synthetic : bool
    """

    title: ClassVar[str] = "How far weights matter"
    sheet_notes: ClassVar[dict[str, str]] = {
        "ranges": "What weights can do to the mean, the widest question first.",
        "left_out": "Mean of the assessed criteria with one of them left out.",
    }

    criteria: pd.DataFrame
    unknown: pd.DataFrame
    n_draws: int
    seed: int
    synthetic: bool = False

    @property
    def _scores(self) -> Floats:
        return self.criteria["score"].to_numpy(dtype=np.float64)

    @cached_property
    def _stage_means(self) -> Floats:
        means = self.criteria.groupby("stage", sort=False)["score"].mean()
        return means.to_numpy(dtype=np.float64)

    @property
    def equal(self) -> float:
        """Mean of the assessed criteria, all alike."""
        return float(self._scores.mean()) if len(self.criteria) else math.nan

    @cached_property
    def draws(self) -> Floats:
        """Weighted means for weights drawn by stage and then by criterion."""
        if not len(self.criteria):
            return np.empty(0)
        stage = pd.factorize(self.criteria["stage"])[0].astype(np.int64)
        parts = run_resamples(
            _Nested(self._scores[:, None], stage), self.n_draws, seed=self.seed,
            chunk_size=_CHUNK, progress=False,
        )  # fmt: skip
        return np.concatenate(parts)[:, 0]

    @cached_property
    def ranges(self) -> pd.DataFrame:
        """``question, low, middle, high``; `middle` is the mean at equal weights or over draws."""
        every = self._scores
        known, n = len(every), len(every) + len(self.unknown)
        rows = [
            ("any weights of the criteria", *self._around(extreme_means(every), self.equal)),
            ("any weights of the stages, criteria of a stage alike",
             *self._around(extreme_means(self._stage_means), self._mean(self._stage_means))),
            ("criteria between half and double weight",
             *self._around(extreme_means(every, low=HALF, high=DOUBLE), self.equal)),
            ("stages between half and double weight",
             *self._around(extreme_means(self._stage_means, low=HALF, high=DOUBLE),
                           self._mean(self._stage_means))),
            ("95 % of draws by stage, then by criterion", *self._drawn()),
        ]  # fmt: skip
        if len(self.unknown) and n:
            low = every.sum() / n
            high = low + HIGHEST * (n - known) / n
            rows.append((_UNKNOWN, low, self.equal, high))
        return pd.DataFrame(rows, columns=["question", "low", "middle", "high"])

    @staticmethod
    def _mean(values: Floats) -> float:
        return float(values.mean()) if len(values) else math.nan

    @staticmethod
    def _around(ends: tuple[float, float], middle: float) -> tuple[float, float, float]:
        return ends[0], middle, ends[1]

    def _drawn(self) -> tuple[float, float, float]:
        if not len(self.draws):
            return math.nan, math.nan, math.nan
        low, high = np.percentile(self.draws, [2.5, 97.5])
        return float(low), float(self.draws.mean()), float(high)

    @cached_property
    def exact(self) -> pd.DataFrame:
        """``of, mean, sd`` over all weights alike, in closed form, of criteria and of stages."""
        rows = []
        for of, values in (("criteria", self._scores), ("stages", self._stage_means)):
            found = dirichlet_mean(values)
            rows.append({"of": of, "n": found.n, "mean": found.value, "sd": found.standard_error})
        return pd.DataFrame(rows)

    @cached_property
    def left_out(self) -> pd.DataFrame:
        """``criterion, label, stage_name, score, mean_without, change``, the largest first."""
        x = self._scores
        table = self.criteria[["criterion", "label", "stage_name", "score"]]
        if len(x) < 2:
            return table.assign(mean_without=math.nan, change=math.nan)
        without = (x.sum() - x) / (len(x) - 1)
        table = table.assign(mean_without=without, change=without - x.mean())
        order = table["change"].abs().sort_values(ascending=False, kind="stable").index
        return table.loc[order].reset_index(drop=True)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables ``ranges``, ``left_out`` and ``exact``."""
        return {"ranges": self.ranges, "left_out": self.left_out, "exact": self.exact}

    def summary(self) -> str:
        """What the worst and the best weights give, then milder choices."""
        if not len(self.criteria):
            return "No criterion was assessed, so there is nothing to weigh."
        at = self.ranges.set_index("question")
        text = (
            f"The mean of the {len(self.criteria)} assessed criteria is {_two(self.equal)} of 4. "
            f"Weights alone could put it anywhere between {_ends(at, _ANY)} (all weight on the "
            f"lowest or the highest criterion), or between {_ends(at, _STAGES)} if only the "
            f"stages are weighed. With every criterion between half and double an equal weight it "
            f"stays between {_ends(at, _MILD)}."
        )
        text += (
            f"\n\nIn 95 % of {self.n_draws:,} drawn weights, by stage and then by criterion, it "
            f"lies between {_ends(at, _DRAWN)}. This is no confidence interval: nobody draws "
            "weights."
        )
        if len(self.left_out) > 1 and (top := self.left_out.iloc[0])["change"]:
            text += (
                f"\n\nLeaving out one criterion moves the mean by at most "
                f"{_two(abs(top['change']))} ({top['label']})."
            )
        if len(self.unknown):
            text += (
                f"\n\nAll this is about the criteria that were assessed; {len(self.unknown)} more "
                f"are unknown, which alone leaves the mean between {_ends(at, _UNKNOWN)}."
            )
        return text

    def methods_text(self) -> str:
        """Which weights were tried, and how."""
        return (
            "Scores are those of the profile, 0 to 4. Extremes are exact: without bounds the "
            "lowest and the highest score (or stage mean), with bounds the best way to part the "
            "sorted scores into light and heavy ones. Drawn weights: a Dirichlet draw (all "
            "parameters 1) over the stages that have an assessed criterion, then one over the "
            f"criteria of each stage; {self.n_draws:,} draws, seed {self.seed}. One Dirichlet draw "
            "over all criteria at once would look far too certain, because many small weights "
            "cancel; its exact mean and standard deviation are in the table 'exact'."
        )

    def section(self) -> Section:
        """Ranges, picture and the criteria whose absence moves the mean most."""
        if not len(self.criteria):
            return Section(self.title, paragraphs(self.summary()))
        body = paragraphs(self.summary()) + table_html(self.ranges, caption="What weights can do")
        left = self.left_out[self.left_out["change"].abs() > 0].head(8)
        if len(left):
            heads = {"stage_name": "stage", "mean_without": "mean without it"}
            caption = "With one criterion left out"
            body += table_html(left, caption=caption, headings=heads, digits={"change": 3})
        return Section(self.title, body, (Figure.from_axes(self.plot_ranges()),))

    def plot_ranges(self, *, ax: Axes | None = None) -> Axes:
        """The ranges as lines, the widest question first."""
        from dmpkit.evaluation.scorecard_plots import plot_weight_ranges

        return plot_weight_ranges(self.ranges, ax=ax, synthetic=self.synthetic)


_ANY = "any weights of the criteria"
_STAGES = "any weights of the stages, criteria of a stage alike"
_MILD = "criteria between half and double weight"
_DRAWN = "95 % of draws by stage, then by criterion"
_UNKNOWN = "equal weights, unknown criteria at worst and at best"


def _two(value: Any) -> str:
    return format_number(float(value), 2)


def _ends(table: pd.DataFrame, question: str) -> str:
    row = table.loc[question]
    return f"{_two(row['low'])} and {_two(row['high'])}"


def weight_sensitivity(
    scorecard: Scorecard, *, n_draws: int = 10_000, seed: int | None = None
) -> WeightSensitivity:
    """How far the mean of the assessed criteria depends on their weights.

    Worst and best weights lead: over all weights, over weights of stages, and over
    weights between half and double an equal share. Then draws by stage and by
    criterion, the exact moments of an even draw, and one criterion left out at a
    time. That the two-step draw is preferred, and half and double, are dmpkit's own.

    Parameters
    ----------
    scorecard : Scorecard
    n_draws : int
        At least 100.
    seed : int, optional

    Returns
    -------
    WeightSensitivity

    Raises
    ------
    DataError
        Too few draws, or a seed that is none.

    Examples
    --------
    >>> from dmpkit.evaluation import Scorecard
    >>> own = pd.DataFrame({"id": ["I1", "I2", "I3"], "label": ["a", "b", "c"],
    ...                     "stage": ["s", "s", "t"]})
    >>> ratings = pd.DataFrame({"criterion": ["I1", "I2", "I3"], "score": [1, 3, 4]})
    >>> found = weight_sensitivity(Scorecard.from_frames(ratings, own), seed=1)
    >>> found.ranges.loc[1, ["low", "high"]].tolist()  # over weights of the two stages
    [2.0, 4.0]
    """
    _check_draws(n_draws)
    found = scorecard.profile()
    table = found.criteria[["criterion", "label", "stage", "stage_name", "status", "score"]]
    known = table[table["status"] == "assessed"].drop(columns="status").reset_index(drop=True)
    open_ = table[table["status"].isin(["not assessed", "contested"])].reset_index(drop=True)
    return WeightSensitivity(known, open_, int(n_draws), drawn_seed(seed), scorecard.synthetic)


def _check_draws(n_draws: Any) -> None:
    whole = not isinstance(n_draws, bool | str) and n_draws == int(n_draws)
    if not whole or n_draws < 100:
        raise DataError(f"n_draws is {n_draws!r}.", remedy="Use 100 or more, such as 10000.")


@dataclass(frozen=True, eq=False, repr=False)
class WeightComparison(Result):
    """Result of :func:`compare`.

    Attributes
    ----------
    criteria : DataFrame
        Criteria that both assessed: ``criterion, label, stage, stage_name, a, b``.
    share : Estimate
        Share of drawn weights for which A's mean is above B's, ties half.
    left : tuple of str
        Applicable criteria that only one or neither of the two assessed.
    names : (str, str)
    n_draws : int
    seed : int
    """

    title: ClassVar[str] = "Two mini-publics, over all weights"

    criteria: pd.DataFrame
    share: Estimate
    left: tuple[str, ...]
    names: tuple[str, str]
    n_draws: int
    seed: int

    @property
    def dominated(self) -> bool:
        """Whether one is at least as high on every common criterion, so that no weight matters."""
        gap = (self.criteria["a"] - self.criteria["b"]).to_numpy(dtype=np.float64)
        return bool((gap >= 0).all() or (gap <= 0).all())

    def frames(self) -> dict[str, pd.DataFrame]:
        """The table ``criteria`` with both scores."""
        return {"criteria": self.criteria}

    def summary(self) -> str:
        """For which share of weights the one is above the other, and what was left out."""
        a, b = self.names
        up = int((self.criteria["a"] > self.criteria["b"]).sum())
        down = int((self.criteria["a"] < self.criteria["b"]).sum())
        text = (
            f"On the {len(self.criteria)} criteria that both assessed, {a} is above {b} on {up} "
            f"and below on {down}. "
        )
        if self.dominated:
            text += "One of them is nowhere below the other, so weights cannot turn the order."
        else:
            text += (
                f"Over {self.n_draws:,} drawn weights (by stage, then by criterion) {a} has the "
                f"higher mean in {100 * self.share.value:.0f} %: which one is higher depends on "
                "what one finds important."
            )
        if self.left:
            text += (
                f"\n\nLeft out because one or both did not assess them ({len(self.left)}): "
                f"{listed(self.left[:12], 'and')}{' …' if len(self.left) > 12 else ''}."
            )
        return text

    def methods_text(self) -> str:
        """How weights were drawn."""
        return (
            f"Weights: {self.n_draws:,} Dirichlet draws (all parameters 1) over stages and then "
            f"over the criteria of each stage, seed {self.seed}; equal means count half. The share "
            "is no probability that one is better: it says for how many weightings the order holds."
        )

    def section(self) -> Section:
        """The comparison as a section of a report."""
        return Section(self.title, paragraphs(self.summary()) + table_html(self.criteria))


def compare(
    a: Scorecard,
    b: Scorecard,
    *,
    names: tuple[str, str] = ("A", "B"),
    n_draws: int = 10_000,
    seed: int | None = None,
) -> WeightComparison:
    """For which share of weights the mean of one mini-public is above that of another.

    Both are compared on the criteria that both assessed.

    Parameters
    ----------
    a, b : Scorecard
        On the same criteria, of the same stages.
    names : (str, str)
        What the two are called.
    n_draws : int
        At least 100.
    seed : int, optional

    Returns
    -------
    WeightComparison

    Raises
    ------
    DataError
        If the two have different criteria, or assessed none in common.

    Examples
    --------
    >>> from dmpkit.evaluation import Scorecard
    >>> own = pd.DataFrame({"id": ["I1", "I2"], "label": ["a", "b"], "stage": ["s", "t"]})
    >>> one = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1", "I2"], "score": [1, 3]}), own)
    >>> two = Scorecard.from_frames(pd.DataFrame({"criterion": ["I1", "I2"], "score": [1, 2]}), own)
    >>> compare(one, two, seed=1).share.value
    1.0
    """
    _check_draws(n_draws)
    _refuse_other_criteria(a, b)
    one, two = (card.profile().criteria.set_index("criterion") for card in (a, b))
    both = [c for c in one.index if {one.loc[c, "status"], two.loc[c, "status"]} == {"assessed"}]
    if not both:
        raise DataError("The two scorecards assessed no criterion in common.")
    table = one.loc[both, ["label", "stage", "stage_name"]].reset_index()
    table["a"], table["b"] = one.loc[both, "score"].to_numpy(), two.loc[both, "score"].to_numpy()
    applies = [c for c in one.index
               if {one.loc[c, "status"], two.loc[c, "status"]} != {"not applicable"}]  # fmt: skip
    left = tuple(c for c in applies if c not in both)
    drawn = drawn_seed(seed)
    stage = pd.factorize(table["stage"])[0].astype(np.int64)
    gaps = (table["a"] - table["b"]).to_numpy(dtype=np.float64)
    parts = run_resamples(
        _Nested(gaps[:, None], stage), int(n_draws), seed=drawn, chunk_size=_CHUNK, progress=False
    )
    found = np.concatenate(parts)[:, 0]
    share = float(((found > 0) + 0.5 * (found == 0)).mean())
    note = f"share of {n_draws:,} drawn weights; no probability that one is better"
    estimate = Estimate(share, n=len(both), note=note)
    return WeightComparison(table, estimate, left, names, int(n_draws), drawn)


def _refuse_other_criteria(a: Scorecard, b: Scorecard) -> None:
    """Different criteria, or the same in other stages, cannot be compared."""
    one = dict(zip(a.criteria.ids, a.criteria.frame["stage"], strict=True))
    two = dict(zip(b.criteria.ids, b.criteria.frame["stage"], strict=True))
    apart = sorted(c for c in {*one, *two} if one.get(c) != two.get(c))
    if apart:
        shown = listed(apart[:6], "and") + (" …" if len(apart) > 6 else "")
        raise DataError(
            f"The two scorecards do not have the same criteria: they differ on {shown}.",
            remedy="Compare scorecards of one set of criteria; Criteria.subset gives a common one.",
        )
