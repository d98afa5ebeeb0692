"""The same numbers on every backend, in any pieces, and with workers killed in the middle.

The dask cluster is a real one: a scheduler and separate worker processes that speak over
the loopback interface.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import psutil
import pytest

from dmpkit import resampling, workers
from dmpkit.errors import DataError

ROOT = Path(__file__).parents[1]
MEGABYTE = 1_000_000


# --- the work


def components(generator, size, *, data):
    """Bootstrapped singular values: random numbers and linear algebra together."""
    rows = generator.integers(0, len(data), (size, len(data)))
    return np.array([np.linalg.svd(data[r], compute_uv=False) for r in rows])


DATA = np.random.default_rng(0).normal(size=(40, 6))
LARGE = np.random.default_rng(1).normal(size=(40_000, 25))  # 8 megabytes
SERIAL: dict[str, np.ndarray] = {}


def run(**options):
    options = {"seed": 7, "chunk_size": 10, "progress": False} | options
    return np.concatenate(resampling.run_resamples(partial(components, data=DATA), 95, **options))


def serial():
    return SERIAL.setdefault("run", run())


# --- the backends


@contextmanager
def cluster(n_workers=2, threads=1):
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=threads,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=60,
        ) as made,
        distributed.Client(made) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client():
    with cluster() as made:
        yield made


@pytest.fixture(params=["loky", "dask"])
def backend(request):
    """A way to run on two processes: ``with backend():`` and the options to give."""
    if request.param == "loky":
        return lambda: joblib.parallel_config(backend="loky", n_jobs=2)
    request.getfixturevalue("client")
    return lambda: joblib.parallel_config(backend="dask")


# --- the same numbers


@pytest.mark.parametrize("together", [1, 3, 100])
def test_any_backend_in_any_pieces_gives_the_same_bits(backend, together):
    with backend():
        np.testing.assert_array_equal(run(chunks_per_task=together), serial())


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
def test_any_number_of_processes_gives_the_same_bits(n_jobs):
    np.testing.assert_array_equal(run(n_jobs=n_jobs), serial())
    with joblib.parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_array_equal(run(n_jobs=n_jobs), serial())


@pytest.mark.long
@pytest.mark.parametrize(("n_workers", "threads"), [(1, 1), (1, 3), (2, 2)])
def test_any_shape_of_cluster_gives_the_same_bits(n_workers, threads):
    with cluster(n_workers, threads), joblib.parallel_config(backend="dask"):
        for together in (1, 4):
            np.testing.assert_array_equal(run(chunks_per_task=together), serial())


def test_a_public_method_needs_nothing_but_the_configured_backend(backend):
    from dmpkit.qmethod import QSorts, bootstrap

    rows = [[2, 2, 0, -1], [1, 0, 2, 1], [1, 1, -1, 0], [0, 1, 0, 0], [0, -1, 1, 2],
            [-1, 0, 0, -1], [0, 0, -2, -2], [-1, -1, 1, 1], [-2, -2, -1, 0]]  # fmt: skip
    options = {"n_resamples": 250, "seed": 1, "progress": False}
    alone = bootstrap(QSorts(rows), 2, **options)
    with backend():
        shared = bootstrap(QSorts(rows), 2, **options)
    np.testing.assert_array_equal(alone.loading_samples, shared.loading_samples)
    assert alone.stability.equals(shared.stability)


def places(generator, size):
    inner = resampling.run_resamples(where, 4, seed=1, chunk_size=2, n_jobs=2, progress=False)
    return os.getpid(), inner


def where(generator, size):
    return os.getpid(), generator.normal()


def test_resampling_inside_a_chunk_stays_on_its_worker(backend):
    with backend():
        done = resampling.run_resamples(places, 4, seed=1, chunk_size=1, progress=False)
    assert os.getpid() not in {pid for pid, _ in done}
    for pid, inner in done:
        assert {p for p, _ in inner} == {pid}
        assert [x for _, x in inner] == [x for _, x in done[0][1]]


def refuse(generator, size):
    raise DataError("The sort is empty.", row=3)


def test_what_a_chunk_refuses_is_said_as_it_is_without_workers(backend):
    with backend(), pytest.raises(DataError, match="row 3: The sort is empty"):
        resampling.run_resamples(refuse, 4, seed=1, chunk_size=1, progress=False)


@pytest.mark.parametrize("together", [0, 1.5, True])
def test_impossible_pieces_are_refused(together):
    with pytest.raises(DataError, match="chunks_per_task"):
        run(chunks_per_task=together)


# --- workers that are killed


def fragile(generator, size, *, folder, times, data=DATA):
    """As `components`; after every fourth chunk, `times` in all, one kills its process."""
    number = generator.integers(1 << 30)
    for k in range(min(times, len(list(folder.glob("done-*"))) // 4)):
        try:
            (folder / f"killed-{k}").touch(exist_ok=False)
        except FileExistsError:
            continue
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / f"done-{number}-{os.getpid()}-{time.monotonic_ns()}").touch()
    return number, components(generator, size, data=data[:40])


def fragile_run(folder, times, data=DATA, **options):
    work = partial(fragile, folder=folder, times=times, data=data)
    return resampling.run_resamples(work, 120, seed=5, chunk_size=5, progress=False, **options)


def assert_same(one, other):
    assert [n for n, _ in one] == [n for n, _ in other]
    np.testing.assert_array_equal([x for _, x in one], [x for _, x in other])


@pytest.mark.parametrize("large", [pytest.param(False, marks=pytest.mark.long), True])
def test_a_killed_worker_changes_nothing(backend, large, tmp_path):
    data = LARGE if large else DATA
    with backend():
        found = fragile_run(tmp_path, 1, data)
    assert (tmp_path / "killed-0").exists()
    assert_same(found, fragile_run(tmp_path, 1, data))  # the killing is over: here it is harmless


@pytest.mark.long
def test_the_only_worker_of_a_cluster_is_killed_and_the_input_with_it(tmp_path):
    with cluster(1), joblib.parallel_config(backend="dask"):
        found = fragile_run(tmp_path, 2, LARGE)
    assert (tmp_path / "killed-1").exists()
    assert_same(found, fragile_run(tmp_path, 2, LARGE))


@pytest.mark.long
def test_five_kills_in_one_run_of_loky(tmp_path):
    found = fragile_run(tmp_path, 5, LARGE, n_jobs=2)
    assert (tmp_path / "killed-4").exists()
    assert_same(found, fragile_run(tmp_path, 5, LARGE))


def poison(generator, size, *, folder):
    if generator.integers(1 << 30) == POISONED:
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / str(os.getpid())).touch()


POISONED = int(
    np.random.default_rng(resampling.seeded_chunks(4, seed=5, chunk_size=1)[2][1]).integers(1 << 30)
)


def test_losses_in_a_row_are_bounded_and_start_anew_with_every_chunk_done(monkeypatch):
    tries = []

    def losing(function, tasks, n_jobs):
        tries.append([place for task in tasks for place in task.places])
        if len(tries) % 2 and len(tries) < 6:
            yield tries[-1][0], None
        raise workers._Lost

    monkeypatch.setattr(workers, "_attempt", losing)
    with pytest.raises(workers.WorkersLost) as raised:
        list(workers.as_done(sum, [[1]] * 5, n_jobs=2))
    assert tries == [[0, 1, 2, 3, 4], *[[1, 2, 3, 4]] * 2, *[[2, 3, 4]] * 2, *[[3, 4]] * 2]
    assert (raised.value.times, raised.value.left) == (3, 2)


@pytest.mark.long
def test_a_chunk_that_always_kills_its_process_ends_the_run(tmp_path):
    with pytest.raises(workers.WorkersLost, match=r"3 times in a row .* memory") as raised:
        resampling.run_resamples(
            partial(poison, folder=tmp_path), 4, seed=5, chunk_size=1, n_jobs=2, progress=False
        )
    assert 1 <= raised.value.left <= 4


@pytest.mark.long
def test_a_chunk_that_always_kills_its_process_ends_the_run_on_dask(tmp_path):
    dask = pytest.importorskip("dask")
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        cluster(2),
        joblib.parallel_config(backend="dask"),
        pytest.raises(workers.WorkersLost, match="3 times in a row"),
    ):
        resampling.run_resamples(
            partial(poison, folder=tmp_path), 4, seed=5, chunk_size=1, progress=False
        )


# --- large inputs


class Counted:
    """An input that counts in this process how often it is pickled."""

    pickled = 0

    def __init__(self, array):
        self.array = array

    def __getstate__(self):
        Counted.pickled += 1
        return {"array": self.array}


def mapped(generator, size, *, given):
    """Process, and the file that the array is mapped from."""
    time.sleep(0.05)  # so that both workers take part
    base = given.array
    while base is not None and not isinstance(base, np.memmap):
        base = getattr(base, "base", None) if not isinstance(base, memoryview) else base.obj
    unique = psutil.Process().memory_full_info().uss
    return os.getpid(), getattr(base, "filename", None), float(given.array.sum()), unique


def ship(given, n=12):
    Counted.pickled = 0
    work = partial(mapped, given=given)
    return resampling.run_resamples(work, n, seed=1, chunk_size=1, progress=False)


def test_a_large_input_is_pickled_once(backend):
    with backend():
        done = ship(Counted(LARGE))
    assert Counted.pickled == 1
    assert os.getpid() not in {pid for pid, *_ in done}  # a busy machine may use one of the two
    assert {total for _, _, total, _ in done} == {float(LARGE.sum())}


def test_processes_share_one_file_for_a_large_input():
    with joblib.parallel_config(backend="loky", n_jobs=2):
        files = {file for _, file, _, _ in ship(Counted(LARGE))}
    assert len(files) == 1
    assert None not in files


@pytest.mark.long
def test_a_process_holds_no_copy_of_a_large_input():
    array = np.zeros(20_000_000)  # 160 megabytes
    with joblib.parallel_config(backend="loky", n_jobs=2):
        small = max(unique for *_, unique in ship(Counted(array[:10])))
        large = max(unique for *_, unique in ship(Counted(array)))
    assert large - small < 16 * MEGABYTE  # a tenth of the input


def test_a_cluster_is_sent_a_large_input_once(client, monkeypatch):
    """Bytes that leave this process, where client and scheduler are, do not grow with chunks."""
    from distributed.comm.tcp import TCP

    sent = []
    write = TCP.write

    async def counted(self, *arguments, **options):
        n = await write(self, *arguments, **options)
        sent.append(n)
        return n

    monkeypatch.setattr(TCP, "write", counted)
    totals = []
    for n in (6, 24):
        sent.clear()
        with joblib.parallel_config(backend="dask"):
            ship(Counted(LARGE), n)
        totals.append(sum(sent))
    assert LARGE.nbytes < totals[0] < 4 * LARGE.nbytes  # to the scheduler, from it to the workers
    assert abs(totals[1] - totals[0]) < LARGE.nbytes / 8


def test_the_work_of_a_chunk_stays_within_its_budget():
    assert resampling.chunk_within(320_000) == 100
    assert resampling.chunk_within(3_200_000) == 10
    assert resampling.chunk_within(3_200_001) == 9
    assert resampling.chunk_within(1e12) == 1
    assert resampling.chunk_within(0, most=7) == 7
    for each in (1, 999, 31_999_999):
        assert resampling.chunk_within(each, most=10**9) * each <= resampling.CHUNK_BYTES


GROWTH = """
    import re
    from pathlib import Path
    import numpy as np
    from dmpkit.qmethod import QSorts, bootstrap

    def peak():
        status = Path("/proc/self/status").read_text()
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024

    def sorts(n):
        rng = np.random.default_rng(0)
        grid = np.repeat(np.arange(-4, 5), [2, 3, 4, 5, 6, 5, 4, 3, 2])
        views = rng.normal(size=(3, 34))
        rows = [views[i % 3] + rng.normal(size=34) for i in range(n)]
        return QSorts(np.column_stack([grid[row.argsort().argsort()] for row in rows]))

    large = sorts(1000)
    bootstrap(sorts(12), 2, n_resamples=10, seed=1, progress=False)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here
    before = peak()
    bootstrap(large, 3, n_resamples=60, seed=1, progress=False)
    print(peak() - before)
