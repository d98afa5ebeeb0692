"""Cherry-picking: whether the cheap, unthreatening, already planned were taken up.

The plain table comes first. One process gets a cross-tabulation with an exact test and
no model; several get a logit or an ordinal model whose errors know the processes. All
of it is association: the properties were not assigned by lot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import pandas as pd

from dmpkit.arguments import check_settings
from dmpkit.errors import DataError
from dmpkit.impact.cherry_data import CodedFates, code_fates
from dmpkit.impact.cherry_models import MANY_PROCESSES, ModelTables, model_tables
from dmpkit.impact.cherry_tables import (
    exact_tests,
    fates_by_category,
    planned_shares,
    rows_of,
    uptake_by_process,
    uptake_table,
)
from dmpkit.impact.share_intervals import checked_level, percent
from dmpkit.impact.wording import ratio_text
from dmpkit.reporting import (
    Indicator,
    Result,
    Section,
    format_number,
    format_p,
    paragraphs,
    table_html,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CherryPicking", "cherry_picking"]

_ERRORS = {
    "cluster": "errors clustered by process (times G/(G-1) * (n-1)/(n-k), HC1)",
    "random": "a normal random intercept for each process (adaptive Gauss-Hermite quadrature, "
    "15 nodes; Wald intervals)",
}
_MODELS = {
    "logit": "a binary logit model of being taken up",
    "ordinal": "an ordinal (proportional odds) logit model of the fate, which takes one odds ratio "
    "for every step from a lower fate to a higher",
}
ASSOCIATION = (
    "These are associations: nobody assigned cost or challenge by lot, and which recommendations "
    "the assembly chose to make is not in the table."
)


@dataclass(frozen=True, eq=False, repr=False)
class CherryPicking(Result):
    """Result of :func:`cherry_picking`.

    Attributes
    ----------
    coded : CodedFates
        The table as it was coded.
    uptake : DataFrame
        ``variable, category, n, taken_up, share``: the plain table.
    fates : DataFrame
        ``variable, category, fate, count, n, share``.
    shares : DataFrame
        ``which, n, taken_up, share``, with and without what was already planned.
    processes : DataFrame
        ``process, n, taken_up, share``.
    tests : DataFrame or None
        One process: ``variable, n, difference, odds_ratio, p_value, p_holm, note``.
    fitted : ModelTables or None
        Several processes: coefficients, thresholds, marginal effects.
    model, errors : str
    level : float
    n_resamples, seed : int
    synthetic : bool
    """

    coded: CodedFates
    uptake: pd.DataFrame
    fates: pd.DataFrame
    shares: pd.DataFrame
    processes: pd.DataFrame
    tests: pd.DataFrame | None
    fitted: ModelTables | None
    model: str
    errors: str
    level: float
    n_resamples: int
    seed: int
    synthetic: bool

    title: ClassVar[str] = "Which recommendations were taken up"
    sheet_notes: ClassVar[Mapping[str, str]] = {
        "uptake": "Share taken up by each property, before any model.",
        "tests": "Exact tests of each property against all fates; p_holm after Holm; difference "
        "and odds_ratio are of taken up or not.",
        "coefficients": "Log odds and odds ratios; association, all properties held together.",
        "marginal_effects": "Average change of the probability of each fate.",
    }

    @property
    def odds_name(self) -> str:
        """What the odds are odds of."""
        fate = "being taken up" if self.model == "logit" else "a fate further up"
        return f"odds ratios of {fate}"

    @property
    def coefficients(self) -> pd.DataFrame | None:
        """The model's table; None for one process."""
        return None if self.fitted is None else self.fitted.coefficients

    @property
    def marginal_effects(self) -> pd.DataFrame | None:
        """Average marginal effects; None for one process."""
        return None if self.fitted is None else self.fitted.marginal_effects

    def frames(self) -> dict[str, pd.DataFrame]:
        """``uptake, shares, fates, processes``, then the tests or the model's tables."""
        tables = {
            "uptake": self.uptake,
            "shares": self.shares,
            "fates": self.fates,
            "processes": self.processes,
        }
        if self.tests is not None:
            tables["tests"] = self.tests
        if self.fitted is not None:
            tables["coefficients"] = self.fitted.coefficients
            tables["thresholds"] = self.fitted.thresholds
            tables["marginal_effects"] = self.fitted.marginal_effects
        return tables

    def summary(self) -> str:
        """What was taken up, by which property, and what the test or the model adds."""
        parts = [self._shares_text(), self._uptake_text(), self._blind_text()]
        parts.append(self._tests_text() if self.fitted is None else self._model_text(self.fitted))
        parts.append(ASSOCIATION)
        text = "\n\n".join(part for part in parts if part)
        return f"Synthetic data. {text}" if self.synthetic else text

    def _shares_text(self) -> str:
        by = {row.which: row for row in rows_of(self.shares)}
        every, chosen = by["all"], " or ".join(self.coded.taken_up_levels)
        text = (
            f"Of {every.n} recommendations with a known fate {every.taken_up} were "
            f"taken up ({percent(every.share)}; counted as taken up: fate {chosen})."
        )
        if self.coded.n_unassessed:
            text += (
                f" {self.coded.n_unassessed} without a known fate are left out; they are not "
                "counted as refused."
            )
        if self.coded.planned is None:
            return text + (
                " It was not said which were already planned, so the share says nothing about "
                "what is new."
            )
        rest, planned = by["without already planned"], by["already planned"]
        if rest.n:
            text += (
                f" Without those already planned: {rest.taken_up} of {rest.n} "
                f"({percent(rest.share)})."
            )
        else:
            text += " None is known not to have been planned already."
        if planned.n:
            text += (
                f" Of the already planned ones: {planned.taken_up} of {planned.n} "
                f"({percent(planned.share)})."
            )
        return text

    def _uptake_text(self) -> str:
        parts = []
        for variable, part in self.uptake.groupby("variable", sort=False):
            cells = [
                f"{row.category}: {format_number(100 * row.share, 1)} % ({row.taken_up} of {row.n})"
                for row in rows_of(part)
            ]
            parts.append(f"{variable} – {', '.join(cells)}")
        return "Share taken up, before any model. " + "; ".join(parts) + "."

    def _blind_text(self) -> str:
        n, blind = self.coded.n, self.coded.n_blind
        if blind is None:
            return (
                "It was not said whether the properties were coded blind to the fate; a coder who "
                "knows the fate may see low cost in what was done."
            )
        if blind == n:
            return "The properties were coded blind to the fate."
        return (
            f"{n - blind} of {n} recommendations were coded with the fate known, not blind; a "
            "coder who knows the fate may see low cost in what was done."
        )

    def _tests_text(self) -> str:
        if self.tests is None:
            return ""
        parts = [
            f"{row.variable} {format_p(row.p_value)} "
            f"(after Holm {format_number(row.p_holm, 3)}; {row.note})"
            for row in rows_of(self.tests)
        ]
        return (
            "There is one process, so there is a cross-tabulation with an exact test and no "
            f"model. {'; '.join(parts)}. A p-value is of the table by all fates; a difference or "
            "odds ratio beside it is of taken up or not. The test asks how often fates dealt out "
            "by chance among these same recommendations would lie as unevenly; it is no statement "
            "about other processes."
        )

    def _model_text(self, fitted: ModelTables) -> str:
        percent = f"{100 * self.level:g} %"
        parts = []
        for row in rows_of(fitted.coefficients):
            if row.term in fitted.separated:
                parts.append(f"{row.term} separates the fates, no finite odds ratio")
                continue
            parts.append(
                f"{row.term} {ratio_text(row.odds_ratio)} ({percent} interval "
                f"{ratio_text(row.odds_low)} to {ratio_text(row.odds_high)}, "
                f"{format_p(row.p_value)})"
            )
        text = (
            f"Over {fitted.n_processes} processes and {fitted.n} recommendations, the other "
            f"properties held alike, {self.odds_name} are: {'; '.join(parts)}."
        )
        if fitted.process_sd == fitted.process_sd:
            text += (
                f" Processes differ with a standard deviation of {fitted.process_sd:.2f} on the "
                "scale of log odds."
            )
        if fitted.n_left_out:
            text += f" {fitted.n_left_out} with a property not coded are not in the model."
        if fitted.events_a_coefficient < 10:
            text += (
                f" With {fitted.events_a_coefficient:.1f} events a coefficient (10 are advised) "
                "the ratios lie too far from 1 and the intervals are rough."
            )
        return text

    def methods_text(self) -> str:
        """Every choice made, ready to edit."""
        left = (
            "Recommendations without a known fate were left out of everything, those with a "
            "property not coded out of the model and shown apart in the tables."
        )
        references = "; ".join(
            f"{p.name} against {p.categories[0]}"
            for p in self.coded.predictors
            if p.kind == "categories"
        )
        first = (
            f"Uptake was tabulated first, by each property as coded. {left} Fates from least to "
            f"most: {', '.join(self.coded.levels)}; taken up: "
            f"{', '.join(self.coded.taken_up_levels)}. {self._blind_text()}"
        )
        if references:
            first += f" Categories stand {references}."
        if self.fitted is None:
            return (
                f"{first} Each property was tested against all fates by Fisher's exact test, in "
                "Freeman and Halton's (1951) form for more than two rows or columns, by "
                f"enumeration or, where that is not feasible, {self.n_resamples:,} drawn tables "
                f"(seed {self.seed}), with Holm's correction. {ASSOCIATION}"
            )
        return f"{first} {self._model_methods(self.fitted)} {ASSOCIATION}"

    def _model_methods(self, fitted: ModelTables) -> str:
        text = (
            f"Several processes were compared with {_MODELS[self.model]} (maximum likelihood), "
            f"with {_ERRORS[self.errors]}."
        )
        g = fitted.n_processes
        if fitted.inference == "bootstrap":
            text += (
                f" With {g} processes (fewer than {MANY_PROCESSES}) p-values and intervals of the "
                "coefficients come from the wild cluster bootstrap of the scores with the null "
                f"imposed (Kline & Santos 2012; Rademacher signs, at most {self.n_resamples:,} "
                f"draws, seed {self.seed}), not from the standard errors; those of the marginal "
                f"effects from t with {g - 1} degrees of freedom."
            )
        elif fitted.inference == "t":
            text += (
                f" With {g} processes (fewer than {MANY_PROCESSES}) intervals and p-values use t "
                f"with {g - 1} degrees of freedom; for properties of whole processes they are "
                "still somewhat too narrow."
            )
        return (
            f"{text} Marginal effects are averages over the recommendations, with delta-method "
            "errors: for yes-or-no properties and categories the change of the probability, for "
            "numbers its slope. Separation was looked for by linear programming (Konis 2007)."
        )

    def indicators(self) -> tuple[Indicator, ...]:
        """Share taken up with and without already planned ones, and the odds ratios."""
        source = "synthetic data" if self.synthetic else "cherry-picking table"
        found = [
            Indicator(f"share taken up, {row.which}", row.share, n=int(row.n), source=source)
            for row in rows_of(self.shares)
        ]
        if self.fitted is not None:
            found += [
                Indicator(
                    f"odds ratio of {row.term}", float(row.odds_ratio), float(row.odds_low),
                    float(row.odds_high), self.fitted.n, "association", source,
                )
                for row in rows_of(self.fitted.coefficients)
            ]  # fmt: skip
        return tuple(found)

    def section(self) -> Section:
        """The plain table first, then tests or model, with the pictures."""
        from dmpkit.reporting import Figure

        html = paragraphs(self.summary())
        html += table_html(
            self.uptake, digits=3, groups="variable", caption="Taken up, by property"
        )
        html += table_html(self.shares, digits=3, caption="With and without already planned ones")
        figures = [Figure.from_axes(self.plot_uptake(), "Share taken up by property.")]
        if self.tests is not None:
            html += table_html(self.tests, digits=3, caption="Exact tests")
        if self.fitted is not None:
            html += table_html(self.fitted.coefficients, digits=3, caption="Coefficients")
            html += table_html(
                self.fitted.marginal_effects,
                digits=3,
                caption="Average marginal effects",
                headings={"effect": "difference"},
            )
            figures.append(Figure.from_axes(self.plot_forest(), "Odds ratios, log scale."))
        return Section(self.title, html, tuple(figures))

    def plot_uptake(self, *, ax: Axes | None = None) -> Axes:
        """The plain table as dots: see :func:`.cherry_plots.plot_uptake`."""
        from dmpkit.impact.cherry_plots import plot_uptake

        return plot_uptake(self, ax=ax)

    def plot_forest(self, *, ax: Axes | None = None) -> Axes:
        """Odds ratios with intervals: see :func:`.cherry_plots.plot_forest`."""
        from dmpkit.impact.cherry_plots import plot_forest

        return plot_forest(self, ax=ax)


