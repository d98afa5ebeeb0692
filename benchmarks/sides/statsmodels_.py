"""The tasks as statsmodels does them."""

from __future__ import annotations

from typing import Any

import labels
import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

GRID = np.linspace(1, 2000, 200)


def fleiss(data: dict[str, np.ndarray]) -> Any:
    table = data["ratings"].T
    return lambda: fleiss_kappa(aggregate_raters(table)[0]), lambda value: value


def wilson(data: dict[str, np.ndarray]) -> Any:
    work = lambda: proportion_confint(data["yes"], data["size"], method="wilson")  # noqa: E731
    return work, lambda ends: np.ravel([end[:1000] for end in ends])


def holm(data: dict[str, np.ndarray]) -> Any:
    return lambda: multipletests(data["p"], method="holm"), lambda found: np.sort(found[1])[:1000]


def steps(times: Any, values: Any, at: np.ndarray, before: float) -> np.ndarray:
    """A step function at the times asked for."""
    place = np.searchsorted(times, at, side="right") - 1
    return np.where(place < 0, before, np.asarray(values)[np.maximum(place, 0)])


def kaplan_meier(data: dict[str, np.ndarray]) -> Any:
    event = (data["cause"] > 0).astype(int)
    answer = lambda made: steps(made.surv_times, made.surv_prob, GRID, 1.0)  # noqa: E731
    return lambda: SurvfuncRight(data["days"], event), answer


def incidence(data: dict[str, np.ndarray]) -> Any:
    def answer(made: Any) -> Any:
        rows = [*made.cinc, *made.cinc_se]
        return np.concatenate([steps(made.times, row, GRID, 0.0) for row in rows])

    return lambda: CumIncidenceRight(data["days"], data["cause"]), answer


def logrank(data: dict[str, np.ndarray]) -> Any:
    event = (data["cause"] > 0).astype(int)
    return lambda: survdiff(data["days"], event, data["group"]), lambda found: found[0]


def r_indicator(data: dict[str, np.ndarray]) -> Any:
    frame = labels.frame(data["codes"])
    y = data["responded"].astype(int)

    def work() -> Any:
        dummies = pd.get_dummies(frame, drop_first=True, dtype=float)
        fit = sm.GLM(y, sm.add_constant(dummies), family=sm.families.Binomial()).fit()
        return 1 - 2 * fit.fittedvalues.std(ddof=1)

    return work, lambda value: value
