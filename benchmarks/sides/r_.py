"""What R answered: read from the stored outputs of the tests, not run here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).resolve().parents[2] / "tests" / "reference"
QMETHOD = REFERENCE / "qmethod"


def analysis() -> np.ndarray:
    table = pd.read_csv(QMETHOD / "outputs" / "PCA_varimax_pearson_k3__sorts.csv")
    return table[["f1", "f2", "f3"]].to_numpy()


def bootstrap(mode: str) -> Callable[[], np.ndarray]:
    def read() -> np.ndarray:
        table = pd.read_csv(QMETHOD / "bootstrap" / f"statements_{mode}_n100.csv")
        return table[["zsc_std", "mean", "sd", "q2.5", "q97.5"]].to_numpy()

    return read


def reason() -> np.ndarray:
    text = (REFERENCE / "dri" / "activate.expected.json").read_text()
    return np.array([json.loads(text)["from_R"]["post"]["dri_original"]])


def rake() -> np.ndarray:
    table = pd.read_csv(REFERENCE / "representativeness" / "r_weights.csv")
    return table["rake_equal"].to_numpy()


ANSWERS: Mapping[str, Callable[[], np.ndarray]] = {
    "q_analysis": analysis,
    "q_bootstrap_procrustes": bootstrap("procrustes_fixed"),
    "q_bootstrap_none": bootstrap("none"),
    "reason": reason,
    "rake_r": rake,
}
