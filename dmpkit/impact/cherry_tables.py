"""The plain tables of cherry-picking: uptake by property, and exact tests for one process."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dmpkit.impact.cherry_data import NOT_CODED, CodedFates, Predictor
from dmpkit.impact.exact_tables import exact_table_test
from dmpkit.measures.proportions import holm

__all__ = [
    "exact_tests",
    "fates_by_category",
    "planned_shares",
    "uptake_by_process",
    "uptake_table",
]


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table as named tuples."""
    return iter(frame.itertuples())


def _groups(predictor: Predictor) -> list[tuple[str, NDArray[np.bool_]]]:
    """Category and its rows, in order, those not coded last."""
    named = [(c, predictor.codes == i) for i, c in enumerate(predictor.categories)]
    gone = predictor.codes < 0
    return [*named, (NOT_CODED, gone)] if gone.any() else named


def _share(count: int, n: int) -> float:
    return count / n if n else np.nan


def uptake_table(coded: CodedFates) -> pd.DataFrame:
    """Taken up by each property: ``variable, category, n, taken_up, share``."""
    rows = []
    for predictor in coded.predictors:
        for category, chosen in _groups(predictor):
            n, k = int(chosen.sum()), int(coded.taken_up[chosen].sum())
            rows.append((predictor.name, category, n, k, _share(k, n)))
    return pd.DataFrame(rows, columns=["variable", "category", "n", "taken_up", "share"])


def fates_by_category(coded: CodedFates) -> pd.DataFrame:
    """Every fate by each property: ``variable, category, fate, count, n, share``."""
    rows = []
    for predictor in coded.predictors:
        for category, chosen in _groups(predictor):
            n = int(chosen.sum())
            counts = np.bincount(coded.fates[chosen], minlength=len(coded.levels))
            for level, count in zip(coded.levels, counts.tolist(), strict=True):
                rows.append((predictor.name, category, level, count, n, _share(count, n)))
    return pd.DataFrame(rows, columns=["variable", "category", "fate", "count", "n", "share"])


def uptake_by_process(coded: CodedFates) -> pd.DataFrame:
    """Taken up by process: ``process, n, taken_up, share``; one row where none is named."""
    if coded.process is None:
        names, place = np.array(["(one process)"]), np.zeros(coded.n, dtype=np.intp)
    else:
        names, place = np.unique(coded.process.astype(str), return_inverse=True)
    n = np.bincount(place)
    k = np.bincount(place, coded.taken_up).astype(int)
    return pd.DataFrame({"process": names, "n": n, "taken_up": k, "share": k / n})


def planned_shares(coded: CodedFates) -> pd.DataFrame:
    """Share taken up with and without what was already planned: ``which, n, taken_up, share``."""
    chosen = {"all": np.ones(coded.n, dtype=bool)}
    if coded.planned is not None:
        unknown = np.isnan(coded.planned)
        chosen["without already planned"] = coded.planned == 0
        chosen["already planned"] = coded.planned == 1
        if unknown.any():
            chosen["not known whether planned"] = unknown
    rows = []
    for which, part in chosen.items():
        n, k = int(part.sum()), int(coded.taken_up[part].sum())
        rows.append((which, n, k, _share(k, n)))
    return pd.DataFrame(rows, columns=["which", "n", "taken_up", "share"])


def exact_tests(coded: CodedFates, *, n_resamples: int, seed: int) -> pd.DataFrame:
    """Exact test of every property against all fates, with Holm's correction.

    Columns ``variable, n, difference, odds_ratio, p_value, p_holm, note``: the
    difference of the shares taken up and the odds ratio (last category against first)
    stand only where there are two categories. They are of the 2 × 2 table taken up or
    not; the p-value is of the table by all fates, as the note says.
    """
    rows = []
    for place, predictor in enumerate(coded.predictors):
        known = predictor.codes >= 0
        table = np.zeros((len(predictor.categories), len(coded.levels)), dtype=np.int64)
        np.add.at(table, (predictor.codes[known], coded.fates[known]), 1)
        tested = exact_table_test(table, n_resamples=n_resamples, seed=seed + place)
        difference, ratio = _two_by_two(coded, predictor)
        note = _of(tested.note, table)
        rows.append((predictor.name, tested.n, difference, ratio, tested.p_value, np.nan, note))
    frame = pd.DataFrame(
        rows,
        columns=["variable", "n", "difference", "odds_ratio", "p_value", "p_holm", "note"],
    )
    return frame.assign(p_holm=holm(frame["p_value"].to_numpy(dtype=np.float64)))


def _of(note: str, table: NDArray[np.int64]) -> str:
    """The note of a test, with the table that it is of."""
    if note.startswith("no test"):
        return note
    return f"{note}, p of the table by all {table.shape[1]} fates"


def _two_by_two(coded: CodedFates, predictor: Predictor) -> tuple[float, float]:
    if len(predictor.categories) != 2:
        return np.nan, np.nan
    cells = []
    for place in (0, 1):
        own = coded.taken_up[predictor.codes == place]
        cells.append((int(own.sum()), int((~own).sum())))
    (a, b), (c, d) = cells
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(np.float64(c * b) / np.float64(a * d))
    return _share(c, c + d) - _share(a, a + b), ratio
