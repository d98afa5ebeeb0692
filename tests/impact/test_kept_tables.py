"""Every table of the analysis of a synthetic ledger, and of models over time, is as it was."""

import numpy as np
import pandas as pd
import pytest

from dmpkit import impact
from tests.kept_tables import Tables, frames_of, unchanged


def tables() -> Tables:
    ledger = impact.synthetic_ledger(30, years=5, seed=1)
    found = frames_of(impact.analyse(ledger, "2025-01-31"), "analysis")
    found |= frames_of(impact.analyse(ledger, "2023-06-30", promise="six months"), "promised")
    many = impact.synthetic_ledger(20, years=4, n_processes=8, seed=2)

    times = many.durations("2027-05-31")
    found["durations"] = times
    found |= over_time(many, times[times["use"]].reset_index(drop=True))
    rated = many.frames()["ratings"]
    found |= frames_of(impact.raters(rated, n_resamples=39, seed=1), "raters")
    return found | uptake(many)


def over_time(ledger: impact.Ledger, rows: pd.DataFrame) -> Tables:
    time, cause, process = rows["time"], rows["cause"], rows["process_id"]
    event = (cause == "implemented").astype(int)
    about = rows.merge(ledger.recommendations, on="rec_id")
    group = about["power"]
    x = about[["support_share", "cost_class"]].astype(float)
    code = cause.map({"implemented": 1, "rejected": 2}).fillna(0).astype(int)
    again = {"n_resamples": 39, "seed": 1}
    found = frames_of(
        impact.cumulative_incidence(time, cause, process=process, **again), "incidence"
    )
    found |= frames_of(impact.cumulative_incidence(time, cause), "incidence alone")
    found |= frames_of(impact.kaplan_meier(time, event), "survival")
    found |= frames_of(impact.cox(time, event, x), "cox")
    found |= frames_of(impact.fine_gray(time, code, x, of=1), "fine gray")
    for of, test in impact.gray_test(time, code, group).items():
        found |= frames_of(test, f"gray of {of}")
    found |= frames_of(impact.logrank_test(time, event, group), "log-rank")
    found |= frames_of(impact.logrank_test(time, event, group, rho=1.0), "log-rank, rho 1")
    found |= frames_of(
        impact.restricted_mean_difference(time, cause, group == "own", 1200, **again), "mean times"
    )
    found |= frames_of(impact.turnbull(rows["left"], rows["right"]), "turnbull")
    for kind in ("weibull", "exponential"):
        found |= frames_of(impact.interval_model(rows["left"], rows["right"], kind), kind)
    return found


def uptake(ledger: impact.Ledger) -> Tables:
    rng = np.random.default_rng(3)
    n = 60
    cost = rng.integers(1, 4, n)
    fate = np.where(
        rng.random(n) < 0.8 - 0.2 * cost, "yes", np.where(rng.random(n) < 0.4, "part", "no")
    )
    rows = pd.DataFrame({"fate": fate, "cost": cost, "old": rng.random(n) < 0.3,
                         "process": np.repeat(list("abcdefghij"), 6)})  # fmt: skip
    asked = {"fate": "fate", "predictors": ["cost", "old"], "levels": ["no", "part", "yes"]}
    found = frames_of(
        impact.cherry_picking(rows, **asked, taken_up="yes", process="process", n_resamples=99),
        "logit",
    )
    found |= frames_of(impact.cherry_picking(rows, **asked, model="ordinal"), "ordinal")
    found |= frames_of(impact.exact_table_test(pd.crosstab(rows["fate"], rows["cost"])), "exact")
    tally = pd.DataFrame({
        "coder": ["government"] * 3 + ["press"] * 3, "count": [75, 71, 3, 15, 55, 79],
        "status": ["in force", "under way", "not kept", "unchanged", "weakened", "rejected"],
    })  # fmt: skip
    means = {"in force": "implemented", "under way": "open", "not kept": "not implemented",
             "unchanged": "implemented", "weakened": "partial",
             "rejected": "not implemented"}  # fmt: skip
    found |= frames_of(impact.multiverse(tally, count="count", statuses=means), "multiverse")
    one = tally.iloc[:3]
    return found | frames_of(impact.shares_of(one, statuses=means, sample=True), "shares")


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_an_analysis_are_unchanged() -> None:
    unchanged("impact", tables())
