"""Hypothesis drives: it draws which sound file is taken and the changes that are made to it."""

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
#: Each change is drawn as six bytes, which stand for a source of chance.
RECIPES = st.tuples(
    st.integers(0, 65_535),
    st.lists(st.binary(min_size=6, max_size=6), min_size=1, max_size=5),
)
Recipe = tuple[int, Sequence[bytes]]


@functools.cache
def seeds_of(reader: Reader) -> Sequence[Seed]:
    """The sound files of a reader, made once."""
    found = list(reader.seeds())
    if not found:
        raise LookupError(f"{reader.name} has no sound file.")
    return found


def cook(reader: Reader, recipe: Recipe) -> Seed:
    """The hostile files that a recipe stands for."""
    which, changes = recipe
    seeds = seeds_of(reader)
    files = dict(seeds[which % len(seeds)])
    for change in changes:
        _change(files, seeds, random.Random(change))  # noqa: S311
    return files


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

    @seed(number)
    @settings(
        max_examples=n,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(RECIPES)
    def each(recipe: Recipe) -> None:
        take(cook(reader, recipe))

    each()
