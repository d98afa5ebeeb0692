"""How far apart answers lie: measures of spread, two-headedness and diversity.

They answer different questions. Standard deviation, mean distance, Leik's D, van der
Eijk's A and Esteban and Ray's index look at distances on the scale; Shannon, Pielou and
Simpson only at how many categories are used and how evenly; the bimodality coefficient at
shape. None is *the* measure of polarisation, so the table shows them side by side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.evaluation.labels import floats, wordings
from dmpkit.evaluation.pairing import Paired, Scale, pair_answers, to_share
from dmpkit.measures.clusters import cluster_weights
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.resampling import drawn_seed, expanded_tail

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "MEASURES",
    "PolarisationChange",
    "polarisation_change",
    "polarisation_measures",
    "van_der_eijk",
]

Floats = NDArray[np.float64]
NAN = math.nan
#: More categories than this make the list of patterns too long.
MOST_CATEGORIES = 101
#: From so many resampled answers on, a progress bar is shown.
LONG = 5_000_000

#: Measure to what it says.
MEASURES: Mapping[str, str] = {
    "mean": "mean answer",
    "sd": "standard deviation of the answers",
    "bimodality_coefficient": "above 5/9, that of an even spread, suggests two heads or a long "
    "tail",
    "van_der_eijk_A": "1 all in one category, 0 evenly spread, −1 half at each end",
    "shannon_nats": "diversity of the categories used, 0 if one",
    "pielou_evenness": "Shannon over its maximum, 0 to 1",
    "simpson_gini_1_minus_sum_p2": "chance that two drawn answers differ (with replacement)",
    "leik_dissent_D": "0 all in one category, 1 half at each end",
    "mean_pairwise_abs_distance": "mean distance of two people",
    "esteban_ray_alpha1.3_unnormalised": "identification within and distance between camps",
}


@lru_cache(maxsize=100_000)
def _pattern_agreement(pattern: bytes) -> float:
    """Agreement of a layer, given as one byte a category: 1 filled, 0 empty."""
    filled = np.frombuffer(pattern, dtype=np.uint8).astype(np.int64)
    k, s = len(filled), int(filled.sum())
    if s <= 1:
        return 1.0
    if s == k:
        return 0.0
    left = np.cumsum(filled)
    empty = filled == 0
    between = int((left * (s - left))[empty].sum())  # triples 1 0 1
    beside = s * (s - 1) // 2 * int(empty.sum()) - between  # triples 1 1 0 or 0 1 1
    unimodal = ((k - 2) * beside - (k - 1) * between) / ((k - 2) * (beside + between))
    return unimodal * (1 - (s - 1) / (k - 1))


def _agreements(counts: Floats) -> Floats:
    """Van der Eijk's A of each row of counts."""
    left = counts.copy()
    total = left.sum(axis=1)
    value = np.zeros(len(left))
    while (filled := left > 0).any():
        height = np.where(filled, left, np.inf).min(axis=1)
        rows = filled.any(axis=1)
        packed = np.packbits(filled[rows], axis=1)
        keys = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
        _, first, which = np.unique(keys, return_index=True, return_inverse=True)
        patterns = filled[rows][first].astype(np.uint8)
        agreement = np.array([_pattern_agreement(p.tobytes()) for p in patterns])
        value[rows] += height[rows] * filled[rows].sum(axis=1) * agreement[which]
        left = np.where(filled, left - height[:, None], 0.0)
    out: Floats = np.full(len(left), np.nan)
    out[total > 0] = value[total > 0] / total[total > 0]
    return out


def van_der_eijk(counts: ArrayLike) -> float:
    """Agreement A of van der Eijk (2001): 1 one category, 0 evenly spread, −1 two ends.

    The counts are cut into layers of equal height, each a pattern of empty and filled
    categories. A pattern with S of K filled has A = U·(1 − (S − 1)/(K − 1)), where U
    compares triples of the kind 1 1 0 and 0 1 1 with those of the kind 1 0 1; layers are
    weighted by the answers that they hold.

    Parameters
    ----------
    counts : array of shape (K,)
        Answers in each category, in the order of the scale.

    Returns
    -------
    float
        NaN without answers.

    Raises
    ------
    DataError
        Fewer than three categories, or counts below 0.

    Examples
    --------
    >>> round(van_der_eijk([30, 40, 210, 130, 530, 50, 10]), 7)
    0.6113333
    """
    left = _counts(counts)
    if len(left) < 3:
        raise DataError("Agreement A needs three categories or more.")
    return float(_agreements(left[None, :])[0])


