"""The tasks as svy does them."""

from __future__ import annotations

from typing import Any

import labels
import numpy as np
import polars as pl
import svy


def rake(data: dict[str, np.ndarray]) -> Any:
    columns = {
        f"v{i}": np.array([f"c{k}" for k in range(int(row.max()) + 1)])[row]
        for i, row in enumerate(data["codes"])
    }
    frame = pl.DataFrame(columns).with_columns(base=pl.lit(1.0))
    margins = labels.targets(data)

    def work() -> Any:
        sample = svy.Sample(frame, svy.Design(wgt="base"))
        return sample.weighting.rake(controls=margins, wgt_name="raked", tol=1e-10, max_iter=500)

    return work, lambda made: labels.summary(made.data["raked"].to_numpy())