"""


@pytest.mark.long
def test_a_bootstrap_of_a_thousand_sorts_grows_by_less_than_the_budget():
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("the peak of memory can be read on Linux only")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(GROWTH)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert 0 < int(done.stdout) < resampling.CHUNK_BYTES


# --- progress, threads, Ctrl-C


def test_progress_is_shown_while_the_work_goes_on(backend, monkeypatch):
    import tqdm.auto

    seen = []

    class Bar(tqdm.auto.tqdm):
        def update(self, n=1):
            seen.append(n)
            return super().update(n)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    with backend():
        run(progress=True, description="shuffles")
    assert sorted(seen) == [5] + [10] * 9


def blas_threads():
    from threadpoolctl import threadpool_info

    return {p["num_threads"] for p in threadpool_info() if p["user_api"] == "blas"}


class Overlap:
    """Two chunks at once: the second looks at its threads after the first has ended."""

    def __init__(self):
        self.second_began, self.first_ended = threading.Event(), threading.Event()
        self.seen = {}

    def __call__(self, chunk):
        if chunk == 0:
            assert self.second_began.wait(10)
        else:
            self.second_began.set()
            assert self.first_ended.wait(10)
        self.seen[chunk] = blas_threads()


def test_a_chunk_that_ends_lifts_no_limit_of_another():
    """As the threads of a dask worker do them."""
    from threadpoolctl import threadpool_limits

    def in_thread(*call):
        thread = threading.Thread(target=call[0], args=call[1:])
        thread.start()
        return thread

    np.linalg.svd(np.eye(2))
    in_thread(partial(threadpool_limits, user_api="blas"), 2).join()
    assert blas_threads() == {2}
    work = Overlap()
    first, second = (in_thread(workers._run_chunk, work, chunk) for chunk in (0, 1))
    first.join()
    work.first_ended.set()
    second.join()
    assert work.seen == {0: {1}, 1: {1}}
    assert blas_threads() == {2}


def _threads_of_chunk(chunk):
    return blas_threads()


def test_threads_of_a_backend_keep_linear_algebra_on_one():
    from threadpoolctl import threadpool_limits

    np.linalg.svd(np.eye(2))
    with threadpool_limits(2, user_api="blas"), joblib.parallel_config("threading", n_jobs=2):
        done = resampling.run_chunks(_threads_of_chunk, [0, 1, 2], progress=False)
        assert done == [{1}] * 3
        assert blas_threads() == {2}


INTERRUPTED = """
    import os, sys, time
    from pathlib import Path
    import joblib
    from dmpkit import resampling

    folder = Path(sys.argv[1])

    def slow(generator, size):
        (folder / str(os.getpid())).touch()
        time.sleep(0.2)

    def main():
        try:
            resampling.run_resamples(slow, 1000, seed=1, chunk_size=1, n_jobs=2)
        except KeyboardInterrupt:
            print("stopped", flush=True)
            time.sleep(60)

    if __name__ == "__main__":
        {start}
