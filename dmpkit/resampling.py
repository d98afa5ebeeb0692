"""Bootstrap, permutation and Monte Carlo loops.

Resamples run in chunks, each with a random stream of its own spawned from the
one seed, so the result is the same to the last bit for any number of workers, any
number of chunks that go to a worker together, and any joblib backend: ``loky`` on
one machine, or dask on many with ``joblib.parallel_config(backend="dask")`` around
the call. The size of a chunk belongs to the recipe of the random numbers, as the
seed does: it is fixed where a method is written and never depends on the workers.
Within a chunk linear algebra runs on one thread: on the small matrices of a resample
more threads cost time, and one thread gives the same last digit everywhere.

A worker that is ended in the middle (for want of memory, or with its machine) costs
time and changes nothing: what it had not handed over is done again.

**Memory.** A worker holds the interpreter with its libraries (some 120 megabytes,
measured on Linux), the input once (on one machine arrays of a megabyte or more are
mapped from one file that all workers share; on dask at most two copies a worker
process), and for each of its threads the work of one chunk and the results of one
task. A method keeps the work of a chunk within its budget by :func:`chunk_within`.
The process that calls holds all results.

**Input.** It is shipped once, whatever the number of chunks, and arrives read-only.
An array that is a view with gaps (``x[::2]``) arrives without them, and sums over it
may then differ in the last digit: hand over ``numpy.ascontiguousarray(x)``.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from numbers import Integral
from typing import Any, TypeVar, cast

from dmpkit.errors import DataError
from dmpkit.workers import as_done

__all__ = [
    "CHUNK_BYTES",
    "chunk_within",
    "drawn_seed",
    "expanded_tail",
    "p_value",
    "run_chunks",
    "run_resamples",
    "seeded_chunks",
]

A = TypeVar("A")
T = TypeVar("T")

#: Memory that the work of one chunk may take where nothing else is said: 32 megabytes.
CHUNK_BYTES = 32_000_000


def drawn_seed(seed: int | None) -> int:
    """The seed given, or a new one, so that a result can say with which it was drawn.

    Raises
    ------
    DataError
        When the seed is neither None nor a whole number of 0 or more.

    Examples
    --------
    >>> drawn_seed(7)
    7
    >>> drawn_seed(None) >= 0
    True
    """
    if seed is None:
        return secrets.randbits(32)
    if _is_whole(seed) and seed >= 0:
        return int(seed)
    raise DataError(
        f"the seed is {seed!r}; it must be a whole number of 0 or more.",
        remedy="Give a number such as 1, or leave it out.",
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def seeded_chunks(n_resamples: int, *, seed: int | None, chunk_size: int) -> list[tuple[int, Any]]:
    """Split resamples into chunks, each with its own ``SeedSequence``.

    The split depends on `n_resamples` and `chunk_size` alone, never on the
    number of workers.

    Examples
    --------
    >>> [size for size, _ in seeded_chunks(5, seed=1, chunk_size=2)]
    [2, 2, 1]
    """
    import numpy as np

    if n_resamples < 1 or chunk_size < 1:
        raise DataError("The numbers of resamples and of resamples a chunk must be 1 or more.")
    if seed is not None:
        seed = drawn_seed(seed)
    sizes = [min(chunk_size, n_resamples - done) for done in range(0, n_resamples, chunk_size)]
    return list(zip(sizes, np.random.SeedSequence(seed).spawn(len(sizes)), strict=True))


def chunk_within(bytes_each: float, *, most: int = 100, budget: int = CHUNK_BYTES) -> int:
    """Resamples a chunk so that the work of one stays within a budget of memory.

    It depends on the data alone, never on the machine, so that the random numbers do
    not either. One resample that is larger than the budget makes a chunk by itself.

    Parameters
    ----------
    bytes_each : float
        Memory that one resample takes at its height.
    most : int
        Resamples a chunk where memory allows any number.
    budget : int
        Bytes for the work of a chunk.

    Examples
    --------
    >>> chunk_within(8 * 500**2), chunk_within(8 * 5000**2)
    (16, 1)
    """
    return int(max(1, min(most, budget // max(1, bytes_each))))


def run_resamples(
    function: Callable[[Any, int], T],
    n_resamples: int,
    *,
    seed: int | None,
    chunk_size: int = 100,
    n_jobs: int = 1,
    chunks_per_task: int = 1,
    progress: bool = True,
    description: str = "resamples",
) -> list[T]:
    """Call ``function(generator, size)`` once a chunk and return the results in order.

    Parameters
    ----------
    function : callable
        Takes a ``numpy.random.Generator`` and the number of resamples of its
        chunk; must be picklable when `n_jobs` is not 1.
    n_resamples : int
        How many in all.
    seed : int or None
        The same seed gives the same result for any `n_jobs`; None draws a new
        one each time.
    chunk_size : int
        Resamples a chunk. Changing it changes the random numbers.
    n_jobs : int
        Workers; -1 for all cores. Inside ``joblib.parallel_config`` the
        configured backend is used.
    chunks_per_task : int
        Chunks that go to a worker together; it changes no number. More than 1 pays
        where a chunk takes less than some hundredths of a second on a cluster.
    progress : bool
        Show a progress bar where there is more than one chunk.
    description : str
        Text of the progress bar.

    Returns
    -------
    list
        One result a chunk, in order.

    Raises
    ------
    DataError
        If `n_resamples` or `chunk_size` is below 1, `n_jobs` is 0, or the seed negative.
    WorkersLost
        When workers are ended again and again without finishing a chunk.

    Examples
    --------
    >>> def means(generator, size):
    ...     return generator.normal(size=(size, 10)).mean(axis=1)
    >>> parts = run_resamples(means, 250, seed=1, progress=False)
    >>> [len(part) for part in parts]
    [100, 100, 50]
    """
    chunks = seeded_chunks(n_resamples, seed=seed, chunk_size=chunk_size)
    return run_chunks(
        _Seeded(function),
        chunks,
        sizes=[size for size, _ in chunks],
        n_jobs=n_jobs,
        chunks_per_task=chunks_per_task,
        progress=progress,
        description=description,
    )


class _Seeded:
    """Calls the function with the generator of the chunk's own seed."""

    def __init__(self, function: Callable[[Any, int], Any]) -> None:
        self.function = function

    def __call__(self, chunk: tuple[int, Any]) -> Any:
        import numpy as np

        size, seed = chunk
        return self.function(np.random.default_rng(seed), size)


