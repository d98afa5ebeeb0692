"""How the other program's numbers were made: keep the commands, versions and settings.

Run it in its own folder. Here the other program is statsmodels; it prints the value for
published.csv and writes program-values.csv.
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pandas as pd
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

HERE = Path(__file__).parent
ratings = pd.read_csv(HERE / "synthetic-ratings.csv").set_index("unit")
counts, categories = aggregate_raters(ratings.to_numpy())
print("statsmodels", version("statsmodels"), "fleiss_kappa:", repr(float(fleiss_kappa(counts))))
shares = pd.DataFrame({"category": categories, "share": counts.sum(axis=0) / counts.sum()})
shares.to_csv(HERE / "program-values.csv", index=False, lineterminator="\n")
