"""Where chunks of work are done: here, in processes on this machine, or on a dask cluster.

Nothing here decides a number. A chunk's result depends on the chunk alone, so it may be
done anywhere, in any order, with any neighbours, and again after its worker was lost:

- The function with all that it holds is pickled once. Arrays of a megabyte or more
  stand apart from the pickle: joblib maps them into memory from one file that all
  processes share; dask is sent them once and the workers hand them on.
- Chunks whose worker was ended (out of memory, a machine taken away) are done again;
  after :data:`ATTEMPTS` losses in a row with nothing finished, :class:`WorkersLost`.
- Workers end with the process that they work for, also where that is killed.
- Linear algebra of a chunk runs on one thread, also where several threads of a
  process do chunks; resampling inside a chunk runs on the worker that does the chunk.
"""

from __future__ import annotations

import os
import pickle
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, TypeVar

from dmpkit.errors import DmpkitError

__all__ = ["ATTEMPTS", "WorkersLost", "as_done"]

A = TypeVar("A")
T = TypeVar("T")

#: Losses of workers in a row, with no chunk finished between, after which the run gives up.
ATTEMPTS = 3
#: Arrays from this size on are shipped apart from the pickle, once (joblib's own limit).
_APART = 1_000_000
#: On dask a pickle from this size on is sent to the workers once instead of with each task.
_SCATTERED = 10_000
#: Backends of joblib whose processes run beside the one that calls.
_OF_THIS_MACHINE = {"LokyBackend", "MultiprocessingBackend"}
#: Seconds between two looks of a worker at whether the process that calls is there.
_LOOKS = 2.0
#: Bytes of which the address of shipped numbers is a multiple, as that of numpy's arrays.
_ALIGNMENT = 16


_lock = threading.Lock()


class WorkersLost(DmpkitError, RuntimeError):
    """Workers were ended again and again before they could finish a chunk.

    Examples
    --------
    >>> print(WorkersLost(3, 8))
    Workers were ended 3 times in a row without finishing a chunk; 8 chunks are not done. Most \
often memory ran out: use fewer workers at a time, or workers with more memory.
    """

    def __init__(self, times: int, left: int) -> None:
        self.times, self.left = times, left
        super().__init__(
            f"Workers were ended {times} times in a row without finishing a chunk; {left} chunks "
            "are not done. Most often memory ran out: use fewer workers at a time, or workers "
            "with more memory."
        )

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.times, self.left)


class _Lost(Exception):
    """Some chunks were lost with their worker."""


def as_done(
    function: Callable[[A], T], chunks: Sequence[A], *, n_jobs: int = 1, chunks_per_task: int = 1
) -> Generator[tuple[int, T], None, None]:
    """Do the chunks and yield the place and result of each, in the order they are done.

    Parameters
    ----------
    function : callable
        Takes one chunk; must be picklable when other processes do the work.
    chunks : sequence
        What the function is called with.
    n_jobs : int
        Workers; 1 outside ``joblib.parallel_config`` is this process.
    chunks_per_task : int
        Chunks that go to a worker together.

    Yields
    ------
    place : int
        Of the chunk in `chunks`.
    result : object
        What the function gave for it.

    Raises
    ------
    WorkersLost
        When workers are ended again and again without finishing a chunk.

    Examples
    --------
    >>> list(as_done(sum, [[1, 2], [3]]))
    [(0, 3), (1, 3)]
    """
    if n_jobs == 1 and not _backend_is_configured():
        for place, chunk in enumerate(chunks):
            yield place, _run_chunk(function, chunk)
        return
    left = dict(enumerate(chunks))
    losses = 0
    while left:
        before = len(left)
        tasks = _tasks(left, chunks_per_task)
        try:
            for place, result in _attempt(function, tasks, n_jobs):
                del left[place]
                yield place, result
        except _Lost as lost:
            losses = losses + 1 if len(left) == before else 1
            if losses == ATTEMPTS:
                raise WorkersLost(losses, len(left)) from lost


def _backend_is_configured() -> bool:
    """Whether the call stands inside ``joblib.parallel_config``."""
    import joblib

    backend, n_jobs = joblib.parallel.get_active_backend()
    return n_jobs not in (None, 1) or _is_dask(backend)


def _is_dask(backend: Any) -> bool:
    return "dask" in type(backend).__name__.lower()


