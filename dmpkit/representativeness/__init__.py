"""Representativeness: does a panel look like its population, at every stage."""

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
    "RuleComparison",
    "SelectionFairness",
    "StageFlow",
    "WeightSensitivity",
    "Weights",
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
