"""Coding: helpers for the thematic analysis of interviews."""

from __future__ import annotations

from dmpkit.coding.agreement import CodingAgreement, agreement
from dmpkit.coding.anonymity import Anonymity, anonymity, band
from dmpkit.coding.approach import require_approach
from dmpkit.coding.audit import Audit
from dmpkit.coding.blind import BlindSplit, merge_blind, split_blind
from dmpkit.coding.codebook import Codebook, diff
from dmpkit.coding.cooccurrence import Cooccurrence, cooccurrence
from dmpkit.coding.data import CodedProject
from dmpkit.coding.exchange import (
    Convention,
    read_codebook,
    read_project,
    write_project,
    write_qdc,
    write_qdpx,
)
from dmpkit.coding.matrices import (
    AttributeTable,
    CaseMatrix,
    case_matrix,
    code_by_attribute,
    framework_matrix,
    join,
)
from dmpkit.coding.pseudonyms import PseudonymKey, propose_names, pseudonymise, restore
from dmpkit.coding.quantifiers import (
    QUANTIFIERS,
    QuantifiedFindings,
    quantified,
    quantifier_bounds,
    quantifier_relation,
)
from dmpkit.coding.query import Attribute, Code, Query, parse_query
from dmpkit.coding.reader import ReaderView, reader
from dmpkit.coding.recoding import RecodingLog, Step
from dmpkit.coding.release import ReleaseCheck, release_check
from dmpkit.coding.retrieval import Retrieval, nearby, overlaps, retrieve, union
from dmpkit.coding.saturation import Saturation, saturation
from dmpkit.coding.spans_plots import plot_span_overlay
from dmpkit.coding.turns import TURN_RULES, TurnRule, Turns, find_turns, segment_turns

__all__ = [
    "QUANTIFIERS",
    "TURN_RULES",
    "Anonymity",
    "Attribute",
    "AttributeTable",
    "Audit",
    "BlindSplit",
    "CaseMatrix",
    "Code",
    "Codebook",
    "CodedProject",
    "CodingAgreement",
    "Convention",
    "Cooccurrence",
    "PseudonymKey",
    "QuantifiedFindings",
    "Query",
    "ReaderView",
    "RecodingLog",
    "ReleaseCheck",
    "Retrieval",
    "Saturation",
    "Step",
    "TurnRule",
    "Turns",
    "agreement",
    "anonymity",
    "band",
    "case_matrix",
    "code_by_attribute",
    "cooccurrence",
    "diff",
    "find_turns",
    "framework_matrix",
    "join",
    "merge_blind",
    "nearby",
    "overlaps",
    "parse_query",
    "plot_span_overlay",
    "propose_names",
    "pseudonymise",
    "quantified",
    "quantifier_bounds",
    "quantifier_relation",
    "read_codebook",
    "read_project",
    "reader",
    "release_check",
    "require_approach",
    "restore",
    "retrieve",
    "saturation",
    "segment_turns",
    "split_blind",
    "union",
    "write_project",
    "write_qdc",
    "write_qdpx",
]
