"""Impact: what became of a mini-public's recommendations.

Names in reading order, for who comes here first:

1. *The ledger.* :func:`ledger_from_spreadsheet` and :func:`ledger_from_decidim` make one
   from a list that somebody keeps; :func:`read_ledger` and :func:`write_ledger` keep it as a
   folder, :meth:`Ledger.append` and :meth:`Ledger.withdraw` add to it. No list at hand?
   :func:`synthetic_ledger` makes one up, and says so everywhere.
2. *One call.* :func:`analyse` gives everything a ledger can answer on a day, what it cannot
   and why, as text, tables, pictures, a page and a workbook.
3. *On a day.* :meth:`Ledger.as_of` (certain, possible, overdue, predating),
   :meth:`Ledger.shares` (three denominators, bounds), :meth:`Ledger.transitions`.
4. *Published numbers* without a ledger: :func:`shares_of` and :func:`share_interval`,
   :func:`multiverse` (how far a headline depends on definitions), :func:`plot_tallies`,
   :func:`answer_times` (answers against a promised time), :func:`plot_timeline`.
5. *Time.* :func:`cumulative_incidence`, :func:`occupancy`, :func:`turnbull` (known only
   between reviews); for pooled processes :func:`gray_test`, :func:`restricted_mean_difference`,
   :func:`kaplan_meier`, :func:`logrank_test`, :func:`cox`, :func:`fine_gray`.
6. *Judgement.* :func:`raters`, and :func:`cherry_picking`: what was taken up, by cost,
   challenge and what was planned anyway. :func:`lint_causal_words` reads a report for words
   that say more than an association.
"""

from __future__ import annotations

from dmpkit.impact.analysis import ImpactAnalysis, analyse
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
from dmpkit.impact.ledger_plots import plot_answers, plot_flows, plot_swimmer, plot_timeline
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
from dmpkit.impact.synthetic import synthetic_ledger
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
    "ImpactAnalysis",
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
    "analyse",
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
    "plot_answers",
    "plot_flows",
    "plot_incidence",
    "plot_interval",
    "plot_naive",
    "plot_occupancy",
    "plot_raters",
    "plot_swimmer",
    "plot_tallies",
    "plot_timeline",
    "raters",
    "read_ledger",
    "restricted_mean_difference",
    "share_interval",
    "shares_of",
    "synthetic_ledger",
    "turnbull",
    "write_ledger",
    "write_parquet",
]
