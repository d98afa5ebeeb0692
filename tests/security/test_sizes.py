"""Names of a hundred thousand letters are refused, or drawn in bounded time."""

from __future__ import annotations

import time

import pandas as pd
import pytest

import dmpkit.impact as im
import dmpkit.qmethod as qm
import dmpkit.representativeness as rp
from dmpkit.errors import DataError
from dmpkit.qmethod.composite import text_width, wrap
from dmpkit.qmethod.data import LONGEST_LABEL, LONGEST_TEXT

LONG = "x" * 100_000
VALUES = [[-1, 0], [0, 1], [1, -1]]


@pytest.mark.parametrize(
    "named",
    [
        {"sorts": ["a", LONG]},
        {"statements": ["a", "b", LONG]},
        {"texts": ["a", "b", LONG]},
    ],
)
def test_sorts_with_endless_names_are_refused(named: dict[str, list[str]]) -> None:
    with pytest.raises(DataError, match=r"100,000 characters; 10?,000 is the limit"):
        qm.QSorts(VALUES, **named)


def test_sorts_at_the_limit_are_taken() -> None:
    texts = [f"{i}{'x' * (LONGEST_TEXT - 1)}" for i in range(3)]
    sorts = qm.QSorts(VALUES, sorts=["y" * LONGEST_LABEL, "b"], texts=texts)
    assert len(sorts.sorts[0]) == LONGEST_LABEL


def test_panels_with_endless_categories_are_refused() -> None:
    frame = pd.DataFrame({"gender": ["woman", LONG]})
    with pytest.raises(DataError, match="100,000 characters"):
        rp.Panel.from_frame(frame)


def test_ledgers_with_endless_ids_are_refused() -> None:
    frame = pd.DataFrame({"rec_id": ["R1", LONG], "counting_unit": "recommendation"})
    with pytest.raises(DataError, match="more than 1,000 characters"):
        im.Ledger.from_frames(frame)


def test_endless_words_are_broken_soon_and_fit() -> None:
    begun = time.process_time()
    lines = wrap(LONG[:LONGEST_TEXT], 90.0, 8.0)
    assert time.process_time() - begun < 3
    assert "".join(line.rstrip("-") for line in lines) == LONG[:LONGEST_TEXT]
    assert max(text_width(line, 8.0) for line in lines) <= 90.0
    narrow = wrap("i" * 300, 90.0, 8.0)
    assert max(text_width(line, 8.0) for line in narrow) <= 90.0
    assert max(map(len, narrow)) > 30  # as many as fit
