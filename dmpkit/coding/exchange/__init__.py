"""Exchange with other programs: one module a format.

``archive``, ``xml_stream`` and ``databases`` open files of unknown origin within bounds
of time and memory; ``offsets``, ``anchoring`` and ``placing`` find out where a selection
stands; ``collecting`` gathers what a reader finds and gives the account of it; ``refi``
and ``refi_write`` are REFI-QDA (.qdpx, .qdc), ``qualcoder``, ``taguette`` and ``aqda``
those programs' own files, ``codebooks`` codebooks, ``readers`` finds the
reader that fits, ``folders`` writes plain tables.
"""

from __future__ import annotations

from dmpkit.coding.exchange.codebooks import read_codebook
from dmpkit.coding.exchange.folders import write_project
from dmpkit.coding.exchange.offsets import Convention
from dmpkit.coding.exchange.readers import read_project
from dmpkit.coding.exchange.refi_write import write_qdc, write_qdpx

__all__ = [
    "Convention",
    "read_codebook",
    "read_project",
    "write_project",
    "write_qdc",
    "write_qdpx",
]
