"""The synthetic reference sets and what R gives for them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parents[1] / "reference" / "impact"
NAMES = {0: "pending", 1: "implemented", 2: "rejected", 3: "superseded"}
SETS = ("synthetic-101", "synthetic-102")


def load(name):
    folder = FOLDER / name
    tables = {kind: pd.read_csv(folder / f"{kind}.csv") for kind in ("competing", "interval")}
    tables["multistate"] = pd.read_csv(folder / "multistate.csv")
    tables["competing"]["cause"] = tables["competing"]["event"].map(NAMES)
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return SimpleNamespace(expected=expected, **tables)


def close(ours, theirs, tolerance):
    """Equal where R gives a number; R's null must be our NaN."""
    theirs = np.array([np.nan if v is None else v for v in np.atleast_1d(theirs)], dtype=float)
    np.testing.assert_allclose(
        np.asarray(ours, dtype=float).ravel(), theirs, rtol=0, atol=tolerance
    )
