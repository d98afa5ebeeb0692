"""The tasks as krippendorff does them."""

from __future__ import annotations

from typing import Any

import krippendorff
import numpy as np


def alpha(level: str) -> Any:
    def task(data: dict[str, np.ndarray]) -> Any:
        table = data["ratings"]
        work = lambda: krippendorff.alpha(table, level_of_measurement=level)  # noqa: E731
        return work, lambda value: value

    return task


alpha_nominal, alpha_ordinal = alpha("nominal"), alpha("ordinal")
alpha_interval, alpha_ratio = alpha("interval"), alpha("ratio")
