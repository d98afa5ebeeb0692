"""Tidy tables: CSV and Parquet, written and read; plain Parquet tables of others."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dmpkit.errors import DataError, DmpkitWarning
from dmpkit.formulas import plain_cell, safe_cell
from dmpkit.qmethod import QSorts, read_sorts, write_sorts

SORTS = QSorts(
    samples.VALUES,
    statements=[f"s{i}" for i in range(1, 10)],
    sorts=samples.NAMES,
    texts=samples.TEXTS,
)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_round_trip_of_a_study(tmp_path, ending):
    write_sorts(SORTS, tmp_path / f"a.{ending}")
    sorts = read_sorts(tmp_path / f"a.{ending}")
    assert sorts == SORTS
    assert any("one row a cell" in note for note in sorts.notes)


def test_the_table_that_is_written(tmp_path):
    write_sorts(SORTS, tmp_path / "a.csv")
    table = pd.read_csv(tmp_path / "a.csv")
    assert list(table.columns) == ["sort", "statement", "text", "score"]
    assert len(table) == 45
    np.testing.assert_array_equal(table["score"].to_numpy().reshape(5, 9).T, samples.VALUES)
    write_sorts(SORTS, tmp_path / "a.parquet")
    assert pl.read_parquet(tmp_path / "a.parquet").columns == list(table.columns)


def test_a_distribution_that_the_scores_do_not_tell_is_kept(tmp_path):
    with pytest.warns(DmpkitWarning):
        sorts = QSorts([[-2, 1], [0, 0], [2, -1]], distribution=[-1, 0, 1])
    for ending in ("csv", "parquet"):
        write_sorts(sorts, tmp_path / f"a.{ending}")
        with pytest.warns(DmpkitWarning):
            assert read_sorts(tmp_path / f"a.{ending}") == sorts


def test_distribution_must_be_one(tmp_path):
    rows = ["sort,statement,score,distribution", "a,1,-1,-1", "a,2,0,0", "a,3,1,1"]
    rows += ["b,1,1,-1", "b,2,0,0", "b,3,-1,2"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    with pytest.raises(DataError, match="not the same for every sort"):
        read_sorts(tmp_path / "a.csv")


def test_no_cell_of_the_csv_is_a_formula(tmp_path):
    sorts = QSorts([[-1, 0], [0, 1], [1, -1]], sorts=["=cmd()", "+1"], texts=["@a", "-b", "'=c"])
    write_sorts(sorts, tmp_path / "a.csv")
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[1] == "'=cmd(),1,'@a,-1"
    assert read_sorts(tmp_path / "a.csv") == sorts


@given(text=st.text(st.sampled_from("'=+-@1e.x"), max_size=6))
def test_protection_is_undone(text):
    protected = safe_cell(text)
    assert plain_cell(protected) == text
    assert not protected.startswith(("=", "@"))


@pytest.mark.parametrize("turn", [False, True])
def test_parquet_in_either_orientation(tmp_path, turn):
    frame = SORTS.frame()
    if turn:
        frame = frame.set_index("statement").T.rename_axis("participant").reset_index()
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    sorts = read_sorts(tmp_path / "a.parquet")
    np.testing.assert_array_equal(sorts.values, samples.VALUES)
    assert sorts.sorts == samples.NAMES
    assert sorts.statements == SORTS.statements


def test_parquet_columns_of_other_kinds_are_left(tmp_path):
    table = pa.table(
        {
            "participant": pa.array(["a", "b"]),
            **{f"s{i}": pa.array([i, 5 - i]) for i in range(1, 5)},
            "answers": pa.array([[1, 2], [3]]),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    sorts = read_sorts(tmp_path / "a.parquet")
    assert sorts.values.shape == (4, 2)
    assert "left: column(s) that are neither words nor numbers: answers" in sorts.notes


def test_parquet_with_a_missing_cell_names_it(tmp_path):
    frame = SORTS.frame()
    frame.loc[2, "Ben"] = np.nan
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    with pytest.raises(DataError, match="'s3' in sort 'Ben'"):
        read_sorts(tmp_path / "a.parquet")


def test_long_words_that_repeat_stay_coded(tmp_path):
    """A word of a megabyte in 200,000 rows would take 200 GB if it were copied."""
    words = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(200_000, dtype=np.int32)), ["x" * 1_000_000]
    )
    table = pa.table({"participant": words, "s1": pa.array(np.zeros(200_000))})
    pq.write_table(table, tmp_path / "a.parquet")
    assert (tmp_path / "a.parquet").stat().st_size < 2_000_000
    with pytest.raises(DataError, match="more than 50 MB"):
        read_sorts(tmp_path / "a.parquet")


def test_five_thousand_sorts_are_read_in_seconds(tmp_path):
    rng = np.random.default_rng(1)
    grid = np.repeat(np.arange(-4, 5), [4, 5, 7, 9, 10, 9, 7, 5, 4])
    values = np.column_stack([rng.permutation(grid) for _ in range(5000)])
    sorts = QSorts(values)
    sorts.frame().to_csv(tmp_path / "wide.csv", index=False)
    write_sorts(sorts, tmp_path / "tidy.parquet")
    for name in ("wide.csv", "tidy.parquet"):
        start = time.process_time()
        assert read_sorts(tmp_path / name) == sorts
        assert time.process_time() - start < 15  # 2 s on a free core


def test_writing_elsewhere_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"cannot be written as '\.json'"):
        write_sorts(SORTS, tmp_path / "a.json")
    with pytest.raises(DataError, match="does not exist"):
        write_sorts(SORTS, tmp_path / "none" / "a.csv")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), ending=st.sampled_from(["csv", "parquet"]))
def test_round_trip(tmp_path, data, ending):
    n, p = data.draw(st.integers(3, 5)), data.draw(st.integers(2, 4))
    cells = st.floats(-50, 50, allow_nan=False) | st.integers(-9, 9)
    table = data.draw(st.lists(st.lists(cells, min_size=p, max_size=p), min_size=n, max_size=n))
    table[0], table[1] = [-1.0] * p, [1.0] * p
    words = st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Co")),
        min_size=1,
        max_size=8,
    ).map(lambda text: text.strip() or "x")
    labels = st.lists(words, min_size=n, max_size=n, unique=True)
    statements = data.draw(labels)
    names = data.draw(st.lists(words, min_size=p, max_size=p, unique=True))
    texts = data.draw(st.just([]) | st.lists(words, min_size=n, max_size=n))
    spread = data.draw(st.none() | st.lists(st.integers(-5, 5), min_size=n, max_size=n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DmpkitWarning)
        sorts = QSorts(table, statements, [f"{name}." for name in names], spread, texts)
        write_sorts(sorts, tmp_path / f"a.{ending}")
        assert read_sorts(tmp_path / f"a.{ending}", delimiter=",", decimal=".") == sorts
