"""The tasks as weightipy does them."""

from __future__ import annotations

from typing import Any

import labels
import numpy as np
import weightipy as wp


def rake(data: dict[str, np.ndarray]) -> Any:
    frame, margins = labels.frame(data["codes"]), labels.shares(data)
    percents = {v: {c: 100 * x for c, x in part.items()} for v, part in margins.items()}

    def work() -> Any:
        return wp.weight_dataframe(frame.copy(), wp.scheme_from_dict(percents), "w")

    return work, lambda made: labels.summary(made["w"])
