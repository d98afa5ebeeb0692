"""Representativeness: does a panel look like its population, at every stage."""

from dmpkit.representativeness.data import Panel, Population

__all__ = ["Panel", "Population"]
