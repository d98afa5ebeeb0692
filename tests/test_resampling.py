"""The same seed gives the same resamples for any number of workers and any backend."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dmpkit import resampling
from dmpkit.errors import DataError


def means(generator, size):
    return generator.normal(size=(size, 4)).mean(axis=1)


def run(n_jobs=1, seed=7, n=250):
    return np.concatenate(
        resampling.run_resamples(means, n, seed=seed, n_jobs=n_jobs, chunk_size=60, progress=False)
    )


def test_the_number_of_workers_changes_nothing():
    one = run()
    assert one.shape == (250,)
    np.testing.assert_array_equal(one, run(n_jobs=2))
    with joblib.parallel_config(backend="threading", n_jobs=2):
        np.testing.assert_array_equal(one, run())


@pytest.mark.long
def test_a_dask_cluster_gives_the_same_numbers():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
        ) as c,
        distributed.Client(c),
        joblib.parallel_config(backend="dask"),
    ):
        np.testing.assert_array_equal(run(), run(n_jobs=2))


def test_another_seed_gives_other_numbers_and_more_resamples_keep_the_first_chunks():
    assert not np.array_equal(run(), run(seed=8))
    np.testing.assert_array_equal(run(n=120), run(n=240)[:120])


def test_chunks_have_streams_of_their_own():
    numbers = run()
    assert len(np.unique(numbers)) == len(numbers)


def test_progress_is_shown_and_counts_all_resamples(capsys):
    resampling.run_resamples(means, 250, seed=1, chunk_size=60, description="shuffles")
    assert "shuffles" in capsys.readouterr().err


@pytest.mark.parametrize(("n", "chunk"), [(0, 1), (1, 0)])
def test_impossible_numbers_are_refused(n, chunk):
    with pytest.raises(DataError):
        resampling.run_resamples(means, n, seed=1, chunk_size=chunk)


def test_the_p_value_is_never_zero_and_its_level_holds():
    assert resampling.p_value(0, 99) == 0.01
    assert resampling.p_value(99, 99) == 1.0
    with pytest.raises(DataError):
        resampling.p_value(5, 4)
    # under the null the rank of the observed value is uniform, so P(p <= 0.05) = 0.05 exactly
    ranks = [resampling.p_value(b, 99) for b in range(100)]
    assert np.mean(np.array(ranks) <= 0.05) == 0.05


def _threads(chunk: int) -> list[int]:
    from threadpoolctl import threadpool_info

    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_linear_algebra_of_a_chunk_runs_on_one_thread(n_jobs):
    import numpy as np

    np.linalg.svd(np.eye(2))
    for threads in resampling.run_chunks(_threads, [1, 2], n_jobs=n_jobs, progress=False):
        assert threads
        assert set(threads) == {1}


def test_chunks_come_back_in_order_whatever_the_workers():
    chunks = [[i, i + 1] for i in range(7)]
    for n_jobs in (1, 2):
        assert resampling.run_chunks(sum, chunks, n_jobs=n_jobs, progress=False) == [
            2 * i + 1 for i in range(7)
        ]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(2, 400), st.floats(0.5, 0.99))
def test_tails_are_smaller_the_fewer_are_drawn(n, level):
    tail = resampling.expanded_tail(level, n)
    assert 0 < tail < (1 - level) / 2
    assert tail < resampling.expanded_tail(level, n + 1)
    assert resampling.expanded_tail(level, 10**7) == pytest.approx((1 - level) / 2, rel=1e-4)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(1, 500), st.data())
def test_a_p_value_is_a_share_that_is_never_0(n, data):
    b = data.draw(st.integers(0, n))
    p = resampling.p_value(b, n)
    assert 1 / (n + 1) <= p <= 1
    assert b == n or p < resampling.p_value(b + 1, n)


def test_expanded_percentiles_cover_a_mean_of_ten_where_plain_ones_do_not():
    rng = np.random.default_rng(5)
    held = np.zeros(2)
    tails = [0.025, resampling.expanded_tail(0.95, 10)]
    for _ in range(400):
        x = rng.normal(size=10)
        means = (rng.multinomial(10, np.full(10, 0.1), size=999) / 10) @ x
        for i, tail in enumerate(tails):
            low, high = np.quantile(means, [tail, 1 - tail])
            held[i] += low <= 0 <= high
    plain, expanded = held / 400
    # four standard errors of 400 runs at 95 % are 4.4 points
    assert plain < 0.95 - 0.01
    assert 0.95 - 0.044 < expanded < 0.95 + 0.044
