"""Representativeness: does a panel look like its population, at every stage."""

from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.intersections import Intersections, intersections
from dmpkit.representativeness.quotas import (
    QuotaAttainment,
    Quotas,
    quota_attainment,
    read_quotas,
)
from dmpkit.representativeness.readers import read_panel, read_population
from dmpkit.representativeness.weighting import calibrate, design_weights, post_stratify, rake
from dmpkit.representativeness.weights import Weights

__all__ = [
    "Intersections",
    "Panel",
    "Population",
    "QuotaAttainment",
    "Quotas",
    "Weights",
    "calibrate",
    "design_weights",
    "intersections",
    "post_stratify",
    "quota_attainment",
    "rake",
    "read_panel",
    "read_population",
    "read_quotas",
]
