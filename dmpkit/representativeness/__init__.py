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

__all__ = [
    "Intersections",
    "Panel",
    "Population",
    "QuotaAttainment",
    "Quotas",
    "intersections",
    "quota_attainment",
    "read_panel",
    "read_population",
    "read_quotas",
]