class _Task:
    """Chunks that go to a worker together, each with its place.

    It travels as one pickle: arrays beside a pickle may arrive at an odd address, where
    numpy adds in another order.
    """

    def __init__(self, places: list[int], chunks: list[Any]) -> None:
        self.places, self.chunks = places, chunks

    def __reduce__(self) -> tuple[object, ...]:
        import cloudpickle

        return _task, (cloudpickle.dumps((self.places, self.chunks), protocol=5),)


def _task(pickled: bytes) -> _Task:
    return _Task(*pickle.loads(pickled))  # noqa: S301  (made by _Task.__reduce__)


def _tasks(left: dict[int, Any], size: int) -> list[_Task]:
    places = list(left)
    groups = [places[start : start + size] for start in range(0, len(places), size)]
    return [_Task(group, [left[place] for place in group]) for group in groups]


def _attempt(
    function: Callable[[Any], T], tasks: list[_Task], n_jobs: int
) -> Iterator[tuple[int, T]]:
    import joblib

    backend, _ = joblib.parallel.get_active_backend()
    if _is_dask(backend):
        return _on_dask(backend, function, tasks)
    return _on_joblib(backend, function, tasks, n_jobs)


# --- processes and threads of joblib


def _on_joblib(
    backend: Any, function: Callable[[Any], T], tasks: list[_Task], n_jobs: int
) -> Iterator[tuple[int, T]]:
    from concurrent.futures.process import BrokenProcessPool

    import joblib

    threads = getattr(backend, "supports_sharedmem", False)
    if threads:  # nothing is shipped
        calls = (joblib.delayed(_run_task)(function, task) for task in tasks)
    else:
        packed = _packed(function)
        own = os.getpid() if type(backend).__name__ in _OF_THIS_MACHINE else 0
        calls = (joblib.delayed(_unpack_and_run)(packed, task, own) for task in tasks)
    kind = "generator_unordered" if backend.supports_return_generator else "list"
    parallel = joblib.Parallel(n_jobs=None if n_jobs == 1 else n_jobs, return_as=kind)
    try:
        with _one_thread() if threads else nullcontext():
            running = parallel(calls)
            try:
                for done in running:
                    yield from done
            finally:
                _close(running)
    except BrokenProcessPool as error:
        raise _Lost from error


