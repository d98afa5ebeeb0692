"""Coding: helpers for the thematic analysis of interviews."""

from __future__ import annotations

from dmpkit.coding.agreement import CodingAgreement, agreement
from dmpkit.coding.audit import Audit
from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange import Convention, read_codebook, read_project, write_qdc, write_qdpx
from dmpkit.coding.pseudonyms import PseudonymKey, propose_names, pseudonymise, restore
from dmpkit.coding.saturation import Saturation, saturation

__all__ = [
    "Audit",
    "CodedProject",
    "CodingAgreement",
    "Convention",
    "PseudonymKey",
    "Saturation",
    "agreement",
    "propose_names",
    "pseudonymise",
    "read_codebook",
    "read_project",
    "restore",
    "saturation",
    "write_qdc",
    "write_qdpx",
]
