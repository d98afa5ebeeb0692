"""The recipe of ``synthetic-sorts.csv``; run it in its own folder to make the file anew.

Twelve invented participants sort 24 statements on a forced grid from -3 to +3.
Three invented viewpoints stand behind them, four participants each: a viewpoint
values each of four themes by a number, a statement gets its theme's number plus
a little of its own (normal, deviation 0.5), and a participant adds noise
(normal, deviation 0.6). The statements are then put into the grid in that order.
Nothing here was said by anybody.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 20250211
GRID = [-3] * 2 + [-2] * 3 + [-1] * 4 + [0] * 6 + [1] * 4 + [2] * 3 + [3] * 2

STATEMENTS = {
    "craft": [
        "Shared quality standards protect mini-publics from misuse.",
        "Facilitators should be trained and accredited.",
        "Members need balanced information before anything else.",
        "An independent body should review every process.",
        "Enough time for deliberation matters more than a large panel.",
        "Random selection is what makes a panel legitimate.",
    ],
    "power": [
        "A mini-public should be able to rewrite the question it was given.",
        "Those who commission a process should not choose its experts.",
        "People at the margins should have more seats than their share.",
        "Facilitators should name inequality when they see it in the room.",
        "Members should run the process once they know how it works.",
        "A process that cannot touch the causes of a problem is not worth holding.",
    ],
    "place": [
        "A process should look different in every community.",
        "Local customs of talking together are better than imported formats.",
        "Community groups should lead and professionals assist.",
        "Trust in a place grows slowly and outlasts any one assembly.",
        "Stories count as much as statistics.",
        "A toolkit from elsewhere does harm as often as good.",
    ],
    "impact": [
        "Government should have to answer each recommendation in public.",
        "Working closely with officials is the way to be heard.",
        "Recommendations should be costed before they are voted on.",
        "A standing assembly achieves more than a single one.",
        "The public should hear about a panel's work while it goes on.",
        "Someone should report every year what became of the recommendations.",
    ],
}
VIEWPOINTS = [
    {"craft": 1.1, "power": 0.0, "place": -1.1, "impact": 0.0},
    {"craft": 0.0, "power": 1.1, "place": 0.0, "impact": -1.1},
    {"craft": -0.8, "power": 0.8, "place": -0.8, "impact": 0.8},
]
PER_VIEWPOINT = 4


def make_sorts() -> np.ndarray:
    """Grid values, statements in rows and participants in columns."""
    rng = np.random.default_rng(SEED)
    themes = [theme for theme, texts in STATEMENTS.items() for _ in texts]
    columns = []
    for values in VIEWPOINTS:
        shared = np.array([values[theme] for theme in themes])
        shared = shared + 0.5 * rng.standard_normal(len(themes))
        for _ in range(PER_VIEWPOINT):
            liking = shared + 0.6 * rng.standard_normal(len(themes))
            column = np.empty(len(themes), dtype=int)
            column[np.argsort(liking)] = GRID
            columns.append(column)
    return np.column_stack(columns)


def main(folder: Path) -> None:
    """Write the file into a folder."""
    sorts = make_sorts()
    texts = [text for group in STATEMENTS.values() for text in group]
    names = [f"P{i:02d}" for i in range(1, sorts.shape[1] + 1)]
    with (folder / "synthetic-sorts.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["statement", "text", *names])
        for number, (text, row) in enumerate(zip(texts, sorts, strict=True), start=1):
            writer.writerow([f"s{number:02d}", text, *row])


if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
