"""Coding: helpers for the thematic analysis of interviews."""

from __future__ import annotations

from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange import Convention, read_codebook, read_project, write_qdc, write_qdpx
from dmpkit.coding.saturation import Saturation, saturation

__all__ = [
    "Audit",
    "CodedProject",
    "Convention",
    "Saturation",
    "read_codebook",
    "read_project",
    "saturation",
    "write_qdc",
    "write_qdpx",
]
