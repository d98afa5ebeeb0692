"""The tasks as irrCAC does them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from irrCAC.raw import CAC


def coefficient(name: str) -> Any:
    def task(data: dict[str, np.ndarray]) -> Any:
        frame = pd.DataFrame(data["ratings"].T)
        work = lambda: getattr(CAC(frame, digits=15), name)()["est"]  # noqa: E731
        return work, lambda found: [found["coefficient_value"], found["se"]]

    return task


gwet, conger = coefficient("gwet"), coefficient("conger")