def _counts(counts: ArrayLike) -> Floats:
    array = floats(counts, "counts").ravel()
    if len(array) < 2 or not np.isfinite(array).all() or (array < 0).any():
        raise DataError(
            "The counts must be numbers of 0 or more, one for each of two or more categories.",
            remedy="Write 0 for a category that nobody chose.",
        )
    return array


def polarisation_measures(
    counts: ArrayLike, positions: ArrayLike | None = None, *, alpha: float = 1.3
) -> pd.Series[Any]:
    """Measures of polarisation and diversity of answers counted by category.

    With shares p, cumulated shares F, positions x, K categories and n answers:
    bimodality coefficient (g² + 1)/(k + 3(n − 1)²/((n − 2)(n − 3))) with bias-corrected
    skewness g and excess kurtosis k (SAS; Pfister et al. 2013); A see
    :func:`van_der_eijk`; Shannon −Σ p ln p, Pielou's H/ln K, 1 − Σp²; Leik's (1966)
    D = 2 Σ min(F, 1 − F)/(K − 1) over the K − 1 cut points; mean absolute distance over the
    pairs of two people; Esteban and Ray (1994) ΣΣ p_i^{1 + α} p_j |x_i − x_j|, not
    normalised.

    Parameters
    ----------
    counts : array of shape (K,)
        Answers in each category of the scale, those that nobody chose as 0.
    positions : array of shape (K,), optional
        Place of each category, rising; 1 to K when not given.
    alpha : float
        Esteban and Ray's α, above 0 and at most 1.6. The name of the row holds the value.

    Returns
    -------
    Series
        One value a measure, named as in ``MEASURES``; NaN where undefined.

    Raises
    ------
    DataError
        Counts or positions that cannot be.

    Examples
    --------
    >>> found = polarisation_measures([5, 0, 0, 0, 5])
    >>> found[["van_der_eijk_A", "leik_dissent_D"]].tolist()
    [-1.0, 1.0]
    """
    c = _counts(counts)
    x = np.arange(1.0, len(c) + 1) if positions is None else floats(positions, "positions")
    if x.shape != c.shape or not np.isfinite(x).all() or (np.diff(x) <= 0).any():
        raise DataError(f"There must be one rising position for each of the {len(c)} categories.")
    given: Any = alpha
    if not isinstance(given, Real) or not 0 < float(given) <= 1.6:
        raise DataError(f"alpha is {alpha!r}.", remedy="Esteban and Ray allow 0 < alpha <= 1.6.")
    values = _many(c[None, :], x, float(alpha))
    names = [_er_name(float(alpha)) if m.startswith("esteban") else m for m in MEASURES]
    return pd.Series(values[0], index=names)


def _er_name(alpha: float) -> str:
    return f"esteban_ray_alpha{alpha:g}_unnormalised"


