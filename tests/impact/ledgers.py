"""Small synthetic ledgers for the tests of this room."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from dmpkit.impact.data import Ledger


def recommendations(n: int = 3, **columns: Any) -> pd.DataFrame:
    ids = [f"R{k}" for k in range(1, n + 1)]
    base = {"rec_id": ids, "counting_unit": "recommendation", "report_date": "2021-06-23"}
    return pd.DataFrame({**base, **columns})


def events(*rows: tuple[Any, ...], **columns: Any) -> pd.DataFrame:
    """Rows of (rec_id, status, date) or (rec_id, status, date, extra columns)."""
    out = []
    for k, (rec, status, date, *more) in enumerate(rows, start=1):
        row = {"event_id": f"E{k:02d}", "rec_id": rec, "status": status, "date": date}
        row |= {"recorded_on": "2024-06-01", **columns, **(more[0] if more else {})}
        out.append(row)
    return pd.DataFrame(out)


def ledger(*rows: tuple[Any, ...], n: int = 3, **tables: Any) -> Ledger:
    return Ledger.from_frames(recommendations(n), events(*rows), **tables)


def large(n: int, m: int, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Accepted, then in progress many times, then implemented; a fifth to the month only."""
    rng = np.random.default_rng(seed)
    recs = recommendations(n, report_date="2015-01-01", baseline="none")
    rec = np.sort(np.concatenate([np.arange(n), rng.integers(0, n, m - n)]))
    last = np.r_[rec[1:] != rec[:-1], True]
    first = np.r_[True, rec[1:] != rec[:-1]]
    day = np.datetime64("2015-01-02") + rng.integers(0, 2000, m)
    day = np.where(last, np.datetime64("2021-01-01") + rng.integers(0, 900, m), day)
    status = np.where(last, "implemented", np.where(first, "accepted", "in_progress"))
    shuffled = rng.permutation(m)
    table = pd.DataFrame(
        {
            "event_id": [f"E{k:07d}" for k in shuffled],
            "rec_id": recs["rec_id"].to_numpy()[rec],
            "status": status,
            "date": np.datetime_as_string(day),
            "precision": np.where(rng.random(m) < 0.2, "month", "day"),
            "recorded_on": np.datetime_as_string(day + 40),
            "evidence_grade": 3.0,
            "note": "seen in the gazette",
        }
    )
    return recs, table.iloc[shuffled].reset_index(drop=True)