def _close(running: Any) -> None:
    """End the workers now when the run stops early (Ctrl-C), not when memory is tidied."""
    if hasattr(running, "close"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # joblib says that it stops them
            running.close()


# --- a dask cluster


def _on_dask(
    backend: Any, function: Callable[[Any], T], tasks: list[_Task]
) -> Iterator[tuple[int, T]]:
    """Tasks on the cluster of ``joblib.parallel_config(backend="dask")``.

    Submitted by the cluster's client, not by joblib: joblib 1.6 waits for ever for a
    task that dask has given up, and for one whose input was lost with its worker.
    """
    from distributed import as_completed

    client = backend.client
    backend.effective_n_jobs(-1)  # refuses a cluster that has no workers
    packed = _packed(function)
    if len(packed) > 1 or packed[0].nbytes >= _SCATTERED:
        packed = client.scatter(packed, broadcast=True, hash=False)
    futures = {
        client.submit(_unpack_run_and_pack, packed, task, pure=False, **backend.submit_kwargs)
        for task in tasks
    }
    try:
        with backend.retrieval_context():
            done: Any = as_completed  # distributed says nothing of its types
            done = done(list(futures), with_results=True, raise_errors=False)
            yield from _gathered(done, futures)
    finally:
        client.cancel(list(futures))


def _gathered(done: Any, futures: set[Any]) -> Iterator[tuple[int, Any]]:
    from distributed.scheduler import KilledWorker

    lost: BaseException | None = None
    for future, result in done:
        if isinstance(result, bytes):
            futures.discard(future)
            future.release()
            yield from pickle.loads(result)  # noqa: S301  (made by _unpack_run_and_pack)
        elif future.status == "error" and not isinstance(result[1], KilledWorker):
            raise result[1].with_traceback(result[2])
        else:  # dask gave it up, or its input was lost with a worker
            lost = result[1] if isinstance(result, tuple) else result
    if lost is not None:
        raise _Lost from lost


# --- shipping


def _packed(function: Callable[[Any], Any]) -> list[Any]:
    """The function as bytes: its pickle first, then its large arrays, none of them copied."""
    import cloudpickle
    import numpy as np

    apart: list[Any] = []

    def small(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _APART:
            return True
        apart.append(np.frombuffer(raw, dtype=np.uint8))
        return False

    head = cloudpickle.dumps(function, protocol=5, buffer_callback=small)
    return [np.frombuffer(head, dtype=np.uint8), *apart]


def _unpack_and_run(packed: list[Any], task: _Task, caller: int = 0) -> list[tuple[int, Any]]:
    if caller:
        _end_with(caller)
    head, *apart = packed
    buffers = [_aligned(array) for array in apart]
    # not a file from elsewhere: made by _packed for this very run
    return _run_task(pickle.loads(head, buffers=buffers), task)  # noqa: S301


def _unpack_run_and_pack(packed: list[Any], task: _Task) -> bytes:
    """For dask, which would hand over arrays of the result at odd addresses."""
    import cloudpickle

    return bytes(cloudpickle.dumps(_unpack_and_run(packed, task), protocol=5))


_held: dict[int, tuple[Any, Any]] = {}


def _aligned(array: Any) -> Any:
    """The bytes at an address that suits every kind of number, as a new array's does.

    What comes over a network lies anywhere, and numpy adds numbers at odd addresses in
    another order: other last digits. Copied once, and held as long as what it copies.
    """
    import numpy as np

    if array.ctypes.data % _ALIGNMENT == 0:
        return array
    key = id(array)
    with _lock:
        if key not in _held:
            copy = np.empty(array.nbytes + _ALIGNMENT, dtype=np.uint8)
            start = -copy.ctypes.data % _ALIGNMENT
            copy = copy[start : start + array.nbytes]
            copy[:] = array
            copy.flags.writeable = False
            _held[key] = (weakref.ref(array, lambda _: _held.pop(key, None)), copy)
        return _held[key][1]


# --- on the worker


_watched: set[int] = set()


def _end_with(caller: int) -> None:
    """Let this process end soon after the one that it works for, which may be killed.

    Workers of loky would else go on, for minutes or for good, with chunks that nobody
    will collect.
    """
    with _lock:
        if caller in _watched:
            return
        _watched.add(caller)
    threading.Thread(target=_watch, args=(caller,), daemon=True).start()


def _watch(caller: int) -> None:
    import psutil  # type: ignore[import-untyped, unused-ignore]

    try:
        process = psutil.Process(caller)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(_LOOKS)
    except psutil.NoSuchProcess:
        pass
    os._exit(1)


def _run_task(function: Callable[[Any], T], task: _Task) -> list[tuple[int, T]]:
    import joblib

    with joblib.parallel_config(backend="sequential"):
        done = [_run_chunk(function, chunk) for chunk in task.chunks]
    return list(zip(task.places, done, strict=True))


def _run_chunk(function: Callable[[A], T], chunk: A) -> T:
    with _one_thread():
        return function(chunk)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra on one thread.

    The limit is one for the whole process and, in newer versions of threadpoolctl, belongs to the
    thread that sets it. Threads that do chunks side by side therefore share a limit that
    a thread of its own holds until the last of them is done.
    """
    import numpy  # noqa: F401  (its library must be there to be found)
    from threadpoolctl import threadpool_limits

    if threading.current_thread() is threading.main_thread():
        with threadpool_limits(1, user_api="blas"):
            yield
        return
    _Holder.enter()
    try:
        yield
    finally:
        _Holder.leave()


class _Holder(threading.Thread):
    """Holds linear algebra at one thread as long as any thread does a chunk."""

    n_inside = 0
    holding: _Holder | None = None

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ready, self.released = threading.Event(), threading.Event()

    def run(self) -> None:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1, user_api="blas"):
            self.ready.set()
            self.released.wait()

    @classmethod
    def enter(cls) -> None:
        with _lock:
            cls.n_inside += 1
            if cls.holding is None:
                cls.holding = cls()
                cls.holding.start()
                cls.holding.ready.wait()

    @classmethod
    def leave(cls) -> None:
        with _lock:
            cls.n_inside -= 1
            if cls.n_inside == 0 and cls.holding is not None:
                cls.holding.released.set()
                cls.holding.join()
                cls.holding = None
