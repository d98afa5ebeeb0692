"""What is measured at growing sizes: each task makes its input for ``n`` by seed.

The input is made before the clock starts. See ``../scaling.py`` for what `n` is in each.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import labels
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import inputs

Work = tuple[Callable[[], Any], Callable[[Any], Any]]
Data = dict[str, np.ndarray]


def nothing(_: Any) -> list[float]:
    return []


# --- Q methodology


def q_study(people: int, statements: int) -> Any:
    from dmpkit import qmethod as qm

    return qm.QSorts(inputs.sorts(people, statements=statements)["sorts"])


def q_people(data: Data) -> Work:
    from dmpkit import qmethod as qm

    sorts = q_study(int(data["n"]), 60)
    return lambda: qm.analyse(sorts, 3), nothing


def q_statements(data: Data) -> Work:
    from dmpkit import qmethod as qm

    sorts = q_study(500, int(data["n"]))
    return lambda: qm.analyse(sorts, 3), nothing


def q_resamples(data: Data) -> Work:
    from dmpkit import qmethod as qm

    sorts, n = q_study(500, 60), int(data["n"])
    return lambda: qm.bootstrap(sorts, 3, n_resamples=n, seed=1, progress=False), nothing


def q_resamples_people(data: Data) -> Work:
    from dmpkit import qmethod as qm

    sorts = q_study(int(data["n"]), 60)
    return lambda: qm.bootstrap(sorts, 3, n_resamples=50, seed=1, progress=False), nothing


# --- evaluation


def reason(people: int, resamples: int) -> Work:
    from dmpkit import evaluation as ev

    stage = ev.synthetic_stages(people)[0]

    def work() -> Any:
        fresh = ev.ReasonSurvey(stage.considerations, stage.preferences, stage.people)
        return ev.reason_index(fresh, n_permutations=resamples, seed=1, progress=False)

    return work, nothing


def reason_people(data: Data) -> Work:
    return reason(int(data["n"]), 500)


def reason_resamples(data: Data) -> Work:
    return reason(100, int(data["n"]))


# --- agreement


def alpha_units(data: Data) -> Work:
    from dmpkit.measures import agreement

    table = inputs.ratings(int(data["n"]))["ratings"]
    return lambda: agreement.krippendorff_alpha(table), nothing


def alpha_values(data: Data) -> Work:
    from dmpkit.measures import agreement

    table = inputs.ratings(20_000, values=int(data["n"]))["ratings"]
    return lambda: agreement.krippendorff_alpha(table, "ordinal"), nothing


def alpha_resamples(data: Data) -> Work:
    from dmpkit.measures import agreement

    table, n = inputs.ratings(20_000)["ratings"], int(data["n"])
    return lambda: agreement.krippendorff_alpha(table, "nominal", n, 1), nothing


# --- impact


def incidence(data: Data) -> Work:
    from dmpkit import impact

    made = inputs.times(int(data["n"]))
    return lambda: impact.cumulative_incidence(made["days"], made["cause"]), nothing


def incidence_untied(data: Data) -> Work:
    from dmpkit import impact

    made = inputs.one_day_each(int(data["n"]))
    return lambda: impact.cumulative_incidence(made["days"], made["cause"]), nothing


def cox(data: Data) -> Work:
    from dmpkit import impact

    made = inputs.times(int(data["n"]))
    x = pd.DataFrame(made["x"], columns=["a", "b", "c"])
    return lambda: impact.cox(made["days"], made["cause"] > 0, x), nothing


def ledger_frames(n: int, m: int, *, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """`n` recommendations: accepted, then in progress time and again, then implemented."""
    rng = np.random.default_rng(seed)
    names = np.array([f"R{k:06d}" for k in range(n)])
    recommendations = pd.DataFrame(
        {
            "rec_id": names,
            "counting_unit": "recommendation",
            "report_date": "2015-01-01",
            "baseline": "none",
        }
    )
    rec = np.sort(np.concatenate([np.arange(n), rng.integers(0, n, m - n)]))
    first, last = np.r_[True, rec[1:] != rec[:-1]], np.r_[rec[1:] != rec[:-1], True]
    day = np.datetime64("2015-01-02") + rng.integers(0, 2000, m)
    day = np.where(last, np.datetime64("2021-01-01") + rng.integers(0, 900, m), day)
    day = np.where(first & ~last, np.datetime64("2015-01-01"), day)
    status = np.where(last, "implemented", np.where(first, "accepted", "in_progress"))
    events = pd.DataFrame(
        {
            "event_id": [f"E{k:07d}" for k in range(m)],
            "rec_id": names[rec],
            "status": status,
            "date": np.datetime_as_string(day),
            "recorded_on": np.datetime_as_string(day + 40),
            "evidence_grade": 3.0,
        }
    )
    return recommendations, events


def ledger_check(data: Data) -> Work:
    from dmpkit import impact

    n = int(data["n"])
    frames = ledger_frames(max(n // 10, 1), n)
    return lambda: impact.Ledger.from_frames(*frames), nothing


def ledger_as_of(data: Data) -> Work:
    from dmpkit import impact

    n = int(data["n"])
    ledger = impact.Ledger.from_frames(*ledger_frames(max(n // 10, 1), n))
    return lambda: ledger.as_of("2019-03-01", known_on="2019-01-01"), nothing


# --- representativeness


def rake(data: Data) -> Work:
    from dmpkit import representativeness as rep

    made = inputs.people(int(data["n"]))
    frame, margins = labels.frame(made["codes"]), labels.shares(made)
    return lambda: rep.rake(frame, margins), nothing


def calibrate(data: Data) -> Work:
    from dmpkit import representativeness as rep

    made = inputs.people(int(data["n"]))
    frame, margins = labels.frame(made["codes"]), labels.shares(made)
    return lambda: rep.calibrate(frame, margins), nothing


def lottery(people: int, draws: int) -> Work:
    from dmpkit import representativeness as rep

    rng = np.random.default_rng(2)
    shares = {"sex": [0.5, 0.5], "age": [0.2, 0.25, 0.3, 0.25], "edu": [0.4, 0.6]}
    pool = pd.DataFrame(
        {v: rng.choice([f"{v}{k}" for k in range(len(p))], people, p=p) for v, p in shares.items()}
    )
    pool.insert(0, "person", np.arange(people))
    rows = [
        (v, f"{v}{k}", round(50 * s) - 2, round(50 * s) + 2)
        for v, p in shares.items()
        for k, s in enumerate(p)
    ]
    quotas = pd.DataFrame(rows, columns=["variable", "category", "min", "max"])
    return (
        lambda: rep.simulate_lottery(pool, quotas, 50, n_draws=draws, seed=1, progress=False),
        nothing,
    )


def lottery_people(data: Data) -> Work:
    return lottery(int(data["n"]), 1250)


def lottery_draws(data: Data) -> Work:
    return lottery(1000, int(data["n"]))


# --- counting a register


def counted(scan: Callable[[str], Any]) -> Callable[[Data], Work]:
    def task(data: Data) -> Work:
        from dmpkit import representativeness as rep

        path = str(inputs.register_path(int(data["n"])))
        return (
            lambda: rep.Population.from_microdata(scan(path)),
            lambda made: np.sort(made.joint["count"].to_numpy(float))[-50:],
        )

    return task


def _polars(path: str) -> Any:
    import polars as pl

    return pl.scan_parquet(path)


def _duckdb(path: str) -> Any:
    import duckdb

    return duckdb.connect(config={"threads": 1}).read_parquet(path)


def _dask(path: str) -> Any:
    import dask.config
    import dask.dataframe as dd

    dask.config.set(scheduler="synchronous")
    return dd.read_parquet(path, split_row_groups=1)


count_pandas = counted(pd.read_parquet)
count_polars = counted(_polars)
count_duckdb = counted(_duckdb)
count_dask = counted(_dask)


# --- workers


def task_overhead(data: Data) -> Work:
    """Chunks that hold no work, done by two processes: what handing over and back costs."""
    from dmpkit.resampling import run_chunks

    chunks = list(range(int(data["n"])))
    return lambda: run_chunks(abs, chunks, n_jobs=2, progress=False), nothing


def workers(n_jobs: int) -> Callable[[Data], Work]:
    def task(data: Data) -> Work:
        from dmpkit import qmethod as qm

        sorts, n = q_study(500, 60), int(data["n"])

        def work() -> Any:
            return qm.bootstrap(sorts, 3, n_resamples=n, seed=1, n_jobs=n_jobs, progress=False)

        return work, lambda made: np.ravel(made.z_samples)[:2000]

    return task


one_worker, two_workers = workers(1), workers(2)
