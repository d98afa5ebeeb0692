"""Representativeness: does a panel look like its population, at every stage.

In reading order:

1. What is brought: :func:`read_panel` and :func:`read_population` (files), or
   :class:`Panel` and :class:`Population` (frames); :func:`read_quotas`.
2. One call: :func:`analyse` runs every check that the inputs allow and says which it
   could not make, and why (:class:`RepresentativenessAnalysis`).
3. Single checks. Shares against the population: :func:`check_margins`,
   :func:`exact_multinomial`. Seats asked for: :func:`quota_attainment`. Combinations of
   features: :func:`intersections`. From the invitation to the last session:
   :func:`stage_flow`. Who responds: :func:`r_indicator`, :func:`r_indicator_from_margins`.
   Addresses: :func:`household_check`. Attitudes beside a survey:
   :func:`compare_with_benchmark`.
4. The draw: :func:`simulate_lottery`, :func:`selection_fairness`, :func:`compare_rules`,
   :func:`check_feasibility`, :func:`chance_bound`, :func:`run_external_lottery`.
5. Weights, for a named sensitivity analysis only: :func:`rake`, :func:`calibrate`,
   :func:`post_stratify`, :func:`design_weights`, :func:`sensitivity_to_weights`,
   :func:`balance_table`, :func:`balance_distances`.
6. Pictures are methods of the results (``plot_…``); :func:`plot_margins` and
   :func:`plot_love` also stand alone.
"""

from dmpkit.representativeness.analysis import RepresentativenessAnalysis, analyse
from dmpkit.representativeness.balance import balance_distances, balance_table
from dmpkit.representativeness.benchmark import BenchmarkComparison, compare_with_benchmark
from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.exact import ExactTest, exact_multinomial
from dmpkit.representativeness.external import ExternalDraw, run_external_lottery
from dmpkit.representativeness.fairness import (
    RuleComparison,
    SelectionFairness,
    chance_bound,
    compare_rules,
    selection_fairness,
)
from dmpkit.representativeness.feasibility import Feasibility, check_feasibility
from dmpkit.representativeness.household import HouseholdCheck, household_check
from dmpkit.representativeness.intersections import Intersections, intersections
from dmpkit.representativeness.lottery import Lottery, simulate_lottery
from dmpkit.representativeness.margins import MarginCheck, check_margins
from dmpkit.representativeness.margins_plots import plot_love, plot_margins
from dmpkit.representativeness.panel_place import PanelPlace
from dmpkit.representativeness.quotas import (
    QuotaAttainment,
    Quotas,
    quota_attainment,
    read_quotas,
)
from dmpkit.representativeness.readers import read_panel, read_population
from dmpkit.representativeness.response import RIndicator, r_indicator
from dmpkit.representativeness.response_margins import r_indicator_from_margins
from dmpkit.representativeness.stages import StageFlow, stage_flow
from dmpkit.representativeness.weight_sensitivity import WeightSensitivity, sensitivity_to_weights
from dmpkit.representativeness.weighting import calibrate, design_weights, post_stratify, rake
from dmpkit.representativeness.weights import Weights

__all__ = [
    "BenchmarkComparison",
    "ExactTest",
    "ExternalDraw",
    "Feasibility",
    "HouseholdCheck",
    "Intersections",
    "Lottery",
    "MarginCheck",
    "Panel",
    "PanelPlace",
    "Population",
    "QuotaAttainment",
    "Quotas",
    "RIndicator",
    "RepresentativenessAnalysis",
    "RuleComparison",
    "SelectionFairness",
    "StageFlow",
    "WeightSensitivity",
    "Weights",
    "analyse",
    "balance_distances",
    "balance_table",
    "calibrate",
    "chance_bound",
    "check_feasibility",
    "check_margins",
    "compare_rules",
    "compare_with_benchmark",
    "design_weights",
    "exact_multinomial",
    "household_check",
    "intersections",
    "plot_love",
    "plot_margins",
    "post_stratify",
    "quota_attainment",
    "r_indicator",
    "r_indicator_from_margins",
    "rake",
    "read_panel",
    "read_population",
    "read_quotas",
    "run_external_lottery",
    "selection_fairness",
    "sensitivity_to_weights",
    "simulate_lottery",
    "stage_flow",
]
