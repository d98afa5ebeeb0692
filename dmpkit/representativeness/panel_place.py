"""Where a finished panel lies among the panels that its lottery gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.errors import DataError
from dmpkit.reporting import Figure, Result, Section, paragraphs, table_html
from dmpkit.representativeness.data import panel_of
from dmpkit.representativeness.labels import require_known
from dmpkit.resampling import p_value

if TYPE_CHECKING:
    from dmpkit.representativeness.lottery import Lottery, TrackedVariable

__all__ = ["PanelPlace", "place_panel"]


@dataclass(frozen=True, eq=False, repr=False)
class PanelPlace(Result):
    """Result of ``Lottery.place``.

    Attributes
    ----------
    lottery : Lottery
    n : int
        Members of the panel.
    tvd : DataFrame
        ``variable, reference, tvd, mean, low, high`` (mean and middle 95 % of the
        draws), ``percentile`` (draws nearer than the panel, ties by half, in percent)
        and ``p_value`` (that this lottery gives a panel as far or farther).
    counts : DataFrame
        ``variable, category, count, mean, low, high, percentile``.
    """

    lottery: Lottery
    n: int
    tvd: pd.DataFrame
    counts: pd.DataFrame

    title = "The panel among those of its lottery"

    def frames(self) -> dict[str, pd.DataFrame]:
        """``tvd`` and ``counts``."""
        return {"tvd": self.tvd, "counts": self.counts}

    def summary(self) -> str:
        """A sentence a variable."""
        parts = []
        for row in self.tvd.itertuples():
            other = 100 * float(row.tvd)  # type: ignore[arg-type]
            parts.append(
                f"{row.variable}: {other:.1f} % of the members would have to be in another "
                f"category to match the {row.reference} (total variation distance {row.tvd:.3f}); "
                f"{row.percentile:.0f} % of the panels drawn lie nearer to it, the middle 95 % of "
                f"them at {row.low:.3f} to {row.high:.3f}."
            )
        outside = self.counts[
            (self.counts["count"] < self.counts["low"])
            | (self.counts["count"] > self.counts["high"])
        ]
        parts.append(
            "No count lies outside the middle 95 % of the draws."
            if outside.empty
            else f"{len(outside)} of {len(self.counts)} counts lie outside the middle 95 % of the "
            f"draws: " + ", ".join(f"{r.variable} {r.category}" for r in outside.itertuples()) + "."
        )
        seats = self.lottery.problem.seats
        if self.n != seats:
            parts.append(
                f"The panel has {self.n} members, the lottery {seats} seats: its counts are "
                f"scaled to {seats} for the comparison."
            )
        return " ".join(parts)

    def methods_text(self) -> str:
        """How the panel was placed."""
        return (
            f"{self.lottery.methods_text()} The panel's distance in each variable is the total "
            f"variation distance; its p-value is (b + 1)/(B + 1) with b the draws at least as far. "
            f"It is a question to the lottery, not to a population; with several variables, "
            f"small p-values are to be expected by chance."
        )

    def section(self) -> Section:
        """Text, table and picture."""
        figure = Figure.from_axes(
            self.lottery.plot_tvd(self), "The panel (diamond) among the panels of the lottery."
        )
        table = table_html(self.tvd, digits=3)
        return Section(self.title, paragraphs(self.summary()) + table, (figure,))


def place_panel(lottery: Lottery, panel: Any) -> PanelPlace:
    """Compare a panel with the draws of a lottery, variable by variable.

    Parameters
    ----------
    lottery : Lottery
    panel : Panel, DataFrame, mapping or path
        Members or counts; variables that the lottery did not count are left out.

    Raises
    ------
    DataError
        When they share no variable or a category is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> from dmpkit.representativeness.lottery import simulate_lottery
    >>> pool = pd.DataFrame({"age": ["young"] * 5 + ["old"] * 5})
    >>> lottery = simulate_lottery(pool, None, 4, variables=["age"], n_draws=2000, seed=1)
    >>> place_panel(lottery, {"age": {"young": 2, "old": 2}}).tvd["tvd"].tolist()
    [0.0]
    """
    members = panel_of(panel)
    shared = [own for own in lottery.variables if own.name in members.variables]
    if not shared:
        raise DataError(
            "The panel and the lottery have no variable in common.",
            remedy=f"The lottery counted {', '.join(own.name for own in lottery.variables)}.",
        )
    far: list[tuple[Any, ...]] = []
    many: list[tuple[Any, ...]] = []
    for own in shared:
        counts = members.of(own.name)
        require_known(counts.index, own.categories, variable=own.name, reference="the lottery")
        observed = counts.reindex(list(own.categories), fill_value=0).to_numpy(np.float64)
        far.append(_distance_row(lottery, own, observed))
        many += _count_rows(lottery, own, observed)
    tvd = pd.DataFrame(far, columns=["variable", "reference", "tvd", "mean", "low", "high",
                                     "percentile", "p_value"])  # fmt: skip
    counted = pd.DataFrame(many, columns=["variable", "category", "count", "mean", "low", "high",
                                          "percentile"])  # fmt: skip
    return PanelPlace(lottery, members.n, tvd, counted)


def _distance_row(lottery: Lottery, own: TrackedVariable, observed: Any) -> tuple[Any, ...]:
    draws = lottery.distances(own.name)
    draws = draws[~np.isnan(draws)]
    value = float(own.distance(observed[None])[0])
    low, high = np.quantile(draws, [0.025, 0.975])
    p = p_value(int((draws >= value - 1e-12).sum()), len(draws))
    return (own.name, own.reference, value, draws.mean(), low, high, _percentile(draws, value), p)


def _count_rows(lottery: Lottery, own: TrackedVariable, observed: Any) -> list[tuple[Any, ...]]:
    counts = lottery.counts(own.name)
    scaled = observed * lottery.problem.seats / observed.sum()
    if observed.sum() == lottery.problem.seats:
        scaled = observed
    low, high = np.quantile(counts, [0.025, 0.975], axis=0, method="inverted_cdf")
    return [
        (own.name, name, scaled[i], counts[:, i].mean(), low[i], high[i],
         _percentile(counts[:, i], scaled[i]))
        for i, name in enumerate(own.categories)
    ]  # fmt: skip


def _percentile(draws: Any, value: float) -> float:
    """Percent of the draws below a value, those equal to it by half."""
    below = float((draws < value - 1e-12).mean())
    return 100 * (below + float((np.abs(draws - value) <= 1e-12).mean()) / 2)
