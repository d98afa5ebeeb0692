"""Every table of the analysis of a synthetic ledger, and of processes over time, is as it was."""

import pytest

from dmpkit import impact
from tests.kept_tables import Tables, frames_of, unchanged


def tables() -> Tables:
    ledger = impact.synthetic_ledger(30, years=5, seed=1)
    found = frames_of(impact.analyse(ledger, "2025-01-31"), "analysis")
    many = impact.synthetic_ledger(20, years=4, n_processes=8, seed=2)
    times = many.durations("2027-05-31")
    found["durations"] = times
    found |= frames_of(
        impact.cumulative_incidence(
            times["time"], times["cause"], process=times["process_id"], n_resamples=39, seed=1
        ),
        "incidence",
    )
    return found


@pytest.mark.filterwarnings("ignore::dmpkit.errors.DmpkitWarning")
def test_the_tables_of_an_analysis_are_unchanged() -> None:
    unchanged("impact", tables())