"""


def _gone(pids, seconds):
    """Whether all processes have ended, or will within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        alive = [p for p in pids if psutil.pid_exists(p)]
        if all(psutil.Process(p).status() == psutil.STATUS_ZOMBIE for p in alive):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("whole_group", [pytest.param(False, marks=pytest.mark.long), True])
def test_ctrl_c_leaves_no_worker(tmp_path, whole_group):
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(INTERRUPTED).format(start="main()"))
    pids = tmp_path / "pids"
    pids.mkdir()
    process = subprocess.Popen(
        [sys.executable, str(script), str(pids)], cwd=ROOT, text=True, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while len(list(pids.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        found = [int(path.name) for path in pids.iterdir()]
        assert len(found) == 2
        (os.killpg if whole_group else os.kill)(process.pid, signal.SIGINT)
        assert process.stdout.readline() == "stopped\n"
        assert _gone(found, 5)  # while the process that called lives on
        assert process.poll() is None
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def drowsy(generator, size, *, folder):
    (folder / str(time.monotonic_ns())).touch()
    time.sleep(0.1)


@pytest.mark.long
def test_ctrl_c_takes_the_waiting_chunks_off_a_cluster(tmp_path, client):
    ended = threading.Event()

    def press():
        """Once work goes on; again where the first fell where Python hears no interrupt."""
        while not ended.wait(0.05) and not any(tmp_path.iterdir()):
            pass
        while not ended.wait(1.0):
            signal.raise_signal(signal.SIGINT)
            ended.wait(4.0)

    fingers = threading.Thread(target=press)
    fingers.start()
    try:
        with pytest.raises(KeyboardInterrupt), joblib.parallel_config(backend="dask"):
            resampling.run_resamples(
                partial(drowsy, folder=tmp_path), 500, seed=1, chunk_size=1, progress=False
            )
    finally:
        ended.set()
        fingers.join()
    time.sleep(1)
    begun = len(list(tmp_path.iterdir()))
    time.sleep(1)
    assert len(list(tmp_path.iterdir())) == begun < 500
    with joblib.parallel_config(backend="dask"):  # and the cluster goes on
        np.testing.assert_array_equal(run(), serial())
