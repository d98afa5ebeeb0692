"""Hypothesis drives: it draws which sound files are taken and the changes made to them."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .mutate import mutate
from .readers import READERS, Reader
from .seeds import Seed

BY_NAME = {reader.name: reader for reader in READERS}
#: Inputs that one example of Hypothesis stands for: drawing costs more than most reading.
BLOCK = 10
Recipe = tuple[int, list[int]]


@functools.cache
def seeds_of(reader: Reader) -> Sequence[Seed]:
    """The sound files of a reader, made once."""
    found = list(reader.seeds())
    if not found:
        raise LookupError(f"{reader.name} has no sound file.")
    return found


def cook(reader: Reader, made: Recipe) -> Seed:
    """The hostile files that a recipe stands for."""
    which, changes = made
    seeds = seeds_of(reader)
    files = dict(seeds[which % len(seeds)])
    for change in changes:
        _change(files, seeds, random.Random(change))
    return files


def recipe(rng: random.Random) -> Recipe:
    """Which sound file, and a number for each change: mostly few, for deep places."""
    n = rng.choice([1, 1, 1, 2, 2, 3, 5])
    return rng.randrange(2**16), [rng.randrange(2**48) for _ in range(n)]


def _change(files: Seed, seeds: Sequence[Seed], rng: random.Random) -> None:
    names = list(files)
    name = rng.choices(names, [1 + min(len(files[n]), 3000) for n in names])[0]
    pick = rng.random()
    if pick < 0.02 and len(names) > 1 and name != names[0]:
        del files[name]
    elif pick < 0.04:
        other = rng.choice(seeds)
        files[name] = other[rng.choice(list(other))]
    else:
        files[name] = mutate(name, files[name], rng)


def drive(reader: Reader, number: int, n: int, take: Callable[[Seed], None]) -> None:
    """Give `n` inputs to `take`; the same ones for the same `number`."""

    left = n

    @seed(number)
    @settings(
        max_examples=-(-n // BLOCK),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(min_size=8, max_size=8))
    def each(drawn: bytes) -> None:
        nonlocal left
        rng = random.Random(drawn)
        for _ in range(min(BLOCK, left)):
            left -= 1
            take(cook(reader, recipe(rng)))

    each()