def cherry_picking(
    table: Any,
    *,
    fate: str,
    predictors: Sequence[str],
    process: str | None = None,
    already_planned: str | None = None,
    levels: Sequence[object] | None = None,
    taken_up: object = None,
    orders: Mapping[str, Sequence[object]] | None = None,
    blind: bool | str | None = None,
    model: Literal["logit", "ordinal"] = "logit",
    errors: Literal["cluster", "random"] = "cluster",
    small_sample: Literal["bootstrap", "t"] = "bootstrap",
    level: float = 0.95,
    n_resamples: int = 1999,
    seed: int | None = 1,
    synthetic: bool = False,
) -> CherryPicking:
    """Which recommendations were taken up: the plain table, then a test or a model.

    One process (none named, or one value): every property is cross-tabulated with the
    fates and tested exactly; there is no model. Several: a logit model of being taken
    up or an ordinal one of all fates, with errors clustered by process or a random
    intercept for each. After Font, Smith, Galais & Alarcon (2018), who compared
    proposals over processes; tables and choices are our own.

    Parameters
    ----------
    table : DataFrame
        One row a recommendation. Rows without a fate are left out and counted;
        rows with a property missing stand apart in the tables and are left out of the
        model.
    fate : str
        Column of what became of it: numbers, yes and no, an ordered category, or
        words with `levels`.
    predictors : sequence of str
        Columns: cost, challenge to existing policy, support, powers. Numbers enter as
        they are; words as categories against the first one.
    process : str, optional
        Column of the process (assembly) it comes from.
    already_planned : str, optional
        Column that says whether it was already planned: yes or no, 1 or 0, or the
        ledger's baseline (none, planned, under way, in force). Enters the model too.
    levels : sequence, optional
        The fates from least to most.
    taken_up : value or list, optional
        Fates that count as taken up; the last of the levels when not given.
    orders : mapping of column to sequence, optional
        Categories in order, the first being what the others are held against;
        alphabetical where not given.
    blind : bool or str, optional
        Whether the properties were coded blind to the fate, or a column that says so.
    model : {"logit", "ordinal"}
    errors : {"cluster", "random"}
    small_sample : {"bootstrap", "t"}
        With fewer than 40 processes and clustered errors: wild cluster bootstrap of
        the scores, or t with one degree of freedom less than there are processes.
    level : float
        Of the intervals.
    n_resamples, seed : int
        Of the bootstrap, and of exact tests that cannot enumerate.
    synthetic : bool
        Made-up data; text and pictures say so.

    Returns
    -------
    CherryPicking

    Raises
    ------
    DataError
        Unknown columns (with the closest name), fates without an order or all the
        same, predictors that are constant or follow from others.

    Warns
    -----
    SeparationWarning
        No finite coefficient fits best; the properties are named.
    SmallSampleWarning
        Fewer than 10 events a coefficient, or very few processes.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"fate": ["no", "yes", "yes", "no", "yes", "no", "yes", "no"],
    ...                       "cost": ["high", "low", "low", "high", "low", "high", "high", "low"]})
    >>> result = cherry_picking(table, fate="fate", predictors=["cost"], levels=["no", "yes"])
    >>> result.uptake["share"].tolist()
    [0.25, 0.75]
    >>> round(float(result.tests["p_value"][0]), 3)
    0.486
    """
    check_settings(cherry_picking, locals())
    from dmpkit.resampling import drawn_seed
    from dmpkit.tables import to_pandas

    _check_resamples(n_resamples)
    confidence, used = checked_level(level), drawn_seed(seed)
    if predictors is None:
        raise DataError("No predictor is named.", remedy="Name columns such as cost, challenge.")
    coded = code_fates(
        to_pandas(table, what="table of recommendations"),
        fate=fate,
        predictors=[predictors] if isinstance(predictors, str) else list(predictors),
        process=process,
        already_planned=already_planned,
        levels=levels,
        taken_up=taken_up,
        orders=orders or {},
        blind=blind,
    )
    processes = uptake_by_process(coded)
    single = len(processes) == 1
    tests = exact_tests(coded, n_resamples=n_resamples, seed=used) if single else None
    fitted = None
    if not single:
        fitted = model_tables(
            coded, model=model, errors=errors, small_sample=small_sample, level=confidence,
            n_resamples=n_resamples, seed=used,
        )  # fmt: skip
    return CherryPicking(
        coded=coded,
        uptake=uptake_table(coded),
        fates=fates_by_category(coded),
        shares=planned_shares(coded),
        processes=processes,
        tests=tests,
        fitted=fitted,
        model=model,
        errors=errors,
        level=confidence,
        n_resamples=n_resamples,
        seed=used,
        synthetic=bool(synthetic),
    )


def _check_resamples(n_resamples: object) -> None:
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer):
        raise DataError(
            f"n_resamples={n_resamples!r} is no whole number.", remedy="Use 99 or more."
        )
    if n_resamples < 99:
        raise DataError(f"{n_resamples} resamples are too few.", remedy="Use 99 or more.")
