"""Scorecards that several tests share."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dmpkit.evaluation import Criteria, Scorecard

HERE = Path(__file__).parents[1] / "reference" / "evaluation"
RATERS = ["r1", "r2", "r3", "r4"]


def criteria(n: int = 6, stages: int = 2) -> Criteria:
    """I01 … of made-up stages s1 …, in turn of equal size."""
    ids = [f"I{i:02d}" for i in range(1, n + 1)]
    where = [f"s{1 + i * stages // n}" for i in range(n)]
    return Criteria(pd.DataFrame({"criterion": ids, "label": [f"Thing {i}" for i in ids],
                                  "stage": where}))  # fmt: skip


def reference(variant: str) -> tuple[Scorecard, pd.DataFrame, dict[str, Any]]:
    """A scorecard of the reference, its table and what must come out of it."""
    table = pd.read_csv(HERE / f"scorecard_{variant}.csv")
    expected = json.loads((HERE / f"expected_scorecard_{variant}.json").read_text())
    own = Criteria(pd.DataFrame({"criterion": table["indicator"], "label": table["indicator"],
                                 "stage": "s"}))  # fmt: skip
    long = table.melt("indicator", RATERS, "rater", "score")
    return (
        Scorecard.from_frames(long.rename(columns={"indicator": "criterion"}), own),
        table,
        expected,
    )


def random_card(seed: int, *, n: int = 8, raters: int = 3, stages: int = 2) -> Scorecard:
    """Scores of several raters with gaps."""
    rng = np.random.default_rng(seed)
    own = criteria(n, stages)
    rows = [
        {"criterion": c, "rater": f"R{r}", "score": float(rng.integers(0, 9)) / 2}
        for c in own.ids
        for r in range(raters)
        if rng.random() < 0.8
    ]
    rows.append({"criterion": own.ids[0], "rater": "R0 too", "score": 2.0})
    return Scorecard.from_frames(pd.DataFrame(rows), own)
