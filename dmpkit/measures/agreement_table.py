"""All coefficients of agreement side by side, with what is needed to read them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from dmpkit.measures.coefficients import (
    brennan_prediger,
    cohen_kappa,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    light_kappa,
    percent_agreement,
    scott_pi,
)
from dmpkit.measures.disagreement import category_agreement, disagreements
from dmpkit.measures.metrics import Level, Weights, weights_name
from dmpkit.measures.ratings import Ratings
from dmpkit.reporting import (
    Estimate,
    Figure,
    Indicator,
    Result,
    Section,
    escape,
    format_number,
    paragraphs,
    table_html,
)
from dmpkit.resampling import drawn_seed
from dmpkit.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AgreementTable", "agreement_table"]

#: Share of one category from which on the paradox of kappa is spoken of; our own choice.
COMMON = 0.8


@dataclass(frozen=True, eq=False, repr=False)
class AgreementTable(Result):
    """Result of :func:`agreement_table`.

    Attributes
    ----------
    ratings : Ratings
    weights : str
        Name of the weights of the kappas.
    level : str
        Level of alpha.
    estimates : dict of str to Estimate
    n_resamples : int
    seed : int or None
        Of the bootstrap, the one given or drawn.
    confidence : float
    """

    title: ClassVar[str] = "Agreement between raters"
    sheet_notes: ClassVar[dict[str, str]] = {
        "coefficients": "Every coefficient with its interval and how it was made.",
        "categories": "How common each category is, and how far the raters agree on it.",
        "disagreements": "Units by what they contribute to alpha's observed disagreement.",
    }

    ratings: Ratings
    weights: str
    level: str
    distance: Any
    estimates: dict[str, Estimate]
    n_resamples: int
    seed: int | None
    confidence: float

    @cached_property
    def coefficients(self) -> pd.DataFrame:
        """``coefficient, weights, value, standard_error, low, high, p_value, n, note``."""
        rows = [
            {"coefficient": name, "weights": self._scale(name), **asdict(estimate)}
            for name, estimate in self.estimates.items()
        ]
        return pd.DataFrame(rows)

    def _scale(self, name: str) -> str:
        return self.level if name.startswith("Krippendorff") else self.weights

    @cached_property
    def categories(self) -> pd.DataFrame:
        """Prevalence and agreement of each category."""
        return category_agreement(self.ratings)

    @cached_property
    def disagreements(self) -> pd.DataFrame:
        """Units by their contribution to observed disagreement."""
        return disagreements(self.ratings, self.distance)

    @cached_property
    def raters(self) -> pd.DataFrame:
        """``rater, n_ratings``."""
        counts = (self.ratings.codes >= 0).sum(axis=1)
        return pd.DataFrame({"rater": self.ratings.raters, "n_ratings": counts})

    @property
    def n(self) -> int:
        """Units with two ratings or more."""
        return self.ratings.patterns.n_pairable

    def frames(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {
            "coefficients": self.coefficients,
            "categories": self.categories,
            "raters": self.raters,
            "disagreements": self.disagreements,
        }

    def summary(self) -> str:
        """The result in plain words."""
        r = self.ratings
        rated = int((r.codes >= 0).any(axis=0).sum())
        text = (
            f"{counted(len(r.raters), 'rater')}, {counted(self.n, 'unit')} with two ratings or more"
        )
        text += f" (of {rated:,} rated)." if rated > self.n else "."
        alpha = self.estimates["Krippendorff's alpha"]
        if math.isnan(alpha.value):
            why = alpha.note.split("; ", 1)[1]
            return f"{text} Agreement beyond chance (Krippendorff's alpha) is {why}."
        share = format_number(100 * self.estimates["percent agreement"].value, 0)
        text += f" They agree on {share} % ({self.weights})"
        text += f"; agreement beyond chance is {format_number(alpha.value)}"
        text += f" (Krippendorff's alpha, {self.level}"
        if not math.isnan(alpha.low):
            ends = f"{format_number(alpha.low)} to {format_number(alpha.high)}"
            text += f", {100 * self.confidence:g} % interval {ends}"
        return f"{text}). {self._prevalence()}".strip()

    def _prevalence(self) -> str:
        shares = self.categories["prevalence"].to_numpy(dtype=float)
        if not len(shares) or np.nanmax(shares) < COMMON:
            return ""
        name = self.categories["category"].iloc[int(np.nanargmax(shares))]
        return (
            f"{format_number(100 * np.nanmax(shares), 0)} % of the ratings are {name}: with so "
            "common a category alpha and the kappas can be low where raters rarely differ, and "
            "percent agreement high where they do not tell the rare category from the rest."
        )

    def methods_text(self) -> str:
        """A methods paragraph that states every choice made."""
        text = (
            f"Agreement of {len(self.ratings.raters)} raters on {self.n:,} units was measured by "
            f"{', '.join(self.estimates)}. The kappas, AC and percent agreement are "
            f"{self.weights}; alpha is at the {self.level}. Units with fewer than two ratings "
            "do not count towards observed agreement."
        )
        if self.n_resamples:
            over = "units" if self.ratings.clusters is None else "whole clusters"
            return (
                f"{text} Intervals are {100 * self.confidence:g} % percentile intervals from "
                f"{self.n_resamples:,} bootstrap resamples of {over} (seed {self.seed})."
            )
        return (
            f"{text} Standard errors are Gwet's (2014) linearised ones over units, of Cohen's "
            "kappa the asymptotic ones of Fleiss, Cohen and Everitt (1969). With about 50 units "
            "such 95 % intervals cover 93 to 95 %, of coefficients with quadratic weights 90 to "
            "92 % (simulated)."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Percent agreement and alpha."""
        source = f"{len(self.ratings.raters)} raters, {self.n:,} units"
        return tuple(
            Indicator(f"{name} ({self._scale(name)})", e.value, e.low, e.high, e.n, e.note, source)
            for name, e in self.estimates.items()
            if name in ("percent agreement", "Krippendorff's alpha")
        )

    def section(self) -> Section:
        """Table, categories and picture."""
        shown = self.coefficients.drop(columns=["note"])
        html = paragraphs(self.summary()) + table_html(shown, caption="Coefficients")
        notes = {e.note: None for e in self.estimates.values()}
        html += "".join(f'<p class="note">{escape(note)}.</p>' for note in notes)
        html += table_html(self.categories, caption="Categories")
        figures: tuple[Figure, ...] = ()
        if self.coefficients["value"].notna().any():
            caption = "Coefficients with their intervals."
            figures = (Figure.from_axes(self.plot_agreement(), caption),)
        return Section(self.title, html, figures)

    def plot_agreement(self, *, ax: Axes | None = None) -> Axes:
        """Coefficients with their intervals, see :func:`plot_agreement`."""
        from dmpkit.measures.agreement_plots import plot_agreement

        return plot_agreement(self.coefficients, label="coefficient", ax=ax)


