"""Made-up matrices that fit what a report says, for exercises and nothing else.

A report with quantifier words has no matrix of interviewees and codes. One can be drawn
that its words would allow; it then shows how matrices, co-occurrence and saturation work.
It is no finding: who said what in it, and what goes with what, was drawn at random. Both
functions are dmpkit's own proposal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dmpkit.coding.data import CodedProject
from dmpkit.coding.quantifiers import QuantifiedFindings
from dmpkit.errors import DataError
from dmpkit.tables import to_pandas

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["draw_matrix", "project_of_matrix"]


def draw_matrix(found: QuantifiedFindings, n: int, *, seed: int) -> pd.DataFrame:
    """A synthetic table of people and findings, drawn within what the words allow.

    For each finding about n people a number is drawn evenly between the ends that the
    reader assumed, or where she assumed none between those that the word forces; then so
    many people are drawn at random. Findings about others, or without a word, are left out.

    Parameters
    ----------
    found : QuantifiedFindings
    n : int
        People.
    seed : int

    Returns
    -------
    DataFrame
        n rows by findings, 0 or 1; the rows are named ``S01``, ``S02`` and so on.

    Raises
    ------
    DataError
        No finding is about n people.

    Examples
    --------
    >>> from dmpkit.coding import quantified
    >>> table = pd.DataFrame({"finding": ["left", "informal"], "quantifier": ["just one", "most"]})
    >>> made = draw_matrix(quantified(table, 25), 25, seed=1)
    >>> made.shape, int(made["left"].sum()), bool(made["informal"].sum() >= 13)
    ((25, 2), 1, True)
    """
    table = found.findings
    table = table[(table["n"] == n) & table["low"].notna()]
    if not len(table):
        raise DataError(f"No finding with a quantifier word is about {n} people.")
    low = table["assumed_low"].fillna(table["low"])
    high = table["assumed_high"].fillna(table["high"])
    ends = zip(np.ceil(low).astype(int), np.floor(high).astype(int), strict=True)
    generator = np.random.default_rng(seed)
    columns = [_column(generator, n, *pair) for pair in ends]
    people = [f"S{i:02d}" for i in range(1, n + 1)]
    names = table["finding"].tolist()
    return pd.DataFrame(np.column_stack(columns), index=people, columns=names)


def _column(generator: np.random.Generator, n: int, low: int, high: int) -> NDArray[np.int64]:
    made = np.zeros(n, dtype=np.int64)
    size = generator.integers(low, high + 1)
    made[generator.choice(n, size=size, replace=False)] = 1
    return made


def project_of_matrix(matrix: Any, *, name: str = "synthetic") -> CodedProject:
    """A project with one wordless source a person, each coded as a whole.

    So that what takes a project (matrices, co-occurrence by document) can be tried on a
    table of 0 and 1. Its sources say that they are synthetic; there is nothing to quote.
    A person without any code counts as not assessed, as everywhere in projects.

    Parameters
    ----------
    matrix : DataFrame, people × codes
        0 or 1, people as the index.
    name : str

    Returns
    -------
    CodedProject

    Raises
    ------
    DataError
        Values other than 0 and 1.

    Examples
    --------
    >>> table = pd.DataFrame({"time": [1, 0], "money": [1, 1]}, index=["S1", "S2"])
    >>> project_of_matrix(table).n_segments
    3
    """
    table = to_pandas(matrix, what="matrix")
    if not table.isin([0, 1]).to_numpy().all():
        raise DataError("The matrix has values other than 0 and 1.")
    people = [str(p) for p in table.index]
    text = "Synthetic: nobody said this."
    held = np.argwhere(table.to_numpy() == 1)
    segments = pd.DataFrame(
        {
            "source": [people[i] for i, _ in held],
            "code": [str(table.columns[j]) for _, j in held],
            "coder": "drawn",
            "start": 0,
            "end": len(text),
        }
    )
    return CodedProject.from_frames(
        pd.DataFrame({"source": people, "text": text}),
        segments,
        pd.DataFrame({"code": [str(c) for c in table.columns]}),
        cases=pd.DataFrame({"case": people}),
        case_sources=pd.DataFrame({"case": people, "source": people}),
        approach="codebook",
        name=name,
    )
