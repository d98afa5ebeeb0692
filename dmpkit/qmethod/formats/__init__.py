"""The file formats of Q methodology: one module a family of programs.

``reading`` holds what every reader shares, ``files`` opens files of unknown
origin within bounds of time and memory, ``tables`` reads plain tables
(delimited text, Excel, Parquet), ``kade`` the files of KADE and Ken-Q
Analysis, ``pqmethod`` those of PQMethod, ``websort`` those of sorting pages
(HTMLQ, FlashQ, EQ Web Sort, easy-HTMLQ), ``statements`` the wording of
statements kept in a file of its own, and ``feedback`` what participants said
about items. :func:`dmpkit.qmethod.read_sorts` finds the reader that fits.
"""

from __future__ import annotations
