"""Made-up studies for the tests of pictures and reports; a recipe, not data."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

import numpy as np

import dmpkit.qmethod as qm
from dmpkit.errors import DmpkitWarning

GRIDS = {30: (-4, [2, 3, 3, 4, 6, 4, 3, 3, 2]), 60: (-5, [3, 4, 5, 6, 7, 10, 7, 6, 5, 4, 3])}
TALK = (
    "members should hear witnesses they chose and the authority must answer each proposal "
    "in public within a fixed time while facilitators keep quiet voices in the room"
)


def wordings(n: int) -> list[str]:
    """Texts of 60 to 180 characters."""
    rng = np.random.default_rng(7)
    texts = []
    for _ in range(n):
        words = list(rng.choice(TALK.split(), 40))
        text = " ".join(words)[: int(rng.integers(60, 181))]
        texts.append(text.strip().capitalize() + ".")
    return texts


def sorts(n: int = 30, p: int = 40, k: int = 5, *, texts: bool = True) -> qm.QSorts:
    """`p` forced sorts of `n` statements that hold one of `k` views each."""
    rng = np.random.default_rng(3)
    low, counts = GRIDS[n]
    grid = np.repeat(np.arange(low, low + len(counts)), counts).astype(float)
    views = rng.normal(size=(n, k)) + 0.6 * rng.normal(size=(n, 1))
    noise = rng.normal(size=(n, p)) * rng.uniform(0.4, 1.3, size=p)
    liking = views[:, np.arange(p) % k] + noise
    ranks = np.argsort(np.argsort(liking, axis=0), axis=0)
    return qm.QSorts(
        grid[ranks],
        sorts=[f"P{j:02d}" for j in range(1, p + 1)],
        texts=wordings(n) if texts else (),
    )


@cache
def analysis(
    n: int = 30, p: int = 40, k: int = 5, *, texts: bool = True, **how: Any
) -> qm.QAnalysis:
    """An analysis of made-up sorts; `how` goes to analyse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.analyse(sorts(n, p, k, texts=texts), how.pop("n_factors", k), **how)


def hand_flagged(flags: Any, data: qm.QSorts | None = None, **how: Any) -> qm.QAnalysis:
    """An analysis with flags by hand, its warnings left aside."""
    data = sorts(30, 6, 2) if data is None else data
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        return qm.analyse(data, np.asarray(flags).shape[1], flags=flags, **how)
