"""Text labels of coded people, for both sides alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def frame(codes: np.ndarray) -> pd.DataFrame:
    """One column a variable, its categories called c0, c1, …"""
    import pandas as pd  # an environment without it uses the rest

    names = [np.array([f"c{k}" for k in range(int(row.max()) + 1)], object) for row in codes]
    return pd.DataFrame({f"v{i}": names[i][row] for i, row in enumerate(codes)})


def targets(data: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """What the weights shall sum to, by variable and category."""
    return {
        f"v{i}": {f"c{k}": float(x) for k, x in enumerate(data[f"target{i}"])}
        for i in range(len(data["codes"]))
    }


def shares(data: dict[str, np.ndarray]) -> dict[str, dict[str, float]]:
    """The same as shares of their sum."""
    return {
        v: {c: x / sum(part.values()) for c, x in part.items()} for v, part in targets(data).items()
    }


def summary(weights: Any) -> np.ndarray:
    """Weights with mean 1: the first thousand, and the design effect n Σw² / (Σw)²."""
    w = np.asarray(weights, dtype=np.float64)
    return np.append(w[:1000] / w.mean(), len(w) * (w**2).sum() / w.sum() ** 2)


def halves(codes: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first half of the people as the panel, all of them as the target."""
    every = frame(codes)
    return every.iloc[: len(every) // 2].reset_index(drop=True), every
