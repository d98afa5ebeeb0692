"""Coding: helpers for the thematic analysis of interviews."""

from __future__ import annotations

from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject

__all__ = ["Audit", "CodedProject"]
