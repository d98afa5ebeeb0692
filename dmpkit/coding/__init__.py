"""Coding: helpers for the thematic analysis of interviews."""

from __future__ import annotations

from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.saturation import Saturation, saturation

__all__ = ["Audit", "CodedProject", "Saturation", "saturation"]