def _many(counts: Floats, x: Floats, alpha: float = 1.3) -> Floats:
    """All measures for rows of counts: rows × measures."""
    n = counts.sum(axis=1)
    k = counts.shape[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = counts / n[:, None]
        mean = p @ x
        away = x[None, :] - mean[:, None]
        m2, m3, m4 = ((p * away**power).sum(axis=1) for power in (2, 3, 4))
        sd = np.sqrt(np.where(n > 1, m2 * n / (n - 1), np.nan))
        logs = np.where(p > 0, p * np.log(np.where(p > 0, p, 1.0)), 0.0)
        shannon = np.where(n > 0, np.maximum(0.0, -logs.sum(axis=1)), np.nan)
        below = np.cumsum(p, axis=1)[:, :-1]
        leik = 2 * np.minimum(below, 1 - below).sum(axis=1) / (k - 1)
        distances = np.abs(x[:, None] - x[None, :])
        pairs = ((p @ distances) * p).sum(axis=1)
        esteban = ((p ** (1 + alpha) @ distances) * p).sum(axis=1)
        out = np.column_stack(
            [
                mean,
                sd,
                _bimodality(n, m2, m3, m4),
                _agreements(counts) if k > 2 else np.full(len(counts), np.nan),
                shannon,
                shannon / math.log(k),
                1 - (p**2).sum(axis=1),
                leik,
                np.where(n > 1, pairs * n / (n - 1), np.nan),
                esteban,
            ]
        )
    return np.where(np.isfinite(out), out, np.nan)


def _bimodality(n: Floats, m2: Floats, m3: Floats, m4: Floats) -> Floats:
    """The bimodality coefficient from moments about the mean; NaN below four answers."""
    n = np.where((n > 3) & (m2 > 1e-12), n, np.nan)
    skew = m3 / m2**1.5 * np.sqrt(n * (n - 1)) / (n - 2)
    kurtosis = (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * (m4 / m2**2 - 3) + 6)
    return (skew**2 + 1) / (kurtosis + 3 * (n - 1) ** 2 / ((n - 2) * (n - 3)))


@dataclass(frozen=True, eq=False, repr=False)
class PolarisationChange(Result):
    """Result of :func:`polarisation_change`.

    Attributes
    ----------
    table : DataFrame
        ``item, label, n, measure, before, after, change, low, high``; the interval is that
        of the change.
    by_table : bool
        Whether whole tables were resampled.
    n_resamples, seed, level
        Of the bootstrap; no resamples: no intervals.
    synthetic : bool
    """

    table: pd.DataFrame
    paired: Paired
    by_table: bool
    n_resamples: int
    seed: int
    level: float
    synthetic: bool = False

    title = "Polarisation before and after"

    def frames(self) -> dict[str, pd.DataFrame]:
        """``polarisation`` and what the measures say."""
        notes = pd.DataFrame(list(MEASURES.items()), columns=["measure", "reading"])
        return {"polarisation": self.table, "measures": notes}

    @cached_property
    def spread(self) -> pd.DataFrame:
        """The rows of van der Eijk's A, one an item."""
        found = self.table[self.table["measure"] == "van_der_eijk_A"]
        return found.reset_index(drop=True)

    def summary(self) -> str:
        """How many items moved together or apart."""
        table = self.spread
        together, apart = int((table["change"] > 0).sum()), int((table["change"] < 0).sum())
        text = self.paired.missing_text()
        text += (
            f" Agreement (van der Eijk's A) rose on {together} of {len(table)} items and fell on "
            f"{apart}"
        )
        if self.n_resamples:
            clear = int(((table["low"] > 0) | (table["high"] < 0)).sum())
            interval = f"the {self.level:.0%} interval of the change"
            text += (
                f"; on {clear} {interval} leaves out 0"
                if clear
                else f"; on none does {interval} leave out 0"
            )
        return text + ". Other measures can say otherwise; the table has them all."

    def methods_text(self) -> str:
        """How the measures and intervals were made."""
        text = (
            "Answers were counted by category of the scale. Standard deviation, bimodality "
            "coefficient, van der Eijk's (2001) agreement A, Shannon's and Pielou's measures, "
            "1 − Σp², Leik's (1966) D, mean absolute distance of two people, and Esteban and Ray "
            "(1994) with α = 1.3, not normalised. "
        )
        if not self.n_resamples:
            return text + "No intervals were asked for."
        unit = "whole tables" if self.by_table else "people"
        return (
            f"{text}Intervals of the change are percentiles of {self.n_resamples} bootstrap "
            f"resamples of {unit}, each with both answers (seed {self.seed}); the measures are "
            "not straight-line functions of the data and small samples bias them, so the "
            "intervals are rough and not corrected for the number of items and measures; the tails "
            "are made smaller for the number drawn (Hesterberg 2015), and in our simulations with "
            "40 people, alone or at 8 tables, nominal 95 % held 94 to 99 %."
        )

    def section(self) -> Section:
        """Text, agreement by item and its picture."""
        headings = {c: c for c in self.spread.columns} | {
            "label": "item", "low": "change, from", "high": "change, to",
        }  # fmt: skip
        table = table_html(
            self.spread.drop(columns=["item", "measure"]),
            headings=headings,
            caption="Agreement A by item: 1 all agree, 0 evenly spread, −1 two opposite camps",
        )
        figures: tuple[Figure, ...] = ()
        if self.spread["change"].notna().any():
            figures = (Figure.from_axes(self.plot(), "Agreement before and after."),)
        return Section(self.title, paragraphs(self.summary()) + table, figures)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Agreement A before and after; see :func:`~.groups_plots.plot_polarisation`."""
        from dmpkit.evaluation.groups_plots import plot_polarisation

        return plot_polarisation(self, ax=ax)


def polarisation_change(
    before: Any,
    after: Any,
    *,
    scale: Scale,
    person: str = "person",
    items: Sequence[str] | None = None,
    table: str | pd.Series[Any] | Mapping[Any, Any] | None = None,
    n_resamples: int = 1000,
    seed: int | None = None,
    level: float = 0.95,
    labels: Mapping[str, str] | None = None,
    synthetic: bool = False,
) -> PolarisationChange:
    """Polarisation of the same people's answers before and after, with bootstrap intervals.

    Parameters
    ----------
    before, after : DataFrame
        One row a person, one column an item; whole numbers of the scale.
    scale : (low, high) or mapping of item to (low, high)
        Lowest and highest possible answer, so that categories nobody chose count.
    person, items, table
        As in :func:`~.opinion.opinion_change`; with tables, whole tables are resampled.
    n_resamples : int
        0 for no intervals.
    seed : int, optional
        The same seed gives the same intervals.
    level : float
    labels : mapping, optional
        Item to wording.
    synthetic : bool

    Returns
    -------
    PolarisationChange

    Raises
    ------
    DataError
        Answers that are no whole numbers of the scale; a scale of fewer than three or more
        than 101 categories.

    Examples
    --------
    >>> first = pd.DataFrame({"person": range(6), "q": [1, 1, 1, 5, 5, 5]})
    >>> second = pd.DataFrame({"person": range(6), "q": [2, 3, 3, 3, 3, 4]})
    >>> change = polarisation_change(first, second, scale=(1, 5), n_resamples=0)
    >>> change.spread[["before", "after"]].round(2).to_numpy().tolist()
    [[-1.0, 0.75]]
    """
    check_settings(polarisation_change, locals())
    level, number = to_share(level), drawn_seed(seed)
    pair = pair_answers(before, after, person=person, items=items, table=table, scale=scale)
    if not isinstance(n_resamples, (int, np.integer)) or n_resamples < 0:
        raise DataError(
            f"n_resamples is {n_resamples!r}.", remedy="Use a whole number, 0 for no intervals."
        )
    units = np.arange(pair.n) if pair.tables is None else pair.tables.to_numpy()
    weights = None
    if n_resamples and len(set(units)) > 1:
        weights = cluster_weights(units, n_resamples, seed=number)
    from tqdm.auto import tqdm

    short = n_resamples * len(pair.items) * pair.n < LONG
    items_shown = tqdm(pair.items, desc="items", leave=False, disable=short)
    said, n_drawn = wordings(labels) or {}, len(set(units))
    parts = [_item_rows(pair, item, weights, level, said, n_drawn) for item in items_shown]
    return PolarisationChange(
        pd.concat(parts, ignore_index=True),
        pair,
        pair.tables is not None,
        n_resamples if weights is not None else 0,
        number,
        level,
        synthetic,
    )


def _item_rows(
    pair: Paired,
    item: str,
    weights: NDArray[np.int64] | None,
    level: float,
    labels: Mapping[str, str],
    n_drawn: int,
) -> pd.DataFrame:
    x, y = (f[item].to_numpy(dtype=np.float64) for f in (pair.before, pair.after))
    kept = ~np.isnan(x) & ~np.isnan(y)
    low, positions = _categories(pair, item)
    codes = [_codes(v[kept], low, item, when) for v, when in ((x, "before"), (y, "after"))]
    k = len(positions)
    marks = [np.eye(k)[code] if len(code) else np.zeros((0, k)) for code in codes]
    first, second = (_many(m.sum(axis=0)[None, :], positions)[0] for m in marks)
    ends = np.full((2, len(MEASURES)), np.nan)
    if weights is not None and kept.any():
        drawn = weights[:, kept].astype(np.float64)
        ends = _percentiles(
            _many(drawn @ marks[1], positions) - _many(drawn @ marks[0], positions),
            expanded_tail(level, n_drawn),
        )
    return pd.DataFrame(
        {
            "item": item,
            "label": labels.get(item, item),
            "n": int(kept.sum()),
            "measure": list(MEASURES),
            "before": first,
            "after": second,
            "change": second - first,
            "low": ends[0],
            "high": ends[1],
        }
    )


def _percentiles(changes: Floats, tail: float) -> Floats:
    """Ends by measure; NaN where a twentieth of the resamples or more is undefined."""
    out = np.full((2, changes.shape[1]), np.nan)
    for i, column in enumerate(changes.T):
        known = column[~np.isnan(column)]
        if len(known) > 0.95 * len(column):
            out[:, i] = np.quantile(known, [tail, 1 - tail])
    return out


def _categories(pair: Paired, item: str) -> tuple[float, Floats]:
    ends = pair.scale_of(item)
    if ends is None:
        raise DataError(f"The item {item!r} has no scale.", remedy="Give its ends in scale=.")
    low, high = ends
    k = high - low + 1
    if not float(low).is_integer() or not float(high).is_integer() or not 3 <= k <= MOST_CATEGORIES:
        raise DataError(
            f"The scale of {item!r} runs from {low:g} to {high:g}; polarisation needs 3 to "
            f"{MOST_CATEGORIES} whole-number categories.",
            remedy="Group the answers into categories first.",
        )
    return low, np.arange(low, high + 1)


def _codes(values: Floats, low: float, item: str, when: str) -> NDArray[np.int64]:
    wrong = values != np.rint(values)
    if wrong.any():
        raise DataError(
            f"The answer {values[int(wrong.argmax())]:g} {when} is no category of the scale.",
            column=item,
            remedy="Round or group the answers first.",
        )
    return (values - low).astype(np.int64)
