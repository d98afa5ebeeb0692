"""The recipe of the synthetic recruitment; run it in its own folder to make the files anew.

An invented place has 20,000 residents, described by gender, age and education,
which are independent of one another. 600 of them are invited at random. Whether
somebody responds hangs on age and education: older and more educated people do so
more often. From those who responded 24 members are drawn at random, again and
again until the quotas on gender and age are met; education has no quota. Two of
them do not stay to the end. Nobody here exists.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

SEED = 20250212
PLACE = {
    "gender": {"woman": 10200, "man": 9800},
    "age": {"16-29": 4400, "30-49": 6200, "50-64": 4900, "65+": 4500},
    "education": {"school": 8600, "vocational": 6800, "degree": 4600},
}
QUOTAS = {
    "gender": {"woman": (12, 12), "man": (12, 12)},
    "age": {"16-29": (5, 6), "30-49": (7, 8), "50-64": (5, 7), "65+": (5, 6)},
}
RESPONSE = {  # added up: the chance to respond
    "age": {"16-29": 0.08, "30-49": 0.13, "50-64": 0.19, "65+": 0.18},
    "education": {"school": -0.05, "vocational": 0.02, "degree": 0.16},
}
INVITED, SEATS, LEFT = 600, 24, 2


def people(rng: np.random.Generator) -> list[dict[str, str | int]]:
    """Everyone invited, with a flag for each stage."""
    made: list[dict[str, str | int]] = []
    for number in range(1, INVITED + 1):
        person: dict[str, str | int] = {"person": f"SYN{number:03d}"}
        for variable, counts in PLACE.items():
            total = sum(counts.values())
            person[variable] = str(
                rng.choice(list(counts), p=[count / total for count in counts.values()])
            )
        chance = sum(RESPONSE[v][str(person[v])] for v in RESPONSE)
        person |= {"invited": 1, "responded": int(rng.random() < chance)}
        made.append(person)
    pool = [i for i, person in enumerate(made) if person["responded"]]
    drawn = draw(made, pool, rng)
    leaving = set(rng.choice(drawn, LEFT, replace=False).tolist())
    for i, person in enumerate(made):
        person |= {"selected": int(i in drawn), "completed": int(i in drawn and i not in leaving)}
    return made


def draw(made: list[dict[str, str | int]], pool: list[int], rng: np.random.Generator) -> list[int]:
    """Members drawn at random until every quota is met."""
    while True:
        drawn = [int(i) for i in rng.choice(pool, SEATS, replace=False)]
        counts = {
            (v, c): sum(made[i][v] == c for i in drawn) for v, cs in QUOTAS.items() for c in cs
        }
        if all(QUOTAS[v][c][0] <= n <= QUOTAS[v][c][1] for (v, c), n in counts.items()):
            return drawn


def write(path: Path, header: list[str], rows: list[list[str | int]]) -> None:
    """Write a table."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])


def main(folder: Path) -> None:
    """Write the three files into a folder."""
    made = people(np.random.default_rng(SEED))
    write(
        folder / "synthetic-people.csv", list(made[0]), [list(person.values()) for person in made]
    )
    place: list[list[str | int]] = [
        [v, c, n] for v, counts in PLACE.items() for c, n in counts.items()
    ]
    write(folder / "population.csv", ["variable", "category", "count"], place)
    quotas: list[list[str | int]] = [
        [v, c, *ends] for v, cells in QUOTAS.items() for c, ends in cells.items()
    ]
    write(folder / "quotas.csv", ["variable", "category", "min", "max"], quotas)


if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