def run_chunks(
    function: Callable[[A], T],
    chunks: Sequence[A],
    *,
    sizes: Sequence[int] | None = None,
    n_jobs: int = 1,
    chunks_per_task: int = 1,
    progress: bool = True,
    description: str = "resamples",
) -> list[T]:
    """Call ``function(chunk)`` for chunks that are already drawn; results in order.

    For resamples that are given, or drawn beforehand because they depend on each
    other (a balanced bootstrap); :func:`run_resamples` draws within each chunk.

    Parameters
    ----------
    function : callable
        Takes one chunk; must be picklable when `n_jobs` is not 1.
    chunks : sequence
        What the function is called with.
    sizes : sequence of int, optional
        Resamples of each chunk, for the progress bar; 1 each when not given.
    n_jobs : int
        Workers; -1 for all cores. Inside ``joblib.parallel_config`` the
        configured backend is used.
    chunks_per_task : int
        Chunks that go to a worker together; it changes no number. More than 1 pays
        where a chunk takes less than some hundredths of a second on a cluster.
    progress : bool
        Show a progress bar where there is more than one chunk.
    description : str
        Text of the progress bar.

    Returns
    -------
    list
        One result a chunk, in order.

    Raises
    ------
    DataError
        If `n_jobs` is 0 or no whole number, or `chunks_per_task` below 1.
    WorkersLost
        When workers are ended again and again without finishing a chunk.

    Examples
    --------
    >>> run_chunks(sum, [[1, 2], [3]], progress=False)
    [3, 3]
    """
    if not _is_whole(n_jobs) or n_jobs == 0:
        raise DataError(
            f"n_jobs is {n_jobs!r}.", remedy="Use the number of workers, or -1 for all cores."
        )
    if not _is_whole(chunks_per_task) or chunks_per_task < 1:
        raise DataError(f"chunks_per_task is {chunks_per_task!r}; it must be 1 or more.")
    done = as_done(function, chunks, n_jobs=int(n_jobs), chunks_per_task=int(chunks_per_task))
    counts = [1] * len(chunks) if sizes is None else list(sizes)
    results: dict[int, T] = {}
    with closing(done), _bar(sum(counts), description, progress and len(chunks) > 1) as bar:
        for place, result in done:
            results[place] = result
            if bar is not None:
                bar.update(counts[place])
    return [results[place] for place in range(len(chunks))]


def _bar(total: int, description: str, shown: bool) -> AbstractContextManager[Any]:
    """A bar that is told of resamples as they are done, wherever that is."""
    if not shown:
        return nullcontext()
    from tqdm.auto import tqdm

    return cast(
        "AbstractContextManager[Any]",
        tqdm(total=total, desc=description, unit=" resamples", leave=False),
    )


def p_value(n_as_extreme: int, n_resamples: int) -> float:
    """Monte Carlo p-value (b + 1)/(B + 1) (Davison & Hinkley 1997, section 4.2).

    Parameters
    ----------
    n_as_extreme : int
        Resamples at least as extreme as the observed value (b).
    n_resamples : int
        All resamples (B).

    Examples
    --------
    >>> p_value(0, 999)
    0.001
    """
    if not 0 <= n_as_extreme <= n_resamples or n_resamples < 1:
        raise DataError(f"{n_as_extreme} of {n_resamples} resamples cannot be.")
    return (n_as_extreme + 1) / (n_resamples + 1)


def expanded_tail(level: float, n_drawn: int) -> float:
    """Share of resamples beyond each end of a percentile interval, for few units drawn.

    Plain percentiles are too narrow there: a bootstrap of n units has the spread of the
    variance over n, not over n − 1, and a normal curve's tails, not Student's. Both are
    put right by the tail Φ(−√(n / (n − 1)) · t), t being the quantile on n − 1 degrees of
    freedom (the expanded percentile interval; Hesterberg 2015, "What teachers should know
    about the bootstrap", The American Statistician 69).

    Parameters
    ----------
    level : float
        Of the interval, such as .95.
    n_drawn : int
        Independent units (people, tables, processes) that are drawn, 2 or more.

    Examples
    --------
    >>> round(expanded_tail(0.95, 12), 4), round(expanded_tail(0.95, 10_000), 4)
    (0.0108, 0.025)
    """
    from scipy.special import ndtr, stdtrit

    if n_drawn < 2:
        raise DataError(f"An interval cannot be drawn from {n_drawn} units.")
    t = float(stdtrit(n_drawn - 1, (1 + level) / 2))
    return float(ndtr(-((n_drawn / (n_drawn - 1)) ** 0.5) * t))
