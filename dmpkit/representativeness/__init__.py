"""Representativeness: does a panel look like its population, at every stage."""

from dmpkit.representativeness.data import Panel, Population
from dmpkit.representativeness.readers import read_panel, read_population

__all__ = ["Panel", "Population", "read_panel", "read_population"]
