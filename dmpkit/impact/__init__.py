"""Impact: what became of a mini-public's recommendations."""

from __future__ import annotations

from dmpkit.impact.cherry_picking import CherryPicking, cherry_picking
from dmpkit.impact.clocks import AsOf
from dmpkit.impact.data import Ledger
from dmpkit.impact.deadlines import AnswerTimes, answer_times
from dmpkit.impact.exact_tables import exact_table_test
from dmpkit.impact.groups import GroupTest, gray_test
from dmpkit.impact.importing import Imported, ledger_from_decidim, ledger_from_spreadsheet
from dmpkit.impact.incidence import CumulativeIncidence, cumulative_incidence
from dmpkit.impact.incidence_plots import plot_incidence, plot_interval, plot_naive, plot_occupancy
from dmpkit.impact.interval import IntervalCurve, IntervalModel, interval_model, turnbull
from dmpkit.impact.models import fit_cumulative_logit
from dmpkit.impact.multistate import Occupancy, occupancy
from dmpkit.impact.multiverse import Multiverse, multiverse
from dmpkit.impact.pooled import restricted_mean_difference
from dmpkit.impact.random_intercepts import fit_random_intercept
from dmpkit.impact.raters import RaterComparison, raters
from dmpkit.impact.raters_plots import plot_raters
from dmpkit.impact.share_intervals import TallyShares, share_interval, shares_of
from dmpkit.impact.storage import (
    ledger_from_excel,
    ledger_to_excel,
    read_ledger,
    write_ledger,
    write_parquet,
)
from dmpkit.impact.subdistribution import fine_gray
from dmpkit.impact.survival import CoxModel, KaplanMeier, cox, kaplan_meier, logrank_test
from dmpkit.impact.tallies import FATES, Shares, fates
from dmpkit.impact.tally_plots import plot_tallies
from dmpkit.impact.wording import lint_causal_words

__all__ = [
    "FATES",
    "AnswerTimes",
    "AsOf",
    "CherryPicking",
    "CoxModel",
    "CumulativeIncidence",
    "GroupTest",
    "Imported",
    "IntervalCurve",
    "IntervalModel",
    "KaplanMeier",
    "Ledger",
    "Multiverse",
    "Occupancy",
    "RaterComparison",
    "Shares",
    "TallyShares",
    "answer_times",
    "cherry_picking",
    "cox",
    "cumulative_incidence",
    "exact_table_test",
    "fates",
    "fine_gray",
    "fit_cumulative_logit",
    "fit_random_intercept",
    "gray_test",
    "interval_model",
    "kaplan_meier",
    "ledger_from_decidim",
    "ledger_from_excel",
    "ledger_from_spreadsheet",
    "ledger_to_excel",
    "lint_causal_words",
    "logrank_test",
    "multiverse",
    "occupancy",
    "plot_incidence",
    "plot_interval",
    "plot_naive",
    "plot_occupancy",
    "plot_raters",
    "plot_tallies",
    "raters",
    "read_ledger",
    "restricted_mean_difference",
    "share_interval",
    "shares_of",
    "turnbull",
    "write_ledger",
    "write_parquet",
]
