"""Representativeness: does a panel look like its population, at every stage."""
