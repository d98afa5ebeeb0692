"""The recipe of the synthetic ratings; run it in its own folder to make the file anew."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

rng = np.random.default_rng(20250401)
truth = rng.choice(["low", "middle", "high"], 30, p=[0.3, 0.4, 0.3])
with (Path(__file__).parent / "synthetic-ratings.csv").open("w", newline="") as stream:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(["unit", "A", "B", "C"])
    for i, one in enumerate(truth):
        guesses = [str(rng.choice(["low", "middle", "high"])) for _ in "ABC"]
        given = [one if rng.random() < 0.75 else guess for guess in guesses]
        writer.writerow([f"SYN{i:02}", *given])