def agreement_table(
    ratings: Any,
    weights: Weights = None,
    level: Level | None = None,
    *,
    n_resamples: int = 0,
    seed: int | None = None,
    clusters: Any = None,
    unit_weights: Any = None,
    categories: Sequence[Any] | None = None,
    confidence: float = 0.95,
) -> AgreementTable:
    """All coefficients side by side, with prevalence, percent agreement and notes.

    Parameters
    ----------
    ratings : array, list of rows, frame or Ratings, raters × units
    weights : {"unweighted", "linear", "quadratic", "ordinal"}, array or None
        Of the kappas, AC and percent agreement.
    level : str, callable or array, optional
        Of alpha; nominal when not given, or interval with quadratic weights (the
        same distances) and ordinal with other weights.
    n_resamples, seed, clusters, unit_weights, categories, confidence
        As in :func:`~dmpkit.measures.agreement.krippendorff_alpha`.

    Returns
    -------
    AgreementTable
        Cohen's kappa and Scott's pi for two raters, Light's kappa for more.

    Raises
    ------
    DataError
        Fewer than two raters, or weights or a level that do not fit.

    Examples
    --------
    >>> table = agreement_table([[1, 1, 2, 2, 1], [1, 2, 2, 2, 1]])
    >>> table.coefficients[["coefficient", "value"]].round(2).values.tolist()[:3]
    [['percent agreement', 0.8], ["Cohen's kappa", 0.62], ["Scott's pi", 0.6]]
    """
    r = Ratings.read(ratings, categories=categories, unit_weights=unit_weights, clusters=clusters)
    name = weights_name(weights)
    if level is None:
        plain = {"unweighted": "nominal", "quadratic weights": "interval"}
        level = plain.get(name, "ordinal") if r.ordered else "nominal"  # type: ignore[assignment]
        if name == "quadratic weights" and not r.numeric:
            level = "ordinal"
    used = drawn_seed(seed) if n_resamples else None
    options: dict[str, Any] = {
        "n_resamples": n_resamples, "seed": used, "confidence": confidence,
    }  # fmt: skip
    weighted: dict[str, Callable[..., Estimate]] = {"percent agreement": percent_agreement}
    if len(r.raters) == 2:
        weighted |= {"Cohen's kappa": cohen_kappa, "Scott's pi": scott_pi}
    else:
        weighted |= {"Light's kappa": light_kappa}
    weighted |= {
        "Fleiss' kappa": fleiss_kappa,
        "Conger's kappa": conger_kappa,
        "Brennan–Prediger": brennan_prediger,
        "Gwet's AC1" if name == "unweighted" else "Gwet's AC2": gwet_ac1,
    }
    estimates = {title: step(r, weights, **options) for title, step in weighted.items()}
    estimates["Krippendorff's alpha"] = krippendorff_alpha(r, level, **options)  # type: ignore[arg-type]
    called = f"{level} level" if isinstance(level, str) else "metric of the user"
    return AgreementTable(r, name, called, level, estimates, n_resamples, used, confidence)
