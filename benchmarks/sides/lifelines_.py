"""The tasks as lifelines does them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from lifelines import AalenJohansenFitter, CoxPHFitter, KaplanMeierFitter
from lifelines.statistics import logrank_test

GRID = np.linspace(1, 2000, 200)


def kaplan_meier(data: dict[str, np.ndarray]) -> Any:
    event = data["cause"] > 0
    answer = lambda made: made.survival_function_at_times(GRID)  # noqa: E731
    return lambda: KaplanMeierFitter().fit(data["days"], event), answer


def incidence_of_one(data: dict[str, np.ndarray]) -> Any:
    def work() -> Any:
        fitter = AalenJohansenFitter(seed=1)
        return fitter.fit(data["days"], data["cause"], event_of_interest=1)

    def answer(made: Any) -> Any:
        curve = made.cumulative_density_.iloc[:, 0]
        place = np.searchsorted(curve.index.to_numpy(), GRID, side="right") - 1
        return curve.to_numpy()[place]

    return work, answer


def logrank(data: dict[str, np.ndarray]) -> Any:
    days, event, one = data["days"], data["cause"] > 0, data["group"] == 1

    def work() -> Any:
        return logrank_test(days[~one], days[one], event[~one], event[one])

    return work, lambda made: made.test_statistic


def cox(data: dict[str, np.ndarray]) -> Any:
    frame = pd.DataFrame(data["x"], columns=["a", "b", "c"])
    frame["days"], frame["event"] = data["days"], data["cause"] > 0

    def answer(model: Any) -> Any:
        return np.append(model.params_, model.standard_errors_)

    return lambda: CoxPHFitter().fit(frame, "days", "event"), answer
