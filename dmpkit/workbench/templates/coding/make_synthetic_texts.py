"""The recipe of the synthetic interviews; run it in its own folder to make the files anew.

Four short texts about an assembly that never met, and what two coders marked in them.
All of it was written for this template: nobody was interviewed and nobody coded.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

TEXTS = {
    "I1": "We had four days and the last vote was rushed. At our table everybody was heard.",
    "I2": "There was time enough for questions. I was asked what I thought, and I said it.",
    "I3": "The evidence came late. I would have needed another day to read it.",
    "I4": "People listened to me as to anybody else. Nobody told us what became of it.",
}
CODES = {
    "Time": "Enough or too little time.",
    "Being heard": "Somebody was listened to, or was not.",
    "Follow-up": "What became of the result.",
}
CODINGS = [
    ("I1", "coder A", "Time", "the last vote was rushed"),
    ("I1", "coder B", "Time", "four days and the last vote was rushed"),
    ("I1", "coder A", "Being heard", "everybody was heard"),
    ("I1", "coder B", "Being heard", "At our table everybody was heard"),
    ("I2", "coder A", "Time", "time enough for questions"),
    ("I2", "coder B", "Time", "time enough for questions"),
    ("I2", "coder A", "Being heard", "I was asked what I thought"),
    ("I3", "coder A", "Time", "another day to read it"),
    ("I3", "coder B", "Time", "The evidence came late"),
    ("I4", "coder A", "Being heard", "People listened to me as to anybody else"),
    ("I4", "coder B", "Being heard", "People listened to me"),
    ("I4", "coder A", "Follow-up", "Nobody told us what became of it"),
    ("I4", "coder B", "Follow-up", "what became of it"),
]


def write(name: str, header: list[str], rows: Sequence[tuple[str, ...]]) -> None:
    """Write a table beside this file."""
    path = Path(__file__).parent / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


write("synthetic-texts.csv", ["source", "text"], list(TEXTS.items()))
write("codes.csv", ["code", "description"], list(CODES.items()))
write("synthetic-codings.csv", ["source", "coder", "code", "quote"], CODINGS)
