"""The tasks as balance does them."""

from __future__ import annotations

import logging
from typing import Any

import labels
import numpy as np
import pandas as pd
from balance import Sample
from balance.weighting_methods.rake import rake as rake_frames

logging.disable(logging.WARNING)


def rake(data: dict[str, np.ndarray]) -> Any:
    """To the margins of a weighted target frame: the ones that the others are given."""
    people = labels.frame(data["codes"])
    equal, weights = pd.Series(np.ones(len(people))), pd.Series(data["weights"])

    def work() -> Any:
        return rake_frames(
            people, equal, people, weights,
            transformations=None, convergence_rate=1e-10, rate_tolerance=0.0,
        )  # fmt: skip

    return work, lambda made: labels.summary(made["weight"])


def smd(data: dict[str, np.ndarray]) -> Any:
    """Without the first category of each variable, which balance gives for the last one only."""
    panel, target = labels.halves(data["codes"][1:])
    for frame in (panel, target):
        frame["id"] = np.arange(len(frame)).astype(str)

    def work() -> Any:
        sample = Sample.from_frame(panel, id_column="id")
        return sample.set_target(Sample.from_frame(target, id_column="id")).covars().asmd()

    def answer(table: Any) -> Any:
        row = table.iloc[0].drop("mean(asmd)")
        return row[~row.index.str.endswith("c0]")].sort_index().to_numpy(dtype=float)

    return work, answer
