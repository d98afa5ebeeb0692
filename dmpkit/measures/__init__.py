"""Measures that several methods share: agreement, intervals, inequality, clusters.

Each measure takes arrays and gives an :class:`~dmpkit.reporting.Estimate` or a
table; its `note` says why where a value is undefined. Import the module that
holds it: ``from dmpkit.measures import agreement``.
"""
