"""The recipe of the synthetic answers; run it in its own folder to make the file anew.

40 members answer one question from 0 to 10 before and after. Answers before are drawn
around 4.5; afterwards most move up by a little. Three give no answer afterwards.
Nobody was asked anything.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

rng = np.random.default_rng(20250301)
before = np.clip(np.rint(rng.normal(4.5, 2.0, 40)), 0, 10).astype(int)
after = np.clip(np.rint(before + rng.normal(1.0, 1.5, 40)), 0, 10).astype(int)
silent = set(rng.choice(40, 3, replace=False).tolist())

with (Path(__file__).parent / "synthetic-answers.csv").open("w", newline="") as stream:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["person", "group", "before", "after"])
    for i in range(40):
        group = "table 1" if i < 20 else "table 2"
        writer.writerow([f"SYN{i:03}", group, before[i], "" if i in silent else after[i]])
